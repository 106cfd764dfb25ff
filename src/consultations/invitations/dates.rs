//! Until when somebody is to answer an invitation and to hand in an opinion. Reckoned, never kept: by the day they were asked, the
//! calendar, the settings and the times the consultation was suspended. Pure.

use chrono::NaiveDate;

use crate::consultations::calendar::Calendar;
use crate::consultations::clock::{Course, Hand, report_hand, run, suspensions};
use crate::consultations::panel::MemberRow;
use crate::consultations::settings::{Days, Limits};
use crate::kernel::clock::date_in_vietnam;

/// Days that were agreed with somebody instead of the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreed {
    /// When that was agreed; suspensions after it move the days.
    pub on: Option<NaiveDate>,
    /// For the answer.
    pub answer_by: Option<NaiveDate>,
    /// For the opinion.
    pub deliver_by: Option<NaiveDate>,
}

/// Since when somebody is asked, and what was agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The day they were asked.
    pub on: NaiveDate,
    /// What was agreed.
    pub agreed: Agreed,
}

impl Asked {
    /// Of a seat; none for who was not asked.
    pub fn of(row: &MemberRow) -> Option<Self> {
        let agreed = Agreed {
            on: row.agreed_at.map(date_in_vietnam),
            answer_by: row.agreed_answer_by,
            deliver_by: row.agreed_deliver_by,
        };
        row.asked_at.map(|at| Self { on: date_in_vietnam(at), agreed })
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
    let hand = |agreed: Option<NaiveDate>, days: Days| {
        let (due, since) = agreed.map_or((usual(days), asked.on), |day| (day, asked.agreed.on.unwrap_or(asked.on)));
        run(by.calendar, due, None, &suspensions(by.course, since))
    };
    let report = report_hand(by.calendar, by.limits, by.course);
    Dues {
        answer: hand(asked.agreed.answer_by, Days::Answer),
        deliver: hand(asked.agreed.deliver_by, Days::Opinion).no_later_than(report),
    }
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
        let course = Course { moves, state, urgency: Urgency::Normal, decision_on, agreed: None };
        dues(&By { calendar: &vietnam(), limits: &Limits::default(), course: &course }, asked)
    }

    fn asked(on: &str) -> Asked {
        Asked { on: day(on), agreed: Agreed::default() }
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
            // before Tết of 2026, which is off from 14 to 22 February
            ("2026-02-12", "2026-02-24", "2026-01-30"),
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
    fn what_was_agreed_holds_and_the_report_waits_for_nobody() {
        let agreed = |answer: Option<&str>, deliver: Option<&str>| Asked {
            on: day("2026-01-08"),
            agreed: Agreed { on: Some(day("2026-01-09")), answer_by: answer.map(day), deliver_by: deliver.map(day) },
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
