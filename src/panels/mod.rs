//! Panels: who reviews what. The solver proposes them; `expert-bank assign` asks it about a matrix in a file. What one consultation
//! needs of its panel is in `consultations/panel`.

pub mod fairness;
pub mod file;
pub mod policy;
mod report;
pub mod solver;
mod words;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of what spans panels.
pub fn configure(config: &mut ServiceConfig) {
    report::configure(config);
}
