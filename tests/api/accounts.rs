//! `/api/v1/accounts`: create, list, change.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::people::{PASSPHRASE, create, hire, organisation, path_of, tokens};
use crate::support::{Caller, TestApp};

const NOBODY: &str = "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d";

/// An expert who has no account.
async fn free_expert(app: &TestApp) -> String {
    let free = "id NOT IN (SELECT expert_id FROM accounts WHERE expert_id IS NOT NULL)";
    app.sql(&format!("SELECT id FROM experts WHERE {free} ORDER BY id LIMIT 1")).await
}

async fn counts(app: &TestApp) -> String {
    app.sql("SELECT (SELECT count(*) FROM accounts) || ' ' || (SELECT count(*) FROM audit_events)").await
}

/// `body` with other members.
fn with(body: &Value, changes: &Value) -> Value {
    let mut body = body.clone();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_created_account_is_answered_with_its_place_and_version() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (agency, union) = (organisation(&app, "SNNMT-DEMO").await, organisation(&app, "LHH-DEMO").await);
    for (index, body) in [
        json!({ "role": "admin" }),
        json!({ "role": "auditor", "organisation_id": null, "expert_id": null }),
        json!({ "role": "agency", "organisation_id": agency }),
        json!({ "role": "union_officer", "organisation_id": union }),
        json!({ "role": "expert", "expert_id": free_expert(&app).await }),
    ]
    .iter()
    .enumerate()
    {
        let named = json!({ "username": format!(" Van-Phong.{index} "), "display_name": "  Văn   phòng " });
        let answer = admin.post("/api/v1/accounts", &with(&named, body)).await;
        let (location, etag) = (answer.header("location"), answer.header("etag"));
        let account = answer.expect(201);
        assert_eq!(location, format!("/api/v1/accounts/{}", account["id"].as_str().unwrap()));
        assert!(etag.starts_with("\"1-"), "{etag}");
        assert_eq!(account["username"], format!("van-phong.{index}"));
        assert_eq!((&account["display_name"], &account["enabled"]), (&json!("Văn phòng"), &json!(true)));
        for member in ["role", "organisation_id", "expert_id"] {
            assert_eq!(account[member], body[member], "{member} of {body}");
        }
        let read = admin.get(&location).await;
        assert_eq!((read.header("etag"), read.expect(200)), (etag, account));
    }
}

#[tokio::test]
async fn what_does_not_fit_an_account_is_named_by_its_place_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (agency, expert) = (organisation(&app, "SNNMT-DEMO").await, free_expert(&app).await);
    let base = json!({ "username": "moi", "display_name": "Người mới", "role": "auditor" });
    let before = counts(&app).await;
    for (change, places) in [
        (json!({ "username": "a" }), vec!["/username"]),
        (json!({ "username": "-x" }), vec!["/username"]),
        (json!({ "username": "có-dấu" }), vec!["/username"]),
        (json!({ "username": "hai tu" }), vec!["/username"]),
        (json!({ "username": "x".repeat(65) }), vec!["/username"]),
        (json!({ "username": 5 }), vec!["/username"]),
        (json!({ "display_name": " \t\n " }), vec!["/display_name"]),
        (json!({ "display_name": "ă".repeat(201) }), vec!["/display_name"]),
        (json!({ "display_name": null }), vec!["/display_name"]),
        (
            json!({ "username": "a", "display_name": "", "role": "agency" }),
            vec!["/username", "/display_name", "/organisation_id"],
        ),
        (json!({ "role": "root" }), vec!["/role"]),
        (json!({ "role": null }), vec!["/role"]),
        (json!({ "role": "agency" }), vec!["/organisation_id"]),
        (json!({ "role": "association" }), vec!["/organisation_id"]),
        (json!({ "role": "science_dept" }), vec!["/organisation_id"]),
        (json!({ "role": "expert" }), vec!["/expert_id"]),
        (json!({ "role": "expert", "organisation_id": agency }), vec!["/expert_id"]),
        (json!({ "role": "agency", "expert_id": expert }), vec!["/organisation_id", "/expert_id"]),
        (json!({ "role": "admin", "expert_id": expert }), vec!["/expert_id"]),
        (json!({ "role": "agency", "organisation_id": NOBODY }), vec!["/organisation_id"]),
        (json!({ "role": "agency", "organisation_id": "SNNMT-DEMO" }), vec!["/organisation_id"]),
        (json!({ "role": "expert", "expert_id": NOBODY }), vec!["/expert_id"]),
        (json!({ "password": "một câu ngắn dễ nhớ" }), vec!["/password"]),
        (json!({ "id": NOBODY }), vec!["/id"]),
    ] {
        let answer = admin.post("/api/v1/accounts", &with(&base, &change)).await;
        assert_eq!(answer.places(422), places, "{change}");
    }
    for missing in ["username", "display_name", "role"] {
        let mut body = base.clone();
        body.as_object_mut().unwrap().remove(missing);
        assert_eq!(admin.post("/api/v1/accounts", &body).await.places(422), [format!("/{missing}")]);
    }
    assert_eq!(counts(&app).await, before);
    admin.post("/api/v1/accounts", &base).await.expect(201);
}

