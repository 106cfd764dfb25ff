//! What can go wrong with the private server, told to the person who started the program.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// Why the private PostgreSQL server is not available.
///
/// Each message is complete on its own (what, where, what to do), because it usually ends on a terminal as the only
/// line before the program stops. So causes are part of the text and no variant has a `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// No PostgreSQL server programs on this machine.
    #[error(
        "PostgreSQL 15 or newer was not found under /usr/lib/postgresql or on PATH: on Debian or Ubuntu run \
         `apt-get install postgresql`, elsewhere install PostgreSQL 15 or newer and put pg_ctl on PATH"
    )]
    NotInstalled,

    /// The folder was made by a major version which is no longer installed.
    #[error(
        "the database in {cluster} was made by PostgreSQL {wanted}, and that version is not installed: \
         install it again (on Debian `apt-get install postgresql-{wanted}`) or move the data with pg_upgrade"
    )]
    VersionMissing {
        /// The folder.
        cluster: PathBuf,
        /// The major version which wrote it.
        wanted: u32,
    },

    /// Running as root, and there is nobody to drop to.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither an account `postgres` nor `nobody` to run it as: \
         create one (`useradd --system postgres`) or start this program as an ordinary user"
    )]
    NoAccount,

    /// The account which runs the server can't get to the data folder.
    #[error(
        "PostgreSQL must run as user {user}, which may not enter {ancestor}, so it can't keep its data in {data_dir}: \
         use another folder, e.g. `--data-dir /var/lib/expert-bank`, or allow it with `chmod o+x {ancestor}`"
    )]
    Unreachable {
        /// The folder that was asked for.
        data_dir: PathBuf,
        /// The first directory on the way which is closed.
        ancestor: PathBuf,
        /// The account.
        user: String,
    },

    /// Something that must be private to one account belongs to another.
    #[error("{path} belongs to user {owner}, but the database server runs as {user}: {remedy}")]
    Foreign {
        /// The file or directory.
        path: PathBuf,
        /// Whose it is.
        owner: String,
        /// Whose it should be.
        user: String,
        /// What to do.
        remedy: &'static str,
    },

    /// No directory is fit for the unix socket.
    #[error(
        "no directory for the database socket: {reason}; use a shorter `--data-dir`, one whose path has at most {max} bytes"
    )]
    Socket {
        /// What is wrong with the candidates.
        reason: String,
        /// How long the data folder's own path may be.
        max: usize,
    },

    /// A file operation failed.
    #[error("cannot {action} {path}: {cause}; check who owns the folder, or use another `--data-dir`")]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The operating system's answer.
        cause: io::Error,
    },

    /// Another process has been starting or stopping the server for too long.
    #[error(
        "waited {seconds} s for {path}: another process is starting or stopping the server; \
         see who holds it with `fuser -v {path}` and end that process"
    )]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long this process waited.
        seconds: u64,
    },

    /// A server process exists, but takes no connections.
    #[error(
        "the database server in {cluster} (pid {pid}) is neither ready nor gone after {seconds} s: \
         look into {log}, then stop it with `kill -INT {pid}`"
    )]
    Stuck {
        /// Its folder.
        cluster: PathBuf,
        /// Its process.
        pid: u32,
        /// How long this process waited.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
    },

    /// A PostgreSQL program could not be run at all.
    #[error("cannot run {program} as user {user}: {cause}; check that this user may read and execute it")]
    Program {
        /// The program.
        program: PathBuf,
        /// As whom.
        user: String,
        /// The operating system's answer.
        cause: io::Error,
    },

    /// A PostgreSQL program ran and failed.
    #[error(
        "{program} failed for {path} ({status}): {output}; correct that and start again, nothing is left half-made"
    )]
    Failed {
        /// The program's name.
        program: &'static str,
        /// What it worked on.
        path: PathBuf,
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },

    /// The server did not come up.
    #[error("the database server in {cluster} did not start ({output}); the end of its log {log}:\n{tail}")]
    Start {
        /// Its folder.
        cluster: PathBuf,
        /// What pg_ctl said.
        output: String,
        /// The server's log.
        log: PathBuf,
        /// The last lines of that log.
        tail: String,
    },

    /// The server did not go down.
    #[error(
        "the database server in {cluster} did not stop ({output}): look into {log}; the next start joins it or waits for it"
    )]
    Stop {
        /// Its folder.
        cluster: PathBuf,
        /// What pg_ctl said.
        output: String,
        /// The server's log.
        log: PathBuf,
    },

    /// A database name which PostgreSQL can't hold.
    #[error("`{name}` can't be a database name: use 1 to 63 bytes, without a NUL byte")]
    DatabaseName {
        /// The name, printable.
        name: String,
    },
}

impl EmbeddedError {
    /// For `map_err` on file operations.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { action, path, cause }
    }
}

/// What a finished program said, on one line, for an error message.
pub(super) fn said(output: &std::process::Output) -> String {
    let mut text = String::new();
    for stream in [&output.stderr, &output.stdout] {
        for line in String::from_utf8_lossy(stream).lines().map(str::trim).filter(|line| !line.is_empty()) {
            let gap = if text.is_empty() { "" } else { " | " };
            // Writing to a String can't fail.
            let _ = write!(text, "{gap}{line}");
        }
    }
    if text.is_empty() { format!("no message, {}", output.status) } else { text }
}
