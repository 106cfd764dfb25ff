//! `PATCH /experts/{key}`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{bare, enter, enter_named, found, path, text};
use crate::support::{Caller, TestApp};

async fn events_on(app: &TestApp, expert: &Value) -> String {
    app.sql(&format!("SELECT count(*) FROM audit_events WHERE subject_id = '{}'", text(&expert["id"]))).await
}

/// An expert with a value in every member.
async fn complete(officer: &Caller<'_>) -> Value {
    let body = json!({
        "full_name": "PGS.TS. NGND Kpă Văn Mẫu", "gender": "Nam", "date_of_birth": "1968-11-23",
        "position": "Viện trưởng", "workplace": "Nhà Sao", "province": "08", "fields": ["40401", "101"],
        "specialties": ["Lâm sinh", "Cá tầm"], "languages": ["vi", "en"], "email": "kpa.mau@chuyengia.example",
        "phone": "0600999888", "publications_count": 3, "publications": [{ "title": "Rừng trên núi đá" }],
    });
    bare(enter(officer, &body).await)
}

#[tokio::test]
async fn a_patch_needs_the_version_last_read() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    let patch = json!({ "position": "Giảng viên" });
    let missing = officer.send(Method::PATCH, &path(&made), &[], Some(&patch)).await;
    assert_eq!(missing.problem(428)["code"], "precondition_required");
    let nowhere = "/api/v1/experts/CG-999999";
    officer.send(Method::PATCH, nowhere, &[], Some(&patch)).await.problem(404);
    let etag = officer.get(&path(&made)).await.header("etag");
    let changed = officer.patch(&path(&made), &etag, &patch).await;
    let next = changed.header("etag");
    assert!(next.starts_with("\"2-"), "{next}");
    assert_eq!(changed.expect(200)["position"], "Giảng viên");
    let stale = officer.patch(&path(&made), &etag, &json!({ "position": "Trưởng khoa" })).await;
    assert_eq!(stale.problem(412)["code"], "precondition_failed");
    assert_eq!(officer.get(&path(&made)).await.expect(200)["position"], "Giảng viên");
    officer.patch(&path(&made), &next, &json!({ "position": "Trưởng khoa" })).await.expect(200);
    officer.patch(&path(&made), "*", &json!({ "position": "Viện phó" })).await.expect(200);
}

#[tokio::test]
async fn absent_keeps_null_clears_a_value_replaces_and_lists_are_replaced_whole() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (patch, member, shown) in [
        (json!({ "position": "Trưởng khoa" }), "position", json!("Trưởng khoa")),
        (json!({ "position": null }), "position", Value::Null),
        (json!({ "workplace": " " }), "workplace", Value::Null),
        (json!({ "province": "TP. Hồ Chí Minh" }), "province", json!({ "code": "79", "name": "Hồ Chí Minh" })),
        (json!({ "province": null }), "province", Value::Null),
        (json!({ "specialties": ["Chè"] }), "specialties", json!(["Chè"])),
        (json!({ "specialties": [] }), "specialties", json!([])),
        (json!({ "specialties": null }), "specialties", json!([])),
        (json!({ "languages": ["ru"] }), "languages", json!([{ "code": "ru" }])),
        (json!({ "fields": null }), "fields", json!([])),
        (json!({ "publications_count": null }), "publications_count", Value::Null),
        (json!({ "publications": null }), "publications", json!([])),
    ] {
        let made = complete(&officer).await;
        let mut expected = made.clone();
        expected[member] = shown;
        if member == "province" {
            expected["residency"] = if patch["province"].is_null() { Value::Null } else { json!("out_of_province") };
        }
        if member == "fields" {
            expected["field_groups"] = json!([]);
        }
        let mut changed = bare(officer.patch(&path(&made), "\"1-\"", &patch).await.expect(200));
        assert_eq!(officer.get(&path(&made)).await.expect(200), changed, "{patch}: read back");
        assert!(changed["record"]["updated_at"].as_str() > made["record"]["updated_at"].as_str(), "{patch}");
        changed["record"]["updated_at"] = made["record"]["updated_at"].clone();
        assert_eq!(changed, expected, "{patch}: nothing else changes");
    }
}

