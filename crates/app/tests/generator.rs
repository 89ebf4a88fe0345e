//! The demo dairy: the same plan gives the same bytes, every field is one the import accepts, no
//! delivery comes twice, and late deliveries are of earlier months.
//!
//! The files are read here by a reader of its own. It deliberately imports nothing; the tests of
//! the import do.

use app::generator::{MAX_CUSTOMERS, Plan, Summary, generate};
use dairy::{Dairy, Row, month, plan, refusal};
use domain::calendar::Day;
use domain::catalog::{Hsn, Unit};
use domain::customers::{
    Email, Gstin, Language, Phone, Pincode, State, check_code, check_free_text, check_name,
};
use domain::money::{Money, Quantity, TaxRate, UnitPrice};
use domain::{deliveries, orders};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use tempfile::TempDir;

const FILES: [(&str, &str); 6] = [
    (
        "customers.csv",
        "code,name,phone,email,language,address,pincode,state,gstin,route,opening_balance",
    ),
    ("products.csv", "sku,name,unit,hsn,tax_rate,price,tax_inclusive"),
    ("prices.csv", "sku,customer_code,effective_from,price"),
    ("deliveries.csv", "reference,date,shift,customer_code,sku,quantity,status"),
    ("orders.csv", "reference,ordered_on,delivery_date,customer_code,sku,quantity,status,price"),
    ("late/deliveries.csv", "reference,date,shift,customer_code,sku,quantity,status"),
];

/// Makes and reads a dairy. A module of its own, because helpers that may panic are allowed only in
/// what is marked as a test.
#[cfg(test)]
mod dairy {
    use app::generator::{GeneratorError, Plan, Summary, generate};
    use domain::calendar::Month;
    use std::collections::{HashMap, HashSet};
    use std::fmt::Debug;
    use std::fs;
    use std::path::Path;
    use tempfile::TempDir;

    pub fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    pub fn plan(customers: u32, months: u32, seed: u64) -> Plan {
        Plan { customers, months, last_month: month("2026-10"), seed }
    }

    /// A generated dairy in a folder that is removed at the end.
    pub struct Dairy {
        pub folder: TempDir,
        pub summary: Summary,
    }

    impl Dairy {
        pub fn of(plan: &Plan) -> Self {
            let folder = TempDir::new().unwrap();
            let summary = generate(plan, folder.path(), &mut |_| {}).unwrap();
            Self { folder, summary }
        }

        pub fn text(&self, file: &str) -> String {
            fs::read_to_string(self.folder.path().join(file)).unwrap()
        }

        pub fn rows(&self, file: &str) -> Vec<Row> {
            let mut records = records(&self.text(file)).into_iter();
            let header = records.next().unwrap();
            let with_line = records.zip(2..);
            with_line
                .map(|(record, line)| {
                    assert_eq!(record.len(), header.len(), "{file}:{line}");
                    Row {
                        place: format!("{file}:{line}"),
                        cells: header.iter().cloned().zip(record).collect(),
                    }
                })
                .collect()
        }

        pub fn column(&self, file: &str, column: &str) -> HashSet<String> {
            let rows = self.rows(file).into_iter();
            rows.map(|row| row.get(column).to_owned()).collect()
        }
    }

    pub struct Row {
        pub place: String,
        cells: HashMap<String, String>,
    }

    impl Row {
        pub fn get(&self, column: &str) -> &str {
            &self.cells[column]
        }

        pub fn has(&self, column: &str) -> bool {
            !self.get(column).is_empty()
        }

        /// A cell that must be there and read well.
        pub fn read<T, E: Debug>(&self, column: &str, parse: impl Fn(&str) -> Result<T, E>) -> T {
            let cell = self.get(column);
            parse(cell).unwrap_or_else(|error| panic!("{}: {column} {cell}: {error:?}", self.place))
        }

        /// A cell that may be blank.
        pub fn read_if<T, E: Debug>(
            &self,
            column: &str,
            parse: impl Fn(&str) -> Result<T, E>,
        ) -> Option<T> {
            self.has(column).then(|| self.read(column, parse))
        }

        /// What makes a delivery without a reference the same delivery.
        pub fn delivery_key(&self) -> [String; 4] {
            ["date", "shift", "customer_code", "sku"].map(|column| self.get(column).to_owned())
        }
    }

