//! Dates of which only the year, or the year and the month, may be known.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::problem::Say;
use super::text::fold;
use crate::say;

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

/// Why a text that a person wrote is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateFault {
    /// No form of a date that is known here.
    Unknown,
    /// The form of a date, but no calendar has it ("31/02/1975").
    NoSuchDay,
    /// The month seems to stand before the day ("04/30/1975").
    MonthFirst,
    /// Two digits of a year may mean two centuries.
    ShortYear,
    /// The number by which a spreadsheet keeps a day.
    Serial,
}

impl DateFault {
    /// What is wrong and what repairs it.
    pub fn detail(self) -> Say {
        match self {
            Self::Unknown => say!(
                "Không phải ngày; viết YYYY-MM-DD, hoặc YYYY-MM, YYYY nếu chỉ biết tháng, năm.",
                "Not a date; write YYYY-MM-DD, or YYYY-MM, YYYY where only month or year are known.",
            ),
            Self::NoSuchDay => {
                say!("Không có ngày này trong lịch; viết YYYY-MM-DD.", "No calendar has this day; write YYYY-MM-DD.")
            }
            Self::MonthFirst => say!(
                "Tháng đứng trước ngày? Viết YYYY-MM-DD hoặc ngày/tháng/năm.",
                "Does the month stand first? Write YYYY-MM-DD or DD/MM/YYYY.",
            ),
            Self::ShortYear => say!("Viết năm đủ bốn chữ số.", "Write the year with four digits."),
            Self::Serial => say!(
                "Đây là số ngày của bảng tính; định dạng ô thành ngày, hoặc viết YYYY-MM-DD.",
                "This is a spreadsheet's number of a day; format the cell as a date, or write YYYY-MM-DD.",
            ),
        }
    }
}

impl PartialDate {
    /// A date of which this much is known; `None` for one that no calendar has.
    pub fn new(year: i16, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let whole = NaiveDate::from_ymd_opt(i32::from(year), month.unwrap_or(1).into(), day.unwrap_or(1).into());
        let known = month.is_some() || day.is_none();
        whole.filter(|_| known && (1..=9999).contains(&year)).map(|_| Self { year, month, day })
    }

    /// Reads a date as people here write it, and says whether it stood in the form it is kept in.
    ///
    /// Day before month: `02/03/1965`, `3/1965`, `2.3.1965`, "2 tháng 3 năm 1965", `1965/3/2`, `1965-03-02T00:00:00`.
    ///
    /// # Errors
    /// What makes it no date.
    pub fn read(text: &str) -> Result<(Self, bool), DateFault> {
        let text = text.trim();
        if let Ok(date) = text.parse() {
            return Ok((date, true));
        }
        let numbers = numbers(text)?;
        let whole = |year: i16, month: Option<i16>, day: Option<i16>| {
            let part = |n: Option<i16>| n.map(|n| u8::try_from(n).unwrap_or(u8::MAX));
            Self::new(year, part(month), part(day)).map(|date| (date, false))
        };
        let date = match *numbers.as_slice() {
            [year] if year >= 1000 => whole(year, None, None),
            [month, year] if year >= 1000 => whole(year, Some(month), None),
            [year, month] if year >= 1000 => whole(year, Some(month), None),
            [day, month, year] if year >= 1000 => {
                if month > 12 && day <= 12 && whole(year, Some(day), Some(month)).is_some() {
                    return Err(DateFault::MonthFirst);
                }
                whole(year, Some(month), Some(day))
            }
            [year, month, day] if year >= 1000 => whole(year, Some(month), Some(day)),
            [_, _, _] | [_, _] => return Err(DateFault::ShortYear),
            _ => return Err(DateFault::Unknown),
        };
        date.ok_or(DateFault::NoSuchDay)
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

    /// The last day it may mean.
    pub fn last_day(self) -> NaiveDate {
        let first = self.first_day();
        let next = match self.precision() {
            Precision::Year => first.checked_add_months(Months::new(12)),
            Precision::Month => first.checked_add_months(Months::new(1)),
            Precision::Day => return first,
        };
        next.and_then(|next| next.pred_opt()).unwrap_or(first)
    }

    /// The day, where all of it is known.
    pub fn day(self) -> Option<NaiveDate> {
        (self.precision() == Precision::Day).then(|| self.first_day())
    }
}

/// The numbers of a date in the order written; the words around them must be those of a date.
fn numbers(text: &str) -> Result<Vec<i16>, DateFault> {
    let text = midnight_off(text);
    if text.strip_suffix(".0").unwrap_or(text).parse::<u32>().is_ok_and(|n| (10_000..=99_999).contains(&n)) {
        return Err(DateFault::Serial);
    }
    let mut numbers = Vec::new();
    for word in fold(text).split_whitespace() {
        match word {
            "ngay" | "mung" | "mong" | "thang" | "nam" if !text.contains(['/', '-', '.']) || numbers.len() < 2 => {}
            digits if digits.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit()) => {
                numbers.push(digits.parse().map_err(|_no_number: ParseIntError| DateFault::Unknown)?);
            }
            _ => return Err(DateFault::Unknown),
        }
    }
    let separators =
        |c: char| c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) || "/-. ,".contains(c);
    let sound = text.chars().all(separators) && !text.starts_with('-') && (1..=3).contains(&numbers.len());
    if sound { Ok(numbers) } else { Err(DateFault::Unknown) }
}

