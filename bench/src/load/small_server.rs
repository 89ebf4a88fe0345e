//! A small server for the tests of the load generator.
//!
//! It deliberately answers in all the ways an answer can end.

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{StatusCode, header};
use axum::routing::{get, post};
use http_body::Frame;
use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;
use tokio::runtime::Runtime;

/// The length of what `/long` answers: more than is read at once.
pub const LONG_BYTES: usize = 300_000;

/// A server that ends with this value.
pub struct SmallServer {
    /// Where it is.
    pub address: SocketAddr,
    _runtime: Runtime,
}

impl SmallServer {
    /// Starts it.
    pub fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let bind = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = runtime.block_on(bind).unwrap();
        let address = listener.local_addr().unwrap();
        let routes = Router::new()
            .route("/text", get(|| async { "some text" }))
            .route("/pieces", get(|| async { Pieces::of(&["one ", "two ", "three "]) }))
            .route("/long", get(|| async { "x".repeat(LONG_BYTES) }))
            .route("/long-pieces", get(|| async { Pieces::of(&["y".repeat(LONG_BYTES).as_str()]) }))
            .route("/nothing", get(|| async { StatusCode::NO_CONTENT }))
            .route("/tagged", get(|| async { ([(header::ETAG, "\"7\"")], "tagged") }))
            .route("/echo", post(|body: String| async { body }));
        runtime.spawn(async move { axum::serve(listener, routes).await });
        Self { address, _runtime: runtime }
    }

    /// An address at which nobody listens.
    pub fn free_address() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    }

    /// Answers one request on one connection with these bytes, and closes it.
    pub fn answer_once(bytes: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request);
            stream.write_all(bytes.as_bytes()).unwrap();
        });
        address
    }
}

/// A body whose length is not said beforehand.
struct Pieces(std::vec::IntoIter<String>);

impl Pieces {
    fn of(pieces: &[&str]) -> Body {
        let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        Body::new(Self(pieces.into_iter()))
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(Bytes::from(piece)))))
    }
}
