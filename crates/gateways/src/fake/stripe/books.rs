//! What the local Stripe keeps, and what happens there.
//!
//! It deliberately pays out at once; the real one waits days.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::StripeSettings;
use crate::call::secs;
use crate::fake::ids::Ids;
use crate::fake::outbox::Outbox;
use crate::fake::server::Reply;
use crate::fake::{Clock, FakeError, Misbehaviour, Outcome, Shelf, int, text};
use crate::stripe::client::API_VERSION;

pub(super) struct Books {
    pub(super) ids: Ids,
    clock: Clock,
    pub(super) outbox: Arc<Outbox>,
    fee_basis_points: i64,
    pub(super) sessions: Shelf,
    pub(super) intents: Shelf,
    pub(super) refunds: Shelf,
    disputes: Shelf,
    /// Movements of the balance; those not paid out have no payout.
    pub(super) balance: Vec<Value>,
    /// First answers by idempotency key, with path and form.
    pub(super) keys: HashMap<String, (String, Vec<u8>, Reply)>,
}

impl Books {
    pub(super) fn new(settings: StripeSettings, outbox: Arc<Outbox>) -> Self {
        Self {
            ids: Ids::new(settings.seed),
            clock: settings.clock,
            outbox,
            fee_basis_points: settings.fee_basis_points,
            sessions: Shelf::default(),
            intents: Shelf::default(),
            refunds: Shelf::default(),
            disputes: Shelf::default(),
            balance: Vec::new(),
            keys: HashMap::new(),
        }
    }

    pub(super) fn now(&self) -> i64 {
        secs((self.clock)())
    }

    /// Queues an event about an object.
    fn tell(&mut self, kind: &str, object: &Value) {
        let id = self.ids.next("evt_");
        let event = json!({
            "id": id, "object": "event", "api_version": API_VERSION, "created": self.now(),
            "data": {"object": object}, "livemode": false, "pending_webhooks": 1,
            "request": {"id": null, "idempotency_key": null}, "type": kind,
        });
        // Stripe writes its events over several lines.
        let body = serde_json::to_vec_pretty(&event).unwrap_or_default();
        self.outbox.push(id, kind, body);
    }

    pub(super) fn new_intent(&mut self, amount: i64, currency: &str, metadata: &Value) -> Value {
        let id = self.ids.next("pi_");
        let intent = json!({
            "id": id, "object": "payment_intent", "amount": amount, "amount_received": 0,
            "currency": currency, "status": "requires_payment_method", "created": self.now(),
            "client_secret": format!("{id}_secret_local"), "customer": null,
            "last_payment_error": null, "latest_charge": null, "livemode": false,
            "metadata": metadata, "payment_method_types": ["card"],
        });
        self.intents.put(intent.clone());
        intent
    }

    pub(super) fn pay(&mut self, id: &str, outcome: Outcome) -> Result<String, FakeError> {
        let intent_id = self.intent_of(id)?;
        let status = self.intents.get(&intent_id).map(|intent| text(&intent["status"]));
        let status = status.ok_or_else(|| FakeError::NotFound(intent_id.clone()))?;
        if status == "succeeded" || status == "requires_capture" {
            return Err(FakeError::Refused(format!("the payment intent is {status}")));
        }
        let by_session = self.sessions.get(id).is_some();
        if matches!(outcome, Outcome::Failed | Outcome::FailedThenCaptured) {
            self.fail(&intent_id);
        }
        // A delayed method completes the session before the money is there.
        let delayed = by_session && outcome == Outcome::FailedThenCaptured;
        if delayed {
            self.complete(id, "unpaid", "checkout.session.completed");
        }
        match outcome {
            Outcome::Failed => {}
            Outcome::Authorized => self.authorize(&intent_id),
            Outcome::Captured | Outcome::FailedThenCaptured => self.succeed(&intent_id),
        }
        if by_session && outcome == Outcome::Captured {
            self.complete(id, "paid", "checkout.session.completed");
        } else if by_session && outcome == Outcome::Authorized {
            self.complete(id, "unpaid", "checkout.session.completed");
        } else if delayed {
            self.complete(id, "paid", "checkout.session.async_payment_succeeded");
        }
        Ok(intent_id)
    }

