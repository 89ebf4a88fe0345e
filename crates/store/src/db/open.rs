//! Opening a database.
//!
//! It deliberately keeps one connection that writes to SQLite, which has one writer, and others
//! that read meanwhile. PostgreSQL lets several transactions write at once, each on a connection
//! of its own.

use super::pool::{Connections, Pool};
use super::presence::{self, Presence};
use super::server::Server;
use super::watch::Watch;
use super::{Dialect, StoreError, from_sqlite};
use crate::migrations;
use rusqlite::OpenFlags;
use rusqlite::config::DbConfig;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a statement waits for another program's transaction on SQLite.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);
/// Pages SQLite keeps in memory for writing, in KiB (a negative pragma value).
const CACHE_KIB: i64 = 96 * 1024;
/// Pages a connection that only reads keeps in memory, in KiB.
const READING_CACHE_KIB: i64 = 16 * 1024;
/// Prepared statements kept per connection; above the number of distinct texts.
const STATEMENTS: usize = 200;
/// How long a connection to PostgreSQL may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often, and how long apart, creating a database is tried while another program does.
const CREATE_TRIES: u32 = 50;
const CREATE_PAUSE: Duration = Duration::from_millis(100);
/// Connections to PostgreSQL, or that read from SQLite, when nothing else is said.
const CONNECTIONS: usize = 4;

/// An open database.
pub struct Store {
    pub(super) writers: Pool,
    /// Readers of SQLite; on PostgreSQL every connection may do either.
    pub(super) readers: Option<Pool>,
    /// Transactions begun that can write.
    pub(super) writes: AtomicU64,
    /// Where it is seen whether anybody has written, on SQLite.
    pub(super) watch: Watch,
    pub(super) place: Place,
    dialect: Dialect,
}

/// A connection.
pub(super) enum Inner {
    Sqlite(rusqlite::Connection),
    Postgres(Box<Server>),
}

impl Inner {
    /// Whether another transaction can be tried on it.
    pub(super) fn is_usable(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            Self::Postgres(server) => !server.is_closed(),
        }
    }
}

/// Where a database is.
#[derive(Clone)]
pub(super) enum Place {
    Sqlite(PathBuf, Duration),
    /// With the number of the store, once it has said that it is there.
    Postgres(Box<tokio_postgres::Config>, Arc<OnceLock<Presence>>),
}

impl Place {
    /// A further connection to a database that exists.
    pub(super) fn connect(&self) -> Result<Inner, StoreError> {
        let mut inner = self.first(false)?;
        match &mut inner {
            Inner::Sqlite(conn) => {
                let sqlite = |error: rusqlite::Error| from_sqlite(&error);
                conn.pragma_update(None, "cache_size", -READING_CACHE_KIB).map_err(sqlite)?;
                conn.pragma_update(None, "query_only", true).map_err(sqlite)?;
            }
            Inner::Postgres(server) => {
                if let Some(presence) = self.presence() {
                    presence::join(server, presence)?;
                }
            }
        }
        Ok(inner)
    }

    /// The number under which a store has said to a server that it is there.
    pub(super) fn presence(&self) -> Option<Presence> {
        match self {
            Self::Sqlite(..) => None,
            Self::Postgres(_, presence) => presence.get().copied(),
        }
    }

    pub(super) fn first(&self, create: bool) -> Result<Inner, StoreError> {
        match self {
            Self::Sqlite(path, timeout) => open_sqlite(path, create, *timeout).map(Inner::Sqlite),
            Self::Postgres(config, _) => {
                let server = Server::connect(config, CONNECT_TIMEOUT)?;
                Ok(Inner::Postgres(Box::new(server)))
            }
        }
    }

    fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(..) => Dialect::Sqlite,
            Self::Postgres(..) => Dialect::Postgres,
        }
    }
}

fn place_of(url: &str) -> Result<Place, StoreError> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = path.strip_prefix("//").unwrap_or(path);
        let (path, timeout) = busy_timeout(path)?;
        if path.is_empty() || path == ":memory:" {
            return Err(StoreError::Url(url.to_owned()));
        }
        return Ok(Place::Sqlite(PathBuf::from(path), timeout));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        // The text of a URL may hold a password, so it is not repeated.
        let shown = "postgres://...";
        let mut config = tokio_postgres::Config::from_str(url)
            .map_err(|error| StoreError::Url(format!("{shown} ({error})")))?;
        config.application_name("dairyos");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        return Ok(Place::Postgres(Box::new(config), Arc::default()));
    }
    let scheme = url.split_once("://").map_or(url, |(scheme, _)| scheme);
    let shown = if scheme.contains('@') { "..." } else { scheme };
    Err(StoreError::Url(shown.to_owned()))
}

