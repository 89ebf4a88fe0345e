//! Customers: added, read, listed in pages, changed from a version.

use crate::kit::each;
use domain::access::Role;
use serde_json::{Value, json};

#[test]
fn a_customer_is_added_read_and_changed() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let new = json!({ "code": "C/1 é", "name": "Asha", "phone": "9876543210", "email": null });
        let made = api.post("/api/v1/customers", &token, new.clone()).await;
        assert_eq!(made.ok(201).header("location"), "/api/v1/customers/C%2F1%20%C3%A9");
        assert_eq!(made.header("etag"), "\"1\"");
        let place = made.header("location").to_owned();
        let read = api.get(&place, &token).await;
        assert_eq!(read.ok(200).json(), made.json());
        assert_eq!(read.json()["phone"], "+919876543210");
        assert_eq!(read.json()["opening_balance"], "0.00");
        api.post("/api/v1/customers", &token, new).await.refused(409, "conflict");

        // A change keeps what it does not name, and takes away what it says is null.
        let change = json!({ "route": "R7", "phone": null });
        let version = [("if-match", made.header("etag"))];
        let changed = api.call("PATCH", &place, &token, change.clone(), &version).await;
        let now = changed.ok(200).json();
        assert_eq!((&now["route"], &now["phone"]), (&json!("R7"), &Value::Null));
        assert_eq!((&now["name"], changed.header("etag")), (&json!("Asha"), "\"2\""));
        // Who was slower is told so; who names no version too.
        let late = api.call("PATCH", &place, &token, change.clone(), &version).await;
        late.refused(412, "version_lost");
        api.call("PATCH", &place, &token, change, &[]).await.refused(428, "version_needed");
        api.get("/api/v1/customers/nobody", &token).await.refused(404, "not_found");
    });
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let bad = json!({ "code": "C-1", "name": " ", "phone": "12", "pincode": "1",
            "gstin": "24AAA", "opening_balance": "1e9" });
        let problem = api.post("/api/v1/customers", &token, bad).await.refused(422, "invalid");
        let mut pointers: Vec<&str> = problem["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        pointers.sort_unstable();
        let expected = ["#/gstin", "#/name", "#/opening_balance", "#/phone", "#/pincode"];
        assert_eq!(pointers, expected);
        api.get("/api/v1/customers/C-1", &token).await.refused(404, "not_found");
    });
}

#[test]
fn lists_go_on_until_they_end() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        for number in 0..7 {
            let route = if number % 2 == 0 { "R%" } else { "R_1" };
            let new = json!({ "code": format!("C-{number}"), "name": format!("Name {number}"),
                "route": route });
            api.post("/api/v1/customers", &token, new).await.ok(201);
            api.later(1);
        }
        let walk = async |query: &str| {
            let mut codes = Vec::new();
            let mut after = String::new();
            loop {
                let path = format!("/api/v1/customers?limit=3{query}{after}");
                let page = api.get(&path, &token).await;
                for item in page.ok(200).json()["items"].as_array().unwrap() {
                    codes.push(item["code"].as_str().unwrap().to_owned());
                }
                match page.json()["next"].as_str() {
                    Some(next) => after = format!("&after={next}"),
                    None => return codes.join(" "),
                }
            }
        };
        assert_eq!(walk("").await, "C-0 C-1 C-2 C-3 C-4 C-5 C-6");
        assert_eq!(walk("&sort=-code").await, "C-6 C-5 C-4 C-3 C-2 C-1 C-0");
        assert_eq!(walk("&sort=updated_at").await, "C-0 C-1 C-2 C-3 C-4 C-5 C-6");
        assert_eq!(walk("&sort=-updated_at").await, "C-6 C-5 C-4 C-3 C-2 C-1 C-0");
        assert_eq!(walk("&route=R_1").await, "C-1 C-3 C-5");
        assert_eq!(walk("&search=NAME%203").await, "C-3");
        // Characters that patterns are made of stand for themselves.
        assert_eq!(walk("&search=%25").await, "");
        for bad in ["limit=0", "limit=201", "limit=x", "after=%21", "sort=name", "other=1"] {
            let path = format!("/api/v1/customers?{bad}");
            api.get(&path, &token).await.refused(400, "bad_request");
        }
    });
}
