//! How often a caller may ask: a quota for each group of requests and each caller.
//!
//! It deliberately refuses nobody for want of Redis: without it every process counts by itself.

mod answer;
mod gcra;
mod local;
mod shared;

use crate::layers::{CallerAddress, SignedInAs};
use axum::extract::{Request, State};
use axum::http::{Extensions, Method};
use axum::middleware::Next;
use axum::response::Response;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::warn;

pub(crate) use answer::refusal;
pub use answer::{POLICY_HEADER, QUOTA_EXCEEDED, STATE_HEADER};
pub use gcra::{Decision, MAX_BURST, MAX_PER_SECONDS, Quota};
pub use local::MAX_TRACKED_CALLERS;
pub use shared::{REDIS_TIMEOUT, RedisUrlError, check_url};

use local::Local;
use shared::Shared;

/// A group of requests that share a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Attempts to sign in.
    SignIn,
    /// Requests that change nothing.
    Read,
    /// Requests that change something.
    Write,
    /// Files.
    Import,
}

impl Group {
    /// All groups.
    pub const ALL: [Self; 4] = [Self::SignIn, Self::Read, Self::Write, Self::Import];

    /// The word by which settings, headers and metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Read => "read",
            Self::Write => "write",
            Self::Import => "import",
        }
    }

    /// The group of ordinary requests with this method.
    pub fn of(method: &Method) -> Self {
        if method.is_safe() { Self::Read } else { Self::Write }
    }
}

/// The quotas of all groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Of [`Group::SignIn`].
    pub sign_in: Quota,
    /// Of [`Group::Read`].
    pub read: Quota,
    /// Of [`Group::Write`].
    pub write: Quota,
    /// Of [`Group::Import`].
    pub import: Quota,
}

impl Quotas {
    /// The quota of a group.
    pub const fn of(&self, group: Group) -> Quota {
        match group {
            Group::SignIn => self.sign_in,
            Group::Read => self.read,
            Group::Write => self.write,
            Group::Import => self.import,
        }
    }
}

/// Whose requests are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Somebody signed in, or an API key.
    SignedIn(String),
    /// Nobody known, at an address. Of IPv6 the first 64 bits: the rest is the caller's to choose
    /// (RFC 4291, 2.5.1).
    Address(IpAddr),
}

impl Caller {
    /// The caller at an address.
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    /// The caller of a request, as the layers before have found out.
    pub fn of(extensions: &Extensions) -> Self {
        Self::known(extensions.get(), extensions.get().copied())
    }

    /// The caller who is somebody, or else at an address.
    pub(crate) fn known(person: Option<&SignedInAs>, address: Option<CallerAddress>) -> Self {
        if let Some(person) = person {
            return Self::SignedIn(person.0.clone());
        }
        let address = address.map(|address| address.0);
        Self::at(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignedIn(id) => write!(f, "id:{id}"),
            Self::Address(address) => write!(f, "ip:{address}"),
        }
    }
}

/// Counts requests.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    quotas: Quotas,
    begun: Instant,
    local: Local,
    shared: Option<Shared>,
}

impl Limiter {
    /// A limiter of this process alone.
    pub fn local(quotas: Quotas) -> Self {
        Self::new(quotas, None)
    }

    /// A limiter that shares its counts through the Redis at `url`, under keys that begin with
    /// `prefix`. It connects when it is first asked; a request waits for it at most for `timeout`,
    /// such as [`REDIS_TIMEOUT`].
    pub fn shared(
        quotas: Quotas,
        url: &str,
        prefix: &str,
        timeout: Duration,
    ) -> Result<Self, RedisUrlError> {
        Ok(Self::new(quotas, Some(Shared::new(url, prefix, timeout)?)))
    }

    fn new(quotas: Quotas, shared: Option<Shared>) -> Self {
        Self(Arc::new(Inner { quotas, begun: Instant::now(), local: Local::new(), shared }))
    }

    /// Counts a request, and says whether it is within its caller's quota.
    async fn decide(&self, group: Group, request: &Extensions) -> Decision {
        self.take(group, &Caller::of(request)).await
    }

    /// Counts one request of a caller, and says whether it is within the quota.
    pub async fn take(&self, group: Group, caller: &Caller) -> Decision {
        let inner = &*self.0;
        let quota = inner.quotas.of(group);
        let now = inner.begun.elapsed();
        if let Some(shared) = inner.shared.as_ref().filter(|shared| shared.may_try(now)) {
            match shared.take(group, caller, quota).await {
                Ok(decision) => {
                    shared.worked();
                    return decision;
                }
                Err(error) => {
                    if shared.failed(inner.begun.elapsed()) {
                        warn!(error, "Redis does not answer; each process limits by itself");
                    }
                }
            }
        }
        inner.local.take(group, caller, quota, inner.begun.elapsed())
    }
}

/// What the layer works with.
#[derive(Clone)]
pub struct Limited {
    /// The limiter.
    pub limiter: Limiter,
    /// The group of all requests it sees; when absent, reading or writing by their method.
    pub group: Option<Group>,
}

/// Lets a request through, or answers 429; tells the caller what is left either way.
pub async fn layer(State(limited): State<Limited>, request: Request, next: Next) -> Response {
    let group = limited.group.unwrap_or_else(|| Group::of(request.method()));
    let decision = limited.limiter.decide(group, request.extensions()).await;
    let answered = if decision.allowed {
        next.run(request).await
    } else {
        answer::refusal(group, &decision, request.extensions())
    };
    told(answered, group, &decision)
}

/// The same for a reading request whose answer is there already.
pub(crate) async fn within(
    limiter: &Limiter,
    caller: &Caller,
    answered: impl FnOnce() -> Response,
) -> Response {
    let group = Group::Read;
    let decision = limiter.take(group, caller).await;
    let answered = if decision.allowed {
        answered()
    } else {
        // It is named when it is completed.
        answer::refusal(group, &decision, &Extensions::new())
    };
    told(answered, group, &decision)
}

fn told(mut answered: Response, group: Group, decision: &Decision) -> Response {
    answer::tell(answered.headers_mut(), group, decision);
    answered
}

#[cfg(test)]
mod tests {
    use super::{Caller, Group};
    use crate::layers::{CallerAddress, SignedInAs};
    use axum::http::{Extensions, Method};

    #[test]
    fn who_is_signed_in_comes_before_the_address() {
        let mut extensions = Extensions::new();
        assert_eq!(Caller::of(&extensions).to_string(), "ip:0.0.0.0");
        extensions.insert(CallerAddress("::ffff:192.0.2.1".parse().unwrap()));
        assert_eq!(Caller::of(&extensions).to_string(), "ip:192.0.2.1");
        extensions.insert(SignedInAs("person:7".to_owned()));
        assert_eq!(Caller::of(&extensions).to_string(), "id:person:7");
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let caller = |text: &str| Caller::at(text.parse().unwrap());
        assert_eq!(caller("2001:db8:1:2::1"), caller("2001:db8:1:2:ffff::9"));
        assert_ne!(caller("2001:db8:1:2::1"), caller("2001:db8:1:3::1"));
    }

    #[test]
    fn methods_have_their_group() {
        assert_eq!(Group::of(&Method::GET), Group::Read);
        assert_eq!(Group::of(&Method::HEAD), Group::Read);
        assert_eq!(Group::of(&Method::POST), Group::Write);
        assert_eq!(Group::of(&Method::from_bytes(b"BREW").unwrap()), Group::Write);
    }
}
