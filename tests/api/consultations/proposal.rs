//! Proposals: the best panel under rules, what clashes and what helps, and several requests at once.

use serde_json::{Value, json};

use super::{at, attach_scheme, bring, callers, draft, example, no_panels, put_panel, verb};
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

async fn request(callers: &[Caller<'_>; 3], kind: &str, more: &Value) -> Value {
    let made = draft(&callers[0], kind, more).await;
    attach_scheme(&callers[0], &made).await;
    bring(callers, &made, "accepted").await
}

async fn propose(caller: &Caller<'_>, consultation: &Value, order: &Value) -> Value {
    caller.post(&at(consultation, "/panel/proposal"), order).await.expect(200)
}

fn seats(proposal: &Value) -> Vec<&str> {
    proposal["members"].as_array().unwrap().iter().map(|member| text(&member["seat"])).collect()
}

fn codes(proposal: &Value) -> Vec<String> {
    proposal["members"].as_array().unwrap().iter().map(|row| text(&row["expert"]["code"]).to_owned()).collect()
}

#[tokio::test]
async fn from_a_request_to_an_approved_panel() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let made = request(&callers, "consultation", &json!({})).await;
    let proposal = officer.send(reqwest::Method::POST, &at(&made, "/panel/proposal"), &[], None).await.expect(200);
    assert_eq!((&proposal["possible"], &proposal["optimal"]), (&json!(true), &json!(true)), "{proposal}");
    assert_eq!(seats(&proposal), ["chair", "secretary", "reviewer", "reviewer", "member"]);
    assert!(proposal["value"].as_f64() <= proposal["bound"].as_f64());
    let sum: f64 = proposal["members"].as_array().unwrap().iter().map(|row| row["value"].as_f64().unwrap()).sum();
    assert!((sum - proposal["value"].as_f64().unwrap()).abs() < 1e-6, "{proposal}");
    for member in proposal["members"].as_array().unwrap() {
        assert!(member["reasons"].as_array().unwrap().len() >= 2, "{member}");
        assert!(!member["alternates"].as_array().unwrap().is_empty(), "{member}");
    }
    assert_eq!(propose(officer, &made, &json!({})).await, proposal, "the same again");
    verb(officer, &made, "form-panel", &Value::Null).await.expect(200);
    let panel = put_panel(officer, &made, &proposal["adopt"]).await.expect(200);
    assert_eq!(panel["lacks"], json!([]), "{panel}");
    assert!(panel["alternates"].as_array().unwrap().len() >= 4, "{}", panel["alternates"]);
    assert!(panel["members"][0]["score"].is_f64());
    verb(leader, &made, "approve-panel", &example("approve-panel")).await.expect(200);
}

#[tokio::test]
async fn rules_are_kept() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = request(&callers, "consultation", &json!({})).await;
    let first = propose(officer, &made, &json!({})).await;
    let best = codes(&first);
    // who must not sit does not, who must does
    let order = json!({ "exclude": [best[0]], "include": [text(&first["members"][1]["alternates"][0]["code"])] });
    let other = propose(officer, &made, &order).await;
    assert!(!codes(&other).contains(&best[0]) && codes(&other).contains(&text(&order["include"][0]).to_owned()));
    assert!(other["value"].as_f64() <= first["value"].as_f64());
    // more than a third of one employer is never proposed unless it is said, since no panel of these is approved without waivers
    let wide = propose(officer, &made, &json!({ "most_per_employer": 5 })).await;
    assert_eq!(wide["members"], first["members"], "a third is the limit");
    // degrees, the province, employers
    let order = json!({ "least_degree": { "chair": "TS" }, "least_outside_province": 2, "most_per_employer": 1,
        "seats": { "reviewer": 1, "member": 2 } });
    let strict = propose(officer, &made, &order).await;
    assert_eq!(strict["possible"], true, "{strict}");
    let list = codes(&strict).join("','");
    let chair = text(&strict["members"][0]["expert"]["degree"]);
    assert!(["TS", "TSKH"].contains(&chair), "{chair}");
    let twice = format!(
        "SELECT count(*) FROM (SELECT workplace_key FROM experts WHERE code IN ('{list}') GROUP BY 1 HAVING count(*) > 1 AND workplace_key IS NOT NULL) x"
    );
    assert_eq!(app.sql(&twice).await, "0");
    // somebody with a conflict never sits, and can't be asked for
    change(&app, &format!("UPDATE experts SET workplace_id = (SELECT id FROM organisations WHERE code = 'SNNMT-DEMO') WHERE code = '{}'", best[1])).await;
    let without = propose(officer, &made, &json!({})).await;
    assert!(!codes(&without).contains(&best[1]));
    assert_eq!(without["conflicted"].as_i64(), first["conflicted"].as_i64().map(|count| count + 1));
    let refused = officer.post(&at(&made, "/panel/proposal"), &json!({ "include": [best[1]] })).await.problem(422);
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/include/0"), &json!("conflict"))
    );
}

