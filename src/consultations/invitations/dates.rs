//! Until when somebody is to answer an invitation and to hand in an opinion. Reckoned, never kept: by the day they were asked, the
//! calendar, the settings and the times the consultation was suspended. Pure.

use chrono::{DateTime, NaiveDate, Utc};

use crate::consultations::calendar::Calendar;
use crate::consultations::clock::{Course, Hand, report_hand, run, suspensions};
use crate::consultations::panel::MemberRow;
use crate::consultations::settings::{Days, Limits};
use crate::kernel::clock::date_in_vietnam;

/// A day that was agreed with somebody instead of the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The day.
    pub by: NaiveDate,
    /// When it was agreed; suspensions after that move it.
    pub on: NaiveDate,
}

/// Since when somebody is asked, and what was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The day they were asked.
    pub on: NaiveDate,
    /// The day for the answer that was agreed.
    pub answer: Option<Agreed>,
    /// The day for the opinion that was agreed.
    pub deliver: Option<Agreed>,
}

impl Asked {
    /// Of a seat; none for who was not asked.
    pub fn of(row: &MemberRow) -> Option<Self> {
        let on = date_in_vietnam(row.asked_at?);
        let agreed = |by: Option<NaiveDate>, at: Option<DateTime<Utc>>| {
            by.map(|by| Agreed { by, on: at.map_or(on, date_in_vietnam) })
        };
        let answer = agreed(row.agreed_answer_by, row.agreed_answer_at);
        let deliver = agreed(row.agreed_deliver_by, row.agreed_deliver_at);
        Some(Self { on, answer, deliver })
    }
}

/// Until when somebody answers and delivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dues {
    /// The answer: so many working days after they were asked.
    pub answer: Hand,
    /// The opinion: so many working days after they were asked, and no later than the report.
    pub deliver: Hand,
}

/// By what days are reckoned.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// Which days are worked.
    pub calendar: &'a Calendar,
    /// How long each step may take.
    pub limits: &'a Limits,
    /// The consultation.
    pub course: &'a Course<'a>,
}