    /// The records of a CSV text (RFC 4180).
    fn records(text: &str) -> Vec<Vec<String>> {
        let mut records = Vec::new();
        let (mut record, mut field, mut quoted) = (Vec::new(), String::new(), false);
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => quoted = !quoted,
                ',' if !quoted => record.push(std::mem::take(&mut field)),
                '\n' if !quoted => {
                    record.push(std::mem::take(&mut field));
                    records.push(std::mem::take(&mut record));
                }
                other => field.push(other),
            }
        }
        assert!(!quoted && field.is_empty() && record.is_empty(), "an end");
        records
    }

    pub fn refusal(plan: &Plan, out: &Path) -> GeneratorError {
        generate(plan, out, &mut |_| {}).unwrap_err()
    }
}

#[test]
fn the_same_plan_gives_the_same_bytes() {
    let dairies = [plan(60, 2, 7), plan(60, 2, 7), plan(60, 2, 8)].map(|plan| Dairy::of(&plan));
    assert_eq!(dairies[0].summary, dairies[1].summary);
    for (file, _) in FILES {
        let [first, second, other] = dairies.each_ref().map(|dairy| dairy.text(file));
        assert!(first == second, "{file} differs from run to run");
        // What is sold does not depend on the seed.
        if file != "products.csv" {
            assert!(first != other, "{file} does not depend on the seed");
        }
    }
}

#[test]
fn columns_and_counts_are_those_of_the_summary() {
    let dairy = Dairy::of(&plan(120, 3, 1));
    let summary = &dairy.summary;
    let counts = [
        summary.customers,
        summary.products,
        summary.prices,
        summary.deliveries,
        summary.orders,
        summary.late,
    ];
    for ((file, header), count) in FILES.into_iter().zip(counts) {
        assert_eq!(dairy.text(file).lines().next(), Some(header), "{file}");
        assert_eq!(dairy.rows(file).len() as u64, count, "{file}");
    }
    assert_eq!(summary.customers, 120);
    assert_eq!(summary.first_month, month("2026-08"));
    assert_eq!(summary.last_month, month("2026-10"));
}

#[test]
fn a_dairy_has_about_one_delivery_for_each_customer_and_day() {
    let dairy = Dairy::of(&plan(1000, 3, 5));
    let Summary { deliveries, late, orders, .. } = dairy.summary;
    // 92 days; 26 to 33 deliveries in thirty of them.
    let per_thirty_days = (deliveries + late) * 30 / (1000 * 92);
    assert!((26..=33).contains(&per_thirty_days), "{per_thirty_days}");
    // About one in two hundred of the first two months.
    assert!((200..=400).contains(&late), "{late}");
    // About 0.15 for each customer and month.
    assert!((330..=520).contains(&orders), "{orders}");
    let rows = dairy.rows("deliveries.csv");
    let share = |test: &dyn Fn(&Row) -> bool| {
        rows.iter().filter(|row| test(row)).count() * 1000 / rows.len()
    };
    let missed = share(&|row| row.get("status") == "missed");
    let skipped = share(&|row| row.get("status") == "skipped");
    let with_reference = share(&|row| row.has("reference"));
    let evening = share(&|row| row.get("shift") == "evening");
    assert!((5..=15).contains(&missed), "{missed}");
    assert!((10..=40).contains(&skipped), "{skipped}");
    assert!((15..=25).contains(&with_reference), "{with_reference}");
    assert!((50..=200).contains(&evening), "{evening}");
}

#[test]
fn every_customer_reads_well_and_all_kinds_are_there() {
    let dairy = Dairy::of(&plan(1000, 1, 3));
    let rows = dairy.rows("customers.csv");
    let mut phones: BTreeMap<String, u32> = BTreeMap::new();
    for row in &rows {
        row.read("code", check_code);
        row.read("name", check_name);
        if let Some(phone) = row.read_if("phone", Phone::parse) {
            *phones.entry(phone.as_str().to_owned()).or_default() += 1;
        }
        row.read_if("email", Email::parse);
        row.read_if("language", Language::parse);
        row.read_if("address", check_free_text);
        row.read_if("pincode", Pincode::parse);
        let state = row.read_if("state", State::parse);
        let gstin = row.read_if("gstin", Gstin::parse);
        if let (Some(state), Some(gstin)) = (state, gstin) {
            assert_eq!(state, gstin.state(), "{}", row.place);
        }
        assert!(row.get("route").starts_with('R'), "{}", row.place);
        row.read_if("opening_balance", Money::parse);
    }
    let count = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| test(row)).count();
    assert_eq!(count(&|row| row.get("state") == "27"), 20);
    let registered = count(&|row| row.has("gstin"));
    let balances = count(&|row| row.has("opening_balance"));
    let advances = count(&|row| row.get("opening_balance").starts_with('-'));
    let landlines = count(&|row| row.get("phone").starts_with("0260"));
    assert!((10..=30).contains(&registered), "{registered}");
    assert!((150..=250).contains(&balances), "{balances}");
    assert!((20..=90).contains(&advances), "{advances}");
    assert!(landlines > 0 && count(&|row| !row.has("phone")) > 0);
    assert!(phones.values().any(|customers| *customers == 2));
    assert!(count(&|row| !row.get("name").is_ascii()) > 100);
    assert!(count(&|row| row.get("address").contains('"')) > 10);
    assert!(count(&|row| row.get("name").contains(',')) > 5);
    assert_eq!(dairy.column("customers.csv", "code").len(), 1000);
    assert_eq!(rows[0].get("code"), "C00001");
}

