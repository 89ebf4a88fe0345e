//! PostgreSQL: databases of one server, named `dairyos_bench_…`.
//!
//! It deliberately leaves the server's settings as they are and reports them.

use super::{About, Database, Guards, Way, missed, sets};
use crate::failure::{Doing, Failure};
use crate::rows::{Cell, Rows};
use crate::written::{Action, Batch, Source, Written};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Transaction};
use std::process::Command;
use std::time::Instant;

/// What all databases of the benchmarks are named after.
const PREFIX: &str = "dairyos_bench_";

/// The settings that decide how durable and how fast the server is.
const SETTINGS: [&str; 6] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
];

/// Databases of a server.
#[derive(Debug)]
pub struct Postgres {
    url: String,
}

impl Postgres {
    /// Databases of the server of a URL.
    pub const fn new(url: String) -> Self {
        Self { url }
    }

    fn server(&self) -> Result<Client, Failure> {
        // The URL may hold a password, so it is not repeated.
        Client::connect(&self.url, NoTls).doing("connect to PostgreSQL at --postgres-url")
    }

    fn open(&self, name: &str) -> Result<Client, Failure> {
        Client::connect(&self.url(name), NoTls).doing(format!("connect to {PREFIX}{name}"))
    }

    fn maintain(&self, sql: &str) -> Result<(), Failure> {
        self.server()?.batch_execute(sql).doing(sql)
    }
}

/// The URL of another database of the same server.
fn with_database(url: &str, database: &str) -> String {
    let (place, settings) = match url.split_once('?') {
        Some((place, settings)) => (place, format!("?{settings}")),
        None => (url, String::new()),
    };
    let after_scheme = place.find("://").map_or(0, |at| at + 3);
    let end = place.get(after_scheme..).and_then(|rest| rest.find('/'));
    let server = end.and_then(|at| place.get(..after_scheme + at)).unwrap_or(place);
    format!("{server}/{database}{settings}")
}

impl Database for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn about(&self) -> Result<About, Failure> {
        let mut client = self.server()?;
        let mut show = |name: &str| {
            let row = client.query_one("SELECT current_setting($1)", &[&name]);
            row.and_then(|row| row.try_get::<_, String>(0)).doing(format!("read {name}"))
        };
        let version = show("server_version")?;
        let version = version.split(' ').next().unwrap_or_default().to_owned();
        let settings = SETTINGS.iter().map(|name| Ok(((*name).to_owned(), show(name)?)));
        Ok(About { version, settings: settings.collect::<Result<_, Failure>>()? })
    }

    fn url(&self, name: &str) -> String {
        with_database(&self.url, &format!("{PREFIX}{name}"))
    }

    fn create(&self, name: &str) -> Result<(), Failure> {
        self.remove(name)?;
        self.maintain(&format!("CREATE DATABASE {PREFIX}{name}"))
    }

    /// Does at a known moment what the server would do by itself within minutes.
    fn rest(&self, name: &str) -> Result<(), Failure> {
        self.open(name)?.batch_execute("VACUUM").doing(format!("vacuum {name}"))?;
        self.maintain("CHECKPOINT")
    }

    fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.remove(to)?;
        let mut client = self.server()?;
        let row = client.query_one("SELECT current_setting('server_version_num')::INT", &[]);
        let number: i32 = row.and_then(|row| row.try_get(0)).doing("read the server's version")?;
        // Before 15, files are copied anyway.
        let strategy = if number >= 150_000 { "STRATEGY file_copy" } else { "" };
        let sql = format!("CREATE DATABASE {PREFIX}{to} TEMPLATE {PREFIX}{from} {strategy}");
        client.batch_execute(&sql).doing(&sql)?;
        self.maintain("CHECKPOINT")
    }

    fn exists(&self, name: &str) -> Result<bool, Failure> {
        let sql = "SELECT count(*) FROM pg_database WHERE datname = $1";
        let row = self.server()?.query_one(sql, &[&format!("{PREFIX}{name}")]);
        let count: i64 = row.and_then(|row| row.try_get(0)).doing(format!("look for {name}"))?;
        Ok(count > 0)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.maintain(&format!("ALTER DATABASE {PREFIX}{from} RENAME TO {PREFIX}{to}"))
    }

    /// The server ends all others when one is killed, and recovers from its journal.
    fn crash(&self, name: &str) -> Result<bool, Failure> {
        let sql = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND query_start IS NOT NULL \
                   ORDER BY query_start DESC LIMIT 1";
        let found = self.server()?.query_opt(sql, &[&format!("{PREFIX}{name}")]);
        let Some(row) = found.doing("look for a process of the server")? else {
            return Ok(false);
        };
        let id: i32 = row.try_get(0).doing("look for a process of the server")?;
        let sent = Command::new("kill").args(["-KILL", &id.to_string()]).status();
        Ok(sent.doing("run kill")?.success())
    }

    fn remove(&self, name: &str) -> Result<(), Failure> {
        self.maintain(&format!("DROP DATABASE IF EXISTS {PREFIX}{name} WITH (FORCE)"))
    }

    fn size(&self, name: &str) -> Result<u64, Failure> {
        let row = self.open(name)?.query_one("SELECT pg_database_size(current_database())", &[]);
        let size: i64 = row.and_then(|row| row.try_get(0)).doing(format!("measure {name}"))?;
        Ok(size.unsigned_abs())
    }

    fn execute(&self, name: &str, statements: &[String]) -> Result<(), Failure> {
        let mut client = self.open(name)?;
        let doing = || format!("fill {name}");
        let mut transaction = client.transaction().doing(doing())?;
        for sql in statements {
            transaction.execute(sql.as_str(), &[]).doing(doing())?;
        }
        transaction.commit().doing(doing())
    }

    fn strip(&self, name: &str, left: Guards) -> Result<(), Failure> {
        let triggers = "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) \
                        FROM pg_trigger WHERE NOT tgisinternal";
        let keys = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, \
                    conname) FROM pg_constraint WHERE contype = 'f'";
        let kinds: &[&str] = match left {
            Guards::All => &[],
            Guards::NoTriggers => &[triggers],
            Guards::None => &[triggers, keys],
        };
        let mut client = self.open(name)?;
        for kind in kinds {
            let rows = client.query(*kind, &[]).doing("list the guards")?;
            for row in rows {
                let sql: String = row.try_get(0).doing("list the guards")?;
                client.batch_execute(&sql).doing(&sql)?;
            }
        }
        Ok(())
    }

    fn written(&self, before: &str, after: &str, ranges: &[[i32; 2]]) -> Result<Written, Failure> {
        Written::read(&mut self.open(before)?, &mut self.open(after)?, ranges)
    }

    fn write(&self, name: &str, written: &Written, way: Way, _: Guards) -> Result<f64, Failure> {
        let mut client = self.open(name)?;
        let doing = format!("write the floor into {name}");
        let start = Instant::now();
        let mut transaction = client.transaction().doing(&doing)?;
        if way == Way::Sets {
            sets::prepare(&mut transaction)?;
        }
        for batch in &written.batches {
            match way {
                Way::RowByRow => write_rows(&mut transaction, batch)?,
                Way::Sets => sets::write(&mut transaction, batch)?,
            }
        }
        transaction.commit().doing(&doing)?;
        Ok(start.elapsed().as_secs_f64())
    }
}

