//! What an expert is worth for a request: one number from 0 to 1 out of parts that can be told. Pure.
//!
//! What somebody knows decides: text and fields add up. All else only scales that, so that nobody comes to a request by rank or by
//! leisure alone. Each part is monotone: more of a good thing never lowers a score.

use chrono::NaiveDate;

use super::load::Load;
use super::store::Away;
use crate::experts::model::Unavailability;

/// What the texts weigh beside the fields. A field says what somebody's subject is, in 46 groups or some 330 fields; texts say
/// what they did in it, and tell those of one field apart.
pub const TEXT: f64 = 0.6;
/// What the fields weigh beside the texts.
pub const FIELDS: f64 = 0.4;
/// A mean cosine of this is worth half of what texts can bring, about: on held-out papers it parts the authors of the subject from
/// the others (docs/matching.md).
const HALF: f64 = 0.15;

/// How much each of the other parts takes off at most.
pub const QUALIFICATION: f64 = 0.15;
/// Of who has as much as they take.
pub const LOAD: f64 = 0.2;
/// Of who was asked today.
pub const ROTATION: f64 = 0.1;
/// Of who declined whatever they were asked.
pub const RELIABILITY: f64 = 0.15;
/// Of who is away all the time.
pub const AVAILABILITY: f64 = 0.7;
/// What is left of who has as much as they take, beside the rest: they are shown below those who have room.
pub const FULL: f64 = 0.5;
/// What is left of who does not take work of this kind.
pub const OTHER_KIND: f64 = 0.5;

/// Days after which it no longer matters that somebody was asked.
const RESTED: f64 = 180.0;
/// Of the ranks of a doctor of science and of a full professor in `academic_titles`.
const HIGHEST_DEGREE: f64 = 70.0;
const HIGHEST_RANK: f64 = 20.0;

/// What a mean cosine is worth, 0 to 1.
pub fn text(mean: f32) -> f64 {
    let mean = f64::from(mean).clamp(0.0, 1.0);
    mean * (1.0 + HALF) / (mean + HALF)
}

/// What degree and academic rank are worth, by their ranks in `academic_titles`, 0 to 1.
pub fn qualification(degree: i16, academic_rank: i16) -> f64 {
    let share = |rank: i16, highest: f64| (f64::from(rank) / highest).clamp(0.0, 1.0);
    0.7 * share(degree, HIGHEST_DEGREE) + 0.3 * share(academic_rank, HIGHEST_RANK)
}

/// How much room is left, 0 to 1, for somebody who takes so many at a time.
pub fn room(now: u32, cap: u32) -> f64 {
    if cap == 0 { 0.0 } else { 1.0 - (f64::from(now) / f64::from(cap)).min(1.0) }
}

/// How long somebody was left in peace, 0 (asked today) to 1.
#[expect(clippy::cast_precision_loss, reason = "days")]
pub fn rest(days_since_asked: Option<i64>) -> f64 {
    days_since_asked.map_or(1.0, |days| (days.max(0) as f64 / RESTED).min(1.0))
}

/// How likely somebody says yes, 0 to 1: of one or two answers little is made.
pub fn reliability(asked: u32, declined: u32) -> f64 {
    1.0 - f64::from(declined.min(asked)) / (f64::from(asked) + 2.0)
}

/// Whether somebody is there from today until a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// On every day.
    Throughout,
    /// Away for some of the days: so many of how many.
    Partly {
        /// Days away.
        away: i64,
        /// Days in all.
        of: i64,
    },
    /// Away on every day.
    Away,
    /// Finishes what was begun and takes nothing new.
    NothingNew,
}

impl Presence {
    /// Of the times stated, from one day to another.
    pub fn of(times: &[Away], from: NaiveDate, to: NaiveDate) -> Self {
        let holds = |day: NaiveDate, (_, first, last): &Away| *first <= day && last.is_none_or(|last| day <= last);
        if times.iter().any(|time| time.0 == Unavailability::NoNewWork && holds(from, time)) {
            return Self::NothingNew;
        }
        let of = (to - from).num_days().max(0) + 1;
        let days = |(kind, first, last): &Away| match kind {
            Unavailability::Unavailable => {
                (last.unwrap_or(to).min(to) - (*first).max(from)).num_days().saturating_add(1).max(0)
            }
            Unavailability::NoNewWork => 0,
        };
        // no two of them share a day
        match times.iter().map(days).sum::<i64>().min(of) {
            0 => Self::Throughout,
            away if away == of => Self::Away,
            away => Self::Partly { away, of },
        }
    }

    /// The share of the days, 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "days")]
    pub fn share(self) -> f64 {
        match self {
            Self::Throughout => 1.0,
            Self::Partly { away, of } => 1.0 - away as f64 / of.max(1) as f64,
            Self::Away | Self::NothingNew => 0.0,
        }
    }

    /// True for who can take part: there on half of the days at least, and taking new work.
    pub fn can_take_part(self) -> bool {
        self.share() >= 0.5
    }
}

/// The parts of a score, 0 to 1 each, 1 being the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parts {
    /// Texts.
    pub text: f64,
    /// Fields; none where the request names none.
    pub fields: Option<f64>,
    /// Degree and academic rank.
    pub qualification: f64,
    /// Room for more.
    pub room: f64,
    /// Time since they were asked.
    pub rest: f64,
    /// Readiness.
    pub reliability: f64,
    /// Days they are there.
    pub presence: f64,
    /// As much as they take.
    pub full: bool,
    /// Takes work of this kind.
    pub takes_kind: bool,
}

