//! Loading of dated settings: what the Union or the law may change without a new release.

use serde_json::Value;

use super::load::{LoadError, load_event, load_recorder};
use super::store::{self, SettingRow};
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet};
use crate::state::State;

/// A name, what may be set under it, and what that is in words.
type Known = (&'static str, fn(&Value) -> bool, &'static str);

const KNOWN: [Known; 33] = [
    ("home_province", is_text, "the code of the Union's province, such as \"08\""),
    ("home_union", is_text, "the code of the Union among the organisations, such as \"LHH-TQ\""),
    ("invitation_days", is_count, "days an invitation is good for, 1 to 3650"),
    ("confirmation_days", is_count, "days a link to confirm one's data is good for, 1 to 3650"),
    ("stale_months", is_count, "months after which a record nobody confirmed is stale, 1 to 3650"),
    (
        "activation_min_degree",
        is_text,
        "code of the lowest degree verified without evidence of standing, such as \"ThS\"",
    ),
    ("association_term_max_years", is_count, "longest term of an association in years, such as 5"),
    ("association_term_extensions", is_number, "how often a term may be extended, 0 to 3650"),
    ("association_extension_max_months", is_number, "months a term may last after its regular end, 0 to 3650"),
    (
        "association_term_alert_days",
        is_count,
        "days before the end of a term from which on an alert says so, 1 to 3650",
    ),
    ("association_report_years", is_count, "years in a row without a report after which an alert says so, 1 to 3650"),
    (
        "association_min_members",
        is_scopes,
        "fewest members by scope, such as {\"national\": 100, \"province\": 50, \"commune\": 10}",
    ),
    (
        "association_unique_main_field",
        is_number,
        "1 when a main field in use in the same scope is to be looked at, else 0",
    ),
    ("association_suspension_ends", is_number, "1 when a suspension past its date is to be looked at, else 0"),
    ("coverage_gap_experts", is_count, "experts in a field from which on an association is missed there, 1 to 3650"),
    ("coverage_small_cell", is_count, "counts below this are not shown to the public, 1 to 3650"),
    ("consultation_decide_days", is_days, "working days in which the Union answers a request, 0 to 365"),
    ("consultation_complete_days", is_days, "working days in which a file is completed, 0 to 365"),
    ("consultation_answer_days", is_days, "working days in which an expert answers an invitation, 0 to 365"),
    ("consultation_opinion_days", is_days, "working days for the experts' opinions, 0 to 365"),
    ("consultation_report_days", is_days, "working days for a report, 0 to 365"),
    ("consultation_urgent_report_days", is_days, "working days for an urgent report, 0 to 365"),
    (
        "consultation_before_decision_days",
        is_days,
        "working days before the planned decision by which a report is there, 0 to 365",
    ),
    ("consultation_reply_days", is_days, "working days in which the asker replies, 0 to 365"),
    ("consultation_remind_days", is_days, "working days before a date on which people are reminded, 0 to 365"),
    (
        "matching_window_months",
        is_small_count,
        "months for which it counts that an expert was asked or declined, 1 to 120",
    ),
    ("matching_usual_load", is_small_count, "assignments at a time of who did not say how many they take, 1 to 120"),
    ("conflict_work_years", is_small, "years for which work at a body counts after it ended, 0 to 100"),
    ("conflict_shared_years", is_small, "years for which what was done with a drafter counts, 0 to 100"),
    ("panel_min_critical_review", is_small, "fewest people of a panel for a critical review, 0 to 100"),
    ("panel_min_consultation", is_small, "fewest people of a panel for a consultation, 0 to 100"),
    ("panel_min_social_assessment", is_small, "fewest people of a panel for a social assessment, 0 to 100"),
    ("science_dept_sources", is_texts, "the Department's sources of records, such as [\"skhcn\"]"),
];

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

fn is_count(value: &Value) -> bool {
    value.as_u64().is_some_and(|count| (1..=3650).contains(&count))
}

fn is_small_count(value: &Value) -> bool {
    value.as_u64().is_some_and(|count| (1..=crate::consultations::matching::MOST_OF_A_SETTING).contains(&count))
}

fn is_days(value: &Value) -> bool {
    value.as_u64().is_some_and(|days| days <= 365)
}

fn is_small(value: &Value) -> bool {
    value.as_u64().is_some_and(|number| number <= 100)
}

fn is_number(value: &Value) -> bool {
    value.as_u64().is_some_and(|count| count <= 3650)
}

fn is_scopes(value: &Value) -> bool {
    let scopes = ["national", "inter_provincial", "province", "district", "commune"];
    let sound = |(name, count): (&String, &Value)| {
        scopes.contains(&name.as_str()) && count.as_u64().is_some_and(|n| n <= 1_000_000)
    };
    value.as_object().is_some_and(|members| !members.is_empty() && members.iter().all(sound))
}

fn is_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(is_text))
}

/// Settings: `name`, `valid_from`, `value` (JSON) and, where a rule comes from one, `legal_reference`. A day that is known is
/// set anew; others stay.
///
/// # Errors
/// See [`LoadError`].
pub async fn load(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let lines = sheet::read(file, &["name", "valid_from", "value"], |row| Ok((row.line(), setting(row)?)))?;
    let rows = sheet::unique(file, lines, "name", |row| (row.name.clone(), row.valid_from))?;
    let recorder = load_recorder(state);
    let total = rows.len();
    let loaded = state.db.transaction(async move |tx| {
        let existing = store::settings(tx).await?;
        let changed: Vec<SettingRow> = rows.into_iter().filter(|row| !existing.contains(row)).collect();
        for row in &changed {
            store::put_setting(tx, &row.name, row.valid_from, &row.value, row.legal_reference.as_deref()).await?;
        }
        let loaded = Loaded { rows: total, changed: changed.len(), ..Loaded::default() };
        recorder.record(tx, load_event("settings", loaded).into_iter().collect()).await?;
        Ok(loaded)
    });
    Ok(loaded.await?)
}

fn setting(row: &Row<'_>) -> Result<SettingRow, Fault> {
    let name = row.text("name")?;
    let known = KNOWN.iter().find(|(known, _, _)| *known == name);
    let Some((_, is_sound, meaning)) = known else {
        let names: Vec<&str> = KNOWN.iter().map(|(name, _, _)| *name).collect();
        return Err(row.fault("name", format!("`{name}` is none of {}", names.join(", "))));
    };
    let value: Option<Value> = serde_json::from_str(row.text("value")?).ok();
    let value = value.filter(is_sound).ok_or_else(|| row.fault("value", format!("needs JSON: {meaning}")))?;
    Ok(SettingRow {
        name: name.to_owned(),
        valid_from: row.date("valid_from")?.ok_or_else(|| row.fault("valid_from", "must not be blank"))?,
        value,
        legal_reference: row.optional("legal_reference").map(str::to_owned),
    })
}
