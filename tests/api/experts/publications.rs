//! `/experts/{key}/publications`.

use chrono::Datelike;
use expert_bank::kernel::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{decide, enter, enter_named, listed, path, text};
use crate::support::{Answer, Caller, TestApp};

fn list(expert: &Value) -> String {
    format!("{}/publications", path(expert))
}

async fn put(caller: &Caller<'_>, expert: &Value, etag: &str, items: &Value) -> Answer {
    let body = json!({ "publications": items });
    caller.send(Method::PUT, &list(expert), &[("if-match", etag)], Some(&body)).await
}

async fn remove(caller: &Caller<'_>, place: &str, etag: &str) -> Answer {
    caller.send(Method::DELETE, place, &[("if-match", etag)], None).await
}

/// The account `expert` and the person behind it.
async fn person(app: &TestApp) -> (Caller<'_>, Value) {
    let caller = app.sign_in("expert").await;
    let me = caller.get("/api/v1/me").await.expect(200);
    let expert = caller.get(&format!("/api/v1/experts/{}", text(&me["expert_id"]))).await.expect(200);
    (caller, expert)
}

#[tokio::test]
async fn a_publication_is_added_tidied_and_shown_with_its_id() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let body = json!({
        "title": " Rừng  trên\u{A0}núi đá ", "abstract": "Tóm tắt", "year": today().year() + 1, "venue": "Tạp chí Rừng",
        "doi": "https://doi.org/10.99999/RD.17", "authors": "Kpă Văn Mẫu, Lò Thị An; Vàng Páo",
    });
    let answer = officer.post(&list(&expert), &body).await;
    let (location, etag) = (answer.header("location"), answer.header("etag"));
    let mut made = answer.expect(201);
    let normalised = made.as_object_mut().unwrap().remove("normalised").unwrap();
    let said: Vec<(&str, &str)> =
        normalised.as_array().unwrap().iter().map(|n| (text(&n["pointer"]), text(&n["code"]))).collect();
    for repair in [("/title", "whitespace"), ("/doi", "doi_form"), ("/authors", "list_from_text")] {
        assert!(said.contains(&repair), "{repair:?}: {normalised}");
    }
    assert_eq!(location, format!("{}/{}", list(&expert), text(&made["id"])));
    assert!(etag.starts_with("\"2-"), "the expert's version counts up: {etag}");
    let expected = json!({
        "id": made["id"], "title": "Rừng trên núi đá", "abstract": "Tóm tắt", "year": today().year() + 1,
        "venue": "Tạp chí Rừng", "doi": "10.99999/rd.17", "authors": ["Kpă Văn Mẫu", "Lò Thị An", "Vàng Páo"],
    });
    assert_eq!(made, expected);
    assert_eq!(officer.get(&location).await.expect(200), expected);
    assert_eq!(officer.get(&list(&expert)).await.expect(200), json!({ "items": [expected] }));
    assert_eq!(officer.get(&path(&expert)).await.expect(200)["publications"], json!([expected]));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let good = json!({ "title": "Rừng" });
    for (member, value, pointer, code) in [
        ("title", Value::Null, "/title", "required"),
        ("title", json!(" "), "/title", "required"),
        ("title", json!("a".repeat(1_001)), "/title", "too_long"),
        ("title", json!("Rõng Hµ Giang"), "/title", "legacy_encoding"),
        ("title", json!(7), "/title", "wrong_type"),
        ("year", json!(today().year() + 2), "/year", "out_of_range"),
        ("year", json!(1899), "/year", "out_of_range"),
        ("year", json!("2020?"), "/year", "wrong_type"),
        ("doi", json!("doi.org/nowhere"), "/doi", "not_a_doi"),
        ("authors", json!([1]), "/authors", "invalid_value"),
        ("authors", json!(["Hµ Giang"]), "/authors/0", "legacy_encoding"),
        ("venue", json!("a".repeat(501)), "/venue", "too_long"),
        ("id", json!("00000000-0000-0000-0000-000000000001"), "/id", "not_allowed"),
        ("isbn", json!("1"), "/isbn", "unknown_field"),
    ] {
        let mut body = good.clone();
        body[member] = value.clone();
        let problem = officer.post(&list(&expert), &body).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (pointer, code), "{member}: {value}");
    }
    let many = json!(vec![json!({ "title": "A" }); 2_001]);
    assert_eq!(put(&officer, &expert, "*", &many).await.places(422), ["/publications"]);
    let twice = json!([{ "title": "A", "doi": "10.1234/a" }, { "title": "B", "doi": "doi:10.1234/A" }]);
    assert_eq!(put(&officer, &expert, "*", &twice).await.places(422), ["/publications/1/doi"]);
    let foreign = json!([{ "title": "A", "id": "00000000-0000-0000-0000-000000000001" }]);
    assert_eq!(put(&officer, &expert, "*", &foreign).await.places(422), ["/publications/0/id"]);
    assert_eq!(officer.get(&list(&expert)).await.expect(200)["items"], json!([]));
    assert!(officer.get(&path(&expert)).await.header("etag").starts_with("\"1-"));
}

