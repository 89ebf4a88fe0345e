//! `dairyos audit`: the audit trail, as a table, JSON or CSV.
//!
//! It deliberately shows the table without the facts before and after, which are long; JSON and
//! CSV have them.

use super::Context;
use crate::cli::AuditListArgs;
use crate::output::{Output, Side, Table};
use app::AppError;
use app::audit::{self, Filter, Row};
use domain::ids::PersonId;
use serde_json::json;

pub fn list(context: &Context, args: &AuditListArgs) -> Result<bool, AppError> {
    let store = context.open()?;
    let (from, until) = audit::between(args.from, args.to);
    let filter = Filter {
        table: args.table.clone(),
        record: args.record.clone(),
        person: args.person.map(PersonId),
        action: args.action.clone(),
        from,
        until,
    };
    let mut out = Output::new();
    if args.csv {
        audit::report(&store, &filter, &mut out)?;
        out.finish()?;
        return Ok(true);
    }
    let after = args.cursor.as_deref().map(audit::parse_cursor).transpose()?;
    let found = audit::list(&store, &filter, after, args.limit)?;
    let next = found.next.map(|next| next.to_string());
    if args.json {
        let entries: Vec<_> = found.rows.iter().map(audit::shape).collect();
        out.json(&json!({ "entries": entries, "next": next }))?;
    } else if found.rows.is_empty() {
        out.line("There are no such rows.")?;
    } else {
        let names = ["At", "Actor", "Role", "Action", "Table", "Record", "Changed"];
        let mut table = Table::new(&names.map(|name| (name, Side::Left)));
        for row in &found.rows {
            table.row(cells(row));
        }
        out.text(table.show())?;
        if let Some(next) = next {
            out.line(format!("\nThere are more: add --cursor {next}"))?;
        }
    }
    out.finish()?;
    Ok(true)
}

fn cells(row: &Row) -> [String; 7] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        row.at.to_string(),
        row.actor.clone(),
        text(&row.role),
        row.action.clone(),
        row.table.clone(),
        row.record.clone(),
        text(&row.changed),
    ]
}
