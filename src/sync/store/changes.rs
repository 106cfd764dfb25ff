//! What a plan changes, record by record.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::db::schema::sync_changes;
use crate::db::{Conn, Db};
use crate::experts::store::mark_of;
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
    pub supplied: bool,
    pub resting_mark: Option<String>,
    pub digest: Option<Vec<u8>>,
    pub row_hash: Vec<u8>,
    pub detail: Option<Vec<u8>>,
    pub doubt: Option<Vec<u8>>,
    pub likes: Option<Vec<Option<Uuid>>>,
    pub decision: Option<String>,
    pub written_version: Option<i64>,
    pub undo: Option<Vec<u8>>,
    pub weight: i64,
}

/// Keeps changes, or puts them in the place of those with the same numbers.
pub async fn put(tx: &mut Conn, plan: Uuid, rows: &[ChangeRow]) -> Answer<()> {
    if rows.is_empty() {
        return Ok(());
    }
    // a list of each row as text: PostgreSQL takes lists of lists apart
    let likes = |row: &ChangeRow| {
        let ids: Vec<String> = row.likes.as_ref()?.iter().flatten().map(Uuid::to_string).collect();
        Some(format!("{{{}}}", ids.join(",")))
    };
    diesel::sql_query(
        "INSERT INTO sync_changes (plan_id, number, kind, outcome, line, external_id, expert_id, expert_version, loaded_version,
                                   digest, row_hash, detail, weight, supplied, resting_mark, doubt, likes)
         SELECT $1, number, kind, outcome, line, external_id, expert_id, expert_version, loaded_version, digest, row_hash,
                detail, weight, supplied, resting_mark, doubt, likes::uuid[]
           FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
                n (number, kind, outcome, line, external_id, expert_id, expert_version, loaded_version, digest, row_hash,
                   detail, weight, supplied, resting_mark, doubt, likes)
         ON CONFLICT (plan_id, number) DO UPDATE SET kind = excluded.kind, outcome = excluded.outcome,
                expert_id = excluded.expert_id, expert_version = excluded.expert_version,
                loaded_version = excluded.loaded_version, digest = excluded.digest, row_hash = excluded.row_hash,
                detail = excluded.detail, weight = excluded.weight, supplied = excluded.supplied,
                resting_mark = excluded.resting_mark, doubt = excluded.doubt, likes = excluded.likes",
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
    .bind::<Array<BigInt>, _>(column(rows, |row| row.weight))
    .bind::<Array<Bool>, _>(column(rows, |row| row.supplied))
    .bind::<Array<Nullable<Text>>, _>(column(rows, |row| row.resting_mark.clone()))
    .bind::<Array<Nullable<Binary>>, _>(column(rows, |row| row.doubt.clone()))
    .bind::<Array<Nullable<Text>>, _>(column(rows, likes))
    .execute(tx)
    .await?;
    Ok(())
}

fn column<T>(rows: &[ChangeRow], of: impl Fn(&ChangeRow) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

/// After many changes were kept: as [`look_anew`](crate::experts::store::look_anew) does for the people.
///
/// # Errors
/// 503 when the database is away.
pub async fn look_anew(db: &Db) -> Answer<()> {
    db.look_anew(&["sync_changes"]).await
}

/// Takes all changes of a plan away.
pub async fn clear(tx: &mut Conn, plan: Uuid) -> Answer<()> {
    diesel::delete(sync_changes::table.filter(sync_changes::plan_id.eq(plan))).execute(tx).await?;
    Ok(())
}

/// Changes of some kinds behind a number, in their order; of people the source did not supply everybody but the Union is told of no
/// other kind than `unchanged`.
pub async fn page(
    conn: &mut Conn,
    plan: Uuid,
    kinds: Option<&[&str]>,
    tells_all: bool,
    after: i64,
    limit: i64,
) -> Answer<Vec<ChangeRow>> {
    let mut query =
        sync_changes::table.filter(sync_changes::plan_id.eq(plan).and(sync_changes::number.gt(after))).into_boxed();
    if let Some(kinds) = kinds {
        let hidden = sync_changes::supplied.eq(false).and(sync_changes::kind.eq_any(["update", "conflict"]));
        let told = sync_changes::kind.eq_any(kinds.to_vec());
        query = match (tells_all, kinds.contains(&"unchanged")) {
            (true, _) => query.filter(told),
            (false, true) => query.filter(told.or(hidden)),
            (false, false) => query.filter(told.and(diesel::dsl::not(hidden))),
        };
    }
    Ok(query.order(sync_changes::number).limit(limit).select(ChangeRow::as_select()).load(conn).await?)
}

/// Most bytes of details, unpacked, that are looked at together.
const MOST_BYTES: i64 = 4 << 20;
/// Changes that write something: with what is written, or what goes.
const WRITES: &str = "((kind IN ('create', 'update', 'unchanged', 'conflict') AND detail IS NOT NULL)
                       OR (kind IN ('absent', 'tombstone') AND expert_id IS NOT NULL))";
