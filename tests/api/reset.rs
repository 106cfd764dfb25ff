//! `/api/v1/accounts/{id}/reset-token` and `/api/v1/auth/reset`: one-time tokens.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use expert_bank::demo::PASSWORD;
use reqwest::Method;
use serde_json::json;

use crate::support::TestApp;
use crate::support::people::{
    PASSPHRASE, at_once, execute, hire, login, path_of, redeem, request, reset_token, tables_with, tokens,
};

const OTHER: &str = "biển rộng sông dài 1986";

#[tokio::test]
async fn a_reset_token_works_once_and_ends_the_sessions_of_its_account() {
    let app = TestApp::start().await;
    let (admin, officer) = (app.sign_in("admin").await, app.sign_in("union_officer").await);
    let path = path_of(&app, "agency").await;
    let (access, _) = tokens(&app, "agency", PASSWORD).await;
    let token = reset_token(&admin, &path).await;
    assert!(token.starts_with("ebp_") && token.len() > 60, "{token}");
    app.with_token(&access).get("/api/v1/me").await.expect(200);
    redeem(&app, &token, PASSPHRASE).await.expect(200);
    assert_eq!(app.with_token(&access).get("/api/v1/me").await.problem(401)["code"], "invalid_token");
    assert_eq!(login(&app, "agency", PASSWORD).await.problem(401)["code"], "invalid_credentials");
    login(&app, "agency", PASSPHRASE).await.expect(200);
    assert_eq!(redeem(&app, &token, OTHER).await.problem(401)["code"], "invalid_token");
    login(&app, "agency", PASSPHRASE).await.expect(200);
    officer.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_spent_expired_or_unknown_reset_token_is_refused() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let path = path_of(&app, "agency").await;
    let spent = reset_token(&admin, &path).await;
    let expired = reset_token(&admin, &path).await;
    execute(&app, "UPDATE password_resets SET expires_at = now() - interval '1 second' WHERE used_at IS NULL")
        .await
        .unwrap();
    let unknown = format!("ebp_{}", "0".repeat(64));
    for (case, token) in [("spent", spent.as_str()), ("expired", &expired), ("unknown", &unknown), ("empty", "")] {
        let answer = redeem(&app, token, PASSPHRASE).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{case}");
        assert_eq!(answer.problem(401)["code"], "invalid_token", "{case}");
    }
    login(&app, "agency", PASSWORD).await.expect(200);
    redeem(&app, &reset_token(&admin, &path).await, PASSPHRASE).await.expect(200);
}

#[tokio::test]
async fn a_refused_password_leaves_the_reset_token_good() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, _) = hire(&admin, "phong-tong-hop", "auditor").await;
    let token = reset_token(&admin, &path).await;
    for (password, code) in [
        ("ngắn", "password_length"),
        ("aaaaaaaaaaaaaaaa", "password_weak"),
        ("Phong-Tong-Hop-2026", "password_weak"),
        (PASSWORD, "password_weak"),
    ] {
        let problem = redeem(&app, &token, password).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/new_password"), &json!(code)), "{password}");
    }
    redeem(&app, &token, OTHER).await.expect(200);
    login(&app, "phong-tong-hop", OTHER).await.expect(200);
}

#[tokio::test]
async fn a_reset_token_is_never_stored_in_clear() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (access, refresh) = tokens(&app, "agency", PASSWORD).await;
    let token = reset_token(&admin, &path_of(&app, "agency").await).await;
    assert!(tables_with(&app, "agency_2").await.contains(&"accounts".to_owned()), "the search itself is right");
    let secret = token.strip_prefix("ebp_").unwrap();
    for needle in [token.as_str(), secret, &access, &refresh, refresh.strip_prefix("ebr_").unwrap(), PASSWORD] {
        assert_eq!(tables_with(&app, needle).await, Vec::<String>::new(), "{needle}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM password_resets WHERE used_at IS NULL").await, "1");
    redeem(&app, &token, PASSPHRASE).await.expect(200);
    for needle in [token.as_str(), PASSPHRASE] {
        assert_eq!(tables_with(&app, needle).await, Vec::<String>::new(), "{needle}");
    }
}

