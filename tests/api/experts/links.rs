//! One-time links: `/invitations/…`, `/confirmations/…`, `GET /experts/stale`.

use expert_bank::kernel::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{change, decide, enter, enter_named, listed, path, text};
use crate::support::people::{PASSPHRASE, at_once, login, request, tables_with};
use crate::support::{Answer, Caller, TestApp};

const OPEN: &str = "/api/v1/invitations/open";
const ACCEPT: &str = "/api/v1/invitations/accept";
const DECLINE: &str = "/api/v1/invitations/decline";

async fn link(officer: &Caller<'_>, expert: &Value, verb: &str) -> String {
    text(&officer.verb(&format!("{}/{verb}", path(expert)), "*").await.expect(201)["token"]).to_owned()
}

fn acceptance(token: &str, username: &str) -> Value {
    json!({
        "token": token, "username": username, "password": PASSPHRASE,
        "consents": { "listing": true, "agency_search": true },
    })
}

#[track_caller]
fn assert_gone(answer: Answer, case: &str) {
    let problem = answer.problem(404);
    let error = &problem["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/token"), &json!("link_not_good")), "{case}");
    assert!(text(&error["detail"]).contains("Liên hiệp hội"), "the remedy: {problem}");
}

#[tokio::test]
async fn an_invitation_shows_the_texts_and_the_profile_and_no_contacts() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter(
        &officer,
        &json!({ "full_name": "Kpă Văn Mẫu", "email": "kpa.mau@chuyengia.example", "phone": "0600777666" }),
    )
    .await;
    let token = link(&officer, &expert, "invite").await;
    assert!(token.starts_with("ebi_") && token.len() > 60, "{token}");
    let answer = app.nobody().post(OPEN, &json!({ "token": token })).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text.contains("0600777666") && !answer.text.contains("kpa.mau@"), "{}", answer.text);
    let seen = answer.expect(200);
    assert_eq!(seen["expert"]["full_name"], "Kpă Văn Mẫu");
    assert_eq!(seen["expert"]["record"]["status"], "invited");
    let purposes: Vec<&str> =
        seen["consent_texts"].as_array().unwrap().iter().map(|row| text(&row["purpose"])).collect();
    assert_eq!(purposes, ["listing", "agency_search", "public_profile", "contact_sharing"]);
    app.nobody().post(OPEN, &json!({ "token": token })).await.expect(200);
    assert_eq!(tables_with(&app, token.strip_prefix("ebi_").unwrap()).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_is_unknown_of_another_kind_spent_replaced_or_expired_is_one_and_the_same_404() {
    let app = TestApp::start().await;
    let (officer, nobody) = (app.sign_in("union_officer").await, app.nobody());
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let replaced = link(&officer, &expert, "invite").await;
    let expired = link(&officer, &expert, "invite").await;
    change(&app, "UPDATE expert_links SET expires_at = now() - interval '1 second' WHERE spent_at IS NULL").await;
    let other = enter_named(&officer, "Kpă Văn Khác").await;
    let spent = link(&officer, &other, "invite").await;
    nobody.post(DECLINE, &json!({ "token": spent })).await.expect(204);
    let third = enter_named(&officer, "Kpă Văn Ba").await;
    decide(&officer, &third, "listing", true).await;
    let confirmation = link(&officer, &third, "confirmation-link").await;
    let unknown = format!("ebi_{}", "0".repeat(64));
    for (case, token) in [
        ("unknown", unknown.as_str()),
        ("empty", ""),
        ("replaced", &replaced),
        ("expired", &expired),
        ("spent", &spent),
        ("another kind", &confirmation),
    ] {
        assert_gone(nobody.post(OPEN, &json!({ "token": token })).await, case);
        assert_gone(nobody.post(ACCEPT, &acceptance(token, "kpa.mau")).await, case);
        assert_gone(nobody.post(DECLINE, &json!({ "token": token })).await, case);
    }
    let invitation = link(&officer, &expert, "invite").await;
    assert_gone(nobody.post("/api/v1/confirmations/open", &json!({ "token": invitation })).await, "kind");
    assert_gone(nobody.post("/api/v1/confirmations/accept", &json!({ "token": invitation })).await, "kind");
    nobody.post("/api/v1/confirmations/open", &json!({ "token": confirmation })).await.expect(200);
    assert_eq!(app.sql("SELECT count(*) FROM accounts WHERE username = 'kpa.mau'").await, "0");
}

#[tokio::test]
async fn what_breaks_a_rule_leaves_the_invitation_good_and_nothing_done() {
    let app = TestApp::start().await;
    let (officer, nobody) = (app.sign_in("union_officer").await, app.nobody());
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let token = link(&officer, &expert, "invite").await;
    for (member, value, status, place) in [
        ("username", json!("n"), 422, "/username"),
        ("username", json!("nguyễn"), 422, "/username"),
        ("username", json!("agency"), 409, "/username"),
        ("username", json!("a\u{0}b"), 422, "/username"),
        ("password", json!("ngắn"), 422, "/password"),
        ("password", json!("aaaaaaaaaaaaaaaa"), 422, "/password"),
        ("password", json!("kpa.mau là tôi đây"), 422, "/password"),
        ("consents", json!({}), 422, "/consents/listing"),
        ("consents", json!({ "listing": false, "agency_search": true }), 422, "/consents/listing"),
        ("consents", json!({ "listing": true, "everything": true }), 422, "/consents/everything"),
        ("consents", json!({ "listing": "yes" }), 422, "/consents/listing"),
        ("consents", json!([true, true, true, true]), 422, "/consents"),
        ("profile", json!({ "degree": "KHONG" }), 422, "/profile/degree"),
        ("profile", json!({ "email": "không phải" }), 422, "/profile/email"),
        ("profile", json!({ "status": "active" }), 422, "/profile/status"),
        ("profile", json!({ "full_name": null }), 422, "/profile/full_name"),
        ("profile", json!({ "standing_evidence": "Tôi giỏi" }), 422, "/profile/standing_evidence"),
        ("profile", json!({ "nominated_by": null }), 422, "/profile/nominated_by"),
        ("colour", json!("red"), 422, "/colour"),
    ] {
        let mut body = acceptance(&token, "kpa.mau");
        body[member] = value.clone();
        let answer = nobody.post(ACCEPT, &body).await;
        assert_eq!(answer.status, status, "{member}: {value}: {}", answer.text);
        assert_eq!(answer.places(status), [place], "{member}: {value}");
    }
    let record = officer.get(&path(&expert)).await.expect(200)["record"].clone();
    assert_eq!((&record["status"], &record["consents"]), (&json!("invited"), &json!([])));
    let mut everything = acceptance(&token, "n");
    everything["password"] = json!("ngắn");
    everything["consents"] = json!({});
    assert_eq!(nobody.post(ACCEPT, &everything).await.places(422), ["/username", "/password", "/consents/listing"]);
    nobody.post(ACCEPT, &acceptance(&token, "kpa.mau")).await.expect(201);
}

#[tokio::test]
async fn two_who_send_one_link_at_once_make_one_account() {
    let app = TestApp::start().await;
    let (officer, nobody) = (app.sign_in("union_officer").await, app.nobody());
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let token = link(&officer, &expert, "invite").await;
    let requests = (0..6)
        .map(|n| request(&nobody, Method::POST, ACCEPT, Some(&acceptance(&token, &format!("kpa.mau{n}")))))
        .collect();
    let mut statuses = at_once(requests).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404, 404, 404, 404, 404]);
    assert_eq!(app.sql("SELECT count(*) FROM accounts WHERE username LIKE 'kpa.mau%'").await, "1");
    let ledger = format!("SELECT count(*) FROM expert_consents WHERE expert_id = '{}'", text(&expert["id"]));
    assert_eq!(app.sql(&ledger).await, "2");
}

