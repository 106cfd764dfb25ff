//! What askers make of recommendations, what was decided in the end, and how the experts did.

use expert_bank::consultations::invitations::follow;
use reqwest::Method;
use serde_json::{Value, json};

use super::conclusion::{on, replies, signature, written};
use super::{PATH, at, attach_scheme, bring, callers, draft, example, fault, verb};
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

async fn brought(callers: &[Caller<'_>; 3], state: &str) -> Value {
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    bring(callers, &made, state).await
}

fn letter(number: &str, replies: &Value) -> Value {
    json!({ "document": { "number": number, "date": "2026-03-10", "signatory": "Nguyễn Văn Mẫu" }, "replies": replies })
}

#[tokio::test]
async fn an_asker_replies_to_each_recommendation_with_reasons() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer) = (&callers[0], &callers[1]);
    let made = brought(&callers, "delivered").await;
    let waiting = agency.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(
        json!([waiting["conclusion"], waiting["open"], waiting["overdue"], waiting["late"]]),
        json!([1, 2, false, false])
    );
    assert_eq!(waiting["due_on"], agency.get(&at(&made, "")).await.expect(200)["clock"]["due_on"]);
    for (said, place, code) in [
        (json!([]), "/replies", "required"),
        (json!([{ "recommendation": 1, "outcome": "adopted" }]), "/replies", "required"),
        (
            json!([{ "recommendation": 1, "outcome": "adopted" }, { "recommendation": 2, "outcome": "partly_adopted" }]),
            "/replies/1/reason",
            "required",
        ),
        (
            json!([{ "recommendation": 1, "outcome": "adopted" }, { "recommendation": 9, "outcome": "adopted" }]),
            "/replies/1/recommendation",
            "unknown_reference",
        ),
        (
            json!([{ "recommendation": 1, "outcome": "adopted" }, { "recommendation": 1, "outcome": "adopted" }]),
            "/replies/1/recommendation",
            "duplicate",
        ),
        (json!([{ "recommendation": 1, "outcome": "maybe" }]), "/replies/0/outcome", "unknown_value"),
    ] {
        let told = verb(agency, &made, "respond", &letter("77/SNNMT-KL", &said)).await;
        assert_eq!(fault(told), (place.to_owned(), code.to_owned()), "{said}");
    }
    verb(agency, &made, "respond", &letter("77/SNNMT-KL", &replies())).await.expect(200);
    let seen = officer.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(
        json!([seen["adopted"], seen["partly_adopted"], seen["not_adopted"], seen["open"]]),
        json!([1, 0, 1, 0])
    );
    let second = &seen["recommendations"][1];
    assert_eq!(
        json!([
            second["reply"]["outcome"],
            second["reply"]["reason"],
            second["reply"]["document"]["number"]["text"],
            second["open"]
        ]),
        json!(["not_adopted", "Trái quy hoạch đã duyệt", "77/SNNMT-KL", false])
    );
    assert!(seen["replied_on"].is_string());
    // said is said
    let told =
        crate::support::bank::try_change(&app, "UPDATE recommendation_replies SET reason = 'x'").await.unwrap_err();
    assert!(told.contains("append-only"), "{told}");
}

#[tokio::test]
async fn a_reply_that_does_not_come_shows_and_a_late_one_is_taken() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer) = (&callers[0], &callers[1]);
    let made = brought(&callers, "delivered").await;
    let days = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-12", "2026-01-13"];
    super::clock::happened_on(&app, &made, &days).await;
    let waiting = officer.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(json!([waiting["overdue"], waiting["late"], waiting["replied_on"]]), json!([true, false, null]));
    verb(agency, &made, "respond", &letter("77/SNNMT-KL", &replies())).await.expect(200);
    let seen = officer.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(json!([seen["overdue"], seen["late"], seen["due_on"]]), json!([false, true, waiting["due_on"]]));
    assert_eq!(seen["recommendations"][0]["reply"]["late"], true);
}

