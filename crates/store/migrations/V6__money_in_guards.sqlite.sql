-- Guards of money in. The same rules as V6__money_in_guards.postgres.sql.

-- What was told of a payment is never forgotten: it only grows.
CREATE TRIGGER payments_stay BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'a payment is never removed'); END;
CREATE TRIGGER payments_grow BEFORE UPDATE ON payments
WHEN NEW.id IS NOT OLD.id
    OR NEW.provider IS NOT OLD.provider
    OR NEW.reference IS NOT OLD.reference
    OR NEW.person_id IS NOT OLD.person_id
    OR NEW.created_at IS NOT OLD.created_at
    OR NEW.authorized < OLD.authorized OR NEW.failed < OLD.failed
    OR NEW.captured_paise < OLD.captured_paise OR NEW.amount_paise < OLD.amount_paise
    OR NEW.cleared < OLD.cleared OR NEW.reversed < OLD.reversed
    OR NEW.version <= OLD.version OR NEW.allocation_count < OLD.allocation_count
    OR (OLD.customer_id IS NOT NULL AND NEW.customer_id IS NOT OLD.customer_id)
    OR (OLD.captured_at IS NOT NULL AND COALESCE(NEW.captured_at > OLD.captured_at, 1))
    OR (OLD.fee_paise IS NOT NULL AND COALESCE(NEW.fee_paise < OLD.fee_paise, 1))
BEGIN SELECT RAISE(ABORT, 'what is known of a payment only grows'); END;
CREATE TRIGGER payments_added_once BEFORE INSERT ON payments
WHEN EXISTS (SELECT 1 FROM payments WHERE id = NEW.id OR (provider = NEW.provider AND reference = NEW.reference))
BEGIN SELECT RAISE(ABORT, 'a payment is added once'); END;
CREATE TRIGGER payment_refunds_grow BEFORE UPDATE ON payment_refunds
WHEN NEW.payment_id IS NOT OLD.payment_id
    OR NEW.reference IS NOT OLD.reference
    OR NEW.amount_paise < OLD.amount_paise
    OR instr('pending processed failed', NEW.status)
        < instr('pending processed failed', OLD.status)
BEGIN SELECT RAISE(ABORT, 'what is known of a refund only grows'); END;
CREATE TRIGGER payment_refunds_not_lowered BEFORE INSERT ON payment_refunds
WHEN EXISTS (SELECT 1 FROM payment_refunds o
    WHERE o.payment_id = NEW.payment_id AND o.reference = NEW.reference
    AND (NEW.amount_paise < o.amount_paise OR instr('pending processed failed', NEW.status)
        < instr('pending processed failed', o.status)))
BEGIN SELECT RAISE(ABORT, 'what is known of a refund only grows'); END;
CREATE TRIGGER payment_refunds_stay BEFORE DELETE ON payment_refunds
BEGIN SELECT RAISE(ABORT, 'a refund is never removed'); END;
CREATE TRIGGER payment_disputes_grow BEFORE UPDATE ON payment_disputes
WHEN NEW.payment_id IS NOT OLD.payment_id
    OR NEW.reference IS NOT OLD.reference
    OR NEW.amount_paise < OLD.amount_paise OR NEW.deducted_paise < OLD.deducted_paise
    OR NEW.withdrawn < OLD.withdrawn OR NEW.reinstated < OLD.reinstated
    OR instr('created action_required under_review closed won lost', NEW.status)
        < instr('created action_required under_review closed won lost', OLD.status)
BEGIN SELECT RAISE(ABORT, 'what is known of a dispute only grows'); END;
CREATE TRIGGER payment_disputes_not_lowered BEFORE INSERT ON payment_disputes
WHEN EXISTS (SELECT 1 FROM payment_disputes o
    WHERE o.payment_id = NEW.payment_id AND o.reference = NEW.reference
    AND (NEW.amount_paise < o.amount_paise OR NEW.deducted_paise < o.deducted_paise
        OR NEW.withdrawn < o.withdrawn OR NEW.reinstated < o.reinstated
        OR instr('created action_required under_review closed won lost', NEW.status)
        < instr('created action_required under_review closed won lost', o.status)))
