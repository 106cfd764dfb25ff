//! Accounts made for one test, requests sent at the same time, and statements sent straight to the database.

use diesel_async::SimpleAsyncConnection;
use expert_bank::audit::chain;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Answer, Caller, TestApp};

/// A password that keeps the rules.
pub const PASSPHRASE: &str = "rừng xanh núi cao 1975";

/// Signs in and hands back the answer as it is.
pub async fn login(app: &TestApp, username: &str, password: &str) -> Answer {
    app.nobody().post("/api/v1/auth/login", &json!({ "username": username, "password": password })).await
}

/// The pair of tokens of somebody who can sign in.
pub async fn tokens(app: &TestApp, username: &str, password: &str) -> (String, String) {
    pair(&login(app, username, password).await.expect(200))
}

/// Access and refresh token of an answer.
pub fn pair(answer: &Value) -> (String, String) {
    (text(answer, "access_token"), text(answer, "refresh_token"))
}

/// A member that must be a text.
#[track_caller]
pub fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} of {value}")).to_owned()
}

/// Sends a refresh token.
pub async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.nobody().post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await
}

/// Sets a password with a one-time token.
pub async fn redeem(app: &TestApp, token: &str, password: &str) -> Answer {
    app.nobody().post("/api/v1/auth/reset", &json!({ "token": token, "new_password": password })).await
}

/// A new account: its path and ETag.
pub async fn create(admin: &Caller<'_>, body: &Value) -> (String, String) {
    let answer = admin.post("/api/v1/accounts", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    (answer.header("location"), answer.header("etag"))
}

/// A new account with [`PASSPHRASE`] as its password: its path and ETag.
pub async fn hire(admin: &Caller<'_>, username: &str, role: &str) -> (String, String) {
    let (path, _) = create(admin, &json!({ "username": username, "display_name": "Thử nghiệm", "role": role })).await;
    let token = reset_token(admin, &path).await;
    redeem(admin.app, &token, PASSPHRASE).await.expect(200);
    let etag = admin.get(&path).await.header("etag");
    (path, etag)
}

/// A one-time token for the account at `path`.
pub async fn reset_token(admin: &Caller<'_>, path: &str) -> String {
    text(&admin.send(Method::POST, &format!("{path}/reset-token"), &[], None).await.expect(201), "token")
}

/// The path of an account, by its user name.
pub async fn path_of(app: &TestApp, username: &str) -> String {
    let id = app.sql(&format!("SELECT id FROM accounts WHERE username = '{username}'")).await;
    assert!(!id.is_empty(), "there is no {username}");
    format!("/api/v1/accounts/{id}")
}

/// The id of a demo organisation, by its code.
pub async fn organisation(app: &TestApp, code: &str) -> String {
    app.sql(&format!("SELECT id FROM organisations WHERE code = '{code}'")).await
}

/// Runs statements, or says why the database refused.
pub async fn execute(app: &TestApp, sql: &str) -> Result<(), String> {
    app.state.db.conn().await.unwrap().batch_execute(sql).await.map_err(|error| error.to_string())
}

/// A request to be sent with [`at_once`].
pub fn request(caller: &Caller<'_>, method: Method, path: &str, body: Option<&Value>) -> RequestBuilder {
    let mut request = caller.app.client.request(method, format!("http://{}{path}", caller.app.address));
    if let Some(token) = &caller.token {
        request = request.bearer_auth(token);
    }
    body.map_or_else(|| request.try_clone().unwrap(), |body| request.try_clone().unwrap().json(body))
}

/// Sends all at the same time; the statuses in their order.
pub async fn at_once(requests: Vec<RequestBuilder>) -> Vec<u16> {
    let running: Vec<_> = requests.into_iter().map(|request| tokio::spawn(request.send())).collect();
    let mut statuses = Vec::with_capacity(running.len());
    for answer in running {
        statuses.push(answer.await.unwrap().expect("an answer").status().as_u16());
    }
    statuses
}

/// The tables in which a text stands in clear or as the bytes of it.
pub async fn tables_with(app: &TestApp, needle: &str) -> Vec<String> {
    let hex: String = needle.bytes().map(|byte| format!("{byte:02x}")).collect();
    let tables = "SELECT string_agg(quote_ident(tablename), ',') FROM pg_tables WHERE schemaname = 'public'";
    let mut found = Vec::new();
    for table in app.sql(tables).await.split(',') {
        let like = format!("row::text ILIKE '%{needle}%' OR row::text ILIKE '%{hex}%'");
        if app.sql(&format!("SELECT count(*) FROM {table} row WHERE {like}")).await != "0" {
            found.push(table.to_owned());
        }
    }
    found
}

/// How long others may hold up the sealer or the feed: a transaction of any database of the cluster does, as long as it is open.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// Chains all events. Other databases of the cluster may hold the sealer back, so it tries until none waits.
pub async fn seal_all(app: &TestApp) {
    let begin = std::time::Instant::now();
    while begin.elapsed() < PATIENCE {
        chain::seal(&app.state.db).await.unwrap();
        if app.sql("SELECT count(*) FROM audit_pending").await == "0" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("events still wait for the sealer");
}

/// Gives every change of experts its place. Other databases of the cluster may hold that up.
pub async fn place_all(app: &TestApp) {
    let begin = std::time::Instant::now();
    while begin.elapsed() < PATIENCE {
        expert_bank::experts::store::place_changes(&app.state.db).await.unwrap();
        if app.sql("SELECT count(*) FROM expert_changes WHERE seq IS NULL").await == "0" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("changes still wait for their place");
}
