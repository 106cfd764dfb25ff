//! Merges: what no merge and no undo may do to a consent, to contacts, to what others edited, and to who writes beside them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{change, decide, enter, enter_named, load_lines, path, text};
use crate::support::people::{at_once, execute, request};
use crate::support::{Answer, Caller, TestApp};

async fn merge(caller: &Caller<'_>, winner: &Value, loser: &Value) -> Answer {
    let body = json!({ "other": loser["id"] });
    caller.send(Method::POST, &format!("{}/merge", path(winner)), &[("if-match", "*")], Some(&body)).await
}

async fn undo(caller: &Caller<'_>, merge: &Value) -> Answer {
    caller.send(Method::POST, &format!("/api/v1/merges/{}/undo", text(&merge["id"])), &[], None).await
}

/// Two records by name alone.
async fn two(officer: &Caller<'_>) -> (Value, Value) {
    (enter_named(officer, "Kpă Văn Mẫu").await, enter_named(officer, "KPA VAN MAU").await)
}

/// What somebody said on paper of being shown to everybody, on a day of May.
async fn say(officer: &Caller<'_>, expert: &Value, given: bool, day: u8) -> Answer {
    let body = json!({ "purpose": "public_profile", "given": given, "channel": "paper", "document": "Phiếu số 1",
                       "decided_on": format!("2026-05-{day:02}") });
    officer.post(&format!("{}/consents", path(expert)), &body).await
}

async fn is_public(app: &TestApp, expert: &Value) -> bool {
    app.nobody().get(&path(expert)).await.status == 200
}

/// The places of a refusal, each with its code.
fn places(problem: &Value) -> Vec<(&str, &str)> {
    problem["errors"].as_array().unwrap().iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect()
}

#[tokio::test]
async fn what_was_withdrawn_since_a_merge_is_withdrawn_on_both_records_when_it_is_undone() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for (verb, status) in [(None, "nominated"), (Some("leave"), "left"), (Some("mark-deceased"), "deceased")] {
        let (winner, loser) = two(&officer).await;
        for expert in [&winner, &loser] {
            say(&officer, expert, true, 3).await.expect(201);
        }
        let made = merge(&officer, &winner, &loser).await.expect(201);
        match verb {
            None => say(&officer, &winner, false, 20).await.expect(201),
            Some(verb) => {
                let (at, why) = (format!("{}/{verb}", path(&winner)), json!({ "reason": "Theo đơn" }));
                officer.send(Method::POST, &at, &[("if-match", "*")], Some(&why)).await.expect(200)
            }
        };
        undo(&officer, &made).await.expect(200);
        assert!(!is_public(&app, &loser).await && !is_public(&app, &winner).await, "{status}");
        let now = officer.get(&path(&loser)).await.expect(200);
        assert_eq!(now["record"]["status"], status);
        officer.patch(&path(&winner), "*", &json!({ "full_name": "Kpă Đã Xong" })).await.expect(200);
        officer.patch(&path(&loser), "*", &json!({ "full_name": "Kpă Cũng Xong" })).await.expect(200);
    }
}

#[tokio::test]
async fn a_withdrawal_on_a_merged_record_is_remembered_by_later_merges_and_papers() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (middle, first) = two(&officer).await;
    let last = enter_named(&officer, "Kpă V. Mẫu").await;
    say(&officer, &first, true, 1).await.expect(201);
    say(&officer, &first, false, 11).await.expect(201);
    say(&officer, &last, true, 3).await.expect(201);
    merge(&officer, &middle, &first).await.expect(201);
    assert!(is_public(&app, &last).await);
    let second = merge(&officer, &last, &middle).await.expect(201);
    assert_eq!(second["narrowed"], json!(["public_profile"]));
    assert!(!is_public(&app, &last).await, "as if the first had been merged into the last directly");
    undo(&officer, &second).await.expect(200);
    assert!(is_public(&app, &last).await && !is_public(&app, &middle).await);
    // a paper from before the withdrawal turns up late
    assert_eq!(places(&say(&officer, &middle, true, 5).await.problem(409)), [("/decided_on", "withdrawn_later")]);
    say(&officer, &middle, true, 12).await.expect(201);
    assert!(is_public(&app, &middle).await);
    // who agreed anew after that is not narrowed by what was withdrawn before
    let third = merge(&officer, &last, &middle).await.expect(201);
    assert_eq!(third["narrowed"], json!([]));
}

