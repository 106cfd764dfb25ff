//! Nobody's word is lost on the way from an opinion to the report, and nobody is left on a panel who can't be heard.

use reqwest::Method;
use serde_json::{Value, json};

use super::conclusion::{on, sign_conclusion, signature, written};
use super::{
    accept_seat, at, attach_scheme, bring, callers, draft, example, fault, free_people, give_opinion, go, hear,
    opinion, opinion_at, own_record, panel_of, put_panel, verb,
};
use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

/// An approved panel of these, and its seats in order: chair, secretary, reviewers.
async fn approved(callers: &[Caller<'_>; 3], people: &[String]) -> (Value, Vec<Value>) {
    let made = draft(&callers[0], "critical_review", &json!({})).await;
    attach_scheme(&callers[0], &made).await;
    let made = bring(callers, &made, "accepted").await;
    verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200);
    put_panel(&callers[1], &made, &panel_of(people)).await.expect(200);
    let made = verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200);
    let panel = callers[1].get(&at(&made, "/panel")).await.expect(200);
    let seats = panel["members"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
    (made, seats)
}

fn amended(people: &[&String]) -> Value {
    let mut panel = panel_of(&people.iter().map(|code| (*code).clone()).collect::<Vec<_>>());
    panel["document"] = json!({ "number": "31/QĐ-LHH", "date": "2026-03-12" });
    panel
}

async fn act(caller: &Caller<'_>, path: &str, body: &Value) -> Answer {
    caller.send(Method::POST, path, &[("if-match", "*")], Some(body)).await
}