#[tokio::test]
async fn of_many_uses_of_one_reset_token_exactly_one_succeeds() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let body =
        json!({ "token": reset_token(&admin, &path_of(&app, "agency").await).await, "new_password": PASSPHRASE });
    let requests = (0..8).map(|_| request(&app.nobody(), Method::POST, "/api/v1/auth/reset", Some(&body))).collect();
    let mut statuses = at_once(requests).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401, 401, 401, 401, 401, 401, 401]);
}

#[tokio::test]
async fn issuing_and_redeeming_at_the_same_time_never_fails_the_server() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let path = path_of(&app, "agency").await;
    for round in 0..15 {
        let body = json!({ "token": reset_token(&admin, &path).await, "new_password": PASSPHRASE });
        let mut requests = vec![request(&app.nobody(), Method::POST, "/api/v1/auth/reset", Some(&body))];
        requests.extend((0..4).map(|_| request(&admin, Method::POST, &format!("{path}/reset-token"), None)));
        let statuses = at_once(requests).await;
        assert!(matches!(statuses[0], 200 | 401), "round {round}: {statuses:?}");
        assert_eq!(statuses[1..], [201; 4], "round {round}");
    }
}

#[tokio::test]
async fn a_token_that_is_issued_while_another_is_redeemed_is_no_deadlock() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let path = path_of(&app, "agency").await;
    let body = json!({ "token": reset_token(&admin, &path).await, "new_password": PASSPHRASE });
    let issue = request(&admin, Method::POST, &format!("{path}/reset-token"), None);
    let redeem = request(&app.nobody(), Method::POST, "/api/v1/auth/reset", Some(&body));
    // both wait for the account, the issue first; then it wants the tokens the redemption may hold already
    let mut tx = app.state.db.conn().await.unwrap();
    tx.batch_execute("BEGIN; SELECT 1 FROM accounts WHERE username = 'agency' FOR UPDATE").await.unwrap();
    let issue = tokio::spawn(issue.send());
    wait_for_lock(&app, 1).await;
    let redeem = tokio::spawn(redeem.send());
    wait_for_lock(&app, 2).await;
    tx.batch_execute("COMMIT").await.unwrap();
    assert_eq!(issue.await.unwrap().unwrap().status(), 201);
    assert_eq!(redeem.await.unwrap().unwrap().status(), 401, "the newer token has spent it");
}

/// Waits until so many statements wait for a lock in this database.
async fn wait_for_lock(app: &TestApp, count: u32) {
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for _ in 0..200 {
        if app.sql(waiting).await == count.to_string() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{count} statements were expected to wait");
}

#[tokio::test]
async fn a_sign_in_that_waits_while_the_password_changes_is_refused() {
    let app = TestApp::start().await;
    let login = json!({ "username": "agency", "password": PASSWORD });
    let login = request(&app.nobody(), Method::POST, "/api/v1/auth/login", Some(&login));
    let mut tx = app.state.db.conn().await.unwrap();
    tx.batch_execute("BEGIN; SELECT 1 FROM accounts WHERE username = 'agency' FOR UPDATE").await.unwrap();
    let login = tokio::spawn(login.send());
    wait_for_lock(&app, 1).await;
    let change = "UPDATE accounts SET password_hash = 'another' WHERE username = 'agency';
                  INSERT INTO audit_events (id, actor_kind, action, subject_kind, digest)
                  VALUES (gen_random_uuid(), 'system', 'test.change', 'account', sha256('')); COMMIT";
    tx.batch_execute(change).await.unwrap();
    assert_eq!(login.await.unwrap().unwrap().status(), 401);
    assert_eq!(app.sql("SELECT count(*) FROM sessions").await, "0");
}
