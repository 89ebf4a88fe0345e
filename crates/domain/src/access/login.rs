//! What people sign in with: an e-mail address or an Indian mobile number, in one form each, so
//! that one person is found by every way of writing it.
//!
//! It deliberately does not ask whether anybody has the login.

use crate::customers::{Email, Phone};
use std::fmt;
use thiserror::Error;

/// Why a text is not a login. The text is not repeated: it may be a password that was typed into
/// the wrong field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a login is an e-mail address, such as asha@example.com, or an Indian mobile number, such as \
     98765 43210 or +91 98765 43210"
)]
pub struct LoginError;

/// A login in its one form: an e-mail address in small letters, or `+91XXXXXXXXXX`. `Debug` shows
/// it shortened.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Login(String);

impl Login {
    /// Reads a login as a person writes it.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let text = text.trim();
        if text.contains('@') {
            let email = Email::parse(&text.to_lowercase()).map_err(|_| LoginError)?;
            return Ok(Self(email.as_str().to_owned()));
        }
        let phone = Phone::parse(text).map_err(|_| LoginError)?;
        if phone.is_mobile() { Ok(Self(phone.as_str().to_owned())) } else { Err(LoginError) }
    }

    /// The one form, by which people are found.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Shortened for logs and the audit trail, never whole: `a***@example.com`, `+91******3210`.
    pub fn shown(&self) -> String {
        if let Some((local, domain)) = self.0.split_once('@') {
            let first: String = local.chars().take(1).collect();
            return format!("{first}***@{domain}");
        }
        let last: String = self.0.chars().skip(self.0.len().saturating_sub(4)).collect();
        format!("+91******{last}")
    }

    /// The part that belongs to the person: what stands before the `@`, or the ten digits.
    pub fn own_part(&self) -> &str {
        match self.0.split_once('@') {
            Some((local, _)) => local,
            None => self.0.trim_start_matches("+91"),
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::Login;

    #[test]
    fn every_way_of_writing_is_one_login() {
        for text in
            ["9876543210", "09876543210", "+919876543210", "+91 98765 43210", " 98765-43210 "]
        {
            assert_eq!(Login::parse(text).unwrap().as_str(), "+919876543210", "{text}");
        }
        for text in ["asha@example.com", " Asha@Example.COM\n"] {
            assert_eq!(Login::parse(text).unwrap().as_str(), "asha@example.com", "{text}");
        }
    }

    #[test]
    fn what_is_no_login_is_refused_and_not_repeated() {
        let long = format!("{}@example.com", "a".repeat(300));
        for text in [
            "",
            " ",
            "asha",
            "@",
            "a@b",
            "a@@b.in",
            "a b@c.in",
            "02226301234",
            "5876543210",
            "+447700900123",
            "987654321",
            "98765432101",
            "a\0@b.in",
            &long,
        ] {
            let error = Login::parse(text).unwrap_err().to_string();
            assert!(text.trim().len() < 5 || !error.contains(text), "{error}");
        }
    }

    #[test]
    fn shown_is_never_whole() {
        let shown = |text: &str| Login::parse(text).unwrap().shown();
        assert_eq!(shown("asha.patel@example.com"), "a***@example.com");
        assert_eq!(shown("9876543210"), "+91******3210");
        let login = Login::parse("9876543210").unwrap();
        assert_eq!(format!("{login:?}"), "Login(+91******3210)");
        assert_eq!(login.own_part(), "9876543210");
        assert_eq!(Login::parse("asha@example.com").unwrap().own_part(), "asha");
    }
}
