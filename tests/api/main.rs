//! The API over HTTP against real PostgreSQL, as each role. Laid out as the URLs are.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod coverage;
mod drift;
mod support;
