//! The API over HTTP against real PostgreSQL, as each role. Laid out as the URLs are.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod accounts_disable;
mod api_clients;
mod audit_chain;
mod audit_events;
mod auth;
mod conventions;
mod coverage;
mod drift;
mod idempotency;
mod logging;
mod me;
mod reset;
mod support;
mod throttle;
