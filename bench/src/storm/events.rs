//! The events of a storm: which payments there are, what is told of each, in what order it is
//! sent, and what the ledger must say in the end.
//!
//! It deliberately computes each event from its number, so that a million of them need no memory
//! and the same number gives the same bytes.

use crate::load::Draw;
use gateways::Secrets;
use gateways::razorpay::webhook::sign;

/// Payments that follow the same pattern.
const GROUP: u64 = 20;
/// The same as a length.
const GROUP_LENGTH: usize = 20;
/// One event in so many is sent a second time, at any moment.
const DUPLICATE_EVERY: u64 = 11;
/// Rounds of the shuffle.
const ROUNDS: u64 = 4;
/// When the first was paid, in Unix seconds: 2026-11-18.
const PAID_AT_SECS: u64 = 1_795_000_000;

/// What is told of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Authorized,
    Captured,
    Failed,
    OrderPaid,
    Refunded,
}

/// What is told of the payments of a group, in the order in which it happened.
const STORIES: [&[Kind]; GROUP_LENGTH] = {
    use Kind::{Authorized, Captured, Failed, OrderPaid, Refunded};
    const PLAIN: &[Kind] = &[Authorized, Captured];
    const LATE: &[Kind] = &[Failed, Captured];
    const BACK: &[Kind] = &[Captured, Refunded];
    const TWICE: &[Kind] = &[Authorized, Captured, OrderPaid];
    [
        PLAIN,
        PLAIN,
        LATE,
        PLAIN,
        BACK,
        PLAIN,
        TWICE,
        PLAIN,
        LATE,
        PLAIN,
        &[Failed],
        PLAIN,
        PLAIN,
        BACK,
        PLAIN,
        LATE,
        PLAIN,
        TWICE,
        PLAIN,
        PLAIN,
    ]
};

/// What the ledger must say of the gateway in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Money at the gateway, in paise.
    pub at_gateway: i64,
    /// Fees without their tax.
    pub fees: i64,
    /// Tax on them.
    pub tax: i64,
    /// Entries on the gateway's account: one for each capture, fee and refund.
    pub entries: i64,
}

/// All events of a storm.
#[derive(Clone, Debug)]
pub struct Events {
    seed: u64,
    groups: u64,
    bills: Vec<String>,
}

impl Events {
    /// At least so many events, about payments for these bills.
    pub fn new(seed: u64, least: u64, bills: Vec<String>) -> Self {
        Self { seed, groups: least.div_ceil(per_group()).max(1), bills }
    }

    /// How many different ones there are.
    pub fn count(&self) -> u64 {
        self.groups * per_group()
    }

    /// How many payments they are about.
    pub fn payments(&self) -> u64 {
        self.groups * GROUP
    }

    /// How many are sent, those sent twice counted twice.
    pub fn sent(&self) -> u64 {
        self.count() + self.count() / (DUPLICATE_EVERY - 1)
    }

    /// Writes the body of what is sent at a place and returns the event's id and its signature.
    pub fn write(&self, place: u64, secrets: &Secrets, body: &mut Vec<u8>) -> (String, String) {
        let event = self.at(place);
        let (payment, kind) = story(event);
        let text = self.body(payment, kind);
        body.clear();
        body.extend_from_slice(text.as_bytes());
        (format!("evt_{event:014}"), sign(body, secrets))
    }

    /// The number of the event that is sent at a place: all of them in any order, with some others
    /// in between that are sent before or after as well.
    fn at(&self, place: u64) -> u64 {
        if place % DUPLICATE_EVERY == DUPLICATE_EVERY - 1 {
            let count = usize::try_from(self.count()).unwrap_or(usize::MAX);
            return Draw::new(self.seed, place).below(count) as u64;
        }
        self.shuffled((place - place / DUPLICATE_EVERY) % self.count())
    }

    /// A number below the count, another for each: a balanced Feistel network over the next power
    /// of four, walked until it comes back below.
    fn shuffled(&self, number: u64) -> u64 {
        let half = (u64::BITS - self.count().leading_zeros()).div_ceil(2);
        let mask = (1 << half) - 1;
        let mut shuffled = number;
        loop {
            let (mut left, mut right) = (shuffled >> half, shuffled & mask);
            for round in 0..ROUNDS {
                let mixed = Draw::new(self.seed ^ (round << 32), right).number() & mask;
                (left, right) = (right, left ^ mixed);
            }
            shuffled = left << half | right;
            if shuffled < self.count() {
                return shuffled;
            }
        }
    }

    /// What all of it comes to.
    pub fn expected(&self) -> Expected {
        let mut expected = Expected::default();
        for payment in 0..self.payments() {
            let story = STORIES[place_in_group(payment)];
            let (amount, fee, tax) = amounts(payment);
            if !story.contains(&Kind::Captured) {
                continue;
            }
            expected.at_gateway += amount - fee;
            expected.fees += fee - tax;
            expected.tax += tax;
            expected.entries += 2;
            if story.contains(&Kind::Refunded) {
                expected.at_gateway -= refunded(payment);
                expected.entries += 1;
            }
        }
        expected
    }

