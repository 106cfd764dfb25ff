//! The clock over HTTP: Tết, suspensions, completion, late ones; and lists that agree with what is read one by one.

use serde_json::{Value, json};

use super::{PATH, at, attach_scheme, bring, draft, submitted, verb};
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

/// Moves what happened to given days, so that what is due can be told by hand; then lists are reckoned anew.
pub async fn happened_on(app: &TestApp, consultation: &Value, days: &[&str]) {
    change(app, "ALTER TABLE consultation_moves DISABLE TRIGGER consultation_moves_append_only").await;
    let id = text(&consultation["id"]);
    for (at, day) in days.iter().enumerate() {
        let sql = format!(
            "UPDATE consultation_moves SET at = '{day}T03:00:00Z'
              WHERE id = (SELECT id FROM consultation_moves WHERE consultation_id = '{id}' ORDER BY id OFFSET {at} LIMIT 1)"
        );
        change(app, &sql).await;
    }
    change(app, "ALTER TABLE consultation_moves ENABLE TRIGGER consultation_moves_append_only").await;
    reckon(app).await;
}

/// Reckons everything anew, as housekeeping does after a change of the calendar.
async fn reckon(app: &TestApp) {
    change(app, "UPDATE calendar_years SET version = version + 1 WHERE year = 2026").await;
    expert_bank::consultations::work::catch_up(&app.state.db).await.unwrap();
}

async fn clock(caller: &Caller<'_>, consultation: &Value) -> Value {
    caller.get(&at(consultation, "")).await.expect(200)["clock"].clone()
}

#[tokio::test]
async fn a_suspension_across_tet_moves_the_report_by_the_days_that_were_left() {
    let app = TestApp::start().await;
    let callers = [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await];
    let made = draft(&callers[0], "consultation", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    bring(&callers, &made, "suspended").await;
    happened_on(&app, &made, &["2026-02-03", "2026-02-04", "2026-02-05", "2026-02-12"]).await;
    let stopped = clock(&callers[0], &made).await;
    assert_eq!(
        json!([stopped["step"], stopped["due_on"], stopped["days_left"], stopped["overdue"]]),
        json!(["report", null, 15, false])
    );
    let page = callers[1].get(&format!("{PATH}?state=suspended&q=go%20lon")).await.expect(200);
    assert_eq!(page["items"][0]["clock"], stopped, "a list says what is read one by one, also while it stands still");
    let seen = callers[1].get(&at(&made, "")).await.expect(200);
    assert_eq!((&seen["state"], &seen["suspended_from"]), (&json!("suspended"), &json!("accepted")));
    verb(&callers[1], &made, "resume", &Value::Null).await.expect(200);
    happened_on(&app, &made, &["2026-02-03", "2026-02-04", "2026-02-05", "2026-02-12", "2026-03-02"]).await;
    let running = clock(&callers[0], &made).await;
    assert_eq!((&running["due_on"], &running["report_due_on"]), (&json!("2026-03-23"), &json!("2026-03-23")));
    let page = callers[1].get(&format!("{PATH}?due_from=2026-03-23&due_to=2026-03-23")).await.expect(200);
    assert_eq!(page["items"][0]["id"], made["id"]);
    assert_eq!(page["items"][0]["clock"]["due_on"], "2026-03-23");
}

#[tokio::test]
async fn a_file_returned_for_completion_stops_the_unions_clock_and_starts_the_askers() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let made = submitted(&agency, "critical_review", &json!({})).await;
    happened_on(&app, &made, &["2026-02-10", "2026-02-11"]).await;
    assert_eq!(clock(&agency, &made).await["due_on"], "2026-02-25");
    verb(&officer, &made, "request-completion", &json!({ "missing": ["Dự toán"] })).await.expect(200);
    happened_on(&app, &made, &["2026-02-10", "2026-02-11", "2026-02-12"]).await;
    let asked = officer.get(&at(&made, "")).await.expect(200);
    assert_eq!(
        json!([asked["clock"]["step"], asked["clock"]["waits_for"], asked["clock"]["due_on"]]),
        json!(["complete", "asker", "2026-03-05"])
    );
    assert_eq!((&asked["clock"]["overdue"], &asked["suggested_action"]), (&json!(true), &json!("withdraw")));
    verb(&agency, &made, "submit", &Value::Null).await.expect(200);
    happened_on(&app, &made, &["2026-02-10", "2026-02-11", "2026-02-12", "2026-02-24"]).await;
    assert_eq!(clock(&agency, &made).await["due_on"], "2026-03-02", "four of five days were left");
}

