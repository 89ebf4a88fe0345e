//! By what a caller wants to be known: a bearer token, a key, or a cookie of a browser.
//!
//! It deliberately believes nothing yet; `identify` asks `app` inside the request's transaction.

use crate::extract::{cookie as extract_cookie, hex};
use crate::problem::{Code, Problem};
use app::access::tokens::Claims;
use app::access::{Caller, Secrets, keys, sessions, tokens};
use app::{AppError, Tx};
use axum::http::{HeaderMap, Method, header};
use domain::calendar::Moment;
use sha2::{Digest, Sha256};

/// The cookie with a browser's access token.
pub const ACCESS_COOKIE: &str = "__Host-dairyos-access";
/// The cookie with a browser's refresh token.
pub const REFRESH_COOKIE: &str = "__Host-dairyos-refresh";
/// The cookie by which a device on which somebody has signed in before is known again.
pub const DEVICE_COOKIE: &str = "__Host-dairyos-device";
/// How keys of programs begin.
const KEY_PREFIX: &str = "dk_";

/// By what a caller wants to be known.
#[derive(Clone, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    Nobody,
    /// An access token, and what it says if it is ours and has not expired.
    Token(String, Option<Claims>),
    /// A program's key.
    Key(String),
}

impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets stay out of logs.
        f.write_str(match self {
            Self::Nobody => "Nobody",
            Self::Token(..) => "Token(...)",
            Self::Key(_) => "Key(...)",
        })
    }
}

impl Asked {
    /// Reads what a request carries. A cookie counts only from a page of this service.
    pub fn of(method: &Method, headers: &HeaderMap) -> Result<Self, Problem> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let text = value.to_str().unwrap_or("");
            let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
            if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
                return Err(unknown("send Authorization: Bearer with a token or key"));
            }
            let token = token.trim().to_owned();
            let is_key = token.starts_with(KEY_PREFIX);
            return Ok(if is_key { Self::Key(token) } else { Self::Token(token, None) });
        }
        let Some(token) = extract_cookie(headers, ACCESS_COOKIE) else {
            return Ok(Self::Nobody);
        };
        if !is_safe(method) {
            must_be_same_site(headers)?;
        }
        Ok(Self::Token(token.to_owned(), None))
    }

    /// The same with what its token says, read once for the whole request.
    #[must_use]
    pub fn read(self, secrets: &Secrets, at: Moment) -> Self {
        match self {
            Self::Token(token, _) => {
                let claims = tokens::read(secrets, &token, at).ok();
                Self::Token(token, claims)
            }
            other => other,
        }
    }

    /// Something by which the same caller is told again, without the secret itself.
    pub fn name(&self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Token(secret, _) | Self::Key(secret) => hex(&Sha256::digest(secret.as_bytes())),
        }
    }

    /// Who it is, and the number of the key whose use is to be noted, if it is.
    pub fn identify(
        &self,
        tx: &mut Tx<'_>,
        secrets: &Secrets,
        at: Moment,
    ) -> Result<(Caller, Option<i64>), AppError> {
        match self {
            Self::Nobody | Self::Token(_, None) => Err(AppError::NotSignedIn),
            Self::Token(_, Some(claims)) => Ok((sessions::check(tx, secrets, claims, at)?, None)),
            Self::Key(key) => {
                let checked = keys::check(tx, key, at)?;
                let used = checked.caller.key.filter(|_| checked.note_use);
                Ok((checked.caller, used))
            }
        }
    }
}

fn unknown(what: &str) -> Problem {
    Problem::new(Code::NotSignedIn, what)
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Refuses what a page of another site makes a browser send: by Sec-Fetch-Site, and where a
/// browser does not send it, by Origin (OWASP ASVS 5.0, 3.5.1 to 3.5.3).
pub fn must_be_same_site(headers: &HeaderMap) -> Result<(), Problem> {
    let text =
        |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let refused = || {
        let what = "cookies are accepted only from pages of this service; programs send \
                    Authorization: Bearer";
        Err(Problem::new(Code::CrossSite, what))
    };
    if let Some(site) = text("sec-fetch-site") {
        return if site == "same-origin" { Ok(()) } else { refused() };
    }
    let host = text("host").unwrap_or("");
    let origin = text("origin").or_else(|| text("referer")).unwrap_or("");
    let of = origin.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
    if !host.is_empty() && of == host { Ok(()) } else { refused() }
}
