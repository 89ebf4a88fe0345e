//! Line coverage of the product by its own tests, measured with cargo-tarpaulin.
//!
//! The compiler instruments the code; tarpaulin reads the counters of the tests and of every
//! program they start, without the LLVM tools of rustup. A program that a test kills writes no
//! counters, so its lines count only when another test runs them. Not measured: this program, the
//! benchmarks, the test kit, and doc tests.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::failure::Failure;
use crate::process;
use crate::workspace;

const VERSION: &str = "0.37.5";

/// Packages whose tests do not run here and whose lines do not count.
const LEFT_OUT: [&str; 2] = ["xtask", "dairyos-bench"];

/// Their files, and those of the crate for tests only, as tarpaulin wants them.
const FILES_LEFT_OUT: [&str; 3] = ["xtask/*", "bench/*", "crates/testkit/*"];

/// A crate for tests only.
const TEST_KIT: &str = "testkit";

/// The longest one test program may take, in seconds; tarpaulin's own limit is one minute.
const TEST_LIMIT_SECS: &str = "3600";

/// What must be reached, in percent of lines.
const NEEDED_OF_ALL: u64 = 85;
const NEEDED_OF_DOMAIN: u64 = 95;
const NEEDED_OF_BILLING: u64 = 95;

/// The crates in which billing must reach its own mark.
const BILLING_CRATES: [&str; 3] = ["app", "domain", "store"];

/// How many of the files with most unreached lines the report names.
const WORST_FILES: usize = 10;

/// The installed measuring program.
pub struct Tarpaulin {
    program: PathBuf,
}

/// Finds cargo-tarpaulin in the cache folder or builds it there.
pub fn install() -> Result<Tarpaulin, Failure> {
    let folder = workspace::cache()?.join(format!("cargo-tarpaulin-{VERSION}"));
    let program = folder.join("bin/cargo-tarpaulin");
    if !program.is_file() {
        eprintln!("Building cargo-tarpaulin {VERSION} once, into {}.", folder.display());
        let mut command = workspace::cargo();
        // Its default features upload reports to a service and need OpenSSL.
        command.args(["install", "--locked", "--no-default-features", "--version", VERSION]);
        command.arg("cargo-tarpaulin").arg("--root").arg(&folder);
        // Not in the workspace: its configuration and profiles are for the product.
        command.current_dir(std::env::temp_dir()).env_remove("CARGO_TARGET_DIR");
        process::run_to_success(&mut command)?;
    }
    Ok(Tarpaulin { program })
}

impl Tarpaulin {
    /// The measuring run; databases for the tests still have to be set in its environment.
    pub fn command(&self) -> Result<Command, Failure> {
        let build = workspace::target_folder()?.join("coverage");
        let mut command = Command::new(&self.program);
        command.args(["tarpaulin", "--engine", "llvm", "--follow-exec", "--skip-clean"]);
        command.args(["--avoid-cfg-tarpaulin", "--color", "never", "--timeout", TEST_LIMIT_SECS]);
        command.args(["--out", "Lcov", "--output-dir"]).arg(&build);
        command.arg("--target-dir").arg(&build);
        command.arg("--workspace");
        for package in workspace_packages()? {
            if LEFT_OUT.contains(&package.as_str()) {
                command.args(["--exclude", &package]);
            }
        }
        for files in FILES_LEFT_OUT {
            command.args(["--exclude-files", files]);
        }
        command.current_dir(workspace::root());
        Ok(command)
    }
}

/// Runs the tests, which must pass, and reads what they reached.
pub fn measure(command: &mut Command) -> Result<Report, Failure> {
    let path = workspace::target_folder()?.join("coverage/lcov.info");
    // A report of an earlier run must not be taken for this one's.
    if path.exists() {
        fs::remove_file(&path)
            .map_err(|error| Failure::io(format!("remove {}", path.display()), &error))?;
    }
    process::run_to_success(command).map_err(|Failure { message, code }| Failure {
        message: format!(
            "{message}\nWhen the tests passed and the last line above is a `parser error`, a test \
             killed a program while it wrote its counters: run it again, or set \
             LLVM_PROFILE_FILE=/dev/null for the programs that the test kills."
        ),
        code,
    })?;
    let text = fs::read_to_string(&path)
        .map_err(|error| Failure::io(format!("read {}", path.display()), &error))?;
    Ok(Report::from_lcov(&text, workspace::root()))
}