#[tokio::test]
async fn late_ones_are_found_counted_and_sorted_as_they_are_read() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    change(&app, "UPDATE consultation_index SET due_key = '9999-12-31', step = NULL").await;
    let late = submitted(&agency, "consultation", &json!({ "title": "Quá hạn" })).await;
    let later = submitted(&agency, "consultation", &json!({ "title": "Quá hạn hơn" })).await;
    let open = submitted(&agency, "consultation", &json!({ "title": "Còn hạn" })).await;
    happened_on(&app, &late, &["2026-03-02", "2026-03-03"]).await;
    happened_on(&app, &later, &["2026-02-02", "2026-02-03"]).await;
    let find = async |query: &str| -> Vec<String> {
        let page = officer.get(&format!("{PATH}?{query}")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|item| text(&item["title"]).to_owned()).collect()
    };
    assert_eq!(find("overdue=true&sort=due").await, ["Quá hạn hơn", "Quá hạn"]);
    assert_eq!(find("overdue=true").await, ["Quá hạn hơn", "Quá hạn"], "the latest first");
    assert_eq!(find("due_to=2026-03-09&q=han").await, ["Quá hạn hơn"]);
    assert_eq!(find("due_within=6").await, ["Còn hạn"]);
    assert!(find("overdue=false").await.contains(&"Còn hạn".to_owned()));
    let mut seen = Vec::new();
    let mut path = format!("{PATH}?sort=due&limit=1&q=han");
    for _ in 0..5 {
        let page = officer.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["title"]).to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{PATH}?sort=due&limit=1&q=han&cursor={cursor}");
    }
    assert_eq!(seen, ["Quá hạn hơn", "Quá hạn", "Còn hạn"]);
    let page = officer.get(&format!("{PATH}?facets=overdue&overdue=true&limit=1&q=han&count=true")).await.expect(200);
    let counts = json!([{ "value": "true", "count": 2 }, { "value": "false", "count": 1 }]);
    assert_eq!((&page["facets"]["overdue"], &page["count"]), (&counts, &json!(2)));
    for made in [&late, &later, &open] {
        let one = clock(&officer, made).await;
        let id = text(&made["id"]);
        let page = officer.get(&format!("{PATH}?q=han")).await.expect(200);
        let listed = page["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap().clone();
        assert_eq!(listed["clock"], one, "a list says what is read one by one");
    }
}

#[tokio::test]
async fn a_new_calendar_and_a_new_setting_change_what_is_due() {
    let app = TestApp::start().await;
    let (agency, admin) = (app.sign_in("agency").await, app.sign_in("admin").await);
    let made = submitted(&agency, "consultation", &json!({})).await;
    happened_on(&app, &made, &["2026-03-02", "2026-03-02"]).await;
    assert_eq!(clock(&agency, &made).await["due_on"], "2026-03-09");
    let mut days = admin.get("/api/v1/calendar/2026").await.expect(200)["days"].as_array().unwrap().clone();
    days.push(json!({ "date": "2026-03-05", "kind": "off", "name": "Ngày nghỉ thử" }));
    let put = json!({ "days": days });
    let path = "/api/v1/calendar/2026";
    admin.send(reqwest::Method::PUT, path, &[("if-match", "*")], Some(&put)).await.expect(200);
    assert_eq!(clock(&agency, &made).await["due_on"], "2026-03-10");
    let listed = agency.get(&format!("{PATH}?due_to=2026-03-10&due_from=2026-03-10")).await.expect(200);
    assert_eq!(listed["items"][0]["id"], made["id"], "lists know with the answer");
    change(
        &app,
        "INSERT INTO settings (name, valid_from, value) VALUES ('consultation_decide_days', '2026-01-01', '7')",
    )
    .await;
    assert_eq!(clock(&agency, &made).await["due_on"], "2026-03-12");
    assert!(expert_bank::consultations::work::catch_up(&app.state.db).await.unwrap() >= 1);
    let listed = agency.get(&format!("{PATH}?due_to=2026-03-12&due_from=2026-03-12")).await.expect(200);
    assert_eq!(listed["items"][0]["id"], made["id"]);
    assert_eq!(
        expert_bank::consultations::work::catch_up(&app.state.db).await.unwrap(),
        0,
        "and nothing is left to do"
    );
}

#[tokio::test]
async fn a_report_that_comes_after_the_day_it_is_wanted_is_said() {
    let app = TestApp::start().await;
    let callers = [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await];
    let made = draft(&callers[0], "consultation", &json!({ "wanted_by": "2034-03-01" })).await;
    attach_scheme(&callers[0], &made).await;
    let there = bring(&callers, &made, "accepted").await;
    assert_eq!(there["warnings"], json!([]));
    let later = json!({ "reason": "Thống nhất", "deadline": "2034-03-02" });
    let now = verb(&callers[2], &there, "reschedule", &later).await.expect(200);
    assert_eq!(
        json!([now["warnings"][0]["code"], now["warnings"][0]["pointer"]]),
        json!(["report_after_wanted", "/wanted_by"])
    );
}
