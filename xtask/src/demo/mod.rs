//! `cargo xtask demo`: a demo dairy from nothing to issued bills and payments, with every command
//! shown.
//!
//! It only drives the built programs, as a person would, and reads what they print. The sums in its
//! table are of the printed bills; it knows no rule of billing. Who pays is told by `crates/demo`.

mod bills;
mod months;
mod stage;

use std::ffi::OsString;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::TryRecvError;
use std::thread;

use crate::failure::Failure;
use crate::interrupt;
use crate::postgres::{Purpose, Server};
use crate::process::POLL;
use crate::serve_postgres::end_of_input;
use crate::workspace;

use bills::Bills;
use stage::Stage;

pub const HELP: &str = "\
Build the program, make a demo dairy, bill it and show what happened.

Usage: cargo xtask demo [--postgres] [--keep DIR] [--customers N]

Generates a dairy with three months of deliveries, imports it, bills each month, and shows the
last month's totals and certificate, five example bills, and somebody to sign in as for each role.
Then the customers pay, at a local Razorpay and Stripe, in cash and by UPI; the books are compared,
and once more with faults planted on purpose. At a terminal it ends with the service on
http://127.0.0.1:8080, until Ctrl-C.
Its files are in `demo/` of the checkout, which is made anew each time.

Options:
  --postgres      use a private PostgreSQL instead of an SQLite file; it stays as long as the
                  service does
  --keep DIR      put the files into DIR, which must be new or empty, instead of `demo/`
  --customers N   number of customers (300)
";

/// Relative to the root of the checkout, so that the printed commands are short.
const FOLDER: &str = "demo";

const DEFAULT_CUSTOMERS: u32 = 300;

/// Who signs in to the demo dairy: roles and names.
const PEOPLE: [(&str, &str); 6] = [
    ("owner", "Meena Shah"),
    ("admin", "Arjun Desai"),
    ("accountant", "Farida Khan"),
    ("dispatcher", "Suresh Nair"),
    ("rider", "Ravi Solanki"),
    ("customer", "Customer of C00001"),
];

#[derive(Debug, PartialEq, Eq)]
struct Options {
    postgres: bool,
    keep: Option<PathBuf>,
    customers: u32,
}

