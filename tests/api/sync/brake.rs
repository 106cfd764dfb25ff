//! Records that are missing or taken out, and the brake.

use serde_json::{Value, json};

use super::{apply, changes, counts, expert_path, plan, records, sync};
use crate::support::TestApp;
use crate::support::bank::{change, text};

fn tombstone(number: usize) -> Value {
    json!({ "external_id": format!("SKH-{number:04}"), "deleted": true })
}

#[tokio::test]
async fn what_a_snapshot_no_longer_has_is_absent_and_stays() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let people = app.sql("SELECT count(*) FROM experts").await;
    sync(&dept, "snapshot", &records(40)).await;
    let mut file = records(40);
    file.remove(9);
    file[20] = tombstone(22);
    let plan = plan(&dept, "snapshot", &file).await;
    assert_eq!(counts(&plan), [0, 0, 38, 0, 0, 1, 1, 0], "{plan}");
    assert_eq!(changes(&officer, &plan, "kind=absent").await[0]["external_id"], "SKH-0010");
    apply(&dept, &plan).await.expect(200);
    let gone = "SELECT string_agg(external_id || ' ' || (absent_since IS NULL) || ' ' || (withdrawn_at IS NULL), ',' ORDER BY 1)
        FROM expert_sources WHERE source = 'skhcn' AND (absent_since IS NOT NULL OR withdrawn_at IS NOT NULL)";
    assert_eq!(app.sql(gone).await, "SKH-0010 false true,SKH-0022 true false");
    officer.get(&expert_path(&app, "SKH-0010").await).await.expect(200);
    let now: i64 = app.sql("SELECT count(*) FROM experts").await.parse().unwrap();
    assert_eq!(now, people.parse::<i64>().unwrap() + 40, "nobody was deleted");
    assert_eq!(counts(&sync(&dept, "snapshot", &file).await), [0, 0, 39, 0, 0, 0, 0, 0], "it is said once");
    let back = sync(&dept, "snapshot", &records(40)).await;
    assert_eq!(counts(&back), [0, 0, 40, 0, 0, 0, 0, 0]);
    let outcomes: Vec<Value> =
        changes(&dept, &back, "kind=unchanged").await.iter().map(|change| change["outcome"].clone()).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "returned").count(), 2);
    assert_eq!(app.sql(gone).await, "");
    assert_eq!(
        counts(&super::plan(&dept, "delta", &records(3)).await),
        [0, 0, 3, 0, 0, 0, 0, 0],
        "a delta says nothing of the rest"
    );
}

#[tokio::test]
async fn what_changes_too_much_waits_for_the_union() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "snapshot", &records(40)).await;
    let mut many = records(40);
    many.iter_mut().take(9).for_each(|record| record["position"] = json!("Viện trưởng"));
    for (what, mode, file, state) in [
        ("two of forty are missing", "snapshot", records(38), "ready"),
        ("three of forty are missing", "snapshot", records(37), "blocked"),
        ("three of forty were taken out", "delta", vec![tombstone(1), tombstone(2), tombstone(3)], "blocked"),
        ("nine of forty change", "delta", many.clone(), "blocked"),
        ("eight of forty change", "delta", many[..8].to_vec(), "ready"),
    ] {
        assert_eq!(plan(&dept, mode, &file).await["state"], state, "{what}");
    }
    let blocked = plan(&dept, "delta", &many).await;
    assert_eq!(
        blocked["brake"],
        json!({ "live": 40, "gone": 0, "gone_percent": 5.0, "changed": 9, "changed_percent": 20.0 })
    );
    apply(&dept, &blocked).await.problem(409);
    let release = format!("/api/v1/sync/plans/{}/release", text(&blocked["id"]));
    dept.post(&release, &Value::Null).await.problem(403);
    let released = officer.send(reqwest::Method::POST, &release, &[], None).await.expect(200);
    assert_eq!((&released["state"], &released["hash"]), (&json!("ready"), &blocked["hash"]));
    assert_eq!(
        officer.send(reqwest::Method::POST, &release, &[], None).await.expect(200),
        released,
        "again is the same"
    );
    apply(&dept, &blocked).await.expect(200);
    officer.send(reqwest::Method::POST, &release, &[], None).await.problem(409);
    let set =
        "INSERT INTO settings (name, valid_from, value) VALUES ('sync_brake_changed_percent', '2026-01-01', '50'),
        ('sync_brake_gone_percent', '2026-01-01', '0')";
    change(&app, set).await;
    assert_eq!(plan(&dept, "delta", &records(9)).await["state"], "ready");
    assert_eq!(plan(&dept, "delta", &[tombstone(1)]).await["state"], "blocked");
}

#[tokio::test]
async fn an_empty_or_cut_snapshot_is_refused() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "snapshot", &records(20)).await;
    let file = super::lines(&records(20));
    for (mode, body, code) in [
        ("snapshot", Vec::new(), "empty"),
        ("snapshot", b"\n \n".to_vec(), "empty"),
        ("delta", Vec::new(), "empty"),
        ("snapshot", file[..file.len() / 2].to_vec(), "truncated"),
    ] {
        let refused = super::send(&dept, &format!("source=skhcn&mode={mode}"), body).await.problem(422);
        assert_eq!(refused["errors"][0]["code"], code);
        let last = dept.get("/api/v1/sync/plans?limit=1").await.expect(200)["items"][0].clone();
        assert_eq!((&last["state"], &last["failure"]["code"]), (&json!("failed"), &json!("refused")));
    }
}
