//! `POST /organisations`, `PATCH /organisations/{key}`.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::bank::{body, enter_body, text};

const PATH: &str = "/api/v1/organisations";

#[tokio::test]
async fn an_organisation_is_entered_and_read() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({
        "kind": "institution", "name": " Trường  Cao đẳng Sông Lô ", "name_en": "Song Lo College", "short_name": "CĐSL",
        "former_names": ["Trường Trung cấp Sông Lô"], "other_names": ["CĐ Sông Lô"], "province": "tỉnh Tuyên Quang",
        "valid_from": "2009-09-01", "note": "Cơ sở chính",
        "document": { "number": "Số: 214 /QĐ-UBND", "date": "2009-08-20", "issuer": "UBND tỉnh" },
    });
    let answer = officer.post(PATH, &form).await;
    let location = answer.header("location");
    let made = answer.expect(201);
    assert_eq!(location, format!("{PATH}/{}", text(&made["id"])));
    assert_eq!((&made["name"], &made["code"]), (&json!("Trường Cao đẳng Sông Lô"), &json!("TC-00001")));
    assert_eq!(made["document"]["number"]["text"], "214/QĐ-UBND");
    assert_eq!(made["former_names"], json!([{ "name": "Trường Trung cấp Sông Lô", "until": null }]));
    assert_eq!((&made["other_names"], &made["source"]), (&json!(["CĐ Sông Lô"]), &json!("register")));
    assert_eq!(made["province"]["code"], "08");
    let read = app.nobody().get(&location).await.expect(200);
    assert_eq!(read, made);
    for q in ["trung cap song lo", "cdsl", "song lo college", "CĐ Sông Lô", "cao dang song lo tuyen quang"] {
        let page = app.nobody().get(&format!("{PATH}?q={}", crate::support::bank::encode(q))).await.expect(200);
        assert_eq!(page["items"][0]["id"], made["id"], "{q}");
    }
    let fields =
        app.sql("SELECT action FROM audit_events WHERE subject_kind = 'organisation' AND subject_id IS NOT NULL").await;
    assert_eq!(fields, "organisations.create");
}

#[tokio::test]
async fn a_broken_form_names_every_place() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let long = "x".repeat(301);
    for (form, places) in [
        (json!({ "kind": "agency", "name": " " }), vec!["/name"]),
        (json!({ "kind": "agency", "name": "…" }), vec!["/name"]),
        (json!({ "kind": "ministry", "name": "Bộ" }), vec!["/kind"]),
        (json!({ "name": "Bộ" }), vec!["/kind"]),
        (json!({ "kind": "agency", "name": "Bộ", "colour": "red" }), vec!["/colour"]),
        (
            json!({ "kind": "agency", "name": long, "code": "mã", "province": "Atlantis" }),
            vec!["/name", "/name", "/province", "/code"],
        ),
        (json!({ "kind": "agency", "name": "Bộ", "valid_from": "+12026-01-01" }), vec!["/valid_from"]),
        (json!({ "kind": "agency", "name": "Bộ", "other_names": ["a", long] }), vec!["/other_names/1"]),
        (json!({ "kind": "agency", "name": "Bộ", "other_names": vec!["a"; 51] }), vec!["/other_names"]),
        (json!({ "kind": "agency", "name": "Bộ", "document": { "number": " " } }), vec!["/document/number"]),
        (
            json!({ "kind": "agency", "name": "Bộ", "valid_from": "2012-01-02", "valid_to": "2012-01-01" }),
            vec!["/valid_to"],
        ),
        (
            json!({ "kind": "agency", "name": "Bộ", "parent_id": "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d" }),
            vec!["/parent_id"],
        ),
    ] {
        let mut seen = officer.post(PATH, &form).await.places(422);
        let mut places = places;
        seen.sort_unstable();
        places.sort_unstable();
        places.dedup();
        seen.dedup();
        assert_eq!(seen, places, "{form}");
    }
    for code in ["suggest", "candidates", "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d"] {
        let form = json!({ "kind": "agency", "name": "Bộ", "code": code });
        assert_eq!(officer.post(PATH, &form).await.places(422), ["/code"], "{code} is another path");
    }
    let taken = json!({ "kind": "agency", "name": "Bộ", "code": "LHH-DEMO" });
    assert_eq!(officer.post(PATH, &taken).await.places(409), ["/code"]);
}

#[tokio::test]
async fn two_living_bodies_of_one_name_need_two_places() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let first = enter_body(&officer, &json!({ "kind": "agency", "name": "Sở Thử", "province": "08" })).await;
    let rule = async |form: Value| {
        let problem = officer.post(PATH, &form).await.problem(422);
        format!("{} {}", text(&problem["errors"][0]["pointer"]), text(&problem["errors"][0]["code"]))
    };
    for form in [
        json!({ "kind": "agency", "name": "Sở Thử", "province": "08" }),
        json!({ "kind": "institution", "name": "SỞ THỬ", "province": "Tuyên Quang" }),
        json!({ "kind": "agency", "name": "so thu", "province": "08", "valid_from": "2026-01-01" }),
        json!({ "kind": "agency", "name": "Sở Thử", "province": "08", "parent_id": first["id"] }),
        // Hà Giang is part of Tuyên Quang since 2025-07-01
        json!({ "kind": "agency", "name": "Sở Thử", "province": "02", "valid_from": "2012-01-01" }),
    ] {
        assert_eq!(rule(form.clone()).await, "/name namesake", "{form}");
    }
    for form in [
        json!({ "kind": "agency", "name": "Sở Thử", "province": "01" }),
        json!({ "kind": "agency", "name": "Sở Thử", "province": "02", "valid_to": "2025-06-30" }),
        json!({ "kind": "agency", "name": "Sở Thử" }),
    ] {
        enter_body(&officer, &form).await;
    }
    let twins = [json!({ "kind": "agency", "name": "Sở Đôi" }), json!({ "kind": "agency", "name": "Sở Đôi" })];
    let both = futures_util::future::join(officer.post(PATH, &twins[0]), officer.post(PATH, &twins[1])).await;
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422], "also at the same moment");
}

