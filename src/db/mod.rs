//! PostgreSQL: the pool, the private embedded server, migrations, and the generated schema.

pub mod bulk;
pub mod embedded;
mod joined;
pub mod migrations;
#[rustfmt::skip]
#[expect(missing_docs, reason = "generated from the migrations")]
pub mod schema;
mod shared;

use std::cell::Cell;
use std::time::{Duration, Instant};

use diesel::ConnectionError;
use diesel::sql_types::{Bool, Integer};
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager,
};

use self::shared::{Shared, Turn};
use crate::kernel::background::step_back;
use crate::kernel::problem::{Answer, Code, Problem};

/// A pooled connection.
pub type Conn = Object<AsyncPgConnection>;

/// A connection that is only read from, perhaps shared with other requests: `query.load(&mut &*reader)`. A `&mut Conn` is
/// one, too.
pub type Reader = AsyncPgConnection;

/// How long a quick query may wait behind others before it gets a connection of its own.
const QUICK_WAIT: Duration = Duration::from_millis(500);

/// How often a quick query that waits for a connection of its own looks whether a shared one answers again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How long a request waits for connections, all in all, before it is told to come again.
const REQUEST_WAITS: Duration = Duration::from_millis(1_500);

/// How long commands and what runs beside the requests wait; no connection takes longer to open.
const OTHERS_WAIT: Duration = Duration::from_secs(5);

/// What every connection is told first: a query that runs away ends, a forgotten transaction ends, nothing is compiled for a
/// single use (which takes longer than any query here), little waits to be put into an index of words or keys, where each look
/// would read it, and messages are English, by which `kernel/database_fault` knows them. The last takes a privilege (`GRANT SET ON PARAMETER lc_messages`),
/// without which it stays as the server has it.
const SESSION: &str = "SET application_name = 'expert-bank'; SET timezone = 'UTC'; SET statement_timeout = '15s'; \
                       SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'; SET jit = off; \
                       SET gin_pending_list_limit = '64kB'; \
                       SELECT set_config('lc_messages', 'C', false) WHERE has_parameter_privilege('lc_messages', 'SET')";

tokio::task_local! {
    /// What is left of the time a request may wait for connections.
    static PATIENCE: Cell<Duration>;
}

/// For what runs beside the requests: until the transaction ends it gives way instead of waiting for a lock, and keeps no connection
/// from them; it is tried again. Among PostgreSQL's sessions it is told apart by its name.
///
/// # Errors
/// 503 when the database is away.
pub async fn give_way(tx: &mut Conn) -> Answer<()> {
    tx.batch_execute("SET LOCAL lock_timeout = '100ms'; SET LOCAL application_name = 'expert-bank (beside)'").await?;
    plan_anew(tx).await
}

/// For work on a queue: until the transaction ends PostgreSQL plans each statement by how large the tables are then. The plan it
/// would keep instead may be from when they were empty, and read all of a queue once for each row of it. Not for what writes many
/// rows that refer to others: each reference would be planned anew, too.
///
/// # Errors
/// 503 when the database is away.
pub async fn plan_anew(tx: &mut Conn) -> Answer<()> {
    Ok(tx.batch_execute("SET LOCAL plan_cache_mode = force_custom_plan").await?)
}

/// Ends what [`plan_anew`] began, before rows are written.
///
/// # Errors
/// 503 when the database is away.
pub async fn plan_as_usual(tx: &mut Conn) -> Answer<()> {
    Ok(tx.batch_execute("SET LOCAL plan_cache_mode = auto").await?)
}

/// For a transaction that writes many rows: it puts words and keys into their indexes in larger heaps, which takes two thirds of the
/// time. What waits at its end is put there by whoever keeps house.
///
/// # Errors
/// 503 when the database is away.
pub async fn write_many(tx: &mut Conn) -> Answer<()> {
    Ok(tx.batch_execute("SET LOCAL gin_pending_list_limit = '2MB'").await?)
}

/// Runs a request. It may ask for connections several times; its waits add up to no more than one.
pub async fn request<T>(work: impl Future<Output = T>) -> T {
    PATIENCE.scope(Cell::new(REQUEST_WAITS), work).await
}

/// The database, shared by all workers.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
    shared: Shared,
    /// The server is a private one on this machine.
    is_ours: bool,
}

