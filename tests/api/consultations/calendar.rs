//! The calendar of working days.

use expert_bank::kernel::sheet::Sheet;
use expert_bank::reference::load::holidays;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

const PATH: &str = "/api/v1/calendar";

async fn put(caller: &Caller<'_>, year: &str, etag: &str, days: Value) -> Answer {
    caller.send(Method::PUT, &format!("{PATH}/{year}"), &[("if-match", etag)], Some(&json!({ "days": days }))).await
}

#[tokio::test]
async fn everybody_reads_it_and_a_year_without_entries_is_said() {
    let app = TestApp::start().await;
    let years = app.nobody().get(PATH).await.expect(200);
    let told: Vec<Value> = years["items"].as_array().unwrap().iter().map(|y| json!([y["year"], y["status"]])).collect();
    assert_eq!(json!(told), json!([[2025, "announced"], [2026, "provisional"], [2027, "provisional"]]));
    let year = app.nobody().get(&format!("{PATH}/2026")).await.expect(200);
    assert_eq!((&year["working_days"], &year["calendar"]["complete"]), (&json!(249), &json!(false)));
    assert_eq!(year["calendar"]["provisional_years"], json!([2026]));
    let tet = year["days"].as_array().unwrap().iter().filter(|day| day["name"] == "Tết Nguyên đán").count();
    assert_eq!(tet, 5);
    let unknown = app.nobody().send(Method::GET, &format!("{PATH}/2028"), &[("accept-language", "en")], None).await;
    let unknown = unknown.expect(200);
    assert_eq!((&unknown["calendar"]["unknown_years"], &unknown["days"]), (&json!([2028]), &json!([])));
    assert!(text(&unknown["calendar"]["note"]).contains("not known"));
    for year in ["1989", "2200", "x", "-1"] {
        app.nobody().get(&format!("{PATH}/{year}")).await.problem(404);
    }
}

#[tokio::test]
async fn officers_and_the_admin_enter_a_year_and_loads_leave_it_alone() {
    let app = TestApp::start().await;
    let (admin, officer) = (app.sign_in("admin").await, app.sign_in("union_officer").await);
    let days = json!([
        { "date": "2028-01-03", "kind": "off", "name": "nghỉ bù" },
        { "date": "2028-01-08", "kind": "work", "name": "làm bù", "provisional": true },
    ]);
    for role in ["agency", "auditor", "expert"] {
        put(&app.sign_in(role).await, "2028", "*", days.clone()).await.problem(403);
    }
    let read = officer.get(&format!("{PATH}/2028")).await.header("etag");
    let answer = put(&officer, "2028", &read, days.clone()).await;
    let etag = answer.header("etag");
    let made = answer.expect(200);
    assert_eq!(made["days"][1], json!({ "date": "2028-01-08", "kind": "work", "name": "làm bù", "provisional": true }));
    put(&admin, "2028", &read, days.clone()).await.problem(412);
    put(&admin, "2028", &etag, json!([{ "date": "2028-01-03", "kind": "off", "name": "nghỉ bù" }])).await.expect(200);
    let events = app.sign_in("auditor").await.get("/api/v1/audit-events?action=calendar.manage").await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 2);
    let file = "date,kind,name,status\n2028-01-03,off,khác,\n2028-01-04,off,thêm,\n2029-01-01,off,Tết,\n";
    let loaded = holidays(&app.state, &Sheet::built_in("holidays.csv", file)).await.unwrap();
    assert_eq!(loaded.changed, 1, "only the year that nobody entered here");
    // a year that is announced for other days: what was provisional is taken back
    let announced = "date,kind,name,status\n2029-01-02,off,Tết,\n";
    let loaded = holidays(&app.state, &Sheet::built_in("holidays.csv", announced)).await.unwrap();
    assert_eq!(loaded.changed, 2, "one came, one went");
    let year = officer.get(&format!("{PATH}/2029")).await.expect(200);
    assert_eq!(year["days"], json!([{ "date": "2029-01-02", "kind": "off", "name": "Tết", "provisional": false }]));
    let year = officer.get(&format!("{PATH}/2028")).await.expect(200);
    assert_eq!(year["days"], json!([{ "date": "2028-01-03", "kind": "off", "name": "nghỉ bù", "provisional": false }]));
    for (days, place) in [
        (json!([{ "date": "2029-01-01", "kind": "off", "name": "x" }]), "/days/0/date"),
        (json!([{ "date": "2028-01-05", "kind": "work", "name": "x" }]), "/days/0/date"),
        (json!([{ "date": "2028-01-05", "kind": "off", "name": "" }]), "/days/0/name"),
        (json!([{ "date": "2028-01-05", "kind": "half", "name": "x" }]), "/days/0/kind"),
    ] {
        assert_eq!(put(&admin, "2028", "*", days.clone()).await.places(422), [place], "{days}");
    }
}
