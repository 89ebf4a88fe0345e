//! `dairyos entitlements`: what a customer may use, and why.
//!
//! It deliberately changes nothing.

use super::Context;
use crate::cli::EntitlementsCommand;
use crate::output::{Output, Side, Table};
use app::AppError;
use app::entitlements::wire::{Entitlement, Entitlements};
use app::entitlements::{self, Whole};
use domain::calendar::Moment;

pub fn execute(context: &Context, command: &EntitlementsCommand) -> Result<bool, AppError> {
    let EntitlementsCommand::Show(args) = command;
    let (store, now) = (context.open()?, context.actor.at);
    let mut out = Output::new();
    let mut good = true;
    if let Some(feature) = &args.feature {
        let answer = store.read(|tx| entitlements::check(tx, &args.customer, feature, now))?;
        good = answer.is_entitled;
        if args.json {
            out.json(&Entitlement::from(&answer))?;
        } else {
            let may = if good { "may use" } else { "may not use" };
            let until = answer.until.map(|until| format!(" until {}", until.rfc3339()));
            let until = until.unwrap_or_default();
            out.line(format!("{} {may} {feature}{until}.", answer.code))?;
        }
    } else {
        let whole = store.read(|tx| entitlements::of_customer(tx, &args.customer, now))?;
        if args.json {
            out.json(&Entitlements::from(&whole))?;
        } else {
            print(&mut out, &whole)?;
        }
    }
    out.finish()?;
    Ok(good)
}

fn print(out: &mut Output, whole: &Whole) -> Result<(), AppError> {
    let columns = [
        ("Feature", Side::Left),
        ("Until", Side::Left),
        ("Plan", Side::Left),
        ("Payment", Side::Right),
    ];
    let mut table = Table::new(&columns);
    for one in &whole.features {
        table.row([
            one.feature.clone(),
            one.until.map_or_else(|| "no end".to_owned(), Moment::rfc3339),
            one.plan.clone(),
            one.payment.map(|payment| payment.0.to_string()).unwrap_or_default(),
        ]);
    }
    out.text(table.show())?;
    if let Some(prepaid) = whole.prepaid {
        let balance = domain::money::inr(prepaid.balance);
        let goes = if prepaid.is_entitled { "go on" } else { "stop" };
        out.line(format!("Prepaid, with a balance of {balance}: deliveries {goes}."))?;
    }
    Ok(())
}