/// Parts `FILE?busy_timeout_ms=N` into the file and how long to wait for another program.
fn busy_timeout(path: &str) -> Result<(&str, Duration), StoreError> {
    let Some((path, option)) = path.split_once("?busy_timeout_ms=") else {
        return Ok((path, BUSY_TIMEOUT));
    };
    let millis = option.parse().map_err(|_| StoreError::Url(format!("{path}?busy_timeout_ms")))?;
    Ok((path, Duration::from_millis(millis)))
}

impl Store {
    /// Creates a database's file if need be, and its tables. An existing database of ours is
    /// opened.
    pub fn create(url: &str) -> Result<Self, StoreError> {
        let mut tries = 0;
        loop {
            match Self::create_once(url) {
                // Another program creates it at this moment: some steps of it do not wait.
                Err(StoreError::Busy(_)) if tries < CREATE_TRIES => {
                    tries += 1;
                    std::thread::sleep(CREATE_PAUSE);
                }
                other => return other,
            }
        }
    }

    fn create_once(url: &str) -> Result<Self, StoreError> {
        let store = Self::connect(url, true, CONNECTIONS)?;
        let known = migrations::latest();
        match store.schema_version()? {
            Some(found) if found < known => return Err(StoreError::Older { found, known }),
            Some(_) => {}
            None => {
                // Another program may be creating the same database at this moment.
                if let Some(table) = store.any_table()?
                    && store.schema_version()?.is_none()
                {
                    return Err(StoreError::Foreign(table));
                }
                // If it was quicker, its tables are ours.
                let made = store.migrate();
                if store.schema_version()? != Some(known) {
                    made?;
                }
            }
        }
        store.come()
    }

    /// Opens a database whose tables are those of this program.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, CONNECTIONS)
    }

    /// The same with at most so many connections to PostgreSQL, or readers of SQLite.
    pub fn open_with(url: &str, connections: usize) -> Result<Self, StoreError> {
        let store = Self::connect(url, false, connections.max(1))?;
        let found = store.schema_version()?;
        let known = migrations::latest();
        match found {
            None => Err(StoreError::NotInitialised),
            Some(found) if found < known => Err(StoreError::Older { found, known }),
            Some(_) => store.come(),
        }
    }

    /// Opens a database of this or an earlier program and brings its tables up to date. Returns
    /// the versions before and after.
    pub fn open_and_migrate(url: &str) -> Result<(Self, i64, i64), StoreError> {
        let store = Self::connect(url, false, 1)?;
        let before = store.schema_version()?.ok_or(StoreError::NotInitialised)?;
        store.migrate()?;
        Ok((store.come()?, before, migrations::latest()))
    }

    /// Says to a server that this program has the database open.
    fn come(self) -> Result<Self, StoreError> {
        if let Place::Postgres(_, known) = &self.place {
            let mut loan = self.writers.lend()?;
            if let Inner::Postgres(server) = loan.inner()?
                && let Some(presence) = presence::come(server)?
            {
                let _ = known.set(presence);
            }
        }
        Ok(self)
    }

    fn connect(url: &str, create: bool, connections: usize) -> Result<Self, StoreError> {
        let place = place_of(url)?;
        let (first, dialect) = (place.first(create)?, place.dialect());
        // escape: SQLite has one writer at a time
        let (most, readers) = if dialect == Dialect::Sqlite {
            (1, Some(Pool::new(place.clone(), None, connections)))
        } else {
            (connections, None)
        };
        let store = Self {
            writers: Pool::new(place.clone(), Some(first), most),
            readers,
            writes: AtomicU64::new(0),
            watch: Watch::default(),
            place,
            dialect,
        };
        let known = migrations::latest();
        if let Some(found) = store.schema_version()?.filter(|found| *found > known) {
            return Err(StoreError::Newer { found, known });
        }
        Ok(store)
    }

    /// The version of the tables; `None` when there are none of ours.
    pub fn schema_version(&self) -> Result<Option<i64>, StoreError> {
        let mut loan = self.writers.lend()?;
        match loan.inner()? {
            Inner::Sqlite(conn) => migrations::sqlite_version(conn),
            Inner::Postgres(server) => migrations::postgres_version(server),
        }
    }

    /// A table of the database, whoever made it.
    fn any_table(&self) -> Result<Option<String>, StoreError> {
        let mut loan = self.writers.lend()?;
        match loan.inner()? {
            Inner::Sqlite(conn) => migrations::sqlite_table(conn),
            Inner::Postgres(server) => migrations::postgres_table(server),
        }
    }

    fn migrate(&self) -> Result<(), StoreError> {
        let mut loan = self.writers.lend()?;
        match loan.inner()? {
            Inner::Sqlite(conn) => migrations::migrate_sqlite(conn),
            Inner::Postgres(server) => migrations::migrate_postgres(server),
        }
    }

    /// Whether the database is SQLite's file inside the program's reach.
    pub fn is_sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    /// How many transactions that read can be at work at once.
    pub fn readers(&self) -> usize {
        self.readers.as_ref().unwrap_or(&self.writers).most()
    }

    /// How the connections stand, those that write and those that read together.
    pub fn connections(&self) -> Connections {
        let all = self.writers.counts();
        self.readers.as_ref().map(Pool::counts).map_or(all, |readers| Connections {
            lent: all.lent + readers.lent,
            idle: all.idle + readers.idle,
            most: all.most + readers.most,
        })
    }

    /// How many transactions that write can be at work at once.
    pub fn writers(&self) -> usize {
        self.writers.most()
    }
}

