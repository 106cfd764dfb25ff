//! `GET /experts`: what is found, and why.

use serde_json::{Value, json};

use crate::support::bank::{change, enter, found, listed, load_agreeing, search_path, sees, text};
use crate::support::{Caller, TestApp};

fn named(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({ "full_name": name })).collect()
}

#[tokio::test]
async fn words_without_accents_in_any_order_find_the_beginnings_of_words() {
    let app = TestApp::start().await;
    let person = json!({
        "full_name": "PGS.TS. Kpă Thị Đường", "specialties": ["Nuôi cá tầm", "Xử lý nước"], "fields": ["40402"],
        "workplace": "Trại cá Sông Gâm", "position": "Trại trưởng",
    });
    load_agreeing(&app, &[person]).await;
    let agency = app.sign_in("agency").await;
    for (q, hit) in [
        ("kpa thi duong", true),
        ("duong kpa", true),
        ("Kpă Đường", true),
        ("KPĂ ĐƯỜNG", true),
        ("kp đư", true),
        ("kpa tam ca", true),
        ("kpa song gam truong", true),
        ("kpa lam nghiep", true),
        ("kpa bao ve rung", true),
        ("kpa, duong!", true),
        ("kpa kpa", true),
        ("kpa uong", false),
        ("pa duong", false),
        ("kpa tom", false),
        ("kpa duongx", false),
        ("kpa pgs", false),
        ("kpa tam zzz", false),
        ("kpa nong nghiep khoa hoc", false),
    ] {
        assert_eq!(found_exactly(&agency, q).await == ["Kpă Thị Đường"], hit, "{q}");
    }
}

/// The names a search finds without taking a word for another.
async fn found_exactly(caller: &Caller<'_>, q: &str) -> Vec<String> {
    let page = caller.get(&search_path(q)).await.expect(200);
    let items = page["items"].as_array().unwrap().iter().filter(|item| item["match"] == "exact");
    items.map(|item| text(&item["full_name"]).to_owned()).collect()
}

#[tokio::test]
async fn typed_accents_put_exact_spellings_first_and_hide_nothing() {
    let app = TestApp::start().await;
    let names = ["Kpă Dương", "Kpă Đường", "Kpă Dượng", "Kpă Hoa", "Kpă Hòa", "Kpă Hoà", "Kpă Hóa", "Kpă Hoạ"];
    load_agreeing(&app, &named(&names)).await;
    let nobody = app.nobody();
    let nfd = |text: &str| unicode_normalization::UnicodeNormalization::nfd(text).collect::<String>();
    for (q, first, all) in [
        ("kpa đường", vec!["Kpă Đường"], 3),
        ("kpa dương", vec!["Kpă Dương"], 3),
        ("kpa hoà", vec!["Kpă Hoà", "Kpă Hòa"], 5),
        ("kpa hòa", vec!["Kpă Hoà", "Kpă Hòa"], 5),
        ("kpa hóa", vec!["Kpă Hóa"], 5),
        ("HOẠ KPA", vec!["Kpă Hoạ"], 5),
    ] {
        let seen = found(&nobody, q).await;
        assert_eq!(seen.len(), all, "{q}: {seen:?}");
        let mut leading: Vec<&str> = seen.iter().take(first.len()).map(String::as_str).collect();
        leading.sort_unstable();
        assert_eq!(leading, first, "{q}: {seen:?}");
        assert_eq!(found(&nobody, &nfd(q)).await, seen, "{q}: decomposed");
    }
    assert_eq!(found(&nobody, "kpa duong").await.len(), 3);
    assert_eq!(found(&nobody, "kpa hoà").await, found(&nobody, "kpa hòa").await);
}

