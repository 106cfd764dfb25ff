//! Reference data that belongs to no other slice: academic titles, provinces, holidays, dated settings.

mod as_of;
pub mod load;
pub mod load_settings;
pub mod places;
pub mod policy;
pub mod province_heirs;
mod routes;
pub mod store;

pub use as_of::check_as_of;
pub use routes::configure;