    fn body(&self, payment: u64, kind: Kind) -> String {
        let name = match kind {
            Kind::Authorized => "payment.authorized",
            Kind::Captured => "payment.captured",
            Kind::Failed => "payment.failed",
            Kind::OrderPaid => "order.paid",
            Kind::Refunded => "refund.processed",
        };
        let told = self.payment(payment, kind);
        let (amount, _, _) = amounts(payment);
        let at = PAID_AT_SECS + payment % 86_400;
        let beside = match kind {
            Kind::OrderPaid => format!(
                concat!(
                    r#","order":{{"entity":{{"id":"order_{payment:014}","entity":"order","#,
                    r#""amount":{amount},"amount_paid":{amount},"amount_due":0,"#,
                    r#""currency":"INR","receipt":null,"status":"paid","attempts":1,"#,
                    r#""notes":[],"created_at":{at}}}}}"#,
                ),
                amount = amount,
                at = at,
                payment = payment,
            ),
            Kind::Refunded => {
                let back = refunded(payment);
                format!(
                    concat!(
                        r#","refund":{{"entity":{{"id":"rfnd_{payment:014}","entity":"refund","#,
                        r#""amount":{back},"currency":"INR","payment_id":"pay_{payment:014}","#,
                        r#""notes":[],"receipt":null,"acquirer_data":{{"rrn":null}},"#,
                        r#""created_at":{at},"batch_id":null,"status":"processed","#,
                        r#""speed_processed":"normal","speed_requested":"normal"}}}}"#,
                    ),
                    at = at,
                    back = back,
                    payment = payment,
                )
            }
            _ => String::new(),
        };
        format!(
            concat!(
                r#"{{"entity":"event","account_id":"acc_LocalFake00001","event":"{name}","#,
                r#""contains":["payment"],"#,
                r#""payload":{{"payment":{{"entity":{told}}}{beside}}},"#,
                r#""created_at":{at}}}"#,
            ),
            at = at,
            beside = beside,
            name = name,
            told = told,
        )
    }

    fn payment(&self, payment: u64, kind: Kind) -> String {
        let (amount, fee, tax) = amounts(payment);
        let bills = self.bills.len().max(1) as u64;
        let bill = usize::try_from(payment % bills).ok().and_then(|place| self.bills.get(place));
        let bill = bill.map_or("", String::as_str);
        let (status, charged, back) = match kind {
            Kind::Authorized => ("authorized", false, 0),
            Kind::Failed => ("failed", false, 0),
            Kind::Captured | Kind::OrderPaid => ("captured", true, 0),
            Kind::Refunded => ("captured", true, refunded(payment)),
        };
        let (fee, tax) = if charged {
            (fee.to_string(), tax.to_string())
        } else {
            ("null".to_owned(), "null".to_owned())
        };
        let refund_status = if back > 0 { r#""partial""# } else { "null" };
        let at = PAID_AT_SECS + payment % 86_400;
        format!(
            concat!(
                r#"{{"id":"pay_{payment:014}","entity":"payment","amount":{amount},"#,
                r#""currency":"INR","status":"{status}","order_id":"order_{payment:014}","#,
                r#""invoice_id":null,"international":false,"method":"upi","#,
                r#""amount_refunded":{back},"refund_status":{refund_status},"#,
                r#""captured":{charged},"description":null,"card_id":null,"bank":null,"#,
                r#""wallet":null,"vpa":"payer@exampleupi","email":null,"#,
                r#""contact":"+910000000000","notes":{{"bill_no":"{bill}"}},"fee":{fee},"#,
                r#""tax":{tax},"error_code":null,"#,
                r#""acquirer_data":{{"rrn":"{payment:012}"}},"created_at":{at}}}"#,
            ),
            amount = amount,
            at = at,
            back = back,
            bill = bill,
            charged = charged,
            fee = fee,
            payment = payment,
            refund_status = refund_status,
            status = status,
            tax = tax,
        )
    }
}

/// Events of a group.
fn per_group() -> u64 {
    STORIES.iter().map(|story| story.len() as u64).sum()
}

fn place_in_group(payment: u64) -> usize {
    usize::try_from(payment % GROUP).unwrap_or(0)
}

/// Which payment an event is about, and what it tells.
fn story(event: u64) -> (u64, Kind) {
    let (group, mut place) = (event / per_group(), event % per_group());
    for (payment, story) in (group * GROUP..).zip(STORIES) {
        match usize::try_from(place).ok().and_then(|place| story.get(place)) {
            Some(kind) => return (payment, *kind),
            None => place -= story.len() as u64,
        }
    }
    (0, Kind::Failed)
}

/// What a payment brings, what it costs, and the tax in that, in paise.
fn amounts(payment: u64) -> (i64, i64, i64) {
    let amount = 5_000 + i64::try_from(payment % 977).unwrap_or(0) * 100;
    let fee = amount / 50;
    (amount, fee, fee * 18 / 118)
}

/// What of it is given back.
fn refunded(payment: u64) -> i64 {
    amounts(payment).0 / 4
}

#[cfg(test)]
mod tests {
    use super::{Events, story};
    use std::collections::HashSet;

    #[test]
    fn every_event_is_sent_and_some_twice() {
        let events = Events::new(7, 1_000, vec!["B-1".to_owned()]);
        let sent: Vec<u64> = (0..events.sent()).map(|place| events.at(place)).collect();
        let different: HashSet<u64> = sent.iter().copied().collect();
        assert_eq!(different.len() as u64, events.count());
        assert!(sent.len() as u64 > events.count() && events.count() >= 1_000);
        assert_ne!(sent[..20], (0..20).collect::<Vec<u64>>());
    }

    #[test]
    fn events_belong_to_payments_in_turn() {
        let events = Events::new(7, 1, Vec::new());
        let payments: HashSet<u64> = (0..events.count()).map(|event| story(event).0).collect();
        assert_eq!(payments.len() as u64, events.payments());
    }

    #[test]
    fn bodies_are_events_of_the_gateway() {
        let events = Events::new(7, 41, vec!["B-1".to_owned()]);
        for event in 0..events.count() {
            let (payment, kind) = story(event);
            let body = events.body(payment, kind);
            let parsed = gateways::razorpay::webhook::parse(body.as_bytes()).unwrap();
            assert!(!parsed.observations.is_empty(), "{body}");
        }
    }
}