fn write_rows(transaction: &mut Transaction<'_>, batch: &Batch) -> Result<(), Failure> {
    let sql = batch.step.writing(&batch.columns);
    let doing = || format!("write {}", batch.step.table);
    let statement = transaction.prepare(&sql).doing(doing())?;
    let must_exist = batch.step.action != Action::Insert;
    for row in batch.rows.iter() {
        let row: Vec<Cell<'_>> = row.collect();
        let row: Vec<&(dyn ToSql + Sync)> =
            row.iter().map(|cell| -> &(dyn ToSql + Sync) { cell }).collect();
        let changed = transaction.execute(&statement, &row).doing(doing())?;
        if must_exist && changed != 1 {
            return Err(missed(batch.step.table, changed, 1));
        }
    }
    Ok(())
}

impl Source for Client {
    fn columns(&mut self, table: &str) -> Result<Vec<String>, Failure> {
        let statement = self.prepare(&format!("SELECT * FROM {table}"));
        let statement = statement.doing(format!("read the columns of {table}"))?;
        Ok(statement.columns().iter().map(|column| column.name().to_owned()).collect())
    }

    fn read(&mut self, sql: &str, range: &[i32], rows: &mut Rows) -> Result<(), Failure> {
        let doing = || format!("read with {sql}");
        let mut found = self.query_raw(sql, range).doing(doing())?;
        while let Some(row) = found.next().doing(doing())? {
            for place in 0..row.len() {
                rows.push(row.try_get(place).doing(doing())?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn another_database_of_the_same_server() {
        for (url, expected) in [
            ("postgres://a@h:5432/postgres", "postgres://a@h:5432/x"),
            ("postgres://a:p@h", "postgres://a:p@h/x"),
            ("postgres://h/y?sslmode=disable", "postgres://h/x?sslmode=disable"),
            ("postgres://h?host=/tmp", "postgres://h/x?host=/tmp"),
        ] {
            assert_eq!(with_database(url, "x"), expected);
        }
    }
}
