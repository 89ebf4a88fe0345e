//! Proving hand-overs of cash: each is posted as it was counted, its pieces come to what was
//! counted, and it leaves nothing in the giver's hand.
//!
//! It deliberately takes what was in hand as it was kept: that it was all is seen by what is left.

use super::{Findings, Invariant};
use crate::AppError;
use crate::payments::cash::wire::CashPieces;
use domain::ids::PersonId;
use domain::ledger::{Account, Entry};
use domain::money::Money;
use domain::payments::{Taker, counted, hand_over};
use store::Tx;
use store::payments::PostedEntry;
use store::payments::cash::{self, HandOver};

/// Hand-overs checked at a time, so that memory stays small.
const HAND_OVERS_PER_RANGE: i64 = 5_000;

/// Checks all hand-overs.
pub(super) fn check(tx: &mut Tx<'_>, findings: &mut Findings) -> Result<(), AppError> {
    findings.all_broken(Invariant::CashHandedOver, cash::left_over(tx)?);
    let last = cash::last_hand_over(tx)?;
    let mut from = 1;
    while from <= last {
        let to = (from + HAND_OVERS_PER_RANGE - 1).min(last);
        for (kept, posted) in cash::hand_over_proofs(tx, from, to)? {
            if !is_posted(&kept, &posted) || !is_counted(&kept) {
                let place = || format!("hand-over {}", kept.id.0);
                findings.broken(Invariant::CashHandedOver, place);
            }
        }
        from = to + 1;
    }
    Ok(())
}

/// Whether the ledger holds what follows from it, and nothing else.
fn is_posted(kept: &HandOver, posted: &[PostedEntry]) -> bool {
    let taker = kept.taker.map_or(Taker::Bank, Taker::Person);
    let (in_hand, sum) = (kept.in_hand, kept.counted);
    let Ok(decided) = hand_over(kept.id, kept.day, kept.giver, taker, in_hand, sum) else {
        return false;
    };
    let expected = decided.transaction.entries().iter().map(|entry: &Entry| key(entry));
    let found = posted.iter().map(|entry| {
        let PostedEntry { account, person, amount, .. } = *entry;
        key(&Entry { account, person, amount })
    });
    let customers = posted.iter().any(|entry| entry.customer.is_some());
    !customers && expected.eq(found)
}

fn key(entry: &Entry) -> (Account, Option<PersonId>, Money) {
    (entry.account, entry.person, entry.amount)
}

/// Whether the pieces come to what was counted.
fn is_counted(kept: &HandOver) -> bool {
    let pieces: Result<Vec<CashPieces>, _> = serde_json::from_str(&kept.pieces);
    pieces.is_ok_and(|pieces| {
        let pieces: Vec<(i64, i64)> = pieces.iter().map(|p| (p.value, p.count)).collect();
        counted(&pieces, kept.coins) == Ok(kept.counted)
    })
}
