//! The whole record of an expert: what is entered is read back, by those who may see it.

use serde_json::{Value, json};

use crate::support::bank::{bare, body, decide, enter, path, text};
use crate::support::{Caller, TestApp};

/// Every member a form has beside the name, as it is read back.
async fn whole(officer: &Caller<'_>) -> Value {
    let association = body(officer, "HLN-DEMO", "2026-01-01").await;
    let agency = body(officer, "SNNMT-DEMO", "2026-01-01").await;
    json!({
        "full_name": "Kpă Thị Mẫu", "former_names": ["Kpă Thị Sao"], "other_names": ["Mẫu Đơn"], "gender": "female",
        "nationality": "VN", "academic_rank": "PGS", "academic_rank_year": 2015, "degree": "TS", "degree_year": 2009,
        "professional_title": "Giảng viên cao cấp", "honours": ["Nhà giáo Ưu tú"], "workplace": "Viện Mẫu Sao",
        "unit": "Phòng Rừng", "position": "Viện trưởng", "province": "08", "fields": ["40401"],
        "field_groups": ["NH-07"], "specialties": ["Lâm sinh"],
        "languages": [{ "code": "vi" }, { "code": "en", "level": "good" }],
        "biography": "Ba mươi năm với rừng trên núi đá.",
        "education": [{ "degree": "TS", "institution": "Trường Đại học Mẫu", "major": "Lâm sinh", "country": "JP", "year": 2009 }],
        "work_history": [{ "organisation": "Sở Mẫu", "organisation_id": agency["id"], "position": "Chuyên viên",
                           "from": "1998", "to": "2004-06" }],
        "projects": [{ "title": "Phục hồi rừng", "role": "leader", "programme": "Cấp tỉnh", "from": "2018", "to": "2020-12-31",
                       "result": "Xuất sắc" }],
        "awards": [{ "title": "Giải Nhì", "year": 2021, "issuer": "Liên hiệp hội" }],
        "patents": [{ "title": "Máy bóc vỏ quế", "kind": "utility_solution", "number": "2-0001234", "year": 2019 }],
        "council_experience": [{ "council": "Hội đồng nghiệm thu cấp tỉnh", "role": "Phản biện", "times": 7, "year": 2024 }],
        "memberships": [{ "organisation_id": association["id"], "position": "Ủy viên", "from": "2020-01-01" }],
        "publications_count": 12, "nominated_by": agency["id"], "standing_evidence": "Bằng khen cấp tỉnh",
        "max_parallel": 2, "accepted_kinds": ["consultation", "critical_review"],
    })
}

/// Where a member of the form stands in the answer.
fn shown<'a>(expert: &'a Value, member: &str) -> &'a Value {
    const RECORD: [&str; 6] =
        ["gender", "nationality", "nominated_by", "standing_evidence", "max_parallel", "accepted_kinds"];
    if RECORD.contains(&member) { &expert["record"][member] } else { &expert[member] }
}

#[tokio::test]
async fn everything_entered_is_read_back_and_sent_back_changes_nothing() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = whole(&officer).await;
    let made = enter(&officer, &form).await;
    let read = officer.get(&path(&made)).await.expect(200);
    let made = bare(made);
    assert_eq!(read, made);
    for (member, value) in form.as_object().unwrap() {
        match member.as_str() {
            "province" => assert_eq!(read["province"]["code"], "08"),
            "fields" => assert_eq!(read["fields"][0]["code"], "40401"),
            "field_groups" => {
                let codes: Vec<&str> =
                    read["field_groups"].as_array().unwrap().iter().map(|g| text(&g["code"])).collect();
                assert_eq!(codes, ["NH-01", "NH-07"], "one follows from the field, one was chosen");
            }
            _ => assert_eq!(shown(&read, member), value, "{member}"),
        }
    }
    assert_eq!(
        (&read["family_name"], &read["middle_name"], &read["given_name"]),
        (&json!("Kpă"), &json!("Thị"), &json!("Mẫu"))
    );
    assert_eq!(read["residency"], "in_province");
    let again = officer.patch(&path(&made), "\"1-\"", &form).await;
    assert!(again.header("etag").starts_with("\"1-"), "{}", again.text);
    assert_eq!(bare(again.expect(200)), made, "what was entered, sent again, is no change");
}

