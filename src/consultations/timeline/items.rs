//! What is told on a timeline, and to whom. Pure.

mod outcome;
mod panel;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::dues::{verb_of, was_due};
use super::words::{self, TimelineKind, TimelineLane};
use crate::access::actor::Role;
use crate::consultations::clock::{Clock, clock};
use crate::consultations::model::{Case, Letter, MoveRow};
use crate::consultations::rules::Reckoning;
use crate::consultations::state::Verb;
use crate::consultations::words::{
    ConflictOutcome, ConsultationState, ConsultationStep, PanelMemberState, PanelSeat, ReminderKind,
};
use crate::kernel::clock::date_in_vietnam;
use crate::kernel::problem::Say;

/// With whose eyes a timeline is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Eyes {
    /// The Union and who inspects it.
    All,
    /// One of the panel: their own, and what the asker sees.
    Expert(Uuid),
    /// The asker: who sits, and nothing of how that came about; that opinions came in, and not whose.
    Asker,
}

impl Eyes {
    /// Whether what concerns one of the panel alone is told.
    fn see(self, expert: Uuid) -> bool {
        self == Self::All || self == Self::Expert(expert)
    }
}

/// Somebody who was asked to sit, whatever became of it.
#[derive(Debug, Clone, Deserialize)]
pub struct MemberFact {
    pub id: Uuid,
    pub expert_id: Uuid,
    pub full_name: String,
    pub seat: PanelSeat,
    pub rank: i16,
    pub state: PanelMemberState,
    pub asked_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub declined: bool,
    pub answer_document: Option<Value>,
    pub replaces: Option<Uuid>,
    pub agreed_at: Option<DateTime<Utc>>,
    pub agreed_deliver_by: Option<NaiveDate>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl MemberFact {
    /// Whether the person has the seat now.
    pub const fn sits(&self) -> bool {
        self.rank == 0 && self.state.is_live()
    }
}

/// An opinion that was handed in.
#[derive(Debug, Clone, Deserialize)]
pub struct OpinionFact {
    pub member_id: Uuid,
    pub number: i32,
    pub at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
}

/// A reminder; of the asker, where it is of no member.
#[derive(Debug, Clone, Deserialize)]
pub struct ReminderFact {
    pub id: Uuid,
    pub member_id: Option<Uuid>,
    pub kind: ReminderKind,
    pub due_on: NaiveDate,
    pub at: DateTime<Utc>,
}

/// A meeting.
#[derive(Debug, Clone, Deserialize)]
pub struct MeetingFact {
    pub id: Uuid,
    pub number: i32,
    pub held_on: NaiveDate,
    pub signed_at: Option<DateTime<Utc>>,
}

/// A version of the conclusion.
#[derive(Debug, Clone, Deserialize)]
pub struct ConclusionFact {
    pub id: Uuid,
    pub number: i32,
    pub report: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub signed_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
}

/// What the asker said at one time to the recommendations of a version: how many it adopts, adopts partly, and does not.
#[derive(Debug, Clone, Deserialize)]
pub struct ReplyFact {
    pub id: Uuid,
    pub number: i32,
    pub at: DateTime<Utc>,
    pub document: Value,
    pub asked_anew_on: Option<NaiveDate>,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub adopted: i64,
    pub partly: i64,
    pub not: i64,
}

/// What was said or decided of a conflict of interest; none of `outcome` came up by itself.
#[derive(Debug, Clone, Deserialize)]
pub struct ConflictFact {
    pub id: Uuid,
    pub expert_id: Uuid,
    pub full_name: String,
    pub outcome: Option<ConflictOutcome>,
    pub at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
}

/// What is kept beside the moves.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Facts {
    pub members: Vec<MemberFact>,
    pub opinions: Vec<OpinionFact>,
    pub reminders: Vec<ReminderFact>,
    pub meetings: Vec<MeetingFact>,
    pub conclusions: Vec<ConclusionFact>,
    pub replies: Vec<ReplyFact>,
    pub conflicts: Vec<ConflictFact>,
    pub decision: Option<Value>,
}

