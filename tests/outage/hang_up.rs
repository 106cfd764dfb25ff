//! Clients that close the connection while their request runs.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::client::{full_name, name};
use crate::postgres::{Postgres, up};
use crate::server::Server;

/// Sends a request and keeps the connection.
async fn send(server: &Server, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Every other one goes without a goodbye (RST), as a crashed program or a cut line does.
fn hang_up(streams: Vec<TcpStream>) {
    for (index, stream) in streams.into_iter().enumerate() {
        if index % 2 == 0 {
            stream.set_zero_linger().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_client_is_gone_is_made_once_and_whole() {
    let _up = up().await;
    let database = Postgres::get().database("hang_up");
    // six who ask, and what runs beside them
    let server = Server::start(&database.url(), &["--pool-size", "7"]);
    let client = server.officer().await;
    let before = database.count("idempotency_keys");
    for round in 0..5 {
        let table = database.hold("LOCK TABLE experts IN SHARE MODE");
        let mut streams = Vec::new();
        for number in 0..6 {
            streams.push(send(&server, &client.create_bytes(&name("H", round * 6 + number))).await);
        }
        database.blocked(6).await;
        hang_up(streams);
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(table);
    }
    database.until(0, "state <> 'idle'").await;
    let experts = "experts WHERE full_name LIKE 'Nguyen Thu H%'";
    assert_eq!(database.count(experts), 30, "each is made");
    assert_eq!(database.count("idempotency_keys") - before, 30);
    let events = "audit_events WHERE action = 'experts.create' AND subject_id IN (SELECT id FROM";
    assert_eq!(database.count(&format!("{events} {experts})")), 30);
    for reply in join_all((0..30).map(|number| {
        let client = client.clone();
        async move { client.create(&name("H", number)).await }
    }))
    .await
    {
        assert_eq!(reply.status, 201);
    }
    assert_eq!(database.count(experts), 30, "and found by who asks again");
    let distinct = format!("SELECT count(DISTINCT full_name) FROM {experts} AND full_name > '{}'", full_name("H"));
    assert_eq!(database.sql(&distinct), "30");
    server.stop();
}

/// A connection whose query still runs must not go to the next request as if it were free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_client_is_gone_holds_up_nobody() {
    let _up = up().await;
    let database = Postgres::get().database("hang_up_reading");
    let server = Server::start(&database.url(), &["--pool-size", "4"]);
    let client = server.officer().await;
    let table = database.hold("LOCK TABLE experts IN ACCESS EXCLUSIVE MODE");
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(send(&server, &client.get_bytes("/api/v1/experts")).await);
    }
    database.blocked(3).await;
    for stream in &streams {
        stream.set_zero_linger().unwrap();
    }
    drop(streams);
    tokio::time::sleep(Duration::from_millis(200)).await;
    for reply in join_all((0..8).map(|_| client.get("/api/v1/me"))).await {
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.took < Duration::from_secs(1), "{reply:?}");
    }
    drop(table);
    database.until(0, "state <> 'idle'").await;
    assert_eq!(client.get("/api/v1/experts").await.status, 200);
    server.stop();
}
