//! What the other parts of the bank tell of a sync: the feed of changes, the duplicates, the merges.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    Held, apply, ask_to_apply, bank, blocked, changes, counts, expert_path, made, plan, record, records, revert,
};
use super::{settled, sync, until};
use crate::support::bank::{decide, path, sees, text, try_change};
use crate::support::people::place_all;
use crate::support::{Answer, Caller, TestApp};

/// What comes after a cursor once everything has its place, by expert and in order; and the cursor then.
async fn told(caller: &Caller<'_>, cursor: &str) -> (BTreeMap<String, Vec<Value>>, String) {
    place_all(caller.app).await;
    let (mut told, mut cursor) = (BTreeMap::<String, Vec<Value>>::new(), cursor.to_owned());
    loop {
        let since = if cursor.is_empty() { String::new() } else { format!("&since={cursor}") };
        let page = caller.get(&format!("/api/v1/experts/changes?limit=100{since}")).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            told.entry(text(&item["id"]).to_owned()).or_default().push(item.clone());
        }
        text(&page["cursor"]).clone_into(&mut cursor);
        if page["more"] == false {
            return (told, cursor);
        }
    }
}

/// Who was told of, and what last.
fn last(told: &BTreeMap<String, Vec<Value>>) -> BTreeMap<&str, &str> {
    told.iter().map(|(id, items)| (id.as_str(), text(&items.last().unwrap()["kind"]))).collect()
}

async fn expert(app: &TestApp, external_id: &str) -> Value {
    json!({ "id": expert_path(app, external_id).await.rsplit('/').next().unwrap() })
}

async fn merge(officer: &Caller<'_>, winner: &Value, loser: &Value) -> Value {
    let body = json!({ "other": loser["id"], "reason": "Cùng một người" });
    let at = format!("{}/merge", path(winner));
    officer.send(Method::POST, &at, &[("if-match", "*")], Some(&body)).await.expect(201)
}

async fn undo(officer: &Caller<'_>, merge: &Value) -> Answer {
    officer.send(Method::POST, &format!("/api/v1/merges/{}/undo", text(&merge["id"])), &[], None).await
}

/// The pairs of an expert.
async fn pairs(officer: &Caller<'_>, expert: &Value) -> Vec<Value> {
    let path = format!("/api/v1/experts/duplicates?min_score=0.4&limit=100&expert={}", text(&expert["id"]));
    officer.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_plan_and_its_undo_are_told_to_each_audience_as_what_it_sees() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let (agency, nobody) = (app.sign_in("agency").await, app.nobody());
    let mut file = records(30);
    sync(&dept, "snapshot", &file).await;
    let (public, hidden) = (expert(&app, "SKH-0001").await, expert(&app, "SKH-0002").await);
    decide(&officer, &public, "public_profile", true).await;
    let callers = [("officer", &officer), ("agency", &agency), ("nobody", &nobody)];
    let mut cursors = BTreeMap::new();
    for (name, caller) in callers {
        cursors.insert(name, told(caller, "").await.1);
    }
    file[0]["position"] = json!("Viện trưởng");
    file[1]["position"] = json!("Phó viện trưởng");
    file[2] = json!({ "external_id": "SKH-0003", "deleted": true });
    file.push(record(31));
    let applied = sync(&dept, "snapshot", &file).await;
    assert_eq!(counts(&applied), [1, 2, 27, 0, 0, 0, 1, 0]);
    let new = expert(&app, "SKH-0031").await;
    let [public_id, hidden_id, new_id] = [&public, &hidden, &new].map(|expert| text(&expert["id"]));
    for (undone, position, of_new) in [(false, "Viện trưởng", "upsert"), (true, "Nghiên cứu viên", "tombstone")]
    {
        if undone {
            assert_eq!(revert(&dept, &applied).await.expect(200)["state"], "reverted");
        }
        for (name, caller) in callers {
            let (items, cursor) = told(caller, &cursors[name]).await;
            let mut expected = BTreeMap::from([(public_id, "upsert")]);
            if name == "officer" {
                expected.extend([(hidden_id, "upsert"), (new_id, of_new)]);
            }
            assert_eq!(last(&items), expected, "{name}, undone: {undone}");
            assert_eq!(items[public_id].last().unwrap()["expert"]["position"], position, "{name}");
            cursors.insert(name, cursor);
        }
    }
    assert!(sees(&nobody, &officer.get(&path(&public)).await.expect(200)).await);
    // nothing was said of who was only missing at the source, and the same file again tells nobody anything
    sync(&dept, "snapshot", &records(30)).await;
    for (name, caller) in callers {
        assert_eq!(last(&told(caller, &cursors[name]).await.0), BTreeMap::new(), "{name}");
    }
}

