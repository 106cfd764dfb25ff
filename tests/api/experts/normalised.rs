//! What is put right in a form and said so, and what is refused with the repair.

use reqwest::Method;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::support::TestApp;
use crate::support::bank::{enter, enter_named, path, text};

/// Pointer, code, from and to of what was put right.
fn repairs(answer: &Value) -> Vec<(String, String, Value, Value)> {
    let list = answer["normalised"].as_array().cloned().unwrap_or_default();
    let read = list.iter().map(|repair| {
        assert!(!text(&repair["detail"]).is_empty());
        (
            text(&repair["pointer"]).to_owned(),
            text(&repair["code"]).to_owned(),
            repair["from"].clone(),
            repair["to"].clone(),
        )
    });
    read.collect()
}

/// Where something is sent, what, the code of the repair (none where nothing is worth saying), and what is kept.
fn repaired() -> Vec<(&'static str, Value, Option<&'static str>, Value)> {
    let decomposed: String = "Trường Mẫu".nfd().collect();
    vec![
        ("/full_name", json!("NGUYỄN VĂN MẪU"), Some("caps_lowered"), json!("Nguyễn Văn Mẫu")),
        ("/full_name", json!(" Bàn  Mẫu"), Some("whitespace"), json!("Bàn Mẫu")),
        ("/full_name", json!("Bàn\u{a0}Mẫu"), Some("whitespace"), json!("Bàn Mẫu")),
        ("/full_name", json!("Bàn\u{200b} Mẫu"), Some("unicode"), json!("Bàn Mẫu")),
        ("/full_name", json!("B&#224;n M&#7851;u"), Some("html_entities"), json!("Bàn Mẫu")),
        ("/full_name", json!("PGS.TS. Bàn Mẫu"), Some("title_split_off"), json!("Bàn Mẫu")),
        ("/workplace", json!(decomposed), Some("unicode"), json!("Trường Mẫu")),
        ("/degree", json!("Tiến sỹ"), Some("code_from_name"), json!("TS")),
        ("/degree", json!("Ph.D."), Some("code_from_name"), json!("TS")),
        ("/degree", json!("ThS"), None, json!("THS")),
        ("/specialties", json!("Lâm sinh; Quản lý rừng"), Some("list_from_text"), json!(["Lâm sinh", "Quản lý rừng"])),
        ("/honours", json!("Nhà giáo Ưu tú"), Some("list_from_text"), json!(["Nhà giáo Ưu tú"])),
        ("/publications_count", json!("12"), Some("number_from_text"), json!(12)),
        ("/degree_year", json!("2009"), Some("number_from_text"), json!(2009)),
        ("/country", json!("Nhật Bản"), Some("code_from_name"), json!("JP")),
        ("/languages/0", json!(["Tiếng Anh"]), Some("code_from_name"), json!([{ "code": "en" }])),
        ("/former_names/0", json!(["BÀN MẪU SAO"]), Some("caps_lowered"), json!(["Bàn Mẫu Sao"])),
        ("/biography", json!("Dòng một.\r\nDòng hai."), None, json!("Dòng một.\nDòng hai.")),
        ("/specialties", json!(["Lâm sinh"]), None, json!(["Lâm sinh"])),
    ]
}

#[tokio::test]
async fn what_is_put_right_is_said_in_the_answer() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (pointer, sent, code, kept) in repaired() {
        let member = pointer.split('/').nth(1).unwrap();
        let mut form = json!({ "full_name": "Nguyễn Văn Mẫu" });
        form[member] = sent.clone();
        let made = enter(&officer, &form).await;
        assert_eq!(made[member], kept, "{member} {sent}");
        let said = repairs(&made);
        let places: Vec<(&str, &str)> = said.iter().map(|(place, code, ..)| (place.as_str(), code.as_str())).collect();
        let expected: Vec<(&str, &str)> = code.iter().map(|code| (pointer, *code)).collect();
        assert_eq!(places, expected, "{member} {sent}");
        assert_eq!(made.get("normalised").is_some(), code.is_some(), "left out when nothing was put right");
        assert!(officer.get(&path(&made)).await.expect(200).get("normalised").is_none(), "no part of the profile");
    }
}

#[tokio::test]
async fn words_for_the_gender_are_read_and_digits_refused() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (sent, kept, said) in [
        ("Nam", json!("male"), 0),
        ("nữ", json!("female"), 0),
        ("male", json!("male"), 1),
        ("Female", json!("female"), 1),
        ("M", json!("male"), 1),
        ("Bà", json!("female"), 1),
        ("unknown", Value::Null, 1),
    ] {
        let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", "gender": sent })).await;
        assert_eq!(made["record"]["gender"], kept, "{sent}");
        let repairs = repairs(&made);
        assert_eq!(
            repairs.iter().filter(|(place, code, ..)| place == "/gender" && code == "gender_word").count(),
            said
        );
    }
    for sent in ["0", "1", "x"] {
        let body = json!({ "full_name": "Nguyễn Văn Mẫu", "gender": sent });
        assert_eq!(officer.post("/api/v1/experts", &body).await.places(422), ["/gender"]);
    }
}

