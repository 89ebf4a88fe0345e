//! Turns the one SQL text into each database's spelling.
//!
//! It deliberately replaces words only; the statements are the same.

use std::borrow::Cow;

/// Which database a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, inside the program.
    Sqlite,
    /// PostgreSQL, by URL.
    Postgres,
}

impl Dialect {
    /// A statement: parameters are written `$1`; SQLite spells them `?1`, and has no row locks.
    pub fn statement(self, sql: &str) -> Cow<'_, str> {
        match self {
            // escape: parameters
            Self::Sqlite if sql.contains('$') => Cow::Owned(unlocked(sql).replace('$', "?")),
            _ => Cow::Borrowed(sql),
        }
    }

    /// The text of a migration: types, table kinds and byte-wise text.
    pub fn migration(self, sql: &str) -> String {
        // escape: column types and table kinds
        match self {
            Self::Sqlite => sql
                .replace("BIGINT", "INTEGER")
                .replace("SMALLINT", "INTEGER")
                .replace("{table}", "STRICT")
                .replace("{clustered}", "STRICT, WITHOUT ROWID")
                .replace("{linked}", "STRICT, WITHOUT ROWID")
                .replace("{bytewise}", ""),
            Self::Postgres => sql
                .replace("{table}", "")
                .replace("{clustered}", "")
                .replace("{linked}", "WITH (fillfactor = 45)")
                .replace("{bytewise}", "COLLATE \"C\""),
        }
    }
}

/// A text without the clause that locks what is read.
fn unlocked(sql: &str) -> &str {
    // escape: row locks; SQLite has one writer at a time
    let clauses = [" FOR UPDATE SKIP LOCKED", " FOR UPDATE", " FOR NO KEY UPDATE"];
    clauses.iter().find_map(|clause| sql.strip_suffix(clause)).unwrap_or(sql)
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    #[test]
    fn one_text_two_spellings() {
        let sql = "SELECT a FROM t WHERE b = $1 AND c = $12";
        let sqlite = Dialect::Sqlite.statement(sql);
        assert_eq!(sqlite, "SELECT a FROM t WHERE b = ?1 AND c = ?12");
        assert_eq!(Dialect::Postgres.statement(sql), sql);
        let locking = "SELECT a FROM t WHERE b = $1 LIMIT 1 FOR UPDATE SKIP LOCKED";
        assert_eq!(Dialect::Sqlite.statement(locking), "SELECT a FROM t WHERE b = ?1 LIMIT 1");
        assert_eq!(Dialect::Postgres.statement(locking), locking);
        let waiting = "SELECT a FROM t WHERE b = $1 FOR UPDATE";
        assert_eq!(Dialect::Sqlite.statement(waiting), "SELECT a FROM t WHERE b = ?1");
        let table = "CREATE TABLE t (a BIGINT, b TEXT {bytewise}) {clustered}";
        assert_eq!(
            Dialect::Sqlite.migration(table),
            "CREATE TABLE t (a INTEGER, b TEXT ) STRICT, WITHOUT ROWID"
        );
        assert!(Dialect::Postgres.migration(table).contains("COLLATE \"C\""));
        let linked = "CREATE TABLE t (a BIGINT) {linked}";
        assert!(Dialect::Postgres.migration(linked).ends_with("WITH (fillfactor = 45)"));
    }
}
