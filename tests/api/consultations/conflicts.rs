//! Conflicts of interest: checks before anybody is invited, declarations, waivers, recusals, alerts.

use expert_bank::consultations::panel::watch;
use serde_json::{Value, json};

use super::{
    at, attach_scheme, bring, callers, draft, fault, free_people, no_panels, own_record, panel_of, put_panel, verb,
};
use crate::support::bank::{change, enter_body, text};
use crate::support::{Answer, Caller, TestApp};

/// A request of the agricultural department in a state.
async fn request(callers: &[Caller<'_>; 3], more: &Value, state: &str) -> Value {
    let made = draft(&callers[0], "critical_review", more).await;
    attach_scheme(&callers[0], &made).await;
    bring(callers, &made, state).await
}

async fn check(caller: &Caller<'_>, consultation: &Value, codes: &[&str]) -> Value {
    caller.post(&at(consultation, "/coi-check"), &json!({ "experts": codes })).await.expect(200)
}

/// The kinds found of the first of a check.
fn kinds(check: &Value) -> Vec<&str> {
    check["results"][0]["findings"].as_array().unwrap().iter().map(|finding| text(&finding["kind"])).collect()
}

async fn say(caller: &Caller<'_>, consultation: &Value, code: &str, what: &str) -> Answer {
    let path = at(consultation, &format!("/conflicts/{code}/{what}"));
    let mut body = json!({ "reason": "Lý do thử" });
    if what == "waive" {
        body["findings"] = json!(open(caller, consultation, code).await);
    }
    caller.send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&body)).await
}

/// The keys of what nobody waived, as far as the caller reads them.
async fn open(caller: &Caller<'_>, consultation: &Value, code: &str) -> Vec<String> {
    let seen = caller.get(&at(consultation, &format!("/conflicts/{code}"))).await;
    if !seen.status.is_success() {
        return Vec::new();
    }
    let seen = seen.expect(200);
    let findings = seen["standing"]["findings"].as_array().unwrap().iter();
    findings.filter(|one| one["waived"] == json!(false)).map(|one| text(&one["key"]).to_owned()).collect()
}

/// Puts somebody at a body, with an event, as a profile would.
async fn work_at(app: &TestApp, code: &str, body: &str) {
    change(
        app,
        &format!(
            "UPDATE experts SET workplace_id = (SELECT id FROM organisations WHERE code = '{body}'), version = version + 1
              WHERE code = '{code}'"
        ),
    )
    .await;
}

/// Eight people: at the asker now, until lately, long ago, at a body under it; a drafter, who wrote with the drafter, an
/// officer of an association; and one with no tie.
async fn tied_people(app: &TestApp, officer: &Caller<'_>) -> Vec<String> {
    let people = free_people(app, 8).await;
    let [now, before, long_ago, under, drafter, writer, officer_of, _] = &people[..] else { panic!("{people:?}") };
    let asker = app.sql("SELECT id FROM organisations WHERE code = 'SNNMT-DEMO'").await;
    let office = json!({ "name": "Chi cục Kiểm lâm Mẫu", "kind": "agency", "code": "CCKL-THU", "parent_id": asker });
    enter_body(officer, &office).await;
    work_at(app, now, "SNNMT-DEMO").await;
    work_at(app, under, "CCKL-THU").await;
    for (code, from, to) in [(before, "2015", "2024"), (long_ago, "2001", "2010")] {
        let history = json!([{ "organisation": "Sở", "organisation_id": asker, "from": from, "to": to }]);
        change(
            app,
            &format!(
                "UPDATE experts SET details = jsonb_set(details, '{{work_history}}', '{history}') WHERE code = '{code}'"
            ),
        )
        .await;
    }
    for code in [drafter, writer] {
        change(
            app,
            &format!(
                "INSERT INTO expert_publications (id, expert_id, ordinal, title, year, authors)
                 SELECT gen_random_uuid(), id, 900, 'Rừng đầu nguồn và nước ngầm', 2025, '{{}}' FROM experts WHERE code = '{code}';
                 UPDATE experts SET version = version + 1 WHERE code = '{code}'"
            ),
        )
        .await;
    }
    change(
        app,
        &format!(
            "INSERT INTO association_officers (id, organisation_id, expert_id, full_name, name_key, position, valid_from)
             SELECT gen_random_uuid(), o.id, e.id, e.full_name, 'x', 'inspection_member', '2024-01-01'
               FROM organisations o, experts e WHERE o.code = 'HLN-DEMO' AND e.code = '{officer_of}'"
        ),
    )
    .await;
    people
}

