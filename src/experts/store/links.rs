//! One-time links: only the hash of a token is here.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::expert_links;
use crate::kernel::clock::now;
use crate::kernel::problem::Answer;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// To decide about the bank and become an account.
    Invitation,
    /// To confirm one's data.
    Confirmation,
}

impl LinkKind {
    /// As the database writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::Confirmation => "confirmation",
        }
    }
}

/// Keeps a link; earlier ones of the person and kind stop working.
pub async fn add_link(
    tx: &mut Conn,
    kind: LinkKind,
    expert: Uuid,
    token: &[u8],
    by: Option<Uuid>,
    expires_at: DateTime<Utc>,
) -> Answer<()> {
    let open = expert_links::table
        .filter(expert_links::expert_id.eq(expert).and(expert_links::kind.eq(kind.as_str())))
        .filter(expert_links::spent_at.is_null());
    diesel::update(open)
        .set((expert_links::spent_at.eq(now()), expert_links::outcome.eq("replaced")))
        .execute(tx)
        .await?;
    diesel::insert_into(expert_links::table)
        .values((
            expert_links::token_hash.eq(token),
            expert_links::kind.eq(kind.as_str()),
            expert_links::expert_id.eq(expert),
            expert_links::issued_by.eq(by),
            expert_links::expires_at.eq(expires_at),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Whom a good link was given to and until when it is good; `None` when it is unknown, of another kind, spent or too old.
pub async fn link_holder(conn: &mut Conn, kind: LinkKind, token: &[u8]) -> Answer<Option<(Uuid, DateTime<Utc>)>> {
    let good = expert_links::table
        .find(token)
        .filter(expert_links::kind.eq(kind.as_str()))
        .filter(expert_links::spent_at.is_null().and(expert_links::expires_at.gt(now())));
    Ok(good.select((expert_links::expert_id, expert_links::expires_at)).first(conn).await.optional()?)
}

/// Spends a good link; false when it is not good (any more).
pub async fn use_link(tx: &mut Conn, kind: LinkKind, token: &[u8], outcome: &str) -> Answer<bool> {
    let good = expert_links::table
        .find(token)
        .filter(expert_links::kind.eq(kind.as_str()))
        .filter(expert_links::spent_at.is_null().and(expert_links::expires_at.gt(now())));
    let spent = (expert_links::spent_at.eq(now()), expert_links::outcome.eq(outcome));
    Ok(diesel::update(good).set(spent).execute(tx).await? > 0)
}

/// Makes all links of a person useless.
pub async fn void_links(tx: &mut Conn, expert: Uuid) -> Answer<()> {
    let open = expert_links::table.filter(expert_links::expert_id.eq(expert).and(expert_links::spent_at.is_null()));
    diesel::update(open).set((expert_links::spent_at.eq(now()), expert_links::outcome.eq("void"))).execute(tx).await?;
    Ok(())
}
