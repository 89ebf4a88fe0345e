//! Importing files: whole or not at all, the same file twice changes nothing, and every bad row is
//! named with what was expected.
//!
//! It deliberately leaves the reading of CSV itself to the unit tests of the reader.

use crate::kit::{CUSTOMERS, Dairy, PRODUCTS, deliveries, orders, reported};
use app::AppError;
use app::import::{Kind, MAX_BAD_ROWS, files_of};
use testkit::on_both;

#[test]
fn the_same_file_twice_changes_nothing_in_any_table() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let prices = "sku,customer_code,effective_from,price\nMILK,,2026-09-05,61\n\
                      MILK,C1,2026-09-06,59.5\nMILK,C1,2026-09-08,general\n";
        let deliveries = reported(&[
            "R1,2026-09-01,morning,C1,MILK,1.000,delivered",
            "R2,2026-09-01,morning,C1,MILK,0.500,delivered",
            ",2026-09-01,morning,C1,MILK,0.250,delivered",
            ",2026-09-01,evening,C1,MILK,1.000,missed",
            ",2026-09-02,morning,C2,GHEE,1,skipped",
        ]);
        let orders = orders(&[
            "O1 2026-09-01 2026-09-05 C3 GHEE 1 delivered 500",
            "O2 2026-09-01 2026-09-05 C3 GHEE 1 pending -",
        ]);
        let files = [
            (Kind::Customers, CUSTOMERS, 0),
            (Kind::Products, PRODUCTS, 0),
            (Kind::Prices, prices, 3),
            (Kind::Deliveries, &deliveries, 5),
            (Kind::Orders, &orders, 2),
        ];
        for (kind, text, added) in files {
            assert_eq!(dairy.import(kind, text).added, added, "{kind:?}");
        }
        let twice = |dairy: &Dairy<'_>| {
            dairy.on("2026-09-20");
            let before = dairy.dump();
            for (kind, text, _) in files {
                let tally = dairy.import(kind, text);
                assert_eq!((tally.added, tally.changed), (0, 0), "{kind:?}");
                assert_eq!(tally.unchanged, tally.rows, "{kind:?}");
            }
            let mut after = dairy.dump();
            let mut before = before;
            // The counter of imports may pass over a number.
            assert!(after.remove("counters").is_some() && before.remove("counters").is_some());
            assert_eq!(after, before);
        };
        twice(&dairy);
        dairy.draft("2026-09");
        twice(&dairy);
        dairy.run_and_issue("2026-09");
        twice(&dairy);
        dairy.assert_verified();
    });
}

#[test]
fn the_same_file_twice_does_not_even_move_a_counter() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let before = dairy.dump();
        dairy.import(Kind::Customers, CUSTOMERS);
        assert_eq!(dairy.dump(), before);
    });
}

#[test]
fn a_second_report_that_contradicts_an_issued_bill_is_refused() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.import(
            Kind::Deliveries,
            &reported(&[
                "R1,2026-09-01,morning,C1,MILK,1.000,delivered",
                ",2026-09-02,morning,C1,MILK,1.000,delivered",
            ]),
        );
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        let bad = dairy.refused(
            Kind::Deliveries,
            reported(&[
                ",2026-09-05,morning,C1,MILK,1.000,delivered",
                ",2026-09-02,morning,C1,MILK,2.000,delivered",
                "R1,2026-09-01,morning,C1,MILK,1.000,missed",
            ]),
        );
        let lines: Vec<u64> = bad.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 4]);
        for row in &bad.rows {
            assert!(row.what.contains("already on an issued bill"), "{row:?}");
        }
        // Said again as it is, or as a further delivery, it is taken.
        let tally = dairy.import(
            Kind::Deliveries,
            &reported(&[
                "R1,2026-09-01,morning,C1,MILK,1.000,delivered",
                "R9,2026-09-02,morning,C1,MILK,2.000,delivered",
            ]),
        );
        assert_eq!((tally.added, tally.unchanged), (1, 1));
        dairy.assert_verified();
    });
}

