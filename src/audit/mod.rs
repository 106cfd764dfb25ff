//! The audit log: every change commits with an event, events are chained by hash, reads of restricted data are recorded.

pub mod chain;
pub mod event;
mod history;
pub mod policy;
mod routes;
mod store;

pub use history::{Recorded, history};
pub use routes::configure;
