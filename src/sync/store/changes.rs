//! What a plan changes, record by record.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::sync_changes;
use crate::kernel::problem::Answer;

/// A change.
#[derive(Debug, Clone, Default, Queryable, Selectable)]
#[diesel(table_name = sync_changes)]
#[expect(missing_docs, reason = "columns")]
pub struct ChangeRow {
    pub number: i64,
    pub kind: String,
    pub outcome: Option<String>,
    pub line: Option<i64>,
    pub external_id: Option<String>,
    pub expert_id: Option<Uuid>,
    pub expert_version: Option<i64>,
    pub loaded_version: Option<i64>,
    pub digest: Option<Vec<u8>>,
    pub row_hash: Vec<u8>,
    pub detail: Option<Vec<u8>>,
    pub decision: Option<String>,
    pub written_version: Option<i64>,
    pub undo: Option<Vec<u8>>,
}

/// Keeps changes, or puts them in the place of those with the same numbers.
pub async fn put(tx: &mut Conn, plan: Uuid, rows: &[ChangeRow]) -> Answer<()> {
    if rows.is_empty() {
        return Ok(());
    }
    diesel::sql_query(
        "INSERT INTO sync_changes (plan_id, number, kind, outcome, line, external_id, expert_id, expert_version,
                                   loaded_version, digest, row_hash, detail)
         SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT (plan_id, number) DO UPDATE SET kind = excluded.kind, outcome = excluded.outcome,
                expert_id = excluded.expert_id, expert_version = excluded.expert_version,
                loaded_version = excluded.loaded_version, digest = excluded.digest, row_hash = excluded.row_hash,
                detail = excluded.detail",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<Array<BigInt>, _>(column(rows, |row| row.number))
    .bind::<Array<Text>, _>(column(rows, |row| row.kind.clone()))
    .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.outcome.clone()))
    .bind::<Array<Nullable<BigInt>>, _>(column(rows, |row| row.line))
    .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.external_id.clone()))
    .bind::<Array<Nullable<SqlUuid>>, _>(column(rows, |row| row.expert_id))
    .bind::<Array<Nullable<BigInt>>, _>(column(rows, |row| row.expert_version))
    .bind::<Array<Nullable<BigInt>>, _>(column(rows, |row| row.loaded_version))
    .bind::<Array<Nullable<Binary>>, _>(column(rows, |row| row.digest.clone()))
    .bind::<Array<Binary>, _>(column(rows, |row| row.row_hash.clone()))
    .bind::<Array<Nullable<Binary>>, _>(column(rows, |row| row.detail.clone()))
    .execute(tx)
    .await?;
    Ok(())
}

fn column<T>(rows: &[ChangeRow], of: impl Fn(&ChangeRow) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// Takes all changes of a plan away.
pub async fn clear(tx: &mut Conn, plan: Uuid) -> Answer<()> {
    diesel::delete(sync_changes::table.filter(sync_changes::plan_id.eq(plan))).execute(tx).await?;
    Ok(())
}

/// Changes of some kinds behind a number, in their order.
pub async fn page(
    conn: &mut Conn,
    plan: Uuid,
    kinds: Option<&[&str]>,
    after: i64,
    limit: i64,
) -> Answer<Vec<ChangeRow>> {
    let mut query =
        sync_changes::table.filter(sync_changes::plan_id.eq(plan).and(sync_changes::number.gt(after))).into_boxed();
    if let Some(kinds) = kinds {
        query = query.filter(sync_changes::kind.eq_any(kinds.to_vec()));
    }
    Ok(query.order(sync_changes::number).limit(limit).select(ChangeRow::as_select()).load(conn).await?)
}

/// Changes that write something, behind a number, in their order: with what is written, or what goes.
pub async fn writing(conn: &mut Conn, plan: Uuid, after: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    let writes = sync_changes::kind
        .eq_any(["create", "update", "unchanged", "conflict"])
        .and(sync_changes::detail.is_not_null())
        .or(sync_changes::kind.eq_any(["absent", "tombstone"]).and(sync_changes::expert_id.is_not_null()));
    Ok(sync_changes::table
        .filter(sync_changes::plan_id.eq(plan).and(sync_changes::number.gt(after)))
        .filter(writes)
        .order(sync_changes::number)
        .limit(limit)
        .select(ChangeRow::as_select())
        .load(conn)
        .await?)
}

/// One change, locked.
pub async fn lock(tx: &mut Conn, plan: Uuid, number: i64) -> Answer<ChangeRow> {
    let row = sync_changes::table.find((plan, number)).select(ChangeRow::as_select());
    Ok(row.for_update().first(tx).await?)
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Text)]
    external_id: String,
}

