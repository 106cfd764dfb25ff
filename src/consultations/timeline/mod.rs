//! The timeline of a consultation: what happened, what is due and who did it, for one caller, fit to be drawn.
//!
//! `spans.rs` says how long it stood where, `dues.rs` what was due when a step was taken, `items.rs` what is told of the rest and
//! to whom; all pure. `store.rs` reads it.

mod dues;
mod items;
mod routes;
mod spans;
mod store;
mod view;
mod words;

pub use self::items::MemberDue;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of timelines.
pub(super) fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
}
