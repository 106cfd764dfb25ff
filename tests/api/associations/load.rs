//! `load associations FILE`.

use expert_bank::associations::load::load;
use serde_json::{Value, json};

use super::PATH;
use crate::fields::TempFile;
use crate::support::bank::{listed, load_real_bodies, text};
use crate::support::{Caller, TestApp};

const HEADER: &str = "code,name_vi,kind,scope,province_code,science_field,member_of,valid_from,valid_to,source\n";

async fn loaded(app: &TestApp, rows: &str) -> Result<(usize, usize, usize), String> {
    let file = TempFile::new(format!("{HEADER}{rows}").as_bytes());
    let loaded = load(&app.state, &file.sheet()).await.map_err(|error| error.to_string())?;
    Ok((loaded.rows, loaded.changed, loaded.left))
}

async fn read(caller: &Caller<'_>, code: &str) -> Value {
    caller.get(&format!("{PATH}/{code}")).await.expect(200)
}

#[tokio::test]
async fn the_sourced_associations_of_tuyen_quang_are_there() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let file = TempFile::new(include_bytes!("../../../data/tuyen_quang/associations.csv"));
    let first = load(&app.state, &file.sheet()).await.unwrap();
    assert_eq!((first.rows, first.changed, first.skipped), (16, 16, 0));
    let again = load(&app.state, &file.sheet()).await.unwrap();
    assert_eq!((again.changed, again.left), (0, 0), "a second time without effect");
    let gardeners = read(&app.nobody(), "HLV-TQ").await;
    assert_eq!((&gardeners["fields"][0]["code"], &gardeners["scope"]), (&json!("401"), &json!("province")));
    assert_eq!(gardeners["unions"], json!([]), "the source does not say that it is a member");
    let officer = app.sign_in("union_officer").await;
    let before = officer.get(&format!("{PATH}/HDY-HG?as_of=2020-06-01")).await.expect(200);
    assert_eq!(before["province"]["name"], "Hà Giang");
    assert_eq!(read(&officer, "HDY-HG").await["province"]["name"], "Tuyên Quang", "its province is another one today");
    let union = read(&officer, "LHH-HG").await;
    assert_eq!((&union["status"], &union["kind"]), (&json!("consolidated"), &json!("union")));
}

#[tokio::test]
async fn a_load_leaves_alone_what_was_edited_and_leaves_out_what_is_typical() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let rows = "X1,Hội Một,association,province,08,401,LHH-DEMO,2020-01-01,,t\n\
                X2,Hội Hai,association,commune,08,404,unknown,,,t\nX3,Hội Mẫu,association_typical,province,08,404,,,,t\n";
    assert_eq!(loaded(&app, rows).await, Ok((3, 2, 0)));
    let first = read(&officer, "X1").await;
    assert_eq!(
        (&first["unions"][0]["union"]["code"], &first["unions"][0]["valid_from"]),
        (&json!("LHH-DEMO"), &json!("2025-07-30"))
    );
    assert_eq!(read(&officer, "X2").await["scope"], "commune");
    officer.get(&format!("{PATH}/X3")).await.problem(404);
    officer.patch(&format!("{PATH}/X2"), "*", &json!({ "phone": "0207 3822 000" })).await.expect(200);
    let other = rows.replace("404,unknown", "401,unknown");
    assert_eq!(loaded(&app, &other).await.map(|(_, _, left)| left), Ok(1));
    assert_eq!(read(&officer, "X2").await["fields"][0]["code"], "404");
    for (row, fault) in [
        ("X4,Hội Bốn,association,galaxy,08,404,,,,t\n", "column scope: `galaxy`"),
        ("X4,Hội Bốn,association,province,08,99999,,,,t\n", "column science_field: there is no field `99999`"),
        ("X4,Hội Bốn,association,province,XX,404,,,,t\n", "column province_code"),
        ("X4,Hội Bốn,association,province,08,404,LHH-XYZ,,,t\n", "column member_of: there is no Union `LHH-XYZ`"),
    ] {
        let error = loaded(&app, row).await.unwrap_err();
        assert!(error.contains(fault), "{row}: {error}");
    }
}

