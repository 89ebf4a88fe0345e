//! Proving a database: every invariant by name, with the places where it is broken.
//!
//! It deliberately trusts nothing that was computed before: lines are taxed anew, bills summed
//! anew, deliveries counted anew.

mod audit;
mod cash;
mod entitlements;
mod ledger;
mod payments;
pub mod wire;

pub(crate) use payments::{is_allocated, is_posted, sold_of};

use crate::AppError;
use domain::billing::{BillNumber, BillPrefix, BillState, bill_content, compute_line};
use domain::calendar::{FinancialYear, Month};
use domain::ids::{BillId, CustomerId};
use domain::money::Money;
use std::collections::{HashMap, HashSet};
use store::verify::{self, CheckedBill, Delivered, Question};
use store::{Store, Tx, customers, deliveries};

/// Customers checked at a time, so that memory stays small.
const CUSTOMERS_PER_RANGE: i64 = 5_000;

/// The invariants, in the order in which they are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invariant {
    /// Bill totals are sums of lines.
    BillsAreSumsOfLines,
    /// Amounts and taxes of lines follow from quantity, price and rate.
    LineArithmetic,
    /// The kept fingerprint is that of the bill.
    BillContent,
    /// Deliveries and orders on a line make up its quantity, and fit it.
    DeliveriesMakeLines,
    /// What is delivered and on no bill is known to be unbilled.
    UnbilledIsKnown,
    /// Numbers are 1, 2, 3 in each series and year, without gap or repeat.
    NumbersGapless,
    /// Each number is spelt from its series, year and place.
    NumberForm,
    /// Each ledger transaction sums to zero.
    LedgerBalances,
    /// Each issued bill is posted once, with its own amounts; drafts are not.
    BillsPostedOnce,
    /// Opening balances are posted.
    OpeningBalancesPosted,
    /// What is free and allocated of payments is what they brought; bills are paid by it.
    PaymentsAllocated,
    /// The ledger holds of each payment what follows from what is known of it, once.
    PaymentsPosted,
    /// The log of each payment has no gap and ends where the payment stands.
    PaymentLogs,
    /// Hand-overs of cash are posted as they were counted, and leave nothing in hand.
    CashHandedOver,
    /// Grants follow from payments for plans, and what customers may use from grants.
    Entitlements,
    /// Each issued bill has its audit row.
    IssuesTraced,
    /// The rows of the audit trail are all there, and as they were sealed.
    AuditChain,
    /// The seals over the audit trail follow each other.
    AuditSealsInOrder,
    /// The database refuses to change what is final.
    GuardsPresent,
    /// The database finds its own file sound.
    FileSound,
}

impl Invariant {
    /// All invariants.
    pub const ALL: [Self; 20] = [
        Self::BillsAreSumsOfLines,
        Self::LineArithmetic,
        Self::BillContent,
        Self::DeliveriesMakeLines,
        Self::UnbilledIsKnown,
        Self::NumbersGapless,
        Self::NumberForm,
        Self::LedgerBalances,
        Self::BillsPostedOnce,
        Self::OpeningBalancesPosted,
        Self::PaymentsAllocated,
        Self::PaymentsPosted,
        Self::PaymentLogs,
        Self::CashHandedOver,
        Self::Entitlements,
        Self::IssuesTraced,
        Self::AuditChain,
        Self::AuditSealsInOrder,
        Self::GuardsPresent,
        Self::FileSound,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BillsAreSumsOfLines => "bills_are_sums_of_lines",
            Self::LineArithmetic => "line_arithmetic",
            Self::BillContent => "bill_content",
            Self::DeliveriesMakeLines => "deliveries_make_lines",
            Self::UnbilledIsKnown => "unbilled_is_known",
            Self::NumbersGapless => "numbers_gapless",
            Self::NumberForm => "number_form",
            Self::LedgerBalances => "ledger_balances",
            Self::BillsPostedOnce => "bills_posted_once",
            Self::OpeningBalancesPosted => "opening_balances_posted",
            Self::PaymentsAllocated => "payments_allocated",
            Self::PaymentsPosted => "payments_posted",
            Self::PaymentLogs => "payment_logs",
            Self::CashHandedOver => "cash_handed_over",
            Self::Entitlements => "entitlements",
            Self::IssuesTraced => "issues_traced",
            Self::AuditChain => "audit_chain",
            Self::AuditSealsInOrder => "audit_seals_in_order",
            Self::GuardsPresent => "guards_present",
            Self::FileSound => "file_sound",
        }
    }

    /// The invariant in words.
    pub const fn statement(self) -> &'static str {
        match self {
            Self::BillsAreSumsOfLines => "bill totals are the sums of their lines",
            Self::LineArithmetic => "lines follow from quantity, price and tax rate",
            Self::BillContent => "bills say what their fingerprint says",
            Self::DeliveriesMakeLines => "every line is made of its deliveries, each billed once",
            Self::UnbilledIsKnown => "everything delivered is billed or known to be unbilled",
            Self::NumbersGapless => "bill numbers have no gap and no repeat",
            Self::NumberForm => "bill numbers are spelt from series, year and place",
            Self::LedgerBalances => "every ledger transaction sums to zero",
            Self::BillsPostedOnce => {
                "every issued bill is posted once, on its day, after its previous balance"
            }
            Self::OpeningBalancesPosted => "opening balances are posted",
            Self::PaymentsAllocated => "bills are paid by payments, and what is left is free",
            Self::PaymentsPosted => "each payment is posted once, as it follows from its facts",
            Self::PaymentLogs => "the log of each payment is whole",
            Self::CashHandedOver => "cash handed over is posted as it was counted",
            Self::Entitlements => "entitlements follow from payments for plans",
            Self::IssuesTraced => "every issue is in the audit trail",
            Self::AuditChain => "audit rows are all there and as they were sealed",
            Self::AuditSealsInOrder => "seals of the audit trail follow each other without a gap",
            Self::GuardsPresent => "the database has its guards and indexes",
            Self::FileSound => "the database file is sound",
        }
    }
}