#[tokio::test]
async fn a_user_name_and_an_expert_have_one_account_only() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let expert = app.sql("SELECT expert_id FROM accounts WHERE username = 'expert'").await;
    for (body, place) in [
        (json!({ "username": "agency", "display_name": "A", "role": "auditor" }), "/username"),
        (json!({ "username": " AGENCY", "display_name": "A", "role": "auditor" }), "/username"),
        (json!({ "username": "expert-2", "display_name": "A", "role": "expert", "expert_id": expert }), "/expert_id"),
    ] {
        let problem = admin.post("/api/v1/accounts", &body).await.problem(409);
        let error = &problem["errors"][0];
        assert_eq!(
            (&problem["code"], &error["pointer"], &error["code"]),
            (&json!("conflict"), &json!(place), &json!("taken"),)
        );
    }
}

/// An agency's account: its path and ETag.
async fn agency_account(admin: &Caller<'_>, username: &str) -> (String, String) {
    let organisation_id = organisation(admin.app, "SNNMT-DEMO").await;
    let body = json!({ "username": username, "display_name": "Phòng A", "role": "agency",
                       "organisation_id": organisation_id });
    create(admin, &body).await
}

#[tokio::test]
async fn a_change_needs_the_version_last_read() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, etag) = agency_account(&admin, "phong-a").await;
    let body = json!({ "display_name": "Phòng B" });
    let nowhere = format!("/api/v1/accounts/{NOBODY}");
    for (method, suffix) in [(Method::PATCH, ""), (Method::POST, "/disable"), (Method::POST, "/enable")] {
        let body = (suffix.is_empty()).then_some(&body);
        for (tag, status, code) in [
            (None, 428, "precondition_required"),
            (Some("\"2-0123456789abcdef\""), 412, "precondition_failed"),
            (Some("\"0\""), 412, "precondition_failed"),
            (Some("rubbish"), 412, "precondition_failed"),
            (Some(""), 412, "precondition_failed"),
        ] {
            let headers: Vec<(&str, &str)> = tag.map(|tag| ("if-match", tag)).into_iter().collect();
            let answer = admin.send(method.clone(), &format!("{path}{suffix}"), &headers, body).await;
            assert_eq!(answer.problem(status)["code"], code, "{suffix} {tag:?}");
            // 404 comes before 428 and 412
            admin.send(method.clone(), &format!("{nowhere}{suffix}"), &headers, body).await.problem(404);
        }
    }
    assert_eq!(admin.get(&path).await.header("etag"), etag);
    let first = admin.patch(&path, &etag, &body).await;
    assert!(first.header("etag").starts_with("\"2-"), "{}", first.header("etag"));
    admin.patch(&path, &etag, &json!({ "display_name": "Phòng C" })).await.problem(412);
    let any = admin.patch(&path, "*", &json!({ "display_name": "Phòng D" })).await;
    assert_eq!(admin.get(&path).await.header("etag"), any.header("etag"));
    assert_eq!(any.expect(200)["display_name"], "Phòng D");
}

#[tokio::test]
async fn a_patch_tells_absent_null_and_value_apart() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, _) = agency_account(&admin, "phong-a").await;
    let (agency, union) = (organisation(&app, "SNNMT-DEMO").await, organisation(&app, "LHH-DEMO").await);
    for (patch, expected) in [
        (json!({ "display_name": "Phòng B" }), Ok(json!(["Phòng B", "agency", agency]))),
        (json!({ "display_name": null }), Err("/display_name")),
        (json!({ "role": null }), Err("/role")),
        (json!({ "organisation_id": null }), Err("/organisation_id")),
        (json!({ "role": "expert" }), Err("/expert_id")),
        (json!({ "role": "union_officer" }), Ok(json!(["Phòng B", "union_officer", agency]))),
        (json!({ "organisation_id": union }), Ok(json!(["Phòng B", "union_officer", union]))),
        (json!({ "organisation_id": NOBODY }), Err("/organisation_id")),
        (json!({ "organisation_id": null }), Ok(json!(["Phòng B", "union_officer", null]))),
        (json!({ "role": "auditor", "display_name": "C" }), Ok(json!(["C", "auditor", null]))),
        (json!({ "username": "khac" }), Err("/username")),
        (json!({ "enabled": false }), Err("/enabled")),
        (json!({}), Ok(json!(["C", "auditor", null]))),
    ] {
        let answer = admin.patch(&path, "*", &patch).await;
        match expected {
            Err(place) => assert_eq!(answer.places(422), [place], "{patch}"),
            Ok(expected) => {
                let now = answer.expect(200);
                assert_eq!(json!([now["display_name"], now["role"], now["organisation_id"]]), expected, "{patch}");
                assert_eq!(admin.get(&path).await.expect(200), now);
            }
        }
    }
    let taken = app.sql("SELECT expert_id FROM accounts WHERE username = 'expert'").await;
    let body = json!({ "role": "expert", "expert_id": taken });
    assert_eq!(admin.patch(&path, "*", &body).await.places(409), ["/expert_id"]);
    let headers = [("if-match", "*"), ("content-type", "application/merge-patch+json")];
    let answer = admin.raw(Method::PATCH, &path, &headers, br#"{"display_name":"D"}"#.to_vec()).await;
    assert_eq!(answer.expect(200)["display_name"], "D");
}

