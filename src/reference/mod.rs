//! Reference data that belongs to no other slice: academic titles, provinces, holidays, dated settings.

pub mod load;
pub mod policy;
mod routes;
pub mod store;

pub use routes::configure;
