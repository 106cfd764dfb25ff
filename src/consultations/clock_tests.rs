//! The clock across Tết, swapped days, ends of years and suspensions.

use proptest::prelude::*;

use super::*;
use crate::consultations::calendar::tests::{day, vietnam};
use ConsultationState as S;

fn tick(on: &str, verb: Option<Verb>, to: ConsultationState) -> Tick {
    Tick { on: day(on), verb, to }
}

/// Words such as `2026-02-09 submit submitted`, one move a line.
fn moves(text: &str) -> Vec<Tick> {
    text.split(';')
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let verb = Verb::ALL.into_iter().find(|verb| verb.as_str() == words[1]);
            assert_eq!(verb.is_none(), words[1] == "create", "{line}");
            let to = S::ALL.iter().copied().find(|state| state.as_str() == words[2]).expect("a state");
            tick(words[0], verb, to)
        })
        .collect()
}

struct Case {
    moves: Vec<Tick>,
    urgency: Urgency,
    decision_on: Option<NaiveDate>,
    agreed: Option<(NaiveDate, usize)>,
    asked_anew_on: Option<NaiveDate>,
}

impl Case {
    fn of(text: &str) -> Self {
        Self { moves: moves(text), urgency: Urgency::Normal, decision_on: None, agreed: None, asked_anew_on: None }
    }

    fn clock(&self) -> Clock {
        let state = self.moves.last().unwrap().to;
        let &Self { urgency, decision_on, agreed, asked_anew_on, .. } = self;
        let course = Course { moves: &self.moves, state, urgency, decision_on, agreed, asked_anew_on };
        clock(&vietnam(), &Limits::default(), &course)
    }
}

/// What happened, what is waited for, when that is due, and why.
type Due = (&'static str, Option<&'static str>, Option<&'static str>, &'static str);

const DUE: &[Due] = &[
    ("2026-03-02 create draft", None, None, "a draft has no clock"),
    ("2026-03-02 create draft; 2026-03-02 submit submitted", Some("decide"), Some("2026-03-09"), "five days to decide"),
    (
        "2026-02-13 create draft; 2026-02-13 submit submitted",
        Some("decide"),
        Some("2026-02-27"),
        "sent on the last day before Tết",
    ),
    (
        "2026-02-17 create draft; 2026-02-17 submit submitted",
        Some("decide"),
        Some("2026-02-27"),
        "sent on a day of Tết: the same",
    ),
    (
        "2025-12-26 create draft; 2025-12-26 submit submitted",
        Some("decide"),
        Some("2026-01-06"),
        "over New Year and its swapped Friday",
    ),
    (
        "2026-08-19 create draft; 2026-08-19 submit submitted",
        Some("decide"),
        Some("2026-08-25"),
        "with the Saturday that is worked",
    ),
    (
        "2026-03-02 create draft; 2026-03-02 submit submitted; 2026-03-03 request-completion needs_completion",
        Some("complete"),
        Some("2026-03-17"),
        "ten days to complete",
    ),
    (
        "2026-03-02 create draft; 2026-03-02 submit submitted; 2026-03-04 request-completion needs_completion; \
             2026-03-13 submit submitted",
        Some("decide"),
        Some("2026-03-18"),
        "two of five days were used, three are left",
    ),
    (
        "2026-02-11 create draft; 2026-02-11 submit submitted; 2026-02-12 request-completion needs_completion; \
             2026-02-24 submit submitted; 2026-02-25 request-completion needs_completion; 2026-03-02 submit submitted",
        Some("decide"),
        Some("2026-03-05"),
        "returned twice, the first time over Tết",
    ),
    (
        "2026-03-02 create accepted",
        Some("report"),
        Some("2026-03-30"),
        "what the Union begins itself has its report due at once",
    ),
    (
        "2026-02-05 create draft; 2026-02-05 submit submitted; 2026-02-05 accept accepted",
        Some("report"),
        Some("2026-03-12"),
        "twenty days over Tết",
    ),
    (
        "2026-02-05 create accepted; 2026-02-06 form-panel panel_forming; 2026-02-09 approve-panel in_review",
        Some("opinions"),
        Some("2026-03-02"),
        "ten days for opinions over Tết",
    ),
    (
        "2026-03-02 create accepted; 2026-03-03 form-panel panel_forming; 2026-03-25 approve-panel in_review",
        Some("opinions"),
        Some("2026-03-30"),
        "opinions are no later than the report",
    ),
    (
        "2026-02-05 create accepted; 2026-02-12 suspend suspended",
        Some("report"),
        None,
        "a stopped clock is due on no day",
    ),
    (
        "2026-02-05 create accepted; 2026-02-12 suspend suspended; 2026-03-02 resume accepted",
        Some("report"),
        Some("2026-03-23"),
        "suspended across Tết: five of twenty days were used",
    ),
    (
        "2026-02-05 create accepted; 2026-02-14 suspend suspended; 2026-02-21 resume accepted",
        Some("report"),
        Some("2026-03-12"),
        "suspended while nobody works: nothing is gained",
    ),
    (
        "2026-03-02 create accepted; 2026-03-31 suspend suspended; 2026-04-10 resume accepted",
        Some("report"),
        Some("2026-03-30"),
        "what was missed before stays missed",
    ),
    (
        "2026-03-02 create accepted; 2026-03-30 suspend suspended; 2026-04-11 resume accepted",
        Some("report"),
        Some("2026-04-13"),
        "stopped on its last day: due when it goes on, and that is no Saturday",
    ),
    (
        "2026-03-02 create accepted; 2026-03-03 form-panel panel_forming; 2026-03-04 approve-panel in_review; \
             2026-03-06 suspend suspended; 2026-03-16 resume in_review",
        Some("opinions"),
        Some("2026-03-26"),
        "opinions are stopped as well",
    ),
    (
        "2026-03-02 create accepted; 2026-03-03 form-panel panel_forming; 2026-03-04 approve-panel in_review; \
             2026-03-20 conclude concluding",
        Some("report"),
        Some("2026-03-30"),
        "and then the report",
    ),
    (
        "2026-12-01 create accepted; 2026-12-02 form-panel panel_forming; 2026-12-03 approve-panel in_review; \
             2026-12-14 conclude concluding; 2026-12-21 deliver delivered",
        Some("reply"),
        Some("2027-01-19"),
        "twenty days to reply, over the end of a year",
    ),
    ("2026-03-02 create accepted; 2026-03-03 cancel cancelled", None, None, "what is over waits for nothing"),
];

