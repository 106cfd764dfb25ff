//! What time brings about for somebody on a panel: reminders before and after each date, and silence. Pure.

use chrono::NaiveDate;

use super::dates::Dues;
use crate::consultations::calendar::Calendar;
use crate::consultations::clock::Hand;
use crate::consultations::panel::MemberRow;
use crate::consultations::words::{PanelMemberState, ReminderKind};
use crate::kernel::clock::date_in_vietnam;

/// A reminder that is due, and the day it is about.
pub type Reminder = (ReminderKind, NaiveDate);

/// What is to be done about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The reminder.
    pub reminder: Reminder,
    /// Whether the time to answer is over: the next in line is asked.
    pub silent: bool,
}

/// The reminder about a date on a day: so many working days before it, or after it. Who slept through the days before is only told
/// that it is late.
pub fn reminder(
    calendar: &Calendar,
    (begun, due): (NaiveDate, Hand),
    (soon, late): (ReminderKind, ReminderKind),
    (before, today): (u32, NaiveDate),
) -> Option<Reminder> {
    let due = due.due()?;
    match () {
        () if today > due => Some((late, due)),
        // nobody is reminded on the day they were asked
        () if today > begun && before > 0 && today >= calendar.before(due, before) => Some((soon, due)),
        () => None,
    }
}

/// What is due about somebody who sits.
pub fn due(calendar: &Calendar, row: &MemberRow, dues: &Dues, on: (u32, NaiveDate)) -> Option<Due> {
    use ReminderKind::{AnswerLate, AnswerSoon, DeliverLate, DeliverSoon};
    let asked_on = date_in_vietnam(row.asked_at?);
    match row.state {
        PanelMemberState::Invited => {
            let reminder = reminder(calendar, (asked_on, dues.answer), (AnswerSoon, AnswerLate), on)?;
            Some(Due { reminder, silent: reminder.0 == AnswerLate })
        }
        PanelMemberState::Accepted if row.delivered_at.is_none() => {
            let begun = row.answered_at.map_or(asked_on, date_in_vietnam);
            let reminder = reminder(calendar, (begun, dues.deliver), (DeliverSoon, DeliverLate), on)?;
            Some(Due { reminder, silent: false })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consultations::calendar::tests::{day, vietnam};
    use crate::consultations::words::PanelSeat;
    use crate::kernel::id::new_id;

    fn member(state: PanelMemberState, delivered: bool) -> MemberRow {
        let at = |text: &str| Some(text.parse().unwrap());
        MemberRow {
            state,
            asked_at: at("2026-01-08T03:00:00Z"),
            answered_at: at("2026-01-09T03:00:00Z").filter(|_| state == PanelMemberState::Accepted),
            delivered_at: at("2026-01-20T03:00:00Z").filter(|_| delivered),
            ..MemberRow::chosen(new_id(), new_id(), (PanelSeat::Member, 0))
        }
    }

    #[test]
    fn people_are_reminded_before_and_after_each_date_and_silence_comes_after() {
        use PanelMemberState::{Accepted, Declined, Invited};
        use ReminderKind::{AnswerLate, AnswerSoon, DeliverLate, DeliverSoon};
        let dues = Dues { answer: Hand::Due(day("2026-01-13")), deliver: Hand::Due(day("2026-01-22")) };
        for (state, delivered, today, expected) in [
            (Invited, false, "2026-01-08", None),
            (Invited, false, "2026-01-09", None),
            (Invited, false, "2026-01-12", Some((AnswerSoon, "2026-01-13", false))),
            (Invited, false, "2026-01-13", Some((AnswerSoon, "2026-01-13", false))),
            (Invited, false, "2026-01-14", Some((AnswerLate, "2026-01-13", true))),
            (Accepted, false, "2026-01-14", None),
            (Accepted, false, "2026-01-21", Some((DeliverSoon, "2026-01-22", false))),
            (Accepted, false, "2026-01-23", Some((DeliverLate, "2026-01-22", false))),
            (Accepted, true, "2026-01-23", None),
            (Declined, false, "2026-01-23", None),
        ] {
            let seen = due(&vietnam(), &member(state, delivered), &dues, (1, day(today)));
            let expected = expected.map(|(kind, on, silent)| Due { reminder: (kind, day(on)), silent });
            assert_eq!(seen, expected, "{state:?} {today}");
        }
        // no reminder before, where the setting says so
        assert_eq!(due(&vietnam(), &member(Invited, false), &dues, (0, day("2026-01-13"))), None);
        // what stands still is due on no day
        let stopped = Dues { answer: Hand::Stopped(0), deliver: Hand::Stopped(3) };
        assert_eq!(due(&vietnam(), &member(Invited, false), &stopped, (1, day("2027-01-13"))), None);
    }
}
