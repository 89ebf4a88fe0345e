//! Refunds, settlements and the rows of reconciliation of the local Razorpay.
//!
//! It deliberately settles at once; the real one waits days.

use serde_json::{Value, json};

use super::books::{Books, php};
use crate::fake::{FakeError, Misbehaviour, int};

impl Books {
    /// Notes something that the next settlement brings.
    pub(super) fn row(&mut self, thing: &Value, kind: &str, credit: i64, debit: i64) {
        let order_id = thing["order_id"].as_str();
        let receipt = order_id.and_then(|id| self.orders.get(id)).map(|o| o["receipt"].clone());
        let payment = if kind == "payment" { &Value::Null } else { &thing["payment_id"] };
        let dispute = if kind == "adjustment" { thing["id"].clone() } else { Value::Null };
        let or_zero = |field: &str| if kind == "payment" { int(&thing[field]) } else { 0 };
        self.rows.push(json!({
            "entity_id": thing["id"], "type": kind, "debit": debit, "credit": credit,
            "amount": thing["amount"], "currency": thing["currency"], "fee": or_zero("fee"),
            "tax": or_zero("tax"), "on_hold": false, "settled": false,
            "created_at": thing["created_at"], "settled_at": null, "settlement_id": null,
            "description": null,
            // Rows have their notes as a text.
            "notes": php(&thing["notes"]).to_string(),
            "payment_id": payment, "settlement_utr": null, "order_id": order_id,
            "order_receipt": receipt, "method": thing["method"], "dispute_id": dispute,
        }));
    }

    pub(super) fn refund(
        &mut self,
        payment_id: &str,
        amount: i64,
        asked: &Value,
    ) -> Result<Value, FakeError> {
        let now = self.now();
        let not_found = || FakeError::NotFound(payment_id.to_owned());
        let payment = self.payments.get_mut(payment_id).ok_or_else(not_found)?;
        let before = int(&payment["amount_refunded"]);
        let open = int(&payment["amount"]) - before;
        if payment["status"] != "captured" {
            return Err(FakeError::Refused("The payment status should be captured".to_owned()));
        }
        if amount <= 0 || amount > open {
            return Err(FakeError::Refused(
                "The refund amount provided is greater than amount captured".to_owned(),
            ));
        }
        payment["amount_refunded"] = json!(before + amount);
        payment["refund_status"] = json!(if amount == open { "full" } else { "partial" });
        if amount == open {
            payment["status"] = json!("refunded");
        }
        let currency = payment["currency"].clone();
        let refund = json!({
            "id": self.ids.next("rfnd_"), "entity": "refund", "amount": amount,
            "currency": currency, "payment_id": payment_id, "notes": php(&asked["notes"]),
            "receipt": asked["receipt"], "acquirer_data": {"arn": self.ids.next_rrn()},
            "created_at": now, "batch_id": null, "status": "processed",
            "speed_requested": "normal", "speed_processed": "normal",
        });
        self.row(&refund, "refund", 0, amount);
        let payment = self.shown(payment_id);
        for kind in ["refund.created", "refund.processed"] {
            self.tell(kind, &[("refund", &refund), ("payment", &payment)], now);
        }
        self.refunds.put(refund.clone());
        Ok(refund)
    }

    pub(super) fn settle(&mut self) -> Option<String> {
        let open = |row: &&mut Value| row["settled"] == false;
        let net: i64 = self
            .rows
            .iter_mut()
            .filter(open)
            .map(|row| int(&row["credit"]) - int(&row["debit"]))
            .sum();
        if net <= 0 {
            return None;
        }
        let short = self.outbox.mischief(|one| matches!(one, Misbehaviour::ShortSettlement(_)));
        let missing = match short {
            Some(Misbehaviour::ShortSettlement(missing)) => missing,
            _ => 0,
        };
        let (id, now) = (self.ids.next("setl_"), self.now());
        let utr = format!("{}utr", self.ids.next_rrn());
        for row in self.rows.iter_mut().filter(open) {
            row["settled"] = json!(true);
            row["settled_at"] = json!(now);
            row["settlement_id"] = json!(id);
            row["settlement_utr"] = json!(utr);
        }
        let settlement = json!({
            "id": id, "entity": "settlement", "amount": (net - missing).max(0),
            "status": "processed", "fees": 0, "tax": 0, "utr": utr, "created_at": now,
        });
        self.tell("settlement.processed", &[("settlement", &settlement)], now);
        self.settlements.put(settlement);
        Some(id)
    }
}