#[tokio::test]
async fn a_doi_stands_in_a_list_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let first = officer.post(&list(&expert), &json!({ "title": "A", "doi": "10.1234/a" })).await.expect(201);
    let problem = officer.post(&list(&expert), &json!({ "title": "B", "doi": "DOI:10.1234/A" })).await.problem(409);
    assert_eq!(problem["errors"][0]["pointer"], "/doi");
    assert!(text(&problem["existing"]).ends_with(text(&first["id"])), "{problem}");
    assert!(text(&problem["errors"][0]["detail"]).contains(text(&first["id"])), "{problem}");
    let second = officer.post(&list(&expert), &json!({ "title": "B" })).await.expect(201);
    let place = format!("{}/{}", list(&expert), text(&second["id"]));
    assert_eq!(officer.patch(&place, "*", &json!({ "doi": "10.1234/a" })).await.places(409), ["/doi"]);
    let other = enter_named(&officer, "Kpă Thị Mẫu").await;
    officer.post(&list(&other), &json!({ "title": "A", "doi": "10.1234/a" })).await.expect(201);
}

#[tokio::test]
async fn a_list_is_replaced_and_what_stays_keeps_its_id() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let body =
        json!({ "full_name": "Kpă Văn Mẫu", "publications": [{ "title": "A" }, { "title": "B" }, { "title": "C" }] });
    let expert = enter(&officer, &body).await;
    let id = |index: usize| expert["publications"][index]["id"].clone();
    let etag = officer.get(&list(&expert)).await.header("etag");
    let new = json!([{ "title": "C" }, { "id": id(0), "title": "A, sửa" }, { "title": "D" }]);
    assert_eq!(put(&officer, &expert, "", &new).await.status.as_u16(), 412);
    let without = officer.send(Method::PUT, &list(&expert), &[], Some(&json!({ "publications": new }))).await;
    without.problem(428);
    let answer = put(&officer, &expert, &etag, &new).await;
    let next = answer.header("etag");
    let page = answer.expect(200);
    assert!(next.starts_with("\"2-"), "{next}");
    let items = page["items"].as_array().unwrap();
    assert_eq!([&items[0]["id"], &items[1]["id"]], [&id(2), &id(0)]);
    assert_eq!(items[1]["title"], "A, sửa");
    assert_ne!(items[2]["id"], id(1));
    put(&officer, &expert, &etag, &new).await.problem(412);
    let same = put(&officer, &expert, &next, &json!(items)).await;
    assert!(same.header("etag").starts_with("\"2-"), "what was read and is sent back changes nothing");
    let patched =
        officer.patch(&path(&expert), &next, &json!({ "publications": [{ "title": "D" }] })).await.expect(200);
    assert_eq!(patched["publications"][0]["id"], items[2]["id"]);
    put(&officer, &expert, "*", &json!([])).await.expect(200);
    assert_eq!(officer.get(&path(&expert)).await.expect(200)["publications"], json!([]));
}

#[tokio::test]
async fn one_is_corrected_and_deleted_under_the_version_of_the_expert() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert =
        enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "publications": [{ "title": "A", "year": 2020 }] })).await;
    let place = format!("{}/{}", list(&expert), text(&expert["publications"][0]["id"]));
    let etag = officer.get(&place).await.header("etag");
    let answer = officer.patch(&place, &etag, &json!({ "year": null, "authors": ["Kpă Văn Mẫu"] })).await;
    let next = answer.header("etag");
    let changed = answer.expect(200);
    assert!(changed.get("normalised").is_none());
    assert_eq!((changed.get("year"), &changed["authors"]), (None, &json!(["Kpă Văn Mẫu"])));
    officer.patch(&place, &etag, &json!({ "title": "B" })).await.problem(412);
    let again = officer.patch(&place, &next, &json!({ "authors": "Kpă Văn Mẫu" })).await;
    assert_eq!(again.header("etag"), next, "nothing new changes no version");
    assert_eq!(officer.patch(&place, &next, &json!({ "title": null })).await.places(422), ["/title"]);
    let unknown = format!("{}/00000000-0000-0000-0000-000000000000", list(&expert));
    officer.patch(&unknown, "*", &json!({})).await.problem(404);
    remove(&officer, &unknown, "*").await.problem(404);
    officer.delete(&place).await.problem(428);
    remove(&officer, &place, &etag).await.problem(412);
    let removed = remove(&officer, &place, &next).await;
    assert_eq!(removed.header("etag"), "\"3\"");
    removed.expect(204);
    officer.get(&place).await.problem(404);
    let other = enter(&officer, &json!({ "full_name": "Kpă Thị Mẫu", "publications": [{ "title": "A" }] })).await;
    let foreign = format!("{}/{}", list(&expert), text(&other["publications"][0]["id"]));
    remove(&officer, &foreign, "*").await.problem(404);
    officer.get(&foreign).await.problem(404);
}

