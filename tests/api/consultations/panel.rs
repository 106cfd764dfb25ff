//! Panels: who sits, who may see it, what is needed for approval, and what becomes of members who are merged.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    PATH, at, attach_scheme, bring, callers, draft, example, fault, free_people, go, hear, no_panels, own_record,
    panel_of, put_panel, verb,
};
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

/// A request whose panel is to be formed, without one.
async fn forming(callers: &[Caller<'_>; 3], kind: &str) -> Value {
    let made = draft(&callers[0], kind, &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    let made = bring(callers, &made, "accepted").await;
    verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200)
}

fn names(panel: &Value, list: &str) -> Vec<String> {
    panel[list].as_array().unwrap().iter().map(|row| text(&row["expert"]["code"]).to_owned()).collect()
}

/// Of how many of a panel it is told when they were asked.
fn asked(panel: &Value) -> usize {
    panel["members"].as_array().unwrap().iter().filter(|one| one["asked_at"].is_string()).count()
}

fn lacks(panel: &Value) -> Vec<&str> {
    panel["lacks"].as_array().unwrap().iter().map(|lack| text(&lack["code"])).collect()
}

#[tokio::test]
async fn a_panel_is_adopted_replaced_and_kept_in_its_history() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = forming(&callers, "critical_review").await;
    let people = free_people(&app, 8).await;
    let empty = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!((&empty["minimum"], lacks(&empty)), (&json!(3), vec!["chair", "secretary", "too_few", "even"]));
    let mut form = panel_of(&people[..3]);
    form["members"][0]["reasons"] = json!(["Đúng chuyên ngành"]);
    form["members"][0]["score"] = json!(0.75);
    form["alternates"] = json!([
        { "expert": people[5], "seat": "chair" }, { "expert": people[6], "seat": "reviewer" },
        { "expert": people[5], "seat": "reviewer" },
    ]);
    let panel = put_panel(officer, &made, &form).await.expect(200);
    assert_eq!(names(&panel, "members"), people[..3]);
    assert_eq!((lacks(&panel), &panel["members"][0]["score"]), (vec![], &json!(0.75)));
    let line: Vec<Value> =
        panel["alternates"].as_array().unwrap().iter().map(|one| json!([one["seat"], one["place"]])).collect();
    assert_eq!(json!(line), json!([["chair", 1], ["reviewer", 1], ["reviewer", 2]]));
    // who stays keeps the seat; who is replaced was never asked
    let seat = panel["members"][0]["id"].clone();
    let other = vec![people[0].clone(), people[3].clone(), people[2].clone()];
    let panel = put_panel(officer, &made, &panel_of(&other)).await.expect(200);
    assert_eq!((names(&panel, "members"), &panel["members"][0]["id"]), (other, &seat));
    assert_eq!(panel["former"].as_array().unwrap().len(), 4);
    let gone =
        panel["former"].as_array().unwrap().iter().find(|row| row["expert"]["code"] == json!(people[1])).unwrap();
    assert_eq!(
        (&gone["state"], &gone["ended_reason"], &gone["asked_at"]),
        (&json!("released"), &json!("replaced"), &Value::Null)
    );
    // versions
    let etag = officer.get(&at(&made, "/panel")).await.header("etag");
    let path = at(&made, "/panel");
    let whole = panel_of(&people[..3]);
    officer.send(Method::PUT, &path, &[("if-match", &etag)], Some(&whole)).await.expect(200);
    officer.send(Method::PUT, &path, &[("if-match", &etag)], Some(&whole)).await.problem(412);
    // one leaves with a reason
    let seat = text(&officer.get(&path).await.expect(200)["members"][2]["id"]).to_owned();
    let release = at(&made, &format!("/panel/members/{seat}/release"));
    let any = [("if-match", "*")];
    let body = json!({ "reason": "Đi công tác dài ngày" });
    officer.send(Method::POST, &release, &any, Some(&json!({ "reason": "" }))).await.problem(422);
    let panel = officer.send(Method::POST, &release, &any, Some(&body)).await.expect(200);
    assert_eq!(lacks(&panel), ["too_few", "even"]);
    officer.send(Method::POST, &release, &any, Some(&body)).await.problem(409);
    let unknown = at(&made, "/panel/members/0190c0de-0000-7000-8000-000000000001/release");
    officer.send(Method::POST, &unknown, &any, Some(&body)).await.problem(404);
}

