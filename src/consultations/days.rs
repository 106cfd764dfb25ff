//! `/calendar`: which days are worked, year by year.

use actix_web::{HttpRequest, get, put};
use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::calendar::Calendar;
use super::policy::{ManageCalendar, ReadCalendar};
use super::reader::Reader;
use super::store::{self, PROVISIONAL};
use super::view::CalendarNote;
use super::work;
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::params::{Nothing, Params};
use crate::http::path::segment_number;
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Lang, Problem};
use crate::reference::store::{HolidayRow, holidays};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_calendar_years).service(read_calendar_year).service(put_calendar_year);
}

/// Most days of a year that are not as their weekday says.
const MOST: usize = 100;

/// What a day is that is not as its weekday says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CalendarDayKind {
    /// Off.
    Off,
    /// Worked, on a Saturday or Sunday, in exchange.
    Work,
}

impl CalendarDayKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Work => "work",
        }
    }
}

/// A day that is not as its weekday says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"date": "2026-02-16", "kind": "off", "name": "Tết Nguyên đán", "provisional": false}))]
struct CalendarDay {
    /// The day.
    date: NaiveDate,
    /// Off, or worked.
    kind: CalendarDayKind,
    /// What for.
    #[schema(min_length = 1, max_length = 300)]
    name: String,
    /// That it is not announced yet.
    #[serde(default)]
    provisional: bool,
}

/// A year of the calendar.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarYear {
    /// The year.
    #[schema(example = 2026)]
    year: i32,
    /// How many days are worked.
    working_days: i64,
    /// Whether its days off are known and announced.
    calendar: CalendarNote,
    /// The days that are not as their weekday says.
    days: Vec<CalendarDay>,
}

/// A year whose days off are known.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarYearSummary {
    /// The year.
    #[schema(example = 2026)]
    year: i32,
    /// `announced` or `provisional`.
    #[schema(example = "announced")]
    status: String,
    /// How many days are not as their weekday says.
    days: i64,
}

/// The days of a year that are not as their weekday says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"days": [
    {"date": "2031-01-01", "kind": "off", "name": "Tết Dương lịch"},
    {"date": "2031-01-22", "kind": "off", "name": "Tết Nguyên đán", "provisional": true}
]}))]
struct CalendarYearForm {
    /// All of them.
    #[schema(max_items = 100)]
    days: Vec<CalendarDay>,
}

/// List the years whose days off are known
///
/// A day of any other year is reckoned by its weekday alone, and what is reckoned so says it.
#[utoipa::path(
    tag = "reference",
    security((), ("session" = ["calendar.read"])),
    responses((status = 200, description = "The years", body = Page<CalendarYearSummary>)),
)]
#[get("/calendar")]
async fn list_calendar_years(permit: Permit<ReadCalendar>, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let rows = store::years(&mut permit.read().await?).await?;
    let items = rows
        .into_iter()
        .map(|row| CalendarYearSummary { year: row.year, status: row.status, days: row.days })
        .collect();
    fresh(&req, None, "public", &Page { items, next_cursor: None })
}

/// The year of a path.
fn year_of(req: &HttpRequest) -> Answer<i32> {
    let year = i32::try_from(segment_number(req, "year")).unwrap_or_default();
    if (1990..=2199).contains(&year) { Ok(year) } else { Err(Problem::new(Code::NotFound)) }
}

async fn view(conn: &mut Conn, year: i32, lang: Lang) -> Answer<(CalendarYear, i64)> {
    let version = store::version_of_year(conn, year).await?;
    let (calendar, _) = store::calendar(conn).await?;
    let rows = holidays(conn).await?.into_iter().filter(|row| row.day.year() == year);
    let day = |row: HolidayRow| CalendarDay {
        date: row.day,
        kind: if row.kind == "work" { CalendarDayKind::Work } else { CalendarDayKind::Off },
        name: row.name,
        provisional: row.note.as_deref() == Some(PROVISIONAL),
    };
    let days = rows.map(day).collect();
    Ok((
        CalendarYear { year, working_days: calendar.working_days(year), calendar: note(&calendar, year, lang), days },
        version,
    ))
}

fn note(calendar: &Calendar, year: i32, lang: Lang) -> CalendarNote {
    let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    CalendarNote::new(calendar.unknown_years(day, day), calendar.provisional_years(day, day), lang)
}

