//! What goes wrong: cut uploads, files made to hurt, workers that die.

use std::time::{Duration, Instant};

use expert_bank::kernel::id::new_id;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{apply, ask_to_apply, bank, counts, lines, made, plan, records, send};
use crate::support::bank::{change, text};
use crate::support::{Caller, TestApp};

#[tokio::test]
async fn an_upload_that_is_cut_leaves_a_failed_plan_and_nothing_else() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let before = bank(&app).await;
    let body = lines(&records(3_000));
    let mut stream = tokio::net::TcpStream::connect(app.address).await.unwrap();
    let head = format!(
        "POST /api/v1/sync/plans?source=skhcn&mode=snapshot HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/x-ndjson\r\nidempotency-key: cut\r\ncontent-length: {}\r\n\r\n",
        dept.token.as_deref().unwrap(),
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..body.len() * 2 / 3]).await.unwrap();
    let staged = "SELECT count(*) FROM sync_chunks";
    while app.sql(staged).await == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(stream);
    let failed = "SELECT count(*) FROM sync_plans WHERE state = 'failed'";
    while app.sql(failed).await == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let page = dept.get("/api/v1/sync/plans").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    assert_eq!(page["items"][0]["failure"]["code"], "upload_cut");
    assert_eq!((app.sql(staged).await, app.sql("SELECT count(*) FROM sync_changes").await), ("0".into(), "0".into()));
    assert_eq!(bank(&app).await, before);
    apply(&dept, &page["items"][0]).await.places(422);
    let headers = [("content-type", "application/x-ndjson"), ("idempotency-key", "cut")];
    let path = "/api/v1/sync/plans?source=skhcn&mode=snapshot";
    let receipt = dept.raw(Method::POST, path, &headers, body).await.expect(202);
    assert_eq!(counts(&made(&dept, text(&receipt["id"])).await)[0], 3_000, "the key of the cut upload is free");
}

#[tokio::test]
async fn files_made_to_hurt_are_refused_soon() {
    let path = "/api/v1/sync/plans?source=skhcn&mode=delta";
    let bomb = zstd::encode_all(&vec![b'\n'; 200 << 20][..], 3).unwrap();
    let long =
        [b"{\"external_id\": \"A\", \"full_name\": \"".to_vec(), vec![b'a'; 10 << 20], b"\"}\n".to_vec()].concat();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gzip, &vec![b' '; 64 << 20]).unwrap();
    // a beginning that is hardly packed saves nothing up for what follows
    let long_line = format!("{{\"external_id\": \"B\", \"biography\": \"{}\"}}\n", "a".repeat(10_000));
    let behind = [lines(&records(20_000)), long_line.repeat(10_000).into_bytes()].concat();
    let behind = zstd::encode_all(&behind[..], 1).unwrap();
    // what takes its time to make is made before anybody is connected
    let gzip = gzip.finish().unwrap();
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    for (what, encoding, body) in [
        ("a bomb", "zstd", bomb),
        ("a gzip bomb", "gzip", gzip),
        ("a bomb behind records", "zstd", behind),
        ("a line of 10 MB", "identity", long),
        ("10 million empty lines", "identity", vec![b'\n'; 10_000_000]),
    ] {
        let begin = Instant::now();
        let answer = post_and_listen(&dept, path, encoding, body).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{what}: {answer:?}");
        let (head, problem) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("application/problem+json"), "{what}: {head}");
        let problem: Value = serde_json::from_str(problem).unwrap_or_else(|error| panic!("{what}: {error}: {answer}"));
        assert_eq!(problem["status"], 413, "{what}: {problem}");
        assert!(problem["detail"].is_string() || problem["errors"][0]["detail"].is_string(), "{what}: {problem}");
        let last = dept.get("/api/v1/sync/plans?limit=1").await.expect(200)["items"][0].clone();
        assert_eq!((&last["state"], &last["failure"]["code"]), (&json!("failed"), &json!("refused")), "{what}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}: {:?}", begin.elapsed());
    }
    assert_eq!(app.sql("SELECT count(*) FROM sync_chunks").await, "0", "nothing of them is kept");
}

