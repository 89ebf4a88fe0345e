//! `dairyos generate`: writes CSV files of a made-up dairy.
//!
//! It deliberately needs no database.

use super::Context;
use crate::cli::GenerateArgs;
use crate::output::{Output, Progress, Side, Table};
use app::AppError;
use app::generator::{Plan, generate};
use serde_json::json;

pub fn execute(context: &Context, args: &GenerateArgs) -> Result<bool, AppError> {
    let this_month = context.actor.at.business_day().month();
    let plan = Plan {
        customers: args.customers,
        months: args.months,
        last_month: args.last_month.unwrap_or_else(|| this_month.previous()),
        seed: args.seed,
    };
    let progress = Progress::new("deliveries", plan.expected_deliveries());
    let summary = generate(&plan, &args.out, &mut |count| progress.at(count))
        .map_err(|error| AppError::Output(error.to_string()))?;
    drop(progress);
    let mut out = Output::new();
    if args.json {
        out.json(&json!({
            "out": args.out.display().to_string(),
            "first_month": summary.first_month.to_string(),
            "last_month": summary.last_month.to_string(),
            "customers": summary.customers,
            "products": summary.products,
            "prices": summary.prices,
            "deliveries": summary.deliveries,
            "orders": summary.orders,
            "late_deliveries": summary.late,
        }))?;
    } else {
        let (first, last) = (summary.first_month, summary.last_month);
        out.line(format!("Wrote a dairy of {first} to {last} into {}.", args.out.display()))?;
        let mut table = Table::new(&[("File", Side::Left), ("Rows", Side::Right)]);
        for (file, rows) in [
            ("customers.csv", summary.customers),
            ("products.csv", summary.products),
            ("prices.csv", summary.prices),
            ("deliveries.csv", summary.deliveries),
            ("orders.csv", summary.orders),
            ("late/deliveries.csv", summary.late),
        ] {
            table.row([file.to_owned(), rows.to_string()]);
        }
        out.text(table.show())?;
    }
    out.finish()?;
    Ok(true)
}
