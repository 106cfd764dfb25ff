//! `load experts`: the same function the command line calls.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use expert_bank::experts::load::Report;
use expert_bank::experts::store;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::bank::{load_lines, path, search_path, text};

const FAMILIES: [&str; 5] = ["Kpă", "Rơ Châm", "Siu", "Nay", "Ksor"];
const GIVEN: [&str; 6] = ["Đường", "Hoà", "An", "Ánh", "Ý", "Lềnh"];

/// A record of an invented source.
fn record(number: usize) -> Value {
    json!({
        "external_id": format!("T-{number:04}"),
        "full_name": format!("TS. {} Văn {}", FAMILIES[number % 5], GIVEN[number % 6]),
        "date_of_birth": format!("19{:02}-03-{:02}", 50 + number % 40, 1 + number % 28),
        "gender": if number.is_multiple_of(2) { "Nam" } else { "Nữ" }, "academic_rank": null, "position": "Nghiên cứu viên",
        "workplace": format!("Trạm thử nghiệm {}", number % 12), "province": "Tuyên Quang", "fields": ["40401"],
        "specialties": ["Cây thử nghiệm"], "languages": ["vi"], "email": format!("t{number}@chuyengia.example"),
        "phone": format!("0600{number:06}"), "publications_count": number % 9,
        "publications": [{ "title": format!("Bài báo {number}"), "year": 2020, "doi": null }],
        "updated_at": "2025-07-01T08:00:00+07:00",
    })
}

fn lines(records: &[Value]) -> Vec<u8> {
    records.iter().map(|record| format!("{record}\n")).collect::<String>().into_bytes()
}

fn records(count: usize) -> Vec<Value> {
    (1..=count).map(record).collect()
}

fn counts(report: &Report) -> [usize; 6] {
    let Report { bytes: _, normalised: _, withdrawn: _, lines, created, updated, unchanged, conflicts, rejected } =
        report;
    [*lines, *created, *updated, *unchanged, conflicts.len(), rejected.len()]
}

/// Everything a second load must not touch.
async fn state_of(app: &TestApp) -> String {
    app.sql(
        "SELECT concat_ws(' ', (SELECT count(*) FROM audit_events), (SELECT count(*) FROM experts),
                (SELECT sum(version) FROM experts), (SELECT max(updated_at) FROM experts),
                (SELECT md5(string_agg(t::text, '' ORDER BY source, external_id)) FROM expert_sources t),
                (SELECT md5(string_agg(t::text, '' ORDER BY id)) FROM expert_publications t))",
    )
    .await
}

#[tokio::test]
async fn a_file_is_loaded_once_and_a_second_time_changes_nothing() {
    let app = TestApp::start().await;
    let file = lines(&records(600));
    let first = load_lines(&app, &file, false).await;
    assert_eq!(counts(&first), [600, 600, 0, 0, 0, 0], "{:?}", first.rejected);
    let after = state_of(&app).await;
    let second = load_lines(&app, &file, false).await;
    assert_eq!(counts(&second), [600, 0, 0, 600, 0, 0]);
    assert_eq!(second.to_string(), "600 records, nothing changed");
    assert_eq!(state_of(&app).await, after);
    assert_eq!(app.sql("SELECT count(*) FROM experts").await, "660");
}

/// What a load leaves, without what differs from run to run.
async fn outcome(app: &TestApp) -> String {
    app.sql(
        "SELECT string_agg(concat_ws(' ', s.external_id, e.full_name, e.version, encode(e.name_sort, 'hex'),
                (SELECT concat_ws(' ', w.words, w.accents) FROM expert_search w WHERE w.expert_id = e.id),
                (SELECT string_agg(f.code || f.main, ',' ORDER BY f.ordinal) FROM expert_fields f WHERE f.expert_id = e.id),
                (SELECT string_agg(p.title, ',' ORDER BY p.ordinal) FROM expert_publications p WHERE p.expert_id = e.id),
                (SELECT count(*) FROM expert_restricted r WHERE r.expert_id = e.id),
                (SELECT count(*) FROM audit_events a WHERE a.subject_id = e.id)), E'\\n' ORDER BY s.external_id)
           FROM expert_sources s JOIN experts e ON e.id = s.expert_id WHERE s.source = 'tests'",
    )
    .await
}

