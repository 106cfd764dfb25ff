//! SQL of how much experts have to do, and of what became of asking them.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::consultations::matching::declines::codes;
use crate::consultations::matching::load::{Load, OpenSeat};
use crate::consultations::model::FieldCode;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// A consultation `c` whose panel still has work to do: also one that was suspended from there.
const GOES_ON: &str = "(c.state IN ('panel_forming', 'in_review', 'concluding') OR (c.state = 'suspended' AND (
    SELECT s.from_state FROM consultation_moves s
     WHERE s.consultation_id = c.id AND s.to_state = 'suspended' AND s.from_state <> 'suspended'
     ORDER BY s.ordinal DESC LIMIT 1) IN ('panel_forming', 'in_review', 'concluding')))";

/// A member `m` who sits, as far as that is settled.
const SITS: &str = "m.rank = 0 AND m.state IN ('chosen', 'invited', 'accepted')";

/// When a member `m` of a consultation `c` was asked. Who was chosen for a seat of a panel that is being formed is as good as asked; an
/// alternate is not, nor is who was let go again, or whose consultation ended before anybody was asked.
fn asked() -> String {
    format!("coalesce(m.asked_at, CASE WHEN {SITS} AND {GOES_ON} THEN m.created_at END)")
}

/// What a member `m` knows of: who was chosen while the panel is formed was not asked yet.
const TOLD: &str = "(m.state NOT IN ('chosen', 'released', 'recused') OR m.asked_at IS NOT NULL)";

#[derive(QueryableByName)]
struct LoadRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = BigInt)]
    now: i64,
    #[diesel(sql_type = BigInt)]
    asked: i64,
    #[diesel(sql_type = BigInt)]
    declined: i64,
    #[diesel(sql_type = Nullable<Date>)]
    last_asked: Option<NaiveDate>,
}

/// The loads of those of these experts (none: of all) who have any, the seats of one consultation left out; what was asked and
/// declined since a day, as far as that counts ([`crate::consultations::matching::declines`]).
///
/// # Errors
/// 503 when the database is away.
pub async fn loads(
    conn: &mut Conn,
    experts: Option<&[Uuid]>,
    but: Option<Uuid>,
    since: NaiveDate,
) -> Answer<HashMap<Uuid, Load>> {
    counted(conn, (experts, but, since), "true").await
}

/// The load of one expert; with `told`, as far as they know of it.
///
/// # Errors
/// 503 when the database is away.
pub async fn load_as_told(conn: &mut Conn, expert: Uuid, since: NaiveDate, told: bool) -> Answer<Load> {
    let loads = counted(conn, (Some(&[expert]), None, since), if told { TOLD } else { "true" }).await?;
    Ok(loads.into_values().next().unwrap_or_default())
}

