//! Consultations over HTTP, laid out as the URLs are.

mod adoption;
mod attachments;
mod bad_input;
mod calendar;
mod candidates;
pub mod clock;
pub mod conclusion;
mod conflicts;
mod file;
mod find;
mod heard;
mod invitations;
mod minutes;
mod opinions;
mod panel;
mod proposal;
mod register;
mod states;
mod timeline;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{change, text};
use crate::support::{Answer, Caller, TestApp};

pub const PATH: &str = "/api/v1/consultations";

/// A path below a consultation.
pub fn at(consultation: &Value, rest: &str) -> String {
    format!("{PATH}/{}{rest}", text(&consultation["id"]))
}

/// A form with all that is asked for when it is sent in; `more` adds to it or changes it.
pub fn form(kind: &str, more: &Value) -> Value {
    let mut form = json!({
        "kind": kind, "title": "Đề án trồng rừng gỗ lớn", "object": "scheme",
        "deciding_authority": { "name": "UBND tỉnh" }, "questions": ["Mục tiêu có phù hợp?", "Vốn có khả thi?"],
        "fields": ["404"], "letter": { "number": "215/SNNMT-KL", "date": "2026-03-02", "signatory": "Nguyễn Văn Mẫu" },
        "decision_on": "2035-06-30", "contact": { "name": "Ma Thị Mẫu", "phone": "0207 3822 000" },
        "funding": { "source": "asker", "amount_vnd": 4_500_000_000_i64 }, "no_state_secrets": true,
    });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        form[name] = value;
    }
    form
}

/// Files a draft.
pub async fn draft(caller: &Caller<'_>, kind: &str, more: &Value) -> Value {
    caller.post(PATH, &form(kind, more)).await.expect(201)
}

/// Attaches a file, whatever it is.
pub async fn attach(caller: &Caller<'_>, consultation: &Value, query: &str, bytes: &[u8]) -> Answer {
    let path = at(consultation, &format!("/attachments?{query}"));
    caller.raw(Method::POST, &path, &[("content-type", "application/octet-stream")], bytes.to_vec()).await
}

/// Attaches a small PDF as the scheme.
pub async fn attach_scheme(caller: &Caller<'_>, consultation: &Value) -> Value {
    attach(caller, consultation, "name=De-an.pdf", b"%PDF-1.7 mau").await.expect(201)
}

/// A verb, whatever the version.
pub async fn verb(caller: &Caller<'_>, consultation: &Value, verb: &str, body: &Value) -> Answer {
    let body = (!body.is_null()).then_some(body);
    caller.send(Method::POST, &at(consultation, &format!("/{verb}")), &[("if-match", "*")], body).await
}

/// Files a whole request and sends it in.
pub async fn submitted(caller: &Caller<'_>, kind: &str, more: &Value) -> Value {
    let made = draft(caller, kind, more).await;
    attach_scheme(caller, &made).await;
    verb(caller, &made, "submit", &Value::Null).await.expect(200)
}

/// A body with which a verb is possible, where its state allows it.
pub fn example(verb: &str) -> Value {
    let document = json!({ "number": "12/LHH", "date": "2026-03-09", "signatory": "Trần Văn Mẫu" });
    match verb {
        "request-completion" => json!({ "missing": ["Thuyết minh nguồn vốn"] }),
        "decline" => json!({ "code": "out_of_scope", "reason": "Ngoài phạm vi" }),
        "approve-panel" => json!({ "document": document }),
        "respond" => json!({ "document": document, "replies": conclusion::replies() }),
        "close" => json!({ "decision": document, "reason": "Theo công văn" }),
        "withdraw" => json!({ "reason": "Theo công văn", "document": document }),
        "reschedule" => json!({ "reason": "UBND tỉnh lùi phiên họp", "decision_on": "2035-05-31" }),
        "suspend" | "cancel" | "reopen-review" => json!({ "reason": "Theo công văn" }),
        _ => Value::Null,
    }
}

