//! Merges: what refers to the loser moves or is taken into the journal, row by row, as JSON; an undo puts it back.

mod accounts;
mod rows;

pub use accounts::{close_account, displace_account, reopen_accounts};
pub use rows::{
    Rows, Stuck, follow_seats, move_back, move_references, opinion_in_the_way, put_back, take_out, touch_panels,
};

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::visible;
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::schema::{expert_merges, experts};
use crate::db::{Conn, Reader};
use crate::kernel::problem::Answer;

/// "EBMERGE" in ASCII: merges and undos, one at a time and beside nobody who locks many experts at once.
const LOCK: i64 = 0x0045_424D_4552_4745;

/// Lets one merge or undo at a time go on, and none beside who [`keep_merges_out`]: a merge locks two experts and then all that
/// refers to them, in another order than who goes through many records. Taken before any row is.
///
/// # Errors
/// 503 when the database is away, or others take long.
pub async fn lock_merges(tx: &mut Conn) -> Answer<()> {
    diesel::sql_query(format!("SELECT pg_advisory_xact_lock({LOCK})")).execute(tx).await?;
    Ok(())
}

/// Keeps merges out until the transaction ends; for whoever locks many experts, or experts after what refers to them. Taken
/// before any of these.
///
/// # Errors
/// 503 when the database is away, or a merge takes long.
pub async fn keep_merges_out(tx: &mut Conn) -> Answer<()> {
    diesel::sql_query(format!("SELECT pg_advisory_xact_lock_shared({LOCK})")).execute(tx).await?;
    Ok(())
}