fn workspace_packages() -> Result<Vec<String>, Failure> {
    let metadata = workspace::metadata(workspace::root(), &["--no-deps"])?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    Ok(packages.filter_map(|package| package["name"].as_str().map(str::to_owned)).collect())
}

/// Lines that can run, and those that did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    lines: u64,
    reached: u64,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.reached += other.reached;
    }

    /// A group without lines has reached nothing: a moved folder must not pass as covered.
    fn reaches(self, percent: u64) -> bool {
        self.lines > 0 && self.reached * 100 >= self.lines * percent
    }
}

/// What the tests reached, per file of the product.
#[derive(Debug)]
pub struct Report {
    files: BTreeMap<String, Count>,
}

impl Report {
    /// Reads the `SF:` (file) and `DA:line,hits` records; the same file may come more than once.
    fn from_lcov(text: &str, root: &Path) -> Self {
        let mut hits: BTreeMap<String, BTreeMap<u64, bool>> = BTreeMap::new();
        let mut current: Option<String> = None;
        for line in text.lines() {
            if let Some(path) = line.strip_prefix("SF:") {
                let path = Path::new(path);
                let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
                current = crate_of(&path).is_some_and(|name| name != TEST_KIT).then_some(path);
            } else if let (Some(path), Some(data)) = (&current, line.strip_prefix("DA:")) {
                let mut numbers = data.split(',').map(str::parse::<u64>);
                if let (Some(Ok(number)), Some(Ok(count))) = (numbers.next(), numbers.next()) {
                    let lines = hits.entry(path.clone()).or_default();
                    *lines.entry(number).or_default() |= count > 0;
                }
            }
        }
        let count = |lines: &BTreeMap<u64, bool>| Count {
            lines: lines.len() as u64,
            reached: lines.values().filter(|reached| **reached).count() as u64,
        };
        Self { files: hits.iter().map(|(path, lines)| (path.clone(), count(lines))).collect() }
    }

    fn sum(&self, wanted: impl Fn(&str) -> bool) -> Count {
        let mut sum = Count::default();
        for (_, count) in self.files.iter().filter(|(path, _)| wanted(path)) {
            sum.add(*count);
        }
        sum
    }

    /// Name, count and mark of every row of the table, the total last.
    fn rows(&self) -> Vec<(String, Count, Option<u64>)> {
        let mut crates: BTreeMap<&str, Option<u64>> = BTreeMap::new();
        crates.insert("domain", Some(NEEDED_OF_DOMAIN));
        for name in self.files.keys().filter_map(|path| crate_of(path)) {
            crates.entry(name).or_default();
        }
        let mut rows: Vec<_> = crates
            .into_iter()
            .map(|(name, needed)| {
                (name.to_owned(), self.sum(|path| crate_of(path) == Some(name)), needed)
            })
            .collect();
        rows.push(("billing".to_owned(), self.sum(is_billing), Some(NEEDED_OF_BILLING)));
        rows.push(("total".to_owned(), self.sum(|_| true), Some(NEEDED_OF_ALL)));
        rows
    }

    /// Success when every mark is reached; otherwise a failure that names those that are not.
    pub fn verdict(&self) -> Result<ExitCode, Failure> {
        let missed: Vec<String> = self
            .rows()
            .into_iter()
            .filter_map(|(name, count, needed)| {
                let needed = needed.filter(|needed| !count.reaches(*needed))?;
                Some(format!("{name} has {} and needs {needed} %", percent(count)))
            })
            .collect();
        if missed.is_empty() {
            return Ok(ExitCode::SUCCESS);
        }
        Err(Failure::new(format!("too few lines are tested: {}", missed.join("; "))))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<12}{:>9}{:>9}{:>10}{:>9}", "", "lines", "tested", "share", "needed")?;
        for (name, count, needed) in self.rows() {
            let needed = needed.map_or(String::new(), |needed| format!("{needed} %"));
            let (lines, reached, share) = (count.lines, count.reached, percent(count));
            let row = format!("{name:<12}{lines:>9}{reached:>9}{share:>10}{needed:>9}");
            writeln!(f, "{}", row.trim_end())?;
        }
        writeln!(f, "\n\"billing\" is the billing files of {}.", BILLING_CRATES.join(", "))?;
        let mut worst: Vec<_> = self.files.iter().collect();
        worst.sort_by_key(|(_, count)| std::cmp::Reverse(count.lines - count.reached));
        worst.retain(|(_, count)| count.lines > count.reached);
        if !worst.is_empty() {
            writeln!(f, "\nFiles with most untested lines:")?;
        }
        for (path, count) in worst.into_iter().take(WORST_FILES) {
            writeln!(f, "{:>6} of {:>5}  {path}", count.lines - count.reached, count.lines)?;
        }
        Ok(())
    }
}