#[tokio::test]
async fn an_impossible_order_names_what_clashes_and_its_relaxation_works() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = request(&callers, "critical_review", &json!({})).await;
    for (order, pointer) in [
        (json!({ "seats": { "reviewer": 1 }, "least_outside_province": 4 }), "/least_outside_province"),
        (json!({ "seats": { "reviewer": 1 }, "fields": [{ "field": "404", "least": 4 }] }), "/fields/0"),
    ] {
        let told = propose(officer, &made, &order).await;
        assert_eq!(told["possible"], false, "{order}");
        let clash: Vec<&str> = told["clash"].as_array().unwrap().iter().map(|rule| text(&rule["pointer"])).collect();
        assert!(clash.contains(&pointer), "{order}: {clash:?}");
        let relaxation = &told["relaxation"];
        assert!(
            relaxation["steps"].as_i64() >= Some(1) && !relaxation["changes"].as_array().unwrap().is_empty(),
            "{told}"
        );
        let again = propose(officer, &made, &relaxation["order"]).await;
        assert_eq!(again["possible"], true, "{order}: {} -> {again}", relaxation["order"]);
    }
    // more seats than people
    change(&app, "UPDATE experts SET status = 'paused' WHERE code > 'CG-000010'").await;
    let told = propose(officer, &made, &json!({ "seats": { "reviewer": 9 }, "fields": [] })).await;
    assert_eq!((&told["possible"], &told["clash"][0]["pointer"]), (&json!(false), &json!("/seats")), "{told}");
}

#[tokio::test]
async fn bad_orders_name_the_rule_and_the_way_out() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = request(&callers, "critical_review", &json!({})).await;
    change(&app, "UPDATE experts SET status = 'paused' WHERE code = 'CG-000004'").await;
    change(&app, "UPDATE experts SET status = 'left' WHERE code = 'CG-000005'").await;
    for (order, place, code) in [
        (json!({ "seats": { "reviewer": 2 } }), "/seats", "even"),
        (json!({ "seats": { "member": 60 } }), "/seats/member", "out_of_range"),
        (json!({ "seats": { "chair": 0, "reviewer": 2 } }), "/seats/chair", "out_of_range"),
        (json!({ "seats": { "secretary": 0, "reviewer": 2 } }), "/seats/secretary", "out_of_range"),
        (json!({ "seats": { "member": -1 } }), "/seats/member", "invalid_value"),
        (json!({ "seats": { "king": 1 } }), "/seats/king", "unknown_field"),
        (json!({ "include": ["CG-999999"] }), "/include/0", "unknown_reference"),
        (json!({ "exclude": ["?"] }), "/exclude/0", "unknown_reference"),
        (json!({ "include": ["CG-000004"] }), "/include/0", "not_available"),
        (json!({ "include": ["CG-000005"] }), "/include/0", "not_available"),
        (json!({ "fields": [{ "field": "99999" }] }), "/fields/0/field", "unknown_code"),
        (json!({ "least_degree": { "chair": "VUA" } }), "/least_degree/chair", "unknown_code"),
        (json!({ "most_load": 0 }), "/most_load", "out_of_range"),
    ] {
        let refused = officer.post(&at(&made, "/panel/proposal"), &order).await.problem(422);
        let error = &refused["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (place, code), "{order}");
    }
    let even = officer.post(&at(&made, "/panel/proposal"), &json!({ "seats": { "reviewer": 2 } })).await.problem(422);
    assert!(text(&even["errors"][0]["detail"]).contains("ví dụ 5"), "{even}");
    let few = request(&callers, "consultation", &json!({})).await;
    let refused = officer.post(&at(&few, "/panel/proposal"), &json!({ "seats": { "reviewer": 1 } })).await.problem(422);
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/seats"), &json!("too_few"))
    );
    verb(&callers[2], &made, "cancel", &json!({ "reason": "x" })).await.expect(200);
    officer.post(&at(&made, "/panel/proposal"), &json!({})).await.problem(409);
}

