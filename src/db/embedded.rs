//! The private PostgreSQL server of a data folder, for running without a `DATABASE_URL`.
//!
//! The folder holds `postgres/` (the cluster), `postgres.log`, `run/` (the socket) and two locks. Any number of
//! processes may use it at once; the first starts the server, the last stops it:
//!
//! - `start.lock` is held, exclusively, only while a process finds out, starts or stops.
//! - `users.lock` is held, shared, for as long as a process uses the server. Whoever gets it exclusively, under the
//!   first lock, is the last. The kernel releases both however a process ends, so nothing has to be repaired: a server
//!   whose users were all killed is joined by the next process, and stopped when that one is the last.
//!
//! The server asks for no password (`trust`), and never listens on TCP. What protects it is that its socket and its
//! files lie in directories with mode 0700: only its account and root get through. Run as root, that account is
//! `postgres` (else `nobody`), and whatever else runs as that account has the same access.

mod account;
mod binaries;
mod error;
mod folder;
mod pidfile;
mod server;
mod socket;
mod throwaway;

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use account::Account;
use binaries::Binaries;
use server::Server;

pub use error::EmbeddedError;
pub use throwaway::Throwaway;

/// Durable as PostgreSQL is by default; sized for one registry of some 100,000 people, on a disk that finds any page at once. A load
/// does not make a checkpoint every few seconds. What is logged is not compressed: that takes longer than to write it.
const SETTINGS: &str = "\
max_connections = 100
shared_buffers = 512MB
max_wal_size = 4GB
random_page_cost = 1.1
";

/// Makes a database that is missing. As one psql script, because CREATE DATABASE has no IF NOT EXISTS.
const CREATE_DATABASE: &str = "\
SELECT format('CREATE DATABASE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
";

/// This process's share in the server of a data folder.
///
/// Leave it with [`Embedded::leave`]. Dropping it does the same and only logs an error. All methods block, for
/// milliseconds as a rule and for minutes when a server replays its journal: call them from a blocking thread.
#[derive(Debug)]
pub struct Embedded {
    server: Server,
    data_dir: PathBuf,
    socket_dir: PathBuf,
    /// Locked shared. `None` once left.
    users: Option<File>,
}

impl Embedded {
    /// Uses the server of this folder: joins the one that runs, starts the one that doesn't, makes the one that isn't
    /// there yet. Nothing is created when PostgreSQL is missing or could not reach the folder.
    pub fn join(data_dir: &Path) -> Result<Self, EmbeddedError> {
        let wanted = std::path::absolute(data_dir).map_err(EmbeddedError::file("find", data_dir))?;
        let existing = Some(wanted.join("postgres")).filter(|cluster| cluster.exists());
        let account = Account::choose(existing.as_deref())?;
        let binaries = Binaries::find(existing.as_deref())?;
        let data_dir = folder::prepare(&wanted, &account)?;
        let (cluster, log) = (data_dir.join("postgres"), data_dir.join("postgres.log"));
        let server = Server { account, binaries, cluster, log };
        let start = start_lock(&data_dir, &server)?;
        let path = data_dir.join("users.lock");
        let users = folder::open(&path, &server.account)?;
        users.lock_shared().map_err(EmbeddedError::file("lock", &path))?;
        let socket_dir = bring_up(&server, &data_dir)?;
        drop(start);
        Ok(Self { server, data_dir, socket_dir, users: Some(users) })
    }

    /// The URL of a database on this server, for tokio-postgres and psql.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        socket::url(&self.socket_dir, database)
    }

    /// Makes a database unless it is there. Processes that do this at once take turns.
    pub fn ensure_database(&self, name: &str) -> Result<(), EmbeddedError> {
        if name.is_empty() || name.len() > 63 || name.contains('\0') {
            return Err(EmbeddedError::DatabaseName { name: name.escape_debug().to_string() });
        }
        let _start = start_lock(&self.data_dir, &self.server)?;
        let output = self.server.psql(&self.socket_dir, name, CREATE_DATABASE)?;
        if output.status.success() {
            return Ok(());
        }
        let (path, status) = (self.server.cluster.clone(), output.status.to_string());
        Err(EmbeddedError::Failed { program: "psql", path, status, output: error::said(&output) })
    }

    /// Ends this process's use; the last process out stops the server and waits until it is gone.
    ///
    /// Close this process's connections first: the stop would end them, and log that as trouble.
    pub fn leave(mut self) -> Result<(), EmbeddedError> {
        self.leave_once()
    }

    fn leave_once(&mut self) -> Result<(), EmbeddedError> {
        let Some(users) = self.users.take() else {
            return Ok(());
        };
        let path = self.data_dir.join("users.lock");
        let _start = start_lock(&self.data_dir, &self.server)?;
        users.unlock().map_err(EmbeddedError::file("unlock", &path))?;
        match users.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(()),
            Err(TryLockError::Error(cause)) => {
                return Err(EmbeddedError::file("lock", &path)(cause));
            }
        }
        self.server.stop()?;
        socket::tidy(&self.socket_dir, &self.data_dir);
        tracing::info!(cluster = %self.server.cluster.display(), "stopped the database server");
        Ok(())
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Err(error) = self.leave_once() {
            tracing::warn!(%error, "left the database server, but could not stop it");
        }
    }
}

/// The lock under which processes decide one after the other.
fn start_lock(data_dir: &Path, server: &Server) -> Result<File, EmbeddedError> {
    folder::lock(&data_dir.join("start.lock"), &server.account)
}

/// Sees to it that the server runs, and returns its socket's directory. Called under the start lock.
fn bring_up(server: &Server, data_dir: &Path) -> Result<PathBuf, EmbeddedError> {
    if let Some(socket_dir) = join_running(server)? {
        return Ok(socket_dir);
    }
    if !server.cluster.join("PG_VERSION").exists() {
        tracing::info!(cluster = %server.cluster.display(), "making a new database cluster");
        server.create(&[])?;
    }
    let socket_dir = socket::directory(data_dir, &server.account)?;
    server.configure(&socket_dir, SETTINGS)?;
    if let Err(error) = server.start() {
        // A process killed in the middle of its start leaves a pg_ctl behind, whose server may have been faster.
        return join_running(server)?.ok_or(error);
    }
    tracing::info!(cluster = %server.cluster.display(), "started the database server");
    Ok(socket_dir)
}

/// The socket's directory of the server that runs already. Taken from the server's own files, because a process with
/// another TMPDIR would look elsewhere; checked, because those files may name a directory that is not there any more.
fn join_running(server: &Server) -> Result<Option<PathBuf>, EmbeddedError> {
    let Some(socket_dir) = server.running()? else {
        return Ok(None);
    };
    socket::require_private(&socket_dir, &server.account)?;
    tracing::info!(cluster = %server.cluster.display(), "joined the running database server");
    Ok(Some(socket_dir))
}
