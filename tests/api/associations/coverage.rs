//! `GET /fields/coverage`.

use serde_json::{Value, json};

use super::enter;
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

async fn all(caller: &Caller<'_>, query: &str) -> Vec<Value> {
    let (mut seen, mut path) = (Vec::new(), format!("/api/v1/fields/coverage?limit=100{query}"));
    loop {
        let page = caller.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else { return seen };
        path = format!("/api/v1/fields/coverage?limit=100{query}&cursor={cursor}");
    }
}

fn row(rows: &[Value], code: &str) -> Value {
    rows.iter().find(|row| row["code"] == code).cloned().unwrap_or_else(|| panic!("no {code}"))
}

#[tokio::test]
async fn the_union_sees_every_count_and_the_public_no_small_one() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (union, public) = (all(&officer, "").await, all(&app.nobody(), "").await);
    assert_eq!(union.len(), public.len());
    let counts = |row: &Value| -> Vec<Option<i64>> {
        let parts = row["by_degree"].as_array().unwrap().iter().map(|part| part["count"].as_i64());
        parts.chain([row["experts"].as_i64()]).collect()
    };
    let (mut hidden, mut shown) = (0, 0);
    for (full, seen) in union.iter().zip(&public) {
        let (full_counts, seen_counts) = (counts(full), counts(seen));
        let sum: i64 = full_counts[..full_counts.len() - 1].iter().flatten().sum();
        assert_eq!(Some(sum), full["experts"].as_i64(), "{full}");
        for (full_count, seen_count) in full_counts.iter().zip(&seen_counts) {
            match seen_count {
                Some(count) => {
                    // everybody of the demo's first sixty is public
                    assert_eq!((*seen_count, *count == 0 || *count >= 5), (*full_count, true), "{seen}");
                    shown += 1;
                }
                None => hidden += 1,
            }
        }
        // beside a total that is shown, at least two are hidden, or none
        let missing = seen_counts[..seen_counts.len() - 1].iter().filter(|count| count.is_none()).count();
        assert!(seen["experts"].is_null() || missing != 1, "{seen}");
    }
    assert!(hidden > 20 && shown > 20, "{hidden} hidden, {shown} shown");
    // the same number as the fields' own
    let fields = officer.get("/api/v1/fields?level=1&limit=100").await.expect(200);
    for field in fields["items"].as_array().unwrap() {
        assert_eq!(row(&union, text(&field["code"]))["experts"], field["experts"], "{field}");
    }
}

#[tokio::test]
async fn somebody_hidden_changes_nothing_the_public_sees() {
    let app = TestApp::start().await;
    let before = all(&app.nobody(), "").await;
    let officer = app.sign_in("union_officer").await;
    for number in 0..12_u8 {
        let form = json!({ "full_name": format!("Kpă Ẩn {}", char::from(b'A' + number)), "fields": ["30231"], "degree": "TS" });
        officer.post("/api/v1/experts", &form).await.expect(201);
    }
    assert_eq!(all(&app.nobody(), "").await, before);
    assert_eq!(
        row(&all(&officer, "").await, "30231")["experts"].as_i64(),
        row(&before, "30231")["experts"].as_i64().map(|n| n + 12)
    );
}

#[tokio::test]
async fn a_field_with_experts_and_no_association_is_a_gap() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    change(&app, "DELETE FROM association_fields").await;
    let rows = all(&officer, "").await;
    let gap = rows.iter().find(|row| row["gap"] == "no_association").expect("a gap").clone();
    assert!(gap["experts"].as_i64().unwrap() >= 10 && gap["associations"] == json!([]));
    let code = text(&gap["code"]);
    enter(&officer, "A", json!({ "main_field": code })).await;
    let after = row(&all(&officer, &format!("&field={code}")).await, code);
    assert_eq!((&after["gap"], &after["associations"][0]["code"]), (&Value::Null, &json!("A")));
    let missing = all(&officer, "&gap=no_experts&level=1").await;
    assert!(missing.iter().all(|row| row["experts"] == 0));
    for query in ["scheme=NOWHERE", "level=x", "colour=red", "field=99999", "field=4x"] {
        app.nobody().get(&format!("/api/v1/fields/coverage?{query}")).await.problem(400);
    }
    let read = app.nobody().get("/api/v1/fields/coverage").await;
    assert!(read.header("cache-control").starts_with("public") && !read.header("etag").is_empty());
    assert!(officer.get("/api/v1/fields/coverage").await.header("cache-control").starts_with("private"));
}
