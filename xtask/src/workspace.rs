//! Where things are: the checkout, cargo, the built programs, the cache of developer tools.
//!
//! It is the one place of this program that reads environment variables. It decides nothing about
//! what is built.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;
use crate::process;

/// The root of the checkout: the folder that holds the workspace's Cargo.toml.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

/// An environment variable; `None` when it is unset, empty or not UTF-8.
pub fn setting(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where xtask reads the environment"
    )]
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}

/// Cargo, as the one that runs this program if there is one.
pub fn cargo() -> Command {
    Command::new(setting("CARGO").unwrap_or_else(|| "cargo".to_owned()))
}

/// The folder where developer tools are kept between runs, outside of the checkout.
pub fn cache() -> Result<PathBuf, Failure> {
    let base = match (setting("XDG_CACHE_HOME"), setting("HOME")) {
        (Some(cache), _) => PathBuf::from(cache),
        (None, Some(home)) => PathBuf::from(home).join(".cache"),
        (None, None) => {
            return Err(Failure::new(
                "there is no folder for developer tools: set HOME or XDG_CACHE_HOME",
            ));
        }
    };
    Ok(base.join("dairyos"))
}

/// `cargo metadata` with the given extra arguments, for the workspace at `root`.
pub fn metadata(root: &Path, arguments: &[&str]) -> Result<Value, Failure> {
    read_metadata(&mut metadata_command(root, arguments))
}

/// Every package, of the workspace and from elsewhere, exactly as the lock file says.
pub fn locked_packages(root: &Path) -> Result<Value, Failure> {
    // Without the network first: that is fast, and enough once everything was fetched. Its
    // complaint is not shown, because the second attempt repeats it or mends it.
    let mut offline = metadata_command(root, &["--locked", "--offline"]);
    read_metadata(offline.stderr(Stdio::null()))
        .or_else(|_| metadata(root, &["--locked", "--quiet"]))
}

fn metadata_command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1"]);
    command.args(arguments).current_dir(root);
    command
}

fn read_metadata(command: &mut Command) -> Result<Value, Failure> {
    let bytes = process::capture(command)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(format!("`cargo metadata` printed no JSON: {error}")))
}

/// The folder cargo builds into, with whatever settings are in force.
pub fn target_folder() -> Result<PathBuf, Failure> {
    let metadata = metadata(root(), &["--no-deps"])?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| Failure::new("`cargo metadata` names no target_directory"))
}

/// Builds the given packages in release mode and returns the folder of the finished programs.
pub fn build_release(packages: &[&str]) -> Result<PathBuf, Failure> {
    let mut command = cargo();
    command.args(["build", "--release", "--manifest-path"]).arg(root().join("Cargo.toml"));
    for package in packages {
        command.args(["--package", package]);
    }
    process::run_to_success(&mut command)?;
    Ok(target_folder()?.join("release"))
}
