//! The documented API of Razorpay, as far as this crate calls it.
//!
//! It deliberately refuses what the documentation refuses, with the documented codes.

use std::sync::Mutex;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::RazorpaySettings;
use super::books::{Books, php};
use super::pay::shown;
use crate::fake::outbox::{Outbox, at_call};
use crate::fake::server::{Call, Reply};
use crate::fake::{FakeError, Misbehaviour, int, lock};

/// Payments of a page when nothing is asked for.
const USUAL_COUNT: i64 = 10;

const SIX_MONTHS_SECS: i64 = 182 * 86_400;

const TWO_HOURS_SECS: i64 = 7_200;

type Answer = Result<Value, Refusal>;

/// A refusal: status and description.
struct Refusal(u16, String);

impl From<FakeError> for Refusal {
    fn from(error: FakeError) -> Self {
        match error {
            FakeError::NotFound(_) => Self(400, "The id provided does not exist".to_owned()),
            FakeError::Refused(what) => Self(400, what),
            FakeError::Begin(error) => Self(500, error.to_string()),
        }
    }
}

fn bad(what: &str) -> Refusal {
    Refusal(400, what.to_owned())
}

pub(super) struct Api {
    authorization: String,
}

impl Api {
    pub(super) fn new(settings: &RazorpaySettings) -> Self {
        let pair = format!("{}:{}", settings.key_id, settings.key_secret);
        Self { authorization: format!("Basic {}", BASE64_STANDARD.encode(pair)) }
    }

    pub(super) fn answer(&self, books: &Mutex<Books>, outbox: &Outbox, call: &Call) -> Reply {
        if call.header("authorization") != Some(&self.authorization) {
            return refusal(&Refusal(401, "Authentication failed".to_owned()));
        }
        let mischief = outbox.mischief(at_call(call.is_post));
        match mischief {
            Some(Misbehaviour::Fail500) => return broken(),
            Some(Misbehaviour::TooManyRequests) => {
                return refusal(&Refusal(429, "Request failed. Please try after sometime.".into()));
            }
            _ => {}
        }
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let answer = match path.split_first() {
            Some((&"v1", path)) if call.is_post => post(&mut lock(books), path, call),
            Some((&"v1", path)) => get(&lock(books), path, call),
            _ => Err(Refusal(404, "The requested URL was not found on the server.".to_owned())),
        };
        match (mischief, answer) {
            (Some(Misbehaviour::TimeOutAfterSuccess), Ok(_)) => Reply::Silence,
            (Some(Misbehaviour::Fail500AfterSuccess), Ok(_)) => broken(),
            (_, Ok(value)) => Reply::Json(200, value),
            (_, Err(error)) => refusal(&error),
        }
    }
}

fn broken() -> Reply {
    let error = json!({"code": "SERVER_ERROR", "description": "We are facing some trouble"});
    Reply::Json(500, json!({"error": error}))
}

fn refusal(Refusal(status, what): &Refusal) -> Reply {
    let error = json!({
        "code": "BAD_REQUEST_ERROR", "description": what, "source": "business",
        "step": "payment_initiation", "reason": "input_validation_failed", "metadata": {},
    });
    Reply::Json(*status, json!({"error": error}))
}

