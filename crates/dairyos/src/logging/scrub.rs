//! Taking secrets, and for reports personal data too, out of texts.
//!
//! It deliberately errs on the side of taking out too much. It is the last line of defence: what
//! is known to be a secret is not to be logged in the first place.

use std::borrow::Cow;

/// What stands in the place of what was taken out.
pub const REMOVED: &str = "[removed]";

/// Headers whose values are never logged or reported.
pub const HEADERS: [&str; 12] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-razorpay-signature",
    "stripe-signature",
    "idempotency-key",
    "apikey",
    "authkey",
    "x-api-key",
    "x-hub-signature-256",
    "webhook-signature",
];
/// Words that end the names of secret values.
const ENDINGS: [&str; 10] = [
    "token",
    "password",
    "passwd",
    "secret",
    "apikey",
    "api_key",
    "otp",
    "authkey",
    "signature",
    "private_key",
];
/// Names of bodies of requests and answers.
const BODIES: [&str; 3] = ["body", "request_body", "response_body"];
/// A name that is a secret in a query only; elsewhere it is the code of an error.
const QUERY_CODE: &str = "code";
/// Schemes of credentials: what follows them is secret.
const SCHEMES: [&str; 3] = ["bearer", "basic", "digest"];
/// Digits of telephone numbers.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 10..=15;

/// Whether a value of this name is never to be logged.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.as_bytes();
    let ends_with = |ending: &str| {
        let start = name.len().checked_sub(ending.len());
        start.and_then(|start| name.get(start..)).is_some_and(|end| same_name(end, ending))
    };
    HEADERS.iter().chain(&BODIES).any(|known| same_name(name, known))
        || ENDINGS.iter().any(|ending| ends_with(ending))
}

/// Whether a name is one that is known, however it is spelt. It is asked for every field of every
/// line of the log, so it makes no copies.
fn same_name(name: &[u8], known: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    name.len() == known.len()
        && name.iter().zip(known.bytes()).all(|(one, other)| plain(*one) == plain(other))
}

fn is_header(name: &str) -> bool {
    HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// Whether a character ends a value without quotes.
fn ends_value(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "&,;\"'<>(){}[]#".contains(c)
}

/// A text without secrets: values after secret names, credentials, passwords of addresses.
pub fn secrets(text: &str) -> Cow<'_, str> {
    // Whatever is taken out stands after one of these.
    if !text.contains(['=', ':', ' ']) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if is_name(next) {
            let word = rest.split(|c| !is_name(c)).next().unwrap_or(rest);
            let before = clean.chars().next_back();
            clean.push_str(word);
            rest = rest.get(word.len()..).unwrap_or_default();
            let (copied, hidden) = after_word(word, before, rest);
            clean.push_str(rest.get(..copied).unwrap_or_default());
            if hidden > 0 {
                clean.push_str(REMOVED);
            }
            rest = rest.get(copied + hidden..).unwrap_or_default();
        } else if let Some(place) = rest.strip_prefix("://") {
            clean.push_str("://");
            let end = place.find(|c: char| ends_value(c) || c == '/').unwrap_or(place.len());
            let host = place.get(..end).unwrap_or_default();
            let who = host.rfind('@').unwrap_or(0);
            if who > 0 {
                clean.push_str(REMOVED);
            }
            rest = place.get(who..).unwrap_or_default();
        } else {
            clean.push(next);
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    Cow::Owned(clean)
}

/// After a word: how many bytes are kept, and how many after them are secret.
fn after_word(word: &str, before: Option<char>, rest: &str) -> (usize, usize) {
    if SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme)) {
        let value = rest.trim_start_matches(' ');
        let end = value.find(ends_value).unwrap_or(value.len());
        // "Basic terms" of an ordinary sentence are lost too.
        let spaces = rest.len() - value.len();
        return if spaces > 0 { (spaces, end) } else { (0, 0) };
    }
    let query = word == QUERY_CODE && matches!(before, Some('?' | '&'));
    if !query && !is_secret_name(word) {
        return (0, 0);
    }
    // Between name and value: quotes of either, blanks, and one = or :, perhaps escaped.
    let value = rest.trim_start_matches(['\\', '"', '\'', ' ']);
    let Some(value) = value.strip_prefix(['=', ':']) else { return (0, 0) };
    let value = value.trim_start_matches(' ');
    let opened = value.trim_start_matches(['\\', '"', '\'']);
    let quoted = opened.len() < value.len();
    let length = if quoted {
        end_of_quoted(opened)
    } else if is_header(word) {
        // A header's value has blanks and semicolons of its own.
        opened.find(['\r', '\n']).unwrap_or(opened.len())
    } else {
        end_of_value(opened)
    };
    (rest.len() - opened.len(), length)
}

/// The end of a value without quotes; of credentials, with what follows their scheme.
fn end_of_value(value: &str) -> usize {
    let end = value.find(ends_value).unwrap_or(value.len());
    let (first, rest) = value.split_at(end);
    if SCHEMES.iter().any(|scheme| first.eq_ignore_ascii_case(scheme)) {
        let next = rest.trim_start_matches(' ');
        return value.len() - next.len() + next.find(ends_value).unwrap_or(next.len());
    }
    end
}

