//! What the whole server shares. No state that matters lives here: many instances may run on one database.

use crate::access::address::TrustedProxies;
use crate::access::password::Passwords;
use crate::access::throttle::Limits;
use crate::access::token::Tokens;
use crate::consultations::matching::Memory;
use crate::db::Db;
use crate::experts::vocabulary::Vocabularies;
use crate::kernel::sealed::Sealer;
use crate::sync::Wake;

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
    /// How many failed sign-ins are let through.
    pub limits: Limits,
    /// The words experts are shown by.
    pub vocabularies: Vocabularies,
    /// The texts of experts, to be compared with requests.
    pub matching: Memory,
    /// Wakes who works on plans of a sync.
    pub wake: Wake,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: TrustedProxies,
    /// True when only this machine can reach the server, which is where demo passwords work.
    pub loopback: bool,
}
