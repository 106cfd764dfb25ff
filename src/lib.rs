//! The expert bank of a provincial Union of Science and Technology Associations. `docs/architecture.md` says how a request
//! passes through the house; each folder here says in its `mod.rs` what it is.

pub mod access;
pub mod accounts;
pub mod app;
pub mod associations;
pub mod audit;
pub mod cli;
pub mod config;
pub mod consultations;
pub mod db;
pub mod demo;
pub mod experts;
pub mod fields;
pub mod health;
pub mod housekeeping;
pub mod http;
pub mod kernel;
pub mod metrics;
pub mod openapi;
pub mod organisations;
pub mod panels;
pub mod reference;
pub mod start;
pub mod state;
pub mod sync;
