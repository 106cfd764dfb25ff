//! Each kind of request from a draft to its end, as the people who do it see it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::consultations::conclusion::sign_conclusion;
use crate::consultations::{PATH, at, attach, attach_scheme, example, form, hear, seat_panel, verb};
use crate::support::bank::{listed, text};
use crate::support::{Caller, TestApp};

/// The agency files, forgets something, and sends it in whole.
async fn files(agency: &Caller<'_>, kind: &str, title: &str) -> Value {
    let body = json!({ "kind": kind, "title": title });
    let made = agency.post(PATH, &body).await.expect(201);
    let told = verb(agency, &made, "submit", &Value::Null).await.problem(422);
    assert!(told["errors"].as_array().unwrap().len() >= 9, "everything that is missing at once: {told}");
    let mut rest = form(kind, &json!({ "title": title }));
    rest.as_object_mut().unwrap().remove("kind");
    let etag = agency.get(&at(&made, "")).await.header("etag");
    agency.patch(&at(&made, ""), &etag, &rest).await.expect(200);
    attach_scheme(agency, &made).await;
    let sent = verb(agency, &made, "submit", &Value::Null).await.expect(200);
    assert_eq!((&sent["state"], &sent["clock"]["waits_for"]), (&json!("submitted"), &json!("union")));
    assert_eq!(sent["allowed_actions"], json!(["withdraw"]));
    sent
}

#[tokio::test]
async fn each_kind_goes_from_draft_to_accepted() {
    let app = TestApp::start().await;
    let (agency, officer, leader) =
        (app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await);
    for (kind, series) in [("consultation", "TV-"), ("critical_review", "PB-"), ("social_assessment", "GD-")] {
        let sent = files(&agency, kind, "Đề án mẫu").await;
        let seen = officer.get(&at(&sent, "")).await.expect(200);
        assert_eq!(seen["allowed_actions"], json!(["request-completion", "withdraw"]));
        officer.patch(&at(&sent, ""), "*", &json!({ "fields": ["404", "303"] })).await.expect(200);
        verb(&officer, &sent, "accept", &Value::Null).await.problem(403);
        let taken = verb(&leader, &sent, "accept", &json!({ "reason": "Đúng chức năng" })).await.expect(200);
        assert_eq!(taken["state"], "accepted");
        assert!(text(&taken["register_number"]).starts_with(series), "{taken}");
        assert_eq!(taken["lead"]["name"], "union_leader");
        assert_eq!((&taken["clock"]["step"], &taken["clock"]["overdue"]), (&json!("report"), &json!(false)));
        assert!(taken["clock"]["report_due_on"].is_string());
        assert_eq!(agency.get(&at(&sent, "")).await.expect(200)["allowed_actions"], json!(["withdraw"]));
    }
}

#[tokio::test]
async fn a_request_goes_all_the_way_to_the_archive() {
    let app = TestApp::start().await;
    let (agency, officer, leader) =
        (app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await);
    let callers = [agency.clone(), officer.clone(), leader.clone()];
    let sent = files(&agency, "critical_review", "Đề án đi trọn đường").await;
    for (caller, name, state, waits) in [
        (&leader, "accept", "accepted", Some("union")),
        (&officer, "form-panel", "panel_forming", Some("union")),
        (&leader, "approve-panel", "in_review", Some("union")),
        (&officer, "conclude", "concluding", Some("union")),
        (&leader, "deliver", "delivered", Some("asker")),
        (&agency, "respond", "responded", None),
        (&officer, "close", "closed", None),
    ] {
        if name == "respond" {
            attach(caller, &sent, "name=tra-loi.txt&kind=letter", b"tiep thu").await.expect(201);
        }
        if name == "deliver" {
            sign_conclusion(&callers, &sent).await;
        }
        let now = verb(caller, &sent, name, &example(name)).await.expect(200);
        match name {
            "form-panel" => drop(seat_panel(&officer, &sent).await),
            "approve-panel" => hear(&officer, &sent).await,
            _ => {}
        }
        assert_eq!((&now["state"], now["clock"]["waits_for"].as_str()), (&json!(state), waits), "{name}");
    }
    let verbs = listed(&agency, &at(&sent, "/events"), "verb").await;
    let expected =
        ["create", "submit", "accept", "form-panel", "approve-panel", "conclude", "deliver", "respond", "close"];
    assert_eq!(verbs, expected);
    let seen = app.sign_in("auditor").await.get(&at(&sent, "")).await.expect(200);
    assert_eq!(
        (&seen["state"], &seen["allowed_actions"], &seen["contact"]),
        (&json!("closed"), &json!([]), &Value::Null)
    );
}

