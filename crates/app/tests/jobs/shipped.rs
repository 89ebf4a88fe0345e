//! The jobs of the product: each run twice leaves what it left when it was run once.

use crate::desk::Desk;
use app::AppError;
use app::billing::Mode;
use app::jobs::{Registry, Tally, enqueue_run, enqueue_verify_in};
use domain::calendar::Month;
use domain::ids::JobId;
use domain::jobs::State;
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::on_both;

const DAY: i64 = 24 * 3600;

/// The tables that a second run must leave as they are: all but the queue and what counts runs.
fn lasting(desk: &Desk<'_>) -> BTreeMap<String, Vec<String>> {
    let mut all = desk.dairy.dump();
    for table in ["jobs", "counters", "audit", "bill_runs", "audit_seals"] {
        all.remove(table);
    }
    all
}

/// Does a job, then does it again as if its worker had died before the job was ended.
fn twice(desk: &Desk<'_>, id: JobId) -> [Value; 2] {
    let registry = Registry::standard();
    let result = || {
        let job = desk.job(id);
        assert_eq!(job.state, State::Done, "{job:#?}");
        serde_json::from_str(job.result.as_deref().unwrap()).unwrap()
    };
    assert!(desk.run_due(&registry).done >= 1);
    let (first, before) = (result(), lasting(desk));
    desk.die_after_work(id);
    assert!(desk.run_due(&registry).done >= 1);
    assert_eq!(desk.job(id).attempts, 2);
    assert_eq!(lasting(desk), before);
    [first, result()]
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

#[test]
fn the_books_are_verified() {
    on_both(|database| {
        let desk = Desk::new(database);
        desk.dairy.on("2026-10-01");
        desk.dairy.deliver(&["2026-09-01 C1 MILK 1.000"]);
        let store = &desk.dairy.store;
        let actor = desk.actor();
        let enqueue = || store.write(|tx| enqueue_verify_in(tx, &actor)).unwrap();
        let job = enqueue();
        assert!(job.is_new);
        let again = enqueue();
        assert!(!again.is_new && again.id == job.id);
        let [first, second] = twice(&desk, job.id);
        assert_eq!(first, second);
        assert_eq!(first["clean"], true);
        let invariants = first["invariants"].as_array().unwrap();
        assert_eq!(invariants.len(), app::verify::Invariant::ALL.len());
        assert!(invariants.iter().all(|one| one["status"] == "ok"), "{first:#}");
        // What is broken is the result, not a failure.
        assert_eq!(desk.dairy.sql("DELETE FROM unbilled_months"), 1);
        let job = enqueue();
        assert!(job.is_new && desk.run_due(&Registry::standard()).done >= 1);
        let result: Value = serde_json::from_str(&desk.job(job.id).result.unwrap()).unwrap();
        assert_eq!(result["clean"], false, "{result:#}");
    });
}

#[test]
fn bills_are_run_in_the_name_of_who_asked() {
    on_both(|database| {
        for mode in [Mode::Draft, Mode::RunAndIssue] {
            let database = if database.kind == "sqlite" {
                testkit::Database::sqlite()
            } else {
                testkit::Database::postgres(&testkit::postgres_server().unwrap())
            };
            let desk = Desk::new(&database);
            desk.dairy.on("2026-10-01");
            desk.dairy.deliver(&["2026-09-01 C1 MILK 1.000", "2026-09-02 C2 PANEER 0.500"]);
            let store = &desk.dairy.store;
            let job = enqueue_run(store, &desk.actor(), month("2026-09"), mode).unwrap();
            assert!(job.is_new);
            let [first, second] = twice(&desk, job.id);
            assert_eq!(first["certificate"], second["certificate"]);
            assert_eq!(first["mode"], mode.as_str());
            assert_eq!(first["bills"], second["bills"]);
            let runs = "SELECT COUNT(*) FROM audit WHERE table_name = 'bill_runs' \
                        AND actor = 'office' AND request_id = 'r-7'";
            assert_eq!(desk.dairy.count(runs), 2);
            desk.dairy.assert_verified();
        }
    });
}

#[test]
fn drafts_are_issued_by_a_job_as_well() {
    on_both(|database| {
        let desk = Desk::new(database);
        desk.dairy.on("2026-10-01");
        desk.dairy.deliver(&["2026-09-01 C1 MILK 1.000"]);
        desk.dairy.draft("2026-09");
        let store = &desk.dairy.store;
        let issue = || enqueue_run(store, &desk.actor(), month("2026-09"), Mode::IssueDrafts);
        let [first, second] = twice(&desk, issue().unwrap().id);
        assert_eq!(first["certificate"], second["certificate"]);
        assert_eq!(desk.dairy.numbers("2026-09"), ["INV/26-27/000001"]);
        // A month that was never run cannot succeed.
        let nothing = enqueue_run(store, &desk.actor(), month("2026-08"), Mode::IssueDrafts);
        let tally = desk.run_due(&Registry::standard());
        assert_eq!(tally, Tally { dead: 1, ..Tally::default() });
        let error = desk.job(nothing.unwrap().id).last_error.unwrap();
        assert!(error.contains("2026-08 has no drafts to issue"), "{error}");
    });
}

#[test]
fn a_month_is_enqueued_once_and_traced() {
    on_both(|database| {
        let desk = Desk::new(database);
        let store = &desk.dairy.store;
        let run = |text, mode| enqueue_run(store, &desk.actor(), month(text), mode);
        let first = run("2026-09", Mode::Draft).unwrap();
        let again = run("2026-09", Mode::RunAndIssue).unwrap();
        assert_eq!((first.id, first.is_new, again.is_new), (again.id, true, false));
        assert!(run("2026-10", Mode::Draft).unwrap().is_new);
        let error = run("2026-11", Mode::Draft).unwrap_err();
        assert!(matches!(error, AppError::FutureMonth { .. }));
        let traced = "SELECT COUNT(*) FROM audit WHERE table_name = 'jobs' \
                      AND action = 'enqueue' AND request_id = 'r-7'";
        assert_eq!(desk.dairy.count(traced), 2);
        // A payload that nobody understands is given up, not tried again.
        desk.dairy.sql("UPDATE jobs SET payload = '{\"month\":\"2026-13\"}'");
        let tally = desk.run_due(&Registry::standard());
        assert_eq!(tally, Tally { dead: 2, ..Tally::default() });
        let error = desk.job(first.id).last_error.unwrap();
        assert!(error.starts_with("the payload is not understood"), "{error}");
    });
}

#[test]
fn the_trail_is_sealed_once() {
    on_both(|database| {
        let desk = Desk::new(database);
        let rows = desk.dairy.count("SELECT COUNT(*) FROM audit");
        let [first, second] = twice(&desk, desk.due("audit.seal"));
        assert_eq!(first["seals"], 1);
        assert_eq!(first["rows"], rows);
        assert_eq!(first["last"]["hash"].as_str().unwrap().len(), 64);
        assert_eq!((&second["seals"], &second["last"]), (&Value::from(0), &Value::Null));
        desk.dairy.assert_verified();
    });
}

#[test]
fn what_is_old_is_removed_and_the_rest_stays() {
    on_both(|database| {
        let desk = Desk::new(database);
        let ago = |days: i64| desk.now().unix_micros() - days * DAY * 1_000_000;
        let person = "INSERT INTO people (id, login, name, role, state, password_hash, \
                      password_is_initial, sessions_from, created_at, updated_at) \
                      VALUES (1, 'm', 'M', 'owner', 'active', 'x', 0, 0, 0, 0)";
        desk.dairy.sql(person);
        // One too old and one just young enough of each kind.
        for (name, keys, failures, attempts, sessions, jobs) in
            [("old", 4, 2, 181, 31, 31), ("new", 2, 0, 179, 29, 29)]
        {
            let hash = "a".repeat(64);
            desk.dairy.sql(&format!(
                "INSERT INTO idempotency_keys VALUES ('p', 'POST', '/x', '{name}', '{hash}', 201, \
                 '{{}}', '', {})",
                ago(keys)
            ));
            desk.dairy.sql(&format!(
                "INSERT INTO sign_in_failures VALUES ('{name}', '*', 1, {}, NULL)",
                ago(failures)
            ));
            desk.dairy.sql(&format!(
                "INSERT INTO sign_in_attempts (id, at, login, address, outcome) \
                 VALUES ({attempts}, {}, '{name}', 'a', 'failed')",
                ago(attempts)
            ));
            desk.dairy.sql(&format!(
                "INSERT INTO sessions (id, person_id, user_agent, address, with_second_factor, \
                 created_at, proved_at, used_at, expires_at) \
                 VALUES ('{name}', 1, '', '', 0, 0, 0, 0, {})",
                ago(sessions)
            ));
            desk.dairy.sql(&format!(
                "INSERT INTO refresh_tokens VALUES ('{name}', '{name}', 0, {}, NULL)",
                ago(sessions)
            ));
            desk.dairy.sql(&format!(
                "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, \
                 created_at, finished_at) VALUES ({}, 'x', '{{}}', 'dead', 0, 1, 1, 0, {})",
                900 + jobs,
                ago(jobs)
            ));
        }
        let [first, second] = twice(&desk, desk.due("idempotency.expire"));
        assert_eq!((&first["removed"], &second["removed"]), (&Value::from(1), &Value::from(0)));
        let [first, second] = twice(&desk, desk.due("jobs.expire"));
        assert_eq!((&first["removed"], &second["removed"]), (&Value::from(1), &Value::from(0)));
        let [first, second] = twice(&desk, desk.due("sign_in.expire"));
        for part in ["failures", "attempts", "sessions"] {
            assert_eq!((&first["removed"][part], &second["removed"][part]), (&1.into(), &0.into()));
        }
        for (table, column) in [
            ("idempotency_keys", "key"),
            ("sign_in_failures", "login"),
            ("sign_in_attempts", "login"),
            ("sessions", "id"),
            ("refresh_tokens", "session_id"),
        ] {
            let left = |name| {
                let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} = '{name}'");
                desk.dairy.count(&sql)
            };
            assert_eq!((left("old"), left("new")), (0, 1), "{table}");
        }
        assert_eq!(desk.dairy.count("SELECT COUNT(*) FROM jobs WHERE kind = 'x'"), 1);
    });
}