#[tokio::test]
async fn contacts_the_department_did_not_supply_are_not_merged_into_a_record_it_did() {
    let app = TestApp::start().await;
    let (officer, department) = (app.sign_in("union_officer").await, app.sign_in("science_dept").await);
    let supplied =
        json!({ "full_name": "Kpă Văn Mẫu", "source": "skhcn", "external_id": "S-1", "date_of_birth": "1970" });
    let winner = enter(&officer, &supplied).await;
    let entered = json!({ "full_name": "KPA VAN MAU", "phone": "0600777666", "email": "rieng@chuyengia.example",
                          "date_of_birth": "1970-05-06", "biography": "Sinh ở vùng Mẫu" });
    let loser = enter(&officer, &entered).await;
    let made = merge(&officer, &winner, &loser).await.expect(201);
    assert_eq!(made["left_out"], json!(["date_of_birth", "email", "phone"]));
    assert_eq!((&made["filled"], &made["shown_to"]), (&json!(["other_names", "biography"]), &json!("union")));
    let read = department.get(&format!("{}/restricted", path(&winner))).await.expect(200);
    assert_eq!(json!([read["phone"], read["email"], read["date_of_birth"]]), json!([null, null, "1970"]));
    undo(&officer, &made).await.expect(200);
    let read = officer.get(&format!("{}/restricted", path(&loser))).await.expect(200);
    assert_eq!(json!([read["phone"], read["date_of_birth"]]), json!(["0600777666", "1970-05-06"]));
    // of two records it supplied it reads all
    let other = json!({ "full_name": "K. V. Mẫu", "source": "skhcn", "external_id": "S-2", "phone": "0600777555" });
    let other = enter(&officer, &other).await;
    let made = merge(&officer, &winner, &other).await.expect(201);
    assert_eq!(made["left_out"], json!([]));
    let read = department.get(&format!("{}/restricted", path(&winner))).await.expect(200);
    assert_eq!(read["phone"], "0600777555");
}

#[tokio::test]
async fn after_an_undo_nobody_reads_in_their_history_whom_they_were_taken_for() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let own = json!({ "id": app.sql("SELECT expert_id FROM accounts WHERE username = 'expert'").await });
    let hidden = json!({ "full_name": "Kpă Văn Kín", "biography": "Sinh ở vùng Kín", "specialties": ["Xylitôn"] });
    for own_wins in [true, false] {
        let other = enter(&officer, &hidden).await;
        let (winner, loser) = if own_wins { (&own, &other) } else { (&other, &own) };
        let made = merge(&officer, winner, loser).await.expect(201);
        undo(&officer, &made).await.expect(200);
        let person = app.sign_in("expert").await;
        let history = person.get(&format!("{}/history?limit=100", path(&own))).await.expect(200);
        let events = history["items"].as_array().unwrap();
        assert!(events.iter().any(|event| event["action"] == "merges.undo"), "{history}");
        let written = history.to_string();
        for secret in ["Kín", "Xylitôn", text(&other["id"])] {
            assert!(!written.contains(secret), "{secret}: {written}");
        }
        let seen = officer.get(&format!("{}/history?limit=100", path(winner))).await.expect(200).to_string();
        assert!(!own_wins || seen.contains("Xylitôn"), "the Union reads what was filled: {seen}");
        officer.patch(&path(&other), "*", &json!({ "full_name": "Kpă Đã Xong" })).await.expect(200);
    }
}

