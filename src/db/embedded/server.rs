//! One cluster and its server: made by initdb, started and stopped by pg_ctl.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::account::Account;
use super::binaries::Binaries;
use super::error::{EmbeddedError, said};
use super::folder;
use super::pidfile::{self, State};
use super::socket::ROLE;

/// How long a server may take to replay its journal after a crash, or to go down.
const PATIENCE: Duration = Duration::from_secs(120);

/// Our settings' file in the cluster; written anew at each start, so that a new release's settings take effect.
const SETTINGS: &str = "expert-bank.conf";

/// What holds for every server of ours. Statements may carry personal data, so none of their text gets into the log:
/// no statement, no parameter, and no message of level ERROR at all, whose primary text may quote a value (`invalid
/// input syntax for type date: "…"`); the client gets it and knows how to redact. `terse` leaves out DETAIL (`Key
/// (email)=(…) already exists`) where a message is logged.
const COMMON: &str = "\
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
log_min_messages = log
log_error_verbosity = terse
log_statement = 'none'
log_min_error_statement = panic
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_checkpoints = off
cluster_name = 'expert-bank'
";

/// A cluster with everything needed to run it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) account: Account,
    pub(super) binaries: Binaries,
    /// The folder initdb makes.
    pub(super) cluster: PathBuf,
    pub(super) log: PathBuf,
}

impl Server {
    /// Makes the cluster in a folder beside it and renames that when it is whole, so that a killed initdb leaves no
    /// half cluster under the name.
    pub(super) fn create(&self, options: &[&str]) -> Result<(), EmbeddedError> {
        let draft = self.cluster.with_extension(format!("new-{}", std::process::id()));
        let made = self.initdb(&draft, options);
        if made.is_err() {
            // The error at hand says more than one about litter, which the next start removes.
            let _ = fs::remove_dir_all(&draft);
        }
        made
    }

    fn initdb(&self, draft: &Path, options: &[&str]) -> Result<(), EmbeddedError> {
        self.remove_drafts()?;
        DirBuilder::new().mode(0o700).create(draft).map_err(EmbeddedError::file("make the directory", draft))?;
        self.account.own_dir(draft)?;
        let mut command = self.account.command(&self.binaries.program("initdb"));
        command.arg("--pgdata").arg(draft).args(["--username", ROLE, "--encoding", "UTF8", "--locale", "C"]);
        command.args(["--auth-local", "trust", "--auth-host", "reject", "--data-checksums", "--no-instructions"]);
        let output = self.account.run(command.args(options))?;
        if !output.status.success() {
            let (program, path, status) = ("initdb", self.cluster.clone(), output.status.to_string());
            return Err(EmbeddedError::Failed { program, path, status, output: said(&output) });
        }
        let main = draft.join("postgresql.conf");
        let file = OpenOptions::new().append(true).custom_flags(nix::libc::O_NOFOLLOW).open(&main);
        file.and_then(|mut file| writeln!(file, "\ninclude '{SETTINGS}'").and_then(|()| file.sync_all()))
            .map_err(EmbeddedError::file("write", &main))?;
        fs::rename(draft, &self.cluster).map_err(EmbeddedError::file("put the new database in place at", &self.cluster))
    }

    /// Removes what killed initdbs left.
    fn remove_drafts(&self) -> Result<(), EmbeddedError> {
        let (Some(parent), Some(name)) = (self.cluster.parent(), self.cluster.file_name()) else {
            return Ok(());
        };
        let prefix = [name.as_bytes(), b".new-"].concat();
        let entries = fs::read_dir(parent).map_err(EmbeddedError::file("list", parent))?;
        for draft in entries.flatten().filter(|entry| entry.file_name().as_bytes().starts_with(&prefix)) {
            fs::remove_dir_all(draft.path()).map_err(EmbeddedError::file("remove", &draft.path()))?;
        }
        Ok(())
    }

