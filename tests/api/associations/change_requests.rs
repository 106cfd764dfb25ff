//! Change requests: an association proposes, the Union decides.

use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, enter, fault};
use crate::support::TestApp;
use crate::support::bank::{listed, text};

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
    // a second president: the rule is asked when it is accepted, and nothing of it is done
    let form = json!({ "changes": { "note": "đổi" }, "officers": [{ "full_name": "Bàn Thị Dụ", "position": "president" }], "reason": "x" });
    let filed = own.post(&format!("{OWN}/change-requests"), &form).await.expect(201);
    let path = format!("/api/v1/change-requests/{}", text(&filed["id"]));
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
