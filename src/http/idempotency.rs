//! `Idempotency-Key`: a POST that is sent again makes nothing twice.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{ObjectBuilder, Required, Type};

use super::body::Body;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

const HEADER: &str = "Idempotency-Key";
const MAX: usize = 255;

/// What makes two requests the same one: the key, the route it was sent to, and the body.
///
/// Handlers pass it to `Permit::write_once`; without the header every request is a new one.
#[derive(Debug, Clone)]
pub struct Once {
    /// The key, with method and path; `None` without the header.
    pub(crate) key: Option<String>,
    /// SHA-256 of the body in hexadecimal.
    pub(crate) body: String,
}

impl Once {
    /// Binds the body.
    #[must_use]
    pub fn of<T>(self, body: &Body<T>) -> Self {
        Self { body: body.digest().to_owned(), ..self }
    }
}

impl Once {
    /// Binds a body that is no JSON document, by what tells it from others.
    #[must_use]
    pub fn of_digest(self, digest: String) -> Self {
        Self { body: digest, ..self }
    }
}

impl FromRequest for Once {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req))
    }
}

fn read(req: &HttpRequest) -> Answer<Once> {
    let Some(value) = req.headers().get(HEADER) else { return Ok(Once { key: None, body: String::new() }) };
    let key = value.to_str().ok().filter(|key| (1..=MAX).contains(&key.len()));
    let key = key.ok_or_else(|| {
        Problem::new(Code::BadRequest).detail(say!(
            "Idempotency-Key gồm 1 đến {MAX} ký tự ASCII, ví dụ một UUID.",
            "An Idempotency-Key has 1 to {MAX} ASCII characters, such as a UUID.",
        ))
    })?;
    Ok(Once { key: Some(format!("{}\n{}\n{key}", req.method(), req.path())), body: String::new() })
}

impl utoipa::IntoParams for Once {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX)).build();
        let parameter = ParameterBuilder::new()
            .name(HEADER)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some("Send the same key again when an answer got lost: nothing is done twice, for 24 hours"))
            .schema(Some(text))
            .example(Some(serde_json::json!("5f0c6a8e-7d34-4c1b-9a53-0f4f6b8a2f11")));
        vec![parameter.build()]
    }
}