#[tokio::test]
async fn what_the_record_says_is_found_with_its_evidence_before_anybody_is_invited() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let people = tied_people(&app, officer).await;
    let [now, before, long_ago, under, drafter, writer, officer_of, free] = &people[..] else { panic!("{people:?}") };
    let more = json!({ "drafters": [{ "expert": drafter }, { "organisation": "HLN-DEMO" }] });
    let made = request(&callers, &more, "accepted").await;
    for (code, expected, outcome) in [
        (now, vec!["works_at"], "open"),
        (before, vec!["worked_at"], "open"),
        (long_ago, vec![], "none"),
        (under, vec!["works_at"], "open"),
        (drafter, vec!["drafter"], "open"),
        (writer, vec!["shared_publication"], "open"),
        (officer_of, vec!["association_officer"], "open"),
        (free, vec![], "none"),
    ] {
        let seen = check(officer, &made, &[code]).await;
        assert_eq!(kinds(&seen), expected, "{code}: {seen}");
        assert_eq!(seen["results"][0]["outcome"], outcome, "{seen}");
        assert_eq!(seen["results"][0]["may_sit"], outcome == "none");
        // a proposal, which does not look at everybody name by name, knows the same
        let asked = officer.post(&at(&made, "/panel/proposal"), &json!({ "include": [code] })).await;
        if outcome == "none" {
            asked.expect(200);
        } else {
            assert_eq!(fault(asked), ("/include/0".to_owned(), "conflict".to_owned()), "{code}: {expected:?}");
        }
    }
}

#[tokio::test]
async fn a_check_is_told_in_the_callers_language_and_kept_as_it_was_found() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let people = tied_people(&app, officer).await;
    let (now, under) = (&people[0], &people[3]);
    let made = request(&callers, &json!({}), "accepted").await;
    assert_eq!(check(officer, &made, &[now]).await["results"][0]["outcome"], "open");
    let path = at(&made, "/coi-check");
    let body = json!({ "experts": [now.to_lowercase(), under] });
    let seen = officer.send(reqwest::Method::POST, &path, &[("accept-language", "en")], Some(&body)).await.expect(200);
    let finding = &seen["results"][0]["findings"][0];
    assert!(text(&finding["detail"]).starts_with("Works at "), "{finding}");
    assert_eq!(
        (&finding["side"], &finding["tie"], &finding["severity"]),
        (&json!("asker"), &json!("same"), &json!("high"))
    );
    assert_eq!(seen["results"][1]["findings"][0]["tie"], "below");
    let kept = officer.get(&at(&made, "/coi-checks?limit=1")).await.expect(200);
    assert_eq!(kept["items"][0]["id"], seen["id"]);
    assert!(kept["next_cursor"].is_string());
    work_at(&app, now, "SYT-DEMO").await;
    let kept = app.sign_in("auditor").await.get(&at(&made, "/coi-checks?limit=1")).await.expect(200);
    assert_eq!(kept["items"][0]["results"][0]["outcome"], "open", "what was found then");
    assert_eq!(check(officer, &made, &[now]).await["results"][0]["outcome"], "none", "and what is found now");
    let events = app.sign_in("auditor").await;
    let events = events.get("/api/v1/audit-events?action=consultations.check_conflicts").await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn checks_refuse_what_they_cannot_read() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let made = request(&callers, &json!({}), "accepted").await;
    let path = at(&made, "/coi-check");
    let many: Vec<String> = (0..101).map(|number| format!("CG-{number:06}")).collect();
    for (body, place) in [
        (json!({ "experts": [] }), "/experts"),
        (json!({ "experts": many }), "/experts"),
        (json!({ "experts": ["CG-999999"] }), "/experts/0"),
        (json!({ "experts": ["CG-000001", "cg-000001"] }), "/experts/1"),
        (json!({ "experts": ["", "x"] }), "/experts/0"),
        (json!({}), "/experts"),
    ] {
        assert_eq!(callers[1].post(&path, &body).await.places(422)[0], place, "{body}");
    }
    let nobody = "/api/v1/consultations/0190c0de-0000-7000-8000-000000000001/coi-check";
    callers[1].post(nobody, &json!({ "experts": ["CG-000001"] })).await.problem(404);
}

