//! The shape in which findings leave the program as JSON.
//!
//! It deliberately is the same for the command, the API and jobs.

use super::{Check, Findings};
use serde::Serialize;
use utoipa::ToSchema;

/// What was checked, and what was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Findings)]
pub struct Shape {
    /// Whether nothing is broken.
    pub clean: bool,
    /// The invariants, in the order of the reference.
    pub invariants: Vec<One>,
}

/// One invariant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invariant)]
pub struct One {
    /// Its stable name.
    pub name: &'static str,
    /// The invariant in words.
    pub statement: &'static str,
    /// `ok` or `broken`.
    pub status: &'static str,
    /// How many places were found broken.
    pub broken: u64,
    /// The first of them.
    #[serde(rename = "where")]
    pub places: Vec<String>,
}

impl Check {
    /// `ok` or `broken`.
    pub const fn status(&self) -> &'static str {
        if self.broken == 0 { "ok" } else { "broken" }
    }
}

/// The shape of findings.
pub fn shape(findings: &Findings) -> Shape {
    let one = |check: &Check| One {
        name: check.invariant.as_str(),
        statement: check.invariant.statement(),
        status: check.status(),
        broken: check.broken,
        places: check.places.clone(),
    };
    Shape { clean: findings.is_clean(), invariants: findings.checks().iter().map(one).collect() }
}
