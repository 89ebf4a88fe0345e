//! `dairyos bills`: run, issue, list and show, on the small dairy whose bills are known by hand.

use crate::kit::{Books, assert_help, assert_words, fields, list, program, text};
use serde_json::{Value, json};
use std::process::Stdio;
use testkit::{Database, on_both};

const MONTH: [&str; 2] = ["--month", "2024-10"];
const RUN: [&str; 4] = ["bills", "run", "--month", "2024-10"];
const RUN_AND_ISSUE: [&str; 5] = ["bills", "run", "--month", "2024-10", "--issue"];
const LIST: [&str; 4] = ["bills", "list", "--month", "2024-10"];
const BILL_FIELDS: [&str; 14] = [
    "cgst",
    "customer_code",
    "igst",
    "lines",
    "month",
    "number",
    "payable",
    "previous_balance",
    "round_off",
    "sgst",
    "status",
    "taxable",
    "total",
    "version",
];
const LINE_FIELDS: [&str; 14] = [
    "amount",
    "cgst",
    "first_date",
    "hsn",
    "igst",
    "kind",
    "last_date",
    "name",
    "quantity",
    "sgst",
    "sku",
    "tax_inclusive",
    "tax_rate",
    "unit_price",
];

/// Asserts that an object has these fields with these values; it may have more.
#[track_caller]
fn assert_fields(value: &Value, expected: &Value) {
    for name in fields(expected) {
        assert_eq!(value[name], expected[name], "{name} of {value:#}");
    }
}

#[test]
fn help_names_every_option() {
    assert_help(&["bills"], &["run", "issue", "list", "show"]);
    assert_help(&["bills", "run"], &["--month", "--issue", "--dry-run", "--json"]);
    assert_help(&["bills", "issue"], &["--month", "--json"]);
    assert_help(&["bills", "list"], &["--month", "--json", "--csv"]);
    assert_help(&["bills", "show"], &["[NUMBER]", "--customer", "--month", "--json"]);
}

#[test]
fn a_run_makes_drafts_and_its_certificate_accounts_for_everything() {
    on_both(|database| {
        let books = Books::small(database);
        let run = books.json(&RUN);
        let hash = text(&run["content_hash"]).to_owned();
        assert_eq!(hash.len(), 64);
        assert_fields(
            &run,
            &json!({
                "mode": "draft", "dry_run": false, "month": "2024-10", "clean": true,
                "changes":
                    { "created": 3, "changed": 0, "unchanged": 0, "withdrawn": 0, "issued": 0 },
                "customers": {
                    "considered": 4, "billed": 3, "nothing_to_bill": 1, "excluded": 0,
                    "excluded_list": [],
                },
                "deliveries":
                    { "considered": 5, "billed": 4, "left": 1, "left_by_reason": { "missed": 1 } },
                "orders": {
                    "considered": 2, "billed": 1, "left": 1, "left_by_reason": { "cancelled": 1 },
                },
                "bills": { "draft": 3, "issued": 0 },
            }),
        );
        let sums = json!({
            "deliveries": "1049.86", "lines": "1049.86", "issued_bills": "0.00",
            "receivable_postings": "0.00", "equal": true,
        });
        assert_fields(&run["sums"], &sums);
        let rerun = books.json(&RUN);
        assert_eq!(rerun["changes"]["unchanged"], 3);
        assert_eq!(rerun["changes"]["created"], 0);
        assert_eq!(rerun["content_hash"], hash.as_str());
        let issued = books.json(&["bills", "issue", "--month", "2024-10"]);
        assert_eq!(issued["mode"], "issue");
        assert_eq!(issued["changes"]["issued"], 3);
        assert_eq!(issued["bills"], json!({ "draft": 0, "issued": 3 }));
        assert_eq!(issued["sums"]["receivable_postings"], "1049.86");
        assert_eq!(issued["content_hash"], hash.as_str());
        let again = books.json(&RUN_AND_ISSUE);
        assert_eq!(again["mode"], "run_and_issue");
        assert_eq!(again["changes"]["issued"], 0);
        assert_eq!(again["content_hash"], hash.as_str());
        books.assert_verified();
    });
}

