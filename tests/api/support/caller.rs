//! Requests as one caller, and answers that explain themselves when they are not as expected.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::TestApp;

/// Somebody, or nobody, who sends requests.
#[derive(Clone)]
pub struct Caller<'a> {
    pub app: &'a TestApp,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON, or a panic that shows what came instead.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).expect("JSON") }
    }

    /// The problem's code, after checking that it is a problem of this status.
    #[track_caller]
    pub fn problem(self, status: u16) -> Value {
        let content_type = self.header("content-type");
        let problem = self.expect(status);
        assert_eq!(content_type, "application/problem+json");
        assert_eq!(problem["status"], status);
        assert!(problem["request_id"].is_string() && problem["title"].is_string(), "{problem}");
        problem
    }

    /// The places a 4xx names.
    #[track_caller]
    pub fn places(self, status: u16) -> Vec<String> {
        let problem = self.problem(status);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }
}

impl Caller<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// PATCH with the version last read.
    pub async fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        self.send(Method::PATCH, path, &[("if-match", etag)], Some(body)).await
    }

    /// A state verb with the version last read.
    pub async fn verb(&self, path: &str, etag: &str) -> Answer {
        self.send(Method::POST, path, &[("if-match", etag)], None).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Answer {
        let bytes = body.map(|body| body.to_string().into_bytes());
        let mut all = vec![("content-type", "application/json")];
        all.retain(|_| bytes.is_some());
        all.extend_from_slice(headers);
        self.raw(method, path, &all, bytes.unwrap_or_default()).await
    }

    /// Anything, byte for byte.
    pub async fn raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let mut request = self.app.client.request(method, format!("http://{}{path}", self.app.address)).body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            request = request.header(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("text") }
    }
}
