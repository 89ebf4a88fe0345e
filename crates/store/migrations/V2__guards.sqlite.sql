-- Guards: what the database itself refuses. The same rules as V2__guards.postgres.sql.

-- An issued bill never changes; its state moves on, and it is cancelled by a credit note.
CREATE TRIGGER bills_final BEFORE UPDATE ON bills
WHEN OLD.state <> 'draft' AND (
    NEW.state = 'draft' OR OLD.state = 'cancelled'
    OR NEW.id IS NOT OLD.id OR NEW.customer_id IS NOT OLD.customer_id
    OR NEW.month IS NOT OLD.month OR NEW.kind IS NOT OLD.kind
    OR NEW.number IS NOT OLD.number OR NEW.prefix IS NOT OLD.prefix
    OR NEW.financial_year IS NOT OLD.financial_year OR NEW.serial IS NOT OLD.serial
    OR NEW.bill_day IS NOT OLD.bill_day OR NEW.interstate IS NOT OLD.interstate
    OR NEW.taxable_paise IS NOT OLD.taxable_paise OR NEW.cgst_paise IS NOT OLD.cgst_paise
    OR NEW.sgst_paise IS NOT OLD.sgst_paise OR NEW.igst_paise IS NOT OLD.igst_paise
    OR NEW.round_off_paise IS NOT OLD.round_off_paise
    OR NEW.total_paise IS NOT OLD.total_paise
    OR NEW.previous_balance_paise IS NOT OLD.previous_balance_paise
    OR NEW.content_hash IS NOT OLD.content_hash OR NEW.issued_at IS NOT OLD.issued_at
    OR NEW.created_at IS NOT OLD.created_at)
BEGIN SELECT RAISE(ABORT, 'an issued bill never changes'); END;

CREATE TRIGGER bills_stay BEFORE DELETE ON bills WHEN OLD.state <> 'draft'
BEGIN SELECT RAISE(ABORT, 'an issued bill is never removed'); END;

CREATE TRIGGER bills_issued_first BEFORE UPDATE OF state ON bills
WHEN OLD.state = 'draft' AND NEW.state NOT IN ('draft', 'issued')
BEGIN SELECT RAISE(ABORT, 'a draft can only be issued'); END;

-- A bill is sealed when it is issued: its totals are the sums of its lines.
CREATE TRIGGER bills_sealed_when_added AFTER INSERT ON bills WHEN NEW.state <> 'draft'
BEGIN
    SELECT RAISE(ABORT, 'an issued bill must be the sum of its lines')
    WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT SUM(taxable_paise) AS taxable, SUM(cgst_paise) AS cgst,
                SUM(sgst_paise) AS sgst, SUM(igst_paise) AS igst
            FROM bill_lines WHERE bill_id = NEW.id) l
        WHERE l.taxable = NEW.taxable_paise AND l.cgst = NEW.cgst_paise
            AND l.sgst = NEW.sgst_paise AND l.igst = NEW.igst_paise);
END;

CREATE TRIGGER bills_sealed_when_issued AFTER UPDATE OF state ON bills
WHEN OLD.state = 'draft' AND NEW.state <> 'draft'
BEGIN
    SELECT RAISE(ABORT, 'an issued bill must be the sum of its lines')
    WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT SUM(taxable_paise) AS taxable, SUM(cgst_paise) AS cgst,
                SUM(sgst_paise) AS sgst, SUM(igst_paise) AS igst
            FROM bill_lines WHERE bill_id = NEW.id) l
        WHERE l.taxable = NEW.taxable_paise AND l.cgst = NEW.cgst_paise
            AND l.sgst = NEW.sgst_paise AND l.igst = NEW.igst_paise);
END;

-- Lines are replaced while their bill is a draft, and fixed once it is issued.
CREATE TRIGGER bill_lines_not_added_later BEFORE INSERT ON bill_lines
WHEN EXISTS (SELECT 1 FROM bills WHERE id = NEW.bill_id AND state <> 'draft')
BEGIN SELECT RAISE(ABORT, 'an issued bill takes no further line'); END;

CREATE TRIGGER bill_lines_final BEFORE UPDATE ON bill_lines
BEGIN SELECT RAISE(ABORT, 'a bill line never changes'); END;

CREATE TRIGGER bill_lines_stay BEFORE DELETE ON bill_lines
WHEN EXISTS (SELECT 1 FROM bills WHERE id = OLD.bill_id AND state <> 'draft')
BEGIN SELECT RAISE(ABORT, 'a line of an issued bill is never removed'); END;

