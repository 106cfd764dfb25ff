//! Records that may be somebody known.

use serde_json::{Value, json};

use super::{apply, changes, counts, plan, records, sync};
use crate::support::bank::{change, enter, path, text};
use crate::support::{Answer, Caller, TestApp};

/// Somebody the bank knows, and a record of the Department that is like them.
fn known() -> Value {
    json!({ "full_name": "PGS.TS. Rơ Châm Thị Nguyệt", "date_of_birth": "1966-05-07", "gender": "Nữ", "degree": "TS",
        "workplace": "Trường Đại học Sông Lô", "email": "nguyet.rocham@chuyengia.example", "fields": ["40401"] })
}

fn sent() -> Value {
    let mut record = known();
    record["external_id"] = json!("SKH-5001");
    record["position"] = json!("Trưởng khoa");
    record["degree"] = json!("TSKH");
    record
}

async fn resolve(caller: &Caller<'_>, plan: &Value, change: &Value, body: Value) -> Answer {
    let path = format!("/api/v1/sync/plans/{}/ambiguous/{}", text(&plan["id"]), change["number"]);
    caller.post(&path, &body).await
}

#[tokio::test]
async fn a_record_that_may_be_somebody_known_waits_for_an_officer() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let expert = enter(&officer, &known()).await;
    let people = app.sql("SELECT count(*) FROM experts").await;
    let mut file = vec![sent()];
    file.extend(records(10));
    let first = plan(&dept, "delta", &file).await;
    assert_eq!(counts(&first), [10, 0, 0, 0, 1, 0, 0, 0], "{first}");
    let doubt = changes(&officer, &first, "kind=ambiguous").await.remove(0);
    assert_eq!(doubt["candidates"][0]["expert_id"], expert["id"], "{doubt}");
    assert!(!doubt["candidates"][0]["evidence"].as_array().unwrap().is_empty());
    let seen = changes(&dept, &first, "kind=ambiguous").await.remove(0);
    assert_eq!(
        seen,
        json!({ "number": 1, "kind": "ambiguous", "outcome": "needs_review", "line": 1, "external_id": "SKH-5001" }),
        "the Department learns of nobody"
    );
    apply(&dept, &first).await.expect(200);
    let now: i64 = app.sql("SELECT count(*) FROM experts").await.parse().unwrap();
    assert_eq!(now, people.parse::<i64>().unwrap() + 10, "it was left out");
    resolve(&dept, &first, &doubt, json!({ "decision": "create" })).await.problem(403);
    assert_eq!(resolve(&officer, &first, &doubt, json!({ "decision": "link" })).await.places(422), ["/expert"]);
    let nobody = json!({ "decision": "link", "expert": "CG-999999" });
    assert_eq!(resolve(&officer, &first, &doubt, nobody).await.places(422), ["/expert"]);
    let link = json!({ "decision": "link", "expert": expert["code"] });
    resolve(&officer, &first, &doubt, link).await.expect(200);
    let next = plan(&dept, "delta", &[sent()]).await;
    let shown = officer.get(&format!("/api/v1/sync/plans/{}", text(&next["id"]))).await.expect(200);
    assert_eq!(counts(&shown), [0, 1, 0, 0, 0, 0, 0, 0], "remembered: what is empty here comes in");
    assert_eq!(counts(&next), [0, 0, 1, 0, 0, 0, 0, 0], "the Department is told nothing of whom it did not bring");
    apply(&dept, &next).await.expect(200);
    let linked = officer.get(&path(&expert)).await.expect(200);
    assert_eq!((&linked["position"], &linked["degree"]), (&json!("Trưởng khoa"), &json!("TSKH")));
    assert_eq!(linked["record"]["sources"], json!(["skhcn:SKH-5001"]));
}

