-- Plans and what customers may use by them, and who pays before being delivered to.
--
-- Units as in V1. Flags are 0 or 1. features: words with one blank between them, '*' for all.

-- What customers can buy. A plan without a price is everybody's. active: whether it is sold, and for
-- one without a price, whether it holds. changed_at: nothing while it is as shipped.
CREATE TABLE plans (
    code TEXT {bytewise} PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 40),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    price_paise BIGINT NOT NULL CHECK (price_paise >= 0),
    days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 3660),
    features TEXT NOT NULL CHECK (features <> ''),
    active SMALLINT NOT NULL CHECK (active IN (0, 1)),
    version BIGINT NOT NULL DEFAULT 1 CHECK (version > 0),
    changed_at BIGINT
) {table};

INSERT INTO plans (code, name, price_paise, days, features, active) VALUES
    ('free', 'Free', 0, 30, 'basic', 1),
    ('premium', 'Premium', 19900, 30, 'basic premium analytics', 1),
    ('vip', 'VIP', 49900, 30, 'basic premium analytics vip_support copy', 1),
    ('enterprise', 'Enterprise', 199900, 30, '*', 1);

-- What each captured payment for a plan gives, as the plan was when it was sold. short: less was
-- paid than the plan cost; revoked: the money went back. Only what is given has a time.
CREATE TABLE entitlement_grants (
    payment_id BIGINT PRIMARY KEY REFERENCES payments (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    plan_code TEXT {bytewise} NOT NULL REFERENCES plans (code),
    features TEXT NOT NULL CHECK (features <> ''),
    days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 3660),
    price_paise BIGINT NOT NULL CHECK (price_paise >= 0),
    paid_at BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('given', 'short', 'revoked')),
    from_at BIGINT,
    until_at BIGINT,
    changed_at BIGINT NOT NULL,
    CHECK ((state = 'given') = (from_at IS NOT NULL)),
    CHECK ((from_at IS NULL) = (until_at IS NULL)),
    CHECK (from_at >= paid_at AND until_at > from_at)
) {table};

CREATE INDEX entitlement_grants_by_customer ON entitlement_grants (customer_id, payment_id);

-- What follows from the grants: until when each customer has paid for each feature. closed: its end
-- has passed and was noted; a check compares until_at with the clock all the same.
CREATE TABLE entitlements (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    feature TEXT {bytewise} NOT NULL,
    until_at BIGINT NOT NULL,
    closed SMALLINT NOT NULL CHECK (closed IN (0, 1)),
    PRIMARY KEY (customer_id, feature)
) {clustered};

CREATE INDEX entitlements_open ON entitlements (until_at, customer_id, feature) WHERE closed = 0;

CREATE INDEX payments_by_plan ON payments (plan_code, id) WHERE plan_code IS NOT NULL;
CREATE INDEX payments_for_plans ON payments (customer_id, id) WHERE plan_code IS NOT NULL;

-- Prepaid customers are delivered to while they have a balance.
ALTER TABLE customers ADD COLUMN billing_mode TEXT NOT NULL DEFAULT 'postpaid'
    CHECK (billing_mode IN ('postpaid', 'prepaid'));

CREATE INDEX customers_prepaid ON customers (route, id) WHERE billing_mode = 'prepaid';
