-- Guards of money in. The same rules as V6__money_in_guards.sqlite.sql.

-- Ids of payments, which transactions take at the same time.
CREATE SEQUENCE payment_ids AS BIGINT OWNED BY payments.id;
-- Ids of events of gateways, likewise.
CREATE SEQUENCE gateway_event_ids AS BIGINT OWNED BY gateway_events.id;
ALTER TABLE gateway_events ALTER COLUMN id SET DEFAULT nextval('gateway_event_ids');

-- What was told of a payment is never forgotten: it only grows.
CREATE TRIGGER payments_stay BEFORE DELETE ON payments FOR EACH ROW
EXECUTE FUNCTION refuse('a payment is never removed');
CREATE TRIGGER payments_grow BEFORE UPDATE ON payments FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id
    OR NEW.provider IS DISTINCT FROM OLD.provider
    OR NEW.reference IS DISTINCT FROM OLD.reference
    OR NEW.person_id IS DISTINCT FROM OLD.person_id
    OR NEW.created_at IS DISTINCT FROM OLD.created_at
    OR NEW.authorized < OLD.authorized OR NEW.failed < OLD.failed
    OR NEW.captured_paise < OLD.captured_paise OR NEW.amount_paise < OLD.amount_paise
    OR NEW.cleared < OLD.cleared OR NEW.reversed < OLD.reversed
    OR NEW.version <= OLD.version OR NEW.allocation_count < OLD.allocation_count
    OR (OLD.customer_id IS NOT NULL AND NEW.customer_id IS DISTINCT FROM OLD.customer_id)
    OR (OLD.captured_at IS NOT NULL AND COALESCE(NEW.captured_at > OLD.captured_at, TRUE))
    OR (OLD.fee_paise IS NOT NULL AND COALESCE(NEW.fee_paise < OLD.fee_paise, TRUE)))
EXECUTE FUNCTION refuse('what is known of a payment only grows');
CREATE TRIGGER payments_not_emptied BEFORE TRUNCATE ON payments FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a payment is never removed');
CREATE TRIGGER payment_refunds_grow BEFORE UPDATE ON payment_refunds FOR EACH ROW
WHEN (NEW.payment_id IS DISTINCT FROM OLD.payment_id
    OR NEW.reference IS DISTINCT FROM OLD.reference
    OR NEW.amount_paise < OLD.amount_paise
    OR strpos('pending processed failed', NEW.status)
        < strpos('pending processed failed', OLD.status))
EXECUTE FUNCTION refuse('what is known of a refund only grows');
CREATE TRIGGER payment_refunds_stay BEFORE DELETE ON payment_refunds FOR EACH ROW
EXECUTE FUNCTION refuse('a refund is never removed');
CREATE TRIGGER payment_refunds_not_emptied BEFORE TRUNCATE ON payment_refunds FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a refund is never removed');
CREATE TRIGGER payment_disputes_grow BEFORE UPDATE ON payment_disputes FOR EACH ROW
WHEN (NEW.payment_id IS DISTINCT FROM OLD.payment_id
    OR NEW.reference IS DISTINCT FROM OLD.reference
    OR NEW.amount_paise < OLD.amount_paise OR NEW.deducted_paise < OLD.deducted_paise
    OR NEW.withdrawn < OLD.withdrawn OR NEW.reinstated < OLD.reinstated
    OR strpos('created action_required under_review closed won lost', NEW.status)
        < strpos('created action_required under_review closed won lost', OLD.status))
EXECUTE FUNCTION refuse('what is known of a dispute only grows');
CREATE TRIGGER payment_disputes_stay BEFORE DELETE ON payment_disputes FOR EACH ROW
EXECUTE FUNCTION refuse('a dispute is never removed');
CREATE TRIGGER payment_disputes_not_emptied BEFORE TRUNCATE ON payment_disputes FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a dispute is never removed');