/// One invariant's result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The invariant.
    pub invariant: Invariant,
    /// How many places were found broken.
    pub broken: u64,
    /// The first of them.
    pub places: Vec<String>,
}

/// What was checked, and what was found.
#[derive(Debug)]
pub struct Findings {
    checks: Vec<Check>,
}

impl Findings {
    fn new() -> Self {
        let check = |invariant| Check { invariant, broken: 0, places: Vec::new() };
        Self { checks: Invariant::ALL.into_iter().map(check).collect() }
    }

    /// The results, one for each invariant.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// Whether nothing is broken.
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.broken == 0)
    }

    fn broken(&mut self, invariant: Invariant, place: impl FnOnce() -> String) {
        let found = self.checks.iter_mut().find(|check| check.invariant == invariant);
        if let Some(check) = found {
            check.broken += 1;
            if check.places.len() < usize::from(verify::PLACES_NAMED) {
                check.places.push(place());
            }
        }
    }

    fn all_broken(&mut self, invariant: Invariant, places: Vec<String>) {
        for place in places {
            self.broken(invariant, || place);
        }
    }
}

/// Checks every invariant in one snapshot. `progress` hears how many of how many customers are
/// done.
pub fn verify(store: &Store, progress: &mut dyn FnMut(u64, u64)) -> Result<Findings, AppError> {
    store.read(|tx| {
        let mut findings = Findings::new();
        whole_database(tx, &mut findings)?;
        let last = customers::last_id(tx)?;
        let total = u64::try_from(last).unwrap_or(0);
        let mut from = 1;
        while from <= last {
            let to = (from + CUSTOMERS_PER_RANGE - 1).min(last);
            check_range(tx, &mut findings, from, to)?;
            progress(u64::try_from(to).unwrap_or(total), total);
            from = to + 1;
        }
        Ok(findings)
    })
}

fn whole_database(tx: &mut Tx<'_>, findings: &mut Findings) -> Result<(), AppError> {
    for (question, invariant) in [
        (Question::UnbalancedTransactions, Invariant::LedgerBalances),
        (Question::EntriesAlone, Invariant::LedgerBalances),
        (Question::BrokenSeries, Invariant::NumbersGapless),
        (Question::WithoutSeries, Invariant::NumbersGapless),
        (Question::Untraced, Invariant::IssuesTraced),
        (Question::LinesAlone, Invariant::BillsAreSumsOfLines),
    ] {
        let places = verify::ask(tx, question)?;
        findings.all_broken(invariant, places);
    }
    payments::check(tx, findings)?;
    cash::check(tx, findings)?;
    audit::check(tx, findings)?;
    let missing = verify::missing_guards(tx)?;
    findings.all_broken(Invariant::GuardsPresent, missing);
    let damage = verify::file_damage(tx)?;
    findings.all_broken(Invariant::FileSound, damage);
    Ok(())
}

/// What the deliveries and orders on one line come to.
#[derive(Clone, Copy, Debug)]
struct OnLine {
    customer: CustomerId,
    quantity_milli: i64,
    count: i64,
    first: i64,
    last: i64,
    product: i64,
    fits: bool,
}

/// Quantities by line, and what is on no line.
#[derive(Default)]
struct Goods {
    lines: HashMap<(BillId, i64), OnLine>,
    unbilled: HashSet<(CustomerId, i64)>,
}

impl Goods {
    fn add(&mut self, found: Delivered) {
        let Some(on) = found.on else {
            if found.quantity_milli > 0 {
                self.unbilled.insert((found.customer, found.day / 100));
            }
            return;
        };
        let line = self.lines.entry(on).or_insert(OnLine {
            customer: found.customer,
            quantity_milli: 0,
            count: 0,
            first: found.day,
            last: found.day,
            product: found.product,
            fits: true,
        });
        line.quantity_milli = line.quantity_milli.saturating_add(found.quantity_milli);
        line.count += 1;
        line.first = line.first.min(found.day);
        line.last = line.last.max(found.day);
        line.fits &= line.product == found.product && line.customer == found.customer;
    }
}

