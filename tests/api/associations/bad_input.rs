//! What can't be is refused with the rule and the law it comes from.

use serde_json::{Value, json};

use super::{PATH, at, enter, fault, officer, term, verb};
use crate::support::TestApp;
use crate::support::bank::text;

#[tokio::test]
async fn every_rule_of_the_register_names_its_law() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    term(&caller, &made, "2020-01-01", "2024-12-31").await.expect(201);
    officer(&caller, &made, "Nông Văn Mẫu", "president", json!({ "from": "2020-01-01" })).await.expect(201);
    for (what, seen, (pointer, code)) in [
        (
            "end before start",
            fault(term(&caller, &made, "2025-01-02", "2025-01-01").await),
            ("/to", "end_before_start"),
        ),
        (
            "five years and a day",
            fault(term(&caller, &made, "2025-01-01", "2030-01-01").await),
            ("/to", "term_too_long"),
        ),
        ("two terms at once", fault(term(&caller, &made, "2024-12-31", "2029-12-30").await), ("/from", "term_overlap")),
        (
            "two presidents at once",
            fault(officer(&caller, &made, "Ma Thị Thử", "president", json!({ "from": "2024-12-31" })).await),
            ("/position", "two_presidents"),
        ),
        (
            "a post outside of the term",
            fault(
                officer(&caller, &made, "Ma Thị Thử", "vice_president", json!({ "term": 1, "to": "2025-01-01" })).await,
            ),
            ("/to", "outside_term"),
        ),
    ] {
        assert_eq!((seen.0.as_str(), seen.1.as_str(), seen.2), (pointer, code, true), "{what}");
    }
    let problem = term(&caller, &made, "2012-01-01", "2018-01-01").await.problem(422);
    assert!(text(&problem["errors"][0]["legal_reference"]).contains("45/2010"), "the law of its time: {problem}");
    let problem = term(&caller, &made, "2025-01-01", "2031-01-01").await.problem(422);
    assert!(text(&problem["errors"][0]["legal_reference"]).contains("126/2024"), "{problem}");
}

#[tokio::test]
async fn successions_parents_and_days_name_their_law() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    let into = |body: &Value, day: &str| json!({ "kind": "merged_into", "effective_on": day, "successors": [{ "organisation_id": body["id"] }] });
    let over = enter(&caller, "CU", json!({})).await;
    let target = enter(&caller, "B", json!({})).await;
    verb(&caller, &over, "succeed", &into(&target, "2015-01-01")).await.expect(200);
    let late = enter(&caller, "SAU", json!({ "valid_from": "2016-01-01" })).await;
    let child = enter(&caller, "CON", json!({ "parent_id": made["id"] })).await;
    let patched = async |body: Value| fault(caller.patch(&at(&made, ""), "*", &body).await);
    for (what, seen, (pointer, code)) in [
        (
            "a successor that ends before it begins",
            fault(verb(&caller, &made, "succeed", &into(&over, "2026-01-01")).await),
            ("/successors/0", "successor_ended"),
        ),
        (
            "its own successor",
            fault(verb(&caller, &made, "succeed", &into(&made, "2026-01-01")).await),
            ("/successors/0", "cycle"),
        ),
        (
            "successors in a circle",
            fault(verb(&caller, &target, "succeed", &into(&over, "2014-01-01")).await),
            ("/successors/0", "cycle"),
        ),
        ("parents in a circle", patched(json!({ "parent_id": child["id"] })).await, ("/parent_id", "cycle")),
        (
            "a parent that is no more",
            fault(caller.patch(&at(&late, ""), "*", &json!({ "parent_id": over["id"] })).await),
            ("/parent_id", "parent_not_living"),
        ),
        (
            "a successor that begins after it succeeds",
            fault(caller.patch(&at(&target, ""), "*", &json!({ "valid_from": "2016-01-01" })).await),
            ("/valid_from", "contradicts_succession"),
        ),
    ] {
        assert_eq!((seen.0.as_str(), seen.1.as_str(), seen.2), (pointer, code, true), "{what}");
    }
    for path in [
        String::new(),
        at(&made, ""),
        at(&made, "/terms"),
        at(&made, "/officers"),
        at(&made, "/charters"),
        format!("{PATH}/export"),
    ] {
        let path = if path.is_empty() { PATH.to_owned() } else { path };
        let parameter = if path.ends_with("officers") { "on" } else { "as_of" };
        let seen = fault(app.nobody().get(&format!("{path}?{parameter}=2008-07-31")).await);
        assert_eq!(seen, (format!("/{parameter}"), "before_register".into(), true), "{path}");
    }
}

#[tokio::test]
async fn every_fault_of_a_form_is_named_at_once() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let form = json!({ "name": "Hội", "scope": "commune", "email": "x", "website": "x", "phone": "x", "tax_code": "x",
        "main_field": "x", "other_fields": ["404", "y"], "valid_from": "0999-01-01" });
    let places = caller.post(PATH, &form).await.places(422);
    for place in ["/area", "/email", "/website", "/phone", "/tax_code", "/main_field", "/other_fields/1", "/valid_from"]
    {
        assert!(places.iter().any(|seen| seen == place), "{place} in {places:?}");
    }
    for (form, place) in [
        (json!({ "scope": "province" }), "/name"),
        (json!({ "name": "Hội" }), "/scope"),
        (json!({ "name": "Hội", "scope": "galaxy" }), "/scope"),
        (json!({ "name": "Hội", "scope": "province", "ethnicity": "x" }), "/ethnicity"),
        (json!({ "name": "Hội", "scope": "province", "status": "dissolved" }), "/status"),
        (json!({ "name": "Hội", "scope": "province", "province": "Atlantis" }), "/province"),
        (json!({ "name": "Hµ Giang", "scope": "province" }), "/name"),
    ] {
        assert_eq!(caller.post(PATH, &form).await.places(422), [place], "{form}");
    }
    let made = enter(&caller, "A", json!({})).await;
    for day in ["+10000-01-01", "0001-01-01"] {
        let body = json!({ "from": day, "to": "2030-01-01" });
        assert_eq!(caller.post(&at(&made, "/terms"), &body).await.places(422)[0], "/from", "{day}");
        let body = json!({ "effective_on": day });
        assert_eq!(verb(&caller, &made, "begin-dissolution", &body).await.places(422), ["/effective_on"], "{day}");
    }
}
