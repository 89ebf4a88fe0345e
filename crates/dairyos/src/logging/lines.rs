//! Events as lines: JSON objects for programs, or texts for people.
//!
//! It deliberately writes every event as exactly one line, whatever its values hold, so that
//! nobody can make up lines of the log.

use super::scrub;
use crate::settings::LogFormat;
use domain::calendar::Moment;
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt::{Debug, Write as _};
use std::io::Write as _;
use std::ops::Range;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber, span};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope, SpanRef};

/// The longest value, in bytes; the rest of it is left out.
const MAX_VALUE_BYTES: usize = 8 * 1024;
/// The field that holds the text of an event.
const MESSAGE: &str = "message";
/// Fields that a line of a request has, for which room is made at once.
const FIELDS: usize = 16;
/// Bytes of values for which room is made at once.
const VALUES_BYTES: usize = 256;
/// Bytes of a line for which room is made at once: about twice the line of a request.
const LINE_BYTES: usize = 1024;
/// Members every line has; a field of such a name is written with `field.` before it.
const RESERVED: [&str; 3] = ["timestamp", "level", "target"];

/// Fields of a span or an event, without secrets, in the order in which they were recorded. Their
/// values are kept as the JSON in which they are written, one behind the other: a request has a
/// dozen of them, and its line is put together once.
#[derive(Debug)]
struct Fields {
    names: Vec<(Cow<'static, str>, Range<usize>)>,
    json: Vec<u8>,
}

impl Default for Fields {
    /// None, with room for those of a request.
    fn default() -> Self {
        Self { names: Vec::with_capacity(FIELDS), json: Vec::with_capacity(VALUES_BYTES) }
    }
}

impl Fields {
    /// Puts what `write` adds behind the values that are there.
    fn put(&mut self, field: &Field, write: impl FnOnce(&mut Vec<u8>)) {
        let name = field.name();
        // Names that begin like this are how the `log` crate passes on where a line came from.
        if name.starts_with("log.") {
            return;
        }
        let from = self.json.len();
        if scrub::is_secret_name(name) {
            quote(&mut self.json, scrub::REMOVED);
        } else {
            write(&mut self.json);
        }
        let value = from..self.json.len();
        let reserved = RESERVED.contains(&name);
        let name = if reserved { format!("field.{name}").into() } else { Cow::Borrowed(name) };
        match self.names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, kept)) => *kept = value,
            None => self.names.push((name, value)),
        }
    }

    /// Puts a text without secrets, and of a limited length.
    fn put_text(&mut self, field: &Field, text: &str) {
        self.put(field, |json| quote(json, cut(&scrub::secrets(cut(text)))));
    }

    /// Puts a value that JSON has too.
    fn put_plain(&mut self, field: &Field, value: impl Serialize) {
        // Writing to memory does not fail.
        self.put(field, |json| serde_json::to_writer(json, &value).unwrap_or_default());
    }

    /// The fields with their values as JSON.
    fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let value = |range: &Range<usize>| self.json.get(range.clone()).unwrap_or_default();
        self.names.iter().map(move |(name, range)| (&**name, value(range)))
    }
}

/// Adds a text in quotes.
fn quote(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).unwrap_or_default();
}

/// At most so many bytes of a text.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_VALUE_BYTES)).unwrap_or_default()
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put_plain(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put_plain(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put_plain(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put_plain(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put_text(field, &value.to_string());
    }
}

/// One line. The message and the values are JSON.
struct Line<'a> {
    /// UTC, to the microsecond (RFC 3339).
    timestamp: String,
    level: &'static str,
    message: &'a [u8],
    target: &'a str,
    fields: Vec<(&'a str, &'a [u8])>,
}

impl Line<'_> {
    fn json(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(LINE_BYTES);
        line.extend_from_slice(b"{\"timestamp\":\"");
        line.extend_from_slice(self.timestamp.as_bytes());
        line.extend_from_slice(b"\",\"level\":\"");
        line.extend_from_slice(self.level.as_bytes());
        line.extend_from_slice(b"\",\"message\":");
        line.extend_from_slice(self.message);
        line.extend_from_slice(b",\"target\":");
        quote(&mut line, self.target);
        for (name, value) in &self.fields {
            line.push(b',');
            quote(&mut line, name);
            line.push(b':');
            line.extend_from_slice(value);
        }
        line.push(b'}');
        line
    }

    fn text(&self) -> Vec<u8> {
        let Self { timestamp, level, target, fields, .. } = self;
        let message: String = serde_json::from_slice(self.message).unwrap_or_default();
        let mut line = format!("{timestamp} {level:>5} {target}: {}", visible(&message));
        for (name, value) in fields {
            let value = String::from_utf8_lossy(value);
            let bare = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            let value = match bare {
                Some(text) if is_plain(text) => text.to_owned(),
                // Quoted and escaped, as in JSON.
                _ => visible(&value),
            };
            let _ = write!(line, " {name}={value}");
        }
        line.into_bytes()
    }
}

/// Whether a value can be told from what surrounds it without quotes.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._-/:{}".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

/// Whether a character moves the cursor, ends the line or turns its direction.
fn is_unruly(c: char) -> bool {
    let turns = ['\u{200e}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2066}'..='\u{2069}'];
    c.is_control() || turns.iter().any(|range| range.contains(&c))
}

