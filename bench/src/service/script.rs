//! Mixed traffic: what one connection asks for, drawn from a seed.
//!
//! It deliberately reads and changes as people and programs do: a customer is changed after it was
//! read, from the version that was read. Each connection changes customers of its own, so that no
//! change is lost to another connection and every answer can be expected.

use super::world::World;
use crate::load::{Answer, Caller, Draw, Script};
use std::sync::Arc;

/// What is asked for. The order is that of `KINDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    BillByNumber,
    BillOfCustomer,
    Customer,
    CustomersPage,
    BillsPage,
    Deliveries,
    Products,
    Me,
    ReportDelivery,
    ReportOrder,
    ChangeCustomer,
}

/// A kind of request.
pub struct Kind {
    operation: Operation,
    /// Its name for people.
    pub name: &'static str,
    /// How many of a thousand requests are of this kind.
    pub of_thousand: usize,
    /// It changes something.
    pub writes: bool,
}

const fn read(operation: Operation, name: &'static str, of_thousand: usize) -> Kind {
    Kind { operation, name, of_thousand, writes: false }
}

const fn write(operation: Operation, name: &'static str, of_thousand: usize) -> Kind {
    Kind { operation, name, of_thousand, writes: true }
}

/// All kinds; nine of ten read.
pub const KINDS: [Kind; 11] = [
    read(Operation::BillByNumber, "GET a bill by its number", 250),
    read(Operation::BillOfCustomer, "GET a customer's bill of the month", 150),
    read(Operation::Customer, "GET a customer", 150),
    read(Operation::CustomersPage, "GET 50 customers", 50),
    read(Operation::BillsPage, "GET 50 bills of the month", 50),
    read(Operation::Deliveries, "GET a customer's deliveries", 100),
    read(Operation::Products, "GET the products", 50),
    read(Operation::Me, "GET oneself", 100),
    write(Operation::ReportDelivery, "POST a delivery", 50),
    write(Operation::ReportOrder, "POST an order", 20),
    write(Operation::ChangeCustomer, "PATCH a customer", 30),
];

const THOUSAND: usize = 1000;
/// Days that every month has.
const DAYS: usize = 28;
/// The largest quantity of a delivery or order, in whole units.
const MOST: usize = 4;

/// A customer of one's own that was read, and the version seen.
struct Seen {
    code: String,
    etag: String,
}

/// The requests of one connection.
pub struct Mixed {
    world: Arc<World>,
    caller: Caller,
    draw: Draw,
    /// Which connection this is, and of how many.
    lane: usize,
    lanes: usize,
    /// Requests so far.
    serial: u64,
    /// What was asked for last.
    asked: Operation,
    /// What its answer must name, in quotes; nothing when there is no such thing.
    named: String,
    /// The customer of one's own that the last request is about.
    own: Option<String>,
    seen: Option<Seen>,
}

impl Mixed {
    /// The requests of connection `lane` of `lanes`; there are at least as many customers.
    pub fn new(world: Arc<World>, caller: Caller, seed: u64, lane: usize, lanes: usize) -> Self {
        let draw = Draw::new(seed, lane as u64);
        let asked = Operation::Me;
        Self {
            world,
            caller,
            draw,
            lane,
            lanes,
            serial: 0,
            asked,
            named: String::new(),
            own: None,
            seen: None,
        }
    }

    fn operation(&mut self) -> Operation {
        let mut place = self.draw.below(THOUSAND);
        for kind in &KINDS {
            if place < kind.of_thousand {
                return kind.operation;
            }
            place -= kind.of_thousand;
        }
        Operation::Me
    }

    /// A customer that no other connection changes.
    fn own_customer(&mut self) -> String {
        let all = self.world.customers.len();
        let own = all.saturating_sub(self.lane).div_ceil(self.lanes);
        let place = self.lane + self.lanes * self.draw.below(own);
        self.world.customers.get(place).cloned().unwrap_or_default()
    }

    fn read(&mut self, operation: Operation, out: &mut Vec<u8>) {
        let (world, draw, named) = (&self.world, &mut self.draw, &mut self.named);
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        let mut name = |found: Option<&String>| {
            let found = text(found);
            *named = format!("\"{found}\"");
            found
        };
        let month = &world.month;
        let path = match operation {
            Operation::BillByNumber => {
                let number = draw.one_of(&world.bills).map(|(number, _)| number);
                format!("/api/v1/bills/{}", name(number))
            }
            Operation::BillOfCustomer => {
                let code = draw.one_of(&world.bills).map(|(_, code)| code);
                format!("/api/v1/customers/{}/bills/{month}", name(code))
            }
            Operation::CustomersPage => {
                let after = text(draw.one_of(&world.customer_pages));
                format!("/api/v1/customers?sort=code&limit=50{after}")
            }
            Operation::BillsPage => {
                let after = text(draw.one_of(&world.bill_pages));
                format!("/api/v1/bills?month={month}&limit=50{after}")
            }
            Operation::Deliveries => {
                let code = text(draw.one_of(&world.customers));
                let days = format!("from={month}-01&to={month}-{DAYS}");
                format!("/api/v1/customers/{code}/deliveries?{days}&limit=50")
            }
            Operation::Products => "/api/v1/products?limit=50".to_owned(),
            _ => "/api/v1/me".to_owned(),
        };
        self.caller.get(&path, out);
    }

