//! The outcome of a commit is unknown to the server.

use std::time::Duration;

use crate::client::{full_name, name};
use crate::postgres::{Postgres, up};
use crate::proxy::{MARK, Proxy};
use crate::server::Server;

const SOON: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_of_a_commit_is_a_503_and_a_retry_finds_the_write() {
    let _up = up().await;
    let database = Postgres::get().database("commit_unknown");
    let proxy = Proxy::start("commit");
    let server = Server::start(&proxy.url("commit_unknown"), &[]);
    let client = server.officer().await;
    for number in 0..3 {
        let name = name(MARK, number);
        client.create(&name).await.assert_away(SOON);
        let there = format!("experts WHERE full_name = '{}'", full_name(&name));
        assert_eq!(database.count(&there), 1, "it is committed");
    }
    server.stop();
    let server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    for number in 0..3 {
        let name = name(MARK, number);
        let again = client.create(&name).await;
        assert_eq!(again.status, 201, "{again:?}");
        let there = format!("experts WHERE full_name = '{}'", full_name(&name));
        assert_eq!(database.sql(&format!("SELECT id FROM {there}")), again.id(), "found, not made again");
    }
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_ended_within_a_commit_is_a_503_and_nothing_is_written() {
    let _up = up().await;
    let database = Postgres::get().database("commit_ended");
    let server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    database.sql(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END'; \
         CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON experts DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let lock = database.hold("SELECT pg_advisory_xact_lock(42)");
    let writing = tokio::spawn({
        let client = client.clone();
        async move { client.create("Commit").await }
    });
    database.until(1, "query = 'COMMIT' AND wait_event_type = 'Lock'").await;
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'");
    writing.await.unwrap().assert_away(SOON);
    drop(lock);
    assert_eq!(database.count("experts WHERE full_name = 'Nguyen Thu Commit'"), 0);
    assert_eq!(client.create("Commit").await.status, 201);
    assert_eq!(database.count("experts WHERE full_name = 'Nguyen Thu Commit'"), 1);
    server.stop();
}
