//! The documented API of Stripe, as far as this crate calls it.
//!
//! It deliberately keeps first answers under their idempotency key for ever.

use std::sync::Mutex;

use serde_json::{Map, Value, json};

use super::StripeSettings;
use super::books::{Books, shown};
use crate::fake::outbox::{Outbox, at_call};
use crate::fake::server::{Call, Reply, pairs};
use crate::fake::{FakeError, Misbehaviour, int, lock};

/// Things of a page when nothing is asked for.
const USUAL_LIMIT: i64 = 10;

type Answer = Result<Value, Refusal>;

/// A refusal: status, type, code and message.
struct Refusal(u16, &'static str, &'static str, String);

impl From<FakeError> for Refusal {
    fn from(error: FakeError) -> Self {
        let code = match error {
            FakeError::NotFound(_) => "resource_missing",
            _ => "parameter_invalid",
        };
        Self(400, "invalid_request_error", code, error.to_string())
    }
}

fn bad(what: &str) -> Refusal {
    Refusal(400, "invalid_request_error", "parameter_invalid", what.to_owned())
}

fn missing() -> Refusal {
    Refusal(404, "invalid_request_error", "resource_missing", "No such object".to_owned())
}

pub(super) struct Api {
    authorization: String,
}

impl Api {
    pub(super) fn new(settings: &StripeSettings) -> Self {
        Self { authorization: format!("Bearer {}", settings.secret_key) }
    }

    pub(super) fn answer(&self, books: &Mutex<Books>, outbox: &Outbox, call: &Call) -> Reply {
        if call.header("authorization") != Some(&self.authorization) {
            let what = "Invalid API Key provided".to_owned();
            return refusal(&Refusal(401, "invalid_request_error", "invalid_api_key", what));
        }
        let mischief = outbox.mischief(at_call(call.is_post));
        match mischief {
            Some(Misbehaviour::Fail500) => return broken(),
            Some(Misbehaviour::TooManyRequests) => {
                let what = "Too many requests".to_owned();
                return refusal(&Refusal(429, "invalid_request_error", "rate_limit", what));
            }
            _ => {}
        }
        let reply = if call.is_post {
            keyed(&mut lock(books), call, mischief)
        } else {
            reply(get(&lock(books), outbox, &path(call), call))
        };
        if mischief == Some(Misbehaviour::TimeOutAfterSuccess) { Reply::Silence } else { reply }
    }
}

fn path(call: &Call) -> Vec<&str> {
    call.path.iter().map(String::as_str).collect()
}

fn reply(answer: Answer) -> Reply {
    match answer {
        Ok(value) => Reply::Json(200, value),
        Err(error) => refusal(&error),
    }
}

fn broken() -> Reply {
    let error = json!({"type": "api_error", "message": "Something went wrong"});
    Reply::Json(500, json!({"error": error}))
}

fn refusal(Refusal(status, kind, code, what): &Refusal) -> Reply {
    let error = json!({"type": kind, "code": code, "message": what});
    Reply::Json(*status, json!({"error": error}))
}

/// The first answer under a key is the answer for ever, whether it succeeded or failed; what was
/// not begun is not kept.
fn keyed(books: &mut Books, call: &Call, mischief: Option<Misbehaviour>) -> Reply {
    let name = call.path.join("/");
    let key = call.header("idempotency-key").map(str::to_owned);
    if let Some((before, form, first)) = key.as_ref().and_then(|key| books.keys.get(key)) {
        if *before == name && *form == call.body {
            return first.clone();
        }
        let what = "Keys for idempotent requests can only be used with the same parameters they \
                    were first used with.";
        return refusal(&Refusal(400, "idempotency_error", "idempotency_error", what.to_owned()));
    }
    let form = pairs(&String::from_utf8_lossy(&call.body));
    match (post(books, &path(call), &form), mischief, key) {
        (Ok(value), mischief, key) => {
            let failed = mischief == Some(Misbehaviour::Fail500AfterSuccess);
            // The books hold the thing, and the key the failure.
            let first = if failed { broken() } else { Reply::Json(200, value) };
            if let Some(key) = key {
                books.keys.insert(key, (name, call.body.clone(), first.clone()));
            }
            first
        }
        (Err(error), _, _) => refusal(&error),
    }
}

