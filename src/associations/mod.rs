//! Member associations: the registry record, terms and officers, membership, reports, alerts, coverage.
//!
//! An association is an organisation (`organisations/`): its names, place, life and successors are told there, and nothing of
//! that is kept twice. `model.rs` holds what only an association has, `rules.rs` and `status.rs` the rules, `settings.rs` the
//! law they come from, `store.rs` the SQL.

mod alert_rules;
mod alerts;
mod change_requests;
mod charters;
mod congresses;
mod counts;
mod coverage;
mod coverage_cells;
mod ending;
mod export;
mod filter;
mod find;
mod form;
pub mod load;
mod members;
pub mod model;
mod officers;
mod parts;
pub mod policy;
mod reader;
mod record;
mod reports;
mod rules;
pub mod settings;
pub mod status;
pub mod store;
mod terms;
mod unions;
mod verbs;
mod view;
pub mod words;
mod write;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    // before `/associations/{key}` and `/fields/{key}`, which would take their paths for keys
    find::configure(config);
    alerts::configure(config);
    export::configure(config);
    coverage::configure(config);
    record::configure(config);
    verbs::configure(config);
    terms::configure(config);
    congresses::configure(config);
    officers::configure(config);
    unions::configure(config);
    members::configure(config);
    charters::configure(config);
    counts::configure(config);
    reports::configure(config);
    change_requests::configure(config);
}
