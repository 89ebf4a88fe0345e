//! JSON of a provider as a tree that borrows from its bytes, and careful readings of its fields:
//! every reading names the field that is wrong.
//!
//! It deliberately keeps no numbers but integers: nothing we read is a fraction. It does not know
//! any provider's shapes.

use std::borrow::Cow;
use std::fmt;

use domain::calendar::Moment;
use domain::payments::MAX_AMOUNT;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use thiserror::Error;

/// Bytes of a body that is read at all. Providers' events are below 100 kB.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// Bytes of an id of a provider; Stripe promises no more than 255.
const MAX_ID_BYTES: usize = 255;

/// Characters of a text taken over from a provider; longer ones are left out where they are notes.
const MAX_TEXT_CHARS: usize = 512;

/// Characters of the kind of an event that are kept; the longest of a provider has about 50.
const MAX_KIND_CHARS: usize = 100;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// Why an authentic body cannot be used. It is kept all the same; it has no effect on money.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ParseError {
    /// More bytes than [`MAX_BODY_BYTES`].
    #[error("the body has {bytes} bytes, at most {MAX_BODY_BYTES} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Not JSON, nested too deeply, or with a number beyond all bounds.
    #[error("the body is not readable JSON (line {line}, column {column})")]
    NotJson {
        /// Where reading stopped, from 1.
        line: usize,
        /// Where reading stopped, from 1.
        column: usize,
    },
    /// JSON, but not an event of the provider.
    #[error("the body is not an event of this provider")]
    NotAnEvent,
    /// A field that decides is missing or null.
    #[error("{at} is missing")]
    Missing {
        /// The field as a path, such as `payload.payment.entity.amount`.
        at: String,
    },
    /// A field that decides has a wrong type or value.
    #[error("{at} is not {expected}")]
    Wrong {
        /// The field as a path.
        at: String,
        /// What was expected.
        expected: &'static str,
    },
    /// A field that decides is there twice, so that two readers could differ about it.
    #[error("{at} is there twice")]
    Twice {
        /// The field as a path.
        at: String,
    },
}

/// One value of a JSON text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer within `i64`.
    Int(i64),
    /// A fraction, or an integer beyond `i64`.
    OtherNumber,
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Node<'a>>),
    /// Fields in the order of the text, repetitions included.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Reads a whole body. Nesting beyond 128 levels is refused by the reader underneath.
pub(crate) fn read(raw: &[u8]) -> Result<Node<'_>, ParseError> {
    if raw.len() > MAX_BODY_BYTES {
        return Err(ParseError::TooLarge { bytes: raw.len() });
    }
    read_answer(raw)
}

/// Reads the answer to a call, whose length the caller has limited.
pub(crate) fn read_answer(raw: &[u8]) -> Result<Node<'_>, ParseError> {
    serde_json::from_slice(raw)
        .map_err(|error| ParseError::NotJson { line: error.line(), column: error.column() })
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Node::OtherNumber, Node::Int))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Node::OtherNumber)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((Key(key), value)) = entries.next_entry()? {
            fields.push((key, value));
        }
        Ok(Node::Object(fields))
    }
}

/// The name of a field; borrowed unless it holds an escape.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(KeyVisitor).map(Key)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

/// An object with the way to it, for errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'n, 'a> {
    fields: &'n [(Cow<'a, str>, Node<'a>)],
    at: &'static str,
}

impl<'n, 'a> Fields<'n, 'a> {
    /// The fields of an object; nothing of any other value. PHP writes an empty object as `[]`,
    /// and some fields are at times plain texts.
    pub(crate) fn of(node: &'n Node<'a>, at: &'static str) -> Option<Self> {
        match node {
            Node::Object(fields) => Some(Self { fields, at }),
            _ => None,
        }
    }