#[test]
fn every_product_and_price_reads_well() {
    let dairy = Dairy::of(&plan(1000, 3, 4));
    for row in dairy.rows("products.csv") {
        row.read("sku", check_code);
        row.read("name", check_name);
        assert!(Unit::parse(row.get("unit")).is_some(), "{}", row.place);
        row.read("hsn", Hsn::parse);
        row.read("tax_rate", TaxRate::parse_percent);
        assert!(row.read("price", UnitPrice::parse).milli() > 0);
        row.read("tax_inclusive", str::parse::<bool>);
    }
    let products = dairy.column("products.csv", "sku");
    let customers = dairy.column("customers.csv", "code");
    let (mut keys, mut own, mut ended) = (HashSet::new(), HashSet::new(), 0);
    for row in dairy.rows("prices.csv") {
        assert!(products.contains(row.get("sku")), "{}", row.place);
        let day = row.read("effective_from", Day::parse);
        let customer = row.get("customer_code").to_owned();
        let key = (row.get("sku").to_owned(), customer.clone());
        assert!(keys.insert((key.clone(), day)), "{} comes twice", row.place);
        if row.get("price") == "general" {
            assert!(own.contains(&key), "{} ends nothing", row.place);
            ended += 1;
        } else {
            assert!(row.read("price", UnitPrice::parse).milli() > 0);
        }
        if !customer.is_empty() {
            assert!(customers.contains(&customer), "{}", row.place);
            own.insert(key);
        }
    }
    assert!(ended > 0);
    let with_own: HashSet<_> = own.iter().map(|(_, customer)| customer).collect();
    assert_eq!(with_own.len(), 30);
    for day in ["2026-09-11", "2026-10-16"] {
        let revision = (("COW-MILK".to_owned(), String::new()), Day::parse(day).unwrap());
        assert!(keys.contains(&revision), "{day}");
    }
}

#[test]
fn every_delivery_reads_well_and_comes_once() {
    let dairy = Dairy::of(&plan(400, 3, 6));
    let products = dairy.column("products.csv", "sku");
    let customers = dairy.column("customers.csv", "code");
    let (mut keys, mut references) = (HashSet::new(), HashSet::new());
    for (file, last) in
        [("deliveries.csv", month("2026-10")), ("late/deliveries.csv", month("2026-09"))]
    {
        for row in dairy.rows(file) {
            let day = row.read("date", Day::parse);
            assert!((month("2026-08")..=last).contains(&day.month()));
            assert!(deliveries::Shift::parse(row.get("shift")).is_some());
            let status = deliveries::Status::parse(row.get("status")).unwrap();
            let quantity = row.read("quantity", Quantity::parse).milli();
            assert!(quantity >= 0, "{}", row.place);
            if status == deliveries::Status::Delivered {
                assert!(quantity > 0, "{}", row.place);
            }
            assert!(products.contains(row.get("sku")), "{}", row.place);
            assert!(customers.contains(row.get("customer_code")));
            if row.has("reference") {
                row.read("reference", check_code);
                assert!(references.insert(row.get("reference").to_owned()));
            } else {
                assert!(keys.insert(row.delivery_key()), "{}", row.place);
            }
        }
    }
    assert!(dairy.summary.late > 0);
}

#[test]
fn deliveries_are_ordered_by_day_round_route_and_customer() {
    let dairy = Dairy::of(&plan(200, 2, 9));
    let customers = dairy.rows("customers.csv").into_iter();
    let routes: HashMap<String, String> =
        customers.map(|row| (row.get("code").to_owned(), row.get("route").to_owned())).collect();
    for file in ["deliveries.csv", "late/deliveries.csv"] {
        let rows = dairy.rows(file).into_iter();
        let places = rows.map(|row| {
            let code = row.get("customer_code").to_owned();
            let round = deliveries::Shift::parse(row.get("shift")).unwrap();
            (row.get("date").to_owned(), round, routes[&code].clone(), code)
        });
        assert!(places.is_sorted(), "{file}");
    }
}