#[tokio::test]
async fn a_waiver_is_a_leaders_and_covers_what_was_known_alone() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, leader) = (&callers[0], &callers[1], &callers[2]);
    let people = free_people(&app, 3).await;
    let made = request(&callers, &json!({}), "accepted").await;
    verb(officer, &made, "form-panel", &Value::Null).await.expect(200);
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    let code = people[2].as_str();
    assert_eq!(say(leader, &made, code, "waive").await.problem(409)["code"], "conflict", "there is nothing to waive");
    work_at(&app, code, "SNNMT-DEMO").await;
    let document = json!({ "document": { "number": "12/QĐ-LHH", "date": "2026-03-09" } });
    let refused = verb(leader, &made, "approve-panel", &document).await.problem(422);
    let faults: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect();
    assert_eq!(faults, ["too_few", "conflict"], "{refused}");
    for caller in [agency, officer] {
        say(caller, &made, code, "waive").await.problem(403);
    }
    let bare = json!({ "reason": " ", "findings": [] });
    let path = at(&made, &format!("/conflicts/{code}/waive"));
    let unsaid = leader.send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&bare)).await;
    assert_eq!(unsaid.places(422), ["/reason"]);
    // what came up since the leader read is not waived unread
    let unread = json!({ "reason": "Đã đọc", "findings": [] });
    let refused = leader.send(reqwest::Method::POST, &path, &[("if-match", "*")], Some(&unread)).await.problem(409);
    assert!(text(&refused["detail"]).contains("works_at:asker:"), "{refused}");
    let waived = say(leader, &made, code, "waive").await.expect(200);
    assert_eq!((&waived["standing"]["outcome"], &waived["standing"]["may_sit"]), (&json!("waived"), &json!(true)));
    assert_eq!(waived["decisions"][0]["covers"].as_array().unwrap().len(), 1);
    // another one is not covered
    let declared = say(officer, &made, code, "declare").await.expect(200);
    assert_eq!(declared["standing"]["outcome"], "declared");
    verb(leader, &made, "approve-panel", &document).await.problem(422);
    say(leader, &made, code, "waive").await.expect(200);
    let approved = verb(leader, &made, "approve-panel", &document).await.expect(200);
    assert_eq!(approved["state"], "in_review");
}

#[tokio::test]
async fn who_is_recused_leaves_and_comes_back_by_a_waiver_alone() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let made = request(&callers, &json!({}), "panel_forming").await;
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    let code = text(&panel["members"][0]["expert"]["code"]).to_owned();
    let out = say(officer, &made, &code, "recuse").await.expect(200);
    assert_eq!(out["standing"]["outcome"], "recused");
    say(officer, &made, &code, "recuse").await.problem(409);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["members"].as_array().unwrap().len(), 4);
    assert_eq!(
        (&panel["former"][0]["state"], &panel["former"][0]["ended_reason"]),
        (&json!("recused"), &json!("Lý do thử"))
    );
    let lacks: Vec<&str> = panel["lacks"].as_array().unwrap().iter().map(|lack| text(&lack["code"])).collect();
    assert_eq!(lacks, ["chair", "even"]);
    assert_eq!(check(officer, &made, &[&code]).await["results"][0]["may_sit"], false);
    assert_eq!(say(leader, &made, &code, "waive").await.expect(200)["standing"]["outcome"], "none");
    // nothing is decided of what is over
    verb(leader, &made, "cancel", &json!({ "reason": "x" })).await.expect(200);
    say(officer, &made, &code, "declare").await.problem(409);
}

