use crate::service::Service;
use utoipa_axum::router::OpenApiRouter;
pub fn routes() -> OpenApiRouter<Service> {
    OpenApiRouter::new()
}