#[test]
fn repeated_rows_of_one_file_count_once_and_contradictions_are_refused() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let row = ",2026-09-01,morning,C1,MILK,1.000,delivered";
        let other = "R1,2026-09-01,morning,C2,MILK,1.000,delivered";
        let tally = dairy.import(Kind::Deliveries, &reported(&[row, other, row, other]));
        assert_eq!((tally.rows, tally.added, tally.unchanged), (4, 2, 2));
        let what = |rows: &[&str]| {
            let bad = dairy.refused(Kind::Deliveries, reported(rows));
            assert_eq!(bad.rows.len(), 1, "{bad}");
            (bad.rows[0].line, bad.rows[0].what.clone())
        };
        let (line, said) = what(&[
            ",2026-09-02,morning,C1,MILK,1.000,delivered",
            ",2026-09-02,morning,C1,MILK,2.000,delivered",
        ]);
        assert_eq!(line, 3);
        assert_eq!(said, "line 2 reports the same delivery with different facts");
        // One reference for two deliveries.
        let (line, said) = what(&[
            "R7,2026-09-02,morning,C1,MILK,1.000,delivered",
            "R7,2026-09-03,morning,C1,MILK,1.000,delivered",
        ]);
        assert_eq!(line, 3);
        assert!(said.contains("already names another delivery"), "{said}");
        // A reference that an earlier file has used.
        let (_, said) = what(&["R1,2026-09-01,evening,C2,MILK,1.000,delivered"]);
        assert!(said.contains("already names another delivery"), "{said}");

        for (kind, text) in [
            (Kind::Customers, "code,name\nC8,One\nC8,Two\n"),
            (
                Kind::Orders,
                "reference,ordered_on,delivery_date,customer_code,sku,quantity,status\n\
                 O1,2026-09-01,2026-09-02,C1,MILK,1,pending\n\
                 O1,2026-09-01,2026-09-02,C1,MILK,1,pending\n",
            ),
        ] {
            let bad = dairy.refused(kind, text);
            assert_eq!((bad.rows[0].line, bad.rows[0].column), (3, 1));
            assert!(bad.rows[0].what.contains("stands on line 2 already"));
        }
        let prices = "sku,customer_code,effective_from,price\nMILK,,2026-09-01,61\n\
                      MILK,,2026-09-01,61.000\nMILK,,2026-09-01,62\n";
        let bad = dairy.refused(Kind::Prices, prices);
        assert_eq!(bad.rows[0].what, "price: line 3 gives another price for the same day");
    });
}

#[test]
fn a_repeat_across_files_is_a_correction() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        dairy.deliver(&["2026-09-01 C1 MILK 1.000", "2026-09-02 C1 MILK 1.000"]);
        let tally = dairy.deliver(&[
            "2026-09-01 C1 MILK 1.000",
            "2026-09-02 C1 MILK 1.250",
            "2026-09-03 C1 MILK 1.000",
        ]);
        assert_eq!((tally.added, tally.changed, tally.unchanged), (1, 1, 1));
        dairy.on("2026-09-30");
        dairy.run_and_issue("2026-09");
        let expected = ["delivery MILK 3.250 x 60.000 = 195.00, 2026-09-01..2026-09-03"];
        assert_eq!(dairy.lines("C1", "2026-09"), expected);
        dairy.assert_verified();
    });
}

#[test]
fn all_bad_rows_are_listed_and_nothing_is_imported() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let bad = dairy.refused(
            Kind::Deliveries,
            reported(&[
                ",2026-09-01,morning,C1,MILK,1.000,delivered",
                ",2026-02-30,morning,C1,MILK,1.000,delivered",
                ",2026-09-01,noon,C1,MILK,1.000,delivered",
                ",2026-09-01,morning,C7,CREAM,1.000,delivered",
                ",2026-09-01,morning,C1,MILK,1.0001,delivered",
                ",2026-09-01,morning,C1,MILK,-1,Delivered",
                ",2026-09-01,morning,C1,MILK",
                ",2026-09-01,morning,C1,MILK,1000000.001,delivered",
            ]),
        );
        let places: Vec<(u64, usize)> = bad.rows.iter().map(|row| (row.line, row.column)).collect();
        let expected = [(3, 2), (4, 3), (5, 4), (5, 5), (6, 6), (7, 6), (7, 7), (8, 0), (9, 6)];
        assert_eq!(places, expected);
        assert!(!bad.more);
        let shown = bad.to_string();
        for part in [
            "deliveries.csv:3:2: date: \"2026-02-30\" is not a day; expected year-month-day",
            "deliveries.csv:4:3: shift: \"noon\" is not known; expected morning or evening",
            "deliveries.csv:5:4: customer_code: there is no customer \"C7\"",
            "deliveries.csv:5:5: sku: there is no product \"CREAM\"",
            "deliveries.csv:7:6: quantity: \"-1\" is negative; expected 0 or more",
            "deliveries.csv:8:1: the row has 5 fields; expected 7",
            "deliveries.csv: 9 problems; nothing of the file was imported",
        ] {
            assert!(shown.contains(part), "{part} is missing in\n{shown}");
        }
    });
}