/// Every verb and who takes it.
pub const VERBS: [(&str, &str); 16] = [
    ("submit", "agency"),
    ("request-completion", "union_officer"),
    ("accept", "union_leader"),
    ("decline", "union_leader"),
    ("form-panel", "union_officer"),
    ("approve-panel", "union_leader"),
    ("conclude", "union_officer"),
    ("reopen-review", "union_leader"),
    ("deliver", "union_leader"),
    ("respond", "agency"),
    ("close", "union_officer"),
    ("reschedule", "union_leader"),
    ("suspend", "union_officer"),
    ("resume", "union_officer"),
    ("withdraw", "agency"),
    ("cancel", "union_leader"),
];

/// The verbs by which a draft comes to a state.
pub fn way_to(state: &str) -> &'static [&'static str] {
    match state {
        "draft" => &[],
        "submitted" => &["submit"],
        "needs_completion" => &["submit", "request-completion"],
        "declined" => &["submit", "decline"],
        "accepted" => &["submit", "accept"],
        "panel_forming" => &["submit", "accept", "form-panel"],
        "in_review" => &["submit", "accept", "form-panel", "approve-panel"],
        "concluding" => &["submit", "accept", "form-panel", "approve-panel", "conclude"],
        "delivered" => &["submit", "accept", "form-panel", "approve-panel", "conclude", "deliver"],
        "responded" => &["submit", "accept", "form-panel", "approve-panel", "conclude", "deliver", "respond"],
        "closed" => &["submit", "accept", "form-panel", "approve-panel", "conclude", "deliver", "respond", "close"],
        "suspended" => &["submit", "accept", "suspend"],
        "withdrawn" => &["submit", "withdraw"],
        "cancelled" => &["submit", "accept", "cancel"],
        other => panic!("{other}"),
    }
}

/// Takes away all panels, those of the demo too, as if there had been none.
pub async fn no_panels(app: &TestApp) {
    let sql = "SET LOCAL session_replication_role = replica;
        DELETE FROM opinion_revisions; DELETE FROM opinions; DELETE FROM panel_members";
    change(app, sql).await;
}

/// Codes of people of the bank who can be asked and work nowhere that the register knows, no two at one place: nothing makes a conflict of interest.
pub async fn free_people(app: &TestApp, count: usize) -> Vec<String> {
    let sql = format!(
        "SELECT string_agg(code, ',') FROM (SELECT code FROM experts e WHERE status = 'active' AND workplace_id IS NULL
            AND NOT EXISTS (SELECT FROM experts x WHERE x.workplace_key = e.workplace_key AND x.code < e.code AND x.status = 'active')
            AND NOT EXISTS (SELECT FROM association_officers o WHERE o.expert_id = e.id)
            AND NOT coalesce(details -> 'work_history', '[]') @? '$[*].organisation_id'
            AND NOT EXISTS (SELECT FROM consultation_drafters d WHERE d.expert_id = e.id) ORDER BY code LIMIT {count}) people"
    );
    let codes: Vec<String> = app.sql(&sql).await.split(',').map(str::to_owned).collect();
    assert_eq!(codes.len(), count, "{codes:?}");
    codes
}

/// A panel of these, the first as its chair, the second as its secretary.
pub fn panel_of(codes: &[String]) -> Value {
    let seats = ["chair", "secretary", "reviewer", "reviewer"].into_iter().chain(std::iter::repeat("member"));
    let members: Vec<Value> =
        codes.iter().zip(seats).map(|(code, seat)| json!({ "expert": code, "seat": seat })).collect();
    json!({ "members": members })
}

/// Adopts a panel, whatever the version.
pub async fn put_panel(caller: &Caller<'_>, consultation: &Value, panel: &Value) -> Answer {
    caller.send(Method::PUT, &at(consultation, "/panel"), &[("if-match", "*")], Some(panel)).await
}

/// Adopts a panel of five that can be approved.
pub async fn seat_panel(officer: &Caller<'_>, consultation: &Value) -> Value {
    let people = free_people(officer.app, 5).await;
    put_panel(officer, consultation, &panel_of(&people)).await.expect(200)
}

/// A path below the opinion of a seat.
pub fn opinion_at(consultation: &Value, seat: &Value, rest: &str) -> String {
    at(consultation, &format!("/panel/members/{}/opinion{rest}", text(seat)))
}

