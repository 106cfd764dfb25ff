//! `GET /experts/{key}`.

use serde_json::{Value, json};

use crate::support::bank::{decide, enter, found, path, search_path, text};
use crate::support::{Caller, TestApp};

const CARD: [&str; 20] = [
    "academic_rank",
    "code",
    "country",
    "degree",
    "field_groups",
    "fields",
    "full_name",
    "id",
    "languages",
    "other_titles",
    "position",
    "professional_title",
    "province",
    "publications_count",
    "residency",
    "specialties",
    "title",
    "unit",
    "workplace",
    "workplace_id",
];
/// What a profile tells beyond the card.
const PROFILE: [&str; 17] = [
    "academic_rank_year",
    "awards",
    "biography",
    "council_experience",
    "degree_year",
    "education",
    "family_name",
    "former_names",
    "given_name",
    "honours",
    "memberships",
    "middle_name",
    "other_names",
    "patents",
    "projects",
    "publications",
    "work_history",
];
const RECORD: [&str; 17] = [
    "accepted_kinds",
    "allowed_actions",
    "birth_precision",
    "birth_year",
    "consents",
    "created_at",
    "gender",
    "last_confirmed",
    "max_parallel",
    "nationality",
    "nominated_by",
    "sources",
    "standing_evidence",
    "status",
    "updated_at",
    "verified_at",
    "verified_by",
];

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut keys: Vec<&str> = CARD.iter().chain(more).copied().collect();
    keys.sort_unstable();
    keys
}

/// An expert who agrees to be public, with everything a form may hold.
async fn complete(officer: &Caller<'_>) -> Value {
    let body = json!({
        "full_name": "PGS.TS. Kpă Thị Mẫu", "gender": "Nữ", "date_of_birth": "1968-11-23", "position": "Viện trưởng",
        "workplace": "Viện Mẫu", "province": "08", "fields": ["40401"], "specialties": ["Lâm sinh"],
        "languages": ["vi", "en"], "email": "kpa.mau@chuyengia.example", "phone": "0600 999 888",
        "publications_count": 3, "publications": [{ "title": "Rừng trên núi đá", "year": 2020, "abstract": "Tóm tắt" }],
    });
    let made = enter(officer, &body).await;
    decide(officer, &made, "public_profile", true).await;
    made
}

#[tokio::test]
async fn an_expert_is_read_by_id_and_by_code_in_any_case() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    let code = text(&made["code"]);
    for key in [text(&made["id"]).to_uppercase(), text(&made["id"]).to_owned(), code.to_owned(), code.to_lowercase()] {
        let read = app.nobody().get(&format!("/api/v1/experts/{key}")).await.expect(200);
        assert_eq!(read["id"], made["id"], "{key}");
    }
    let unknown = app.nobody().get(&format!("/api/v1/experts/{code}?full=true")).await;
    assert_eq!(unknown.places(400), ["/full"]);
    for key in
        ["CG-999999", "CG-", "nobody", "%00", "%FF", "CG-000001%00", "00000000-0000-0000-0000-000000000000", "%27"]
    {
        let answer = app.nobody().get(&format!("/api/v1/experts/{key}")).await;
        assert_eq!(answer.problem(404)["code"], "not_found", "{key}");
    }
}

#[tokio::test]
async fn the_record_is_shown_to_union_auditor_and_the_person_and_the_card_to_all() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    for account in ["agency", "association", "science_dept", "admin", "expert"] {
        let read = app.sign_in(account).await.get(&path(&made)).await.expect(200);
        assert_eq!(keys(&read), with(&PROFILE), "{account}");
    }
    let public = app.nobody().get(&path(&made)).await.expect(200);
    assert_eq!(keys(&public), with(&PROFILE));
    for account in ["union_officer", "union_leader", "auditor"] {
        let read = app.sign_in(account).await.get(&path(&made)).await.expect(200);
        assert_eq!(keys(&read), with(&[&PROFILE[..], &["record"]].concat()), "{account}");
        assert_eq!(keys(&read["record"]), RECORD, "{account}");
        assert_eq!(read["record"]["consents"], json!(["public_profile"]), "{account}");
    }
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = person.get(&format!("/api/v1/experts/{}", text(&me["expert_id"]))).await.expect(200);
    assert_eq!(keys(&own), with(&[&PROFILE[..], &["record"]].concat()));
    let id = &public["publications"][0]["id"];
    assert!(id.is_string());
    let publication = json!({ "id": id, "title": "Rừng trên núi đá", "year": 2020, "abstract": "Tóm tắt" });
    assert_eq!(public["publications"], json!([publication]));
}

