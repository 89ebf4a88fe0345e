//! `dairyos import`: files that are refused, each with the place and what was expected, and that
//! leave nothing behind.
//!
//! Every wrong file here also holds a right row; that it can be imported as new afterwards shows
//! that nothing of the wrong files was kept.

use crate::kit::{Books, CUSTOMERS, PRODUCTS, assert_words};
use testkit::{Database, on_both};

const HEADER: &str = "reference,date,shift,customer_code,sku,quantity,status\n";
const GOOD: &str = ",2024-10-01,morning,C-001,MILK,1,delivered\n";

/// A dairy with customers, products and a dated price.
fn books(database: &Database) -> Books<'_> {
    let books = Books::empty(database);
    books.import("customers", CUSTOMERS).done();
    books.import("products", PRODUCTS).done();
    books
}

/// Asserts that a file of a header, a right row and one wrong row is refused at `place` of line 3.
#[track_caller]
fn refuse(books: &Books<'_>, kind: &str, head: &str, row: &str, place: usize, words: &[&str]) {
    let answer = books.import(kind, format!("{head}{row}\n")).failed();
    assert_eq!(answer.out, "", "{row}");
    let mut lines = answer.err.lines();
    let first = lines.next().unwrap();
    assert!(first.starts_with(&format!("{kind}.csv:3:{place}: ")), "{row}: {}", answer.err);
    assert_words(first, words);
    let last = answer.err.lines().last().unwrap();
    assert_words(last, &[&format!("{kind}.csv: "), "problem", "nothing of the file was imported"]);
}

#[test]
fn wrong_deliveries() {
    let long = "x".repeat(65);
    let long_reference = format!("{long},2024-10-02,morning,C-001,MILK,1,delivered");
    on_both(|database| {
        let books = books(database);
        let head = format!("{HEADER}{GOOD}");
        for (row, place, words) in [
            (",02-10-2024,morning,C-001,MILK,1,delivered", 2, &["date: \"02-10-2024\"", "day"][..]),
            (",2024-10-32,morning,C-001,MILK,1,delivered", 2, &["2024-10-32", "2026-10-05"]),
            (",2023-02-29,morning,C-001,MILK,1,delivered", 2, &["2023-02-29"]),
            (",,morning,C-001,MILK,1,delivered", 2, &["date: "]),
            (",2024-10-02,noon,C-001,MILK,1,delivered", 3, &["shift: \"noon\"", "morning or even"]),
            (",2024-10-02,Morning,C-001,MILK,1,delivered", 3, &["shift: \"Morning\""]),
            (
                ",2024-10-02,morning,C-404,MILK,1,delivered",
                4,
                &["no customer \"C-404\"", "a code of"],
            ),
            (",2024-10-02,morning,c-001,MILK,1,delivered", 4, &["no customer \"c-001\""]),
            (",2024-10-02,morning,,MILK,1,delivered", 4, &["customer_code"]),
            (",2024-10-02,morning,C-001,MLIK,1,delivered", 5, &["no product \"MLIK\"", "a sku of"]),
            (",2024-10-02,morning,C-001,MILK,1.0005,delivered", 6, &["4 decimals", "at most 3"]),
            (",2024-10-02,morning,C-001,MILK,1.0000,delivered", 6, &["4 decimals", "at most 3"]),
            (
                ",2024-10-02,morning,C-001,MILK,-1,delivered",
                6,
                &["\"-1\" is negative", "0 or more"],
            ),
            (",2024-10-02,morning,C-001,MILK,1e3,delivered", 6, &["\"1e3\"", "plain decimal"]),
            (",2024-10-02,morning,C-001,MILK,NaN,delivered", 6, &["\"NaN\"", "plain decimal"]),
            (",2024-10-02,morning,C-001,MILK,+1,delivered", 6, &["\"+1\"", "plain decimal"]),
            (",2024-10-02,morning,C-001,MILK,1.,delivered", 6, &["\"1.\"", "plain decimal"]),
            (",2024-10-02,morning,C-001,MILK,\"1,5\",delivered", 6, &["\"1,5\"", "plain decimal"]),
            (",2024-10-02,morning,C-001,MILK,१,delivered", 6, &["\"१\"", "plain decimal"]),
            (",2024-10-02,morning,C-001,MILK,,delivered", 6, &["quantity: ", "empty"]),
            (",2024-10-02,morning,C-001,MILK,1000000.001,delivered", 6, &["too much", "1000000"]),
            (",2024-10-02,morning,C-001,MILK,9223372036854775808,delivered", 6, &["too large"]),
            (
                ",2024-10-02,morning,C-001,MILK,1,done",
                7,
                &["\"done\"", "delivered, missed or skip"],
            ),
            (",2024-10-02,morning,C-001,MILK,1,", 7, &["status: "]),
            (",2024-10-02,morning,C-001,MILK,1", 1, &["6 fields", "expected 7"]),
            (",2024-10-02,morning,C-001,MILK,1,delivered,x", 1, &["8 fields", "expected 7"]),
            (long_reference.as_str(), 1, &["reference: ", "65 characters", "at most 64"]),
            (",2024-10-01,morning,C-001,MILK,2,delivered", 1, &["line 2", "same delivery"]),
        ] {
            refuse(&books, "deliveries", &head, row, place, words);
        }
        assert_eq!(books.counts("deliveries", head), [1, 1, 0, 0]);
    });
}

