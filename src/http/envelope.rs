//! The outermost layer: a request id, problems in the caller's language, security headers, one log line.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use uuid::Uuid;

use crate::access::permit::Checked;
use crate::db;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Code, Lang, Problem};
use crate::metrics::Metrics;
use crate::say;

/// Most bytes of all headers together; an access token has some 400.
const HEAD_LIMIT: usize = 16 * 1024;

/// The id of the request in progress; quoted in problems, audit events and the log.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// The id given to this request.
pub fn request_id(req: &HttpRequest) -> Option<Uuid> {
    req.extensions().get::<RequestId>().map(|id| id.0)
}

/// The language the caller asked for.
pub fn lang(req: &HttpRequest) -> Lang {
    let header = req.headers().get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    header.map_or_else(Lang::default, Lang::from_accept_language)
}

/// Middleware for [`actix_web::middleware::from_fn`].
///
/// # Errors
/// Those of the framework itself; every other error becomes an answer here.
pub async fn envelope(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Instant::now();
    let id = new_id();
    req.extensions_mut().insert(RequestId(id));
    if head_size(&req) > HEAD_LIMIT {
        let detail = say!("Tối đa {HEAD_LIMIT} byte cho mọi tiêu đề.", "At most {HEAD_LIMIT} bytes for all headers.");
        let problem = Problem::new(Code::HeadersTooLarge).detail(detail);
        let answer = problem.response(lang(req.request()), Some(id));
        return Ok(req.into_response(answer));
    }
    if req.method() == Method::HEAD {
        // answered as a GET; the connection leaves the body out by itself
        req.head_mut().method = Method::GET;
    }
    // In a task of its own, so that a caller who hangs up neither stops a write half way nor leaves the pool a connection
    // whose query still runs.
    let answered = actix_web::rt::spawn(db::request(next.call(req))).await.map_err(Problem::internal)?;
    // Extractors and handlers answer their errors themselves; what is left here never reached a route.
    let mut response = render(answered?.map_into_boxed_body(), id);
    decorate(&mut response, id);
    log(&response, started);
    count(&response, started);
    Ok(response)
}

fn head_size(req: &ServiceRequest) -> usize {
    req.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

fn render(response: ServiceResponse<BoxBody>, id: Uuid) -> ServiceResponse<BoxBody> {
    let Some(problem) = response.response().error().map(problem_of) else { return response };
    let rendered = problem.response(lang(response.request()), Some(id));
    response.into_response(rendered)
}

/// Ours as it is; the framework's own errors by their status.
fn problem_of(error: &Error) -> Problem {
    if let Some(problem) = error.as_error::<Problem>() {
        return problem.clone();
    }
    match error.as_response_error().status_code().as_u16() {
        404 => Problem::new(Code::NotFound),
        405 => Problem::new(Code::MethodNotAllowed),
        413 => Problem::new(Code::PayloadTooLarge),
        status if status < 500 => Problem::new(Code::BadRequest),
        _ => Problem::internal(error),
    }
}

fn decorate(response: &mut ServiceResponse<BoxBody>, id: Uuid) {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &str| {
        if let (false, Ok(value)) = (headers.contains_key(&name), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    set(HeaderName::from_static("x-request-id"), &id.to_string());
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    set(header::CACHE_CONTROL, "no-store");
}

/// Counts by route template: a path would be a label for each person.
fn count(response: &ServiceResponse<BoxBody>, started: Instant) {
    let request = response.request();
    let Some(metrics) = request.app_data::<Metrics>() else { return };
    let route = request.match_pattern().unwrap_or_else(|| "(none)".to_owned());
    metrics.request(request.method(), route, response.status(), started.elapsed());
}

/// No path values, no query, no address: an id or a name in the log would be personal data.
fn log(response: &ServiceResponse<BoxBody>, started: Instant) {
    let request = response.request();
    let route = request.match_pattern().unwrap_or_else(|| "(none)".to_owned());
    let action = request.extensions().get::<Checked>().map_or("", |checked| checked.0);
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    tracing::info!(
        request_id = request_id(request).map(tracing::field::display),
        method = %request.method(), route, action, status = response.status().as_u16(), ms, "request"
    );
}
