//! `/fields`, and the loading of a scheme.

use std::path::PathBuf;

use expert_bank::experts::vocabulary::Vocabularies;
use expert_bank::fields::load::load;
use expert_bank::kernel::id::new_id;
use expert_bank::kernel::sheet::Sheet;
use expert_bank::state::State;
use serde_json::json;

use crate::support::TestApp;
use crate::support::bank::{encode, enter, listed, path, search_path, text};

const PATH: &str = "/api/v1/fields";
const HEADER: &str = "code,parent_code,level,name_vi,name_en,scheme\n";

/// A file of the test, gone when dropped.
pub struct TempFile(PathBuf);

impl TempFile {
    pub fn new(text: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("expert-bank-{}.csv", new_id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    pub fn sheet(&self) -> Sheet {
        Sheet::open(&self.0).unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[tokio::test]
async fn fields_are_filtered_by_parent_level_scheme_and_words() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    for (query, codes) in [
        ("level=1", vec!["1", "2", "3", "4", "5", "6"]),
        ("parent=404&limit=3", vec!["40401", "40402", "40403"]),
        ("parent=40401", vec![]),
        ("parent=9", vec![]),
        ("scheme=BKHCN-1900", vec![]),
        ("scheme=BKHCN-2008&level=1&limit=1", vec!["1"]),
        ("q=l%C3%A2m+nghi%E1%BB%87p&level=2", vec!["404"]),
        ("q=lam+nghiep&level=2", vec!["404"]),
        ("q=forestry&level=2", vec!["404"]),
        ("q=nghiep+lam&level=2", vec!["404"]),
        ("q=estry", vec![]),
        ("q=lam+sinh&parent=404", vec!["40401"]),
    ] {
        assert_eq!(listed(&nobody, &format!("{PATH}?{query}"), "code").await, codes, "{query}");
    }
    let page = nobody.get(&format!("{PATH}?q=lam+nghiep&level=2")).await.expect(200);
    let forestry = serde_json::json!({
        "scheme": "BKHCN-2008", "code": "404", "parent_code": "4", "level": 2, "name_vi": "Lâm nghiệp", "name_en": "Forestry",
        "experts": page["items"][0]["experts"],
    });
    assert_eq!(page["items"], serde_json::json!([forestry]));
}

#[tokio::test]
async fn a_walk_shows_the_whole_scheme_parents_before_children() {
    let app = TestApp::start().await;
    let (mut codes, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.nobody().get(&format!("{PATH}?limit=50{cursor}")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        codes.extend(items.iter().map(|item| text(&item["code"]).to_owned()));
        match page.get("next_cursor") {
            Some(next) => cursor = format!("&cursor={}", text(next)),
            None => break,
        }
    }
    assert_eq!(codes.len(), 339);
    assert!(codes.is_sorted(), "in the order of codes");
    for (at, code) in codes.iter().enumerate().filter(|(_, code)| code.len() > 1) {
        let parent = &code[..code.len() - 2];
        assert!(codes[..at].iter().any(|earlier| earlier == parent), "{parent} before {code}");
    }
}

#[tokio::test]
async fn a_question_out_of_bounds_is_named() {
    let app = TestApp::start().await;
    let words = vec!["a"; 20_000].join("+");
    for (query, place) in [
        ("level=x", "/level"),
        ("q=%00", "/q"),
        ("name=x", "/name"),
        ("limit=101", "/limit"),
        ("cursor=x", "/cursor"),
        (&format!("q={words}"), "/q"),
        (&format!("q={}", encode(&"a".repeat(201))), "/q"),
    ] {
        let shown = &query[..query.len().min(40)];
        assert_eq!(app.nobody().get(&format!("{PATH}?{query}")).await.places(400), [place], "{shown}");
    }
    app.nobody().get(PATH).await.expect(200);
}

#[tokio::test]
async fn a_held_list_is_304_and_open_to_caches() {
    let app = TestApp::start().await;
    let first = app.nobody().get(PATH).await;
    assert_eq!(first.header("cache-control"), "public, no-cache");
    let place = format!("{PATH}?limit=100&level=1");
    let etag = app.nobody().get(&place).await.header("etag");
    let held = [("if-none-match", etag.as_str())];
    let again = app.nobody().send(reqwest::Method::GET, &place, &held, None).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
}

async fn fields_now(app: &TestApp) -> String {
    app.sql("SELECT md5(string_agg(f::text, E'\\n' ORDER BY scheme, code)) FROM science_fields f").await
}

#[tokio::test]
async fn a_broken_file_is_named_by_line_and_column_and_nothing_of_it_is_loaded() {
    let app = TestApp::start().await;
    let before = fields_now(&app).await;
    let good = "9,,1,Mới,New,S-1\n";
    for (rows, faults) in [
        ("902,9,2,Hai,Two,S-1\n", vec!["line 2, column parent_code: no such code in the file"]),
        ("9,,1,Lại,Again,S-1\n9,,1,Lại,Again,S-1\n", vec!["line 3, column code: `9` stands already on line 2"]),
        ("9x,,1,X,X,S-1\n", vec!["line 2, column code: `9x` is not 1 digits"]),
        ("9,,5,X,X,S-1\n", vec!["line 2, column level: `5` is not 1 to 4"]),
        ("9,8,1,X,X,S-1\n", vec!["line 2, column parent_code"]),
        ("9,,1,,X,S-1\n", vec!["line 2, column name_vi: must not be blank"]),
        ("9,,1,X,X\n", vec!["line 2, column (all): 5 cells"]),
        (&format!("{good}901,,2,X,X,S-1\n9,,y,X,X,S-1\n"), vec!["line 3, column parent_code", "line 4, column level"]),
    ] {
        let file = TempFile::new(format!("{HEADER}{rows}").as_bytes());
        let error = load(&app.state, &file.sheet()).await.unwrap_err().to_string();
        for fault in faults {
            assert!(error.contains(fault), "{rows}: {error}");
        }
        assert_eq!(fields_now(&app).await, before, "{rows}");
    }
    for text in [b"code,level\n1,1\n".as_slice(), b"\xff\xfe", b""] {
        let file = TempFile::new(text);
        load(&app.state, &file.sheet()).await.unwrap_err();
        assert_eq!(fields_now(&app).await, before);
    }
}

#[tokio::test]
async fn another_scheme_is_loaded_once_and_used_with_its_name() {
    let app = TestApp::start().await;
    let rows = "9,,1,Mới,New,S-1\n901,9,2,Nuôi trai,Pearls,S-1\n";
    let file = TempFile::new(format!("\u{feff}{HEADER}{rows}").as_bytes());
    let first = load(&app.state, &file.sheet()).await.unwrap();
    assert_eq!((first.rows, first.changed), (2, 2));
    let events = app.sql("SELECT count(*) FROM audit_events").await;
    let second = load(&app.state, &file.sheet()).await.unwrap();
    assert_eq!((second.rows, second.changed), (2, 0));
    assert_eq!(app.sql("SELECT count(*) FROM audit_events").await, events);
    assert_eq!(listed(&app.nobody(), &format!("{PATH}?scheme=S-1"), "code").await, ["9", "901"]);
    assert_eq!(
        listed(&app.nobody(), &format!("{PATH}?level=1"), "code").await.len(),
        6,
        "the default scheme is as before"
    );
    app.nobody().get("/api/v1/experts?field=S-1:901").await.expect(200);
    app.nobody().get("/api/v1/experts?field=901").await.problem(400);
}

#[tokio::test]
async fn a_renamed_field_shows_at_once_and_is_found_by_its_new_name_alone() {
    let app = TestApp::start().await;
    // another instance over the same database keeps words of its own
    let other = app.state.clone();
    let other = TestApp::over(State { vocabularies: Vocabularies::default(), ..other }).await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter(&officer, &json!({ "full_name": "Kpă Ba", "fields": ["40401"] })).await;
    let elsewhere = other.sign_in("union_officer").await;
    elsewhere.get(&path(&expert)).await.expect(200);
    let rows = "4,,1,Khoa học nông nghiệp,Agriculture\n404,4,2,Lâm nghiệp,Forestry\n40401,404,3,Dưỡng lâm thử,Trees\n";
    let file = TempFile::new(format!("code,parent_code,level,name_vi,name_en\n{rows}").as_bytes());
    load(&app.state, &file.sheet()).await.unwrap();
    for caller in [&officer, &elsewhere] {
        let expert = caller.get(&path(&expert)).await.expect(200);
        assert_eq!(expert["fields"][0]["name"], "Dưỡng lâm thử");
        let found = caller.get(&search_path("\"dưỡng lâm thử\"")).await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().iter().filter(|item| item["id"] == expert["id"]).count(), 1);
        let gone = caller.get(&search_path("\"Lâm sinh\" Kpă")).await.expect(200);
        assert!(gone["items"].as_array().unwrap().iter().all(|item| item["id"] != expert["id"]), "{gone}");
    }
}
