//! Months of a dairy as text tables: what was priced, delivered and ordered, and the bill that
//! must come of it. Each file of `stories/` is one story; a reader of this file decides it with the
//! crate's rules and compares the end with the one written in the file.
//!
//! A story opens with prose. Its tables start with a name in brackets; cells are parted by two or
//! more spaces, and an empty cell is `-`. A date may be a span, `2026-10-01 to 2026-10-31`: then
//! the row counts for every day of it. The last table, `[bill]`, is the expected end.
//!
//! `UPDATE_STORIES=1 cargo test -p dairyos-domain --test stories` writes the ends anew. Work out
//! every changed figure by another way before you accept it.
//!
//! It deliberately has one customer and no database; the tests of the store have them.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "this is a test program; its helpers fail as tests do"
)]

use domain::billing::{
    BillOfMonth, Draft, Item, Left, LeftCounts, Line, LineKind, OnBill, Party, RoundOff, Standing,
    bill_content, draft_bill, standing_of,
};
use domain::calendar::{Day, Month};
use domain::catalog::{Hsn, PriceBook, PriceChange, Product, Unit};
use domain::customers::{Customer, Gstin, State};
use domain::deliveries::{Shift, Status};
use domain::ids::{BillId, CustomerId, ProductId};
use domain::ledger::{Account, bill_transaction};
use domain::money::{Money, Quantity, TaxRate, UnitPrice};
use domain::orders;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The customer of every story.
const CUSTOMER: CustomerId = CustomerId(1);
/// Somebody else, whose prices must not matter.
const NEIGHBOUR: CustomerId = CustomerId(2);

#[test]
fn every_story_ends_with_its_bill() {
    let update = update_wanted();
    let mut wrong = String::new();
    let files = story_files();
    assert!(files.len() >= 20, "stories are missing: {}", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let story = Story::read(&name, &text);
        let found = story.end();
        if update {
            std::fs::write(&file, format!("{}[bill]\n{found}", story.told)).unwrap();
        } else if found != story.expected {
            let expected = &story.expected;
            let _ = write!(wrong, "\n=== {name}\n--- expected\n{expected}--- found\n{found}");
        }
    }
    assert!(wrong.is_empty(), "some stories end otherwise:\n{wrong}");
}

#[test]
#[should_panic(expected = "slip.txt:8: 2 cells, expected 5")]
fn a_slip_in_a_story_is_named_by_file_and_line() {
    let text = "Slip\n\n[month]\nmonth  2026-10\n\n[deliveries]\n\
                date  shift  product  quantity  status\n2026-10-01  morning\n";
    Story::read("slip.txt", text);
}

#[expect(clippy::disallowed_methods, reason = "a switch for the person who runs the tests")]
fn update_wanted() -> bool {
    std::env::var("UPDATE_STORIES").is_ok_and(|value| value == "1")
}

fn story_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    files
}

/// A row of a table, with the place it was read from.
struct Row {
    place: String,
    cells: HashMap<String, String>,
}

impl Row {
    /// The cell of a column; `None` when it is `-` or the table has no such column.
    fn get(&self, column: &str) -> Option<&str> {
        let cell = self.cells.get(column).map(String::as_str);
        cell.filter(|cell| *cell != "-")
    }

    /// A cell that must be there and read well.
    fn read<T, E: std::fmt::Debug>(&self, column: &str, parse: impl Fn(&str) -> Result<T, E>) -> T {
        let Some(cell) = self.get(column) else {
            panic!("{}: {column} is missing", self.place);
        };
        parse(cell).unwrap_or_else(|error| panic!("{}: {column} {cell}: {error:?}", self.place))
    }

    /// A cell that may be empty.
    fn read_if<T, E: std::fmt::Debug>(
        &self,
        column: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        self.get(column).map(|_| self.read(column, parse))
    }

    /// The days of the column "date".
    fn days(&self) -> Vec<Day> {
        let (first, last) = self.read("date", |text| {
            let (first, last) = text.split_once(" to ").unwrap_or((text, text));
            Day::parse(first).and_then(|first| Ok((first, Day::parse(last)?)))
        });
        let days = std::iter::successors(Some(first), |day| Some(day.plus_days(1)));
        days.take_while(|day| *day <= last).collect()
    }

