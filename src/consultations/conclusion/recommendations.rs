//! Numbers of recommendations, which mean the same in every version, and what is still to be answered. No SQL, no HTTP.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;

use super::forms::RecommendationForm;
use super::model::{ConclusionRow, Recommendation, ReplyRow, last_delivered};
use crate::consultations::reader::Reader;
use crate::kernel::clock::date_in_vietnam;
use crate::say;

/// Most recommendations of a conclusion, withdrawn ones too.
pub const MOST: usize = 100;

/// The recommendations of a draft after a version that went out (or none), numbered: of the first version as they stand; after that
/// who is there keeps its number, who is left out is withdrawn, and new ones get the next numbers.
pub fn numbered(reader: &mut Reader, before: &[Recommendation], wanted: &[RecommendationForm]) -> Vec<Recommendation> {
    if wanted.len() > MOST {
        reader.fault(
            "/recommendations",
            "too_many",
            say!("Tối đa {MOST} kiến nghị.", "At most {MOST} recommendations."),
        );
        return Vec::new();
    }
    let known: HashMap<i32, &Recommendation> = before.iter().map(|one| (one.number, one)).collect();
    let mut kept: HashMap<i32, Recommendation> = HashMap::new();
    let mut new: Vec<Recommendation> = Vec::new();
    let mut next = before.iter().map(|one| one.number).max().unwrap_or(0);
    for (at, form) in wanted.iter().enumerate() {
        let place = format!("/recommendations/{at}");
        let text = reader.needed_text(&format!("{place}/text"), &form.text);
        let Some(old) = form.number.and_then(|number| known.get(&number)) else {
            if !form.withdrawn {
                next += 1;
                new.push(Recommendation { number: next, text, withdrawn: false });
            }
            continue;
        };
        if kept.contains_key(&old.number) {
            let detail = say!("Số này đã có ở trên.", "This number stands above already.");
            reader.fault(&format!("{place}/number"), "duplicate", detail);
            continue;
        }
        if old.withdrawn && !form.withdrawn {
            let detail = say!(
                "Kiến nghị này đã rút; nêu lại thì bỏ số, hệ thống cấp số mới.",
                "This recommendation was withdrawn: give it without a number as a new one.",
            );
            reader.fault(&format!("{place}/number"), "withdrawn", detail);
        }
        let text = if form.withdrawn { old.text.clone() } else { text };
        kept.insert(old.number, Recommendation { number: old.number, text, withdrawn: form.withdrawn });
    }
    let mut all: Vec<Recommendation> = before
        .iter()
        .map(|old| kept.remove(&old.number).unwrap_or_else(|| Recommendation { withdrawn: true, ..old.clone() }))
        .collect();
    all.extend(new);
    all.sort_by_key(|one| one.number);
    all
}

/// The recommendations of a version whose text nobody replied to: new ones, and those that were changed since the last reply.
pub fn open(version: &ConclusionRow, versions: &[ConclusionRow], replies: &[ReplyRow]) -> HashSet<i32> {
    let texts: HashMap<(uuid::Uuid, i32), &str> = versions
        .iter()
        .flat_map(|row| row.content.recommendations.iter().map(move |one| ((row.id, one.number), one.text.as_str())))
        .collect();
    let is_open = |one: &&Recommendation| {
        let last = replies.iter().rfind(|reply| reply.recommendation == one.number);
        let of = last.and_then(|reply| texts.get(&(reply.conclusion_id, one.number)));
        of.is_none_or(|text| *text != one.text)
    };
    version.content.live().filter(is_open).map(|one| one.number).collect()
}

/// The day a correction went out that was the first to say a recommendation as the last one that went out does; none where the report
/// said it already.
pub fn said_anew_on(number: i32, versions: &[ConclusionRow]) -> Option<NaiveDate> {
    let text = |row: &ConclusionRow| row.content.live().find(|one| one.number == number).map(|one| one.text.clone());
    let went_out = || versions.iter().rev().filter_map(|row| Some((row, row.delivered_at?)));
    let now = text(last_delivered(versions)?)?;
    let (first, at) = went_out().take_while(|(row, _)| text(row).as_ref() == Some(&now)).last()?;
    (first.number > 1).then(|| date_in_vietnam(at))
}

