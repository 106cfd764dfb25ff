//! Rows that move with a merge, or leave with the loser, and come back with its undo: as JSON, whatever their columns are.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::db::Conn;
use crate::kernel::problem::Answer;

/// Rows of tables as they were, by table.
pub type Rows = BTreeMap<String, Vec<Value>>;

/// How the references of a table move: to the winner, those that fit; `$1` is the winner, `$2` the loser.
///
/// Every foreign key to `experts` stands here, in [`TAKEN`], or in `merges` itself; a test looks for those that do not.
const MOVED: [(&str, &str); 14] = [
    // what a source says of the loser is said of the winner, whom it did not bring and has not written
    ("expert_sources", "expert_id = $1, loaded_version = 0, supplied = false WHERE t.expert_id = $2"),
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
    ("consultation_drafters", "expert_id = $1 WHERE t.expert_id = $2"),
    // who sits twice has one seat: the winner's
    (
        "panel_members",
        "expert_id = $1, state = CASE WHEN twice.doubled THEN 'released' ELSE t.state END,
              ended_at = CASE WHEN twice.doubled THEN now() ELSE t.ended_at END,
              ended_reason = CASE WHEN twice.doubled THEN 'merged' ELSE t.ended_reason END,
              ended_by_merge = CASE WHEN twice.doubled THEN true ELSE t.ended_by_merge END
           FROM (SELECT m.id, m.state IN ('chosen', 'invited', 'accepted') AND EXISTS (
                        SELECT FROM panel_members w WHERE w.expert_id = $1 AND w.consultation_id = m.consultation_id
                           AND w.state IN ('chosen', 'invited', 'accepted') AND (w.rank = 0 OR (m.rank > 0 AND w.seat = m.seat))) AS doubled
                   FROM panel_members m WHERE m.expert_id = $2) twice
          WHERE t.id = twice.id",
    ),
    ("conflict_decisions", "expert_id = $1 WHERE t.expert_id = $2"),
    (
        "panel_findings",
        "expert_id = $1 WHERE t.expert_id = $2 AND NOT EXISTS (
                SELECT FROM panel_findings w WHERE w.expert_id = $1 AND w.consultation_id = t.consultation_id AND w.key = t.key)",
    ),
    ("opinions", "expert_id = $1 WHERE t.expert_id = $2"),
    ("expert_evaluations", "expert_id = $1 WHERE t.expert_id = $2"),
    ("expert_nominations", "expert_id = $1 WHERE t.expert_id = $2"),
    (
        "accounts",
        "expert_id = $1, version = t.version + 1, updated_at = now()
          WHERE t.expert_id = $2 AND NOT EXISTS (SELECT FROM accounts w WHERE w.expert_id = $1)",
    ),
    ("sync_decisions", "expert_id = $1 WHERE t.expert_id = $2"),
    ("expert_merges", "leads_to = $1 WHERE t.leads_to = $2"),
];

/// Tables whose rows people edit one by one: what was edited where a merge moved it to is nobody's to take back silently.
const EDITED: [&str; 4] =
    ["expert_publications", "expert_availability", "association_officers", "consultation_drafters"];

/// What a merge itself changes in a row, or what follows from its place.
const OWN: &str = "'{expert_id,ordinal}'::text[]";

/// What stays with the loser, and leaves with it.
const TAKEN: [&str; 8] = [
    "expert_publications",
    "expert_availability",
    "expert_fields",
    "expert_memberships",
    "expert_restricted",
    "expert_links",
    "expert_distinctions",
    "panel_findings",
];

#[derive(QueryableByName)]
pub(super) struct Json {
    #[diesel(sql_type = Jsonb)]
    row: Value,
}

pub(super) fn kept(rows: Vec<Json>) -> Vec<Value> {
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

/// The columns that tell a row from all others.
fn key_of(table: &str) -> &'static str {
    match table {
        "expert_sources" | "sync_decisions" => "source, external_id",
        "expert_evaluations" => "member_id",
        _ => "id",
    }
}

