//! SQL of conclusions, replies and evaluations.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::{ConclusionRow, EvaluationRow, ReplyRow};
use crate::db::{Conn, bulk};
use crate::kernel::problem::{Answer, Problem};

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

fn read<T: serde::de::DeserializeOwned>(rows: &[Json]) -> Answer<Vec<T>> {
    rows.iter().map(|row| serde_json::from_str(&row.json).map_err(Problem::internal)).collect()
}

/// The versions of a conclusion, the first first.
///
/// # Errors
/// 503 when the database is away.
pub async fn versions(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<ConclusionRow>> {
    let sql = "SELECT row_to_json(c)::text AS json FROM conclusions c WHERE c.consultation_id = $1 ORDER BY c.number";
    let rows: Vec<Json> = diesel::sql_query(sql).bind::<SqlUuid, _>(consultation).load(conn).await?;
    read(&rows)
}

/// Enters a version, or writes it anew.
///
/// # Errors
/// 503 when the database is away.
pub async fn put(tx: &mut Conn, row: &ConclusionRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET version = excluded.version, content = excluded.content, \
        report = excluded.report, signed_at = excluded.signed_at, delivered_at = excluded.delivered_at, \
        updated_at = excluded.updated_at";
    Ok(bulk::insert(tx, "conclusions", std::slice::from_ref(row), SET).await?)
}

/// Drops a version that did not go out.
///
/// # Errors
/// 503 when the database is away.
pub async fn remove(tx: &mut Conn, id: Uuid) -> Answer<()> {
    diesel::sql_query("DELETE FROM conclusions WHERE id = $1").bind::<SqlUuid, _>(id).execute(tx).await?;
    Ok(())
}

/// What the asker said to recommendations, in its order.
///
/// # Errors
/// 503 when the database is away.
pub async fn replies(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<ReplyRow>> {
    let sql = "SELECT row_to_json(r)::text AS json FROM recommendation_replies r WHERE r.consultation_id = $1
                ORDER BY r.at, r.id";
    let rows: Vec<Json> = diesel::sql_query(sql).bind::<SqlUuid, _>(consultation).load(conn).await?;
    read(&rows)
}

/// Enters replies.
///
/// # Errors
/// 503 when the database is away.
pub async fn add_replies(tx: &mut Conn, rows: &[ReplyRow]) -> Answer<()> {
    Ok(bulk::insert(tx, "recommendation_replies", rows, "").await?)
}

/// How those of a panel did.
///
/// # Errors
/// 503 when the database is away.
pub async fn evaluations(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<EvaluationRow>> {
    let sql = "SELECT row_to_json(e)::text AS json FROM expert_evaluations e WHERE e.consultation_id = $1
                ORDER BY e.member_id";
    let rows: Vec<Json> = diesel::sql_query(sql).bind::<SqlUuid, _>(consultation).load(conn).await?;
    read(&rows)
}

/// Enters how somebody did, or writes it anew.
///
/// # Errors
/// 503 when the database is away.
pub async fn put_evaluation(tx: &mut Conn, row: &EvaluationRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (member_id) DO UPDATE SET quality = excluded.quality, timeliness = excluded.timeliness, \
        remark = excluded.remark, at = excluded.at, actor_id = excluded.actor_id";
    Ok(bulk::insert(tx, "expert_evaluations", std::slice::from_ref(row), SET).await?)
}