#[tokio::test]
async fn the_list_is_paged_in_the_persons_order() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let titles: Vec<String> = (0..45).map(|n| format!("Bài {}", 45 - n)).collect();
    let items: Vec<Value> = titles.iter().map(|title| json!({ "title": title })).collect();
    let expert = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "publications": items })).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = officer.get(&format!("{}?limit=20{cursor}", list(&expert))).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["title"]).to_owned()));
        let Some(next) = page.get("next_cursor") else { break };
        cursor = format!("&cursor={}", text(next));
    }
    assert_eq!(seen, titles);
    let put = put(&officer, &expert, "*", &json!(items.iter().rev().collect::<Vec<_>>())).await.expect(200);
    let next = format!("{}?cursor={}", list(&expert), text(&put["next_cursor"]));
    assert_eq!(listed(&officer, &next, "title").await[0], titles[24]);
    for (query, place) in [("limit=0", "/limit"), ("cursor=x", "/cursor"), ("q=x", "/q")] {
        assert_eq!(officer.get(&format!("{}?{query}", list(&expert))).await.places(400), [place]);
    }
}

#[tokio::test]
async fn who_may_read_the_expert_reads_them_and_nobody_else() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "publications": [{ "title": "A" }] })).await;
    let one = format!("{}/{}", list(&expert), text(&expert["publications"][0]["id"]));
    for purposes in [vec![], vec!["agency_search"], vec!["public_profile"]] {
        for purpose in &purposes {
            decide(&officer, &expert, purpose, true).await;
        }
        for account in ["", "expert", "association", "agency", "science_dept", "union_leader", "auditor", "admin"] {
            let caller = if account.is_empty() { app.nobody() } else { app.sign_in(account).await };
            let whole = caller.get(&path(&expert)).await.status;
            assert_eq!(caller.get(&list(&expert)).await.status, whole, "{account} {purposes:?}");
            assert_eq!(caller.get(&one).await.status, whole, "{account} {purposes:?}");
            let versioned = caller.get(&list(&expert)).await.header("etag").contains('-');
            assert_eq!(versioned, account == "union_leader", "{account}");
        }
    }
}

#[tokio::test]
async fn a_person_changes_their_own_list_and_no_other() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let other = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "publications": [{ "title": "A" }] })).await;
    decide(&officer, &other, "public_profile", true).await;
    let (expert, me) = person(&app).await;
    let made = expert.post(&list(&me), &json!({ "title": "Của tôi" })).await.expect(201);
    let place = format!("{}/{}", list(&me), text(&made["id"]));
    expert.patch(&place, "*", &json!({ "year": 2024 })).await.expect(200);
    remove(&expert, &place, "*").await.expect(204);
    put(&expert, &me, "*", &json!([{ "title": "Một" }])).await.expect(200);
    let foreign = format!("{}/{}", list(&other), text(&other["publications"][0]["id"]));
    expert.post(&list(&other), &json!({ "title": "A" })).await.problem(404);
    expert.patch(&foreign, "*", &json!({ "title": "B" })).await.problem(404);
    remove(&expert, &foreign, "*").await.problem(404);
    put(&expert, &other, "*", &json!([])).await.problem(404);
    for account in ["association", "agency", "science_dept", "auditor", "admin"] {
        let caller = app.sign_in(account).await;
        caller.post(&list(&other), &json!({ "title": "A" })).await.problem(403);
        put(&caller, &other, "*", &json!([])).await.problem(403);
    }
    app.nobody().post(&list(&other), &json!({ "title": "A" })).await.problem(401);
}

#[tokio::test]
async fn a_repeated_post_adds_once_and_each_change_leaves_one_event() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let key = [("idempotency-key", "bai-1")];
    let body = json!({ "title": "A" });
    let first = officer.send(Method::POST, &list(&expert), &key, Some(&body)).await.expect(201);
    let second = officer.send(Method::POST, &list(&expert), &key, Some(&body)).await.expect(201);
    assert_eq!(first, second);
    officer.send(Method::POST, &list(&expert), &key, Some(&json!({ "title": "B" }))).await.problem(422);
    put(&officer, &expert, "*", &json!([{ "title": "A" }])).await.expect(200);
    put(&officer, &expert, "*", &json!([{ "title": "B" }])).await.expect(200);
    let id = text(&expert["id"]);
    let events_sql = format!(
        "SELECT string_agg(action || ' ' || array_to_string(fields, ','), '; ' ORDER BY id) FROM audit_events
          WHERE subject_id = '{id}' AND action = 'experts.update'"
    );
    let events = app.sql(&events_sql);
    assert_eq!(events.await, "experts.update publications; experts.update publications");
}
