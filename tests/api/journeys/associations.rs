//! Associations over the years: founded, admitted, its first congress held; two provinces' associations that become one.

use reqwest::Method;
use serde_json::{Value, json};

use crate::associations::{PATH, at, fault, officer, term, verb};
use crate::support::bank::{encode, listed, text};
use crate::support::{Caller, TestApp};

async fn read(caller: &Caller<'_>, code: &str, as_of: &str) -> Value {
    caller.get(&format!("{PATH}/{code}?as_of={as_of}")).await.expect(200)
}

async fn founds(caller: &Caller<'_>) -> Value {
    let form = json!({
        "code": "HQ-TQ", "name": "Hội Quế tỉnh Tuyên Quang", "scope": "province", "province": "Tuyên Quang",
        "main_field": "40401", "valid_from": "2025-09-01",
        "document": { "number": "31/QĐ-SNV", "date": "2025-08-28", "issuer": "Sở Nội vụ" },
    });
    let made = caller.post(PATH, &form).await.expect(201);
    assert_eq!((&made["status"], &made["allowed_actions"]), (&json!("preparing"), &json!(["activate"])));
    let decision =
        json!({ "effective_on": "2025-12-01", "document": { "number": "900/QĐ-UBND", "date": "2025-11-28" } });
    let founded = verb(caller, &made, "activate", &decision).await.expect(200);
    assert_eq!(founded["founding_document"]["number"]["text"], "900/QĐ-UBND");
    assert_eq!(founded["committee_document"]["number"]["text"], "31/QĐ-SNV");
    made
}

async fn holds_its_first_congress(caller: &Caller<'_>, made: &Value) {
    let form = json!({
        "from": "2026-01-15", "to": "2031-01-14",
        "congress": { "kind": "founding", "held_from": "2026-01-14", "held_to": "2026-01-15", "delegates_invited": 90,
                      "delegates_present": 84 },
    });
    caller.post(&at(made, "/terms"), &form).await.expect(201);
    let charter = json!({ "from": "2026-02-10", "document": { "number": "55/QĐ-UBND", "date": "2026-02-10" } });
    caller.post(&at(made, "/charters"), &charter).await.expect(201);
    for (who, position) in
        [("Nông Văn Mẫu", "president"), ("Lý Thị Mẫu", "vice_president"), ("Vàng A Thử", "inspection_head")]
    {
        officer(caller, made, who, position, json!({ "term": 1 })).await.expect(201);
    }
    let second = officer(caller, made, "Ma Thị Thử", "president", json!({ "term": 1 })).await;
    assert_eq!(fault(second), ("/position".into(), "two_presidents".into(), true));
}

#[tokio::test]
async fn an_association_is_founded_admitted_and_elects_its_officers() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let made = founds(&caller).await;
    let admission =
        json!({ "kind": "collective", "effective_on": "2025-12-20", "document": { "number": "12/QĐ-LHH" } });
    caller.post(&at(&made, "/union-memberships"), &admission).await.expect(201);
    holds_its_first_congress(&caller, &made).await;
    let seen = app.nobody().get(&format!("{PATH}/HQ-TQ")).await.expect(200);
    assert_eq!((&seen["status"], &seen["term"]["number"]), (&json!("active"), &json!(1)));
    assert_eq!(seen["officers"][0]["full_name"], "Nông Văn Mẫu");
    assert_eq!(seen["unions"][0]["union"]["code"], "LHH-DEMO");
    let then = app.nobody().get(&format!("{PATH}/HQ-TQ?as_of=2025-12-10")).await.expect(200);
    assert_eq!((&then["unions"], &then["officers"], &then["term"]), (&json!([]), &json!([]), &Value::Null));
    // the term is extended once; a second one may not overlap it
    let terms = caller.get(&at(&made, "/terms")).await.expect(200);
    let extend = at(&made, &format!("/terms/{}/extend", text(&terms["items"][0]["id"])));
    let body = json!({ "until": "2031-07-14", "document": { "number": "3/QĐ-SNV" } });
    caller.send(Method::POST, &extend, &[("if-match", "*")], Some(&body)).await.expect(200);
    let next = term(&caller, &made, "2031-01-14", "2036-01-13").await;
    assert_eq!(fault(next), ("/from".into(), "term_overlap".into(), true));
    term(&caller, &made, "2031-07-15", "2036-07-14").await.expect(201);
    // its office is no other's
    let own = app.sign_in("association").await;
    own.patch(&at(&made, ""), "*", &json!({ "phone": "0207 3822 000" })).await.problem(404);
    own.get(&at(&made, "/reports")).await.problem(404);
}