/// Until when that is.
pub fn dues(by: &By<'_>, asked: &Asked) -> Dues {
    let usual = |days: Days| by.calendar.after(asked.on, by.limits.on(days, asked.on));
    let hand = |agreed: Option<Agreed>, days: Days| {
        let (due, since) = agreed.map_or((usual(days), asked.on), |agreed| (agreed.by, agreed.on));
        run(by.calendar, due, None, &suspensions(by.course, since))
    };
    let report = report_hand(by.calendar, by.limits, by.course);
    // a report that was due before they were asked says nothing of them
    let report = report.filter(|hand| hand.due().is_none_or(|day| day >= asked.on));
    Dues { answer: hand(asked.answer, Days::Answer), deliver: hand(asked.deliver, Days::Opinion).no_later_than(report) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consultations::calendar::tests::{day, vietnam};
    use crate::consultations::clock::Tick;
    use crate::consultations::state::Verb;
    use crate::consultations::words::{ConsultationState, Urgency};

    fn tick(on: &str, verb: Verb, to: ConsultationState) -> Tick {
        Tick { on: day(on), verb: Some(verb), to }
    }

    fn reckoned(moves: &[Tick], asked: &Asked, decision: Option<&str>) -> Dues {
        let state = moves.last().map_or(ConsultationState::Draft, |tick| tick.to);
        let decision_on = decision.map(day);
        let course = Course { moves, state, urgency: Urgency::Normal, decision_on, agreed: None, asked_anew_on: None };
        dues(&By { calendar: &vietnam(), limits: &Limits::default(), course: &course }, asked)
    }

    fn asked(on: &str) -> Asked {
        Asked { on: day(on), answer: None, deliver: None }
    }

    /// Accepted and approved in good time, then what is given.
    fn course(more: &[Tick]) -> Vec<Tick> {
        use ConsultationState::{Accepted, InReview};
        let first = [tick("2026-01-05", Verb::Accept, Accepted), tick("2026-01-08", Verb::ApprovePanel, InReview)];
        [&first[..], more].concat()
    }

    #[test]
    fn answers_are_due_in_three_working_days_and_opinions_in_ten() {
        for (on, answer, deliver) in [
            // a Thursday; Saturday the 10th is worked in exchange
            ("2026-01-08", "2026-01-12", "2026-01-21"),
            // before Tết of 2026, which is off from 14 to 22 February; the report was due before they were asked
            ("2026-02-12", "2026-02-24", "2026-03-05"),
        ] {
            let seen = reckoned(&course(&[]), &asked(on), None);
            assert_eq!(seen.answer, Hand::Due(day(answer)), "{on}");
            // the report is due on 2026-01-30, twenty working days after it was accepted
            assert_eq!(seen.deliver, Hand::Due(day(deliver)), "{on}");
        }
    }

    #[test]
    fn while_it_is_suspended_nobody_is_late_and_then_the_days_left_count() {
        use ConsultationState::{InReview, Suspended};
        let stopped = course(&[tick("2026-01-09", Verb::Suspend, Suspended)]);
        assert_eq!(reckoned(&stopped, &asked("2026-01-08"), None).answer, Hand::Stopped(2));
        let resumed = [stopped.clone(), vec![tick("2026-01-19", Verb::Resume, InReview)]].concat();
        assert_eq!(reckoned(&resumed, &asked("2026-01-08"), None).answer, Hand::Due(day("2026-01-21")));
        // who is asked while it stands still has all their days then
        assert_eq!(reckoned(&stopped, &asked("2026-01-12"), None).answer, Hand::Stopped(3));
        assert_eq!(reckoned(&resumed, &asked("2026-01-12"), None).answer, Hand::Due(day("2026-01-22")));
        // who is asked later is not concerned
        assert_eq!(reckoned(&resumed, &asked("2026-01-20"), None).answer, Hand::Due(day("2026-01-23")));
    }

    #[test]
    fn what_is_agreed_on_one_day_leaves_the_other_where_it_was() {
        use ConsultationState::{InReview, Suspended};
        let moves = course(&[tick("2026-01-09", Verb::Suspend, Suspended), tick("2026-01-19", Verb::Resume, InReview)]);
        let answer = Some(Agreed { by: day("2026-01-13"), on: day("2026-01-08") });
        let alone = Asked { on: day("2026-01-08"), answer, deliver: None };
        let deliver = Some(Agreed { by: day("2026-02-06"), on: day("2026-01-20") });
        let both = Asked { deliver, ..alone };
        assert_eq!(reckoned(&moves, &both, None).answer, reckoned(&moves, &alone, None).answer);
        assert_eq!(reckoned(&moves, &both, None).deliver, Hand::Due(day("2026-02-06")));
    }

    #[test]
    fn what_was_agreed_holds_and_the_report_waits_for_nobody() {
        let on = day("2026-01-09");
        let one = |by: Option<&str>| by.map(|by| Agreed { by: day(by), on });
        let agreed = |answer: Option<&str>, deliver: Option<&str>| Asked {
            on: day("2026-01-08"),
            answer: one(answer),
            deliver: one(deliver),
        };
        let seen = reckoned(&course(&[]), &agreed(Some("2026-01-16"), Some("2026-01-28")), None);
        assert_eq!((seen.answer, seen.deliver), (Hand::Due(day("2026-01-16")), Hand::Due(day("2026-01-28"))));
        let seen = reckoned(&course(&[]), &agreed(None, Some("2026-03-30")), None);
        assert_eq!((seen.answer, seen.deliver), (Hand::Due(day("2026-01-12")), Hand::Due(day("2026-01-30"))));
        // five working days before a decision
        let seen = reckoned(&course(&[]), &agreed(None, None), Some("2026-01-22"));
        assert_eq!(seen.deliver, Hand::Due(day("2026-01-15")));
    }
}
