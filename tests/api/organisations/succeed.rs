//! `POST /organisations/{key}/succeed`: renamed, merged, consolidated, split, divided.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{body, encode, enter_body, listed, text};
use crate::support::{Answer, Caller, TestApp};

const PATH: &str = "/api/v1/organisations";

async fn succeed(officer: &Caller<'_>, code: &str, form: &Value) -> Answer {
    officer.send(Method::POST, &format!("{PATH}/{code}/succeed"), &[("if-match", "*")], Some(form)).await
}

async fn bodies(officer: &Caller<'_>, codes: &[&str]) -> Vec<Value> {
    let mut made = Vec::new();
    for code in codes {
        let form = json!({
            "code": code, "kind": "agency", "name": format!("Sở {code}"), "valid_from": "2010-01-01", "province": "08",
        });
        made.push(enter_body(officer, &form).await);
    }
    made
}

async fn finds(app: &TestApp, q: &str, as_of: &str) -> Vec<String> {
    listed(&app.nobody(), &format!("{PATH}?q={}&as_of={as_of}", encode(q)), "code").await
}

#[tokio::test]
async fn a_renaming_keeps_the_body_and_its_old_name() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let old = bodies(&officer, &["Mot"]).await.remove(0);
    let form = json!({
        "kind": "renamed", "effective_on": "2020-05-01", "successors": [{ "name": "Sở Hai", "short_name": "SH" }],
        "document": { "number": "12/QĐ-UBND" },
    });
    let new = succeed(&officer, "Mot", &form).await.expect(200);
    assert_eq!((&new["id"], &new["name"], &new["state"]), (&old["id"], &json!("Sở Hai"), &json!("active")));
    assert_eq!(new["former_names"], json!([{ "name": "Sở Mot", "until": "2020-04-30" }]));
    assert_eq!((&new["province"]["code"], &new["document"]["number"]["text"]), (&json!("08"), &json!("12/QĐ-UBND")));
    assert_eq!(new["successors"], json!([]));
    let hit = app.nobody().get(&format!("{PATH}?q=so+mot")).await.expect(200)["items"][0].clone();
    assert_eq!((&hit["name"], &hit["matched"]["by"]), (&json!("Sở Hai"), &json!("former_name")));
    assert_eq!(finds(&app, "so mot", "2020-04-30").await, ["Mot"]);
    assert_eq!(finds(&app, "so hai", "2020-04-30").await, Vec::<String>::new());
    assert_eq!(body(&officer, "Mot", "2020-04-30").await["name"], "Sở Mot");
}

#[tokio::test]
async fn a_merger_ends_one_body_in_another() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = bodies(&officer, &["A", "B", "C"]).await;
    let into = |body: &Value, day: &str| json!({ "kind": "merged_into", "effective_on": day, "successors": [{ "organisation_id": body["id"] }] });
    let a = succeed(&officer, "A", &into(&made[1], "2020-01-01")).await.expect(200);
    assert_eq!(
        (&a["state"], &a["valid_to"], &a["today"][0]["code"]),
        (&json!("ended"), &json!("2019-12-31"), &json!("B"))
    );
    succeed(&officer, "B", &into(&made[2], "2024-01-01")).await.expect(200);
    // handed on twice, the name leads to who lives on the day
    for (day, codes) in [("2019-12-31", ["A"]), ("2020-01-01", ["B"]), ("2023-12-31", ["B"]), ("2024-01-01", ["C"])] {
        assert_eq!(finds(&app, "so a", day).await, codes, "{day}");
    }
    let a = body(&officer, "A", "2026-01-01").await;
    assert_eq!((&a["successors"][0]["organisation"]["code"], &a["today"][0]["code"]), (&json!("B"), &json!("C")));
    let c = body(&officer, "C", "2026-01-01").await;
    assert_eq!(c["predecessors"].as_array().unwrap().len(), 1, "{c}");
    assert_eq!(succeed(&officer, "A", &into(&made[2], "2025-01-01")).await.problem(409)["code"], "conflict");
}

