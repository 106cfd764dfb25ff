//! What is counted for the operator, in the text form of Prometheus, on an address of its own.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::db::Db;
use crate::kernel::problem::{Answer, Problem};

/// Upper bounds of the latency buckets in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

struct Meters {
    registry: Registry,
    answers: Family<Answered, Counter>,
    latency: Family<Route, Histogram>,
    open: Gauge,
    idle: Gauge,
    waiting: Gauge,
    shared: Gauge,
    database: Gauge,
}

/// The meters; cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Meters>);

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("expert_bank");
        let answers = Family::default();
        let latency = Family::<Route, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let [open, idle, waiting, shared, database]: [Gauge; 5] = Default::default();
        registry.register("http_answers", "Answers by route template and status", answers.clone());
        let help = "Time from the head of a request to its answer";
        registry.register_with_unit("http_latency", help, Unit::Seconds, latency.clone());
        registry.register("db_connections_open", "Open connections to the database", open.clone());
        registry.register("db_connections_idle", "Of those, idle", idle.clone());
        registry.register("db_connections_waiting", "Requests that wait for a connection", waiting.clone());
        registry.register("db_connections_shared", "Open connections that quick reads share", shared.clone());
        registry.register(
            "db_up",
            "1 when the database answers (the embedded server or the one named)",
            database.clone(),
        );
        Self(Arc::new(Meters { registry, answers, latency, open, idle, waiting, shared, database }))
    }
}

impl Metrics {
    /// Counts one answer.
    pub fn request(&self, method: &Method, route: String, status: StatusCode, took: Duration) {
        // an unknown method is the caller's word: it must not make labels without end
        let method = match *method {
            Method::GET | Method::POST | Method::PATCH | Method::PUT | Method::DELETE | Method::OPTIONS => {
                method.as_str()
            }
            _ => "other",
        };
        let answered = Answered { method: method.to_owned(), route: route.clone(), status: status.as_u16() };
        self.0.answers.get_or_create(&answered).inc();
        self.0.latency.get_or_create(&Route { method: method.to_owned(), route }).observe(took.as_secs_f64());
    }

    /// The meters as text; `load` is [`Db::load`], `shared` [`Db::shared`], `up` whether the database answers.
    ///
    /// # Errors
    /// 500 when the text can't be written.
    pub fn text(&self, load: (usize, usize, usize), shared: usize, up: bool) -> Answer<String> {
        let number = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        self.0.open.set(number(load.0));
        self.0.idle.set(number(load.1));
        self.0.waiting.set(number(load.2));
        self.0.shared.set(number(shared));
        self.0.database.set(i64::from(up));
        let mut text = String::new();
        encode(&mut text, &self.0.registry).map_err(Problem::internal)?;
        Ok(text)
    }
}

/// `GET /metrics` on its own address.
///
/// # Errors
/// 500 when the text can't be written.
pub async fn scrape(req: HttpRequest) -> Answer {
    let missing = || Problem::internal("metrics without their state");
    let metrics = req.app_data::<Metrics>().ok_or_else(missing)?;
    let db = req.app_data::<Db>().ok_or_else(missing)?;
    let up = match db.conn().await {
        Ok(mut conn) => diesel_async::RunQueryDsl::execute(diesel::sql_query("SELECT 1"), &mut conn).await.is_ok(),
        Err(_away) => false,
    };
    let text = metrics.text(db.load(), db.shared(), up)?;
    Ok(HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text))
}
