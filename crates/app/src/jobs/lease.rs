//! The leases on the jobs at work: renewed while handlers run, and taken over when a worker has
//! died.
//!
//! It deliberately does not stop a handler whose lease is lost; it tells it, and what the handler
//! answers is not kept.

use crate::AppError;
use domain::calendar::Moment;
use domain::ids::JobId;
use domain::jobs::later;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::jobs::{self, Claim};
use store::{Store, StoreError};

/// How long a worker may be silent before its jobs are taken over.
pub(super) const LEASE: Duration = Duration::from_mins(1);
/// How often leases are renewed: three renewals may fail before one is lost.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);
/// Jobs taken over in one transaction.
const TAKEN_OVER_AT_ONCE: u32 = 100;

/// The jobs at work in this program.
#[derive(Default)]
pub(super) struct Held {
    claims: Mutex<BTreeMap<JobId, (Claim, Arc<AtomicBool>)>>,
}

impl Held {
    fn claims(&self) -> MutexGuard<'_, BTreeMap<JobId, (Claim, Arc<AtomicBool>)>> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a job; the flag is set when its lease is lost.
    pub(super) fn add(&self, claim: Claim) -> Arc<AtomicBool> {
        let lost = Arc::new(AtomicBool::new(false));
        self.claims().insert(claim.id, (claim, Arc::clone(&lost)));
        lost
    }

    /// Forgets a job that has ended, unless the same program has claimed it anew meanwhile.
    pub(super) fn remove(&self, claim: &Claim) {
        let mut claims = self.claims();
        if claims.get(&claim.id).is_some_and(|(kept, _)| kept == claim) {
            claims.remove(&claim.id);
        }
    }

    /// Renews all leases.
    pub(super) fn renew(&self, store: &Store, now: Moment) -> Result<(), StoreError> {
        let held: Vec<_> = self.claims().values().cloned().collect();
        if held.is_empty() {
            return Ok(());
        }
        let until = later(now, LEASE);
        let ours = store.write(|tx| {
            let mut ours = Vec::with_capacity(held.len());
            for (claim, _) in &held {
                ours.push(jobs::extend(tx, claim, until)?);
            }
            Ok::<_, StoreError>(ours)
        })?;
        for ((_, lost), _) in held.iter().zip(ours).filter(|(_, ours)| !ours) {
            lost.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// What became of jobs whose worker has died.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TakenOver {
    /// Jobs that wait for another worker.
    pub(super) freed: u64,
    /// Jobs that were given up, because it was their last attempt.
    pub(super) dead: u64,
}

/// Takes jobs from workers that have not renewed their lease. The attempt counts: a job that kills
/// its workers is given up in the end. There is no pause, the lease was one.
pub(super) fn take_over(store: &Store, now: Moment) -> Result<TakenOver, AppError> {
    store.write(|tx| {
        let mut freed = Vec::new();
        let mut dead = Vec::new();
        for job in jobs::expired(tx, now, TAKEN_OVER_AT_ONCE)? {
            let worker = job.worker.as_deref().unwrap_or("unknown");
            let error = format!("the worker {worker} went away without a word");
            if job.attempts < job.max_attempts {
                freed.push((job.id, error));
            } else {
                dead.push((job.id, format!("{error}, in the last of {} attempts", job.attempts)));
            }
        }
        jobs::free(tx, &freed, now)?;
        jobs::bury(tx, &dead, now)?;
        Ok(TakenOver { freed: freed.len() as u64, dead: dead.len() as u64 })
    })
}

#[cfg(test)]
mod tests {
    use super::{Held, LEASE, take_over};
    use domain::calendar::Moment;
    use domain::jobs::later;
    use std::sync::atomic::Ordering;
    use std::time::Duration;
    use store::jobs::{self, Claim, NewJob};
    use store::{Store, StoreError};
    use testkit::on_both;

    #[test]
    fn leases_are_renewed_until_somebody_else_has_them() {
        on_both(|database| {
            let store = Store::create(&database.url).unwrap();
            let start = Moment::from_unix_micros(1_000_000);
            let at = |secs| later(start, Duration::from_secs(secs));
            let new = NewJob {
                kind: "work",
                payload: "{}",
                unique_key: None,
                run_at: start,
                max_attempts: 2,
                request: None,
                created_at: start,
            };
            let claims: Vec<Claim> = store
                .write(|tx| {
                    jobs::enqueue(tx, &[new, new])?;
                    let claimed = jobs::claim(tx, "w", start, later(start, LEASE), 2)?;
                    let claim = |job: jobs::Job| Claim {
                        id: job.id,
                        worker: "w".to_owned(),
                        attempt: job.attempts,
                    };
                    Ok::<_, StoreError>(claimed.into_iter().map(claim).collect())
                })
                .unwrap();
            let held = Held::default();
            held.renew(&store, at(1)).unwrap();
            let lost: Vec<_> = claims.iter().map(|claim| held.add(claim.clone())).collect();
            // Renewed in time, again and again, they are nobody else's.
            for secs in [50, 100, 150] {
                held.renew(&store, at(secs)).unwrap();
                assert_eq!(take_over(&store, at(secs + 59)).unwrap().freed, 0);
            }
            // One ends; the other is forgotten for too long.
            assert!(store.write(|tx| jobs::done(tx, &claims[0], None, at(160))).unwrap());
            held.remove(&claims[0]);
            assert_eq!(take_over(&store, at(211)).unwrap().freed, 1);
            held.renew(&store, at(212)).unwrap();
            let lost: Vec<_> = lost.iter().map(|lost| lost.load(Ordering::Relaxed)).collect();
            assert_eq!(lost, [false, true]);
            // The same program claims it anew: the old claim does not make it forget the new one.
            let anew = Claim { attempt: 2, ..claims[1].clone() };
            held.add(anew.clone());
            held.remove(&claims[1]);
            assert_eq!(held.claims().len(), 1);
            held.remove(&anew);
            assert!(held.claims().is_empty());
        });
    }
}
