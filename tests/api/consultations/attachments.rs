//! Attachments: what comes in is what goes out, and only what an office sends comes in.

use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{at, attach, bring, draft, submitted, verb};
use crate::support::TestApp;
use crate::support::bank::{change, text};

/// A file that begins as a PDF and is so long.
fn pdf(length: usize) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut next: u32 = 7;
    while bytes.len() < length {
        next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push((next >> 24) as u8);
    }
    bytes
}

#[tokio::test]
async fn what_comes_in_goes_out_byte_by_byte() {
    let app = TestApp::start().await;
    let (agency, officer) = (app.sign_in("agency").await, app.sign_in("union_officer").await);
    let made = draft(&agency, "consultation", &json!({})).await;
    for length in [9, 512 << 10, (512 << 10) + 1, 3_000_000] {
        let bytes = pdf(length);
        let answer = attach(&agency, &made, "name=%C4%90%E1%BB%81%20%C3%A1n.pdf", &bytes).await;
        let (location, etag) = (answer.header("location"), answer.header("etag"));
        let file = answer.expect(201);
        assert_eq!(
            etag,
            format!("\"{}\"", app.sql("SELECT version FROM consultations ORDER BY id DESC LIMIT 1").await)
        );
        let hash = hex::encode(Sha256::digest(&bytes));
        assert_eq!(
            json!([file["name"], file["media_type"], file["bytes"], file["sha256"], file["side"], file["kind"]]),
            json!(["Đề án.pdf", "application/pdf", length, hash, "asker", "scheme"])
        );
        let url = format!("http://{}{location}", app.address);
        let response = app.client.get(url).bearer_auth(officer.token.as_ref().unwrap());
        let response = response.header("accept-encoding", "gzip, br").send().await.unwrap();
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-length"), length.to_string());
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-type"), "application/pdf");
        assert!(header("content-disposition").starts_with("attachment; filename=\"__ _n.pdf\"; filename*=UTF-8''"));
        assert_eq!(response.bytes().await.unwrap().as_ref(), bytes.as_slice());
    }
    let listed = officer.get(&at(&made, "/attachments")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn only_what_an_office_sends_is_taken() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let made = draft(&agency, "consultation", &json!({})).await;
    for (query, bytes, status) in [
        ("name=a.pdf", b"MZ\x90\0\x03".as_slice(), 415),
        ("name=a.exe", b"MZ\x90\0\x03", 415),
        ("name=a.html", b"<html><script>", 415),
        ("name=a.pdf", b"", 415),
        ("name=a.txt", b"abc\0def", 415),
        ("name=a.txt", b"ghi ch\xfa", 415),
        ("name=a.txt", "ghi chú".as_bytes(), 201),
        ("name=..%2F..%2Fb.txt", b"abc", 201),
        ("name=&kind=scheme", b"abc", 400),
        ("kind=scheme", b"abc", 400),
        ("name=a.txt&kind=secret", b"abc", 400),
        ("name=a.txt&x=1", b"abc", 400),
    ] {
        let answer = attach(&agency, &made, query, bytes).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text);
    }
    // a text is looked at to its end
    let mut long = "chữ ".repeat(200_000).into_bytes();
    attach(&agency, &made, "name=dai.txt", &long).await.expect(201);
    long.push(0);
    attach(&agency, &made, "name=dai.txt", &long).await.problem(415);
    assert_eq!(
        app.sql("SELECT count(DISTINCT file_id) FROM consultation_chunks WHERE file_id NOT IN (SELECT id FROM consultation_files)").await,
        "0",
        "nothing is left of what was refused"
    );
    let names = agency.get(&at(&made, "/attachments")).await.expect(200);
    let names: Vec<&str> = names["items"].as_array().unwrap().iter().map(|file| text(&file["name"])).collect();
    assert_eq!(names, ["a.txt", "b.txt", "dai.txt"]);
}

