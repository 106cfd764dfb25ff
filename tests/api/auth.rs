//! `/api/v1/auth`: login, refresh, logout. The one-time tokens of `/auth/reset` are in `reset.rs`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use expert_bank::demo::PASSWORD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{
    PASSPHRASE, at_once, create, execute, hire, login, pair, path_of, refresh, request, text, tokens,
};
use crate::support::{TestApp, fresh_url, state_over};

#[tokio::test]
async fn the_right_password_gives_a_pair_of_tokens_however_the_name_is_typed() {
    let app = TestApp::start().await;
    for username in ["union_officer", "UNION_OFFICER", "  Union_Officer\t", "union_officer "] {
        let answer = login(&app, username, PASSWORD).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.expect(200);
        let members: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["access_token", "token_type", "expires_in", "refresh_token", "device_token"];
        assert_eq!(members, BTreeSet::from(expected));
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert!(text(&body, "refresh_token").starts_with("ebr_"), "{username:?}");
        let me = app.with_token(&text(&body, "access_token")).get("/api/v1/me").await.expect(200);
        assert_eq!(me["username"], "union_officer", "{username:?}");
    }
}

/// A disabled account that had a password, and one that never had any.
async fn with_dead_accounts() -> TestApp {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, etag) = hire(&admin, "da-khoa", "auditor").await;
    admin.verb(&format!("{path}/disable"), &etag).await.expect(200);
    create(&admin, &json!({ "username": "chua-co-mat-khau", "display_name": "A", "role": "auditor" })).await;
    app
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let app = with_dead_accounts().await;
    let mut bodies = BTreeSet::new();
    for (username, password) in [
        ("agency", "sai-mat-khau-roi"),
        ("agency", ""),
        ("agency", "Chuyen-gia-demo"),
        ("agency", "chuyen-gia-demo "),
        ("khong-co-ai", PASSWORD),
        ("", PASSWORD),
        ("ngườidùng", PASSWORD),
        ("da-khoa", PASSWORD),
        ("chua-co-mat-khau", PASSWORD),
        ("chua-co-mat-khau", ""),
        ("agency' OR '1'='1", PASSWORD),
    ] {
        let mut problem = login(&app, username, password).await.problem(401);
        assert_eq!(problem["code"], "invalid_credentials", "{username} {password}");
        problem.as_object_mut().unwrap().remove("request_id");
        bodies.insert(problem.to_string());
    }
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(
        app.sql("SELECT count(*) FROM sessions s JOIN accounts a ON a.id = account_id WHERE a.role <> 'admin'").await,
        "0"
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_take_as_long() {
    let app = with_dead_accounts().await;
    let names = ["agency", "khong-co-ai", "chua-co-mat-khau", "da-khoa"];
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); names.len()];
    for _ in 0..11 {
        for (index, name) in names.iter().enumerate() {
            let begin = Instant::now();
            login(&app, name, "sai-mat-khau-roi").await.expect(401);
            times[index].push(begin.elapsed());
        }
    }
    let medians: Vec<f64> = times
        .iter_mut()
        .map(|times| {
            times.sort_unstable();
            times[times.len() / 2].as_secs_f64()
        })
        .collect();
    for (name, median) in names.iter().zip(&medians).skip(1) {
        let ratio = median / medians[0];
        assert!((0.4..2.5).contains(&ratio), "{name}: {ratio} of {medians:?}");
    }
}

#[tokio::test]
async fn a_disabled_account_is_told_so_only_with_the_right_password() {
    let app = with_dead_accounts().await;
    assert_eq!(login(&app, "da-khoa", PASSPHRASE).await.problem(403)["code"], "account_disabled");
    assert_eq!(login(&app, "da-khoa", PASSWORD).await.problem(401)["code"], "invalid_credentials");
}

#[tokio::test]
async fn a_demo_password_opens_nothing_on_an_address_others_can_reach() {
    let url = fresh_url();
    let (local, open) = (TestApp::over(state_over(&url, true).await).await, state_over(&url, false).await);
    let open = TestApp::over(open).await;
    assert_eq!(login(&open, "agency", PASSWORD).await.problem(403)["code"], "demo_only");
    assert_eq!(login(&open, "agency", "sai-mat-khau-roi").await.problem(401)["code"], "invalid_credentials");
    let change = |new: &str| json!({ "current_password": PASSWORD, "new_password": new });
    let caller = local.sign_in("agency").await;
    // "changing" to the published password would make a demo account one that works from anywhere
    assert_eq!(caller.post("/api/v1/me/password", &change(PASSWORD)).await.places(422), ["/new_password"]);
    assert_eq!(login(&open, "agency", PASSWORD).await.problem(403)["code"], "demo_only");
    caller.post("/api/v1/me/password", &change(PASSPHRASE)).await.expect(204);
    let (token, _) = tokens(&open, "agency", PASSPHRASE).await;
    open.with_token(&token).get("/api/v1/me").await.expect(200);
    assert_eq!(login(&open, "agency", PASSWORD).await.problem(401)["code"], "invalid_credentials");
}

