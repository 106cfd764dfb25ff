//! `/academic-titles`, and the loading of reference files.

use expert_bank::reference::load::{holidays, provinces, titles};
use expert_bank::reference::load_settings::load as load_settings;

use crate::fields::TempFile;
use crate::support::TestApp;
use crate::support::bank::text;

#[tokio::test]
async fn titles_come_the_highest_first_within_a_kind() {
    let app = TestApp::start().await;
    let page = app.nobody().get("/api/v1/academic-titles").await.expect(200);
    let items = page["items"].as_array().unwrap();
    assert_eq!(items.len(), 16);
    let of = |kind: &str| -> Vec<(i64, &str)> {
        let rows = items.iter().filter(|item| item["kind"] == kind);
        rows.map(|item| (item["rank"].as_i64().unwrap(), text(&item["code"]))).collect()
    };
    assert_eq!(of("academic_rank"), [(30, "VS"), (20, "GS"), (10, "PGS")]);
    assert_eq!(of("degree")[..4], [(70, "TSKH"), (60, "TS"), (50, "CKII"), (40, "BSNT")]);
    assert!(of("degree").is_sorted_by(|one, two| one.0 >= two.0));
    assert_eq!(app.nobody().get("/api/v1/academic-titles?q=x").await.places(400), ["/q"]);
}

#[tokio::test]
async fn held_reference_lists_are_304() {
    let app = TestApp::start().await;
    for place in ["/api/v1/provinces", "/api/v1/academic-titles"] {
        let first = app.nobody().get(place).await;
        assert_eq!(first.header("cache-control"), "public, no-cache");
        let etag = first.header("etag");
        let held = [("if-none-match", etag.as_str())];
        let again = app.nobody().send(reqwest::Method::GET, place, &held, None).await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""), "{place}");
    }
}

async fn everything(app: &TestApp) -> String {
    app.sql(
        "SELECT concat((SELECT md5(string_agg(p::text, '' ORDER BY id)) FROM provinces p),
                (SELECT md5(string_agg(t::text, '' ORDER BY code)) FROM academic_titles t),
                (SELECT md5(string_agg(h::text, '' ORDER BY day)) FROM holidays h), (SELECT count(*) FROM audit_events))",
    )
    .await
}

