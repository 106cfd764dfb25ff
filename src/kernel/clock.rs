//! Time as the product means it: instants in UTC, official dates in Vietnam.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};
use chrono_tz::Asia::Ho_Chi_Minh;

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
        }
    }
}
