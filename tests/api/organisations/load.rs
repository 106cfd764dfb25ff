//! Loading of the register from files.

use expert_bank::organisations::load::load;
use serde_json::json;

use crate::fields::TempFile;
use crate::support::TestApp;
use crate::support::bank::{body, load_real_bodies};

const HEADER: &str = "code,name_vi,name_en,short_vi,kind,valid_from,valid_to,succeeded_by,source\n";

async fn loaded(app: &TestApp, rows: &str) -> Result<(usize, usize), String> {
    let file = TempFile::new(format!("{HEADER}{rows}").as_bytes());
    load(&app.state, &file.sheet()).await.map(|loaded| (loaded.rows, loaded.changed)).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_broken_register_is_named_and_nothing_of_it_is_loaded() {
    let app = TestApp::start().await;
    let all = "SELECT md5(string_agg(t, '' ORDER BY t)) FROM (SELECT o::text AS t FROM organisations o
                UNION ALL SELECT v::text FROM organisation_versions v UNION ALL SELECT n::text FROM organisation_names n) r";
    let before = app.sql(all).await;
    let good = "MOI,Sở Mới,,,agency,2025-07-01,,,test\n";
    for (row, fault) in [
        ("X,Tên,,,ministry,,,,test\n", "line 3, column kind: `ministry`"),
        ("X,,,,agency,,,,test\n", "line 3, column name_vi: must not be blank"),
        ("X,(cũ),,,agency,,,,test\n", "line 3, column name_vi: must not be blank"),
        ("X,Tên,,,agency,,,,\n", "line 3, column source: must not be blank"),
        ("X,Tên,,,agency,2025-07-01,2025-06-30,,test\n", "line 3, column valid_to: lies before valid_from"),
        ("X,Tên,,,agency,hôm qua,,,test\n", "line 3, column valid_from: `hôm qua`"),
        ("X,Tên,,,agency,,,NOWHERE,test\n", "line 3, column succeeded_by: there is no `NOWHERE`"),
        ("MOI,Tên,,,agency,,,,test\n", "line 3, column code: stands twice"),
        ("mã có dấu,Tên,,,agency,,,,test\n", "line 3, column code"),
        ("X,Sở mới,,,agency,,,,test\n", "line 3, column name_vi: A body named “Sở mới” (code MOI)"),
        ("X,Tên,,,agency,,,MOI,test\n", "line 3, column valid_to: what is succeeded has a last day"),
        (
            "X,Tên,,,agency,,2025-01-01,MOI,test\n",
            "line 3, column succeeded_by: The successor begins on 2025-07-01 only",
        ),
        ("X,Tên,,,agency,,2025-01-01,X,test\n", "line 3, column succeeded_by: A body can't be its own successor"),
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
    let read = body(&app.nobody(), "MOI", "2026-01-01").await;
    assert_eq!((&read["id"], &read["name"]), (&json!(id), &json!("Sở Mới hơn")));
}

#[tokio::test]
async fn what_was_edited_here_is_left_as_it_is() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    loaded(&app, "MOI,Sở Mới,,,agency,2025-07-01,,,test\n").await.unwrap();
    officer.patch("/api/v1/organisations/MOI", "*", &json!({ "short_name": "SM" })).await.expect(200);
    let file = TempFile::new(format!("{HEADER}MOI,Sở Mới hơn,,,agency,2025-07-01,,,test\n").as_bytes());
    let report = load(&app.state, &file.sheet()).await.unwrap();
    assert_eq!(report.to_string(), "1 rows, nothing changed, 1 edited here and left as they are");
    assert_eq!(body(&officer, "MOI", "2026-01-01").await["name"], "Sở Mới");
}

#[tokio::test]
async fn the_real_bodies_of_two_provinces_load_twice_without_effect() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let all = "SELECT concat_ws(' ', count(*), sum(version), (SELECT count(*) FROM organisation_successions),
                      (SELECT count(*) FROM audit_events)) FROM organisations";
    let before = app.sql(all).await;
    load_real_bodies(&app).await;
    assert_eq!(app.sql(all).await, before);
    let successions = app.sql("SELECT count(*) FROM organisation_successions").await;
    assert_eq!(successions, "24", "22 of agencies, 2 of Unions");
}

/// A file in the form of a list of associations: no codes, no abbreviations, no parents.
const ASSOCIATIONS: &str = "name_vi,name_en,kind,scope,province_code,science_field,member_of,status,valid_from,valid_to,\
                            establishment_decision,note,source\n";

