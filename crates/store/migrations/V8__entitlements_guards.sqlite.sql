-- Guards of plans and entitlements. The same rules as V8__entitlements_guards.postgres.sql.

-- A plan that was sold once is known for ever, under its code.
CREATE TRIGGER plans_stay BEFORE DELETE ON plans
BEGIN SELECT RAISE(ABORT, 'a plan is never removed'); END;
CREATE TRIGGER plans_same_code BEFORE UPDATE OF code ON plans WHEN NEW.code <> OLD.code
BEGIN SELECT RAISE(ABORT, 'a plan keeps its code'); END;
CREATE TRIGGER plans_versions_rise BEFORE UPDATE ON plans WHEN NEW.version <= OLD.version
BEGIN SELECT RAISE(ABORT, 'each change of a plan is a version'); END;
CREATE TRIGGER plans_added_once BEFORE INSERT ON plans
WHEN EXISTS (SELECT 1 FROM plans WHERE code = NEW.code)
BEGIN SELECT RAISE(ABORT, 'a plan is added once'); END;

-- What was sold stays as it was sold; only where it stands and its time follow the payment.
CREATE TRIGGER entitlement_grants_stay BEFORE DELETE ON entitlement_grants
BEGIN SELECT RAISE(ABORT, 'a grant is never removed'); END;
CREATE TRIGGER entitlement_grants_as_sold BEFORE UPDATE ON entitlement_grants
WHEN NEW.payment_id IS NOT OLD.payment_id
    OR NEW.customer_id IS NOT OLD.customer_id
    OR NEW.plan_code IS NOT OLD.plan_code
    OR NEW.features IS NOT OLD.features
    OR NEW.days IS NOT OLD.days
    OR NEW.price_paise IS NOT OLD.price_paise
    OR NEW.paid_at > OLD.paid_at
BEGIN SELECT RAISE(ABORT, 'a grant stays as it was sold'); END;
CREATE TRIGGER entitlement_grants_added_once BEFORE INSERT ON entitlement_grants
WHEN EXISTS (SELECT 1 FROM entitlement_grants WHERE payment_id = NEW.payment_id)
BEGIN SELECT RAISE(ABORT, 'a grant is added once'); END;
