//! What no route takes: 405 with `Allow` when the path is documented, else 404.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use crate::kernel::problem::{Answer, Code, Problem};

/// The documented paths and their methods.
#[derive(Clone)]
pub struct KnownPaths(Arc<Known>);

struct Known {
    /// All of them, in the order of the document.
    patterns: Vec<(ResourceDef, Vec<&'static str>)>,
    /// Those without parameters.
    concrete: HashMap<String, Vec<&'static str>>,
}

impl KnownPaths {
    /// Reads them from the OpenAPI document.
    pub fn of(api: &OpenApi) -> Self {
        let paths = || api.paths.paths.iter();
        let patterns = paths().map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item))).collect();
        let concrete = paths().filter(|(path, _)| !path.contains('{'));
        let concrete = concrete.map(|(path, item)| (path.clone(), methods(item))).collect();
        Self(Arc::new(Known { patterns, concrete }))
    }

    /// The methods of a path without parameters.
    fn concrete(&self, path: &str) -> Option<&[&'static str]> {
        self.0.concrete.get(path).map(Vec::as_slice)
    }

    fn allowed(&self, path: &str) -> Option<String> {
        let (_, methods) = self.0.patterns.iter().find(|(known, _)| known.is_match(path))?;
        Some(methods.join(", "))
    }
}

/// A path without parameters wins over one with, as OpenAPI has it: another method on `/organisations/suggest` is a 405 of
/// that path, not a change of an organisation called "suggest". Middleware for [`actix_web::middleware::from_fn`].
///
/// # Errors
/// Those of what comes after it.
pub async fn concrete_first(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let known = req.app_data::<KnownPaths>().and_then(|known| known.concrete(req.path()));
    if let Some(methods) = known.filter(|methods| !methods.contains(&req.method().as_str())) {
        let allow = methods.join(", ");
        let problem = Problem::new(Code::MethodNotAllowed).header(header::ALLOW, &allow);
        // not `into_response`, which forgets the error that the envelope is to render
        let (request, _) = req.into_parts();
        return Ok(ServiceResponse::new(request, HttpResponse::from_error(problem)).map_into_right_body());
    }
    next.call(req).await.map(ServiceResponse::map_into_left_body)
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
