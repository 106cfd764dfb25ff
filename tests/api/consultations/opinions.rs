//! Opinions: a declaration first, written, handed in, revised; who writes and who reads them, and what is needed before it is concluded.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    accept_seat, at, attach, attach_scheme, bring, callers, draft, example, fault, free_people, give_opinion, hear,
    opinion, opinion_at, own_record, panel_of, put_panel, verb,
};
use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

const ANY: [(&str, &str); 1] = [("if-match", "*")];

/// A request whose panel of three was approved, and the seats: `own` has the third, or none of them.
async fn in_review(app: &TestApp, callers: &[Caller<'_>; 3], own: &str, sits: bool) -> (Value, Vec<Value>) {
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    bring(callers, &made, "accepted").await;
    verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200);
    let mut people = free_people(app, 4).await;
    people.retain(|code| code != own);
    people.truncate(3);
    if sits {
        people[2] = own.to_owned();
    }
    put_panel(&callers[1], &made, &panel_of(&people)).await.expect(200);
    let made = verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200);
    let panel = callers[1].get(&at(&made, "/panel")).await.expect(200);
    let seats = panel["members"].as_array().unwrap().iter().map(|member| member["id"].clone()).collect();
    (made, seats)
}

async fn put(caller: &Caller<'_>, made: &Value, seat: &Value, form: &Value) -> Answer {
    caller.send(Method::PUT, &opinion_at(made, seat, ""), &ANY, Some(form)).await
}

async fn submit(caller: &Caller<'_>, made: &Value, seat: &Value) -> Answer {
    caller.send(Method::POST, &opinion_at(made, seat, "/submit"), &ANY, None).await
}

async fn reopen(caller: &Caller<'_>, made: &Value, seat: &Value) -> Answer {
    let body = json!({ "reason": "Bổ sung nhận xét" });
    caller.send(Method::POST, &opinion_at(made, seat, "/reopen"), &ANY, Some(&body)).await
}

async fn send_file(caller: &Caller<'_>, made: &Value, seat: &Value, name: &str, bytes: &[u8]) -> Answer {
    let path = opinion_at(made, seat, &format!("/attachments?name={name}"));
    caller.raw(Method::POST, &path, &[("content-type", "application/octet-stream")], bytes.to_vec()).await
}

#[tokio::test]
async fn an_expert_declares_writes_and_hands_in() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, expert) = (&callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, seats) = in_review(&app, &callers, &own, true).await;
    let (seat, path) = (&seats[2], opinion_at(&made, &seats[2], ""));
    // before the person accepts nothing is written
    put(&expert, &made, seat, &opinion("agree", &json!({}))).await.problem(409);
    accept_seat(officer, &made, seat).await.expect(200);
    let empty = expert.get(&path).await;
    let etag = empty.header("etag");
    let empty = empty.expect(200);
    assert_eq!(
        json!([empty["state"], empty["revision"], empty["allowed_actions"], empty["counts"]]),
        json!([null, 0, ["write"], false])
    );
    // the declaration comes first
    let (place, code) = fault(put(&expert, &made, seat, &json!({ "assessment": "agree" })).await);
    assert_eq!((place.as_str(), code.as_str()), ("/declaration", "required"));
    let told = submit(&expert, &made, seat).await.problem(409);
    assert!(text(&told["detail"]).starts_with("Chưa có ý kiến nào được viết"), "{told}");
    let first = json!({ "declaration": { "has_conflict": false }, "answers": [{ "question": 2, "text": "Khả thi" }] });
    let held = [("if-match", etag.as_str())];
    expert.send(Method::PUT, &path, &[], Some(&first)).await.problem(428);
    let written = expert.send(Method::PUT, &path, &held, Some(&first)).await.expect(200);
    expert.send(Method::PUT, &path, &held, Some(&first)).await.problem(412);
    assert_eq!(json!([written["state"], written["answers"]]), json!(["draft", first["answers"]]));
    // all that is missing at once
    assert_eq!(submit(&expert, &made, seat).await.places(422), ["/assessment", "/answers"]);
    let whole = json!({ "assessment": "agree_with_changes",
        "answers": [{ "question": 2, "text": "Khả thi" }, { "question": 1, "text": "Phù hợp" }] });
    let written = put(&expert, &made, seat, &whole).await.expect(200);
    assert!(written["declaration"]["signed_at"].is_string(), "it was signed before: {written}");
    let sent = submit(&expert, &made, seat).await.expect(200);
    assert_eq!(
        json!([sent["state"], sent["revision"], sent["counts"], sent["allowed_actions"]]),
        json!(["submitted", 1, true, ["reopen"]])
    );
    // what was handed in is opened first
    put(&expert, &made, seat, &whole).await.problem(409);
    submit(&expert, &made, seat).await.problem(409);
}

