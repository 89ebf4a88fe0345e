//! Somebody pays at the local Razorpay, takes an authorized payment, or contests one.
//!
//! It deliberately fires every event that the real one fires for a payment, each under its own id.

use serde_json::{Value, json};

use super::books::{Books, php};
use crate::fake::{FakeError, Outcome, int, text};

/// Tax on the fee, in hundredths.
const GST_PERCENT: i64 = 18;

/// What a payment is for.
struct Aim {
    amount: i64,
    currency: Value,
    notes: Value,
    order_id: Option<String>,
    link_id: Option<String>,
    qr_id: Option<String>,
}

impl Books {
    pub(super) fn pay(
        &mut self,
        id: &str,
        amount: Option<i64>,
        outcome: Outcome,
    ) -> Result<String, FakeError> {
        let aim = self.aim(id, amount)?;
        let payment_id = self.ids.next("pay_");
        let payment = self.new_payment(&payment_id, &aim);
        self.payments.put(payment);
        if let Some(order) = aim.order_id.as_deref().and_then(|id| self.orders.get_mut(id)) {
            order["attempts"] = json!(int(&order["attempts"]) + 1);
            if order["status"] == "created" {
                order["status"] = json!("attempted");
            }
        }
        if matches!(outcome, Outcome::Failed | Outcome::FailedThenCaptured) {
            self.fail(&payment_id);
        }
        if outcome != Outcome::Failed {
            self.set(&payment_id, "status", json!("authorized"));
            self.set_error(&payment_id, &Value::Null);
            self.tell_payment("payment.authorized", &payment_id);
        }
        if matches!(outcome, Outcome::Captured | Outcome::FailedThenCaptured) {
            self.capture(&payment_id)?;
        }
        Ok(payment_id)
    }

    fn aim(&mut self, id: &str, amount: Option<i64>) -> Result<Aim, FakeError> {
        let not_found = || FakeError::NotFound(id.to_owned());
        let mut aim = if let Some(order) = self.orders.get(id) {
            Aim {
                amount: int(&order["amount"]),
                currency: order["currency"].clone(),
                notes: order["notes"].clone(),
                order_id: Some(id.to_owned()),
                link_id: None,
                qr_id: None,
            }
        } else if let Some(link) = self.links.get(id).cloned() {
            if !["created", "partially_paid"].contains(&text(&link["status"]).as_str()) {
                return Err(FakeError::Refused(format!("the link is {}", link["status"])));
            }
            Aim {
                amount: int(&link["amount"]) - int(&link["amount_paid"]),
                currency: link["currency"].clone(),
                notes: php(&link["notes"]),
                order_id: Some(self.order_of_link(&link)),
                link_id: Some(id.to_owned()),
                qr_id: None,
            }
        } else {
            let qr = self.qr_codes.get(id).ok_or_else(not_found)?;
            if qr["status"] != "active" {
                return Err(FakeError::Refused("the QR code is closed".to_owned()));
            }
            let fixed = qr["payment_amount"].as_i64();
            Aim {
                amount: fixed.or(amount).unwrap_or(0),
                currency: json!("INR"),
                notes: qr["notes"].clone(),
                order_id: None,
                link_id: None,
                qr_id: Some(id.to_owned()),
            }
        };
        aim.amount = amount.unwrap_or(aim.amount);
        if aim.amount > 0 { Ok(aim) } else { Err(FakeError::Refused("no amount".to_owned())) }
    }

    /// The order behind a link is made when somebody first pays.
    fn order_of_link(&mut self, link: &Value) -> String {
        if let Some(order_id) = link["order_id"].as_str() {
            return order_id.to_owned();
        }
        let order_id = self.ids.next("order_");
        let order = json!({
            "id": order_id, "entity": "order", "amount": link["amount"], "amount_paid": 0,
            "amount_due": link["amount"], "currency": link["currency"],
            "receipt": link["reference_id"], "status": "created", "attempts": 0,
            "notes": php(&link["notes"]), "offer_id": null, "created_at": self.now(),
            "product_id": link["id"], "product_type": "payment_link_v2",
        });
        self.orders.put(order);
        if let Some(link) = self.links.get_mut(&text(&link["id"])) {
            link["order_id"] = json!(order_id);
        }
        order_id
    }

