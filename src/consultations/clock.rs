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
    /// The deadline that was agreed instead of the usual one, and how many moves there were then: it takes them into account.
    pub agreed: Option<(NaiveDate, usize)>,
    /// The day from which the asker has its days to reply again, since a correction asks something new of it.
    pub asked_anew_on: Option<NaiveDate>,
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

    /// No later than another one.
    pub fn no_later_than(self, other: Option<Self>) -> Self {
        match (self, other) {
            (Self::Due(day), Some(Self::Due(other))) => Self::Due(day.min(other)),
            (Self::Stopped(left), Some(Self::Stopped(other))) => Self::Stopped(left.min(other)),
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

/// A clock that is due on a day unless it is stopped: each stop moves it by the working days that were left, no further than to a
/// last day. What was missed before the clock stopped stays missed.
pub fn run(calendar: &Calendar, due: NaiveDate, last: Option<NaiveDate>, stops: &[Stop]) -> Hand {
    let capped = |day: NaiveDate| last.map_or(day, |last| day.min(last));
    let mut due = capped(due);
    for stop in stops {
        let missed = stop.from > due;
        match stop.to {
            None => return Hand::Stopped(calendar.between(stop.from, due)),
            Some(_) if missed => {}
            Some(to) => {
                let left = u32::try_from(calendar.between(stop.from, due)).unwrap_or_default();
                due = capped(calendar.after(to, left));
            }
        }
    }
    Hand::Due(due)
}

/// The clock of a consultation.
pub fn clock(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Clock {
    let report = report(calendar, limits, course);
    let Some(step) = open_step(course) else { return Clock::default() };
    let own = match step {
        ConsultationStep::Decide => decide(calendar, limits, course),
        ConsultationStep::Complete => since(calendar, limits, course, Verb::RequestCompletion, Days::Complete),
        ConsultationStep::Opinions => since(calendar, limits, course, Verb::ApprovePanel, Days::Opinion),
        ConsultationStep::Report => report,
        ConsultationStep::Reply => reply(calendar, limits, course),
    };
    let hand = match step {
        ConsultationStep::Opinions => own.map(|own| own.hand.no_later_than(report.map(|report| report.hand))),
        _ => own.map(|own| own.hand),
    };
    let left_when_stopped = match hand {
        Some(Hand::Stopped(left)) => Some(left),
        _ => None,
    };
    let first = course.moves.first().map(|tick| tick.on);
    let years = first.zip([own, report].into_iter().flatten().map(|reckoned| reckoned.through).max());
    Clock {
        step: Some(step),
        due_on: hand.and_then(Hand::due),
        left_when_stopped,
        report_due_on: report.and_then(|report| report.hand.due()),
        unknown_years: years.map(|(from, to)| calendar.unknown_years(from, to)).unwrap_or_default(),
        provisional_years: years.map(|(from, to)| calendar.provisional_years(from, to)).unwrap_or_default(),
    }
}

/// Where a clock stands, and the last day that was looked at to tell it.
#[derive(Debug, Clone, Copy)]
struct Reckoned {
    hand: Hand,
    through: NaiveDate,
}

impl Reckoned {
    /// A clock that is due on a day unless it is stopped.
    fn of(calendar: &Calendar, due: NaiveDate, stops: &[Stop]) -> Self {
        let hand = run(calendar, due, None, stops);
        Self { hand, through: hand.due().map_or(due, |day| day.max(due)) }
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
        ConsultationState::Responded => course.asked_anew_on.map(|_| ConsultationStep::Reply),
        _ => None,
    }
}

/// The times it was suspended, as far as they concern what began on a day.
pub fn suspensions(course: &Course<'_>, since: NaiveDate) -> Vec<Stop> {
    let all = stops(course, ConsultationState::Suspended, 0).into_iter();
    let later = all.filter(|stop| stop.to.is_none_or(|to| to >= since));
    later.map(|stop| Stop { from: stop.from.max(since), to: stop.to }).collect()
}

/// When the report is due, once the request was accepted.
pub fn report_hand(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Option<Hand> {
    report(calendar, limits, course).map(|report| report.hand)
}

/// The times between leaving for a state and coming back, from a move on.
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
fn decide(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Option<Reckoned> {
    let at = course.moves.iter().position(|tick| tick.to == ConsultationState::Submitted)?;
    let begun = course.moves.get(at)?.on;
    let due = calendar.after(begun, limits.on(Days::Decide, begun));
    Some(Reckoned::of(calendar, due, &stops(course, ConsultationState::NeedsCompletion, at + 1)))
}

/// What is due so many days after a verb was last done.
fn since(calendar: &Calendar, limits: &Limits, course: &Course<'_>, verb: Verb, days: Days) -> Option<Reckoned> {
    let at = course.moves.iter().rposition(|tick| tick.verb == Some(verb))?;
    let begun = course.moves.get(at)?.on;
    let due = calendar.after(begun, limits.on(days, begun));
    Some(Reckoned::of(calendar, due, &stops(course, ConsultationState::Suspended, at + 1)))
}

/// The asker's reply: to the report, or to what a correction asks anew. It is over with the reply, so nothing stops it.
fn reply(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Option<Reckoned> {
    match course.asked_anew_on {
        None => since(calendar, limits, course, Verb::Deliver, Days::Reply),
        Some(day) => Some(Reckoned::of(calendar, reply_due(calendar, limits, day), &[])),
    }
}

/// The day by which the asker replies to what it was asked on a day.
pub fn reply_due(calendar: &Calendar, limits: &Limits, asked_on: NaiveDate) -> NaiveDate {
    calendar.after(asked_on, limits.on(Days::Reply, asked_on))
}

/// The report: so many days after the request was accepted or as agreed, and some days before the decision at the latest.
fn report(calendar: &Calendar, limits: &Limits, course: &Course<'_>) -> Option<Reckoned> {
    let at = course.moves.iter().position(|tick| tick.to == ConsultationState::Accepted)?;
    let begun = course.moves.get(at)?.on;
    let usual = calendar.after(begun, limits.on(report_days(course.urgency), begun));
    let (due, from) = course.agreed.map_or((usual, at + 1), |(day, count)| (day, count.max(at + 1)));
    let stops = stops(course, ConsultationState::Suspended, from);
    let Some((decision, last)) = course.decision_on.map(|day| (day, latest(calendar, limits, day, begun))) else {
        return Some(Reckoned::of(calendar, due, &stops));
    };
    let free = Reckoned::of(calendar, due, &stops);
    // a decision is not put off because the Union was stopped
    let hand = run(calendar, due, Some(last), &stops);
    // back from the decision
    let through = if hand == free.hand { free.through } else { free.through.max(decision) };
    Some(Reckoned { hand, through })
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
