//! `GET /associations/alerts`.

use expert_bank::reference::load_settings::load as load_settings;
use serde_json::{Value, json};

use super::{PATH, at, enter, term, verb};
use crate::fields::TempFile;
use crate::support::bank::text;
use crate::support::{Caller, TestApp};

async fn of(caller: &Caller<'_>, code: &str, as_of: &str) -> Vec<Value> {
    let page = caller.get(&format!("{PATH}/alerts?limit=100&as_of={as_of}")).await.expect(200);
    let items = page["items"].as_array().unwrap().clone();
    items.into_iter().filter(|item| item["association"]["code"] == code).collect()
}

fn kinds(alerts: &[Value]) -> Vec<&str> {
    alerts.iter().map(|alert| text(&alert["kind"])).collect()
}

#[tokio::test]
async fn every_alert_names_its_law() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({ "main_field": "30231" })).await;
    term(&officer, &made, "2021-12-28", "2026-12-27").await.expect(201);
    assert_eq!(kinds(&of(&officer, "A", "2021-12-27").await), ["no_term", "no_report", "members_unknown"]);
    assert_eq!(kinds(&of(&officer, "A", "2026-06-29").await), ["no_report", "members_unknown"]);
    let soon = of(&officer, "A", "2026-06-30").await;
    assert_eq!(kinds(&soon), ["term_ends_soon", "no_report", "members_unknown"]);
    assert_eq!(soon[0]["due"], "2026-12-27");
    for year in [2024, 2025] {
        officer.post(&at(&made, "/reports"), &json!({ "year": year, "received_on": "2026-01-05" })).await.expect(201);
    }
    assert!(kinds(&of(&officer, "A", "2026-01-04").await).contains(&"no_report"), "they came a day later");
    assert!(!kinds(&of(&officer, "A", "2026-01-05").await).contains(&"no_report"));
    let counts = json!({ "year": 2026, "counts": [{ "kind": "official_individual", "total": 49 }, { "kind": "honorary", "total": 90 }] });
    officer
        .send(reqwest::Method::PUT, &at(&made, "/member-counts"), &[("if-match", "*")], Some(&counts))
        .await
        .expect(200);
    enter(&officer, "B", json!({ "main_field": "30231", "valid_from": "2026-06-01" })).await;
    let all = of(&officer, "A", "2026-12-28").await;
    assert_eq!(kinds(&all), ["term_over", "too_few_members", "field_doubled"]);
    assert_eq!(
        (&all[1]["found"], &all[1]["required"], &all[2]["others"][0]["code"]),
        (&json!(49), &json!(50), &json!("B"))
    );
    for alert in &all {
        assert!(text(&alert["legal_reference"]).contains("126/2024"), "{alert}");
    }
    assert!(
        text(&of(&officer, "A", "2016-01-01").await[0]["legal_reference"]).contains("45/2010"),
        "the law of the day"
    );
    let body = json!({ "until": "2026-06-30", "effective_on": "2026-01-01" });
    verb(&officer, &made, "suspend", &body).await.expect(200);
    assert!(!kinds(&of(&officer, "A", "2026-06-30").await).contains(&"suspension_over"));
    assert!(kinds(&of(&officer, "A", "2026-07-01").await).contains(&"suspension_over"));
}

#[tokio::test]
async fn a_rule_is_changed_by_a_dated_setting() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    term(&officer, &made, "2021-12-28", "2026-12-27").await.expect(201);
    let csv = "name,valid_from,value,legal_reference\n\
        association_term_alert_days,2026-03-01,365,Luật về Hội\n\
        association_term_max_years,2027-01-01,4,Luật về Hội\n";
    load_settings(&app.state, &TempFile::new(csv.as_bytes()).sheet()).await.unwrap();
    assert_eq!(kinds(&of(&officer, "A", "2026-02-28").await), ["no_report", "members_unknown"]);
    let alert = of(&officer, "A", "2026-03-01").await.remove(0);
    assert_eq!((&alert["kind"], &alert["legal_reference"]), (&json!("term_ends_soon"), &json!("Luật về Hội")));
    let longer = term(&officer, &made, "2027-01-01", "2031-12-31").await.problem(422);
    assert_eq!(longer["errors"][0]["legal_reference"], "Luật về Hội");
    for (row, column) in [
        ("association_min_members,2027-01-01,5,\n", "value"),
        ("association_min_members,2027-01-01,\"{\"\"country\"\": 5}\",\n", "value"),
        ("association_term_max_years,2027-01-01,0,\n", "value"),
        ("association_colour,2027-01-01,0,\n", "name"),
    ] {
        let file = TempFile::new(format!("name,valid_from,value,legal_reference\n{row}").as_bytes());
        let error = load_settings(&app.state, &file.sheet()).await.unwrap_err().to_string();
        assert!(error.contains(&format!("column {column}")), "{row}: {error}");
    }
}

#[tokio::test]
async fn an_association_sees_its_own_and_pages_show_each_once() {
    let app = TestApp::start().await;
    let own = app.sign_in("association").await;
    let page = own.get(&format!("{PATH}/alerts?limit=100&as_of=2031-01-01")).await.expect(200);
    let codes: Vec<&str> =
        page["items"].as_array().unwrap().iter().map(|item| text(&item["association"]["code"])).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| *code == "HLN-DEMO"), "{codes:?}");
    let auditor = app.sign_in("auditor").await;
    let all = auditor.get(&format!("{PATH}/alerts?limit=100&as_of=2031-01-01")).await.expect(200);
    let (mut seen, mut path) = (Vec::new(), format!("{PATH}/alerts?limit=7&as_of=2031-01-01"));
    loop {
        let page = auditor.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{PATH}/alerts?limit=7&as_of=2031-01-01&cursor={cursor}");
    }
    assert_eq!(json!(seen), all["items"]);
    let reports = auditor.get(&format!("{PATH}/alerts?kind=no_report&as_of=2031-01-01")).await.expect(200);
    assert!(reports["items"].as_array().unwrap().iter().all(|item| item["kind"] == "no_report"));
    app.nobody().get(&format!("{PATH}/alerts")).await.problem(401);
    app.sign_in("agency").await.get(&format!("{PATH}/alerts")).await.problem(403);
}
