-- Money in: payments and what was told of them, which bills they pay, what we asked for, and the
-- events of gateways.
--
-- Units as in V1. Flags are 0 or 1.

-- What we asked a gateway for: an order, a payment link, a QR code, a checkout session. reference is
-- ours; provider_reference and order_reference are the gateway's, once it has told them. Without an
-- amount any amount may be paid (a standing QR code). retry_at: when a worker looks at it next; until
-- then it is left alone. reason: why it was refused, or what is not known of it. bill_id, and named_bill_id below: an issued
-- bill, which stays; without a foreign key, since each removal of a draft would look for it.
CREATE TABLE payment_requests (
    id BIGINT PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider IN ('razorpay', 'stripe')),
    kind TEXT NOT NULL CHECK (kind IN ('order', 'link', 'qr', 'checkout')),
    reference TEXT {bytewise} NOT NULL UNIQUE,
    provider_reference TEXT {bytewise},
    order_reference TEXT {bytewise},
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    bill_id INTEGER,
    plan_code TEXT,
    amount_paise BIGINT CHECK (amount_paise > 0),
    in_parts SMALLINT NOT NULL CHECK (in_parts IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN
        ('new', 'sent', 'done', 'refused', 'unknown', 'cancelled', 'expired', 'paid')),
    url TEXT,
    expires_at BIGINT,
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_at BIGINT,
    reason TEXT,
    cancel_asked SMALLINT NOT NULL DEFAULT 0 CHECK (cancel_asked IN (0, 1)),
    asked_as TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (retry_at IS NULL OR state IN ('new', 'sent', 'done', 'unknown'))
) {table};

CREATE UNIQUE INDEX payment_requests_by_provider ON payment_requests (provider, provider_reference)
    WHERE provider_reference IS NOT NULL;
CREATE UNIQUE INDEX payment_requests_by_order ON payment_requests (provider, order_reference)
    WHERE order_reference IS NOT NULL;
CREATE INDEX payment_requests_open ON payment_requests (provider, created_at)
    WHERE state IN ('sent', 'done', 'unknown');
CREATE INDEX payment_requests_due ON payment_requests (retry_at) WHERE retry_at IS NOT NULL;
CREATE INDEX payment_requests_by_customer ON payment_requests (customer_id, id);

-- What is known of a payment. reference: the gateway's id of the payment, the bank's reference, a
-- cheque's number, or ours for cash; followed by #2 and so on when the receipt before was taken back
-- and it is recorded anew. free_paise: what no due has taken yet, and no plan. Each change adds one
-- row to payment_log, whose last entry_no is version.
CREATE TABLE payments (
    id BIGINT PRIMARY KEY,
    provider TEXT NOT NULL
        CHECK (provider = 'cash' OR provider = 'upi' OR provider = 'bank' OR provider = 'cheque'
            OR provider = 'razorpay' OR provider = 'stripe'),
    reference TEXT {bytewise} NOT NULL,
    customer_id INTEGER REFERENCES customers (id),
    named_bill_id INTEGER,
    payment_request_id BIGINT REFERENCES payment_requests (id),
    amount_paise BIGINT NOT NULL CHECK (amount_paise >= 0),
    currency TEXT NOT NULL CHECK (currency = 'INR'),
    state TEXT NOT NULL CHECK (state = 'created' OR state = 'authorized' OR state = 'captured'
        OR state = 'part-refunded' OR state = 'refunded' OR state = 'failed'
        OR state = 'disputed'),
    authorized SMALLINT NOT NULL CHECK (authorized IN (0, 1)),
    failed SMALLINT NOT NULL CHECK (failed IN (0, 1)),
    captured_paise BIGINT NOT NULL CHECK (captured_paise >= 0),
    captured_at BIGINT,
    fee_paise BIGINT,
    fee_tax_paise BIGINT,
    cleared SMALLINT NOT NULL CHECK (cleared IN (0, 1)),
    reversed SMALLINT NOT NULL CHECK (reversed IN (0, 1)),
    free_paise BIGINT NOT NULL,
    method TEXT,
    bank_reference TEXT {bytewise},
    person_id INTEGER REFERENCES people (id),
    plan_code TEXT,
    received_day INTEGER NOT NULL,
    allocation_count BIGINT NOT NULL CHECK (allocation_count >= 0),
    version BIGINT NOT NULL CHECK (version > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (provider, reference),
    CHECK ((captured_paise > 0) = (captured_at IS NOT NULL)),
    CHECK ((fee_paise IS NULL) = (fee_tax_paise IS NULL)),
    CHECK (fee_tax_paise BETWEEN 0 AND fee_paise),
    CHECK (free_paise BETWEEN 0 AND captured_paise),
    CHECK ((provider = 'cash') = (person_id IS NOT NULL))
) {table};

-- Those that brought money are found by the entries of what their customer owes: an index by
-- customer over all of them would cost each payment one more page.
CREATE INDEX payments_without_money ON payments (customer_id) WHERE captured_paise = 0;
CREATE INDEX payments_by_day ON payments (received_day, id);
CREATE INDEX payments_free ON payments (customer_id) WHERE free_paise > 0;
CREATE INDEX payments_by_bank_reference ON payments (bank_reference)
    WHERE bank_reference IS NOT NULL;

-- Refunds and disputes of a payment, as far as they were told. reference: the gateway's id, or ours
-- of a refund that was paid by hand; person_id: whose cash that was.
CREATE TABLE payment_refunds (
    payment_id BIGINT NOT NULL REFERENCES payments (id),
    reference TEXT {bytewise} NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'processed', 'failed')),
    amount_paise BIGINT NOT NULL CHECK (amount_paise > 0),
    person_id INTEGER REFERENCES people (id),
    told_at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, reference)
) {clustered};

