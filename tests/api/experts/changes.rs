//! `GET /experts/changes`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::bank::{decide, enter_named, path, text, try_change};
use crate::support::people::place_all;
use crate::support::{Caller, TestApp};

const CHANGES: &str = "/api/v1/experts/changes";

/// What comes after a cursor once everything has its place; and the cursor then.
pub async fn after(caller: &Caller<'_>, cursor: &str) -> (Vec<Value>, String) {
    place_all(caller.app).await;
    at_once(caller, cursor).await
}

/// What comes after a cursor now, until there is no more; and the cursor then.
async fn at_once(caller: &Caller<'_>, cursor: &str) -> (Vec<Value>, String) {
    let (mut items, mut cursor) = (Vec::new(), cursor.to_owned());
    loop {
        let since = if cursor.is_empty() { String::new() } else { format!("&since={cursor}") };
        let page = caller.get(&format!("{CHANGES}?limit=50{since}")).await.expect(200);
        items.extend(page["items"].as_array().unwrap().clone());
        text(&page["cursor"]).clone_into(&mut cursor);
        if page["more"] == false {
            return (items, cursor);
        }
    }
}

fn told(items: &[Value], of: &Value) -> Vec<String> {
    items.iter().filter(|item| item["id"] == of["id"]).map(|item| text(&item["kind"]).to_owned()).collect()
}

#[tokio::test]
async fn each_caller_follows_what_comes_into_their_view_and_leaves_it() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let roles =
        ["union_officer", "union_leader", "auditor", "agency", "science_dept", "association", "admin", "expert"];
    let mut callers = vec![("nobody", app.nobody())];
    for role in roles {
        callers.push((role, app.sign_in(role).await));
    }
    let mut begun = Vec::new();
    for (_, caller) in &callers {
        begun.push(after(caller, "").await.1);
    }
    let hidden = enter_named(&officer, "Kpă Văn Kín").await;
    officer.patch(&path(&hidden), "*", &json!({ "position": "Kỹ sư" })).await.expect(200);
    let agencies = enter_named(&officer, "Kpă Văn Sở").await;
    decide(&officer, &agencies, "agency_search", true).await;
    decide(&officer, &agencies, "agency_search", false).await;
    let public = enter_named(&officer, "Kpă Văn Mở").await;
    decide(&officer, &public, "public_profile", true).await;
    place_all(&app).await;
    officer.patch(&path(&public), "*", &json!({ "position": "Kỹ sư" })).await.expect(200);
    place_all(&app).await;
    // what the person keeps to themselves
    officer.patch(&path(&public), "*", &json!({ "phone": "0600777666", "max_parallel": 3 })).await.expect(200);
    decide(&officer, &public, "contact_sharing", true).await;
    place_all(&app).await;
    decide(&officer, &public, "public_profile", false).await;
    decide(&officer, &public, "agency_search", true).await;
    for ((name, caller), cursor) in callers.iter().zip(begun) {
        let (items, _) = after(caller, &cursor).await;
        let all = ["union_officer", "union_leader", "auditor"].contains(name);
        let for_agencies = ["agency", "science_dept"].contains(name);
        let (up, gone) = ("upsert", "tombstone");
        let expected: [&[&str]; 3] = match () {
            () if all => [&[up, up], &[up, up, up], &[up, up, up, up, up, up]],
            () if for_agencies => [&[], &[up, gone], &[up, up, gone, up]],
            () => [&[], &[], &[up, up, gone]],
        };
        let seen = [&hidden, &agencies, &public].map(|expert| told(&items, expert));
        assert_eq!(
            seen,
            expected.map(|kinds| kinds.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>()),
            "{name}"
        );
        let count = expected.iter().map(|kinds| kinds.len()).sum::<usize>();
        assert_eq!(items.len(), count, "{name}: nothing else happened");
        for item in items.iter().filter(|item| item["expert"].is_object()) {
            assert_eq!(caller.get(&format!("/api/v1/experts/{}", text(&item["id"]))).await.status, 200, "{name}");
            assert!(item["expert"].get("record").is_none(), "{name}: {item}");
        }
    }
}

