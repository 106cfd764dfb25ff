//! What every request passes through on its way in and every answer on its way out: the conventions of the API, once.

pub mod body;
pub mod cors;
pub mod docs;
pub mod document;
pub mod envelope;
pub mod fallback;
pub mod idempotency;
pub mod params;
pub mod path;
pub(crate) mod serde_fault;
