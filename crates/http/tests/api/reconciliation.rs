//! A day reconciled over HTTP, and the work on what was found.

use crate::kit::{Api, Reply, blocking, each};
use app::Actor;
use app::customers::Said;
use domain::access::Role;
use serde_json::{Value, json};

const RUNS: &str = "/api/v1/reconciliations";
const ISSUES: &str = "/api/v1/reconciliation-issues";

async fn post(api: &Api, path: &str, token: &str, key: &str, body: &Value) -> Reply {
    api.call("POST", path, token, body.clone(), &[("idempotency-key", key)]).await
}

async fn patch(api: &Api, id: i64, token: &str, version: &str, body: Value) -> Reply {
    api.call("PATCH", &format!("{ISSUES}/{id}"), token, body, &[("if-match", version)]).await
}

fn today(api: &Api) -> String {
    api.at().business_day().to_string()
}

#[test]
fn a_day_is_reconciled_and_its_issues_are_worked_on() {
    each(async |api| {
        blocking(|| {
            let actor = Actor::program("test", api.at());
            let said = Said { name: Some("Asha".to_owned()), ..Said::default() };
            api.store.write(|tx| app::customers::add(tx, &actor, "C1", &said)).unwrap();
        });
        let token = api.person(Role::Accountant, None);
        let receipt = json!({ "method": "upi", "amount": "5.00", "reference": "618200000001" });
        post(api, "/api/v1/payments", &token, "k1", &receipt).await.ok(201);
        let asked = json!({ "date": today(api) });
        let made = post(api, RUNS, &token, "k2", &asked).await;
        let report = made.ok(201).json();
        assert_eq!(made.header("location"), format!("{RUNS}/{}", today(api)));
        assert_eq!((&report["date"], &report["status"]), (&asked["date"], &json!("warnings")));
        let counts = json!({ "total_issues": 1, "errors": 0, "warnings": 1, "infos": 0 });
        assert_eq!(report["summary"], counts);
        let issue = &report["issues"][0];
        assert_eq!(issue["type"], "payment_without_bill");
        assert_eq!((&issue["found"], &issue["bill_id"]), (&json!("5.00"), &Value::Null));
        assert_eq!(issue["is_new"], true);
        let shown = api.get(&format!("{RUNS}/{}", today(api)), &token).await;
        assert_eq!(shown.ok(200).json(), report);
        let listed = api.get(&format!("{RUNS}?limit=1"), &token).await;
        assert_eq!(listed.ok(200).json()["items"][0]["status"], "warnings");

        let id = issue["id"].as_i64().unwrap();
        let one = api.get(&format!("{ISSUES}/{id}"), &token).await;
        assert_eq!(one.ok(200).header("etag"), "\"1\"");
        let me = blocking(|| {
            let newest = "SELECT MAX(id) FROM people";
            let found = api.store.read(|tx| tx.find(newest, &[], |row| row.int(0)));
            found.map_err(|error: app::StoreError| error.to_string()).unwrap().unwrap()
        });
        let given = patch(api, id, &token, "\"1\"", json!({ "assignee": me })).await;
        assert_eq!(given.ok(200).json()["state"], "assigned");
        assert_eq!(given.json()["assignee"], me);
        patch(api, id, &token, "\"1\"", json!({ "state": "open" }))
            .await
            .refused(412, "version_lost");
        patch(api, id, &token, "\"2\"", json!({ "state": "closed" })).await.refused(422, "invalid");
        let close = json!({ "state": "closed", "note": "It is C1's." });
        let closed = patch(api, id, &token, "\"2\"", close).await;
        assert_eq!(closed.ok(200).json()["note"], "It is C1's.");
        let opened = patch(api, id, &token, "\"3\"", json!({ "state": "open" })).await;
        assert_eq!(
            (opened.ok(200).header("etag"), &opened.json()["state"]),
            ("\"4\"", &json!("open"))
        );
        let open = api.get(&format!("{ISSUES}?state=open&type=payment_without_bill"), &token).await;
        assert_eq!(open.ok(200).json()["items"].as_array().unwrap().len(), 1);
        let none = api.get(&format!("{ISSUES}?severity=error"), &token).await;
        assert_eq!(none.ok(200).json()["items"], json!([]));
    });
}

#[test]
fn what_cannot_be_is_refused() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        for date in ["2999-01-01", "2026-13-01", "yesterday"] {
            let asked = json!({ "date": date });
            post(api, RUNS, &token, date, &asked).await.refused(422, "invalid");
        }
        post(api, RUNS, &token, "none", &json!({})).await.ok(201);
        api.get(&format!("{RUNS}/2020-01-01"), &token).await.refused(404, "not_found");
        api.get(&format!("{RUNS}/never"), &token).await.refused(404, "not_found");
        api.get(&format!("{ISSUES}/9"), &token).await.refused(404, "not_found");
        api.get(&format!("{ISSUES}?state=lost"), &token).await.refused(400, "bad_request");
        api.get(&format!("{RUNS}?after=YQ"), &token).await.refused(400, "bad_request");
        for body in [
            json!({}),
            json!({ "state": "done" }),
            json!({ "state": "assigned" }),
            json!({ "state": "open", "note": "x" }),
            json!({ "state": "open", "assignee": 1 }),
            json!({ "state": "closed", "note": "x", "assignee": 1 }),
            json!({ "assignee": 1, "note": "x" }),
        ] {
            patch(api, 9, &token, "\"1\"", body).await.refused(422, "invalid");
        }
    });
}

#[test]
fn the_figures_tell_of_the_latest_report() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let name = "billing_reconciliation_last_success_timestamp_seconds";
        assert!(!api.get("/metrics", "").await.text.contains(name));
        post(api, RUNS, &token, "k", &json!({})).await.ok(201);
        let text = api.get("/metrics", "").await.text;
        for line in [
            "billing_reconciliation_issues{severity=\"error\"} 0",
            "billing_reconciliation_issues{severity=\"info\"} 0",
            &format!("{name} {}", api.at().unix_micros() / 1_000_000),
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    });
}