/// Changes that were written.
const WRITTEN: &str = "written_version IS NOT NULL";

/// The last of the next changes of which `which` is true: some hundreds at most, and no more of them than memory is for.
async fn last_of_batch(conn: &mut Conn, plan: Uuid, which: &str, after: i64, limit: i64) -> Answer<i64> {
    let sql = format!(
        "SELECT coalesce(max(number), 0) AS n FROM (
                SELECT number, weight, sum(weight) OVER (ORDER BY number) AS total FROM (
                    SELECT number, weight FROM sync_changes WHERE plan_id = $1 AND number > $2 AND {which}
                     ORDER BY number LIMIT $3) next) summed
          WHERE total - weight < $4"
    );
    let row: super::Number = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(plan)
        .bind::<BigInt, _>(after)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(MOST_BYTES)
        .get_result(conn)
        .await?;
    Ok(row.n)
}

async fn batch(conn: &mut Conn, plan: Uuid, which: &str, after: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    let last = last_of_batch(conn, plan, which, after, limit).await?;
    let is_next = sync_changes::number.gt(after).and(sync_changes::number.le(last));
    Ok(sync_changes::table
        .filter(sync_changes::plan_id.eq(plan).and(is_next))
        .filter(diesel::dsl::sql::<diesel::sql_types::Bool>(which))
        .order(sync_changes::number)
        .select(ChangeRow::as_select())
        .load(conn)
        .await?)
}

/// The next changes that write something, behind a number, in their order.
pub async fn writing(conn: &mut Conn, plan: Uuid, after: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    batch(conn, plan, WRITES, after, limit).await
}

/// Locks the experts a plan writes, in the order in which everybody locks them: no two wait for each other in a circle.
pub async fn lock_to_write(tx: &mut Conn, plan: Uuid) -> Answer<()> {
    lock_experts(tx, plan, WRITES).await
}

/// Locks the experts a plan wrote, in that order: until they are undone nobody edits or uses one of them.
pub async fn lock_to_undo(tx: &mut Conn, plan: Uuid) -> Answer<()> {
    lock_experts(tx, plan, WRITTEN).await
}

async fn lock_experts(tx: &mut Conn, plan: Uuid, which: &str) -> Answer<()> {
    let sql = format!(
        "SELECT count(*) AS n FROM (
                SELECT FROM experts WHERE id IN (
                    SELECT expert_id FROM sync_changes WHERE plan_id = $1 AND {which})
                 ORDER BY id FOR UPDATE) held"
    );
    diesel::sql_query(sql).bind::<SqlUuid, _>(plan).get_result::<super::Number>(tx).await?;
    Ok(())
}