-- The log of a payment and its allocations stay as they are.
CREATE TRIGGER payment_log_final BEFORE UPDATE ON payment_log FOR EACH ROW
EXECUTE FUNCTION refuse('an entry in the log of a payment never changes');
CREATE TRIGGER payment_log_stay BEFORE DELETE ON payment_log FOR EACH ROW
EXECUTE FUNCTION refuse('an entry in the log of a payment is never removed');
CREATE TRIGGER payment_log_not_emptied BEFORE TRUNCATE ON payment_log FOR EACH STATEMENT
EXECUTE FUNCTION refuse('an entry in the log of a payment is never removed');
CREATE TRIGGER allocations_final BEFORE UPDATE ON allocations FOR EACH ROW
EXECUTE FUNCTION refuse('an allocation never changes');
CREATE TRIGGER allocations_stay BEFORE DELETE ON allocations FOR EACH ROW
EXECUTE FUNCTION refuse('an allocation is never removed');
CREATE TRIGGER allocations_not_emptied BEFORE TRUNCATE ON allocations FOR EACH STATEMENT
EXECUTE FUNCTION refuse('an allocation is never removed');

-- What a payment pays is an issued bill, or the balance brought forward, of its customer. All of
-- them stay.
CREATE FUNCTION guard_allocations() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM added a
        LEFT JOIN LATERAL (
            SELECT customer_id FROM payments WHERE id = a.payment_id OFFSET 0) p ON TRUE
        LEFT JOIN LATERAL (
            SELECT customer_id, state FROM bills WHERE id = a.bill_id OFFSET 0) b ON TRUE
        WHERE p.customer_id IS DISTINCT FROM a.customer_id
            OR (a.bill_id IS NOT NULL
                AND (b.customer_id IS DISTINCT FROM a.customer_id OR b.state = 'draft'))) THEN
        RAISE EXCEPTION 'a payment pays only what its customer owes'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'allocations';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER allocations_of_customer AFTER INSERT ON allocations
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION guard_allocations();

-- The seal of ledger transactions, which name payments by now. Their entries are about their customer
-- as well, and it checks the foreign keys of the set: customers and payments stay.
CREATE OR REPLACE FUNCTION seal_ledger_transactions() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    uneven BOOLEAN;
    foreign_entries BOOLEAN;
    unknown BOOLEAN;
BEGIN
    SELECT BOOL_OR(e.entries < 2 OR e.total <> 0), BOOL_OR(e.others > 0),
        BOOL_OR((t.customer_id IS NOT NULL AND c.id IS NULL)
            OR (t.payment_id IS NOT NULL AND p.id IS NULL))
    INTO uneven, foreign_entries, unknown
    FROM added t
    LEFT JOIN LATERAL (
        SELECT COUNT(*) AS entries, SUM(amount_paise) AS total,
            COUNT(*) FILTER (
                WHERE customer_id IS NOT NULL AND customer_id IS DISTINCT FROM t.customer_id
            ) AS others
        FROM ledger_entries WHERE transaction_id = t.id) e ON TRUE
    LEFT JOIN LATERAL (SELECT id FROM customers WHERE id = t.customer_id OFFSET 0) c ON TRUE
    LEFT JOIN LATERAL (SELECT id FROM payments WHERE id = t.payment_id OFFSET 0) p ON TRUE;
    IF unknown THEN
        RAISE EXCEPTION 'a ledger transaction needs a known customer and payment'
            USING ERRCODE = 'foreign_key_violation', TABLE = 'ledger_transactions';
    END IF;
    IF uneven THEN
        RAISE EXCEPTION 'the entries of a ledger transaction must sum to zero'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_transactions';
    END IF;
    IF foreign_entries THEN
        RAISE EXCEPTION 'the entries of a ledger transaction are about its customer'
            USING ERRCODE = 'check_violation', TABLE = 'ledger_transactions';
    END IF;
    RETURN NULL;
END $$;

ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_customer_id_fkey;
ALTER TABLE ledger_transactions DROP CONSTRAINT ledger_transactions_customer_id_fkey;
ALTER TABLE ledger_transactions DROP CONSTRAINT ledger_transactions_payment_id_fkey;

CREATE TRIGGER opening_uses_final BEFORE UPDATE ON opening_uses FOR EACH ROW
EXECUTE FUNCTION refuse('what an opening balance has paid never changes');
CREATE TRIGGER opening_uses_stay BEFORE DELETE ON opening_uses FOR EACH ROW
EXECUTE FUNCTION refuse('what an opening balance has paid is never removed');
CREATE TRIGGER opening_uses_not_emptied BEFORE TRUNCATE ON opening_uses FOR EACH STATEMENT
EXECUTE FUNCTION refuse('what an opening balance has paid is never removed');

