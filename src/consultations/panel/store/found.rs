//! What was found of those who sit, and which panels are to be looked at again.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{Json, read};
use crate::consultations::panel::coi::Finding;
use crate::db::Conn;
use crate::kernel::problem::{Answer, Problem};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// What came up about somebody who sits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct FindingRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub expert_id: Uuid,
    pub key: String,
    pub finding: Finding,
    pub raised: bool,
    pub found_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Keeps findings that were not known, or had ended; those that were not, each once, whoever looks at the same time.
///
/// # Errors
/// 503 when the database is away.
pub async fn note_findings(tx: &mut Conn, rows: &[FindingRow]) -> Answer<Vec<FindingRow>> {
    let json = serde_json::to_value(rows).map_err(Problem::internal)?;
    let new: Vec<FindingKey> = diesel::sql_query(
        "INSERT INTO panel_findings AS f SELECT * FROM jsonb_populate_recordset(NULL::panel_findings, $1)
             ON CONFLICT (consultation_id, expert_id, key) DO UPDATE
                SET finding = excluded.finding, raised = excluded.raised, found_at = excluded.found_at, ended_at = NULL
              WHERE f.ended_at IS NOT NULL RETURNING expert_id, key",
    )
    .bind::<Jsonb, _>(json)
    .load(tx)
    .await?;
    let is_new = |row: &&FindingRow| new.iter().any(|new| (new.expert_id, &new.key) == (row.expert_id, &row.key));
    Ok(rows.iter().filter(is_new).cloned().collect())
}

/// Which finding it is of a panel.
#[derive(Debug, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct FindingKey {
    #[diesel(sql_type = SqlUuid)]
    pub expert_id: Uuid,
    #[diesel(sql_type = Text)]
    pub key: String,
}

/// Ends findings that hold no more, so that they are new when they come up again; `rows` are those that do. Those that ended.
///
/// # Errors
/// 503 when the database is away.
pub async fn end_findings(tx: &mut Conn, consultation: Uuid, rows: &[FindingRow]) -> Answer<Vec<FindingKey>> {
    let (experts, keys): (Vec<Uuid>, Vec<&str>) = rows.iter().map(|row| (row.expert_id, row.key.as_str())).unzip();
    let sql = "UPDATE panel_findings f SET ended_at = $4 WHERE f.consultation_id = $1 AND f.ended_at IS NULL
                  AND NOT EXISTS (SELECT FROM unnest($2, $3) now (expert, key) WHERE now.expert = f.expert_id AND now.key = f.key)
                RETURNING f.expert_id, f.key";
    let ended = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(consultation)
        .bind::<Array<SqlUuid>, _>(experts)
        .bind::<Array<Text>, _>(keys)
        .bind::<Timestamptz, _>(crate::kernel::clock::now())
        .load(tx)
        .await?;
    Ok(ended)
}

/// Findings that came up after people were chosen, the latest first.
///
/// # Errors
/// 503 when the database is away.
pub async fn raised(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<FindingRow>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(f)::text AS json FROM panel_findings f WHERE f.consultation_id = $1 AND f.raised
          ORDER BY f.found_at DESC, f.id DESC LIMIT 200",
    )
    .bind::<SqlUuid, _>(consultation)
    .load(conn)
    .await?;
    rows.iter().map(|row| read(&row.json)).collect()
}

/// Live panels to be looked at: of the queue, and those nobody looked at on that day. With `all` also those of whom somebody's record,
/// or a drafter's, is another than when they were looked at last: it may have been written while they were not on it yet.
///
/// # Errors
/// 503 when the database is away.
pub async fn due(conn: &mut Conn, day: NaiveDate, all: bool, limit: i64) -> Answer<Vec<Uuid>> {
    let sql = format!(
        "SELECT id FROM (
            (SELECT consultation_id AS id, 0 AS turn, min(id) AS place FROM panel_rechecks GROUP BY consultation_id)
            UNION ALL
            (SELECT c.id, 1, 0 FROM consultations c LEFT JOIN panel_watch w ON w.consultation_id = c.id
              WHERE c.state IN ('panel_forming', 'in_review', 'concluding', 'suspended')
                AND EXISTS (SELECT FROM panel_members m WHERE m.consultation_id = c.id AND m.rank = 0
                               AND m.state IN ('chosen', 'invited', 'accepted'))
                AND (w.checked_on IS NULL OR w.checked_on < $1 OR ($2 AND w.records IS DISTINCT FROM {RECORDS})))) due
          GROUP BY id ORDER BY min(turn), min(place), id LIMIT $3"
    );
    let rows: Vec<Id> = diesel::sql_query(sql)
        .bind::<Date, _>(day)
        .bind::<diesel::sql_types::Bool, _>(all)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// The records on which the panel of a consultation `c` rests, by their versions.
const RECORDS: &str = "(SELECT coalesce(sum(e.version), 0)::bigint FROM experts e WHERE e.id IN (
    SELECT m.expert_id FROM panel_members m WHERE m.consultation_id = c.id AND m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted')
    UNION SELECT d.expert_id FROM consultation_drafters d WHERE d.consultation_id = c.id AND d.expert_id IS NOT NULL))";

/// Takes a panel from the queue and keeps the day, before it is looked at: what changes from here on enters it again.
///
/// # Errors
/// 503 when the database is away.
pub async fn take_up(tx: &mut Conn, id: Uuid, day: NaiveDate) -> Answer<()> {
    // who writes the panel now is waited for: what is kept of it is of one moment
    let held = diesel::sql_query("SELECT FROM consultations WHERE id = $1 FOR NO KEY UPDATE");
    held.bind::<SqlUuid, _>(id).execute(tx).await?;
    let gone = "DELETE FROM panel_rechecks WHERE id = ANY (ARRAY(
                    SELECT id FROM panel_rechecks WHERE consultation_id = $1 ORDER BY id FOR UPDATE SKIP LOCKED))";
    diesel::sql_query(gone).bind::<SqlUuid, _>(id).execute(tx).await?;
    let sql = format!(
        "INSERT INTO panel_watch (consultation_id, checked_on, records)
         SELECT c.id, $2, {RECORDS} FROM consultations c WHERE c.id = $1
             ON CONFLICT (consultation_id) DO UPDATE SET checked_on = excluded.checked_on, records = excluded.records"
    );
    diesel::sql_query(sql).bind::<SqlUuid, _>(id).bind::<Date, _>(day).execute(tx).await?;
    Ok(())
}

/// Puts a panel at the end of the queue: it could not be looked at now, and keeps no other from being.
///
/// # Errors
/// 503 when the database is away.
pub async fn put_back(tx: &mut Conn, id: Uuid) -> Answer<()> {
    let sql = "WITH gone AS (DELETE FROM panel_rechecks WHERE id = ANY (ARRAY(
                   SELECT id FROM panel_rechecks WHERE consultation_id = $1 ORDER BY id FOR UPDATE SKIP LOCKED)) RETURNING 1)
               INSERT INTO panel_rechecks (consultation_id) SELECT $1 WHERE EXISTS (SELECT FROM gone)";
    diesel::sql_query(sql).bind::<SqlUuid, _>(id).execute(tx).await?;
    Ok(())
}

/// The values of an event on findings: no words, ids and keys.
pub fn told<'k>(keys: impl Iterator<Item = (Uuid, &'k str)>) -> Value {
    keys.map(|(expert, key)| serde_json::json!({ "expert": expert, "key": key })).collect()
}