/// Those of the ids that an earlier line of the plan has.
pub async fn seen(conn: &mut Conn, plan: Uuid, external_ids: &[&str]) -> Answer<Vec<String>> {
    let sql = "SELECT DISTINCT external_id FROM sync_changes
                WHERE plan_id = $1 AND external_id = ANY($2) AND kind <> 'rejected'";
    let rows: Vec<IdRow> =
        diesel::sql_query(sql).bind::<SqlUuid, _>(plan).bind::<Array<Text>, _>(external_ids).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.external_id).collect())
}

/// Another record of the source that stands for the same expert, and comes before: one of them is followed.
#[derive(Debug, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct TwinRow {
    #[diesel(sql_type = Text)]
    pub external_id: String,
}

/// Those of the ids whose expert has a live record of the source that comes before.
pub async fn followers(conn: &mut Conn, source: &str, external_ids: &[&str]) -> Answer<Vec<String>> {
    let rows: Vec<TwinRow> = diesel::sql_query(
        "SELECT s.external_id FROM expert_sources s
          WHERE s.source = $1 AND s.external_id = ANY($2) AND EXISTS (
                SELECT FROM expert_sources o WHERE o.expert_id = s.expert_id AND o.source = s.source
                   AND o.external_id < s.external_id AND o.absent_since IS NULL AND o.withdrawn_at IS NULL)",
    )
    .bind::<Text, _>(source)
    .bind::<Array<Text>, _>(external_ids)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.external_id).collect())
}

/// Adds the live records of the source that no line of the plan names, at most so many behind an id.
pub async fn absent(conn: &mut Conn, plan: Uuid, source: &str, after: &str, limit: i64) -> Answer<Vec<AbsentRow>> {
    Ok(diesel::sql_query(
        "SELECT s.external_id, s.expert_id, e.version AS expert_version, s.loaded_version
           FROM expert_sources s JOIN experts e ON e.id = s.expert_id
          WHERE s.source = $2 AND s.external_id > $3 AND s.absent_since IS NULL AND s.withdrawn_at IS NULL
            AND NOT EXISTS (SELECT FROM sync_changes c WHERE c.plan_id = $1 AND c.external_id = s.external_id)
          ORDER BY s.external_id LIMIT $4",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<Text, _>(source)
    .bind::<Text, _>(after)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?)
}

/// A record that a snapshot no longer has.
#[derive(Debug, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct AbsentRow {
    #[diesel(sql_type = Text)]
    pub external_id: String,
    #[diesel(sql_type = SqlUuid)]
    pub expert_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub expert_version: i64,
    #[diesel(sql_type = BigInt)]
    pub loaded_version: i64,
}

/// What moved under a plan since it was made.
#[derive(Debug, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct MovedRow {
    #[diesel(sql_type = BigInt)]
    pub number: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub external_id: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub expert_id: Option<Uuid>,
}