BEGIN SELECT RAISE(ABORT, 'what is known of a dispute only grows'); END;
CREATE TRIGGER payment_disputes_stay BEFORE DELETE ON payment_disputes
BEGIN SELECT RAISE(ABORT, 'a dispute is never removed'); END;

-- The log of a payment and its allocations stay as they are.
CREATE TRIGGER payment_log_final BEFORE UPDATE ON payment_log
BEGIN SELECT RAISE(ABORT, 'an entry in the log of a payment never changes'); END;
CREATE TRIGGER payment_log_stay BEFORE DELETE ON payment_log
BEGIN SELECT RAISE(ABORT, 'an entry in the log of a payment is never removed'); END;
CREATE TRIGGER payment_log_added_once BEFORE INSERT ON payment_log
WHEN EXISTS (SELECT 1 FROM payment_log WHERE payment_id = NEW.payment_id
    AND (entry_no = NEW.entry_no OR cause_key = NEW.cause_key))
BEGIN SELECT RAISE(ABORT, 'an entry in the log of a payment is added once'); END;
CREATE TRIGGER allocations_final BEFORE UPDATE ON allocations
BEGIN SELECT RAISE(ABORT, 'an allocation never changes'); END;
CREATE TRIGGER allocations_stay BEFORE DELETE ON allocations
BEGIN SELECT RAISE(ABORT, 'an allocation is never removed'); END;
CREATE TRIGGER allocations_added_once BEFORE INSERT ON allocations
WHEN EXISTS (SELECT 1 FROM allocations WHERE payment_id = NEW.payment_id AND entry_no = NEW.entry_no)
BEGIN SELECT RAISE(ABORT, 'an allocation is added once'); END;

-- What a payment pays is an issued bill, or the balance brought forward, of its customer. All of
-- them stay.
CREATE TRIGGER allocations_of_customer BEFORE INSERT ON allocations
WHEN NOT EXISTS (
        SELECT 1 FROM payments WHERE id = NEW.payment_id AND customer_id = NEW.customer_id)
    OR (NEW.bill_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM bills WHERE id = NEW.bill_id AND customer_id = NEW.customer_id
        AND state <> 'draft'))
BEGIN SELECT RAISE(ABORT, 'a payment pays only what its customer owes'); END;

CREATE TRIGGER opening_uses_final BEFORE UPDATE ON opening_uses
BEGIN SELECT RAISE(ABORT, 'what an opening balance has paid never changes'); END;
CREATE TRIGGER opening_uses_stay BEFORE DELETE ON opening_uses
BEGIN SELECT RAISE(ABORT, 'what an opening balance has paid is never removed'); END;
CREATE TRIGGER opening_uses_added_once BEFORE INSERT ON opening_uses
WHEN EXISTS (SELECT 1 FROM opening_uses
    WHERE customer_id = NEW.customer_id AND bill_id = NEW.bill_id)
BEGIN SELECT RAISE(ABORT, 'what an opening balance has paid is added once'); END;

-- An opening balance stays as large as what has been paid of it, or it has paid.
CREATE TRIGGER customers_opening_stays_paid BEFORE UPDATE OF opening_balance_paise ON customers
WHEN NEW.opening_balance_paise <> OLD.opening_balance_paise
BEGIN
    SELECT RAISE(ABORT, 'an opening balance is no less than what was paid of it')
    FROM (SELECT COALESCE(SUM(amount_paise), 0) AS paid FROM allocations
        WHERE customer_id = NEW.id AND bill_id IS NULL)
    WHERE paid > 0 AND paid > NEW.opening_balance_paise;
    SELECT RAISE(ABORT, 'an opening balance is no less than what was paid of it')
    FROM (SELECT COALESCE(SUM(amount_paise), 0) AS used FROM opening_uses
        WHERE customer_id = NEW.id)
    WHERE used > 0 AND used > -NEW.opening_balance_paise;
