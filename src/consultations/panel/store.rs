//! SQL of panels: members, decisions on conflicts, checks, what was found.

mod facts;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::coi::{Decision, Finding, findings, outcome};
use super::model::{MemberRow, Standing};
use crate::consultations::model::Case;
use crate::consultations::words::ConflictOutcome;
use crate::db::{Conn, bulk};
use crate::kernel::problem::{Answer, Problem};

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn read<T: serde::de::DeserializeOwned>(json: &str) -> Answer<T> {
    serde_json::from_str(json).map_err(Problem::internal)
}

/// Everybody who is or was on a panel: those who sit first, then those in line, then who left.
///
/// # Errors
/// 503 when the database is away.
pub async fn members(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<MemberRow>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(m)::text AS json FROM panel_members m WHERE m.consultation_id = $1
          ORDER BY m.ended_at NULLS FIRST, array_position(ARRAY['chair', 'secretary', 'reviewer', 'member'], m.seat),
                   m.rank, m.created_at, m.id",
    )
    .bind::<SqlUuid, _>(consultation)
    .load(conn)
    .await?;
    rows.iter().map(|row| read(&row.json)).collect()
}

/// Enters members.
///
/// # Errors
/// 503 when the database is away.
pub async fn add_members(tx: &mut Conn, rows: &[MemberRow]) -> Answer<()> {
    Ok(bulk::insert(tx, "panel_members", rows, "").await?)
}

/// Ends seats and places in line. `asked` keeps that these people had been asked.
///
/// # Errors
/// 503 when the database is away.
pub async fn end(tx: &mut Conn, ids: &[Uuid], (state, reason): (&str, &str), asked: bool) -> Answer<()> {
    let sql = "UPDATE panel_members SET state = $2, ended_at = $4, ended_reason = $3,
                      asked_at = CASE WHEN $5 THEN asked_at END WHERE id = ANY ($1) AND state IN ('chosen', 'invited', 'accepted')";
    diesel::sql_query(sql)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Text, _>(state)
        .bind::<Text, _>(reason)
        .bind::<Timestamptz, _>(crate::kernel::clock::now())
        .bind::<diesel::sql_types::Bool, _>(asked)
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes anew what a seat that stays was given for.
///
/// # Errors
/// 503 when the database is away.
pub async fn keep(tx: &mut Conn, row: &MemberRow) -> Answer<()> {
    let reasons = serde_json::to_value(&row.reasons).map_err(Problem::internal)?;
    let sql = "UPDATE panel_members SET rank = $2, score = $3, reasons = $4 WHERE id = $1";
    diesel::sql_query(sql)
        .bind::<SqlUuid, _>(row.id)
        .bind::<diesel::sql_types::SmallInt, _>(row.rank)
        .bind::<Nullable<diesel::sql_types::Double>, _>(row.score)
        .bind::<Jsonb, _>(reasons)
        .execute(tx)
        .await?;
    Ok(())
}

/// Counts the version of a consultation up.
///
/// # Errors
/// 503 when the database is away.
pub async fn touch(tx: &mut Conn, consultation: Uuid) -> Answer<()> {
    let sql = "UPDATE consultations SET version = version + 1, updated_at = now() WHERE id = $1";
    diesel::sql_query(sql).bind::<SqlUuid, _>(consultation).execute(tx).await?;
    Ok(())
}

/// Something that was said or decided on a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct DecisionRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub expert_id: Uuid,
    pub ordinal: i32,
    pub outcome: ConflictOutcome,
    pub reason: String,
    pub covers: Vec<String>,
    pub at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
}

/// What a consultation is today, as far as conflicts go.
///
/// # Errors
/// 503 when the database is away.
pub async fn ground(conn: &mut Conn, case: &Case) -> Answer<super::coi::Ground> {
    facts::ground(conn, case, crate::kernel::clock::today()).await
}

