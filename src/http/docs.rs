//! `/openapi.json` and the interactive documentation at `/docs`, from the program itself.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Resource, web};
use utoipa_swagger_ui::Config;

use crate::kernel::problem::{Answer, Code, Problem};

/// The page loads nothing from elsewhere and runs no inline script; Swagger UI sets styles from scripts.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// The OpenAPI document as text.
#[derive(Clone)]
pub struct Documents(pub Arc<str>);

/// The routes.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(read_only("/openapi.json").route(web::get().to(openapi)))
        .service(read_only("/docs").route(web::get().to(page)))
        .service(read_only("/docs/{file}").route(web::get().to(file)));
}

fn read_only(path: &str) -> Resource {
    web::resource(path).default_service(web::to(async || {
        Err::<HttpResponse, _>(Problem::new(Code::MethodNotAllowed).header(header::ALLOW, "GET"))
    }))
}

async fn openapi(req: HttpRequest) -> Answer {
    let documents = req.app_data::<Documents>().ok_or_else(|| Problem::internal("no OpenAPI document"))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .content_type("application/json")
        .body(documents.0.to_string()))
}

async fn page() -> HttpResponse {
    text("text/html; charset=utf-8", include_str!("docs/index.html"))
}

async fn file(name: web::Path<String>) -> Answer {
    match name.as_str() {
        "docs.js" => return Ok(text("text/javascript; charset=utf-8", include_str!("docs/docs.js"))),
        "docs.css" => return Ok(text("text/css; charset=utf-8", include_str!("docs/docs.css"))),
        _ => {}
    }
    let config = Arc::new(Config::from("/openapi.json"));
    let found = utoipa_swagger_ui::serve(&name, config).map_err(Problem::internal)?;
    let file = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).content_type(file.content_type);
    response.insert_header((header::CACHE_CONTROL, "public, max-age=3600"));
    if file.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(response.body(file.bytes.into_owned()))
}

fn text(content_type: &'static str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).content_type(content_type).body(body)
}
