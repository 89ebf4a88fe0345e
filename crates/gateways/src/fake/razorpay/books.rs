//! What the local Razorpay keeps, and the envelope of its events.
//!
//! It deliberately writes its bodies as the real one does: slashes escaped, empty notes as `[]`,
//! ids without prefix where they lack it.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::RazorpaySettings;
use crate::call::secs;
use crate::fake::ids::Ids;
use crate::fake::outbox::Outbox;
use crate::fake::{Clock, Shelf};

const ACCOUNT: &str = "acc_LocalFake00001";

pub(super) struct Books {
    pub(super) ids: Ids,
    pub(super) clock: Clock,
    pub(super) outbox: Arc<Outbox>,
    pub(super) fee_basis_points: i64,
    pub(super) orders: Shelf,
    pub(super) payments: Shelf,
    pub(super) links: Shelf,
    pub(super) qr_codes: Shelf,
    pub(super) refunds: Shelf,
    pub(super) disputes: Shelf,
    pub(super) settlements: Shelf,
    /// Rows of reconciliation; those not settled have no settlement.
    pub(super) rows: Vec<Value>,
    /// Refunds by idempotency key, with what was asked.
    pub(super) refund_keys: HashMap<String, (Value, Value)>,
}

impl Books {
    pub(super) fn new(settings: RazorpaySettings, outbox: Arc<Outbox>) -> Self {
        Self {
            ids: Ids::new(settings.seed),
            clock: settings.clock,
            outbox,
            fee_basis_points: settings.fee_basis_points,
            orders: Shelf::default(),
            payments: Shelf::default(),
            links: Shelf::default(),
            qr_codes: Shelf::default(),
            refunds: Shelf::default(),
            disputes: Shelf::default(),
            settlements: Shelf::default(),
            rows: Vec::new(),
            refund_keys: HashMap::new(),
        }
    }

    pub(super) fn now(&self) -> i64 {
        secs((self.clock)())
    }

    /// Queues an event about some entities.
    pub(super) fn tell(&mut self, kind: &str, entities: &[(&str, &Value)], created_at: i64) {
        let contains: Vec<&str> = entities.iter().map(|(name, _)| *name).collect();
        let payload: Map<String, Value> = entities
            .iter()
            .map(|(name, entity)| ((*name).to_owned(), json!({"entity": entity})))
            .collect();
        let body = json!({
            "entity": "event",
            "account_id": ACCOUNT,
            "event": kind,
            "contains": contains,
            "payload": payload,
            "created_at": created_at,
        });
        // A slash stands only in texts, where PHP escapes it.
        let body = body.to_string().replace('/', "\\/");
        self.outbox.push(self.ids.next("evt_"), kind, body.into_bytes());
    }
}

/// PHP writes an object without fields as a list.
pub(super) fn php(notes: &Value) -> Value {
    match notes {
        Value::Object(fields) if !fields.is_empty() => notes.clone(),
        _ => json!([]),
    }
}