-- An opening balance stays as large as what has been paid of it, or it has paid.
CREATE FUNCTION guard_opening_balances() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off AS $$
DECLARE
    paid NUMERIC := (SELECT COALESCE(SUM(amount_paise), 0) FROM allocations
        WHERE customer_id = NEW.id AND bill_id IS NULL);
    used NUMERIC := (SELECT COALESCE(SUM(amount_paise), 0) FROM opening_uses
        WHERE customer_id = NEW.id);
BEGIN
    IF (paid > 0 AND paid > NEW.opening_balance_paise)
        OR (used > 0 AND used > -NEW.opening_balance_paise) THEN
        RAISE EXCEPTION 'an opening balance is no less than what was paid of it'
            USING ERRCODE = 'check_violation', TABLE = 'customers';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER customers_opening_stays_paid BEFORE UPDATE OF opening_balance_paise ON customers
FOR EACH ROW WHEN (NEW.opening_balance_paise <> OLD.opening_balance_paise)
EXECUTE FUNCTION guard_opening_balances();

-- An event of a gateway stays as it came; only where it stands changes.
CREATE TRIGGER gateway_events_final BEFORE UPDATE ON gateway_events FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id
    OR NEW.provider IS DISTINCT FROM OLD.provider
    OR NEW.event_id IS DISTINCT FROM OLD.event_id
    OR NEW.kind IS DISTINCT FROM OLD.kind
    OR NEW.body IS DISTINCT FROM OLD.body
    OR NEW.body_is_base64 IS DISTINCT FROM OLD.body_is_base64
    OR NEW.body_hash IS DISTINCT FROM OLD.body_hash
    OR NEW.headers IS DISTINCT FROM OLD.headers
    OR NEW.received_at IS DISTINCT FROM OLD.received_at
    OR NEW.secret_no IS DISTINCT FROM OLD.secret_no
    OR NEW.livemode IS DISTINCT FROM OLD.livemode
    OR NEW.altered_count < OLD.altered_count)
EXECUTE FUNCTION refuse('an event of a gateway never changes');
CREATE TRIGGER gateway_events_stay BEFORE DELETE ON gateway_events FOR EACH ROW
EXECUTE FUNCTION refuse('an event of a gateway is never removed');
CREATE TRIGGER gateway_events_not_emptied BEFORE TRUNCATE ON gateway_events FOR EACH STATEMENT
EXECUTE FUNCTION refuse('an event of a gateway is never removed');

-- Cash handed over and sums paid out stay.
CREATE TRIGGER hand_overs_final BEFORE UPDATE ON hand_overs FOR EACH ROW
EXECUTE FUNCTION refuse('a hand-over of cash never changes');
CREATE TRIGGER hand_overs_stay BEFORE DELETE ON hand_overs FOR EACH ROW
EXECUTE FUNCTION refuse('a hand-over of cash is never removed');
CREATE TRIGGER hand_overs_not_emptied BEFORE TRUNCATE ON hand_overs FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a hand-over of cash is never removed');
CREATE TRIGGER settlements_final BEFORE UPDATE ON settlements FOR EACH ROW
EXECUTE FUNCTION refuse('a settlement never changes');
CREATE TRIGGER settlements_stay BEFORE DELETE ON settlements FOR EACH ROW
EXECUTE FUNCTION refuse('a settlement is never removed');
CREATE TRIGGER settlements_not_emptied BEFORE TRUNCATE ON settlements FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a settlement is never removed');

