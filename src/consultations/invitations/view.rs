//! Invitations as they are shown.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::dates::{Asked, By, Dues, dues};
use crate::access::permit::Scope;
use crate::consultations::model::Case;
use crate::consultations::panel::MemberRow;
use crate::consultations::panel::model::takes_opinions;
use crate::consultations::rules::Reckoning;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConsultationKind, ConsultationState, DeclineCode, PanelMemberState, PanelSeat};
use crate::consultations::work;
use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::organisations::store as organisation_store;

/// Until when somebody is to answer and to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// The last day for the answer; none while the clock stands still.
    pub answer_by: Option<NaiveDate>,
    /// The last day for the opinion.
    pub deliver_by: Option<NaiveDate>,
    /// Whether the one that is waited for did not come in time.
    pub late: bool,
}

impl Schedule {
    fn new(row: &MemberRow, dues: &Dues, today: NaiveDate) -> Self {
        let (answer_by, deliver_by) = (dues.answer.due(), dues.deliver.due());
        let over = |day: Option<NaiveDate>| day.is_some_and(|day| day < today);
        let late = match row.state {
            PanelMemberState::Invited => over(answer_by),
            PanelMemberState::Accepted => row.delivered_at.is_none() && over(deliver_by),
            _ => false,
        };
        Self { answer_by, deliver_by, late }
    }
}

/// The schedules of those who were asked, by seat.
pub fn schedules(on: &Reckoning, case: &Case, rows: &[MemberRow]) -> HashMap<Uuid, Schedule> {
    let ticks = case.ticks();
    let course = case.row.course(&ticks);
    let by = By { calendar: &on.calendar, limits: &on.limits, course: &course };
    let of = |row: &MemberRow| {
        let dues = dues(&by, &Asked::of(row)?);
        Some((row.id, Schedule::new(row, &dues, on.today)))
    };
    rows.iter().filter_map(of).collect()
}

/// The consultation somebody is asked for.
#[derive(Debug, Serialize, ToSchema)]
struct InvitationConsultation {
    /// Its id.
    id: Uuid,
    /// Its number in the register.
    #[schema(example = "PB-2026-0007")]
    register_number: Option<String>,
    /// What is asked.
    kind: ConsultationKind,
    /// What it is about.
    title: String,
    /// Who asks, as they are called now.
    asker: Option<String>,
    /// Where it stands.
    state: ConsultationState,
}

/// An invitation to a panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct PanelInvitation {
    /// Id of the seat: the answer goes there.
    member_id: Uuid,
    /// What for.
    consultation: InvitationConsultation,
    /// The kind of seat.
    seat: PanelSeat,
    /// What became of it.
    state: PanelMemberState,
    /// When it was made.
    asked_at: Option<DateTime<Utc>>,
    /// The last day for an answer; empty while the clock stands still.
    answer_by: Option<NaiveDate>,
    /// When it was answered.
    answered_at: Option<DateTime<Utc>>,
    /// Why it was declined.
    decline_reason: Option<DeclineCode>,
    /// The last day for the opinion; empty while the clock stands still.
    deliver_by: Option<NaiveDate>,
    /// When the first opinion was handed in.
    delivered_at: Option<DateTime<Utc>>,
    /// True when what is waited for did not come in time.
    late: bool,
    /// What can be answered now: `accept`, `decline`.
    allowed_actions: Vec<&'static str>,
}

/// Whether somebody may say yes now, and whether they may say no.
pub const fn answers(row: &MemberRow) -> (bool, bool) {
    let sits = row.rank == 0 && row.asked_at.is_some();
    let accepts = sits && matches!(row.state, PanelMemberState::Invited);
    let declines = sits && matches!(row.state, PanelMemberState::Accepted) && row.delivered_at.is_none();
    (accepts, accepts || declines)
}

/// An invitation by present facts.
///
/// # Errors
/// 503 when the database is away.
pub async fn invitation(conn: &mut Conn, on: &Reckoning, row: &MemberRow) -> Answer<PanelInvitation> {
    // what somebody was asked for they may know of, also when they sit no more
    let case = consultation_store::find(conn, Seen::by(&Scope::SYSTEM, on.today), row.consultation_id).await?;
    let bodies = organisation_store::bodies(conn, &[case.row.asker_id]).await?;
    let asker = bodies.get(&case.row.asker_id).and_then(|body| body.at_or_last(on.today));
    let schedule = schedules(on, &case, std::slice::from_ref(row)).remove(&row.id);
    let (accepts, declines) = answers(row);
    let is_open = takes_opinions(&case);
    let actions = [("accept", accepts && is_open), ("decline", declines && is_open)];
    Ok(PanelInvitation {
        member_id: row.id,
        seat: row.seat,
        state: row.state,
        asked_at: row.asked_at,
        answer_by: schedule.and_then(|schedule| schedule.answer_by),
        answered_at: row.answered_at,
        decline_reason: row.decline_code,
        deliver_by: schedule.and_then(|schedule| schedule.deliver_by),
        delivered_at: row.delivered_at,
        late: is_open && schedule.is_some_and(|schedule| schedule.late),
        allowed_actions: actions.into_iter().filter_map(|(name, may)| may.then_some(name)).collect(),
        consultation: InvitationConsultation {
            id: case.id(),
            asker: asker.map(|version| version.name.clone()),
            register_number: case.row.register_number,
            kind: case.row.kind,
            title: case.row.title,
            state: case.row.state,
        },
    })
}

/// Invitations by present facts.
///
/// # Errors
/// 503 when the database is away.
pub async fn invitations(conn: &mut Conn, rows: &[MemberRow]) -> Answer<Vec<PanelInvitation>> {
    let (on, _) = work::reckoning(conn).await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        shown.push(invitation(conn, &on, row).await?);
    }
    Ok(shown)
}
