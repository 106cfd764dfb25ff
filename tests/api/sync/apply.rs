//! Applying: exactly the plan, all of it or nothing, once.

use serde_json::json;

use super::{apply, bank, changes, counts, expert_path, lines, made, plan, record, records, send, sync};
use crate::support::TestApp;
use crate::support::bank::text;

#[tokio::test]
async fn new_and_changed_people_come_in_as_the_plan_shows() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(30)).await;
    let mut file = records(31);
    file[4]["position"] = json!("Viện trưởng");
    file[4]["phone"] = json!("0600999999");
    file[4]["publications"] = json!([{ "title": "Bài mới" }, { "title": "Bài báo 5", "year": 2020 }]);
    file[4]["workplace"] = json!("Sở Nông nghiệp và Môi trường");
    let plan = plan(&dept, "delta", &file).await;
    assert_eq!(counts(&plan), [1, 1, 29, 0, 0, 0, 0, 0]);
    let before = app.sql("SELECT count(*) FROM audit_events WHERE subject_kind = 'expert'").await;
    let applied = apply(&dept, &plan).await.expect(200);
    assert_eq!((&applied["state"], &applied["hash"]), (&json!("applied"), &plan["hash"]));
    assert!(applied["applying_seconds"].is_number() && applied["planning_seconds"].is_number());
    let expert = officer.get(&expert_path(&app, "SKH-0005").await).await.expect(200);
    assert_eq!(
        (&expert["position"], &expert["workplace"]),
        (&json!("Viện trưởng"), &json!("Sở Nông nghiệp và Môi trường"))
    );
    assert_eq!(expert["publications"].as_array().unwrap().len(), 2);
    let restricted = officer.get(&format!("{}/restricted", expert_path(&app, "SKH-0005").await)).await.expect(200);
    assert_eq!((&restricted["phone"], &restricted["email"]), (&json!("0600999999"), &json!("skh5@chuyengia.example")));
    let new = officer.get(&expert_path(&app, "SKH-0031").await).await.expect(200);
    assert_eq!(
        (&new["record"]["status"], &new["record"]["sources"]),
        (&json!("nominated"), &json!(["skhcn:SKH-0031"]))
    );
    let create = changes(&officer, &plan, "kind=create").await.remove(0);
    assert_eq!(create["expert_id"], new["id"], "the plan named who it would be");
    let events =
        "SELECT string_agg(action || ' ' || actor_role || ' ' || array_to_string(fields, ','), ';' ORDER BY action)
        FROM (SELECT * FROM audit_events WHERE subject_kind = 'expert' ORDER BY id OFFSET ";
    let events = app.sql(&format!("{events}{before}) e WHERE action = 'experts.update'")).await;
    assert_eq!(events, "experts.update science_dept phone,position,publications,workplace");
    let found = crate::support::bank::found(&officer, "\"vien truong\"").await;
    assert!(found.contains(&text(&expert["full_name"]).to_owned()), "the search knows it: {found:?}");
    let after = (bank(&app).await, app.sql("SELECT count(*) FROM audit_events").await);
    let again = apply(&dept, &plan).await.expect(200);
    assert_eq!(again, applied);
    assert_eq!((bank(&app).await, app.sql("SELECT count(*) FROM audit_events").await), after, "again changes nothing");
}

/// Words, specialties and people whose counts are not those of the search rows.
const MISCOUNTED: &str = r#"
    WITH counted AS (
             SELECT kind, key COLLATE "default" AS key, label, sum(everybody) AS e, sum(agencies) AS a, sum(public) AS p
               FROM search_words GROUP BY 1, 2, 3 HAVING sum(everybody) <> 0),
         said AS (
             SELECT 'word' AS kind, key, '' AS label, agency_search, public_profile
               FROM expert_search, unnest(tsvector_to_array(words)) key
              UNION ALL
             SELECT 'specialty', split_part(s, E'\t', 1), split_part(s, E'\t', 2), agency_search, public_profile
               FROM expert_search, unnest(specialties) s
              UNION ALL
             SELECT 'people', '', '', agency_search, public_profile FROM expert_search),
         real AS (
             SELECT kind, key, label, count(*) AS e, count(*) FILTER (WHERE agency_search) AS a,
                    count(*) FILTER (WHERE public_profile) AS p
               FROM said GROUP BY 1, 2, 3)
    SELECT count(*) FILTER (WHERE (counted.e, counted.a, counted.p) IS DISTINCT FROM (real.e, real.a, real.p))
           || ' of ' || (count(*) > 100)
      FROM counted FULL JOIN real USING (kind, key, label)"#;

#[tokio::test]
async fn the_words_of_those_who_come_are_counted() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "delta", &records(40)).await;
    assert_eq!(app.sql(MISCOUNTED).await, "0 of true", "new people");
    let mut file = records(45);
    file[3]["specialties"] = json!(["Quặng wolframit", "Địa chất"]);
    sync(&dept, "delta", &file).await;
    assert_eq!(app.sql(MISCOUNTED).await, "0 of true", "new and changed people together");
}

