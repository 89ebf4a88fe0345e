//! Access tokens: JSON Web Tokens for 15 minutes, signed with HS256 (RFC 9068 in form, RFC 8725 in
//! care).
//!
//! It deliberately takes one algorithm, one type, one issuer and one audience, looks a key up in
//! the program's own list only, and gives one answer to everything else.

use super::secrets::Secrets;
use super::{hs256, later, opaque};
use crate::{AppError, Random};
use domain::access::Role;
use domain::calendar::Moment;
use domain::ids::PersonId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Seconds that an access token holds.
pub const ACCESS_SECS: i64 = 15 * 60;
/// The type of an access token (RFC 9068, section 2.1).
const TYPE: &str = "at+jwt";
/// Bytes of a token at most; a longer one is none of ours.
const MOST_TOKEN_BYTES: usize = 2048;
/// Tokens that are remembered as good, each of less than half a kilobyte.
const MOST_SEEN: usize = 4_096;
/// Seconds that another machine's clock may be ahead.
const CLOCK_SECS: i64 = 5;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    role: String,
    exp: i64,
    iat: i64,
    nbf: i64,
    jti: String,
}

/// Who a valid access token speaks for; whether that still holds is asked of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The person.
    pub person: PersonId,
    /// The session.
    pub session: String,
    /// The role when the token was made.
    pub role: Role,
    /// When it was made, in seconds of Unix time.
    pub issued_secs: i64,
    /// From when it does not hold any more, in seconds of Unix time.
    pub expires_secs: i64,
}

impl Claims {
    fn is_in_time(&self, at: Moment) -> bool {
        let now = secs(at);
        now < self.expires_secs && self.issued_secs <= now + CLOCK_SECS
    }
}

/// Tokens whose signature was found good: the same text need not be computed again for every
/// request. Whether it holds is asked each time.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, Claims>>);

impl Seen {
    fn find(&self, token: &str) -> Option<Claims> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn keep(&self, token: &str, claims: &Claims) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST_SEEN {
            // Those that are still in use come back with their next request.
            seen.clear();
        }
        seen.insert(token.to_owned(), claims.clone());
    }
}

const fn secs(moment: Moment) -> i64 {
    moment.unix_micros().div_euclid(1_000_000)
}

/// Makes an access token.
pub(super) fn access(
    secrets: &Secrets,
    random: &dyn Random,
    person: PersonId,
    role: Role,
    session: &str,
    at: Moment,
) -> Result<String, AppError> {
    hs256::provide();
    let (kid, key) = secrets.token_keys.current();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    let body = Body {
        iss: secrets.issuer.clone(),
        aud: secrets.audience.clone(),
        sub: person.0.to_string(),
        sid: session.to_owned(),
        role: role.as_str().to_owned(),
        exp: secs(later(at, ACCESS_SECS)),
        iat: secs(at),
        nbf: secs(at),
        jti: opaque::id(random)?,
    };
    jsonwebtoken::encode(&header, &body, &EncodingKey::from_secret(key))
        .map_err(|error| AppError::Secrets(format!("a token could not be made: {error}")))
}

/// Reads an access token; whatever is wrong with it, the answer is the same.
pub fn read(secrets: &Secrets, token: &str, at: Moment) -> Result<Claims, AppError> {
    let seen = secrets.seen.find(token);
    let claims = seen.or_else(|| {
        let claims = claims(secrets, token)?;
        secrets.seen.keep(token, &claims);
        Some(claims)
    });
    claims.filter(|claims| claims.is_in_time(at)).ok_or(AppError::NotSignedIn)
}

fn claims(secrets: &Secrets, token: &str) -> Option<Claims> {
    if token.len() > MOST_TOKEN_BYTES {
        return None;
    }
    hs256::provide();
    let header = jsonwebtoken::decode_header(token).ok()?;
    // RFC 8725, 3.11: a token of another kind is not taken. RFC 7515, 4.1.11: what must be
    // understood is not.
    let ours = header.typ.as_deref() == Some(TYPE) && header.crit.is_none();
    let key = secrets.token_keys.of(header.kid.as_deref()?).filter(|_| ours)?;
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_issuer(&[&secrets.issuer]);
    rules.set_audience(&[&secrets.audience]);
    // The library would read the clock of the machine; times are compared with `at` each time the
    // token is shown.
    rules.validate_exp = false;
    rules.required_spec_claims.clear();
    let key = DecodingKey::from_secret(key);
    let body = jsonwebtoken::decode::<Body>(token, &key, &rules).ok()?.claims;
    Some(Claims {
        person: PersonId(body.sub.parse().ok()?),
        session: body.sid,
        role: Role::from_name(&body.role)?,
        issued_secs: body.iat.max(body.nbf),
        expires_secs: body.exp,
    })
}

