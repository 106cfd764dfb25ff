//! `load associations FILE`.

use expert_bank::associations::load::load;
use serde_json::{Value, json};

use super::PATH;
use crate::fields::TempFile;
use crate::support::bank::{listed, load_real_bodies};
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
    ] {
        let error = loaded(&app, row).await.unwrap_err();
        assert!(error.contains(fault), "{row}: {error}");
    }
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
