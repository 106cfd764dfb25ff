//! Bodies that are not what they should be.

use expert_bank::openapi::{document, operations};
use reqwest::Method;
use serde_json::json;

use crate::support::TestApp;

const JSON: &str = "application/json";
const LIMIT: usize = 1 << 20;

/// A good account of exactly so many bytes.
fn padded(bytes: usize) -> Vec<u8> {
    let mut body = json!({ "username": "vua-du", "display_name": "A", "role": "auditor" }).to_string().into_bytes();
    body.resize(bytes, b' ');
    body
}

#[tokio::test]
async fn a_body_that_can_not_be_read_is_refused_by_its_kind() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let good = json!({ "username": "tot", "display_name": "A", "role": "auditor" }).to_string();
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
    let raw_nul = good.replace("tot", "t\u{0}t");
    let latin1 = [good.as_bytes(), b"\xff"].concat();
    let in_text = good.as_bytes().iter().map(|byte| if *byte == b'A' { 0xe0 } else { *byte }).collect::<Vec<u8>>();
    for (case, content_type, body, status, code) in [
        ("empty", Some(JSON), vec![], 400, "malformed_json"),
        ("blank", Some(JSON), b"  \n".to_vec(), 400, "malformed_json"),
        ("not JSON", Some(JSON), b"username=tot".to_vec(), 400, "malformed_json"),
        ("cut", Some(JSON), good.as_bytes()[..good.len() - 1].to_vec(), 400, "malformed_json"),
        ("two documents", Some(JSON), good.repeat(2).into_bytes(), 400, "malformed_json"),
        ("deep arrays", Some(JSON), deep("[", "]").into_bytes(), 400, "malformed_json"),
        ("deep objects", Some(JSON), deep("{\"a\":", "}").into_bytes(), 400, "malformed_json"),
        ("raw NUL", Some(JSON), raw_nul.into_bytes(), 400, "malformed_json"),
        ("stray byte", Some(JSON), latin1, 400, "malformed_json"),
        ("invalid UTF-8 in a text", Some(JSON), in_text, 400, "malformed_json"),
        ("half a surrogate", Some(JSON), good.replace('A', "\\ud800").into_bytes(), 400, "malformed_json"),
        ("huge number", Some(JSON), good.replace("\"A\"", "1e999").into_bytes(), 400, "malformed_json"),
        ("over the limit", Some(JSON), padded(LIMIT + 1), 413, "payload_too_large"),
        ("form", Some("application/x-www-form-urlencoded"), good.clone().into_bytes(), 415, "unsupported_media_type"),
        ("text", Some("text/plain"), good.clone().into_bytes(), 415, "unsupported_media_type"),
        (
            "merge patch on POST",
            Some("application/merge-patch+json"),
            good.clone().into_bytes(),
            415,
            "unsupported_media_type",
        ),
        ("no type", None, good.clone().into_bytes(), 415, "unsupported_media_type"),
        ("empty type", Some(""), good.clone().into_bytes(), 415, "unsupported_media_type"),
    ] {
        let headers: Vec<(&str, &str)> = content_type.map(|value| ("content-type", value)).into_iter().collect();
        let answer = admin.raw(Method::POST, "/api/v1/accounts", &headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{case}: {}", answer.text);
        assert_eq!(answer.problem(status)["code"], code, "{case}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM accounts WHERE username IN ('tot', 'vua-du')").await, "0");
    let types = [("content-type", "Application/JSON; charset=utf-8")];
    admin.raw(Method::POST, "/api/v1/accounts", &types, padded(LIMIT)).await.expect(201);
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_named_by_its_pointer() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    for (body, pointer, code) in [
        (r#"{"username":"t","colour":"red"}"#, "/colour", "unknown_field"),
        (r#"{"username":"t","a/b~c":"red"}"#, "/a~1b~0c", "unknown_field"),
        (r#"{"username":5}"#, "/username", "wrong_type"),
        (r#"{"username":null}"#, "/username", "wrong_type"),
        (r#"{"username":["a"]}"#, "/username", "wrong_type"),
        (r#"{"username":"t","display_name":"A","role":"root"}"#, "/role", "unknown_value"),
        (r#"{"username":"t","display_name":"A","role":7}"#, "/role", "wrong_type"),
        (
            r#"{"username":"t","display_name":"A","role":"agency","organisation_id":"x"}"#,
            "/organisation_id",
            "invalid_value",
        ),
        (r#"{"username":"t\u0000","display_name":"A","role":"auditor"}"#, "/username", "nul_character"),
        (r#"{"username":"t","display_name":"A\u0000","role":"auditor"}"#, "/display_name", "nul_character"),
        (r#"{"username":"t","display_name":"A"}"#, "/role", "required"),
        ("[]", "", "wrong_type"),
        (r#"["theo-thu-tu","A","auditor",null,null]"#, "", "wrong_type"),
        ("null", "", "wrong_type"),
        ("5", "", "wrong_type"),
    ] {
        let headers = [("content-type", JSON)];
        let answer = admin.raw(Method::POST, "/api/v1/accounts", &headers, body.as_bytes().to_vec()).await;
        let problem = answer.problem(422);
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{body}: {problem}");
        assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&json!(pointer), &json!(code)), "{body}");
    }
}

#[tokio::test]
async fn a_missing_sign_in_or_right_beats_whatever_is_wrong_with_the_body() {
    let app = TestApp::start().await;
    // a role that may write nothing of its own accord but its own account, nominations and requests
    let (agency, nobody) = (app.sign_in("agency").await, app.nobody());
    let api = document();
    let mut checked = 0;
    for (method, path, operation) in operations(&api) {
        let security = serde_json::to_value(&operation.security).unwrap();
        let open = security.as_array().unwrap().contains(&json!({}));
        if open || !matches!(method, "POST" | "PATCH") {
            continue;
        }
        let action = security[0]["session"][0].as_str().unwrap().to_owned();
        let path = path.replace("{id}", "khong-phai-uuid").replace("{key}", "CG-999999");
        for (content_type, body) in [
            (JSON, b"{".to_vec()),
            (JSON, b"{\"colour\":\"\\u0000\"}".to_vec()),
            ("text/plain", b"x".to_vec()),
            (JSON, vec![b' '; LIMIT + 1]),
        ] {
            let headers = [("content-type", content_type)];
            let method: Method = method.parse().unwrap();
            let answer = nobody.raw(method.clone(), &path, &headers, body.clone()).await;
            assert_eq!(answer.problem(401)["code"], "unauthenticated", "{method} {path}");
            if !["me.use", "nominations.file", "consultations.file"].contains(&action.as_str()) {
                let answer = agency.raw(method.clone(), &path, &headers, body).await;
                assert_eq!(answer.problem(403)["code"], "forbidden", "{method} {path}");
            }
            checked += 1;
        }
    }
    assert!(checked >= 40, "{checked}");
}
