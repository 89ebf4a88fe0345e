//! Receipts recorded over HTTP, and events processed again.

use crate::kit::{Api, Reply, blocking, each};
use app::Actor;
use app::customers::Said;
use domain::access::Role;
use serde_json::{Value, json};

async fn post(api: &Api, path: &str, token: &str, key: &str, body: &Value) -> Reply {
    let key = [("idempotency-key", key)];
    api.call("POST", path, token, body.clone(), &key).await
}

fn with_customer(api: &Api) {
    blocking(|| {
        let actor = Actor::program("test", api.at());
        let said = Said { name: Some("Asha".to_owned()), ..Said::default() };
        api.store.write(|tx| app::customers::add(tx, &actor, "C1", &said)).unwrap();
    });
}

#[test]
fn a_receipt_is_recorded_shown_and_taken_back() {
    each(async |api| {
        with_customer(api);
        let token = api.person(Role::Accountant, None);
        let receipt = json!({
            "method": "cheque", "amount": "123.45", "reference": "000123", "customer_code": "C1",
        });
        let path = "/api/v1/payments";
        let made = post(api, path, &token, "k1", &receipt).await;
        made.ok(201);
        let id = made.json()["id"].as_i64().unwrap();
        assert_eq!(made.header("location"), format!("{path}/{id}"));
        assert_eq!(made.json()["advance"], "123.45");
        // The same key is answered as before, another key finds the cheque taken.
        post(api, path, &token, "k1", &receipt).await.ok(201);
        let figures = api.get("/metrics", "").await.text;
        let hits = "idempotent_hits_total{operation=\"record_payment\"} 1";
        assert!(figures.contains(hits), "{figures}");
        post(api, path, &token, "k2", &receipt).await.refused(409, "conflict");
        let wrong = json!({ "method": "upi", "amount": "0", "customer_code": "C7" });
        post(api, path, &token, "k3", &wrong).await.refused(422, "invalid");
        let cleared = post(api, &format!("{path}/{id}/clear"), &token, "k4", &json!({})).await;
        assert_eq!(cleared.ok(200).json()["postings"].as_array().unwrap().len(), 4);
        let back = post(api, &format!("{path}/{id}/reverse"), &token, "k5", &json!({})).await;
        assert_eq!(back.ok(200).json()["status"], "failed");
        let shown = api.get(&format!("{path}/{id}"), &token).await;
        assert_eq!(shown.ok(200).json()["log"].as_array().unwrap().len(), 3);
        let listed = api.get(&format!("{path}?customer_code=C1"), &token).await;
        assert_eq!(listed.ok(200).json()["items"].as_array().unwrap().len(), 1);
    });
}
