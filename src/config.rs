//! Settings of the server: keys, addresses, the database. Every error names the setting, the value (never a secret) and
//! the fix.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::kernel::sealed::{KeyRing, SealError};

/// Where the data is. Every command takes these.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// Folder of the private PostgreSQL and its keys, when no database is named
    #[arg(long, env = "EXPERT_BANK_DATA_DIR", default_value = "./data/local", global = true)]
    pub data_dir: PathBuf,
    /// A PostgreSQL 15 or newer to use instead, `postgresql://user:password@host/database`
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true)]
    pub database_url: Option<String>,
    /// Keys that seal restricted data, `id:base64-of-32-bytes`, newest first; kept in the data folder without a database URL
    #[arg(long, env = "EXPERT_BANK_SEALING_KEYS", hide_env_values = true, global = true)]
    pub sealing_keys: Option<String>,
    /// Keys that sign access tokens, in the same form
    #[arg(long, env = "EXPERT_BANK_SIGNING_KEYS", hide_env_values = true, global = true)]
    pub signing_keys: Option<String>,
    /// Most connections to the database
    #[arg(long, env = "EXPERT_BANK_POOL_SIZE", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..=500), global = true)]
    pub pool_size: u16,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    /// Address and port to listen on
    #[arg(long, env = "EXPERT_BANK_BIND", default_value = "127.0.0.1:8080")]
    pub bind: SocketAddr,
    /// Load the demo (2,000 synthetic experts, an account for each role) if it is not there
    #[arg(long, env = "EXPERT_BANK_DEMO")]
    pub demo: bool,
    /// Folder with science_fields.csv, academic_titles.csv, provinces.csv and holidays.csv, to use instead of the ones in
    /// the program
    #[arg(long, env = "EXPERT_BANK_REFERENCE_DIR")]
    pub reference_dir: Option<PathBuf>,
    /// Addresses of proxies whose X-Forwarded-For is believed, separated by commas
    #[arg(long, env = "EXPERT_BANK_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<IpAddr>,
    /// Web sites whose scripts may call the API (CORS), such as `https://portal.example`, separated by commas; none by default
    #[arg(long, env = "EXPERT_BANK_CORS_ORIGINS", value_delimiter = ',')]
    pub cors_origins: Vec<String>,
    /// Address and port of the Prometheus metrics at /metrics; none by default
    #[arg(long, env = "EXPERT_BANK_METRICS_BIND")]
    pub metrics_bind: Option<SocketAddr>,
    /// Threads that answer requests; the number of cores by default
    #[arg(long, env = "EXPERT_BANK_WORKERS", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
}

/// What is wrong with a setting.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key ring can't be read.
    #[error("{setting} can't be used: {source}. Make a key with `openssl rand -base64 32` and write it as `k1:<that>`")]
    Keys {
        /// The environment variable.
        setting: &'static str,
        /// Why.
        source: SealError,
    },
    /// A database of one's own needs keys of one's own.
    #[error(
        "{setting} is not set. With DATABASE_URL the keys must come from outside, or a lost disk would lose them with the \
         data: make one with `openssl rand -base64 32` and set {setting}=k1:<that>"
    )]
    MissingKeys {
        /// The environment variable.
        setting: &'static str,
    },
    /// A key file can't be read or written.
    #[error(
        "cannot {what} the key file {path}: {source}. The data folder must belong to the user who starts the server"
    )]
    KeyFile {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A proxy lets others in.
    #[error(
        "--demo with --trusted-proxies (EXPERT_BANK_TRUSTED_PROXIES): the demo's passwords are published and must not be \
         reachable through a proxy; leave one of them out"
    )]
    DemoBehindProxy,
    /// The demo has published passwords.
    #[error(
        "--demo with --bind {bind}: the demo's passwords are published and work on a loopback address only. \
         Use --bind 127.0.0.1:{port}, or leave --demo out",
        port = bind.port()
    )]
    DemoInPublic {
        /// The address.
        bind: SocketAddr,
    },
}

impl ServeArgs {
    /// Checks what clap can't.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.demo && !self.loopback() {
            return Err(ConfigError::DemoInPublic { bind: self.bind });
        }
        if self.demo && !self.trusted_proxies.is_empty() {
            return Err(ConfigError::DemoBehindProxy);
        }
        Ok(())
    }

    /// True when only this machine can reach the server.
    pub fn loopback(&self) -> bool {
        match self.bind.ip() {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => ip.is_loopback(),
        }
    }
}

