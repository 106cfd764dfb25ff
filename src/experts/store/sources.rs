//! Which record of which source an expert came from.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use uuid::Uuid;

use crate::db::schema::{expert_sources, experts};
use crate::db::{Conn, bulk};
use crate::kernel::problem::Answer;

/// A record of a source.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "columns")]
pub struct SourceRow {
    pub source: String,
    pub external_id: String,
    pub expert_id: Uuid,
    #[serde(serialize_with = "bulk::bytes")]
    pub digest: Vec<u8>,
    pub loaded_version: i64,
}

/// What is known of records of a source: expert, digest, version loaded, version now.
pub async fn sources(
    conn: &mut Conn,
    source: &str,
    external_ids: &[&str],
) -> Answer<HashMap<String, (Uuid, Vec<u8>, i64, i64)>> {
    let rows: Vec<(String, Uuid, Vec<u8>, i64, i64)> = expert_sources::table
        .inner_join(experts::table)
        .filter(expert_sources::source.eq(source).and(expert_sources::external_id.eq_any(external_ids)))
        .select((
            expert_sources::external_id,
            expert_sources::expert_id,
            expert_sources::digest,
            expert_sources::loaded_version,
            experts::version,
        ))
        .for_update()
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(external, id, digest, loaded, now)| (external, (id, digest, loaded, now))).collect())
}

/// The source records of an expert as `source:external_id`.
pub async fn source_ids(conn: &mut Conn, expert: Uuid) -> Answer<Vec<String>> {
    let rows: Vec<(String, String)> = expert_sources::table
        .filter(expert_sources::expert_id.eq(expert))
        .order((expert_sources::source, expert_sources::external_id))
        .select((expert_sources::source, expert_sources::external_id))
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|(source, external)| format!("{source}:{external}")).collect())
}

/// Enters a record of a source, or says whose it is already.
pub async fn claim_source(tx: &mut Conn, row: &SourceRow) -> Answer<Option<Uuid>> {
    let values = (
        expert_sources::source.eq(&row.source),
        expert_sources::external_id.eq(&row.external_id),
        expert_sources::expert_id.eq(row.expert_id),
        expert_sources::digest.eq(&row.digest),
        expert_sources::loaded_version.eq(row.loaded_version),
    );
    let entered = diesel::insert_into(expert_sources::table).values(values).on_conflict_do_nothing();
    let entered = entered.execute(tx).await?;
    if entered == 1 {
        return Ok(None);
    }
    let known = expert_sources::table.find((&row.source, &row.external_id));
    Ok(Some(known.select(expert_sources::expert_id).first(tx).await?))
}

/// Inserts or replaces records of a source.
pub async fn put_sources(tx: &mut Conn, rows: &[SourceRow]) -> Answer<()> {
    const REPLACE: &str = "ON CONFLICT (source, external_id) DO UPDATE SET digest = excluded.digest, \
                           loaded_version = excluded.loaded_version, loaded_at = now()";
    for chunk in rows.chunks(super::BATCH) {
        bulk::insert(tx, "expert_sources", chunk, REPLACE).await?;
    }
    Ok(())
}
