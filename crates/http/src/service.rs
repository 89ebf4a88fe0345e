//! What every handler works with: the database, the clock, and the two ways through the gate,
//! reading and writing.
//!
//! It deliberately runs work on threads for blocking work, a limited number at a time, so that slow
//! statements never stop the answering of others. Only what is found by its key in a file of this
//! machine is read at once: handing that to a thread would take longer than the reading.

use crate::caller::Asked;
use crate::extract::{Asking, RawOnce};
use crate::in_flight::InFlight;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::pulse::Pulse;
use crate::remembered::Remembered;
use crate::reply::{Reply, respond};
use crate::writing::Writing;
use app::access::tokens::Claims;
use app::access::{Caller, Secrets, keys, sessions};
use app::gate::Passed;
use app::payments::Desk;
use app::reconciliation::Rules;
use app::{Actor, AppError, Epoch, Random, Store, Tx};
use axum::response::Response;
use domain::access::{Permission, Role};
use domain::calendar::Moment;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Pieces of work at the database at once; more wait for their turn.
const AT_WORK: usize = 64;
/// Passwords that are hashed at once, each in 19 MiB.
const HASHING: usize = 2;
/// Downloads at once: each may hold a connection to the database for long.
const DOWNLOADS: usize = 2;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Moment + Send + Sync>;

/// What the service is made of.
pub struct Parts {
    /// The database.
    pub store: Arc<Store>,
    /// The clock.
    pub clock: Clock,
    /// The keys by which tokens are known.
    pub secrets: Arc<Secrets>,
    /// Where secrets that are given out come from.
    pub random: Arc<dyn Random>,
    /// What is counted.
    pub metrics: Metrics,
    /// Roles that must have a second factor.
    pub second_factor_for: Vec<Role>,
    /// The worker of this process, if it has one.
    pub worker: Option<Pulse>,
    /// What the settings say about payments.
    pub payments: Desk,
    /// What counts as late when the books are compared.
    pub reconciliation: Rules,
}

/// The service; a copy of it is a handle.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    parts: Parts,
    at_work: Semaphore,
    /// As many as can read at once: others wait here, where waiting takes no thread.
    reading: Semaphore,
    hashing: Semaphore,
    downloads: Arc<Semaphore>,
    in_flight: InFlight,
    remembered: Remembered,
    /// Where there is one writer at a time.
    writing: Option<Writing>,
}

impl Service {
    /// A service of these parts; fails when there is no thread to be had.
    pub fn new(parts: Parts) -> std::io::Result<Self> {
        let (at_work, hashing) = (Semaphore::new(AT_WORK), Semaphore::new(HASHING));
        let one_writer = parts.store.writers() == 1;
        let writing = one_writer.then(|| Writing::begin(Arc::clone(&parts.store))).transpose()?;
        let (in_flight, remembered) = (InFlight::default(), Remembered::default());
        let downloads = Arc::new(Semaphore::new(DOWNLOADS));
        let reading = Semaphore::new(parts.store.readers());
        let inner =
            Inner { parts, at_work, reading, hashing, downloads, in_flight, remembered, writing };
        Ok(Self(Arc::new(inner)))
    }

    /// The time.
    pub fn now(&self) -> Moment {
        (self.0.parts.clock)()
    }

    /// The keys by which tokens are known.
    pub fn secrets(&self) -> &Arc<Secrets> {
        &self.0.parts.secrets
    }

    /// Where secrets that are given out come from.
    pub fn random(&self) -> &Arc<dyn Random> {
        &self.0.parts.random
    }

    /// What is counted.
    pub fn metrics(&self) -> &Metrics {
        &self.0.parts.metrics
    }

    /// What the settings say about payments.
    pub fn payments(&self) -> &Desk {
        &self.0.parts.payments
    }

    /// What counts as late when the books are compared.
    pub fn reconciliation(&self) -> Rules {
        self.0.parts.reconciliation
    }

    /// The database.
    pub(crate) fn store(&self) -> &Store {
        &self.0.parts.store
    }

    /// What was read lately.
    pub(crate) fn remembered(&self) -> &Remembered {
        &self.0.remembered
    }

    /// Whether the worker of this process is alive, if it has one.
    pub fn worker_alive(&self) -> Option<bool> {
        self.0.parts.worker.as_ref().map(|pulse| pulse.is_alive(self.now()))
    }

