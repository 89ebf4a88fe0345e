//! Signing in over HTTP: tokens for programs, cookies for browsers, and their end.

use crate::kit::{Api, PASSWORD, Reply, each, once};
use domain::access::Role;
use serde_json::{Value, json};

async fn sign_in(api: &Api, extra: Value, headers: &[(&str, &str)]) -> Reply {
    let mut body = json!({ "login": "owner@example.in", "password": PASSWORD });
    for (name, value) in extra.as_object().unwrap() {
        body[name] = value.clone();
    }
    api.call("POST", "/api/v1/session", "", body, headers).await
}

#[test]
fn a_program_signs_in_goes_on_and_signs_out() {
    each(async |api| {
        api.person(Role::Owner, None);
        let session = sign_in(api, json!({}), &[]).await;
        let session = session.ok(201).json();
        let token = session["access_token"].as_str().unwrap().to_owned();
        let me = api.get("/api/v1/me", &token).await.ok(200).json();
        assert_eq!((&me["role"], &me["must_change_password"]), (&json!("owner"), &json!(false)));

        let refresh = json!({ "refresh_token": session["refresh_token"] });
        let next = api.post("/api/v1/session/refresh", "", refresh.clone()).await;
        let next = next.ok(200).json();
        let newer = next["access_token"].as_str().unwrap().to_owned();
        // The first refresh token comes again: somebody has copied it, and the session ends.
        let again = api.post("/api/v1/session/refresh", "", refresh).await;
        again.refused(401, "refresh_refused");
        api.get("/api/v1/me", &newer).await.refused(401, "not_signed_in");
        let child = json!({ "refresh_token": next["refresh_token"] });
        api.post("/api/v1/session/refresh", "", child).await.refused(401, "refresh_refused");

        let session = sign_in(api, json!({}), &[]).await.json();
        let token = session["access_token"].as_str().unwrap();
        api.call("DELETE", "/api/v1/session", token, Value::Null, &[]).await.ok(204);
        api.get("/api/v1/me", token).await.refused(401, "not_signed_in");
    });
}

#[test]
fn tokens_end_by_themselves() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.later(14 * 60);
        api.get("/api/v1/me", &token).await.ok(200);
        api.later(2 * 60);
        api.get("/api/v1/me", &token).await.refused(401, "not_signed_in");
    });
}

#[test]
fn a_browser_has_its_tokens_in_cookies() {
    once(async |api| {
        api.person(Role::Owner, None);
        let here = [("sec-fetch-site", "same-origin")];
        let reply = sign_in(api, json!({ "cookies": true }), &here).await;
        assert!(reply.ok(201).json().get("access_token").is_none(), "{}", reply.text);
        assert!(reply.json().get("refresh_token").is_none());
        let cookies: Vec<&str> = reply
            .headers
            .get_all("set-cookie")
            .iter()
            .map(|value| value.to_str().unwrap())
            .collect();
        assert_eq!(cookies.len(), 3, "{cookies:?}");
        for cookie in &cookies {
            assert!(cookie.starts_with("__Host-dairyos-"), "{cookie}");
            for word in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
                assert!(cookie.contains(word), "{cookie}");
            }
        }
        let sent: Vec<&str> =
            cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
        let sent = sent.join("; ");
        let me = api.call("GET", "/api/v1/me", "", Value::Null, &[("cookie", &sent)]).await;
        me.ok(200);

        // What a page of another site makes the browser send is refused.
        let new = json!({ "code": "C-1", "name": "Asha" });
        for foreign in [
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "same-site")],
            vec![("host", "books.example.in"), ("origin", "https://evil.example")],
            vec![("host", "books.example.in")],
        ] {
            let mut headers = vec![("cookie", sent.as_str())];
            headers.extend(foreign);
            let reply = api.call("POST", "/api/v1/customers", "", new.clone(), &headers).await;
            reply.refused(403, "cross_site");
        }
        for own in [
            vec![("sec-fetch-site", "same-origin")],
            vec![("host", "books.example.in"), ("origin", "https://books.example.in")],
        ] {
            let mut headers = vec![("cookie", sent.as_str())];
            headers.extend(own);
            let reply = api.call("POST", "/api/v1/customers", "", new.clone(), &headers).await;
            assert!(matches!(reply.status, 201 | 409), "{}", reply.text);
        }
    });
}

#[test]
fn guessing_is_told_nothing_and_locks_only_itself() {
    once(async |api| {
        api.person(Role::Owner, None);
        let known = sign_in(api, json!({}), &[]).await.ok(201).json();
        let device = known["device_token"].clone();
        let wrong = sign_in(api, json!({ "password": "wrong" }), &[]).await;
        let nobody = sign_in(api, json!({ "login": "nobody@example.in" }), &[]).await;
        let (wrong, nobody) =
            (wrong.refused(401, "sign_in_failed"), nobody.refused(401, "sign_in_failed"));
        assert_eq!(wrong["detail"], nobody["detail"]);
        for _ in 0..6 {
            sign_in(api, json!({ "password": "wrong" }), &[]).await.refused(401, "sign_in_failed");
        }
        // The right password is locked out from here, with the same words; a known device is not.
        let locked = sign_in(api, json!({}), &[]).await.refused(401, "sign_in_failed");
        assert_eq!(locked["detail"], wrong["detail"]);
        sign_in(api, json!({ "device_token": device }), &[]).await.ok(201);
        api.later(15 * 60 + 1);
        sign_in(api, json!({}), &[]).await.ok(201);
    });
}

