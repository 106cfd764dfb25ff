//! The timeline over HTTP: what happened, what is due, how long it stood where; and who is told what of a panel.

use reqwest::Method;
use serde_json::{Value, json};

use super::clock::happened_on;
use super::{at, attach_scheme, bring, callers, draft, example, free_people, own_record, panel_of, put_panel, verb};
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

async fn timeline(caller: &Caller<'_>, consultation: &Value) -> Value {
    caller.get(&at(consultation, "/timeline")).await.expect(200)
}

fn items<'a>(timeline: &'a Value, kind: &str) -> Vec<&'a Value> {
    timeline["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).collect()
}

fn kinds(timeline: &Value) -> Vec<&str> {
    let mut kinds: Vec<&str> = timeline["items"].as_array().unwrap().iter().map(|item| text(&item["kind"])).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// A request whose panel was approved: these people and, in line for a reviewer, the last one.
async fn in_review(callers: &[Caller<'_>; 3], people: &[String]) -> Value {
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    let made = bring(callers, &made, "accepted").await;
    verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200);
    let (last, sitting) = people.split_last().unwrap();
    let mut form = panel_of(sitting);
    form["alternates"] = json!([{ "expert": last, "seat": "reviewer" }]);
    put_panel(&callers[1], &made, &form).await.expect(200);
    verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200)
}

#[tokio::test]
async fn every_move_is_held_against_the_day_it_was_due_on() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let people = free_people(&app, 4).await;
    let made = in_review(&callers, &people).await;
    let days = ["2026-03-02", "2026-03-02", "2026-03-10", "2026-03-11", "2026-03-12"];
    happened_on(&app, &made, &days).await;
    let seen = timeline(&callers[0], &made).await;
    let moves: Vec<Value> = items(&seen, "move")
        .iter()
        .map(|item| json!([item["verb"], item["on"], item["due_on"], item["late"], item["lane"], item["by"]["side"]]))
        .collect();
    let expected = [
        json!(["create", "2026-03-02", null, false, "asker", "asker"]),
        json!(["submit", "2026-03-02", null, false, "asker", "asker"]),
        json!(["accept", "2026-03-10", "2026-03-09", true, "union", "union"]),
        json!(["form-panel", "2026-03-11", null, false, "union", "union"]),
        json!(["approve-panel", "2026-03-12", null, false, "union", "union"]),
    ];
    assert_eq!(moves, expected);
    let dues: Vec<Value> = items(&seen, "step_due")
        .iter()
        .map(|item| json!([item["id"], item["due_on"], item["done"], item["at"], item["lane"]]))
        .collect();
    let expected = [
        json!(["due:opinions", "2026-03-26", false, null, "panel"]),
        json!(["due:report", "2026-04-07", false, null, "union"]),
    ];
    assert_eq!(dues, expected);
    let clock = callers[0].get(&at(&made, "")).await.expect(200)["clock"].clone();
    assert_eq!((&clock["due_on"], &clock["report_due_on"]), (&json!("2026-03-26"), &json!("2026-04-07")));
    let spans: Vec<Value> =
        seen["spans"].as_array().unwrap().iter().map(|span| json!([span["state"], span["working_days"]])).collect();
    let first = [json!(["draft", 0]), json!(["submitted", 6]), json!(["accepted", 1]), json!(["panel_forming", 1])];
    assert_eq!((&spans[..4], spans.len()), (&first[..], 5));
    assert_eq!((&seen["spans"][4]["state"], &seen["spans"][4]["to"]), (&json!("in_review"), &Value::Null));
    // the planned decision is a point, too, and nobody is late with it
    let decision = items(&seen, "decision")[0];
    assert_eq!(json!([decision["on"], decision["done"], decision["late"]]), json!(["2035-06-30", false, false]));
    assert_eq!((&seen["opinions"], &seen["left_out"]), (&json!({ "handed_in": 0, "of": 3 }), &json!(0)));
    let lanes: Vec<&str> = seen["lanes"].as_array().unwrap().iter().map(|lane| text(&lane["lane"])).collect();
    assert_eq!(lanes, ["asker", "union", "panel"]);
}

