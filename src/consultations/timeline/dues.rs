//! What was due when a step was taken, by the clock as it stood then. Pure.

use chrono::NaiveDate;

use crate::consultations::clock::{Course, clock};
use crate::consultations::model::{Case, MoveRow, ticks};
use crate::consultations::rules::Reckoning;
use crate::consultations::state::Verb;
use crate::consultations::words::{ConsultationStep, Urgency};

/// The verb of a move; none for the beginning.
pub fn verb_of(row: &MoveRow) -> Option<Verb> {
    let name = row.verb.as_deref()?;
    Verb::ALL.into_iter().find(|verb| verb.as_str() == name)
}

/// The step that a verb brings to its end.
const fn settles(verb: Verb) -> Option<ConsultationStep> {
    match verb {
        Verb::Accept | Verb::Decline | Verb::RequestCompletion => Some(ConsultationStep::Decide),
        Verb::Submit => Some(ConsultationStep::Complete),
        Verb::Conclude => Some(ConsultationStep::Opinions),
        Verb::Deliver => Some(ConsultationStep::Report),
        Verb::Respond => Some(ConsultationStep::Reply),
        _ => None,
    }
}

/// The day on which the step was due that a move brought to its end; `asked_anew_on` is that of the reply.
pub fn was_due(by: &Reckoning, case: &Case, at: usize, asked_anew_on: Option<NaiveDate>) -> Option<NaiveDate> {
    let settled = case.moves.get(at).and_then(verb_of).and_then(settles)?;
    let before = case.moves.get(..at)?;
    let state = before.last()?.to_state;
    let ticks = ticks(before);
    let then = schedule(case, before);
    let (urgency, decision_on, agreed) = (then.urgency, then.decision_on, then.agreed);
    let course = Course { moves: &ticks, state, urgency, decision_on, agreed, asked_anew_on };
    let clock = clock(&by.calendar, &by.limits, &course);
    clock.due_on.filter(|_| clock.step == Some(settled))
}

/// What the clock rested on.
struct Then {
    urgency: Urgency,
    decision_on: Option<NaiveDate>,
    agreed: Option<(NaiveDate, usize)>,
}

