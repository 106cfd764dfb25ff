//! What a plan wrote, and what has become of it since.

use diesel::sql_types::{Array, BigInt, Binary, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::changes::MovedRow;
use crate::db::Conn;
use crate::experts::store::mark_of;
use crate::kernel::problem::{Answer, Problem};

/// What was written of a change.
#[expect(missing_docs, reason = "columns")]
pub struct Written {
    pub number: i64,
    /// The version of the expert.
    pub version: i64,
    /// How it was before, sealed.
    pub undo: Option<Vec<u8>>,
    pub weight: i64,
}

/// Keeps what was written of changes.
pub async fn written(tx: &mut Conn, plan: Uuid, source: &str, rows: &[Written]) -> Answer<()> {
    let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
    let versions: Vec<i64> = rows.iter().map(|row| row.version).collect();
    let undo: Vec<Option<&[u8]>> = rows.iter().map(|row| row.undo.as_deref()).collect();
    let weights: Vec<i64> = rows.iter().map(|row| row.weight).collect();
    // each row is looked up by its key: a join could read all records of the source for each batch
    let sql = format!(
        "WITH done AS (
             UPDATE sync_changes c SET written_version = n.version, undo = n.undo, weight = greatest(c.weight, n.weight),
                    written_mark = (SELECT {} FROM expert_sources s WHERE s.source = $2 AND s.external_id = c.external_id)
               FROM unnest($3, $4, $5, $6) n (number, version, undo, weight)
              WHERE c.plan_id = $1 AND c.number = n.number
             RETURNING c.written_mark)
         SELECT count(written_mark) AS n FROM done",
        mark_of("s")
    );
    let kept: super::Number = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(plan)
        .bind::<Text, _>(source)
        .bind::<Array<BigInt>, _>(&numbers)
        .bind::<Array<BigInt>, _>(&versions)
        .bind::<Array<Nullable<Binary>>, _>(&undo)
        .bind::<Array<BigInt>, _>(&weights)
        .get_result(tx)
        .await?;
    if usize::try_from(kept.n).is_ok_and(|kept| kept == rows.len()) {
        Ok(())
    } else {
        Err(Problem::internal("a change was written of a record that is not there"))
    }
}

/// How many changes were written.
pub async fn count(conn: &mut Conn, plan: Uuid) -> Answer<i64> {
    let sql = "SELECT count(*) AS n FROM sync_changes WHERE plan_id = $1 AND written_version IS NOT NULL";
    Ok(diesel::sql_query(sql).bind::<SqlUuid, _>(plan).get_result::<super::Number>(conn).await?.n)
}

/// Keeps what the rows of the records of changes are now.
pub async fn mark(tx: &mut Conn, plan: Uuid, source: &str, numbers: &[i64]) -> Answer<()> {
    let sql = format!(
        "UPDATE sync_changes c SET written_mark = {} FROM expert_sources s
          WHERE c.plan_id = $1 AND c.number = ANY($3) AND s.source = $2 AND s.external_id = c.external_id",
        mark_of("s")
    );
    diesel::sql_query(sql)
        .bind::<SqlUuid, _>(plan)
        .bind::<Text, _>(source)
        .bind::<Array<BigInt>, _>(numbers)
        .execute(tx)
        .await?;
    Ok(())
}

/// A change that was undone.
pub struct Undone {
    /// The row of its record as it was before.
    pub image: Value,
    /// The version of the expert then.
    pub before: Option<i64>,
    /// The version in which the expert is as then, where the change had written it.
    pub now: Option<i64>,
}

