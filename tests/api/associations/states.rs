//! The states of an association and the verbs between them.

use serde_json::{Value, json};

use super::{PATH, at, enter, fault, term, verb};
use crate::support::TestApp;
use crate::support::bank::{listed, text};

#[tokio::test]
async fn an_association_goes_its_way_from_founding_to_dissolution() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({ "code": "MOI", "name": "Hội Mới", "scope": "province", "province": "08", "valid_from": "2020-01-01",
        "main_field": "401", "document": { "number": "5/QĐ-SNV" } });
    let made = officer.post(PATH, &form).await.expect(201);
    assert_eq!(
        (&made["status"], &made["committee_document"]["number"]["text"]),
        (&json!("preparing"), &json!("5/QĐ-SNV"))
    );
    let decision =
        |day: &str, number: &str| json!({ "effective_on": day, "document": { "number": number }, "reason": "lý do" });
    let mut suspension = decision("2022-01-01", "3/QĐ-UBND");
    suspension["until"] = json!("2022-06-30");
    for (name, body, status) in [
        ("activate", decision("2020-07-01", "2/QĐ-UBND"), "active"),
        ("suspend", suspension, "suspended"),
        ("resume", decision("2022-05-01", "4/QĐ-UBND"), "active"),
        ("begin-dissolution", decision("2023-01-01", "5/QĐ-UBND"), "dissolving"),
        ("dissolve", decision("2023-09-01", "6/QĐ-UBND"), "dissolved"),
    ] {
        let now = verb(&officer, &made, name, &body).await.expect(200);
        assert_eq!(now["status"], status, "{name}");
        assert_eq!(now["standing"]["document"]["number"]["text"], body["document"]["number"], "{name}");
    }
    for (day, status) in [
        ("2020-06-30", "preparing"),
        ("2020-07-01", "active"),
        ("2022-01-01", "suspended"),
        ("2022-04-30", "suspended"),
        ("2022-05-01", "active"),
        ("2023-08-31", "dissolving"),
        ("2023-09-01", "dissolved"),
    ] {
        let seen = app.nobody().get(&at(&made, &format!("?as_of={day}"))).await.expect(200);
        assert_eq!(seen["status"], status, "{day}");
        assert_eq!(seen["standing"]["reason"], Value::Null, "the public is not told why");
    }
    let then = app.nobody().get(&at(&made, "?as_of=2022-02-01")).await.expect(200);
    assert_eq!(
        (&then["standing"]["until"], &then["founding_document"]["number"]["text"]),
        (&json!("2022-06-30"), &json!("2/QĐ-UBND"))
    );
    app.nobody().get(&at(&made, "?as_of=2019-12-31")).await.problem(404);
    let states = officer.get(&at(&made, "/states")).await.expect(200);
    assert_eq!(states["items"].as_array().unwrap().len(), 6);
    assert_eq!(states["items"][2]["reason"], "lý do");
    let body = app.nobody().get("/api/v1/organisations/MOI").await.expect(200);
    assert_eq!((&body["state"], &body["valid_to"]), (&json!("ended"), &json!("2023-08-31")));
}

#[tokio::test]
async fn a_verb_outside_the_state_lists_what_is_possible() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    for name in ["activate", "resume", "dissolve"] {
        let refused = verb(&officer, &made, name, &json!({})).await.problem(409);
        assert!(text(&refused["detail"]).contains("suspend, begin-dissolution, succeed"), "{name}: {refused}");
    }
    let suspension = json!({ "until": "2025-12-31", "effective_on": "2025-01-01" });
    verb(&officer, &made, "suspend", &suspension).await.expect(200);
    // what is on record is not passed by
    let early = verb(&officer, &made, "begin-dissolution", &json!({ "effective_on": "2024-06-01" })).await;
    early.problem(409);
    let order = json!({ "until": "2024-12-31", "effective_on": "2025-01-01" });
    let other = enter(&officer, "B", json!({})).await;
    assert_eq!(verb(&officer, &other, "suspend", &order).await.places(422), ["/until"]);
    let before = json!({ "until": "2024-12-31", "effective_on": "2009-12-31" });
    assert_eq!(verb(&officer, &other, "suspend", &before).await.places(422), ["/effective_on"]);
}

