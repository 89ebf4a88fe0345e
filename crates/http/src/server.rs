//! Listening: connections are accepted until the service is told to stop, and those at work are
//! let finish.
//!
//! It deliberately speaks HTTP/1.1 without TLS; a proxy in front brings TLS and HTTP/2.

use crate::front::Front;
use crate::unread;
use axum::extract::connect_info::ConnectInfo;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// How long a client may take for the headers of a request.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest headers that are read, in bytes.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// How long requests at work may take to finish once the service stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long to wait after a connection could not be accepted, for example for want of files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` ends.
pub async fn serve(
    listener: TcpListener,
    front: Front,
    header_read_timeout: Duration,
    stop: impl Future<Output = ()>,
) {
    let connections = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let served = connection(stream, peer, front.clone(), header_read_timeout);
                    let served = connections.watch(served);
                    tokio::spawn(async move {
                        // A connection that breaks concerns nobody but its client.
                        let _ = served.await;
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    if timeout(SHUTDOWN_TIMEOUT, connections.shutdown()).await.is_err() {
        tracing::warn!("requests that were still at work were ended");
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Front,
    header_read_timeout: Duration,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::HttpService<
        Incoming,
        ResBody = axum::body::Body,
        Error = Infallible,
        Future: Send,
    >,
> {
    // Small answers are sent at once.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let front = front.clone();
        async move {
            let (mut request, rest) = unread::watch(request);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answered = front.answer(request).await;
            // Who was too slow is not waited for once more.
            if answered.status() != StatusCode::REQUEST_TIMEOUT {
                rest.discard().await;
            }
            Ok::<_, Infallible>(answered)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_read_timeout)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
}
