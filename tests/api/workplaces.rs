//! `/workplaces` and `/organisations/candidates`: workplaces written as text become organisations.

use serde_json::{Value, json};

use crate::support::bank::{encode, enter, enter_body, load_lines, load_real_bodies, path, text};
use crate::support::{Caller, TestApp};

const PATH: &str = "/api/v1/workplaces";
const DECISIONS: &str = "/api/v1/workplaces/decisions";

async fn open(officer: &Caller<'_>) -> Vec<Value> {
    officer.get(&format!("{PATH}?limit=100")).await.expect(200)["items"].as_array().unwrap().clone()
}

/// The open workplaces of a test's own people: the demo has some, too.
async fn open_with(officer: &Caller<'_>, part: &str) -> Vec<Value> {
    open(officer).await.into_iter().filter(|item| text(&item["text"]).contains(part)).collect()
}

fn person(name: &str, workplace: &str, province: &str) -> Value {
    json!({ "full_name": name, "workplace": workplace, "province": province })
}

async fn workplace_of(officer: &Caller<'_>, expert: &Value) -> Value {
    officer.get(&path(expert)).await.expect(200)["workplace_id"].clone()
}

#[tokio::test]
async fn candidates_come_with_score_and_reasons() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let officer = app.sign_in("union_officer").await;
    for (query, code, score, reason) in [
        ("text=Sở Khoa học và Công nghệ Tuyên Quang", "SKHCN-TQ", 1.0, "same_name"),
        ("text=Sở KH%26CN tỉnh Tuyên Quang", "SKHCN-TQ", 0.97, "same_spelling"),
        ("text=so khcn tuyen quang&province=08", "SKHCN-TQ", 0.97, "same_spelling"),
        ("text=Sở Kế hoạch và Đầu tư tỉnh Hà Giang", "STC-TQ", 0.92, "name_and_province"),
        ("text=Sở Nội vụ&province=Tuyên Quang", "SNV-TQ", 0.92, "same_name"),
        ("text=UBND huyện Đồng Văn", "", 0.0, ""),
        ("text=Bảo tàng Sông Lô", "", 0.0, ""),
    ] {
        let query = query.split('&').map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            format!("{name}={}", encode(&value.replace("%26", "&")))
        });
        let query = query.collect::<Vec<_>>().join("&");
        let page = officer.get(&format!("/api/v1/organisations/candidates?{query}")).await.expect(200);
        let Some(first) = page["items"].as_array().unwrap().first() else {
            assert_eq!(code, "", "{query}: nothing");
            continue;
        };
        assert_eq!(first["organisation"]["code"], code, "{query}: {page}");
        assert_eq!((&first["score"], &first["reasons"][0]), (&json!(score), &json!(reason)), "{query}: {page}");
    }
    for (query, place) in
        [("text=", "/text"), ("text=%E2%80%A6", "/text"), ("text=a&province=x", "/province"), ("", "/text")]
    {
        let answer = officer.get(&format!("/api/v1/organisations/candidates?{query}")).await;
        assert_eq!(answer.places(400), [place], "{query}");
    }
}

#[tokio::test]
async fn a_certain_workplace_is_linked_by_itself_and_an_uncertain_one_is_not() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let officer = app.sign_in("union_officer").await;
    let id = app.sql("SELECT id FROM organisations WHERE code = 'STC-TQ'").await;
    for (workplace, province, expected) in [
        ("Sở Tài chính Tuyên Quang", "08", json!(id)),
        ("Sở Tài chính tỉnh Tuyên Quang", "Tuyên Quang", json!(id)),
        ("SỞ TÀI CHÍNH TUYÊN QUANG", "Hà Nội", Value::Null),
        ("Sở Tài chánh Tuyên Quang", "08", Value::Null),
        ("STC", "08", Value::Null),
    ] {
        let expert = enter(&officer, &person("Lò Thị Thử", workplace, province)).await;
        assert_eq!(expert["workplace_id"], expected, "{workplace}, {province}");
        assert_eq!(expert["workplace"], workplace, "what was written stays");
    }
    // the organisation alone brings its name; another text brings another organisation, or none
    let expert = enter(&officer, &json!({ "full_name": "Lò Văn Thử", "workplace_id": id })).await;
    assert_eq!(expert["workplace"], "Sở Tài chính Tuyên Quang");
    let patched = officer.patch(&path(&expert), "*", &json!({ "workplace": "Sở Y tế Tuyên Quang" })).await.expect(200);
    let health = app.sql("SELECT id FROM organisations WHERE code = 'SYT-TQ'").await;
    assert_eq!(patched["workplace_id"], json!(health));
    let patched = officer.patch(&path(&expert), "*", &json!({ "position": "Chuyên viên" })).await.expect(200);
    assert_eq!(patched["workplace_id"], json!(health), "a patch of something else keeps it");
    let patched = officer.patch(&path(&expert), "*", &json!({ "workplace_id": null })).await.expect(200);
    assert_eq!(patched["workplace_id"], Value::Null, "taken away on purpose");
    let patched = officer.patch(&path(&expert), "*", &json!({ "position": "Phó phòng" })).await.expect(200);
    assert_eq!(patched["workplace_id"], Value::Null, "and not given back by a patch of something else");
    let patched = officer.patch(&path(&expert), "*", &json!({ "workplace": "Nhà riêng" })).await.expect(200);
    assert_eq!(patched["workplace_id"], Value::Null);
}

