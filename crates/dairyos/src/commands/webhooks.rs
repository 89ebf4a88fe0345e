//! `dairyos webhooks`: list, show, replay.
//!
//! It deliberately prints what came word for word, but its line ends.

use super::Context;
use crate::cli::{ReplayArgs, WebhooksCommand, WebhooksListArgs};
use crate::output::{Output, Side, Table};
use app::AppError;
use app::webhooks::wire::{GatewayEvent, WholeGatewayEvent};
use app::webhooks::{self, Kept};
use domain::ids::WebhookEventId;
use domain::webhooks::State;
use serde_json::json;

pub fn execute(context: &Context, command: &WebhooksCommand) -> Result<bool, AppError> {
    let store = context.open()?;
    let mut out = Output::new();
    let mut good = true;
    match command {
        WebhooksCommand::List(args) => return list(context, args),
        WebhooksCommand::Show(args) => {
            let whole = store.read(|tx| webhooks::show(tx, WebhookEventId(args.id)))?;
            if args.json {
                out.json(&WholeGatewayEvent::from(whole))?;
            } else {
                out.text(table(std::slice::from_ref(&whole.kept)))?;
                out.line(whole.body)?;
            }
        }
        WebhooksCommand::Replay(args) => {
            let ReplayArgs { event: args, accept_amount } = args;
            let accept = *accept_amount;
            let (id, mode) = (WebhookEventId(args.id), context.settings()?.gateways.stripe.mode());
            let kept = store.write(|tx| webhooks::replay(tx, &context.actor, id, mode, accept))?;
            good = matches!(kept.standing.state, State::Processed | State::Ignored);
            if args.json {
                out.json(&GatewayEvent::from(&kept))?;
            } else {
                out.text(table(&[kept]))?;
            }
        }
    }
    out.finish()?;
    Ok(good)
}

fn list(context: &Context, args: &WebhooksListArgs) -> Result<bool, AppError> {
    let (state, before) = (args.state.map(State::from), args.before.map(WebhookEventId));
    let store = context.open()?;
    let (found, next) = store.read(|tx| webhooks::list(tx, None, state, before, args.limit))?;
    let mut out = Output::new();
    if args.json {
        let shapes: Vec<GatewayEvent> = found.iter().map(GatewayEvent::from).collect();
        out.json(&json!({ "events": shapes, "next": next.map(|id| id.0) }))?;
    } else if found.is_empty() {
        out.line("There are no such events.")?;
    } else {
        out.text(table(&found))?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: dairyos webhooks list --before {}", next.0))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn table(found: &[Kept]) -> String {
    let columns = [
        ("Event", Side::Right),
        ("Gateway", Side::Left),
        ("Id", Side::Left),
        ("Kind", Side::Left),
        ("State", Side::Left),
        ("Came", Side::Left),
        ("Why", Side::Left),
    ];
    let mut table = Table::new(&columns);
    for kept in found {
        table.row([
            kept.id.0.to_string(),
            kept.provider.as_str().to_owned(),
            kept.event_id.clone(),
            kept.kind.clone(),
            kept.standing.state.as_str().to_owned(),
            kept.received_at.to_string(),
            kept.reason.clone().unwrap_or_default().replace(['\n', '\r'], " "),
        ]);
    }
    table.show()
}
