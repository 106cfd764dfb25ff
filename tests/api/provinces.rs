//! `/provinces`: as they stood on a day, who took whose place, and databases that knew only those of today.

use expert_bank::kernel::clock::today;
use expert_bank::reference::load::provinces;
use expert_bank::reference::{check_as_of, province_heirs, store};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fields::TempFile;
use crate::support::TestApp;
use crate::support::bank::{change, enter, listed, path, text};

async fn on(app: &TestApp, day: &str) -> Vec<Value> {
    let page = app.nobody().get(&format!("/api/v1/provinces?as_of={day}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

fn of_code<'a>(items: &'a [Value], code: &str) -> &'a Value {
    items.iter().find(|item| item["code"] == code).unwrap()
}

async fn load(app: &TestApp, text: &str) -> Result<usize, String> {
    let file = TempFile::new(text.as_bytes());
    provinces(&app.state, &file.sheet()).await.map(|loaded| loaded.changed).map_err(|error| error.to_string())
}

#[tokio::test]
async fn provinces_are_those_of_the_day_asked_for() {
    let app = TestApp::start().await;
    assert_eq!(listed(&app.nobody(), "/api/v1/provinces", "code").await.len(), 34);
    for (day, count, code, name, kind) in [
        ("2008-08-01", 63, "15", "Yên Bái", "tỉnh"),
        ("2012-11-07", 63, "02", "Hà Giang", "tỉnh"),
        ("2024-12-31", 63, "46", "Thừa Thiên Huế", "tỉnh"),
        ("2025-01-01", 63, "46", "Huế", "thành phố"),
        ("2025-06-30", 63, "15", "Yên Bái", "tỉnh"),
        ("2025-07-01", 34, "15", "Lào Cai", "tỉnh"),
        ("2026-04-29", 34, "75", "Đồng Nai", "tỉnh"),
        ("2026-04-30", 34, "75", "Đồng Nai", "thành phố"),
        ("2099-12-31", 34, "08", "Tuyên Quang", "tỉnh"),
    ] {
        let items = on(&app, day).await;
        assert_eq!(items.len(), count, "{day}");
        let found = of_code(&items, code);
        assert_eq!((text(&found["name"]), text(&found["kind"])), (name, kind), "{day}");
    }
    for query in ["as_of=yesterday", "as_of=2025-02-30", "as_of=", "q=x", "as_of=2025-01-01&as_of=2025-01-02"] {
        assert_eq!(app.nobody().get(&format!("/api/v1/provinces?{query}")).await.places(400).len(), 1, "{query}");
    }
}

#[tokio::test]
async fn a_province_that_is_over_names_the_one_that_took_its_place() {
    let app = TestApp::start().await;
    let before = on(&app, "2025-06-30").await;
    let merged = json!({ "code": "08", "name": "Tuyên Quang", "from": "2025-07-01" });
    for code in ["02", "08"] {
        assert_eq!(of_code(&before, code)["succeeded_by"], merged, "{code}");
    }
    assert_eq!(
        before.iter().filter(|item| item["valid_to"].is_null()).count(),
        11,
        "the merger left eleven as they were"
    );
    let city = json!({ "code": "75", "name": "Đồng Nai", "from": "2026-04-30" });
    assert_eq!(of_code(&on(&app, "2026-04-29").await, "75")["succeeded_by"], city);
    let today = on(&app, &today().to_string()).await;
    let tuyen_quang = json!({
        "code": "08", "name": "Tuyên Quang", "kind": "tỉnh", "valid_from": "2025-07-01", "valid_to": null,
        "succeeded_by": null
    });
    assert!(today.contains(&tuyen_quang));
    let ends_without_heir = "SELECT count(*) FROM provinces WHERE (valid_to IS NULL) <> (succeeded_by IS NULL)";
    assert_eq!(app.sql(ends_without_heir).await, "0");

    let mut conn = app.state.db.conn().await.unwrap();
    let rows = store::provinces(&mut conn).await.unwrap();
    let id = |code: &str, day: &str| {
        rows.iter().find(|(_, row)| row.code == code && row.lives_on(day.parse().unwrap())).unwrap().0
    };
    let heir = province_heirs::at(&rows, id("70", "2012-11-07"), "2026-05-01".parse().unwrap());
    assert_eq!(heir, id("75", "2026-05-01"), "Bình Phước became Đồng Nai, which became a municipality");
}

#[tokio::test]
async fn a_day_before_the_register_is_refused_with_its_first_day() {
    let app = TestApp::start().await;
    let place = "/api/v1/provinces?as_of=2008-07-31";
    for (language, word) in [("vi", "từ ngày 2008-08-01"), ("en", "begins on 2008-08-01")] {
        let answer = app.nobody().send(Method::GET, place, &[("accept-language", language)], None).await;
        let problem = answer.problem(422);
        assert_eq!(problem["code"], "invalid");
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), ("/as_of", "before_register"));
        assert!(text(&error["detail"]).contains(word), "{error}");
    }
    assert_eq!(app.nobody().get("/api/v1/provinces?as_of=-0001-01-01").await.places(422), ["/as_of"]);
    let earlier = "code,name,type,valid_from,valid_to,succeeded_by\n15,Yên Bái,tỉnh,1991-08-12,2025-06-30,15\n";
    assert_eq!(load(&app, earlier).await, Ok(1));
    let known = on(&app, "2008-07-31").await;
    assert_eq!(known.iter().map(|item| text(&item["name"])).collect::<Vec<_>>(), ["Yên Bái"]);
    expert_bank::start::load_reference(&app.state, None).await.unwrap();
    assert_eq!(on(&app, "2008-07-31").await, known, "what is known of earlier days stays");

    let mut conn = app.state.db.conn().await.unwrap();
    assert_eq!(check_as_of(&mut conn, None).await.unwrap(), today());
    change(&app, "DELETE FROM expert_fields; UPDATE experts SET province_id = NULL; UPDATE organisation_versions SET province_id = NULL; DELETE FROM provinces").await;
    let day = "1800-01-01".parse().unwrap();
    assert_eq!(check_as_of(&mut conn, Some(day)).await.unwrap(), day, "an empty register has no first day");
}