fn check_range(
    tx: &mut Tx<'_>,
    findings: &mut Findings,
    from: i64,
    to: i64,
) -> Result<(), AppError> {
    let bills = verify::bills(tx, from, to)?;
    let mut goods = Goods::default();
    verify::delivered(tx, from, to, |found| goods.add(found))?;
    for bill in &bills {
        check_bill(findings, bill);
        check_goods(findings, bill, &mut goods);
    }
    // What is left points at no line at all.
    for ((bill, line), on) in &goods.lines {
        let place = || format!("customer {}: bill {} line {line}", on.customer.0, bill.0);
        findings.broken(Invariant::DeliveriesMakeLines, place);
    }
    check_unbilled(tx, findings, from, to, &goods)?;
    entitlements::check(tx, findings, (from, to))?;
    ledger::check(tx, findings, (from, to), &bills)
}

/// The name of a bill in a finding.
fn name(bill: &CheckedBill) -> String {
    match &bill.number {
        Some((number, ..)) => number.clone(),
        None => format!("draft of {} for {}", bill.customer_code, bill.month),
    }
}

fn check_bill(findings: &mut Findings, bill: &CheckedBill) {
    let lines = &bill.content.lines;
    let sum = |part: fn(&domain::billing::Line) -> Money| Money::sum(lines.iter().map(part));
    let split = bill.content.split;
    let sums = [
        (sum(|line| line.split.taxable), split.taxable),
        (sum(|line| line.split.cgst), split.cgst),
        (sum(|line| line.split.sgst), split.sgst),
        (sum(|line| line.split.igst), split.igst),
    ];
    let total = split.total().and_then(|exact| exact.plus(bill.content.round_off));
    let summed = sums.iter().all(|(sum, kept)| *sum == Ok(*kept));
    if lines.is_empty() || !summed || total != Ok(bill.content.total) {
        findings.broken(Invariant::BillsAreSumsOfLines, || name(bill));
    }
    for (line, line_no) in lines.iter().zip(1..) {
        let (price, rate) = (line.unit_price, line.tax_rate);
        let inclusive = line.tax_inclusive;
        let anew = compute_line(line.quantity, price, rate, inclusive, bill.interstate);
        if anew != Ok((line.amount, line.split)) {
            let place = || format!("{}/{line_no}", name(bill));
            findings.broken(Invariant::LineArithmetic, place);
        }
    }
    let content = bill_content(&bill.customer_code, bill.month, &bill.content).to_string();
    if content != bill.content_hash {
        findings.broken(Invariant::BillContent, || name(bill));
    }
    if !number_is_right(bill) {
        findings.broken(Invariant::NumberForm, || name(bill));
    }
}

fn number_is_right(bill: &CheckedBill) -> bool {
    let Some((number, prefix, year, serial)) = &bill.number else {
        return bill.state == BillState::Draft;
    };
    let year = FinancialYear::starting_in(*year);
    let expected = BillPrefix::parse(prefix).ok().zip(year).and_then(|(prefix, year)| {
        (year == bill.month.financial_year()).then(|| BillNumber::new(&prefix, year, *serial))
    });
    matches!(expected, Some(Ok(expected)) if expected.as_str() == number)
}

/// Takes the goods of a bill's lines and compares them with the lines.
fn check_goods(findings: &mut Findings, bill: &CheckedBill, goods: &mut Goods) {
    for (line, line_no) in bill.content.lines.iter().zip(1i64..) {
        let on = goods.lines.remove(&(bill.id, line_no));
        // A draft whose delivery was corrected says so, and is computed anew before it is issued.
        if bill.needs_rerun {
            continue;
        }
        let right = on.is_some_and(|on| {
            on.fits
                && on.customer == bill.customer
                && on.product == line.product.0
                && on.quantity_milli == line.quantity.milli()
                && on.count == line.count
                && on.first == line.first_day.number()
                && on.last == line.last_day.number()
        });
        if !right {
            let place = || format!("{}/{line_no}", name(bill));
            findings.broken(Invariant::DeliveriesMakeLines, place);
        }
    }
}

fn check_unbilled(
    tx: &mut Tx<'_>,
    findings: &mut Findings,
    from: i64,
    to: i64,
    goods: &Goods,
) -> Result<(), AppError> {
    let end = Month::from_number(9999_12).unwrap_or(domain::calendar::Day::MIN.month());
    let known: HashSet<(CustomerId, i64)> = deliveries::unbilled(tx, from, to, end)?
        .into_iter()
        .map(|(customer, month)| (customer, month.number()))
        .collect();
    let mut unknown: Vec<_> = goods.unbilled.difference(&known).collect();
    unknown.sort_unstable();
    for (customer, month) in unknown {
        let place = || format!("customer {} month {month}", customer.0);
        findings.broken(Invariant::UnbilledIsKnown, place);
    }
    Ok(())
}
