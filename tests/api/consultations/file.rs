//! Filing, reading and changing a request.

use serde_json::{Value, json};

use super::{PATH, at, attach_scheme, bring, draft, form, submitted, verb};
use crate::support::TestApp;
use crate::support::bank::{enter_named, text};

#[tokio::test]
async fn a_draft_is_filed_read_and_changed() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let answer = agency.post(PATH, &json!({ "kind": "consultation", "title": "  Tư vấn  quy hoạch " })).await;
    let location = answer.header("location");
    let made = answer.expect(201);
    assert_eq!(location, at(&made, ""));
    assert_eq!(
        json!([made["state"], made["title"], made["origin"], made["asker"]["code"], made["register_number"]]),
        json!(["draft", "Tư vấn quy hoạch", "ordered", "SNNMT-DEMO", null])
    );
    assert_eq!(made["allowed_actions"], json!(["submit", "withdraw"]));
    assert_eq!(made["clock"]["step"], Value::Null);
    let seen = agency.get(&location).await;
    let etag = seen.header("etag");
    assert!(etag.starts_with("\"1-"), "{etag}");
    let patch = json!({
        "questions": ["Một?", "Hai?"], "summary": "Dòng một\nDòng hai", "fields": ["404", "404", "BKHCN-2008:401"],
        "funding": { "source": "union" }, "drafters": [{ "name": "Phòng Kế hoạch", "organisation": "SYT-DEMO" }],
        "contact": { "name": "Ma Thị Mẫu", "email": "mau@example.gov.vn" }, "urgency": "urgent",
        "deciding_authority": { "organisation": "SYT-DEMO" },
    });
    let now = agency.patch(&location, &etag, &patch).await.expect(200);
    assert_eq!(now["questions"], json!([{ "number": 1, "text": "Một?" }, { "number": 2, "text": "Hai?" }]));
    let codes: Vec<&str> = now["fields"].as_array().unwrap().iter().map(|field| text(&field["code"])).collect();
    assert_eq!(codes, ["404", "401"]);
    assert_eq!(now["deciding_authority"]["name"], now["deciding_authority"]["organisation"]["name"]);
    assert_eq!(now["drafters"][0]["organisation"]["code"], "SYT-DEMO");
    assert_eq!(now["contact"]["email"], "mau@example.gov.vn");
    agency.patch(&location, &etag, &patch).await.problem(412);
    let cleared = json!({ "summary": null, "contact": null, "questions": null, "drafters": [], "funding": null });
    let now = agency.patch(&location, "*", &cleared).await.expect(200);
    assert_eq!(
        json!([now["summary"], now["contact"], now["questions"], now["drafters"], now["funding"]]),
        json!([null, null, [], [], null])
    );
    agency.patch(&location, "*", &json!({ "title": null })).await.problem(422);
    agency.patch(&location, "*", &json!({ "state": "accepted" })).await.problem(422);
    let before = agency.get(&location).await.header("etag");
    agency.patch(&location, "*", &json!({})).await.expect(200);
    assert_eq!(agency.get(&location).await.header("etag"), before, "a patch of nothing changes nothing");
}

#[tokio::test]
async fn drafts_contacts_and_attachments_are_for_the_asker_and_the_union() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let (other, auditor) = (app.sign_in("agency_2").await, app.sign_in("auditor").await);
    let made = draft(&agency, "consultation", &json!({ "title": "Bí ẩn zxqv" })).await;
    let file = attach_scheme(&agency, &made).await;
    let download = at(&made, &format!("/attachments/{}", text(&file["id"])));
    for path in [at(&made, ""), at(&made, "/events")] {
        officer.get(&path).await.expect(200);
        other.get(&path).await.problem(404);
        auditor.get(&path).await.problem(404);
    }
    for path in [at(&made, "/attachments"), download] {
        assert_eq!(officer.get(&path).await.status, 200);
        other.get(&path).await.problem(404);
        auditor.get(&path).await.problem(403);
    }
    other.patch(&at(&made, ""), "*", &json!({ "title": "x" })).await.problem(404);
    for caller in [&other, &auditor] {
        let page = caller.get(&format!("{PATH}?q=zxqv&count=true&facets=state,agency")).await.expect(200);
        assert_eq!((&page["items"], &page["count"]), (&json!([]), &json!(0)));
        assert_eq!(page["facets"], json!({ "state": [], "agency": [] }));
    }
    // nor is there one for others that was withdrawn before it was sent
    let second = draft(&agency, "consultation", &json!({ "title": "Bỏ zxqv" })).await;
    verb(&agency, &second, "withdraw", &Value::Null).await.expect(200);
    auditor.get(&at(&second, "")).await.problem(404);
    let page = auditor.get(&format!("{PATH}?q=zxqv&count=true")).await.expect(200);
    assert_eq!((&page["items"], &page["count"]), (&json!([]), &json!(0)));
    verb(&agency, &made, "submit", &Value::Null).await.expect(200);
    let seen = auditor.get(&at(&made, "")).await;
    assert!(!seen.header("etag").contains('-'), "who only reads gets no version");
    let seen = seen.expect(200);
    assert_eq!(
        json!([seen["contact"], seen["attachments"], seen["allowed_actions"], seen["editable"]]),
        json!([null, null, [], []])
    );
    let seen = officer.get(&at(&made, "")).await.expect(200);
    assert_eq!((&seen["contact"]["name"], &seen["attachments"]), (&json!("Ma Thị Mẫu"), &json!(1)));
    let sealed = app.sql("SELECT encode(sealed, 'escape') FROM consultation_contacts LIMIT 1").await;
    assert!(!sealed.contains("3822"), "the contact person is sealed");
}