/// The source tells its own records apart, so both come in; that they are alike is for the Union to look at.
#[tokio::test]
async fn who_a_plan_enters_is_held_against_the_bank_and_is_gone_from_there_with_the_undo() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(20)).await;
    let known = expert(&app, "SKH-0001").await;
    let before = pairs(&officer, &known).await.len();
    let mut twin = record(1);
    twin["external_id"] = json!("SKH-8001");
    twin["email"] = Value::Null;
    twin["phone"] = Value::Null;
    twin["date_of_birth"] = json!("1951");
    let applied = sync(&dept, "delta", &[twin]).await;
    let new = expert(&app, "SKH-8001").await;
    let seen = pairs(&officer, &new).await;
    let pair = seen.iter().find(|pair| pair["one"]["id"] == known["id"]).unwrap_or_else(|| panic!("{seen:?}"));
    assert_eq!(pair["other"]["id"], new["id"]);
    assert!(!pair["evidence"].as_array().unwrap().is_empty(), "{pair}");
    assert_eq!(pairs(&officer, &known).await.len(), before + 1);
    revert(&dept, &applied).await.expect(200);
    assert_eq!(pairs(&officer, &known).await.len(), before);
    let left =
        format!("SELECT count(*) FROM expert_duplicates d WHERE '{}' IN (d.one_id, d.other_id)", text(&new["id"]));
    assert_eq!(app.sql(&left).await, "0");
    let gone = format!("/api/v1/experts/duplicates?expert={}", text(&new["id"]));
    officer.get(&gone).await.problem(400);
}

/// Changes committed while a plan is applied come after what began before them, and nobody misses either.
#[tokio::test]
async fn what_others_change_while_a_plan_is_applied_is_held_back_and_then_told() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(20);
    sync(&dept, "delta", &file).await;
    file[0]["position"] = json!("Viện trưởng");
    file.push(record(21));
    let ready = plan(&dept, "delta", &file).await;
    let written = expert(&app, "SKH-0001").await;
    let (_, cursor) = told(&officer, "").await;
    // the plan writes people and then stands still; who holds it has no transaction number that would hold up the feed
    let held = Held::with(&app, "LOCK TABLE sync_changes IN SHARE MODE").await;
    let is_free = AtomicBool::new(false);
    let waits = format!("/api/v1/experts/changes?wait=30&since={cursor}");
    let waiting = async {
        loop {
            let page = officer.get(&waits).await.expect(200);
            if page["items"] != json!([]) {
                assert!(is_free.load(Ordering::SeqCst), "told before what began earlier was done: {page}");
                return page;
            }
        }
    };
    let work = async {
        blocked(&app, 1).await;
        let other = app.sql("SELECT id FROM experts WHERE code = 'CG-000002'").await;
        let edit = format!("UPDATE experts SET version = version + 1, position = 'Khác' WHERE id = '{other}'");
        try_change(&app, &edit).await.unwrap();
        for _ in 0..3 {
            expert_bank::experts::store::place_changes(&app.state.db).await.unwrap();
        }
        let page = officer.get(&format!("/api/v1/experts/changes?since={cursor}")).await.expect(200);
        assert_eq!(page["items"], json!([]), "the plan may still come before it");
        assert_eq!(made_or_not(&dept, &ready).await, "applying");
        is_free.store(true, Ordering::SeqCst);
        held.let_go().await;
        other
    };
    let (page, other, applied) = tokio::join!(waiting, work, settled(&dept, &ready));
    assert_eq!(counts(&applied), counts(&ready));
    let (items, _) = told(&officer, &cursor).await;
    let new = expert(&app, "SKH-0021").await;
    let everybody = [text(&written["id"]), text(&new["id"]), other.as_str()].map(|id| (id, "upsert"));
    assert_eq!(last(&items), BTreeMap::from(everybody));
    assert!(items.contains_key(text(&page["items"][0]["id"])), "who waited was told the first of them: {page}");
}

async fn made_or_not(caller: &Caller<'_>, plan: &Value) -> String {
    let path = format!("/api/v1/sync/plans/{}", text(&plan["id"]));
    text(&caller.get(&path).await.expect(200)["state"]).to_owned()
}

/// Which records of the source are supplied.
async fn supplied(app: &TestApp) -> String {
    let of = "SELECT string_agg(external_id || ' ' || supplied, ', ' ORDER BY external_id) FROM expert_sources
               WHERE external_id IN ('SKH-0001', 'SKH-0002')";
    app.sql(of).await
}