    /// The bill the row's deliveries stand on already.
    fn on_bill(&self) -> OnBill {
        match self.get("already on") {
            None => OnBill::No,
            Some("this bill") => OnBill::ThisMonths,
            Some("another bill") => OnBill::Another,
            Some(other) => panic!("{}: already on {other}?", self.place),
        }
    }
}

/// One delivery or order of a story.
struct Told {
    item: Item,
    on_bill: OnBill,
    /// Why it is left whatever the bills say.
    left: Option<Left>,
}

struct Story {
    told: String,
    expected: String,
    settings: HashMap<String, String>,
    tables: HashMap<String, Vec<Row>>,
}

impl Story {
    /// Reads prose, settings, tables and the expected end.
    fn read(name: &str, text: &str) -> Self {
        let (told, expected) = text.split_once("[bill]\n").unwrap_or((text, ""));
        let mut settings = HashMap::new();
        let mut tables: HashMap<String, Vec<Row>> = HashMap::new();
        let mut table: Option<(String, Option<Vec<String>>)> = None;
        for (index, line) in told.lines().enumerate() {
            let place = format!("{name}:{}", index + 1);
            if let Some(title) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                table = Some((title.to_owned(), None));
                continue;
            }
            let Some((title, columns)) = table.as_mut().filter(|_| !line.is_empty()) else {
                continue;
            };
            let cells: Vec<String> = cells_of(line);
            if title == "month" {
                let pair: Result<[String; 2], _> = cells.try_into();
                let [key, value] = pair.unwrap_or_else(|_| panic!("{place}: expected two cells"));
                settings.insert(key, value);
            } else if let Some(columns) = columns {
                let (found, expected) = (cells.len(), columns.len());
                assert_eq!(found, expected, "{place}: {found} cells, expected {expected}");
                let cells = columns.iter().cloned().zip(cells).collect();
                tables.entry(title.clone()).or_default().push(Row { place, cells });
            } else {
                *columns = Some(cells);
            }
        }
        let (told, expected) = (told.to_owned(), expected.to_owned());
        Self { told, expected, settings, tables }
    }

    fn setting(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str)
    }

    fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).map_or(&[], Vec::as_slice)
    }

    fn month(&self) -> Month {
        Month::parse(self.setting("month").unwrap()).unwrap()
    }

    /// Whether the goods go to another State than the dairy's.
    fn interstate(&self) -> bool {
        let ours = State::parse(self.setting("dairy in").unwrap_or("Gujarat")).unwrap();
        let customer = Customer {
            code: "C1".to_owned(),
            name: "Asha".to_owned(),
            phone: None,
            email: None,
            language: None,
            address: None,
            pincode: None,
            state: self.setting("customer in").map(|text| State::parse(text).unwrap()),
            gstin: self.setting("customer GSTIN").map(|text| Gstin::parse(text).unwrap()),
            route: None,
            opening_balance: Money::ZERO,
            billing_mode: domain::customers::BillingMode::Postpaid,
        };
        customer.state_of_supply(ours) != ours
    }

    fn products(&self) -> (HashMap<ProductId, Product>, HashMap<String, ProductId>) {
        let mut products = HashMap::new();
        let mut ids = HashMap::new();
        for (row, id) in self.rows("products").iter().zip(1..) {
            let sku = row.read("sku", |text| Ok::<_, ()>(text.to_owned()));
            let product = Product {
                sku: sku.clone(),
                name: row.read("name", |text| Ok::<_, ()>(text.to_owned())),
                unit: row.read("unit", |text| Unit::parse(text).ok_or("no such unit")),
                hsn: row.read_if("hsn", Hsn::parse),
                tax_rate: row.read("tax", TaxRate::parse_percent),
                price: row.read_if("price", UnitPrice::parse),
                tax_inclusive: row.read("price is", |text| match text {
                    "with tax" => Ok(true),
                    "without tax" => Ok(false),
                    _ => Err("expected `with tax` or `without tax`"),
                }),
            };
            products.insert(ProductId(id), product);
            ids.insert(sku, ProductId(id));
        }
        (products, ids)
    }

    fn prices(
        &self,
        products: &HashMap<ProductId, Product>,
        ids: &HashMap<String, ProductId>,
    ) -> PriceBook {
        let mut book = PriceBook::new();
        for (id, product) in products {
            // A price without a date holds until the first dated one.
            if product.price.is_some() {
                book.add(PriceChange {
                    product: *id,
                    customer: None,
                    effective_from: Day::MIN,
                    price: product.price,
                });
            }
        }
        for row in self.rows("prices") {
            book.add(PriceChange {
                product: row.read("product", |sku| ids.get(sku).copied().ok_or("no such product")),
                customer: row.read("for", |text| match text {
                    "everyone" => Ok(None),
                    "customer" => Ok(Some(CUSTOMER)),
                    "neighbour" => Ok(Some(NEIGHBOUR)),
                    _ => Err("expected everyone, customer or neighbour"),
                }),
                effective_from: row.read("from", Day::parse),
                price: row.read_if("price", UnitPrice::parse),
            });
        }
        book
    }

    /// All deliveries and orders, a span of days as one delivery a day.
    fn told(&self, ids: &HashMap<String, ProductId>) -> Vec<Told> {
        let mut all = Vec::new();
        for (table, kind) in [("deliveries", LineKind::Delivery), ("orders", LineKind::Order)] {
            for row in self.rows(table) {
                let quantity = row.read("quantity", Quantity::parse);
                let left = match kind {
                    LineKind::Order => left_of_order(row),
                    _ => left_of_delivery(row),
                };
                let left = left.or((quantity == Quantity::ZERO).then_some(Left::NoQuantity));
                for day in row.days() {
                    let product =
                        row.read("product", |sku| ids.get(sku).copied().ok_or("no such product"));
                    let agreed_price = row.read_if("price", UnitPrice::parse);
                    let item = Item { kind, product, day, quantity, agreed_price };
                    all.push(Told { item, on_bill: row.on_bill(), left });
                }
            }
        }
        all
    }

    /// Decides the story and writes down how it ends.
    fn end(&self) -> String {
        let (products, ids) = self.products();
        let prices = self.prices(&products, &ids);
        let month = self.month();
        let bill = match self.setting("bill of the month") {
            None => BillOfMonth::Open,
            Some("issued") => BillOfMonth::Issued,
            Some(other) => panic!("bill of the month {other}?"),
        };
        let closed = self.setting("months closed").unwrap_or_default();
        let closed: Vec<Month> =
            closed.split_whitespace().map(|text| Month::parse(text).unwrap()).collect();
        let (mut items, mut left, mut stays) = (Vec::new(), LeftCounts::default(), 0);
        for told in self.told(&ids) {
            let (day, kind) = (told.item.day, told.item.kind);
            let own_month_closed = closed.contains(&day.month());
            let standing = told.left.map_or_else(
                || standing_of(day, kind, told.on_bill, month, bill, own_month_closed),
                Standing::Left,
            );
            match standing {
                Standing::Billed(kind) => items.push(Item { kind, ..told.item }),
                Standing::Stays => stays += 1,
                Standing::Left(reason) => left.add(reason, 1),
            }
        }
        let party = Party { customer: CUSTOMER, interstate: self.interstate() };
        let round_off = RoundOff::parse(self.setting("round-off").unwrap_or("none")).unwrap();
        let mut end = match draft_bill(party, &items, &products, &prices, round_off) {
            Err(error) => format!("No bill: {error}\n"),
            Ok(_) if stays > 0 => format!("The issued bill stays, with its {stays} deliveries.\n"),
            Ok(draft) if draft.lines.is_empty() => "Nothing to bill.\n".to_owned(),
            Ok(draft) => {
                items.reverse();
                let again = draft_bill(party, &items, &products, &prices, round_off).unwrap();
                assert_sound(&draft, &again, month);
                bill_table(&draft)
            }
        };
        end.push_str(&left_table(&left));
        end
    }
}

