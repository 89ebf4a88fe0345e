//! The usual service: bills a month customer by customer, one `SELECT` and one transaction each,
//! through an ORM, with the same tables and the same durable settings as the program.
//!
//! It deliberately does less than the program: it knows neither orders nor late deliveries nor
//! reruns, keeps all prices in memory, and hands out keys itself.

mod billing;
mod money;
mod tables;

use lexopt::prelude::*;
use std::process::ExitCode;

/// What is asked for.
struct Asked {
    url: String,
    month: i32,
    customers: u64,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match asked() {
        Ok(asked) => billing::run(&asked.url, asked.month, asked.customers).await,
        Err(error) => Err(error.to_string()),
    };
    match done {
        Ok(done) => {
            let (bills, seconds) = (done.bills, done.seconds);
            let (lines, deliveries) = (done.lines, done.deliveries);
            let total = done.total_paise;
            let shape = serde_json::json!({
                "bills": bills,
                "lines": lines,
                "deliveries": deliveries,
                "total_paise": total,
                "seconds": seconds,
            });
            println!("{shape}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("dairyos-usual: {error}");
            ExitCode::from(1)
        }
    }
}

fn asked() -> Result<Asked, lexopt::Error> {
    let (mut url, mut month, mut customers) = (None, None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("url") => url = Some(parser.value()?.string()?),
            Long("month") => {
                month = Some(parser.value()?.parse_with(|text| text.replace('-', "").parse())?);
            }
            Long("customers") => customers = Some(parser.value()?.parse()?),
            other => return Err(other.unexpected()),
        }
    }
    let missing = |name: &str| lexopt::Error::from(format!("--{name} is missing"));
    Ok(Asked {
        url: url.ok_or_else(|| missing("url"))?,
        month: month.ok_or_else(|| missing("month"))?,
        customers: customers.ok_or_else(|| missing("customers"))?,
    })
}
