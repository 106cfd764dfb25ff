//! The second half of a consultation, as the people who do it see it: invitations, opinions, a meeting, the conclusion, what the agency
//! makes of it, and the whole of it on a timeline.

use reqwest::Method;
use serde_json::{Value, json};

use crate::consultations::clock::happened_on;
use crate::consultations::{
    at, attach_scheme, bring, callers, draft, example, fault, free_people, own_record, panel_of, put_panel, verb,
};
use crate::support::bank::{text, try_change};
use crate::support::{Answer, Caller, TestApp};

/// A request whose panel was approved, and who works on it.
struct Work<'a> {
    agency: Caller<'a>,
    officer: Caller<'a>,
    leader: Caller<'a>,
    expert: Caller<'a>,
    made: Value,
    /// Codes of who sits, the account `expert` third.
    sitting: Vec<String>,
    /// Codes of who is in line for a reviewer's seat.
    in_line: Vec<String>,
}

/// A panel of this size, the account `expert` as its first reviewer, and two in line for a reviewer's seat.
async fn approved<'a>(app: &'a TestApp, kind: &str, size: usize) -> Work<'a> {
    let own = own_record(app).await;
    let mut people = free_people(app, size + 2).await;
    people.retain(|code| *code != own);
    people.truncate(size + 1);
    people.insert(2, own);
    let in_line = people.split_off(size);
    let callers = callers(app).await;
    let made = draft(&callers[0], kind, &json!({ "title": "Đề án qua hội đồng" })).await;
    attach_scheme(&callers[0], &made).await;
    let made = bring(&callers, &made, "accepted").await;
    verb(&callers[1], &made, "form-panel", &Value::Null).await.expect(200);
    let mut form = panel_of(&people);
    form["alternates"] = in_line.iter().map(|code| json!({ "expert": code, "seat": "reviewer" })).collect();
    put_panel(&callers[1], &made, &form).await.expect(200);
    let now = verb(&callers[2], &made, "approve-panel", &example("approve-panel")).await.expect(200);
    assert_eq!(now["state"], "in_review");
    let [agency, officer, leader] = callers;
    Work { agency, officer, leader, expert: app.sign_in("expert").await, made, sitting: people, in_line }
}

/// A letter or note by which the office enters what somebody says.
fn letter(number: &str) -> Value {
    json!({ "number": number, "date": "2026-03-09" })
}

/// The report of a version.
fn report(number: &str) -> Value {
    json!({ "document": { "number": number, "date": "2026-03-09", "signatory": "Trần Văn Mẫu" } })
}

/// Something an agency writes about a recommendation.
fn reply(recommendation: i32, outcome: &str, reason: Option<&str>) -> Value {
    let mut reply = json!({ "recommendation": recommendation, "outcome": outcome });
    if let Some(reason) = reason {
        reply["reason"] = json!(reason);
    }
    reply
}

fn items<'v>(timeline: &'v Value, kind: &str) -> Vec<&'v Value> {
    timeline["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).collect()
}

async fn today(app: &TestApp) -> String {
    app.sql("(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").await
}