#[tokio::test]
async fn a_cursor_moves_with_what_its_caller_sees_and_is_bound_to_them() {
    let app = TestApp::start().await;
    let (officer, agency) = (app.sign_in("union_officer").await, app.sign_in("agency").await);
    let (first, cursor) = after(&app.nobody(), "").await;
    assert!(!first.is_empty() && first.iter().all(|item| item["kind"] == "upsert"), "the bank as it is");
    let hidden = enter_named(&officer, "Kpă Văn Kín").await;
    officer.patch(&path(&hidden), "*", &json!({ "position": "Kỹ sư" })).await.expect(200);
    let shown = app.sql("SELECT id FROM experts WHERE public_profile ORDER BY code DESC LIMIT 1").await;
    let shown = path(&json!({ "id": shown }));
    officer.patch(&shown, "*", &json!({ "phone": "0600777666", "standing_evidence": "Bằng khen" })).await.expect(200);
    let period = json!({ "kind": "unavailable", "from": "2040-01-01" });
    officer.post(&format!("{shown}/availability"), &period).await.expect(201);
    officer.verb(&format!("{shown}/pause"), "*").await.expect(200);
    assert_eq!(app.nobody().get(&shown).await.status, 200);
    assert_eq!(after(&app.nobody(), &cursor).await, (Vec::new(), cursor.clone()), "nothing happened for nobody");
    agency.get(&format!("{CHANGES}?since={cursor}")).await.problem(400);
    for (query, pointer) in
        [("wait=31", "/wait"), ("wait=-1", "/wait"), ("limit=101", "/limit"), ("colour=x", "/colour")]
    {
        assert_eq!(agency.get(&format!("{CHANGES}?{query}")).await.places(400), [pointer], "{query}");
    }
    agency.get(&format!("{CHANGES}?since=x")).await.problem(400);
    // the same place is the same cursor, however it was asked for
    let page = app.nobody().get(&format!("{CHANGES}?limit=1")).await.expect(200);
    assert_eq!((page["items"].as_array().unwrap().len(), &page["more"]), (1, &json!(true)));
    let rest = after(&app.nobody(), text(&page["cursor"])).await;
    assert_eq!((rest.0.len(), rest.1), (first.len() - 1, cursor));
}

#[tokio::test]
async fn a_person_follows_their_own_record_whoever_else_may_see_it() {
    let app = TestApp::start().await;
    let (officer, person) = (app.sign_in("union_officer").await, app.sign_in("expert").await);
    let id = app.sql("SELECT expert_id FROM accounts WHERE username = 'expert'").await;
    let own = json!({ "id": id });
    decide(&officer, &own, "public_profile", false).await;
    let ((_, mine), (_, public)) = (after(&person, "").await, after(&app.nobody(), "").await);
    officer.patch(&path(&own), "*", &json!({ "position": "Nguyên Trưởng phòng" })).await.expect(200);
    let (items, _) = after(&person, &mine).await;
    assert_eq!(told(&items, &own), ["upsert"]);
    assert_eq!(items[0]["expert"]["position"], "Nguyên Trưởng phòng");
    assert_eq!(after(&app.nobody(), &public).await.0, Vec::<Value>::new());
}