#[tokio::test]
async fn what_moved_and_was_edited_since_stands_in_the_way() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two(&officer).await;
    let publication = json!({ "title": "Quế trên đất dốc", "year": 2020, "authors": ["Kpă Văn Mẫu"] });
    officer.post(&format!("{}/publications", path(&loser)), &publication).await.expect(201);
    for (at, from, to) in [
        (&winner, "2040-01-01", "2040-01-31"),
        (&loser, "2040-01-15", "2040-02-15"),
        (&loser, "2041-01-01", "2041-02-01"),
    ] {
        let period = json!({ "kind": "unavailable", "from": from, "to": to });
        officer.post(&format!("{}/availability", path(at)), &period).await.expect(201);
    }
    let made = merge(&officer, &winner, &loser).await.expect(201);
    assert_eq!((&made["left_out"], &made["moved"]["availability"]), (&json!(["availability"]), &json!(1)));
    let works = officer.get(&format!("{}/publications", path(&winner))).await.expect(200);
    let work = format!("{}/publications/{}", path(&winner), text(&works["items"][0]["id"]));
    let period = "SELECT id FROM expert_availability WHERE valid_from = '2041-01-01'";
    let period = format!("{}/availability/{}", path(&winner), app.sql(period).await);
    let edit = async |what: &str, to: Value| officer.patch(what, "*", &to).await.expect(200);
    edit(&work, json!({ "authors": ["Kpă Văn Mẫu", "Kpă Thị Khác"] })).await;
    // into the time of the period that stayed with the loser
    edit(&period, json!({ "from": "2040-02-01", "to": "2040-02-10" })).await;
    let refused = undo(&officer, &made).await.problem(409);
    assert_eq!(places(&refused), [("/publications", "edited_since"), ("/availability", "edited_since")], "{refused}");
    edit(&work, json!({ "authors": ["Kpă Văn Mẫu"] })).await;
    edit(&period, json!({ "from": "2041-01-01", "to": "2041-02-01" })).await;
    undo(&officer, &made).await.expect(200);
    let count = format!("SELECT count(*) FROM expert_availability WHERE expert_id = '{}'", text(&loser["id"]));
    assert_eq!(app.sql(&count).await, "2");
}

#[tokio::test]
async fn a_merge_is_undone_also_after_its_tables_got_new_columns() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two(&officer).await;
    for (title, at) in [("Quế trên đất dốc", &winner), ("Quế trên đất dốc", &loser), ("Rừng trồng", &loser)]
    {
        officer.post(&format!("{}/publications", path(at)), &json!({ "title": title })).await.expect(201);
    }
    let made = merge(&officer, &winner, &loser).await.expect(201);
    for table in ["experts", "expert_publications"] {
        let later = format!("ALTER TABLE {table} ADD COLUMN later integer NOT NULL DEFAULT 7");
        execute(&app, &later).await.unwrap();
    }
    undo(&officer, &made).await.expect(200);
    let of = format!("FROM expert_publications WHERE expert_id = '{}'", text(&loser["id"]));
    assert_eq!(app.sql(&format!("SELECT string_agg(later::text, ',') {of}")).await, "7,7");
}

/// Gives an expert an account that nobody signs in to.
async fn give_account(app: &TestApp, expert: &Value, username: &str) {
    let row = format!(
        "INSERT INTO accounts (id, username, display_name, role, expert_id)
         VALUES (gen_random_uuid(), '{username}', 'Kpă Văn Mẫu', 'expert', '{}')",
        text(&expert["id"])
    );
    change(app, &row).await;
}

/// Whose an account is, whether it is open, and how many events tell of it.
async fn account(app: &TestApp, username: &str) -> [String; 3] {
    let of = format!("FROM accounts WHERE username = '{username}'");
    let events = format!(
        "SELECT count(*) FROM audit_events WHERE subject_kind = 'account' AND action IN ('experts.merge', 'merges.undo')
            AND subject_id = (SELECT id {of})"
    );
    let whose = app.sql(&format!("SELECT expert_id {of}")).await;
    let open = app.sql(&format!("SELECT disabled_at IS NULL {of}")).await;
    [whose, open, app.sql(&events).await]
}