#[tokio::test]
async fn an_accepted_spelling_is_remembered_for_its_province() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let officer = app.sign_in("union_officer").await;
    let people = [
        enter(&officer, &person("Lò Thị Một", "Sở Tài chánh TQ", "08")).await,
        enter(&officer, &person("Lò Thị Hai", "sở tài chánh  TQ", "08")).await,
        enter(&officer, &person("Lò Thị Ba", "Sở Tài chánh TQ", "01")).await,
    ];
    let seen = open_with(&officer, "chánh").await;
    assert_eq!(seen.iter().map(|item| &item["people"]).collect::<Vec<_>>(), [2, 1], "{seen:?}");
    assert_eq!(seen[0]["province"]["code"], "08");
    let id = app.sql("SELECT id FROM organisations WHERE code = 'STC-TQ'").await;
    let body = json!({ "decisions": [{ "text": "Sở Tài chánh TQ", "province": "08", "organisation_id": id }] });
    let answer = officer.post(DECISIONS, &body).await;
    let location = answer.header("location");
    let decided = answer.expect(201);
    assert_eq!(
        (&decided["items"][0]["people"], &decided["items"][0]["organisation"]["code"]),
        (&json!(2), &json!("STC-TQ"))
    );
    assert_eq!(officer.get(&location).await.expect(200), decided);
    let linked = [
        workplace_of(&officer, &people[0]).await,
        workplace_of(&officer, &people[1]).await,
        workplace_of(&officer, &people[2]).await,
    ];
    assert_eq!(linked, [json!(id), json!(id), Value::Null], "another province may mean another body");
    let next = enter(&officer, &person("Lò Thị Tư", "SỞ TÀI CHÁNH TQ", "08")).await;
    assert_eq!(next["workplace_id"], json!(id), "the next one asks nobody");
    let body = json!({ "decisions": [{ "text": "Sở Tài chánh TQ", "province": "01", "organisation_id": id }] });
    let other = officer.post(DECISIONS, &body).await.expect(201);
    assert_eq!(other["items"][0]["people"], 1, "those of that province");
    // a later decision counts for those to come and mends the earlier one for those it was about
    let other = app.sql("SELECT id FROM organisations WHERE code = 'SNV-TQ'").await;
    let body = json!({ "decisions": [{ "text": "Sở Tài chánh TQ", "province": "08", "organisation_id": other }] });
    assert_eq!(officer.post(DECISIONS, &body).await.expect(201)["items"][0]["people"], 3);
    let next = enter(&officer, &person("Lò Thị Năm", "Sở Tài chánh TQ", "08")).await;
    assert_eq!(next["workplace_id"], json!(other));
    assert_eq!(workplace_of(&officer, &people[0]).await, json!(other));
    let first = officer.get(&location).await.expect(200);
    assert_eq!(first["items"][0]["people"], 0, "what was decided first is still to be read");
    // a correction of the register leaves accepted spellings alone
    officer.patch("/api/v1/organisations/SNV-TQ", "*", &json!({ "note": "x" })).await.expect(200);
    let next = enter(&officer, &person("Lò Thị Sáu", "Sở Tài chánh TQ", "08")).await;
    assert_eq!(next["workplace_id"], json!(other));
    // a spelling counts when it is the very text, and is shown to nobody
    let department = app.sign_in("science_dept").await;
    let candidates = async |text: &str| {
        let path = format!("/api/v1/organisations/candidates?province=08&text={}", encode(text));
        department.get(&path).await.expect(200)["items"].as_array().unwrap().clone()
    };
    let seen = candidates("Sở Tài chánh TQ").await;
    assert_eq!(
        (&seen[0]["reasons"][0], &seen[0]["matched_name"]),
        (&json!("accepted_before"), &json!("Sở Nội vụ Tuyên Quang"))
    );
    let seen = candidates("Sở Tài chánh TQ 2").await;
    assert!(seen.iter().all(|item| !text(&item["matched_name"]).contains("chánh")), "{seen:?}");
    // and the public finds nothing by a spelling from people's records
    let public = app.nobody().get("/api/v1/organisations?q=chanh").await.expect(200);
    assert!(public["items"].as_array().unwrap().iter().all(|item| item["matched"]["approximate"] == true), "{public}");
}