#[tokio::test]
async fn who_files_for_whom() {
    let app = TestApp::start().await;
    let (agency, officer, leader) =
        (app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await);
    let body = |more: Value| form("consultation", &more);
    let places = agency.post(PATH, &body(json!({ "asker": "SYT-DEMO" }))).await.places(422);
    assert_eq!(places, ["/asker"]);
    agency.post(PATH, &body(json!({ "asker": "SNNMT-DEMO" }))).await.expect(201);
    assert_eq!(officer.post(PATH, &body(json!({}))).await.places(422), ["/asker"]);
    assert_eq!(officer.post(PATH, &body(json!({ "asker": "NOBODY" }))).await.places(422), ["/asker"]);
    // what came on paper: the Union keeps the file, and the asker's office sees it
    let kept = officer.post(PATH, &body(json!({ "asker": "SYT-DEMO", "origin": "assigned" }))).await.expect(201);
    assert_eq!(kept["allowed_actions"], json!(["submit", "withdraw"]));
    attach_scheme(&officer, &kept).await;
    let office = app.sign_in("agency_2").await;
    assert_eq!(office.get(&at(&kept, "")).await.expect(200)["state"], "draft");
    agency.get(&at(&kept, "")).await.problem(404);
    verb(&officer, &kept, "submit", &Value::Null).await.expect(200);
    // the Union does not act for an asker who works here
    let own = submitted(&agency, "consultation", &json!({})).await;
    assert_eq!(verb(&leader, &own, "withdraw", &json!({ "reason": "x" })).await.places(422), ["/document"]);
    let bare = draft(&agency, "consultation", &json!({})).await;
    let told = verb(&leader, &bare, "submit", &Value::Null).await.problem(403);
    assert!(text(&told["detail"]).contains("cơ quan đề nghị"), "{told}");
    // a leader alone begins what nobody asked for
    let begun = body(json!({ "asker": "SYT-DEMO", "origin": "self_initiated" }));
    officer.post(PATH, &begun).await.problem(403);
    agency.post(PATH, &body(json!({ "origin": "self_initiated" }))).await.problem(403);
    let no_field = body(json!({ "asker": "SYT-DEMO", "origin": "self_initiated", "fields": [] }));
    assert_eq!(leader.post(PATH, &no_field).await.places(422), ["/fields"]);
    let made = leader.post(PATH, &begun).await.expect(201);
    assert_eq!(made["state"], "accepted");
    assert!(text(&made["register_number"]).starts_with("TV-"));
    assert_eq!(made["allowed_actions"], json!(["form-panel", "reschedule", "suspend", "cancel"]));
    assert_eq!((&made["clock"]["step"], &made["lead"]["name"]), (&json!("report"), &json!("union_leader")));
    let secret = body(json!({ "asker": "SYT-DEMO", "origin": "self_initiated", "no_state_secrets": false }));
    assert_eq!(leader.post(PATH, &secret).await.places(422), ["/no_state_secrets"]);
    let soon = app.sql("SELECT ((now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + 5)").await;
    let short = |more: Value| {
        let mut form = body(json!({ "asker": "SYT-DEMO", "origin": "self_initiated", "decision_on": soon }));
        form["short_time"] = more;
        form
    };
    assert_eq!(leader.post(PATH, &short(json!(false))).await.places(422), ["/short_time"]);
    assert_eq!(leader.post(PATH, &short(json!(true))).await.expect(201)["short_time"], true);
    assert_eq!(agency.post(PATH, &body(json!({ "short_time": true }))).await.places(422), ["/short_time"]);
    officer.patch(&at(&made, ""), "*", &json!({ "kind": "critical_review" })).await.problem(409);
    let addressee = office.get(&at(&made, "")).await.expect(200);
    assert_eq!(addressee["allowed_actions"], json!([]));
    officer.patch(&at(&made, ""), "*", &json!({ "title": "Tên khác" })).await.expect(200);
    officer.patch(&at(&made, ""), "*", &json!({ "origin": "ordered" })).await.problem(409);
}

