//! The verbs of an expert: `POST /experts/{key}/{verb}`.

use expert_bank::kernel::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{change, decide, enter_named, path, sees, text};
use crate::support::people::{PASSPHRASE, login, text as member};
use crate::support::{Answer, Caller, TestApp};

/// Sends a verb for the version `*`.
async fn verb(caller: &Caller<'_>, expert: &Value, verb: &str, body: Option<&Value>) -> Answer {
    caller.send(Method::POST, &format!("{}/{verb}", path(expert)), &[("if-match", "*")], body).await
}

async fn status(officer: &Caller<'_>, expert: &Value) -> String {
    text(&officer.get(&path(expert)).await.expect(200)["record"]["status"]).to_owned()
}

/// Somebody agencies may find, verified.
async fn active(officer: &Caller<'_>, name: &str) -> Value {
    let expert = enter_named(officer, name).await;
    decide(officer, &expert, "listing", true).await;
    decide(officer, &expert, "agency_search", true).await;
    verb(officer, &expert, "activate", None).await.expect(200)
}

/// The person behind the demo account `expert`.
async fn own<'a>(app: &'a TestApp) -> (Caller<'a>, Value) {
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = person.get(&format!("/api/v1/experts/{}", text(&me["expert_id"]))).await.expect(200);
    (person, own)
}

#[tokio::test]
async fn a_verb_outside_the_state_is_a_409_that_lists_what_is_possible() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    assert_eq!(expert["record"]["allowed_actions"], json!(["invite", "leave", "mark-deceased"]));
    for (name, body) in
        [("activate", None), ("pause", None), ("resume", None), ("confirm", Some(json!({ "channel": "phone" })))]
    {
        let problem = verb(&officer, &expert, name, body.as_ref()).await.problem(409);
        let detail = text(&problem["detail"]);
        assert!(
            detail.contains("`nominated`") && detail.ends_with("invite, leave, mark-deceased."),
            "{name}: {detail}"
        );
    }
    assert_eq!(status(&officer, &expert).await, "nominated");
}

#[tokio::test]
async fn activation_verifies_who_agreed_and_says_by_whom() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let me = officer.get("/api/v1/me").await.expect(200);
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    decide(&officer, &expert, "listing", true).await;
    let etag = officer.get(&path(&expert)).await.header("etag");
    let body = json!({ "standing_evidence": "Nghệ nhân  ưu tú" });
    let activate = format!("{}/activate", path(&expert));
    let answer = officer.send(Method::POST, &activate, &[("if-match", &etag)], Some(&body)).await;
    assert_ne!(answer.header("etag"), etag, "the version moved");
    let record = answer.expect(200)["record"].clone();
    assert_eq!(
        (&record["status"], &record["verified_by"], &record["standing_evidence"]),
        (&json!("active"), &me["id"], &json!("Nghệ nhân ưu tú"))
    );
    assert!(record["verified_at"].is_string());
    officer.send(Method::POST, &activate, &[("if-match", &etag)], Some(&body)).await.problem(412);
    let long = json!({ "standing_evidence": "a".repeat(1001) });
    assert_eq!(verb(&officer, &expert, "activate", Some(&long)).await.places(422), ["/standing_evidence"]);
    for account in ["agency", "association", "science_dept", "auditor", "admin", "expert"] {
        verb(&app.sign_in(account).await, &expert, "activate", None).await.problem(403);
    }
}

#[tokio::test]
async fn the_lowest_degree_is_a_setting_and_evidence_of_standing_stands_in_for_it() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    change(
        &app,
        "INSERT INTO settings (name, valid_from, value) VALUES ('activation_min_degree', '2026-01-01', '\"ThS\"')",
    )
    .await;
    for (body, evidence, code) in [
        (json!({ "full_name": "Kpă Văn Một" }), Value::Null, 422),
        (json!({ "full_name": "KS. Kpă Văn Hai", "degree": "KS" }), Value::Null, 422),
        (json!({ "full_name": "ThS. Kpă Văn Ba" }), Value::Null, 200),
        (json!({ "full_name": "TS. Kpă Văn Bốn" }), Value::Null, 200),
        (json!({ "full_name": "PGS. Kpă Văn Năm" }), Value::Null, 200),
        (json!({ "full_name": "Kpă Văn Sáu" }), json!("Nghệ nhân nhân dân"), 200),
        (json!({ "full_name": "Kpă Văn Bảy", "standing_evidence": "Nghệ nhân nhân dân" }), Value::Null, 200),
    ] {
        let expert = officer.post("/api/v1/experts", &body).await.expect(201);
        decide(&officer, &expert, "listing", true).await;
        let answer = verb(&officer, &expert, "activate", Some(&json!({ "standing_evidence": evidence }))).await;
        assert_eq!(answer.status, code, "{body}: {}", answer.text);
        if code == 422 {
            assert_eq!(answer.places(422), ["/standing_evidence"]);
        }
    }
}