pub fn run(arguments: Vec<OsString>) -> Result<ExitCode, Failure> {
    let options = parse(arguments)?;
    let folder = prepare_folder(options.keep.as_deref())?;
    eprintln!("Building dairyos in release mode.");
    let built = workspace::build_release(&["dairyos", "dairyos-demo"])?;
    let (program, payday) = (built.join("dairyos"), built.join("dairyos-demo"));
    let server = if options.postgres { Some(Server::start(Purpose::Tests)?) } else { None };
    let database = match &server {
        Some(server) => server.url(),
        None => format!("sqlite:{}", folder.join("dairyos.db").display()),
    };
    let stage = Stage::new(program, database);
    play(&stage, &folder, options.customers, &payday)?;
    let stays = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if stays {
        stage::heading("The service, until Ctrl-C: http://127.0.0.1:8080/api/docs");
        stage.step(&["serve"])?;
    } else {
        println!("start the service (at a terminal this command does):");
        println!("    {}", stage.full_command(&["serve"]));
    }
    if let Some(server) = server.filter(|_| !stays) {
        keep_until_told(server)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn play(stage: &Stage, folder: &Path, customers: u32, payday: &Path) -> Result<(), Failure> {
    let data = folder.join("data").display().to_string();
    let customers = customers.to_string();
    stage::heading("A dairy and its months of deliveries");
    stage.step(&[
        "generate",
        "--customers",
        &customers,
        "--months",
        "3",
        "--seed",
        "1",
        "--out",
        &data,
    ])?;
    let months = months::of_deliveries(&folder.join("data/deliveries.csv"))?;
    let Some((last, earlier)) = months.split_last() else {
        return Err(Failure::new(format!("{data}/deliveries.csv holds no deliveries")));
    };
    stage.show_database();
    stage.step(&[
        "init",
        "--name",
        "Gokul Dairy",
        "--state",
        "24",
        "--gstin",
        "24AANFA2641L1ZF",
        "--fssai",
        "10012345678901",
        "--round-off",
        "rupee",
    ])?;
    stage.step(&["import", &data])?;

    stage::heading("The earlier months, billed and issued");
    for month in earlier {
        stage.step(&["bills", "run", "--month", month, "--issue"])?;
    }
    let late = format!("{data}/late/deliveries.csv");
    if workspace::root().join(&late).is_file() {
        stage::heading("Deliveries that reached the office after those bills were issued");
        stage.step(&["import", "--kind", "deliveries", &late])?;
    }

    stage::heading(&format!("The bills of {last}, with the certificate of the run"));
    stage.step(&["bills", "run", "--month", last, "--issue"])?;
    let listed = stage.read(&["bills", "list", "--month", last, "--json"])?;
    println!();
    let bills = Bills::from_json(&listed)?;

    stage::heading(&format!("Totals of {last}"));
    println!("{}\n", bills.totals()?);
    let examples = bills.examples()?;
    for example in &examples {
        stage::heading(&example.why);
        stage.step(&["bills", "show", &example.number])?;
    }
    stage::heading("Every invariant, checked against the database");
    stage.step(&["verify"])?;
    let number = examples.first().map_or("NUMBER", |example| example.number.as_str());
    add_people(stage)?;
    stage.pay(payday, &months)?;
    print_next_steps(stage, number);
    Ok(())
}

/// Somebody to sign in as, for each role.
fn add_people(stage: &Stage) -> Result<(), Failure> {
    stage::heading("Somebody of each role; the passwords are to be changed at the first sign-in");
    for (role, name) in PEOPLE {
        let login = format!("{role}@example.in");
        let mut words = vec!["people", "add", "--login", &login, "--name", name, "--role", role];
        if role == "customer" {
            words.extend(["--customer", "C00001"]);
        }
        stage.step(&words)?;
    }
    Ok(())
}

fn print_next_steps(stage: &Stage, number: &str) {
    stage::heading("How to look further");
    let commands: [(&str, &[&str]); 3] = [
        ("every delivery, price and entry behind a bill:", &["explain", number]),
        ("what each customer owes, and the other accounts:", &["ledger", "balances"]),
        ("the books for another program:", &["ledger", "export", "--format", "hledger"]),
    ];
    for (what, words) in commands {
        println!("{what}\n    {}", stage.full_command(words));
    }
}

/// Empties the demo's own folder, or makes sure that a chosen one holds nothing.
fn prepare_folder(keep: Option<&Path>) -> Result<PathBuf, Failure> {
    let folder = match keep {
        None => PathBuf::from(FOLDER),
        Some(keep) => std::path::absolute(keep)
            .map_err(|error| Failure::io(format!("use {}", keep.display()), &error))?,
    };
    let full = workspace::root().join(&folder);
    let failed = |error: std::io::Error| Failure::io(format!("use {}", full.display()), &error);
    if keep.is_none() && full.exists() {
        fs::remove_dir_all(&full).map_err(failed)?;
    }
    fs::create_dir_all(&full).map_err(failed)?;
    if fs::read_dir(&full).map_err(failed)?.next().is_some() {
        let message = format!("{} is not empty; give --keep a new folder", full.display());
        return Err(Failure::new(message));
    }
    Ok(folder)
}

fn keep_until_told(mut server: Server) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        println!("\nThis demo's PostgreSQL stops now; started at a terminal, it stays.");
        return Ok(());
    }
    println!("\nPostgreSQL stays until Ctrl-C.");
    let ended = end_of_input();
    while !interrupt::requested() && matches!(ended.try_recv(), Err(TryRecvError::Empty)) {
        server.check()?;
        thread::sleep(POLL);
    }
    Ok(())
}

fn parse(arguments: Vec<OsString>) -> Result<Options, Failure> {
    let mut options = Options { postgres: false, keep: None, customers: DEFAULT_CUSTOMERS };
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("postgres") => options.postgres = true,
            lexopt::Arg::Long("keep") => options.keep = Some(parser.value()?.into()),
            lexopt::Arg::Long("customers") => {
                options.customers = lexopt::ValueExt::parse(&parser.value()?)?;
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read() {
        let words = ["--customers", "20", "--postgres", "--keep", "x"].map(OsString::from);
        let expected = Options { postgres: true, keep: Some("x".into()), customers: 20 };
        assert_eq!(parse(words.to_vec()).unwrap(), expected);
        assert!(parse(vec!["--customers=few".into()]).is_err());
    }
}
