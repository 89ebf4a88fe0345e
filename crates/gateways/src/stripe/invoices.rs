//! Stripe's invoices, and the payments of invoices, as observations, in the shapes of several
//! versions of its API.
//!
//! It deliberately tells of cash only where an event says that cash came in: an invoice may be paid
//! out of band.

use super::entities::{Object, Read, named};
use crate::event::{About, InvoiceState, Observation, PaymentState, SubscriptionState};
use crate::json::Fields;

/// Whether an event about an invoice says that money came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cash {
    Came,
    Failed,
    Perhaps,
}

/// One payment of an invoice: its intent, or its charge where there is none.
struct Part<'n> {
    id: &'n str,
    /// What was paid; absent where only the invoice says it.
    paid: Option<i64>,
    /// `paid`, `open` or `canceled`; absent in older versions of the API.
    status: Option<&'n str>,
}

/// An invoice, its subscription, and the payments behind it where the event says that cash came in
/// or did not.
pub(crate) fn invoice(
    object: Object<'_, '_>,
    state: InvoiceState,
    cash: Cash,
) -> Read<Vec<Observation>> {
    let parts = parts_of(object)?;
    let mut invoice = Observation::new(About::Invoice(state), object.must_id("id")?);
    invoice.status = object.note("status")?;
    let paid = object.must_amount("amount_paid")?;
    let failed = state == InvoiceState::Failed;
    invoice.amount = if failed { object.amount("amount_due")? } else { Some(paid) };
    invoice.currency = Some(object.must_currency("currency")?);
    invoice.created_at = object.moment("created")?;
    invoice.customer_id = object.id_or_object("customer")?.map(str::to_owned);
    invoice.subscription_id = subscription_of(object)?;
    invoice.payment_id = match parts.as_slice() {
        [only] => Some(only.id.to_owned()),
        _ => None,
    };
    invoice.charge_id = object.id_or_object("charge")?.map(str::to_owned);
    named(object, &mut invoice)?;
    name_from_subscription(object, &mut invoice)?;
    let mut seen = vec![invoice.clone()];
    match cash {
        Cash::Came => seen.extend(captured(&invoice, &parts)),
        Cash::Failed => seen.extend(refused(&invoice, &parts)),
        Cash::Perhaps => {}
    }
    seen.extend(invoice.subscription_id.clone().filter(|_| !failed).map(|id| {
        let mut seen = Observation::new(About::Subscription(SubscriptionState::Charged), id);
        seen.payment_id.clone_from(&invoice.payment_id);
        seen.customer_id.clone_from(&invoice.customer_id);
        seen.invoice_id = Some(invoice.id.clone());
        seen.bill_ref.clone_from(&invoice.bill_ref);
        seen.customer_code.clone_from(&invoice.customer_code);
        seen.plan_code.clone_from(&invoice.plan_code);
        seen
    }));
    Ok(seen)
}

/// A payment behind an invoice.
fn payment(
    invoice: &Observation,
    id: &str,
    state: PaymentState,
    amount: Option<i64>,
) -> Observation {
    Observation {
        about: About::Payment(state),
        id: id.to_owned(),
        amount,
        invoice_id: Some(invoice.id.clone()),
        payment_id: None,
        // The invoice was made long before it was paid.
        created_at: None,
        ..invoice.clone()
    }
}

