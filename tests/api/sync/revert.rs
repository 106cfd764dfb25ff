//! Undoing a plan as a whole.

use reqwest::Method;
use serde_json::json;

use super::{bank, expert_path, lines, record, records, revert, sync};
use crate::support::TestApp;
use crate::support::bank::text;

#[tokio::test]
async fn a_plan_is_undone_as_a_whole() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "snapshot", &records(60)).await;
    officer.patch(&expert_path(&app, "SKH-0002").await, "*", &json!({ "position": "Tại đây" })).await.expect(200);
    let before = bank(&app).await;
    let mut file = records(62);
    file[0]["position"] = json!("Viện trưởng");
    file[0]["publications"] = json!([{ "title": "Bài khác" }]);
    file[0]["email"] = json!(null);
    file[1]["position"] = json!("Ở nguồn");
    file[1]["unit"] = json!("Phòng");
    file[2]["updated_at"] = json!("2026-01-01T00:00:00+07:00");
    file[3] = json!({ "external_id": "SKH-0004", "deleted": true });
    file.remove(4);
    let applied = sync(&dept, "snapshot", &file).await;
    assert_eq!(super::counts(&applied), [2, 1, 56, 1, 0, 1, 1, 0]);
    assert_ne!(bank(&app).await, before);
    app.sign_in("auditor").await.send(Method::POST, "/api/v1/sync/plans/x/revert", &[], None).await.problem(403);
    let undone = revert(&dept, &applied).await.expect(200);
    assert_eq!(undone["state"], "reverted");
    assert_eq!(bank(&app).await, before, "all is as before");
    assert_eq!(revert(&dept, &applied).await.expect(200), undone, "again changes nothing");
    super::apply(&dept, &applied).await.problem(409);
    let again = sync(&dept, "snapshot", &file).await;
    assert_eq!(super::counts(&again), super::counts(&applied), "and can be planned again");
}

#[tokio::test]
async fn what_was_edited_since_stands_in_the_way() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(20)).await;
    let mut file = records(23);
    file[0]["position"] = json!("Viện trưởng");
    let applied = sync(&dept, "delta", &file).await;
    officer.patch(&expert_path(&app, "SKH-0001").await, "*", &json!({ "unit": "Phòng" })).await.expect(200);
    let consent = json!({ "purpose": "listing", "given": true, "channel": "paper", "document": "Phiếu 1" });
    officer.post(&format!("{}/consents", expert_path(&app, "SKH-0022").await), &consent).await.expect(201);
    let refused = revert(&dept, &applied).await.problem(409);
    let places: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| text(&error["pointer"])).collect();
    assert_eq!((places, &refused["errors"][0]["code"]), (vec!["/changes/1", "/changes/22"], &json!("edited_since")));
    officer.get(&expert_path(&app, "SKH-0023").await).await.expect(200);
    let ready = super::plan(&dept, "delta", &[record(30)]).await;
    revert(&dept, &ready).await.problem(409);
    // a later plan must be undone first
    let first = sync(&dept, "delta", &[record(31)]).await;
    let mut changed = record(31);
    changed["position"] = json!("Phó");
    let second = sync(&dept, "delta", &[changed]).await;
    revert(&dept, &first).await.problem(409);
    revert(&dept, &second).await.expect(200);
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE external_id = 'SKH-0031'").await, "1");
    revert(&dept, &first).await.expect(200);
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE external_id = 'SKH-0031'").await, "0");
}