/// Sends more than a file may have, piece by piece; the first line of the answer.
fn send_in_chunks(address: std::net::SocketAddr, head: &str) -> String {
    use std::io::{Read, Write};
    let mut line = std::net::TcpStream::connect(address).unwrap();
    line.write_all(head.as_bytes()).unwrap();
    let bytes = pdf((20 << 20) + 1);
    for piece in bytes.chunks(1 << 20) {
        let sent = line
            .write_all(format!("{:x}\r\n", piece.len()).as_bytes())
            .and_then(|()| line.write_all(piece))
            .and_then(|()| line.write_all(b"\r\n"));
        if sent.is_err() {
            break;
        }
    }
    let mut answer = [0; 64];
    let length = line.read(&mut answer).unwrap_or_default();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn a_file_has_at_most_20_mb_and_a_request_so_many() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let made = draft(&agency, "consultation", &json!({})).await;
    attach(&agency, &made, "name=lon.pdf", &pdf(20 << 20)).await.expect(201);
    // one whose length is not said beforehand
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ntransfer-encoding: chunked\r\n\r\n",
        at(&made, "/attachments?name=qua-lon.pdf"),
        agency.token.as_ref().unwrap()
    );
    let address = app.address;
    let told = tokio::task::spawn_blocking(move || send_in_chunks(address, &head)).await.unwrap();
    assert!(told.starts_with("HTTP/1.1 413"), "{told}");
    let files = agency.get(&at(&made, "/attachments")).await.expect(200);
    assert_eq!(files["items"].as_array().unwrap().len(), 1);
    change(
        &app,
        &format!(
            "INSERT INTO consultation_files (id, consultation_id, kind, name, media_type, bytes, sha256, by_union, created_at)
             SELECT gen_random_uuid(), '{}', 'other', 'x.txt', 'text/plain', 1, decode(repeat('00', 32), 'hex'), false, now()
               FROM generate_series(1, 48)",
            text(&made["id"])
        ),
    )
    .await;
    attach(&agency, &made, "name=50.txt", b"a").await.expect(201);
    assert_eq!(attach(&agency, &made, "name=51.txt", b"a").await.places(422), ["/attachments"]);
    change(&app, "DELETE FROM consultation_files WHERE name = 'x.txt'; UPDATE consultation_files SET bytes = 209715200 WHERE name = '50.txt'").await;
    assert_eq!(attach(&agency, &made, "name=them.txt", b"a").await.places(422), ["/attachments"]);
}

#[tokio::test]
async fn each_side_attaches_and_removes_its_own_in_its_time() {
    let app = TestApp::start().await;
    let callers = [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await];
    let (agency, officer) = (&callers[0], &callers[1]);
    let made = draft(agency, "consultation", &json!({})).await;
    let file = super::attach_scheme(agency, &made).await;
    let path = at(&made, &format!("/attachments/{}", text(&file["id"])));
    attach(officer, &made, "name=a.txt", b"a").await.problem(409);
    officer.send(Method::DELETE, &path, &[("if-match", "*")], None).await.problem(409);
    agency.send(Method::DELETE, &path, &[], None).await.problem(428);
    agency.send(Method::DELETE, &path, &[("if-match", "\"1\"")], None).await.problem(412);
    let gone = agency.send(Method::DELETE, &path, &[("if-match", "\"2\"")], None).await;
    assert_eq!((gone.status.as_u16(), gone.header("etag")), (204, "\"3\"".to_owned()));
    agency.get(&path).await.problem(404);
    assert_eq!(
        app.sql(&format!("SELECT count(*) FROM consultation_chunks WHERE file_id = '{}'", text(&file["id"]))).await,
        "0"
    );
    let file = super::attach_scheme(agency, &made).await;
    bring(&callers, &made, "submitted").await;
    attach(agency, &made, "name=a.txt", b"a").await.problem(409);
    let path = at(&made, &format!("/attachments/{}", text(&file["id"])));
    agency.send(Method::DELETE, &path, &[("if-match", "*")], None).await.problem(409);
    let scan = attach(officer, &made, "name=cong-van.txt&kind=letter", b"a").await.expect(201);
    assert_eq!(json!([scan["side"], scan["visibility"]]), json!(["union", "internal"]));
    // what the Union keeps for itself is not there for the agency, until it shares it
    let own = at(&made, &format!("/attachments/{}", text(&scan["id"])));
    agency.get(&own).await.problem(404);
    assert_eq!(officer.get(&own).await.text, "a");
    let shared = attach(officer, &made, "name=thu.txt&visibility=shared", b"b").await.expect(201);
    let shared = at(&made, &format!("/attachments/{}", text(&shared["id"])));
    let answer = agency.get(&shared).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "b"));
    let held = [("if-none-match", answer.headers["etag"].to_str().unwrap())];
    assert_eq!(agency.send(Method::GET, &shared, &held, None).await.status, 304);
    let count = |seen: Value| seen["attachments"].clone();
    assert_eq!(count(agency.get(&at(&made, "")).await.expect(200)), 2);
    assert_eq!(count(officer.get(&at(&made, "")).await.expect(200)), 3);
    assert_eq!(attach(agency, &made, "name=a.txt&visibility=internal", b"a").await.places(400), ["/visibility"]);
    // a file of another request is not found here
    let other = submitted(agency, "consultation", &json!({})).await;
    agency.get(&at(&other, &format!("/attachments/{}", text(&scan["id"])))).await.problem(404);
    verb(&callers[2], &made, "decline", &json!({ "code": "duplicate", "reason": "Trùng" })).await.expect(200);
    attach(officer, &made, "name=a.txt", b"a").await.problem(409);
}

