//! `/api/v1/api-clients` and `/api/v1/oauth/token`: machines.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{organisation, tables_with, text};
use crate::support::{Answer, Caller, TestApp};

const CLIENTS: &str = "/api/v1/api-clients";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A client of an agency: id and secret.
async fn client(admin: &Caller<'_>, role: &str) -> (String, String) {
    let organisation_id = organisation(admin.app, "SNNMT-DEMO").await;
    let body = json!({ "name": "Hệ thống văn bản", "role": role, "organisation_id": organisation_id });
    let created = admin.post(CLIENTS, &body).await.expect(201);
    (text(&created, "id"), text(&created, "client_secret"))
}

async fn token(app: &TestApp, headers: &[(&str, &str)], form: &str) -> Answer {
    app.nobody().raw(Method::POST, "/api/v1/oauth/token", headers, form.as_bytes().to_vec()).await
}

fn form(id: &str, secret: &str) -> String {
    format!("grant_type=client_credentials&client_id={id}&client_secret={secret}")
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let organisation_id = organisation(&app, "SNNMT-DEMO").await;
    let body = json!({ "name": "  Hệ thống   văn bản ", "role": "agency", "organisation_id": organisation_id });
    let answer = admin.post(CLIENTS, &body).await;
    let (location, cache) = (answer.header("location"), answer.header("cache-control"));
    let created = answer.expect(201);
    assert_eq!(cache, "no-store");
    assert_eq!(location, format!("{CLIENTS}/{}", text(&created, "id")));
    assert_eq!((&created["name"], &created["role"]), (&json!("Hệ thống văn bản"), &json!("agency")));
    let secret = text(&created, "client_secret");
    assert!(secret.starts_with("ebc_") && secret.len() > 60, "{secret}");
    let list = admin.get(CLIENTS).await;
    assert!(!list.text.contains("secret") && !list.text.contains(&secret), "{}", list.text);
    let list = list.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    let item = &list["items"][0];
    assert_eq!((&item["id"], &item["organisation_id"]), (&created["id"], &json!(organisation_id)));
    assert_eq!(item["revoked_at"], Value::Null);
    for needle in [secret.as_str(), secret.strip_prefix("ebc_").unwrap()] {
        assert_eq!(tables_with(&app, needle).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_client_has_a_role_of_machines_and_an_organisation_that_exists() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let organisation_id = organisation(&app, "SNNMT-DEMO").await;
    for (role, allowed) in [
        ("association", true),
        ("agency", true),
        ("science_dept", true),
        ("union_officer", true),
        ("auditor", true),
        ("expert", false),
        ("union_leader", false),
        ("admin", false),
        ("root", false),
    ] {
        let body = json!({ "name": "Máy", "role": role, "organisation_id": organisation_id });
        let answer = admin.post(CLIENTS, &body).await;
        if allowed { _ = answer.expect(201) } else { assert_eq!(answer.places(422), ["/role"], "{role}") }
    }
    for (change, place) in [
        (json!({ "name": " ", "role": "agency", "organisation_id": organisation_id }), "/name"),
        (json!({ "role": "agency", "organisation_id": organisation_id }), "/name"),
        (json!({ "name": "Máy", "role": "agency" }), "/organisation_id"),
        (json!({ "name": "Máy", "role": "agency", "organisation_id": null }), "/organisation_id"),
        (json!({ "name": "Máy", "role": "agency", "organisation_id": uuid() }), "/organisation_id"),
    ] {
        assert_eq!(admin.post(CLIENTS, &change).await.places(422), [place], "{change}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM api_clients").await, "5");
    assert_eq!(
        admin.get(&format!("{CLIENTS}?limit=2")).await.expect(200)["items"][0]["role"],
        "auditor",
        "latest first"
    );
}

fn uuid() -> &'static str {
    "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d"
}

#[tokio::test]
async fn a_machine_gets_a_token_by_form_and_by_http_basic() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (id, secret) = client(&admin, "agency").await;
    let (by_basic, plain) = (basic(&id, &secret), "grant_type=client_credentials");
    // percent-encoded as RFC 6749 §2.3.1 asks
    let encoded = format!("basic {}", STANDARD.encode(format!("{}:{secret}", id.replace('-', "%2D"))));
    for (headers, body) in [
        (vec![FORM], form(&id, &secret)),
        (vec![FORM, ("authorization", by_basic.as_str())], plain.to_owned()),
        (vec![FORM, ("authorization", encoded.as_str())], plain.to_owned()),
        (vec![FORM], format!("{}&scope=x", form(&id, &secret))),
    ] {
        let answer = token(&app, &headers, &body).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        let answer = answer.expect(200);
        assert_eq!((&answer["token_type"], &answer["expires_in"]), (&json!("Bearer"), &json!(900)));
        assert!(answer.get("refresh_token").is_none());
        let machine = app.with_token(&text(&answer, "access_token"));
        let me = machine.get("/api/v1/me").await.expect(200);
        assert_eq!((&me["kind"], &me["id"], &me["role"]), (&json!("client"), &json!(id), &json!("agency")));
        assert!(me.get("username").is_none());
        let seen = machine.get("/api/v1/experts?limit=3").await.expect(200);
        assert_eq!(seen["items"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_refused_machine_is_told_so_as_rfc_6749_says() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (id, secret) = client(&admin, "agency").await;
    let (good, wrong_basic) = (form(&id, &secret), basic(&id, "ebc_sai"));
    let cut = &secret[..secret.len() - 1];
    for (headers, body, status, error) in [
        (vec![FORM], form(&id, "ebc_sai"), 401, "invalid_client"),
        (vec![FORM], form(&id, cut), 401, "invalid_client"),
        (vec![FORM], form(&id, ""), 401, "invalid_client"),
        (vec![FORM], form(uuid(), &secret), 401, "invalid_client"),
        (vec![FORM], form("khong-phai-uuid", &secret), 401, "invalid_client"),
        (vec![FORM], form("%00", "%00"), 401, "invalid_client"),
        // a header that is sent counts, also when the form would be right
        (vec![FORM, ("authorization", wrong_basic.as_str())], good.clone(), 401, "invalid_client"),
        (vec![FORM], good.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (vec![FORM], good.replace("client_credentials", ""), 400, "unsupported_grant_type"),
        (vec![FORM], "grant_type=client_credentials".to_owned(), 400, "invalid_request"),
        (vec![FORM], format!("grant_type=client_credentials&client_id={id}"), 400, "invalid_request"),
        (vec![FORM], good.replace("grant_type", "grant"), 400, "invalid_request"),
        (vec![FORM], format!("{good}&grant_type=client_credentials"), 400, "invalid_request"),
        (vec![FORM], String::new(), 400, "invalid_request"),
        (vec![], String::new(), 400, "invalid_request"),
        (vec![FORM], "\u{0}%ff%".to_owned(), 400, "invalid_request"),
        (vec![("content-type", "application/json")], json!({ "grant_type": "x" }).to_string(), 400, "invalid_request"),
    ] {
        let answer = token(&app, &headers, &body).await;
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.starts_with("Basic "), status == 401, "{body}: {challenge}");
        assert_eq!(answer.header("content-type"), "application/json", "{body}");
        assert_eq!(answer.header("cache-control"), "no-store", "{body}");
        let answer = answer.expect(status);
        assert_eq!(answer["error"], error, "{body}");
        assert!(answer["error_description"].is_string() && answer.get("access_token").is_none(), "{answer}");
    }
    token(&app, &[FORM], &good).await.expect(200);
}

#[tokio::test]
async fn a_revoked_client_is_dead_at_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (id, secret) = client(&admin, "agency").await;
    let (other, other_secret) = client(&admin, "agency").await;
    let granted = token(&app, &[FORM], &form(&id, &secret)).await.expect(200);
    let machine = app.with_token(&text(&granted, "access_token"));
    machine.get("/api/v1/me").await.expect(200);
    let path = format!("{CLIENTS}/{id}");
    admin.delete(&path).await.expect(204);
    for path in ["/api/v1/me", "/api/v1/experts"] {
        assert_eq!(machine.get(path).await.problem(401)["code"], "invalid_token", "{path}");
    }
    assert_eq!(token(&app, &[FORM], &form(&id, &secret)).await.expect(401)["error"], "invalid_client");
    for gone in [path, format!("{CLIENTS}/{}", uuid()), format!("{CLIENTS}/khong-phai-uuid")] {
        assert_eq!(admin.delete(&gone).await.problem(404)["code"], "not_found", "{gone}");
    }
    token(&app, &[FORM], &form(&other, &other_secret)).await.expect(200);
    let list = admin.get(CLIENTS).await.expect(200);
    let revoked: Vec<bool> = list["items"].as_array().unwrap().iter().map(|c| c["revoked_at"].is_string()).collect();
    assert_eq!(revoked, [false, true], "the latest first");
}

#[tokio::test]
async fn a_machine_has_no_sessions_and_no_password_and_manages_nobody() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (id, secret) = client(&admin, "auditor").await;
    let granted = token(&app, &[FORM], &form(&id, &secret)).await.expect(200);
    let machine = app.with_token(&text(&granted, "access_token"));
    let change = json!({ "current_password": "sai-mat-khau-roi", "new_password": "rừng xanh núi cao" });
    for (method, path, body) in [
        (Method::GET, "/api/v1/me/sessions", None),
        (Method::DELETE, "/api/v1/me/sessions/00000000-0000-0000-0000-000000000000", None),
        (Method::POST, "/api/v1/me/password", Some(&change)),
        (Method::POST, "/api/v1/auth/logout", None),
        (Method::POST, "/api/v1/accounts", Some(&change)),
        (Method::POST, CLIENTS, Some(&change)),
    ] {
        assert_eq!(machine.send(method, path, &[], body).await.problem(403)["code"], "forbidden", "{path}");
    }
    machine.get("/api/v1/audit-events").await.expect(200);
    machine.get("/api/v1/accounts").await.expect(200);
}