#[test]
fn wrong_orders() {
    on_both(|database| {
        let books = books(database);
        let head = "reference,ordered_on,delivery_date,customer_code,sku,quantity,status,price\n\
            O-1,2024-10-01,2024-10-02,C-001,GHEE,1,delivered,\n";
        for (row, place, words) in [
            (",2024-10-01,2024-10-02,C-001,GHEE,1,pending,", 1, &["reference: ", "empty"][..]),
            ("O-1,2024-10-01,2024-10-02,C-002,GHEE,1,pending,", 1, &["\"O-1\"", "line 2 already"]),
            ("O-2,2024-10-1,2024-10-02,C-001,GHEE,1,pending,", 2, &["ordered_on: ", "2024-10-1"]),
            ("O-2,2024-10-01,,C-001,GHEE,1,pending,", 3, &["delivery_date: "]),
            (
                "O-2,2024-10-03,2024-10-02,C-001,GHEE,1,pending,",
                3,
                &["before the order of 2024-10-03"],
            ),
            ("O-2,2024-10-01,2024-10-02,C-9,GHEE,1,pending,", 4, &["no customer \"C-9\""]),
            ("O-2,2024-10-01,2024-10-02,C-001,GEE,1,pending,", 5, &["no product \"GEE\""]),
            ("O-2,2024-10-01,2024-10-02,C-001,GHEE,-0.5,pending,", 6, &["negative"]),
            ("O-2,2024-10-01,2024-10-02,C-001,GHEE,1,lost,", 7, &["pending, delivered or cancel"]),
            ("O-2,2024-10-01,2024-10-02,C-001,GHEE,1,pending,0", 8, &["price: ", "more than 0"]),
            ("O-2,2024-10-01,2024-10-02,C-001,GHEE,1,pending,1.2345", 8, &["4 decimals"]),
        ] {
            refuse(&books, "orders", head, row, place, words);
        }
        assert_eq!(books.counts("orders", head), [1, 1, 0, 0]);
    });
}

#[test]
fn wrong_customers() {
    let long = format!("{},A,,,,,,,", "c".repeat(65));
    let name = format!("C-9,{},,,,,,,", "n".repeat(501));
    on_both(|database| {
        let books = Books::empty(database);
        let head = "code,name,phone,email,language,pincode,state,gstin,opening_balance\n\
            C-1,Asha,9812300001,a@example.com,gu,380001,24,24AANFA2641L1ZF,1.50\n";
        for (row, place, words) in [
            (",A,,,,,,,", 1, &["code: ", "empty"][..]),
            ("C-1,A,,,,,,,", 1, &["\"C-1\"", "line 2 already"]),
            (long.as_str(), 1, &["65 characters", "at most 64"]),
            ("C-2,,,,,,,,", 2, &["name: ", "empty"]),
            (name.as_str(), 2, &["501 characters", "at most 500"]),
            ("C-2,A\u{7}B,,,,,,,", 2, &["control character"]),
            ("C-2,A,12345,,,,,,", 3, &["phone: ", "12345", "ten digits"]),
            ("C-2,A,,a@b,,,,,", 4, &["email: ", "a@b", "name@example.com"]),
            ("C-2,A,,,xx,,,,", 5, &["language: ", "xx", "gu"]),
            ("C-2,A,,,,080001,,,", 6, &["pincode: ", "080001", "six digits"]),
            ("C-2,A,,,,,99,,", 7, &["state: ", "99", "GST code"]),
            ("C-2,A,,,,,,24AANFA2641L1ZG,", 8, &["gstin: ", "24AANFA2641L1ZG"]),
            ("C-2,A,,,,,,,1.505", 9, &["opening_balance: ", "3 decimals", "at most 2"]),
            ("C-2,A,,,,,,,₹5", 9, &["opening_balance: ", "plain decimal"]),
            ("C-2,A,,,,,,,99999999999999999999", 9, &["opening_balance: ", "too large"]),
        ] {
            refuse(&books, "customers", head, row, place, words);
        }
        assert_eq!(books.counts("customers", head), [1, 1, 0, 0]);
    });
}

