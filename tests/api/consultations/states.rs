//! The states of a consultation: every role tries every verb in every state.

use serde_json::{Value, json};

use super::{VERBS, at, attach_scheme, bring, callers, draft, example, go, submitted, verb};
use crate::support::bank::text;
use crate::support::{Caller, TestApp};

const STATES: [&str; 14] = [
    "draft",
    "submitted",
    "needs_completion",
    "declined",
    "accepted",
    "panel_forming",
    "in_review",
    "concluding",
    "delivered",
    "responded",
    "closed",
    "suspended",
    "withdrawn",
    "cancelled",
];

#[tokio::test]
async fn every_role_tries_every_verb_in_every_state() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let others = [app.sign_in("agency_2").await, app.sign_in("science_dept").await];
    let strangers = [
        app.sign_in("expert").await,
        app.sign_in("association").await,
        app.sign_in("auditor").await,
        app.sign_in("admin").await,
    ];
    for state in STATES {
        let made = draft(agency, "consultation", &json!({})).await;
        attach_scheme(agency, &made).await;
        let now = bring(&callers, &made, state).await;
        let path = at(&now, "");
        let mut allowed = std::collections::BTreeMap::new();
        for (role, caller) in [("agency", agency), ("union_officer", officer), ("union_leader", leader)] {
            let seen = caller.get(&path).await.expect(200);
            let verbs: Vec<String> =
                seen["allowed_actions"].as_array().unwrap().iter().map(|verb| text(verb).to_owned()).collect();
            allowed.insert(role, verbs);
        }
        for (name, who) in VERBS {
            for (role, caller) in [("agency", agency), ("union_officer", officer), ("union_leader", leader)] {
                if allowed[role].iter().any(|verb| verb == name) {
                    continue;
                }
                let answer = verb(caller, &now, name, &example(name)).await;
                let status = answer.status.as_u16();
                let by_role = role == who || (role == "union_leader" && who == "union_officer");
                let is_the_askers = who == "agency" && role != "agency";
                let step_exists = allowed.values().flatten().any(|verb| verb == name);
                let expected = match (by_role, is_the_askers, step_exists) {
                    // what is possible now stands in the answer
                    (true, ..) | (false, true, false) => 409,
                    (false, true, true) => 403,
                    (false, false, _) => 403,
                };
                assert_eq!(status, expected, "{state}: {role} tries {name}: {}", answer.text);
                let told = answer.problem(expected);
                if by_role || is_the_askers {
                    let list = if allowed[role].is_empty() { "–".to_owned() } else { allowed[role].join(", ") };
                    assert!(text(&told["detail"]).contains(&list), "{state} {role} {name}: {told}");
                }
            }
            for caller in &others {
                // another agency's request does not exist, whatever the verb
                let expected = if who == "agency" { 404 } else { 403 };
                verb(caller, &now, name, &example(name)).await.problem(expected);
            }
            for caller in &strangers {
                verb(caller, &now, name, &example(name)).await.problem(403);
            }
        }
        let after = agency.get(&path).await.expect(200);
        assert_eq!(after["state"], state, "nothing of that moved it");
        for (role, verbs) in &allowed {
            each_is_possible(&callers, state, role, verbs).await;
        }
    }
}

/// What a role is allowed in a state is done, each verb on a request of its own.
async fn each_is_possible(callers: &[Caller<'_>; 3], state: &str, role: &str, verbs: &[String]) {
    for name in verbs {
        let made = draft(&callers[0], "critical_review", &json!({})).await;
        attach_scheme(&callers[0], &made).await;
        let there = bring(callers, &made, state).await;
        let caller = match role {
            "agency" => &callers[0],
            "union_officer" => &callers[1],
            _ => &callers[2],
        };
        if name == "deliver" {
            super::conclusion::sign_conclusion(callers, &there).await;
        }
        let moved = verb(caller, &there, name, &example(name)).await.expect(200);
        assert_eq!(moved["state"] == state, name == "reschedule", "{role} {name}");
    }
}

#[tokio::test]
async fn two_officers_at_once_one_gets_412() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let made = submitted(&callers[0], "consultation", &json!({})).await;
    let etag = callers[1].get(&at(&made, "")).await.header("etag");
    let headers = [("if-match", etag.as_str())];
    let (path, body) = (at(&made, "/request-completion"), example("request-completion"));
    let accept = at(&made, "/accept");
    let (one, two) = tokio::join!(
        callers[1].send(reqwest::Method::POST, &path, &headers, Some(&body)),
        callers[2].send(reqwest::Method::POST, &accept, &headers, None),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "{} {}", one.text, two.text);
    let events = callers[1].get(&at(&made, "/events")).await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 3, "create, submit, and one of the two");
    let rubbish = [("if-match", "")];
    callers[1].send(reqwest::Method::POST, &path, &rubbish, Some(&body)).await.problem(412);
    callers[1].send(reqwest::Method::POST, &path, &[], Some(&body)).await.problem(428);
}