#[tokio::test]
async fn a_conflict_that_comes_up_raises_one_alert_however_many_look() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = request(&callers, &json!({}), "in_review").await;
    let look = async || watch(&app.state.db, &app.state.sealer, true).await.unwrap();
    look().await;
    assert_eq!(look().await, 0, "nothing is left to look at");
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["alerts"], json!([]));
    let code = text(&panel["members"][1]["expert"]["code"]).to_owned();
    work_at(&app, &code, "SNNMT-DEMO").await;
    // at once for who reads, and once for who is told
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["members"][1]["conflict"]["outcome"], "open");
    // of three at once, whoever finds the panel held leaves it to the others
    let at_once = async || watch(&app.state.db, &app.state.sealer, true).await.unwrap_or_default();
    let (a, b, c) = tokio::join!(at_once(), at_once(), at_once());
    assert!(a + b + c >= 1);
    work_at(&app, &code, "SYT-DEMO").await;
    look().await;
    work_at(&app, &code, "SNNMT-DEMO").await;
    look().await;
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["alerts"].as_array().unwrap().len(), 1, "{}", panel["alerts"]);
    assert_eq!(panel["alerts"][0]["expert"]["code"], json!(code));
    assert_eq!(
        (&panel["alerts"][0]["ended_at"], &panel["alerts"][0]["finding"]["waived"]),
        (&Value::Null, &json!(false))
    );
    let auditor = app.sign_in("auditor").await;
    let events = auditor.get("/api/v1/audit-events?action=consultations.conflict_found").await.expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "what ended and came up again is told again: {events}");
    assert_eq!(events["items"][0]["actor_kind"], "system", "{events}");
    // a body that comes to stand over where somebody works is found as well
    let other = text(&panel["members"][2]["expert"]["code"]).to_owned();
    let body = json!({ "name": "Trung tâm Thử", "kind": "agency", "code": "TT-THU" });
    enter_body(officer, &body).await;
    work_at(&app, &other, "TT-THU").await;
    look().await;
    change(
        &app,
        "UPDATE organisation_versions SET parent_id = (SELECT id FROM organisations WHERE code = 'SNNMT-DEMO')
          WHERE organisation_id = (SELECT id FROM organisations WHERE code = 'TT-THU')",
    )
    .await;
    assert!(look().await >= 1);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["alerts"].as_array().unwrap().len(), 2, "{}", panel["alerts"]);
    // what holds no more says so, and nobody waived it
    work_at(&app, &code, "SYT-DEMO").await;
    look().await;
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    let past = panel["alerts"].as_array().unwrap().iter().find(|one| one["expert"]["code"] == json!(code)).unwrap();
    assert!(past["ended_at"].is_string() && past["finding"]["waived"] == json!(false), "{past}");
}

/// Five for a panel, `own` among them, and whom `own` wrote something with, as its authors have it.
async fn others_and_author(app: &TestApp, own: &str) -> (Vec<String>, String) {
    let mut people = free_people(app, 7).await;
    people.retain(|code| code != own);
    let author = people.pop().unwrap();
    change(
        app,
        &format!(
            "UPDATE experts SET full_name = 'Lê Thị Mẫu Thử' WHERE code = '{author}';
             INSERT INTO expert_publications (id, expert_id, ordinal, title, year, authors)
             SELECT gen_random_uuid(), id, 901, 'Một bài của riêng người này', 2025, ARRAY['Le Thi Mau Thu'] FROM experts WHERE code = '{own}'"
        ),
    )
    .await;
    people.truncate(4);
    people.insert(0, own.to_owned());
    (people, author)
}

