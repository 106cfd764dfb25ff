//! Who fits a request: ranking, reasons, who sees them, and how much each has to do.

use serde_json::{Value, json};

use super::{at, bring, callers, draft, no_panels, submitted};
use crate::support::bank::{change, decide, encode, enter, load_agreeing, path, text};
use crate::support::{Caller, TestApp};

/// Nobody of the demo may be asked.
async fn emptied(app: &TestApp) {
    change(app, "UPDATE experts SET status = 'paused' WHERE status = 'active'").await;
}

async fn candidates(caller: &Caller<'_>, consultation: &Value, query: &str) -> Value {
    caller.get(&at(consultation, &format!("/candidates{query}"))).await.expect(200)
}

fn names(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| text(&item["expert"]["full_name"]).to_owned()).collect()
}

fn of<'v>(page: &'v Value, name: &str) -> &'v Value {
    let items = page["items"].as_array().unwrap();
    items.iter().find(|item| item["expert"]["full_name"] == name).unwrap_or_else(|| panic!("{name}: {page}"))
}

fn part<'v>(item: &'v Value, part: &str) -> &'v Value {
    let parts = item["explanation"].as_array().unwrap();
    parts.iter().find(|found| found["part"] == part).unwrap_or_else(|| panic!("{part}: {item}"))
}

fn forester() -> Value {
    json!({
        "full_name": "TS. Kpă Rừng", "fields": ["40401"], "specialties": ["Lâm sinh", "Rừng phòng hộ đầu nguồn"],
        "position": "Nghiên cứu viên",
        "publications": [
            { "title": "Phục hồi rừng phòng hộ đầu nguồn sông Gâm", "year": 2021,
              "abstract": "Kỹ thuật trồng rừng gỗ lớn và khoanh nuôi tái sinh ở vùng đầu nguồn." },
            { "title": "Sinh trưởng của keo lai trong rừng gỗ lớn", "year": 2023 },
        ],
        "projects": [{ "title": "Trồng rừng gỗ lớn bằng keo lai" }],
    })
}

fn doctor() -> Value {
    json!({
        "full_name": "GS.TS. Kpă Y", "fields": ["303"], "specialties": ["Y tế công cộng"],
        "publications": [{ "title": "Dịch tễ học sốt xuất huyết", "year": 2022 }],
    })
}

fn surveyor() -> Value {
    json!({ "full_name": "ThS. Kpă Đo", "fields": ["404"], "specialties": ["Đo đạc bản đồ"] })
}

const FOREST: &str = "Đề án trồng rừng gỗ lớn và phục hồi rừng phòng hộ đầu nguồn";

async fn forest<'a>(app: &'a TestApp) -> (Caller<'a>, Value) {
    emptied(app).await;
    load_agreeing(app, &[forester(), doctor(), surveyor()]).await;
    let agency = app.sign_in("agency").await;
    let more = json!({ "title": FOREST, "fields": ["40401"], "questions": ["Loài cây có phù hợp?"] });
    let made = submitted(&agency, "critical_review", &more).await;
    (app.sign_in("union_officer").await, made)
}

