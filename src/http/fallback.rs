//! What no route takes: 405 with `Allow` when the path is documented, else 404.

use std::sync::Arc;

use actix_web::dev::ResourceDef;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::kernel::problem::{Answer, Code, Problem};

/// The documented paths and their methods.
#[derive(Clone)]
pub struct KnownPaths(Arc<Vec<(ResourceDef, Vec<&'static str>)>>);

impl KnownPaths {
    /// Reads them from the OpenAPI document.
    pub fn of(api: &OpenApi) -> Self {
        let paths = api.paths.paths.iter();
        Self(Arc::new(paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect()))
    }

    fn allowed(&self, path: &str) -> Option<String> {
        let (_, methods) = self.0.iter().find(|(known, _)| known.is_match(path))?;
        Some(methods.join(", "))
    }
}

/// The methods a path item documents, in upper case.
pub fn methods(item: &PathItem) -> Vec<&'static str> {
    [(&item.get, "GET"), (&item.put, "PUT"), (&item.post, "POST"), (&item.delete, "DELETE"), (&item.patch, "PATCH")]
        .into_iter()
        .filter_map(|(operation, name)| operation.is_some().then_some(name))
        .collect()
}

/// The default service of the application.
pub async fn fallback(req: HttpRequest) -> Answer<HttpResponse> {
    let known = req.app_data::<KnownPaths>();
    Err(match known.and_then(|known| known.allowed(req.path())) {
        Some(allow) => Problem::new(Code::MethodNotAllowed).header(header::ALLOW, &allow),
        None => Problem::new(Code::NotFound),
    })
}
