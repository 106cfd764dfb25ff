//! A sync under the real program: killed while it plans, and with its database while it applies; its database restarted under it;
//! its memory.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use expert_bank::db::embedded::Embedded;
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

    /// Asks for a plan to be applied, and does not wait for it.
    fn apply(&self, plan: &Value) -> tokio::task::JoinHandle<()> {
        let path = format!("{}/sync/plans/{}/apply", self.url, plan["id"].as_str().unwrap());
        let (token, hash) = (self.token.clone(), json!({ "hash": plan["hash"] }));
        tokio::spawn(async move { drop(reqwest::Client::new().post(path).bearer_auth(token).json(&hash).send().await) })
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

/// A session beside the server's, which holds a table until it is dropped.
struct Holder(AsyncPgConnection);

impl Holder {
    async fn open(folder: &Folder) -> Self {
        let data = folder.0.join("data");
        let embedded = tokio::task::spawn_blocking(move || Embedded::join(&data).unwrap()).await.unwrap();
        let opened = AsyncPgConnection::establish(&embedded.url("expert_bank")).await.unwrap();
        // the server's own hold keeps PostgreSQL up; this one must not keep it up after the server
        tokio::task::spawn_blocking(move || embedded.leave().unwrap()).await.unwrap();
        Self(opened)
    }

    async fn run(&mut self, sql: &str) {
        self.0.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// From now on plans are read, but neither made nor applied to the end.
    async fn hold(&mut self) {
        self.run("BEGIN; LOCK TABLE sync_changes IN SHARE MODE").await;
    }

    /// Waits until the server stands still at what is held.
    async fn until_blocked(&mut self) {
        let waiting = "SELECT 1 / count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let begin = Instant::now();
        // in a session that holds a transaction a failed statement needs a savepoint
        self.run("SAVEPOINT asked").await;
        while self.0.batch_execute(waiting).await.is_err() {
            assert!(begin.elapsed() < Duration::from_secs(120), "nobody waits");
            self.run("ROLLBACK TO asked; SELECT pg_stat_clear_snapshot()").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn records() -> String {
    (0..RECORDS).map(record).collect()
}

fn count(records: usize) -> i64 {
    i64::try_from(records).unwrap()
}

#[tokio::test]
async fn a_plan_survives_kill_9_while_it_is_made_and_while_it_is_applied() {
    let folder = Folder::new();
    let people = records();
    let mut server = Server::start(&folder).await;
    let before = server.people().await;
    let mut holder = Holder::open(&folder).await;
    holder.hold().await;
    let id = server.send(&people).await;
    holder.until_blocked().await;
    assert_eq!(server.plan(&id).await["state"], "planning");
    server.kill();
    drop(holder);

    let mut server = Server::start(&folder).await;
    assert_eq!(server.send(&people).await, id, "the same file with the same key is the same plan");
    let ready = server.wait(&id, |plan| plan["state"] != "planning").await;
    assert_eq!((&ready["state"], &ready["counts"]["create"]), (&json!("ready"), &json!(RECORDS)), "{ready}");
    let mut holder = Holder::open(&folder).await;
    holder.hold().await;
    let applying = server.apply(&ready);
    // in the middle of it: some of it is written, and not all
    holder.until_blocked().await;
    assert_eq!(server.plan(&id).await["state"], "applying");
    server.kill();
    crash_postgres(&folder);
    drop(holder);
    applying.await.unwrap();

    let server = Server::start(&folder).await;
    let now = server.people().await;
    assert!([before, before + count(RECORDS)].contains(&now), "half applied: {now} of {before}");
    let applied = server.wait(&id, |plan| plan["state"] == "applied").await;
    assert_eq!(server.people().await, before + count(RECORDS), "{applied}");
    let path = format!("{}/sync/plans/{id}/apply", server.url);
    let hash = json!({ "hash": ready["hash"] });
    let (status, again) = server.ask(|client, _| client.post(&path).json(&hash)).await;
    assert_eq!((status, &again["state"]), (200, &json!("applied")));
    assert_eq!(server.people().await, before + count(RECORDS), "again changes nothing");
}

/// PostgreSQL is gone and comes back under a server that goes on.
#[tokio::test]
async fn a_plan_is_made_although_the_database_is_restarted_meanwhile() {
    let folder = Folder::new();
    let server = Server::start(&folder).await;
    let before = server.people().await;
    let mut holder = Holder::open(&folder).await;
    holder.hold().await;
    let id = server.send(&records()).await;
    holder.until_blocked().await;
    assert_eq!(server.plan(&id).await["state"], "planning");
    crash_postgres(&folder);
    drop(holder);
    let data = folder.0.join("data");
    // whoever joins starts it where nobody has
    let embedded = tokio::task::spawn_blocking(move || Embedded::join(&data).unwrap()).await.unwrap();
    let ready = server.wait(&id, |plan| ["ready", "failed"].iter().any(|state| plan["state"] == *state)).await;
    assert_eq!((&ready["state"], &ready["counts"]["create"]), (&json!("ready"), &json!(RECORDS)), "{ready}");
    assert_eq!(server.people().await, before, "a plan enters nobody");
    server.apply(&ready).await.unwrap();
    server.wait(&id, |plan| plan["state"] == "applied").await;
    assert_eq!(server.people().await, before + count(RECORDS));
    drop(server);
    tokio::task::spawn_blocking(move || embedded.leave().unwrap()).await.unwrap();
}

/// What the server has taken of memory at most, in MiB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

#[tokio::test]
async fn files_made_to_hurt_take_little_memory() {
    let folder = Folder::new();
    let server = Server::start(&folder).await;
    let bomb = zstd::encode_all(&vec![b'\n'; 200 << 20][..], 3).unwrap();
    let spaces = zstd::encode_all(&vec![b' '; 200 << 20][..], 3).unwrap();
    let line = [b"{\"external_id\": \"A\", \"full_name\": \"".to_vec(), vec![b'a'; 64 << 20]].concat();
    let before = peak(&server);
    for (what, encoding, body) in
        [("a bomb of lines", "zstd", bomb), ("a bomb of one line", "zstd", spaces), ("a long line", "identity", line)]
    {
        let request = reqwest::Client::new().post(format!("{}/sync/plans?source=hurts&mode=delta", server.url));
        let request = request.header("content-type", "application/x-ndjson").header("content-encoding", encoding);
        // whether the answer reaches who is still sending is looked at elsewhere
        if let Ok(answer) = request.bearer_auth(&server.token).body(body).send().await {
            assert_eq!(answer.status(), 413, "{what}");
        }
        let (_, plans) = server.ask(|client, url| client.get(format!("{url}/sync/plans?limit=1"))).await;
        assert_eq!(plans["items"][0]["failure"]["code"], "refused", "{what}: {plans}");
        let now = peak(&server);
        assert!(now < before + 100, "{what}: {now} MiB at most, and {before} before");
    }
}