/// Programs write a day as the instant it begins.
fn midnight_off(text: &str) -> &str {
    let Some((day, time)) = text.split_once(['T', ' ']) else { return text };
    let midnight = time.trim_end_matches('Z').split('.').all(|part| part.bytes().all(|b| matches!(b, b'0' | b':')));
    if midnight && time.contains(':') { day } else { text }
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

    #[test]
    fn dates_as_people_write_them_are_read_day_first() {
        for (text, date, kept_form) in [
            ("1965", "1965", true),
            ("1965-03", "1965-03", true),
            ("1965-03-02", "1965-03-02", true),
            (" 1965-03-02 ", "1965-03-02", true),
            ("02/03/1965", "1965-03-02", false),
            ("2/3/1965", "1965-03-02", false),
            ("2.3.1965", "1965-03-02", false),
            ("02-03-1965", "1965-03-02", false),
            ("2 / 3 / 1965", "1965-03-02", false),
            ("3/1965", "1965-03", false),
            ("03-1965", "1965-03", false),
            ("1965/3/2", "1965-03-02", false),
            ("1965-3-2", "1965-03-02", false),
            ("1965/03", "1965-03", false),
            ("2 tháng 3 năm 1965", "1965-03-02", false),
            ("ngày 02 tháng 03 năm 1965", "1965-03-02", false),
            ("Ngày 2/3/1965", "1965-03-02", false),
            ("07 tháng 11 năm 2012", "2012-11-07", false),
            ("tháng 3 năm 1965", "1965-03", false),
            ("tháng 3/1965", "1965-03", false),
            ("năm 1965", "1965", false),
            ("mùng 2 tháng 3, 1965", "1965-03-02", false),
            ("1965-03-02T00:00:00", "1965-03-02", false),
            ("1965-03-02T00:00:00.000Z", "1965-03-02", false),
            ("1965-03-02 00:00:00", "1965-03-02", false),
            ("02/03/1965 00:00", "1965-03-02", false),
        ] {
            assert_eq!(PartialDate::read(text), Ok((date.parse().unwrap(), kept_form)), "{text}");
        }
        for (text, fault) in [
            ("", DateFault::Unknown),
            ("?", DateFault::Unknown),
            ("khoảng 1965", DateFault::Unknown),
            ("1965-03-02-01", DateFault::Unknown),
            ("1965-03-01T17:00:00Z", DateFault::Unknown),
            ("Mar 2, 1965", DateFault::Unknown),
            ("-1965", DateFault::Unknown),
            ("65", DateFault::Unknown),
            ("02/03/65", DateFault::ShortYear),
            ("3/65", DateFault::ShortYear),
            ("31/02/1975", DateFault::NoSuchDay),
            ("29/02/2023", DateFault::NoSuchDay),
            ("2023-02-29", DateFault::NoSuchDay),
            ("13/1965", DateFault::NoSuchDay),
            ("0/3/1965", DateFault::NoSuchDay),
            ("32/13/1965", DateFault::NoSuchDay),
            ("04/30/1975", DateFault::MonthFirst),
            ("24167", DateFault::Serial),
            ("24167.0", DateFault::Serial),
            ("19650302", DateFault::Unknown),
        ] {
            assert_eq!(PartialDate::read(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_date_spans_the_days_it_may_mean() {
        for (text, first, last) in [
            ("1965", "1965-01-01", "1965-12-31"),
            ("1964-02", "1964-02-01", "1964-02-29"),
            ("1965-03-02", "1965-03-02", "1965-03-02"),
            ("9999", "9999-01-01", "9999-12-31"),
        ] {
            let date: PartialDate = text.parse().unwrap();
            assert_eq!((date.first_day().to_string().as_str(), date.last_day().to_string().as_str()), (first, last));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_read_is_read_again_from_what_is_written(text in "[0-9]{1,4}[-/. ]?[0-9]{0,2}[-/. ]?[0-9]{0,4}|\\PC{0,20}") {
            if let Ok((date, _)) = PartialDate::read(&text) {
                proptest::prop_assert_eq!(PartialDate::read(&date.to_string()), Ok((date, true)));
            }
        }
    }
}