#[tokio::test]
async fn a_decision_becomes_a_part_of_the_plan_and_is_remembered() {
    for (decision, kind, after) in [
        (json!({ "decision": "create" }), "create", [0, 0, 1, 0, 0, 0, 0, 0]),
        (json!({ "decision": "reject" }), "rejected", [0, 0, 0, 0, 0, 0, 0, 1]),
    ] {
        let app = TestApp::start().await;
        let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
        enter(&officer, &known()).await;
        let first = plan(&dept, "delta", &[sent()]).await;
        let doubt = changes(&officer, &first, "").await.remove(0);
        let decided = resolve(&officer, &first, &doubt, decision.clone()).await.expect(200);
        assert_eq!(decided["kind"], kind, "{decided}");
        apply(&dept, &first).await.problem(409);
        let place = format!("/api/v1/sync/plans/{}", text(&first["id"]));
        apply(&dept, &officer.get(&place).await.expect(200)).await.expect(200);
        let next = plan(&dept, "delta", &[sent()]).await;
        assert_eq!(counts(&next), after, "{decision}");
        let seen = changes(&dept, &next, "").await.remove(0);
        let reviewed = seen["outcome"] == "needs_review" && seen.get("errors").is_none();
        assert_eq!(reviewed, kind == "rejected", "the Department is not told what the Union decided: {seen}");
    }
}

#[tokio::test]
async fn the_records_of_one_source_are_told_apart_by_it() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "delta", &records(10)).await;
    let mut twin = super::record(1);
    twin["external_id"] = json!("SKH-8001");
    twin["email"] = Value::Null;
    twin["phone"] = Value::Null;
    twin["date_of_birth"] = json!("1951");
    let plan = plan(&dept, "delta", &[twin]).await;
    assert_eq!(counts(&plan), [1, 0, 0, 0, 0, 0, 0, 0], "{plan}");
}

/// Two records of one person: the first is followed, the other one is entered and changes nothing.
#[tokio::test]
async fn two_records_of_one_person_never_stop_a_plan() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let expert = enter(&officer, &known()).await;
    let mut twin = sent();
    twin["external_id"] = json!("SKH-5002");
    twin["position"] = json!("Phó khoa");
    let mut file = vec![sent(), twin];
    let first = plan(&dept, "delta", &file).await;
    let doubts = changes(&officer, &first, "kind=ambiguous").await;
    assert_eq!(doubts.len(), 2, "{first}");
    for doubt in &doubts {
        resolve(&officer, &first, doubt, json!({ "decision": "link", "expert": expert["code"] })).await.expect(200);
    }
    let place = format!("/api/v1/sync/plans/{}", text(&first["id"]));
    let decided = officer.get(&place).await.expect(200);
    let seen = changes(&officer, &decided, "").await;
    assert_eq!(
        (&seen[0]["kind"], &seen[1]["kind"], &seen[1]["outcome"]),
        (&json!("update"), &json!("unchanged"), &json!("merged"))
    );
    apply(&dept, &decided).await.expect(200);
    let linked = officer.get(&path(&expert)).await.expect(200);
    assert_eq!(linked["position"], "Trưởng khoa");
    assert_eq!(linked["record"]["sources"], json!(["skhcn:SKH-5001", "skhcn:SKH-5002"]));
    // the one that is followed changes, the other one too; a third is linked by what was remembered
    file[0]["position"] = json!("Trưởng khoa mới");
    file[1]["position"] = json!("Phó khoa mới");
    let mut third = sent();
    third["external_id"] = json!("SKH-5000");
    third["position"] = json!("Khác");
    let remembered = format!(
        "INSERT INTO sync_decisions (source, external_id, decision, expert_id) VALUES ('skhcn', 'SKH-5000', 'link', '{}')",
        text(&expert["id"])
    );
    change(&app, &remembered).await;
    file.insert(0, third);
    let second = plan(&dept, "delta", &file).await;
    let second = if second["state"] == "blocked" {
        let path = format!("/api/v1/sync/plans/{}/release", text(&second["id"]));
        officer.send(reqwest::Method::POST, &path, &[], None).await.expect(200)
    } else {
        second
    };
    apply(&dept, &second).await.expect(200);
    assert_eq!(officer.get(&path(&expert)).await.expect(200)["position"], "Trưởng khoa mới");
    let undo = format!("/api/v1/sync/plans/{}/revert", text(&second["id"]));
    officer.send(reqwest::Method::POST, &undo, &[], None).await.expect(200);
    let undone = officer.get(&path(&expert)).await.expect(200);
    assert_eq!(undone["position"], "Trưởng khoa");
    assert_eq!(undone["record"]["sources"], json!(["skhcn:SKH-5001", "skhcn:SKH-5002"]));
}