#[tokio::test]
async fn what_is_wrong_with_a_panel_is_told_in_its_place() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = forming(&callers, "critical_review").await;
    let people = free_people(&app, 4).await;
    change(&app, &format!("UPDATE experts SET status = 'paused' WHERE code = '{}'", people[3])).await;
    let seat = |expert: &str, seat: &str| json!({ "expert": expert, "seat": seat });
    let (a, b) = (people[0].as_str(), people[1].as_str());
    for (body, place, code) in [
        (json!({ "members": [seat("CG-999999", "chair")] }), "/members/0/expert", "unknown_reference"),
        (json!({ "members": [seat(&people[3], "chair")] }), "/members/0/expert", "not_available"),
        (json!({ "members": [seat(a, "chair"), seat(a, "member")] }), "/members/1/expert", "duplicate"),
        (json!({ "members": [seat(a, "chair"), seat(b, "chair")] }), "/members/1/seat", "duplicate"),
        (
            json!({ "members": [seat(a, "chair")], "alternates": [seat(a, "member")] }),
            "/alternates/0/expert",
            "duplicate",
        ),
        (
            json!({ "members": [], "alternates": [seat(a, "member"), seat(a, "member")] }),
            "/alternates/1/expert",
            "duplicate",
        ),
        (json!({ "members": [{ "expert": a, "seat": "chair", "score": 1.5 }] }), "/members/0/score", "out_of_range"),
        (json!({ "members": [{ "expert": a, "seat": "chair", "reasons": [""] }] }), "/members/0/reasons/0", "required"),
        (json!({ "members": vec![seat(a, "member"); 52] }), "/members", "too_many"),
        (json!({ "members": [seat(a, "king")] }), "/members/0/seat", "unknown_value"),
        (json!({ "members": [seat("", "chair")] }), "/members/0/expert", "unknown_reference"),
    ] {
        let (at, said) = fault(put_panel(officer, &made, &body).await);
        assert_eq!((at.as_str(), said.as_str()), (place, code), "{body}");
    }
    let early = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &early).await;
    let early = bring(&callers, &early, "accepted").await;
    put_panel(officer, &early, &panel_of(&people[..3])).await.problem(409);
}

#[tokio::test]
async fn a_panel_is_approved_when_nothing_is_missing() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let people = free_people(&app, 5).await;
    for (kind, count, expected) in [
        ("critical_review", 0, vec!["chair", "secretary", "too_few", "even"]),
        ("critical_review", 2, vec!["too_few", "even"]),
        ("critical_review", 4, vec!["even"]),
        ("consultation", 3, vec!["too_few"]),
        ("critical_review", 3, vec![]),
        ("social_assessment", 5, vec![]),
    ] {
        let made = forming(&callers, kind).await;
        put_panel(officer, &made, &panel_of(&people[..count])).await.expect(200);
        let answer = verb(leader, &made, "approve-panel", &example("approve-panel")).await;
        if expected.is_empty() {
            assert_eq!(answer.expect(200)["state"], "in_review");
            put_panel(officer, &made, &panel_of(&people)).await.problem(403);
            continue;
        }
        let refused = answer.problem(422);
        let codes: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect();
        assert_eq!(codes, expected, "{kind} {count}");
        assert_eq!(refused["errors"][0]["pointer"], "/panel");
    }
}

