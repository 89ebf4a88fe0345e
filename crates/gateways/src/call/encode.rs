//! Percent-encoding of paths, queries and forms.
//!
//! It deliberately decodes nothing, and encodes more than it must: all but letters, digits and
//! `-._~` (RFC 3986, 2.3).

/// Encodes one segment, name or value.
pub(crate) fn percent(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Encodes names and values as a query or form.
pub(crate) fn pairs<N: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (N, V)>,
) -> String {
    let encoded = pairs
        .into_iter()
        .map(|(name, value)| format!("{}={}", percent(name.as_ref()), percent(value.as_ref())));
    encoded.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_plain_characters_are_encoded() {
        assert_eq!(percent("pay_A-1.~z"), "pay_A-1.~z");
        assert_eq!(percent("../a?b=c&d e₹"), "..%2Fa%3Fb%3Dc%26d%20e%E2%82%B9");
        assert_eq!(pairs([("metadata[bill_no]", "DB/1")]), "metadata%5Bbill_no%5D=DB%2F1");
        assert_eq!(pairs([("a", "1"), ("b", "")]), "a=1&b=");
    }
}
