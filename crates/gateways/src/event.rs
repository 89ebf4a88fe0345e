//! What a provider tells, in one shape for all providers: an event and what it says about payments,
//! refunds, disputes, settlements, links, subscriptions and invoices.
//!
//! It deliberately decides nothing: whether the amount is that of our bill, and what is posted, is
//! decided by whoever takes the observations.

use domain::calendar::Moment;

/// Who tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Razorpay.
    Razorpay,
    /// Stripe.
    Stripe,
}

impl Provider {
    /// The name in addresses, settings and tables: `razorpay` or `stripe`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Razorpay => "razorpay",
            Self::Stripe => "stripe",
        }
    }

    /// The provider of a name.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Razorpay, Self::Stripe].into_iter().find(|provider| provider.code() == code)
    }
}

/// One delivery, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Who sent it.
    pub provider: Provider,
    /// The event's id. Razorpay sends it in a header outside of the signature, so it is absent
    /// here and the caller has it; a valid body can come again under another id.
    pub id: Option<String>,
    /// The kind as sent, such as `payment.captured`.
    pub kind: String,
    /// When the provider made it; absent in some. Never a measure of freshness: `payment_link.*`
    /// carries the link's age.
    pub created_at: Option<Moment>,
    /// Whether it is about real money (Stripe's `livemode`); absent where it is not told.
    pub live: Option<bool>,
    /// The account it is about.
    pub account: Option<String>,
    /// Set for a Stripe thin event, which names an object without showing it.
    pub thin: Option<Thin>,
    /// What it says. Empty for kinds we do not handle, which are kept and acknowledged.
    pub observations: Vec<Observation>,
}

/// What a thin event names (`v2.core.event`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thin {
    /// The object it is about.
    pub related_id: Option<String>,
    /// Its type.
    pub related_kind: Option<String>,
    /// The classic event that tells the same, during a migration.
    pub snapshot_event: Option<String>,
}

/// What is said about one thing of the provider. Amounts are in minor units of the currency.
///
/// The `id` of a payment is the same whichever event tells of it, so that (provider, id, kind of
/// posting) posts one payment once: Razorpay's `pay_…`; Stripe's `pi_…`, and `ch_…` only of a
/// charge without a payment intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What it is about, and in which state that is by event and status together.
    pub about: About,
    /// The id of the payment, refund, dispute, settlement, link, subscription or invoice.
    pub id: String,
    /// The status as sent.
    pub status: Option<String>,
    /// The amount of the thing itself. Absent for subscriptions.
    pub amount: Option<i64>,
    /// ISO 4217, in capitals. Absent where the provider does not say (settlements, subscriptions).
    pub currency: Option<String>,
    /// When the thing was made.
    pub created_at: Option<Moment>,
    /// The payment a refund, dispute, paid link or invoice belongs to.
    pub payment_id: Option<String>,
    /// Stripe's charge, where it is named.
    pub charge_id: Option<String>,
    /// Razorpay's order, with its prefix.
    pub order_id: Option<String>,
    /// The payment link (Razorpay) or checkout session (Stripe) it was paid by.
    pub link_id: Option<String>,
    /// Razorpay's QR code it was paid by.
    pub qr_id: Option<String>,
    /// The provider's invoice.
    pub invoice_id: Option<String>,
    /// The provider's subscription.
    pub subscription_id: Option<String>,
    /// The provider's customer.
    pub customer_id: Option<String>,
    /// Our bill: `bill_no` of notes or metadata, else the reference we gave the link or session,
    /// else the receipt of the order.
    pub bill_ref: Option<String>,
    /// Our customer: `customer_code` of notes or metadata.
    pub customer_code: Option<String>,
    /// Our plan: `plan_code` of notes or metadata, never the provider's plan or price.
    pub plan_code: Option<String>,
    /// Of a refund: our own reference of it.
    pub our_reference: Option<String>,
    /// The provider's fee, tax included: net is amount less fee.
    pub fee: Option<i64>,
    /// The tax in the fee.
    pub tax: Option<i64>,
    /// Of a payment: how much has been refunded so far.
    pub amount_refunded: Option<i64>,
    /// Of a dispute: how much has been taken from us.
    pub amount_deducted: Option<i64>,
    /// How it was paid, as sent: `upi`, `card`, `netbanking` and so on.
    pub method: Option<String>,
    /// The bank's reference: RRN of a UPI payment, ARN of a refund, UTR of a settlement. Text.
    pub rrn: Option<String>,
    /// The payer's UPI address.
    pub vpa: Option<String>,
    /// Why it failed or is disputed, as sent.
    pub reason: Option<String>,
}

