//! The API over HTTP against real PostgreSQL, as each role. Laid out as the URLs are.

mod coverage;
mod drift;
mod support;
