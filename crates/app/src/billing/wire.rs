//! The shapes in which bills and certificates leave the program as JSON: stable and documented in
//! `docs/reference/json.md`. Amounts are texts with two decimals, prices and quantities with
//! three; never floats.
//!
//! They deliberately mirror what is kept and compute nothing but `payable`.

use super::{Changes, Report};
use domain::billing::{Certificate, Counts};
use serde::Serialize;
use std::collections::BTreeMap;
use store::billing::{BillLine, PrintedBill};
use utoipa::ToSchema;

/// A bill.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bill {
    /// Its number; absent for a draft.
    pub number: Option<String>,
    /// The customer's code.
    pub customer_code: String,
    /// The month, such as `2026-10`.
    pub month: String,
    /// `draft`, `issued`, `part-paid`, `paid` or `cancelled`.
    pub status: &'static str,
    /// How often its content has changed, from 1.
    pub version: i64,
    /// Its lines, in printed order.
    pub lines: Vec<Line>,
    /// Sum of taxable values.
    pub taxable: String,
    /// Sum of central tax.
    pub cgst: String,
    /// Sum of State tax.
    pub sgst: String,
    /// Sum of integrated tax.
    pub igst: String,
    /// What brings it to whole rupees.
    pub round_off: String,
    /// What it comes to.
    pub total: String,
    /// What the customer owed before it.
    pub previous_balance: String,
    /// What the customer owes with it.
    pub payable: String,
    /// Its date.
    pub bill_date: String,
    /// The customer's name.
    pub customer_name: String,
    /// Whether a delivery on this draft was corrected, so that it waits for a rerun.
    pub needs_rerun: bool,
}

/// A printed line.
#[derive(Debug, Serialize, ToSchema)]
pub struct Line {
    /// `delivery`, `order` or `late`.
    pub kind: &'static str,
    /// The product's code.
    pub sku: String,
    /// The product's name.
    pub name: String,
    /// The product's HSN code; absent when it has none.
    pub hsn: Option<String>,
    /// `L`, `kg` or `piece`.
    pub unit: &'static str,
    /// Sum of the quantities.
    pub quantity: String,
    /// Price of one unit.
    pub unit_price: String,
    /// Tax rate in per cent.
    pub tax_rate: String,
    /// Whether the price contains the tax.
    pub tax_inclusive: bool,
    /// Quantity times price.
    pub amount: String,
    /// Taxable value.
    pub taxable: String,
    /// Central tax.
    pub cgst: String,
    /// State tax.
    pub sgst: String,
    /// Integrated tax.
    pub igst: String,
    /// The earliest delivery's day.
    pub first_date: String,
    /// The latest delivery's day.
    pub last_date: String,
    /// How many deliveries and orders stand on it.
    pub deliveries: i64,
}

/// The shape of a bill.
pub fn bill(bill: &PrintedBill) -> Bill {
    // Both fit: the database keeps only bills whose balance was computed.
    let payable = bill.total.plus(bill.previous_balance).unwrap_or(bill.total);
    Bill {
        number: bill.number.clone(),
        customer_code: bill.customer_code.clone(),
        month: bill.month.to_string(),
        status: bill.state.as_str(),
        version: bill.version,
        lines: bill.lines.iter().map(line).collect(),
        taxable: bill.split.taxable.to_string(),
        cgst: bill.split.cgst.to_string(),
        sgst: bill.split.sgst.to_string(),
        igst: bill.split.igst.to_string(),
        round_off: bill.round_off.to_string(),
        total: bill.total.to_string(),
        previous_balance: bill.previous_balance.to_string(),
        payable: payable.to_string(),
        bill_date: bill.day.to_string(),
        customer_name: bill.customer_name.clone(),
        needs_rerun: bill.needs_rerun,
    }
}

fn line(kept: &BillLine) -> Line {
    let line = &kept.line;
    Line {
        kind: line.kind.as_str(),
        sku: line.sku.clone(),
        name: line.name.clone(),
        hsn: Some(line.hsn.clone()).filter(|hsn| !hsn.is_empty()),
        unit: line.unit.as_str(),
        quantity: line.quantity.to_string(),
        unit_price: line.unit_price.to_string(),
        tax_rate: line.tax_rate.to_string(),
        tax_inclusive: line.tax_inclusive,
        amount: line.amount.to_string(),
        taxable: line.split.taxable.to_string(),
        cgst: line.split.cgst.to_string(),
        sgst: line.split.sgst.to_string(),
        igst: line.split.igst.to_string(),
        first_date: line.first_day.to_string(),
        last_date: line.last_day.to_string(),
        deliveries: line.count,
    }
}