#[tokio::test]
async fn what_was_handed_in_counts_until_its_revision_is_handed_in() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, expert) = (&callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, seats) = in_review(&app, &callers, &own, true).await;
    let seat = &seats[2];
    accept_seat(officer, &made, seat).await.expect(200);
    reopen(&expert, &made, seat).await.problem(409);
    put(&expert, &made, seat, &opinion("agree_with_changes", &json!({}))).await.expect(200);
    submit(&expert, &made, seat).await.expect(200);
    let opened = reopen(&expert, &made, seat).await.expect(200);
    assert_eq!(
        json!([opened["state"], opened["revision"], opened["counts"], opened["reopened_reason"]]),
        json!(["draft", 1, true, "Bổ sung nhận xét"])
    );
    reopen(&expert, &made, seat).await.problem(409);
    put(&expert, &made, seat, &opinion("disagree", &json!({ "body": "Chưa khả thi" }))).await.expect(200);
    let revisions = opinion_at(&made, seat, "/revisions");
    let kept = expert.get(&revisions).await.expect(200);
    assert_eq!(kept["items"].as_array().unwrap().len(), 1);
    submit(&expert, &made, seat).await.expect(200);
    let kept = officer.get(&revisions).await.expect(200);
    let told: Vec<Value> = kept["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["number"], one["assessment"], one["body"], one["role"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([[1, "agree_with_changes", "Ý kiến mẫu", "expert"], [2, "disagree", "Chưa khả thi", "expert"]])
    );
    // nobody rewrites what was handed in
    let said = crate::support::bank::try_change(&app, "UPDATE opinion_revisions SET number = 9").await.unwrap_err();
    assert!(said.contains("append-only"), "{said}");
}

#[tokio::test]
async fn an_opinion_on_paper_is_entered_by_the_office_with_its_letter() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, expert) = (&callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, seats) = in_review(&app, &callers, &own, true).await;
    for seat in &seats {
        accept_seat(officer, &made, seat).await.expect(200);
    }
    for (more, place, code) in [
        (json!({}), "/paper", "required"),
        (json!({ "paper": { "number": "5/YK" } }), "/paper/date", "required"),
        (json!({ "paper": { "number": "5/YK", "date": "2999-01-01" } }), "/paper/date", "in_the_future"),
        (json!({ "answers": [{ "question": 3, "text": "x" }] }), "/answers/0/question", "unknown_reference"),
        (json!({ "declaration": { "has_conflict": true } }), "/declaration/statement", "required"),
    ] {
        let (at, said) = fault(put(officer, &made, &seats[0], &opinion("agree", &more)).await);
        assert_eq!((at.as_str(), said.as_str()), (place, code), "{more}");
    }
    let paper = json!({ "paper": { "number": "5/YK", "date": "2026-03-10" } });
    let (place, code) = fault(put(&expert, &made, &seats[2], &opinion("agree", &paper)).await);
    assert_eq!((place.as_str(), code.as_str()), ("/paper", "not_allowed"));
    let sent = give_opinion(officer, &made, &seats[0], "disagree").await;
    assert_eq!(json!([sent["state"], sent["paper"]["number"]["text"]]), json!(["submitted", "05/LHH"]));
    // what the person wrote themself the office does not hand in
    put(&expert, &made, &seats[2], &opinion("agree", &json!({}))).await.expect(200);
    assert_eq!(submit(officer, &made, &seats[2]).await.places(422), ["/paper"]);
    submit(&expert, &made, &seats[2]).await.expect(200);
}