/// Writers whose transactions overlap and commit in another order than they began, and readers who follow meanwhile: each
/// change is told once to each reader, in one order for all.
#[tokio::test]
async fn nothing_is_missed_however_many_write_at_once() {
    const WRITERS: usize = 6;
    const EACH: usize = 12;
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (agency, nobody) = (app.sign_in("agency").await, app.nobody());
    let mut begun = Vec::new();
    for caller in [&officer, &agency, &nobody] {
        begun.push(after(caller, "").await.1);
    }
    let ids = app.sql("SELECT string_agg(id::text, ',' ORDER BY code) FROM experts").await;
    let ids: Vec<&str> = ids.split(',').collect();
    let before: i64 = app.sql("SELECT count(*) FROM expert_changes").await.parse().unwrap();
    let done = std::cell::Cell::new(false);
    let writers = async {
        futures_util::future::join_all((0..WRITERS).map(|number| write(&app, &ids, number * EACH, EACH))).await;
        done.set(true);
    };
    let reader = async |caller: &Caller<'_>, mut cursor: String| {
        let mut seen = Vec::new();
        while !done.get() {
            let (items, next) = at_once(caller, &cursor).await;
            seen.extend(items);
            cursor = next;
        }
        (seen, cursor)
    };
    let callers = [&officer, &agency, &nobody];
    let readers = futures_util::future::join_all(callers.into_iter().zip(begun).map(|(caller, at)| reader(caller, at)));
    let ((), read) = tokio::join!(writers, readers);
    let mut told = Vec::new();
    for (caller, (mut seen, cursor)) in callers.into_iter().zip(read) {
        assert!(!seen.is_empty(), "somebody reads while others write");
        seen.extend(after(caller, &cursor).await.0);
        told.push(seen.iter().map(|item| text(&item["id"]).to_owned()).collect::<Vec<_>>());
    }
    let stored = placed_since(&app, before).await;
    assert_eq!(stored.len(), WRITERS * EACH);
    assert_eq!(told[0], stored, "in the order of the places, none twice, none left out");
    for (audience, told) in [("agency_search", &told[1]), ("public_profile", &told[2])] {
        let visible = app.sql(&format!("SELECT string_agg(id::text, ',') FROM experts WHERE {audience}")).await;
        let visible: BTreeSet<&str> = visible.split(',').collect();
        let expected: BTreeSet<&str> = stored.iter().map(String::as_str).filter(|id| visible.contains(id)).collect();
        let heard: BTreeSet<&str> = told.iter().map(String::as_str).collect();
        assert!(expected.len() > 10, "{audience}: {expected:?}");
        assert_eq!(heard, expected, "{audience}: everybody in view who changed, and nobody else");
        let mut places = stored.iter();
        assert!(told.iter().all(|id| places.any(|stored| stored == id)), "{audience}: in the order of the places");
    }
    let places = app.sql("SELECT count(*) = max(seq) AND min(seq) = 1 FROM expert_changes").await;
    assert_eq!(places, "true", "places have no gaps");
}

/// Changes people one after the other; the later ones of a round often commit first.
async fn write(app: &TestApp, ids: &[&str], first: usize, count: usize) {
    for at in first..first + count {
        let sql = format!(
            "UPDATE experts SET version = version + 1, position = 'Vị trí {at}' WHERE id = '{}'; SELECT pg_sleep({})",
            ids[at % ids.len()],
            ((at * 7) % 5) as f64 / 60.0
        );
        try_change(app, &sql).await.unwrap();
    }
}

/// Whom the changes after so many others are about, in the order of their places.
async fn placed_since(app: &TestApp, count: i64) -> Vec<String> {
    let ids = format!("SELECT string_agg(expert_id::text, ',' ORDER BY seq) FROM expert_changes WHERE seq > {count}");
    app.sql(&ids).await.split(',').map(str::to_owned).collect()
}

#[tokio::test]
async fn a_change_of_an_open_transaction_holds_back_those_that_began_later_and_none_is_passed_over() {
    use diesel_async::SimpleAsyncConnection;
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (_, cursor) = after(&officer, "").await;
    let event = "INSERT INTO audit_events (id, actor_kind, action, subject_kind, digest)
                 VALUES (gen_random_uuid(), 'system', 'tests.change', 'tests', decode(repeat('00', 32), 'hex'));";
    let mut slow = app.state.db.conn().await.unwrap();
    slow.batch_execute(&format!("BEGIN; {event} UPDATE experts SET version = version + 1 WHERE code = 'CG-000001'"))
        .await
        .unwrap();
    try_change(&app, "UPDATE experts SET version = version + 1 WHERE code = 'CG-000002'").await.unwrap();
    assert_eq!(at_once(&officer, &cursor).await, (Vec::new(), cursor.clone()), "the first may still come before it");
    slow.batch_execute("COMMIT").await.unwrap();
    place_all(&app).await;
    let (items, _) = after(&officer, &cursor).await;
    let codes: Vec<&str> = items.iter().map(|item| text(&item["expert"]["code"])).collect();
    assert_eq!(codes, ["CG-000001", "CG-000002"]);
}

