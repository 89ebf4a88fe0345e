//! Writes that wait at the same time are made by one thread in one transaction: each is kept or
//! undone by itself, one flush of the disk serves all, and nobody is answered before it.
//!
//! It deliberately is for databases with one writer; where several can write at once, works that
//! share a transaction would hold each other's locks.

use app::{AppError, Checkpoints, Store, StoreError, Tx};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc as channel};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Works that may wait; who comes then waits for a place among them.
const QUEUE: usize = 1_024;
/// Works in one transaction.
const MOST_TOGETHER: usize = 128;
/// How long a transaction may take in further works.
const TAKE_IN_FOR: Duration = Duration::from_millis(10);

/// Between two moves of what was committed into the database's file.
const CHECKPOINT_EVERY: Duration = Duration::from_millis(500);

/// The queue of works for the thread that writes.
pub(crate) struct Writing {
    queue: mpsc::Sender<Box<dyn Job>>,
    /// Dropped with the queue, which ends the moving.
    _until: channel::Sender<()>,
}

/// A work in the queue.
trait Job: Send {
    /// Runs it; says whether what it did is to be kept.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Answers whoever waits for it.
    fn end(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Work<T, F> {
    task: Option<F>,
    done: Option<Result<T, AppError>>,
    answer: oneshot::Sender<Result<T, AppError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(task) = self.task.take() else { return false };
        // A work that panics is undone and its caller told; the others go on.
        self.done = catch_unwind(AssertUnwindSafe(|| task(tx))).ok();
        matches!(self.done, Some(Ok(_)))
    }

    fn end(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (committed, self.done) {
            (Err(error), _) => Err(error.into()),
            (Ok(()), Some(done)) => done,
            // Without an answer, the receiver learns that the work has panicked.
            (Ok(()), None) => return,
        };
        // Nobody listens when the caller has gone away.
        let _ = self.answer.send(answer);
    }
}

impl Writing {
    /// A queue, and the thread that works it off until the queue is dropped.
    pub(crate) fn begin(store: Arc<Store>) -> std::io::Result<Self> {
        let thread = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let (until, ended) = channel::channel();
        match store.checkpoints() {
            Ok(Some(checkpoints)) => {
                thread("checkpoints").spawn(move || checkpoint(&checkpoints, &ended))?;
            }
            Ok(None) => {}
            // Commits then do it themselves, as they would without this program.
            Err(error) => tracing::warn!(%error, "checkpoints are left to those who write"),
        }
        let (queue, works) = mpsc::channel(QUEUE);
        thread("writing").spawn(move || work_off(&store, works))?;
        Ok(Self { queue, _until: until })
    }

    /// Runs a work with those that wait; answers after the commit. Nothing is answered when the
    /// work has panicked.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, AppError> + Send + 'static,
    ) -> Option<Result<T, AppError>> {
        let (answer, answered) = oneshot::channel();
        let job = Work { task: Some(work), done: None, answer };
        self.queue.send(Box::new(job)).await.ok()?;
        answered.await.ok()
    }
}

/// Moves what was committed into the database's file, until the service ends.
fn checkpoint(checkpoints: &Checkpoints, ended: &channel::Receiver<()>) {
    while let Err(channel::RecvTimeoutError::Timeout) = ended.recv_timeout(CHECKPOINT_EVERY) {
        if let Err(error) = checkpoints.run() {
            // It is tried again; meanwhile the journal grows, and commits help.
            tracing::warn!(%error, "what was committed could not be moved into the file");
        }
    }
}

fn work_off(store: &Store, mut works: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = works.blocking_recv() {
        let began = Instant::now();
        let mut coming = Some(first);
        let mut done: Vec<Box<dyn Job>> = Vec::new();
        let committed = store.write_together(|tx| {
            if coming.is_none() && done.len() < MOST_TOGETHER && began.elapsed() < TAKE_IN_FOR {
                coming = works.try_recv().ok();
            }
            let mut job = coming.take()?;
            let keep = job.run(tx);
            done.push(job);
            Some(keep)
        });
        // One that the transaction did not even begin with is answered like the others.
        for job in done.into_iter().chain(coming) {
            job.end(committed.clone());
        }
    }
}
