//! How people get in, and out: nominated and invited, on paper, by saying no; and asked again after a year.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{change, encode, enter_named, found, listed, path, sees, text};
use crate::support::people::{PASSPHRASE, login};
use crate::support::{Caller, TestApp};

async fn verb(officer: &Caller<'_>, expert: &Value, verb: &str) -> Value {
    officer.verb(&format!("{}/{verb}", path(expert)), "*").await.expect(200)
}

async fn link(officer: &Caller<'_>, expert: &Value, verb: &str) -> Value {
    officer.verb(&format!("{}/{verb}", path(expert)), "*").await.expect(201)["token"].clone()
}

async fn is_nominated(agency: &Caller<'_>, officer: &Caller<'_>) -> Value {
    let body = json!({
        "expert": {
            "full_name": "TS. Kpă Thị Mẫu", "workplace": "Chi cục Kiểm lâm vùng Mẫu", "fields": ["40401"],
            "specialties": ["Lâm nghiệp cộng đồng"], "email": "kpa.mau@chuyengia.example",
        },
        "reason": "Chủ trì ba đề tài về rừng trồng",
    });
    let nomination = agency.post("/api/v1/experts/nominations", &body).await.expect(202);
    let queue = listed(officer, "/api/v1/experts/nominations?state=open", "id").await;
    assert_eq!(queue, [text(&nomination["id"])]);
    let at = format!("/api/v1/experts/nominations/{}", text(&nomination["id"]));
    assert_eq!(officer.get(&at).await.expect(200)["candidates"], json!([]), "nobody like that yet");
    let accepted = officer.verb(&format!("{at}/accept"), "*").await.expect(200);
    officer.get(&format!("/api/v1/experts/{}", text(&accepted["expert"]["id"]))).await.expect(200)
}

async fn gets_in<'a>(app: &'a TestApp, token: &Value) -> Caller<'a> {
    let opened = app.nobody().post("/api/v1/invitations/open", &json!({ "token": token })).await.expect(200);
    assert!(text(&opened["consent_texts"][1]["text_vi"]).contains("cơ quan"));
    assert_eq!(opened["expert"]["workplace"], "Chi cục Kiểm lâm vùng Mẫu");
    let body = json!({
        "token": token, "username": "kpa.mau", "password": PASSPHRASE,
        "consents": { "listing": true, "agency_search": true, "public_profile": false },
        "profile": { "position": "Chi cục trưởng", "phone": "0600 999 888" },
    });
    let welcome = app.nobody().post("/api/v1/invitations/accept", &body).await.expect(201);
    assert_eq!(welcome["expert"]["record"]["status"], "consented");
    assert_eq!(welcome["expert"]["record"]["consents"], json!(["listing", "agency_search"]));
    assert_eq!(welcome["expert"]["position"], "Chi cục trưởng");
    let tokens = login(app, "kpa.mau", PASSPHRASE).await.expect(200);
    app.with_token(text(&tokens["access_token"]))
}

async fn finds(caller: &Caller<'_>) -> bool {
    found(caller, "lam nghiep cong dong kpa").await.iter().any(|name| name == "Kpă Thị Mẫu")
}