/// The first page that tells something: other databases of the cluster may hold the feed up for longer than a caller waits.
async fn answered(caller: &Caller<'_>, path: &str) -> Value {
    for _ in 0..4 {
        let page = caller.get(path).await.expect(200);
        if page["items"] != json!([]) {
            return page;
        }
    }
    panic!("nothing is told")
}

#[tokio::test]
async fn who_waits_is_answered_when_something_happens_and_holds_no_connection() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (_, cursor) = after(&officer, "").await;
    let waits = format!("{CHANGES}?wait=30&since={cursor}");
    let waiting = futures_util::future::join_all((0..12).map(|_| answered(&officer, &waits)));
    let work = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        // they look again every half second, so on a slow machine any one moment may be in the middle of that
        let begin = Instant::now();
        loop {
            let (_, idle, asking) = app.state.db.load();
            if idle > 0 && asking == 0 {
                break;
            }
            assert!(begin.elapsed() < Duration::from_secs(15), "{idle} idle, {asking} ask for one");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let made = enter_named(&officer, "Kpă Văn Mới").await;
        place_all(&app).await;
        (made, Instant::now())
    };
    let (pages, (made, placed)) = tokio::join!(waiting, work);
    assert!(placed.elapsed() < Duration::from_secs(20), "told when it happens, not at the end: {:?}", placed.elapsed());
    for page in pages {
        assert_eq!(page["items"][0]["id"], made["id"], "{page}");
    }
    let (_, cursor) = after(&officer, &cursor).await;
    let begin = Instant::now();
    let nothing = officer.get(&format!("{CHANGES}?wait=1&since={cursor}")).await.expect(200);
    let version = nothing["reference_version"].clone();
    assert_eq!(nothing, json!({ "items": [], "cursor": cursor, "more": false, "reference_version": version }));
    assert!(begin.elapsed() >= Duration::from_millis(950), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_merged_record_is_a_tombstone_for_who_saw_it_and_comes_back_with_the_undo() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let winner = enter_named(&officer, "Kpă Văn Mẫu").await;
    let loser = enter_named(&officer, "KPA VAN MAU").await;
    decide(&officer, &loser, "public_profile", true).await;
    let (agency, nobody) = (app.sign_in("agency").await, app.nobody());
    let callers = [("officer", &officer), ("agency", &agency), ("nobody", &nobody)];
    let mut cursors = BTreeMap::new();
    for (name, caller) in callers {
        cursors.insert(name, after(caller, "").await.1);
    }
    let form = json!({ "other": loser["id"] });
    let at = format!("{}/merge", path(&winner));
    let merge = officer.send(reqwest::Method::POST, &at, &[("if-match", "*")], Some(&form)).await.expect(201);
    for (name, caller) in callers {
        let (items, cursor) = after(caller, &cursors[name]).await;
        assert_eq!(told(&items, &loser), ["tombstone"], "{name}");
        let gone = items.iter().find(|item| item["id"] == loser["id"]).unwrap();
        let leads = if name == "officer" { winner["id"].clone() } else { Value::Null };
        assert_eq!(gone["merged_into"], leads, "{name}: the winner is shown to nobody else");
        let expected = if name == "officer" { vec!["upsert"] } else { Vec::new() };
        assert_eq!(told(&items, &winner), expected, "{name}");
        cursors.insert(name, cursor);
    }
    officer
        .send(reqwest::Method::POST, &format!("/api/v1/merges/{}/undo", text(&merge["id"])), &[], None)
        .await
        .expect(200);
    for (name, caller) in callers {
        let (items, _) = after(caller, &cursors[name]).await;
        assert_eq!(told(&items, &loser), ["upsert"], "{name}");
    }
}

