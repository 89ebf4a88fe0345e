//! Razorpay's entities as observations: the same reading for webhooks and for fetched entities.
//!
//! It deliberately reads only what somebody needs; unknown fields are passed over.

use crate::event::{
    About, DisputeState, InvoiceState, LinkState, Observation, PaymentState, RefundState,
    SettlementState, SubscriptionState,
};
use crate::json::{Fields, ParseError};

type Entity<'n, 'a> = Fields<'n, 'a>;
type Read<T> = Result<T, ParseError>;

/// Some ids come without their prefix in some events.
const ORDER_PREFIX: &str = "order_";
const LINK_PREFIX: &str = "plink_";

/// What an event claims about a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// `payment.authorized`.
    Authorized,
    /// `payment.captured` and those that only a captured payment fires.
    Captured,
    /// `payment.failed`.
    Failed,
    /// No event: the entity was fetched.
    Fetched,
}

/// The entities of one event, as far as it has them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entities<'n, 'a> {
    pub(crate) payment: Option<Entity<'n, 'a>>,
    pub(crate) order: Option<Entity<'n, 'a>>,
    pub(crate) link: Option<Entity<'n, 'a>>,
    pub(crate) qr: Option<Entity<'n, 'a>>,
    pub(crate) invoice: Option<Entity<'n, 'a>>,
    pub(crate) subscription: Option<Entity<'n, 'a>>,
    pub(crate) refund: Option<Entity<'n, 'a>>,
    pub(crate) dispute: Option<Entity<'n, 'a>>,
    pub(crate) settlement: Option<Entity<'n, 'a>>,
}

impl Entities<'_, '_> {
    /// The payment, with what the entities beside it add.
    pub(crate) fn payment(&self, claim: Claim) -> Read<Option<Observation>> {
        let Some(payment) = self.payment else { return Ok(None) };
        let status = payment.text("status")?.ok_or_else(|| payment.missing("status"))?;
        let about = About::Payment(payment_state(claim, status));
        let mut seen = Observation::new(about, payment.must_id("id")?);
        seen.status = Some(status.to_owned());
        seen.amount = Some(payment.must_amount("amount")?);
        seen.currency = Some(payment.must_currency("currency")?);
        seen.created_at = payment.moment("created_at")?;
        seen.order_id = self.order_id()?;
        seen.link_id = id_in(self.link, "id", LINK_PREFIX)?;
        seen.qr_id = id_in(self.qr, "id", "")?;
        seen.invoice_id = either(payment.id("invoice_id")?, id_in(self.invoice, "id", "")?);
        seen.subscription_id = id_in(self.subscription, "id", "")?;
        let payer = id_in(self.qr, "customer_id", "")?;
        seen.customer_id = either(payment.id("customer_id")?, payer);
        seen.fee = payment.amount("fee")?;
        seen.tax = payment.amount("tax")?;
        seen.amount_refunded = payment.amount("amount_refunded")?;
        seen.method = payment.note("method")?;
        seen.rrn = acquirer(payment, "rrn")?;
        let upi = payment.object("upi", "payload.payment.entity.upi")?;
        let upi_vpa = upi.map(|upi| upi.note("vpa")).transpose()?.flatten();
        seen.vpa = payment.note("vpa")?.or(upi_vpa);
        seen.reason = reason(payment)?;
        self.name(&mut seen)?;
        Ok(Some(seen))
    }

    /// The payment link, as a thing of its own.
    pub(crate) fn link(&self, state: Option<LinkState>) -> Read<Option<Observation>> {
        let Some(link) = self.link else { return Ok(None) };
        let status = link.text("status")?;
        let state = state.unwrap_or_else(|| link_state(status));
        let id = prefixed(link.must_id("id")?, LINK_PREFIX);
        let mut seen = Observation::new(About::Link(state), id);
        seen.status = status.map(str::to_owned);
        seen.amount = Some(link.must_amount("amount")?);
        seen.currency = Some(link.must_currency("currency")?);
        seen.created_at = link.moment("created_at")?;
        seen.payment_id = id_in(self.payment, "id", "")?;
        seen.order_id = self.order_id()?;
        self.name(&mut seen)?;
        Ok(Some(seen))
    }