/// What was undone is as an earlier plan left it, though in another version: that is no edit, and the earlier one can be undone
/// next. Where somebody came in between the two, the mark or the version is not the one the earlier plan left, and stays so.
pub async fn carry_back(tx: &mut Conn, plan: Uuid, source: &str, undone: &[Undone]) -> Answer<()> {
    let images: Vec<&Value> = undone.iter().map(|undone| &undone.image).collect();
    let before: Vec<Option<i64>> = undone.iter().map(|undone| undone.before).collect();
    let now: Vec<Option<i64>> = undone.iter().map(|undone| undone.now).collect();
    let mark = mark_of("s");
    let sql = format!(
        "WITH undone AS (
              SELECT s.external_id, {mark} AS mark, n.before, n.now
                FROM unnest($3, $4, $5) n (image, before, now),
                     jsonb_populate_record(NULL::expert_sources, n.image) s)
         UPDATE sync_changes c SET written_mark = {mark},
                written_version = CASE WHEN c.written_version = u.before THEN coalesce(u.now, u.before)
                                       ELSE c.written_version END
           FROM undone u, sync_plans p, expert_sources s
          WHERE p.source = $2 AND p.state IN ('applied', 'reverting') AND p.id <> $1
            AND c.plan_id = p.id AND c.external_id = u.external_id
            AND c.written_version IS NOT NULL AND c.written_mark = u.mark
            AND s.source = $2 AND s.external_id = c.external_id"
    );
    diesel::sql_query(sql)
        .bind::<SqlUuid, _>(plan)
        .bind::<Text, _>(source)
        .bind::<Array<Jsonb>, _>(images)
        .bind::<Array<Nullable<BigInt>>, _>(before)
        .bind::<Array<Nullable<BigInt>>, _>(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// True when a later plan that was applied wrote the same record: it says what is to be decided.
pub async fn is_overtaken(conn: &mut Conn, plan: Uuid, source: &str, external_id: &str) -> Answer<bool> {
    let row: super::Number = diesel::sql_query(
        "SELECT count(*) AS n FROM sync_changes c JOIN sync_plans p ON p.id = c.plan_id
          WHERE c.external_id = $3 AND p.source = $2 AND p.id <> $1 AND p.state IN ('applied', 'reverting')
            AND c.written_version IS NOT NULL AND c.kind NOT IN ('absent', 'tombstone')
            AND p.applied_at > (SELECT applied_at FROM sync_plans WHERE id = $1)",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<Text, _>(source)
    .bind::<Text, _>(external_id)
    .get_result(conn)
    .await?;
    Ok(row.n > 0)
}

/// Records of a plan that stand in the way of undoing it: edited since, written by a later plan or a load, or new and in use by
/// now.
pub async fn obstacles(conn: &mut Conn, plan: Uuid, source: &str, limit: i64) -> Answer<Vec<MovedRow>> {
    Ok(diesel::sql_query(format!(
        "SELECT c.number, c.external_id, c.expert_id, c.supplied FROM sync_changes c LEFT JOIN experts e ON e.id = c.expert_id
           LEFT JOIN expert_sources s ON s.source = $2 AND s.external_id = c.external_id
          WHERE c.plan_id = $1 AND c.written_version IS NOT NULL AND (
                e.id IS NULL
                OR c.written_mark IS DISTINCT FROM CASE WHEN s.external_id IS NOT NULL THEN {} END
                OR (c.kind IN ('create', 'update', 'conflict') AND e.version <> c.written_version)
                OR EXISTS (SELECT FROM sync_plans p JOIN sync_changes l ON l.plan_id = p.id
                            WHERE p.source = $2 AND p.state IN ('applied', 'reverting') AND p.id <> $1 AND l.external_id = c.external_id
                              AND l.written_version IS NOT NULL
                              AND p.applied_at > (SELECT applied_at FROM sync_plans WHERE id = $1))
                OR (c.kind = 'create' AND (
                    EXISTS (SELECT FROM expert_consents x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM expert_sources x WHERE x.expert_id = e.id
                                  AND (x.source, x.external_id) <> ($2, c.external_id))
                    OR EXISTS (SELECT FROM accounts x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM expert_availability x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM expert_links x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM expert_nominations x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM association_officers x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM consultation_drafters x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM panel_members x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM conflict_decisions x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM panel_findings x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM opinions x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM expert_evaluations x WHERE x.expert_id = e.id)
                    OR EXISTS (SELECT FROM expert_distinctions x WHERE e.id IN (x.one_id, x.other_id)
                                  AND x.decided_at > (SELECT applied_at FROM sync_plans WHERE id = $1))
                    OR EXISTS (SELECT FROM expert_merges x WHERE x.leads_to = e.id)
                    OR EXISTS (SELECT FROM sync_decisions x WHERE x.expert_id = e.id))))
          ORDER BY c.number LIMIT $3",
        mark_of("s")
    ))
    .bind::<SqlUuid, _>(plan)
    .bind::<Text, _>(source)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?)
}
