//! What gateways are asked for: made, found again by our reference, looked at, withdrawn.
//!
//! It deliberately takes an answer that proves nothing for *unknown*.

use super::{Answered, Gateways, PAGE, the_one, unknown};
use domain::calendar::Moment;
use domain::money::Money;
use domain::payments::{CURRENCY, RequestKind, RequestState};
use gateways::call::{CallError, Tags};
use gateways::event::{About, LinkState, Observation, PaymentState};
use gateways::{razorpay, stripe};
use std::time::Duration;
use store::payments::AskedFor;

/// Pages of a list that are looked through for one thing.
const MOST_PAGES: u32 = 50;
/// How far before the making of something a list is begun: clocks differ.
const SLACK: Duration = Duration::from_mins(10);

/// What a gateway has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::payments) struct Made {
    pub reference: String,
    pub order: Option<String>,
    pub url: Option<String>,
    /// When it ends, if the gateway has the say.
    pub expires_at: Option<Moment>,
}

/// How something that was asked for stands at the gateway.
#[derive(Clone, Debug, Default)]
pub(in crate::payments) struct Standing {
    /// Where it has ended; absent while it is open.
    pub ended: Option<RequestState>,
    /// The order behind it, once there is one.
    pub order: Option<String>,
    /// What is told of its payments.
    pub seen: Vec<Observation>,
}

impl Gateways {
    /// Has something made; `payee` is shown to the payer.
    pub(in crate::payments) fn make(&self, asked: &AskedFor, payee: &str) -> Answered<Made> {
        match asked.kind {
            RequestKind::Order => self.make_order(asked),
            RequestKind::Link => self.make_link(asked, payee),
            RequestKind::Qr => self.make_qr(asked, payee),
            RequestKind::Checkout => self.make_session(asked, payee),
        }
    }

    fn make_order(&self, asked: &AskedFor) -> Answered<Made> {
        let (amount, currency) = (fixed(asked)?, CURRENCY.to_owned());
        let order = razorpay::NewOrder {
            amount,
            currency,
            receipt: asked.reference.clone(),
            tags: tags(asked),
            partial_payment: asked.in_parts,
        };
        self.ask_razorpay("create_order", |way| way.client.create_order(&order)).map(made_order)
    }

    fn make_link(&self, asked: &AskedFor, payee: &str) -> Answered<Made> {
        let (amount, currency) = (fixed(asked)?, CURRENCY.to_owned());
        self.ask_razorpay("create_link", |way| {
            way.client.create_payment_link(&razorpay::NewPaymentLink {
                amount,
                currency,
                reference_id: asked.reference.clone(),
                description: described(asked, payee),
                accept_partial: asked.in_parts,
                first_min_partial_amount: None,
                expire_by: asked.expires_at,
                customer_name: None,
                customer_contact: None,
                callback_url: way.callback_url.clone(),
                tags: tags(asked),
            })
        })
        .map(made_link)
    }

    fn make_qr(&self, asked: &AskedFor, payee: &str) -> Answered<Made> {
        let amount = asked.amount.map(Money::paise);
        let qr = razorpay::NewQrCode {
            name: payee.to_owned(),
            fixed_amount: amount,
            description: described(asked, payee),
            customer_id: None,
            close_by: asked.expires_at,
            // A QR code has no field for our reference.
            tags: Tags { reference: Some(asked.reference.clone()), ..tags(asked) },
        };
        self.ask_razorpay("create_qr", |way| way.client.create_qr_code(&qr)).map(made_qr)
    }

    fn make_session(&self, asked: &AskedFor, payee: &str) -> Answered<Made> {
        let (amount, currency) = (fixed(asked)?, CURRENCY.to_owned());
        self.ask_stripe("create_checkout", |way| {
            let session = stripe::NewCheckoutSession {
                amount,
                currency,
                name: described(asked, payee),
                client_reference_id: asked.reference.clone(),
                success_url: way.success_url.clone(),
                cancel_url: None,
                tags: tags(asked),
            };
            way.client.create_checkout_session(&session, &asked.reference)
        })
        .map(made_session)
    }

