//! `GET /experts/{key}/restricted`, and what the database keeps.

use serde_json::{Value, json};

use crate::support::bank::{change, enter, path, text};
use crate::support::{Caller, TestApp, log};

async fn made(officer: &Caller<'_>) -> Value {
    let body = json!({
        "full_name": "Kpă Văn Kín", "date_of_birth": "1968-11-23", "email": "kpa.kin@chuyengia.example", "phone": "0600777666",
    });
    enter(officer, &body).await
}

fn restricted(expert: &Value) -> String {
    format!("{}/restricted", path(expert))
}

#[tokio::test]
async fn the_union_reads_contacts_and_each_read_is_a_disclosure_that_names_the_person() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = made(&officer).await;
    let rows = format!(
        "SELECT string_agg(actor_role || ' ' || action || ' ' || (request_id IS NOT NULL), ';' ORDER BY id)
           FROM disclosures WHERE expert_ids = ARRAY['{}']::uuid[] AND actor_id IS NOT NULL",
        text(&expert["id"])
    );
    assert_eq!(app.sql(&rows).await, "");
    let data = json!({
        "date_of_birth": "1968-11-23", "email": "kpa.kin@chuyengia.example", "phone": "0600777666", "address": null
    });
    assert_eq!(officer.get(&restricted(&expert)).await.expect(200), data);
    assert_eq!(app.sql(&rows).await, "union_officer experts.read_restricted true");
    let by_code = format!("/api/v1/experts/{}/restricted", text(&expert["code"]).to_lowercase());
    assert_eq!(app.sign_in("union_leader").await.get(&by_code).await.expect(200), data);
    assert!(app.sql(&rows).await.ends_with(";union_leader experts.read_restricted true"));
}

#[tokio::test]
async fn a_person_reads_their_own_contacts_and_nobody_elses() {
    let app = TestApp::start().await;
    let person = app.sign_in("expert").await;
    let me = person.get("/api/v1/me").await.expect(200);
    let own = person.get(&format!("/api/v1/experts/{}/restricted", text(&me["expert_id"]))).await.expect(200);
    assert!(own["date_of_birth"].is_string(), "{own}");
    let expert = made(&app.sign_in("union_officer").await).await;
    person.get(&restricted(&expert)).await.problem(404);
    for account in ["association", "auditor", "admin"] {
        app.sign_in(account).await.get(&restricted(&expert)).await.problem(403);
    }
    for account in ["agency", "science_dept"] {
        app.sign_in(account).await.get(&restricted(&expert)).await.problem(404);
    }
    app.nobody().get(&restricted(&expert)).await.problem(401);
    let named = format!("SELECT count(*) FROM disclosures WHERE '{}' = ANY (expert_ids)", text(&expert["id"]));
    assert_eq!(app.sql(&named).await, "0", "a refusal discloses nothing");
}

#[tokio::test]
async fn nothing_is_shown_when_the_disclosure_cannot_be_written() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = made(&officer).await;
    change(&app, "ALTER TABLE disclosures ADD CONSTRAINT broken CHECK (false) NOT VALID").await;
    let answer = officer.get(&restricted(&expert)).await;
    assert!(!answer.text.contains("0600777666"), "{}", answer.text);
    answer.problem(500);
}

#[tokio::test]
async fn nothing_restricted_stands_in_clear_in_the_database_or_the_log() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = made(&officer).await;
    let patch = json!({ "email": "kpa.moi@chuyengia.example", "phone": "0600777555", "date_of_birth": "1968-11-24" });
    officer.patch(&path(&expert), "*", &patch).await.expect(200);
    officer.patch(&path(&expert), "*", &json!({ "email": "khong phai thu kpa" })).await.problem(422);
    let tables = app
        .sql(
            "SELECT string_agg(table_name, ',') FROM information_schema.tables
               WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
        )
        .await;
    assert!(tables.split(',').count() > 15, "{tables}");
    let mut dump = String::new();
    for table in tables.split(',') {
        dump += &app.sql(&format!("SELECT string_agg(t::text, E'\\n') FROM {table} t")).await;
    }
    assert!(dump.contains("Kpă Văn Kín"), "the dump holds the expert");
    let log = log::lines().join("\n");
    assert!(log.contains("experts.update"), "the log holds the request");
    for secret in ["kpa.kin", "kpa.moi", "khong phai thu kpa", "0600777666", "0600777555", "1968-11-23", "1968-11-24"] {
        assert!(!dump.contains(secret), "{secret} stands in the database");
        assert!(!dump.contains(&hex::encode(secret)), "{secret} stands in the database as bytes");
        assert!(!log.contains(secret), "{secret} stands in the log");
    }
}

#[tokio::test]
async fn a_sealed_row_copied_to_another_expert_does_not_open() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (from, to) = (made(&officer).await, made(&officer).await);
    let copy = format!(
        "UPDATE expert_restricted SET sealed = (SELECT sealed FROM expert_restricted WHERE expert_id = '{}')
          WHERE expert_id = '{}'",
        text(&from["id"]),
        text(&to["id"])
    );
    change(&app, &copy).await;
    let answer = officer.get(&restricted(&to)).await;
    for secret in ["kpa.kin", "0600777666", "1968"] {
        assert!(!answer.text.contains(secret), "{}", answer.text);
    }
    assert_eq!(answer.problem(500)["code"], "internal");
    officer.get(&restricted(&from)).await.expect(200);
}

#[tokio::test]
async fn the_department_reads_contacts_of_those_it_supplied_and_of_nobody_else() {
    let app = TestApp::start().await;
    let (officer, department) = (app.sign_in("union_officer").await, app.sign_in("science_dept").await);
    let (supplied, other) = (made(&officer).await, made(&officer).await);
    let source = |source: &str, expert: &Value| {
        format!(
            "INSERT INTO expert_sources (source, external_id, expert_id, digest, loaded_version)
             VALUES ('{source}', '{id}', '{id}', '', 1)",
            id = text(&expert["id"])
        )
    };
    change(&app, &source("skhcn", &supplied)).await;
    change(&app, &source("file", &other)).await;
    let rows =
        format!("SELECT count(*) FROM disclosures WHERE expert_ids = ARRAY['{}']::uuid[]", text(&supplied["id"]));
    assert_eq!(department.get(&restricted(&supplied)).await.expect(200)["phone"], "0600777666");
    assert_eq!(app.sql(&rows).await, "1", "a disclosure");
    department.get(&restricted(&other)).await.problem(404);
    department.get(&path(&supplied)).await.problem(404);
    app.sign_in("agency").await.get(&restricted(&supplied)).await.problem(404);
    // whose records they are is a setting with a date
    let setting = "INSERT INTO settings (name, valid_from, value) VALUES
        ('science_dept_sources', '2026-01-01', '[\"file\"]'), ('science_dept_sources', '2099-01-01', '[\"skhcn\"]')";
    change(&app, setting).await;
    department.get(&restricted(&supplied)).await.problem(404);
    department.get(&restricted(&other)).await.expect(200);
    let leave = format!("{}/leave", path(&other));
    let reason = json!({ "reason": "Theo đơn" });
    officer.send(reqwest::Method::POST, &leave, &[("if-match", "*")], Some(&reason)).await.expect(200);
    department.get(&restricted(&other)).await.problem(404);
}
