//! Errors as callers see them: RFC 9457 `application/problem+json`, in Vietnamese or English, with stable codes and
//! JSON pointers. A problem never carries a cause, a query or a stack; those go to the log where they arise.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::database_fault;
pub use super::problem_code::Code;

/// A sentence in both languages of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// Vietnamese, the default.
    pub vi: String,
    /// English.
    pub en: String,
}

/// Writes a [`Say`]: `say!("tiếng Việt {name}", "English {name}")`, with the arguments of `format!`.
#[macro_export]
macro_rules! say {
    ($vi:literal, $en:literal $(,)?) => {
        $crate::kernel::problem::Say { vi: format!($vi), en: format!($en) }
    };
}

/// The language of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Vietnamese, unless the caller asks for English.
    #[default]
    Vi,
    /// English.
    En,
}

impl Lang {
    /// Reads `Accept-Language` (RFC 9110 §12.5.4): the better weighted of `vi` and `en`, Vietnamese by default.
    pub fn from_accept_language(value: &str) -> Self {
        let weight = |wanted: &str| {
            value
                .split(',')
                .filter_map(|item| {
                    let mut parts = item.split(';').map(str::trim);
                    let tag = parts.next()?.split('-').next()?;
                    let q = parts.find_map(|p| p.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
                    tag.eq_ignore_ascii_case(wanted).then_some(q?)
                })
                .fold(0.0_f32, f32::max)
        };
        if weight("en") > weight("vi") { Self::En } else { Self::Vi }
    }

    /// The sentence in this language.
    pub fn of(self, say: &Say) -> &str {
        match self {
            Self::Vi => &say.vi,
            Self::En => &say.en,
        }
    }
}

/// One place in the input and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or `/name` of a query parameter.
    pub pointer: String,
    /// Stable code of the fault, such as `required` or `unknown_code`.
    pub code: &'static str,
    /// What is wrong and what would repair it.
    pub detail: Say,
    /// The value to send instead, where that is certain.
    pub repair: Option<Box<str>>,
    /// The law the rule comes from, where it comes from one.
    pub legal_reference: Option<Box<str>>,
}

impl FieldError {
    /// A fault for which no value can be proposed.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: Say) -> Self {
        Self { pointer: pointer.into(), code, detail, repair: None, legal_reference: None }
    }
}

/// An error answer.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Option<Say>,
    errors: Vec<FieldError>,
    existing: Option<Box<str>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Most handlers return this.
pub type Answer<T = HttpResponse> = Result<T, Problem>;

