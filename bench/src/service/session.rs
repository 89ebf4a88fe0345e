//! Signing in over the API, as the owner who was added at the machine of the database.
//!
//! It deliberately changes the initial password first: nothing else is allowed before.

use super::serving::random_text;
use crate::failure::Failure;
use crate::load::{Caller, Client};
use serde_json::{Value, json};
use std::net::SocketAddr;

/// Whom the benchmark signs in.
pub const LOGIN: &str = "bench@example.com";

const SESSION: &str = "/api/v1/session";
const PASSWORD: &str = "/api/v1/me/password";

/// Signs in with the initial password and changes it; returns the new one.
pub fn choose_password(address: SocketAddr, initial: &str) -> Result<String, Failure> {
    let first = token(address, initial)?;
    let new = random_text()?;
    let mut client = Client::connect(address, Caller::new(address, Some(&first)))?;
    client.post(PASSWORD, &json!({ "current": initial, "new": new }), 204)?;
    Ok(new)
}

/// Signs in; returns the access token, which holds for 15 minutes.
pub fn token(address: SocketAddr, password: &str) -> Result<String, Failure> {
    let mut nobody = Client::connect(address, Caller::new(address, None))?;
    let answer = nobody.post(SESSION, &json!({ "login": LOGIN, "password": password }), 201)?;
    match &answer["access_token"] {
        Value::String(token) => Ok(token.clone()),
        _ => Err(Failure::new("signing in gave no access token")),
    }
}
