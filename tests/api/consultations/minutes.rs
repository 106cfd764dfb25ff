//! Meetings of a panel: who came, votes that add up, and minutes that never change once they are signed.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    accept_seat, at, attach_scheme, bring, callers, draft, example, free_people, own_record, panel_of, put_panel, verb,
};
use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

const ANY: [(&str, &str); 1] = [("if-match", "*")];

/// A request whose panel of three was approved, and the codes and ids of the seats.
async fn in_review(app: &TestApp, callers: &[Caller<'_>; 3], own: &str) -> (Value, Vec<String>, Vec<Value>) {
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    bring(callers, &made, "accepted").await;
    verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200);
    let mut people = free_people(app, 3).await;
    people.retain(|code| code != own);
    people.truncate(2);
    people.push(own.to_owned());
    put_panel(&callers[1], &made, &panel_of(&people)).await.expect(200);
    let made = verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200);
    let panel = callers[1].get(&at(&made, "/panel")).await.expect(200);
    let seats = panel["members"].as_array().unwrap().iter().map(|member| member["id"].clone()).collect();
    (made, people, seats)
}

async fn today(app: &TestApp) -> String {
    app.sql("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").await
}

/// A meeting to which all of these came; `more` adds to it or changes it.
fn meeting(held_on: &str, seats: &[Value], more: &Value) -> Value {
    let attendance: Vec<Value> = seats.iter().map(|seat| json!({ "member_id": seat, "present": true })).collect();
    let mut form = json!({ "held_on": held_on, "place": "Hội trường Liên hiệp hội", "attendance": attendance,
        "minutes": "Chủ tịch khai mạc." });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        form[name] = value;
    }
    form
}

fn vote(in_favour: u16, against: u16, abstained: u16) -> Value {
    json!({ "votes": [{ "question": "Thông qua", "for": in_favour, "against": against, "abstained": abstained }] })
}

async fn enter(officer: &Caller<'_>, made: &Value, form: &Value) -> Answer {
    officer.post(&at(made, "/meetings"), form).await
}

fn meeting_at(made: &Value, meeting: &Value, rest: &str) -> String {
    at(made, &format!("/meetings/{}{rest}", text(&meeting["id"])))
}

#[tokio::test]
async fn minutes_are_entered_changed_and_signed_for_good() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let own = own_record(&app).await;
    let (made, _, seats) = in_review(&app, &callers, &own).await;
    let day = today(&app).await;
    let answer = enter(officer, &made, &meeting(&day, &seats[..2], &vote(1, 1, 0))).await;
    let location = answer.header("location");
    let first = answer.expect(201);
    assert_eq!(location, meeting_at(&made, &first, ""));
    assert_eq!(json!([first["number"], first["present"], first["signed_at"]]), json!([1, 2, null]));
    assert_eq!(first["votes"][0], json!({ "question": "Thông qua", "for": 1, "against": 1, "abstained": 0 }));
    // of everybody who sits it must be said whether they came
    let sign = meeting_at(&made, &first, "/sign");
    assert_eq!(officer.send(Method::POST, &sign, &ANY, None).await.places(422), ["/attendance"]);
    let etag = officer.get(&location).await.header("etag");
    let mut whole = meeting(&day, &seats, &vote(2, 0, 0));
    whole["attendance"][2] = json!({ "member_id": seats[2], "present": false, "note": "Có đơn xin vắng" });
    officer.send(Method::PUT, &location, &[], Some(&whole)).await.problem(428);
    let held = [("if-match", etag.as_str())];
    let changed = officer.send(Method::PUT, &location, &held, Some(&whole)).await.expect(200);
    officer.send(Method::PUT, &location, &held, Some(&whole)).await.problem(412);
    assert_eq!(json!([changed["present"], changed["attendance"][2]["note"]]), json!([2, "Có đơn xin vắng"]));
    let signed = officer.send(Method::POST, &sign, &ANY, None).await.expect(200);
    assert!(signed["signed_at"].is_string());
    officer.send(Method::PUT, &location, &ANY, Some(&whole)).await.problem(409);
    officer.send(Method::POST, &sign, &ANY, None).await.problem(409);
    let said = crate::support::bank::try_change(&app, "UPDATE panel_meetings SET minutes = 'khác'").await.unwrap_err();
    assert!(said.contains("never changes"), "{said}");
    // the next one has the next number, also when it is concluded
    super::hear(officer, &made).await;
    verb(officer, &made, "conclude", &Value::Null).await.expect(200);
    let second = enter(officer, &made, &meeting(&day, &seats, &json!({}))).await.expect(201);
    assert_eq!(second["number"], 2);
    let listed = officer.get(&at(&made, "/meetings")).await.expect(200);
    let numbers: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|one| &one["number"]).collect();
    assert_eq!(json!(numbers), json!([1, 2]));
}

