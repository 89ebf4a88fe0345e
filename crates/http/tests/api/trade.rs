//! The dairy's month over the API: catalog, deliveries, orders, files, bills.

use crate::kit::{Api, blocking, each};
use app::Actor;
use app::billing::{Mode, Request};
use domain::access::Role;
use domain::calendar::Month;
use serde_json::json;

fn bill(api: &Api) {
    let request = Request {
        month: Month::parse("2026-10").unwrap(),
        mode: Mode::RunAndIssue,
        dry_run: false,
    };
    let actor = Actor::program("test", api.at());
    blocking(|| app::billing::run(&api.store, &actor, request, &mut |_, _| {})).unwrap();
}

#[test]
fn what_was_delivered_is_found_on_the_bill() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        let order = json!({ "orders": [{ "reference": "O-1", "ordered_on": "2026-10-03",
            "delivery_date": "2026-10-04", "customer_code": "C-1", "sku": "MILK",
            "quantity": "2", "status": "delivered", "price": "50" }] });
        let done = api.post("/api/v1/orders", &token, order.clone()).await.ok(200).json();
        assert_eq!((&done["added"], &done["unchanged"]), (&json!(1), &json!(0)));
        let again = api.post("/api/v1/orders", &token, order).await.ok(200).json();
        assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(1)));
        bill(api);

        let bills = api.get("/api/v1/bills?month=2026-10&status=issued", &token).await;
        let bills = bills.ok(200).json();
        assert_eq!(bills["items"].as_array().unwrap().len(), 1);
        assert_eq!(bills["items"][0]["total"], "280.00");
        let one = api.get("/api/v1/bills/INV/26-27/000001", &token).await;
        assert_eq!(one.ok(200).json(), bills["items"][0]);
        let seen = [("if-none-match", one.header("etag"))];
        let null = serde_json::Value::Null;
        let path = "/api/v1/customers/C-1/bills/2026-10";
        let same = api.call("GET", path, &token, null, &seen).await;
        assert_eq!((same.status, same.text.as_str()), (304, ""));

        let listed = api.get("/api/v1/customers/C-1/deliveries?limit=1", &token).await;
        let listed = listed.ok(200).json();
        assert_eq!(listed["items"][0]["on"]["number"], "INV/26-27/000001");
        let next =
            format!("/api/v1/customers/C-1/deliveries?after={}", listed["next"].as_str().unwrap());
        let rest = api.get(&next, &token).await.ok(200).json();
        assert_eq!(rest["items"].as_array().unwrap().len(), 1);
        let order = api.get("/api/v1/orders/O-1", &token).await.ok(200).json();
        assert_eq!((&order["price"], &order["on"]["line"]), (&json!("50.000"), &json!(2)));

        let balances = api.get("/api/v1/ledger/balances", &token).await.ok(200).json();
        assert_eq!(
            balances["accounts"][0],
            json!({ "account": "receivable", "balance": "380.00" })
        );
        // The customer sees it too, and no other.
        let own = api.person(Role::Customer, Some("C-1"));
        let mine = api.get("/api/v1/me/bills/2026-10", &own).await;
        assert_eq!(mine.ok(200).json()["total"], "280.00");
        api.get("/api/v1/me/bills/2026-09", &own).await.refused(404, "not_found");
        api.get(path, &own).await.refused(403, "not_allowed");
    });
}

#[test]
fn deliveries_of_some_days_are_listed_over_all_customers() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        for code in ["C-2", "C-3"] {
            let customer = json!({ "code": code, "name": code });
            api.post("/api/v1/customers", &token, customer).await.ok(201);
        }
        let ghee = json!({ "sku": "GHEE", "facts": { "name": "Ghee", "unit": "kg",
            "hsn": "0405", "tax_rate": "5", "tax_inclusive": false, "price": "600" } });
        api.post("/api/v1/products", &token, ghee).await.ok(201);
        let delivery = |date: &str, shift: &str, code: &str, sku: &str, status: &str| {
            json!({ "date": date, "shift": shift, "customer_code": code, "sku": sku,
                "quantity": "1", "status": status })
        };
        let list = json!({ "deliveries": [
            delivery("2026-10-02", "evening", "C-3", "MILK", "delivered"),
            delivery("2026-10-02", "morning", "C-3", "MILK", "missed"),
            delivery("2026-10-02", "morning", "C-3", "GHEE", "delivered"),
            delivery("2026-10-31", "morning", "C-2", "MILK", "delivered"),
            delivery("2026-09-30", "morning", "C-2", "MILK", "delivered")] });
        api.post("/api/v1/deliveries", &token, list).await.ok(200);
        let path = "/api/v1/deliveries?from=2026-10-01&to=2026-10-31";
        let said = |item: &serde_json::Value| {
            let parts = ["customer_code", "date", "shift", "sku", "status"];
            parts.map(|part| item[part].as_str().unwrap().to_owned()).join(" ")
        };
        let whole = api.get(path, &token).await.ok(200).json();
        let whole: Vec<String> = whole["items"].as_array().unwrap().iter().map(said).collect();
        assert_eq!(
            whole,
            [
                "C-1 2026-10-01 morning MILK delivered",
                "C-1 2026-10-02 morning MILK delivered",
                "C-2 2026-10-31 morning MILK delivered",
                "C-3 2026-10-02 morning MILK missed",
                "C-3 2026-10-02 morning GHEE delivered",
                "C-3 2026-10-02 evening MILK delivered",
            ]
        );
        // The same by pages of every size.
        for limit in 1..=6 {
            let (mut paged, mut after) = (Vec::new(), String::new());
            loop {
                let page = api.get(&format!("{path}&limit={limit}{after}"), &token).await;
                let page = page.ok(200).json();
                paged.extend(page["items"].as_array().unwrap().iter().map(said));
                let Some(next) = page["next"].as_str() else { break };
                after = format!("&after={next}");
            }
            assert_eq!(paged, whole, "{limit}");
        }
        for (filter, count) in [
            ("from=2026-10-02", 4),
            ("from=2026-10-02&customer=C-3", 3),
            ("from=2026-10-01&to=2026-10-31&sku=GHEE", 1),
            ("from=2026-10-01&to=2026-10-31&status=missed", 1),
            ("from=2026-10-01&to=2026-10-31&status=skipped", 0),
            ("from=2026-10-01&to=2026-10-31&sku=MILK&status=delivered", 4),
            ("from=2027-01-01", 0),
        ] {
            let listed = api.get(&format!("/api/v1/deliveries?{filter}"), &token).await;
            let listed = listed.ok(200).json();
            assert_eq!(listed["items"].as_array().unwrap().len(), count, "{filter}");
            assert!(listed["next"].is_null(), "{filter}");
        }
    });
}