#[tokio::test]
async fn a_birth_date_is_kept_as_far_as_it_is_known_and_never_repeated() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (sent, kept, precision, said) in [
        (json!("1965"), "1965", "year", 0),
        (json!(1965), "1965", "year", 0),
        (json!("1965-03"), "1965-03", "month", 0),
        (json!("3/1965"), "1965-03", "month", 1),
        (json!("02/03/1965"), "1965-03-02", "day", 1),
        (json!("2 tháng 3 năm 1965"), "1965-03-02", "day", 1),
    ] {
        let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", "date_of_birth": sent })).await;
        assert_eq!(made["record"]["birth_precision"], precision, "{sent}");
        assert_eq!(officer.get(&format!("{}/restricted", path(&made))).await.expect(200)["date_of_birth"], kept);
        let repairs = repairs(&made);
        assert_eq!(repairs.len(), said, "{sent}");
        for (place, code, from, to) in repairs {
            assert_eq!(
                (place.as_str(), code.as_str(), from, to),
                ("/date_of_birth", "date_format", Value::Null, Value::Null)
            );
        }
    }
    for sent in [json!(24167), json!("04/30/1965"), json!("31/02/1965"), json!("02/03/65"), json!("2999")] {
        let body = json!({ "full_name": "Nguyễn Văn Mẫu", "date_of_birth": sent });
        let problem = officer.post("/api/v1/experts", &body).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), ("/date_of_birth", "not_a_date"), "{sent}");
        assert!(error.get("repair").is_none());
    }
}

#[tokio::test]
async fn a_patch_says_what_it_put_right_of_what_it_names() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, &json!({ "full_name": "NGUYỄN VĂN MẪU", "gender": "male" })).await;
    let headers = [("if-match", "*"), ("accept-language", "en")];
    let patch = json!({ "position": "Tr&#432;&#7903;ng khoa" });
    let answer = officer.send(Method::PATCH, &path(&made), &headers, Some(&patch)).await.expect(200);
    assert_eq!(answer["position"], "Trưởng khoa");
    let said = repairs(&answer);
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!((said[0].0.as_str(), said[0].1.as_str()), ("/position", "html_entities"));
    assert_eq!((&said[0].2, &said[0].3), (&patch["position"], &json!("Trưởng khoa")));
    assert!(text(&answer["normalised"][0]["detail"]).starts_with("References of HTML"));
}

#[tokio::test]
async fn what_is_stored_and_not_touched_does_not_stand_in_the_way_of_a_patch() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = enter(&officer, &json!({ "full_name": "Nguyễn Văn Mẫu", "workplace": "Viện Mẫu" })).await;
    let id = text(&made["id"]);
    crate::support::bank::change(&app, &format!("UPDATE experts SET unit = 'Ph?ng R?ng' WHERE id = '{id}'")).await;
    let answer = officer.patch(&path(&made), "*", &json!({ "position": "Trưởng khoa" })).await.expect(200);
    assert_eq!((text(&answer["position"]), text(&answer["unit"])), ("Trưởng khoa", "Ph?ng R?ng"));
    assert_eq!(officer.patch(&path(&made), "*", &json!({ "unit": "Ph?ng R?ng" })).await.places(422), ["/unit"]);
}

#[tokio::test]
async fn broken_text_is_refused_with_the_repair_where_it_is_certain() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (member, sent, pointer, code, repair) in [
        ("full_name", json!("Nguyá»…n VÄƒn Máº«u"), "/full_name", "mojibake", json!("Nguyễn Văn Mẫu")),
        ("workplace", json!("LÃ¢m nghiá»‡p"), "/workplace", "mojibake", json!("Lâm nghiệp")),
        ("position", json!("Tr??ng khoa"), "/position", "lost_letters", Value::Null),
        ("specialties", json!(["LÃƒÂ¢m nghiÃ¡Â»â€¡p"]), "/specialties/0", "mojibake", json!("Lâm nghiệp")),
        ("biography", json!("Së N«ng nghiÖp"), "/biography", "legacy_encoding", json!("Sở Nông nghiệp")),
        (
            "education",
            json!([{ "institution": "Hµ Giang" }]),
            "/education/0/institution",
            "legacy_encoding",
            json!("Hà Giang"),
        ),
        (
            "publications",
            json!([{ "title": "Xin chaøo caùc baïn" }]),
            "/publications/0/title",
            "legacy_encoding",
            json!("Xin chào các bạn"),
        ),
        ("fields", json!(["Lâm sinh"]), "/fields/0", "unknown_code", json!("40401")),
        ("fields", json!(["404.01"]), "/fields/0", "unknown_code", json!("40401")),
        ("fields", json!(["40401 - Lâm sinh"]), "/fields/0", "unknown_code", json!("40401")),
        ("province", json!("Hà Giang"), "/province", "unknown_province", json!("Tuyên Quang")),
    ] {
        let mut form = json!({ "full_name": "Nguyễn Văn Mẫu" });
        form[member] = sent.clone();
        let problem = officer.post("/api/v1/experts", &form).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (pointer, code), "{sent}: {problem}");
        assert_eq!(error["repair"], repair, "{sent}");
        if let Value::String(repair) = repair {
            assert!(text(&error["detail"]).contains(&repair), "{error}");
        }
    }
    let near = officer.post("/api/v1/experts", &json!({ "full_name": "Nguyễn Văn Mẫu", "fields": ["4040199"] })).await;
    assert!(text(&near.problem(422)["errors"][0]["detail"]).contains("40401 Lâm sinh"));
}

