//! `/experts/{key}/availability`.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::bank::{decide, enter_named, listed, path, text};
use crate::support::{Caller, TestApp};

fn list(expert: &Value) -> String {
    format!("{}/availability", path(expert))
}

fn period(from: &str, to: Option<&str>) -> Value {
    json!({ "kind": "unavailable", "from": from, "to": to })
}

async fn person(app: &TestApp) -> (Caller<'_>, Value) {
    let caller = app.sign_in("expert").await;
    let me = caller.get("/api/v1/me").await.expect(200);
    (caller, json!({ "id": me["expert_id"] }))
}

#[tokio::test]
async fn periods_are_stated_extended_opened_and_deleted() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let body = json!({ "kind": "no_new_work", "from": "2020-01-01", "to": "2020-06-30", "note": " Đi  học " });
    let answer = officer.post(&list(&expert), &body).await;
    assert_eq!(answer.header("location"), list(&expert));
    assert!(answer.header("etag").starts_with("\"2-"));
    let made = answer.expect(201);
    assert_eq!(
        made,
        json!({ "id": made["id"], "kind": "no_new_work", "from": "2020-01-01", "to": "2020-06-30", "note": "Đi học" })
    );
    let place = format!("{}/{}", list(&expert), text(&made["id"]));
    let etag = officer.get(&list(&expert)).await.header("etag");
    let extended = officer.patch(&place, &etag, &json!({ "to": "2020-12-31" })).await;
    let next = extended.header("etag");
    assert_eq!(extended.expect(200)["to"], "2020-12-31");
    officer.patch(&place, &etag, &json!({ "to": "2021-12-31" })).await.problem(412);
    officer.patch(&place, "", &json!({ "to": "2021-12-31" })).await.problem(412);
    let open =
        officer.patch(&place, &next, &json!({ "to": null, "note": null, "kind": "unavailable" })).await.expect(200);
    assert_eq!((&open["to"], &open["note"], &open["kind"]), (&Value::Null, &Value::Null, &json!("unavailable")));
    let ended = officer.patch(&place, "*", &json!({ "to": "2020-03-31" })).await.expect(200);
    assert_eq!(ended["to"], "2020-03-31");
    officer.post(&list(&expert), &period("2020-04-01", None)).await.expect(201);
    assert_eq!(listed(&officer, &list(&expert), "from").await, ["2020-04-01", "2020-01-01"], "past ones stay readable");
    officer.delete(&place).await.problem(428);
    let gone = officer.send(Method::DELETE, &place, &[("if-match", "*")], None).await;
    assert_eq!(gone.header("etag"), "\"7\"");
    gone.expect(204);
    officer.send(Method::DELETE, &place, &[("if-match", "*")], None).await.problem(404);
    assert_eq!(listed(&officer, &list(&expert), "from").await, ["2020-04-01"]);
}

#[tokio::test]
async fn two_periods_share_no_day() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let spring = officer.post(&list(&expert), &period("2026-03-01", Some("2026-05-31"))).await.expect(201);
    let late = officer.post(&list(&expert), &period("2026-09-01", None)).await.expect(201);
    for (from, to, other) in [
        ("2026-05-31", Some("2026-06-30"), &spring),
        ("2026-01-01", Some("2026-03-01"), &spring),
        ("2026-01-01", Some("2026-12-31"), &spring),
        ("2026-04-01", Some("2026-04-01"), &spring),
        ("2026-06-01", None, &late),
        ("2030-01-01", Some("2030-01-02"), &late),
    ] {
        let problem = officer.post(&list(&expert), &period(from, to)).await.problem(409);
        assert_eq!(problem["errors"][0]["pointer"], "/from", "{from}");
        let detail = text(&problem["errors"][0]["detail"]);
        assert!(detail.contains(text(&other["id"])) && detail.contains(text(&other["from"])), "{from}: {detail}");
    }
    officer.post(&list(&expert), &period("2026-06-01", Some("2026-08-31"))).await.expect(201);
    let place = format!("{}/{}", list(&expert), text(&spring["id"]));
    officer.patch(&place, "*", &json!({ "to": "2026-06-01" })).await.problem(409);
    officer.patch(&place, "*", &json!({ "from": "2026-02-01" })).await.expect(200);
    let other = enter_named(&officer, "Kpă Thị Mẫu").await;
    officer.post(&list(&other), &period("2026-03-01", Some("2026-05-31"))).await.expect(201);
}

