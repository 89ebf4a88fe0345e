//! The transactions that new knowledge of a payment leads to.
//!
//! It deliberately posts nothing twice: what followed from the knowledge before is there already.

use super::facts::Facts;
use super::postings::{Kind, Posting, postings};
use super::provider::{Provider, entry};
use crate::calendar::Day;
use crate::ids::{CustomerId, PaymentId, PersonId};
use crate::ledger::{Account, Cause, Entry, LedgerError, Transaction};
use crate::money::{Money, Overflow};

/// Whose payment it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The payment.
    pub payment: PaymentId,
    /// How it comes in.
    pub provider: Provider,
    /// Who pays, when that is known; otherwise its money is kept as unmatched.
    pub customer: Option<CustomerId>,
    /// Whose cash the money comes into, or is refunded from; needed for cash only.
    pub person: Option<PersonId>,
}

/// The transactions that are to be posted now that `after` is known and `before` was: one per kind
/// of posting, each balanced.
///
/// When an amount that was posted turns out larger, the difference is posted under a name of its
/// own (`Posting::correction`), so that the balances are the same in every order.
pub fn decide(
    before: &Facts,
    after: &Facts,
    whose: &Whose,
    day: Day,
) -> Result<Vec<Transaction>, LedgerError> {
    let known = postings(before, whose.provider);
    let mut transactions = Vec::new();
    for posting in postings(after, whose.provider) {
        let there = known.iter().find(|there| there.kind == posting.kind);
        let (booked, tax) =
            there.map_or((Money::ZERO, Money::ZERO), |there| (there.amount, there.tax));
        let (amount, tax) = (posting.amount.minus(booked)?, posting.tax.minus(tax)?);
        if amount.is_zero() && tax.is_zero() {
            continue;
        }
        let kind = match there {
            Some(there) if !there.amount.is_zero() => posting.correction(),
            _ => posting.kind.to_string(),
        };
        let entries = entries(&posting, amount, tax, &paid_from(whose, after, &posting))?;
        let cause = Cause::Payment { payment: whose.payment, kind };
        transactions.push(Transaction::new(day, whose.customer, cause, entries)?);
    }
    Ok(transactions)
}

/// Whose cash a posting is about: that of the payment, but for refunds that somebody else paid.
fn paid_from(whose: &Whose, facts: &Facts, posting: &Posting) -> Whose {
    let refund = match &posting.kind {
        Kind::Refund(id) | Kind::RefundFailed(id) => facts.refunds.get(id),
        _ => None,
    };
    Whose { person: refund.and_then(|refund| refund.person).or(whose.person), ..*whose }
}

/// The entries of so much of a posting.
fn entries(
    posting: &Posting,
    amount: Money,
    tax: Money,
    whose: &Whose,
) -> Result<Vec<Entry>, Overflow> {
    let provider = whose.provider;
    let owed = whose.customer.map_or(Account::UnmatchedReceipts, |_| Account::Receivable);
    let (debit, credit) = match &posting.kind {
        Kind::Cleared => (Account::Bank, provider.account()),
        Kind::Uncleared => (provider.account(), Account::Bank),
        Kind::Fee => (Account::GatewayFees, provider.account()),
        Kind::Refund(_) => (owed, provider.refund_account()),
        Kind::RefundFailed(_) => (provider.refund_account(), owed),
        Kind::Dispute(_) | Kind::Reversal => (owed, provider.account()),
        Kind::Receipt | Kind::DisputeWon(_) => (provider.account(), owed),
    };
    Ok(vec![
        entry(debit, whose.person, amount.minus(tax)?),
        entry(Account::InputTaxOnFees, None, tax),
        entry(credit, whose.person, amount.negated()?),
    ])
}

#[cfg(test)]
mod tests {
    use super::{Whose, decide};
    use crate::calendar::{Day, Moment};
    use crate::ids::{CustomerId, PaymentId, PersonId};
    use crate::ledger::{Cause, LedgerError, Transaction};
    use crate::money::Money;
    use crate::payments::{Facts, Fee, Observation, Provider, RefundStatus};

    const RIDER: PersonId = PersonId(7);

    fn paise(paise: i64) -> Money {
        Money::from_paise(paise)
    }

    fn captured(amount: i64) -> Observation {
        Observation::Captured { amount: paise(amount), at: Moment::from_unix_micros(1) }
    }

    fn refund(status: RefundStatus, amount: i64) -> Observation {
        Observation::Refund { id: "r".to_owned(), status, amount: paise(amount) }
    }

    fn whose(provider: Provider) -> Whose {
        let (payment, customer) = (PaymentId(3), Some(CustomerId(1)));
        let person = (provider == Provider::Cash).then_some(RIDER);
        Whose { payment, provider, customer, person }
    }

    fn day() -> Day {
        Day::parse("2026-10-31").unwrap()
    }

