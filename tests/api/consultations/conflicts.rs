//! Conflicts of interest: checks before anybody is invited, declarations, waivers, recusals, alerts.

use expert_bank::consultations::panel::watch;
use serde_json::{Value, json};

use super::{at, attach_scheme, bring, draft, free_people, panel_of, put_panel, verb};
use crate::support::bank::{change, enter_body, text};
use crate::support::{Answer, Caller, TestApp};

async fn callers(app: &TestApp) -> [Caller<'_>; 3] {
    [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await]
}

/// A request of the agricultural department in a state.
async fn request(callers: &[Caller<'_>; 3], more: &Value, state: &str) -> Value {
    let made = draft(&callers[0], "critical_review", more).await;
    attach_scheme(&callers[0], &made).await;
    bring(callers, &made, state).await
}

async fn check(caller: &Caller<'_>, consultation: &Value, codes: &[&str]) -> Value {
    caller.post(&at(consultation, "/coi-check"), &json!({ "experts": codes })).await.expect(200)
}

/// The kinds found of the first of a check.
fn kinds(check: &Value) -> Vec<&str> {
    check["results"][0]["findings"].as_array().unwrap().iter().map(|finding| text(&finding["kind"])).collect()
}

async fn say(caller: &Caller<'_>, consultation: &Value, code: &str, what: &str) -> Answer {
    let path = at(consultation, &format!("/conflicts/{code}/{what}"));
    let body = json!({ "reason": "Lý do thử" });
    caller.send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&body)).await
}

/// Puts somebody at a body, with an event, as a profile would.
async fn work_at(app: &TestApp, code: &str, body: &str) {
    change(
        app,
        &format!(
            "UPDATE experts SET workplace_id = (SELECT id FROM organisations WHERE code = '{body}'), version = version + 1
              WHERE code = '{code}'"
        ),
    )
    .await;
}

#[tokio::test]
async fn what_the_record_says_is_found_with_its_evidence_before_anybody_is_invited() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let people = free_people(&app, 8).await;
    let [now, before, long_ago, under, drafter, writer, officer_of, free] = &people[..] else { panic!("{people:?}") };
    let asker = app.sql("SELECT id FROM organisations WHERE code = 'SNNMT-DEMO'").await;
    let office = json!({ "name": "Chi cục Kiểm lâm Mẫu", "kind": "agency", "code": "CCKL-THU", "parent_id": asker });
    enter_body(officer, &office).await;
    work_at(&app, now, "SNNMT-DEMO").await;
    work_at(&app, under, "CCKL-THU").await;
    for (code, from, to) in [(before, "2015", "2024"), (long_ago, "2001", "2010")] {
        let history = json!([{ "organisation": "Sở", "organisation_id": asker, "from": from, "to": to }]);
        change(
            &app,
            &format!(
                "UPDATE experts SET details = jsonb_set(details, '{{work_history}}', '{history}') WHERE code = '{code}'"
            ),
        )
        .await;
    }
    for code in [drafter, writer] {
        change(
            &app,
            &format!(
                "INSERT INTO expert_publications (id, expert_id, ordinal, title, year, authors)
                 SELECT gen_random_uuid(), id, 900, 'Rừng đầu nguồn và nước ngầm', 2025, '{{}}' FROM experts WHERE code = '{code}'"
            ),
        )
        .await;
    }
    change(
        &app,
        &format!(
            "INSERT INTO association_officers (id, organisation_id, expert_id, full_name, name_key, position, valid_from)
             SELECT gen_random_uuid(), o.id, e.id, e.full_name, 'x', 'inspection_member', '2024-01-01'
               FROM organisations o, experts e WHERE o.code = 'HLN-DEMO' AND e.code = '{officer_of}'"
        ),
    )
    .await;
    let more = json!({ "drafters": [{ "expert": drafter }, { "organisation": "HLN-DEMO" }] });
    let made = request(&callers, &more, "accepted").await;
    for (code, expected, outcome) in [
        (now, vec!["works_at"], "open"),
        (before, vec!["worked_at"], "open"),
        (long_ago, vec![], "none"),
        (under, vec!["works_at"], "open"),
        (drafter, vec!["drafter"], "open"),
        (writer, vec!["shared_publication"], "open"),
        (officer_of, vec!["association_officer"], "open"),
        (free, vec![], "none"),
    ] {
        let seen = check(officer, &made, &[code]).await;
        assert_eq!(kinds(&seen), expected, "{code}: {seen}");
        assert_eq!(seen["results"][0]["outcome"], outcome, "{seen}");
        assert_eq!(seen["results"][0]["may_sit"], outcome == "none");
    }
    // told in the caller's language, and kept as it was found
    let path = at(&made, "/coi-check");
    let body = json!({ "experts": [now.to_lowercase(), under] });
    let seen = officer.send(reqwest::Method::POST, &path, &[("accept-language", "en")], Some(&body)).await.expect(200);
    let finding = &seen["results"][0]["findings"][0];
    assert!(text(&finding["detail"]).starts_with("Works at "), "{finding}");
    assert_eq!(
        (&finding["side"], &finding["tie"], &finding["severity"]),
        (&json!("asker"), &json!("same"), &json!("high"))
    );
    assert_eq!(seen["results"][1]["findings"][0]["tie"], "below");
    let kept = officer.get(&at(&made, "/coi-checks?limit=1")).await.expect(200);
    assert_eq!(kept["items"][0]["id"], seen["id"]);
    assert!(kept["next_cursor"].is_string());
    work_at(&app, now, "SYT-DEMO").await;
    let kept = app.sign_in("auditor").await.get(&at(&made, "/coi-checks?limit=1")).await.expect(200);
    assert_eq!(kept["items"][0]["results"][0]["outcome"], "open", "what was found then");
    assert_eq!(check(officer, &made, &[now]).await["results"][0]["outcome"], "none", "and what is found now");
    let events = app.sign_in("auditor").await;
    let events = events.get("/api/v1/audit-events?action=consultations.check_conflicts").await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn checks_refuse_what_they_cannot_read() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let made = request(&callers, &json!({}), "accepted").await;
    let path = at(&made, "/coi-check");
    let many: Vec<String> = (0..101).map(|number| format!("CG-{number:06}")).collect();
    for (body, place) in [
        (json!({ "experts": [] }), "/experts"),
        (json!({ "experts": many }), "/experts"),
        (json!({ "experts": ["CG-999999"] }), "/experts/0"),
        (json!({ "experts": ["CG-000001", "cg-000001"] }), "/experts/1"),
        (json!({ "experts": ["", "x"] }), "/experts/0"),
        (json!({}), "/experts"),
    ] {
        assert_eq!(callers[1].post(&path, &body).await.places(422)[0], place, "{body}");
    }
    let nobody = "/api/v1/consultations/0190c0de-0000-7000-8000-000000000001/coi-check";
    callers[1].post(nobody, &json!({ "experts": ["CG-000001"] })).await.problem(404);
}

