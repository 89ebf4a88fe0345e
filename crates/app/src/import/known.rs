//! The customers that the rows of an import name.
//!
//! It deliberately looks a few up one by one, and reads all only when a file names many: a rider
//! who sends one delivery does not wait for a list of a hundred thousand customers.

use crate::AppError;
use domain::ids::CustomerId;
use std::collections::{HashMap, HashSet};
use store::{Tx, customers};

/// Customers that are looked up one by one; reading all of a large dairy takes as long as some
/// thousands.
const SINGLY: usize = 500;

/// Customers by code, as far as they have been asked for.
#[derive(Default)]
pub(super) struct KnownCustomers {
    ids: HashMap<String, CustomerId>,
    absent: HashSet<String>,
    all: bool,
}

impl KnownCustomers {
    /// Finds out about a code that a row names.
    pub(super) fn learn(&mut self, tx: &mut Tx<'_>, code: &str) -> Result<(), AppError> {
        if self.all || self.ids.contains_key(code) || self.absent.contains(code) {
            return Ok(());
        }
        if self.ids.len() + self.absent.len() >= SINGLY {
            self.ids = customers::codes(tx)?;
            self.all = true;
        } else if let Some((id, _)) = customers::by_code(tx, code)? {
            self.ids.insert(code.to_owned(), id);
        } else {
            self.absent.insert(code.to_owned());
        }
        Ok(())
    }

    /// The customer with a code that was learnt, or a sentence that says it is unknown.
    pub(super) fn find(&self, code: &str) -> Result<CustomerId, String> {
        self.ids.get(code).copied().ok_or_else(|| {
            let shown: String = code.chars().take(64).collect();
            format!("there is no customer \"{shown}\"; expected a code of customers.csv")
        })
    }
}