#[tokio::test]
async fn who_sees_what_of_a_panel() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let expert = app.sign_in("expert").await;
    let own = own_record(&app).await;
    let mut people = free_people(&app, 6).await;
    people.retain(|code| *code != own);
    people.truncate(2);
    people.insert(2, own.clone());
    let made = forming(&callers, "critical_review").await;
    let (path, panel_path) = (at(&made, ""), at(&made, "/panel"));
    expert.get(&path).await.problem(404);
    expert.get(&panel_path).await.problem(404);
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    // the asker sees no names before the panel is approved, and one of it themself alone
    let seen = agency.get(&panel_path).await.expect(200);
    assert_eq!((&seen["approved"], &seen["members"], &seen["lacks"]), (&json!(false), &json!([]), &json!([])));
    // an officer tries names: who is one of them was not asked, and sees nothing yet
    expert.get(&panel_path).await.problem(404);
    expert.get(&path).await.problem(404);
    assert_eq!(expert.get(PATH).await.expect(200)["items"], json!([]));
    let load = expert.get(&format!("/api/v1/experts/{own}/load")).await.expect(200);
    assert_eq!((load["now"].as_i64(), load["asked"].as_i64()), (Some(0), Some(0)), "{load}");
    let found = async |caller: &Caller<'_>| {
        let page =
            caller.get(&format!("{PATH}?expert={}&state=panel_forming&state=in_review", people[0])).await.expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((found(officer).await, found(agency).await), (1, 0));
    verb(leader, &made, "approve-panel", &example("approve-panel")).await.expect(200);
    assert_eq!(found(officer).await, 1);
    let whole = expert.get(&path).await.expect(200);
    assert_eq!(
        (&whole["contact"], &whole["attachments"], &whole["allowed_actions"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
    let mine = expert.get(&format!("{PATH}?count=true&facets=state")).await.expect(200);
    assert_eq!((mine["count"].as_i64(), &mine["items"][0]["id"]), (Some(1), &made["id"]), "{mine}");
    let load = expert.get(&format!("/api/v1/experts/{own}/load")).await.expect(200);
    assert_eq!(load["now"].as_i64(), Some(1), "{load}");
    for (caller, of_own) in [(agency, 0), (&expert, 1)] {
        let seen = caller.get(&panel_path).await.expect(200);
        assert_eq!(names(&seen, "members"), people);
        assert_eq!((&seen["members"][0]["score"], &seen["members"][0]["reasons"]), (&Value::Null, &Value::Null));
        assert_eq!(seen["members"][0]["conflict"], Value::Null);
        assert_eq!(asked(&seen), of_own, "since when somebody is asked is theirs and the Union's");
    }
    let auditor = app.sign_in("auditor").await.get(&panel_path).await.expect(200);
    assert_eq!((names(&auditor, "members"), lacks(&auditor)), (people.clone(), vec![]));
    for (role, status) in [("agency_2", 404), ("science_dept", 404), ("association", 403), ("admin", 403)] {
        app.sign_in(role).await.get(&panel_path).await.problem(status);
    }
    for role in ["agency", "expert", "auditor", "admin", "association"] {
        let caller = app.sign_in(role).await;
        put_panel(&caller, &made, &panel_of(&people)).await.problem(403);
        caller.post(&at(&made, "/panel/proposal"), &json!({})).await.problem(403);
    }
    // who is let go sees it no more
    let seat = auditor["members"].as_array().unwrap().iter().find(|row| row["expert"]["code"] == json!(own)).unwrap();
    let release = at(&made, &format!("/panel/members/{}/release", text(&seat["id"])));
    officer.send(Method::POST, &release, &[("if-match", "*")], Some(&json!({ "reason": "x" }))).await.expect(200);
    expert.get(&path).await.problem(404);
    assert_eq!(expert.get(PATH).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn two_of_one_panel_who_are_merged_have_one_seat_and_an_undo_gives_it_back() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = forming(&callers, "critical_review").await;
    let people = free_people(&app, 5).await;
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    let path = at(&made, &format!("/conflicts/{}/declare", people[3]));
    officer.post(&path, &json!({ "reason": "Người thân soạn thảo" })).await.expect(200);
    let merge = format!("/api/v1/experts/{}/merge", people[2]);
    let body = json!({ "other": people[3] });
    let merged = officer.send(Method::POST, &merge, &[("if-match", "*")], Some(&body)).await.expect(201);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(names(&panel, "members").len(), 4);
    assert_eq!(panel["former"][0]["ended_reason"], "merged");
    assert_eq!(panel["members"][2]["conflict"]["outcome"], "declared", "what was said goes along: {panel}");
    let undo = format!("/api/v1/merges/{}/undo", text(&merged["id"]));
    let back = officer.send(Method::POST, &undo, &[("if-match", "*")], None).await;
    assert!(back.status.is_success(), "{}", back.text);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(names(&panel, "members"), people);
    assert_eq!((&panel["former"], &panel["members"][3]["conflict"]["outcome"]), (&json!([]), &json!("declared")));
    assert_eq!(panel["members"][2]["conflict"]["outcome"], "none");
}

#[tokio::test]
async fn an_undo_seats_nobody_on_a_panel_that_went_on() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let made = forming(&callers, "critical_review").await;
    let people = free_people(&app, 6).await;
    put_panel(officer, &made, &panel_of(&people[..4])).await.expect(200);
    let before = officer.get(&at(&made, "/panel")).await.header("etag");
    let merge = format!("/api/v1/experts/{}/merge", people[2]);
    let body = json!({ "other": people[3] });
    let merged = officer.send(Method::POST, &merge, &[("if-match", "*")], Some(&body)).await.expect(201);
    let document = example("approve-panel");
    let path = at(&made, "/approve-panel");
    leader.send(Method::POST, &path, &[("if-match", &before)], Some(&document)).await.problem(412);
    verb(leader, &made, "approve-panel", &document).await.expect(200);
    let undo = format!("/api/v1/merges/{}/undo", text(&merged["id"]));
    let back = officer.send(Method::POST, &undo, &[("if-match", "*")], None).await;
    assert!(back.status.is_success(), "{}", back.text);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(names(&panel, "members"), people[..3], "whom nobody approved does not sit");
    assert_eq!(names(&panel, "former"), [people[3].as_str()]);
}

#[tokio::test]
async fn who_has_a_conflict_after_approval_does_not_count() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let people = free_people(&app, 3).await;
    let made = forming(&callers, "critical_review").await;
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    verb(leader, &made, "approve-panel", &example("approve-panel")).await.expect(200);
    hear(officer, &made).await;
    let declare = at(&made, &format!("/conflicts/{}/declare", people[2]));
    let declared = officer.post(&declare, &json!({ "reason": "Người thân soạn thảo" })).await.expect(200);
    let refused = verb(officer, &made, "conclude", &Value::Null).await.problem(422);
    let codes: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect();
    assert_eq!(codes, ["too_few", "conflict", "too_few"], "neither the person nor the opinion counts: {refused}");
    let waive = at(&made, &format!("/conflicts/{}/waive", people[2]));
    let body = json!({ "reason": "Không liên quan", "findings": [declared["standing"]["findings"][0]["key"]] });
    leader.send(Method::POST, &waive, &[("if-match", "*")], Some(&body)).await.expect(200);
    verb(officer, &made, "conclude", &Value::Null).await.expect(200);
    officer.post(&declare, &json!({ "reason": "Thêm một việc" })).await.expect(200);
    verb(leader, &made, "deliver", &example("deliver")).await.problem(422);
}

#[tokio::test]
async fn an_approved_panel_that_lost_somebody_is_changed_by_a_leader_and_a_document() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let people = free_people(&app, 5).await;
    let made = forming(&callers, "critical_review").await;
    put_panel(officer, &made, &panel_of(&people[..3])).await.expect(200);
    verb(leader, &made, "approve-panel", &example("approve-panel")).await.expect(200);
    // who takes nothing new finishes this
    change(&app, &format!("UPDATE experts SET status = 'paused' WHERE code = '{}'", people[0])).await;
    assert_eq!(lacks(&officer.get(&at(&made, "/panel")).await.expect(200)), Vec::<&str>::new());
    let reason = json!({ "reason": "Có người thân tham gia" });
    let recuse = at(&made, &format!("/conflicts/{}/recuse", people[2]));
    officer.send(Method::POST, &recuse, &[("if-match", "*")], Some(&reason)).await.expect(200);
    verb(officer, &made, "conclude", &Value::Null).await.problem(422);
    let document = example("approve-panel")["document"].clone();
    let with = |codes: &[&String], document: &Value| {
        let codes: Vec<String> = codes.iter().map(|code| (*code).clone()).collect();
        let mut form = panel_of(&codes);
        form["document"] = document.clone();
        form
    };
    let whole = [&people[0], &people[1], &people[3]];
    put_panel(officer, &made, &with(&whole, &document)).await.problem(403);
    assert_eq!(
        fault(put_panel(leader, &made, &with(&whole, &Value::Null)).await),
        ("/document".into(), "required".into())
    );
    // not into one that could not have been approved: too few, an even number, somebody who was recused or takes nothing new
    let even = put_panel(leader, &made, &with(&[&people[0], &people[1]], &document)).await;
    assert_eq!(fault(even), ("/members".into(), "too_few".into()));
    let recused = put_panel(leader, &made, &with(&[&people[0], &people[1], &people[2]], &document)).await;
    assert_eq!(fault(recused), ("/members".into(), "too_few".into()));
    change(&app, &format!("UPDATE experts SET status = 'paused' WHERE code = '{}'", people[4])).await;
    let away = put_panel(leader, &made, &with(&[&people[0], &people[1], &people[4]], &document)).await;
    assert_eq!(fault(away), ("/members/2/expert".into(), "not_available".into()));
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(names(&panel, "members"), people[..2], "what was refused left nothing behind");
    let panel = put_panel(leader, &made, &with(&whole, &document)).await.expect(200);
    assert_eq!((names(&panel, "members"), lacks(&panel)), (whole.map(Clone::clone).to_vec(), vec![]));
    assert!(panel["members"][2]["asked_at"].is_string(), "who comes is asked: {panel}");
    hear(officer, &made).await;
    verb(officer, &made, "conclude", &Value::Null).await.expect(200);
}

