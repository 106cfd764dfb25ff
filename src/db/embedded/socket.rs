//! Where the server listens, and the URL that leads there.
//!
//! The server trusts whoever reaches its socket, without a password. That is safe only because the socket lies in a
//! directory that nobody but the server's account (and root) may enter, so each path to that directory is checked
//! before it is used.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::error::EmbeddedError;

/// The socket's name. PostgreSQL makes it from the port, which only serves as a name here.
pub(super) const FILE: &str = ".s.PGSQL.5432";

/// The file beside it in which the server notes its process.
const LOCK_FILE: &str = ".s.PGSQL.5432.lock";

/// The name of the directory inside the data folder.
const INSIDE: &str = "run";

/// What fits in `sockaddr_un` on Linux, without the closing NUL.
const MAX: usize = 107;

/// The superuser that initdb makes, and the only role.
pub(super) const ROLE: &str = "expert_bank";

/// Makes and checks the directory for the socket of the server in `data_dir` (canonical). To be called when no server
/// runs there.
pub(super) fn directory(data_dir: &Path, account: &Account) -> Result<PathBuf, EmbeddedError> {
    let Some(dir) = choose(data_dir, &temp_dirs(), account.uid()) else {
        return Err(no_place(
            "the paths of the data folder and of the temporary directory are too long or hold a comma".into(),
        ));
    };
    if !dir.starts_with(data_dir)
        && let Some(temp) = dir.parent()
    {
        require_safe_temp(temp)?;
        if let Some(closed) = account.first_closed(temp) {
            return Err(no_place(format!("user {} may not enter {}", account.name(), closed.display())));
        }
    }
    make_private(&dir, account)?;
    // A dead server's: it names a process that may be another program by now, and would hinder the start.
    let _ = fs::remove_file(dir.join(LOCK_FILE));
    Ok(dir)
}

/// The system's temporary directory, and the usual one in case that is long or private.
pub(super) fn temp_dirs() -> [PathBuf; 2] {
    [std::env::temp_dir(), PathBuf::from("/tmp")]
}

/// Inside the data folder when the path is short enough, otherwise a temporary directory named after the folder.
fn choose(data_dir: &Path, temp_dirs: &[PathBuf], uid: u32) -> Option<PathBuf> {
    let name = format!("expert-bank-{uid}-{:016x}", hash(data_dir.as_os_str().as_bytes()));
    let outside = temp_dirs.iter().map(|temp| temp.join(&name));
    std::iter::once(data_dir.join(INSIDE)).chain(outside).find(|dir| fits(dir))
}

/// Whether a socket in this directory has a path that the operating system takes, and psql too: libpq reads a comma as
/// the end of a host.
pub(super) fn fits(dir: &Path) -> bool {
    dir.join(FILE).as_os_str().len() <= MAX && !dir.as_os_str().as_bytes().contains(&b',')
}

/// FNV-1a. std's hasher may differ between two builds, and two builds may share a folder.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// In a directory where others may write, only the sticky bit keeps them from renaming what is ours.
pub(super) fn require_safe_temp(temp: &Path) -> Result<(), EmbeddedError> {
    let mode = fs::metadata(temp).map_err(EmbeddedError::file("look at", temp))?.mode();
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        let reason = format!("everybody may rename files in {} (no sticky bit, `chmod +t` sets it)", temp.display());
        return Err(no_place(reason));
    }
    Ok(())
}

/// A directory that only the account may enter: made now, or made earlier and still fit.
fn make_private(dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => account.own_dir(dir)?,
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(EmbeddedError::file("make the directory", dir)(cause)),
    }
    require_private(dir, account)
}

