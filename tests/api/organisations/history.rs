//! An organisation as it was: by id or code, on any day.

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::bank::{body, load_real_bodies, text};

const PATH: &str = "/api/v1/organisations";

#[tokio::test]
async fn in_2012_and_today_the_register_differs_as_it_did_in_reality() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let nobody = app.nobody();
    let then = body(&nobody, "UBND-HG", "2012-11-07").await;
    assert_eq!((&then["state"], &then["name"]), (&json!("active"), &json!("Ủy ban nhân dân tỉnh Hà Giang")));
    assert_eq!(then["province"], json!({ "code": "02", "name": "Hà Giang" }));
    assert_eq!((&then["valid_to"], &then["successors"]), (&Value::Null, &json!([])), "the future was not known");
    let now = nobody.get(&format!("{PATH}/UBND-HG")).await.expect(200);
    assert_eq!((&now["state"], &now["valid_to"]), (&json!("ended"), &json!("2025-06-30")));
    assert_eq!(now["province"], json!({ "code": "08", "name": "Tuyên Quang" }));
    assert_eq!((&now["today"][0]["code"], &now["successors"][0]["kind"]), (&json!("UBND-TQ"), &json!("consolidated")));
    assert_eq!(now["successors"][0]["effective_on"], "2025-07-01");
    let heir = nobody.get(&format!("{PATH}/UBND-TQ")).await.expect(200);
    assert_eq!(
        (&heir["state"], &heir["predecessors"][0]["organisation"]["code"]),
        (&json!("active"), &json!("UBND-HG"))
    );
    let early = nobody.get(&format!("{PATH}/UBND-TQ?as_of=2025-06-30")).await.problem(404);
    assert!(text(&early["detail"]).contains("2025-07-01"), "{early}");
}

#[tokio::test]
async fn the_unions_were_consolidated_on_30_july_2025() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let nobody = app.nobody();
    for (code, day, state) in [
        ("LHH-HG", "2012-11-07", "active"),
        ("LHH-HG", "2025-07-29", "active"),
        ("LHH-HG", "2025-07-30", "ended"),
        ("LHH-TQ-CU", "2025-07-29", "active"),
        ("LHH-TQ-CU", "2025-07-30", "ended"),
        ("LHH-TQ", "2025-07-30", "active"),
    ] {
        assert_eq!(body(&nobody, code, day).await["state"], state, "{code} {day}");
    }
    let union = nobody.get(&format!("{PATH}/LHH-TQ")).await.expect(200);
    let old: Vec<&str> =
        union["predecessors"].as_array().unwrap().iter().map(|old| text(&old["organisation"]["code"])).collect();
    assert_eq!(old, ["LHH-HG", "LHH-TQ-CU"]);
    let decision = &union["predecessors"][0]["document"];
    assert_eq!(decision["number"]["text"], "385-QĐ/UBND");
    assert_eq!((&decision["date"], &decision["issuer"]), (&json!("2025-07-30"), &json!("UBND tỉnh Tuyên Quang")));
    assert_eq!(
        (&union["parent"]["code"], &union["predecessors"][1]["kind"]),
        (&json!("MTTQ-TQ"), &json!("consolidated"))
    );
    assert_eq!(union["name"], "Liên hiệp các Hội Khoa học và Kỹ thuật tỉnh Tuyên Quang");
    let founded = body(&nobody, "LHH-HG", "2012-11-07").await;
    assert_eq!(
        (&founded["valid_from"], &founded["document"]["number"]["style"]),
        (&json!("2006-05-09"), &json!("state"))
    );
}

#[tokio::test]
async fn a_body_that_lives_on_moves_with_its_province() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let place = async |day: &str| body(&app.nobody(), "SCH-44", day).await["province"]["name"].clone();
    assert_eq!([place("2012-11-07").await, place("2025-07-01").await], ["Hà Giang", "Tuyên Quang"]);
}

#[tokio::test]
async fn a_history_and_candidates_are_those_of_the_day() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let officer = app.sign_in("union_officer").await;
    let ends = async |day: &str| {
        officer.get(&format!("{PATH}/UBND-HG/history?as_of={day}")).await.expect(200)["items"][0]["valid_to"].clone()
    };
    assert_eq!([ends("2012-11-07").await, ends("2025-07-01").await], [Value::Null, json!("2025-06-30")]);
    officer.get(&format!("{PATH}/UBND-TQ/history?as_of=2012-11-07")).await.problem(404);
    for (day, code) in [("2012-11-07", "SKHDT-HG"), ("2025-07-01", "STC-TQ")] {
        let path = format!("{PATH}/candidates?text=So%20Ke%20hoach%20va%20Dau%20tu&as_of={day}");
        assert_eq!(officer.get(&path).await.expect(200)["items"][0]["organisation"]["code"], code, "{day}");
    }
}

#[tokio::test]
async fn what_is_nowhere_is_not_found() {
    let app = TestApp::start().await;
    for key in ["00000000-0000-0000-0000-000000000000", "NOWHERE", "%00"] {
        app.nobody().get(&format!("{PATH}/{key}")).await.problem(404);
        app.nobody().get(&format!("{PATH}/{key}/history")).await.problem(404);
    }
    assert_eq!(app.nobody().get(&format!("{PATH}/LHH-DEMO?day=1")).await.places(400), ["/day"]);
}