#[tokio::test]
async fn a_consolidation_bears_a_body_that_further_ones_join() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    bodies(&officer, &["A", "B"]).await;
    let form = json!({
        "kind": "consolidated", "effective_on": "2025-07-01", "successors": [{ "code": "AB", "name": "Sở AB" }],
        "document": { "number": "202/2025/QH15", "date": "2025-06-12" },
    });
    let a = succeed(&officer, "A", &form).await.expect(200);
    let id = a["successors"][0]["organisation"]["id"].clone();
    let join =
        json!({ "kind": "consolidated", "effective_on": "2025-07-01", "successors": [{ "organisation_id": id }] });
    succeed(&officer, "B", &join).await.expect(200);
    let new = body(&officer, "AB", "2026-01-01").await;
    let old: Vec<&str> =
        new["predecessors"].as_array().unwrap().iter().map(|old| text(&old["organisation"]["code"])).collect();
    assert_eq!(
        (&new["valid_from"], &new["province"]["code"], old),
        (&json!("2025-07-01"), &json!("08"), vec!["A", "B"])
    );
    assert_eq!(new["document"]["number"]["year"], 2025);
    for q in ["so a", "so b"] {
        assert_eq!(finds(&app, q, "2026-01-01").await[0], "AB", "{q}");
    }
}

#[tokio::test]
async fn a_split_leaves_the_old_body_and_a_division_does_not() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    bodies(&officer, &["A", "B"]).await;
    let form =
        json!({ "kind": "split", "effective_on": "2020-01-01", "successors": [{ "code": "A2", "name": "Sở Tách" }] });
    let a = succeed(&officer, "A", &form).await.expect(200);
    assert_eq!((&a["state"], &a["successors"][0]["kind"]), (&json!("active"), &json!("split")));
    assert_eq!(finds(&app, "so a", "2026-01-01").await, ["A"], "the old name stays with the old body");
    let form = json!({
        "kind": "divided", "effective_on": "2020-01-01",
        "successors": [{ "code": "B1", "name": "Sở Chia Một" }, { "code": "B2", "name": "Sở Chia Hai" }],
    });
    let b = succeed(&officer, "B", &form).await.expect(200);
    assert_eq!((&b["state"], b["today"].as_array().unwrap().len()), (&json!("ended"), 2));
    let mut heirs = finds(&app, "so b", "2026-01-01").await;
    heirs.sort_unstable();
    assert_eq!(heirs, ["B1", "B2"]);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_rule() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = bodies(&officer, &["A", "B"]).await;
    let over = enter_body(&officer, &json!({ "kind": "agency", "name": "Sở Cũ", "valid_to": "2015-12-31" })).await;
    let late = enter_body(&officer, &json!({ "kind": "agency", "name": "Sở Mới", "valid_from": "2026-06-01" })).await;
    let before = app.sql("SELECT sum(version) || ' ' || count(*) FROM organisations").await;
    let id = |body: &Value| json!({ "organisation_id": body["id"] });
    let new = json!({ "name": "Sở Sinh" });
    for (kind, successors, day, place, code) in [
        ("merged_into", json!([id(&made[0])]), "2020-01-01", "/successors/0", "cycle"),
        ("merged_into", json!([id(&over)]), "2020-01-01", "/successors/0", "successor_ended"),
        ("merged_into", json!([id(&late)]), "2020-01-01", "/successors/0", "successor_not_begun"),
        ("merged_into", json!([id(&late)]), "2026-06-01", "/successors/0", "successor_is_new"),
        ("merged_into", json!([new]), "2020-01-01", "/successors/0", "successor_is_new"),
        ("consolidated", json!([id(&made[1])]), "2020-01-01", "/successors/0", "successor_not_new"),
        (
            "merged_into",
            json!([{ "organisation_id": "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d" }]),
            "2020-01-01",
            "/successors/0/organisation_id",
            "unknown_reference",
        ),
        (
            "merged_into",
            json!([{ "organisation_id": made[1]["id"], "name": "Sở" }]),
            "2020-01-01",
            "/successors/0",
            "either_or",
        ),
        ("renamed", json!([id(&made[1])]), "2020-01-01", "/successors/0", "same_body"),
        ("renamed", json!([{ "name": "Sở B" }]), "2020-01-01", "/successors/0/name", "namesake"),
        ("renamed", json!([{ "name": " " }]), "2020-01-01", "/successors/0/name", "required"),
        ("consolidated", json!([{ "name": "Sở B" }]), "2020-01-01", "/successors/0/name", "namesake"),
        ("renamed", json!([]), "2020-01-01", "/successors", "count"),
        ("divided", json!([new]), "2020-01-01", "/successors", "count"),
        ("merged_into", json!([id(&made[1]), new]), "2020-01-01", "/successors", "count"),
        ("renamed", json!([new]), "2010-01-01", "/effective_on", "before_start"),
        ("renamed", json!([new]), "2009-01-01", "/effective_on", "before_start"),
        ("merged_into", json!([id(&made[1])]), "2009-01-01", "/effective_on", "before_start"),
        ("split", json!([new, new]), "2020-01-01", "/successors/1/name", "namesake"),
        ("renamed", json!([new]), "+12020-01-01", "/effective_on", "out_of_range"),
    ] {
        let form = json!({ "kind": kind, "successors": successors, "effective_on": day });
        let problem = succeed(&officer, "A", &form).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (place, code), "{form}: {problem}");
    }
    assert_eq!(
        app.sql("SELECT sum(version) || ' ' || count(*) FROM organisations").await,
        before,
        "nothing was written"
    );
}