/// The schedule after these moves: as it is now, where nothing was said of it since.
fn schedule(case: &Case, before: &[MoveRow]) -> Then {
    let row = &case.row;
    let said: Vec<_> =
        before.iter().enumerate().filter_map(|(at, row)| row.schedule.as_ref().map(|it| (at, it))).collect();
    let all = case.moves.iter().filter(|row| row.schedule.is_some()).count();
    let last = said.last().filter(|_| said.len() < all).map(|(_, last)| *last);
    let Some(last) = last else {
        // before anything was agreed nothing is
        let course = row.course(&[]);
        let agreed = course.agreed.filter(|_| said.len() == all);
        return Then { urgency: row.urgency, decision_on: row.decision_on, agreed };
    };
    let since = said.iter().rev().take_while(|(_, one)| one.deadline == last.deadline).last();
    let count = since.map_or(0, |(at, _)| ticks(before.get(..*at).unwrap_or_default()).len());
    let agreed = last.deadline.map(|day| (day, count));
    Then { urgency: last.urgency, decision_on: last.decision_on, agreed }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::consultations::calendar::tests::{day, vietnam};
    use crate::consultations::model::Schedule;
    use crate::consultations::settings::Limits;
    use crate::consultations::timeline::spans::tests::moves;
    use crate::consultations::words::ConsultationState::{
        Accepted, Closed, Concluding, Delivered, Draft, InReview, NeedsCompletion, PanelForming, Responded, Submitted,
    };
    use crate::consultations::words::{ConsultationKind, ConsultationOrigin};
    use crate::consultations::{model::Row, words::ConsultationState};
    use uuid::Uuid;

    /// A consultation of moves.
    pub fn case(of: &[(&str, Option<&str>, ConsultationState)]) -> Case {
        let row = Row {
            id: Uuid::nil(),
            version: 1,
            kind: ConsultationKind::CriticalReview,
            origin: ConsultationOrigin::Ordered,
            state: of.last().unwrap().2,
            asker_id: Uuid::nil(),
            kept_by_union: false,
            authority_id: None,
            authority_name: None,
            object: None,
            title: "Đề án".to_owned(),
            summary: None,
            questions: Vec::new(),
            letter: None,
            decision_document: None,
            asked_anew_on: None,
            letter_key: None,
            letter_year: None,
            letter_issuer: None,
            decision_on: None,
            wanted_by: None,
            agreed_by: None,
            agreed_after: None,
            urgency: Urgency::Normal,
            short_time: false,
            funding: None,
            no_state_secrets: true,
            lead_id: None,
            register_number: None,
            created_at: "2026-03-02T03:00:00Z".parse().unwrap(),
            updated_at: "2026-03-02T03:00:00Z".parse().unwrap(),
        };
        Case { row, fields: Vec::new(), drafters: Vec::new(), moves: moves(of), files: Vec::new() }
    }

    /// Days as the program brings them.
    pub fn reckoning(today: &str) -> Reckoning {
        Reckoning { calendar: vietnam(), limits: Limits::default(), today: day(today) }
    }

    /// A whole way, from a draft to the archive.
    pub const WHOLE: [(&str, Option<&str>, ConsultationState); 12] = [
        ("2026-03-02", None, Draft),
        ("2026-03-02", Some("submit"), Submitted),
        ("2026-03-03", Some("request-completion"), NeedsCompletion),
        ("2026-03-18", Some("submit"), Submitted),
        ("2026-03-20", Some("accept"), Accepted),
        ("2026-03-23", Some("form-panel"), PanelForming),
        ("2026-03-25", Some("approve-panel"), InReview),
        ("2026-04-10", Some("conclude"), Concluding),
        ("2026-04-13", Some("deliver"), Delivered),
        ("2026-04-14", Some("reschedule"), Delivered),
        ("2026-05-20", Some("respond"), Responded),
        ("2026-05-21", Some("close"), Closed),
    ];

    #[test]
    fn each_step_knows_the_day_it_was_due_on() {
        let (case, by) = (case(&WHOLE), reckoning("2026-06-01"));
        let dues: Vec<Option<String>> =
            (0..WHOLE.len()).map(|at| was_due(&by, &case, at, None).map(|day| day.to_string())).collect();
        let expected = [
            None,
            None,
            Some("2026-03-09"),
            Some("2026-03-17"),
            // four days were left when the file went back
            Some("2026-03-24"),
            None,
            None,
            Some("2026-04-08"),
            Some("2026-04-17"),
            None,
            Some("2026-05-14"),
            None,
        ];
        assert_eq!(dues, expected.map(|day| day.map(str::to_owned)));
        assert_eq!(was_due(&by, &case, 99, None), None);
    }

    #[test]
    fn a_step_is_held_against_the_schedule_of_its_time() {
        let path = [
            ("2026-03-02", None, Draft),
            ("2026-03-02", Some("submit"), Submitted),
            ("2026-03-03", Some("accept"), Accepted),
            ("2026-03-04", Some("form-panel"), PanelForming),
            ("2026-03-05", Some("approve-panel"), InReview),
            ("2026-03-06", Some("conclude"), Concluding),
            ("2026-03-20", Some("reschedule"), Concluding),
            ("2026-03-27", Some("deliver"), Delivered),
        ];
        let said =
            |deadline: Option<&str>, urgency| Schedule { deadline: deadline.map(day), decision_on: None, urgency };
        let mut one = case(&path);
        one.moves[2].schedule = Some(said(Some("2026-03-10"), Urgency::Normal));
        one.moves[6].schedule = Some(said(Some("2026-03-25"), Urgency::Normal));
        (one.row.agreed_by, one.row.agreed_after) = (Some(day("2026-03-25")), Some(6));
        let by = reckoning("2026-06-01");
        // the opinions are due no later than the report, which was agreed for the 10th then
        assert_eq!(was_due(&by, &one, 5, None), Some(day("2026-03-10")));
        assert_eq!(was_due(&by, &one, 7, None), Some(day("2026-03-25")));
        assert_eq!(
            was_due(&by, &one, 2, None),
            Some(day("2026-03-09")),
            "what was agreed later does not count earlier"
        );
    }
}
