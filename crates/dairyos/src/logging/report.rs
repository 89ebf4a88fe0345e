//! Reports of errors to Sentry, when the settings name one.
//!
//! It deliberately sends as little as serves to find a fault: no headers with keys or signatures,
//! no cookies, no bodies, nobody's telephone number, e-mail or UPI address. What cannot be cleaned
//! is not sent.

use super::{PANIC_TARGET, scrub};
use crate::settings::Sentry;
use sentry::integrations::tracing::{BreadcrumbLayer, ErrorLayer};
use sentry::protocol::{Breadcrumb, Event};
use sentry::{ClientOptions, Level};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// How long the end of the program waits for reports that are not sent yet.
const SHUTDOWN: Duration = Duration::from_secs(2);
/// Members of a request that are never sent.
const NEVER_SENT: [&str; 4] = ["data", "cookies", "query_string", "env"];
/// Members that hold no text of people: ids, places in the program, versions.
const KEPT: [&str; 17] = [
    "event_id",
    "trace_id",
    "span_id",
    "parent_span_id",
    "request_id",
    "timestamp",
    "release",
    "filename",
    "abs_path",
    "function",
    "symbol",
    "module",
    "package",
    "instruction_addr",
    "image_addr",
    "symbol_addr",
    "sdk",
];

/// The options of the reports; nothing when no DSN is set.
pub fn options(settings: &Sentry, version: &'static str) -> Result<Option<ClientOptions>, String> {
    let Some(dsn) = settings.dsn.given() else { return Ok(None) };
    let dsn = dsn.parse().map_err(|_| "sentry.dsn is no DSN".to_owned())?;
    let mut options = clean_options()
        .release(format!("dairyos@{version}"))
        .environment(settings.environment.clone())
        .sample_rate(settings.sample_rate)
        .shutdown_timeout(SHUTDOWN);
    options.dsn = Some(dsn);
    Ok(Some(options))
}

/// Options under which nothing leaves uncleaned. Logs and metrics of Sentry are not compiled in.
fn clean_options() -> ClientOptions {
    let mut options = ClientOptions::new().send_default_pii(false);
    // The name of the machine is often that of its owner.
    options.server_name = Some("".into());
    options.before_send = Some(Arc::new(event));
    options.before_breadcrumb = Some(Arc::new(breadcrumb));
    options
}

/// Makes reports of errors that are logged, and notes what was logged before them. Panics are
/// reported by the library, so their lines are not.
pub fn layer<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let error = |metadata: &Metadata<'_>| {
        *metadata.level() == tracing::Level::ERROR && metadata.target() != PANIC_TARGET
    };
    // Levels are ordered from the coarse to the fine.
    let before = |metadata: &Metadata<'_>| {
        (tracing::Level::WARN..=tracing::Level::INFO).contains(metadata.level())
            || metadata.is_span()
    };
    let reports = ErrorLayer::new()
        .enable_span_attributes()
        .with_filter(filter_fn(move |data| data.is_span() || error(data)));
    reports.and_then(BreadcrumbLayer::new().with_filter(filter_fn(before)))
}