    /// Half of the customers that are read are of one's own, and may be changed next.
    fn read_customer(&mut self, own: bool, out: &mut Vec<u8>) {
        let code = if own {
            let code = self.own_customer();
            self.own = Some(code.clone());
            code
        } else {
            self.draw.one_of(&self.world.customers).cloned().unwrap_or_default()
        };
        self.named = format!("\"{code}\"");
        self.caller.get(&format!("/api/v1/customers/{code}"), out);
    }

    fn send(
        &mut self,
        method: &str,
        path: &str,
        etag: Option<&str>,
        json: &str,
        out: &mut Vec<u8>,
    ) {
        let key = format!("bench-{}-{}", self.lane, self.serial);
        let key = ("Idempotency-Key", key.as_str());
        match etag {
            Some(etag) => self.caller.send(method, path, &[key, ("If-Match", etag)], json, out),
            None => self.caller.send(method, path, &[key], json, out),
        }
    }

    fn report_delivery(&mut self, out: &mut Vec<u8>) {
        let customer = self.own_customer();
        let sku = self.draw.one_of(&self.world.products).cloned().unwrap_or_default();
        let month = &self.world.next_month;
        let day = self.draw.below(DAYS) + 1;
        let shift = if self.draw.below(2) == 0 { "morning" } else { "evening" };
        let quantity = self.draw.below(MOST) + 1;
        let json = format!(
            "{{\"deliveries\":[{{\"date\":\"{month}-{day:02}\",\"shift\":\"{shift}\",\
             \"customer_code\":\"{customer}\",\"sku\":\"{sku}\",\"quantity\":\"{quantity}\",\
             \"status\":\"delivered\"}}]}}"
        );
        self.send("POST", "/api/v1/deliveries", None, &json, out);
    }

    fn report_order(&mut self, out: &mut Vec<u8>) {
        let customer = self.own_customer();
        let sku = self.draw.one_of(&self.world.products).cloned().unwrap_or_default();
        let (lane, serial, month) = (self.lane, self.serial, &self.world.next_month);
        let day = self.draw.below(DAYS) + 1;
        let quantity = self.draw.below(MOST) + 1;
        let json = format!(
            "{{\"orders\":[{{\"reference\":\"BENCH-{lane}-{serial}\",\"ordered_on\":\"{month}-01\",\
             \"delivery_date\":\"{month}-{day:02}\",\"customer_code\":\"{customer}\",\
             \"sku\":\"{sku}\",\"quantity\":\"{quantity}\",\"status\":\"pending\"}}]}}"
        );
        self.send("POST", "/api/v1/orders", None, &json, out);
    }

    fn change_customer(&mut self, seen: Seen, out: &mut Vec<u8>) {
        let json = format!("{{\"address\":\"House {}, Station Road\"}}", self.serial);
        let path = format!("/api/v1/customers/{}", seen.code);
        self.send("PATCH", &path, Some(&seen.etag), &json, out);
        self.named = format!("\"{}\"", seen.code);
        self.own = Some(seen.code);
    }
}

impl Script for Mixed {
    fn next(&mut self, out: &mut Vec<u8>) -> usize {
        self.serial += 1;
        self.own = None;
        self.named.clear();
        self.asked = self.operation();
        match self.asked {
            Operation::Customer => {
                let own = self.draw.below(2) == 0;
                self.read_customer(own, out);
            }
            Operation::ReportDelivery => self.report_delivery(out),
            Operation::ReportOrder => self.report_order(out),
            Operation::ChangeCustomer => {
                if let Some(seen) = self.seen.take() {
                    self.change_customer(seen, out);
                } else {
                    // Nothing was read yet that could be changed.
                    self.asked = Operation::Customer;
                    self.read_customer(true, out);
                }
            }
            reads => self.read(reads, out),
        }
        self.asked as usize
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Result<(), String> {
        let own = self.own.take();
        if answer.status != 200 || !names(answer.body, self.named.as_bytes()) {
            let name = KINDS.get(self.asked as usize).map_or("", |kind| kind.name);
            return Err(format!("{name}: {}", answer.shown()));
        }
        if let Some(code) = own {
            let etag = answer.etag.ok_or("a customer came without an entity tag")?.to_owned();
            self.seen = Some(Seen { code, etag });
        }
        Ok(())
    }
}

/// Whether an answer names a thing. Answers name what they are about in their first bytes, so the
/// search is short.
fn names(body: &[u8], thing: &[u8]) -> bool {
    thing.is_empty() || body.windows(thing.len()).any(|bytes| bytes == thing)
}

#[cfg(test)]
mod tests {
    use super::{KINDS, Mixed, THOUSAND, World};
    use crate::load::{Answer, Caller, Script};
    use std::collections::{HashMap, HashSet};
    use std::sync::Arc;

    const LANES: usize = 3;