/// Sends a file and reads meanwhile: a server that has seen enough answers before all was sent, and closes the line.
async fn post_and_listen(caller: &Caller<'_>, path: &str, encoding: &str, body: Vec<u8>) -> String {
    let line = tokio::net::TcpStream::connect(caller.app.address).await.unwrap();
    let (mut answers, mut file) = line.into_split();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
         content-type: application/x-ndjson\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
        caller.token.as_deref().unwrap(),
        body.len()
    );
    let sending = tokio::spawn(async move {
        // it ends when the other end wants no more
        if file.write_all(head.as_bytes()).await.is_ok() {
            drop(file.write_all(&body).await);
        }
        file
    });
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(120), answers.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "no end of the answer: {:?}", String::from_utf8_lossy(&answer));
    sending.abort();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_record_that_repeats_itself_is_taken_once() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let one = super::record(1);
    let many: Vec<Value> = std::iter::repeat_n(one, 2_500).collect();
    let plan = plan(&dept, "delta", &many).await;
    assert_eq!(counts(&plan), [1, 0, 0, 0, 0, 0, 0, 2_499]);
    apply(&dept, &plan).await.expect(200);
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE source = 'skhcn'").await, "1");
}

/// A worker that died has left its lease behind, and half of a plan.
#[tokio::test]
async fn what_a_dead_worker_left_is_taken_up_or_said_to_have_failed() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let good = plan(&dept, "delta", &records(30)).await;
    let id = text(&good["id"]);
    let dead = new_id();
    for (state, lease) in [("applying", "now() - interval '1 second'"), ("receiving", "now() - interval '1 second'")] {
        let sql = format!(
            "UPDATE sync_work SET worker = '{dead}', lease_until = {lease} WHERE plan_id = '{id}';
             UPDATE sync_plans SET state = '{state}', apply_kind = 'system' WHERE id = '{id}'"
        );
        change(&app, &sql).await;
        let plan = made(&dept, id).await;
        let expected = if state == "applying" { "applied" } else { "failed" };
        assert_eq!(plan["state"], expected, "{plan}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE source = 'skhcn'").await, "30");
    let receipt = send(&dept, "source=skhcn&mode=delta", lines(&records(40))).await.expect(202);
    let plan = made(&dept, text(&receipt["id"])).await;
    let half = format!(
        "INSERT INTO sync_changes (plan_id, number, kind, row_hash) VALUES ('{0}', 900, 'rejected', 'x');
         UPDATE sync_work SET worker = '{dead}', lease_until = now() + interval '2 seconds' WHERE plan_id = '{0}';
         UPDATE sync_plans SET state = 'planning' WHERE id = '{0}'",
        text(&plan["id"])
    );
    let begin = Instant::now();
    change(&app, &half).await;
    let again = made(&dept, text(&plan["id"])).await;
    assert!(begin.elapsed() > Duration::from_millis(1_500), "the lease of the other worker was kept");
    // its lines were gone with the plan that was made: what is not there is never taken for missing
    assert_eq!((&again["state"], &again["failure"]["code"]), (&json!("failed"), &json!("internal")), "{again}");
}

#[tokio::test]
async fn two_workers_never_work_on_one_plan() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let others: Vec<_> = (0..3).map(|_| tokio::spawn(expert_bank::sync::worker::run(app.state.clone()))).collect();
    for round in 0..3 {
        let file: Vec<Value> = (1..=400).map(|number| super::record(round * 1_000 + number)).collect();
        let plan = plan(&dept, "delta", &file).await;
        assert_eq!(counts(&plan), [400, 0, 0, 0, 0, 0, 0, 0]);
        apply(&dept, &plan).await.expect(200);
    }
    others.iter().for_each(tokio::task::JoinHandle::abort);
    assert_eq!(app.sql("SELECT max(attempts) FROM sync_work").await, "1");
    assert_eq!(app.sql("SELECT count(*) FROM expert_sources WHERE source = 'skhcn'").await, "1200");
}

