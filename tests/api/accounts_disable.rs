//! `/api/v1/accounts/{id}/disable` and `/enable`, and the administrator who must stay.

use reqwest::Method;
use serde_json::json;

use crate::support::TestApp;
use crate::support::people::{PASSPHRASE, at_once, hire, login, path_of, refresh, request, tokens};

const ADMINS: &str = "SELECT count(*) FROM accounts WHERE role = 'admin' AND disabled_at IS NULL";

#[tokio::test]
async fn disabling_ends_the_sessions_at_once_and_enabling_does_not_bring_them_back() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, etag) = hire(&admin, "can-bo", "auditor").await;
    let (access, token) = tokens(&app, "can-bo", PASSPHRASE).await;
    let caller = app.with_token(&access);
    caller.get("/api/v1/accounts").await.expect(200);
    let disabled = admin.verb(&format!("{path}/disable"), &etag).await;
    let etag = disabled.header("etag");
    assert_eq!(disabled.expect(200)["enabled"], false);
    let dead = async || {
        assert_eq!(caller.get("/api/v1/accounts").await.problem(401)["code"], "invalid_token");
        assert_eq!(refresh(&app, &token).await.problem(401)["code"], "invalid_token");
    };
    dead().await;
    assert_eq!(login(&app, "can-bo", PASSPHRASE).await.problem(403)["code"], "account_disabled");
    let enabled = admin.verb(&format!("{path}/enable"), &etag).await;
    assert_eq!(enabled.expect(200)["enabled"], true);
    dead().await;
    login(&app, "can-bo", PASSPHRASE).await.expect(200);
}

#[tokio::test]
async fn disabling_and_enabling_twice_is_as_good_as_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, _) = hire(&admin, "can-bo", "auditor").await;
    for (verb, enabled) in [("disable", false), ("enable", true)] {
        let first = admin.verb(&format!("{path}/{verb}"), "*").await;
        let etag = first.header("etag");
        let first = first.expect(200);
        assert_eq!(first["enabled"], enabled);
        let second = admin.verb(&format!("{path}/{verb}"), &etag).await;
        assert_eq!(second.header("etag"), etag);
        assert_eq!(second.expect(200), first);
        let count = format!("SELECT count(*) FROM audit_events WHERE action = 'accounts.{verb}'");
        assert_eq!(app.sql(&count).await, "1");
    }
}

#[tokio::test]
async fn the_last_administrator_can_not_be_disabled_or_demoted() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let path = path_of(&app, "admin").await;
    let demotion = json!({ "role": "auditor" });
    let refused = async |path: &str| {
        for answer in [admin.verb(&format!("{path}/disable"), "*").await, admin.patch(path, "*", &demotion).await] {
            assert_eq!(answer.problem(409)["code"], "conflict");
        }
        admin.get("/api/v1/me").await.expect(200);
    };
    refused(&path).await;
    admin.patch(&path, "*", &json!({ "display_name": "Quản trị" })).await.expect(200);
    let (second, _) = hire(&admin, "quan-tri-2", "admin").await;
    admin.verb(&format!("{second}/disable"), "*").await.expect(200);
    refused(&path).await;
    admin.verb(&format!("{second}/enable"), "*").await.expect(200);
    admin.patch(&path, "*", &demotion).await.expect(200);
    let successor = app.with_token(&tokens(&app, "quan-tri-2", PASSPHRASE).await.0);
    successor.verb(&format!("{second}/disable"), "*").await.problem(409);
    assert_eq!(app.sql(ADMINS).await, "1");
}

#[tokio::test]
async fn two_administrators_who_remove_each_other_at_once_do_not_both_succeed() {
    let app = TestApp::start().await;
    let boss = app.sign_in("admin").await;
    let (a, _) = hire(&boss, "quan-tri-a", "admin").await;
    let (b, _) = hire(&boss, "quan-tri-b", "admin").await;
    boss.patch(&path_of(&app, "admin").await, "*", &json!({ "role": "auditor" })).await.expect(200);
    let demotion = json!({ "role": "auditor" });
    for round in 0..12 {
        let callers = [
            app.with_token(&tokens(&app, "quan-tri-a", PASSPHRASE).await.0),
            app.with_token(&tokens(&app, "quan-tri-b", PASSPHRASE).await.0),
        ];
        let remove = |caller, path: &str| {
            let request = if round % 2 == 0 {
                request(caller, Method::POST, &format!("{path}/disable"), None)
            } else {
                request(caller, Method::PATCH, path, Some(&demotion))
            };
            request.header("if-match", "*")
        };
        let statuses = at_once(vec![remove(&callers[0], &b), remove(&callers[1], &a)]).await;
        assert_eq!(app.sql(ADMINS).await, "1", "round {round}: {statuses:?}");
        let winner = statuses.iter().position(|status| *status == 200).expect("one of the two");
        // the other comes too late: it finds itself the last one, or its own session ended
        assert!(matches!(statuses[1 - winner], 409 | 401 | 403), "round {round}: {statuses:?}");
        let (survivor, removed) = (&callers[winner], [&b, &a][winner]);
        survivor.verb(&format!("{removed}/enable"), "*").await.expect(200);
        survivor.patch(removed, "*", &json!({ "role": "admin" })).await.expect(200);
    }
}