END;

-- An event of a gateway stays as it came; only where it stands changes.
CREATE TRIGGER gateway_events_final BEFORE UPDATE ON gateway_events
WHEN NEW.id IS NOT OLD.id
    OR NEW.provider IS NOT OLD.provider
    OR NEW.event_id IS NOT OLD.event_id
    OR NEW.kind IS NOT OLD.kind
    OR NEW.body IS NOT OLD.body
    OR NEW.body_is_base64 IS NOT OLD.body_is_base64
    OR NEW.body_hash IS NOT OLD.body_hash
    OR NEW.headers IS NOT OLD.headers
    OR NEW.received_at IS NOT OLD.received_at
    OR NEW.secret_no IS NOT OLD.secret_no
    OR NEW.livemode IS NOT OLD.livemode
    OR NEW.altered_count < OLD.altered_count
BEGIN SELECT RAISE(ABORT, 'an event of a gateway never changes'); END;
CREATE TRIGGER gateway_events_stay BEFORE DELETE ON gateway_events
BEGIN SELECT RAISE(ABORT, 'an event of a gateway is never removed'); END;
CREATE TRIGGER gateway_events_added_once BEFORE INSERT ON gateway_events
WHEN EXISTS (SELECT 1 FROM gateway_events WHERE id = NEW.id OR (provider = NEW.provider AND event_id = NEW.event_id))
BEGIN SELECT RAISE(ABORT, 'an event of a gateway is added once'); END;

