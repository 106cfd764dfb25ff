//! `GET` and `POST /experts/{key}/consents`.

use expert_bank::kernel::clock::today;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::bank::{decide, enter_named, path, sees, text, try_change};

fn consents(expert: &Value) -> String {
    format!("{}/consents", path(expert))
}

#[tokio::test]
async fn an_officer_records_a_paper_and_names_it() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let me = officer.get("/api/v1/me").await.expect(200);
    let body = json!({ "purpose": "agency_search", "given": true, "channel": "paper", "document": " Phiếu  số 12 ", "decided_on": "2026-01-05" });
    let answer = officer.post(&consents(&expert), &body).await;
    assert_eq!(answer.header("location"), consents(&expert));
    let made = answer.expect(201);
    for (member, value) in [
        ("purpose", json!("agency_search")),
        ("given", json!(true)),
        ("channel", json!("paper")),
        ("document", json!("Phiếu số 12")),
        ("decided_on", json!("2026-01-05")),
        ("recorded_by", me["id"].clone()),
    ] {
        assert_eq!(made[member], value, "{member}");
    }
    assert_eq!(officer.get(&path(&expert)).await.expect(200)["record"]["consents"], json!(["agency_search"]));
}

#[tokio::test]
async fn a_decision_that_breaks_a_rule_is_refused_and_not_recorded() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let tomorrow = today().succ_opt().unwrap().to_string();
    let good = json!({ "purpose": "agency_search", "given": true, "channel": "paper", "document": "Phiếu số 1" });
    for (member, value, pointer, code) in [
        ("document", Value::Null, "/document", "required"),
        ("document", json!(" "), "/document", "required"),
        ("document", json!("a".repeat(301)), "/document", "too_long"),
        ("decided_on", json!(tomorrow), "/decided_on", "in_the_future"),
        ("decided_on", json!("2026-02-30"), "/decided_on", "invalid_value"),
        ("channel", json!("online"), "/channel", "not_allowed"),
        ("channel", json!("import"), "/channel", "unknown_value"),
        ("purpose", json!("everything"), "/purpose", "unknown_value"),
        ("given", json!("yes"), "/given", "wrong_type"),
        ("given", Value::Null, "/given", "wrong_type"),
        ("recorded_by", json!("x"), "/recorded_by", "unknown_field"),
    ] {
        let mut body = good.clone();
        body[member] = value.clone();
        let problem = officer.post(&consents(&expert), &body).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (pointer, code), "{member}: {value}");
    }
    assert_eq!(officer.get(&consents(&expert)).await.expect(200)["items"], json!([]));
    officer.post("/api/v1/experts/CG-999999/consents", &good).await.problem(404);
}

#[tokio::test]
async fn only_the_person_decides_online() {
    let app = TestApp::start().await;
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = format!("/api/v1/experts/{}/consents", text(&me["expert_id"]));
    let online = json!({ "purpose": "contact_sharing", "given": false, "channel": "online" });
    let paper = json!({ "purpose": "contact_sharing", "given": false, "channel": "paper", "document": "Phiếu" });
    assert_eq!(person.post(&own, &paper).await.places(422), ["/channel"]);
    let made = person.post(&own, &online).await.expect(201);
    assert_eq!((&made["channel"], &made["document"]), (&json!("online"), &Value::Null));
    let ledger = person.get(&own).await.expect(200);
    assert_eq!(ledger["items"][0], made, "the person reads their ledger");
    let other = enter_named(&app.sign_in("union_officer").await, "Kpă Văn Mẫu").await;
    person.post(&consents(&other), &online).await.problem(404);
    person.get(&consents(&other)).await.problem(404);
    for account in ["agency", "association", "science_dept", "admin"] {
        let caller = app.sign_in(account).await;
        caller.post(&consents(&other), &paper).await.problem(403);
        caller.get(&consents(&other)).await.problem(403);
    }
    let auditor = app.sign_in("auditor").await;
    auditor.get(&consents(&other)).await.expect(200);
    auditor.post(&consents(&other), &paper).await.problem(403);
}

