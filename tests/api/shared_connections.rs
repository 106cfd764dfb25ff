//! Quick reads of all requests over a few connections, and what keeps them quick.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use diesel::QueryResult;
use diesel::dsl::sql;
use diesel::sql_types::Integer;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use expert_bank::db::{Db, Reader};
use expert_bank::kernel::problem::{Answer, Code};
use futures_util::future::join_all;

use crate::support::TestApp;

/// An app whose shared connection is open: of this thread, which needs no other as long as that answers.
async fn warm() -> TestApp {
    let app = TestApp::start().await;
    open(&app.state.db).await;
    app
}

async fn open(db: &Db) {
    let begin = Instant::now();
    while db.shared() == 0 {
        backend(db).await.unwrap();
        assert!(begin.elapsed() < Duration::from_secs(5), "none is open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The server process that answers a quick read.
async fn backend(db: &Db) -> Answer<i32> {
    let read = async |mut conn: &Reader| -> QueryResult<i32> {
        diesel::select(sql::<Integer>("pg_backend_pid()")).get_result(&mut conn).await
    };
    db.quick("tests.backend", read).await
}

/// A read that takes so many milliseconds; the server process that answered at last.
async fn sleep(db: &Db, ms: u32) -> Answer<i32> {
    let read = async |mut conn: &Reader| -> QueryResult<i32> {
        let slept = sql::<Integer>(&format!("(SELECT pg_backend_pid() FROM pg_sleep({ms} / 1000.0))"));
        diesel::select(slept).get_result(&mut conn).await
    };
    db.quick("tests.sleep", read).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quick_reads_of_many_share_a_few_connections() {
    let app = warm().await;
    let db = &app.state.db;
    // a machine that halts for 25 ms sends some of them to the pool, as it should: they are asked again then
    let begin = Instant::now();
    loop {
        let pooled = db.load().0;
        let asked = join_all((0..200).map(|_| backend(db))).await;
        let backends: BTreeSet<i32> = asked.into_iter().map(Result::unwrap).collect();
        if backends.len() <= 4 && db.load().0 == pooled {
            break; // none of the pool's was needed
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "they need connections of the pool: {backends:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    db.close();
    assert_eq!(backend(db).await.unwrap_err().code(), Code::Unavailable);
}

/// Each worker thread asks over a connection of its own, and where that does not answer, over another's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_thread_has_a_connection_of_its_own_that_ends_with_it() {
    let app = warm().await;
    let db = &app.state.db;
    let here = backend(db).await.unwrap();
    let elsewhere = db.clone();
    let there = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let borrowed = backend(&elsewhere).await.unwrap();
            let begin = Instant::now();
            loop {
                let own = backend(&elsewhere).await.unwrap();
                if own != borrowed {
                    return (borrowed, own, elsewhere.shared());
                }
                assert!(begin.elapsed() < Duration::from_secs(5), "it gets none of its own");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    });
    let (borrowed, own, open) = there.join().unwrap();
    assert_eq!((borrowed, open), (here, 2), "until its own was open it asked over this one");
    let begin = Instant::now();
    while db.shared() > 1 {
        assert_eq!(backend(db).await.unwrap(), here, "{own} ended with its thread");
        assert!(begin.elapsed() < Duration::from_secs(5), "what ended is not counted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_read_moves_and_does_not_hold_up_quick_ones() {
    let app = warm().await;
    let db = &app.state.db;
    let shared: BTreeSet<i32> = join_all((0..50).map(|_| backend(db))).await.into_iter().map(Result::unwrap).collect();
    let slow = async { join_all((0..4).map(|_| sleep(db, 900))).await };
    let quick = async {
        let mut longest = Duration::ZERO;
        for _ in 0..60 {
            let begin = Instant::now();
            backend(db).await.unwrap();
            longest = longest.max(begin.elapsed());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        longest
    };
    let (slow, longest) = tokio::join!(slow, quick);
    for pid in slow {
        assert!(!shared.contains(&pid.unwrap()), "it ended on a connection of its own");
    }
    assert!(longest < Duration::from_millis(600), "a quick read waited {longest:?}");
    // its like goes elsewhere at once now, though a millisecond is short enough to be answered here
    assert!(!shared.contains(&sleep(db, 1).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_connection_takes_no_writes() {
    let app = warm().await;
    let write = async |mut conn: &Reader| -> QueryResult<usize> {
        diesel::sql_query("DELETE FROM sign_in_meters").execute(&mut conn).await
    };
    assert_eq!(app.state.db.quick("tests.write", write).await.unwrap_err().code(), Code::Unavailable);
    backend(&app.state.db).await.unwrap();
}

/// A caller may be gone at any moment: what was asked for is thrown away, and the connection stays as good as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_is_given_up_leaves_the_connection_whole() {
    let app = warm().await;
    let db = &app.state.db;
    for micros in (0..200).map(|n| n * 10) {
        let reads = join_all((0..8).map(|_| sleep(db, 2)));
        assert!(tokio::time::timeout(Duration::from_micros(micros), reads).await.is_err());
        let number = i32::try_from(micros).unwrap();
        let echo = async |mut conn: &Reader| -> QueryResult<i32> {
            diesel::select(diesel::dsl::sql::<Integer>("").bind::<Integer, _>(number)).get_result(&mut conn).await
        };
        assert_eq!(db.quick("tests.echo", echo).await.unwrap(), number, "its own answer, not another's");
    }
    assert!(db.shared() > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_die_are_opened_again_and_nobody_sees_it() {
    let app = warm().await;
    let db = &app.state.db;
    for _ in 0..3 {
        // what no shared one answers goes to the pool, whose connections nobody ends here
        open(db).await;
        let before: BTreeSet<i32> =
            join_all((0..50).map(|_| backend(db))).await.into_iter().map(Result::unwrap).collect();
        let pids: Vec<String> = before.iter().map(ToString::to_string).collect();
        let mut conn = db.conn().await.unwrap();
        conn.batch_execute(&format!(
            "SELECT pg_terminate_backend(pid, 2000) FROM unnest(ARRAY[{}]) pid",
            pids.join(",")
        ))
        .await
        .unwrap();
        drop(conn);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let begin = Instant::now();
        while join_all((0..20).map(|_| backend(db))).await.iter().all(|pid| before.contains(pid.as_ref().unwrap()))
            || db.shared() == 0
        {
            assert!(begin.elapsed() < Duration::from_secs(3), "they are opened again");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