impl Facts {
    /// How many of those who sit handed an opinion in, and how many sit.
    pub fn handed_in(&self) -> (usize, usize) {
        let sitting = self.members.iter().filter(|member| member.sits());
        let has_one = |member: &&MemberFact| self.opinions.iter().any(|opinion| opinion.member_id == member.id);
        (sitting.clone().filter(has_one).count(), sitting.count())
    }
}

/// Until when one of the panel answers and delivers; none where nothing is waited for, or the clock stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberDue {
    /// The seat.
    pub member_id: Uuid,
    /// The day the answer to the invitation is due, or was.
    pub answer_by: Option<NaiveDate>,
    /// The day the opinion is due, or was.
    pub deliver_by: Option<NaiveDate>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// `asker`, `union`, `panel` or `system`.
    pub side: &'static str,
    /// In which role.
    pub role: Option<String>,
    /// The account.
    pub id: Option<Uuid>,
}

impl By {
    /// Of a role and an account.
    fn new(role: Option<&str>, id: Option<Uuid>) -> Self {
        let side = match role.and_then(Role::parse) {
            Some(Role::UnionOfficer | Role::UnionLeader) => "union",
            Some(Role::Expert) => "panel",
            Some(_) => "asker",
            None => "system",
        };
        Self { side, role: role.map(str::to_owned), id }
    }

    /// A side, whoever it was.
    const fn side(side: &'static str) -> Self {
        Self { side, role: None, id: None }
    }
}

/// Somebody of the panel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The seat; none where what is told concerns the person and no seat.
    pub seat: Option<(Uuid, PanelSeat)>,
    /// The expert.
    pub expert_id: Uuid,
    /// Name.
    pub full_name: String,
}

/// A point of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The same in every answer.
    pub key: String,
    /// What it is.
    pub kind: TimelineKind,
    /// In whose lane.
    pub lane: TimelineLane,
    /// The day it is drawn on.
    pub on: NaiveDate,
    /// When it happened, where that is known to the second.
    pub at: Option<DateTime<Utc>>,
    /// The day it was due, or is.
    pub due_on: Option<NaiveDate>,
    /// Whether it happened.
    pub done: bool,
    /// Whether it happened after it was due, or is overdue.
    pub late: bool,
    /// What it says.
    pub title: Say,
    /// The verb of a move.
    pub verb: Option<Verb>,
    /// The step that is due.
    pub step: Option<ConsultationStep>,
    /// Which opinion of a person, meeting or version of the conclusion.
    pub number: Option<i32>,
    /// By whom.
    pub by: Option<By>,
    /// Whom of the panel it concerns.
    pub person: Option<Person>,
    /// The document it was done by.
    pub document: Option<Letter>,
}

impl Item {
    fn new(key: String, (kind, lane): (TimelineKind, TimelineLane), on: NaiveDate, title: Say) -> Self {
        Self {
            key,
            kind,
            lane,
            on,
            at: None,
            due_on: None,
            done: true,
            late: false,
            title,
            verb: None,
            step: None,
            number: None,
            by: None,
            person: None,
            document: None,
        }
    }

    /// Something that happened.
    fn at(key: String, of: (TimelineKind, TimelineLane), at: DateTime<Utc>, title: Say) -> Self {
        Self { at: Some(at), ..Self::new(key, of, date_in_vietnam(at), title) }
    }

    /// Something that is to come.
    fn due(key: String, of: (TimelineKind, TimelineLane), (due, today): (NaiveDate, NaiveDate), title: Say) -> Self {
        Self { due_on: Some(due), done: false, late: due < today, ..Self::new(key, of, due, title) }
    }

    /// Done, and held against the day it was due on.
    fn against(self, due_on: Option<NaiveDate>) -> Self {
        Self { late: due_on.is_some_and(|due| due < self.on), due_on, ..self }
    }
}

