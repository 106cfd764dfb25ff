//! All SQL of plans; [`changes`] that of what they change, [`written`] that of what they wrote.

pub mod changes;
pub mod work;
pub mod written;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::words::{PlanState, SyncMode};
use crate::access::actor::{AccountActor, Actor, ClientActor, Role};
use crate::audit::event::{Event, Recorder};
use crate::db::schema::sync_plans;
use crate::db::{Conn, Db};
use crate::experts::store::{self as experts, SourceDecision};
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Problem};

/// A plan.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = sync_plans, treat_none_as_null = true)]
#[expect(missing_docs, reason = "columns")]
pub struct PlanRow {
    pub id: Uuid,
    pub version: i64,
    pub source: String,
    pub mode: String,
    pub state: String,
    pub auto_apply: bool,
    pub file_hash: Option<Vec<u8>>,
    pub bytes: i64,
    pub records: i64,
    pub same_as: Option<Uuid>,
    pub hash: Option<Vec<u8>>,
    pub counts: Value,
    pub others: Value,
    pub brake: Option<Value>,
    pub failure: Option<Value>,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub created_at: DateTime<Utc>,
    pub planned_at: Option<DateTime<Utc>>,
    pub released_by: Option<Uuid>,
    pub released_at: Option<DateTime<Utc>>,
    pub apply_kind: Option<String>,
    pub apply_id: Option<Uuid>,
    pub apply_role: Option<String>,
    pub apply_asked_at: Option<DateTime<Utc>>,
    pub applied_at: Option<DateTime<Utc>>,
    pub revert_kind: Option<String>,
    pub revert_id: Option<Uuid>,
    pub revert_role: Option<String>,
    pub reverted_at: Option<DateTime<Utc>>,
    pub forgotten_at: Option<DateTime<Utc>>,
}

/// While a file comes in; to callers it is planned.
pub const RECEIVING: &str = "receiving";

impl PlanRow {
    /// A plan whose file comes in.
    pub fn new(id: Uuid, source: String, mode: SyncMode, auto_apply: bool, actor: &Actor) -> Self {
        Self {
            id,
            version: 1,
            source,
            mode: mode.as_str().to_owned(),
            state: RECEIVING.to_owned(),
            auto_apply,
            file_hash: None,
            bytes: 0,
            records: 0,
            same_as: None,
            hash: None,
            counts: Value::Object(serde_json::Map::new()),
            others: Value::Object(serde_json::Map::new()),
            brake: None,
            failure: None,
            actor_kind: actor.kind().to_owned(),
            actor_id: actor.id(),
            actor_role: actor.role().map(|role| role.as_str().to_owned()),
            created_at: now(),
            planned_at: None,
            released_by: None,
            released_at: None,
            apply_kind: None,
            apply_id: None,
            apply_role: None,
            apply_asked_at: None,
            applied_at: None,
            revert_kind: None,
            revert_id: None,
            revert_role: None,
            reverted_at: None,
            forgotten_at: None,
        }
    }

    /// Where it stands.
    pub fn state(&self) -> PlanState {
        PlanState::parse(&self.state).unwrap_or(PlanState::Planning)
    }

    /// Who sent the file.
    pub fn author(&self) -> Actor {
        actor(Some(&self.actor_kind), self.actor_id, self.actor_role.as_deref())
    }

    /// Who had it applied.
    pub fn applier(&self) -> Actor {
        actor(self.apply_kind.as_deref(), self.apply_id, self.apply_role.as_deref())
    }

    /// Who had it undone.
    pub fn reverter(&self) -> Actor {
        actor(self.revert_kind.as_deref(), self.revert_id, self.revert_role.as_deref())
    }
}

/// Somebody of whom the log needs no more than kind, id and role.
fn actor(kind: Option<&str>, id: Option<Uuid>, role: Option<&str>) -> Actor {
    let (id, role) = (id.unwrap_or_default(), role.and_then(Role::parse));
    match (kind, role) {
        (Some("account"), Some(role)) => {
            Actor::Account(AccountActor { id, role, organisation_id: None, expert_id: None, session_id: Uuid::nil() })
        }
        (Some("client"), Some(role)) => Actor::Client(ClientActor { id, role, organisation_id: Uuid::nil() }),
        _ => Actor::System,
    }
}

