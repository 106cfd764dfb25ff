use super::*;
use crate::consultations::words::{PanelMemberState, PanelSeat};
use chrono::{DateTime, Utc};
use serde_json::json;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn noon(date: &str) -> DateTime<Utc> {
    format!("{date}T05:00:00Z").parse().unwrap()
}

/// Somebody who was asked on a day and left on another.
fn member(number: u128, rank: i16, asked: Option<&str>, left: Option<&str>) -> MemberRow {
    let state = if left.is_some() { PanelMemberState::Released } else { PanelMemberState::Accepted };
    let row = json!({ "id": id(number), "consultation_id": id(0), "expert_id": id(number), "seat": PanelSeat::Member, "rank": rank,
        "state": state, "reasons": [], "asked_at": asked.map(noon), "ended_at": left.map(noon), "created_at": noon("2026-03-01") });
    serde_json::from_value(row).unwrap()
}

fn came(number: u128, present: bool) -> MeetingAttendance {
    MeetingAttendance { member_id: id(number), present, note: None }
}

fn vote(in_favour: u16, against: u16, abstained: u16) -> MeetingVote {
    MeetingVote { question: "Thông qua".to_owned(), in_favour, against, abstained }
}

fn faults(read: impl FnOnce(&mut Reader)) -> Vec<(String, &'static str)> {
    let mut reader = Reader::default();
    read(&mut reader);
    let problem = reader.done(()).err();
    problem.iter().flat_map(|problem| problem.errors()).map(|error| (error.pointer.clone(), error.code)).collect()
}

/// Three who sit, the third with an open conflict, and a fourth who came later.
fn panel() -> Vec<Attendee> {
    let one = |number: u128, is_expected, votes| Attendee {
        member_id: id(number),
        name: number.to_string(),
        is_expected,
        votes,
    };
    vec![one(1, true, true), one(2, true, true), one(3, true, false), one(4, false, true)]
}

#[test]
fn who_sat_on_the_day_may_be_named_and_who_had_been_asked_must_be() {
    for (row, expected) in [
        (member(1, 0, Some("2026-03-02"), None), Some(true)),
        (member(1, 0, Some("2026-03-10"), None), Some(true)),
        (member(1, 0, Some("2026-03-11"), None), None),
        (member(1, 0, Some("2026-03-02"), Some("2026-03-11")), Some(false)),
        (member(1, 0, Some("2026-03-02"), Some("2026-03-10")), Some(false)),
        (member(1, 0, Some("2026-03-02"), Some("2026-03-09")), None),
        (member(1, 1, Some("2026-03-02"), None), None),
        (member(1, 0, None, None), None),
    ] {
        let seen = attendee(&row, String::new(), ConflictOutcome::None, day("2026-03-10"));
        assert_eq!(seen.map(|one| one.is_expected), expected, "{row:?}");
    }
    for outcome in ConflictOutcome::ALL {
        let seen = attendee(&member(1, 0, Some("2026-03-02"), None), String::new(), *outcome, day("2026-03-10"));
        assert_eq!(seen.is_some_and(|one| one.votes), may_sit(*outcome), "{outcome:?}");
    }
}

#[test]
fn only_the_panel_is_named_each_once() {
    let told = |list: &[MeetingAttendance]| faults(|reader| check_attendance(reader, list, &panel()));
    assert_eq!(told(&[came(1, true), came(2, false), came(4, true)]), []);
    let unknown = ("/attendance/1/member_id".to_owned(), "unknown_reference");
    assert_eq!(told(&[came(1, true), came(9, true)]), [unknown]);
    let twice = ("/attendance/1/member_id".to_owned(), "duplicate");
    assert_eq!(told(&[came(1, true), came(1, false)]), [twice]);
}

#[test]
fn votes_add_up_to_no_more_than_those_who_came_and_vote() {
    for (list, expected) in [
        (vec![], 0),
        (vec![came(1, true)], 1),
        (vec![came(1, true), came(2, false)], 1),
        // an open conflict has no vote
        (vec![came(1, true), came(2, true), came(3, true)], 2),
        (vec![came(1, true), came(2, true), came(3, true), came(4, true)], 3),
        (vec![came(9, true)], 0),
    ] {
        let seen = voters(&list, &panel());
        assert_eq!(seen, expected, "{list:?}");
        for in_favour in 0..5 {
            for against in 0..5 {
                for abstained in 0..5 {
                    let cast = usize::from(in_favour + against + abstained);
                    let told = faults(|reader| check_votes(reader, &[vote(in_favour, against, abstained)], seen));
                    let expected = (cast > seen).then(|| ("/votes/0".to_owned(), "too_many_votes"));
                    assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{cast} of {seen}");
                }
            }
        }
    }
    assert_eq!(vote(u16::MAX, u16::MAX, u16::MAX).cast(), 3 * 65_535);
}

#[test]
fn minutes_are_signed_when_nothing_is_missing() {
    let all = || vec![came(1, true), came(2, true), came(3, false)];
    for (attendance, votes, minutes, expected) in [
        (all(), vec![vote(1, 1, 0)], Some("Nội dung"), vec![]),
        (all(), vec![], Some("Nội dung"), vec![]),
        (all(), vec![], None, vec!["/minutes"]),
        (vec![came(1, true)], vec![], Some("Nội dung"), vec!["/attendance"]),
        (vec![came(1, false), came(2, false), came(3, false)], vec![], Some("Nội dung"), vec!["/attendance"]),
        (all(), vec![vote(2, 0, 0), vote(2, 1, 0)], Some("Nội dung"), vec!["/votes/1"]),
        (vec![], vec![vote(1, 0, 0)], None, vec!["/attendance", "/votes/0", "/minutes"]),
    ] {
        let row = MeetingRow {
            id: id(7),
            version: 1,
            consultation_id: id(0),
            number: 1,
            held_on: day("2026-03-10"),
            place: "Hội trường".to_owned(),
            attendance,
            votes,
            minutes: minutes.map(str::to_owned),
            signed_at: None,
            created_at: noon("2026-03-10"),
            updated_at: noon("2026-03-10"),
        };
        let places: Vec<String> =
            faults(|reader| check_whole(reader, &row, &panel())).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, expected, "{row:?}");
    }
}