#[tokio::test]
async fn a_timeline_speaks_both_languages_and_is_sent_once() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let made = draft(&callers[0], "consultation", &json!({})).await;
    let path = at(&made, "/timeline");
    let vi = callers[0].get(&path).await;
    let etag = vi.header("etag");
    assert_eq!((vi.header("cache-control"), etag.is_empty()), ("private, no-cache".to_owned(), false));
    let vi = vi.expect(200);
    assert_eq!((&vi["items"][0]["title"], &vi["spans"][0]["title"]), (&json!("Lập hồ sơ"), &json!("Dự thảo")));
    assert_eq!((&vi["opinions"], &vi["items"][0]["by"]["role"]), (&Value::Null, &json!("agency")));
    let held = callers[0].send(Method::GET, &path, &[("if-none-match", etag.as_str())], None).await;
    assert_eq!(held.status, 304);
    let en = callers[0].send(Method::GET, &path, &[("accept-language", "en")], None).await.expect(200);
    assert_eq!((&en["items"][0]["title"], &en["lanes"][0]["title"]), (&json!("Entered"), &json!("Asker")));
    callers[0].get(&format!("{path}?a=b")).await.problem(400);
    // a draft is there for the asker and the Union alone
    callers[1].get(&path).await.expect(200);
    for (role, status) in [("agency_2", 404), ("auditor", 404), ("expert", 404), ("association", 403), ("admin", 403)] {
        app.sign_in(role).await.get(&path).await.problem(status);
    }
    app.nobody().get(&path).await.problem(401);
    let nowhere = "/api/v1/consultations/0190c0de-0000-7000-8000-000000000001/timeline";
    callers[0].get(nowhere).await.problem(404);
}

/// Writes what becomes of a panel: the own record of `expert` accepted and handed in, the third declined, and the one in line stepped
/// in; a draft of a conclusion, an unsigned meeting and a signed one, reminders.
async fn write_panel(app: &TestApp, made: &Value, people: &[String]) {
    let id = text(&made["id"]);
    let seat = |code: &str| {
        format!(
            "(SELECT m.id FROM panel_members m JOIN experts e ON e.id = m.expert_id
               WHERE m.consultation_id = '{id}' AND e.code = '{code}')"
        )
    };
    let (own, gone, heir) = (seat(&people[0]), seat(&people[2]), seat(&people[3]));
    let opinion = "0190c0de-0000-7000-8000-0000000000a1";
    for sql in [
        format!("UPDATE panel_members SET state = 'accepted', answered_at = now() WHERE id = {own}"),
        format!(
            "UPDATE panel_members SET state = 'declined', answered_at = now(), decline_code = 'busy', ended_at = now()
              WHERE id = {gone}"
        ),
        format!(
            "UPDATE panel_members SET state = 'invited', rank = 0, asked_at = now(), replaces = {gone} WHERE id = {heir}"
        ),
        format!(
            "INSERT INTO opinions (id, consultation_id, member_id, expert_id, state, declaration, assessment, revision, submitted_at)
             SELECT '{opinion}', consultation_id, id, expert_id, 'submitted', '{{\"has_conflict\": false}}', 'disagree', 1, now()
               FROM panel_members WHERE id = {own}"
        ),
        format!(
            "INSERT INTO opinion_revisions (id, opinion_id, number, content, at, actor_role)
             VALUES (gen_random_uuid(), '{opinion}', 1, '{{}}', now(), 'expert')"
        ),
        format!(
            "INSERT INTO consultation_reminders (id, consultation_id, member_id, kind, due_on, at)
             VALUES (gen_random_uuid(), '{id}', {own}, 'deliver_soon', '2026-03-26', now()),
                    (gen_random_uuid(), '{id}', {heir}, 'answer_soon', '2026-03-26', now()),
                    (gen_random_uuid(), '{id}', NULL, 'reply_soon', '2026-03-26', now())"
        ),
        format!(
            "INSERT INTO panel_meetings (id, consultation_id, number, held_on, place, signed_at)
             VALUES (gen_random_uuid(), '{id}', 1, '2026-03-20', 'Hà Giang', now()),
                    (gen_random_uuid(), '{id}', 2, '2026-03-23', 'Hà Giang', NULL)"
        ),
        format!(
            "INSERT INTO conclusions (id, consultation_id, number, content)
             VALUES (gen_random_uuid(), '{id}', 1, '{{\"summary\": \"bí mật\"}}')"
        ),
    ] {
        change(app, &sql).await;
    }
}

