//! The list: filters, text, facets, pages.

use serde_json::{Value, json};

use super::{PATH, bring, draft, submitted, verb};
use crate::support::bank::{change, encode, text};
use crate::support::{Caller, TestApp};

async fn titles(caller: &Caller<'_>, query: &str) -> Vec<String> {
    let page = caller.get(&format!("{PATH}?{query}")).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|item| text(&item["title"]).to_owned()).collect()
}

/// Three of two agencies, and none of the demo's.
async fn some<'a>(app: &'a TestApp) -> [Caller<'a>; 4] {
    let callers = [
        app.sign_in("agency").await,
        app.sign_in("union_officer").await,
        app.sign_in("union_leader").await,
        app.sign_in("agency_2").await,
    ];
    // the demo's are of long ago and found by nothing that is asked here
    change(
        app,
        "UPDATE consultations SET title = 'Cũ', state = 'withdrawn', urgency = 'normal', kind = 'consultation'",
    )
    .await;
    change(app, "UPDATE consultation_index SET search_key = 'cu', step = NULL, due_key = '9999-12-31'").await;
    change(app, "DELETE FROM consultation_fields").await;
    submitted(&callers[0], "consultation", &json!({ "title": "Phát triển lâm nghiệp bền vững", "fields": ["40401"] }))
        .await;
    let review = json!({ "title": "Quy hoạch mạng lưới y tế", "fields": ["303"], "urgency": "urgent",
        "summary": "Đường, Hòa Bình", "questions": ["Kinh phí có đủ không?"] });
    submitted(&callers[3], "critical_review", &review).await;
    draft(&callers[0], "social_assessment", &json!({ "title": "Giám định trồng rừng", "fields": ["404", "303"] }))
        .await;
    callers
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let app = TestApp::start().await;
    let callers = some(&app).await;
    let officer = &callers[1];
    let (forest, health, planting) =
        ("Phát triển lâm nghiệp bền vững", "Quy hoạch mạng lưới y tế", "Giám định trồng rừng");
    let year = app.sql("SELECT extract(year FROM now() AT TIME ZONE 'Asia/Ho_Chi_Minh')").await;
    for (query, expected) in [
        ("state=draft", vec![planting]),
        ("state=draft&state=submitted", vec![planting, health, forest]),
        ("kind=critical_review", vec![health]),
        ("kind=critical_review&kind=social_assessment", vec![planting, health]),
        ("urgency=urgent", vec![health]),
        ("agency=SYT-DEMO&state=submitted", vec![health]),
        ("field=404", vec![planting, forest]),
        ("field=4", vec![planting, forest]),
        ("field=40401", vec![forest]),
        ("field=303&field=40401", vec![planting, health, forest]),
        ("q=lam%20nghiep", vec![forest]),
        (&format!("q={}", encode("LÂM NGHIỆP")), vec![forest]),
        ("q=lam%20ngh", vec![forest]),
        ("q=duong%20hoa", vec![health]),
        (&format!("q={}", encode("Hoà Bình")), vec![health]),
        ("q=kinh%20phi%20du", vec![health]),
        ("q=so%20y%20te", vec![health]),
        ("q=uy%20ban", vec![]),
        ("q=ubnd%20tinh&kind=critical_review", vec![health]),
        ("q=ma%20thi%20mau", vec![]),
        ("origin=assigned", vec![]),
        ("origin=ordered&state=submitted", vec![health, forest]),
        (&format!("year={year}&state=submitted"), vec![]),
    ] {
        assert_eq!(titles(officer, query).await, expected, "{query}");
    }
    // an agency finds its own alone, whatever it asks
    for (query, expected) in [("", 1), ("q=lam%20nghiep", 0), ("agency=SNNMT-DEMO", 0), ("kind=critical_review", 1)] {
        let query = format!("{query}&state=submitted&state=draft");
        assert_eq!(titles(&callers[3], query.trim_start_matches('&')).await.len(), expected, "{query}");
    }
    let expert = app.sign_in("expert").await;
    assert_eq!(titles(&expert, "").await, Vec::<String>::new());
    for (query, place) in [
        ("field=x", "/field"),
        ("agency=NOBODY", "/agency"),
        ("facets=colour", "/facets"),
        ("state=open", "/state/0"),
        ("due_within=366", "/due_within"),
        ("year=1", "/year"),
        ("due_from=-9999-01-01", "/due_from"),
        ("due_to=%2B12000-01-01", "/due_to"),
        ("q=%00", "/q"),
        ("sort=title", "/sort"),
        ("colour=red", "/colour"),
        ("cursor=x", "/cursor"),
    ] {
        let places = officer.get(&format!("{PATH}?{query}")).await.places(400);
        assert!(places[0] == place || place.starts_with(&places[0]), "{query}: {places:?}");
    }
}

