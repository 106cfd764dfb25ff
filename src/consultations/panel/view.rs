//! Panels and conflicts as they are shown, each for one caller.

mod conflict;

pub use self::conflict::{ConflictCheck, ConflictFinding, ConflictRecord, PanelExpert, checks, record};

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{MemberRow, Sitting, Standing, is_approved, is_live, lacks};
use super::settings::{fewest, number};
use super::store::{self, FindingRow, Who};
use crate::access::actor::Role;
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::consultations::invitations::{Schedule, schedules};
use crate::consultations::model::Case;
use crate::consultations::words::{ConflictOutcome, ConsultationState, DeclineCode, PanelMemberState, PanelSeat};
use crate::consultations::work;
use crate::db::Conn;
use crate::kernel::clock::today;
use crate::kernel::problem::{Answer, Lang};

/// Somebody on a panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct PanelMember {
    /// Id of the seat.
    id: Uuid,
    /// Who sits.
    expert: PanelExpert,
    /// The kind of seat.
    seat: PanelSeat,
    /// For alternates: the place in line for that kind of seat, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<i16>,
    /// How the person stands to the panel.
    state: PanelMemberState,
    /// The score it was chosen with, for the Union.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    /// Why, for the Union.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<String>>,
    /// Conflicts of interest: for the Union, and of oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<PanelConflict>,
    /// When the person was asked, for the Union and oneself. Empty before the panel is approved.
    asked_at: Option<DateTime<Utc>>,
    /// The last day for an answer, for the Union and oneself; empty while the clock stands still.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_by: Option<NaiveDate>,
    /// The last day for the opinion, for the Union and oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliver_by: Option<NaiveDate>,
    /// True when an answer or opinion did not come in time; for the Union and oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<bool>,
    /// When the person answered, for the Union and oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<DateTime<Utc>>,
    /// Why the person declined, for the Union and oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_reason: Option<DeclineCode>,
    /// What they said with their answer, for the Union and oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_note: Option<String>,
    /// When the first opinion was handed in, for the Union and oneself.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<DateTime<Utc>>,
    /// The seat of who left, for the Union.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<Uuid>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_reason: Option<String>,
}

/// Conflicts of interest of somebody on a panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct PanelConflict {
    /// Where they lead.
    outcome: ConflictOutcome,
    /// What was found.
    findings: Vec<ConflictFinding>,
}

/// Something a panel lacks: it can't be approved with it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PanelLack {
    /// What: `chair`, `secretary`, `too_few`, `even`, `conflict`, `not_available`.
    #[schema(example = "even")]
    code: &'static str,
    /// What it is and what helps.
    detail: String,
}

/// A conflict that came up about somebody who sits.
#[derive(Debug, Serialize, ToSchema)]
pub struct PanelAlert {
    /// Its id.
    id: Uuid,
    /// Who.
    expert: Option<PanelExpert>,
    /// What.
    finding: ConflictFinding,
    /// When it was found.
    found_at: DateTime<Utc>,
    /// Since when it holds no more, or the person sits no more.
    ended_at: Option<DateTime<Utc>>,
}

/// A panel.
#[derive(Debug, Serialize, ToSchema)]
pub struct Panel {
    /// The consultation.
    consultation_id: Uuid,
    /// Where the consultation stands.
    state: ConsultationState,
    /// Whether a leader approved the panel; before, the asker sees no names.
    approved: bool,
    /// Whether it is at work.
    live: bool,
    /// Fewest members of a panel of this kind.
    #[schema(example = 3)]
    minimum: u32,
    /// Who sits: chair, secretary, reviewers, members.
    members: Vec<PanelMember>,
    /// Who is in line, by kind of seat and place; for the Union.
    alternates: Vec<PanelMember>,
    /// Who sat or was in line before, for the Union.
    former: Vec<PanelMember>,
    /// What it lacks by present facts, for the Union.
    lacks: Vec<PanelLack>,
    /// Conflicts that came up after people were chosen, the latest first; for the Union.
    alerts: Vec<PanelAlert>,
}

