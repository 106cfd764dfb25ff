//! `POST /experts`.

use expert_bank::kernel::clock::today;
use reqwest::Method;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::support::TestApp;
use crate::support::bank::{bare, enter, enter_named, path, sees, text};

const NOTHING: [&str; 0] = [];

#[tokio::test]
async fn titles_around_a_name_become_rank_degree_and_honours() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (n, decomposed) = (Value::Null, "Nguyễn Văn Mẫu".nfd().collect::<String>());
    let mau = "Nguyễn Văn Mẫu";
    for (typed, full_name, title, rank, degree, others) in [
        ("PGS.TS. Nguyễn Văn Mẫu", mau, json!("PGS.TS"), json!("PGS"), json!("TS"), json!(NOTHING)),
        ("GS.TSKH. NGND Nguyễn Văn Mẫu", mau, json!("GS.TSKH"), json!("GS"), json!("TSKH"), json!(["NGND"])),
        ("Nguyễn Văn Mẫu, PGS.TS", mau, json!("PGS.TS"), json!("PGS"), json!("TS"), json!(NOTHING)),
        ("Phó tiến sĩ Nguyễn Văn Mẫu", mau, json!("TS"), n.clone(), json!("TS"), json!(NOTHING)),
        ("thạc sỹ Nguyễn Văn Mẫu", mau, json!("ThS"), n.clone(), json!("THS"), json!(NOTHING)),
        ("BSCKII. Nguyễn Văn Mẫu", mau, json!("BSCKII"), n.clone(), json!("CKII"), json!(NOTHING)),
        ("NGUYỄN VĂN MẪU", mau, n.clone(), n.clone(), n.clone(), json!(NOTHING)),
        (&decomposed, mau, n.clone(), n.clone(), n.clone(), json!(NOTHING)),
        ("\u{a0}Nguyễn\u{a0}Văn \u{200b} Mẫu ", mau, n.clone(), n.clone(), n.clone(), json!(NOTHING)),
        ("Ma A Mẫu", "Ma A Mẫu", n.clone(), n.clone(), n.clone(), json!(NOTHING)),
        ("Hầu A Lềnh Mẫu", "Hầu A Lềnh Mẫu", n.clone(), n.clone(), n.clone(), json!(NOTHING)),
        ("Mẫu", "Mẫu", n.clone(), n.clone(), n.clone(), json!(NOTHING)),
    ] {
        let made = enter_named(&officer, typed).await;
        let seen =
            json!([made["full_name"], made["title"], made["academic_rank"], made["degree"], made["other_titles"]]);
        assert_eq!(seen, json!([full_name, title, rank, degree, others]), "{typed:?}");
        assert_eq!(officer.get(&path(&made)).await.expect(200), bare(made), "{typed:?}: read back");
    }
}

#[tokio::test]
async fn a_title_of_its_own_field_counts_above_the_one_in_the_name() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let body =
        json!({ "full_name": "TS. Nguyễn Văn Mẫu", "degree": "tiến sỹ khoa học", "academic_rank": "Phó Giáo sư" });
    let made = enter(&officer, &body).await;
    assert_eq!(json!([made["academic_rank"], made["degree"], made["title"]]), json!(["PGS", "TSKH", "PGS.TSKH"]));
}

#[tokio::test]
async fn spellings_people_use_are_read_as_one() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let tuyen_quang = json!({ "code": "08", "name": "Tuyên Quang" });
    let saigon = json!({ "code": "79", "name": "Hồ Chí Minh" });
    for (member, typed, shown) in [
        ("province", "tỉnh Tuyên Quang", tuyen_quang.clone()),
        ("province", "tuyen quang", tuyen_quang.clone()),
        ("province", "TUYÊN QUANG ", tuyen_quang.clone()),
        ("province", "08", tuyen_quang),
        ("province", "TP. Hồ Chí Minh", saigon.clone()),
        ("province", "thành phố Hồ Chí Minh", saigon),
        ("province", "  ", Value::Null),
        ("degree", "ths", json!("THS")),
        ("degree", "Thạc sỹ", json!("THS")),
        ("academic_rank", "pgs", json!("PGS")),
        ("position", " Viện \u{a0} trưởng ", json!("Viện trưởng")),
        ("workplace", "\t", Value::Null),
    ] {
        let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", member: typed })).await;
        assert_eq!(made[member], shown, "{member} {typed:?}");
    }
    for (typed, shown) in [("Nam", "male"), ("nữ", "female"), ("NU", "female"), ("F", "female"), ("male", "male")] {
        let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", "gender": typed })).await;
        assert_eq!(made["record"]["gender"], shown, "{typed}");
    }
}

