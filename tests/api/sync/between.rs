//! What happens between a plan and its end: how far it is, decisions, loads, people who go, and workers who lose it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Held, apply, ask_to_apply, bank, blocked, changes, counts, expert_path, lines, made, plan, record};
use super::{records, send, settled, sync, until};
use crate::support::bank::{change, enter, path, text};
use crate::support::{Answer, Caller, TestApp};

async fn read(caller: &Caller<'_>, plan: &Value) -> Value {
    caller.get(&format!("/api/v1/sync/plans/{}", text(&plan["id"]))).await.expect(200)
}

/// The plan while it is worked on, when some of it is done and the rest will take a second or more.
async fn half_done(caller: &Caller<'_>, plan: &Value) -> Value {
    let mut seen = Value::Null;
    until("some of the plan is done", async || {
        seen = read(caller, plan).await;
        assert!(seen["applied_at"].is_null(), "it is over: {seen}");
        seen["done"].as_i64() > Some(0) && seen["seconds_left"].as_i64() > Some(0)
    })
    .await;
    seen
}

#[tokio::test]
async fn while_it_is_applied_a_plan_says_how_far_it_is() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let ready = plan(&dept, "delta", &records(24)).await;
    assert_eq!((&ready["done"], &ready["seconds_left"]), (&Value::Null, &Value::Null));
    // two at a time; and the record of the twentieth is being entered by somebody else
    change(&app, &format!("UPDATE sync_changes SET weight = 3 << 20 WHERE plan_id = '{}'", text(&ready["id"]))).await;
    let held = Held::with(
        &app,
        "INSERT INTO expert_sources (source, external_id, expert_id, digest, loaded_version)
         SELECT 'skhcn', 'SKH-0020', id, 'x', 1 FROM experts WHERE code = 'CG-000001'",
    )
    .await;
    let work = async {
        let half = half_done(&dept, &ready).await;
        let done = half["done"].as_i64().unwrap();
        assert!((1..20).contains(&done), "{half}");
        assert_eq!((&half["state"], &half["records"]), (&json!("applying"), &json!(24)));
        held.let_go().await;
    };
    let (_, ()) = tokio::join!(ask_to_apply(&dept, &ready), work);
    let applied = made(&dept, text(&ready["id"])).await;
    assert_eq!(
        (&applied["state"], &applied["done"], &applied["seconds_left"]),
        (&json!("applied"), &Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn while_it_is_made_a_plan_says_how_far_it_is() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let mut held = Held::with(&app, "SAVEPOINT before; LOCK TABLE sync_changes IN SHARE MODE").await;
    let receipt = send(&dept, "source=skhcn&mode=delta", lines(&records(2_000))).await.expect(202);
    blocked(&app, 1).await;
    let early = read(&dept, &receipt).await;
    assert_eq!(
        (&early["state"], &early["done"], &early["seconds_left"]),
        (&json!("planning"), &json!(0), &Value::Null)
    );
    assert_eq!((&early["hash"], &early["records"]), (&Value::Null, &json!(2_000)));
    assert_eq!(changes(&dept, &receipt, "").await, Vec::<Value>::new(), "nothing is shown that may change still");
    assert_eq!(dept.get("/api/v1/sync/plans?state=planning").await.expect(200)["items"][0]["id"], receipt["id"]);
    // from now on it stands still where it puts the second chunk away
    let row = format!(
        "ROLLBACK TO before; INSERT INTO sync_changes (plan_id, number, kind, row_hash) VALUES ('{}', 700, 'rejected', 'x')",
        text(&receipt["id"])
    );
    held.run(&row).await;
    let half = half_done(&dept, &receipt).await;
    assert_eq!((&half["state"], &half["done"]), (&json!("planning"), &json!(500)));
    apply(&dept, &json!({ "id": receipt["id"], "hash": "0".repeat(64) })).await.problem(409);
    held.let_go().await;
    let ready = made(&dept, text(&receipt["id"])).await;
    assert_eq!(
        (&ready["state"], &ready["done"], counts(&ready)),
        (&json!("ready"), &Value::Null, [2_000, 0, 0, 0, 0, 0, 0, 0])
    );
}

/// Somebody the bank knows, and the record of the source that is like them.
async fn doubtful(officer: &Caller<'_>, number: usize) -> (Value, Value) {
    let sent = record(number);
    let mut known = sent.clone();
    for member in ["external_id", "updated_at"] {
        known.as_object_mut().unwrap().remove(member);
    }
    let expert = enter(officer, &known).await;
    (expert, sent)
}

async fn resolve(officer: &Caller<'_>, plan: &Value, number: i64, body: &Value) -> Answer {
    officer.post(&format!("/api/v1/sync/plans/{}/ambiguous/{number}", text(&plan["id"])), body).await
}

/// Ten live records, two of which change, and a doubtful third: the plan, and who the third may be.
async fn near_the_brake(dept: &Caller<'_>, officer: &Caller<'_>, changed: usize) -> (Value, Value) {
    sync(dept, "delta", &records(10)).await;
    let (expert, mut sent) = doubtful(officer, 77).await;
    sent["unit"] = json!("Phòng");
    let mut file = records(changed);
    file.iter_mut().for_each(|record| record["position"] = json!("Viện trưởng"));
    file.push(sent);
    let made = plan(dept, "delta", &file).await;
    assert_eq!(counts(&made), [0, i64::try_from(changed).unwrap(), 0, 0, 1, 0, 0, 0], "{made}");
    (made, expert)
}

#[tokio::test]
async fn a_decision_that_changes_more_than_the_brake_allows_blocks_the_plan() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let (ready, expert) = near_the_brake(&dept, &officer, 2).await;
    assert_eq!((&ready["state"], &ready["brake"]), (&json!("ready"), &Value::Null));
    resolve(&officer, &ready, 3, &json!({ "decision": "link", "expert": expert["code"] })).await.expect(200);
    let blocked = read(&officer, &ready).await;
    assert_eq!((&blocked["state"], counts(&blocked)), (&json!("blocked"), [0, 3, 0, 0, 0, 0, 0, 0]));
    assert_eq!((&blocked["brake"]["live"], &blocked["brake"]["changed"]), (&json!(10), &json!(3)));
    let before = bank(&app).await;
    apply(&dept, &blocked).await.problem(409);
    assert_eq!(bank(&app).await, before);
    let release = format!("/api/v1/sync/plans/{}/release", text(&ready["id"]));
    officer.send(Method::POST, &release, &[], None).await.expect(200);
    settled(&dept, &blocked).await;
    assert_eq!(officer.get(&path(&expert)).await.expect(200)["unit"], "Phòng");
}