impl Work<'_> {
    /// Does something below the consultation, whatever the version.
    async fn act(&self, caller: &Caller<'_>, method: Method, rest: &str, body: &Value) -> Answer {
        let body = (!body.is_null()).then_some(body);
        caller.send(method, &at(&self.made, rest), &[("if-match", "*")], body).await
    }

    /// The same, which must be done.
    async fn done(&self, caller: &Caller<'_>, method: Method, rest: &str, body: &Value) -> Value {
        let answer = self.act(caller, method, rest, body).await;
        assert!(answer.status.is_success(), "{rest}: {} {}", answer.status, answer.text);
        if answer.text.is_empty() { Value::Null } else { serde_json::from_str(&answer.text).unwrap() }
    }

    async fn verb(&self, caller: &Caller<'_>, name: &str, body: &Value) -> Value {
        verb(caller, &self.made, name, body).await.expect(200)
    }

    async fn read(&self, caller: &Caller<'_>, rest: &str) -> Value {
        caller.get(&at(&self.made, rest)).await.expect(200)
    }

    /// The seat of somebody, sitting or not.
    async fn seat(&self, code: &str) -> Value {
        let panel = self.read(&self.officer, "/panel").await;
        let all = ["members", "alternates", "former"].map(|list| panel[list].as_array().unwrap().clone()).concat();
        all.into_iter().find(|row| row["expert"]["code"] == code).unwrap()
    }

    /// The path of the seat of somebody, and what is below it.
    async fn of(&self, code: &str, rest: &str) -> String {
        format!("/panel/members/{}{rest}", text(&self.seat(code).await["id"]))
    }

    /// The account `expert` as it sits here.
    fn own(&self) -> &str {
        &self.sitting[2]
    }

    /// Everybody accepts: the expert themself, the others by a letter.
    async fn all_accept(&self) {
        for code in &self.sitting {
            let path = self.of(code, "/accept").await;
            if code == self.own() {
                self.done(&self.expert, Method::POST, &path, &json!({})).await;
                continue;
            }
            assert_eq!(
                fault(self.act(&self.officer, Method::POST, &path, &json!({})).await).0,
                "/document",
                "the office names what it enters an answer by"
            );
            self.done(&self.officer, Method::POST, &path, &json!({ "document": letter("05/GM") })).await;
        }
        let panel = self.read(&self.agency, "/panel").await;
        let accepted = panel["members"].as_array().unwrap().iter().all(|member| member["state"] == "accepted");
        assert!(accepted, "{panel}");
    }

    /// Hands in an opinion: by the expert, or on paper.
    async fn opine(&self, code: &str, assessment: &str) {
        let mut opinion = json!({
            "declaration": { "has_conflict": false }, "assessment": assessment, "body": format!("Ý kiến của {code}"),
            "answers": [{ "question": 1, "text": "Mục tiêu phù hợp" }, { "question": 2, "text": "Vốn còn thiếu" }],
        });
        let caller = if code == self.own() { &self.expert } else { &self.officer };
        if code != self.own() {
            opinion["paper"] = letter("Phiếu 01");
        }
        let path = self.of(code, "/opinion").await;
        self.done(caller, Method::PUT, &path, &opinion).await;
        self.done(caller, Method::POST, &format!("{path}/submit"), &Value::Null).await;
    }

    /// Everybody opines: one disagrees, whoever sits last.
    async fn all_opine(&self) {
        let (last, first) = self.sitting.split_last().unwrap();
        for code in first {
            self.opine(code, "agree_with_changes").await;
        }
        self.opine(last, "disagree").await;
    }

    /// A meeting with a vote, signed; it never changes then.
    async fn meets(&self, app: &TestApp) {
        let mut attendance = Vec::new();
        for code in &self.sitting {
            attendance.push(json!({ "member_id": self.seat(code).await["id"], "present": true }));
        }
        let present = self.sitting.len();
        let minutes = |against: usize| {
            json!({
                "held_on": "", "place": "Trụ sở Liên hiệp hội", "attendance": attendance, "minutes": "Hội đồng đã thảo luận",
                "votes": [{ "question": "Thông qua kết luận", "for": present - 1, "against": against, "abstained": 0 }],
            })
        };
        let (mut wrong, mut right) = (minutes(present), minutes(1));
        (wrong["held_on"], right["held_on"]) = (json!(today(app).await), json!(today(app).await));
        self.act(&self.officer, Method::POST, "/meetings", &wrong).await.problem(422);
        let meeting = self.done(&self.officer, Method::POST, "/meetings", &right).await;
        let path = format!("/meetings/{}", text(&meeting["id"]));
        self.done(&self.officer, Method::POST, &format!("{path}/sign"), &Value::Null).await;
        self.act(&self.officer, Method::PUT, &path, &right).await.problem(409);
    }

    /// The conclusion is drafted, completed with two recommendations and signed.
    async fn concludes(&self) {
        self.verb(&self.officer, "conclude", &Value::Null).await;
        let drafted = self.done(&self.officer, Method::POST, "/conclusion", &Value::Null).await;
        assert_eq!(drafted["number"], 1);
        assert!(!drafted["minority"].as_array().unwrap().is_empty(), "who differs is kept: {drafted}");
        self.act(&self.officer, Method::POST, "/conclusion", &Value::Null).await.problem(409);
        self.agency.get(&at(&self.made, "/conclusion")).await.problem(404);
        let mut body = completed(&drafted);
        body["minority"] = json!([]);
        self.done(&self.officer, Method::PUT, "/conclusion", &body).await;
        self.act(&self.leader, Method::POST, "/conclusion/sign", &report("12/BC-LHH")).await.problem(422);
        self.done(&self.officer, Method::PUT, "/conclusion", &completed(&drafted)).await;
        self.act(&self.officer, Method::POST, "/conclusion/sign", &report("12/BC-LHH")).await.problem(403);
        self.done(&self.leader, Method::POST, "/conclusion/sign", &report("12/BC-LHH")).await;
    }

    /// From the approved panel to the report that went out.
    async fn delivers(&self) {
        self.all_accept().await;
        self.all_opine().await;
        self.concludes().await;
        self.verb(&self.leader, "deliver", &json!({})).await;
    }
}