    /// Leave for one more download, if there is any.
    pub fn download_permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.downloads).try_acquire_owned().ok()
    }

    /// Runs work on a thread for blocking work.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let _permit = self.0.at_work.acquire().await.map_err(|_| stopped())?;
        let store = Arc::clone(&self.0.parts.store);
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        Ok(done.map_err(|_| stopped())??)
    }

    /// Refuses what a caller may not do, and who must have a second factor and has none.
    pub(crate) fn permit(&self, caller: &Caller, permission: Permission) -> Result<(), AppError> {
        caller.may(permission)?;
        let required = self.0.parts.second_factor_for.contains(&caller.role);
        let has = caller.has_second_factor || permission == Permission::Own;
        if required && !has {
            let what = "the role must have a second factor; set one up first, by POST \
                        /api/v1/me/second-factor";
            return Err(AppError::NotAllowed(what.to_owned()));
        }
        Ok(())
    }

    /// Runs work that hashes passwords, which takes memory: few at a time.
    pub async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let _permit = self.0.hashing.acquire().await.map_err(|_| stopped())?;
        self.run(work).await
    }

    /// Does something in transactions of its own, after the caller has been found to be who they
    /// say, and allowed to if a permission is named.
    pub async fn act<T: Send + 'static>(
        &self,
        asking: Asking,
        permission: Option<Permission>,
        work: impl FnOnce(&Store, &Caller, &Actor) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let at = self.now();
        let service = self.clone();
        self.run(move |store| {
            let (caller, used) =
                store.read(|tx| asking.asked.identify(tx, service.secrets(), at))?;
            if let Some(permission) = permission {
                service.permit(&caller, permission)?;
            }
            note_use(store, used, at);
            let actor = caller.actor(at, Some(&asking.request_id));
            work(store, &caller, &actor)
        })
        .await
    }

    /// The same for work that hashes passwords. Without a permission it may be done while the
    /// password must still be changed.
    pub async fn act_hashing<T: Send + 'static>(
        &self,
        asking: Asking,
        permission: Option<Permission>,
        work: impl FnOnce(&Store, &Caller, &Actor) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let _permit = self.0.hashing.acquire().await.map_err(|_| stopped())?;
        self.act(asking, permission, work).await
    }

    /// Reads, after the caller has been found to be who they say and allowed to.
    pub async fn read<T: Send + 'static>(
        &self,
        asking: &Asking,
        permission: Permission,
        work: impl FnOnce(&mut Tx<'_>, &Caller) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let (asked, at, service) = (asking.asked.clone(), self.now(), self.clone());
        let _turn = self.0.reading.acquire().await.map_err(|_| stopped())?;
        self.run(move |store| {
            // Before the transaction begins, so that what it reads is at least as new.
            let epoch = store.epoch();
            let known = store.read(|tx| service.recalled(tx, epoch, &asked, permission, at, work));
            Ok(noted(store, known?, at))
        })
        .await
    }

    /// Reads what is found by its key: at once where that takes no longer than handing it to
    /// another thread would.
    pub async fn look<T: Send + 'static>(
        &self,
        asking: &Asking,
        permission: Permission,
        work: impl FnOnce(&mut Tx<'_>, &Caller) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, Problem> {
        let store = &self.0.parts.store;
        let epoch = store.epoch();
        let Some(reader) = store.free_reader() else {
            return self.read(asking, permission, work).await;
        };
        let at = self.now();
        let (done, used) =
            reader.read(|tx| self.recalled(tx, epoch, &asking.asked, permission, at, work))?;
        if used.is_some() {
            let store = Arc::clone(store);
            tokio::task::spawn_blocking(move || note_use(&store, used, at));
        }
        Ok(done)
    }

    /// Does a work in a transaction for a caller who is known and allowed to. Who they are is read
    /// once between two commits.
    fn recalled<T>(
        &self,
        tx: &mut Tx<'_>,
        epoch: Option<Epoch>,
        asked: &Asked,
        permission: Permission,
        at: Moment,
        work: impl FnOnce(&mut Tx<'_>, &Caller) -> Result<T, AppError>,
    ) -> Result<(T, Option<i64>), AppError> {
        let (caller, used) = match (epoch, asked) {
            (Some(epoch), Asked::Token(_, Some(claims))) => {
                (self.remembered_caller(tx, epoch, claims, at)?, None)
            }
            (Some(epoch), Asked::Key(key)) => self.remembered_key(tx, epoch, key, at)?,
            _ => asked.identify(tx, self.secrets(), at)?,
        };
        self.permit(&caller, permission)?;
        Ok((work(tx, &caller)?, used))
    }

    /// Who asks with a token; their session is read once for all requests between two commits.
    fn remembered_caller(
        &self,
        tx: &mut Tx<'_>,
        epoch: Epoch,
        claims: &Claims,
        at: Moment,
    ) -> Result<Caller, AppError> {
        let remembered = &self.0.remembered;
        if let Some(found) = remembered.session(epoch, &claims.session) {
            return sessions::judge(self.secrets(), &found, claims, at).cloned();
        }
        let found = Arc::new(sessions::find(tx, claims)?);
        remembered.keep_session(epoch, &claims.session, Arc::clone(&found));
        sessions::judge(self.secrets(), &found, claims, at).cloned()
    }

    /// Who asks with a key, and its number if its use is to be noted; it is read once for all
    /// requests between two commits.
    fn remembered_key(
        &self,
        tx: &mut Tx<'_>,
        epoch: Epoch,
        key: &str,
        at: Moment,
    ) -> Result<(Caller, Option<i64>), AppError> {
        let remembered = &self.0.remembered;
        let found = if let Some(found) = remembered.key(epoch, key) {
            found
        } else {
            let found = Arc::new(keys::find(tx, key)?);
            remembered.keep_key(epoch, key, Arc::clone(&found));
            found
        };
        let checked = keys::judge(&found, at)?;
        let used = checked.caller.key.filter(|_| checked.note_use);
        Ok((checked.caller, used))
    }

    /// Writes, after the caller has been found to be who they say and allowed to: once per
    /// Idempotency-Key.
    pub async fn write(
        &self,
        asking: Asking,
        permission: Permission,
        work: impl FnOnce(&mut Tx<'_>, &Caller, &Actor) -> Result<Reply, AppError> + Send + 'static,
    ) -> Result<Response, Problem> {
        let at = self.now();
        let _alone = match &asking.once {
            Some(once) => Some(self.0.in_flight.enter(&once.key).ok_or_else(outstanding)?),
            None => None,
        };
        let replayed = asking.once.clone();
        let service = self.clone();
        let work = move |tx: &mut Tx<'_>| {
            let (caller, used) = asking.asked.identify(tx, service.secrets(), at)?;
            service.permit(&caller, permission)?;
            if let Some(key) = used {
                keys::note_use_in(tx, key, at)?;
            }
            let actor = caller.actor(at, Some(&asking.request_id));
            let once = asking.once.as_ref().map(|once| once.of(&caller));
            app::gate::pass(tx, once.as_ref(), at, |tx| work(tx, &caller, &actor)?.kept())
        };
        let passed = match &self.0.writing {
            Some(writing) => writing.run(work).await.ok_or_else(stopped)??,
            None => self.run(move |store| store.write(work)).await?,
        };
        Ok(match passed {
            Passed::Now(answer) => respond(answer, false),
            Passed::Before(answer) => {
                let operation = replayed.as_ref().and_then(RawOnce::operation);
                self.metrics().idempotent_hit(operation.unwrap_or(permission.as_str()));
                respond(answer, true)
            }
        })
    }
}

/// What was read, after the use of a key has been noted.
fn noted<T>(store: &Store, (done, used): (T, Option<i64>), at: Moment) -> T {
    note_use(store, used, at);
    done
}

/// Notes the use of a key. What the request was about matters more: that it could not be noted is
/// only logged.
fn note_use(store: &Store, key: Option<i64>, at: Moment) {
    if let Some(key) = key
        && let Err(error) = keys::note_use(store, key, at)
    {
        tracing::warn!(%error, key, "the use of a key could not be noted");
    }
}

fn stopped() -> Problem {
    Problem::new(Code::Internal, Code::Internal.meaning())
}

fn outstanding() -> Problem {
    Problem::from(AppError::RequestOutstanding)
}
