//! Starting: the database, its schema, the keys, the reference data; then the server.

use std::path::Path;
use std::time::{Duration, Instant};

use actix_web::HttpServer;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tokio::signal::unix::{SignalKind, signal};

use crate::access::address::TrustedProxies;
use crate::access::password::Passwords;
use crate::access::throttle::Limits;
use crate::access::token::Tokens;
use crate::app::App;
use crate::config::{ConfigError, DataArgs, KeyUse, ServeArgs, keys};
use crate::db::Db;
use crate::db::embedded::{Embedded, EmbeddedError};
use crate::db::migrations::{self, MigrateError};
use crate::db::schema::sealing_keys;
use crate::kernel::problem::Problem;
use crate::kernel::sealed::{KeyRing, SealError, Sealer};
use crate::kernel::sheet::{Sheet, SheetError};
use crate::reference::load::LoadError;
use crate::state::State;
use crate::{audit, demo, fields, housekeeping, reference};

/// Name of the database in the embedded server.
const DATABASE: &str = "expert_bank";
/// What is sealed to recognise a key.
const SAMPLE: &[u8] = b"expert-bank";

/// Why the program can't start or go on.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    #[error("the pool of database connections can't be built: {0}")]
    Pool(#[from] deadpool::managed::BuildError),
    #[error("{0}")]
    Problem(#[from] Problem),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Sheet(#[from] SheetError),
    #[error(
        "the sealing key `{key}` is another than the one this database was sealed with: restricted data could not be read. \
         Set EXPERT_BANK_SEALING_KEYS to the old key (a new one may stand before it)"
    )]
    WrongKey { key: String },
    #[error(
        "this database holds data sealed with the key `{key}`, which is not in EXPERT_BANK_SEALING_KEYS; add it after the \
         newest key"
    )]
    KeyGone { key: String },
    #[error("{0}")]
    Seal(#[from] SealError),
    #[error("cannot listen on {bind}: {source}. Choose another with --bind (EXPERT_BANK_BIND)")]
    Bind { bind: std::net::SocketAddr, source: std::io::Error },
    #[error("the server stopped: {0}")]
    Server(std::io::Error),
    #[error("a task of the start failed: {0}")]
    Task(#[from] tokio::task::JoinError),
    #[error("{0}")]
    Refused(String),
}

/// A database ready for use, with the embedded server that holds it, if it is ours.
pub struct Store {
    /// What the commands and handlers use.
    pub state: State,
    embedded: Option<Embedded>,
}

/// Connects or starts the embedded server, brings the schema up to date, checks the keys.
///
/// # Errors
/// See [`StartError`].
pub async fn open(args: &DataArgs, serving: Option<&ServeArgs>) -> Result<Store, StartError> {
    let (url, embedded) = database(args).await?;
    let sealing = keys(args, KeyUse::Sealing)?;
    let signing = keys(args, KeyUse::Signing)?;
    let migrate_url = url.clone();
    let ran = tokio::task::spawn_blocking(move || migrations::run(&migrate_url)).await??;
    if !ran.is_empty() {
        tracing::info!(count = ran.len(), "migrations ran");
    }
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let state = State {
        db: Db::new(&url, usize::from(args.pool_size))?,
        sealer: Sealer::new(sealing.clone()),
        tokens: Tokens::new(signing),
        // half the cores at most: sign-ins must not take the reads' processor away
        passwords: Passwords::new(cores / 2)?,
        limits: Limits::default(),
        proxies: TrustedProxies(serving.map(|args| args.trusted_proxies.clone()).unwrap_or_default()),
        loopback: serving.is_none_or(ServeArgs::loopback),
    };
    check_keys(&state, &sealing).await?;
    if !state.db.speaks_english().await? {
        tracing::warn!(
            "PostgreSQL's messages are not in English, so some passing faults will be answered with 500 instead of 503; \
             let an administrator run GRANT SET ON PARAMETER lc_messages TO this role"
        );
    }
    Ok(Store { state, embedded })
}

async fn database(args: &DataArgs) -> Result<(String, Option<Embedded>), StartError> {
    if let Some(url) = &args.database_url {
        return Ok((url.clone(), None));
    }
    let data_dir = args.data_dir.clone();
    let joined = tokio::task::spawn_blocking(move || -> Result<_, EmbeddedError> {
        let embedded = Embedded::join(&data_dir)?;
        embedded.ensure_database(DATABASE)?;
        Ok((embedded.url(DATABASE), embedded))
    });
    let (url, embedded) = joined.await??;
    Ok((url, Some(embedded)))
}

impl Store {
    /// Leaves the embedded server, which stops when nobody else uses it.
    ///
    /// # Errors
    /// When it can't be stopped.
    pub async fn close(self) -> Result<(), StartError> {
        self.state.db.close();
        if let Some(embedded) = self.embedded {
            tokio::task::spawn_blocking(move || embedded.leave()).await??;
        }
        Ok(())
    }
}

/// Every key this database was sealed with must be in the ring and be the same; a new one leaves its sample.
async fn check_keys(state: &State, ring: &KeyRing) -> Result<(), StartError> {
    let context = |key: &str| format!("sealing_keys/{key}");
    let active = ring.active_id();
    let sample = state.sealer.seal(&context(active), SAMPLE)?;
    let mut conn = state.db.conn().await?;
    let stored: Result<Vec<(String, Vec<u8>)>, diesel::result::Error> = async {
        diesel::insert_into(sealing_keys::table)
            .values((sealing_keys::key_id.eq(active), sealing_keys::sample.eq(sample)))
            .on_conflict_do_nothing()
            .execute(&mut conn)
            .await?;
        sealing_keys::table.select((sealing_keys::key_id, sealing_keys::sample)).load(&mut conn).await
    }
    .await;
    for (key, sample) in stored.map_err(Problem::from)? {
        match state.sealer.open(&context(&key), &sample) {
            Ok(plain) if plain == SAMPLE => {}
            Err(SealError::UnknownKey(_)) => return Err(StartError::KeyGone { key }),
            _ => return Err(StartError::WrongKey { key }),
        }
    }
    Ok(())
}

/// Loads the reference data: the files of a folder, or those in the program. A second time without effect.
///
/// # Errors
/// See [`StartError`].
pub async fn load_reference(state: &State, folder: Option<&Path>) -> Result<(), StartError> {
    let sheet = |name: &str, built_in: &'static str| match folder {
        Some(folder) => Sheet::open(&folder.join(name)),
        None => Ok(Sheet::built_in(name, built_in)),
    };
    let fields_file = sheet("science_fields.csv", include_str!("../data/science_fields.csv"))?;
    let titles_file = sheet("academic_titles.csv", include_str!("../data/academic_titles.csv"))?;
    let provinces_file = sheet("provinces.csv", include_str!("../data/provinces.csv"))?;
    let holidays_file = sheet("holidays.csv", include_str!("../data/holidays.csv"))?;
    let loaded = [
        ("fields", fields::load::load(state, &fields_file).await?),
        ("titles", reference::load::titles(state, &titles_file).await?),
        ("provinces", reference::load::provinces(state, &provinces_file).await?),
        ("holidays", reference::load::holidays(state, &holidays_file).await?),
    ];
    for (what, loaded) in loaded.iter().filter(|(_, loaded)| loaded.changed > 0) {
        tracing::info!("reference data, {what}: {loaded}");
    }
    Ok(())
}

