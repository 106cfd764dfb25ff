//! What a plan shows, and to whom.

use serde_json::{Value, json};

use super::{changes, counts, expert_path, lines, plan, record, records, send, sync};
use crate::support::TestApp;
use crate::support::bank::{path, text};

#[tokio::test]
async fn a_plan_says_what_becomes_of_each_record_and_changes_nothing() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let officer = app.sign_in("union_officer").await;
    sync(&dept, "delta", &records(40)).await;
    let before = super::bank(&app).await;
    let mut file = records(42);
    file[1]["position"] = json!("Viện trưởng");
    file[1]["email"] = json!("moi@chuyengia.example");
    file[2]["fields"] = json!(["99999"]);
    file[3] = json!({ "external_id": "SKH-0004", "deleted": true });
    file[4] = json!({ "external_id": "SKH-9999", "deleted": true });
    file.push(record(1));
    let plan = plan(&dept, "delta", &file).await;
    assert_eq!(plan["state"], "ready", "{plan}");
    assert_eq!(counts(&plan), [2, 1, 37, 0, 0, 0, 1, 2], "{plan}");
    assert_eq!((&plan["records"], &plan["source"], &plan["mode"]), (&json!(43), &json!("skhcn"), &json!("delta")));
    assert_eq!(plan["created_by"]["role"], "science_dept");
    assert_eq!(super::bank(&app).await, before, "to plan changes nothing");
    let update = changes(&officer, &plan, "kind=update").await.remove(0);
    assert_eq!(update["fields"]["position"]["old"], "Nghiên cứu viên");
    assert_eq!(update["fields"]["position"]["new"], "Viện trưởng");
    assert_eq!(update["fields"]["email"], json!({ "restricted": true, "conflict": false }));
    assert_eq!(update["fields"].as_object().unwrap().len(), 2);
    let seen: Vec<(Value, Value, Value)> = changes(&dept, &plan, "kind=rejected")
        .await
        .iter()
        .map(|change| {
            (change["line"].clone(), change["errors"][0]["pointer"].clone(), change["errors"][0]["code"].clone())
        })
        .collect();
    assert_eq!(
        seen,
        [(json!(3), json!("/fields/0"), json!("unknown_code")), (json!(43), json!("/external_id"), json!("duplicate"))]
    );
    let all = changes(&officer, &plan, "").await;
    assert_eq!(all.len(), 43, "each once, over pages");
    let unknown = all.iter().find(|change| change["external_id"] == "SKH-9999").unwrap();
    assert_eq!((&unknown["kind"], &unknown["outcome"]), (&json!("unchanged"), &json!("not_known")));
    let known = all.iter().find(|change| change["external_id"] == "SKH-0004").unwrap();
    assert_eq!(format!("/api/v1/experts/{}", text(&known["expert_id"])), expert_path(&app, "SKH-0004").await);
}

#[tokio::test]
async fn a_plan_is_for_its_source_the_union_and_the_auditor() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let own = plan(&dept, "delta", &records(2)).await;
    let receipt = send(&officer, "source=other&mode=delta", lines(&records(3))).await.expect(202);
    let other = super::made(&officer, text(&receipt["id"])).await;
    let place = |plan: &Value| format!("/api/v1/sync/plans/{}", text(&plan["id"]));
    dept.get(&place(&other)).await.problem(404);
    dept.get(&format!("{}/changes", place(&other))).await.problem(404);
    super::apply(&dept, &other).await.problem(404);
    assert_eq!(send(&dept, "source=other&mode=delta", lines(&records(1))).await.problem(403)["code"], "forbidden");
    for (role, expected) in [("science_dept", 1), ("union_leader", 2), ("auditor", 2)] {
        let caller = app.sign_in(role).await;
        let page = caller.get("/api/v1/sync/plans").await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), expected, "{role}");
        caller.get(&place(&own)).await.expect(200);
    }
    let ready = officer.get("/api/v1/sync/plans?state=ready&limit=1").await.expect(200);
    assert_eq!(ready["items"][0]["id"], other["id"], "the latest first");
    for role in ["agency", "association", "expert", "admin"] {
        app.sign_in(role).await.get("/api/v1/sync/plans").await.problem(403);
    }
}

