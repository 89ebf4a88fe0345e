//! A dairy with issued bills, and deliveries of gateways as they come.
//!
//! It deliberately signs what it delivers: what is not authentic never gets so far.

use crate::dairy::Dairy;
use app::webhooks::{Delivery, Gateway, Headers, Keys, Receipt, Secrets};
use domain::calendar::Moment;
use serde_json::{Value, json};
use testkit::Database;

pub const SECRET: &str = "rzp_secret";

/// The moment of most deliveries.
pub const NOW: &str = "2026-10-02T10:00:00+05:30";

pub fn now() -> Moment {
    Moment::parse(NOW).unwrap()
}

/// Headers as a list.
pub struct Named(pub Vec<(&'static str, String)>);

impl Headers for Named {
    fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes())
    }

    fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (*name, value.as_bytes()))
    }
}

pub fn keys() -> Keys {
    let secrets = Secrets::new([SECRET]).unwrap();
    Keys { razorpay: Some(secrets.clone()), stripe: Some(secrets), ..Keys::default() }
}

/// A dairy in October, whose customers C1 and C2 have bills of September of 600 and 1,200 rupees,
/// C3 one of 60.
pub fn billed(database: &Database) -> Dairy<'_> {
    let dairy = Dairy::new(database);
    dairy.deliver(&["2026-09-01 C1 MILK 10", "2026-09-01 C2 MILK 20", "2026-09-02 C3 MILK 1"]);
    dairy.on("2026-10-01");
    dairy.run_and_issue("2026-09");
    dairy.at(NOW);
    dairy
}

/// A payment of Razorpay.
#[expect(clippy::needless_pass_by_value, reason = "tests hand over what they make")]
pub fn payment(id: &str, paise: i64, status: &str, notes: Value) -> Value {
    let fee = if status == "captured" { json!(paise / 50) } else { Value::Null };
    let tax = if status == "captured" { json!(paise / 50 / 6) } else { Value::Null };
    json!({
        "id": id, "entity": "payment", "amount": paise, "currency": "INR", "status": status,
        "order_id": null, "method": "upi", "captured": status == "captured", "notes": notes,
        "fee": fee, "tax": tax, "acquirer_data": {}, "created_at": 1_790_000_000,
    })
}

/// An event of Razorpay about things by the keys of its payload.
pub fn event(kind: &str, payload: &[(&str, Value)]) -> String {
    let held: serde_json::Map<String, Value> = payload
        .iter()
        .map(|(key, entity)| ((*key).to_owned(), json!({ "entity": entity })))
        .collect();
    json!({
        "entity": "event", "event": kind, "contains": [], "payload": held,
        "created_at": 1_790_000_001,
    })
    .to_string()
}

pub fn captured(id: &str, paise: i64, notes: Value) -> String {
    event("payment.captured", &[("payment", payment(id, paise, "captured", notes))])
}

pub fn refund(kind: &str, id: &str, of: &str, paise: i64, status: &str) -> String {
    let entity = json!({
        "id": id, "entity": "refund", "amount": paise, "currency": "INR", "payment_id": of,
        "notes": [], "acquirer_data": {}, "created_at": 1_790_000_500, "status": status,
    });
    event(kind, &[("refund", entity)])
}

pub fn dispute(kind: &str, id: &str, of: &str, paise: i64, status: &str) -> String {
    let entity = json!({
        "id": id, "entity": "dispute", "amount": paise, "currency": "INR", "payment_id": of,
        "amount_deducted": if status == "lost" { paise } else { 0 }, "status": status,
        "created_at": 1_790_000_600, "reason_code": "x",
    });
    event(kind, &[("dispute", entity)])
}

/// An authentic delivery of Razorpay.
pub fn delivery(event_id: &str, body: &str) -> Delivery {
    let secrets = Secrets::new([SECRET]).unwrap();
    let headers = Named(vec![
        ("x-razorpay-signature", gateways::razorpay::webhook::sign(body.as_bytes(), &secrets)),
        ("x-razorpay-event-id", event_id.to_owned()),
    ]);
    keys().authenticate(Gateway::Razorpay, &headers, body.as_bytes().to_vec(), now()).unwrap()
}

/// Receives deliveries in one transaction.
pub fn receive(dairy: &Dairy<'_>, deliveries: &[Delivery]) -> Vec<Receipt> {
    dairy.store.write(|tx| app::webhooks::receive(tx, deliveries, now())).unwrap()
}

/// The books, without what depends on the order of arrival: balances by account and customer, and
/// where payments and bills stand.
pub fn books(dairy: &Dairy<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for sql in [
        "SELECT account || ' ' || CAST(COALESCE(customer_id, 0) AS TEXT) || ' ' \
         || CAST(SUM(amount_paise) AS TEXT) FROM ledger_entries \
         GROUP BY account, customer_id ORDER BY account, customer_id",
        "SELECT provider || ' ' || reference || ' ' || state || ' ' || \
         CAST(captured_paise AS TEXT) || ' ' || CAST(COALESCE(customer_id, 0) AS TEXT) || ' ' || \
         CAST(COALESCE(fee_paise, 0) AS TEXT) FROM payments ORDER BY provider, reference",
        "SELECT 'free ' || CAST(COALESCE(customer_id, 0) AS TEXT) || ' ' || \
         CAST(SUM(free_paise) AS TEXT) FROM payments GROUP BY customer_id \
         HAVING SUM(free_paise) > 0 ORDER BY customer_id",
        "SELECT 'paid ' || CAST(customer_id AS TEXT) || ' ' || CAST(SUM(paid_paise) AS TEXT) \
         FROM bills GROUP BY customer_id ORDER BY customer_id",
        "SELECT 'bill ' || number || ' ' || state || ' ' || CAST(paid_paise AS TEXT) FROM bills \
         WHERE number IS NOT NULL ORDER BY number",
        "SELECT 'refund ' || reference || status || CAST(amount_paise AS TEXT) \
         FROM payment_refunds ORDER BY reference",
    ] {
        dairy
            .store
            .read(|tx| {
                lines.extend(tx.list(sql, &[], |row| row.text(0).map(str::to_owned))?);
                Ok::<_, store::StoreError>(())
            })
            .unwrap();
    }
    lines
}
