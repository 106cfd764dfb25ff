//! Invitations: answers by experts and by the office, the next in line, reminders, silence, and what a standstill leaves behind.

use chrono::NaiveDate;
use expert_bank::consultations::invitations::follow;
use serde_json::{Value, json};

use super::{
    at, attach_scheme, bring, callers, draft, example, fault, free_people, no_panels, own_record, panel_of, put_panel,
    verb,
};
use crate::support::bank::{change, text};
use crate::support::{Answer, Caller, TestApp};

/// An approved panel of these, those behind in line as reviewers, and the panel as the Union reads it.
async fn asked(callers: &[Caller<'_>; 3], people: &[String], line: &[String]) -> (Value, Value) {
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    let made = bring(callers, &made, "accepted").await;
    let made = verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200);
    let mut panel = panel_of(people);
    panel["alternates"] = line.iter().map(|code| json!({ "expert": code, "seat": "reviewer" })).collect();
    put_panel(&callers[1], &made, &panel).await.expect(200);
    let made = verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200);
    let panel = panel_now(callers, &made).await;
    (made, panel)
}

async fn panel_now(callers: &[Caller<'_>; 3], made: &Value) -> Value {
    callers[1].get(&at(made, "/panel")).await.expect(200)
}

/// Answers for a seat.
async fn reply(caller: &Caller<'_>, made: &Value, member: &Value, which: &str, body: &Value) -> Answer {
    caller.post(&at(made, &format!("/panel/members/{}/{which}", text(&member["id"]))), body).await
}

fn letter(more: &Value) -> Value {
    let mut form = json!({ "document": { "number": "05/LHH", "date": "2026-03-10" } });
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        form[name] = value;
    }
    form
}

/// Who sits, with the state of each.
fn sitting(panel: &Value) -> Vec<(String, String)> {
    let row = |row: &Value| (text(&row["expert"]["code"]).to_owned(), text(&row["state"]).to_owned());
    panel["members"].as_array().unwrap().iter().map(row).collect()
}

async fn count_events(app: &TestApp, made: &Value, action: &str) -> String {
    let id = text(&made["id"]);
    app.sql(&format!("SELECT count(*) FROM audit_events WHERE action = '{action}' AND subject_id = '{id}'")).await
}

/// Moves the day on which everybody was asked.
async fn asked_on(app: &TestApp, day: &str) {
    change(app, &format!("UPDATE panel_members SET asked_at = '{day}T03:00:00Z' WHERE asked_at IS NOT NULL")).await;
}

/// Does what is due on a day; how many reminders of a consultation there are then.
async fn days_pass(app: &TestApp, made: &Value, day: &str) -> i64 {
    follow(&app.state.db, &app.state.sealer, day.parse::<NaiveDate>().unwrap()).await.unwrap();
    reminded(app, made, "count(*)").await.parse().unwrap()
}

/// Something of the reminders of a consultation.
async fn reminded(app: &TestApp, made: &Value, what: &str) -> String {
    app.sql(&format!("SELECT {what} FROM consultation_reminders WHERE consultation_id = '{}'", text(&made["id"]))).await
}

