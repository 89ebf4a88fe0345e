//! Who may do what: roles, permissions and the one table that joins them.
//!
//! It deliberately knows no tokens, cookies or passwords; those are `app::access`.

mod permissions;
mod roles;

pub use permissions::{Permission, SCOPES, table};
pub use roles::Role;
