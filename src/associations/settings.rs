//! The rules of associations as they hold on a day, each with the law it comes from. What the settings say counts before what
//! stands here, from their day on: a law changes without a new release.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::words::AssociationScope;
use crate::db::Conn;
use crate::kernel::problem::{Answer, Problem};
use crate::reference::store;

/// Longest term in years.
pub const TERM_YEARS: &str = "association_term_max_years";
/// How often a term may be extended.
pub const TERM_EXTENSIONS: &str = "association_term_extensions";
/// How many months after its regular end an extended term may last.
pub const EXTENSION_MONTHS: &str = "association_extension_max_months";
/// Days before the end of a term from which on an alert says so.
pub const TERM_ALERT_DAYS: &str = "association_term_alert_days";
/// Years in a row without a report after which it may be dissolved.
pub const REPORT_YEARS: &str = "association_report_years";
/// Fewest members by scope.
pub const MIN_MEMBERS: &str = "association_min_members";
/// Whether the main field may double that of another in the same scope (0 or 1).
pub const UNIQUE_FIELD: &str = "association_unique_main_field";
/// Whether a suspension must have been lifted when it is over.
pub const SUSPENSION: &str = "association_suspension_ends";
/// Experts in a field from which on an association is missed there.
pub const GAP_EXPERTS: &str = "coverage_gap_experts";
/// Counts below this are not shown to the public.
pub const SMALL_CELL: &str = "coverage_small_cell";

/// The day Nghị định 126/2024/NĐ-CP took the place of Nghị định 45/2010/NĐ-CP.
const DECREE_126: &str = "2024-11-26";
const EVER: &str = "1900-01-01";

/// Name, from when on, value (JSON), law.
#[rustfmt::skip] // a line for each rule and law
const DEFAULTS: [(&str, &str, &str, &str); 18] = [
    (TERM_YEARS, EVER, "5", "Nghị định 45/2010/NĐ-CP (nhiệm kỳ đại hội không quá 5 năm)"),
    (TERM_YEARS, DECREE_126, "5", "Nghị định 126/2024/NĐ-CP (nhiệm kỳ đại hội không quá 5 năm)"),
    (TERM_EXTENSIONS, EVER, "1", "Nghị định 45/2010/NĐ-CP (đại hội nhiệm kỳ)"),
    (TERM_EXTENSIONS, DECREE_126, "1", "Nghị định 126/2024/NĐ-CP, Điều 30 khoản 2 (đại hội sau khi gia hạn)"),
    (EXTENSION_MONTHS, EVER, "12", "Nghị định 45/2010/NĐ-CP (đại hội nhiệm kỳ)"),
    (EXTENSION_MONTHS, DECREE_126, "12", "Nghị định 126/2024/NĐ-CP, Điều 30 khoản 2 (đại hội sau khi gia hạn)"),
    (TERM_ALERT_DAYS, EVER, "180", "Nghị định 45/2010/NĐ-CP (báo cáo trước khi đại hội nhiệm kỳ)"),
    (TERM_ALERT_DAYS, DECREE_126, "180", "Nghị định 126/2024/NĐ-CP, Điều 30 khoản 2; thủ tục 1.012942 (báo cáo trước khi đại hội)"),
    (REPORT_YEARS, EVER, "2", "Nghị định 45/2010/NĐ-CP (báo cáo hằng năm)"),
    (REPORT_YEARS, DECREE_126, "2", "Nghị định 126/2024/NĐ-CP, Điều 30 khoản 2 (02 năm liên tục không báo cáo)"),
    (MIN_MEMBERS, EVER, r#"{"national":100,"inter_provincial":100,"province":50,"district":20,"commune":10}"#,
     "Nghị định 45/2010/NĐ-CP (số hội viên tối thiểu)"),
    (MIN_MEMBERS, DECREE_126, r#"{"national":100,"inter_provincial":100,"province":50,"district":20,"commune":10}"#,
     "Nghị định 126/2024/NĐ-CP, Điều 30 khoản 2 (số hội viên tối thiểu)"),
    (UNIQUE_FIELD, EVER, "1", "Nghị định 45/2010/NĐ-CP (không trùng lĩnh vực hoạt động chính trên cùng địa bàn)"),
    (UNIQUE_FIELD, DECREE_126, "1", "Nghị định 126/2024/NĐ-CP (không trùng lĩnh vực hoạt động chính trong cùng phạm vi)"),
    (SUSPENSION, EVER, "1", "Nghị định 45/2010/NĐ-CP (đình chỉ có thời hạn)"),
    (SUSPENSION, DECREE_126, "1", "Nghị định 126/2024/NĐ-CP, Điều 30 khoản 2 (hết thời hạn đình chỉ)"),
    (GAP_EXPERTS, EVER, "10", "3348/UBND-NLN"),
    (SMALL_CELL, EVER, "5", "Luật 91/2025/QH15"),
];

/// What a rule says on a day, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// The value.
    pub value: Value,
    /// The law.
    pub law: Option<String>,
}

/// All rules of all days.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    by_name: BTreeMap<String, Vec<(NaiveDate, Rule)>>,
}

impl Rules {
    /// Those that stand here, with these settings before them: name, day, value, law.
    pub fn new(settings: impl IntoIterator<Item = (String, NaiveDate, Value, Option<String>)>) -> Self {
        let mut by_name: BTreeMap<String, Vec<(NaiveDate, Rule)>> = BTreeMap::new();
        for (name, from, value, law) in DEFAULTS {
            let rule = Rule { value: serde_json::from_str(value).unwrap_or_default(), law: Some(law.to_owned()) };
            by_name.entry(name.to_owned()).or_default().push((from.parse().unwrap_or_default(), rule));
        }
        for (name, from, value, law) in settings {
            let Some(rows) = by_name.get_mut(&name) else { continue };
            // a setting holds until the next one, also over what stands here
            rows.retain(|(day, rule)| *day < from || rule.law.is_none());
            rows.push((from, Rule { value, law }));
        }
        by_name.values_mut().for_each(|rows| rows.sort_by_key(|(from, _)| *from));
        Self { by_name }
    }

