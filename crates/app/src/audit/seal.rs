//! Sealing the audit trail, in the order in which rows become visible.
//!
//! It deliberately writes no audit row: every seal would make a further row to seal.

use crate::AppError;
use domain::audit::{Link, ROWS_PER_SEAL, SealHash, Sealing};
use domain::calendar::Moment;
use store::{Store, StoreError, audit};

/// What was sealed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// New seals.
    pub seals: u64,
    /// Rows under them.
    pub rows: u64,
    /// The last new seal.
    pub last: Option<Link>,
}

/// Why a seal was not kept.
enum Stop {
    /// Another program was quicker.
    Late,
    Failed(AppError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Seals all rows that are there, in seals of at most `ROWS_PER_SEAL`, as long as `go_on` says so.
pub fn seal(store: &Store, now: Moment, go_on: &dyn Fn() -> bool) -> Result<Sealed, AppError> {
    let mut sealed = Sealed::default();
    while go_on() {
        let link = match seal_next(store, now) {
            Ok(Some(link)) => link,
            Ok(None) | Err(Stop::Late) => break,
            Err(Stop::Failed(error)) => return Err(error),
        };
        sealed.seals += 1;
        sealed.rows += u64::try_from(link.row_count).unwrap_or(0);
        sealed.last = Some(link);
        if link.row_count < i64::from(ROWS_PER_SEAL) {
            break;
        }
    }
    Ok(sealed)
}

/// Reads the next rows in one snapshot, then keeps their seal if nobody else has sealed meanwhile.
fn seal_next(store: &Store, now: Moment) -> Result<Option<Link>, Stop> {
    let (before, sealing) = store.read(|tx| {
        let before = audit::last_seal(tx)?;
        let mut sealing = Sealing::after(before.map_or(SealHash::NONE, |seal| seal.hash));
        let from = before.map_or(0, |seal| seal.last_id) + 1;
        let limit = i64::from(ROWS_PER_SEAL);
        audit::rows_between(tx, from, None, limit, |row| sealing.add(row))?;
        Ok::<_, StoreError>((before, sealing))
    })?;
    if sealing.rows() == 0 {
        return Ok(None);
    }
    store.write(|tx| {
        // Whoever has the id is alone; the newest seal is then the newest one there is.
        let id = audit::allot_seal(tx)?;
        if audit::last_seal(tx)? != before {
            return Err(Stop::Late);
        }
        let first_id = before.map_or(0, |seal| seal.last_id) + 1;
        let (last_id, row_count) = (sealing.last_id(), sealing.rows());
        let hash = sealing.finish(id, (first_id, last_id), now);
        let link = Link { id, first_id, last_id, row_count, sealed_at: now, hash };
        audit::add_seal(tx, &link)?;
        Ok(Some(link))
    })
}
