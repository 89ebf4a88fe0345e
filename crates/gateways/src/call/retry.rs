//! When a call is made again, how long that waits, and what the attempts together mean.
//!
//! It deliberately repeats only what may be repeated: a POST without an idempotency key is sent
//! once, unless it surely did not arrive or was turned away unread.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::transport::{Answer, Fault, Request, Transport};
use super::{CallError, Secret};

/// Characters kept of what a provider says.
const WHAT_CHARS: usize = 300;

/// How calls are repeated: 0.5 s, doubled up to 5 s, less up to a half, so that callers who failed
/// together do not come back together.
#[derive(Clone)]
pub struct Retry {
    /// How often a call is made at most, the first time included.
    pub attempts: u32,
    /// The wait after the first attempt.
    pub first: Duration,
    /// The longest wait.
    pub most: Duration,
    /// How to wait.
    pub pause: Arc<dyn Fn(Duration) + Send + Sync>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 3,
            first: Duration::from_millis(500),
            most: Duration::from_secs(5),
            pause: Arc::new(std::thread::sleep),
        }
    }
}

impl Retry {
    /// Every call is made once.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// The wait after an attempt, from 0. The part left out follows from the request, so that no
    /// randomness is needed and different requests wait differently.
    fn wait(&self, attempt: u32, request: &Request) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(attempt));
        let longest = doubled.min(self.most);
        let mut hash = Sha256::new();
        hash.update(request.path.as_bytes());
        for (_, value) in &request.headers {
            hash.update(value.as_bytes());
        }
        hash.update(attempt.to_be_bytes());
        let first = hash.finalize().first().copied().unwrap_or_default();
        longest.saturating_sub(longest / 512 * u32::from(first))
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Retry({}, {:?}..{:?})", self.attempts, self.first, self.most)
    }
}

/// Reads a provider's refusal: its code and its words.
pub(crate) type Explain = fn(&[u8]) -> (Option<String>, Option<String>);

/// Calls with what is needed for it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) transport: Transport,
    pub(crate) retry: Retry,
    pub(crate) explain: Explain,
    /// Taken out of whatever a provider says.
    pub(crate) secret: Secret,
}

impl Caller {
    /// Makes a call, again where that is right. Returns the body of a success.
    pub(crate) fn call(&self, request: &Request) -> Result<Vec<u8>, CallError> {
        let writes = request.body.is_some();
        let mut in_doubt = false;
        let mut attempt = 0;
        loop {
            let outcome = self.transport.exchange(request);
            if let Ok(answer) = &outcome
                && (200..300).contains(&answer.status)
            {
                return outcome.map(|answer| answer.body).map_err(|fault| unknown(fault.what));
            }
            let again = is_repeated(&outcome, request.repeatable);
            let error = self.error(outcome, writes && request.repeatable);
            attempt += 1;
            if !again || attempt >= self.retry.attempts {
                return Err(if writes && in_doubt { doubted(error) } else { error });
            }
            in_doubt |= matches!(error, CallError::Unknown { .. });
            (self.retry.pause)(self.retry.wait(attempt - 1, request));
        }
    }

    fn error(&self, outcome: Result<Answer, Fault>, keyed: bool) -> CallError {
        match outcome {
            Err(Fault { sent: false, what }) => CallError::Unreachable { what },
            Err(Fault { sent: true, what }) => unknown(what),
            Ok(answer) => {
                let (code, what) = (self.explain)(&answer.body);
                let code = code.unwrap_or_else(|| format!("http_{}", answer.status));
                let what = self.clean(&what.unwrap_or_else(|| "without a reason".to_owned()));
                // 409 under an idempotency key: the first request is still being worked on.
                let refused = (400..500).contains(&answer.status)
                    && answer.status != 408
                    && !(answer.status == 409 && keyed);
                if refused {
                    CallError::Refused {
                        status: Some(answer.status),
                        code: self.clean(&code),
                        what,
                    }
                } else {
                    unknown(format!("answered {} ({}): {what}", answer.status, self.clean(&code)))
                }
            }
        }
    }

    fn clean(&self, text: &str) -> String {
        let hidden = match self.secret.expose() {
            "" => text.to_owned(),
            secret => text.replace(secret, "(secret)"),
        };
        hidden.chars().filter(|c| !c.is_control()).take(WHAT_CHARS).collect()
    }
}

fn unknown(what: String) -> CallError {
    CallError::Unknown { what }
}

fn is_repeated(outcome: &Result<Answer, Fault>, repeatable: bool) -> bool {
    match outcome {
        Err(fault) => repeatable || !fault.sent,
        Ok(Answer { should_retry: Some(wish), .. }) => *wish && repeatable,
        // Too many requests: turned away before anything was done.
        Ok(answer) if answer.status == 429 => true,
        Ok(answer) => repeatable && (answer.status == 409 || answer.status >= 500),
    }
}

/// An attempt whose outcome was not seen may have done it. Only an answer about the request itself
/// settles that, because under one key it is the answer to all attempts.
fn doubted(error: CallError) -> CallError {
    match error {
        CallError::Refused { status: Some(400 | 402 | 422), .. } | CallError::Unknown { .. } => {
            error
        }
        other => unknown(format!("an earlier attempt was not answered; then {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> Request {
        Request { path: path.to_owned(), headers: Vec::new(), body: None, repeatable: true }
    }

    #[test]
    fn waits_double_and_scatter() {
        let retry = Retry::default();
        for attempt in 0..40 {
            let longest = Duration::from_millis(500).saturating_mul(1 << attempt.min(20));
            let longest = longest.min(Duration::from_secs(5));
            let wait = retry.wait(attempt, &request("/v1/orders"));
            assert!(wait <= longest && wait >= longest / 2, "{attempt}: {wait:?}");
        }
        assert_ne!(retry.wait(0, &request("/a")), retry.wait(0, &request("/b")));
    }

    #[test]
    fn what_is_not_repeatable_is_sent_once() {
        let answer =
            |status: u16, should_retry| Ok(Answer { status, body: Vec::new(), should_retry });
        let fault = |sent: bool| Err(Fault { sent, what: String::new() });
        for (outcome, once, keyed) in [
            (fault(false), true, true),
            (fault(true), false, true),
            (answer(429, None), true, true),
            (answer(409, None), false, true),
            (answer(500, None), false, true),
            (answer(400, None), false, false),
            (answer(400, Some(true)), false, true),
            (answer(500, Some(false)), false, false),
        ] {
            assert_eq!(is_repeated(&outcome, false), once, "{outcome:?}");
            assert_eq!(is_repeated(&outcome, true), keyed, "{outcome:?}");
        }
    }

    #[test]
    fn doubt_stays_until_the_request_itself_is_answered() {
        let refused = |status| CallError::Refused {
            status: Some(status),
            code: String::new(),
            what: String::new(),
        };
        assert_eq!(doubted(refused(400)), refused(400));
        for unsettled in [refused(401), refused(404), refused(409), refused(429)] {
            assert!(matches!(doubted(unsettled), CallError::Unknown { .. }));
        }
        let unreachable = CallError::Unreachable { what: String::new() };
        assert!(matches!(doubted(unreachable), CallError::Unknown { .. }));
    }
}
