//! Agencies, the Union, associations and workplaces.

pub mod load;
pub mod policy;
mod routes;
pub mod store;

pub use routes::configure;
