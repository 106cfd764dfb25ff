//! PostgreSQL is stopped and started again under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Client, Reply, full_name, name};
use crate::postgres::{Database, Postgres, alone};
use crate::server::Server;

const WRITERS: usize = 4;
const SOON: Duration = Duration::from_secs(3);

/// What all clients of a load share.
#[derive(Default)]
struct Load {
    stop: AtomicBool,
    /// How many clients have begun to be served.
    served: AtomicUsize,
}

impl Load {
    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Waits until each of `clients` was served: a slow machine takes its time for the first answers.
    async fn until_served(&self, clients: usize) {
        let begin = Instant::now();
        while self.served.load(Ordering::Relaxed) < clients {
            assert!(begin.elapsed() < Duration::from_secs(60), "not every client was served");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    replies: Vec<Reply>,
    /// Name and id of what was answered with 201.
    made: Vec<(String, String)>,
    /// Whether any reply was a good one.
    served: bool,
}

/// When PostgreSQL went and came back.
struct Outage {
    /// Every client had been served by then; before, a slow machine may be opening connections yet.
    calm: Instant,
    stop: Instant,
    back: Instant,
}

impl Seen {
    fn note(&mut self, reply: Reply, good: u16, load: &Load) {
        if reply.status == good && !std::mem::replace(&mut self.served, true) {
            load.served.fetch_add(1, Ordering::Relaxed);
        }
        self.replies.push(reply);
    }
}

/// Enters one expert after the other, each with its key until it is acknowledged.
async fn write(client: Client, prefix: String, load: Arc<Load>) -> Seen {
    let mut seen = Seen::default();
    for number in (0..).take_while(|_| load.goes_on()) {
        let name = name(&prefix, number);
        loop {
            let reply = client.create(&name).await;
            let made = (reply.status == 201).then(|| (name.clone(), reply.id()));
            seen.note(reply, 201, &load);
            if let Some(made) = made {
                seen.made.push(made);
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
    seen
}

async fn read(client: Client, path: &'static str, load: Arc<Load>) -> Seen {
    let mut seen = Seen::default();
    while load.goes_on() {
        seen.note(client.get(path).await, 200, &load);
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    seen
}

async fn on_server(work: impl FnOnce(&'static Postgres) + Send + 'static) {
    tokio::task::spawn_blocking(|| work(Postgres::get())).await.unwrap();
}

/// Runs the load over a stop and a start; returns what each client saw, and when PostgreSQL was away.
async fn ride(server: &Server, mode: &'static str) -> (Vec<Seen>, Outage) {
    let (client, load) = (server.officer().await, Arc::new(Load::default()));
    let writers = (0..WRITERS).map(|n| tokio::spawn(write(client.clone(), name("W", n), Arc::clone(&load))));
    let mut clients: Vec<_> = writers.collect();
    for path in ["/api/v1/experts?q=nguyen&limit=5", "/api/v1/me"] {
        clients.push(tokio::spawn(read(client.clone(), path, Arc::clone(&load))));
    }
    load.until_served(clients.len()).await;
    let calm = Instant::now();
    tokio::time::sleep(Duration::from_millis(700)).await;
    let stop = Instant::now();
    on_server(move |postgres| postgres.stop(mode)).await;
    assert_eq!(server.client().get("/health/live").await.status, 200);
    server.client().get("/health/ready").await.assert_away(SOON);
    server.client().try_sign_in().await.assert_away(SOON);
    tokio::time::sleep(Duration::from_millis(700)).await;
    on_server(Postgres::start).await;
    let back = Instant::now();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    load.stop.store(true, Ordering::Relaxed);
    let mut seen = Vec::new();
    for client in clients {
        seen.push(client.await.unwrap());
    }
    (seen, Outage { calm, stop, back })
}

/// Each client was refused politely while PostgreSQL was away, and served before and after.
fn check_answers(seen: &Seen, good: u16, outage: &Outage) {
    let (mut away, mut after) = (0, 0);
    for reply in &seen.replies {
        assert!(reply.took < SOON, "{reply:?}");
        if reply.status == good {
            after += usize::from(reply.at > outage.back);
            continue;
        }
        reply.assert_away(SOON);
        assert!(reply.at < outage.calm || reply.at >= outage.stop, "refused before the stop: {reply:?}");
        away += usize::from(reply.at >= outage.stop);
        let late = reply.at.saturating_duration_since(outage.back);
        assert!(late < Duration::from_millis(500), "still 503 {late:?} after the start");
    }
    assert!(away > 0 && after > 0, "{away} refused, {after} served afterwards");
}

/// Each acknowledged write is there once, whole, and a retry finds it.
async fn check_writes(database: &Database, client: &Client, made: &[(String, String)]) {
    let experts = "experts WHERE full_name LIKE 'Nguyen Thu W%'";
    assert_eq!(database.count(experts), made.len(), "as many as were acknowledged");
    let names = database.sql(&format!("SELECT full_name || ' ' || id FROM {experts}"));
    let names: std::collections::BTreeSet<&str> = names.lines().collect();
    for (name, id) in made {
        assert!(names.contains(format!("{} {id}", full_name(name)).as_str()), "{name} is missing");
    }
    assert_eq!(database.count("idempotency_keys WHERE resource_id IS NOT NULL"), made.len());
    let events = "audit_events WHERE action = 'experts.create' AND subject_id IN (SELECT id FROM";
    assert_eq!(database.count(&format!("{events} {experts})")), made.len());
    for (name, id) in made.iter().rev().step_by(9) {
        let again = client.create(name).await;
        assert_eq!((again.status, &again.id()), (201, id), "a retry gets what was made");
    }
    assert_eq!(database.count(experts), made.len(), "a retry makes nothing");
}

async fn survives(mode: &'static str) {
    let _alone = alone().await;
    let database = Postgres::get().database(&format!("stopped_{mode}"));
    let server = Server::start(&database.url(), &[]);
    let (seen, outage) = ride(&server, mode).await;
    assert_eq!(server.faults(), [""; 0], "an outage is no fault of the server");
    for (index, seen) in seen.iter().enumerate() {
        check_answers(seen, if index < WRITERS { 201 } else { 200 }, &outage);
    }
    let made: Vec<_> = seen.into_iter().flat_map(|seen| seen.made).collect();
    check_writes(&database, &server.officer().await, &made).await;
    database.until(0, "state LIKE 'idle in transaction%'").await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_and_a_start_lose_and_double_nothing() {
    survives("fast").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_postgresql_loses_and_doubles_nothing() {
    survives("immediate").await;
}
