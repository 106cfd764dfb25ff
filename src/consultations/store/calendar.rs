//! The days off and the days worked in exchange, year by year.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Text};
use diesel_async::RunQueryDsl;

use crate::consultations::calendar::{Calendar, DayKind};
use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::reference::store::{HolidayRow, holidays, put_holidays};

/// What stands beside a day that is not announced yet.
pub const PROVISIONAL: &str = "provisional";

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Which days are worked, and the version of that.
///
/// # Errors
/// 503 when the database is away.
pub async fn calendar(conn: &mut Conn) -> Answer<(Calendar, i64)> {
    // the version first: what is changed in between makes what is reckoned now old, never new
    let sql = "SELECT coalesce(sum(version), 0)::bigint AS version FROM calendar_years";
    let row: Version = diesel::sql_query(sql).get_result(conn).await?;
    let days = holidays(conn).await?;
    let day = |row: HolidayRow| {
        let kind = if row.kind == "work" { DayKind::Work } else { DayKind::Off };
        (row.day, kind, row.note.as_deref() == Some(PROVISIONAL))
    };
    Ok((Calendar::new(days.into_iter().map(day)), row.version))
}

/// The version of a year's days; 0 when none was ever entered.
///
/// # Errors
/// 503 when the database is away.
pub async fn version_of_year(conn: &mut Conn, year: i32) -> Answer<i64> {
    let sql = "SELECT coalesce(sum(version), 0)::bigint AS version FROM calendar_years WHERE year = $1";
    let row: Version = diesel::sql_query(sql).bind::<Integer, _>(year).get_result(conn).await?;
    Ok(row.version)
}

/// Marks a year as kept here, so that no load changes it, and locks it until the transaction ends.
///
/// # Errors
/// 503 when the database is away.
pub async fn keep_year(tx: &mut Conn, year: i32) -> Answer<()> {
    diesel::sql_query(
        "INSERT INTO calendar_years (year, version, kept_here) VALUES ($1, 1, true)
         ON CONFLICT (year) DO UPDATE SET version = calendar_years.version + 1, kept_here = true",
    )
    .bind::<Integer, _>(year)
    .execute(tx)
    .await?;
    Ok(())
}

/// Replaces the days of a year.
///
/// # Errors
/// 503 when the database is away.
pub async fn put_days(tx: &mut Conn, (first, last): (NaiveDate, NaiveDate), rows: &[HolidayRow]) -> Answer<()> {
    let days: Vec<NaiveDate> = rows.iter().map(|row| row.day).collect();
    diesel::sql_query("DELETE FROM holidays WHERE day BETWEEN $1 AND $2 AND day <> ALL ($3)")
        .bind::<Date, _>(first)
        .bind::<Date, _>(last)
        .bind::<Array<Date>, _>(days)
        .execute(tx)
        .await?;
    put_holidays(tx, rows).await
}

/// A year that has days off.
#[derive(QueryableByName)]
pub struct YearRow {
    #[diesel(sql_type = Integer)]
    pub year: i32,
    #[diesel(sql_type = Text)]
    pub status: String,
    #[diesel(sql_type = BigInt)]
    pub days: i64,
}

/// The years that have days off, and whether these are announced.
///
/// # Errors
/// 503 when the database is away.
pub async fn years(conn: &mut Conn) -> Answer<Vec<YearRow>> {
    Ok(diesel::sql_query(
        "SELECT extract(year FROM day)::integer AS year, count(*) AS days,
                CASE WHEN bool_or(note = 'provisional') THEN 'provisional' ELSE 'announced' END AS status
           FROM holidays GROUP BY 1 HAVING bool_or(kind = 'off') ORDER BY 1",
    )
    .load(conn)
    .await?)
}