    /// Tells one thing after the other and shows what is posted for it.
    fn posted(whose: &Whose, observations: &[Observation]) -> Vec<String> {
        let mut facts = Facts::default();
        let mut lines = Vec::new();
        for observation in observations {
            let before = facts.clone();
            facts.merge(observation);
            let transactions = decide(&before, &facts, whose, day()).unwrap();
            lines.extend(transactions.iter().map(shown));
        }
        assert_eq!(decide(&facts, &facts, whose, day()), Ok(Vec::new()));
        lines
    }

    fn shown(transaction: &Transaction) -> String {
        let Cause::Payment { payment: PaymentId(3), kind } = &transaction.cause else {
            panic!("{:?}", transaction.cause);
        };
        let entries = transaction.entries().iter().map(|entry| {
            let person = entry.person.map_or(String::new(), |person| format!("({})", person.0));
            format!("{}{person} {}", entry.account.as_str(), entry.amount.paise())
        });
        format!("{kind}: {}", entries.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn a_gateway_keeps_its_fee() {
        let fee = Observation::Fee(Fee::new(paise(4348), paise(663)).unwrap());
        let lines = posted(&whose(Provider::Razorpay), &[captured(184_250), fee]);
        let expected = [
            "receipt: gateway_razorpay 184250, receivable -184250",
            "fee: gateway_fees 3685, input_gst 663, gateway_razorpay -4348",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn cash_is_by_name() {
        let lines =
            posted(&whose(Provider::Cash), &[captured(500), refund(RefundStatus::Processed, 50)]);
        let expected = [
            "receipt: cash_in_hand(7) 500, receivable -500",
            "refund:r: receivable 50, cash_in_hand(7) -50",
        ];
        assert_eq!(lines, expected);
        let nobodys = Whose { person: None, ..whose(Provider::Cash) };
        let mut facts = Facts::default();
        facts.merge(&captured(500));
        let wrong = decide(&Facts::default(), &facts, &nobodys, day());
        assert!(matches!(wrong, Err(LedgerError::Person(_))));
    }

    #[test]
    fn money_of_nobody_is_kept_as_unmatched() {
        let whose = Whose { customer: None, ..whose(Provider::Upi) };
        let lines = posted(&whose, &[captured(500), Observation::Reversed]);
        let expected = [
            "receipt: bank 500, unmatched_receipts -500",
            "reversal: unmatched_receipts 500, bank -500",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_cheque_goes_to_the_bank_and_back() {
        let told = [captured(900), Observation::Cleared, Observation::Reversed];
        let lines = posted(&whose(Provider::Cheque), &told);
        let expected = [
            "receipt: cheques_in_hand 900, receivable -900",
            "cleared: bank 900, cheques_in_hand -900",
            "uncleared: cheques_in_hand 900, bank -900",
            "reversal: receivable 900, cheques_in_hand -900",
        ];
        assert_eq!(lines, expected);
        let told = [captured(900), refund(RefundStatus::Pending, 100)];
        let lines = posted(&whose(Provider::Cheque), &told);
        assert_eq!(lines[1], "refund:r: receivable 100, bank -100");
    }

    #[test]
    fn a_refund_that_fails_is_taken_back_once() {
        let told = [
            captured(900),
            refund(RefundStatus::Pending, 100),
            refund(RefundStatus::Processed, 100),
            refund(RefundStatus::Failed, 100),
            refund(RefundStatus::Processed, 100),
        ];
        let lines = posted(&whose(Provider::Stripe), &told);
        let expected = [
            "receipt: gateway_stripe 900, receivable -900",
            "refund:r: receivable 100, gateway_stripe -100",
            "refund-failed:r: gateway_stripe 100, receivable -100",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_disputes_money_goes_and_comes_back() {
        let (dispute, amount) = ("d".to_owned(), paise(300));
        let told = [
            captured(900),
            Observation::FundsWithdrawn { dispute: dispute.clone(), amount },
            Observation::FundsReinstated { dispute, amount },
        ];
        let lines = posted(&whose(Provider::Stripe), &told);
        let expected = [
            "dispute:d: receivable 300, gateway_stripe -300",
            "dispute-won:d: gateway_stripe 300, receivable -300",
        ];
        assert_eq!(lines[1..], expected);
    }

    #[test]
    fn what_turns_out_larger_is_corrected() {
        let fee = |amount, tax| Observation::Fee(Fee::new(paise(amount), paise(tax)).unwrap());
        let told = [captured(100), captured(150), fee(0, 0), fee(10, 2), fee(10, 1), fee(12, 1)];
        let lines = posted(&whose(Provider::Razorpay), &told);
        let expected = [
            "receipt: gateway_razorpay 100, receivable -100",
            "receipt@150/0: gateway_razorpay 50, receivable -50",
            "fee: gateway_fees 8, input_gst 2, gateway_razorpay -10",
            "fee@12/1: gateway_fees 3, input_gst -1, gateway_razorpay -2",
        ];
        assert_eq!(lines, expected);
    }
}
