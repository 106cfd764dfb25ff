//! The JSON body of a request.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use serde::Deserializer;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

pub use super::document::document;
use super::serde_fault::field_error;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// The largest body an ordinary endpoint takes, in bytes.
pub const LIMIT: usize = 1 << 20;

/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// A JSON body as `T`, which refuses unknown fields (`#[serde(deny_unknown_fields)]`).
///
/// Errors in order: 415 another media type, 413 over [`LIMIT`], 400 not JSON (also nested deeper than 128 levels), 422
/// a NUL character, a member sent twice, data that is not held, an unknown, missing or mistyped field, each with its pointer.
#[derive(Debug)]
pub struct Body<T>(pub T, Digest, Bytes);

/// SHA-256 of the bytes of a body in hexadecimal.
type Digest = String;

impl<T> Body<T> {
    /// Tells two bodies apart, byte for byte.
    pub fn digest(&self) -> &str {
        &self.1
    }

    /// The names of its members: what a merge patch is about.
    pub fn members(&self) -> BTreeSet<String> {
        let members: BTreeMap<String, IgnoredAny> = serde_json::from_slice(&self.2).unwrap_or_default();
        members.into_keys().collect()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = check_media_type(req);
        let bytes = Bytes::from_request(req, payload);
        Box::pin(async move {
            media_type?;
            let Ok(bytes) = tokio::time::timeout(PATIENCE, bytes).await else {
                return Err(Problem::new(Code::RequestTimeout));
            };
            let bytes = bytes.map_err(payload_problem)?;
            Ok(Self(parse(&bytes)?, hex::encode(Sha256::digest(&bytes)), bytes))
        })
    }
}

/// A JSON body that may be left out, as `{}` may be sent: nothing in it is required.
#[derive(Debug)]
pub struct MaybeBody<T>(pub Body<T>);

impl<T: DeserializeOwned + Default + 'static> FromRequest for MaybeBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_empty = req.headers().get(header::CONTENT_LENGTH).is_none_or(|length| length == "0")
            && !req.headers().contains_key(header::TRANSFER_ENCODING);
        if is_empty {
            return Box::pin(std::future::ready(Ok(Self(Body(T::default(), String::new(), Bytes::new())))));
        }
        let body = Body::from_request(req, payload);
        Box::pin(async move { body.await.map(Self) })
    }
}

fn check_media_type(req: &HttpRequest) -> Answer<()> {
    let value = req.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let merge_patch = req.method() == actix_web::http::Method::PATCH && essence == "application/merge-patch+json";
    if essence == "application/json" || merge_patch {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType)
        .detail(say!("Gửi Content-Type: application/json.", "Send Content-Type: application/json.",)))
}

fn payload_problem(error: actix_web::Error) -> Problem {
    if error.as_response_error().status_code().as_u16() == 413 {
        return Problem::new(Code::PayloadTooLarge).detail(say!("Tối đa {LIMIT} byte.", "At most {LIMIT} bytes."));
    }
    tracing::debug!(%error, "the body broke off");
    Problem::new(Code::BadRequest)
}

/// Reads a JSON document.
///
/// # Errors
/// 400 and 422 as [`Body`] says.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Answer<T> {
    let (value, faults) = document(bytes)?;
    if !value.is_object() {
        // serde would also read a list as a structure, member by member in their order
        return Err(Problem::field("", "wrong_type", say!("Cần một đối tượng JSON.", "A JSON object is needed.")));
    }
    Problem::fields(faults).map_or_else(|| from_value(value), Err)
}

/// Reads a document that was parsed already.
///
/// # Errors
/// 422 an unknown, missing or mistyped field, with its pointer.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Answer<T> {
    read(value)
}

/// As [`from_value`], of the members of a document that are told, which stay where they are. Where the reader is at is noted only
/// when there is a fault to be placed: that takes as long as the reading.
///
/// # Errors
/// As [`from_value`].
pub fn from_members<'m, T: DeserializeOwned>(members: impl Iterator<Item = (&'m str, &'m Value)> + Clone) -> Answer<T> {
    let unplaced: Result<T, serde_json::Error> = T::deserialize(MapDeserializer::new(members.clone()));
    unplaced.or_else(|_fault| read(MapDeserializer::new(members)))
}

fn read<'de, T: DeserializeOwned>(document: impl Deserializer<'de, Error = serde_json::Error>) -> Answer<T> {
    serde_path_to_error::deserialize(document).map_err(|error| {
        let fault = field_error(error.path(), &error.inner().to_string());
        Problem::field(fault.pointer, fault.code, fault.detail)
    })
}

pub(super) fn malformed(error: &serde_json::Error) -> Problem {
    let (line, column) = (error.line(), error.column());
    Problem::new(Code::MalformedJson).detail(say!(
        "Lỗi cú pháp ở dòng {line}, cột {column} (hoặc lồng quá 128 cấp).",
        "Syntax error at line {line}, column {column} (or nested deeper than 128 levels).",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the reading is under test")]
    struct Form {
        name: String,
        #[serde(default)]
        years: Vec<u16>,
    }

    #[test]
    fn faults_have_the_right_status_code_and_place() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for (body, status, place) in [
            ("", 400, None),
            ("{", 400, None),
            ("name=1", 400, None),
            (deep.as_str(), 400, None),
            ("[]", 422, Some(("", "wrong_type"))),
            ("{}", 422, Some(("/name", "required"))),
            (r#"{"name":1}"#, 422, Some(("/name", "wrong_type"))),
            (r#"{"name":"a","years":["x"]}"#, 422, Some(("/years/0", "wrong_type"))),
            (r#"{"name":"a","years":[70000]}"#, 422, Some(("/years/0", "invalid_value"))),
            (r#"{"name":"a","a/b":1}"#, 422, Some(("/a~1b", "unknown_field"))),
            (r#"{"name":"a\u0000"}"#, 422, Some(("/name", "nul_character"))),
            (r#"{"name":"a","name":"b"}"#, 422, Some(("/name", "duplicate_member"))),
            (r#"{"name":"a","x":[{"b":1,"b":1}]}"#, 422, Some(("/x/0/b", "duplicate_member"))),
            (r#"{"name":"a","cccd":"1"}"#, 422, Some(("/cccd", "not_held"))),
            (r#"{"name":"a","years":[{"x/y":{"dan_toc":"1"}}]}"#, 422, Some(("/years/0/x~1y/dan_toc", "not_held"))),
            (r#"{"name":"a","cccd":null}"#, 422, Some(("/cccd", "unknown_field"))),
            (r#"{"name":"a"} x"#, 400, None),
        ] {
            let problem = parse::<Form>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code().status(), status, "{body}");
            let seen = problem.errors().first().map(|e| (e.pointer.as_str(), e.code));
            assert_eq!(seen, place, "{body}");
        }
    }
}