#[tokio::test]
async fn dates_that_contradict_a_succession_on_record_are_refused() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = bodies(&officer, &["A", "B"]).await;
    let id = |body: &Value| json!({ "organisation_id": body["id"] });
    let merge = json!({ "kind": "merged_into", "successors": [id(&made[1])], "effective_on": "2020-01-01" });
    succeed(&officer, "A", &merge).await.expect(200);
    for (code, patch, place) in [
        ("A", json!({ "valid_to": null }), "/valid_to"),
        ("A", json!({ "valid_to": "2020-02-01" }), "/valid_to"),
        ("B", json!({ "valid_from": "2021-01-01" }), "/valid_from"),
        ("B", json!({ "valid_to": "2015-01-01" }), "/valid_to"),
    ] {
        let problem = officer.patch(&format!("{PATH}/{code}"), "*", &patch).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!(
            (text(&error["pointer"]), text(&error["code"])),
            (place, "contradicts_succession"),
            "{code} {patch}"
        );
    }
}

#[tokio::test]
async fn a_planned_change_takes_effect_on_its_day() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    bodies(&officer, &["A"]).await;
    let form = json!({
        "kind": "consolidated", "effective_on": "2099-01-01", "successors": [{ "code": "Z", "name": "Sở Sau Này" }],
    });
    let a = succeed(&officer, "A", &form).await.expect(200);
    assert_eq!((&a["state"], &a["valid_to"]), (&json!("active"), &json!("2098-12-31")));
    assert_eq!(officer.get(&format!("{PATH}/Z")).await.expect(200)["state"], "planned");
    app.nobody().get(&format!("{PATH}/Z")).await.problem(404);
    assert_eq!(body(&app.nobody(), "Z", "2099-01-01").await["state"], "active");
    assert_eq!(finds(&app, "so a", "2098-12-31").await, ["A"]);
    assert_eq!(finds(&app, "so a", "2099-01-01").await, ["Z"]);
    // and nothing later stands in its way
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Sở Khác" }], "effective_on": "2099-06-01" });
    assert_eq!(succeed(&officer, "A", &rename).await.problem(409)["code"], "conflict");
}

#[tokio::test]
async fn a_succession_wants_its_version_and_a_key_makes_it_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_leader").await;
    bodies(&officer, &["A"]).await;
    let form = json!({ "kind": "split", "effective_on": "2020-01-01", "successors": [{ "name": "Sở Tách" }] });
    let path = format!("{PATH}/A/succeed");
    officer.post(&path, &form).await.problem(428);
    officer.send(Method::POST, &path, &[("if-match", "\"9-x\"")], Some(&form)).await.problem(412);
    let headers = [("if-match", "*"), ("idempotency-key", "tach-1")];
    for _ in 0..3 {
        officer.send(Method::POST, &path, &headers, Some(&form)).await.expect(200);
    }
    assert_eq!(app.sql("SELECT count(*) FROM organisation_successions").await, "1");
}