#[test]
fn each_step_is_due_in_working_days() {
    for (text, step, due, why) in DUE {
        let clock = Case::of(text).clock();
        assert_eq!(clock.step.map(ConsultationStep::as_str), *step, "{why}");
        assert_eq!(clock.due_on, due.map(day), "{why}");
    }
}

#[test]
fn a_report_is_no_later_than_five_days_before_the_decision() {
    let text = "2026-02-05 create accepted";
    for (decision, agreed, urgency, due) in [
        (None, None, Urgency::Normal, "2026-03-12"),
        (None, None, Urgency::Urgent, "2026-02-26"),
        (Some("2026-04-15"), None, Urgency::Normal, "2026-03-12"),
        (Some("2026-03-10"), None, Urgency::Normal, "2026-03-03"),
        (Some("2026-02-25"), None, Urgency::Urgent, "2026-02-11"),
        (None, Some("2026-04-03"), Urgency::Normal, "2026-04-03"),
        (Some("2026-04-01"), Some("2026-04-03"), Urgency::Normal, "2026-03-25"),
    ] {
        let case =
            Case { urgency, decision_on: decision.map(day), agreed: agreed.map(|on| (day(on), 1)), ..Case::of(text) };
        assert_eq!(case.clock().report_due_on, Some(day(due)), "{decision:?} {agreed:?} {urgency:?}");
    }
    // a decision is not put off because the Union was stopped
    let stopped = Case::of("2026-02-05 create accepted; 2026-02-12 suspend suspended; 2026-03-02 resume accepted");
    let case = Case { decision_on: Some(day("2026-03-20")), ..stopped };
    assert_eq!(case.clock().due_on, Some(day("2026-03-13")));
    // nor has it more days left while it stands still
    let stopped = Case::of("2026-02-05 create accepted; 2026-02-12 suspend suspended");
    let case = Case { decision_on: Some(day("2026-03-10")), ..stopped };
    assert_eq!(case.clock().left_when_stopped, Some(8));
}

#[test]
fn an_agreed_deadline_is_the_day_that_was_agreed_and_moves_by_later_stops_alone() {
    let stopped = "2026-02-05 create accepted; 2026-02-12 suspend suspended";
    let went_on = "2026-02-05 create accepted; 2026-02-12 suspend suspended; 2026-03-02 resume accepted";
    let stopped_again = "2026-02-05 create accepted; 2026-02-12 suspend suspended; 2026-03-02 resume accepted; \
                         2026-03-30 suspend suspended; 2026-04-06 resume accepted";
    for (text, count, due, left, why) in [
        (went_on, 1, Some("2026-04-14"), None, "agreed before it was suspended: seven working days were not worked"),
        (went_on, 3, Some("2026-04-03"), None, "agreed when it went on"),
        (stopped, 1, None, Some(31), "agreed before it was suspended, and it still is"),
        (stopped_again, 3, Some("2026-04-10"), None, "a stop after that moves it"),
    ] {
        let case = Case { agreed: Some((day("2026-04-03"), count)), ..Case::of(text) };
        let clock = case.clock();
        assert_eq!((clock.due_on, clock.left_when_stopped), (due.map(day), left), "{why}");
    }
}

#[test]
fn a_second_stop_leaves_no_more_days_than_there_are_before_the_decision() {
    let text = "2026-02-05 create accepted; 2026-02-12 suspend suspended; 2026-03-02 resume accepted; 2026-03-05 suspend suspended";
    let case = Case { decision_on: Some(day("2026-03-20")), ..Case::of(text) };
    assert_eq!(case.clock().left_when_stopped, Some(6), "to 2026-03-13");
}