impl Db {
    /// A pool of at most `size` connections, made when needed, and beside it shared ones for quick queries: one a core, and as many to spare.
    ///
    /// Must be called on the long-lived runtime: the pool's connections are driven there, so that none dies with the worker
    /// thread that happened to open it. A shared one lives as long as the worker it is at home on.
    ///
    /// # Errors
    /// When the pool can't be built; a database that is away shows on first use.
    pub fn new(url: &str, size: usize) -> Result<Self, deadpool::managed::BuildError> {
        let runtime = tokio::runtime::Handle::current();
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let shared = Shared::new(url, 2 * cores.clamp(1, 4));
        let mut config = ManagerConfig::default();
        // no round trip: the task that drives a connection sees at once when PostgreSQL closes it
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| {
            let (runtime, url) = (runtime.clone(), url.to_owned());
            Box::pin(async move {
                // it ends by itself, because whoever waits for it may be gone before
                let opened = runtime.spawn(tokio::time::timeout(OTHERS_WAIT, async move { open(&url).await })).await;
                let bad = |error: &dyn std::fmt::Display| Err(ConnectionError::BadConnection(error.to_string()));
                opened.map_or_else(|error| bad(&error), |opened| opened.unwrap_or_else(|error| bad(&error)))
            })
        });
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
        Ok(Self { pool: Pool::builder(manager).max_size(size).build()?, shared, is_ours: false })
    }

    /// With a private server on this machine, whose sessions may be told to step behind the others.
    #[must_use]
    pub fn with_own_server(self) -> Self {
        Self { is_ours: true, ..self }
    }

    /// A connection for queries.
    ///
    /// # Errors
    /// 503 when the database is away or all connections stay busy.
    pub async fn conn(&self) -> Answer<Conn> {
        let patience = PATIENCE.try_with(Cell::get).unwrap_or(OTHERS_WAIT);
        let waiting = Waiting(Instant::now());
        let got = tokio::time::timeout(patience, self.pool.get()).await;
        drop(waiting);
        match got {
            Ok(got) => got.map_err(Problem::unavailable),
            Err(_elapsed) => Err(Problem::unavailable("all connections stay busy, or the database does not answer")),
        }
    }

    /// Runs a quick query, or a few, beside those of other requests over a shared connection. `what` names them, so that what
    /// turns out to be slow is known. It may run again: where a shared connection fails it, over one of its own.
    ///
    /// # Errors
    /// As [`Db::conn`], and what the query says.
    pub async fn quick<T, E: Into<Problem>>(
        &self,
        what: &'static str,
        work: impl AsyncFn(&Reader) -> Result<T, E>,
    ) -> Answer<T> {
        let mut turn = self.shared.turn(what);
        loop {
            if let Some(turn) = turn {
                let begin = Instant::now();
                match tokio::time::timeout(QUICK_WAIT, work(turn.conn())).await {
                    Ok(Err(error)) => {
                        let problem: Problem = error.into();
                        if problem.code() != Code::Unavailable {
                            return Err(problem);
                        }
                        // it ran into a limit, or the connection ended
                        self.shared.keep_away(what);
                    }
                    Ok(Ok(value)) => return Ok(value),
                    Err(_elapsed) => turn.give_up(),
                }
                spend(begin.elapsed());
            }
            match self.either(what).await? {
                Either::Shared(again) => turn = Some(again),
                // what only reads over a shared connection only reads here, too
                Either::Own(mut conn) => {
                    return within(&mut conn, async |tx| {
                        tx.batch_execute("SET TRANSACTION READ ONLY").await?;
                        work(&**tx).await.map_err(Into::into)
                    })
                    .await;
                }
            }
        }
    }

    /// A connection of one's own, or a turn on a shared one where that comes first: a pool that stays busy is no reason to
    /// turn a quick query away.
    async fn either(&self, what: &'static str) -> Answer<Either> {
        let shared = async {
            loop {
                tokio::time::sleep(LOOK_AGAIN).await;
                if let Some(turn) = self.shared.turn(what) {
                    break turn;
                }
            }
        };
        tokio::select! {
            biased;
            conn = self.conn() => Ok(Either::Own(Box::new(conn?))),
            turn = shared => Ok(Either::Shared(turn)),
        }
    }

    /// True unless PostgreSQL's messages are in another language than the one its passing faults are known by.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn speaks_english(&self) -> Answer<bool> {
        let english = diesel::dsl::sql::<Bool>("current_setting('lc_messages') ~ '^(C|POSIX|en|$)'");
        Ok(diesel::select(english).get_result(&mut self.conn().await?).await?)
    }

    /// Connections of the pool that are open, of those idle, and requests that wait for one.
    pub fn load(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        (status.size, status.available, status.waiting)
    }

    /// Shared connections that are open.
    pub fn shared(&self) -> usize {
        self.shared.open()
    }

    /// Closes all connections; whoever asks for one afterwards gets a 503.
    pub fn close(&self) {
        self.shared.close();
        self.pool.close();
    }

    /// Runs `work` in a transaction: commits on `Ok`, rolls back on `Err`.
    ///
    /// # Errors
    /// What `work` answers, or what the database says at commit; 503 when the line broke there, and nobody knows.
    pub async fn transaction<T>(&self, work: impl AsyncFnOnce(&mut Conn) -> Answer<T>) -> Answer<T> {
        within(&mut self.conn().await?, work).await
    }

    /// A connection for bulk work: where the server is a private one, its session steps behind those of the requests.
    ///
    /// # Errors
    /// As [`Db::conn`].
    pub async fn behind(&self) -> Answer<Behind> {
        let mut conn = self.conn().await?;
        if self.is_ours {
            let pid = diesel::select(diesel::dsl::sql::<Integer>("pg_backend_pid()"));
            step_back(Some(pid.get_result(&mut conn).await?));
        }
        Ok(Behind(Some(conn)))
    }

    /// Lets PostgreSQL look at tables anew, which takes seconds for large ones; meanwhile it steps behind the requests. The first
    /// is the largest: it is looked at beside the others.
    ///
    /// # Errors
    /// 503 when the database is away or others look at a table for long: nothing is lost.
    pub async fn look_anew(&self, tables: &[&str]) -> Answer<()> {
        let (first, others) = tables.split_at(tables.len().min(1));
        tokio::try_join!(self.look_at(first), self.look_at(others))?;
        Ok(())
    }

    async fn look_at(&self, tables: &[&str]) -> Answer<()> {
        if tables.is_empty() {
            return Ok(());
        }
        let mut behind = self.behind().await?;
        for table in tables {
            let sql = format!("SET LOCAL statement_timeout = '10min'; ANALYZE {table}");
            behind.transaction(async |tx| Ok(tx.batch_execute(&sql).await?)).await?;
        }
        Ok(())
    }
}

