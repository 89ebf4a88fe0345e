//! The billing decision against an independent calculation, and what must hold for every bill.
//!
//! The calculation here is built otherwise than the crate's: exact fractions, a sorted map of
//! groups, prices found by looking at every change, rounding by comparing twice the remainder. It
//! deliberately shares no arithmetic with the crate and is not made to be fast.

#![expect(clippy::unwrap_used, reason = "this is a test program; its helpers fail as tests do")]

use domain::billing::{
    BillingError, Certificate, ContentHash, Counts, Draft, Item, Left, LeftCounts, Line, LineKind,
    Party, RoundOff, Sums, bill_content, compute_line, draft_bill,
};
use domain::calendar::{Day, Month};
use domain::catalog::{Hsn, PriceBook, PriceChange, Product, Unit};
use domain::ids::{BillId, CustomerId, ProductId};
use domain::ledger::{Account, bill_transaction};
use domain::money::{Money, Quantity, TaxRate, TaxSplit, UnitPrice};
use proptest::prelude::*;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

const CUSTOMER: CustomerId = CustomerId(7);
const OTHER: CustomerId = CustomerId(8);

/// A fraction in lowest terms with a positive denominator.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    fn new(over: i128, under: i128) -> Self {
        let mut divisor = (over.abs(), under.abs());
        while divisor.1 != 0 {
            divisor = (divisor.1, divisor.0 % divisor.1);
        }
        let divisor = divisor.0.max(1) * under.signum();
        Self { over: over / divisor, under: under / divisor }
    }

    fn whole(value: i128) -> Self {
        Self::new(value, 1)
    }

    fn plus(self, other: Self) -> Self {
        Self::new(self.over * other.under + other.over * self.under, self.under * other.under)
    }

    fn times(self, other: Self) -> Self {
        Self::new(self.over * other.over, self.under * other.under)
    }

    fn divided_by(self, other: Self) -> Self {
        Self::new(self.over * other.under, self.under * other.over)
    }

    /// The nearest integer, the even one of two equally near.
    fn rounded(self) -> i128 {
        let below = self.over.div_euclid(self.under);
        let twice = 2 * self.over.rem_euclid(self.under);
        match twice.cmp(&self.under) {
            Ordering::Less => below,
            Ordering::Greater => below + 1,
            Ordering::Equal => below + below.rem_euclid(2),
        }
    }
}

/// All a bill depends on.
#[derive(Clone, Debug)]
struct World {
    products: Vec<Product>,
    changes: Vec<PriceChange>,
    items: Vec<Item>,
    interstate: bool,
    round_off: RoundOff,
}

impl World {
    fn decide(&self) -> Result<Draft, BillingError> {
        self.decide_items(&self.items)
    }

    fn decide_items(&self, items: &[Item]) -> Result<Draft, BillingError> {
        let party = Party { customer: CUSTOMER, interstate: self.interstate };
        let products: HashMap<ProductId, Product> = self
            .products
            .iter()
            .cloned()
            .zip(1..)
            .map(|(product, id)| (ProductId(id), product))
            .collect();
        let mut book = PriceBook::new();
        for change in &self.changes {
            book.add(*change);
        }
        draft_bill(party, items, &products, &book, self.round_off)
    }

    fn product(&self, id: ProductId) -> &Product {
        &self.products[usize::try_from(id.0 - 1).unwrap()]
    }

    /// The price by looking at every change; of two of one day the later told one counts.
    fn price(&self, item: &Item) -> Option<i64> {
        if let Some(price) = item.agreed_price {
            return Some(price.milli());
        }
        let latest = |customer: Option<CustomerId>| {
            let mut best: Option<&PriceChange> = None;
            for change in &self.changes {
                let fits = change.product == item.product
                    && change.customer == customer
                    && change.effective_from <= item.day;
                if fits && best.is_none_or(|best| best.effective_from <= change.effective_from) {
                    best = Some(change);
                }
            }
            best.and_then(|change| change.price)
        };
        latest(Some(CUSTOMER)).or_else(|| latest(None)).map(UnitPrice::milli)
    }

