-- Guards of what the service keeps. The same rules as V4__service_guards.sqlite.sql.

-- A seal over the audit trail stays.
CREATE TRIGGER audit_seals_final BEFORE UPDATE ON audit_seals FOR EACH ROW
EXECUTE FUNCTION refuse('a seal of the audit trail never changes');
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals FOR EACH ROW
EXECUTE FUNCTION refuse('a seal of the audit trail is never removed');
CREATE TRIGGER audit_seals_not_emptied BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT
EXECUTE FUNCTION refuse('seals of the audit trail are never removed');

-- People are disabled, not removed: the audit trail names them.
CREATE TRIGGER people_stay BEFORE DELETE ON people FOR EACH ROW
EXECUTE FUNCTION refuse('a person is never removed');
CREATE TRIGGER people_same_id BEFORE UPDATE OF id ON people FOR EACH ROW
WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION refuse('a person never changes its id');
CREATE TRIGGER people_not_emptied BEFORE TRUNCATE ON people FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a person is never removed');

-- A code of a second factor is used once: steps only move forward.
CREATE TRIGGER people_codes_once BEFORE UPDATE OF totp_last_step ON people FOR EACH ROW
WHEN (NEW.totp_last_step < OLD.totp_last_step)
EXECUTE FUNCTION refuse('a code is used once');

-- A session that has ended, a token that was used and a key that was revoked stay so.
CREATE TRIGGER sessions_ended BEFORE UPDATE ON sessions FOR EACH ROW
WHEN (OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at)
EXECUTE FUNCTION refuse('a session that has ended does not go on');
CREATE TRIGGER refresh_tokens_used BEFORE UPDATE ON refresh_tokens FOR EACH ROW
WHEN (OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at)
EXECUTE FUNCTION refuse('a token is used once');
CREATE TRIGGER api_keys_revoked BEFORE UPDATE ON api_keys FOR EACH ROW
WHEN (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at)
EXECUTE FUNCTION refuse('a revoked key stays revoked');

-- Counts programs that open the database, so that whoever remembers what was read hears of them.
CREATE SEQUENCE program_starts AS INTEGER CYCLE;
