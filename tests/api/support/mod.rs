//! A server of one's own for each test: on a random port, over a database cloned from a template.

pub mod bank;
mod caller;
mod database;
pub mod log;
pub mod people;

use std::net::SocketAddr;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use expert_bank::app::App;
use expert_bank::demo::PASSWORD;
use expert_bank::metrics::Metrics;
use expert_bank::state::State;
use serde_json::json;

pub use caller::{Answer, Caller};
pub use database::{empty_url, fresh_url, state_over, template_url};

/// How many synthetic experts the template holds.
pub const EXPERTS: usize = 60;

/// A running server.
pub struct TestApp {
    pub address: SocketAddr,
    pub state: State,
    pub client: reqwest::Client,
    metrics: Metrics,
    server: ServerHandle,
}

impl TestApp {
    /// Starts one over a fresh copy of the demo (with [`EXPERTS`] experts).
    pub async fn start() -> Self {
        log::install();
        let state = state_over(&fresh_url(), true).await;
        Self::over(state).await
    }

    /// Starts one over a given state.
    pub async fn over(state: State) -> Self {
        let app = App::new(state.clone(), &["https://portal.example".to_owned()]).unwrap();
        let metrics = app.metrics();
        let server = HttpServer::new(move || app.build()).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        tokio::spawn(expert_bank::sync::worker::run(state.clone()));
        // the server closes a connection that was idle for five seconds: on a slow machine a request would just miss it
        let idle = std::time::Duration::from_secs(3);
        let client = reqwest::Client::builder().no_proxy().pool_idle_timeout(idle).build().unwrap();
        Self { address, state, client, metrics, server: handle }
    }

    /// What the operator scrapes.
    pub async fn metrics(&self) -> String {
        self.metrics.text(self.state.db.load(), self.state.db.shared(), true).unwrap()
    }

    /// Nobody signed in.
    pub fn nobody(&self) -> Caller<'_> {
        Caller { app: self, token: None }
    }

    /// Signed in with a demo account, named as its role.
    pub async fn sign_in(&self, username: &str) -> Caller<'_> {
        let body = json!({ "username": username, "password": PASSWORD });
        let tokens = self.nobody().post("/api/v1/auth/login", &body).await.expect(200);
        self.with_token(tokens["access_token"].as_str().unwrap())
    }

    /// With a given access token.
    pub fn with_token(&self, token: &str) -> Caller<'_> {
        Caller { app: self, token: Some(token.to_owned()) }
    }

    /// A row or value straight from the database, as text.
    pub async fn sql(&self, query: &str) -> String {
        use diesel::QueryableByName;
        use diesel::sql_types::{Nullable, Text};
        use diesel_async::RunQueryDsl;
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Nullable<Text>)]
            value: Option<String>,
        }
        let query = format!("SELECT ({query})::text AS value");
        let row: Row = diesel::sql_query(query).get_result(&mut self.state.db.conn().await.unwrap()).await.unwrap();
        row.value.unwrap_or_default()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // the future is lazy: sending the message is enough, the workers stop by themselves
        drop(self.server.stop(false));
    }
}