    /// The bill by the independent calculation; `None` when an item has no price above zero.
    fn expected(&self) -> Option<Expected> {
        let mut groups: BTreeMap<(usize, &str, i64), Vec<&Item>> = BTreeMap::new();
        for item in &self.items {
            let price = self.price(item).filter(|price| *price > 0)?;
            let kind = LineKind::ALL.iter().position(|kind| *kind == item.kind).unwrap();
            let sku = self.product(item.product).sku.as_str();
            groups.entry((kind, sku, price)).or_default().push(item);
        }
        let mut lines: Vec<ExpectedLine> = groups
            .into_iter()
            .map(|((kind, _, price), items)| self.expected_line(kind, price, &items))
            .collect();
        lines.sort_by(|a, b| {
            (a.kind, &a.sku, a.first, a.price).cmp(&(b.kind, &b.sku, b.first, b.price))
        });
        let sum = |part: fn(&ExpectedLine) -> i128| lines.iter().map(part).sum::<i128>();
        let exact = sum(|line| line.taxable + line.cgst + line.sgst + line.igst);
        // The nearest whole rupee, 50 paise up: the floor of half a rupee more.
        let total = match self.round_off {
            RoundOff::None => exact,
            RoundOff::Rupee => (exact + 50).div_euclid(100) * 100,
        };
        Some(Expected { lines, round_off: total - exact, total })
    }

