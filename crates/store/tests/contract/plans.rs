//! Query plans: on large tables every query that asks for a part goes through an index by what it
//! asks for. Only the queries listed here read whole tables.
//!
//! It deliberately looks at shapes and names of indexes, never at costs.

use crate::kit::{execute, read, small};
use postgres::types::Type;
use store::{Store, Value, Work};
use testkit::{Database, on_both};

/// Tables that grow with the business.
const LARGE: [&str; 35] = [
    "customers",
    "customer_prices",
    "bills",
    "bill_lines",
    "deliveries",
    "orders",
    "unbilled_months",
    "ledger_transactions",
    "ledger_entries",
    "audit",
    "people",
    "sessions",
    "refresh_tokens",
    "known_devices",
    "sign_in_attempts",
    "sign_in_failures",
    "audit_seals",
    "jobs",
    "idempotency_keys",
    "payments",
    "payment_requests",
    "payment_refunds",
    "refund_requests",
    "payment_disputes",
    "payment_log",
    "allocations",
    "opening_uses",
    "gateway_events",
    "settlements",
    "hand_overs",
    "notices",
    "entitlement_grants",
    "entitlements",
    "reconciliation_issues",
    "reconciliation_findings",
];

/// How the queries begin that read whole tables: those that load everything on purpose, and the
/// questions of verification.
const WHOLE: [&str; 28] = [
    "SELECT id, code FROM customers",
    "SELECT id, code, name, phone",
    "SELECT id, sku, name",
    "SELECT product_id, effective_from, price_milli FROM general_prices",
    "SELECT customer_id, product_id, effective_from, price_milli FROM customer_prices",
    "SELECT month FROM issued_months",
    "SELECT account, CAST(SUM",
    "SELECT c.code, c.name, CAST(SUM",
    "SELECT t.id, t.day, t.cause",
    "SELECT CAST(transaction_id AS TEXT)",
    "SELECT CAST(e.transaction_id AS TEXT)",
    "SELECT s.prefix",
    "SELECT b.number FROM bills b LEFT JOIN",
    "SELECT b.number FROM bills b WHERE",
    "SELECT CAST(l.bill_id AS TEXT)",
    "SELECT name, state, gstin",
    "SELECT provider, state, COUNT(*) FROM gateway_events",
    "SELECT state, COUNT(*) FROM payment_requests",
    "SELECT state, COUNT(*) FROM refund_requests",
    "SELECT COALESCE(b.number",
    "SELECT c.code FROM customers c LEFT JOIN (SELECT customer_id, SUM",
    "SELECT CAST(a.payment_id AS TEXT)",
    "SELECT MAX(id) FROM payments",
    "SELECT MAX(id) FROM hand_overs",
    "SELECT CAST(l.giver_id AS TEXT) FROM",
    "SELECT code, name, price_paise",
    "SELECT features FROM plans",
    "SELECT id, state, gstin FROM customers WHERE billing_mode",
];

/// The beginning of a statement that counts.
fn numbers(last: i64) -> String {
    format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last}) ")
}

/// Fills what the service keeps besides: 3,000 seals, jobs and answers.
fn fill_service(store: &Store) {
    let seals = numbers(3000)
        + "INSERT INTO audit_seals SELECT i, i, i, 1, \
           'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 0 FROM n";
    let jobs = numbers(3000)
        + "INSERT INTO jobs (id, kind, payload, state, unique_key, run_at, attempts, \
           max_attempts, worker, leased_until, created_at, finished_at) SELECT i, 'k', '{}', \
           CASE WHEN i % 100 > 1 THEN 'done' WHEN i % 100 = 1 THEN 'running' ELSE 'waiting' END, \
           CAST(i AS TEXT), i, 1, 1, CASE WHEN i % 100 = 1 THEN 'w' END, \
           CASE WHEN i % 100 = 1 THEN i END, i, CASE WHEN i % 100 > 1 THEN i END FROM n";
    let keys = numbers(3000)
        + "INSERT INTO idempotency_keys SELECT 'p', 'POST', '/x', CAST(i AS TEXT), \
           'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 201, '{}', '', i \
           FROM n";
    let statements: [&str; 3] = [&seals, &jobs, &keys];
    execute(store, &statements).unwrap();
}