#[tokio::test]
async fn each_changes_what_is_theirs_to_change() {
    let app = TestApp::start().await;
    let callers = [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await];
    let (agency, officer) = (&callers[0], &callers[1]);
    let lead = app.sql("SELECT id FROM accounts WHERE username = 'union_officer'").await;
    let other = app.sql("SELECT id FROM accounts WHERE username = 'auditor'").await;
    let made = draft(agency, "consultation", &json!({})).await;
    attach_scheme(agency, &made).await;
    let path = at(&made, "");
    let told = officer.patch(&path, "*", &json!({ "title": "x" })).await.problem(409);
    assert_eq!(told["errors"][0]["pointer"], "/title");
    bring(&callers, &made, "submitted").await;
    for (caller, patch, status) in [
        (agency, json!({ "title": "x" }), 409),
        (agency, json!({ "lead": lead }), 409),
        (officer, json!({ "title": "x" }), 409),
        (officer, json!({ "decision_on": "2035-03-01" }), 409),
        (officer, json!({ "deadline": "2035-03-01" }), 422),
        (officer, json!({ "fields": ["401"], "urgency": "urgent", "lead": lead }), 200),
        (officer, json!({ "lead": other }), 422),
    ] {
        assert_eq!(caller.patch(&path, "*", &patch).await.status, status, "{patch}");
    }
    assert_eq!(officer.get(&path).await.expect(200)["editable"], json!(["fields", "lead", "urgency"]));
    verb(officer, &made, "request-completion", &json!({ "missing": ["Dự toán"] })).await.expect(200);
    agency.patch(&path, "*", &json!({ "title": "Tên mới" })).await.expect(200);
    verb(agency, &made, "submit", &Value::Null).await.expect(200);
    verb(&callers[2], &made, "accept", &Value::Null).await.expect(200);
    officer.patch(&path, "*", &json!({ "fields": [] })).await.problem(422);
    officer.patch(&path, "*", &json!({ "urgency": "normal" })).await.problem(409);
    let now = officer.get(&path).await.expect(200);
    assert_eq!((&now["editable"], &now["lead"]["name"]), (&json!(["fields", "lead"]), &json!("union_officer")));
    assert!(now["lead"]["id"].is_string());
    let lead = agency.get(&path).await.expect(200)["lead"].clone();
    assert_eq!(lead, json!({ "name": "union_officer" }), "which account it is, the Union alone is told");
}

#[tokio::test]
async fn an_expert_is_named_only_by_and_to_who_may_know_of_them() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let hidden = enter_named(&officer, "Kpă Văn Kín").await;
    let drafters = json!({ "drafters": [{ "expert": hidden["code"] }] });
    let refused = agency.post(PATH, &form("consultation", &drafters)).await.places(422);
    assert_eq!(refused, ["/drafters/0/expert"]);
    let made = draft(&agency, "consultation", &json!({ "drafters": [{ "expert": "CG-000001" }] })).await;
    assert!(made["drafters"][0]["expert_id"].is_string());
    let found = agency.get(&format!("{PATH}?expert=CG-000001")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    crate::support::bank::change(
        &app,
        &format!("UPDATE consultation_drafters SET expert_id = '{}'", text(&hidden["id"])),
    )
    .await;
    let seen = agency.get(&at(&made, "")).await.expect(200);
    assert_eq!(seen["drafters"][0]["expert_id"], Value::Null);
    assert_eq!(officer.get(&at(&made, "")).await.expect(200)["drafters"][0]["expert_id"], hidden["id"]);
    // whom the Union names from a record that others may not know of, it does not name to them
    let paper =
        json!({ "asker": "SNNMT-DEMO", "drafters": [{ "expert": hidden["code"] }, { "organisation": "SYT-DEMO" }] });
    let entered = officer.post(PATH, &form("consultation", &paper)).await.expect(201);
    assert_eq!(entered["drafters"][0]["name"], "Kpă Văn Kín");
    let seen = agency.get(&at(&entered, "")).await;
    assert!(!seen.text.contains("Kín"), "{}", seen.text);
    let seen = seen.expect(200);
    assert_eq!(seen["drafters"][0], json!({ "name": "Một chuyên gia", "expert_id": null, "organisation": null }));
    assert_eq!(seen["drafters"][1]["name"], seen["drafters"][1]["organisation"]["name"]);
    for key in [text(&hidden["code"]), "CG-999999"] {
        let page = agency.get(&format!("{PATH}?expert={key}")).await.expect(200);
        assert_eq!(page["items"], json!([]), "{key}: the same whether there is such a person or not");
    }
    let page = officer.get(&format!("{PATH}?expert={}", text(&hidden["code"]))).await.expect(200);
    assert_eq!(page["items"][1]["id"], made["id"]);
}