#[tokio::test]
async fn who_brought_whom_is_known_again_after_a_merge_of_a_merge_and_both_undos() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let file = records(20);
    sync(&dept, "snapshot", &file).await;
    let (first, second) = (expert(&app, "SKH-0001").await, expert(&app, "SKH-0002").await);
    let typed = crate::support::bank::enter(&officer, &json!({ "full_name": "Rơ Châm Mẫu" })).await;
    let reads = async |expert: &Value| dept.get(&format!("{}/restricted", path(expert))).await.status.as_u16();
    let before = bank(&app).await;
    assert_eq!(supplied(&app).await, "SKH-0001 true, SKH-0002 true");
    let inner = merge(&officer, &second, &first).await;
    assert_eq!((supplied(&app).await, reads(&second).await), ("SKH-0001 false, SKH-0002 true".to_owned(), 200));
    let outer = merge(&officer, &typed, &second).await;
    assert_eq!((supplied(&app).await, reads(&typed).await), ("SKH-0001 false, SKH-0002 false".to_owned(), 404));
    assert_eq!(expert(&app, "SKH-0001").await["id"], typed["id"]);
    undo(&officer, &inner).await.problem(409);
    undo(&officer, &outer).await.expect(200);
    assert_eq!((supplied(&app).await, reads(&second).await), ("SKH-0001 false, SKH-0002 true".to_owned(), 200));
    assert_eq!(expert(&app, "SKH-0001").await["id"], second["id"]);
    undo(&officer, &inner).await.expect(200);
    assert_eq!(supplied(&app).await, "SKH-0001 true, SKH-0002 true");
    assert_eq!((reads(&first).await, reads(&second).await), (200, 200));
    assert_eq!(bank(&app).await, before, "all is as it was");
    let again = plan(&dept, "snapshot", &file).await;
    assert_eq!(counts(&again), [0, 0, 20, 0, 0, 0, 0, 0]);
    assert!(changes(&dept, &again, "").await.iter().all(|change| change["outcome"].is_null()), "all are its own");
}

/// A plan from before a merge is applied after the undo: as it shows, or not at all. Of whom the merge made another version it is
/// refused.
#[tokio::test]
async fn a_plan_from_before_a_merge_is_not_applied_over_what_the_undo_left() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(30);
    sync(&dept, "snapshot", &file).await;
    let (winner, loser) = (expert(&app, "SKH-0002").await, expert(&app, "SKH-0001").await);
    file[0]["position"] = json!("Của bản ghi bị gộp");
    file[1]["position"] = json!("Của bản ghi đứng lại");
    let both = plan(&dept, "delta", &file[..2]).await;
    let losers = plan(&dept, "delta", &file[..1]).await;
    let merged = merge(&officer, &winner, &loser).await;
    for ready in [&both, &losers] {
        let before = bank(&app).await;
        assert!(apply(&dept, ready).await.places(409).contains(&"/changes/1".to_owned()));
        assert_eq!(bank(&app).await, before);
    }
    undo(&officer, &merged).await.expect(200);
    let before = bank(&app).await;
    assert!(apply(&dept, &both).await.places(409).contains(&"/changes/2".to_owned()), "the winner is another version");
    assert_eq!(bank(&app).await, before);
    // of the loser everything is as the plan knew it
    settled(&dept, &losers).await;
    let position = async |expert: &Value| officer.get(&path(expert)).await.expect(200)["position"].clone();
    assert_eq!(position(&loser).await, "Của bản ghi bị gộp");
    assert_eq!(position(&winner).await, "Nghiên cứu viên");
    let next = plan(&dept, "delta", &file[..2]).await;
    settled(&dept, &next).await;
    assert_eq!(position(&loser).await, "Của bản ghi bị gộp");
    assert_eq!(position(&winner).await, "Của bản ghi đứng lại");
}

/// A merge that is asked for while a plan is applied waits for it, and then finds what it wrote.
#[tokio::test]
async fn a_merge_beside_an_apply_comes_after_it() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(20);
    sync(&dept, "delta", &file).await;
    file[0]["unit"] = json!("Phòng mới");
    let ready = plan(&dept, "delta", &file).await;
    let (winner, loser) = (expert(&app, "SKH-0002").await, expert(&app, "SKH-0001").await);
    let held = Held::with(&app, "LOCK TABLE sync_changes IN SHARE MODE").await;
    let asked = ask_to_apply(&dept, &ready);
    let work = async {
        blocked(&app, 1).await;
        let body = json!({ "other": loser["id"] });
        let at = format!("{}/merge", path(&winner));
        let early = officer.send(Method::POST, &at, &[("if-match", "*")], Some(&body)).await;
        early.problem(503);
        held.let_go().await;
    };
    let (_, ()) = tokio::join!(asked, work);
    until("it is applied", async || made_or_not(&dept, &ready).await != "applying").await;
    assert_eq!(made(&dept, text(&ready["id"])).await["state"], "applied");
    merge(&officer, &winner, &loser).await;
    let merged = officer.get(&path(&winner)).await.expect(200);
    assert_eq!(expert(&app, "SKH-0001").await["id"], winner["id"]);
    assert_eq!(merged["record"]["sources"], json!(["skhcn:SKH-0001", "skhcn:SKH-0002"]), "{merged}");
    let refused = revert(&dept, &ready).await.problem(409);
    assert!(refused.to_string().contains("/changes/1"), "{refused}");
}