#[tokio::test]
async fn a_first_day_that_is_corrected_takes_the_first_state_along() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({
        "code": "MOI", "name": "Hội Mới", "scope": "province", "province": "08", "valid_from": "2020-01-01",
        "main_field": "10102",
    });
    let made = officer.post(PATH, &form).await.expect(201);
    verb(&officer, &made, "activate", &json!({ "effective_on": "2020-07-01" })).await.expect(200);
    officer.patch(&at(&made, ""), "*", &json!({ "valid_from": "2019-10-01" })).await.expect(200);
    let then = app.nobody().get(&at(&made, "?as_of=2019-10-01")).await.expect(200);
    assert_eq!((&then["status"], &then["standing"]["since"]), (&json!("preparing"), &json!("2019-10-01")));
    let late = officer.patch(&at(&made, ""), "*", &json!({ "valid_from": "2020-07-01" })).await;
    assert_eq!(late.places(422), ["/valid_from"], "it was founded before");
}

#[tokio::test]
async fn a_special_status_has_its_days() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    for (kind, day) in
        [(json!("special"), "2011-01-01"), (json!("state_assigned"), "2024-11-26"), (Value::Null, "2026-01-01")]
    {
        let body = json!({ "kind": kind, "effective_on": day, "document": { "number": "68/2010/QĐ-TTg" } });
        verb(&officer, &made, "special-status", &body).await.expect(200);
    }
    for (day, kind) in [
        ("2010-12-31", Value::Null),
        ("2024-11-25", json!("special")),
        ("2024-11-26", json!("state_assigned")),
        ("2026-01-01", Value::Null),
    ] {
        let seen = app.nobody().get(&at(&made, &format!("?as_of={day}"))).await.expect(200);
        assert_eq!(seen["special_status"]["kind"], kind, "{day}");
    }
    let again = json!({ "kind": "special", "effective_on": "2025-01-01" });
    assert_eq!(verb(&officer, &made, "special-status", &again).await.places(422), ["/effective_on"]);
    let found = app.nobody().get(&format!("{PATH}?special_status=special&as_of=2020-01-01")).await.expect(200);
    assert_eq!(found["items"][0]["code"], "A");
}

#[tokio::test]
async fn posts_terms_and_memberships_end_with_it() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    term(&officer, &made, "2024-01-01", "2028-12-31").await.expect(201);
    super::officer(&officer, &made, "Nông Văn Mẫu", "president", json!({ "term": 1 })).await.expect(201);
    let admission = json!({ "kind": "collective", "effective_on": "2025-08-01" });
    officer.post(&at(&made, "/union-memberships"), &admission).await.expect(201);
    verb(&officer, &made, "begin-dissolution", &json!({ "effective_on": "2026-01-01" })).await.expect(200);
    verb(&officer, &made, "dissolve", &json!({ "effective_on": "2026-01-02" })).await.expect(200);
    for (day, names) in [("2026-01-01", vec!["Nông Văn Mẫu"]), ("2026-01-02", vec![]), ("2028-12-31", vec![])] {
        let path = at(&made, &format!("/officers?on={day}"));
        assert_eq!(listed(&app.nobody(), &path, "full_name").await, names, "{day}");
    }
    let terms = app.nobody().get(&at(&made, "/terms")).await.expect(200);
    assert_eq!(terms["items"][0]["ends_on"], "2026-01-01");
    let unions = app.nobody().get(&at(&made, "/union-memberships")).await.expect(200);
    assert_eq!(unions["items"][0]["valid_to"], "2026-01-01");
    let other = enter(&officer, "B", json!({})).await;
    term(&officer, &other, "2024-01-01", "2028-12-31").await.expect(201);
    verb(&officer, &other, "begin-dissolution", &json!({ "effective_on": "2023-01-01" })).await.expect(200);
    let refused = verb(&officer, &other, "dissolve", &json!({ "effective_on": "2023-06-01" })).await;
    assert_eq!(fault(refused), ("/effective_on".into(), "out_of_life".into(), true), "a term began after that");
}