/// Records that are not what the plan rests on: an expert that was changed, a record that came, went or stands for another.
pub async fn moved(conn: &mut Conn, plan: Uuid, source: &str, limit: i64) -> Answer<Vec<MovedRow>> {
    Ok(diesel::sql_query(
        "SELECT c.number, c.external_id, c.expert_id FROM sync_changes c
           LEFT JOIN expert_sources s ON s.source = $2 AND s.external_id = c.external_id
           LEFT JOIN experts e ON e.id = c.expert_id
          WHERE c.plan_id = $1 AND c.kind NOT IN ('rejected', 'ambiguous') AND (
                (c.kind = 'create' AND s.expert_id IS NOT NULL)
                OR (c.kind <> 'create' AND c.expert_id IS NOT NULL AND (
                    s.expert_id IS DISTINCT FROM CASE WHEN c.loaded_version IS NULL THEN NULL ELSE c.expert_id END
                    OR s.loaded_version IS DISTINCT FROM c.loaded_version
                    OR e.id IS NULL
                    OR (c.kind IN ('update', 'conflict') AND e.version <> c.expert_version))))
          ORDER BY c.number LIMIT $3",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<Text, _>(source)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?)
}

/// Keeps what was written of changes: the version of the expert, and how it was before, sealed.
pub async fn written(tx: &mut Conn, plan: Uuid, rows: &[(i64, i64, Option<Vec<u8>>)]) -> Answer<()> {
    let numbers: Vec<i64> = rows.iter().map(|(number, ..)| *number).collect();
    let versions: Vec<i64> = rows.iter().map(|(_, version, _)| *version).collect();
    let undo: Vec<Option<&[u8]>> = rows.iter().map(|(.., undo)| undo.as_deref()).collect();
    diesel::sql_query(
        "UPDATE sync_changes c SET written_version = n.version, undo = n.undo
           FROM unnest($2, $3, $4) n (number, version, undo) WHERE c.plan_id = $1 AND c.number = n.number",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<Array<BigInt>, _>(&numbers)
    .bind::<Array<BigInt>, _>(&versions)
    .bind::<Array<Nullable<Binary>>, _>(&undo)
    .execute(tx)
    .await?;
    Ok(())
}

/// Keeps a decision of a conflict, with the digest of the change as it is now.
pub async fn decide(tx: &mut Conn, plan: Uuid, row: &ChangeRow, by: Option<Uuid>) -> Answer<()> {
    diesel::update(sync_changes::table.find((plan, row.number)))
        .set((
            sync_changes::decision.eq(&row.decision),
            sync_changes::row_hash.eq(&row.row_hash),
            sync_changes::decided_by.eq(by),
            sync_changes::decided_at.eq(diesel::dsl::now),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// True when a later plan that was applied has the same record: it says what is to be decided.
pub async fn is_overtaken(conn: &mut Conn, plan: Uuid, source: &str, external_id: &str) -> Answer<bool> {
    let row: super::Number = diesel::sql_query(
        "SELECT count(*) AS n FROM sync_changes c JOIN sync_plans p ON p.id = c.plan_id
          WHERE c.external_id = $3 AND p.source = $2 AND p.id <> $1 AND p.state = 'applied'
            AND p.applied_at > (SELECT applied_at FROM sync_plans WHERE id = $1)",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<Text, _>(source)
    .bind::<Text, _>(external_id)
    .get_result(conn)
    .await?;
    Ok(row.n > 0)
}

/// Changes that were written, behind a number, in their order.
pub async fn to_undo(conn: &mut Conn, plan: Uuid, after: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    Ok(sync_changes::table
        .filter(sync_changes::plan_id.eq(plan).and(sync_changes::number.gt(after)))
        .filter(sync_changes::written_version.is_not_null())
        .order(sync_changes::number)
        .limit(limit)
        .select(ChangeRow::as_select())
        .load(conn)
        .await?)
}

/// Records of a plan that stand in the way of undoing it: edited since, written by a later plan, or new and in use by now.
pub async fn obstacles(conn: &mut Conn, plan: Uuid, source: &str, limit: i64) -> Answer<Vec<MovedRow>> {
    Ok(diesel::sql_query(
        "SELECT c.number, c.external_id, c.expert_id FROM sync_changes c LEFT JOIN experts e ON e.id = c.expert_id
          WHERE c.plan_id = $1 AND c.written_version IS NOT NULL AND (
                e.id IS NULL
                OR (c.kind IN ('create', 'update', 'conflict') AND e.version <> c.written_version)
                OR EXISTS (SELECT FROM sync_plans p JOIN sync_changes l ON l.plan_id = p.id
                            WHERE p.source = $2 AND p.state = 'applied' AND p.id <> $1 AND l.external_id = c.external_id
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
                    OR EXISTS (SELECT FROM expert_distinctions x WHERE e.id IN (x.one_id, x.other_id))
                    OR EXISTS (SELECT FROM sync_decisions x WHERE x.expert_id = e.id))))
          ORDER BY c.number LIMIT $3",
    )
    .bind::<SqlUuid, _>(plan)
    .bind::<Text, _>(source)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?)
}