/// What the office makes of a draft.
fn completed(drafted: &Value) -> Value {
    json!({
        "basis": ["Công văn số 215/SNNMT-KL"], "summary": "Đề án phù hợp nếu làm rõ nguồn vốn",
        "agreements": [{ "part": "Mục 1", "text": "Mục tiêu rõ" }],
        "disagreements": [{ "part": "Mục 3", "text": "Nguồn vốn chưa khả thi" }], "alternatives": ["Chia hai giai đoạn"],
        "majority": "Đa số tán thành với điều kiện chỉnh sửa", "minority": drafted["minority"],
        "recommendations": [{ "text": "Làm rõ nguồn vốn" }, { "text": "Chia hai giai đoạn" }],
    })
}

/// The whole way of one kind, each act by its role.
async fn goes_all_the_way(kind: &str) {
    let app = TestApp::start().await;
    let work = approved(&app, kind, 5).await;
    work.all_accept().await;
    work.all_opine().await;
    for rest in ["/opinions", "/evaluations"] {
        work.agency.get(&at(&work.made, rest)).await.problem(403);
    }
    work.meets(&app).await;
    work.concludes().await;
    work.verb(&work.leader, "deliver", &json!({})).await;
    let seen = work.read(&work.agency, "/conclusion").await;
    assert_eq!((&seen["number"], seen["recommendations"].as_array().unwrap().len()), (&json!(1), 2));
    let said = json!({ "document": letter("301/SNNMT-KL"), "replies": [
        reply(1, "adopted", None), reply(2, "partly_adopted", Some("Chỉ áp dụng từ giai đoạn 2")),
    ] });
    work.verb(&work.agency, "respond", &said).await;
    let adoption = work.read(&work.agency, "/adoption").await;
    let outcomes: Vec<&str> =
        adoption["recommendations"].as_array().unwrap().iter().map(|row| text(&row["reply"]["outcome"])).collect();
    assert_eq!((outcomes, &adoption["overdue"]), (vec!["adopted", "partly_adopted"], &json!(false)));
    let evaluation = format!("/evaluations/{}", text(&work.seat(work.own()).await["id"]));
    work.done(&work.officer, Method::PUT, &evaluation, &json!({ "quality": 5, "timeliness": 4 })).await;
    let decision = json!({ "decision": { "number": "385/QĐ-UBND", "date": "2026-03-09" } });
    let closed = work.verb(&work.officer, "close", &decision).await;
    assert_eq!(closed["state"], "closed");
    whole_timeline(&work).await;
}

