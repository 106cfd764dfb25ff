//! SQL of invitations: answers, seats passed on, reminders.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::due::Reminder;
use crate::consultations::model::Letter;
use crate::consultations::panel::MemberRow;
use crate::consultations::words::{DeclineCode, PanelMemberState};
use crate::db::Conn;
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Problem};

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

fn rows(found: &[Json]) -> Answer<Vec<MemberRow>> {
    found.iter().map(|row| serde_json::from_str(&row.json).map_err(Problem::internal)).collect()
}

/// Asks those who sit and were not asked yet; who they are, in the order of their seats.
///
/// # Errors
/// 503 when the database is away.
pub async fn invite(tx: &mut Conn, consultation: Uuid) -> Answer<Vec<MemberRow>> {
    let asked: Vec<Json> = diesel::sql_query(
        "UPDATE panel_members m SET state = 'invited', asked_at = $2
          WHERE m.consultation_id = $1 AND m.rank = 0 AND m.state = 'chosen' RETURNING row_to_json(m)::text AS json",
    )
    .bind::<SqlUuid, _>(consultation)
    .bind::<Timestamptz, _>(now())
    .load(tx)
    .await?;
    rows(&asked)
}

/// Gives a place in line the seat of somebody who left, and asks them; those behind move up.
///
/// # Errors
/// 503 when the database is away.
pub async fn step_in(tx: &mut Conn, next: &MemberRow, gone: Uuid) -> Answer<()> {
    let sql = "UPDATE panel_members SET rank = 0, state = 'invited', asked_at = $2, replaces = $3 WHERE id = $1";
    let seated = diesel::sql_query(sql).bind::<SqlUuid, _>(next.id).bind::<Timestamptz, _>(now());
    seated.bind::<SqlUuid, _>(gone).execute(tx).await?;
    let sql = "UPDATE panel_members SET rank = rank - 1 WHERE consultation_id = $1 AND seat = $2 AND rank > $3
                  AND state IN ('chosen', 'invited', 'accepted')";
    let moved = diesel::sql_query(sql).bind::<SqlUuid, _>(next.consultation_id);
    let moved = moved.bind::<Text, _>(next.seat.as_str()).bind::<diesel::sql_types::SmallInt, _>(next.rank);
    moved.execute(tx).await?;
    Ok(())
}

