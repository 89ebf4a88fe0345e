//! What a comparison finds, as issues: how grave each is, and in which words.
//!
//! It deliberately compares nothing; whoever has found something names what it is.

use super::{Issue, IssueKind, Severity};
use crate::calendar::Day;
use crate::ids::{BillId, PaymentId, PersonId};
use crate::money::Money;
use crate::payments::Provider;

/// An issue that is usual for its kind.
fn issue(kind: IssueKind, details: String) -> Issue {
    Issue {
        kind,
        severity: kind.severity(),
        bill: None,
        payment: None,
        subject: String::new(),
        details,
        expected: None,
        found: None,
    }
}

fn of_bill(kind: IssueKind, bill: BillId, details: String) -> Issue {
    Issue { bill: Some(bill), ..issue(kind, details) }
}

fn of_payment(kind: IssueKind, payment: PaymentId, details: String) -> Issue {
    Issue { payment: Some(payment), ..issue(kind, details) }
}

fn about(kind: IssueKind, provider: Provider, reference: &str, details: String) -> Issue {
    Issue { subject: format!("{} {reference}", provider.as_str()), ..issue(kind, details) }
}

impl Issue {
    fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }

    fn amounts(self, expected: Money, found: Money) -> Self {
        Self { expected: Some(expected), found: Some(found), ..self }
    }
}

/// An issued bill that is not paid, or only in part. Customers take their time: an info.
pub fn bill_open(bill: BillId, number: &str, day: Day, total: Money, paid: Money) -> Issue {
    let (kind, how) = if paid.is_zero() {
        (IssueKind::BillWithoutPayment, "not paid")
    } else {
        (IssueKind::AmountMismatch, "paid in part")
    };
    of_bill(kind, bill, format!("bill {number} of {day} is {how}"))
        .with_severity(Severity::Info)
        .amounts(total, paid)
}

/// A bill that counts as paid by another amount than what pays it: an error.
pub fn bill_paid_differs(bill: BillId, number: &str, paid: Money, allocated: Money) -> Issue {
    let (kind, words) = if allocated.is_zero() {
        let words = format!("bill {number} counts as paid, and no payment pays it");
        (IssueKind::BillWithoutPayment, words)
    } else {
        let words = format!("what pays bill {number} is not what counts as paid");
        (IssueKind::AmountMismatch, words)
    };
    of_bill(kind, bill, words).with_severity(Severity::Error).amounts(paid, allocated)
}

/// Money of which nobody knows who paid it. `name` is the provider and the reference.
pub fn receipt_of_nobody(payment: PaymentId, name: &str, free: Money) -> Issue {
    let words = format!("nobody knows who paid {name}");
    of_payment(IssueKind::PaymentWithoutBill, payment, words).amounts(Money::ZERO, free)
}

/// A payment of a known customer that has paid no bill. It waits for the next one: an info.
pub fn advance(payment: PaymentId, name: &str, free: Money) -> Issue {
    let words = format!("{name} has paid no bill; it is an advance");
    of_payment(IssueKind::PaymentWithoutBill, payment, words)
        .with_severity(Severity::Info)
        .amounts(Money::ZERO, free)
}

/// A payment of another amount than was asked for. It is booked: nothing is wrong with the books.
pub fn request_differs(payment: PaymentId, name: &str, asked: Money, captured: Money) -> Issue {
    let words = format!("{name} is not what was asked for");
    of_payment(IssueKind::AmountMismatch, payment, words)
        .with_severity(Severity::Warning)
        .amounts(asked, captured)
}

/// What is free and allocated of a payment is not what the customer keeps of it.
pub fn not_allocated(payment: PaymentId, name: &str, keeps: Money, has: Money) -> Issue {
    let words = format!("what {name} paid, and what is left of it, is not what came");
    of_payment(IssueKind::AmountMismatch, payment, words).amounts(keeps, has)
}

/// The later of two payments with one reference of the bank.
pub fn same_bank_reference(payment: PaymentId, first: PaymentId, amount: Money) -> Issue {
    let words = format!("payment {} has the same reference of the bank", first.0);
    of_payment(IssueKind::Duplicate, payment, words).amounts(Money::ZERO, amount)
}

/// A payment made for a bill that another one has paid in full.
pub fn bill_paid_twice(payment: PaymentId, bill: BillId, number: &str, amount: Money) -> Issue {
    let words = format!("bill {number} was paid in full by another payment");
    let found = of_payment(IssueKind::Duplicate, payment, words);
    Issue { bill: Some(bill), ..found.amounts(Money::ZERO, amount) }
}

/// The later of two payments of the same customer, day and amount.
pub fn look_alike(payment: PaymentId, first: PaymentId, amount: Money) -> Issue {
    let words = format!("payment {} is of the same customer, day and amount", first.0);
    of_payment(IssueKind::Duplicate, payment, words).amounts(Money::ZERO, amount)
}

/// An event of a gateway that is not booked. `subject` is the payment's id there, or that of the
/// event when it names none; `told` what was captured as it says, `booked` what we have of it.
pub fn event_not_booked(
    provider: Provider,
    subject: &str,
    why: &str,
    told: Option<Money>,
    booked: Option<(PaymentId, Money)>,
) -> Issue {
    let words = format!("an event is not booked: {why}");
    Issue {
        payment: booked.map(|(payment, _)| payment),
        expected: told,
        found: told.map(|_| booked.map_or(Money::ZERO, |(_, amount)| amount)),
        ..about(IssueKind::ProviderOnly, provider, subject, words)
    }
}

