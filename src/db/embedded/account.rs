//! As whom the server runs.
//!
//! PostgreSQL refuses root. So root hands it to another account, and everybody else runs it as themselves.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::{MetadataExt, fchown, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nix::unistd::{Uid, User, getegid, geteuid};

use super::error::EmbeddedError;

/// The accounts root hands the server to, best first.
const PREFERRED: [&str; 2] = ["postgres", "nobody"];

/// The permission to enter a directory.
pub(super) const ENTER: u32 = 0o1;

/// The permissions to enter a directory and to make files in it.
pub(super) const ENTER_AND_WRITE: u32 = 0o3;

/// The account which runs initdb, the server and its tools.
#[derive(Debug, Clone)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
    name: String,
    /// True when this process is root and must become someone else.
    switch: bool,
}

impl Account {
    /// Ourselves, or when we are root: the owner of the existing cluster, otherwise the first preferred account.
    pub(super) fn choose(cluster: Option<&Path>) -> Result<Self, EmbeddedError> {
        let owner = cluster.and_then(|path| fs::metadata(path).ok());
        let account = if geteuid().is_root() {
            match &owner {
                Some(owner) if owner.uid() != 0 => Self::owner_of(owner),
                _ => Self::preferred()?,
            }
        } else {
            let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
            Self { uid, gid, name: name_of(uid), switch: false }
        };
        if let (Some(path), Some(owner)) = (cluster, &owner) {
            let remedy = if account.switch {
                "change its owner with `chown -R` or use another `--data-dir`"
            } else {
                "start this program as that user or as root, or use another `--data-dir`"
            };
            account.require_owner(path, owner, remedy)?;
        }
        Ok(account)
    }

    fn owner_of(file: &Metadata) -> Self {
        Self { uid: file.uid(), gid: file.gid(), name: name_of(file.uid()), switch: true }
    }

    fn preferred() -> Result<Self, EmbeddedError> {
        let known = PREFERRED.iter().find_map(|name| User::from_name(name).ok().flatten());
        let user = known.filter(|user| !user.uid.is_root()).ok_or(EmbeddedError::NoAccount)?;
        Ok(Self { uid: user.uid.as_raw(), gid: user.gid.as_raw(), name: user.name, switch: true })
    }

    /// Its name, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is another account than ours.
    pub(super) fn switches(&self) -> bool {
        self.switch
    }

    /// Its number, for names of directories.
    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    /// A command that runs as this account.
    ///
    /// The environment is empty but for what programs need: `PG…` variables would change the server's port or psql's
    /// target, and the server has no business with this program's secrets. The directory is `/`, because ours may be
    /// closed to the account. std drops the supplementary groups (`setgroups(0)`) when root sets a uid.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir("/").stdin(Stdio::null());
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if self.switch {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Runs a command made by [`Account::command`] and collects what it says; nothing reaches our stdout.
    pub(super) fn run(&self, command: &mut Command) -> Result<Output, EmbeddedError> {
        command.output().map_err(|cause| EmbeddedError::Program {
            program: command.get_program().into(),
            user: self.name.clone(),
            cause,
        })
    }

    /// Gives an open file to the account. By handle, so that nobody can slip another file under the name.
    pub(super) fn own_file(&self, file: &File, path: &Path) -> Result<(), EmbeddedError> {
        if self.switch {
            fchown(file, Some(self.uid), Some(self.gid)).map_err(EmbeddedError::file("change the owner of", path))?;
        }
        Ok(())
    }

    /// Gives a directory to the account; a link put in its place is not followed.
    pub(super) fn own_dir(&self, path: &Path) -> Result<(), EmbeddedError> {
        if self.switch {
            lchown(path, Some(self.uid), Some(self.gid)).map_err(EmbeddedError::file("change the owner of", path))?;
        }
        Ok(())
    }

    /// An error when the file is not the account's.
    pub(super) fn require_owner(
        &self,
        path: &Path,
        file: &Metadata,
        remedy: &'static str,
    ) -> Result<(), EmbeddedError> {
        if file.uid() == self.uid {
            return Ok(());
        }
        let (path, owner, user) = (path.to_owned(), name_of(file.uid()), self.name.clone());
        Err(EmbeddedError::Foreign { path, owner, user, remedy })
    }

    /// The first directory on the way to `dir`, itself included, which the account may not enter. `None` for
    /// ourselves: what we can't enter, the operating system tells.
    pub(super) fn first_closed(&self, dir: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = dir.ancestors().collect();
        way.reverse();
        way.into_iter().filter(|_| self.switch).find(|step| !self.may(ENTER, step)).map(Path::to_owned)
    }

    /// Whether the account has all of these permissions on a directory.
    pub(super) fn may(&self, wanted: u32, dir: &Path) -> bool {
        fs::metadata(dir).is_ok_and(|dir| allowed(wanted, (self.uid, self.gid), (dir.uid(), dir.gid()), dir.mode()))
    }
}

/// The permission check of the kernel, for someone without supplementary groups and capabilities.
fn allowed(wanted: u32, who: (u32, u32), owner: (u32, u32), mode: u32) -> bool {
    let shift = match (who.0 == owner.0, who.1 == owner.1) {
        (true, _) => 6,
        (false, true) => 3,
        (false, false) => 0,
    };
    (mode >> shift) & wanted == wanted
}

fn name_of(uid: u32) -> String {
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| format!("number {uid}"), |user| user.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_that_fits_first_decides() {
        let who = (101, 104);
        assert!(allowed(ENTER, who, (0, 0), 0o755));
        assert!(!allowed(ENTER, who, (0, 0), 0o700));
        assert!(allowed(ENTER, who, (0, 104), 0o710));
        assert!(!allowed(ENTER, who, (0, 104), 0o701), "the group's bits hide the others' bits");
        assert!(!allowed(ENTER, who, (101, 0), 0o611), "the owner's bits hide the others' bits");
        assert!(allowed(ENTER_AND_WRITE, who, (0, 0), 0o1777));
        assert!(!allowed(ENTER_AND_WRITE, who, (0, 0), 0o755));
    }

    #[test]
    fn the_topmost_closed_directory_is_named() -> std::io::Result<()> {
        use std::os::unix::fs::PermissionsExt;
        let base = std::env::temp_dir().join(format!("expert-bank-closed-{}", std::process::id()));
        fs::create_dir_all(base.join("a/b"))?;
        for (dir, mode) in [("", 0o755), ("a/b", 0o700), ("a", 0o700)] {
            fs::set_permissions(base.join(dir), fs::Permissions::from_mode(mode))?;
        }
        let stranger = Account { uid: 4_000_000, gid: 4_000_000, name: "stranger".into(), switch: true };
        assert_eq!(stranger.first_closed(&base.join("a/b")), Some(base.join("a")));
        assert_eq!(stranger.first_closed(&base), None);
        assert_eq!(Account { switch: false, ..stranger }.first_closed(&base.join("a/b")), None);
        fs::remove_dir_all(&base)
    }
}