CREATE TABLE payment_disputes (
    payment_id BIGINT NOT NULL REFERENCES payments (id),
    reference TEXT {bytewise} NOT NULL,
    status TEXT NOT NULL CHECK (status IN
        ('created', 'action_required', 'under_review', 'closed', 'won', 'lost')),
    amount_paise BIGINT NOT NULL CHECK (amount_paise > 0),
    deducted_paise BIGINT NOT NULL CHECK (deducted_paise >= 0),
    withdrawn SMALLINT NOT NULL CHECK (withdrawn IN (0, 1)),
    reinstated SMALLINT NOT NULL CHECK (reinstated IN (0, 1)),
    told_at BIGINT NOT NULL,
    PRIMARY KEY (payment_id, reference)
) {clustered};

-- Refunds that we ask for ourselves, to where the money came from or to the customer's advance.
-- reference: ours, and the idempotency key of the call; told_as: what the refund is told of as, by
-- the gateway or by us. paid_reference: the bank's, when it was paid by hand. asked_as, checked_as:
-- who asked and who agreed or declined; a program has no person.
CREATE TABLE refund_requests (
    id BIGINT PRIMARY KEY,
    payment_id BIGINT NOT NULL REFERENCES payments (id),
    reference TEXT {bytewise} NOT NULL UNIQUE,
    amount_paise BIGINT NOT NULL CHECK (amount_paise > 0),
    destination TEXT NOT NULL CHECK (destination IN ('source', 'advance')),
    by_gateway SMALLINT NOT NULL CHECK (by_gateway IN (0, 1)),
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('requested', 'approved', 'declined', 'sent', 'unknown', 'processed', 'failed')),
    told_as TEXT {bytewise},
    paid_reference TEXT {bytewise},
    person_id INTEGER REFERENCES people (id),
    failure TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    retry_at BIGINT,
    asked_by INTEGER REFERENCES people (id),
    asked_as TEXT NOT NULL,
    checked_by INTEGER REFERENCES people (id),
    checked_as TEXT,
    version BIGINT NOT NULL CHECK (version > 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (checked_by IS NULL OR asked_by IS NULL OR checked_by <> asked_by),
    CHECK (retry_at IS NULL OR state IN ('approved', 'sent', 'unknown')),
    CHECK (destination = 'source' OR by_gateway = 0)
) {table};