/// The database as it was when the register held the provinces of today only.
const ONLY_TODAY: &str = "
    UPDATE provinces SET succeeded_by = NULL;
    UPDATE experts SET province_id = (SELECT id FROM provinces WHERE (code, valid_from) = ('75', '2025-07-01'))
     WHERE province_id = (SELECT id FROM provinces WHERE (code, valid_from) = ('75', '2026-04-30'));
    UPDATE organisation_versions v SET province_id = later.id FROM provinces earlier JOIN provinces later USING (code)
     WHERE earlier.id = v.province_id AND earlier.valid_to < '2025-07-01' AND later.valid_from = '2025-07-01';
    DELETE FROM provinces WHERE NOT '2025-07-01' BETWEEN valid_from AND coalesce(valid_to, 'infinity');
    UPDATE provinces SET valid_from = '2025-07-01', valid_to = NULL";

const REFERRED: &str = "
    SELECT string_agg(concat_ws(' ', e.code, p.id, p.code, p.name), ',' ORDER BY e.code)
      FROM experts e JOIN provinces p ON p.id = e.province_id";

const OF_THE_MERGER: &str = "
    SELECT string_agg(concat_ws(' ', id, code, name), ',' ORDER BY id) FROM provinces
     WHERE '2025-07-01' BETWEEN valid_from AND coalesce(valid_to, 'infinity')";