#[tokio::test]
async fn inviting_and_accepting_at_the_same_time_never_fails_the_server() {
    let app = TestApp::start().await;
    let (officer, nobody) = (app.sign_in("union_officer").await, app.nobody());
    for round in 0..5 {
        let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
        let token = link(&officer, &expert, "invite").await;
        let invite = |_| {
            let path = format!("{}/invite", path(&expert));
            request(&officer, Method::POST, &path, None).header("if-match", "*")
        };
        let body = acceptance(&token, &format!("kpa.vong{round}"));
        let mut requests = vec![request(&nobody, Method::POST, ACCEPT, Some(&body))];
        requests.extend((0..3).map(invite));
        let statuses = at_once(requests).await;
        assert!(matches!(statuses[0], 201 | 404), "{statuses:?}");
        assert!(statuses[1..].iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
    }
}

#[tokio::test]
async fn who_leaves_or_dies_has_no_good_link_left() {
    let app = TestApp::start().await;
    let (officer, nobody) = (app.sign_in("union_officer").await, app.nobody());
    for (verb, body) in [("leave", json!({ "reason": "Theo đơn" })), ("mark-deceased", json!({}))] {
        let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
        let token = link(&officer, &expert, "invite").await;
        let path = format!("{}/{verb}", path(&expert));
        officer.send(Method::POST, &path, &[("if-match", "*")], Some(&body)).await.expect(200);
        assert_gone(nobody.post(OPEN, &json!({ "token": token })).await, verb);
        assert_gone(nobody.post(ACCEPT, &acceptance(&token, "kpa.mau")).await, verb);
    }
}

#[tokio::test]
async fn a_confirmation_link_corrects_and_confirms_once() {
    let app = TestApp::start().await;
    let (officer, nobody) = (app.sign_in("union_officer").await, app.nobody());
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    officer.verb(&format!("{}/confirmation-link", path(&expert)), "*").await.problem(409);
    decide(&officer, &expert, "listing", true).await;
    let token = link(&officer, &expert, "confirmation-link").await;
    assert!(token.starts_with("ebf_"), "{token}");
    let seen = nobody.post("/api/v1/confirmations/open", &json!({ "token": token })).await.expect(200);
    assert_eq!(seen["expert"]["id"], expert["id"]);
    let wrong = json!({ "token": token, "profile": { "degree": "KHONG" } });
    assert_eq!(nobody.post("/api/v1/confirmations/accept", &wrong).await.places(422), ["/profile/degree"]);
    let body = json!({ "token": token, "profile": { "position": "Trưởng khoa", "phone": "0600 777 555" } });
    let after = nobody.post("/api/v1/confirmations/accept", &body).await.expect(200);
    assert_eq!(after["position"], "Trưởng khoa");
    assert_eq!(after["record"]["last_confirmed"], json!(today()));
    assert_gone(nobody.post("/api/v1/confirmations/accept", &body).await, "spent");
    assert_eq!(officer.get(&format!("{}/restricted", path(&expert))).await.expect(200)["phone"], "0600777555");
}

#[tokio::test]
async fn a_person_confirms_signed_in_and_the_union_says_how_it_heard() {
    let app = TestApp::start().await;
    let (officer, person) = (app.sign_in("union_officer").await, app.sign_in("expert").await);
    let me = person.get("/api/v1/me").await.expect(200);
    let confirm = format!("/api/v1/experts/{}/confirm", text(&me["expert_id"]));
    let send = async |caller: &Caller<'_>, body: Option<Value>| {
        caller.send(Method::POST, &confirm, &[("if-match", "*")], body.as_ref()).await
    };
    assert_eq!(send(&officer, None).await.places(422), ["/channel"]);
    assert_eq!(send(&officer, Some(json!({ "channel": "dream" }))).await.places(422), ["/channel"]);
    let ahead = json!({ "channel": "phone", "confirmed_on": today().succ_opt().unwrap() });
    assert_eq!(send(&officer, Some(ahead)).await.places(422), ["/confirmed_on"]);
    let heard = json!({ "channel": "phone", "note": "Gọi điện", "confirmed_on": "2026-02-03" });
    assert_eq!(send(&officer, Some(heard)).await.expect(200)["record"]["last_confirmed"], "2026-02-03");
    let older = json!({ "channel": "paper", "confirmed_on": "2025-02-03" });
    assert_eq!(send(&officer, Some(older)).await.expect(200)["record"]["last_confirmed"], "2026-02-03");
    assert_eq!(send(&person, Some(json!({ "channel": "phone" }))).await.places(422), ["/channel"]);
    assert_eq!(send(&person, None).await.expect(200)["record"]["last_confirmed"], json!(today()));
    send(&app.sign_in("agency").await, None).await.problem(403);
}