#[tokio::test]
async fn a_name_that_holds_every_word_comes_before_topics_and_topics_before_workplaces() {
    let app = TestApp::start().await;
    load_agreeing(
        &app,
        &[
            json!({ "full_name": "Kpă Một", "workplace": "Trạm Quýt Xê" }),
            json!({ "full_name": "Kpă Hai", "specialties": ["Quýt Xê"] }),
            json!({ "full_name": "GS.TSKH. Kpă Ba", "specialties": ["Xê dịch cây quýt"] }),
            json!({ "full_name": "Quýt Xê" }),
        ],
    )
    .await;
    assert_eq!(found(&app.nobody(), "quyt xe").await, ["Quýt Xê", "Kpă Hai", "Kpă Ba", "Kpă Một"]);
}

#[tokio::test]
async fn the_better_qualified_come_first_among_equal_hits() {
    let app = TestApp::start().await;
    load_agreeing(&app, &named(&["ThS. Kpă An", "Kpă Anh", "GS.TS. Kpă Và", "TS. Kpă Bình"])).await;
    assert_eq!(found(&app.nobody(), "kpa").await, ["Kpă Và", "Kpă Bình", "Kpă An", "Kpă Anh"]);
}

#[tokio::test]
async fn a_field_takes_its_descendants_along_and_several_are_one_or_another() {
    let app = TestApp::start().await;
    let forms: Vec<Value> =
        [("Kpă Một", "40401"), ("Kpă Hai", "404"), ("Kpă Ba", "4"), ("Kpă Bốn", "101"), ("Kpă Năm", "10101")]
            .iter()
            .map(|(name, field)| json!({ "full_name": name, "fields": [field] }))
            .collect();
    load_agreeing(&app, &forms).await;
    let agency = app.sign_in("agency").await;
    for (fields, expected) in [
        ("field=4", vec!["Kpă Ba", "Kpă Hai", "Kpă Một"]),
        ("field=404", vec!["Kpă Hai", "Kpă Một"]),
        ("field=40401", vec!["Kpă Một"]),
        ("field=BKHCN-2008:40401", vec!["Kpă Một"]),
        ("field=40401&field=101", vec!["Kpă Bốn", "Kpă Một", "Kpă Năm"]),
        ("field=40499", vec![]),
        ("field=404&field=40401", vec!["Kpă Hai", "Kpă Một"]),
    ] {
        let path = format!("/api/v1/experts?q=kpa&sort=name&limit=100&{fields}");
        assert_eq!(listed(&agency, &path, "full_name").await, expected, "{fields}");
    }
    for fields in ["field=99999", "field=", "field=40", "field=BKHCN-1900:404", "field=404&field=x", "field=4%25"] {
        let answer = agency.get(&format!("/api/v1/experts?{fields}")).await;
        assert_eq!(answer.places(400), ["/field"], "{fields}");
    }
    let many = vec!["field=404"; 51].join("&");
    assert_eq!(agency.get(&format!("/api/v1/experts?{many}")).await.places(400), ["/field"]);
}

#[tokio::test]
async fn reasons_name_the_places_that_hold_the_words() {
    let app = TestApp::start().await;
    let person = json!({
        "full_name": "Kpă Thị Đường", "specialties": ["Nuôi cá tầm", "Cá hồi"], "fields": ["40401"],
        "workplace": "Trại cá Sông Gâm", "position": "Trại trưởng",
    });
    load_agreeing(&app, &[person]).await;
    let forestry = "Khoa học nông nghiệp › Lâm nghiệp › Lâm sinh";
    for (q, expected) in [
        ("kpa duong", json!([{ "in": "name", "text": "Kpă Thị Đường" }])),
        ("ca tam", json!([{ "in": "specialty", "text": "Nuôi cá tầm" }])),
        ("ca gam", json!([{ "in": "workplace", "text": "Trại cá Sông Gâm" }])),
        ("truong trai", json!([{ "in": "position", "text": "Trại trưởng" }])),
        ("kpa lam sinh", json!([{ "in": "name", "text": "Kpă Thị Đường" }, { "in": "field", "text": forestry }])),
        ("kpa hoi", json!([{ "in": "name", "text": "Kpă Thị Đường" }, { "in": "specialty", "text": "Cá hồi" }])),
    ] {
        let page = app.nobody().get(&search_path(q)).await.expect(200);
        let items = page["items"].as_array().unwrap();
        let hit =
            items.iter().find(|item| item["full_name"] == "Kpă Thị Đường").unwrap_or_else(|| panic!("{q}: {page}"));
        assert_eq!(hit["reasons"], expected, "{q}");
    }
    let page = app.nobody().get("/api/v1/experts?limit=100").await.expect(200);
    assert!(page["items"].as_array().unwrap().iter().all(|item| item.get("reasons").is_none()));
}

