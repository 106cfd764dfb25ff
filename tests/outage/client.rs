//! A caller.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nothing may take longer: that would be a hang.
const HANG: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

/// An answer and when it came.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub retry_after: bool,
    pub body: Value,
    pub took: Duration,
    pub at: Instant,
}

impl Reply {
    /// 503, with the header that says when to come again, and soon.
    pub fn assert_away(&self, within: Duration) {
        assert_eq!((self.status, self.retry_after), (503, true), "{self:?}");
        assert_eq!(self.body["code"], "unavailable");
        assert!(self.took < within, "{self:?}");
    }

    pub fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }
}

impl Client {
    pub fn new(url: &str, token: Option<String>) -> Self {
        let http = reqwest::Client::builder().timeout(HANG).build().unwrap();
        Self { http, url: url.to_owned(), token }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Reply {
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let begin = Instant::now();
        let answer = request.send().await.unwrap();
        let (status, retry_after) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let body = answer.json().await.unwrap();
        Reply { status, retry_after, body, took: begin.elapsed(), at: Instant::now() }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.http.get(format!("{}{path}", self.url))).await
    }

    pub async fn try_sign_in(&self) -> Reply {
        let body = json!({ "username": "union_officer", "password": "chuyen-gia-demo" });
        self.send(self.http.post(format!("{}/api/v1/auth/login", self.url)).json(&body)).await
    }

    pub async fn sign_in(&self) -> String {
        let reply = self.try_sign_in().await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.body["access_token"].as_str().unwrap().to_owned()
    }

    /// Enters an expert of this name; the name is the Idempotency-Key, too.
    pub async fn create(&self, name: &str) -> Reply {
        let request = self.http.post(format!("{}/api/v1/experts", self.url));
        self.send(request.header("Idempotency-Key", name).json(&expert(name))).await
    }

    pub async fn rename(&self, id: &str, name: &str) -> Reply {
        let request = self.http.patch(format!("{}/api/v1/experts/{id}", self.url));
        self.send(request.header("If-Match", "*").json(&expert(name))).await
    }

    /// The same POST as [`Client::create`], as it goes over the wire.
    pub fn create_bytes(&self, name: &str) -> Vec<u8> {
        let (token, body) = (self.token.clone().unwrap(), expert(name).to_string());
        let head = format!(
            "POST /api/v1/experts HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {name}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head, body].concat().into_bytes()
    }

    /// A GET as it goes over the wire.
    pub fn get_bytes(&self, path: &str) -> Vec<u8> {
        let token = self.token.clone().unwrap();
        format!("GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
    }
}

fn expert(name: &str) -> Value {
    json!({ "full_name": full_name(name) })
}

/// The person's name for a short ASCII one.
pub fn full_name(name: &str) -> String {
    format!("Nguyen Thu {name}")
}

/// Names that differ: numbers in letters, because a name has no digits.
pub fn name(prefix: &str, number: usize) -> String {
    let letter = |power: u32| char::from(b'a' + u8::try_from(number / 26_usize.pow(power) % 26).unwrap());
    format!("{prefix}{}{}{}", letter(2), letter(1), letter(0))
}