#[tokio::test]
async fn a_file_says_what_founded_it_how_it_stands_and_where_it_belongs() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let unions = TempFile::new(include_bytes!("../../../data/tuyen_quang/unions.csv"));
    assert_eq!(load(&app.state, &unions.sheet()).await.unwrap().changed, 4);
    let officer = app.sign_in("union_officer").await;
    for (code, from) in [("LHH-TQ", json!("2025-07-30")), ("LHH-HG", json!("2006-05-09")), ("LHH-TQ-CU", Value::Null)] {
        let unions = officer.get(&format!("{PATH}/{code}/union-memberships")).await.expect(200);
        let seen = &unions["items"][0];
        assert_eq!((&seen["union"]["code"], &seen["valid_from"]), (&json!("VUSTA"), &from), "{code}");
    }
    assert_eq!(read(&officer, "VUSTA").await["scope"], "national");
    assert_eq!(load(&app.state, &unions.sheet()).await.unwrap().changed, 0, "a second time without effect");
    let decision = "\"385-QĐ/UBND, 30/7/2025, UBND tỉnh Tuyên Quang\"";
    let file = |status: &str| {
        let header = "code,name_vi,kind,scope,province_code,science_field,status,valid_from,valid_to,establishment_decision,source";
        let rows: String = ["X1", "X2"]
            .map(|code| format!("{code},Hội {code},association,province,08,401,{status},2025-07-30,,{decision},t\n"))
            .concat();
        TempFile::new(format!("{header}\n{rows}").as_bytes())
    };
    let first = load(&app.state, &file("unknown").sheet()).await.unwrap();
    assert_eq!(first.assumed, 2);
    assert!(first.to_string().contains("2 of unknown status taken for active"), "{first}");
    let seen = read(&officer, "X1").await;
    assert_eq!(
        (&seen["status"], &seen["founding_document"]["number"]["text"], &seen["founding_document"]["date"]),
        (&json!("active"), &json!("385-QĐ/UBND"), &json!("2025-07-30"))
    );
    assert_eq!(seen["founding_document"]["issuer"], "UBND tỉnh Tuyên Quang");
    let error = load(&app.state, &file("asleep").sheet()).await.unwrap_err().to_string();
    assert!(error.contains("column status: `asleep`"), "{error}");
    let row = "code,name_vi,kind,scope,province_code,science_field,status,valid_from,valid_to,source\n\
        X3,Hội X3,association,province,08,401,suspended,2020-01-01,,t\n";
    let suspended = TempFile::new(row.as_bytes());
    assert_eq!(load(&app.state, &suspended.sheet()).await.unwrap().changed, 1);
    assert_eq!(read(&officer, "X3").await["status"], "suspended");
    let fieldless = TempFile::new(row.replace("X3", "X5").replace(",401,suspended", ",,active").as_bytes());
    assert_eq!(load(&app.state, &fieldless.sheet()).await.unwrap().changed, 1, "a source may not know the main field");
    let alerts = officer.get(&format!("{PATH}/alerts?kind=no_main_field&limit=100")).await.expect(200);
    let codes: Vec<&str> =
        alerts["items"].as_array().unwrap().iter().map(|item| text(&item["association"]["code"])).collect();
    assert!(codes.contains(&"X5") && !codes.contains(&"X3"), "somebody is told to enter it: {codes:?}");
    assert_eq!(load(&app.state, &suspended.sheet()).await.unwrap().changed, 0);
}

#[tokio::test]
async fn the_demo_has_terms_officers_and_members() {
    let app = TestApp::start().await;
    let codes = listed(&app.nobody(), &format!("{PATH}?limit=100"), "code").await;
    assert!(codes.len() >= 26, "{}", codes.len());
    let own = read(&app.nobody(), "HLN-DEMO").await;
    assert_eq!((&own["term"]["number"], &own["officers"][0]["position"]), (&json!(1), &json!("president")));
    assert_eq!(own["unions"][0]["union"]["code"], "LHH-DEMO");
    assert_eq!(read(&app.nobody(), "HLG-DEMO").await["term"]["number"], 2);
}
