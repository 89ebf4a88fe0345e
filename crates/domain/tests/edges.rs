//! The edges of the domain's types: sums that do not fit, texts that are almost right, names that
//! are kept and found, the ends of the calendar.
//!
//! It deliberately does not repeat the unit tests beside the code; it looks from outside, as the
//! other crates do.

#![expect(clippy::unwrap_used, reason = "this is a test program; its helpers fail as tests do")]

use domain::billing::{
    BillNumber, BillOfMonth, BillPrefix, BillState, BillingError, ContentHash, Draft, Item, Left,
    Line, LineKind, OnBill, Party, RoundOff, RunHash, Standing, StateError, Sums, bill_content,
    compute_line, draft_bill, standing_of,
};
use domain::calendar::{Day, FinancialYear, Moment, Month};
use domain::catalog::{PriceBasis, PriceBook, PriceChange, Product, Unit};
use domain::customers::{
    Customer, Email, Fssai, Gstin, GstinError, Language, Phone, Pincode, State, TextError,
    check_code, check_free_text, check_name,
};
use domain::deliveries::{self, Billed, Delivery, DeliveryKey, Repeat, RepeatError, Shift, Status};
use domain::ids::{BillId, CustomerId, ProductId};
use domain::ledger::{
    Account, Cause, LedgerError, Transaction, bill_transaction, opening_balance_transaction,
};
use domain::money::{
    DecimalError, Discount, DiscountError, Money, Overflow, PartsError, Quantity, TaxRate,
    TaxRateError, TaxSplit, UnitPrice, parse_fixed, split_by_weights, split_evenly, split_tax,
};
use domain::orders;
use proptest::prelude::*;
use std::collections::{HashMap, HashSet};

const MILK: ProductId = ProductId(1);
const GHEE: ProductId = ProductId(2);
const HOME: Party = Party { customer: CustomerId(1), interstate: false };

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn product(sku: &str, rate: &str, tax_inclusive: bool) -> Product {
    Product {
        sku: sku.to_owned(),
        name: format!("Fresh {sku}"),
        unit: Unit::Litre,
        hsn: None,
        tax_rate: TaxRate::parse_percent(rate).unwrap(),
        price: None,
        tax_inclusive,
    }
}

fn products() -> HashMap<ProductId, Product> {
    HashMap::from([(MILK, product("MILK", "0", true)), (GHEE, product("GHEE", "5", false))])
}

/// An item at an agreed price, so that it needs no price list.
fn item(product: ProductId, on: &str, milli: i64, price_milli: i64) -> Item {
    Item {
        kind: LineKind::Delivery,
        product,
        day: day(on),
        quantity: Quantity::from_milli(milli),
        agreed_price: Some(UnitPrice::from_milli(price_milli)),
    }
}

fn decide(items: &[Item]) -> Result<Draft, BillingError> {
    draft_bill(HOME, items, &products(), &PriceBook::new(), RoundOff::Rupee)
}

mod sums_that_do_not_fit {
    use super::*;

    const MOST: i64 = i64::MAX;

    #[test]
    fn quantities_of_a_line() {
        let all = [item(MILK, "2026-10-01", MOST, 1), item(MILK, "2026-10-02", 1, 1)];
        let error = decide(&all).unwrap_err();
        assert!(matches!(error, BillingError::Overflow(_)), "{error}");
        assert!(error.to_string().contains("a sum of quantities"), "{error}");
        let sum = Quantity::from_milli(MOST).plus(Quantity::from_milli(1));
        assert_eq!(sum, Err(Overflow { doing: "a sum of quantities" }));
    }

    #[test]
    fn the_amount_of_a_line() {
        let error = decide(&[item(MILK, "2026-10-01", MOST, 9_999_999_999)]).unwrap_err();
        assert!(error.to_string().contains("quantity times unit price"), "{error}");
        // The largest amount that fits is still exact.
        let most = decide(&[item(MILK, "2026-10-01", MOST - 807, 10_000)]).unwrap();
        assert_eq!(most.total.paise(), MOST - 807);
        assert_eq!(most.split.taxable, most.total);
    }