#[tokio::test]
async fn a_request_about_forests_finds_foresters_and_says_why() {
    let app = TestApp::start().await;
    let (officer, made) = forest(&app).await;
    let page = candidates(&officer, &made, "").await;
    assert_eq!(names(&page), ["Kpă Rừng", "Kpă Đo", "Kpă Y"], "{page}");
    assert_eq!(page["eligible"], 3);
    let best = of(&page, "Kpă Rừng");
    assert!(best["score"].as_f64().unwrap() > 0.5 && best["free"] == true, "{best}");
    let texts = part(best, "text");
    let documents = texts["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 3);
    let first = &documents[0];
    assert!(first["title"].is_string() || first["kind"] == "specialties", "{first}");
    let words: Vec<&str> = documents.iter().flat_map(|d| d["words"].as_array().unwrap()).map(text).collect();
    assert!(words.contains(&"gỗ lớn") && words.contains(&"đầu nguồn"), "{words:?}");
    assert!(text(&texts["words"]).starts_with("3 tài liệu gần nhất"), "{texts}");
    let fields = part(best, "fields");
    assert_eq!((fields["value"].as_f64(), &fields["fields"][0]["own"]), (Some(1.0), &json!("BKHCN-2008:40401")));
    assert_eq!(part(of(&page, "Kpă Đo"), "fields")["value"], 0.6, "the field above it");
    let last = of(&page, "Kpă Y");
    assert!(part(last, "fields")["fields"].is_null());
    // what the parts say is what the score is
    for item in page["items"].as_array().unwrap() {
        let (mut sum, mut left) = (0.0, 1.0);
        for part in item["explanation"].as_array().unwrap() {
            let (value, weight) = (part["value"].as_f64().unwrap(), part["weight"].as_f64().unwrap());
            if part["effect"] == "adds" { sum += weight * value } else { left *= 1.0 - weight * (1.0 - value) }
        }
        assert!((sum * left - item["score"].as_f64().unwrap()).abs() < 0.001, "{item}");
    }
    let english =
        officer.send(reqwest::Method::GET, &at(&made, "/candidates"), &[("accept-language", "en")], None).await;
    let english = english.expect(200);
    assert!(text(&part(of(&english, "Kpă Rừng"), "text")["words"]).starts_with("The 3 nearest documents"), "{english}");
    assert_eq!(part(of(&english, "Kpă Y"), "qualification")["words"], "Professor, Doctor (PhD).");
}

#[tokio::test]
async fn accents_change_no_score() {
    let app = TestApp::start().await;
    let (officer, made) = forest(&app).await;
    let agency = app.sign_in("agency").await;
    let plain = json!({ "title": "De an trong rung go lon va phuc hoi rung phong ho dau nguon", "fields": ["40401"],
        "questions": ["Loai cay co phu hop?"], "letter": { "number": "216/SNNMT-KL", "date": "2026-03-02",
        "signatory": "Nguyễn Văn Mẫu" } });
    let plain = submitted(&agency, "critical_review", &plain).await;
    let (with, without) = (candidates(&officer, &made, "").await, candidates(&officer, &plain, "").await);
    assert_eq!(names(&with), names(&without));
    for name in names(&with) {
        for which in ["text", "fields"] {
            assert_eq!(part(of(&with, &name), which)["value"], part(of(&without, &name), which)["value"], "{name}");
        }
        assert_eq!(of(&with, &name)["score"], of(&without, &name)["score"], "{name}");
    }
    let shared = |page: &Value| part(of(page, "Kpă Rừng"), "text")["documents"][0]["words"][2].clone();
    assert_eq!((shared(&with), shared(&without)), (json!("nguồn"), json!("nguon")), "as the request spells them");
}

#[tokio::test]
async fn texts_tell_apart_whom_a_field_does_not() {
    let app = TestApp::start().await;
    emptied(&app).await;
    let person = |name: &str, field: &str, titles: &[&str]| {
        let titles: Vec<Value> = titles.iter().map(|title| json!({ "title": title })).collect();
        json!({ "full_name": name, "fields": [field], "publications": titles })
    };
    let tilapia = ["Nuôi cá tầm nước lạnh", "Bệnh của cá tầm", "Thức ăn cho cá tầm nước lạnh"];
    load_agreeing(
        &app,
        &[
            person("Kpă Một", "40501", &["Chăn nuôi gà đồi", "Giống gà địa phương", "Vắc-xin cho gà"]),
            person("Kpă Hai", "40501", &tilapia),
            // of another field, but of the same subject: more than the field alone
            person("Kpă Ba", "106", &tilapia),
        ],
    )
    .await;
    let agency = app.sign_in("agency").await;
    let more = json!({ "title": "Dự án nuôi cá tầm nước lạnh", "fields": ["40501"] });
    let made = submitted(&agency, "critical_review", &more).await;
    let officer = app.sign_in("union_officer").await;
    let page = candidates(&officer, &made, "").await;
    assert_eq!(names(&page)[0], "Kpă Hai", "{page}");
    let score = |name: &str| of(&page, name)["score"].as_f64().unwrap();
    assert!(score("Kpă Hai") > score("Kpă Ba") && score("Kpă Hai") > score("Kpă Một"), "{page}");
}

#[tokio::test]
async fn who_is_hidden_is_nowhere_and_changes_nothing() {
    let app = TestApp::start().await;
    let (officer, made) = forest(&app).await;
    let before = candidates(&officer, &made, "").await;
    // of the same subject, in all the states in which nobody may be asked
    let twin = |name: &str| {
        let mut twin = forester();
        twin["full_name"] = json!(name);
        twin
    };
    let nominated = enter(&officer, &twin("Kpă Chờ")).await;
    assert_ne!(nominated["status"], "active");
    assert_eq!(candidates(&officer, &made, "").await, before);
    load_agreeing_as(&app, &twin("Kpă Nghỉ")).await;
    let with = candidates(&officer, &made, "").await;
    assert_eq!(names(&with).len(), 4, "{with}");
    let paused = officer.get(&format!("/api/v1/experts?q={}", encode("Kpă Nghỉ"))).await.expect(200);
    let paused = paused["items"][0].clone();
    // gone with the answer of the withdrawal, and everybody else is worth what they were
    decide(&officer, &paused, "listing", false).await;
    assert_eq!(candidates(&officer, &made, "").await, before);
}

/// Loads somebody who agrees to everything, under an id of a source that is free.
async fn load_agreeing_as(app: &TestApp, form: &Value) {
    let mut line = form.clone();
    line["external_id"] = json!("Q-1");
    let report = crate::support::bank::load_lines(app, line.to_string().as_bytes(), true).await;
    assert_eq!(report.created, 1, "{report}; {:?}", report.rejected);
}

#[tokio::test]
async fn what_is_written_counts_at_once_on_every_instance() {
    let app = TestApp::start().await;
    let (officer, made) = forest(&app).await;
    let state = expert_bank::state::State { matching: Default::default(), ..app.state.clone() };
    let other = TestApp::over(state).await;
    let there = other.with_token(officer.token.as_deref().unwrap());
    assert_eq!(candidates(&officer, &made, "").await["items"], candidates(&there, &made, "").await["items"]);
    let doctor = of(&candidates(&officer, &made, "").await, "Kpă Y")["expert"].clone();
    let work = json!({ "title": "Trồng rừng gỗ lớn, phục hồi rừng phòng hộ đầu nguồn" });
    officer.post(&format!("{}/publications", path(&doctor)), &work).await.expect(201);
    let (here, there) = (candidates(&officer, &made, "").await, candidates(&there, &made, "").await);
    assert_eq!(here["items"], there["items"]);
    assert_eq!(part(of(&here, "Kpă Y"), "text")["documents"][0]["title"], work["title"], "{here}");
}

#[tokio::test]
async fn filters_leave_people_out_and_change_no_score() {
    let app = TestApp::start().await;
    let (officer, made) = forest(&app).await;
    let all = candidates(&officer, &made, "").await;
    for (query, expected) in [
        ("?field=404", vec!["Kpă Rừng", "Kpă Đo"]),
        ("?min_degree=TS", vec!["Kpă Rừng", "Kpă Y"]),
        ("?degree=THS", vec!["Kpă Đo"]),
        ("?q=lam%20sinh", vec!["Kpă Rừng"]),
        ("?q=lam%20sihn", vec!["Kpă Rừng"]),
        ("?q=khong%20ai%20ca", vec![]),
        ("?academic_rank=GS&field=404", vec![]),
        ("?available_on=2026-12-01&field=303", vec!["Kpă Y"]),
    ] {
        let page = candidates(&officer, &made, query).await;
        assert_eq!(names(&page), expected, "{query}");
        for name in expected {
            assert_eq!(of(&page, name), of(&all, name), "{query}");
        }
    }
    for (query, place) in [
        ("?field=999", "/field"),
        ("?degree=XYZ", "/degree"),
        ("?available_on=tomorrow", "/available_on"),
        ("?sort=name", "/sort"),
        ("?limit=0", "/limit"),
        ("?cursor=x", "/cursor"),
        ("?q=!!", "/q"),
    ] {
        let answer = officer.get(&at(&made, &format!("/candidates{query}"))).await;
        assert_eq!(answer.places(400), [place], "{query}");
    }
}

#[tokio::test]
async fn pages_hold_everybody_once() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let made = submitted(&agency, "critical_review", &json!({ "title": FOREST, "fields": ["404"] })).await;
    let officer = app.sign_in("union_officer").await;
    let whole = candidates(&officer, &made, "?limit=100").await;
    let mut seen = Vec::new();
    let mut query = "?limit=7".to_owned();
    loop {
        let page = candidates(&officer, &made, &query).await;
        seen.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=7&cursor={next}");
    }
    assert!(seen.len() > 14);
    assert_eq!(&seen, whole["items"].as_array().unwrap());
    let scores: Vec<f64> = seen.iter().map(|item| item["score"].as_f64().unwrap()).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]) && scores.iter().all(|s| (0.0..=1.0).contains(s)));
}

