//! `/experts/nominations`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{decide, enter, listed, path, sees, text};
use crate::support::people::{at_once, organisation, request, tables_with};
use crate::support::{Answer, Caller, TestApp};

const NOMINATIONS: &str = "/api/v1/experts/nominations";

fn form(name: &str) -> Value {
    json!({
        "expert": {
            "full_name": name, "degree": "TS", "email": "kpa.mau@chuyengia.example", "phone": "0600777666", "date_of_birth": "1970-05-06",
            "workplace": "Chi cục Kiểm lâm vùng Mẫu", "fields": ["40401"], "standing_evidence": "Bằng khen năm 2024",
        },
        "reason": "Chủ trì ba đề tài về rừng trồng",
    })
}

async fn nominate(caller: &Caller<'_>, name: &str) -> Value {
    let answer = caller.post(NOMINATIONS, &form(name)).await;
    let location = answer.header("location");
    let made = answer.expect(202);
    assert_eq!(location, at(&made));
    made
}

fn at(nomination: &Value) -> String {
    format!("{NOMINATIONS}/{}", text(&nomination["id"]))
}

async fn decided(officer: &Caller<'_>, nomination: &Value, verb: &str, body: Option<&Value>) -> Answer {
    officer.send(Method::POST, &format!("{}/{verb}", at(nomination)), &[("if-match", "*")], body).await
}

#[tokio::test]
async fn a_nomination_is_checked_sealed_and_shown_without_contacts() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let made = nominate(&agency, "TS. Kpă Văn Mẫu").await;
    assert_eq!((&made["state"], &made["reason"]), (&json!("open"), &json!("Chủ trì ba đề tài về rừng trồng")));
    assert_eq!(made["organisation_id"], json!(organisation(&app, "SNNMT-DEMO").await));
    let nominee = &made["nominee"];
    assert_eq!((&nominee["full_name"], &nominee["degree"]), (&json!("Kpă Văn Mẫu"), &json!("TS")));
    assert_eq!((&nominee["birth_year"], &nominee["contacts"]), (&json!(1970), &json!(["email", "phone"])));
    for secret in ["kpa.mau@", "0600777666", "1970-05-06"] {
        assert!(!made.to_string().contains(secret), "{secret}: {made}");
    }
    for secret in ["kpa.mau@", "0600777666", "Kpă Văn Mẫu", "Chủ trì ba đề tài"] {
        assert_eq!(tables_with(&app, secret).await, Vec::<String>::new(), "{secret}");
    }
    for (place, value, pointer) in [
        ("/expert/full_name", json!(""), "/expert/full_name"),
        ("/expert/degree", json!("KHONG"), "/expert/degree"),
        ("/expert/fields", json!(["99999"]), "/expert/fields/0"),
        ("/expert/email", json!("không phải"), "/expert/email"),
        ("/expert/email", json!("a\u{0}b"), "/expert/email"),
        ("/expert", json!("Kpă"), "/expert"),
        ("/expert", Value::Null, "/expert"),
        ("/reason", json!("  "), "/reason"),
        ("/reason", json!("a".repeat(1001)), "/reason"),
        ("/reason", Value::Null, "/reason"),
    ] {
        let mut body = form("Kpă Văn Mẫu");
        *body.pointer_mut(place).unwrap() = value.clone();
        assert_eq!(agency.post(NOMINATIONS, &body).await.places(422), [pointer], "{place}: {value}");
    }
    let mut body = form("Kpă Văn Mẫu");
    body["expert"]["colour"] = json!("red");
    assert_eq!(agency.post(NOMINATIONS, &body).await.places(422), ["/expert/colour"]);
    body = form("Kpă Văn Mẫu");
    body["expert"]["nominated_by"] = json!(organisation(&app, "SYT-DEMO").await);
    assert_eq!(agency.post(NOMINATIONS, &body).await.places(422), ["/expert/nominated_by"]);
    assert_eq!(app.sql("SELECT count(*) FROM expert_nominations").await, "1");
    for account in ["expert", "auditor", "admin"] {
        app.sign_in(account).await.post(NOMINATIONS, &form("Kpă Văn Mẫu")).await.problem(403);
    }
    app.nobody().post(NOMINATIONS, &form("Kpă Văn Mẫu")).await.problem(401);
}

