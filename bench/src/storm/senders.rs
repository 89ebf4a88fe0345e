//! Those who send a storm: as a gateway does, each event again and again until it is acknowledged.
//!
//! It deliberately knows nothing of the crashes in between, but that connections break.

use super::events::Events;
use crate::failure::{Doing, Failure};
use crate::load::{Caller, Connection, runtime};
use gateways::Secrets;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// How long an answer is waited for before the event is sent again.
const PATIENCE: Duration = Duration::from_secs(15);
/// Before an event is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// How often one event is sent before it is given up.
const MOST_TRIES: u32 = 5_000;

/// What a storm counts while it goes on.
#[derive(Debug, Default)]
pub struct Counts {
    next: AtomicU64,
    /// Acknowledged sendings.
    pub acknowledged: AtomicU64,
    /// Sendings of which nobody knows what became of them, and that were repeated.
    pub repeated: AtomicU64,
    /// Acknowledged as known.
    pub known: AtomicU64,
    /// Acknowledged as kept for later.
    pub kept: AtomicU64,
    /// Answers that are none of these.
    pub wrong: AtomicU64,
}

/// Who sends.
pub struct Senders {
    /// Whom to.
    pub address: SocketAddr,
    /// What.
    pub events: Arc<Events>,
    /// Signed with.
    pub secrets: Arc<Secrets>,
    /// What happens.
    pub counts: Arc<Counts>,
}

impl Senders {
    /// Sends all over so many connections.
    pub fn send(&self, connections: usize) -> Result<(), Failure> {
        runtime(1)?.block_on(async {
            let mut lanes = JoinSet::new();
            for _ in 0..connections {
                lanes.spawn(self.lane().run());
            }
            while let Some(lane) = lanes.join_next().await {
                lane.doing("finish a connection's work")??;
            }
            Ok(())
        })
    }

    fn lane(&self) -> Lane {
        Lane {
            address: self.address,
            caller: Caller::new(self.address, None),
            events: Arc::clone(&self.events),
            secrets: Arc::clone(&self.secrets),
            counts: Arc::clone(&self.counts),
            connection: None,
        }
    }
}

/// One connection's work.
struct Lane {
    address: SocketAddr,
    caller: Caller,
    events: Arc<Events>,
    secrets: Arc<Secrets>,
    counts: Arc<Counts>,
    connection: Option<Connection>,
}

impl Lane {
    async fn run(mut self) -> Result<(), Failure> {
        let (mut body, mut request) = (Vec::new(), Vec::new());
        loop {
            let place = self.counts.next.fetch_add(1, Ordering::Relaxed);
            if place >= self.events.sent() {
                return Ok(());
            }
            let (id, signature) = self.events.write(place, &self.secrets, &mut body);
            let headers = [
                ("X-Razorpay-Signature", signature.as_str()),
                ("x-razorpay-event-id", id.as_str()),
            ];
            let text = String::from_utf8_lossy(&body);
            request.clear();
            self.caller.send("POST", "/api/v1/webhooks/razorpay", &headers, &text, &mut request);
            self.until_acknowledged(&id, &request).await?;
        }
    }

    async fn until_acknowledged(&mut self, id: &str, request: &[u8]) -> Result<(), Failure> {
        for _ in 0..MOST_TRIES {
            if self.try_once(request).await {
                self.counts.acknowledged.fetch_add(1, Ordering::Relaxed);
                return Ok(());
            }
            self.counts.repeated.fetch_add(1, Ordering::Relaxed);
            sleep(PAUSE).await;
        }
        Err(Failure::new(format!("the event {id} was not acknowledged {MOST_TRIES} times")))
    }

    /// Sends once; whether it was acknowledged.
    async fn try_once(&mut self, request: &[u8]) -> bool {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => match Connection::open(self.address).await {
                Ok(connection) => connection,
                Err(_) => return false,
            },
        };
        let counts = &self.counts;
        let acknowledged = match timeout(PATIENCE, connection.ask(request)).await {
            Ok(Ok(answer)) if answer.status == 200 => {
                match answer.body {
                    br#"{"status":"already_processed"}"# => &counts.known,
                    // With the reason.
                    body if body.starts_with(br#"{"status":"kept""#) => &counts.kept,
                    br#"{"status":"processed"}"# => {
                        self.connection = Some(connection);
                        return true;
                    }
                    _ => &counts.wrong,
                }
                .fetch_add(1, Ordering::Relaxed);
                true
            }
            // The database is away; the gateway comes again.
            Ok(Ok(answer)) if answer.status >= 500 => false,
            Ok(Ok(_)) => {
                counts.wrong.fetch_add(1, Ordering::Relaxed);
                true
            }
            Ok(Err(_)) | Err(_) => return false,
        };
        self.connection = Some(connection);
        acknowledged
    }
}