#[test]
fn people_and_keys_are_managed_after_proof() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let new = json!({ "login": "rider@example.in", "name": "Ravi", "role": "rider" });
        api.later(11 * 60);
        api.post("/api/v1/people", &token, new.clone()).await.refused(403, "proof_needed");
        let proof = json!({ "password": PASSWORD });
        api.post("/api/v1/session/proof", &token, proof).await.ok(204);
        let made = api.post("/api/v1/people", &token, new).await.ok(201).json();
        let id = made["person"]["id"].as_i64().unwrap();
        assert!(made["initial_password"].as_str().unwrap().len() >= 15);

        let key = json!({ "name": "Tally", "scopes": ["customers:read"] });
        let key = api.post("/api/v1/keys", &token, key).await.ok(201).json();
        let secret = key["secret"].as_str().unwrap();
        api.get("/api/v1/customers", secret).await.ok(200);
        api.get("/api/v1/products", secret).await.refused(403, "not_allowed");
        let new = json!({ "code": "C-1", "name": "Asha" });
        api.post("/api/v1/customers", secret, new).await.refused(403, "not_allowed");
        let path = format!("/api/v1/keys/{}", key["key"]["id"]);
        api.call("DELETE", &path, &token, Value::Null, &[]).await.ok(204);
        api.get("/api/v1/customers", secret).await.refused(401, "not_signed_in");

        let path = format!("/api/v1/people/{id}");
        let person = api.get(&path, &token).await;
        let version = [("if-match", person.ok(200).header("etag"))];
        let off = json!({ "active": false });
        let now = api.call("PATCH", &path, &token, off.clone(), &version).await;
        assert_eq!(now.ok(200).json()["active"], false);
        api.call("PATCH", &path, &token, off, &version).await.refused(412, "version_lost");
    });
}

#[test]
fn who_must_have_a_second_factor_can_do_nothing_else_first() {
    let database = testkit::Database::sqlite();
    crate::kit::strict(&database, &async |api: &Api| {
        let token = api.person(Role::Owner, None);
        let new = json!({ "login": "rider@example.in", "name": "Ravi", "role": "rider" });
        for (path, body) in [
            ("/api/v1/people", new),
            ("/api/v1/people/1/password-reset", json!({})),
            ("/api/v1/keys", json!({ "name": "k", "scopes": ["bills:read"] })),
            ("/api/v1/customers", json!({ "code": "C-1", "name": "Asha" })),
        ] {
            api.post(path, &token, body).await.refused(403, "not_allowed");
        }
        api.get("/api/v1/customers", &token).await.refused(403, "not_allowed");
        api.get("/api/v1/me", &token).await.ok(200);
        api.post("/api/v1/me/second-factor", &token, Value::Null).await.ok(201);
    });
}

#[test]
fn what_happened_to_one_s_account_is_told() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let path = "/api/v1/me/notices";
        let all = api.get(path, &token).await.ok(200).json();
        let kinds = |all: &Value| -> Vec<String> {
            let items = all["items"].as_array().unwrap().iter();
            items.map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
        };
        // Two sign-ins on unknown devices, with the initial password changed between.
        assert_eq!(kinds(&all), ["new_device", "password_changed", "new_device"]);
        let newest = &all["items"][0];
        assert_eq!(newest["details"], json!({ "address": "192.0.2.1", "user_agent": "test" }));
        assert!(newest["seen_at"].is_null());
        let page = api.get(&format!("{path}?limit=2"), &token).await.ok(200).json();
        let next = format!("{path}?limit=2&after={}", page["next"].as_str().unwrap());
        let rest = api.get(&next, &token).await.ok(200).json();
        assert_eq!((kinds(&rest), &rest["next"]), (vec!["new_device".to_owned()], &Value::Null));
        let seen = json!({ "up_to": all["items"][1]["id"] });
        for _ in 0..2 {
            api.post("/api/v1/me/notices/seen", &token, seen.clone()).await.ok(204);
        }
        let all = api.get(path, &token).await.ok(200).json();
        let is_seen = |n: usize| all["items"][n]["seen_at"].is_string();
        assert_eq!([is_seen(0), is_seen(1), is_seen(2)], [false, true, true]);
        for wrong in [json!({}), json!({ "up_to": "1" }), json!({ "up_to": 9_999_999_999_i64 })] {
            api.post("/api/v1/me/notices/seen", &token, wrong).await.refused(422, "invalid");
        }
        // Others see their own.
        let rider = api.person(Role::Rider, None);
        let theirs = api.get(path, &rider).await.ok(200).json();
        assert_eq!(theirs["items"].as_array().unwrap().len(), 3);
    });
}

#[test]
fn notices_are_seen_up_to_a_number() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let seen = async |up_to: i64| {
            api.post("/api/v1/me/notices/seen", &token, json!({ "up_to": up_to })).await
        };
        for up_to in [0, 1, i64::from(i32::MAX) + 1, u32::MAX.into()] {
            seen(up_to).await.ok(204);
        }
        for up_to in [-1, i64::from(u32::MAX) + 1] {
            let refused = seen(up_to).await.refused(422, "invalid");
            assert_eq!(refused["errors"][0]["pointer"], "#/up_to");
        }
    });
}