    #[test]
    fn the_tax_on_top() {
        let rate = TaxRate::parse_percent("100").unwrap();
        let most = Money::from_paise(MOST);
        let split = split_tax(most, rate, false, true).unwrap();
        assert_eq!(split.igst, most);
        assert!(split.total().is_err());
        let line = compute_line(
            Quantity::from_milli(MOST),
            UnitPrice::from_milli(10_000),
            rate,
            false,
            true,
        );
        assert_eq!(line.unwrap().0, most);
        // A rate beyond NUMERIC(5,4) cannot be read, and is an error all the same.
        let absurd = TaxRate::from_ten_thousandths(i64::MAX);
        assert!(split_tax(most, absurd, false, true).is_err());
        let nonsense = TaxRate::from_ten_thousandths(-10_000);
        assert!(split_tax(most, nonsense, true, false).is_err());
    }

    #[test]
    fn the_totals_of_a_bill() {
        // Each line fits, their taxable values together do not.
        let lines = [item(MILK, "2026-10-01", MOST, 10_000), item(MILK, "2026-10-01", 1000, 500)];
        assert!(matches!(decide(&lines), Err(BillingError::Overflow(_))));
        // The taxable value fits, with its taxes it does not.
        let taxed = [item(GHEE, "2026-10-01", MOST, 10_000)];
        assert!(matches!(decide(&taxed), Err(BillingError::Overflow(_))));
        // The largest amount ends in 07 paise: it is kept as it is, or goes down.
        let rounded = [item(MILK, "2026-10-01", MOST, 10_000)];
        let kept = draft_bill(HOME, &rounded, &products(), &PriceBook::new(), RoundOff::None);
        assert_eq!(kept.unwrap().total.paise(), MOST);
        let down = decide(&rounded).unwrap();
        assert_eq!((down.round_off.paise(), down.total.paise() % 100), (-7, 0));
    }

    #[test]
    fn sums_of_a_certificate() {
        let most = Sums { lines: Money::from_paise(MOST), ..Sums::default() };
        let one = Sums { lines: Money::from_paise(1), ..Sums::default() };
        let mut all = most;
        assert!(all.add(&one).is_err());
        for part in [
            Sums { deliveries: Money::from_paise(MOST), ..Sums::default() },
            Sums { receivable: Money::from_paise(MOST), ..Sums::default() },
            Sums { issued: Money::from_paise(MOST), ..Sums::default() },
        ] {
            let mut all = part;
            assert!(all.add(&part).is_err());
        }
    }

    #[test]
    fn postings() {
        let least = Money::from_paise(i64::MIN);
        let (on, customer) = (day("2026-10-31"), CustomerId(1));
        for split in [
            TaxSplit { taxable: least, ..TaxSplit::default() },
            TaxSplit { cgst: least, ..TaxSplit::default() },
            TaxSplit { sgst: least, ..TaxSplit::default() },
            TaxSplit { igst: least, ..TaxSplit::default() },
        ] {
            let posting = bill_transaction(on, customer, BillId(1), &split, Money::ZERO, least);
            assert!(matches!(posting, Err(LedgerError::Overflow(_))));
        }
        let split = TaxSplit::default();
        let posting = bill_transaction(on, customer, BillId(1), &split, least, least);
        assert!(matches!(posting, Err(LedgerError::Overflow(_))));
        let most = Money::from_paise(MOST);
        let entries = [(Account::Receivable, most), (Account::Sales, most)];
        let posting = Transaction::new(on, Some(customer), Cause::OpeningBalance, entries);
        assert!(matches!(posting, Err(LedgerError::Overflow(_))));
        let opening = opening_balance_transaction(on, customer, least, most);
        assert!(matches!(opening, Err(LedgerError::Overflow(_))));
        let opening = opening_balance_transaction(on, customer, Money::ZERO, least);
        assert!(matches!(opening, Err(LedgerError::Overflow(_))));
    }