#[tokio::test]
async fn the_ledger_shows_the_latest_first_and_the_latest_stands() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let mut made = Vec::new();
    for (purpose, given) in
        [("listing", true), ("agency_search", true), ("listing", false), ("agency_search", false), ("listing", true)]
    {
        made.insert(0, decide(&officer, &expert, purpose, given).await);
    }
    let ledger = officer.get(&consents(&expert)).await.expect(200);
    assert_eq!(ledger["items"], json!(made));
    assert_eq!(officer.get(&path(&expert)).await.expect(200)["record"]["consents"], json!(["listing"]));
    let events = format!(
        "SELECT string_agg(action || ' ' || array_to_string(fields, ','), ';' ORDER BY id) FROM audit_events
          WHERE subject_id = '{}' AND action LIKE 'consents.%'",
        text(&expert["id"])
    );
    let (give, withdraw) = ("consents.give", "consents.withdraw");
    let expected = format!(
        "{give} listing,status;{give} agency_search;{withdraw} listing,status;{withdraw} agency_search;{give} listing,status"
    );
    assert_eq!(app.sql(&events).await, expected);
}

#[tokio::test]
async fn the_ledger_is_append_only_in_the_database() {
    let app = TestApp::start().await;
    for sql in [
        "UPDATE expert_consents SET given = false",
        "UPDATE expert_consents SET given = false WHERE false",
        "DELETE FROM expert_consents",
        "TRUNCATE expert_consents",
    ] {
        let said = try_change(&app, sql).await.unwrap_err();
        assert!(said.contains("expert_consents is append-only"), "{sql}: {said}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM expert_consents WHERE given").await, "240");
}

#[tokio::test]
async fn a_withdrawal_hides_the_expert_at_once_and_a_new_consent_brings_them_back() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (nobody, agency) = (app.nobody(), app.sign_in("agency").await);
    let (department, association) = (app.sign_in("science_dept").await, app.sign_in("association").await);
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    for (purpose, given, public, agencies) in [
        ("listing", true, false, false),
        ("contact_sharing", true, false, false),
        ("agency_search", true, false, true),
        ("public_profile", true, true, true),
        ("agency_search", false, true, true),
        ("public_profile", false, false, false),
        ("public_profile", true, true, true),
        ("agency_search", true, true, true),
        ("public_profile", false, false, true),
        ("agency_search", false, false, false),
        ("agency_search", true, false, true),
        // who is not even to be kept is shown to nobody but the Union
        ("listing", false, false, false),
    ] {
        decide(&officer, &expert, purpose, given).await;
        let seen = [
            sees(&nobody, &expert).await,
            sees(&association, &expert).await,
            sees(&agency, &expert).await,
            sees(&department, &expert).await,
            sees(&officer, &expert).await,
        ];
        assert_eq!(seen, [public, public, agencies, agencies, true], "{purpose} {given}");
    }
}

#[tokio::test]
async fn a_person_who_withdraws_everything_is_gone_at_once_for_all_but_the_union_and_themselves() {
    let app = TestApp::start().await;
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = person.get(&format!("/api/v1/experts/{}", text(&me["expert_id"]))).await.expect(200);
    assert!(sees(&app.nobody(), &own).await);
    for purpose in ["public_profile", "agency_search"] {
        let body = json!({ "purpose": purpose, "given": false, "channel": "online" });
        person.post(&consents(&own), &body).await.expect(201);
    }
    for (account, visible) in
        [("agency", false), ("association", false), ("admin", false), ("expert", true), ("union_officer", true)]
    {
        assert_eq!(sees(&app.sign_in(account).await, &own).await, visible, "{account}");
    }
    assert!(!sees(&app.nobody(), &own).await);
}

#[tokio::test]
async fn consents_given_and_withdrawn_at_once_leave_the_flags_as_the_ledger_says() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    for _ in 0..5 {
        tokio::join!(
            decide(&officer, &expert, "agency_search", true),
            decide(&officer, &expert, "agency_search", false),
            decide(&officer, &expert, "public_profile", false),
            decide(&officer, &expert, "agency_search", true),
            decide(&officer, &expert, "agency_search", false),
        );
        let ledger = officer.get(&consents(&expert)).await.expect(200);
        let items = ledger["items"].as_array().unwrap();
        let stands = items.iter().find(|item| item["purpose"] == "agency_search").unwrap()["given"] == true;
        assert_eq!(sees(&app.sign_in("agency").await, &expert).await, stands);
    }
}
