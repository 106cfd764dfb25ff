//! What the Union may set for its bank, dated: the settings this slice reads, and what holds without them.

use chrono::Months;
use serde_json::Value;

use super::three_way::MergeRules;
use crate::db::Conn;
use crate::kernel::clock::today;
use crate::kernel::problem::Answer;
use crate::reference::store::setting;

/// Days an invitation is good for.
pub const INVITATION_DAYS: (&str, u16) = ("invitation_days", 30);
/// Days a link to confirm one's data is good for.
pub const CONFIRMATION_DAYS: (&str, u16) = ("confirmation_days", 60);
/// Months after which a record that nobody confirmed is stale.
pub const STALE_MONTHS: (&str, u16) = ("stale_months", 12);
/// The code of the lowest degree the Union verifies without evidence of standing; without it, there is no such rule.
pub const MIN_DEGREE: &str = "activation_min_degree";
/// The sources whose records the Department of Science and Technology supplies; see `store::supplied`.
pub const DEPARTMENT_SOURCES: (&str, &str) = ("science_dept_sources", r#"["skhcn"]"#);

/// Members of which a source is always believed, whatever was written here.
pub const SOURCE_WINS: (&str, &[&str]) = ("sync_source_wins", &["academic_rank", "degree"]);

/// How records of sources are merged today.
pub async fn merge_rules(conn: &mut Conn) -> Answer<MergeRules> {
    let (name, default) = SOURCE_WINS;
    let value = setting(conn, name, today()).await?;
    let set = value.and_then(|value| serde_json::from_value(value).ok());
    let source_wins = set.unwrap_or_else(|| default.iter().map(|name| (*name).to_owned()).collect());
    Ok(MergeRules { source_wins, ..MergeRules::default() })
}

/// The sources whose records the Department supplies.
pub async fn department_sources(conn: &mut Conn) -> Answer<Vec<String>> {
    let (name, default) = DEPARTMENT_SOURCES;
    let value = setting(conn, name, today()).await?;
    let set = value.and_then(|value| serde_json::from_value(value).ok());
    Ok(set.or_else(|| serde_json::from_str(default).ok()).unwrap_or_default())
}

/// A whole number of 1 to 3650 that holds today.
pub async fn number(conn: &mut Conn, (name, default): (&str, u16)) -> Answer<u16> {
    let value = setting(conn, name, today()).await?;
    let number = value.as_ref().and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
    Ok(number.filter(|number| (1..=3650).contains(number)).unwrap_or(default))
}

/// A text that holds today.
pub async fn text(conn: &mut Conn, name: &str) -> Answer<Option<String>> {
    Ok(setting(conn, name, today()).await?.as_ref().and_then(Value::as_str).map(str::to_owned))
}

/// So many months.
pub const fn months(count: u16) -> Months {
    Months::new(count as u32)
}
