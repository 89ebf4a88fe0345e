//! The chain over the audit trail: every row read once, as a stream, and every seal made anew.
//!
//! It deliberately does not ask for seals over the newest rows: sealing follows behind. That those
//! rows are all there is known from their ids, which have no gap.

use super::{Findings, Invariant};
use crate::AppError;
use domain::audit::{Link, SealHash, Sealing};
use store::{Tx, audit};

/// Seals read at a time; the rows under them are one stream.
const SEALS_AT_A_TIME: u32 = 1_000;

/// Where the walk over rows and seals stands.
struct Walk<'f> {
    findings: &'f mut Findings,
    /// The id the next row must have.
    next_id: i64,
    /// The newest seal that was read, as it is kept.
    before: Option<Link>,
}

/// Checks both invariants of the audit trail.
pub(super) fn check(tx: &mut Tx<'_>, findings: &mut Findings) -> Result<(), AppError> {
    let (next_row, next_seal) = audit::next_ids(tx)?;
    let mut walk = Walk { findings, next_id: 1, before: None };
    loop {
        let after = walk.before.map_or(0, |seal| seal.id);
        let seals = audit::seals_after(tx, after, SEALS_AT_A_TIME)?;
        if seals.is_empty() {
            break;
        }
        walk.sealed(tx, &seals)?;
    }
    let from = walk.before.map_or(0, |seal| seal.last_id).saturating_add(1);
    audit::rows_between(tx, from, None, i64::MAX, |row| walk.present(row.id))?;
    if walk.next_id != next_row {
        let (from, to) = (walk.next_id.min(next_row), walk.next_id.max(next_row) - 1);
        walk.findings.broken(Invariant::AuditChain, || rows(from, to));
    }
    let seals = walk.before.map_or(0, |seal| seal.id);
    if seals.saturating_add(1) != next_seal {
        let place = || format!("seal {}", seals.saturating_add(1));
        walk.findings.broken(Invariant::AuditSealsInOrder, place);
    }
    Ok(())
}

fn rows(from: i64, to: i64) -> String {
    if from == to { format!("audit row {from}") } else { format!("audit rows {from} to {to}") }
}

impl Walk<'_> {
    /// Makes some seals anew from the rows under them.
    fn sealed(&mut self, tx: &mut Tx<'_>, seals: &[Link]) -> Result<(), AppError> {
        let before = self.before;
        for seal in seals {
            self.in_order(seal);
        }
        let from = before.map_or(0, |seal| seal.last_id).saturating_add(1);
        let to = seals.iter().map(|seal| seal.last_id).max();
        let mut left = seals.iter();
        let mut hash = before.map_or(SealHash::NONE, |seal| seal.hash);
        let mut open = left.next().map(|seal| (seal, Sealing::after(hash)));
        audit::rows_between(tx, from, to, i64::MAX, |row| {
            self.present(row.id);
            // The next seal begins where this one ends.
            while let Some((seal, sealing)) = open.take_if(|(seal, _)| row.id > seal.last_id) {
                self.compare(seal, sealing);
                hash = seal.hash;
                open = left.next().map(|seal| (seal, Sealing::after(hash)));
            }
            if let Some((_, sealing)) = &mut open {
                sealing.add(row);
            }
        })?;
        while let Some((seal, sealing)) = open.take() {
            self.compare(seal, sealing);
            hash = seal.hash;
            open = left.next().map(|seal| (seal, Sealing::after(hash)));
        }
        Ok(())
    }

    /// Whether a seal continues where the one before it ended.
    fn in_order(&mut self, seal: &Link) {
        let (id, last) = self.before.map_or((0, 0), |before| (before.id, before.last_id));
        // Altered seals may hold any number.
        let span = seal.last_id.saturating_sub(seal.first_id).saturating_add(1);
        let follows = seal.id == id.saturating_add(1)
            && seal.first_id == last.saturating_add(1)
            && seal.row_count <= span;
        if !follows {
            let place = || format!("seal {}", seal.id);
            self.findings.broken(Invariant::AuditSealsInOrder, place);
        }
        self.before = Some(*seal);
    }

    fn compare(&mut self, seal: &Link, sealing: Sealing) {
        let count = sealing.rows();
        let anew = sealing.finish(seal.id, (seal.first_id, seal.last_id), seal.sealed_at);
        if anew != seal.hash || count != seal.row_count {
            let place = || format!("seal {} over {}", seal.id, rows(seal.first_id, seal.last_id));
            self.findings.broken(Invariant::AuditChain, place);
        }
    }

    /// Notes that a row is there; ids have no gap.
    fn present(&mut self, id: i64) {
        if id > self.next_id {
            let from = self.next_id;
            self.findings.broken(Invariant::AuditChain, || rows(from, id - 1));
        }
        self.next_id = self.next_id.max(id.saturating_add(1));
    }
}
