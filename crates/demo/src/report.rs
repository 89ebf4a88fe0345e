//! The comparison of the books, shown as the program prints it, and checked against what was done.
//!
//! It deliberately reads no database: what counts is what the program says.

use std::collections::HashSet;

use serde_json::Value;

use crate::dairy::Dairy;
use crate::{Result, heading};

/// Compares the books as of a day, shows the report, and returns it.
pub fn compare(dairy: &Dairy, day: &str) -> Result<Value> {
    dairy.show(&["reconcile", "--date", day])?;
    // Nothing has changed since: the same report, as a program reads it.
    dairy.read(&["reconcile", "--date", day, "--json"])
}

fn issues(report: &Value) -> impl Iterator<Item = &Value> {
    report["issues"].as_array().into_iter().flatten()
}

/// The books are clean when there is no error.
pub fn must_be_clean(report: &Value) -> Result<()> {
    if report["summary"]["errors"] != 0 {
        return Err("the books should be without errors, and are not".into());
    }
    println!(
        "No error: every payment is booked once, the ledger holds it, and both gateways agree\n\
         with the books and with what they paid out. Warnings and infos are true and want\n\
         somebody's eye: a bill paid twice, one paid in part, customers who have not paid yet.\n"
    );
    Ok(())
}

/// Exactly these must have come up since another report, beside infos.
pub fn must_show(before: &Value, after: &Value, expected: &[(&str, &str)]) -> Result<()> {
    let known: HashSet<i64> = issues(before).filter_map(|issue| issue["id"].as_i64()).collect();
    let mut found: Vec<(&str, &str)> = issues(after)
        .filter(|issue| issue["id"].as_i64().is_none_or(|id| !known.contains(&id)))
        .map(|issue| {
            let word = |key: &str| issue[key].as_str().unwrap_or_default();
            (word("severity"), word("type"))
        })
        .filter(|(severity, _)| *severity != "info")
        .collect();
    found.sort_unstable();
    if found != expected {
        return Err(format!("expected {expected:?} to be found, and found {found:?}").into());
    }
    println!("The four faults are found, and nothing else that was not there before.\n");
    Ok(())
}

/// What to try next, on the database that is left.
pub fn print_next_steps(dairy: &Dairy, day: &str) {
    heading("What to try next");
    let commands: [(&str, &str); 6] = [
        ("what nobody has settled yet:", "reconcile issues --state open --severity error"),
        (
            "close one with a note; it stays closed while its amounts stay:",
            "reconcile close ID --note \"Razorpay has paid the rest.\"",
        ),
        ("what came in, and how one payment went:", "payments list"),
        ("what a gateway told, word for word:", "webhooks list"),
        ("who holds how much cash:", "cash show"),
        ("every invariant, checked against the database:", "verify"),
    ];
    for (what, words) in commands {
        println!("{what}\n    {}", dairy.shown(words));
    }
    println!(
        "\nThe local gateways end with this demo: comparing {day} without them says less. With a\n\
         worker running, the payment that no webhook told of is found and booked within ten\n\
         minutes, because the worker asks the gateways by itself.\n"
    );
}
