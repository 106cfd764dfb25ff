//! `GET /associations/export`.

use reqwest::Method;
use serde_json::json;

use super::{PATH, at, enter, officer, term};
use crate::support::TestApp;

#[tokio::test]
async fn the_register_is_open_data_in_three_forms() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let form = json!({ "name": "=Hội \"Chè\", tỉnh", "main_field": "401", "headquarters": "@Số 1", "phone": "+84 207 3822 000" });
    let made = enter(&caller, "A", form).await;
    term(&caller, &made, "2024-01-01", "2028-12-31").await.expect(201);
    officer(&caller, &made, "Nông Văn Mẫu", "president", json!({})).await.expect(201);
    let json = app.nobody().get(&format!("{PATH}/export")).await;
    let (etag, cache) = (json.header("etag"), json.header("cache-control"));
    assert!(cache.starts_with("public"), "{cache}");
    let json = json.expect(200);
    let row = json["associations"].as_array().unwrap().iter().find(|row| row["code"] == "A").unwrap().clone();
    assert_eq!(
        (&row["status"], &row["main_field"], &row["term"]),
        (&json!("active"), &json!("BKHCN-2008:401"), &json!(1))
    );
    assert_eq!(row["officers"][0]["full_name"], "Nông Văn Mẫu");
    let again = app.nobody().send(Method::GET, &format!("{PATH}/export"), &[("if-none-match", &etag)], None).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
    let csv = app.nobody().get(&format!("{PATH}/export?format=csv")).await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains(".csv") && csv.header("etag") != etag);
    let line = csv.text.lines().find(|line| line.starts_with("A,")).expect("a line").to_owned();
    assert!(line.contains("\"'=Hội \"\"Chè\"\", tỉnh\"") && line.contains("'@Số 1") && line.contains("'+84"), "{line}");
    assert!(line.contains("Chủ tịch: Nông Văn Mẫu"), "{line}");
    let url = format!("http://{}{PATH}/export", app.address);
    let bytes = app.client.get(format!("{url}?format=csv")).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(&bytes[..3], [0xEF, 0xBB, 0xBF], "Excel reads Vietnamese by the mark");
    let xlsx = async || app.client.get(format!("{url}?format=xlsx")).send().await.unwrap().bytes().await.unwrap();
    let first = xlsx().await;
    assert_eq!(&first[..2], b"PK");
    assert_eq!(first, xlsx().await, "the same register makes the same bytes");
    caller.patch(&at(&made, ""), "*", &json!({ "website": "https://hoi.example" })).await.expect(200);
    assert_ne!(app.nobody().get(&format!("{PATH}/export")).await.header("etag"), etag);
    app.nobody().get(&format!("{PATH}/export?format=pdf")).await.problem(400);
    let then = app.nobody().get(&format!("{PATH}/export?as_of=2009-12-31")).await.expect(200);
    assert!(!then.to_string().contains("\"A\""), "not there yet");
}

#[tokio::test]
async fn a_term_ends_as_was_known_on_the_day() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    let term = term(&caller, &made, "2020-01-01", "2024-12-31").await.expect(201);
    let extension = json!({ "until": "2025-06-30", "document": { "number": "9/QĐ-UBND", "date": "2024-11-15" } });
    let path = at(&made, &format!("/terms/{}/extend", crate::support::bank::text(&term["id"])));
    caller.send(Method::POST, &path, &[("if-match", "*")], Some(&extension)).await.expect(200);
    for (day, end) in [("2024-11-14", "2024-12-31"), ("2024-11-15", "2025-06-30")] {
        let export = app.nobody().get(&format!("{PATH}/export?as_of={day}")).await.expect(200);
        let row = export["associations"].as_array().unwrap().iter().find(|row| row["code"] == "A").unwrap().clone();
        assert_eq!(row["term_to"], end, "{day}");
        let terms = app.nobody().get(&at(&made, &format!("/terms?as_of={day}"))).await.expect(200);
        assert_eq!(terms["items"][0]["ends_on"], end, "{day}");
    }
}
