//! The server is told to end while requests run.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::net::TcpStream;

use crate::client::name;
use crate::postgres::{Postgres, up};
use crate::server::Server;

async fn finishes_what_has_begun(signal: Signal, database: &str) {
    let _up = up().await;
    let database = Postgres::get().database(database);
    let mut server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    // a connection that is kept open without a request must not hold up the end
    let idle = TcpStream::connect(server.address()).await.unwrap();
    let table = database.hold("LOCK TABLE experts IN SHARE MODE");
    let begun: Vec<_> = (0..4)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move { client.create(&name("S", number)).await })
        })
        .collect();
    database.blocked(4).await;
    server.signal(signal);
    let told = Instant::now();
    while TcpStream::connect(server.address()).await.is_ok() {
        assert!(told.elapsed() < Duration::from_secs(1), "new connections are still taken");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(table);
    for begun in begun {
        assert_eq!(begun.await.unwrap().status, 201);
    }
    assert!(server.wait(Duration::from_secs(5)).success());
    drop(idle);
    assert_eq!(database.count("experts WHERE full_name LIKE 'Nguyen Thu S%'"), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_termination_signal_lets_requests_finish() {
    finishes_what_has_begun(Signal::SIGTERM, "shutdown_term").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_lets_requests_finish() {
    finishes_what_has_begun(Signal::SIGINT, "shutdown_int").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_ctrl_c_ends_at_once() {
    let _up = up().await;
    let database = Postgres::get().database("shutdown_twice");
    let mut server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    let _table = database.hold("LOCK TABLE experts IN SHARE MODE");
    let bytes = client.create_bytes("Sx");
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes).await.unwrap();
    database.blocked(1).await;
    server.signal(Signal::SIGINT);
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.signal(Signal::SIGINT);
    assert!(!server.wait(Duration::from_secs(1)).success());
}