#[tokio::test]
async fn a_broken_file_is_named_by_line_and_column_and_nothing_of_it_is_loaded() {
    let app = TestApp::start().await;
    let before = everything(&app).await;
    let province = "code,name,type,valid_from,valid_to,succeeded_by\n98,Mới,tỉnh,2030-01-01,,\n";
    let title = "scheme,code,name_vi,name_en,abbreviation,rank,note\nhoc_vi,MOI,Mới,New,M,5,\n";
    let holiday = "date,kind,name\n2030-01-01,off,Mới\n";
    for (kind, rows, fault) in [
        ("provinces", "99,Lạ,huyện,2030-01-01,,\n", "line 3, column type: `huyện`"),
        ("provinces", "9,Lạ,tỉnh,2030-01-01,,\n", "line 3, column code: `9` is not two digits"),
        ("provinces", "99,Lạ,tỉnh,01/07/2025,,\n", "line 3, column valid_from: `01/07/2025` is not a date"),
        ("provinces", "99,Lạ,tỉnh,,,\n", "line 3, column valid_from: must not be blank"),
        ("provinces", "99,Lạ,tỉnh,2030-01-02,2030-01-01,\n", "line 3, column valid_to"),
        ("provinces", "98,Lạ,tỉnh,2030-01-01,,\n", "line 3, column code"),
        ("provinces", "98,Lạ,tỉnh,2029-01-01,,\n", "line 3, column valid_from: at that time `98` is Mới"),
        ("provinces", "08,Lạ,tỉnh,2030-01-01,,\n", "line 3, column valid_from: at that time `08` is Tuyên Quang"),
        ("provinces", "99,Lạ,tỉnh,2029-01-01,,98\n", "line 3, column succeeded_by: a province without valid_to"),
        (
            "provinces",
            "99,Lạ,tỉnh,2029-01-01,2029-12-31,97\n",
            "line 3, column succeeded_by: there is no province `97`",
        ),
        ("provinces", "99,Lạ,tỉnh,2029-01-01,2029-12-30,98\n", "line 3, column succeeded_by: no province `98` begins"),
        ("provinces", "99,Lạ,tỉnh,2029-01-01,2029-12-31,08\n", "line 3, column succeeded_by: no province `08` begins"),
        ("titles", "hoc_hieu,X,X,X,X,1,\n", "line 3, column scheme: `hoc_hieu`"),
        ("titles", "hoc_vi,X,X,X,X,cao,\n", "line 3, column rank: `cao`"),
        ("titles", "hoc_vi,MOI,X,X,X,1,\n", "line 3, column code"),
        ("holidays", "2030-02-30,off,X\n", "line 3, column date: `2030-02-30`"),
        ("holidays", "2030-01-02,maybe,X\n", "line 3, column kind: `maybe`"),
        ("holidays", "2030-01-01,work,X\n", "line 3, column date"),
    ] {
        let start = match kind {
            "provinces" => province,
            "titles" => title,
            _ => holiday,
        };
        let file = TempFile::new(format!("{start}{rows}").as_bytes());
        let loaded = match kind {
            "provinces" => provinces(&app.state, &file.sheet()).await,
            "titles" => titles(&app.state, &file.sheet()).await,
            _ => holidays(&app.state, &file.sheet()).await,
        };
        let error = loaded.unwrap_err().to_string();
        assert!(error.contains(fault), "{kind} {rows}: {error}");
        assert_eq!(everything(&app).await, before, "{kind} {rows}");
    }
}

#[tokio::test]
async fn a_second_load_of_the_same_files_has_no_effect() {
    let app = TestApp::start().await;
    let before = everything(&app).await;
    expert_bank::start::load_reference(&app.state, None).await.unwrap();
    assert_eq!(everything(&app).await, before);
    let file = TempFile::new(b"date,kind,name\n2030-01-01,off,T\n");
    let counts =
        async || holidays(&app.state, &file.sheet()).await.map(|loaded| (loaded.rows, loaded.changed)).unwrap();
    assert_eq!(counts().await, (1, 1));
    assert_eq!(counts().await, (1, 0));
}

#[tokio::test]
async fn settings_are_checked_loaded_once_and_take_effect_from_their_day() {
    let app = TestApp::start().await;
    for (row, fault) in [
        ("colour,2026-01-01,1", "line 2, column name: `colour` is none of home_province"),
        ("stale_months,2026-01-01,0", "line 2, column value: needs JSON"),
        ("stale_months,2026-01-01,sáu", "line 2, column value: needs JSON"),
        ("home_province,,\"\"\"08\"\"\"", "line 2, column valid_from: must not be blank"),
    ] {
        let file = TempFile::new(format!("name,valid_from,value\n{row}\n").as_bytes());
        let error = load_settings(&app.state, &file.sheet()).await.unwrap_err().to_string();
        assert!(error.contains(fault), "{row}: {error}");
    }
    let rows = "name,valid_from,value,legal_reference\nhome_province,2025-07-01,\"\"\"24\"\"\",NQ 202/2025/QH15\n\
                stale_months,2999-01-01,3,\n";
    let file = TempFile::new(rows.as_bytes());
    let first = load_settings(&app.state, &file.sheet()).await.unwrap();
    let again = load_settings(&app.state, &file.sheet()).await.unwrap();
    assert_eq!(((first.rows, first.changed), (again.rows, again.changed)), ((2, 2), (2, 0)));
    let page = app.nobody().get("/api/v1/experts?residency=in_province&limit=1").await.expect(200);
    assert_ne!(page["items"][0]["province"]["code"], "08", "the Union moved");
}
