//! The trace a request belongs to (W3C Trace Context).
//!
//! It deliberately serves to find things that belong together and nothing else: nothing is ever
//! allowed or believed because of it.

use axum::http::{HeaderMap, HeaderName};
use uuid::Uuid;

/// The header.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Characters of a `traceparent` of version 00; later versions are at least as long.
const LENGTH: usize = 55;

/// The id of a trace: 32 lower-case hexadecimal digits, not all zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId(pub String);

impl TraceId {
    /// The trace of a `traceparent`, or nothing when it is not valid (Trace Context 3.2).
    pub fn parse(text: &str) -> Option<Self> {
        let known = text.get(..LENGTH)?;
        let rest = text.get(LENGTH..)?;
        let parts: Vec<&str> = known.split('-').collect();
        let [version, trace, parent, flags] = parts.as_slice() else { return None };
        let lengths = [version.len(), trace.len(), parent.len(), flags.len()] == [2, 32, 16, 2];
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let digits = parts.iter().all(|part| part.bytes().all(hex));
        let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
        // A later version may have more parts; version 00 may not.
        let ends = rest.is_empty() || (*version != "00" && rest.starts_with('-'));
        let valid = lengths && digits && ends && *version != "ff";
        (valid && !zero(trace) && !zero(parent)).then(|| Self((*trace).to_owned()))
    }

    /// The trace of a request; nothing when none or several are named.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let only = all.next().filter(|_| all.next().is_none())?;
        Self::parse(only.to_str().ok()?)
    }

    /// The trace a caller names, or a new one.
    pub(super) fn of_request(headers: &HeaderMap) -> Self {
        Self::of(headers).unwrap_or_else(Self::fresh)
    }

    /// A new trace.
    fn fresh() -> Self {
        Self(Uuid::now_v7().simple().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::TraceId;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn valid_traces_are_kept() {
        let id = Some(TraceId("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()));
        assert_eq!(TraceId::parse(GOOD), id);
        assert_eq!(TraceId::parse(&GOOD.replace("-01", "-fe")), id);
        assert_eq!(TraceId::parse(&format!("{}-more", GOOD.replacen("00", "cc", 1))), id);
    }

    #[test]
    fn others_are_not() {
        for bad in [
            String::new(),
            GOOD[..54].to_owned(),
            format!("{GOOD}-more"),
            format!("{GOOD} "),
            GOOD.to_uppercase(),
            GOOD.replacen("00", "ff", 1),
            format!("{}more", GOOD.replacen("00", "cc", 1)),
            GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            GOOD.replace('-', "_"),
            GOOD.replace("4b", "4ग"),
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01".to_owned(),
        ] {
            assert_eq!(TraceId::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn fresh_traces_are_valid() {
        let fresh = TraceId::fresh().0;
        assert_eq!(TraceId::parse(&format!("00-{fresh}-00f067aa0ba902b7-00")).unwrap().0, fresh);
    }
}
