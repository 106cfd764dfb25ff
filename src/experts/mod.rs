//! The expert bank: profiles, consents, restricted data, search, and loading.

mod availability;
mod changes;
mod confirmations;
pub mod consent_texts;
mod consents;
pub mod counts;
pub mod duplicates;
pub mod form;
mod history;
mod invitations;
pub mod keys;
mod links;
pub mod load;
pub mod members;
pub mod merges;
pub mod model;
mod nominations;
pub mod policy;
pub(crate) mod profile;
mod publications;
mod reasons;
mod restricted;
pub(crate) mod search;
pub(crate) mod settings;
mod states;
pub mod status;
pub mod store;
pub mod three_way;
pub(crate) mod view;
pub mod vocabulary;
mod workplaces;
mod written;

pub use workplaces::derive_missing_keys;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    search::configure(config);
    // before `/experts/{key}`, which would take `stale` and `nominations` for keys
    duplicates::list::configure(config);
    changes::configure(config);
    confirmations::configure(config);
    nominations::configure(config);
    profile::configure(config);
    restricted::configure(config);
    consents::configure(config);
    consent_texts::configure(config);
    states::configure(config);
    invitations::configure(config);
    publications::configure(config);
    availability::configure(config);
    history::configure(config);
    workplaces::configure(config);
    merges::configure(config);
}
