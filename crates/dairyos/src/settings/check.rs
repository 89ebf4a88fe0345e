//! Whether settings make sense together, and whether secrets are good enough for production.
//!
//! It deliberately finds everything that is wrong at once, and never repeats a secret.

use super::{Key, Mode, Secret, Settings};
use app::webhooks::{Secrets, SecretsError};
use http_api::limits::check_url;
use std::collections::HashSet;
use std::fmt::Display;
use std::net::IpAddr;
use tracing_subscriber::EnvFilter;

/// The shortest secret for production, in bytes: as much as the hash of the signature has
/// (RFC 7518, 3.2).
const MIN_SECRET_BYTES: usize = 32;
/// Different bytes that a random secret of this length surely has.
const MIN_DIFFERENT_BYTES: usize = 10;
/// Words of examples, which no secret of production holds.
const PLACEHOLDERS: [&str; 7] =
    ["change-me", "changeme", "replace-me", "replaceme", "example", "placeholder", "your-secret"];
/// The longest name of a key.
const MAX_KID: usize = 64;
/// The longest prefix of keys in Redis.
const MAX_PREFIX: usize = 64;
/// The shortest rest of a session, in minutes: use is noted when the access token is renewed,
/// every 15 minutes.
const MIN_IDLE_MINUTES: u32 = 30;
/// The longest rest of a session, in minutes: seven days, when it ends anyway.
const MAX_IDLE_MINUTES: u32 = 7 * 24 * 60;
const MAX_CONNECTIONS: u32 = 200;
const MAX_THREADS: u32 = 64;
/// Thirty days: what was usual longer ago is not expected.
const MAX_SILENCE_HOURS: u32 = 30 * 24;
const MAX_LATE_DAYS: u16 = 366;
const MAX_WEBHOOK_WRITERS: usize = 16;
const MIN_BODY_BYTES: u64 = 1024;
/// The longest time of a part of a call of a gateway: all attempts end before another worker asks.
const MAX_CALL_SECS: u64 = 60;
const MAX_BODY_BYTES: u64 = 64 * 1024 * 1024;
const MAX_IMPORT_BYTES: u64 = 16 * 1024 * 1024 * 1024;
const MAX_REQUEST_SECS: u64 = 3600;
const MAX_HEADER_SECS: u64 = 300;

/// Notes what is wrong, each with its key.
#[derive(Default)]
struct Found(Vec<String>);

impl Found {
    fn add(&mut self, key: &str, what: impl AsRef<str>) {
        self.0.push(format!("{key}: {}", what.as_ref()));
    }

    fn range<T: Copy + PartialOrd + Display>(&mut self, key: &str, value: T, low: T, high: T) {
        if value < low || value > high {
            self.add(key, format!("expected {low} to {high}"));
        }
    }
}

impl Settings {
    /// Everything that is wrong with them in their mode, one line each.
    pub fn problems(&self) -> Vec<String> {
        let mut found = Found::default();
        self.check_http(&mut found);
        self.check_limits(&mut found);
        self.check_rest(&mut found);
        self.check_gateways(&mut found);
        self.check_keys(&mut found);
        if self.mode == Mode::Production {
            self.check_production(&mut found);
        }
        found.0
    }

    fn check_http(&self, found: &mut Found) {
        let http = &self.http;
        let body = http.body_limit_bytes;
        found.range("http.body_limit_bytes", body, MIN_BODY_BYTES, MAX_BODY_BYTES);
        let import = http.import_limit_bytes;
        found.range("http.import_limit_bytes", import, MIN_BODY_BYTES, MAX_IMPORT_BYTES);
        let secs = http.request_timeout_secs;
        found.range("http.request_timeout_secs", secs, 1, MAX_REQUEST_SECS);
        let secs = http.header_read_timeout_secs;
        found.range("http.header_read_timeout_secs", secs, 1, MAX_HEADER_SECS);
        if !http.public_url.is_empty() && host_of(&http.public_url).is_none() {
            let expected = "expected scheme and host, such as https://books.example.org, without \
                            a path or a slash at the end";
            found.add("http.public_url", expected);
        }
    }

