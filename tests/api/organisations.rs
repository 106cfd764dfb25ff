//! `/organisations`, and the loading of the register.

use expert_bank::organisations::load::load;
use serde_json::json;

use crate::fields::TempFile;
use crate::support::TestApp;
use crate::support::bank::{encode, listed, text};

const PATH: &str = "/api/v1/organisations";
const HEADER: &str = "code,name_vi,name_en,short_vi,kind,valid_from,valid_to,succeeded_by,source\n";

async fn loaded(app: &TestApp, rows: &str) -> Result<(usize, usize), String> {
    let file = TempFile::new(format!("{HEADER}{rows}").as_bytes());
    load(&app.state, &file.sheet()).await.map(|loaded| (loaded.rows, loaded.changed)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn organisations_are_filtered_by_kind_words_and_day() {
    let app = TestApp::start().await;
    let rows = "CU,Sở Cũ,,,agency,2000-01-01,2025-06-30,MOI,test\nMOI,Sở Zê,,,agency,2025-07-01,,,test\nLAU,Viện Lâu,,,institution,,,,test\n";
    loaded(&app, rows).await.unwrap();
    let nobody = app.nobody();
    for (query, codes) in [
        ("kind=union", vec!["LHH-DEMO"]),
        ("kind=association", vec!["HLN-DEMO"]),
        ("kind=agency&q=so", vec!["SKHCN-DEMO", "SNNMT-DEMO", "SYT-DEMO", "MOI"]),
        ("q=so+ze", vec!["MOI"]),
        ("q=Z%C3%AA+S%E1%BB%9F", vec!["MOI"]),
        ("q=skhcn", vec!["SKHCN-DEMO"]),
        ("q=forestry", vec!["HLN-DEMO"]),
        ("q=so+cu", vec![]),
        ("q=so+cu&as_of=2025-06-30", vec!["CU"]),
        ("q=so&as_of=2025-06-30", vec!["CU"]),
        ("q=so+ze&as_of=2025-06-30", vec![]),
        ("kind=institution&as_of=1900-01-01", vec!["LAU"]),
    ] {
        assert_eq!(listed(&nobody, &format!("{PATH}?{query}"), "code").await, codes, "{query}");
    }
    for (query, place) in [
        ("kind=ministry", "/kind"),
        ("as_of=x", "/as_of"),
        ("name=x", "/name"),
        ("q=%00", "/q"),
        (&format!("q={}", vec!["a"; 20_000].join("+")), "/q"),
    ] {
        assert_eq!(nobody.get(&format!("{PATH}?{query}")).await.places(400), [place]);
    }
}

#[tokio::test]
async fn an_organisation_names_its_successor() {
    let app = TestApp::start().await;
    loaded(&app, "CU,Sở Cũ,Old,SC,agency,2000-01-01,2025-06-30,MOI,test\nMOI,Sở Mới,,,agency,2025-07-01,,,test\n")
        .await
        .unwrap();
    let page = app.nobody().get(&format!("{PATH}?q=so+cu&as_of=2012-11-07")).await.expect(200);
    let old = &page["items"][0];
    let read = app.nobody().get(&format!("{PATH}/{}", text(&old["id"]))).await.expect(200);
    assert_eq!(&read, old);
    let new = app.nobody().get(&format!("{PATH}/{}", text(&old["succeeded_by"]))).await.expect(200);
    assert_eq!(
        (&new["code"], &old["valid_to"], &old["short_name"]),
        (&json!("MOI"), &json!("2025-06-30"), &json!("SC"))
    );
    assert_eq!(old.as_object().unwrap().len(), 9, "{old}");
    for id in ["00000000-0000-0000-0000-000000000000", "MOI", "%00"] {
        app.nobody().get(&format!("{PATH}/{id}")).await.problem(404);
    }
}

#[tokio::test]
async fn a_walk_shows_every_organisation_once_also_namesakes() {
    let app = TestApp::start().await;
    let rows: String = (0..25).map(|n| format!("N-{n:02},Phòng Cùng Tên,,,agency,,,,test\n")).collect();
    loaded(&app, &rows).await.unwrap();
    let whole = listed(&app.nobody(), &format!("{PATH}?limit=100"), "code").await;
    assert_eq!(whole.len(), 30);
    let (mut codes, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.nobody().get(&format!("{PATH}?limit=7{cursor}")).await.expect(200);
        codes.extend(page["items"].as_array().unwrap().iter().map(|item| text(&item["code"]).to_owned()));
        match page.get("next_cursor") {
            Some(next) => cursor = format!("&cursor={}", encode(text(next))),
            None => break,
        }
    }
    assert_eq!(codes, whole);
}

#[tokio::test]
async fn held_answers_are_304() {
    let app = TestApp::start().await;
    let page = app.nobody().get(&format!("{PATH}?kind=union")).await.expect(200);
    for place in [format!("{PATH}?kind=union"), format!("{PATH}/{}", text(&page["items"][0]["id"]))] {
        let etag = app.nobody().get(&place).await.header("etag");
        let held = [("if-none-match", etag.as_str())];
        let again = app.nobody().send(reqwest::Method::GET, &place, &held, None).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{place}");
    }
}

#[tokio::test]
async fn a_broken_register_is_named_and_nothing_of_it_is_loaded() {
    let app = TestApp::start().await;
    let all = "SELECT md5(string_agg(o::text, '' ORDER BY code)) FROM organisations o";
    let before = app.sql(all).await;
    let good = "MOI,Sở Mới,,,agency,2025-07-01,,,test\n";
    for (row, fault) in [
        ("X,Tên,,,ministry,,,,test\n", "line 3, column kind: `ministry`"),
        ("X,,,,agency,,,,test\n", "line 3, column name_vi: must not be blank"),
        (",Tên,,,agency,,,,test\n", "line 3, column code: must not be blank"),
        ("X,Tên,,,agency,,,,\n", "line 3, column source: must not be blank"),
        ("X,Tên,,,agency,2025-07-01,2025-06-30,,test\n", "line 3, column valid_to: lies before valid_from"),
        ("X,Tên,,,agency,hôm qua,,,test\n", "line 3, column valid_from: `hôm qua`"),
        ("X,Tên,,,agency,,,NOWHERE,test\n", "line 3, column succeeded_by: there is no `NOWHERE`"),
        ("MOI,Tên,,,agency,,,,test\n", "line 3, column code: stands twice"),
        ("mã có dấu,Tên,,,agency,,,,test\n", "line 3, column code"),
    ] {
        let error = loaded(&app, &format!("{good}{row}")).await.unwrap_err();
        assert!(error.contains(fault), "{row}: {error}");
        assert_eq!(app.sql(all).await, before, "{row}");
    }
}

#[tokio::test]
async fn a_second_load_has_no_effect_and_a_change_keeps_the_id() {
    let app = TestApp::start().await;
    assert_eq!(loaded(&app, "MOI,Sở Mới,,,agency,2025-07-01,,,test\n").await, Ok((1, 1)));
    let id = app.sql("SELECT id FROM organisations WHERE code = 'MOI'").await;
    assert_eq!(loaded(&app, "MOI,Sở Mới,,,agency,2025-07-01,,,test\n").await, Ok((1, 0)));
    assert_eq!(loaded(&app, "MOI,Sở Mới hơn,,,agency,2025-07-01,,,test\n").await, Ok((1, 1)));
    assert_eq!(app.sql("SELECT id || name FROM organisations WHERE code = 'MOI'").await, format!("{id}Sở Mới hơn"));
}