#[tokio::test]
async fn nobody_learns_of_a_seat_that_was_never_offered() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let (own, expert) = (own_record(&app).await, app.sign_in("expert").await);
    let mut people = free_people(&app, 3).await;
    people.retain(|code| *code != own);
    people.truncate(2);
    people.push(own.clone());
    let made = forming(&callers, "critical_review").await;
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    let told = async || {
        let load = expert.get(&format!("/api/v1/experts/{own}/load")).await.expect(200);
        (load["now"].clone(), load["asked"].clone(), load["open_seats"].as_array().map_or(0, Vec::len))
    };
    let before = told().await;
    verb(leader, &made, "suspend", &example("suspend")).await.expect(200);
    assert_eq!(told().await, before);
    verb(leader, &made, "cancel", &example("cancel")).await.expect(200);
    assert_eq!(told().await, before);
    let load = officer.get(&format!("/api/v1/experts/{own}/load")).await.expect(200);
    assert_eq!((&load["now"], &load["asked"]), (&json!(0), &json!(0)), "nobody asked them: {load}");
}

#[tokio::test]
async fn more_than_a_third_of_one_employer_is_a_conflict_of_each_of_them() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let people = free_people(&app, 3).await;
    // one is linked, the other wrote the same
    change(
        &app,
        &format!(
            "UPDATE experts SET workplace_key = 'dai hoc thu', workplace = 'Đại học Thử', version = version + 1,
                    workplace_id = CASE WHEN code = '{}' THEN (SELECT id FROM organisations WHERE code = 'SYT-DEMO') END
              WHERE code IN ('{}', '{}')",
            people[1], people[1], people[2]
        ),
    )
    .await;
    let made = forming(&callers, "critical_review").await;
    let panel = put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    assert_eq!(lacks(&panel), ["too_few", "conflict", "conflict"], "{panel}");
    assert_eq!(panel["members"][1]["conflict"]["findings"][0]["kind"], "balance");
    for code in &people[1..] {
        let read = leader.get(&at(&made, &format!("/conflicts/{code}"))).await.expect(200);
        let body = json!({ "reason": "Ít người trong ngành", "findings": [read["standing"]["findings"][0]["key"]] });
        let path = at(&made, &format!("/conflicts/{code}/waive"));
        leader.send(Method::POST, &path, &[("if-match", "*")], Some(&body)).await.expect(200);
    }
    verb(leader, &made, "approve-panel", &example("approve-panel")).await.expect(200);
}