CREATE INDEX refund_requests_by_payment ON refund_requests (payment_id, id);
CREATE INDEX refund_requests_open ON refund_requests (state, id)
    WHERE state IN ('requested', 'approved', 'sent', 'unknown');
CREATE INDEX refund_requests_due ON refund_requests (retry_at) WHERE retry_at IS NOT NULL;

-- How far a gateway was asked for payments that only it knows: those made before asked_until, and
-- at deep_at those of some days before once more.
CREATE TABLE gateway_cursors (
    provider TEXT PRIMARY KEY CHECK (provider IN ('razorpay', 'stripe')),
    asked_until BIGINT NOT NULL,
    deep_at BIGINT NOT NULL
) {table};

-- Everything that changed a payment. cause: the kind of the event, or the command; cause_key: the
-- event's id, or ours of the command or occasion: each changes a payment once. request_id: as the
-- client named it, perhaps several times.
CREATE TABLE payment_log (
    payment_id BIGINT NOT NULL REFERENCES payments (id),
    entry_no BIGINT NOT NULL CHECK (entry_no > 0),
    at BIGINT NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    cause TEXT NOT NULL,
    cause_key TEXT {bytewise} NOT NULL,
    actor TEXT NOT NULL,
    request_id TEXT,
    details TEXT NOT NULL,
    PRIMARY KEY (payment_id, entry_no),
    UNIQUE (payment_id, cause_key)
) {clustered};

-- Which dues a payment settles; without a bill it is the balance brought forward. What is negative
-- takes back. What they point at is guarded, not declared: see V6.
CREATE TABLE allocations (
    payment_id BIGINT NOT NULL,
    entry_no BIGINT NOT NULL CHECK (entry_no > 0),
    customer_id INTEGER NOT NULL,
    bill_id INTEGER,
    amount_paise BIGINT NOT NULL CHECK (amount_paise <> 0),
    at BIGINT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (payment_id, entry_no)
) {clustered};

CREATE INDEX allocations_by_bill ON allocations (bill_id, payment_id) WHERE bill_id IS NOT NULL;
CREATE INDEX allocations_of_opening ON allocations (customer_id) WHERE bill_id IS NULL;

-- Which bills a balance brought forward in the customer's favour has paid.
CREATE TABLE opening_uses (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    bill_id INTEGER NOT NULL REFERENCES bills (id),
    amount_paise BIGINT NOT NULL CHECK (amount_paise > 0),
    at BIGINT NOT NULL,
    PRIMARY KEY (customer_id, bill_id)
) {clustered};

CREATE INDEX opening_uses_by_bill ON opening_uses (bill_id);
CREATE INDEX customers_in_credit ON customers (id) WHERE opening_balance_paise < 0;

-- The inbox. body: as it came, in base64 when it is no text. altered_count, altered_hash: deliveries
-- under the same id with another content.
CREATE TABLE gateway_events (
    id BIGINT PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider IN ('razorpay', 'stripe')),
    event_id TEXT {bytewise} NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    body_is_base64 SMALLINT NOT NULL CHECK (body_is_base64 IN (0, 1)),
    body_hash TEXT NOT NULL CHECK (length(body_hash) = 64),
    headers TEXT NOT NULL,
    secret_no SMALLINT NOT NULL,
    livemode SMALLINT CHECK (livemode IN (0, 1)),
    state TEXT NOT NULL
        CHECK (state = 'received' OR state = 'processed' OR state = 'ignored'
            OR state = 'failed' OR state = 'dead'),
    attempts INTEGER NOT NULL,
    retry_at BIGINT,
    reason TEXT,
    received_at BIGINT NOT NULL,
    processed_at BIGINT,
    altered_count BIGINT NOT NULL DEFAULT 0,
    altered_hash TEXT,
    UNIQUE (event_id, provider),
    CHECK ((retry_at IS NOT NULL) = (state IN ('received', 'failed')))
) {table};

CREATE INDEX gateway_events_waiting ON gateway_events (retry_at) WHERE retry_at IS NOT NULL;
CREATE INDEX gateway_events_open ON gateway_events (state, id)
    WHERE state = 'received' OR state = 'failed' OR state = 'dead';