#[tokio::test]
async fn the_department_learns_nothing_of_somebody_its_record_was_linked_to() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut person = known();
    person["position"] = json!("Chức vụ kín");
    let expert = enter(&officer, &person).await;
    let first = plan(&dept, "delta", &[sent()]).await;
    let doubt = changes(&officer, &first, "").await.remove(0);
    resolve(&officer, &first, &doubt, json!({ "decision": "link", "expert": expert["code"] })).await.expect(200);
    let seen = changes(&officer, &first, "").await.remove(0);
    assert_eq!(seen["fields"]["position"]["old"], "Chức vụ kín", "the Union reads it: {seen}");
    let seen = changes(&dept, &first, "").await.remove(0);
    assert_eq!(seen["outcome"], "needs_review");
    assert!(seen.get("fields").is_none() && seen.get("expert_id").is_none(), "{seen}");
}

/// A wrong click is put right, in the plan and in what is remembered.
#[tokio::test]
async fn a_decision_is_taken_anew_while_nothing_is_written() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let expert = enter(&officer, &known()).await;
    let wrong = enter(&officer, &json!({ "full_name": "Kpă Thị Khác" })).await;
    let first = plan(&dept, "delta", &[sent()]).await;
    let doubt = changes(&officer, &first, "").await.remove(0);
    for decision in [
        json!({ "decision": "link", "expert": wrong["code"] }),
        json!({ "decision": "reject" }),
        json!({ "decision": "create" }),
        json!({ "decision": "link", "expert": expert["code"] }),
    ] {
        resolve(&officer, &first, &doubt, decision).await.expect(200);
    }
    // the next file follows the memory, and may be decided anew as well
    let next = plan(&dept, "delta", &[sent()]).await;
    let remembered = changes(&officer, &next, "").await.remove(0);
    assert_eq!((&remembered["kind"], &remembered["expert_id"]), (&json!("update"), &expert["id"]), "{remembered}");
    resolve(&officer, &next, &remembered, json!({ "decision": "reject" })).await.expect(200);
    resolve(&officer, &next, &remembered, json!({ "decision": "create" })).await.expect(200);
    let place = format!("/api/v1/sync/plans/{}", text(&next["id"]));
    apply(&dept, &officer.get(&place).await.expect(200)).await.expect(200);
    resolve(&officer, &next, &remembered, json!({ "decision": "reject" })).await.problem(409);
    // who was said to be somebody new is kept apart by everybody who looks for duplicates, until the plan is undone
    let apart = || app.sql("SELECT count(*) FROM expert_distinctions");
    assert_eq!(apart().await, "1");
    let entered = super::expert_path(&app, "SKH-5001").await;
    let body = json!({ "other": entered.rsplit('/').next().unwrap() });
    let merge = format!("{}/merge", path(&expert));
    officer.send(reqwest::Method::POST, &merge, &[("if-match", "*")], Some(&body)).await.problem(409);
    officer.send(reqwest::Method::POST, &format!("{place}/revert"), &[], None).await.expect(200);
    assert_eq!(apart().await, "0");
    officer.get(&entered).await.problem(404);
}

#[tokio::test]
async fn who_came_since_the_plan_was_made_is_not_entered_twice() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let first = plan(&dept, "delta", &[sent()]).await;
    assert_eq!(counts(&first), [1, 0, 0, 0, 0, 0, 0, 0], "{first}");
    enter(&officer, &known()).await;
    let refused = apply(&dept, &first).await.problem(409);
    assert!(refused.to_string().contains("SKH-5001"), "{refused}");
    assert_eq!(counts(&plan(&dept, "delta", &[sent()]).await), [0, 0, 0, 0, 1, 0, 0, 0]);
}

#[tokio::test]
async fn the_auditor_sees_what_a_plan_changes_and_not_who_somebody_may_be() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    enter(&officer, &known()).await;
    let first = plan(&dept, "delta", &[sent()]).await;
    let auditor = app.sign_in("auditor").await;
    let seen = changes(&auditor, &first, "kind=ambiguous").await.remove(0);
    assert_eq!((&seen["outcome"], seen.get("candidates")), (&Value::Null, None), "{seen}");
    assert_eq!(seen["fields"]["position"]["new"], "Trưởng khoa");
}