/// Fills what money in keeps: 3,000 payments with their logs and allocations, events, requests.
fn fill_payments(store: &Store) {
    let payments = numbers(3000)
        + "INSERT INTO payments (id, provider, reference, customer_id, amount_paise, currency, \
           state, authorized, failed, captured_paise, captured_at, cleared, reversed, free_paise, \
           bank_reference, plan_code, received_day, allocation_count, version, created_at, \
           updated_at) \
           SELECT i, 'upi', 'R' || CAST(i AS TEXT), i, 100, 'INR', 'captured', 0, 0, 100, 1, 0, \
           0, CASE WHEN i % 100 = 0 THEN 50 ELSE 0 END, 'R' || CAST(i AS TEXT), \
           CASE WHEN i % 100 = 0 THEN 'premium' END, 20260901 + i % 30, 1, 1, 1, 1 FROM n";
    let grants = numbers(3000)
        + "INSERT INTO entitlement_grants SELECT i, i, 'premium', 'a', 30, 1, 1, 'given', 1, \
           i + 1, 1 FROM n";
    let entitled = numbers(3000)
        + "INSERT INTO entitlements SELECT i, 'a', i, CASE WHEN i % 10 = 0 THEN 0 ELSE 1 END \
           FROM n";
    let log = numbers(3000)
        + "INSERT INTO payment_log SELECT i, 1, 1, NULL, 'captured', 'c', 'k', 'a', NULL, '{}' \
           FROM n";
    // What is paid is issued.
    let issue = "UPDATE bills SET state = 'issued', number = 'N' || CAST(id AS TEXT), \
                 prefix = 'N', financial_year = 2026, serial = id, issued_at = 1 WHERE id % 2 = 0";
    let allocations = numbers(3000)
        + "INSERT INTO allocations SELECT i, 1, i, CASE WHEN i % 2 = 0 THEN i END, 50, 1, 'c' \
           FROM n";
    let uses = numbers(3000) + "INSERT INTO opening_uses SELECT i, i, 5, 1 FROM n";
    let refunds =
        numbers(3000) + "INSERT INTO payment_refunds SELECT i, 'f', 'pending', 1, NULL, 1 FROM n";
    let disputes = numbers(3000)
        + "INSERT INTO payment_disputes SELECT i, 'd', 'created', 1, 0, 0, 0, 1 FROM n";
    let requests = numbers(3000)
        + "INSERT INTO payment_requests (id, provider, kind, reference, provider_reference, \
           order_reference, customer_id, in_parts, state, retry_at, created_at, updated_at) \
           SELECT i, 'razorpay', 'order', 'Q' || CAST(i AS TEXT), 'P' || CAST(i AS TEXT), \
           'O' || CAST(i AS TEXT), i, 0, CASE WHEN i % 100 = 0 THEN 'sent' ELSE 'paid' END, \
           CASE WHEN i % 100 = 0 THEN i END, 1, 1 FROM n";
    let asked = numbers(3000)
        + "INSERT INTO refund_requests (id, payment_id, reference, amount_paise, destination, \
           by_gateway, reason, state, told_as, attempts, retry_at, asked_as, version, created_at, \
           updated_at) SELECT i, i, 'F' || CAST(i AS TEXT), 1, 'source', 1, 'r', \
           CASE WHEN i % 100 = 0 THEN 'sent' ELSE 'processed' END, 'T' || CAST(i AS TEXT), 1, \
           CASE WHEN i % 100 = 0 THEN i END, 'm', 1, 1, 1 FROM n";
    let events = numbers(3000)
        + "INSERT INTO gateway_events (id, provider, event_id, kind, body, body_is_base64, \
           body_hash, headers, secret_no, state, attempts, retry_at, received_at) SELECT i, \
           'razorpay', 'E' || CAST(i AS TEXT), 'k', '{}', 0, \
           'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '{}', 0, \
           CASE WHEN i % 100 = 0 THEN 'failed' ELSE 'processed' END, 1, \
           CASE WHEN i % 100 = 0 THEN i END, i FROM n";
    let settlements = numbers(3000)
        + "INSERT INTO settlements SELECT i, 'razorpay', 'S' || CAST(i AS TEXT), 5, NULL, \
           20260901, 1 FROM n";
    for sql in [
        &payments,
        &log,
        issue,
        &allocations,
        &asked,
        &uses,
        &refunds,
        &disputes,
        &requests,
        &events,
        &settlements,
        &grants,
        &entitled,
    ] {
        execute(store, &[sql]).unwrap();
    }
}