#[tokio::test]
async fn a_division_ends_it_and_its_parts_work_where_it_did() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(
        &officer,
        "A",
        json!({ "main_field": "401", "scope": "inter_provincial", "area": "Hà Giang, Tuyên Quang" }),
    )
    .await;
    let body = json!({
        "kind": "divided", "effective_on": "2026-01-01", "reason": "Chia theo tỉnh",
        "successors": [{ "code": "A1", "name": "Hội A Một" }, { "code": "A2", "name": "Hội A Hai" }],
    });
    let ended = verb(&officer, &made, "succeed", &body).await.expect(200);
    assert_eq!((&ended["status"], ended["today"].as_array().unwrap().len()), (&json!("divided"), 2));
    let part = app.nobody().get(&format!("{PATH}/A1")).await.expect(200);
    assert_eq!(
        (&part["scope"], &part["area"], &part["fields"][0]["code"]),
        (&json!("inter_provincial"), &made["area"], &json!("401"))
    );
    assert_eq!(part["predecessors"][0]["organisation"]["code"], "A");
    verb(&officer, &made, "suspend", &json!({ "until": "2026-12-31", "effective_on": "2026-02-01" }))
        .await
        .problem(409);
}

/// The Unions of two provinces are one from a day on: who belonged to either belongs to the new one, once.
#[tokio::test]
async fn who_belonged_to_a_union_belongs_to_the_one_that_takes_its_place() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let union = |name: &str| json!({ "name": format!("Liên hiệp các Hội {name}"), "kind": "union" });
    let (old, other) = (enter(&officer, "U1", union("Một")).await, enter(&officer, "U2", union("Hai")).await);
    let mut members = Vec::new();
    for (code, unions) in [("M1", vec!["U1"]), ("M2", vec!["U2"]), ("M3", vec!["U1", "U2"])] {
        let made = enter(&officer, code, json!({ "name": format!("Hội {code}") })).await;
        for union in unions {
            let admission = json!({ "kind": "affiliated", "union": union, "effective_on": "2012-01-01" });
            officer.post(&at(&made, "/union-memberships"), &admission).await.expect(201);
        }
        members.push(made);
    }
    let new = json!([{ "code": "U", "name": "Liên hiệp các Hội Một Hai" }]);
    let together = json!({ "kind": "consolidated", "effective_on": "2025-07-30", "successors": new });
    let first = verb(&officer, &old, "succeed", &together).await.expect(200);
    let entered = json!([{ "organisation_id": first["successors"][0]["organisation"]["id"] }]);
    let together = json!({ "kind": "consolidated", "effective_on": "2025-07-30", "successors": entered });
    verb(&officer, &other, "succeed", &together).await.expect(200);
    for made in &members {
        let unions = app.nobody().get(&at(made, "/union-memberships")).await.expect(200);
        let rows = unions["items"].as_array().unwrap();
        let open: Vec<&Value> = rows.iter().filter(|row| row["valid_to"].is_null()).collect();
        assert_eq!(open.len(), 1, "{unions}");
        assert_eq!(
            (&open[0]["union"]["code"], &open[0]["valid_from"], &open[0]["kind"]),
            (&json!("U"), &json!("2025-07-30"), &json!("affiliated")),
        );
        assert!(rows.iter().filter(|row| row["union"]["code"] != "U").all(|row| row["valid_to"] == "2025-07-29"));
    }
    // one that is dissolved has nobody who takes its place
    let made = officer.get(&format!("{PATH}/U")).await.expect(200);
    verb(&officer, &made, "begin-dissolution", &json!({ "effective_on": "2026-01-01" })).await.expect(200);
    let early = verb(&officer, &made, "dissolve", &json!({ "effective_on": "2025-07-30" })).await;
    assert!(early.status.is_client_error());
    verb(&officer, &made, "dissolve", &json!({ "effective_on": "2026-03-01" })).await.expect(200);
    let unions = app.nobody().get(&at(&members[0], "/union-memberships")).await.expect(200);
    assert!(unions["items"].as_array().unwrap().iter().all(|row| !row["valid_to"].is_null()), "{unions}");
}

#[tokio::test]
async fn an_association_goes_on_by_its_own_register() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Hội Khác" }] });
    let path = format!("/api/v1/organisations/{}/succeed", text(&made["id"]));
    let headers = [("if-match", "*")];
    let refused = officer.send(reqwest::Method::POST, &path, &headers, Some(&rename)).await.problem(409);
    assert!(text(&refused["detail"]).contains("/associations/{key}/succeed"), "{refused}");
    verb(&officer, &made, "succeed", &rename).await.expect(200);
}