#[tokio::test]
async fn a_decision_looks_at_the_brake_anew_and_what_was_released_stays_so() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let (blocked, _) = near_the_brake(&dept, &officer, 3).await;
    assert_eq!(blocked["state"], "blocked");
    let grown: Vec<Value> = (11..=20).map(record).collect();
    sync(&dept, "delta", &grown).await;
    // of twenty, three are not too many
    resolve(&officer, &blocked, 4, &json!({ "decision": "create" })).await.expect(200);
    let ready = read(&dept, &blocked).await;
    assert_eq!((&ready["state"], &ready["brake"]), (&json!("ready"), &Value::Null));
    settled(&dept, &ready).await;
    // nine of twenty-one are, until the Union releases them: then a decision holds nothing up
    let (expert, mut sent) = doubtful(&officer, 78).await;
    sent["unit"] = json!("Phòng");
    let mut file = records(9);
    file.iter_mut().for_each(|record| record["position"] = json!("Phó viện trưởng"));
    file.push(sent);
    let next = plan(&dept, "delta", &file).await;
    assert_eq!(next["state"], "blocked");
    let release = format!("/api/v1/sync/plans/{}/release", text(&next["id"]));
    officer.send(Method::POST, &release, &[], None).await.expect(200);
    resolve(&officer, &next, 10, &json!({ "decision": "link", "expert": expert["code"] })).await.expect(200);
    let decided = read(&officer, &next).await;
    assert_eq!((&decided["state"], counts(&decided)), (&json!("ready"), [0, 10, 0, 0, 0, 0, 0, 0]));
    apply(&dept, &next).await.problem(409);
    settled(&dept, &decided).await;
}

