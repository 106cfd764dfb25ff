//! The sync of a source: plan, look, apply, undo.

mod apply;
mod between;
mod brake;
mod conflicts;
mod doubts;
mod faults;
mod merges;
mod plans;
mod property;
mod revert;
mod sample;
mod together;
mod upload;

use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection;
use expert_bank::db::Conn;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

/// A record of the Department, as `number` says.
pub fn record(number: usize) -> Value {
    json!({
        "external_id": format!("SKH-{number:04}"),
        "full_name": format!("TS. Kpă Thị {}{}", ["Hoa", "Mẫu", "Lan", "Đào", "Cúc"][number % 5], letters(number)),
        "date_of_birth": format!("19{:02}-03-{:02}", 50 + number % 40, 1 + number % 28),
        "gender": "Nữ", "position": "Nghiên cứu viên", "workplace": format!("Trạm sông {}", number % 12),
        "province": "Tuyên Quang", "fields": ["40401"], "specialties": ["Cây thử nghiệm"], "languages": ["vi"],
        "email": format!("skh{number}@chuyengia.example"), "phone": format!("0600{number:06}"),
        "publications": [{ "title": format!("Bài báo {number}"), "year": 2020 }], "updated_at": "2025-07-01T08:00:00+07:00",
    })
}

/// A number in letters, so that names differ.
fn letters(number: usize) -> String {
    let mut rest = number + 26;
    let mut out = String::new();
    while rest > 0 {
        out.push(char::from(b'a' + u8::try_from(rest % 26).unwrap()));
        rest /= 26;
    }
    out
}

pub fn records(count: usize) -> Vec<Value> {
    (1..=count).map(record).collect()
}

pub fn lines(records: &[Value]) -> Vec<u8> {
    records.iter().map(|record| format!("{record}\n")).collect::<String>().into_bytes()
}

/// Sends a file as the caller; the answer.
pub async fn send(caller: &Caller<'_>, query: &str, body: Vec<u8>) -> Answer {
    let path = format!("/api/v1/sync/plans?{query}");
    caller.raw(Method::POST, &path, &[("content-type", "application/x-ndjson")], body).await
}

/// Sends records, and waits for the plan.
pub async fn plan(caller: &Caller<'_>, mode: &str, records: &[Value]) -> Value {
    let receipt = send(caller, &format!("source=skhcn&mode={mode}"), lines(records)).await.expect(202);
    made(caller, text(&receipt["id"])).await
}

/// Waits until something is so, however slow the machine is.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !is_so().await {
        assert!(begin.elapsed() < Duration::from_secs(120), "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// A plan when it is made, or applied.
pub async fn made(caller: &Caller<'_>, id: &str) -> Value {
    let mut plan = Value::Null;
    until("the plan is made", async || {
        plan = caller.get(&format!("/api/v1/sync/plans/{id}")).await.expect(200);
        !["planning", "applying", "reverting"].contains(&text(&plan["state"]))
    })
    .await;
    plan
}

/// Asks for a plan to be applied as it is shown; the answer, which may say that it is under way.
pub async fn ask_to_apply(caller: &Caller<'_>, plan: &Value) -> Answer {
    let path = format!("/api/v1/sync/plans/{}/apply", text(&plan["id"]));
    caller.post(&path, &json!({ "hash": plan["hash"] })).await
}

/// Applies a plan as it is shown; the answer when that is done, or refused.
pub async fn apply(caller: &Caller<'_>, plan: &Value) -> Answer {
    loop {
        let answer = ask_to_apply(caller, plan).await;
        if answer.status != 202 {
            return answer;
        }
        made(caller, text(&plan["id"])).await;
    }
}

/// Undoes a plan; the answer when that is done, or refused.
pub async fn revert(caller: &Caller<'_>, plan: &Value) -> Answer {
    let path = format!("/api/v1/sync/plans/{}/revert", text(&plan["id"]));
    loop {
        let answer = caller.send(Method::POST, &path, &[], None).await;
        if answer.status != 202 {
            return answer;
        }
        made(caller, text(&plan["id"])).await;
    }
}

/// A plan applied.
pub async fn settled(caller: &Caller<'_>, plan: &Value) -> Value {
    let applied = apply(caller, plan).await.expect(200);
    assert_eq!(applied["state"], "applied", "{applied}");
    applied
}

/// Sends records, has them applied, and says what that changed.
pub async fn sync(caller: &Caller<'_>, mode: &str, records: &[Value]) -> Value {
    let plan = plan(caller, mode, records).await;
    assert_eq!(plan["state"], "ready", "{plan}");
    settled(caller, &plan).await
}

/// A transaction of the test's own, in which it holds what others wait for.
pub struct Held(Conn);

impl Held {
    pub async fn with(app: &TestApp, sql: &str) -> Self {
        let mut held = Self(app.state.db.conn().await.unwrap());
        held.run(&format!("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; {sql}")).await;
        held
    }

    pub async fn run(&mut self, sql: &str) {
        self.0.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub async fn let_go(mut self) {
        self.run("ROLLBACK").await;
    }
}

/// Waits until so many sessions of the test's database wait for a lock.
pub async fn blocked(app: &TestApp, sessions: u32) {
    // not the worker that lets PostgreSQL look at its tables anew, and gives up soon
    let waiting = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE 'ANALYZE%'";
    until("somebody waits for a lock", async || app.sql(waiting).await.parse::<u32>().unwrap() >= sessions).await;
}

/// The changes of a plan, all of them.
pub async fn changes(caller: &Caller<'_>, plan: &Value, query: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut path = format!("/api/v1/sync/plans/{}/changes?limit=100&{query}", text(&plan["id"]));
    loop {
        let page = caller.get(&path).await.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return items };
        let base = path.split("&cursor=").next().unwrap().to_owned();
        path = format!("{base}&cursor={cursor}");
    }
}

/// Counts of a plan in the order of the issue: create, update, unchanged, conflict, ambiguous, absent, tombstone, rejected.
pub fn counts(plan: &Value) -> [i64; 8] {
    ["create", "update", "unchanged", "conflict", "ambiguous", "absent", "tombstone", "rejected"]
        .map(|kind| plan["counts"][kind].as_i64().unwrap())
}

/// The path of the expert of a record.
pub async fn expert_path(app: &TestApp, external_id: &str) -> String {
    let sql = format!("SELECT expert_id FROM expert_sources WHERE source = 'skhcn' AND external_id = '{external_id}'");
    format!("/api/v1/experts/{}", app.sql(&sql).await)
}

/// Everything of the bank that a sync may touch, without what differs from run to run.
pub async fn bank(app: &TestApp) -> String {
    app.sql(
        "SELECT md5(concat_ws('|',
            (SELECT string_agg((to_jsonb(e) - 'version' - 'updated_at')::text, '' ORDER BY id) FROM experts e),
            (SELECT string_agg(f::text, '' ORDER BY expert_id, ordinal) FROM expert_fields f),
            (SELECT string_agg(p::text, '' ORDER BY expert_id, ordinal) FROM expert_publications p),
            (SELECT string_agg(expert_id::text || email_hashes::text || phone_hashes::text, '' ORDER BY expert_id)
               FROM expert_restricted r),
            (SELECT string_agg(s.expert_id::text || words::text || accents::text, '' ORDER BY s.expert_id) FROM expert_search s),
            (SELECT string_agg(concat_ws(' ', source, external_id, expert_id, encode(digest, 'hex'), absent_since, withdrawn_at), ','
                               ORDER BY source, external_id) FROM expert_sources)))",
    )
    .await
}