impl Problem {
    /// A problem with its code's own title and no further detail.
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, errors: Vec::new(), existing: None, headers: Vec::new() }
    }

    /// A fault of the server; the cause is logged here and never shown.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(Code::Internal)
    }

    /// The database or another part this answer needs is away; the caller may try again soon.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        tracing::warn!(%cause, "unavailable");
        Self::new(Code::Unavailable).header(header::RETRY_AFTER, "1")
    }

    /// A task that did not end: 503 when it was given up because the server stops, 500 when it panicked.
    pub fn task(ended: tokio::task::JoinError) -> Self {
        if ended.is_cancelled() { Self::unavailable("the server stops") } else { Self::internal(ended) }
    }

    /// A rule of the domain or the form is broken in one place.
    pub fn field(pointer: impl Into<String>, code: &'static str, detail: Say) -> Self {
        Self::new(Code::Invalid).and_field(pointer, code, detail)
    }

    /// Many faults at once; `None` when there is none.
    pub fn fields(errors: Vec<FieldError>) -> Option<Self> {
        (!errors.is_empty()).then(|| Self { errors, ..Self::new(Code::Invalid) })
    }

    /// Adds a place.
    #[must_use]
    pub fn and_field(mut self, pointer: impl Into<String>, code: &'static str, detail: Say) -> Self {
        self.errors.push(FieldError::new(pointer, code, detail));
        self
    }

    /// Puts the places under a member of the body: `/degree` becomes `/profile/degree`.
    #[must_use]
    pub fn under(mut self, member: &str) -> Self {
        for error in &mut self.errors {
            error.pointer.insert_str(0, member);
        }
        self
    }

    /// Names the law of each broken rule that names none yet; `law` tells it by code.
    #[must_use]
    pub fn citing(mut self, law: impl Fn(&str) -> Option<String>) -> Self {
        for error in self.errors.iter_mut().filter(|error| error.legal_reference.is_none()) {
            error.legal_reference = law(error.code).map(String::into_boxed_str);
        }
        self
    }

    /// Says more than the title.
    #[must_use]
    pub fn detail(mut self, detail: Say) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Names what is there already, for a caller who may see it.
    #[must_use]
    pub fn existing(mut self, path: impl Into<String>) -> Self {
        self.existing = Some(path.into().into_boxed_str());
        self
    }

    /// Adds a response header; a value that is no header text is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The places.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The document to send.
    pub fn document(&self, lang: Lang, request_id: Option<Uuid>) -> ProblemDocument {
        let title = self.code.title();
        ProblemDocument {
            kind: format!("urn:expert-bank:problem:{}", self.code.name()),
            title: lang.of(&title).to_owned(),
            status: self.code.status(),
            detail: self.detail.as_ref().map(|say| lang.of(say).to_owned()),
            code: self.code.name(),
            errors: self
                .errors
                .iter()
                .map(|e| FieldErrorDocument {
                    pointer: e.pointer.clone(),
                    code: e.code,
                    detail: lang.of(&e.detail).to_owned(),
                    repair: e.repair.as_deref().map(str::to_owned),
                    legal_reference: e.legal_reference.as_deref().map(str::to_owned),
                })
                .collect(),
            existing: self.existing.as_deref().map(str::to_owned),
            request_id,
        }
    }

    /// The response in one language.
    pub fn response(&self, lang: Lang, request_id: Option<Uuid>) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            let hint = if self.code == Code::InvalidToken { "Bearer error=\"invalid_token\"" } else { "Bearer" };
            response.insert_header((header::WWW_AUTHENTICATE, hint));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CONTENT_LANGUAGE, if lang == Lang::Vi { "vi" } else { "en" }));
        match serde_json::to_vec(&self.document(lang, request_id)) {
            Ok(body) => response.body(body),
            Err(_strings_and_numbers_always_serialise) => response.finish(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())?;
        if let Some(detail) = &self.detail {
            write!(f, ": {}", detail.en)?;
        }
        for error in &self.errors {
            write!(f, "; {}: {}", error.pointer, error.detail.en)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

impl actix_web::ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    /// Only a fallback: `http::envelope` renders problems in the caller's language with the request id.
    fn error_response(&self) -> HttpResponse {
        self.response(Lang::default(), None)
    }
}

impl From<diesel::result::Error> for Problem {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::Error;
        match error {
            Error::NotFound => Self::new(Code::NotFound),
            error if database_fault::passes(&error) => Self::unavailable(error),
            // The message names tables and constraints; values stand in `details`, which is not logged.
            other => Self::internal(other),
        }
    }
}

/// Gives a violated constraint its meaning where the statement stands.
pub fn on_constraint(error: diesel::result::Error, constraint: &str, problem: impl FnOnce() -> Problem) -> Problem {
    match &error {
        diesel::result::Error::DatabaseError(_, info) if info.constraint_name() == Some(constraint) => problem(),
        _ => error.into(),
    }
}

/// RFC 9457 problem details.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({
    "type": "urn:expert-bank:problem:invalid", "title": "Dữ liệu chưa hợp lệ", "status": 422, "code": "invalid",
    "errors": [{"pointer": "/full_name", "code": "required", "detail": "Thiếu `full_name`."}],
    "request_id": "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d"
}))]
pub struct ProblemDocument {
    /// A URN that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in the language asked for.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened here, and the remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Stable code for programs.
    pub code: &'static str,
    /// The places in the input that are at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldErrorDocument>,
    /// With a 409: the path of what is there already, where the caller may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub existing: Option<String>,
    /// Quote this when you ask for help.
    pub request_id: Option<Uuid>,
}

/// One place in the input.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProblemField)]
pub struct FieldErrorDocument {
    /// JSON pointer into the body, or `/name` of a query parameter.
    pub pointer: String,
    /// Stable code of the fault.
    pub code: &'static str,
    /// What is wrong and what would repair it.
    pub detail: String,
    /// The value to send instead, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair: Option<String>,
    /// The law the rule comes from, where it comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Nghị định 126/2024/NĐ-CP")]
    pub legal_reference: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_the_header() {
        for (header, lang) in [
            ("", Lang::Vi),
            ("en", Lang::En),
            ("en-GB,en;q=0.9", Lang::En),
            ("vi,en;q=0.9", Lang::Vi),
            ("en;q=0.2, vi;q=0.8", Lang::Vi),
            ("fr", Lang::Vi),
            ("fr, en;q=0.1", Lang::En),
            ("en;q=0", Lang::Vi),
            ("en;q=abc", Lang::Vi),
        ] {
            assert_eq!(Lang::from_accept_language(header), lang, "{header}");
        }
    }

    #[test]
    fn every_code_has_a_name_a_status_and_both_titles() {
        let mut names = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(names.insert(code.name()), "{} stands twice", code.name());
            assert!((400..600).contains(&code.status()));
            assert!(!code.title().vi.is_empty() && !code.title().en.is_empty());
        }
    }
}