    #[test]
    fn discounts_and_shares() {
        let amount = Money::from_paise(MOST);
        let whole = Discount::Percent(TaxRate::parse_percent("100").unwrap());
        assert_eq!(whole.on(amount), Ok(amount));
        let absurd = Discount::Percent(TaxRate::from_ten_thousandths(i64::MAX));
        assert!(matches!(absurd.on(amount), Err(DiscountError::Overflow(_))));
        let error = Discount::Amount(amount).on(Money::ZERO).unwrap_err().to_string();
        assert!(error.contains("is not between 0 and the amount"), "{error}");
        let shares = split_by_weights(amount, &[u32::MAX; 3]).unwrap();
        assert_eq!(Money::sum(shares), Ok(amount));
        let least = Money::from_paise(i64::MIN);
        assert_eq!(split_evenly(least, 1).unwrap(), [least]);
        assert_eq!(PartsError::NoParts.to_string(), "a sum cannot be parted among nobody");
    }

    proptest! {
        /// Whatever the numbers are: a bill or an error, never a panic or a wrap.
        #[test]
        fn any_numbers_are_answered(
            numbers in prop::collection::vec((1..=i64::MAX, 1..=i64::MAX, any::<bool>()), 1..6),
            interstate: bool,
        ) {
            let items: Vec<Item> = numbers
                .iter()
                .map(|(quantity, price, taxed)| {
                    item(if *taxed { GHEE } else { MILK }, "2026-10-01", *quantity, *price)
                })
                .collect();
            let party = Party { interstate, ..HOME };
            let book = PriceBook::new();
            if let Ok(draft) = draft_bill(party, &items, &products(), &book, RoundOff::Rupee) {
                prop_assert!(draft.total >= Money::ZERO);
                prop_assert_eq!(draft.total.paise() % 100, 0);
            }
        }
    }
}

mod decisions {
    use super::*;

    #[test]
    fn an_unknown_product_is_an_error_that_names_it() {
        let error = decide(&[item(ProductId(99), "2026-10-01", 1000, 64_000)]).unwrap_err();
        assert_eq!(error, BillingError::UnknownProduct(ProductId(99)));
        assert!(error.to_string().contains("99"), "{error}");
    }

    #[test]
    fn a_negative_price_is_no_price() {
        let error = decide(&[item(MILK, "2026-10-01", 1000, -1)]).unwrap_err();
        assert!(matches!(error, BillingError::ZeroPrice { .. }), "{error}");
    }

    #[test]
    fn a_general_price_that_is_absent_is_no_price() {
        let mut book = PriceBook::new();
        book.add(PriceChange {
            product: MILK,
            customer: None,
            effective_from: Day::MIN,
            price: None,
        });
        assert_eq!(book.in_force(CustomerId(1), MILK, day("2026-10-01")), None);
    }

    #[test]
    fn the_basis_of_a_price_has_a_word() {
        let words = [PriceBasis::General, PriceBasis::Customer, PriceBasis::Order];
        assert_eq!(words.map(PriceBasis::as_str), ["general", "customer", "order"]);
    }

    #[test]
    fn an_empty_bill_is_zero() {
        let draft = decide(&[]).unwrap();
        assert!(draft.lines.is_empty() && draft.line_of_item.is_empty());
        assert!(draft.total.is_zero() && draft.round_off.is_zero());
    }

    #[test]
    fn an_item_of_another_bill_is_left_whatever_else_is_true() {
        for on in ["2026-08-05", "2026-10-05"] {
            for bill in [BillOfMonth::Open, BillOfMonth::Issued] {
                for closed in [false, true] {
                    let kind = LineKind::Delivery;
                    let (another, run) = (OnBill::Another, month("2026-10"));
                    let found = standing_of(day(on), kind, another, run, bill, closed);
                    assert_eq!(found, Standing::Left(Left::OnAnotherBill));
                }
            }
        }
    }

    #[test]
    fn a_bill_is_settled_and_cancelled_only_after_issue() {
        let rupee = Money::from_paise(100);
        for state in [BillState::Draft, BillState::Cancelled] {
            assert_eq!(state.settle(rupee, rupee), Err(StateError::NotIssued(state)));
            let message = state.credit().unwrap_err().to_string();
            assert!(message.contains(state.as_str()), "{message}");
        }
        let message = BillState::Paid.issue().unwrap_err().to_string();
        assert_eq!(message, "a bill that is paid cannot be issued; only a draft can");
        // More than the bill is still paid; the surplus is an advance, elsewhere.
        assert_eq!(BillState::Issued.settle(rupee, Money::from_paise(101)), Ok(BillState::Paid));
        assert_eq!(BillState::Issued.settle(Money::ZERO, Money::ZERO), Ok(BillState::Paid));
    }