#[tokio::test]
async fn a_request_is_returned_completed_and_declined_with_a_reason() {
    let app = TestApp::start().await;
    let (agency, officer, leader) =
        (app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await);
    let sent = files(&agency, "consultation", "Đề án thiếu hồ sơ").await;
    let back = verb(&officer, &sent, "request-completion", &json!({ "missing": ["Dự toán"] })).await.expect(200);
    assert_eq!(back["clock"]["waits_for"], "asker");
    let seen = agency.get(&at(&sent, "")).await.expect(200);
    assert_eq!((&seen["missing"], &seen["allowed_actions"]), (&json!(["Dự toán"]), &json!(["submit", "withdraw"])));
    attach(&agency, &sent, "name=du-toan.csv&kind=other", "Mục;Số tiền\n".as_bytes()).await.expect(201);
    verb(&agency, &sent, "submit", &json!({ "reason": "Đã bổ sung dự toán" })).await.expect(200);
    let no = json!({ "code": "no_suitable_experts", "reason": "Chưa có chuyên gia phù hợp" });
    let declined = verb(&leader, &sent, "decline", &no).await.expect(200);
    assert_eq!((&declined["state"], &declined["register_number"]), (&json!("declined"), &Value::Null));
    let last = agency.get(&at(&sent, "/events")).await.expect(200)["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["reason_code"], &last["reason"]), (&json!("no_suitable_experts"), &no["reason"]));
}

#[tokio::test]
async fn another_agencys_request_is_not_there() {
    let app = TestApp::start().await;
    let (agency, other) = (app.sign_in("agency").await, app.sign_in("agency_2").await);
    let sent = files(&agency, "consultation", "Đề án riêng").await;
    let file = agency.get(&at(&sent, "/attachments")).await.expect(200)["items"][0]["id"].clone();
    let file = format!("/attachments/{}", text(&file));
    for path in ["", "/events", "/attachments", file.as_str()] {
        other.get(&at(&sent, path)).await.problem(404);
    }
    other.patch(&at(&sent, ""), "*", &json!({ "title": "x" })).await.problem(404);
    attach(&other, &sent, "name=a.txt", b"a").await.problem(404);
    other.send(Method::DELETE, &at(&sent, &file), &[("if-match", "*")], None).await.problem(404);
    for name in ["submit", "withdraw", "respond"] {
        verb(&other, &sent, name, &example(name)).await.problem(404);
    }
    let page = other.get(&format!("{PATH}?q=rieng&count=true&facets=state,agency,field,overdue")).await.expect(200);
    assert_eq!((&page["items"], &page["count"]), (&json!([]), &json!(0)));
    assert_eq!(page["facets"], json!({ "state": [], "agency": [], "field": [], "overdue": [] }));
    // and the same for what was never there
    let nowhere = format!("{PATH}/00000000-0000-0000-0000-000000000000");
    let (a, b) = (other.get(&at(&sent, "")).await, other.get(&nowhere).await);
    let bare = |answer: crate::support::Answer| {
        let mut told = answer.problem(404);
        told["request_id"] = Value::Null;
        told
    };
    assert_eq!(bare(a), bare(b));
}

/// An agency's document system: a machine with the role and the organisation of the office.
async fn machine(app: &TestApp) -> Caller<'_> {
    let id = crate::support::people::organisation(app, "SNNMT-DEMO").await;
    let body = json!({ "name": "Hệ thống văn bản", "role": "agency", "organisation_id": id });
    let made = app.sign_in("admin").await.post("/api/v1/api-clients", &body).await.expect(201);
    let (client, secret) = (text(&made["id"]), text(&made["client_secret"]));
    let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let token = app.nobody().raw(Method::POST, "/api/v1/oauth/token", &headers, form.into_bytes()).await.expect(200);
    app.with_token(text(&token["access_token"]))
}