-- What we ask of gateways, and refunds that we ask for: what was asked for stays, what the gateway
-- calls it stays, and what has ended does not begin again.
CREATE TRIGGER payment_requests_stay BEFORE DELETE ON payment_requests FOR EACH ROW
EXECUTE FUNCTION refuse('what was asked of a gateway is never removed');
CREATE TRIGGER payment_requests_final BEFORE UPDATE ON payment_requests FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id
    OR NEW.provider IS DISTINCT FROM OLD.provider
    OR NEW.kind IS DISTINCT FROM OLD.kind
    OR NEW.reference IS DISTINCT FROM OLD.reference
    OR NEW.customer_id IS DISTINCT FROM OLD.customer_id
    OR NEW.bill_id IS DISTINCT FROM OLD.bill_id
    OR NEW.plan_code IS DISTINCT FROM OLD.plan_code
    OR NEW.amount_paise IS DISTINCT FROM OLD.amount_paise
    OR NEW.in_parts IS DISTINCT FROM OLD.in_parts
    OR NEW.asked_as IS DISTINCT FROM OLD.asked_as
    OR NEW.created_at IS DISTINCT FROM OLD.created_at
    OR (OLD.provider_reference IS NOT NULL AND NEW.provider_reference IS DISTINCT FROM OLD.provider_reference)
    OR (OLD.order_reference IS NOT NULL AND NEW.order_reference IS DISTINCT FROM OLD.order_reference))
EXECUTE FUNCTION refuse('what was asked of a gateway never changes');
CREATE TRIGGER payment_requests_forward BEFORE UPDATE ON payment_requests FOR EACH ROW
WHEN (OLD.state IN ('paid', 'refused') AND NEW.state <> OLD.state)
EXECUTE FUNCTION refuse('what was asked of a gateway and is paid or refused stays so');
CREATE TRIGGER payment_requests_not_emptied BEFORE TRUNCATE ON payment_requests FOR EACH STATEMENT
EXECUTE FUNCTION refuse('what was asked of a gateway is never removed');
CREATE TRIGGER refund_requests_stay BEFORE DELETE ON refund_requests FOR EACH ROW
EXECUTE FUNCTION refuse('a refund that was asked for is never removed');
CREATE TRIGGER refund_requests_final BEFORE UPDATE ON refund_requests FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id
    OR NEW.payment_id IS DISTINCT FROM OLD.payment_id
    OR NEW.reference IS DISTINCT FROM OLD.reference
    OR NEW.amount_paise IS DISTINCT FROM OLD.amount_paise
    OR NEW.destination IS DISTINCT FROM OLD.destination
    OR NEW.by_gateway IS DISTINCT FROM OLD.by_gateway
    OR NEW.reason IS DISTINCT FROM OLD.reason
    OR NEW.asked_by IS DISTINCT FROM OLD.asked_by
    OR NEW.asked_as IS DISTINCT FROM OLD.asked_as
    OR NEW.created_at IS DISTINCT FROM OLD.created_at
    OR (OLD.told_as IS NOT NULL AND NEW.told_as IS DISTINCT FROM OLD.told_as)
    OR (OLD.paid_reference IS NOT NULL AND NEW.paid_reference IS DISTINCT FROM OLD.paid_reference)
    OR (OLD.checked_by IS NOT NULL AND NEW.checked_by IS DISTINCT FROM OLD.checked_by)
    OR (OLD.checked_as IS NOT NULL AND NEW.checked_as IS DISTINCT FROM OLD.checked_as)
    OR NEW.version <= OLD.version)
EXECUTE FUNCTION refuse('a refund that was asked for never changes');
CREATE TRIGGER refund_requests_forward BEFORE UPDATE ON refund_requests FOR EACH ROW
WHEN (OLD.state <> NEW.state AND NOT (
    (OLD.state = 'requested' AND NEW.state IN ('approved', 'declined'))
    OR (OLD.state = 'approved' AND NEW.state IN ('sent', 'processed', 'failed'))
    OR (OLD.state IN ('sent', 'unknown') AND NEW.state IN ('sent', 'unknown', 'processed', 'failed'))
    OR (OLD.state = 'processed' AND NEW.state = 'failed')))
EXECUTE FUNCTION refuse('a refund that was asked for only goes forward');
CREATE TRIGGER refund_requests_checked BEFORE UPDATE ON refund_requests FOR EACH ROW
WHEN (OLD.state = 'requested' AND NEW.state <> 'requested' AND NEW.checked_as IS NULL)
EXECUTE FUNCTION refuse('a refund that was asked for needs another person');
CREATE TRIGGER refund_requests_not_emptied BEFORE TRUNCATE ON refund_requests FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a refund that was asked for is never removed');
