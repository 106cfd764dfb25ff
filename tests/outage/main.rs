//! What callers see when the database goes away, hangs or refuses: 503 with `Retry-After`, soon; nothing acknowledged
//! is lost, nothing is done twice, and the server recovers by itself.
//!
//! The real program runs against a PostgreSQL of the tests' own. Tests that stop it take [`postgres::alone`], the others
//! [`postgres::up`].

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod client;
mod commit;
mod faults;
mod gone;
mod hang_up;
mod pool;
mod postgres;
mod proxy;
mod server;
mod shutdown;
mod stopped;