#[tokio::test]
async fn the_union_and_the_auditor_see_candidates_and_nobody_else() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let (sent, open) =
        (submitted(&agency, "critical_review", &json!({})).await, draft(&agency, "consultation", &json!({})).await);
    for (role, on_sent, on_draft) in [
        ("union_officer", 200, 200),
        ("union_leader", 200, 200),
        ("auditor", 200, 404),
        ("agency", 403, 403),
        ("science_dept", 403, 403),
        ("association", 403, 403),
        ("expert", 403, 403),
        ("admin", 403, 403),
    ] {
        let caller = app.sign_in(role).await;
        for (made, expected) in [(&sent, on_sent), (&open, on_draft)] {
            let status = caller.get(&at(made, "/candidates")).await.status;
            assert_eq!(status, expected, "{role}");
        }
    }
    assert_eq!(app.nobody().get(&at(&sent, "/candidates")).await.status, 401);
}

/// Puts somebody on a panel, as of so many days ago.
async fn sits(app: &TestApp, made: &Value, expert: &str, seat: &str, state: &str, days: i32) {
    let code = if state == "declined" { "'busy'" } else { "NULL" };
    let sql = format!(
        "INSERT INTO panel_members (id, consultation_id, expert_id, seat, rank, state, asked_at, decline_code)
         VALUES (gen_random_uuid(), '{}', '{expert}', '{seat}', 0, '{state}', now() - make_interval(days => {days}), {code})",
        text(&made["id"])
    );
    change(app, &sql).await;
}