#[tokio::test]
async fn a_database_that_knew_only_today_keeps_its_rows_and_what_refers_to_them() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = json!({ "full_name": "Nguyễn Văn Mẫu", "province": "Đồng Nai" });
    let expert = enter(&officer, &form).await;
    enter(&officer, &json!({ "full_name": "Lò Thị Mẫu", "province": "Huế" })).await;
    change(&app, ONLY_TODAY).await;
    let (rows, referred) = (app.sql(OF_THE_MERGER).await, app.sql(REFERRED).await);
    assert_eq!(app.sql("SELECT count(*) FROM provinces").await, "34");
    assert_eq!(app.nobody().get("/api/v1/provinces?as_of=2025-06-30").await.places(422), ["/as_of"]);

    expert_bank::start::load_reference(&app.state, None).await.unwrap();
    assert_eq!(app.sql(REFERRED).await, referred, "every expert has the row they had");
    for (day, count) in [("2012-11-07", 63), ("2025-06-30", 63), ("2025-07-01", 34), ("2026-04-30", 34)] {
        let codes: Vec<Value> = on(&app, day).await.iter().map(|item| item["code"].clone()).collect();
        let distinct: std::collections::BTreeSet<&str> = codes.iter().map(text).collect();
        assert_eq!((codes.len(), distinct.len()), (count, count), "{day}");
    }
    assert_eq!(app.sql(OF_THE_MERGER).await, rows, "every province has the row it had");
    let again = app.sql("SELECT count(*) FROM audit_events").await;
    expert_bank::start::load_reference(&app.state, None).await.unwrap();
    assert_eq!(app.sql("SELECT count(*) FROM audit_events").await, again, "a second time changes nothing");

    // a province that has ended since stays with the expert until somebody says otherwise
    let etag = officer.get(&path(&expert)).await.header("etag");
    let patched = officer.patch(&path(&expert), &etag, &json!({ "position": "Giảng viên" })).await.expect(200);
    assert_eq!(patched["province"], json!({ "code": "75", "name": "Đồng Nai" }));
    let fields = format!(
        "SELECT array_to_string(fields, ',') FROM audit_events WHERE subject_id = '{}' AND action = 'experts.update'",
        text(&expert["id"])
    );
    assert_eq!(app.sql(&fields).await, "position");
}

#[tokio::test]
async fn an_older_file_takes_nothing_back() {
    let app = TestApp::start().await;
    let all = "SELECT md5(string_agg(p::text, ';' ORDER BY id)) FROM provinces p";
    let before = app.sql(all).await;
    let rows = on(&app, "2025-07-01").await;
    let line =
        |row: &Value| format!("{},{},{},2025-07-01\n", text(&row["code"]), text(&row["name"]), text(&row["kind"]));
    let (ended, living): (Vec<&Value>, Vec<&Value>) = rows.iter().partition(|row| row["code"] == "75");
    let file = |rows: &[&Value]| {
        format!("code,name,type,valid_from\n{}", rows.iter().map(|row| line(row)).collect::<String>())
    };
    assert_eq!((living.len(), load(&app, &file(&living)).await), (33, Ok(0)));
    let fault = load(&app, &file(&ended)).await.unwrap_err();
    assert!(fault.contains("line 2, column valid_from: at that time `75` is Đồng Nai, from 2026-04-30"), "{fault}");
    assert_eq!(app.sql(all).await, before);
}

#[tokio::test]
async fn loads_at_the_same_time_enter_a_province_once() {
    let app = TestApp::start().await;
    let file = "code,name,type,valid_from,valid_to,succeeded_by\n98,Mẫu,tỉnh,2030-01-01,2030-12-31,99\n\
                99,Mới,tỉnh,2031-01-01,,\n";
    let loads = futures_util::future::join_all((0..4).map(|_| load(&app, file))).await;
    let mut changed: Vec<usize> = loads.into_iter().map(Result::unwrap).collect();
    changed.sort_unstable();
    assert_eq!(changed, [0, 0, 0, 2]);
    assert_eq!(of_code(&on(&app, "2030-06-01").await, "98")["succeeded_by"]["code"], "99");
}
