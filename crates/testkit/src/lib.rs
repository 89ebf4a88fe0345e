//! For tests only: a fresh database of each kind, removed when the test ends, and small files.
//!
//! It deliberately depends on no crate of the product, so that every crate's tests can use it.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up must fail loudly"
)]

use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The variable that holds the URL of a PostgreSQL server for tests.
const POSTGRES_URL: &str = "DAIRYOS_TEST_POSTGRES_URL";
/// The variable that says that tests shall do without PostgreSQL.
const SQLITE_ONLY: &str = "DAIRYOS_TEST_SQLITE_ONLY";

/// A fresh, empty database.
#[derive(Debug)]
pub struct Database {
    /// Its URL.
    pub url: String,
    /// `sqlite` or `postgres`.
    pub kind: &'static str,
    folder: TempDir,
    server: Option<(String, String)>,
}

impl Database {
    /// A fresh SQLite database in a folder of its own.
    pub fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite:{}", folder.path().join("dairyos.db").display());
        Self { url, kind: "sqlite", folder, server: None }
    }

    /// A fresh PostgreSQL database on the server that `cargo xtask test` has started.
    pub fn postgres(server: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{count}", process::id());
        let mut client = postgres::Client::connect(server, postgres::NoTls).unwrap();
        client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE template0")).unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
        let server = Some((server.to_owned(), name));
        Self { url, kind: "postgres", folder: TempDir::new().unwrap(), server }
    }

    /// A folder of the test's own, removed with the database.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some((server, name)) = &self.server
            && let Ok(mut client) = postgres::Client::connect(server, postgres::NoTls)
        {
            // A leftover database only costs space on a server that is about to be removed.
            let _ = client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The server for tests; `None` when they shall do without.
#[expect(clippy::disallowed_methods, reason = "the test command hands the server over this way")]
pub fn postgres_server() -> Option<String> {
    if let Ok(url) = std::env::var(POSTGRES_URL) {
        return Some(url);
    }
    let sqlite_only = std::env::var(SQLITE_ONLY).is_ok();
    assert!(
        sqlite_only,
        "no PostgreSQL for the tests: run them with cargo xtask test, or without it with cargo \
         xtask test --sqlite-only"
    );
    None
}

/// A fresh database of every kind the tests shall run on.
pub fn databases() -> Vec<Database> {
    let mut all = vec![Database::sqlite()];
    all.extend(postgres_server().as_deref().map(Database::postgres));
    all
}

/// Runs one body on a fresh database of every kind.
pub fn on_both(body: impl Fn(&Database)) {
    for database in databases() {
        body(&database);
    }
}

/// The statements that take away what the migrations of entitlements have added.
fn without_entitlements() -> Vec<String> {
    let statements = [
        "DROP TABLE entitlements",
        "DROP TABLE entitlement_grants",
        "DROP TABLE plans",
        "DROP INDEX payments_by_plan",
        "DROP INDEX payments_for_plans",
        "DROP INDEX customers_prepaid",
        "ALTER TABLE customers DROP COLUMN billing_mode",
    ];
    statements.map(str::to_owned).to_vec()
}

/// The statements that take away what the migrations of money in have added.
fn without_money_in(is_sqlite: bool) -> Vec<String> {
    let mut statements = Vec::new();
    let indexes = [
        "ledger_transactions_by_payment",
        "ledger_transactions_by_settlement",
        "ledger_transactions_by_hand_over",
        "ledger_entries_by_person",
        "bills_open",
        "customers_in_credit",
    ];
    statements.extend(indexes.map(|index| format!("DROP INDEX {index}")));
    let columns = [
        ("ledger_transactions", "posting"),
        ("ledger_transactions", "payment_id"),
        ("ledger_transactions", "settlement_id"),
        ("ledger_transactions", "hand_over_id"),
        ("ledger_entries", "person_id"),
        ("bills", "paid_paise"),
    ];
    let drop = |(table, column)| format!("ALTER TABLE {table} DROP COLUMN {column}");
    statements.extend(columns.map(drop));
    let tables = [
        "reconciliation_findings",
        "reconciliation_issues",
        "reconciliations",
        "opening_uses",
        "allocations",
        "payment_log",
        "payment_refunds",
        "payment_disputes",
        "refund_requests",
        "gateway_cursors",
        "payments",
        "payment_requests",
        "gateway_events",
        "hand_overs",
        "settlements",
    ];
    statements.extend(tables.map(|table| format!("DROP TABLE {table}")));
    let counters = "'payments', 'payment_requests', 'refund_requests', 'gateway_events', \
                    'hand_overs', 'settlements', 'reconciliations', \
                    'reconciliation_issues'";
    statements.push(format!("DELETE FROM counters WHERE name IN ({counters})"));
    if !is_sqlite {
        // What the guards of money in check in place of foreign keys.
        statements.push("DROP FUNCTION guard_allocations".to_owned());
        let keys = ["ledger_transactions", "ledger_entries"].map(|table| {
            format!(
                "ALTER TABLE {table} ADD CONSTRAINT {table}_customer_id_fkey \
                 FOREIGN KEY (customer_id) REFERENCES customers (id)"
            )
        });
        statements.extend(keys);
    }
    statements
}

/// The statements that take away what the migrations after the second have added, so that a
/// database looks like one of that version.
pub fn back_to_the_second_version(is_sqlite: bool) -> Vec<String> {
    // A guard of one of its tables that looks at later ones.
    let guard = if is_sqlite {
        "DROP TRIGGER customers_opening_stays_paid"
    } else {
        "DROP FUNCTION guard_opening_balances CASCADE"
    };
    let mut statements = vec![guard.to_owned()];
    if !is_sqlite {
        statements.push("DROP FUNCTION count_change CASCADE".to_owned());
        let areas = ["access", "entitlements"];
        statements.extend(areas.map(|area| format!("DROP SEQUENCE changes_of_{area}")));
    }
    statements.extend(without_entitlements());
    statements.extend(without_money_in(is_sqlite));
    let tables = [
        "recovery_codes",
        "refresh_tokens",
        "sessions",
        "known_devices",
        "sign_in_failures",
        "sign_in_attempts",
        "api_keys",
        "notices",
        "idempotency_keys",
        "jobs",
        "job_schedules",
        "audit_seals",
        "people",
    ];
    statements.extend(tables.iter().map(|table| format!("DROP TABLE {table}")));
    if !is_sqlite {
        statements.push("DROP SEQUENCE program_starts".to_owned());
    }
    statements.push("DROP INDEX customers_by_change".to_owned());
    let indexes = ["person", "time"];
    statements.extend(indexes.map(|index| format!("DROP INDEX audit_by_{index}")));
    let columns = ["person_id", "role", "request_id", "changed"];
    statements.extend(columns.map(|column| format!("ALTER TABLE audit DROP COLUMN {column}")));
    let counters = "'audit_seals', 'people', 'sign_in_attempts', 'api_keys', 'jobs', 'notices'";
    statements.push(format!("DELETE FROM counters WHERE name IN ({counters})"));
    statements.push("DELETE FROM refinery_schema_history WHERE version > 2".to_owned());
    statements
}