/// One of several foresters who differ in nothing but the name, and take two requests at a time.
fn twin(name: &str) -> Value {
    let mut twin = forester();
    twin["full_name"] = json!(name);
    twin["max_parallel"] = json!(2);
    twin
}

#[tokio::test]
async fn who_has_much_to_do_comes_later() {
    let app = TestApp::start().await;
    emptied(&app).await;
    load_agreeing(&app, &[twin("Kpă Một"), twin("Kpă Hai"), twin("Kpă Ba"), twin("Kpă Bốn"), twin("Kpă Năm")]).await;
    let callers = callers(&app).await;
    let more = |number: usize| {
        json!({ "title": FOREST, "fields": ["40401"],
            "letter": { "number": format!("{number}/SNNMT-KL"), "date": "2026-03-02", "signatory": "Nguyễn Văn Mẫu" } })
    };
    let made = submitted(&callers[0], "critical_review", &more(301)).await;
    let mut others = Vec::new();
    for number in 302..305 {
        let other = draft(&callers[0], "critical_review", &more(number)).await;
        super::attach_scheme(&callers[0], &other).await;
        others.push(bring(&callers, &other, if number == 304 { "accepted" } else { "panel_forming" }).await);
    }
    no_panels(&app).await; // seats of the test alone
    let id = async |name: &str| app.sql(&format!("SELECT id FROM experts WHERE full_name = '{name}'")).await;
    let (two, three, four, five) = (id("Kpă Hai").await, id("Kpă Ba").await, id("Kpă Bốn").await, id("Kpă Năm").await);
    sits(&app, &others[0], &two, "chair", "accepted", 10).await;
    sits(&app, &others[0], &three, "reviewer", "accepted", 200).await;
    sits(&app, &others[1], &three, "member", "chosen", 200).await;
    sits(&app, &others[1], &four, "member", "declined", 200).await;
    change(
        &app,
        &format!(
            "INSERT INTO expert_availability (id, expert_id, kind, valid_from)
             VALUES (gen_random_uuid(), '{five}', 'no_new_work', '2020-01-01')"
        ),
    )
    .await;
    let page = candidates(&callers[1], &made, "").await;
    assert_eq!(names(&page), ["Kpă Một", "Kpă Bốn", "Kpă Hai", "Kpă Ba", "Kpă Năm"], "{page}");
    let free: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|item| &item["free"]).collect();
    assert_eq!(free, [true, true, true, false, false]);
    let words = |name: &str, which: &str| text(&part(of(&page, name), which)["words"]).to_owned();
    assert_eq!(words("Kpă Hai", "load"), "Đang tham gia 1 trên tối đa 2 việc.");
    assert_eq!(words("Kpă Hai", "rotation"), "Được mời lần gần nhất cách đây 10 ngày.");
    assert!(words("Kpă Ba", "load").ends_with("hết chỗ."));
    assert_eq!(words("Kpă Bốn", "reliability"), "Trong 12 tháng qua được mời 1 lần, từ chối 1 lần.");
    assert_eq!(words("Kpă Năm", "availability"), "Hiện không nhận việc mới.");
    assert_eq!(words("Kpă Một", "rotation"), "Chưa từng được mời.");
    // a panel of its own does not count against who sits on it
    let own = candidates(&callers[1], &others[0], "").await;
    assert_eq!(part(of(&own, "Kpă Hai"), "load")["words"], "Đang tham gia 0 trên tối đa 2 việc.");

    let load = callers[1].get(&format!("/api/v1/experts/{three}/load")).await.expect(200);
    assert_eq!((&load["now"], &load["cap"], &load["full"]), (&json!(2), &json!(2), &json!(true)), "{load}");
    assert_eq!((&load["days_since_asked"], &load["asked"], &load["declined"]), (&json!(200), &json!(2), &json!(0)));
    let seats = load["open_seats"].as_array().unwrap();
    assert_eq!(seats.len(), 2);
    let of_first = seats.iter().find(|seat| seat["consultation_id"] == others[0]["id"]).unwrap();
    assert_eq!((&of_first["seat"], &of_first["register_number"]), (&json!("reviewer"), &others[0]["register_number"]));
    assert!(of_first["due_on"].is_string(), "{of_first}");
    // what is over is no work; what stands still goes on
    super::verb(&callers[2], &others[0], "suspend", &super::example("suspend")).await.expect(200);
    assert_eq!(callers[1].get(&format!("/api/v1/experts/{three}/load")).await.expect(200)["now"], 2);
    super::verb(&callers[2], &others[0], "cancel", &super::example("cancel")).await.expect(200);
    assert_eq!(callers[1].get(&format!("/api/v1/experts/{three}/load")).await.expect(200)["now"], 1);
}