#[tokio::test]
async fn a_nominator_sees_its_own_and_nobody_elses() {
    let app = TestApp::start().await;
    let (agency, other) = (app.sign_in("agency").await, app.sign_in("agency_2").await);
    let (association, officer) = (app.sign_in("association").await, app.sign_in("union_officer").await);
    let one = nominate(&agency, "Kpă Văn Một").await;
    let two = nominate(&association, "Kpă Văn Hai").await;
    assert_eq!(listed(&agency, NOMINATIONS, "id").await, [text(&one["id"])]);
    assert_eq!(listed(&association, NOMINATIONS, "id").await, [text(&two["id"])]);
    assert!(listed(&other, NOMINATIONS, "id").await.is_empty());
    assert_eq!(listed(&officer, NOMINATIONS, "id").await, [text(&two["id"]), text(&one["id"])]);
    other.get(&at(&one)).await.problem(404);
    association.get(&at(&one)).await.problem(404);
    assert!(agency.get(&at(&one)).await.expect(200).get("candidates").is_none());
    app.sign_in("auditor").await.get(&at(&one)).await.expect(200);
    for account in ["expert", "admin"] {
        app.sign_in(account).await.get(NOMINATIONS).await.problem(403);
    }
    let page = officer.get(&format!("{NOMINATIONS}?limit=1")).await.expect(200);
    let cursor = text(&page["next_cursor"]);
    let next = format!("{NOMINATIONS}?limit=1&cursor={cursor}");
    assert_eq!(listed(&officer, &next, "id").await, [text(&one["id"])]);
    agency.get(&next).await.problem(400);
    for wrong in ["state=new", "limit=0", "colour=red"] {
        officer.get(&format!("{NOMINATIONS}?{wrong}")).await.problem(400);
    }
    officer.get(&format!("{NOMINATIONS}/khong-phai")).await.problem(404);
}

#[tokio::test]
async fn accepting_enters_the_person_by_whom_they_were_nominated() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let made = nominate(&agency, "TS. Kpă Văn Mẫu").await;
    let etag = officer.get(&at(&made)).await.header("etag");
    let accept = format!("{}/accept", at(&made));
    officer.send(Method::POST, &accept, &[], None).await.problem(428);
    agency.verb(&accept, "*").await.problem(403);
    let after = officer.verb(&accept, &etag).await.expect(200);
    assert_eq!(after["state"], "accepted");
    let expert = officer.get(&format!("/api/v1/experts/{}", text(&after["expert"]["id"]))).await.expect(200);
    let record = &expert["record"];
    assert_eq!((&record["status"], &record["nominated_by"]), (&json!("nominated"), &made["organisation_id"]));
    assert_eq!(record["standing_evidence"], "Bằng khen năm 2024");
    assert_eq!(officer.get(&format!("{}/restricted", path(&expert))).await.expect(200)["phone"], "0600777666");
    officer.verb(&accept, &etag).await.problem(412);
    officer.verb(&accept, "*").await.problem(409);
    decided(&officer, &made, "decline", Some(&json!({ "reason": "x" }))).await.problem(409);
    let seen = agency.get(&at(&made)).await.expect(200);
    assert_eq!((&seen["state"], &seen["expert"]), (&json!("accepted"), &Value::Null), "hidden until they agree");
    decide(&officer, &expert, "agency_search", true).await;
    assert_eq!(agency.get(&at(&made)).await.expect(200)["expert"]["id"], expert["id"]);
}

#[tokio::test]
async fn the_union_sees_who_it_may_be_and_why() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let twin = json!({
        "full_name": "Kpa Van Mau", "date_of_birth": "1970-01-01", "phone": "0600777666", "workplace": "Viện Mẫu",
    });
    let twin = enter(&officer, &twin).await;
    let namesake = enter(&officer, &json!({ "full_name": "Kpă Văn Mẫu", "date_of_birth": "1950-01-01" })).await;
    let renamed = json!({ "full_name": "Kpă Thị Khác", "email": "KPA.MAU@chuyengia.example" });
    let renamed = enter(&officer, &renamed).await;
    enter(&officer, &json!({ "full_name": "Kpă Thị Xa", "date_of_birth": "1970-05-06" })).await;
    let made = nominate(&agency, "Kpă Văn Mẫu").await;
    let seen = officer.get(&at(&made)).await.expect(200);
    let seen: Vec<(Value, Value)> =
        seen["candidates"].as_array().unwrap().iter().map(|row| (row["id"].clone(), row["evidence"].clone())).collect();
    assert_eq!(
        seen,
        [
            (twin["id"].clone(), json!(["name", "phone", "birth_year"])),
            (namesake["id"].clone(), json!(["name"])),
            (renamed["id"].clone(), json!(["email"])),
        ]
    );
    app.sign_in("auditor").await.get(&at(&made)).await.expect(200);
}