#[tokio::test]
async fn a_load_that_was_cut_off_is_finished_by_the_next() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let file = lines(&records(1_300));
    let cut = file.len() * 6 / 10;
    let first = load_lines(&app, &file[..cut], false).await;
    let [_, created, .., rejected] = counts(&first);
    assert_eq!((created + 1, rejected), (first.lines, 1), "the line it was cut in is broken: {first}");
    assert_eq!(first.bytes, cut as u64);
    let second = load_lines(&app, &file, false).await;
    assert_eq!(counts(&second), [1_300, 1_300 - created, 0, created, 0, 0]);
    load_lines(&other, &file, false).await;
    assert_eq!(outcome(&app).await, outcome(&other).await);
}

#[tokio::test]
async fn two_loads_of_a_source_at_once_enter_everybody_once() {
    let (app, other) = (TestApp::start().await, TestApp::start().await);
    let file = lines(&records(1_300));
    let (one, two) = tokio::join!(load_lines(&app, &file, false), load_lines(&app, &file, false));
    assert_eq!(one.created + two.created, 1_300, "{one}\n{two}");
    assert_eq!((one.unchanged + two.unchanged, one.rejected.len() + two.rejected.len()), (1_300, 0), "{one}\n{two}");
    load_lines(&other, &file, false).await;
    assert_eq!(outcome(&app).await, outcome(&other).await);
}

/// What is known of a record may change between the plan and the write.
#[tokio::test]
async fn a_record_that_came_another_way_meanwhile_is_planned_anew() {
    let app = TestApp::start().await;
    let file = lines(&records(20));
    let officer = app.sign_in("union_officer").await;
    // a load waits while it writes what it has planned
    let mut holder = app.state.db.conn().await.unwrap();
    let wait = "SELECT pg_advisory_lock(7);
        CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF (SELECT count(*) FROM new_rows) > 1 THEN PERFORM pg_advisory_xact_lock_shared(7); END IF; RETURN NULL;
        END $$;
        CREATE TRIGGER wait AFTER INSERT ON experts REFERENCING NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION wait()";
    holder.batch_execute(wait).await.unwrap();
    let enter = async {
        let waits = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
                      WHERE locktype = 'advisory' AND NOT granted AND d.datname = current_database()";
        while app.sql(waits).await == "0" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let body = json!({ "full_name": "Kpă Ba", "source": "tests", "external_id": "T-0012" });
        officer.post("/api/v1/experts", &body).await.expect(201);
        holder.batch_execute("SELECT pg_advisory_unlock_all()").await.unwrap();
    };
    let (report, ()) = tokio::join!(load_lines(&app, &file, false), enter);
    assert_eq!(counts(&report), [20, 19, 1, 0, 0, 0], "{report}");
    assert_eq!(counts(&load_lines(&app, &file, false).await), [20, 0, 0, 20, 0, 0]);
    let known = "SELECT count(*) || ' ' || count(DISTINCT expert_id) FROM expert_sources WHERE source = 'tests'";
    assert_eq!(app.sql(known).await, "20 20");
}

/// A load makes the rows of the search of what the file says, everything else of what the tables hold.
#[tokio::test]
async fn a_loaded_record_is_found_as_one_that_is_indexed_anew() {
    let app = TestApp::start().await;
    load_lines(&app, &lines(&records(40)), false).await;
    let rows = "SELECT md5(string_agg(s::text, '' ORDER BY expert_id)) FROM expert_search s";
    let loaded = app.sql(rows).await;
    let ids: Vec<uuid::Uuid> = app
        .sql("SELECT string_agg(expert_id::text, ' ') FROM expert_search")
        .await
        .split(' ')
        .map(|id| id.parse().unwrap())
        .collect();
    app.state.db.transaction(async |tx| store::reindex(tx, &ids).await).await.unwrap();
    assert_eq!(app.sql(rows).await, loaded);
}