#[test]
fn opinions_have_no_more_days_left_than_the_report() {
    let text = "2026-03-02 create accepted; 2026-03-03 form-panel panel_forming; 2026-03-25 approve-panel in_review; \
                2026-03-26 suspend suspended";
    assert_eq!(Case::of(text).clock().left_when_stopped, Some(2));
}

#[test]
fn what_a_correction_asks_has_days_of_its_own() {
    let delivered = "2026-03-02 create accepted; 2026-03-03 form-panel panel_forming; 2026-03-04 approve-panel in_review; \
                     2026-03-16 conclude concluding; 2026-03-17 deliver delivered";
    let responded = format!("{delivered}; 2026-04-01 respond responded");
    let closed = format!("{responded}; 2026-04-02 close closed");
    for (text, asked, step, due, why) in [
        (delivered, None, Some("reply"), Some("2026-04-14"), "twenty days after the report"),
        (delivered, Some("2026-04-10"), Some("reply"), Some("2026-05-13"), "a correction before the reply: anew"),
        (&responded, None, None, None, "nothing is open"),
        (&responded, Some("2026-04-10"), Some("reply"), Some("2026-05-13"), "a correction after the reply"),
        (&closed, Some("2026-04-10"), None, None, "nobody waits any more"),
    ] {
        let clock = Case { asked_anew_on: asked.map(day), ..Case::of(text) }.clock();
        assert_eq!((clock.step.map(ConsultationStep::as_str), clock.due_on), (step, due.map(day)), "{why}");
    }
}

#[test]
fn overdue_and_days_left_follow_from_the_day() {
    let calendar = vietnam();
    let clock = Case::of("2026-02-05 create accepted").clock();
    for (today, left, overdue) in [
        ("2026-02-05", 20, false),
        ("2026-02-18", 14, false),
        ("2026-03-11", 1, false),
        ("2026-03-12", 0, false),
        ("2026-03-13", -1, true),
        ("2026-03-14", -1, true),
        ("2026-03-16", -2, true),
    ] {
        let today = day(today);
        assert_eq!((clock.days_left(&calendar, today), clock.is_overdue(today)), (Some(left), overdue), "{today}");
    }
    let stopped = Case::of("2026-02-05 create accepted; 2026-02-12 suspend suspended").clock();
    assert_eq!((stopped.left_when_stopped, stopped.is_overdue(day("2030-01-01"))), (Some(15), false));
    assert_eq!(stopped.days_left(&calendar, day("2026-03-01")), Some(15));
}

#[test]
fn the_years_it_was_reckoned_through_are_said() {
    let clock = Case::of("2027-12-20 create accepted").clock();
    assert_eq!((clock.unknown_years, clock.provisional_years), (vec![2028], vec![2027]));
    let clock = Case::of("2025-03-03 create accepted").clock();
    assert_eq!((clock.unknown_years, clock.provisional_years), (vec![], vec![]));
    // back from a decision, where that is what counts
    for (decision, unknown) in [("2028-01-04", vec![2028]), ("2035-01-04", vec![])] {
        let case = Case { decision_on: Some(day(decision)), ..Case::of("2027-12-01 create accepted") };
        assert_eq!(case.clock().unknown_years, unknown, "{decision}");
    }
    // and through what was left when it was stopped
    let stopped = Case::of("2027-12-20 create accepted; 2027-12-21 suspend suspended").clock();
    assert_eq!((stopped.due_on, stopped.unknown_years), (None, vec![2028]));
}

proptest! {
    #[test]
    fn a_stop_moves_the_day_by_the_days_that_were_left(
        begun in 0_u64..500, days in 1_u32..30, stopped in 0_u64..40, stood in 0_u64..60,
    ) {
        let calendar = vietnam();
        let begin = day("2025-01-10") + chrono::Days::new(begun);
        let due = calendar.after(begin, days);
        let from = begin + chrono::Days::new(stopped);
        let to = from + chrono::Days::new(stood);
        let Hand::Due(later) = run(&calendar, due, None, &[Stop { from, to: Some(to) }]) else { panic!("it runs") };
        prop_assert!(later >= due, "nobody loses time by a stop");
        if from > due {
            prop_assert_eq!(later, due, "what was missed stays missed");
        } else {
            prop_assert!(calendar.is_working(later));
            let (left, after) = (calendar.between(from, due), calendar.between(to, later));
            prop_assert!(after == left || (left == 0 && after == 1 && !calendar.is_working(to)));
        }
        // stopped and let go on the same day, or while it runs on: nothing changes
        let same = run(&calendar, due, None, &[Stop { from, to: Some(from) }]);
        prop_assert_eq!(same, Hand::Due(due));
        prop_assert_eq!(run(&calendar, due, None, &[]), Hand::Due(due));
        prop_assert_eq!(run(&calendar, due, None, &[Stop { from, to: None }]), Hand::Stopped(calendar.between(from, due)));
    }
}