/// While a plan is applied its row is held; who asks about it is answered, and the same file comes in meanwhile.
#[tokio::test]
async fn nobody_waits_for_a_plan_that_is_being_applied() {
    let app = TestApp::start().await;
    let (dept, officer) = (app.sign_in("science_dept").await, app.sign_in("union_officer").await);
    let ready = plan(&dept, "delta", &records(30)).await;
    let id = text(&ready["id"]).to_owned();
    let (held, go_on) =
        (std::sync::Arc::new(tokio::sync::Notify::new()), std::sync::Arc::new(tokio::sync::Notify::new()));
    // a worker that is in the middle of it
    let sql = format!(
        "UPDATE sync_work SET worker = '{}', lease_until = now() + interval '1 hour' WHERE plan_id = '{id}';
         UPDATE sync_plans SET state = 'applying', apply_kind = 'system' WHERE id = '{id}'",
        new_id()
    );
    change(&app, &sql).await;
    let (state, is_held, may_end, plan_id) = (app.state.clone(), held.clone(), go_on.clone(), id.parse().unwrap());
    let worker = tokio::spawn(async move {
        let work = state.db.transaction(async move |tx| {
            expert_bank::sync::store::lock(tx, plan_id).await?;
            is_held.notify_one();
            may_end.notified().await;
            Ok(())
        });
        work.await
    });
    held.notified().await;
    let begin = Instant::now();
    let receipt = send(&dept, "source=skhcn&mode=delta", lines(&records(30))).await.expect(202);
    assert_eq!(receipt["same_file_as"], json!(id));
    for verb in ["release", "revert"] {
        officer.send(Method::POST, &format!("/api/v1/sync/plans/{id}/{verb}"), &[], None).await.problem(409);
    }
    let path = format!("/api/v1/sync/plans/{id}/conflicts/1");
    officer.post(&path, &json!({ "take": "ours" })).await.problem(409);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    assert_eq!(ask_to_apply(&dept, &ready).await.expect(202)["state"], "applying");
    go_on.notify_one();
    worker.await.unwrap().unwrap();
}

/// What comes in for a plan that was taken for dead meanwhile is not kept.
#[tokio::test]
async fn lines_for_a_plan_that_failed_are_not_kept() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let ready = plan(&dept, "delta", &records(3)).await;
    let id: uuid::Uuid = text(&ready["id"]).parse().unwrap();
    let conn = &mut app.state.db.conn().await.unwrap();
    assert!(!expert_bank::sync::store::put_chunk(conn, id, 0, b"x").await.unwrap());
    assert!(!expert_bank::sync::store::work::upload_goes_on(conn, id).await.unwrap());
    change(&app, &format!("UPDATE sync_plans SET state = 'receiving' WHERE id = '{id}'")).await;
    assert!(expert_bank::sync::store::work::upload_goes_on(conn, id).await.unwrap());
    assert!(expert_bank::sync::store::put_chunk(conn, id, 0, b"x").await.unwrap());
}

/// The numbers of the next changes that are looked at together.
async fn next(app: &TestApp, plan: uuid::Uuid, after: i64) -> Vec<i64> {
    let conn = &mut app.state.db.conn().await.unwrap();
    let rows = expert_bank::sync::store::changes::writing(conn, plan, after, 500).await.unwrap();
    rows.iter().map(|row| row.number).collect()
}

/// Batches go by what they weigh, not by how many there are.
#[tokio::test]
async fn large_records_are_looked_at_a_few_at_a_time() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let plan = plan(&dept, "delta", &records(24)).await;
    let id: uuid::Uuid = text(&plan["id"]).parse().unwrap();
    assert_eq!(next(&app, id, 0).await.len(), 24);
    change(&app, &format!("UPDATE sync_changes SET weight = 3 << 20 WHERE plan_id = '{id}' AND number > 3")).await;
    assert_eq!(next(&app, id, 0).await, [1, 2, 3, 4, 5], "until there is more than enough");
    assert_eq!(next(&app, id, 5).await, [6, 7], "never none");
    assert_eq!(next(&app, id, 24).await, Vec::<i64>::new());
}