/// The letter on which somebody of a panel answered, or gave an opinion.
fn letter() -> Value {
    json!({ "number": "05/LHH", "date": "2026-03-10" })
}

/// Accepts a seat for its holder, by a letter.
pub async fn accept_seat(officer: &Caller<'_>, consultation: &Value, seat: &Value) -> Answer {
    let path = at(consultation, &format!("/panel/members/{}/accept", text(seat)));
    officer.send(Method::POST, &path, &[("if-match", "*")], Some(&json!({ "document": letter() }))).await
}

/// An opinion without a conflict of interest; `more` adds to it or changes it.
pub fn opinion(assessment: &str, more: &Value) -> Value {
    let mut form = json!({ "declaration": { "has_conflict": false }, "assessment": assessment, "body": "Ý kiến mẫu" });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        form[name] = value;
    }
    form
}

/// Writes an opinion and hands it in for who sits, from paper.
pub async fn give_opinion(officer: &Caller<'_>, consultation: &Value, seat: &Value, assessment: &str) -> Value {
    let form = opinion(assessment, &json!({ "paper": letter() }));
    let path = opinion_at(consultation, seat, "");
    officer.send(Method::PUT, &path, &[("if-match", "*")], Some(&form)).await.expect(200);
    let path = opinion_at(consultation, seat, "/submit");
    officer.send(Method::POST, &path, &[("if-match", "*")], None).await.expect(200)
}

/// All who sit on an approved panel accept and agree to the scheme, on paper; who did before is left alone.
pub async fn hear(officer: &Caller<'_>, consultation: &Value) {
    let seats = officer.get(&at(consultation, "/opinions")).await.expect(200);
    for one in seats["items"].as_array().unwrap() {
        let seat = &one["member_id"];
        match text(&one["member_state"]) {
            "invited" => drop(accept_seat(officer, consultation, seat).await.expect(200)),
            "accepted" => {}
            _ => continue,
        }
        if one["revision"] == 0 {
            give_opinion(officer, consultation, seat, "agree").await;
        }
    }
}

/// Brings a whole draft to a state; every step by who takes it, and the panel is heard. The callers are agency, officer and leader.
pub async fn bring(callers: &[Caller<'_>; 3], consultation: &Value, state: &str) -> Value {
    let now = go(callers, consultation, way_to(state)).await;
    assert_eq!(now["state"], state);
    now
}

/// Takes steps, every one by who takes it, with what must be there before.
pub async fn go(callers: &[Caller<'_>; 3], consultation: &Value, names: &[&str]) -> Value {
    let mut now = consultation.clone();
    for name in names {
        let (_, who) = VERBS.iter().find(|(verb, _)| verb == name).unwrap();
        let caller = match *who {
            "agency" => &callers[0],
            "union_officer" => &callers[1],
            _ => &callers[2],
        };
        if *name == "deliver" {
            conclusion::sign_conclusion(callers, &now).await;
        }
        now = verb(caller, &now, name, &example(name)).await.expect(200);
        match *name {
            "form-panel" => drop(seat_panel(&callers[1], &now).await),
            "approve-panel" => hear(&callers[1], &now).await,
            _ => {}
        }
    }
    now
}

/// The first fault of a 422: place and code.
#[track_caller]
pub fn fault(answer: Answer) -> (String, String) {
    let problem = answer.problem(422);
    (text(&problem["errors"][0]["pointer"]).to_owned(), text(&problem["errors"][0]["code"]).to_owned())
}

/// The code of the record of the account `expert`, without a workplace or earlier ones.
pub async fn own_record(app: &TestApp) -> String {
    let own =
        app.sql("SELECT e.code FROM accounts a JOIN experts e ON e.id = a.expert_id WHERE a.username = 'expert'").await;
    change(
        app,
        &format!(
            "UPDATE experts SET workplace_id = NULL, status = 'active', details = details - 'work_history'
              WHERE code = '{own}'"
        ),
    )
    .await;
    own
}

/// The agency that asks, an officer and a leader of the Union.
pub async fn callers(app: &TestApp) -> [Caller<'_>; 3] {
    [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await]
}