/// Moves references from the loser to the winner; the rows as they were before.
///
/// # Errors
/// 503 when the database is away.
pub async fn move_references(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<Rows> {
    let mut moved = Rows::new();
    for (table, set) in MOVED {
        // the rows as they were: `old` is read in the snapshot of before
        let key = key_of(table);
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

/// Puts rows back that were taken out, that of the expert first. A column that came after the merge gets its default.
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
        let columns = columns(tx, table, rows).await?;
        let sql = format!(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, $1) r {fits}"
        );
        diesel::sql_query(sql).bind::<Jsonb, _>(Value::Array(rows.clone())).execute(tx).await?;
    }
    Ok(())
}

/// The columns of a table that rows of the journal know, as a list for SQL.
async fn columns(tx: &mut Conn, table: &str, rows: &[Value]) -> Answer<String> {
    #[derive(QueryableByName)]
    struct Columns {
        #[diesel(sql_type = Text)]
        columns: String,
    }
    let known: Columns = diesel::sql_query(
        "SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns FROM pg_attribute a
          WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            AND $2 ? a.attname::text",
    )
    .bind::<Text, _>(table)
    .bind::<Jsonb, _>(rows.first().cloned().unwrap_or_default())
    .get_result(tx)
    .await?;
    Ok(known.columns)
}

/// Rows that a merge moved and an undo can't move back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stuck {
    /// The table.
    pub table: &'static str,
    /// Are still where the merge left them, but somebody edited them there.
    pub edited: usize,
    /// Are there no more.
    pub gone: usize,
}

/// Moves rows back to the loser; where some can't be, what stands in the way.
///
/// # Errors
/// 503 when the database is away.
pub async fn move_back(tx: &mut Conn, moved: &Rows, winner: Uuid, loser: Uuid) -> Answer<Vec<Stuck>> {
    let mut stuck = Vec::new();
    let seats_again = seats_again();
    for (table, _) in MOVED {
        let Some(rows) = moved.get(table) else { continue };
        let column = column_of(table);
        let more = match table {
            "expert_sources" => {
                ", loaded_version = old.loaded_version, supplied = old.supplied, digest = old.digest, base = old.base"
            }
            "expert_publications" => ", ordinal = old.ordinal",
            "accounts" => ", version = t.version + 1, updated_at = now()",
            "panel_members" => &seats_again,
            _ => "",
        };
        let key: Vec<String> = key_of(table).split(", ").map(|name| format!("t.{name} = old.{name}")).collect();
        let key = key.join(" AND ");
        let same = if EDITED.contains(&table) { unedited() } else { "true".to_owned() };
        let sql = format!(
            "UPDATE {table} t SET {column} = $3{more}
               FROM (SELECT was, (jsonb_populate_record(NULL::{table}, was)).* FROM jsonb_array_elements($1) was) old
              WHERE {key} AND t.{column} = $2 AND {same}"
        );
        let query = diesel::sql_query(sql).bind::<Jsonb, _>(Value::Array(rows.clone()));
        let back = query.bind::<SqlUuid, _>(winner).bind::<SqlUuid, _>(loser).execute(tx).await?;
        if back < rows.len() {
            let edited = left_at(tx, table, rows, winner).await?;
            stuck.push(Stuck { table, edited, gone: rows.len() - back - edited });
        }
    }
    Ok(stuck)
}

/// A seat that the merge ended is had again while the panel is formed and nobody came since: a panel that was approved, or chosen
/// anew, stays as it is.
fn seats_again() -> String {
    let had = "t.ended_by_merge AND EXISTS (SELECT FROM consultations c WHERE c.id = t.consultation_id AND c.state = 'panel_forming')
           AND NOT EXISTS (SELECT FROM panel_members o WHERE o.consultation_id = t.consultation_id AND o.created_at > t.ended_at)";
    let set = |column: &str| format!(", {column} = CASE WHEN {had} THEN old.{column} ELSE t.{column} END");
    ["state", "ended_at", "ended_reason", "ended_by_merge"].map(set).concat()
}