#[tokio::test]
async fn the_stale_list_has_who_did_not_confirm_for_long_the_longest_first() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    // everybody confirmed today but these
    change(&app, "UPDATE experts SET last_confirmed = (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").await;
    let mut ids = Vec::new();
    for (code, confirmed) in [
        ("CG-000003", "NULL"),
        ("CG-000005", "(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 800"),
        ("CG-000004", "(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 400"),
    ] {
        change(&app, &format!("UPDATE experts SET last_confirmed = {confirmed} WHERE code = '{code}'")).await;
        ids.push(code.to_owned());
    }
    assert_eq!(listed(&officer, "/api/v1/experts/stale", "code").await, ids);
    let page = officer.get("/api/v1/experts/stale").await.expect(200);
    let days: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|row| &row["days_since"]).collect();
    assert_eq!(days, [&Value::Null, &json!(800), &json!(400)]);
    assert_eq!(listed(&officer, "/api/v1/experts/stale?months=24", "code").await, ids[..2]);
    assert_eq!(listed(&officer, "/api/v1/experts/stale?months=600", "code").await, ids[..1]);
    change(&app, "INSERT INTO settings (name, valid_from, value) VALUES ('stale_months', '2026-01-01', '24')").await;
    assert_eq!(listed(&officer, "/api/v1/experts/stale", "code").await, ids[..2], "the setting counts");
    let mut walked = Vec::new();
    let mut next = "/api/v1/experts/stale?months=12&limit=1".to_owned();
    loop {
        let page = officer.get(&next).await.expect(200);
        walked.extend(page["items"].as_array().unwrap().iter().map(|row| text(&row["code"]).to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        next = format!("/api/v1/experts/stale?months=12&limit=1&cursor={cursor}");
    }
    assert_eq!(walked, ids);
    for wrong in ["months=-1", "months=601", "months=x", "limit=0", "colour=red", "cursor=x"] {
        officer.get(&format!("/api/v1/experts/stale?{wrong}")).await.problem(400);
    }
    app.sign_in("auditor").await.get("/api/v1/experts/stale").await.expect(200);
    for account in ["agency", "association", "science_dept", "expert", "admin"] {
        app.sign_in(account).await.get("/api/v1/experts/stale").await.problem(403);
    }
    // a link that is out is told, one who paused is asked too, one who left is not
    let five = json!({ "id": app.sql("SELECT id FROM experts WHERE code = 'CG-000005'").await });
    link(&officer, &five, "confirmation-link").await;
    officer.verb(&format!("{}/pause", path(&five)), "*").await.expect(200);
    let page = officer.get("/api/v1/experts/stale").await.expect(200);
    assert!(page["items"][1]["link_until"].is_string() && page["items"][0]["link_until"].is_null(), "{page}");
    let leave = format!("{}/leave", path(&five));
    let reason = json!({ "reason": "Theo đơn" });
    officer.send(Method::POST, &leave, &[("if-match", "*")], Some(&reason)).await.expect(200);
    assert_eq!(listed(&officer, "/api/v1/experts/stale", "code").await, ids[..1]);
}

#[tokio::test]
async fn how_long_an_invitation_is_good_is_a_setting() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let days = "SELECT extract(day FROM expires_at - issued_at + interval '1 minute') FROM expert_links WHERE spent_at IS NULL";
    link(&officer, &expert, "invite").await;
    assert_eq!(app.sql(days).await, "30");
    change(&app, "INSERT INTO settings (name, valid_from, value) VALUES ('invitation_days', '2026-01-01', '7')").await;
    link(&officer, &expert, "invite").await;
    assert_eq!(app.sql(days).await, "7");
    assert_eq!(app.sql("SELECT count(*) FROM expert_links").await, "2");
}

