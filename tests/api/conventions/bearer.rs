//! Tokens that are not good, wherever they are sent.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD as B64};
use expert_bank::access::token::{Bearer, Tokens};
use expert_bank::demo::PASSWORD;
use expert_bank::kernel::sealed::KeyRing;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::people::tokens;

fn json_of(part: &str) -> Value {
    serde_json::from_slice(&B64.decode(part).unwrap()).unwrap()
}

/// `Authorization` headers none of which is good, made from a token that is.
fn bad_headers(good: &str, refresh: &str, admin: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    let with = |part: &str, member: &str, value: Value| {
        let mut json = json_of(part);
        json[member] = value;
        B64.encode(json.to_string())
    };
    let none = |name: &str| with(header, "alg", json!(name));
    let kid = json_of(header)["kid"].as_str().unwrap().to_owned();
    let other = Tokens::new(KeyRing::parse(&KeyRing::generate_text(&kid).unwrap()).unwrap());
    let names = serde_json::from_value::<Bearer>(json_of(claims)).unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    vec![
        ("alg none, no signature", format!("Bearer {}.{claims}.", none("none"))),
        ("alg None, old signature", format!("Bearer {}.{claims}.{signature}", none("None"))),
        ("alg HS384", format!("Bearer {}.{claims}.{signature}", none("HS384"))),
        ("alg RS256", format!("Bearer {}.{claims}.{signature}", none("RS256"))),
        ("another key id", format!("Bearer {}.{claims}.{signature}", with(header, "kid", json!("x")))),
        ("a path as key id", format!("Bearer {}.{claims}.{signature}", with(header, "kid", json!("../../dev/null")))),
        ("another person", format!("Bearer {header}.{}.{signature}", with(claims, "sub", json!(admin)))),
        ("a later end", format!("Bearer {header}.{}.{signature}", with(claims, "exp", json!(9_999_999_999_u64)))),
        ("another kind", format!("Bearer {header}.{}.{signature}", with(claims, "kind", json!("client")))),
        ("another key under our id", format!("Bearer {}", other.issue(names).unwrap())),
        ("no signature", format!("Bearer {header}.{claims}")),
        ("empty signature", format!("Bearer {header}.{claims}.")),
        ("cut", format!("Bearer {}", &good[..good.len() - 1])),
        ("longer", format!("Bearer {good}A")),
        ("altered", format!("Bearer {header}.{claims}.{flipped}{}", &signature[1..])),
        ("a refresh token", format!("Bearer {refresh}")),
        ("garbage", "Bearer a.b.c".to_owned()),
        ("not ASCII", "Bearer mã-truy-cập".to_owned()),
        ("empty", "Bearer ".to_owned()),
        ("no token", "Bearer".to_owned()),
        ("nothing", String::new()),
        ("Basic", format!("Basic {}", STANDARD.encode(format!("admin:{PASSWORD}")))),
        ("another scheme", format!("Token {good}")),
        ("no scheme", good.to_owned()),
    ]
}

#[tokio::test]
async fn a_token_that_is_not_good_is_refused_also_where_none_is_needed() {
    let app = TestApp::start().await;
    let (good, refresh) = tokens(&app, "agency", PASSWORD).await;
    let admin = app.sql("SELECT id FROM accounts WHERE username = 'admin'").await;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let header = format!("{scheme} {good}");
        let answer = app.nobody().send(Method::GET, "/api/v1/me", &[("authorization", &header)], None).await;
        assert_eq!(answer.expect(200)["username"], "agency");
    }
    let body = json!({});
    for (case, header) in bad_headers(&good, &refresh, &admin) {
        let headers = [("authorization", header.as_str())];
        for (method, path) in [
            (Method::GET, "/api/v1/me"),
            (Method::GET, "/api/v1/experts"),
            (Method::GET, "/api/v1/fields"),
            (Method::POST, "/api/v1/accounts"),
            (Method::POST, "/api/v1/auth/logout"),
        ] {
            let answer = app.nobody().send(method, path, &headers, Some(&body)).await;
            assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"", "{case} {path}");
            assert_eq!(answer.problem(401)["code"], "invalid_token", "{case} {path}");
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_good_does_not_stand_in_the_way_of_signing_in() {
    let app = TestApp::start().await;
    let (good, mut refresh) = tokens(&app, "agency", PASSWORD).await;
    let admin = app.sql("SELECT id FROM accounts WHERE username = 'admin'").await;
    let login = json!({ "username": "agency", "password": PASSWORD });
    for (case, header) in bad_headers(&good, &refresh, &admin) {
        let headers = [("authorization", header.as_str())];
        let nobody = app.nobody();
        let post = async |path, body: Value| nobody.send(Method::POST, path, &headers, Some(&body)).await;
        post("/api/v1/auth/login", login.clone()).await.expect(200);
        let renewed = post("/api/v1/auth/refresh", json!({ "refresh_token": refresh })).await.expect(200);
        refresh = renewed["refresh_token"].as_str().unwrap().to_owned();
        assert_eq!(nobody.send(Method::GET, "/health/live", &headers, None).await.status, 200, "{case}");
        assert_eq!(nobody.send(Method::GET, "/health/ready", &headers, None).await.status, 200, "{case}");
        // the form is what is wrong, not the token
        let answer = post("/api/v1/oauth/token", json!({})).await;
        assert_eq!(answer.expect(400)["error"], "invalid_request", "{case}");
    }
}
