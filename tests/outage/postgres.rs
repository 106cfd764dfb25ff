//! A PostgreSQL that tests stop and start, with the demo in a database that is cloned for each test.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::unistd::{User, geteuid};
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::server::{self, KEY};

/// What the server connects as: nobody special, as in production.
const ROLE: &str = "expert_bank";

/// Not durable against a lost machine, but against a killed server: what is committed stands in its journal.
const SETTINGS: &str = "\
listen_addresses = ''
unix_socket_permissions = 0777
fsync = off
full_page_writes = off
synchronous_commit = on
shared_buffers = 64MB
max_connections = 200
autovacuum = off
";

/// Waits until its stdin closes, which the kernel sees to however the tests end, and removes everything.
const WATCHDOG: &str = r#"trap '' HUP INT QUIT TERM; cat; "$2" stop -s -m immediate -D "$1/data"; rm -rf "$1""#;

static GATE: RwLock<()> = RwLock::const_new(());

/// For a test that needs PostgreSQL to run.
pub async fn up() -> RwLockReadGuard<'static, ()> {
    GATE.read().await
}

/// For a test that stops PostgreSQL.
pub async fn alone() -> RwLockWriteGuard<'static, ()> {
    GATE.write().await
}

pub struct Postgres {
    dir: PathBuf,
    bin: PathBuf,
    _watchdog: Child,
}

impl Postgres {
    /// The one of this test process.
    pub fn get() -> &'static Self {
        static POSTGRES: OnceLock<Postgres> = OnceLock::new();
        POSTGRES.get_or_init(Self::make)
    }

    fn make() -> Self {
        let bin = binaries();
        let dir = PathBuf::from(format!("/tmp/eb-outage-{}", std::process::id()));
        std::fs::DirBuilder::new().mode(0o755).create(&dir).unwrap();
        if let Some(user) = other_user() {
            chown(&dir, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
        }
        let mut watchdog = as_user(Path::new("/bin/sh"));
        watchdog.args(["-c", WATCHDOG, "watchdog"]).arg(&dir).arg(bin.join("pg_ctl")).process_group(0);
        let watchdog = watchdog.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let made = Self { dir, bin, _watchdog: watchdog };
        let data = made.dir.join("data");
        let mut initdb = as_user(&made.bin.join("initdb"));
        initdb.args(["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C", "-D"]).arg(&data);
        assert!(initdb.stdout(Stdio::null()).status().unwrap().success());
        let mut conf = std::fs::OpenOptions::new().append(true).open(data.join("postgresql.conf")).unwrap();
        writeln!(conf, "{SETTINGS}unix_socket_directories = '{}'", made.dir.display()).unwrap();
        made.start();
        made.sql("postgres", &format!("CREATE ROLE {ROLE} LOGIN"));
        made.sql("postgres", &format!("CREATE DATABASE demo OWNER {ROLE}"));
        let args = ["demo", "--database-url", &made.url("demo"), "--sealing-keys", KEY, "--signing-keys", KEY];
        let loaded = server::program().args(args).output().unwrap();
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        made
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Starts it and waits until it takes connections.
    pub fn start(&self) {
        self.pg_ctl(&["start", "-l"], Some("log"));
    }

    /// Stops it: `fast` ends all sessions, `immediate` is SIGKILL but for the shared memory.
    pub fn stop(&self, mode: &str) {
        self.pg_ctl(&["stop", "-m", mode], None);
    }

    fn pg_ctl(&self, args: &[&str], file: Option<&str>) {
        let mut command = as_user(&self.bin.join("pg_ctl"));
        command.args(args).args(file.map(|name| self.dir.join(name)));
        command.args(["-s", "-w", "-t", "60", "-D"]).arg(self.dir.join("data"));
        assert!(command.stdout(Stdio::null()).status().unwrap().success(), "pg_ctl {args:?}");
    }

    /// A clone of the demo.
    pub fn database(&self, name: &str) -> Database {
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE demo OWNER {ROLE}"));
        // a copied sequence remembers values it was given ahead of need, and a crash before a checkpoint gives them out again
        self.sql("postgres", "CHECKPOINT");
        Database { name: name.to_owned() }
    }

    fn url(&self, database: &str) -> String {
        socket_url(&self.dir, database)
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.bin.join("psql"));
        command.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"]).arg(&self.dir);
        command
    }

    fn sql(&self, database: &str, sql: &str) -> String {
        let said = self.psql(database).args(["-c", sql]).output().unwrap();
        assert!(said.status.success(), "{sql}: {}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).unwrap().trim().to_owned()
    }
}

/// A database of one test, seen as the superuser.
pub struct Database {
    pub name: String,
}

impl Database {
    /// Where the server finds it.
    pub fn url(&self) -> String {
        Postgres::get().url(&self.name)
    }

    /// What a statement says.
    pub fn sql(&self, sql: &str) -> String {
        Postgres::get().sql(&self.name, sql)
    }

    /// A count.
    pub fn count(&self, from: &str) -> usize {
        self.sql(&format!("SELECT count(*) FROM {from}")).parse().unwrap()
    }

    /// A transaction that has done `sql` and stays open until it is dropped.
    pub fn hold(&self, sql: &str) -> Held {
        let mut command = Postgres::get().psql(&self.name);
        let mut psql = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = psql.stdin.take().unwrap();
        writeln!(stdin, "BEGIN;\n{sql};\n\\echo held").unwrap();
        let mut lines = BufReader::new(psql.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "held"), "{sql}");
        Held { psql, stdin: Some(stdin) }
    }

    /// Waits until so many of the server's connections wait for a lock.
    pub async fn blocked(&self, connections: usize) {
        self.until(connections, "wait_event_type = 'Lock'").await;
    }

    /// Waits until so many of the server's connections are in this condition.
    pub async fn until(&self, connections: usize, condition: &str) {
        let begin = Instant::now();
        loop {
            let activity = "pg_stat_activity WHERE application_name = 'expert-bank' AND datname = current_database()";
            let seen = self.count(&format!("{activity} AND {condition}"));
            if seen == connections {
                return;
            }
            assert!(
                begin.elapsed() < Duration::from_secs(4),
                "{seen} connections, not {connections}: {condition}: {}",
                self.sql(&format!("SELECT string_agg(state || ' ' || query, E'\\n') FROM {activity} AND {condition}"))
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// An open transaction; rolls back when dropped.
pub struct Held {
    psql: Child,
    stdin: Option<ChildStdin>,
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.psql.wait().unwrap();
    }
}

/// The URL of a database behind a socket in `dir`.
pub fn socket_url(dir: &Path, database: &str) -> String {
    format!("postgresql://{ROLE}@{}/{database}", dir.display().to_string().replace('/', "%2F"))
}

/// PostgreSQL refuses root.
fn other_user() -> Option<User> {
    geteuid().is_root().then(|| ["postgres", "nobody"].iter().find_map(|name| User::from_name(name).unwrap()).unwrap())
}

fn as_user(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").stdin(Stdio::null());
    if let Some(user) = other_user() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command
}

/// Debian's newest, or what `pg_config` says.
fn binaries() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = debian.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let complete = |version: &u32| Path::new(&format!("/usr/lib/postgresql/{version}/bin/pg_ctl")).exists();
    if let Some(newest) = versions.filter(complete).max() {
        return PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    }
    let said = Command::new("pg_config").arg("--bindir").output().unwrap();
    PathBuf::from(String::from_utf8(said.stdout).unwrap().trim())
}