#[tokio::test]
async fn lists_show_the_card_and_reasons_and_no_record_to_anybody() {
    let app = TestApp::start().await;
    complete(&app.sign_in("union_officer").await).await;
    for account in
        ["", "agency", "association", "science_dept", "admin", "expert", "union_officer", "union_leader", "auditor"]
    {
        let caller = if account.is_empty() { app.nobody() } else { app.sign_in(account).await };
        let page = caller.get(&search_path("kpa mau")).await.expect(200);
        assert_eq!(keys(&page["items"][0]), with(&["hint", "match", "reasons"]), "{account}");
        let all = caller.get("/api/v1/experts?limit=1").await.expect(200);
        assert_eq!((keys(&all), keys(&all["items"][0])), (vec!["items", "next_cursor"], with(&["hint"])), "{account}");
    }
}

#[tokio::test]
async fn contacts_and_birth_dates_stand_in_no_profile_and_no_list() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    for account in
        ["", "agency", "association", "science_dept", "admin", "expert", "union_officer", "union_leader", "auditor"]
    {
        let caller = if account.is_empty() { app.nobody() } else { app.sign_in(account).await };
        for place in [path(&made), search_path("kpa")] {
            let shown = caller.get(&place).await;
            assert!(shown.text.contains("Kpă Thị Mẫu"), "{account} {place}");
            for secret in ["kpa.mau", "chuyengia.example", "0600999888", "1968-11-23", "_key", "name_sort"] {
                assert!(!shown.text.contains(secret), "{account} {place} shows {secret}");
            }
        }
        for secret in ["kpa.mau@chuyengia.example", "0600999888", "kpa mau chuyengia", "1968 11 23"] {
            assert!(found(&caller, secret).await.is_empty(), "{account} finds by {secret}");
        }
    }
}

#[tokio::test]
async fn only_editors_get_the_version_in_the_etag() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    let versioned = |etag: &str| etag.trim_matches('"').contains('-');
    for (account, editor) in [
        ("union_officer", true),
        ("union_leader", true),
        ("auditor", false),
        ("agency", false),
        ("expert", false),
        ("admin", false),
    ] {
        let etag = app.sign_in(account).await.get(&path(&made)).await.header("etag");
        assert_eq!(versioned(&etag), editor, "{account}: {etag}");
    }
    let nobody = app.nobody().get(&path(&made)).await;
    assert!(!versioned(&nobody.header("etag")), "{}", nobody.header("etag"));
    assert_eq!(nobody.header("cache-control"), "public, no-cache");
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = person.get(&format!("/api/v1/experts/{}", text(&me["expert_id"]))).await;
    assert!(versioned(&own.header("etag")), "the person edits");
    assert_eq!(own.header("cache-control"), "private, no-cache");
}

#[tokio::test]
async fn a_held_profile_is_304_until_it_changes() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let made = complete(&officer).await;
    for caller in [app.nobody(), app.sign_in("agency").await, officer.clone()] {
        let etag = caller.get(&path(&made)).await.header("etag");
        let held = [("if-none-match", etag.as_str())];
        let again = caller.send(reqwest::Method::GET, &path(&made), &held, None).await;
        assert_eq!((again.status.as_u16(), again.text.as_str(), again.header("etag")), (304, "", etag.clone()));
        let patch = json!({ "position": format!("Viện trưởng {}", etag.len()) });
        officer.patch(&path(&made), "*", &patch).await.expect(200);
        let changed = caller.send(reqwest::Method::GET, &path(&made), &held, None).await;
        assert_ne!(changed.header("etag"), etag);
        assert_eq!(changed.expect(200)["position"], patch["position"]);
        officer.patch(&path(&made), "*", &json!({ "position": "Viện trưởng" })).await.expect(200);
    }
}