    #[test]
    fn bill_numbers_follow_the_day_in_india() {
        // 04:00 on 1 April in India is still 31 March in UTC, and the first day of a series.
        let dawn = Moment::parse("2027-03-31T22:30:00Z").unwrap().business_day();
        let prefix = BillPrefix::parse("INV").unwrap();
        let number = BillNumber::new(&prefix, FinancialYear::of(dawn), 1).unwrap();
        assert_eq!(format!("{number:>20}"), "    INV/27-28/000001");
        let full = BillNumber::new(&prefix, FinancialYear::of(dawn), 1_000_000).unwrap_err();
        assert!(full.to_string().contains("INV/27-28 has no number 1000000"), "{full}");
        let error = BillPrefix::parse("बिल").unwrap_err().to_string();
        assert!(error.contains("बिल") && error.contains("A-Z"), "{error}");
        assert_eq!(month("2027-03").financial_year().to_string(), "26-27");
        assert_eq!(month("2027-04").financial_year().to_string(), "27-28");
    }
}

mod fingerprints {
    use super::*;

    fn hash(text: &str) -> ContentHash {
        ContentHash::parse(&text.repeat(32)).unwrap()
    }

    #[test]
    fn bad_texts_are_refused() {
        for wrong in ["", "0", &"0".repeat(63), &"0".repeat(65), &"g0".repeat(32), &"é".repeat(32)]
        {
            assert_eq!(ContentHash::parse(wrong), None, "{wrong}");
        }
        assert_eq!(ContentHash::parse(&format!("{} ", "0".repeat(63))), None);
        assert_eq!(ContentHash::parse(&format!("-1{}", "00".repeat(31))), None);
    }

    #[test]
    fn a_run_depends_on_the_order_of_its_bills() {
        let run = |bills: &[ContentHash]| {
            let mut run = RunHash::default();
            for bill in bills {
                run.add(bill);
            }
            run.finish()
        };
        let (a, b) = (hash("0a"), hash("0b"));
        assert_eq!(run(&[a, b]), run(&[a, b]));
        let all = [run(&[]), run(&[a]), run(&[b]), run(&[a, b]), run(&[b, a]), run(&[a, b, b])];
        assert_eq!(HashSet::from(all).len(), all.len());
        // SHA-256 of nothing.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(run(&[]).to_string(), empty);
        // Looking at a run does not end it.
        let mut watched = RunHash::default();
        watched.add(&a);
        let _ = (watched.finish(), format!("{watched:?}"));
        watched.add(&b);
        assert_eq!(watched.finish(), run(&[a, b]));
    }

    #[test]
    fn debug_shows_the_fingerprint_and_nothing_else() {
        let run = RunHash::default();
        assert_eq!(format!("{run:?}"), format!("RunHash({})", run.finish()));
        let draft = decide(&[item(MILK, "2026-10-01", 1000, 64_000)]).unwrap();
        let content = bill_content("Asha Patel", month("2026-10"), &draft);
        assert!(!format!("{content} {content:?}").contains("Asha"));
    }

    /// Where one field of the content ends and the next begins cannot be moved.
    #[test]
    fn neighbouring_fields_do_not_run_together() {
        let draft = decide(&[item(MILK, "2026-10-01", 1000, 64_000)]).unwrap();
        let with = |change: fn(&mut Line)| {
            let mut other = draft.clone();
            change(&mut other.lines[0]);
            bill_content("C1", month("2026-10"), &other)
        };
        let one = with(|line| (line.sku, line.name) = ("AB".to_owned(), "C".to_owned()));
        let other = with(|line| (line.sku, line.name) = ("A".to_owned(), "BC".to_owned()));
        assert_ne!(one, other);
        let one = with(|line| (line.name, line.hsn) = ("Milk 04".to_owned(), "01".to_owned()));
        let other = with(|line| (line.name, line.hsn) = ("Milk ".to_owned(), "0401".to_owned()));
        assert_ne!(one, other);
    }