#[test]
fn people_see_the_certificate_as_a_table() {
    on_both(|database| {
        let books = Books::small(database);
        let out = books.ok(&RUN_AND_ISSUE);
        let words = ["made and issued for 2024-10", "Customers considered", "nothing to bill"];
        assert_words(&out, &words);
        assert_words(&out, &["missed", "cancelled", "₹1,049.86", "equal", "3 issued", "Content "]);
        assert!(!out.contains("DIFFERENT"), "{out}");
        let out = books.ok(&[&RUN[..], &["--dry-run"]].concat());
        assert_words(&out, &["dry run", "nothing was kept", "3 unchanged"]);
    });
}

#[test]
fn a_dry_run_keeps_nothing() {
    on_both(|database| {
        let books = Books::small(database);
        let dry = books.json(&[&RUN_AND_ISSUE[..], &["--dry-run"]].concat());
        assert_eq!(dry["dry_run"], true);
        assert_eq!(dry["changes"]["issued"], 3);
        assert_eq!(dry["sums"]["receivable_postings"], "1049.86");
        assert_eq!(books.bills("2024-10"), Vec::<Value>::new());
        let (code, _) = books.error(&["bills", "issue", "--month", "2024-10"]);
        assert_eq!(code, "nothing_to_issue");
        let real = books.json(&RUN_AND_ISSUE);
        assert_eq!(real["changes"], dry["changes"]);
        assert_eq!(real["content_hash"], dry["content_hash"]);
        let first = &books.bills("2024-10")[0];
        assert_eq!(first["number"], "INV/24-25/000001");
    });
}

#[test]
fn the_list_as_json_holds_every_bill_with_its_lines() {
    on_both(|database| {
        let books = Books::issued(database);
        let bills = books.bills("2024-10");
        assert_eq!(bills.len(), 3);
        for bill in &bills {
            for name in BILL_FIELDS {
                assert!(bill.get(name).is_some(), "{name} in {bill:#}");
            }
            for line in list(&bill["lines"]) {
                for name in LINE_FIELDS {
                    assert!(line.get(name).is_some(), "{name} in {line:#}");
                }
            }
        }
        let expected = json!({
            "number": "INV/24-25/000001", "customer_code": "C-001", "month": "2024-10",
            "status": "issued", "version": 1, "taxable": "475.24", "cgst": "7.38", "sgst": "7.38",
            "igst": "0.00", "round_off": "0.00", "total": "490.00", "previous_balance": "0.00",
            "payable": "490.00",
        });
        assert_fields(&bills[0], &expected);
        let line = |sku: &str| list(&bills[0]["lines"]).iter().find(|line| line["sku"] == sku);
        let milk = json!({
            "kind": "delivery", "sku": "MILK", "name": "Cow milk", "hsn": "0401",
            "quantity": "3.000", "unit_price": "60.000", "tax_rate": "0.00",
            "tax_inclusive": false, "amount": "180.00", "taxable": "180.00", "cgst": "0.00",
            "sgst": "0.00", "igst": "0.00", "first_date": "2024-10-01", "last_date": "2024-10-02",
        });
        assert_fields(line("MILK").unwrap(), &milk);
        let ghee = json!({
            "kind": "order", "sku": "GHEE", "quantity": "0.500", "unit_price": "620.000",
            "tax_rate": "5.00", "tax_inclusive": true, "amount": "310.00", "taxable": "295.24",
            "cgst": "7.38", "sgst": "7.38", "igst": "0.00", "first_date": "2024-10-07",
        });
        assert_fields(line("GHEE").unwrap(), &ghee);
        let second = json!({
            "number": "INV/24-25/000002", "taxable": "133.20", "cgst": "3.33", "sgst": "3.33",
            "total": "139.86", "previous_balance": "250.00", "payable": "389.86",
        });
        assert_fields(&bills[1], &second);
        let third = json!({
            "number": "INV/24-25/000003", "taxable": "400.00", "cgst": "0.00", "igst": "20.00",
            "total": "420.00",
        });
        assert_fields(&bills[2], &third);
    });
}

