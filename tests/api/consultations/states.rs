//! The states of a consultation: every role tries every verb in every state.

use serde_json::{Value, json};

use super::{VERBS, at, attach_scheme, bring, draft, example, submitted, verb};
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

async fn callers(app: &TestApp) -> [Caller<'_>; 3] {
    [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await]
}

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
        // what is allowed is possible: the last of each role's is done on one of its own
        for (role, verbs) in &allowed {
            for name in verbs {
                let made = draft(agency, "critical_review", &json!({})).await;
                attach_scheme(agency, &made).await;
                let there = bring(&callers, &made, state).await;
                let caller = match *role {
                    "agency" => agency,
                    "union_officer" => officer,
                    _ => leader,
                };
                let moved = verb(caller, &there, name, &example(name)).await.expect(200);
                assert_ne!(moved["state"], state, "{role} {name}");
            }
        }
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
        ("delivered", 1, "close", Value::Null, "/reason"),
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