/// A run: its certificate and what it changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Run {
    /// What was done: `draft`, `run_and_issue` or `issue`.
    pub mode: &'static str,
    /// Whether nothing was kept.
    pub dry_run: bool,
    /// What this run changed.
    pub changes: RunChanges,
    /// The certificate.
    #[serde(flatten)]
    pub certificate: CertificateShape,
}

/// What a run changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunChanges {
    /// Bills made for the first time.
    pub created: u64,
    /// Drafts whose content changed.
    pub changed: u64,
    /// Bills that stayed as they were.
    pub unchanged: u64,
    /// Drafts withdrawn.
    pub withdrawn: u64,
    /// Bills issued.
    pub issued: u64,
}

/// The certificate of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateShape {
    /// The month.
    pub month: String,
    /// Customers by what became of them.
    pub customers: Customers,
    /// Deliveries by what became of them.
    pub deliveries: Items,
    /// Orders by what became of them.
    pub orders: Items,
    /// The month's bills by state.
    pub bills: Bills,
    /// The sums that must agree.
    pub sums: SumsShape,
    /// Fingerprint of all bills of the month.
    pub content_hash: String,
    /// Whether everything is accounted for, the sums agree and no customer is excluded.
    pub clean: bool,
}

/// Customers by what became of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Customers {
    /// Looked at.
    pub considered: u64,
    /// With a bill of the month.
    pub billed: u64,
    /// Without anything to bill.
    pub nothing_to_bill: u64,
    /// Who could not be billed.
    pub excluded: u64,
    /// The first 1,000 of them.
    pub excluded_list: Vec<ExcludedShape>,
}

/// A customer who could not be billed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExcludedShape {
    /// The customer's code.
    pub customer_code: String,
    /// Why, and what to do.
    pub reason: String,
}

/// Deliveries or orders by what became of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct Items {
    /// Looked at.
    pub considered: u64,
    /// On the month's bills.
    pub billed: u64,
    /// Not on them.
    pub left: u64,
    /// Not on them, by reason.
    pub left_by_reason: BTreeMap<&'static str, u64>,
}

/// The month's bills by state.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bills {
    /// Still drafts.
    pub draft: u64,
    /// Issued.
    pub issued: u64,
}

/// Sums that must agree.
#[derive(Debug, Serialize, ToSchema)]
pub struct SumsShape {
    /// What the deliveries and orders come to with taxes, valued anew from themselves.
    pub deliveries: String,
    /// What the kept lines come to with taxes.
    pub lines: String,
    /// What brought the bills to whole rupees.
    pub round_off: String,
    /// What the bills come to: lines and round-offs.
    pub bills: String,
    /// What the issued bills come to.
    pub issued_bills: String,
    /// What the ledger has posted to receivables for them.
    pub receivable_postings: String,
    /// Whether they agree.
    pub equal: bool,
}

/// The shape of a run.
pub fn run(mode: &'static str, dry_run: bool, report: &Report) -> Run {
    let Changes { created, changed, unchanged, withdrawn, issued } = report.changes;
    Run {
        mode,
        dry_run,
        changes: RunChanges { created, changed, unchanged, withdrawn, issued },
        certificate: certificate(&report.certificate),
    }
}

/// The shape of a certificate.
pub fn certificate(certificate: &Certificate) -> CertificateShape {
    let sums = &certificate.sums;
    let excluded = certificate.excluded.iter().map(|excluded| ExcludedShape {
        customer_code: excluded.customer_code.clone(),
        reason: excluded.reason.clone(),
    });
    CertificateShape {
        month: certificate.month.to_string(),
        customers: Customers {
            considered: certificate.customers_considered,
            billed: certificate.customers_billed,
            nothing_to_bill: certificate.customers_nothing,
            excluded: certificate.customers_excluded,
            excluded_list: excluded.collect(),
        },
        deliveries: items(&certificate.deliveries),
        orders: items(&certificate.orders),
        bills: Bills { draft: certificate.bills_draft, issued: certificate.bills_issued },
        sums: SumsShape {
            deliveries: sums.deliveries.to_string(),
            lines: sums.lines.to_string(),
            round_off: sums.round_off.to_string(),
            bills: sums.bills.to_string(),
            issued_bills: sums.issued.to_string(),
            receivable_postings: sums.receivable.to_string(),
            equal: sums.agree(),
        },
        content_hash: certificate.content.to_string(),
        clean: certificate.is_clean(),
    }
}

fn items(counts: &Counts) -> Items {
    Items {
        considered: counts.considered,
        billed: counts.billed,
        left: counts.left.total(),
        left_by_reason: counts.left.iter().map(|(left, n)| (left.as_str(), n)).collect(),
    }
}