#[test]
fn the_list_as_csv_and_for_people() {
    on_both(|database| {
        let books = Books::small(database);
        assert_eq!(books.ok(&[&LIST[..], &["--json"]].concat()).trim(), "[]");
        assert_words(&books.ok(&LIST), &["no bills for 2024-10", "dairyos bills run"]);
        books.ok(&RUN);
        let header = "number,customer_code,month,status,version,taxable,cgst,sgst,igst,round_off,\
            total,previous_balance,payable\n";
        let drafts = format!(
            "{header},C-001,2024-10,draft,1,475.24,7.38,7.38,0.00,0.00,490.00,0.00,490.00\n\
             ,C-002,2024-10,draft,1,133.20,3.33,3.33,0.00,0.00,139.86,250.00,389.86\n\
             ,C-003,2024-10,draft,1,400.00,0.00,0.00,20.00,0.00,420.00,0.00,420.00\n"
        );
        let csv = || books.ok(&[&LIST[..], &["--csv"]].concat());
        assert_eq!(csv(), drafts);
        assert_eq!(books.bills("2024-10")[0]["number"], Value::Null);
        books.ok(&["bills", "issue", "--month", "2024-10"]);
        let issued = drafts.replace(",draft,", ",issued,");
        let issued = issued.replace("\n,C-00", "\nINV/24-25/00000?,C-00");
        for (line, expected) in csv().lines().zip(issued.lines()) {
            let digit = expected.split("C-00").nth(1).map_or("", |rest| &rest[..1]);
            assert_eq!(line, expected.replace('?', digit));
        }
        let table = books.ok(&LIST);
        assert_words(
            &table,
            &["INV/24-25/000003", "C-003", "₹389.86", "3 bills, ₹1,049.86 in all"],
        );
        assert_eq!(table.lines().next().unwrap().split_whitespace().next(), Some("Number"));
    });
}

#[test]
fn one_bill_is_shown_by_number_or_by_customer_and_month() {
    on_both(|database| {
        let books = Books::issued(database);
        let by_number = books.json(&["bills", "show", "INV/24-25/000002"]);
        let of_customer =
            books.json(&["bills", "show", "--customer", "C-002", "--month", "2024-10"]);
        assert_eq!(by_number, of_customer);
        assert_eq!(by_number, books.bills("2024-10")[1]);
        let paper = books.ok(&["bills", "show", "INV/24-25/000002"]);
        let words = [
            "INV/24-25/000002",
            "Shah, Ravi",
            "Paneer",
            "0.333 kg",
            "133.20",
            "₹139.86",
            "₹389.86",
        ];
        assert_words(&paper, &words);
        for (args, word) in [
            (&["bills", "show", "INV/24-25/000009"][..], "INV/24-25/000009"),
            (&["bills", "show", "nonsense"], "nonsense"),
            (&["bills", "show", "--customer", "C-004", "--month", "2024-10"], "C-004"),
            (&["bills", "show", "--customer", "C-404", "--month", "2024-10"], "C-404"),
        ] {
            let (code, message) = books.error(args);
            assert_eq!(code, "not_found", "{args:?}");
            assert_words(&message, &[word]);
        }
        books.run(&["bills", "show"]).misused();
        books.run(&["bills", "show", "--customer", "C-001"]).misused();
        books.run(&["bills", "show", "INV/24-25/000001", "--month", "2024-10"]).misused();
    });
}