/// Search, by id, counts and suggestions: nowhere.
async fn is_nowhere(caller: &Caller<'_>, expert: &Value) {
    assert!(!sees(caller, expert).await);
    assert!(!finds(caller).await);
    for path in ["/api/v1/experts/suggest?q=", "/api/v1/experts?limit=1&count=true&q="] {
        let answer = caller.get(&format!("{path}{}", encode("Kpă Thị Mẫu"))).await;
        assert!(!answer.text.contains("Kpă Thị Mẫu"), "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn nominated_invited_found_and_gone_at_once() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let expert = is_nominated(&agency, &officer).await;
    is_nowhere(&agency, &expert).await;
    let token = link(&officer, &expert, "invite").await;
    is_nowhere(&agency, &expert).await;
    let person = gets_in(&app, &token).await;
    assert_eq!(verb(&officer, &expert, "activate").await["record"]["status"], "active");
    assert!(finds(&agency).await);
    is_nowhere(&app.nobody(), &expert).await;
    agency.get(&format!("{}/restricted", path(&expert))).await.problem(404);
    assert_eq!(person.get(&format!("{}/restricted", path(&expert))).await.expect(200)["phone"], "0600999888");
    let withdrawal = json!({ "purpose": "listing", "given": false, "channel": "online" });
    person.post(&format!("{}/consents", path(&expert)), &withdrawal).await.expect(201);
    for caller in [&agency, &app.sign_in("science_dept").await, &app.nobody()] {
        is_nowhere(caller, &expert).await;
    }
    let left = person.get(&path(&expert)).await.expect(200);
    assert_eq!((&left["record"]["status"], &left["record"]["consents"]), (&json!("left"), &json!(["agency_search"])));
    let log = format!("/api/v1/audit-events?limit=100&subject_id={}", text(&expert["id"]));
    let page = app.sign_in("auditor").await.get(&log).await.expect(200);
    let told: Vec<String> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|event| format!("{} {}", text(&event["actor_role"]), text(&event["action"])))
        .collect();
    assert_eq!(
        told,
        [
            "union_officer experts.create",
            "union_officer experts.invite",
            "expert consents.give",
            "expert consents.give",
            "expert consents.withdraw",
            "expert experts.update",
            "expert experts.accept_invitation",
            "union_officer experts.activate",
            "expert consents.withdraw",
        ]
    );
}

#[tokio::test]
async fn a_paper_in_the_post() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let expert = enter_named(&officer, "Kpă Văn Giấy").await;
    let consents = format!("{}/consents", path(&expert));
    for purpose in ["listing", "agency_search"] {
        let paper = json!({
            "purpose": purpose, "given": true, "channel": "paper", "document": "Phiếu đồng ý số 12/2026",
            "decided_on": "2026-03-01",
        });
        let entry = officer.post(&consents, &paper).await.expect(201);
        assert_eq!((&entry["decided_on"], &entry["text_version"]), (&json!("2026-03-01"), &json!("2026-01")));
    }
    assert_eq!(officer.get(&path(&expert)).await.expect(200)["record"]["status"], "consented");
    verb(&officer, &expert, "activate").await;
    assert!(sees(&agency, &expert).await);
    let letter = json!({ "purpose": "listing", "given": false, "channel": "paper", "document": "Đơn ngày 5/6" });
    officer.post(&consents, &letter).await.expect(201);
    assert!(!sees(&agency, &expert).await);
}

#[tokio::test]
async fn an_invitation_declined_and_a_second_one_accepted() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Thị Mẫu").await;
    let token = link(&officer, &expert, "invite").await;
    let no = json!({ "token": token, "reason": "Tôi đã nghỉ" });
    app.nobody().post("/api/v1/invitations/decline", &no).await.expect(204);
    let record = officer.get(&path(&expert)).await.expect(200)["record"].clone();
    assert_eq!((&record["status"], &record["consents"]), (&json!("left"), &json!([])));
    let ledger = officer.get(&format!("{}/consents", path(&expert))).await.expect(200);
    assert_eq!((&ledger["items"][0]["purpose"], &ledger["items"][0]["given"]), (&json!("listing"), &json!(false)));
    app.nobody().post("/api/v1/invitations/open", &json!({ "token": token })).await.problem(404);
    let token = link(&officer, &expert, "invite").await;
    let body = json!({
        "token": token, "username": "kpa.mau", "password": PASSPHRASE, "consents": { "listing": true },
    });
    let welcome = app.nobody().post("/api/v1/invitations/accept", &body).await.expect(201);
    assert_eq!(welcome["expert"]["record"]["status"], "consented");
}

#[tokio::test]
async fn a_year_later_everybody_is_asked_and_the_list_empties() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let year = "UPDATE experts SET last_confirmed = (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date
                  - CASE WHEN code IN ('CG-000002', 'CG-000003') THEN 380 ELSE 30 END";
    change(&app, year).await;
    let stale = "/api/v1/experts/stale";
    let codes = listed(&officer, stale, "code").await;
    assert_eq!(codes, ["CG-000002", "CG-000003"]);
    for code in codes {
        let token = officer
            .send(Method::POST, &format!("/api/v1/experts/{code}/confirmation-link"), &[], None)
            .await
            .expect(201)["token"]
            .clone();
        app.nobody().post("/api/v1/confirmations/open", &json!({ "token": token })).await.expect(200);
        let body = json!({ "token": token, "profile": { "position": "Chuyên viên chính" } });
        app.nobody().post("/api/v1/confirmations/accept", &body).await.expect(200);
        assert_eq!(officer.get(&format!("/api/v1/experts/{code}")).await.expect(200)["position"], "Chuyên viên chính");
    }
    assert!(listed(&officer, stale, "code").await.is_empty());
}
