//! Size and opening of Rust files: lines, columns, and the `//!` that says what a file is for.
//!
//! The length of functions is clippy's to check.

use super::Violation;

const MAX_LINES: usize = 500;
const MAX_COLUMNS: usize = 100;

/// Checks one Rust file.
pub fn check(path: &str, text: &str) -> Vec<Violation> {
    let mut violations = Vec::new();
    if !text.starts_with("//!") {
        violations.push(Violation::new(
            path,
            1,
            "the file does not open with `//!`; say there what it is for and what it \
             deliberately does not do",
        ));
    }
    let lines = lines_without_tests(text);
    if lines > MAX_LINES && !is_test_file(path) {
        let message = format!(
            "{lines} lines without tests, at most {MAX_LINES}; move one topic to a file of its own"
        );
        violations.push(Violation::new(path, MAX_LINES + 1, message));
    }
    for (index, line) in text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > MAX_COLUMNS && !may_be_long(path, line) {
            let message = format!("{columns} columns, at most {MAX_COLUMNS}; break the line");
            violations.push(Violation::new(path, index + 1, message));
        }
    }
    violations
}

/// Number of lines before the module of tests that ends the file, if there is one.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines
        .iter()
        .enumerate()
        .position(|(index, line)| *line == "#[cfg(test)]" && opens_tests(&lines[index + 1..]));
    start.unwrap_or(lines.len())
}

/// Whether lines are, attributes aside, one `mod tests { … }` and nothing after it.
fn opens_tests(lines: &[&str]) -> bool {
    let mut rest = lines.iter().skip_while(|line| line.starts_with("#["));
    if rest.next().is_none_or(|line| *line != "mod tests {") {
        return false;
    }
    // rustfmt puts the closing brace of a module alone at the start of a line.
    rest.skip_while(|line| **line != "}").skip(1).all(|line| line.is_empty())
}

fn is_test_file(path: &str) -> bool {
    below_tests(path) || path == "tests.rs" || path.ends_with("/tests.rs")
}

fn below_tests(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/")
}

/// An address cannot be broken, nor can one string of a list of test vectors.
fn may_be_long(path: &str, line: &str) -> bool {
    let vector = ["\"", "r\"", "r#\""].iter().any(|start| line.trim_start().starts_with(start));
    line.contains("https://") || line.contains("http://") || (below_tests(path) && vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check(path, text).iter().map(ToString::to_string).collect()
    }

    fn file(lines: usize, tail: &str) -> String {
        format!("//! x\n{}{tail}", "// a\n".repeat(lines - 1))
    }

    #[test]
    fn five_hundred_lines_are_the_limit() {
        assert_eq!(messages("a.rs", &file(500, "")), Vec::<String>::new());
        let long = messages("a.rs", &file(501, ""));
        assert_eq!(long.len(), 1);
        assert!(long[0].starts_with("a.rs:501: 501 lines without tests"), "{}", long[0]);
    }

    #[test]
    fn tests_at_the_end_do_not_count() {
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    // t\n".repeat(600));
        assert!(messages("a.rs", &file(500, &tests)).is_empty());
        let attribute = tests.replace("mod tests", "#[expect(missing_docs)]\nmod tests");
        assert!(messages("a.rs", &file(500, &attribute)).is_empty());
        let code_after = format!("{tests}fn more() {{}}\n");
        assert_eq!(messages("a.rs", &file(500, &code_after)).len(), 1);
    }

    #[test]
    fn test_files_may_be_long() {
        assert!(messages("crates/x/tests/a.rs", &file(900, "")).is_empty());
        assert!(messages("crates/x/src/a/tests.rs", &file(900, "")).is_empty());
        assert_eq!(messages("crates/x/src/latests.rs", &file(900, "")).len(), 1);
    }

    #[test]
    fn columns_are_characters_not_bytes() {
        let line = format!("//! {}\n", "₹".repeat(96));
        assert!(messages("a.rs", &line).is_empty());
        let long = messages("a.rs", &format!("//! {}\n", "₹".repeat(97)));
        assert!(long[0].starts_with("a.rs:1: 101 columns"), "{}", long[0]);
        let address = format!("//! https://example.org/{}\n", "a".repeat(100));
        assert!(messages("a.rs", &address).is_empty());
    }

    #[test]
    fn a_long_vector_is_for_test_folders_only() {
        let text = format!("//! x\n    \"{}\",\n", "a".repeat(120));
        assert!(messages("crates/x/tests/vectors.rs", &text).is_empty());
        assert_eq!(messages("crates/x/src/vectors.rs", &text).len(), 1);
    }

    #[test]
    fn a_file_opens_with_its_purpose() {
        let found = messages("a.rs", "use std::fs;\n");
        assert!(found[0].starts_with("a.rs:1: the file does not open with `//!`"), "{}", found[0]);
    }
}