#[tokio::test]
async fn a_link_to_somebody_known_enters_nobody_and_tells_the_nominator_no_more_than_an_acceptance() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let known = enter(&officer, &json!({ "full_name": "Kpă Văn Ẩn" })).await;
    let (linked, accepted) = (nominate(&agency, "Kpă Văn Ẩn").await, nominate(&agency, "Kpă Văn Mới").await);
    let experts = app.sql("SELECT count(*) FROM experts").await;
    assert_eq!(
        decided(&officer, &linked, "link", Some(&json!({ "expert": "CG-999999" }))).await.places(422),
        ["/expert"]
    );
    assert_eq!(decided(&officer, &linked, "link", Some(&json!({ "expert": "a\u{0}" }))).await.places(422), ["/expert"]);
    let after = decided(&officer, &linked, "link", Some(&json!({ "expert": known["code"] }))).await.expect(200);
    assert_eq!((&after["state"], &after["expert"]["id"]), (&json!("linked"), &known["id"]));
    assert_eq!(app.sql("SELECT count(*) FROM experts").await, experts);
    decided(&officer, &accepted, "accept", None).await.expect(200);
    // what differs between the two is what was sent and when
    let told = async |nomination: &Value| {
        let mut seen = agency.get(&at(nomination)).await.expect(200);
        for member in ["id", "filed_at", "decided_at"] {
            assert!(seen[member].is_string(), "{seen}");
            seen[member] = Value::Null;
        }
        seen["nominee"]["full_name"] = Value::Null;
        seen
    };
    assert_eq!(told(&linked).await, told(&accepted).await);
    assert_eq!(listed(&agency, &format!("{NOMINATIONS}?state=accepted"), "id").await.len(), 2);
    assert!(listed(&agency, &format!("{NOMINATIONS}?state=linked"), "id").await.is_empty());
    assert_eq!(listed(&officer, &format!("{NOMINATIONS}?state=linked"), "id").await, [text(&linked["id"])]);
    assert!(!sees(&agency, &known).await);
}

#[tokio::test]
async fn a_decline_has_a_reason_the_nominator_reads() {
    let app = TestApp::start().await;
    let (association, officer) = (app.sign_in("association").await, app.sign_in("union_officer").await);
    let made = nominate(&association, "Kpă Văn Mẫu").await;
    for body in [None, Some(json!({})), Some(json!({ "reason": " " }))] {
        assert_eq!(decided(&officer, &made, "decline", body.as_ref()).await.places(422), ["/reason"]);
    }
    let body = json!({ "reason": "Ngoài các lĩnh vực của ngân hàng" });
    decided(&officer, &made, "decline", Some(&body)).await.expect(200);
    let seen = association.get(&at(&made)).await.expect(200);
    assert_eq!((&seen["state"], &seen["decision_reason"]), (&json!("declined"), &body["reason"]));
    assert_eq!(tables_with(&app, "Ngoài các lĩnh vực").await, Vec::<String>::new());
    decided(&officer, &made, "accept", None).await.problem(409);
}

#[tokio::test]
async fn of_many_decisions_at_once_one_counts() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let made = nominate(&agency, "Kpă Văn Mẫu").await;
    let accept = format!("{}/accept", at(&made));
    let requests =
        (0..5).map(|_| request(&officer, Method::POST, &accept, None).header("if-match", "*")).collect::<Vec<_>>();
    let mut statuses = at_once(requests).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409, 409]);
    assert_eq!(app.sql("SELECT count(*) FROM experts WHERE full_name = 'Kpă Văn Mẫu'").await, "1");
}