#[tokio::test]
async fn each_member_is_cleared_by_null_alone() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = whole(&officer).await;
    let made = enter(&officer, &form).await;
    for member in form.as_object().unwrap().keys().filter(|name| *name != "full_name") {
        let before = officer.get(&path(&made)).await.expect(200);
        let cleared = officer.patch(&path(&made), "*", &json!({ member: null })).await.expect(200);
        let value = shown(&cleared, member);
        let empty = value.is_null() || *value == json!([]) || member == "field_groups";
        assert!(empty && before != cleared, "{member}: {value}");
    }
}

#[tokio::test]
async fn agencies_and_the_public_see_the_life_but_nothing_of_the_bank() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, &whole(&officer).await).await;
    decide(&officer, &made, "public_profile", true).await;
    for caller in [app.nobody(), app.sign_in("agency").await] {
        let seen = caller.get(&path(&made)).await;
        for hidden in ["Bằng khen cấp tỉnh", "nominated_by", "max_parallel", "gender", "nationality", "accepted_kinds"]
        {
            assert!(!seen.text.contains(hidden), "{hidden}");
        }
        let seen = seen.expect(200);
        for member in ["biography", "education", "projects", "awards", "patents", "council_experience", "languages"] {
            assert_eq!(seen[member], made[member], "{member}");
        }
    }
}

#[tokio::test]
async fn the_person_corrects_the_life_and_not_what_the_bank_says() {
    let app = TestApp::start().await;
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = format!("/api/v1/experts/{}", text(&me["expert_id"]));
    let changed =
        person.patch(&own, "*", &json!({ "biography": "Tôi làm rừng.", "max_parallel": 1 })).await.expect(200);
    assert_eq!((&changed["biography"], &changed["record"]["max_parallel"]), (&json!("Tôi làm rừng."), &json!(1)));
    for (member, value) in [("standing_evidence", json!("Rất giỏi")), ("nominated_by", Value::Null)] {
        let refused = person.patch(&own, "*", &json!({ member: value })).await;
        assert_eq!(refused.places(422), [format!("/{member}")]);
    }
}

#[tokio::test]
async fn residency_follows_from_country_province_and_the_unions_own() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (form, residency) in [
        (json!({ "province": "08" }), json!("in_province")),
        (json!({ "province": "01" }), json!("out_of_province")),
        (json!({ "country": "jp" }), json!("abroad")),
        (json!({ "province": "08", "country": "JP" }), json!("abroad")),
        (json!({ "country": "VN" }), Value::Null),
        (json!({}), Value::Null),
    ] {
        let mut form = form;
        form["full_name"] = json!("Nguyễn Văn Mẫu");
        assert_eq!(enter(&officer, &form).await["residency"], residency, "{form}");
    }
}

#[tokio::test]
async fn faults_of_nested_members_are_named_with_their_place() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let nowhere = "00000000-0000-0000-0000-000000000000";
    for (member, value, place, code) in [
        ("education", json!([{ "institution": " " }]), "/education/0/institution", "required"),
        ("education", json!([{ "institution": "A", "year": 3000 }]), "/education/0/year", "out_of_range"),
        ("education", json!([{ "institution": "A", "colour": "x" }]), "/education/0/colour", "unknown_field"),
        (
            "work_history",
            json!([{ "organisation": "A", "from": "2010", "to": "2009" }]),
            "/work_history/0/to",
            "end_before_start",
        ),
        (
            "work_history",
            json!([{ "organisation": "A", "organisation_id": nowhere }]),
            "/work_history/0/organisation_id",
            "unknown_reference",
        ),
        ("memberships", json!([{ "organisation_id": nowhere }]), "/memberships/0/organisation_id", "unknown_reference"),
        ("nominated_by", json!(nowhere), "/nominated_by", "unknown_reference"),
        ("field_groups", json!(["NH-99"]), "/field_groups/0", "unknown_code"),
        ("nationality", json!("Việt"), "/nationality", "unknown_code"),
        ("degree_year", json!(1800), "/degree_year", "out_of_range"),
        ("max_parallel", json!(-1), "/max_parallel", "out_of_range"),
        ("council_experience", json!([{ "council": "A", "times": -1 }]), "/council_experience/0/times", "out_of_range"),
        ("biography", json!("a".repeat(10_001)), "/biography", "too_long"),
    ] {
        let answer = officer.post("/api/v1/experts", &json!({ "full_name": "Nguyễn Văn Mẫu", member: value })).await;
        let problem = answer.problem(422);
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!(place), &json!(code)),
            "{problem}"
        );
    }
}
