-- Guards: what the database itself refuses. The same rules as V2__guards.sqlite.sql; what must be
-- checked for many rows at once is checked per statement, as a set.
--
-- Each check starts from the changed rows and looks up the others one by one through their keys:
-- LATERAL with OFFSET 0 keeps the planner to that order, and enable_seqscan = off to the keys, also
-- when a plan was made while the tables were still small.

-- Ids of bills, which a run's ranges take at the same time.
CREATE SEQUENCE bill_ids AS INTEGER;
SELECT setval('bill_ids', (SELECT COALESCE(MAX(id), 0) + 1 FROM bills), false);

CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME;
END $$;

-- An issued bill never changes; its state moves on, and it is cancelled by a credit note.
CREATE TRIGGER bills_final BEFORE UPDATE ON bills FOR EACH ROW
WHEN (OLD.state <> 'draft' AND (
    NEW.state = 'draft' OR OLD.state = 'cancelled'
    OR (NEW.id, NEW.customer_id, NEW.month, NEW.kind, NEW.number, NEW.prefix,
        NEW.financial_year, NEW.serial, NEW.bill_day, NEW.interstate, NEW.taxable_paise,
        NEW.cgst_paise, NEW.sgst_paise, NEW.igst_paise, NEW.round_off_paise, NEW.total_paise,
        NEW.previous_balance_paise, NEW.content_hash, NEW.issued_at, NEW.created_at)
    IS DISTINCT FROM
       (OLD.id, OLD.customer_id, OLD.month, OLD.kind, OLD.number, OLD.prefix,
        OLD.financial_year, OLD.serial, OLD.bill_day, OLD.interstate, OLD.taxable_paise,
        OLD.cgst_paise, OLD.sgst_paise, OLD.igst_paise, OLD.round_off_paise, OLD.total_paise,
        OLD.previous_balance_paise, OLD.content_hash, OLD.issued_at, OLD.created_at)))
EXECUTE FUNCTION refuse('an issued bill never changes');

CREATE TRIGGER bills_stay BEFORE DELETE ON bills FOR EACH ROW WHEN (OLD.state <> 'draft')
EXECUTE FUNCTION refuse('an issued bill is never removed');

CREATE TRIGGER bills_issued_first BEFORE UPDATE OF state ON bills FOR EACH ROW
WHEN (OLD.state = 'draft' AND NEW.state NOT IN ('draft', 'issued'))
EXECUTE FUNCTION refuse('a draft can only be issued');

-- A bill is sealed when it is issued: its totals are the sums of its lines. One that is paid or
-- cancelled was issued before.
CREATE FUNCTION seal_bills() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM changed b
        LEFT JOIN LATERAL (
            SELECT SUM(taxable_paise) AS taxable, SUM(cgst_paise) AS cgst,
                SUM(sgst_paise) AS sgst, SUM(igst_paise) AS igst
            FROM bill_lines WHERE bill_id = b.id) l ON TRUE
        WHERE (b.state = 'issued' OR (b.state <> 'draft' AND TG_OP = 'INSERT'))
            AND (b.taxable_paise, b.cgst_paise, b.sgst_paise, b.igst_paise)
            IS DISTINCT FROM (l.taxable, l.cgst, l.sgst, l.igst)) THEN
        RAISE EXCEPTION 'an issued bill must be the sum of its lines'
            USING ERRCODE = 'check_violation', TABLE = 'bills';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER bills_sealed_when_added AFTER INSERT ON bills
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION seal_bills();

CREATE TRIGGER bills_sealed_when_issued AFTER UPDATE ON bills
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION seal_bills();

-- Lines are replaced while their bill is a draft, and fixed once it is issued.
CREATE FUNCTION guard_bill_lines() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT bill_id FROM changed) c
        CROSS JOIN LATERAL (SELECT state FROM bills WHERE id = c.bill_id OFFSET 0) b
        WHERE b.state <> 'draft') THEN
        RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation', TABLE = 'bill_lines';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER bill_lines_not_added_later AFTER INSERT ON bill_lines
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT
EXECUTE FUNCTION guard_bill_lines('an issued bill takes no further line');

CREATE TRIGGER bill_lines_stay AFTER DELETE ON bill_lines
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT
EXECUTE FUNCTION guard_bill_lines('a line of an issued bill is never removed');

CREATE TRIGGER bill_lines_final BEFORE UPDATE ON bill_lines FOR EACH ROW
EXECUTE FUNCTION refuse('a bill line never changes');

