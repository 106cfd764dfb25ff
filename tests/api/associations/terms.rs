//! Terms, congresses, extensions.

use reqwest::Method;
use serde_json::{Value, json};

use super::{at, enter, fault, officer, term};
use crate::support::bank::{listed, text};
use crate::support::people::execute;
use crate::support::{Caller, TestApp};

#[tokio::test]
async fn a_term_is_extended_once_and_no_second_one_overlaps() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    let form = json!({
        "from": "2016-01-10", "to": "2021-01-09", "document": { "number": "20/QĐ-UBND" },
        "congress": { "kind": "founding", "held_from": "2016-01-09", "held_to": "2016-01-10", "place": "Hội trường tỉnh",
                      "delegates_invited": 120, "delegates_present": 112 },
    });
    let first = caller.post(&at(&made, "/terms"), &form).await.expect(201);
    assert_eq!((&first["number"], &first["congresses"][0]["delegates_present"]), (&json!(1), &json!(112)));
    let president = officer(&caller, &made, "Nguyễn Văn Mẫu", "president", json!({ "term": 1 })).await.expect(201);
    assert_eq!(president["valid_to"], "2021-01-09");
    let path = at(&made, &format!("/terms/{}/extend", text(&first["id"])));
    let extend = async |until: &str| {
        let body = json!({ "until": until, "document": { "number": "9/QĐ-SNV" }, "reason": "Dịch bệnh" });
        caller.send(Method::POST, &path, &[("if-match", "*")], Some(&body)).await
    };
    assert_eq!(fault(extend("2021-01-09").await), ("/until".into(), "end_before_start".into(), true));
    let longer = extend("2021-06-30").await.expect(200);
    assert_eq!((&longer["ends_on"], &longer["extensions"][0]["until"]), (&json!("2021-06-30"), &json!("2021-06-30")));
    let seen = app.nobody().get(&at(&made, "/officers?on=2021-05-01")).await.expect(200);
    assert_eq!(seen["items"][0]["valid_to"], "2021-06-30", "posts go on with the term");
    assert_eq!(fault(extend("2021-12-31").await), ("/until".into(), "extended_already".into(), true));
    assert_eq!(
        fault(term(&caller, &made, "2021-01-09", "2026-01-08").await),
        ("/from".into(), "term_overlap".into(), true)
    );
    let second = term(&caller, &made, "2021-07-01", "2026-06-30").await.expect(201);
    assert_eq!(second["number"], 2);
    // the database holds it by itself
    let sql = "INSERT INTO association_terms (id, organisation_id, number, valid_from, valid_to)
               SELECT gen_random_uuid(), organisation_id, 9, '2021-06-30', '2021-06-30' FROM association_terms LIMIT 1";
    let sql = sql.replace("LIMIT 1", &format!("WHERE id = '{}'", text(&first["id"])));
    assert!(execute(&app, &sql).await.unwrap_err().contains("association_terms_overlap"));
}

/// An association with a term to 2026-06-30, a president, and an extension to the end of the year.
async fn extended(caller: &Caller<'_>, code: &str) -> (Value, Value) {
    let made = enter(caller, code, json!({})).await;
    let first = term(caller, &made, "2021-07-01", "2026-06-30").await.expect(201);
    officer(caller, &made, "Nông Văn Mẫu", "president", json!({ "term": 1 })).await.expect(201);
    let path = at(&made, &format!("/terms/{}/extend", text(&first["id"])));
    let body = json!({ "until": "2026-12-31", "document": { "number": "9/QĐ-SNV", "date": "2026-06-01" } });
    caller.send(Method::POST, &path, &[("if-match", "*")], Some(&body)).await.expect(200);
    (made, first)
}

async fn president(app: &TestApp, made: &Value, day: &str) -> Vec<String> {
    listed(&app.nobody(), &at(made, &format!("/officers?on={day}")), "full_name").await
}

#[tokio::test]
async fn an_extended_term_ends_when_the_next_congress_is_held() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let (made, _) = extended(&caller, "A").await;
    let form = json!({ "from": "2026-09-15", "to": "2031-09-14",
        "congress": { "kind": "regular", "held_from": "2026-09-15" } });
    let second = caller.post(&at(&made, "/terms"), &form).await.expect(201);
    assert_eq!(second["number"], 2);
    officer(&caller, &made, "Ma Thị Thử", "president", json!({ "term": 2 })).await.expect(201);
    let terms = app.nobody().get(&at(&made, "/terms")).await.expect(200);
    let first = &terms["items"][0];
    assert_eq!(
        (&first["valid_to"], &first["ends_on"], &first["extensions"][0]["until"]),
        (&json!("2026-06-30"), &json!("2026-09-14"), &json!("2026-09-14"))
    );
    for (day, name) in [("2026-09-14", "Nông Văn Mẫu"), ("2026-09-15", "Ma Thị Thử")] {
        assert_eq!(president(&app, &made, day).await, [name], "{day}");
    }
    // on the day after the regular end nothing is left of the extension
    let (made, _) = extended(&caller, "B").await;
    term(&caller, &made, "2026-07-01", "2031-06-30").await.expect(201);
    let terms = app.nobody().get(&at(&made, "/terms")).await.expect(200);
    assert_eq!((&terms["items"][0]["ends_on"], &terms["items"][0]["extensions"]), (&json!("2026-06-30"), &json!([])));
    // and not before that, nor when somebody took a post since
    let (made, _) = extended(&caller, "C").await;
    let early = term(&caller, &made, "2026-06-30", "2031-06-29").await;
    assert_eq!(fault(early), ("/from".into(), "term_overlap".into(), true));
    officer(&caller, &made, "Lý Thị Mẫu", "vice_president", json!({ "from": "2026-10-01" })).await.expect(201);
    let early = term(&caller, &made, "2026-09-15", "2031-09-14").await;
    assert_eq!(fault(early), ("/from".into(), "outside_term".into(), true));
}

