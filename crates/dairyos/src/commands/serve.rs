//! `dairyos serve`: the service, until it is told to stop.
//!
//! It deliberately only wires: settings, log, database, keys, routes.

use crate::cli::ServeArgs;
use crate::random::System;
use crate::settings::{self, Key, Secret, Settings, SignIn, environment};
use crate::{clock, logging};
use app::access::breached::Breached;
use app::access::{KeyRing, Policy, Secrets};
use app::jobs::{Event, RECONCILE, Registry, Stop, THREADS_MOST, Worker, reconcile};
use app::webhooks::{Keys, Secrets as WebhookSecrets, SecretsError};
use app::{AppError, Random};
use domain::access::Role;
use http_api::layers::caller_address::TrustedProxies;
use http_api::layers::request_id::RequestIds;
use http_api::layers::security_headers::SecurityHeaders;
use http_api::limits::{Limiter, REDIS_TIMEOUT};
use http_api::metrics::Metrics;
use http_api::webhooks::Webhooks;
use http_api::{Clock, Parts, Pulse, Service, Surroundings};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The program's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Whom tokens are for.
const AUDIENCE: &str = "dairyos-api";

/// Serves.
pub fn execute(
    config: Option<&Path>,
    database: Option<String>,
    args: &ServeArgs,
) -> Result<bool, AppError> {
    let mut failed = None;
    let mut random = |bytes: &mut [u8]| failed = System.fill(bytes).err();
    let (settings, made) = settings::for_serving(config, &environment::read(), &mut random)
        .map_err(|error| AppError::BadArgument(error.to_string()))?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    let _guard = logging::init(&settings, VERSION).map_err(AppError::BadArgument)?;
    for name in made {
        tracing::warn!(key = name, "made at random: everybody signs in again after a restart");
    }
    let url = database.unwrap_or_else(|| settings.database.url.expose().to_owned());
    let connections = usize::try_from(settings.database.connections).unwrap_or(1);
    let store = Arc::new(Store::open_with(&url, connections)?);
    let threads = usize::try_from(settings.jobs.threads).unwrap_or(0);
    let has_worker = threads > 0 && !args.no_worker;
    let pulse = Pulse::new(clock::now());
    let metrics = Metrics::new(VERSION);
    let counts = metrics.clone();
    let desk = settings::payments::desk(&settings, move |called| counts.gateway_call(called));
    let desk = desk.map_err(|problems| settings::payments::error(&problems))?;
    let silence = settings.gateways.silence();
    let mut registry = Registry::with_gateways(&desk.gateways);
    registry.watch_silence(silence);
    registry.add(RECONCILE, reconcile(settings.reconciliation.rules(), desk.gateways.clone()));
    let service = Service::new(Parts {
        store: Arc::clone(&store),
        clock: Arc::new(clock::now),
        secrets: Arc::new(secrets(&settings)?),
        random: Arc::new(System),
        metrics: metrics.clone(),
        second_factor_for: Role::ALL
            .into_iter()
            .filter(|role| settings.sign_in.needs_second_factor(*role))
            .collect(),
        worker: has_worker.then(|| pulse.clone()),
        payments: desk,
        reconciliation: settings.reconciliation.rules(),
    })
    .map_err(|error| AppError::Output(format!("a thread that writes: {error}")))?;
    let mut around = surroundings(&settings)?;
    metrics.watch_silence(silence);
    around.webhooks = Some(webhooks(&settings, &store, metrics, &around)?);
    let listen = args.listen.unwrap_or(settings.http.listen);
    let headers = Duration::from_secs(settings.http.header_read_timeout_secs);
    let stop = Stop::new();
    std::thread::scope(|scope| {
        if has_worker {
            scope.spawn(|| work(&store, &registry, threads, &stop, &pulse));
        }
        let served = run(service, &around, listen, headers);
        stop.request();
        served
    })?;
    Ok(true)
}

/// Does jobs until the service ends.
fn work(store: &Store, registry: &Registry, threads: usize, stop: &Stop, pulse: &Pulse) {
    let mut bytes = [0; 4];
    // Without randomness the name is still that of this process.
    let _ = System.fill(&mut bytes);
    let name = format!("{}-{:08x}", std::process::id(), u32::from_be_bytes(bytes));
    let worker = Worker {
        store,
        registry,
        // Whoever asks for the time is alive.
        clock: &|| {
            let now = clock::now();
            pulse.beat(now);
            now
        },
        // Without randomness the pauses are shorter, and the work goes on.
        random: &|bytes| {
            let _ = System.fill(bytes);
        },
        hear: &told,
        name: &name,
        threads: threads.min(THREADS_MOST),
    };
    worker.run(stop);
}

