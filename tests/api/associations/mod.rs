//! Associations over HTTP, laid out as the URLs are.

mod alerts;
mod bad_input;
mod change_requests;
mod coverage;
mod export;
mod find;
mod load;
mod members;
mod officers;
mod record;
mod states;
mod terms;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::text;
use crate::support::{Answer, Caller};

pub const PATH: &str = "/api/v1/associations";

/// A path below an association.
pub fn at(association: &Value, rest: &str) -> String {
    format!("{PATH}/{}{rest}", text(&association["id"]))
}

/// Enters an active association of 2010 in Tuyên Quang; `more` adds to the form or changes it.
pub async fn enter(officer: &Caller<'_>, code: &str, more: Value) -> Value {
    let mut form = json!({
        "code": code, "name": format!("Hội {code}"), "scope": "province", "province": "08", "status": "active",
        "valid_from": "2010-01-01", "main_field": "10102",
    });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        form[name] = value;
    }
    officer.post(PATH, &form).await.expect(201)
}

/// A verb, whatever the version.
pub async fn verb(caller: &Caller<'_>, association: &Value, verb: &str, body: &Value) -> Answer {
    caller.send(Method::POST, &at(association, &format!("/{verb}")), &[("if-match", "*")], Some(body)).await
}

/// Enters a term.
pub async fn term(officer: &Caller<'_>, association: &Value, from: &str, to: &str) -> Answer {
    officer.post(&at(association, "/terms"), &json!({ "from": from, "to": to })).await
}

/// Enters an officer by name.
pub async fn officer(caller: &Caller<'_>, association: &Value, name: &str, position: &str, more: Value) -> Answer {
    let mut form = json!({ "full_name": name, "position": position });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        form[name] = value;
    }
    caller.post(&at(association, "/officers"), &form).await
}

/// The first fault of a 422: place, code, and whether a law is named.
#[track_caller]
pub fn fault(answer: Answer) -> (String, String, bool) {
    let problem = answer.problem(422);
    let error = &problem["errors"][0];
    (text(&error["pointer"]).to_owned(), text(&error["code"]).to_owned(), error["legal_reference"].is_string())
}