#[test]
fn months_that_are_none_or_have_not_begun() {
    on_both(|database| {
        let books = Books::small(database);
        for command in ["run", "issue", "list"] {
            for month in ["2026-13", "2026-1", "october", "2026-10-01", ""] {
                let answer = books.run(&["bills", command, "--month", month]).misused();
                assert_words(&answer.err, &["month", "year-month such as 2026-10"]);
            }
            books.run(&["bills", command]).misused();
        }
        for args in [
            &["bills", "run", "--month", "9999-12"][..],
            &["bills", "run", "--month", "9999-12", "--issue"],
            &["bills", "issue", "--month", "9999-12"],
        ] {
            let (code, message) = books.error(args);
            assert_eq!(code, "future_month");
            assert_words(&message, &["9999-12", "has not begun"]);
            assert!(books.run(args).failed().err.starts_with("dairyos: 9999-12"));
        }
        let (code, message) = books.error(&["bills", "issue", "--month", "2024-10"]);
        assert_eq!(code, "nothing_to_issue");
        assert_words(&message, &["2024-10", "dairyos bills run"]);
        books.run(&[&LIST[..], &["--json", "--csv"]].concat()).misused();
    });
}

#[test]
fn one_customer_who_cannot_be_billed_never_stops_the_others() {
    on_both(|database| {
        let books = Books::small(database);
        books.counts(
            "products",
            "sku,name,unit,hsn,tax_rate,price,tax_inclusive\n\
            CURD,Curd,kg,0403,5,,false\n",
        );
        books.counts("prices", "sku,customer_code,effective_from,price\nCURD,,2024-10-15,80\n");
        books.counts(
            "deliveries",
            "date,shift,customer_code,sku,quantity,status\n\
            2024-10-14,morning,C-002,CURD,1,delivered\n",
        );
        let answer = books.run(&[&RUN_AND_ISSUE[..], &["--json"]].concat());
        assert_eq!(answer.code, Some(1));
        let run = answer.json();
        assert_eq!(run["clean"], false);
        assert_eq!(run["customers"]["excluded"], 1);
        let excluded = &list(&run["customers"]["excluded_list"])[0];
        assert_eq!(excluded["customer_code"], "C-002");
        assert_words(text(&excluded["reason"]), &["CURD", "price", "2024-10-14"]);
        assert_eq!(run["deliveries"]["left_by_reason"]["customer_excluded"], 2);
        assert_eq!(run["bills"], json!({ "draft": 0, "issued": 2 }));
        assert_eq!(run["sums"]["equal"], true);
        let table = books.run(&RUN_AND_ISSUE);
        assert_eq!(table.code, Some(1));
        assert_words(&table.out, &["Excluded C-002: ", "CURD"]);
        // Once there is a price, the customer's bill follows with the next number.
        books.counts("prices", "sku,customer_code,effective_from,price\nCURD,,2024-10-14,75\n");
        assert_eq!(books.json(&RUN_AND_ISSUE)["changes"]["issued"], 1);
        let bill = &books.bills("2024-10")[1];
        assert_eq!(bill["number"], "INV/24-25/000003");
        assert_eq!(bill["total"], "218.62"); // 139.86, and 75.00 with twice 1.88 of tax
        books.assert_verified();
    });
}

#[test]
fn a_draft_is_recomputed_and_a_corrected_one_waits() {
    on_both(|database| {
        let books = Books::small(database);
        let hash = books.json(&RUN)["content_hash"].clone();
        books.counts(
            "deliveries",
            "date,shift,customer_code,sku,quantity,status\n\
            2024-10-05,morning,C-002,PANEER,0.5,delivered\n",
        );
        let answer = books.run(&["bills", "issue", "--month", "2024-10", "--json"]);
        assert_eq!(answer.code, Some(1));
        let issue = answer.json();
        assert_eq!(issue["customers"]["excluded_list"][0]["customer_code"], "C-002");
        assert_eq!(issue["changes"]["issued"], 2);
        let run = books.json(&RUN_AND_ISSUE);
        assert_eq!(run["changes"]["changed"], 1);
        assert_ne!(run["content_hash"], hash);
        let bill = &books.bills("2024-10")[1];
        assert_fields(bill, &json!({ "version": 2, "status": "issued", "total": "210.00" }));
        assert_eq!(books.bills("2024-10")[0]["version"], 1);
        books.assert_verified();
    });
}

