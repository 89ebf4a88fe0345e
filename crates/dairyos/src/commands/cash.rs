//! `dairyos cash`: show, hand-over, hand-overs.
//!
//! It deliberately asks for no sign-in: whoever can open the database can read and write it anyway.

use super::Context;
use crate::cli::{CashCommand, CashShowArgs, HandOverArgs, HandOversArgs};
use crate::output::{Output, Side, Table};
use app::AppError;
use app::payments::cash::wire::{CashHandOver, CashWallet, WholeWallet};
use app::payments::cash::{self, BANK, NewHandOver, ShownHandOver, Wallet};
use domain::calendar::Moment;
use domain::ids::HandOverId;
use domain::money::{Money, inr};
use serde_json::json;

pub fn execute(context: &Context, command: &CashCommand) -> Result<bool, AppError> {
    match command {
        CashCommand::Show(args) => match &args.login {
            Some(login) => show(context, args, login),
            None => list(context, args),
        },
        CashCommand::HandOver(args) => hand_over(context, args),
        CashCommand::HandOvers(args) => hand_overs(context, args),
    }?;
    Ok(true)
}

fn list(context: &Context, args: &CashShowArgs) -> Result<(), AppError> {
    let store = context.open()?;
    let (found, next) = store.read(|tx| cash::wallets(tx, args.after.as_deref(), args.limit))?;
    let mut out = Output::new();
    if args.json {
        let shapes: Vec<CashWallet> = found.iter().map(CashWallet::from).collect();
        out.json(&json!({ "cash": shapes, "next": next }))?;
    } else if found.is_empty() {
        out.line("Nobody has ever had cash in hand.")?;
    } else {
        out.text(wallets(&found))?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos cash show --after \"{next}\""))?;
        }
    }
    out.finish()
}

fn wallets(found: &[Wallet]) -> String {
    let columns = [
        ("Login", Side::Left),
        ("Name", Side::Left),
        ("Role", Side::Left),
        ("In hand", Side::Right),
        ("Since", Side::Left),
        ("Short", Side::Right),
    ];
    let mut table = Table::new(&columns);
    for wallet in found {
        table.row([
            wallet.login.clone(),
            wallet.name.clone(),
            wallet.role.as_str().to_owned(),
            inr(wallet.in_hand),
            wallet.since.as_ref().map(Moment::to_string).unwrap_or_default(),
            inr(wallet.short),
        ]);
    }
    table.show()
}

fn show(context: &Context, args: &CashShowArgs, login: &str) -> Result<(), AppError> {
    let store = context.open()?;
    let after = args.after.as_deref();
    let shown = store.read(|tx| cash::wallet(tx, None, login, after, args.limit))?;
    let mut out = Output::new();
    if args.json {
        let next = shown.next.clone();
        out.json(&WholeWallet::new(&shown, next))?;
        return out.finish();
    }
    out.text(wallets(std::slice::from_ref(&shown.wallet)))?;
    for entry in &shown.entries {
        let what = match (&entry.payment, &entry.hand_over) {
            (Some((id, posting)), _) => format!("payment {}, {posting}", id.0),
            (_, Some(id)) => format!("hand-over {}", id.0),
            _ => entry.cause.clone(),
        };
        let who = entry.customer_code.as_deref().unwrap_or("");
        out.line(format!("{}  {}  {what}  {who}", entry.at, inr(entry.amount)))?;
    }
    if let Some(next) = &shown.next {
        out.line(format!("\nThere are more: dairyos cash show {login} --after \"{next}\""))?;
    }
    out.finish()
}

fn hand_over(context: &Context, args: &HandOverArgs) -> Result<(), AppError> {
    let new = NewHandOver {
        giver: args.giver.clone(),
        taker: args.taker.clone(),
        pieces: args.pieces.clone(),
        coins: args.coins,
        shortage_accepted: args.accept_shortage,
    };
    let shown = context.open()?.write(|tx| {
        let id = cash::hand_over(tx, &context.actor, &new)?;
        cash::hand_over_of(tx, None, id)
    })?;
    print(&shown, args.json)
}

fn hand_overs(context: &Context, args: &HandOversArgs) -> Result<(), AppError> {
    let store = context.open()?;
    if let Some(id) = args.id {
        let shown = store.read(|tx| cash::hand_over_of(tx, None, HandOverId(id)))?;
        return print(&shown, args.json);
    }
    let (found, next) = store.read(|tx| {
        let giver = args.giver.as_deref();
        let giver = giver.map(|login| cash::wallet(tx, None, login, None, 1)).transpose()?;
        let giver = giver.map(|shown| shown.wallet.person);
        cash::hand_overs(tx, giver, args.after.as_deref(), args.limit)
    })?;
    let mut out = Output::new();
    if args.json {
        let shapes: Vec<CashHandOver> = found.iter().map(CashHandOver::from).collect();
        out.json(&json!({ "hand_overs": shapes, "next": next }))?;
    } else if found.is_empty() {
        out.line("There are no such hand-overs.")?;
    } else {
        out.text(table(&found))?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos cash hand-overs --after \"{next}\""))?;
        }
    }
    out.finish()
}

fn table(found: &[ShownHandOver]) -> String {
    let columns = [
        ("Hand-over", Side::Right),
        ("Time", Side::Left),
        ("Giver", Side::Left),
        ("Taker", Side::Left),
        ("In hand", Side::Right),
        ("Counted", Side::Right),
        ("Short", Side::Right),
    ];
    let mut table = Table::new(&columns);
    for shown in found {
        let kept = &shown.kept;
        let taker = shown.taker.as_ref().map_or(BANK, |(_, name)| name);
        table.row([
            kept.id.0.to_string(),
            kept.at.to_string(),
            shown.giver.1.clone(),
            taker.to_owned(),
            inr(kept.in_hand),
            inr(kept.counted),
            inr(kept.in_hand.minus(kept.counted).unwrap_or(Money::ZERO)),
        ]);
    }
    table.show()
}

fn print(shown: &ShownHandOver, json: bool) -> Result<(), AppError> {
    let mut out = Output::new();
    if json {
        out.json(&CashHandOver::from(shown))?;
    } else {
        out.text(table(std::slice::from_ref(shown)))?;
    }
    out.finish()
}
