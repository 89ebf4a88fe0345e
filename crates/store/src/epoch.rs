//! Areas: tables whose rows are read again and again, so that what was read is remembered until one
//! of them is written.
//!
//! It deliberately knows of two narrow areas only; all other tables are in the area of everything.

/// What something that was read depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Who asks: people, their sessions and the keys of programs.
    Access,
    /// What customers may use by their plans.
    Entitlements,
    /// Any table.
    Everything,
}

/// The narrow areas, and their tables.
const NARROW: [(Area, &[&str]); 2] = [
    // The code of a person's customer is read with them, and plays no part in what they may.
    (Area::Access, &["people", "sessions", "api_keys"]),
    (Area::Entitlements, &["entitlements", "plans", "customers"]),
];

impl Area {
    /// The tables of a narrow area.
    pub fn tables(self) -> &'static [&'static str] {
        NARROW.iter().find(|(area, _)| *area == self).map_or(&[], |(_, tables)| *tables)
    }
}

/// How often each area had been written, as far as is known: the latest of it was read if it was
/// read in a transaction that began after its count was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epoch {
    /// Of those who ask.
    pub access: i64,
    /// Of what customers may use.
    pub entitlements: i64,
    /// Of any table.
    pub everything: i64,
}

impl Epoch {
    /// The count of an area.
    pub fn of(self, area: Area) -> i64 {
        match area {
            Area::Access => self.access,
            Area::Entitlements => self.entitlements,
            Area::Everything => self.everything,
        }
    }
}

/// The areas in which a transaction has written, told by its statements: no trigger of the database
/// writes a table, and no key takes rows of another one away, which a test proves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) access: bool,
    pub(crate) entitlements: bool,
    pub(crate) everything: bool,
}

impl Written {
    /// Every area.
    pub(crate) const ALL: Self = Self { access: true, entitlements: true, everything: true };

    /// Notes what a statement writes, told by how it begins. One that begins in a way that is not
    /// known is taken to write everywhere.
    pub(crate) fn note(&mut self, sql: &str) {
        let mut words = sql.split_ascii_whitespace();
        let table = match words.next() {
            Some("INSERT" | "DELETE") => words.nth(1),
            Some("UPDATE") => words.next(),
            Some("SELECT" | "PRAGMA" | "EXPLAIN" | "ANALYZE" | "LOCK" | "SET") => return,
            Some("WITH") if !["INSERT", "UPDATE", "DELETE"].iter().any(|by| sql.contains(by)) => {
                return;
            }
            _ => None,
        };
        let is_name = |name: &&str| name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_');
        match table.filter(is_name) {
            Some(table) => self.note_table(table),
            None => *self = Self::ALL,
        }
    }

    /// Notes that a table is written.
    pub(crate) fn note_table(&mut self, table: &str) {
        self.everything = true;
        self.access |= Area::Access.tables().contains(&table);
        self.entitlements |= Area::Entitlements.tables().contains(&table);
    }
}

#[cfg(test)]
mod tests {
    use super::{Area, Epoch, Written};

    fn written(sql: &str) -> (bool, bool, bool) {
        let mut written = Written::default();
        written.note(sql);
        (written.access, written.entitlements, written.everything)
    }

    #[test]
    fn statements_are_told_by_their_table() {
        for (sql, expected) in [
            ("SELECT id FROM people FOR UPDATE", (false, false, false)),
            ("SET LOCAL synchronous_commit = off", (false, false, false)),
            ("INSERT INTO bills (id) VALUES ($1)", (false, false, true)),
            ("UPDATE sessions SET used_at = $2", (true, false, true)),
            ("DELETE FROM entitlements WHERE customer_id = :id", (false, true, true)),
            ("UPDATE customers\n SET name = $1", (false, true, true)),
            ("WITH a AS (SELECT 1) UPDATE plans SET name = ''", (true, true, true)),
            ("WITH a AS (UPDATE bills SET x = 1 RETURNING x) SELECT 1", (true, true, true)),
            ("INSERT OR REPLACE INTO bills (id) VALUES (1)", (true, true, true)),
            ("INSERT INTO bills(id) VALUES (1)", (true, true, true)),
            ("DELETE FROM ONLY bills", (true, true, true)),
            ("UPDATE \"bills\" SET x = 1", (true, true, true)),
            ("UPDATE main.bills SET x = 1", (true, true, true)),
            ("DROP TABLE people", (true, true, true)),
            ("WITH a AS (SELECT 1) SELECT * FROM a", (false, false, false)),
            ("", (true, true, true)),
        ] {
            assert_eq!(written(sql), expected, "{sql}");
        }
    }

    #[test]
    fn what_is_remembered_of_an_area_is_read_from_its_tables() {
        let of_entitlements = crate::entitlements::remembered().into_iter();
        let of_entitlements = of_entitlements.map(|sql| (Area::Entitlements, sql));
        let of_access = crate::access::remembered().into_iter().map(|sql| (Area::Access, sql));
        for (area, sql) in of_entitlements.chain(of_access) {
            let words: Vec<&str> = sql.split_ascii_whitespace().collect();
            let after = |pair: &&[&str]| ["FROM", "JOIN"].contains(&pair[0]);
            for pair in words.windows(2).filter(after) {
                let is_code = pair[1] == "customers" && area == Area::Access;
                assert!(area.tables().contains(&pair[1]) || is_code, "{area:?}: {sql}");
            }
        }
    }

    #[test]
    fn every_statement_of_the_program_is_told_by_its_table() {
        let all = crate::all_queries(true);
        let writing = all.iter().filter(|sql| !sql.starts_with("SELECT"));
        for sql in writing {
            let mut noted = Written::default();
            noted.note(sql);
            assert_ne!(noted, Written::ALL, "{sql}");
        }
    }

    #[test]
    fn the_database_itself_writes_no_table() {
        let texts = [crate::db::Dialect::Sqlite, crate::db::Dialect::Postgres];
        let guards = texts.into_iter().flat_map(crate::migrations::texts);
        for text in guards.filter(|text| text.contains("CREATE TRIGGER")) {
            for word in ["INSERT INTO", "DELETE FROM", "CASCADE", "SET NULL"] {
                assert!(!text.contains(word), "{word}");
            }
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let writes = words.windows(3).any(|three| three[0] == "UPDATE" && three[2] == "SET");
            assert!(!writes);
        }
    }

    #[test]
    fn what_is_noted_stays_noted() {
        let mut all = Written::default();
        all.note_table("plans");
        all.note("INSERT INTO api_keys (id) VALUES ($1)");
        all.note("SELECT 1");
        assert_eq!(all, Written::ALL);
        assert_eq!(Epoch::default().of(Area::Everything), 0);
    }
}