/// Refuses a directory that another local user could have put there: a link, a stranger's, or one open to others.
pub(super) fn require_private(dir: &Path, account: &Account) -> Result<(), EmbeddedError> {
    let found = fs::symlink_metadata(dir).map_err(EmbeddedError::file("look at", dir))?;
    if !found.is_dir() {
        return Err(no_place(format!("{} is a link or a file where a directory should be; remove it", dir.display())));
    }
    account.require_owner(dir, &found, "find out who made it, and remove it")?;
    if is_open(&found) {
        fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(EmbeddedError::file("close to others", dir))?;
    }
    Ok(())
}

fn is_open(dir: &Metadata) -> bool {
    dir.mode() & 0o077 != 0
}

/// Removes the directory after the last stop, when it lies outside the data folder, where it would only be litter.
pub(super) fn tidy(dir: &Path, data_dir: &Path) {
    if !dir.starts_with(data_dir) {
        // Not empty means that somebody else uses it.
        let _ = fs::remove_dir(dir);
    }
}

fn no_place(reason: String) -> EmbeddedError {
    EmbeddedError::Socket { reason, max: longest_data_dir() }
}

/// What a data folder's path may have for the socket to lie inside.
fn longest_data_dir() -> usize {
    MAX - INSIDE.len() - FILE.len() - 2
}

/// A URL for tokio-postgres and libpq. The socket's directory goes into a parameter, because a URL has no other place
/// for a path.
pub(super) fn url(dir: &Path, database: &str) -> String {
    let (database, dir) = (percent(database.as_bytes()), percent(dir.as_os_str().as_bytes()));
    format!("postgresql:///{database}?host={dir}&port=5432&user={ROLE}")
}

/// Everything but the unreserved characters of RFC 3986.
fn percent(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(length: usize) -> PathBuf {
        PathBuf::from(format!("/{}", "d".repeat(length - 1)))
    }

    /// The parent of what is chosen, as text.
    fn parent(data_dir: &Path, temp: &[PathBuf]) -> Option<PathBuf> {
        choose(data_dir, temp, 7)?.parent().map(Path::to_owned)
    }

    #[test]
    fn the_socket_lies_in_the_data_folder_up_to_the_last_byte() {
        let temp = [PathBuf::from("/tmp")];
        let longest = folder(107 - "/run/.s.PGSQL.5432".len());
        assert_eq!(choose(&longest, &temp, 7), Some(longest.join("run")));
        assert_eq!(longest.join("run").join(FILE).as_os_str().len(), 107);
        let longer = folder(108 - "/run/.s.PGSQL.5432".len());
        assert_eq!(parent(&longer, &temp), Some("/tmp".into()));
        let name = choose(Path::new(&longer), &temp, 7).map(|dir| dir.display().to_string());
        assert!(name.is_some_and(|name| name.starts_with("/tmp/expert-bank-7-")));
    }

    #[test]
    fn a_comma_drives_the_socket_out_of_the_data_folder() {
        let temp = ["/tmp,".into(), "/tmp".into()];
        assert_eq!(parent(Path::new("/a,b"), &temp), Some("/tmp".into()));
    }

    #[test]
    fn the_message_names_the_true_limit() {
        assert!(fits(&folder(longest_data_dir()).join(INSIDE)));
        assert!(!fits(&folder(longest_data_dir() + 1).join(INSIDE)));
    }

    #[test]
    fn two_folders_have_two_sockets() {
        let temp = [PathBuf::from("/tmp")];
        assert_ne!(choose(&folder(200), &temp, 7), choose(&folder(201), &temp, 7));
    }

    #[test]
    fn a_long_temporary_directory_is_passed_over() {
        let temp = [folder(100), PathBuf::from("/tmp")];
        assert_eq!(parent(&folder(200), &temp), Some("/tmp".into()));
        assert_eq!(choose(&folder(200), &temp[..1], 7), None);
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_url_survives_any_path_and_name() {
        assert_eq!(
            url(Path::new("/dữ liệu/a&b"), "tên?"),
            "postgresql:///t%C3%AAn%3F?host=%2Fd%E1%BB%AF%20li%E1%BB%87u%2Fa%26b&port=5432&user=expert_bank"
        );
    }
}