#[tokio::test]
async fn an_agency_follows_its_own_request() {
    let app = TestApp::start().await;
    let (agency, officer, leader) =
        (app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await);
    let callers = [agency.clone(), officer.clone(), leader.clone()];
    let system = machine(&app).await;
    // the document system files it, the office goes on with it
    let sent = files(&system, "critical_review", "Đề án được theo dõi").await;
    let path = at(&sent, "");
    let mut etag = agency.get(&path).await.header("etag");
    let steps = [
        (&officer, "request-completion", "needs_completion", json!("asker"), json!(["submit", "withdraw"])),
        (&agency, "submit", "submitted", json!("union"), json!(["withdraw"])),
        (&leader, "accept", "accepted", json!("union"), json!(["withdraw"])),
        (&officer, "suspend", "suspended", json!("union"), json!(["withdraw"])),
        (&officer, "resume", "accepted", json!("union"), json!(["withdraw"])),
        (&officer, "form-panel", "panel_forming", json!("union"), json!(["withdraw"])),
        (&leader, "approve-panel", "in_review", json!("union"), json!(["withdraw"])),
        (&officer, "conclude", "concluding", json!("union"), json!(["withdraw"])),
        (&leader, "deliver", "delivered", json!("asker"), json!(["respond"])),
        (&agency, "respond", "responded", Value::Null, json!([])),
        (&officer, "close", "closed", Value::Null, json!([])),
    ];
    // two moves came before: it was filed and sent in
    for ((caller, name, state, waits, mine), count) in steps.into_iter().zip(3..) {
        let held = agency.send(Method::GET, &path, &[("if-none-match", etag.as_str())], None).await;
        assert_eq!(held.status, 304, "before {name} nothing is new");
        if name == "deliver" {
            sign_conclusion(&callers, &sent).await;
        }
        verb(caller, &sent, name, &example(name)).await.expect(200);
        match name {
            "form-panel" => drop(seat_panel(&officer, &sent).await),
            "approve-panel" => hear(&officer, &sent).await,
            _ => {}
        }
        let answer = agency.send(Method::GET, &path, &[("if-none-match", etag.as_str())], None).await;
        etag = answer.header("etag");
        let seen = answer.expect(200);
        assert_eq!(
            json!([seen["state"], seen["clock"]["waits_for"], seen["allowed_actions"]]),
            json!([state, waits, mine])
        );
        // what is waited for has a day, unless the clock stands still
        let has_day = seen["clock"]["due_on"].is_string();
        assert_eq!(has_day, !waits.is_null() && name != "suspend", "{name}: {}", seen["clock"]);
        assert_eq!(seen["clock"]["days_left"].is_i64(), !waits.is_null(), "{name}");
        let events = system.get(&at(&sent, &format!("/events?limit={count}"))).await.expect(200);
        let last = events["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["verb"], &last["to"]), (&json!(name), &json!(state)));
        assert_eq!(last["by"].get("id"), None, "who of the Union it was is not told");
        let listed = system.get(&format!("{PATH}?state={state}&q=theo%20doi&count=true")).await.expect(200);
        assert_eq!((&listed["count"], &listed["items"][0]["id"]), (&json!(1), &sent["id"]));
        assert_eq!(listed["items"][0]["clock"], seen["clock"]);
    }
    let other = app.sign_in("agency_2").await;
    other.get(&path).await.problem(404);
}

#[tokio::test]
async fn a_request_stands_still_over_tet_and_goes_on() {
    let app = TestApp::start().await;
    let (agency, officer, leader) =
        (app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await);
    let sent = files(&agency, "social_assessment", "Dự án tạm dừng qua Tết").await;
    let days = ["2026-02-03", "2026-02-04", "2026-02-05", "2026-02-12", "2026-03-02"];
    for (count, caller, name, due, left) in [
        (3, &leader, "accept", json!("2026-03-12"), Value::Null),
        (4, &officer, "suspend", Value::Null, json!(15)),
        (5, &officer, "resume", json!("2026-03-23"), Value::Null),
    ] {
        verb(caller, &sent, name, &example(name)).await.expect(200);
        crate::consultations::clock::happened_on(&app, &sent, &days[..count]).await;
        let clock = agency.get(&at(&sent, "")).await.expect(200)["clock"].clone();
        assert_eq!(clock["due_on"], due, "{name}");
        if !left.is_null() {
            assert_eq!((&clock["days_left"], &clock["overdue"]), (&left, &json!(false)), "nobody is late meanwhile");
        }
    }
}
