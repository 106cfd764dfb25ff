//! Merges: what refers to the loser moves or is taken into the journal, row by row, as JSON; an undo puts it back.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::visible;
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::db::schema::{expert_merges, experts};
use crate::kernel::problem::Answer;

/// Rows of tables as they were, by table.
pub type Rows = BTreeMap<String, Vec<Value>>;

/// How the references of a table move: to the winner, those that fit; `$1` is the winner, `$2` the loser.
///
/// Every foreign key to `experts` stands here, in [`TAKEN`], or in `merges` itself; a test looks for those that do not.
const MOVED: [(&str, &str); 7] = [
    // what a source says of the loser is said of the winner, who was entered here: nothing of it is unchanged
    ("expert_sources", "expert_id = $1, loaded_version = 0 WHERE t.expert_id = $2"),
    (
        "expert_publications",
        "expert_id = $1, ordinal = place.ordinal
           FROM (SELECT p.id, (SELECT coalesce(max(w.ordinal), -1) FROM expert_publications w WHERE w.expert_id = $1)
                             + row_number() OVER (ORDER BY p.ordinal) AS ordinal
                   FROM expert_publications p
                  WHERE p.expert_id = $2 AND NOT EXISTS (
                        SELECT FROM expert_publications w WHERE w.expert_id = $1 AND (
                               lower(w.doi) = lower(p.doi)
                            OR ((w.doi IS NULL OR p.doi IS NULL) AND lower(w.title) = lower(p.title))))) place
          WHERE t.id = place.id",
    ),
    (
        "expert_availability",
        "expert_id = $1 WHERE t.expert_id = $2 AND NOT EXISTS (
                SELECT FROM expert_availability w WHERE w.expert_id = $1
                   AND daterange(w.valid_from, w.valid_to, '[]') && daterange(t.valid_from, t.valid_to, '[]'))",
    ),
    ("association_officers", "expert_id = $1 WHERE t.expert_id = $2"),
    ("expert_nominations", "expert_id = $1 WHERE t.expert_id = $2"),
    (
        "accounts",
        "expert_id = $1, version = t.version + 1, updated_at = now()
          WHERE t.expert_id = $2 AND NOT EXISTS (SELECT FROM accounts w WHERE w.expert_id = $1)",
    ),
    ("expert_merges", "leads_to = $1 WHERE t.leads_to = $2"),
];

/// What stays with the loser, and leaves with it.
const TAKEN: [&str; 7] = [
    "expert_publications",
    "expert_availability",
    "expert_fields",
    "expert_memberships",
    "expert_restricted",
    "expert_links",
    "expert_distinctions",
];

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Jsonb)]
    row: Value,
}

fn kept(rows: Vec<Json>) -> Vec<Value> {
    rows.into_iter().map(|json| json.row).collect()
}

fn note(into: &mut Rows, table: &str, rows: Vec<Json>) {
    if !rows.is_empty() {
        into.insert(table.to_owned(), kept(rows));
    }
}

/// The column that refers to an expert.
fn column_of(table: &str) -> &'static str {
    if table == "expert_merges" { "leads_to" } else { "expert_id" }
}

