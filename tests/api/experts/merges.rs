//! `POST /experts/{key}/merge`, `/merges`.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{change, decide, enter, found, load_lines, path, sees, text};
use crate::support::people::{at_once, request, tables_with};
use crate::support::{Answer, Caller, TestApp};

/// Tables whose rows belong to an expert, each with its column.
async fn references(app: &TestApp) -> Vec<(String, String)> {
    let keys = "SELECT string_agg(c.conrelid::regclass || ' ' || a.attname, ',' ORDER BY 1)
                  FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                 WHERE c.contype = 'f' AND c.confrelid = 'experts'::regclass";
    let keys = app.sql(&keys.replace("ORDER BY 1", "ORDER BY c.conrelid::regclass::text, a.attname")).await;
    keys.split(',').filter_map(|key| key.split_once(' ')).map(|(table, column)| (table.into(), column.into())).collect()
}

/// Everything that is kept of an expert, by table.
async fn dump(app: &TestApp, id: &str) -> BTreeMap<String, String> {
    let mut rows = BTreeMap::new();
    for (table, column) in references(app).await {
        // an account counts its changes, and a search row is derived anew
        let leave_out = if table == "accounts" { "- 'version' - 'updated_at'" } else { "" };
        let of = format!(
            "SELECT string_agg((to_jsonb(t) {leave_out})::text, ' ' ORDER BY (to_jsonb(t) {leave_out})::text)
               FROM {table} t WHERE t.{column} = '{id}'"
        );
        rows.insert(format!("{table}.{column}"), app.sql(&of).await);
    }
    rows.insert(
        "experts".to_owned(),
        app.sql(&format!("SELECT to_jsonb(e)::text FROM experts e WHERE id = '{id}'")).await,
    );
    rows
}

async fn merge(caller: &Caller<'_>, winner: &Value, other: &Value) -> Answer {
    let body = json!({ "other": other, "reason": "Cùng một người" });
    caller.send(Method::POST, &format!("{}/merge", path(winner)), &[("if-match", "*")], Some(&body)).await
}

async fn undo(caller: &Caller<'_>, merge: &Value) -> Answer {
    caller.send(Method::POST, &format!("/api/v1/merges/{}/undo", text(&merge["id"])), &[], None).await
}

/// Two records of one person, with something in every table that refers to an expert.
async fn two_records(app: &TestApp, officer: &Caller<'_>) -> (Value, Value) {
    let winner = json!({
        "full_name": "Kpă Văn Mẫu", "date_of_birth": "1970", "workplace": "Chi cục Kiểm lâm vùng Mẫu", "degree": "ThS",
        "fields": ["40401"], "specialties": ["Lâm sinh"],
        "publications": [{ "title": "Rừng trồng ở vùng Mẫu", "doi": "10.1000/mau.1" }],
    });
    let loser = json!({
        "full_name": "PGS.TS. KPĂ VĂN MẪU", "date_of_birth": "1970-05-06", "email": "kpa.mau@chuyengia.example",
        "phone": "0600777666", "gender": "Nam", "fields": ["40401", "404"], "specialties": ["LÂM SINH", "Quế"],
        "workplace": "Sở Mẫu", "position": "Trưởng phòng", "source": "skhcn", "external_id": "S-1",
        "publications": [
            { "title": "Rừng trồng ở vùng Mẫu", "doi": "10.1000/MAU.1" },
            { "title": "Quế trên đất dốc", "doi": "10.1000/mau.2" },
        ],
    });
    let winner = enter(officer, &winner).await;
    let loser = enter(officer, &loser).await;
    let id = text(&loser["id"]);
    for (at, period) in [
        (&winner, json!({ "kind": "unavailable", "from": "2040-01-01", "to": "2040-01-31" })),
        (&loser, json!({ "kind": "no_new_work", "from": "2040-01-15", "to": "2040-02-15" })),
        (&loser, json!({ "kind": "unavailable", "from": "2041-01-01" })),
    ] {
        officer.post(&format!("{}/availability", path(at)), &period).await.expect(201);
    }
    let third = enter(officer, &json!({ "full_name": "Kpă Thị Khác" })).await;
    let decision = json!({ "one": third["id"], "other": loser["id"], "decision": "not_the_same" });
    officer.post("/api/v1/experts/duplicates/decisions", &decision).await.expect(200);
    let invite = format!("{}/invite", path(&loser));
    officer.send(Method::POST, &invite, &[("if-match", "*")], Some(&json!({}))).await.expect(201);
    refer_to(app, id).await;
    (winner, loser)
}

