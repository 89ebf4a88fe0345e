//! The service as connections see it: what was shown before is shown again at once, everything
//! else goes to its route.
//!
//! It deliberately stands before the routes: finding one copies all layers around it, which takes
//! longer than showing again.

use crate::layers::Around;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Service, ServiceExt};

/// The service. Clones are the same.
#[derive(Clone)]
pub struct Front {
    around: Arc<Around>,
    routes: Router,
}

impl Front {
    /// Routes that `around` surrounds.
    pub(crate) fn new(around: Arc<Around>, routes: Router) -> Self {
        Self { around, routes }
    }

    /// Answers a request.
    pub async fn answer(&self, mut request: Request) -> Response {
        let known = self.around.know(&request);
        if let Some(again) = self.around.shown_before(&request, &known) {
            return self.around.show(again, known).await;
        }
        known.note(request.extensions_mut());
        match self.routes.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

impl Service<Request<Body>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let front = self.clone();
        Box::pin(async move { Ok(front.answer(request).await) })
    }
}