/// The timeline at the end, as the agency and as the office see it.
async fn whole_timeline(work: &Work<'_>) {
    let (asked, union) = (work.read(&work.agency, "/timeline").await, work.read(&work.officer, "/timeline").await);
    let states: Vec<&str> = asked["spans"].as_array().unwrap().iter().map(|span| text(&span["state"])).collect();
    let expected = [
        "draft",
        "submitted",
        "accepted",
        "panel_forming",
        "in_review",
        "concluding",
        "delivered",
        "responded",
        "closed",
    ];
    assert_eq!((&states[..], &asked["spans"], items(&asked, "move").len()), (&expected[..], &union["spans"], 9));
    assert_eq!(asked["opinions"], json!({ "handed_in": 5, "of": 5 }));
    for (kind, for_the_asker, for_the_union) in [
        ("invited", 0, 5),
        ("invitation_accepted", 5, 5),
        ("opinion_submitted", 0, 5),
        ("meeting_held", 1, 1),
        ("minutes_signed", 1, 1),
        ("conclusion_drafted", 0, 1),
        ("conclusion_signed", 1, 1),
        ("conclusion_delivered", 1, 1),
        ("replied", 1, 1),
        ("decision", 1, 1),
        ("step_due", 0, 0),
    ] {
        let seen = (items(&asked, kind).len(), items(&union, kind).len());
        assert_eq!(seen, (for_the_asker, for_the_union), "{kind}");
    }
    assert_eq!(items(&union, "decision")[0]["done"], true);
    let all = asked["items"].as_array().unwrap();
    assert!(all.iter().all(|item| item["done"] == true && item["late"] == false), "{asked}");
    let own = items(&union, "opinion_submitted").into_iter().filter(|item| item["by"]["side"] == "panel").count();
    assert_eq!(own, 1, "the others came on paper");
}

#[tokio::test]
async fn a_critical_review_goes_from_draft_to_closed() {
    goes_all_the_way("critical_review").await;
}

#[tokio::test]
async fn a_consultation_goes_from_draft_to_closed() {
    goes_all_the_way("consultation").await;
}

#[tokio::test]
async fn a_social_assessment_goes_from_draft_to_closed() {
    goes_all_the_way("social_assessment").await;
}

#[tokio::test]
async fn who_is_busy_is_replaced_by_the_first_in_line_at_once() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    let path = work.of(work.own(), "/decline").await;
    work.done(&work.expert, Method::POST, &path, &json!({ "reason": "busy", "note": "Đi công tác" })).await;
    let gone = work.seat(work.own()).await;
    let heir = work.seat(&work.in_line[0]).await;
    assert_eq!(
        (&gone["state"], &heir["state"], &heir["seat"]),
        (&json!("declined"), &json!("invited"), &json!("reviewer"))
    );
    assert_eq!(heir.get("place"), None, "sits now: {heir}");
    let second = work.seat(&work.in_line[1]).await;
    assert_eq!((&second["state"], &second["place"]), (&json!("chosen"), &json!(1)), "the next one is first in line");
    let id = text(&work.made["id"]);
    let together = format!(
        "SELECT count(*) FROM audit_events d JOIN audit_events i USING (xid)
          WHERE d.subject_id = '{id}' AND d.action = 'consultations.decline_invitation' AND i.action = 'consultations.invite'"
    );
    assert_eq!(app.sql(&together).await, "1", "one transaction did both");
    work.expert.get(&at(&work.made, "/timeline")).await.problem(404);
    // the office sees who came for whom; the asker who sits
    let union = work.read(&work.officer, "/timeline").await;
    let stepped = items(&union, "stepped_in");
    assert_eq!((stepped.len(), items(&union, "invitation_declined").len()), (1, 1));
    assert_eq!(stepped[0]["member"]["id"], heir["id"]);
    let asked = work.read(&work.agency, "/timeline").await;
    for one in [&gone, &heir] {
        let name = text(&one["expert"]["full_name"]);
        assert!(!asked.to_string().contains(name), "{name}: {asked}");
    }
    let path = work.of(&work.in_line[0], "/accept").await;
    work.done(&work.officer, Method::POST, &path, &json!({ "document": letter("06/GM") })).await;
    let asked = work.read(&work.agency, "/timeline").await;
    assert_eq!(items(&asked, "invitation_accepted")[0]["member"]["full_name"], heir["expert"]["full_name"]);
    work.act(&work.officer, Method::POST, &path, &json!({ "document": letter("06/GM") })).await.problem(409);
}

