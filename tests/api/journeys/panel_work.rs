//! The second half of a consultation, as the people who do it see it: invitations, opinions, a meeting, the conclusion, what the agency
//! makes of it, and the whole of it on a timeline.

mod work;

use reqwest::Method;
use serde_json::{Value, json};

use self::work::{Work, approved, completed, items, letter, reply, report};
use crate::consultations::clock::happened_on;
use crate::consultations::{at, fault, verb};
use crate::support::TestApp;
use crate::support::bank::{text, try_change};

/// The whole way of one kind, each act by its role.
async fn goes_all_the_way(kind: &str) {
    let app = TestApp::start().await;
    let work = approved(&app, kind, 5).await;
    work.all_accept().await;
    work.all_opine().await;
    for rest in ["/opinions", "/evaluations"] {
        work.agency.get(&at(&work.made, rest)).await.problem(403);
    }
    work.meets(&app).await;
    work.concludes().await;
    work.verb(&work.leader, "deliver", &json!({})).await;
    let seen = work.read(&work.agency, "/conclusion").await;
    assert_eq!((&seen["number"], seen["recommendations"].as_array().unwrap().len()), (&json!(1), 2));
    let said = json!({ "document": letter("301/SNNMT-KL"), "replies": [
        reply(1, "adopted", None), reply(2, "partly_adopted", Some("Chỉ áp dụng từ giai đoạn 2")),
    ] });
    work.verb(&work.agency, "respond", &said).await;
    let adoption = work.read(&work.agency, "/adoption").await;
    let outcomes: Vec<&str> =
        adoption["recommendations"].as_array().unwrap().iter().map(|row| text(&row["reply"]["outcome"])).collect();
    assert_eq!((outcomes, &adoption["overdue"]), (vec!["adopted", "partly_adopted"], &json!(false)));
    let evaluation = format!("/evaluations/{}", text(&work.seat(work.own()).await["id"]));
    work.done(&work.officer, Method::PUT, &evaluation, &json!({ "quality": 5, "timeliness": 4 })).await;
    let decision = json!({ "decision": { "number": "385/QĐ-UBND", "date": "2026-03-09" } });
    let closed = work.verb(&work.officer, "close", &decision).await;
    assert_eq!(closed["state"], "closed");
    whole_timeline(&work).await;
}

/// The timeline at the end, as the agency and as the office see it.
async fn whole_timeline(work: &Work<'_>) {
    let (asked, union) = (work.read(&work.agency, "/timeline").await, work.read(&work.officer, "/timeline").await);
    let states: Vec<&str> = asked["spans"].as_array().unwrap().iter().map(|span| text(&span["state"])).collect();
    let expected = [
        "draft",
        "submitted",
        "accepted",
        "panel_forming",
        "in_review",
        "concluding",
        "delivered",
        "responded",
        "closed",
    ];
    assert_eq!((&states[..], &asked["spans"], items(&asked, "move").len()), (&expected[..], &union["spans"], 9));
    assert_eq!(asked["opinions"], json!({ "handed_in": 5, "of": 5 }));
    for (kind, for_the_asker, for_the_union) in [
        ("invited", 0, 5),
        ("invitation_accepted", 0, 5),
        ("opinion_submitted", 0, 5),
        ("meeting_held", 1, 1),
        ("minutes_signed", 1, 1),
        ("conclusion_drafted", 0, 1),
        ("conclusion_signed", 1, 1),
        ("conclusion_delivered", 1, 1),
        ("replied", 1, 1),
        ("decision", 1, 1),
        ("step_due", 0, 0),
    ] {
        let seen = (items(&asked, kind).len(), items(&union, kind).len());
        assert_eq!(seen, (for_the_asker, for_the_union), "{kind}");
    }
    assert_eq!(items(&union, "decision")[0]["done"], true);
    let all = asked["items"].as_array().unwrap();
    assert!(all.iter().all(|item| item["done"] == true && item["late"] == false), "{asked}");
    let own = items(&union, "opinion_submitted").into_iter().filter(|item| item["by"]["side"] == "panel").count();
    assert_eq!(own, 1, "the others came on paper");
}

#[tokio::test]
async fn a_critical_review_goes_from_draft_to_closed() {
    goes_all_the_way("critical_review").await;
}

#[tokio::test]
async fn a_consultation_goes_from_draft_to_closed() {
    goes_all_the_way("consultation").await;
}

#[tokio::test]
async fn a_social_assessment_goes_from_draft_to_closed() {
    goes_all_the_way("social_assessment").await;
}

