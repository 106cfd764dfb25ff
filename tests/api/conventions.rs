//! What all endpoints share: problems, methods, headers, versions, documentation.

mod bearer;
mod bodies;
mod queries;
mod transport;

use expert_bank::openapi::{document, operations};
use reqwest::Method;
use serde_json::json;

use crate::support::people::path_of;
use crate::support::{Answer, TestApp};

#[tokio::test]
async fn problems_are_vietnamese_unless_english_is_asked_for() {
    let app = TestApp::start().await;
    for (header, language, title) in [
        (None, "vi", "Cần đăng nhập"),
        (Some("en"), "en", "Sign-in required"),
        (Some("en-GB,en;q=0.9"), "en", "Sign-in required"),
        (Some("vi,en;q=0.9"), "vi", "Cần đăng nhập"),
        (Some("fr"), "vi", "Cần đăng nhập"),
        (Some("\u{1f600}"), "vi", "Cần đăng nhập"),
    ] {
        let headers: Vec<(&str, &str)> = header.map(|value| ("accept-language", value)).into_iter().collect();
        let answer = app.nobody().send(Method::GET, "/api/v1/me", &headers, None).await;
        assert_eq!(answer.header("content-language"), language, "{header:?}");
        let problem = answer.problem(401);
        assert_eq!(problem["title"], title, "{header:?}");
        assert_eq!(problem["type"], "urn:expert-bank:problem:unauthenticated");
    }
    let admin = app.sign_in("admin").await;
    let english = [("accept-language", "en")];
    let problem = admin.send(Method::POST, "/api/v1/accounts", &english, Some(&json!({}))).await.problem(422);
    assert_eq!(problem["errors"][0]["detail"], "`username` is missing.");
    let problem = admin.post("/api/v1/accounts", &json!({})).await.problem(422);
    assert_eq!(problem["errors"][0]["detail"], "Thiếu `username`.");
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own_and_a_problem_repeats_it() {
    let app = TestApp::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for (path, status) in [
        ("/api/v1/me", 401),
        ("/khong-co", 404),
        ("/api/v1/experts?x=1", 400),
        ("/api/v1/experts", 200),
        ("/docs", 200),
    ] {
        // an id the caller makes up is not taken over
        let headers = [("x-request-id", "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d")];
        let answer = app.nobody().send(Method::GET, path, &headers, None).await;
        let id = answer.header("x-request-id");
        assert!(id.parse::<uuid::Uuid>().is_ok() && seen.insert(id.clone()), "{path}: {id}");
        assert_eq!(answer.status, status, "{path}");
        if status >= 400 {
            assert_eq!(answer.problem(status)["request_id"], id, "{path}");
        }
    }
    assert!(!seen.contains("01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d"));
}

#[tokio::test]
async fn an_unknown_path_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    for path in [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/experts",
        "/api/v1/accounts/",
        "/api/v1/Accounts",
        "/api/v1/accounts/x/y",
        "/api/v1/accounts/khong-phai-uuid",
        "/api/v1/accounts/%00",
        "/api/v1/accounts/%ff",
        "/api/v1/experts/%00",
        "/api/v1/experts/%ff",
        "/api/v1/experts/CG-999999",
        "/api/v1/organisations/%00",
        "/docs/../../Cargo.toml",
        "/docs/%2e%2e%2fCargo.toml",
        "/docs/khong-co.js",
    ] {
        for caller in [&admin, &app.nobody()] {
            let answer = caller.get(path).await;
            let signed_out = caller.token.is_none() && path.starts_with("/api/v1/accounts/") && answer.status == 401;
            assert!(signed_out || answer.status == 404, "{path}: {} {}", answer.status, answer.text);
            answer.problem(if signed_out { 401 } else { 404 });
        }
    }
}