#[tokio::test]
async fn who_handed_in_an_opinion_stays_and_takes_it_along_to_another_seat() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let people = free_people(&app, 4).await;
    let (made, seats) = approved(&callers, &people[..3]).await;
    for (seat, says) in seats.iter().zip(["agree", "agree", "disagree"]) {
        accept_seat(officer, &made, seat).await.expect(200);
        give_opinion(officer, &made, seat, says).await;
    }
    let release = at(&made, &format!("/panel/members/{}/release", text(&seats[2])));
    act(officer, &release, &json!({ "reason": "Ý kiến trái chiều" })).await.problem(409);
    put_panel(leader, &made, &amended(&[&people[0], &people[1], &people[3]])).await.problem(409);
    // the reviewer who disagrees becomes the chair
    put_panel(leader, &made, &amended(&[&people[2], &people[1], &people[0]])).await.expect(200);
    let heard = officer.get(&at(&made, "/opinions")).await.expect(200);
    let said: Vec<&Value> =
        heard["items"].as_array().unwrap().iter().filter(|one| one["member_id"] == seats[2]).collect();
    assert_eq!((said.len(), &said[0]["seat"], &said[0]["assessment"]), (1, &json!("chair"), &json!("disagree")));
    go(&callers, &made, &["conclude"]).await;
    let drafted = on(officer, Method::POST, &made, "", None).await.expect(201);
    assert_eq!(drafted["tally"], json!({ "agree": 2, "agree_with_changes": 0, "disagree": 1 }));
    assert_eq!(drafted["minority"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_report_without_enough_opinions_waits_for_a_review_that_is_opened_again() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let people = free_people(&app, 6).await;
    let (made, seats) = approved(&callers, &people[..5]).await;
    for seat in &seats[..3] {
        accept_seat(officer, &made, seat).await.expect(200);
        give_opinion(officer, &made, seat, "agree").await;
    }
    assert_eq!(
        fault(verb(officer, &made, "conclude", &Value::Null).await),
        ("/opinions".to_owned(), "missing".to_owned())
    );
    let why = json!({ "reason": "Hai chuyên gia không trả lời sau hai lần nhắc" });
    verb(officer, &made, "conclude", &why).await.expect(200);
    for (caller, is_asker) in [(&callers[0], true), (officer, false)] {
        let events = caller.get(&at(&made, "/events")).await.expect(200);
        let concluded = events["items"].as_array().unwrap().iter().find(|one| one["verb"] == "conclude").unwrap();
        assert_eq!(concluded["reason"].is_null(), is_asker, "who did not answer is for the Union");
    }
    let panel = officer.get(&at(&made, "/panel")).await.expect(200);
    assert_eq!(panel["members"].as_array().unwrap().len(), 3, "who never answered is not of it: {panel}");
    sign_conclusion(&callers, &made).await;
    let recuse = at(&made, &format!("/conflicts/{}/recuse", people[2]));
    act(officer, &recuse, &json!({ "reason": "Có lợi ích liên quan" })).await.expect(200);
    let refused = verb(leader, &made, "deliver", &Value::Null).await.places(422);
    assert!(refused.contains(&"/opinions".to_owned()), "{refused:?}");
    // nobody new could be heard now
    put_panel(leader, &made, &amended(&[&people[0], &people[1], &people[5]])).await.problem(409);
    verb(officer, &made, "reopen-review", &example("reopen-review")).await.problem(403);
    assert_eq!(
        fault(verb(leader, &made, "reopen-review", &json!({})).await),
        ("/reason".to_owned(), "required".to_owned())
    );
    verb(leader, &made, "reopen-review", &example("reopen-review")).await.expect(200);
    put_panel(leader, &made, &amended(&[&people[0], &people[1], &people[5]])).await.expect(200);
    hear(officer, &made).await;
    verb(officer, &made, "conclude", &Value::Null).await.expect(200);
    // the draft is brought up to date when it is saved
    let two = json!([{ "number": 1, "text": "Bổ sung phương án vốn" }, { "number": 2, "text": "Lùi một năm" }]);
    let saved = on(leader, Method::PUT, &made, "", Some(&written(&two))).await.expect(200);
    assert_eq!(saved["tally"]["agree"], 3);
    on(leader, Method::POST, &made, "/sign", Some(&signature("12/BC-LHH"))).await.expect(200);
    assert_eq!(verb(leader, &made, "deliver", &Value::Null).await.expect(200)["state"], "delivered");
}

#[tokio::test]
async fn who_differs_and_counts_again_later_is_in_the_report() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (officer, leader) = (&callers[1], &callers[2]);
    let people = free_people(&app, 5).await;
    let (made, seats) = approved(&callers, &people).await;
    for (seat, says) in seats.iter().zip(["agree", "agree", "agree", "disagree", "disagree"]) {
        accept_seat(officer, &made, seat).await.expect(200);
        give_opinion(officer, &made, seat, says).await;
    }
    let declare = at(&made, &format!("/conflicts/{}/declare", people[4]));
    officer.post(&declare, &json!({ "reason": "Từng góp vốn" })).await.expect(200);
    verb(officer, &made, "conclude", &Value::Null).await.problem(422);
    let standing = officer.get(&at(&made, &format!("/conflicts/{}", people[4]))).await.expect(200);
    let keys: Vec<&Value> =
        standing["standing"]["findings"].as_array().unwrap().iter().map(|found| &found["key"]).collect();
    let waive = at(&made, &format!("/conflicts/{}/waive", people[4]));
    let waiver = json!({ "reason": "Đã thoái vốn", "findings": keys });
    act(leader, &waive, &waiver).await.expect(200);
    verb(officer, &made, "conclude", &Value::Null).await.expect(200);
    let drafted = on(officer, Method::POST, &made, "", None).await.expect(201);
    assert_eq!(drafted["minority"].as_array().unwrap().len(), 2);
    // a conflict that comes up, and is waived when the draft leaves them out
    officer.post(&declare, &json!({ "reason": "Còn giữ cổ phần" })).await.expect(200);
    let two = json!([{ "number": 1, "text": "Bổ sung phương án vốn" }]);
    let mut form = written(&two);
    form["minority"] = json!(["Một ý kiến không tán thành"]);
    let saved = on(officer, Method::PUT, &made, "", Some(&form)).await.expect(200);
    assert_eq!((&saved["tally"]["disagree"], saved["minority"].as_array().unwrap().len()), (&json!(1), 1));
    let standing = officer.get(&at(&made, &format!("/conflicts/{}", people[4]))).await.expect(200);
    let keys: Vec<&Value> =
        standing["standing"]["findings"].as_array().unwrap().iter().map(|found| &found["key"]).collect();
    act(leader, &waive, &json!({ "reason": "Đã bán hết", "findings": keys })).await.expect(200);
    on(leader, Method::POST, &made, "/sign", Some(&signature("12/BC-LHH"))).await.problem(409);
    let saved = on(officer, Method::PUT, &made, "", Some(&form)).await.expect(200);
    assert_eq!((&saved["tally"]["disagree"], saved["minority"].as_array().unwrap().len()), (&json!(2), 2), "{saved}");
}

