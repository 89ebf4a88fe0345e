//! A dairy with enough customers that a run takes several transactions, made by counting, and
//! copies of its database for tests that kill and race.
//!
//! It deliberately draws nothing by lot, so that sums are known.

use crate::kit::Books;
use std::fs;
use std::ops::RangeInclusive;
use std::thread::sleep;
use std::time::Duration;
use testkit::{Database, postgres_server};

/// Customers of the dairy: three ranges of a run, the last one short.
pub const CUSTOMERS: u64 = 4_100;

/// The customer whose deliveries are all missed.
const AWAY: u64 = 77;

/// Books with customers and products: every tenth customer in another State, every seventh with a
/// balance.
pub fn books(database: &Database) -> Books<'_> {
    let books = Books::empty(database);
    let mut customers = String::from("code,name,state,opening_balance\n");
    for number in 1..=CUSTOMERS {
        let state = if number % 10 == 0 { "27" } else { "" };
        let balance = if number % 7 == 0 { format!("{number}.25") } else { String::new() };
        customers.push_str(&format!("C{number:05},Customer {number},{state},{balance}\n"));
    }
    assert_eq!(books.counts("customers", customers)[1], CUSTOMERS);
    let products = "sku,name,unit,hsn,tax_rate,price,tax_inclusive\n\
        MILK,Cow milk,L,0401,0,60,false\nGHEE,Cow ghee,kg,04059020,5,620,true\n";
    assert_eq!(books.counts("products", products)[1], 2);
    books
}

/// Deliveries to all customers on some days of October 2024; one customer was away.
pub fn deliveries(days: RangeInclusive<u32>) -> String {
    let mut rows = String::from("date,shift,customer_code,sku,quantity,status\n");
    for day in days {
        for number in 1..=CUSTOMERS {
            let sku = if (number + u64::from(day)).is_multiple_of(5) { "GHEE" } else { "MILK" };
            let status = if number == AWAY { "missed" } else { "delivered" };
            let milli = 500 + number % 4 * 250;
            let (whole, part) = (milli / 1_000, milli % 1_000);
            rows.push_str(&format!("2024-10-{day:02},morning,C{number:05},{sku},"));
            rows.push_str(&format!("{whole}.{part:03},{status}\n"));
        }
    }
    rows
}

/// How many of them were delivered.
pub fn delivered(days: u64) -> u64 {
    days * (CUSTOMERS - 1)
}

/// A copy of a database that no program has open.
pub fn copy_of(original: &Database) -> Database {
    if original.kind == "sqlite" {
        let copy = Database::sqlite();
        let [from, to] = [original, &copy].map(|database| database.folder().join("dairyos.db"));
        assert!(!from.with_extension("db-wal").exists(), "the database is open");
        fs::copy(from, to).unwrap();
        return copy;
    }
    let server = postgres_server().unwrap();
    let copy = Database::postgres(&server);
    let [from, to] =
        [original, &copy].map(|database| database.url.rsplit_once('/').unwrap().1.to_owned());
    let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    client.batch_execute(&format!("DROP DATABASE {to}")).unwrap();
    // The server may take a moment to see that the last program has gone.
    let create = format!("CREATE DATABASE {to} TEMPLATE {from}");
    let mut tries = 0;
    while let Err(error) = client.batch_execute(&create) {
        tries += 1;
        assert!(tries < 200, "{error}");
        sleep(Duration::from_millis(20));
    }
    copy
}
