//! What the server logs: that something was asked and how it ended, never whom it was about.

use expert_bank::demo::PASSWORD;
use reqwest::Method;
use serde_json::json;

use crate::support::people::{create, login, organisation, pair, redeem, refresh, reset_token, text};
use crate::support::{TestApp, log};

/// Given in this test only; none of it may be found in the log.
const NAME: &str = "nhat-ky-kin-dao";
const DISPLAY: &str = "Nguyễn Kín Đáo";
const PASSPHRASE: &str = "mưa đêm gió sớm 1988";
const WRONG: &str = "mật khẩu gõ nhầm 77";
const EMAIL: &str = "kin.dao@vidu.example";
const PHONE: &str = "0987654321";

/// A wrong password from a known device, and its token in the wrong form.
async fn mistype_on(app: &TestApp, device: &str) {
    for (token, status) in [(json!(device), 401), (json!([device]), 422)] {
        let body = json!({ "username": NAME, "password": WRONG, "device_token": token });
        app.nobody().post("/api/v1/auth/login", &body).await.expect(status);
    }
}

#[tokio::test]
async fn the_log_holds_no_secrets_and_no_people() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let body = json!({ "username": NAME, "display_name": DISPLAY, "role": "auditor" });
    let (path, _) = create(&admin, &body).await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    let reset = reset_token(&admin, &path).await;
    redeem(&app, &reset, PASSPHRASE).await.expect(200);
    redeem(&app, &reset, PASSPHRASE).await.expect(401);
    login(&app, NAME, WRONG).await.expect(401);
    login(&app, &format!("{NAME}-2"), WRONG).await.expect(401);
    let signed_in = login(&app, NAME, PASSPHRASE).await.expect(200);
    let ((access, renewal), device) = (pair(&signed_in), text(&signed_in, "device_token"));
    mistype_on(&app, &device).await;
    refresh(&app, &renewal).await.expect(200);
    admin.post("/api/v1/accounts", &body).await.expect(409);
    admin.post("/api/v1/accounts", &json!({ "username": NAME, "email": EMAIL, "phone": PHONE })).await.expect(422);
    for (path, status) in [
        (format!("/api/v1/experts?q={EMAIL}"), 200),
        (format!("/api/v1/experts?email={EMAIL}&phone={PHONE}"), 400),
        (format!("/api/v1/experts/{PHONE}"), 404),
        (format!("/khong-co/{NAME}?token={access}"), 404),
        (format!("/api/v1/accounts/{id}?x={PHONE}"), 200),
    ] {
        admin.get(&path).await.expect(status);
    }
    let organisation_id = organisation(&app, "SNNMT-DEMO").await;
    let client = json!({ "name": DISPLAY, "role": "agency", "organisation_id": organisation_id });
    let client = admin.post("/api/v1/api-clients", &client).await.expect(201);
    let secret = text(&client, "client_secret");
    let form = format!("grant_type=client_credentials&client_id={}&client_secret={secret}x", text(&client, "id"));
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("user-agent", EMAIL)];
    app.nobody().raw(Method::POST, "/api/v1/oauth/token", &headers, form.into_bytes()).await.expect(401);
    let last = admin.get("/api/v1/me").await.header("x-request-id");
    let lines = log::lines();
    assert!(lines.iter().any(|line| line.contains(&last)), "the requests of this test are in the log");
    let needles = [
        NAME,
        DISPLAY,
        PASSPHRASE,
        WRONG,
        PASSWORD,
        EMAIL,
        PHONE,
        "kin.dao",
        &reset,
        &access,
        &renewal,
        &device,
        &secret,
        &id,
        "127.0.0.1:",
        "Bearer ",
        "$argon2",
    ];
    for line in &lines {
        for needle in needles {
            // the framework says once on which address it listens
            let listening = needle == "127.0.0.1:" && !line.contains("expert_bank");
            assert!(listening || !line.contains(needle), "{needle} stands in {line}");
        }
    }
}
