//! `dairyos payments` and `dairyos webhooks`: recorded, listed, shown, taken back, told again.

use crate::kit::{Books, assert_help, list, run};
use gateways::fake::{FakeRazorpay, Outcome, RazorpaySettings};
use std::path::Path;
use std::sync::Arc;
use testkit::on_both;

#[test]
fn help_names_every_option() {
    let options = ["--method <METHOD>", "--amount <AMOUNT>", "--reference", "--customer", "--json"];
    assert_help(&["payments", "record"], &options);
    assert_help(&["payments", "list"], &["--unmatched", "--state <STATE>", "--after", "--json"]);
    let options =
        ["--provider", "--kind", "--bill", "--in-parts", "--expires-at", "--plan", "--json"];
    assert_help(&["payments", "request"], &options);
    let options = ["--amount <AMOUNT>", "--destination", "--reason", "--person", "--reference"];
    assert_help(&["payments", "refund"], &options);
    assert_help(&["payments", "refunds"], &["--payment <ID>", "--status", "--after", "--json"]);
    assert_help(&["payments", "pay-out"], &["--person <ID>", "--reference", "--json"]);
    assert_help(&["payments", "upi"], &["<BILL>", "--json"]);
    assert_help(&["webhooks", "list"], &["--state <STATE>", "--before <ID>", "--json"]);
    assert_help(&["webhooks", "replay"], &["<ID>", "--json"]);
}

#[test]
fn arguments_are_checked() {
    for args in [
        &["payments", "record", "--method", "barter", "--amount", "5"][..],
        &["payments", "record", "--method", "upi", "--amount", "5.005"],
        &["payments", "show", "seven"],
        &["payments", "request", "--provider", "razorpay", "--kind", "barter"],
        &["payments", "refund", "1", "--amount", "5"],
        &["payments", "upi"],
        &["webhooks", "list", "--limit", "201"],
    ] {
        run(Path::new("."), args).misused();
    }
}

#[test]
fn a_cheque_is_recorded_shown_and_bounces() {
    on_both(|database| {
        let books = Books::small(database);
        let made = books.json(&[
            "payments",
            "record",
            "--method",
            "cheque",
            "--amount",
            "100",
            "--reference",
            "000123",
            "--customer",
            "C-001",
        ]);
        assert_eq!(made["captured"], "100.00");
        let id = made["id"].to_string();
        let all = books.json(&["payments", "list"]);
        assert_eq!(list(&all["payments"]).len(), 1);
        assert_eq!(books.json(&["payments", "clear", &id])["status"], "captured");
        assert_eq!(books.json(&["payments", "bounce", &id])["status"], "failed");
        assert_eq!(list(&books.json(&["payments", "show", &id])["log"]).len(), 3);
        assert_eq!(list(&books.json(&["webhooks", "list"])["events"]).len(), 0);
        books.json(&["verify"]);
    });
}

#[test]
fn a_refund_is_agreed_to_by_another_person_and_paid_by_hand() {
    on_both(|database| {
        let books = Books::small(database);
        let receipt = ["--reference", "618200000117", "--customer", "C-001"];
        let record = ["payments", "record", "--method", "upi", "--amount", "2000"];
        let made = books.json(&[&record[..], &receipt].concat());
        let payment = made["id"].to_string();
        let ask = |amount: &str| {
            let ask = ["payments", "refund", &payment, "--amount", amount, "--reason", "spilt"];
            books.json(&ask)
        };
        let refund = ask("1500");
        assert_eq!(
            (&refund["status"], &refund["asked_by"]),
            (&"requested".into(), &"meena".into())
        );
        let id = refund["id"].to_string();
        assert_eq!(books.error(&["payments", "approve", &id]).0, "not_allowed");
        let agreed = books.json(&["payments", "approve", &id, "--actor", "ravi"]);
        assert_eq!(
            (&agreed["status"], &agreed["checked_by"]),
            (&"approved".into(), &"ravi".into())
        );
        assert_eq!(books.error(&["payments", "decline", &id, "--actor", "ravi"]).0, "conflict");
        let paid = ["payments", "pay-out", &id, "--reference", "618200000999"];
        assert_eq!(books.json(&paid)["status"], "processed");
        assert_eq!(
            books.error(&["payments", "pay-out", &id, "--reference", "618200000999"]).0,
            "conflict"
        );
        let too_much = ["payments", "refund", &payment, "--amount", "501", "--reason", "x"];
        assert_eq!(books.error(&too_much).0, "conflict");
        assert_eq!(list(&books.json(&["payments", "refunds"])["refunds"]).len(), 1);
        assert_eq!(books.json(&["payments", "refunds", &id])["amount"], "1500.00");
        assert!(books.ok(&["payments", "refunds", "--status", "processed"]).contains("spilt"));
        books.assert_verified();
    });
}