/// Cells are parted by two or more spaces.
fn cells_of(line: &str) -> Vec<String> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).map(str::to_owned).collect()
}

fn left_of_delivery(row: &Row) -> Option<Left> {
    row.read("shift", |text| Shift::parse(text).ok_or("no such shift"));
    match row.read("status", |text| Status::parse(text).ok_or("no such status")) {
        Status::Delivered => None,
        Status::Missed => Some(Left::Missed),
        Status::Skipped => Some(Left::Skipped),
    }
}

fn left_of_order(row: &Row) -> Option<Left> {
    match row.read("status", |text| orders::Status::parse(text).ok_or("no such status")) {
        orders::Status::Delivered => None,
        orders::Status::Pending => Some(Left::Pending),
        orders::Status::Cancelled => Some(Left::Cancelled),
    }
}

/// What holds for every bill: it can be posted, and the order of its items does not matter.
fn assert_sound(draft: &Draft, again: &Draft, month: Month) {
    assert_eq!(draft.lines, again.lines);
    assert_eq!(bill_content("C1", month, draft), bill_content("C1", month, again));
    let (bill, day) = (BillId(1), month.last_day());
    let posting =
        bill_transaction(day, CUSTOMER, bill, &draft.split, draft.round_off, draft.total).unwrap();
    let mut balances: BTreeMap<Account, Money> = BTreeMap::new();
    for entry in posting.entries() {
        balances.insert(entry.account, entry.amount);
    }
    assert_eq!(balances.get(&Account::Receivable).copied(), Some(draft.total));
}