    proptest! {
        #[test]
        fn written_fingerprints_read_back(bytes: [u8; 32]) {
            use std::fmt::Write as _;
            let mut text = String::new();
            for byte in bytes {
                let _ = write!(text, "{byte:02x}");
            }
            let hash = ContentHash::parse(&text).unwrap();
            prop_assert_eq!(hash.to_string(), text.clone());
            prop_assert_eq!(ContentHash::parse(&hash.to_string()), Some(hash));
        }

        #[test]
        fn any_text_is_answered(text in ".{0,70}") {
            let _ = ContentHash::parse(&text);
        }
    }
}

mod names {
    use super::*;

    #[test]
    fn settings_states_kinds_and_reasons_are_found_by_their_names() {
        for setting in [RoundOff::None, RoundOff::Rupee] {
            assert_eq!(RoundOff::parse(setting.as_str()), Some(setting));
        }
        for state in BillState::ALL {
            assert_eq!(BillState::from_name(state.as_str()), Some(state));
        }
        for kind in LineKind::ALL {
            assert_eq!(LineKind::from_name(kind.as_str()), Some(kind));
        }
        for wrong in ["", "Rupee", "None", "drafts", "Delivery", "late "] {
            assert_eq!(RoundOff::parse(wrong), None);
            assert_eq!(BillState::from_name(wrong), None);
            assert_eq!(LineKind::from_name(wrong), None);
        }
        let names: HashSet<&str> = Left::ALL.into_iter().map(Left::as_str).collect();
        let words: HashSet<&str> = Left::ALL.into_iter().map(Left::explanation).collect();
        assert_eq!((names.len(), words.len()), (Left::ALL.len(), Left::ALL.len()));
        assert!(names.iter().all(|name| name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase())));
    }

    #[test]
    fn kinds_are_ordered_as_they_are_printed() {
        assert!(LineKind::ALL.is_sorted() && Left::ALL.is_sorted() && Account::ALL.is_sorted());
    }

    #[test]
    fn causes_have_names() {
        assert_eq!(Cause::Bill(BillId(1)).as_str(), "bill");
        assert_eq!(Cause::OpeningBalance.as_str(), "opening_balance");
    }
}

mod calendar {
    use super::*;