#[tokio::test]
async fn who_is_busy_is_replaced_by_the_first_in_line_at_once() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    let path = work.of(work.own(), "/decline").await;
    work.done(&work.expert, Method::POST, &path, &json!({ "reason": "busy", "note": "Đi công tác" })).await;
    let gone = work.seat(work.own()).await;
    let heir = work.seat(&work.in_line[0]).await;
    assert_eq!(
        (&gone["state"], &heir["state"], &heir["seat"]),
        (&json!("declined"), &json!("invited"), &json!("reviewer"))
    );
    assert_eq!(heir.get("place"), None, "sits now: {heir}");
    let second = work.seat(&work.in_line[1]).await;
    assert_eq!((&second["state"], &second["place"]), (&json!("chosen"), &json!(1)), "the next one is first in line");
    let id = text(&work.made["id"]);
    let together = format!(
        "SELECT count(*) FROM audit_events d JOIN audit_events i USING (xid)
          WHERE d.subject_id = '{id}' AND d.action = 'consultations.decline_invitation' AND i.action = 'consultations.invite'"
    );
    assert_eq!(app.sql(&together).await, "1", "one transaction did both");
    work.expert.get(&at(&work.made, "/timeline")).await.problem(404);
    // the office sees who came for whom; the asker who sits
    let union = work.read(&work.officer, "/timeline").await;
    let stepped = items(&union, "stepped_in");
    assert_eq!((stepped.len(), items(&union, "invitation_declined").len()), (1, 1));
    assert_eq!(stepped[0]["member"]["id"], heir["id"]);
    let asked = work.read(&work.agency, "/timeline").await;
    for one in [&gone, &heir] {
        let name = text(&one["expert"]["full_name"]);
        assert!(!asked.to_string().contains(name), "{name}: {asked}");
    }
    let path = work.of(&work.in_line[0], "/accept").await;
    work.done(&work.officer, Method::POST, &path, &json!({ "document": letter("06/GM") })).await;
    let asked = work.read(&work.agency, "/timeline").await;
    assert!(items(&asked, "invitation_accepted").is_empty(), "when they came to sit is for the Union: {asked}");
    work.act(&work.officer, Method::POST, &path, &json!({ "document": letter("06/GM") })).await.problem(409);
}

#[tokio::test]
async fn a_conflict_that_is_declared_after_the_acceptance_keeps_a_member_from_counting() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    work.all_accept().await;
    for code in [&work.sitting[0], &work.sitting[1]] {
        work.opine(code, "agree").await;
    }
    let opinion = json!({
        "declaration": { "has_conflict": true, "statement": "Em trai tham gia soạn thảo" }, "assessment": "agree",
        "body": "Đồng ý với đề án",
    });
    let path = work.of(work.own(), "/opinion").await;
    work.done(&work.expert, Method::PUT, &path, &opinion).await;
    work.done(&work.expert, Method::POST, &format!("{path}/submit"), &Value::Null).await;
    let refused = verb(&work.officer, &work.made, "conclude", &Value::Null).await.problem(422);
    let codes: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect();
    assert!(codes.contains(&"conflict") && codes.contains(&"too_few"), "{refused}");
    let conflicts = format!("/conflicts/{}", work.own());
    let standing = work.read(&work.leader, &conflicts).await["standing"].clone();
    assert_eq!(standing["outcome"], "declared");
    let keys: Vec<Value> = standing["findings"].as_array().unwrap().iter().map(|found| found["key"].clone()).collect();
    let waiver = json!({ "reason": "Không tham gia phần được hỏi", "findings": keys });
    work.act(&work.officer, Method::POST, &format!("{conflicts}/waive"), &waiver).await.problem(403);
    work.done(&work.leader, Method::POST, &format!("{conflicts}/waive"), &waiver).await;
    assert_eq!(work.verb(&work.officer, "conclude", &Value::Null).await["state"], "concluding");
    let union = work.read(&work.officer, "/timeline").await;
    assert_eq!((items(&union, "conflict_declared").len(), items(&union, "conflict_waived").len()), (1, 1));
    let mine = work.read(&work.expert, "/timeline").await;
    assert_eq!((items(&mine, "conflict_declared").len(), items(&mine, "opinion_submitted").len()), (1, 1));
    let asked = work.read(&work.agency, "/timeline").await;
    assert!(items(&asked, "conflict_declared").is_empty() && items(&asked, "conflict_waived").is_empty());
}