#[tokio::test]
async fn what_is_wrong_with_minutes_is_told_in_its_place() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let own = own_record(&app).await;
    let (made, people, seats) = in_review(&app, &callers, &own).await;
    let day = today(&app).await;
    let named = |id: &Value| json!({ "member_id": id, "present": true });
    let unknown = json!("0190c0de-0000-7000-8000-000000000001");
    for (more, place, code) in [
        (json!({ "held_on": "2999-01-01" }), "/held_on", "in_the_future"),
        (json!({ "held_on": "1899-01-01" }), "/held_on", "out_of_range"),
        (json!({ "place": " " }), "/place", "required"),
        (json!({ "attendance": [named(&unknown)] }), "/attendance/0/member_id", "unknown_reference"),
        (json!({ "attendance": [named(&seats[0]), named(&seats[0])] }), "/attendance/1/member_id", "duplicate"),
        (vote(3, 1, 0), "/votes/0", "too_many_votes"),
        (vote(1, 1, 2), "/votes/0", "too_many_votes"),
        (
            json!({ "votes": [{ "question": " ", "for": 1, "against": 0, "abstained": 0 }] }),
            "/votes/0/question",
            "required",
        ),
        (json!({ "minutes": "x".repeat(20_001) }), "/minutes", "too_long"),
    ] {
        let answer = enter(officer, &made, &meeting(&day, &seats, &more)).await.problem(422);
        let told = json!([answer["errors"][0]["pointer"], answer["errors"][0]["code"]]);
        assert_eq!(told, json!([place, code]), "{more}");
    }
    enter(officer, &made, &meeting(&day, &seats, &json!({ "votes": [{ "question": "x", "for": -1 }] })))
        .await
        .problem(422);
    // who has an open conflict of interest has no vote
    enter(officer, &made, &meeting(&day, &seats, &vote(3, 0, 0))).await.expect(201);
    let declare = at(&made, &format!("/conflicts/{}/declare", people[1]));
    officer.post(&declare, &json!({ "reason": "Người thân soạn thảo" })).await.expect(200);
    let refused = enter(officer, &made, &meeting(&day, &seats, &vote(3, 0, 0))).await;
    assert_eq!(refused.places(422), ["/votes/0"]);
    enter(officer, &made, &meeting(&day, &seats, &vote(2, 0, 0))).await.expect(201);
    // before the panel is approved nobody meets
    let early = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &early).await;
    bring(&callers, &early, "panel_forming").await;
    enter(officer, &early, &meeting(&day, &[], &json!({}))).await.problem(409);
}

#[tokio::test]
async fn minutes_are_for_the_union_who_inspects_it_and_the_panel() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, expert) = (&callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, _, seats) = in_review(&app, &callers, &own).await;
    let day = today(&app).await;
    let first = enter(officer, &made, &meeting(&day, &seats, &vote(2, 1, 0))).await.expect(201);
    let (list, path) = (at(&made, "/meetings"), meeting_at(&made, &first, ""));
    expert.get(&list).await.problem(404);
    accept_seat(officer, &made, &seats[2]).await.expect(200);
    officer.send(Method::POST, &format!("{path}/sign"), &ANY, None).await.expect(200);
    for (role, status) in [
        ("expert", 200),
        ("union_officer", 200),
        ("union_leader", 200),
        ("auditor", 200),
        ("agency", 403),
        ("agency_2", 403),
        ("science_dept", 403),
        ("association", 403),
        ("admin", 403),
    ] {
        let caller = app.sign_in(role).await;
        for path in [&list, &path] {
            assert_eq!(caller.get(path).await.status, status, "{role} {path}");
        }
        if !["union_officer", "union_leader"].contains(&role) {
            enter(&caller, &made, &meeting(&day, &seats, &json!({}))).await.problem(403);
            let form = meeting(&day, &seats, &json!({}));
            caller.send(Method::PUT, &path, &ANY, Some(&form)).await.problem(403);
            caller.send(Method::POST, &format!("{path}/sign"), &ANY, None).await.problem(403);
        }
    }
    app.nobody().get(&list).await.problem(401);
    // a meeting of another panel is not found here, and an expert finds none of a panel they do not sit on
    let other = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &other).await;
    bring(&callers, &other, "panel_forming").await;
    officer.get(&meeting_at(&other, &first, "")).await.problem(404);
    expert.get(&at(&other, "/meetings")).await.problem(404);
    // who is let go reads no more
    let release = at(&made, &format!("/panel/members/{}/release", text(&seats[2])));
    officer.send(Method::POST, &release, &ANY, Some(&json!({ "reason": "Nghỉ" }))).await.expect(200);
    expert.get(&list).await.problem(404);
    expert.get(&path).await.problem(404);
}
