//! The counts that several processes share through Redis.
//!
//! It deliberately keeps nothing in Redis that would be missed: counts that are lost begin anew.
//! When Redis fails it is left alone for a while, so that a request waits for it seldom.

use super::gcra::{Decision, Quota};
use super::{Caller, Group};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, Script};
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The count as one step in Redis.
const SCRIPT: &str = include_str!("shared.lua");
/// How long a request waits for Redis, unless it is said otherwise.
pub const REDIS_TIMEOUT: Duration = Duration::from_millis(250);
/// How long Redis is left alone after it failed.
const PAUSE: Duration = Duration::from_secs(5);
/// How often a failure is told in the log.
const TELL_EVERY: Duration = Duration::from_mins(1);
/// Attempts to connect for one request; the next is made after the pause.
const CONNECT_RETRIES: usize = 1;

/// The setting does not say where a Redis is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisUrlError;

impl fmt::Display for RedisUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password, so it is not repeated.
        f.write_str(
            "expected redis://host:port or redis+unix:///path; encrypted connections (rediss) \
             are not built in",
        )
    }
}

impl std::error::Error for RedisUrlError {}

/// Checks that a URL says where a Redis is; nothing is connected.
pub fn check_url(url: &str) -> Result<(), RedisUrlError> {
    Client::open(url).map(|_| ()).map_err(|_| RedisUrlError)
}

/// The counts.
pub struct Shared {
    client: Client,
    // Made at the first request, because it needs the runtime.
    connection: OnceLock<ConnectionManager>,
    script: Script,
    prefix: String,
    timeout: Duration,
    /// Until when Redis is left alone, in microseconds since the start; 0 when it works.
    paused_until: AtomicU64,
    /// When a failure may be told again, in microseconds since the start.
    tell_at: AtomicU64,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl Shared {
    /// The counts in the Redis at a URL.
    pub fn new(url: &str, prefix: &str, timeout: Duration) -> Result<Self, RedisUrlError> {
        Ok(Self {
            client: Client::open(url).map_err(|_| RedisUrlError)?,
            connection: OnceLock::new(),
            script: Script::new(SCRIPT),
            prefix: prefix.to_owned(),
            timeout,
            paused_until: AtomicU64::new(0),
            tell_at: AtomicU64::new(0),
        })
    }

    /// Whether Redis is to be asked: always while it works, by one request after each pause.
    pub fn may_try(&self, now: Duration) -> bool {
        let until = self.paused_until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        let now = micros(now);
        let next = now + micros(PAUSE);
        let order = Ordering::Relaxed;
        now >= until && self.paused_until.compare_exchange(until, next, order, order).is_ok()
    }

    /// Redis has answered.
    pub fn worked(&self) {
        self.paused_until.store(0, Ordering::Relaxed);
    }

    /// Redis has failed; `true` when it is time to tell.
    pub fn failed(&self, now: Duration) -> bool {
        let now = micros(now);
        self.paused_until.store(now + micros(PAUSE), Ordering::Relaxed);
        let tell_at = self.tell_at.load(Ordering::Relaxed);
        let next = now + micros(TELL_EVERY);
        let order = Ordering::Relaxed;
        now >= tell_at && self.tell_at.compare_exchange(tell_at, next, order, order).is_ok()
    }

    /// Counts a request.
    pub async fn take(
        &self,
        group: Group,
        caller: &Caller,
        quota: Quota,
    ) -> Result<Decision, String> {
        let mut connection = self.connection().map_err(|error| error.to_string())?;
        let mut call = self.script.prepare_invoke();
        call.key(format!("{}:limit:{}:{caller}", self.prefix, group.as_str()))
            .arg(quota.interval_micros())
            .arg(quota.capacity_micros());
        let answer = call.invoke_async::<(u8, u64)>(&mut connection);
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok((allowed, backlog))) => Ok(quota.decision(allowed == 1, backlog)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} ms", self.timeout.as_millis())),
        }
    }

    fn connection(&self) -> redis::RedisResult<ConnectionManager> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(CONNECT_RETRIES)
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_one_request_tries_after_each_pause() {
        let shared = Shared::new("redis://127.0.0.1:1", "test", REDIS_TIMEOUT).unwrap();
        let at = Duration::from_secs;
        assert!(shared.may_try(at(1)) && shared.may_try(at(1)));
        assert!(shared.failed(at(1)));
        assert!(!shared.may_try(at(2)));
        assert!(shared.may_try(at(6)));
        assert!(!shared.may_try(at(6)));
        assert!(!shared.failed(at(7)), "told within the minute");
        assert!(shared.may_try(at(12)));
        shared.worked();
        assert!(shared.may_try(at(12)) && shared.may_try(at(12)));
        assert!(shared.failed(at(62)), "a minute later it is told again");
    }

    #[test]
    fn a_url_that_cannot_be_used_is_not_repeated() {
        for bad in ["", "rediss://:hunter2@host", "http://x:hunter2@y", "redis"] {
            let said = check_url(bad).unwrap_err().to_string();
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert_eq!(check_url("redis://:hunter2@127.0.0.1:6379/2"), Ok(()));
    }
}