/// Fills what reconciliation keeps: 3,000 comparisons that found an issue each.
fn fill_reconciliation(store: &Store) {
    let runs = numbers(3000)
        + "INSERT INTO reconciliations (id, day, run_no, status, total_issues, errors, warnings, \
           infos, new_issues, same_issues, gone_issues, bills, payments, actor, started_at, \
           finished_at) SELECT i, i, 1, 'clean', 1, 0, 0, 1, 1, 0, 0, 1, 1, 'a', 1, 1 FROM n";
    let issues = numbers(3000)
        + "INSERT INTO reconciliation_issues (id, fingerprint, kind, severity, payment_id, \
           subject, details, state, note, version, first_run_id, last_run_id, first_day, \
           last_day, created_at, updated_at) SELECT i, CAST(1000000 + i AS TEXT) || \
           'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', \
           CASE WHEN i % 100 = 0 THEN 'ours_only' ELSE 'duplicate' END, 'info', i, '', 'x', \
           CASE WHEN i % 100 = 0 THEN 'open' ELSE 'closed' END, 'n', 1, i, i, i, i, 1, 1 FROM n";
    let findings = numbers(3000)
        + "INSERT INTO reconciliation_findings (run_id, issue_id, severity, details, is_new) \
           SELECT i, i, 'info', 'x', 1 FROM n";
    execute(store, &[&runs, &issues, &findings].map(String::as_str)).unwrap();
}

/// Fills what signing in keeps: 3,000 people, 6,000 sessions, devices, attempts.
fn fill_people(store: &Store) {
    let people = numbers(3000)
        + "INSERT INTO people (id, login, name, role, customer_id, state, password_hash, \
           password_is_initial, sessions_from, created_at, updated_at) SELECT i, 'p' || \
           CAST(i AS TEXT), 'P', CASE WHEN i > 2 THEN 'customer' ELSE 'owner' END, \
           CASE WHEN i > 2 THEN i END, 'active', 'h', 0, 0, 0, 0 FROM n";
    let sessions = numbers(6000)
        + "INSERT INTO sessions (id, person_id, user_agent, address, with_second_factor, \
           created_at, proved_at, used_at, expires_at) SELECT 's' || CAST(i AS TEXT), \
           1 + i % 3000, '', '', 0, i, i, i, i + 7 FROM n";
    let tokens = numbers(6000)
        + "INSERT INTO refresh_tokens (token_hash, session_id, issued_at, expires_at) \
           SELECT 't' || CAST(i AS TEXT), 's' || CAST(i AS TEXT), i, i + 7 FROM n";
    let devices = numbers(6000)
        + "INSERT INTO known_devices SELECT 'd' || CAST(i AS TEXT), 1 + i % 3000, i, i FROM n";
    let attempts = numbers(6000)
        + "INSERT INTO sign_in_attempts (id, at, person_id, login, address, outcome) \
           SELECT i, i, 1 + i % 3000, '', '', 'x' FROM n";
    let failures = numbers(6000)
        + "INSERT INTO sign_in_failures SELECT 'l' || CAST(i AS TEXT), '*', 1, i, NULL FROM n";
    let notices = numbers(6000)
        + "INSERT INTO notices SELECT i, 1 + i % 3000, i, 'new_device', '{}', NULL FROM n";
    let all = [&people, &sessions, &tokens, &devices, &attempts, &failures, &notices];
    execute(store, &all.map(String::as_str)).unwrap();
}