#[test]
fn a_hundred_bad_rows_are_enough() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let bad = |count: usize| {
            let rows = vec!["2026-09-01 C9 MILK 1.000"; count];
            dairy.refused(Kind::Deliveries, deliveries(&rows))
        };
        let fewer = bad(MAX_BAD_ROWS - 1);
        assert_eq!((fewer.rows.len(), fewer.more), (MAX_BAD_ROWS - 1, false));
        let more = bad(MAX_BAD_ROWS + 1);
        assert_eq!((more.rows.len(), more.more), (MAX_BAD_ROWS, true));
        assert!(more.to_string().contains("the first 100 problems; there may be more"));
    });
}

#[test]
fn files_that_are_wrong_as_a_whole() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        for (kind, content, expected) in [
            (Kind::Customers, &b""[..], "1:1: the file is empty; expected the header code,name"),
            (Kind::Customers, b"\xff,name\n", "1:1: the header is not UTF-8"),
            (Kind::Customers, b"code,nam\n", "1:2: unknown column \"nam\""),
            (Kind::Customers, b"code\nC5\n", "the column \"name\" is missing"),
            (Kind::Customers, b"code,name,code\n", "1:3: the column \"code\" stands twice"),
            (Kind::Customers, b"code,name\nC5,\xff\xfe\n", "2:2: the text is not UTF-8"),
            (Kind::Customers, b"code,name,phone\nC5,A,12\n", "2:3: phone:"),
            (Kind::Customers, b"code,name,opening_balance\nC5,A,1e3\n", "2:3: opening_balance:"),
            (
                Kind::Customers,
                b"code,name,opening_balance\nC5,A,-100000000000.01\n",
                "2:3: opening_balance: \"-100000000000.01\" is too large",
            ),
            (Kind::Customers, b"code,name,state\nC5,A,99\n", "2:3: state:"),
            (
                Kind::Products,
                b"sku,name,unit,hsn,tax_rate,price,tax_inclusive\nX,X,litre,,0,1,yes\n",
                "2:3: unit: \"litre\" is not known; expected L, kg or piece",
            ),
            (
                Kind::Products,
                b"sku,name,unit,hsn,tax_rate,price,tax_inclusive\nX,X,L,,0,0,false\n",
                "2:6: price: \"0\" is not a price; expected more than 0",
            ),
            (
                Kind::Prices,
                b"sku,customer_code,effective_from,price\nMILK,,2026-09-01,general\n",
                "2:4: price: \"general\" ends a customer's own price",
            ),
            (
                Kind::Orders,
                b"reference,ordered_on,delivery_date,customer_code,sku,quantity,status\n\
                  O1,2026-09-03,2026-09-02,C1,MILK,1,pending\n",
                "2:3: delivery_date: 2026-09-02 is before the order of 2026-09-03",
            ),
        ] {
            let shown = dairy.refused(kind, content).to_string();
            assert!(shown.contains(expected), "{expected} is missing in\n{shown}");
        }
    });
}

#[test]
fn a_quote_that_is_never_closed_swallows_no_rows() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let text = "code,name,address\nC5,Dev,\"Flat 3\nC6,Esha,Flat 4\n";
        let bad = dairy.refused(Kind::Customers, text);
        assert_eq!(bad.rows[0].line, 2, "{bad}");
    });
}