#[tokio::test]
async fn people_who_left_died_or_were_erased_are_named_and_left_as_they_are() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(30)).await;
    let place = expert_path(&app, "SKH-0001").await;
    let etag = officer.get(&place).await.header("etag");
    let headers = [("if-match", etag.as_str())];
    let body = json!({ "reason": "Theo đơn" });
    officer.send(reqwest::Method::POST, &format!("{place}/leave"), &headers, Some(&body)).await.expect(200);
    let second = expert_path(&app, "SKH-0002").await;
    officer
        .send(reqwest::Method::POST, &format!("{second}/mark-deceased"), &[("if-match", "*")], Some(&json!({})))
        .await
        .expect(200);
    let third: uuid::Uuid = expert_path(&app, "SKH-0003").await.rsplit('/').next().unwrap().parse().unwrap();
    let state = app.state.clone();
    app.state
        .db
        .transaction(async move |tx| {
            use expert_bank::audit::event::{Event, Recorder};
            assert_eq!(expert_bank::sync::forget(tx, &state.sealer, third).await?, 1);
            Recorder::system(state.sealer.clone(), "tests.erase").record(tx, vec![Event::on("expert", third)]).await
        })
        .await
        .unwrap();
    let mut file = records(4);
    file.iter_mut().for_each(|record| record["position"] = json!("Phó viện trưởng"));
    let plan = plan(&dept, "delta", &file).await;
    let outcome = |change: &Value| change["outcome"].as_str().unwrap_or("").to_owned();
    let seen: Vec<String> = changes(&officer, &plan, "kind=unchanged").await.iter().map(outcome).collect();
    assert_eq!(seen, ["left", "deceased", "erased"]);
    let dept_sees: Vec<String> = changes(&dept, &plan, "kind=unchanged").await.iter().map(outcome).collect();
    assert_eq!(dept_sees, ["needs_review"; 3], "the Department is told of none");
    super::apply(&dept, &plan).await.expect(200);
    assert_eq!(officer.get(&place).await.expect(200)["position"], "Nghiên cứu viên");
    assert_eq!(
        app.sql("SELECT count(*) FROM expert_sources WHERE external_id = 'SKH-0003'").await,
        "0",
        "nobody came back"
    );
    let options = expert_bank::experts::load::Options { source: "skhcn", with_all_consents: false };
    let report = expert_bank::experts::load::load(&app.state, std::io::Cursor::new(lines(&file)), options, |_| {});
    let report = report.await.unwrap();
    assert_eq!(report.created, 0, "neither by a file: {report}");
    let codes: Vec<&str> = report.conflicts.iter().map(|refused| refused.errors[0].code).collect();
    assert_eq!(codes, ["left", "deceased", "erased"]);
}

/// Of somebody who is erased nothing is left in plans that were made before.
#[tokio::test]
async fn what_plans_say_of_somebody_goes_with_them() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let first = sync(&dept, "delta", &records(12)).await;
    let mut file = records(12);
    file[2]["position"] = json!("Viện trưởng");
    file[2]["email"] = json!("moi3@chuyengia.example");
    let second = plan(&dept, "delta", &file).await;
    let third: uuid::Uuid = expert_path(&app, "SKH-0003").await.rsplit('/').next().unwrap().parse().unwrap();
    let state = app.state.clone();
    app.state
        .db
        .transaction(async move |tx| {
            use expert_bank::audit::event::{Event, Recorder};
            expert_bank::sync::forget(tx, &state.sealer, third).await?;
            Recorder::system(state.sealer.clone(), "tests.erase").record(tx, vec![Event::on("expert", third)]).await
        })
        .await
        .unwrap();
    let left = format!("SELECT count(*) FROM sync_changes WHERE external_id = 'SKH-0003' OR expert_id = '{third}'");
    assert_eq!(app.sql(&left).await, "0");
    for plan in [&first, &second] {
        let secret = format!("/api/v1/sync/plans/{}/changes/3/restricted", text(&plan["id"]));
        assert_eq!(officer.get(&secret).await.expect(200), json!({ "fields": {} }));
        let change = changes(&officer, plan, "").await.into_iter().find(|change| change["number"] == 3).unwrap();
        assert!(change.get("fields").is_none() && change["external_id"].is_null(), "{change}");
    }
    officer
        .send(reqwest::Method::POST, &format!("/api/v1/sync/plans/{}/revert", text(&first["id"])), &[], None)
        .await
        .problem(409);
}