#[test]
fn lists_of_days_that_cannot_be_given_are_refused() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        for (query, status, code) in [
            ("", 400, "bad_request"),
            ("to=2026-10-31", 400, "bad_request"),
            ("from=2026-10-01&to=2026-11-01", 400, "bad_request"),
            ("from=2026-10-02&to=2026-10-01", 400, "bad_request"),
            ("from=1900-01-01&to=9999-12-31", 400, "bad_request"),
            ("from=9999-12-31&to=9999-12-31&status=lost", 400, "bad_request"),
            ("from=2026-10-01&after=MQ", 400, "bad_request"),
            ("from=2026-10-01&customer=NONE", 404, "not_found"),
            ("from=2026-10-01&sku=NONE", 404, "not_found"),
        ] {
            let path = format!("/api/v1/deliveries?{query}");
            api.get(&path, &token).await.refused(status, code);
        }
        api.get("/api/v1/deliveries?from=9999-12-31", &token).await.ok(200);
    });
}

#[test]
fn lists_that_are_wrong_name_each_part() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        api.dairy(&token).await;
        let delivery = |sku: &str, quantity: &str| {
            json!({ "date": "2026-10-05", "shift": "morning", "customer_code": "C-1",
                "sku": sku, "quantity": quantity, "status": "delivered" })
        };
        let list = json!({ "deliveries":
            [delivery("MILK", "1"), delivery("GHEE", "1"), delivery("MILK", "-1")] });
        let problem = api.post("/api/v1/deliveries", &token, list).await.refused(422, "invalid");
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors[0]["pointer"], "#/deliveries/1/sku");
        assert_eq!(errors[1]["pointer"], "#/deliveries/2/quantity");
        let kept = api.get("/api/v1/customers/C-1/deliveries", &token).await.json();
        assert_eq!(kept["items"].as_array().unwrap().len(), 2);
        let none = json!({ "deliveries": [] });
        api.post("/api/v1/deliveries", &token, none).await.refused(422, "invalid");
        let prices = json!({ "prices": [{ "sku": "MILK", "effective_from": "2026-10-02",
            "price": "62.5" }] });
        api.post("/api/v1/prices", &token, prices).await.ok(200);
        let listed = api.get("/api/v1/products/MILK/prices", &token).await.ok(200).json();
        assert_eq!(listed["items"][0]["price"], "62.500");
        // A product is replaced from its version.
        let product = api.get("/api/v1/products/MILK", &token).await;
        let version = [("if-match", product.ok(200).header("etag"))];
        let facts = json!({ "name": "Buffalo milk", "unit": "L", "hsn": "0401",
            "tax_rate": "0", "tax_inclusive": false, "price": "70" });
        let path = "/api/v1/products/MILK";
        let now = api.call("PUT", path, &token, facts.clone(), &version).await;
        assert_eq!(
            (now.ok(200).json()["name"].as_str(), now.header("etag")),
            (Some("Buffalo milk"), "\"2\"")
        );
        api.call("PUT", path, &token, facts, &version).await.refused(412, "version_lost");
    });
}

#[test]
fn a_file_is_taken_whole_or_not_at_all() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        let send = async |kind: &str, text: &str| {
            let request = axum::http::Request::builder()
                .method("POST")
                .uri(format!("/api/v1/imports/{kind}"))
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "text/csv; charset=utf-8")
                .header("idempotency-key", "file-1")
                .body(text.to_owned().into());
            api.send(request.unwrap()).await
        };
        let good = "code,name\nC-1,Asha\nC-2,Bina\n";
        let bad = "code,name\nC-1,Asha\n,Bina\n";
        let problem = send("customers", bad).await.refused(422, "bad_file");
        assert_eq!(problem["errors"][0]["pointer"], "#line=3");
        assert_eq!(send("customers", good).await.ok(200).json()["added"], 2);
        assert_eq!(send("customers", good).await.header("idempotent-replayed"), "true");
        send("nothing", good).await.refused(404, "not_found");
        let imports = api.get("/api/v1/imports", &token).await.ok(200).json();
        assert_eq!(imports["items"][0]["file_name"], "customers.csv");
        let rider = api.person(Role::Rider, None);
        let request = axum::http::Request::builder()
            .method("POST")
            .uri("/api/v1/imports/customers")
            .header("authorization", format!("Bearer {rider}"))
            .header("content-type", "text/csv")
            .body(good.into());
        api.send(request.unwrap()).await.refused(403, "not_allowed");
    });
}