#[tokio::test]
async fn a_patch_that_changes_nothing_keeps_the_version_and_leaves_no_event() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, etag) = agency_account(&admin, "phong-a").await;
    let account = admin.get(&path).await.expect(200);
    let before = counts(&app).await;
    for patch in [
        json!({}),
        json!({ "display_name": "Phòng A" }),
        json!({ "display_name": "  Phòng   A " }),
        json!({ "role": "agency", "organisation_id": account["organisation_id"], "expert_id": null }),
    ] {
        let answer = admin.patch(&path, &etag, &patch).await;
        assert_eq!(answer.header("etag"), etag, "{patch}");
        assert_eq!(answer.expect(200), account, "{patch}");
    }
    assert_eq!(counts(&app).await, before);
}

#[tokio::test]
async fn a_change_of_role_or_organisation_ends_the_sessions_and_a_new_name_does_not() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    let (path, _) = hire(&admin, "can-bo", "auditor").await;
    let union = organisation(&app, "LHH-DEMO").await;
    for (patch, alive) in [
        (json!({ "display_name": "Tên mới" }), true),
        (json!({ "role": "auditor" }), true),
        (json!({ "role": "union_officer" }), false),
        (json!({ "organisation_id": union }), false),
        (json!({ "organisation_id": null }), false),
    ] {
        let (access, _) = tokens(&app, "can-bo", PASSPHRASE).await;
        let caller = app.with_token(&access);
        caller.get("/api/v1/me").await.expect(200);
        admin.patch(&path, "*", &patch).await.expect(200);
        caller.get("/api/v1/me").await.expect(if alive { 200 } else { 401 });
    }
    assert_eq!(app.sign_in("agency").await.get("/api/v1/me").await.expect(200)["role"], "agency");
}

#[tokio::test]
async fn only_who_may_edit_gets_a_version() {
    let app = TestApp::start().await;
    let (admin, auditor) = (app.sign_in("admin").await, app.sign_in("auditor").await);
    let path = path_of(&app, "agency").await;
    assert!(admin.get(&path).await.header("etag").starts_with("\"1-"));
    let answer = auditor.get(&path).await;
    let etag = answer.header("etag");
    assert!(etag.len() == 18 && !etag.contains('-'), "{etag}");
    assert_eq!(answer.expect(200), admin.get(&path).await.expect(200));
}

/// All user names, page by page.
async fn pages(caller: &Caller<'_>, query: &str) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let body = caller.get(&format!("/api/v1/accounts?{query}{cursor}")).await.expect(200);
        let items = body["items"].as_array().unwrap();
        pages.push(items.iter().map(|item| item["username"].as_str().unwrap().to_owned()).collect());
        match body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return pages,
        }
        assert!(pages.len() < 50, "the list never ends");
    }
}

#[tokio::test]
async fn paging_shows_each_account_exactly_once() {
    let app = TestApp::start().await;
    let admin = app.sign_in("admin").await;
    for index in 0..16 {
        let body = json!({ "username": format!("nv_{index}.a"), "display_name": "A", "role": "auditor" });
        create(&admin, &body).await;
    }
    let all: Vec<String> =
        serde_json::from_str(&app.sql("SELECT jsonb_agg(username ORDER BY username) FROM accounts").await).unwrap();
    assert_eq!(all.len(), 25);
    for (query, sizes) in [
        ("limit=10", vec![10, 10, 5]),
        ("limit=25", vec![25]),
        ("limit=24", vec![24, 1]),
        ("limit=1", vec![1; 25]),
        ("", vec![20, 5]),
    ] {
        let pages = pages(&admin, query).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{query}");
        assert_eq!(pages.concat(), all, "{query}");
    }
    assert_eq!(pages(&admin, "role=agency&limit=1").await, [["agency"], ["agency_2"]]);
    assert_eq!(pages(&app.sign_in("auditor").await, "role=auditor").await.concat().len(), 17);
    assert_eq!(admin.get("/api/v1/accounts?role=root").await.places(400), ["/role"]);
}
