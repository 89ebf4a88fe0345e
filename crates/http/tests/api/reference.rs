//! What is said about the API is what it does: the committed reference, and the pages it shows.

use crate::kit::once;
use std::fs;
use std::path::PathBuf;

/// Compares a file of the reference, or writes it when `DAIRYOS_WRITE_REFERENCE` is set.
fn is_current(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference").join(name);
    if option_env!("DAIRYOS_WRITE_REFERENCE").is_some() {
        fs::write(&path, text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let how = "DAIRYOS_WRITE_REFERENCE=1 cargo test -p dairyos-http --test api reference";
    assert!(kept == text, "docs/reference/{name} is stale; write it anew by: {how}");
}

#[test]
fn the_description_is_committed() {
    is_current("openapi.json", &(http_api::description().to_pretty_json().unwrap() + "\n"));
}

#[test]
fn the_errors_are_committed() {
    is_current("errors.md", &http_api::problem::reference());
}

#[test]
fn the_permissions_are_committed() {
    let text = format!(
        "# Permissions\n\nWho may do what. The words are also the scopes of keys. This page is \
         generated; a test says when it is stale.\n\n{}",
        domain::access::table()
    );
    is_current("permissions.md", &text);
}

#[test]
fn pages_come_without_a_foreign_host() {
    once(async |api| {
        for path in ["/api/docs", "/api/docs/api.js", "/api/openapi.json", "/api/docs/errors"] {
            let reply = api.get(path, "").await;
            reply.ok(200);
            for beginning in ["src=\"http", "href=\"http", "url(http", "import(\"http"] {
                assert!(!reply.text.contains(beginning), "{path} loads from elsewhere");
            }
        }
        assert_eq!(api.get("/healthz", "").await.ok(200).text, "ok\n");
        assert_eq!(api.get("/readyz", "").await.ok(200).text, "ready\n");
    });
}
