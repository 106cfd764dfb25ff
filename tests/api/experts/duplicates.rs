//! `/experts/duplicates`, and people who are entered twice.

use expert_bank::experts::duplicates::pairs::catch_up;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{decide, enter, load_agreeing, path, text};
use crate::support::people::{at_once, execute, request};
use crate::support::{Caller, TestApp};

const DUPLICATES: &str = "/api/v1/experts/duplicates";
const DECISIONS: &str = "/api/v1/experts/duplicates/decisions";

fn person(name: &str, born: &str, workplace: &str) -> Value {
    json!({ "full_name": name, "date_of_birth": born, "workplace": workplace, "fields": ["40401"] })
}

/// Pairs of people who are not those of the demo.
async fn pairs(caller: &Caller<'_>, of: &Value) -> Vec<Value> {
    let page = caller.get(&format!("{DUPLICATES}?min_score=0.4&expert={}", text(&of["id"]))).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

fn kinds(pair: &Value) -> Vec<&str> {
    pair["evidence"].as_array().unwrap().iter().map(|item| text(&item["kind"])).collect()
}

#[tokio::test]
async fn the_union_sees_who_may_be_one_person_and_why() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let one = enter(&officer, &person("Kpă Văn Mẫu", "1970-05-06", "Chi cục Kiểm lâm vùng Mẫu")).await;
    let other = enter(&officer, &person("K. V. Mẫu", "1970", "Chi cục Kiểm lâm vùng Mẫu")).await;
    enter(&officer, &person("Kpă Văn Mẫu", "1982", "Bệnh viện Mẫu")).await;
    let found = pairs(&officer, &one).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let pair = &found[0];
    assert_eq!((&pair["one"]["id"], &pair["other"]["id"]), (&one["id"], &other["id"]), "the earlier one first");
    assert_eq!(pair["other"]["code"], other["code"]);
    assert_eq!((&pair["certain"], pair["score"].as_f64().unwrap() >= 0.7), (&json!(false), true), "{pair}");
    assert_eq!(kinds(pair), ["same_workplace", "same_birth_year", "initials", "same_field"], "{pair}");
    assert_eq!(pair["evidence"][0]["text"], "Cùng nơi công tác.");
    let english =
        officer.send(Method::GET, DUPLICATES, &[("accept-language", "en")], None).await.expect(200).to_string();
    assert!(english.contains("The same workplace."), "{english}");
    assert!(!english.contains("1970-05-06"), "a birth date is compared and not shown");
    // what no longer is alike is no pair any more
    officer.patch(&path(&other), "*", &json!({ "date_of_birth": "1991-01-02" })).await.expect(200);
    assert_eq!(pairs(&officer, &one).await, Vec::<Value>::new());
    for account in ["expert", "association", "agency", "science_dept", "auditor", "admin"] {
        app.sign_in(account).await.get(DUPLICATES).await.problem(403);
        let decision = json!({ "one": one["id"], "other": other["id"], "decision": "not_the_same" });
        app.sign_in(account).await.post(DECISIONS, &decision).await.problem(403);
    }
    app.nobody().get(DUPLICATES).await.problem(401);
}

#[tokio::test]
async fn the_list_is_paged_and_its_parameters_are_looked_at() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    for year in 1961..=1965 {
        for (name, born) in [("Kpă Văn Trang", format!("{year}-03-05")), ("KPA VAN TRANG", year.to_string())] {
            enter(&officer, &person(name, &born, &format!("Viện Mẫu số {year}"))).await;
        }
    }
    let whole = officer.get(&format!("{DUPLICATES}?limit=100")).await.expect(200);
    let whole = whole["items"].as_array().unwrap();
    assert!(whole.len() >= 5, "{whole:?}");
    let scores: Vec<f64> = whole.iter().map(|pair| pair["score"].as_f64().unwrap()).collect();
    assert!(scores.is_sorted_by(|one, two| one >= two), "{scores:?}");
    let mut paged = Vec::new();
    let mut next = Some(format!("{DUPLICATES}?limit=2"));
    while let Some(page) = next {
        let page = officer.get(&page).await.expect(200);
        paged.extend(page["items"].as_array().unwrap().clone());
        next = page["next_cursor"].as_str().map(|cursor| format!("{DUPLICATES}?limit=2&cursor={cursor}"));
    }
    assert_eq!(&paged, whole);
    for (query, pointer) in [
        ("min_score=0.1", "/min_score"),
        ("min_score=1.5", "/min_score"),
        ("min_score=viel", "/min_score"),
        ("min_score=NaN", "/min_score"),
        ("expert=CG-777777", "/expert"),
        ("limit=0", "/limit"),
        ("colour=red", "/colour"),
    ] {
        assert_eq!(officer.get(&format!("{DUPLICATES}?{query}")).await.places(400), [pointer], "{query}");
    }
    officer.get(&format!("{DUPLICATES}?cursor=x")).await.problem(400);
}

