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
        let large = json!({ "method": "upi", "amount": "92233720368547758.07",
            "reference": "618200000119", "customer_code": "C1" });
        let large = post(api, path, &token, "k0", &large).await.refused(422, "invalid");
        let said = large["errors"][0]["detail"].as_str().unwrap();
        assert!(said.contains("expected at most 10000000000.00"), "{large}");
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

#[test]
fn a_large_refund_is_agreed_to_by_another_person() {
    each(async |api| {
        with_customer(api);
        let maker = api.person(Role::Accountant, None);
        let owner = api.person(Role::Owner, None);
        let receipt = json!({ "method": "upi", "amount": "2000", "reference": "618200000117",
            "customer_code": "C1" });
        let made = post(api, "/api/v1/payments", &maker, "k1", &receipt).await;
        let payment = made.ok(201).json()["id"].as_i64().unwrap();
        let path = format!("/api/v1/payments/{payment}/refunds");
        let asked = json!({ "amount": "1500", "destination": "source", "reason": "spilt milk" });
        api.post(&path, &maker, asked.clone()).await.refused(400, "idempotency_key_missing");
        let wrong = json!({ "amount": "x", "destination": "moon", "reason": "" });
        post(api, &path, &maker, "k2", &wrong).await.refused(422, "invalid");
        let refund = post(api, &path, &maker, "k3", &asked).await;
        refund.ok(202);
        let id = refund.json()["id"].as_i64().unwrap();
        assert_eq!(refund.json()["status"], "requested");
        assert_eq!(refund.header("location"), format!("/api/v1/refunds/{id}"));
        // The same key is one refund; another one finds too little left.
        let again = post(api, &path, &maker, "k3", &asked).await;
        assert_eq!(again.ok(202).json()["id"], id);
        post(api, &path, &maker, "k4", &asked).await.refused(409, "conflict");
        let place = format!("/api/v1/refunds/{id}");
        let approve = format!("{place}/approve");
        post(api, &approve, &maker, "k5", &json!({})).await.refused(403, "not_allowed");
        let approved = post(api, &approve, &owner, "k6", &json!({})).await;
        assert_eq!(approved.ok(200).json()["status"], "approved");
        assert_eq!(approved.json()["to_be_paid_out"], true);
        assert_eq!(approved.json()["checked_by"], "owner");
        let decline = format!("{place}/decline");
        post(api, &decline, &owner, "k7", &json!({})).await.refused(409, "conflict");
        let pay = format!("{place}/pay-out");
        post(api, &pay, &maker, "k8", &json!({})).await.refused(422, "invalid");
        let paid = json!({ "reference": "618200000999" });
        let paid = post(api, &pay, &maker, "k9", &paid).await;
        assert_eq!(paid.ok(200).json()["status"], "processed");
        let listed = api.get(&format!("/api/v1/refunds?payment={payment}"), &maker).await;
        assert_eq!(listed.ok(200).json()["items"].as_array().unwrap().len(), 1);
        api.get("/api/v1/refunds?status=lost", &maker).await.refused(400, "bad_request");
        let shown = api.get(&format!("/api/v1/payments/{payment}"), &maker).await;
        assert_eq!(shown.ok(200).json()["status"], "part-refunded");
        // A small one is agreed at once.
        let small = json!({ "amount": "10", "destination": "source", "reason": "again",
            "reference": "618200000998" });
        let done = post(api, &path, &maker, "k10", &small).await;
        assert_eq!(done.ok(201).json()["status"], "processed");
    });
}

#[test]
fn a_gateway_is_asked_once_per_key_and_only_if_it_is_set_up() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        let path = "/api/v1/payment-requests";
        let asked = json!({ "provider": "razorpay", "kind": "link", "customer_code": "C-1" });
        api.post(path, &token, asked.clone()).await.refused(400, "idempotency_key_missing");
        let made = post(api, path, &token, "k1", &asked).await;
        made.ok(202);
        let id = made.json()["id"].as_i64().unwrap();
        assert_eq!(
            (&made.json()["status"], &made.json()["amount"]),
            (&json!("new"), &json!("100.00"))
        );
        assert_eq!(made.header("location"), format!("{path}/{id}"));
        assert_eq!(post(api, path, &token, "k1", &asked).await.ok(202).json()["id"], id);
        let listed = api.get(&format!("{path}?status=new&customer_code=C-1"), &token).await;
        assert_eq!(listed.ok(200).json()["items"].as_array().unwrap().len(), 1);
        let stripe = json!({ "provider": "stripe", "kind": "checkout", "customer_code": "C-1" });
        let refused = post(api, path, &token, "k2", &stripe).await.refused(409, "not_configured");
        assert!(refused["detail"].as_str().unwrap().contains("gateways.stripe.secret_key"));
        let wrong = json!({ "provider": "razorpay", "kind": "checkout", "customer_code": "C-9",
            "expires_at": "2020-01-01T00:00:00Z" });
        let wrong = post(api, path, &token, "k3", &wrong).await.refused(422, "invalid");
        assert_eq!(wrong["errors"].as_array().unwrap().len(), 3, "{wrong}");
        let back = json!({ "razorpay_payment_id": "pay_1", "razorpay_signature": "00" });
        let confirm = format!("{path}/{id}/confirm");
        post(api, &confirm, &token, "k4", &back).await.refused(409, "conflict");
        let cancelled = post(api, &format!("{path}/{id}/cancel"), &token, "k5", &json!({})).await;
        assert_eq!(cancelled.ok(202).json()["status"], "cancelled");
        assert_eq!(api.get(&format!("{path}/{id}"), &token).await.json()["status"], "cancelled");
        api.get(&format!("{path}/99"), &token).await.refused(404, "not_found");
    });
}

#[test]
fn a_upi_link_says_what_is_due() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        let found = api.get("/api/v1/customers/C-1/upi", &token).await;
        let found = found.ok(200).json();
        assert_eq!(
            (&found["amount"], &found["payee"]),
            (&json!("100.00"), &json!("gokul@upiexample"))
        );
        let link = found["link"].as_str().unwrap();
        assert!(link.starts_with("upi://pay?pa=gokul@upiexample&pn=Gokul%20Dairy&"), "{link}");
        assert!(link.ends_with("&am=100.00&cu=INR"), "{link}");
        api.get("/api/v1/bills/INV/26-27/000001/upi", &token).await.refused(404, "not_found");
        let customer = api.person(Role::Customer, Some("C-1"));
        api.get("/api/v1/customers/C-1/upi", &customer).await.refused(403, "not_allowed");
        api.get("/api/v1/me/bills/2026-10/upi", &customer).await.refused(404, "not_found");
        blocking(|| {
            let actor = Actor::program("test", api.at());
            let month = domain::calendar::Month::parse("2026-10").unwrap();
            let mode = app::billing::Mode::RunAndIssue;
            let request = app::billing::Request { month, mode, dry_run: false };
            app::billing::run(&api.store, &actor, request, &mut |_, _| {}).unwrap();
        });
        let own = api.get("/api/v1/me/bills/2026-10/upi", &customer).await;
        let own = own.ok(200).json();
        assert_eq!((&own["amount"], &own["qr"]), (&json!("180.00"), &own["link"]));
        let number = own["bill_number"].as_str().unwrap();
        let office = api.get(&format!("/api/v1/bills/{number}/upi"), &token).await;
        assert_eq!(office.ok(200).json(), own);
    });
}
