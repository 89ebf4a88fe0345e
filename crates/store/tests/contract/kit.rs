//! A small dairy made through the store's own functions, and short ways to ask and to write.
//!
//! It deliberately decides nothing; totals are given as they are.

use domain::billing::{
    BillNumber, BillPrefix, ContentHash, Draft, Line, LineKind, RoundOff, bill_content,
    compute_line,
};
use domain::calendar::{Day, FinancialYear, Moment, Month};
use domain::catalog::{Hsn, Product, Unit};
use domain::customers::{Customer, State};
use domain::deliveries::{Delivery, DeliveryKey, Shift, Status};
use domain::ids::{BillId, CustomerId, OrderId, ProductId};
use domain::ledger::bill_transaction;
use domain::money::{Money, Quantity, TaxRate, TaxSplit, UnitPrice};
use domain::orders::{self, Order};
use store::audit::{Actor, Entry};
use store::billing::{NewBill, SeriesNumber};
use store::business::Business;
use store::deliveries::Link;
use store::{Store, StoreError, Tx, Value};
use testkit::Database;

pub const MILK: ProductId = ProductId(1);
pub const GHEE: ProductId = ProductId(2);
pub const C1: CustomerId = CustomerId(1);
pub const C2: CustomerId = CustomerId(2);
/// The issued bill of `issued`, and the draft beside it.
pub const ISSUED: BillId = BillId(1);
pub const DRAFT: BillId = BillId(2);

pub fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

pub fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

pub fn actor() -> Actor {
    Actor::program("office", Moment::parse("2026-09-30T10:00:00+05:30").unwrap())
}

pub fn customer(code: &str) -> Customer {
    Customer {
        code: code.to_owned(),
        name: format!("Of {code}"),
        phone: None,
        email: None,
        language: None,
        address: None,
        pincode: None,
        state: None,
        gstin: None,
        route: None,
        opening_balance: Money::ZERO,
        billing_mode: domain::customers::BillingMode::Postpaid,
    }
}

pub fn product(sku: &str) -> Product {
    Product {
        sku: sku.to_owned(),
        name: format!("The {sku}"),
        unit: Unit::Litre,
        hsn: Some(Hsn::parse("0401").unwrap()),
        tax_rate: TaxRate::from_ten_thousandths(0),
        tax_inclusive: false,
        price: Some(UnitPrice::from_milli(60_000)),
    }
}

pub fn business() -> Business {
    Business {
        name: "Gokul Dairy".to_owned(),
        state: State::parse("24").unwrap(),
        gstin: None,
        fssai: None,
        bill_prefix: BillPrefix::parse("INV").unwrap(),
        round_off: RoundOff::None,
    }
}

/// A delivered morning delivery without a reference.
pub fn delivery(customer: CustomerId, on: &str, product: ProductId, milli: i64) -> Delivery {
    Delivery {
        key: DeliveryKey {
            customer,
            day: day(on),
            shift: Shift::Morning,
            product,
            reference: String::new(),
        },
        quantity: Quantity::from_milli(milli),
        status: Status::Delivered,
    }
}

pub fn referenced(reference: &str, mut delivery: Delivery) -> Delivery {
    reference.clone_into(&mut delivery.key.reference);
    delivery
}

pub fn order(reference: &str, customer: CustomerId, on: &str, status: orders::Status) -> Order {
    Order {
        reference: reference.to_owned(),
        ordered_on: day(on),
        delivery_day: day(on),
        customer,
        product: GHEE,
        quantity: Quantity::from_milli(1000),
        status,
        agreed_price: None,
    }
}

/// A line at 60 rupees a unit, without tax.
pub fn line(kind: LineKind, product: ProductId, milli: i64, first: &str, last: &str) -> Line {
    let quantity = Quantity::from_milli(milli);
    let (price, rate) = (UnitPrice::from_milli(60_000), TaxRate::from_ten_thousandths(0));
    let (amount, split) = compute_line(quantity, price, rate, false, false).unwrap();
    Line {
        kind,
        product,
        sku: format!("P{}", product.0),
        name: "Milk".to_owned(),
        hsn: String::new(),
        unit: Unit::Litre,
        quantity,
        unit_price: price,
        tax_rate: rate,
        tax_inclusive: false,
        amount,
        split,
        first_day: day(first),
        last_day: day(last),
        count: 1,
    }
}

/// A bill of lines, with its sums.
pub fn draft(lines: Vec<Line>) -> Draft {
    let taxable = Money::sum(lines.iter().map(|line| line.split.taxable)).unwrap();
    let split = TaxSplit { taxable, ..TaxSplit::default() };
    Draft { line_of_item: Vec::new(), lines, split, round_off: Money::ZERO, total: taxable }
}

pub fn content(draft: &Draft) -> ContentHash {
    bill_content("C1", month("2026-09"), draft)
}

pub fn number(serial: i64) -> SeriesNumber {
    let year = FinancialYear::of(day("2026-09-30"));
    SeriesNumber {
        number: BillNumber::new(&BillPrefix::parse("INV").unwrap(), year, serial).unwrap(),
        prefix: "INV".to_owned(),
        year,
    }
}

