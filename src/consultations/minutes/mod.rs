//! Meetings of a panel with their minutes: who came, what was voted on, what was said. Signed minutes never change, in the database, too.
//!
//! `rules.rs` says who may be named, who votes and what is missing before minutes are signed; pure.

mod form;
pub mod model;
mod routes;
mod rules;
pub mod store;
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of meetings.
pub(super) fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
}
