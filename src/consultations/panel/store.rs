//! SQL of panels: members, decisions on conflicts, checks, what was found.

mod facts;
mod found;
mod works;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::facts::named;
pub use self::found::{FindingKey, FindingRow, due, end_findings, note_findings, put_back, raised, take_up, told};
pub use self::works::marks_of_drafters;
use super::coi::{Balance, Decision, Finding, Ground, findings, outcome, unbalanced};
use super::model::{MemberRow, Standing};
use crate::access::permit::Scope;
use crate::consultations::model::Case;
use crate::consultations::words::ConflictOutcome;
use crate::db::{Conn, bulk};
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Problem};

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
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
    let sql = "UPDATE panel_members SET rank = $2, score = $3, reasons = $4, seat = $5 WHERE id = $1";
    diesel::sql_query(sql)
        .bind::<SqlUuid, _>(row.id)
        .bind::<diesel::sql_types::SmallInt, _>(row.rank)
        .bind::<Nullable<diesel::sql_types::Double>, _>(row.score)
        .bind::<Jsonb, _>(reasons)
        .bind::<Text, _>(row.seat.as_str())
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

impl DecisionRow {
    /// What somebody says or decides of a person, after so many decisions before.
    pub fn new(
        scope: &Scope,
        (consultation_id, before): (Uuid, usize),
        expert_id: Uuid,
        (outcome, reason, covers): (ConflictOutcome, String, Vec<String>),
    ) -> Self {
        Self {
            id: new_id(),
            consultation_id,
            expert_id,
            ordinal: i32::try_from(before).unwrap_or(i32::MAX),
            outcome,
            reason,
            covers,
            at: now(),
            actor_id: scope.actor.id(),
            actor_role: scope.actor.role().map(|role| role.as_str().to_owned()),
        }
    }

    /// As the rules read it.
    pub fn decision(&self) -> Decision {
        Decision { id: self.id, outcome: self.outcome, covers: self.covers.clone() }
    }
}

/// What a consultation is today, as far as conflicts go.
///
/// # Errors
/// 503 when the database is away.
pub async fn ground(conn: &mut Conn, case: &Case) -> Answer<Ground> {
    facts::ground(conn, case, crate::kernel::clock::today()).await
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

#[derive(QueryableByName)]
struct SittingRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    workplace_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    workplace_key: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    workplace: Option<String>,
}

#[derive(QueryableByName)]
struct EmployerRow {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Keys of the employers of people, by workplace and spelling: who is not linked works where most of the bank do who wrote the same.
///
/// # Errors
/// 503 when the database is away.
pub async fn employers(conn: &mut Conn, workplaces: &[(Option<Uuid>, Option<String>)]) -> Answer<Vec<Option<String>>> {
    let typed: Vec<&str> =
        workplaces.iter().filter(|(id, _)| id.is_none()).filter_map(|(_, key)| key.as_deref()).collect();
    if typed.is_empty() {
        return Ok(super::coi::employers(workplaces, &HashMap::new()));
    }
    let rows: Vec<EmployerRow> = diesel::sql_query(
        "SELECT e.workplace_key AS key, mode() WITHIN GROUP (ORDER BY e.workplace_id) AS id FROM experts e
          WHERE e.workplace_key = ANY ($1) AND e.workplace_id IS NOT NULL GROUP BY e.workplace_key",
    )
    .bind::<Array<Text>, _>(typed)
    .load(conn)
    .await?;
    Ok(super::coi::employers(workplaces, &rows.into_iter().map(|row| (row.key, row.id)).collect()))
}

/// Those who sit with more than a third of the panel of their employer.
async fn balances(conn: &mut Conn, consultation: Uuid) -> Answer<HashMap<Uuid, Balance>> {
    let rows: Vec<SittingRow> = diesel::sql_query(
        "SELECT m.expert_id, e.workplace_id, e.workplace_key, e.workplace
           FROM panel_members m JOIN experts e ON e.id = m.expert_id
          WHERE m.consultation_id = $1 AND m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted') ORDER BY m.expert_id",
    )
    .bind::<SqlUuid, _>(consultation)
    .load(conn)
    .await?;
    let workplaces: Vec<_> = rows.iter().map(|row| (row.workplace_id, row.workplace_key.clone())).collect();
    let keys = employers(conn, &workplaces).await?;
    let counts: HashMap<String, usize> = unbalanced(&keys).into_iter().collect();
    let of = |(row, key): (SittingRow, Option<String>)| {
        let employer = key?;
        let count = *counts.get(&employer)?;
        Some((row.expert_id, Balance { employer, name: row.workplace, count }))
    };
    Ok(rows.into_iter().zip(keys).filter_map(of).collect())
}

/// How people stand to a consultation as to conflicts, by the record and the decisions of this moment; with who else sits.
///
/// # Errors
/// 503 when the database is away.
pub async fn standings(conn: &mut Conn, case: &Case, ids: &[Uuid]) -> Answer<HashMap<Uuid, Standing>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let balances = balances(conn, case.id()).await?;
    let ground = ground(conn, case).await?;
    judged(conn, (case, &ground), ids, balances).await
}