#[tokio::test]
async fn a_mistake_is_taken_back_and_the_state_before_goes_on() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = bodies(&officer, &["A", "B", "C"]).await;
    let take_back = async |code: &str, day: &str| {
        let form = json!({ "effective_on": day });
        let path = format!("{PATH}/{code}/take-back");
        officer.send(Method::POST, &path, &[("if-match", "*")], Some(&form)).await
    };
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Sở Nhầm" }], "effective_on": "2020-01-01" });
    succeed(&officer, "A", &rename).await.expect(200);
    let merge = json!({
        "kind": "merged_into", "successors": [{ "organisation_id": made[1]["id"] }], "effective_on": "2024-01-01",
    });
    succeed(&officer, "A", &merge).await.expect(200);
    assert_eq!(finds(&app, "so nham", "2026-01-01").await, ["B"]);
    // the merger first: the renaming lies before it
    let back = take_back("A", "2024-01-01").await.expect(200);
    assert_eq!((&back["state"], &back["name"], &back["successors"]), (&json!("active"), &json!("Sở Nhầm"), &json!([])));
    assert_eq!(body(&officer, "B", "2026-01-01").await["predecessors"], json!([]));
    assert_eq!(finds(&app, "so nham", "2026-01-01").await, ["A"]);
    let back = take_back("A", "2020-01-01").await.expect(200);
    assert_eq!((&back["name"], &back["former_names"]), (&json!("Sở A"), &json!([])));
    assert_eq!(take_back("A", "2020-01-01").await.problem(409)["code"], "conflict");
    // a change that a later one stands on can't go alone
    succeed(&officer, "C", &rename).await.expect(200);
    let again = json!({ "kind": "renamed", "successors": [{ "name": "Sở Nữa" }], "effective_on": "2022-01-01" });
    succeed(&officer, "C", &again).await.expect(200);
    let problem = take_back("C", "2020-01-01").await.problem(409);
    assert!(text(&problem["detail"]).contains("2022-01-01"), "{problem}");
    let split = json!({ "kind": "split", "effective_on": "2024-01-01", "successors": [{ "name": "Sở Tách" }] });
    succeed(&officer, "C", &split).await.expect(200);
    let back = take_back("C", "2024-01-01").await.expect(200);
    assert_eq!((&back["successors"], &back["name"]), (&json!([]), &json!("Sở Nữa")));
    let told = "SELECT count(*) FROM audit_events WHERE action = 'organisations.take_back'";
    assert_eq!(app.sql(told).await, "3");
}

#[tokio::test]
async fn a_renaming_keeps_what_it_does_not_name() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({
        "code": "A", "kind": "agency", "name": "Sở A", "name_en": "Department A", "short_name": "SA",
        "valid_from": "2010-01-01", "valid_to": "2030-12-31",
    });
    enter_body(&officer, &form).await;
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Sở Á" }], "effective_on": "2020-01-01" });
    let new = succeed(&officer, "A", &rename).await.expect(200);
    assert_eq!((&new["valid_to"], &new["name_en"]), (&json!("2030-12-31"), &json!("Department A")));
    assert_eq!(new["short_name"], "SA");
    let over =
        json!({ "code": "B", "kind": "agency", "name": "Sở B", "valid_from": "2010-01-01", "valid_to": "2015-12-31" });
    enter_body(&officer, &over).await;
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Sở Bê" }], "effective_on": "2012-01-01" });
    let still = succeed(&officer, "B", &rename).await.expect(200);
    assert_eq!((&still["state"], &still["valid_to"]), (&json!("ended"), &json!("2015-12-31")));
    // a change before a planned end leaves the plan
    let made = bodies(&officer, &["C", "D"]).await;
    let merge = json!({
        "kind": "merged_into", "successors": [{ "organisation_id": made[1]["id"] }], "effective_on": "2099-01-01",
    });
    succeed(&officer, "C", &merge).await.expect(200);
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Sở Xê" }], "effective_on": "2026-01-01" });
    assert_eq!(succeed(&officer, "C", &rename).await.expect(200)["valid_to"], "2098-12-31");
}

