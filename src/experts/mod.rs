//! The expert bank: profiles, consents, restricted data, search, and loading.

mod availability;
mod consents;
pub mod counts;
pub mod form;
mod history;
pub mod keys;
pub mod load;
pub mod model;
pub mod policy;
mod profile;
mod publications;
mod reasons;
mod restricted;
mod search;
pub mod store;
mod view;
pub mod vocabulary;
mod workplaces;

pub use workplaces::derive_missing_keys;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    search::configure(config);
    profile::configure(config);
    restricted::configure(config);
    consents::configure(config);
    publications::configure(config);
    availability::configure(config);
    history::configure(config);
    workplaces::configure(config);
}