    fn check_limits(&self, found: &mut Found) {
        let limits = &self.limits;
        for (name, allowance) in [
            ("limits.sign_in", limits.sign_in),
            ("limits.read", limits.read),
            ("limits.write", limits.write),
            ("limits.import", limits.import),
        ] {
            if let Err(error) = allowance.quota() {
                found.add(name, error);
            }
        }
        if let Some(Err(error)) = limits.redis_url.given().map(check_url) {
            found.add("limits.redis_url", error.to_string());
        }
        if !is_word(&limits.redis_prefix, MAX_PREFIX) {
            found.add("limits.redis_prefix", "expected 1 to 64 of A-Z, a-z, 0-9 and . _ : -");
        }
    }

    fn check_gateways(&self, found: &mut Found) {
        let gateways = &self.gateways;
        for (key, secrets) in [
            ("gateways.razorpay.webhook_secrets", &gateways.razorpay.webhook_secrets),
            ("gateways.stripe.webhook_secrets", &gateways.stripe.webhook_secrets),
        ] {
            match Secrets::new(secrets.iter().map(Secret::expose)) {
                Ok(_) | Err(SecretsError::None) => {}
                Err(error) => found.add(key, error.to_string()),
            }
        }
        for (key, hours) in [
            ("gateways.razorpay.silence_hours", gateways.razorpay.silence_hours),
            ("gateways.stripe.silence_hours", gateways.stripe.silence_hours),
        ] {
            found.range(key, hours, 1, MAX_SILENCE_HOURS);
        }
        let (connect, answer) = (gateways.connect_timeout_secs, gateways.answer_timeout_secs);
        found.range("gateways.connect_timeout_secs", connect, 1, MAX_CALL_SECS);
        found.range("gateways.answer_timeout_secs", answer, 1, MAX_CALL_SECS);
        if let Err(problems) = super::payments::desk(self, |_| {}) {
            for (key, what) in problems {
                found.add(key, what);
            }
        }
        found.range("webhooks.writers", self.webhooks.writers.get(), 1, MAX_WEBHOOK_WRITERS);
    }

    fn check_rest(&self, found: &mut Found) {
        found.range("database.connections", self.database.connections, 1, MAX_CONNECTIONS);
        if self.database.url.given().is_none() {
            found.add("database.url", "expected sqlite:FILE or postgres://user@host/name");
        }
        found.range("jobs.threads", self.jobs.threads, 0, MAX_THREADS);
        let late = self.reconciliation;
        found.range("reconciliation.due_days", late.due_days, 0, MAX_LATE_DAYS);
        found.range("reconciliation.cash_days", late.cash_days, 0, MAX_LATE_DAYS);
        if self.logging.level.is_empty() || EnvFilter::try_new(&self.logging.level).is_err() {
            found.add("logging.level", "expected error, warn, info, debug or trace");
        }
        let dsn = self.sentry.dsn.given().map(str::parse::<sentry::types::Dsn>);
        if matches!(dsn, Some(Err(_))) {
            found.add("sentry.dsn", "expected the DSN that Sentry shows for the project");
        }
        found.range("sentry.sample_rate", self.sentry.sample_rate, 0.0, 1.0);
        if self.sentry.sample_rate.is_nan() {
            found.add("sentry.sample_rate", "expected a number");
        }
    }

    fn check_keys(&self, found: &mut Found) {
        let sign_in = &self.sign_in;
        let minutes = sign_in.session_idle_minutes;
        if minutes != 0 && !(MIN_IDLE_MINUTES..=MAX_IDLE_MINUTES).contains(&minutes) {
            let what = format!("expected 0, or {MIN_IDLE_MINUTES} to {MAX_IDLE_MINUTES}");
            found.add("sign_in.session_idle_minutes", what);
        }
        for (name, keys) in
            [("sign_in.token_keys", &sign_in.token_keys), ("sign_in.totp_keys", &sign_in.totp_keys)]
        {
            let mut kids = HashSet::new();
            for (number, key) in keys.iter().enumerate() {
                let place = place(name, number, key);
                if !is_word(&key.kid, MAX_KID) {
                    found.add(&place, "a kid is 1 to 64 of A-Z, a-z, 0-9 and . _ : -");
                } else if !kids.insert(&key.kid) {
                    found.add(&place, "two keys have this kid");
                }
                if key.secret.expose().is_empty() {
                    found.add(&place, "the secret is empty");
                }
            }
        }
    }

