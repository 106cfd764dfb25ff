//! A few connections that all requests share for quick queries. The statements of many requests are on their way together,
//! and PostgreSQL answers those of one connection in their order, so nobody waits for a connection to come free.
//!
//! A statement that takes its time would hold up those behind it. So the limits here are much shorter than the pool's: what
//! waits for a lock or runs long is ended, asked again over a connection of its own, and so are its like for a second. A
//! connection that does not answer gets no more statements, and is given up when that lasts. All of this is safe because
//! these connections only read, and never hold a transaction.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diesel::ConnectionError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use tokio::runtime::Handle;

use super::{OTHERS_WAIT, SESSION};

/// What a shared connection is told after [`SESSION`].
const LIMITS: &str =
    "SET default_transaction_read_only = on; SET statement_timeout = '250ms'; SET lock_timeout = '50ms'";

/// How long a connection with statements under way may say nothing before new ones go elsewhere.
const STALLED: Duration = Duration::from_millis(25);

/// How long work that was too slow here is done over connections of its own.
const SLOW_FOR: Duration = Duration::from_secs(1);

/// How long after a failed attempt the next one to connect may begin.
const RECONNECT: Duration = Duration::from_millis(100);

/// The shared connections; cheap to clone.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    url: String,
    runtime: Handle,
    begin: Instant,
    places: Vec<Mutex<Place>>,
    /// Until when anything at all is in `slow`, in milliseconds since `begin`: most reads look no further.
    slow_until: AtomicU64,
    slow: Mutex<HashMap<&'static str, Instant>>,
}

enum Place {
    Empty { not_before: Instant },
    Opening,
    Open(Arc<Line>),
    Closed,
}

/// One shared connection.
struct Line {
    conn: AsyncPgConnection,
    closed: Arc<AtomicBool>,
    /// How many requests use it now.
    busy: AtomicUsize,
    /// When it last answered, or got something to do after it had nothing; in milliseconds since the beginning.
    moved: AtomicU64,
}

/// The right to ask something over a shared connection, until it is dropped.
pub struct Turn {
    shared: Shared,
    at: usize,
    line: Arc<Line>,
}

impl Shared {
    /// So many connections at most, each opened when there is something to ask, on the runtime that drives them.
    pub fn new(url: &str, size: usize, runtime: Handle) -> Self {
        let begin = Instant::now();
        let places = (0..size).map(|_| Mutex::new(Place::Empty { not_before: begin })).collect();
        let (slow_until, slow) = (AtomicU64::new(0), Mutex::default());
        Self(Arc::new(Inner { url: url.to_owned(), runtime, begin, places, slow_until, slow }))
    }

    /// The connection with the least to do; none while there is none that answers, or when `what` was too slow lately.
    pub fn turn(&self, what: &'static str) -> Option<Turn> {
        let now = self.now();
        if now < self.0.slow_until.load(Ordering::Relaxed) && self.was_slow(what) {
            return None;
        }
        let open = (0..self.0.places.len()).filter_map(|at| Some((at, self.line(at)?)));
        let answering = open.filter(|(_, line)| line.answers(now));
        let (at, line) = answering.min_by_key(|(_, line)| line.busy.load(Ordering::Relaxed))?;
        if line.busy.fetch_add(1, Ordering::Relaxed) == 0 {
            line.moved.store(now, Ordering::Relaxed);
        }
        Some(Turn { shared: self.clone(), at, line })
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        self.0.places.iter().filter(|place| matches!(*held(place), Place::Open(_))).count()
    }

    /// Closes them, each as soon as nobody uses it.
    pub fn close(&self) {
        for place in &self.0.places {
            *held(place) = Place::Closed;
        }
    }

    /// Keeps `what` away for a while.
    pub fn keep_away(&self, what: &'static str) {
        tracing::debug!(what, "goes on over connections of its own");
        held(&self.0.slow).insert(what, Instant::now() + SLOW_FOR);
        self.0.slow_until.fetch_max(self.now() + millis(SLOW_FOR), Ordering::Relaxed);
    }

    fn was_slow(&self, what: &'static str) -> bool {
        held(&self.0.slow).get(what).is_some_and(|until| Instant::now() < *until)
    }

    /// The connection in a place; one that is missing is opened, for those who come later.
    fn line(&self, at: usize) -> Option<Arc<Line>> {
        let mut place = held(self.0.places.get(at)?);
        match &*place {
            Place::Open(line) if !line.closed.load(Ordering::Relaxed) => return Some(Arc::clone(line)),
            Place::Empty { not_before } if Instant::now() < *not_before => return None,
            Place::Opening | Place::Closed => return None,
            Place::Open(_) | Place::Empty { .. } => {}
        }
        *place = Place::Opening;
        drop(place);
        let shared = self.clone();
        self.0.runtime.spawn(async move { shared.fill(at).await });
        None
    }

    async fn fill(self, at: usize) {
        let opened = tokio::time::timeout(OTHERS_WAIT, open(&self.0.url)).await;
        let opened = opened.unwrap_or_else(|elapsed| Err(ConnectionError::BadConnection(elapsed.to_string())));
        let Some(place) = self.0.places.get(at) else { return };
        let mut place = held(place);
        if matches!(*place, Place::Closed) {
            return;
        }
        *place = match opened {
            Ok(line) => Place::Open(Arc::new(line)),
            Err(error) => {
                tracing::warn!(%error, "a shared connection could not be opened");
                Place::Empty { not_before: Instant::now() + RECONNECT }
            }
        };
    }

    fn now(&self) -> u64 {
        millis(self.0.begin.elapsed())
    }
}

impl Line {
    fn answers(&self, now: u64) -> bool {
        let idle = self.busy.load(Ordering::Relaxed) == 0;
        idle || now.saturating_sub(self.moved.load(Ordering::Relaxed)) < millis(STALLED)
    }
}

impl Turn {
    /// The connection.
    pub fn conn(&self) -> &AsyncPgConnection {
        &self.line.conn
    }

    /// Gives the connection up: it has not answered for too long.
    pub fn give_up(self) {
        let Some(place) = self.shared.0.places.get(self.at) else { return };
        let mut place = held(place);
        if matches!(&*place, Place::Open(line) if Arc::ptr_eq(line, &self.line)) {
            tracing::warn!("a shared connection does not answer; it is given up");
            *place = Place::Empty { not_before: Instant::now() + RECONNECT };
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.line.moved.store(self.shared.now(), Ordering::Relaxed);
        self.line.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Opened by hand, because a connection that is shared can't be asked whether it is closed.
async fn open(url: &str) -> Result<Line, ConnectionError> {
    let bad = |error: tokio_postgres::Error| ConnectionError::BadConnection(error.to_string());
    let (client, mut driver) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.map_err(bad)?;
    let closed = Arc::new(AtomicBool::new(false));
    tokio::spawn({
        let closed = Arc::clone(&closed);
        async move {
            let ended = (&mut driver).await;
            // before the driver goes and its waiters hear of it
            closed.store(true, Ordering::Relaxed);
            if let Err(error) = ended {
                tracing::warn!(%error, "a shared connection ended");
            }
        }
    });
    let mut conn = AsyncPgConnection::try_from(client).await?;
    for settings in [SESSION, LIMITS] {
        conn.batch_execute(settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(Line { conn, closed, busy: AtomicUsize::new(0), moved: AtomicU64::new(0) })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Nothing here leaves a half-made value behind.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
