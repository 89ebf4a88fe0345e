//! Every route, asked as nobody and as every role.

use crate::kit::{each, once};
use domain::access::{Permission, Role};
use serde_json::{Value, json};

/// Every operation of the description with its permission: (method, path, permission).
fn operations() -> Vec<(String, String, Option<Permission>)> {
    let description = serde_json::to_value(http_api::description()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let permission = operation["x-permission"].as_str();
            let permission = permission.map(|word| Permission::from_name(word).unwrap());
            found.push((method.to_uppercase(), path.clone(), permission));
        }
    }
    found
}

/// A path with something in the place of its parts.
fn filled(path: &str) -> String {
    path.replace("{code}", "C-9")
        .replace("{month}", "2026-09")
        .replace("{sku}", "NONE")
        .replace("{prefix}", "INV")
        .replace("{year}", "26-27")
        .replace("{serial}", "999999")
        .replace("{reference}", "none")
        .replace("{kind}", "deliveries")
        .replace("{date}", "2026-09-01")
        .replace("{session}", "none")
        .replace("{login}", "nobody@example.in")
        .replace("{id}", "999999")
        .replace("{feature}", "basic")
        + match path {
            "/api/v1/bills" => "?month=2026-09",
            "/api/v1/ledger/export" => "?format=csv",
            "/api/v1/deliveries" => "?from=2026-09-01",
            "/api/v1/entitlements" => "?ending_before=2026-09-01",
            _ => "",
        }
}

#[test]
fn only_signing_in_and_gateways_need_no_permission() {
    let open: Vec<String> = operations()
        .into_iter()
        .filter(|(_, _, permission)| permission.is_none())
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    let webhooks = "POST /api/v1/webhooks/{gateway}";
    assert_eq!(open, ["POST /api/v1/session", "POST /api/v1/session/refresh", webhooks]);
}

#[test]
fn nobody_is_let_in_anywhere() {
    once(async |api| {
        for (method, path, permission) in operations() {
            if permission.is_none() {
                continue;
            }
            for token in ["", "nonsense", "dk_abcdefgh_nonsense"] {
                let body =
                    if method == "GET" || method == "DELETE" { Value::Null } else { json!({}) };
                let version = [("if-match", "\"1\"")];
                let reply = api.call(&method, &filled(&path), token, body, &version).await;
                // With a key, what is wrong with the request may be said first.
                let said = token.starts_with("dk_") && matches!(reply.status, 400 | 415 | 422);
                let text = format!("{method} {path}: {} {}", reply.status, reply.text);
                assert!(said || reply.status == 401, "{text}");
            }
            if method == "GET" || method == "DELETE" {
                api.call(&method, &filled(&path), "", Value::Null, &[])
                    .await
                    .refused(401, "not_signed_in");
            }
        }
    });
}

#[test]
fn every_role_may_what_the_table_says() {
    each(async |api| {
        let owner = api.person(Role::Owner, None);
        api.dairy(&owner).await;
        let mut tokens = vec![(Role::Owner, owner)];
        for role in Role::ALL.into_iter().filter(|role| *role != Role::Owner) {
            let customer = (role == Role::Customer).then_some("C-1");
            tokens.push((role, api.person(role, customer)));
        }
        for (method, path, permission) in operations() {
            let Some(permission) = permission else { continue };
            // These end the session that asks; they are for all roles.
            if permission == Permission::Own {
                continue;
            }
            for (role, token) in &tokens {
                let own = path.replace("{login}", &format!("{}@example.in", role.as_str()));
                let reply = ask(api, &method, &own, token).await;
                let said = format!("{method} {path} as {}: {}", role.as_str(), reply.text);
                if permission.is_given_to(*role) {
                    assert_ne!(reply.status, 401, "{said}");
                    let refused = reply.status == 403 && reply.json()["code"] == "not_allowed";
                    assert!(!refused, "{said}");
                } else {
                    assert_eq!(reply.status, 403, "{said}");
                }
                assert!(reply.status < 500, "{said}");
            }
        }
    });
}

async fn ask(api: &crate::kit::Api, method: &str, path: &str, token: &str) -> crate::kit::Reply {
    let path = filled(path);
    let version = [("if-match", "\"1\""), ("idempotency-key", "k")];
    if path.contains("/imports/") {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "text/csv")
            .body("date\n".into());
        return api.send(request.unwrap()).await;
    }
    let body = match (method, path.split('?').next().unwrap()) {
        ("GET" | "DELETE", _) => Value::Null,
        (_, "/api/v1/customers") => json!({ "code": "", "name": "" }),
        (_, "/api/v1/payments") => json!({ "method": "", "amount": "" }),
        (_, "/api/v1/cash/hand-overs") => json!({ "giver": "", "taker": "", "pieces": [] }),
        (_, "/api/v1/payment-requests") => json!({ "provider": "", "kind": "" }),
        (_, path) if path.ends_with("/refunds") => {
            json!({ "amount": "", "destination": "", "reason": "" })
        }
        (_, path) if path.ends_with("/confirm") => {
            json!({ "razorpay_payment_id": "", "razorpay_signature": "" })
        }
        (_, path) if path.ends_with("/assign") => json!({ "customer_code": "" }),
        (_, "/api/v1/products") => json!({ "sku": "", "facts": facts() }),
        ("PUT", _) => facts(),
        (_, "/api/v1/prices") => json!({ "prices": [{ "sku": "NONE", "price": "1",
            "effective_from": "2026-10-01" }] }),
        (_, "/api/v1/deliveries") => json!({ "deliveries": [{ "date": "", "shift": "",
            "customer_code": "", "sku": "", "quantity": "", "status": "" }] }),
        (_, "/api/v1/orders") => json!({ "orders": [{ "reference": "", "ordered_on": "",
            "delivery_date": "", "customer_code": "", "sku": "", "quantity": "", "status": "" }] }),
        (_, "/api/v1/bill-runs") => json!({ "month": "2026-09", "mode": "draft" }),
        (_, "/api/v1/plans") => json!({ "code": "", "name": "", "price": "", "features": [] }),
        (_, "/api/v1/people") => json!({ "login": "", "name": "", "role": "rider" }),
        (_, "/api/v1/keys") => json!({ "name": "", "scopes": ["bills:read"] }),
        _ => json!({}),
    };
    api.call(method, &path, token, body, &version).await
}

fn facts() -> Value {
    json!({ "name": "", "unit": "L", "tax_rate": "0", "tax_inclusive": false })
}
