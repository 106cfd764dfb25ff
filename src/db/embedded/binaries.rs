//! Where the PostgreSQL programs are.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::EmbeddedError;

/// The oldest major version this product is tested with.
const OLDEST: u32 = 15;

/// Where Debian and Ubuntu keep each major version's programs (they are not on PATH there).
const DEBIAN: &str = "/usr/lib/postgresql";

/// What a directory must hold to run a server: with only the client package, Debian's directory exists without these.
const NEEDED: [&str; 4] = ["initdb", "pg_ctl", "postgres", "psql"];

/// The directory with the PostgreSQL programs of one version.
#[derive(Debug, Clone)]
pub(super) struct Binaries {
    dir: PathBuf,
}

impl Binaries {
    /// Finds the programs: those which made `cluster` when it exists (another major version can't read it), otherwise
    /// the newest.
    pub(super) fn find(cluster: Option<&Path>) -> Result<Self, EmbeddedError> {
        let wanted = cluster.and_then(cluster_version);
        let mut found = debian(Path::new(DEBIAN));
        if choose(&found, wanted).is_none() {
            found.extend(std::env::var_os("PATH").and_then(|path| on_path(&path)));
        }
        match (choose(&found, wanted), wanted, cluster) {
            (Some(dir), _, _) => Ok(Self { dir }),
            (None, Some(wanted), Some(cluster)) if !found.is_empty() => {
                Err(EmbeddedError::VersionMissing { cluster: cluster.to_owned(), wanted })
            }
            _ => Err(EmbeddedError::NotInstalled),
        }
    }

    /// The path of one program.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// The directory of the wanted version, or of the newest that is new enough.
fn choose(found: &[(u32, PathBuf)], wanted: Option<u32>) -> Option<PathBuf> {
    let fitting = found.iter().filter(|(version, _)| wanted.map_or(*version >= OLDEST, |wanted| *version == wanted));
    fitting.max_by_key(|(version, _)| *version).map(|(_, dir)| dir.clone())
}

/// The major version which wrote an existing cluster.
fn cluster_version(cluster: &Path) -> Option<u32> {
    major(&fs::read_to_string(cluster.join("PG_VERSION")).ok()?)
}

/// All complete installations in Debian's place.
fn debian(root: &Path) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = fs::read_dir(root) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| Some((major(entry.file_name().to_str()?)?, entry.path().join("bin"))))
        .filter(|(_, dir)| is_complete(dir))
        .collect()
}

/// The installation behind the first `pg_ctl` on PATH. What is found there may be a link or a wrapper script without
/// its siblings; then `pg_config` is asked.
fn on_path(path: &OsStr) -> Option<(u32, PathBuf)> {
    let pg_ctl = std::env::split_paths(path).map(|dir| dir.join("pg_ctl")).find(|file| file.is_file())?;
    let beside = fs::canonicalize(&pg_ctl).ok()?.parent()?.to_owned();
    let dir = if is_complete(&beside) { beside } else { pg_config_bindir()? };
    let version = answer(Command::new(dir.join("pg_ctl")).arg("--version"))?;
    Some((version_line(&version)?, dir))
}

fn pg_config_bindir() -> Option<PathBuf> {
    let dir = PathBuf::from(answer(Command::new("pg_config").arg("--bindir"))?.trim());
    is_complete(&dir).then_some(dir)
}

fn is_complete(dir: &Path) -> bool {
    NEEDED.iter().all(|name| dir.join(name).is_file())
}

fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The major version in `pg_ctl (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
fn version_line(line: &str) -> Option<u32> {
    major(line.split_once("(PostgreSQL) ")?.1)
}

/// The number at the start of `15`, `15.20`, `18beta1`.
fn major(text: &str) -> Option<u32> {
    let digits = text.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(versions: &[u32]) -> Vec<(u32, PathBuf)> {
        versions.iter().map(|version| (*version, PathBuf::from(format!("/pg/{version}")))).collect()
    }

    #[test]
    fn newest_is_chosen_by_number_not_by_text() {
        assert_eq!(choose(&found(&[15, 9, 100, 17]), None), Some("/pg/100".into()));
    }

    #[test]
    fn too_old_is_not_chosen() {
        assert_eq!(choose(&found(&[9, 13, 14]), None), None);
        assert_eq!(choose(&[], None), None);
    }

    #[test]
    fn an_existing_cluster_gets_its_own_version() {
        assert_eq!(choose(&found(&[15, 17]), Some(15)), Some("/pg/15".into()));
        assert_eq!(choose(&found(&[17]), Some(15)), None);
    }

    #[test]
    fn versions_are_read_from_what_the_programs_print() {
        assert_eq!(version_line("pg_ctl (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(version_line("pg_ctl (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(version_line("something else 15"), None);
        assert_eq!(major("15\n"), Some(15));
        assert_eq!(major("bin"), None);
    }
}