#[tokio::test]
async fn another_method_than_documented_is_refused_with_the_ones_that_work() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let api = document();
    let all = operations(&api);
    let mut checked = 0;
    for path in api.paths.paths.keys() {
        let mut known: Vec<&str> = all.iter().filter(|(_, p, _)| p == path).map(|(method, ..)| *method).collect();
        known.sort_unstable();
        let place = path.replace("{id}", "00000000-0000-0000-0000-000000000000").replace("{key}", "CG-000001");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|method| !known.contains(method)) {
            let answer = admin.send(method.parse().unwrap(), &place, &[], None).await;
            let allow = answer.header("allow");
            let mut allowed: Vec<&str> = allow.split(", ").collect();
            allowed.sort_unstable();
            assert_eq!(allowed, known, "{method} {path}");
            assert_eq!(answer.problem(405)["code"], "method_not_allowed", "{method} {path}");
            checked += 1;
        }
    }
    assert!(checked > 80, "{checked}");
    for path in ["/openapi.json", "/docs", "/docs/docs.js"] {
        let answer = admin.send(Method::POST, path, &[], None).await;
        assert_eq!(answer.header("allow"), "GET", "{path}");
        answer.problem(405);
    }
}

fn assert_secure(answer: &Answer, what: &str) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{what}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer", "{what}");
    let policy = answer.header("content-security-policy");
    let (source, frames) = if what.starts_with("/docs") { ("'self'", true) } else { ("'none'", true) };
    assert!(policy.starts_with(&format!("default-src {source};")), "{what}: {policy}");
    assert_eq!(policy.contains("frame-ancestors 'none'"), frames, "{what}: {policy}");
    assert!(!policy.contains("script-src") && !policy.contains("http"), "{what}: {policy}");
    assert!(answer.headers.get("server").is_none() && answer.headers.get("x-powered-by").is_none(), "{what}");
}

#[tokio::test]
async fn every_kind_of_answer_carries_the_security_headers() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let etag = admin.get("/api/v1/me").await.header("etag");
    let login = json!({ "username": "admin", "password": expert_bank::demo::PASSWORD });
    for (method, path, status, cache, body) in [
        (Method::GET, "/api/v1/me", 200, "private, no-cache", None),
        (Method::GET, "/api/v1/me", 304, "private, no-cache", None),
        (Method::POST, "/api/v1/auth/login", 200, "no-store", Some(&login)),
        (Method::GET, "/health/live", 200, "no-store", None),
        (Method::GET, "/health/ready", 200, "no-store", None),
        (Method::GET, "/openapi.json", 200, "public, max-age=60", None),
        (Method::GET, "/docs", 200, "no-store", None),
        (Method::GET, "/docs/docs.js", 200, "no-store", None),
        (Method::GET, "/docs/swagger-ui.css", 200, "public, max-age=3600", None),
        (Method::GET, "/api/v1/experts?x=1", 400, "no-store", None),
        (Method::GET, "/khong-co", 404, "no-store", None),
        (Method::DELETE, "/api/v1/me", 405, "no-store", None),
        (Method::POST, "/api/v1/accounts", 415, "no-store", None),
        (Method::POST, "/api/v1/accounts", 422, "no-store", Some(&login)),
        (Method::POST, "/api/v1/oauth/token", 400, "no-store", None),
        (Method::POST, "/api/v1/auth/logout", 204, "no-store", None),
        (Method::GET, "/api/v1/me", 401, "no-store", None),
    ] {
        let held = [("if-none-match", etag.as_str())];
        let headers = if status == 304 { &held[..] } else { &[] };
        let answer = admin.send(method, path, headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.text);
        assert_eq!(answer.header("cache-control"), cache, "{path} {status}");
        assert_secure(&answer, path);
    }
}

