-- Guards of what the service keeps. The same rules as V4__service_guards.postgres.sql.

-- A seal over the audit trail stays.
CREATE TRIGGER audit_seals_final BEFORE UPDATE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'a seal of the audit trail never changes'); END;
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'a seal of the audit trail is never removed'); END;
CREATE TRIGGER audit_seals_added_once BEFORE INSERT ON audit_seals
WHEN EXISTS (SELECT 1 FROM audit_seals WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'a seal of the audit trail is added once'); END;

-- People are disabled, not removed: the audit trail names them.
CREATE TRIGGER people_stay BEFORE DELETE ON people
BEGIN SELECT RAISE(ABORT, 'a person is never removed'); END;
CREATE TRIGGER people_same_id BEFORE UPDATE OF id ON people WHEN NEW.id <> OLD.id
BEGIN SELECT RAISE(ABORT, 'a person never changes its id'); END;

-- A code of a second factor is used once: steps only move forward.
CREATE TRIGGER people_codes_once BEFORE UPDATE OF totp_last_step ON people
WHEN NEW.totp_last_step < OLD.totp_last_step
BEGIN SELECT RAISE(ABORT, 'a code is used once'); END;

-- A session that has ended, a token that was used and a key that was revoked stay so.
CREATE TRIGGER sessions_ended BEFORE UPDATE ON sessions
WHEN OLD.ended_at IS NOT NULL AND NEW.ended_at IS NOT OLD.ended_at
BEGIN SELECT RAISE(ABORT, 'a session that has ended does not go on'); END;
CREATE TRIGGER refresh_tokens_used BEFORE UPDATE ON refresh_tokens
WHEN OLD.used_at IS NOT NULL AND NEW.used_at IS NOT OLD.used_at
BEGIN SELECT RAISE(ABORT, 'a token is used once'); END;
CREATE TRIGGER api_keys_revoked BEFORE UPDATE ON api_keys
WHEN OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at
BEGIN SELECT RAISE(ABORT, 'a revoked key stays revoked'); END;