fn event(mut event: Event<'static>) -> Option<Event<'static>> {
    event.server_name = None;
    if event.level == Level::Debug {
        return None;
    }
    cleaned(&event)
}

#[expect(clippy::needless_pass_by_value, reason = "the library hands it over")]
fn breadcrumb(breadcrumb: Breadcrumb) -> Option<Breadcrumb> {
    cleaned(&breadcrumb)
}

/// The same without what must not leave; nothing when it cannot be read back.
fn cleaned<T: Serialize + DeserializeOwned>(whole: &T) -> Option<T> {
    let mut value = serde_json::to_value(whole).ok()?;
    clean(&mut value);
    serde_json::from_value(value).ok()
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = scrub::personal(text),
        Value::Array(values) => values.iter_mut().for_each(clean),
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| {
            clean_member(name, value);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn clean_member(name: &str, value: &mut Value) {
    match (name, &mut *value) {
        ("request", Value::Object(request)) => {
            request.retain(|name, _| !NEVER_SENT.contains(&name.as_str()));
            if let Some(Value::String(url)) = request.get_mut("url") {
                *url = url.split(['?', '#']).next().unwrap_or_default().to_owned();
            }
        }
        ("user", Value::Object(user)) => user.retain(|name, _| name == "id"),
        // Values of variables, should a build ever record them.
        ("vars", Value::Object(vars)) => *vars = Map::new(),
        _ => {}
    }
    if KEPT.contains(&name) {
        return;
    }
    if scrub::is_secret_name(name) {
        *value = Value::from(scrub::REMOVED);
        return;
    }
    clean(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentry::protocol::{Exception, Request, User};
    use sentry::test::with_captured_envelopes_options;
    use tracing_subscriber::layer::SubscriberExt;

    const PRIVATE: [&str; 5] =
        ["hunter2", "98123 00001", "9812300001", "lata@okaxis", "lata@example.org"];

    fn sent(work: impl FnOnce()) -> (String, Vec<Event<'static>>) {
        let envelopes = with_captured_envelopes_options(work, clean_options());
        let mut bytes = Vec::new();
        for envelope in &envelopes {
            envelope.to_writer(&mut bytes).unwrap();
        }
        let events = envelopes.iter().filter_map(|envelope| envelope.event().cloned()).collect();
        (String::from_utf8(bytes).unwrap(), events)
    }

    fn assert_clean(text: &str) {
        for word in PRIVATE {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }

    fn nasty() -> String {
        format!("password=hunter2 of {}", PRIVATE[1..].join(", "))
    }

    #[test]
    fn requests_leave_without_keys_and_bodies() {
        let (text, events) = sent(|| {
            let mut request = Request {
                url: Some("https://books.example.org/api/v1/bills?token=hunter2".parse().unwrap()),
                method: Some("POST".to_owned()),
                data: Some("{\"any\":\"hunter2\"}".to_owned()),
                query_string: Some("any=hunter2".to_owned()),
                cookies: Some("any=hunter2".to_owned()),
                ..Request::default()
            };
            for name in scrub::HEADERS {
                request.headers.insert(name.to_owned(), "hunter2".to_owned());
                request.headers.insert(name.to_uppercase(), "hunter2".to_owned());
            }
            request.headers.insert("host".to_owned(), "books.example.org".to_owned());
            request.env.insert("ANY".to_owned(), "hunter2".to_owned());
            let user = User {
                id: Some("person:7".to_owned()),
                email: Some("lata@example.org".to_owned()),
                username: Some("hunter2".to_owned()),
                ..User::default()
            };
            let exception =
                Exception { ty: "E".to_owned(), value: Some(nasty()), ..Exception::default() };
            let mut event = Event {
                request: Some(request),
                user: Some(user),
                message: Some(nasty()),
                exception: vec![exception].into(),
                ..Event::default()
            };
            event.extra.insert("notes".to_owned(), nasty().into());
            event.extra.insert("api_key".to_owned(), "hunter2".into());
            event.tags.insert("route".to_owned(), "/api/v1/bills".to_owned());
            sentry::capture_event(event);
        });
        assert_clean(&text);
        let request = events[0].request.as_ref().unwrap();
        assert_eq!(
            request.url.as_ref().unwrap().as_str(),
            "https://books.example.org/api/v1/bills"
        );
        assert_eq!(request.headers["host"], "books.example.org");
        assert_eq!(events[0].user.as_ref().unwrap().id.as_deref(), Some("person:7"));
        assert_eq!(events[0].tags["route"], "/api/v1/bills");
        assert_eq!(events[0].exception.values[0].ty, "E");
    }

    #[test]
    fn what_was_logged_leaves_clean() {
        let (text, events) = sent(|| {
            let subscriber = tracing_subscriber::registry().with(layer());
            tracing::subscriber::with_default(subscriber, || {
                tracing::info!(phone = "9812300001", token = "hunter2", "paid by lata@okaxis");
                tracing::debug!("hunter2");
                tracing::error!(target: PANIC_TARGET, "panic: told by itself");
                let request = tracing::error_span!("request", password = "hunter2", route = "/x");
                let _request = request.entered();
                tracing::error!(error = nasty(), "it failed: {}", nasty());
            });
        });
        assert_clean(&text);
        assert_eq!(events.len(), 1, "{events:?}");
        assert!(events[0].message.as_deref().unwrap().starts_with("it failed"));
        assert_eq!(events[0].breadcrumbs.values.len(), 1);
    }

    #[test]
    fn without_a_dsn_nothing_is_reported() {
        let settings = |dsn: &str| Sentry {
            dsn: serde_json::from_value(dsn.into()).unwrap(),
            environment: "test".to_owned(),
            sample_rate: 0.5,
        };
        assert!(options(&settings(""), "1.0.0").unwrap().is_none());
        let some =
            options(&settings("https://key@sentry.example.org/1"), "1.0.0").unwrap().unwrap();
        assert_eq!(some.release.as_deref(), Some("dairyos@1.0.0"));
        assert!(!some.send_default_pii);
        let said = options(&settings("hunter2"), "1.0.0").unwrap_err();
        assert!(!said.contains("hunter2"));
    }
}