/// What somebody decided about the loser and third people is decided about the winner; the rows that are new.
///
/// # Errors
/// 503 when the database is away.
pub async fn inherit_distinctions(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<Vec<Value>> {
    let rows = diesel::sql_query(
        "INSERT INTO expert_distinctions AS n (one_id, other_id, decided_at, decided_by, reason)
         SELECT least($1, third), greatest($1, third), decided_at, decided_by, reason
           FROM (SELECT d.*, CASE WHEN one_id = $2 THEN other_id ELSE one_id END AS third
                   FROM expert_distinctions d WHERE $2 IN (one_id, other_id)) d
          WHERE third <> $1
             ON CONFLICT DO NOTHING RETURNING to_jsonb(n) AS row",
    )
    .bind::<SqlUuid, _>(winner)
    .bind::<SqlUuid, _>(loser)
    .load(tx)
    .await?;
    Ok(rows::kept(rows))
}

/// Takes those rows back, but for what somebody decided anew since.
///
/// # Errors
/// 503 when the database is away.
pub async fn disinherit(tx: &mut Conn, inherited: &[Value]) -> Answer<()> {
    diesel::sql_query(
        "DELETE FROM expert_distinctions d USING jsonb_populate_recordset(NULL::expert_distinctions, $1) p
          WHERE d.one_id = p.one_id AND d.other_id = p.other_id AND d.decided_at = p.decided_at",
    )
    .bind::<Jsonb, _>(Value::Array(inherited.to_vec()))
    .execute(tx)
    .await?;
    Ok(())
}

/// Records of sources that were what the bank had before a merge and its undo are that again.
///
/// # Errors
/// 503 when the database is away.
pub async fn sources_unchanged(tx: &mut Conn, expert: Uuid, before: i64, now: i64) -> Answer<()> {
    diesel::sql_query("UPDATE expert_sources SET loaded_version = $3 WHERE expert_id = $1 AND loaded_version = $2")
        .bind::<SqlUuid, _>(expert)
        .bind::<BigInt, _>(before)
        .bind::<BigInt, _>(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// A merge.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = expert_merges)]
#[expect(missing_docs, reason = "columns")]
pub struct MergeRow {
    pub id: Uuid,
    pub winner_id: Uuid,
    pub leads_to: Option<Uuid>,
    pub loser_id: Uuid,
    pub loser_code: String,
    pub loser_name: String,
    pub was_agencies: bool,
    pub was_public: bool,
    pub reason: Option<String>,
    pub moved: Value,
    pub filled: Vec<Option<String>>,
    pub left_out: Vec<Option<String>>,
    pub narrowed: Vec<Option<String>>,
    pub sealed: Vec<u8>,
    pub merged_at: DateTime<Utc>,
    pub merged_by: Option<Uuid>,
    pub undone_at: Option<DateTime<Utc>>,
    pub undone_by: Option<Uuid>,
}

/// Keeps a merge.
///
/// # Errors
/// 503 when the database is away.
pub async fn insert_merge(tx: &mut Conn, row: &MergeRow) -> Answer<()> {
    diesel::insert_into(expert_merges::table).values(row.clone()).execute(tx).await?;
    Ok(())
}

/// A merge by id.
///
/// # Errors
/// 404 when there is none.
pub async fn find_merge(conn: &mut Conn, id: Uuid) -> Answer<MergeRow> {
    Ok(expert_merges::table.find(id).select(MergeRow::as_select()).first(conn).await?)
}

/// The merge in which somebody was the loser, unless it was undone.
///
/// # Errors
/// 503 when the database is away.
pub async fn merge_of(conn: &mut Conn, loser: Uuid) -> Answer<Option<Uuid>> {
    let merge = expert_merges::table.filter(expert_merges::loser_id.eq(loser).and(expert_merges::undone_at.is_null()));
    Ok(merge.select(expert_merges::id).first(conn).await.optional()?)
}

/// Who was merged into an expert, however often handed on.
///
/// # Errors
/// 503 when the database is away.
pub async fn losers_of(conn: &mut Conn, expert: Uuid) -> Answer<Vec<Uuid>> {
    let merged = expert_merges::table.filter(expert_merges::leads_to.eq(expert));
    Ok(merged.select(expert_merges::loser_id).load(conn).await?)
}

/// Who may know of experts, as the flags of their rows say: everybody, agencies.
///
/// # Errors
/// 503 when the database is away.
pub async fn shown_to(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, (bool, bool)>> {
    let flags = (experts::id, (experts::public_profile, experts::agency_search));
    let rows: Vec<(Uuid, (bool, bool))> =
        experts::table.filter(experts::id.eq_any(ids)).select(flags).load(conn).await?;
    Ok(rows.into_iter().collect())
}

/// Merges, the latest first.
///
/// # Errors
/// 503 when the database is away.
pub async fn merges(conn: &mut Conn, before: Option<Uuid>, limit: i64) -> Answer<Vec<MergeRow>> {
    let mut query = expert_merges::table.select(MergeRow::as_select()).into_boxed();
    if let Some(before) = before {
        query = query.filter(expert_merges::id.lt(before));
    }
    Ok(query.order(expert_merges::id.desc()).limit(limit).load(conn).await?)
}

/// Marks a merge as undone.
///
/// # Errors
/// 503 when the database is away.
pub async fn mark_undone(tx: &mut Conn, id: Uuid, at: DateTime<Utc>, by: Option<Uuid>) -> Answer<()> {
    let undone =
        (expert_merges::undone_at.eq(at), expert_merges::undone_by.eq(by), expert_merges::leads_to.eq(None::<Uuid>));
    diesel::update(expert_merges::table.find(id)).set(undone).execute(tx).await?;
    Ok(())
}

/// Merges that stand, of records the caller might know of when they were merged: to nobody else was there ever one. The person
/// may know of what became a part of their own record.
fn told(scope: &Scope) -> Box<dyn BoxableExpression<expert_merges::table, Pg, SqlType = Bool>> {
    let stands = expert_merges::undone_at.is_null();
    let own = expert_merges::leads_to.is_not_distinct_from(scope.actor.expert_id()).and(stands);
    match scope.reach {
        Reach::All => Box::new(stands),
        Reach::Agencies => Box::new(stands.and(expert_merges::was_agencies)),
        Reach::Public => Box::new(stands.and(expert_merges::was_public)),
        Reach::PublicAndOwn => Box::new(stands.and(expert_merges::was_public).or(own)),
        Reach::Own => Box::new(own),
        Reach::Supplied | Reach::Seated | Reach::SuppliedAndSeated | Reach::No => Box::new(expert_merges::id.is_null()),
    }
}

/// Whom a merged record leads to, by its id or code, where the caller may know of them and might know of it.
///
/// # Errors
/// 503 when the database is away.
pub async fn merged_into(mut conn: &Reader, scope: &Scope, key: &str) -> Answer<Option<Uuid>> {
    let standing = expert_merges::table.filter(told(scope));
    let leads = match key.parse::<Uuid>() {
        Ok(id) => standing.filter(expert_merges::loser_id.eq(id)).select(expert_merges::leads_to).into_boxed(),
        Err(_no_uuid) => {
            let code = key.to_ascii_uppercase();
            standing.filter(expert_merges::loser_code.eq(code)).select(expert_merges::leads_to).into_boxed()
        }
    };
    let winner = experts::table.filter(visible(scope)).filter(experts::id.nullable().eq_any(leads));
    Ok(winner.select(experts::id).first(&mut conn).await.optional()?)
}

/// Whom merged records lead to, of those the caller may know of and might know of.
///
/// # Errors
/// 503 when the database is away.
pub async fn lead_to(conn: &mut Conn, scope: &Scope, losers: &[Uuid]) -> Answer<Vec<(Uuid, Uuid)>> {
    let standing = expert_merges::table.filter(told(scope)).filter(expert_merges::loser_id.eq_any(losers));
    let pairs: Vec<(Uuid, Option<Uuid>)> =
        standing.select((expert_merges::loser_id, expert_merges::leads_to)).load(conn).await?;
    let pairs: Vec<(Uuid, Uuid)> = pairs.into_iter().filter_map(|(loser, leads_to)| Some((loser, leads_to?))).collect();
    let winners: Vec<Uuid> = pairs.iter().map(|(_, winner)| *winner).collect();
    let seen = experts::table.filter(visible(scope)).filter(experts::id.eq_any(winners));
    let seen: Vec<Uuid> = seen.select(experts::id).load(conn).await?;
    Ok(pairs.into_iter().filter(|(_, winner)| seen.contains(winner)).collect())
}

/// What is in the way of an undo, told to people: changes of a record since a moment.
#[derive(Debug, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct EditRow {
    #[diesel(sql_type = diesel::sql_types::Timestamptz)]
    pub at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub role: Option<String>,
}

/// When a member of a record was last changed after a merge, and by whom.
///
/// # Errors
/// 503 when the database is away.
pub async fn last_edit(conn: &mut Conn, expert: Uuid, since: DateTime<Utc>, member: &str) -> Answer<Option<EditRow>> {
    let row = diesel::sql_query(
        "SELECT at, actor_role AS role FROM audit_events
          WHERE subject_kind = 'expert' AND subject_id = $1 AND at > $2 AND $3 = ANY(fields) ORDER BY at DESC LIMIT 1",
    )
    .bind::<SqlUuid, _>(expert)
    .bind::<diesel::sql_types::Timestamptz, _>(since)
    .bind::<Text, _>(member);
    Ok(row.get_result(conn).await.optional()?)
}
