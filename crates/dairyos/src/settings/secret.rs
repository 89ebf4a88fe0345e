//! Values that must not be seen: secrets, and addresses that may hold a password.
//!
//! They deliberately have no way to be printed but masked; who needs the value says so by name.

use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// What stands in the place of a secret.
pub const MASK: &str = "***";

/// A secret.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// A secret of a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself. It belongs into a key and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "" } else { MASK })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An address (URL) whose password is never shown; empty when there is none.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct HiddenUrl(String);

impl HiddenUrl {
    /// The address as it was written, with its password.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The address, unless it is empty.
    pub fn given(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|url| !url.is_empty())
    }
}

impl fmt::Display for HiddenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}

impl fmt::Debug for HiddenUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HiddenUrl({self})")
    }
}

impl Serialize for HiddenUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The address with everything masked that may be a secret: who signs in other than by a bare
/// name, and the values of the query.
fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // The path of a file may hold an @; anything else with one is not what it should be.
        let file = url.starts_with("sqlite:") || !url.contains('@');
        return if file { url.to_owned() } else { MASK.to_owned() };
    };
    let (before, query) = rest.split_once('?').map_or((rest, None), |(b, q)| (b, Some(q)));
    // An @ behind the ? may end a password that holds one; so nothing is shown.
    if !before.contains('@') && query.is_some_and(|query| query.contains('@')) {
        return format!("{scheme}://{MASK}");
    }
    // A password may hold a slash or an @ that should have been written otherwise.
    let (who, place) = before.rsplit_once('@').map_or((None, before), |(w, p)| (Some(w), p));
    let mut shown = format!("{scheme}://");
    if let Some(who) = who {
        let database = scheme.starts_with("postgres");
        match who.split_once(':') {
            None if database => shown.push_str(who),
            Some((name, _)) if database => shown.push_str(&format!("{name}:{MASK}")),
            _ => shown.push_str(MASK),
        }
        shown.push('@');
    }
    shown.push_str(place);
    for (number, pair) in query.into_iter().flat_map(|query| query.split('&')).enumerate() {
        shown.push(if number == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if name.contains("pass") || name.contains("key") => {
                shown.push_str(&format!("{name}={MASK}"));
            }
            _ => shown.push_str(pair),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_shown() {
        let secret = Secret::new("hunter2");
        assert_eq!(secret.expose(), "hunter2");
        assert_eq!(secret.to_string(), "***");
        assert_eq!(format!("{secret:?} {secret:#?}"), "Secret(***) Secret(***)");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(Secret::new("").to_string(), "");
    }

    #[test]
    fn passwords_of_addresses_are_never_shown() {
        for (url, shown) in [
            ("", ""),
            ("sqlite:dairyos.db", "sqlite:dairyos.db"),
            ("sqlite:a@b.db", "sqlite:a@b.db"),
            ("postgres://me@host/books", "postgres://me@host/books"),
            ("postgres://me:hunter2@host:5432/books", "postgres://me:***@host:5432/books"),
            ("postgres://me:hun@ter/2@host/b", "postgres://me:***@host/b"),
            (
                "postgresql://host/b?user=me&password=hunter2&sslmode=require",
                "postgresql://host/b?user=me&password=***&sslmode=require",
            ),
            ("postgres://me:hunter2?x@host/b", "postgres://***"),
            ("postgresql://host/b?password=hunter2&user=a@b", "postgresql://***"),
            ("redis://:hunter2@host:6379/0", "redis://***@host:6379/0"),
            ("https://hunter2@sentry.example.org/7", "https://***@sentry.example.org/7"),
            ("me:hunter2@host", "***"),
        ] {
            let hidden: HiddenUrl = serde_json::from_value(url.into()).unwrap();
            assert_eq!(hidden.expose(), url);
            assert_eq!(hidden.to_string(), shown);
            assert!(!format!("{hidden:?}").contains("hunter2"));
            assert_eq!(serde_json::to_value(&hidden).unwrap(), shown);
        }
    }
}