fn get(books: &Books, path: &[&str], call: &Call) -> Answer {
    let same = |field: &'static str, wanted: &str| {
        let wanted = wanted.to_owned();
        move |thing: &&Value| thing[field] == wanted
    };
    let asked = |name: &str| call.asked(name).unwrap_or_default().to_owned();
    match path {
        ["orders"] => Ok(collection(books.orders.all().filter(same("receipt", &asked("receipt"))))),
        ["orders", id] => found(books.orders.get(id)),
        ["orders", id, "payments"] => {
            Ok(collection(books.payments.all().filter(same("order_id", id))))
        }
        ["payment_links"] => {
            let links = books.links.all().filter(same("reference_id", &asked("reference_id")));
            Ok(json!({"payment_links": links.collect::<Vec<_>>()}))
        }
        ["payment_links", id] => found(books.links.get(id)),
        ["payments", "qr_codes"] => {
            let codes = books.qr_codes.all();
            if call.asked("customer_id").is_none() {
                return Ok(window(codes.rev(), call));
            }
            Ok(collection(codes.filter(same("customer_id", &asked("customer_id")))))
        }
        ["payments", "qr_codes", id] => found(books.qr_codes.get(id)),
        ["payments", "qr_codes", id, "payments"] => {
            Ok(collection(books.payments.all().filter(same("_qr", id))))
        }
        ["payments"] => Ok(window(books.payments.all().rev(), call)),
        ["payments", id] => found(books.payments.get(id)),
        ["payments", id, "refunds"] => {
            Ok(collection(books.refunds.all().filter(same("payment_id", id))))
        }
        ["refunds", id] => found(books.refunds.get(id)),
        ["settlements"] => Ok(window(books.settlements.all().rev(), call)),
        ["settlements", "recon", "combined"] => {
            let settled = books.rows.iter().filter(|row| row["settled"] == true);
            let skip = usize::try_from(call.asked_number("skip").unwrap_or(0)).unwrap_or(0);
            let count = usize::try_from(call.asked_number("count").unwrap_or(10)).unwrap_or(10);
            Ok(collection(settled.skip(skip).take(count)))
        }
        _ => Err(Refusal(404, "The requested URL was not found on the server.".to_owned())),
    }
}

fn post(books: &mut Books, path: &[&str], call: &Call) -> Answer {
    let asked: Value = serde_json::from_slice(&call.body).map_err(|_| bad("not JSON"))?;
    match path {
        ["orders"] => new_order(books, &asked),
        ["payment_links"] => new_link(books, &asked),
        ["payment_links", id, "cancel"] => Ok(books.end_link(id, "cancelled")?),
        ["payments", "qr_codes"] => new_qr(books, &asked),
        ["payments", "qr_codes", id, "close"] => {
            let qr = books.qr_codes.get_mut(id);
            let qr = qr.ok_or_else(|| bad("The id provided does not exist"))?;
            qr["status"] = json!("closed");
            qr["close_reason"] = json!("on_demand");
            Ok(qr.clone())
        }
        ["payments", id, "capture"] => {
            let payment = books.payments.get(id);
            let payment = payment.ok_or_else(|| bad("The id provided does not exist"))?;
            if payment["amount"] != asked["amount"] || payment["currency"] != asked["currency"] {
                return Err(bad("Capture amount must be equal to the amount authorized"));
            }
            books.capture(id)?;
            Ok(books.shown(id))
        }
        ["payments", id, "refund"] => refund(books, id, &asked, call),
        _ => Err(Refusal(404, "The requested URL was not found on the server.".to_owned())),
    }
}

fn new_order(books: &mut Books, asked: &Value) -> Answer {
    if int(&asked["amount"]) < 100 {
        return Err(bad("Order amount less than minimum amount allowed"));
    }
    let order = json!({
        "id": books.ids.next("order_"), "entity": "order", "amount": asked["amount"],
        "amount_paid": 0, "amount_due": asked["amount"], "currency": asked["currency"],
        "receipt": asked["receipt"], "offer_id": null, "status": "created", "attempts": 0,
        "notes": php(&asked["notes"]), "created_at": books.now(),
    });
    books.orders.put(order.clone());
    Ok(order)
}