fn open_sqlite(
    path: &Path,
    create: bool,
    timeout: Duration,
) -> Result<rusqlite::Connection, StoreError> {
    let shown = path.display().to_string();
    if !create && !path.exists() {
        return Err(StoreError::Missing(shown));
    }
    if path.is_dir() {
        return Err(StoreError::ReadOnly(format!("{shown} is a folder")));
    }
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let named = |error: rusqlite::Error| match from_sqlite(&error) {
        StoreError::ReadOnly(text) => StoreError::ReadOnly(format!("{shown}: {text}")),
        StoreError::Corrupt(text) => StoreError::Corrupt(format!("{shown}: {text}")),
        other => other,
    };
    let conn = match opened(path, flags, timeout) {
        Err(error) if !create && is_read_only(&error) && !has_journal(path) => {
            open_unchanging(path, timeout).map_err(named)?
        }
        other => other.map_err(named)?,
    };
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // WAL and FULL: what was answered survives a power cut. Memory for temporary sorting.
    for (pragma, value) in [("journal_mode", "WAL"), ("synchronous", "FULL")] {
        match conn.pragma_update(None, pragma, value) {
            Err(error) if is_read_only(&error) => {} // Reading still works.
            other => other.map_err(named)?,
        }
    }
    // One plan per statement, whatever its parameters: with statistics present, SQLite would
    // otherwise prepare a statement anew for every set of values.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(named)?;
    conn.pragma_update(None, "foreign_keys", true).map_err(named)?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB).map_err(named)?;
    conn.pragma_update(None, "temp_store", "MEMORY").map_err(named)?;
    Ok(conn)
}

/// Opens a file and reads its first page, so that a file of another kind, or one that cannot be
/// read, is found.
fn opened(
    path: impl AsRef<Path>,
    flags: OpenFlags,
    timeout: Duration,
) -> rusqlite::Result<rusqlite::Connection> {
    let conn = rusqlite::Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(timeout)?;
    conn.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(conn)
}

/// Whether transactions stand beside the file that are not in it yet.
fn has_journal(path: &Path) -> bool {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-wal");
    Path::new(&journal).metadata().is_ok_and(|metadata| metadata.len() > 0)
}

/// Opens a database that nobody can write, such as a backup on read-only media: SQLite then needs
/// no files beside it.
fn open_unchanging(path: &Path, timeout: Duration) -> rusqlite::Result<rusqlite::Connection> {
    let mut name = String::new();
    for c in path.to_string_lossy().chars() {
        match c {
            '%' | '?' | '#' => name.push_str(&format!("%{:02x}", u32::from(c))),
            _ => name.push(c),
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    opened(format!("file:{name}?immutable=1"), flags, timeout)
}

fn is_read_only(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, ReadOnly};
    matches!(error.sqlite_error_code(), Some(ReadOnly | CannotOpen))
}

#[cfg(test)]
mod tests {
    use super::{Place, place_of};

    #[test]
    fn urls_are_understood_and_passwords_not_repeated() {
        for url in ["sqlite:dairyos.db", "sqlite:///var/lib/dairyos.db", "sqlite:./x.db"] {
            assert!(matches!(place_of(url), Ok(Place::Sqlite(..))), "{url}");
        }
        assert!(matches!(place_of("postgres://a:b@localhost/c"), Ok(Place::Postgres(..))));
        for url in [
            "",
            "dairyos.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:x?busy_timeout_ms=y",
            "mysql://root:geheim@x/y",
        ] {
            let error = place_of(url).err().unwrap().to_string();
            assert!(!error.contains("geheim"), "{error}");
        }
        let error = place_of("postgres://a:geheim@h:port/x").err().unwrap().to_string();
        assert!(!error.contains("geheim"), "{error}");
    }
}
