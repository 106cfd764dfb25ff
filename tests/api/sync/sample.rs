//! The Department's own file as the feed: it comes in, comes again, changes in rounds, and is undone.
//!
//! `tests/data/experts_sample.ndjson` holds three hundred of its lines, of every kind that it has, with other telephone numbers;
//! its people are invented. `EXPERT_BANK_SAMPLE` names another file to be taken instead, such as the whole of it.

use serde_json::{Value, json};

use super::{bank, changes, counts, expert_path, lines, made, plan, revert, send, settled, sync};
use crate::support::bank::{found, text};
use crate::support::{Caller, TestApp};

fn sample() -> Vec<Value> {
    let text = std::env::var("EXPERT_BANK_SAMPLE").map_or_else(
        |_| include_str!("../../data/experts_sample.ndjson").to_owned(),
        |path| std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")),
    );
    let file: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(file.len() >= 100, "{} lines", file.len());
    file
}

/// Codes of fields that are in the file and in no list of fields.
const UNKNOWN_FIELD: &str = "107";

/// Which lines are refused, as everybody may repair them: by their numbers.
async fn refused(caller: &Caller<'_>, plan: &Value) -> Vec<usize> {
    let rejected = changes(caller, plan, "kind=rejected").await;
    for line in &rejected {
        let error = &line["errors"][0];
        assert_eq!(
            (&error["code"], line["errors"].as_array().map(Vec::len)),
            (&json!("unknown_code"), Some(1)),
            "{line}"
        );
        assert!(text(&error["pointer"]).starts_with("/fields/") && error["detail"].is_string(), "{line}");
    }
    rejected.iter().map(|line| usize::try_from(line["line"].as_u64().unwrap()).unwrap()).collect()
}

/// The file without the lines that are refused.
fn good() -> Vec<Value> {
    let mut file = sample();
    file.retain(is_good);
    file
}

fn is_good(record: &Value) -> bool {
    record["fields"].as_array().unwrap().iter().all(|field| field != UNKNOWN_FIELD)
}

fn id(record: &Value) -> &str {
    text(&record["external_id"])
}

/// What the file says of a person, and what the bank shows of them.
async fn compare(app: &TestApp, officer: &Caller<'_>, record: &Value) {
    let place = expert_path(app, id(record)).await;
    let expert = officer.get(&place).await.expect(200);
    for member in ["full_name", "academic_rank", "position", "workplace", "specialties", "publications_count"] {
        assert_eq!(expert[member], record[member], "{member} of {record}");
    }
    assert_eq!(text(&expert["degree"]), text(&record["degree"]).to_uppercase(), "{record}");
    let codes = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|item| text(&item["code"]).to_owned()).collect()
    };
    assert_eq!(json!(codes(&expert["languages"])), record["languages"]);
    assert_eq!(json!(codes(&expert["fields"])), record["fields"]);
    assert!(expert["province"]["code"].is_string(), "{record}: {expert}");
    let gender = if record["gender"] == "Nữ" { "female" } else { "male" };
    assert_eq!(expert["record"]["gender"], gender);
    let restricted = officer.get(&format!("{place}/restricted")).await.expect(200);
    for member in ["date_of_birth", "email", "phone"] {
        assert_eq!(restricted[member], record[member], "{member} of {record}");
    }
}

#[tokio::test]
async fn the_file_comes_in_as_it_says_and_again_changes_nothing() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let file = sample();
    let bad: Vec<usize> = (1..=file.len()).filter(|line| !is_good(&file[line - 1])).collect();
    let few = i64::try_from(bad.len()).unwrap();
    let all = i64::try_from(file.len()).unwrap() - few;
    let people: i64 = app.sql("SELECT count(*) FROM experts").await.parse().unwrap();
    let first = sync(&dept, "snapshot", &file).await;
    assert_eq!(refused(&dept, &first).await, bad);
    assert_eq!(counts(&first), [all, 0, 0, 0, 0, 0, 0, few]);
    assert_eq!(app.sql("SELECT count(*) FROM experts").await, (people + all).to_string());
    for record in file.iter().step_by(file.len() / 40).filter(|record| is_good(record)) {
        compare(&app, &officer, record).await;
    }
    let odd = file.iter().find(|record| text(&record["full_name"]).contains('\''));
    if let Some(odd) = odd {
        compare(&app, &officer, odd).await;
        let names = found(&officer, text(&odd["full_name"])).await;
        assert!(names.contains(&text(&odd["full_name"]).to_owned()), "{names:?}");
    }
    let before = bank(&app).await;
    let receipt = send(&dept, "source=skhcn&mode=snapshot", lines(&file)).await.expect(202);
    assert_eq!(receipt["same_file_as"], first["id"], "the same file again says so");
    let again = made(&dept, text(&receipt["id"])).await;
    assert_eq!(counts(&again), [0, 0, all, 0, 0, 0, 0, few]);
    settled(&dept, &again).await;
    assert_eq!(bank(&app).await, before);
}