/// Moves references from the loser to the winner; the rows as they were before.
///
/// # Errors
/// 503 when the database is away.
pub async fn move_references(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<Rows> {
    let mut moved = Rows::new();
    for (table, set) in MOVED {
        // the rows as they were: `old` is read in the snapshot of before
        let key = if table == "expert_sources" { "source, external_id" } else { "id" };
        let column = column_of(table);
        let sql = format!(
            "WITH old AS (SELECT * FROM {table} WHERE {column} = $2), done AS (UPDATE {table} t SET {set} RETURNING t.*)
             SELECT to_jsonb(old) AS row FROM old WHERE ({key}) IN (SELECT {key} FROM done)"
        );
        let rows = diesel::sql_query(sql).bind::<SqlUuid, _>(winner).bind::<SqlUuid, _>(loser).load(tx).await?;
        note(&mut moved, table, rows);
    }
    Ok(moved)
}

/// The loser's account, where the winner has one: closed, and nobody's until an undo.
///
/// # Errors
/// 503 when the database is away.
pub async fn close_account(tx: &mut Conn, loser: Uuid) -> Answer<Vec<Value>> {
    let rows = diesel::sql_query(
        "WITH old AS (SELECT * FROM accounts WHERE expert_id = $1),
              done AS (UPDATE accounts SET expert_id = NULL, disabled_at = coalesce(disabled_at, now()),
                                           version = version + 1, updated_at = now() WHERE expert_id = $1),
              ended AS (UPDATE sessions SET ended_at = now(), ended_by = 'disabled'
                         WHERE account_id IN (SELECT id FROM old) AND ended_at IS NULL)
         SELECT to_jsonb(old) AS row FROM old",
    )
    .bind::<SqlUuid, _>(loser)
    .load(tx)
    .await?;
    Ok(kept(rows))
}

/// What somebody decided about the loser and third people is decided about the winner; the pairs that are new.
///
/// # Errors
/// 503 when the database is away.
pub async fn inherit_distinctions(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<Vec<(Uuid, Uuid)>> {
    #[derive(QueryableByName)]
    struct Pair {
        #[diesel(sql_type = SqlUuid)]
        one_id: Uuid,
        #[diesel(sql_type = SqlUuid)]
        other_id: Uuid,
    }
    let rows: Vec<Pair> = diesel::sql_query(
        "INSERT INTO expert_distinctions (one_id, other_id, decided_at, decided_by, reason)
         SELECT least($1, third), greatest($1, third), decided_at, decided_by, reason
           FROM (SELECT d.*, CASE WHEN one_id = $2 THEN other_id ELSE one_id END AS third
                   FROM expert_distinctions d WHERE $2 IN (one_id, other_id)) d
          WHERE third <> $1
             ON CONFLICT DO NOTHING RETURNING one_id, other_id",
    )
    .bind::<SqlUuid, _>(winner)
    .bind::<SqlUuid, _>(loser)
    .load(tx)
    .await?;
    Ok(rows.into_iter().map(|pair| (pair.one_id, pair.other_id)).collect())
}

/// Takes those pairs back.
///
/// # Errors
/// 503 when the database is away.
pub async fn disinherit(tx: &mut Conn, pairs: &[(Uuid, Uuid)]) -> Answer<()> {
    let (ones, others): (Vec<Uuid>, Vec<Uuid>) = pairs.iter().copied().unzip();
    diesel::sql_query(
        "DELETE FROM expert_distinctions d USING unnest($1::uuid[], $2::uuid[]) p (one, other)
          WHERE d.one_id = p.one AND d.other_id = p.other",
    )
    .bind::<Array<SqlUuid>, _>(ones)
    .bind::<Array<SqlUuid>, _>(others)
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes the loser out of the bank with all that stayed with it; the rows as they were.
///
/// # Errors
/// 503 when the database is away; 500 when something refers to the loser that no rule here knows.
pub async fn take_out(tx: &mut Conn, loser: Uuid) -> Answer<Rows> {
    let mut taken = Rows::new();
    for table in TAKEN.into_iter().chain(["experts"]) {
        let of = match table {
            "experts" => "t.id = $1",
            "expert_distinctions" => "$1 IN (t.one_id, t.other_id)",
            _ => "t.expert_id = $1",
        };
        let sql = format!("DELETE FROM {table} t WHERE {of} RETURNING to_jsonb(t) AS row");
        let rows = diesel::sql_query(sql).bind::<SqlUuid, _>(loser).load(tx).await?;
        note(&mut taken, table, rows);
    }
    Ok(taken)
}

/// Puts rows back that were taken out, that of the expert first.
///
/// # Errors
/// 503 when the database is away.
pub async fn put_back(tx: &mut Conn, taken: &Rows) -> Answer<()> {
    for table in ["experts"].into_iter().chain(TAKEN) {
        let Some(rows) = taken.get(table) else { continue };
        let fits = match table {
            // of somebody who is gone by now nothing is decided any more
            "expert_distinctions" => {
                "WHERE EXISTS (SELECT FROM experts e WHERE e.id = r.one_id)
                   AND EXISTS (SELECT FROM experts e WHERE e.id = r.other_id) ON CONFLICT DO NOTHING"
            }
            _ => "",
        };
        let sql = format!("INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1) r {fits}");
        diesel::sql_query(sql).bind::<Jsonb, _>(Value::Array(rows.clone())).execute(tx).await?;
    }
    Ok(())
}

/// Moves rows back to the loser; the tables in which some are not where the merge left them, with how many.
///
/// # Errors
/// 503 when the database is away.
pub async fn move_back(tx: &mut Conn, moved: &Rows, winner: Uuid, loser: Uuid) -> Answer<Vec<(&'static str, usize)>> {
    let mut gone = Vec::new();
    for (table, _) in MOVED {
        let Some(rows) = moved.get(table) else { continue };
        let column = column_of(table);
        let more = match table {
            "expert_sources" => ", loaded_version = old.loaded_version, digest = old.digest",
            "expert_publications" => ", ordinal = old.ordinal",
            "accounts" => ", version = t.version + 1, updated_at = now()",
            _ => "",
        };
        let key = match table {
            "expert_sources" => "t.source = old.source AND t.external_id = old.external_id",
            _ => "t.id = old.id",
        };
        let sql = format!(
            "UPDATE {table} t SET {column} = $3{more} FROM jsonb_populate_recordset(NULL::{table}, $1) old
              WHERE {key} AND t.{column} = $2"
        );
        let query = diesel::sql_query(sql).bind::<Jsonb, _>(Value::Array(rows.clone()));
        let back = query.bind::<SqlUuid, _>(winner).bind::<SqlUuid, _>(loser).execute(tx).await?;
        if back < rows.len() {
            gone.push((table, rows.len() - back));
        }
    }
    Ok(gone)
}

/// Opens the loser's account again as it was; false when somebody gave it another expert or role meanwhile.
///
/// # Errors
/// 503 when the database is away.
pub async fn reopen_account(tx: &mut Conn, closed: &[Value], loser: Uuid) -> Answer<bool> {
    let back = diesel::sql_query(
        "UPDATE accounts t SET expert_id = $2, disabled_at = old.disabled_at, version = t.version + 1, updated_at = now()
           FROM jsonb_populate_recordset(NULL::accounts, $1) old
          WHERE t.id = old.id AND t.expert_id IS NULL AND t.role = 'expert'",
    )
    .bind::<Jsonb, _>(Value::Array(closed.to_vec()))
    .bind::<SqlUuid, _>(loser)
    .execute(tx)
    .await?;
    Ok(back == closed.len())
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
    pub reason: Option<String>,
    pub moved: Value,
    pub filled: Vec<Option<String>>,
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

/// The same, locked until the transaction ends.
///
/// # Errors
/// 404 when there is none.
pub async fn lock_merge(tx: &mut Conn, id: Uuid) -> Answer<MergeRow> {
    Ok(expert_merges::table.find(id).select(MergeRow::as_select()).for_update().first(tx).await?)
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

/// Whom a merged record leads to, by its id or code, where the caller may know of them.
///
/// # Errors
/// 503 when the database is away.
pub async fn merged_into(conn: &mut Conn, scope: &Scope, key: &str) -> Answer<Option<Uuid>> {
    let standing = expert_merges::table.filter(expert_merges::undone_at.is_null());
    let leads = match key.parse::<Uuid>() {
        Ok(id) => standing.filter(expert_merges::loser_id.eq(id)).select(expert_merges::leads_to).into_boxed(),
        Err(_no_uuid) => {
            let code = key.to_ascii_uppercase();
            standing.filter(expert_merges::loser_code.eq(code)).select(expert_merges::leads_to).into_boxed()
        }
    };
    let winner = experts::table.filter(visible(scope)).filter(experts::id.nullable().eq_any(leads));
    Ok(winner.select(experts::id).first(conn).await.optional()?)
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