    /// A refund, with what the payment beside it adds.
    pub(crate) fn refund(&self, claim: Option<RefundState>) -> Read<Option<Observation>> {
        let Some(refund) = self.refund else { return Ok(None) };
        let status = refund.text("status")?.ok_or_else(|| refund.missing("status"))?;
        let about = About::Refund(refund_state(claim, status));
        let mut seen = Observation::new(about, refund.must_id("id")?);
        seen.status = Some(status.to_owned());
        seen.amount = Some(refund.must_amount("amount")?);
        seen.currency = Some(refund.must_currency("currency")?);
        seen.created_at = refund.moment("created_at")?;
        seen.payment_id = Some(refund.must_id("payment_id")?.to_owned());
        seen.amount_refunded = amount_in(self.payment, "amount_refunded")?;
        seen.order_id = self.order_id()?;
        seen.rrn = acquirer(refund, "arn")?.or(acquirer(refund, "rrn")?);
        if let Some(notes) = refund.object("notes", "notes")? {
            seen.our_reference = notes.reference("reference")?;
        }
        self.name(&mut seen)?;
        Ok(Some(seen))
    }

    /// A dispute.
    pub(crate) fn dispute(&self, claim: DisputeState) -> Read<Option<Observation>> {
        let Some(dispute) = self.dispute else { return Ok(None) };
        let status = dispute.text("status")?;
        let about = About::Dispute(dispute_state(claim, status));
        let mut seen = Observation::new(about, dispute.must_id("id")?);
        seen.status = status.map(str::to_owned);
        seen.amount = Some(dispute.must_amount("amount")?);
        seen.currency = Some(dispute.must_currency("currency")?);
        seen.created_at = dispute.moment("created_at")?;
        let payment = either(dispute.id("payment_id")?, id_in(self.payment, "id", "")?);
        seen.payment_id = Some(payment.ok_or_else(|| dispute.missing("payment_id"))?);
        seen.amount_deducted = dispute.amount("amount_deducted")?;
        seen.order_id = self.order_id()?;
        seen.reason = dispute.note("reason_code")?;
        self.name(&mut seen)?;
        Ok(Some(seen))
    }

    /// A settlement.
    pub(crate) fn settlement(&self) -> Read<Option<Observation>> {
        let Some(settlement) = self.settlement else { return Ok(None) };
        let status = settlement.text("status")?;
        let state = match status {
            Some("processed") => SettlementState::Processed,
            Some("failed") => SettlementState::Failed,
            _ => SettlementState::Created,
        };
        let mut seen = Observation::new(About::Settlement(state), settlement.must_id("id")?);
        seen.status = status.map(str::to_owned);
        seen.amount = Some(settlement.must_amount("amount")?);
        seen.currency = settlement.currency("currency")?;
        seen.created_at = settlement.moment("created_at")?;
        seen.fee = settlement.amount("fees")?;
        seen.tax = settlement.amount("tax")?;
        seen.rrn = settlement.note("utr")?;
        Ok(Some(seen))
    }

    /// A subscription.
    pub(crate) fn subscription(&self, state: SubscriptionState) -> Read<Option<Observation>> {
        let Some(subscription) = self.subscription else { return Ok(None) };
        let about = About::Subscription(state);
        let mut seen = Observation::new(about, subscription.must_id("id")?);
        seen.status = subscription.note("status")?;
        seen.created_at = subscription.moment("created_at")?;
        seen.customer_id = subscription.id("customer_id")?.map(str::to_owned);
        seen.payment_id = id_in(self.payment, "id", "")?;
        self.name(&mut seen)?;
        Ok(Some(seen))
    }

    /// An invoice.
    pub(crate) fn invoice(&self, state: InvoiceState) -> Read<Option<Observation>> {
        let Some(invoice) = self.invoice else { return Ok(None) };
        let mut seen = Observation::new(About::Invoice(state), invoice.must_id("id")?);
        seen.status = invoice.note("status")?;
        seen.amount = invoice.amount("amount")?;
        seen.currency = invoice.currency("currency")?;
        seen.created_at = invoice.moment("created_at")?;
        seen.payment_id = id_in(self.payment, "id", "")?;
        seen.order_id = self.order_id()?;
        seen.subscription_id = invoice.id("subscription_id")?.map(str::to_owned);
        seen.customer_id = invoice.id("customer_id")?.map(str::to_owned);
        self.name(&mut seen)?;
        Ok(Some(seen))
    }

    /// The order the payment, link or invoice is for; the entity of the order must agree.
    fn order_id(&self) -> Read<Option<String>> {
        let named = |holder: Option<Entity<'_, '_>>| id_in(holder, "order_id", ORDER_PREFIX);
        let mut named = [named(self.payment)?, named(self.link)?, named(self.invoice)?];
        let named = named.iter_mut().find_map(Option::take);
        let shown = id_in(self.order, "id", ORDER_PREFIX)?;
        match (named, shown, self.order) {
            (Some(named), Some(shown), Some(order)) if named != shown => {
                Err(order.wrong("id", "the order of the payment"))
            }
            (named, shown, _) => Ok(named.or(shown)),
        }
    }

