//! The rules of signing in that a business sets for itself.
//!
//! It deliberately has defaults under which nothing more is asked than the program always asks.

use super::breached::Breached;
use domain::access::Role;

/// What is asked of sessions and passwords beyond what always is.
#[derive(Default)]
pub struct Policy {
    /// Seconds after which a session that nobody has used ends, if it does.
    pub idle_secs: Option<i64>,
    /// The roles whose sessions end so.
    pub idle_for: Vec<Role>,
    /// Passwords that are known to others.
    pub breached: Option<Breached>,
}

impl Policy {
    /// Seconds after which an unused session of a role ends, if it does.
    pub(super) fn idle_secs_of(&self, role: Role) -> Option<i64> {
        self.idle_secs.filter(|_| self.idle_for.contains(&role))
    }
}