#[tokio::test]
async fn a_correction_after_the_reply_is_answered_where_it_is_new() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let made = brought(&callers, "delivered").await;
    let path = at(&made, "/adoption");
    agency.post(&path, &letter("78/SNNMT-KL", &replies())).await.problem(409);
    verb(agency, &made, "respond", &example("respond")).await.expect(200);
    let early = json!([{ "recommendation": 1, "outcome": "adopted" }]);
    let told = agency.post(&path, &letter("78/SNNMT-KL", &early)).await;
    assert_eq!(fault(told), ("/replies/0/recommendation".into(), "unknown_reference".into()));
    on(officer, Method::POST, &made, "/correct", Some(&json!({ "reason": "Bổ sung" }))).await.expect(201);
    let body = written(&json!([
        { "number": 1, "text": "Bổ sung phương án vốn" }, { "number": 2, "text": "Lùi hai năm" }, { "text": "Mới" }
    ]));
    on(officer, Method::PUT, &made, "", Some(&body)).await.expect(200);
    assert_eq!(agency.get(&path).await.expect(200)["open"], 0, "nothing went out yet");
    on(leader, Method::POST, &made, "/sign", Some(&signature("20/BC-LHH"))).await.expect(200);
    let seen = agency.get(&path).await.expect(200);
    let open: Vec<&Value> = seen["recommendations"].as_array().unwrap().iter().map(|one| &one["open"]).collect();
    assert_eq!((json!(open), &seen["conclusion"]), (json!([false, true, true]), &json!(2)));
    assert_eq!(seen["recommendations"][1]["reply"]["conclusion"], 1, "what was said to the first version stays");
    for role in ["expert", "association", "auditor", "admin"] {
        app.sign_in(role).await.post(&path, &letter("78/SNNMT-KL", &early)).await.problem(403);
    }
    app.sign_in("agency_2").await.post(&path, &letter("78/SNNMT-KL", &early)).await.problem(404);
    assert_eq!(
        fault(agency.post(&path, &letter("78/SNNMT-KL", &json!([]))).await),
        ("/replies".into(), "required".into())
    );
    let undated =
        json!({ "document": { "number": "78/SNNMT-KL" }, "replies": [{ "recommendation": 2, "outcome": "adopted" }] });
    assert_eq!(fault(agency.post(&path, &undated).await), ("/document/date".into(), "required".into()));
    // in two letters, the second entered by the office
    let second = json!([{ "recommendation": 2, "outcome": "partly_adopted", "reason": "Một năm rưỡi" }]);
    let seen = agency.post(&path, &letter("78/SNNMT-KL", &second)).await.expect(200);
    assert_eq!((&seen["open"], &seen["recommendations"][1]["reply"]["conclusion"]), (&json!(1), &json!(2)));
    let third = json!([{ "recommendation": 3, "outcome": "adopted" }]);
    assert_eq!(officer.post(&path, &letter("79/SNNMT-KL", &third)).await.expect(200)["open"], 0);
    agency.post(&path, &letter("80/SNNMT-KL", &third)).await.problem(422);
}