/// One row for an expert in every table that the calls of `two_records` do not reach.
async fn refer_to(app: &TestApp, id: &str) {
    change(
        app,
        &format!(
            "INSERT INTO expert_memberships (expert_id, ordinal, organisation_id)
             SELECT '{id}', 0, id FROM organisations WHERE code = 'HLN-DEMO';
             INSERT INTO association_officers (id, organisation_id, expert_id, full_name, name_key, position, valid_from)
             SELECT gen_random_uuid(), id, '{id}', 'Kpă Văn Mẫu', 'kpa van mau', 'inspection_member', '2020-01-01'
               FROM organisations WHERE code = 'HLN-DEMO';
             INSERT INTO consultations (id, kind, origin, state, asker_id, title)
             SELECT gen_random_uuid(), 'consultation', 'ordered', 'draft', id, 'Mẫu' FROM organisations WHERE code = 'SYT-DEMO';
             INSERT INTO consultation_drafters (id, consultation_id, ordinal, expert_id, name)
             SELECT gen_random_uuid(), id, 0, '{id}', 'Kpă Văn Mẫu' FROM consultations WHERE title = 'Mẫu';
             INSERT INTO panel_members (id, consultation_id, expert_id, seat, rank, state)
             SELECT gen_random_uuid(), id, '{id}', 'member', 0, 'chosen' FROM consultations WHERE title = 'Mẫu';
             INSERT INTO opinions (id, consultation_id, member_id, expert_id, state)
             SELECT gen_random_uuid(), consultation_id, id, expert_id, 'draft' FROM panel_members WHERE expert_id = '{id}';
             INSERT INTO expert_evaluations (member_id, consultation_id, expert_id, quality, timeliness, at)
             SELECT id, consultation_id, expert_id, 5, 5, now() FROM panel_members WHERE expert_id = '{id}';
             INSERT INTO conflict_decisions (id, consultation_id, expert_id, ordinal, outcome, reason, at)
             SELECT gen_random_uuid(), id, '{id}', 0, 'declared', 'Người thân', now() FROM consultations WHERE title = 'Mẫu';
             INSERT INTO panel_findings (id, consultation_id, expert_id, key, finding, raised, found_at)
             SELECT gen_random_uuid(), id, '{id}', 'x', '{{}}', false, now() FROM consultations WHERE title = 'Mẫu';
             INSERT INTO expert_nominations (id, state, sealed, expert_id, decided_at)
             VALUES (gen_random_uuid(), 'linked', 'x', '{id}', now());
             INSERT INTO sync_decisions (source, external_id, decision, expert_id) VALUES ('skhcn', 'S-2', 'link', '{id}');
             INSERT INTO accounts (id, username, display_name, role, expert_id)
             VALUES (gen_random_uuid(), 'kpa-mau', 'Kpă Văn Mẫu', 'expert', '{id}')"
        ),
    )
    .await;
}

#[tokio::test]
async fn every_reference_to_an_expert_is_known_to_a_merge() {
    let app = TestApp::start().await;
    let known = [
        "accounts.expert_id",
        "association_officers.expert_id",
        "conflict_decisions.expert_id",
        "consultation_drafters.expert_id",
        "expert_availability.expert_id",
        "expert_distinctions.one_id",
        "expert_distinctions.other_id",
        "expert_evaluations.expert_id",
        "expert_fields.expert_id",
        "expert_links.expert_id",
        "expert_memberships.expert_id",
        "expert_merges.leads_to",
        "expert_nominations.expert_id",
        "expert_publications.expert_id",
        "expert_restricted.expert_id",
        // goes and comes with the expert
        "expert_search.expert_id",
        "expert_sources.expert_id",
        "opinions.expert_id",
        "panel_findings.expert_id",
        "panel_members.expert_id",
        "sync_decisions.expert_id",
    ];
    let there: Vec<String> = references(&app).await.iter().map(|(table, column)| format!("{table}.{column}")).collect();
    assert_eq!(
        there, known,
        "a new reference to experts: say in experts/store/merges.rs how it moves, and test it here"
    );
}

