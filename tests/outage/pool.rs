//! All connections are in use.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::{Client, name};
use crate::postgres::{Postgres, up};
use crate::server::Server;

const SOON: Duration = Duration::from_secs(2);

async fn two_experts(client: &Client) -> [String; 2] {
    [client.create("Pone").await.id(), client.create("Ptwo").await.id()]
}

fn row_locks(ids: &[String; 2]) -> String {
    format!("SELECT 1 FROM experts WHERE id IN ('{}', '{}') FOR UPDATE", ids[0], ids[1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exhausted_pool_answers_503_soon_and_recovers() {
    let _up = up().await;
    let database = Postgres::get().database("pool_exhausted");
    let server = Server::start(&database.url(), &["--pool-size", "2"]);
    let client = server.officer().await;
    let ids = two_experts(&client).await;
    let locks = database.hold(&row_locks(&ids));
    let waiting = ids.clone().map(|id| {
        let client = client.clone();
        tokio::spawn(async move { client.rename(&id, "Pnew").await })
    });
    database.blocked(2).await;
    let paths = ["/api/v1/me", "/api/v1/experts?q=nguyen", "/api/v1/fields", "/health/ready"];
    for reply in join_all((0..24).map(|n| client.get(paths[n % 4]))).await {
        reply.assert_away(SOON);
    }
    let nobody = server.client();
    for reply in join_all((0..24).map(|_| nobody.get("/api/v1/experts/CG-000001"))).await {
        assert_eq!(reply.status, 200, "a quick read takes none of them: {reply:?}");
    }
    assert_eq!(client.get("/health/live").await.status, 200);
    drop(locks);
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().status, 200, "who waited for the row gets it");
    }
    for reply in join_all((0..24).map(|n| client.get(paths[n % 4]))).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    server.stop();
}

/// A request takes several connections one after the other; its waits add up to no more than one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_waits_for_connections_once_not_each_time() {
    let _up = up().await;
    let database = Postgres::get().database("pool_patience");
    let server = Server::start(&database.url(), &["--pool-size", "2"]);
    let client = server.officer().await;
    // two at a time, half a second each
    database.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END'; \
         CREATE TRIGGER slow BEFORE INSERT ON experts FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    let names: Vec<String> = (0..16).map(|n| name("Q", n)).collect();
    let replies = join_all(names.iter().map(|name| client.create(name))).await;
    for reply in &replies {
        assert!(reply.took < Duration::from_millis(3_000), "{reply:?}");
        if reply.status != 201 {
            reply.assert_away(Duration::from_millis(2_500));
        }
    }
    assert!(replies.iter().any(|reply| reply.status == 503) && replies.iter().any(|reply| reply.status == 201));
    server.stop();
}

/// Quick reads share connections; one that has to wait for a lock goes on alone, and the others don't wait with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_wait_for_a_lock_hold_up_no_quick_ones() {
    let _up = up().await;
    let database = Postgres::get().database("pool_shared");
    let server = Server::start(&database.url(), &["--pool-size", "12"]);
    let (client, nobody) = (server.officer().await, server.client());
    for reply in join_all((0..8).map(|_| client.get("/api/v1/me"))).await {
        assert_eq!(reply.status, 200);
    }
    let table = database.hold("LOCK TABLE experts IN ACCESS EXCLUSIVE MODE");
    let waiting: Vec<_> = (0..6)
        .map(|_| {
            let nobody = nobody.clone();
            tokio::spawn(async move { nobody.get("/api/v1/experts/CG-000001").await })
        })
        .collect();
    for _ in 0..10 {
        // each finds its caller over a shared connection first
        for reply in join_all((0..4).map(|_| client.get("/api/v1/me"))).await {
            assert_eq!(reply.status, 200, "{reply:?}");
            assert!(reply.took < Duration::from_millis(700), "{reply:?}");
        }
    }
    database.blocked(6).await;
    drop(table);
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap().status, 200, "who waited for the table gets it");
    }
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_too_long_for_a_row_is_told_to_come_again() {
    let _up = up().await;
    let database = Postgres::get().database("lock_timeout");
    let server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    let ids = two_experts(&client).await;
    let locks = database.hold(&row_locks(&ids));
    client.rename(&ids[0], "Pnew").await.assert_away(Duration::from_secs(7));
    // the same key while the first request runs: a documented 409 after two seconds
    let table = database.hold("LOCK TABLE experts IN SHARE MODE");
    let (begin, first) = (
        Instant::now(),
        tokio::spawn({
            let client = client.clone();
            async move { client.create("Twice").await }
        }),
    );
    database.blocked(1).await;
    let second = client.create("Twice").await;
    assert_eq!(second.status, 409, "{second:?}");
    assert!(begin.elapsed() < Duration::from_secs(4));
    drop((locks, table));
    assert_eq!(first.await.unwrap().status, 201);
    assert_eq!(client.rename(&ids[0], "Pnew").await.status, 200);
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_postgresql_is_a_503() {
    let _up = up().await;
    let database = Postgres::get().database("too_many");
    let server = Server::start(&database.url(), &["--pool-size", "8"]);
    let client = server.officer().await;
    database.sql("ALTER DATABASE too_many CONNECTION LIMIT 1");
    let table = database.hold("LOCK TABLE experts IN ACCESS EXCLUSIVE MODE");
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.get("/api/v1/experts").await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for reply in join_all((0..8).map(|_| client.get("/api/v1/me"))).await {
        if reply.status != 200 {
            reply.assert_away(SOON);
        }
    }
    drop(table);
    for waiting in waiting {
        let reply = waiting.await.unwrap();
        if reply.status != 200 {
            reply.assert_away(Duration::from_secs(3));
        }
    }
    database.sql("ALTER DATABASE too_many CONNECTION LIMIT -1");
    for reply in join_all((0..16).map(|_| client.get("/api/v1/me"))).await {
        assert_eq!(reply.status, 200);
    }
    server.stop();
}