#[tokio::test]
async fn a_loaded_record_is_an_expert_like_any_other() {
    let app = TestApp::start().await;
    load_lines(&app, &lines(&records(3)), false).await;
    let officer = app.sign_in("union_officer").await;
    let page = officer.get(&search_path("ro cham")).await.expect(200);
    let expert = officer.get(&path(&page["items"][0])).await.expect(200);
    for (member, value) in [
        ("full_name", json!("Rơ Châm Văn Hoà")),
        ("degree", json!("TS")),
        ("province", json!({ "code": "08", "name": "Tuyên Quang" })),
        ("publications_count", json!(1)),
    ] {
        assert_eq!(expert[member], value, "{member}");
    }
    let publication = &expert["publications"][0];
    assert_eq!((&publication["title"], &publication["year"]), (&json!("Bài báo 1"), &json!(2020)));
    assert_eq!(
        (&expert["record"]["sources"], &expert["record"]["status"]),
        (&json!(["tests:T-0001"]), &json!("nominated"))
    );
    let restricted = officer.get(&format!("{}/restricted", path(&expert))).await.expect(200);
    assert_eq!(
        restricted,
        json!({
            "date_of_birth": "1951-03-02", "email": "t1@chuyengia.example", "phone": "0600000001", "address": null
        })
    );
    let agency = app.sign_in("agency").await.get(&search_path("\"cay thu nghiem\"")).await.expect(200);
    assert_eq!(agency["items"], json!([]), "silence is not consent");
    load_lines(&app, &lines(&[record(7)]), true).await;
    let agency = app.sign_in("agency").await.get(&search_path("\"cay thu nghiem\"")).await.expect(200);
    assert_eq!(agency["items"].as_array().unwrap().len(), 1, "with all consents it is found");
}

#[tokio::test]
async fn a_changed_line_updates_its_record_alone() {
    let app = TestApp::start().await;
    let mut file = records(20);
    load_lines(&app, &lines(&file), false).await;
    file[4]["position"] = json!("Viện trưởng");
    file[4]["publications"] = json!([{ "title": "Bài mới" }]);
    file[5]["email"] = Value::Null;
    file.push(record(21));
    assert_eq!(counts(&load_lines(&app, &lines(&file), false).await), [21, 1, 2, 18, 0, 0]);
    let versions = "SELECT string_agg(external_id || ' ' || loaded_version, ',' ORDER BY external_id)
        FROM expert_sources WHERE source = 'tests' AND loaded_version > 1";
    assert_eq!(app.sql(versions).await, "T-0005 2,T-0006 2");
    let events = "SELECT string_agg(array_to_string(fields, ','), ';' ORDER BY id) FROM audit_events
        WHERE action = 'experts.update' AND actor_kind = 'system'";
    assert_eq!(app.sql(events).await, "position,publications;email");
    assert_eq!(counts(&load_lines(&app, &lines(&file), false).await), [21, 0, 0, 21, 0, 0]);
}

#[tokio::test]
async fn a_record_edited_here_is_reported_and_left_as_it_is() {
    let app = TestApp::start().await;
    let mut file = records(3);
    load_lines(&app, &lines(&file), false).await;
    let officer = app.sign_in("union_officer").await;
    let id = app.sql("SELECT expert_id FROM expert_sources WHERE source = 'tests' AND external_id = 'T-0002'").await;
    let place = format!("/api/v1/experts/{id}");
    officer.patch(&place, "*", &json!({ "position": "Sửa tại đây" })).await.expect(200);
    assert_eq!(
        counts(&load_lines(&app, &lines(&file), false).await),
        [3, 0, 0, 3, 0, 0],
        "the source says nothing new"
    );
    file[1]["position"] = json!("Sửa ở nguồn");
    for round in 0..2 {
        let report = load_lines(&app, &lines(&file), false).await;
        assert_eq!(counts(&report), [3, 0, 0, 2, 1, 0], "round {round}");
        let conflict = &report.conflicts[0];
        assert_eq!((conflict.line, conflict.external_id.as_deref()), (2, Some("T-0002")));
        assert_eq!(conflict.errors[0].code, "edited_here");
    }
    assert_eq!(officer.get(&place).await.expect(200)["position"], "Sửa tại đây");
}

/// A line, and the place and code of its fault, if it has one.
type Mixed = (Vec<u8>, Option<(&'static str, &'static str)>);

