//! Which days of a request are possible.

use chrono::NaiveDate;

use super::Reckoning;
use crate::consultations::clock::{earliest, latest};
use crate::consultations::model::{Case, Row};
use crate::consultations::reader::Reader;
use crate::consultations::verbs::RescheduleForm;
use crate::consultations::words::{ConsultationState, Urgency};
use crate::kernel::patch::Change;
use crate::say;

/// Decision and wanted deadline as a patch has them.
pub type DayChanges = (Change<NaiveDate>, Change<NaiveDate>);

/// Takes over the days of a patch.
pub fn put_days(reader: &mut Reader, row: &mut Row, (decision_on, wanted_by): DayChanges, on: &Reckoning) {
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
}

/// Takes over a new schedule of what was accepted: the decision first, for the deadline comes before it.
pub fn reschedule(reader: &mut Reader, case: &Case, form: RescheduleForm, on: &Reckoning) -> Row {
    let mut row = case.row.clone();
    row.urgency = form.urgency.unwrap_or(row.urgency);
    if form.decision_on.is_some() {
        row.decision_on = reader.day_after("/decision_on", form.decision_on, on.today);
    }
    let stands_still = case.row.state == ConsultationState::Suspended;
    if stands_still && !form.deadline.is_keep() {
        let detail = say!(
            "Đang tạm dừng: tiếp tục trước, rồi thống nhất thời hạn.",
            "It is suspended: resume it, then agree on a deadline."
        );
        reader.fault("/deadline", "not_now", detail);
    }
    match form.deadline {
        Change::Keep => {
            // what was agreed may be too late for another decision
            if let Some(day) = row.agreed_by.filter(|_| row.decision_on != case.row.decision_on) {
                check_before_decision(reader, day, &row, on);
            }
        }
        Change::Clear => row.agree(None, &case.moves),
        Change::Set(day) => {
            let day = agreed(reader, day, &row, on);
            row.agree(day, &case.moves);
        }
    }
    if row.schedule() == case.row.schedule() {
        let detail = say!(
            "Nêu `deadline`, `decision_on` hoặc `urgency` mới.",
            "Give another `deadline`, `decision_on` or `urgency`.",
        );
        reader.fault("/deadline", "required", detail);
    }
    row
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
    check_before_decision(reader, day, row, on);
    Some(day)
}

/// An agreed deadline: early enough for the decision.
fn check_before_decision(reader: &mut Reader, day: NaiveDate, row: &Row, on: &Reckoning) {
    let last = row.decision_on.map(|decision| latest(&on.calendar, &on.limits, decision, on.today));
    if let Some(last) = last.filter(|last| day > *last) {
        let detail = say!(
            "Muộn nhất là {last} để kịp trước ngày quyết định; nếu việc quyết định lùi lại, nêu `decision_on` mới.",
            "{last} at the latest, so that it comes before the decision; where that is put off, give the new `decision_on`.",
        );
        reader.fault("/deadline", "too_late", detail);
    }
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
    if decision <= on.today {
        let detail = say!(
            "Ngày dự kiến quyết định ({decision}) đã đến hoặc đã qua: từ chối, hoặc yêu cầu bổ sung để cơ quan nêu ngày mới.",
            "The planned decision ({decision}) is today or over: decline it, or ask the asker for another day.",
        );
        reader.fault("/decision_on", "in_the_past", detail);
        return;
    }
    let last = latest(&on.calendar, &on.limits, decision, on.today);
    let (normal, urgent) = (
        earliest(&on.calendar, &on.limits, Urgency::Normal, on.today),
        earliest(&on.calendar, &on.limits, Urgency::Urgent, on.today),
    );
    if last < urgent && !short_time {
        let detail = say!(
            "Báo cáo phải xong chậm nhất ngày {last}, sớm hơn cả thời hạn khẩn ({urgent}). Từ chối, hoặc tiếp nhận với `short_time`.",
            "The report is due on {last}, before even an urgent one would be ready ({urgent}). Decline it, or accept it with `short_time`.",
        );
        reader.fault("/short_time", "too_little_time", detail);
    } else if last < normal && row.urgency == Urgency::Normal && !short_time {
        let detail = say!(
            "Báo cáo phải xong chậm nhất ngày {last}, sớm hơn thời hạn thường ({normal}). Tiếp nhận là `urgent`.",
            "The report is due on {last}, before a normal one would be ready ({normal}). Accept it as `urgent`.",
        );
        reader.fault("/urgency", "too_little_time", detail);
    }
}