/// A payment in the gateway's list that is not booked; `known` when we have heard of it.
pub fn only_at_provider(
    provider: Provider,
    reference: &str,
    captured: Money,
    known: Option<PaymentId>,
) -> Issue {
    let words = format!("the gateway has {reference}, and it is not booked");
    let found = about(IssueKind::ProviderOnly, provider, reference, words);
    Issue { payment: known, ..found.amounts(captured, Money::ZERO) }
}

/// A payment of which the gateway has another amount.
pub fn provider_differs(payment: PaymentId, name: &str, theirs: Money, ours: Money) -> Issue {
    let words = format!("the gateway has another amount of {name}");
    of_payment(IssueKind::AmountMismatch, payment, words).amounts(theirs, ours)
}

/// A payment through a gateway that its list does not have, or, when there is no list, of which no
/// event tells.
pub fn only_ours(payment: PaymentId, name: &str, captured: Money, listed: bool) -> Issue {
    let words = if listed {
        format!("the gateway does not list {name}")
    } else {
        format!("no event of the gateway tells of {name}")
    };
    of_payment(IssueKind::OursOnly, payment, words).amounts(Money::ZERO, captured)
}

/// A settlement that is more than it can cover, or other than its parts.
pub fn settlement_wrong(
    provider: Provider,
    reference: &str,
    expected: Money,
    found: Money,
) -> Issue {
    let words = format!("settlement {reference} is not what its payments come to");
    about(IssueKind::SettlementSumWrong, provider, reference, words).amounts(expected, found)
}

/// A payment that the ledger holds otherwise; the amounts are those of what came in.
pub fn payment_ledger_differs(
    payment: PaymentId,
    name: &str,
    expected: Money,
    found: Money,
) -> Issue {
    let words = format!("the ledger does not hold what follows from {name}");
    of_payment(IssueKind::LedgerDiffers, payment, words).amounts(expected, found)
}

/// A settlement that the ledger holds otherwise, or not.
pub fn settlement_ledger_differs(
    provider: Provider,
    reference: &str,
    expected: Money,
    found: Money,
) -> Issue {
    let words = format!("the ledger does not hold settlement {reference}");
    about(IssueKind::LedgerDiffers, provider, reference, words).amounts(expected, found)
}

/// Cash that a person has held for more than so many days.
pub fn cash_held(person: PersonId, name: &str, days: u16, amount: Money) -> Issue {
    let words = format!("{name} has not handed over cash of more than {days} days ago");
    let found = issue(IssueKind::CashNotHandedOver, words).amounts(Money::ZERO, amount);
    Issue { subject: person.0.to_string(), ..found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    #[test]
    fn a_bill_is_with_severity_what_is_wrong_with_it() {
        let day = Day::MIN;
        let open = |paid| bill_open(BillId(1), "INV/1", day, paise(500), paise(paid));
        assert_eq!(open(0).kind, IssueKind::BillWithoutPayment);
        assert_eq!((open(5).kind, open(5).severity), (IssueKind::AmountMismatch, Severity::Info));
        let wrong = |sum| bill_paid_differs(BillId(1), "INV/1", paise(500), paise(sum));
        assert_eq!(wrong(0).kind, IssueKind::BillWithoutPayment);
        assert_eq!(wrong(5).kind, IssueKind::AmountMismatch);
        for found in [wrong(0), wrong(5)] {
            assert_eq!(found.severity, Severity::Error);
            assert_eq!(found.expected, Some(paise(500)));
        }
    }

    #[test]
    fn each_finding_is_about_something_else() {
        let (payment, amount, r) = (PaymentId(1), paise(1), Provider::Razorpay);
        let all = [
            receipt_of_nobody(payment, "upi 1", amount),
            request_differs(payment, "upi 1", amount, paise(2)),
            same_bank_reference(payment, PaymentId(2), amount),
            bill_paid_twice(payment, BillId(1), "INV/1", amount),
            event_not_booked(r, "pay_1", "dead", Some(amount), None),
            only_at_provider(r, "pay_2", amount, None),
            only_ours(payment, "razorpay pay_3", amount, true),
            settlement_wrong(r, "setl_1", amount, paise(2)),
            payment_ledger_differs(payment, "upi 1", amount, paise(2)),
            settlement_ledger_differs(r, "setl_1", amount, paise(2)),
            cash_held(PersonId(4), "ravi", 1, amount),
        ];
        let prints: HashSet<_> = all.iter().map(Issue::fingerprint).collect();
        assert_eq!(prints.len(), all.len());
        assert_eq!(advance(payment, "upi 1", amount).severity, Severity::Info);
        let asked = request_differs(payment, "upi 1", amount, paise(2));
        assert_eq!(asked.severity, Severity::Warning);
        let again = look_alike(payment, PaymentId(3), amount);
        let same = same_bank_reference(payment, PaymentId(2), amount);
        assert_eq!(again.fingerprint(), same.fingerprint());
        let differs = provider_differs(payment, "upi 1", amount, paise(2));
        let has = not_allocated(payment, "upi 1", amount, paise(2));
        assert_eq!(differs.fingerprint(), has.fingerprint());
        let silent = only_ours(payment, "razorpay pay_3", amount, false);
        assert_eq!(silent.details, "no event of the gateway tells of razorpay pay_3");
        let known = event_not_booked(r, "pay_1", "dead", Some(amount), Some((payment, amount)));
        assert_eq!((known.found, known.payment), (Some(amount), Some(payment)));
    }
}
