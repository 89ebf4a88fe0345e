//! Who may do what, and what is true of signing in: roles, permissions and the one table that
//! joins them; logins, the rules of passwords, and when failures lock.
//!
//! It deliberately knows no tokens, cookies or hashes; those are `app::access`.

mod lockout;
mod login;
mod notices;
mod passwords;
mod permissions;
mod roles;

pub use lockout::{ALL_UNKNOWN, Failures, ONE_SOURCE, Rule, Source, Verdict, decide};
pub use login::{Login, LoginError};
pub use notices::NoticeKind;
pub use passwords::{
    LEAST_ALONE, LEAST_WITH_SECOND_FACTOR, MOST_BYTES, MOST_CODE_POINTS, Refusal, context_words,
    refusals,
};
pub use permissions::{Permission, SCOPES, table};
pub use roles::Role;
