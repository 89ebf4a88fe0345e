//! Customers of a demo dairy pay: at a local Razorpay and Stripe, in cash, by UPI. Then the books
//! are compared, and once more after faults were planted on purpose.
//!
//! It deliberately drives the built program from outside, over its API and its commands, and knows
//! no rule of billing or booking. `cargo xtask demo` runs it; no money is anywhere near.

#![expect(clippy::print_stdout, reason = "it tells people what happens")]

mod api;
mod bills;
mod dairy;
mod fakes;
mod faults;
mod payday;
mod report;

use std::error::Error;
use std::process::ExitCode;

use dairy::Dairy;
use fakes::Fakes;

/// What may go wrong ends the demo.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: dairyos-demo PROGRAM DATABASE MONTH...";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match play(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("The demo stops: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a heading for what follows.
fn heading(text: &str) {
    println!("{text}\n{}\n", "─".repeat(text.chars().count()));
}

fn play(arguments: &[String]) -> Result<()> {
    let [program, database, months @ ..] = arguments else { return Err(USAGE.into()) };
    let fakes = Fakes::start()?;
    let mut dairy = Dairy::new(program, database, &fakes);
    let people = dairy.people()?;
    let owing = bills::owing(&dairy, months)?;
    let Some(roles) = bills::Roles::cast(&owing) else {
        println!("Nobody pays: there are too few customers who owe something.\n");
        return Ok(());
    };

    let today = dairy::today();
    heading(&format!("The customers pay, {today}"));
    let api = dairy.serve(true)?;
    fakes.deliver_to(api.address());
    let asked = payday::ask(&api, &roles)?;
    payday::pay(&api, &fakes, &roles, &asked, &people)?;
    dairy.stop();

    heading("The books compared with themselves, the gateways and the cash");
    let clean = report::compare(&dairy, &today.to_string())?;
    report::must_be_clean(&clean)?;

    heading("Four faults, planted on purpose");
    // Without a worker: it asks the gateways by itself, and would find what is withheld here.
    let api = dairy.serve(false)?;
    fakes.deliver_to(api.address());
    faults::plant(&api, &fakes, &roles, &asked, &people, today)?;
    dairy.stop();

    heading("The books compared again");
    let faulty = report::compare(&dairy, &today.to_string())?;
    report::must_show(&clean, &faulty, &faults::EXPECTED)?;
    report::print_next_steps(&dairy, &today.to_string());
    Ok(())
}
