//! Invented people for a test: entering them, letting them agree, and asking who sees them.

use std::io::Cursor;

use expert_bank::access::permit::Scope;
use expert_bank::audit::event::{Event, Recorder};
use expert_bank::experts::load::{self, Options, Report};
use expert_bank::kernel::sheet::Sheet;
use expert_bank::organisations::load::load as load_organisations;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{Caller, TestApp};

/// Enters an expert, whomever they resemble; the answer.
pub async fn enter(officer: &Caller<'_>, body: &Value) -> Value {
    let mut path = "/api/v1/experts?".to_owned();
    loop {
        let answer = officer.post(&path, body).await;
        let told: Value = serde_json::from_str(&answer.text).unwrap_or_default();
        if answer.status != 409 || told["errors"][0]["code"] != "same_person" {
            return answer.expect(201);
        }
        let known = text(&told["existing"]).rsplit('/').next().unwrap_or_default();
        path = format!("{path}&not_the_same={known}");
    }
}

/// An answer of a write without what it says was put right: the record alone, as a read shows it.
pub fn bare(mut answer: Value) -> Value {
    answer.as_object_mut().unwrap().remove("normalised");
    answer
}

/// Enters an expert by name alone.
pub async fn enter_named(officer: &Caller<'_>, name: &str) -> Value {
    enter(officer, &json!({ "full_name": name })).await
}

/// The path of an expert by id.
pub fn path(expert: &Value) -> String {
    format!("/api/v1/experts/{}", text(&expert["id"]))
}

/// A JSON string.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Records a decision on paper.
pub async fn decide(officer: &Caller<'_>, expert: &Value, purpose: &str, given: bool) -> Value {
    let body = json!({ "purpose": purpose, "given": given, "channel": "paper", "document": "Phiếu số 1" });
    officer.post(&format!("{}/consents", path(expert)), &body).await.expect(201)
}

/// The path of a search, its words safely written.
pub fn search_path(q: &str) -> String {
    format!("/api/v1/experts?limit=100&q={}", encode(q))
}

/// The files of the real bodies of Hà Giang and Tuyên Quang, loaded.
pub async fn load_real_bodies(app: &TestApp) {
    for text in
        [include_str!("../../../data/tuyen_quang/agencies.csv"), include_str!("../../../data/tuyen_quang/unions.csv")]
    {
        let sheet = Sheet::built_in("bodies.csv", text);
        load_organisations(&app.state, &sheet).await.unwrap_or_else(|error| panic!("{error}"));
    }
}

/// An organisation of the register by code, as things stood on a day.
pub async fn body(caller: &Caller<'_>, code: &str, as_of: &str) -> Value {
    caller.get(&format!("/api/v1/organisations/{code}?as_of={as_of}")).await.expect(200)
}

/// Enters an organisation; the answer.
pub async fn enter_body(officer: &Caller<'_>, body: &Value) -> Value {
    officer.post("/api/v1/organisations", body).await.expect(201)
}

/// Percent-encoded.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// One member of each item a list holds, in its order.
pub async fn listed(caller: &Caller<'_>, path: &str, member: &str) -> Vec<String> {
    let page = caller.get(path).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|item| text(&item[member]).to_owned()).collect()
}

/// The names a search finds.
pub async fn found(caller: &Caller<'_>, q: &str) -> Vec<String> {
    listed(caller, &search_path(q), "full_name").await
}

/// Whether a caller sees an expert: the same by id, by code and by name, or it is a leak.
pub async fn sees(caller: &Caller<'_>, expert: &Value) -> bool {
    let id = text(&expert["id"]);
    let by_id = caller.get(&path(expert)).await.status;
    let by_code = caller.get(&format!("/api/v1/experts/{}", text(&expert["code"]))).await.status;
    let by_name = listed(caller, &search_path(text(&expert["full_name"])), "id").await.iter().any(|seen| seen == id);
    let status = if by_name { 200 } else { 404 };
    assert_eq!((by_id.as_u16(), by_code.as_u16()), (status, status), "by id, by code; by name: {by_name}");
    by_name
}

/// Runs statements of SQL in one transaction with an audit event, which the database asks for.
pub async fn change(app: &TestApp, sql: &str) {
    try_change(app, sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The same, with what the database says against it.
pub async fn try_change(app: &TestApp, sql: &str) -> Result<(), String> {
    use diesel_async::SimpleAsyncConnection;
    let recorder = Recorder::system(app.state.sealer.clone(), "tests.change");
    let mut said = None;
    let done = app.state.db.transaction(async |tx| {
        recorder.record(tx, vec![Event::on_all("tests")]).await?;
        // a slow machine fails no test
        tx.batch_execute("SET LOCAL statement_timeout = '2min'").await?;
        let ran = tx.batch_execute(sql).await;
        said = ran.as_ref().err().map(ToString::to_string);
        Ok(ran?)
    });
    let done = done.await;
    done.map_err(|problem| said.unwrap_or_else(|| problem.to_string()))
}

/// Loads lines as `load experts` does.
pub async fn load_lines(app: &TestApp, bytes: &[u8], with_all_consents: bool) -> Report {
    let options = Options { source: "tests", with_all_consents };
    load::load(&app.state, Cursor::new(bytes.to_vec()), options, |_| {}).await.expect("a load")
}

/// Experts with all consents, one for each form.
pub async fn load_agreeing(app: &TestApp, forms: &[Value]) {
    let lines: Vec<String> = forms
        .iter()
        .enumerate()
        .map(|(at, form)| {
            let mut line = form.clone();
            line["external_id"] = json!(format!("P-{at}"));
            line.to_string()
        })
        .collect();
    let report = load_lines(app, lines.join("\n").as_bytes(), true).await;
    assert_eq!(report.created, forms.len(), "{report}; {:?}", report.rejected);
}

/// The scope of the whole bank.
pub const EVERYBODY: Scope = Scope::SYSTEM;