#[tokio::test]
async fn what_refers_to_the_loser_refers_to_the_winner() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two_records(&app, &officer).await;
    let (w, l) = (text(&winner["id"]), text(&loser["id"]));
    let answer = merge(&officer, &winner, &loser["code"]).await;
    let location = answer.header("location");
    let made = answer.expect(201);
    assert_eq!(location, format!("/api/v1/merges/{}", text(&made["id"])));
    assert_eq!(made["winner"], json!({ "id": w, "code": winner["code"], "full_name": "Kpă Văn Mẫu" }));
    assert_eq!(made["loser"], json!({ "id": l, "code": loser["code"], "full_name": "Kpă Văn Mẫu" }));
    assert_eq!(
        made["moved"],
        json!({ "accounts": 1, "availability": 1, "conflicts": 1, "decisions": 1, "drafts": 1, "evaluations": 1, "findings": 1, "nominations": 1, "opinions": 1, "posts": 1, "publications": 1, "seats": 1, "sources": 1 })
    );
    assert_eq!(
        made["filled"],
        json!(["academic_rank", "gender", "fields", "specialties", "memberships", "date_of_birth", "email", "phone"])
    );
    for (table, column) in references(&app).await {
        let left = app.sql(&format!("SELECT count(*) FROM {table} WHERE {column} = '{l}'")).await;
        assert_eq!(left, "0", "{table}.{column} still refers to the loser");
    }
    assert_eq!(app.sql(&format!("SELECT count(*) FROM experts WHERE id = '{l}'")).await, "0");
    let now = officer.get(&path(&winner)).await.expect(200);
    assert_eq!(
        json!([now["degree"], now["academic_rank"], now["workplace"]]),
        json!(["THS", "PGS", winner["workplace"]]),
        "what the winner says stands"
    );
    let titles: Vec<&str> = now["publications"].as_array().unwrap().iter().map(|item| text(&item["title"])).collect();
    assert_eq!(titles, ["Rừng trồng ở vùng Mẫu", "Quế trên đất dốc"], "the same work once");
    assert_eq!(now["record"]["sources"], json!(["skhcn:S-1"]));
    let restricted = officer.get(&format!("{}/restricted", path(&winner))).await.expect(200);
    assert_eq!(
        json!([restricted["email"], restricted["date_of_birth"]]),
        json!(["kpa.mau@chuyengia.example", "1970-05-06"])
    );
    let decisions = format!("SELECT count(*) FROM expert_distinctions WHERE '{w}' IN (one_id, other_id)");
    assert_eq!(app.sql(&decisions).await, "1", "who is not the loser is not the winner");
    for secret in ["kpa.mau@", "0600777666", "1970-05-06"] {
        assert_eq!(tables_with(&app, secret).await, Vec::<String>::new(), "{secret} is sealed in the journal");
    }
    let history = officer.get(&format!("{}/history?limit=100", path(&winner))).await.expect(200).to_string();
    assert!(history.contains("experts.merge") && history.contains("availability"), "what was done to both: {history}");
}

/// Codes are in sequence: whoever walks them must not find out who was hidden and who they are.
#[tokio::test]
async fn who_never_might_know_of_the_loser_is_not_led_to_the_winner() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let winner = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
    let hidden = enter(&officer, &json!({ "full_name": "KPA VAN MAU" })).await;
    let of_agencies = enter(&officer, &json!({ "full_name": "Kpa Van Mau" })).await;
    for (expert, purpose) in [(&winner, "public_profile"), (&of_agencies, "agency_search")] {
        decide(&officer, expert, purpose, true).await;
    }
    for loser in [&hidden, &of_agencies] {
        merge(&officer, &winner, &loser["id"]).await.expect(201);
    }
    let agency = app.sign_in("agency").await;
    for (caller, leads) in [(&app.nobody(), [404, 404]), (&agency, [404, 308]), (&officer, [308, 308])] {
        for (loser, status) in [&hidden, &of_agencies].into_iter().zip(leads) {
            assert_eq!(raw(&app, caller, &path(loser)).await.status, status);
        }
        let (told, _) = super::changes::after(caller, "").await;
        assert_eq!(told.iter().any(|change| change["id"] == hidden["id"]), leads[0] == 308, "{told:?}");
    }
}