/// Where people live: province and country, as in their records.
///
/// # Errors
/// 503 when the database is away.
pub async fn homes(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, (Option<i32>, Option<String>)>> {
    use crate::db::schema::experts as e;
    let rows: Vec<(Uuid, Option<i32>, Option<String>)> =
        e::table.filter(e::id.eq_any(ids)).select((e::id, e::province_id, e::country)).load(conn).await?;
    Ok(rows.into_iter().map(|(id, province, country)| (id, (province, country))).collect())
}

/// All that was said and decided of a consultation, in its order.
///
/// # Errors
/// 503 when the database is away.
pub async fn decisions(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<DecisionRow>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(d)::text AS json FROM conflict_decisions d WHERE d.consultation_id = $1 ORDER BY d.ordinal",
    )
    .bind::<SqlUuid, _>(consultation)
    .load(conn)
    .await?;
    rows.iter().map(|row| read(&row.json)).collect()
}

/// Enters a decision. The consultation is locked, so that none gets the ordinal of another.
///
/// # Errors
/// 503 when the database is away.
pub async fn decide(tx: &mut Conn, row: &DecisionRow) -> Answer<()> {
    Ok(bulk::insert(tx, "conflict_decisions", std::slice::from_ref(row), "").await?)
}

/// How people stand to a consultation as to conflicts, by the record and the decisions of this moment.
///
/// # Errors
/// 503 when the database is away.
pub async fn standings(conn: &mut Conn, case: &Case, ids: &[Uuid]) -> Answer<HashMap<Uuid, Standing>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ground = facts::ground(conn, case, crate::kernel::clock::today()).await?;
    let mut decided: HashMap<Uuid, Vec<Decision>> = HashMap::new();
    for row in decisions(conn, case.id()).await? {
        let decision = Decision { id: row.id, outcome: row.outcome, covers: row.covers };
        decided.entry(row.expert_id).or_default().push(decision);
    }
    let people = facts::people(conn, case, &ground, ids).await?;
    let standing = |person: &super::coi::Person| {
        let findings = findings(&ground, person);
        let decided = decided.get(&person.id).map(Vec::as_slice).unwrap_or_default();
        let (outcome, open) = outcome(&findings, decided);
        (person.id, Standing { findings, outcome, open })
    };
    Ok(people.iter().map(standing).collect())
}

/// Who was looked at, when, by whom, and what was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct CheckRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub results: Vec<CheckResult>,
}

/// What was found of one person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(missing_docs, reason = "members of the column")]
pub struct CheckResult {
    pub expert_id: Uuid,
    pub outcome: ConflictOutcome,
    pub open: Vec<String>,
    pub findings: Vec<Finding>,
}

/// Keeps a check.
///
/// # Errors
/// 503 when the database is away.
pub async fn add_check(tx: &mut Conn, row: &CheckRow) -> Answer<()> {
    Ok(bulk::insert(tx, "conflict_checks", std::slice::from_ref(row), "").await?)
}

/// Checks of a consultation: one, or the latest first after another one.
///
/// # Errors
/// 503 when the database is away.
pub async fn checks(
    conn: &mut Conn,
    consultation: Uuid,
    (one, before): (Option<Uuid>, Option<Uuid>),
    limit: i64,
) -> Answer<Vec<CheckRow>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(c)::text AS json FROM conflict_checks c
          WHERE c.consultation_id = $1 AND ($2 IS NULL OR c.id = $2) AND ($3 IS NULL OR c.id < $3)
          ORDER BY c.id DESC LIMIT $4",
    )
    .bind::<SqlUuid, _>(consultation)
    .bind::<Nullable<SqlUuid>, _>(one)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    rows.iter().map(|row| read(&row.json)).collect()
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
}