#[tokio::test]
async fn a_verb_wants_what_stands_in_the_table() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    for (state, who, name, body, place) in [
        ("submitted", 1, "request-completion", json!({ "missing": [] }), "/missing"),
        ("submitted", 1, "request-completion", json!({ "missing": [" "] }), "/missing/0"),
        ("submitted", 2, "decline", json!({ "code": "duplicate", "reason": " " }), "/reason"),
        ("submitted", 0, "withdraw", Value::Null, "/reason"),
        ("submitted", 2, "accept", json!({ "fields": [] }), "/fields"),
        ("submitted", 2, "accept", json!({ "fields": ["99999"] }), "/fields/0"),
        ("submitted", 2, "accept", json!({ "lead": "00000000-0000-0000-0000-000000000001" }), "/lead"),
        ("submitted", 2, "accept", json!({ "deadline": "2020-01-01" }), "/deadline"),
        ("accepted", 1, "suspend", json!({ "reason": "" }), "/reason"),
        ("accepted", 1, "suspend", json!({ "reason": "x", "resume_on": "2020-01-01" }), "/resume_on"),
        ("accepted", 2, "cancel", json!({}), "/reason"),
        ("panel_forming", 2, "approve-panel", json!({ "document": { "number": " " } }), "/document/number"),
        ("concluding", 2, "deliver", Value::Null, "/conclusion"),
        ("delivered", 0, "respond", json!({ "document": { "number": "1/CV", "date": "2026-03-09" } }), "/replies"),
        ("delivered", 1, "close", Value::Null, "/reason"),
        ("responded", 1, "close", Value::Null, "/decision"),
    ] {
        let made = draft(&callers[0], "consultation", &json!({})).await;
        attach_scheme(&callers[0], &made).await;
        let there = bring(&callers, &made, state).await;
        let places = verb(&callers[who], &there, name, &body).await.places(422);
        assert!(places.iter().any(|seen| seen == place), "{state} {name} {body}: {places:?}");
        let after = callers[1].get(&at(&made, "")).await.expect(200);
        assert_eq!(after["state"], state);
    }
    for (name, body) in [("decline", json!({ "reason": "x" })), ("decline", json!({ "code": "bored", "reason": "x" }))]
    {
        let made = submitted(&callers[0], "consultation", &json!({})).await;
        verb(&callers[2], &made, name, &body).await.problem(422);
    }
}