#[tokio::test]
async fn an_undo_restores_both_records_and_all_that_referred_to_them() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two_records(&app, &officer).await;
    let (w, l) = (text(&winner["id"]), text(&loser["id"]));
    let before = (dump(&app, w).await, dump(&app, l).await);
    let empty: Vec<&String> = before.1.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table).collect();
    assert_eq!(
        empty,
        ["expert_distinctions.other_id", "expert_merges.leads_to"],
        "the example has something in every table that refers to an expert"
    );
    let shown = (officer.get(&path(&winner)).await.expect(200), officer.get(&path(&loser)).await.expect(200));
    let made = merge(&officer, &winner, &loser["code"]).await.expect(201);
    let undone = undo(&officer, &made).await.expect(200);
    assert_eq!((&undone["winner"], undone["undone_at"].is_string()), (&Value::Null, true));
    assert_eq!(undo(&officer, &made).await.problem(409)["code"], "conflict", "once is enough");
    let after = (dump(&app, w).await, dump(&app, l).await);
    assert_eq!(after.1, before.1, "the loser is what it was");
    for (table, rows) in &before.0 {
        if !["experts", "expert_search.expert_id", "expert_restricted.expert_id"].contains(&table.as_str()) {
            assert_eq!(&after.0[table], rows, "{table} of the winner");
        }
    }
    let again = (officer.get(&path(&winner)).await.expect(200), officer.get(&path(&loser)).await.expect(200));
    let without_time = |mut shown: Value| {
        shown["record"]["updated_at"] = Value::Null;
        shown
    };
    assert_eq!((without_time(again.0), again.1), (without_time(shown.0), shown.1), "as they are shown");
    let restricted = officer.get(&format!("{}/restricted", path(&winner))).await.expect(200);
    assert_eq!(json!([restricted["email"], restricted["date_of_birth"]]), json!([null, "1970"]));
    assert!(found(&officer, "Quế trên đất dốc").await.len() == 1 && sees(&officer, &loser).await);
    // and once more: an undone merge stands in nobody's way
    merge(&officer, &winner, &loser["id"]).await.expect(201);
}

#[tokio::test]
async fn the_loser_leads_to_the_winner_for_who_may_see_it_and_is_nobody_for_the_rest() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let winner = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "position": "Trưởng phòng" })).await;
    let loser = enter(&officer, &json!({ "full_name": "KPA VAN MAU", "specialties": ["Xylitôn"] })).await;
    for (expert, purpose) in [(&loser, "public_profile"), (&winner, "agency_search")] {
        decide(&officer, expert, purpose, true).await;
    }
    merge(&officer, &winner, &loser["id"]).await.expect(201);
    assert_eq!(found(&app.nobody(), "Xylitôn").await, Vec::<String>::new(), "a consent of the loser is not taken over");
    assert_eq!(found(&officer, "Kpă Văn Mẫu").await, ["Kpă Văn Mẫu"]);
    let keys = [text(&loser["id"]).to_owned(), text(&loser["code"]).to_owned(), text(&loser["code"]).to_lowercase()];
    for key in &keys {
        for (account, sees_winner) in [
            ("union_officer", true),
            ("union_leader", true),
            ("auditor", true),
            ("agency", true),
            ("science_dept", true),
            ("association", false),
            ("expert", false),
            ("admin", false),
        ] {
            let caller = app.sign_in(account).await;
            let answer = raw(&app, &caller, &format!("/api/v1/experts/{key}")).await;
            if sees_winner {
                assert_eq!((answer.status.as_u16(), answer.header("location")), (308, path(&winner)), "{account}");
                assert_eq!(
                    serde_json::from_str::<Value>(&answer.text).unwrap(),
                    json!({ "merged_into": winner["id"] })
                );
            } else {
                answer.problem(404);
            }
        }
        raw(&app, &app.nobody(), &format!("/api/v1/experts/{key}")).await.problem(404);
    }
    let api = expert_bank::openapi::document();
    let mut reads = 0;
    for (_, pattern, _) in expert_bank::openapi::operations(&api).iter().filter(|(method, path, _)| {
        *method == "GET" && path.starts_with("/api/v1/experts/{key}") && !path.contains("{id}")
    }) {
        let asked = format!("{}?limit=5", pattern.replace("{key}", &keys[0]));
        let asked = if pattern.ends_with("publications") || pattern.ends_with("history") {
            asked
        } else {
            asked.replace("?limit=5", "")
        };
        let answer = raw(&app, &officer, &asked).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (308, asked.replace(&keys[0], text(&winner["id"]))),
            "{pattern}"
        );
        reads += 1;
    }
    assert!(reads >= 5, "{reads} reads");
    // a write to the loser is not carried to another record behind the caller's back
    officer.patch(&path(&loser), "*", &json!({ "position": "Kỹ sư" })).await.problem(404);
    raw(&app, &officer, "/api/v1/experts/CG-777777").await.problem(404);
}