    /// The intent of a session is made when somebody first pays.
    fn intent_of(&mut self, id: &str) -> Result<String, FakeError> {
        if self.intents.get(id).is_some() {
            return Ok(id.to_owned());
        }
        let session = self.sessions.get(id).ok_or_else(|| FakeError::NotFound(id.to_owned()))?;
        if session["status"] != "open" {
            return Err(FakeError::Refused(format!("the session is {}", session["status"])));
        }
        if let Some(intent_id) = session["payment_intent"].as_str() {
            return Ok(intent_id.to_owned());
        }
        let session = session.clone();
        let amount = int(&session["amount_total"]);
        let metadata = &session["_intent_metadata"];
        let intent = self.new_intent(amount, &text(&session["currency"]), metadata);
        if let Some(session) = self.sessions.get_mut(id) {
            session["payment_intent"] = intent["id"].clone();
        }
        Ok(text(&intent["id"]))
    }

    fn change(&mut self, intent_id: &str, fields: &Value, kind: &str) {
        let Some(intent) = self.intents.get_mut(intent_id) else { return };
        if let Some(fields) = fields.as_object() {
            for (name, value) in fields {
                intent[name.as_str()] = value.clone();
            }
        }
        let intent = intent.clone();
        self.tell(kind, &intent);
    }

    fn fail(&mut self, intent_id: &str) {
        let error = json!({"code": "card_declined", "decline_code": "insufficient_funds"});
        let fields = json!({"status": "requires_payment_method", "last_payment_error": error});
        self.change(intent_id, &fields, "payment_intent.payment_failed");
    }

    fn authorize(&mut self, intent_id: &str) {
        let fields = json!({"status": "requires_capture", "last_payment_error": null});
        self.change(intent_id, &fields, "payment_intent.amount_capturable_updated");
    }

    fn succeed(&mut self, intent_id: &str) {
        let Some(intent) = self.intents.get(intent_id).cloned() else { return };
        let charge = self.ids.next("ch_");
        let amount = int(&intent["amount"]);
        let fee = amount * self.fee_basis_points / 10_000;
        self.moved("charge", &charge, (amount, fee), &intent["currency"]);
        let fields = json!({
            "status": "succeeded", "amount_received": amount, "latest_charge": charge,
            "last_payment_error": null,
        });
        self.change(intent_id, &fields, "payment_intent.succeeded");
    }

    fn complete(&mut self, session_id: &str, paid: &str, kind: &str) {
        let Some(session) = self.sessions.get_mut(session_id) else { return };
        session["status"] = json!("complete");
        session["payment_status"] = json!(paid);
        session["url"] = Value::Null;
        let session = shown(session);
        self.tell(kind, &session);
    }

    pub(super) fn expire_session(&mut self, session_id: &str) -> Result<(), FakeError> {
        let not_found = || FakeError::NotFound(session_id.to_owned());
        let session = self.sessions.get_mut(session_id).ok_or_else(not_found)?;
        if session["status"] != "open" {
            return Err(FakeError::Refused(format!("the session is {}", session["status"])));
        }
        session["status"] = json!("expired");
        session["url"] = Value::Null;
        let session = shown(session);
        self.tell("checkout.session.expired", &session);
        Ok(())
    }

    /// Notes a movement of the balance.
    fn moved(&mut self, kind: &str, source: &str, (amount, fee): (i64, i64), currency: &Value) {
        let transaction = json!({
            "id": self.ids.next("txn_"), "object": "balance_transaction", "type": kind,
            "amount": amount, "fee": fee, "net": amount - fee, "currency": currency,
            "source": source, "created": self.now(), "available_on": self.now(), "_payout": null,
        });
        self.balance.push(transaction);
    }