#[tokio::test]
async fn texts_of_consent_are_public_and_what_was_agreed_to_is_never_changed() {
    use crate::support::bank::try_change;
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let answer = nobody.get("/api/v1/consent-texts").await;
    assert!(answer.header("cache-control").starts_with("public"));
    assert_eq!(answer.expect(200)["items"].as_array().unwrap().len(), 4);
    let later = "INSERT INTO consent_texts SELECT purpose, '2099-01', '2099-01-01', title_vi, title_en, 'khác', 'other'
                   FROM consent_texts WHERE purpose = 'listing'";
    change(&app, later).await;
    let now = nobody.get("/api/v1/consent-texts?purpose=listing").await.expect(200);
    assert_eq!(now["items"][0]["version"], "2026-01");
    let all = nobody.get("/api/v1/consent-texts?purpose=listing&all=true").await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    nobody.get("/api/v1/consent-texts?purpose=everything").await.problem(400);
    let said = try_change(&app, "UPDATE consent_texts SET text_vi = 'x'").await.unwrap_err();
    assert!(said.contains("append-only"), "{said}");
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let consents = format!("{}/consents", path(&expert));
    let mut body = json!({ "purpose": "listing", "given": true, "channel": "paper", "document": "Phiếu số 1" });
    body["text_version"] = json!("1999-01");
    assert_eq!(officer.post(&consents, &body).await.places(422), ["/text_version"]);
    body["text_version"] = json!("2099-01");
    assert_eq!(officer.post(&consents, &body).await.expect(201)["text_version"], "2099-01");
    body["text_version"] = Value::Null;
    assert_eq!(officer.post(&consents, &body).await.expect(201)["text_version"], "2026-01");
    let forged = format!(
        "INSERT INTO expert_consents (id, expert_id, purpose, given, decided_on, channel, text_version)
         VALUES (gen_random_uuid(), '{}', 'listing', true, '2026-01-01', 'paper', 'nothing')",
        text(&expert["id"])
    );
    assert!(try_change(&app, &forged).await.unwrap_err().contains("a text that does not exist"));
}

#[tokio::test]
async fn the_new_account_is_known_where_it_was_made() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let token = link(&officer, &expert, "invite").await;
    let answer = app.nobody().post(ACCEPT, &acceptance(&token, "Kpa.Mau")).await;
    assert_eq!(answer.header("location"), path(&expert));
    assert_eq!(answer.expect(201)["username"], "kpa.mau");
    let tokens = login(&app, "kpa.mau", PASSPHRASE).await.expect(200);
    let person = app.with_token(text(&tokens["access_token"]));
    let me = person.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["role"], &me["expert_id"]), (&json!("expert"), &expert["id"]));
    let ledger = person.get(&format!("{}/consents", path(&expert))).await.expect(200);
    for row in ledger["items"].as_array().unwrap() {
        assert_eq!((&row["channel"], &row["recorded_by"]), (&json!("online"), &me["id"]));
    }
    assert_eq!(app.sql("SELECT count(*) FROM sign_in_places").await, "2", "the officer's and the new account's");
}
