-- Reconciliation: what did not agree as of a business day, and who looks after it.
--
-- Units as in V1.

-- One row per finished comparison of a day. A comparison that finds what the one before of the same
-- day has found adds none. day_before: the day it was compared with. bills, payments: how many were
-- looked at.
CREATE TABLE reconciliations (
    id BIGINT PRIMARY KEY,
    day INTEGER NOT NULL,
    run_no INTEGER NOT NULL CHECK (run_no > 0),
    status TEXT NOT NULL CHECK (status IN ('clean', 'warnings', 'errors')),
    total_issues BIGINT NOT NULL,
    errors BIGINT NOT NULL CHECK (errors >= 0),
    warnings BIGINT NOT NULL CHECK (warnings >= 0),
    infos BIGINT NOT NULL CHECK (infos >= 0),
    day_before INTEGER,
    new_issues BIGINT NOT NULL CHECK (new_issues >= 0),
    same_issues BIGINT NOT NULL CHECK (same_issues >= 0),
    gone_issues BIGINT NOT NULL CHECK (gone_issues >= 0),
    bills BIGINT NOT NULL,
    payments BIGINT NOT NULL,
    actor TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    UNIQUE (day, run_no),
    CHECK (total_issues = errors + warnings + infos),
    CHECK (total_issues = new_issues + same_issues),
    CHECK (day_before IS NULL OR day_before < day)
) {table};

-- Everything that was ever found, once, by what it is about (fingerprint), as it was found last.
CREATE TABLE reconciliation_issues (
    id BIGINT PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE CHECK (length(fingerprint) = 64),
    kind TEXT NOT NULL CHECK (kind IN ('bill_without_payment', 'payment_without_bill',
        'amount_mismatch', 'duplicate', 'provider_only', 'ours_only', 'settlement_sum_wrong',
        'ledger_differs', 'cash_not_handed_over')),
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    bill_id BIGINT,
    payment_id BIGINT,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    expected_paise BIGINT,
    found_paise BIGINT,
    state TEXT NOT NULL CHECK (state IN ('open', 'assigned', 'closed')),
    person_id INTEGER REFERENCES people (id),
    note TEXT,
    version BIGINT NOT NULL CHECK (version > 0),
    first_run_id BIGINT NOT NULL REFERENCES reconciliations (id),
    last_run_id BIGINT NOT NULL REFERENCES reconciliations (id),
    first_day INTEGER NOT NULL,
    last_day INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    CHECK (state <> 'assigned' OR person_id IS NOT NULL),
    CHECK (state <> 'closed' OR (note IS NOT NULL AND length(trim(note)) > 0))
) {table};

CREATE INDEX reconciliation_issues_unsettled ON reconciliation_issues (id)
    WHERE state <> 'closed';
CREATE INDEX reconciliation_issues_by_kind ON reconciliation_issues (kind, id);

-- What a comparison has found, as it was then. is_new: the day before had not.
CREATE TABLE reconciliation_findings (
    run_id BIGINT NOT NULL REFERENCES reconciliations (id),
    issue_id BIGINT NOT NULL REFERENCES reconciliation_issues (id),
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    details TEXT NOT NULL,
    expected_paise BIGINT,
    found_paise BIGINT,
    is_new SMALLINT NOT NULL CHECK (is_new IN (0, 1)),
    PRIMARY KEY (run_id, issue_id)
) {clustered};

INSERT INTO counters (name, next) VALUES ('reconciliations', 1), ('reconciliation_issues', 1);
