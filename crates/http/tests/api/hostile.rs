//! Hostile and broken requests: a clear problem, nothing written.

use crate::kit::{Api, once};
use axum::body::Body;
use axum::http::Request;
use domain::access::Role;
use serde_json::{Value, json};

async fn raw(api: &Api, token: &str, kind: &str, body: impl Into<Body>) -> crate::kit::Reply {
    let request = Request::builder()
        .method("POST")
        .uri("/api/v1/customers")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", kind)
        .body(body.into());
    api.send(request.unwrap()).await
}

#[test]
fn bodies() {
    once(async |api| {
        let token = api.person(Role::Owner, None);
        let json = "application/json";
        let deep = format!("{{\"name\":{}", "[".repeat(200_000));
        for (body, status, code) in [
            ("", 400, "bad_json"),
            ("{\"code\":", 400, "bad_json"),
            ("{\"code\":\"a\",\"name\":\"b\"} trailing", 400, "bad_json"),
            ("{'code':'a'}", 400, "bad_json"),
            ("{\"code\":NaN}", 400, "bad_json"),
            ("[]", 422, "invalid"),
            ("null", 422, "invalid"),
            ("{\"code\":\"a\"}", 422, "invalid"),
            ("{\"code\":1e400,\"name\":\"b\"}", 400, "bad_json"),
            ("{\"code\":12345678901234567890123,\"name\":\"b\"}", 422, "invalid"),
            ("{\"code\":\"a\",\"name\":\"b\",\"admin\":true}", 422, "invalid"),
            ("{\"code\":\"a\",\"code\":\"b\",\"name\":\"c\"}", 422, "invalid"),
            ("{\"code\":\"a\\u0000\",\"name\":\"b\"}", 422, "invalid"),
            (deep.as_str(), 422, "invalid"),
        ] {
            let reply = raw(api, &token, json, body.to_owned()).await;
            let shown: String = body.chars().take(40).collect();
            assert_eq!(
                (reply.status, reply.json()["code"].as_str().unwrap()),
                (status, code),
                "{shown}: {}",
                reply.text
            );
        }
        raw(api, &token, json, vec![0xff, 0xfe, b'{']).await.refused(400, "bad_json");
        raw(api, &token, "text/plain", "{}").await.refused(415, "unsupported_media_type");
        let large = vec![b' '; (1 << 20) + 1];
        raw(api, &token, json, large).await.refused(413, "too_large");
        let all = api.get("/api/v1/customers", &token).await.ok(200).json();
        assert_eq!(all["items"], json!([]));
    });
}

#[test]
fn tokens() {
    once(async |api| {
        let token = api.person(Role::Owner, None);
        let mut parts = token.split('.');
        let (head, claims, sign) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        // {"alg":"none","typ":"at+jwt","kid":"k1"}
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0Iiwia2lkIjoiazEifQ";
        let long = "x".repeat(9_000);
        for forged in [
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{sign}"),
            format!("{head}.{claims}."),
            format!("{head}.{claims}.{}", sign.chars().rev().collect::<String>()),
            format!("{head}..{sign}"),
            "..".to_owned(),
            long,
        ] {
            api.get("/api/v1/me", &forged).await.refused(401, "not_signed_in");
        }
        for header in ["Basic b3duZXI6cGFzcw==", "Bearer", "Bearer ", "bearer\t"] {
            let headers = [("authorization", header)];
            let reply = api.call("GET", "/api/v1/me", "", Value::Null, &headers).await;
            reply.refused(401, "not_signed_in");
        }
    });
}

#[test]
fn places() {
    once(async |api| {
        let token = api.person(Role::Owner, None);
        for path in [
            "/",
            "/api",
            "/api/v1",
            "/api/v2/customers",
            "/api/v1/customers/",
            "/../etc/passwd",
            "/api/v1/../../etc/passwd",
            "/api/v1/customers/..%2f..%2fetc%2fpasswd",
            "/.env",
        ] {
            let reply = api.get(path, &token).await;
            assert_eq!(reply.status, 404, "{path}: {}", reply.text);
            assert!(!reply.text.contains("root:"));
        }
        for path in ["/api/v1/people/x", "/api/v1/people/99999999999", "/api/v1/customers/%ff"] {
            api.get(path, &token).await.refused(400, "bad_request");
        }
        api.get("/api/v1/bills/INV/26-27/nope", &token).await.refused(404, "not_found");
        for month in ["2026-13", "x", "", "2026-10-01"] {
            let path = format!("/api/v1/bills?month={month}");
            api.get(&path, &token).await.refused(400, "bad_request");
        }
        let wrong = api.call("PUT", "/api/v1/customers", &token, json!({}), &[]).await;
        wrong.refused(405, "method_not_allowed");
        assert!(wrong.header("allow").contains("POST"), "{}", wrong.header("allow"));
        for (name, value) in [("x-long", "y".repeat(20_000)), ("cookie", "a=".repeat(10_000))] {
            let reply = api.call("GET", "/api/v1/me", &token, Value::Null, &[(name, &value)]).await;
            reply.refused(431, "headers_too_large");
        }
    });
}

#[test]
fn every_answer_says_who_it_was_and_how_to_treat_it() {
    once(async |api| {
        let headers = [("x-request-id", "from-the-caller-1")];
        let reply = api.call("GET", "/api/v1/me", "", Value::Null, &headers).await;
        assert_eq!(reply.header("x-request-id"), "from-the-caller-1");
        assert_eq!(reply.json()["request_id"], "from-the-caller-1");
        let headers = [("x-request-id", "bad id with blanks")];
        let reply = api.call("GET", "/api/v1/me", "", Value::Null, &headers).await;
        assert_eq!(reply.header("x-request-id").len(), 36);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(!reply.header("strict-transport-security").is_empty());
        assert!(!reply.header("ratelimit").is_empty(), "{:?}", reply.headers);
    });
}

#[test]
fn a_long_problem_is_what_its_headers_say() {
    once(async |api| {
        let token = api.person(Role::Owner, None);
        let one = json!({ "date": "2026-13-01", "shift": "noon", "customer_code": "?",
            "sku": "?", "quantity": "-1", "status": "?" });
        let body = json!({ "deliveries": vec![one; 20] });
        let accepts = [("accept-encoding", "gzip")];
        let refused = api.call("POST", "/api/v1/deliveries", &token, body, &accepts).await;
        assert_eq!(refused.headers.get("content-encoding"), None);
        assert!(refused.text.len() > 1_024 && refused.json()["errors"].is_array());
        assert!(refused.json()["request_id"].is_string());
    });
}

#[test]
fn if_match_is_a_tag() {
    once(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        let (path, change) = ("/api/v1/customers/C-1", json!({ "name": "Asha" }));
        for (tag, status) in [("", 400), ("1", 400), ("\"x\"", 412), ("W/\"1\"", 412), ("*", 412)] {
            let version = [("if-match", tag)];
            let refused = api.call("PATCH", path, &token, change.clone(), &version).await;
            assert_eq!(refused.status, status, "{tag}: {}", refused.text);
        }
    });
}