#[tokio::test]
async fn a_waiver_is_a_leaders_and_covers_what_was_known_alone() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let people = free_people(&app, 3).await;
    let made = request(&callers, &json!({}), "accepted").await;
    verb(officer, &made, "form-panel", &Value::Null).await.expect(200);
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    let code = people[2].as_str();
    assert_eq!(say(leader, &made, code, "waive").await.problem(409)["code"], "conflict", "there is nothing to waive");
    work_at(&app, code, "SNNMT-DEMO").await;
    let document = json!({ "document": { "number": "12/QĐ-LHH", "date": "2026-03-09" } });
    let refused = verb(leader, &made, "approve-panel", &document).await.problem(422);
    let faults: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect();
    assert_eq!(faults, ["too_few", "conflict"], "{refused}");
    for caller in [agency, officer] {
        say(caller, &made, code, "waive").await.problem(403);
    }
    let bare = json!({ "reason": " " });
    let path = at(&made, &format!("/conflicts/{code}/waive"));
    let unsaid = leader.send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&bare)).await;
    assert_eq!(unsaid.places(422), ["/reason"]);
    let waived = say(leader, &made, code, "waive").await.expect(200);
    assert_eq!((&waived["standing"]["outcome"], &waived["standing"]["may_sit"]), (&json!("waived"), &json!(true)));
    assert_eq!(waived["decisions"][0]["covers"].as_array().unwrap().len(), 1);
    // another one is not covered
    let declared = say(officer, &made, code, "declare").await.expect(200);
    assert_eq!(declared["standing"]["outcome"], "declared");
    verb(leader, &made, "approve-panel", &document).await.problem(422);
    say(leader, &made, code, "waive").await.expect(200);
    let approved = verb(leader, &made, "approve-panel", &document).await.expect(200);
    assert_eq!(approved["state"], "in_review");
}

