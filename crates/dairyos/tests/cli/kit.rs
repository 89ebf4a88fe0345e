//! Starting the program, reading its answers, and a small dairy whose bills are known by hand.
//!
//! It deliberately passes everything through command lines and files.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use store::{Store, StoreError};
use testkit::Database;

/// Four customers: the second brings a balance, the third is in another State, the fourth buys
/// nothing.
pub const CUSTOMERS: &str = "code,name,state,opening_balance\n\
    C-001,Meena Patel,,\nC-002,\"Shah, Ravi\",24,250.00\nC-003,Chirag,27,\nC-004,Dina,,\n";
pub const PRODUCTS: &str = "sku,name,unit,hsn,tax_rate,price,tax_inclusive\n\
    MILK,Cow milk,L,0401,0,60,false\nPANEER,Paneer,kg,04061000,5,400,false\n\
    GHEE,Cow ghee,kg,04059020,5,620,true\n";
pub const DELIVERIES: &str = "reference,date,shift,customer_code,sku,quantity,status\n\
    R-1,2024-10-01,morning,C-001,MILK,1.500,delivered\n\
    ,2024-10-02,evening,C-001,MILK,1.5,delivered\n\
    ,2024-10-03,morning,C-001,MILK,1.5,missed\n\
    ,2024-10-05,morning,C-002,PANEER,0.333,delivered\n\
    ,2024-10-31,morning,C-003,PANEER,1,delivered\n";
pub const ORDERS: &str = "\
reference,ordered_on,delivery_date,customer_code,sku,quantity,status,price\n\
    O-1,2024-10-05,2024-10-07,C-001,GHEE,0.5,delivered,\n\
    O-2,2024-10-05,2024-10-08,C-001,GHEE,2,cancelled,600\n";

/// What the program answered.
#[derive(Debug)]
pub struct Answer {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Answer {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// An answer of success, with nothing on standard error.
    pub fn done(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        assert_eq!(self.err, "", "{self:#?}");
        self
    }

    /// An answer of failure: one message on standard error.
    pub fn failed(self) -> Self {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert!(self.err.ends_with('\n') && self.err.trim().len() > 10, "{self:#?}");
        self
    }

    /// Arguments that are refused before anything is done.
    pub fn misused(self) -> Self {
        assert_eq!(self.code, Some(2), "{self:#?}");
        assert_eq!(self.out, "", "{self:#?}");
        assert!(self.err.starts_with("error: "), "{self:#?}");
        self
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// The code and message of a failure told as one line of JSON.
    pub fn error(self) -> (String, String) {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert_eq!(self.err.lines().count(), 1, "{self:#?}");
        let value: Value = serde_json::from_str(&self.err).unwrap();
        assert_eq!(fields(&value), ["error"], "{self:#?}");
        assert_eq!(fields(&value["error"]), ["code", "message"], "{self:#?}");
        (text(&value["error"]["code"]).to_owned(), text(&value["error"]["message"]).to_owned())
    }
}

/// The program in a folder, without settings from outside.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dairyos"));
    command.current_dir(folder).env_remove("DAIRYOS_DATABASE_URL").env("USER", "meena");
    command.env_remove("DAIRYOS_CONFIG");
    command
}

/// Runs the program in a folder.
pub fn run(folder: &Path, args: &[&str]) -> Answer {
    Answer::of(program(folder).args(args).output().unwrap())
}

/// The books of a business in a database.
pub struct Books<'d> {
    pub database: &'d Database,
}

impl<'d> Books<'d> {
    /// Books that are not there yet.
    pub fn none(database: &'d Database) -> Self {
        Self { database }
    }

    /// Empty books of a dairy in Gujarat.
    pub fn empty(database: &'d Database) -> Self {
        let books = Self::none(database);
        books.ok(&["init", "--name", "Gokul Dairy", "--state", "24"]);
        books
    }

    /// The small dairy, with October 2024 not billed yet.
    pub fn small(database: &'d Database) -> Self {
        let books = Self::empty(database);
        books.fill();
        books
    }