#[test]
fn every_order_reads_well() {
    let dairy = Dairy::of(&plan(1000, 3, 2));
    let products = dairy.column("products.csv", "sku");
    let customers = dairy.column("customers.csv", "code");
    let (mut references, mut statuses, mut agreed) = (HashSet::new(), HashSet::new(), 0);
    for row in dairy.rows("orders.csv") {
        row.read("reference", check_code);
        assert!(references.insert(row.get("reference").to_owned()));
        let delivery = row.read("delivery_date", Day::parse);
        assert!(row.read("ordered_on", Day::parse) <= delivery);
        assert!((month("2026-08")..=month("2026-10")).contains(&delivery.month()));
        assert!(products.contains(row.get("sku")));
        assert!(customers.contains(row.get("customer_code")));
        assert!(row.read("quantity", Quantity::parse).milli() > 0);
        statuses.insert(orders::Status::parse(row.get("status")).unwrap().as_str());
        if let Some(price) = row.read_if("price", UnitPrice::parse) {
            assert!(price.milli() > 0, "{}", row.place);
            agreed += 1;
        }
    }
    assert_eq!(statuses.len(), 3);
    assert!(agreed > 0);
}

#[test]
fn one_customer_and_one_month_is_enough() {
    let dairy = Dairy::of(&plan(1, 1, 0));
    assert!(dairy.summary.deliveries > 0);
    assert_eq!(dairy.summary.late, 0);
    assert_eq!(dairy.summary.first_month, dairy.summary.last_month);
    let late = dairy.text("late/deliveries.csv");
    assert_eq!(late.lines().collect::<Vec<_>>(), [FILES[5].1]);
    assert!(Dairy::of(&plan(1, 60, 0)).summary.deliveries > 0);
}

#[test]
fn progress_grows_to_the_number_of_deliveries() {
    let folder = TempDir::new().unwrap();
    let plan = plan(500, 3, 1);
    let mut reports = Vec::new();
    let summary = generate(&plan, folder.path(), &mut |written| reports.push(written)).unwrap();
    let all = summary.deliveries + summary.late;
    assert!(reports.len() > 2 && reports.is_sorted());
    assert_eq!(reports.last(), Some(&all));
    let expected = plan.expected_deliveries();
    assert!(all.abs_diff(expected) * 10 < expected, "{all} of {expected}");
}

#[test]
fn made_up_files_are_written_again_and_others_left_alone() {
    let folder = TempDir::new().unwrap();
    let [notes, orders] = ["notes.txt", "orders.csv"].map(|name| folder.path().join(name));
    fs::write(&notes, "mine").unwrap();
    generate(&plan(5, 1, 1), folder.path(), &mut |_| {}).unwrap();
    fs::write(&orders, "old").unwrap();
    generate(&plan(5, 1, 1), folder.path(), &mut |_| {}).unwrap();
    assert_eq!(fs::read_to_string(&notes).unwrap(), "mine");
    assert!(fs::read_to_string(&orders).unwrap().starts_with("reference,"));

    let own = TempDir::new().unwrap();
    fs::write(own.path().join("orders.csv"), "mine").unwrap();
    let said = refusal(&plan(5, 1, 1), own.path()).to_string();
    assert!(said.contains("was not made up"), "{said}");
    assert_eq!(fs::read_to_string(own.path().join("orders.csv")).unwrap(), "mine");
}

#[test]
fn wrong_plans_and_places_are_refused_in_words() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("deep/er");
    let early = Plan { last_month: month("1900-03"), ..plan(1, 4, 1) };
    for (wrong, expected) in [
        (plan(0, 1, 1), "with 0 customers"),
        (plan(MAX_CUSTOMERS + 1, 1, 1), "expected 1 to 5000000"),
        (plan(1, 0, 1), "of 0 months"),
        (plan(1, 61, 1), "expected 1 to 60 months"),
        (early, "begin before 1900-01"),
    ] {
        let said = refusal(&wrong, &out).to_string();
        assert!(said.contains(expected), "{said}");
    }
    assert!(!out.exists(), "a refused plan writes nothing");

    let file = folder.path().join("file");
    fs::write(&file, "kept").unwrap();
    let said = refusal(&plan(1, 1, 1), &file).to_string();
    assert!(said.contains("file is not a folder"), "{said}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");

    generate(&plan(1, 1, 1), &out, &mut |_| {}).unwrap();
    fs::remove_file(out.join("prices.csv")).unwrap();
    fs::create_dir_all(out.join("prices.csv")).unwrap();
    let said = refusal(&plan(1, 1, 1), &out).to_string();
    assert!(said.starts_with("cannot create "), "{said}");
    assert!(said.contains("prices.csv"), "{said}");
}
