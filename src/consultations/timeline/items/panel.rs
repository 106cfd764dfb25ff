//! What is told of the panel: invitations, reminders, opinions, conflicts, meetings.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    By, ConflictFact, Eyes, Facts, Item, MeetingFact, MemberDue, MemberFact, OpinionFact, Person, ReminderFact, letter,
};
use crate::consultations::model::Case;
use crate::consultations::timeline::words::{self, TimelineKind, TimelineLane};
use crate::consultations::words::{ConflictOutcome, ConsultationState, PanelMemberState};
use crate::kernel::problem::Say;

/// What is looked up to tell of people.
struct People<'a> {
    members: HashMap<Uuid, &'a MemberFact>,
    dues: HashMap<Uuid, &'a MemberDue>,
    eyes: Eyes,
}

impl<'a> People<'a> {
    fn of(facts: &'a Facts, dues: &'a [MemberDue], eyes: Eyes) -> Self {
        Self {
            members: facts.members.iter().map(|member| (member.id, member)).collect(),
            dues: dues.iter().map(|due| (due.member_id, due)).collect(),
            eyes,
        }
    }

    fn due(&self, member: &MemberFact) -> (Option<NaiveDate>, Option<NaiveDate>) {
        self.dues.get(&member.id).map_or((None, None), |due| (due.answer_by, due.deliver_by))
    }

    /// What happened to one who was asked.
    fn of_member(&self, member: &MemberFact) -> Vec<Item> {
        if !self.eyes.see(member.expert_id) {
            // that somebody sits is no secret; since when, and after whom, is
            return Vec::new();
        }
        let (answer_by, _) = self.due(member);
        let name = member.full_name.as_str();
        let replaced = member.replaces.filter(|_| self.eyes == Eyes::All);
        let replaced = replaced.map(|id| self.members.get(&id).map_or("…", |other| other.full_name.as_str()));
        let (kind, asks) = match replaced {
            Some(_) => (TimelineKind::SteppedIn, "system"),
            None => (TimelineKind::Invited, "union"),
        };
        let asked = about(member, (kind, "asked"), member.asked_at, words::invited(name, member.seat, replaced));
        let mut items = vec![Item { by: Some(By::side(asks)), ..asked }];
        items.extend(accepted(member).map(|item| item.against(answer_by)));
        items.extend(refused(member).map(|item| item.against(answer_by)));
        if let Some(at) = member.agreed_at {
            let kind = TimelineKind::DatesAgreed;
            let item = about(member, (kind, "agreed"), at, words::of_member(kind, name));
            items.push(Item { due_on: member.agreed_deliver_by, by: Some(By::side("union")), ..item });
        }
        items.extend(left(member));
        items
    }

    fn of_opinion(&self, opinion: &OpinionFact) -> Option<Item> {
        let member = self.members.get(&opinion.member_id).filter(|member| self.eyes.see(member.expert_id))?;
        let (_, deliver_by) = self.due(member);
        let key = format!("opinion{}", opinion.number);
        let title = words::opinion(&member.full_name, opinion.number);
        let item = about(member, (TimelineKind::OpinionSubmitted, &key), opinion.at, title);
        let by = By::new(opinion.actor_role.as_deref(), opinion.actor_id);
        let item = Item { number: Some(opinion.number), by: Some(by), ..item };
        // what is late is the first one: later ones are better, and not overdue
        Some(item.against(deliver_by.filter(|_| opinion.number == 1)))
    }

    fn of_reminder(&self, reminder: &ReminderFact) -> Option<Item> {
        let member = match reminder.member_id {
            Some(id) => Some(self.members.get(&id).filter(|member| self.eyes.see(member.expert_id))?),
            None => None,
        };
        let name = member.map(|member| member.full_name.as_str()).unwrap_or_default();
        let lane = member.map_or(TimelineLane::Asker, |_| TimelineLane::Panel);
        let title = words::reminded(reminder.kind, name);
        let item = Item::at(format!("reminder:{}", reminder.id), (TimelineKind::Reminder, lane), reminder.at, title);
        let person = member.map(|member| person(member));
        Some(Item { due_on: Some(reminder.due_on), by: Some(By::side("system")), person, ..item })
    }

    fn of_conflict(&self, conflict: &ConflictFact) -> Option<Item> {
        let kind = match conflict.outcome {
            None if self.eyes == Eyes::All => TimelineKind::ConflictFound,
            Some(ConflictOutcome::Declared) => TimelineKind::ConflictDeclared,
            Some(ConflictOutcome::Waived) => TimelineKind::ConflictWaived,
            // who is recused leaves a seat, which tells it
            _ => return None,
        };
        if !self.eyes.see(conflict.expert_id) {
            return None;
        }
        let name = conflict.full_name.clone();
        let title = words::of_member(kind, &name);
        let item = Item::at(format!("conflict:{}", conflict.id), (kind, TimelineLane::Panel), conflict.at, title);
        let by = By::new(conflict.actor_role.as_deref(), conflict.actor_id);
        let person = Person { seat: None, expert_id: conflict.expert_id, full_name: name };
        Some(Item { by: Some(by), person: Some(person), ..item })
    }