#[tokio::test]
async fn restricted_values_are_patched_one_by_one() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (patch, year, restricted) in [
        (json!({ "email": null }), json!(1968), json!(["1968-11-23", null, "0600999888"])),
        (
            json!({ "phone": "+84 600 111 222" }),
            json!(1968),
            json!(["1968-11-23", "kpa.mau@chuyengia.example", "0600111222"]),
        ),
        (json!({ "date_of_birth": null }), Value::Null, json!([null, "kpa.mau@chuyengia.example", "0600999888"])),
        (
            json!({ "date_of_birth": "01/02/1970" }),
            json!(1970),
            json!(["1970-02-01", "kpa.mau@chuyengia.example", "0600999888"]),
        ),
        (json!({ "date_of_birth": null, "email": null, "phone": null }), Value::Null, json!([null, null, null])),
    ] {
        let made = complete(&officer).await;
        let changed = officer.patch(&path(&made), "*", &patch).await.expect(200);
        assert_eq!(changed["record"]["birth_year"], year, "{patch}");
        let kept = officer.get(&format!("{}/restricted", path(&made))).await.expect(200);
        assert_eq!(json!([kept["date_of_birth"], kept["email"], kept["phone"]]), restricted, "{patch}");
    }
}

#[tokio::test]
async fn a_patch_that_changes_nothing_keeps_the_version_and_writes_no_event() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    for patch in [
        json!({}),
        json!({ "position": "Viện trưởng" }),
        json!({ "position": " Viện  trưởng", "province": "tỉnh Tuyên Quang", "degree": "Tiến sỹ" }),
        json!({ "full_name": "Kpă Văn Mẫu" }),
        json!({ "phone": "+84600999888", "email": "KPA.MAU@chuyengia.example", "date_of_birth": "23/11/1968" }),
        json!({ "fields": ["40401", "101"], "specialties": ["Lâm sinh", "Cá tầm"] }),
        json!({ "publications": [{ "title": "Rừng trên núi đá" }] }),
    ] {
        let answer = officer.patch(&path(&made), "\"1-\"", &patch).await;
        assert!(answer.header("etag").starts_with("\"1-"), "{patch}: {}", answer.header("etag"));
        assert_eq!(bare(answer.expect(200)), made, "{patch}");
        assert_eq!(events_on(&app, &made).await, "1", "{patch}: the event of its entry only");
    }
}

#[tokio::test]
async fn a_change_writes_one_event_that_names_the_fields() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    let patch = json!({ "position": "Trưởng khoa", "phone": null, "workplace": "Nhà Sao", "publications": null });
    officer.patch(&path(&made), "*", &patch).await.expect(200);
    let event = format!(
        "SELECT string_agg(action || ' ' || array_to_string(fields, ','), ';') FROM audit_events
          WHERE subject_id = '{}' AND action <> 'experts.create'",
        text(&made["id"])
    );
    assert_eq!(app.sql(&event).await, "experts.update phone,position,publications");
}

#[tokio::test]
async fn titles_typed_with_a_new_name_count_and_none_are_lost_with_a_plain_one() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let all = |rank: &str, degree: &str, other: &str| json!([rank, degree, [other]]);
    for (patch, full_name, titles) in [
        (json!({ "full_name": "Kpă Văn Mới" }), "Kpă Văn Mới", all("PGS", "TS", "NGND")),
        (json!({ "full_name": "GS.TSKH. Kpă Văn Mẫu" }), "Kpă Văn Mẫu", all("GS", "TSKH", "NGND")),
        (json!({ "full_name": "GS.TS. NGƯT Kpă Văn Mới" }), "Kpă Văn Mới", all("GS", "TS", "NGƯT")),
        (json!({ "full_name": "GS. Kpă Văn Mới", "academic_rank": "PGS" }), "Kpă Văn Mới", all("PGS", "TS", "NGND")),
        (json!({ "full_name": "KPĂ VĂN MỚI", "degree": "TSKH" }), "Kpă Văn Mới", all("PGS", "TSKH", "NGND")),
    ] {
        let made = complete(&officer).await;
        let changed = officer.patch(&path(&made), "*", &patch).await.expect(200);
        let seen = json!([changed["academic_rank"], changed["degree"], changed["other_titles"]]);
        assert_eq!((text(&changed["full_name"]), seen), (full_name, titles), "{patch}");
    }
    let made = complete(&officer).await;
    let cleared = officer.patch(&path(&made), "*", &json!({ "academic_rank": null })).await.expect(200);
    assert_eq!(json!([cleared["academic_rank"], cleared["title"]]), json!([null, "TS"]));
}

