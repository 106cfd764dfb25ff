//! Whole records of many experts at once, as they are kept: what a merge compares with.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

use super::publications::publications_of;
use super::{Parts, ProfileRow, fields, restricted_context};
use crate::db::schema::{expert_memberships, expert_restricted, experts};
use crate::db::{Conn, Db};
use crate::experts::model::{Draft, Membership, Publication, Restricted};
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::sealed::Sealer;

/// A record as it is kept.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its version.
    pub version: i64,
    /// The record.
    pub draft: Draft,
    /// Its publications.
    pub publications: Vec<Publication>,
}

/// The records of experts.
///
/// # Errors
/// 503 when the database is away.
pub async fn stored(conn: &mut Conn, sealer: &Sealer, ids: &[Uuid]) -> Answer<HashMap<Uuid, Stored>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<ProfileRow> =
        experts::table.filter(experts::id.eq_any(ids)).select(ProfileRow::as_select()).load(conn).await?;
    let mut fields = fields(conn, ids).await?;
    let mut memberships = memberships_of(conn, ids).await?;
    let mut publications = publications_of(conn, ids).await?;
    let mut restricted = restricted_of(conn, sealer, ids).await?;
    let stored = rows.into_iter().map(|row| {
        let (id, version) = (row.id, row.version);
        let parts = Parts {
            fields: fields.remove(&id).unwrap_or_default(),
            memberships: memberships.remove(&id).unwrap_or_default(),
            restricted: restricted.remove(&id).unwrap_or_default(),
        };
        let publications = publications.remove(&id).unwrap_or_default();
        (id, Stored { version, draft: row.into_draft(parts), publications })
    });
    Ok(stored.collect())
}

async fn memberships_of(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Vec<Membership>>> {
    use expert_memberships as table;
    type Row = (Uuid, Uuid, Option<String>, Option<NaiveDate>, Option<NaiveDate>);
    let rows: Vec<Row> = table::table
        .filter(table::expert_id.eq_any(ids))
        .order((table::expert_id, table::ordinal))
        .select((table::expert_id, table::organisation_id, table::position, table::valid_from, table::valid_to))
        .load(conn)
        .await?;
    let mut memberships: HashMap<Uuid, Vec<Membership>> = HashMap::new();
    for (id, organisation_id, position, from, to) in rows {
        memberships.entry(id).or_default().push(Membership { organisation_id, position, from, to });
    }
    Ok(memberships)
}

async fn restricted_of(conn: &mut Conn, sealer: &Sealer, ids: &[Uuid]) -> Answer<HashMap<Uuid, Restricted>> {
    let rows: Vec<(Uuid, Vec<u8>)> = expert_restricted::table
        .filter(expert_restricted::expert_id.eq_any(ids))
        .select((expert_restricted::expert_id, expert_restricted::sealed))
        .load(conn)
        .await?;
    let open = |(id, sealed): (Uuid, Vec<u8>)| {
        let plain = sealer.open(&restricted_context(id), &sealed).map_err(Problem::internal)?;
        Ok((id, serde_json::from_slice(&plain).map_err(Problem::internal)?))
    };
    rows.into_iter().map(open).collect()
}

/// The states of experts.
///
/// # Errors
/// 503 when the database is away.
pub async fn states_of(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, String>> {
    let rows: Vec<(Uuid, String)> =
        experts::table.filter(experts::id.eq_any(ids)).select((experts::id, experts::status)).load(conn).await?;
    Ok(rows.into_iter().collect())
}

/// True when somebody came into the bank or was changed since.
///
/// # Errors
/// 503 when the database is away.
pub async fn touched_since(conn: &mut Conn, since: DateTime<Utc>) -> Answer<bool> {
    let touched = experts::table.filter(experts::updated_at.gt(since));
    Ok(diesel::select(diesel::dsl::exists(touched)).get_result(conn).await?)
}

/// After many people came, went or changed at once: PostgreSQL looks at its tables anew, or it would go on planning as if they were
/// what they were before, until it does so by itself a minute or more later. What waits to be put into the indexes of words and keys is
/// put there, or each search would read all of it.
///
/// # Errors
/// 503 when the database is away or others look at the tables for long: nothing is lost.
pub async fn look_anew(db: &Db) -> Answer<()> {
    db.transaction(async |tx| {
        // PostgreSQL itself may be at it, at its leisure
        tx.batch_execute("SET LOCAL lock_timeout = '2min'; SET LOCAL statement_timeout = '5min'").await?;
        index_words(tx).await
    })
    .await?;
    db.look_anew(&["experts", "expert_sources", "expert_fields", "expert_publications", "expert_search"]).await
}

/// Puts words and keys that wait into their indexes; a look reads all of those that wait, each time.
///
/// # Errors
/// 503 when the database is away.
pub async fn index_words(conn: &mut Conn) -> Answer<usize> {
    let indexes = "SELECT gin_clean_pending_list(index::regclass)
                     FROM unnest(ARRAY['expert_search_words', 'expert_search_alike', 'expert_restricted_emails',
                                       'search_words_specialty']) index";
    Ok(diesel::sql_query(indexes).execute(conn).await?)
}

/// Locks experts until the transaction ends, in an order in which two such locks don't wait for each other in a circle.
///
/// # Errors
/// 503 when the database is away, or somebody holds one of them for long.
pub async fn lock_all(tx: &mut Conn, ids: &[Uuid]) -> Answer<()> {
    let rows = experts::table.filter(experts::id.eq_any(ids)).order(experts::id).select(experts::id);
    rows.for_update().load::<Uuid>(tx).await?;
    Ok(())
}

/// Takes experts away whom a source brought and whom nothing refers to.
///
/// # Errors
/// 503 when the database is away; 500 when something refers to one of them.
pub async fn remove(tx: &mut Conn, ids: &[Uuid]) -> Answer<()> {
    use crate::db::schema::{expert_fields, expert_publications, expert_search, expert_sources};
    macro_rules! delete {
        ($($table:ident),+) => {
            $(diesel::delete($table::table.filter($table::expert_id.eq_any(ids))).execute(tx).await?;)+
        };
    }
    use crate::db::schema::expert_distinctions as distinctions;
    let of_them = distinctions::one_id.eq_any(ids).or(distinctions::other_id.eq_any(ids));
    diesel::delete(distinctions::table.filter(of_them)).execute(tx).await?;
    delete!(expert_search, expert_fields, expert_memberships, expert_restricted, expert_publications, expert_sources);
    diesel::delete(experts::table.filter(experts::id.eq_any(ids))).execute(tx).await?;
    Ok(())
}
