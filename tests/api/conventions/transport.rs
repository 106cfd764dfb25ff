//! Heads, encodings, other web sites, links between pages, metrics.

use reqwest::Method;

use crate::support::TestApp;

#[tokio::test]
async fn head_answers_like_get_without_a_body() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/api/v1/fields", "/api/v1/experts?q=lam", "/docs"] {
        let get = app.nobody().get(path).await;
        let head = app.nobody().raw(Method::HEAD, path, &[], Vec::new()).await;
        assert_eq!((head.status, head.text.as_str()), (get.status, ""), "{path}");
        assert_eq!(head.header("etag"), get.header("etag"), "{path}");
    }
    assert_eq!(app.nobody().raw(Method::HEAD, "/api/v1/me", &[], Vec::new()).await.status.as_u16(), 401);
}

#[tokio::test]
async fn a_token_over_the_head_limit_is_a_431() {
    let app = TestApp::start().await;
    for (size, status) in [(8_000, 401), (17_000, 431), (100_000, 431)] {
        let token = "a".repeat(size);
        let answer = app.with_token(&token).get("/api/v1/me").await;
        assert_eq!(answer.status.as_u16(), status, "{size}: {}", answer.text);
        answer.problem(status);
    }
}

#[tokio::test]
async fn answers_are_compressed_as_asked() {
    let app = TestApp::start().await;
    for (asked, given) in [("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"), ("identity", ""), ("", "")] {
        let headers = [("accept-encoding", asked)];
        let request = app.client.get(format!("http://{}/api/v1/fields?limit=100", app.address));
        let request = if asked.is_empty() { request } else { request.header(headers[0].0, headers[0].1) };
        let answer = request.send().await.unwrap();
        let encoding = answer.headers().get("content-encoding").map_or("", |value| value.to_str().unwrap());
        assert_eq!(encoding, given, "{asked}");
        let size = answer.bytes().await.unwrap().len();
        assert_eq!(size < 5_000, !given.is_empty(), "{asked}: {size} bytes");
    }
}

#[tokio::test]
async fn only_configured_web_sites_may_read_answers() {
    let app = TestApp::start().await;
    for (origin, allowed) in [("https://portal.example", "https://portal.example"), ("https://evil.example", "")] {
        let answer = app.nobody().send(Method::GET, "/api/v1/fields", &[("origin", origin)], None).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.header("access-control-allow-origin"), allowed);
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        let asks = [
            ("origin", origin),
            ("access-control-request-method", "PATCH"),
            ("access-control-request-headers", "authorization,if-match,content-type,idempotency-key"),
        ];
        let answer = app.nobody().send(Method::OPTIONS, "/api/v1/experts/CG-000001", &asks, None).await;
        assert_eq!(answer.header("access-control-allow-origin"), allowed, "preflight");
        assert_eq!(answer.header("access-control-allow-methods").contains("PATCH"), !allowed.is_empty());
    }
}

#[tokio::test]
async fn the_link_leads_to_the_next_page_and_the_last_page_has_none() {
    let app = TestApp::start().await;
    let mut path = "/api/v1/provinces".to_owned();
    assert_eq!(app.nobody().get(&path).await.header("link"), "");
    path = "/api/v1/experts?limit=25&sort=name".to_owned();
    let mut seen = std::collections::BTreeSet::new();
    loop {
        let answer = app.nobody().get(&path).await;
        let link = answer.header("link");
        for item in answer.expect(200)["items"].as_array().unwrap() {
            assert!(seen.insert(item["id"].as_str().unwrap().to_owned()), "shown twice");
        }
        let Some(next) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else {
            assert_eq!(link, "");
            break;
        };
        path = next.to_owned();
    }
    assert_eq!(seen.len(), crate::support::EXPERTS);
}

#[tokio::test]
async fn metrics_count_by_route_template_and_never_by_path() {
    let app = TestApp::start().await;
    app.nobody().get("/api/v1/experts/CG-000001").await.expect(200);
    app.nobody().get("/api/v1/experts/CG-999999").await.problem(404);
    let text = app.metrics().await;
    let line = "expert_bank_http_answers_total{method=\"GET\",route=\"/api/v1/experts/{key}\",status=\"404\"} 1";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("expert_bank_db_up 1") && text.contains("expert_bank_http_latency_seconds_bucket"), "{text}");
    assert!(!text.contains("CG-"), "{text}");
    app.nobody().get("/metrics").await.problem(404);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_a_408() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = TestApp::start().await;
    let mut line = tokio::net::TcpStream::connect(app.address).await.unwrap();
    let head =
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    line.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let read = tokio::time::timeout(std::time::Duration::from_secs(30), line.read(&mut answer)).await;
    let read = read.expect("an answer in time").unwrap();
    assert!(answer[..read].starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer[..read]));
}

#[tokio::test]
async fn a_server_is_not_ready_while_the_schema_is_older_than_the_program() {
    let app = TestApp::start().await;
    app.nobody().get("/health/ready").await.expect(200);
    let newest =
        "DELETE FROM __diesel_schema_migrations WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)";
    crate::support::people::execute(&app, newest).await.unwrap();
    assert_eq!(app.nobody().get("/health/ready").await.problem(503)["code"], "unavailable");
    app.nobody().get("/health/live").await.expect(200);
}
