//! `GET /experts/{key}/history`.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::bank::{change, decide, enter, path, text};

fn history(expert: &Value) -> String {
    format!("{}/history", path(expert))
}

/// The change of a field in the latest event that has it.
fn latest(page: &Value, field: &str) -> Value {
    let entries = page["items"].as_array().unwrap();
    let changes = entries.iter().flat_map(|entry| entry["changes"].as_array().unwrap());
    changes.into_iter().find(|change| change["field"] == field).unwrap_or_else(|| panic!("{field}: {page}")).clone()
}

#[tokio::test]
async fn every_kind_of_change_is_there_the_latest_first_with_old_and_new() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let me = officer.get("/api/v1/me").await.expect(200);
    let body = json!({ "full_name": "Kpă Văn Mẫu", "position": "Phó phòng", "email": "kpa.mau@chuyengia.example" });
    let expert = enter(&officer, &body).await;
    officer.patch(&path(&expert), "*", &json!({ "position": "Trưởng phòng" })).await.expect(200);
    decide(&officer, &expert, "agency_search", true).await;
    decide(&officer, &expert, "agency_search", false).await;
    let place = |name: &str| format!("{}/{name}", path(&expert));
    let publication = officer.post(&place("publications"), &json!({ "title": "Rừng" })).await.expect(201);
    let one = format!("{}/{}", place("publications"), text(&publication["id"]));
    officer.patch(&one, "*", &json!({ "title": "Rừng đá" })).await.expect(200);
    let away = json!({ "kind": "unavailable", "from": "2026-03-01", "note": "Ốm" });
    officer.post(&place("availability"), &away).await.expect(201);

    let page = officer.get(&history(&expert)).await.expect(200);
    let entries = page["items"].as_array().unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| text(&entry["action"])).collect();
    let updates = ["experts.update"; 3];
    assert_eq!(actions[..3], updates);
    assert_eq!(actions[3..], ["consents.withdraw", "consents.give", "experts.update", "experts.create"]);
    assert!(entries.is_sorted_by(|one, two| text(&one["at"]) >= text(&two["at"])));
    for entry in entries {
        let actor = json!({ "kind": "account", "role": "union_officer", "id": me["id"] });
        assert_eq!(entry["actor"], actor);
    }
    let position = json!({ "field": "position", "shown": "values", "old": "Phó phòng", "new": "Trưởng phòng" });
    assert_eq!(latest(&page, "position"), position);
    assert_eq!(latest(&page, "agency_search"), json!({ "field": "agency_search", "shown": "values", "new": false }));
    assert_eq!(latest(&page, "document")["new"], "Phiếu số 1");
    let titles = |list: &Value| list[0]["title"].clone();
    let publications = latest(&page, "publications");
    assert_eq!((titles(&publications["old"]), titles(&publications["new"])), (json!("Rừng"), json!("Rừng đá")));
    assert_eq!(latest(&page, "availability")["new"]["note"], "Ốm");
    assert_eq!(latest(&page, "email"), json!({ "field": "email", "shown": "withheld" }));
    assert!(!page.to_string().contains("kpa.mau"), "restricted values are never shown");
}

#[tokio::test]
async fn restricted_values_are_shown_to_nobody() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = app.sign_in("expert").await;
    let me = expert.get("/api/v1/me").await.expect(200);
    let own = json!({ "id": me["expert_id"] });
    let patch = json!({ "email": "bi.mat@chuyengia.example", "phone": "0600999888", "date_of_birth": "1968-11-23" });
    officer.patch(&path(&own), "*", &patch).await.expect(200);
    for account in ["expert", "union_officer", "union_leader", "auditor"] {
        let page = app.sign_in(account).await.get(&history(&own)).await;
        for secret in ["bi.mat", "0600999888", "1968-11-23", "127.0.0.1"] {
            assert!(!page.text.contains(secret), "{account} sees {secret}");
        }
        let page = page.expect(200);
        for field in ["email", "phone", "date_of_birth"] {
            assert_eq!(latest(&page, field), json!({ "field": field, "shown": "withheld" }), "{account}");
        }
    }
    assert_eq!(app.sql("SELECT count(*) FROM disclosures").await, "0", "nothing was disclosed");
}

#[tokio::test]
async fn a_person_reads_their_own_without_the_accounts_of_others() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = app.sign_in("expert").await;
    let me = expert.get("/api/v1/me").await.expect(200);
    let own = json!({ "id": me["expert_id"] });
    officer.patch(&path(&own), "*", &json!({ "position": "Một" })).await.expect(200);
    expert.patch(&path(&own), "*", &json!({ "position": "Hai" })).await.expect(200);
    let page = expert.get(&format!("{}?limit=2", history(&own))).await.expect(200);
    assert_eq!(page["items"][0]["actor"], json!({ "kind": "account", "role": "expert", "id": me["id"] }));
    assert_eq!(page["items"][1]["actor"], json!({ "kind": "account", "role": "union_officer" }));
    let other = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
    decide(&officer, &other, "public_profile", true).await;
    expert.get(&history(&other)).await.problem(404);
    for account in ["association", "agency", "science_dept", "admin"] {
        app.sign_in(account).await.get(&history(&other)).await.problem(403);
    }
    app.nobody().get(&history(&other)).await.problem(401);
}

#[tokio::test]
async fn the_auditor_reads_all_but_what_is_for_the_union_and_the_person() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
    let away = json!({ "kind": "unavailable", "from": "2026-03-01", "note": "Ốm" });
    officer.post(&format!("{}/availability", path(&expert)), &away).await.expect(201);
    let page = app.sign_in("auditor").await.get(&history(&expert)).await.expect(200);
    assert_eq!(latest(&page, "availability"), json!({ "field": "availability", "shown": "withheld" }));
    assert_eq!(latest(&page, "full_name")["new"], "Kpă Văn Mẫu");
}

#[tokio::test]
async fn it_is_paged_and_outlives_its_values() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
    for n in 0..5 {
        officer.patch(&path(&expert), "*", &json!({ "position": format!("Bậc {n}") })).await.expect(200);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = officer.get(&format!("{}?limit=2{cursor}", history(&expert))).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|entry| text(&entry["id"]).to_owned()));
        let Some(next) = page.get("next_cursor") else { break };
        cursor = format!("&cursor={}", text(next));
    }
    assert_eq!(seen.len(), 6);
    assert!(seen.is_sorted_by(|one, two| one > two), "each once, the latest first");
    for (query, place) in [("limit=0", "/limit"), ("cursor=x", "/cursor"), ("q=x", "/q")] {
        assert_eq!(officer.get(&format!("{}?{query}", history(&expert))).await.places(400), [place]);
    }
    change(&app, "DELETE FROM audit_details").await;
    let page = officer.get(&history(&expert)).await.expect(200);
    assert_eq!(latest(&page, "position"), json!({ "field": "position", "shown": "not_kept" }));
    officer.get("/api/v1/experts/CG-999999/history").await.problem(404);
}

#[tokio::test]
async fn a_province_is_told_by_its_name() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "province": "Lào Cai" })).await;
    officer.patch(&path(&expert), "*", &json!({ "province": "Tuyên Quang" })).await.expect(200);
    let latest = officer.get(&format!("{}/history?limit=1", path(&expert))).await.expect(200)["items"][0].clone();
    assert_eq!(
        latest["changes"],
        json!([{ "field": "province", "shown": "values", "old": "Lào Cai", "new": "Tuyên Quang" }])
    );
}
