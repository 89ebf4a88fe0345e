//! What every handler works with: the database, the clock, and the two ways through the gate,
//! reading and writing.
//!
//! It deliberately runs all work on threads for blocking work, a limited number at a time, so that
//! slow statements never stop the answering of others.

use crate::extract::Asking;
use crate::in_flight::InFlight;
use crate::metrics::Metrics;
use crate::problem::{Code, Problem};
use crate::pulse::Pulse;
use app::access::{Caller, Secrets, keys};
use app::gate::{Answer, Passed};
use app::{Actor, AppError, Random, Store, Tx};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::{Permission, Role};
use domain::calendar::Moment;
use serde::Serialize;
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
}

/// The service; a copy of it is a handle.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    parts: Parts,
    at_work: Semaphore,
    hashing: Semaphore,
    downloads: Arc<Semaphore>,
    in_flight: InFlight,
}

impl Service {
    /// A service of these parts.
    pub fn new(parts: Parts) -> Self {
        let (at_work, hashing) = (Semaphore::new(AT_WORK), Semaphore::new(HASHING));
        let downloads = Arc::new(Semaphore::new(DOWNLOADS));
        let in_flight = InFlight::default();
        Self(Arc::new(Inner { parts, at_work, hashing, downloads, in_flight }))
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
    fn permit(&self, caller: &Caller, permission: Permission) -> Result<(), AppError> {
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
        let (at, secrets) = (self.now(), Arc::clone(self.secrets()));
        let service = self.clone();
        self.run(move |store| {
            let (caller, used) = store.read(|tx| asking.asked.identify(tx, &secrets, at))?;
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
        let (asked, at) = (asking.asked.clone(), self.now());
        let secrets = Arc::clone(self.secrets());
        let service = self.clone();
        self.run(move |store| {
            let (done, used) = store.read(|tx| {
                let (caller, used) = asked.identify(tx, &secrets, at)?;
                service.permit(&caller, permission)?;
                Ok::<_, AppError>((work(tx, &caller)?, used))
            })?;
            note_use(store, used, at);
            Ok(done)
        })
        .await
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
        let secrets = Arc::clone(self.secrets());
        let _alone = match &asking.once {
            Some(once) => Some(self.0.in_flight.enter(&once.key).ok_or_else(outstanding)?),
            None => None,
        };
        let operation = permission.as_str();
        let service = self.clone();
        let passed = self
            .run(move |store| {
                store.write(|tx| {
                    let (caller, used) = asking.asked.identify(tx, &secrets, at)?;
                    service.permit(&caller, permission)?;
                    if let Some(key) = used {
                        keys::note_use_in(tx, key, at)?;
                    }
                    let actor = caller.actor(at, Some(&asking.request_id));
                    let once = asking.once.as_ref().map(|once| once.of(&caller));
                    app::gate::pass(tx, once.as_ref(), at, |tx| work(tx, &caller, &actor)?.kept())
                })
            })
            .await?;
        Ok(match passed {
            Passed::Now(answer) => respond(answer, false),
            Passed::Before(answer) => {
                self.metrics().idempotent_hit(operation);
                respond(answer, true)
            }
        })
    }
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

/// What a handler that writes answers.
#[derive(Debug)]
pub struct Reply {
    status: StatusCode,
    headers: Vec<(HeaderName, String)>,
    body: serde_json::Result<String>,
}

impl Reply {
    /// Done: the thing as it is now.
    pub fn ok(body: &impl Serialize) -> Self {
        Self::with_status(StatusCode::OK, body)
    }

    /// Added: the thing, and where it is.
    pub fn created(place: String, body: &impl Serialize) -> Self {
        Self::with_status(StatusCode::CREATED, body).header(header::LOCATION, place)
    }

    /// Accepted for later: what will do it, and where that is.
    pub fn accepted(place: String, body: &impl Serialize) -> Self {
        Self::with_status(StatusCode::ACCEPTED, body).header(header::LOCATION, place)
    }

    /// Done, with nothing to show.
    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, headers: Vec::new(), body: Ok(String::new()) }
    }

    fn with_status(status: StatusCode, body: &impl Serialize) -> Self {
        Self { status, headers: Vec::new(), body: serde_json::to_string(body) }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With the version of the thing, for If-Match.
    #[must_use]
    pub fn version(self, version: i64) -> Self {
        self.header(header::ETAG, etag(version))
    }

    fn kept(self) -> Result<Answer, AppError> {
        let body = self.body.map_err(|error| AppError::Output(error.to_string()))?;
        let lines: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Ok(Answer { status: self.status.as_u16(), headers: lines.join("\n"), body })
    }
}

/// The ETag of a version.
pub fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// An answer of the gate as a response.
fn respond(answer: Answer, replayed: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, answer.body).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_TYPE);
    } else {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for line in answer.headers.lines() {
        let Some((name, value)) = line.split_once(": ") else { continue };
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    if replayed {
        let name = HeaderName::from_static("idempotent-replayed");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    response
}