/// Keeps findings that were not known; those that were not, each once, whoever looks at the same time.
///
/// # Errors
/// 503 when the database is away.
pub async fn note_findings(tx: &mut Conn, rows: &[FindingRow]) -> Answer<Vec<FindingRow>> {
    let json = serde_json::to_value(rows).map_err(Problem::internal)?;
    let new: Vec<Id> = diesel::sql_query(
        "INSERT INTO panel_findings SELECT * FROM jsonb_populate_recordset(NULL::panel_findings, $1)
             ON CONFLICT (consultation_id, expert_id, key) DO NOTHING RETURNING id",
    )
    .bind::<Jsonb, _>(json)
    .load(tx)
    .await?;
    Ok(rows.iter().filter(|row| new.iter().any(|new| new.id == row.id)).cloned().collect())
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

/// Who a person is, and whether they may be asked.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Who {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub full_name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub academic_rank: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub degree: Option<String>,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub workplace_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub workplace: Option<String>,
}

/// People by id or code, whoever of them is there.
///
/// # Errors
/// 503 when the database is away.
pub async fn who(conn: &mut Conn, ids: &[Uuid], codes: &[String]) -> Answer<Vec<Who>> {
    let sql = "SELECT id, code, full_name, academic_rank, degree, status, workplace_id, workplace FROM experts
                WHERE id = ANY ($1) OR code = ANY ($2)";
    Ok(diesel::sql_query(sql).bind::<Array<SqlUuid>, _>(ids).bind::<Array<Text>, _>(codes).load(conn).await?)
}

/// Takes panels from the queue of those to be looked at again.
///
/// # Errors
/// 503 when the database is away.
pub async fn take_rechecks(tx: &mut Conn, limit: i64) -> Answer<Vec<Uuid>> {
    let rows: Vec<Id> = diesel::sql_query(
        "WITH taken AS (DELETE FROM panel_rechecks WHERE id IN (
              SELECT id FROM panel_rechecks ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING consultation_id)
         SELECT DISTINCT consultation_id AS id FROM taken ORDER BY 1",
    )
    .bind::<BigInt, _>(limit)
    .load(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Live panels nobody looked at on that day.
///
/// # Errors
/// 503 when the database is away.
pub async fn unwatched(tx: &mut Conn, day: NaiveDate, limit: i64) -> Answer<Vec<Uuid>> {
    let rows: Vec<Id> = diesel::sql_query(
        "SELECT c.id FROM consultations c
          WHERE c.state IN ('panel_forming', 'in_review', 'concluding', 'suspended')
            AND EXISTS (SELECT FROM panel_members m WHERE m.consultation_id = c.id AND m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted'))
            AND NOT EXISTS (SELECT FROM panel_watch w WHERE w.consultation_id = c.id AND w.checked_on >= $1)
          ORDER BY c.id LIMIT $2",
    )
    .bind::<Date, _>(day)
    .bind::<BigInt, _>(limit)
    .load(tx)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Keeps the day by which panels were looked at.
///
/// # Errors
/// 503 when the database is away.
pub async fn watched(tx: &mut Conn, ids: &[Uuid], day: NaiveDate) -> Answer<()> {
    let sql = "INSERT INTO panel_watch (consultation_id, checked_on)
               SELECT c.id, $2 FROM consultations c WHERE c.id = ANY ($1) ORDER BY c.id
                   ON CONFLICT (consultation_id) DO UPDATE SET checked_on = excluded.checked_on";
    diesel::sql_query(sql).bind::<Array<SqlUuid>, _>(ids).bind::<Date, _>(day).execute(tx).await?;
    Ok(())
}

/// Whether there is anything to look at.
///
/// # Errors
/// 503 when the database is away.
pub async fn has_work(conn: &mut Conn, day: NaiveDate) -> Answer<bool> {
    let waits: Number = diesel::sql_query("SELECT count(*) AS n FROM (SELECT FROM panel_rechecks LIMIT 1) one")
        .get_result(conn)
        .await?;
    Ok(waits.n > 0 || !unwatched(conn, day, 1).await?.is_empty())
}

/// The values of an event on findings: no words, ids and keys.
pub fn told(rows: &[FindingRow]) -> Value {
    rows.iter().map(|row| serde_json::json!({ "expert": row.expert_id, "key": row.key })).collect()
}