/// How many records of a file a rule is true of.
fn count(file: &[Value], rule: impl Fn(usize) -> bool) -> i64 {
    i64::try_from((0..file.len()).filter(|at| rule(*at)).count()).unwrap()
}

#[tokio::test]
async fn rounds_of_changes_come_in_as_counted_and_are_undone_one_by_one() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let mut file = good();
    let all = i64::try_from(file.len()).unwrap();
    let mut states = vec![bank(&app).await];
    let mut plans = vec![sync(&dept, "snapshot", &file).await];
    states.push(bank(&app).await);
    // people move on, and publish
    for (at, record) in file.iter_mut().enumerate() {
        match at % 12 {
            0 => record["position"] = json!("Viện trưởng"),
            1 => record["publications_count"] = json!(record["publications_count"].as_i64().unwrap() + 1),
            _ => {}
        }
    }
    let changed = count(&file, |at| at % 12 < 2);
    plans.push(sync(&dept, "delta", &file).await);
    assert_eq!(counts(&plans[1]), [0, changed, all - changed, 0, 0, 0, 0, 0]);
    states.push(bank(&app).await);
    // some are missing, some are taken out, one is new
    let mut next: Vec<Value> = Vec::new();
    for (at, record) in file.iter().enumerate() {
        match at % 50 {
            48 => next.push(json!({ "external_id": record["external_id"], "deleted": true })),
            49 => {}
            _ => next.push(record.clone()),
        }
    }
    let mut new = super::record(1);
    new["external_id"] = json!("CG07-9999999");
    next.push(new.clone());
    let (missing, taken_out) = (count(&file, |at| at % 50 == 49), count(&file, |at| at % 50 == 48));
    plans.push(sync(&dept, "snapshot", &next).await);
    assert_eq!(counts(&plans[2]), [1, 0, all - missing - taken_out, 0, 0, missing, taken_out, 0]);
    states.push(bank(&app).await);
    // all are back; some have another workplace, and some keep their address to themselves
    let had_address = count(&file, |at| at % 25 == 4 && file[at]["email"].is_string());
    for (at, record) in file.iter_mut().enumerate() {
        match at % 25 {
            3 => record["workplace"] = json!("Trạm sông Mẫu"),
            4 => record["email"] = Value::Null,
            _ => {}
        }
    }
    file.push(new);
    let changed = count(&file[..file.len() - 1], |at| at % 25 == 3) + had_address;
    plans.push(sync(&dept, "snapshot", &file).await);
    assert_eq!(counts(&plans[3]), [0, changed, all + 1 - changed, 0, 0, 0, 0, 0]);
    let back = changes(&dept, &plans[3], "").await.iter().filter(|change| change["outcome"] == "returned").count();
    assert_eq!(i64::try_from(back).unwrap(), missing + taken_out);
    revert(&dept, &plans[0]).await.problem(409);
    for (plan, before) in plans.iter().zip(&states).rev() {
        assert_eq!(revert(&dept, plan).await.expect(200)["state"], "reverted");
        assert_eq!(bank(&app).await, *before, "as before {}", plan["id"]);
    }
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE source = 'skhcn'").await, "0");
}

#[tokio::test]
async fn what_is_edited_here_is_held_against_the_next_file() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let mut file = good();
    let all = i64::try_from(file.len()).unwrap();
    sync(&dept, "snapshot", &file).await;
    let doctor = file.iter().position(|record| record["degree"] == "TS").unwrap();
    let (kept, both) = (doctor + 1, doctor + 2);
    for (at, edit) in [
        (doctor, json!({ "degree": "TSKH" })),
        (kept, json!({ "biography": "Sinh ở vùng Mẫu" })),
        (both, json!({ "position": "Tại đây" })),
    ] {
        officer.patch(&expert_path(&app, id(&file[at])).await, "*", &edit).await.expect(200);
    }
    file[both]["position"] = json!("Trưởng phòng Xylitôn");
    let next = plan(&dept, "snapshot", &file).await;
    assert_eq!(counts(&next), [0, 1, all - 2, 1, 0, 0, 0, 0], "a degree is the source's, a text ours, a post open");
    settled(&dept, &next).await;
    let mut shown = Vec::new();
    for (at, member) in [(doctor, "degree"), (kept, "biography"), (both, "position")] {
        shown.push(officer.get(&expert_path(&app, id(&file[at])).await).await.expect(200)[member].clone());
    }
    assert_eq!(json!(shown), json!(["TS", "Sinh ở vùng Mẫu", "Tại đây"]));
    let open = changes(&officer, &next, "kind=conflict").await.remove(0);
    assert_eq!(open["external_id"], file[both]["external_id"]);
    let names = found(&officer, "Xylitôn").await;
    assert_eq!(names, Vec::<String>::new(), "what is open is not found");
}