    /// Days in a month, by the rule of the Gregorian calendar.
    fn length(year: i64, month: i64) -> i64 {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Every day of two centuries, counted by hand, is a day, and the calendar agrees with the
    /// counting.
    #[test]
    fn every_day_from_1900_to_2100() {
        let mut counted = Day::MIN;
        let mut days = 0;
        for year in 1900..=2100 {
            for month in 1..=12 {
                for date in 1..=length(year, month) {
                    let number = year * 10_000 + month * 100 + date;
                    assert_eq!(counted.number(), number);
                    assert_eq!(Day::parse(&counted.to_string()), Ok(counted));
                    assert_eq!(Day::from_number(number), Some(counted));
                    assert_eq!(i64::from(counted.day_of_month()), date);
                    assert_eq!(counted.month().number(), year * 100 + month);
                    let starts = if month >= 4 { year } else { year - 1 };
                    assert_eq!(FinancialYear::of(counted).start_year(), starts);
                    counted = counted.plus_days(1);
                    days += 1;
                }
                assert_eq!(Day::from_number(year * 10_000 + month * 100 + 32), None);
            }
        }
        assert_eq!(days, 73_414);
        assert_eq!(Day::MIN.plus_days(days), counted);
        assert_eq!(counted.plus_days(-days), Day::MIN);
    }

    #[test]
    fn every_month_joins_the_next() {
        let mut at = month("1900-01");
        let last = month("9999-12");
        while at < last {
            assert_eq!(at.last_day().plus_days(1), at.next().first_day());
            assert_eq!(at.next().previous(), at);
            assert_eq!(at.first_day().month(), at);
            assert_eq!(at.last_day().month(), at);
            assert_eq!(Month::parse(&at.to_string()), Ok(at));
            assert_eq!(Month::from_number(at.number()), Some(at));
            at = at.next();
        }
        assert_eq!(at, last);
    }

    #[test]
    fn numbers_that_are_no_days() {
        for wrong in [
            0,
            -1,
            i64::MIN,
            i64::MAX,
            -2026_10_05,
            1899_12_31,
            2026_02_29,
            2100_02_29,
            2026_00_01,
            2026_10_00,
            9999_13_01,
            10_000_01_01,
            327_670_101,
        ] {
            assert_eq!(Day::from_number(wrong), None, "{wrong}");
        }
        assert_eq!(Day::new(1899, 12, 31), None);
        assert_eq!(Day::new(9999, 12, 31).unwrap().plus_days(1).number(), 9999_12_31);
        for wrong in [0, -1, i64::MIN, i64::MAX, 1899_12, 2026_00, 2026_13, 10_000_01] {
            assert_eq!(Month::from_number(wrong), None, "{wrong}");
        }
        for wrong in ["2026-10-05T00:00", "+2026-10-5", "-026-10-05", "2026-10-5 "] {
            let error = Day::parse(wrong).unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
        let long = "9".repeat(1000);
        assert!(Day::parse(&long).unwrap_err().to_string().len() < 200);
        assert!(Month::parse(&long).unwrap_err().to_string().len() < 200);
        assert_eq!(FinancialYear::starting_in(i64::MAX), None);
        assert_eq!(FinancialYear::of(Day::MIN).to_string(), "99-00");
    }

    #[test]
    fn moments_far_away_do_not_panic() {
        for micros in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
            let moment = Moment::from_unix_micros(micros);
            assert_eq!(moment.unix_micros(), micros);
            assert!(moment.business_day() >= Day::MIN);
            assert!(moment.to_string().ends_with("IST"));
        }
        let old = Moment::parse("1850-01-01T00:00:00Z").unwrap();
        assert_eq!(old.business_day(), Day::MIN);
        let late = Moment::parse("9999-12-30T18:29:59Z").unwrap();
        assert_eq!(late.business_day().to_string(), "9999-12-30");
        for wrong in ["", "2026-10-05", "2026-10-05T04:00:00", "04:00", "2026-13-05T04:00:00Z"] {
            assert_eq!(Moment::parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        /// Going there in two steps or in one, and back.
        #[test]
        fn days_are_counted_alike(start in 0..500_000i32, a in 0..50_000i32, b in 0..50_000i32) {
            let start = Day::MIN.plus_days(start);
            prop_assert_eq!(start.plus_days(a).plus_days(b), start.plus_days(a + b));
            prop_assert_eq!(start.plus_days(a).plus_days(-a), start);
            prop_assert!(a == 0 || start.plus_days(a) > start);
        }

        /// The business day is the UTC day of five and a half hours later.
        #[test]
        fn india_is_ahead(secs in 0..4_000_000_000i64) {
            let moment = Moment::from_unix_micros(secs * 1_000_000);
            let ahead = i32::try_from((secs + 19_800) / 86_400).unwrap();
            prop_assert_eq!(moment.business_day(), day("1970-01-01").plus_days(ahead));
        }

        #[test]
        fn any_text_is_answered(text in ".{0,40}", number: i64) {
            let _ = (Day::parse(&text), Month::parse(&text), Moment::parse(&text));
            if let Some(found) = Day::from_number(number) {
                prop_assert_eq!(found.number(), number);
            }
        }
    }
}

mod customers {
    use super::*;

    fn customer(state: Option<&str>, gstin: Option<&str>) -> Customer {
        Customer {
            code: "C1".to_owned(),
            name: "Hotel Sunrise".to_owned(),
            phone: None,
            email: None,
            language: None,
            address: None,
            pincode: None,
            state: state.map(|text| State::parse(text).unwrap()),
            gstin: gstin.map(|text| Gstin::parse(text).unwrap()),
            route: None,
            opening_balance: Money::ZERO,
            billing_mode: domain::customers::BillingMode::Postpaid,
        }
    }

    #[test]
    fn the_stated_state_of_delivery_wins_over_the_registration() {
        let home = State::parse("24").unwrap();
        for (state, gstin, expected) in [
            (None, None, "24"),
            (None, Some("29AABCR1718E1ZL"), "29"),
            (Some("27"), Some("29AABCR1718E1ZL"), "27"),
            (Some("24"), Some("29AABCR1718E1ZL"), "24"),
            (Some("07"), None, "07"),
        ] {
            let found = customer(state, gstin).state_of_supply(home);
            assert_eq!(found.code(), expected, "{state:?} {gstin:?}");
        }
    }

    #[test]
    fn every_state_is_found_by_code_and_name() {
        let mut found = 0;
        for number in 0..100 {
            let Ok(state) = State::parse(&format!("{number:02}")) else {
                continue;
            };
            found += 1;
            assert_eq!(State::parse(state.code()), Ok(state));
            assert_eq!(State::parse(&state.name().to_lowercase()), Ok(state));
            assert_eq!(format!("{state:>4}"), format!("  {}", state.code()));
        }
        assert_eq!(found, 38);
        assert!(State::parse("025").is_err());
        assert!(State::parse("x").unwrap_err().to_string().contains("\"x\""));
    }

    #[test]
    fn a_gstin_of_a_state_that_is_no_more_is_refused() {
        for code in ["00", "25", "28", "39", "99"] {
            let text = format!("{code}AANFA2641L1ZF");
            assert!(matches!(Gstin::parse(&text), Err(GstinError::Form(_))), "{text}");
        }
        let error = Gstin::parse("24AANFA2641L1ZA").unwrap_err().to_string();
        assert!(error.contains("expected it to end in F"), "{error}");
        for place in ["é4AANFA2641L1Z", "24AANFA2641L1Zé", "२४AANFA2641"] {
            assert!(matches!(Gstin::parse(place), Err(GstinError::Form(_))), "{place}");
        }
    }

    #[test]
    fn the_forms_of_contact() {
        // Ten digits are a whole number, also those that begin like a country code.
        for (text, expected) in [
            ("9112345678", "+919112345678"),
            ("919112345678", "+919112345678"),
            ("(0)98123-00001", "+919812300001"),
            ("+91 98123.00001", "+919812300001"),
            ("022 2345 6789", "02223456789"),
        ] {
            assert_eq!(Phone::parse(text).unwrap().as_str(), expected, "{text}");
        }
        for wrong in ["981230000", "98123000012", "++919812300001", "91", "+1234567"] {
            assert!(Phone::parse(wrong).is_err(), "{wrong}");
        }
        assert!(!Phone::parse("022 2345 6789").unwrap().is_mobile());
        let long = format!("{}@example.com", "x".repeat(250));
        assert!(Email::parse(&long).is_err());
        assert!(Email::parse("a;b@example.com").unwrap_err().to_string().contains("a;b@"));
        assert_eq!(Language::parse("or").unwrap(), Language::parse("Odia").unwrap());
        assert!(Language::parse("").is_err());
        assert!(Pincode::parse("3800 01").is_err());
        assert!(Fssai::parse("१००१२३४५६७८९०१").is_err());
    }

    #[test]
    fn texts_at_their_limits() {
        assert_eq!(check_code(&"क".repeat(64)), Ok(()));
        assert_eq!(check_code(&"क".repeat(65)), Err(TextError::TooLong { found: 65, allowed: 64 }));
        assert_eq!(check_name(&"x".repeat(500)), Ok(()));
        assert!(matches!(check_name(&"x".repeat(501)), Err(TextError::TooLong { .. })));
        assert_eq!(check_name("a\nb"), Err(TextError::Control));
        assert_eq!(check_free_text("a\r\n\tb"), Ok(()));
        assert!(matches!(check_free_text("\n"), Err(TextError::Empty { .. })));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = (Phone::parse(&text), Email::parse(&text), Language::parse(&text));
            let _ = (State::parse(&text), Gstin::parse(&text), Fssai::parse(&text));
            let _ = (Pincode::parse(&text), check_code(&text), check_free_text(&text));
        }

        /// What was read is read again as itself.
        #[test]
        fn read_numbers_read_back(text in "[+]?[0-9 ().-]{5,18}") {
            if let Ok(phone) = Phone::parse(&text) {
                prop_assert_eq!(Phone::parse(phone.as_str()), Ok(phone.clone()));
            }
        }
    }
}

mod numbers {
    use super::*;

    #[test]
    fn messages_say_what_was_expected() {
        assert!(matches!(Money::parse(""), Err(DecimalError::Empty { example: "1250.50" })));
        assert!(matches!(Quantity::parse("x"), Err(DecimalError::NotPlain { example, .. })
            if example == "1.500"));
        let error = Quantity::parse("1.2345").unwrap_err().to_string();
        assert_eq!(error, "\"1.2345\" has 4 decimals; expected at most 3");
        let error = UnitPrice::parse("10000000").unwrap_err().to_string();
        assert!(error.contains("at most 7 digits"), "{error}");
        let error = TaxRate::parse_percent("101").unwrap_err();
        assert_eq!(error, TaxRateError::OutOfRange("101".to_owned()));
        assert!(matches!(TaxRate::parse_percent("5 %"), Err(TaxRateError::Decimal(_))));
        assert_eq!(parse_fixed("5", 0), Ok(5));
        assert_eq!(UnitPrice::parse("-64").unwrap().milli(), -64_000);
        assert_eq!(format!("{:>9}|{:>8}", UnitPrice::MAX, Quantity::ZERO), "9999999.999|   0.000");
        assert_eq!(format!("{:>6}", TaxRate::parse_percent("0.25").unwrap()), "  0.25");
    }

    proptest! {
        #[test]
        fn written_amounts_read_back(value in -i64::MAX..=i64::MAX) {
            let money = Money::from_paise(value);
            prop_assert_eq!(Money::parse(&money.to_string()), Ok(money));
            let quantity = Quantity::from_milli(value);
            prop_assert_eq!(Quantity::parse(&quantity.to_string()), Ok(quantity));
        }

        #[test]
        fn written_rates_read_back(value in 0..=10_000i64) {
            let rate = TaxRate::from_ten_thousandths(value);
            prop_assert_eq!(TaxRate::parse_percent(&rate.to_string()), Ok(rate));
        }

        /// A credit note mirrors its line to the paisa.
        #[test]
        fn a_negative_line_mirrors_the_line(
            quantity in 0..1_000_000_000i64,
            price in 0..=9_999_999_999i64,
            rate in 0..=10_000i64,
            (inclusive, interstate) in any::<(bool, bool)>(),
        ) {
            let rate = TaxRate::from_ten_thousandths(rate);
            let line = |milli| {
                let (quantity, price) = (Quantity::from_milli(milli), UnitPrice::from_milli(price));
                compute_line(quantity, price, rate, inclusive, interstate).unwrap()
            };
            let (amount, split) = line(quantity);
            let (credit, mirrored) = line(-quantity);
            prop_assert_eq!(credit, amount.negated().unwrap());
            prop_assert_eq!(mirrored.taxable, split.taxable.negated().unwrap());
            prop_assert_eq!(mirrored.cgst, split.cgst.negated().unwrap());
            prop_assert_eq!(mirrored.igst, split.igst.negated().unwrap());
        }
    }
}

mod repeats {
    use super::*;

    fn delivery(reference: &str, shift: Shift) -> Delivery {
        let key = DeliveryKey {
            customer: CustomerId(1),
            day: day("2026-10-05"),
            shift,
            product: MILK,
            reference: reference.to_owned(),
        };
        Delivery { key, quantity: Quantity::from_milli(1000), status: Status::Delivered }
    }

    #[test]
    fn a_reference_that_moves_to_another_shift_is_refused() {
        let (dawn, dusk) = (delivery("R1", Shift::Morning), delivery("R1", Shift::Evening));
        for billed in [Billed::No, Billed::Draft, Billed::Issued] {
            let error = deliveries::judge_repeat(&dawn, &dusk, billed).unwrap_err();
            assert_eq!(error, RepeatError::ReferenceTaken);
        }
        let message = RepeatError::Issued.to_string();
        assert!(message.contains("credit note"), "{message}");
    }

    #[test]
    fn an_order_may_move_to_another_day_until_its_bill_is_issued() {
        let kept = orders::Order {
            reference: "O-1".to_owned(),
            ordered_on: day("2026-10-01"),
            delivery_day: day("2026-10-31"),
            customer: CustomerId(1),
            product: MILK,
            quantity: Quantity::from_milli(1000),
            status: orders::Status::Pending,
            agreed_price: None,
        };
        let moved = orders::Order { delivery_day: day("2026-11-01"), ..kept.clone() };
        assert_eq!(orders::judge_repeat(&kept, &moved, Billed::No), Ok(Repeat::Correct));
        let other = orders::Order { product: GHEE, ..kept.clone() };
        let error = orders::judge_repeat(&kept, &other, Billed::Draft);
        assert_eq!(error, Err(RepeatError::ReferenceTaken));
    }
}
