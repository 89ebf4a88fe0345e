//! The user a server runs as. PostgreSQL refuses root, so root lends it another user.
//!
//! It creates no users.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::unistd::{User, geteuid};

use crate::failure::Failure;

/// Users to run a server as when this program runs as root, best first.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// A user other than the one who runs this program.
#[derive(Debug, Clone, Copy)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

/// The account to switch to; `None` when this program is not root and simply stays who it is.
pub fn for_server() -> Result<Option<Account>, Failure> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    for name in CANDIDATES {
        if let Ok(Some(user)) = User::from_name(name) {
            return Ok(Some(Account { uid: user.uid.as_raw(), gid: user.gid.as_raw() }));
        }
    }
    Err(Failure::new(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor \
         `nobody`; run the command as an ordinary user",
    ))
}

/// Makes a program run as the account, if there is one.
pub fn apply(account: Option<Account>, command: &mut Command) {
    if let Some(account) = account {
        command.gid(account.gid).uid(account.uid);
    }
}