#[tokio::test]
async fn what_the_caller_holds_already_is_answered_with_304() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let account = path_of(&app, "agency").await;
    for path in [
        account.as_str(),
        "/api/v1/me",
        "/api/v1/accounts",
        "/api/v1/experts?limit=2",
        "/api/v1/fields",
        "/api/v1/audit-events",
    ] {
        let etag = admin.get(path).await.header("etag");
        assert!(etag.len() > 10 && etag.starts_with('"') && etag.ends_with('"'), "{path}: {etag}");
        let weak = format!("W/{etag}");
        let list = format!("\"other\", {etag}");
        for held in [&etag, &weak, &list] {
            let answer = admin.send(Method::GET, path, &[("if-none-match", held)], None).await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (304, ""), "{path} {held}");
            assert_eq!(answer.header("etag"), etag);
            assert!(answer.header("vary").contains("Authorization"), "{path}");
        }
        let other = admin.send(Method::GET, path, &[("if-none-match", "\"other\"")], None).await;
        assert_eq!(other.status, 200, "{path}");
    }
    let etag = admin.get(&account).await.header("etag");
    admin.patch(&account, &etag, &json!({ "display_name": "Khác" })).await.expect(200);
    admin.send(Method::GET, &account, &[("if-none-match", &etag)], None).await.expect(200);
}

#[tokio::test]
async fn the_documentation_comes_from_the_server_itself() {
    let app = TestApp::start().await;
    for (path, content_type, needle) in [
        ("/docs", "text/html; charset=utf-8", "<div id=\"swagger-ui\">"),
        ("/docs/docs.js", "text/javascript; charset=utf-8", "SwaggerUIBundle("),
        ("/docs/docs.css", "text/css; charset=utf-8", "{"),
    ] {
        let answer = app.nobody().get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type").as_str()), (200, content_type), "{path}");
        assert!(answer.text.contains(needle), "{path}");
        for other in ["http://", "https://", "\"//", "'//", "(//"] {
            assert!(!answer.text.contains(other), "{path} names another host");
        }
    }
    let page = app.nobody().get("/docs").await.text;
    assert!(!page.contains("<script>") && !page.contains("onclick"), "no inline script under the policy");
    let mut files = 0;
    for piece in page.split(['"', '\'']).filter(|piece| piece.starts_with("/docs/")) {
        let answer = app.client.get(format!("http://{}{piece}", app.address)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{piece}");
        assert!(!answer.bytes().await.unwrap().is_empty(), "{piece}");
        files += 1;
    }
    assert!(files >= 4, "{page}");
    let api = app.nobody().get("/openapi.json").await;
    assert_eq!(api.header("content-type"), "application/json");
    assert_eq!(api.text, expert_bank::openapi::json().unwrap());
}

/// Names of types that derive `ToSchema` in a file, or that a macro of words declares.
fn schema_names(file: &str) -> Vec<&str> {
    let (mut names, mut is_derived, mut is_macro) = (Vec::new(), false, false);
    for line in file.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        is_derived |= line.starts_with("#[derive(") && line.contains("ToSchema");
        is_macro = is_macro || line == "words! {";
        let words: Vec<&str> = line.split_whitespace().collect();
        let declared = words.iter().position(|word| ["struct", "enum"].contains(word)).filter(|_| is_derived);
        let name = match (declared, words.as_slice()) {
            (Some(at), words) => words.get(at + 1).copied(),
            (None, [name, "{"]) if is_macro && name.starts_with(char::is_uppercase) => Some(*name),
            _ => None,
        };
        if let Some(name) = name {
            names.push(name.split(['<', ';', '(']).next().unwrap_or(name));
            (is_derived, is_macro) = (false, false);
        }
    }
    names.into_iter().filter(|name| !name.starts_with('$')).collect()
}

fn sources(folder: &std::path::Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            into.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Two types of one name are one schema of the document, whichever is met last.
#[test]
fn the_types_of_the_document_have_names_of_their_own() {
    let mut files = Vec::new();
    sources(std::path::Path::new("src"), &mut files);
    let mut names: Vec<&str> = files.iter().flat_map(|file| schema_names(file)).collect();
    names.sort_unstable();
    assert!(names.contains(&"SyncPlan") && names.contains(&"ChangeOutcome") && names.len() > 200, "{names:?}");
    let twice: Vec<&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert_eq!(twice, Vec::<&str>::new());
}
