//! Starting: the database, its schema, the keys, the reference data; then the server.

use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, Instant};

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
use crate::experts::vocabulary::Vocabularies;
use crate::kernel::problem::Problem;
use crate::kernel::sealed::{KeyRing, SealError, Sealer};
use crate::kernel::sheet::{Sheet, SheetError};
use crate::metrics::Metrics;
use crate::reference::load::LoadError;
use crate::state::State;
use crate::{audit, demo, experts, fields, housekeeping, organisations, reference, sync};
use actix_web::HttpServer;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

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
    let db = Db::new(&url, usize::from(args.pool_size))?;
    let state = State {
        db: if embedded.is_some() { db.with_own_server() } else { db },
        sealer: Sealer::new(sealing.clone()),
        tokens: Tokens::new(signing),
        // half the cores at most: sign-ins must not take the reads' processor away
        passwords: Passwords::new(cores / 2)?,
        limits: Limits::default(),
        vocabularies: Vocabularies::default(),
        matching: Default::default(),
        wake: sync::Wake::default(),
        proxies: TrustedProxies(serving.map(|args| args.trusted_proxies.clone()).unwrap_or_default()),
        loopback: serving.is_none_or(ServeArgs::loopback),
    };
    check_keys(&state, &sealing).await?;
    derive_keys(&state).await?;
    if !state.db.speaks_english().await? {
        tracing::warn!(
            "PostgreSQL's messages are not in English, so some passing faults will be answered with 500 instead of 503; \
             let an administrator run GRANT SET ON PARAMETER lc_messages TO this role"
        );
    }
    Ok(Store { state, embedded })
}

