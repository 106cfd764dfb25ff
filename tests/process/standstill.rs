//! Two servers that start after a standstill, over which dates passed: what was due is made up for once, whichever of them does it.

use std::collections::HashSet;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{KEY, Server, outside_database};

/// Somebody who is signed in, at a server.
struct Caller<'a> {
    server: &'a Server,
    token: String,
}

impl<'a> Caller<'a> {
    async fn of(server: &'a Server, username: &str) -> Self {
        Self { server, token: server.token(username).await }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Value {
        let client = reqwest::Client::new();
        let request = client.request(method, format!("{}{path}", self.server.url)).bearer_auth(&self.token);
        let request = request.header("if-match", "*");
        let request = if body.is_null() { request } else { request.json(body) };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let said = answer.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {said}");
        serde_json::from_str(&said).unwrap_or_default()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.send(Method::POST, path, &body).await
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, &Value::Null).await
    }
}

fn start(url: &str) -> Server {
    Server::start(&["--database-url", url, "--sealing-keys", KEY, "--signing-keys", KEY, "--demo"])
}

/// A request whose panel was approved, and whose chair said yes; its path.
async fn asked(server: &Server) -> String {
    let (agency, officer, leader) = (
        Caller::of(server, "agency").await,
        Caller::of(server, "union_officer").await,
        Caller::of(server, "union_leader").await,
    );
    let document = json!({ "number": "12/LHH", "date": "2026-03-09", "signatory": "Trần Văn Mẫu" });
    let form = json!({
        "kind": "consultation", "title": "Đề án trồng rừng gỗ lớn", "object": "scheme",
        "deciding_authority": { "name": "UBND tỉnh" }, "questions": ["Vốn có khả thi?"], "fields": ["404"],
        "letter": document, "decision_on": "2035-06-30", "contact": { "name": "Ma Thị Mẫu", "phone": "0207 3822 000" },
        "funding": { "source": "asker", "amount_vnd": 4_500_000_000_i64 }, "no_state_secrets": true,
    });
    let made = agency.post("/consultations", form).await;
    let path = format!("/consultations/{}", made["id"].as_str().unwrap());
    let file = reqwest::Client::new()
        .post(format!("{}{path}/attachments?name=De-an.pdf", server.url))
        .bearer_auth(&agency.token)
        .header("content-type", "application/octet-stream")
        .body("%PDF-1.7 mau");
    assert_eq!(file.send().await.unwrap().status(), 201);
    agency.post(&format!("{path}/submit"), Value::Null).await;
    leader.post(&format!("{path}/accept"), Value::Null).await;
    officer.post(&format!("{path}/form-panel"), Value::Null).await;
    let proposal = officer.post(&format!("{path}/panel/proposal"), Value::Null).await;
    officer.send(Method::PUT, &format!("{path}/panel"), &proposal["adopt"]).await;
    leader.post(&format!("{path}/approve-panel"), json!({ "document": document })).await;
    let panel = officer.get(&format!("{path}/panel")).await;
    let chair = format!("{path}/panel/members/{}/accept", panel["members"][0]["id"].as_str().unwrap());
    officer.post(&chair, json!({ "document": document })).await;
    path
}

/// Thirty days pass.
fn days_pass(url: &str) {
    let sql = "SET session_replication_role = replica;
        UPDATE consultation_moves SET at = at - interval '30 days';
        UPDATE panel_members SET asked_at = asked_at - interval '30 days', answered_at = answered_at - interval '30 days'";
    assert!(Command::new("psql").args([url, "-v", "ON_ERROR_STOP=1", "-qc", sql]).status().unwrap().success());
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// How often something was done to a consultation, by the audit log.
async fn count(auditor: &Caller<'_>, path: &str, action: &str) -> usize {
    let id = path.rsplit('/').next().unwrap();
    let path = format!("/audit-events?subject_kind=consultation&subject_id={id}&action={action}&limit=100");
    list(&auditor.get(&path).await, "items").len()
}

#[tokio::test]
async fn what_fell_due_while_nothing_ran_is_made_up_for_once_by_two_servers() {
    let url = outside_database("standstill");
    let first = start(&url);
    let path = asked(&first).await;
    let before = Caller::of(&first, "union_officer").await.get(&format!("{path}/panel")).await;
    assert!(first.stop());
    days_pass(&url);
    let both = [url.clone(), url.clone()].map(|url| std::thread::spawn(move || start(&url)));
    let [one, two] = both.map(|thread| thread.join().unwrap());
    let (officer, auditor) = (Caller::of(&one, "union_officer").await, Caller::of(&two, "auditor").await);
    let begin = Instant::now();
    while list(&officer.get(&format!("{path}/panel")).await, "former").is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(60), "nobody did what was due");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // the other one has its turn, too
    tokio::time::sleep(Duration::from_secs(5)).await;

    let panel = officer.get(&format!("{path}/panel")).await;
    let silent = list(&panel, "former").len();
    let asked = list(&before, "members").len();
    // with nobody in line a late answer is better than none
    let kept = list(&panel, "members").iter().filter(|row| row["state"] == "invited" && row["late"] == true).count();
    assert_eq!(silent + kept, asked - 1, "all but the chair were silent: {panel}");
    assert!(silent >= 3, "reviewers and secretary have somebody in line: {panel}");
    let gone: HashSet<&str> = list(&panel, "members").iter().filter_map(|row| row["replaces"].as_str()).collect();
    assert_eq!(gone.len(), silent, "each was followed once: {panel}");
    assert_eq!(list(&panel, "members").len(), asked);
    let told = Caller::of(&two, "union_officer").await.get(&format!("{path}/timeline")).await;
    let reminders: Vec<&Value> = list(&told, "items").iter().filter(|item| item["kind"] == "reminder").collect();
    assert_eq!(reminders.len(), asked, "each of those who were asked was told once: {reminders:?}");
    assert_eq!(count(&auditor, &path, "consultations.invitation_silent").await, silent);
    assert_eq!(count(&auditor, &path, "consultations.invite").await, 1 + silent);
    assert_eq!(count(&auditor, &path, "consultations.remind").await, 1);
    assert!(one.stop() && two.stop());
}
