//! The settings of the service: defaults, a file, environment variables, in this order.
//!
//! The file `config.default.toml` is their reference and is built in. They deliberately are read
//! once, before anything else happens, and passed on as values.

mod check;
pub mod environment;
mod load;
pub mod payments;
mod secret;
mod sources;

use app::reconciliation::Rules;
use app::webhooks::{SilenceLimits, StripeMode};
use domain::access::Role;
use http_api::layers::caller_address::Network;
use http_api::limits::{Quota, Quotas};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

#[cfg(test)]
mod tests;

pub use load::{for_serving, load, of_commands};
pub use secret::{HiddenUrl, Secret};

/// The default settings, with a comment on each.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// What is wrong with the settings: one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError(pub Vec<String>);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the settings cannot be used:")?;
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

impl std::error::Error for SettingsError {}

/// How strict the program is about its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Missing secrets are made at random.
    Development,
    /// Everything that is needed must be set.
    Production,
}

impl Mode {
    /// The word of the settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// All settings. The keys are described in `config.default.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How strict the program is.
    pub mode: Mode,
    /// The database.
    pub database: Database,
    /// The service.
    pub http: Http,
    /// Signing in.
    pub sign_in: SignIn,
    /// How often callers may ask.
    pub limits: Limits,
    /// The log.
    pub logging: Logging,
    /// Reports of errors.
    pub sentry: Sentry,
    /// Jobs.
    pub jobs: Jobs,
    /// Gateways.
    pub gateways: Gateways,
    /// Deliveries of gateways.
    pub webhooks: Webhooks,
    /// Refunds, and being paid by UPI.
    pub payments: Payments,
    /// Comparing the books.
    pub reconciliation: Reconciliation,
    /// Parts that can be switched off.
    pub features: Features,
}

/// The database.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Where it is.
    pub url: HiddenUrl,
    /// Connections of one process.
    pub connections: u32,
}

/// The service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address people use, without a slash at its end; empty when there is none.
    pub public_url: String,
    /// Proxies that are believed.
    pub trusted_proxies: Vec<Text<Network>>,
    /// The largest body.
    pub body_limit_bytes: u64,
    /// The largest file to import.
    pub import_limit_bytes: u64,
    /// Time for a request.
    pub request_timeout_secs: u64,
    /// Time for the headers of a request.
    pub header_read_timeout_secs: u64,
    /// Whether answers are compressed.
    pub compression: bool,
}

impl Http {
    /// The proxies that are believed.
    pub fn proxies(&self) -> Vec<Network> {
        self.trusted_proxies.iter().map(|text| text.0).collect()
    }
}

/// Signing in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// Keys of tokens, the present one first.
    pub token_keys: Vec<Key>,
    /// Keys of second factors, the present one first.
    pub totp_keys: Vec<Key>,
    /// Roles that must have a second factor.
    pub second_factor_required_for: Vec<Text<RoleName>>,
    /// Minutes after which an unused session ends; 0 when it does not.
    pub session_idle_minutes: u32,
    /// Roles whose unused sessions end.
    pub session_idle_for: Vec<Text<RoleName>>,
    /// Hashes of passwords that are known to others; empty when there is no such file.
    pub breached_passwords_file: String,
}

impl SignIn {
    /// Whether people of a role must have a second factor.
    pub fn needs_second_factor(&self, role: Role) -> bool {
        self.second_factor_required_for.iter().any(|name| name.0.0 == role)
    }
}

/// A key with its name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The name, which what the key signs or encrypts carries.
    pub kid: String,
    /// The key.
    pub secret: Secret,
}

/// How often callers may ask.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The Redis that shares the counts.
    pub redis_url: HiddenUrl,
    /// The beginning of all keys in it.
    pub redis_prefix: String,
    /// Signing in.
    pub sign_in: Allowance,
    /// Reading.
    pub read: Allowance,
    /// Changing.
    pub write: Allowance,
    /// Importing.
    pub import: Allowance,
}

impl Limits {
    /// The quotas, as the limiter takes them; an error names the first that is out of bounds,
    /// which settings that were checked have none of.
    pub fn quotas(&self) -> Result<Quotas, String> {
        Ok(Quotas {
            sign_in: self.sign_in.quota()?,
            read: self.read.quota()?,
            write: self.write.quota()?,
            import: self.import.quota()?,
        })
    }
}