/// Read a year of the calendar
///
/// The days off and the days worked in exchange. Of a year without any, `calendar.complete` is false.
#[utoipa::path(
    tag = "reference",
    params(("year" = u16, Path, description = "The year, 1990 to 2199", example = 2026, minimum = 1990, maximum = 2199)),
    security((), ("session" = ["calendar.read"])),
    responses((status = 200, description = "The year", body = CalendarYear)),
)]
#[get("/calendar/{year}")]
async fn read_calendar_year(permit: Permit<ReadCalendar>, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let year = year_of(&req)?;
    let (body, version) = view(&mut permit.read().await?, year, lang(&req)).await?;
    let edits = permit.may::<ManageCalendar>(|_| true);
    fresh(&req, edits.then_some(version), if edits { "private" } else { "public" }, &body)
}

/// Enter the days of a year
///
/// All of them, in place of those that were there; loads leave the year alone from then on. What is due is reckoned anew.
#[utoipa::path(
    tag = "reference",
    params(
        ("year" = u16, Path, description = "The year, 1990 to 2199", example = 2031, minimum = 1990, maximum = 2199),
        IfMatch,
    ),
    request_body = CalendarYearForm,
    security(("session" = ["calendar.manage"])),
    responses((status = 200, description = "The year as it is now", body = CalendarYear)),
)]
#[put("/calendar/{year}")]
async fn put_calendar_year(
    permit: Permit<ManageCalendar>,
    if_match: IfMatch,
    body: Body<CalendarYearForm>,
    req: HttpRequest,
) -> Answer {
    let (year, form) = (year_of(&req)?, body.0);
    permit
        .write(async move |tx| {
            // the row of the year is what two at once wait for
            store::keep_year(tx, year).await?;
            if_match.check(store::version_of_year(tx, year).await? - 1)?;
            let rows = read(year, &form.days)?;
            let end = |month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
            store::put_days(tx, (end(1, 1), end(12, 31)), &rows).await?;
            work::reckon_some(tx).await?;
            let values = json!({ "year": year, "days": form.days });
            Ok(((), Event::on_all("calendar").fields([year.to_string()]).values(values)))
        })
        .await?;
    let (body, version) = view(&mut permit.read().await?, year, lang(&req)).await?;
    written(None, version, &body)
}

/// Reads the days of a year.
fn read(year: i32, days: &[CalendarDay]) -> Answer<Vec<HolidayRow>> {
    let mut reader = Reader::default();
    if days.len() > MOST {
        reader.fault("/days", "too_many", say!("Tối đa {MOST} ngày.", "At most {MOST} days."));
        reader.done(())?;
        return Ok(Vec::new());
    }
    let mut rows: Vec<HolidayRow> = Vec::new();
    for (at, day) in days.iter().enumerate() {
        let place = format!("/days/{at}/date");
        if day.date.year() != year {
            reader.fault(&place, "other_year", say!("Không thuộc năm {year}.", "It is not in {year}."));
        }
        if rows.iter().any(|row| row.day == day.date) {
            reader.fault(&place, "twice", say!("Ngày này đã có trong danh sách.", "The day is in the list already."));
        }
        let is_weekend = matches!(day.date.weekday(), Weekday::Sat | Weekday::Sun);
        if day.kind == CalendarDayKind::Work && !is_weekend {
            let detail =
                say!("Ngày làm bù là thứ bảy hoặc chủ nhật.", "Only a Saturday or Sunday is worked in exchange.",);
            reader.fault(&place, "weekday", detail);
        }
        rows.push(HolidayRow {
            day: day.date,
            kind: day.kind.as_str().to_owned(),
            name: reader.needed(&format!("/days/{at}/name"), Some(&day.name)),
            note: day.provisional.then(|| PROVISIONAL.to_owned()),
        });
    }
    reader.done(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_year_are_read_fault_by_fault() {
        let day = |date: &str, kind, name: &str| CalendarDay {
            date: date.parse().unwrap(),
            kind,
            name: name.to_owned(),
            provisional: false,
        };
        use CalendarDayKind::{Off, Work};
        for (days, place) in [
            (vec![day("2031-01-01", Off, "Tết"), day("2031-01-04", Work, "làm bù")], None),
            (vec![], None),
            (vec![day("2030-12-31", Off, "Tết")], Some("/days/0/date")),
            (vec![day("2031-01-01", Off, "Tết"), day("2031-01-01", Off, "Tết")], Some("/days/1/date")),
            (vec![day("2031-01-02", Work, "làm bù")], Some("/days/0/date")),
            (vec![day("2031-01-01", Off, " ")], Some("/days/0/name")),
            (vec![day("2031-01-01", Off, "Tết"); 101], Some("/days")),
        ] {
            let seen = read(2031, &days).map_err(|problem| problem.errors()[0].pointer.clone()).err();
            assert_eq!(seen.as_deref(), place, "{days:?}");
        }
    }
}