/// Takes away what the changes of a plan say of people, and the changes that were none.
pub async fn forget(tx: &mut Conn, plan: Uuid) -> Answer<()> {
    for sql in [
        "DELETE FROM sync_changes WHERE plan_id = $1 AND kind = 'unchanged'",
        "UPDATE sync_changes SET detail = NULL, doubt = NULL, likes = NULL, undo = NULL, digest = NULL
          WHERE plan_id = $1",
    ] {
        diesel::sql_query(sql).bind::<SqlUuid, _>(plan).execute(tx).await?;
    }
    Ok(())
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
    // each by its key: a plan in the making may look small to the planner, which would then read all of it for each chunk
    let sql = "SELECT asked.external_id FROM unnest($2) asked (external_id), LATERAL (
                      SELECT FROM sync_changes c WHERE c.plan_id = $1 AND c.external_id = asked.external_id
                         AND c.kind <> 'rejected' LIMIT 1) line";
    let rows: Vec<IdRow> =
        diesel::sql_query(sql).bind::<SqlUuid, _>(plan).bind::<Array<Text>, _>(external_ids).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.external_id).collect())
}

/// The live records of the source that no line of the plan names, at most so many behind an id.
pub async fn absent(conn: &mut Conn, plan: Uuid, source: &str, after: &str, limit: i64) -> Answer<Vec<AbsentRow>> {
    // each is looked up by its key (what has an OFFSET is no join): of a plan that was just written PostgreSQL knows no line, and
    // would read all of them once for each record
    Ok(diesel::sql_query(format!(
        "SELECT s.external_id, s.expert_id, e.version AS expert_version, s.loaded_version, s.supplied, {} AS resting_mark
           FROM expert_sources s JOIN experts e ON e.id = s.expert_id
          WHERE s.source = $2 AND s.external_id > $3 AND s.absent_since IS NULL AND s.withdrawn_at IS NULL
            AND NOT EXISTS (SELECT FROM sync_changes c WHERE c.plan_id = $1 AND c.external_id = s.external_id OFFSET 0)
          ORDER BY s.external_id LIMIT $4",
        mark_of("s")
    ))
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
    #[diesel(sql_type = Bool)]
    pub supplied: bool,
    #[diesel(sql_type = Text)]
    pub resting_mark: String,
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
    #[diesel(sql_type = Bool)]
    pub supplied: bool,
}

impl MovedRow {
    /// The record of a change.
    pub fn of(row: &ChangeRow) -> Self {
        let (number, external_id, expert_id) = (row.number, row.external_id.clone(), row.expert_id);
        Self { number, external_id, expert_id, supplied: row.supplied }
    }

    /// Records as a plan keeps them of which it says why it could not go on.
    pub fn failure(rows: &[Self], code: &str) -> Value {
        let record = |row: &Self| json!({ "number": row.number, "external_id": row.external_id, "expert_id": row.expert_id, "supplied": row.supplied });
        json!({ "code": code, "records": rows.iter().map(record).collect::<Vec<_>>() })
    }

    /// Those that [`Self::failure`] kept.
    pub fn of_failure(failure: &Value) -> Vec<Self> {
        let records = failure.get("records").and_then(Value::as_array).into_iter().flatten();
        let text = |record: &Value, name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
        let row = |record: &Value| {
            Some(Self {
                number: record.get("number")?.as_i64()?,
                external_id: text(record, "external_id"),
                expert_id: text(record, "expert_id").and_then(|id| id.parse().ok()),
                supplied: record.get("supplied").and_then(Value::as_bool).unwrap_or(true),
            })
        };
        records.filter_map(row).collect()
    }
}

/// Records that are not what the plan rests on: an expert that was changed, a record that came or went, stands for another or was
/// written since, by a load or a newer plan.
pub async fn moved(conn: &mut Conn, plan: Uuid, source: &str, limit: i64) -> Answer<Vec<MovedRow>> {
    Ok(diesel::sql_query(format!(
        "SELECT c.number, c.external_id, c.expert_id, c.supplied FROM sync_changes c
           LEFT JOIN expert_sources s ON s.source = $2 AND s.external_id = c.external_id
           LEFT JOIN experts e ON e.id = c.expert_id
          WHERE c.plan_id = $1 AND c.kind NOT IN ('rejected', 'ambiguous') AND c.written_version IS NULL AND (
                (c.kind = 'create' AND s.expert_id <> c.expert_id)
                OR (c.kind <> 'create' AND c.expert_id IS NOT NULL AND (
                    s.expert_id IS DISTINCT FROM CASE WHEN c.loaded_version IS NULL THEN NULL ELSE c.expert_id END
                    OR (s.external_id IS NOT NULL AND {} IS DISTINCT FROM c.resting_mark)
                    OR e.id IS NULL
                    OR (c.kind IN ('update', 'conflict') AND e.version <> c.expert_version))))
          ORDER BY c.number LIMIT $3",
        mark_of("s")
    ))
    .bind::<SqlUuid, _>(plan)
    .bind::<Text, _>(source)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?)
}

#[derive(QueryableByName)]
struct ExpertRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
}