#[tokio::test]
async fn a_conflict_that_is_declared_counts_out_until_a_leader_waives_it() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader, expert) = (&callers[1], &callers[2], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, seats) = in_review(&app, &callers, &own, true).await;
    accept_seat(officer, &made, &seats[2]).await.expect(200);
    let conflict = json!({ "declaration": { "has_conflict": true, "statement": "Có vốn góp" } });
    put(&expert, &made, &seats[2], &opinion("agree", &conflict)).await.expect(200);
    // said again, it is no second conflict
    put(&expert, &made, &seats[2], &opinion("disagree", &conflict)).await.expect(200);
    let sent = submit(&expert, &made, &seats[2]).await.expect(200);
    assert_eq!(json!([sent["state"], sent["counts"]]), json!(["submitted", false]));
    hear(officer, &made).await;
    let refused = verb(officer, &made, "conclude", &Value::Null).await.problem(422);
    let told: Vec<Value> =
        refused["errors"].as_array().unwrap().iter().map(|error| json!([error["pointer"], error["code"]])).collect();
    assert_eq!(
        json!(told),
        json!([["/panel", "too_few"], ["/panel", "conflict"], ["/opinions", "too_few"]]),
        "{refused}"
    );
    let path = at(&made, &format!("/conflicts/{own}"));
    let findings = leader.get(&path).await.expect(200)["standing"]["findings"].clone();
    assert_eq!(findings.as_array().unwrap().len(), 1, "{findings}");
    let body = json!({ "reason": "Không liên quan", "findings": [findings[0]["key"]] });
    leader.send(Method::POST, &format!("{path}/waive"), &ANY, Some(&body)).await.expect(200);
    assert_eq!(expert.get(&opinion_at(&made, &seats[2], "")).await.expect(200)["counts"], true);
    verb(officer, &made, "conclude", &Value::Null).await.expect(200);
}

#[tokio::test]
async fn it_is_concluded_with_all_opinions_or_enough_and_a_reason() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    bring(&callers, &made, "accepted").await;
    verb(officer, &made, "form-panel", &Value::Null).await.expect(200);
    put_panel(officer, &made, &panel_of(&free_people(&app, 5).await)).await.expect(200);
    let made = verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200);
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    let reason = json!({ "reason": "Hai ủy viên đi công tác dài ngày" });
    for (member, count) in panel["members"].as_array().unwrap().iter().zip(1..) {
        accept_seat(officer, &made, &member["id"]).await.expect(200);
        give_opinion(officer, &made, &member["id"], "agree").await;
        let codes = |answer: Answer| -> Vec<String> {
            let told = answer.problem(422);
            assert_eq!(told["errors"][0]["pointer"], "/opinions");
            told["errors"].as_array().unwrap().iter().map(|error| text(&error["code"]).to_owned()).collect()
        };
        match count {
            1 | 2 => {
                assert_eq!(codes(verb(officer, &made, "conclude", &reason).await), ["too_few"]);
                assert_eq!(codes(verb(officer, &made, "conclude", &Value::Null).await), ["too_few", "missing"]);
            }
            _ => {
                assert_eq!(codes(verb(officer, &made, "conclude", &Value::Null).await), ["missing"]);
                break;
            }
        }
    }
    let opened = reopen(officer, &made, &panel["members"][0]["id"]).await.expect(200);
    assert_eq!(opened["counts"], true, "what was handed in last still counts");
    verb(officer, &made, "conclude", &reason).await.expect(200);
    // from then on nothing is written
    for seat in [&panel["members"][0]["id"], &panel["members"][4]["id"]] {
        let form = opinion("agree", &json!({ "paper": { "number": "5/YK", "date": "2026-03-10" } }));
        put(officer, &made, seat, &form).await.problem(409);
        submit(officer, &made, seat).await.problem(409);
    }
}