#[tokio::test]
async fn an_extension_is_shortened_by_a_correction_and_has_a_limit() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let (made, first) = extended(&caller, "A").await;
    let path = at(&made, &format!("/terms/{}", text(&first["id"])));
    let ended = caller.patch(&path, "*", &json!({ "to": "2026-09-14" })).await.expect(200);
    assert_eq!(
        (&ended["valid_to"], &ended["ends_on"], &ended["extensions"][0]["until"]),
        (&json!("2026-06-30"), &json!("2026-09-14"), &json!("2026-09-14"))
    );
    assert_eq!(president(&app, &made, "2026-09-14").await, ["Nông Văn Mẫu"]);
    assert_eq!(president(&app, &made, "2026-09-15").await, Vec::<String>::new());
    let back = caller.patch(&path, "*", &json!({ "to": "2026-06-30" })).await.expect(200);
    assert_eq!((&back["ends_on"], &back["extensions"]), (&json!("2026-06-30"), &json!([])));
    assert_eq!(president(&app, &made, "2026-07-01").await, Vec::<String>::new());
    let extend = async |until: &str| {
        let body = json!({ "until": until });
        caller.send(Method::POST, &format!("{path}/extend"), &[("if-match", "*")], Some(&body)).await
    };
    let longer = extend("2027-07-01").await.problem(422);
    let error = &longer["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/until"), &json!("extension_too_long")));
    assert!(text(&error["legal_reference"]).contains("126/2024"), "{longer}");
    extend("2027-06-30").await.expect(200);
}

#[tokio::test]
async fn a_term_is_corrected_under_the_same_rules() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    let first = term(&caller, &made, "2011-12-16", "2016-12-15").await.expect(201);
    term(&caller, &made, "2017-01-06", "2021-12-26").await.expect(201);
    officer(&caller, &made, "Ma Thị Thử", "president", json!({ "term": 1 })).await.expect(201);
    let path = at(&made, &format!("/terms/{}", text(&first["id"])));
    for (patch, code) in [
        (json!({ "to": "2017-01-06" }), "term_too_long"),
        (json!({ "from": "2012-01-08", "to": "2017-01-07" }), "term_overlap"),
        (json!({ "to": "2011-12-15" }), "end_before_start"),
        (json!({ "number": 2 }), "number_taken"),
        (json!({ "to": "2016-11-30" }), "outside_term"),
    ] {
        let (_, seen, law) = fault(caller.patch(&path, "*", &patch).await);
        assert_eq!((seen.as_str(), law), (code, true), "{patch}");
    }
    let patch = json!({ "note": "Nhiệm kỳ 2011-2016", "document": { "number": "1/QĐ" } });
    let new = caller.patch(&path, "*", &patch).await.expect(200);
    assert_eq!((&new["note"], &new["number"]), (&patch["note"], &json!(1)));
    let before = app.nobody().get(&at(&made, "/terms?as_of=2012-01-01")).await.expect(200);
    assert_eq!(before["items"].as_array().unwrap().len(), 1);
    let then = app.nobody().get(&at(&made, "?as_of=2016-12-31")).await.expect(200);
    assert_eq!(then["term"]["number"], 1, "between two terms the last one is shown");
}

#[tokio::test]
async fn congresses_fall_into_terms_and_there_is_one_founding() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = enter(&caller, "A", json!({})).await;
    term(&caller, &made, "2020-01-01", "2024-12-31").await.expect(201);
    let congress = async |kind: &str, from: &str, more: serde_json::Value| {
        let mut body = json!({ "kind": kind, "held_from": from });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        caller.post(&at(&made, "/congresses"), &body).await
    };
    let first = congress("founding", "2010-02-01", json!({})).await.expect(201);
    assert_eq!(first["term"], serde_json::Value::Null);
    let inside = congress("extraordinary", "2022-03-02", json!({ "held_to": "2022-03-03" })).await.expect(201);
    assert_eq!((&inside["term"], &inside["held_to"]), (&json!(1), &json!("2022-03-03")));
    assert_eq!(
        fault(congress("founding", "2011-02-01", json!({})).await),
        ("/kind".into(), "founded_already".into(), true)
    );
    for (more, code) in [
        (json!({ "held_to": "2021-12-31" }), "end_before_start"),
        (json!({ "delegates_invited": 10, "delegates_present": 11 }), "more_than_invited"),
        (json!({ "delegates_invited": -1 }), "out_of_range"),
    ] {
        assert_eq!(fault(congress("regular", "2022-01-01", more.clone()).await).1, code, "{more}");
    }
    assert_eq!(fault(congress("regular", "2009-01-01", json!({})).await).1, "out_of_life");
    let all = app.nobody().get(&at(&made, "/congresses")).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
}