/// To undo the later plan is no edit of what the earlier one wrote; what somebody edited between the two is.
#[tokio::test]
async fn plans_of_the_same_records_are_undone_one_after_the_other() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(20);
    let mut plans = vec![sync(&dept, "snapshot", &file).await];
    let mut states = Vec::new();
    for position in ["Một", "Hai", "Ba"] {
        states.push(bank(&app).await);
        file[0]["position"] = json!(position);
        file[1]["updated_at"] = json!(format!("2026-01-0{}T00:00:00+07:00", states.len()));
        plans.push(sync(&dept, "delta", &file).await);
    }
    for _ in 0..2 {
        let plan = plans.pop().unwrap();
        assert_eq!(revert(&dept, &plan).await.expect(200)["state"], "reverted");
        assert_eq!(bank(&app).await, states.pop().unwrap());
    }
    let place = expert_path(&app, "SKH-0001").await;
    officer.patch(&place, "*", &json!({ "unit": "Phòng" })).await.expect(200);
    file[0]["position"] = json!("Bốn");
    let over = sync(&dept, "delta", &file).await;
    assert_eq!(revert(&dept, &over).await.expect(200)["state"], "reverted");
    assert_eq!(officer.get(&place).await.expect(200)["unit"], "Phòng");
    for plan in &plans {
        assert!(revert(&dept, plan).await.places(409).contains(&"/changes/1".to_owned()), "that was edited");
    }
}

#[tokio::test]
async fn a_plan_of_many_batches_is_undone_as_a_whole() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "snapshot", &records(1_200)).await;
    let before = bank(&app).await;
    let mut file = records(2_400);
    file.iter_mut().take(1_200).step_by(6).for_each(|record| record["position"] = json!("Viện trưởng"));
    let applied = sync(&dept, "snapshot", &file).await;
    assert_eq!(super::counts(&applied), [1_200, 200, 1_000, 0, 0, 0, 0, 0]);
    assert_eq!(revert(&dept, &applied).await.expect(200)["state"], "reverted");
    assert_eq!(bank(&app).await, before, "all is as before");
    let all = sync(&dept, "snapshot", &file).await;
    assert_eq!(super::counts(&all), super::counts(&applied), "and can be planned again");
}

/// What a load wrote since is newer than what would be put back.
#[tokio::test]
async fn what_a_load_wrote_since_stands_in_the_way() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "snapshot", &records(40)).await;
    let mut rest = records(40);
    rest.remove(8);
    rest[0]["updated_at"] = json!("2026-01-01T00:00:00+07:00");
    let applied = sync(&dept, "snapshot", &rest).await;
    assert_eq!(super::counts(&applied), [0, 0, 39, 0, 0, 1, 0, 0]);
    let options = expert_bank::experts::load::Options { source: "skhcn", with_all_consents: false };
    let mut back = vec![record(9), record(1)];
    back.iter_mut().for_each(|record| record["unit"] = json!("Phòng mới"));
    let report = expert_bank::experts::load::load(&app.state, std::io::Cursor::new(lines(&back)), options, |_| {});
    assert_eq!(report.await.unwrap().updated, 2);
    let refused = revert(&dept, &applied).await.problem(409);
    let places: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| text(&error["pointer"])).collect();
    assert_eq!(places, ["/changes/1", "/changes/40"]);
}

#[tokio::test]
async fn old_plans_are_forgotten_and_none_waits_for_ever() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let applied = sync(&dept, "delta", &records(3)).await;
    let waiting = super::plan(&dept, "delta", &records(5)).await;
    let fresh = sync(&dept, "delta", &[record(9)]).await;
    assert_eq!(expert_bank::sync::keep::forget_old(&app.state).await.unwrap(), 0);
    for plan in [&applied, &waiting] {
        let sql = format!(
            "UPDATE sync_plans SET created_at = now() - interval '181 days', applied_at = applied_at - interval '181 days'
              WHERE id = '{}'",
            text(&plan["id"])
        );
        crate::support::bank::change(&app, &sql).await;
    }
    assert_eq!(expert_bank::sync::keep::forget_old(&app.state).await.unwrap(), 2);
    assert_eq!(expert_bank::sync::keep::forget_old(&app.state).await.unwrap(), 0);
    let kept = "SELECT count(*) FROM sync_changes WHERE detail IS NOT NULL OR undo IS NOT NULL";
    assert_eq!(app.sql(kept).await, "1", "that of the plan of today");
    revert(&dept, &applied).await.problem(409);
    super::changes(&officer, &applied, "").await;
    let expired = officer.get(&format!("/api/v1/sync/plans/{}", text(&waiting["id"]))).await.expect(200);
    assert_eq!((&expired["state"], &expired["failure"]["code"]), (&json!("failed"), &json!("expired")));
    revert(&dept, &fresh).await.expect(200);
}
