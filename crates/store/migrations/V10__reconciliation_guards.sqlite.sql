-- Guards of reconciliation. The same rules as V10__reconciliation_guards.postgres.sql.

-- A finished comparison and what it found stay as they are.
CREATE TRIGGER reconciliations_final BEFORE UPDATE ON reconciliations
BEGIN SELECT RAISE(ABORT, 'a finished comparison never changes'); END;
CREATE TRIGGER reconciliations_stay BEFORE DELETE ON reconciliations
BEGIN SELECT RAISE(ABORT, 'a finished comparison is never removed'); END;
CREATE TRIGGER reconciliations_added_once BEFORE INSERT ON reconciliations
WHEN EXISTS (SELECT 1 FROM reconciliations WHERE id = NEW.id OR (day = NEW.day AND run_no = NEW.run_no))
BEGIN SELECT RAISE(ABORT, 'a finished comparison is added once'); END;
CREATE TRIGGER reconciliation_findings_final BEFORE UPDATE ON reconciliation_findings
BEGIN SELECT RAISE(ABORT, 'what a comparison has found never changes'); END;
CREATE TRIGGER reconciliation_findings_stay BEFORE DELETE ON reconciliation_findings
BEGIN SELECT RAISE(ABORT, 'what a comparison has found is never removed'); END;
CREATE TRIGGER reconciliation_findings_added_once BEFORE INSERT ON reconciliation_findings
WHEN EXISTS (SELECT 1 FROM reconciliation_findings WHERE run_id = NEW.run_id AND issue_id = NEW.issue_id)
BEGIN SELECT RAISE(ABORT, 'what a comparison has found is added once'); END;

-- An issue stays what it is about; only where it stands changes, each time with a new version.
CREATE TRIGGER reconciliation_issues_same BEFORE UPDATE ON reconciliation_issues
WHEN NEW.id IS NOT OLD.id
    OR NEW.fingerprint IS NOT OLD.fingerprint
    OR NEW.kind IS NOT OLD.kind
    OR NEW.bill_id IS NOT OLD.bill_id
    OR NEW.payment_id IS NOT OLD.payment_id
    OR NEW.subject IS NOT OLD.subject
    OR NEW.first_run_id IS NOT OLD.first_run_id
    OR NEW.created_at IS NOT OLD.created_at
    OR (NEW.version <= OLD.version AND (NEW.state IS NOT OLD.state
        OR NEW.person_id IS NOT OLD.person_id OR NEW.note IS NOT OLD.note))
BEGIN SELECT RAISE(ABORT, 'an issue stays what it is about, and each step on it counts'); END;
CREATE TRIGGER reconciliation_issues_stay BEFORE DELETE ON reconciliation_issues
BEGIN SELECT RAISE(ABORT, 'an issue is never removed'); END;
CREATE TRIGGER reconciliation_issues_added_once BEFORE INSERT ON reconciliation_issues
WHEN EXISTS (SELECT 1 FROM reconciliation_issues WHERE id = NEW.id OR fingerprint = NEW.fingerprint)
BEGIN SELECT RAISE(ABORT, 'an issue is added once'); END;