#[tokio::test]
async fn an_account_that_gets_another_record_signs_in_anew_and_its_events_say_so() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let person = app.sign_in("expert").await;
    let own = json!({ "id": app.sql("SELECT expert_id FROM accounts WHERE username = 'expert'").await });
    let winner = enter_named(&officer, "Kpă Văn Mẫu").await;
    let [w, l] = [&winner, &own].map(|expert| text(&expert["id"]).to_owned());
    // the winner's account is disabled: the person goes on with the one they use
    give_account(&app, &winner, "kpa-mau").await;
    change(&app, "UPDATE accounts SET disabled_at = now() WHERE username = 'kpa-mau'").await;
    let made = merge(&officer, &winner, &own).await.expect(201);
    person.get("/api/v1/me").await.problem(401);
    let again = app.sign_in("expert").await;
    assert_eq!(account(&app, "expert").await, [w.clone(), "true".into(), "1".into()]);
    assert_eq!(account(&app, "kpa-mau").await, [String::new(), "false".into(), "1".into()]);
    undo(&officer, &made).await.expect(200);
    again.get("/api/v1/me").await.problem(401);
    assert_eq!(account(&app, "expert").await, [l, "true".into(), "2".into()]);
    assert_eq!(account(&app, "kpa-mau").await, [w, "false".into(), "2".into()]);
}

#[tokio::test]
async fn an_account_that_was_disabled_while_a_merge_had_closed_it_stays_so() {
    let app = TestApp::start().await;
    let (officer, admin) = (app.sign_in("union_officer").await, app.sign_in("admin").await);
    let (winner, loser) = two(&officer).await;
    give_account(&app, &winner, "kpa-mot").await;
    give_account(&app, &loser, "kpa-hai").await;
    let made = merge(&officer, &winner, &loser).await.expect(201);
    let id = app.sql("SELECT id FROM accounts WHERE username = 'kpa-hai'").await;
    admin.verb(&format!("/api/v1/accounts/{id}/disable"), "*").await.expect(200);
    undo(&officer, &made).await.expect(200);
    assert_eq!(account(&app, "kpa-hai").await[..2], [text(&loser["id"]).to_owned(), "false".into()]);
    admin.verb(&format!("/api/v1/accounts/{id}/enable"), "*").await.expect(200);
}

#[tokio::test]
async fn who_was_said_to_be_two_people_is_not_merged_before_that_is_taken_back() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two(&officer).await;
    let third = enter_named(&officer, "Kpă Thị Khác").await;
    let decide = async |one: &Value, other: &Value, decision: &str| {
        let body = json!({ "one": one["id"], "other": other["id"], "decision": decision });
        officer.post("/api/v1/experts/duplicates/decisions", &body).await.expect(200);
    };
    decide(&winner, &loser, "not_the_same").await;
    assert_eq!(places(&merge(&officer, &winner, &loser).await.problem(409)), [("/other", "not_the_same")]);
    decide(&winner, &loser, "open").await;
    decide(&loser, &third, "not_the_same").await;
    let of = format!("SELECT count(*) FROM expert_distinctions WHERE '{}' IN (one_id, other_id)", text(&winner["id"]));
    for (anew, left) in [(false, "0"), (true, "1")] {
        let made = merge(&officer, &winner, &loser).await.expect(201);
        assert_eq!(app.sql(&of).await, "1", "inherited");
        if anew {
            decide(&third, &winner, "not_the_same").await;
        }
        undo(&officer, &made).await.expect(200);
        assert_eq!(app.sql(&of).await, left, "decided anew: {anew}");
    }
}

/// Of which names are made.
const WORDS: [&str; 10] = ["An", "Binh", "Cuong", "Dung", "Giang", "Hoa", "Khanh", "Lan", "Minh", "Nga"];

