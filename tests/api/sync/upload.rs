//! The ways a file comes in.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde_json::{Value, json};

use super::{counts, lines, made, records};
use crate::support::bank::text;
use crate::support::{Answer, Caller, TestApp};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

async fn post(caller: &Caller<'_>, query: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
    caller.raw(Method::POST, &format!("/api/v1/sync/plans?{query}"), headers, body).await
}

const LINES: (&str, &str) = ("content-type", "application/x-ndjson");
const QUERY: &str = "source=skhcn&mode=delta";

#[tokio::test]
async fn lines_and_arrays_packed_or_not_make_the_same_plan() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let file = lines(&records(120));
    let array = json!(records(120)).to_string().into_bytes();
    let json_type = ("content-type", "application/json; charset=utf-8");
    for (what, headers, body) in [
        ("lines", vec![LINES], file.clone()),
        ("gzip", vec![LINES, ("content-encoding", "gzip")], gzip(&file)),
        ("zstd", vec![LINES, ("content-encoding", "zstd")], zstd::encode_all(&file[..], 3).unwrap()),
        ("an array", vec![json_type], array.clone()),
        ("a packed array", vec![json_type, ("content-encoding", "gzip")], gzip(&array)),
    ] {
        let answer = post(&dept, QUERY, &headers, body).await;
        let location = answer.header("location");
        let receipt = answer.expect(202);
        assert_eq!(location, format!("/api/v1/sync/plans/{}", text(&receipt["id"])));
        let plan = made(&dept, text(&receipt["id"])).await;
        assert_eq!(counts(&plan), [120, 0, 0, 0, 0, 0, 0, 0], "{what}: {plan}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM sync_chunks").await, "0", "the lines are gone when the plan is made");
}

#[tokio::test]
async fn a_file_larger_than_other_bodies_may_be_is_taken() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let mut many = records(3_000);
    many.iter_mut().for_each(|record| record["biography"] = json!("Nghiên cứu rừng phòng hộ. ".repeat(30)));
    let body = lines(&many);
    assert!(body.len() > 3 << 20);
    let receipt = post(&dept, QUERY, &[LINES], body).await.expect(202);
    assert_eq!(counts(&made(&dept, text(&receipt["id"])).await)[0], 3_000);
}

#[tokio::test]
async fn what_is_no_file_of_records_is_refused_with_the_remedy() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let good = lines(&records(1));
    for (query, headers, body, status) in [
        ("source=skhcn", vec![LINES], good.clone(), 400),
        ("mode=delta", vec![LINES], good.clone(), 400),
        ("source=skhcn&mode=full", vec![LINES], good.clone(), 400),
        ("source=skhcn&mode=delta&apply=now", vec![LINES], good.clone(), 400),
        ("source=SK%00&mode=delta", vec![LINES], good.clone(), 400),
        ("source=S%C3%A1&mode=delta", vec![LINES], good.clone(), 400),
        (QUERY, vec![("content-type", "text/csv")], good.clone(), 415),
        (QUERY, vec![], good.clone(), 415),
        (QUERY, vec![LINES, ("content-encoding", "br")], good.clone(), 415),
        (QUERY, vec![LINES, ("content-encoding", "gzip")], good.clone(), 400),
        (QUERY, vec![("content-type", "application/json")], good.clone(), 400),
        (QUERY, vec![("content-type", "application/json")], b"[{}".to_vec(), 400),
        (QUERY, vec![LINES], Vec::new(), 422),
    ] {
        let problem = post(&dept, query, &headers, body).await.problem(status);
        let told = problem["detail"].is_string() || problem["errors"][0]["detail"].is_string();
        assert!(told, "{query} {headers:?}: {problem}");
    }
    assert_eq!(app.sql("SELECT count(*) FROM sync_plans WHERE state <> 'failed'").await, "0");
    assert_eq!(app.sql("SELECT count(*) FROM sync_chunks").await, "0");
    let lines = b"{\"external_id\": \"A\", \"full_name\": \"Kp\xff\"}\n[1]\nnull\n{\"external_id\": \"B\"\n{\"full_name\": \"x\"}\n{\"external_id\": \"A\\u0000\", \"full_name\": \"x\"}\n{\"external_id\": \"A\\tB\", \"full_name\": \"x\"}\n";
    let receipt = post(&dept, QUERY, &[LINES], lines.to_vec()).await.expect(202);
    let plan = made(&dept, text(&receipt["id"])).await;
    assert_eq!(counts(&plan), [0, 0, 0, 0, 0, 0, 0, 7]);
    let codes: Vec<Value> =
        super::changes(&dept, &plan, "").await.iter().map(|change| change["errors"][0]["code"].clone()).collect();
    assert_eq!(
        codes,
        ["malformed_json", "wrong_type", "wrong_type", "malformed_json", "required", "nul_character", "malformed"]
    );
}

#[tokio::test]
async fn a_key_stands_for_the_file() {
    let app = TestApp::start().await;
    let dept = app.sign_in("science_dept").await;
    let key = [LINES, ("idempotency-key", "hom-nay")];
    let first = post(&dept, QUERY, &key, lines(&records(5))).await.expect(202);
    made(&dept, text(&first["id"])).await;
    let again = post(&dept, QUERY, &key, lines(&records(5))).await.expect(202);
    assert_eq!(first, again);
    assert_eq!(post(&dept, QUERY, &key, lines(&records(6))).await.problem(422)["code"], "idempotency_mismatch");
    assert_eq!(
        post(&dept, "source=skhcn&mode=snapshot", &key, lines(&records(5))).await.problem(422)["code"],
        "idempotency_mismatch"
    );
    assert_eq!(app.sql("SELECT count(*) FROM sync_plans").await, "1", "nothing is left of what was sent again");
    let other = post(&dept, QUERY, &[LINES, ("idempotency-key", "k2")], lines(&records(5))).await.expect(202);
    assert_eq!(other["same_file_as"], first["id"]);
}
