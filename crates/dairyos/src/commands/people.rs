//! `dairyos people`: the people who sign in, from the machine of the database.
//!
//! It deliberately asks for no sign-in: whoever can open the database can read and write it anyway.
//! The first owner is added here.

use super::Context;
use crate::cli::PeopleCommand;
use crate::cli::people::{AddArgs, ListPeopleArgs, PersonArgs, ResetArgs};
use crate::output::{Output, Side, Table};
use crate::random::System;
use app::AppError;
use app::access::people::{self, Change, Filter, NewcomerRequest, View, WithPassword};
use app::access::{MOST_ROWS, Page};
use domain::calendar::Moment;
use serde_json::{Value, json};

pub fn execute(context: &Context, command: &PeopleCommand) -> Result<bool, AppError> {
    match command {
        PeopleCommand::Add(args) => add(context, args),
        PeopleCommand::List(args) => list(context, args),
        PeopleCommand::ResetPassword(args) => reset(context, args),
        PeopleCommand::Disable(args) => switch(context, args, false),
        PeopleCommand::Enable(args) => switch(context, args, true),
        PeopleCommand::Unlock(args) => unlock(context, args),
    }?;
    Ok(true)
}

fn add(context: &Context, args: &AddArgs) -> Result<(), AppError> {
    let store = context.open()?;
    let newcomer = NewcomerRequest {
        login: &args.login,
        name: &args.name,
        role: args.role,
        customer_code: args.customer.as_deref(),
    };
    let added = people::add(&store, &System, &context.actor, &newcomer)?;
    let said = format!("Added {}, {}.", added.person.name, added.person.role.as_str());
    show_password(&added, &said, args.json)
}

fn reset(context: &Context, args: &ResetArgs) -> Result<(), AppError> {
    let store = context.open()?;
    let id = people::by_login(&store, &args.login)?.id;
    let with = args.second_factor;
    let reset = people::reset_password(&store, &System, &context.actor, id, with)?;
    let also = if with { " The second factor was removed." } else { "" };
    let said = format!("{} has a new password; all sessions ended.{also}", reset.person.name);
    show_password(&reset, &said, args.json)
}

/// Shows a password, the only time it is shown.
fn show_password(given: &WithPassword, said: &str, json: bool) -> Result<(), AppError> {
    let mut out = Output::new();
    if json {
        let mut value = shape(&given.person);
        if let Some(object) = value.as_object_mut() {
            object.insert("password".to_owned(), json!(given.password));
        }
        out.json(&value)?;
    } else {
        out.line(said)?;
        out.line(format!("Login:    {}", given.person.login))?;
        out.line(format!("Password: {}", given.password))?;
        let until = given.expires_at;
        out.line(format!(
            "It is shown this once, holds until {until}, and must be changed at the first sign-in."
        ))?;
    }
    out.finish()
}

fn list(context: &Context, args: &ListPeopleArgs) -> Result<(), AppError> {
    let store = context.open()?;
    let filter = Filter { role: args.role, active: None };
    let mut all: Vec<View> = Vec::new();
    loop {
        let after = all.last().map_or(0, |view| view.id.0);
        let page = people::list(&store, &filter, Page { after, limit: MOST_ROWS })?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let mut out = Output::new();
    if args.json {
        out.json(&all.iter().map(shape).collect::<Vec<_>>())?;
    } else if all.is_empty() {
        out.line("There is nobody; add the first owner with dairyos people add.")?;
    } else {
        let names = ["Login", "Name", "Role", "Customer", "State", "Second factor", "Password"];
        let mut table = Table::new(&names.map(|name| (name, Side::Left)));
        for view in &all {
            table.row([
                view.login.as_str(),
                &view.name,
                view.role.as_str(),
                view.customer_code.as_deref().unwrap_or(""),
                state(view),
                if view.has_second_factor { "yes" } else { "no" },
                if view.password_is_initial { "initial" } else { "own" },
            ]);
        }
        out.text(table.show())?;
    }
    out.finish()
}

fn switch(context: &Context, args: &PersonArgs, active: bool) -> Result<(), AppError> {
    let store = context.open()?;
    let before = people::by_login(&store, &args.login)?;
    let change = Change { active: Some(active), ..Change::default() };
    let view = people::change(&store, &context.actor, before.id, before.version, &change)?;
    let mut out = Output::new();
    if args.json {
        out.json(&shape(&view))?;
    } else if active {
        out.line(format!("{} may sign in.", view.name))?;
    } else {
        out.line(format!("{} may sign in no more; all sessions ended.", view.name))?;
    }
    out.finish()
}

fn unlock(context: &Context, args: &PersonArgs) -> Result<(), AppError> {
    let store = context.open()?;
    let view = people::by_login(&store, &args.login)?;
    let cleared = people::unlock(&store, &context.actor, view.id)?;
    let mut out = Output::new();
    if args.json {
        out.json(&json!({ "login": view.login, "counters_removed": cleared }))?;
    } else {
        out.line(format!("{} is locked nowhere; {cleared} counters were removed.", view.name))?;
    }
    out.finish()
}

const fn state(view: &View) -> &'static str {
    if view.active { "active" } else { "disabled" }
}

fn shape(view: &View) -> Value {
    json!({
        "id": view.id.0,
        "login": view.login,
        "name": view.name,
        "role": view.role.as_str(),
        "customer_code": view.customer_code,
        "state": state(view),
        "second_factor": view.has_second_factor,
        "password_is_initial": view.password_is_initial,
        "password_expires_at": view.password_expires_at.map(Moment::rfc3339),
        "created_at": view.created_at.rfc3339(),
        "version": view.version,
    })
}