#[tokio::test]
async fn an_expert_reads_answers_and_is_followed_by_the_next_in_line() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let own = own_record(&app).await;
    let others: Vec<String> = free_people(&app, 6).await.into_iter().filter(|code| *code != own).collect();
    let seated = vec![others[0].clone(), others[1].clone(), own.clone()];
    let (made, panel) = asked(&callers, &seated, &others[2..4]).await;
    assert!(sitting(&panel).iter().all(|(_, state)| state == "invited"), "{panel}");
    let expert = app.sign_in("expert").await;
    let page = expert.get("/api/v1/me/invitations").await.expect(200);
    let mine = &page["items"][0];
    assert_eq!(mine["consultation"]["id"], made["id"]);
    assert_eq!((&mine["state"], &mine["seat"], &mine["late"]), (&json!("invited"), &json!("reviewer"), &json!(false)));
    assert_eq!(mine["allowed_actions"], json!(["accept", "decline"]));
    assert!(mine["answer_by"].is_string() && mine["deliver_by"].is_string(), "{mine}");
    let member = panel["members"].as_array().unwrap().iter().find(|row| row["expert"]["code"] == json!(own)).unwrap();
    assert_eq!(member["answer_by"], mine["answer_by"], "the Union reads the same day");
    let said = reply(&expert, &made, member, "accept", &json!({})).await.expect(200);
    assert_eq!((&said["state"], &said["allowed_actions"]), (&json!("accepted"), &json!(["decline"])));
    reply(&expert, &made, member, "accept", &json!({})).await.problem(409);
    // somebody else's answer is nobody's
    let other = panel["members"].as_array().unwrap().iter().find(|row| row["expert"]["code"] != json!(own)).unwrap();
    reply(&expert, &made, other, "accept", &json!({})).await.problem(404);
    // who said yes may still say no, as long as there is no opinion
    let busy = json!({ "reason": "busy", "note": "Đi công tác đến hết tháng" });
    let said = reply(&expert, &made, member, "decline", &busy).await.expect(200);
    assert_eq!((&said["state"], &said["decline_reason"]), (&json!("declined"), &json!("busy")));
    let panel = panel_now(&callers, &made).await;
    let next = panel["members"].as_array().unwrap().iter().find(|row| row["replaces"] == member["id"]).unwrap();
    assert_eq!((&next["expert"]["code"], &next["state"]), (&json!(others[2]), &json!("invited")));
    assert_eq!(panel["alternates"][0]["place"], 1, "those behind move up");
    assert_eq!(panel["former"][0]["answer_note"], "Đi công tác đến hết tháng");
    // what was declined is still theirs to read, and the consultation no more
    expert.get(&at(&made, "")).await.problem(404);
    assert_eq!(expert.get("/api/v1/me/invitations").await.expect(200)["items"][0]["state"], "declined");
    assert_eq!(count_events(&app, &made, "consultations.invite").await, "2", "the panel, then the one who stepped in");
}

#[tokio::test]
async fn the_office_answers_by_letter_and_every_reason_has_its_effect() {
    let app = TestApp::start().await;
    no_panels(&app).await;
    let callers = callers(&app).await;
    let people = free_people(&app, 5).await;
    let (made, panel) = asked(&callers, &people, &[]).await;
    let members = panel["members"].as_array().unwrap().clone();
    let officer = &callers[1];
    assert_eq!(
        fault(reply(officer, &made, &members[0], "accept", &json!({})).await),
        ("/document".to_owned(), "required".to_owned())
    );
    reply(officer, &made, &members[0], "accept", &letter(&json!({}))).await.expect(200);
    assert_eq!(
        fault(reply(officer, &made, &members[1], "decline", &letter(&json!({ "reason": "conflict" }))).await),
        ("/note".to_owned(), "required".to_owned())
    );
    for (member, reason) in members[1..5].iter().zip(["conflict", "busy", "not_my_field", "other"]) {
        let body = letter(&json!({ "reason": reason, "note": "Đã báo qua điện thoại" }));
        reply(officer, &made, member, "decline", &body).await.expect(200);
    }
    for (member, (asked, declined, rests)) in
        members[1..5].iter().zip([(0, 0, false), (1, 1, true), (0, 0, false), (1, 1, false)])
    {
        let path = format!("/api/v1/experts/{}/load", text(&member["expert"]["id"]));
        let load = officer.get(&path).await.expect(200);
        let seen = json!([load["asked"], load["declined"], load["days_since_asked"].is_number()]);
        assert_eq!(seen, json!([asked, declined, rests]), "{load}");
    }
    let path = at(&made, &format!("/conflicts/{}", text(&members[1]["expert"]["id"])));
    assert_eq!(officer.get(&path).await.expect(200)["standing"]["outcome"], "recused");
    // whose field it is not is told so where the field is asked for again, and it brings them nothing
    let again = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &again).await;
    let again = bring(&callers, &again, "accepted").await;
    let page = officer.get(&at(&again, "/candidates?limit=100")).await.expect(200);
    let of = |member: &Value| {
        let is_theirs = |item: &&Value| item["expert"]["id"] == member["expert"]["id"];
        let item = page["items"].as_array().unwrap().iter().find(is_theirs).unwrap().clone();
        let parts = item["explanation"].as_array().unwrap().clone();
        parts.into_iter().find(|part| part["part"] == "fields").unwrap()
    };
    let fields = of(&members[3]);
    assert_eq!(fields["value"].as_f64(), Some(0.0), "{fields}");
    assert!(text(&fields["words"]).starts_with("Gần đây đã từ chối"), "{fields}");
}

