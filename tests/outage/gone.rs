//! PostgreSQL takes connections and says nothing.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::UnixListener;

use crate::postgres::{Postgres, up};
use crate::server::Server;

const SOON: Duration = Duration::from_secs(2);

/// New connections get no answer: who needs one is told to come again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_does_not_answer_is_a_503() {
    let _up = up().await;
    let database = Postgres::get().database("silent");
    let dir = std::env::temp_dir().join(format!("eb-silent-{}", std::process::id()));
    std::fs::create_dir(&dir).unwrap();
    let socket = dir.join(".s.PGSQL.5432");
    std::os::unix::fs::symlink(Postgres::get().dir().join(".s.PGSQL.5432"), &socket).unwrap();
    let server = Server::start(&crate::postgres::socket_url(&dir, "silent"), &[]);
    let client = server.officer().await;
    std::fs::remove_file(&socket).unwrap();
    let silent = UnixListener::bind(&socket).unwrap();
    database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'expert-bank%' AND datname = 'silent'");
    for reply in join_all((0..20).map(|_| client.get("/api/v1/me"))).await {
        reply.assert_away(SOON);
    }
    drop(silent);
    std::fs::remove_file(&socket).unwrap();
    std::os::unix::fs::symlink(Postgres::get().dir().join(".s.PGSQL.5432"), &socket).unwrap();
    for reply in join_all((0..20).map(|_| client.get("/api/v1/me"))).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    server.stop();
    std::fs::remove_dir_all(&dir).unwrap();
}