#[tokio::test]
async fn merges_loads_and_undos_at_once_do_not_wait_for_each_other_in_a_circle() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let lines = |round: usize| {
        let line = |at: usize| {
            json!({ "external_id": format!("L-{at}"), "full_name": format!("Kpă Văn {}", WORDS[at / 10].to_owned() + WORDS[at % 10]),
                                       "position": format!("Vị trí {round}") })
        };
        (0..60).rev().map(|at| line(at).to_string()).collect::<Vec<_>>().join("\n")
    };
    load_lines(&app, lines(0).as_bytes(), false).await;
    let of = |at: usize| format!("SELECT expert_id FROM expert_sources WHERE external_id = 'L-{at}'");
    let mut people = Vec::new();
    for at in 0..60 {
        people.push(json!({ "id": app.sql(&of(at)).await }));
    }
    for round in 1..=5 {
        let pair = |at: usize| (&people[at * 12 + 5 - round], &people[at * 12 + 5 + round]);
        let merges = async {
            let mut made = Vec::new();
            for at in 0..4 {
                let (winner, loser) = pair(at);
                made.push(merge(&officer, winner, loser).await.expect(201));
            }
            for merge in &made {
                undo(&officer, merge).await.expect(200);
            }
        };
        let text = lines(round);
        let ((), report) = tokio::join!(merges, load_lines(&app, text.as_bytes(), false));
        // a line whose record is merged just then is left out and told of; every other one comes in
        let merged = report.updated + report.unchanged + report.conflicts.len();
        assert_eq!((report.created, merged, report.rejected.len()), (0, 60, 0), "{report}");
        assert!(report.updated >= 60 - 8, "of eight records something was merged: {report}");
        let again = load_lines(&app, text.as_bytes(), false).await;
        assert_eq!((again.created, again.conflicts.len(), again.rejected.len()), (0, 0, 0), "{again}");
        let wrong = format!(
            "SELECT count(*) FROM expert_sources s JOIN experts e ON e.id = s.expert_id
                              WHERE s.source = 'tests' AND e.position <> 'Vị trí {round}'"
        );
        assert_eq!(app.sql(&wrong).await, "0", "after the next load everybody is where the source says");
    }
}

#[tokio::test]
async fn an_undo_beside_a_merge_of_the_winner_waits_or_is_told() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for round in ["Sáu", "Bảy", "Tám", "Chín", "Mười"] {
        let mut people = Vec::new();
        for name in ["Một", "Hai", "Ba"] {
            people.push(enter_named(&officer, &format!("Kpă {round} {name}")).await);
        }
        let first = merge(&officer, &people[1], &people[0]).await.expect(201);
        let undo = format!("/api/v1/merges/{}/undo", text(&first["id"]));
        let body = json!({ "other": people[1]["id"] });
        let statuses = at_once(vec![
            request(&officer, Method::POST, &undo, None),
            request(&officer, Method::POST, &format!("{}/merge", path(&people[2])), Some(&body))
                .header("if-match", "*"),
        ])
        .await;
        assert!([200, 409].contains(&statuses[0]) && statuses[1] == 201, "{statuses:?}");
    }
}

#[tokio::test]
async fn the_answer_says_what_was_filled_and_who_sees_it_now() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let (winner, loser) = two(&officer).await;
    decide(&officer, &winner, "public_profile", true).await;
    officer.patch(&path(&loser), "*", &json!({ "biography": "Sinh ở vùng Mẫu" })).await.expect(200);
    let made = merge(&officer, &winner, &loser).await.expect(201);
    assert_eq!(
        json!([made["filled"], made["shown_to"]]),
        json!([["other_names", "biography"], "everybody"]),
        "whoever merges learns what is shown from now on, and to whom"
    );
    let undone = undo(&officer, &made).await.expect(200);
    assert_eq!(undone["shown_to"], Value::Null);
}
