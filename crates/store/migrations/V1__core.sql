-- The tables of one business. One text for both databases: on SQLite, INTEGER kinds become
-- INTEGER, {table} STRICT, {clustered} and {linked} STRICT, WITHOUT ROWID; on PostgreSQL, {bytewise}
-- sorts text by bytes and {linked} leaves room on each page for links written later.
--
-- Units: *_paise, *_milli (thousandths), days yyyymmdd, months yyyymm, *_at microseconds of Unix
-- time, tax_rate ten-thousandths, flags 0 or 1. Words to choose from are listed with OR where rows
-- are many: for IN with more than two, SQLite builds a table in memory for each row it checks.

CREATE TABLE business (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    gstin TEXT,
    fssai TEXT,
    bill_prefix TEXT NOT NULL,
    round_off TEXT NOT NULL CHECK (round_off IN ('none', 'rupee')),
    created_at BIGINT NOT NULL
) {table};

-- The next id of each table, allotted in the transaction that uses it.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    next BIGINT NOT NULL CHECK (next > 0)
) {table};

INSERT INTO counters (name, next) VALUES
    ('customers', 1), ('products', 1), ('orders', 1), ('imports', 1), ('bills', 1),
    ('ledger_transactions', 1), ('bill_runs', 1), ('audit', 1);

CREATE TABLE imports (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    actor TEXT NOT NULL,
    imported_at BIGINT NOT NULL
) {table};

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    code TEXT {bytewise} NOT NULL UNIQUE,
    name TEXT NOT NULL,
    phone TEXT,
    email TEXT,
    language TEXT,
    address TEXT,
    pincode TEXT,
    state TEXT,
    gstin TEXT,
    route TEXT,
    opening_balance_paise BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
) {table};

CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    sku TEXT {bytewise} NOT NULL UNIQUE,
    name TEXT NOT NULL,
    unit TEXT NOT NULL CHECK (unit IN ('L', 'kg', 'piece')),
    hsn TEXT,
    tax_rate INTEGER NOT NULL CHECK (tax_rate BETWEEN 0 AND 10000),
    tax_inclusive SMALLINT NOT NULL CHECK (tax_inclusive IN (0, 1)),
    price_milli BIGINT CHECK (price_milli > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1
) {table};

-- Dated prices for everyone. products.price_milli holds before the first of them.
CREATE TABLE general_prices (
    product_id INTEGER NOT NULL REFERENCES products (id),
    effective_from INTEGER NOT NULL,
    price_milli BIGINT NOT NULL CHECK (price_milli > 0),
    import_id INTEGER NOT NULL REFERENCES imports (id),
    PRIMARY KEY (product_id, effective_from)
) {clustered};

-- Dated prices of one customer; without a price, the general one holds again from that day.
CREATE TABLE customer_prices (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    effective_from INTEGER NOT NULL,
    price_milli BIGINT CHECK (price_milli > 0),
    import_id INTEGER NOT NULL REFERENCES imports (id),
    PRIMARY KEY (customer_id, product_id, effective_from)
) {clustered};

CREATE INDEX customer_prices_by_product ON customer_prices (product_id, effective_from);

