//! Issues: everything that was ever found, once, and the work on it.
//!
//! It deliberately forgets none.

use super::runs::{FindingRow, fingerprint, read_finding};
use crate::catalog::day;
use crate::db::{Column, Each, Insert, Row, StoreError, Tx, Value};
use crate::imports::{Counter, allot};
use domain::calendar::{Day, Moment};
use domain::ids::PersonId;
use domain::money::Money;
use domain::reconciliation::{Fingerprint, Issue, IssueKind, IssueState, Severity};

const INSERT: Insert = Insert {
    table: "reconciliation_issues",
    columns: &[
        "id",
        "fingerprint",
        "kind",
        "severity",
        "bill_id",
        "payment_id",
        "subject",
        "details",
        "expected_paise",
        "found_paise",
        "state",
        "version",
        "first_run_id",
        "last_run_id",
        "first_day",
        "last_day",
        "created_at",
        "updated_at",
    ],
};
const KNOWN: Each = Each {
    sql: "SELECT :place, id, fingerprint, state, expected_paise, found_paise, last_day, version \
          FROM reconciliation_issues WHERE fingerprint = :fingerprint",
    columns: &[Column::Int("place"), Column::Text("fingerprint")],
};
const REFOUND: Each = Each {
    sql: "UPDATE reconciliation_issues SET severity = :severity, details = :details, \
          expected_paise = :expected, found_paise = :found, state = :state, version = :version, \
          last_run_id = :run, last_day = :day, updated_at = :at WHERE id = :id",
    columns: &[
        Column::Int("id"),
        Column::Text("severity"),
        Column::Text("details"),
        Column::Int("expected"),
        Column::Int("found"),
        Column::Text("state"),
        Column::Int("version"),
        Column::Int("run"),
        Column::Int("day"),
        Column::Int("at"),
    ],
};
pub(super) const SETS: &[&Each] = &[&KNOWN, &REFOUND];
macro_rules! listed {
    ($rest:literal) => {
        concat!(
            "SELECT i.id, i.fingerprint, i.kind, i.severity, i.bill_id, i.payment_id, i.subject, \
             i.details, i.expected_paise, i.found_paise, 0, i.state, i.person_id, i.note, \
             i.version, i.first_day, i.last_day FROM reconciliation_issues i WHERE ",
            $rest
        )
    };
}
pub(super) const ONE: &str = listed!("i.id = $1");
pub(super) const PAGE: &str = listed!(
    "i.id < $1 AND (CAST($2 AS TEXT) IS NULL OR i.state = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR i.severity = $3) \
     AND (CAST($4 AS TEXT) IS NULL OR i.kind = $4) ORDER BY i.id DESC LIMIT $5"
);
pub(super) const PAGE_UNSETTLED: &str = listed!(
    "i.state <> 'closed' AND i.id < $1 AND (CAST($2 AS TEXT) IS NULL OR i.state = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR i.severity = $3) \
     AND (CAST($4 AS TEXT) IS NULL OR i.kind = $4) ORDER BY i.id DESC LIMIT $5"
);
pub(super) const CHANGE: &str = "UPDATE reconciliation_issues SET state = $3, person_id = $4, \
     note = $5, version = version + 1, updated_at = $6 WHERE id = $1 AND version = $2";
pub(super) const UNSETTLED: &str = "SELECT f.severity, COUNT(*) FROM reconciliation_findings f \
     JOIN reconciliation_issues i ON i.id = f.issue_id \
     WHERE f.run_id = $1 AND i.state <> 'closed' GROUP BY f.severity";
pub(super) const PERSON: &str = "SELECT login FROM people \
     WHERE id = CAST($1 AS BIGINT) AND state = 'active' AND role <> 'customer'";
pub(super) const QUERIES: &[&str] = &[ONE, PAGE, PAGE_UNSETTLED, CHANGE, UNSETTLED, PERSON];

/// An issue that is known already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its place in the list that was asked for.
    pub place: usize,
    /// Its id.
    pub id: i64,
    /// By what it is the same.
    pub fingerprint: Fingerprint,
    /// Where the work on it stands.
    pub state: IssueState,
    /// The amounts it was found with last.
    pub amounts: (Option<Money>, Option<Money>),
    /// The last day on which it was found.
    pub last_day: Day,
    /// How often the work on it moved on.
    pub version: i64,
}

fn state(text: &str) -> Result<IssueState, StoreError> {
    IssueState::from_name(text).ok_or_else(|| StoreError::unexpected("reconciliation_issues.state"))
}

/// Looks up issues by what they are about.
pub fn known(tx: &mut Tx<'_>, fingerprints: &[String]) -> Result<Vec<Known>, StoreError> {
    let rows: Vec<[Value<'_>; 2]> = fingerprints
        .iter()
        .zip(0i64..)
        .map(|(text, place)| [place.into(), text.as_str().into()])
        .collect();
    let mut found = Vec::new();
    tx.look_up(&KNOWN, &rows, |row| {
        found.push(Known {
            place: usize::try_from(row.int(0)?).unwrap_or(usize::MAX),
            id: row.int(1)?,
            fingerprint: fingerprint(row.text(2)?)?,
            state: state(row.text(3)?)?,
            amounts: (
                row.opt_int(4)?.map(Money::from_paise),
                row.opt_int(5)?.map(Money::from_paise),
            ),
            last_day: day(row.int(6)?, "reconciliation_issues.last_day")?,
            version: row.int(7)?,
        });
        Ok(())
    })?;
    Ok(found)
}

/// An issue that nobody has found before.
#[derive(Clone, Debug)]
pub struct NewIssue<'a> {
    /// What was found.
    pub issue: &'a Issue,
    /// By what it is the same on other days, as text.
    pub fingerprint: &'a str,
}