#[tokio::test]
async fn who_is_recused_leaves_and_comes_back_by_a_waiver_alone() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let made = request(&callers, &json!({}), "panel_forming").await;
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    let code = text(&panel["members"][0]["expert"]["code"]).to_owned();
    let out = say(officer, &made, &code, "recuse").await.expect(200);
    assert_eq!(out["standing"]["outcome"], "recused");
    say(officer, &made, &code, "recuse").await.problem(409);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["members"].as_array().unwrap().len(), 4);
    assert_eq!(
        (&panel["former"][0]["state"], &panel["former"][0]["ended_reason"]),
        (&json!("recused"), &json!("Lý do thử"))
    );
    let lacks: Vec<&str> = panel["lacks"].as_array().unwrap().iter().map(|lack| text(&lack["code"])).collect();
    assert_eq!(lacks, ["chair", "even"]);
    assert_eq!(check(officer, &made, &[&code]).await["results"][0]["may_sit"], false);
    assert_eq!(say(leader, &made, &code, "waive").await.expect(200)["standing"]["outcome"], "none");
    // nothing is decided of what is over
    verb(leader, &made, "cancel", &json!({ "reason": "x" })).await.expect(200);
    say(officer, &made, &code, "declare").await.problem(409);
}

#[tokio::test]
async fn a_conflict_that_comes_up_raises_one_alert_however_many_look() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = request(&callers, &json!({}), "in_review").await;
    let look = async || watch(&app.state.db, &app.state.sealer).await.unwrap_or_default();
    look().await;
    assert_eq!(look().await, 0, "nothing is left to look at");
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["alerts"], json!([]));
    let code = text(&panel["members"][1]["expert"]["code"]).to_owned();
    work_at(&app, &code, "SNNMT-DEMO").await;
    // at once for who reads, and once for who is told
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["members"][1]["conflict"]["outcome"], "open");
    let (a, b, c) = tokio::join!(look(), look(), look());
    assert!(a + b + c >= 1);
    work_at(&app, &code, "SYT-DEMO").await;
    look().await;
    work_at(&app, &code, "SNNMT-DEMO").await;
    look().await;
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["alerts"].as_array().unwrap().len(), 1, "{}", panel["alerts"]);
    assert_eq!(panel["alerts"][0]["expert"]["code"], json!(code));
    let auditor = app.sign_in("auditor").await;
    let events = auditor.get("/api/v1/audit-events?action=consultations.conflict_found").await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 1, "{events}");
    assert_eq!(events["items"][0]["actor_kind"], "system", "{events}");
    // a body that comes to stand over where somebody works is found as well
    let other = text(&panel["members"][2]["expert"]["code"]).to_owned();
    let body = json!({ "name": "Trung tâm Thử", "kind": "agency", "code": "TT-THU" });
    enter_body(officer, &body).await;
    work_at(&app, &other, "TT-THU").await;
    look().await;
    change(
        &app,
        "UPDATE organisation_versions SET parent_id = (SELECT id FROM organisations WHERE code = 'SNNMT-DEMO')
          WHERE organisation_id = (SELECT id FROM organisations WHERE code = 'TT-THU')",
    )
    .await;
    assert!(look().await >= 1);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["alerts"].as_array().unwrap().len(), 2, "{}", panel["alerts"]);
}

#[tokio::test]
async fn one_of_the_panel_declares_for_themself_and_reads_nobody_else() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, expert) = (&callers[1], app.sign_in("expert").await);
    let own =
        app.sql("SELECT e.code FROM accounts a JOIN experts e ON e.id = a.expert_id WHERE a.username = 'expert'").await;
    change(&app, &format!("UPDATE experts SET workplace_id = NULL, status = 'active', details = details - 'work_history' WHERE code = '{own}'")).await;
    let made = request(&callers, &json!({}), "accepted").await;
    verb(officer, &made, "form-panel", &Value::Null).await.expect(200);
    say(&expert, &made, &own, "declare").await.problem(404);
    let mut people = free_people(&app, 6).await;
    people.retain(|code| *code != own);
    people.truncate(4);
    people.insert(0, own.clone());
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    let told = say(&expert, &made, &own, "declare").await.expect(200);
    assert_eq!(told["standing"]["outcome"], "declared");
    assert_eq!(
        expert.get(&at(&made, &format!("/conflicts/{own}"))).await.expect(200)["decisions"][0]["role"],
        "expert"
    );
    say(&expert, &made, &people[1], "declare").await.problem(404);
    expert.get(&at(&made, &format!("/conflicts/{}", people[1]))).await.problem(404);
    for what in ["waive", "recuse"] {
        say(&expert, &made, &own, what).await.problem(403);
    }
    let checks = expert.get(&at(&made, "/coi-checks")).await.expect(200);
    assert_eq!(checks["items"], json!([]), "whom the Union looked at is not theirs to know");
    for role in ["association", "admin", "science_dept", "agency_2", "agency"] {
        let stranger = app.sign_in(role).await;
        say(&stranger, &made, &own, "declare").await.problem(403);
        stranger.get(&at(&made, &format!("/conflicts/{own}"))).await.problem(403);
        stranger.post(&at(&made, "/coi-check"), &json!({ "experts": [own] })).await.problem(403);
    }
}
