//! What was changed on both sides.

use serde_json::{Value, json};

use super::{apply, changes, counts, expert_path, plan, records, sync};
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

async fn decide(caller: &Caller<'_>, plan: &Value, number: &Value, take: &str) -> crate::support::Answer {
    let path = format!("/api/v1/sync/plans/{}/conflicts/{number}", text(&plan["id"]));
    caller.post(&path, &json!({ "take": take })).await
}

#[tokio::test]
async fn a_conflict_keeps_the_value_here_until_somebody_decides_and_that_is_remembered() {
    for (take, expected) in [("theirs", "Ở nguồn"), ("ours", "Tại đây")] {
        let app = TestApp::start().await;
        let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
        sync(&dept, "delta", &records(12)).await;
        let place = expert_path(&app, "SKH-0002").await;
        officer.patch(&place, "*", &json!({ "position": "Tại đây", "unit": "Phòng" })).await.expect(200);
        let mut file = records(12);
        file[1]["position"] = json!("Ở nguồn");
        file[1]["specialties"] = json!(["Lâm sinh"]);
        for _ in 0..2 {
            let applied = sync(&dept, "delta", &file).await;
            assert_eq!(counts(&applied), [0, 0, 11, 1, 0, 0, 0, 0]);
            let seen = officer.get(&place).await.expect(200);
            assert_eq!((&seen["position"], &seen["specialties"]), (&json!("Tại đây"), &json!(["Lâm sinh"])));
        }
        let plan = plan(&dept, "delta", &file).await;
        let open = changes(&dept, &plan, "kind=conflict").await.remove(0);
        assert_eq!(
            open["fields"],
            json!({ "position": { "old": "Tại đây", "new": "Ở nguồn", "restricted": false, "conflict": true } })
        );
        decide(&dept, &plan, &open["number"], take).await.problem(403);
        let decided = decide(&officer, &plan, &open["number"], take).await.expect(200);
        assert_eq!(decided["decision"], take);
        apply(&dept, &plan).await.problem(409);
        let again = officer.get(&format!("/api/v1/sync/plans/{}", text(&plan["id"]))).await.expect(200);
        assert_ne!(again["hash"], plan["hash"], "a decision is a part of the plan");
        apply(&dept, &again).await.expect(200);
        assert_eq!(officer.get(&place).await.expect(200)["position"], expected);
        assert_eq!(counts(&sync(&dept, "delta", &file).await), [0, 0, 12, 0, 0, 0, 0, 0], "nobody is asked again");
        assert_eq!(officer.get(&place).await.expect(200)["position"], expected);
        file[1]["position"] = json!("Ở nguồn, sau");
        let after = if take == "ours" { [0, 0, 11, 1, 0, 0, 0, 0] } else { [0, 1, 11, 0, 0, 0, 0, 0] };
        assert_eq!(counts(&super::plan(&dept, "delta", &file).await), after, "{take}: the source says something else");
    }
}

#[tokio::test]
async fn a_conflict_of_a_plan_that_was_applied_is_settled_at_once() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(12)).await;
    let place = expert_path(&app, "SKH-0002").await;
    officer.patch(&place, "*", &json!({ "workplace": "Trạm tại đây" })).await.expect(200);
    let mut file = records(12);
    file[1]["workplace"] = json!("Sở Nông nghiệp và Môi trường");
    let applied = sync(&dept, "delta", &file).await;
    decide(&officer, &applied, &json!(1), "theirs").await.problem(409);
    decide(&officer, &applied, &json!(999), "theirs").await.problem(404);
    assert_eq!(decide(&officer, &applied, &json!(2), "mine").await.places(422), ["/take"]);
    decide(&officer, &applied, &json!(2), "theirs").await.expect(200);
    assert_eq!(officer.get(&place).await.expect(200)["workplace"], "Sở Nông nghiệp và Môi trường");
    assert_eq!(counts(&sync(&dept, "delta", &file).await), [0, 0, 12, 0, 0, 0, 0, 0]);
    // a later plan has the record
    officer.patch(&place, "*", &json!({ "workplace": "Trạm khác" })).await.expect(200);
    file[1]["workplace"] = json!("Viện xa");
    let (first, second) = (sync(&dept, "delta", &file).await, sync(&dept, "delta", &file).await);
    decide(&officer, &first, &json!(2), "theirs").await.problem(409);
    decide(&officer, &second, &json!(2), "ours").await.expect(200);
    assert_eq!(officer.get(&place).await.expect(200)["workplace"], "Trạm khác");
}

#[tokio::test]
async fn of_some_members_the_source_is_always_believed_as_the_setting_says() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let file: Vec<Value> = records(12);
    sync(&dept, "delta", &file).await;
    let place = expert_path(&app, "SKH-0003").await;
    officer.patch(&place, "*", &json!({ "degree": "THS", "position": "Tại đây" })).await.expect(200);
    let back = plan(&dept, "delta", &file).await;
    assert_eq!(changes(&officer, &back, "kind=update").await[0]["fields"]["degree"]["new"], "TS");
    apply(&dept, &back).await.expect(200);
    let seen = officer.get(&place).await.expect(200);
    assert_eq!((&seen["degree"], &seen["position"]), (&json!("TS"), &json!("Tại đây")));
    let set =
        "INSERT INTO settings (name, valid_from, value) VALUES ('sync_source_wins', '2026-01-01', '[\"position\"]')";
    change(&app, set).await;
    officer.patch(&place, "*", &json!({ "degree": "THS" })).await.expect(200);
    sync(&dept, "delta", &file).await;
    let seen = officer.get(&place).await.expect(200);
    assert_eq!((&seen["degree"], &seen["position"]), (&json!("THS"), &json!("Nghiên cứu viên")));
}

