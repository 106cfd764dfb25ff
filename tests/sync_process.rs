//! A sync under the real program, killed while it plans, and with its database while it applies.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const RECORDS: usize = 6_000;

/// A folder that the server's user can reach, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let path = std::env::temp_dir().join(format!("eb-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expert-bank"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EXPERT_BANK") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// A line of an invented source. The program's own invented people are those of its demo.
fn record(number: usize) -> String {
    let letter = |place: u32| char::from(b'a' + u8::try_from(number / 20_usize.pow(place) % 20).unwrap());
    let name = format!("Kpă Thử {}{}{}", letter(2).to_ascii_uppercase(), letter(1), letter(0));
    let born = format!("19{:02}-{:02}-{:02}", 40 + number % 50, 1 + number % 12, 1 + number % 28);
    let line = json!({
        "external_id": format!("K-{number}"), "full_name": name, "date_of_birth": born, "fields": ["40401"],
        "email": format!("k{number}@chuyengia.example"), "publications": [{ "title": format!("Bài báo số {number}") }],
    });
    format!("{line}\n")
}

struct Server {
    child: Child,
    url: String,
    token: String,
}

impl Server {
    async fn start(folder: &Folder) -> Self {
        let data = folder.0.join("data").display().to_string();
        let args = ["serve", "--demo", "--bind", "127.0.0.1:0", "--data-dir", &data];
        let mut child = program().args(args).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().split("API").nth(1)?.trim().to_owned()));
        let url = url.unwrap_or_else(|| panic!("the server did not start"));
        let body = json!({ "username": "union_officer", "password": "chuyen-gia-demo" });
        let answer = reqwest::Client::new().post(format!("{url}/auth/login")).json(&body).send().await.unwrap();
        let token = answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned();
        Self { child, url, token }
    }

    fn kill(&mut self) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGKILL).unwrap();
        self.child.wait().unwrap();
    }

    async fn ask(&self, request: impl Fn(&reqwest::Client, &str) -> RequestBuilder) -> (u16, Value) {
        let answer = request(&reqwest::Client::new(), &self.url).bearer_auth(&self.token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn send(&self, people: &str) -> String {
        let body = people.to_owned();
        let (status, receipt) = self
            .ask(|client, url| {
                let request = client.post(format!("{url}/sync/plans?source=killed&mode=snapshot"));
                let request = request.header("content-type", "application/x-ndjson");
                request.header("idempotency-key", "the-file").body(body.clone())
            })
            .await;
        assert_eq!(status, 202, "{receipt}");
        receipt["id"].as_str().unwrap().to_owned()
    }

    async fn plan(&self, id: &str) -> Value {
        self.ask(|client, url| client.get(format!("{url}/sync/plans/{id}"))).await.1
    }

    async fn wait(&self, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let plan = self.plan(id).await;
            if wanted(&plan) {
                return plan;
            }
            assert!(begin.elapsed() < Duration::from_secs(120), "{plan}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn people(&self) -> i64 {
        let path = "experts?count=true&limit=1";
        self.ask(|client, url| client.get(format!("{url}/{path}"))).await.1["total"].as_i64().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
            self.child.wait().unwrap();
        }
    }
}

/// PostgreSQL ends at once, without putting anything in order.
fn crash_postgres(folder: &Folder) {
    let text = std::fs::read_to_string(folder.0.join("data/postgres/postmaster.pid")).unwrap();
    let pid: i32 = text.lines().next().unwrap().trim().parse().unwrap();
    kill(Pid::from_raw(pid), Signal::SIGQUIT).unwrap();
    let (begin, place) = (Instant::now(), PathBuf::from(format!("/proc/{pid}/exe")));
    while std::fs::read_link(&place).is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(20), "PostgreSQL goes on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[tokio::test]
async fn a_plan_survives_kill_9_while_it_is_made_and_while_it_is_applied() {
    let folder = Folder::new();
    let people: String = (0..RECORDS).map(record).collect();
    let mut server = Server::start(&folder).await;
    let before = server.people().await;
    let id = server.send(&people).await;
    let making = server.plan(&id).await;
    assert_eq!(making["state"], "planning", "it must be killed while it plans: {making}");
    server.kill();

    let mut server = Server::start(&folder).await;
    assert_eq!(server.send(&people).await, id, "the same file with the same key is the same plan");
    let ready = server.wait(&id, |plan| plan["state"] != "planning").await;
    assert_eq!((&ready["state"], &ready["counts"]["create"]), (&json!("ready"), &json!(RECORDS)), "{ready}");
    let hash = json!({ "hash": ready["hash"] });
    let (url, token, body, plan_id) = (server.url.clone(), server.token.clone(), hash.clone(), id.clone());
    let applying = tokio::spawn(async move {
        let request = reqwest::Client::new().post(format!("{url}/sync/plans/{id}/apply"));
        drop(request.bearer_auth(token).json(&body).send().await);
        id
    });
    // in the middle of it: some of it is written, and not all
    let half = server.wait(&plan_id, |plan| plan["state"] != "ready" && plan["done"] != 0).await;
    assert_eq!(half["state"], "applying", "it must be killed while it applies: {half}");
    server.kill();
    crash_postgres(&folder);
    let id = applying.await.unwrap();

    let server = Server::start(&folder).await;
    let now = server.people().await;
    assert!([before, before + i64::try_from(RECORDS).unwrap()].contains(&now), "half applied: {now} of {before}");
    let applied = server.wait(&id, |plan| plan["state"] == "applied").await;
    assert_eq!(server.people().await, before + i64::try_from(RECORDS).unwrap(), "{applied}");
    let path = format!("{}/sync/plans/{id}/apply", server.url);
    let (status, again) = server.ask(|client, _| client.post(&path).json(&hash)).await;
    assert_eq!((status, &again["state"]), (200, &json!("applied")));
    assert_eq!(server.people().await, before + i64::try_from(RECORDS).unwrap(), "again changes nothing");
}