async fn counted(
    conn: &mut Conn,
    (experts, but, since): (Option<&[Uuid]>, Option<Uuid>, NaiveDate),
    which: &'static str,
) -> Answer<HashMap<Uuid, Load>> {
    let asked = asked();
    let (excused, unrested) = (codes(|effect| !effect.counts), codes(|effect| !effect.rests));
    // as `declines.rs` says
    let counts = format!("(m.state <> 'declined' OR m.decline_code NOT IN ({excused}))");
    let rests = format!("(m.state <> 'declined' OR m.decline_code NOT IN ({unrested}))");
    let rows: Vec<LoadRow> = diesel::sql_query(format!(
        "SELECT m.expert_id, count(*) FILTER (WHERE {SITS} AND {GOES_ON}) AS now,
                count(*) FILTER (WHERE ({asked} AT TIME ZONE 'Asia/Ho_Chi_Minh')::date >= $3 AND {counts}) AS asked,
                count(*) FILTER (WHERE ({asked} AT TIME ZONE 'Asia/Ho_Chi_Minh')::date >= $3
                                   AND m.state IN ('declined', 'silent') AND {counts}) AS declined,
                (max({asked}) FILTER (WHERE {rests}) AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS last_asked
           FROM panel_members m JOIN consultations c ON c.id = m.consultation_id
          WHERE ($1 IS NULL OR m.expert_id = ANY ($1)) AND ($2 IS NULL OR m.consultation_id <> $2) AND {which}
          GROUP BY m.expert_id"
    ))
    .bind::<Nullable<Array<SqlUuid>>, _>(experts)
    .bind::<Nullable<SqlUuid>, _>(but)
    .bind::<Date, _>(since)
    .load(conn)
    .await?;
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let load = |row: LoadRow| {
        let LoadRow { expert_id, now, asked, declined, last_asked } = row;
        let load = Load { now: number(now), cap: None, asked: number(asked), declined: number(declined), last_asked };
        (expert_id, load)
    };
    Ok(rows.into_iter().map(load).collect())
}

#[derive(QueryableByName)]
struct DisownedRow {
    #[diesel(sql_type = SqlUuid)]
    expert_id: Uuid,
    #[diesel(sql_type = Text)]
    scheme: String,
    #[diesel(sql_type = Text)]
    code: String,
}

/// The fields of requests that people declined since a day because they are not theirs, by person.
///
/// # Errors
/// 503 when the database is away.
pub async fn disowned(conn: &mut Conn, since: NaiveDate) -> Answer<HashMap<Uuid, Vec<FieldCode>>> {
    let disowning = codes(|effect| effect.disowns);
    let rows: Vec<DisownedRow> = diesel::sql_query(format!(
        "SELECT DISTINCT m.expert_id, f.scheme, f.code
           FROM panel_members m JOIN consultation_fields f ON f.consultation_id = m.consultation_id
          WHERE m.state = 'declined' AND m.decline_code IN ({disowning})
            AND (m.answered_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date >= $1 ORDER BY 1, 2, 3"
    ))
    .bind::<Date, _>(since)
    .load(conn)
    .await?;
    let mut by_person: HashMap<Uuid, Vec<FieldCode>> = HashMap::new();
    for DisownedRow { expert_id, scheme, code } in rows {
        by_person.entry(expert_id).or_default().push(FieldCode { scheme, code });
    }
    Ok(by_person)
}

#[derive(QueryableByName)]
struct CapRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<SmallInt>)]
    max_parallel: Option<i16>,
}

/// How much each of these experts takes at a time, where they said so.
///
/// # Errors
/// 503 when the database is away.
pub async fn caps(conn: &mut Conn, experts: &[Uuid]) -> Answer<HashMap<Uuid, Option<i16>>> {
    let rows: Vec<CapRow> = diesel::sql_query("SELECT id, max_parallel FROM experts WHERE id = ANY ($1)")
        .bind::<Array<SqlUuid>, _>(experts)
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.max_parallel)).collect())
}

#[derive(QueryableByName)]
struct SeatRow {
    #[diesel(sql_type = SqlUuid)]
    consultation_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    register_number: Option<String>,
    #[diesel(sql_type = Text)]
    seat: String,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Date>)]
    due_on: Option<NaiveDate>,
}

/// The seats an expert has now, what is due first; with `told`, those they know of.
///
/// # Errors
/// 503 when the database is away.
pub async fn open_seats(conn: &mut Conn, expert: Uuid, told: bool) -> Answer<Vec<OpenSeat>> {
    let which = if told { TOLD } else { "true" };
    let rows: Vec<SeatRow> = diesel::sql_query(format!(
        "SELECT m.consultation_id, c.register_number, m.seat, m.state, i.report_due_on AS due_on
           FROM panel_members m JOIN consultations c ON c.id = m.consultation_id
           LEFT JOIN consultation_index i ON i.consultation_id = c.id
          WHERE m.expert_id = $1 AND {SITS} AND {GOES_ON} AND {which}
          ORDER BY i.report_due_on NULLS LAST, m.consultation_id"
    ))
    .bind::<SqlUuid, _>(expert)
    .load(conn)
    .await?;
    let seat = |row: SeatRow| {
        let SeatRow { consultation_id, register_number, seat, state, due_on } = row;
        OpenSeat { consultation_id, register_number, seat, state, due_on }
    };
    Ok(rows.into_iter().map(seat).collect())
}