    fn new_payment(&mut self, id: &str, aim: &Aim) -> Value {
        let base = aim.amount * self.fee_basis_points / 10_000;
        let tax = base * GST_PERCENT / 100;
        json!({
            "id": id, "entity": "payment", "amount": aim.amount, "currency": aim.currency,
            "base_amount": aim.amount, "status": "created", "order_id": aim.order_id,
            "invoice_id": null, "international": false, "method": "upi", "amount_refunded": 0,
            "amount_transferred": 0, "refund_status": null,
            // As misleading as the real one.
            "captured": true,
            "description": "Milk", "card_id": null, "bank": null, "wallet": null,
            "vpa": "payer@exampleupi", "email": null, "contact": null, "notes": php(&aim.notes),
            "fee": base + tax, "tax": tax, "error_code": null, "error_description": null,
            "error_source": null, "error_step": null, "error_reason": null,
            "acquirer_data": {"rrn": self.ids.next_rrn()}, "upi": {"vpa": "payer@exampleupi"},
            "created_at": self.now(),
            "_link": aim.link_id, "_qr": aim.qr_id,
        })
    }

    fn set(&mut self, payment_id: &str, field: &str, value: Value) {
        if let Some(payment) = self.payments.get_mut(payment_id) {
            payment[field] = value;
        }
    }

    fn set_error(&mut self, payment_id: &str, reason: &Value) {
        self.set(payment_id, "error_reason", reason.clone());
        let code = if reason.is_null() { Value::Null } else { json!("BAD_REQUEST_ERROR") };
        self.set(payment_id, "error_code", code);
    }

    fn fail(&mut self, payment_id: &str) {
        self.set(payment_id, "status", json!("failed"));
        self.set_error(payment_id, &json!("payment_failed"));
        self.tell_payment("payment.failed", payment_id);
    }

    fn tell_payment(&mut self, kind: &str, payment_id: &str) {
        let payment = self.shown(payment_id);
        let now = self.now();
        self.tell(kind, &[("payment", &payment)], now);
    }

    /// A payment without our own marks.
    pub(super) fn shown(&self, payment_id: &str) -> Value {
        shown(self.payments.get(payment_id).unwrap_or(&Value::Null))
    }

    /// Takes an authorized payment, and tells everything that follows.
    pub(super) fn capture(&mut self, payment_id: &str) -> Result<(), FakeError> {
        let not_found = || FakeError::NotFound(payment_id.to_owned());
        let payment = self.payments.get(payment_id).ok_or_else(not_found)?.clone();
        if payment["status"] != "authorized" {
            return Err(FakeError::Refused(format!("the payment is {}", payment["status"])));
        }
        self.set(payment_id, "status", json!("captured"));
        self.row(&payment, "payment", int(&payment["amount"]) - int(&payment["fee"]), 0);
        self.tell_payment("payment.captured", payment_id);
        let amount = int(&payment["amount"]);
        self.order_is_paid(payment_id, &payment, amount);
        self.link_is_paid(payment_id, &payment, amount);
        if let Some(qr) = payment["_qr"].as_str().and_then(|id| self.qr_codes.get_mut(id)) {
            if qr["usage"] == "single_use" {
                qr["status"] = json!("closed");
                qr["close_reason"] = json!("paid");
            }
            // The counters may still read zero when the event is made.
            let told = qr.clone();
            qr["payments_amount_received"] = json!(int(&told["payments_amount_received"]) + amount);
            qr["payments_count_received"] = json!(int(&told["payments_count_received"]) + 1);
            let (payment, now) = (self.shown(payment_id), self.now());
            self.tell("qr_code.credited", &[("payment", &payment), ("qr_code", &told)], now);
        }
        Ok(())
    }

    fn order_is_paid(&mut self, payment_id: &str, payment: &Value, amount: i64) {
        let Some(order) = payment["order_id"].as_str().and_then(|id| self.orders.get_mut(id))
        else {
            return;
        };
        let paid = int(&order["amount_paid"]) + amount;
        let due = int(&order["amount"]) - paid;
        order["amount_paid"] = json!(paid);
        order["amount_due"] = json!(due.max(0));
        if due <= 0 {
            order["status"] = json!("paid");
            let (order, payment, now) = (order.clone(), self.shown(payment_id), self.now());
            self.tell("order.paid", &[("payment", &payment), ("order", &order)], now);
        }
    }

