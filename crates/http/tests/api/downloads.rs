//! Files that are written while they are sent.

use crate::kit::{Api, blocking, each, once};
use app::AppError;
use app::ledger::{Format, export};
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use domain::access::Role;

/// Rows whose report is longer than all parts that wait to be sent.
const MANY: usize = 12_000;

/// Writes many audit rows.
fn trace(api: &Api) {
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY}) \
         INSERT INTO audit (id, at, actor, action, table_name, record, after) \
         SELECT 100000 + i, i, 'test', 'change', 'customers', 'C-' || CAST(i AS TEXT), \
         '{{\"name\":\"the long, \\\"quoted\\\" one\"}}' FROM n"
    );
    let written = blocking(|| api.store.write(|tx| Ok::<_, AppError>(tx.execute(&sql, &[])?)));
    assert_eq!(written.unwrap(), MANY as u64);
}

async fn begin(api: &Api, path: &str, token: &str) -> Response {
    let request = Request::builder().uri(path).header("authorization", format!("Bearer {token}"));
    api.raw(request.body(Body::empty()).unwrap()).await
}

#[test]
fn the_journal_is_what_the_command_writes() {
    each(async |api| {
        let owner = api.person(Role::Owner, None);
        api.dairy(&owner).await;
        for role in [Role::Owner, Role::Accountant] {
            let token = if role == Role::Owner { owner.clone() } else { api.person(role, None) };
            for (format, media_type) in [
                (Format::Csv, "text/csv"),
                (Format::Hledger, "text/plain"),
                (Format::Beancount, "text/plain"),
            ] {
                let word = format.as_str();
                let path = format!("/api/v1/ledger/export?format={word}");
                let reply = api.get(&path, &token).await;
                let mut expected = Vec::new();
                blocking(|| export(&api.store, format, &mut expected)).unwrap();
                assert_eq!(reply.ok(200).text, String::from_utf8(expected).unwrap());
                assert!(reply.text.contains("100.00"), "{}", reply.text);
                assert_eq!(reply.header("content-type"), format!("{media_type}; charset=utf-8"));
                let name = format!("attachment; filename=\"ledger.{word}\"");
                assert_eq!(reply.header("content-disposition"), name);
            }
        }
        for query in ["", "?format=", "?format=xml", "?format=csv&x=1"] {
            let path = format!("/api/v1/ledger/export{query}");
            api.get(&path, &owner).await.refused(400, "bad_request");
        }
    });
}

#[test]
fn a_long_report_is_sent_in_parts_and_whole() {
    each(async |api| {
        let token = api.person(Role::Owner, None);
        trace(api);
        let path = "/api/v1/audit/report?table=customers";
        let reply = api.get(path, &token).await;
        assert_eq!(reply.ok(200).text.lines().count(), MANY + 1);
        assert!(reply.text.starts_with("id,at,actor,role,"), "{}", &reply.text[..100]);
        assert!(reply.text.len() > 1_000_000, "{}", reply.text.len());
        // Its length is not known when it begins.
        assert_eq!(reply.header("content-length"), "");
        let none = api.get("/api/v1/audit/report?table=none", &token).await;
        assert_eq!(none.ok(200).text.lines().count(), 1);
        api.get("/api/v1/audit/report?record=C-1", &token).await.refused(400, "bad_request");
    });
}

#[test]
fn two_at_a_time_and_who_goes_away_makes_room() {
    once(async |api| {
        let token = api.person(Role::Owner, None);
        trace(api);
        let path = "/api/v1/audit/report";
        let unread = [begin(api, path, &token).await, begin(api, path, &token).await];
        assert!(unread.iter().all(|reply| reply.status() == 200));
        let third = api.get(path, &token).await;
        third.refused(429, "too_many_requests");
        assert_eq!(third.header("retry-after"), "10");
        // Other requests go on meanwhile.
        api.get("/api/v1/customers", &token).await.ok(200);
        drop(unread);
        let mut tries = 0;
        while begin(api, path, &token).await.status() != 200 {
            tries += 1;
            assert!(tries < 500, "there is no room");
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
}
