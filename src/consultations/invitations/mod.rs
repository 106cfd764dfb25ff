//! Invitations to panels: who sits on an approved panel is asked, says yes or no or nothing in time, and the next in line steps in.
//!
//! `dates.rs` says until when an answer and an opinion are due, `due.rs` what time brings about; both pure. `line.rs` passes a seat on,
//! in the transaction in which it became free. `follow.rs` does what time brings about, safely on many instances and after a standstill.

pub mod dates;
mod due;
mod follow;
mod line;
mod mine;
mod routes;
mod store;
mod view;

pub use self::follow::{REMIND, follow};
pub use self::line::{close, invite, pass_on};
pub use self::store::delivered;
pub use self::view::{Schedule, schedules};
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of invitations.
pub(super) fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    mine::configure(config);
}