#[tokio::test]
async fn who_is_silent_is_followed_once_and_reminders_come_before_and_after() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let people = free_people(&app, 4).await;
    let (made, panel) = asked(&callers, &people[..3], &people[3..]).await;
    asked_on(&app, "2026-03-02").await;
    let members = panel["members"].as_array().unwrap().clone();
    // a Monday: three working days are a Thursday
    assert_eq!(days_pass(&app, &made, "2026-03-03").await, 0, "nothing is due yet");
    assert_eq!(days_pass(&app, &made, "2026-03-04").await, 3);
    assert_eq!(days_pass(&app, &made, "2026-03-05").await, 3, "nobody is reminded twice");
    let kinds = "string_agg(DISTINCT kind || ' ' || due_on, ', ')";
    assert_eq!(reminded(&app, &made, kinds).await, "answer_soon 2026-03-05");
    reply(&callers[1], &made, &members[0], "accept", &letter(&json!({}))).await.expect(200);
    assert_eq!(days_pass(&app, &made, "2026-03-06").await, 5, "two are late, and one of them is followed");
    let panel = panel_now(&callers, &made).await;
    let seen = sitting(&panel);
    assert_eq!(seen[0], (people[0].clone(), "accepted".to_owned()));
    assert!(seen.contains(&(people[1].clone(), "invited".to_owned())), "nobody is in line for a secretary: {panel}");
    assert!(seen.contains(&(people[3].clone(), "invited".to_owned())), "the reviewer was silent: {panel}");
    assert_eq!(panel["former"][0]["state"], "silent");
    assert_eq!(days_pass(&app, &made, "2026-03-06").await, 5, "each exactly once");
    // a late answer of whom nobody can follow is better than none
    reply(&callers[1], &made, &members[1], "accept", &letter(&json!({}))).await.expect(200);
    // opinions are due in ten working days: reminders before and after, and the seat is theirs still
    let back = "UPDATE panel_members SET answered_at = '2026-03-05T03:00:00Z' WHERE state = 'accepted'";
    change(&app, back).await;
    days_pass(&app, &made, "2026-03-13").await;
    days_pass(&app, &made, "2026-03-17").await;
    let kinds = "string_agg(DISTINCT kind || ' ' || due_on, ', ') FILTER (WHERE kind LIKE 'deliver%')";
    assert_eq!(reminded(&app, &made, kinds).await, "deliver_late 2026-03-16, deliver_soon 2026-03-16");
    assert_eq!(sitting(&panel_now(&callers, &made).await)[0].1, "accepted");
}

#[tokio::test]
async fn after_a_standstill_two_instances_make_up_for_everything_once() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let people = free_people(&app, 5).await;
    let (made, _) = asked(&callers, &people[..3], &people[3..]).await;
    asked_on(&app, "2026-03-02").await;
    let day: NaiveDate = "2026-04-20".parse().unwrap();
    for _ in 0..3 {
        let (db, sealer) = (&app.state.db, &app.state.sealer);
        let both = tokio::join!(follow(db, sealer, day), follow(db, sealer, day));
        // one of them may find the other at it, and comes again
        assert!(both.0.is_ok() || both.1.is_ok(), "{both:?}");
    }
    assert_eq!(count_events(&app, &made, "consultations.invitation_silent").await, "1", "one reviewer was silent");
    let panel = panel_now(&callers, &made).await;
    assert!(sitting(&panel).contains(&(people[3].clone(), "invited".to_owned())), "{panel}");
    assert_eq!(panel["alternates"].as_array().unwrap().len(), 1, "who stepped in has all their days: {panel}");
    let each = "count(*) || ' ' || count(DISTINCT (member_id, kind, due_on)) || ' ' || min(kind) || ' ' || max(kind)";
    assert_eq!(reminded(&app, &made, each).await, "3 3 answer_late answer_late", "not that it will be late");
}