/// Comes back at the first Ctrl-C or termination signal; whoever presses Ctrl-C again does not want to wait.
fn told_to_end() -> Result<impl Future<Output = ()> + Send + 'static, StartError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Server)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Server)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("finishing what has begun; Ctrl-C again ends at once");
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(130)
        });
    })
}

/// Serves until Ctrl-C or a termination signal, then finishes what has begun and stops.
///
/// # Errors
/// See [`StartError`].
pub async fn serve(data: &DataArgs, args: &ServeArgs) -> Result<(), StartError> {
    let started = Instant::now();
    args.check()?;
    let store = open(data, Some(args)).await?;
    let served = serve_store(&store.state, args, started).await;
    let closed = store.close().await;
    served.and(closed)
}

async fn serve_store(state: &State, args: &ServeArgs, started: Instant) -> Result<(), StartError> {
    load_reference(state, args.reference_dir.as_deref()).await?;
    if args.demo {
        demo::load(state, demo::EXPERTS).await?;
    }
    let app = App::new(state.clone())?;
    let workers = args.workers.map_or_else(|| std::thread::available_parallelism().map_or(2, usize::from), usize::from);
    let server = HttpServer::new(move || app.build())
        .workers(workers)
        .shutdown_timeout(15)
        .shutdown_signal(told_to_end()?)
        .client_request_timeout(Duration::from_secs(10))
        .bind(args.bind)
        .map_err(|source| StartError::Bind { bind: args.bind, source })?;
    let addresses = server.addrs();
    let url = addresses.as_slice().first().map_or_else(String::new, |address| format!("http://{address}"));
    let beside = tokio::spawn(housekeeping::run(state.db.clone()));
    crate::cli::announce(&url, args.demo, started.elapsed());
    let served = server.run().await.map_err(StartError::Server);
    beside.abort();
    if let Err(problem) = audit::chain::seal(&state.db).await {
        tracing::warn!(%problem, "the last audit events will be chained at the next start");
    }
    served
}