/// Fills the tables: 3,000 customers, all of whose deliveries are on bills.
fn fill(store: &Store) {
    let customers = numbers(3000)
        + "INSERT INTO customers (id, code, name, opening_balance_paise, created_at, updated_at) \
           SELECT i, 'N' || CAST(i AS TEXT), 'N', 0, 0, 0 FROM n WHERE i > 3";
    let lines = numbers(3000)
        + "INSERT INTO bill_lines SELECT i, 1, 'delivery', 1, 'M', 'M', '', 'L', 4000, 1000, 0, 0, \
           400, 400, 0, 0, 0, 20260901, 20260904, 4 FROM n";
    let bills = numbers(3000)
        + "INSERT INTO bills (id, customer_id, month, kind, state, version, needs_rerun, bill_day, \
           interstate, taxable_paise, cgst_paise, sgst_paise, igst_paise, round_off_paise, \
           total_paise, previous_balance_paise, content_hash, created_at, updated_at) \
           SELECT i, i, 202609, 'regular', 'draft', 1, 0, 20260930, 0, 400, 0, 0, 0, 0, 400, 0, \
           'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 0, 0 FROM n";
    let deliveries = numbers(12_000)
        + "INSERT INTO deliveries (customer_id, day, shift, product_id, reference, \
           quantity_milli, status, import_id) SELECT 1 + i % 3000, 20260901 + i % 4, 1, 1, \
           'R' || CAST(i AS TEXT), 1000, 1, 1 FROM n";
    let link = "UPDATE deliveries SET bill_id = customer_id, line_no = 1";
    let orders = numbers(3000)
        + "INSERT INTO orders (id, reference, ordered_on, delivery_day, customer_id, product_id, \
           quantity_milli, status, import_id) SELECT i, 'O' || CAST(i AS TEXT), 20260901, \
           20260901, i, 1, 1000, 'delivered', 1 FROM n";
    let prices =
        numbers(3000) + "INSERT INTO customer_prices SELECT i, 1, 20260901, 1000, 1 FROM n";
    let months = numbers(3000) + "INSERT INTO unbilled_months SELECT i, 202609 FROM n";
    let entries = numbers(6000)
        + "INSERT INTO ledger_entries \
           (transaction_id, entry_no, account, customer_id, amount_paise) \
           SELECT (i + 1) / 2, 1 + i % 2, CASE WHEN i % 2 = 0 THEN \
           'receivable' ELSE 'opening_balances' END, CASE WHEN i % 2 = 0 THEN i / 2 END, \
           CASE WHEN i % 2 = 0 THEN 5 ELSE -5 END FROM n";
    let transactions = numbers(3000)
        + "INSERT INTO ledger_transactions (id, day, customer_id, cause, posted_at) \
           SELECT i, 20260901, i, 'opening_balance', 0 FROM n";
    let audit = numbers(3000)
        + "INSERT INTO audit (id, at, actor, person_id, action, table_name, record) \
           SELECT i, i, 'a', i % 50, 'draft', 'bills', CAST(i AS TEXT) FROM n";
    // Lines and entries are added with what seals them.
    let all: [&[&str]; 8] = [
        &[&customers],
        &[&lines, &bills],
        &[&deliveries],
        &[&orders],
        &[&prices],
        &[&months],
        &[&entries, &transactions],
        &[&audit],
    ];
    for statements in all {
        execute(store, statements).unwrap();
    }
    assert_eq!(execute(store, &[link]).unwrap(), 12_000);
    fill_people(store);
    fill_service(store);
    fill_payments(store);
    fill_reconciliation(store);
    if !store.is_sqlite() {
        // As the program reads in SQLite, which has no statistics; here it has the best ones.
        execute(store, &["ANALYZE"]).unwrap();
    }
}

