//! Panels of consultations: conflicts of interest, who sits and who is in line, proposals.
//!
//! `coi.rs` says what makes a conflict, `model.rs` what a panel needs before it is approved; both pure. `watch.rs` looks at live
//! panels again when something they rest on changed.

mod checks;
pub mod coi;
mod conflicts;
mod everybody;
mod joint;
pub mod model;
pub mod order;
mod pool;
mod proposal;
mod routes;
pub mod settings;
pub mod store;
mod view;
mod watch;
mod words;

pub use self::coi::{Finding, may_sit};
pub use self::model::Standing;
pub use self::store::{ask, standings_alone};
pub use self::view::{PanelExpert, lacks_of};
pub use self::watch::{ALERT, watch};
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of panels.
pub(super) fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    checks::configure(config);
    conflicts::configure(config);
    proposal::configure(config);
    joint::configure(config);
}
