//! The program as people start it: on empty databases, twice at once, stopped, killed, misconfigured.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "process/standstill.rs"]
mod standstill;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use expert_bank::db::embedded::Throwaway;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

const KEY: &str = "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
const OTHER_KEY: &str = "k1:OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg=";

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

    fn data(&self) -> String {
        self.0.join("data").display().to_string()
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
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(args: &[&str]) -> (bool, String, String) {
    let Output { status, stdout, stderr } = program().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

/// A database of its own in a PostgreSQL that is not the program's.
fn outside_database(name: &str) -> String {
    static SERVER: OnceLock<Throwaway> = OnceLock::new();
    let server = SERVER.get_or_init(|| Throwaway::start().unwrap());
    let url = server.url("postgres");
    let created = Command::new("psql").args([&url, "-qc", &format!("CREATE DATABASE {name}")]).status().unwrap();
    assert!(created.success());
    server.url(name)
}

/// A started server.
struct Server {
    child: Child,
    url: String,
    started: Duration,
}

impl Server {
    fn start(args: &[&str]) -> Self {
        let begin = Instant::now();
        let mut child = program().args(["serve", "--bind", "127.0.0.1:0"]).args(args).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| Some(line.unwrap().split("API").nth(1)?.trim().to_owned()));
        let Some(url) = url else {
            let mut errors = String::new();
            child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
            panic!("the server did not start: {errors}");
        };
        let mut errors = child.stderr.take().unwrap();
        // its standard output is closed from here on, which must not disturb it
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        Self { child, url, started: begin.elapsed() }
    }

    async fn token(&self, username: &str) -> String {
        let body = json!({ "username": username, "password": "chuyen-gia-demo" });
        let answer = reqwest::Client::new().post(format!("{}/auth/login", self.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    async fn create_expert(&self, token: &str, name: &str) -> String {
        let request = reqwest::Client::new().post(format!("{}/experts", self.url)).bearer_auth(token);
        let answer = request.json(&json!({ "full_name": name })).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    }

    async fn status(&self, token: &str, path: &str) -> u16 {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url)).bearer_auth(token);
        request.send().await.unwrap().status().as_u16()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    fn stop(mut self) -> bool {
        self.signal(Signal::SIGINT);
        self.child.wait().unwrap().success()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.signal(Signal::SIGTERM);
            self.child.wait().unwrap();
        }
    }
}

fn postgres_runs(data: &str) -> bool {
    let pid_file = Path::new(data).join("postgres/postmaster.pid");
    let Ok(text) = std::fs::read_to_string(pid_file) else { return false };
    let pid = text.lines().next().unwrap().trim().to_owned();
    Path::new("/proc").join(pid).exists()
}

#[tokio::test]
async fn the_demo_starts_works_and_starts_again_quickly() {
    let folder = Folder::new();
    let data = folder.data();
    let first = Server::start(&["--demo", "--data-dir", &data]);
    let token = first.token("union_officer").await;
    let answer = reqwest::Client::new().get(format!("{}/experts?q=lam+nghiep", first.url)).bearer_auth(&token);
    let found: Value = answer.send().await.unwrap().json().await.unwrap();
    assert!(!found["items"].as_array().unwrap().is_empty());
    assert!(first.stop(), "Ctrl-C is a normal end");
    assert!(!postgres_runs(&data), "the last one out stops PostgreSQL");
    let second = Server::start(&["--demo", "--data-dir", &data]);
    assert!(second.started < Duration::from_secs(3), "second start took {:?}", second.started);
    assert_eq!(second.status(&token, "/me").await, 200, "a session outlives a restart");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_by_kill_9() {
    let folder = Folder::new();
    let data = folder.data();
    let mut server = Server::start(&["--demo", "--data-dir", &data]);
    let token = server.token("union_officer").await;
    let mut acknowledged = Vec::new();
    for number in ["Một", "Hai", "Ba", "Bốn", "Năm"] {
        acknowledged.push(server.create_expert(&token, &format!("Nguyễn Thử {number}")).await);
    }
    server.signal(Signal::SIGKILL);
    server.child.wait().unwrap();
    assert!(postgres_runs(&data), "the orphan is still there");
    let again = Server::start(&["--demo", "--data-dir", &data]);
    for id in &acknowledged {
        assert_eq!(again.status(&token, &format!("/experts/{id}")).await, 200);
    }
    assert!(again.stop());
    assert!(!postgres_runs(&data), "the orphan was adopted and stopped");
}

#[tokio::test]
async fn two_instances_come_up_on_an_empty_database_at_once() {
    let url = outside_database("twins");
    let start = |url: String| {
        std::thread::spawn(move || {
            Server::start(&["--database-url", &url, "--sealing-keys", KEY, "--signing-keys", KEY, "--demo"])
        })
    };
    let (one, two) = (start(url.clone()), start(url.clone()));
    let (one, two) = (one.join().unwrap(), two.join().unwrap());
    let token = one.token("auditor").await;
    assert_eq!(two.status(&token, "/me").await, 200, "a token of one counts at the other");
    let count = Command::new("psql").args([&url, "-Atqc", "SELECT count(*) FROM experts"]).output().unwrap();
    assert_eq!(String::from_utf8(count.stdout).unwrap().trim(), "2000", "the demo was loaded once");
}

#[test]
fn keys_are_asked_for_and_a_wrong_one_is_refused() {
    let url = outside_database("keys");
    let (good, _, errors) = run(&["migrate", "--database-url", &url]);
    assert!(!good && errors.contains("EXPERT_BANK_SEALING_KEYS is not set"), "{errors}");
    let migrate = |key| run(&["migrate", "--database-url", &url, "--sealing-keys", key, "--signing-keys", KEY]);
    assert!(migrate(KEY).0);
    let (good, _, errors) = migrate(OTHER_KEY);
    assert!(!good && errors.contains("the sealing key `k1` is another"), "{errors}");
    let (good, _, errors) = migrate("k9:OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg=");
    assert!(!good && errors.contains("`k1`, which is not in EXPERT_BANK_SEALING_KEYS"), "{errors}");
    assert!(migrate(KEY).0, "a wrong key that was tried once leaves no trace");
    let (good, _, errors) = migrate("k1:c2hvcnQ=");
    assert!(!good && errors.contains("EXPERT_BANK_SEALING_KEYS") && !errors.contains("c2hvcnQ"), "{errors}");
    assert!(migrate(&format!("k2:OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg=,{KEY}")).0, "rotation");
}

#[test]
fn errors_of_configuration_name_setting_value_and_remedy() {
    let folder = Folder::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let missing = folder.0.join("missing.ndjson").display().to_string();
    let data = folder.data();
    for (args, words) in [
        (vec!["serve", "--demo", "--bind", "0.0.0.0:8080"], vec!["--demo", "0.0.0.0:8080", "127.0.0.1:8080"]),
        (vec!["serve", "--bind", "here"], vec!["--bind", "here"]),
        (vec!["serve", "--pool-size", "1"], vec!["--pool-size", "1", "2..=500"]),
        (vec!["serve", "--bind", &taken, "--data-dir", &data], vec![taken.as_str(), "EXPERT_BANK_BIND"]),
        (vec!["load", "experts", &missing, "--data-dir", &data], vec!["missing.ndjson", "No such file"]),
        (vec!["load", "experts", "x", "--source", "Sở"], vec!["--source", "a-z"]),
        (vec!["account", "create", "--username", "x", "--role", "king"], vec!["--role", "king", "union_officer"]),
        (vec!["serve", "--data-dir", "/dev/null/data"], vec!["/dev/null"]),
    ] {
        let (good, _, errors) = run(&args);
        assert!(!good, "{args:?}");
        for word in words {
            assert!(errors.contains(word), "{args:?} does not say {word}: {errors}");
        }
    }
    let url = "postgresql://somebody:top-secret@127.0.0.1:1/nowhere";
    let (good, _, errors) = run(&["migrate", "--database-url", url, "--sealing-keys", KEY, "--signing-keys", KEY]);
    assert!(!good && errors.contains("connect") && !errors.contains("top-secret"), "{errors}");
}

#[test]
fn experts_are_assigned_without_a_database() {
    let folder = Folder::new();
    let file = folder.0.join("question.json");
    let path = file.display().to_string();
    let ask = |question: &Value| {
        std::fs::write(&file, question.to_string()).unwrap();
        run(&["assign", &path])
    };
    let asked = json!({"scores": [[0.9, 0.5], [0.8, 0.1]], "demand": [1, 1], "load_max": [1, 1], "objective": "total"});
    let (good, told, errors) = ask(&asked);
    assert!(good, "{errors}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told, json!({"assignment": [[1], [0]], "total": 1.3, "worst": 0.5, "optimal": true, "bound": 1.3}));
    let fair = json!({"scores": [[0.9, 0.5], [0.8, 0.1]], "demand": [1, 1], "load_max": [1, 1], "objective": "worst"});
    let (_, told, _) = ask(&fair);
    assert!(told.contains(r#""worst":0.5,"optimal":false,"bound":0.6"#), "half of each would give 0.6: {told}");

    let tight = json!({"scores": [[0.9, 0.5], [0.8, 0.1]], "demand": [2, 1], "load_max": [1, 1]});
    let (good, told, errors) = ask(&tight);
    assert!(!good && told.is_empty(), "{told}");
    for word in ["Request 1 lacks experts", "load_max", "demand"] {
        assert!(errors.contains(word), "{word}: {errors}");
    }
    let (good, _, errors) = ask(&json!({"scores": [[0.9], [0.8, 0.1]], "demand": [1, 1], "load_max": [1]}));
    assert!(!good && errors.contains("/scores/1"), "{errors}");
    let (good, _, errors) = run(&["assign", "/nowhere.json"]);
    assert!(!good && errors.contains("cannot read /nowhere.json"), "{errors}");
}

#[test]
fn every_flag_has_an_environment_variable_in_the_help() {
    for command in [vec!["serve"], vec!["migrate"], vec!["load", "experts"], vec!["demo"], vec!["audit", "verify"]] {
        let (good, help, _) = run(&[command, vec!["--help"]].concat());
        assert!(good);
        for name in ["EXPERT_BANK_DATA_DIR", "DATABASE_URL", "EXPERT_BANK_SEALING_KEYS"] {
            assert!(help.contains(name), "{help}");
        }
    }
    let (_, help, _) = run(&["serve", "--help"]);
    assert!(help.contains("EXPERT_BANK_BIND") && help.contains("EXPERT_BANK_DEMO"), "{help}");
}

#[test]
fn commands_load_create_and_verify_and_the_demo_refuses_other_data() {
    let folder = Folder::new();
    let data = folder.data();
    let file = folder.0.join("experts.ndjson");
    let lines = [
        r#"{"external_id": "a", "full_name": "TS. Nguyễn Thử An", "fields": ["40401"]}"#,
        r#"{"external_id": "b"}"#,
        "not json",
        r#"{"external_id": "c", "full_name": "Trần Thử Bình"}"#,
    ];
    std::fs::File::create(&file).unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let file = file.display().to_string();
    let (good, said, errors) = run(&["load", "experts", &file, "--data-dir", &data]);
    assert!(!good, "broken lines show in the exit code");
    assert!(said.contains("4 lines: 2 created") && said.contains("2 rejected"), "{said}");
    assert!(errors.contains("rejected: line 2 (b); /full_name required"), "{errors}");
    assert!(errors.contains("rejected: line 3; "), "{errors}");
    let (_, said, _) = run(&["load", "experts", &file, "--data-dir", &data]);
    assert!(said.contains("0 created, 0 updated, 2 unchanged"), "{said}");
    let create = ["account", "create", "--username", "quan-tri", "--role", "admin", "--data-dir", &data];
    let (good, said, errors) = run(&create);
    assert!(good && said.contains("one-time token") && said.contains("ebp_"), "{said}{errors}");
    let (good, _, errors) = run(&create);
    assert!(!good && errors.contains("taken"), "{errors}");
    let (good, _, errors) = run(&["demo", "--data-dir", &data]);
    assert!(!good && errors.contains("holds data that is not the demo"), "{errors}");
    let (good, said, _) = run(&["audit", "verify", "--data-dir", &data]);
    assert!(good && said.contains("the audit log is whole"), "{said}");
    assert!(!postgres_runs(&data), "each command stopped the server it started");
}

/// Killed half way, a load leaves the batches it had finished, and the next one does the rest.
#[test]
fn a_load_that_was_killed_is_finished_by_the_next() {
    const LINES: usize = 4_000;
    let folder = Folder::new();
    let (data, file) = (folder.data(), folder.0.join("people.ndjson"));
    let (good, people, _) = run(&["people", &LINES.to_string()]);
    assert!(good && people.lines().count() == LINES);
    std::fs::write(&file, people).unwrap();
    let file = file.display().to_string();
    let load = ["load", "experts", &file, "--data-dir", &data];
    let mut child = program().args(load).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let progress = said.find(|line| line.contains(" lines, ")).unwrap_or_default();
    assert!(progress.contains(" a second") && progress.contains(" s left"), "{progress}");
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
    let (good, said, errors) = run(&load);
    assert!(good, "{said}{errors}");
    let number = |after: &str| said.split(after).nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    let (created, unchanged) = (number(": ").unwrap(), number("updated, ").unwrap());
    assert_eq!(created + unchanged, LINES, "{said}");
    assert!(created > 0 && unchanged > 0, "{said}");
    let (_, said, _) = run(&load);
    assert_eq!(said.trim(), format!("{LINES} records, nothing changed"));
    let (good, said, _) = run(&["audit", "verify", "--data-dir", &data]);
    assert!(good && said.contains("the audit log is whole"), "{said}");
    assert!(!postgres_runs(&data), "the last command stopped the server that the killed one started");
}

#[tokio::test]
async fn a_signal_at_any_moment_of_the_start_leaves_no_postgres_behind() {
    for after in [100, 500, 1_000, 1_500, 2_500, 4_000] {
        let folder = Folder::new();
        let data = folder.data();
        let mut child =
            program().args(["serve", "--demo", "--bind", "127.0.0.1:0", "--data-dir", &data]).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(after)).await;
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM).unwrap();
        assert!(child.wait().unwrap().success(), "after {after} ms");
        assert!(!postgres_runs(&data), "after {after} ms");
    }
}

#[tokio::test]
async fn the_health_command_tells_a_supervisor() {
    let folder = Folder::new();
    let server = Server::start(&["--data-dir", &folder.data()]);
    let address = server.url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    let (good, said, errors) = run(&["health", "--bind", &address]);
    assert!(good && said == "ready\n", "{said}{errors}");
    assert!(server.stop());
    let (good, _, errors) = run(&["health", "--bind", &address]);
    assert!(!good && errors.contains(&address), "{errors}");
}

#[test]
fn a_command_joins_the_running_server_and_leaves_it_running() {
    let folder = Folder::new();
    let data = folder.data();
    let server = Server::start(&["--demo", "--data-dir", &data]);
    let (good, said, _) = run(&["audit", "verify", "--data-dir", &data]);
    assert!(good, "{said}");
    assert!(postgres_runs(&data));
    assert!(server.stop());
    assert!(!postgres_runs(&data));
}