/// Beginnings of queries that compare all books, which is what they are for.
const COMPARING: [&str; 12] = [
    "SELECT MAX(id) FROM bills",
    "SELECT COUNT(*) FROM",
    "SELECT b.id, COALESCE(b.number",
    "SELECT p.id, p.provider || ' '",
    "SELECT p.bank_reference, p.id",
    "SELECT p.id, b.id, b.number",
    "SELECT p.id, MIN(q.id)",
    "SELECT person_id, CAST(SUM(amount_paise)",
    "SELECT provider, reference, amount_paise, day FROM settlements",
    "SELECT s.provider, s.reference",
    "SELECT p.provider, r.told_at",
    "SELECT id, day, run_no, status",
];

/// The number of parameters of a text.
fn parameters(sql: &str) -> usize {
    (1..=30).rev().find(|n| sql.contains(&format!("${n}"))).unwrap_or(0)
}

/// The plan of a text as the bill run has it, with a set as small beside the tables as
/// 2,000 rows are beside millions.
fn plan(store: &Store, database: &Database, sql: &str) -> String {
    let mut sql = sql.to_owned();
    for n in 1..=30 {
        sql = sql.replace(&format!("${n}::bigint[]"), "array_fill(7::bigint, ARRAY[20])");
        sql = sql.replace(&format!("${n}::text[]"), "array_fill('x'::text, ARRAY[20])");
    }
    let params: Vec<Value<'_>> = if store.is_sqlite() {
        vec![Value::Int(1); parameters(&sql)]
    } else {
        let mut client = postgres::Client::connect(&database.url, postgres::NoTls).unwrap();
        let statement = client.prepare(&sql).unwrap();
        let value = |ty: &Type| match *ty {
            Type::TEXT | Type::VARCHAR => Value::Text("x"),
            _ => Value::Int(7),
        };
        statement.params().iter().map(value).collect()
    };
    let sets = sql.contains("UNNEST") && !sql.starts_with("SELECT");
    read(store, |tx| {
        tx.expect(if sets { Work::WriteSets } else { Work::ReadRanges })?;
        tx.plan(&sql, &params)
    })
}