    fn place(&self, key: &str) -> String {
        if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) }
    }

    /// A field is missing.
    pub(crate) fn missing(&self, key: &str) -> ParseError {
        ParseError::Missing { at: self.place(key) }
    }

    /// A field has a wrong type or value.
    pub(crate) fn wrong(&self, key: &str, expected: &'static str) -> ParseError {
        ParseError::Wrong { at: self.place(key), expected }
    }

    /// The value of a field; nothing when it is missing or null.
    pub(crate) fn get(&self, key: &str) -> Result<Option<&'n Node<'a>>, ParseError> {
        let mut found = self.fields.iter().filter(|(name, _)| name == key);
        let first = found.next().map(|(_, value)| value);
        if found.next().is_some() {
            return Err(ParseError::Twice { at: self.place(key) });
        }
        Ok(first.filter(|value| **value != Node::Null))
    }

    /// The object in a field; nothing when there is anything else.
    pub(crate) fn object(
        &self,
        key: &str,
        at: &'static str,
    ) -> Result<Option<Fields<'n, 'a>>, ParseError> {
        Ok(self.get(key)?.and_then(|node| Fields::of(node, at)))
    }

    /// The list in a field; an empty one when there is anything else.
    pub(crate) fn list(&self, key: &str) -> Result<&'n [Node<'a>], ParseError> {
        match self.get(key)? {
            Some(Node::List(items)) => Ok(items),
            _ => Ok(&[]),
        }
    }

    /// A text; nothing when missing, null or empty. One with control characters is refused: it
    /// decides or is kept, and no database takes a NUL.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'n str>, ParseError> {
        match self.get(key)? {
            None => Ok(None),
            Some(Node::Text(text)) if text.chars().any(char::is_control) => {
                Err(self.wrong(key, "a text without control characters"))
            }
            Some(Node::Text(text)) => Ok(Some(text.as_ref()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.wrong(key, "a text")),
        }
    }

    /// A text that only informs: too long ones are cut, and anything else is left out.
    pub(crate) fn note(&self, key: &str) -> Result<Option<String>, ParseError> {
        Ok(match self.get(key)? {
            Some(Node::Text(text)) => {
                let plain = text.chars().filter(|c| !c.is_control());
                let text: String = plain.take(MAX_TEXT_CHARS).collect();
                Some(text).filter(|text| !text.is_empty())
            }
            Some(Node::Int(number)) => Some(number.to_string()),
            _ => None,
        })
    }

    /// A reference of ours that was sent along, such as a bill number: trimmed; nothing when it is
    /// empty, not a text or number, too long, or holds control characters. It names nothing then.
    pub(crate) fn reference(&self, key: &str) -> Result<Option<String>, ParseError> {
        Ok(match self.get(key)? {
            Some(Node::Text(text)) => {
                let text = text.trim();
                let fits = text.chars().count() <= MAX_TEXT_CHARS;
                let plain = !text.is_empty() && !text.chars().any(char::is_control);
                (fits && plain).then(|| text.to_owned())
            }
            Some(Node::Int(number)) => Some(number.to_string()),
            _ => None,
        })
    }

    /// An id of the provider: opaque, visible ASCII, case-sensitive.
    pub(crate) fn id(&self, key: &str) -> Result<Option<&'n str>, ParseError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if plain && text.len() <= MAX_ID_BYTES {
            Ok(Some(text))
        } else {
            Err(self.wrong(key, "an id of at most 255 visible characters"))
        }
    }

    /// An id, or the id of the object that stands in its place (Stripe expands on request).
    pub(crate) fn id_or_object(&self, key: &str) -> Result<Option<&'n str>, ParseError> {
        match self.get(key)? {
            Some(Node::Object(fields)) => Fields { fields, at: self.at }.id("id"),
            _ => self.id(key),
        }
    }

    /// An id that must be there.
    pub(crate) fn must_id(&self, key: &str) -> Result<&'n str, ParseError> {
        self.id(key)?.ok_or_else(|| self.missing(key))
    }

    /// An integer, also one written as a text of digits.
    pub(crate) fn int(&self, key: &str) -> Result<Option<i64>, ParseError> {
        let number = match self.get(key)? {
            None => return Ok(None),
            Some(Node::Int(number)) => Some(*number),
            Some(Node::Text(text)) if text.is_empty() => return Ok(None),
            Some(Node::Text(text)) => digits(text),
            Some(_) => None,
        };
        number.map(Some).ok_or_else(|| self.wrong(key, "an integer within 64 bits"))
    }

    /// An amount in minor units: an integer, not negative.
    pub(crate) fn amount(&self, key: &str) -> Result<Option<i64>, ParseError> {
        let expected = "an amount: an integer of minor units, not negative, at most 10^12";
        match self.int(key) {
            Ok(Some(amount)) if !(0..=MAX_AMOUNT.paise()).contains(&amount) => {
                Err(self.wrong(key, expected))
            }
            Err(ParseError::Wrong { .. }) => Err(self.wrong(key, expected)),
            other => other,
        }
    }

    /// An amount that must be there.
    pub(crate) fn must_amount(&self, key: &str) -> Result<i64, ParseError> {
        self.amount(key)?.ok_or_else(|| self.missing(key))
    }

    /// A currency (ISO 4217), in capitals. Stripe writes it small.
    pub(crate) fn currency(&self, key: &str) -> Result<Option<String>, ParseError> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            Ok(Some(text.to_ascii_uppercase()))
        } else {
            Err(self.wrong(key, "a currency of three letters"))
        }
    }

    /// A currency that must be there.
    pub(crate) fn must_currency(&self, key: &str) -> Result<String, ParseError> {
        self.currency(key)?.ok_or_else(|| self.missing(key))
    }

    /// A moment in Unix seconds. Zero means never. What is no time only informs and is left out.
    pub(crate) fn moment(&self, key: &str) -> Result<Option<Moment>, ParseError> {
        let seconds = match self.int(key) {
            Err(ParseError::Wrong { .. }) => None,
            other => other?,
        };
        let micros =
            seconds.filter(|secs| *secs > 0).and_then(|s| s.checked_mul(MICROS_PER_SECOND));
        Ok(micros.map(Moment::from_unix_micros))
    }
}