#[tokio::test]
async fn a_plan_under_which_something_moved_is_refused_with_what_moved() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "delta", &records(20)).await;
    let mut file = records(22);
    file[6]["position"] = json!("Viện trưởng");
    let plan = plan(&dept, "delta", &file).await;
    officer.patch(&expert_path(&app, "SKH-0007").await, "*", &json!({ "unit": "Phòng khác" })).await.expect(200);
    let entered = json!({ "full_name": "Nguyễn Thử Chen", "source": "skhcn", "external_id": "SKH-0021" });
    officer.post("/api/v1/experts", &entered).await.expect(201);
    // who changes nothing may be edited
    officer.patch(&expert_path(&app, "SKH-0001").await, "*", &json!({ "unit": "Phòng khác" })).await.expect(200);
    let before = bank(&app).await;
    let refused = apply(&dept, &plan).await.problem(409);
    let places: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| text(&error["pointer"])).collect();
    assert_eq!((places, &refused["errors"][0]["code"]), (vec!["/changes/7", "/changes/21"], &json!("moved")));
    assert_eq!(bank(&app).await, before);
    let again = super::plan(&dept, "delta", &file).await;
    assert_eq!(counts(&again), [1, 2, 19, 0, 0, 0, 0, 0], "{again}");
    apply(&dept, &again).await.expect(200);
    let edited = officer.get(&expert_path(&app, "SKH-0007").await).await.expect(200);
    assert_eq!((&edited["position"], &edited["unit"]), (&json!("Viện trưởng"), &json!("Phòng khác")));
}

#[tokio::test]
async fn only_the_plan_as_it_was_looked_at_is_applied() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let plan = plan(&dept, "delta", &records(2)).await;
    let path = format!("/api/v1/sync/plans/{}/apply", text(&plan["id"]));
    dept.post(&path, &json!({ "hash": "0".repeat(64) })).await.problem(409);
    assert_eq!(dept.post(&path, &json!({})).await.places(422), ["/hash"]);
    dept.post("/api/v1/sync/plans/none/apply", &json!({ "hash": plan["hash"] })).await.problem(404);
    apply(&dept, &plan).await.expect(200);
    dept.post(&path, &json!({ "hash": "0".repeat(64) })).await.problem(409);
}

#[tokio::test]
async fn auto_applies_what_needs_nobody_and_leaves_the_rest() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let auto = async |file: &[serde_json::Value]| {
        let receipt = send(&dept, "source=skhcn&mode=delta&apply=auto", lines(file)).await.expect(202);
        made(&dept, text(&receipt["id"])).await
    };
    let mut file = records(10);
    file.push(json!({ "external_id": "SKH-x" }));
    let applied = auto(&file).await;
    assert_eq!((&applied["state"], counts(&applied)), (&json!("applied"), [10, 0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(applied["applied_by"]["role"], "science_dept");
    officer.patch(&expert_path(&app, "SKH-0001").await, "*", &json!({ "position": "Sửa" })).await.expect(200);
    file[0]["position"] = json!("Khác");
    assert_eq!(auto(&file).await["state"], "ready", "a conflict needs somebody");
    let many: Vec<_> =
        (1..=10).map(|number| json!({ "external_id": format!("SKH-{number:04}"), "deleted": true })).collect();
    assert_eq!(auto(&many).await["state"], "blocked");
}

#[tokio::test]
async fn two_who_apply_at_once_apply_once_and_two_plans_of_one_record_never_both() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    sync(&dept, "delta", &records(20)).await;
    let changed = |position: &str| {
        let mut file = records(20);
        file[2]["position"] = json!(position);
        file.push(record(21));
        file
    };
    let (one, two) = (changed("Một"), changed("Hai"));
    let (one, two) = tokio::join!(plan(&dept, "delta", &one), plan(&dept, "delta", &two));
    let versions = async || app.sql("SELECT string_agg(version::text, ',' ORDER BY id) FROM experts").await;
    let before = versions().await;
    let (a, b, c, d) = tokio::join!(apply(&dept, &one), apply(&dept, &two), apply(&dept, &one), apply(&dept, &two));
    let mut statuses = [a.status.as_u16(), b.status.as_u16(), c.status.as_u16(), d.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 409, 409], "{} {} {} {}", a.text, b.text, c.text, d.text);
    assert_ne!(versions().await, before);
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE external_id = 'SKH-0021'").await, "1");
    let edited =
        "SELECT version FROM experts e JOIN expert_sources s ON s.expert_id = e.id WHERE external_id = 'SKH-0003'";
    assert_eq!(app.sql(edited).await, "2", "one of them wrote it, once");
}

/// What a newer file wrote counts, also where the expert is as before: an older plan must not go over it.
#[tokio::test]
async fn an_older_plan_does_not_go_over_what_a_newer_one_wrote_of_its_records() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    sync(&dept, "snapshot", &records(30)).await;
    // a record that was taken out stays so
    let mut file = records(30);
    file[0]["position"] = json!("Viện trưởng");
    let older = plan(&dept, "delta", &file[..1]).await;
    sync(&dept, "delta", &[json!({ "external_id": "SKH-0001", "deleted": true })]).await;
    let refused = apply(&dept, &older).await.problem(409);
    assert!(refused.to_string().contains("SKH-0001"), "{refused}");
    // one that a newer file still has does not get absent
    let older = plan(&dept, "snapshot", &[&records(30)[2..], &records(30)[..1]].concat()).await;
    let mut newer = record(2);
    newer["updated_at"] = json!("2026-01-01T00:00:00+07:00");
    sync(&dept, "delta", &[newer]).await;
    apply(&dept, &older).await.problem(409);
    // a decision of a newer plan stands
    let place = expert_path(&app, "SKH-0003").await;
    officer.patch(&place, "*", &json!({ "position": "Tại đây" })).await.expect(200);
    let mut sent = record(3);
    sent["position"] = json!("Ở nguồn");
    let (older, newer) = (plan(&dept, "delta", &[sent.clone()]).await, plan(&dept, "delta", &[sent]).await);
    let at = format!("/api/v1/sync/plans/{}", text(&newer["id"]));
    officer.post(&format!("{at}/conflicts/1"), &json!({ "take": "ours" })).await.expect(200);
    apply(&dept, &officer.get(&at).await.expect(200)).await.expect(200);
    apply(&dept, &older).await.problem(409);
}
