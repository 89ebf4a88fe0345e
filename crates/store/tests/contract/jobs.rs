//! The queue of jobs: enqueued once, claimed once, ended only by whoever has the lease, and
//! schedules that several programs move on together.
//!
//! It deliberately moves the clock by hand.

use crate::kit::{actor, count, execute, read, small, write};
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::{State, later};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use store::jobs::{self, Claim, Job, NewJob, Page};
use store::{Store, StoreError};
use testkit::on_both;

const LEASE: Duration = Duration::from_mins(1);

fn at(secs: i64) -> Moment {
    Moment::from_unix_micros(actor().at.unix_micros() + secs * 1_000_000)
}

fn new<'a>(kind: &'a str, key: Option<&'a str>) -> NewJob<'a> {
    NewJob {
        kind,
        payload: "{}",
        unique_key: key,
        run_at: at(0),
        max_attempts: 3,
        request: Some("r-1"),
        created_at: at(0),
    }
}

fn enqueue(store: &Store, all: &[NewJob<'_>]) -> Vec<(i64, bool)> {
    let found = write(store, |tx| jobs::enqueue(tx, all));
    found.into_iter().map(|job| (job.id.0, job.is_new)).collect()
}

fn claim(store: &Store, worker: &str, now: Moment, limit: u32) -> Vec<Job> {
    write(store, |tx| jobs::claim(tx, worker, now, later(now, LEASE), limit))
}

fn lease(job: &Job) -> Claim {
    Claim { id: job.id, worker: job.worker.clone().unwrap(), attempt: job.attempts }
}

fn find(store: &Store, id: i64) -> Job {
    read(store, |tx| jobs::find(tx, JobId(id))).unwrap()
}

#[test]
fn a_key_is_enqueued_once_until_it_is_finished() {
    on_both(|database| {
        let store = small(database);
        assert!(write(&store, |tx| jobs::enqueue(tx, &[])).is_empty());
        let found = enqueue(
            &store,
            &[
                new("bills.run", Some("2026-10")),
                new("bills.run", None),
                // The same again in one set, the same key of another kind, another key.
                new("bills.run", Some("2026-10")),
                new("audit.seal", Some("2026-10")),
                new("bills.run", Some("2026-11")),
            ],
        );
        assert_eq!(found, [(1, true), (2, true), (1, false), (4, true), (5, true)]);
        assert_eq!(enqueue(&store, &[new("bills.run", Some("2026-10"))]), [(1, false)]);
        // Running still counts, done does not.
        let job = claim(&store, "w", at(1), 1).remove(0);
        assert_eq!(job.id, JobId(1));
        assert_eq!(enqueue(&store, &[new("bills.run", Some("2026-10"))]), [(1, false)]);
        assert!(write(&store, |tx| jobs::done(tx, &lease(&job), Some("{}"), at(2))));
        let again = enqueue(&store, &[new("bills.run", Some("2026-10"))]);
        assert!(again[0].1 && again[0].0 > 5);
        let kept = find(&store, 1);
        assert_eq!((kept.state, kept.attempts, kept.finished_at), (State::Done, 1, Some(at(2))));
        assert_eq!((kept.result.as_deref(), kept.request.as_deref()), (Some("{}"), Some("r-1")));
        assert_eq!((kept.worker, kept.leased_until, kept.created_at), (None, None, at(0)));
        // The database holds the rule as well.
        let twice = "INSERT INTO jobs (id, kind, payload, state, unique_key, run_at, attempts, \
                     max_attempts, created_at) SELECT 99, kind, payload, 'waiting', unique_key, \
                     run_at, 0, 1, 0 FROM jobs WHERE id = 5";
        assert!(matches!(execute(&store, &[twice]), Err(StoreError::Refused(_))));
    });
}

#[test]
fn what_is_due_is_claimed_in_order_and_once() {
    on_both(|database| {
        let store = small(database);
        let run_at = |secs| NewJob { run_at: at(secs), ..new("k", None) };
        enqueue(&store, &[run_at(30), run_at(10), run_at(20), run_at(10)]);
        let is_due = |secs| read(&store, |tx| jobs::oldest_due(tx, at(secs))).is_some();
        assert!(!is_due(9) && is_due(10));
        assert!(claim(&store, "w", at(9), 10).is_empty());
        let ids = |jobs: Vec<Job>| jobs.iter().map(|job| job.id.0).collect::<Vec<_>>();
        assert_eq!(ids(claim(&store, "w", at(20), 2)), [2, 4]);
        assert_eq!(ids(claim(&store, "w", at(20), 2)), [3]);
        assert!(!is_due(20));
        let job = claim(&store, "other", at(60), 2).remove(0);
        assert_eq!(job, find(&store, 1));
        assert_eq!((job.state, job.attempts), (State::Running, 1));
        assert_eq!((job.worker.as_deref(), job.leased_until), (Some("other"), Some(at(120))));
    });
}

#[test]
fn only_the_lease_ends_a_job() {
    on_both(|database| {
        let store = small(database);
        enqueue(&store, &[new("k", None)]);
        let first = lease(&claim(&store, "w", at(0), 1).remove(0));
        assert!(write(&store, |tx| jobs::extend(tx, &first, at(200))));
        assert!(write(&store, |tx| jobs::expired(tx, at(200), 10)).is_empty());
        // Taken over: even the same worker has another attempt.
        let lost = write(&store, |tx| jobs::expired(tx, at(201), 10));
        assert_eq!(lost.len(), 1);
        let why = [(lost[0].id, "the worker w has gone".to_owned())];
        assert_eq!(write(&store, |tx| jobs::free(tx, &why, at(201))), 1);
        let kept = find(&store, 1);
        assert_eq!((kept.state, kept.run_at, kept.attempts), (State::Waiting, at(201), 1));
        assert_eq!(kept.last_error.as_deref(), Some("the worker w has gone"));
        let second = lease(&claim(&store, "w", at(202), 1).remove(0));
        assert_eq!(second.attempt, 2);
        let before = find(&store, 1);
        for stranger in [first, Claim { worker: "other".to_owned(), ..second.clone() }] {
            let refused = write(&store, |tx| {
                Ok([
                    jobs::extend(tx, &stranger, at(999))?,
                    jobs::done(tx, &stranger, None, at(999))?,
                    jobs::retry(tx, &stranger, "x", at(999))?,
                    jobs::give_up(tx, &stranger, "x", at(999))?,
                ])
            });
            assert_eq!(refused, [false; 4]);
            assert_eq!(find(&store, 1), before);
        }
        assert!(write(&store, |tx| jobs::retry(tx, &second, "no luck", at(300))));
        assert_eq!(find(&store, 1).last_error.as_deref(), Some("no luck"));
        // What was given back is not the worker's any more.
        assert!(!write(&store, |tx| jobs::done(tx, &second, None, at(301))));
        let third = lease(&claim(&store, "w", at(300), 1).remove(0));
        assert!(write(&store, |tx| jobs::give_up(tx, &third, "never", at(302))));
        let kept = find(&store, 1);
        assert_eq!((kept.state, kept.attempts, kept.finished_at), (State::Dead, 3, Some(at(302))));
        assert!(claim(&store, "w", at(9999), 1).is_empty());
    });
}

#[test]
fn expired_leases_can_be_buried() {
    on_both(|database| {
        let store = small(database);
        enqueue(&store, &[new("k", None), new("k", None)]);
        claim(&store, "w", at(0), 2);
        assert_eq!(write(&store, |tx| jobs::expired(tx, at(61), 1)).len(), 1);
        let all = write(&store, |tx| jobs::expired(tx, at(61), 10));
        let why: Vec<_> = all.iter().map(|job| (job.id, format!("of {}", job.id.0))).collect();
        assert_eq!(write(&store, |tx| jobs::bury(tx, &why, at(61))), 2);
        assert_eq!(find(&store, 2).last_error.as_deref(), Some("of 2"));
        assert_eq!(read(&store, |tx| jobs::count(tx, State::Dead)), 2);
    });
}

/// Many threads, each on its own connections, claim one job at a time.
#[test]
fn no_two_workers_get_one_job() {
    const JOBS: usize = 60;
    const WORKERS: usize = 4;
    on_both(|database| {
        let store = small(database);
        enqueue(&store, &[new("k", None); JOBS]);
        let barrier = Barrier::new(WORKERS);
        let url = &database.url;
        let mut claimed: Vec<i64> = thread::scope(|scope| {
            let work = |worker: usize| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let store = Store::open(url).unwrap();
                    let name = format!("w{worker}");
                    barrier.wait();
                    let mut mine = Vec::new();
                    loop {
                        let limit = u32::try_from(1 + worker % 2).unwrap();
                        let jobs = claim(&store, &name, at(1), limit);
                        if jobs.is_empty() {
                            return mine;
                        }
                        mine.extend(jobs.iter().map(|job| job.id.0));
                    }
                })
            };
            let all: Vec<_> = (0..WORKERS).map(work).collect();
            all.into_iter().flat_map(|one| one.join().unwrap()).collect()
        });
        claimed.sort_unstable();
        assert_eq!(claimed, (1..=60).collect::<Vec<i64>>());
        assert_eq!(count(&store, "SELECT COUNT(*) FROM jobs WHERE attempts <> 1"), 0);
    });
}