#[tokio::test]
async fn a_reader_does_not_wait_for_who_gives_places() {
    use diesel_async::SimpleAsyncConnection;
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (_, cursor) = after(&officer, "").await;
    let mut other = app.state.db.conn().await.unwrap();
    let lock = 0x0000_4542_4645_4544_i64;
    other.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({lock})")).await.unwrap();
    enter_named(&officer, "Kpă Văn Mới").await;
    let begin = Instant::now();
    assert_eq!(at_once(&officer, &cursor).await, (Vec::new(), cursor.clone()));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    other.batch_execute("ROLLBACK").await.unwrap();
    drop(other);
    assert_eq!(after(&officer, &cursor).await.0.len(), 1);
}

#[tokio::test]
async fn who_gets_another_own_record_begins_anew() {
    let app = TestApp::start().await;
    let (officer, person) = (app.sign_in("union_officer").await, app.sign_in("expert").await);
    let (_, cursor) = after(&person, "").await;
    let other = enter_named(&officer, "Kpă Văn Mẫu").await;
    let sql = format!("UPDATE accounts SET expert_id = '{}' WHERE username = 'expert'", text(&other["id"]));
    try_change(&app, &sql).await.unwrap();
    let person = app.sign_in("expert").await;
    person.get(&format!("{CHANGES}?since={cursor}")).await.problem(400);
    assert_eq!(told(&after(&person, "").await.0, &other), ["upsert"]);
}

#[tokio::test]
async fn the_version_of_names_tells_that_they_are_to_be_joined_anew() {
    let app = TestApp::start().await;
    let before = app.nobody().get(&format!("{CHANGES}?limit=1")).await.expect(200);
    let again = app.nobody().get(&format!("{CHANGES}?limit=1")).await.expect(200);
    assert_eq!(before, again);
    try_change(&app, "UPDATE provinces SET name = name || ' mới' WHERE code = '08'").await.unwrap();
    let after = app.nobody().get(&format!("{CHANGES}?limit=1")).await.expect(200);
    let version = |page: &Value| page["reference_version"].as_i64().unwrap();
    assert!(version(&after) > version(&before), "{before} {after}");
    assert_eq!(after["cursor"], before["cursor"], "a name is no change of an expert");
}

#[tokio::test]
async fn old_upserts_that_a_later_one_repeats_are_forgotten_and_nobody_misses_one() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let edit = async |member: &str, value: &str| {
        officer.patch(&path(&expert), "*", &json!({ member: value })).await.expect(200);
        place_all(&app).await;
    };
    edit("position", "Kỹ sư").await;
    decide(&officer, &expert, "public_profile", true).await;
    place_all(&app).await;
    let (_, cursor) = after(&app.nobody(), "").await;
    for position in ["Phó phòng", "Trưởng phòng"] {
        edit("position", position).await;
    }
    // of this one only the Union is told
    edit("standing_evidence", "Bằng khen").await;
    let forget = async || expert_bank::experts::store::forget_superfluous(&app.state.db, 100).await.unwrap();
    assert_eq!(forget().await, 0, "what is new may not have been read");
    let older = "UPDATE expert_changes SET at = at - interval '8 days' WHERE expert_id";
    try_change(&app, &format!("{older} = '{}'", text(&expert["id"]))).await.unwrap();
    assert_eq!(forget().await, 1, "the first of two that everybody was told of");
    assert_eq!(forget().await, 0);
    let (items, _) = after(&app.nobody(), &cursor).await;
    assert_eq!(told(&items, &expert), ["upsert"]);
    assert_eq!(items[0]["expert"]["position"], "Trưởng phòng");
    assert_eq!(told(&after(&officer, "").await.0, &expert).len(), 5, "came, edited, agreed, two edits");
}
