//! Accounts of people, their sessions, and API clients of machines.

mod clients;
pub mod manage;
mod me;
pub mod model;
pub mod policy;
mod sign_in;
pub mod store;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    sign_in::configure(config);
    me::configure(config);
    manage::configure(config);
    clients::configure(config);
}
