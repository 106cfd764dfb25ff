//! Change requests: an association proposes, the Union decides.

use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, enter, fault};
use crate::support::TestApp;
use crate::support::bank::{decide, enter_named, listed, path, text};

const OWN: &str = "/api/v1/associations/HLN-DEMO";

#[tokio::test]
async fn what_is_accepted_is_done_and_what_is_rejected_is_not() {
    let app = TestApp::start().await;
    let own = app.sign_in("association").await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({
        "changes": { "name_en": "Forestry Association", "note": "theo nghị quyết" },
        "officers": [{ "full_name": "Quan Văn Dụ", "position": "inspection_member" }],
        "reason": "Nghị quyết số 3",
    });
    let first = own.post(&format!("{OWN}/change-requests"), &form).await;
    let location = first.header("location");
    let first = first.expect(201);
    assert_eq!((&first["state"], &first["changes"]), (&json!("open"), &form["changes"]));
    assert_eq!(own.get(&location).await.expect(200)["id"], first["id"]);
    assert_eq!(app.nobody().get(OWN).await.expect(200)["name_en"], "Provincial Forestry Science Association (demo)");
    own.send(Method::POST, &format!("{location}/accept"), &[("if-match", "*")], None).await.problem(403);
    let accepted =
        officer.send(Method::POST, &format!("{location}/accept"), &[("if-match", "\"1\"")], None).await.expect(200);
    assert_eq!(accepted["state"], "accepted");
    let now = app.nobody().get(OWN).await.expect(200);
    assert_eq!(now["name_en"], "Forestry Association");
    assert!(now["officers"].to_string().contains("Quan Văn Dụ"));
    officer
        .send(Method::POST, &format!("{location}/reject"), &[("if-match", "*")], Some(&json!({ "reason": "x" })))
        .await
        .problem(409);
    let second = own
        .post(&format!("{OWN}/change-requests"), &json!({ "changes": { "kind": "union" }, "reason": "x" }))
        .await
        .expect(201);
    let path = format!("/api/v1/change-requests/{}", text(&second["id"]));
    let reject = async |body: Value| {
        officer.send(Method::POST, &format!("{path}/reject"), &[("if-match", "*")], Some(&body)).await
    };
    assert_eq!(reject(json!({})).await.places(422), ["/reason"]);
    reject(json!({ "reason": "Chưa có quyết định" })).await.expect(200);
    let seen = own.get(&path).await.expect(200);
    assert_eq!((&seen["state"], &seen["decision_reason"]), (&json!("rejected"), &json!("Chưa có quyết định")));
    assert_eq!(app.nobody().get(OWN).await.expect(200)["kind"], "association");
    assert_eq!(listed(&own, "/api/v1/change-requests", "state").await, ["rejected", "accepted"]);
    assert_eq!(listed(&officer, "/api/v1/change-requests?state=open", "id").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_request_keeps_the_rules_and_stays_ones_own() {
    let app = TestApp::start().await;
    let own = app.sign_in("association").await;
    let officer = app.sign_in("union_officer").await;
    for (form, place) in [
        (json!({ "reason": "x" }), "/changes"),
        (json!({ "changes": { "note": "x" }, "reason": " " }), "/reason"),
        (json!({ "changes": { "tax_code": "1" }, "reason": "x" }), "/changes/tax_code"),
        (json!({ "changes": { "status": "active" }, "reason": "x" }), "/changes/status"),
    ] {
        assert_eq!(own.post(&format!("{OWN}/change-requests"), &form).await.places(422), [place], "{form}");
    }
    // the president resigns, another is proposed; before it is accepted, the Union enters a third: nothing of it is done
    let before = app.nobody().get(OWN).await.expect(200);
    let sql = format!(
        "DELETE FROM association_officers WHERE position = 'president' AND organisation_id = '{}'",
        text(&before["id"])
    );
    crate::support::bank::change(&app, &sql).await;
    let form = json!({ "changes": { "note": "đổi" }, "officers": [{ "full_name": "Bàn Thị Dụ", "position": "president" }], "reason": "x" });
    let filed = own.post(&format!("{OWN}/change-requests"), &form).await.expect(201);
    let path = format!("/api/v1/change-requests/{}", text(&filed["id"]));
    super::officer(&officer, &before, "Ma Thị Dụ", "president", json!({})).await.expect(201);
    let accepted = officer.send(Method::POST, &format!("{path}/accept"), &[("if-match", "*")], None).await;
    assert_eq!(fault(accepted), ("/officers/0/position".into(), "two_presidents".into(), true));
    assert_eq!(own.get(&path).await.expect(200)["state"], "open");
    assert_ne!(app.nobody().get(OWN).await.expect(200)["note"], "đổi");
    // another association's office does not see it
    let other = enter(&officer, "B", json!({})).await;
    let sql = format!("UPDATE accounts SET organisation_id = '{}' WHERE username = 'association'", text(&other["id"]));
    crate::support::bank::change(&app, &sql).await;
    own.get(&path).await.problem(404);
    assert_eq!(listed(&own, "/api/v1/change-requests", "id").await, Vec::<String>::new());
    own.patch(OWN, "*", &json!({ "phone": "0207 3822 444" })).await.problem(404);
    app.nobody().get(&path).await.problem(401);
    assert_eq!(app.nobody().get(&format!("{PATH}/B")).await.expect(200)["code"], "B");
}

#[tokio::test]
async fn what_can_be_filed_can_be_accepted() {
    let app = TestApp::start().await;
    let own = app.sign_in("association").await;
    let officer = app.sign_in("union_officer").await;
    let president = json!({ "full_name": "Bàn Thị Dụ", "position": "president" });
    let member = |more: Value| {
        let mut form = json!({ "full_name": "Bàn Thị Dụ", "position": "inspection_member" });
        form.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        form
    };
    for (changes, officers, place) in [
        (json!({}), json!([president]), "/officers/0/position"),
        (json!({}), json!([member(json!({})), member(json!({}))]), "/officers/1/position"),
        (json!({}), json!([member(json!({ "term": 77 }))]), "/officers/0/term"),
        (json!({}), json!([member(json!({ "from": "2026-05-01", "to": "2026-04-01" }))]), "/officers/0/to"),
        (json!({}), json!([member(json!({ "expert": "CG-999999" }))]), "/officers/0/expert"),
        (json!({ "main_field": "9999" }), json!([]), "/changes/main_field"),
        (json!({ "name": null }), json!([]), "/changes/name"),
        (json!({ "province": "Atlantis" }), json!([]), "/changes/province"),
        (json!({ "valid_from": "0800-01-01" }), json!([]), "/changes/valid_from"),
    ] {
        let form = json!({ "changes": changes, "officers": officers, "reason": "x" });
        let places = own.post(&format!("{OWN}/change-requests"), &form).await.places(422);
        assert_eq!(places.first().map(String::as_str), Some(place), "{form}");
    }
    assert_eq!(listed(&own, "/api/v1/change-requests", "id").await, Vec::<String>::new());
    // trying it out leaves nothing behind
    let before = officer.get(OWN).await.expect(200);
    let changes = json!({ "name": "Hội Mới", "main_field": "404", "province": "08" });
    let form = json!({ "changes": changes, "officers": [member(json!({}))], "reason": "x" });
    let filed = own.post(&format!("{OWN}/change-requests"), &form).await.expect(201);
    assert_eq!(officer.get(OWN).await.expect(200), before);
    let path = format!("/api/v1/change-requests/{}/accept", text(&filed["id"]));
    officer.send(Method::POST, &path, &[("if-match", "*")], None).await.expect(200);
    assert_eq!(app.nobody().get(OWN).await.expect(200)["name"], "Hội Mới");
}

#[tokio::test]
async fn a_request_publishes_no_hidden_expert() {
    let app = TestApp::start().await;
    let own = app.sign_in("association").await;
    let officer = app.sign_in("union_officer").await;
    let hidden = enter_named(&officer, "Kpă Ẩn Danh").await;
    let form = |expert: &Value| json!({ "officers": [{ "expert": expert["code"], "position": "inspection_member" }], "reason": "x" });
    let refused = own.post(&format!("{OWN}/change-requests"), &form(&hidden)).await.problem(422);
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/officers/0/expert"), &json!("unknown_reference"))
    );
    let public = enter_named(&officer, "Kpă Công Khai").await;
    for purpose in ["listing", "public_profile"] {
        decide(&officer, &public, purpose, true).await;
    }
    let filed = own.post(&format!("{OWN}/change-requests"), &form(&public)).await.expect(201);
    assert_eq!(filed["officers"][0]["full_name"], "Kpă Công Khai");
    // another name, and hidden, since it was filed
    officer.patch(&path(&public), "*", &json!({ "full_name": "Kpă Đổi Tên" })).await.expect(200);
    decide(&officer, &public, "public_profile", false).await;
    let accept = format!("/api/v1/change-requests/{}/accept", text(&filed["id"]));
    let accepted = officer.send(Method::POST, &accept, &[("if-match", "*")], None).await.expect(200);
    assert!(!accepted.to_string().contains("Đổi Tên"), "{accepted}");
    let seen = app.nobody().get(OWN).await.expect(200)["officers"].to_string();
    assert!(seen.contains("Kpă Công Khai") && !seen.contains("Đổi Tên"), "{seen}");
    assert!(!seen.contains(text(&public["code"])), "{seen}");
}
