//! Records of people who were merged, before and after.

use reqwest::Method;
use serde_json::{Value, json};

use super::{apply, changes, counts, expert_path, plan, record, records, sync};
use crate::support::bank::{enter, path, text};
use crate::support::{Caller, TestApp};

async fn merge(officer: &Caller<'_>, winner: &str, loser: &str) -> Value {
    let other = loser.rsplit('/').next().unwrap();
    let body = json!({ "other": other, "reason": "Cùng một người" });
    officer.send(Method::POST, &format!("{winner}/merge"), &[("if-match", "*")], Some(&body)).await.expect(201)
}

async fn undo(officer: &Caller<'_>, merge: &Value) {
    officer.send(Method::POST, &format!("/api/v1/merges/{}/undo", text(&merge["id"])), &[], None).await.expect(200);
}

/// The kind and outcome of the only change of a record.
async fn said(caller: &Caller<'_>, plan: &Value, record: &str) -> (Value, Value) {
    let mut changes = changes(caller, plan, "").await;
    changes.retain(|change| change["external_id"] == record);
    assert_eq!(changes.len(), 1, "{changes:?}");
    (changes[0]["kind"].clone(), changes[0]["outcome"].clone())
}

#[tokio::test]
async fn of_two_records_of_the_source_the_winners_is_followed() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(20);
    file[8]["degree"] = json!("TS");
    file[0]["degree"] = json!("ThS");
    sync(&dept, "snapshot", &file).await;
    // the record with the greater id stands: ids decide nothing
    let (winner, loser) = (expert_path(&app, "SKH-0009").await, expert_path(&app, "SKH-0001").await);
    let merged = merge(&officer, &winner, &loser).await;
    let again = sync(&dept, "snapshot", &file).await;
    assert_eq!(counts(&again), [0, 0, 20, 0, 0, 0, 0, 0], "a merge changes nothing at the source");
    assert_eq!(officer.get(&winner).await.expect(200)["degree"], "TS", "nor here");
    file[0]["position"] = json!("Của bản ghi bị gộp");
    file[8]["position"] = json!("Của bản ghi đứng lại");
    let next = plan(&dept, "snapshot", &file).await;
    assert_eq!(counts(&next), [0, 1, 19, 0, 0, 0, 0, 0]);
    assert_eq!(said(&officer, &next, "SKH-0001").await, (json!("unchanged"), json!("merged")));
    assert_eq!(said(&dept, &next, "SKH-0001").await, (json!("unchanged"), json!("needs_review")));
    assert_eq!(said(&dept, &next, "SKH-0009").await, (json!("update"), Value::Null));
    apply(&dept, &next).await.expect(200);
    assert_eq!(officer.get(&winner).await.expect(200)["position"], "Của bản ghi đứng lại");
    // the record that was followed goes: from now on the other one speaks, and where it says something else somebody decides
    let gone = json!({ "external_id": "SKH-0009", "deleted": true });
    sync(&dept, "delta", &[gone]).await;
    let left = plan(&dept, "delta", &file[..1]).await;
    let left = officer.get(&format!("/api/v1/sync/plans/{}", text(&left["id"]))).await.expect(200);
    assert_eq!(counts(&left), [0, 0, 0, 1, 0, 0, 0, 0], "{left}");
    let decide = format!("/api/v1/sync/plans/{}/conflicts/1", text(&left["id"]));
    officer.post(&decide, &json!({ "take": "theirs" })).await.expect(200);
    let left = officer.get(&format!("/api/v1/sync/plans/{}", text(&left["id"]))).await.expect(200);
    apply(&dept, &left).await.expect(200);
    assert_eq!(officer.get(&winner).await.expect(200)["position"], "Của bản ghi bị gộp");
    // the loser is back with what its record says, whatever came of that while it was merged
    undo(&officer, &merged).await;
    sync(&dept, "delta", &file[..1]).await;
    assert_eq!(officer.get(&loser).await.expect(200)["position"], "Của bản ghi bị gộp");
}