/// A correction of the second recommendation, which goes out.
async fn corrected(callers: &[Caller<'_>; 3], made: &Value) {
    let (officer, leader) = (&callers[1], &callers[2]);
    on(officer, Method::POST, made, "/correct", Some(&json!({ "reason": "Nhầm thời hạn" }))).await.expect(201);
    let body =
        written(&json!([{ "number": 1, "text": "Bổ sung phương án vốn" }, { "number": 2, "text": "Lùi hai năm" }]));
    on(officer, Method::PUT, made, "", Some(&body)).await.expect(200);
    on(leader, Method::POST, made, "/sign", Some(&signature("20/BC-LHH"))).await.expect(200);
}

#[tokio::test]
async fn what_a_correction_asks_is_due_shows_when_it_is_late_and_is_reminded_of_once() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer) = (&callers[0], &callers[1]);
    let made = brought(&callers, "responded").await;
    let id = text(&made["id"]);
    let step = async || agency.get(&at(&made, "")).await.expect(200)["clock"]["step"].clone();
    assert_eq!(
        (step().await, &agency.get(&at(&made, "/adoption")).await.expect(200)["open_due_on"]),
        (json!(null), &json!(null))
    );
    corrected(&callers, &made).await;
    let seen = agency.get(&at(&made, "/adoption")).await.expect(200);
    let clock = agency.get(&at(&made, "")).await.expect(200)["clock"].clone();
    assert_eq!(json!([seen["open"], seen["overdue"], clock["step"]]), json!([1, false, "reply"]));
    assert_eq!((&clock["due_on"], seen["open_due_on"].is_string()), (&seen["open_due_on"], true));
    // on a Monday, twenty working days ago and more
    change(&app, &format!("UPDATE consultations SET asked_anew_on = '2026-03-02' WHERE id = '{id}'")).await;
    super::clock::happened_on(&app, &made, &[]).await;
    let seen = agency.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(json!([seen["open_due_on"], seen["overdue"], seen["late"]]), json!(["2026-03-30", true, false]));
    for (overdue, expected) in [("true", true), ("false", false)] {
        let page = officer.get(&format!("{PATH}?overdue={overdue}&limit=100")).await.expect(200);
        let is_there = page["items"].as_array().unwrap().iter().any(|one| one["id"] == made["id"]);
        assert_eq!(is_there, expected, "overdue={overdue}");
    }
    let told = agency.get(&at(&made, "/timeline")).await.expect(200);
    let due = told["items"].as_array().unwrap().iter().find(|item| item["kind"] == "step_due").cloned().unwrap();
    assert_eq!(json!([due["due_on"], due["late"], due["done"]]), json!(["2026-03-30", true, false]));
    for (day, expected) in [
        ("2026-03-26", ""),
        ("2026-03-27", "reply_soon 2026-03-30"),
        ("2026-03-31", "reply_late 2026-03-30, reply_soon 2026-03-30"),
        ("2026-04-20", "reply_late 2026-03-30, reply_soon 2026-03-30"),
    ] {
        follow(&app.state.db, &app.state.sealer, day.parse().unwrap()).await.unwrap();
        let sql = format!(
            "SELECT coalesce(string_agg(kind || ' ' || due_on, ', ' ORDER BY kind), '') FROM consultation_reminders
              WHERE consultation_id = '{id}'"
        );
        assert_eq!(app.sql(&sql).await, expected, "{day}");
    }
    let said = json!([{ "recommendation": 2, "outcome": "adopted" }]);
    let seen = agency.post(&at(&made, "/adoption"), &letter("78/SNNMT-KL", &said)).await.expect(200);
    assert_eq!(json!([seen["open"], seen["open_due_on"], seen["overdue"]]), json!([0, null, false]));
    assert_eq!(step().await, json!(null));
}

#[tokio::test]
async fn a_correction_before_the_reply_gives_the_asker_its_days_anew() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let agency = &callers[0];
    let made = brought(&callers, "delivered").await;
    let days = ["2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08", "2026-01-09", "2026-01-12", "2026-01-13"];
    super::clock::happened_on(&app, &made, &days).await;
    let before = agency.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(json!([before["overdue"], before["due_on"]]), json!([true, "2026-02-10"]));
    corrected(&callers, &made).await;
    let after = agency.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(json!([after["overdue"], after["open"]]), json!([false, 2]));
    assert_eq!(after["due_on"], after["open_due_on"]);
    assert!(text(&after["due_on"]) > text(&before["due_on"]), "{after}");
    assert_eq!(agency.get(&at(&made, "")).await.expect(200)["clock"]["due_on"], after["due_on"]);
    verb(agency, &made, "respond", &letter("77/SNNMT-KL", &replies())).await.expect(200);
    let seen = agency.get(&at(&made, "/adoption")).await.expect(200);
    assert_eq!(json!([seen["late"], seen["due_on"], seen["open_due_on"]]), json!([false, after["due_on"], null]));
    assert_eq!(seen["recommendations"][1]["reply"]["late"], false);
    let told = agency.get(&at(&made, "/timeline")).await.expect(200);
    let late =
        told["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "replied" || item["verb"] == "respond");
    assert_eq!(late.map(|item| item["late"].clone()).collect::<Vec<_>>(), [json!(false), json!(false)]);
}

#[tokio::test]
async fn a_file_is_archived_with_the_decision_or_a_word_why_not() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer) = (&callers[0], &callers[1]);
    let made = brought(&callers, "responded").await;
    assert_eq!(fault(verb(officer, &made, "close", &Value::Null).await), ("/decision".into(), "required".into()));
    let undated = json!({ "decision": { "number": "412/QĐ-UBND" } });
    assert_eq!(fault(verb(officer, &made, "close", &undated).await), ("/decision/date".into(), "required".into()));
    let decision = json!({ "decision": { "number": "412/QĐ-UBND", "date": "2026-03-10" } });
    let closed = verb(officer, &made, "close", &decision).await.expect(200);
    assert_eq!(closed["decision"]["number"]["text"], "412/QĐ-UBND");
    assert_eq!(agency.get(&at(&made, "")).await.expect(200)["decision"]["date"], "2026-03-10");
    let made = brought(&callers, "responded").await;
    let closed = verb(officer, &made, "close", &json!({ "reason": "UBND tỉnh chưa quyết định" })).await.expect(200);
    assert_eq!((&closed["state"], &closed["decision"]), (&json!("closed"), &Value::Null));
}

