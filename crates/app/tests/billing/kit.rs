//! A dairy for tests: a fresh database, a clock that is set by hand, files given as text, and the
//! whole content of the database as text.
//!
//! It deliberately knows no story.

use app::billing::wire::{self, Bill};
use app::billing::{Mode, Report, Request};
use app::import::{BadFile, Kind, Source, Tally};
use app::verify::Invariant;
use app::{Actor, AppError};
use domain::billing::{BillPrefix, Left, RoundOff};
use domain::calendar::{Moment, Month};
use domain::customers::State;
use std::collections::BTreeMap;
use std::sync::Mutex;
use store::business::Business;
use store::{Store, StoreError};
use testkit::Database;

/// Three customers, the third in another State.
pub const CUSTOMERS: &str = "code,name,state,opening_balance\n\
                             C1,Asha,,\nC2,Bina,24,\nC3,Chirag,27,\n";
/// Four products; curd has no price yet.
pub const PRODUCTS: &str = "sku,name,unit,hsn,tax_rate,price,tax_inclusive\n\
                            MILK,Milk,L,0401,0,60,false\nPANEER,Paneer,kg,0406,5,400,false\n\
                            GHEE,Ghee,piece,04059020,12,560,true\nCURD,Curd,kg,0403,5,,false\n";
const DELIVERIES: &str = "reference,date,shift,customer_code,sku,quantity,status\n";
const ORDERS: &str = "reference,ordered_on,delivery_date,customer_code,sku,quantity,status,price\n";
const PRICES: &str = "sku,customer_code,effective_from,price\n";

/// A dairy in a database of its own.
pub struct Dairy<'d> {
    pub store: Store,
    database: &'d Database,
    now: Mutex<Moment>,
}

impl<'d> Dairy<'d> {
    /// An empty dairy in Gujarat, on the first of September 2026.
    pub fn empty(database: &'d Database, round_off: RoundOff) -> Self {
        let store = Store::create(&database.url).unwrap();
        let now = Mutex::new(Moment::from_unix_micros(0));
        let dairy = Self { store, database, now };
        dairy.on("2026-09-01");
        let business = Business {
            name: "Gokul Dairy".to_owned(),
            state: State::parse("24").unwrap(),
            gstin: None,
            fssai: None,
            bill_prefix: BillPrefix::parse("INV").unwrap(),
            round_off,
        };
        assert!(app::business::set_up(&dairy.store, &dairy.actor(), &business).unwrap());
        dairy
    }

    /// A dairy with the usual customers and products.
    pub fn new(database: &'d Database) -> Self {
        let dairy = Self::empty(database, RoundOff::None);
        dairy.import(Kind::Customers, CUSTOMERS);
        dairy.import(Kind::Products, PRODUCTS);
        dairy
    }

    /// Sets the clock to ten in the morning of a day.
    pub fn on(&self, day: &str) {
        self.at(&format!("{day}T10:00:00+05:30"));
    }

    /// Sets the clock to a moment.
    pub fn at(&self, moment: &str) {
        *self.now.lock().unwrap() = Moment::parse(moment).unwrap();
    }

    pub fn actor(&self) -> Actor {
        Actor::program("office", *self.now.lock().unwrap())
    }

    /// Another connection to the same database.
    pub fn another_store(&self) -> Store {
        Store::open(&self.database.url).unwrap()
    }

    pub fn try_import(&self, kind: Kind, csv: impl AsRef<[u8]>) -> Result<Tally, AppError> {
        let path = self.database.file(&format!("{}.csv", kind.as_str()), csv);
        app::import::import_file(&self.store, &self.actor(), &Source { kind, path }, &mut |_| {})
    }

    pub fn import(&self, kind: Kind, csv: &str) -> Tally {
        self.try_import(kind, csv).unwrap()
    }

    /// Why a file is refused; nothing of the database may have changed.
    pub fn refused(&self, kind: Kind, csv: impl AsRef<[u8]>) -> BadFile {
        let before = self.dump();
        match self.try_import(kind, csv) {
            Err(AppError::BadFile(bad)) => {
                assert_eq!(self.dump(), before, "a refused file left something behind");
                bad
            }
            other => panic!("expected a refused file, found {other:?}"),
        }
    }

    /// Imports deliveries given as `date customer sku quantity`, in the morning and delivered.
    pub fn deliver(&self, rows: &[&str]) -> Tally {
        self.import(Kind::Deliveries, &deliveries(rows))
    }

    /// Imports orders given as `reference ordered_on date customer sku quantity status price`; a
    /// price of `-` is none.
    pub fn order(&self, rows: &[&str]) -> Tally {
        self.import(Kind::Orders, &orders(rows))
    }

    /// Imports prices given as `sku customer date price`; a customer of `-` is everyone.
    pub fn price(&self, rows: &[&str]) -> Tally {
        let rows = rows.iter().map(|row| row.replace(" - ", "  "));
        let rows: String = rows.map(|row| row.replace(' ', ",") + "\n").collect();
        self.import(Kind::Prices, &format!("{PRICES}{rows}"))
    }

    pub fn try_run(&self, month: &str, mode: Mode, dry_run: bool) -> Result<Report, AppError> {
        let month = Month::parse(month).unwrap();
        let request = Request { month, mode, dry_run };
        app::billing::run(&self.store, &self.actor(), request, &mut |_, _| {})
    }

    pub fn draft(&self, month: &str) -> Report {
        sound(self.try_run(month, Mode::Draft, false).unwrap())
    }