/// A GET that does not follow where it is led.
async fn raw(app: &TestApp, caller: &Caller<'_>, path: &str) -> Answer {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut request = client.get(format!("http://{}{path}", app.address));
    if let Some(token) = &caller.token {
        request = request.bearer_auth(token);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

#[tokio::test]
async fn a_merge_never_widens_a_consent() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let said = |given: Option<bool>| given;
    // what each record says of a purpose, and what stands afterwards
    for (winner_says, loser_says, stands) in [
        (said(Some(true)), said(None), true),
        (said(Some(true)), said(Some(true)), true),
        (said(Some(true)), said(Some(false)), false),
        (said(None), said(Some(true)), false),
        (said(Some(false)), said(Some(true)), false),
        (said(None), said(None), false),
    ] {
        let winner = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
        let loser = enter(&officer, &json!({ "full_name": "KPA VAN MAU" })).await;
        for (expert, says) in [(&winner, winner_says), (&loser, loser_says)] {
            if let Some(given) = says {
                decide(&officer, expert, "public_profile", true).await;
                if !given {
                    decide(&officer, expert, "public_profile", false).await;
                }
            }
        }
        let case = format!("{winner_says:?} and {loser_says:?}");
        let before = officer.get(&path(&winner)).await.expect(200)["record"]["consents"].clone();
        let made = merge(&officer, &winner, &loser["id"]).await.expect(201);
        assert_eq!(app.nobody().get(&path(&winner)).await.status.as_u16(), if stands { 200 } else { 404 }, "{case}");
        let narrowed =
            if before == json!(["public_profile"]) && !stands { json!(["public_profile"]) } else { json!([]) };
        assert_eq!(made["narrowed"], narrowed, "{case}");
        undo(&officer, &made).await.expect(200);
        let back = officer.get(&path(&winner)).await.expect(200)["record"]["consents"].clone();
        assert_eq!(back, before, "{case}: undone");
        let of_loser = app.nobody().get(&path(&loser)).await.status.as_u16();
        assert_eq!(of_loser, if loser_says == Some(true) { 200 } else { 404 }, "{case}: the loser's own again");
        officer.patch(&path(&winner), "*", &json!({ "full_name": "Kpă Đã Xong" })).await.expect(200);
    }
}

#[tokio::test]
async fn who_left_or_died_stays_so_in_the_record_that_stands() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let here = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
    let gone = enter(&officer, &json!({ "full_name": "KPA VAN MAU" })).await;
    change(&app, &format!("UPDATE experts SET status = 'left' WHERE id = '{}'", text(&gone["id"]))).await;
    merge(&officer, &here, &gone["id"]).await.problem(409);
    let made = merge(&officer, &gone, &here["id"]).await.expect(201);
    assert_eq!(officer.get(&path(&gone)).await.expect(200)["record"]["status"], "left");
    undo(&officer, &made).await.expect(200);
}

