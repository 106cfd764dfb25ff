//! PostgreSQL: the pool, the private embedded server, migrations, and the generated schema.

pub mod embedded;
pub mod migrations;
#[rustfmt::skip]
#[expect(missing_docs, reason = "generated from the migrations")]
pub mod schema;

use std::time::Duration;

use deadpool::managed::{PoolConfig, Timeouts};
use diesel::ConnectionError;
use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};

use crate::kernel::problem::{Answer, Problem};

/// A pooled connection.
pub type Conn = Object<AsyncPgConnection>;

/// How long a request waits for a connection before it is told to come again.
const WAIT: Duration = Duration::from_millis(1500);

/// What every connection is told first: a query that runs away ends, a forgotten transaction ends.
const SESSION: &str = "SET application_name = 'expert-bank'; SET timezone = 'UTC'; SET statement_timeout = '15s'; \
                       SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '30s'";

/// The database, shared by all workers.
#[derive(Clone)]
pub struct Db {
    pool: Pool<AsyncPgConnection>,
}

impl Db {
    /// A pool of at most `size` connections, made when needed.
    ///
    /// Must be called on the long-lived runtime: connections are driven there, so that none dies with the worker
    /// thread that happened to open it.
    ///
    /// # Errors
    /// When the pool can't be built; a database that is away shows on first use.
    pub fn new(url: &str, size: usize) -> Result<Self, deadpool::managed::BuildError> {
        let runtime = tokio::runtime::Handle::current();
        let mut config = ManagerConfig::default();
        config.recycling_method = RecyclingMethod::Fast;
        config.custom_setup = Box::new(move |url| {
            let (runtime, url) = (runtime.clone(), url.to_owned());
            Box::pin(async move {
                let opened = runtime.spawn(async move { open(&url).await }).await;
                opened.unwrap_or_else(|error| Err(ConnectionError::BadConnection(error.to_string())))
            })
        });
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new_with_config(url, config);
        let timeouts = Timeouts { wait: Some(WAIT), create: Some(Duration::from_secs(5)), recycle: Some(WAIT) };
        let pool = Pool::builder(manager)
            .config(PoolConfig { max_size: size, timeouts, ..PoolConfig::default() })
            .runtime(deadpool::Runtime::Tokio1)
            .build()?;
        Ok(Self { pool })
    }

    /// A connection for queries.
    ///
    /// # Errors
    /// 503 when the database is away or all connections stay busy.
    pub async fn conn(&self) -> Answer<Conn> {
        self.pool.get().await.map_err(Problem::unavailable)
    }

    /// Connections that are open, of those idle, and requests that wait for one.
    pub fn load(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        (status.size, status.available, status.waiting)
    }

    /// Closes the pool; whoever asks for a connection afterwards gets a 503.
    pub fn close(&self) {
        self.pool.close();
    }

    /// Runs `work` in a transaction: commits on `Ok`, rolls back on `Err`.
    ///
    /// # Errors
    /// What `work` answers, or what the database says at commit.
    pub async fn transaction<T>(&self, work: impl AsyncFnOnce(&mut Conn) -> Answer<T>) -> Answer<T> {
        let mut conn = self.conn().await?;
        AnsiTransactionManager::begin_transaction(&mut *conn).await?;
        match work(&mut conn).await {
            Ok(value) => {
                AnsiTransactionManager::commit_transaction(&mut *conn).await?;
                Ok(value)
            }
            Err(problem) => {
                if let Err(error) = AnsiTransactionManager::rollback_transaction(&mut *conn).await {
                    tracing::warn!(%error, "rollback failed; the connection is given up");
                }
                Err(problem)
            }
        }
    }
}

async fn open(url: &str) -> Result<AsyncPgConnection, ConnectionError> {
    let mut conn = AsyncPgConnection::establish(url).await?;
    conn.batch_execute(SESSION).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(conn)
}