/// Counts up the versions of consultations on whose panels these people sit or sat: what was read of them is not what is there now.
///
/// # Errors
/// 503 when the database is away.
pub async fn touch_panels(tx: &mut Conn, experts: &[Uuid]) -> Answer<()> {
    let sql = "UPDATE consultations SET version = version + 1, updated_at = now()
                WHERE state IN ('panel_forming', 'in_review', 'concluding', 'suspended')
                  AND id IN (SELECT consultation_id FROM panel_members WHERE expert_id = ANY ($1))";
    diesel::sql_query(sql).bind::<diesel::sql_types::Array<SqlUuid>, _>(experts).execute(tx).await?;
    Ok(())
}

/// Lets what was said on a seat follow who has it now.
///
/// # Errors
/// 503 when the database is away.
pub async fn follow_seats(tx: &mut Conn, experts: &[Uuid]) -> Answer<()> {
    for table in ["opinions", "expert_evaluations"] {
        let sql = format!(
            "UPDATE {table} t SET expert_id = m.expert_id FROM panel_members m
              WHERE m.id = t.member_id AND t.expert_id <> m.expert_id AND m.expert_id = ANY ($1)"
        );
        diesel::sql_query(sql).bind::<diesel::sql_types::Array<SqlUuid>, _>(experts).execute(tx).await?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Text)]
    number: String,
}

/// The consultation whose panel would hear less: the loser handed in an opinion, and has a seat beside the winner, who did not.
///
/// # Errors
/// 503 when the database is away.
pub async fn opinion_in_the_way(tx: &mut Conn, winner: Uuid, loser: Uuid) -> Answer<Option<String>> {
    let rows: Vec<Number> = diesel::sql_query(
        "SELECT coalesce(c.register_number, c.id::text) AS number
           FROM panel_members l JOIN panel_members w ON w.consultation_id = l.consultation_id JOIN consultations c ON c.id = l.consultation_id
          WHERE l.expert_id = $2 AND l.delivered_at IS NOT NULL AND l.rank = 0 AND l.state IN ('chosen', 'invited', 'accepted')
            AND w.expert_id = $1 AND w.delivered_at IS NULL AND w.rank = 0 AND w.state IN ('chosen', 'invited', 'accepted')
          ORDER BY 1 LIMIT 1",
    )
    .bind::<SqlUuid, _>(winner)
    .bind::<SqlUuid, _>(loser)
    .load(tx)
    .await?;
    Ok(rows.into_iter().next().map(|row| row.number))
}

/// True while a row says what it said when it moved; of columns that came since the journal knows nothing.
fn unedited() -> String {
    format!(
        "(SELECT jsonb_object_agg(k, to_jsonb(t) -> k) FROM jsonb_object_keys(old.was) k) - {OWN} = old.was - {OWN}"
    )
}

/// How many rows are still at the winner, of a table whose other rows were moved back.
async fn left_at(tx: &mut Conn, table: &str, rows: &[Value], winner: Uuid) -> Answer<usize> {
    #[derive(QueryableByName)]
    struct Left {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    if !EDITED.contains(&table) {
        return Ok(0);
    }
    let left: Left = diesel::sql_query(format!(
        "SELECT count(*) AS count FROM {table} t JOIN jsonb_populate_recordset(NULL::{table}, $1) old ON old.id = t.id
          WHERE t.{} = $2",
        column_of(table)
    ))
    .bind::<Jsonb, _>(Value::Array(rows.to_vec()))
    .bind::<SqlUuid, _>(winner)
    .get_result(tx)
    .await?;
    Ok(usize::try_from(left.count).unwrap_or_default())
}
