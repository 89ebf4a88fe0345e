//! Files nobody uses: backups, snapshots without their test, modules without their `mod`.
//!
//! It looks at names and declarations; whether code in a declared module is used is the compiler's
//! to say.

use super::Violation;
use super::repository::Repository;

const STRAY_ENDINGS: [&str; 5] = [".orig", ".rej", ".bak", ".snap.new", ".pending-snap"];

/// Files that cargo finds by themselves, without a `mod`.
const ROOTS: [&str; 4] = ["lib", "main", "mod", "build"];

/// Checks that a file is not left over from a merge, an editor or an unreviewed snapshot.
pub fn check_name(path: &str) -> Option<Violation> {
    let ending = STRAY_ENDINGS.iter().find(|ending| path.ends_with(*ending))?;
    Some(Violation::new(path, 1, format!("a leftover `{ending}` file; review it and remove it")))
}

/// Checks that the test file a snapshot names in its header is still there.
pub fn check_snapshot(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Option<Violation> {
    let header = text.lines().enumerate().skip(1).take_while(|(_, line)| *line != "---");
    let source = header
        .filter_map(|(index, line)| Some((index, line.strip_prefix("source: ")?)))
        .map(|(index, source)| (index, source.trim().trim_matches('"').to_owned()))
        .next();
    let Some((index, source)) = source else {
        return Some(Violation::new(path, 1, "no `source:`; write the snapshot again with insta"));
    };
    if exists(&source) {
        return None;
    }
    let message = format!("its test file {source} is gone; remove the snapshot");
    Some(Violation::new(path, index + 1, message))
}

/// Checks that every file below a `src` folder is declared by the module above it.
pub fn check_modules(repository: &Repository) -> Vec<Violation> {
    repository
        .files()
        .filter_map(|file| Some((file.path.as_str(), file.path.strip_suffix(".rs")?)))
        .filter(|(path, _)| path.contains("/src/") && !path.contains("/src/bin/"))
        .filter_map(|(path, stem)| {
            // `a/mod.rs` is the module `a`, declared where `a.rs` would be.
            let module = stem.strip_suffix("/mod").unwrap_or(stem);
            let (folder, name) = module.rsplit_once('/')?;
            if ROOTS.contains(&name) || is_declared(repository, folder, name) {
                return None;
            }
            let message = format!("no `mod {name};` names this file; declare it or remove it");
            Some(Violation::new(path, 1, message))
        })
        .collect()
}

fn is_declared(repository: &Repository, folder: &str, name: &str) -> bool {
    let above = ["lib.rs", "main.rs", "mod.rs"].map(|file| format!("{folder}/{file}"));
    let beside = format!("{folder}.rs");
    let wanted = format!("mod {name};");
    above.iter().chain([&beside]).filter_map(|path| repository.text(path)).any(|text| {
        text.lines().any(|line| {
            let declaration = line.split("//").next().unwrap_or_default().trim();
            declaration == wanted || declaration.ends_with(&format!(" {wanted}"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_known_by_their_ending() {
        assert!(check_name("a/b.rs.orig").is_some());
        assert!(check_name("a/b.snap.new").is_some());
        assert!(check_name("a/original.rs").is_none());
    }

    #[test]
    fn a_snapshot_needs_its_test_file() {
        let text = "---\nsource: crates/x/tests/a.rs\nexpression: y\n---\nsource: no\n";
        assert!(check_snapshot("a.snap", text, |source| source == "crates/x/tests/a.rs").is_none());
        let orphan = check_snapshot("a.snap", text, |_| false).unwrap();
        assert!(orphan.to_string().starts_with("a.snap:2: its test file crates/x/tests/a.rs"));
        assert!(check_snapshot("a.snap", "---\n---\nx\n", |_| true).is_some());
    }

    #[test]
    fn a_file_without_a_declaration_is_dead() {
        let repository = Repository::of(&[
            ("crates/x/src/lib.rs", "pub mod billing;\nmod money; // why\n"),
            ("crates/x/src/money.rs", ""),
            ("crates/x/src/billing/mod.rs", "pub(crate) mod lines;\n// mod gone;\n"),
            ("crates/x/src/billing/lines.rs", "mod inner;\n"),
            ("crates/x/src/billing/lines/inner.rs", ""),
            ("crates/x/src/billing/gone.rs", ""),
            ("crates/x/tests/a.rs", ""),
        ]);
        let found: Vec<String> =
            check_modules(&repository).iter().map(|v| v.path.clone()).collect();
        assert_eq!(found, ["crates/x/src/billing/gone.rs"]);
    }
}