#[tokio::test]
async fn everybody_is_told_of_a_panel_what_they_may_know() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let own = own_record(&app).await;
    let expert = app.sign_in("expert").await;
    let mut people = free_people(&app, 5).await;
    people.retain(|code| *code != own);
    people.truncate(3);
    people.insert(0, own.clone());
    let made = in_review(&callers, &people).await;
    write_panel(&app, &made, &people).await;
    let shared = ["decision", "meeting_held", "minutes_signed", "move", "reminder", "step_due"];
    let asked = timeline(&callers[0], &made).await;
    assert_eq!(kinds(&asked), shared);
    assert_eq!(asked["opinions"], json!({ "handed_in": 1, "of": 3 }));
    let named = |timeline: &Value, kind: &str| -> Vec<Value> {
        items(timeline, kind).iter().map(|item| item["member"]["full_name"].clone()).collect()
    };
    assert_eq!(items(&asked, "meeting_held").len(), 1);
    assert_eq!(named(&asked, "reminder"), [Value::Null], "the asker's own");
    let name = async |code: &str| app.sql(&format!("SELECT full_name FROM experts WHERE code = '{code}'")).await;
    for code in &people[2..] {
        let name = name(code).await;
        assert!(!asked.to_string().contains(&name), "{name} declined, or stepped in and did not answer: {asked}");
    }
    assert_eq!(items(&asked, "move")[1]["by"].get("name"), None, "who it was is for the Union");
    // one of the panel: their own besides, and nobody else's
    let mine = timeline(&expert, &made).await;
    let mut expected = shared.to_vec();
    expected.extend(["invitation_accepted", "invited", "opinion_submitted"]);
    expected.sort_unstable();
    assert_eq!(kinds(&mine), expected);
    let own_name = json!(name(&own).await);
    assert_eq!(named(&mine, "opinion_submitted"), std::slice::from_ref(&own_name));
    assert_eq!(named(&mine, "invited"), [own_name]);
    assert_eq!(items(&mine, "reminder").len(), 2);
    // the Union and the auditor all of it
    for caller in [&callers[1], &callers[2], &app.sign_in("auditor").await] {
        let all = timeline(caller, &made).await;
        let more = ["conclusion_drafted", "invitation_declined", "stepped_in"];
        assert!(more.iter().all(|kind| kinds(&all).contains(kind)), "{:?}", kinds(&all));
        let stepped = items(&all, "stepped_in")[0];
        assert!(text(&stepped["title"]).contains(&name(&people[2]).await), "{stepped}");
        assert_eq!((items(&all, "meeting_held").len(), items(&all, "reminder").len()), (2, 3));
        assert!(!all.to_string().contains("bí mật"), "what is written stays where it is read");
    }
    let union = timeline(&callers[1], &made).await;
    assert_eq!(items(&union, "move")[4]["by"]["name"], "union_leader");
}

#[tokio::test]
async fn before_a_panel_is_approved_nobody_is_named_to_the_asker() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let people = free_people(&app, 3).await;
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    let made = bring(&callers, &made, "accepted").await;
    verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200);
    let before = timeline(&callers[0], &made).await;
    put_panel(&callers[1], &made, &panel_of(&people)).await.expect(200);
    let declare = at(&made, &format!("/conflicts/{}/declare", people[0]));
    callers[1].post(&declare, &json!({ "reason": "Người thân soạn thảo" })).await.expect(200);
    assert_eq!(timeline(&callers[0], &made).await, before);
    let seen = timeline(&callers[1], &made).await;
    assert_eq!((items(&seen, "conflict_declared").len(), &seen["opinions"]), (1, &Value::Null));
    assert!(items(&seen, "invited").is_empty(), "an officer tries names: nobody was asked");
}