/// Which keys.
#[derive(Debug, Clone, Copy)]
pub enum KeyUse {
    /// They seal restricted data.
    Sealing,
    /// They sign access tokens.
    Signing,
}

impl KeyUse {
    const fn setting(self) -> &'static str {
        match self {
            Self::Sealing => "EXPERT_BANK_SEALING_KEYS",
            Self::Signing => "EXPERT_BANK_SIGNING_KEYS",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Sealing => "sealing.keys",
            Self::Signing => "signing.keys",
        }
    }
}

/// The keys from the environment; else, for the embedded server, from its data folder, made there when missing.
///
/// # Errors
/// See [`ConfigError`].
pub fn keys(args: &DataArgs, usage: KeyUse) -> Result<KeyRing, ConfigError> {
    let setting = usage.setting();
    let given = match usage {
        KeyUse::Sealing => &args.sealing_keys,
        KeyUse::Signing => &args.signing_keys,
    };
    let text = match given {
        Some(text) => text.clone(),
        None if args.database_url.is_some() => return Err(ConfigError::MissingKeys { setting }),
        None => kept_keys(&args.data_dir.join(usage.file()), setting)?,
    };
    KeyRing::parse(&text).map_err(|source| ConfigError::Keys { setting, source })
}

/// Reads the key file or makes it, readable by its owner only. Of two processes that make it at once, one wins.
fn kept_keys(path: &Path, setting: &'static str) -> Result<String, ConfigError> {
    use std::os::unix::fs::OpenOptionsExt;
    let failed = |what| move |source| ConfigError::KeyFile { what, path: path.to_owned(), source };
    if let Ok(text) = std::fs::read_to_string(path) {
        return Ok(text);
    }
    let text = KeyRing::generate_text("k1").map_err(|source| ConfigError::Keys { setting, source })?;
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).map_err(failed("write"))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed("write"))?;
    // a hard link fails when the name is taken, so the first of two writers stays
    let linked = std::fs::hard_link(&fresh, path);
    std::fs::remove_file(&fresh).map_err(failed("write"))?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(failed("write")(error)),
        _ => std::fs::read_to_string(path).map_err(failed("read")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(bind: &str, demo: bool) -> ServeArgs {
        ServeArgs {
            bind: bind.parse().unwrap(),
            demo,
            reference_dir: None,
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            metrics_bind: None,
            workers: None,
        }
    }

    #[test]
    fn the_demo_stays_on_this_machine() {
        assert!(serve("127.0.0.1:8080", true).check().is_ok());
        assert!(serve("[::1]:8080", true).check().is_ok());
        assert!(serve("0.0.0.0:8080", false).check().is_ok());
        let error = serve("0.0.0.0:8080", true).check().unwrap_err().to_string();
        assert!(error.contains("0.0.0.0:8080") && error.contains("127.0.0.1:8080"), "{error}");
    }

    #[test]
    fn keys_are_kept_for_the_embedded_server_and_asked_for_otherwise() {
        let data_dir = std::env::temp_dir().join(format!("keys-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&data_dir).unwrap();
        let mut args = DataArgs { data_dir, database_url: None, sealing_keys: None, signing_keys: None, pool_size: 2 };
        let first = keys(&args, KeyUse::Sealing).unwrap();
        let again = keys(&args, KeyUse::Sealing).unwrap();
        assert_eq!(first.get("k1"), again.get("k1"));
        assert_ne!(first.get("k1"), keys(&args, KeyUse::Signing).unwrap().get("k1"));
        std::fs::remove_dir_all(&args.data_dir).unwrap();
        args.database_url = Some("postgresql://secret@host/db".into());
        let error = keys(&args, KeyUse::Signing).unwrap_err().to_string();
        assert!(error.contains("EXPERT_BANK_SIGNING_KEYS") && !error.contains("secret"), "{error}");
        args.signing_keys = Some("k1:c2hvcnQ=".into());
        let error = keys(&args, KeyUse::Signing).unwrap_err().to_string();
        assert!(error.contains("EXPERT_BANK_SIGNING_KEYS") && !error.contains("c2hvcnQ"), "{error}");
    }
}
