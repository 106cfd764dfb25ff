//! What one-time links have in common: an invitation into the bank, and "confirm your data".
//!
//! A link is a secret of 256 bits that travels in bodies, never in URLs, and of which only the hash is kept. Nothing can be
//! guessed, so attempts are not counted (as with one-time reset tokens); a made-up token costs one look-up.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::settings;
use super::store::{self, LinkKind};
use crate::access::actor::{AccountActor, Actor, Role};
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::access::token::Opaque;
use crate::db::Conn;
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::redacted::Redacted;
use crate::say;

impl LinkKind {
    /// Lets people and secret scanners tell what a token is.
    const fn prefix(self) -> &'static str {
        match self {
            Self::Invitation => "ebi",
            Self::Confirmation => "ebf",
        }
    }

    const fn days(self) -> (&'static str, u16) {
        match self {
            Self::Invitation => settings::INVITATION_DAYS,
            Self::Confirmation => settings::CONFIRMATION_DAYS,
        }
    }
}

/// A one-time link, shown once.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Link {
    /// The token; hand it to the person. It is in this answer and nowhere else.
    #[schema(example = "ebi_77a0…")]
    token: String,
    /// Good until.
    expires_at: DateTime<Utc>,
}

/// Issues a link in the caller's transaction; the expert is locked by it.
pub(super) async fn issue(tx: &mut Conn, kind: LinkKind, expert: Uuid, by: Option<Uuid>) -> Answer<Link> {
    let token = Opaque::new(kind.prefix())?;
    let expires_at = now() + TimeDelta::days(i64::from(settings::number(tx, kind.days()).await?));
    store::add_link(tx, kind, expert, &token.hash, by, expires_at).await?;
    Ok(Link { token: token.text.into_inner(), expires_at })
}

/// A one-time token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenForm {
    /// As the Union handed it over.
    #[schema(value_type = String, example = "ebi_77a0…")]
    pub token: Redacted<String>,
}

/// Whom a link was given to, and until when it is good.
///
/// # Errors
/// 404, one and the same for a token that is unknown, of another kind, spent or too old.
pub(super) async fn holder(conn: &mut Conn, kind: LinkKind, token: &[u8]) -> Answer<(Uuid, DateTime<Utc>)> {
    store::link_holder(conn, kind, token).await?.ok_or_else(gone)
}

/// Spends a link of an expert who is locked already: the other way round would be a deadlock with its renewal.
///
/// # Errors
/// As [`holder`], also for the second of two at once.
pub(super) async fn spend(tx: &mut Conn, kind: LinkKind, token: &[u8], outcome: &str) -> Answer<()> {
    if store::use_link(tx, kind, token, outcome).await? { Ok(()) } else { Err(gone()) }
}

fn gone() -> Problem {
    Problem::new(Code::NotFound).and_field(
        "/token",
        "link_not_good",
        say!(
            "Liên kết không dùng được: sai, đã dùng, đã được thay hoặc quá hạn. Hãy xin Liên hiệp hội một liên kết mới.",
            "The link is not good: unknown, used, replaced or expired. Ask the Union for a new one.",
        ),
    )
}

/// The person who holds a link, as an account (`account` is nil while there is none).
pub(super) const fn person(expert: Uuid, account: Uuid) -> Actor {
    Actor::Account(AccountActor {
        id: account,
        role: Role::Expert,
        organisation_id: None,
        expert_id: Some(expert),
        session_id: Uuid::nil(),
    })
}

/// What the person who holds a link sees: their own record.
pub(super) const fn own_scope(expert: Uuid) -> Scope {
    Scope { reach: Reach::Own, actor: person(expert, Uuid::nil()) }
}
