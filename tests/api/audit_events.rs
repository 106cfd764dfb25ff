//! `/api/v1/audit-events`: what is recorded, and who reads it.

use std::collections::BTreeSet;

use expert_bank::demo::PASSWORD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{PASSPHRASE, create, login, organisation, pair, refresh, reset_token, text, tokens};
use crate::support::{Answer, Caller, TestApp};

const EVENTS: &str = "/api/v1/audit-events";
const NAME: &str = "Lê Thị Bí Mật";

async fn events(reader: &Caller<'_>, query: &str) -> Vec<Value> {
    let body = reader.get(&format!("{EVENTS}?limit=100{query}")).await.expect(200);
    assert_eq!(body.get("next_cursor"), None, "more than a page");
    body["items"].as_array().unwrap().clone()
}

/// Reads the log before and after each write.
struct Watch<'a> {
    reader: Caller<'a>,
    seen: BTreeSet<String>,
}

impl<'a> Watch<'a> {
    async fn new(reader: Caller<'a>) -> Self {
        let mut watch = Self { reader, seen: BTreeSet::new() };
        watch.news().await;
        watch
    }

    async fn news(&mut self) -> Vec<Value> {
        let newest = self.reader.get(&format!("{EVENTS}?limit=100")).await.expect(200);
        let news = newest["items"].as_array().unwrap().iter();
        news.filter(|event| self.seen.insert(text(event, "id"))).cloned().collect()
    }

    /// Checks that a write was answered with `status` and left exactly one event.
    async fn wrote(
        &mut self,
        answer: Answer,
        status: u16,
        action: &str,
        actor: &str,
        on: (&str, &str),
        fields: &[&str],
    ) -> Value {
        let request_id = answer.header("x-request-id");
        let body = answer.expect(status);
        let news = self.news().await;
        assert_eq!(news.len(), 1, "{action}: {news:?}");
        let event = &news[0];
        let (kind, rest) = actor.split_once(' ').unwrap();
        let (id, role) = rest.split_once(' ').unwrap();
        assert_eq!(event["action"], action);
        assert_eq!((&event["actor_kind"], &event["actor_id"]), (&json!(kind), &json!(id)), "{action}");
        assert_eq!(event["actor_role"], role, "{action}");
        assert_eq!(event["subject_kind"], on.0, "{action}");
        // a subject made by the write itself is known from its answer
        let subject = if on.1.is_empty() { text(&body, "id") } else { on.1.to_owned() };
        assert!(on.1 == "?" || event["subject_id"] == subject, "{action}: {event}");
        assert_eq!(event["fields"], json!(fields), "{action}");
        assert_eq!(event["request_id"], request_id, "{action}");
        body
    }

    async fn nothing(&mut self, what: &str) {
        assert_eq!(self.news().await, Vec::<Value>::new(), "{what}");
    }
}

fn id_of(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

async fn actor(app: &TestApp, username: &str) -> String {
    app.sql(&format!("SELECT 'account ' || id || ' ' || role FROM accounts WHERE username = '{username}'")).await
}

#[tokio::test]
async fn every_write_on_an_account_leaves_exactly_one_event() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let by = actor(&app, "admin").await;
    let mut watch = Watch::new(app.sign_in("auditor").await).await;
    let send =
        async |path: &str, body: Option<&Value>| admin.send(Method::POST, path, &[("if-match", "*")], body).await;
    let body = json!({ "username": "bi-mat", "display_name": NAME, "role": "auditor" });
    let fields = ["username", "display_name", "role", "organisation_id", "expert_id"];
    let created = send("/api/v1/accounts", Some(&body)).await;
    let account = watch.wrote(created, 201, "accounts.create", &by, ("account", ""), &fields).await;
    let id = text(&account, "id");
    let (on, path) = (("account", id.as_str()), format!("/api/v1/accounts/{id}"));
    let issued = send(&format!("{path}/reset-token"), None).await;
    let issued = watch.wrote(issued, 201, "accounts.issue_reset", &by, on, &[]).await;
    let redemption = json!({ "token": issued["token"], "new_password": PASSPHRASE });
    let redeemed = app.nobody().post("/api/v1/auth/reset", &redemption).await;
    let own = format!("account {id} auditor");
    watch.wrote(redeemed, 200, "accounts.redeem_reset", &own, on, &["password"]).await;
    for (patch, fields) in [
        (json!({ "display_name": "Tên khác" }), vec!["display_name"]),
        (json!({ "role": "union_officer" }), vec!["role"]),
        (json!({ "role": "auditor", "display_name": NAME }), vec!["display_name", "role"]),
    ] {
        let patched = admin.patch(&path, "*", &patch).await;
        watch.wrote(patched, 200, "accounts.update", &by, on, &fields).await;
    }
    for verb in ["disable", "enable"] {
        let answer = send(&format!("{path}/{verb}"), None).await;
        watch.wrote(answer, 200, &format!("accounts.{verb}"), &by, on, &["enabled"]).await;
        send(&format!("{path}/{verb}"), None).await.expect(200);
        watch.nothing("the same again").await;
    }
    let organisation_id = organisation(&app, "SNNMT-DEMO").await;
    let body = json!({ "name": "Máy", "role": "agency", "organisation_id": organisation_id });
    let fields = ["name", "role", "organisation_id"];
    let created = send("/api/v1/api-clients", Some(&body)).await;
    let client = watch.wrote(created, 201, "clients.create", &by, ("api_client", ""), &fields).await;
    let (id, secret) = (text(&client, "id"), text(&client, "client_secret"));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}").into_bytes();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let granted = app.nobody().raw(Method::POST, "/api/v1/oauth/token", &headers, form).await;
    let machine = format!("client {id} agency");
    watch.wrote(granted, 200, "clients.sign_in", &machine, ("api_client", &id), &[]).await;
    let revoked = admin.delete(&format!("/api/v1/api-clients/{id}")).await;
    watch.wrote(revoked, 204, "clients.revoke", &by, ("api_client", &id), &[]).await;
}