    /// Asks whether a gateway knows something by our reference. An answer that proves nothing is
    /// *unknown*.
    pub(in crate::payments) fn find(&self, asked: &AskedFor) -> Answered<Option<Made>> {
        let ours = |reference: &Option<String>| reference.as_deref() == Some(&asked.reference);
        let amount = asked.amount.map(Money::paise);
        match asked.kind {
            RequestKind::Order => {
                let page = self.ask_razorpay("find_order", |way| {
                    way.client.orders_by_receipt(&asked.reference)
                })?;
                let found = the_one(page, |order| ours(&order.receipt))?;
                found
                    .map(|order| same(amount, order.amount).map(|()| made_order(order)))
                    .transpose()
            }
            RequestKind::Link => {
                let page = self.ask_razorpay("find_link", |way| {
                    way.client.payment_links_by_reference(&asked.reference)
                })?;
                let found = the_one(page, |link| ours(&link.reference_id))?;
                found.map(|link| same(amount, link.amount).map(|()| made_link(link))).transpose()
            }
            RequestKind::Qr => self.find_qr(asked),
            RequestKind::Checkout => self.find_session(asked),
        }
    }

    fn find_qr(&self, asked: &AskedFor) -> Answered<Option<Made>> {
        let from = domain::jobs::earlier(asked.created_at, SLACK);
        let to = domain::jobs::later(asked.updated_at, SLACK);
        for number in 0..MOST_PAGES {
            let window = razorpay::Window { from, to, count: PAGE, skip: number * PAGE };
            let page = self.ask_razorpay("find_qr", |way| way.client.qr_codes(&window))?;
            let more = page.more;
            let ours = |qr: &razorpay::QrCode| qr.reference.as_ref() == Some(&asked.reference);
            if let Some(qr) = the_one(page, ours)? {
                return Ok(Some(made_qr(qr)));
            }
            if !more {
                return Ok(None);
            }
        }
        Err(unknown("the list of QR codes is too long to be looked through"))
    }

    fn find_session(&self, asked: &AskedFor) -> Answered<Option<Made>> {
        let from = domain::jobs::earlier(asked.created_at, SLACK);
        let mut since = stripe::Since { from, to: None, starting_after: None, limit: PAGE };
        for _ in 0..MOST_PAGES {
            let page = self.ask_stripe("find_checkout", |way| way.client.checkout_sessions(&since));
            let page = page?;
            let (more, last) = (page.more, page.last_id.clone());
            let ours = |session: &stripe::CheckoutSession| {
                session.reference.as_ref() == Some(&asked.reference)
            };
            if let Some(session) = the_one(page, ours)? {
                return Ok(Some(made_session(session)));
            }
            if !more {
                return Ok(None);
            }
            since.starting_after = last;
        }
        Err(unknown("the list of sessions is too long to be looked through"))
    }

    /// Asks how something stands that a gateway has made.
    pub(in crate::payments) fn look(&self, asked: &AskedFor) -> Answered<Standing> {
        let id = asked.provider_reference.as_deref().unwrap_or_default();
        match asked.kind {
            RequestKind::Order => {
                let order = self.ask_razorpay("show_order", |way| way.client.order(id))?;
                let page =
                    self.ask_razorpay("order_payments", |way| way.client.payments_of_order(id))?;
                let ended = (order.status == "paid").then_some(RequestState::Paid);
                Ok(Standing { ended, order: None, seen: page.items })
            }
            RequestKind::Link => {
                let link = self.ask_razorpay("show_link", |way| way.client.payment_link(id))?;
                let mut seen = Vec::with_capacity(link.payment_ids.len());
                for payment in &link.payment_ids {
                    let told =
                        self.ask_razorpay("show_payment", |way| way.client.payment(payment))?;
                    seen.push(Observation { link_id: Some(id.to_owned()), ..told });
                }
                let ended = match link.status.as_str() {
                    "paid" => Some(RequestState::Paid),
                    "cancelled" => Some(RequestState::Cancelled),
                    "expired" => Some(RequestState::Expired),
                    _ => None,
                };
                Ok(Standing { ended, order: link.order_id, seen })
            }
            RequestKind::Qr => {
                let qr = self.ask_razorpay("show_qr", |way| way.client.qr_code(id))?;
                let page =
                    self.ask_razorpay("qr_payments", |way| way.client.payments_of_qr_code(id))?;
                let named = |told| Observation { qr_id: Some(id.to_owned()), ..told };
                let seen: Vec<Observation> = page.items.into_iter().map(named).collect();
                Ok(Standing { ended: qr_end(asked, &qr, &seen), order: None, seen })
            }
            RequestKind::Checkout => {
                let session =
                    self.ask_stripe("show_checkout", |way| way.client.checkout_session(id))?;
                let ended = session.observations.iter().find_map(|seen| match seen.about {
                    About::Link(LinkState::Paid) => Some(RequestState::Paid),
                    About::Link(LinkState::Expired) => Some(RequestState::Expired),
                    _ => None,
                });
                let is_payment = |seen: &Observation| matches!(seen.about, About::Payment(_));
                let seen = session.observations.into_iter().filter(is_payment).collect();
                Ok(Standing { ended, order: None, seen })
            }
        }
    }

