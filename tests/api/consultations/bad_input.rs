//! What is refused, where, and what repairs it.

use serde_json::{Value, json};

use super::{PATH, at, attach_scheme, bring, draft, fault, form, submitted, verb};
use crate::support::TestApp;
use crate::support::bank::text;

#[tokio::test]
async fn a_form_is_refused_with_the_place() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let yesterday = app.sql("SELECT ((now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 1)").await;
    let today = app.sql("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").await;
    for (more, place, code) in [
        (json!({ "title": " " }), "/title", "required"),
        (json!({ "title": "x".repeat(301) }), "/title", "too_long"),
        (json!({ "title": "Hµ Giang" }), "/title", "legacy_encoding"),
        (json!({ "decision_on": yesterday }), "/decision_on", "in_the_past"),
        (json!({ "decision_on": today }), "/decision_on", "in_the_past"),
        (json!({ "decision_on": "+12000-01-01" }), "/decision_on", "out_of_range"),
        (json!({ "decision_on": "2062-06-30" }), "/decision_on", "out_of_range"),
        (json!({ "letter": { "number": "1/SNNMT", "date": "2062-03-02" } }), "/letter/date", "in_the_future"),
        (json!({ "wanted_by": yesterday }), "/wanted_by", "in_the_past"),
        (json!({ "wanted_by": "2036-01-01" }), "/wanted_by", "after_decision"),
        (json!({ "questions": ["a", ""] }), "/questions/1", "required"),
        (json!({ "questions": vec!["a"; 31] }), "/questions", "too_many"),
        (json!({ "fields": ["rừng"] }), "/fields/0", "unknown_code"),
        (json!({ "fields": vec!["404"; 21] }), "/fields", "too_many"),
        (json!({ "deciding_authority": {} }), "/deciding_authority", "required"),
        (
            json!({ "deciding_authority": { "organisation": "X" } }),
            "/deciding_authority/organisation",
            "unknown_reference",
        ),
        (json!({ "drafters": [{}] }), "/drafters/0", "required"),
        (json!({ "drafters": [{ "organisation": "X" }] }), "/drafters/0/organisation", "unknown_reference"),
        (json!({ "letter": { "number": " " } }), "/letter/number", "required"),
        (json!({ "funding": { "source": "asker", "amount_vnd": -1 } }), "/funding/amount_vnd", "out_of_range"),
        (json!({ "contact": { "name": "a", "phone": "không có" } }), "/contact/phone", "not_a_phone"),
        (json!({ "kind": "advice" }), "/kind", "unknown_value"),
        (json!({ "cccd": "1" }), "/cccd", "not_held"),
    ] {
        let (seen, said) = fault(agency.post(PATH, &form("consultation", &more)).await);
        assert_eq!(seen, place, "{more}");
        assert!(code == "unknown_value" || said == code, "{more}: {said}");
    }
    assert_eq!(
        agency.get(PATH).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["title"] == "Đề án trồng rừng gỗ lớn")
            .count(),
        0,
        "nothing of that was kept"
    );
}

#[tokio::test]
async fn a_deadline_before_the_earliest_possible_is_told_the_earliest() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let tomorrow = app.sql("SELECT ((now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + 1)").await;
    let body = form("consultation", &json!({ "wanted_by": tomorrow }));
    let english = [("accept-language", "en")];
    let answer = agency.send(reqwest::Method::POST, PATH, &english, Some(&body)).await.problem(422);
    assert_eq!(answer["errors"][0]["code"], "too_early");
    let detail = text(&answer["errors"][0]["detail"]).to_owned();
    let days: Vec<&str> = detail.split([' ', ';', ',', '.']).filter(|word| word.starts_with("20")).collect();
    assert_eq!(days.len(), 2, "the earliest, and the earliest when it is urgent: {detail}");
    draft(&agency, "consultation", &json!({ "wanted_by": days[0] })).await;
    let urgent = json!({ "wanted_by": days[1], "urgency": "urgent" });
    draft(&agency, "consultation", &urgent).await;
    assert!(days[1] < days[0]);
    let (place, code) = fault(agency.post(PATH, &form("consultation", &json!({ "wanted_by": days[1] }))).await);
    assert_eq!((place.as_str(), code.as_str()), ("/wanted_by", "too_early"));
}

#[tokio::test]
async fn what_is_not_whole_is_not_sent_in() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let bare = agency.post(PATH, &json!({ "kind": "consultation", "title": "Trống" })).await.expect(201);
    let places = verb(&agency, &bare, "submit", &Value::Null).await.places(422);
    let expected = [
        "/letter",
        "/object",
        "/deciding_authority",
        "/decision_on",
        "/questions",
        "/contact",
        "/funding",
        "/attachments",
        "/no_state_secrets",
    ];
    assert_eq!(places, expected);
    for (more, place) in [
        (json!({ "questions": [] }), "/questions"),
        (json!({ "letter": { "number": "215/SNNMT-KL" } }), "/letter/date"),
        (json!({ "letter": { "number": "215/SNNMT-KL", "date": "2026-03-02" } }), "/letter/signatory"),
        (json!({ "no_state_secrets": false }), "/no_state_secrets"),
        (json!({ "contact": null }), "/contact"),
    ] {
        let made = draft(&agency, "consultation", &more).await;
        attach_scheme(&agency, &made).await;
        let places = verb(&agency, &made, "submit", &Value::Null).await.places(422);
        assert!(places.contains(&place.to_owned()), "{more}: {places:?}");
        assert_eq!(agency.get(&at(&made, "")).await.expect(200)["state"], "draft");
    }
    // a letter alone is not the scheme
    let made = draft(&agency, "consultation", &json!({})).await;
    super::attach(&agency, &made, "name=cv.pdf&kind=letter", b"%PDF-1.7").await.expect(201);
    assert_eq!(verb(&agency, &made, "submit", &Value::Null).await.places(422), ["/attachments"]);
}