-- A delivery on an issued bill is fixed, and joins a bill only while the bill is being made.
CREATE TRIGGER deliveries_added_free BEFORE INSERT ON deliveries WHEN NEW.bill_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a delivery is billed only after it is kept'); END;

-- After the change, not before: a trigger before it makes SQLite look up every row a second time.
CREATE TRIGGER deliveries_final AFTER UPDATE ON deliveries
WHEN OLD.bill_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM bills WHERE id = OLD.bill_id AND state <> 'draft')
BEGIN SELECT RAISE(ABORT, 'a delivery on an issued bill never changes'); END;

CREATE TRIGGER deliveries_stay BEFORE DELETE ON deliveries
WHEN OLD.bill_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM bills WHERE id = OLD.bill_id AND state <> 'draft')
BEGIN SELECT RAISE(ABORT, 'a delivery on an issued bill is never removed'); END;

CREATE TRIGGER deliveries_on_a_line AFTER UPDATE OF bill_id, line_no ON deliveries
WHEN NEW.bill_id IS NOT NULL AND (
    NOT EXISTS (SELECT 1 FROM bill_lines WHERE bill_id = NEW.bill_id AND line_no = NEW.line_no
        AND product_id = NEW.product_id AND NEW.day BETWEEN first_day AND last_day)
    OR EXISTS (SELECT 1 FROM bills WHERE id = NEW.bill_id
        AND (state <> 'draft' OR customer_id <> NEW.customer_id)))
BEGIN SELECT RAISE(ABORT, 'a delivery joins only a line of its own product on an open bill'); END;

CREATE TRIGGER orders_added_free BEFORE INSERT ON orders WHEN NEW.bill_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an order is billed only after it is kept'); END;

CREATE TRIGGER orders_final BEFORE UPDATE ON orders
WHEN OLD.bill_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM bills WHERE id = OLD.bill_id AND state <> 'draft')
BEGIN SELECT RAISE(ABORT, 'an order on an issued bill never changes'); END;

CREATE TRIGGER orders_stay BEFORE DELETE ON orders
WHEN OLD.bill_id IS NOT NULL
    AND EXISTS (SELECT 1 FROM bills WHERE id = OLD.bill_id AND state <> 'draft')
BEGIN SELECT RAISE(ABORT, 'an order on an issued bill is never removed'); END;

CREATE TRIGGER orders_on_a_line AFTER UPDATE OF bill_id, line_no ON orders
WHEN NEW.bill_id IS NOT NULL AND (
    NOT EXISTS (SELECT 1 FROM bill_lines WHERE bill_id = NEW.bill_id AND line_no = NEW.line_no
        AND product_id = NEW.product_id AND NEW.delivery_day BETWEEN first_day AND last_day)
    OR EXISTS (SELECT 1 FROM bills WHERE id = NEW.bill_id
        AND (state <> 'draft' OR customer_id <> NEW.customer_id)))
BEGIN SELECT RAISE(ABORT, 'an order joins only a line of its own product on an open bill'); END;

-- Numbers only move forward.
CREATE TRIGGER number_series_forward BEFORE UPDATE ON number_series
WHEN NEW.next_serial < OLD.next_serial OR NEW.prefix <> OLD.prefix
    OR NEW.financial_year <> OLD.financial_year
BEGIN SELECT RAISE(ABORT, 'bill numbers are never given twice'); END;

CREATE TRIGGER number_series_stay BEFORE DELETE ON number_series
BEGIN SELECT RAISE(ABORT, 'a series of bill numbers is never removed'); END;

-- A ledger transaction is sealed when it is added: its entries sum to zero, and stay.
CREATE TRIGGER ledger_transactions_sealed BEFORE INSERT ON ledger_transactions
BEGIN
    SELECT RAISE(ABORT, 'a ledger transaction is added once')
    WHERE EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.id);
    SELECT RAISE(ABORT, 'the entries of a ledger transaction must sum to zero')
    WHERE NOT EXISTS (
        SELECT 1 FROM (
            SELECT COUNT(*) AS entries, SUM(amount_paise) AS total
            FROM ledger_entries WHERE transaction_id = NEW.id) e
        WHERE e.entries >= 2 AND e.total = 0);
    SELECT RAISE(ABORT, 'the entries of a ledger transaction are about its customer')
    WHERE EXISTS (
        SELECT 1 FROM ledger_entries WHERE transaction_id = NEW.id
        AND customer_id IS NOT NULL AND customer_id IS NOT NEW.customer_id);
END;

