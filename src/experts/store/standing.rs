//! What else is known of records of a source than what they said: who stands behind them, what was decided of them, and who was
//! erased. A load of a file and a sync go by it alike.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::sources::by_key;
use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::kernel::sealed::Sealer;

/// What an officer decided of a record that may be somebody known.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct SourceDecision {
    #[diesel(sql_type = Text)]
    pub external_id: String,
    #[diesel(sql_type = Text)]
    pub decision: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub expert_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub decided_by: Option<Uuid>,
}

/// What else is known of some records of a source.
#[derive(Debug, Default)]
pub struct Standing {
    /// Records whose expert another live record of the source is followed for.
    pub followers: HashSet<String>,
    /// What was decided of records that are none yet.
    pub decisions: HashMap<String, SourceDecision>,
    /// Records of people who were erased here.
    pub erased: HashSet<String>,
}

/// What else is known of records of a source; `unknown` are those that nobody here comes from.
///
/// # Errors
/// 503 when the database is away.
pub async fn standing(
    conn: &mut Conn,
    sealer: &Sealer,
    source: &str,
    external_ids: &[&str],
    unknown: &[&str],
) -> Answer<Standing> {
    let followers = followers(conn, source, external_ids).await?.into_iter().collect();
    if unknown.is_empty() {
        return Ok(Standing { followers, ..Standing::default() });
    }
    let decisions = decisions(conn, source, unknown).await?;
    let decisions = decisions.into_iter().map(|row| (row.external_id.clone(), row)).collect();
    let hashes: HashMap<Vec<u8>, &str> = unknown
        .iter()
        .flat_map(|id| erased_hashes(sealer, source, id).into_iter().map(move |hash| (hash, *id)))
        .collect();
    let asked: Vec<&[u8]> = hashes.keys().map(Vec::as_slice).collect();
    let erased = erased(conn, &asked).await?;
    let erased = erased.iter().filter_map(|hash| hashes.get(hash)).map(|id| (*id).to_owned()).collect();
    Ok(Standing { followers, decisions, erased })
}

fn erased_text(source: &str, external_id: &str) -> String {
    format!("{source}\n{external_id}")
}

/// The keyed hashes of a record of a source, under every key of the ring.
fn erased_hashes(sealer: &Sealer, source: &str, external_id: &str) -> Vec<Vec<u8>> {
    sealer.keyed_hashes("erased-source-record", &erased_text(source, external_id))
}

/// The keyed hash by which a record of somebody who is erased is known from then on.
pub fn erased_hash(sealer: &Sealer, source: &str, external_id: &str) -> Vec<u8> {
    sealer.keyed_hash("erased-source-record", &erased_text(source, external_id))
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    external_id: String,
}

/// The others of an expert are found by the expert: `source` is compared so that no index serves it, since a source that came with
/// one big file may look rare to the planner, which would then read all of it for each record.
///
/// The record that the expert came with comes first, then one that wrote the expert, then one that never did.
async fn followers(conn: &mut Conn, source: &str, external_ids: &[&str]) -> Answer<Vec<String>> {
    let sql = format!(
        "SELECT s.external_id FROM {}
          WHERE EXISTS (
                SELECT FROM expert_sources o WHERE o.expert_id = s.expert_id AND o.source || '' = s.source
                   AND (NOT o.supplied, o.loaded_version = 0, o.external_id)
                     < (NOT s.supplied, s.loaded_version = 0, s.external_id)
                   AND o.absent_since IS NULL AND o.withdrawn_at IS NULL)",
        by_key("")
    );
    let rows: Vec<IdRow> =
        diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<Text>, _>(external_ids).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.external_id).collect())
}

async fn decisions(conn: &mut Conn, source: &str, external_ids: &[&str]) -> Answer<Vec<SourceDecision>> {
    let sql = "SELECT external_id, decision, expert_id, decided_by FROM sync_decisions WHERE source = $1 AND external_id = ANY($2)";
    Ok(diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<Text>, _>(external_ids).load(conn).await?)
}

#[derive(QueryableByName)]
struct HashRow {
    #[diesel(sql_type = Binary)]
    record_hash: Vec<u8>,
}

async fn erased(conn: &mut Conn, hashes: &[&[u8]]) -> Answer<Vec<Vec<u8>>> {
    let sql = "SELECT record_hash FROM erased_source_records WHERE record_hash = ANY($1)";
    let rows: Vec<HashRow> = diesel::sql_query(sql).bind::<Array<Binary>, _>(hashes).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.record_hash).collect())
}

/// Marks records as missing from a snapshot, or as taken out by the source.
///
/// # Errors
/// 503 when the database is away.
pub async fn mark_gone(tx: &mut Conn, source: &str, external_ids: &[&str], is_withdrawn: bool) -> Answer<()> {
    let column = if is_withdrawn { "withdrawn_at" } else { "absent_since" };
    let sql = format!(
        "UPDATE expert_sources SET {column} = coalesce({column}, now()) WHERE source = $1 AND external_id = ANY($2)"
    );
    diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<Text>, _>(external_ids).execute(tx).await?;
    Ok(())
}
