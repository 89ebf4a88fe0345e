//! The bare handler: what axum needs at least to answer with the same bytes.
//!
//! It deliberately has no layer, no state but the bytes, no sign-in and no log: everything the
//! service does beyond it is what the ratio shows.

use crate::failure::{Doing, Failure};
use crate::options::BareOptions;
use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use std::fs;
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// The content type of the service's answers.
const JSON: &str = "application/json";

/// Where the answer is: the path of a bill, so that both read the same request.
const BILL: &str = "/api/v1/bills/{prefix}/{year}/{serial}";

/// Where it is as well: the path of an entitlement.
const ENTITLEMENT: &str = "/api/v1/customers/{code}/entitlements/{feature}";

/// Where it says that it is there, as the service does.
pub const READY: &str = "/readyz";

/// Serves the bytes of a file until it is ended.
pub fn run(options: &BareOptions) -> Result<(), Failure> {
    let body = &options.body;
    let bytes = Bytes::from(fs::read(body).doing(format!("read {}", body.display()))?);
    let answer = move || {
        let bytes = bytes.clone();
        async move { ([(header::CONTENT_TYPE, JSON)], bytes) }
    };
    let router = Router::new()
        .route(BILL, get(answer.clone()))
        .route(ENTITLEMENT, get(answer))
        .route(READY, get(|| async { "ready" }));
    let runtime = tokio::runtime::Runtime::new().doing("start the bare handler")?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await;
        let listener = listener.doing(format!("listen on port {}", options.port))?;
        axum::serve(listener, router).await.doing("serve the bytes")
    })
}