#[tokio::test]
async fn a_decision_is_remembered_until_it_is_taken_back() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let one = enter(&officer, &person("Kpă Văn Mẫu", "1970-05-06", "Chi cục Kiểm lâm vùng Mẫu")).await;
    let other = enter(&officer, &person("KPA VAN MAU", "1970", "Chi cục Kiểm lâm vùng Mẫu")).await;
    assert_eq!(pairs(&officer, &one).await.len(), 1);
    let decision =
        |word: &str| json!({ "one": other["code"], "other": one["id"], "decision": word, "reason": "Anh em họ" });
    let events = "SELECT count(*) FROM audit_events WHERE subject_kind = 'distinction'";
    for _ in 0..2 {
        let decided = officer.post(DECISIONS, &decision("not_the_same")).await.expect(200);
        assert_eq!(decided, json!({ "one": one["id"], "other": other["id"], "decision": "not_the_same" }));
    }
    assert_eq!(app.sql(events).await, "2", "decided anew, it is known who did so last");
    assert_eq!(pairs(&officer, &one).await, Vec::<Value>::new());
    // also when the records change, and are compared again
    officer.patch(&path(&other), "*", &json!({ "gender": "male" })).await.expect(200);
    assert_eq!(pairs(&officer, &other).await, Vec::<Value>::new());
    officer.post(DECISIONS, &decision("open")).await.expect(200);
    assert_eq!(pairs(&officer, &one).await.len(), 1);
    for (member, value, pointer) in [
        ("one", json!("CG-777777"), "/one"),
        ("other", json!("không"), "/other"),
        ("other", other["code"].clone(), "/other"),
        ("decision", json!("maybe"), "/decision"),
        ("reason", json!("a".repeat(1_001)), "/reason"),
        ("colour", json!("red"), "/colour"),
    ] {
        let mut body = decision("not_the_same");
        body[member] = value;
        assert_eq!(officer.post(DECISIONS, &body).await.places(422), [pointer], "{member}");
    }
    // the person does not learn from their own history whom they resemble
    let history = officer.get(&format!("{}/history", path(&one))).await.expect(200);
    assert!(!history.to_string().contains(text(&other["id"])), "{history}");
}

#[tokio::test]
async fn who_is_in_the_bank_for_certain_is_not_entered_again() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let mut form = person("Kpă Văn Mẫu", "1970-05-06", "Chi cục Kiểm lâm vùng Mẫu");
    form["email"] = json!("kpa.mau@chuyengia.example");
    let known = enter(&officer, &form).await;
    let again = json!({ "full_name": "TS. KPA VAN MAU", "email": "Kpa.Mau@chuyengia.example" });
    let refused = officer.post("/api/v1/experts", &again).await.problem(409);
    assert_eq!(refused["existing"], path(&known));
    let told: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|error| text(&error["code"])).collect();
    assert_eq!(told, ["same_person", "same_person"], "{refused}");
    assert_eq!(app.sql("SELECT count(*) FROM experts WHERE full_name ILIKE 'kp_ v_n m_u'").await, "1");
    // a namesake is somebody else until more is the same
    enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "date_of_birth": "1970-05-06" })).await;
    // whoever knows better says so, and is not asked again
    let unknown = officer.post("/api/v1/experts?not_the_same=CG-777777", &again).await;
    assert_eq!(unknown.places(422), ["/not_the_same"]);
    let code = text(&known["code"]);
    let many = format!("/api/v1/experts?not_the_same={}", [code; 51].join("&not_the_same="));
    assert_eq!(officer.post(&many, &again).await.places(422), ["/not_the_same"]);
    let made =
        officer.post(&format!("/api/v1/experts?not_the_same={code}&not_the_same={code}"), &again).await.expect(201);
    let with_known = pairs(&officer, &made).await.into_iter().any(|pair| pair.to_string().contains(code));
    assert!(!with_known, "remembered");
    // the same record of a source is told as such, whoever it may be
    form["email"] = Value::Null;
    form["source"] = json!("tests");
    form["external_id"] = json!("X-1");
    form["full_name"] = json!("Kpă Thị Nguồn");
    let sourced = enter(&officer, &form).await;
    let twice = officer.post("/api/v1/experts", &form).await.problem(409);
    assert_eq!((&twice["existing"], &twice["errors"]), (&json!(path(&sourced)), &Value::Null));
}

#[tokio::test]
async fn two_who_enter_one_person_at_once_enter_them_once() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let form = |name: &str| json!({ "full_name": name, "email": "kpa.mau@chuyengia.example" });
    let (one, two) = (form("Kpă Văn Mẫu"), form("KPA VAN MAU"));
    let requests = (0..8)
        .map(|at| request(&officer, Method::POST, "/api/v1/experts", Some(if at % 2 == 0 { &one } else { &two })))
        .collect();
    let mut statuses = at_once(requests).await;
    statuses.sort_unstable();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409, 503].contains(status)), "{statuses:?}");
}

