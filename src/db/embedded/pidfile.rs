//! Whether a server runs in a folder: what `postmaster.pid` claims, and what is true.
//!
//! PostgreSQL and pg_ctl believe any live process with the number in that file. After a crash or a reboot that number
//! may be another program's, and the server would refuse to start. So the claim is checked: a ready server answers on
//! its socket, and a busy one is a process named `postgres` that works in the folder.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::socket::FILE;

/// What is known about the server of a folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It answers on the socket in this directory.
    Ready(PathBuf),
    /// It starts, stops, or was killed and its children are not gone yet. The number of one of its processes.
    Busy(u32),
    /// Nothing of it runs. The number a stale file claims, if any.
    Stopped(Option<u32>),
}

/// The lines of `postmaster.pid` that matter here.
#[derive(Debug, PartialEq, Eq)]
struct PidFile {
    pid: u32,
    socket_dir: PathBuf,
    ready: bool,
}

/// Looks at a folder.
pub(super) fn state(cluster: &Path) -> State {
    let Some(claim) = fs::read(cluster.join("postmaster.pid")).ok().and_then(|bytes| parse(&bytes)) else {
        return State::Stopped(None);
    };
    if claim.ready && answers(&claim.socket_dir) {
        return State::Ready(claim.socket_dir);
    }
    match server_process(cluster, claim.pid) {
        Some(pid) => State::Busy(pid),
        None => State::Stopped(Some(claim.pid)),
    }
}

/// Whether a server replies to the shortest question of the protocol, "would you do TLS?" (over a unix socket, no). A
/// connection alone proves nothing: the kernel accepts it for a process that is just being killed.
fn answers(socket_dir: &Path) -> bool {
    let ask = || -> io::Result<u8> {
        let mut stream = UnixStream::connect(socket_dir.join(FILE))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(&[0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])?;
        let mut reply = [0];
        stream.read_exact(&mut reply)?;
        Ok(reply[0])
    };
    matches!(ask(), Ok(b'N' | b'S'))
}

/// Lines: pid (negative in single-user mode), data folder, start time, port, socket directory, address, shared memory
/// key, status. While the server starts, the file is shorter.
fn parse(bytes: &[u8]) -> Option<PidFile> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let pid: i64 = std::str::from_utf8(lines.next()?).ok()?.trim().parse().ok()?;
    let socket_dir = lines.nth(3).unwrap_or_default();
    let status = lines.nth(2).unwrap_or_default();
    Some(PidFile {
        pid: u32::try_from(pid.unsigned_abs()).ok().filter(|pid| *pid > 0)?,
        socket_dir: OsString::from_vec(socket_dir.to_vec()).into(),
        ready: status.trim_ascii() == b"ready",
    })
}

/// A live PostgreSQL process of this folder. All of them, parent and children, work in the folder itself.
fn server_process(cluster: &Path, claimed: u32) -> Option<u32> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return named_postgres(claimed).then_some(claimed);
    };
    let cluster = fs::canonicalize(cluster).ok()?;
    let mut pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.find(|pid| works_in(&cluster, *pid, claimed))
}

fn works_in(cluster: &Path, pid: u32, claimed: u32) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    let is_postgres = fs::read(process.join("comm")).is_ok_and(|name| name.starts_with(b"postgres"));
    match fs::read_link(process.join("cwd")) {
        Ok(dir) => is_postgres && dir == cluster,
        // A container's root may lack the capability to look. Then a claim is believed that is not plainly wrong.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let owner = |path: &Path| fs::metadata(path).map(|found| found.uid()).ok();
            is_postgres && pid == claimed && owner(&process) == owner(cluster)
        }
        Err(_) => false,
    }
}

/// For systems without /proc.
fn named_postgres(pid: u32) -> bool {
    let mut ps = Command::new("ps");
    ps.args(["-o", "comm=", "-p"]).arg(pid.to_string()).stdin(Stdio::null()).stderr(Stdio::null());
    ps.output().is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres"))
}

/// Removes the file of a server that is gone, because its number may be another program's by now. Only to be called in
/// state `Stopped`, under the start lock.
pub(super) fn clear_stale(cluster: &Path, claimed: Option<u32>) {
    if let Some(pid) = claimed {
        tracing::info!(pid, "removing the pid file of a database server that is gone");
        // If this fails, the server says what hinders it.
        let _ = fs::remove_file(cluster.join("postmaster.pid"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complete_file_is_read() {
        let file = b"4242\n/data/postgres\n1700000000\n5432\n/data/run\n\n  1234567     3\nready   \n";
        assert_eq!(parse(file), Some(PidFile { pid: 4242, socket_dir: "/data/run".into(), ready: true }));
    }

    #[test]
    fn a_starting_or_stopping_server_is_not_ready() {
        let starting = b"4242\n/data/postgres\n1700000000\n5432\n/data/run\n";
        assert_eq!(parse(starting), Some(PidFile { pid: 4242, socket_dir: "/data/run".into(), ready: false }));
        let stopping = b"4242\n/data/postgres\n1700000000\n5432\n/data/run\n\n 1 2\nstopping\n";
        assert_eq!(parse(stopping).map(|claim| claim.ready), Some(false));
        let single_user = parse(b"-17\n/data\n");
        assert_eq!(single_user.map(|claim| claim.pid), Some(17));
    }

    #[test]
    fn rubbish_is_no_claim() {
        for rubbish in [&b""[..], b"\n", b"0\n", b"x\n/data\n", b"99999999999999\n"] {
            assert_eq!(parse(rubbish), None);
        }
    }

    #[test]
    fn another_program_with_the_number_is_not_the_server() -> io::Result<()> {
        let dir = std::env::temp_dir().join(format!("expert-bank-pid-{}", std::process::id()));
        fs::create_dir(&dir)?;
        fs::write(dir.join("postmaster.pid"), format!("{}\n", std::process::id()))?;
        assert_eq!(state(&dir), State::Stopped(Some(std::process::id())));
        fs::remove_dir_all(&dir)
    }
}
