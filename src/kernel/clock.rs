//! Time as the product means it: instants in UTC, official dates in Vietnam.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SubsecRound, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;
use serde::{Deserialize, Deserializer};

/// The present instant, cut to the microseconds PostgreSQL keeps, so that a value written and read back is equal.
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

/// Today's date in Vietnam (UTC+7, no daylight saving): the date every official act carries.
pub fn today() -> NaiveDate {
    date_in_vietnam(now())
}

/// The Vietnamese calendar date of an instant.
pub fn date_in_vietnam(instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&Ho_Chi_Minh).date_naive()
}

/// When a day begins in Vietnam; none beyond the years of RFC 3339.
pub fn day_begins(day: NaiveDate) -> Option<DateTime<Utc>> {
    let begin = day.and_time(NaiveTime::MIN).and_local_timezone(Ho_Chi_Minh).earliest()?;
    (1..=9999).contains(&day.year()).then(|| begin.to_utc())
}

/// Reads an instant of RFC 3339, years 1 to 9999; chrono takes years that PostgreSQL does not have. For
/// `#[serde(deserialize_with)]`.
///
/// # Errors
/// Those of the deserialiser, and a year beyond.
pub fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let instant: Option<DateTime<Utc>> = Option::deserialize(deserializer)?;
    if instant.is_some_and(|instant| !(1..=9999).contains(&instant.year())) {
        return Err(serde::de::Error::custom("expected a year from 1 to 9999"));
    }
    Ok(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vietnamese_day_begins_at_seventeen_utc() {
        for (instant, date) in [
            ("2026-02-15T16:59:59Z", "2026-02-15"),
            ("2026-02-15T17:00:00Z", "2026-02-16"),
            ("2025-12-31T17:00:00Z", "2026-01-01"),
        ] {
            let instant: DateTime<Utc> = instant.parse().unwrap();
            assert_eq!(date_in_vietnam(instant).to_string(), date);
            assert!(day_begins(date.parse().unwrap()).unwrap() <= instant, "{date}");
        }
    }
}
