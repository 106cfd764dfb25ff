//! Membership in a Union, and experts' membership: one truth with their records.

use reqwest::Method;
use serde_json::{Value, json};

use super::{PATH, at, enter, fault};
use crate::support::TestApp;
use crate::support::bank::{decide, enter_named, listed, path, text};

#[tokio::test]
async fn an_association_is_admitted_leaves_and_comes_back() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    let admit = async |day: &str, more: Value| {
        let mut body = json!({ "kind": "collective", "effective_on": day, "document": { "number": "232/QĐ-LHH", "date": "2025-08-01" } });
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        officer.post(&at(&made, "/union-memberships"), &body).await
    };
    let first = admit("2025-08-15", json!({})).await.expect(201);
    assert_eq!((&first["union"]["code"], &first["document"]["number"]["number"]), (&json!("LHH-DEMO"), &json!("232")));
    assert_eq!(fault(admit("2026-01-01", json!({})).await), ("/effective_on".into(), "overlap".into(), true));
    for (day, more) in [
        ("2026-01-01", json!({ "union": "SYT-DEMO" })),
        ("2020-01-01", json!({})),
        ("2026-01-01", json!({ "union": "X" })),
    ] {
        assert_eq!(admit(day, more).await.places(422), ["/union"]);
    }
    let end = at(&made, &format!("/union-memberships/{}/end", text(&first["id"])));
    let body = json!({ "effective_on": "2026-02-01", "document": { "number": "9/QĐ-LHH" } });
    let ended = officer.send(Method::POST, &end, &[("if-match", "*")], Some(&body)).await.expect(200);
    assert_eq!((&ended["valid_to"], &ended["leaving"]["number"]["text"]), (&json!("2026-01-31"), &json!("9/QĐ-LHH")));
    officer.send(Method::POST, &end, &[("if-match", "*")], Some(&body)).await.problem(409);
    admit("2026-03-01", json!({})).await.expect(201);
    for (day, count) in [("2025-08-14", 0), ("2025-08-15", 1), ("2026-02-15", 0), ("2026-03-01", 1)] {
        let then = app.nobody().get(&at(&made, &format!("?as_of={day}"))).await.expect(200);
        assert_eq!(then["unions"].as_array().unwrap().len(), count, "{day}");
    }
    let members = listed(&app.nobody(), &format!("{PATH}?union_member=true&as_of=2026-02-15&limit=100"), "code").await;
    assert!(!members.contains(&"A".to_owned()) && members.contains(&"HYH-DEMO".to_owned()), "{members:?}");
    let preparing =
        json!({ "name": "Hội Đang Lập", "scope": "province", "province": "08", "valid_from": "2025-08-01" });
    let preparing = officer.post(PATH, &preparing).await.expect(201);
    let body = json!({ "kind": "collective", "effective_on": "2026-01-01" });
    officer.post(&at(&preparing, "/union-memberships"), &body).await.problem(409);
}