    /// Reads them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(conn: &mut Conn) -> Answer<Self> {
        let mut rows = store::settings(conn).await?;
        rows.sort_by_key(|row| row.valid_from);
        Ok(Self::new(rows.into_iter().map(|row| (row.name, row.valid_from, row.value, row.legal_reference))))
    }

    /// The rule that holds on a day.
    pub fn on(&self, name: &str, day: NaiveDate) -> Rule {
        let rows = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let held = rows.iter().rfind(|(from, _)| *from <= day).or_else(|| rows.first());
        held.map_or(Rule { value: json!(0), law: None }, |(_, rule)| rule.clone())
    }

    /// A number that holds on a day.
    pub fn number(&self, name: &str, day: NaiveDate) -> i64 {
        self.on(name, day).value.as_i64().unwrap_or_default()
    }

    /// The fewest members of a scope on a day.
    pub fn min_members(&self, scope: AssociationScope, day: NaiveDate) -> i64 {
        self.on(MIN_MEMBERS, day).value.get(scope.as_str()).and_then(Value::as_i64).unwrap_or_default()
    }

    /// Names in a problem the law of each rule, as it stood on a day.
    pub fn cite(&self, problem: Problem, day: NaiveDate) -> Problem {
        problem.citing(|code| law(self, code, day))
    }
}

/// The law behind the code of a broken rule.
fn law(rules: &Rules, code: &str, day: NaiveDate) -> Option<String> {
    let decree = if day < DECREE_126.parse().unwrap_or_default() {
        "Nghị định 45/2010/NĐ-CP"
    } else {
        "Nghị định 126/2024/NĐ-CP"
    };
    let of = |topic: &str| Some(format!("{decree} ({topic})"));
    match code {
        "term_too_long" | "term_overlap" | "number_taken" => rules.on(TERM_YEARS, day).law,
        "extended_already" | "extension_too_early" => rules.on(TERM_EXTENSIONS, day).law,
        "extension_too_long" => rules.on(EXTENSION_MONTHS, day).law,
        "main_field_required" => of("lĩnh vực hoạt động chính của hội"),
        "end_before_start" | "before_start" | "out_of_life" | "outside_term" => of("thành lập, nhiệm kỳ, giải thể hội"),
        "two_presidents" | "post_held_already" => of("ban lãnh đạo hội, người đứng đầu hội"),
        "namesake" | "association_namesake" => of("tên hội không trùng với hội khác trong cùng phạm vi hoạt động"),
        "cycle"
        | "successor_ended"
        | "successor_not_begun"
        | "successor_not_new"
        | "successor_is_new"
        | "contradicts_succession"
        | "parent_not_living" => of("chia, tách, sáp nhập, hợp nhất hội; thủ tục 1.012945"),
        "founded_already" => of("đại hội thành lập"),
        "overlap" => of("hội viên; quyết định kết nạp của Liên hiệp hội"),
        "more_women_than_members" | "more_degrees_than_members" => of("hội viên"),
        "before_register" => Some("Nghị quyết 15/2008/QH12".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_rule_is_that_of_its_day() {
        let rules = Rules::new([]);
        for (day, law) in [("2012-11-07", "45/2010"), ("2024-11-25", "45/2010"), ("2024-11-26", "126/2024")] {
            let rule = rules.on(TERM_YEARS, day.parse().unwrap());
            assert!(rule.law.unwrap().contains(law), "{day}");
        }
        assert_eq!(rules.number(REPORT_YEARS, day("2026-01-01")), 2);
        assert_eq!(rules.min_members(AssociationScope::Commune, day("2026-01-01")), 10);
        assert_eq!(rules.number("unknown", day("2026-01-01")), 0);
    }

    #[test]
    fn a_setting_counts_from_its_day_on() {
        let setting =
            |from: &str, value: i64| (TERM_YEARS.to_owned(), day(from), json!(value), Some("Luật Hội".to_owned()));
        let rules = Rules::new([setting("2020-01-01", 4), setting("2027-01-01", 3)]);
        for (on, years) in [("2019-12-31", 5), ("2020-01-01", 4), ("2024-11-26", 4), ("2027-01-01", 3)] {
            assert_eq!(rules.number(TERM_YEARS, day(on)), years, "{on}");
        }
        assert_eq!(rules.on(TERM_YEARS, day("2025-01-01")).law.as_deref(), Some("Luật Hội"));
    }

    #[test]
    fn a_broken_rule_names_its_law() {
        let rules = Rules::new([]);
        let detail = || crate::say!("x", "x");
        for (code, on, expected) in [
            ("term_too_long", "2025-01-01", Some("126/2024")),
            ("two_presidents", "2025-01-01", Some("126/2024")),
            ("two_presidents", "2015-01-01", Some("45/2010")),
            ("before_register", "2025-01-01", Some("15/2008/QH12")),
            ("too_long", "2025-01-01", None),
        ] {
            let problem = rules.cite(Problem::field("/x", code, detail()), day(on));
            let law = problem.errors()[0].legal_reference.clone();
            assert_eq!(law.is_some(), expected.is_some(), "{code}");
            assert!(expected.is_none_or(|text| law.unwrap().contains(text)), "{code}");
        }
    }
}