/// A text in which such characters are escaped.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unruly(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Writes events as lines.
pub struct Lines<W> {
    format: LogFormat,
    now: fn() -> Moment,
    out: W,
}

impl<W> Lines<W> {
    /// Lines of a format, at the times of a clock.
    pub fn new(format: LogFormat, now: fn() -> Moment, out: W) -> Self {
        Self { format, now, out }
    }
}

fn rfc3339(moment: Moment) -> String {
    let time = Timestamp::from_microsecond(moment.unix_micros()).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.6}")
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attrs: &span::Attributes<'_>, id: &span::Id, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        attrs.record(&mut fields);
        if let Some(span) = ctx.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        // Fields of the request and of the task stand at the top of every line within them; the
        // inner win over the outer.
        let spans: Vec<_> = ctx.event_scope(event).into_iter().flat_map(Scope::from_root).collect();
        let spans: Vec<_> = spans.iter().map(SpanRef::extensions).collect();
        let outer = spans.iter().filter_map(|span| span.get::<Fields>());
        let mut fields: Vec<(&str, &[u8])> = Vec::with_capacity(FIELDS);
        let mut message: &[u8] = b"\"\"";
        for (name, value) in outer.flat_map(Fields::all).filter(|(name, _)| *name != MESSAGE) {
            place(&mut fields, name, value);
        }
        for (name, value) in own.all() {
            if name == MESSAGE {
                message = value;
            } else {
                place(&mut fields, name, value);
            }
        }
        let metadata = event.metadata();
        let line = Line {
            timestamp: rfc3339((self.now)()),
            level: metadata.level().as_str(),
            message,
            target: metadata.target(),
            fields,
        };
        let mut line = match self.format {
            LogFormat::Json => line.json(),
            LogFormat::Text => line.text(),
        };
        line.push(b'\n');
        // One write a line, so that lines of several threads do not mix. Where standard error is
        // gone, there is nowhere to say so.
        let _ = self.out.make_writer_for(metadata).write_all(&line);
    }
}

/// Puts a field among the others, in the place of one of its name.
fn place<'a>(fields: &mut Vec<(&'a str, &'a [u8])>, name: &'a str, value: &'a [u8]) {
    match fields.iter_mut().find(|(known, _)| *known == name) {
        Some((_, kept)) => *kept = value,
        None => fields.push((name, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing::{error, error_span, info};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, work: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let out = buffer.clone();
        let now = || Moment::from_unix_micros(1_793_000_000_000_007);
        let lines = Lines::new(format, now, move || out.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    fn json(work: impl FnOnce()) -> Value {
        let text = logged(LogFormat::Json, work);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_line_holds_the_fields_of_its_spans() {
        let line = json(|| {
            let request =
                error_span!("request", request_id = "r-1", user_id = tracing::field::Empty);
            request.record("user_id", "person:7");
            let _request = request.enter();
            let _task = error_span!("task", task_id = 12, request_id = "r-2").entered();
            info!(target: "dairyos::access", status = 200, ratio = 0.5, ok = true, "done {}", 1);
        });
        assert_eq!(
            line,
            serde_json::json!({
                "timestamp": "2026-10-26T07:33:20.000007Z", "level": "INFO", "message": "done 1",
                "target": "dairyos::access", "request_id": "r-2", "user_id": "person:7",
                "task_id": 12, "status": 200, "ratio": 0.5, "ok": true,
            })
        );
    }

    #[test]
    fn nobody_can_make_up_a_line() {
        let nasty = "x\n{\"level\":\"INFO\"}\r\u{1b}[2J\u{2028}\u{202e}\"";
        let line = json(|| info!(nasty, "{nasty}"));
        assert_eq!((line["nasty"].as_str(), line["message"].as_str()), (Some(nasty), Some(nasty)));
        let text = logged(LogFormat::Text, || info!(nasty, "{nasty}"));
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let inside = text.trim_end_matches('\n');
        assert!(!inside.chars().any(|c| c.is_control() || "\u{2028}\u{202e}".contains(c)));
        assert!(text.starts_with("2026-10-26T07:33:20.000007Z  INFO dairyos::"), "{text}");
    }

    #[test]
    fn no_field_takes_the_place_of_a_member() {
        let line = json(|| info!(timestamp = "x", level = "y", target = "z", "done"));
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["field.level"], "y");
        assert_eq!(line["field.timestamp"], "x");
    }

    #[test]
    fn secrets_are_not_logged() {
        let headers = all_headers();
        for format in [LogFormat::Json, LogFormat::Text] {
            let text = logged(format, || {
                let _span = error_span!("sign_in", password = "hunter2", login = "meena").entered();
                error!(token = 5, body = ?headers, url = "/x?code=hunter2&a=1", "secret=hunter2");
                info!(?headers, "Authorization: Bearer hunter2");
            });
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("meena") && text.contains("a=1"), "{text}");
        }
    }

    /// Headers as they look when somebody logs them whole.
    fn all_headers() -> std::collections::BTreeMap<&'static str, &'static str> {
        scrub::HEADERS.iter().map(|name| (*name, "v1=hunter2; Basic hunter2")).collect()
    }

    #[test]
    fn long_values_are_cut() {
        let long = "₹".repeat(MAX_VALUE_BYTES);
        let line = json(|| info!(long, "done"));
        assert!(line["long"].as_str().unwrap().len() <= MAX_VALUE_BYTES);
    }
}