/// The usual case after provinces were merged: the province comes in, the workplace is open.
#[tokio::test]
async fn a_workplace_that_was_decided_is_that_of_the_source_and_stands_in_the_register() {
    let there = "Sở Khoa học và Công nghệ Tuyên Quang";
    for (is_before, province) in [(true, "Lào Cai"), (true, "Tuyên Quang"), (false, "Lào Cai"), (false, "Tuyên Quang")]
    {
        let app = TestApp::start().await;
        crate::support::bank::load_real_bodies(&app).await;
        let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
        let mut file = records(12);
        file[1]["province"] = json!(province);
        sync(&dept, "delta", &file).await;
        let place = expert_path(&app, "SKH-0002").await;
        officer.patch(&place, "*", &json!({ "workplace": "Trạm tại đây" })).await.expect(200);
        file[1]["workplace"] = json!(there);
        file[1]["province"] = json!("Tuyên Quang");
        let what = format!("{is_before} {province}");
        let mut plan = plan(&dept, "delta", &file).await;
        assert_eq!(counts(&plan)[3], 1, "{what}: {plan}");
        let shown = changes(&officer, &plan, "kind=conflict").await.remove(0);
        let moves = &shown["fields"]["province"];
        let named = (moves["old"].as_str(), moves["new"].as_str());
        let expected = (province != "Tuyên Quang").then_some((Some(province), Some("Tuyên Quang")));
        assert_eq!(named, expected.unwrap_or_default(), "provinces are told by name: {shown}");
        if is_before {
            // who changes their mind before it is applied does so
            decide(&officer, &plan, &json!(2), "ours").await.expect(200);
            decide(&officer, &plan, &json!(2), "theirs").await.expect(200);
            plan = officer.get(&format!("/api/v1/sync/plans/{}", text(&plan["id"]))).await.expect(200);
        }
        apply(&dept, &plan).await.expect(200);
        if !is_before {
            assert_eq!(officer.get(&place).await.expect(200)["workplace"], "Trạm tại đây", "{what}");
            decide(&officer, &plan, &json!(2), "theirs").await.expect(200);
        }
        let seen = officer.get(&place).await.expect(200);
        assert_eq!(seen["workplace"], there, "{what}");
        let body = app.sql("SELECT id FROM organisations WHERE code = 'SKHCN-TQ'").await;
        assert_eq!(seen["workplace_id"], json!(body), "{what}: {seen}");
        assert_eq!(counts(&sync(&dept, "delta", &file).await), [0, 0, 12, 0, 0, 0, 0, 0], "{what}");
    }
}

#[tokio::test]
async fn what_was_decided_and_written_is_not_decided_again() {
    for (first, second) in [("theirs", "ours"), ("ours", "theirs")] {
        let app = TestApp::start().await;
        let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
        sync(&dept, "delta", &records(12)).await;
        let place = expert_path(&app, "SKH-0002").await;
        officer.patch(&place, "*", &json!({ "position": "Tại đây" })).await.expect(200);
        let mut file = records(12);
        file[1]["position"] = json!("Ở nguồn");
        let applied = sync(&dept, "delta", &file).await;
        let decided = decide(&officer, &applied, &json!(2), first).await.expect(200);
        assert_eq!(decide(&officer, &applied, &json!(2), first).await.expect(200), decided, "again changes nothing");
        let before = super::bank(&app).await;
        decide(&officer, &applied, &json!(2), second).await.problem(409);
        assert_eq!(super::bank(&app).await, before);
        let seen = officer.get(&format!("/api/v1/sync/plans/{}", text(&applied["id"]))).await.expect(200);
        assert_eq!(seen["hash"], applied["hash"], "what was applied has its hash");
        // nobody edited what was kept as it is: the plan can be undone
        let path = format!("/api/v1/sync/plans/{}/revert", text(&applied["id"]));
        let status = officer.send(reqwest::Method::POST, &path, &[], None).await.status.as_u16();
        assert_eq!(status, if first == "ours" { 200 } else { 409 }, "{first}");
    }
}

#[tokio::test]
async fn a_value_that_was_put_back_meanwhile_is_kept_when_ours_is_taken() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(12)).await;
    let place = expert_path(&app, "SKH-0002").await;
    officer.patch(&place, "*", &json!({ "position": "Tại đây" })).await.expect(200);
    let mut file = records(12);
    file[1]["position"] = json!("Ở nguồn");
    let applied = sync(&dept, "delta", &file).await;
    officer.patch(&place, "*", &json!({ "position": "Nghiên cứu viên" })).await.expect(200);
    // rows of later plans that wrote nothing of it, or that it is missing, don't stand in the way
    let broken = json!({ "external_id": "SKH-0002" });
    sync(&dept, "delta", &[broken]).await;
    let mut rest = records(12);
    rest.remove(1);
    let gone = super::plan(&dept, "snapshot", &rest).await;
    let release = format!("/api/v1/sync/plans/{}/release", text(&gone["id"]));
    officer.send(reqwest::Method::POST, &release, &[], None).await.expect(200);
    apply(&dept, &gone).await.expect(200);
    decide(&officer, &applied, &json!(2), "ours").await.expect(200);
    assert_eq!(officer.get(&place).await.expect(200)["position"], "Nghiên cứu viên");
    let absent = "SELECT external_id FROM expert_sources WHERE source = 'skhcn' AND absent_since IS NOT NULL";
    assert_eq!(app.sql(absent).await, "SKH-0002", "a decision brings no record back");
    let again = super::plan(&dept, "delta", &file).await;
    assert_eq!(counts(&again)[3], 0, "nobody is asked again: {again}");
}