    /// Imports the small dairy into empty books.
    pub fn fill(&self) {
        for (kind, content) in [
            ("customers", CUSTOMERS),
            ("products", PRODUCTS),
            ("deliveries", DELIVERIES),
            ("orders", ORDERS),
        ] {
            self.import(kind, content).done();
        }
    }

    /// The small dairy with October 2024 issued.
    pub fn issued(database: &'d Database) -> Self {
        let books = Self::small(database);
        books.ok(&["bills", "run", "--month", "2024-10", "--issue"]);
        books
    }

    pub fn folder(&self) -> &Path {
        self.database.folder()
    }

    /// The program with the arguments and `--database`.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program(self.folder());
        command.args(args).args(["--database", &self.database.url]);
        command
    }

    pub fn run(&self, args: &[&str]) -> Answer {
        Answer::of(self.command(args).output().unwrap())
    }

    /// The output of a command that succeeds.
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).done().out
    }

    /// The output of a command that succeeds, as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--json"]].concat()).done().json()
    }

    /// The code and message of a command that fails.
    pub fn error(&self, args: &[&str]) -> (String, String) {
        self.run(&[args, &["--json"]].concat()).error()
    }

    /// Imports a file of the kind's name in the working folder.
    pub fn import(&self, kind: &str, content: impl AsRef<[u8]>) -> Answer {
        let file = format!("{kind}.csv");
        self.database.file(&file, content);
        self.run(&["import", "--kind", kind, &file])
    }

    /// Imports a file; rows, added, changed, unchanged.
    pub fn counts(&self, kind: &str, content: impl AsRef<[u8]>) -> [u64; 4] {
        let file = format!("{kind}.csv");
        self.database.file(&file, content);
        let answer = self.json(&["import", "--kind", kind, &file]);
        ["rows", "added", "changed", "unchanged"]
            .map(|name| answer["imported"][0][name].as_u64().unwrap())
    }

    /// The month's bills.
    pub fn bills(&self, month: &str) -> Vec<Value> {
        list(&self.json(&["bills", "list", "--month", month])).clone()
    }

    pub fn assert_verified(&self) {
        let answer = self.run(&["verify"]);
        assert_eq!(answer.code, Some(0), "{}", answer.out);
    }

    /// Executes raw SQL, one statement after the other.
    pub fn sql(&self, statements: &[&str]) {
        let store = Store::open(&self.database.url).unwrap();
        for sql in statements {
            store
                .write(|tx| tx.execute(sql, &[]))
                .unwrap_or_else(|error: StoreError| panic!("{sql}: {error}"));
        }
    }
}

/// The names of an object's fields, sorted.
pub fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// The elements of an array.
pub fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value} is not an array"))
}

/// A text.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text"))
}

/// An amount in paise: a text with exactly two decimals.
pub fn paise(value: &Value) -> i64 {
    scaled(text(value), 2)
}

/// A decimal number of exactly so many decimals, as an integer.
pub fn scaled(number: &str, decimals: usize) -> i64 {
    let (whole, fraction) = number.split_once('.').unwrap_or_else(|| panic!("{number}: no dot"));
    assert_eq!(fraction.len(), decimals, "{number}");
    assert!(!whole.trim_start_matches('-').is_empty(), "{number}");
    format!("{whole}{fraction}").parse().unwrap_or_else(|error| panic!("{number}: {error}"))
}

/// Asserts that a text holds all words.
#[track_caller]
pub fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no \"{word}\" in:\n{text}");
    }
}

/// Asserts what every command's help has, and the options named.
#[track_caller]
pub fn assert_help(command: &[&str], options: &[&str]) {
    for flag in ["--help", "-h"] {
        let answer = run(Path::new("."), &[command, &[flag]].concat()).done();
        assert_words(&answer.out, &["Usage: dairyos", &command.join(" "), "--help", "--actor"]);
        assert_words(&answer.out, &["--database <URL>", "DAIRYOS_DATABASE_URL"]);
        assert_words(&answer.out, options);
        let hidden = answer.out.contains("meena");
        assert!(!hidden, "the environment's value is shown: {}", answer.out);
    }
}
