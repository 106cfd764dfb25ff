//! Who works on a consultation whose panel was approved, and what they do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::consultations::{
    at, attach_scheme, bring, callers, draft, example, fault, free_people, own_record, panel_of, put_panel, verb,
};
use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

/// A request whose panel was approved, and who works on it.
pub struct Work<'a> {
    pub agency: Caller<'a>,
    pub officer: Caller<'a>,
    pub leader: Caller<'a>,
    pub expert: Caller<'a>,
    pub made: Value,
    /// Codes of who sits, the account `expert` third.
    pub sitting: Vec<String>,
    /// Codes of who is in line for a reviewer's seat.
    pub in_line: Vec<String>,
}

/// A panel of this size, the account `expert` as its first reviewer, and two in line for a reviewer's seat.
pub async fn approved<'a>(app: &'a TestApp, kind: &str, size: usize) -> Work<'a> {
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
pub fn letter(number: &str) -> Value {
    json!({ "number": number, "date": "2026-03-09" })
}

/// The report of a version.
pub fn report(number: &str) -> Value {
    json!({ "document": { "number": number, "date": "2026-03-09", "signatory": "Trần Văn Mẫu" } })
}

/// Something an agency writes about a recommendation.
pub fn reply(recommendation: i32, outcome: &str, reason: Option<&str>) -> Value {
    let mut reply = json!({ "recommendation": recommendation, "outcome": outcome });
    if let Some(reason) = reason {
        reply["reason"] = json!(reason);
    }
    reply
}

pub fn items<'v>(timeline: &'v Value, kind: &str) -> Vec<&'v Value> {
    timeline["items"].as_array().unwrap().iter().filter(|item| item["kind"] == kind).collect()
}

pub async fn today(app: &TestApp) -> String {
    app.sql("(now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date").await
}

impl Work<'_> {
    /// Does something below the consultation, whatever the version.
    pub async fn act(&self, caller: &Caller<'_>, method: Method, rest: &str, body: &Value) -> Answer {
        let body = (!body.is_null()).then_some(body);
        caller.send(method, &at(&self.made, rest), &[("if-match", "*")], body).await
    }

    /// The same, which must be done.
    pub async fn done(&self, caller: &Caller<'_>, method: Method, rest: &str, body: &Value) -> Value {
        let answer = self.act(caller, method, rest, body).await;
        assert!(answer.status.is_success(), "{rest}: {} {}", answer.status, answer.text);
        if answer.text.is_empty() { Value::Null } else { serde_json::from_str(&answer.text).unwrap() }
    }

    pub async fn verb(&self, caller: &Caller<'_>, name: &str, body: &Value) -> Value {
        verb(caller, &self.made, name, body).await.expect(200)
    }

    pub async fn read(&self, caller: &Caller<'_>, rest: &str) -> Value {
        caller.get(&at(&self.made, rest)).await.expect(200)
    }

    /// The seat of somebody, sitting or not.
    pub async fn seat(&self, code: &str) -> Value {
        let panel = self.read(&self.officer, "/panel").await;
        let all = ["members", "alternates", "former"].map(|list| panel[list].as_array().unwrap().clone()).concat();
        all.into_iter().find(|row| row["expert"]["code"] == code).unwrap()
    }

    /// The path of the seat of somebody, and what is below it.
    pub async fn of(&self, code: &str, rest: &str) -> String {
        format!("/panel/members/{}{rest}", text(&self.seat(code).await["id"]))
    }

    /// The account `expert` as it sits here.
    pub fn own(&self) -> &str {
        &self.sitting[2]
    }

    /// Everybody accepts: the expert themself, the others by a letter.
    pub async fn all_accept(&self) {
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
    pub async fn opine(&self, code: &str, assessment: &str) {
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
    pub async fn all_opine(&self) {
        let (last, first) = self.sitting.split_last().unwrap();
        for code in first {
            self.opine(code, "agree_with_changes").await;
        }
        self.opine(last, "disagree").await;
    }

    /// A meeting with a vote, signed; it never changes then.
    pub async fn meets(&self, app: &TestApp) {
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
    pub async fn concludes(&self) {
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
    pub async fn delivers(&self) {
        self.all_accept().await;
        self.all_opine().await;
        self.concludes().await;
        self.verb(&self.leader, "deliver", &json!({})).await;
    }
}

/// What the office makes of a draft.
pub fn completed(drafted: &Value) -> Value {
    json!({
        "basis": ["Công văn số 215/SNNMT-KL"], "summary": "Đề án phù hợp nếu làm rõ nguồn vốn",
        "agreements": [{ "part": "Mục 1", "text": "Mục tiêu rõ" }],
        "disagreements": [{ "part": "Mục 3", "text": "Nguồn vốn chưa khả thi" }], "alternatives": ["Chia hai giai đoạn"],
        "majority": "Đa số tán thành với điều kiện chỉnh sửa", "minority": drafted["minority"],
        "recommendations": [{ "text": "Làm rõ nguồn vốn" }, { "text": "Chia hai giai đoạn" }],
    })
}