#[tokio::test]
async fn a_refresh_token_rotates() {
    let app = TestApp::start().await;
    let (mut access, mut token) = tokens(&app, "agency", PASSWORD).await;
    let mut seen = BTreeSet::from([access.clone(), token.clone()]);
    for _ in 0..3 {
        let answer = refresh(&app, &token).await.expect(200);
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(900)));
        let (next_access, next) = pair(&answer);
        assert!(seen.insert(next.clone()) && seen.insert(next_access.clone()), "a token came twice");
        app.with_token(&access).get("/api/v1/me").await.expect(200);
        (access, token) = (next_access, next);
    }
    let me = app.with_token(&access).get("/api/v1/me").await.expect(200);
    assert_eq!(me["username"], "agency");
    assert_eq!(
        app.with_token(&access).get("/api/v1/me/sessions").await.expect(200)["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_ends_the_session_for_thief_and_owner() {
    let app = TestApp::start().await;
    let (first_access, stolen) = tokens(&app, "agency", PASSWORD).await;
    let (other_access, other) = tokens(&app, "agency", PASSWORD).await;
    let (second_access, second) = pair(&refresh(&app, &stolen).await.expect(200));
    let (third_access, newest) = pair(&refresh(&app, &second).await.expect(200));
    assert_eq!(refresh(&app, &stolen).await.problem(401)["code"], "invalid_token");
    for access in [first_access, second_access, third_access] {
        let answer = app.with_token(&access).get("/api/v1/me").await;
        assert_eq!(answer.problem(401)["code"], "invalid_token");
    }
    for token in [&newest, &second, &stolen] {
        assert_eq!(refresh(&app, token).await.problem(401)["code"], "invalid_token");
    }
    app.with_token(&other_access).get("/api/v1/me").await.expect(200);
    refresh(&app, &other).await.expect(200);
    assert_eq!(app.sql("SELECT string_agg(ended_by, ',') FROM sessions WHERE ended_by IS NOT NULL").await, "reuse");
    assert_eq!(app.sql("SELECT count(*) FROM audit_events WHERE action = 'session.end_by_reuse'").await, "1");
}

#[tokio::test]
async fn of_many_refreshes_with_one_token_exactly_one_succeeds() {
    let app = TestApp::start().await;
    let (_, token) = tokens(&app, "agency", PASSWORD).await;
    let body = json!({ "refresh_token": token });
    let requests = (0..20).map(|_| request(&app.nobody(), Method::POST, "/api/v1/auth/refresh", Some(&body)));
    let mut statuses = at_once(requests.collect()).await;
    statuses.sort_unstable();
    let mut expected = vec![200];
    expected.extend([401; 19]);
    assert_eq!(statuses, expected);
    assert_eq!(app.sql("SELECT count(*) FROM audit_events WHERE action = 'session.renew'").await, "1");
}

#[tokio::test]
async fn a_session_that_is_over_can_not_be_renewed() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    for (case, sql) in [
        ("expired", "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE account_id = '{id}'"),
        ("logged out", ""),
        ("disabled", ""),
        ("unknown", ""),
    ] {
        let (path, etag) = hire(&admin, &format!("phien-{}", case.replace(' ', "-")), "auditor").await;
        let id = path.rsplit('/').next().unwrap();
        let (access, mut token) = tokens(&app, &format!("phien-{}", case.replace(' ', "-")), PASSPHRASE).await;
        let caller = app.with_token(&access);
        caller.get("/api/v1/me").await.expect(200);
        match case {
            "expired" => execute(&app, &sql.replace("{id}", id)).await.unwrap(),
            "logged out" => _ = caller.post("/api/v1/auth/logout", &Value::Null).await.expect(204),
            "disabled" => _ = admin.verb(&format!("{path}/disable"), &etag).await.expect(200),
            _ => token = format!("ebr_{}", "0".repeat(64)),
        }
        let answer = refresh(&app, &token).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{case}");
        assert_eq!(answer.problem(401)["code"], "invalid_token", "{case}");
        if case != "unknown" {
            assert_eq!(caller.get("/api/v1/me").await.problem(401)["code"], "invalid_token", "{case}");
        }
    }
}

#[tokio::test]
async fn renewing_moves_the_end_of_a_session_but_never_past_thirty_days() {
    let app = TestApp::start().await;
    let (_, token) = tokens(&app, "agency", PASSWORD).await;
    let days = "SELECT round(extract(epoch FROM expires_at - created_at) / 86400) FROM sessions";
    assert_eq!(app.sql(days).await, "7");
    execute(&app, "UPDATE sessions SET created_at = created_at - interval '10 days'").await.unwrap();
    let (_, token) = pair(&refresh(&app, &token).await.expect(200));
    assert_eq!(app.sql(days).await, "17");
    execute(&app, "UPDATE sessions SET created_at = created_at - interval '18 days'").await.unwrap();
    refresh(&app, &token).await.expect(200);
    assert_eq!(app.sql(days).await, "30");
}

#[tokio::test]
async fn signing_out_ends_this_session_at_once_and_no_other() {
    let app = TestApp::start().await;
    let (caller, other) = (app.sign_in("agency").await, app.sign_in("agency").await);
    caller.send(Method::POST, "/api/v1/auth/logout", &[], None).await.expect(204);
    for (method, path) in [(Method::GET, "/api/v1/me"), (Method::POST, "/api/v1/auth/logout")] {
        assert_eq!(caller.send(method, path, &[], None).await.problem(401)["code"], "invalid_token");
    }
    other.get("/api/v1/me").await.expect(200);
    assert!(path_of(&app, "agency").await.starts_with("/api/v1/accounts/"));
}