#[tokio::test]
async fn a_conclusion_is_corrected_by_a_version_that_refers_to_it() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    work.delivers().await;
    let first = at(&work.made, "/conclusion?number=1");
    let before = work.agency.get(&first).await;
    let etag = before.header("etag");
    let before = before.text;
    work.act(&work.officer, Method::PUT, "/conclusion", &json!({ "summary": "Sửa thẳng" })).await.problem(409);
    let reason = json!({ "reason": "Kiến nghị 2 ghi nhầm giai đoạn" });
    let draft = work.done(&work.officer, Method::POST, "/conclusion/correct", &reason).await;
    assert_eq!((&draft["number"], &draft["corrects"]), (&json!(2), &json!(1)));
    let mut body = completed(&draft);
    body["recommendations"] = json!([{ "number": 1, "text": "Làm rõ nguồn vốn" }, { "text": "Chia ba giai đoạn" }]);
    work.done(&work.officer, Method::PUT, "/conclusion", &body).await;
    assert_eq!(work.read(&work.agency, "/conclusion").await["number"], 1, "a draft is nothing yet");
    work.done(&work.leader, Method::POST, "/conclusion/sign", &report("15/BC-LHH")).await;
    let second = work.read(&work.agency, "/conclusion").await;
    assert_eq!(
        json!([second["number"], second["corrects"], second["correction_reason"]]),
        json!([2, 1, "Kiến nghị 2 ghi nhầm giai đoạn"])
    );
    let numbers: Vec<Value> = second["recommendations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["number"], row["withdrawn"] == true]))
        .collect();
    assert_eq!(json!(numbers), json!([[1, false], [2, true], [3, false]]), "numbers keep their meaning: {second}");
    assert_eq!(work.agency.get(&first).await.text, before, "what went out stays as it was, to the byte");
    let held = work.agency.send(Method::GET, &first, &[("if-none-match", etag.as_str())], None).await;
    assert_eq!(held.status, 304);
    let id = text(&work.made["id"]);
    let sql = format!("UPDATE conclusions SET content = '{{}}' WHERE consultation_id = '{id}' AND number = 1");
    assert!(try_change(&app, &sql).await.is_err(), "the database refuses it, too");
    let asked = work.read(&work.agency, "/timeline").await;
    let versions: Vec<Value> =
        items(&asked, "conclusion_delivered").iter().map(|item| item["number"].clone()).collect();
    assert_eq!(json!(versions), json!([1, 2]));
    // the agency replies to what stands
    let gone = json!({ "document": letter("301/SNNMT-KL"), "replies": [
        reply(1, "adopted", None), reply(2, "adopted", None), reply(3, "adopted", None),
    ] });
    assert_eq!(fault(verb(&work.agency, &work.made, "respond", &gone).await).0, "/replies/1/recommendation");
    let said = json!({ "document": letter("301/SNNMT-KL"), "replies": [
        reply(1, "adopted", None), reply(3, "not_adopted", Some("Không đủ thời gian")),
    ] });
    work.verb(&work.agency, "respond", &said).await;
}

#[tokio::test]
async fn an_agency_answers_late_and_partly_with_reasons() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    work.delivers().await;
    // seven moves: created, submitted, accepted, panel begun and approved, concluded, delivered
    let days = ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-19", "2026-03-24"];
    happened_on(&app, &work.made, &days).await;
    let late = work.read(&work.agency, "/adoption").await;
    assert_eq!((&late["overdue"], &late["due_on"]), (&json!(true), &json!("2026-04-21")));
    let asked = work.read(&work.agency, "/timeline").await;
    let due = items(&asked, "step_due");
    assert_eq!(json!([due[0]["id"], due[0]["due_on"], due[0]["late"]]), json!(["due:reply", "2026-04-21", true]));
    let listed = work.officer.get("/api/v1/consultations?overdue=true&state=delivered").await.expect(200);
    assert_eq!(listed["items"][0]["id"], work.made["id"]);
    // a reason is asked for, in its place; and a word to each recommendation
    let document = letter("301/SNNMT-KL");
    for (replies, place) in [
        (json!([reply(1, "partly_adopted", None), reply(2, "adopted", None)]), "/replies/0/reason"),
        (json!([reply(1, "adopted", None), reply(2, "not_adopted", None)]), "/replies/1/reason"),
        (json!([reply(1, "adopted", None)]), "/replies"),
    ] {
        let body = json!({ "document": document, "replies": replies });
        assert_eq!(fault(verb(&work.agency, &work.made, "respond", &body).await).0, place, "{body}");
    }
    let body = json!({ "document": document, "replies": [
        reply(1, "partly_adopted", Some("Vốn trung ương chưa giao")), reply(2, "not_adopted", Some("Không kịp thời vụ")),
    ] });
    work.verb(&work.agency, "respond", &body).await;
    let adoption = work.read(&work.officer, "/adoption").await;
    assert_eq!(adoption["overdue"], false, "it came");
    let reasons: Vec<&str> =
        adoption["recommendations"].as_array().unwrap().iter().map(|row| text(&row["reply"]["reason"])).collect();
    assert_eq!(reasons, ["Vốn trung ương chưa giao", "Không kịp thời vụ"]);
    let asked = work.read(&work.agency, "/timeline").await;
    let respond = items(&asked, "move").into_iter().find(|item| item["verb"] == "respond").unwrap();
    assert_eq!((&respond["due_on"], &respond["late"]), (&json!("2026-04-21"), &json!(true)));
    let replied = items(&asked, "replied")[0];
    assert_eq!((&replied["late"], &replied["document"]["number"]["text"]), (&json!(true), &json!("301/SNNMT-KL")));
    // what was decided is not known, which is said
    work.act(&work.officer, Method::POST, "/close", &json!({})).await.problem(422);
    work.verb(&work.officer, "close", &json!({ "reason": "UBND tỉnh chưa ban hành quyết định" })).await;
}