/// With whose eyes a panel is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Eyes {
    /// The Union and who inspects it.
    All,
    /// One of the panel.
    Member(Uuid),
    /// The asker.
    Asker,
}

impl Eyes {
    fn of(scope: &Scope) -> Self {
        match (scope.reach, scope.actor.role()) {
            (Reach::All, _) => Self::All,
            (_, Some(Role::Expert)) => Self::Member(scope.actor.expert_id().unwrap_or_default()),
            _ => Self::Asker,
        }
    }
}

/// A panel by present facts, for a caller.
///
/// # Errors
/// 503 when the database is away.
pub async fn panel(conn: &mut Conn, scope: &Scope, case: &Case, lang: Lang) -> Answer<Panel> {
    let eyes = Eyes::of(scope);
    let approved = is_approved(case);
    let mut rows = store::members(conn, case.id()).await?;
    rows.retain(|row| match eyes {
        Eyes::All => true,
        Eyes::Member(id) => row.sits() && (approved || row.expert_id == id),
        Eyes::Asker => row.sits() && approved,
    });
    // two who became one: who sits is in line no more
    let sitting: HashSet<Uuid> = rows.iter().filter(|row| row.sits()).map(|row| row.expert_id).collect();
    rows.retain(|row| !(row.is_alternate() && sitting.contains(&row.expert_id)));
    let alerts = if eyes == Eyes::All { store::raised(conn, case.id()).await? } else { Vec::new() };
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.expert_id).collect();
    ids.extend(alerts.iter().map(|row| row.expert_id));
    let who: HashMap<Uuid, Who> = store::who(conn, &ids, &[]).await?.into_iter().map(|who| (who.id, who)).collect();
    let mut judged: Vec<Uuid> = rows.iter().filter(|row| row.state.is_live()).map(|row| row.expert_id).collect();
    judged.retain(|id| eyes == Eyes::All || eyes == Eyes::Member(*id));
    let standings = store::standings(conn, case, &judged).await?;
    let minimum = number(conn, fewest(case.row.kind), today()).await?;
    let (on, _) = work::reckoning(conn).await?;
    let schedules = schedules(&on, case, &rows);
    let shown = Shown { who, standings, schedules, eyes, approved, lang };
    let lacks = if eyes == Eyes::All { shown.lacks(&rows, minimum) } else { Vec::new() };
    let alerts = alerts.iter().map(|row| shown.alert(row)).collect();
    let (mut members, mut alternates, mut former) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        let into = match (row.state.is_live(), row.rank) {
            (false, _) => &mut former,
            (true, 0) => &mut members,
            (true, _) => &mut alternates,
        };
        into.extend(shown.member(row));
    }
    let (live, state) = (is_live(case), case.row.state);
    Ok(Panel { consultation_id: case.id(), state, approved, live, minimum, members, alternates, former, lacks, alerts })
}

/// What a panel lacks now, for who approves it.
///
/// # Errors
/// 503 when the database is away.
pub async fn lacks_of(conn: &mut Conn, case: &Case) -> Answer<Vec<super::model::Lack>> {
    let rows = store::members(conn, case.id()).await?;
    let ids: Vec<Uuid> = rows.iter().filter(|row| row.sits()).map(|row| row.expert_id).collect();
    let who: HashMap<Uuid, Who> = store::who(conn, &ids, &[]).await?.into_iter().map(|who| (who.id, who)).collect();
    let standings = store::standings(conn, case, &ids).await?;
    let minimum = number(conn, fewest(case.row.kind), today()).await?;
    let sitting = sitting(&rows, &who, &standings, is_approved(case));
    Ok(lacks(&sitting, usize::try_from(minimum).unwrap_or_default()))
}