#[tokio::test]
async fn a_body_goes_on_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = bodies(&officer, &["A", "B", "C"]).await;
    let into = |body: &Value| json!({ "kind": "merged_into", "successors": [{ "organisation_id": body["id"] }], "effective_on": "2020-01-01" });
    succeed(&officer, "A", &into(&made[1])).await.expect(200);
    let names = json!([{ "name": "Sở Một" }, { "name": "Sở Hai" }]);
    for form in [
        into(&made[2]),
        json!({ "kind": "divided", "effective_on": "2020-01-01", "successors": names }),
        json!({ "kind": "split", "effective_on": "2020-01-01", "successors": [{ "name": "Sở Ba" }] }),
    ] {
        let problem = succeed(&officer, "A", &form).await.problem(409);
        assert_eq!(problem["code"], "conflict", "{form}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM organisation_successions").await, "1");
    let received =
        "SELECT count(*) FROM audit_events WHERE subject_kind = 'organisation' AND fields = '{predecessors}'";
    assert_eq!(app.sql(received).await, "1", "the receiving body's history says so");
}

#[tokio::test]
async fn what_stands_under_a_body_stands_under_who_holds_its_place() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = bodies(&officer, &["P", "Q"]).await;
    let under = |code: &str, parent: &Value| json!({ "code": code, "kind": "agency", "name": format!("Phòng {code}"), "valid_from": "2012-01-01", "parent_id": parent["id"] });
    let c = enter_body(&officer, &under("C", &made[0])).await;
    enter_body(&officer, &under("R", &made[1])).await;
    let into = |body: &Value| json!({ "kind": "merged_into", "successors": [{ "organisation_id": body["id"] }], "effective_on": "2020-01-01" });
    // nothing takes the place of what it stands under
    assert_eq!(succeed(&officer, "P", &into(&c)).await.problem(422)["errors"][0]["code"], "cycle");
    succeed(&officer, "P", &into(&made[1])).await.expect(200);
    assert_eq!(body(&officer, "C", "2026-01-01").await["parent"]["code"], "Q");
    for (parent, day, codes) in [
        (&made[1], "2026-01-01", vec!["C", "R"]),
        (&made[1], "2019-12-31", vec!["R"]),
        (&made[0], "2019-12-31", vec!["C"]),
    ] {
        let path = format!("{PATH}?parent_id={}&as_of={day}", text(&parent["id"]));
        assert_eq!(listed(&officer, &path, "code").await, codes, "{day}");
        let page = officer.get(&path).await.expect(200);
        assert_eq!(page["items"][0]["parent_id"], parent["id"], "{day}");
    }
    // its own changes go on as before
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Phòng Xê" }], "effective_on": "2024-01-01" });
    succeed(&officer, "C", &rename).await.expect(200);
    let split = json!({ "kind": "split", "successors": [{ "code": "C2", "name": "Phòng Xê Hai" }], "effective_on": "2025-01-01" });
    succeed(&officer, "C", &split).await.expect(200);
    assert_eq!(body(&officer, "C2", "2026-01-01").await["parent"]["code"], "Q");
    officer.patch(&format!("{PATH}/C"), "*", &json!({ "note": "x" })).await.expect(200);
    // a holder of the place under what it holds
    let form = json!({ "parent_id": c["id"], "effective_on": "2025-06-01" });
    let path = format!("{PATH}/Q/transfer");
    let problem = officer.send(Method::POST, &path, &[("if-match", "*")], Some(&form)).await.problem(422);
    assert_eq!(problem["errors"][0]["code"], "cycle");
    // and a parent can't begin after what stands under it
    let problem = officer.patch(&format!("{PATH}/P"), "*", &json!({ "valid_from": "2013-01-01" })).await.problem(422);
    assert_eq!(problem["errors"][0]["code"], "has_children");
}