fn end_of_quoted(value: &str) -> usize {
    value.find(['"', '\'']).map_or(value.len(), |end| {
        // The backslash of an escaped quote belongs to what is kept.
        let kept = value.get(..end).unwrap_or_default();
        kept.trim_end_matches('\\').len()
    })
}

/// A text without secrets, telephone numbers, e-mail addresses and UPI addresses.
pub fn personal(text: &str) -> String {
    phones(&addresses(&secrets(text)))
}

/// Without what has the form name@place: e-mail addresses and VPAs.
fn addresses(text: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        clean.push_str(rest.get(..start).unwrap_or_default());
        let from = rest.get(start..).unwrap_or_default();
        let end = from.find(|c| !part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        let inner = word.trim_matches('@');
        clean.push_str(if inner.contains('@') { REMOVED } else { word });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// Without runs of ten to fifteen digits, with the blanks and signs people write in between.
fn phones(text: &str) -> String {
    let inside = |c: char| c.is_ascii_digit() || " -().".contains(c);
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        clean.push_str(before);
        let end = from.find(|c| !inside(c)).unwrap_or(from.len());
        let run =
            from.get(..end).unwrap_or_default().trim_end_matches(|c: char| !c.is_ascii_digit());
        let after = from.get(run.len()..).unwrap_or_default();
        let digits = run.chars().filter(char::is_ascii_digit).count();
        // Part of a longer word, such as a hexadecimal number, is no telephone number.
        let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let alone = !word(clean.chars().next_back()) && !word(after.chars().next());
        clean.push_str(if alone && PHONE_DIGITS.contains(&digits) { REMOVED } else { run });
        rest = after;
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_names_are_taken_out() {
        for (text, clean) in [
            ("GET /x?token=hunter2&a=1", "GET /x?token=[removed]&a=1"),
            ("/x?a=1&code=hunter2", "/x?a=1&code=[removed]"),
            ("refresh_token=hunter2 next", "refresh_token=[removed] next"),
            ("password: hunter2, user: me", "password: [removed], user: me"),
            (
                "{\"client_secret\":\"hun ter2\",\"a\":1}",
                "{\"client_secret\":\"[removed]\",\"a\":1}",
            ),
            ("{\\\"password\\\":\\\"hunter2\\\"}", "{\\\"password\\\":\\\"[removed]\\\"}"),
            ("Authorization: Bearer hunter2", "Authorization: [removed]"),
            ("cookie: a=hunter2; b=hunter2\nhost: x", "cookie: [removed]\nhost: x"),
            ("\"stripe-signature\": \"t=1,v1=hunter2\"", "\"stripe-signature\": \"[removed]\""),
            ("sent Bearer hunter2.x.y to them", "sent Bearer [removed] to them"),
            ("token: Bearer hunter2!", "token: [removed]"),
            ("postgres://me:hunter2@host/db failed", "postgres://[removed]@host/db failed"),
            ("redis://host:6379/0", "redis://host:6379/0"),
            ("X-API-KEY=hunter2", "X-API-KEY=[removed]"),
            ("password=", "password="),
            ("password", "password"),
            ("code=invalid, exit code: 1", "code=invalid, exit code: 1"),
            ("लता, ₹12", "लता, ₹12"),
            ("", ""),
        ] {
            assert_eq!(secrets(text), clean, "{text}");
            assert!(!secrets(text).contains("hunter2"));
        }
    }

    #[test]
    fn nothing_is_lost_of_odd_texts() {
        for text in ["://", "a://@", "=:=", "\\\"", "€token", "bearer", "Bearer ", "token:  "] {
            assert!(secrets(text).starts_with(&text[..text.len().min(3)]), "{text}");
            personal(text);
        }
    }

    #[test]
    fn personal_data_is_taken_out_for_reports() {
        for (text, clean) in [
            ("call 98123 00001 now", "call [removed] now"),
            ("+91 98123-00001", "+[removed]"),
            ("(0265) 2345 6789.", "([removed]."),
            ("paid by lata.dave@okaxis", "paid by [removed]"),
            ("mail <lata@example.org>", "mail <[removed]>"),
            ("bill INV/26-27/000007 of 2333.00", "bill INV/26-27/000007 of 2333.00"),
            ("trace 4bf92f3577b34da6a3ce929d0e0e4736", "trace 4bf92f3577b34da6a3ce929d0e0e4736"),
            ("at 12:34", "at 12:34"),
            ("@ noon", "@ noon"),
            ("लता@upi और 9812300001", "[removed] और [removed]"),
        ] {
            assert_eq!(personal(text), clean, "{text}");
        }
    }

    #[test]
    fn names_of_secrets_are_known() {
        for name in HEADERS.iter().chain(&["Password", "access_token", "otp", "webhook_secret"]) {
            assert!(is_secret_name(name), "{name}");
        }
        assert!(is_secret_name("body") && is_secret_name("Set-Cookie"));
        for name in ["code", "kid", "route", "token_count", "status", "everybody"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