#[tokio::test]
async fn what_nobody_can_see_is_no_text() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let people = free_people(&app, 3).await;
    let (made, seats) = approved(&callers, &people).await;
    let decline = at(&made, &format!("/panel/members/{}/decline", text(&seats[2])));
    let letter = json!({ "number": "05/LHH", "date": "2026-03-10" });
    let body = json!({ "reason": "conflict", "note": "\u{200b}", "document": letter });
    assert_eq!(fault(officer.post(&decline, &body).await).0, "/note");
    accept_seat(officer, &made, &seats[0]).await.expect(200);
    let declared = json!({ "declaration": { "has_conflict": true, "statement": "&nbsp;" }, "paper": letter });
    let path = opinion_at(&made, &seats[0], "");
    let put = officer.send(Method::PUT, &path, &[("if-match", "*")], Some(&opinion("agree", &declared))).await;
    assert_eq!(fault(put).0, "/declaration/statement");
    give_opinion(officer, &made, &seats[0], "agree").await;
    let reopen = opinion_at(&made, &seats[0], "/reopen");
    assert_eq!(fault(act(officer, &reopen, &json!({ "reason": "\u{200b}" })).await).0, "/reason");
    let meeting = json!({ "held_on": app.sql("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").await, "place": "\u{200b}" });
    assert_eq!(fault(officer.post(&at(&made, "/meetings"), &meeting).await).0, "/place");
}

#[tokio::test]
async fn two_of_a_panel_who_are_one_keep_the_opinion() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let officer = &callers[1];
    let people = free_people(&app, 3).await;
    let (made, seats) = approved(&callers, &people).await;
    accept_seat(officer, &made, &seats[2]).await.expect(200);
    give_opinion(officer, &made, &seats[2], "disagree").await;
    let merge = async |winner: &str, loser: &str| {
        let path = format!("/api/v1/experts/{winner}/merge");
        act(officer, &path, &json!({ "other": loser, "reason": "Cùng một người" })).await
    };
    merge(&people[1], &people[2]).await.problem(409);
    merge(&people[2], &people[1]).await.expect(201);
    let heard = officer.get(&at(&made, "/opinions")).await.expect(200);
    let said = heard["items"].as_array().unwrap().iter().find(|one| one["member_id"] == seats[2]).unwrap();
    assert_eq!((&said["assessment"], &said["counts"]), (&json!("disagree"), &json!(true)));
}

#[tokio::test]
async fn one_of_the_panel_reads_minutes_that_are_signed_and_no_remarks_on_others() {
    let app = TestApp::start().await;
    let callers = callers(&app).await;
    let (own, expert) = (own_record(&app).await, app.sign_in("expert").await);
    let mut people = free_people(&app, 3).await;
    people.retain(|code| *code != own);
    people.truncate(2);
    people.push(own);
    let (made, seats) = approved(&callers, &people).await;
    let meetings = at(&made, "/meetings");
    expert.get(&meetings).await.problem(404);
    accept_seat(&callers[1], &made, &seats[2]).await.expect(200);
    let came = seats.iter().map(|seat| json!({ "member_id": seat, "present": true, "note": "Đến muộn" }));
    let form = json!({ "held_on": app.sql("SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").await,
        "place": "Hội trường", "attendance": came.collect::<Vec<_>>(), "minutes": "Đã họp" });
    let meeting = callers[1].post(&meetings, &form).await.expect(201);
    assert_eq!(expert.get(&meetings).await.expect(200)["items"], json!([]), "what is not signed may change");
    let path = format!("{meetings}/{}", text(&meeting["id"]));
    expert.get(&path).await.problem(404);
    callers[1].send(Method::POST, &format!("{path}/sign"), &[("if-match", "*")], None).await.expect(200);
    let read = expert.get(&path).await.expect(200);
    let notes: Vec<&Value> =
        read["attendance"].as_array().unwrap().iter().filter(|one| !one["note"].is_null()).collect();
    assert_eq!((notes.len(), &notes[0]["member_id"]), (1, &seats[2]), "{read}");
}
