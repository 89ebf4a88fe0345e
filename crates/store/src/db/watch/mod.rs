//! Whether anybody has committed anything: what was read before may then be shown again.
//!
//! It deliberately invalidates nothing: it only says for how long nothing has happened. Commits of
//! this store are counted, so they are known at once. Those of other programs are asked for:
//! of SQLite's file when somebody wants to know, of a server by a thread of its own.

mod file;
mod server;

use super::open::{Place, Store};
use crate::epoch::{Epoch, Written};
use rusqlite::Connection;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

pub(super) use file::Committing;
pub(super) use server::HOLDS;

/// Commits of this store, and how often others were seen to have committed, in each area.
#[derive(Default)]
struct Counts {
    access: AtomicI64,
    entitlements: AtomicI64,
    everything: AtomicI64,
}

impl Counts {
    fn add(&self, written: Written) {
        let Written { access, entitlements, everything } = written;
        for (count, is_written) in [
            (&self.access, access),
            (&self.entitlements, entitlements),
            (&self.everything, everything),
        ] {
            count.fetch_add(i64::from(is_written), Ordering::SeqCst);
        }
    }

    fn now(&self) -> Epoch {
        Epoch {
            access: self.access.load(Ordering::SeqCst),
            entitlements: self.entitlements.load(Ordering::SeqCst),
            everything: self.everything.load(Ordering::SeqCst),
        }
    }
}

/// What is known of commits.
#[derive(Default)]
pub(super) struct Watch {
    counts: Arc<Counts>,
    asking: OnceLock<Option<Asking>>,
}

/// How the commits of others are asked for.
enum Asking {
    File(file::Asking),
    Server(server::Asking),
}

impl Asking {
    fn new(place: &Place, counts: &Arc<Counts>) -> Option<Self> {
        match place {
            Place::Sqlite(..) => file::Asking::new(place).map(Self::File),
            Place::Postgres(..) => server::Asking::new(place, counts).map(Self::Server),
        }
    }

    /// Sees to it that the counts hold all commits of others, as far as they can be known.
    fn ask(&self, counts: &Counts) -> Option<()> {
        match self {
            Self::File(asking) => asking.ask(counts),
            Self::Server(asking) => asking.ask(),
        }
    }
}

impl Watch {
    /// Begins a commit of this store on SQLite, which ends when what is returned is dropped. While
    /// nobody has asked for the epoch, nobody needs to tell it from those of others.
    pub(super) fn committing<'a>(&'a self, conn: &'a Connection) -> Option<Committing<'a>> {
        match self.asking.get()?.as_ref()? {
            Asking::File(asking) => asking.committing(conn, &self.counts),
            Asking::Server(_) => None,
        }
    }

    /// Counts a commit of this store, after it was made and before whoever made it is told: also
    /// one that has failed, since a server that is gone may have kept what it did.
    pub(super) fn committed(&self, written: Written) {
        self.counts.add(written);
    }
}

impl Store {
    /// Counts that stay the same while nobody commits anything in an area; what was read of it in a
    /// transaction begun after they were asked for is the latest for as long. None when it cannot
    /// be told: on a server while another program has the database open.
    pub fn epoch(&self) -> Option<Epoch> {
        let watch = &self.watch;
        let asking = watch.asking.get_or_init(|| Asking::new(&self.place, &watch.counts));
        asking.as_ref()?.ask(&watch.counts)?;
        Some(watch.counts.now())
    }
}
