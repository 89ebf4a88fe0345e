//! Paths of one person's machine, which mean nothing on another.
//!
//! Only absolute paths below a few folders are looked for; a relative path is fine.

use super::Violation;

/// Built from parts, so that this file does not break its own rule.
const FORBIDDEN: [&str; 3] = [concat!("/", "work/"), concat!("/", "root/"), concat!("/", "home/")];

/// Checks one text file.
pub fn check(path: &str, text: &str) -> Vec<Violation> {
    if path == "Cargo.lock" || path.ends_with("/Cargo.lock") {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for folder in FORBIDDEN {
            if line.match_indices(folder).any(|(at, _)| starts_path(&line[..at])) {
                let message = format!("`{folder}` is a path of one machine; use a relative path");
                violations.push(Violation::new(path, index + 1, message));
            }
        }
    }
    violations
}

/// Whether a slash after this text begins an absolute path, rather than going on with a relative
/// path, an address or a variable.
fn starts_path(before: &str) -> bool {
    before.chars().next_back().is_none_or(|c| !(c.is_alphanumeric() || "_-.~}*)>$".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_found() {
        for folder in FORBIDDEN {
            for text in [format!("cd {folder}x"), format!("\"{folder}\""), folder.to_owned()] {
                assert_eq!(check("a.md", &format!("\n{text}\n"))[0].line, 2, "{text}");
            }
        }
    }

    #[test]
    fn relative_paths_addresses_and_variables_are_fine() {
        for folder in FORBIDDEN {
            for before in ["target", "..", "https://example.org", "$X", "${X}", "~"] {
                assert!(check("a.md", &format!("{before}{folder}x")).is_empty(), "{before}");
            }
            assert!(check("Cargo.lock", folder).is_empty());
        }
    }
}
