//! What one-time links have in common: an invitation into the bank, and "confirm your data".
//!
//! A link is a secret of 256 bits that travels in bodies, never in URLs, and of which only the hash is kept. Nothing can be
//! guessed, so attempts are not counted (as with one-time reset tokens); a made-up token costs one look-up.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::form::ExpertPatch;
use super::profile;
use super::settings;
use super::store::{self, LinkKind, ProfileRow};
use crate::access::actor::{AccountActor, Actor, Role};
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::access::token::Opaque;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::parse;
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::redacted::Redacted;
use crate::kernel::sealed::Sealer;
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
pub(super) struct LinkToken {
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

/// A correction sent with a link: the patch, and which members it names.
#[derive(Debug, Default)]
pub(super) struct Correction {
    patch: ExpertPatch,
    named: BTreeSet<String>,
}

impl Correction {
    /// Reads the member `profile` of a body.
    ///
    /// # Errors
    /// 422 for what a person does not say of themself.
    pub(super) fn of(body: &Map<String, Value>, patch: ExpertPatch, expert: Uuid) -> Answer<Self> {
        let named = body.get("profile").and_then(Value::as_object).map(|profile| profile.keys().cloned().collect());
        let named: BTreeSet<String> = named.unwrap_or_default();
        profile::check_own(&own_scope(expert), &named).map_err(|problem| problem.under("/profile"))?;
        Ok(Self { patch, named })
    }

    /// Lays it over the record of an expert who is locked.
    ///
    /// # Errors
    /// 422 with every fault, under `/profile`.
    pub(super) async fn apply(self, tx: &mut Conn, sealer: &Sealer, row: ProfileRow) -> Answer<Option<Event>> {
        if self.named.is_empty() {
            return Ok(None);
        }
        let corrected = Box::pin(profile::correct(tx, sealer, row, self.patch, &self.named)).await;
        Ok(corrected.map_err(|problem| problem.under("/profile"))?.1)
    }
}

/// A body as it was sent and as it is read: a merge patch inside it is told by which members are there.
///
/// # Errors
/// 422 as for any body; also for a list that stands for an object, which serde would read member by member.
pub(super) fn read_body<T: DeserializeOwned>(body: &Map<String, Value>) -> Answer<T> {
    if let Some((name, _)) = body.iter().find(|(_, value)| value.is_array()) {
        let needed = say!("Cần một đối tượng JSON.", "A JSON object is needed.");
        return Err(Problem::field(format!("/{}", name.replace('~', "~0").replace('/', "~1")), "wrong_type", needed));
    }
    parse(&serde_json::to_vec(body).map_err(Problem::internal)?)
}