#[tokio::test]
async fn contacts_and_birth_dates_are_kept_in_one_spelling() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (member, typed, kept) in [
        ("date_of_birth", "30/04/1975", "1975-04-30"),
        ("date_of_birth", "1975-04-30", "1975-04-30"),
        ("date_of_birth", " 7/1/1960 ", "1960-01-07"),
        ("email", " Mau@ChuyenGia.Example ", "mau@chuyengia.example"),
        ("phone", "0912.345.678", "0912345678"),
        ("phone", "+84 912 345 678", "0912345678"),
        ("phone", "+84 (0) 912 345 678", "0912345678"),
        ("phone", "84912345678", "0912345678"),
        ("phone", "912345678", "0912345678"),
        ("phone", "(0219) 3866 123", "02193866123"),
    ] {
        let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", member: typed })).await;
        let kept_now = officer.get(&format!("{}/restricted", path(&made))).await.expect(200);
        assert_eq!(kept_now[member], kept, "{member} {typed:?}");
        if member == "date_of_birth" {
            assert_eq!(made["record"]["birth_year"], json!(kept[..4].parse::<i32>().unwrap()), "{typed}");
        }
    }
}

#[tokio::test]
async fn fields_come_as_codes_or_objects_and_the_first_three_are_main_unless_marked() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (typed, shown) in [
        (json!(["40401", "404", "101", "102"]), json!([["40401", true], ["404", true], ["101", true], ["102", false]])),
        (json!(["40401", { "code": "404", "main": true }]), json!([["40401", false], ["404", true]])),
        (json!([{ "scheme": "BKHCN-2008", "code": " 404 ", "main": false }]), json!([["404", true]])),
        (json!(["404", "404"]), json!([["404", true]])),
        (json!([]), json!([])),
    ] {
        let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", "fields": typed })).await;
        let pairs = made["fields"].as_array().unwrap().iter().map(|field| json!([field["code"], field["main"]]));
        assert_eq!(pairs.collect::<Value>(), shown, "{typed}");
    }
    let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", "fields": ["40401"] })).await;
    let field = json!({ "scheme": "BKHCN-2008", "code": "40401", "name": "Lâm sinh", "main": true });
    assert_eq!(made["fields"], json!([field]));
}