-- A delivery or order on an issued bill is fixed, and joins a bill only while it is being made.
CREATE FUNCTION guard_billed_item() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM bills WHERE id = OLD.bill_id AND state <> 'draft') THEN
        RAISE EXCEPTION '%', TG_ARGV[0]
            USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER deliveries_added_free BEFORE INSERT ON deliveries FOR EACH ROW
WHEN (NEW.bill_id IS NOT NULL)
EXECUTE FUNCTION refuse('a delivery is billed only after it is kept');

-- After the change, not before: a trigger before it makes PostgreSQL lock every row a second time.
CREATE TRIGGER deliveries_final AFTER UPDATE ON deliveries FOR EACH ROW
WHEN (OLD.bill_id IS NOT NULL)
EXECUTE FUNCTION guard_billed_item('a delivery on an issued bill never changes');

CREATE TRIGGER deliveries_stay BEFORE DELETE ON deliveries FOR EACH ROW
WHEN (OLD.bill_id IS NOT NULL)
EXECUTE FUNCTION guard_billed_item('a delivery on an issued bill is never removed');

CREATE TRIGGER orders_added_free BEFORE INSERT ON orders FOR EACH ROW
WHEN (NEW.bill_id IS NOT NULL)
EXECUTE FUNCTION refuse('an order is billed only after it is kept');

CREATE TRIGGER orders_final BEFORE UPDATE ON orders FOR EACH ROW
WHEN (OLD.bill_id IS NOT NULL)
EXECUTE FUNCTION guard_billed_item('an order on an issued bill never changes');

CREATE TRIGGER orders_stay BEFORE DELETE ON orders FOR EACH ROW
WHEN (OLD.bill_id IS NOT NULL)
EXECUTE FUNCTION guard_billed_item('an order on an issued bill is never removed');

CREATE FUNCTION guard_delivery_links() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (
            SELECT bill_id, line_no, customer_id, product_id,
                MIN(day) AS first_day, MAX(day) AS last_day
            FROM changed WHERE bill_id IS NOT NULL
            GROUP BY bill_id, line_no, customer_id, product_id) c
        LEFT JOIN LATERAL (
            SELECT product_id, first_day, last_day FROM bill_lines
            WHERE bill_id = c.bill_id AND line_no = c.line_no OFFSET 0) l ON TRUE
        LEFT JOIN LATERAL (
            SELECT state, customer_id FROM bills WHERE id = c.bill_id OFFSET 0) b ON TRUE
        WHERE l.product_id IS DISTINCT FROM c.product_id
            OR c.first_day < l.first_day OR c.last_day > l.last_day
            OR b.state <> 'draft' OR b.customer_id <> c.customer_id)
        OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT import_id FROM changed) c
        LEFT JOIN LATERAL (SELECT id FROM imports WHERE id = c.import_id OFFSET 0) i ON TRUE
        WHERE i.id IS NULL) THEN
        RAISE EXCEPTION 'a delivery joins only a line of its own product on an open bill'
            USING ERRCODE = 'check_violation', TABLE = 'deliveries';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER deliveries_on_a_line AFTER UPDATE ON deliveries
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION guard_delivery_links();

CREATE FUNCTION guard_order_links() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (
            SELECT bill_id, line_no, customer_id, product_id,
                MIN(delivery_day) AS first_day, MAX(delivery_day) AS last_day
            FROM changed WHERE bill_id IS NOT NULL
            GROUP BY bill_id, line_no, customer_id, product_id) c
        LEFT JOIN LATERAL (
            SELECT product_id, first_day, last_day FROM bill_lines
            WHERE bill_id = c.bill_id AND line_no = c.line_no OFFSET 0) l ON TRUE
        LEFT JOIN LATERAL (
            SELECT state, customer_id FROM bills WHERE id = c.bill_id OFFSET 0) b ON TRUE
        WHERE l.product_id IS DISTINCT FROM c.product_id
            OR c.first_day < l.first_day OR c.last_day > l.last_day
            OR b.state <> 'draft' OR b.customer_id <> c.customer_id) THEN
        RAISE EXCEPTION 'an order joins only a line of its own product on an open bill'
            USING ERRCODE = 'check_violation', TABLE = 'orders';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_on_a_line AFTER UPDATE ON orders
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION guard_order_links();

-- Numbers only move forward.
CREATE TRIGGER number_series_forward BEFORE UPDATE ON number_series FOR EACH ROW
WHEN (NEW.next_serial < OLD.next_serial OR NEW.prefix <> OLD.prefix
    OR NEW.financial_year <> OLD.financial_year)
