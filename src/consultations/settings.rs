//! How long each step may take, in working days: dated settings, and what holds without them. A step is reckoned by the setting
//! of the day on which it began.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::Value;

use crate::db::Conn;
use crate::kernel::problem::Answer;
use crate::reference::store;

/// What a number of days is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Days {
    /// The Union accepts, declines or asks for more.
    Decide,
    /// The asker completes the file.
    Complete,
    /// An expert says whether they take part.
    Answer,
    /// The experts give their opinions.
    Opinion,
    /// The report goes out.
    Report,
    /// The report goes out, when it is urgent.
    UrgentReport,
    /// So many days before the planned decision the report goes out at the latest.
    BeforeDecision,
    /// The asker replies.
    Reply,
    /// So many days before an answer, an opinion or a reply is due people are reminded.
    Remind,
}

impl Days {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Decide,
        Self::Complete,
        Self::Answer,
        Self::Opinion,
        Self::Report,
        Self::UrgentReport,
        Self::BeforeDecision,
        Self::Reply,
        Self::Remind,
    ];

    /// The name of its setting, and what holds without it.
    pub const fn setting(self) -> (&'static str, u32) {
        match self {
            Self::Decide => ("consultation_decide_days", 5),
            Self::Complete => ("consultation_complete_days", 10),
            Self::Answer => ("consultation_answer_days", 3),
            Self::Opinion => ("consultation_opinion_days", 10),
            Self::Report => ("consultation_report_days", 20),
            Self::UrgentReport => ("consultation_urgent_report_days", 10),
            Self::BeforeDecision => ("consultation_before_decision_days", 5),
            Self::Reply => ("consultation_reply_days", 20),
            Self::Remind => ("consultation_remind_days", 1),
        }
    }
}

/// Most working days a setting may say.
pub const MOST: u64 = 365;

/// The limits of all days.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    set: BTreeMap<Days, Vec<(NaiveDate, u32)>>,
}

impl Limits {
    /// Of settings: name, day, value. Others, and values that are none, are passed over.
    pub fn new(settings: impl IntoIterator<Item = (String, NaiveDate, Value)>) -> Self {
        let mut limits = Self::default();
        for (name, from, value) in settings {
            let days = Days::ALL.into_iter().find(|days| days.setting().0 == name);
            let number = value.as_u64().filter(|number| *number <= MOST).and_then(|number| u32::try_from(number).ok());
            if let Some((days, number)) = days.zip(number) {
                limits.set.entry(days).or_default().push((from, number));
            }
        }
        limits.set.values_mut().for_each(|rows| rows.sort_unstable());
        limits
    }

    /// Reads them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(conn: &mut Conn) -> Answer<Self> {
        let rows = store::settings(conn).await?;
        Ok(Self::new(rows.into_iter().map(|row| (row.name, row.valid_from, row.value))))
    }

    /// How many days that is for a step that begins on a day.
    pub fn on(&self, days: Days, day: NaiveDate) -> u32 {
        let set = self.set.get(&days).and_then(|rows| rows.iter().rfind(|(from, _)| *from <= day));
        set.map_or(days.setting().1, |(_, number)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_setting_holds_from_its_day_on() {
        let day = |text: &str| -> NaiveDate { text.parse().unwrap() };
        let set = |name: &str, from: &str, value: Value| (name.to_owned(), day(from), value);
        let limits = Limits::new([
            set("consultation_reply_days", "2026-07-01", json!(15)),
            set("consultation_reply_days", "2026-01-01", json!(30)),
            set("consultation_decide_days", "2026-01-01", json!("three")),
            set("consultation_report_days", "2026-01-01", json!(5_000)),
            set("another", "2026-01-01", json!(1)),
        ]);
        for (on, days) in [("2025-12-31", 20), ("2026-01-01", 30), ("2026-06-30", 30), ("2026-07-01", 15)] {
            assert_eq!(limits.on(Days::Reply, day(on)), days, "{on}");
        }
        assert_eq!(limits.on(Days::Decide, day("2026-05-05")), 5);
        assert_eq!(limits.on(Days::Report, day("2026-05-05")), 20);
    }
}