CREATE TABLE bills (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    month INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('regular')),
    state TEXT NOT NULL
        CHECK (state = 'draft' OR state = 'issued' OR state = 'part-paid' OR state = 'paid'
        OR state = 'cancelled'),
    version BIGINT NOT NULL CHECK (version > 0),
    needs_rerun SMALLINT NOT NULL CHECK (needs_rerun IN (0, 1)),
    number TEXT UNIQUE CHECK (length(number) <= 16),
    prefix TEXT,
    financial_year INTEGER,
    serial BIGINT,
    bill_day INTEGER NOT NULL,
    interstate SMALLINT NOT NULL CHECK (interstate IN (0, 1)),
    taxable_paise BIGINT NOT NULL,
    cgst_paise BIGINT NOT NULL,
    sgst_paise BIGINT NOT NULL,
    igst_paise BIGINT NOT NULL,
    round_off_paise BIGINT NOT NULL CHECK (round_off_paise BETWEEN -49 AND 50),
    total_paise BIGINT NOT NULL,
    previous_balance_paise BIGINT NOT NULL,
    content_hash TEXT NOT NULL CHECK (length(content_hash) = 64),
    credit_note TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    issued_at BIGINT,
    UNIQUE (customer_id, month, kind),
    UNIQUE (prefix, financial_year, serial),
    CHECK (cgst_paise = sgst_paise),
    CHECK (total_paise
        = taxable_paise + cgst_paise + sgst_paise + igst_paise + round_off_paise),
    CHECK ((state = 'draft') = (number IS NULL)),
    CHECK ((number IS NULL) = (serial IS NULL)),
    CHECK ((number IS NULL) = (issued_at IS NULL)),
    CHECK ((number IS NULL) = (prefix IS NULL)),
    CHECK ((number IS NULL) = (financial_year IS NULL)),
    CHECK ((state = 'cancelled') = (credit_note IS NOT NULL)),
    CHECK (state = 'draft' OR needs_rerun = 0)
) {table};

CREATE INDEX bills_by_month ON bills (month, customer_id);

-- Lines are written before their bill, which seals them: see the guards.
CREATE TABLE bill_lines (
    bill_id INTEGER NOT NULL REFERENCES bills (id) DEFERRABLE INITIALLY DEFERRED,
    line_no SMALLINT NOT NULL CHECK (line_no > 0),
    kind TEXT NOT NULL CHECK (kind = 'delivery' OR kind = 'order' OR kind = 'late'),
    product_id INTEGER NOT NULL REFERENCES products (id),
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    hsn TEXT NOT NULL,
    unit TEXT NOT NULL,
    quantity_milli BIGINT NOT NULL,
    unit_price_milli BIGINT NOT NULL,
    tax_rate INTEGER NOT NULL,
    tax_inclusive SMALLINT NOT NULL CHECK (tax_inclusive IN (0, 1)),
    amount_paise BIGINT NOT NULL,
    taxable_paise BIGINT NOT NULL,
    cgst_paise BIGINT NOT NULL,
    sgst_paise BIGINT NOT NULL,
    igst_paise BIGINT NOT NULL,
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    item_count BIGINT NOT NULL CHECK (item_count > 0),
    PRIMARY KEY (bill_id, line_no),
    CHECK (cgst_paise = sgst_paise),
    CHECK (first_day <= last_day)
) {clustered};

-- shift: 1 morning, 2 evening. status: 1 delivered, 2 missed, 3 skipped. reference: '' if none.
-- bill_id and line_no point at the line that bills the delivery.
CREATE TABLE deliveries (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    day INTEGER NOT NULL,
    shift SMALLINT NOT NULL CHECK (shift IN (1, 2)),
    product_id INTEGER NOT NULL REFERENCES products (id),
    reference TEXT {bytewise} NOT NULL,
    quantity_milli INTEGER NOT NULL CHECK (quantity_milli BETWEEN 0 AND 1000000000),
    status SMALLINT NOT NULL CHECK (status = 1 OR status = 2 OR status = 3),
    import_id INTEGER NOT NULL REFERENCES imports (id),
    bill_id INTEGER,
    line_no SMALLINT,
    PRIMARY KEY (customer_id, day, shift, product_id, reference),
    CHECK ((bill_id IS NULL) = (line_no IS NULL)),
    CHECK (bill_id IS NULL OR (status = 1 AND quantity_milli > 0))
) {linked};

CREATE UNIQUE INDEX deliveries_by_reference ON deliveries (reference) WHERE reference <> '';

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    reference TEXT {bytewise} NOT NULL UNIQUE,
    ordered_on INTEGER NOT NULL,
    delivery_day INTEGER NOT NULL,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity_milli INTEGER NOT NULL CHECK (quantity_milli BETWEEN 0 AND 1000000000),
    status TEXT NOT NULL CHECK (status = 'pending' OR status = 'delivered'
        OR status = 'cancelled'),
    agreed_price_milli BIGINT CHECK (agreed_price_milli > 0),
    import_id INTEGER NOT NULL REFERENCES imports (id),
    bill_id INTEGER,
    line_no SMALLINT,
    CHECK ((bill_id IS NULL) = (line_no IS NULL)),
    CHECK (bill_id IS NULL OR (status = 'delivered' AND quantity_milli > 0))
) {table};