#[tokio::test]
async fn one_of_the_panel_declares_for_themself_and_reads_nobody_else() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, expert) = (&callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (people, author) = others_and_author(&app, &own).await;
    let more = json!({ "drafters": [{ "expert": author }] });
    let made = request(&callers, &more, "accepted").await;
    verb(officer, &made, "form-panel", &Value::Null).await.expect(200);
    say(&expert, &made, &own, "declare").await.problem(404);
    put_panel(officer, &made, &panel_of(&people)).await.expect(200);
    say(&expert, &made, &own, "declare").await.problem(404);
    say(&callers[2], &made, &own, "waive").await.expect(200);
    let document = json!({ "document": { "number": "12/QĐ-LHH", "date": "2026-03-09" } });
    verb(&callers[2], &made, "approve-panel", &document).await.expect(200);
    // who of the bank drafted it is not the person's to know, nor what stands in that one's record
    let read = expert.get(&at(&made, &format!("/conflicts/{own}"))).await.expect(200);
    let panel = expert.get(&at(&made, "/panel")).await.expect(200);
    for finding in [&read["standing"]["findings"][0], &panel["members"][0]["conflict"]["findings"][0]] {
        assert_eq!(
            (&finding["kind"], &finding["drafter_id"]),
            (&json!("shared_publication"), &Value::Null),
            "{finding}"
        );
        assert!(!text(&finding["detail"]).contains("Một bài"), "{finding}");
    }
    let whole = officer.get(&at(&made, &format!("/conflicts/{own}"))).await.expect(200);
    let drafter = app.sql(&format!("SELECT id FROM experts WHERE code = '{author}'")).await;
    assert_eq!(whole["standing"]["findings"][0]["drafter_id"], json!(drafter));
    assert!(!read.to_string().contains(&drafter), "{read}");
    let told = say(&expert, &made, &own, "declare").await.expect(200);
    assert_eq!(told["standing"]["outcome"], "declared");
    let decisions = expert.get(&at(&made, &format!("/conflicts/{own}"))).await.expect(200)["decisions"].clone();
    assert_eq!((&decisions[1]["role"], &decisions[1]["reason"]), (&json!("expert"), &json!("Lý do thử")));
    assert_eq!(decisions[0]["reason"], Value::Null, "what a leader wrote may name others");
    say(&expert, &made, &people[1], "declare").await.problem(404);
    expert.get(&at(&made, &format!("/conflicts/{}", people[1]))).await.problem(404);
    let words = text(&told["standing"]["findings"][0]["detail"]).to_owned();
    assert!(words.starts_with("Tự khai: "), "{words}");
    let told = say(officer, &made, &people[1], "declare").await.expect(200);
    assert!(
        text(&told["standing"]["findings"][0]["detail"]).starts_with("Văn phòng Liên hiệp hội ghi nhận: "),
        "{told}"
    );
    // nobody declares without end
    for _ in 0..19 {
        say(&expert, &made, &own, "declare").await.expect(200);
    }
    say(&expert, &made, &own, "declare").await.problem(409);
    for what in ["waive", "recuse"] {
        say(&expert, &made, &own, what).await.problem(403);
    }
    let checks = expert.get(&at(&made, "/coi-checks")).await.expect(200);
    assert_eq!(checks["items"], json!([]), "whom the Union looked at is not theirs to know");
    for role in ["association", "admin", "science_dept", "agency_2", "agency"] {
        let stranger = app.sign_in(role).await;
        say(&stranger, &made, &own, "declare").await.problem(403);
        stranger.get(&at(&made, &format!("/conflicts/{own}"))).await.problem(403);
        stranger.post(&at(&made, "/coi-check"), &json!({ "experts": [own] })).await.problem(403);
    }
}