#[tokio::test]
async fn a_conflict_that_is_declared_after_the_acceptance_keeps_a_member_from_counting() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    work.all_accept().await;
    for code in [&work.sitting[0], &work.sitting[1]] {
        work.opine(code, "agree").await;
    }
    let opinion = json!({
        "declaration": { "has_conflict": true, "statement": "Em trai tham gia soạn thảo" }, "assessment": "agree",
        "body": "Đồng ý với đề án",
    });
    let path = work.of(work.own(), "/opinion").await;
    work.done(&work.expert, Method::PUT, &path, &opinion).await;
    work.done(&work.expert, Method::POST, &format!("{path}/submit"), &Value::Null).await;
    let refused = verb(&work.officer, &work.made, "conclude", &Value::Null).await.problem(422);
    let codes: Vec<&str> = refused["errors"].as_array().unwrap().iter().map(|fault| text(&fault["code"])).collect();
    assert!(codes.contains(&"conflict") && codes.contains(&"too_few"), "{refused}");
    let conflicts = format!("/conflicts/{}", work.own());
    let standing = work.read(&work.leader, &conflicts).await["standing"].clone();
    assert_eq!(standing["outcome"], "declared");
    let keys: Vec<Value> = standing["findings"].as_array().unwrap().iter().map(|found| found["key"].clone()).collect();
    let waiver = json!({ "reason": "Không tham gia phần được hỏi", "findings": keys });
    work.act(&work.officer, Method::POST, &format!("{conflicts}/waive"), &waiver).await.problem(403);
    work.done(&work.leader, Method::POST, &format!("{conflicts}/waive"), &waiver).await;
    assert_eq!(work.verb(&work.officer, "conclude", &Value::Null).await["state"], "concluding");
    let union = work.read(&work.officer, "/timeline").await;
    assert_eq!((items(&union, "conflict_declared").len(), items(&union, "conflict_waived").len()), (1, 1));
    let mine = work.read(&work.expert, "/timeline").await;
    assert_eq!((items(&mine, "conflict_declared").len(), items(&mine, "opinion_submitted").len()), (1, 1));
    let asked = work.read(&work.agency, "/timeline").await;
    assert!(items(&asked, "conflict_declared").is_empty() && items(&asked, "conflict_waived").is_empty());
}

#[tokio::test]
async fn a_conclusion_is_corrected_by_a_version_that_refers_to_it() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    work.delivers().await;
    let first = at(&work.made, "/conclusion?number=1");
    let before = work.agency.get(&first).await;
    let etag = before.header("etag");
    let before = before.text;
    work.act(&work.officer, Method::PUT, "/conclusion", &json!({ "summary": "Sửa thẳng" })).await.problem(409);
    let reason = json!({ "reason": "Kiến nghị 2 ghi nhầm giai đoạn" });
    let draft = work.done(&work.officer, Method::POST, "/conclusion/correct", &reason).await;
    assert_eq!((&draft["number"], &draft["corrects"]), (&json!(2), &json!(1)));
    let mut body = completed(&draft);
    body["recommendations"] = json!([{ "number": 1, "text": "Làm rõ nguồn vốn" }, { "text": "Chia ba giai đoạn" }]);
    work.done(&work.officer, Method::PUT, "/conclusion", &body).await;
    assert_eq!(work.read(&work.agency, "/conclusion").await["number"], 1, "a draft is nothing yet");
    work.done(&work.leader, Method::POST, "/conclusion/sign", &report("15/BC-LHH")).await;
    let second = work.read(&work.agency, "/conclusion").await;
    assert_eq!(
        json!([second["number"], second["corrects"], second["correction_reason"]]),
        json!([2, 1, "Kiến nghị 2 ghi nhầm giai đoạn"])
    );
    let numbers: Vec<Value> = second["recommendations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row["number"], row["withdrawn"] == true]))
        .collect();
    assert_eq!(json!(numbers), json!([[1, false], [2, true], [3, false]]), "numbers keep their meaning: {second}");
    assert_eq!(work.agency.get(&first).await.text, before, "what went out stays as it was, to the byte");
    let held = work.agency.send(Method::GET, &first, &[("if-none-match", etag.as_str())], None).await;
    assert_eq!(held.status, 304);
    let id = text(&work.made["id"]);
    let sql = format!("UPDATE conclusions SET content = '{{}}' WHERE consultation_id = '{id}' AND number = 1");
    assert!(try_change(&app, &sql).await.is_err(), "the database refuses it, too");
    let asked = work.read(&work.agency, "/timeline").await;
    let versions: Vec<Value> =
        items(&asked, "conclusion_delivered").iter().map(|item| item["number"].clone()).collect();
    assert_eq!(json!(versions), json!([1, 2]));
    // the agency replies to what stands
    let gone = json!({ "document": letter("301/SNNMT-KL"), "replies": [
        reply(1, "adopted", None), reply(2, "adopted", None), reply(3, "adopted", None),
    ] });
    assert_eq!(fault(verb(&work.agency, &work.made, "respond", &gone).await).0, "/replies/1/recommendation");
    let said = json!({ "document": letter("301/SNNMT-KL"), "replies": [
        reply(1, "adopted", None), reply(3, "not_adopted", Some("Không đủ thời gian")),
    ] });
    work.verb(&work.agency, "respond", &said).await;
}

