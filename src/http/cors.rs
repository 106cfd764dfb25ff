//! Which web sites' scripts may call the API. Off unless origins are configured; never with cookies, which it does not use.

use actix_cors::Cors;
use actix_web::http::header::{self, HeaderName};

const METHODS: [&str; 4] = ["GET", "POST", "PATCH", "DELETE"];

/// The rules for these origins.
pub fn of(origins: &[String]) -> Cors {
    let key = HeaderName::from_static("idempotency-key");
    let read = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT_LANGUAGE,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        key,
    ];
    let shown =
        [header::ETAG, header::LOCATION, header::LINK, header::RETRY_AFTER, HeaderName::from_static("x-request-id")];
    let rules = Cors::default().allowed_methods(METHODS).allowed_headers(read).expose_headers(shown).max_age(3600);
    // another origin gets an answer without permission to read it, as if there were no CORS here
    let rules = rules.block_on_origin_mismatch(false);
    origins.iter().fold(rules, |rules, origin| rules.allowed_origin(origin))
}
