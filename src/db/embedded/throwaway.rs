//! A server for tests: fast, not durable, and gone with the process that made it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use super::account::{Account, ENTER_AND_WRITE};
use super::binaries::Binaries;
use super::error::EmbeddedError;
use super::server::Server;
use super::socket;

/// Speed instead of safety: this data never outlives its process.
const SETTINGS: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 300
shared_buffers = 256MB
autovacuum = off
";

/// Waits until its stdin closes, then removes everything. Arguments: the directory, pg_ctl.
///
/// Repeated, because the owner may have died while initdb or pg_ctl was still making files.
const WATCHDOG: &str = r#"
trap '' HUP INT QUIT TERM
cat
round=0
while [ -e "$1" ] && [ "$round" -lt 50 ]; do
    "$2" stop --silent --wait --timeout 10 -m immediate -D "$1/postgres"
    rm -rf "$1"
    [ -e "$1" ] && sleep 0.1
    round=$((round + 1))
done
"#;

/// A fresh PostgreSQL server for a test process, on a unix socket in a temporary directory.
///
/// It lives as long as this process. Test processes end by panic, by `process::exit` and by SIGKILL, and statics are
/// never dropped. So the removal is not left to [`Drop`]: a small shell process waits at the other end of a pipe that
/// this process holds open, and the kernel closes that however the process ends. Dropping does the same at once, and
/// waits for it.
#[derive(Debug)]
pub struct Throwaway {
    socket_dir: PathBuf,
    watchdog: Child,
}

impl Throwaway {
    /// Makes and starts the server. Takes about a second; nothing is left behind when it fails. Blocking.
    pub fn start() -> Result<Self, EmbeddedError> {
        let (account, binaries) = (Account::choose(None)?, Binaries::find(None)?);
        let dir = make_dir(&account)?;
        let watchdog = match watch(&dir, &account, &binaries) {
            Ok(watchdog) => watchdog,
            Err(error) => {
                // Still empty. The error at hand says more than one about litter.
                let _ = std::fs::remove_dir(&dir);
                return Err(error);
            }
        };
        let (cluster, log) = (dir.join("postgres"), dir.join("postgres.log"));
        // From here on, an early return drops this and so removes the directory.
        let throwaway = Self { socket_dir: dir, watchdog };
        let server = Server { account, binaries, cluster, log };
        server.create(&["--no-sync"])?;
        server.configure(&throwaway.socket_dir, SETTINGS)?;
        server.start()?;
        Ok(throwaway)
    }

    /// The URL of a database on this server. A new server has `postgres`, `template0` and `template1`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        if let Err(error) = self.watchdog.wait() {
            tracing::warn!(%error, dir = %self.socket_dir.display(), "could not wait for the removal of a test database");
        }
    }
}

/// A new directory of the account, where the account may remove it again.
fn make_dir(account: &Account) -> Result<PathBuf, EmbeddedError> {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let name = format!("expert-bank-test-{}-{nanoseconds:x}", std::process::id());
    let fit = |temp: &PathBuf| {
        let usable = account.may(ENTER_AND_WRITE, temp) && account.first_closed(temp).is_none();
        usable && socket::fits(&temp.join(&name))
    };
    let temp = socket::temp_dirs().into_iter().find(fit).unwrap_or_else(std::env::temp_dir);
    socket::require_safe_temp(&temp)?;
    let dir = temp.join(name);
    DirBuilder::new().mode(0o700).create(&dir).map_err(EmbeddedError::file("make the directory", &dir))?;
    account.own_dir(&dir)?;
    Ok(dir)
}

/// In a process group of its own, so that Ctrl-C leaves it its work, and without our stdout and stderr, so that it
/// never holds a terminal or a pipe of the test runner open.
fn watch(dir: &Path, account: &Account, binaries: &Binaries) -> Result<Child, EmbeddedError> {
    let shell = Path::new("/bin/sh");
    let mut command = account.command(shell);
    command.args(["-c", WATCHDOG, "expert-bank-watchdog"]).arg(dir).arg(binaries.program("pg_ctl"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().map_err(|cause| {
        let (program, user) = (shell.to_owned(), account.name().to_owned());
        EmbeddedError::Program { program, user, cause }
    })
}
