//! `dairyos init`: creates a database for a business.
//!
//! It deliberately keeps a business that is set up as it is.

use super::Context;
use crate::cli::InitArgs;
use crate::output::Output;
use app::AppError;
use domain::customers::check_name;
use serde_json::json;
use store::Store;
use store::business::Business;

pub fn execute(context: &Context, args: InitArgs) -> Result<bool, AppError> {
    check_name(&args.name).map_err(|error| AppError::BadArgument(format!("--name: {error}")))?;
    if let Some(gstin) = args.gstin.as_ref().filter(|gstin| gstin.state() != args.state) {
        let (of, state) = (gstin.state(), args.state);
        let what = format!("--gstin: {gstin} belongs to State {of}, but --state is {state}");
        return Err(AppError::BadArgument(what));
    }
    let business = Business {
        name: args.name.trim().to_owned(),
        state: args.state,
        gstin: args.gstin,
        fssai: args.fssai,
        bill_prefix: args.bill_prefix,
        round_off: args.round_off.into(),
    };
    let store = Store::create(&context.database)?;
    let created = app::business::set_up(&store, &context.actor, &business)?;
    let mut out = Output::new();
    if args.json {
        out.json(&json!({
            "created": created,
            "name": business.name,
            "state": business.state.code(),
            "bill_prefix": business.bill_prefix.as_str(),
            "round_off": business.round_off.as_str(),
        }))?;
    } else {
        let state = business.state;
        let name = &business.name;
        let prefix = business.bill_prefix.as_str();
        if created {
            out.line(format!("Created the books of {name}, {} ({state}).", state.name()))?;
        } else {
            out.line(format!("The books of {name} are there already; nothing was changed."))?;
        }
        out.line(format!("Bills will be numbered {prefix}/YY-YY/000001 onwards."))?;
        out.line("Next: dairyos import DIR, then dairyos bills run --month YYYY-MM.")?;
    }
    out.finish()?;
    Ok(true)
}
