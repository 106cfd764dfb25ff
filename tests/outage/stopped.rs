//! PostgreSQL is stopped and started again under load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::client::{Client, Reply, full_name, name};
use crate::postgres::{Database, Postgres, alone};
use crate::server::Server;

const WRITERS: usize = 4;
const SOON: Duration = Duration::from_secs(3);

/// What one client saw.
#[derive(Default)]
struct Seen {
    replies: Vec<Reply>,
    /// Name and id of what was answered with 201.
    made: Vec<(String, String)>,
}

/// Enters one expert after the other, each with its key until it is acknowledged.
async fn write(client: Client, prefix: String, stop: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let name = name(&prefix, number);
        loop {
            let reply = client.create(&name).await;
            let made = (reply.status == 201).then(|| (name.clone(), reply.id()));
            seen.replies.push(reply);
            if let Some(made) = made {
                seen.made.push(made);
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    }
    seen
}

async fn read(client: Client, path: &'static str, stop: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    while !stop.load(Ordering::Relaxed) {
        seen.replies.push(client.get(path).await);
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    seen
}

async fn on_server(work: impl FnOnce(&'static Postgres) + Send + 'static) {
    tokio::task::spawn_blocking(|| work(Postgres::get())).await.unwrap();
}

/// Runs the load over a stop and a start; returns what each client saw, and when PostgreSQL was back.
async fn ride(server: &Server, mode: &'static str) -> (Vec<Seen>, Instant) {
    let (client, stop) = (server.officer().await, Arc::new(AtomicBool::new(false)));
    let writers = (0..WRITERS).map(|n| tokio::spawn(write(client.clone(), name("W", n), Arc::clone(&stop))));
    let mut load: Vec<_> = writers.collect();
    for path in ["/api/v1/experts?q=nguyen&limit=5", "/api/v1/me"] {
        load.push(tokio::spawn(read(client.clone(), path, Arc::clone(&stop))));
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    on_server(move |postgres| postgres.stop(mode)).await;
    assert_eq!(server.client().get("/health/live").await.status, 200);
    server.client().get("/health/ready").await.assert_away(SOON);
    server.client().try_sign_in().await.assert_away(SOON);
    tokio::time::sleep(Duration::from_millis(700)).await;
    on_server(Postgres::start).await;
    let back = Instant::now();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    stop.store(true, Ordering::Relaxed);
    let mut seen = Vec::new();
    for client in load {
        seen.push(client.await.unwrap());
    }
    (seen, back)
}

/// Each client was refused politely while PostgreSQL was away, and served before and after.
fn check_answers(seen: &Seen, good: u16, back: Instant) {
    let (mut away, mut after) = (0, 0);
    for reply in &seen.replies {
        assert!(reply.took < SOON, "{reply:?}");
        if reply.status == good {
            after += usize::from(reply.at > back);
            continue;
        }
        reply.assert_away(SOON);
        away += 1;
        let late = reply.at.saturating_duration_since(back);
        assert!(late < Duration::from_millis(500), "still 503 {late:?} after the start");
    }
    assert_eq!(seen.replies.first().unwrap().status, good);
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
    let (seen, back) = ride(&server, mode).await;
    assert_eq!(server.faults(), [""; 0], "an outage is no fault of the server");
    for (index, seen) in seen.iter().enumerate() {
        check_answers(seen, if index < WRITERS { 201 } else { 200 }, back);
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
