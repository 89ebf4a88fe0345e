//! The work on issues, and reports from day to day.

use crate::dairy::Dairy;
use crate::faults::{day, found, json_of, paid, today, upi};
use crate::kit::billed;
use app::AppError;
use app::reconciliation::{
    self, Filter, Given, ListedIssue, Report, Rules, Step, change, issues, list, show, standing,
};
use domain::ids::PersonId;
use domain::reconciliation::{IssueState, Severity};
use testkit::on_both;

fn on(dairy: &Dairy<'_>, text: &str) -> Report {
    dairy.on(text);
    let (day, none) = (day(text), Given::default());
    reconciliation::run(&dairy.store, &dairy.actor(), day, Rules::default(), &none).unwrap()
}

fn step(dairy: &Dairy<'_>, id: i64, step: Step<'_>) -> Result<ListedIssue, AppError> {
    dairy.store.write(|tx| change(tx, &dairy.actor(), id, None, step))
}

fn person(dairy: &Dairy<'_>) {
    dairy.sql(
        "INSERT INTO people (id, login, name, role, state, password_hash, password_is_initial, \
         sessions_from, created_at, updated_at) \
         VALUES (4, 'asha', 'Asha', 'accountant', 'active', 'x', 0, 0, 0, 0)",
    );
}

#[test]
fn reports_are_compared_with_the_day_before() {
    on_both(|database| {
        let dairy = billed(database);
        let first = on(&dairy, "2026-10-02");
        assert_eq!((first.run.new, first.run.same, first.run.gone), (3, 0, 0));
        assert!(first.issues.iter().all(|issue| issue.is_new));
        dairy.on("2026-10-03");
        upi(&dairy, 60_000, "618200000001", "C1");
        upi(&dairy, 900, "618200000009", "");
        let second = on(&dairy, "2026-10-03");
        assert_eq!(second.run.day_before, Some(day("2026-10-02")));
        assert_eq!((second.run.new, second.run.same, second.run.gone), (1, 2, 1));
        let json = json_of(&second);
        assert_eq!(json["compared_with"]["date"], "2026-10-02");
        assert_eq!(json["issues"][0]["is_new"], true);
        // The first day's report is still there; looked at anew it is another one.
        let kept = dairy.store.read(|tx| show(tx, today())).unwrap();
        assert_eq!(kept.issues.len(), 3);
        let again = reconciliation::run(
            &dairy.store,
            &dairy.actor(),
            today(),
            Rules::default(),
            &Given::default(),
        );
        let again = again.unwrap();
        assert_eq!((again.run.run_no, again.issues.len()), (2, 2));
        let (runs, next) = dairy.store.read(|tx| list(tx, None, 1)).unwrap();
        assert_eq!((runs[0].day, next), (day("2026-10-03"), Some(day("2026-10-03"))));
        let (runs, next) = dairy.store.read(|tx| list(tx, next, 1)).unwrap();
        assert_eq!((runs[0].run_no, next), (2, None));
        let missing = dairy.store.read(|tx| show(tx, day("2026-10-09"))).unwrap_err();
        assert_eq!(missing.code(), "not_found");
    });
}

#[test]
fn an_issue_is_assigned_closed_and_opened_again_when_it_changes() {
    on_both(|database| {
        let dairy = billed(database);
        person(&dairy);
        paid(&dairy);
        upi(&dairy, 900, "618200000009", "");
        upi(&dairy, 20_000, "618200000010", "C1");
        let report = on(&dairy, "2026-10-02");
        let id = report.issues[0].id;
        for nobody in [99, 5_000_000_000, i64::MAX] {
            let unknown = step(&dairy, id, Step::Assign(PersonId(nobody))).unwrap_err();
            assert_eq!(unknown.code(), "invalid");
        }
        assert_eq!(step(&dairy, 999, Step::Reopen).unwrap_err().code(), "not_found");
        assert_eq!(step(&dairy, id, Step::Reopen).unwrap_err().code(), "conflict");
        let assigned = step(&dairy, id, Step::Assign(PersonId(4))).unwrap();
        let now = (assigned.issue.state, assigned.issue.person, assigned.issue.version);
        assert_eq!(now, (IssueState::Assigned, Some(4), 2));
        // From day to day it stays with whom it was given to.
        let next = on(&dairy, "2026-10-03");
        assert_eq!((next.issues[0].id, next.issues[0].person), (id, Some(4)));
        assert!(!next.issues[0].is_new);
        for note in ["", " ", &"x".repeat(1001)] {
            assert_eq!(step(&dairy, id, Step::Close(note)).unwrap_err().code(), "invalid");
        }
        step(&dairy, id, Step::Close("C9 has sent it; asked.")).unwrap();
        assert_eq!(step(&dairy, id, Step::Close("again")).unwrap_err().code(), "conflict");
        let next = on(&dairy, "2026-10-04");
        let (state, note) = (next.issues[0].state, next.issues[0].note.as_deref());
        assert_eq!((state, note), (IssueState::Closed, Some("C9 has sent it; asked.")));
        let standing = dairy.store.read(standing).unwrap().unwrap();
        assert_eq!(standing.unsettled, [(Severity::Info, 1)]);
        // Another amount makes it another matter.
        dairy.sql("UPDATE payments SET free_paise = 800, version = version + 1 WHERE id = 4");
        let next = on(&dairy, "2026-10-05");
        let same = next.issues.iter().find(|issue| issue.id == id).unwrap();
        assert_eq!((same.state, same.person), (IssueState::Open, Some(4)));
        let filter = Filter { state: Some(IssueState::Open), ..Filter::default() };
        let (open, _) = dairy.store.read(|tx| issues(tx, filter, None, 50)).unwrap();
        assert!(open.iter().any(|one| one.issue.id == id));
        let late =
            dairy.store.write(|tx| change(tx, &dairy.actor(), id, Some(1), Step::Close("late")));
        assert!(matches!(late, Err(AppError::VersionLost { asked: 1, .. })), "{late:?}");
        step(&dairy, id, Step::Close("Seen.")).unwrap();
        let opened = step(&dairy, id, Step::Reopen).unwrap();
        assert_eq!(opened.issue.state, IssueState::Open);
    });
}

#[test]
fn two_comparisons_at_once_keep_one_report() {
    on_both(|database| {
        let dairy = billed(database);
        dairy.on("2026-10-02");
        let stores = [dairy.another_store(), dairy.another_store()];
        let actor = dairy.actor();
        let reports: Vec<Report> = std::thread::scope(|scope| {
            let both = stores.each_ref().map(|store| {
                let actor = actor.clone();
                scope.spawn(move || {
                    let none = Given::default();
                    reconciliation::run(store, &actor, today(), Rules::default(), &none).unwrap()
                })
            });
            both.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(reports[0], reports[1]);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM reconciliations"), 1);
        assert_eq!(found(&reports[0]).len(), 3);
    });
}