impl Observation {
    /// An observation that says only what it is about.
    pub fn new(about: About, id: impl Into<String>) -> Self {
        Self {
            about,
            id: id.into(),
            status: None,
            amount: None,
            currency: None,
            created_at: None,
            payment_id: None,
            charge_id: None,
            order_id: None,
            link_id: None,
            qr_id: None,
            invoice_id: None,
            subscription_id: None,
            customer_id: None,
            bill_ref: None,
            customer_code: None,
            plan_code: None,
            our_reference: None,
            fee: None,
            tax: None,
            amount_refunded: None,
            amount_deducted: None,
            method: None,
            rrn: None,
            vpa: None,
            reason: None,
        }
    }
}

/// What an observation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// Money that comes in.
    Payment(PaymentState),
    /// Money that goes back.
    Refund(RefundState),
    /// A payment that its payer contests.
    Dispute(DisputeState),
    /// A transfer of what was collected to our bank.
    Settlement(SettlementState),
    /// A payment link or checkout session.
    Link(LinkState),
    /// A subscription at the provider.
    Subscription(SubscriptionState),
    /// An invoice at the provider. It books no cash by itself: it may be paid out of band.
    Invoice(InvoiceState),
}

/// How far a payment is, by event **and** status, never by a flag `captured`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaymentState {
    /// Begun.
    Created,
    /// Granted, not yet taken.
    Authorized,
    /// Taken: this is money.
    Captured,
    /// Did not come. Not final at Razorpay: it may still be authorized and captured.
    Failed,
    /// Given back in whole. It need not have been captured: what stays authorized for days is
    /// refunded by the provider. Only a fetched payment says so.
    Refunded,
    /// Event and status contradict each other; ask the provider.
    Unclear,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefundState {
    /// Asked for.
    Pending,
    /// Given back.
    Processed,
    /// Did not go; the money is ours again.
    Failed,
    /// Event and status contradict each other; ask the provider.
    Unclear,
}

/// How far a dispute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisputeState {
    /// Opened or changed; evidence may be wanted.
    Open,
    /// Evidence is wanted from us.
    ActionRequired,
    /// Evidence is being looked at.
    UnderReview,
    /// The money has been taken from us (Stripe tells it apart from the opening).
    FundsWithdrawn,
    /// The money has been given back to us.
    FundsReinstated,
    /// Decided for us.
    Won,
    /// Decided against us.
    Lost,
    /// Ended without a decision.
    Closed,
    /// Event and status contradict each other; ask the provider.
    Unclear,
}

/// How far a settlement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettlementState {
    /// Begun.
    Created,
    /// Sent to the bank; it may take hours to arrive.
    Processed,
    /// Did not go.
    Failed,
}

/// How far a payment link or checkout session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkState {
    /// Waits for its payer.
    Open,
    /// The payer is done, the money is not there yet.
    Pending,
    /// Paid in part.
    PartlyPaid,
    /// Paid.
    Paid,
    /// The money did not come.
    Failed,
    /// Withdrawn.
    Cancelled,
    /// Too old.
    Expired,
}

/// What happened to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubscriptionState {
    /// A period was paid.
    Charged,
    /// Something else; the status says what.
    Changed,
}

/// How far an invoice of the provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvoiceState {
    /// Paid, perhaps out of band.
    Paid,
    /// Paid in part.
    PartlyPaid,
    /// An attempt to collect it failed.
    Failed,
    /// Too old.
    Expired,
}