#[tokio::test]
async fn names_and_titles_are_compared_as_people_write_them() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let people = free_people(&app, 6).await;
    let [drafter, plain, loud, named, namesake, other] = &people[..] else { panic!("{people:?}") };
    let publish = |code: &str, title: &str, authors: &str| {
        format!(
            "INSERT INTO expert_publications (id, expert_id, ordinal, title, year, authors)
             SELECT gen_random_uuid(), id, 900, '{title}', 2025, ARRAY[{authors}]::text[] FROM experts WHERE code = '{code}';"
        )
    };
    let title = "Rừng đầu nguồn sông Gâm và nguồn nước ngầm trong vùng";
    let sql = [
        format!("UPDATE experts SET full_name = 'Lê Thị Mẫu Thử' WHERE code = '{drafter}';"),
        format!("UPDATE experts SET full_name = 'Vũ Văn Tên Thử' WHERE code = '{named}';"),
        publish(drafter, title, ""),
        publish(plain, "Another paper of the same people", "'Le Thi Mau Thu', 'Ai Do'"),
        publish(loud, &title.to_uppercase(), ""),
        publish(namesake, "Một bài khác hẳn của người khác", "'Lê Thị Mâu Thư'"),
    ];
    change(&app, &sql.concat()).await;
    // a person who drafted, with where they work, is a person
    let more = json!({ "drafters": [
        { "expert": drafter }, { "name": "PGS.TS. Vũ Văn Tên Thử", "organisation": "HLN-DEMO" },
    ] });
    let made = request(&callers, &more, "accepted").await;
    for (code, expected, severity) in [
        (plain, vec!["shared_publication"], "low"),
        (loud, vec!["shared_publication"], "medium"),
        (named, vec!["named_as_drafter"], "low"),
        (namesake, vec![], ""),
        (other, vec![], ""),
    ] {
        let seen = check(officer, &made, &[code]).await;
        assert_eq!(kinds(&seen), expected, "{code}: {seen}");
        let first = &seen["results"][0]["findings"][0]["severity"];
        assert!(expected.is_empty() || *first == json!(severity), "{seen}");
    }
    // what is kept for good has no words about people
    check(officer, &made, &[loud]).await;
    let kept = app.sql("SELECT string_agg(results::text, '') FROM conflict_checks").await;
    assert!(!kept.contains("RỪNG") && kept.contains("shared_publication"), "{kept}");
    // whom somebody was merged into stands for them in what is kept
    let merge = format!("/api/v1/experts/{other}/merge");
    let body = json!({ "other": loud });
    officer.send(reqwest::Method::POST, &merge, &[("if-match", "*")], Some(&body)).await.expect(201);
    let kept = officer.get(&at(&made, "/coi-checks?limit=1")).await.expect(200);
    assert_eq!(kept["items"][0]["results"][0]["expert"]["code"], json!(other), "{kept}");
}

