//! SQLite: a file per database, in the work folder.
//!
//! It deliberately uses the program's own settings, so that the floor is as durable as the program
//! and has as much memory for pages.

use super::{About, Database, Guards, Way, missed};
use crate::failure::{Doing, Failure};
use crate::rows::{Cell, Rows};
use crate::written::{Action, Batch, Source, Written};
use rusqlite::{Connection, TransactionBehavior};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The program's page cache, in KiB.
const CACHE_KIB: i64 = 96 * 1024;

/// Databases in a folder.
#[derive(Debug)]
pub struct Sqlite {
    folder: PathBuf,
}

impl Sqlite {
    /// Databases in a folder that exists.
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }

    fn open(&self, name: &str, foreign_keys: bool) -> Result<Connection, Failure> {
        let path = self.path(name);
        let open = || {
            let conn = Connection::open(&path)?;
            conn.pragma_update(None, "journal_mode", "WAL")?;
            conn.pragma_update(None, "synchronous", "FULL")?;
            conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
            conn.pragma_update(None, "temp_store", "MEMORY")?;
            conn.pragma_update(None, "foreign_keys", foreign_keys)?;
            Ok::<_, rusqlite::Error>(conn)
        };
        open().doing(format!("open {}", path.display()))
    }
}

impl Database for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn about(&self) -> Result<About, Failure> {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ok(About {
            version: rusqlite::version().to_owned(),
            settings: vec![
                setting("journal_mode", "WAL"),
                setting("synchronous", "FULL"),
                setting("cache", &format!("{} MiB", CACHE_KIB / 1024)),
            ],
        })
    }

    fn url(&self, name: &str) -> String {
        format!("sqlite:{}", self.path(name).display())
    }

    fn create(&self, name: &str) -> Result<(), Failure> {
        self.remove(name)
    }

    fn rest(&self, name: &str) -> Result<(), Failure> {
        let conn = self.open(name, true)?;
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .doing(format!("checkpoint {name}"))?;
        drop(conn);
        flush(&self.path(name))
    }

    fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.remove(to)?;
        let (from, to) = (self.path(from), self.path(to));
        fs::copy(&from, &to).doing(format!("copy {} to {}", from.display(), to.display()))?;
        flush(&to)
    }

    fn exists(&self, name: &str) -> Result<bool, Failure> {
        let path = self.path(name);
        path.try_exists().doing(format!("look for {}", path.display()))
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        // At rest everything is in the one file; what is left beside it is empty.
        let (old, new) = (self.path(from), self.path(to));
        fs::rename(&old, &new).doing(format!("rename {} to {}", old.display(), new.display()))?;
        self.remove(from)
    }

    fn crash(&self, _: &str) -> Result<bool, Failure> {
        Ok(false)
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        for ending in ["db", "db-wal", "db-shm"] {
            let path = self.folder.join(format!("{name}.{ending}"));
            if path.exists() {
                fs::remove_file(&path).doing(format!("remove {}", path.display()))?;
            }
        }
        Ok(())
    }

    fn size(&self, name: &str) -> Result<u64, Failure> {
        let path = self.path(name);
        Ok(path.metadata().doing(format!("look at {}", path.display()))?.len())
    }

    fn execute(&self, name: &str, statements: &[String]) -> Result<(), Failure> {
        let mut conn = self.open(name, true)?;
        let doing = || format!("fill {name}");
        let transaction =
            conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing())?;
        statements
            .iter()
            .try_for_each(|sql| transaction.execute(sql, []).map(|_| ()))
            .doing(doing())?;
        transaction.commit().doing(doing())
    }

    fn strip(&self, name: &str, left: Guards) -> Result<(), Failure> {
        if left == Guards::All {
            return Ok(());
        }
        let conn = self.open(name, true)?;
        let strip = || {
            let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
            let mut statement = conn.prepare(sql)?;
            let names: Vec<String> =
                statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            names.iter().try_for_each(|name| conn.execute_batch(&format!("DROP TRIGGER {name}")))
        };
        strip().doing(format!("drop the triggers of {name}"))?;
        drop(conn);
        flush(&self.path(name))
    }

    fn written(&self, before: &str, after: &str, ranges: &[[i32; 2]]) -> Result<Written, Failure> {
        Written::read(&mut self.open(before, true)?, &mut self.open(after, true)?, ranges)
    }

    /// SQLite has no sets: both ways are the same.
    fn write(&self, name: &str, written: &Written, _: Way, guards: Guards) -> Result<f64, Failure> {
        let mut conn = self.open(name, guards != Guards::None)?;
        let doing = format!("write the floor into {name}");
        let start = Instant::now();
        let transaction =
            conn.transaction_with_behavior(TransactionBehavior::Immediate).doing(&doing)?;
        written.batches.iter().try_for_each(|batch| write_rows(&transaction, batch))?;
        transaction.commit().doing(&doing)?;
        Ok(start.elapsed().as_secs_f64())
    }
}

fn write_rows(conn: &Connection, batch: &Batch) -> Result<(), Failure> {
    let sql = batch.step.writing(&batch.columns).replace('$', "?");
    let doing = || format!("write {}", batch.step.table);
    let mut statement = conn.prepare(&sql).doing(doing())?;
    let must_exist = batch.step.action != Action::Insert;
    for row in batch.rows.iter() {
        let changed = statement.execute(rusqlite::params_from_iter(row)).doing(doing())?;
        if must_exist && changed != 1 {
            return Err(missed(batch.step.table, changed as u64, 1));
        }
    }
    Ok(())
}

/// Brings a file to the disk, so that writing it back disturbs nothing later.
fn flush(path: &Path) -> Result<(), Failure> {
    let file = File::open(path).doing(format!("open {}", path.display()))?;
    file.sync_all().doing(format!("flush {}", path.display()))
}

impl Source for Connection {
    fn columns(&mut self, table: &str) -> Result<Vec<String>, Failure> {
        let statement = self.prepare(&format!("SELECT * FROM {table}"));
        let statement = statement.doing(format!("read the columns of {table}"))?;
        Ok(statement.column_names().map(str::to_owned).collect())
    }

    fn read(&mut self, sql: &str, range: &[i32], rows: &mut Rows) -> Result<(), Failure> {
        let doing = || format!("read with {sql}");
        let mut statement = self.prepare(&sql.replace('$', "?")).doing(doing())?;
        let width = statement.column_count();
        let mut found = statement.query(rusqlite::params_from_iter(range)).doing(doing())?;
        while let Some(row) = found.next().doing(doing())? {
            for place in 0..width {
                rows.push(Cell::of_sqlite(row.get_ref(place).doing(doing())?)?)?;
            }
        }
        Ok(())
    }
}