/// Where rows are locked one by one, a claim does not wait for another that is not committed yet.
#[test]
fn a_claim_passes_over_what_another_is_taking() {
    on_both(|database| {
        let store = small(database);
        if store.is_sqlite() {
            return;
        }
        enqueue(&store, &[new("k", None), new("k", None)]);
        write(&store, |tx| {
            let first = jobs::claim(tx, "a", at(1), at(60), 1)?;
            let second = claim(&store, "b", at(1), 2);
            assert_eq!((first[0].id, second.len(), second[0].id), (JobId(1), 1, JobId(2)));
            Ok(())
        });
    });
}

#[test]
fn the_same_key_enqueued_at_once_is_one_job() {
    on_both(|database| {
        let store = small(database);
        let found: Vec<(i64, bool)> = thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let store = Store::open(&database.url).unwrap();
                        enqueue(&store, &[new("k", Some("once"))])[0]
                    })
                })
                .collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(count(&store, "SELECT COUNT(*) FROM jobs"), 1);
        assert_eq!(found.iter().filter(|(_, is_new)| *is_new).count(), 1);
        assert!(found.iter().all(|(id, _)| *id == found[0].0));
    });
}

#[test]
fn people_step_in_where_the_state_allows_it() {
    on_both(|database| {
        let store = small(database);
        enqueue(&store, &[new("k", Some("a")), new("k", Some("b"))]);
        let cancel = |id| write(&store, |tx| jobs::cancel(tx, JobId(id), at(5)));
        let again = |id| write(&store, |tx| jobs::wait_again(tx, JobId(id), at(9)));
        assert!(!again(1));
        assert!(cancel(1) && !cancel(1));
        let kept = find(&store, 1);
        assert_eq!((kept.state, kept.finished_at), (State::Cancelled, Some(at(5))));
        assert_eq!(claim(&store, "w", at(1), 5).len(), 1);
        assert!(!cancel(2) && !again(2));
        // Its key is free, so another may have it, and then it cannot wait again.
        let rival = enqueue(&store, &[new("k", Some("a"))])[0].0;
        assert_eq!(read(&store, |tx| jobs::rival(tx, "k", "a")), Some(JobId(rival)));
        let refused = store.write(|tx| jobs::wait_again(tx, JobId(1), at(9)));
        assert!(matches!(refused, Err(StoreError::Refused(_))));
        assert!(cancel(rival));
        assert_eq!(read(&store, |tx| jobs::rival(tx, "k", "a")), None);
        assert!(again(1));
        let kept = find(&store, 1);
        assert_eq!((kept.state, kept.attempts, kept.run_at), (State::Waiting, 0, at(9)));
        assert_eq!(kept.finished_at, None);
        assert_eq!(read(&store, |tx| jobs::find(tx, JobId(77))), None);
    });
}