/// A document as it is kept, where it is one.
fn letter(value: Option<&Value>) -> Option<Letter> {
    value.and_then(|value| serde_json::from_value(value.clone()).ok())
}

/// All that a caller is told of a consultation, the first first; what is due on a day comes after what happened on it.
pub fn items(by: &Reckoning, (case, facts): (&Case, &Facts), dues: &[MemberDue], eyes: Eyes) -> Vec<Item> {
    let ticks = case.ticks();
    let clock = clock(&by.calendar, &by.limits, &case.row.course(&ticks));
    let asked = facts.replies.first().and_then(|first| first.asked_anew_on);
    let mut items: Vec<Item> = (0..case.moves.len()).filter_map(|at| moved(by, case, at, asked)).collect();
    let reply_due = items.iter().rev().find(|item| item.verb == Some(Verb::Respond)).and_then(|item| item.due_on);
    items.extend(panel::items(facts, dues, eyes));
    items.extend(panel::to_come((case, facts), dues, by.today, eyes));
    items.extend(outcome::items(by, facts, reply_due, eyes));
    items.extend(to_come(case, &clock, by.today));
    items.extend(decision(case, facts));
    items.sort_by_key(|item| (item.on, !item.done, item.at));
    items
}

/// A move.
fn moved(by: &Reckoning, case: &Case, at: usize, asked_anew_on: Option<NaiveDate>) -> Option<Item> {
    let row: &MoveRow = case.moves.get(at)?;
    let verb = verb_of(row);
    let lane = match verb {
        Some(Verb::Submit | Verb::Respond | Verb::Withdraw) => TimelineLane::Asker,
        None if row.to_state == ConsultationState::Draft => TimelineLane::Asker,
        _ => TimelineLane::Union,
    };
    let again = row.from_state == Some(ConsultationState::NeedsCompletion);
    let item = Item::at(format!("move:{}", row.id), (TimelineKind::Move, lane), row.at, words::moved(verb, again));
    let by_whom = By::new(row.actor_role.as_deref(), row.actor_id);
    let item = Item { verb, by: Some(by_whom), document: row.document.clone(), ..item };
    Some(item.against(was_due(by, case, at, asked_anew_on)))
}

/// What the consultation itself waits for: the step, the report behind it, and the day it goes on.
fn to_come(case: &Case, clock: &Clock, today: NaiveDate) -> Vec<Item> {
    let step = |step: ConsultationStep, due: NaiveDate| {
        let lane = match step {
            ConsultationStep::Opinions => TimelineLane::Panel,
            step if step.is_the_askers() => TimelineLane::Asker,
            _ => TimelineLane::Union,
        };
        let key = format!("due:{}", step.as_str());
        Item { step: Some(step), ..Item::due(key, (TimelineKind::StepDue, lane), (due, today), words::due(step)) }
    };
    let own = clock.step.zip(clock.due_on).map(|(what, due)| step(what, due));
    let is_before = clock.step == Some(ConsultationStep::Opinions);
    let report = clock.report_due_on.filter(|_| is_before).map(|due| step(ConsultationStep::Report, due));
    let of = (TimelineKind::ResumeDue, TimelineLane::Union);
    let resume = case.resume_on().map(|day| Item::due("due:resume".to_owned(), of, (day, today), words::resume()));
    own.into_iter().chain(report).chain(resume).collect()
}

/// The decision of the authority: made, as far as the Union knows, or planned. Nobody here is late with it.
fn decision(case: &Case, facts: &Facts) -> Option<Item> {
    let made = letter(facts.decision.as_ref());
    let planned = case.row.decision_on.filter(|_| !case.row.state.is_over() || made.is_some());
    let on = made.as_ref().and_then(|made| made.date).or(planned)?;
    let of = (TimelineKind::Decision, TimelineLane::Asker);
    let item = Item::new("decision".to_owned(), of, on, words::decision(made.is_some()));
    Some(Item { due_on: planned, done: made.is_some(), document: made, ..item })
}

#[cfg(test)]
#[path = "items_tests.rs"]
mod tests;