/// What of a part is left that takes off so much at most.
pub fn factor(part: f64, most: f64) -> f64 {
    1.0 - most * (1.0 - part.clamp(0.0, 1.0))
}

impl Parts {
    /// What they know of the subject, 0 to 1. Where a request names no fields, the texts alone say.
    pub fn knowledge(&self) -> f64 {
        self.fields.map_or(self.text, |fields| TEXT * self.text + FIELDS * fields)
    }

    /// The score, 0 to 1.
    pub fn score(&self) -> f64 {
        let scaled = self.knowledge()
            * factor(self.qualification, QUALIFICATION)
            * factor(self.room, LOAD)
            * factor(self.rest, ROTATION)
            * factor(self.reliability, RELIABILITY)
            * factor(self.presence, AVAILABILITY)
            * if self.full { FULL } else { 1.0 }
            * if self.takes_kind { 1.0 } else { OTHER_KIND };
        scaled.clamp(0.0, 1.0)
    }
}

impl Load {
    /// How much room is left for who takes no more than usual, where they did not say.
    pub fn room(&self, usual: u32) -> f64 {
        room(self.now, self.cap.unwrap_or(usual))
    }

    /// True for who has as much as they said they take.
    pub fn is_full(&self) -> bool {
        self.cap.is_some_and(|cap| self.now >= cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn presence_is_counted_in_days() {
        use Unavailability::{NoNewWork, Unavailable};
        let (from, to) = (day("2026-03-02"), day("2026-03-11"));
        for (times, expected) in [
            (vec![], Presence::Throughout),
            (vec![(Unavailable, "2026-03-01", Some("2026-03-03"))], Presence::Partly { away: 2, of: 10 }),
            (vec![(Unavailable, "2026-03-11", None)], Presence::Partly { away: 1, of: 10 }),
            (vec![(Unavailable, "2026-01-01", None)], Presence::Away),
            (vec![(Unavailable, "2026-03-02", Some("2026-03-06")), (Unavailable, "2026-03-07", None)], Presence::Away),
            (vec![(NoNewWork, "2026-03-02", None)], Presence::NothingNew),
            // what was begun before is finished
            (vec![(NoNewWork, "2026-03-03", None)], Presence::Throughout),
        ] {
            let times: Vec<Away> = times.iter().map(|(kind, a, b)| (*kind, day(a), b.map(day))).collect();
            assert_eq!(Presence::of(&times, from, to), expected, "{times:?}");
        }
        assert!(Presence::Partly { away: 5, of: 10 }.can_take_part());
        assert!(!Presence::Partly { away: 6, of: 10 }.can_take_part());
        assert!(!Presence::NothingNew.can_take_part());
    }

    #[test]
    fn each_part_has_its_range() {
        for (seen, expected) in [
            (text(0.0), 0.0),
            (text(1.0), 1.0),
            (text(0.15), 0.575),
            (qualification(0, 0), 0.0),
            (qualification(60, 10), 0.75),
            (qualification(70, 20), 1.0),
            (qualification(70, 30), 1.0),
            (room(0, 3), 1.0),
            (room(3, 3), 0.0),
            (room(5, 3), 0.0),
            (room(0, 0), 0.0),
            (rest(None), 1.0),
            (rest(Some(0)), 0.0),
            (rest(Some(90)), 0.5),
            (reliability(0, 0), 1.0),
            (reliability(2, 2), 0.5),
        ] {
            assert!((seen - expected).abs() < 1e-6, "{seen} {expected}");
        }
    }

    fn parts() -> impl Strategy<Value = Parts> {
        let share = 0.0..=1.0;
        let shares = (share.clone(), prop::option::of(share.clone()), share.clone(), share.clone());
        let more = (share.clone(), share.clone(), share, any::<bool>(), any::<bool>());
        (shares, more).prop_map(
            |((text, fields, qualification, room), (rest, reliability, presence, full, takes_kind))| Parts {
                text,
                fields,
                qualification,
                room,
                rest,
                reliability,
                presence,
                full,
                takes_kind,
            },
        )
    }

    proptest! {
        #[test]
        fn more_of_a_good_thing_never_lowers_a_score(parts in parts(), which in 0..9, by in 0.0..=1.0_f64) {
            let mut better = parts;
            let up = |part: f64| (part + by).min(1.0);
            match which {
                0 => better.text = up(parts.text),
                1 => better.fields = parts.fields.map(up),
                2 => better.qualification = up(parts.qualification),
                3 => better.room = up(parts.room),
                4 => better.rest = up(parts.rest),
                5 => better.reliability = up(parts.reliability),
                6 => better.presence = up(parts.presence),
                7 => better.full = false,
                _ => better.takes_kind = true,
            }
            prop_assert!(better.score() >= parts.score());
            prop_assert!((0.0..=1.0).contains(&better.score()));
        }

        #[test]
        fn who_knows_nothing_of_it_comes_to_nothing(parts in parts()) {
            let nothing = Parts { text: 0.0, fields: parts.fields.map(|_| 0.0), ..parts };
            prop_assert!(nothing.score() == 0.0);
        }

        #[test]
        fn the_others_only_order_those_who_know_alike(parts in parts()) {
            // without a cap that is reached, an absence or another kind of work, at most half is taken off
            let there = Parts { presence: 1.0, full: false, takes_kind: true, ..parts };
            prop_assert!(there.score() >= 0.5 * there.knowledge());
        }
    }
}