#[test]
fn a_header_alone_a_mark_and_foreign_line_ends_are_fine() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let before = dairy.dump();
        assert_eq!(dairy.import(Kind::Customers, "code,name\n").rows, 0);
        assert_eq!(dairy.dump()["customers"], before["customers"]);
        let tally = dairy.import(
            Kind::Customers,
            "\u{feff}NAME , Code\r\n\" Dev, the first\",C5\r\n\r\nEsha,C6",
        );
        assert_eq!((tally.rows, tally.added), (2, 2));
        let name = "SELECT COUNT(*) FROM customers WHERE code = 'C5' AND name = 'Dev, the first'";
        assert_eq!(dairy.count(name), 1);
    });
}

#[test]
fn customers_and_products_change_with_a_trace() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let text = "code,name,phone,email,language,address,pincode,state,gstin,route,\
                    opening_balance\nC1,Asha Patel,9812300001,asha@example.com,gu,\"Flat 3,\n\
                    Rose Wing\",380001,24,,North,12.50\n";
        assert_eq!(dairy.import(Kind::Customers, text).changed, 1);
        let trace = dairy.store.read(|tx| store::audit::of_record(tx, "customers", "C1")).unwrap();
        assert_eq!(trace.len(), 1);
        assert_eq!(trace[0].action, "change");
        let after = trace[0].after.as_deref().unwrap();
        assert!(after.contains("Asha Patel") && after.contains("12.50"), "{after}");
        assert!(after.contains("...0001") && !after.contains("98123"), "{after}");
        // A blank leaves the balance; taking it back is a posting of its own.
        assert_eq!(dairy.import(Kind::Customers, CUSTOMERS).changed, 1);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM ledger_transactions"), 1);
        let back = "code,name,opening_balance\nC1,Asha,0\n";
        assert_eq!(dairy.import(Kind::Customers, back).changed, 1);
        assert_eq!(dairy.count("SELECT COUNT(*) FROM ledger_transactions"), 2);
        let sum = "SELECT CAST(SUM(amount_paise) AS BIGINT) FROM ledger_entries \
                   WHERE customer_id IS NOT NULL";
        assert_eq!(dairy.count(sum), 0);
        dairy.assert_verified();
    });
}

#[test]
fn a_column_that_is_left_out_leaves_what_is_known() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let full = "code,name,phone,email,language,address,pincode,state,gstin,route,\
                    opening_balance\nC1,Asha,9812300001,asha@example.com,gu,Rose Wing,380001,24,\
                    24AABCR1718E1ZV,North,12.50\n";
        dairy.import(Kind::Customers, full);
        assert_eq!(dairy.import(Kind::Customers, "name,code\nAsha,C1\n").unchanged, 1);
        let tally = dairy.import(Kind::Customers, "code,name,route\nC1,Asha,\n");
        assert_eq!(tally.changed, 1);
        let row = "SELECT COUNT(*) FROM customers WHERE code = 'C1' AND route IS NULL \
                   AND phone = '+919812300001' AND state = '24' AND opening_balance_paise = 1250";
        assert_eq!(dairy.count(row), 1);
        dairy.assert_verified();
    });
}

#[test]
fn a_folder_is_taken_in_the_order_of_dependence() {
    let folder = tempfile::tempdir().unwrap();
    let error = files_of(folder.path()).unwrap_err();
    assert!(matches!(error, AppError::NotFound(_)));
    assert!(error.to_string().contains("expected a folder with some of customers.csv"));
    for name in ["orders.csv", "customers.csv", "prices.csv", "notes.txt"] {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let kinds: Vec<Kind> = files_of(folder.path()).unwrap().iter().map(|s| s.kind).collect();
    assert_eq!(kinds, [Kind::Customers, Kind::Prices, Kind::Orders]);
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.as_str()), Some(kind));
    }
    assert_eq!(Kind::parse("bills"), None);
}

#[test]
fn a_missing_file_and_a_folder_in_its_place_are_told_apart_from_bad_rows() {
    on_both(|database| {
        let dairy = Dairy::new(database);
        let import = |path: std::path::PathBuf| {
            let source = app::import::Source { kind: Kind::Customers, path };
            app::import::import_file(&dairy.store, &dairy.actor(), &source, &mut |_| {})
                .unwrap_err()
                .to_string()
        };
        let missing = import(database.folder().join("nowhere.csv"));
        assert!(missing.contains("the file cannot be read: "), "{missing}");
        let folder = import(database.folder().to_owned());
        assert!(folder.contains("it is a folder"), "{folder}");
    });
}