#[test]
fn late_deliveries_stand_once_on_the_next_bill() {
    on_both(|database| {
        let books = Books::issued(database);
        let before = books.bills("2024-10");
        books.counts(
            "deliveries",
            "date,shift,customer_code,sku,quantity,status\n\
            2024-10-20,morning,C-001,MILK,2,delivered\n2024-11-03,morning,C-001,MILK,1,delivered\n",
        );
        let rerun = books.json(&RUN_AND_ISSUE);
        assert_eq!(rerun["deliveries"]["left_by_reason"]["after_issue"], 1);
        assert_eq!(books.bills("2024-10"), before);
        books.json(&["bills", "run", "--month", "2024-11", "--issue"]);
        let bill = &books.bills("2024-11")[0];
        let expected =
            json!({ "total": "180.00", "previous_balance": "490.00", "payable": "670.00" });
        assert_fields(bill, &expected);
        let late = list(&bill["lines"]).iter().find(|line| line["kind"] == "late").unwrap();
        let expected = json!({
            "quantity": "2.000", "first_date": "2024-10-20", "last_date": "2024-10-20",
            "amount": "120.00",
        });
        assert_fields(late, &expected);
        let december = books.json(&["bills", "run", "--month", "2024-12", "--issue"]);
        assert_eq!(december["customers"]["billed"], 0);
        books.assert_verified();
    });
}

#[test]
fn whole_rupees_and_another_prefix() {
    on_both(|database| {
        let books = Books::none(database);
        let names = ["--name", "Gokul Dairy", "--state", "24"];
        books
            .ok(&[&["init"], &names[..], &["--round-off", "rupee", "--bill-prefix", "G"]].concat());
        books.fill();
        books.ok(&RUN_AND_ISSUE);
        let bill = &books.bills("2024-10")[1];
        let expected = json!({
            "number": "G/24-25/000002", "round_off": "0.14", "total": "140.00",
            "payable": "390.00",
        });
        assert_fields(bill, &expected);
        assert_words(&books.ok(&["bills", "show", "G/24-25/000002"]), &["Round off", "₹0.14"]);
        books.assert_verified();
    });
}

#[test]
fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
    let database = Database::sqlite();
    let books = Books::issued(&database);
    let mut child = books
        .command(&[&LIST[..], &["--json"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(output.stderr, b"");
    let full = std::path::Path::new("/dev/full");
    if full.exists() {
        let full = std::fs::File::options().write(true).open(full).unwrap();
        let output = books
            .command(&[&LIST[..], &["--json"]].concat())
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let (code, _) = crate::kit::Answer::of(output).error();
        assert_eq!(code, "output");
    }
}

#[test]
fn the_environment_names_the_database() {
    on_both(|database| {
        Books::small(database);
        let answer = |args: &[&str]| {
            let mut command = program(database.folder());
            command.env("DAIRYOS_DATABASE_URL", &database.url).args(args);
            crate::kit::Answer::of(command.output().unwrap()).done().out
        };
        answer(&RUN_AND_ISSUE);
        assert_words(&answer(&LIST), &["INV/24-25/000001"]);
        assert_words(&answer(&["explain", "INV/24-25/000001"]), &["C-001"]);
        assert_words(&answer(&["ledger", "balances"]), &["receivable"]);
        assert_words(&answer(&[&["bills", "issue"], &MONTH[..]].concat()), &["2024-10"]);
    });
}
