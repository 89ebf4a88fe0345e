//! `dairyos ledger`: balances, and the journal for other programs.
//!
//! It deliberately exports every entry there is; a part of a journal does not balance.

use super::Context;
use crate::cli::{BalancesArgs, ExportArgs};
use crate::output::{Output, Side, Table};
use app::AppError;
use domain::money::{Money, inr};
use serde_json::json;

pub fn balances(context: &Context, args: &BalancesArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let balances = app::ledger::balances(&store)?;
    let mut out = Output::new();
    if args.json {
        let accounts = balances.accounts.iter().map(|(account, balance, entries)| {
            json!({
                "account": account.as_str(),
                "balance": balance.to_string(),
                "entries": entries,
            })
        });
        let customers = balances.customers.iter().map(|customer| {
            json!({
                "customer_code": customer.code,
                "customer_name": customer.name,
                "balance": customer.balance.to_string(),
            })
        });
        out.json(&json!({
            "accounts": accounts.collect::<Vec<_>>(),
            "sum": balances.sum.to_string(),
            "customers": customers.collect::<Vec<_>>(),
        }))?;
    } else {
        let columns = [("Account", Side::Left), ("Debit", Side::Right), ("Credit", Side::Right)];
        let mut table = Table::new(&columns);
        for (account, balance, _) in &balances.accounts {
            let (debit, credit) = sides(*balance);
            table.row([account.as_str().to_owned(), debit, credit]);
        }
        out.text(table.show())?;
        out.line(format!("Sum of all accounts: {}\n", inr(balances.sum)))?;
        let columns = [("Customer", Side::Left), ("Name", Side::Left), ("Owes", Side::Right)];
        let mut table = Table::new(&columns);
        for customer in &balances.customers {
            table.row([customer.code.clone(), customer.name.clone(), inr(customer.balance)]);
        }
        out.text(table.show())?;
    }
    out.finish()?;
    Ok(balances.sum.is_zero())
}

fn sides(balance: Money) -> (String, String) {
    match balance.negated() {
        Ok(credit) if balance < Money::ZERO => (String::new(), inr(credit)),
        _ => (inr(balance), String::new()),
    }
}

pub fn export(context: &Context, args: &ExportArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let mut out = Output::new();
    app::ledger::export(&store, args.format.into(), &mut out)?;
    out.finish()?;
    Ok(true)
}
