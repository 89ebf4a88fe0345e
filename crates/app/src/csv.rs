//! Fields of CSV files that leave the program (RFC 4180).
//!
//! It deliberately reads nothing; files that come in are read by `import`.

use std::borrow::Cow;

/// A text as one field: in quotes where it holds what parts fields or rows.
pub fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn what_parts_fields_is_quoted() {
        for (text, expected) in [
            ("", ""),
            ("plain; text", "plain; text"),
            ("a,b", "\"a,b\""),
            ("he said \"no\"", "\"he said \"\"no\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