#[test]
fn jobs_are_listed_and_counted() {
    on_both(|database| {
        let store = small(database);
        enqueue(&store, &[new("a", None), new("b", None), new("a", None), new("a", None)]);
        write(&store, |tx| jobs::cancel(tx, JobId(3), at(1)));
        let page = Page { state: None, kind: None, before: None, limit: 10 };
        let ids = |page: Page<'_>| {
            let jobs = read(&store, |tx| jobs::list(tx, &page));
            jobs.iter().map(|job| job.id.0).collect::<Vec<_>>()
        };
        assert_eq!(ids(page), [4, 3, 2, 1]);
        assert_eq!(ids(Page { limit: 2, ..page }), [4, 3]);
        assert_eq!(ids(Page { before: Some(JobId(3)), ..page }), [2, 1]);
        assert_eq!(ids(Page { kind: Some("a"), ..page }), [4, 3, 1]);
        let waiting = Page { state: Some(State::Waiting), ..page };
        assert_eq!(ids(waiting), [4, 2, 1]);
        assert_eq!(ids(Page { kind: Some("a"), before: Some(JobId(4)), ..waiting }), [1]);
        assert_eq!(ids(Page { state: Some(State::Dead), ..page }), [0i64; 0]);
        let counts = State::ALL.map(|state| read(&store, |tx| jobs::count(tx, state)));
        assert_eq!(counts, [3, 0, 0, 0, 1]);
        assert_eq!(read(&store, |tx| jobs::oldest_due(tx, at(-1))), None);
        assert_eq!(read(&store, |tx| jobs::oldest_due(tx, at(0))), Some(at(0)));
    });
}