#[tokio::test]
async fn the_office_that_took_a_place_keeps_its_files() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency_2").await, app.sign_in("union_officer").await);
    let made = submitted(&agency, "consultation", &json!({})).await;
    let into = crate::support::bank::body(&officer, "SNNMT-DEMO", "2026-01-01").await;
    let form = json!({ "kind": "merged_into", "successors": [{ "organisation_id": into["id"] }] });
    let path = "/api/v1/organisations/SYT-DEMO/succeed";
    let merged = officer.send(reqwest::Method::POST, path, &[("if-match", "*")], Some(&form)).await;
    assert!(merged.status.is_success(), "{}", merged.text);
    let heir = app.sign_in("agency").await;
    assert_eq!(heir.get(&at(&made, "")).await.expect(200)["allowed_actions"], json!(["withdraw"]));
    let page = heir.get(PATH).await.expect(200);
    assert!(page["items"].as_array().unwrap().iter().any(|item| item["id"] == made["id"]));
    verb(&heir, &made, "withdraw", &json!({ "reason": "Sáp nhập" })).await.expect(200);
}

#[tokio::test]
async fn an_expert_sees_nothing_by_where_they_work() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let made = submitted(&agency, "consultation", &json!({ "title": "Việc riêng zxqv" })).await;
    let expert = app.sign_in("expert").await;
    crate::support::bank::change(
        &app,
        "UPDATE accounts SET organisation_id = (SELECT id FROM organisations WHERE code = 'SNNMT-DEMO') WHERE username = 'expert'",
    )
    .await;
    for path in [at(&made, ""), at(&made, "/events")] {
        expert.get(&path).await.problem(404);
    }
    let page = expert.get(&format!("{PATH}?count=true&facets=state,agency")).await.expect(200);
    assert_eq!(json!([page["items"], page["count"], page["facets"]["state"]]), json!([[], 0, []]));
}

#[tokio::test]
async fn drafters_follow_a_merge_of_experts_and_come_back_with_its_undo() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (rename, status) in [(false, 200), (true, 409)] {
        let (winner, loser) = (enter_named(&officer, "Kpă Văn Đứng").await, enter_named(&officer, "Kpă Văn Gộp").await);
        let drafters = json!({ "asker": "SNNMT-DEMO", "drafters": [{ "expert": loser["code"], "name": "Ông Gộp" }] });
        let made = officer.post(PATH, &form("consultation", &drafters)).await.expect(201);
        let body = json!({ "other": loser["code"], "reason": "Cùng một người" });
        let path = format!("/api/v1/experts/{}/merge", text(&winner["code"]));
        let merge = officer.send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&body)).await.expect(201);
        let drafter = async || officer.get(&at(&made, "")).await.expect(200)["drafters"].clone();
        assert_eq!(drafter().await[0]["expert_id"], winner["id"]);
        let told = format!(
            "SELECT count(*) FROM audit_events WHERE action = 'experts.merge' AND subject_id = '{}'",
            text(&made["id"])
        );
        assert_eq!(app.sql(&told).await, "1", "the consultation's history knows");
        // the list is sent anew: who is named in the same words stays who moved
        let name = if rename { "Bà Gộp" } else { "Ông Gộp" };
        let again = json!({ "drafters": [{ "name": "Phòng Kế hoạch" }, { "expert": winner["code"], "name": name }] });
        officer.patch(&at(&made, ""), "*", &again).await.expect(200);
        let undo = format!("/api/v1/merges/{}/undo", text(&merge["id"]));
        let undone = officer.send(reqwest::Method::POST, &undo, &[], None).await;
        assert_eq!(undone.status, status, "{}", undone.text);
        if rename {
            assert_eq!(undone.places(409), ["/drafts"], "what stands in the way is said");
        } else {
            assert_eq!(drafter().await[1]["expert_id"], loser["id"], "undone as if nothing had been");
        }
    }
}