/// The same of people who may be asked for a new panel, whoever sits now.
///
/// # Errors
/// 503 when the database is away.
pub async fn standings_alone(conn: &mut Conn, case: &Case, ids: &[Uuid]) -> Answer<HashMap<Uuid, Standing>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let ground = ground(conn, case).await?;
    standings_on(conn, case, &ground, ids).await
}

/// The same on a ground that was read before.
///
/// # Errors
/// 503 when the database is away.
pub async fn standings_on(
    conn: &mut Conn,
    case: &Case,
    ground: &Ground,
    ids: &[Uuid],
) -> Answer<HashMap<Uuid, Standing>> {
    if ids.is_empty() { Ok(HashMap::new()) } else { judged(conn, (case, ground), ids, HashMap::new()).await }
}

async fn judged(
    conn: &mut Conn,
    (case, ground): (&Case, &Ground),
    ids: &[Uuid],
    mut balances: HashMap<Uuid, Balance>,
) -> Answer<HashMap<Uuid, Standing>> {
    let mut decided: HashMap<Uuid, Vec<Decision>> = HashMap::new();
    for row in decisions(conn, case.id()).await? {
        decided.entry(row.expert_id).or_default().push(row.decision());
    }
    let mut people = facts::people(conn, case, ground, ids).await?;
    people.iter_mut().for_each(|person| person.balance = balances.remove(&person.id));
    let standing = |person: &super::coi::Person| {
        let findings = findings(ground, person);
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

/// What was found of one person: kept for good, so without words about them ([`Finding::bare`]).
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

#[derive(QueryableByName)]
struct LeadsTo {
    #[diesel(sql_type = SqlUuid)]
    loser_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    leads_to: Uuid,
}

/// Whoever these people are now, by the ids they had: those who were merged since, too.
///
/// # Errors
/// 503 when the database is away.
pub async fn who_became(conn: &mut Conn, ids: &[Uuid]) -> Answer<HashMap<Uuid, Who>> {
    let merged = diesel::sql_query(
        "SELECT loser_id, leads_to FROM expert_merges WHERE loser_id = ANY ($1) AND leads_to IS NOT NULL",
    );
    let merged: Vec<LeadsTo> = merged.bind::<Array<SqlUuid>, _>(ids).load(conn).await?;
    let all: Vec<Uuid> = ids.iter().copied().chain(merged.iter().map(|row| row.leads_to)).collect();
    let mut known: HashMap<Uuid, Who> = who(conn, &all, &[]).await?.into_iter().map(|who| (who.id, who)).collect();
    for LeadsTo { loser_id, leads_to } in merged {
        if let Some(winner) = known.get(&leads_to).cloned() {
            known.entry(loser_id).or_insert(winner);
        }
    }
    Ok(known)
}