#[tokio::test]
async fn an_experts_membership_is_one_truth_from_both_sides() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    let expert = enter_named(&officer, "Kpă Hội Viên").await;
    let body = json!({ "expert": expert["code"], "position": "Hội viên", "from": "2024-01-15" });
    let member = officer.post(&at(&made, "/members"), &body).await.expect(201);
    assert_eq!((&member["expert_id"], &member["position"]), (&expert["id"], &json!("Hội viên")));
    let record = officer.get(&path(&expert)).await.expect(200);
    assert_eq!(
        record["memberships"],
        json!([{ "organisation_id": made["id"], "position": "Hội viên", "from": "2024-01-15" }])
    );
    assert_eq!(fault(officer.post(&at(&made, "/members"), &body).await).1, "overlap");
    // who hides is hidden here, too
    let public = async || listed(&app.nobody(), &at(&made, "/members"), "full_name").await;
    assert_eq!(public().await, Vec::<String>::new());
    for purpose in ["listing", "public_profile"] {
        decide(&officer, &expert, purpose, true).await;
    }
    assert_eq!(public().await, ["Kpă Hội Viên"]);
    // from the side of the record
    let patch =
        json!({ "memberships": [{ "organisation_id": made["id"], "position": "Ủy viên", "from": "2024-01-15" }] });
    officer.patch(&path(&expert), "*", &patch).await.expect(200);
    assert_eq!(listed(&officer, &at(&made, "/members"), "position").await, ["Ủy viên"]);
    let leave = at(&made, &format!("/members/{}/leave", text(&expert["id"])));
    let body = json!({ "effective_on": "2026-01-01" });
    let left = officer.send(Method::POST, &leave, &[("if-match", "*")], Some(&body)).await.expect(200);
    assert_eq!(left["valid_to"], "2025-12-31");
    officer
        .send(Method::POST, &leave, &[("if-match", "*")], Some(&json!({ "effective_on": "2026-06-01" })))
        .await
        .problem(404);
    for (day, count) in [("2024-01-14", 0), ("2025-12-31", 1), ("2026-01-01", 0)] {
        assert_eq!(listed(&officer, &at(&made, &format!("/members?on={day}")), "code").await.len(), count, "{day}");
    }
    let history = officer.get(&format!("{}/history", path(&expert))).await.expect(200);
    assert!(history.to_string().contains("Ủy viên"), "{history}");
    assert_eq!(officer.post(&at(&made, "/members"), &json!({ "expert": "CG-999999" })).await.places(422), ["/expert"]);
}

#[tokio::test]
async fn members_come_in_pages_each_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    for number in 1..=5 {
        let body = json!({ "expert": format!("CG-00000{number}"), "from": "2024-01-15" });
        officer.post(&at(&made, "/members"), &body).await.expect(201);
    }
    let (mut seen, mut path) = (Vec::new(), at(&made, "/members?limit=2"));
    loop {
        let page = app.nobody().get(&path).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["code"]).to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = at(&made, &format!("/members?limit=2&cursor={cursor}"));
    }
    seen.sort_unstable();
    assert_eq!(seen, ["CG-000001", "CG-000002", "CG-000003", "CG-000004", "CG-000005"]);
}

#[tokio::test]
async fn a_write_answers_with_the_membership_it_wrote() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    let enrol = async |position: &str, from: Option<&str>, to: Option<&str>| {
        let body = json!({ "expert": "CG-000001", "position": position, "from": from, "to": to });
        officer.post(&at(&made, "/members"), &body).await.expect(201)
    };
    enrol("Hội viên", Some("2024-01-15"), None).await;
    // an earlier one after a later one
    for (position, from, to) in [
        ("Ủy viên", Some("2015-01-01"), Some("2018-12-31")),
        ("Thư ký", Some("2020-01-01"), Some("2020-12-31")),
        ("Sáng lập", None, Some("2011-12-31")),
    ] {
        let member = enrol(position, from, to).await;
        let seen = (&member["position"], &member["valid_from"], &member["valid_to"]);
        assert_eq!(seen, (&json!(position), &json!(from), &json!(to)));
    }
    let leave = at(
        &made,
        &format!(
            "/members/{}/leave",
            text(&enrol("Cố vấn", Some("2022-01-01"), Some("2023-12-31")).await["expert_id"])
        ),
    );
    let body = json!({ "effective_on": "2023-01-01" });
    let left = officer.send(Method::POST, &leave, &[("if-match", "*")], Some(&body)).await.expect(200);
    assert_eq!((&left["position"], &left["valid_to"]), (&json!("Cố vấn"), &json!("2022-12-31")));
    let other = json!({ "expert": "CG-000002", "position": "Không rõ ngày" });
    let member = officer.post(&at(&made, "/members"), &other).await.expect(201);
    assert_eq!((&member["position"], &member["valid_from"]), (&other["position"], &Value::Null));
}

#[tokio::test]
async fn a_day_before_the_register_is_a_fault_of_on() {
    let app = TestApp::start().await;
    for list in ["members", "officers"] {
        let answer = app.nobody().get(&format!("{PATH}/HLN-DEMO/{list}?on=1990-01-01")).await;
        assert_eq!(fault(answer), ("/on".into(), "before_register".into(), true), "{list}");
    }
}