/// A connection for bulk work; see [`Db::behind`]. What stepped back stays back, so nobody else gets it afterwards.
pub struct Behind(Option<Conn>);

impl Behind {
    /// As [`Db::transaction`].
    ///
    /// # Errors
    /// As [`Db::transaction`].
    pub async fn transaction<T>(&mut self, work: impl AsyncFnOnce(&mut Conn) -> Answer<T>) -> Answer<T> {
        match &mut self.0 {
            Some(conn) => within(conn, work).await,
            None => Err(Problem::internal("a connection is gone before its owner")),
        }
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

/// What a quick query goes on with.
enum Either {
    Own(Box<Conn>),
    Shared(Turn),
}

/// A wait for a connection, also one that is broken off: when it ends it is taken from what the request may wait.
struct Waiting(Instant);

impl Drop for Waiting {
    fn drop(&mut self) {
        spend(self.0.elapsed());
    }
}

/// Takes from what the request may wait; outside of a request there is nothing to take from.
fn spend(time: Duration) {
    let _ = PATIENCE.try_with(|left| left.set(left.get().saturating_sub(time)));
}

async fn within<T>(conn: &mut Conn, work: impl AsyncFnOnce(&mut Conn) -> Answer<T>) -> Answer<T> {
    AnsiTransactionManager::begin_transaction(&mut **conn).await?;
    match work(conn).await {
        Ok(value) => {
            AnsiTransactionManager::commit_transaction(&mut **conn).await?;
            Ok(value)
        }
        Err(problem) => {
            if let Err(error) = AnsiTransactionManager::rollback_transaction(&mut **conn).await {
                tracing::warn!(%error, "rollback failed; the connection is given up");
            }
            Err(problem)
        }
    }
}

/// Tries something in a transaction: what comes to nothing, or fails, is undone, and the transaction goes on.
///
/// # Errors
/// What `work` answers; 503 when the database is away.
pub async fn attempt<T>(tx: &mut Conn, work: impl AsyncFnOnce(&mut Conn) -> Answer<Option<T>>) -> Answer<Option<T>> {
    AnsiTransactionManager::begin_transaction(&mut **tx).await?;
    let done = work(tx).await;
    if matches!(done, Ok(Some(_))) {
        AnsiTransactionManager::commit_transaction(&mut **tx).await?;
    } else {
        AnsiTransactionManager::rollback_transaction(&mut **tx).await?;
    }
    done
}

async fn open(url: &str) -> Result<AsyncPgConnection, ConnectionError> {
    let mut conn = AsyncPgConnection::establish(url).await?;
    conn.batch_execute(SESSION).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}
