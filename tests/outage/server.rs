//! The program, started.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::client::Client;

pub const KEY: &str = "k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// The program without the settings of whoever runs the tests.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_expert-bank"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("EXPERT_BANK") || name == "DATABASE_URL") {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub struct Server {
    child: Child,
    /// `http://127.0.0.1:…`
    pub url: String,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(database_url: &str, more: &[&str]) -> Self {
        let args = ["serve", "--demo", "--bind", "127.0.0.1:0", "--sealing-keys", KEY, "--signing-keys", KEY];
        let mut child = program().args(args).args(["--database-url", database_url]).args(more).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let reader = std::thread::spawn({
            let (mut errors, log) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&log));
            move || {
                let mut line = String::new();
                while errors.read_line(&mut line).unwrap_or(0) > 0 {
                    log.lock().unwrap().push_str(&line);
                    line.clear();
                }
            }
        });
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let api = said.by_ref().lines().find_map(|line| Some(line.unwrap().split("API").nth(1)?.trim().to_owned()));
        let Some(api) = api else { panic!("the server did not start: {}", log.lock().unwrap()) };
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let url = api.trim_end_matches("/api/v1").to_owned();
        Self { child, url, log, reader: Some(reader) }
    }

    /// What it logged as faults of its own so far.
    pub fn faults(&self) -> Vec<String> {
        let log = self.log.lock().unwrap();
        log.lines().filter(|line| line.contains("internal error")).map(str::to_owned).collect()
    }

    /// Nobody's client.
    pub fn client(&self) -> Client {
        Client::new(&self.url, None)
    }

    /// A client of the Union's office.
    pub async fn officer(&self) -> Client {
        Client::new(&self.url, Some(self.client().sign_in().await))
    }

    /// `127.0.0.1:…`
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Waits for its end.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < limit, "the server still runs after {limit:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops it; it must not have panicked, and must end as it should.
    pub fn stop(self) {
        assert_eq!(self.stop_with_errors(), Vec::<String>::new());
    }

    /// Stops it in the same way; returns what it logged as errors.
    pub fn stop_with_errors(mut self) -> Vec<String> {
        self.signal(Signal::SIGTERM);
        assert!(self.wait(Duration::from_secs(10)).success());
        self.reader.take().unwrap().join().unwrap();
        let log = std::mem::take(&mut *self.log.lock().unwrap());
        assert!(!log.contains("panicked"), "{log}");
        log.lines().filter(|line| line.contains(r#""level":"ERROR""#)).map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }
}