#[tokio::test]
async fn fairness_counts_seats_by_the_day_people_were_asked() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    no_panels(&app).await;
    let officer = &callers[1];
    let empty = officer.get("/api/v1/panels/fairness").await.expect(200);
    assert_eq!((&empty["fairness"]["seats"], &empty["fairness"]["gini"]), (&json!(0), &Value::Null));
    let people = free_people(&app, 5).await;
    for count in [3, 5, 3] {
        let made = forming(&callers, "critical_review").await;
        put_panel(officer, &made, &panel_of(&people)).await.expect(200);
        put_panel(officer, &made, &panel_of(&people[..count])).await.expect(200);
        verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200);
    }
    // who is tried and not approved was not asked
    let open = forming(&callers, "critical_review").await;
    put_panel(officer, &open, &panel_of(&people)).await.expect(200);
    let told = app.sign_in("auditor").await.get("/api/v1/panels/fairness").await.expect(200);
    let fairness = &told["fairness"];
    assert_eq!(json!([fairness["seats"], fairness["people"], fairness["most"]]), json!([11, 5, 3]));
    assert_eq!((fairness["busiest"].as_i64(), fairness["busiest_share"].as_f64()), (Some(1), Some(3.0 / 11.0)));
    assert!((fairness["gini"].as_f64().unwrap() - 12.0 / 55.0).abs() < 1e-9, "{fairness}");
    assert!(told["gini_of_all"].as_f64() > fairness["gini"].as_f64());
    assert_eq!(told["months"].as_array().unwrap().len(), 1);
    let past = officer.get("/api/v1/panels/fairness?from=2020-01-01&to=2020-12-31").await.expect(200);
    assert_eq!(past["fairness"]["seats"], 0);
    for query in ["from=2026-02-01&to=2026-01-01", "from=1800-01-01", "from=2000-01-01&to=2026-01-01", "to=x", "a=b"] {
        officer.get(&format!("/api/v1/panels/fairness?{query}")).await.problem(400);
    }
    for role in ["expert", "association", "agency", "science_dept", "admin"] {
        app.sign_in(role).await.get("/api/v1/panels/fairness").await.problem(403);
    }
    app.nobody().get("/api/v1/panels/fairness").await.problem(401);
}

