//! The number of escapes from the one SQL text, kept in a file so that each new one is seen.
//!
//! Whether an escape is justified is for its reviewer; this only makes the count a decision.

use super::Violation;
use super::repository::Repository;
use crate::failure::Failure;

/// The comment that stands at every place where the two databases are told apart.
const MARKER: &str = "// escape:";

/// Where such places may be.
const SOURCES: &str = "crates/store/src/";

/// The file that holds the allowed number.
const COUNT_FILE: &str = "xtask/escapes.txt";

/// Compares the markers in the store with the number written down.
pub fn check(repository: &Repository) -> Result<Vec<Violation>, Failure> {
    if !repository.files().any(|file| file.path.starts_with(SOURCES)) {
        eprintln!("tidy: escapes are not counted, because there is no {SOURCES}");
        return Ok(Vec::new());
    }
    let written = repository.text(COUNT_FILE).map(str::trim).and_then(|text| text.parse().ok());
    let Some(allowed) = written else {
        return Err(Failure::new(format!("{COUNT_FILE} must hold one whole number")));
    };
    let places: Vec<(&str, usize)> = repository
        .files()
        .filter(|file| file.path.starts_with(SOURCES))
        .filter_map(|file| Some((file.path.as_str(), file.text.as_deref()?)))
        .map(|(path, text)| (path, text.lines().filter(is_escape).count()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let found: usize = places.iter().map(|(_, count)| count).sum();
    if found == allowed {
        return Ok(Vec::new());
    }
    if found < allowed {
        let message = format!("only {found} escapes are left; write {found} here");
        return Ok(vec![Violation::new(COUNT_FILE, 1, message)]);
    }
    let message = format!(
        "{found} escapes in {SOURCES}, {allowed} allowed by {COUNT_FILE}; find one SQL text for \
         both databases, or raise the number and say why in the change"
    );
    let violation = |(path, _): &(&str, usize)| {
        let text = repository.text(path).unwrap_or_default();
        let line = text.lines().position(|line| is_escape(&line)).map_or(1, |index| index + 1);
        Violation::new(path, line, message.clone())
    };
    Ok(places.iter().map(violation).collect())
}

/// A line with the marker; documentation that explains the marker is no escape.
fn is_escape(line: &&str) -> bool {
    let line = line.trim_start();
    line.contains(MARKER) && !line.starts_with("//!") && !line.starts_with("///")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(count: &str, store: &str) -> Vec<String> {
        let files = [("xtask/escapes.txt", count), ("crates/store/src/tx.rs", store)];
        check(&Repository::of(&files)).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_number_must_match() {
        let one = format!("a\n{MARKER} x\n");
        assert!(violations("1\n", &one).is_empty());
        assert!(violations("0\n", "a").is_empty());
        assert!(violations("0\n", &format!("//! see `{MARKER}`\n")).is_empty());
        assert!(violations("0\n", &one)[0].starts_with("crates/store/src/tx.rs:2: 1 escapes"));
        assert!(violations("2\n", &one)[0].starts_with("xtask/escapes.txt:1: only 1"));
    }

    #[test]
    fn without_a_number_nothing_is_allowed() {
        let files = [("crates/store/src/tx.rs", "")];
        let failure = check(&Repository::of(&files)).unwrap_err();
        assert!(failure.message.contains(COUNT_FILE), "{}", failure.message);
    }

    #[test]
    fn without_a_store_there_is_nothing_to_count() {
        assert!(check(&Repository::of(&[])).unwrap().is_empty());
    }
}
