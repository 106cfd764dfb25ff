//! The first day of an expert bank, from an empty chair at the Union's office to the auditor's question who did what.

use serde_json::{Value, json};

use crate::support::bank::{decide, found, path, search_path, sees, text};
use crate::support::{Caller, TestApp};

const PASSWORD: &str = "một câu chỉ mình tôi biết";

/// The administrator makes an account; its owner sets a password with the one-time token and signs in.
async fn newcomer<'a>(app: &'a TestApp, admin: &Caller<'a>, body: &Value) -> Caller<'a> {
    let account = admin.post("/api/v1/accounts", body).await.expect(201);
    let reset = format!("/api/v1/accounts/{}/reset-token", text(&account["id"]));
    let token = admin.post(&reset, &json!({})).await.expect(201)["token"].clone();
    let redemption = json!({ "token": token, "new_password": PASSWORD });
    app.nobody().post("/api/v1/auth/reset", &redemption).await.expect(200);
    app.nobody().post("/api/v1/auth/reset", &redemption).await.problem(401);
    let credentials = json!({ "username": body["username"], "password": PASSWORD });
    let tokens = app.nobody().post("/api/v1/auth/login", &credentials).await.expect(200);
    app.with_token(text(&tokens["access_token"]))
}

async fn enters_an_expert(officer: &Caller<'_>) -> Value {
    let body = json!({
        "full_name": "PGS.TS. KPĂ THỊ MẪU", "gender": "Nữ", "date_of_birth": "30/04/1975", "province": "tỉnh Tuyên Quang",
        "position": "Trưởng phòng", "workplace": "Chi cục Kiểm lâm vùng Mẫu", "fields": ["40401"],
        "specialties": ["Lâm nghiệp cộng đồng"], "languages": ["vi"], "email": "kpa.mau@chuyengia.example",
        "phone": "+84 600 999 888",
    });
    officer.post("/api/v1/experts", &body).await.expect(201)
}

async fn agency_finds_and_understands(agency: &Caller<'_>, expert: &Value) {
    let page = agency.get(&search_path("lam nghiep")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    let hit = items.iter().find(|item| item["id"] == expert["id"]).expect("found by topic");
    assert_eq!((text(&hit["title"]), text(&hit["full_name"])), ("PGS.TS", "Kpă Thị Mẫu"));
    assert_eq!(hit["workplace"], "Chi cục Kiểm lâm vùng Mẫu");
    assert_eq!(hit["reasons"][0], json!({ "in": "specialty", "text": "Lâm nghiệp cộng đồng" }));
    agency.get(&format!("{}/restricted", path(expert))).await.problem(404);
}

async fn person_corrects_and_withdraws(person: &Caller<'_>, expert: &Value) {
    let own = path(expert);
    let etag = person.get(&own).await.header("etag");
    let patch = json!({ "position": "Chi cục trưởng", "specialties": ["Lâm nghiệp cộng đồng", "Quế"] });
    person.patch(&own, &etag, &patch).await.expect(200);
    assert_eq!(person.get(&format!("{own}/restricted")).await.expect(200)["phone"], "0600999888");
    let withdrawal = json!({ "purpose": "agency_search", "given": false, "channel": "online" });
    person.post(&format!("{own}/consents"), &withdrawal).await.expect(201);
}

#[tokio::test]
async fn the_first_day() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let clerk = json!({ "username": "van-phong", "display_name": "Văn phòng", "role": "union_officer" });
    let officer = newcomer(&app, &admin, &clerk).await;
    let agency = app.sign_in("agency").await;

    let expert = enters_an_expert(&officer).await;
    for caller in [&agency, &app.nobody(), &admin] {
        assert!(!sees(caller, &expert).await, "silence is not consent");
    }
    decide(&officer, &expert, "listing", true).await;
    decide(&officer, &expert, "agency_search", true).await;
    assert!(!sees(&app.nobody(), &expert).await, "agencies, not the public");
    agency_finds_and_understands(&agency, &expert).await;

    let account =
        json!({ "username": "kpa.mau", "display_name": "Kpă Thị Mẫu", "role": "expert", "expert_id": expert["id"] });
    let person = newcomer(&app, &admin, &account).await;
    person_corrects_and_withdraws(&person, &expert).await;
    assert!(!sees(&agency, &expert).await, "gone at once");
    assert_eq!(found(&officer, "que kpa").await, ["Kpă Thị Mẫu"], "the Union keeps working");

    let auditor = app.sign_in("auditor").await;
    let log = format!("/api/v1/audit-events?limit=100&subject_id={}", text(&expert["id"]));
    let page = auditor.get(&log).await.expect(200);
    let events = page["items"].as_array().unwrap().iter().rev();
    let told: Vec<String> = events
        .map(|event| format!("{} {} {}", text(&event["actor_role"]), text(&event["action"]), event["fields"]))
        .collect();
    assert_eq!(
        told[1..3],
        ["union_officer consents.give [\"listing\",\"status\"]", "union_officer consents.give [\"agency_search\"]"]
    );
    assert!(told[0].starts_with("union_officer experts.create"), "{told:?}");
    let person_did =
        ["expert experts.update [\"position\",\"specialties\"]", "expert consents.withdraw [\"agency_search\"]"];
    assert_eq!(told[3..], person_did);
    for secret in ["0600999888", "kpa.mau@", "1975-04-30", "Kpă"] {
        assert!(!page.to_string().contains(secret), "the log holds {secret}");
    }
}