#[tokio::test]
async fn a_letter_number_used_twice_in_a_year_is_a_warning_with_the_link() {
    let app = TestApp::start().await;
    let (agency, other) = (app.sign_in("agency").await, app.sign_in("agency_2").await);
    let first = draft(&agency, "consultation", &json!({})).await;
    assert_eq!(first["warnings"], json!([]));
    let letter = |number: &str, date: &str| json!({ "letter": { "number": number, "date": date, "signatory": "A" } });
    for (more, warned) in [
        (letter("215/SNNMT-KL", "2026-01-05"), true),
        (letter("Số: 215 / snnmt-kl", "2026-03-02"), true),
        (letter("215/SNNMT-KL", "2025-12-31"), false),
        (letter("216/SNNMT-KL", "2026-03-02"), false),
    ] {
        let made = draft(&agency, "critical_review", &more).await;
        let links: Vec<&str> = made["warnings"].as_array().unwrap().iter().map(|w| text(&w["existing"])).collect();
        let expected = at(&first, "");
        assert_eq!(links, if warned { vec![expected.as_str()] } else { vec![] }, "{more}");
    }
    let made = draft(&other, "consultation", &json!({})).await;
    assert_eq!(made["warnings"], json!([]), "another issuer counts its own letters");
    // one issuer, two askers: the Union sees both, an asker its own alone
    let of = |issuer: &str| {
        json!({ "letter": { "number": "77/UBND-NLN", "date": "2026-03-02", "signatory": "A", "issuer": issuer },
            "origin": "assigned" })
    };
    let first = draft(&agency, "consultation", &of("UBND tỉnh")).await;
    assert_eq!(draft(&agency, "consultation", &of("UBND xã Mẫu")).await["warnings"], json!([]), "two issuers");
    let second = draft(&other, "consultation", &of("Uỷ ban nhân dân tỉnh")).await;
    assert_eq!(second["warnings"], json!([]));
    let third = draft(&other, "consultation", &of("ubnd Tỉnh")).await;
    let officer = app.sign_in("union_officer").await;
    let links =
        |seen: &Value| seen["warnings"].as_array().unwrap().iter().map(|w| w["existing"].clone()).collect::<Vec<_>>();
    assert_eq!(links(&officer.get(&at(&third, "")).await.expect(200)), [json!(at(&first, ""))]);
    assert_eq!(links(&third), Vec::<Value>::new(), "of another agency's request nothing is said");
}

#[tokio::test]
async fn too_little_time_is_accepted_as_urgent_or_with_a_word() {
    let app = TestApp::start().await;
    let callers = [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await];
    let day = |days: u32| {
        let sql = format!("SELECT ((now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date + {days})");
        let app = &app;
        async move { app.sql(&sql).await }
    };
    // a decision within two weeks leaves no time even for an urgent report
    let made = submitted(&callers[0], "consultation", &json!({ "decision_on": day(14).await })).await;
    assert_eq!(verb(&callers[2], &made, "accept", &Value::Null).await.places(422), ["/short_time"]);
    assert_eq!(verb(&callers[2], &made, "accept", &json!({ "urgency": "urgent" })).await.places(422), ["/short_time"]);
    let taken =
        verb(&callers[2], &made, "accept", &json!({ "urgency": "urgent", "short_time": true })).await.expect(200);
    assert_eq!((&taken["short_time"], &taken["urgency"]), (&json!(true), &json!("urgent")));
    assert!(text(&taken["clock"]["report_due_on"]) < day(14).await.as_str());
    // within five weeks and a half there is time for an urgent one, whatever holidays there are
    let made = submitted(&callers[0], "consultation", &json!({ "decision_on": day(31).await })).await;
    assert_eq!(verb(&callers[2], &made, "accept", &Value::Null).await.places(422), ["/urgency"]);
    verb(&callers[2], &made, "accept", &json!({ "urgency": "urgent" })).await.expect(200);
    // an agreed deadline is a working day in time
    let made = draft(&callers[0], "consultation", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    let made = bring(&callers, &made, "accepted").await;
    for (deadline, code) in
        [("2034-03-04", "not_a_working_day"), ("2035-06-29", "too_late"), ("2020-01-06", "in_the_past")]
    {
        let body = json!({ "deadline": deadline, "reason": "Thống nhất" });
        let (place, said) = fault(verb(&callers[2], &made, "reschedule", &body).await);
        assert_eq!((place.as_str(), said.as_str()), ("/deadline", code), "{deadline}");
    }
}
