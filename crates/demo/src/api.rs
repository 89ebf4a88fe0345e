//! The API of the service, as the office uses it.
//!
//! It deliberately takes any answer that is not a success for the end of the demo.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use crate::Result;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Characters of a session's token that name it.
const KEY_CHARS: usize = 16;

/// What the office chooses instead of its first password.
const PASSWORD: &str = "plum rickshaw 47 monsoon";

/// The service, asked by somebody who has signed in.
pub struct Api {
    agent: Agent,
    address: String,
    token: String,
    /// Begins the keys of requests that take effect once; absent before signing in.
    session: Option<String>,
    /// How many requests had such a key.
    sent: Cell<u64>,
}

impl Api {
    /// Signs in; `initial` is a password to be changed at the first time.
    pub fn sign_in(address: &str, login: &str, initial: Option<&str>) -> Result<Self> {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let (address, token) = (address.to_owned(), String::new());
        let mut api = Self { agent, address, token, session: None, sent: Cell::new(0) };
        let password = initial.unwrap_or(PASSWORD);
        let session = api.post("session", &json!({ "login": login, "password": password }))?;
        text(&session["access_token"])?.clone_into(&mut api.token);
        if let Some(initial) = initial {
            api.post("me/password", &json!({ "current": initial, "new": PASSWORD }))?;
        }
        // Of this session, so that another one of the demo does not repeat it.
        api.session = Some(api.token.chars().rev().take(KEY_CHARS).collect());
        Ok(api)
    }

    /// Where the service is.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Asks for something.
    pub fn get(&self, path: &str) -> Result<Value> {
        let url = format!("{}/api/v1/{path}", self.address);
        let request = self.agent.get(&url).header("authorization", self.bearer());
        answer(path, request.call()?)
    }

    /// Has something done, once.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let url = format!("{}/api/v1/{path}", self.address);
        let mut request = self.agent.post(&url).header("content-type", "application/json");
        if !self.token.is_empty() {
            request = request.header("authorization", self.bearer());
        }
        if let Some(session) = &self.session {
            self.sent.set(self.sent.get() + 1);
            request = request.header("idempotency-key", format!("{session}-{}", self.sent.get()));
        }
        answer(path, request.send(body.to_string())?)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

fn answer(path: &str, mut response: ureq::http::Response<ureq::Body>) -> Result<Value> {
    let (status, body) = (response.status(), response.body_mut().read_to_string()?);
    if !status.is_success() {
        return Err(format!("{path} was answered with {status}: {body}").into());
    }
    Ok(if body.is_empty() { Value::Null } else { serde_json::from_str(&body)? })
}

/// A text of an answer.
pub fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| format!("expected a text, found {value}").into())
}