/// The day from which the asker has its days to reply again, where a correction asks something new of it. Before any reply that of the
/// last such correction, since one letter replies to all; after that, the first that waits. None where only the report asks, and
/// where nothing waits.
pub fn asked_anew_on(versions: &[ConclusionRow], replies: &[ReplyRow]) -> Option<NaiveDate> {
    let open = open(last_delivered(versions)?, versions, replies);
    let days = open.into_iter().filter_map(|number| said_anew_on(number, versions));
    if replies.is_empty() { days.max() } else { days.min() }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::consultations::conclusion::model::Content;
    use crate::consultations::model::Letter;
    use crate::consultations::words::RecommendationOutcome;

    fn form(number: Option<i32>, text: &str, withdrawn: bool) -> RecommendationForm {
        RecommendationForm { number, text: text.to_owned(), withdrawn }
    }

    fn told(all: &[Recommendation]) -> Vec<(i32, &str, bool)> {
        all.iter().map(|one| (one.number, one.text.as_str(), one.withdrawn)).collect()
    }

    fn read(
        before: &[Recommendation],
        wanted: &[RecommendationForm],
    ) -> Result<Vec<Recommendation>, Vec<(String, &'static str)>> {
        let mut reader = Reader::default();
        let all = numbered(&mut reader, before, wanted);
        reader
            .done(all)
            .map_err(|problem| problem.errors().iter().map(|error| (error.pointer.clone(), error.code)).collect())
    }

    #[test]
    fn numbers_stay_and_what_is_dropped_is_withdrawn() {
        let first = read(&[], &[form(None, "A", false), form(Some(7), "B", false), form(None, "C", false)]).unwrap();
        assert_eq!(told(&first), [(1, "A", false), (2, "B", false), (3, "C", false)], "as they stand");
        let second =
            read(&first, &[form(None, "D", false), form(Some(3), "C mới", false), form(Some(1), "A", false)]).unwrap();
        assert_eq!(told(&second), [(1, "A", false), (2, "B", true), (3, "C mới", false), (4, "D", false)]);
        // what was read may be sent back
        let again: Vec<RecommendationForm> =
            second.iter().map(|one| form(Some(one.number), &one.text, one.withdrawn)).collect();
        assert_eq!(read(&first, &again).unwrap(), second);
        assert_eq!(read(&second, &again).unwrap(), second);
        let third = read(&second, &[form(None, "E", false)]).unwrap();
        assert_eq!(
            told(&third),
            [(1, "A", true), (2, "B", true), (3, "C mới", true), (4, "D", true), (5, "E", false)],
            "no number is given twice"
        );
        for (wanted, place, code) in [
            (vec![form(Some(1), "A", false), form(Some(1), "B", false)], "/recommendations/1/number", "duplicate"),
            (vec![form(Some(2), "B", false)], "/recommendations/0/number", "withdrawn"),
            (vec![form(None, " ", false)], "/recommendations/0/text", "required"),
            (vec![form(None, "x", false); 101], "/recommendations", "too_many"),
        ] {
            assert_eq!(read(&second, &wanted).unwrap_err(), [(place.to_owned(), code)]);
        }
    }

    fn version(at: u128, recommendations: &[Recommendation]) -> ConclusionRow {
        ConclusionRow {
            id: Uuid::from_u128(at),
            version: 1,
            consultation_id: Uuid::nil(),
            number: i32::try_from(at).unwrap(),
            content: Content { recommendations: recommendations.to_vec(), ..Content::default() },
            corrects: None,
            correction_reason: None,
            report: None,
            signed_at: None,
            delivered_at: Some(chrono::DateTime::<Utc>::default()),
            created_at: chrono::DateTime::<Utc>::default(),
            updated_at: chrono::DateTime::<Utc>::default(),
        }
    }

    fn reply(of: u128, recommendation: i32) -> ReplyRow {
        ReplyRow {
            id: Uuid::nil(),
            consultation_id: Uuid::nil(),
            conclusion_id: Uuid::from_u128(of),
            recommendation,
            outcome: RecommendationOutcome::Adopted,
            reason: None,
            document: Letter { number: "1/CV".to_owned(), date: None, issuer: None, signatory: None },
            asked_anew_on: None,
            at: chrono::DateTime::<Utc>::default(),
            actor_id: None,
            actor_role: None,
        }
    }

    #[test]
    fn what_is_new_or_was_changed_is_open_again() {
        let first = read(&[], &[form(None, "A", false), form(None, "B", false), form(None, "C", false)]).unwrap();
        let second =
            read(&first, &[form(Some(1), "A", false), form(Some(2), "B mới", false), form(None, "D", false)]).unwrap();
        let versions = [version(1, &first), version(2, &second)];
        let sorted = |open: HashSet<i32>| {
            let mut open: Vec<i32> = open.into_iter().collect();
            open.sort_unstable();
            open
        };
        let mut replies = vec![];
        assert_eq!(sorted(open(&versions[0], &versions, &replies)), [1, 2, 3]);
        replies.extend([reply(1, 1), reply(1, 2), reply(1, 3)]);
        assert_eq!(sorted(open(&versions[0], &versions, &replies)), Vec::<i32>::new());
        assert_eq!(sorted(open(&versions[1], &versions, &replies)), [2, 4], "not what was withdrawn");
        replies.push(reply(2, 2));
        assert_eq!(sorted(open(&versions[1], &versions, &replies)), [4]);
    }

    #[test]
    fn the_days_to_reply_begin_anew_with_what_a_correction_asks() {
        let out = |at: u128, day: &str, recommendations: &[Recommendation]| ConclusionRow {
            delivered_at: Some(format!("{day}T03:00:00Z").parse().unwrap()),
            ..version(at, recommendations)
        };
        let first = read(&[], &[form(None, "A", false), form(None, "B", false), form(None, "C", false)]).unwrap();
        let second = read(&first, &[form(Some(1), "A", false), form(Some(2), "B mới", false)]).unwrap();
        let third =
            read(&second, &[form(Some(1), "A", false), form(Some(2), "B mới", false), form(None, "D", false)]).unwrap();
        let fourth = read(&third, &[form(Some(1), "A", false), form(Some(4), "D", false)]).unwrap();
        let versions = [
            out(1, "2026-03-02", &first),
            out(2, "2026-03-09", &second),
            out(3, "2026-03-16", &third),
            out(4, "2026-03-23", &fourth),
        ];
        let to_report = [reply(1, 1), reply(1, 2), reply(1, 3)];
        let more = |of: u128, number: i32| [to_report.as_slice(), &[reply(of, number)]].concat();
        for (count, replies, expected) in [
            (1, vec![], None),
            (1, to_report.to_vec(), None),
            // one letter replies to all, so the last question counts
            (2, vec![], Some("2026-03-09")),
            (3, vec![], Some("2026-03-16")),
            (4, vec![], Some("2026-03-16")),
            // after the reply the first one that waits
            (2, to_report.to_vec(), Some("2026-03-09")),
            (3, to_report.to_vec(), Some("2026-03-09")),
            (3, more(2, 2), Some("2026-03-16")),
            (3, [more(2, 2), vec![reply(3, 4)]].concat(), None),
            // what is withdrawn is no question
            (4, to_report.to_vec(), Some("2026-03-16")),
            (4, more(3, 4), None),
        ] {
            let seen = asked_anew_on(&versions[..count], &replies).map(|day| day.to_string());
            assert_eq!(seen.as_deref(), expected, "{count} versions, {} replies", replies.len());
        }
        // a draft asks nothing
        let draft = ConclusionRow { delivered_at: None, ..versions[1].clone() };
        assert_eq!(asked_anew_on(&[versions[0].clone(), draft], &to_report), None);
    }

    /// Drafts one after the other: numbers that are sent, and which are taken back.
    fn rounds() -> impl Strategy<Value = Vec<Vec<(Option<i32>, bool)>>> {
        let one = (proptest::option::of(1..6_i32), any::<bool>());
        proptest::collection::vec(proptest::collection::vec(one, 0..6), 1..5)
    }

    proptest! {
        #[test]
        fn a_number_never_gets_another_meaning(rounds in rounds()) {
            let mut before: Vec<Recommendation> = Vec::new();
            for (round, wanted) in rounds.iter().enumerate() {
                let name = |(at, (number, withdrawn)): (usize, &(Option<i32>, bool))| {
                    form(*number, &format!("{round}-{at}"), *withdrawn)
                };
                let forms: Vec<RecommendationForm> = wanted.iter().enumerate().map(name).collect();
                let Ok(after) = read(&before, &forms) else { continue };
                for old in &before {
                    let now = after.iter().find(|one| one.number == old.number).unwrap();
                    prop_assert!(!old.withdrawn || now == old, "what was withdrawn stays as it was");
                    let kept = forms.iter().any(|form| form.number == Some(old.number) && !form.withdrawn);
                    prop_assert_eq!(now.withdrawn, old.withdrawn || !kept);
                }
                let numbers: Vec<i32> = after.iter().map(|one| one.number).collect();
                prop_assert_eq!(numbers, (1..).take(after.len()).collect::<Vec<i32>>());
                before = after;
            }
        }
    }
}