    fn mixed(seed: u64, lane: usize) -> Mixed {
        let world = World {
            month: "2026-09".to_owned(),
            next_month: "2026-10".to_owned(),
            customers: (0..10).map(|number| format!("C{number}")).collect(),
            bills: vec![("INV/26-27/000001".to_owned(), "C0".to_owned())],
            products: vec!["MILK".to_owned()],
            customer_pages: vec![String::new(), "&after=x".to_owned()],
            bill_pages: vec![String::new()],
        };
        let caller = Caller::new("127.0.0.1:80".parse().unwrap(), None);
        Mixed::new(Arc::new(world), caller, seed, lane, LANES)
    }

    /// A service that only knows the versions of customers, from 1, by their paths.
    #[derive(Default)]
    struct Versions(HashMap<String, u32>);

    impl Versions {
        /// Answers so many requests as expected; returns them with their kinds.
        fn ask(&mut self, mixed: &mut Mixed, times: usize) -> Vec<(usize, String)> {
            (0..times).map(|_| self.ask_one(mixed)).collect()
        }

        fn ask_one(&mut self, mixed: &mut Mixed) -> (usize, String) {
            let mut out = Vec::new();
            let kind = mixed.next(&mut out);
            let request = String::from_utf8(out).unwrap();
            let path = request.split(' ').nth(1).unwrap();
            let version = self.0.entry(path.to_owned()).or_insert(1);
            if request.starts_with("PATCH ") {
                assert_eq!(line(&request, "If-Match: "), Some(format!("\"{version}\"")));
                *version += 1;
            }
            let etag = format!("\"{version}\"");
            let body = format!("{{\"of\":{}}}", mixed.named);
            let answer = Answer { status: 200, etag: Some(&etag), body: body.as_bytes() };
            mixed.judge(&answer).unwrap();
            (kind, request)
        }
    }

    fn ask(mixed: &mut Mixed, times: usize) -> Vec<(usize, String)> {
        Versions::default().ask(mixed, times)
    }

    fn line(request: &str, name: &str) -> Option<String> {
        request.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
    }

    #[test]
    fn the_kinds_stand_in_their_order_and_nine_of_ten_read() {
        let sum = |writes| {
            let kinds = KINDS.iter().filter(|kind| kind.writes == writes);
            kinds.map(|kind| kind.of_thousand).sum::<usize>()
        };
        assert_eq!((sum(false), sum(true)), (THOUSAND * 9 / 10, THOUSAND / 10));
        for (place, kind) in KINDS.iter().enumerate() {
            assert_eq!(kind.operation as usize, place);
        }
    }

    #[test]
    fn requests_come_as_often_as_they_should_and_are_the_same_for_a_seed() {
        let asked = ask(&mut mixed(1, 0), 20_000);
        assert!(asked == ask(&mut mixed(1, 0), 20_000));
        assert!(asked != ask(&mut mixed(2, 0), 20_000) && asked != ask(&mut mixed(1, 1), 20_000));
        for (place, kind) in KINDS.iter().enumerate() {
            let count = asked.iter().filter(|(found, _)| *found == place).count();
            let expected = kind.of_thousand * 20;
            let slack = expected / 5 + 20;
            assert!(count.abs_diff(expected) <= slack, "{}: {count}, not {expected}", kind.name);
        }
    }

    #[test]
    fn every_write_has_a_key_of_its_own_and_changes_name_the_version_there_is() {
        let mut versions = Versions::default();
        let mut lanes: Vec<Mixed> = (0..LANES).map(|lane| mixed(1, lane)).collect();
        let mut keys = HashSet::new();
        let mut changed = HashSet::new();
        for _ in 0..5000 {
            for (lane, mixed) in lanes.iter_mut().enumerate() {
                let (kind, request) = versions.ask_one(mixed);
                assert_eq!(KINDS[kind].writes, !request.starts_with("GET "), "{request}");
                if KINDS[kind].writes {
                    assert!(keys.insert(line(&request, "Idempotency-Key: ").unwrap()));
                }
                if let Some(rest) = request.strip_prefix("PATCH ") {
                    changed.insert((rest.split(' ').next().unwrap().to_owned(), lane));
                }
            }
        }
        let customers: HashSet<_> = changed.iter().map(|(path, _)| path).collect();
        assert_eq!((customers.len(), changed.len()), (10, 10), "one lane changes each");
    }

    #[test]
    fn another_status_is_wrong() {
        let mut mixed = mixed(1, 0);
        mixed.next(&mut Vec::new());
        let wrong = mixed.judge(&Answer { status: 503, etag: None, body: b"busy" }).unwrap_err();
        assert!(wrong.contains("503 busy"), "{wrong}");
    }

    #[test]
    fn an_answer_about_another_thing_is_wrong() {
        let mut mixed = mixed(1, 0);
        while mixed.named != "\"INV/26-27/000001\"" {
            mixed.next(&mut Vec::new());
        }
        let body = b"{\"number\":\"INV/26-27/000002\"}";
        assert!(mixed.judge(&Answer { status: 200, etag: None, body }).is_err());
        let body = b"{\"number\":\"INV/26-27/000001\"}";
        assert!(mixed.judge(&Answer { status: 200, etag: None, body }).is_ok());
    }
}