    /// Writes our settings. A new file is renamed into place: root writes here in a folder of another account, where
    /// an existing name might be a link.
    pub(super) fn configure(&self, socket_dir: &Path, settings: &str) -> Result<(), EmbeddedError> {
        let (path, draft) = (self.cluster.join(SETTINGS), self.cluster.join(format!("{SETTINGS}.new")));
        let error = |cause| EmbeddedError::file("write", &path)(cause);
        let _ = fs::remove_file(&draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(error)?;
        self.account.own_file(&file, &draft)?;
        let mut text =
            b"# Written by expert-bank at each start; put changes of your own in postgresql.auto.conf.\n".to_vec();
        text.extend_from_slice(b"unix_socket_directories = ");
        text.extend_from_slice(&quote(&list_item(socket_dir.as_os_str())));
        text.extend_from_slice(format!("\n{COMMON}{settings}").as_bytes());
        file.write_all(&text).map_err(error)?;
        fs::rename(&draft, &path).map_err(error)
    }

    /// Starts the server and waits until it takes connections. pg_ctl gives it a session of its own, and runs in a
    /// process group of its own meanwhile, so that Ctrl-C reaches neither.
    ///
    /// The log is pg_ctl's stdout and the folder its environment: it would paste `-l` and `-D` into a shell command,
    /// where a `$` in a path goes wrong.
    pub(super) fn start(&self) -> Result<(), EmbeddedError> {
        let log = folder::open_log(&self.log, &self.account)?;
        let copy = log.try_clone().map_err(EmbeddedError::file("open", &self.log))?;
        let mut command = self.pg_ctl("start");
        command.stdout(log).stderr(copy);
        let output = self.account.run(&mut command)?;
        if output.status.success() {
            return Ok(());
        }
        let (cluster, log, tail) = (self.cluster.clone(), self.log.clone(), folder::tail(&self.log));
        Err(EmbeddedError::Start { cluster, output: format!("pg_ctl: {}", output.status), log, tail })
    }

    /// Stops the server and waits until it is gone. Sessions are ended, transactions in progress rolled back.
    pub(super) fn stop(&self) -> Result<(), EmbeddedError> {
        let output = self.account.run(self.pg_ctl("stop").args(["-m", "fast"]))?;
        if output.status.success() || matches!(pidfile::state(&self.cluster), State::Stopped(_)) {
            return Ok(());
        }
        Err(EmbeddedError::Stop { cluster: self.cluster.clone(), output: said(&output), log: self.log.clone() })
    }

    fn pg_ctl(&self, verb: &str) -> Command {
        let mut command = self.account.command(&self.binaries.program("pg_ctl"));
        command.arg(verb).args(["--silent", "--wait", "--timeout"]).arg(PATIENCE.as_secs().to_string());
        command.env("PGDATA", &self.cluster).process_group(0);
        command
    }

    /// The socket directory of the server that runs here, after waiting for one that starts or stops. `None` when
    /// nothing runs; then a start is not hindered by what a dead server left. To be called under the start lock.
    pub(super) fn running(&self) -> Result<Option<PathBuf>, EmbeddedError> {
        let began = Instant::now();
        loop {
            match pidfile::state(&self.cluster) {
                State::Ready(socket_dir) => return Ok(Some(socket_dir)),
                State::Stopped(claimed) => {
                    pidfile::clear_stale(&self.cluster, claimed);
                    return Ok(None);
                }
                State::Busy(pid) if began.elapsed() > PATIENCE => {
                    let (cluster, log) = (self.cluster.clone(), self.log.clone());
                    return Err(EmbeddedError::Stuck { cluster, pid, seconds: PATIENCE.as_secs(), log });
                }
                State::Busy(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Runs a psql script as the superuser, in which `:'name'` stands for `name`.
    pub(super) fn psql(&self, socket_dir: &Path, name: &str, script: &str) -> Result<Output, EmbeddedError> {
        let program = self.binaries.program("psql");
        let mut command = self.account.command(&program);
        command.args(["--no-psqlrc", "--quiet", "--port", "5432", "--username", ROLE, "--dbname", "postgres"]);
        command.args(["--set", "ON_ERROR_STOP=1", "--set"]).arg(format!("name={name}")).arg("--host").arg(socket_dir);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let user = self.account.name().to_owned();
        let error = |cause| EmbeddedError::Program { program, user, cause };
        // The script fits in the pipe. When psql ends without reading it, its own message says why.
        let run = command.spawn().and_then(|mut psql| {
            let _ = psql.stdin.take().map(|mut stdin| stdin.write_all(script.as_bytes()));
            psql.wait_with_output()
        });
        run.map_err(error)
    }
}

/// An item of a list-valued setting: quoted, because a path may hold commas and blanks.
fn list_item(value: &OsStr) -> Vec<u8> {
    let mut item = vec![b'"'];
    for byte in value.as_bytes() {
        item.extend(std::iter::repeat_n(*byte, if *byte == b'"' { 2 } else { 1 }));
    }
    item.push(b'"');
    item
}

/// A value in postgresql.conf.
fn quote(value: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in value {
        match byte {
            b'\'' => quoted.extend_from_slice(b"''"),
            b'\\' => quoted.extend_from_slice(b"\\\\"),
            b'\n' => quoted.extend_from_slice(b"\\n"),
            _ => quoted.push(*byte),
        }
    }
    quoted.push(b'\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_can_be_a_setting() {
        let quoted = quote(&list_item(OsStr::new("/a, b/it's \"x\"\\n\n")));
        assert_eq!(quoted, b"'\"/a, b/it''s \"\"x\"\"\\\\n\\n\"'");
    }
}
