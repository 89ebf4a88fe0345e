//! JSON bodies: read strictly, with the place of what is wrong.
//!
//! It deliberately takes one media type and no unknown fields.

use super::Asking;
use super::asking::check_key;
use crate::caller::Asked;
use crate::problem::{Code, Problem};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

/// The largest JSON body that is taken.
pub const MAX_JSON_BYTES: usize = 1 << 20;

/// Who asks, and the body.
#[derive(Debug)]
pub struct Posted<T> {
    /// Who asks.
    pub asking: Asking,
    /// The body.
    pub body: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Posted<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let asking = Asking::from_request_parts(&mut parts, state).await?;
        check_key(&parts.headers)?;
        let (bytes, body) = body_of(&parts, body, state).await?;
        let asking = asking.with_key(&parts, &bytes)?;
        Ok(Self { asking, body })
    }
}

/// The body of a request by which somebody signs in.
#[derive(Debug)]
pub struct Open<T> {
    /// The request.
    pub asking: Asking,
    /// The body.
    pub body: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Open<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let asking = Asking { asked: Asked::Nobody, ..Asking::anybody(&parts)? };
        let (_, body) = body_of(&parts, body, state).await?;
        Ok(Self { asking, body })
    }
}

/// The bytes of a body, and what they say.
async fn body_of<T: DeserializeOwned, S: Send + Sync>(
    parts: &Parts,
    body: Body,
    state: &S,
) -> Result<(Bytes, T), Problem> {
    must_be_json(&parts.headers)?;
    let bytes = read_bytes(Request::from_parts(parts.clone(), body), state).await?;
    let value = read_json(&bytes)?;
    Ok((bytes, value))
}

/// Who asks, and a CSV file.
#[derive(Debug)]
pub struct PostedFile {
    /// Who asks.
    pub asking: Asking,
    /// The file.
    pub body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for PostedFile {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let asking = Asking::from_request_parts(&mut parts, state).await?;
        if essence(&parts.headers) != "text/csv" {
            let what = "send the file with Content-Type: text/csv";
            return Err(Problem::new(Code::UnsupportedMediaType, what));
        }
        let body = read_bytes(Request::from_parts(parts.clone(), body), state).await?;
        let asking = asking.with_key(&parts, &body)?;
        Ok(Self { asking, body })
    }
}

async fn read_bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Problem::new(Code::TooLarge, "the body is larger than this place takes")
        } else {
            Problem::new(Code::BadRequest, "the body ended before it was complete")
        }
    })
}

/// The media type without its parameters.
fn essence(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

fn must_be_json(headers: &HeaderMap) -> Result<(), Problem> {
    if matches!(essence(headers).as_str(), "application/json" | "application/merge-patch+json") {
        return Ok(());
    }
    let what = "send the body as JSON with Content-Type: application/json";
    Err(Problem::new(Code::UnsupportedMediaType, what))
}

/// Reads a body.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        explain(error.inner(), &pointer)
    })?;
    reader.end().map_err(|error| explain(&error, "#"))?;
    Ok(value)
}

/// A part of a change: null says that it is to be taken away, which is kept as an empty text.
pub fn said<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(reader).map(|text| Some(text.unwrap_or_default()))
}

fn explain(error: &serde_json::Error, pointer: &str) -> Problem {
    let text = error.to_string();
    match error.classify() {
        Category::Data => {
            let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
            Problem::new(Code::Invalid, "a part of the body cannot be accepted").at(pointer, detail)
        }
        Category::Syntax | Category::Eof | Category::Io => Problem::new(Code::BadJson, text),
    }
}

/// A path as a JSON Pointer (RFC 6901) in URI fragment form.
fn pointer(path: &Path) -> String {
    let mut text = String::from("#");
    for segment in path {
        text.push('/');
        match segment {
            Segment::Map { key } => text.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Seq { index } => text.push_str(&index.to_string()),
            Segment::Enum { variant } => text.push_str(variant),
            Segment::Unknown => text.push('?'),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::read_json;
    use crate::problem::Problem;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        name: String,
        #[serde(default)]
        parts: Vec<u8>,
    }

    fn read(text: &str) -> Result<Wanted, Problem> {
        read_json(text.as_bytes())
    }

    #[test]
    fn what_is_wrong_is_placed() {
        let wanted = read("{\"name\":\"a\",\"parts\":[1]}").unwrap();
        assert_eq!((wanted.name.as_str(), wanted.parts.as_slice()), ("a", &[1][..]));
        for (text, pointer) in [
            ("{\"name\":1}", "#/name"),
            ("{\"name\":\"a\",\"parts\":[1,300]}", "#/parts/1"),
            ("{\"name\":\"a\",\"other\":1}", "#/other"),
            ("{}", "#"),
            ("[]", "#"),
            ("1e999999", "#"),
        ] {
            let problem = read(text).unwrap_err();
            if problem.code == "invalid" {
                assert_eq!(problem.errors[0].pointer, pointer, "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_json_is_told_so() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "{\"name\":\"a\"} x", "nul", "{\"name\":\"\u{1}\"}", &deep] {
            let problem = read(text).unwrap_err();
            assert!(matches!(problem.status, 400 | 422), "{problem:?}");
        }
        assert_eq!(read("{\"name\":\"a\"} x").unwrap_err().code, "bad_json");
    }
}