/// The kind of an event as it is kept. What is cut off is no kind that we act on.
pub(crate) fn kept_kind(kind: &str) -> String {
    kind.chars().take(MAX_KIND_CHARS).collect()
}

/// A number of plain ASCII digits.
fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on<T>(text: &str, check: impl Fn(Fields<'_, '_>) -> T) -> T {
        let node = read(text.as_bytes()).unwrap();
        check(Fields::of(&node, "x").unwrap())
    }

    fn amount(text: &str) -> Result<Option<i64>, ParseError> {
        on(&format!("{{\"a\":{text}}}"), |fields| fields.amount("a"))
    }

    #[test]
    fn amounts_are_integers_of_minor_units() {
        assert_eq!(amount("184250"), Ok(Some(184_250)));
        assert_eq!(amount("\"184250\""), Ok(Some(184_250)));
        assert_eq!(amount("0"), Ok(Some(0)));
        assert_eq!(amount("null"), Ok(None));
        assert_eq!(amount("1000000000000"), Ok(Some(MAX_AMOUNT.paise())));
        for wrong in [
            "1000000000001",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551616",
            "1e30",
            "1.5",
            "184250.0",
            "-1",
            "true",
            "[]",
            "{}",
            "\"1,842\"",
            "\"-5\"",
            "\"99999999999999999999\"",
            "\" 1\"",
        ] {
            let error = amount(wrong).unwrap_err();
            assert!(error.to_string().starts_with("x.a is not an amount"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_field_that_is_read_is_there_once() {
        let twice = r#"{"a":1,"b":2,"a":3}"#;
        assert_eq!(
            on(twice, |fields| fields.amount("a")),
            Err(ParseError::Twice { at: "x.a".to_owned() })
        );
        assert_eq!(on(twice, |fields| fields.amount("b")), Ok(Some(2)));
        // The same name, written with an escape.
        let escaped = r#"{"a":1,"\u0061":3}"#;
        assert!(on(escaped, |fields| fields.amount("a")).is_err());
    }

    #[test]
    fn what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        let broken_utf8: &[u8] = b"{\"a\":\"\xff\"}";
        for raw in [b"".as_slice(), b"{", b"<xml/>", b"{}x", b"1e999", deep.as_bytes(), broken_utf8]
        {
            assert!(matches!(read(raw), Err(ParseError::NotJson { .. })));
        }
        let large = vec![b' '; MAX_BODY_BYTES + 1];
        assert_eq!(read(&large), Err(ParseError::TooLarge { bytes: large.len() }));
    }

    #[test]
    fn moments_may_be_texts_and_zero_is_never() {
        let text = r#"{"a":"1625077799","b":1798741799,"c":0,"d":"soon","e":1e300}"#;
        let moment = |key: &str| on(text, |fields| fields.moment(key)).unwrap();
        assert_eq!(moment("a").unwrap().unix_micros(), 1_625_077_799_000_000);
        assert_eq!(moment("b").unwrap().unix_micros(), 1_798_741_799_000_000);
        assert_eq!([moment("c"), moment("d"), moment("e"), moment("f")], [None; 4]);
    }

    #[test]
    fn references_that_name_nothing_are_left_out() {
        let long = "x".repeat(MAX_TEXT_CHARS + 1);
        let text =
            format!(r#"{{"a":" DB-1 ","b":17,"c":"","d":"a\nb","e":{{}},"f":null,"g":"{long}"}}"#);
        let reference = |key: &str| on(&text, |fields| fields.reference(key)).unwrap();
        assert_eq!(reference("a").as_deref(), Some("DB-1"));
        assert_eq!(reference("b").as_deref(), Some("17"));
        for key in ["c", "d", "e", "f", "g", "h"] {
            assert_eq!(reference(key), None, "{key}");
        }
    }

    #[test]
    fn ids_are_visible_and_short() {
        let long = "x".repeat(256);
        for wrong in ["\"a b\"", "\"a\\u0000\"", "\"\u{20ac}\"", "5", &format!("\"{long}\"")] {
            let text = format!("{{\"id\":{wrong}}}");
            assert!(on(&text, |fields| fields.id("id").is_err()), "{wrong}");
        }
        let expanded = r#"{"a":"pi_1","b":{"id":"pi_2"},"c":null}"#;
        let id =
            |key: &str| on(expanded, |fields| fields.id_or_object(key).unwrap().map(str::to_owned));
        assert_eq!(id("a").as_deref(), Some("pi_1"));
        assert_eq!(id("b").as_deref(), Some("pi_2"));
        assert_eq!(id("c"), None);
    }
}
