//! What an event says, as things told of our payments, of what we asked for, and of settlements.
//!
//! It deliberately takes an event's word only where event and status agree; what contradicts itself
//! is for a person, who asks the gateway.

use crate::payments::{Names, Told};
use domain::calendar::Moment;
use domain::money::Money;
use domain::payments::{DisputeStatus, Fee, Observation, Provider, RefundStatus};
use gateways::Event;
use gateways::event::{
    About, DisputeState, LinkState, Observation as Seen, PaymentState, RefundState, SettlementState,
};

/// The kind of an event that tells that an order was paid in whole.
const ORDER_PAID: &str = "order.paid";

/// A settlement that was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldSettlement {
    pub provider: Provider,
    pub reference: String,
    pub amount: Money,
    pub bank_reference: Option<String>,
    pub at: Moment,
}

/// All that an event says to us.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub told: Vec<Told>,
    /// What became of things we asked for: the gateway's id, and the state.
    pub moved: Vec<(Provider, String, &'static str)>,
    pub settled: Vec<ToldSettlement>,
}

/// Reads an event; `cause_key` names it in logs. The error says what contradicts itself.
pub(crate) fn read(
    provider: Provider,
    event: &Event,
    cause_key: &str,
    at: Moment,
) -> Result<Said, String> {
    let mut said = Said::default();
    for seen in &event.observations {
        let reader = Reader { provider, event, seen, cause_key, at };
        match seen.about {
            About::Payment(state) => {
                said.told.push(reader.payment(state)?);
                if let (ORDER_PAID, Some(order)) = (event.kind.as_str(), &seen.order_id) {
                    said.moved.push((provider, order.clone(), "paid"));
                }
            }
            About::Refund(state) => said.told.push(reader.refund(state)?),
            About::Dispute(state) => said.told.push(reader.dispute(state)?),
            About::Link(state) => {
                let word = match state {
                    LinkState::Paid => "paid",
                    LinkState::Cancelled => "cancelled",
                    LinkState::Expired => "expired",
                    _ => continue,
                };
                said.moved.push((provider, seen.id.clone(), word));
            }
            About::Settlement(SettlementState::Processed) => {
                said.settled.push(reader.settlement()?);
            }
            // They book no cash by themselves; the payment behind them does.
            About::Settlement(_) | About::Subscription(_) | About::Invoice(_) => {}
        }
    }
    Ok(said)
}

struct Reader<'a> {
    provider: Provider,
    event: &'a Event,
    seen: &'a Seen,
    cause_key: &'a str,
    at: Moment,
}

impl Reader<'_> {
    fn unclear<T>(&self) -> Result<T, String> {
        let status = self.seen.status.as_deref().unwrap_or("nothing");
        Err(format!(
            "the event {} and the status {status} contradict each other; ask the gateway",
            self.event.kind
        ))
    }

    fn amount(&self) -> Result<Money, String> {
        let amount = self.seen.amount.map(Money::from_paise);
        amount.ok_or_else(|| format!("the event {} says no amount", self.event.kind))
    }

    /// When it happened, as it is told; not later than now. An intent or payout of Stripe is made
    /// when it is asked for, and its event when it happens. A payment of Razorpay is made when it
    /// is paid, and its events may carry the age of a link (protocols 1.5).
    fn moment(&self) -> Moment {
        let (thing, event) = (self.seen.created_at, self.event.created_at);
        let told =
            if self.provider == Provider::Stripe { event.or(thing) } else { thing.or(event) };
        told.map_or(self.at, |told| told.min(self.at))
    }

    fn payment(&self, state: PaymentState) -> Result<Told, String> {
        let amount = self.amount()?;
        let mut seen = Vec::with_capacity(2);
        match state {
            PaymentState::Created => seen.push(Observation::Created { amount }),
            PaymentState::Authorized => seen.push(Observation::Authorized { amount }),
            PaymentState::Captured => {
                seen.push(Observation::Captured { amount, at: self.moment() });
            }
            PaymentState::Failed => {
                seen.extend([Observation::Created { amount }, Observation::Failed]);
            }
            PaymentState::Refunded | PaymentState::Unclear => return self.unclear(),
        }
        if let (PaymentState::Captured, Some(fee)) = (state, self.seen.fee) {
            let tax = Money::from_paise(self.seen.tax.unwrap_or(0));
            let fee = Fee::new(Money::from_paise(fee), tax);
            seen.push(Observation::Fee(fee.ok_or("the fee is less than the tax in it")?));
        }
        Ok(self.told(self.seen.id.clone(), seen))
    }

    fn refund(&self, state: RefundState) -> Result<Told, String> {
        let status = match state {
            RefundState::Pending => RefundStatus::Pending,
            RefundState::Processed => RefundStatus::Processed,
            RefundState::Failed => RefundStatus::Failed,
            RefundState::Unclear => return self.unclear(),
        };
        let refund =
            Observation::Refund { id: self.seen.id.clone(), status, amount: self.amount()? };
        Ok(self.told(self.payment_id()?, vec![refund]))
    }

    fn dispute(&self, state: DisputeState) -> Result<Told, String> {
        let (id, amount) = (self.seen.id.clone(), self.amount()?);
        let deducted = Money::from_paise(self.seen.amount_deducted.unwrap_or(0));
        let told = |status| Observation::Dispute { id: id.clone(), status, amount, deducted };
        let seen = match state {
            DisputeState::Open => told(DisputeStatus::Created),
            DisputeState::ActionRequired => told(DisputeStatus::ActionRequired),
            DisputeState::UnderReview => told(DisputeStatus::UnderReview),
            DisputeState::Won => told(DisputeStatus::Won),
            DisputeState::Lost => told(DisputeStatus::Lost),
            DisputeState::Closed => told(DisputeStatus::Closed),
            DisputeState::FundsWithdrawn => Observation::FundsWithdrawn { dispute: id, amount },
            DisputeState::FundsReinstated => Observation::FundsReinstated { dispute: id, amount },
            DisputeState::Unclear => return self.unclear(),
        };
        Ok(self.told(self.payment_id()?, vec![seen]))
    }

    fn settlement(&self) -> Result<ToldSettlement, String> {
        Ok(ToldSettlement {
            provider: self.provider,
            reference: self.seen.id.clone(),
            amount: self.amount()?,
            bank_reference: self.seen.rrn.clone(),
            at: self.moment(),
        })
    }

    /// The payment that a refund or dispute belongs to.
    fn payment_id(&self) -> Result<String, String> {
        let id = self.seen.payment_id.clone();
        id.ok_or_else(|| format!("the event {} names no payment", self.event.kind))
    }

    fn told(&self, reference: String, seen: Vec<Observation>) -> Told {
        let named = self.seen;
        let requests = [&named.order_id, &named.link_id, &named.qr_id];
        let is_payment = matches!(named.about, About::Payment(_));
        Told {
            provider: self.provider,
            reference,
            seen,
            currency: named.currency.clone(),
            any_amount: false,
            names: Names {
                requests: requests.into_iter().flatten().cloned().collect(),
                bill: named.bill_ref.clone(),
                customer: named.customer_code.clone(),
                plan: named.plan_code.clone(),
            },
            method: named.method.clone().filter(|_| is_payment),
            bank_reference: named.rrn.clone().filter(|_| is_payment),
            person: None,
            day: None,
            cause: self.event.kind.clone(),
            cause_key: self.cause_key.to_owned(),
        }
    }
}
