//! `dairyos work`: jobs are done by the real program, taken over from one that was killed, and
//! ended before it ends.

use crate::jobs::books as with_jobs;
use crate::kit::{Answer, Books, assert_words, list};
use crate::many;
use serde_json::Value;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use testkit::on_both;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_mins(1);

fn begin(books: &Books<'_>, args: &[&str]) -> Child {
    let mut command = books.command(args);
    command.env("LLVM_PROFILE_FILE", "/dev/null");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn job(books: &Books<'_>, id: &str) -> Value {
    books.json(&["jobs", "show", id])
}

/// Waits until the only job is in a state.
fn wait_for(books: &Books<'_>, state: &str) {
    let store = store::Store::open(&books.database.url).unwrap();
    let start = Instant::now();
    let sql = "SELECT COUNT(*) FROM jobs WHERE id = 1 AND state = $1";
    while store
        .read(|tx| tx.find(sql, &[state.into()], |row| row.int(0)))
        .unwrap_or_else(|error: store::StoreError| panic!("{error}"))
        != Some(1)
    {
        assert!(start.elapsed() < PATIENCE, "the job did not become {state}");
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_is_due_is_done_once() {
    on_both(|database| {
        let books = with_jobs(database);
        let answer = books.run(&["work", "--once"]);
        assert_eq!(answer.code, Some(0), "{answer:#?}");
        assert_eq!(answer.out, "0 jobs done, 0 attempts failed, 0 jobs given up, 0 leases lost.\n");
        books.ok(&["jobs", "requeue", "1"]);
        let answer = books.run(&["work", "--once", "--threads", "1"]);
        assert_eq!(answer.code, Some(0), "{answer:#?}");
        assert_words(&answer.out, &["1 jobs done"]);
        let said = ["job 1 bills.run: attempt 1 of 10", "job 1 bills.run: done", "IST"];
        assert_words(&answer.err, &said);
        // What the command prints, with its certificate.
        let result = &job(&books, "1")["result"];
        let run = books.json(&["bills", "run", "--month", "2024-10"]);
        for part in ["mode", "bills", "sums", "deliveries", "content"] {
            assert_eq!(result[part], run[part], "{part}");
        }
        assert_eq!(books.bills("2024-10").len(), 3);
        books.assert_verified();
    });
}

#[test]
fn a_job_that_cannot_be_done_is_given_up_with_its_reason() {
    on_both(|database| {
        let books = with_jobs(database);
        books.sql(&["UPDATE jobs SET payload = '{}' WHERE id = 1"]);
        books.ok(&["jobs", "requeue", "1"]);
        let answer = books.run(&["work", "--once"]);
        assert_eq!(answer.code, Some(1), "{answer:#?}");
        assert_words(&answer.out, &["1 jobs given up"]);
        assert_words(&answer.err, &["job 1 bills.run: given up: the payload is not understood"]);
        assert_eq!(job(&books, "1")["state"], "dead");
    });
}

/// The trail is sealed by the program itself, once it has met its schedule.
#[test]
fn the_trail_is_sealed_when_it_is_due() {
    on_both(|database| {
        let books = Books::small(database);
        books.run(&["work", "--once"]);
        let back = "UPDATE job_schedules SET last_due_at = last_due_at - 300000000 \
                    WHERE name = 'audit.seal'";
        books.sql(&[back]);
        let answer = books.run(&["work", "--once"]);
        assert_words(&answer.err, &["1 jobs enqueued by schedule", "audit.seal: done"]);
        let sealed = books.json(&["jobs", "list", "--kind", "audit.seal"]);
        let result = &list(&sealed["jobs"])[0]["result"];
        let rows = list(&books.json(&["audit", "list"])["entries"]).len();
        assert_eq!(result["rows"], rows);
        assert_eq!(result["last"]["hash"].as_str().unwrap().len(), 64);
        books.assert_verified();
        assert_eq!(books.run(&["work", "--once"]).out.split(' ').next(), Some("0"));
    });
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// A worker that was killed in the middle of a bill run: another one takes the job over, goes on
/// where the first was, and the bills are those of one run.
#[test]
fn the_job_of_a_killed_worker_is_taken_over() {
    on_both(|database| {
        let books = many::books(database);
        books.import("deliveries", many::deliveries(1..=3)).done();
        let enqueue = "INSERT INTO jobs (id, kind, payload, state, unique_key, run_at, attempts, \
                       max_attempts, created_at) VALUES (1, 'bills.run', '{\"month\":\"2024-10\",\
                       \"mode\":\"run_and_issue\",\"actor\":\"meena\"}', 'waiting', '2024-10', 0, \
                       0, 10, 0)";
        books.sql(&[enqueue]);
        let mut first = begin(&books, &["work"]);
        wait_for(&books, "running");
        first.kill().unwrap();
        first.wait().unwrap();
        let left = job(&books, "1");
        assert_eq!((&left["state"], &left["attempts"]), (&"running".into(), &1.into()));
        // Its lease has not run out yet: nobody else has the job.
        let answer = books.run(&["work", "--once"]);
        assert_words(&answer.out, &["0 jobs done"]);
        books.sql(&["UPDATE jobs SET leased_until = 0 WHERE id = 1"]);
        let answer = books.run(&["work", "--once"]);
        assert_eq!(answer.code, Some(0), "{answer:#?}");
        assert_words(&answer.err, &["1 jobs of silent workers taken over", "attempt 2 of 10"]);
        let done = job(&books, "1");
        assert_eq!(done["state"], "done");
        assert_eq!(done["result"]["bills"]["issued"], many::CUSTOMERS - 1);
        assert_eq!(done["result"]["clean"], true);
        assert_eq!(books.bills("2024-10").len() as u64, many::CUSTOMERS - 1);
        books.assert_verified();
    });
}

#[test]
fn a_worker_that_is_asked_to_end_ends_its_job_first() {
    on_both(|database| {
        let books = with_jobs(database);
        let mut idle = begin(&books, &["work", "--threads", "3"]);
        sleep(Duration::from_millis(500));
        books.ok(&["jobs", "requeue", "1"]);
        wait_for(&books, "done");
        for name in ["-TERM", "-INT"] {
            signal(&idle, name);
            let answer = Answer::of(idle.wait_with_output().unwrap());
            assert_eq!(answer.code, Some(0), "{answer:#?}");
            assert_words(&answer.err, &["has begun; Ctrl-C ends it"]);
            assert!(answer.out.ends_with("0 leases lost.\n"), "{answer:#?}");
            idle = begin(&books, &["work"]);
            sleep(Duration::from_millis(500));
        }
        idle.kill().unwrap();
        idle.wait().unwrap();
    });
}

#[test]
fn without_books_there_is_no_work() {
    on_both(|database| {
        let books = Books::none(database);
        let answer = books.run(&["work", "--once"]).failed();
        assert_words(&answer.err, &["dairyos init"]);
    });
}