-- Cash handed over and sums paid out stay.
CREATE TRIGGER hand_overs_final BEFORE UPDATE ON hand_overs
BEGIN SELECT RAISE(ABORT, 'a hand-over of cash never changes'); END;
CREATE TRIGGER hand_overs_stay BEFORE DELETE ON hand_overs
BEGIN SELECT RAISE(ABORT, 'a hand-over of cash is never removed'); END;
CREATE TRIGGER hand_overs_added_once BEFORE INSERT ON hand_overs
WHEN EXISTS (SELECT 1 FROM hand_overs WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a hand-over of cash is added once'); END;
CREATE TRIGGER settlements_final BEFORE UPDATE ON settlements
BEGIN SELECT RAISE(ABORT, 'a settlement never changes'); END;
CREATE TRIGGER settlements_stay BEFORE DELETE ON settlements
BEGIN SELECT RAISE(ABORT, 'a settlement is never removed'); END;
CREATE TRIGGER settlements_added_once BEFORE INSERT ON settlements
WHEN EXISTS (SELECT 1 FROM settlements
    WHERE id = NEW.id OR (provider = NEW.provider AND reference = NEW.reference))
BEGIN SELECT RAISE(ABORT, 'a settlement is added once'); END;

-- What we ask of gateways, and refunds that we ask for: what was asked for stays, what the gateway
-- calls it stays, and what has ended does not begin again.
CREATE TRIGGER payment_requests_stay BEFORE DELETE ON payment_requests
BEGIN SELECT RAISE(ABORT, 'what was asked of a gateway is never removed'); END;
CREATE TRIGGER payment_requests_final BEFORE UPDATE ON payment_requests
WHEN NEW.id IS NOT OLD.id
    OR NEW.provider IS NOT OLD.provider
    OR NEW.kind IS NOT OLD.kind
    OR NEW.reference IS NOT OLD.reference
    OR NEW.customer_id IS NOT OLD.customer_id
    OR NEW.bill_id IS NOT OLD.bill_id
    OR NEW.plan_code IS NOT OLD.plan_code
    OR NEW.amount_paise IS NOT OLD.amount_paise
    OR NEW.in_parts IS NOT OLD.in_parts
    OR NEW.asked_as IS NOT OLD.asked_as
    OR NEW.created_at IS NOT OLD.created_at
    OR (OLD.provider_reference IS NOT NULL AND NEW.provider_reference IS NOT OLD.provider_reference)
    OR (OLD.order_reference IS NOT NULL AND NEW.order_reference IS NOT OLD.order_reference)
BEGIN SELECT RAISE(ABORT, 'what was asked of a gateway never changes'); END;
CREATE TRIGGER payment_requests_forward BEFORE UPDATE ON payment_requests
WHEN OLD.state IN ('paid', 'refused') AND NEW.state <> OLD.state
BEGIN SELECT RAISE(ABORT, 'what was asked of a gateway and is paid or refused stays so'); END;
CREATE TRIGGER payment_requests_added_once BEFORE INSERT ON payment_requests
WHEN EXISTS (SELECT 1 FROM payment_requests WHERE id = NEW.id OR reference = NEW.reference
    OR (provider = NEW.provider AND provider_reference = NEW.provider_reference)
    OR (provider = NEW.provider AND order_reference = NEW.order_reference))
BEGIN SELECT RAISE(ABORT, 'what was asked of a gateway is added once'); END;
CREATE TRIGGER refund_requests_stay BEFORE DELETE ON refund_requests
BEGIN SELECT RAISE(ABORT, 'a refund that was asked for is never removed'); END;
CREATE TRIGGER refund_requests_final BEFORE UPDATE ON refund_requests
WHEN NEW.id IS NOT OLD.id
    OR NEW.payment_id IS NOT OLD.payment_id
    OR NEW.reference IS NOT OLD.reference
    OR NEW.amount_paise IS NOT OLD.amount_paise
    OR NEW.destination IS NOT OLD.destination
    OR NEW.by_gateway IS NOT OLD.by_gateway
    OR NEW.reason IS NOT OLD.reason
    OR NEW.asked_by IS NOT OLD.asked_by
    OR NEW.asked_as IS NOT OLD.asked_as
    OR NEW.created_at IS NOT OLD.created_at
    OR (OLD.told_as IS NOT NULL AND NEW.told_as IS NOT OLD.told_as)
    OR (OLD.paid_reference IS NOT NULL AND NEW.paid_reference IS NOT OLD.paid_reference)
    OR (OLD.checked_by IS NOT NULL AND NEW.checked_by IS NOT OLD.checked_by)
    OR (OLD.checked_as IS NOT NULL AND NEW.checked_as IS NOT OLD.checked_as)
    OR NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'a refund that was asked for never changes'); END;
CREATE TRIGGER refund_requests_forward BEFORE UPDATE ON refund_requests
WHEN OLD.state <> NEW.state AND NOT (
    (OLD.state = 'requested' AND NEW.state IN ('approved', 'declined'))
    OR (OLD.state = 'approved' AND NEW.state IN ('sent', 'processed', 'failed'))
    OR (OLD.state IN ('sent', 'unknown') AND NEW.state IN ('sent', 'unknown', 'processed', 'failed'))
    OR (OLD.state = 'processed' AND NEW.state = 'failed'))
BEGIN SELECT RAISE(ABORT, 'a refund that was asked for only goes forward'); END;
CREATE TRIGGER refund_requests_checked BEFORE UPDATE ON refund_requests
WHEN OLD.state = 'requested' AND NEW.state <> 'requested' AND NEW.checked_as IS NULL
BEGIN SELECT RAISE(ABORT, 'a refund that was asked for needs another person'); END;
CREATE TRIGGER refund_requests_added_once BEFORE INSERT ON refund_requests
WHEN EXISTS (SELECT 1 FROM refund_requests WHERE id = NEW.id OR reference = NEW.reference)
BEGIN SELECT RAISE(ABORT, 'a refund that was asked for is added once'); END;