    pub fn run_and_issue(&self, month: &str) -> Report {
        sound(self.try_run(month, Mode::RunAndIssue, false).unwrap())
    }

    pub fn issue(&self, month: &str) -> Report {
        sound(self.try_run(month, Mode::IssueDrafts, false).unwrap())
    }

    /// The bill of a customer for a month.
    pub fn bill(&self, code: &str, month: &str) -> Bill {
        self.find_bill(code, month).unwrap()
    }

    pub fn find_bill(&self, code: &str, month: &str) -> Result<Bill, AppError> {
        let month = Month::parse(month).unwrap();
        app::billing::bill_of_customer(&self.store, code, month).map(|bill| wire::bill(&bill))
    }

    /// The lines of a bill: `kind sku quantity x price = amount, first..last`.
    pub fn lines(&self, code: &str, month: &str) -> Vec<String> {
        let show = |line: &wire::Line| {
            let wire::Line {
                kind, sku, quantity, unit_price, amount, first_date, last_date, ..
            } = line;
            let days = format!("{first_date}..{last_date}");
            format!("{kind} {sku} {quantity} x {unit_price} = {amount}, {days}")
        };
        self.bill(code, month).lines.iter().map(show).collect()
    }

    /// The numbers of a month's bills, in the order of customers.
    pub fn numbers(&self, month: &str) -> Vec<String> {
        let mut numbers = Vec::new();
        let month = Month::parse(month).unwrap();
        app::billing::for_each_bill(&self.store, month, |bill| {
            numbers.push(bill.number.unwrap_or_else(|| "draft".to_owned()));
            Ok(())
        })
        .unwrap();
        numbers
    }

    /// Executes raw SQL.
    pub fn sql(&self, sql: &str) -> u64 {
        self.store
            .write(|tx| tx.execute(sql, &[]))
            .unwrap_or_else(|error: StoreError| panic!("{sql}: {error}"))
    }

    /// One integer by raw SQL.
    pub fn count(&self, sql: &str) -> i64 {
        self.store
            .read(|tx| tx.find(sql, &[], |row| row.int(0)))
            .unwrap_or_else(|error: StoreError| panic!("{sql}: {error}"))
            .unwrap()
    }

    /// The broken invariants.
    pub fn broken(&self) -> Vec<Invariant> {
        let findings = app::verify::verify(&self.store, &mut |_, _| {}).unwrap();
        let broken = findings.checks().iter().filter(|check| check.broken > 0);
        broken.map(|check| check.invariant).collect()
    }

    pub fn assert_verified(&self) {
        let findings = app::verify::verify(&self.store, &mut |_, _| {}).unwrap();
        assert!(findings.is_clean(), "{findings:#?}");
    }

    /// Every row of every table, as text in a fixed order.
    pub fn dump(&self) -> BTreeMap<String, Vec<String>> {
        self.store
            .read(|tx| {
                let tables = if self.store.is_sqlite() {
                    "SELECT name FROM sqlite_schema WHERE type = 'table'"
                } else {
                    "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
                };
                let tables = tx.list(tables, &[], |row| row.text(0).map(str::to_owned))?;
                let mut all = BTreeMap::new();
                for table in tables {
                    let row = if self.store.is_sqlite() {
                        let columns = format!(
                            "SELECT group_concat('quote(\"' || name || '\")', ' || ''|'' || ') \
                             FROM pragma_table_info('{table}')"
                        );
                        let columns =
                            tx.find(&columns, &[], |row| row.text(0).map(str::to_owned))?;
                        columns.unwrap()
                    } else {
                        format!("{table}::text")
                    };
                    let sql = format!("SELECT {row} FROM {table} ORDER BY 1");
                    let rows = tx.list(&sql, &[], |row| row.text(0).map(str::to_owned))?;
                    all.insert(table, rows);
                }
                Ok::<_, StoreError>(all)
            })
            .unwrap()
    }
}

/// The file of customers with these codes.
pub fn customers(codes: &[String]) -> String {
    let rows = codes.iter().map(|code| [code, ",Of ", code, "\n"].concat());
    "code,name\n".to_owned() + &rows.collect::<String>()
}

/// The file of deliveries given as `date customer sku quantity`.
pub fn deliveries(rows: &[&str]) -> String {
    let row = |row: &&str| {
        let [day, customer, sku, quantity] = fields(row);
        format!(",{day},morning,{customer},{sku},{quantity},delivered\n")
    };
    let rows: String = rows.iter().map(row).collect();
    format!("{DELIVERIES}{rows}")
}

/// The file of deliveries given as whole rows of the file.
pub fn reported(rows: &[&str]) -> String {
    format!("{DELIVERIES}{}\n", rows.join("\n"))
}

/// The file of orders given as `reference ordered_on date customer sku quantity status price`.
pub fn orders(rows: &[&str]) -> String {
    let row = |row: &&str| row.trim_end_matches('-').replace(' ', ",") + "\n";
    let rows: String = rows.iter().map(row).collect();
    format!("{ORDERS}{rows}")
}

fn fields<const N: usize>(row: &str) -> [&str; N] {
    row.split(' ').collect::<Vec<_>>().try_into().unwrap()
}

/// A report whose certificate accounts for everything.
fn sound(report: Report) -> Report {
    assert!(report.certificate.is_sound(), "{report:#?}");
    report
}

/// How many items were left for which reasons.
pub fn left(counts: &domain::billing::Counts) -> Vec<(Left, u64)> {
    counts.left.iter().collect()
}
