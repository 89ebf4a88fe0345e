//! People and how they sign in: people, sessions, factors, devices, failures, keys, notices.
//!
//! It deliberately keeps no secret that could be used: passwords, tokens and keys are hashes, and
//! the secret of a second factor is encrypted by `app`.

pub mod attempts;
pub mod factors;
pub mod keys;
pub mod notices;
pub mod people;
pub mod sessions;

pub(crate) const QUERIES: [&[&str]; 6] = [
    attempts::QUERIES,
    factors::QUERIES,
    keys::QUERIES,
    notices::QUERIES,
    people::QUERIES,
    sessions::QUERIES,
];

/// The statements by which it is read who asks.
#[cfg(test)]
pub(crate) fn remembered() -> [&'static str; 2] {
    [sessions::WITH_PERSON, keys::BY_HASH]
}

/// A page of a list: what comes after an id, and how much at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The id after which the page begins; 0 for the first.
    pub after: i64,
    /// How many at most.
    pub limit: i64,
}
