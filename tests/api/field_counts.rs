//! The counts of `/fields`, the tree, and `/fields/{key}`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::bank::{change, decide, enter, listed, path, text};
use crate::support::{Caller, TestApp};

const PATH: &str = "/api/v1/fields";

/// Every field with its count, page by page.
async fn counts(caller: &Caller<'_>) -> BTreeMap<String, i64> {
    let (mut counts, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = caller.get(&format!("{PATH}?limit=100{cursor}")).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            counts.insert(text(&item["code"]).to_owned(), item["experts"].as_i64().unwrap());
        }
        match page.get("next_cursor") {
            Some(next) => cursor = format!("&cursor={}", text(next)),
            None => return counts,
        }
    }
}

/// How many people a search by field finds.
async fn found(caller: &Caller<'_>, code: &str) -> i64 {
    let (mut total, mut cursor) = (0, String::new());
    loop {
        let page = caller.get(&format!("/api/v1/experts?limit=100&field={code}{cursor}")).await.expect(200);
        total += page["items"].as_array().unwrap().len();
        match page.get("next_cursor") {
            Some(next) => cursor = format!("&cursor={}", text(next)),
            None => return i64::try_from(total).unwrap(),
        }
    }
}

/// People of every audience, some in several fields under one another, some gone.
async fn crowd(app: &TestApp, officer: &Caller<'_>) {
    let all: &[&str] = &["listing", "agency_search", "public_profile"];
    for (name, fields, purposes) in [
        ("Kpă Ba", json!(["40401", "40402", "4"]), all),
        ("Kpă Bốn", json!(["4", "404", "40401"]), &all[..2]),
        ("Kpă Năm", json!(["101", "40499"]), &all[..1]),
        ("Kpă Sáu", json!(["1", "2", "3", "4"]), all),
        ("Kpă Bảy", json!(["40401"]), all),
        ("Kpă Tám", json!(["401", "40401", "40101"]), &all[..0]),
    ] {
        let expert = enter(officer, &json!({ "full_name": name, "fields": fields })).await;
        for purpose in purposes {
            decide(officer, &expert, purpose, true).await;
        }
        if name == "Kpă Bảy" {
            change(app, &format!("UPDATE experts SET status = 'left' WHERE id = '{}'", text(&expert["id"]))).await;
        }
    }
    // only agencies may find the person behind the account `expert`, who finds themself all the same
    let me = app.sign_in("expert").await.get("/api/v1/me").await.expect(200);
    decide(officer, &json!({ "id": me["expert_id"] }), "public_profile", false).await;
}

#[tokio::test]
async fn every_count_is_what_the_search_finds_for_the_same_caller() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    crowd(&app, &officer).await;
    let mut totals = Vec::new();
    for account in ["", "expert", "association", "agency", "science_dept", "union_leader", "auditor", "admin"] {
        let caller = if account.is_empty() { app.nobody() } else { app.sign_in(account).await };
        let counts = counts(&caller).await;
        assert_eq!(counts.len(), 339);
        let used = counts.iter().filter(|(_, count)| **count > 0).map(|(code, _)| code.clone());
        let mut codes: Vec<String> = used.step_by(5).collect();
        codes.extend(["1", "4", "401", "404", "40401", "40402", "40499", "20999"].map(str::to_owned));
        for code in &codes {
            assert_eq!(counts[code], found(&caller, code).await, "{account}: {code}");
        }
        totals.push((account, counts["4"]));
    }
    let of = |account| totals.iter().find(|(name, _)| *name == account).map(|(_, count)| *count);
    assert!(of("") < of("agency") && of("agency") < of("union_leader"), "{totals:?}");
}

#[tokio::test]
async fn a_change_of_fields_or_consents_counts_at_once() {
    let app = TestApp::start().await;
    let (officer, nobody) = (app.sign_in("union_officer").await, app.nobody());
    let expert = enter(&officer, &json!({ "full_name": "Kpă An", "fields": ["40401", "40402"] })).await;
    let count = async |code: &str| nobody.get(&format!("{PATH}/{code}")).await.expect(200)["experts"].as_i64().unwrap();
    let before = (count("404").await, count("40401").await, count("101").await);
    decide(&officer, &expert, "public_profile", true).await;
    assert_eq!((count("404").await, count("40401").await, count("101").await), (before.0 + 1, before.1 + 1, before.2));
    officer.patch(&path(&expert), "*", &json!({ "fields": ["101", "40402"] })).await.expect(200);
    assert_eq!((count("404").await, count("40401").await, count("101").await), (before.0 + 1, before.1, before.2 + 1));
    decide(&officer, &expert, "public_profile", false).await;
    assert_eq!((count("404").await, count("40401").await, count("101").await), before);
}