#[test]
fn what_is_not_set_up_is_named() {
    on_both(|database| {
        let books = Books::issued(database);
        let ask = ["payments", "request", "--provider", "razorpay", "--kind", "link", "--customer"];
        let (code, message) = books.error(&[&ask[..], &["C-001"]].concat());
        assert_eq!(code, "not_configured");
        assert!(message.contains("gateways.razorpay.key_id"), "{message}");
        let number = books.bills("2024-10")[0]["number"].as_str().unwrap().to_owned();
        let (code, message) = books.error(&["payments", "upi", &number]);
        assert_eq!(code, "not_configured");
        assert!(message.contains("payments.upi_vpa"), "{message}");
        // With settings it is kept, and withdrawn before anybody has called.
        let settings = "[gateways.razorpay]\nkey_id = \"rzp_test_A\"\n\
                        key_secret = \"key_secret_A\"\nbase_url = \"http://127.0.0.1:9\"\n\
                        [payments]\nupi_vpa = \"gokul@upiexample\"\n";
        let file = books.database.file("dairyos.toml", settings);
        let config = ["--config", file.to_str().unwrap()];
        let with = |args: &[&str]| books.json(&[args, &config].concat());
        let made = with(&[&ask[..], &["C-001"]].concat());
        assert_eq!((&made["status"], &made["kind"]), (&"new".into(), &"link".into()));
        let id = made["id"].to_string();
        assert_eq!(with(&["payments", "requests", &id])["amount"], made["amount"]);
        assert_eq!(list(&with(&["payments", "requests"])["requests"]).len(), 1);
        assert_eq!(with(&["payments", "cancel", &id])["status"], "cancelled");
        let upi = with(&["payments", "upi", &number]);
        assert_eq!(upi["bill_number"], number);
        let link = books.ok(&[&["payments", "upi", &number][..], &config].concat());
        assert_eq!(link.trim_end(), upi["link"]);
        // A half of a key is a mistake of the settings.
        let half = books.database.file("half.toml", "[gateways.razorpay]\nkey_id = \"rzp\"\n");
        let config = ["--config", half.to_str().unwrap()];
        let (code, message) = books.error(&[&ask[..], &["C-001"], &config[..]].concat());
        assert_eq!(code, "bad_argument");
        assert!(message.contains("gateways.razorpay.key_secret"), "{message}");
    });
}

/// A local Razorpay that lives now.
fn razorpay() -> FakeRazorpay {
    let now = || {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        domain::calendar::Moment::from_unix_micros(i64::try_from(since.as_micros()).unwrap())
    };
    FakeRazorpay::start(RazorpaySettings {
        port: 0,
        key_id: "rzp_test_A".to_owned(),
        key_secret: "key_secret_A".to_owned(),
        webhook_secret: "hook".to_owned(),
        webhook_url: None,
        seed: 3,
        fee_basis_points: 200,
        clock: Arc::new(now),
    })
    .unwrap()
}

#[test]
fn a_worker_calls_the_gateway_of_the_settings() {
    on_both(|database| {
        let (books, fake) = (Books::issued(database), razorpay());
        let settings = format!(
            "[gateways.razorpay]\nkey_id = \"rzp_test_A\"\nkey_secret = \"key_secret_A\"\n\
             base_url = \"{}\"\n",
            fake.url()
        );
        let file = books.database.file("dairyos.toml", settings);
        let config = ["--config", file.to_str().unwrap()];
        let with = |args: &[&str]| books.json(&[args, &config].concat());
        let work =
            || assert_eq!(books.run(&[&["work", "--once"], &config[..]].concat()).code, Some(0));
        let number = books.bills("2024-10")[0]["number"].as_str().unwrap().to_owned();
        let ask = ["payments", "request", "--provider", "razorpay", "--kind", "order", "--bill"];
        let made = with(&[&ask[..], &[&number]].concat());
        let id = made["id"].to_string();
        work();
        let order = with(&["payments", "requests", &id]);
        assert_eq!(order["status"], "done");
        assert_eq!(order["checkout"]["key_id"], "rzp_test_A");
        let order_id = order["checkout"]["order_id"].as_str().unwrap();
        fake.pay(order_id, Outcome::Captured).unwrap();
        // Nobody tells. A worker asks when its time has come.
        books.sql(&["UPDATE payment_requests SET retry_at = 1", ask_now()]);
        work();
        assert_eq!(with(&["payments", "requests", &id])["status"], "paid");
        let paid = books.json(&["payments", "list"]);
        let payment = paid["payments"][0]["id"].to_string();
        let ask = ["payments", "refund", &payment, "--amount", "10", "--reason", "spilt"];
        let refund = with(&ask);
        assert_eq!(refund["status"], "approved");
        work();
        let refund = with(&["payments", "refunds", &refund["id"].to_string()]);
        assert!(refund["provider_reference"].as_str().unwrap().starts_with("rfnd_"), "{refund}");
        books.assert_verified();
    });
}

/// A job that asks the gateways.
fn ask_now() -> &'static str {
    "INSERT INTO jobs (id, kind, payload, state, run_at, attempts, max_attempts, created_at) \
     VALUES (9999, 'payments.ask', '{}', 'waiting', 1, 0, 1, 1)"
}
