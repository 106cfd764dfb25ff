//! Query parameters.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use super::serde_fault::field_error;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// The query as `T` (`#[serde(deny_unknown_fields)]`, no `flatten`); a repeated key fills a `Vec`.
///
/// Unknown keys, a repeated single key, a bad value, broken UTF-8 and NUL are 400 with `/name`.
#[derive(Debug)]
pub struct Params<T>(pub T);

/// The query of an operation that has no parameters: `Params<Nothing>`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(req.query_string()).map(Self))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Answer<T> {
    check_text(query)?;
    let deserializer = serde_html_form::Deserializer::from_bytes(query.as_bytes());
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let fault = field_error(error.path(), &error.inner().to_string());
        Problem::new(Code::InvalidQuery).and_field(fault.pointer, fault.code, fault.detail)
    })
}

/// Refuses what the form decoder would replace in silence.
fn check_text(query: &str) -> Answer<()> {
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let readable = |part: &str| matches!(percent_decode_str(part).decode_utf8(), Ok(text) if !text.contains('\0'));
        if !readable(name) || !readable(value) {
            let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
            return Err(Problem::new(Code::InvalidQuery).and_field(
                format!("/{name}"),
                "not_text",
                say!("Giá trị phải là UTF-8 và không có NUL.", "The value must be UTF-8 without NUL."),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::page::Limit;

    #[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Query {
        q: Option<String>,
        field: Vec<String>,
        limit: Limit,
    }

    #[test]
    fn reads_repeated_keys_and_refuses_the_rest() {
        let query: Query = parse("q=l%C3%A2m+nghi%E1%BB%87p&field=4&field=401").unwrap();
        assert_eq!(query.q.as_deref(), Some("lâm nghiệp"));
        assert_eq!(query.field, ["4", "401"]);
        for (query, pointer) in [
            ("colour=red", "/colour"),
            ("q=%00", "/q"),
            ("not_the_same=%00", "/not_the_same"),
            ("q=%ff", "/q"),
            ("limit=0", "/limit"),
            ("limit=101", "/limit"),
            ("limit=x", "/limit"),
            ("limit=99999999999999999999999", "/limit"),
            ("q=a&q=b", "/q"),
        ] {
            let problem = parse::<Query>(query).unwrap_err();
            assert_eq!(problem.code(), Code::InvalidQuery, "{query}");
            assert_eq!(problem.errors()[0].pointer, pointer, "{query}: {problem}");
        }
    }
}