/// Keeps a new plan.
pub async fn insert(tx: &mut Conn, row: &PlanRow) -> Answer<()> {
    diesel::insert_into(sync_plans::table).values(row.clone()).execute(tx).await?;
    work::begin(tx, row.id).await
}

/// Takes a plan away that came to nothing before anybody knew of it.
pub async fn delete(tx: &mut Conn, id: Uuid) -> Answer<()> {
    diesel::delete(sync_plans::table.find(id)).execute(tx).await?;
    Ok(())
}

/// A plan.
pub async fn find(conn: &mut Conn, id: Uuid) -> Answer<PlanRow> {
    Ok(sync_plans::table.find(id).select(PlanRow::as_select()).first(conn).await?)
}

/// A plan, locked until the transaction ends; a later plan may still say that its file is the same.
pub async fn lock(tx: &mut Conn, id: Uuid) -> Answer<PlanRow> {
    Ok(sync_plans::table.find(id).select(PlanRow::as_select()).for_no_key_update().first(tx).await?)
}

/// Keeps a plan as it is now, a version on.
pub async fn put(tx: &mut Conn, row: &mut PlanRow) -> Answer<()> {
    row.version += 1;
    diesel::update(sync_plans::table.find(row.id)).set(row.clone()).execute(tx).await?;
    Ok(())
}

/// Plans, the latest first.
pub async fn list(
    conn: &mut Conn,
    sources: Option<&[String]>,
    state: Option<PlanState>,
    before: Option<Uuid>,
    limit: i64,
) -> Answer<Vec<PlanRow>> {
    let mut query = sync_plans::table.into_boxed();
    if let Some(sources) = sources {
        query = query.filter(sync_plans::source.eq_any(sources));
    }
    if let Some(state) = state {
        let states: &[&str] = match state {
            PlanState::Planning => &[RECEIVING, "planning"],
            other => &[other.as_str()],
        };
        query = query.filter(sync_plans::state.eq_any(states.to_vec()));
    }
    if let Some(before) = before {
        query = query.filter(sync_plans::id.lt(before));
    }
    Ok(query.order(sync_plans::id.desc()).limit(limit).select(PlanRow::as_select()).load(conn).await?)
}

/// The latest plan that was made of the same file.
pub async fn same_file(conn: &mut Conn, row: &PlanRow) -> Answer<Option<Uuid>> {
    Ok(sync_plans::table
        .filter(sync_plans::source.eq(&row.source).and(sync_plans::file_hash.eq(&row.file_hash)))
        .filter(sync_plans::id.ne(row.id).and(sync_plans::state.ne("failed")).and(sync_plans::mode.eq(&row.mode)))
        .order(sync_plans::id.desc())
        .select(sync_plans::id)
        .first(conn)
        .await
        .optional()?)
}

/// A number.
#[derive(QueryableByName)]
pub(super) struct Number {
    #[diesel(sql_type = BigInt)]
    pub(super) n: i64,
}

/// Live records of a source.
pub async fn live(conn: &mut Conn, source: &str) -> Answer<i64> {
    let sql = "SELECT count(*) AS n FROM expert_sources
                WHERE source = $1 AND absent_since IS NULL AND withdrawn_at IS NULL";
    Ok(diesel::sql_query(sql).bind::<Text, _>(source).get_result::<Number>(conn).await?.n)
}