async fn three_requests(callers: &[Caller<'_>; 3]) -> Vec<Value> {
    let mut all = Vec::new();
    for fields in [json!(["404"]), json!(["404"]), json!(["303"])] {
        all.push(request(callers, "critical_review", &json!({ "fields": fields })).await);
    }
    all
}

#[tokio::test]
async fn several_requests_at_once_are_never_worse_than_one_by_one() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let all = three_requests(&callers).await;
    let path = "/api/v1/consultations/panel-proposals";
    let asked: Vec<Value> = all.iter().map(|one| json!({ "consultation_id": one["id"] })).collect();
    let joint = officer.post(path, &json!({ "consultations": asked, "most_each": 1 })).await.expect(200);
    assert_eq!((&joint["possible"], joint["panels"].as_array().unwrap().len()), (&json!(true), 3), "{joint}");
    let mut everybody: Vec<String> = joint["panels"].as_array().unwrap().iter().flat_map(codes).collect();
    everybody.sort_unstable();
    everybody.dedup();
    assert_eq!(everybody.len(), 9, "nobody twice");
    // one by one, whoever sits being out of the next
    let (mut total, mut out): (f64, Vec<String>) = (0.0, Vec::new());
    let mut lowest = f64::MAX;
    for one in &all {
        let alone = propose(officer, one, &json!({ "exclude": out })).await;
        assert_eq!(alone["possible"], true, "{alone}");
        let value = alone["value"].as_f64().unwrap();
        total += value;
        lowest = lowest.min(value);
        out.extend(codes(&alone));
    }
    assert!(joint["total"].as_f64().unwrap() >= total - 1e-6, "{} {total}", joint["total"]);
    assert!(joint["bound"].as_f64() >= joint["total"].as_f64());
    let body = json!({ "consultations": asked, "objective": "worst", "most_each": 1 });
    let fair = officer.post(path, &body).await.expect(200);
    assert!(fair["worst"].as_f64().unwrap() >= lowest - 1e-6, "{} {lowest}", fair["worst"]);
    for (body, place) in [
        (json!({ "consultations": [] }), "/consultations"),
        (json!({ "consultations": [asked[0], asked[0]] }), "/consultations/1/consultation_id"),
        (
            json!({ "consultations": [{ "consultation_id": "0190c0de-0000-7000-8000-000000000001" }] }),
            "/consultations/0/consultation_id",
        ),
        (json!({ "consultations": asked, "most_each": 0 }), "/most_each"),
        (
            json!({ "consultations": [{ "consultation_id": all[0]["id"], "order": { "seats": { "reviewer": 2 } } }] }),
            "/consultations/0/order/seats",
        ),
    ] {
        assert_eq!(officer.post(path, &body).await.places(422)[0], place, "{body}");
    }
}

#[tokio::test]
async fn several_requests_have_each_their_own_rules_and_say_what_is_too_much() {
    let app = TestApp::start().await;
    no_panels(&app).await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let path = "/api/v1/consultations/panel-proposals";
    let all = three_requests(&callers).await;
    // a rule about loads is one of its own request, and whoever is named twice may sit once
    let one = codes(&propose(officer, &all[1], &json!({})).await).remove(0);
    let two = |first: Value, second: Value| {
        json!({ "most_each": 1, "consultations": [{ "consultation_id": all[0]["id"], "order": first },
                                                  { "consultation_id": all[1]["id"], "order": second }] })
    };
    let body = two(json!({ "most_load": 1 }), json!({ "include": [one] }));
    assert_eq!(officer.post(path, &body).await.expect(200)["possible"], true);
    let body = two(json!({ "include": [one] }), json!({ "include": [one] }));
    let refused = officer.post(path, &body).await.problem(422);
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/consultations/1/order/include/0"), &json!("over_limit"))
    );
    // too many for those who are there: the request that has nobody is told, with what clashes
    change(&app, "UPDATE experts SET status = 'paused' WHERE code > 'CG-000012'").await;
    let large: Vec<Value> = all
        .iter()
        .map(|one| json!({ "consultation_id": one["id"], "order": { "seats": { "reviewer": 3 }, "fields": [] } }))
        .collect();
    let none = officer.post(path, &json!({ "consultations": large, "most_each": 1 })).await.expect(200);
    assert_eq!((&none["possible"], none["panels"].as_array().unwrap().len()), (&json!(false), 1), "{none}");
    assert!(!none["panels"][0]["clash"].as_array().unwrap().is_empty());
    assert_eq!(none["proven"], false, "each has a panel alone");
    for role in ["agency", "expert", "auditor", "admin"] {
        let asked = json!({ "consultations": [{ "consultation_id": all[0]["id"] }] });
        app.sign_in(role).await.post(path, &asked).await.problem(403);
    }
}