/// Adds issues found first by a comparison; returns the id of the first, the others follow.
pub fn add(
    tx: &mut Tx<'_>,
    new: &[NewIssue<'_>],
    (run, on, at): (i64, Day, Moment),
) -> Result<i64, StoreError> {
    if new.is_empty() {
        return Ok(0);
    }
    let first = allot(tx, Counter::ReconciliationIssues, new.len())?;
    let rows = new.iter().zip(first..).map(|(NewIssue { issue, fingerprint }, id)| {
        [
            id.into(),
            (*fingerprint).into(),
            issue.kind.as_str().into(),
            issue.severity.as_str().into(),
            issue.bill.map(|bill| bill.0).into(),
            issue.payment.map(|payment| payment.0).into(),
            issue.subject.as_str().into(),
            issue.details.as_str().into(),
            issue.expected.map(Money::paise).into(),
            issue.found.map(Money::paise).into(),
            IssueState::Open.as_str().into(),
            1.into(),
            run.into(),
            run.into(),
            on.number().into(),
            on.number().into(),
            at.unix_micros().into(),
            at.unix_micros().into(),
        ]
    });
    tx.insert_many(&INSERT, rows)?;
    Ok(first)
}

/// An issue that is found again.
#[derive(Clone, Debug)]
pub struct Refound<'a> {
    /// Its id.
    pub id: i64,
    /// As it is found now.
    pub issue: &'a Issue,
    /// Where the work on it stands now.
    pub state: IssueState,
    /// The version from now on.
    pub version: i64,
}

/// Notes issues that a comparison has found again.
pub fn refound(
    tx: &mut Tx<'_>,
    again: &[Refound<'_>],
    (run, on, at): (i64, Day, Moment),
) -> Result<(), StoreError> {
    let rows = again.iter().map(|one| {
        [
            one.id.into(),
            one.issue.severity.as_str().into(),
            one.issue.details.as_str().into(),
            one.issue.expected.map(Money::paise).into(),
            one.issue.found.map(Money::paise).into(),
            one.state.as_str().into(),
            one.version.into(),
            run.into(),
            on.number().into(),
            at.unix_micros().into(),
        ]
    });
    tx.for_each(&REFOUND, rows).map(|_| ())
}

/// An issue as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedIssue {
    /// The issue as it was found last.
    pub issue: FindingRow,
    /// The first day on which it was found.
    pub first_day: Day,
    /// The last day on which it was found.
    pub last_day: Day,
}

fn read(row: &Row<'_>) -> Result<ListedIssue, StoreError> {
    Ok(ListedIssue {
        issue: read_finding(row)?,
        first_day: day(row.int(15)?, "reconciliation_issues.first_day")?,
        last_day: day(row.int(16)?, "reconciliation_issues.last_day")?,
    })
}

/// One issue.
pub fn issue(tx: &mut Tx<'_>, id: i64) -> Result<Option<ListedIssue>, StoreError> {
    tx.find(ONE, &[id.into()], read)
}

/// At most `limit` issues before one of them, the latest found first.
pub fn page(
    tx: &mut Tx<'_>,
    (state, severity, kind): (Option<IssueState>, Option<Severity>, Option<IssueKind>),
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<ListedIssue>, StoreError> {
    let unsettled = state.is_some_and(|state| state != IssueState::Closed);
    let params = [
        before.unwrap_or(i64::MAX).into(),
        state.map(IssueState::as_str).into(),
        severity.map(Severity::as_str).into(),
        kind.map(IssueKind::as_str).into(),
        limit.into(),
    ];
    tx.list(if unsettled { PAGE_UNSETTLED } else { PAGE }, &params, read)
}

/// Moves the work on an issue on; `false` when somebody else has meanwhile.
pub fn change(
    tx: &mut Tx<'_>,
    (id, version): (i64, i64),
    (state, person, note): (IssueState, Option<PersonId>, Option<&str>),
    at: Moment,
) -> Result<bool, StoreError> {
    let params = [
        id.into(),
        version.into(),
        state.as_str().into(),
        person.map(|person| person.0).into(),
        note.into(),
        at.unix_micros().into(),
    ];
    Ok(tx.execute(CHANGE, &params)? == 1)
}

/// How many issues of a comparison are not closed, by severity.
pub fn count_unsettled(tx: &mut Tx<'_>, run: i64) -> Result<Vec<(Severity, i64)>, StoreError> {
    tx.list(UNSETTLED, &[run.into()], |row| {
        let severity = Severity::from_name(row.text(0)?);
        let severity =
            severity.ok_or_else(|| StoreError::unexpected("reconciliation_findings.severity"))?;
        Ok((severity, row.int(1)?))
    })
}

/// The name for signing in of a person of the dairy who is active.
pub fn person_named(tx: &mut Tx<'_>, person: PersonId) -> Result<Option<String>, StoreError> {
    tx.find(PERSON, &[person.0.into()], |row| row.text(0).map(str::to_owned))
}