#[tokio::test]
async fn opinions_are_for_the_union_and_each_for_who_wrote_it() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, expert) = (&callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, seats) = in_review(&app, &callers, &own, true).await;
    hear(officer, &made).await;
    let list = at(&made, "/opinions");
    for (caller, count) in [(officer, 3), (&callers[2], 3), (&expert, 1)] {
        let seen = caller.get(&list).await.expect(200);
        assert_eq!(seen["items"].as_array().unwrap().len(), count, "{seen}");
    }
    assert_eq!(expert.get(&list).await.expect(200)["items"][0]["expert"]["code"], json!(own));
    let mine = expert.get(&opinion_at(&made, &seats[2], "")).await.expect(200);
    assert_eq!(mine["state"], "submitted");
    // another one's seat is not there for one of the panel
    for rest in ["", "/revisions", "/attachments"] {
        expert.get(&opinion_at(&made, &seats[0], rest)).await.problem(404);
        officer.get(&opinion_at(&made, &seats[0], rest)).await.expect(200);
    }
    put(&expert, &made, &seats[0], &opinion("disagree", &json!({}))).await.problem(404);
    submit(&expert, &made, &seats[0]).await.problem(404);
    reopen(&expert, &made, &seats[0]).await.problem(404);
    send_file(&expert, &made, &seats[0], "a.txt", b"a").await.problem(404);
    // who is no part of it
    for role in ["agency", "agency_2", "science_dept", "association", "auditor", "admin"] {
        let caller = app.sign_in(role).await;
        caller.get(&list).await.problem(403);
        caller.get(&opinion_at(&made, &seats[0], "")).await.problem(403);
        caller.get(&opinion_at(&made, &seats[0], "/attachments")).await.problem(403);
        put(&caller, &made, &seats[0], &opinion("agree", &json!({}))).await.problem(403);
        submit(&caller, &made, &seats[0]).await.problem(403);
    }
    app.nobody().get(&list).await.problem(401);
    // another panel, and who was let go
    let (other, others) = in_review(&app, &callers, &own, false).await;
    expert.get(&at(&other, "/opinions")).await.problem(404);
    expert.get(&opinion_at(&other, &others[0], "")).await.problem(404);
    let nowhere = json!("0190c0de-0000-7000-8000-000000000001");
    officer.get(&opinion_at(&made, &nowhere, "")).await.problem(404);
    let recuse = at(&made, &format!("/conflicts/{own}/recuse"));
    officer.send(Method::POST, &recuse, &ANY, Some(&json!({ "reason": "Có lợi ích" }))).await.expect(200);
    expert.get(&list).await.problem(404);
    expert.get(&opinion_at(&made, &seats[2], "")).await.problem(404);
    let left = officer.get(&opinion_at(&made, &seats[2], "")).await.expect(200);
    assert_eq!(json!([left["member_state"], left["counts"], left["state"]]), json!(["recused", false, "submitted"]));
    reopen(officer, &made, &seats[2]).await.problem(409);
}

#[tokio::test]
async fn files_of_an_opinion_are_for_its_readers_and_stay_once_they_were_handed_in() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, expert) = (&callers[0], &callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, seats) = in_review(&app, &callers, &own, true).await;
    let seat = &seats[2];
    accept_seat(officer, &made, seat).await.expect(200);
    send_file(&expert, &made, seat, "a.txt", b"a").await.problem(409);
    put(&expert, &made, seat, &opinion("agree", &json!({}))).await.expect(200);
    send_file(&expert, &made, seat, "a.exe", b"MZ").await.problem(415);
    let first = send_file(&expert, &made, seat, "y-kien.txt", "ý kiến".as_bytes()).await;
    let location = first.header("location");
    first.expect(201);
    assert_eq!(expert.get(&location).await.text, "ý kiến");
    assert_eq!(officer.get(&location).await.text, "ý kiến");
    let file = location.rsplit('/').next().unwrap().to_owned();
    // not even by the path of the attachments of the request
    for caller in [agency, officer, &expert] {
        caller.get(&at(&made, &format!("/attachments/{file}"))).await.problem(404);
        let files = caller.get(&at(&made, "/attachments")).await.expect(200);
        assert_eq!(files["items"].as_array().unwrap().len(), 1, "the scheme alone: {files}");
    }
    agency.get(&location).await.problem(403);
    expert.send(Method::DELETE, &location, &[], None).await.problem(428);
    let gone = expert.send(Method::DELETE, &location, &ANY, None).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    expert.send(Method::DELETE, &location, &ANY, None).await.problem(404);
    let kept = send_file(&expert, &made, seat, "phu-luc.txt", b"phu luc").await.header("location");
    submit(&expert, &made, seat).await.expect(200);
    send_file(&expert, &made, seat, "muon.txt", b"a").await.problem(409);
    expert.send(Method::DELETE, &kept, &ANY, None).await.problem(409);
    reopen(&expert, &made, seat).await.expect(200);
    // a version that counts has its files
    expert.send(Method::DELETE, &kept, &ANY, None).await.problem(409);
    let more = send_file(&expert, &made, seat, "them.txt", b"them").await.header("location");
    assert_eq!(expert.send(Method::DELETE, &more, &ANY, None).await.status, 204);
    let kept = expert.get(&opinion_at(&made, seat, "/revisions")).await.expect(200);
    assert_eq!(kept["items"][0]["attachments"][0]["name"], "phu-luc.txt");
    for number in 1..10 {
        send_file(&expert, &made, seat, &format!("{number}.txt"), b"a").await.expect(201);
    }
    assert_eq!(send_file(&expert, &made, seat, "11.txt", b"a").await.places(422), ["/attachments"]);
}