#[tokio::test]
async fn decisions_that_cannot_be_are_named_and_none_is_taken() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let officer = app.sign_in("union_officer").await;
    let old = app.sql("SELECT id FROM organisations WHERE code = 'STC-HG'").await;
    let id = app.sql("SELECT id FROM organisations WHERE code = 'STC-TQ'").await;
    let good = json!({ "text": "Chỗ Tốt", "organisation_id": id });
    for (bad, place) in [
        (json!({ "text": "Sở", "organisation_id": old }), "/decisions/1/organisation_id"),
        (
            json!({ "text": "Sở", "organisation_id": "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d" }),
            "/decisions/1/organisation_id",
        ),
        (json!({ "text": "Sở" }), "/decisions/1"),
        (json!({ "text": "Sở", "organisation_id": id, "create": { "kind": "agency" } }), "/decisions/1"),
        (json!({ "text": "…", "organisation_id": id }), "/decisions/1/text"),
        (json!({ "text": "Sở", "province": "Hà Giang", "organisation_id": id }), "/decisions/1/province"),
        (json!({ "text": "Chỗ  tốt", "organisation_id": id }), "/decisions/1"),
        (
            json!({ "text": "Sở Y tế Tuyên Quang", "province": "08", "create": { "kind": "agency" } }),
            "/decisions/1/create/name",
        ),
        (json!({ "text": "Sở", "create": { "kind": "ministry" } }), "/decisions/1/create/kind"),
    ] {
        let answer = officer.post(DECISIONS, &json!({ "decisions": [good, bad] })).await;
        assert_eq!(answer.places(422), [place], "{bad}");
    }
    let many = vec![good; 101];
    assert_eq!(officer.post(DECISIONS, &json!({ "decisions": many })).await.places(422), ["/decisions"]);
    assert_eq!(officer.post(DECISIONS, &json!({ "decisions": [] })).await.places(422), ["/decisions"]);
    assert_eq!(app.sql("SELECT count(*) FROM organisation_names WHERE kind = 'workplace'").await, "0");
    officer.get(&format!("{DECISIONS}/01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d")).await.problem(404);
    let auditor = app.sign_in("auditor").await;
    auditor.get(PATH).await.expect(200);
    auditor.post(DECISIONS, &json!({ "decisions": [] })).await.problem(403);
}

/// Records of an import: 40 people at 20 workplaces, each spelled in two ways.
fn import() -> Vec<u8> {
    let record = |n: usize| {
        let (school, abbreviated) = (format!("Trường Đại học Thử {}", n / 2), format!("Trường ĐH Thử {}", n / 2));
        json!({
            "external_id": format!("W-{n}"), "full_name": format!("Nông Văn {}", ["An", "Bình", "Chi", "Dung"][n % 4]),
            "workplace": if n.is_multiple_of(2) { school } else { abbreviated }, "province": "Thái Nguyên",
        })
    };
    (0..40).map(|n| format!("{}\n", record(n))).collect::<String>().into_bytes()
}

