//! The temporary folder of a server, and the small watcher that outlives this program.
//!
//! Everything a server writes is inside of it. The watcher is a shell that waits for this program
//! to be gone: it covers the one end that no Rust code sees, SIGKILL. It reads nothing else.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::account::{self, Account};
use super::server::Purpose;
use crate::failure::Failure;
use crate::workspace;

/// Longest path of a folder whose socket still fits the 104 bytes of the strictest Unix system.
const MAX_PATH: usize = 80;

/// Waits for end of file on standard input, which comes when this program is gone, however it
/// ended; then stops the server at once and removes the folder.
const WATCHER: &str = r#"
trap '' INT HUP TERM
cat >/dev/null
state="$1/data/postmaster.pid"
pid=$(head -n 1 "$state" 2>/dev/null)
if [ -n "$pid" ]; then
    kill -QUIT "$pid" 2>/dev/null
    tries=0
    while [ -e "$state" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 50 ]; do
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -KILL "$pid" 2>/dev/null
fi
rm -rf -- "$1"
"#;

/// A folder that exists as long as this value, and no longer than this program.
#[derive(Debug)]
pub struct TemporaryFolder {
    path: PathBuf,
    watcher: Child,
}

impl TemporaryFolder {
    /// Creates a folder that only the account may enter, at a place the account can reach.
    pub fn create(account: Option<Account>, purpose: Purpose) -> Result<Self, Failure> {
        let candidates = candidates(purpose);
        let usable = |place: &&PathBuf| is_usable(place, account.is_some());
        let Some(place) = candidates.iter().find(usable) else {
            let names: Vec<_> = candidates.iter().map(|at| at.display().to_string()).collect();
            return Err(Failure::new(format!(
                "there is no temporary folder that the PostgreSQL server can reach (tried {}); \
                 set TMPDIR to one",
                names.join(", ")
            )));
        };
        let path = place.join(format!("dairyos-postgres-{}", std::process::id()));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .and_then(|()| match account {
                Some(to) => std::os::unix::fs::chown(&path, Some(to.uid), Some(to.gid)),
                None => Ok(()),
            })
            .map_err(|error| Failure::io(format!("create {}", path.display()), &error))?;
        match watch(&path, account) {
            Ok(watcher) => Ok(Self { path, watcher }),
            Err(failure) => {
                let _ = fs::remove_dir_all(&path);
                Err(failure)
            }
        }
    }

    /// Where the folder is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        let _ = self.watcher.kill();
        let _ = self.watcher.wait();
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("warning: could not remove {}: {error}", self.path.display());
        }
    }
}

fn watch(path: &Path, account: Option<Account>) -> Result<Child, Failure> {
    let mut command = Command::new("sh");
    command.args(["-c", WATCHER, "dairyos-postgres-watcher"]).arg(path);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    command.process_group(0).current_dir("/");
    account::apply(account, &mut command);
    command.spawn().map_err(|error| Failure::io("start `sh`", &error))
}

/// Durable servers prefer a real disk: many systems keep /tmp in memory, where `fsync` is free.
fn candidates(purpose: Purpose) -> Vec<PathBuf> {
    let chosen = workspace::setting("TMPDIR").map(PathBuf::from);
    let usual = match purpose {
        Purpose::Tests => ["/tmp", "/var/tmp"],
        Purpose::Durable => ["/var/tmp", "/tmp"],
    };
    chosen.into_iter().chain(usual.map(PathBuf::from)).collect()
}

/// Whether a folder exists, is short enough for a socket, and, for another user, can be entered.
fn is_usable(place: &Path, for_another_user: bool) -> bool {
    let Ok(place) = fs::canonicalize(place) else {
        return false;
    };
    let open = |folder: &Path| {
        fs::metadata(folder).is_ok_and(|data| data.is_dir() && data.mode() & 0o001 != 0)
    };
    place.is_dir()
        && place.as_os_str().len() <= MAX_PATH
        && (!for_another_user || place.ancestors().all(open))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_below_a_closed_one_is_no_place_for_another_user() {
        let closed = std::env::temp_dir().join(format!("xtask-closed-{}", std::process::id()));
        let inner = closed.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(is_usable(&inner, false));
        assert!(!is_usable(&inner, true));
        assert!(!is_usable(Path::new("/nonexistent"), false));
        fs::remove_dir_all(closed).unwrap();
    }
}
