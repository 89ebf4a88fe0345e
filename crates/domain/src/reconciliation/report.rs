//! The report of a day: its counts, its status, and how it compares with the one before.
//!
//! It deliberately holds no issue; a report of many stays small.

use super::{Fingerprint, Severity};
use std::collections::BTreeSet;

/// How many issues a report has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All.
    pub total_issues: u64,
    /// Those that are errors.
    pub errors: u64,
    /// Those that are warnings.
    pub warnings: u64,
    /// The rest.
    pub infos: u64,
}

/// What a report says in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// All agrees; there may be infos.
    Clean,
    /// There are warnings, and no errors.
    Warnings,
    /// There are errors.
    Errors,
}

impl Status {
    /// All, the best first.
    pub const ALL: [Self; 3] = [Self::Clean, Self::Warnings, Self::Errors];

    /// The word it is kept and shown as.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Warnings => "warnings",
            Self::Errors => "errors",
        }
    }

    /// The status of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl Summary {
    /// Counts `more` issues of a severity.
    pub fn add(&mut self, severity: Severity, more: u64) {
        self.total_issues += more;
        match severity {
            Severity::Error => self.errors += more,
            Severity::Warning => self.warnings += more,
            Severity::Info => self.infos += more,
        }
    }

    /// The status of a report with so many issues.
    pub const fn status(&self) -> Status {
        match (self.errors, self.warnings) {
            (0, 0) => Status::Clean,
            (0, _) => Status::Warnings,
            _ => Status::Errors,
        }
    }
}

/// Counts issues of the given severities.
pub fn summarize(severities: impl IntoIterator<Item = Severity>) -> Summary {
    let mut summary = Summary::default();
    for severity in severities {
        summary.add(severity, 1);
    }
    summary
}

/// How the issues of a day compare with those of the day before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Found now and not before.
    pub new: BTreeSet<Fingerprint>,
    /// Found now as before.
    pub same: BTreeSet<Fingerprint>,
    /// Found before and not now.
    pub gone: BTreeSet<Fingerprint>,
}

/// Compares the issues of two days.
pub fn compare(before: &BTreeSet<Fingerprint>, now: &BTreeSet<Fingerprint>) -> Comparison {
    Comparison {
        new: now.difference(before).copied().collect(),
        same: now.intersection(before).copied().collect(),
        gone: before.difference(now).copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Status, compare, summarize};
    use crate::ids::{BillId, PaymentId};
    use crate::money::Money;
    use crate::reconciliation::{Issue, IssueKind, Severity};
    use std::collections::BTreeSet;

    #[test]
    fn the_gravest_issue_makes_the_status() {
        use IssueKind::{BillWithoutPayment, Duplicate, OursOnly};
        for (kinds, status) in [
            (&[][..], Status::Clean),
            (&[BillWithoutPayment], Status::Clean),
            (&[BillWithoutPayment, Duplicate], Status::Warnings),
            (&[OursOnly, Duplicate], Status::Errors),
        ] {
            assert_eq!(
                summarize(kinds.iter().map(|kind: &IssueKind| kind.severity())).status(),
                status
            );
        }
        let summary = summarize(IssueKind::ALL.map(IssueKind::severity));
        let counts = (summary.total_issues, summary.errors, summary.warnings, summary.infos);
        assert_eq!(counts, (9, 5, 3, 1));
        for status in Status::ALL {
            assert_eq!(Status::from_name(status.as_str()), Some(status));
        }
        assert_eq!(Status::from_name("ok"), None);
    }

    #[test]
    fn an_issue_is_the_same_while_its_amounts_change() {
        let issue = |bill, found| Issue {
            kind: IssueKind::BillWithoutPayment,
            severity: Severity::Info,
            bill: Some(BillId(bill)),
            payment: None,
            subject: String::new(),
            details: format!("{found} paid"),
            expected: Some(Money::from_paise(500)),
            found: Some(Money::from_paise(found)),
        };
        let set =
            |issues: &[Issue]| -> BTreeSet<_> { issues.iter().map(Issue::fingerprint).collect() };
        let before = set(&[issue(1, 0), issue(2, 0)]);
        let now = set(&[issue(2, 100), issue(3, 0)]);
        let made = compare(&before, &now);
        assert_eq!(made.new, set(&[issue(3, 0)]));
        assert_eq!(made.same, set(&[issue(2, 0)]));
        assert_eq!(made.gone, set(&[issue(1, 0)]));
        let paid = Issue { payment: Some(PaymentId(1)), ..issue(1, 0) };
        assert_ne!(paid.fingerprint(), issue(1, 0).fingerprint());
    }
}