#[tokio::test]
async fn a_patch_is_checked_as_a_form_is_and_changes_nothing_when_refused() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    for (patch, places) in [
        (json!({ "full_name": null }), vec!["/full_name"]),
        (json!({ "full_name": "TS." }), vec!["/full_name"]),
        (json!({ "position": "a".repeat(301), "province": "?" }), vec!["/position", "/province"]),
        (json!({ "fields": ["99999"], "publications": [{ "title": "" }] }), vec!["/fields/0", "/publications/0/title"]),
        (json!({ "ethnicity": "Tày" }), vec!["/ethnicity"]),
        (json!({ "code": "CG-000001" }), vec!["/code"]),
        (json!({ "specialties": 7 }), vec!["/specialties"]),
        (json!([]), vec![""]),
    ] {
        assert_eq!(officer.patch(&path(&made), "*", &patch).await.places(422), places, "{patch}");
    }
    assert_eq!(officer.get(&path(&made)).await.expect(200), made);
    let plain = [("content-type", "text/plain"), ("if-match", "*")];
    officer.raw(Method::PATCH, &path(&made), &plain, b"{}".to_vec()).await.problem(415);
    let merge = [("content-type", "application/merge-patch+json"), ("if-match", "*")];
    let body = json!({ "position": "Trưởng khoa" }).to_string().into_bytes();
    assert_eq!(officer.raw(Method::PATCH, &path(&made), &merge, body).await.expect(200)["position"], "Trưởng khoa");
}

#[tokio::test]
async fn a_person_corrects_their_own_profile_and_no_other() {
    let app = TestApp::start().await;
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = format!("/api/v1/experts/{}", text(&me["expert_id"]));
    let etag = person.get(&own).await.header("etag");
    let changed = person.patch(&own, &etag, &json!({ "position": "Chuyên gia độc lập" })).await.expect(200);
    assert_eq!((&changed["position"], &changed["record"]["status"]), (&json!("Chuyên gia độc lập"), &json!("active")));
    let other = app.sql(&format!("SELECT id FROM experts WHERE id <> '{}' LIMIT 1", text(&me["expert_id"]))).await;
    let other = format!("/api/v1/experts/{other}");
    person.get(&other).await.expect(200);
    let patch = json!({ "position": "Không phải tôi" });
    assert_eq!(person.patch(&other, "*", &patch).await.problem(404)["code"], "not_found");
    for account in ["agency", "association", "science_dept", "auditor", "admin"] {
        assert_eq!(
            app.sign_in(account).await.patch(&other, "*", &patch).await.problem(403)["code"],
            "forbidden",
            "{account}"
        );
    }
    app.nobody().patch(&other, "*", &patch).await.problem(401);
    assert!(!app.nobody().get(&other).await.text.contains("Không phải tôi"));
}

#[tokio::test]
async fn search_finds_the_new_value_at_once_and_the_old_one_no_longer() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    for (patch, old, new) in [
        (json!({ "specialties": ["Nuôi ngọc trai"] }), "kpa ca tam", "kpa ngoc trai"),
        (json!({ "workplace": "Trạm Biển Hồ" }), "kpa nha sao", "kpa tram bien ho"),
        (json!({ "full_name": "Kpă Văn Khoẻ" }), "kpa mau", "kpa khoe"),
        (json!({ "fields": ["40402"] }), "kpa lam sinh", "kpa bao ve rung"),
    ] {
        assert_eq!(found(&officer, old).await.len(), 1, "{old} before");
        assert_eq!(found(&officer, new).await.len(), 0, "{new} before");
        officer.patch(&path(&made), "*", &patch).await.expect(200);
        assert_eq!(found(&officer, old).await.len(), 0, "{old} after");
        assert_eq!(found(&officer, new).await.len(), 1, "{new} after");
    }
}

#[tokio::test]
async fn of_two_patches_with_one_version_exactly_one_wins() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for round in 0..5 {
        let made = enter_named(&officer, "Kpă Văn Mẫu").await;
        let (place, one, two) = (path(&made), json!({ "position": "Một" }), json!({ "position": "Hai" }));
        let (first, second) =
            tokio::join!(officer.patch(&place, "\"1-\"", &one), officer.patch(&place, "\"1-\"", &two));
        let winner = if first.status == 200 { "Một" } else { "Hai" };
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "round {round}");
        let now = officer.get(&place).await;
        assert!(now.header("etag").starts_with("\"2-"));
        assert_eq!(now.expect(200)["position"], winner);
    }
}
