-- Guards of plans and entitlements. The same rules as V8__entitlements_guards.sqlite.sql.

-- A plan that was sold once is known for ever, under its code.
CREATE TRIGGER plans_stay BEFORE DELETE ON plans FOR EACH ROW
EXECUTE FUNCTION refuse('a plan is never removed');
CREATE TRIGGER plans_not_emptied BEFORE TRUNCATE ON plans FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a plan is never removed');
CREATE TRIGGER plans_same_code BEFORE UPDATE OF code ON plans FOR EACH ROW
WHEN (NEW.code <> OLD.code)
EXECUTE FUNCTION refuse('a plan keeps its code');
CREATE TRIGGER plans_versions_rise BEFORE UPDATE ON plans FOR EACH ROW
WHEN (NEW.version <= OLD.version)
EXECUTE FUNCTION refuse('each change of a plan is a version');

-- What was sold stays as it was sold; only where it stands and its time follow the payment.
CREATE TRIGGER entitlement_grants_stay BEFORE DELETE ON entitlement_grants FOR EACH ROW
EXECUTE FUNCTION refuse('a grant is never removed');
CREATE TRIGGER entitlement_grants_not_emptied BEFORE TRUNCATE ON entitlement_grants
FOR EACH STATEMENT EXECUTE FUNCTION refuse('a grant is never removed');
CREATE TRIGGER entitlement_grants_as_sold BEFORE UPDATE ON entitlement_grants FOR EACH ROW
WHEN (NEW.payment_id IS DISTINCT FROM OLD.payment_id
    OR NEW.customer_id IS DISTINCT FROM OLD.customer_id
    OR NEW.plan_code IS DISTINCT FROM OLD.plan_code
    OR NEW.features IS DISTINCT FROM OLD.features
    OR NEW.days IS DISTINCT FROM OLD.days
    OR NEW.price_paise IS DISTINCT FROM OLD.price_paise
    OR NEW.paid_at > OLD.paid_at)
EXECUTE FUNCTION refuse('a grant stays as it was sold');
