//! Requests one by one, for what comes before and after a measurement.
//!
//! It deliberately fails on every answer but the one expected, and shows it.

use super::answer::Answer;
use super::connection::Connection;
use super::{Caller, runtime};
use crate::failure::{Doing, Failure};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// A connection of its own.
pub struct Client {
    runtime: Runtime,
    connection: Connection,
    caller: Caller,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr, caller: Caller) -> Result<Self, Failure> {
        let runtime = runtime(1)?;
        let connection = runtime.block_on(Connection::open(address))?;
        Ok(Self { runtime, connection, caller })
    }

    /// The bytes at a place.
    pub fn bytes(&mut self, path: &str) -> Result<Vec<u8>, Failure> {
        let mut request = Vec::new();
        self.caller.get(path, &mut request);
        let answer = self.ask(&request)?;
        match answer.status {
            200 => Ok(answer.body.to_vec()),
            _ => Err(Failure::new(format!("GET {path} was answered by {}", answer.shown()))),
        }
    }

    /// The JSON at a place.
    pub fn get(&mut self, path: &str) -> Result<Value, Failure> {
        serde_json::from_slice(&self.bytes(path)?).doing(format!("read what GET {path} answered"))
    }

    /// Sends JSON; returns the answer's, or null when it has none.
    pub fn post(&mut self, path: &str, json: &Value, status: u16) -> Result<Value, Failure> {
        let mut request = Vec::new();
        self.caller.send("POST", path, &[], &json.to_string(), &mut request);
        let answer = self.ask(&request)?;
        if answer.status != status {
            let shown = answer.shown();
            return Err(Failure::new(format!("POST {path} was answered by {shown}")));
        }
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(answer.body).doing(format!("read what POST {path} answered"))
    }

    fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, Failure> {
        let Self { runtime, connection, .. } = self;
        // In a block, so that the clock of the patience is that of the runtime.
        let answer = async { timeout(PATIENCE, connection.ask(request)).await };
        runtime.block_on(answer).doing("get an answer in time")?
    }
}

#[cfg(test)]
mod tests {
    use super::Client;
    use crate::load::Caller;
    use crate::load::small_server::SmallServer;
    use serde_json::json;

    #[test]
    fn what_is_expected_is_returned_and_everything_else_a_failure() {
        let server = SmallServer::start();
        let caller = Caller::new(server.address, None);
        let mut client = Client::connect(server.address, caller).unwrap();
        assert_eq!(client.bytes("/text").unwrap(), b"some text");
        assert_eq!(client.post("/echo", &json!({"a": 1}), 200).unwrap()["a"], 1);
        assert!(client.get("/text").is_err());
        let failure = client.get("/not-there").unwrap_err().to_string();
        assert!(failure.contains("GET /not-there was answered by 404"), "{failure}");
        let failure = client.post("/echo", &json!(null), 201).unwrap_err().to_string();
        assert!(failure.contains("was answered by 200 null"), "{failure}");
    }
}
