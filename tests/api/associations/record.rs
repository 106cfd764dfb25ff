//! `POST`, `GET`, `PATCH /associations`.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use super::{PATH, at, enter, fault, term, verb};
use crate::support::TestApp;
use crate::support::bank::{listed, text};

#[tokio::test]
async fn a_record_reads_back_as_it_was_entered() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({
        "code": "HC-TQ", "name": "Hiệp hội Chè tỉnh Tuyên Quang", "name_en": "Tea Association", "short_name": "HHC",
        "minority_name": "Hội Chè (Tày)", "former_names": ["Hội Trồng chè"], "scope": "province", "province": "Tuyên Quang",
        "main_field": "401", "other_fields": ["BKHCN-2008:40401"], "status": "active", "valid_from": "2015-04-01",
        "document": { "number": "Số: 120/QĐ-UBND", "date": "2015-03-28", "issuer": "UBND tỉnh", "signatory": "Nguyễn Văn Mẫu" },
        "headquarters": "Số 1 đường Mẫu", "phone": "0207 3822 000", "email": "vp@hoiche.example",
        "website": "https://hoiche.example", "tax_code": "5000 123456", "note": "ghi chú",
    });
    let made = officer.post(PATH, &form).await;
    let location = made.header("location");
    let made = made.expect(201);
    assert_eq!(location, at(&made, ""));
    for (member, value) in [
        ("kind", json!("trade_association")),
        ("scope", json!("province")),
        ("minority_name", json!("Hội Chè (Tày)")),
        ("tax_code", json!("5000123456")),
        ("phone", json!("0207 3822 000")),
        ("status", json!("active")),
        ("committee_document", Value::Null),
        ("former_names", json!([{ "name": "Hội Trồng chè", "until": null }])),
        ("allowed_actions", json!(["suspend", "begin-dissolution", "succeed"])),
    ] {
        assert_eq!(made[member], value, "{member}");
    }
    assert_eq!(made["founding_document"]["number"]["text"], "120/QĐ-UBND");
    assert_eq!(made["founding_document"]["signatory"], "Nguyễn Văn Mẫu");
    let fields: Vec<(&str, bool)> = made["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (text(&field["code"]), field["main"] == json!(true)))
        .collect();
    assert_eq!(fields, [("401", true), ("40401", false)]);
    // the public sees the record, but not what may be done; it is an organisation, too
    let seen = app.nobody().get(&format!("{PATH}/HC-TQ")).await;
    assert!(seen.header("cache-control").starts_with("public"));
    let seen = seen.expect(200);
    assert_eq!((&seen["phone"], &seen["allowed_actions"]), (&made["phone"], &Value::Null));
    assert_eq!(app.nobody().get("/api/v1/organisations/HC-TQ").await.expect(200)["kind"], "association");
    for other in ["SYT-DEMO", "NOWHERE", "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d"] {
        app.nobody().get(&format!("{PATH}/{other}")).await.problem(404);
    }
}

#[tokio::test]
async fn a_patch_corrects_and_needs_the_version() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({ "main_field": "401" })).await;
    let read = officer.get(&at(&made, "")).await;
    let etag = read.header("etag");
    let patch = json!({ "name": "Hội A mới", "main_field": "404", "phone": "0207 3822 111", "note": "sửa" });
    let new = officer.patch(&at(&made, ""), &etag, &patch).await.expect(200);
    assert_eq!((&new["name"], &new["phone"], &new["note"]), (&json!("Hội A mới"), &patch["phone"], &json!("sửa")));
    assert_eq!(new["fields"][0]["code"], "404");
    officer.patch(&at(&made, ""), &etag, &json!({ "phone": null })).await.problem(412);
    let cleared = officer.patch(&at(&made, ""), "*", &json!({ "phone": null })).await.expect(200);
    assert_eq!((&cleared["phone"], &cleared["fields"][0]["code"]), (&Value::Null, &json!("404")));
    for (patch, place) in [
        (json!({ "main_field": "9999" }), "/main_field"),
        (json!({ "email": "không có" }), "/email"),
        (json!({ "website": "hoi.example" }), "/website"),
        (json!({ "tax_code": "12" }), "/tax_code"),
        (json!({ "scope": "commune" }), "/area"),
        (json!({ "department_id": "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d" }), "/department_id"),
        (json!({ "name": null }), "/name"),
        (json!({ "document": { "number": "" } }), "/document/number"),
        (json!({ "status": "active" }), "/status"),
    ] {
        assert_eq!(officer.patch(&at(&made, ""), "*", &patch).await.places(422), [place], "{patch}");
    }
}

