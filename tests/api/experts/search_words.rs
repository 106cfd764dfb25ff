//! `GET /experts?q=`: where words are looked for, phrases, slips of the finger, and what of a hit is marked.

use serde_json::{Value, json};

use crate::support::bank::{change, decide, encode, enter, found, load_agreeing, path, search_path, text};
use crate::support::{Caller, TestApp};

async fn items(caller: &Caller<'_>, query: &str) -> Vec<Value> {
    let page = caller.get(&format!("/api/v1/experts?limit=100&{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Each name with how it was found.
async fn matches(caller: &Caller<'_>, q: &str) -> Vec<(String, String)> {
    let of = |item: &Value| (text(&item["full_name"]).to_owned(), text(&item["match"]).to_owned());
    items(caller, &format!("q={}", encode(q))).await.iter().map(of).collect()
}

fn pairs(seen: &[(String, String)]) -> Vec<(&str, &str)> {
    seen.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect()
}

#[tokio::test]
async fn phrases_stand_together_in_their_order() {
    let app = TestApp::start().await;
    load_agreeing(
        &app,
        &[
            json!({ "full_name": "Kpă Một", "specialties": ["Quản lý xyl nghiệp"], "workplace": "Viện Xyl" }),
            json!({ "full_name": "Kpă Hai", "specialties": ["Nghiệp xyl"] }),
            json!({ "full_name": "Kpă Ba", "specialties": ["Xyl", "Nghiệp đoàn"] }),
            json!({ "full_name": "Kpă Bốn", "specialties": ["Xyl nghiệp đoàn"] }),
        ],
    )
    .await;
    let nobody = app.nobody();
    for (q, expected) in [
        ("xyl nghiep", vec!["Kpă Một", "Kpă Bốn", "Kpă Hai", "Kpă Ba"]),
        ("\"xyl nghiep\"", vec!["Kpă Một", "Kpă Bốn"]),
        ("“Xyl nghiệp”", vec!["Kpă Một", "Kpă Bốn"]),
        ("\"nghiep xyl\"", vec!["Kpă Hai"]),
        ("\"xyl nghiep\" vien", vec!["Kpă Một"]),
        ("\"xyl nghi\"", vec![]),
        ("\"nghiep doan\" xyl", vec!["Kpă Bốn", "Kpă Ba"]),
    ] {
        let mut seen = found(&nobody, q).await;
        seen.sort_unstable();
        let mut wanted = expected.clone();
        wanted.sort_unstable();
        assert_eq!(seen, wanted, "{q}");
    }
}

#[tokio::test]
async fn rare_words_weigh_more_and_names_more_than_texts() {
    let app = TestApp::start().await;
    let mut forms: Vec<Value> = (0..20_usize)
        .map(|at| json!({ "full_name": format!("Kpă {}", ["An", "Ba", "Cam", "Dung"][at % 4]), "specialties": ["Wagu"] }))
        .collect();
    forms.push(json!({ "full_name": "Kpă Một", "specialties": ["Wagu"], "workplace": "Trại Zeta" }));
    forms.push(json!({ "full_name": "Kpă Hai", "specialties": ["Zeta"], "workplace": "Trại Wagu" }));
    load_agreeing(&app, &forms).await;
    let nobody = app.nobody();
    assert_eq!(found(&nobody, "wagu zeta").await, ["Kpă Hai", "Kpă Một"], "where the rare word is a topic");
    load_agreeing_more(&app, "Zeta Wagu").await;
    assert_eq!(found(&nobody, "wagu zeta").await[0], "Zeta Wagu");
}

async fn load_agreeing_more(app: &TestApp, name: &str) {
    let officer = app.sign_in("union_officer").await;
    let expert = enter(&officer, &json!({ "full_name": name })).await;
    decide(&officer, &expert, "public_profile", true).await;
}

#[tokio::test]
async fn slips_of_the_finger_find_and_say_so() {
    let app = TestApp::start().await;
    load_agreeing(
        &app,
        &[
            json!({ "full_name": "Kpă Quỳnh", "specialties": ["Bảo tồn hươu sao"] }),
            json!({ "full_name": "Kpă Khuyên", "specialties": ["Lâm nghiệp đô thị"] }),
        ],
    )
    .await;
    let nobody = app.nobody();
    for (q, name, typed, taken) in [
        ("kpa quynhh", "Kpă Quỳnh", "quynhh", "quỳnh"),
        ("kpa quyh", "Kpă Quỳnh", "quyh", "quỳnh"),
        ("kpa qunyh", "Kpă Quỳnh", "qunyh", "quỳnh"),
        ("huou saoo", "Kpă Quỳnh", "saoo", "sao"),
        ("khuyeên kpa", "Kpă Khuyên", "khuyeên", "khuyên"),
        ("lâm ngiệp đô thị", "Kpă Khuyên", "ngiệp", "nghiệp"),
    ] {
        let hits = items(&nobody, &format!("q={}", encode(q))).await;
        let hit = hits.iter().find(|hit| hit["full_name"] == name).unwrap_or_else(|| panic!("{q}: {hits:?}"));
        assert_eq!(hit["match"], "fuzzy", "{q}");
        assert_eq!(hit["corrections"], json!([{ "typed": typed, "taken": taken }]), "{q}");
        assert!(!hit["reasons"].as_array().unwrap().is_empty(), "{q}");
    }
    let family = items(&nobody, &format!("q={}", encode("nguyeễn"))).await;
    assert!(family.len() > 5 && family.iter().all(|hit| hit["match"] == "fuzzy"), "{}", family.len());
    assert_eq!(pairs(&matches(&nobody, "kpa quynh").await), [("Kpă Quỳnh", "exact")], "what is found is enough");
    assert_eq!(found(&nobody, "kpa \"quynhh\"").await, Vec::<String>::new(), "quotes mean what they say");
    assert_eq!(found(&nobody, "kpa qnhu").await, Vec::<String>::new(), "two slips are another word");
}

#[tokio::test]
async fn exact_hits_come_before_fuzzy_ones_on_every_page() {
    let app = TestApp::start().await;
    let mut forms = vec![json!({ "full_name": "Kpă Trương Hoeng" })];
    forms.extend(
        (0..9_usize).map(|at| json!({ "full_name": format!("GS.TS. Kpă Hoeang {}", ["An", "Ba", "Ca"][at % 3]) })),
    );
    load_agreeing(&app, &forms).await;
    let nobody = app.nobody();
    let whole = matches(&nobody, "kpa hoeng").await;
    assert_eq!(whole.len(), 10, "{whole:?}");
    assert_eq!(pairs(&whole)[0], ("Kpă Trương Hoeng", "exact"));
    assert!(whole[1..].iter().all(|(_, kind)| kind == "fuzzy"));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = nobody.get(&format!("/api/v1/experts?q=kpa%20hoeng&limit=1&count=true{cursor}")).await.expect(200);
        assert_eq!(page["total"], 10);
        seen.push(text(&page["items"][0]["id"]).to_owned());
        let Some(next) = page.get("next_cursor") else { break };
        cursor = format!("&cursor={}", text(next));
    }
    let all: Vec<String> =
        items(&nobody, "q=kpa%20hoeng").await.iter().map(|item| text(&item["id"]).to_owned()).collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn nobody_outside_the_audience_lends_a_word() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let hidden = enter(&officer, &json!({ "full_name": "Kpă Wolfram", "specialties": ["Wolframit"] })).await;
    let nobody = app.nobody();
    for (given, seen) in [(None, 0), (Some(true), 1), (Some(false), 0)] {
        if let Some(given) = given {
            decide(&officer, &hidden, "public_profile", given).await;
        }
        assert_eq!(found(&nobody, "wolfrm").await.len(), seen, "{given:?}");
        let suggested = nobody.get("/api/v1/experts/suggest?q=wolf").await.expect(200);
        assert_eq!(suggested["items"].as_array().unwrap().len(), seen * 2, "{given:?}: {suggested}");
    }
    assert_eq!(found(&officer, "wolfrm").await, ["Kpă Wolfram"], "the Union finds");
    change(&app, &format!("UPDATE experts SET status = 'left' WHERE id = '{}'", text(&hidden["id"]))).await;
    let sums = app.sql("SELECT count(*) FROM search_words WHERE key = 'wolframit'").await;
    let added_up = expert_bank::experts::store::compact(&app.state.db).await.unwrap();
    assert!(added_up > 0 && sums != "1", "{sums} rows were added up");
    let kept = app.sql("SELECT everybody || ' ' || agencies || ' ' || public FROM search_words WHERE key = 'wolframit' AND kind = 'word'");
    assert_eq!(kept.await, "1 0 0");
}

#[tokio::test]
async fn a_record_is_found_by_what_it_says_now() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let body = json!({
        "full_name": "Kpă Văn Sửa", "specialties": ["Ngọc trai"], "position": "Trại trưởng",
        "publications": [{ "title": "Nuôi cấy Pinctada maxima" }],
    });
    let expert = enter(&officer, &body).await;
    let is_found = async |q: &str| found(&officer, q).await == ["Kpă Văn Sửa"];
    for q in ["kpa pinctada", "kpa ngoc trai", "kpa sua truong trai"] {
        assert!(is_found(q).await, "{q}");
    }
    let patch = json!({ "specialties": ["Rong biển"], "publications": [{ "title": "Gracilaria" }] });
    officer.patch(&path(&expert), "*", &patch).await.expect(200);
    for (q, expected) in [("kpa pinctada", false), ("kpa gracilaria", true), ("kpa trai", true), ("kpa rong", true)] {
        assert_eq!(is_found(q).await, expected, "{q}");
    }
    let hit = &items(&officer, "q=kpa%20gracilaria").await[0];
    assert_eq!(hit["reasons"][1], json!({ "in": "publication", "text": "Gracilaria" }), "{hit}");
}

#[tokio::test]
async fn records_from_before_the_search_are_found_after_the_start() {
    let app = TestApp::start().await;
    let before = found(&app.nobody(), "nguyen").await;
    change(&app, "DELETE FROM expert_search").await;
    assert_eq!(found(&app.nobody(), "nguyen").await, Vec::<String>::new());
    assert_eq!(
        app.sql("SELECT coalesce(max(sum), 0) FROM (SELECT sum(everybody) FROM search_words GROUP BY kind, key) s")
            .await,
        "0"
    );
    assert_eq!(expert_bank::experts::derive_missing_keys(&app.state).await.unwrap(), 60);
    assert_eq!(found(&app.nobody(), "nguyen").await, before);
    assert_eq!(expert_bank::experts::derive_missing_keys(&app.state).await.unwrap(), 0, "once");
}

#[tokio::test]
async fn highlights_are_plain_text_in_parts() {
    let app = TestApp::start().await;
    let person = json!({
        "full_name": "Kpă Thị Đường", "specialties": ["Nuôi cá tầm <b>sông</b> Gâm"],
        "publications": [{ "title": "Bệnh của cá tầm" }],
    });
    load_agreeing(&app, &[person]).await;
    let hits = items(&app.nobody(), "q=ca%20tam&highlight=true").await;
    let hit = hits.iter().find(|hit| hit["full_name"] == "Kpă Thị Đường").unwrap();
    let expected = json!([
        { "in": "specialty", "parts": [
            { "text": "Nuôi ", "hit": false }, { "text": "cá", "hit": true }, { "text": " ", "hit": false },
            { "text": "tầm", "hit": true }, { "text": text(&hit["specialties"][0]).strip_prefix("Nuôi cá tầm").unwrap(), "hit": false },
        ] },
        { "in": "publication", "parts": [
            { "text": "Bệnh của ", "hit": false }, { "text": "cá", "hit": true }, { "text": " ", "hit": false },
            { "text": "tầm", "hit": true },
        ] },
    ]);
    assert_eq!(hit["highlights"], expected);
    assert!(items(&app.nobody(), "q=ca%20tam").await.iter().all(|hit| hit.get("highlights").is_none()));
}

#[tokio::test]
async fn a_hint_tells_namesakes_apart() {
    let app = TestApp::start().await;
    load_agreeing(
        &app,
        &[
            json!({ "full_name": "TS. Kpă An", "workplace": "Trạm Một", "province": "Tuyên Quang", "fields": ["40401"] }),
            json!({ "full_name": "Kpă An", "position": "Trưởng trạm" }),
            json!({ "full_name": "Kpă An" }),
        ],
    )
    .await;
    let hints: Vec<Value> = items(&app.nobody(), "q=kpa%20an").await.iter().map(|hit| hit["hint"].clone()).collect();
    assert_eq!(hints, [json!("TS · Trạm Một · Tuyên Quang · Lâm sinh"), json!("Trưởng trạm"), Value::Null]);
}

#[tokio::test]
async fn suggestions_are_people_specialties_and_fields() {
    let app = TestApp::start().await;
    load_agreeing(
        &app,
        &[
            json!({ "full_name": "TS. Xylô Lâm", "specialties": ["Xylit học", "xylit học"] }),
            json!({ "full_name": "Kpă Xylô", "specialties": ["Xylit học"] }),
        ],
    )
    .await;
    let nobody = app.nobody();
    let page = nobody.get("/api/v1/experts/suggest?q=xyl").await.expect(200);
    let told: Vec<String> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| format!("{} {} {}", text(&item["kind"]), text(&item["text"]), item["count"]))
        .collect();
    assert_eq!(told, ["name Xylô Lâm null", "name Kpă Xylô null", "specialty Xylit học 2"]);
    let page = nobody.get(&format!("/api/v1/experts/suggest?q={}", encode("lâm sin"))).await.expect(200);
    let field = page["items"].as_array().unwrap().iter().find(|item| item["kind"] == "field").unwrap();
    assert_eq!((text(&field["text"]), text(&field["code"])), ("Lâm sinh", "BKHCN-2008:40401"));
    for q in ["", "q=", "q=%20"] {
        let page = nobody.get(&format!("/api/v1/experts/suggest?{q}")).await.expect(200);
        assert_eq!(page["items"], json!([]), "{q}");
    }
    assert_eq!(nobody.get("/api/v1/experts/suggest?q=%25").await.places(400), ["/q"]);
    assert_eq!(nobody.delete("/api/v1/experts/suggest").await.status, 405);
    assert!(search_path("x").contains("q=x"));
}
