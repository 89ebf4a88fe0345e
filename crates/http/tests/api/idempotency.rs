//! Requests that are repeated take effect once.

use crate::kit::{blocking, each};
use domain::access::Role;
use serde_json::json;

#[test]
fn the_answer_of_the_first_is_given_again() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let new = json!({ "code": "C-1", "name": "Asha" });
        let key = "8e03978e-40d5-43e8-bc93-6894a57f9324";
        let quoted = format!("\"{key}\"");
        let send = async |key: &str, body| {
            api.call("POST", "/api/v1/customers", &token, body, &[("idempotency-key", key)]).await
        };
        let first = send(key, new.clone()).await;
        assert_eq!(first.ok(201).header("idempotent-replayed"), "");
        for key in [key, &quoted] {
            api.later(60);
            let again = send(key, new.clone()).await;
            assert_eq!(again.ok(201).header("idempotent-replayed"), "true");
            assert_eq!(again.text, first.text);
            assert_eq!(again.header("etag"), first.header("etag"));
            assert_eq!(again.header("location"), first.header("location"));
        }
        let other = json!({ "code": "C-2", "name": "Asha" });
        send(key, other.clone()).await.refused(422, "idempotency_key_reused");
        api.get("/api/v1/customers/C-2", &token).await.refused(404, "not_found");

        // The key is the caller's own, and belongs to its place.
        let admin = api.person(Role::Admin, None);
        let headers = [("idempotency-key", key)];
        api.call("POST", "/api/v1/customers", &admin, other, &headers).await.ok(201);
    });
}

#[test]
fn what_was_refused_may_be_tried_again() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let headers = [("idempotency-key", "k-1")];
        let path = "/api/v1/customers";
        let bad = json!({ "code": "C-1", "name": "" });
        api.call("POST", path, &token, bad, &headers).await.refused(422, "invalid");
        let good = json!({ "code": "C-1", "name": "Asha" });
        api.call("POST", path, &token, good, &headers).await.ok(201);
        for bad in ["", "a b", "\"", &"x".repeat(256)] {
            let headers = [("idempotency-key", bad)];
            let reply = api.call("POST", path, &token, json!({}), &headers).await;
            reply.refused(400, "idempotency_key_bad");
        }
    });
}

#[test]
fn many_at_once_take_effect_once() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let body = json!({ "code": "C-1", "name": "Asha" });
        let headers = [("idempotency-key", "all-at-once")];
        let one = || api.call("POST", "/api/v1/customers", &token, body.clone(), &headers);
        let (first, second, third, fourth) = tokio::join!(one(), one(), one(), one());
        let all = [first, second, third, fourth];
        let made = all.iter().filter(|reply| reply.status == 201).count();
        assert!(made >= 1);
        for reply in all.iter().filter(|reply| reply.status != 201) {
            reply.refused(409, "request_outstanding");
        }
        let fresh = all
            .iter()
            .filter(|reply| reply.status == 201 && reply.header("idempotent-replayed").is_empty());
        assert_eq!(fresh.count(), 1);
        let sql = "SELECT COUNT(*) FROM audit WHERE table_name = 'customers' AND record = 'C-1'";
        let count = |tx: &mut app::Tx<'_>| {
            Ok::<_, app::AppError>(tx.find(sql, &[], |row| row.int(0))?.unwrap_or(0))
        };
        let traces = blocking(|| api.store.read(count));
        assert_eq!(traces.unwrap(), 1);
    });
}