#[tokio::test]
async fn people_read_their_own_load_as_far_as_they_were_told() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    super::attach_scheme(&callers[0], &made).await;
    let made = bring(&callers, &made, "panel_forming").await;
    let own = app.sql("SELECT expert_id FROM accounts WHERE username = 'expert'").await;
    let other = app.sql("SELECT id FROM experts WHERE status = 'active' AND id <> (SELECT expert_id FROM accounts WHERE username = 'expert') LIMIT 1").await;
    change(
        &app,
        &format!(
            "DELETE FROM panel_members WHERE expert_id = '{own}';
             INSERT INTO panel_members (id, consultation_id, expert_id, seat, rank, state)
             VALUES (gen_random_uuid(), '{}', '{own}', 'member', 0, 'chosen')",
            text(&made["id"])
        ),
    )
    .await;
    let load = async |caller: &Caller<'_>, id: &str| caller.get(&format!("/api/v1/experts/{id}/load")).await;
    let expert = app.sign_in("expert").await;
    let seen = load(&callers[1], &own).await.expect(200);
    assert_eq!((&seen["now"], &seen["asked"], &seen["days_since_asked"]), (&json!(1), &json!(1), &json!(0)));
    let seen = load(&expert, &own).await.expect(200);
    assert_eq!(
        (&seen["now"], &seen["asked"], &seen["days_since_asked"]),
        (&json!(0), &json!(0), &Value::Null),
        "{seen}"
    );
    change(&app, "UPDATE panel_members SET state = 'invited', asked_at = now()").await;
    assert_eq!(load(&expert, &own).await.expect(200)["now"], 1);
    assert_eq!(load(&expert, &other).await.status, 404);
    for (role, expected) in [
        ("union_officer", 200),
        ("union_leader", 200),
        ("auditor", 200),
        ("agency", 403),
        ("science_dept", 403),
        ("association", 403),
        ("admin", 403),
    ] {
        assert_eq!(load(&app.sign_in(role).await, &other).await.status, expected, "{role}");
    }
    assert_eq!(load(&app.nobody(), &other).await.status, 401);
    assert_eq!(load(&callers[1], "CG-999999").await.status, 404);
}