/// Nodes of a plan of PostgreSQL that read a large table other than by a condition on an index.
fn unsought(plan: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines: Vec<&str> = plan.lines().collect();
    for (place, line) in lines.iter().enumerate() {
        let node = line.trim_start().trim_start_matches("->").trim_start();
        let scans = ["Seq Scan on ", "Index Scan ", "Index Only Scan ", "Bitmap Heap Scan on "];
        if !scans.iter().any(|scan| node.starts_with(scan)) {
            continue;
        }
        let table = node.split(" on ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
        let conditions = lines[place + 1..]
            .iter()
            .take_while(|next| !next.contains("->") || node.starts_with("Bitmap"));
        let sought = !node.starts_with("Seq")
            && conditions.into_iter().any(|next| next.contains("Index Cond:"));
        if LARGE.contains(&table) && !sought {
            found.push(node.to_owned());
        }
    }
    found
}

#[test]
fn every_query_for_a_part_goes_through_an_index() {
    on_both(|database| {
        let store = small(database);
        fill(&store);
        let mut seen = 0;
        for sql in store::all_queries(store.is_sqlite()) {
            // An index of few rows, read whole; that it is this one is seen below.
            let open_events = sql.contains("state <> 'received'");
            if open_events || COMPARING.iter().any(|start| sql.starts_with(start)) {
                continue;
            }
            if sql.contains("INSERT INTO") || WHOLE.iter().any(|start| is_whole(&sql, start)) {
                continue;
            }
            seen += 1;
            let plan = plan(&store, database, &sql);
            if store.is_sqlite() {
                let scans = plan.lines().filter(|line| {
                    line.starts_with("SCAN") && !line.starts_with("SCAN CONSTANT ROW")
                });
                assert_eq!(scans.count(), 0, "{sql}\n{plan}");
            } else {
                assert_eq!(unsought(&plan), Vec::<String>::new(), "{sql}\n{plan}");
            }
        }
        assert!(seen > 40, "{seen}");
    });
}

/// A query that begins so and asks for no part.
fn is_whole(sql: &str, start: &str) -> bool {
    sql.starts_with(start) && !sql.contains("BETWEEN $") && !sql.contains("= $")
}

#[test]
fn the_indexes_are_the_ones_that_were_made_for_it() {
    on_both(|database| {
        let store = small(database);
        fill(&store);
        let queries = store::all_queries(store.is_sqlite());
        for (parts, index) in [
            (&["FROM deliveries d", "d.reference <> ''"][..], "deliveries_by_reference"),
            (&["FROM orders o", "o.delivery_day BETWEEN $3"], "orders_by_customer"),
            (&["FROM bills", "month = $1 AND customer_id BETWEEN"], "bills_by_month"),
            (&["FROM ledger_entries", "customer_id BETWEEN", "GROUP BY"], "ledger_entries_receiv"),
            (&["FROM ledger_entries r JOIN", "r.customer_id BETWEEN"], "ledger_entries_receivable"),
            (&["FROM payments p", "p.id IN (SELECT t.pay"], "ledger_entries_receivable"),
            (&["FROM payments p", "n.captured_paise = 0"], "payments_without_money"),
            (&["FROM payments", "customer_id BETWEEN", "free_paise > 0"], "payments_free"),
            (&["FROM payments p", "free_paise > 0", "+p.received_day"], "payments_free"),
            (&["FROM bills", "state IN ('issued', 'part-paid')", "paid_paise"], "bills_open"),
            (&["FROM customers c", "BETWEEN", "opening_balance_paise < 0"], "customers_in_credit"),
            (&["FROM entitlements e", "e.closed = 0"], "entitlements_open"),
            (&["FROM entitlements", "until_at <= $1"], "entitlements_open"),
            (&["FROM entitlement_grants g WHERE g.cust"], "entitlement_grants_by_customer"),
            (&["FROM payments p", "p.plan_code = $1"], "payments_by_plan"),
            (&["FROM payments p", "plan_code IS NOT NULL AND p.customer_id"], "payments_for_plans"),
            (&["FROM customers", "'prepaid'", "route = $1"], "customers_prepaid"),
            (&["FROM gateway_events WHERE retry_at <="], "gateway_events_waiting"),
            (&["FROM payment_requests WHERE retry_at <="], "payment_requests_due"),
            (&["FROM refund_requests WHERE retry_at <="], "refund_requests_due"),
            (&["FROM refund_requests", "payment_id = $1 AND id <> $2"], "refund_requests_by_pay"),
            (&["FROM payment_requests r", "r.customer_id = $5"], "payment_requests_by_customer"),
            (&["FROM gateway_events WHERE id <", "state = 'received'"], "gateway_events_open"),
            (&["FROM gateway_events", "state <> 'received'"], "gateway_events_"),
            (&["received_at FROM gateway_events", "provider ="], "gateway_events_by_provider"),
            (&["FROM gateway_events", "GROUP BY provider, state"], "gateway_events_left"),
            (&["FROM ledger_entries", "WHERE person_id = $1"], "ledger_entries_by_person"),
            (&["FROM reconciliation_issues i CR"], "reconciliation_issues_by_kind"),
            (&["FROM hand_overs h", "h.giver_id = $3"], "hand_overs_by_giver"),
            (&["FROM audit", "table_name = $1"], "audit_by_record"),
            (&["FROM audit", "record = $10"], "audit_by_record"),
            (&["FROM jobs", "state = 'waiting' AND run_at <= $1"], "jobs_due"),
            (&["FROM jobs", "leased_until < $1"], "jobs_leased"),
            (&["FROM jobs", "state = $4"], "jobs_by_state"),
            (&["FROM jobs", "finished_at < $1"], "jobs_by_end"),
            (&["FROM jobs", "unique_key = $2"], "jobs_unfinished_once"),
            (&["FROM jobs j", "finished_at IS NULL"], "jobs_unfinished_once"),
            (&["FROM idempotency_keys WHERE kept_at"], "idempotency_keys_by_time"),
            (&["FROM sign_in_attempts WHERE at"], "sign_in_attempts_by_time"),
            (&["FROM sign_in_failures WHERE failed_at"], "sign_in_failures_by_time"),
            (&["FROM refresh_tokens", "session_id ="], "refresh_tokens_by_session"),
            (&["FROM notices WHERE person_id"], "notices_by_person"),
            (&["FROM notices WHERE at"], "notices_by_time"),
            (&["FROM bill_runs"], "bill_runs_by_month"),
            (&["FROM people", "role = 'owner'"], "people_by_role"),
            (&["FROM sessions WHERE person_id"], "sessions_by_person"),
            (&["FROM known_devices WHERE person_id", "NOT IN"], "known_devices_by_person"),
            (&["FROM sign_in_attempts WHERE person_id"], "sign_in_attempts_by_person"),
        ] {
            let wanted = |sql: &&String| parts.iter().all(|part| sql.contains(part));
            let found: Vec<_> = queries.iter().filter(wanted).collect();
            assert!(!found.is_empty(), "{parts:?}");
            for sql in found {
                let plan = plan(&store, database, sql);
                assert!(plan.contains(index), "{index} is not used by\n{sql}\n{plan}");
            }
        }
    });
}

/// The links of a new month, when all that the statistics know is a month that is billed whole.
#[test]
fn linking_a_new_month_does_not_read_the_old_ones() {
    on_both(|database| {
        let store = small(database);
        fill(&store);
        let queries = store::all_queries(store.is_sqlite());
        let links: Vec<_> =
            queries.iter().filter(|sql| sql.contains("UPDATE deliveries SET bill_id")).collect();
        assert_eq!(links.len(), 2, "link and unlink");
        for sql in links {
            let plan = plan(&store, database, sql);
            let sought = if store.is_sqlite() {
                "SEARCH deliveries USING PRIMARY KEY (customer_id=? AND day>? AND day<?)"
            } else {
                "Index Cond: ((customer_id = u"
            };
            assert!(plan.contains(sought), "{sql}\n{plan}");
            assert!(store.is_sqlite() || unsought(&plan).is_empty(), "{sql}\n{plan}");
        }
    });
}

/// A list of deliveries over many customers walks from customer to customer in the order of the
/// key; without an index by day it must not read the days before.
#[test]
fn deliveries_are_listed_in_the_order_of_their_key() {
    on_both(|database| {
        let store = small(database);
        fill(&store);
        let queries = store::all_queries(store.is_sqlite());
        let sql = queries
            .iter()
            .find(|sql| {
                sql.contains(
                    "FROM customers c CROSS JOIN deliveries d \
            CROSS JOIN products p",
                )
            })
            .unwrap();
        let plan = plan(&store, database, sql);
        if store.is_sqlite() {
            let sought = "SEARCH d USING PRIMARY KEY (customer_id=? AND day>? AND day<?)";
            assert!(plan.contains(sought), "{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        } else {
            assert!(plan.contains("deliveries_pkey"), "{plan}");
            assert!(plan.contains("Index Cond: ((customer_id = c.id) AND (ROW("), "{plan}");
            assert!(plan.contains(" AND (day >="), "{plan}");
            assert_eq!(unsought(&plan), Vec::<String>::new(), "{plan}");
        }
    });
}

/// Searches of the audit trail by person and by time, when nothing else is asked.
#[test]
fn the_newest_audit_rows_are_read_in_the_order_of_their_index() {
    on_both(|database| {
        let store = small(database);
        fill(&store);
        let queries = store::all_queries(store.is_sqlite());
        for (part, index) in [
            ("FROM audit WHERE person_id = $8", "audit_by_person"),
            ("FROM audit WHERE at >=", "audit_by_time"),
        ] {
            let sql = queries.iter().find(|sql| sql.contains(part)).unwrap();
            let number = |n: i64| Value::Int(n);
            let mut params = vec![number(0), number(i64::MAX), number(i64::MAX), number(i64::MAX)];
            params.extend([Value::Null, Value::Null, number(1), number(7)]);
            params.truncate(parameters(sql));
            let plan = read(&store, |tx| tx.plan(sql, &params));
            assert!(plan.contains(index), "{sql}\n{plan}");
            assert!(!plan.to_lowercase().contains("sort"), "{sql}\n{plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{sql}\n{plan}");
        }
    });
}
