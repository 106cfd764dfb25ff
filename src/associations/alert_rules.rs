//! What the law asks to be looked at: registries and rules in, alerts out. No SQL, no HTTP.

use std::collections::HashMap;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::Registry;
use super::settings::{MIN_MEMBERS, REPORT_YEARS, Rules, SUSPENSION, TERM_ALERT_DAYS, TERM_YEARS, UNIQUE_FIELD};
use super::words::{AssociationScope, AssociationStatus};
use crate::organisations::model::Period;

/// What is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// The term is over, and no other has begun.
    TermOver,
    /// The term ends soon.
    TermEndsSoon,
    /// It is active, and no term is on record.
    NoTerm,
    /// No report for so many years in a row.
    NoReport,
    /// Fewer official members than its scope asks for.
    TooFewMembers,
    /// It is active, and its official members were never counted.
    MembersUnknown,
    /// Another active association of its scope and area has the same main field.
    FieldDoubled,
    /// It was founded, and no main field is on record, so that nobody can see whether it doubles another's.
    NoMainField,
    /// The suspension is over, and it was not resumed.
    SuspensionOver,
}

/// Something to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The association.
    pub association: Uuid,
    /// What.
    pub kind: AlertKind,
    /// The day it counts from: the end of a term or suspension.
    pub due: Option<NaiveDate>,
    /// How many there are, and how many are asked for.
    pub numbers: Option<(i64, i64)>,
    /// The others that are concerned.
    pub others: Vec<Uuid>,
    /// The law.
    pub law: Option<String>,
}

/// An association that is there on the day.
pub struct Living<'a> {
    /// What is kept of it.
    pub registry: &'a Registry,
    /// From its first to its last day.
    pub life: Period,
    /// Its province as it is on the day.
    pub province: Option<i32>,
}

/// Everything that is to be looked at on a day, in the order of the associations and kinds.
pub fn alerts(living: &[Living<'_>], rules: &Rules, day: NaiveDate) -> Vec<Found> {
    let doubled = doubled(living, day);
    let mut found = Vec::new();
    for one in living {
        let of = |kind, due, numbers, others, rule: &str| Found {
            association: one.registry.id(),
            kind,
            due,
            numbers,
            others,
            law: rules.on(rule, day).law,
        };
        let state = one.registry.state(day);
        if let Some((kind, end)) = term(one, rules, day).filter(|_| works(state)) {
            let rule = if kind == AlertKind::TermOver { TERM_YEARS } else { TERM_ALERT_DAYS };
            found.push(of(kind, Some(end), None, Vec::new(), rule));
        }
        let active = state == AssociationStatus::Active;
        if active && one.registry.latest_term(day).is_none() {
            found.push(of(AlertKind::NoTerm, None, None, Vec::new(), TERM_YEARS));
        }
        if let Some(years) = no_report(one, rules, day).filter(|_| works(state)) {
            found.push(of(AlertKind::NoReport, None, Some((0, years)), Vec::new(), REPORT_YEARS));
        }
        let least = rules.min_members(one.registry.record.scope, day);
        match members(one, day) {
            Some(members) if members < least && works(state) => {
                found.push(of(AlertKind::TooFewMembers, None, Some((members, least)), Vec::new(), MIN_MEMBERS));
            }
            None if active && least > 0 => {
                found.push(of(AlertKind::MembersUnknown, None, None, Vec::new(), MIN_MEMBERS));
            }
            _ => {}
        }
        let others = doubled.get(&one.registry.id()).cloned().unwrap_or_default();
        let one_field = rules.number(UNIQUE_FIELD, day) != 0;
        if one_field && !others.is_empty() {
            found.push(of(AlertKind::FieldDoubled, None, None, others, UNIQUE_FIELD));
        }
        if one_field && works(state) && one.registry.main_field().is_none() {
            found.push(of(AlertKind::NoMainField, None, None, Vec::new(), UNIQUE_FIELD));
        }
        let until = one.registry.state_row(day).and_then(|row| row.until);
        let over = |until: &NaiveDate| state == AssociationStatus::Suspended && *until < day;
        if let Some(until) = until.filter(over).filter(|_| rules.number(SUSPENSION, day) != 0) {
            found.push(of(AlertKind::SuspensionOver, Some(until), None, Vec::new(), SUSPENSION));
        }
    }
    found
}

/// What is being founded or dissolved has no terms to keep and no reports to send.
const fn works(state: AssociationStatus) -> bool {
    matches!(state, AssociationStatus::Active | AssociationStatus::Suspended)
}

/// The last term, when it ends soon or is over.
fn term(one: &Living<'_>, rules: &Rules, day: NaiveDate) -> Option<(AlertKind, NaiveDate)> {
    let end = one.registry.latest_term(day)?.end();
    if end < day {
        return Some((AlertKind::TermOver, end));
    }
    let ahead = u64::try_from(rules.number(TERM_ALERT_DAYS, day)).unwrap_or_default();
    let follows = one.registry.terms.iter().any(|term| term.valid_from > day);
    (!follows && end <= day.checked_add_days(Days::new(ahead))?).then_some((AlertKind::TermEndsSoon, end))
}

/// How many years in a row there was no report: those that are asked for, when it was there all the time.
fn no_report(one: &Living<'_>, rules: &Rules, day: NaiveDate) -> Option<i64> {
    let years = i32::try_from(rules.number(REPORT_YEARS, day)).ok().filter(|years| (1..=50).contains(years))?;
    let first = day.year() - years;
    let begin = NaiveDate::from_ymd_opt(first, 1, 1)?;
    let there = one.life.from.is_none_or(|from| from <= begin);
    let founded = one.registry.states.iter().filter(|row| row.state == AssociationStatus::Active);
    let founded = founded.filter_map(|row| row.valid_from).min().is_none_or(|from| from <= begin);
    // what came later was not there on the day
    let reports = one.registry.reports.iter().filter(|row| row.received_on <= day);
    let none = (first..day.year()).all(|year| reports.clone().all(|row| i32::from(row.year) != year));
    (there && founded && none).then_some(i64::from(years))
}

/// Official members as last counted.
fn members(one: &Living<'_>, day: NaiveDate) -> Option<i64> {
    let year = i16::try_from(day.year()).unwrap_or(i16::MAX);
    one.registry.official_members(year).map(|(_, members)| members)
}

/// By association: the other active ones of its scope, area and province that have the same main field. One that works in
/// several provinces or all of them has its office in one: that makes no area of its own.
fn doubled(living: &[Living<'_>], day: NaiveDate) -> HashMap<Uuid, Vec<Uuid>> {
    let mut by_place: HashMap<_, Vec<Uuid>> = HashMap::new();
    for one in living.iter().filter(|one| one.registry.state(day) == AssociationStatus::Active) {
        let record = &one.registry.record;
        let Some(field) = one.registry.main_field() else { continue };
        let wide = matches!(record.scope, AssociationScope::National | AssociationScope::InterProvincial);
        let place = (record.scope, record.area_key.as_str(), one.province.filter(|_| !wide), field);
        by_place.entry(place).or_default().push(record.organisation_id);
    }
    let mut doubled = HashMap::new();
    for ids in by_place.into_values().filter(|ids| ids.len() > 1) {
        for id in &ids {
            doubled.insert(*id, ids.iter().copied().filter(|other| other != id).collect());
        }
    }
    doubled
}

#[cfg(test)]
#[path = "alert_rules_tests.rs"]
mod tests;
