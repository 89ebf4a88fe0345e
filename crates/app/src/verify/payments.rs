//! Proving payments: what is kept of each follows from what is known of it, its log has no gap, and
//! the ledger holds exactly what follows.
//!
//! It deliberately takes what is known of a payment as it is kept; the gateway is asked by the
//! reconciliation.

use super::{Findings, Invariant};
use crate::AppError;
use domain::entitlements::{Posted, sale_transaction, sold};
use domain::ids::PersonId;
use domain::ledger::{Account, Cause, LedgerError};
use domain::money::{Money, Overflow};
use domain::payments::{Facts, Whose, decide, kept};
use std::collections::BTreeMap;
use store::Tx;
use store::payments::{self, Kept, Proof};

/// Payments checked at a time, so that memory stays small.
const PAYMENTS_PER_RANGE: i64 = 5_000;

/// Checks all payments.
pub(super) fn check(tx: &mut Tx<'_>, findings: &mut Findings) -> Result<(), AppError> {
    let places = payments::broken_allocations(tx)?;
    findings.all_broken(Invariant::PaymentsAllocated, places);
    let last = payments::last_payment(tx)?;
    let mut from = 1;
    while from <= last {
        let to = (from + PAYMENTS_PER_RANGE - 1).min(last);
        for proof in payments::proofs(tx, from, to)? {
            check_one(findings, &proof);
        }
        from = to + 1;
    }
    Ok(())
}

fn check_one(findings: &mut Findings, proof: &Proof) {
    let payment = &proof.kept;
    let name = || {
        format!("payment {} ({} {})", payment.id.0, payment.provider.as_str(), payment.reference)
    };
    let version = payment.version;
    if proof.log != (version, version) || payment.facts.state().as_str() != proof.state {
        findings.broken(Invariant::PaymentLogs, name);
    }
    if !is_allocated(proof).unwrap_or(false) {
        findings.broken(Invariant::PaymentsAllocated, name);
    }
    if !is_posted(proof).unwrap_or(false) {
        findings.broken(Invariant::PaymentsPosted, name);
    }
}

/// What of a payment is income for its plan.
pub(crate) fn sold_of(proof: &Proof) -> Result<Money, Overflow> {
    let payment = &proof.kept;
    proof.price.map_or(Ok(Money::ZERO), |price| sold(price, &payment.facts, payment.provider))
}

/// Whether what is free and allocated is what the customer keeps and has bought no plan with.
pub(crate) fn is_allocated(proof: &Proof) -> Result<bool, Overflow> {
    let payment = &proof.kept;
    let keeps = kept(&payment.facts, payment.provider)?.max(Money::ZERO);
    let keeps = keeps.minus(sold_of(proof)?)?;
    let has = payment.free.plus(proof.allocated)?;
    Ok(has == keeps && payment.free >= Money::ZERO && proof.allocated >= Money::ZERO)
}

/// By what is posted: sums of accounts, whoever the customer was at the time, and sums of each
/// posting outside of what is owed, which moves when a payment finds its customer.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    accounts: BTreeMap<Account, Money>,
    postings: BTreeMap<(String, Account), Money>,
}

impl Sums {
    fn add(&mut self, posting: &str, account: Account, amount: Money) -> Result<(), Overflow> {
        let sum = self.accounts.entry(account).or_default();
        *sum = sum.plus(amount)?;
        if !matches!(account, Account::Receivable | Account::UnmatchedReceipts) {
            // A correction belongs to what it corrects.
            let kind = posting.split('@').next().unwrap_or(posting);
            let sum = self.postings.entry((kind.to_owned(), account)).or_default();
            *sum = sum.plus(amount)?;
        }
        Ok(())
    }

    /// Without what comes to nothing.
    fn settled(mut self) -> Self {
        self.accounts.retain(|_, sum| !sum.is_zero());
        self.postings.retain(|_, sum| !sum.is_zero());
        self
    }
}

/// Whether cash of a posting is that of whom the payment names; a refund may be paid by another.
fn is_theirs(payment: &Kept, posting: &str, person: PersonId) -> bool {
    let refund = posting.split_once(':').and_then(|(kind, id)| {
        payment.facts.refunds.get(id).filter(|_| matches!(kind, "refund" | "refund-failed"))
    });
    Some(person) == refund.and_then(|refund| refund.person).or(payment.person)
}

/// Whether the ledger holds what follows from what is known, and nothing else.
pub(crate) fn is_posted(proof: &Proof) -> Result<bool, LedgerError> {
    let payment = &proof.kept;
    let whose = Whose {
        payment: payment.id,
        provider: payment.provider,
        customer: payment.customer,
        person: payment.person,
    };
    let mut due = decide(&Facts::default(), &payment.facts, &whose, payment.received_day)?;
    if let Some(customer) = payment.customer {
        let (day, sold) = (payment.received_day, sold_of(proof)?);
        let sale = sale_transaction(day, customer, payment.id, Posted::default(), sold)?;
        due.extend(sale);
    }
    let mut expected = Sums::default();
    for due in &due {
        let Cause::Payment { kind, .. } = &due.cause else { continue };
        for entry in due.entries() {
            expected.add(kind, entry.account, entry.amount)?;
        }
    }
    let mut found = Sums::default();
    let mut fits = true;
    for entry in &proof.posted {
        found.add(&entry.posting, entry.account, entry.amount)?;
        fits &= entry.customer.is_none_or(|customer| Some(customer) == payment.customer);
        fits &= entry.person.is_none_or(|person| is_theirs(payment, &entry.posting, person));
    }
    Ok(fits && expected.settled() == found.settled())
}