#[tokio::test]
async fn every_hit_has_a_reason() {
    let app = TestApp::start().await;
    let mut hits = 0;
    for q in ["lam nghiep", "truong", "nguyen", "y", "đại học", "rừng", "benh vien", "thi", "ky thuat cong nghe"]
    {
        let page = app.nobody().get(&search_path(q)).await.expect(200);
        for item in page["items"].as_array().unwrap() {
            assert!(item["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()), "{q}: {item}");
            hits += 1;
        }
    }
    assert!(hits > 50, "{hits} hits");
}

#[tokio::test]
async fn a_query_out_of_bounds_is_named() {
    let app = TestApp::start().await;
    for (query, pointer, code) in [
        (format!("q={}", "a".repeat(201)), "/q", "too_long"),
        ("q=%25".to_owned(), "/q", "no_words"),
        ("q=_".to_owned(), "/q", "no_words"),
        ("q=%27%5C!".to_owned(), "/q", "no_words"),
        ("q=%F0%9F%98%80".to_owned(), "/q", "no_words"),
        ("q=a+b+c+d+e+f+g+h+i+k+l+m+n".to_owned(), "/q", "too_many_words"),
        ("q=%00".to_owned(), "/q", "not_text"),
        ("q=a&q=b".to_owned(), "/q", "invalid_value"),
        ("sort=salary".to_owned(), "/sort", "unknown_value"),
        ("limit=0".to_owned(), "/limit", "invalid_value"),
        ("limit=101".to_owned(), "/limit", "invalid_value"),
        ("email=a".to_owned(), "/email", "unknown_field"),
        ("cursor=abc".to_owned(), "/cursor", "invalid_cursor"),
    ] {
        let problem = app.nobody().get(&format!("/api/v1/experts?{query}")).await.problem(400);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (pointer, code), "{query}");
    }
}

#[tokio::test]
async fn signs_in_a_query_are_harmless() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let all = found(&nobody, "nguyen").await;
    assert!(!all.is_empty() && all.len() < 60);
    for q in [
        "%nguyen%",
        "nguyen_",
        "'nguyen'",
        "nguyen\\",
        "nguyen 😀",
        "nguyen%%",
        "nguyen\u{200b}",
        " nguyen\t",
        "(nguyen)",
    ] {
        assert_eq!(found(&nobody, q).await, all, "{q}");
    }
    for q in ["kpa%", "_kpa_", "'; DROP TABLE experts; --", "nguyen' OR '1'='1", "\\x00", &"a".repeat(200)] {
        assert_eq!(found(&nobody, q).await, Vec::<String>::new(), "{q}");
    }
    assert_eq!(found(&nobody, "$1").await, found(&nobody, "1").await, "a sign and a digit, no parameter");
    assert_eq!(found(&nobody, "   ").await.len(), 60, "blanks ask for nothing");
}

#[tokio::test]
async fn people_who_left_or_died_are_shown_to_the_union_only() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let agency = app.sign_in("agency").await;
    let expert = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "fields": ["404"] })).await;
    crate::support::bank::decide(&officer, &expert, "public_profile", true).await;
    for (status, visible) in
        [("active", true), ("left", false), ("paused", true), ("deceased", false), ("invited", true)]
    {
        change(&app, &format!("UPDATE experts SET status = '{status}' WHERE id = '{}'", text(&expert["id"]))).await;
        assert_eq!(sees(&agency, &expert).await, visible, "{status}: agency");
        assert_eq!(sees(&app.nobody(), &expert).await, visible, "{status}: nobody");
        assert!(sees(&officer, &expert).await, "{status}: the Union");
    }
}
