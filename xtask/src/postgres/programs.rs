//! Finding PostgreSQL's programs on this machine, or installing Debian's package.
//!
//! It does not choose between versions beyond "what is on PATH, else the newest", and it never
//! installs anything as an ordinary user.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::unistd::geteuid;

use crate::failure::Failure;
use crate::process;
use crate::workspace;

/// Where Debian keeps one folder per major version.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// Where a setting can tell Debian's package not to create and start a server of its own.
const DEBIAN_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

const NOT_FOUND: &str = "PostgreSQL was not found: `initdb` and `postgres` are neither on PATH \
    nor in /usr/lib/postgresql/*/bin. Install it (on Debian: `apt-get install postgresql`), or \
    do without it by adding `--sqlite-only` to `cargo xtask test` or `cargo xtask bench`.";

/// The folder that holds `initdb` and `postgres`; installs them when root on Debian.
pub fn find_or_install() -> Result<PathBuf, Failure> {
    let path = workspace::setting("PATH").unwrap_or_default();
    let versions = Path::new(DEBIAN_VERSIONS);
    if let Some(folder) = find(OsStr::new(&path), versions) {
        return Ok(folder);
    }
    if geteuid().is_root() && Path::new("/etc/debian_version").exists() {
        install()?;
    }
    find(OsStr::new(&path), versions).ok_or_else(|| Failure::new(NOT_FOUND))
}

fn find(path: &OsStr, versions: &Path) -> Option<PathBuf> {
    let on_path = std::env::split_paths(path)
        // Resolved, because a link to `initdb` alone does not bring its neighbours along.
        .filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok())
        .filter_map(|program| program.parent().map(Path::to_path_buf))
        .find(|folder| is_complete(folder));
    on_path.or_else(|| newest(versions))
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(versions).ok()?;
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, folder)| is_complete(folder))
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
}

fn is_complete(folder: &Path) -> bool {
    folder.join("initdb").is_file() && folder.join("postgres").is_file()
}

fn install() -> Result<(), Failure> {
    eprintln!("PostgreSQL was not found; installing Debian's package `postgresql`.");
    let setting = Path::new(DEBIAN_SETTINGS).join("dairyos-xtask.conf");
    fs::create_dir_all(DEBIAN_SETTINGS)
        .and_then(|()| fs::write(&setting, "create_main_cluster = false\n"))
        .map_err(|error| Failure::io(format!("write {}", setting.display()), &error))?;
    let outcome = apt_get(&["update"])
        .and_then(|()| apt_get(&["install", "--yes", "--no-install-recommends", "postgresql"]));
    // The setting is for this one installation, not for what the machine's owner does later.
    let _ = fs::remove_file(&setting);
    outcome
}

fn apt_get(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("apt-get");
    command.arg("-qq").args(arguments);
    // Its report is long even when quiet; what goes wrong is on the error stream.
    command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
    process::run_to_success(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        fs::canonicalize(folder).unwrap()
    }

    fn programs_in(folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for name in ["initdb", "postgres"] {
            fs::write(folder.join(name), "").unwrap();
        }
    }

    #[test]
    fn the_newest_version_counts_as_a_number() {
        let versions = scratch("versions");
        for version in ["9", "15", "100"] {
            programs_in(&versions.join(version).join("bin"));
        }
        fs::create_dir_all(versions.join("101/bin")).unwrap();
        let found = find(OsStr::new("/nonexistent"), &versions);
        assert_eq!(found, Some(versions.join("100/bin")));
        fs::remove_dir_all(versions).unwrap();
    }

    #[test]
    fn links_on_path_lead_to_the_folder_of_the_programs() {
        let scratch = scratch("links");
        programs_in(&scratch.join("real"));
        fs::create_dir_all(scratch.join("bin")).unwrap();
        std::os::unix::fs::symlink(scratch.join("real/initdb"), scratch.join("bin/initdb"))
            .unwrap();
        let found = find(scratch.join("bin").as_os_str(), Path::new("/nonexistent"));
        assert_eq!(found, Some(scratch.join("real")));
        fs::remove_dir_all(scratch).unwrap();
    }
}
