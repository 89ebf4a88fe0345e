//! `dairyos plans`: list, show, add, change.
//!
//! It deliberately removes no plan.

use super::Context;
use crate::cli::PlansCommand;
use crate::output::{Output, Side, Table};
use app::AppError;
use app::entitlements::wire::Plan;
use app::entitlements::{self, KeptPlan, PlanFacts};
use serde_json::json;

pub fn execute(context: &Context, command: &PlansCommand) -> Result<bool, AppError> {
    let (store, actor) = (context.open()?, &context.actor);
    let kept = match command {
        PlansCommand::List(args) => {
            let found = store.read(entitlements::all)?;
            let mut out = Output::new();
            if args.json {
                let shapes: Vec<Plan> = found.iter().map(Plan::from).collect();
                out.json(&json!({ "plans": shapes }))?;
            } else {
                out.text(table(&found))?;
            }
            out.finish()?;
            return Ok(true);
        }
        PlansCommand::Show(args) => store.read(|tx| entitlements::by_code(tx, &args.code))?,
        PlansCommand::Add(args) => {
            let facts = PlanFacts {
                name: Some(args.name.clone()),
                price: Some(args.price),
                days: Some(args.days),
                features: Some(args.features.clone()),
                is_active: Some(!args.inactive),
            };
            store.write(|tx| entitlements::add(tx, actor, &args.code, &facts))?
        }
        PlansCommand::Change(args) => {
            let facts = PlanFacts {
                name: args.name.clone(),
                price: args.price,
                days: args.days,
                features: args.features.clone(),
                is_active: args.active,
            };
            store.write(|tx| {
                let version = entitlements::by_code(tx, &args.code)?.version;
                entitlements::change(tx, actor, &args.code, version, &facts)
            })?
        }
    };
    print(&kept, command.wants_json())
}

fn print(kept: &KeptPlan, json: bool) -> Result<bool, AppError> {
    let mut out = Output::new();
    if json {
        out.json(&Plan::from(kept))?;
    } else {
        out.text(table(std::slice::from_ref(kept)))?;
    }
    out.finish()?;
    Ok(true)
}

fn table(found: &[KeptPlan]) -> String {
    let columns = [
        ("Plan", Side::Left),
        ("Name", Side::Left),
        ("Price", Side::Right),
        ("Days", Side::Right),
        ("Sold", Side::Left),
        ("Features", Side::Left),
    ];
    let mut table = Table::new(&columns);
    for kept in found {
        let plan = &kept.plan;
        table.row([
            plan.code.clone(),
            plan.name.clone(),
            domain::money::inr(plan.price),
            plan.days.to_string(),
            if kept.is_active { "yes" } else { "no" }.to_owned(),
            plan.features.join(" "),
        ]);
    }
    table.show()
}
