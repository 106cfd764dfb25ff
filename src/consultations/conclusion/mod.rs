//! The conclusion of a consultation: drafted from the opinions, written by the office, signed by a leader, delivered, corrected by new
//! versions; what the asker makes of it; and how the experts did.
//!
//! `drafting.rs` says what a draft holds, `recommendations.rs` how they are numbered and which wait for a reply, `docx/` how the report is
//! laid out; all pure.

mod adoption;
mod docx;
mod drafting;
mod evaluations;
mod forms;
mod head;
pub mod model;
mod recommendations;
mod routes;
mod signing;
pub mod store;
mod verbs;
mod view;

pub use self::drafting::{basis, draft};
pub use self::forms::ReplyForm;
pub use self::verbs::Concluded;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of conclusions.
pub(super) fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    signing::configure(config);
    adoption::configure(config);
    evaluations::configure(config);
}
