//! Which days of a request are possible.

use chrono::NaiveDate;

use super::Reckoning;
use crate::consultations::clock::{earliest, latest};
use crate::consultations::model::Row;
use crate::consultations::reader::Reader;
use crate::consultations::words::Urgency;
use crate::kernel::patch::Change;
use crate::say;

/// Decision, wanted deadline and agreed deadline as a patch has them.
pub type DayChanges = (Change<NaiveDate>, Change<NaiveDate>, Change<NaiveDate>);

/// Takes over the days of a patch.
pub fn put_days(reader: &mut Reader, row: &mut Row, (decision_on, wanted_by, deadline): DayChanges, on: &Reckoning) {
    row.decision_on = match decision_on {
        Change::Keep => row.decision_on,
        Change::Clear => None,
        Change::Set(day) => reader.day_after("/decision_on", Some(day), on.today),
    };
    row.wanted_by = match wanted_by {
        Change::Keep => row.wanted_by,
        Change::Clear => None,
        Change::Set(day) => reader.day_after("/wanted_by", Some(day), on.today),
    };
    row.agreed_by = match deadline {
        Change::Keep => row.agreed_by,
        Change::Clear => None,
        Change::Set(day) => agreed(reader, day, row, on),
    };
}

/// A deadline by agreement: a day that is worked, to come, and before the decision.
pub fn agreed(reader: &mut Reader, day: NaiveDate, row: &Row, on: &Reckoning) -> Option<NaiveDate> {
    let day = reader.day_after("/deadline", Some(day), on.today)?;
    if !on.calendar.is_working(day) {
        let next = on.calendar.after(day, 0);
        let detail = say!(
            "{day} không phải ngày làm việc; ngày làm việc tiếp theo là {next}.",
            "{day} is not a working day; the next one is {next}.",
        );
        reader.fault("/deadline", "not_a_working_day", detail);
    }
    let last = row.decision_on.map(|decision| latest(&on.calendar, &on.limits, decision, on.today));
    if let Some(last) = last.filter(|last| day > *last) {
        let detail = say!(
            "Muộn nhất là {last} để kịp trước ngày quyết định.",
            "{last} at the latest, so that it comes before the decision.",
        );
        reader.fault("/deadline", "too_late", detail);
    }
    Some(day)
}

/// The wanted deadline: not before the earliest that is possible, nor after the decision.
pub fn check_wanted(reader: &mut Reader, row: &Row, on: &Reckoning) {
    let Some(wanted) = row.wanted_by.filter(|wanted| *wanted > on.today) else { return };
    let first = |urgency| earliest(&on.calendar, &on.limits, urgency, on.today);
    let normal = first(row.urgency);
    if wanted < normal {
        let detail = match row.urgency {
            Urgency::Urgent => say!("Sớm nhất có thể là {normal}.", "The earliest possible is {normal}."),
            Urgency::Normal => {
                let urgent = first(Urgency::Urgent);
                say!(
                    "Sớm nhất có thể là {normal}; nếu khẩn (`urgent`) là {urgent}.",
                    "The earliest possible is {normal}; when it is `urgent`, {urgent}.",
                )
            }
        };
        reader.fault("/wanted_by", "too_early", detail);
    }
    if let Some(decision) = row.decision_on.filter(|decision| wanted > *decision) {
        let detail = say!(
            "Muộn hơn ngày dự kiến quyết định ({decision}).",
            "It is later than the planned decision ({decision})."
        );
        reader.fault("/wanted_by", "after_decision", detail);
    }
}

/// Whether there is time enough for a report before the decision: as urgent, or with a word that there is little.
pub fn check_time(reader: &mut Reader, row: &Row, short_time: bool, on: &Reckoning) {
    let Some(decision) = row.decision_on else { return };
    let last = latest(&on.calendar, &on.limits, decision, on.today);
    let (normal, urgent) = (
        earliest(&on.calendar, &on.limits, Urgency::Normal, on.today),
        earliest(&on.calendar, &on.limits, Urgency::Urgent, on.today),
    );
    if last < urgent && !short_time {
        let detail = say!(
            "Báo cáo phải xong trước {last}, sớm hơn cả thời hạn khẩn ({urgent}). Từ chối, hoặc tiếp nhận với `short_time`.",
            "The report is due on {last}, before even an urgent one would be ready ({urgent}). Decline it, or accept it with `short_time`.",
        );
        reader.fault("/short_time", "too_little_time", detail);
    } else if last < normal && row.urgency == Urgency::Normal && !short_time {
        let detail = say!(
            "Báo cáo phải xong trước {last}, sớm hơn thời hạn thường ({normal}). Tiếp nhận là `urgent`.",
            "The report is due on {last}, before a normal one would be ready ({normal}). Accept it as `urgent`.",
        );
        reader.fault("/urgency", "too_little_time", detail);
    }
}
