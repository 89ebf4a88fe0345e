//! Reports as people look at them, and the work on issues: given to somebody, closed with a note,
//! opened again.
//!
//! It deliberately changes nothing of what was found.

use super::Report;
use crate::audit::entry;
use crate::{Actor, AppError, Invalid};
use domain::calendar::Day;
use domain::ids::PersonId;
use domain::reconciliation::{IssueError, IssueKind, IssueState, Severity};
use serde_json::{Value, json};
use store::reconciliation::{self, ListedIssue, Run};
use store::{Tx, audit};

/// Records on a page when nothing is said.
pub const LIST_DEFAULT: u16 = 50;
/// Records on a page at most.
pub const LIST_MOST: u16 = 200;

/// The report of a day: its last comparison.
pub fn show(tx: &mut Tx<'_>, day: Day) -> Result<Report, AppError> {
    let none = || {
        let what = format!("{day} was not reconciled; run dairyos reconcile --date {day}");
        AppError::NotFound(what)
    };
    let run = reconciliation::last_run(tx, day)?.ok_or_else(none)?;
    Report::load(tx, run)
}

/// The days that were compared, the latest first, and where the next page begins.
pub fn list(
    tx: &mut Tx<'_>,
    before: Option<Day>,
    limit: u16,
) -> Result<(Vec<Run>, Option<Day>), AppError> {
    let mut found = reconciliation::list(tx, before, i64::from(limit) + 1)?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    let next = found.last().filter(|_| more).map(|run| run.day);
    Ok((found, next))
}

/// The latest report without its issues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The comparison.
    pub run: Run,
    /// How many of its issues are not closed, by severity.
    pub unsettled: Vec<(Severity, i64)>,
}

/// How the books stood when they were last compared.
pub fn standing(tx: &mut Tx<'_>) -> Result<Option<Standing>, AppError> {
    let Some(run) = reconciliation::latest(tx)? else { return Ok(None) };
    let unsettled = reconciliation::count_unsettled(tx, run.id)?;
    Ok(Some(Standing { run, unsettled }))
}

/// Which issues are asked for; what is absent does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where the work on them stands.
    pub state: Option<IssueState>,
    /// How grave they are.
    pub severity: Option<Severity>,
    /// What they are.
    pub kind: Option<IssueKind>,
}

/// A page of issues, those found first last, and where the next one begins.
pub fn issues(
    tx: &mut Tx<'_>,
    filter: Filter,
    before: Option<i64>,
    limit: u16,
) -> Result<(Vec<ListedIssue>, Option<i64>), AppError> {
    let wanted = (filter.state, filter.severity, filter.kind);
    let mut found = reconciliation::page(tx, wanted, before, i64::from(limit) + 1)?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    let next = found.last().filter(|_| more).map(|one| one.issue.id);
    Ok((found, next))
}

/// One issue.
pub fn issue(tx: &mut Tx<'_>, id: i64) -> Result<ListedIssue, AppError> {
    let none = || AppError::NotFound(format!("there is no issue {id}"));
    reconciliation::issue(tx, id)?.ok_or_else(none)
}

/// A step of the work on an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Somebody looks after it.
    Assign(PersonId),
    /// It is settled, for this reason.
    Close(&'a str),
    /// It is looked at again.
    Reopen,
}

/// Moves the work on an issue on. `version` is the one the caller has seen; without it the present
/// one is meant.
pub fn change(
    tx: &mut Tx<'_>,
    actor: &Actor,
    id: i64,
    version: Option<i64>,
    step: Step<'_>,
) -> Result<ListedIssue, AppError> {
    let before = issue(tx, id)?;
    let present = before.issue.version;
    if let Some(asked) = version.filter(|asked| *asked != present) {
        return Err(AppError::VersionLost { asked, present });
    }
    let (was, person) = (before.issue.state, before.issue.person.map(PersonId));
    let note = before.issue.note.as_deref();
    let refused = |error: IssueError| match error {
        IssueError::Note => AppError::from(Invalid::one("#/note", error.to_string())),
        IssueError::Closed | IssueError::NotClosed => AppError::Conflict(error.to_string()),
    };
    let (action, now) = match step {
        Step::Assign(person) => {
            if reconciliation::person_named(tx, person)?.is_none() {
                let what = "there is no such person of the dairy, or they are disabled";
                return Err(Invalid::one("#/assignee", what).into());
            }
            ("assign", (was.assign().map_err(refused)?, Some(person), note))
        }
        Step::Close(why) => ("close", (was.close(why).map_err(refused)?, person, Some(why.trim()))),
        Step::Reopen => ("reopen", (was.reopen().map_err(refused)?, person, note)),
    };
    if !reconciliation::change(tx, (id, present), now, actor.at)? {
        return Err(AppError::Changed(format!("the issue {id}")));
    }
    let facts = |state: IssueState, person: Option<PersonId>, note: Option<&str>| -> Value {
        json!({ "state": state.as_str(), "person": person.map(|person| person.0), "note": note })
    };
    let (from, to) = (facts(was, person, note), facts(now.0, now.1, now.2));
    let record = id.to_string();
    let trace = entry(action, "reconciliation_issues", record, Some(&from), Some(&to));
    audit::write(tx, actor, &[trace])?;
    issue(tx, id)
}
