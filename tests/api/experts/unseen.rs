//! Hidden people change nothing a caller sees: two registries that differ only in people hidden from the caller answer
//! byte for byte the same.

use serde_json::{Value, json};

use crate::support::bank::{change, decide, encode, enter, search_path, text};
use crate::support::{Caller, TestApp};

/// Questions to a list: words (some of hidden people only), fields, orders, limits, and wrong ones.
fn questions() -> Vec<String> {
    let words = [
        "",
        "nguyen",
        "nguyễn",
        "lâm nghiệp",
        "lam",
        "ngoc trai",
        "kpa",
        "kpa an",
        "yersin",
        "vien hai duong",
        "an",
        "t",
        "%",
        "đ",
    ];
    let mut questions = Vec::new();
    for q in words {
        for field in ["", "&field=4", "&field=404&field=1", "&field=20999"] {
            for sort in ["", "&sort=name", "&sort=updated_at", "&sort=relevance"] {
                questions.push(format!("q={}{field}{sort}", encode(q)));
            }
        }
    }
    for wrong in ["field=99999", "sort=x", "limit=0", "q=%00", "cursor=x", "colour=red"] {
        questions.push(wrong.to_owned());
    }
    questions.push(format!("q={}", "a".repeat(201)));
    questions
}

/// The texts of all pages, without what differs by chance.
async fn walk(caller: &Caller<'_>, query: &str) -> Vec<String> {
    let (mut texts, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = caller.get(&format!("/api/v1/experts?{query}&limit=23{cursor}")).await;
        let status = answer.status;
        let mut body: Value = serde_json::from_str(&answer.text).unwrap();
        if let Some(id) = body.get_mut("request_id") {
            *id = Value::Null;
        }
        let next = body.get("next_cursor").map(|next| format!("&cursor={}", text(next)));
        if next.is_some() {
            body["next_cursor"] = json!("more");
        }
        texts.push(format!("{status} {body}"));
        match next {
            Some(next) => cursor = next,
            None => return texts,
        }
    }
}

async fn caller<'a>(app: &'a TestApp, account: &str) -> Caller<'a> {
    if account.is_empty() { app.nobody() } else { app.sign_in(account).await }
}

async fn assert_alike(plain: &TestApp, crowded: &TestApp, account: &str) {
    let (one, two) = (caller(plain, account).await, caller(crowded, account).await);
    let mut rows = 0;
    for question in questions() {
        let expected = walk(&one, &question).await;
        assert_eq!(walk(&two, &question).await, expected, "{account}: {question}");
        rows += expected.join("").matches("\"full_name\"").count();
    }
    assert!(rows > 500, "{account}: {rows} rows compared");
}

/// People who agreed to nothing, one who left, and one who withdrew.
async fn add_hidden(app: &TestApp) -> Vec<Value> {
    let officer = app.sign_in("union_officer").await;
    let mut hidden = Vec::new();
    for (name, field, specialty) in [
        ("Kpă An", "404", "Nuôi ngọc trai"),
        ("GS.TSKH. Nguyễn Văn An", "40401", "Lâm nghiệp"),
        ("A", "101", "Yersin"),
        ("Nguyễn Văn Ý", "20999", "Lâm nghiệp nguyên"),
    ] {
        let body = json!({
            "full_name": name, "fields": [field], "specialties": [specialty], "workplace": "Viện Hải dương",
            "publications": [{ "title": "Ngọc trai" }],
        });
        hidden.push(enter(&officer, &body).await);
    }
    for given in [true, false] {
        decide(&officer, &hidden[1], "public_profile", given).await;
        decide(&officer, &hidden[1], "agency_search", given).await;
    }
    decide(&officer, &hidden[2], "public_profile", true).await;
    change(app, &format!("UPDATE experts SET status = 'left' WHERE id = '{}'", text(&hidden[2]["id"]))).await;
    hidden
}

#[tokio::test]
async fn people_without_consents_change_nothing_for_agencies_and_the_public() {
    let (plain, crowded) = (TestApp::start().await, TestApp::start().await);
    let hidden = add_hidden(&crowded).await;
    for account in ["", "agency", "expert"] {
        assert_alike(&plain, &crowded, account).await;
    }
    let union = crowded.sign_in("union_officer").await;
    assert_eq!(
        walk(&union, "q=kpa%20ngoc%20trai").await.join("").matches("\"full_name\"").count(),
        1,
        "the Union sees them"
    );
    for account in ["", "agency", "expert", "admin"] {
        let (one, two) = (caller(&plain, account).await, caller(&crowded, account).await);
        for expert in &hidden {
            for key in [text(&expert["id"]), text(&expert["code"])] {
                assert_eq!(unknown(&one, key).await, unknown(&two, key).await, "{account} {key}");
            }
        }
    }
}

/// A 404 as text, without its request id.
async fn unknown(caller: &Caller<'_>, key: &str) -> String {
    let mut problem = caller.get(&format!("/api/v1/experts/{key}")).await.problem(404);
    problem["request_id"] = Value::Null;
    problem.to_string()
}

#[tokio::test]
async fn people_found_by_agencies_only_change_nothing_for_the_public() {
    let (plain, crowded) = (TestApp::start().await, TestApp::start().await);
    let officer = crowded.sign_in("union_officer").await;
    for expert in add_hidden(&crowded).await {
        decide(&officer, &expert, "agency_search", true).await;
    }
    for account in ["", "expert"] {
        assert_alike(&plain, &crowded, account).await;
    }
    let agency = crowded.sign_in("agency").await;
    let page = agency.get(&search_path("kpa ngoc trai")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "agencies see them");
}

#[tokio::test]
async fn what_a_visible_person_keeps_hidden_changes_nothing() {
    let (plain, other) = (TestApp::start().await, TestApp::start().await);
    let person = "(SELECT id FROM experts ORDER BY code LIMIT 1)";
    let sql = format!(
        "UPDATE experts SET gender = NULL, birth_year = 1901, birth_precision = 'year', status = 'invited', version = version + 7 WHERE id = {person};
         DELETE FROM expert_restricted WHERE expert_id = {person};"
    );
    change(&other, &sql).await;
    for account in ["", "agency"] {
        assert_alike(&plain, &other, account).await;
    }
}
