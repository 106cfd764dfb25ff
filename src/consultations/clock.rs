//! When a consultation is due: reckoned from its moves, the calendar and the settings. Pure; nothing of it is kept as truth.

use chrono::NaiveDate;

use super::calendar::Calendar;
use super::settings::{Days, Limits};
use super::state::Verb;
use super::words::{ConsultationState, ConsultationStep, Urgency};

/// A move as the clock reads it: on which day what was done, and where that led.
#[derive(Debug, Clone, Copy)]
pub struct Tick {
    /// The day in Vietnam.
    pub on: NaiveDate,
    /// What was done; none for the beginning.
    pub verb: Option<Verb>,
    /// Where it led.
    pub to: ConsultationState,
}

/// What the clock of a consultation follows.
#[derive(Debug, Clone)]
pub struct Course<'a> {
    /// Its moves in their order.
    pub moves: &'a [Tick],
    /// Where it stands.
    pub state: ConsultationState,
    /// How soon it is needed.
    pub urgency: Urgency,
    /// The day the authority means to decide.
    pub decision_on: Option<NaiveDate>,
    /// The deadline that was agreed instead of the usual one.
    pub agreed: Option<NaiveDate>,
}

/// A time during which no clock ran; still, without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The day it stopped.
    pub from: NaiveDate,
    /// The day it went on.
    pub to: Option<NaiveDate>,
}

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// It runs until this day.
    Due(NaiveDate),
    /// It stands still, with so many working days left; a minus when it was late already.
    Stopped(i64),
}

impl Hand {
    /// The day it is due, if it runs.
    pub const fn due(self) -> Option<NaiveDate> {
        match self {
            Self::Due(day) => Some(day),
            Self::Stopped(_) => None,
        }
    }

    /// No later than a day.
    fn capped(self, cap: Option<NaiveDate>) -> Self {
        match (self, cap) {
            (Self::Due(day), Some(cap)) => Self::Due(day.min(cap)),
            (hand, _) => hand,
        }
    }
}

/// What a consultation waits for now, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clock {
    /// What for; none when nothing is waited for.
    pub step: Option<ConsultationStep>,
    /// The day it is due; none while the clock stands still.
    pub due_on: Option<NaiveDate>,
    /// Working days that were left when the clock was stopped.
    pub left_when_stopped: Option<i64>,
    /// The day the report is due, once it was accepted.
    pub report_due_on: Option<NaiveDate>,
    /// Years it was reckoned through whose days off are not known.
    pub unknown_years: Vec<i32>,
    /// Years it was reckoned through whose days off are not announced yet.
    pub provisional_years: Vec<i32>,
}

impl Clock {
    /// True when the day is over.
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        self.due_on.is_some_and(|due| due < today)
    }

    /// Working days that are left; with a minus, how many it is late.
    pub fn days_left(&self, calendar: &Calendar, today: NaiveDate) -> Option<i64> {
        self.due_on.map(|due| calendar.between(today, due)).or(self.left_when_stopped)
    }
}

/// A clock that is due on a day unless it is stopped: each stop moves it by the working days that were left. What was missed
/// before the clock stopped stays missed.
pub fn run(calendar: &Calendar, due: NaiveDate, stops: &[Stop]) -> Hand {
    let mut due = due;
    for stop in stops {
        let missed = stop.from > due;
        match stop.to {
            None => return Hand::Stopped(calendar.between(stop.from, due)),
            Some(_) if missed => {}
            Some(to) => {
                let left = u32::try_from(calendar.between(stop.from, due)).unwrap_or_default();
                due = calendar.after(to, left);
            }
        }
    }
    Hand::Due(due)
}