fn mixed() -> Vec<Mixed> {
    let with = |number: usize, member: &str, value: Value| {
        let mut line = record(number);
        line[member] = value;
        line.to_string().into_bytes()
    };
    let good = |number: usize| (record(number).to_string().into_bytes(), None);
    let huge = json!("a".repeat(1 << 20));
    vec![
        good(1),
        (b"{\"external_id\": \"T-x\"".to_vec(), Some(("", "malformed_json"))),
        (Vec::new(), None),
        (with(2, "external_id", Value::Null), Some(("/external_id", "required"))),
        (with(2, "external_id", json!(7)), Some(("/external_id", "required"))),
        (with(2, "external_id", json!("a".repeat(101))), Some(("/external_id", "required"))),
        (with(3, "full_name", Value::Null), Some(("/full_name", "required"))),
        (b"  \t ".to_vec(), None),
        (with(4, "fields", json!(["40401", "99999"])), Some(("/fields/1", "unknown_code"))),
        good(5),
        (record(1).to_string().into_bytes(), Some(("/external_id", "duplicate"))),
        (with(6, "full_name", json!("Kpă\u{0}")), Some(("/full_name", "nul_character"))),
        ([b"{\"external_id\":\"T-7\",\"full_name\":\"Kp\xff\"}".as_slice()].concat(), Some(("", "malformed_json"))),
        (with(8, "workplace", json!("Së N«ng nghiÖp tØnh Hµ Giang")), Some(("/workplace", "legacy_encoding"))),
        (with(9, "position", huge), Some(("", "too_long"))),
        (b"[1]".to_vec(), Some(("", "wrong_type"))),
        (b"null".to_vec(), Some(("", "wrong_type"))),
        (with(10, "ethnicity", json!("Tày")), Some(("/ethnicity", "not_held"))),
        (
            with(11, "workplace_id", json!("00000000-0000-0000-0000-000000000001")),
            Some(("/workplace_id", "unknown_reference")),
        ),
        (with(12, "publications", json!([{ "title": "" }])), Some(("/publications/0/title", "required"))),
        good(13),
    ]
}

#[tokio::test]
async fn broken_lines_are_named_by_number_and_place_and_the_good_ones_are_loaded() {
    let app = TestApp::start().await;
    let mixed = mixed();
    let file: Vec<u8> = mixed.iter().flat_map(|(line, _)| [line.as_slice(), b"\n"].concat()).collect();
    let report = load_lines(&app, &file, false).await;
    let expected: Vec<(usize, &str, &str)> = mixed
        .iter()
        .zip(1..)
        .filter_map(|((_, fault), number)| fault.map(|(pointer, code)| (number, pointer, code)))
        .collect();
    let seen: Vec<(usize, &str, &str)> = report
        .rejected
        .iter()
        .map(|refused| (refused.line, refused.errors[0].pointer.as_str(), refused.errors[0].code))
        .collect();
    assert_eq!(seen, expected);
    assert_eq!(counts(&report), [19, 3, 0, 0, 0, 16], "blank lines are numbered, not counted");
    let legacy = report.rejected.iter().find(|refused| refused.errors[0].code == "legacy_encoding").unwrap();
    assert!(
        legacy.errors[0].detail.vi.contains("Sở Nông nghiệp tỉnh Hà Giang") && legacy.to_string().contains("(T-0008)")
    );
    let loaded = "SELECT string_agg(external_id, ',' ORDER BY external_id) FROM expert_sources WHERE source = 'tests'";
    assert_eq!(app.sql(loaded).await, "T-0001,T-0005,T-0013");
    assert!(
        !report.rejected.iter().any(|refused| refused.to_string().contains("@chuyengia")),
        "no contacts in reports"
    );
}