fn new_link(books: &mut Books, asked: &Value) -> Answer {
    let taken = |link: &Value| link["reference_id"] == asked["reference_id"];
    if books.links.all().any(taken) {
        return Err(bad("payment link with given reference_id already exists"));
    }
    let now = books.now();
    let expire_by = int(&asked["expire_by"]);
    if expire_by != 0 && !(now + 900..=now + SIX_MONTHS_SECS).contains(&expire_by) {
        return Err(bad("expire_by should be between 15 minutes and 6 months from now"));
    }
    let id = books.ids.next("plink_");
    let short = id.trim_start_matches("plink_").to_owned();
    let notes = match php(&asked["notes"]) {
        // Links say null where others say [].
        Value::Array(_) => Value::Null,
        notes => notes,
    };
    let link = json!({
        "id": id, "amount": asked["amount"], "amount_paid": 0, "currency": asked["currency"],
        "accept_partial": asked["accept_partial"], "cancelled_at": 0, "created_at": now,
        "customer": asked["customer"], "description": asked["description"],
        "expire_by": expire_by, "expired_at": 0, "notes": notes, "order_id": null,
        "payments": null, "reference_id": asked["reference_id"], "reminders": [],
        "short_url": format!("https://rzp.io/rzp/{short}"), "status": "created",
        "updated_at": now,
    });
    books.links.put(link.clone());
    Ok(link)
}

fn new_qr(books: &mut Books, asked: &Value) -> Answer {
    let single = asked["usage"] == "single_use";
    if single && asked["fixed_amount"] != true {
        return Err(bad("fixed_amount must be true for single_use"));
    }
    let now = books.now();
    let latest = now + TWO_HOURS_SECS;
    let close_by = match asked["close_by"].as_i64() {
        Some(close_by) if single => json!(close_by.min(latest)),
        None if single => json!(latest),
        _ => Value::Null,
    };
    let id = books.ids.next("qr_");
    let qr = json!({
        "id": id, "entity": "qr_code", "name": asked["name"], "usage": asked["usage"],
        "type": "upi_qr", "image_url": format!("https://rzp.io/i/{id}"),
        "payment_amount": asked["payment_amount"], "status": "active",
        "description": asked["description"], "fixed_amount": asked["fixed_amount"],
        "payments_amount_received": 0, "payments_count_received": 0,
        "notes": php(&asked["notes"]), "customer_id": asked["customer_id"],
        "close_by": close_by, "closed_at": null, "close_reason": null, "created_at": now,
    });
    books.qr_codes.put(qr.clone());
    Ok(qr)
}

fn refund(books: &mut Books, payment_id: &str, asked: &Value, call: &Call) -> Answer {
    let key = call.header("x-refund-idempotency").map(|key| format!("{payment_id} {key}"));
    if let Some((before, refund)) = key.as_ref().and_then(|key| books.refund_keys.get(key)) {
        return if before == asked {
            Ok(refund.clone())
        } else {
            Err(bad("Different request with the same idempotency key has already been processed."))
        };
    }
    // Without an amount the whole payment goes back.
    let whole = books.payments.get(payment_id).map_or(0, |payment| int(&payment["amount"]));
    let amount = asked["amount"].as_i64().unwrap_or(whole);
    let refund = books.refund(payment_id, amount, asked)?;
    if let Some(key) = key {
        books.refund_keys.insert(key, (asked.clone(), refund.clone()));
    }
    Ok(refund)
}

fn found(thing: Option<&Value>) -> Answer {
    thing.map(shown).ok_or_else(|| bad("The id provided does not exist"))
}

fn collection<'a>(things: impl Iterator<Item = &'a Value>) -> Value {
    let items: Vec<Value> = things.map(shown).collect();
    json!({"entity": "collection", "count": items.len(), "items": items})
}

/// A page of what was made in a range of time, newest first.
fn window<'a>(things: impl Iterator<Item = &'a Value>, call: &Call) -> Value {
    let from = call.asked_number("from").unwrap_or(0);
    let to = call.asked_number("to").unwrap_or(i64::MAX);
    let size = |name: &str, usual: i64| {
        usize::try_from(call.asked_number(name).unwrap_or(usual)).unwrap_or(0)
    };
    let inside = things.filter(|thing| (from..=to).contains(&int(&thing["created_at"])));
    collection(inside.skip(size("skip", 0)).take(size("count", USUAL_COUNT).min(100)))
}