#[tokio::test]
async fn what_was_edited_since_stands_in_the_way_of_an_undo_and_is_named() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two_records(&app, &officer).await;
    let made = merge(&officer, &winner, &loser["id"]).await.expect(201);
    // what the merge did not touch may change
    officer.patch(&path(&winner), "*", &json!({ "biography": "Sinh ở vùng Mẫu" })).await.expect(200);
    officer.patch(&path(&winner), "*", &json!({ "email": "khac@chuyengia.example" })).await.expect(200);
    let moved = officer.get(&path(&winner)).await.expect(200);
    let moved =
        moved["publications"].as_array().unwrap().iter().find(|item| item["doi"] == "10.1000/mau.2").unwrap().clone();
    let publication = format!("{}/publications/{}", path(&winner), text(&moved["id"]));
    officer.send(Method::DELETE, &publication, &[("if-match", "*")], None).await;
    let refused = undo(&officer, &made).await;
    let problem = refused.problem(409);
    let places: Vec<(&str, &str)> =
        problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect();
    assert_eq!(places, [("/email", "edited_since"), ("/publications", "moved_since")], "{problem}");
    assert!(!problem.to_string().contains("khac@"), "{problem}");
    assert_eq!(app.sql("SELECT count(*) FROM expert_merges WHERE undone_at IS NULL").await, "1", "nothing was undone");
    assert_eq!(raw(&app, &officer, &path(&loser)).await.status, 308);
}

#[tokio::test]
async fn an_edit_beside_the_merge_survives_its_undo() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two_records(&app, &officer).await;
    let made = merge(&officer, &winner, &loser["id"]).await.expect(201);
    officer.patch(&path(&winner), "*", &json!({ "biography": "Sinh ở vùng Mẫu" })).await.expect(200);
    undo(&officer, &made).await.expect(200);
    let now = officer.get(&path(&winner)).await.expect(200);
    assert_eq!((&now["biography"], &now["academic_rank"]), (&json!("Sinh ở vùng Mẫu"), &Value::Null));
}

#[tokio::test]
async fn merges_in_a_row_lead_to_the_last_one_and_are_undone_backwards() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let mut people = Vec::new();
    for name in ["Kpă Văn Một", "Kpă Văn Hai", "Kpă Văn Ba"] {
        people.push(enter(&officer, &json!({ "full_name": name })).await);
    }
    let first = merge(&officer, &people[1], &people[0]["id"]).await.expect(201);
    let second = merge(&officer, &people[2], &people[1]["id"]).await.expect(201);
    for loser in &people[..2] {
        assert_eq!(raw(&app, &officer, &path(loser)).await.header("location"), path(&people[2]));
    }
    let refused = undo(&officer, &first).await.problem(409);
    assert_eq!(refused["existing"], format!("/api/v1/merges/{}", text(&second["id"])));
    undo(&officer, &second).await.expect(200);
    assert_eq!(raw(&app, &officer, &path(&people[0])).await.header("location"), path(&people[1]));
    undo(&officer, &first).await.expect(200);
    for expert in &people {
        assert!(sees(&officer, expert).await);
    }
    let page = officer.get("/api/v1/merges?limit=1").await.expect(200);
    assert_eq!(page["items"][0]["id"], second["id"], "the latest first");
    let next = officer.get(&format!("/api/v1/merges?limit=1&cursor={}", text(&page["next_cursor"]))).await.expect(200);
    assert_eq!(next["items"][0]["id"], first["id"]);
    assert_eq!(officer.get(&format!("/api/v1/merges/{}", text(&first["id"]))).await.expect(200), next["items"][0]);
}

#[tokio::test]
async fn of_two_accounts_the_losers_is_closed_until_the_undo() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let person = app.sign_in("expert").await;
    let winner = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
    change(
        &app,
        &format!(
            "INSERT INTO accounts (id, username, display_name, role, expert_id)
             VALUES (gen_random_uuid(), 'kpa-mau', 'Kpă Văn Mẫu', 'expert', '{}')",
            text(&winner["id"])
        ),
    )
    .await;
    let own = app.sql("SELECT expert_id FROM accounts WHERE username = 'expert'").await;
    let made = merge(&officer, &winner, &json!(own)).await.expect(201);
    person.get("/api/v1/me").await.problem(401);
    let account = app.sql("SELECT id FROM accounts WHERE username = 'expert'").await;
    let enable = format!("/api/v1/accounts/{account}/enable");
    let admin = app.sign_in("admin").await;
    admin.verb(&enable, "*").await.problem(409);
    undo(&officer, &made).await.expect(200);
    let back = app.sign_in("expert").await;
    assert_eq!(back.get("/api/v1/me").await.status, 200);
}