#[tokio::test]
async fn the_office_says_how_experts_did_and_nobody_else_reads_it() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer) = (&callers[0], &callers[1]);
    let made = brought(&callers, "in_review").await;
    let seat = text(&officer.get(&at(&made, "/panel")).await.expect(200)["members"][0]["id"]).to_owned();
    let (path, list) = (at(&made, &format!("/evaluations/{seat}")), at(&made, "/evaluations"));
    let body = json!({ "quality": 5, "timeliness": 4, "remark": "Có căn cứ" });
    let any = [("if-match", "*")];
    officer.send(Method::PUT, &path, &any, Some(&body)).await.problem(409);
    super::go(&callers, &made, &["conclude"]).await;
    let etag = officer.get(&list).await.header("etag");
    officer.send(Method::PUT, &path, &[], Some(&body)).await.problem(428);
    for (body, place) in [
        (json!({ "quality": 0, "timeliness": 4 }), "/quality"),
        (json!({ "quality": 5, "timeliness": 6 }), "/timeliness"),
        (json!({ "quality": 5, "timeliness": 5, "remark": "x".repeat(2001) }), "/remark"),
    ] {
        assert_eq!(officer.send(Method::PUT, &path, &any, Some(&body)).await.places(422), [place]);
    }
    let said = officer.send(Method::PUT, &path, &[("if-match", &etag)], Some(&body)).await.expect(200);
    assert_eq!((&said["quality"], &said["seat"]), (&json!(5), &json!("chair")));
    officer.send(Method::PUT, &path, &[("if-match", &etag)], Some(&body)).await.problem(412);
    let again = json!({ "quality": 3, "timeliness": 3 });
    officer.send(Method::PUT, &path, &any, Some(&again)).await.expect(200);
    let all = officer.get(&list).await.expect(200);
    assert_eq!(
        json!([all["items"].as_array().unwrap().len(), all["items"][0]["quality"], all["items"][0]["remark"]]),
        json!([1, 3, null])
    );
    for role in ["agency", "science_dept", "expert", "association", "auditor", "admin"] {
        let caller = app.sign_in(role).await;
        caller.get(&list).await.problem(403);
        caller.send(Method::PUT, &path, &any, Some(&body)).await.problem(403);
    }
    assert!(!agency.get(&at(&made, "")).await.text.contains("quality"));
    let unknown = at(&made, "/evaluations/0190c0de-0000-7000-8000-000000000001");
    officer.send(Method::PUT, &unknown, &any, Some(&body)).await.problem(404);
}

#[tokio::test]
async fn two_who_are_merged_keep_what_was_said_of_them_and_an_undo_gives_it_back() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = brought(&callers, "closed").await;
    let member = officer.get(&at(&made, "/panel")).await.expect(200)["members"][4].clone();
    let path = at(&made, &format!("/evaluations/{}", text(&member["id"])));
    let any = [("if-match", "*")];
    officer.send(Method::PUT, &path, &any, Some(&json!({ "quality": 4, "timeliness": 4 }))).await.expect(200);
    let other = super::free_people(&app, 6).await.pop().unwrap();
    let merge = format!("/api/v1/experts/{other}/merge");
    let merged =
        officer.send(Method::POST, &merge, &any, Some(&json!({ "other": member["expert"]["code"] }))).await.expect(201);
    let of = "SELECT e.code FROM expert_evaluations v JOIN experts e ON e.id = v.expert_id";
    assert_eq!(app.sql(of).await, other);
    let undo = format!("/api/v1/merges/{}/undo", text(&merged["id"]));
    let back = officer.send(Method::POST, &undo, &any, None).await;
    assert!(back.status.is_success(), "{}", back.text);
    assert_eq!(app.sql(of).await, text(&member["expert"]["code"]));
}
