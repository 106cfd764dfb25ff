//! Register numbers: without gaps, for each kind and year.

use serde_json::{Value, json};

use super::{at, submitted, verb};
use crate::support::TestApp;
use crate::support::bank::{change, text};

#[tokio::test]
async fn many_acceptances_at_once_leave_no_gap_also_when_some_fail() {
    let app = TestApp::start().await;
    let (agency, leader) = (app.sign_in("agency").await, app.sign_in("union_leader").await);
    let year = app.sql("SELECT extract(year FROM now() AT TIME ZONE 'Asia/Ho_Chi_Minh')").await;
    let before =
        format!("SELECT coalesce(sum(last), 0) FROM consultation_series WHERE series = 'PB' AND year = {year}");
    let before: i64 = app.sql(&before).await.parse().unwrap();
    let mut made = Vec::new();
    for number in 0..12 {
        made.push(submitted(&agency, "critical_review", &json!({ "title": format!("Hồ sơ {number}") })).await);
    }
    // what fails after its number was taken gives it back
    change(&app, "CREATE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF NEW.to_state = 'accepted' AND EXISTS (SELECT FROM consultations WHERE id = NEW.consultation_id AND title LIKE '%3')
             THEN RAISE EXCEPTION 'not this one'; END IF; RETURN NEW; END $$;
             CREATE TRIGGER refuse_some BEFORE INSERT ON consultation_moves FOR EACH ROW EXECUTE FUNCTION refuse_some()").await;
    let mut answers = Vec::new();
    // as many at once as there are connections
    for some in made.chunks(6) {
        let all = some.iter().map(|one| verb(&leader, one, "accept", &Value::Null));
        answers.extend(futures_util::future::join_all(all).await);
    }
    let mut numbers: Vec<String> = Vec::new();
    for answer in answers {
        match answer.status.as_u16() {
            200 => numbers.push(text(&answer.expect(200)["register_number"]).to_owned()),
            status => assert_eq!(status, 500, "{}", answer.text),
        }
    }
    numbers.sort();
    let expected: Vec<String> = (1..=11).map(|number| format!("PB-{year}-{:04}", before + number)).collect();
    assert_eq!(numbers, expected);
    change(&app, "DROP TRIGGER refuse_some ON consultation_moves").await;
    let last = verb(&leader, &made[3], "accept", &Value::Null).await.expect(200);
    assert_eq!(last["register_number"], format!("PB-{year}-{:04}", before + 12));
}

#[tokio::test]
async fn each_kind_and_year_is_a_series_of_its_own() {
    let app = TestApp::start().await;
    let (agency, leader) = (app.sign_in("agency").await, app.sign_in("union_leader").await);
    change(&app, "DELETE FROM consultation_series").await;
    change(&app, "UPDATE consultations SET register_number = 'OLD-' || id WHERE register_number IS NOT NULL").await;
    let year = app.sql("SELECT extract(year FROM now() AT TIME ZONE 'Asia/Ho_Chi_Minh')").await;
    for (kind, expected) in [
        ("consultation", "TV-Y-0001"),
        ("critical_review", "PB-Y-0001"),
        ("social_assessment", "GD-Y-0001"),
        ("consultation", "TV-Y-0002"),
    ] {
        let made = submitted(&agency, kind, &json!({})).await;
        let taken = verb(&leader, &made, "accept", &Value::Null).await.expect(200);
        assert_eq!(taken["register_number"], expected.replace('Y', &year));
    }
    // last year's numbers are not gone on with
    change(&app, "UPDATE consultation_series SET year = year - 1 WHERE series = 'TV'").await;
    let made = submitted(&agency, "consultation", &json!({})).await;
    change(&app, "UPDATE consultations SET register_number = replace(register_number, 'TV', 'XX') WHERE register_number LIKE 'TV%'").await;
    let taken = verb(&leader, &made, "accept", &Value::Null).await.expect(200);
    assert_eq!(taken["register_number"], format!("TV-{year}-0001"));
    let again = leader.get(&at(&made, "")).await.expect(200);
    assert_eq!(again["register_number"], taken["register_number"]);
}