/// Member, value, pointer and code of the fault.
fn faults() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let tomorrow = json!(today().succ_opt().unwrap().to_string());
    let long = json!("a".repeat(301));
    let main = |code: &str| json!({ "code": code, "main": true });
    vec![
        ("full_name", Value::Null, "/full_name", "required"),
        ("full_name", json!(" \u{a0} "), "/full_name", "required"),
        ("full_name", json!("PGS.TS."), "/full_name", "only_titles"),
        ("full_name", json!("Nguyễn Văn Mẫu 2"), "/full_name", "not_a_name"),
        ("full_name", json!("a".repeat(201)), "/full_name", "too_long"),
        ("full_name", json!("Mẫu\u{0}"), "/full_name", "nul_character"),
        ("full_name", json!(7), "/full_name", "wrong_type"),
        ("degree", json!("Trạng nguyên"), "/degree", "unknown_code"),
        ("academic_rank", json!("TS"), "/academic_rank", "unknown_code"),
        ("fields", json!(["404", "99999"]), "/fields/1", "unknown_code"),
        ("fields", json!([{ "scheme": "BKHCN-1900", "code": "404" }]), "/fields/0", "unknown_code"),
        ("fields", json!([main("1"), main("2"), main("3"), main("4")]), "/fields", "too_many"),
        ("fields", json!(vec!["404"; 51]), "/fields", "too_many"),
        ("fields", json!([true]), "/fields/0", "wrong_type"),
        ("fields", json!([{ "code": "404", "colour": "red" }]), "/fields/0/colour", "unknown_field"),
        ("province", json!("Hà Giang"), "/province", "unknown_province"),
        ("gender", json!("x"), "/gender", "unknown_value"),
        ("date_of_birth", json!("2023-02-29"), "/date_of_birth", "not_a_date"),
        ("date_of_birth", json!("31/02/1975"), "/date_of_birth", "not_a_date"),
        ("date_of_birth", json!("1899-12-31"), "/date_of_birth", "not_a_date"),
        ("date_of_birth", json!("04/30/1975"), "/date_of_birth", "not_a_date"),
        ("date_of_birth", tomorrow, "/date_of_birth", "not_a_date"),
        ("email", json!("mau"), "/email", "not_an_email"),
        ("email", json!("mau@example"), "/email", "not_an_email"),
        ("email", json!("m au@chuyengia.example"), "/email", "not_an_email"),
        ("email", json!("a@b@chuyengia.example"), "/email", "not_an_email"),
        ("email", json!("@chuyengia.example"), "/email", "not_an_email"),
        ("phone", json!("12345"), "/phone", "not_a_phone"),
        ("phone", json!("0912 345 67x"), "/phone", "not_a_phone"),
        ("phone", json!("0912345678, 0912345679"), "/phone", "not_a_phone"),
        ("languages", json!(["vi", "tiếng Mẫu"]), "/languages/1", "unknown_code"),
        ("languages", json!(vec!["vi"; 51]), "/languages", "too_many"),
        ("position", long.clone(), "/position", "too_long"),
        ("workplace", long.clone(), "/workplace", "too_long"),
        ("specialties", json!(["Lâm sinh", long]), "/specialties/1", "too_long"),
        ("specialties", json!(vec!["Lâm sinh"; 51]), "/specialties", "too_many"),
        ("publications_count", json!(-1), "/publications_count", "negative"),
        ("publications_count", json!(1.5), "/publications_count", "wrong_type"),
        ("publications_count", json!(99_999_999_999_u64), "/publications_count", "invalid_value"),
        ("publications", json!([{ "title": " " }]), "/publications/0/title", "required"),
        ("publications", json!([{ "title": "Rừng", "year": 1800 }]), "/publications/0/year", "out_of_range"),
        ("publications", json!([{ "title": "Rừng", "isbn": "1" }]), "/publications/0/isbn", "unknown_field"),
        ("ethnicity", json!("Tày"), "/ethnicity", "not_held"),
        ("cccd", json!("001075000001"), "/cccd", "not_held"),
        ("version", json!(2), "/version", "unknown_field"),
        ("status", json!("active"), "/status", "unknown_field"),
        ("workplace_id", json!("SYT-DEMO"), "/workplace_id", "invalid_value"),
        ("workplace_id", json!("00000000-0000-0000-0000-000000000001"), "/workplace_id", "unknown_reference"),
    ]
}

#[tokio::test]
async fn each_broken_rule_is_named_by_place_and_code_and_nothing_is_entered() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let before = app.sql("SELECT count(*) FROM experts").await;
    for (member, value, pointer, code) in faults() {
        let mut body = json!({ "full_name": "Nguyễn Văn Mẫu" });
        body[member] = value.clone();
        let problem = officer.post("/api/v1/experts", &body).await.problem(422);
        let errors = problem["errors"].as_array().unwrap();
        let seen: Vec<(&str, &str)> = errors.iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect();
        assert_eq!(seen, [(pointer, code)], "{member}: {value}");
        assert!(!text(&errors[0]["detail"]).is_empty());
    }
    assert_eq!(app.sql("SELECT count(*) FROM experts").await, before);
}

#[tokio::test]
async fn text_in_an_old_font_is_refused_with_the_repair() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (member, typed, pointer, repair) in [
        ("full_name", json!("NguyÔn V¨n MÉu"), "/full_name", "Nguyễn Văn Mẫu"),
        ("workplace", json!("Së N«ng nghiÖp tØnh Hµ Giang"), "/workplace", "Sở Nông nghiệp tỉnh Hà Giang"),
        ("specialties", json!(["Lâm sinh", "Qu¶n lý rõng bÒn v÷ng"]), "/specialties/1", "Quản lý rừng bền vững"),
    ] {
        let mut body = json!({ "full_name": "Nguyễn Văn Mẫu" });
        body[member] = typed;
        let problem = officer.post("/api/v1/experts", &body).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (pointer, "legacy_encoding"));
        assert!(text(&error["detail"]).contains(repair), "{error}");
    }
}