    /// Fills in what we once sent along: bill, customer and plan.
    fn name(&self, seen: &mut Observation) -> Read<()> {
        seen.bill_ref = self.note("bill_no")?;
        for (holder, key) in
            [(self.link, "reference_id"), (self.invoice, "receipt"), (self.order, "receipt")]
        {
            if seen.bill_ref.is_none()
                && let Some(holder) = holder
            {
                seen.bill_ref = holder.reference(key)?;
            }
        }
        seen.customer_code = self.note("customer_code")?;
        // Razorpay's own plan_id is no code of ours.
        seen.plan_code = self.note("plan_code")?;
        Ok(())
    }

    /// A note of the first entity that has it. Notes are an object, or `[]`, null or a text.
    fn note(&self, key: &str) -> Read<Option<String>> {
        let holders = [
            self.refund,
            self.payment,
            self.link,
            self.order,
            self.invoice,
            self.subscription,
            self.qr,
        ];
        for holder in holders.into_iter().flatten() {
            if let Some(notes) = holder.object("notes", "notes")?
                && let Some(found) = notes.reference(key)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}

fn payment_state(claim: Claim, status: &str) -> PaymentState {
    match (claim, status) {
        (_, "created") => PaymentState::Created,
        (Claim::Authorized | Claim::Fetched, "authorized") => PaymentState::Authorized,
        // The event says less than the status: the weaker holds until the other event comes.
        (Claim::Authorized, "captured") | (Claim::Captured, "authorized") => {
            PaymentState::Authorized
        }
        (Claim::Captured, "captured" | "refunded") | (Claim::Fetched, "captured") => {
            PaymentState::Captured
        }
        (Claim::Failed | Claim::Fetched, "failed") => PaymentState::Failed,
        (Claim::Fetched, "refunded") => PaymentState::Refunded,
        _ => PaymentState::Unclear,
    }
}

fn refund_state(claim: Option<RefundState>, status: &str) -> RefundState {
    let told = match status {
        "pending" | "created" => RefundState::Pending,
        "processed" => RefundState::Processed,
        "failed" => RefundState::Failed,
        _ => RefundState::Unclear,
    };
    match (claim, told) {
        // `refund.created` and `refund.speed_changed` may already be processed.
        (None | Some(RefundState::Pending), told) => told,
        (Some(claim), told) if claim == told => told,
        _ => RefundState::Unclear,
    }
}

fn dispute_state(claim: DisputeState, status: Option<&str>) -> DisputeState {
    let ends = match status {
        Some("won") => Some(DisputeState::Won),
        Some("lost") => Some(DisputeState::Lost),
        _ => None,
    };
    match claim {
        DisputeState::Won | DisputeState::Lost if ends != Some(claim) => DisputeState::Unclear,
        DisputeState::Closed => ends.unwrap_or(claim),
        claim => claim,
    }
}

fn link_state(status: Option<&str>) -> LinkState {
    match status {
        Some("paid") => LinkState::Paid,
        Some("partially_paid") => LinkState::PartlyPaid,
        Some("cancelled") => LinkState::Cancelled,
        Some("expired") => LinkState::Expired,
        _ => LinkState::Open,
    }
}

/// A field of `acquirer_data`, which is an object of what the method's bank answered, or `[]`.
fn acquirer(entity: Entity<'_, '_>, key: &str) -> Read<Option<String>> {
    let data = entity.object("acquirer_data", "acquirer_data")?;
    Ok(data.map(|data| data.note(key)).transpose()?.flatten())
}

/// Why it failed: null, `""` or text in each of these.
fn reason(payment: Entity<'_, '_>) -> Read<Option<String>> {
    Ok(match payment.note("error_reason")? {
        Some(reason) => Some(reason),
        None => payment.note("error_code")?,
    })
}

/// An id with the prefix it is known by.
pub(crate) fn prefixed(id: &str, prefix: &str) -> String {
    if id.starts_with(prefix) { id.to_owned() } else { format!("{prefix}{id}") }
}

fn id_in(holder: Option<Entity<'_, '_>>, key: &str, prefix: &str) -> Read<Option<String>> {
    let Some(holder) = holder else { return Ok(None) };
    Ok(holder.id(key)?.map(|id| prefixed(id, prefix)))
}

fn amount_in(holder: Option<Entity<'_, '_>>, key: &str) -> Read<Option<i64>> {
    holder.map_or(Ok(None), |holder| holder.amount(key))
}

fn either(first: Option<&str>, second: Option<String>) -> Option<String> {
    first.map(str::to_owned).or(second)
}