#[tokio::test]
async fn names_are_unique_in_a_scope_and_area_whatever_the_parent() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let mut parents = Vec::new();
    for code in ["LHH-DEMO", "SKHCN-DEMO", "SYT-DEMO", "SNNMT-DEMO"] {
        parents.push(app.sql(&format!("SELECT id FROM organisations WHERE code = '{code}'")).await);
    }
    let form = |name: &str, parent: usize, more: Value| {
        let mut form = json!({ "name": name, "scope": "province", "province": "08", "status": "active",
            "valid_from": "2026-01-01", "parent_id": parents[parent], "main_field": "10102" });
        for (name, value) in more.as_object().cloned().unwrap_or_default() {
            form[name] = value;
        }
        form
    };
    officer.post(PATH, &form("Hội Nuôi ong", 0, json!({}))).await.expect(201);
    for (parent, more, code) in [
        (0, json!({}), Some("namesake")),
        (1, json!({}), Some("association_namesake")),
        (1, json!({ "scope": "commune", "area": "Xã Mẫu" }), None),
        (2, json!({ "scope": "commune", "area": "xã mẫu" }), Some("association_namesake")),
        (2, json!({ "scope": "commune", "area": "Xã Khác" }), None),
    ] {
        let answer = officer.post(PATH, &form("HỘI NUÔI ONG", parent, more.clone())).await;
        match code {
            Some(code) => {
                let problem = answer.problem(422);
                assert_eq!(problem["errors"][0]["code"], code, "{more}: {problem}");
                assert!(text(&problem["errors"][0]["legal_reference"]).contains("126/2024"), "{problem}");
            }
            None => {
                answer.expect(201);
            }
        }
    }
    // and not by way of a correction or of the register of organisations either
    let other = officer.post(PATH, &form("Hội Khác", 3, json!({}))).await.expect(201);
    for path in [at(&other, ""), format!("/api/v1/organisations/{}", text(&other["id"]))] {
        let renamed = officer.patch(&path, "*", &json!({ "name": "Hội nuôi ong" })).await.problem(422);
        assert_eq!(renamed["errors"][0]["code"], "association_namesake", "{path}");
    }
}

#[tokio::test]
async fn names_are_compared_where_provinces_stand_today_and_nationally_wherever() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let enter = async |code: &str, more: Value| {
        // each under a parent of its own: of those under one the register of organisations says the same
        let parent = json!({ "code": format!("TREN-{code}"), "name": format!("Cơ quan {code}"), "kind": "agency",
            "valid_from": "2000-01-01" });
        let parent = officer.post("/api/v1/organisations", &parent).await.expect(201);
        let mut form = json!({ "code": code, "name": "Hội Trùng Tên", "scope": "province", "status": "active",
            "main_field": "10102", "parent_id": parent["id"] });
        form.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        officer.post(PATH, &form).await
    };
    let in_the_north = json!({ "province": "02", "valid_from": "2010-01-01" });
    let north = enter("BAC", in_the_north).await.expect(201);
    for (code, from) in [("NAM-1", "2010-01-01"), ("NAM-2", "2026-01-01")] {
        let seen = fault(enter(code, json!({ "province": "08", "valid_from": from })).await);
        assert_eq!((seen.1.as_str(), seen.2), ("association_namesake", true), "{from}");
    }
    enter("XA", json!({ "province": "01", "valid_from": "2010-01-01" })).await.expect(201);
    // when one is no more, what counts is where they were while both were there
    verb(&officer, &north, "begin-dissolution", &json!({ "effective_on": "2024-01-01" })).await.expect(200);
    verb(&officer, &north, "dissolve", &json!({ "effective_on": "2025-07-01" })).await.expect(200);
    enter("NAM", json!({ "province": "08", "valid_from": "2010-01-01" })).await.expect(201);
    let national = |province: &str| json!({ "scope": "national", "province": province, "valid_from": "2010-01-01" });
    enter("QG-1", national("01")).await.expect(201);
    assert_eq!(fault(enter("QG-2", national("08")).await).1, "association_namesake");
}

