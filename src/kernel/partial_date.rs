//! Dates of which only the year, or the year and the month, may be known.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

/// A date as far as it is known: `1965`, `1965-03` or `1965-03-02`. Ordered by time; an unknown part comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    year: i16,
    month: Option<u8>,
    day: Option<u8>,
}

/// How much of a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// The year alone.
    Year,
    /// Year and month.
    Month,
    /// All of it.
    Day,
}

impl Precision {
    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }
}

/// The text is no such date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write YYYY, YYYY-MM or YYYY-MM-DD")]
pub struct NotADate;

impl PartialDate {
    /// A date of which this much is known; `None` for one that no calendar has.
    pub fn new(year: i16, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let whole = NaiveDate::from_ymd_opt(i32::from(year), month.unwrap_or(1).into(), day.unwrap_or(1).into());
        let known = month.is_some() || day.is_none();
        whole.filter(|_| known && (1..=9999).contains(&year)).map(|_| Self { year, month, day })
    }

    /// The year.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// How much is known.
    pub const fn precision(self) -> Precision {
        match (self.month, self.day) {
            (None, _) => Precision::Year,
            (Some(_), None) => Precision::Month,
            (Some(_), Some(_)) => Precision::Day,
        }
    }

    /// The first day it may mean.
    pub fn first_day(self) -> NaiveDate {
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        NaiveDate::from_ymd_opt(self.year.into(), month.into(), day.into()).unwrap_or_default()
    }
}

impl From<NaiveDate> for PartialDate {
    fn from(date: NaiveDate) -> Self {
        let part = |n: u32| u8::try_from(n).ok();
        Self { year: i16::try_from(date.year()).unwrap_or_default(), month: part(date.month()), day: part(date.day()) }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        for part in [self.month, self.day].into_iter().flatten() {
            write!(f, "-{part:02}")?;
        }
        Ok(())
    }
}

impl FromStr for PartialDate {
    type Err = NotADate;

    fn from_str(text: &str) -> Result<Self, NotADate> {
        let parts: Vec<&str> = text.split('-').collect();
        let digits = |text: &str, length: usize| {
            (text.len() == length && text.bytes().all(|b| b.is_ascii_digit()))
                .then(|| text.parse::<i16>().ok())
                .flatten()
        };
        let small = |text: &str| digits(text, 2).and_then(|n| u8::try_from(n).ok()).ok_or(NotADate);
        let year = |text: &str| digits(text, 4).ok_or(NotADate);
        let date = match parts.as_slice() {
            [y] => Self::new(year(y)?, None, None),
            [y, m] => Self::new(year(y)?, Some(small(m)?), None),
            [y, m, d] => Self::new(year(y)?, Some(small(m)?), Some(small(d)?)),
            _ => None,
        };
        date.ok_or(NotADate)
    }
}

impl TryFrom<String> for PartialDate {
    type Error = NotADate;

    fn try_from(text: String) -> Result<Self, NotADate> {
        text.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

impl utoipa::PartialSchema for PartialDate {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some("^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"))
            .description(Some("A date as far as it is known: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`"))
            .examples([serde_json::json!("2010-09")])
            .into()
    }
}

impl utoipa::ToSchema for PartialDate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_and_written_as_far_as_it_is_known() {
        for (text, precision) in [
            ("1965", Some("year")),
            ("1965-03", Some("month")),
            ("1965-03-02", Some("day")),
            ("2024-02-29", Some("day")),
        ] {
            let date: PartialDate = text.parse().unwrap();
            assert_eq!((date.to_string().as_str(), Some(date.precision().as_str())), (text, precision));
        }
        for text in ["", "65", "1965-3", "1965-13", "2023-02-29", "1965-03-02-01", "0000", "19650302", "1965-", "+196"]
        {
            assert_eq!(text.parse::<PartialDate>(), Err(NotADate), "{text}");
        }
        assert!(PartialDate::new(1965, None, Some(2)).is_none(), "a day wants its month");
        let (year, day): (PartialDate, PartialDate) = ("1965".parse().unwrap(), "1965-03-02".parse().unwrap());
        assert!(year < day && year.first_day() < day.first_day());
    }
}