CREATE INDEX gateway_events_left ON gateway_events (state, provider)
    WHERE state = 'received' OR state = 'failed' OR state = 'dead';
CREATE INDEX gateway_events_by_provider ON gateway_events (provider, id);

-- Cash handed over by one person to another, or, without a taker, to the bank: all that the giver
-- has in hand (negative: receipts were taken back after a hand-over). pieces: by denomination, JSON;
-- coins_paise: coins that were counted together.
CREATE TABLE hand_overs (
    id BIGINT PRIMARY KEY,
    giver_id INTEGER NOT NULL REFERENCES people (id),
    taker_id INTEGER REFERENCES people (id),
    day INTEGER NOT NULL,
    in_hand_paise BIGINT NOT NULL,
    counted_paise BIGINT NOT NULL CHECK (counted_paise >= 0),
    pieces TEXT NOT NULL,
    coins_paise BIGINT NOT NULL DEFAULT 0 CHECK (coins_paise >= 0),
    at BIGINT NOT NULL,
    CHECK (coins_paise <= counted_paise),
    CHECK (taker_id IS NULL OR taker_id <> giver_id)
) {table};

CREATE INDEX hand_overs_by_giver ON hand_overs (giver_id, id);

-- What a gateway paid out to the bank.
CREATE TABLE settlements (
    id BIGINT PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider IN ('razorpay', 'stripe')),
    reference TEXT {bytewise} NOT NULL,
    amount_paise BIGINT NOT NULL,
    bank_reference TEXT,
    day INTEGER NOT NULL,
    at BIGINT NOT NULL,
    UNIQUE (provider, reference)
) {table};

-- The bills: how much of each is paid. Its state follows.
ALTER TABLE bills ADD COLUMN paid_paise BIGINT NOT NULL DEFAULT 0 CHECK (
    (state = 'draft' AND paid_paise = 0)
    OR (state = 'issued' AND paid_paise = 0)
    OR (state = 'part-paid' AND paid_paise > 0 AND paid_paise < total_paise)
    OR (state = 'paid' AND paid_paise >= total_paise)
    OR (state = 'cancelled' AND paid_paise >= 0));

CREATE INDEX bills_open ON bills (customer_id) WHERE state IN ('issued', 'part-paid');

-- The ledger: what a transaction was made for, each posting once, and whose cash an entry is.
ALTER TABLE ledger_transactions ADD COLUMN payment_id BIGINT REFERENCES payments (id)
    CHECK ((payment_id IS NOT NULL) = (cause IN ('payment', 'matched')));
ALTER TABLE ledger_transactions ADD COLUMN posting TEXT
    CHECK ((posting IS NOT NULL) = (payment_id IS NOT NULL));
ALTER TABLE ledger_transactions ADD COLUMN settlement_id BIGINT REFERENCES settlements (id)
    CHECK ((settlement_id IS NOT NULL) = (cause = 'settlement'));
ALTER TABLE ledger_transactions ADD COLUMN hand_over_id BIGINT REFERENCES hand_overs (id)
    CHECK ((hand_over_id IS NOT NULL) = (cause = 'hand_over'));

CREATE UNIQUE INDEX ledger_transactions_by_payment ON ledger_transactions (payment_id, posting)
    WHERE payment_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_transactions_by_settlement ON ledger_transactions (settlement_id)
    WHERE settlement_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_transactions_by_hand_over ON ledger_transactions (hand_over_id)
    WHERE hand_over_id IS NOT NULL;

ALTER TABLE ledger_entries ADD COLUMN person_id INTEGER REFERENCES people (id)
    CHECK ((person_id IS NOT NULL) = (account IN ('cash_in_hand', 'cash_short')));

CREATE INDEX ledger_entries_by_person
    ON ledger_entries (person_id, account, transaction_id, amount_paise)
    WHERE person_id IS NOT NULL;

INSERT INTO counters (name, next) VALUES
    ('payments', 1), ('payment_requests', 1), ('refund_requests', 1), ('gateway_events', 1),
    ('hand_overs', 1), ('settlements', 1);