#[tokio::test]
async fn two_transactions_at_once_do_not_pass_by_each_others_names() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    enter(&officer, "A", json!({})).await;
    // entered in another province, so that nothing else of the database compares the two
    enter(&officer, "B", json!({ "province": "02" })).await;
    let mut first = app.state.db.conn().await.unwrap();
    let rename = |code: &str| {
        format!(
            "BEGIN; SET LOCAL lock_timeout = '200ms';
             UPDATE organisation_versions SET name_key = 'hoi trung ten' WHERE organisation_id =
                (SELECT id FROM organisations WHERE code = '{code}');
             SET CONSTRAINTS organisation_versions_association IMMEDIATE"
        )
    };
    first.batch_execute(&rename("A")).await.unwrap();
    let mut second = app.state.db.conn().await.unwrap();
    let error = second.batch_execute(&rename("B")).await.unwrap_err().to_string();
    assert!(error.contains("lock timeout"), "the second waits for the first: {error}");
    for conn in [&mut first, &mut second] {
        conn.batch_execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn a_founded_association_has_a_main_field() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({ "name": "Hội Chưa Rõ", "scope": "province", "province": "08", "status": "active",
        "valid_from": "2020-01-01" });
    let required = || ("/main_field".to_owned(), "main_field_required".to_owned(), true);
    assert_eq!(fault(officer.post(PATH, &form).await), required());
    let form = json!({ "name": "Hội Chưa Rõ", "scope": "province", "province": "08", "valid_from": "2020-01-01" });
    let made = officer.post(PATH, &form).await.expect(201);
    let decision = json!({ "effective_on": "2021-01-01" });
    assert_eq!(fault(verb(&officer, &made, "activate", &decision).await), required());
    for field in [json!("401"), Value::Null, json!("404")] {
        officer.patch(&at(&made, ""), "*", &json!({ "main_field": field })).await.expect(200);
    }
    verb(&officer, &made, "activate", &decision).await.expect(200);
    assert_eq!(fault(officer.patch(&at(&made, ""), "*", &json!({ "main_field": null })).await), required());
    assert_eq!(officer.get(&at(&made, "")).await.expect(200)["fields"][0]["code"], "404");
}

#[tokio::test]
async fn a_corrected_first_day_takes_the_first_state_along_and_leaves_nothing_before_it() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({ "name": "Hội Sửa Ngày", "scope": "province", "province": "08", "valid_from": "2020-01-01",
        "main_field": "401" });
    let made = officer.post(PATH, &form).await.expect(201);
    verb(&officer, &made, "activate", &json!({ "effective_on": "2021-01-01" })).await.expect(200);
    let begin = async |day: &str| officer.patch(&at(&made, ""), "*", &json!({ "valid_from": day })).await;
    for day in ["2019-06-01", "2020-12-31"] {
        begin(day).await.expect(200);
        let states = officer.get(&at(&made, "/states")).await.expect(200);
        assert_eq!((&states["items"][0]["status"], &states["items"][0]["since"]), (&json!("preparing"), &json!(day)));
        assert_eq!(officer.get(&at(&made, &format!("?as_of={day}"))).await.expect(200)["status"], "preparing");
    }
    let refused = || ("/valid_from".to_owned(), "out_of_life".to_owned(), true);
    assert_eq!(fault(begin("2021-01-01").await), refused(), "its first state would be over");
    let made = enter(&officer, "A", json!({})).await;
    let begin = async |day: &str| officer.patch(&at(&made, ""), "*", &json!({ "valid_from": day })).await;
    term(&officer, &made, "2015-01-01", "2019-12-31").await.expect(201);
    begin("2015-01-01").await.expect(200);
    assert_eq!(fault(begin("2015-01-02").await), refused());
}

