//! Who asks, with what, and under which Idempotency-Key.
//!
//! It deliberately does not decide whether the caller may; that needs the database.

use crate::caller::Asked;
use crate::layers::RequestId;
use crate::openapi::operation_id;
use crate::problem::{Code, Problem};
use app::AppError;
use app::access::Caller;
use app::gate::{Once, RequestKey};
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use sha2::{Digest, Sha256};

/// The longest key that is taken.
const MAX_KEY_CHARS: usize = 255;
/// The header.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asking {
    /// By what they want to be known.
    pub asked: Asked,
    /// The request's id.
    pub request_id: String,
    /// The template of the request's route.
    pub route: Option<MatchedPath>,
    /// Under which key the request takes effect once, if it has one.
    pub once: Option<RawOnce>,
}

/// What a request with an Idempotency-Key is told apart by before the caller is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RawKey {
    asked: String,
    method: String,
    path: String,
    key: String,
}

/// A request with an Idempotency-Key.
#[derive(Clone, Debug)]
pub struct RawOnce {
    /// What it is told apart by.
    pub key: RawKey,
    fingerprint: String,
    /// The template of its route.
    template: Option<MatchedPath>,
}

impl RawOnce {
    /// The id of the operation that was asked for.
    pub fn operation(&self) -> Option<&'static str> {
        operation_id(&self.key.method, self.template.as_ref()?.as_str())
    }

    /// The request of a caller who is known now.
    pub fn of(&self, caller: &Caller) -> Once {
        let RawKey { method, path, key, .. } = self.key.clone();
        let key = RequestKey { caller: label(caller), method, path, key };
        Once { key, fingerprint: self.fingerprint.clone() }
    }
}

impl<S: Sync> FromRequestParts<S> for Asking {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let asking = Self::anybody(parts)?;
        // The layer before has read the token; what it could not read is refused before the body
        // is looked at.
        let known = match &asking.asked {
            Asked::Nobody => false,
            Asked::Token(_, claims) => claims.is_some(),
            Asked::Key(_) => true,
        };
        if known { Ok(asking) } else { Err(AppError::NotSignedIn.into()) }
    }
}

impl Asking {
    /// Whoever asks, somebody or nobody.
    pub(super) fn anybody(parts: &Parts) -> Result<Self, Problem> {
        let asked = match parts.extensions.get::<Asked>() {
            Some(asked) => asked.clone(),
            // The layer before could not read it; this says why.
            None => Asked::of(&parts.method, &parts.headers)?,
        };
        let request_id = parts.extensions.get::<RequestId>();
        let request_id = request_id.map(|id| id.0.clone()).unwrap_or_default();
        let route = parts.extensions.get::<MatchedPath>().cloned();
        Ok(Self { asked, request_id, route, once: None })
    }

    /// Takes note of the Idempotency-Key, if the request has one.
    pub(super) fn with_key(mut self, parts: &Parts, body: &[u8]) -> Result<Self, Problem> {
        let Some(key) = idempotency_key(&parts.headers)? else {
            return Ok(self);
        };
        let target = parts.uri.path_and_query().map_or("", |target| target.as_str());
        let mut hash = Sha256::new();
        for part in [parts.method.as_str().as_bytes(), target.as_bytes(), body] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let fingerprint = hex(&hash.finalize());
        let key = RawKey {
            asked: self.asked.name(),
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            key,
        };
        let template = self.route.clone();
        self.once = Some(RawOnce { key, fingerprint, template });
        Ok(self)
    }

    /// Insists on an Idempotency-Key: money moves.
    pub fn once_only(self) -> Result<Self, Problem> {
        if self.once.is_some() {
            return Ok(self);
        }
        let code = Code::IdempotencyKeyMissing;
        Err(Problem::new(code, "send the header Idempotency-Key with a new random value"))
    }
}

/// Refuses a key that cannot be used, before the body is looked at.
pub(super) fn check_key(headers: &HeaderMap) -> Result<(), Problem> {
    idempotency_key(headers).map(|_| ())
}

/// The key, bare or as a structured field string in quotes: both are one
/// (draft-ietf-httpapi-idempotency-key-header-07).
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bad = |what: &str| Err(Problem::new(Code::IdempotencyKeyBad, what));
    if values.next().is_some() {
        return bad("the header Idempotency-Key stands more than once");
    }
    let Ok(text) = value.to_str() else {
        return bad("the key holds other characters than visible ASCII ones");
    };
    let text = text.trim();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if bare.is_empty() || bare.len() > MAX_KEY_CHARS {
        return bad("the key is empty or longer than 255 characters");
    }
    if !bare.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\') {
        return bad("the key holds blanks, quotes or backslashes");
    }
    Ok(Some(bare.to_owned()))
}

/// The name of a caller among the requests that are kept.
fn label(caller: &Caller) -> String {
    match caller.key {
        Some(key) => format!("key:{key}"),
        None => format!("person:{}", caller.person.0),
    }
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
        text
    })
}

/// The value of a cookie.
pub(crate) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(known, value)| (known == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::{cookie, idempotency_key};
    use axum::http::{HeaderMap, HeaderValue, header};

    fn key(value: &str) -> Result<Option<String>, String> {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", HeaderValue::from_str(value).unwrap());
        idempotency_key(&headers).map_err(|problem| problem.code)
    }

    #[test]
    fn quoted_and_bare_are_one_key() {
        assert_eq!(idempotency_key(&HeaderMap::new()).unwrap(), None);
        let id = "8e03978e-40d5-43e8-bc93-6894a57f9324";
        assert_eq!(key(id).unwrap().as_deref(), Some(id));
        assert_eq!(key(&format!("\"{id}\"")).unwrap().as_deref(), Some(id));
        for bad in ["", "\"\"", "a b", "\"a", "a\\b", &"x".repeat(256)] {
            assert_eq!(key(bad).unwrap_err(), "idempotency_key_bad", "{bad}");
        }
    }

    #[test]
    fn cookies_are_found_by_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; __Host-b=x=y"));
        headers.append(header::COOKIE, HeaderValue::from_static("c=3"));
        assert_eq!(cookie(&headers, "__Host-b"), Some("x=y"));
        assert_eq!(cookie(&headers, "c"), Some("3"));
        assert_eq!(cookie(&headers, "b"), None);
    }
}
