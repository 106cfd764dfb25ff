//! Meetings as they are shown: how many voted which way, and never who.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{MeetingRow, MeetingVote};
use crate::consultations::panel::PanelExpert;
use crate::consultations::panel::model::MemberRow;
use crate::consultations::panel::store::{self as panel_store, Who};
use crate::consultations::words::PanelSeat;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// Somebody of the panel at a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeetingAttendee {
    /// Id of the seat.
    member_id: Uuid,
    /// Who; empty for somebody who is in the bank no more.
    expert: Option<PanelExpert>,
    /// The kind of seat.
    seat: Option<PanelSeat>,
    /// Whether the person came.
    present: bool,
    /// A remark.
    note: Option<String>,
}

/// A meeting of a panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct PanelMeeting {
    /// Its id.
    pub id: Uuid,
    /// Meetings of a consultation are numbered from 1.
    #[schema(example = 1)]
    number: i32,
    /// The day it was held.
    held_on: NaiveDate,
    /// Where.
    #[schema(example = "Hội trường Liên hiệp hội")]
    place: String,
    /// Who came, and who did not.
    attendance: Vec<MeetingAttendee>,
    /// How many came.
    present: usize,
    /// What was voted on.
    votes: Vec<MeetingVote>,
    /// The minutes.
    minutes: Option<String>,
    /// When they were signed; from then on they never change.
    signed_at: Option<DateTime<Utc>>,
    /// When it was entered.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

/// Meetings of a consultation, with who is named in them; remarks on people for the Union, and for one of the panel on themself.
///
/// # Errors
/// 503 when the database is away.
pub async fn meetings(
    conn: &mut Conn,
    consultation: Uuid,
    rows: Vec<MeetingRow>,
    own: Option<Uuid>,
) -> Answer<Vec<PanelMeeting>> {
    let seats = panel_store::members(conn, consultation).await?;
    let ids: Vec<Uuid> = seats.iter().map(|seat| seat.expert_id).collect();
    let who: HashMap<Uuid, Who> =
        panel_store::who(conn, &ids, &[]).await?.into_iter().map(|who| (who.id, who)).collect();
    let seats: HashMap<Uuid, MemberRow> = seats.into_iter().map(|seat| (seat.id, seat)).collect();
    Ok(rows.into_iter().map(|row| shown(row, (&seats, &who), own)).collect())
}

fn shown(
    row: MeetingRow,
    (seats, who): (&HashMap<Uuid, MemberRow>, &HashMap<Uuid, Who>),
    own: Option<Uuid>,
) -> PanelMeeting {
    let present = row.attendance.iter().filter(|one| one.present).count();
    let attendance = row.attendance.into_iter().map(|one| {
        let seat = seats.get(&one.member_id);
        MeetingAttendee {
            member_id: one.member_id,
            expert: seat.and_then(|seat| who.get(&seat.expert_id)).map(Into::into),
            seat: seat.map(|seat| seat.seat),
            present: one.present,
            note: one.note.filter(|_| own.is_none_or(|own| own == one.member_id)),
        }
    });
    PanelMeeting {
        id: row.id,
        number: row.number,
        held_on: row.held_on,
        place: row.place,
        attendance: attendance.collect(),
        present,
        votes: row.votes,
        minutes: row.minutes,
        signed_at: row.signed_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}
