//! Versions of resources: `ETag`, `If-Match`, `If-None-Match`.
//!
//! Who may edit a resource gets `"<version>-<body hash>"`, and `If-Match` compares the version alone, so that a changed
//! rendering never makes an edit fail. Everybody else gets a body hash.

use std::future::{Ready, ready};

use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, HttpResponse, dev::Payload};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::page::Page;
use super::problem::{Answer, Code, Problem};
use crate::say;

/// What the caller says the version must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// No header.
    Missing,
    /// `*`: any version.
    Any,
    /// One of these versions.
    Versions(Vec<i64>),
}

impl IfMatch {
    fn parse(value: &str) -> Self {
        if value.trim() == "*" {
            return Self::Any;
        }
        let version = |tag: &str| tag.trim().trim_matches('"').split('-').next()?.parse().ok();
        Self::Versions(value.split(',').filter_map(version).collect())
    }

    /// Compares with the stored version.
    ///
    /// # Errors
    /// 428 without the header, 412 when the version is another.
    pub fn check(&self, version: i64) -> Answer<()> {
        match self {
            Self::Any => Ok(()),
            Self::Versions(versions) if versions.contains(&version) => Ok(()),
            Self::Versions(_) => Err(Problem::new(Code::PreconditionFailed).detail(say!(
                "Hãy đọc lại (GET), xem thay đổi, rồi gửi lại với ETag mới.",
                "Read it again (GET), look at what changed, and send it with the new ETag.",
            ))),
            Self::Missing => Err(Problem::new(Code::PreconditionRequired).detail(say!(
                "Gửi kèm If-Match với ETag của lần đọc (GET) gần nhất.",
                "Send If-Match with the ETag of your last read (GET).",
            ))),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let value = req.headers().get(header::IF_MATCH).map(|v| v.to_str().unwrap_or_default());
        ready(Ok(value.map_or(Self::Missing, Self::parse)))
    }
}

impl utoipa::IntoParams for IfMatch {
    fn into_params(
        _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        use utoipa::openapi::path::{ParameterBuilder, ParameterIn};
        use utoipa::openapi::{ObjectBuilder, Required, Type};
        let tag = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some("The `ETag` of your last read, or `*`"))
            .schema(Some(tag))
            .example(Some(serde_json::json!("\"1-3f2a9c0d1e4b5a67\"")));
        vec![parameter.build()]
    }
}

/// Answers a read: 200 with an ETag, or 304 when the caller already holds it.
///
/// `version` is given to those who may edit. `cache` is `private` or `public` as the view allows.
pub fn fresh<T: Serialize>(req: &HttpRequest, version: Option<i64>, cache: &'static str, body: &T) -> Answer {
    let bytes = serde_json::to_vec(body).map_err(Problem::internal)?;
    let tag = etag(version, &bytes);
    let known = is_held(req, &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag));
    response.insert_header((header::CACHE_CONTROL, format!("{cache}, no-cache")));
    response.insert_header((header::VARY, "Authorization, Accept-Language"));
    Ok(if known { response.finish() } else { response.content_type("application/json").body(bytes) })
}

/// True when the caller says they hold what bears this tag.
pub fn is_held(req: &HttpRequest, tag: &str) -> bool {
    let held = req.headers().get(header::IF_NONE_MATCH).and_then(|v| v.to_str().ok());
    held.is_some_and(|held| held.split(',').any(|t| t.trim().trim_start_matches("W/") == tag))
}

/// Answers a read of a list: like [`fresh`], with `Link: rel="next"` (RFC 8288) when there is a next page.
pub fn fresh_page<T: Serialize>(req: &HttpRequest, cache: &'static str, page: &Page<T>) -> Answer {
    fresh_list(req, None, cache, page.next_cursor.as_deref(), page)
}

/// As [`fresh_page`], for a list that says more than its rows, or is changed under the version of the resource it belongs to.
pub fn fresh_list<T: Serialize>(
    req: &HttpRequest,
    version: Option<i64>,
    cache: &'static str,
    next: Option<&str>,
    body: &T,
) -> Answer {
    let mut response = fresh(req, version, cache, body)?;
    if let Some(cursor) = next {
        let others = req.query_string().split('&').filter(|pair| !pair.starts_with("cursor=") && !pair.is_empty());
        let query: Vec<&str> = others.collect();
        let link =
            format!("<{}?{}>; rel=\"next\"", req.path(), [query.join("&"), format!("cursor={cursor}")].join("&"));
        if let Ok(link) = header::HeaderValue::from_str(&link.replace("?&", "?")) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

/// Answers a write with the resource as it is now.
pub fn written<T: Serialize>(created_at: Option<&str>, version: i64, body: &T) -> Answer {
    written_as(created_at, version, body, body)
}

/// Answers a write with more than the resource: the tag is that of the resource alone.
pub fn written_as<T: Serialize, A: Serialize>(
    created_at: Option<&str>,
    version: i64,
    resource: &T,
    answer: &A,
) -> Answer {
    let tag = etag(Some(version), &serde_json::to_vec(resource).map_err(Problem::internal)?);
    let bytes = serde_json::to_vec(answer).map_err(Problem::internal)?;
    let mut response = if created_at.is_some() { HttpResponse::Created() } else { HttpResponse::Ok() };
    if let Some(location) = created_at {
        response.insert_header((header::LOCATION, location));
    }
    response.insert_header((header::ETAG, tag));
    Ok(response.content_type("application/json").body(bytes))
}

/// The `ETag` of a version whose body is not sent: `If-Match` compares the version alone.
pub fn versioned(version: i64) -> String {
    format!("\"{version}\"")
}

/// Answers a POST that adds something which has no versions.
pub fn written_once<T: Serialize>(created_at: &str, body: &T) -> Answer {
    Ok(HttpResponse::Created().insert_header((header::LOCATION, created_at)).json(body))
}

fn etag(version: Option<i64>, body: &[u8]) -> String {
    let hash = hex::encode(&Sha256::digest(body)[..8]);
    version.map_or_else(|| format!("\"{hash}\""), |version| format!("\"{version}-{hash}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_compares_the_version_alone() {
        for (header, version, status) in [
            ("\"3-abc\"", 3, 200),
            ("\"3-other\"", 3, 200),
            ("\"2-abc\"", 3, 412),
            ("\"1-a\", \"3-b\"", 3, 200),
            ("*", 3, 200),
            ("rubbish", 3, 412),
            ("", 3, 412),
        ] {
            let seen = IfMatch::parse(header).check(version).map_or_else(|p| p.code().status(), |()| 200);
            assert_eq!(seen, status, "{header}");
        }
        assert_eq!(IfMatch::Missing.check(1).unwrap_err().code(), Code::PreconditionRequired);
    }
}