    pub(super) fn refund(
        &mut self,
        intent_id: &str,
        amount: Option<i64>,
        metadata: &Value,
    ) -> Result<Value, FakeError> {
        let not_found = || FakeError::NotFound(intent_id.to_owned());
        let intent = self.intents.get(intent_id).ok_or_else(not_found)?.clone();
        let refunded = |refund: &&Value| refund["payment_intent"] == intent_id;
        let before: i64 = self.refunds.all().filter(refunded).map(|r| int(&r["amount"])).sum();
        let open = int(&intent["amount_received"]) - before;
        let amount = amount.unwrap_or(open);
        if amount <= 0 || amount > open {
            return Err(FakeError::Refused(format!(
                "Refund amount ({amount}) is greater than unrefunded amount on charge ({open})"
            )));
        }
        let id = self.ids.next("re_");
        let refund = json!({
            "id": id, "object": "refund", "amount": amount, "charge": intent["latest_charge"],
            "currency": intent["currency"], "created": self.now(), "metadata": metadata,
            "payment_intent": intent_id, "reason": "requested_by_customer", "status": "succeeded",
        });
        self.moved("refund", &id, (-amount, 0), &intent["currency"]);
        self.refunds.put(refund.clone());
        self.tell("refund.created", &refund);
        let charge = json!({
            "id": intent["latest_charge"], "object": "charge", "amount": intent["amount"],
            "amount_refunded": before + amount, "currency": intent["currency"],
            "payment_intent": intent_id, "refunded": amount == open,
        });
        self.tell("charge.refunded", &charge);
        Ok(refund)
    }

    pub(super) fn dispute(&mut self, intent_id: &str) -> Result<String, FakeError> {
        let not_found = || FakeError::NotFound(intent_id.to_owned());
        let intent = self.intents.get(intent_id).ok_or_else(not_found)?.clone();
        if intent["status"] != "succeeded" {
            return Err(FakeError::Refused(format!("the intent is {}", intent["status"])));
        }
        let id = self.ids.next("dp_");
        let amount = int(&intent["amount_received"]);
        let dispute = json!({
            "id": id, "object": "dispute", "amount": amount, "charge": intent["latest_charge"],
            "currency": intent["currency"], "created": self.now(), "metadata": {},
            "payment_intent": intent_id, "reason": "product_not_received",
            "status": "needs_response",
        });
        self.moved("adjustment", &id, (-amount, 0), &intent["currency"]);
        for kind in ["charge.dispute.created", "charge.dispute.funds_withdrawn"] {
            self.tell(kind, &dispute);
        }
        self.disputes.put(dispute);
        Ok(id)
    }

    pub(super) fn end_dispute(&mut self, dispute_id: &str, won: bool) -> Result<(), FakeError> {
        let not_found = || FakeError::NotFound(dispute_id.to_owned());
        let dispute = self.disputes.get_mut(dispute_id).ok_or_else(not_found)?;
        if dispute["status"] != "needs_response" {
            return Err(FakeError::Refused(format!("the dispute is {}", dispute["status"])));
        }
        dispute["status"] = json!(if won { "won" } else { "lost" });
        let dispute = dispute.clone();
        if won {
            let amount = int(&dispute["amount"]);
            self.moved("adjustment", dispute_id, (amount, 0), &dispute["currency"]);
            self.tell("charge.dispute.funds_reinstated", &dispute);
        }
        self.tell("charge.dispute.closed", &dispute);
        Ok(())
    }

    pub(super) fn settle(&mut self) -> Option<String> {
        let open = |one: &&mut Value| one["_payout"].is_null() && one["type"] != "payout";
        let net: i64 = self.balance.iter_mut().filter(open).map(|one| int(&one["net"])).sum();
        if net <= 0 {
            return None;
        }
        let short = self.outbox.mischief(|one| matches!(one, Misbehaviour::ShortSettlement(_)));
        let missing = match short {
            Some(Misbehaviour::ShortSettlement(missing)) => missing,
            _ => 0,
        };
        let id = self.ids.next("po_");
        let mut currency = Value::Null;
        for one in self.balance.iter_mut().filter(open) {
            one["_payout"] = json!(id);
            currency = one["currency"].clone();
        }
        let amount = (net - missing).max(0);
        let payout = json!({
            "id": id, "object": "payout", "amount": amount, "currency": currency,
            "created": self.now(), "arrival_date": self.now(), "status": "paid",
            "trace_id": {"status": "supported", "value": self.ids.next_rrn()},
        });
        self.moved("payout", &id, (-amount, 0), &currency);
        self.tell("payout.paid", &payout);
        Some(id)
    }
}

/// An object without our own marks.
pub(super) fn shown(object: &Value) -> Value {
    let mut object = object.clone();
    if let Value::Object(fields) = &mut object {
        fields.retain(|name, _| !name.starts_with('_'));
    }
    object
}
