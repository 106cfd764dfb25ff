//! SQL of meetings.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::model::MeetingRow;
use crate::db::{Conn, bulk};
use crate::kernel::problem::{Answer, Code, Problem};

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    json: String,
}

async fn rows(conn: &mut Conn, consultation: Uuid, one: Option<Uuid>) -> Answer<Vec<MeetingRow>> {
    let rows: Vec<Json> = diesel::sql_query(
        "SELECT row_to_json(m)::text AS json FROM panel_meetings m
          WHERE m.consultation_id = $1 AND ($2 IS NULL OR m.id = $2) ORDER BY m.number",
    )
    .bind::<SqlUuid, _>(consultation)
    .bind::<Nullable<SqlUuid>, _>(one)
    .load(conn)
    .await?;
    rows.iter().map(|row| serde_json::from_str(&row.json).map_err(Problem::internal)).collect()
}

/// The meetings of a consultation, the first first.
///
/// # Errors
/// 503 when the database is away.
pub async fn all(conn: &mut Conn, consultation: Uuid) -> Answer<Vec<MeetingRow>> {
    rows(conn, consultation, None).await
}

/// A meeting of a consultation.
///
/// # Errors
/// 404 when it is none of them.
pub async fn find(conn: &mut Conn, consultation: Uuid, id: Uuid) -> Answer<MeetingRow> {
    let found = rows(conn, consultation, Some(id)).await?.into_iter().next();
    found.ok_or_else(|| Problem::new(Code::NotFound))
}

/// Enters a meeting, or writes it anew and counts its version up.
///
/// # Errors
/// 503 when the database is away.
pub async fn put(tx: &mut Conn, row: &MeetingRow) -> Answer<()> {
    const SET: &str = "ON CONFLICT (id) DO UPDATE SET version = panel_meetings.version + 1, updated_at = now(), \
        held_on = excluded.held_on, place = excluded.place, attendance = excluded.attendance, votes = excluded.votes, \
        minutes = excluded.minutes, signed_at = excluded.signed_at";
    Ok(bulk::insert(tx, "panel_meetings", std::slice::from_ref(row), SET).await?)
}