#[tokio::test]
async fn a_person_pauses_resumes_and_leaves_and_others_see_it_at_once() {
    let app = TestApp::start().await;
    let (person, own) = own(&app).await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    assert_eq!(own["record"]["allowed_actions"], json!(["confirm", "pause", "leave"]));
    assert!(sees(&agency, &own).await && sees(&app.nobody(), &own).await);
    let paused = verb(&person, &own, "pause", Some(&json!({ "reason": "Đi học một năm" }))).await.expect(200);
    assert_eq!(paused["record"]["status"], "paused");
    assert!(sees(&agency, &own).await && sees(&app.nobody(), &own).await, "a break hides nobody");
    assert_eq!(verb(&person, &own, "resume", None).await.expect(200)["record"]["status"], "active");
    assert!(sees(&agency, &own).await && sees(&app.nobody(), &own).await);
    verb(&person, &own, "mark-deceased", None).await.problem(403);
    verb(&person, &own, "return", Some(&json!({ "reason": "x" }))).await.problem(403);
    let left = verb(&person, &own, "leave", None).await.expect(200);
    assert_eq!((&left["record"]["status"], &left["record"]["allowed_actions"]), (&json!("left"), &json!([])));
    assert!(!left["record"]["consents"].to_string().contains("listing"), "who leaves withdraws: {left}");
    assert!(!sees(&agency, &own).await && !sees(&app.nobody(), &own).await);
    assert!(sees(&officer, &own).await);
    let events = format!(
        "SELECT string_agg(action, ' ' ORDER BY id) FROM audit_events WHERE subject_id = '{}' AND actor_role = 'expert'",
        text(&own["id"])
    );
    assert_eq!(app.sql(&events).await, "experts.pause experts.resume experts.leave consents.withdraw");
    let other = active(&officer, "Kpă Văn Khác").await;
    for name in ["pause", "leave", "resume"] {
        verb(&person, &other, name, None).await.problem(404);
    }
}

#[tokio::test]
async fn the_union_says_why_somebody_leaves_and_the_reason_stands_nowhere_in_clear() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = active(&officer, "Kpă Văn Mẫu").await;
    assert_eq!(verb(&officer, &expert, "leave", None).await.places(422), ["/reason"]);
    assert_eq!(verb(&officer, &expert, "leave", Some(&json!({ "reason": " " }))).await.places(422), ["/reason"]);
    let tomorrow = json!({ "reason": "x", "effective_on": today().succ_opt().unwrap() });
    assert_eq!(verb(&officer, &expert, "leave", Some(&tomorrow)).await.places(422), ["/effective_on"]);
    for wrong in [json!({ "reason": "a\u{0}b" }), json!({ "reason": 1 }), json!({ "reason": "a".repeat(1001) })] {
        assert_eq!(verb(&officer, &expert, "leave", Some(&wrong)).await.places(422), ["/reason"]);
    }
    assert_eq!(verb(&officer, &expert, "leave", Some(&json!({ "why": "x" }))).await.places(422), ["/why"]);
    let body = json!({ "reason": "Theo đơn xin rút ngày mười", "effective_on": "2026-03-10" });
    verb(&officer, &expert, "leave", Some(&body)).await.expect(200);
    let clear = crate::support::people::tables_with(&app, "Theo đơn xin rút").await;
    assert_eq!(clear, Vec::<String>::new());
    // the consent still stands: a mistake is repaired to where the person is verified anew
    assert_eq!(verb(&officer, &expert, "return", None).await.places(422), ["/reason"]);
    let back = verb(&officer, &expert, "return", Some(&json!({ "reason": "Nhầm người" }))).await.expect(200);
    assert_eq!(back["record"]["status"], "consented");
    assert!(sees(&app.sign_in("agency").await, &expert).await);
}

