//! What the Union may set for matching, dated.

use chrono::{Months, NaiveDate};
use serde_json::Value;

use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::reference::store::setting;

/// Months for which it counts that somebody was asked or declined, and what holds without it.
const WINDOW: (&str, u32) = ("matching_window_months", 12);
/// Assignments at a time of who did not say how many they take, and what holds without it. Nobody is full by it: it only says how
/// much each assignment weighs.
const USUAL: (&str, u32) = ("matching_usual_load", 3);
/// Most a setting may say.
pub const MOST: u64 = 120;

/// The settings of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The months of the window.
    pub window_months: u32,
    /// The first day of the window.
    pub since: NaiveDate,
    /// Assignments at a time.
    pub usual_load: u32,
}

async fn number(conn: &mut Conn, (name, default): (&str, u32), today: NaiveDate) -> Answer<u32> {
    let value = setting(conn, name, today).await?;
    let number = value.as_ref().and_then(Value::as_u64).filter(|number| (1..=MOST).contains(number));
    Ok(number.and_then(|number| u32::try_from(number).ok()).unwrap_or(default))
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(conn: &mut Conn, today: NaiveDate) -> Answer<Self> {
        let window_months = number(conn, WINDOW, today).await?;
        let since = today.checked_sub_months(Months::new(window_months)).unwrap_or(today);
        Ok(Self { window_months, since, usual_load: number(conn, USUAL, today).await? })
    }
}