#[tokio::test]
async fn an_association_changes_its_own_contacts_and_nothing_else() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let own = app.sign_in("association").await;
    let other = enter(&officer, "B", json!({})).await;
    let path = format!("{PATH}/HLN-DEMO");
    let changed = own.patch(&path, "*", &json!({ "phone": "0207 3822 222", "website": null })).await.expect(200);
    assert_eq!(changed["phone"], "0207 3822 222");
    let refused = own.patch(&path, "*", &json!({ "name": "Hội Khác", "phone": "0207 1" })).await.problem(403);
    assert_eq!(refused["errors"][0]["pointer"], "/name");
    assert_eq!(officer.get(&path).await.expect(200)["phone"], "0207 3822 222", "nothing of it was done");
    for body in [json!({ "phone": "0207 3822 222" }), json!({ "name": "Hội Khác" })] {
        own.patch(&at(&other, ""), "*", &body).await.problem(404);
    }
    for path in ["/reports", "/change-requests"] {
        let body = json!({ "year": 2025, "changes": { "note": "x" }, "reason": "x" });
        let body = match path {
            "/reports" => json!({ "year": body["year"] }),
            _ => json!({ "changes": body["changes"], "reason": body["reason"] }),
        };
        own.post(&at(&other, path), &body).await.problem(404);
    }
    own.get(&at(&other, "/reports")).await.problem(404);
    own.post(&at(&other, "/terms"), &json!({ "from": "2026-01-01", "to": "2030-01-01" })).await.problem(403);
    for role in ["agency", "expert", "auditor", "admin", "science_dept"] {
        let caller = app.sign_in(role).await;
        caller.patch(&path, "*", &json!({ "phone": "0207 3822 333" })).await.problem(403);
    }
}