    fn link_is_paid(&mut self, payment_id: &str, payment: &Value, amount: i64) {
        let now = self.now();
        let Some(link) = payment["_link"].as_str().and_then(|id| self.links.get_mut(id)) else {
            return;
        };
        let paid = int(&link["amount_paid"]) + amount;
        let in_whole = paid >= int(&link["amount"]);
        link["amount_paid"] = json!(paid);
        link["status"] = json!(if in_whole { "paid" } else { "partially_paid" });
        link["updated_at"] = json!(now);
        let captured = json!({"payment_id": payment_id, "amount": amount, "status": "captured"});
        match &mut link["payments"] {
            Value::Array(payments) => payments.push(captured),
            other => *other = json!([captured]),
        }
        let link = link.clone();
        let order = payment["order_id"].as_str().and_then(|id| self.orders.get(id));
        let order = without_prefixes(order.unwrap_or(&Value::Null));
        let kind = if in_whole { "payment_link.paid" } else { "payment_link.partially_paid" };
        let payment = self.shown(payment_id);
        // The envelope carries the link's age.
        let created_at = int(&link["created_at"]);
        let entities = [("payment_link", &link), ("order", &order), ("payment", &payment)];
        self.tell(kind, &entities, created_at);
    }

    /// Ends a link without money.
    pub(super) fn end_link(&mut self, link_id: &str, status: &str) -> Result<Value, FakeError> {
        let now = self.now();
        let not_found = || FakeError::NotFound(link_id.to_owned());
        let link = self.links.get_mut(link_id).ok_or_else(not_found)?;
        if link["status"] != "created" {
            return Err(FakeError::Refused(format!("the link is {}", link["status"])));
        }
        link["status"] = json!(status);
        let field = if status == "expired" { "expired_at" } else { "cancelled_at" };
        link[field] = json!(now);
        let link = link.clone();
        let created_at = int(&link["created_at"]);
        let kind = format!("payment_link.{status}");
        self.tell(&kind, &[("payment_link", &link)], created_at);
        Ok(link)
    }

    pub(super) fn dispute(&mut self, payment_id: &str) -> Result<String, FakeError> {
        let payment = self.shown(payment_id);
        if payment.is_null() {
            return Err(FakeError::NotFound(payment_id.to_owned()));
        }
        if payment["status"] != "captured" {
            return Err(FakeError::Refused(format!("the payment is {}", payment["status"])));
        }
        let id = self.ids.next("disp_");
        let now = self.now();
        let dispute = json!({
            "id": id, "entity": "dispute", "payment_id": payment_id, "amount": payment["amount"],
            "currency": payment["currency"], "amount_deducted": payment["amount"],
            "reason_code": "goods_or_services_not_received", "respond_by": now + 7 * 86_400,
            "status": "open", "phase": "chargeback", "created_at": now,
        });
        self.row(&dispute, "adjustment", 0, int(&payment["amount"]));
        let entities = [("payment", &payment), ("dispute", &dispute)];
        self.tell("payment.dispute.created", &entities, now);
        self.disputes.put(dispute);
        Ok(id)
    }

    pub(super) fn end_dispute(&mut self, dispute_id: &str, won: bool) -> Result<(), FakeError> {
        let not_found = || FakeError::NotFound(dispute_id.to_owned());
        let dispute = self.disputes.get_mut(dispute_id).ok_or_else(not_found)?;
        if dispute["status"] != "open" {
            return Err(FakeError::Refused(format!("the dispute is {}", dispute["status"])));
        }
        let status = if won { "won" } else { "lost" };
        dispute["status"] = json!(status);
        if won {
            dispute["amount_deducted"] = json!(0);
        }
        let dispute = dispute.clone();
        if won {
            self.row(&dispute, "adjustment", int(&dispute["amount"]), 0);
        }
        let payment = self.shown(&text(&dispute["payment_id"]));
        let now = self.now();
        let entities = [("payment", &payment), ("dispute", &dispute)];
        self.tell(&format!("payment.dispute.{status}"), &entities, now);
        Ok(())
    }
}

/// A payment without our own marks.
pub(super) fn shown(payment: &Value) -> Value {
    let mut payment = payment.clone();
    if let Value::Object(fields) = &mut payment {
        fields.retain(|name, _| !name.starts_with('_'));
    }
    payment
}

/// The order of a link's event has no `entity`, and its ids lack their prefixes.
fn without_prefixes(order: &Value) -> Value {
    let mut order = order.clone();
    if let Value::Object(fields) = &mut order {
        fields.remove("entity");
        for (field, prefix) in [("id", "order_"), ("product_id", "plink_")] {
            if let Some(Value::String(id)) = fields.get_mut(field) {
                *id = id.trim_start_matches(prefix).to_owned();
            }
        }
    }
    order
}
