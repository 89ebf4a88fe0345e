//! `dairyos serve`: the service, until it is told to stop.
//!
//! It deliberately only wires: settings, log, database, keys, routes.

use crate::cli::ServeArgs;
use crate::random::System;
use crate::settings::{self, Key, Settings, environment};
use crate::{clock, logging};
use app::access::{KeyRing, Secrets};
use app::{AppError, Random};
use domain::access::Role;
use http_api::layers::caller_address::TrustedProxies;
use http_api::layers::request_id::RequestIds;
use http_api::layers::security_headers::SecurityHeaders;
use http_api::limits::{Limiter, REDIS_TIMEOUT};
use http_api::metrics::Metrics;
use http_api::{Parts, Service, Surroundings};
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
    let service = Service::new(Parts {
        store: Arc::clone(&store),
        clock: Arc::new(clock::now),
        secrets: Arc::new(secrets(&settings)?),
        random: Arc::new(System),
        metrics: Metrics::new(VERSION),
        second_factor_for: Role::ALL
            .into_iter()
            .filter(|role| settings.sign_in.needs_second_factor(*role))
            .collect(),
    });
    let around = surroundings(&settings)?;
    let listen = args.listen.unwrap_or(settings.http.listen);
    let headers = Duration::from_secs(settings.http.header_read_timeout_secs);
    run(service, &around, listen, headers)?;
    Ok(true)
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
    Secrets::new(issuer, AUDIENCE, tokens, factors)
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
        let router = http_api::router(service, around);
        http_api::serve(listener, router, header_read_timeout, stop).await;
        Ok(())
    })
}
