//! What the whole server shares. No state that matters lives here: many instances may run on one database.

use crate::access::password::Passwords;
use crate::access::token::Tokens;
use crate::db::Db;
use crate::kernel::sealed::Sealer;

/// Handles shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct State {
    /// The database.
    pub db: Db,
    /// Seals and opens restricted values.
    pub sealer: Sealer,
    /// Signs and verifies access tokens.
    pub tokens: Tokens,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// True when only this machine can reach the server, which is where demo passwords work.
    pub loopback: bool,
}
