//! The database under the service: customers, a month of deliveries, its issued bills. Made once
//! per size, month, seed and version of the program, and kept.
//!
//! It deliberately lets nothing be measured on what is kept: each run has a fresh copy.

use super::session::LOGIN;
use crate::business::Business;
use crate::dairy::Dairy;
use crate::failure::Failure;
use crate::options::Setting;
use serde_json::Value;
use std::path::Path;

/// The copy of a run.
pub const RUN: &str = "service_run";
/// While it is made.
const MAKING: &str = "service_making";

/// The name of what is kept: small letters, digits and underscores, as every database takes it.
fn kept_name(setting: &Setting) -> String {
    let (customers, month, seed) = (setting.customers, &setting.month, setting.seed);
    let name = format!("service_{}_{customers}_{month}_{seed}", env!("CARGO_PKG_VERSION"));
    name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect()
}

/// Makes the copy for a run and adds the owner; returns the owner's initial password.
pub fn prepare(
    business: &Business<'_>,
    setting: &Setting,
    folder: &Path,
) -> Result<String, Failure> {
    let kept = kept_name(setting);
    if business.database.exists(&kept)? {
        match copy_with_owner(business, &kept) {
            Ok(password) => return Ok(password),
            // Another state of the program may have made it, with other tables.
            Err(failure) => business.say(&format!("making the database anew: {failure}")),
        }
    }
    make(business, setting, folder, &kept)?;
    copy_with_owner(business, &kept)
}

fn make(
    business: &Business<'_>,
    setting: &Setting,
    folder: &Path,
    kept: &str,
) -> Result<(), Failure> {
    let dairy = Dairy::of(setting, &business.program, folder, setting.customers)?;
    business.import(MAKING, &dairy)?;
    business.say("billing and issuing");
    let run = ["bills", "run", "--month", &setting.month, "--issue", "--json"];
    let printed = business.call(MAKING, &run)?.printed;
    if printed["clean"] != true {
        return Err(Failure::new(format!("the certificate is not clean:\n{printed:#}")));
    }
    business.database.rest(MAKING)?;
    business.database.remove(kept)?;
    business.database.rename(MAKING, kept)
}

fn copy_with_owner(business: &Business<'_>, kept: &str) -> Result<String, Failure> {
    business.database.copy(kept, RUN)?;
    let owner = ["people", "add", "--login", LOGIN, "--name", "Owner", "--role", "owner", "--json"];
    let printed = business.call(RUN, &owner)?.printed;
    business.database.rest(RUN)?;
    match &printed["password"] {
        Value::String(password) => Ok(password.clone()),
        _ => Err(Failure::new("adding the owner printed no password")),
    }
}