fn post(books: &mut Books, path: &[&str], form: &[(String, String)]) -> Answer {
    let asked = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, v)| v.as_str());
    let number = |name: &str| asked(name).and_then(|text| text.parse::<i64>().ok());
    match path {
        ["v1", "checkout", "sessions"] => {
            let price = "line_items[0][price_data]";
            let amount = number(&format!("{price}[unit_amount]"));
            let amount = amount.ok_or_else(|| bad("unit_amount is missing"))?;
            let currency = asked(&format!("{price}[currency]"));
            let currency = currency.ok_or_else(|| bad("currency is missing"))?;
            asked("success_url").ok_or_else(|| bad("success_url is missing"))?;
            let id = books.ids.next("cs_test_");
            let session = json!({
                "id": id, "object": "checkout.session", "amount_total": amount,
                "client_reference_id": asked("client_reference_id"), "created": books.now(),
                "currency": currency, "customer": null, "invoice": null, "livemode": false,
                "metadata": nested(form, "metadata"), "mode": asked("mode"),
                "payment_intent": null, "payment_status": "unpaid", "status": "open",
                "subscription": null, "url": format!("https://checkout.stripe.com/c/pay/{id}"),
                "_intent_metadata": nested(form, "payment_intent_data[metadata]"),
            });
            books.sessions.put(session.clone());
            Ok(shown(&session))
        }
        ["v1", "checkout", "sessions", id, "expire"] => {
            books.expire_session(id)?;
            books.sessions.get(id).map(shown).ok_or_else(missing)
        }
        ["v1", "payment_intents"] => {
            let amount = number("amount").ok_or_else(|| bad("amount is missing"))?;
            let currency = asked("currency").ok_or_else(|| bad("currency is missing"))?;
            Ok(books.new_intent(amount, currency, &nested(form, "metadata")))
        }
        ["v1", "refunds"] => {
            let intent = asked("payment_intent").ok_or_else(|| bad("payment_intent is missing"))?;
            Ok(books.refund(intent, number("amount"), &nested(form, "metadata"))?)
        }
        _ => Err(missing()),
    }
}

fn get(books: &Books, outbox: &Outbox, path: &[&str], call: &Call) -> Answer {
    match path {
        ["v1", "checkout", "sessions"] => Ok(list(books.sessions.all().rev().map(shown), call)),
        ["v1", "checkout", "sessions", id] => books.sessions.get(id).map(shown).ok_or_else(missing),
        ["v1", "payment_intents", id] => {
            let intent = books.intents.get(id).ok_or_else(missing)?;
            Ok(with_charge(books, intent, call))
        }
        ["v1", "payment_intents"] => {
            Ok(list(books.intents.all().rev().map(|one| with_charge(books, one, call)), call))
        }
        ["v1", "refunds"] => {
            let intent = call.asked("payment_intent").unwrap_or_default();
            let of = |refund: &&Value| refund["payment_intent"] == intent;
            Ok(list(books.refunds.all().rev().filter(of).cloned(), call))
        }
        ["v1", "balance_transactions"] => {
            let of = |one: &&Value| call.asked("payout").is_none_or(|id| one["_payout"] == id);
            Ok(list(books.balance.iter().rev().filter(of).map(shown), call))
        }
        ["v1", "events"] => {
            if call.asked("delivery_success") != Some("false") {
                return Err(bad("only delivery_success=false is kept here"));
            }
            let kinds = call.query.iter().filter(|(name, _)| name == "types[]");
            let kinds: Vec<&str> = kinds.map(|(_, kind)| kind.as_str()).collect();
            let missed = outbox.undelivered();
            let of = missed
                .iter()
                .rev()
                .filter(|q| kinds.is_empty() || kinds.contains(&q.kind.as_str()));
            Ok(list(of.filter_map(|queued| serde_json::from_slice(&queued.body).ok()), call))
        }
        _ => Err(missing()),
    }
}

/// An intent, with its charge and what was kept of it if that is asked for.
fn with_charge(books: &Books, intent: &Value, call: &Call) -> Value {
    let mut intent = intent.clone();
    let asked = call.query.iter().any(|(name, path)| {
        name == "expand[]" && path.ends_with("latest_charge.balance_transaction")
    });
    let charge = intent["latest_charge"].clone();
    if asked && let Some(moved) = books.balance.iter().find(|one| one["source"] == charge) {
        intent["latest_charge"] = json!({
            "id": charge, "object": "charge", "created": moved["created"],
            "payment_intent": intent["id"], "balance_transaction": shown(moved),
        });
    }
    intent
}

/// A page, newest first, after an id.
fn list(things: impl Iterator<Item = Value>, call: &Call) -> Value {
    let from = call.asked_number("created[gte]").unwrap_or(0);
    let limit = call.asked_number("limit").unwrap_or(USUAL_LIMIT).clamp(1, 100);
    let to = call.asked_number("created[lte]").unwrap_or(i64::MAX);
    let made = |thing: &Value| (from..=to).contains(&int(&thing["created"]));
    let mut inside = things.filter(made).peekable();
    if let Some(after) = call.asked("starting_after") {
        for thing in inside.by_ref() {
            if thing["id"] == after {
                break;
            }
        }
    }
    let mut data = Vec::new();
    while data.len() < usize::try_from(limit).unwrap_or(1)
        && let Some(thing) = inside.next()
    {
        data.push(thing);
    }
    json!({"object": "list", "data": data, "has_more": inside.peek().is_some()})
}

/// The fields `name[…]` of a form.
fn nested(form: &[(String, String)], name: &str) -> Value {
    let inner = form.iter().filter_map(|(key, value)| {
        let key = key.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
        Some((key.to_owned(), json!(value)))
    });
    Value::Object(inner.collect::<Map<_, _>>())
}