#[tokio::test]
async fn every_write_on_a_session_leaves_exactly_one_event_by_its_owner() {
    let app = TestApp::start().await;
    let mut watch = Watch::new(app.sign_in("auditor").await).await;
    let by = actor(&app, "agency").await;
    let newest = "SELECT id FROM sessions ORDER BY id DESC LIMIT 1";
    let signed_in =
        watch.wrote(login(&app, "agency", PASSWORD).await, 200, "session.open", &by, ("session", "?"), &[]).await;
    let session = app.sql(newest).await;
    let subject = app.sql("SELECT subject_id FROM audit_events ORDER BY id DESC LIMIT 1").await;
    assert_eq!(subject, session);
    let (access, token) = pair(&signed_in);
    let on = ("session", session.as_str());
    watch.wrote(refresh(&app, &token).await, 200, "session.renew", &by, on, &[]).await;
    let caller = app.with_token(&access);
    let change = json!({ "current_password": PASSWORD, "new_password": PASSPHRASE });
    let changed = caller.post("/api/v1/me/password", &change).await;
    let account = by.split(' ').nth(1).unwrap();
    watch.wrote(changed, 204, "me.change_password", &by, ("account", account), &["password"]).await;
    let left = caller.send(Method::POST, "/api/v1/auth/logout", &[], None).await;
    watch.wrote(left, 204, "session.end", &by, on, &[]).await;
    let (access, _) = tokens(&app, "agency", PASSPHRASE).await;
    let (_, copied) = tokens(&app, "agency", PASSPHRASE).await;
    let copied_session = app.sql(newest).await;
    tokens(&app, "agency", PASSPHRASE).await;
    let session = app.sql(newest).await;
    refresh(&app, &copied).await.expect(200);
    watch.news().await;
    let ended = app.with_token(&access).delete(&format!("/api/v1/me/sessions/{session}")).await;
    watch.wrote(ended, 204, "session.end", &by, ("session", &session), &[]).await;
    let reuse = refresh(&app, &copied).await;
    watch.wrote(reuse, 401, "session.end_by_reuse", &by, ("session", &copied_session), &[]).await;
    refresh(&app, &copied).await.expect(401);
    watch.nothing("a copy of a session that ended").await;
}

#[tokio::test]
async fn a_refused_write_leaves_no_event() {
    let app = TestApp::start().await;
    let (admin, agency) = (app.sign_in("admin").await, app.sign_in("agency").await);
    let (path, _) = create(&admin, &json!({ "username": "bi-mat", "display_name": NAME, "role": "auditor" })).await;
    let mut watch = Watch::new(app.sign_in("auditor").await).await;
    let taken = json!({ "username": "bi-mat", "display_name": NAME, "role": "auditor" });
    login(&app, "agency", "sai-mat-khau-roi").await.expect(401);
    refresh(&app, "ebr_").await.expect(401);
    admin.post("/api/v1/accounts", &taken).await.expect(409);
    admin.post("/api/v1/accounts", &json!({})).await.expect(422);
    agency.post("/api/v1/accounts", &taken).await.expect(403);
    admin.patch(&path, "\"9\"", &json!({ "display_name": "B" })).await.expect(412);
    admin.patch(&path, "*", &json!({ "role": "agency" })).await.expect(422);
    admin.delete("/api/v1/api-clients/00000000-0000-0000-0000-000000000000").await.expect(404);
    admin.delete("/api/v1/me/sessions/00000000-0000-0000-0000-000000000000").await.expect(404);
    let wrong = json!({ "current_password": "sai-mat-khau-roi", "new_password": PASSPHRASE });
    agency.post("/api/v1/me/password", &wrong).await.expect(422);
    watch.nothing("refused").await;
}

