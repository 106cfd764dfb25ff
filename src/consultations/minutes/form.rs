//! Reading of a meeting as it is sent, fault by fault.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{MeetingAttendance, MeetingVote};
use crate::consultations::reader::Reader;
use crate::say;

/// Most people of a list, and most votes of a meeting.
const MOST_NAMED: usize = 100;
const MOST_VOTES: usize = 50;

/// A meeting of the panel.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "held_on": "2026-03-20", "place": "Hội trường Liên hiệp hội",
    "attendance": [{"member_id": "0190c0de-0000-7000-8000-000000000001", "present": true}],
    "votes": [{"question": "Thông qua dự thảo báo cáo", "for": 1, "against": 0, "abstained": 0}],
    "minutes": "Chủ tịch khai mạc; các ủy viên trình bày ý kiến."
}))]
pub struct MeetingForm {
    /// The day it was held.
    pub held_on: NaiveDate,
    /// Where.
    #[schema(min_length = 1, max_length = 300)]
    place: String,
    /// Who of the panel came, and who did not.
    #[serde(default)]
    #[schema(max_items = 100)]
    attendance: Vec<MeetingAttendance>,
    /// What was voted on.
    #[serde(default)]
    #[schema(max_items = 50)]
    votes: Vec<MeetingVote>,
    /// The minutes.
    #[serde(default)]
    #[schema(max_length = 20000)]
    minutes: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    pub held_on: NaiveDate,
    pub place: String,
    pub attendance: Vec<MeetingAttendance>,
    pub votes: Vec<MeetingVote>,
    pub minutes: Option<String>,
}

/// Reads a meeting; who is named and how many vote is looked at apart.
pub fn read(reader: &mut Reader, form: MeetingForm, today: NaiveDate) -> Read {
    let held_on = reader.day("/held_on", Some(form.held_on)).unwrap_or_default();
    if held_on > today {
        let detail = say!(
            "Cuộc họp chưa diễn ra (hôm nay là {today}); ghi biên bản sau khi họp.",
            "That meeting is yet to come (today is {today}): minutes are entered once it was held."
        );
        reader.fault("/held_on", "in_the_future", detail);
    }
    let place = reader.needed("/place", Some(&form.place));
    let mut most = |pointer: &str, count: usize, most: usize| {
        if count > most {
            reader.fault(pointer, "too_many", say!("Tối đa {most} mục.", "At most {most} items."));
        }
        count <= most
    };
    let (named, voted) =
        (most("/attendance", form.attendance.len(), MOST_NAMED), most("/votes", form.votes.len(), MOST_VOTES));
    let attendance = if named { attendance(reader, form.attendance) } else { Vec::new() };
    let votes = if voted { votes(reader, form.votes) } else { Vec::new() };
    let minutes = reader.long_text("/minutes", form.minutes.as_deref());
    Read { held_on, place, attendance, votes, minutes }
}

fn attendance(reader: &mut Reader, forms: Vec<MeetingAttendance>) -> Vec<MeetingAttendance> {
    let mut read = Vec::new();
    for (at, form) in forms.into_iter().enumerate() {
        let note = reader.note(&format!("/attendance/{at}/note"), form.note.as_deref());
        read.push(MeetingAttendance { note, ..form });
    }
    read
}

fn votes(reader: &mut Reader, forms: Vec<MeetingVote>) -> Vec<MeetingVote> {
    let mut read = Vec::new();
    for (at, form) in forms.into_iter().enumerate() {
        let place = format!("/votes/{at}/question");
        let question = reader.note(&place, Some(&form.question));
        let question = reader.required(&place, question, say!("Nêu nội dung biểu quyết.", "Say what was voted on."));
        read.push(MeetingVote { question: question.unwrap_or_default(), ..form });
    }
    read
}