fn flat(nodes: &Value, into: &mut BTreeMap<String, i64>) {
    for node in nodes.as_array().unwrap() {
        into.insert(text(&node["code"]).to_owned(), node["experts"].as_i64().unwrap());
        if let Some(children) = node.get("children") {
            for child in children.as_array().unwrap() {
                assert_eq!(child["parent_code"], node["code"]);
            }
            flat(children, into);
        }
    }
}

#[tokio::test]
async fn the_tree_holds_what_the_list_holds_down_to_the_depth_asked_for() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let all = counts(&agency).await;
    for (query, level, number) in [("", 5, 339), ("&depth=1", 1, 6), ("&depth=2", 3, 52), ("&depth=4", 5, 339)] {
        let tree = agency.get(&format!("{PATH}?tree=true{query}")).await.expect(200);
        let mut seen = BTreeMap::new();
        flat(&tree["items"], &mut seen);
        let expected = all.iter().filter(|(code, _)| code.len() <= level).map(|(code, count)| (code.clone(), *count));
        assert_eq!(seen, expected.collect(), "{query}");
        assert_eq!(seen.len(), number, "{query}");
    }
    let under = agency.get(&format!("{PATH}?tree=true&parent=4&depth=1")).await.expect(200);
    let items = under["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["parent_code"] == "4" && item.get("children").is_none()), "{under}");
    assert_eq!(items.len(), all.keys().filter(|code| code.len() == 3 && code.starts_with('4')).count());
    let page = agency.get(&format!("{PATH}?tree=true&limit=2")).await.expect(200);
    let next = format!("{PATH}?tree=true&cursor={}", text(&page["next_cursor"]));
    assert_eq!(listed(&agency, &next, "code").await, ["3", "4", "5", "6"]);
    for (query, place) in [
        ("tree=true&level=1", "/level"),
        ("tree=true&q=lam", "/q"),
        ("depth=2", "/depth"),
        ("tree=true&depth=0", "/depth"),
        ("tree=true&depth=5", "/depth"),
        ("tree=maybe", "/tree"),
    ] {
        assert_eq!(agency.get(&format!("{PATH}?{query}")).await.places(400), [place], "{query}");
    }
}

#[tokio::test]
async fn a_field_shows_what_stands_around_it() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let field = agency.get(&format!("{PATH}/40401")).await.expect(200);
    assert_eq!((&field["code"], &field["parent_code"], &field["level"]), (&json!("40401"), &json!("404"), &json!(3)));
    let codes = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|item| text(&item["code"]).to_owned()).collect()
    };
    assert_eq!(codes(&field["path"]), ["4", "404"]);
    assert_eq!(codes(&field["children"]), Vec::<String>::new());
    assert_eq!(codes(&field["groups"]), ["HTSTKT-4", "NH-01"]);
    let all = counts(&agency).await;
    let broad = agency.get(&format!("{PATH}/404?scheme=BKHCN-2008")).await.expect(200);
    for child in broad["children"].as_array().unwrap() {
        assert_eq!(child["experts"], all[text(&child["code"])]);
        assert!(child.get("children").is_none());
    }
    assert_eq!(broad["experts"], all["404"]);
    assert!(codes(&broad["children"]).contains(&"40401".to_owned()));
    for unknown in ["99999", "4040", "x", "%00", "404?scheme=BKHCN-2025"] {
        agency.get(&format!("{PATH}/{unknown}")).await.problem(404);
    }
    assert_eq!(agency.get(&format!("{PATH}/404?tree=true")).await.places(400), ["/tree"]);
}

#[tokio::test]
async fn a_cursor_goes_with_the_counts_it_was_given_for() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let page = agency.get(&format!("{PATH}?limit=2")).await.expect(200);
    let next = format!("{PATH}?limit=2&cursor={}", text(&page["next_cursor"]));
    agency.get(&next).await.expect(200);
    assert_eq!(app.nobody().get(&next).await.places(400), ["/cursor"]);
}