#[test]
fn wrong_products_and_prices() {
    on_both(|database| {
        let books = Books::empty(database);
        let head = "sku,name,unit,hsn,tax_rate,price,tax_inclusive\nMILK,Milk,L,0401,0,60,false\n";
        for (row, place, words) in [
            (",Curd,kg,0403,5,80,true", 1, &["sku: ", "empty"][..]),
            ("MILK,Curd,kg,0403,5,80,true", 1, &["\"MILK\"", "line 2 already"]),
            ("CURD,,kg,0403,5,80,true", 2, &["name: ", "empty"]),
            ("CURD,Curd,litre,0403,5,80,true", 3, &["\"litre\"", "L, kg or piece"]),
            ("CURD,Curd,kg,040,5,80,true", 4, &["hsn: ", "2, 4, 6 or 8 digits"]),
            ("CURD,Curd,kg,0403,5%,80,true", 5, &["tax_rate: ", "5%"]),
            ("CURD,Curd,kg,0403,100.01,80,true", 5, &["tax_rate: ", "0 to 100"]),
            ("CURD,Curd,kg,0403,5,0,true", 6, &["price: \"0\"", "more than 0"]),
            ("CURD,Curd,kg,0403,5,-80,true", 6, &["price: \"-80\""]),
            ("CURD,Curd,kg,0403,5,10000000,true", 6, &["price: "]),
            ("CURD,Curd,kg,0403,5,80,TRUE", 7, &["\"TRUE\"", "true or false"]),
        ] {
            refuse(&books, "products", head, row, place, words);
        }
        assert_eq!(books.counts("products", head), [1, 1, 0, 0]);
        books.import("customers", CUSTOMERS).done();
        let head = "sku,customer_code,effective_from,price\nMILK,,2024-10-01,61\n";
        for (row, place, words) in [
            ("CURD,,2024-10-01,61", 1, &["no product \"CURD\""][..]),
            ("MILK,C-9,2024-10-01,61", 2, &["no customer \"C-9\""]),
            ("MILK,,1.10.2024,61", 3, &["effective_from: ", "1.10.2024"]),
            ("MILK,,1899-12-31,61", 3, &["effective_from: "]),
            ("MILK,,2024-10-02,0", 4, &["price: \"0\"", "more than 0"]),
            ("MILK,,2024-10-02,0.0005", 4, &["4 decimals"]),
            ("MILK,,2024-10-02,", 4, &["price: "]),
            ("MILK,,2024-10-02,general", 4, &["general", "customer_code"]),
            ("MILK,,2024-10-01,62", 4, &["line 2", "another price"]),
        ] {
            refuse(&books, "prices", head, row, place, words);
        }
        assert_eq!(books.counts("prices", head), [1, 1, 0, 0]);
    });
}

#[test]
fn wrong_headers() {
    on_both(|database| {
        let books = Books::empty(database);
        let columns = "code,name,phone,email,language,address,pincode,state,gstin,route";
        for (content, lines) in [
            ("", vec![format!("1:1: the file is empty; expected the header {columns}")]),
            ("\n\n", vec!["1:1: the file is empty".to_owned()]),
            ("\u{feff}", vec!["1:1: the file is empty".to_owned()]),
            (
                "code,nme\nC-1,Asha\n",
                vec![
                    format!("1:2: unknown column \"nme\"; expected {columns}"),
                    "1:2: the column \"name\" is missing".to_owned(),
                ],
            ),
            ("code\nC-1\n", vec!["1:1: the column \"name\" is missing".to_owned()]),
            (
                "code,name,Code\nC-1,Asha,C-1\n",
                vec!["1:3: the column \"Code\" stands twice".to_owned()],
            ),
            ("code;name\nC-1;Asha\n", vec!["1:1: unknown column \"code;name\"".to_owned()]),
        ] {
            let err = books.import("customers", content).failed().err;
            for line in lines {
                assert_words(&err, &[&format!("customers.csv:{line}")]);
            }
            assert_words(&err, &["nothing of the file was imported"]);
        }
        let answer = books.import("deliveries", HEADER.replace("shift,", "")).failed();
        assert_words(&answer.err, &["deliveries.csv:1:6:", "\"shift\" is missing"]);
        assert_eq!(books.counts("customers", "code,name\nC-1,Asha\n"), [1, 1, 0, 0]);
    });
}