#[tokio::test]
async fn an_agency_answers_late_and_partly_with_reasons() {
    let app = TestApp::start().await;
    let work = approved(&app, "critical_review", 3).await;
    work.delivers().await;
    // seven moves: created, submitted, accepted, panel begun and approved, concluded, delivered
    let days = ["2026-03-02", "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-19", "2026-03-24"];
    happened_on(&app, &work.made, &days).await;
    let late = work.read(&work.agency, "/adoption").await;
    assert_eq!((&late["overdue"], &late["due_on"]), (&json!(true), &json!("2026-04-21")));
    let asked = work.read(&work.agency, "/timeline").await;
    let due = items(&asked, "step_due");
    assert_eq!(json!([due[0]["id"], due[0]["due_on"], due[0]["late"]]), json!(["due:reply", "2026-04-21", true]));
    let listed = work.officer.get("/api/v1/consultations?overdue=true&state=delivered").await.expect(200);
    assert_eq!(listed["items"][0]["id"], work.made["id"]);
    // a reason is asked for, in its place; and a word to each recommendation
    let document = letter("301/SNNMT-KL");
    for (replies, place) in [
        (json!([reply(1, "partly_adopted", None), reply(2, "adopted", None)]), "/replies/0/reason"),
        (json!([reply(1, "adopted", None), reply(2, "not_adopted", None)]), "/replies/1/reason"),
        (json!([reply(1, "adopted", None)]), "/replies"),
    ] {
        let body = json!({ "document": document, "replies": replies });
        assert_eq!(fault(verb(&work.agency, &work.made, "respond", &body).await).0, place, "{body}");
    }
    let body = json!({ "document": document, "replies": [
        reply(1, "partly_adopted", Some("Vốn trung ương chưa giao")), reply(2, "not_adopted", Some("Không kịp thời vụ")),
    ] });
    work.verb(&work.agency, "respond", &body).await;
    let adoption = work.read(&work.officer, "/adoption").await;
    assert_eq!(adoption["overdue"], false, "it came");
    let reasons: Vec<&str> =
        adoption["recommendations"].as_array().unwrap().iter().map(|row| text(&row["reply"]["reason"])).collect();
    assert_eq!(reasons, ["Vốn trung ương chưa giao", "Không kịp thời vụ"]);
    let asked = work.read(&work.agency, "/timeline").await;
    let respond = items(&asked, "move").into_iter().find(|item| item["verb"] == "respond").unwrap();
    assert_eq!((&respond["due_on"], &respond["late"]), (&json!("2026-04-21"), &json!(true)));
    let replied = items(&asked, "replied")[0];
    assert_eq!((&replied["late"], &replied["document"]["number"]["text"]), (&json!(true), &json!("301/SNNMT-KL")));
    // what was decided is not known, which is said
    work.act(&work.officer, Method::POST, "/close", &json!({})).await.problem(422);
    work.verb(&work.officer, "close", &json!({ "reason": "UBND tỉnh chưa ban hành quyết định" })).await;
}
