//! A few connections that all requests share for quick queries. The statements of many requests are on their way together,
//! and PostgreSQL answers those of one connection in their order, so nobody waits for a connection to come free.
//!
//! Each is at home on the worker thread that opened it, which drives it and uses it first: a query that has to be handed to
//! another thread and back costs more than the query.
//!
//! A statement that takes its time would hold up those behind it. So the limits here are much shorter than the pool's: what
//! waits for a lock or runs long is ended, asked again over a connection of its own, and so are its like for a second. A
//! connection that does not answer gets no more statements, and is given up when that lasts. All of this is safe because
//! these connections only read, and never hold a transaction.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use diesel::ConnectionError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

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
    begin: Instant,
    places: Vec<Mutex<Place>>,
    /// Until when anything at all is in `slow`, in milliseconds since `begin`: most reads look no further.
    slow_until: AtomicU64,
    slow: Mutex<HashMap<&'static str, Instant>>,
}

enum Place {
    Empty { not_before: Instant },
    Opening { home: ThreadId },
    Open(Arc<Line>),
    Closed,
}

/// One shared connection.
struct Line {
    conn: AsyncPgConnection,
    /// The thread that drives it.
    home: ThreadId,
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
    /// So many connections at most, each opened when there is something to ask.
    pub fn new(url: &str, size: usize) -> Self {
        let begin = Instant::now();
        let places = (0..size).map(|_| Mutex::new(Place::Empty { not_before: begin })).collect();
        let (slow_until, slow) = (AtomicU64::new(0), Mutex::default());
        Self(Arc::new(Inner { url: url.to_owned(), begin, places, slow_until, slow }))
    }

    /// The connection that is at home here, or of the others the one with the least to do; none while there is none that
    /// answers, or when `what` was too slow lately.
    ///
    /// A thread without a connection that answers opens one, for those who come later, as long as there is a place.
    pub fn turn(&self, what: &'static str) -> Option<Turn> {
        let (now, here) = (self.now(), thread::current().id());
        if now < self.0.slow_until.load(Ordering::Relaxed) && self.was_slow(what) {
            return None;
        }
        let mut best: Option<((bool, usize), usize, Arc<Line>)> = None;
        let (mut vacant, mut served) = (None, false);
        for (at, place) in self.0.places.iter().enumerate() {
            let mut place = held(place);
            if matches!(&*place, Place::Open(line) if line.closed.load(Ordering::Relaxed)) {
                *place = Place::Empty { not_before: Instant::now() };
            }
            match &*place {
                Place::Open(line) if line.answers(now) => {
                    served |= line.home == here;
                    let rank = (line.home != here, line.busy.load(Ordering::Relaxed));
                    if best.as_ref().is_none_or(|(least, ..)| rank < *least) {
                        best = Some((rank, at, Arc::clone(line)));
                    }
                }
                Place::Opening { home } => served |= *home == here,
                Place::Empty { not_before } if Instant::now() >= *not_before => vacant = Some(at),
                Place::Open(_) | Place::Empty { .. } | Place::Closed => {}
            }
        }
        if let Some(at) = vacant.filter(|_| !served) {
            self.begin(at, here);
        }
        let (_, at, line) = best?;
        if line.busy.fetch_add(1, Ordering::Relaxed) == 0 {
            line.moved.store(now, Ordering::Relaxed);
        }
        Some(Turn { shared: self.clone(), at, line })
    }

    /// Connections that are open.
    pub fn open(&self) -> usize {
        let open =
            |place: &&Mutex<Place>| matches!(&*held(place), Place::Open(line) if !line.closed.load(Ordering::Relaxed));
        self.0.places.iter().filter(open).count()
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

    /// Begins to open a connection in a place, on the runtime of this thread.
    fn begin(&self, at: usize, home: ThreadId) {
        let Some(place) = self.0.places.get(at) else { return };
        let mut place = held(place);
        if matches!(*place, Place::Empty { .. }) {
            *place = Place::Opening { home };
            tokio::spawn(Opening { shared: self.clone(), at, opened: false }.fill(home));
        }
    }

    fn now(&self) -> u64 {
        millis(self.0.begin.elapsed())
    }
}

/// A connection that is being opened; its place is free again when that is broken off, as at the end of a worker.
struct Opening {
    shared: Shared,
    at: usize,
    opened: bool,
}

impl Opening {
    async fn fill(mut self, home: ThreadId) {
        let opened = tokio::time::timeout(OTHERS_WAIT, open(&self.shared.0.url, home)).await;
        match opened.unwrap_or_else(|elapsed| Err(ConnectionError::BadConnection(elapsed.to_string()))) {
            Ok(line) => self.put(Place::Open(Arc::new(line))),
            Err(error) => {
                tracing::warn!(%error, "a shared connection could not be opened");
                self.put(Place::Empty { not_before: Instant::now() + RECONNECT });
            }
        }
        self.opened = true;
    }

    fn put(&self, new: Place) {
        let Some(place) = self.shared.0.places.get(self.at) else { return };
        let mut place = held(place);
        if matches!(*place, Place::Opening { .. }) {
            *place = new;
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.opened {
            self.put(Place::Empty { not_before: Instant::now() });
        }
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

/// Tells that a connection has ended, also when the thread that drives it ends.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Opened by hand, because a connection that is shared can't be asked whether it is closed.
async fn open(url: &str, home: ThreadId) -> Result<Line, ConnectionError> {
    let bad = |error: tokio_postgres::Error| ConnectionError::BadConnection(error.to_string());
    let (client, mut driver) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.map_err(bad)?;
    let closed = Arc::new(AtomicBool::new(false));
    let ending = Ending(Arc::clone(&closed));
    tokio::spawn(async move {
        let ended = (&mut driver).await;
        // before the driver goes and its waiters hear of it
        drop(ending);
        if let Err(error) = ended {
            tracing::warn!(%error, "a shared connection ended");
        }
    });
    let mut conn = AsyncPgConnection::try_from(client).await?;
    for settings in [SESSION, LIMITS] {
        conn.batch_execute(settings).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    }
    Ok(Line { conn, home, closed, busy: AtomicUsize::new(0), moved: AtomicU64::new(0) })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Nothing here leaves a half-made value behind.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
