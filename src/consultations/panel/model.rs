//! Panels: who sits, and what a panel needs before it is approved. No SQL, no HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::coi::{Finding, may_sit};
use crate::consultations::model::{Case, Letter};
use crate::consultations::state::Verb;
use crate::consultations::words::{ConflictOutcome, ConsultationState, DeclineCode, PanelMemberState, PanelSeat};
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::problem::Say;
use crate::say;

/// Most people of a panel, and most alternates of it.
pub const MOST_MEMBERS: usize = 51;
/// Most alternates of a panel.
pub const MOST_ALTERNATES: usize = 200;

/// Somebody on a panel, or in line for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct MemberRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub expert_id: Uuid,
    pub seat: PanelSeat,
    /// 0 sits; from 1 on the place in line for that kind of seat.
    pub rank: i16,
    pub state: PanelMemberState,
    pub score: Option<f64>,
    pub reasons: Vec<String>,
    pub asked_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
    pub decline_code: Option<DeclineCode>,
    pub ended_at: Option<DateTime<Utc>>,
    pub ended_reason: Option<String>,
    pub agreed_answer_by: Option<NaiveDate>,
    pub agreed_answer_at: Option<DateTime<Utc>>,
    pub agreed_deliver_by: Option<NaiveDate>,
    pub agreed_deliver_at: Option<DateTime<Utc>>,
    pub replaces: Option<Uuid>,
    pub answer_note: Option<String>,
    pub answer_document: Option<Letter>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

impl MemberRow {
    /// Somebody chosen for a seat, or a place in line for it. An officer tries names: nobody is asked before a leader approved the panel.
    pub fn chosen(consultation_id: Uuid, expert_id: Uuid, (seat, rank): (PanelSeat, i16)) -> Self {
        Self {
            id: new_id(),
            consultation_id,
            expert_id,
            seat,
            rank,
            state: PanelMemberState::Chosen,
            score: None,
            reasons: Vec::new(),
            asked_at: None,
            answered_at: None,
            decline_code: None,
            ended_at: None,
            ended_reason: None,
            agreed_answer_by: None,
            agreed_answer_at: None,
            agreed_deliver_by: None,
            agreed_deliver_at: None,
            replaces: None,
            answer_note: None,
            answer_document: None,
            delivered_at: None,
            created_at: now(),
        }
    }

    /// Whether the person has the seat now.
    pub const fn sits(&self) -> bool {
        self.rank == 0 && self.state.is_live()
    }

    /// Whether the person is in line for one.
    pub const fn is_alternate(&self) -> bool {
        self.rank > 0 && self.state.is_live()
    }
}

/// How a person stands to a consultation as to conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What was found.
    pub findings: Vec<Finding>,
    /// Where that leads.
    pub outcome: ConflictOutcome,
    /// Keys of the findings nobody waived.
    pub open: Vec<String>,
}

impl Standing {
    /// As it is told the person themself ([`Finding::for_the_person`]).
    pub fn for_the_person(mut self) -> Self {
        self.findings.iter_mut().for_each(|finding| *finding = finding.for_the_person());
        self
    }
}

/// Whether a panel is at work: it is formed, or its consultation goes on.
pub fn is_live(case: &Case) -> bool {
    use ConsultationState::{Concluding, InReview, PanelForming};
    let lives = |state| matches!(state, PanelForming | InReview | Concluding);
    lives(case.row.state) || case.suspended_from().is_some_and(lives)
}

/// Whether experts are asked and give their opinions: the panel was approved, and the report is not begun.
pub fn takes_opinions(case: &Case) -> bool {
    let reviews = |state| state == ConsultationState::InReview;
    reviews(case.row.state) || case.suspended_from().is_some_and(reviews)
}

/// Whether the panel was approved.
pub fn is_approved(case: &Case) -> bool {
    case.moves.iter().any(|row| row.verb.as_deref() == Some(Verb::ApprovePanel.as_str()))
}

/// Somebody who sits, as far as the rules go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sitting {
    /// The seat.
    pub seat: PanelSeat,
    /// How the person stands to conflicts.
    pub outcome: ConflictOutcome,
    /// Whether the person may be asked at all: active, and in the bank with their consent.
    pub available: bool,
    /// The name, for words.
    pub name: String,
}

/// Something a panel lacks: it can't be approved with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Stable code.
    pub code: &'static str,
    /// What it is and what helps.
    pub detail: Say,
}

/// What a panel lacks before it can be approved, empty where all is well.
pub fn lacks(sitting: &[Sitting], fewest: usize) -> Vec<Lack> {
    let mut lacks = Vec::new();
    let mut lack = |code, detail| lacks.push(Lack { code, detail });
    let count = |seat| sitting.iter().filter(|one| one.seat == seat).count();
    if count(PanelSeat::Chair) != 1 {
        lack("chair", say!("Cần đúng một chủ tịch.", "Exactly one chair is needed."));
    }
    if count(PanelSeat::Secretary) == 0 {
        lack("secretary", say!("Cần một thư ký.", "A secretary is needed."));
    }
    let counting = sitting.iter().filter(|one| may_sit(one.outcome) && one.available).count();
    if counting < fewest {
        let missing = fewest - counting;
        lack(
            "too_few",
            say!(
                "Có {counting} người được tính, cần ít nhất {fewest}: thêm {missing} người.",
                "{counting} people count, at least {fewest} are needed: add {missing}."
            ),
        );
    }
    if sitting.len().is_multiple_of(2) {
        let (size, more) = (sitting.len(), sitting.len() + 1);
        lack(
            "even",
            say!(
                "Số thành viên là {size}, phải là số lẻ: thêm hoặc bớt một người (ví dụ {more}).",
                "There are {size} members, an odd number is needed: add or release one (such as {more})."
            ),
        );
    }
    lacks.extend(sitting.iter().flat_map(lacks_of_one));
    lacks
}

/// What hinders one who sits.
fn lacks_of_one(one: &Sitting) -> Vec<Lack> {
    let (name, outcome) = (&one.name, one.outcome.as_str());
    let conflict = Lack {
        code: "conflict",
        detail: say!(
            "{name} có xung đột lợi ích chưa được giải quyết (`{outcome}`): lãnh đạo chấp thuận (`waive`), hoặc thay người.",
            "{name} has a conflict of interest that is not settled (`{outcome}`): a leader waives it, or somebody else sits."
        ),
    };
    let away = Lack {
        code: "not_available",
        detail: say!(
            "{name} hiện không nhận việc hoặc đã rời ngân hàng: thay người.",
            "{name} takes no work now or left the bank: somebody else must sit."
        ),
    };
    let conflict = Some(conflict).filter(|_| !may_sit(one.outcome));
    conflict.into_iter().chain(Some(away).filter(|_| !one.available)).collect()
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