/// What the program derives and an older version did not: search keys are not computed in SQL.
async fn derive_keys(state: &State) -> Result<(), StartError> {
    let names = organisations::derive_missing_names(state).await?;
    let workplaces = experts::derive_missing_keys(state).await?;
    if names + workplaces > 0 {
        tracing::info!(names, workplaces, "keys derived");
    }
    Ok(())
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

/// Every key this database was sealed with must be in the ring and be the same; only then a new one leaves its sample, so
/// that a wrong ring, tried once, changes nothing.
async fn check_keys(state: &State, ring: &KeyRing) -> Result<(), StartError> {
    let context = |key: &str| format!("sealing_keys/{key}");
    let active = ring.active_id().to_owned();
    let sample = state.sealer.seal(&context(&active), SAMPLE)?;
    let sealer = state.sealer.clone();
    let fault = state.db.transaction(async move |tx| {
        diesel::sql_query("LOCK TABLE sealing_keys IN EXCLUSIVE MODE").execute(tx).await?;
        let stored: Vec<(String, Vec<u8>)> =
            sealing_keys::table.select((sealing_keys::key_id, sealing_keys::sample)).load(tx).await?;
        for (key, sample) in stored {
            match sealer.open(&context(&key), &sample) {
                Ok(plain) if plain == SAMPLE => {}
                Err(SealError::UnknownKey(_)) => return Ok(Some(StartError::KeyGone { key })),
                _ => return Ok(Some(StartError::WrongKey { key })),
            }
        }
        diesel::insert_into(sealing_keys::table)
            .values((sealing_keys::key_id.eq(active), sealing_keys::sample.eq(sample)))
            .on_conflict_do_nothing()
            .execute(tx)
            .await?;
        Ok(None)
    });
    fault.await?.map_or(Ok(()), Err)
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
    let groups_file = sheet("union_field_groups.csv", include_str!("../data/union_field_groups.csv"))?;
    let titles_file = sheet("academic_titles.csv", include_str!("../data/academic_titles.csv"))?;
    let provinces_file = sheet("provinces.csv", include_str!("../data/provinces.csv"))?;
    let holidays_file = sheet("holidays.csv", include_str!("../data/holidays.csv"))?;
    // a folder made for an earlier release has none
    let own_texts = folder.map(|folder| folder.join("consent_texts.csv")).filter(|path| path.exists());
    let texts_file = match own_texts {
        Some(path) => Sheet::open(&path)?,
        None => Sheet::built_in("consent_texts.csv", include_str!("../data/consent_texts.csv")),
    };
    let loaded = [
        ("fields", fields::load::load(state, &fields_file).await?),
        ("groups of fields", fields::load_groups::load(state, &groups_file).await?),
        ("titles", reference::load::titles(state, &titles_file).await?),
        ("provinces", reference::load::provinces(state, &provinces_file).await?),
        ("holidays", reference::load::holidays(state, &holidays_file).await?),
        ("consent texts", experts::consent_texts::load(state, &texts_file).await?),
    ];
    for (what, loaded) in loaded.iter().filter(|(_, loaded)| loaded.changed > 0) {
        tracing::info!("reference data, {what}: {loaded}");
    }
    Ok(())
}

/// Serves until Ctrl-C or a termination signal, then finishes what has begun and stops.
///
/// # Errors
/// See [`StartError`].
pub async fn serve(data: &DataArgs, args: &ServeArgs) -> Result<(), StartError> {
    let started = Instant::now();
    args.check()?;
    let mut stop = std::pin::pin!(stop_signal());
    let store = tokio::select! {
        opened = open(data, Some(args)) => opened?,
        () = &mut stop => return Ok(()),
    };
    let served = serve_store(&store.state, args, started, stop).await;
    let closed = store.close().await;
    served.and(closed)
}

async fn prepare(state: &State, args: &ServeArgs) -> Result<(), StartError> {
    load_reference(state, args.reference_dir.as_deref()).await?;
    if args.demo {
        demo::load(state, demo::EXPERTS).await?;
    }
    Ok(())
}

/// Comes when somebody wants the program to end: Ctrl-C, a supervisor, a closed terminal.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let waits = kinds.into_iter().filter_map(|kind| signal(kind).ok()).map(|mut signal| async move {
        signal.recv().await;
    });
    let mut waits: Vec<_> = waits.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        let came = waits.iter_mut().any(|wait| wait.as_mut().poll(context).is_ready());
        if came { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// Serves the metrics on an address of their own, when one is set: they are for the operator, not for the API's callers.
fn serve_metrics(
    state: &State,
    args: &ServeArgs,
    metrics: Metrics,
) -> Result<Option<actix_web::dev::ServerHandle>, StartError> {
    let Some(bind) = args.metrics_bind else { return Ok(None) };
    let db = state.db.clone();
    let factory = move || {
        actix_web::App::new()
            .app_data(metrics.clone())
            .app_data(db.clone())
            .route("/metrics", actix_web::web::get().to(crate::metrics::scrape))
    };
    let server = HttpServer::new(factory).workers(1).disable_signals().bind(bind);
    let server = server.map_err(|source| StartError::Bind { bind, source })?.run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(Some(handle))
}

async fn serve_store(
    state: &State,
    args: &ServeArgs,
    started: Instant,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), StartError> {
    tokio::select! {
        prepared = prepare(state, args) => prepared?,
        () = &mut stop => return Ok(()),
    }
    let app = App::new(state.clone(), &args.cors_origins)?;
    let metrics = app.metrics();
    let workers = args.workers.map_or_else(|| std::thread::available_parallelism().map_or(2, usize::from), usize::from);
    let server = HttpServer::new(move || app.build())
        .workers(workers)
        .shutdown_timeout(15)
        .disable_signals()
        .client_request_timeout(Duration::from_secs(10))
        .bind(args.bind)
        .map_err(|source| StartError::Bind { bind: args.bind, source })?;
    let addresses = server.addrs();
    let url = addresses.as_slice().first().map_or_else(String::new, |address| format!("http://{address}"));
    let beside = tokio::spawn(housekeeping::run(state.clone()));
    let syncing = tokio::spawn(sync::worker::run(state.clone()));
    let measuring = serve_metrics(state, args, metrics)?;
    crate::cli::announce(&url, args.demo, started.elapsed());
    let server = server.run();
    let handle = server.handle();
    let mut server = std::pin::pin!(server);
    let served = tokio::select! {
        ended = &mut server => ended,
        () = &mut stop => {
            tracing::info!("finishing what has begun; a second signal ends at once");
            tokio::spawn(async {
                stop_signal().await;
                std::process::exit(130)
            });
            tokio::join!(handle.stop(true), server).1
        }
    };
    let served = served.map_err(StartError::Server);
    if let Some(measuring) = measuring {
        measuring.stop(false).await;
    }
    beside.abort();
    syncing.abort();
    if let Err(problem) = audit::chain::seal(&state.db).await {
        tracing::warn!(%problem, "the last audit events will be chained at the next start");
    }
    served
}
