//! One HTTP exchange, and whether its request was sent.
//!
//! It deliberately follows no redirect, uses no proxy of the environment and repeats nothing.

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;
use ureq::http::{HeaderValue, Uri};
use ureq::{Agent, Timeout};

/// Bytes of an answer that are read. A thousand rows of reconciliation have less than one million.
const MAX_ANSWER_BYTES: u64 = 8 << 20;

/// How long a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Finding the host, connecting, agreeing on encryption. After this nothing was sent.
    pub connect: Duration,
    /// From then to the end of the answer. After this the outcome is unknown.
    pub answer: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(30) }
    }
}

/// Why a base address cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EndpointError {
    /// Not an address of a host.
    #[error("`{0}` is not an address such as https://api.example.com")]
    NotAnAddress(String),
    /// Keys would travel in the open.
    #[error("`{0}` is not encrypted; use https (plain http only for this machine)")]
    NotEncrypted(String),
}

/// A way to one provider.
#[derive(Clone)]
pub struct Transport {
    agent: Agent,
    base: String,
}

impl Transport {
    /// A way to a base address, such as `https://api.razorpay.com`. Plain `http` is for fakes on
    /// this machine.
    pub fn new(base_url: &str, timeouts: Timeouts) -> Result<Self, EndpointError> {
        let base = base_url.trim_end_matches('/');
        let shown = || base.chars().take(200).collect::<String>();
        let uri = base.parse::<Uri>().map_err(|_| EndpointError::NotAnAddress(shown()))?;
        let host = uri.host().unwrap_or_default();
        let plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
        if host.is_empty() || !plain || uri.query().is_some() {
            return Err(EndpointError::NotAnAddress(shown()));
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if ["127.0.0.1", "localhost", "[::1]"].contains(&host) => {}
            Some("http") => return Err(EndpointError::NotEncrypted(shown())),
            _ => return Err(EndpointError::NotAnAddress(shown())),
        }
        Ok(Self { agent: agent(timeouts), base: base.to_owned() })
    }

    /// Sends a request once.
    pub(crate) fn exchange(&self, request: &Request) -> Result<Answer, Fault> {
        let mut built = ureq::http::Request::builder()
            .method(if request.body.is_some() { "POST" } else { "GET" })
            .uri(format!("{}{}", self.base, request.path));
        for (name, value) in &request.headers {
            built = built.header(*name, value);
        }
        let cannot = |_| Fault::unsent("the request cannot be built");
        let response = if let Some(body) = &request.body {
            let built = built.header("content-type", body.content_type);
            self.agent.run(built.body(body.bytes.as_slice()).map_err(cannot)?)
        } else {
            self.agent.run(built.body(()).map_err(cannot)?)
        };
        let mut response = response.map_err(|error| Fault::of(&error))?;
        let status = response.status().as_u16();
        let header = response.headers().get("stripe-should-retry");
        let should_retry = match header.map(HeaderValue::as_bytes) {
            Some(b"true") => Some(true),
            Some(b"false") => Some(false),
            _ => None,
        };
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec();
        match body {
            Ok(body) => Ok(Answer { status, body, should_retry }),
            // A refusal is known by its status alone.
            Err(_) if (400..500).contains(&status) => {
                Ok(Answer { status, body: Vec::new(), should_retry })
            }
            Err(error) => Err(Fault { sent: true, ..Fault::of(&error) }),
        }
    }
}

/// Shows where it leads; keys are not in it.
impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Transport({})", self.base)
    }
}

fn agent(timeouts: Timeouts) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_resolve(Some(timeouts.connect))
        .timeout_connect(Some(timeouts.connect))
        .timeout_send_request(Some(timeouts.answer))
        .timeout_send_body(Some(timeouts.answer))
        .timeout_recv_response(Some(timeouts.answer))
        .timeout_recv_body(Some(timeouts.answer))
        .user_agent(concat!("dairyos/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// A request; with a body it is a POST, without one a GET.
#[derive(Clone)]
pub(crate) struct Request {
    /// From the first slash, query included, encoded.
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<RequestBody>,
    /// Whether sending it twice does no more than sending it once.
    pub(crate) repeatable: bool,
}

#[derive(Clone)]
pub(crate) struct RequestBody {
    pub(crate) content_type: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// An answer, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// Stripe's word on whether to try again.
    pub(crate) should_retry: Option<bool>,
}

/// No answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Whether the request may have reached the provider.
    pub(crate) sent: bool,
    pub(crate) what: String,
}

impl Fault {
    fn unsent(what: &str) -> Self {
        Self { sent: false, what: what.to_owned() }
    }

    /// Only what surely comes before the first byte of the request counts as not sent. A refused
    /// certificate does not: it is told as a broken connection.
    fn of(error: &ureq::Error) -> Self {
        use io::ErrorKind::{
            AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable,
        };
        let sent = match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect)
            | ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
            | ureq::Error::Tls(_) => false,
            ureq::Error::Io(error) => !matches!(
                error.kind(),
                AddrNotAvailable | ConnectionRefused | HostUnreachable | NetworkUnreachable
            ),
            _ => true,
        };
        Self { sent, what: error.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_never_travel_in_the_open() {
        let open = |url: &str| Transport::new(url, Timeouts::default()).map(|t| format!("{t:?}"));
        assert_eq!(
            open("https://api.razorpay.com/"),
            Ok("Transport(https://api.razorpay.com)".into())
        );
        for local in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9/x"] {
            assert!(open(local).is_ok(), "{local}");
        }
        for plain in ["http://api.razorpay.com", "http://127.0.0.1.example.com", "http://10.0.0.1"]
        {
            assert!(matches!(open(plain), Err(EndpointError::NotEncrypted(_))), "{plain}");
        }
        for wrong in
            ["", "api.stripe.com", "ftp://x", "https://", "https://a?b=c", "https://u:p@h", "//"]
        {
            assert!(matches!(open(wrong), Err(EndpointError::NotAnAddress(_))), "{wrong}");
        }
    }
}