#[tokio::test]
async fn the_log_names_fields_and_never_holds_values_or_secrets() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, _) = create(&admin, &json!({ "username": "bi-mat", "display_name": NAME, "role": "auditor" })).await;
    let reset = reset_token(&admin, &path).await;
    let body = json!({ "token": reset, "new_password": PASSPHRASE });
    app.nobody().post("/api/v1/auth/reset", &body).await.expect(200);
    let (access, renewal) = tokens(&app, "bi-mat", PASSPHRASE).await;
    refresh(&app, &renewal).await.expect(200);
    admin.patch(&path, "*", &json!({ "display_name": "Ẩn danh nữa" })).await.expect(200);
    let organisation_id = organisation(&app, "SNNMT-DEMO").await;
    let body = json!({ "name": "Máy bí mật", "role": "agency", "organisation_id": organisation_id });
    let client = admin.post("/api/v1/api-clients", &body).await.expect(201);
    let secret = text(&client, "client_secret");
    let answer = app.sign_in("auditor").await.get(&format!("{EVENTS}?limit=100")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text.contains(&id_of(&path)), "the events of this test are on the page");
    let rows = app.sql("SELECT string_agg(e::text, ' ') FROM audit_events e").await;
    assert!(rows.contains(&id_of(&path)));
    let details = app.sql("SELECT string_agg(encode(sealed, 'escape'), ' ') FROM audit_details d").await;
    for needle in [
        NAME,
        "Bí Mật",
        "bi-mat",
        "Ẩn danh",
        "Máy bí mật",
        PASSPHRASE,
        PASSWORD,
        "127.0.0.1",
        &reset,
        &access,
        &renewal,
        &secret,
        &organisation_id,
        "$argon2",
    ] {
        assert!(!answer.text.contains(needle), "{needle} stands in the answer");
        assert!(!rows.contains(needle), "{needle} stands in the table");
        assert!(!details.contains(needle), "{needle} stands in the details in clear");
    }
}

#[tokio::test]
async fn the_log_can_be_filtered() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let reader = app.sign_in("auditor").await;
    let middle = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let (path, _) = create(&admin, &json!({ "username": "bi-mat", "display_name": NAME, "role": "auditor" })).await;
    reset_token(&admin, &path).await;
    let id = id_of(&path);
    let by = actor(&app, "admin").await.split(' ').nth(1).unwrap().to_owned();
    for (query, actions) in [
        (format!("&subject_id={id}"), vec!["accounts.issue_reset", "accounts.create"]),
        (format!("&subject_kind=account&subject_id={id}"), vec!["accounts.issue_reset", "accounts.create"]),
        (format!("&subject_kind=session&subject_id={id}"), vec![]),
        (format!("&actor_id={by}"), vec!["accounts.issue_reset", "accounts.create", "session.open"]),
        (format!("&actor_id={by}&action=session.open"), vec!["session.open"]),
        (format!("&actor_id={id}"), vec![]),
        (format!("&from={middle}"), vec!["accounts.issue_reset", "accounts.create"]),
        (format!("&to={middle}&action=session.open"), vec!["session.open", "session.open"]),
        (format!("&from={middle}&to={middle}"), vec![]),
        ("&action=accounts.issue_reset".to_owned(), vec!["accounts.issue_reset"]),
        ("&action=khong.co".to_owned(), vec![]),
    ] {
        let seen = events(&reader, &query).await;
        let seen: Vec<&str> = seen.iter().map(|event| event["action"].as_str().unwrap()).collect();
        assert_eq!(seen, actions, "{query}");
    }
    for (query, place) in [
        ("actor_id=x", "/actor_id"),
        ("from=hom-qua", "/from"),
        ("from=-200000-01-01T00:00:00Z", "/from"),
        ("to=%2B262000-01-01T00:00:00Z", "/to"),
        ("who=x", "/who"),
    ] {
        assert_eq!(reader.get(&format!("{EVENTS}?{query}")).await.places(400), [place], "{query}");
    }
}

#[tokio::test]
async fn pages_of_the_log_go_from_the_newest_to_the_oldest_each_event_once() {
    let app = TestApp::start().await;
    let reader = app.sign_in("auditor").await;
    for _ in 0..12 {
        app.sign_in("agency").await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let body = reader.get(&format!("{EVENTS}?action=session.open&limit=5{cursor}")).await.expect(200);
        let items = body["items"].as_array().unwrap();
        seen.extend(items.iter().map(|event| (text(event, "at"), text(event, "id"))));
        // what comes between two pages is newer and must not push anything over
        app.sign_in("agency").await;
        let Some(next) = body["next_cursor"].as_str() else { break };
        assert_eq!(items.len(), 5);
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 13);
    assert!(seen.windows(2).all(|pair| pair[0].0 >= pair[1].0 && pair[0].1 > pair[1].1), "{seen:?}");
}

#[tokio::test]
async fn only_leaders_auditors_and_administrators_read_the_log() {
    let app = TestApp::start().await;
    assert_eq!(app.nobody().get(EVENTS).await.problem(401)["code"], "unauthenticated");
    for (username, status) in [
        ("expert", 403),
        ("association", 403),
        ("agency", 403),
        ("science_dept", 403),
        ("union_officer", 403),
        ("union_leader", 200),
        ("auditor", 200),
        ("admin", 200),
    ] {
        app.sign_in(username).await.get(EVENTS).await.expect(status);
    }
}