#[tokio::test]
async fn a_load_knows_what_was_decided_and_taken_out() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(4)).await;
    let expert = expert_path(&app, "SKH-0001").await;
    let expert = expert.rsplit('/').next().unwrap();
    let decided = format!(
        "INSERT INTO sync_decisions (source, external_id, decision, expert_id) VALUES
            ('skhcn', 'SKH-0011', 'reject', NULL), ('skhcn', 'SKH-0012', 'link', '{expert}'), ('skhcn', 'SKH-0013', 'create', NULL);
         INSERT INTO expert_sources (source, external_id, expert_id, digest, loaded_version)
         VALUES ('skhcn', 'SKH-0014', '{expert}', 'x', 1)"
    );
    crate::support::bank::change(&app, &decided).await;
    let mut file: Vec<Value> = (11..15).map(record).collect();
    file.push(json!({ "external_id": "SKH-0002", "deleted": true }));
    file.push(json!({ "external_id": "SKH-0003", "deleted": "có" }));
    file.push(json!({ "external_id": "SKH-0099", "deleted": true }));
    let options = expert_bank::experts::load::Options { source: "skhcn", with_all_consents: false };
    let report = expert_bank::experts::load::load(&app.state, std::io::Cursor::new(lines(&file)), options, |_| {});
    let report = report.await.unwrap();
    let codes: Vec<&str> = report.conflicts.iter().map(|refused| refused.errors[0].code).collect();
    assert_eq!(codes, ["rejected_by_union", "linked", "merged"], "{report}");
    assert_eq!((report.created, report.withdrawn, report.unchanged, report.rejected.len()), (1, 1, 1, 1), "{report}");
    assert_eq!(report.rejected[0].errors[0].pointer, "/deleted");
    let out = "SELECT external_id FROM expert_sources WHERE withdrawn_at IS NOT NULL";
    assert_eq!(app.sql(out).await, "SKH-0002");
    officer.get(&expert_path(&app, "SKH-0002").await).await.expect(200);
}

/// A line that is mended further down counts, in the same thousand lines as behind them.
#[tokio::test]
async fn a_broken_line_leaves_its_id_to_the_one_that_mends_it() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    for between in [0, 1_100] {
        let mut broken = record(1);
        broken["fields"] = json!(["99999"]);
        let mut file = vec![broken];
        file.extend((2..2 + between).map(record));
        file.push(record(1));
        let plan = plan(&dept, "delta", &file).await;
        assert_eq!((counts(&plan)[0], counts(&plan)[7]), (i64::try_from(between).unwrap() + 1, 1), "{between}: {plan}");
    }
}

#[tokio::test]
async fn a_snapshot_with_a_line_nobody_can_read_marks_nothing_as_absent() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "snapshot", &records(40)).await;
    let mut file = lines(&records(39));
    file.extend(b"{\"external_id\": \"SKH-0040\", \n");
    let receipt = send(&dept, "source=skhcn&mode=snapshot", file).await.expect(202);
    let plan = super::made(&dept, text(&receipt["id"])).await;
    assert_eq!(counts(&plan), [0, 0, 39, 0, 0, 0, 0, 1], "{plan}");
    let broken = changes(&dept, &plan, "kind=rejected").await.remove(0);
    let codes: Vec<&str> = broken["errors"].as_array().unwrap().iter().map(|error| text(&error["code"])).collect();
    assert_eq!(codes, ["malformed_json", "absent_unknown"], "and says so");
}

