//! The queue of deliveries, and the threads that keep them: all that wait in one transaction, so
//! that one flush of the disk serves all. A bad one falls out alone.
//!
//! It deliberately loses nothing that was answered: the answer follows the commit.

use super::Waiting;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::service::Clock;
use app::webhooks::{Delivery, Receipt, keep_failed, receive};
use app::{AppError, Store, StoreError};
use domain::calendar::Moment;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Deliveries that may wait; who comes then waits for a place among them.
const PLACES: usize = 2_048;
/// Deliveries in one transaction.
const MOST_TOGETHER: usize = 256;
/// How often a set is tried before each is tried alone: another process may have been quicker with
/// one of them.
const TRIES_TOGETHER: usize = 2;
/// How often one is tried alone.
const TRIES_ALONE: usize = 3;
/// How long a set waits for as many as there were in the last one, where a set costs exchanges with
/// a server. Without them it costs too little to wait for.
const LINGER: Duration = Duration::from_millis(1);
/// Between two looks whether they have come.
const LINGER_STEP: Duration = Duration::from_micros(100);

/// The queue of deliveries.
pub(super) struct Queue {
    places: mpsc::Sender<Waiting>,
    metrics: Metrics,
}

impl Queue {
    /// A queue, and the threads that work it off until it is dropped.
    pub(super) fn begin(
        store: &Arc<Store>,
        writers: NonZeroUsize,
        clock: &Clock,
        metrics: Metrics,
    ) -> std::io::Result<Self> {
        let (places, waiting) = mpsc::channel(PLACES);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 1..=writers.get() {
            let linger = if store.writers() == 1 { Duration::ZERO } else { LINGER };
            let keeper = Keeper { store: Arc::clone(store), clock: Arc::clone(clock), linger };
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name(format!("webhooks-{number}"))
                .spawn(move || keeper.work_off(&waiting))?;
        }
        Ok(Self { places, metrics })
    }

    /// Keeps a delivery with those that wait; answers after the commit.
    pub(super) async fn keep(&self, delivery: Delivery) -> Result<Receipt, Problem> {
        let stopped = || Problem::new(Code::Internal, Code::Internal.meaning());
        let (answer, answered) = oneshot::channel();
        let _counted = self.metrics.webhook_waits();
        self.places.send(Waiting { delivery, answer }).await.map_err(|_| stopped())?;
        Ok(answered.await.map_err(|_| stopped())??)
    }
}

/// One thread's work.
struct Keeper {
    store: Arc<Store>,
    clock: Clock,
    linger: Duration,
}

impl Keeper {
    fn work_off(&self, waiting: &Mutex<mpsc::Receiver<Waiting>>) {
        let mut usual = 1;
        loop {
            let mut held = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let batch = take(&mut held, usual, self.linger);
            drop(held);
            if batch.is_empty() {
                return;
            }
            usual = batch.len();
            let (deliveries, answers): (Vec<Delivery>, Vec<_>) =
                batch.into_iter().map(|one| (one.delivery, one.answer)).unzip();
            let receipts = self.keep(&deliveries);
            for (answer, receipt) in answers.into_iter().zip(receipts) {
                // Nobody listens when the caller has gone away.
                let _ = answer.send(receipt);
            }
        }
    }

    /// Keeps a set, or each of it alone.
    fn keep(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt, AppError>> {
        let at = (self.clock)();
        for _ in 0..TRIES_TOGETHER {
            if let Ok(receipts) = self.try_keep(deliveries, at) {
                return receipts.into_iter().map(Ok).collect();
            }
        }
        deliveries.iter().map(|delivery| self.keep_alone(delivery, at)).collect()
    }

    fn try_keep(&self, deliveries: &[Delivery], at: Moment) -> Result<Vec<Receipt>, AppError> {
        let work = || self.store.write(|tx| receive(tx, deliveries, at));
        // One that panics must not end the thread that all others wait for.
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            Err(StoreError::Other("the work was given up in the middle".to_owned()).into())
        })
    }

    /// Keeps one. When what it tells cannot be booked, it is kept all the same and tried later;
    /// only when it cannot even be kept is the gateway told to come again.
    fn keep_alone(&self, delivery: &Delivery, at: Moment) -> Result<Receipt, AppError> {
        let one = std::slice::from_ref(delivery);
        let mut failed = None;
        for _ in 0..TRIES_ALONE {
            match self.try_keep(one, at) {
                Ok(receipts) => return receipts.into_iter().next().ok_or_else(lost),
                Err(error) => failed = Some(error),
            }
        }
        let why = failed.map_or_else(String::new, |error| error.to_string());
        tracing::warn!(event = delivery.event_id, error = why, "an event could not be booked");
        self.store.write(|tx| keep_failed(tx, delivery, &why, at))
    }
}

fn lost() -> AppError {
    AppError::Changed("a delivery".to_owned())
}

/// Waits for a delivery and takes all that wait with it; nothing when the queue has ended. Those
/// who have just been answered are likely to come again at once: as many as the last time are given
/// a moment.
fn take(waiting: &mut mpsc::Receiver<Waiting>, usual: usize, linger: Duration) -> Vec<Waiting> {
    let mut batch = Vec::new();
    if waiting.blocking_recv_many(&mut batch, MOST_TOGETHER) == 0 {
        return Vec::new();
    }
    let until = Instant::now() + linger;
    while batch.len() < usual && Instant::now() < until {
        std::thread::sleep(LINGER_STEP);
        while batch.len() < MOST_TOGETHER
            && let Ok(one) = waiting.try_recv()
        {
            batch.push(one);
        }
    }
    batch
}