#[tokio::test]
async fn what_the_bank_does_not_hold_is_refused_by_name_and_not_repeated() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let secret = "Giá trị không được lặp lại";
    for (body, place) in [
        (json!({ "full_name": "Nguyễn Văn Mẫu", "ethnicity": secret }), "/ethnicity"),
        (json!({ "full_name": "Nguyễn Văn Mẫu", "dan_toc": secret }), "/dan_toc"),
        (json!({ "full_name": "Nguyễn Văn Mẫu", "partyMember": true, "position": secret }), "/partyMember"),
        (json!({ "full_name": "Nguyễn Văn Mẫu", "health": { "status": secret } }), "/health"),
        (
            json!({ "full_name": "Nguyễn Văn Mẫu", "education": [{ "institution": "A", "cccd": secret }] }),
            "/education/0/cccd",
        ),
    ] {
        let answer = officer.post("/api/v1/experts", &body).await;
        assert!(!answer.text.contains(secret), "{}", answer.text);
        let problem = answer.problem(422);
        assert_eq!((text(&problem["errors"][0]["pointer"]), text(&problem["errors"][0]["code"])), (place, "not_held"));
    }
    let made = enter_named(&officer, "Nguyễn Văn Mẫu").await;
    assert_eq!(
        officer.patch(&path(&made), "*", &json!({ "cmnd": "1" })).await.problem(422)["errors"][0]["code"],
        "not_held"
    );
}

#[tokio::test]
async fn the_record_of_a_source_is_entered_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let body = json!({ "full_name": "Nguyễn Văn Mẫu", "source": "so-khcn", "external_id": "K-1" });
    let made = enter(&officer, &body).await;
    assert_eq!(made["record"]["sources"], json!(["so-khcn:K-1"]));
    let before = app.sql("SELECT count(*) FROM experts").await;
    let problem = officer.post("/api/v1/experts", &body).await.problem(409);
    assert_eq!((text(&problem["code"]), text(&problem["existing"])), ("conflict", path(&made).as_str()));
    assert_eq!(app.sql("SELECT count(*) FROM experts").await, before);
    let mut other = body.clone();
    other["source"] = json!("khac");
    enter(&officer, &other).await;
    for (members, place) in [
        (json!({ "source": "so-khcn" }), "/external_id"),
        (json!({ "external_id": "K-2" }), "/source"),
        (json!({ "source": "Sở", "external_id": "K-2" }), "/source"),
        (json!({ "source": "so-khcn", "external_id": "a".repeat(101) }), "/external_id"),
    ] {
        let mut form = members;
        form["full_name"] = json!("Nguyễn Văn Mẫu");
        assert!(officer.post("/api/v1/experts", &form).await.places(422).contains(&place.to_owned()), "{form}");
    }
    assert_eq!(officer.patch(&path(&made), "*", &json!({ "source": "khac" })).await.places(422), ["/source"]);
}

#[tokio::test]
async fn the_parts_of_a_name_may_be_said() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (full_name, parts, read) in [
        ("Sùng Mí Và", json!({ "family": "Sùng", "given": "Mí Và" }), json!(["Sùng", null, "Mí Và"])),
        (
            "Tôn Nữ Thị Mẫu",
            json!({ "family": "Tôn Nữ", "middle": "Thị", "given": "Mẫu" }),
            json!(["Tôn Nữ", "Thị", "Mẫu"]),
        ),
        (
            "Anna Maria Muster",
            json!({ "family": "Muster", "given": "Anna Maria" }),
            json!(["Muster", null, "Anna Maria"]),
        ),
        ("SÙNG MÍ VÀ", json!({ "family": "SÙNG", "given": "MÍ VÀ" }), json!(["Sùng", null, "Mí Và"])),
        ("Và", json!({ "given": "Và" }), json!([null, null, "Và"])),
    ] {
        let made = enter(&officer, &json!({ "full_name": full_name, "name_parts": parts })).await;
        assert_eq!(json!([made["family_name"], made["middle_name"], made["given_name"]]), read, "{full_name}");
        let again = officer.patch(&path(&made), "*", &json!({ "position": "Trưởng bản" })).await.expect(200);
        assert_eq!(json!([again["family_name"], again["middle_name"], again["given_name"]]), read, "kept by a patch");
    }
    for (parts, place) in [
        (json!({ "family": "Sùng" }), "/name_parts/given"),
        (json!({ "family": "Lò", "given": "Mí Và" }), "/name_parts"),
        (json!({ "surname": "Sùng" }), "/name_parts/surname"),
    ] {
        let body = json!({ "full_name": "Sùng Mí Và", "name_parts": parts });
        assert_eq!(officer.post("/api/v1/experts", &body).await.places(422), [place]);
    }
}