    /// A meeting: the Union sees it once it is entered, everybody else once its minutes are signed.
    fn of_meeting(&self, meeting: &MeetingFact) -> Vec<Item> {
        let MeetingFact { id, number, held_on, signed_at } = *meeting;
        if self.eyes != Eyes::All && signed_at.is_none() {
            return Vec::new();
        }
        let kind = TimelineKind::MeetingHeld;
        let of = (kind, TimelineLane::Panel);
        let held = Item::new(format!("meeting:{id}:held"), of, held_on, words::meeting(kind, number));
        let kind = TimelineKind::MinutesSigned;
        let title = words::meeting(kind, number);
        let signed =
            signed_at.map(|at| Item::at(format!("meeting:{id}:signed"), (kind, TimelineLane::Panel), at, title));
        let numbered = |item: Item| Item { number: Some(number), by: Some(By::side("union")), ..item };
        [Some(held), signed].into_iter().flatten().map(numbered).collect()
    }
}

fn person(member: &MemberFact) -> Person {
    let (expert_id, full_name) = (member.expert_id, member.full_name.clone());
    Person { seat: Some((member.id, member.seat)), expert_id, full_name }
}

/// Something that happened to somebody of the panel.
fn about(member: &MemberFact, (kind, what): (TimelineKind, &str), at: DateTime<Utc>, title: Say) -> Item {
    let key = format!("member:{}:{what}", member.id);
    Item { person: Some(person(member)), ..Item::at(key, (kind, TimelineLane::Panel), at, title) }
}

/// An answer: by the person, or entered by the office by a letter.
fn answered(member: &MemberFact, kind: TimelineKind, at: DateTime<Utc>) -> Item {
    let item = about(member, (kind, "answered"), at, words::of_member(kind, &member.full_name));
    let side = if member.answer_document.is_some() { "union" } else { "panel" };
    Item { by: Some(By::side(side)), ..item }
}

/// That somebody said yes, whatever became of it later.
fn accepted(member: &MemberFact) -> Option<Item> {
    let said_yes = !member.declined && !matches!(member.state, PanelMemberState::Declined | PanelMemberState::Silent);
    let at = member.answered_at.filter(|_| said_yes)?;
    Some(answered(member, TimelineKind::InvitationAccepted, at))
}

/// That somebody said no, with the letter it was entered by; or nothing in time.
fn refused(member: &MemberFact) -> Option<Item> {
    if member.state == PanelMemberState::Silent {
        let kind = TimelineKind::InvitationSilent;
        let item = about(member, (kind, "silent"), member.ended_at?, words::of_member(kind, &member.full_name));
        return Some(Item { by: Some(By::side("system")), ..item });
    }
    let at = member.answered_at.or(member.ended_at)?;
    let said_no = member.declined || member.state == PanelMemberState::Declined;
    let item = said_no.then(|| answered(member, TimelineKind::InvitationDeclined, at))?;
    Some(Item { document: letter(member.answer_document.as_ref()), ..item })
}

/// That somebody left the seat.
fn left(member: &MemberFact) -> Option<Item> {
    let kind = match member.state {
        // who said no because of a conflict of interest is recused by that
        PanelMemberState::Recused if !member.declined => TimelineKind::MemberRecused,
        PanelMemberState::Released => TimelineKind::MemberReleased,
        _ => return None,
    };
    let item = about(member, (kind, "left"), member.ended_at?, words::of_member(kind, &member.full_name));
    Some(Item { by: Some(By::side("union")), ..item })
}

/// All that happened.
pub fn items(facts: &Facts, dues: &[MemberDue], eyes: Eyes) -> Vec<Item> {
    let people = People::of(facts, dues, eyes);
    let members = facts.members.iter().flat_map(|member| people.of_member(member));
    let opinions = facts.opinions.iter().filter_map(|opinion| people.of_opinion(opinion));
    let reminders = facts.reminders.iter().filter_map(|reminder| people.of_reminder(reminder));
    let conflicts = facts.conflicts.iter().filter_map(|conflict| people.of_conflict(conflict));
    let meetings = facts.meetings.iter().flat_map(|meeting| people.of_meeting(meeting));
    members.chain(opinions).chain(reminders).chain(conflicts).chain(meetings).collect()
}

/// What people of the panel are waited for.
pub fn to_come((case, facts): (&Case, &Facts), dues: &[MemberDue], today: NaiveDate, eyes: Eyes) -> Vec<Item> {
    if case.row.state != ConsultationState::InReview {
        return Vec::new();
    }
    let people = People::of(facts, dues, eyes);
    let due = |member: &MemberFact| {
        let (answer_by, deliver_by) = people.due(member);
        let has_one = facts.opinions.iter().any(|opinion| opinion.member_id == member.id);
        let (kind, day) = match member.state {
            PanelMemberState::Invited => (TimelineKind::AnswerDue, answer_by?),
            PanelMemberState::Accepted if !has_one => (TimelineKind::DeliverDue, deliver_by?),
            _ => return None,
        };
        let title = words::of_member(kind, &member.full_name);
        let item = Item::due(format!("member:{}:due", member.id), (kind, TimelineLane::Panel), (day, today), title);
        Some(Item { person: Some(person(member)), ..item })
    };
    let waited_for = facts.members.iter().filter(|member| member.sits() && eyes.see(member.expert_id));
    waited_for.filter_map(due).collect()
}
