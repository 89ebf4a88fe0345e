//! What is left unread of a request's body: it is read and thrown away, within bounds, before the
//! answer is sent. A client that still sends when the connection ends is reset by its system, and
//! never sees the answer that refused it.
//!
//! It deliberately keeps nothing of it, and reads nothing for a client that waits to be told to go
//! on (`Expect: 100-continue`).

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::header::EXPECT;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// Most that is thrown away of one body, in bytes. What is larger is cut off.
const MOST_BYTES: u64 = 8 << 20;
/// How long that may take.
const MOST_TIME: Duration = Duration::from_secs(10);

/// A body that is handed back when it is dropped before its end.
struct Watched {
    /// Absent once it has ended.
    inner: Option<Incoming>,
    back: Option<oneshot::Sender<Incoming>>,
    /// Whether the client waits until somebody reads.
    waits: bool,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let polled = Pin::new(inner).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.inner = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let rest = self.inner.take().filter(|inner| !inner.is_end_stream() && !self.waits);
        if let (Some(rest), Some(back)) = (rest, self.back.take()) {
            // Nobody waits for it when the connection has ended.
            let _ = back.send(rest);
        }
    }
}

/// What may be left of a body.
pub(crate) struct Rest(Option<oneshot::Receiver<Incoming>>);

/// A request whose body is watched.
pub(crate) fn watch(request: hyper::Request<Incoming>) -> (hyper::Request<Body>, Rest) {
    if request.body().is_end_stream() {
        return (request.map(Body::new), Rest(None));
    }
    let (back, rest) = oneshot::channel();
    let waits = request.headers().contains_key(EXPECT);
    let watched =
        request.map(|inner| Body::new(Watched { inner: Some(inner), back: Some(back), waits }));
    (watched, Rest(Some(rest)))
}

impl Rest {
    /// Reads what is left and throws it away, as long as it is within the bounds.
    pub(crate) async fn discard(self) {
        let Some(Ok(mut body)) = self.0.map(|mut rest| rest.try_recv()) else { return };
        if body.size_hint().lower() > MOST_BYTES {
            return;
        }
        let read = async {
            let mut room = MOST_BYTES;
            let mut next =
                async || std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
            while let Some(Ok(frame)) = next().await {
                let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                let Some(left) = room.checked_sub(bytes) else { return };
                room = left;
            }
        };
        // Who is too slow is cut off.
        let _ = timeout(MOST_TIME, read).await;
    }
}
