//! What cargo knows about the packages: the input of the rules about arrows and licences.
//!
//! It only reads; a lock file that is out of date is reported, not mended.

use std::path::Path;

use serde_json::Value;

use super::Violation;
use super::arrows::{self, Dependency};
use super::licences;
use super::repository::{Repository, line_of};
use crate::failure::Failure;
use crate::workspace;

/// Checks every package of the workspace and every dependency.
pub fn check(repository: &Repository) -> Result<Vec<Violation>, Failure> {
    let root = repository.root();
    let metadata = workspace::locked_packages(root).map_err(|failure| {
        Failure::new(format!(
            "{}\ncargo could not list the packages; when Cargo.lock is out of date, `cargo check` \
             writes it, and when a package was never fetched, `cargo fetch` does",
            failure.message
        ))
    })?;
    let lock = repository.text("Cargo.lock").unwrap_or_default();
    let mut violations = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        if package["source"].is_null() {
            let manifest = relative_manifest(package, root);
            let text = repository.text(&manifest).unwrap_or_default();
            violations.extend(check_arrows(package, &manifest, text, root));
        } else {
            violations.extend(check_licence(package, lock));
        }
    }
    Ok(violations)
}

fn check_arrows(package: &Value, manifest: &str, text: &str, root: &Path) -> Vec<Violation> {
    let Some(folder) = Path::new(manifest).parent().and_then(name_of) else {
        return Vec::new();
    };
    let dependencies = package["dependencies"].as_array().into_iter().flatten();
    dependencies
        .filter_map(|declared| {
            let dependency = read_dependency(declared, root);
            let problem = arrows::problem(&folder, &dependency)?;
            Some(Violation::new(manifest, declaration(text, &dependency), problem))
        })
        .collect()
}

fn read_dependency(declared: &Value, root: &Path) -> Dependency {
    let path = declared["path"].as_str().map(Path::new);
    Dependency {
        package: declared["name"].as_str().unwrap_or_default().to_owned(),
        folder: path.filter(|path| path.starts_with(root)).and_then(name_of),
        for_tests: declared["kind"].as_str() == Some("dev"),
    }
}

/// The line that declares a dependency, under its package name or its folder's name, in the part
/// of the manifest where it is declared.
fn declaration(text: &str, dependency: &Dependency) -> usize {
    let mut in_tests = false;
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            in_tests = line.contains("dev-dependencies");
        }
        let key: String = line.chars().take_while(|c| !" .=".contains(*c)).collect();
        let same = key == dependency.package || Some(&key) == dependency.folder.as_ref();
        if same && in_tests == dependency.for_tests {
            return index + 1;
        }
    }
    1
}

fn check_licence(package: &Value, lock: &str) -> Option<Violation> {
    let problem = licences::problem(package["license"].as_str())?;
    let name = package["name"].as_str().unwrap_or_default();
    let version = package["version"].as_str().unwrap_or_default();
    let line = line_of(lock, &format!("name = \"{name}\""));
    let message = format!("{name} {version} {problem}; use another library");
    Some(Violation::new("Cargo.lock", line, message))
}

fn relative_manifest(package: &Value, root: &Path) -> String {
    let path = Path::new(package["manifest_path"].as_str().unwrap_or_default());
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn name_of(folder: &Path) -> Option<String> {
    Some(folder.file_name()?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MANIFEST: &str = "[package]\nname = \"dairyos-domain\"\n\n[dependencies]\n\
        jiff.workspace = true\nstore = { path = \"../store\" }\n\n[dev-dependencies]\n\
        testkit.workspace = true\n";

    #[test]
    fn a_wrong_arrow_is_shown_at_its_line() {
        let package = json!({ "dependencies": [
            { "name": "jiff", "kind": null },
            { "name": "dairyos-store", "kind": null, "path": "/repo/crates/store" },
            { "name": "dairyos-testkit", "kind": "dev", "path": "/repo/crates/testkit" },
        ]});
        let manifest = "crates/domain/Cargo.toml";
        let found = check_arrows(&package, manifest, MANIFEST, Path::new("/repo"));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to_string().starts_with("crates/domain/Cargo.toml:6: `domain` may not"));
    }

    #[test]
    fn a_licence_is_shown_at_its_place_in_the_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"left\"\n";
        let package = json!({ "name": "left", "version": "1.0.0", "license": "GPL-3.0-only" });
        let found = check_licence(&package, lock).unwrap().to_string();
        assert!(found.starts_with("Cargo.lock:4: left 1.0.0 has the licence"), "{found}");
        let fine = json!({ "name": "left", "version": "1.0.0", "license": "MIT" });
        assert_eq!(check_licence(&fine, lock), None);
    }
}