/// Those of the experts that another change of the plan writes already.
pub async fn written_experts(conn: &mut Conn, plan: Uuid, but: Option<i64>, experts: &[Uuid]) -> Answer<Vec<Uuid>> {
    if experts.is_empty() {
        return Ok(Vec::new());
    }
    // by the experts and not by the plan, for the same reason: so its id is compared in a way that no index serves
    let sql = "SELECT DISTINCT expert_id FROM sync_changes
                WHERE plan_id::text = $1::text AND expert_id = ANY($2) AND detail IS NOT NULL AND number IS DISTINCT FROM $3
                  AND kind IN ('update', 'conflict', 'unchanged') AND outcome IS DISTINCT FROM 'merged'";
    let rows: Vec<ExpertRow> = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(plan)
        .bind::<Array<SqlUuid>, _>(experts)
        .bind::<Nullable<BigInt>, _>(but)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.expert_id).collect())
}

/// Those of the experts who have a live record of the source.
pub async fn led(conn: &mut Conn, source: &str, experts: &[Uuid]) -> Answer<Vec<Uuid>> {
    let sql = "SELECT DISTINCT expert_id FROM expert_sources
                WHERE source || '' = $1 AND expert_id = ANY($2) AND absent_since IS NULL AND withdrawn_at IS NULL";
    let rows: Vec<ExpertRow> =
        diesel::sql_query(sql).bind::<Text, _>(source).bind::<Array<SqlUuid>, _>(experts).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.expert_id).collect())
}

/// True when the plan has a line of which nobody knows which record it is.
pub async fn has_nameless(conn: &mut Conn, plan: Uuid) -> Answer<bool> {
    let sql = "SELECT count(*) AS n FROM (SELECT FROM sync_changes
                WHERE plan_id = $1 AND kind = 'rejected' AND external_id IS NULL LIMIT 1) c";
    let row: super::Number = diesel::sql_query(sql).bind::<SqlUuid, _>(plan).get_result(conn).await?;
    Ok(row.n > 0)
}

/// Keeps a decision of a conflict, with the change as it is now.
pub async fn decide(tx: &mut Conn, plan: Uuid, row: &ChangeRow, by: Option<Uuid>) -> Answer<()> {
    diesel::update(sync_changes::table.find((plan, row.number)))
        .set((
            sync_changes::decision.eq(&row.decision),
            sync_changes::row_hash.eq(&row.row_hash),
            sync_changes::detail.eq(&row.detail),
            sync_changes::decided_by.eq(by),
            sync_changes::decided_at.eq(diesel::dsl::now),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// New experts that nobody decided about, behind a number, in their order.
pub async fn undecided(conn: &mut Conn, plan: Uuid, after: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    batch(conn, plan, "kind = 'create' AND doubt IS NULL AND detail IS NOT NULL", after, limit).await
}

/// Changes that were written, behind a number, in their order.
pub async fn to_undo(conn: &mut Conn, plan: Uuid, after: i64, limit: i64) -> Answer<Vec<ChangeRow>> {
    batch(conn, plan, WRITTEN, after, limit).await
}