fn tax_cell(line: &Line) -> String {
    match (line.tax_rate.ten_thousandths(), line.tax_inclusive) {
        (0, _) => "nil".to_owned(),
        (_, true) => format!("{} % in price", line.tax_rate),
        (_, false) => format!("{} % on top", line.tax_rate),
    }
}

fn bill_table(draft: &Draft) -> String {
    let header = "kind,product,HSN,quantity,price,tax,amount,taxable,CGST,SGST,IGST,from,to,times";
    let mut rows: Vec<Vec<String>> = vec![header.split(',').map(str::to_owned).collect()];
    for line in &draft.lines {
        let hsn = if line.hsn.is_empty() { "-" } else { &line.hsn };
        rows.push(vec![
            line.kind.as_str().to_owned(),
            line.name.clone(),
            hsn.to_owned(),
            format!("{} {}", line.quantity, line.unit.as_str()),
            line.unit_price.to_string(),
            tax_cell(line),
            line.amount.to_string(),
            line.split.taxable.to_string(),
            line.split.cgst.to_string(),
            line.split.sgst.to_string(),
            line.split.igst.to_string(),
            line.first_day.to_string(),
            line.last_day.to_string(),
            line.count.to_string(),
        ]);
    }
    let split = &draft.split;
    let sums = [
        ("taxable value", split.taxable),
        ("CGST", split.cgst),
        ("SGST", split.sgst),
        ("IGST", split.igst),
        ("round off", draft.round_off),
        ("to pay", draft.total),
    ];
    let sums = sums.map(|(name, sum)| vec![name.to_owned(), sum.to_string()]);
    let right = [3, 4, 6, 7, 8, 9, 10, 13];
    format!("{}\n{}", aligned(&rows, &right), aligned(&sums, &[1]))
}

fn left_table(left: &LeftCounts) -> String {
    let rows: Vec<Vec<String>> = left
        .iter()
        .map(|(reason, count)| vec![count.to_string(), reason.explanation().to_owned()])
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("\nleft off the bill\n{}", aligned(&rows, &[0]))
}

/// Rows as aligned columns, two spaces apart; the columns `right` end flush.
fn aligned(rows: &[Vec<String>], right: &[usize]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut text = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let _ = if right.contains(&column) {
                write!(text, "{cell:>width$}  ")
            } else {
                write!(text, "{cell:<width$}  ")
            };
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }
    out
}
