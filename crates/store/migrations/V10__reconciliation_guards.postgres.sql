-- Guards of reconciliation. The same rules as V10__reconciliation_guards.sqlite.sql.

-- A finished comparison and what it found stay as they are.
CREATE TRIGGER reconciliations_final BEFORE UPDATE ON reconciliations FOR EACH ROW
EXECUTE FUNCTION refuse('a finished comparison never changes');
CREATE TRIGGER reconciliations_stay BEFORE DELETE ON reconciliations FOR EACH ROW
EXECUTE FUNCTION refuse('a finished comparison is never removed');
CREATE TRIGGER reconciliations_not_emptied BEFORE TRUNCATE ON reconciliations FOR EACH STATEMENT
EXECUTE FUNCTION refuse('a finished comparison is never removed');
CREATE TRIGGER reconciliation_findings_final BEFORE UPDATE ON reconciliation_findings FOR EACH ROW
EXECUTE FUNCTION refuse('what a comparison has found never changes');
CREATE TRIGGER reconciliation_findings_stay BEFORE DELETE ON reconciliation_findings FOR EACH ROW
EXECUTE FUNCTION refuse('what a comparison has found is never removed');
CREATE TRIGGER reconciliation_findings_not_emptied BEFORE TRUNCATE ON reconciliation_findings FOR EACH STATEMENT
EXECUTE FUNCTION refuse('what a comparison has found is never removed');

-- An issue stays what it is about; only where it stands changes, each time with a new version.
CREATE TRIGGER reconciliation_issues_same BEFORE UPDATE ON reconciliation_issues FOR EACH ROW
WHEN (NEW.id IS DISTINCT FROM OLD.id
    OR NEW.fingerprint IS DISTINCT FROM OLD.fingerprint
    OR NEW.kind IS DISTINCT FROM OLD.kind
    OR NEW.bill_id IS DISTINCT FROM OLD.bill_id
    OR NEW.payment_id IS DISTINCT FROM OLD.payment_id
    OR NEW.subject IS DISTINCT FROM OLD.subject
    OR NEW.first_run_id IS DISTINCT FROM OLD.first_run_id
    OR NEW.created_at IS DISTINCT FROM OLD.created_at
    OR (NEW.version <= OLD.version AND (NEW.state IS DISTINCT FROM OLD.state
        OR NEW.person_id IS DISTINCT FROM OLD.person_id OR NEW.note IS DISTINCT FROM OLD.note)))
EXECUTE FUNCTION refuse('an issue stays what it is about, and each step on it counts');
CREATE TRIGGER reconciliation_issues_stay BEFORE DELETE ON reconciliation_issues FOR EACH ROW
EXECUTE FUNCTION refuse('an issue is never removed');
CREATE TRIGGER reconciliation_issues_not_emptied BEFORE TRUNCATE ON reconciliation_issues FOR EACH STATEMENT
EXECUTE FUNCTION refuse('an issue is never removed');