/// Remembers a decision; a later one takes its place.
pub async fn decide(tx: &mut Conn, source: &str, row: &SourceDecision) -> Answer<()> {
    diesel::sql_query(
        "INSERT INTO sync_decisions (source, external_id, decision, expert_id, decided_by) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (source, external_id) DO UPDATE SET decision = excluded.decision, expert_id = excluded.expert_id,
                decided_by = excluded.decided_by, decided_at = now()",
    )
    .bind::<Text, _>(source)
    .bind::<Text, _>(&row.external_id)
    .bind::<Text, _>(&row.decision)
    .bind::<Nullable<SqlUuid>, _>(row.expert_id)
    .bind::<Nullable<SqlUuid>, _>(row.decided_by)
    .execute(tx)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct RecordRow {
    #[diesel(sql_type = Text)]
    source: String,
    #[diesel(sql_type = Text)]
    external_id: String,
}

/// Takes the source records of an expert away, with all that plans and decisions say of them and of the records that were merged
/// into theirs, and keeps the hashes of the records: `hash` is asked for each.
pub async fn forget(tx: &mut Conn, expert: Uuid, hash: impl Fn(&str, &str) -> Vec<u8>) -> Answer<usize> {
    experts::keep_merges_out(tx).await?;
    experts::lock_all(tx, &[expert]).await?;
    let people = [experts::losers_of(tx, expert).await?, vec![expert]].concat();
    let sql = "DELETE FROM expert_sources WHERE expert_id = $1 RETURNING source, external_id";
    let rows: Vec<RecordRow> = diesel::sql_query(sql).bind::<SqlUuid, _>(expert).load(tx).await?;
    let hashes: Vec<Vec<u8>> = rows.iter().map(|row| hash(&row.source, &row.external_id)).collect();
    diesel::sql_query("INSERT INTO erased_source_records (record_hash) SELECT unnest($1) ON CONFLICT DO NOTHING")
        .bind::<Array<Binary>, _>(&hashes)
        .execute(tx)
        .await?;
    forget_plans(tx, &people, &rows).await?;
    Ok(rows.len())
}

/// Nothing of an expert is left in plans. What a plan changed of them can't be undone any more, nor what it was to change be applied;
/// a record of somebody else that might have been theirs is to be sent again.
async fn forget_plans(tx: &mut Conn, people: &[Uuid], records: &[RecordRow]) -> Answer<()> {
    const NOTHING: &str =
        "detail = NULL, doubt = NULL, likes = NULL, undo = NULL, external_id = NULL, expert_id = NULL, digest = NULL";
    let (sources, ids): (Vec<&str>, Vec<&str>) =
        records.iter().map(|row| (row.source.as_str(), row.external_id.as_str())).unzip();
    for sql in [
        // by the expert, and by the id of each record in each plan of its source: rows that say nothing are found by that alone
        format!(
            "UPDATE sync_changes c SET {NOTHING}
              WHERE c.expert_id = ANY($1) AND (c.detail IS NOT NULL OR c.undo IS NOT NULL OR c.doubt IS NOT NULL)
                AND $2::text[] = $2 AND $3::text[] = $3"
        ),
        format!(
            "UPDATE sync_changes c SET {NOTHING} FROM unnest($2, $3) r (source, external_id), sync_plans p
              WHERE p.source = r.source AND c.plan_id = p.id AND c.external_id = r.external_id AND $1::uuid[] = $1"
        ),
        "UPDATE sync_changes c SET doubt = NULL, likes = NULL, detail = CASE WHEN kind = 'ambiguous' THEN NULL ELSE detail END
          WHERE likes && $1 AND $2::text[] = $2 AND $3::text[] = $3"
            .to_owned(),
        "DELETE FROM sync_decisions d WHERE d.expert_id = ANY($1)
             OR (d.source, d.external_id) IN (SELECT * FROM unnest($2, $3))"
            .to_owned(),
        "UPDATE sync_plans p SET failure = p.failure - 'records' FROM unnest($2, $3) r (source, external_id)
          WHERE p.source = r.source AND $1::uuid[] = $1
            AND p.failure @> jsonb_build_object('records', jsonb_build_array(jsonb_build_object('external_id', r.external_id)))"
            .to_owned(),
    ] {
        diesel::sql_query(sql)
            .bind::<Array<SqlUuid>, _>(people)
            .bind::<Array<Text>, _>(&sources)
            .bind::<Array<Text>, _>(&ids)
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Plans that nothing was done with since a day: those that wait, or those that are over.
pub async fn old(conn: &mut Conn, states: &[&str], since: DateTime<Utc>, limit: i64) -> Answer<Vec<PlanRow>> {
    Ok(sync_plans::table
        .filter(sync_plans::state.eq_any(states).and(sync_plans::forgotten_at.is_null()))
        .filter(sync_plans::created_at.lt(since))
        .filter(sync_plans::applied_at.is_null().or(sync_plans::applied_at.lt(since)))
        .order(sync_plans::id)
        .limit(limit)
        .select(PlanRow::as_select())
        .load(conn)
        .await?)
}

/// Says of a plan that it failed, and takes its lines away.
pub async fn fail(tx: &mut Conn, row: &mut PlanRow, failure: Value) -> Answer<()> {
    row.state = PlanState::Failed.as_str().to_owned();
    row.failure = Some(failure);
    drop_chunks(tx, row.id).await?;
    changes::clear(tx, row.id).await?;
    put(tx, row).await
}

/// Takes a plan that could not be applied, or undone, back to what it was: nothing was written, and it says why.
pub async fn back(db: &Db, plan: Uuid, from: PlanState, failure: Value, recorder: &Recorder) -> Answer<()> {
    let to = if from == PlanState::Reverting { PlanState::Applied } else { PlanState::Ready };
    db.transaction(async move |tx| {
        let mut row = lock(tx, plan).await?;
        if row.state() != from {
            return Ok(());
        }
        row.state = to.as_str().to_owned();
        row.failure = Some(failure);
        put(tx, &mut row).await?;
        recorder.record(tx, vec![Event::on("sync_plan", plan).fields(["state"])]).await
    })
    .await
}

/// Keeps lines as they came; false when the plan is no longer received.
pub async fn put_chunk(conn: &mut Conn, plan: Uuid, number: i32, sealed: &[u8]) -> Answer<bool> {
    let sql = "INSERT INTO sync_chunks (plan_id, number, sealed)
               SELECT id, $2, $3 FROM sync_plans WHERE id = $1 AND state = 'receiving' FOR KEY SHARE";
    let kept = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(plan)
        .bind::<diesel::sql_types::Integer, _>(number)
        .bind::<Binary, _>(sealed)
        .execute(conn)
        .await?;
    Ok(kept == 1)
}

#[derive(QueryableByName)]
struct ChunkRow {
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
}

/// Lines as they came; none behind the last.
pub async fn chunk(conn: &mut Conn, plan: Uuid, number: i32) -> Answer<Option<Vec<u8>>> {
    let row = diesel::sql_query("SELECT sealed FROM sync_chunks WHERE plan_id = $1 AND number = $2")
        .bind::<SqlUuid, _>(plan)
        .bind::<diesel::sql_types::Integer, _>(number)
        .get_result::<ChunkRow>(conn)
        .await
        .optional()?;
    Ok(row.map(|row| row.sealed))
}

/// Takes the lines of a plan away.
pub async fn drop_chunks(tx: &mut Conn, plan: Uuid) -> Answer<()> {
    diesel::sql_query("DELETE FROM sync_chunks WHERE plan_id = $1").bind::<SqlUuid, _>(plan).execute(tx).await?;
    Ok(())
}

#[derive(QueryableByName)]
struct CountsRow {
    #[diesel(sql_type = Jsonb)]
    counts: Value,
    #[diesel(sql_type = Jsonb)]
    others: Value,
    #[diesel(sql_type = Nullable<Binary>)]
    hash: Option<Vec<u8>>,
}

/// How many changes a plan has of each kind, how many of these are of people the source did not supply, and the digest over all.
#[expect(missing_docs, reason = "named as in the plan's row")]
pub struct Sums {
    pub counts: Value,
    pub others: Value,
    pub hash: Vec<u8>,
}

/// Adds up the changes of a plan.
pub async fn sums(conn: &mut Conn, plan: Uuid) -> Answer<Sums> {
    let row: CountsRow = diesel::sql_query(
        "SELECT coalesce((SELECT jsonb_object_agg(kind, n) FROM
                    (SELECT kind, count(*) AS n FROM sync_changes WHERE plan_id = $1 GROUP BY kind) k), '{}') AS counts,
                coalesce((SELECT jsonb_object_agg(kind, n) FROM
                    (SELECT kind, count(*) AS n FROM sync_changes
                      WHERE plan_id = $1 AND NOT supplied AND kind IN ('update', 'conflict') GROUP BY kind) k), '{}') AS others,
                (SELECT sha256(coalesce(string_agg(row_hash, ''::bytea ORDER BY number), ''::bytea))
                   FROM sync_changes WHERE plan_id = $1) AS hash",
    )
    .bind::<SqlUuid, _>(plan)
    .get_result(conn)
    .await?;
    let hash = row.hash.ok_or_else(|| Problem::internal("no digest over the changes"))?;
    Ok(Sums { counts: row.counts, others: row.others, hash })
}
