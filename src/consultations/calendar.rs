//! Working days by a dated calendar: Saturdays and Sundays, days off, and days worked in exchange. Pure arithmetic.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// No reckoning goes further than this; the years of official dates end long before.
const FAR: u64 = 40_000;

/// What the calendar says of a day that is not as its weekday says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayKind {
    /// Off, whatever weekday it is.
    Off,
    /// Worked, on a Saturday or Sunday, in exchange for a day off.
    Work,
}

/// Which days are worked.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    days: BTreeMap<NaiveDate, DayKind>,
    provisional: BTreeSet<i32>,
}

impl Calendar {
    /// Of days with what they are, and whether that was announced yet.
    pub fn new(days: impl IntoIterator<Item = (NaiveDate, DayKind, bool)>) -> Self {
        let mut calendar = Self::default();
        for (day, kind, provisional) in days {
            calendar.days.insert(day, kind);
            if provisional {
                calendar.provisional.insert(day.year());
            }
        }
        calendar
    }

    /// Whether a day is worked.
    pub fn is_working(&self, day: NaiveDate) -> bool {
        match self.days.get(&day) {
            Some(kind) => *kind == DayKind::Work,
            None => !matches!(day.weekday(), Weekday::Sat | Weekday::Sun),
        }
    }

    /// The `count`th working day after a day, which itself is not counted; for 0 the day itself or the next one worked.
    pub fn after(&self, day: NaiveDate, count: u32) -> NaiveDate {
        if count == 0 {
            return self.this_or_next(day);
        }
        let later = (1..FAR).map_while(|step| day.checked_add_days(Days::new(step)));
        later.filter(|day| self.is_working(*day)).nth(count as usize - 1).unwrap_or(day)
    }

    /// The `count`th working day before a day; for 0 the day itself or the last one worked before.
    pub fn before(&self, day: NaiveDate, count: u32) -> NaiveDate {
        let first = u64::from(count > 0);
        let earlier = (first..FAR).map_while(|step| day.checked_sub_days(Days::new(step)));
        let place = (count as usize).saturating_sub(1);
        earlier.filter(|day| self.is_working(*day)).nth(place).unwrap_or(day)
    }

    /// Working days after the first day up to the second, that one included; with a minus where the second is earlier.
    pub fn between(&self, from: NaiveDate, to: NaiveDate) -> i64 {
        if to < from {
            return -self.between(to, from);
        }
        let days = from.iter_days().skip(1).take_while(|day| *day <= to);
        i64::try_from(days.filter(|day| self.is_working(*day)).count()).unwrap_or(i64::MAX)
    }

    /// The day itself, or the next one worked.
    fn this_or_next(&self, day: NaiveDate) -> NaiveDate {
        let mut days = (0..FAR).map_while(|step| day.checked_add_days(Days::new(step)));
        days.find(|day| self.is_working(*day)).unwrap_or(day)
    }

    /// True when the days off of a year are known; without them only weekdays count.
    pub fn knows(&self, year: i32) -> bool {
        let day = |month, day| NaiveDate::from_ymd_opt(year, month, day);
        let (Some(first), Some(last)) = (day(1, 1), day(12, 31)) else { return false };
        self.days.range(first..=last).any(|(_, kind)| *kind == DayKind::Off)
    }

    /// The years between two days whose days off are not known.
    pub fn unknown_years(&self, from: NaiveDate, to: NaiveDate) -> Vec<i32> {
        (from.year()..=to.year()).filter(|year| !self.knows(*year)).collect()
    }

    /// The years between two days whose days off are not announced yet.
    pub fn provisional_years(&self, from: NaiveDate, to: NaiveDate) -> Vec<i32> {
        (from.year()..=to.year()).filter(|year| self.provisional.contains(year)).collect()
    }