CREATE INDEX orders_by_customer ON orders (customer_id, delivery_day);

-- Months of customers that may hold deliveries or orders no issued bill has taken. Writers of
-- deliveries and orders add a row; the run that settles the month removes it.
CREATE TABLE unbilled_months (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    month INTEGER NOT NULL,
    PRIMARY KEY (customer_id, month)
) {clustered};

-- Months whose issue has been completed for all customers.
CREATE TABLE issued_months (
    month INTEGER PRIMARY KEY,
    issued_at BIGINT NOT NULL
) {table};

CREATE TABLE number_series (
    prefix TEXT NOT NULL,
    financial_year INTEGER NOT NULL,
    next_serial BIGINT NOT NULL CHECK (next_serial > 0),
    PRIMARY KEY (prefix, financial_year)
) {clustered};

CREATE TABLE ledger_transactions (
    id BIGINT PRIMARY KEY,
    day INTEGER NOT NULL,
    customer_id INTEGER REFERENCES customers (id),
    cause TEXT NOT NULL CHECK (cause = 'bill' OR cause = 'opening_balance'
        OR cause = 'payment' OR cause = 'matched' OR cause = 'settlement'
        OR cause = 'hand_over'),
    bill_id INTEGER REFERENCES bills (id),
    posted_at BIGINT NOT NULL,
    CHECK ((cause = 'bill') = (bill_id IS NOT NULL)),
    CHECK (customer_id IS NOT NULL OR cause = 'payment' OR cause = 'settlement'
        OR cause = 'hand_over')
) {table};

CREATE INDEX ledger_transactions_by_day ON ledger_transactions (day, id);
CREATE UNIQUE INDEX ledger_transactions_by_bill ON ledger_transactions (bill_id)
    WHERE bill_id IS NOT NULL;

-- Debits positive, credits negative. Entries are written before their transaction, which seals
-- them: see the guards. Receivables name the customer.
CREATE TABLE ledger_entries (
    transaction_id BIGINT NOT NULL
        REFERENCES ledger_transactions (id) DEFERRABLE INITIALLY DEFERRED,
    entry_no SMALLINT NOT NULL CHECK (entry_no > 0),
    account TEXT NOT NULL CHECK (account = 'receivable' OR account = 'sales'
        OR account = 'output_cgst' OR account = 'output_sgst' OR account = 'output_igst'
        OR account = 'round_off' OR account = 'opening_balances' OR account = 'cash_in_hand'
        OR account = 'bank' OR account = 'cheques_in_hand' OR account = 'gateway_razorpay'
        OR account = 'gateway_stripe' OR account = 'gateway_fees' OR account = 'input_gst'
        OR account = 'unmatched_receipts' OR account = 'cash_short' OR account = 'plan_sales'),
    customer_id INTEGER REFERENCES customers (id),
    amount_paise BIGINT NOT NULL CHECK (amount_paise <> 0),
    PRIMARY KEY (transaction_id, entry_no),
    CHECK ((account = 'receivable') = (customer_id IS NOT NULL))
) {clustered};

CREATE INDEX ledger_entries_receivable ON ledger_entries (customer_id, amount_paise)
    WHERE customer_id IS NOT NULL;

CREATE TABLE bill_runs (
    id INTEGER PRIMARY KEY,
    month INTEGER NOT NULL,
    mode TEXT NOT NULL CHECK (mode IN ('draft', 'run_and_issue', 'issue')),
    actor TEXT NOT NULL,
    finished_at BIGINT NOT NULL,
    content_hash TEXT NOT NULL,
    certificate TEXT NOT NULL
) {table};

CREATE INDEX bill_runs_by_month ON bill_runs (month, id);

CREATE TABLE audit (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    table_name TEXT NOT NULL,
    record TEXT NOT NULL,
    before TEXT,
    after TEXT
) {table};

CREATE INDEX audit_by_record ON audit (table_name, record);
