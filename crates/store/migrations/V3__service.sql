-- What the service keeps: people and how they sign in, keys of programs, answers to repeated
-- requests, jobs, and who and what stands behind each audit row.
--
-- Units as in V1. *_hash: SHA-256 in hexadecimal, but for password_hash (Argon2id).
-- Secrets themselves are not kept; totp_secret is encrypted with a key that is not in the database.

ALTER TABLE audit ADD COLUMN person_id INTEGER;
ALTER TABLE audit ADD COLUMN role TEXT;
ALTER TABLE audit ADD COLUMN request_id TEXT;
ALTER TABLE audit ADD COLUMN changed TEXT;

CREATE INDEX audit_by_person ON audit (person_id, at, id) WHERE person_id IS NOT NULL;
CREATE INDEX audit_by_time ON audit (at, id);

-- The chain over the audit trail: each seal covers the rows from first_id to last_id and the seal
-- before it. first_id follows the last_id of the seal before.
CREATE TABLE audit_seals (
    id BIGINT PRIMARY KEY,
    first_id BIGINT NOT NULL,
    last_id BIGINT NOT NULL,
    row_count BIGINT NOT NULL CHECK (row_count > 0),
    seal_hash TEXT NOT NULL CHECK (length(seal_hash) = 64),
    sealed_at BIGINT NOT NULL,
    CHECK (first_id <= last_id)
) {table};

-- login: an e-mail address or a phone number, in the one form people are found by.
-- sessions_from: tokens issued before it are void.
CREATE TABLE people (
    id INTEGER PRIMARY KEY,
    login TEXT {bytewise} NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN
        ('owner', 'admin', 'accountant', 'dispatcher', 'rider', 'customer')),
    customer_id INTEGER REFERENCES customers (id),
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    password_hash TEXT NOT NULL,
    password_is_initial SMALLINT NOT NULL CHECK (password_is_initial IN (0, 1)),
    password_expires_at BIGINT,
    totp_secret TEXT,
    totp_confirmed_at BIGINT,
    totp_last_step BIGINT NOT NULL DEFAULT 0,
    sessions_from BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CHECK ((role = 'customer') = (customer_id IS NOT NULL)),
    CHECK (totp_confirmed_at IS NULL OR totp_secret IS NOT NULL)
) {table};

CREATE INDEX people_by_role ON people (role, id);
CREATE INDEX people_by_customer ON people (customer_id) WHERE customer_id IS NOT NULL;

CREATE TABLE recovery_codes (
    person_id INTEGER NOT NULL REFERENCES people (id),
    code_no SMALLINT NOT NULL,
    code_hash TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (person_id, code_no)
) {clustered};

-- A session is a family of refresh tokens. proved_at: when the person last showed a password or
-- code in it.
CREATE TABLE sessions (
    id TEXT {bytewise} PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES people (id),
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL,
    with_second_factor SMALLINT NOT NULL CHECK (with_second_factor IN (0, 1)),
    created_at BIGINT NOT NULL,
    proved_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    CHECK ((ended_at IS NULL) = (end_reason IS NULL))
) {table};

CREATE INDEX sessions_by_person ON sessions (person_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    token_hash TEXT {bytewise} PRIMARY KEY,
    session_id TEXT {bytewise} NOT NULL REFERENCES sessions (id),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
) {table};

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Devices on which a person has signed in before: what strangers fail does not lock them.
CREATE TABLE known_devices (
    device_hash TEXT {bytewise} PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
) {table};

CREATE INDEX known_devices_by_person ON known_devices (person_id);

-- Failures to sign in since the last success, by login and where they came from; also for logins
-- that nobody has. source: 'device:...', 'session:...' (the password asked for once more),
-- 'address:...', or '*' for all unknown devices.
CREATE TABLE sign_in_failures (
    login TEXT {bytewise} NOT NULL,
    source TEXT {bytewise} NOT NULL,
    failures INTEGER NOT NULL CHECK (failures > 0),
    failed_at BIGINT NOT NULL,
    locked_until BIGINT,
    PRIMARY KEY (login, source)
) {clustered};