#[tokio::test]
async fn a_line_without_an_id_is_reported_with_all_that_is_wrong_with_it() {
    let app = TestApp::start().await;
    let mut line = record(1);
    line["external_id"] = Value::Null;
    line["workplace"] = json!("Nguyá»…n VÄƒn Máº«u");
    line["dan_toc"] = json!("Tày");
    line["education"] = json!([{ "institution": "A", "year": 3000 }, { "institution": "B", "cccd": "001075000001" }]);
    let twice = r#"{"external_id":"T-9","full_name":"Kpă Mẫu","full_name":"Kpă Mẫu"}"#;
    let file = format!("{line}\n{twice}\n");
    let report = load_lines(&app, file.as_bytes(), false).await;
    let seen = |at: usize| -> Vec<(&str, &str)> {
        report.rejected[at].errors.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect()
    };
    assert_eq!(report.rejected[0].line, 1);
    assert_eq!(report.rejected[0].external_id, None);
    let places = seen(0);
    assert_eq!(
        places[..3],
        [("/dan_toc", "not_held"), ("/education/1/cccd", "not_held"), ("/external_id", "required")],
        "{places:?}"
    );
    assert_eq!(seen(1), [("/full_name", "duplicate_member")]);
    assert_eq!(report.rejected[1].external_id.as_deref(), Some("T-9"));
    let text = report.rejected[0].to_string();
    assert!(!text.contains("Tày") && !text.contains("001075000001"), "{text}");
}

#[tokio::test]
async fn what_was_put_right_is_counted_in_the_report() {
    let app = TestApp::start().await;
    let mut first = record(1);
    first["full_name"] = json!("TS. KPĂ  MẪU");
    first["specialties"] = json!("Lâm sinh; Đất");
    first["date_of_birth"] = json!("02/03/1965");
    let mut second = record(2);
    second["workplace"] = json!("Vi&#7879;n M&#7851;u ");
    let report = load_lines(&app, &lines(&[first, second]), false).await;
    assert_eq!(report.created, 2, "{:?}", report.rejected);
    let count = |code: &str| report.normalised.get(code).copied().unwrap_or_default();
    let counts = ["title_split_off", "caps_lowered", "list_from_text", "date_format", "html_entities"].map(count);
    assert_eq!(counts, [2, 1, 1, 1, 1], "{:?}", report.normalised);
    assert!(report.to_string().contains("1 caps_lowered"), "{report}");
}

#[tokio::test]
async fn files_of_other_systems_are_read_too() {
    for (what, file) in [
        ("CRLF", [lines(&[record(1)]), lines(&[record(2)])].concat().into_iter().flat_map(crlf).collect::<Vec<u8>>()),
        ("a byte-order mark", [b"\xef\xbb\xbf".to_vec(), lines(&records(2))].concat()),
        ("no line end after the last line", lines(&records(2)).trim_ascii_end().to_vec()),
        ("blank lines before", [b"\n \r\n".to_vec(), lines(&records(2))].concat()),
    ] {
        let app = TestApp::start().await;
        let report = load_lines(&app, &file, false).await;
        assert_eq!(counts(&report), [2, 2, 0, 0, 0, 0], "{what}: {:?}", report.rejected);
        let again = load_lines(&app, &lines(&records(2)), false).await;
        assert_eq!(counts(&again), [2, 0, 0, 2, 0, 0], "{what}: the same records");
    }
    let app = TestApp::start().await;
    assert_eq!(counts(&load_lines(&app, b"", false).await), [0; 6]);
    assert_eq!(counts(&load_lines(&app, b"\xef\xbb\xbf\n", false).await), [0; 6], "a mark alone is a blank line");
}

fn crlf(byte: u8) -> Vec<u8> {
    if byte == b'\n' { vec![b'\r', b'\n'] } else { vec![byte] }
}

#[tokio::test]
async fn two_sources_may_use_the_same_ids() {
    let app = TestApp::start().await;
    let demo = app.sql("SELECT external_id FROM expert_sources WHERE source = 'demo' ORDER BY 1 LIMIT 1").await;
    let mut line = record(1);
    line["external_id"] = json!(demo);
    assert_eq!(counts(&load_lines(&app, &lines(&[line]), false).await), [1, 1, 0, 0, 0, 0]);
    let both =
        app.sql(&format!("SELECT count(DISTINCT expert_id) FROM expert_sources WHERE external_id = '{demo}'")).await;
    assert_eq!(both, "2");
    assert!(text(&json!(demo)).starts_with("DEMO-"));
}
