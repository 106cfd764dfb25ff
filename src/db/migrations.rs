//! Migrations, embedded in the binary and run under a lock, so that many instances may start on an empty database.

use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionError};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The advisory lock all instances agree on: "EBMIGRAT" in ASCII.
const LOCK: i64 = 0x4542_4d49_4752_4154;

/// Why the schema could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database did not answer.
    #[error("cannot connect to the database: {0}")]
    Connect(#[from] ConnectionError),
    /// A migration failed; it was rolled back.
    #[error("a migration failed and was rolled back: {0}")]
    Migration(String),
}

/// The version of the newest migration in this program.
pub fn newest() -> Option<String> {
    use diesel::migration::{Migration, MigrationSource};
    let migrations: Vec<Box<dyn Migration<diesel::pg::Pg>>> = MIGRATIONS.migrations().ok()?;
    migrations.iter().map(|migration| migration.name().version().to_string()).max()
}

/// Brings the schema up to date and returns the names of the migrations that ran. Blocking: call it on a blocking thread.
///
/// # Errors
/// See [`MigrateError`]; a failed migration leaves the schema as it was.
pub fn run(url: &str) -> Result<Vec<String>, MigrateError> {
    let mut conn = AsyncConnectionWrapper::<AsyncPgConnection>::establish(url)?;
    let failed = |error: &dyn std::fmt::Display| MigrateError::Migration(error.to_string());
    conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})")).map_err(|e| failed(&e))?;
    let ran = conn.run_pending_migrations(MIGRATIONS).map_err(|e| failed(&e))?;
    Ok(ran.into_iter().map(|version| version.to_string()).collect())
}