#[cfg(test)]
mod tests {
    use super::{ACCESS_SECS, Body, access, read};
    use crate::access::{KeyRing, Secrets};
    use crate::{NoRandomness, Random};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use domain::access::Role;
    use domain::calendar::Moment;
    use domain::ids::PersonId;
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::json;

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), NoRandomness> {
            bytes.fill(7);
            Ok(())
        }
    }

    fn secrets(keys: &[(&str, u8)]) -> Secrets {
        let keys = keys.iter().map(|(id, byte)| ((*id).to_owned(), vec![*byte; 32])).collect();
        let totp = KeyRing::new(vec![("t".to_owned(), vec![9; 32])]).unwrap();
        Secrets::new("dairyos", "dairyos-api", KeyRing::new(keys).unwrap(), totp).unwrap()
    }

    fn now() -> Moment {
        Moment::from_unix_micros(1_790_000_000_000_000)
    }

    fn body() -> Body {
        let secs = 1_790_000_000;
        Body {
            iss: "dairyos".to_owned(),
            aud: "dairyos-api".to_owned(),
            sub: "7".to_owned(),
            sid: "s".to_owned(),
            role: "rider".to_owned(),
            exp: secs + 60,
            iat: secs,
            nbf: secs,
            jti: "j".to_owned(),
        }
    }

    fn header(kid: &str) -> Header {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some("at+jwt".to_owned());
        header.kid = Some(kid.to_owned());
        header
    }

    fn forged(header: &Header, body: &impl serde::Serialize, key: u8) -> String {
        // Whatever algorithm the header names, the signature is ours.
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(json!(header)), part(json!(body)));
        let key = EncodingKey::from_secret(&[key; 32]);
        super::hs256::provide();
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    #[test]
    fn a_token_holds_for_fifteen_minutes_and_across_a_change_of_keys() {
        let old = secrets(&[("a", 1)]);
        let token = access(&old, &Sevens, PersonId(7), Role::Rider, "s", now()).unwrap();
        let claims = read(&old, &token, now()).unwrap();
        assert_eq!((claims.person, claims.session.as_str()), (PersonId(7), "s"));
        assert_eq!(claims.role, Role::Rider);
        let later = |secs| Moment::from_unix_micros(now().unix_micros() + secs * 1_000_000);
        assert!(read(&old, &token, later(ACCESS_SECS - 1)).is_ok());
        assert!(read(&old, &token, later(ACCESS_SECS)).is_err());
        assert!(read(&old, &token, later(-5)).is_ok());
        assert!(read(&old, &token, later(-6)).is_err());
        assert!(read(&secrets(&[("b", 2), ("a", 1)]), &token, now()).is_ok());
        assert!(read(&secrets(&[("b", 2)]), &token, now()).is_err());
        assert!(read(&secrets(&[("a", 2)]), &token, now()).is_err());
    }

    #[test]
    fn everything_forged_gets_one_answer() {
        let ours = secrets(&[("a", 1), ("b", 2)]);
        let good = forged(&header("a"), &body(), 1);
        assert!(read(&ours, &good, now()).is_ok());
        let mut bad = vec![
            String::new(),
            "a.b.c".to_owned(),
            ".".repeat(3000),
            good.clone() + "x",
            good.clone() + ".x",
            good.rsplit_once('.').unwrap().0.to_owned() + ".",
            forged(&header("a"), &body(), 2),
            forged(&header("c"), &body(), 1),
            forged(&header("../a"), &body(), 1),
            forged(&Header { kid: None, ..header("a") }, &body(), 1),
            forged(&Header { typ: None, ..header("a") }, &body(), 1),
            forged(&Header { typ: Some("JWT".to_owned()), ..header("a") }, &body(), 1),
            forged(&Header { crit: Some(vec!["x".to_owned()]), ..header("a") }, &body(), 1),
            forged(&Header { alg: Algorithm::HS384, ..header("a") }, &body(), 1),
            forged(&Header { alg: Algorithm::HS512, ..header("a") }, &body(), 1),
            forged(&header("a"), &Body { iss: "other".to_owned(), ..body() }, 1),
            forged(&header("a"), &Body { aud: "other".to_owned(), ..body() }, 1),
            forged(&header("a"), &Body { role: "king".to_owned(), ..body() }, 1),
            forged(&header("a"), &Body { sub: "x".to_owned(), ..body() }, 1),
            forged(&header("a"), &Body { exp: body().iat, ..body() }, 1),
            forged(&header("a"), &Body { exp: i64::MIN, ..body() }, 1),
            forged(&header("a"), &Body { nbf: body().iat + 60, ..body() }, 1),
            forged(&header("a"), &Body { iat: body().iat + 60, ..body() }, 1),
            forged(&header("a"), &serde_json::json!({ "sub": "7", "sid": "s" }), 1),
        ];
        // Without a signature, in the spellings that were taken elsewhere (RFC 8725, 2.1).
        let payload = good.split('.').nth(1).unwrap();
        for none in [
            "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiYSJ9",
            "eyJhbGciOiJOb25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiYSJ9",
        ] {
            bad.push(format!("{none}.{payload}."));
            bad.push(format!("{none}.{payload}.{}", good.rsplit('.').next().unwrap()));
        }
        for token in bad {
            let error = read(&ours, &token, now()).unwrap_err();
            assert_eq!(error.code(), "not_signed_in", "{token}");
        }
    }
}
