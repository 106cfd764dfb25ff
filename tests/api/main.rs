//! The API over HTTP against real PostgreSQL, as each role. Laid out as the URLs are.

mod accounts;
mod accounts_disable;
mod api_clients;
mod auth;
mod coverage;
mod drift;
mod me;
mod reset;
mod support;