#[tokio::test]
async fn each_facet_is_counted_without_its_own_condition_and_for_the_caller() {
    let app = TestApp::start().await;
    let callers = some(&app).await;
    let facets = async |caller: &Caller<'_>, query: &str| {
        caller.get(&format!("{PATH}?{query}")).await.expect(200)["facets"].clone()
    };
    let seen = facets(&callers[1], "facets=state,kind,urgency,field&kind=critical_review&state=submitted").await;
    assert_eq!(seen["state"], json!([{ "value": "submitted", "count": 1 }]));
    assert_eq!(
        seen["kind"],
        json!([{ "value": "consultation", "count": 1 }, { "value": "critical_review", "count": 1 }])
    );
    assert_eq!(seen["urgency"], json!([{ "value": "urgent", "count": 1 }]));
    assert_eq!(
        seen["field"],
        json!([{ "value": "BKHCN-2008:3", "count": 1 }, { "value": "BKHCN-2008:303", "count": 1 }])
    );
    let seen = facets(&callers[1], "facets=agency&state=submitted").await;
    let agencies: Vec<&str> =
        seen["agency"].as_array().unwrap().iter().map(|count| text(&count["agency"]["code"])).collect();
    assert_eq!(agencies.len(), 2);
    assert!(agencies.contains(&"SYT-DEMO") && agencies.contains(&"SNNMT-DEMO"));
    let seen = facets(&callers[3], "facets=agency,field,kind&state=submitted&state=draft").await;
    assert_eq!(seen["agency"].as_array().unwrap().len(), 1);
    assert_eq!(seen["kind"], json!([{ "value": "critical_review", "count": 1 }]));
    assert_eq!(seen["field"].as_array().unwrap().len(), 2, "nothing of another agency's is counted");
}

#[tokio::test]
async fn a_page_follows_the_page_before_also_when_something_changes() {
    let app = TestApp::start().await;
    let callers = some(&app).await;
    let (agency, officer) = (&callers[0], &callers[1]);
    for number in 0..7 {
        draft(agency, "consultation", &json!({ "title": format!("Trang {number}") })).await;
    }
    let mut seen = Vec::new();
    let mut path = format!("{PATH}?q=trang&limit=3");
    loop {
        let page = officer.get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["title"]).to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("{PATH}?q=trang&limit=3&cursor={cursor}");
        draft(agency, "consultation", &json!({ "title": "Trang mới" })).await;
    }
    let expected: Vec<String> = (0..7).rev().map(|number| format!("Trang {number}")).collect();
    assert_eq!(seen, expected);
    let page = officer.get(&format!("{PATH}?q=trang&limit=3")).await.expect(200);
    let cursor = text(&page["next_cursor"]);
    agency.get(&format!("{PATH}?q=trang&limit=3&cursor={cursor}")).await.problem(400);
}

#[tokio::test]
async fn what_is_accepted_is_found_by_its_number_and_who_is_in_charge() {
    let app = TestApp::start().await;
    let all = some(&app).await;
    let callers = [all[0].clone(), all[1].clone(), all[2].clone()];
    let lead = app.sql("SELECT id FROM accounts WHERE username = 'union_officer'").await;
    let made = submitted(&callers[0], "consultation", &json!({ "title": "Có số" })).await;
    let taken = verb(&callers[2], &made, "accept", &json!({ "lead": lead })).await.expect(200);
    let number = text(&taken["register_number"]).to_owned();
    let year = app.sql("SELECT extract(year FROM now() AT TIME ZONE 'Asia/Ho_Chi_Minh')").await;
    for query in [format!("q={number}"), format!("lead={lead}&state=accepted"), format!("year={year}&state=accepted")] {
        assert_eq!(titles(&callers[1], &query).await, ["Có số"], "{query}");
    }
    let before = bring(&callers, &draft(&callers[0], "consultation", &json!({ "title": "Nháp" })).await, "draft").await;
    assert_eq!(before["lead"], Value::Null);
}

#[tokio::test]
async fn an_asker_is_found_by_a_new_name_and_a_facet_is_counted_once() {
    let app = TestApp::start().await;
    let callers = some(&app).await;
    let named = |name: &str| {
        format!(
            "UPDATE organisation_versions SET name = '{name}' WHERE organisation_id = (SELECT id FROM organisations WHERE code = 'SYT-DEMO')"
        )
    };
    change(&app, &named("Sở Xyzt Mẫu")).await;
    assert!(expert_bank::consultations::work::catch_up(&app.state.db).await.unwrap() >= 1);
    assert_eq!(titles(&callers[1], "q=xyzt&state=submitted").await, ["Quy hoạch mạng lưới y tế"]);
    assert_eq!(expert_bank::consultations::work::catch_up(&app.state.db).await.unwrap(), 0, "told once");
    let page = callers[1].get(&format!("{PATH}?facets=kind,kind,%20kind")).await.expect(200);
    assert_eq!(page["facets"].as_object().unwrap().len(), 1);
}
