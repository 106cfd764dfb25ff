//! The composition root: one line for each slice. Server and tests build the same application from here.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{Error, web};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::identify::identify;
use crate::http::envelope::envelope;
use crate::http::fallback::{KnownPaths, fallback};
use crate::http::{body, docs};
use crate::kernel::problem::{Answer, Problem};
use crate::state::State;
use crate::{accounts, audit, experts, fields, health, openapi, organisations, reference};

/// Every documented route.
pub fn routes(config: &mut ServiceConfig) {
    health::configure(config);
    let api = utoipa_actix_web::scope("/api/v1")
        .configure(accounts::configure)
        .configure(audit::configure)
        .configure(reference::configure)
        .configure(fields::configure)
        .configure(organisations::configure)
        .configure(experts::configure);
    config.service(api);
}

/// What every worker's application is built from.
#[derive(Clone)]
pub struct App {
    state: web::Data<State>,
    known: KnownPaths,
    documents: docs::Documents,
}

impl App {
    /// Prepares it.
    ///
    /// # Errors
    /// 500 when the OpenAPI document can't be written.
    pub fn new(state: State) -> Answer<Self> {
        let documents = docs::Documents(openapi::json().map_err(Problem::internal)?.into());
        Ok(Self { state: web::Data::new(state), known: KnownPaths::of(&openapi::document()), documents })
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
            .app_data(web::PayloadConfig::new(body::LIMIT))
            .into_utoipa_app()
            .configure(routes)
            .into_app()
            .configure(docs::configure)
            .default_service(web::to(fallback))
            .wrap(from_fn(identify))
            .wrap(from_fn(envelope))
    }
}
