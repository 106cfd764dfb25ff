//! The composition root: one line for each slice. Server and tests build the same application from here.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::{Error, web};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::identify::identify;
use crate::http::envelope::envelope;
use crate::http::fallback::{KnownPaths, concrete_first, fallback};
use crate::http::{body, cors, docs};
use crate::kernel::problem::{Answer, Problem};
use crate::metrics::Metrics;
use crate::state::State;
use crate::{
    accounts, associations, audit, consultations, experts, fields, health, openapi, organisations, panels, reference,
    sync,
};

/// Every documented route.
pub fn routes(config: &mut ServiceConfig) {
    health::configure(config);
    let api = utoipa_actix_web::scope("/api/v1")
        // first, since routes are tried one after the other and these are asked for most
        .configure(experts::configure)
        .configure(accounts::configure)
        .configure(audit::configure)
        .configure(reference::configure)
        // before `/fields/{key}`, which would take `coverage` for a key
        .configure(associations::configure)
        .configure(fields::configure)
        .configure(organisations::configure)
        .configure(sync::configure)
        .configure(consultations::configure)
        .configure(panels::configure);
    config.service(api);
}

/// What every worker's application is built from.
#[derive(Clone)]
pub struct App {
    state: web::Data<State>,
    known: KnownPaths,
    documents: docs::Documents,
    metrics: Metrics,
    origins: Vec<String>,
}

impl App {
    /// Prepares it; `origins` are the web sites whose scripts may call it (CORS).
    ///
    /// # Errors
    /// 500 when the OpenAPI document can't be written.
    pub fn new(state: State, origins: &[String]) -> Answer<Self> {
        let documents = docs::Documents(openapi::json().map_err(Problem::internal)?.into());
        let known = KnownPaths::of(&openapi::document());
        let metrics = Metrics::default();
        Ok(Self { state: web::Data::new(state), known, documents, metrics, origins: origins.to_vec() })
    }

    /// What the requests of all workers are counted in.
    pub fn metrics(&self) -> Metrics {
        self.metrics.clone()
    }

    /// The application of one worker.
    pub fn build(
        &self,
    ) -> actix_web::App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse<impl MessageBody + use<>>,
            Error = Error,
            InitError = (),
        > + use<>,
    > {
        actix_web::App::new()
            .app_data(self.state.clone())
            .app_data(self.known.clone())
            .app_data(self.documents.clone())
            .app_data(self.metrics.clone())
            .app_data(web::PayloadConfig::new(body::LIMIT))
            .into_utoipa_app()
            .configure(routes)
            .into_app()
            .configure(docs::configure)
            .default_service(web::to(fallback))
            // behind `identify`: whom a merged record leads to depends on who asks
            .wrap(from_fn(experts::merges::redirect))
            .wrap(from_fn(concrete_first))
            .wrap(from_fn(identify))
            .wrap(Condition::new(!self.origins.is_empty(), cors::of(&self.origins)))
            .wrap(Compress::default())
            .wrap(from_fn(envelope))
    }
}