#[test]
fn a_schedule_is_moved_on_once() {
    on_both(|database| {
        let store = small(database);
        let last = || read(&store, |tx| jobs::last_due(tx, "seal"));
        assert_eq!(last(), None);
        write(&store, |tx| jobs::begin(tx, "seal", at(0)));
        write(&store, |tx| jobs::begin(tx, "seal", at(50)));
        assert_eq!(last(), Some(at(0)));
        assert!(!write(&store, |tx| jobs::move_on(tx, "seal", at(1), at(9))));
        let moved: usize = thread::scope(|scope| {
            let all: Vec<_> = (0..6)
                .map(|_| {
                    scope.spawn(|| {
                        let store = Store::open(&database.url).unwrap();
                        write(&store, |tx| {
                            let ours = jobs::move_on(tx, "seal", at(0), at(5))?;
                            if ours {
                                jobs::enqueue(tx, &[new("audit.seal", None)])?;
                            }
                            Ok(ours)
                        })
                    })
                })
                .collect();
            all.into_iter().map(|one| usize::from(one.join().unwrap())).sum()
        });
        assert_eq!((moved, last()), (1, Some(at(5))));
        assert_eq!(count(&store, "SELECT COUNT(*) FROM jobs"), 1);
    });
}

#[test]
fn what_is_old_is_removed_in_batches() {
    on_both(|database| {
        let store = small(database);
        enqueue(&store, &[new("k", None); 5]);
        for id in 1..=4 {
            write(&store, |tx| jobs::cancel(tx, JobId(id), at(id)));
        }
        let expire = |secs| write(&store, |tx| jobs::expire_finished(tx, at(secs), 2));
        assert_eq!([expire(1), expire(4), expire(4), expire(4)], [0, 2, 1, 0]);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM jobs"), 2);

        let micros = at(0).unix_micros();
        let hash = "a".repeat(64);
        for n in 0..3 {
            let key = format!(
                "INSERT INTO idempotency_keys VALUES ('p:1', 'POST', '/x', 'k{n}', '{hash}', 201, \
                 '{{}}', '', {})",
                micros + n
            );
            let attempt = format!(
                "INSERT INTO sign_in_attempts (id, at, login, address, outcome) \
                 VALUES ({n}, {}, 'm', 'a', 'failed')",
                micros + n
            );
            let failure = format!(
                "INSERT INTO sign_in_failures VALUES ('m', 's{n}', 1, {}, {})",
                micros + n,
                if n == 0 { (micros + 10).to_string() } else { "NULL".to_owned() }
            );
            execute(&store, &[&key, &attempt, &failure]).unwrap();
        }
        let moment = |n: i64| Moment::from_unix_micros(micros + n);
        assert_eq!(write(&store, |tx| jobs::expire_keys(tx, moment(2), 1)), 1);
        assert_eq!(write(&store, |tx| jobs::expire_keys(tx, moment(2), 9)), 1);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM idempotency_keys WHERE key = 'k2'"), 1);
        assert_eq!(write(&store, |tx| jobs::expire_attempts(tx, moment(1), 9)), 1);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM sign_in_attempts"), 2);
        // The first one still locks somebody.
        assert_eq!(write(&store, |tx| jobs::expire_failures(tx, moment(9), moment(9), 9)), 2);
        assert_eq!(write(&store, |tx| jobs::expire_failures(tx, moment(9), moment(11), 9)), 1);
    });
}

#[test]
fn sessions_that_are_over_go_with_their_tokens() {
    on_both(|database| {
        let store = small(database);
        let person = "INSERT INTO people (id, login, name, role, state, password_hash, \
                      password_is_initial, sessions_from, created_at, updated_at) \
                      VALUES (1, 'm', 'M', 'owner', 'active', 'x', 0, 0, 0, 0)";
        execute(&store, &[person]).unwrap();
        let micros = at(0).unix_micros();
        // Expired, ended, and alive; two tokens each.
        for (id, expires, ended) in
            [("s1", micros - 1, None), ("s2", micros + 9, Some(micros - 1)), ("s3", micros, None)]
        {
            let (end, why) = match ended {
                Some(end) => (end.to_string(), "'signed_out'"),
                None => ("NULL".to_owned(), "NULL"),
            };
            let session = format!(
                "INSERT INTO sessions (id, person_id, user_agent, address, with_second_factor, \
                 created_at, proved_at, used_at, expires_at, ended_at, end_reason) \
                 VALUES ('{id}', 1, '', '', 0, 0, 0, 0, {expires}, {end}, {why})"
            );
            let token = |n: u32| {
                format!(
                    "INSERT INTO refresh_tokens VALUES ('{id}-{n}', '{id}', 0, {expires}, NULL)"
                )
            };
            execute(&store, &[&session, &token(1), &token(2)]).unwrap();
        }
        let over = |after: &str| read(&store, |tx| jobs::sessions_over(tx, after, at(0), 1));
        assert_eq!(over(""), ["s1"]);
        assert_eq!(over("s1"), ["s2"]);
        assert!(over("s2").is_empty());
        let both = ["s1".to_owned(), "s2".to_owned()];
        assert_eq!(write(&store, |tx| jobs::remove_sessions(tx, &both)), 2);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM refresh_tokens"), 2);
        assert_eq!(count(&store, "SELECT COUNT(*) FROM sessions WHERE id = 's3'"), 1);
    });
}