#[tokio::test]
async fn every_move_keeps_who_when_and_why() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let made = submitted(&callers[0], "consultation", &json!({})).await;
    let body = json!({ "missing": ["Bản đồ", "Dự toán"], "reason": "Còn thiếu" });
    let back = verb(&callers[1], &made, "request-completion", &body).await.expect(200);
    assert_eq!(back["missing"], json!(["Bản đồ", "Dự toán"]));
    verb(&callers[0], &made, "submit", &json!({ "reason": "Đã bổ sung" })).await.expect(200);
    let body = json!({ "code": "conflict_of_interest", "reason": "Liên hiệp hội tham gia soạn thảo",
        "document": { "number": "9/LHH", "date": "2026-03-09" } });
    verb(&callers[2], &made, "decline", &body).await.expect(200);
    let seen = callers[0].get(&at(&made, "/events")).await.expect(200);
    let told: Vec<Value> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| json!([event["verb"], event["from"], event["to"], event["by"]["side"], event["reason"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["create", null, "draft", "asker", null],
            ["submit", "draft", "submitted", "asker", null],
            ["request-completion", "submitted", "needs_completion", "union", "Còn thiếu"],
            ["submit", "needs_completion", "submitted", "asker", "Đã bổ sung"],
            ["decline", "submitted", "declined", "union", "Liên hiệp hội tham gia soạn thảo"],
        ])
    );
    let last = &seen["items"][4];
    assert_eq!(
        (&last["reason_code"], &last["document"]["number"]["text"]),
        (&json!("conflict_of_interest"), &json!("9/LHH"))
    );
    assert_eq!(last["by"], json!({ "side": "union", "role": "union_leader" }), "who it was, the Union alone is told");
    let told = callers[1].get(&at(&made, "/events?limit=2")).await;
    assert!(told.header("link").contains("cursor="));
    let first = told.expect(200);
    assert!(first["items"][1]["by"]["id"].is_string());
    let next = text(&first["next_cursor"]);
    let rest = callers[1].get(&at(&made, &format!("/events?limit=100&cursor={next}"))).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 3);
    // nobody rewrites what happened
    let said = crate::support::bank::try_change(&app, "UPDATE consultation_moves SET reason = 'x'").await.unwrap_err();
    assert!(said.contains("append-only"), "{said}");
}

#[tokio::test]
async fn it_goes_on_where_it_was_suspended_also_after_a_new_schedule() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    for state in ["accepted", "panel_forming", "in_review", "concluding"] {
        let made = draft(&callers[0], "social_assessment", &json!({})).await;
        attach_scheme(&callers[0], &made).await;
        bring(&callers, &made, state).await;
        for round in 0..2 {
            let body = json!({ "reason": "Chờ số liệu", "resume_on": "2035-01-02" });
            let stopped = verb(&callers[1], &made, "suspend", &body).await.expect(200);
            assert_eq!(json!([stopped["suspended_from"], stopped["resume_on"]]), json!([state, "2035-01-02"]));
            let moved = verb(&callers[2], &made, "reschedule", &example("reschedule")).await;
            match round {
                0 => assert_eq!(moved.expect(200)["suspended_from"], state, "nothing moved"),
                _ => assert_eq!(moved.places(422), ["/deadline"], "that is agreed already"),
            }
            let again = verb(&callers[1], &made, "resume", &Value::Null).await.expect(200);
            assert_eq!((&again["state"], &again["resume_on"]), (&json!(state), &Value::Null));
        }
    }
}

#[tokio::test]
async fn what_an_asker_says_by_letter_an_officer_enters_with_that_letter() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer) = (&callers[0], &callers[1]);
    for (state, name, to) in [
        ("delivered", "respond", "responded"),
        ("needs_completion", "withdraw", "withdrawn"),
        ("in_review", "withdraw", "withdrawn"),
    ] {
        let made = draft(agency, "consultation", &json!({})).await;
        attach_scheme(agency, &made).await;
        let there = bring(&callers, &made, state).await;
        if name == "withdraw" {
            let bare = json!({ "reason": "Cơ quan rút" });
            assert_eq!(verb(officer, &there, name, &bare).await.places(422), ["/document"]);
            let undated = json!({ "reason": "Cơ quan rút", "document": { "number": "5/SNNMT" } });
            assert_eq!(verb(officer, &there, name, &undated).await.places(422), ["/document/date"]);
        }
        let mut letter = json!({ "reason": "Theo công văn của cơ quan",
            "document": { "number": "5/SNNMT", "date": "2026-03-10", "signatory": "Nguyễn Văn Mẫu" } });
        if name == "respond" {
            letter["replies"] = example(name)["replies"].clone();
        }
        let moved = verb(officer, &there, name, &letter).await.expect(200);
        assert_eq!(moved["state"], to);
        let events = agency.get(&at(&made, "/events")).await.expect(200);
        let last = events["items"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["by"]["side"], &last["document"]["number"]["text"]), (&json!("union"), &json!("5/SNNMT")));
    }
    // a draft is its asker's alone
    let made = draft(agency, "consultation", &json!({})).await;
    verb(officer, &made, "withdraw", &example("withdraw")).await.problem(403);
    // and no document is of a day to come
    let made = submitted(agency, "consultation", &json!({})).await;
    let tomorrow = app.sql("SELECT ((now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + 1)").await;
    let body = json!({ "reason": "x", "document": { "number": "5/SNNMT", "date": tomorrow } });
    assert_eq!(verb(officer, &made, "withdraw", &body).await.places(422), ["/document/date"]);
}