/// Who clicked the wrong answer takes it back, and the brake with it.
#[tokio::test]
async fn a_decision_about_a_doubt_can_be_made_again_until_the_plan_is_applied() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let (first, expert) = near_the_brake(&dept, &officer, 2).await;
    let link = json!({ "decision": "link", "expert": expert["code"] });
    for (decision, state, expected) in [
        (&link, "blocked", [0, 3, 0, 0, 0, 0, 0, 0]),
        (&json!({ "decision": "reject" }), "ready", [0, 2, 0, 0, 0, 0, 0, 1]),
        (&link, "blocked", [0, 3, 0, 0, 0, 0, 0, 0]),
        (&json!({ "decision": "create" }), "ready", [1, 2, 0, 0, 0, 0, 0, 0]),
    ] {
        resolve(&officer, &first, 3, decision).await.expect(200);
        let now = read(&officer, &first).await;
        assert_eq!((&now["state"], counts(&now)), (&json!(state), expected), "{decision}");
    }
    let before = officer.get(&path(&expert)).await.expect(200);
    settled(&dept, &read(&dept, &first).await).await;
    assert_eq!(officer.get(&path(&expert)).await.expect(200), before, "it is somebody new");
    assert_ne!(expert_path(&app, "SKH-0077").await, path(&expert));
}

#[tokio::test]
async fn a_record_that_was_linked_to_who_left_or_died_since_changes_nobody() {
    for (verb, outcome) in [("leave", "left"), ("mark-deceased", "deceased")] {
        let app = TestApp::start().await;
        let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
        let (expert, mut sent) = doubtful(&officer, 77).await;
        sent["unit"] = json!("Phòng");
        let first = plan(&dept, "delta", &[sent.clone()]).await;
        resolve(&officer, &first, 1, &json!({ "decision": "link", "expert": expert["code"] })).await.expect(200);
        let decided = read(&officer, &first).await;
        assert_eq!(counts(&decided), [0, 1, 0, 0, 0, 0, 0, 0]);
        let said = if verb == "leave" { json!({ "reason": "Theo đơn" }) } else { json!({}) };
        let at = format!("{}/{verb}", path(&expert));
        officer.send(Method::POST, &at, &[("if-match", "*")], Some(&said)).await.expect(200);
        let (before, gone) = (bank(&app).await, officer.get(&path(&expert)).await.expect(200));
        assert_eq!(
            apply(&officer, &decided).await.places(409),
            ["/changes/1"],
            "{verb}: who went is not who was decided about"
        );
        let next = plan(&dept, "delta", &[sent.clone()]).await;
        assert_eq!(counts(&next), [0, 0, 1, 0, 0, 0, 0, 0], "{verb}: remembered, and no new person");
        for (caller, said) in [(&officer, outcome), (&dept, "needs_review")] {
            assert_eq!(changes(caller, &next, "").await[0]["outcome"], said, "{verb}");
        }
        settled(&dept, &next).await;
        assert_eq!(bank(&app).await, before, "{verb}");
        assert_eq!(officer.get(&path(&expert)).await.expect(200), gone, "{verb}");
        assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE external_id = 'SKH-0077'").await, "0");
    }
}

/// Loads as the command line does.
async fn load(app: &TestApp, file: &[Value]) -> expert_bank::experts::load::Report {
    let options = expert_bank::experts::load::Options { source: "skhcn", with_all_consents: false };
    expert_bank::experts::load::load(&app.state, std::io::Cursor::new(lines(file)), options, |_| {}).await.unwrap()
}