#[tokio::test]
async fn contacts_are_sealed_wherever_a_plan_keeps_them() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let first = sync(&dept, "delta", &records(3)).await;
    let mut file = records(3);
    file[0]["email"] = json!("rat-rieng-tu@chuyengia.example");
    let plan = plan(&dept, "delta", &file).await;
    for needle in ["rat-rieng-tu", "skh2@chuyengia", "0600000003"] {
        assert_eq!(crate::support::people::tables_with(&app, needle).await, Vec::<String>::new(), "{needle}");
    }
    let officer = app.sign_in("union_officer").await;
    let secret = format!("/api/v1/sync/plans/{}/changes/1/restricted", text(&plan["id"]));
    let read = officer.get(&secret).await.expect(200);
    let email = json!({ "old": "skh1@chuyengia.example", "new": "rat-rieng-tu@chuyengia.example", "conflict": false });
    assert_eq!(read, json!({ "fields": { "email": email } }));
    assert_eq!(app.sql("SELECT count(*) FROM disclosures WHERE action = 'sync.read_restricted'").await, "1");
    dept.get(&secret).await.problem(403);
    officer.get(&secret.replace("/1/", "/9/")).await.problem(404);
    for plan in [&plan, &first] {
        let seen = json!(changes(&dept, plan, "").await).to_string();
        assert!(
            !seen.contains("chuyengia.example") && !seen.contains("0600000") && !seen.contains("1951-03"),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn the_same_file_again_changes_nothing_and_says_so() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let first = sync(&dept, "snapshot", &records(1_200)).await;
    assert_eq!(counts(&first), [1_200, 0, 0, 0, 0, 0, 0, 0]);
    let before = super::bank(&app).await;
    let versions = app.sql("SELECT sum(version) FROM experts").await;
    let again = sync(&dept, "snapshot", &records(1_200)).await;
    assert_eq!(counts(&again), [0, 0, 1_200, 0, 0, 0, 0, 0]);
    assert_eq!(again["same_file_as"], first["id"]);
    assert_eq!(again["file_hash"], first["file_hash"]);
    assert_eq!((super::bank(&app).await, app.sql("SELECT sum(version) FROM experts").await), (before, versions));
}

#[tokio::test]
async fn what_was_loaded_from_a_file_is_known_to_a_sync_and_the_other_way() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "delta", &records(3)).await;
    let options = expert_bank::experts::load::Options { source: "skhcn", with_all_consents: false };
    let file = lines(&records(5));
    let report =
        expert_bank::experts::load::load(&app.state, std::io::Cursor::new(file), options, |_| {}).await.unwrap();
    assert_eq!((report.created, report.unchanged), (2, 3), "{report}");
    let plan = plan(&dept, "delta", &records(6)).await;
    assert_eq!(counts(&plan), [1, 0, 5, 0, 0, 0, 0, 0]);
}

#[tokio::test]
async fn a_record_that_was_entered_by_hand_is_merged_with_what_its_source_says() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let form = json!({ "full_name": "Nguyễn Thử Nhập", "source": "skhcn", "external_id": "SKH-7777", "position": "A",
        "biography": "Người nhập ghi.", "email": "nhap@chuyengia.example" });
    let entered = officer.post("/api/v1/experts", &form).await.expect(201);
    let line =
        json!({ "external_id": "SKH-7777", "full_name": "Nguyễn Thử Nhập", "position": "B", "unit": "Phòng Mẫu" });
    sync(&dept, "delta", &records(10)).await;
    let applied = sync(&dept, "delta", &[line]).await;
    assert_eq!(counts(&applied)[1], 1, "nobody edited it since");
    assert_eq!(officer.get(&path(&entered)).await.expect(200)["position"], "B");
    let restricted = officer.get(&format!("{}/restricted", path(&entered))).await.expect(200);
    let seen = officer.get(&path(&entered)).await.expect(200);
    assert_eq!(
        (&seen["biography"], &restricted["email"]),
        (&json!("Người nhập ghi."), &json!("nhap@chuyengia.example"))
    );
}