async fn loaded_text(app: &TestApp, text: &str) -> Result<String, String> {
    let file = TempFile::new(text.as_bytes());
    load(&app.state, &file.sheet()).await.map(|loaded| loaded.to_string()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_list_without_codes_tells_bodies_by_their_names() {
    let app = TestApp::start().await;
    let row = |name: &str| format!("{ASSOCIATIONS}{name},,association,province,08,,,active,,,,,test\n");
    // the same first letters are not the same body
    loaded_text(&app, &row("Hội Quang Minh Xanh")).await.unwrap();
    loaded_text(&app, &row("Hội Quế Mộc Xuân")).await.unwrap();
    let codes = "SELECT string_agg(code, ' ' ORDER BY code) FROM organisations WHERE code LIKE 'HQMX%'";
    assert_eq!(app.sql(codes).await, "HQMX HQMX-2");
    for name in ["Hội Quế Mộc Xuân", "Hội Quang Minh Xanh"] {
        assert_eq!(loaded_text(&app, &row(name)).await.unwrap(), "1 rows, nothing changed", "{name}");
    }
    assert_eq!(body(&app.nobody(), "HQMX", "2026-01-01").await["name"], "Hội Quang Minh Xanh");
    // nor is the same name in another province
    let elsewhere = format!("{ASSOCIATIONS}Hội Quang Minh Xanh,,association,province,01,,,active,,,,,test\n");
    assert_eq!(loaded_text(&app, &elsewhere).await.unwrap(), "1 rows, 1 new or changed");
    assert_eq!(app.sql(codes).await, "HQMX HQMX-2 HQMX-3");
    // a name nobody could make letters of, and a very long one
    let long = format!("Hội {}", "một ".repeat(60));
    for name in ["中文", long.as_str()] {
        assert_eq!(loaded_text(&app, &row(name)).await.unwrap(), "1 rows, 1 new or changed", "{name}");
    }
}

#[tokio::test]
async fn a_list_without_codes_finds_the_unions_that_came_from_another_file() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let unions = include_str!("../../../data/tuyen_quang/unions.csv");
    let mut reader = csv_rows(unions);
    let header = reader.remove(0);
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows = reader.iter().map(|row| {
        let cell = |name: &str| format!("\"{}\"", row[at(name)]);
        let (from, to) = (cell("valid_from"), cell("valid_to"));
        let cells = [
            cell("name_vi"),
            cell("name_en"),
            cell("kind"),
            "province".to_owned(),
            cell("province_code"),
            String::new(),
            String::new(),
            cell("status"),
            from,
            to,
            cell("establishment_decision"),
            cell("note"),
            cell("source"),
        ];
        cells.join(",")
    });
    let text = format!("{ASSOCIATIONS}{}\n", rows.collect::<Vec<_>>().join("\n"));
    let before = app.sql("SELECT count(*) || ' ' || sum(version) FROM organisations").await;
    assert_eq!(loaded_text(&app, &text).await.unwrap(), "4 rows, nothing changed");
    assert_eq!(app.sql("SELECT count(*) || ' ' || sum(version) FROM organisations").await, before);
    let union = body(&app.nobody(), "LHH-TQ", "2026-01-01").await;
    assert_eq!((&union["short_name"], &union["parent"]["code"]), (&json!("LHH"), &json!("MTTQ-TQ")));
    // a column the file does not have takes nothing away
    loaded_text(
        &app,
        "code,name_vi,kind,valid_from,valid_to,source\nSTC-TQ,Sở Tài chính TQ,state_department,2025-07-01,,test\n",
    )
    .await
    .unwrap();
    let finance = body(&app.nobody(), "STC-TQ", "2026-01-01").await;
    assert_eq!((&finance["name"], &finance["province"]["code"]), (&json!("Sở Tài chính TQ"), &json!("08")));
    assert_eq!((&finance["short_name"], finance["predecessors"].as_array().unwrap().len()), (&json!("STC"), 2));
}

/// The cells of a small CSV file.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    for c in text.trim_end().chars() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => row.last_mut().unwrap().push(c),
        }
    }
    rows
}

#[tokio::test]
async fn a_file_that_says_otherwise_is_followed() {
    let app = TestApp::start().await;
    let file = |old: &str| format!("{old}Y,Sở Y,,,agency,2020-01-01,,,test\nZ,Sở Z,,,agency,2010-01-01,,,test\n");
    let heirs = async || {
        let old = body(&app.nobody(), "X", "2026-01-01").await;
        let heirs = old["successors"].as_array().unwrap();
        heirs.iter().map(|heir| format!("{} {}", heir["kind"], heir["organisation"]["code"])).collect::<Vec<_>>()
    };
    for (row, expected) in [
        ("X,Sở X,,,agency,,2019-12-31,Y,test\n", vec!["\"consolidated\" \"Y\""]),
        ("X,Sở X,,,agency,,2019-12-31,Z,test\n", vec!["\"merged_into\" \"Z\""]),
        ("X,Sở X,,,agency,,2021-12-31,Y,test\n", vec!["\"merged_into\" \"Y\""]),
        ("X,Sở X,,,agency,,2021-12-31,,test\n", vec![]),
        ("X,Sở X,,,agency,,2019-12-31,Y,test\n", vec!["\"consolidated\" \"Y\""]),
        ("X,Sở X,,,agency,,,,test\n", vec![]),
    ] {
        assert_eq!(loaded(&app, &file(row)).await.map(|(rows, changed)| (rows, changed > 0)), Ok((3, true)), "{row}");
        assert_eq!(heirs().await, expected, "{row}");
        assert_eq!(loaded(&app, &file(row)).await, Ok((3, 0)), "{row}");
    }
}