#[tokio::test]
async fn a_record_that_came_by_a_merge_shows_the_department_nobody() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(20);
    file[0]["degree"] = json!("ThS");
    sync(&dept, "snapshot", &file).await;
    let typed = json!({ "full_name": "Rơ Châm Mẫu", "degree": "TS", "position": "Tại Liên hiệp", "email": "rieng@chuyengia.example" });
    let winner = enter(&officer, &typed).await;
    merge(&officer, &path(&winner), &expert_path(&app, "SKH-0001").await).await;
    assert_eq!(counts(&sync(&dept, "snapshot", &file).await), [0, 0, 20, 0, 0, 0, 0, 0]);
    let kept = officer.get(&path(&winner)).await.expect(200);
    assert_eq!((&kept["degree"], &kept["position"]), (&json!("TS"), &json!("Tại Liên hiệp")), "who merged decided");
    // what the source says anew: a degree always comes in, of a position somebody decides
    file[0]["degree"] = json!("TSKH");
    file[0]["position"] = json!("Ở nguồn");
    let next = plan(&dept, "snapshot", &file).await;
    let next = officer.get(&format!("/api/v1/sync/plans/{}", text(&next["id"]))).await.expect(200);
    assert_eq!(counts(&next), [0, 0, 19, 1, 0, 0, 0, 0]);
    // what is kept of somebody it did not bring could be guessed by what is equal to it
    assert_eq!(
        counts(&dept.get(&format!("/api/v1/sync/plans/{}", text(&next["id"]))).await.expect(200)),
        [0, 0, 20, 0, 0, 0, 0, 0]
    );
    assert_eq!(changes(&dept, &next, "kind=conflict").await, Vec::<Value>::new());
    let mut shown = changes(&dept, &next, "kind=unchanged").await.remove(0);
    shown.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    assert_eq!(
        shown,
        json!({ "number": 1, "kind": "unchanged", "outcome": "needs_review", "line": 1, "external_id": "SKH-0001" })
    );
    let fields = changes(&officer, &next, "kind=conflict").await.remove(0)["fields"].clone();
    assert_eq!(fields["position"]["old"], "Tại Liên hiệp", "{fields}");
    assert_eq!((&fields["degree"]["new"], &fields["degree"]["conflict"]), (&json!("TSKH"), &json!(false)));
    apply(&dept, &next).await.expect(200);
    assert_eq!(officer.get(&path(&winner)).await.expect(200)["degree"], "TSKH");
    dept.get(&format!("{}/restricted", path(&winner))).await.problem(404);
    // what is wrong with its own line it is told
    let mut broken = file[0].clone();
    broken["fields"] = json!(["107"]);
    let refused = plan(&dept, "delta", &[broken]).await;
    let shown = changes(&dept, &refused, "kind=rejected").await.remove(0);
    assert_eq!((&shown["outcome"], &shown["errors"][0]["pointer"]), (&Value::Null, &json!("/fields/0")), "{shown}");
}

#[tokio::test]
async fn a_merge_in_between_stops_a_plan_and_names_the_record() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "snapshot", &records(30)).await;
    let mut file = records(31);
    file[0]["position"] = json!("Viện trưởng");
    let ready = plan(&dept, "delta", &file).await;
    let merged = merge(&officer, &expert_path(&app, "SKH-0002").await, &expert_path(&app, "SKH-0001").await).await;
    let refused = apply(&dept, &ready).await.problem(409);
    assert!(refused.to_string().contains("SKH-0001"), "{refused}");
    undo(&officer, &merged).await;
    // the record and the expert are what the plan rests on again, though one version on
    let next = plan(&dept, "delta", &file).await;
    apply(&dept, &next).await.expect(200);
    // whom a plan entered and who took in another one since is not taken away
    let entered = expert_path(&app, "SKH-0031").await;
    let other = enter(&officer, &json!({ "full_name": "Rơ Châm Mẫu" })).await;
    merge(&officer, &entered, &path(&other)).await;
    let revert = format!("/api/v1/sync/plans/{}/revert", text(&next["id"]));
    let refused = officer.send(Method::POST, &revert, &[], None).await.problem(409);
    assert!(refused.to_string().contains("/changes/31"), "{refused}");
    officer.get(&entered).await.expect(200);
}

