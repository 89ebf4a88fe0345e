//! `dairyos serve` with settings as in production.
//!
//! It deliberately inherits nothing from the environment of whoever measures.

use super::process::{Process, free_address};
use crate::failure::{Doing, Failure};
use gateways::Secrets;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
/// The groups whose limits are raised. Every request is still counted.
const LIMITED: [&str; 2] = ["READ", "WRITE"];
/// The largest quota that the settings take: a million requests in a second.
const BURST: &str = "1000000";
const PER_SECONDS: &str = "1";

/// How the service is started.
pub struct Serving<'a> {
    /// The program.
    pub program: &'a Path,
    /// Its database.
    pub url: String,
    /// Where its log goes.
    pub log: PathBuf,
    secrets: [String; 2],
    /// Further settings, as variables.
    further: Vec<(&'static str, String)>,
}

impl<'a> Serving<'a> {
    /// The service on a database. Its keys are made once, so that people stay signed in when it is
    /// started again.
    pub fn new(program: &'a Path, url: String, log: PathBuf) -> Result<Self, Failure> {
        let secrets = [random_text()?, random_text()?];
        Ok(Self { program, url, log, secrets, further: Vec::new() })
    }

    /// The same with a further setting, as a variable.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.further.push((name, value));
        self
    }

    /// The same with a secret for the webhooks of Razorpay, made for it; returns it too.
    pub fn with_webhooks(self) -> Result<(Self, Secrets), Failure> {
        let secret = random_text()?;
        let secrets =
            Secrets::new([secret.as_str()]).map_err(|error| Failure::new(error.to_string()))?;
        Ok((self.with("DAIRYOS_GATEWAYS__RAZORPAY__WEBHOOK_SECRETS", secret), secrets))
    }

    /// Starts it and waits until it is ready.
    pub fn start(&self) -> Result<Process, Failure> {
        self.start_at(free_address()?)
    }

    /// The same at an address, which nobody uses.
    pub fn start_at(&self, address: SocketAddr) -> Result<Process, Failure> {
        let mut command = Command::new(self.program);
        command.args(["serve", "--listen", &address.to_string()]);
        command.env_clear();
        command.env("DAIRYOS_DATABASE_URL", &self.url);
        command.env("DAIRYOS_MODE", "production");
        command.env("DAIRYOS_HTTP__PUBLIC_URL", format!("http://{address}"));
        let [tokens, factors] = &self.secrets;
        for (name, secret) in [("TOKEN", tokens), ("TOTP", factors)] {
            let keys = format!("[{{ kid = \"bench\", secret = \"{secret}\" }}]");
            command.env(format!("DAIRYOS_SIGN_IN__{name}_KEYS"), keys);
        }
        for group in LIMITED {
            command.env(format!("DAIRYOS_LIMITS__{group}__BURST"), BURST);
            command.env(format!("DAIRYOS_LIMITS__{group}__PER_SECONDS"), PER_SECONDS);
        }
        command.envs(self.further.iter().map(|(name, value)| (name, value)));
        Process::start(command, address, &self.log)
    }
}

/// A text that nobody guesses, of hexadecimal digits.
pub fn random_text() -> Result<String, Failure> {
    let mut bytes = [0; SECRET_BYTES];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.doing("make a secret of /dev/urandom")?;
    let mut text = String::new();
    for byte in bytes {
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::random_text;

    #[test]
    fn secrets_differ() {
        let (one, other) = (random_text().unwrap(), random_text().unwrap());
        assert!(one.len() == 64 && one != other);
    }
}