/// The clock of a consultation.
pub fn clock(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Clock {
    let report = report(calendar, limits, course);
    let (step, hand) = match open_step(course) {
        Some(ConsultationStep::Decide) => (ConsultationStep::Decide, decide(calendar, limits, course)),
        Some(ConsultationStep::Opinions) => {
            let opinions = since(calendar, limits, course, Verb::ApprovePanel, Days::Opinion);
            (ConsultationStep::Opinions, opinions.map(|hand| hand.capped(report.and_then(Hand::due))))
        }
        Some(ConsultationStep::Report) => (ConsultationStep::Report, report),
        Some(step @ ConsultationStep::Complete) => {
            (step, since(calendar, limits, course, Verb::RequestCompletion, Days::Complete))
        }
        Some(step @ ConsultationStep::Reply) => (step, since(calendar, limits, course, Verb::Deliver, Days::Reply)),
        None => return Clock::default(),
    };
    let due_on = hand.and_then(Hand::due);
    let left_when_stopped = match hand {
        Some(Hand::Stopped(left)) => Some(left),
        _ => None,
    };
    let report_due_on = report.and_then(Hand::due);
    let first = course.moves.first().map(|tick| tick.on);
    let last = [due_on, report_due_on].into_iter().flatten().max().or(first);
    let years = first.zip(last);
    Clock {
        step: Some(step),
        due_on,
        left_when_stopped,
        report_due_on,
        unknown_years: years.map(|(from, to)| calendar.unknown_years(from, to)).unwrap_or_default(),
        provisional_years: years.map(|(from, to)| calendar.provisional_years(from, to)).unwrap_or_default(),
    }
}

/// What is waited for in a state; a suspended one still waits for what it did when it was stopped.
fn open_step(course: &Course<'_>) -> Option<ConsultationStep> {
    let suspended_from =
        || course.moves.iter().rev().map(|tick| tick.to).find(|to| *to != ConsultationState::Suspended);
    let state = match course.state {
        ConsultationState::Suspended => suspended_from()?,
        state => state,
    };
    match state {
        ConsultationState::Submitted => Some(ConsultationStep::Decide),
        ConsultationState::NeedsCompletion => Some(ConsultationStep::Complete),
        ConsultationState::Accepted | ConsultationState::PanelForming | ConsultationState::Concluding => {
            Some(ConsultationStep::Report)
        }
        ConsultationState::InReview => Some(ConsultationStep::Opinions),
        ConsultationState::Delivered => Some(ConsultationStep::Reply),
        _ => None,
    }
}

/// The times between leaving for a state and coming back, after a day.
fn stops(course: &Course<'_>, state: ConsultationState, from: usize) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for tick in course.moves.iter().skip(from) {
        match stops.last_mut() {
            Some(stop) if stop.to.is_none() => stop.to = Some(tick.on),
            _ if tick.to == state => stops.push(Stop { from: tick.on, to: None }),
            _ => {}
        }
    }
    stops
}

/// The Union's answer: its clock stops while the asker completes the file.
fn decide(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Option<Hand> {
    let at = course.moves.iter().position(|tick| tick.to == ConsultationState::Submitted)?;
    let begun = course.moves.get(at)?.on;
    let due = calendar.after(begun, limits.on(Days::Decide, begun));
    Some(run(calendar, due, &stops(course, ConsultationState::NeedsCompletion, at + 1)))
}

/// What is due so many days after a verb was last done.
fn since(calendar: &Calendar, limits: &Limits, course: &Course<'_>, verb: Verb, days: Days) -> Option<Hand> {
    let at = course.moves.iter().rposition(|tick| tick.verb == Some(verb))?;
    let begun = course.moves.get(at)?.on;
    let due = calendar.after(begun, limits.on(days, begun));
    Some(run(calendar, due, &stops(course, ConsultationState::Suspended, at + 1)))
}

/// The report: so many days after the request was accepted or as agreed, and some days before the decision at the latest.
fn report(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Option<Hand> {
    let at = course.moves.iter().position(|tick| tick.to == ConsultationState::Accepted)?;
    let begun = course.moves.get(at)?.on;
    let usual = calendar.after(begun, limits.on(report_days(course.urgency), begun));
    let due = course.agreed.unwrap_or(usual);
    let hand = run(calendar, due, &stops(course, ConsultationState::Suspended, at + 1));
    Some(hand.capped(course.decision_on.map(|day| latest(calendar, limits, day, begun))))
}

/// Which setting says how long a report may take.
pub const fn report_days(urgency: Urgency) -> Days {
    match urgency {
        Urgency::Normal => Days::Report,
        Urgency::Urgent => Days::UrgentReport,
    }
}

/// The last day on which a report is of use to a decision, by the settings of a day.
pub fn latest(calendar: &Calendar, limits: &Limits, decision_on: NaiveDate, day: NaiveDate) -> NaiveDate {
    calendar.before(decision_on, limits.on(Days::BeforeDecision, day))
}

/// The first day a report may be wanted for, if the request comes in on a day.
pub fn earliest(calendar: &Calendar, limits: &Limits, urgency: Urgency, day: NaiveDate) -> NaiveDate {
    calendar.after(day, limits.on(report_days(urgency), day))
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