#[tokio::test]
async fn of_many_overlapping_posts_at_once_one_stands() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let (place, body) = (list(&expert), period("2026-03-01", None));
    let (a, b, c) = tokio::join!(officer.post(&place, &body), officer.post(&place, &body), officer.post(&place, &body));
    let mut statuses = [a.status.as_u16(), b.status.as_u16(), c.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let expert = enter_named(&officer, "Kpă Văn Mẫu").await;
    let good = period("2026-03-01", Some("2026-05-31"));
    for (member, value, pointer, code) in [
        ("kind", json!("ill"), "/kind", "unknown_value"),
        ("from", json!("2026-02-30"), "/from", "invalid_value"),
        ("from", json!("1999-12-31"), "/from", "out_of_range"),
        ("to", json!("2101-01-01"), "/to", "out_of_range"),
        ("to", json!("2026-02-28"), "/to", "before_start"),
        ("note", json!("a".repeat(501)), "/note", "too_long"),
        ("note", json!("Hµ Giang"), "/note", "legacy_encoding"),
        ("reason", json!("x"), "/reason", "unknown_field"),
    ] {
        let mut body = good.clone();
        body[member] = value.clone();
        let problem = officer.post(&list(&expert), &body).await.problem(422);
        let error = &problem["errors"][0];
        assert_eq!((text(&error["pointer"]), text(&error["code"])), (pointer, code), "{member}: {value}");
    }
    assert_eq!(officer.post(&list(&expert), &json!({ "from": "2026-01-01" })).await.places(422), ["/kind"]);
    let made = officer.post(&list(&expert), &good).await.expect(201);
    let place = format!("{}/{}", list(&expert), text(&made["id"]));
    for (patch, pointer) in
        [(json!({ "from": null }), "/from"), (json!({ "kind": null }), "/kind"), (json!({ "to": "2026-01-01" }), "/to")]
    {
        assert_eq!(officer.patch(&place, "*", &patch).await.places(422), [pointer], "{patch}");
    }
    for (query, place) in [("limit=0", "/limit"), ("cursor=x", "/cursor"), ("on=2026-01-01", "/on")] {
        assert_eq!(officer.get(&format!("{}?{query}", list(&expert))).await.places(400), [place]);
    }
    let page = officer.get(&format!("{}?limit=1", list(&expert))).await.expect(200);
    assert!(page.get("next_cursor").is_none());
}

#[tokio::test]
async fn the_union_and_the_person_read_and_state_them_and_nobody_else() {
    let app = TestApp::start().await;
    let officer = app.sign_in("union_officer").await;
    let other = enter_named(&officer, "Kpă Văn Mẫu").await;
    decide(&officer, &other, "public_profile", true).await;
    officer.post(&list(&other), &period("2026-03-01", None)).await.expect(201);
    let (expert, me) = person(&app).await;
    let made = expert.post(&list(&me), &period("2026-03-01", None)).await.expect(201);
    let place = format!("{}/{}", list(&me), text(&made["id"]));
    expert.patch(&place, "*", &json!({ "to": "2026-04-01" })).await.expect(200);
    assert_eq!(listed(&expert, &list(&me), "to").await, ["2026-04-01"]);
    assert_eq!(listed(&app.sign_in("union_leader").await, &list(&me), "to").await, ["2026-04-01"]);
    expert.get(&list(&other)).await.problem(404);
    expert.post(&list(&other), &period("2020-03-01", Some("2020-03-02"))).await.problem(404);
    for account in ["association", "agency", "science_dept", "auditor", "admin"] {
        let caller = app.sign_in(account).await;
        caller.get(&list(&other)).await.problem(403);
        caller.post(&list(&other), &period("2020-03-01", Some("2020-03-02"))).await.problem(403);
    }
    app.nobody().get(&list(&other)).await.problem(401);
}