/// The crate of a source file of the product: `crates/NAME/src/…`.
fn crate_of(path: &str) -> Option<&str> {
    let (name, rest) = path.strip_prefix("crates/")?.split_once('/')?;
    rest.starts_with("src/").then_some(name)
}

/// Whether a file belongs to billing in one of the crates that must test it best.
fn is_billing(path: &str) -> bool {
    crate_of(path).is_some_and(|name| BILLING_CRATES.contains(&name)) && path.contains("/billing")
}

/// One decimal, cut off rather than rounded, so that 94.99 does not read as 95.0.
fn percent(count: Count) -> String {
    if count.lines == 0 {
        return "no lines".to_owned();
    }
    let tenths = count.reached * 1000 / count.lines;
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(files: &[(&str, u64, u64)]) -> Report {
        let record = |(path, lines, reached): &(&str, u64, u64)| {
            let hits = |line| format!("DA:{line},{}", u64::from(line <= *reached));
            let hits: Vec<String> = (1..=*lines).map(hits).collect();
            format!("SF:/repo/{path}\n{}\nend_of_record\n", hits.join("\n"))
        };
        let text: String = files.iter().map(record).collect();
        Report::from_lcov(&text, Path::new("/repo"))
    }

    #[test]
    fn every_mark_reached_is_a_success() {
        let report = report(&[
            ("crates/domain/src/money.rs", 100, 95),
            ("crates/domain/src/billing/lines.rs", 100, 96),
            ("crates/dairyos/src/main.rs", 10, 1),
            ("crates/testkit/src/lib.rs", 1000, 0),
            ("crates/domain/tests/stories.rs", 1000, 0),
        ]);
        assert!(report.verdict().is_ok(), "{report}");
        let text = report.to_string();
        assert!(text.contains("domain            200      191    95.5 %     95 %"), "{text}");
        assert!(text.contains("total             210      192    91.4 %     85 %"), "{text}");
        assert!(!text.contains("testkit"), "{text}");
    }

    #[test]
    fn each_missed_mark_is_named() {
        let report = report(&[
            ("crates/domain/src/money.rs", 1000, 949),
            ("crates/store/src/billing.rs", 100, 94),
            ("crates/dairyos/src/main.rs", 1000, 500),
        ]);
        let failure = report.verdict().unwrap_err().message;
        assert!(failure.contains("domain has 94.9 % and needs 95 %"), "{failure}");
        assert!(failure.contains("billing has 94.0 % and needs 95 %"), "{failure}");
        assert!(failure.contains("total has 73.4 % and needs 85 %"), "{failure}");
    }

    #[test]
    fn nothing_measured_is_not_a_success() {
        let failure = report(&[]).verdict().unwrap_err().message;
        assert!(failure.contains("domain has no lines"), "{failure}");
    }

    #[test]
    fn a_line_reached_in_one_record_is_reached() {
        let text = "SF:/repo/crates/app/src/lib.rs\nDA:1,0\nDA:2,0\nend_of_record\n\
                    SF:/repo/crates/app/src/lib.rs\nDA:1,3\nend_of_record\n";
        let report = Report::from_lcov(text, Path::new("/repo"));
        let expected = Count { lines: 2, reached: 1 };
        assert_eq!(report.files["crates/app/src/lib.rs"], expected);
    }
}