#[tokio::test]
async fn counts_and_reports_are_the_associations_own() {
    let app = TestApp::start().await;
    let own = app.sign_in("association").await;
    let path = format!("{PATH}/HLN-DEMO");
    let counts = json!({
        "year": 2026, "counts": [
            { "kind": "official_individual", "total": 120, "women": 40, "degrees": { "TS": 3, "THS": 20 } },
            { "kind": "honorary", "total": 2 },
        ],
    });
    let put =
        own.send(reqwest::Method::PUT, &format!("{path}/member-counts"), &[("if-match", "*")], Some(&counts)).await;
    assert_eq!(put.expect(200), counts);
    let years = app.nobody().get(&format!("{path}/member-counts")).await.expect(200);
    let last = years["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["counts"][0], json!({ "kind": "official_individual", "total": 120 }), "the public sees sums only");
    assert_eq!(own.get(&format!("{path}/member-counts")).await.expect(200)["items"][1], counts);
    assert_eq!(app.nobody().get(&path).await.expect(200)["members"], json!({ "year": 2026, "official": 120 }));
    for (counts, place) in [
        (json!([{ "kind": "honorary", "total": 2, "women": 3 }]), "/counts/0/women"),
        (json!([{ "kind": "honorary", "total": 2, "degrees": { "TS": 2, "ThS": 1 } }]), "/counts/0/degrees"),
        (json!([{ "kind": "honorary", "total": 2, "degrees": { "XX": 1 } }]), "/counts/0/degrees"),
        (json!([{ "kind": "honorary", "total": -1 }]), "/counts/0/total"),
        (json!([{ "kind": "honorary", "total": 1 }, { "kind": "honorary", "total": 1 }]), "/counts/1/kind"),
    ] {
        let body = json!({ "year": 2026, "counts": counts });
        let put =
            own.send(reqwest::Method::PUT, &format!("{path}/member-counts"), &[("if-match", "*")], Some(&body)).await;
        assert_eq!(put.places(422)[0], place, "{body}");
    }
    let report = json!({ "year": 2023, "received_on": "2023-12-01", "document": { "number": "18/BC-HLN" } });
    own.post(&format!("{path}/reports"), &report).await.expect(201);
    own.post(&format!("{path}/reports"), &report).await.problem(422);
    let year = json!({ "year": 2022 });
    let other = own.post(&format!("{path}/reports"), &year).await.expect(201);
    let one = format!("{path}/reports/{}", text(&other["id"]));
    assert_eq!(own.patch(&one, "*", &json!({ "year": 2023 })).await.places(422), ["/year"]);
    assert_eq!(own.patch(&one, "*", &json!({ "received_on": "2999-01-01" })).await.places(422), ["/received_on"]);
    let patch = json!({ "year": 2021, "received_on": "2021-12-01", "document": { "number": "9/BC" }, "note": "muộn" });
    let new = own.patch(&one, "*", &patch).await.expect(200);
    assert_eq!((&new["year"], &new["document"]["number"]["text"]), (&json!(2021), &json!("9/BC")));
    let foreign = app.sign_in("union_officer").await;
    let foreign = enter(&foreign, "B", json!({})).await;
    own.patch(&at(&foreign, &format!("/reports/{}", text(&other["id"]))), "*", &patch).await.problem(404);
    own.send(reqwest::Method::DELETE, &one, &[("if-match", "*")], None).await.expect(204);
    own.patch(&one, "*", &patch).await.problem(404);
    let auditor = app.sign_in("auditor").await;
    assert!(auditor.get(&format!("{path}/reports")).await.expect(200)["items"].to_string().contains("18/BC-HLN"));
    app.nobody().get(&format!("{path}/reports")).await.problem(401);
}

#[tokio::test]
async fn a_charter_holds_until_the_next_and_numbers_are_read_in_any_style() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({})).await;
    for (from, number, style) in [
        ("2010-05-01", "3348/UBND-NLN", "state"),
        ("2015-05-01", "107-KH/TU", "party"),
        ("2020-05-01", "quyết định miệng", "unknown"),
    ] {
        let body = json!({ "from": from, "document": { "number": number } });
        let charter = officer.post(&at(&made, "/charters"), &body).await.expect(201);
        assert_eq!(charter["document"]["number"]["style"], style, "{charter}");
    }
    let twice = json!({ "from": "2020-05-01", "document": { "number": "1/QĐ" } });
    assert_eq!(officer.post(&at(&made, "/charters"), &twice).await.places(422), ["/from"]);
    let path = at(&made, "/charters?as_of=2016-01-01");
    assert_eq!(listed(&app.nobody(), &path, "valid_from").await, ["2010-05-01", "2015-05-01"]);
    let then = app.nobody().get(&at(&made, "?as_of=2016-01-01")).await.expect(200);
    assert_eq!(then["charter"]["valid_from"], "2015-05-01");
}

#[tokio::test]
async fn one_that_is_yet_to_begin_is_there_for_the_managers_only() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, "A", json!({ "valid_from": "2040-01-01" })).await;
    for list in [
        "",
        "/officers",
        "/charters",
        "/congresses",
        "/member-counts",
        "/members",
        "/terms",
        "/states",
        "/union-memberships",
    ] {
        let path = at(&made, list);
        for role in ["agency", "association", "auditor"] {
            app.sign_in(role).await.get(&path).await.problem(404);
        }
        app.nobody().get(&path).await.problem(404);
        officer.get(&path).await.expect(200);
        let then = match list {
            "/officers" | "/members" => "?on=2040-01-01",
            "/member-counts" => continue,
            _ => "?as_of=2040-01-01",
        };
        app.nobody().get(&format!("{path}{then}")).await.expect(200);
    }
}