#[tokio::test]
async fn who_accepted_reads_the_files_of_the_scheme_and_nobody_elses() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (agency, officer, expert) = (&callers[0], &callers[1], app.sign_in("expert").await);
    let own = own_record(&app).await;
    let (made, seats) = in_review(&app, &callers, &own, true).await;
    let list = at(&made, "/attachments");
    let scheme = agency.get(&list).await.expect(200)["items"][0]["id"].clone();
    let scheme = at(&made, &format!("/attachments/{}", text(&scheme)));
    let internal = attach(officer, &made, "name=noi-bo.txt", b"noi bo").await.expect(201);
    let internal = at(&made, &format!("/attachments/{}", text(&internal["id"])));
    let shared = attach(officer, &made, "name=chung.txt&visibility=shared", b"chung").await.expect(201);
    let shared = at(&made, &format!("/attachments/{}", text(&shared["id"])));
    // who was asked and did not answer yet sees the request, and no files
    expert.get(&at(&made, "")).await.expect(200);
    for path in [&list, &scheme, &shared, &internal] {
        expert.get(path).await.problem(404);
    }
    accept_seat(officer, &made, &seats[2]).await.expect(200);
    assert_eq!(expert.get(&scheme).await.text, "%PDF-1.7 mau");
    assert_eq!(expert.get(&shared).await.text, "chung");
    expert.get(&internal).await.problem(404);
    let count = async |caller: &Caller<'_>| caller.get(&list).await.expect(200)["items"].as_array().unwrap().len();
    assert_eq!((count(&expert).await, count(agency).await, count(officer).await), (2, 2, 3));
    // neither contacts nor drafts come with it, and nothing may be attached
    let seen = expert.get(&at(&made, "")).await.expect(200);
    assert_eq!((&seen["contact"], &seen["attachments"]), (&Value::Null, &Value::Null));
    attach(&expert, &made, "name=a.txt", b"a").await.problem(403);
    expert.send(Method::DELETE, &scheme, &ANY, None).await.problem(403);
    let hidden = draft(agency, "consultation", &json!({})).await;
    attach_scheme(agency, &hidden).await;
    expert.get(&at(&hidden, "/attachments")).await.problem(404);
    let (other, _) = in_review(&app, &callers, &own, false).await;
    expert.get(&at(&other, "/attachments")).await.problem(404);
    for (role, status) in [
        ("agency_2", 404),
        ("science_dept", 404),
        ("association", 403),
        ("auditor", 403),
        ("admin", 403),
        ("union_leader", 200),
    ] {
        let caller = app.sign_in(role).await;
        for path in [&list, &scheme] {
            assert_eq!(caller.get(path).await.status, status, "{role} {path}");
        }
    }
    app.nobody().get(&list).await.problem(401);
    // who is let go reads them no more
    let release = at(&made, &format!("/panel/members/{}/release", text(&seats[2])));
    officer.send(Method::POST, &release, &ANY, Some(&json!({ "reason": "Nghỉ" }))).await.expect(200);
    expert.get(&scheme).await.problem(404);
}
