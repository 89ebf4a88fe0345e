//! Plans that are sold and changed, and what customers may use: for staff, for programs, and for
//! themselves.

use crate::kit::{Api, PASSWORD, Reply, blocking, each};
use domain::access::Role;
use serde_json::{Value, json};

const DAY_SECS: i64 = 24 * 3600;

async fn buy(api: &Api, token: &str, code: &str, reference: &str) -> Reply {
    let receipt = json!({ "method": "cheque", "amount": "199.00", "reference": reference,
        "customer_code": code, "plan": "premium" });
    let key = [("idempotency-key", reference)];
    api.call("POST", "/api/v1/payments", token, receipt, &key).await
}

async fn with_customers(api: &Api, token: &str) {
    for code in ["C-1", "C-2"] {
        let new = json!({ "code": code, "name": "Asha" });
        api.post("/api/v1/customers", token, new).await.ok(201);
    }
}

#[test]
fn plans_are_listed_added_and_changed_from_a_version() {
    each(async |api| {
        let token = api.person(Role::Admin, None);
        let all = api.get("/api/v1/plans", &token).await;
        let codes: Vec<Value> = all.ok(200).json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|plan| plan["code"].clone())
            .collect();
        assert_eq!(codes, ["free", "premium", "vip", "enterprise"]);
        let new = json!({ "code": "curd_club", "name": "Curd club", "price": "49.5",
            "features": ["curd"] });
        let made = api.post("/api/v1/plans", &token, new.clone()).await;
        assert_eq!(made.ok(201).header("location"), "/api/v1/plans/curd_club");
        let plan = made.json();
        assert_eq!((&plan["days"], &plan["active"]), (&json!(30), &json!(true)));
        assert_eq!((&plan["price"], made.header("etag")), (&json!("49.50"), "\"1\""));
        api.post("/api/v1/plans", &token, new).await.refused(409, "conflict");
        for (wrong, pointer) in [
            (json!({ "code": "Curd", "name": "C", "price": "1", "features": ["a"] }), "#/code"),
            (json!({ "code": "c", "name": "C", "price": "x", "features": ["a"] }), "#/price"),
            (json!({ "code": "c", "name": "C", "price": "-1", "features": ["a"] }), "#/price"),
            (json!({ "code": "c", "name": "C", "price": "1", "features": [] }), "#/features"),
        ] {
            let problem = api.post("/api/v1/plans", &token, wrong).await.refused(422, "invalid");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
        let place = "/api/v1/plans/curd_club";
        let change = json!({ "price": "59", "active": false });
        api.call("PATCH", place, &token, change.clone(), &[]).await.refused(428, "version_needed");
        let version = [("if-match", "\"1\"")];
        let changed = api.call("PATCH", place, &token, change.clone(), &version).await;
        assert_eq!(changed.ok(200).header("etag"), "\"2\"");
        assert_eq!(changed.json()["price"], "59.00");
        api.call("PATCH", place, &token, change, &version).await.refused(412, "version_lost");
        let shown = api.get(place, &token).await;
        assert_eq!(shown.ok(200).json(), changed.json());
        api.get("/api/v1/plans/none", &token).await.refused(404, "not_found");
    });
}

#[test]
fn a_check_is_true_until_the_end_and_after_each_change_at_once() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        with_customers(api, &token).await;
        let path = "/api/v1/customers/C-1/entitlements/analytics";
        let check = async || {
            // Twice: the second time it may come from memory.
            api.get(path, &token).await.ok(200);
            api.get(path, &token).await.ok(200).json()
        };
        let none = json!({ "customer": "C-1", "feature": "analytics", "entitled": false,
            "until": null });
        assert_eq!(check().await, none);
        let bought = buy(api, &token, "C-1", "000123").await;
        assert_eq!(bought.ok(201).json()["plan_code"], "premium");
        let has = check().await;
        assert_eq!(has["entitled"], true);
        assert_eq!(has["until"], "2026-11-30T10:00:00+05:30");
        let tag = api.get(path, &token).await.header("etag").to_owned();
        let same = [("if-none-match", tag.as_str())];
        api.call("GET", path, &token, Value::Null, &same).await.ok(304);
        let basic = api.get("/api/v1/customers/C-2/entitlements/basic", &token).await;
        assert_eq!(basic.ok(200).json()["entitled"], true);
        // Taken back, and bought again.
        let id = bought.json()["id"].as_i64().unwrap();
        let back = format!("/api/v1/payments/{id}/reverse");
        let key = [("idempotency-key", "k")];
        api.call("POST", &back, &token, json!({}), &key).await.ok(200);
        assert_eq!(check().await, none);
        buy(api, &token, "C-1", "000124").await.ok(201);
        assert_eq!(check().await["entitled"], true);
        let all = api.get("/api/v1/customers/C-1/entitlements", &token).await;
        let all = all.ok(200).json();
        assert_eq!(all["grants"][1]["status"], "revoked");
        assert_eq!(all["features"][0]["feature"], "analytics");
        assert_eq!(all["features"][0]["payment"], all["grants"][0]["payment"]);
        assert_eq!(all["deliveries"], json!({ "entitled": true, "balance": null }));
        let ending = "/api/v1/entitlements?ending_before=2026-11-30&limit=2";
        let page = api.get(ending, &token).await;
        assert_eq!(page.ok(200).json()["items"].as_array().unwrap().len(), 2);
        let next = format!("{ending}&after={}", page.json()["next"].as_str().unwrap());
        assert_eq!(api.get(&next, &token).await.ok(200).json()["items"][0]["customer"], "C-1");
        let wrong = "/api/v1/entitlements?ending_before=soon";
        api.get(wrong, &token).await.refused(400, "bad_request");
        // Time alone ends it, remembered or not.
        api.later(30 * DAY_SECS - 60);
        let token = blocking(|| api.sign_in("owner@example.in", PASSWORD));
        let ask = async || api.get(path, &token).await.ok(200).json();
        assert_eq!((ask().await["entitled"].clone(), ask().await), (json!(true), has));
        api.later(60);
        assert_eq!((ask().await, ask().await), (none.clone(), none));
    });
}

