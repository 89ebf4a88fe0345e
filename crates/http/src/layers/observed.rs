//! A body whose bytes are counted while they are sent.
//!
//! It deliberately changes nothing of the body, its length included.

use super::access_log::Record;
use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};

/// A body and the record of its request, which is logged when both are dropped.
pub struct Observed {
    inner: Body,
    record: Record,
}

impl Observed {
    /// A body whose record is to be completed.
    pub fn new(inner: Body, mut record: Record) -> Self {
        record.complete |= inner.is_end_stream();
        Self { inner, record }
    }
}

impl HttpBody for Observed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.record.bytes += bytes as u64;
                // The server does not ask again after the last frame of a known length.
                self.record.complete |= self.inner.is_end_stream();
            }
            Poll::Ready(None) => self.record.complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