#[tokio::test]
async fn an_import_becomes_organisations_and_the_next_one_needs_nobody() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    load_lines(&app, &import(), false).await;
    let seen = open_with(&officer, "Thử").await;
    assert_eq!(seen.len(), 20, "two spellings are one workplace");
    assert!(seen.iter().all(|item| item["people"] == 2 && item["proposal"] == "create"), "{seen:?}");
    let decisions: Vec<&Value> = seen.iter().map(|item| &item["decision"]).collect();
    let decided = officer.post(DECISIONS, &json!({ "decisions": decisions })).await.expect(201);
    assert_eq!(decided["items"].as_array().unwrap().len(), 20);
    assert_eq!(decided["items"][0]["province"]["name"], "Thái Nguyên");
    assert!(open_with(&officer, "Thử").await.is_empty());
    let linked = "SELECT count(*) || ' ' || count(DISTINCT workplace_id) FROM experts WHERE workplace LIKE '%Thử%' AND workplace_id IS NOT NULL";
    assert_eq!(app.sql(linked).await, "40 20");
    // loading the same file again: nobody edited these people, nothing changed
    let report = load_lines(&app, &import(), false).await;
    assert_eq!((report.unchanged, report.conflicts.len()), (40, 0), "{report}");
    // a new file with the same workplaces asks nobody
    let next = String::from_utf8(import()).unwrap().replace("W-", "V-").into_bytes();
    load_lines(&app, &next, false).await;
    assert!(open_with(&officer, "Thử").await.is_empty());
    assert_eq!(app.sql(linked).await, "80 20");
    let told = "SELECT count(*) FROM audit_events WHERE 'workplace_id' = ANY(fields) AND action = 'experts.update'";
    assert_eq!(app.sql(told).await, "40", "each person's history says so");
}

#[tokio::test]
async fn proposals_link_what_is_sure_and_leave_the_choice_where_it_is_not() {
    let app = TestApp::start().await;
    load_real_bodies(&app).await;
    let officer = app.sign_in("union_officer").await;
    for name in ["Bệnh viện Phổi Sông Lô", "Bệnh viện Phổi Sông Lô Hai"] {
        enter_body(&officer, &json!({ "kind": "institution", "name": name })).await;
    }
    enter(&officer, &person("Lò Thị Một", "Sở Kế hoạch và Đầu tư tỉnh Hà Giang", "08")).await;
    enter(&officer, &person("Lò Thị Hai", "Bệnh viện Phổi vùng Sông Lô", "08")).await;
    let proposal = async |part: &str| {
        let item = open_with(&officer, part).await.remove(0);
        (item["proposal"].clone(), item["decision"].clone(), item["candidates"].clone())
    };
    let (seen, decision, candidates) = proposal("Đầu tư").await;
    assert_eq!(seen, "link", "{candidates}");
    assert_eq!(candidates[0]["organisation"]["code"], "STC-TQ");
    officer.post(DECISIONS, &json!({ "decisions": [decision] })).await.expect(201);
    let (seen, decision, candidates) = proposal("Phổi").await;
    assert_eq!((seen, decision), (json!("choose"), Value::Null), "{candidates}");
}

#[tokio::test]
async fn a_walk_over_open_workplaces_shows_each_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for n in 0..9 {
        for _ in 0..n % 3 {
            enter(&officer, &person("Lò Thị Đi", &format!("Xưởng Đi {n}"), ["01", "08"][n % 2])).await;
        }
        enter(&officer, &json!({ "full_name": "Lò Thị Bộ", "workplace": format!("Xưởng Đi {n}") })).await;
    }
    let whole = open(&officer).await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = officer.get(&format!("{PATH}?limit=4{cursor}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().cloned());
        match page.get("next_cursor") {
            Some(next) => cursor = format!("&cursor={}", encode(text(next))),
            None => break,
        }
    }
    assert_eq!(seen, whole);
}

#[tokio::test]
async fn what_is_no_more_and_what_is_to_come_stands_in_nobodys_way() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = |n: usize| json!({ "kind": "agency", "name": format!("Sở Nước Sạch {n}"), "valid_to": "2020-12-31" });
    for n in 0..90 {
        enter_body(&officer, &form(n)).await;
    }
    enter_body(&officer, &json!({ "code": "SONG", "kind": "agency", "name": "Sở Nước Sạch Sông Lô" })).await;
    let rename = json!({ "kind": "renamed", "successors": [{ "name": "Sở Nước Ngầm" }], "effective_on": "2099-01-01" });
    let path = "/api/v1/organisations/SONG/succeed";
    officer.send(reqwest::Method::POST, path, &[("if-match", "*")], Some(&rename)).await.expect(200);
    let first = async |query: &str| {
        let path = format!("/api/v1/organisations/candidates?text={query}");
        officer.get(&path).await.expect(200)["items"][0]["organisation"]["code"].clone()
    };
    assert_eq!(first("So%20Nuoc%20Sach").await, "SONG");
    assert_eq!(first("So%20Nuoc%20Ngam").await, Value::Null);
    assert_eq!(first("So%20Nuoc%20Ngam&as_of=2099-01-01").await, "SONG");
    let expert = enter(&officer, &json!({ "full_name": "Lò Thị Ngầm", "workplace": "Sở Nước Ngầm" })).await;
    assert_eq!(expert["workplace_id"], Value::Null);
}
