//! Lines of requests, gathered for a moment and written together: a write for each request costs as
//! much as reading what it asks for.
//!
//! It deliberately gathers nothing else: warnings, errors and what happens once are written at
//! once, behind what was gathered before. Only a kill of the process loses the lines of the last
//! moment.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for others.
const GATHER_FOR: Duration = Duration::from_millis(10);
/// Bytes after which nothing waits.
const MOST_BYTES: usize = 64 * 1024;

/// What was gathered, and where it goes.
struct Inner<W> {
    lines: Vec<u8>,
    out: W,
    ended: bool,
}

impl<W: Write> Inner<W> {
    fn write_out(&mut self) -> io::Result<()> {
        let written = self.out.write_all(&self.lines);
        self.lines.clear();
        written
    }
}

struct Shared<W> {
    inner: Mutex<Inner<W>>,
    changed: Condvar,
}

impl<W> Shared<W> {
    fn lock(&self) -> MutexGuard<'_, Inner<W>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place for lines, of which those with one target are gathered.
pub struct Gathered<W> {
    shared: Arc<Shared<W>>,
    target: &'static str,
}

/// Writes what is left when it is dropped.
pub struct Rest(Option<Box<dyn FnOnce() + Send>>);

impl Drop for Rest {
    fn drop(&mut self) {
        if let Some(write) = self.0.take() {
            write();
        }
    }
}

impl<W: Write + Send + 'static> Gathered<W> {
    /// Gathers the lines of a target on their way to `out`, on a thread of its own. Without one,
    /// every line is written at once.
    pub fn new(target: &'static str, out: W) -> (Self, Rest) {
        let inner = Mutex::new(Inner { lines: Vec::new(), out, ended: false });
        let shared = Arc::new(Shared { inner, changed: Condvar::new() });
        let writing = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("log".to_owned());
        let alone = thread.spawn(move || write_together(&writing)).is_err();
        shared.lock().ended = alone;
        let last = Arc::clone(&shared);
        let rest = move || {
            let mut inner = last.lock();
            inner.ended = true;
            // Where the output is gone, there is nowhere to say so.
            let _ = inner.write_out();
            last.changed.notify_all();
        };
        (Self { shared, target }, Rest(Some(Box::new(rest))))
    }
}

/// Writes what has been gathered, until the end.
fn write_together<W: Write>(shared: &Shared<W>) {
    loop {
        let mut inner = shared.lock();
        while inner.lines.is_empty() && !inner.ended {
            inner = shared.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        if inner.ended {
            return;
        }
        drop(inner);
        std::thread::sleep(GATHER_FOR);
        let _ = shared.lock().write_out();
    }
}

/// Takes one line.
pub struct OneLine<'a, W> {
    shared: &'a Shared<W>,
    waits: bool,
}

impl<W: Write> Write for OneLine<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut inner = self.shared.lock();
        let was_empty = inner.lines.is_empty();
        inner.lines.extend_from_slice(line);
        if !self.waits || inner.ended || inner.lines.len() >= MOST_BYTES {
            inner.write_out()?;
        } else if was_empty {
            self.shared.changed.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.lock().write_out()
    }
}

impl<'a, W: Write + 'a> MakeWriter<'a> for Gathered<W> {
    type Writer = OneLine<'a, W>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLine { shared: &self.shared, waits: false }
    }

    fn make_writer_for(&'a self, line: &Metadata<'_>) -> Self::Writer {
        let waits = line.target() == self.target && *line.level() > tracing::Level::WARN;
        OneLine { shared: &self.shared, waits }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gathered, MOST_BYTES};
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::{info, warn};
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::layer::SubscriberExt;

    /// The writes that came.
    #[derive(Clone, Default)]
    struct Out(Arc<Mutex<Vec<String>>>);

    impl Write for Out {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if !bytes.is_empty() {
                self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Out {
        fn text(&self) -> String {
            self.0.lock().unwrap().concat()
        }
    }

    fn plain(out: Gathered<Out>) -> impl tracing::Subscriber + Send + Sync {
        let format = tracing_subscriber::fmt::layer().without_time().with_level(false);
        tracing_subscriber::registry().with(format.with_ansi(false).with_writer(out))
    }

    #[test]
    fn requests_wait_for_each_other_and_nothing_else_waits() {
        let out = Out::default();
        let (gathered, rest) = Gathered::new("requests", out.clone());
        tracing::subscriber::with_default(plain(gathered), || {
            for number in 0..3 {
                info!(target: "requests", "request {number}");
            }
            warn!(target: "requests", "request 3");
            assert_eq!(out.text().matches("request").count(), 8, "{}", out.text());
            info!(target: "other", "happened");
            assert!(out.text().ends_with("other: happened\n"));
            info!(target: "requests", "request 4");
        });
        drop(rest);
        let text = out.text();
        let order: Vec<_> =
            ["0", "1", "2", "3", "happened", "4"].map(|word| text.find(word)).into();
        assert!(order.is_sorted() && order.iter().all(Option::is_some), "{text}");
    }

    #[test]
    fn what_waits_is_written_soon_and_much_at_once() {
        let out = Out::default();
        let (gathered, _rest) = Gathered::new("requests", out.clone());
        let write = |line: &str| gathered.make_writer().write_all(line.as_bytes()).unwrap();
        write("first\n");
        assert_eq!(out.text(), "first\n");
        tracing::subscriber::with_default(plain(gathered), || {
            info!(target: "requests", "soon");
            let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
            while !out.text().contains("soon") && std::time::Instant::now() < until {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            assert!(out.text().contains("soon"));
            let long = "x".repeat(MOST_BYTES);
            info!(target: "requests", "{long}");
            assert!(out.text().contains(&long));
        });
    }
}
