//! Who calls and what they may do. "No permit, no database": a handler's first argument is a [`permit::Permit`] for one
//! policy, and the permit is the only source of a connection.

pub mod actor;
pub mod address;
pub mod device;
pub mod identify;
pub mod matrix;
pub mod password;
pub mod permit;
pub mod policy;
pub mod replay;
pub mod throttle;
pub mod token;