pub fn new_bill<'a>(
    id: BillId,
    customer: CustomerId,
    draft: &'a Draft,
    number: Option<&'a SeriesNumber>,
) -> NewBill<'a> {
    NewBill {
        id,
        customer,
        month: month("2026-09"),
        day: day("2026-09-30"),
        interstate: false,
        draft,
        previous_balance: Money::from_paise(500),
        content: content(draft).to_string(),
        number,
    }
}

/// Runs work that must succeed, in a transaction that may write.
pub fn write<T>(store: &Store, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
    store.write(work).unwrap()
}

/// Runs work that must succeed, in a transaction that reads.
pub fn read<T>(store: &Store, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> T {
    store.read(work).unwrap()
}

/// Executes statements in one transaction; says how many rows the last one changed.
pub fn execute(store: &Store, statements: &[&str]) -> Result<u64, StoreError> {
    store.write(|tx| {
        let mut changed = 0;
        for statement in statements {
            changed = tx.execute(statement, &[])?;
        }
        Ok(changed)
    })
}

/// One integer by raw SQL.
/// A database of PostgreSQL, unless the tests do without.
pub fn on_server() -> Option<Database> {
    testkit::postgres_server().as_deref().map(Database::postgres)
}

pub fn count(store: &Store, sql: &str) -> i64 {
    count_with(store, sql, &[])
}

pub fn count_with(store: &Store, sql: &str, params: &[Value<'_>]) -> i64 {
    read(store, |tx| tx.find(sql, params, |row| row.int(0))).unwrap()
}

/// A business with three customers, two products and one import.
pub fn small(database: &Database) -> Store {
    let store = Store::create(&database.url).unwrap();
    write(&store, |tx| {
        store::business::add(tx, &business(), actor().at)?;
        let all = ["C1", "C2", "C3"].map(customer);
        store::customers::add(tx, &all.each_ref(), actor().at)?;
        let all = ["MILK", "GHEE"].map(product);
        store::catalog::add(tx, &all.each_ref(), actor().at)?;
        store::imports::begin(tx, "deliveries", "deliveries.csv", &actor())?;
        Ok(())
    });
    store
}

/// The small dairy with an issued bill of C1 (milk of two days, ghee of one, an order) and a draft
/// of C2 (milk of one day), all linked, posted and traced; C1 has an unbilled delivery besides.
pub fn issued(database: &Database) -> Store {
    let store = small(database);
    write(&store, |tx| {
        let list = [
            delivery(C1, "2026-09-01", MILK, 1000),
            delivery(C1, "2026-09-02", MILK, 1000),
            delivery(C1, "2026-09-03", GHEE, 1000),
            delivery(C1, "2026-09-20", MILK, 1000),
            delivery(C2, "2026-09-01", MILK, 1000),
        ];
        store::deliveries::add(tx, &list, 1)?;
        let delivered = order("O1", C1, "2026-09-05", orders::Status::Delivered);
        let pending = order("O2", C1, "2026-09-06", orders::Status::Pending);
        let free = order("O3", C2, "2026-09-01", orders::Status::Delivered);
        store::orders::add(tx, &[&delivered, &pending, &free], 1)?;
        store::deliveries::mark_unbilled(tx, &[(C1, month("2026-09")), (C2, month("2026-09"))])?;
        let of_c1 = draft(vec![
            line(LineKind::Delivery, MILK, 2000, "2026-09-01", "2026-09-02"),
            line(LineKind::Delivery, GHEE, 1000, "2026-09-03", "2026-09-03"),
            line(LineKind::Order, GHEE, 1000, "2026-09-05", "2026-09-05"),
        ]);
        let of_c2 = draft(vec![line(LineKind::Delivery, MILK, 1000, "2026-09-01", "2026-09-01")]);
        let bills = [(ISSUED, &of_c1.lines[..]), (DRAFT, &of_c2.lines[..])];
        store::billing::add_lines(tx, bills)?;
        store::deliveries::link(tx, &links())?;
        store::orders::link(tx, &[(ISSUED, 3, OrderId(1))])?;
        let first = store::billing::allot_numbers(tx, "INV", number(1).year, 1)?;
        let number = number(first);
        let bills =
            [new_bill(ISSUED, C1, &of_c1, Some(&number)), new_bill(DRAFT, C2, &of_c2, None)];
        store::billing::add_bills(tx, &bills, actor().at)?;
        let on = day("2026-09-30");
        let posting = bill_transaction(on, C1, ISSUED, &of_c1.split, Money::ZERO, of_c1.total);
        store::ledger::post(tx, &[posting.unwrap()], actor().at)?;
        let entry = Entry {
            action: "issue",
            table: "bills",
            record: number.number.as_str().to_owned(),
            before: None,
            after: Some("{}".to_owned()),
            changed: None,
        };
        store::audit::write(tx, &actor(), &[entry])
    });
    store
}

/// The links of `issued`.
pub fn links() -> [Link; 3] {
    let link = |bill, line, customer, product, first: &str, last: &str| Link {
        bill,
        line,
        customer,
        product,
        first: day(first),
        last: day(last),
    };
    [
        link(ISSUED, 1, C1, MILK, "2026-09-01", "2026-09-02"),
        link(ISSUED, 2, C1, GHEE, "2026-09-03", "2026-09-03"),
        link(DRAFT, 1, C2, MILK, "2026-09-01", "2026-09-01"),
    ]
}