/// The payments that an invoice was paid by. Several say each what it paid.
fn captured(invoice: &Observation, parts: &[Part<'_>]) -> Vec<Observation> {
    let whole = invoice.amount.filter(|_| parts.len() == 1);
    let paid = parts.iter().filter(|part| part.status.is_none_or(|status| status == "paid"));
    paid.filter_map(|part| {
        let amount = part.paid.or(whole).filter(|amount| *amount > 0)?;
        Some(payment(invoice, part.id, PaymentState::Captured, Some(amount)))
    })
    .collect()
}

/// The one payment whose attempt has failed; of several nobody knows which it was.
fn refused(invoice: &Observation, parts: &[Part<'_>]) -> Option<Observation> {
    let open = |part: &&Part<'_>| part.status.is_none_or(|status| status != "paid");
    let mut open = parts.iter().filter(open);
    let (Some(part), None) = (open.next(), open.next()) else { return None };
    let due = invoice.amount.filter(|amount| *amount > 0)?;
    Some(payment(invoice, part.id, PaymentState::Failed, Some(due)))
}

/// `invoice_payment.paid`: one payment of an invoice, with its intent or charge. One that was made
/// outside of Stripe has neither and tells of no cash.
pub(crate) fn invoice_payment(object: Object<'_, '_>) -> Read<Vec<Observation>> {
    let id = object.must_id("id")?;
    let Some(part) = part_of(object)? else { return Ok(Vec::new()) };
    let paid = part.paid.ok_or_else(|| object.missing("amount_paid"))?;
    if part.status != Some("paid") || paid == 0 {
        return Ok(Vec::new());
    }
    let invoice_id = object.id_or_object("invoice")?.unwrap_or(id);
    let mut invoice = Observation::new(About::Invoice(InvoiceState::PartlyPaid), invoice_id);
    invoice.status = part.status.map(str::to_owned);
    invoice.currency = Some(object.must_currency("currency")?);
    let mut seen = payment(&invoice, part.id, PaymentState::Captured, Some(paid));
    if let Some(moments) = object.object("status_transitions", "data.object.status_transitions")? {
        seen.created_at = moments.moment("paid_at")?;
    }
    Ok(vec![seen])
}

/// The payments of an invoice: beside it in older versions of the API, the charge alone in the
/// oldest; in its list of payments since `2025-03-31.basil`, where events need not show it.
fn parts_of<'n>(invoice: Object<'n, '_>) -> Read<Vec<Part<'n>>> {
    if let Some(id) = invoice.id_or_object("payment_intent")? {
        return Ok(vec![Part { id, paid: None, status: None }]);
    }
    let at = "data.object.payments";
    let mut parts = Vec::new();
    if let Some(payments) = invoice.object("payments", at)? {
        for one in payments.list("data")? {
            if let Some(one) = Fields::of(one, at) {
                parts.extend(part_of(one)?);
            }
        }
    }
    if parts.is_empty()
        && let Some(id) = charge_of(invoice)?
    {
        parts.push(Part { id, paid: None, status: None });
    }
    Ok(parts)
}

/// One payment of an invoice, unless it was made outside of Stripe.
fn part_of<'n>(one: Object<'n, '_>) -> Read<Option<Part<'n>>> {
    let at = "data.object.payment";
    let Some(payment) = one.object("payment", at)? else { return Ok(None) };
    let id = match payment.id_or_object("payment_intent")? {
        Some(id) => Some(id),
        None => charge_of(payment)?,
    };
    let Some(id) = id else { return Ok(None) };
    Ok(Some(Part { id, paid: one.amount("amount_paid")?, status: one.text("status")? }))
}

/// By what a charge is posted: its intent where it is shown with one, else the charge itself.
fn charge_of<'n>(holder: Object<'n, '_>) -> Read<Option<&'n str>> {
    if let Some(charge) = holder.object("charge", "data.object.charge")?
        && let Some(intent) = charge.id_or_object("payment_intent")?
    {
        return Ok(Some(intent));
    }
    holder.id_or_object("charge")
}

/// The subscription of an invoice, in the old place and the new.
fn subscription_of(invoice: Object<'_, '_>) -> Read<Option<String>> {
    if let Some(id) = invoice.id_or_object("subscription")? {
        return Ok(Some(id.to_owned()));
    }
    let Some(details) = subscription_details(invoice)? else { return Ok(None) };
    Ok(details.id_or_object("subscription")?.map(str::to_owned))
}

fn subscription_details<'n, 'a>(invoice: Object<'n, 'a>) -> Read<Option<Object<'n, 'a>>> {
    let at = "data.object.subscription_details";
    if let Some(details) = invoice.object("subscription_details", at)? {
        return Ok(Some(details));
    }
    match invoice.object("parent", "data.object.parent")? {
        Some(parent) => parent.object("subscription_details", at),
        None => Ok(None),
    }
}

/// The metadata of a subscription is copied to each of its invoices.
fn name_from_subscription(invoice: Object<'_, '_>, seen: &mut Observation) -> Read<()> {
    if let Some(details) = subscription_details(invoice)? {
        let mut copied = Observation::new(seen.about, "");
        named(details, &mut copied)?;
        seen.bill_ref = seen.bill_ref.take().or(copied.bill_ref);
        seen.customer_code = seen.customer_code.take().or(copied.customer_code);
        seen.plan_code = seen.plan_code.take().or(copied.plan_code);
    }
    Ok(())
}