    fn expected_line(&self, kind: usize, price: i64, items: &[&Item]) -> ExpectedLine {
        let product = self.product(items[0].product);
        let quantity: i128 = items.iter().map(|item| i128::from(item.quantity.milli())).sum();
        let rupees = Fraction::new(quantity, 1000).times(Fraction::new(i128::from(price), 1000));
        let amount = rupees.times(Fraction::whole(100)).rounded();
        let rate = Fraction::new(i128::from(product.tax_rate.ten_thousandths()), 10_000);
        let half = rate.divided_by(Fraction::whole(2));
        let with_tax = rate.plus(Fraction::whole(1));
        let tax = |share: Fraction| {
            let tax = Fraction::whole(amount).times(share);
            let tax = if product.tax_inclusive { tax.divided_by(with_tax) } else { tax };
            tax.rounded()
        };
        let (half, igst) = if self.interstate { (0, tax(rate)) } else { (tax(half), 0) };
        ExpectedLine {
            kind,
            sku: product.sku.clone(),
            price,
            quantity,
            amount,
            taxable: if product.tax_inclusive { amount - 2 * half - igst } else { amount },
            cgst: half,
            sgst: half,
            igst,
            first: items.iter().map(|item| item.day).min().unwrap(),
            last: items.iter().map(|item| item.day).max().unwrap(),
            count: items.len(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct ExpectedLine {
    kind: usize,
    sku: String,
    price: i64,
    quantity: i128,
    amount: i128,
    taxable: i128,
    cgst: i128,
    sgst: i128,
    igst: i128,
    first: Day,
    last: Day,
    count: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Expected {
    lines: Vec<ExpectedLine>,
    round_off: i128,
    total: i128,
}

impl Expected {
    /// What the crate decided, in the words of the independent calculation.
    fn of(draft: &Draft) -> Self {
        let wide = |money: Money| i128::from(money.paise());
        let line = |line: &Line| ExpectedLine {
            kind: LineKind::ALL.iter().position(|kind| *kind == line.kind).unwrap(),
            sku: line.sku.clone(),
            price: line.unit_price.milli(),
            quantity: i128::from(line.quantity.milli()),
            amount: wide(line.amount),
            taxable: wide(line.split.taxable),
            cgst: wide(line.split.cgst),
            sgst: wide(line.split.sgst),
            igst: wide(line.split.igst),
            first: line.first_day,
            last: line.last_day,
            count: usize::try_from(line.count).unwrap(),
        };
        Self {
            lines: draft.lines.iter().map(line).collect(),
            round_off: wide(draft.round_off),
            total: wide(draft.total),
        }
    }
}

fn month() -> Month {
    Month::parse("2026-10").unwrap()
}

fn content(draft: &Draft) -> ContentHash {
    bill_content("C1", month(), draft)
}

fn days() -> impl Strategy<Value = Day> {
    let first = Day::parse("2026-09-20").unwrap();
    (0..42i32).prop_map(move |days| first.plus_days(days))
}

/// Prices that meet often, prices of all digits, and huge ones.
fn prices() -> impl Strategy<Value = UnitPrice> {
    prop_oneof![
        4 => prop::sample::select(vec![64_000i64, 65_990, 66_000, 50, 150, 1]),
        2 => 1..200_000i64,
        1 => 1..=UnitPrice::MAX.milli(),
    ]
    .prop_map(UnitPrice::from_milli)
}

fn quantities() -> impl Strategy<Value = Quantity> {
    prop_oneof![
        4 => prop::sample::select(vec![250i64, 500, 1000, 1500, 333]),
        2 => 1..100_000i64,
        1 => 1..=Quantity::MAX_DELIVERY.milli(),
    ]
    .prop_map(Quantity::from_milli)
}

fn product(place: usize) -> impl Strategy<Value = Product> {
    // SKUs that sort otherwise than the ids they belong to.
    let sku = ["PANEER", "CURD", "MILK", "GHEE"][place].to_owned();
    let rates = prop_oneof![
        4 => prop::sample::select(vec![0i64, 500, 1200, 1800, 25]),
        1 => 0..=10_000i64,
    ];
    let units = prop::sample::select(vec![Unit::Litre, Unit::Kilogram, Unit::Piece]);
    (rates, units, any::<bool>()).prop_map(move |(rate, unit, tax_inclusive)| Product {
        sku: sku.clone(),
        name: format!("Fresh {sku}"),
        unit,
        hsn: Hsn::parse("0401").ok(),
        tax_rate: TaxRate::from_ten_thousandths(rate),
        price: None,
        tax_inclusive,
    })
}

fn change() -> impl Strategy<Value = PriceChange> {
    let whose = prop::sample::select(vec![None, None, Some(CUSTOMER), Some(OTHER)]);
    (1..=4i64, whose, days(), prices(), any::<bool>()).prop_map(
        |(product, customer, effective_from, price, ends)| PriceChange {
            product: ProductId(product),
            customer,
            effective_from,
            // Only an own price can end.
            price: (customer.is_none() || !ends).then_some(price),
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    let kinds = prop::sample::select(LineKind::ALL.to_vec());
    (kinds, 1..=4i64, days(), quantities(), prop::option::weighted(0.2, prices())).prop_map(
        |(kind, product, day, quantity, agreed_price)| Item {
            kind,
            product: ProductId(product),
            day,
            quantity,
            agreed_price,
        },
    )
}

/// A world; nearly always with a general price for every product from the start.
fn worlds() -> impl Strategy<Value = World> {
    let products = (product(0), product(1), product(2), product(3));
    let opening = prop::collection::vec(prices(), 4);
    let opened = prop::bool::weighted(0.95);
    let changes = prop::collection::vec(change(), 0..10);
    let items = prop::collection::vec(item(), 0..40);
    let round_off = prop::sample::select(vec![RoundOff::None, RoundOff::Rupee]);
    (products, opening, opened, changes, items, any::<bool>(), round_off).prop_map(
        |((a, b, c, d), opening, opened, changes, items, interstate, round_off)| {
            let opening = opening.into_iter().zip(1..).map(|(price, product)| PriceChange {
                product: ProductId(product),
                customer: None,
                effective_from: Day::MIN,
                price: Some(price),
            });
            let changes = opening.filter(|_| opened).chain(changes).collect();
            World { products: vec![a, b, c, d], changes, items, interstate, round_off }
        },
    )
}

/// A world and its items in another order, each with its first place.
fn shuffled() -> impl Strategy<Value = (World, Vec<usize>)> {
    worlds().prop_flat_map(|world| {
        let places: Vec<usize> = (0..world.items.len()).collect();
        (Just(world), Just(places).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn an_independent_calculation_agrees(world in worlds()) {
        let decided = world.decide();
        prop_assert_eq!(decided.as_ref().ok().map(Expected::of), world.expected());
        if let Err(error) = decided {
            // The first item without a price is the one that is named.
            let first = world.items.iter().find(|item| world.price(item).is_none()).unwrap();
            let sku = world.product(first.product).sku.clone();
            prop_assert_eq!(error, BillingError::NoPrice { sku, day: first.day });
        }
    }

    #[test]
    fn the_order_of_items_does_not_matter((world, places) in shuffled()) {
        let items: Vec<Item> = places.iter().map(|place| world.items[*place]).collect();
        let (before, after) = (world.decide(), world.decide_items(&items));
        prop_assert_eq!(before.is_ok(), after.is_ok());
        if let (Ok(before), Ok(after)) = (before, after) {
            prop_assert_eq!(&before.lines, &after.lines);
            prop_assert_eq!(before.split, after.split);
            prop_assert_eq!(before.round_off, after.round_off);
            prop_assert_eq!(before.total, after.total);
            prop_assert_eq!(content(&before), content(&after));
            let moved: Vec<u32> =
                places.iter().map(|place| before.line_of_item[*place]).collect();
            prop_assert_eq!(moved, after.line_of_item);
        }
    }

    #[test]
    fn every_item_stands_on_its_line(world in worlds()) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        prop_assert_eq!(draft.line_of_item.len(), world.items.len());
        let mut counted = vec![(0i64, 0i64); draft.lines.len()];
        for (item, place) in world.items.iter().zip(&draft.line_of_item) {
            let place = usize::try_from(*place).unwrap();
            let line = &draft.lines[place];
            prop_assert_eq!((line.kind, line.product), (item.kind, item.product));
            prop_assert_eq!(Some(line.unit_price.milli()), world.price(item));
            prop_assert!(line.first_day <= item.day && item.day <= line.last_day);
            counted[place].0 += item.quantity.milli();
            counted[place].1 += 1;
        }
        let kept: Vec<(i64, i64)> =
            draft.lines.iter().map(|line| (line.quantity.milli(), line.count)).collect();
        prop_assert_eq!(counted, kept);
    }

    #[test]
    fn totals_are_sums_of_lines(world in worlds()) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        let sum = |part: fn(&TaxSplit) -> Money| {
            Money::sum(draft.lines.iter().map(|line| part(&line.split))).unwrap()
        };
        prop_assert_eq!(draft.split.taxable, sum(|split| split.taxable));
        prop_assert_eq!(draft.split.cgst, sum(|split| split.cgst));
        prop_assert_eq!(draft.split.sgst, sum(|split| split.sgst));
        prop_assert_eq!(draft.split.igst, sum(|split| split.igst));
        let exact = draft.split.total().unwrap();
        prop_assert_eq!(draft.total, exact.plus(draft.round_off).unwrap());
        match world.round_off {
            RoundOff::None => prop_assert!(draft.round_off.is_zero()),
            RoundOff::Rupee => {
                prop_assert_eq!(draft.total.paise() % 100, 0);
                prop_assert!((-49..=50).contains(&draft.round_off.paise()));
            }
        }
    }

    #[test]
    fn taxes_of_every_line_fit(world in worlds()) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        for line in &draft.lines {
            let split = &line.split;
            prop_assert_eq!(split.cgst, split.sgst);
            if world.interstate {
                prop_assert!(split.cgst.is_zero());
            } else {
                prop_assert!(split.igst.is_zero());
            }
            if line.tax_inclusive {
                prop_assert_eq!(split.total().unwrap(), line.amount);
            } else {
                prop_assert_eq!(split.taxable, line.amount);
            }
            prop_assert!(line.tax_rate.ten_thousandths() > 0 || split.taxable == line.amount);
            // A line can be computed anew from what it keeps.
            let anew = compute_line(
                line.quantity,
                line.unit_price,
                line.tax_rate,
                line.tax_inclusive,
                world.interstate,
            );
            prop_assert_eq!(anew, Ok((line.amount, line.split)));
        }
    }

    #[test]
    fn the_posting_of_a_bill_balances(world in worlds()) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        let (day, bill) = (month().last_day(), BillId(1));
        let posting =
            bill_transaction(day, CUSTOMER, bill, &draft.split, draft.round_off, draft.total)
                .unwrap();
        let sum = Money::sum(posting.entries().iter().map(|entry| entry.amount)).unwrap();
        prop_assert!(sum.is_zero());
        let of = |account| {
            Money::sum(
                posting.entries().iter().filter(|e| e.account == account).map(|e| e.amount),
            )
            .unwrap()
            .paise()
        };
        prop_assert_eq!(of(Account::Receivable), draft.total.paise());
        prop_assert_eq!(of(Account::Sales), -draft.split.taxable.paise());
        prop_assert_eq!(of(Account::OutputCgst), -draft.split.cgst.paise());
        prop_assert_eq!(of(Account::OutputSgst), -draft.split.sgst.paise());
        prop_assert_eq!(of(Account::OutputIgst), -draft.split.igst.paise());
        prop_assert_eq!(of(Account::RoundOff), -draft.round_off.paise());
        prop_assert_eq!(of(Account::OpeningBalances), 0);
    }

    #[test]
    fn another_quantity_is_another_content(world in worlds(), which: prop::sample::Index) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        prop_assume!(!world.items.is_empty());
        let mut other = world.clone();
        let item = &mut other.items[which.index(world.items.len())];
        item.quantity = item.quantity.plus(Quantity::from_milli(1)).unwrap();
        prop_assert_ne!(content(&draft), content(&other.decide().unwrap()));
    }

    #[test]
    fn another_price_is_another_content(world in worlds(), which: prop::sample::Index) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        prop_assume!(!world.items.is_empty());
        let mut other = world.clone();
        let item = &mut other.items[which.index(world.items.len())];
        let agreed = world.price(item).unwrap() + 1;
        item.agreed_price = Some(UnitPrice::from_milli(agreed));
        prop_assert_ne!(content(&draft), content(&other.decide().unwrap()));
    }

    /// A changed price list changes the content exactly when it changes a line.
    #[test]
    fn a_price_that_is_not_used_does_not_matter(world in worlds(), which: prop::sample::Index) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        prop_assume!(!world.changes.is_empty());
        let mut other = world.clone();
        let change = &mut other.changes[which.index(world.changes.len())];
        change.price = change.price.map(|price| UnitPrice::from_milli(price.milli() + 1));
        let again = other.decide().unwrap();
        let same = world.expected() == other.expected();
        prop_assert_eq!(content(&draft) == content(&again), same);
    }

    #[test]
    fn snapshots_customer_and_month_are_content(world in worlds()) {
        let Ok(draft) = world.decide() else { return Ok(()) };
        prop_assume!(!draft.lines.is_empty());
        let before = content(&draft);
        prop_assert_ne!(before, bill_content("C2", month(), &draft));
        prop_assert_ne!(before, bill_content("C1", month().next(), &draft));
        let more = |money: &mut Money| *money = money.plus(Money::from_paise(1)).unwrap();
        let changes: [&dyn Fn(&mut Line); 16] = [
            &|line| line.kind = LineKind::ALL[usize::from(line.kind == LineKind::Delivery)],
            &|line| line.sku.push('.'),
            &|line| line.name.push('.'),
            &|line| line.hsn.push('0'),
            &|line| line.unit = if line.unit == Unit::Piece { Unit::Litre } else { Unit::Piece },
            &|line| line.quantity = line.quantity.plus(Quantity::from_milli(1)).unwrap(),
            &|line| line.unit_price = UnitPrice::from_milli(line.unit_price.milli() + 1),
            &|line| line.tax_rate = TaxRate::from_ten_thousandths(10_001),
            &|line| line.tax_inclusive = !line.tax_inclusive,
            &|line| more(&mut line.amount),
            &|line| more(&mut line.split.cgst),
            &|line| more(&mut line.split.sgst),
            &|line| more(&mut line.split.igst),
            &|line| line.first_day = line.first_day.plus_days(-1),
            &|line| line.last_day = line.last_day.plus_days(1),
            &|line| line.count += 1,
        ];
        for change in changes {
            let mut other = draft.clone();
            change(&mut other.lines[0]);
            prop_assert_ne!(before, content(&other));
        }
        let totals: [&dyn Fn(&mut Draft); 6] = [
            &|draft| more(&mut draft.split.taxable),
            &|draft| more(&mut draft.split.cgst),
            &|draft| more(&mut draft.split.sgst),
            &|draft| more(&mut draft.split.igst),
            &|draft| more(&mut draft.round_off),
            &|draft| more(&mut draft.total),
        ];
        for change in totals {
            let mut other = draft.clone();
            change(&mut other);
            prop_assert_ne!(before, content(&other));
        }
        // Ids differ from database to database and are no content.
        let mut other = draft.clone();
        other.lines[0].product = ProductId(other.lines[0].product.0 + 100);
        prop_assert_eq!(before, content(&other));
    }

    #[test]
    fn sums_agree_only_when_all_pairs_do(
        given in prop::array::uniform6(0..3i64),
        more in prop::array::uniform6(-1_000_000..1_000_000i64),
    ) {
        let sums = |[deliveries, lines, round_off, bills, issued, receivable]: [i64; 6]| Sums {
            deliveries: Money::from_paise(deliveries),
            lines: Money::from_paise(lines),
            round_off: Money::from_paise(round_off),
            bills: Money::from_paise(bills),
            issued: Money::from_paise(issued),
            receivable: Money::from_paise(receivable),
        };
        let [deliveries, lines, round_off, bills, issued, receivable] = given;
        let expected =
            deliveries == lines && lines + round_off == bills && issued == receivable;
        prop_assert_eq!(sums(given).agree(), expected);
        let mut all = sums(given);
        all.add(&sums(more)).unwrap();
        prop_assert_eq!(all, sums(std::array::from_fn(|place| given[place] + more[place])));
    }

    #[test]
    fn counts_are_complete_as_long_as_they_are_kept_by_their_methods(
        billed in prop::collection::vec(0..1000u64, 0..20),
        left in prop::collection::vec(prop::sample::select(Left::ALL.to_vec()), 0..50),
    ) {
        let mut counts = Counts::default();
        for count in &billed {
            counts.add_billed(*count);
        }
        for reason in &left {
            counts.add_left(*reason);
        }
        prop_assert!(counts.is_complete());
        prop_assert_eq!(counts.billed, billed.iter().sum::<u64>());
        prop_assert_eq!(counts.considered, counts.billed + left.len() as u64);
        let told: BTreeMap<Left, u64> = counts.left.iter().collect();
        let mut expected: BTreeMap<Left, u64> = BTreeMap::new();
        for reason in &left {
            *expected.entry(*reason).or_default() += 1;
        }
        prop_assert_eq!(&told, &expected);
        // Reasons come in the order of reports, none twice.
        let order: Vec<Left> = counts.left.iter().map(|(reason, _)| reason).collect();
        prop_assert!(order.is_sorted_by(|a, b| a < b));

        let certificate = certificate(counts.clone(), 5, [2, 2, 1]);
        prop_assert!(certificate.is_sound() && !certificate.is_clean());
        counts.considered += 1;
        prop_assert!(!counts.is_complete());
        prop_assert!(!certificate_of_orders(counts).is_sound());
    }
}

/// A certificate of `considered` customers: billed, nothing to bill, excluded.
fn certificate(deliveries: Counts, considered: u64, parts: [u64; 3]) -> Certificate {
    let [customers_billed, customers_nothing, customers_excluded] = parts;
    Certificate {
        month: month(),
        customers_considered: considered,
        customers_billed,
        customers_nothing,
        customers_excluded,
        excluded: Vec::new(),
        deliveries,
        orders: Counts::default(),
        bills_draft: customers_billed,
        bills_issued: 0,
        sums: Sums::default(),
        content: ContentHash::parse(&"0".repeat(64)).unwrap(),
    }
}

fn certificate_of_orders(orders: Counts) -> Certificate {
    Certificate { orders, ..certificate(Counts::default(), 0, [0, 0, 0]) }
}

#[test]
fn a_certificate_is_clean_only_when_all_of_it_is() {
    assert!(certificate(Counts::default(), 4, [3, 1, 0]).is_clean());
    assert!(!certificate(Counts::default(), 4, [3, 0, 0]).is_sound());
    let excluded = certificate(Counts::default(), 4, [3, 0, 1]);
    assert!(excluded.is_sound() && !excluded.is_clean());
    let mut lopsided = certificate(Counts::default(), 4, [3, 1, 0]);
    lopsided.sums.lines = Money::from_paise(1);
    assert!(!lopsided.is_sound() && !lopsided.is_clean());
}

#[test]
fn left_counts_start_empty_and_add_up() {
    let mut counts = LeftCounts::default();
    assert_eq!((counts.total(), counts.iter().count()), (0, 0));
    counts.add(Left::Skipped, 0);
    assert_eq!(counts.iter().count(), 0);
    counts.add(Left::Cancelled, 3);
    counts.add(Left::Missed, 2);
    counts.add(Left::Cancelled, 1);
    let told: Vec<(Left, u64)> = counts.iter().collect();
    assert_eq!(told, [(Left::Missed, 2), (Left::Cancelled, 4)]);
    assert_eq!(counts.total(), 6);
}

#[test]
fn the_fractions_of_this_file_round_as_they_should() {
    for (over, under, expected) in
        [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (7, 3, 2), (-7, 3, -2), (8, 3, 3)]
    {
        assert_eq!(Fraction::new(over, under).rounded(), expected, "{over}/{under}");
        assert_eq!(Fraction::new(-over, -under).rounded(), expected, "{over}/{under}");
    }
}