/// As housekeeping does: changes get their place first, which they have when no older transaction runs, in another test either.
async fn read_ahead(app: &TestApp) -> usize {
    let long = std::time::Duration::from_secs(60);
    for _ in 0..600 {
        expert_bank::experts::store::place_changes(&app.state.db).await.unwrap();
        let done = app.state.matching.keep_up(&app.state.db, long).await.unwrap();
        if done > 0 {
            return done;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    0
}

#[tokio::test]
async fn what_is_read_is_read_ahead_and_forgotten_again() {
    let app = TestApp::start().await;
    let (officer, made) = forest(&app).await;
    let long = std::time::Duration::from_secs(60);
    let ahead = &app.state.matching;
    assert_eq!(read_ahead(&app).await, 3);
    let (people, documents, bytes) = ahead.size();
    assert!(people == 3 && documents >= 7 && bytes > 100, "{people} {documents} {bytes}");
    assert_eq!(ahead.keep_up(&app.state.db, long).await.unwrap(), 0, "nothing changed");
    let doctor = of(&candidates(&officer, &made, "").await, "Kpă Y")["expert"].clone();
    decide(&officer, &doctor, "listing", false).await;
    assert_eq!(read_ahead(&app).await, 1, "forgotten");
    assert_eq!(ahead.size().0, 2);
    // who may not wait reads nothing, and says so
    let state = expert_bank::state::State { matching: Default::default(), ..app.state.clone() };
    assert_eq!(state.matching.keep_up(&app.state.db, std::time::Duration::ZERO).await.unwrap(), 2);
    assert_eq!(state.matching.size().0, 0);
}

/// The plan of a statement, without scans of whole tables where there is another way.
async fn plan<Q>(app: &TestApp, sql: Q) -> String
where
    Q: diesel::query_builder::QueryFragment<diesel::pg::Pg> + diesel::query_builder::QueryId + Send,
{
    use diesel_async::SimpleAsyncConnection;
    let text = diesel::debug_query::<diesel::pg::Pg, _>(&sql).to_string();
    let text = text.split(" -- binds").next().unwrap().replace("$1", "'{00000000-0000-0000-0000-000000000000}'");
    let mut conn = app.state.db.conn().await.unwrap();
    conn.batch_execute("SET enable_seqscan = off").await.unwrap();
    let lines: Vec<Line> =
        diesel_async::RunQueryDsl::load(diesel::sql_query(format!("EXPLAIN {text}")), &mut conn).await.unwrap();
    conn.batch_execute("RESET enable_seqscan").await.unwrap();
    lines.into_iter().map(|line| line.plan).collect::<Vec<_>>().join("\n")
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    plan: String,
}

#[tokio::test]
async fn what_every_answer_reads_is_one_pass_and_texts_come_by_their_indexes() {
    use expert_bank::consultations::matching::TEXTS;
    use expert_bank::experts::store::EligibleSql;
    let app = TestApp::start().await;
    let people = plan(&app, EligibleSql::new(&crate::support::bank::EVERYBODY)).await;
    assert!(!people.contains("SubPlan") && !people.contains("Sort") && !people.contains("Join"), "{people}");
    let texts = plan(&app, diesel::sql_query(TEXTS)).await;
    assert!(!texts.contains("Seq Scan"), "{texts}");
}