#[tokio::test]
async fn bodies_count_for_the_time_and_the_way_they_belong_to_who_asks() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let people = free_people(&app, 8).await;
    let asker = app.sql("SELECT id FROM organisations WHERE code = 'SNNMT-DEMO'").await;
    for (code, parent) in [("CU-THU", false), ("CHI-EM", false), ("GOC-THU", false), ("TT-CU", true), ("TT-MOI", true)]
    {
        let mut body = json!({ "name": format!("Đơn vị {code}"), "kind": "agency", "code": code });
        if parent {
            body["parent_id"] = json!(asker);
        }
        enter_body(officer, &body).await;
    }
    let id = |code: &str| format!("(SELECT id FROM organisations WHERE code = '{code}')");
    let follow = |old: &str, new: &str, kind: &str| {
        format!(
            "INSERT INTO organisation_successions (id, predecessor_id, successor_id, kind, effective_on)
             VALUES (gen_random_uuid(), {}, {}, '{kind}', '2024-01-01');",
            id(old),
            id(new)
        )
    };
    let valid =
        |code: &str, set: &str| format!("UPDATE organisation_versions SET {set} WHERE organisation_id = {};", id(code));
    let sql = [
        // the old body was divided between the asker and another; the asker was split from a third
        follow("CU-THU", "SNNMT-DEMO", "divided"),
        follow("CU-THU", "CHI-EM", "divided"),
        follow("GOC-THU", "SNNMT-DEMO", "split"),
        // one centre was closed, one came later
        valid("TT-CU", "valid_from = '2010-01-01', valid_to = '2024-06-30'"),
        valid("TT-MOI", "valid_from = '2025-01-01'"),
    ];
    change(&app, &sql.concat()).await;
    let made = request(&callers, &json!({}), "accepted").await;
    for (person, (body, from, to, expected)) in people.iter().zip([
        ("CU-THU", "2015", "2023", vec!["worked_at"]),
        ("CHI-EM", "2024", "", vec![]),
        ("GOC-THU", "2015", "2025", vec!["worked_at"]),
        ("GOC-THU", "2024-06", "", vec![]),
        ("TT-CU", "2015", "2024", vec!["worked_at"]),
        ("TT-MOI", "2015", "2024", vec![]),
        ("TT-MOI", "2015", "", vec!["works_at"]),
        ("TT-MOI", "2026-01", "", vec!["works_at"]),
    ]) {
        let until = if to.is_empty() { "null".to_owned() } else { format!("\"{to}\"") };
        let organisation = app.sql(&format!("SELECT {}", id(body))).await;
        let history = format!(
            r#"[{{"organisation": "x", "organisation_id": "{organisation}", "from": "{from}", "to": {until}}}]"#
        );
        let sql = format!(
            "UPDATE experts SET details = jsonb_set(details, '{{work_history}}', '{history}') WHERE code = '{person}'"
        );
        change(&app, &sql).await;
        let seen = check(officer, &made, &[person]).await;
        assert_eq!(kinds(&seen), expected, "{body} {from} {to}: {seen}");
    }
}

#[tokio::test]
async fn candidates_are_told_with_their_conflicts() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = request(&callers, &json!({}), "accepted").await;
    let list = at(&made, "/candidates?limit=100");
    let first = officer.get(&list).await.expect(200)["items"][0].clone();
    work_at(&app, text(&first["expert"]["code"]), "SNNMT-DEMO").await;
    let page = officer.get(&list).await.expect(200);
    let same =
        page["items"].as_array().unwrap().iter().find(|one| one["expert"]["id"] == first["expert"]["id"]).unwrap();
    assert_eq!((&same["free"], &same["score"]), (&json!(false), &first["score"]), "{same}");
    let part = |one: &Value| {
        let mut parts = one["explanation"].as_array().unwrap().iter();
        parts.find(|part| part["part"] == json!("conflicts")).cloned().unwrap()
    };
    assert_eq!((part(&first)["value"].as_f64(), part(same)["value"].as_f64()), (Some(1.0), Some(0.0)));
    assert!(text(&part(same)["words"]).starts_with("Đang làm việc tại "), "{same}");
}

#[tokio::test]
async fn one_panel_that_is_held_keeps_no_other_from_being_looked_at() {
    let app = TestApp::start().await;
    no_panels(&app).await;
    let callers = callers(&app).await;
    let mut all = Vec::new();
    for _ in 0..2 {
        all.push(request(&callers, &json!({}), "in_review").await);
    }
    let look = async || watch(&app.state.db, &app.state.sealer, true).await;
    look().await.unwrap();
    // many changes of bodies enter each panel many times, and each is looked at once
    for _ in 0..5 {
        change(&app, "UPDATE organisation_versions SET parent_id = parent_id").await;
    }
    assert_eq!(look().await.unwrap(), 2);
    assert_eq!(look().await.unwrap(), 0);
    // a change that nobody entered, since its author did not see the seat yet
    change(
        &app,
        &format!(
            "UPDATE experts SET version = version + 1 WHERE id = (
                 SELECT expert_id FROM panel_members WHERE consultation_id = '{}' ORDER BY id LIMIT 1);
             DELETE FROM panel_rechecks",
            text(&all[0]["id"])
        ),
    )
    .await;
    assert!(look().await.unwrap() >= 1);
    assert_eq!(look().await.unwrap(), 0);
}
