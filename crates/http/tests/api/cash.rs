//! Riders record the cash they take, see what they have in hand, and hand it over.

use crate::kit::{Api, Reply, blocking, each};
use app::Actor;
use app::customers::Said;
use domain::access::Role;
use serde_json::{Value, json};

const HAND_OVERS: &str = "/api/v1/cash/hand-overs";

async fn post(api: &Api, path: &str, token: &str, key: &str, body: Value) -> Reply {
    api.call("POST", path, token, body, &[("idempotency-key", key)]).await
}

fn with_customer(api: &Api) {
    blocking(|| {
        let actor = Actor::program("test", api.at());
        let said = Said { name: Some("Asha".to_owned()), ..Said::default() };
        api.store.write(|tx| app::customers::add(tx, &actor, "C1", &said)).unwrap();
    });
}

fn cash(amount: &str) -> Value {
    json!({ "method": "cash", "amount": amount, "customer_code": "C1" })
}

#[test]
fn a_rider_collects_and_hands_over() {
    each(async |api| {
        with_customer(api);
        let clerk = api.person(Role::Accountant, None);
        let rider = api.person(Role::Rider, None);
        let path = "/api/v1/payments";
        api.post(path, &rider, cash("300")).await.refused(400, "idempotency_key_missing");
        post(api, path, &rider, "k1", cash("300")).await.ok(201);
        post(api, path, &rider, "k1", cash("300")).await.ok(201);
        post(api, path, &rider, "k2", cash("200.50")).await.ok(201);
        // Nothing but their own cash.
        let mut other = cash("5");
        other["person"] = json!(1);
        post(api, path, &rider, "k3", other).await.refused(403, "not_allowed");
        let upi = json!({ "method": "upi", "amount": "5", "reference": "618200000117",
            "customer_code": "C1" });
        post(api, path, &rider, "k4", upi).await.refused(403, "not_allowed");
        // Their own wallet, and no other.
        let own = api.get("/api/v1/cash/rider@example.in", &rider).await.ok(200).json();
        assert_eq!((&own["in_hand"], &own["short"]), (&json!("500.50"), &json!("0.00")));
        assert_eq!(own["since"], "2026-10-31T10:00:00+05:30");
        assert_eq!(own["entries"].as_array().unwrap().len(), 2);
        let paged = api.get("/api/v1/cash/rider@example.in?limit=1", &rider).await.ok(200).json();
        let next = paged["next"].as_str().unwrap();
        let rest = format!("/api/v1/cash/rider@example.in?limit=1&after={next}");
        let rest = api.get(&rest, &rider).await.ok(200).json();
        assert_eq!(
            (&rest["entries"][0]["amount"], &rest["next"]),
            (&json!("300.00"), &Value::Null)
        );
        for path in ["/api/v1/cash/accountant@example.in", "/api/v1/cash/nobody", "/api/v1/cash"] {
            api.get(path, &rider).await.refused(403, "not_allowed");
        }
        let all = api.get("/api/v1/cash", &clerk).await.ok(200).json();
        assert_eq!(all["items"][0]["login"], "rider@example.in");
        api.get("/api/v1/cash/nobody", &clerk).await.refused(404, "not_found");
        let mut new = json!({ "giver": "rider@example.in", "taker": "accountant@example.in",
            "pieces": [{ "value": 500, "count": 1 }], "coins": "0.50" });
        post(api, HAND_OVERS, &rider, "k5", new.clone()).await.refused(403, "not_allowed");
        api.post(HAND_OVERS, &clerk, new.clone()).await.refused(400, "idempotency_key_missing");
        let made = post(api, HAND_OVERS, &clerk, "k6", new.clone()).await;
        assert_eq!(made.ok(201).header("location"), format!("{HAND_OVERS}/1"));
        assert_eq!(made.json()["counted"], "500.50");
        let again = post(api, HAND_OVERS, &clerk, "k6", new.clone()).await;
        assert_eq!(again.ok(201).text, made.text);
        post(api, HAND_OVERS, &clerk, "k7", new.clone()).await.refused(409, "conflict");
        new["pieces"] = json!([{ "value": 3, "count": 1 }]);
        let wrong = post(api, HAND_OVERS, &clerk, "k8", new).await.refused(422, "invalid");
        assert_eq!(wrong["errors"][0]["pointer"], "#/pieces");
        // The rider sees their own hand-overs.
        assert_eq!(api.get(HAND_OVERS, &rider).await.ok(200).json()["items"][0]["id"], 1);
        api.get(&format!("{HAND_OVERS}/1"), &rider).await.ok(200);
        let of = format!("{HAND_OVERS}?giver=accountant@example.in");
        api.get(&of, &rider).await.refused(403, "not_allowed");
        assert_eq!(api.get(&of, &clerk).await.ok(200).json()["items"], json!([]));
    });
}

#[test]
fn a_shortage_is_accepted_by_somebody_else() {
    each(async |api| {
        with_customer(api);
        let clerk = api.person(Role::Accountant, None);
        let owner = api.person(Role::Owner, None);
        post(api, "/api/v1/payments", &clerk, "k1", cash("100")).await.ok(201);
        let new = json!({ "giver": "accountant@example.in", "taker": "bank",
            "pieces": [{ "value": 50, "count": 1 }], "shortage_accepted": true });
        post(api, HAND_OVERS, &clerk, "k2", new.clone()).await.refused(403, "not_allowed");
        let made = post(api, HAND_OVERS, &owner, "k3", new).await.ok(201).json();
        assert_eq!((&made["shortage"], &made["taker"]), (&json!("50.00"), &json!("bank")));
        let shown = api.get("/api/v1/cash/accountant@example.in", &clerk).await.ok(200).json();
        assert_eq!((&shown["in_hand"], &shown["short"]), (&json!("0.00"), &json!("50.00")));
        blocking(|| {
            let findings = app::verify::verify(&api.store, &mut |_, _| {}).unwrap();
            assert!(findings.is_clean(), "{findings:#?}");
        });
    });
}