fn sitting(
    rows: &[MemberRow],
    who: &HashMap<Uuid, Who>,
    standings: &HashMap<Uuid, Standing>,
    approved: bool,
) -> Vec<Sitting> {
    // who takes nothing new finishes what they do
    let is_there = |who: &Who| who.status == "active" || (approved && who.status == "paused");
    let one = |row: &MemberRow| {
        let who = who.get(&row.expert_id);
        Sitting {
            seat: row.seat,
            outcome: standings.get(&row.expert_id).map_or(ConflictOutcome::Open, |standing| standing.outcome),
            available: who.is_some_and(is_there),
            name: who.map(|who| who.full_name.clone()).unwrap_or_default(),
        }
    };
    rows.iter().filter(|row| row.sits()).map(one).collect()
}

/// What is looked up to show a panel.
struct Shown {
    who: HashMap<Uuid, Who>,
    standings: HashMap<Uuid, Standing>,
    schedules: HashMap<Uuid, Schedule>,
    eyes: Eyes,
    approved: bool,
    lang: Lang,
}

impl Shown {
    fn lacks(&self, rows: &[MemberRow], minimum: u32) -> Vec<PanelLack> {
        let sitting = sitting(rows, &self.who, &self.standings, self.approved);
        let lacks = lacks(&sitting, usize::try_from(minimum).unwrap_or_default()).into_iter();
        let shown = lacks.map(|lack| PanelLack { code: lack.code, detail: self.lang.of(&lack.detail).to_owned() });
        shown.collect()
    }

    fn alert(&self, row: &FindingRow) -> PanelAlert {
        let standing = self.standings.get(&row.expert_id);
        let open = standing.map(|standing| standing.open.as_slice()).unwrap_or_default();
        // as it is now where it still holds: what is kept has no words about people
        let now = standing.and_then(|standing| standing.findings.iter().find(|found| found.key == row.key));
        let finding = match now {
            Some(found) => ConflictFinding::new(found, open, self.lang),
            None => ConflictFinding::past(&row.finding, self.lang),
        };
        PanelAlert {
            id: row.id,
            expert: self.who.get(&row.expert_id).map(Into::into),
            finding,
            found_at: row.found_at,
            ended_at: row.ended_at,
        }
    }

    fn member(&self, row: MemberRow) -> Option<PanelMember> {
        let all = self.eyes == Eyes::All;
        let conflict = self.standings.get(&row.expert_id).filter(|_| row.state.is_live()).map(|standing| {
            let standing = if all { standing.clone() } else { standing.clone().for_the_person() };
            let found = standing.findings.iter();
            PanelConflict {
                outcome: standing.outcome,
                findings: found.map(|finding| ConflictFinding::new(finding, &standing.open, self.lang)).collect(),
            }
        });
        // who of the panel was asked when and said what is theirs and the Union's
        let tells = all || self.eyes == Eyes::Member(row.expert_id);
        let schedule = self.schedules.get(&row.id).filter(|_| tells && row.state.is_live());
        Some(PanelMember {
            answer_by: schedule.and_then(|schedule| schedule.answer_by),
            deliver_by: schedule.and_then(|schedule| schedule.deliver_by),
            late: schedule.map(|schedule| schedule.late),
            answered_at: row.answered_at.filter(|_| tells),
            decline_reason: row.decline_code.filter(|_| tells),
            answer_note: row.answer_note.filter(|_| tells),
            delivered_at: row.delivered_at.filter(|_| tells),
            replaces: row.replaces.filter(|_| all),
            id: row.id,
            expert: self.who.get(&row.expert_id)?.into(),
            seat: row.seat,
            place: (row.rank > 0).then_some(row.rank),
            state: row.state,
            score: row.score.filter(|_| all),
            reasons: all.then_some(row.reasons),
            conflict,
            asked_at: row.asked_at.filter(|_| tells),
            ended_at: row.ended_at,
            ended_reason: row.ended_reason,
        })
    }
}