EXECUTE FUNCTION refuse('bill numbers are never given twice');

CREATE TRIGGER number_series_stay BEFORE DELETE ON number_series FOR EACH ROW
EXECUTE FUNCTION refuse('a series of bill numbers is never removed');

-- A ledger transaction is sealed when it is added: its entries sum to zero, and stay.
CREATE FUNCTION seal_ledger_transactions() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added t
        LEFT JOIN LATERAL (
            SELECT COUNT(*) AS entries, SUM(amount_paise) AS total
            FROM ledger_entries WHERE transaction_id = t.id) e ON TRUE
        WHERE e.entries < 2 OR e.total <> 0) THEN
        RAISE EXCEPTION 'the entries of a ledger transaction must sum to zero'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_transactions';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledger_transactions_sealed AFTER INSERT ON ledger_transactions
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION seal_ledger_transactions();

CREATE TRIGGER ledger_transactions_final BEFORE UPDATE ON ledger_transactions FOR EACH ROW
EXECUTE FUNCTION refuse('a ledger transaction never changes');

CREATE TRIGGER ledger_transactions_stay BEFORE DELETE ON ledger_transactions FOR EACH ROW
EXECUTE FUNCTION refuse('a ledger transaction is never removed');

-- Entries come before their transaction, and not without it. Their first stands for all of them when
-- that is checked at the end.
CREATE FUNCTION guard_ledger_entries() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    late BOOLEAN;
    headless BOOLEAN;
BEGIN
    SELECT BOOL_OR(t.id IS NOT NULL), BOOL_OR(f.entry_no IS NULL) INTO late, headless
    FROM (SELECT DISTINCT transaction_id FROM added) a
    LEFT JOIN LATERAL (
        SELECT id FROM ledger_transactions WHERE id = a.transaction_id OFFSET 0) t ON TRUE
    LEFT JOIN LATERAL (
        SELECT entry_no FROM ledger_entries
        WHERE transaction_id = a.transaction_id AND entry_no = 1 OFFSET 0) f ON TRUE;
    IF late THEN
        RAISE EXCEPTION 'a ledger transaction takes no further entry'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_entries';
    END IF;
    IF headless THEN
        RAISE EXCEPTION 'the entries of a ledger transaction begin with number 1'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_entries';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION guard_ledger_entries_sealed() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id) THEN
        RAISE EXCEPTION 'a ledger entry needs its transaction'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'ledger_entries';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER ledger_entries_sealed AFTER INSERT ON ledger_entries
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.entry_no = 1)
EXECUTE FUNCTION guard_ledger_entries_sealed();

-- In place of the foreign key, which is checked row by row.
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_transaction_id_fkey;

CREATE TRIGGER ledger_entries_not_added_later AFTER INSERT ON ledger_entries
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION guard_ledger_entries();

CREATE TRIGGER ledger_entries_final BEFORE UPDATE ON ledger_entries FOR EACH ROW
EXECUTE FUNCTION refuse('a ledger entry never changes');

CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries FOR EACH ROW
EXECUTE FUNCTION refuse('a ledger entry is never removed');

-- What was done stays written.
CREATE TRIGGER audit_final BEFORE UPDATE ON audit FOR EACH ROW
EXECUTE FUNCTION refuse('an audit row never changes');

CREATE TRIGGER audit_stay BEFORE DELETE ON audit FOR EACH ROW
EXECUTE FUNCTION refuse('an audit row is never removed');

-- TRUNCATE passes row triggers by.
CREATE TRIGGER bills_not_emptied BEFORE TRUNCATE ON bills FOR EACH STATEMENT
EXECUTE FUNCTION refuse('issued bills are never removed');
CREATE TRIGGER bill_lines_not_emptied BEFORE TRUNCATE ON bill_lines FOR EACH STATEMENT
EXECUTE FUNCTION refuse('lines of issued bills are never removed');
CREATE TRIGGER ledger_transactions_not_emptied BEFORE TRUNCATE ON ledger_transactions
FOR EACH STATEMENT EXECUTE FUNCTION refuse('ledger transactions are never removed');
CREATE TRIGGER ledger_entries_not_emptied BEFORE TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse('ledger entries are never removed');
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON audit FOR EACH STATEMENT
EXECUTE FUNCTION refuse('audit rows are never removed');
CREATE TRIGGER deliveries_not_emptied BEFORE TRUNCATE ON deliveries FOR EACH STATEMENT
EXECUTE FUNCTION refuse('billed deliveries are never removed');
CREATE TRIGGER orders_not_emptied BEFORE TRUNCATE ON orders FOR EACH STATEMENT
EXECUTE FUNCTION refuse('billed orders are never removed');
CREATE TRIGGER number_series_not_emptied BEFORE TRUNCATE ON number_series FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a series of bill numbers is never removed');