#[tokio::test]
async fn a_decision_about_the_loser_is_one_about_the_winner() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "snapshot", &records(20)).await;
    let mut known = record(77);
    let fields = known.as_object_mut().unwrap();
    fields.remove("updated_at");
    let id = fields.remove("external_id").unwrap();
    let expert = enter(&officer, &known).await;
    known["external_id"] = id;
    let first = plan(&dept, "delta", &[known.clone()]).await;
    assert_eq!(counts(&first), [0, 0, 0, 0, 1, 0, 0, 0], "{first}");
    let decide = format!("/api/v1/sync/plans/{}/ambiguous/1", text(&first["id"]));
    officer.post(&decide, &json!({ "decision": "link", "expert": expert["code"] })).await.expect(200);
    let winner = enter(&officer, &json!({ "full_name": "Rơ Châm Mẫu" })).await;
    let merged = merge(&officer, &path(&winner), &path(&expert)).await;
    let decided = || app.sql("SELECT expert_id FROM sync_decisions WHERE external_id = 'SKH-0077'");
    assert_eq!(decided().await, text(&winner["id"]));
    known["unit"] = json!("Phòng");
    sync(&dept, "delta", &[known]).await;
    assert_eq!(expert_path(&app, "SKH-0077").await, path(&winner));
    assert_eq!(officer.get(&path(&winner)).await.expect(200)["unit"], "Phòng");
    undo(&officer, &merged).await;
    assert_eq!(decided().await, text(&expert["id"]));
}

#[tokio::test]
async fn a_conflict_of_who_was_merged_since_is_not_settled_with_the_winner() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(20);
    sync(&dept, "snapshot", &file).await;
    let (winner, loser) = (expert_path(&app, "SKH-0009").await, expert_path(&app, "SKH-0001").await);
    officer.patch(&loser, "*", &json!({ "position": "Tại đây" })).await.expect(200);
    file[0]["position"] = json!("Ở nguồn");
    let applied = sync(&dept, "delta", &file[..1]).await;
    assert_eq!(counts(&applied), [0, 0, 0, 1, 0, 0, 0, 0]);
    let merged = merge(&officer, &winner, &loser).await;
    let before = officer.get(&winner).await.expect(200);
    let decide = format!("/api/v1/sync/plans/{}/conflicts/1", text(&applied["id"]));
    officer.post(&decide, &json!({ "take": "theirs" })).await.problem(409);
    assert_eq!(officer.get(&winner).await.expect(200), before);
    undo(&officer, &merged).await;
    officer.post(&decide, &json!({ "take": "theirs" })).await.expect(200);
    assert_eq!(officer.get(&loser).await.expect(200)["position"], "Ở nguồn");
}

#[tokio::test]
async fn what_a_merge_filled_is_not_emptied_by_a_source_that_never_said_it() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "snapshot", &records(20)).await;
    let winner = expert_path(&app, "SKH-0009").await;
    let other = enter(&officer, &json!({ "full_name": "Rơ Châm Mẫu", "degree": "TS", "degree_year": 2010 })).await;
    let merged = merge(&officer, &winner, &path(&other)).await;
    assert_eq!(officer.get(&winner).await.expect(200)["degree"], "TS");
    assert_eq!(counts(&sync(&dept, "snapshot", &records(20)).await), [0, 0, 20, 0, 0, 0, 0, 0]);
    assert_eq!(officer.get(&winner).await.expect(200)["degree"], "TS");
    undo(&officer, &merged).await;
}