/// One line of the log for each thing that happens to jobs.
fn told(event: &Event<'_>) {
    match event {
        Event::Begun(job) => {
            tracing::debug!(task_id = job.id.0, kind = job.kind, attempt = job.attempts, "begun");
        }
        Event::Done(job) => tracing::info!(task_id = job.id.0, kind = job.kind, "done"),
        Event::Failed(job, error, next) => {
            tracing::warn!(task_id = job.id.0, kind = job.kind, error, %next, "failed");
        }
        Event::Dead(job, error) => {
            tracing::error!(task_id = job.id.0, kind = job.kind, error, "given up");
        }
        Event::Lost(job) => {
            tracing::warn!(task_id = job.id.0, kind = job.kind, "the lease was lost");
        }
        Event::Scheduled(count) => tracing::debug!(count, "enqueued by schedule"),
        Event::TakenOver(freed, dead) => {
            tracing::warn!(freed, dead, "taken over from workers that were silent");
        }
        Event::Trouble(error) => tracing::error!(%error, "the worker cannot work"),
    }
}

/// The keys of tokens and second factors. A key of a second factor is the SHA-256 of its text,
/// which has the length that the cipher needs.
fn secrets(settings: &Settings) -> Result<Secrets, AppError> {
    let ring = |keys: &[Key], bytes: fn(&str) -> Vec<u8>| {
        KeyRing::new(keys.iter().map(|key| (key.kid.clone(), bytes(key.secret.expose()))).collect())
    };
    let tokens = ring(&settings.sign_in.token_keys, |text| text.as_bytes().to_vec())?;
    let factors = ring(&settings.sign_in.totp_keys, |text| Sha256::digest(text).to_vec())?;
    let issuer = match settings.http.public_url.as_str() {
        "" => "dairyos",
        url => url,
    };
    Ok(Secrets::new(issuer, AUDIENCE, tokens, factors)?.under(policy(&settings.sign_in)?))
}

/// The rules of signing in.
fn policy(sign_in: &SignIn) -> Result<Policy, AppError> {
    let minutes = i64::from(sign_in.session_idle_minutes);
    let file = Path::new(&sign_in.breached_passwords_file);
    let is_named = !sign_in.breached_passwords_file.is_empty();
    Ok(Policy {
        idle_secs: (minutes > 0).then_some(minutes * 60),
        idle_for: sign_in.session_idle_for.iter().map(|name| name.0.0).collect(),
        breached: is_named.then(|| Breached::open(file)).transpose()?,
    })
}

/// Who takes in deliveries of gateways. A gateway without a secret is refused.
fn webhooks(
    settings: &Settings,
    store: &Arc<Store>,
    metrics: Metrics,
    around: &Surroundings,
) -> Result<Webhooks, AppError> {
    let (razorpay, stripe) = (&settings.gateways.razorpay, &settings.gateways.stripe);
    let secrets = |texts: &[Secret]| match WebhookSecrets::new(texts.iter().map(Secret::expose)) {
        Ok(secrets) => Ok(Some(secrets)),
        Err(SecretsError::None) => Ok(None),
        Err(error) => Err(AppError::BadArgument(format!("the webhook secrets: {error}"))),
    };
    let keys = Keys {
        razorpay: secrets(&razorpay.webhook_secrets)?,
        razorpay_timestamp: razorpay.webhook_timestamp,
        stripe: secrets(&stripe.webhook_secrets)?,
        stripe_mode: stripe.mode(),
    };
    let told = (Arc::new(clock::now) as Clock, metrics, around.limiter.clone());
    Webhooks::begin(store, keys, settings.webhooks.writers, told)
        .map_err(|error| AppError::Output(format!("a thread that keeps webhooks: {error}")))
}

fn surroundings(settings: &Settings) -> Result<Surroundings, AppError> {
    let quotas = settings.limits.quotas().map_err(AppError::BadArgument)?;
    let limiter = match settings.limits.redis_url.given() {
        None => Limiter::local(quotas),
        Some(url) => Limiter::shared(quotas, url, &settings.limits.redis_prefix, REDIS_TIMEOUT)
            .map_err(|error| AppError::BadArgument(error.to_string()))?,
    };
    Ok(Surroundings {
        proxies: TrustedProxies::new(&settings.http.proxies()),
        request_ids: RequestIds::default(),
        security: SecurityHeaders::of(&settings.http.public_url),
        request_timeout: Duration::from_secs(settings.http.request_timeout_secs),
        limiter,
        compression: settings.http.compression,
        body_limit: usize::try_from(settings.http.body_limit_bytes).unwrap_or(usize::MAX),
        import_limit: usize::try_from(settings.http.import_limit_bytes).unwrap_or(usize::MAX),
        api_docs: settings.features.api_docs,
        figures: settings.features.metrics,
        webhooks: None,
    })
}

fn run(
    service: Service,
    around: &Surroundings,
    listen: SocketAddr,
    header_read_timeout: Duration,
) -> Result<(), AppError> {
    let wrong = |what: &str, error: std::io::Error| {
        AppError::BadArgument(format!("{what}: {error}; choose another address by --listen"))
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| wrong("the service cannot begin", error))?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|error| wrong(&format!("cannot listen on {listen}"), error))?;
        let mut ended = signal(SignalKind::terminate())
            .map_err(|error| wrong("signals cannot be heard", error))?;
        let address = listener.local_addr().unwrap_or(listen);
        tracing::info!(%address, version = VERSION, "listening");
        let stop = async {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = ended.recv() => {}
            }
            tracing::info!("stopping");
        };
        let front = http_api::front(service, around);
        http_api::serve(listener, front, header_read_timeout, stop).await;
        Ok(())
    })
}
