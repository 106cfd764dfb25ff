//! `/api/v1/me`: who am I, my sessions, my password.

use expert_bank::demo::PASSWORD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{PASSPHRASE, login, refresh, tokens};
use crate::support::{Caller, TestApp};

async fn sessions(caller: &Caller<'_>) -> Vec<Value> {
    caller.get("/api/v1/me/sessions").await.expect(200)["items"].as_array().unwrap().clone()
}

fn current(sessions: &[Value]) -> String {
    let mut current = sessions.iter().filter(|session| session["current"] == true);
    let id = current.next().expect("a current session")["id"].as_str().unwrap().to_owned();
    assert!(current.next().is_none(), "two current sessions");
    id
}

#[tokio::test]
async fn everybody_sees_their_own_account_and_what_they_may_do() {
    let app = TestApp::start().await;
    let facts = "SELECT jsonb_build_object('role', role, 'organisation_id', organisation_id, 'expert_id', expert_id, \
                 'id', id, 'display_name', display_name) FROM accounts WHERE username = ";
    for (username, may, may_not) in [
        ("admin", "accounts.manage", "experts.read_restricted"),
        ("auditor", "audit.read", "accounts.manage"),
        ("agency", "experts.search", "audit.read"),
        ("expert", "me.use", "accounts.read"),
    ] {
        let me = app.sign_in(username).await.get("/api/v1/me").await.expect(200);
        let facts: Value = serde_json::from_str(&app.sql(&format!("{facts} '{username}'")).await).unwrap();
        for (member, value) in facts.as_object().unwrap() {
            assert_eq!(&me[member], value, "{username} {member}");
        }
        assert_eq!((&me["kind"], &me["username"]), (&json!("account"), &json!(username)));
        let actions = me["allowed_actions"].as_array().unwrap();
        assert!(actions.contains(&json!(may)), "{username}: {actions:?}");
        assert!(!actions.contains(&json!(may_not)), "{username}: {actions:?}");
    }
}

#[tokio::test]
async fn sessions_are_mine_only_and_mark_the_current_one() {
    let app = TestApp::start().await;
    app.sign_in("agency_2").await;
    let (first, second) = (app.sign_in("agency").await, app.sign_in("agency").await);
    let (seen_by_first, seen_by_second) = (sessions(&first).await, sessions(&second).await);
    assert_eq!((seen_by_first.len(), seen_by_second.len()), (2, 2));
    assert_ne!(current(&seen_by_first), current(&seen_by_second));
    assert_eq!(current(&seen_by_second), seen_by_second[0]["id"].as_str().unwrap(), "the latest first");
    let answer = app.client.post(format!("http://{}/api/v1/auth/login", app.address)).header("user-agent", "Máy tính");
    let body = json!({ "username": "agency", "password": PASSWORD });
    let tokens: Value = answer.json(&body).send().await.unwrap().json().await.unwrap();
    let third = app.with_token(tokens["access_token"].as_str().unwrap());
    assert_eq!(sessions(&third).await.len(), 3);
    third.post("/api/v1/auth/logout", &Value::Null).await.expect(204);
    assert_eq!(sessions(&first).await.len(), 2, "an ended session is not listed");
}

#[tokio::test]
async fn i_end_my_own_sessions_and_nobody_elses() {
    let app = TestApp::start().await;
    let (mine, access) = (app.sign_in("agency").await, tokens(&app, "agency", PASSWORD).await);
    let (lost, theirs) = (app.with_token(&access.0), app.sign_in("agency_2").await);
    let end = async |caller: &Caller<'_>, id: &str| caller.delete(&format!("/api/v1/me/sessions/{id}")).await;
    let foreign = current(&sessions(&theirs).await);
    for id in [foreign.as_str(), "00000000-0000-0000-0000-000000000000", "khong-phai-uuid"] {
        assert_eq!(end(&mine, id).await.problem(404)["code"], "not_found", "{id}");
    }
    theirs.get("/api/v1/me").await.expect(200);
    let id = current(&sessions(&lost).await);
    end(&mine, &id).await.expect(204);
    assert_eq!(lost.get("/api/v1/me").await.problem(401)["code"], "invalid_token");
    assert_eq!(refresh(&app, &access.1).await.problem(401)["code"], "invalid_token");
    end(&mine, &id).await.problem(404);
    mine.get("/api/v1/me").await.expect(200);
    let own = current(&sessions(&mine).await);
    end(&mine, &own).await.expect(204);
    mine.get("/api/v1/me").await.problem(401);
}

#[tokio::test]
async fn a_refused_change_of_password_changes_nothing() {
    let app = TestApp::start().await;
    let (caller, other) = (app.sign_in("agency").await, app.sign_in("agency").await);
    let long = "ă đâu".repeat(26);
    for (current, new, pointer, code) in [
        ("sai-mat-khau-roi", PASSPHRASE, "/current_password", "wrong_password"),
        (PASSWORD, "mười một ký", "/new_password", "password_length"),
        (PASSWORD, "", "/new_password", "password_length"),
        (PASSWORD, long.as_str(), "/new_password", "password_length"),
        (PASSWORD, "abcdabcdabcdabcd", "/new_password", "password_weak"),
        (PASSWORD, "my AGENCY password", "/new_password", "password_weak"),
        (PASSWORD, PASSWORD, "/new_password", "password_weak"),
    ] {
        let body = json!({ "current_password": current, "new_password": new });
        let answer = caller.post("/api/v1/me/password", &body).await;
        assert!(new.is_empty() || !answer.text.contains(new), "the answer repeats the password");
        let problem = answer.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)), "{new}");
    }
    login(&app, "agency", PASSWORD).await.expect(200);
    other.get("/api/v1/me").await.expect(200);
}

#[tokio::test]
async fn a_new_password_replaces_the_old_one_and_ends_the_other_sessions() {
    let app = TestApp::start().await;
    let caller = app.sign_in("agency").await;
    let (access, token) = tokens(&app, "agency", PASSWORD).await;
    let neighbour = app.sign_in("agency_2").await;
    let body = json!({ "current_password": PASSWORD, "new_password": PASSPHRASE });
    assert_eq!(caller.post("/api/v1/me/password", &body).await.expect(204), Value::Null);
    caller.get("/api/v1/me").await.expect(200);
    neighbour.get("/api/v1/me").await.expect(200);
    app.with_token(&access).get("/api/v1/me").await.problem(401);
    refresh(&app, &token).await.problem(401);
    assert_eq!(login(&app, "agency", PASSWORD).await.problem(401)["code"], "invalid_credentials");
    login(&app, "agency", PASSPHRASE).await.expect(200);
    assert_eq!(sessions(&caller).await.len(), 2);
    assert_eq!(caller.post("/api/v1/me/password", &body).await.places(422), ["/current_password"]);
}

#[tokio::test]
async fn a_password_typed_in_decomposed_letters_is_the_same_password() {
    let app = TestApp::start().await;
    let caller = app.sign_in("agency").await;
    // "mật khẩu của tôi", every mark a character of its own
    let decomposed = "ma\u{323}\u{302}t kha\u{302}\u{309}u cu\u{309}a to\u{302}i";
    let body = json!({ "current_password": PASSWORD, "new_password": decomposed });
    caller.send(Method::POST, "/api/v1/me/password", &[], Some(&body)).await.expect(204);
    login(&app, "agency", "mật khẩu của tôi").await.expect(200);
}