-- What deliveries point at stays, under the same id.
CREATE TRIGGER customers_stay BEFORE DELETE ON customers FOR EACH ROW
EXECUTE FUNCTION refuse('a customer is never removed');
CREATE TRIGGER customers_same_id BEFORE UPDATE OF id ON customers FOR EACH ROW
WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION refuse('a customer never changes its id');
CREATE TRIGGER customers_not_emptied BEFORE TRUNCATE ON customers FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a customer is never removed');
CREATE TRIGGER products_stay BEFORE DELETE ON products FOR EACH ROW
EXECUTE FUNCTION refuse('a product is never removed');
CREATE TRIGGER products_same_id BEFORE UPDATE OF id ON products FOR EACH ROW
WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION refuse('a product never changes its id');
CREATE TRIGGER products_not_emptied BEFORE TRUNCATE ON products FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a product is never removed');
CREATE TRIGGER imports_stay BEFORE DELETE ON imports FOR EACH ROW
EXECUTE FUNCTION refuse('an import is never removed');
CREATE TRIGGER imports_same_id BEFORE UPDATE OF id ON imports FOR EACH ROW
WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION refuse('an import never changes its id');
CREATE TRIGGER imports_not_emptied BEFORE TRUNCATE ON imports FOR EACH STATEMENT
EXECUTE FUNCTION refuse('an import is never removed');
CREATE TRIGGER deliveries_same_key
AFTER UPDATE OF customer_id, day, shift, product_id, reference ON deliveries FOR EACH ROW
WHEN ((NEW.customer_id, NEW.day, NEW.shift, NEW.product_id, NEW.reference)
    IS DISTINCT FROM (OLD.customer_id, OLD.day, OLD.shift, OLD.product_id, OLD.reference))
EXECUTE FUNCTION refuse('a delivery never becomes another one');

-- Foreign keys of deliveries. PostgreSQL checks a declared one row by row, which costs millions of
-- deliveries more than keeping them; here each statement is checked as a set. The other side of
-- the rule, that what they point at stays, is guarded above.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_customer_id_fkey;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_product_id_fkey;
ALTER TABLE deliveries DROP CONSTRAINT deliveries_import_id_fkey;

CREATE FUNCTION guard_delivery_keys() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT customer_id FROM changed) c
        LEFT JOIN LATERAL (
            SELECT id FROM customers WHERE id = c.customer_id OFFSET 0) p ON TRUE
        WHERE p.id IS NULL) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT product_id FROM changed) c
        LEFT JOIN LATERAL (
            SELECT id FROM products WHERE id = c.product_id OFFSET 0) p ON TRUE
        WHERE p.id IS NULL) OR EXISTS (
        SELECT 1 FROM (SELECT DISTINCT import_id FROM changed) c
        LEFT JOIN LATERAL (
            SELECT id FROM imports WHERE id = c.import_id OFFSET 0) p ON TRUE
        WHERE p.id IS NULL) THEN
        RAISE EXCEPTION 'a delivery needs a known customer, product and import'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'deliveries';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER deliveries_keys_when_added AFTER INSERT ON deliveries
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION guard_delivery_keys();

-- What was issued stays known.
CREATE TRIGGER issued_months_stay BEFORE DELETE ON issued_months FOR EACH ROW
EXECUTE FUNCTION refuse('an issued month stays issued');
CREATE TRIGGER issued_months_final BEFORE UPDATE ON issued_months FOR EACH ROW
EXECUTE FUNCTION refuse('an issued month stays issued');
CREATE TRIGGER issued_months_not_emptied BEFORE TRUNCATE ON issued_months FOR EACH STATEMENT
EXECUTE FUNCTION refuse('an issued month stays issued');
CREATE TRIGGER bill_runs_stay BEFORE DELETE ON bill_runs FOR EACH ROW
EXECUTE FUNCTION refuse('the record of a bill run is never removed');
CREATE TRIGGER bill_runs_final BEFORE UPDATE ON bill_runs FOR EACH ROW
EXECUTE FUNCTION refuse('the record of a bill run never changes');
CREATE TRIGGER bill_runs_not_emptied BEFORE TRUNCATE ON bill_runs FOR EACH STATEMENT
EXECUTE FUNCTION refuse('the record of a bill run is never removed');