#[test]
fn customers_see_themselves_and_nobody_else() {
    each(async |api| {
        let owner = api.person(Role::Owner, None);
        with_customers(api, &owner).await;
        buy(api, &owner, "C-2", "000123").await.ok(201);
        let customer = api.person(Role::Customer, Some("C-1"));
        for tail in ["", "/analytics"] {
            let others = format!("/api/v1/customers/C-2/entitlements{tail}");
            let own = format!("/api/v1/customers/C-1/entitlements{tail}");
            let none = format!("/api/v1/customers/C-9/entitlements{tail}");
            // The owner's answer is remembered; it opens nothing to others.
            for _ in 0..2 {
                api.get(&others, &owner).await.ok(200);
                let hidden = api.get(&others, &customer).await.refused(404, "not_found");
                let nobody = api.get(&none, &customer).await.refused(404, "not_found");
                assert_eq!(hidden["detail"], nobody["detail"]);
                api.get(&own, &customer).await.ok(200);
            }
        }
        let path = "/api/v1/customers/C-1/entitlements/No-Feature";
        api.get(path, &owner).await.refused(404, "not_found");
        let bad = json!({ "price": "1" });
        let version = [("if-match", "\"1\"")];
        let changed = api.call("PATCH", "/api/v1/plans/vip", &customer, bad, &version).await;
        changed.refused(403, "not_allowed");
    });
}

#[test]
fn a_program_asks_with_its_key_until_it_is_revoked() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        with_customers(api, &token).await;
        buy(api, &token, "C-1", "000123").await.ok(201);
        let new = json!({ "name": "kiosk", "scopes": ["entitlements:read"] });
        let made = api.post("/api/v1/keys", &token, new).await.ok(201).json();
        let key = made["secret"].as_str().unwrap();
        let path = "/api/v1/customers/C-1/entitlements/analytics";
        let known = "/api/v1/customers/C-1";
        for _ in 0..3 {
            let answer = api.get(path, key).await;
            assert_eq!(answer.ok(200).json()["entitled"], true);
            api.get(known, key).await.refused(403, "not_allowed");
            api.later(61);
        }
        let place = format!("/api/v1/keys/{}", made["key"]["id"]);
        for _ in 0..3 {
            api.get(path, key).await.ok(200);
        }
        api.call("DELETE", &place, &token, Value::Null, &[]).await.ok(204);
        api.get(path, key).await.refused(401, "not_signed_in");
    });
}

#[test]
fn a_prepaid_customer_is_delivered_to_while_there_is_money() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        with_customers(api, &token).await;
        let version = [("if-match", "\"1\"")];
        let place = "/api/v1/customers/C-1";
        let change = json!({ "billing_mode": "prepaid" });
        let changed = api.call("PATCH", place, &token, change, &version).await;
        assert_eq!(changed.ok(200).json()["billing_mode"], "prepaid");
        let path = "/api/v1/customers/C-1/entitlements/deliveries";
        let ask = async || api.get(path, &token).await.ok(200).json()["entitled"].clone();
        assert_eq!((ask().await, ask().await), (json!(false), json!(false)));
        let receipt = json!({ "method": "cheque", "amount": "50", "reference": "000123",
            "customer_code": "C-1" });
        let key = [("idempotency-key", "k")];
        api.call("POST", "/api/v1/payments", &token, receipt, &key).await.ok(201);
        assert_eq!((ask().await, ask().await), (json!(true), json!(true)));
        let all = api.get("/api/v1/customers/C-1/entitlements", &token).await;
        assert_eq!(all.ok(200).json()["deliveries"]["balance"], "50.00");
        let wrong = json!({ "billing_mode": "later" });
        let version = [("if-match", "\"2\"")];
        let refused = api.call("PATCH", place, &token, wrong, &version).await;
        refused.refused(422, "invalid");
    });
}