    /// Has something withdrawn that can still be paid. An order cannot be; what is still paid for
    /// it is booked.
    pub(in crate::payments) fn close(&self, asked: &AskedFor) -> Answered<()> {
        let id = asked.provider_reference.as_deref().unwrap_or_default();
        match asked.kind {
            RequestKind::Order => Ok(()),
            RequestKind::Link => self
                .ask_razorpay("cancel_link", |way| way.client.cancel_payment_link(id))
                .map(|_| ()),
            RequestKind::Qr => {
                self.ask_razorpay("close_qr", |way| way.client.close_qr_code(id)).map(|_| ())
            }
            RequestKind::Checkout => {
                let key = format!("{}-end", asked.reference);
                self.ask_stripe("expire_checkout", |way| {
                    way.client.expire_checkout_session(id, &key)
                })
                .map(|_| ())
            }
        }
    }
}

/// The amount of what must have one.
fn fixed(asked: &AskedFor) -> Answered<i64> {
    asked.amount.map(Money::paise).ok_or_else(|| refused("it has no amount"))
}

/// What the gateway sends back with every event about it.
fn tags(asked: &AskedFor) -> Tags {
    Tags {
        bill_no: asked.bill_number.clone(),
        customer_code: Some(asked.customer_code.clone()),
        plan_code: asked.plan.clone(),
        reference: None,
    }
}

/// What the payer reads.
fn described(asked: &AskedFor, payee: &str) -> String {
    match (&asked.bill_number, &asked.plan) {
        (Some(bill), _) => format!("Bill {bill}, {payee}"),
        (None, Some(plan)) => format!("Plan {plan}, {payee}"),
        (None, None) => format!("Customer {}, {payee}", asked.customer_code),
    }
}

fn made_order(order: razorpay::Order) -> Made {
    Made { reference: order.id, order: None, url: None, expires_at: None }
}

fn made_link(link: razorpay::PaymentLink) -> Made {
    let url = Some(link.short_url);
    Made { reference: link.id, order: link.order_id, url, expires_at: None }
}

fn made_qr(qr: razorpay::QrCode) -> Made {
    let url = Some(qr.image_url);
    Made { reference: qr.id, order: None, url, expires_at: qr.close_by }
}

fn made_session(session: stripe::CheckoutSession) -> Made {
    Made { reference: session.id, order: None, url: session.url, expires_at: None }
}

/// Where a QR code has ended. One for a fixed amount is closed by its payment.
fn qr_end(asked: &AskedFor, qr: &razorpay::QrCode, seen: &[Observation]) -> Option<RequestState> {
    let captured = |seen: &Observation| seen.about == About::Payment(PaymentState::Captured);
    if asked.amount.is_some() && seen.iter().any(captured) {
        return Some(RequestState::Paid);
    }
    (qr.status == "closed").then_some(if asked.cancel_asked {
        RequestState::Cancelled
    } else {
        RequestState::Expired
    })
}

/// Something that has our reference and another amount is not ours to use.
fn same(ours: Option<i64>, theirs: i64) -> Answered<()> {
    if ours == Some(theirs) {
        Ok(())
    } else {
        Err(refused("the gateway knows our reference with another amount"))
    }
}

fn refused(what: &str) -> CallError {
    CallError::Refused { status: None, code: "not_asked".to_owned(), what: what.to_owned() }
}
