//! What PostgreSQL may answer to a statement that is no fault of ours or the caller's.

use std::time::Duration;

use crate::postgres::{Database, Postgres, up};
use crate::server::Server;

/// SQLSTATE, PostgreSQL's own text, and the status it becomes.
const FAULTS: [(&str, &str, u16); 16] = [
    ("40001", "could not serialize access due to concurrent update", 503),
    ("40P01", "deadlock detected", 503),
    ("55P03", "canceling statement due to lock timeout", 503),
    ("55P03", "could not obtain lock on row in relation \"experts\"", 503),
    ("57014", "canceling statement due to statement timeout", 503),
    ("57014", "canceling statement due to user request", 503),
    ("40001", "canceling statement due to conflict with recovery", 503),
    ("57P01", "terminating connection due to administrator command", 503),
    ("25P03", "terminating connection due to idle-in-transaction timeout", 503),
    ("57P03", "the database system is starting up", 503),
    ("57P03", "the database system is in recovery mode", 503),
    ("53300", "sorry, too many clients already", 503),
    ("25006", "cannot execute INSERT in a read-only transaction", 503),
    // ours or an operator's to mend
    ("42703", "column \"deadlock\" does not exist", 500),
    ("22003", "value overflows numeric format", 500),
    ("XX000", "cache lookup failed for relation 1", 500),
];

/// Lets the next writes of experts fail, at the statement or at the commit.
fn fail(database: &Database, code: &str, message: &str, at_commit: bool) {
    let (kind, when, how) =
        if at_commit { ("CONSTRAINT", "AFTER", "DEFERRABLE INITIALLY DEFERRED") } else { ("", "BEFORE", "") };
    database.sql(&format!(
        "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ \
         BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = '{message}'; END $$; \
         DROP TRIGGER IF EXISTS fail ON experts; \
         CREATE {kind} TRIGGER fail {when} INSERT ON experts {how} FOR EACH ROW EXECUTE FUNCTION fail()"
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_passes_by_itself_is_a_503_and_what_does_not_a_500() {
    let _up = up().await;
    let database = Postgres::get().database("faults");
    let server = Server::start(&database.url(), &["--pool-size", "2"]);
    let client = server.officer().await;
    for at_commit in [false, true] {
        for (code, message, status) in FAULTS {
            fail(&database, code, message, at_commit);
            let reply = client.create("Fault").await;
            assert_eq!((reply.status, reply.retry_after), (status, status == 503), "{code} {message}");
            assert!(!reply.body.to_string().contains(message), "no cause in an answer");
        }
    }
    database.sql("DROP TRIGGER fail ON experts");
    assert_eq!(database.count("experts WHERE full_name = 'Nguyen Thu Fault'"), 0, "a failed commit is no success");
    database.until(0, "state LIKE 'idle in transaction%'").await;
    assert_eq!(client.create("Fault").await.status, 201, "the same key, at last");
    assert_eq!(server.stop_with_errors().len(), 6, "each 500 stands in the log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_or_terminated_statement_is_a_503() {
    let _up = up().await;
    let database = Postgres::get().database("terminated");
    let server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    for end in ["pg_cancel_backend", "pg_terminate_backend"] {
        let table = database.hold("LOCK TABLE experts IN ACCESS EXCLUSIVE MODE");
        let [writing, reading] = [true, false].map(|write| {
            let client = client.clone();
            let work = async move {
                // with words: what is quick is asked again
                if write { client.create("Ended").await } else { client.get("/api/v1/experts?q=nguyen").await }
            };
            tokio::spawn(work)
        });
        database.blocked(2).await;
        database.sql(&format!(
            "SELECT {end}(pid) FROM pg_stat_activity WHERE datname = 'terminated' AND wait_event_type = 'Lock'"
        ));
        for reply in [writing.await.unwrap(), reading.await.unwrap()] {
            reply.assert_away(Duration::from_secs(3));
        }
        drop(table);
        // PostgreSQL says that it ends a connection a moment before it closes it; the pool sees the closing
        let ended = std::time::Instant::now();
        while client.get("/api/v1/experts").await.status != 200 {
            assert!(ended.elapsed() < Duration::from_millis(500), "the pool has noticed");
        }
    }
    assert_eq!(client.create("Ended").await.status, 201);
    assert_eq!(database.count("experts WHERE full_name = 'Nguyen Thu Ended'"), 1);
    server.stop();
}

/// All pooled connections are ended while nobody uses them, as a restart does: nobody sees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_died_unused_fail_no_request() {
    let _up = up().await;
    let database = Postgres::get().database("stale");
    let server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    let all = || futures_util::future::join_all((0..32).map(|_| client.get("/api/v1/me")));
    all().await;
    let ended = database.sql(
        "SELECT count(pg_terminate_backend(pid, 2000)) > 1 FROM pg_stat_activity \
         WHERE datname = 'stale' AND application_name LIKE 'expert-bank%'",
    );
    assert_eq!(ended, "t");
    tokio::time::sleep(Duration::from_millis(100)).await;
    for reply in all().await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_runs_away_is_ended_and_a_503() {
    let _up = up().await;
    let database = Postgres::get().database("runaway");
    let server = Server::start(&database.url(), &[]);
    let client = server.officer().await;
    database.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'; \
         CREATE TRIGGER slow BEFORE INSERT ON experts FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    let reply = client.create("Slow").await;
    assert!(reply.took > Duration::from_secs(14), "{reply:?}");
    reply.assert_away(Duration::from_secs(18));
    server.stop();
}