#[tokio::test]
async fn a_leader_agrees_on_another_schedule_with_a_reason_that_is_kept() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let made = draft(agency, "consultation", &json!({})).await;
    attach_scheme(agency, &made).await;
    let there = bring(&callers, &made, "accepted").await;
    let usual = there["clock"]["due_on"].clone();
    let agreed = json!({ "reason": "Hai bên thống nhất", "deadline": "2034-03-01" });
    verb(officer, &there, "reschedule", &agreed).await.problem(403);
    let now = verb(leader, &there, "reschedule", &agreed).await.expect(200);
    assert_eq!(json!([now["deadline"], now["clock"]["due_on"]]), json!(["2034-03-01", "2034-03-01"]));
    // a decision before that needs another deadline
    let sooner = json!({ "reason": "Họp sớm", "decision_on": "2034-03-03" });
    assert_eq!(verb(leader, &there, "reschedule", &sooner).await.places(422), ["/deadline"]);
    let both = json!({ "reason": "Họp sớm", "decision_on": "2034-03-03", "deadline": null });
    let now = verb(leader, &there, "reschedule", &both).await.expect(200);
    assert_eq!(
        json!([now["deadline"], now["decision_on"], now["clock"]["due_on"]]),
        json!([null, "2034-03-03", usual])
    );
    verb(leader, &there, "reschedule", &json!({ "reason": "x" })).await.problem(422);
    verb(leader, &there, "reschedule", &json!({ "deadline": "2034-01-02" })).await.problem(422);
    let events = agency.get(&at(&made, "/events")).await.expect(200);
    let moves = events["items"].as_array().unwrap();
    assert_eq!(moves.len(), 5, "what was refused left nothing");
    let schedule = json!({ "deadline": null, "decision_on": "2034-03-03", "urgency": "normal" });
    assert_eq!(
        json!([moves[4]["verb"], moves[4]["reason"], moves[4]["schedule"]]),
        json!(["reschedule", "Họp sớm", schedule])
    );
    // while it stands still no day is agreed
    verb(officer, &there, "suspend", &example("suspend")).await.expect(200);
    let agreed = json!({ "reason": "Thống nhất", "deadline": "2033-03-01" });
    assert_eq!(verb(leader, &there, "reschedule", &agreed).await.places(422), ["/deadline"]);
    // the audit log names what changed
    let seen =
        app.sign_in("auditor").await.get("/api/v1/audit-events?action=consultations.reschedule").await.expect(200);
    let fields: Vec<&Value> = seen["items"].as_array().unwrap().iter().map(|event| &event["fields"]).collect();
    assert_eq!(json!(fields), json!([["deadline", "decision_on"], ["deadline"]]));
}

#[tokio::test]
async fn what_the_union_begins_is_answered_by_its_addressee_and_withdrawn_by_nobody() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let more = json!({ "asker": "SNNMT-DEMO", "origin": "self_initiated" });
    let made = draft(&callers[2], "critical_review", &more).await;
    assert_eq!(made["state"], "accepted");
    for caller in &callers {
        verb(caller, &made, "withdraw", &example("withdraw")).await.problem(409);
    }
    go(&callers, &made, &["form-panel", "approve-panel", "conclude", "deliver"]).await;
    let seen = callers[0].get(&at(&made, "")).await.expect(200);
    assert_eq!(seen["allowed_actions"], json!(["respond"]));
    let answered = verb(&callers[0], &made, "respond", &example("respond")).await.expect(200);
    assert_eq!(answered["state"], "responded");
}