CREATE TRIGGER ledger_transactions_final BEFORE UPDATE ON ledger_transactions
BEGIN SELECT RAISE(ABORT, 'a ledger transaction never changes'); END;

CREATE TRIGGER ledger_transactions_stay BEFORE DELETE ON ledger_transactions
BEGIN SELECT RAISE(ABORT, 'a ledger transaction is never removed'); END;

CREATE TRIGGER ledger_entries_not_added_later BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id)
BEGIN SELECT RAISE(ABORT, 'a ledger transaction takes no further entry'); END;

CREATE TRIGGER ledger_entries_final BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'a ledger entry never changes'); END;

CREATE TRIGGER ledger_entries_stay BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'a ledger entry is never removed'); END;

-- What was done stays written.
CREATE TRIGGER audit_final BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'an audit row never changes'); END;

CREATE TRIGGER audit_stay BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'an audit row is never removed'); END;

-- What deliveries point at stays, under the same id.
CREATE TRIGGER customers_stay BEFORE DELETE ON customers
BEGIN SELECT RAISE(ABORT, 'a customer is never removed'); END;

CREATE TRIGGER customers_same_id BEFORE UPDATE OF id ON customers WHEN NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'a customer never changes its id'); END;

CREATE TRIGGER products_stay BEFORE DELETE ON products
BEGIN SELECT RAISE(ABORT, 'a product is never removed'); END;

CREATE TRIGGER products_same_id BEFORE UPDATE OF id ON products WHEN NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'a product never changes its id'); END;

CREATE TRIGGER imports_stay BEFORE DELETE ON imports
BEGIN SELECT RAISE(ABORT, 'an import is never removed'); END;

CREATE TRIGGER imports_same_id BEFORE UPDATE OF id ON imports WHEN NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'an import never changes its id'); END;

CREATE TRIGGER deliveries_same_key BEFORE UPDATE OF customer_id, day, shift, product_id, reference
ON deliveries
WHEN NEW.customer_id <> OLD.customer_id OR NEW.day <> OLD.day OR NEW.shift <> OLD.shift
    OR NEW.product_id <> OLD.product_id OR NEW.reference <> OLD.reference
BEGIN SELECT RAISE(ABORT, 'a delivery never becomes another one'); END;

-- REPLACE removes a row without telling the guards against removal; these see it come back.
CREATE TRIGGER bills_added_once BEFORE INSERT ON bills
WHEN EXISTS (SELECT 1 FROM bills WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a bill is added once'); END;
CREATE TRIGGER audit_added_once BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'an audit row is added once'); END;
CREATE TRIGGER number_series_added_once BEFORE INSERT ON number_series
WHEN EXISTS (SELECT 1 FROM number_series
    WHERE prefix = NEW.prefix AND financial_year = NEW.financial_year)
BEGIN SELECT RAISE(ABORT, 'a series of bill numbers is begun once'); END;

-- What was issued stays known.
CREATE TRIGGER issued_months_stay BEFORE DELETE ON issued_months
BEGIN SELECT RAISE(ABORT, 'an issued month stays issued'); END;

CREATE TRIGGER issued_months_final BEFORE UPDATE ON issued_months
BEGIN SELECT RAISE(ABORT, 'an issued month stays issued'); END;

CREATE TRIGGER bill_runs_stay BEFORE DELETE ON bill_runs
BEGIN SELECT RAISE(ABORT, 'the record of a bill run is never removed'); END;

CREATE TRIGGER bill_runs_final BEFORE UPDATE ON bill_runs
BEGIN SELECT RAISE(ABORT, 'the record of a bill run never changes'); END;

-- REPLACE would also take billed goods off their bill; an import that reports them again adds
-- nothing here and is judged by the program.
CREATE TRIGGER deliveries_added_once BEFORE INSERT ON deliveries
WHEN EXISTS (SELECT 1 FROM deliveries
    WHERE customer_id = NEW.customer_id AND day = NEW.day AND shift = NEW.shift
    AND product_id = NEW.product_id AND reference = NEW.reference AND bill_id IS NOT NULL)
OR (NEW.reference <> '' AND EXISTS (SELECT 1 FROM deliveries
    WHERE reference = NEW.reference AND reference <> '' AND bill_id IS NOT NULL))
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER orders_added_once BEFORE INSERT ON orders
WHEN EXISTS (SELECT 1 FROM orders
    WHERE (id = NEW.id OR reference = NEW.reference) AND bill_id IS NOT NULL)
BEGIN SELECT RAISE(IGNORE); END;
