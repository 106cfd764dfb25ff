//! Opinions of the experts of a panel: a conflict declaration signed first, written, handed in, revised; every version that was handed
//! in is kept.
//!
//! `rules.rs` says what an opinion needs and when enough of them are in; pure. Names stay between the person and the Union.

mod desk;
mod files;
mod form;
mod heard;
pub mod model;
mod routes;
mod rules;
pub mod store;
mod verbs;
mod view;

pub use self::heard::{heard, lacks};
pub use self::model::{AnswerText, Heard};
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of opinions.
pub(super) fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    verbs::configure(config);
    files::configure(config);
}