/// Keeps what somebody said, or that they said nothing; a no and silence end the seat.
///
/// # Errors
/// 503 when the database is away.
pub async fn answered(
    tx: &mut Conn,
    member: Uuid,
    (state, code): (PanelMemberState, Option<DeclineCode>),
    (note, document): (Option<&str>, Option<&Letter>),
) -> Answer<()> {
    let document = document.map(serde_json::to_value).transpose().map_err(Problem::internal)?;
    let sql = "UPDATE panel_members SET state = $2, decline_code = $3, answer_note = $4, answer_document = $5,
                      answered_at = CASE WHEN $2 = 'silent' THEN NULL ELSE $6 END,
                      ended_at = CASE WHEN $2 = 'accepted' THEN NULL ELSE $6 END WHERE id = $1";
    diesel::sql_query(sql)
        .bind::<SqlUuid, _>(member)
        .bind::<Text, _>(state.as_str())
        .bind::<Nullable<Text>, _>(code.map(DeclineCode::as_str))
        .bind::<Nullable<Text>, _>(note)
        .bind::<Nullable<Jsonb>, _>(document)
        .bind::<Timestamptz, _>(now())
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps when somebody handed in their first opinion.
///
/// # Errors
/// 503 when the database is away.
pub async fn delivered(tx: &mut Conn, member: Uuid, at: DateTime<Utc>) -> Answer<()> {
    let sql = "UPDATE panel_members SET delivered_at = coalesce(delivered_at, $2) WHERE id = $1";
    diesel::sql_query(sql).bind::<SqlUuid, _>(member).bind::<Timestamptz, _>(at).execute(tx).await?;
    Ok(())
}

/// Days that were agreed; those before them hold no more.
///
/// # Errors
/// 503 when the database is away.
pub async fn agree(tx: &mut Conn, member: Uuid, answer: Option<NaiveDate>, deliver: Option<NaiveDate>) -> Answer<()> {
    let sql = "UPDATE panel_members SET agreed_answer_by = coalesce($2, agreed_answer_by),
                      agreed_answer_at = CASE WHEN $2 IS NULL THEN agreed_answer_at ELSE $4 END,
                      agreed_deliver_by = coalesce($3, agreed_deliver_by),
                      agreed_deliver_at = CASE WHEN $3 IS NULL THEN agreed_deliver_at ELSE $4 END WHERE id = $1";
    diesel::sql_query(sql)
        .bind::<SqlUuid, _>(member)
        .bind::<Nullable<Date>, _>(answer)
        .bind::<Nullable<Date>, _>(deliver)
        .bind::<Timestamptz, _>(now())
        .execute(tx)
        .await?;
    Ok(())
}

/// Keeps that somebody of the panel, or the asker, is reminded: true where it was not kept yet.
///
/// # Errors
/// 503 when the database is away.
pub async fn remind(
    tx: &mut Conn,
    (consultation, member): (Uuid, Option<Uuid>),
    (kind, due_on): Reminder,
) -> Answer<bool> {
    let sql = "INSERT INTO consultation_reminders (id, consultation_id, member_id, kind, due_on, at)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    let entered = diesel::sql_query(sql)
        .bind::<SqlUuid, _>(new_id())
        .bind::<SqlUuid, _>(consultation)
        .bind::<Nullable<SqlUuid>, _>(member)
        .bind::<Text, _>(kind.as_str())
        .bind::<Date, _>(due_on)
        .bind::<Timestamptz, _>(now())
        .execute(tx)
        .await?;
    Ok(entered == 1)
}

/// Whether one of these reminders was kept already.
///
/// # Errors
/// 503 when the database is away.
pub async fn is_reminded(
    conn: &mut Conn,
    (consultation, member): (Uuid, Option<Uuid>),
    (kind, due_on): Reminder,
) -> Answer<bool> {
    let found: Vec<Id> = diesel::sql_query(
        "SELECT id FROM consultation_reminders
          WHERE consultation_id = $1 AND member_id IS NOT DISTINCT FROM $2 AND kind = $3 AND due_on = $4",
    )
    .bind::<SqlUuid, _>(consultation)
    .bind::<Nullable<SqlUuid>, _>(member)
    .bind::<Text, _>(kind.as_str())
    .bind::<Date, _>(due_on)
    .load(conn)
    .await?;
    Ok(!found.is_empty())
}

/// Consultations in which somebody is waited for: experts who answer or deliver, or the asker's reply, as long as it was not told that
/// it is late.
///
/// # Errors
/// 503 when the database is away.
pub async fn waiting(conn: &mut Conn, today: NaiveDate) -> Answer<Vec<Uuid>> {
    let found: Vec<Id> = diesel::sql_query(
        "SELECT c.id FROM consultations c
          WHERE ((c.state = 'delivered' OR (c.state = 'responded' AND c.asked_anew_on IS NOT NULL)) AND NOT EXISTS (
                 SELECT FROM consultation_reminders r JOIN consultation_index i ON i.consultation_id = r.consultation_id
                  WHERE r.consultation_id = c.id AND r.kind = 'reply_late' AND r.due_on = i.due_key AND i.due_key < $1))
             OR (c.state = 'in_review' AND EXISTS (
                 SELECT FROM panel_members m WHERE m.consultation_id = c.id AND m.rank = 0
                    AND (m.state = 'invited' OR (m.state = 'accepted' AND m.delivered_at IS NULL)))) ORDER BY c.id",
    )
    .bind::<Date, _>(today)
    .load(conn)
    .await?;
    Ok(found.into_iter().map(|row| row.id).collect())
}

/// The invitations of an expert, the latest first, after another one.
///
/// # Errors
/// 503 when the database is away.
pub async fn of_expert(conn: &mut Conn, expert: Uuid, after: Option<Uuid>, limit: i64) -> Answer<Vec<MemberRow>> {
    let found: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(m)::text AS json FROM panel_members m
          WHERE m.expert_id = $1 AND m.rank = 0 AND m.asked_at IS NOT NULL
            AND ($2 IS NULL OR (m.asked_at, m.id) < (SELECT a.asked_at, a.id FROM panel_members a WHERE a.id = $2))
          ORDER BY m.asked_at DESC, m.id DESC LIMIT $3",
    )
    .bind::<SqlUuid, _>(expert)
    .bind::<Nullable<SqlUuid>, _>(after)
    .bind::<BigInt, _>(limit)
    .load(conn)
    .await?;
    rows(&found)
}