#[test]
fn what_is_no_text_and_what_is_far_too_long() {
    on_both(|database| {
        let books = books(database);
        let file = |row: &[u8]| [HEADER.as_bytes(), GOOD.as_bytes(), row].concat();
        let refused = |content: Vec<u8>| books.import("deliveries", content).failed().err;
        let err = refused(file(b",2024-10-02,morning,C-001,M\xffLK,1,delivered\n"));
        assert_words(&err, &["deliveries.csv:3:5: ", "not UTF-8"]);
        let err = refused([b"\xff\xfer\0e\0f\0".to_vec(), file(b"")].concat());
        assert_words(&err, &["deliveries.csv:1:1: ", "not UTF-8"]);
        for length in [64 * 1024, 100_000, 2 * 1024 * 1024] {
            let row = format!("R,2024-10-02,\"{}", "x".repeat(length));
            let err = refused(file(row.as_bytes()));
            assert_words(&err, &["deliveries.csv:3:3: ", "longer than 64 KiB", "quote"]);
            assert!(err.len() < 1_000, "{} bytes", err.len());
        }
        let row = format!("{},2024-10-02,morning,C-001,MILK,1,delivered", "y".repeat(60_000));
        let err = refused(file(row.as_bytes()));
        assert_words(&err, &["deliveries.csv:3:1: reference: ", "60000 characters"]);
        let err = refused(file(",".repeat(70).as_bytes()));
        assert_words(&err, &["deliveries.csv:3:64: ", "more than 64 fields"]);
        assert_eq!(books.counts("deliveries", file(b"")), [1, 1, 0, 0]);
    });
}

#[test]
fn a_hundred_problems_are_listed_in_the_order_of_lines() {
    on_both(|database| {
        let books = books(database);
        let wrong = |line: usize| format!("R-{line},2024-10-02,noon,C-404,MILK,1,delivered\n");
        let few: String = (0..49).map(wrong).collect();
        let err = books.import("deliveries", format!("{HEADER}{GOOD}{few}")).failed().err;
        let lines: Vec<&str> = err.lines().collect();
        assert_eq!(lines.len(), 99);
        for (place, line) in lines.iter().take(98).enumerate() {
            let (row, column) = (3 + place / 2, 3 + place % 2);
            assert!(line.starts_with(&format!("deliveries.csv:{row}:{column}: ")), "{line}");
        }
        assert_eq!(lines[98], "deliveries.csv: 98 problems; nothing of the file was imported");
        let many: String = (0..150).map(wrong).collect();
        let err = books.import("deliveries", format!("{HEADER}{GOOD}{many}")).failed().err;
        let lines: Vec<&str> = err.lines().collect();
        assert_eq!(lines.len(), 101);
        assert!(lines[99].starts_with("deliveries.csv:52:4: "), "{}", lines[99]);
        assert_words(lines[100], &["first 100 problems", "more", "nothing of the file"]);
        assert_eq!(books.counts("deliveries", format!("{HEADER}{GOOD}")), [1, 1, 0, 0]);
    });
}

#[test]
fn what_is_issued_is_not_changed_by_a_file() {
    on_both(|database| {
        let books = Books::issued(database);
        let before = books.ok(&["bills", "list", "--month", "2024-10", "--json"]);
        let row = ",2024-10-05,morning,C-002,PANEER,0.5,delivered\n";
        let answer = books.import("deliveries", format!("{HEADER}{GOOD}{row}")).failed();
        assert_words(&answer.err, &["deliveries.csv:3:1: ", "issued bill", "never changes"]);
        let answer = books.import(
            "orders",
            "reference,ordered_on,delivery_date,customer_code,sku,quantity,status\n\
             O-1,2024-10-05,2024-10-07,C-001,GHEE,0.5,cancelled\n",
        );
        assert_words(&answer.failed().err, &["orders.csv:2:1: ", "issued bill", "never changes"]);
        let row = "R-1,2024-10-02,morning,C-002,MILK,1.5,delivered\n";
        let answer = books.import("deliveries", format!("{HEADER}{row}")).failed();
        assert_words(&answer.err, &["deliveries.csv:2:1: ", "reference", "another delivery"]);
        assert_eq!(books.ok(&["bills", "list", "--month", "2024-10", "--json"]), before);
        assert_eq!(books.counts("deliveries", format!("{HEADER}{GOOD}")), [1, 1, 0, 0]);
        books.assert_verified();
    });
}