#[tokio::test]
async fn a_death_ends_the_account_and_a_mistake_is_repaired() {
    let app = TestApp::start().await;
    let (person, own) = own(&app).await;
    let (admin, officer) = (app.sign_in("admin").await, app.sign_in("union_officer").await);
    let etag = officer.get(&path(&own)).await.header("etag");
    let death = format!("{}/mark-deceased", path(&own));
    officer.send(Method::POST, &death, &[], None).await.problem(428);
    let body = json!({ "effective_on": "2026-02-01" });
    let dead = officer.send(Method::POST, &death, &[("if-match", &etag)], Some(&body)).await.expect(200);
    assert_eq!(
        (&dead["record"]["status"], &dead["record"]["allowed_actions"]),
        (&json!("deceased"), &json!(["return"]))
    );
    assert!(!sees(&app.nobody(), &own).await);
    assert_eq!(person.get("/api/v1/me").await.problem(401)["code"], "invalid_token");
    assert_eq!(login(&app, "expert", expert_bank::demo::PASSWORD).await.problem(403)["code"], "account_disabled");
    verb(&officer, &own, "leave", Some(&json!({ "reason": "x" }))).await.problem(409);
    let back = verb(&officer, &own, "return", Some(&json!({ "reason": "Ghi nhầm" }))).await.expect(200);
    assert_eq!(back["record"]["status"], "consented");
    let account = crate::support::people::path_of(&app, "expert").await;
    admin.verb(&format!("{account}/enable"), "*").await.expect(200);
    app.sign_in("expert").await;
}

#[tokio::test]
async fn withdrawing_listing_is_leaving_and_agreeing_anew_is_coming_back() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let agency = app.sign_in("agency").await;
    let expert = active(&officer, "Kpă Văn Mẫu").await;
    assert!(sees(&agency, &expert).await);
    decide(&officer, &expert, "listing", false).await;
    assert_eq!(status(&officer, &expert).await, "left");
    assert!(!sees(&agency, &expert).await);
    decide(&officer, &expert, "agency_search", true).await;
    assert!(!sees(&agency, &expert).await, "who left is in no list, whatever else they agree to");
    verb(&officer, &expert, "activate", None).await.problem(409);
    decide(&officer, &expert, "listing", true).await;
    assert_eq!(status(&officer, &expert).await, "consented");
    assert!(sees(&agency, &expert).await);
    verb(&officer, &expert, "activate", None).await.expect(200);
    verb(&officer, &expert, "pause", None).await.expect(200);
    decide(&officer, &expert, "listing", false).await;
    assert!(!sees(&agency, &expert).await, "also out of a break");
    assert_eq!(status(&officer, &expert).await, "left");
}

#[tokio::test]
async fn a_withdrawal_counts_on_another_instance_before_its_answer_leaves() {
    use crate::support::{fresh_url, state_over};
    let url = fresh_url();
    let (one, two) =
        (TestApp::over(state_over(&url, true).await).await, TestApp::over(state_over(&url, true).await).await);
    let officer = one.sign_in("union_officer").await;
    let agency = two.sign_in("agency").await;
    let expert = active(&officer, "Kpă Văn Hai Máy").await;
    for _ in 0..3 {
        for (caller, audience) in [(&agency, "agency_search"), (&two.nobody(), "public_profile")] {
            decide(&officer, &expert, audience, true).await;
            assert!(sees(caller, &expert).await, "{audience}");
            decide(&officer, &expert, audience, false).await;
            assert!(!sees(caller, &expert).await, "{audience}");
        }
    }
    decide(&officer, &expert, "agency_search", true).await;
    verb(&officer, &expert, "leave", Some(&json!({ "reason": "Theo đơn" }))).await.expect(200);
    assert!(!sees(&agency, &expert).await);
}

#[tokio::test]
async fn of_two_verbs_at_once_one_counts() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = active(&officer, "Kpă Văn Mẫu").await;
    let (one, two) = tokio::join!(verb(&officer, &expert, "pause", None), verb(&officer, &expert, "pause", None));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn a_person_with_an_account_is_not_invited_again_but_one_who_agreed_on_paper_is() {
    let app = TestApp::start().await;
    let (_, own) = own(&app).await;
    let officer = app.sign_in("union_officer").await;
    verb(&officer, &own, "invite", None).await.problem(409);
    let expert = active(&officer, "Kpă Văn Giấy").await;
    let link = verb(&officer, &expert, "invite", None).await.expect(201);
    let body = json!({
        "token": link["token"], "username": "kpa.giay", "password": PASSPHRASE, "consents": { "listing": true },
    });
    let welcome = app.nobody().post("/api/v1/invitations/accept", &body).await.expect(201);
    assert_eq!(welcome["expert"]["record"]["status"], "active", "who was verified stays so");
    assert_eq!(member(&welcome, "username"), "kpa.giay");
    login(&app, "kpa.giay", PASSPHRASE).await.expect(200);
}