/// Requests at once, and in how many seconds as many become free again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// Requests at once.
    pub burst: u32,
    /// Seconds.
    pub per_seconds: u32,
}

impl Allowance {
    /// The quota.
    pub fn quota(self) -> Result<Quota, String> {
        Quota::new(self.burst, self.per_seconds)
    }
}

/// The log.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Logging {
    /// What is logged.
    pub level: String,
    /// How it looks.
    pub format: LogFormat,
}

/// How the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// Reports of errors.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sentry {
    /// Where they go; empty when nowhere.
    pub dsn: HiddenUrl,
    /// The name of the installation.
    pub environment: String,
    /// The share that is reported.
    pub sample_rate: f32,
}

/// Jobs.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// Jobs at once; 0 when this process works on none.
    pub threads: u32,
}

/// Gateways.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gateways {
    /// Time to reach a gateway.
    pub connect_timeout_secs: u64,
    /// Time for its answer.
    pub answer_timeout_secs: u64,
    /// Razorpay.
    pub razorpay: Razorpay,
    /// Stripe.
    pub stripe: Stripe,
}

impl Gateways {
    /// How long gateways may tell nothing while something is expected of them.
    pub fn silence(&self) -> SilenceLimits {
        let hours = |hours: u32| Duration::from_hours(hours.into());
        SilenceLimits {
            razorpay: hours(self.razorpay.silence_hours),
            stripe: hours(self.stripe.silence_hours),
        }
    }
}

/// Razorpay.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Razorpay {
    /// Secrets of the webhook, the present one first.
    pub webhook_secrets: Vec<Secret>,
    /// Whether a moment that a proxy adds must be near.
    pub webhook_timestamp: bool,
    /// Hours that it may tell nothing.
    pub silence_hours: u32,
    /// The id of the API key; empty when Razorpay is not called.
    pub key_id: String,
    /// Its secret.
    pub key_secret: Secret,
    /// Where it is called.
    pub base_url: String,
    /// Where a payer's browser goes after a payment link; empty for nowhere.
    pub callback_url: String,
}

/// Stripe.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Stripe {
    /// Secrets of the webhook, the present one first.
    pub webhook_secrets: Vec<Secret>,
    /// Whether its events are of the test mode.
    pub test_mode: bool,
    /// Hours that it may tell nothing.
    pub silence_hours: u32,
    /// The secret key; empty when Stripe is not called.
    pub secret_key: Secret,
    /// Where it is called.
    pub base_url: String,
    /// Where a payer's browser goes after a checkout; empty for the public address.
    pub success_url: String,
}

impl Stripe {
    /// Which of its worlds is ours.
    pub const fn mode(&self) -> StripeMode {
        if self.test_mode { StripeMode::Test } else { StripeMode::Live }
    }
}

/// Deliveries of gateways.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Threads that keep them, where the database has several writers.
    pub writers: NonZeroUsize,
}

/// Refunds, and being paid by UPI.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    /// The refund above which another person must agree, in rupees.
    pub refund_limit: String,
    /// The UPI address that is paid; empty when there is none.
    pub upi_vpa: String,
    /// The name that payers see; empty for that of the business.
    pub upi_name: String,
    /// The merchant category code that the bank gave; empty when there is none.
    pub upi_category: String,
}

/// Comparing the books.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Reconciliation {
    /// Days after its date for which an unpaid bill is no issue.
    pub due_days: u16,
    /// Days after which cash must have been handed over.
    pub cash_days: u16,
}

impl Reconciliation {
    /// What counts as late.
    pub fn rules(self) -> Rules {
        Rules { due_days: self.due_days, cash_days: self.cash_days }
    }
}

/// Parts that can be switched off.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Features {
    /// The description of the API.
    pub api_docs: bool,
    /// Figures for Prometheus.
    pub metrics: bool,
}

/// A value that is written as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<T>(pub T);

impl<'de, T: std::str::FromStr<Err: fmt::Display>> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A role by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleName(pub Role);

impl std::str::FromStr for RoleName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = Role::ALL.map(Role::as_str).join(", ");
        Role::from_name(text).map(Self).ok_or_else(|| format!("expected roles: {names}"))
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}