#[tokio::test]
async fn a_nominator_is_answered_alike_whoever_the_person_resembles() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let contact = |email: &str| json!({ "full_name": "Kpă Văn Mẫu", "email": email, "date_of_birth": "1970-05-06" });
    enter(&officer, &contact("an.giau@chuyengia.example")).await;
    let shown = enter(&officer, &contact("cong.khai@chuyengia.example")).await;
    decide(&officer, &shown, "public_profile", true).await;
    for account in ["association", "agency", "science_dept"] {
        let caller = app.sign_in(account).await;
        let mut answers = Vec::new();
        for email in ["an.giau@chuyengia.example", "cong.khai@chuyengia.example", "khong.ai@chuyengia.example"] {
            let body = json!({ "expert": contact(email), "reason": "Có uy tín" });
            let answer = caller.post("/api/v1/experts/nominations", &body).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
            let mut told: Value = serde_json::from_str(&answer.text).unwrap();
            assert_eq!((&told["needs_review"], told.get("candidates")), (&json!(true), None));
            let read = caller.get(&answer.header("location")).await;
            assert_eq!(serde_json::from_str::<Value>(&read.text).unwrap(), told);
            for chance in ["id", "filed_at"] {
                told[chance] = Value::Null;
            }
            answers.push((told.to_string(), answer.text.len(), answer.headers.len()));
        }
        assert_eq!(answers[0], answers[1], "{account}: hidden or shown");
        assert_eq!(answers[0], answers[2], "{account}: known or not");
    }
}

#[tokio::test]
async fn who_is_there_for_certain_is_not_accepted_as_new() {
    let app = TestApp::start().await;
    let (officer, agency) = (app.sign_in("union_officer").await, app.sign_in("agency").await);
    let form = json!({ "full_name": "Kpă Văn Mẫu", "email": "kpa.mau@chuyengia.example" });
    let known = enter(&officer, &form).await;
    let made = agency.post("/api/v1/experts/nominations", &json!({ "expert": form, "reason": "Có uy tín" })).await;
    let at = made.header("location");
    let refused = officer.verb(&format!("{at}/accept"), "*").await.problem(409);
    assert_eq!(refused["existing"], path(&known));
    let accepted = format!("{at}/accept?not_the_same={}", text(&known["code"]));
    assert_eq!(officer.verb(&accepted, "*").await.expect(200)["needs_review"], false);
}

#[tokio::test]
async fn a_load_is_looked_through_afterwards() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let twice = |name: &str| person(name, "1970-05-06", "Chi cục Kiểm lâm vùng Mẫu");
    let forms: Vec<Value> =
        ["Kpă Văn Một", "Kpă Văn Hai", "KPA VAN MOT", "Hai Kpă Văn"].iter().map(|name| twice(name)).collect();
    load_agreeing(&app, &forms).await;
    let hour = std::time::Duration::from_secs(3_600);
    assert!(catch_up(&app.state.db, &app.state.sealer, hour).await.unwrap() >= 4);
    assert_eq!(catch_up(&app.state.db, &app.state.sealer, hour).await.unwrap(), 0, "nobody waits any more");
    let page = officer.get(&format!("{DUPLICATES}?limit=100")).await.expect(200);
    let of_load: Vec<&Value> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pair| text(&pair["one"]["full_name"]).starts_with("Kpă Văn"))
        .collect();
    assert_eq!(of_load.len(), 2, "{page}");
}

/// A plan from when nobody waited reads all who wait once for each of them, which PostgreSQL breaks off.
#[tokio::test]
async fn many_come_after_nobody_waited_for_long() {
    let app = TestApp::start().await;
    let hour = std::time::Duration::from_secs(3_600);
    let compared = async || catch_up(&app.state.db, &app.state.sealer, hour).await.unwrap();
    compared().await;
    execute(&app, "VACUUM (ANALYZE) expert_duplicates_due").await.unwrap();
    for _ in 0..12 {
        assert_eq!(compared().await, 0);
    }
    let many = "INSERT INTO expert_duplicates_due (expert_id) SELECT gen_random_uuid() FROM generate_series(1, 20000)";
    execute(&app, many).await.unwrap();
    assert_eq!(compared().await, 20_000);
}

/// A name and a year that more bear than are compared: who came last still meets who came just before.
#[tokio::test]
async fn the_newest_of_many_namesakes_meet() {
    use expert_bank::experts::store::{meet, stored_people};
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let crowd: Vec<Value> = (0..505).map(|at| person("Kpă Văn Mẫu", "1970", &format!("Viện số {at}"))).collect();
    load_agreeing(&app, &crowd).await;
    let one = enter(&officer, &person("Kpă Văn Mẫu", "1970", "Bệnh viện Một")).await;
    let other = enter(&officer, &person("Kpă Văn Mẫu", "1970", "Bệnh viện Hai")).await;
    let ids = [&one, &other].map(|expert| text(&expert["id"]).parse::<uuid::Uuid>().unwrap());
    let mut conn = app.state.db.conn().await.unwrap();
    let stored = stored_people(&mut conn, &app.state.sealer, &ids).await.unwrap();
    let people = ids.map(|id| stored[&id].person.clone());
    let met = meet(&mut conn, &people).await.unwrap();
    assert!(met[0].contains(&ids[1]) && met[1].contains(&ids[0]), "{} and {} met", met[0].len(), met[1].len());
}