    /// How many days of a year are worked.
    pub fn working_days(&self, year: i32) -> i64 {
        let end = |year| NaiveDate::from_ymd_opt(year, 12, 31);
        match (end(year - 1), end(year)) {
            (Some(before), Some(last)) => self.between(before, last),
            _ => 0,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::consultations) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// The calendar of 2025 to 2027 as the program brings it.
    pub(in crate::consultations) fn vietnam() -> Calendar {
        let file = include_str!("../../data/holidays.csv");
        let rows: Vec<_> = file
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                let kind = if cells[1] == "work" { DayKind::Work } else { DayKind::Off };
                (day(cells[0]), kind, cells[3] == "provisional")
            })
            .collect();
        assert!(rows.len() > 30);
        Calendar::new(rows)
    }

    #[test]
    fn working_days_across_tet_swaps_weekends_and_year_ends() {
        let calendar = vietnam();
        for (from, count, to, why) in [
            ("2026-03-02", 5, "2026-03-09", "a plain week"),
            ("2026-03-06", 1, "2026-03-09", "a Friday"),
            ("2026-03-07", 1, "2026-03-09", "what comes on a Saturday begins on Monday"),
            ("2026-02-13", 1, "2026-02-23", "the last day before Tết"),
            ("2026-02-13", 5, "2026-02-27", "five days over Tết"),
            ("2026-02-10", 20, "2026-03-17", "twenty days over Tết"),
            ("2025-12-31", 1, "2026-01-05", "New Year and the Friday swapped for a Saturday"),
            ("2026-01-05", 5, "2026-01-10", "the Saturday that is worked for 2 January"),
            ("2025-12-24", 10, "2026-01-09", "over the end of a year"),
            ("2026-08-21", 1, "2026-08-22", "the Saturday that is worked for 31 August"),
            ("2026-08-28", 1, "2026-09-03", "National Day with its swapped Monday"),
            ("2026-04-24", 1, "2026-04-28", "Hùng Kings on a Sunday: Monday off in its place"),
            ("2026-04-29", 1, "2026-05-04", "two days off before a weekend"),
            ("2026-11-23", 1, "2026-11-25", "the Day of Culture"),
            ("2027-02-04", 1, "2027-02-12", "Tết of 2027"),
            ("2025-01-24", 1, "2025-02-03", "Tết of 2025"),
            ("2025-04-25", 1, "2025-04-26", "a Saturday worked for 2 May"),
        ] {
            assert_eq!(calendar.after(day(from), count), day(to), "{why}: {from} + {count}");
        }
        for (from, count, to) in [
            ("2026-03-09", 5, "2026-03-02"),
            ("2026-02-23", 1, "2026-02-13"),
            ("2026-09-05", 2, "2026-09-03"),
            ("2026-09-05", 0, "2026-09-04"),
            ("2026-01-12", 1, "2026-01-10"),
        ] {
            assert_eq!(calendar.before(day(from), count), day(to), "{from} - {count}");
        }
        assert_eq!(calendar.between(day("2026-02-13"), day("2026-02-23")), 1);
        assert_eq!(calendar.between(day("2026-02-23"), day("2026-02-13")), -1);
        assert_eq!(calendar.after(day("2026-02-17"), 0), day("2026-02-23"));
        assert_eq!(calendar.working_days(2026), 249);
    }

    #[test]
    fn a_year_that_is_not_known_or_not_announced_is_said() {
        let calendar = vietnam();
        let years = |from: &str, to: &str| {
            (calendar.unknown_years(day(from), day(to)), calendar.provisional_years(day(from), day(to)))
        };
        assert_eq!(years("2025-03-01", "2025-04-01"), (vec![], vec![]));
        assert_eq!(years("2026-12-20", "2027-01-10"), (vec![], vec![2026, 2027]));
        assert_eq!(years("2027-12-20", "2029-01-10"), (vec![2028, 2029], vec![2027]));
        assert!(!Calendar::default().knows(2026));
        // without days off a weekday is a weekday
        assert_eq!(calendar.after(day("2028-01-01"), 1), day("2028-01-03"));
    }

    proptest! {
        #[test]
        fn counting_forth_and_back_is_one_thing(start in 0_u64..1_000, count in 1_u32..60) {
            let calendar = vietnam();
            let from = day("2025-01-02") + Days::new(start);
            let to = calendar.after(from, count);
            prop_assert!(calendar.is_working(to) && to > from);
            prop_assert_eq!(calendar.between(from, to), i64::from(count));
            prop_assert_eq!(calendar.between(to, from), -i64::from(count));
            // back from a working day, one lands on the last one before or at the start
            prop_assert_eq!(calendar.before(to, count), calendar.before(from, 0));
            prop_assert!(calendar.after(from, count + 1) > to);
        }
    }
}
