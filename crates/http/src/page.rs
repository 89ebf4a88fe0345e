//! Pages of lists: `limit` and `after` in the query, `items` and `next` in the answer.
//!
//! It deliberately hides what a cursor holds; only its own list can read it.

use crate::problem::{Code, Problem};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

/// Records on a page when nothing else is asked for.
const DEFAULT_LIMIT: u16 = 50;
/// Records on a page at most.
pub const MAX_LIMIT: u16 = 200;
/// The longest cursor that is read.
const MAX_CURSOR_CHARS: usize = 1_000;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next page begins: send it as `after`. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A page, and the place where the next one begins.
    pub fn new(items: Vec<T>, next: Option<&str>) -> Self {
        Self { items, next: next.map(|place| URL_SAFE_NO_PAD.encode(place)) }
    }
}

impl<T> Page<T> {
    /// A page of what was found, of which there may be more when it is full.
    pub fn full<R>(
        found: Vec<R>,
        limit: u16,
        place: impl Fn(&R) -> String,
        shape: impl Fn(R) -> T,
    ) -> Self {
        let next = found.last().filter(|_| found.len() >= usize::from(limit)).map(place);
        Self::new(found.into_iter().map(shape).collect(), next.as_deref())
    }
}

/// The place in a cursor that is a number; 0 for the first page.
pub fn number(after: Option<&str>) -> Result<i64, Problem> {
    let Some(text) = place(after)? else {
        return Ok(0);
    };
    text.parse().map(i32::into).map_err(|_| {
        let what = "after is not a cursor of this list; take next from the page before";
        Problem::new(Code::BadRequest, what)
    })
}

/// The number of records to show.
pub fn limit(asked: Option<u16>) -> Result<u16, Problem> {
    let limit = asked.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(limit);
    }
    let what = format!("limit is {limit}; expected 1 to {MAX_LIMIT}");
    Err(Problem::new(Code::BadRequest, what))
}

/// The place in a cursor.
pub fn place(after: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(cursor) = after else {
        return Ok(None);
    };
    let bytes = (cursor.len() <= MAX_CURSOR_CHARS)
        .then(|| URL_SAFE_NO_PAD.decode(cursor).ok())
        .flatten()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| !text.contains('\0'));
    bytes.map(Some).ok_or_else(|| {
        let what = "after is not a cursor of this service; take next from the page before";
        Problem::new(Code::BadRequest, what)
    })
}

#[cfg(test)]
mod tests {
    use super::{Page, limit, place};

    #[test]
    fn cursors_come_back_as_they_went() {
        let page = Page::new(vec![1], Some("17 Ω/é"));
        assert_eq!(place(page.next.as_deref()).unwrap().as_deref(), Some("17 Ω/é"));
        assert_eq!(place(None).unwrap(), None);
        for bad in ["é", "a", "____x", "YQBi", &"A".repeat(2_000)] {
            assert_eq!(place(Some(bad)).unwrap_err().status, 400, "{bad}");
        }
    }

    #[test]
    fn limits_are_kept() {
        assert_eq!(limit(None).unwrap(), 50);
        assert_eq!(limit(Some(200)).unwrap(), 200);
        assert!(limit(Some(0)).is_err() && limit(Some(201)).is_err());
    }
}
