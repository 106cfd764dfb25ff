//! The data folder: making it, the locks in it, the server's log in it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::account::Account;
use super::error::EmbeddedError;

/// Longer than a start after a crash may take, because that is done under the lock.
const LOCK_WAIT: Duration = Duration::from_secs(180);

/// The log is set aside at the next start when it is longer.
const LOG_LIMIT: u64 = 10 << 20;

/// Makes the data folder when it is missing and returns its canonical path. Nothing is made when the account could not
/// get there.
pub(super) fn prepare(wanted: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    let mut missing: Vec<&Path> = wanted.ancestors().take_while(|dir| !dir.exists()).collect();
    if let Some(existing) = wanted.ancestors().nth(missing.len()) {
        require_reachable(existing, wanted, account)?;
    }
    while let Some(dir) = missing.pop() {
        make(dir, account)?;
    }
    let data_dir = fs::canonicalize(wanted).map_err(EmbeddedError::file("find", wanted))?;
    require_reachable(&data_dir, wanted, account)?;
    Ok(data_dir)
}

fn require_reachable(dir: &Path, data_dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    let dir = fs::canonicalize(dir).map_err(EmbeddedError::file("find", dir))?;
    match account.first_closed(&dir) {
        None => Ok(()),
        Some(ancestor) => {
            let (data_dir, user) = (data_dir.to_owned(), account.name().to_owned());
            Err(EmbeddedError::Unreachable { data_dir, ancestor, user })
        }
    }
}

/// Others may pass through the folder only if the server's account is another than ours; nobody may list it. The mode
/// is set apart, because the umask would take bits away.
fn make(dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    let mode = if account.switches() { 0o711 } else { 0o700 };
    match DirBuilder::new().mode(mode).create(dir) {
        Ok(()) => fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(EmbeddedError::file("open", dir)),
        // Another process was faster.
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(EmbeddedError::file("make the directory", dir)(cause)),
    }
}

/// Opens a file of ours in the data folder, making it when missing. A link is refused: root opens and gives away these
/// files in a folder where another account may write.
pub(super) fn open(path: &Path, account: &Account) -> Result<File, EmbeddedError> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    let file = options.open(path).map_err(EmbeddedError::file("open", path))?;
    account.own_file(&file, path)?;
    Ok(file)
}

/// Takes the exclusive lock. The file closes on exec (std's default), so no child keeps the lock.
pub(super) fn lock(path: &Path, account: &Account) -> Result<File, EmbeddedError> {
    let file = open(path, account)?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(cause)) => {
                return Err(EmbeddedError::file("lock", path)(cause));
            }
            Err(TryLockError::WouldBlock) if began.elapsed() > LOCK_WAIT => {
                return Err(EmbeddedError::Locked { path: path.to_owned(), seconds: LOCK_WAIT.as_secs() });
            }
            Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Opens the log for a start. One old log is kept.
pub(super) fn open_log(path: &Path, account: &Account) -> Result<File, EmbeddedError> {
    if fs::symlink_metadata(path).is_ok_and(|log| log.len() > LOG_LIMIT) {
        fs::rename(path, path.with_extension("log.old")).map_err(EmbeddedError::file("set aside", path))?;
    }
    open(path, account)
}

/// The last lines of a file, for an error message.
pub(super) fn tail(path: &Path) -> String {
    let last = || -> io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    last()
        .map_or_else(|cause| format!("(unreadable: {cause})"), |bytes| last_lines(&String::from_utf8_lossy(&bytes), 10))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_the_last_lines() {
        assert_eq!(last_lines("1\n2\n3\n", 2), "2\n3");
        assert_eq!(last_lines("1", 2), "1");
        assert_eq!(last_lines("", 2), "");
    }
}