#[tokio::test]
async fn a_province_of_the_past_is_refused_with_the_one_of_today() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (typed, vi, en) in [
        ("Hà Giang", "Hà Giang nay thuộc Tuyên Quang", "Hà Giang is part of Tuyên Quang since 2025-07-01"),
        ("tỉnh hoà bình", "Hòa Bình nay thuộc Phú Thọ", "Hòa Bình is part of Phú Thọ since 2025-07-01"),
        ("02", "Hà Giang nay thuộc Tuyên Quang", "Hà Giang is part of Tuyên Quang since 2025-07-01"),
        ("Thừa Thiên Huế", "Thừa Thiên Huế nay thuộc Huế", "Thừa Thiên Huế is part of Huế since 2025-01-01"),
        ("Bình Phước", "Bình Phước nay thuộc Đồng Nai", "Bình Phước is part of Đồng Nai since 2025-07-01"),
        ("Sài Gòn", "Không có tỉnh, thành phố `Sài Gòn`", "There is no province `Sài Gòn` today"),
    ] {
        let body = json!({ "full_name": "Nguyễn Văn Mẫu", "province": typed });
        for (language, expected) in [("vi", vi), ("en", en)] {
            let headers = [("accept-language", language)];
            let answer = officer.send(Method::POST, "/api/v1/experts", &headers, Some(&body)).await;
            let problem = answer.problem(422);
            let error = &problem["errors"][0];
            assert_eq!((text(&error["pointer"]), text(&error["code"])), ("/province", "unknown_province"), "{typed}");
            assert!(text(&error["detail"]).contains(expected), "{typed}: {error}");
        }
    }
}

#[tokio::test]
async fn many_faults_in_one_body_are_all_reported() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let body = json!({
        "full_name": "TS.", "degree": "?", "province": "?", "gender": "?", "date_of_birth": "?", "email": "?",
        "phone": "?", "fields": ["?", "404", "?"], "languages": ["?"], "publications_count": -1,
        "publications": [{ "title": "", "year": 3000 }], "position": "a".repeat(301), "specialties": ["a".repeat(301)],
        "workplace_id": "00000000-0000-0000-0000-000000000001",
    });
    let mut places = officer.post("/api/v1/experts", &body).await.places(422);
    places.sort();
    assert_eq!(
        places,
        [
            "/date_of_birth",
            "/degree",
            "/email",
            "/fields/0",
            "/fields/2",
            "/full_name",
            "/gender",
            "/languages/0",
            "/phone",
            "/position",
            "/province",
            "/publications/0/title",
            "/publications/0/year",
            "/publications_count",
            "/specialties/0",
            "/workplace_id",
        ]
    );
}

#[tokio::test]
async fn a_new_expert_has_a_location_a_code_and_a_first_version() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let answer = officer.post("/api/v1/experts", &json!({ "full_name": "Nguyễn Văn Mẫu" })).await;
    let (location, etag) = (answer.header("location"), answer.header("etag"));
    let made = answer.expect(201);
    let code = text(&made["code"]);
    assert!(code.len() == 9 && code.starts_with("CG-") && code[3..].parse::<u32>().is_ok(), "{code}");
    assert_eq!(location, path(&made));
    assert!(etag.starts_with("\"1-"), "{etag}");
    let read = officer.get(&location).await;
    assert_eq!(read.header("etag"), etag, "the ETag of the answer is that of a read");
    assert_eq!((&made["record"]["status"], &made["record"]["consents"]), (&json!("nominated"), &json!([])));
    let event = format!(
        "SELECT action || ' ' || actor_role || ' ' || array_to_string(fields, ',') FROM audit_events WHERE subject_id = '{}'",
        text(&made["id"])
    );
    assert_eq!(app.sql(&event).await, "experts.create union_officer full_name");
}

#[tokio::test]
async fn a_new_expert_is_seen_by_the_union_and_the_auditor_only() {
    let app = TestApp::start().await;
    let made = enter_named(&app.sign_in("union_officer").await, "Kpă Văn Mẫu").await;
    assert!(!sees(&app.nobody(), &made).await, "nobody");
    for (account, visible) in [
        ("agency", false),
        ("agency_2", false),
        ("association", false),
        ("science_dept", false),
        ("admin", false),
        ("expert", false),
        ("union_officer", true),
        ("union_leader", true),
        ("auditor", true),
    ] {
        assert_eq!(sees(&app.sign_in(account).await, &made).await, visible, "{account}");
    }
}