#[tokio::test]
async fn a_load_between_a_plan_and_its_apply_stops_it_and_is_named() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "snapshot", &records(40)).await;
    let mut file = records(41);
    file[0]["position"] = json!("Viện trưởng");
    file[1]["position"] = json!("Phó viện trưởng");
    let ready = plan(&dept, "delta", &file).await;
    assert_eq!(counts(&ready), [1, 2, 38, 0, 0, 0, 0, 0]);
    let mut loaded = vec![record(1), record(41), record(9)];
    loaded.iter_mut().for_each(|record| record["unit"] = json!("Phòng mới"));
    let report = load(&app, &loaded).await;
    assert_eq!((report.created, report.updated), (1, 2), "{report}");
    let before = bank(&app).await;
    let places = apply(&dept, &ready).await.places(409);
    assert!(["/changes/1", "/changes/41"].iter().all(|place| places.contains(&(*place).to_owned())), "{places:?}");
    assert!(!places.contains(&"/changes/2".to_owned()), "{places:?}");
    assert_eq!(bank(&app).await, before, "nothing of it was written");
    // the file is of before the load: planned anew it says what it would take back
    let again = plan(&dept, "delta", &file).await;
    assert_eq!(counts(&again), [0, 4, 37, 0, 0, 0, 0, 0], "{again}");
    settled(&dept, &again).await;
    let seen = officer.get(&expert_path(&app, "SKH-0001").await).await.expect(200);
    assert_eq!((&seen["position"], &seen["unit"]), (&json!("Viện trưởng"), &Value::Null));
}

/// What a load has seen since is not missing, whatever an older snapshot says, and what it changed nothing of either.
#[tokio::test]
async fn a_stale_snapshot_takes_nobody_for_missing_whom_a_load_has_seen_since() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "snapshot", &records(40)).await;
    let ready = plan(&dept, "snapshot", &records(39)).await;
    assert_eq!(counts(&ready), [0, 0, 39, 0, 0, 1, 0, 0]);
    let mut seen = record(40);
    seen["updated_at"] = json!("2026-02-01T08:00:00+07:00");
    load(&app, &[seen]).await;
    let before = bank(&app).await;
    assert_eq!(apply(&dept, &ready).await.places(409), ["/changes/40"]);
    assert_eq!(bank(&app).await, before);
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE absent_since IS NOT NULL").await, "0");
}

/// A worker loses its plan in the middle of applying it and does not know yet; the next one takes it up. It is written once.
#[tokio::test]
async fn a_worker_that_lost_its_plan_while_applying_writes_nothing_twice() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = records(30);
    sync(&dept, "delta", &file).await;
    file.iter_mut().take(6).for_each(|record| record["position"] = json!("Viện trưởng"));
    file.push(record(31));
    let ready = plan(&dept, "delta", &file).await;
    let written = "SELECT count(*) FROM audit_events WHERE action = 'experts.update' AND subject_kind = 'expert'";
    let before: i64 = app.sql(written).await.parse().unwrap();
    let held = Held::with(&app, "LOCK TABLE sync_changes IN SHARE MODE").await;
    let work = async {
        blocked(&app, 1).await;
        let lost = "UPDATE sync_work SET worker = NULL, lease_until = '-infinity' WHERE plan_id";
        change(&app, &format!("{lost} = '{}'", text(&ready["id"]))).await;
        let next = tokio::spawn(expert_bank::sync::worker::run(app.state.clone())).abort_handle();
        let taken = format!("SELECT attempts > 1 FROM sync_work WHERE plan_id = '{}'", text(&ready["id"]));
        until("another worker takes it up", async || app.sql(&taken).await == "true").await;
        blocked(&app, 2).await;
        held.let_go().await;
        next
    };
    let (_, next) = tokio::join!(ask_to_apply(&dept, &ready), work);
    let applied = made(&dept, text(&ready["id"])).await;
    next.abort();
    assert_eq!((&applied["state"], counts(&applied)), (&json!("applied"), [1, 6, 24, 0, 0, 0, 0, 0]));
    let versions = "SELECT string_agg(DISTINCT e.version::text, ',' ORDER BY e.version::text) FROM experts e
                      JOIN expert_sources s ON s.expert_id = e.id WHERE s.external_id <= 'SKH-0006'";
    assert_eq!(app.sql(versions).await, "2", "each was written once");
    assert_eq!(app.sql(written).await, (before + 6).to_string());
    let seen = officer.get(&expert_path(&app, "SKH-0006").await).await.expect(200);
    assert_eq!(seen["position"], "Viện trưởng");
}
