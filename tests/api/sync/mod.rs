//! The sync of a source: plan, look, apply, undo.

mod apply;
mod brake;
mod conflicts;
mod doubts;
mod faults;
mod merges;
mod plans;
mod property;
mod revert;
mod upload;

use std::time::Duration;

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

/// A plan when it is made.
pub async fn made(caller: &Caller<'_>, id: &str) -> Value {
    for _ in 0..600 {
        let plan = caller.get(&format!("/api/v1/sync/plans/{id}")).await.expect(200);
        if !["planning", "applying"].contains(&text(&plan["state"])) {
            return plan;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the plan is never made");
}

/// Applies a plan as it is shown; the answer.
pub async fn apply(caller: &Caller<'_>, plan: &Value) -> Answer {
    let path = format!("/api/v1/sync/plans/{}/apply", text(&plan["id"]));
    caller.post(&path, &json!({ "hash": plan["hash"] })).await
}

/// Sends records, has them applied, and says what that changed.
pub async fn sync(caller: &Caller<'_>, mode: &str, records: &[Value]) -> Value {
    let plan = plan(caller, mode, records).await;
    assert_eq!(plan["state"], "ready", "{plan}");
    let applied = apply(caller, &plan).await.expect(200);
    assert_eq!(applied["state"], "applied", "{applied}");
    applied
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
            (SELECT string_agg(s.expert_id::text || words::text, '' ORDER BY s.expert_id) FROM expert_search s),
            (SELECT string_agg(concat_ws(' ', source, external_id, expert_id, encode(digest, 'hex'), absent_since, withdrawn_at), ','
                               ORDER BY source, external_id) FROM expert_sources)))",
    )
    .await
}