#[tokio::test]
async fn a_correction_touches_the_version_of_its_day() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made =
        enter_body(&officer, &json!({ "code": "X", "kind": "agency", "name": "Sở Một", "valid_from": "2010-01-01" }))
            .await;
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Sở Hai" }], "effective_on": "2020-01-01" });
    officer
        .send(reqwest::Method::POST, &format!("{PATH}/X/succeed"), &[("if-match", "*")], Some(&rename))
        .await
        .expect(200);
    officer.patch(&format!("{PATH}/X?as_of=2015-01-01"), "*", &json!({ "name": "Sở Mốt" })).await.expect(200);
    officer.patch(&format!("{PATH}/X"), "*", &json!({ "short_name": "SH", "note": null })).await.expect(200);
    let early = officer.patch(&format!("{PATH}/X?as_of=2009-12-31"), "*", &json!({ "name": "Sở Khác" })).await;
    assert_eq!(early.places(422), ["/as_of"]);
    let name = async |day: &str| body(&officer, "X", day).await["name"].clone();
    assert_eq!([name("2015-01-01").await, name("2026-01-01").await], ["Sở Mốt", "Sở Hai"]);
    assert_eq!(body(&officer, "X", "2015-01-01").await["short_name"], Value::Null);
    let history = officer.get(&format!("{PATH}/X/history")).await.expect(200);
    let seen: Vec<(&Value, &Value, &Value)> =
        history["items"].as_array().unwrap().iter().map(|v| (&v["valid_from"], &v["valid_to"], &v["name"])).collect();
    assert_eq!(
        seen,
        [
            (&json!("2010-01-01"), &json!("2019-12-31"), &json!("Sở Mốt")),
            (&json!("2020-01-01"), &Value::Null, &json!("Sở Hai"))
        ]
    );
    for (patch, place) in [
        (json!({ "valid_from": "2020-01-02" }), "/valid_to"),
        (json!({ "valid_to": "2019-12-31" }), "/valid_to"),
        (json!({ "name": null }), "/name"),
        (json!({ "kind": null }), "/kind"),
        (json!({ "source": " " }), "/source"),
        (json!({ "parent_id": made["id"] }), "/parent_id"),
        (json!({ "province": "Atlantis" }), "/province"),
    ] {
        assert_eq!(officer.patch(&format!("{PATH}/X"), "*", &patch).await.places(422), [place], "{patch}");
    }
    officer.patch(&format!("{PATH}/X"), "*", &json!({ "valid_to": "2026-12-31" })).await.expect(200);
    assert_eq!(body(&officer, "X", "2027-01-01").await["state"], "ended");
    let same = officer.patch(&format!("{PATH}/X"), "*", &json!({ "short_name": "SH" })).await;
    let version = same.header("etag");
    same.expect(200);
    assert_eq!(officer.patch(&format!("{PATH}/X"), &version, &json!({})).await.header("etag"), version);
    officer.patch(&format!("{PATH}/X"), "\"1-x\"", &json!({})).await.problem(412);
}

#[tokio::test]
async fn nobody_stands_under_itself_or_under_what_is_not_there() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let a = enter_body(&officer, &json!({ "code": "A", "kind": "agency", "name": "Sở A" })).await;
    let b =
        enter_body(&officer, &json!({ "code": "B", "kind": "agency", "name": "Phòng B", "parent_id": a["id"] })).await;
    let c = enter_body(&officer, &json!({ "code": "C", "kind": "agency", "name": "Tổ C", "parent_id": b["id"] })).await;
    let code = async |key: &str, patch: Value| {
        officer.patch(&format!("{PATH}/{key}"), "*", &patch).await.problem(422)["errors"][0]["code"].clone()
    };
    assert_eq!(code("A", json!({ "parent_id": c["id"] })).await, "cycle");
    let late = enter_body(&officer, &json!({ "kind": "agency", "name": "Sở Mới", "valid_from": "2026-01-01" })).await;
    let over = enter_body(&officer, &json!({ "kind": "agency", "name": "Sở Cũ", "valid_to": "2020-12-31" })).await;
    let form = |parent: &Value| json!({ "kind": "agency", "name": "Phòng", "valid_from": "2021-01-01", "parent_id": parent["id"] });
    for parent in [&late, &over] {
        let problem = officer.post(PATH, &form(parent)).await.problem(422);
        assert_eq!(problem["errors"][0]["code"], "parent_not_living");
    }
    let move_on = json!({ "parent_id": late["id"], "effective_on": "2026-06-01" });
    let transfer = format!("{PATH}/C/transfer");
    officer.send(reqwest::Method::POST, &transfer, &[("if-match", "*")], Some(&move_on)).await.expect(200);
    assert_eq!(body(&officer, "C", "2026-05-31").await["parent"]["code"], "B");
    assert_eq!(body(&officer, "C", "2026-06-01").await["parent"]["name"], "Sở Mới");
    assert_eq!(
        officer.send(reqwest::Method::POST, &transfer, &[("if-match", "*")], Some(&json!({}))).await.places(422),
        [""]
    );
}
