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

use std::collections::HashMap;

use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub use self::coi::Finding;
pub use self::view::lacks_of;
pub use self::watch::{ALERT, watch};
use super::model::Case;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// The routes of panels.
pub(super) fn configure(config: &mut ServiceConfig) {
    routes::configure(config);
    checks::configure(config);
    conflicts::configure(config);
    proposal::configure(config);
    joint::configure(config);
}

/// What makes a conflict of interest between people and a consultation, by the record and the settings of this moment, waived or not.
/// Who has none is left out.
///
/// # Errors
/// 503 when the database is away.
pub async fn find(conn: &mut Conn, case: &Case, ids: &[Uuid]) -> Answer<HashMap<Uuid, Vec<Finding>>> {
    let standings = store::standings(conn, case, ids).await?;
    let found = standings.into_iter().map(|(id, standing)| (id, standing.findings));
    Ok(found.filter(|(_, findings)| !findings.is_empty()).collect())
}
