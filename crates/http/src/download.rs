//! Answers that are written while they are sent: exports and reports of any length.
//!
//! A thread for blocking work writes parts into a short queue, the connection takes them out. The
//! thread waits for a slow reader, but not for long: it may hold a snapshot of the database open.
//!
//! It deliberately begins to answer as soon as there is a part or nothing has failed for a while;
//! what fails later cuts the answer off, which its reader sees as an incomplete one.

use crate::extract::Asking;
use crate::problem::{Code, Problem};
use crate::service::Service;
use app::{AppError, Store};
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::access::Permission;
use http_body::Frame;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

/// Bytes of a part.
const PART_BYTES: usize = 64 * 1024;
/// Parts that wait to be sent.
const PARTS: usize = 4;
/// How long the answer waits for its first part; a failure until then is told as a problem.
const FIRST_PART: Duration = Duration::from_secs(5);
/// How long a reader may take for a part.
const PART_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a download may take in all: a year of a large dairy over a slow line.
const MOST_TIME: Duration = Duration::from_mins(30);
/// When to ask again while others download, in seconds.
const RETRY_SECS: u16 = 10;

/// What a part is: bytes, nothing at the end, or why there are no more.
type Part = Result<Option<Bytes>, AppError>;

/// What is downloaded.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its media type.
    pub media_type: &'static str,
    /// The name of the file that a browser makes of it.
    pub file_name: &'static str,
}

/// Sends what `work` writes to a caller who may have it.
pub async fn send(
    service: &Service,
    asking: &Asking,
    permission: Permission,
    kind: Kind,
    work: impl FnOnce(&Store, &mut dyn Write) -> Result<(), AppError> + Send + 'static,
) -> Result<Response, Problem> {
    service.read(asking, permission, |_, _| Ok(())).await?;
    let permit = service.download_permit().ok_or_else(busy)?;
    let (sender, mut parts) = channel(PARTS);
    let writing = service.clone();
    tokio::spawn(async move {
        let runtime = Handle::current();
        // What goes wrong is told by the parts.
        let write = move |store: &Store| {
            write(store, sender, runtime, permit, work);
            Ok(())
        };
        let _ = writing.run(write).await;
    });
    let first = match timeout(FIRST_PART, parts.recv()).await {
        Ok(Some(Err(error))) => return Err(error.into()),
        Ok(Some(first)) => Some(first),
        Ok(None) => return Err(Problem::new(Code::Internal, Code::Internal.meaning())),
        // Nothing yet.
        Err(_) => None,
    };
    let name = format!("attachment; filename=\"{}\"", kind.file_name);
    let headers =
        [(header::CONTENT_TYPE, kind.media_type.to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::new(Sent { first, parts, ended: false })).into_response())
}

fn busy() -> Problem {
    let what = "as many downloads as are given at once are under way; ask again when one has ended";
    Problem::new(Code::TooManyRequests, what)
        .with(header::RETRY_AFTER, HeaderValue::from(RETRY_SECS))
}

/// Lets the work write, and tells the reader if it fails.
fn write(
    store: &Store,
    sender: Sender<Part>,
    runtime: Handle,
    _permit: OwnedSemaphorePermit,
    work: impl FnOnce(&Store, &mut dyn Write) -> Result<(), AppError>,
) {
    let mut out =
        Parts { sender, runtime, buffer: Vec::with_capacity(PART_BYTES), begun: Instant::now() };
    let done = work(store, &mut out)
        .and_then(|()| out.end().map_err(|error| AppError::Output(error.to_string())));
    if let Err(error) = done {
        tracing::warn!(%error, "a download was cut off");
        // Without a part that says so the answer is not whole either.
        let _ = out.sender.try_send(Err(error));
    }
}

/// Where the work writes.
struct Parts {
    sender: Sender<Part>,
    runtime: Handle,
    buffer: Vec<u8>,
    begun: Instant,
}

impl Parts {
    fn end(&mut self) -> io::Result<()> {
        self.flush()?;
        self.give(Ok(None))
    }

    fn give(&self, part: Part) -> io::Result<()> {
        let time = PART_TIMEOUT.min(MOST_TIME.saturating_sub(self.begun.elapsed()));
        let given = self.runtime.block_on(self.sender.send_timeout(part, time));
        given.map_err(|_| io::Error::other("its reader has gone or is too slow"))
    }
}

impl Write for Parts {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = PART_BYTES.saturating_sub(self.buffer.len()).min(bytes.len());
        let (taken, _) = bytes.split_at(room);
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() >= PART_BYTES {
            self.flush()?;
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(PART_BYTES));
        self.give(Ok(Some(full.into())))
    }
}

/// The body: parts as they come.
struct Sent {
    first: Option<Part>,
    parts: Receiver<Part>,
    /// Whether its end was told; who compresses asks again after it.
    ended: bool,
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = AppError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AppError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let part = match self.first.take() {
            Some(part) => Poll::Ready(Some(part)),
            None => self.parts.poll_recv(cx),
        };
        self.ended = matches!(part, Poll::Ready(Some(Ok(None) | Err(_)) | None));
        part.map(|part| match part {
            Some(Ok(Some(bytes))) => Some(Ok(Frame::data(bytes))),
            Some(Ok(None)) => None,
            Some(Err(error)) => Some(Err(error)),
            None => Some(Err(AppError::Output("it was cut off".to_owned()))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{PARTS, Part, Sent};
    use axum::body::{Body, HttpBody, to_bytes};
    use std::future::poll_fn;
    use std::pin::Pin;
    use tokio::sync::mpsc::channel;

    /// What a reader has of these parts, if it is whole.
    async fn read(parts: Vec<Part>) -> Option<String> {
        let (sender, receiver) = channel(PARTS);
        for part in parts {
            sender.send(part).await.unwrap();
        }
        drop(sender);
        let body = Body::new(Sent { first: None, parts: receiver, ended: false });
        let bytes = to_bytes(body, usize::MAX).await.ok()?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    #[tokio::test]
    async fn the_end_stays_the_end() {
        let (sender, parts) = channel(PARTS);
        sender.send(Ok(None)).await.unwrap();
        drop(sender);
        let mut body = Body::new(Sent { first: None, parts, ended: false });
        for _ in 0..2 {
            let next = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            assert!(next.is_none(), "who compresses asks once more");
        }
    }

    #[tokio::test]
    async fn only_what_has_its_end_is_whole() {
        let part = |text: &'static str| Ok(Some(text.into()));
        assert_eq!(read(vec![part("a"), part("b"), Ok(None)]).await.as_deref(), Some("ab"));
        assert_eq!(read(vec![Ok(None)]).await.as_deref(), Some(""));
        assert_eq!(read(vec![part("a")]).await, None);
        assert_eq!(read(vec![]).await, None);
        let failed = Err(app::AppError::NoBusiness);
        assert_eq!(read(vec![part("a"), failed]).await, None);
    }
}