#[tokio::test]
async fn days_are_agreed_within_the_report_and_stand_still_with_the_consultation() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let people = free_people(&app, 3).await;
    let (made, panel) = asked(&callers, &people, &[]).await;
    let member = &panel["members"][0];
    let path = at(&made, &format!("/panel/members/{}/agree-dates", text(&member["id"])));
    let agree = async |caller: &Caller<'_>, body: Value| {
        caller.send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&body)).await
    };
    let clock = callers[1].get(&at(&made, "")).await.expect(200)["clock"].clone();
    let report = text(&clock["report_due_on"]).to_owned();
    let said = agree(&callers[1], json!({ "deliver_by": report, "reason": "Chuyên gia đề nghị" })).await.expect(200);
    assert_eq!(said["deliver_by"], json!(report));
    for (body, expected) in [
        (json!({ "deliver_by": "2035-06-30", "reason": "x" }), ("/deliver_by", "too_late")),
        (json!({ "answer_by": "2020-01-01", "reason": "x" }), ("/answer_by", "in_the_past")),
        (json!({ "reason": "x" }), ("/deliver_by", "required")),
        (json!({ "deliver_by": report, "reason": " " }), ("/reason", "required")),
    ] {
        let (place, code) = fault(agree(&callers[1], body.clone()).await);
        assert_eq!((place.as_str(), code.as_str()), expected, "{body}");
    }
    agree(&callers[0], json!({ "deliver_by": report, "reason": "x" })).await.problem(403);
    verb(&callers[1], &made, "suspend", &example("suspend")).await.expect(200);
    let panel = panel_now(&callers, &made).await;
    assert_eq!((&panel["members"][0]["answer_by"], &panel["members"][0]["late"]), (&Value::Null, &json!(false)));
    agree(&callers[1], json!({ "deliver_by": report, "reason": "x" })).await.problem(409);
    assert_eq!(days_pass(&app, &made, "2034-01-02").await, 0, "no clock runs");
}

#[tokio::test]
async fn who_has_a_conflict_is_passed_over_and_who_is_recused_is_followed() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let people = free_people(&app, 5).await;
    let (made, panel) = asked(&callers, &people[..3], &people[3..]).await;
    let declare = at(&made, &format!("/conflicts/{}/declare", people[3]));
    callers[1].post(&declare, &json!({ "reason": "Là người nhà của chủ dự án" })).await.expect(200);
    let recuse = at(&made, &format!("/conflicts/{}/recuse", people[2]));
    let body = json!({ "reason": "Có lợi ích liên quan" });
    callers[1].send(reqwest::Method::POST, &recuse, &[("if-match", "*")], Some(&body)).await.expect(200);
    let now = panel_now(&callers, &made).await;
    assert!(sitting(&now).contains(&(people[4].clone(), "invited".to_owned())), "{now}");
    assert_eq!(now["alternates"][0]["expert"]["code"], json!(people[3]), "and waits in line");
    // nobody is left who could be asked
    let member =
        now["members"].as_array().unwrap().iter().find(|row| row["expert"]["code"] == json!(people[4])).unwrap();
    reply(&callers[1], &made, member, "decline", &letter(&json!({ "reason": "busy" }))).await.expect(200);
    let now = panel_now(&callers, &made).await;
    assert_eq!(now["members"].as_array().unwrap().len(), panel["members"].as_array().unwrap().len() - 1);
    let lacks: Vec<&str> = now["lacks"].as_array().unwrap().iter().map(|lack| text(&lack["code"])).collect();
    assert_eq!(lacks, ["too_few", "even"]);
}