    fn check_production(&self, found: &mut Found) {
        let url = &self.http.public_url;
        if url.is_empty() {
            found.add("http.public_url", "it is needed in production");
        } else if let Some((false, host)) = host_of(url)
            && !is_this_machine(host)
        {
            found.add("http.public_url", "expected https:// in production");
        }
        let sign_in = &self.sign_in;
        let mut seen: Vec<&Key> = Vec::new();
        for (name, keys) in
            [("sign_in.token_keys", &sign_in.token_keys), ("sign_in.totp_keys", &sign_in.totp_keys)]
        {
            if keys.is_empty() {
                found.add(name, "a key is needed in production");
            }
            for (number, key) in keys.iter().enumerate() {
                let place = place(name, number, key);
                if let Some(weakness) = weakness(key.secret.expose()) {
                    found.add(&place, weakness);
                }
                if seen.iter().any(|other| other.secret == key.secret) {
                    found.add(&place, "another key has the same secret");
                }
                seen.push(key);
            }
        }
    }
}

fn place(list: &str, number: usize, key: &Key) -> String {
    let kid = if is_word(&key.kid, MAX_KID) { key.kid.as_str() } else { "?" };
    format!("{list} {} ({kid})", number + 1)
}

/// Why a secret is not good enough for production; an empty one is told elsewhere.
fn weakness(secret: &str) -> Option<String> {
    let bytes = secret.len();
    if bytes == 0 {
        return None;
    }
    let lower = secret.to_ascii_lowercase();
    if PLACEHOLDERS.iter().any(|word| lower.contains(word)) {
        return Some("the secret is the one of an example".to_owned());
    }
    if bytes < MIN_SECRET_BYTES {
        return Some(format!("the secret has {bytes} bytes; {MIN_SECRET_BYTES} are needed"));
    }
    let different = secret.bytes().collect::<HashSet<_>>().len();
    (different < MIN_DIFFERENT_BYTES).then(|| "the secret is not random".to_owned())
}

fn is_word(text: &str, most: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    (1..=most).contains(&text.len()) && text.bytes().all(plain)
}

/// Whether an address is https, and its host; nothing when it is more or less than scheme, host
/// and port.
fn host_of(url: &str) -> Option<(bool, &str)> {
    let (https, rest) = match url.strip_prefix("https://") {
        Some(rest) => (true, rest),
        None => (false, url.strip_prefix("http://")?),
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let named = match bracketed {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(plain),
    };
    let numbered = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    (named && numbered).then_some((https, bracketed.unwrap_or(host)))
}

/// Whether a host is the machine itself, where a browser trusts plain http too.
fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{host_of, is_this_machine, weakness};

    #[test]
    fn addresses_are_scheme_host_and_port() {
        assert_eq!(host_of("https://books.example.org"), Some((true, "books.example.org")));
        assert_eq!(host_of("http://localhost:8080"), Some((false, "localhost")));
        assert_eq!(host_of("http://[::1]:8080"), Some((false, "::1")));
        assert_eq!(host_of("https://[::1]"), Some((true, "::1")));
        for bad in [
            "books.example.org",
            "https://",
            "https://books.example.org/",
            "https://me@books.example.org",
            "https://books.example.org?x",
            "https://books:port",
            "https://books:0",
            "ftp://books",
            "https://[books]",
        ] {
            assert_eq!(host_of(bad), None, "{bad}");
        }
        assert!(is_this_machine("127.0.0.1") && is_this_machine("::1"));
        assert!(!is_this_machine("127.0.0.1.example.org"));
    }

    #[test]
    fn weak_secrets_are_known() {
        assert_eq!(weakness("0f3c9a7be1d24865ab90fe1276cd3458"), None);
        for weak in [
            "0f3c9a7be1d24865ab90fe1276cd345",
            "Change-Me-0f3c9a7be1d24865ab90fe1276cd345",
            &"ab".repeat(32),
        ] {
            assert!(weakness(weak).is_some(), "{weak}");
        }
    }
}