#[tokio::test]
async fn two_provinces_associations_become_one() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let enter = async |code: &str, name: &str, province: &str| {
        let form = json!({ "code": code, "name": name, "scope": "province", "province": province, "status": "active",
            "valid_from": "2012-05-01", "main_field": "302" });
        caller.post(PATH, &form).await.expect(201)
    };
    let hg = enter("HNK-HG", "Hội Nhãn khoa tỉnh Hà Giang", "02").await;
    let tq = enter("HNK-TQ-CU", "Hội Nhãn khoa tỉnh Tuyên Quang", "08").await;
    term(&caller, &tq, "2021-06-01", "2026-05-31").await.expect(201);
    officer(&caller, &tq, "Nông Văn Mẫu", "president", json!({ "term": 1 })).await.expect(201);
    let admission = json!({ "kind": "collective", "effective_on": "2013-01-01", "union": "LHH-CU" });
    let union = json!({ "code": "LHH-CU", "kind": "union", "name": "Liên hiệp hội cũ", "valid_from": "2010-01-01" });
    caller.post("/api/v1/organisations", &union).await.expect(201);
    caller.post(&at(&tq, "/union-memberships"), &admission).await.expect(201);
    let decision = json!({ "number": "385-QĐ/UBND", "date": "2025-07-30", "issuer": "UBND tỉnh Tuyên Quang" });
    let body = json!({ "kind": "consolidated", "effective_on": "2025-07-30", "document": decision, "reason": "Hợp nhất tỉnh",
        "successors": [{ "code": "HNK-TQ", "name": "Hội Nhãn khoa tỉnh Tuyên Quang", "province": "08" }] });
    let ended = verb(&caller, &tq, "succeed", &body).await.expect(200);
    assert_eq!(
        (&ended["status"], &ended["standing"]["document"]["number"]["text"]),
        (&json!("consolidated"), &json!("385-QĐ/UBND"))
    );
    let new = ended["successors"][0]["organisation"]["id"].clone();
    let body = json!({ "kind": "consolidated", "effective_on": "2025-07-30", "document": decision,
        "successors": [{ "organisation_id": new }] });
    verb(&caller, &hg, "succeed", &body).await.expect(200);
    // the registry of the day before and of the day after
    let public = app.nobody();
    let codes = async |day: &str| {
        let mut codes = listed(&public, &format!("{PATH}?q={}&as_of={day}", encode("nhãn khoa")), "code").await;
        codes.sort_unstable();
        codes
    };
    assert_eq!(codes("2025-07-29").await, ["HNK-HG", "HNK-TQ-CU"]);
    assert_eq!(codes("2025-07-30").await, ["HNK-TQ"]);
    let before = read(&public, "HNK-TQ-CU", "2025-07-29").await;
    assert_eq!(
        (&before["status"], &before["valid_to"], &before["successors"]),
        (&json!("active"), &json!("2025-07-29"), &json!([]))
    );
    assert_eq!(before["officers"][0]["full_name"], "Nông Văn Mẫu");
    let after = read(&public, "HNK-TQ-CU", "2025-07-30").await;
    assert_eq!((&after["status"], &after["today"][0]["code"]), (&json!("consolidated"), &json!("HNK-TQ")));
    assert_eq!(
        (&after["officers"], &after["unions"], &after["term"]["ends_on"]),
        (&json!([]), &json!([]), &json!("2025-07-29"))
    );
    its_people_end_with_it(&public, &tq).await;
    let one = read(&public, "HNK-TQ", "2025-07-30").await;
    assert_eq!((&one["fields"][0]["code"], one["predecessors"].as_array().unwrap().len()), (&json!("302"), 2));
    public.get(&format!("{PATH}/HNK-TQ?as_of=2025-07-29")).await.problem(404);
    let old = public.get(&format!("{PATH}?q={}", encode("nhan khoa ha giang"))).await.expect(200);
    assert_eq!(
        (&old["items"][0]["code"], &old["items"][0]["matched"]["by"]),
        (&json!("HNK-TQ"), &json!("predecessor"))
    );
    // the provinces had become one a month before
    for (day, province) in [("2025-06-30", "Hà Giang"), ("2025-07-29", "Tuyên Quang")] {
        assert_eq!(read(&public, "HNK-HG", day).await["province"]["name"], province, "{day}");
    }
}

/// Posts and memberships of the association that was consolidated end on its last day.
async fn its_people_end_with_it(public: &Caller<'_>, tq: &Value) {
    for (day, president) in [("2025-07-29", vec!["Nông Văn Mẫu"]), ("2025-07-30", vec![]), ("2026-05-31", vec![])] {
        let path = at(tq, &format!("/officers?on={day}"));
        assert_eq!(listed(public, &path, "full_name").await, president, "{day}");
    }
    let unions = public.get(&at(tq, "/union-memberships")).await.expect(200);
    assert_eq!(unions["items"][0]["valid_to"], "2025-07-29", "it belonged to the Union to its last day");
}

#[tokio::test]
async fn a_renamed_association_is_found_by_its_old_name() {
    let app = TestApp::start().await;
    let caller = app.sign_in("union_officer").await;
    let form = json!({ "code": "HX", "name": "Hội Khuyến nông tỉnh", "scope": "province", "province": "08", "status": "active",
        "valid_from": "2012-05-01", "main_field": "401" });
    let made = caller.post(PATH, &form).await.expect(201);
    let body = json!({ "kind": "renamed", "effective_on": "2024-01-01", "successors": [{ "name": "Hội Nông nghiệp bền vững tỉnh" }],
        "document": { "number": "8/QĐ-UBND" }, "reason": "Mở rộng lĩnh vực" });
    let renamed = verb(&caller, &made, "succeed", &body).await.expect(200);
    assert_eq!(renamed["former_names"][0], json!({ "name": "Hội Khuyến nông tỉnh", "until": "2023-12-31" }));
    let hit = app.nobody().get(&format!("{PATH}?q=khuyen+nong")).await.expect(200)["items"][0].clone();
    assert_eq!((&hit["name"], &hit["matched"]["by"]), (&json!("Hội Nông nghiệp bền vững tỉnh"), &json!("former_name")));
    assert_eq!(read(&app.nobody(), "HX", "2023-12-31").await["name"], "Hội Khuyến nông tỉnh");
}
