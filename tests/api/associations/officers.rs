//! Officers: who was president on this date, and who may know which expert that is.

use reqwest::Method;
use serde_json::{Value, json};

use super::{at, enter, fault, officer, term};
use crate::support::TestApp;
use crate::support::bank::{decide, enter_named, listed, text};
use crate::support::people::{at_once, execute, request};

#[tokio::test]
async fn the_president_of_a_day_is_known() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    term(&caller, &made, "2016-01-01", "2020-12-31").await.expect(201);
    term(&caller, &made, "2021-01-01", "2025-12-31").await.expect(201);
    let first =
        officer(&caller, &made, "Nông Văn Mẫu", "president", json!({ "term": 1, "concurrent_post": "Giám đốc Sở" }))
            .await;
    let first = first.expect(201);
    officer(&caller, &made, "Lý Thị Mẫu", "vice_president", json!({ "term": 1 })).await.expect(201);
    officer(&caller, &made, "Ma Thị Thử", "president", json!({ "term": 2 })).await.expect(201);
    let on = async |day: &str| {
        listed(&app.nobody(), &at(&made, &format!("/officers?on={day}&position=president")), "full_name").await
    };
    for (day, name) in [
        ("2016-01-01", vec!["Nông Văn Mẫu"]),
        ("2020-12-31", vec!["Nông Văn Mẫu"]),
        ("2021-01-01", vec!["Ma Thị Thử"]),
        ("2026-01-01", vec![]),
    ] {
        assert_eq!(on(day).await, name, "{day}");
    }
    let all = at(&made, "/officers?on=2018-01-01");
    assert_eq!(listed(&app.nobody(), &all, "position").await, ["president", "vice_president"], "the highest first");
    assert_eq!(listed(&app.nobody(), &at(&made, "/officers?term=2"), "full_name").await, ["Ma Thị Thử"]);
    // a second president at once, and the way to a new one
    let again = officer(&caller, &made, "Vàng A Thử", "president", json!({ "from": "2018-06-01" })).await;
    assert_eq!(fault(again), ("/position".into(), "two_presidents".into(), true));
    let path = at(&made, &format!("/officers/{}", text(&first["id"])));
    caller.patch(&path, "*", &json!({ "to": "2018-05-31" })).await.expect(200);
    officer(&caller, &made, "Vàng A Thử", "president", json!({ "from": "2018-06-01" })).await.expect(201);
    assert_eq!(on("2018-06-01").await, ["Vàng A Thử"]);
    let back = caller.patch(&path, "*", &json!({ "to": "2018-06-01" })).await;
    assert_eq!(fault(back), ("/position".into(), "two_presidents".into(), true));
    // the database holds it by itself
    let sql = format!("UPDATE association_officers SET valid_to = '2018-06-01' WHERE id = '{}'", text(&first["id"]));
    assert!(execute(&app, &sql).await.unwrap_err().contains("association_officers_president"));
    app.nobody().get(&at(&made, "/officers?on=1990-01-01")).await.problem(422);
}

#[tokio::test]
async fn of_two_presidents_at_once_there_is_one() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    term(&caller, &made, "2024-01-01", "2028-12-31").await.expect(201);
    let elect = |name: &str| {
        let body = json!({ "full_name": name, "position": "president", "term": 1 });
        request(&caller, Method::POST, &at(&made, "/officers"), Some(&body))
    };
    let mut statuses = at_once(vec![elect("Nông Văn Mẫu"), elect("Ma Thị Thử")]).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    let path = at(&made, "/officers?on=2025-01-01&position=president");
    assert_eq!(listed(&app.nobody(), &path, "full_name").await.len(), 1);
}

#[tokio::test]
async fn who_was_entered_by_mistake_is_corrected_or_removed() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    term(&caller, &made, "2024-01-01", "2028-12-31").await.expect(201);
    let expert = enter_named(&caller, "Kpă Công Khai").await;
    let entered = officer(&caller, &made, "Kpă Công Khai", "president", json!({ "term": 1 })).await.expect(201);
    let path = at(&made, &format!("/officers/{}", text(&entered["id"])));
    let patch = json!({ "expert": expert["code"], "document": { "number": "7/QĐ-LHH" } });
    let new = caller.patch(&path, "*", &patch).await.expect(200);
    assert_eq!(
        (&new["expert"]["id"], &new["document"]["number"]["text"], &new["full_name"]),
        (&expert["id"], &json!("7/QĐ-LHH"), &entered["full_name"])
    );
    let new = caller.patch(&path, "*", &json!({ "expert": null, "document": null })).await.expect(200);
    assert_eq!((&new["expert"], &new["document"]), (&Value::Null, &Value::Null));
    assert_eq!(caller.patch(&path, "*", &json!({ "expert": "CG-999999" })).await.places(422), ["/expert"]);
    caller.send(Method::DELETE, &path, &[("if-match", "\"1\"")], None).await.problem(412);
    caller.send(Method::DELETE, &path, &[("if-match", "*")], None).await.expect(204);
    caller.send(Method::DELETE, &path, &[("if-match", "*")], None).await.problem(404);
    assert!(listed(&app.nobody(), &at(&made, "/officers"), "id").await.is_empty());
    officer(&caller, &made, "Ma Thị Thử", "president", json!({ "term": 1 })).await.expect(201);
    let events = app.sql("SELECT count(*)::text FROM audit_events WHERE action = 'associations.remove_officer'").await;
    assert_eq!(events, "1");
}

#[tokio::test]
async fn an_officer_is_public_and_a_hidden_expert_is_not() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    term(&caller, &made, "2024-01-01", "2028-12-31").await.expect(201);
    let hidden = enter_named(&caller, "Kpă Ẩn Danh").await;
    let public = enter_named(&caller, "Kpă Công Khai").await;
    for purpose in ["listing", "public_profile"] {
        decide(&caller, &public, purpose, true).await;
    }
    for (expert, position) in [(&hidden, "president"), (&public, "vice_president")] {
        let body = json!({ "expert": expert["code"], "position": position });
        let entered = caller.post(&at(&made, "/officers"), &body).await.expect(201);
        assert_eq!((&entered["full_name"], &entered["expert"]["id"]), (&expert["full_name"], &expert["id"]));
    }
    let agency = app.sign_in("agency").await;
    for who in [app.nobody(), agency] {
        for path in ["/officers", ""] {
            let seen = who.get(&at(&made, path)).await.expect(200);
            let officers = if path.is_empty() { &seen["officers"] } else { &seen["items"] };
            let of = |position: &str| {
                officers.as_array().unwrap().iter().find(|o| o["position"] == position).unwrap().clone()
            };
            assert_eq!(
                (&of("president")["full_name"], &of("president")["expert"]),
                (&json!("Kpă Ẩn Danh"), &Value::Null)
            );
            assert_eq!(of("vice_president")["expert"]["code"], public["code"]);
            assert!(
                !seen.to_string().contains(text(&hidden["id"])) && !seen.to_string().contains(text(&hidden["code"]))
            );
        }
    }
    for format in ["json", "csv"] {
        let export = app.nobody().get(&format!("/api/v1/associations/export?format={format}")).await;
        assert!(export.text.contains("Kpă Ẩn Danh") && !export.text.contains(text(&hidden["code"])), "{format}");
    }
    let nobody = json!({ "expert": "CG-999999", "position": "president" });
    assert_eq!(caller.post(&at(&made, "/officers"), &nobody).await.places(422), ["/expert"]);
    assert_eq!(
        caller.post(&at(&made, "/officers"), &json!({ "position": "president" })).await.places(422),
        ["/full_name"]
    );
}