#[tokio::test]
async fn pieces_of_a_file_that_never_came_are_swept_away() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let made = draft(&agency, "consultation", &json!({})).await;
    super::attach_scheme(&agency, &made).await;
    change(
        &app,
        "INSERT INTO consultation_chunks (file_id, number, data, created_at)
         SELECT '00000000-0000-0000-0000-000000000009', n, 'x', now() - interval '2 hours' FROM generate_series(0, 2) n;
         INSERT INTO consultation_chunks (file_id, number, data) VALUES ('00000000-0000-0000-0000-000000000008', 0, 'x');
         UPDATE consultation_chunks SET created_at = now() - interval '2 hours' WHERE data LIKE '%PDF%'",
    )
    .await;
    assert_eq!(expert_bank::consultations::forget_pieces(&app.state.db).await.unwrap(), 3);
    assert_eq!(expert_bank::consultations::forget_pieces(&app.state.db).await.unwrap(), 0);
    let files = agency.get(&at(&made, "/attachments")).await.expect(200);
    let path = at(&made, &format!("/attachments/{}", text(&files["items"][0]["id"])));
    assert_eq!(agency.get(&path).await.text, "%PDF-1.7 mau");
    assert_eq!(Value::Null, agency.get(&at(&made, "")).await.expect(200)["register_number"]);
}

#[tokio::test]
async fn the_union_shares_what_it_files_and_keeps_what_it_works_with() {
    let app = TestApp::start().await;
    let (officer, leader) = (app.sign_in("union_officer").await, app.sign_in("union_leader").await);
    let paper = draft(&officer, "consultation", &json!({ "asker": "SNNMT-DEMO" })).await;
    let begun = draft(&leader, "consultation", &json!({ "asker": "SNNMT-DEMO", "origin": "self_initiated" })).await;
    for (made, visibility) in [(&paper, "shared"), (&begun, "internal")] {
        let file = attach(&officer, made, "name=y-kien.txt", b"a").await.expect(201);
        assert_eq!(file["visibility"], visibility);
        let path = at(made, &format!("/attachments/{}", text(&file["id"])));
        let status = app.sign_in("agency").await.get(&path).await.status;
        assert_eq!(status == 200, visibility == "shared", "the addressee reads no opinion before the report");
    }
}

#[tokio::test]
async fn an_asker_hands_in_more_while_it_is_worked_on_and_nobody_takes_back_what_was_delivered() {
    let app = TestApp::start().await;
    let callers = [app.sign_in("agency").await, app.sign_in("union_officer").await, app.sign_in("union_leader").await];
    let made = draft(&callers[0], "consultation", &json!({})).await;
    super::attach_scheme(&callers[0], &made).await;
    bring(&callers, &made, "suspended").await;
    attach(&callers[0], &made, "name=so-lieu.csv&kind=other", "Mục;Số\n".as_bytes()).await.expect(201);
    let other = draft(&callers[0], "consultation", &json!({})).await;
    super::attach_scheme(&callers[0], &other).await;
    bring(&callers, &other, "concluding").await;
    let report = attach(&callers[1], &other, "name=bao-cao.txt&visibility=shared", b"bao cao").await.expect(201);
    super::go(&callers, &other, &["deliver"]).await;
    let path = at(&other, &format!("/attachments/{}", text(&report["id"])));
    callers[1].send(Method::DELETE, &path, &[("if-match", "*")], None).await.problem(409);
    assert_eq!(callers[0].get(&path).await.text, "bao cao");
}

#[tokio::test]
async fn an_upload_that_is_sent_again_is_answered_as_the_first_time() {
    let app = TestApp::start().await;
    let agency = app.sign_in("agency").await;
    let made = draft(&agency, "consultation", &json!({})).await;
    let path = at(&made, "/attachments?name=De-an.pdf");
    let headers = [("content-type", "application/octet-stream"), ("idempotency-key", "tep-1")];
    let send = async || agency.raw(Method::POST, &path, &headers, pdf(700_000)).await;
    let first = send().await.expect(201);
    verb(&agency, &made, "submit", &Value::Null).await.expect(200);
    assert_eq!(send().await.expect(201), first, "also when nothing more may be attached");
    // and its bytes are whole
    let file = agency.get(&at(&made, &format!("/attachments/{}", text(&first["id"])))).await;
    assert_eq!(file.header("content-length"), "700000");
    // nothing takes the pieces of a file that is kept
    let id = text(&first["id"]).parse().unwrap();
    expert_bank::consultations::store::drop_chunks(&mut app.state.db.conn().await.unwrap(), id).await.unwrap();
    let kept = app.sql(&format!("SELECT sum(length(data)) FROM consultation_chunks WHERE file_id = '{id}'")).await;
    assert_eq!(kept, "700000");
}
