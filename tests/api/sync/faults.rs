//! What goes wrong: cut uploads, files made to hurt, workers that die.

use std::time::{Duration, Instant};

use expert_bank::kernel::id::new_id;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use super::{apply, bank, counts, lines, made, plan, records, send};
use crate::support::TestApp;
use crate::support::bank::{change, text};

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
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let path = "/api/v1/sync/plans?source=skhcn&mode=delta";
    let bomb = zstd::encode_all(&vec![b'\n'; 200 << 20][..], 3).unwrap();
    let long =
        [b"{\"external_id\": \"A\", \"full_name\": \"".to_vec(), vec![b'a'; 10 << 20], b"\"}\n".to_vec()].concat();
    for (what, encoding, body) in [
        ("a bomb", "zstd", bomb),
        ("a line of 10 MB", "identity", long),
        ("10 million empty lines", "identity", vec![b'\n'; 10_000_000]),
    ] {
        let begin = Instant::now();
        let headers = [("content-type", "application/x-ndjson"), ("content-encoding", encoding)];
        let mut request = app.client.request(Method::POST, format!("http://{}{path}", app.address));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let sent = request.bearer_auth(dept.token.as_deref().unwrap()).body(body).send().await;
        // a server that answers before all was sent may close the line: then the plan says why
        if let Ok(answer) = sent {
            assert_eq!(answer.status(), 413, "{what}");
        }
        let last = dept.get("/api/v1/sync/plans?limit=1").await.expect(200)["items"][0].clone();
        assert_eq!((&last["state"], &last["failure"]["code"]), (&json!("failed"), &json!("refused")), "{what}");
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: {:?}", begin.elapsed());
    }
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
    // its lines were gone with the plan that was made, so nothing is left of it
    assert_eq!(counts(&again), [0; 8]);
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