#[tokio::test]
async fn what_the_losers_source_says_later_is_held_against_what_was_merged() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let line =
        |position: &str| json!({ "external_id": "L-1", "full_name": "KPA VAN MAU", "position": position }).to_string();
    load_lines(&app, line("Kỹ sư").as_bytes(), false).await;
    let loser = app.sql("SELECT expert_id FROM expert_sources WHERE source = 'tests' AND external_id = 'L-1'").await;
    let winner = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "position": "Trưởng phòng" })).await;
    let made = merge(&officer, &winner, &json!(loser)).await.expect(201);
    let same = load_lines(&app, line("Kỹ sư").as_bytes(), false).await;
    assert_eq!((same.unchanged, same.created), (1, 0));
    let other = load_lines(&app, line("Chuyên viên").as_bytes(), false).await;
    assert_eq!((other.conflicts.len(), other.created, other.updated), (1, 0, 0));
    let error = &other.conflicts[0].errors[0];
    assert_eq!((error.code, error.pointer.as_str()), ("edited_here", "/position"));
    assert_eq!(officer.get(&path(&winner)).await.expect(200)["position"], "Trưởng phòng");
    undo(&officer, &made).await.expect(200);
    let after = load_lines(&app, line("Chuyên viên").as_bytes(), false).await;
    assert_eq!((after.updated, after.conflicts.len()), (1, 0), "it is what was loaded again");
}

#[tokio::test]
async fn a_merge_shows_the_department_no_more_than_it_supplied() {
    let app = TestApp::start().await;
    let (officer, department) = (app.sign_in("union_officer").await, app.sign_in("science_dept").await);
    let form = json!({ "full_name": "Kpă Văn Mẫu", "email": "rieng@chuyengia.example" });
    let winner = enter(&officer, &form).await;
    let supplied =
        json!({ "full_name": "KPA VAN MAU", "source": "skhcn", "external_id": "S-1", "phone": "0600777666" });
    let loser = enter(&officer, &supplied).await;
    department.get(&format!("{}/restricted", path(&loser))).await.expect(200);
    merge(&officer, &winner, &loser["id"]).await.expect(201);
    department.get(&format!("{}/restricted", path(&winner))).await.problem(404);
    raw(&app, &department, &format!("{}/restricted", path(&loser))).await.problem(404);
}

#[tokio::test]
async fn bad_merges_are_refused_and_two_at_once_make_one() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let one = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu" })).await;
    let other = enter(&officer, &json!({ "full_name": "KPA VAN MAU" })).await;
    assert_eq!(merge(&officer, &one, &one["code"]).await.places(422), ["/other"]);
    assert_eq!(merge(&officer, &one, &json!("CG-777777")).await.places(422), ["/other"]);
    merge(&officer, &json!({ "id": "00000000-0000-0000-0000-000000000000" }), &one["id"]).await.problem(404);
    let at = format!("{}/merge", path(&one));
    let body = json!({ "other": other["id"] });
    officer.post(&at, &body).await.problem(428);
    officer.send(Method::POST, &at, &[("if-match", "\"9-x\"")], Some(&body)).await.problem(412);
    for account in ["expert", "association", "agency", "science_dept", "auditor", "admin"] {
        let caller = app.sign_in(account).await;
        merge(&caller, &one, &other["id"]).await.problem(403);
        caller.get("/api/v1/merges").await.problem(403);
    }
    officer.get("/api/v1/merges/00000000-0000-0000-0000-000000000000").await.problem(404);
    let both = [(&one, &other), (&other, &one)].into_iter().cycle().take(6).map(|(winner, loser)| {
        let body = json!({ "other": loser["id"] });
        request(&officer, Method::POST, &format!("{}/merge", path(winner)), Some(&body)).header("if-match", "*")
    });
    let statuses = at_once(both.collect()).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 404, 422, 503].contains(status)), "{statuses:?}");
    assert_eq!(app.sql("SELECT count(*) FROM expert_merges").await, "1");
}
