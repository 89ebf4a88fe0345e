//! Whether anybody has committed anything: what was read before may then be shown again.
//!
//! It deliberately invalidates nothing: it only says for how long nothing has happened. Commits of
//! this store are counted, so they are known at once. Those of other programs are asked for:
//! of SQLite's file whenever somebody wants to know, of a server by a thread of its own.

mod file;
mod server;

use super::open::{Place, Store};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

pub(super) use server::HOLDS;

/// What is known of commits.
#[derive(Default)]
pub(super) struct Watch {
    /// Commits of this store, and how often others were seen to have committed.
    epoch: Arc<AtomicI64>,
    asking: OnceLock<Option<Asking>>,
}

/// How the commits of others are asked for.
enum Asking {
    File(file::Asking),
    Server(server::Asking),
}

impl Asking {
    fn new(place: &Place, epoch: &Arc<AtomicI64>) -> Option<Self> {
        match place {
            Place::Sqlite(..) => file::Asking::new(place).map(Self::File),
            Place::Postgres(..) => server::Asking::new(place, epoch).map(Self::Server),
        }
    }

    /// Sees to it that the epoch holds all commits of others, as far as they can be known.
    fn ask(&self, epoch: &AtomicI64) -> Option<()> {
        match self {
            Self::File(asking) => asking.ask(epoch),
            Self::Server(asking) => asking.ask(),
        }
    }
}

impl Watch {
    /// Counts a commit of this store, before whoever made it is told. One whose end is not known is
    /// counted too.
    pub(super) fn committed(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }
}

impl Store {
    /// A number that stays the same while nobody commits anything; what was read in a transaction
    /// begun after it was asked for is the latest for as long. None when it cannot be told: on a
    /// server while another program has the database open.
    pub fn epoch(&self) -> Option<i64> {
        let watch = &self.watch;
        let asking = watch.asking.get_or_init(|| Asking::new(&self.place, &watch.epoch));
        asking.as_ref()?.ask(&watch.epoch)?;
        Some(watch.epoch.load(Ordering::SeqCst))
    }
}
