//! Who may be named in minutes, who votes, and what is missing before they are signed. No SQL, no HTTP.

use std::collections::HashSet;

use chrono::NaiveDate;
use uuid::Uuid;

use super::model::{MeetingAttendance, MeetingRow, MeetingVote};
use crate::consultations::panel::may_sit;
use crate::consultations::panel::model::MemberRow;
use crate::consultations::reader::Reader;
use crate::consultations::words::ConflictOutcome;
use crate::kernel::clock::date_in_vietnam;
use crate::say;

/// Somebody of the panel, as far as a meeting on a day goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// The seat.
    pub member_id: Uuid,
    /// The name, for words.
    pub name: String,
    /// Whether minutes must say if the person came: they had been asked by then, and sit.
    pub is_expected: bool,
    /// Whether the person votes: no conflict of interest is open.
    pub votes: bool,
}

/// Somebody of the panel for a meeting on a day; none of who had left by then, or never sat.
pub fn attendee(row: &MemberRow, name: String, outcome: ConflictOutcome, held_on: NaiveDate) -> Option<Attendee> {
    let sat = row.rank == 0 && row.asked_at.is_some_and(|at| date_in_vietnam(at) <= held_on);
    let stays = row.sits() || row.ended_at.is_some_and(|at| date_in_vietnam(at) >= held_on);
    let is_expected = row.sits();
    (sat && stays).then(|| Attendee { member_id: row.id, name, is_expected, votes: may_sit(outcome) })
}

/// That only people of the panel are named, each once.
pub fn check_attendance(reader: &mut Reader, attendance: &[MeetingAttendance], panel: &[Attendee]) {
    let mut seen: HashSet<Uuid> = HashSet::new();
    for (at, one) in attendance.iter().enumerate() {
        let place = format!("/attendance/{at}/member_id");
        if !panel.iter().any(|member| member.member_id == one.member_id) {
            let detail = say!(
                "Không phải thành viên hội đồng vào ngày họp; nêu id của ghế.",
                "Nobody of the panel on the day of the meeting: give the id of a seat."
            );
            reader.fault(&place, "unknown_reference", detail);
        } else if !seen.insert(one.member_id) {
            reader.fault(&place, "duplicate", say!("Nêu hai lần; bỏ một.", "Named twice; leave one out."));
        }
    }
}

/// How many of those who came vote.
pub fn voters(attendance: &[MeetingAttendance], panel: &[Attendee]) -> usize {
    let came = |member: &&Attendee| attendance.iter().any(|one| one.present && one.member_id == member.member_id);
    panel.iter().filter(|member| member.votes).filter(came).count()
}

/// That no more votes were cast than there were voters.
pub fn check_votes(reader: &mut Reader, votes: &[MeetingVote], voters: usize) {
    for (at, vote) in votes.iter().enumerate() {
        let cast = vote.cast();
        if cast > voters {
            let detail = say!(
                "Có {cast} phiếu, nhưng chỉ {voters} người có mặt được biểu quyết (người có xung đột lợi ích không biểu quyết).",
                "{cast} votes were cast, but {voters} of those who came vote: who has an open conflict of interest does not."
            );
            reader.fault(&format!("/votes/{at}"), "too_many_votes", detail);
        }
    }
}

/// That minutes can be signed: of everybody it is said whether they came, the votes still add up, and there is a text.
pub fn check_whole(reader: &mut Reader, row: &MeetingRow, panel: &[Attendee]) {
    let is_said = |member: &&Attendee| row.attendance.iter().any(|one| one.member_id == member.member_id);
    let missing: Vec<&str> = panel
        .iter()
        .filter(|member| member.is_expected && !is_said(member))
        .map(|member| member.name.as_str())
        .collect();
    if !missing.is_empty() {
        let names = missing.join(", ");
        let detail =
            say!("Chưa ghi có mặt hay vắng mặt: {names}.", "It is not said whether these people came: {names}.");
        reader.fault("/attendance", "required", detail);
    } else if !row.attendance.iter().any(|one| one.present) {
        reader.fault("/attendance", "required", say!("Ghi ai có mặt.", "Say who came."));
    }
    check_votes(reader, &row.votes, voters(&row.attendance, panel));
    if row.minutes.is_none() {
        reader.fault("/minutes", "required", say!("Ghi nội dung biên bản.", "Write the minutes."));
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