#[tokio::test]
async fn an_agency_reads_contacts_of_who_works_on_its_request_as_long_as_it_lasts() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let people = free_people(&app, 4).await;
    let made = forming(&callers, "critical_review").await;
    let mut form = panel_of(&people[..3]);
    form["alternates"] = json!([{ "expert": people[3], "seat": "reviewer" }]);
    put_panel(officer, &made, &form).await.expect(200);
    let contacts = |code: &str| format!("/api/v1/experts/{code}/restricted");
    agency.get(&contacts(&people[0])).await.problem(404);
    verb(leader, &made, "approve-panel", &example("approve-panel")).await.expect(200);
    let seen = agency.get(&contacts(&people[0])).await.expect(200);
    assert_eq!((&seen["date_of_birth"], &seen["address"]), (&Value::Null, &Value::Null), "contacts, and no more");
    let rows = "SELECT count(*) FROM disclosures WHERE actor_role = 'agency'";
    assert_eq!(app.sql(rows).await, "1");
    agency.get(&contacts(&people[3])).await.problem(404);
    for role in ["agency_2", "science_dept"] {
        app.sign_in(role).await.get(&contacts(&people[1])).await.problem(404);
    }
    // a withdrawal counts at once
    let body = json!({ "purpose": "contact_sharing", "given": false, "channel": "paper", "document": "Đơn số 1" });
    officer.post(&format!("/api/v1/experts/{}/consents", people[1]), &body).await.expect(201);
    agency.get(&contacts(&people[1])).await.problem(404);
    hear(officer, &made).await;
    go(&callers, &made, &["conclude", "deliver"]).await;
    agency.get(&contacts(&people[0])).await.problem(404);
}