CREATE INDEX sign_in_failures_by_time ON sign_in_failures (failed_at);

-- Every attempt to sign in; kept for a limited time. login is shortened, never whole.
CREATE TABLE sign_in_attempts (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    person_id INTEGER REFERENCES people (id),
    login TEXT NOT NULL,
    address TEXT NOT NULL,
    outcome TEXT NOT NULL,
    request_id TEXT
) {table};

CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (at, id);
CREATE INDEX sign_in_attempts_by_person ON sign_in_attempts (person_id, id);

-- What people are told about their own account. details: a JSON object.
CREATE TABLE notices (
    id BIGINT PRIMARY KEY,
    person_id INTEGER NOT NULL REFERENCES people (id),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('new_device', 'wrong_code', 'locked', 'token_reused',
        'password_changed', 'password_reset', 'second_factor_added', 'second_factor_removed',
        'recovery_code_used', 'recovery_codes_replaced', 'webhook_silent')),
    details TEXT NOT NULL,
    seen_at BIGINT
) {table};

CREATE INDEX notices_by_person ON notices (person_id, id);
CREATE INDEX notices_by_time ON notices (at);

-- Keys of programs. Only the first characters are kept readable. scopes: words with blanks between.
CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    person_id INTEGER NOT NULL REFERENCES people (id),
    shown_prefix TEXT NOT NULL,
    key_hash TEXT {bytewise} NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    used_at BIGINT,
    revoked_at BIGINT,
    version BIGINT NOT NULL DEFAULT 1
) {table};

CREATE INDEX api_keys_by_person ON api_keys (person_id, id);

-- Answers to requests that carried an Idempotency-Key, written in the transaction of their effect.
CREATE TABLE idempotency_keys (
    caller TEXT {bytewise} NOT NULL,
    method TEXT NOT NULL,
    path TEXT {bytewise} NOT NULL,
    key TEXT {bytewise} NOT NULL,
    fingerprint TEXT NOT NULL CHECK (length(fingerprint) = 64),
    status SMALLINT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    kept_at BIGINT NOT NULL,
    PRIMARY KEY (caller, method, path, key)
) {clustered};

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (kept_at);

-- Work to be done after its cause is committed. unique_key: at most one unfinished job of a kind
-- has it. leased_until: a worker that has not renewed it by then has died.
CREATE TABLE jobs (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN
        ('waiting', 'running', 'done', 'dead', 'cancelled')),
    unique_key TEXT {bytewise},
    run_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL CHECK (max_attempts > 0),
    worker TEXT,
    leased_until BIGINT,
    last_error TEXT,
    result TEXT,
    request_id TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    CHECK ((state = 'running') = (worker IS NOT NULL)),
    CHECK ((state = 'running') = (leased_until IS NOT NULL)),
    CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL))
) {table};

CREATE INDEX jobs_due ON jobs (state, run_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_leased ON jobs (state, leased_until) WHERE state = 'running';
CREATE INDEX jobs_by_state ON jobs (state, id);
CREATE INDEX jobs_by_end ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_unfinished_once ON jobs (kind, unique_key)
    WHERE unique_key IS NOT NULL AND finished_at IS NULL;

-- Jobs that come again: the last due time for which a job was enqueued.
CREATE TABLE job_schedules (
    name TEXT {bytewise} PRIMARY KEY,
    last_due_at BIGINT NOT NULL
) {table};

INSERT INTO counters (name, next) VALUES
    ('audit_seals', 1), ('people', 1), ('sign_in_attempts', 1), ('api_keys', 1), ('jobs', 1),
    ('notices', 1);

-- What has changed since: for programs that follow.
CREATE INDEX customers_by_change ON customers (updated_at, code);
