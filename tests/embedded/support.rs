//! Folders, queries and other processes for the tests.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use expert_bank::db::embedded::{Embedded, Throwaway};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// A folder that is removed after the test, with the server in it if the test failed.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("eb-{name}-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        Self(path)
    }

    pub fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub fn join(&self) -> Embedded {
        Embedded::join(&self.data()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// The number in the first line of postmaster.pid; `None` when no server runs.
    pub fn postmaster(&self) -> Option<i32> {
        postmaster(&self.data().join("postgres"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster().filter(|_| std::thread::panicking()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGQUIT);
        }
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub fn postmaster(cluster: &Path) -> Option<i32> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    text.lines().next()?.parse().ok()
}

/// Whether this process runs (a zombie has no command line any more).
pub fn alive(pid: i32) -> bool {
    fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|command| !command.is_empty())
}

/// One value, by psql, which also shows that libpq takes our URLs.
pub fn query(url: &str, sql: &str) -> String {
    let output = Command::new("psql").args(["-XAt", url, "-c", sql]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

pub fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(20), "waited too long until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Another process that has done its part once it prints a line, and holds what it has until killed.
pub struct Helper {
    child: Child,
    pub said: String,
    /// Kept open, because the test harness in the helper writes on.
    output: BufReader<ChildStdout>,
}

impl Helper {
    pub fn start(role: &str, data: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "helper", "--nocapture"]).env("EB_ROLE", role).env("EB_DATA", data);
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let said = output.by_ref().lines().find_map(|line| Some(line.unwrap().split_once("EB:")?.1.to_owned()));
        Self { said: said.expect("the helper ended early"), child, output }
    }

    /// Ends it as a terminal or an operator would, with all in its process group, and returns the rest of its output.
    pub fn end(mut self, signal: Signal) -> BufReader<ChildStdout> {
        killpg(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
        self.child.wait().unwrap();
        self.output
    }

    /// Waits for a helper that ends by itself.
    pub fn finish(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

/// Tells the test that started this process.
fn say(what: &str) {
    println!("EB:{what}");
}

/// What a helper process does.
pub fn play(role: &str, data: &Path) {
    let stay = || std::thread::sleep(Duration::from_secs(60));
    match role {
        "join" => {
            let embedded = Embedded::join(data).unwrap();
            say(&embedded.url("postgres"));
            stay();
        }
        "race" => {
            let embedded = Embedded::join(data).unwrap();
            embedded.ensure_database("expert_bank").unwrap();
            assert_eq!(query(&embedded.url("expert_bank"), "select 1"), "1");
            say("");
            embedded.leave().unwrap();
        }
        "throwaway" => {
            let throwaway = Throwaway::start().unwrap();
            say(&query(&throwaway.url("postgres"), "show data_directory"));
            stay();
        }
        "exit" => {
            let throwaway = Throwaway::start().unwrap();
            say(&query(&throwaway.url("postgres"), "show data_directory"));
            std::process::exit(0);
        }
        other => panic!("no role {other}"),
    }
}
