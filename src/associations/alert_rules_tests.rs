//! The alerts as tables.

use super::*;
use crate::associations::model::{AssociationField, CountRow, Record, ReportRow, StateRow, TermRow};
use crate::associations::words::{AssociationKind, AssociationScope, MemberKind};
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use serde_json::json;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A main field of its own.
fn main_field(id: Uuid, code: &str) -> AssociationField {
    AssociationField { organisation_id: id, scheme: "A".to_owned(), code: code.to_owned(), main: true }
}

/// An association that has nothing but a main field and two reports.
fn bare() -> Registry {
    let id = new_id();
    Registry {
        record: Record {
            organisation_id: id,
            version: 1,
            kind: AssociationKind::Association,
            scope: AssociationScope::Province,
            area: None,
            area_key: String::new(),
            minority_name: None,
            department_id: None,
            headquarters: None,
            phone: None,
            email: None,
            website: None,
            tax_code: None,
            updated_at: now(),
        },
        fields: vec![main_field(id, &id.to_string())],
        states: vec![],
        special_statuses: vec![],
        charters: vec![],
        terms: vec![],
        extensions: vec![],
        congresses: vec![],
        officers: vec![],
        unions: vec![],
        counts: vec![],
        reports: [2024, 2025].map(|year| report(id, year)).to_vec(),
    }
}

/// One that there is nothing to be said of.
fn registry() -> Registry {
    counted(in_term(bare(), "2029-12-31", None), 2019, 1_000)
}

fn counted(mut registry: Registry, year: i16, total: i32) -> Registry {
    for (kind, total) in [(MemberKind::OfficialIndividual, total), (MemberKind::Honorary, 1_000)] {
        let organisation_id = registry.id();
        registry.counts.push(CountRow { organisation_id, year, kind, total, women: None, degrees: Default::default() });
    }
    registry
}

fn report(id: Uuid, year: i16) -> ReportRow {
    ReportRow { id: new_id(), organisation_id: id, year, received_on: day("2026-01-01"), document: None, note: None }
}

fn with_term(to: &str, extended: Option<&str>) -> Registry {
    in_term(counted(bare(), 2019, 1_000), to, extended)
}

fn in_term(mut registry: Registry, to: &str, extended: Option<&str>) -> Registry {
    registry.terms.push(TermRow {
        id: new_id(),
        organisation_id: registry.id(),
        number: 1,
        valid_from: day("2020-01-01"),
        valid_to: day(to),
        extended_to: extended.map(day),
        document: None,
        note: None,
    });
    registry
}

fn with_members(scope: AssociationScope, year: i16, total: i32) -> Registry {
    let mut registry = counted(registry(), year, total);
    registry.record.scope = scope;
    registry
}

fn in_state(state: AssociationStatus, until: Option<&str>) -> Registry {
    let mut registry = with_term("2025-01-01", None);
    registry.states.push(StateRow {
        id: new_id(),
        organisation_id: registry.id(),
        state,
        valid_from: None,
        valid_to: None,
        until: until.map(day),
        document: None,
        reason: None,
    });
    registry
}

fn kinds(registries: &[Registry], rules: &Rules, from: &str, on: &str) -> Vec<AlertKind> {
    let life = Period { from: Some(day(from)), to: None };
    let living: Vec<Living<'_>> =
        registries.iter().map(|registry| Living { registry, life, province: Some(8) }).collect();
    let found = alerts(&living, rules, day(on));
    assert!(found.iter().all(|alert| alert.law.is_some()), "every alert names its law");
    found.into_iter().map(|alert| alert.kind).collect()
}

#[test]
fn each_rule_finds_what_it_is_for_and_nothing_else() {
    use AlertKind::{
        MembersUnknown, NoMainField, NoReport, NoTerm, SuspensionOver, TermEndsSoon, TermOver, TooFewMembers,
    };
    let on = "2026-11-26";
    let no_reports = || Registry { reports: vec![], ..registry() };
    let one_report = || {
        let registry = registry();
        Registry { reports: vec![report(registry.id(), 2024)], ..registry }
    };
    let received_later = || {
        let mut registry = registry();
        registry.reports.iter_mut().for_each(|row| row.received_on = day("2026-11-27"));
        registry
    };
    let fieldless = |registry: Registry| Registry { fields: vec![], ..registry };
    let without_both = |state| Registry { counts: vec![], terms: vec![], ..in_state(state, None) };
    for (what, registry, from, expected) in [
        ("nothing", registry(), "2010-01-01", vec![]),
        ("no term", Registry { terms: vec![], ..registry() }, "2010-01-01", vec![NoTerm]),
        ("never counted", Registry { counts: vec![], ..registry() }, "2010-01-01", vec![MembersUnknown]),
        ("neither, and suspended", without_both(AssociationStatus::Suspended), "2010-01-01", vec![]),
        ("neither, and being founded", without_both(AssociationStatus::Preparing), "2010-01-01", vec![]),
        ("reports that came after the day", received_later(), "2010-01-01", vec![NoReport]),
        ("a term that ends in 180 days", with_term("2027-05-25", None), "2010-01-01", vec![TermEndsSoon]),
        ("a term that ends in 181 days", with_term("2027-05-26", None), "2010-01-01", vec![]),
        ("a term that ends today", with_term(on, None), "2010-01-01", vec![TermEndsSoon]),
        ("a term that is over", with_term("2026-11-25", None), "2010-01-01", vec![TermOver]),
        ("a term that was extended", with_term("2025-01-01", Some("2027-12-31")), "2010-01-01", vec![]),
        ("two years without a report", no_reports(), "2010-01-01", vec![NoReport]),
        ("one year without a report", one_report(), "2010-01-01", vec![]),
        ("too young to have reported", no_reports(), "2024-06-01", vec![]),
        ("49 of 50", with_members(AssociationScope::Province, 2025, 49), "2010-01-01", vec![TooFewMembers]),
        ("50 of 50", with_members(AssociationScope::Province, 2025, 50), "2010-01-01", vec![]),
        ("10 of 10", with_members(AssociationScope::Commune, 2025, 10), "2010-01-01", vec![]),
        ("99 of 100", with_members(AssociationScope::National, 2025, 99), "2010-01-01", vec![TooFewMembers]),
        ("counted later", with_members(AssociationScope::Province, 2027, 1), "2010-01-01", vec![]),
        ("being founded", in_state(AssociationStatus::Preparing, None), "2010-01-01", vec![]),
        ("being dissolved", in_state(AssociationStatus::Dissolving, None), "2010-01-01", vec![]),
        (
            "suspended past its date",
            in_state(AssociationStatus::Suspended, Some("2026-11-25")),
            "2010-01-01",
            vec![TermOver, SuspensionOver],
        ),
        ("suspended", in_state(AssociationStatus::Suspended, Some(on)), "2010-01-01", vec![TermOver]),
        ("no main field", fieldless(registry()), "2010-01-01", vec![NoMainField]),
        ("none, and being founded", fieldless(in_state(AssociationStatus::Preparing, None)), "2010-01-01", vec![]),
    ] {
        assert_eq!(kinds(&[registry], &Rules::new([]), from, on), expected, "{what}");
    }
}

#[test]
fn a_main_field_is_doubled_in_one_scope_and_area_only() {
    let with_field = |code: &str, scope, area: &str| {
        let mut registry = registry();
        (registry.record.scope, registry.record.area_key) = (scope, area.to_owned());
        registry.fields = vec![main_field(registry.id(), code)];
        registry
    };
    use AssociationScope::{Commune, Province};
    for (what, others, count) in [
        ("the same", vec![("401", Province, "")], 2),
        ("another field", vec![("404", Province, "")], 0),
        ("another scope", vec![("401", Commune, "xa mau")], 0),
        ("three", vec![("401", Province, ""), ("401", Province, "")], 3),
    ] {
        let mut registries = vec![with_field("401", Province, "")];
        registries.extend(others.into_iter().map(|(code, scope, area)| with_field(code, scope, area)));
        let found = kinds(&registries, &Rules::new([]), "2010-01-01", "2026-11-26");
        assert_eq!(found, vec![AlertKind::FieldDoubled; count], "{what}");
    }
}

#[test]
fn the_province_of_its_office_is_no_area_of_a_wide_one() {
    for (scope, count) in [
        (AssociationScope::National, 2),
        (AssociationScope::InterProvincial, 2),
        (AssociationScope::Province, 0),
        (AssociationScope::Commune, 0),
    ] {
        let registries: Vec<Registry> = [(); 2]
            .map(|()| {
                let mut registry = registry();
                registry.record.scope = scope;
                registry.fields = vec![main_field(registry.id(), "401")];
                registry
            })
            .into();
        let life = Period { from: Some(day("2010-01-01")), to: None };
        let living: Vec<Living<'_>> = registries
            .iter()
            .zip([8, 24])
            .map(|(registry, province)| Living { registry, life, province: Some(province) })
            .collect();
        let found = alerts(&living, &Rules::new([]), day("2026-11-26"));
        assert_eq!(found.iter().filter(|alert| alert.kind == AlertKind::FieldDoubled).count(), count, "{scope:?}");
    }
}

#[test]
fn the_rules_of_the_day_count() {
    let setting = |name: &str, value| (name.to_owned(), day("2026-01-01"), value, Some("Luật Hội".to_owned()));
    let rules = Rules::new([setting(REPORT_YEARS, json!(1)), setting(TERM_ALERT_DAYS, json!(10))]);
    let one = registry();
    let registry = Registry { reports: vec![report(one.id(), 2024)], ..with_term("2026-12-10", None) };
    let registry = Registry { record: one.record, ..registry };
    assert_eq!(kinds(&[registry], &rules, "2010-01-01", "2026-11-26"), [AlertKind::NoReport]);
}

#[test]
fn where_fields_may_double_nobody_asks_for_the_main_one() {
    let free = Rules::new([(UNIQUE_FIELD.to_owned(), day("2026-06-01"), json!(0), None)]);
    let fieldless = || [Registry { fields: vec![], ..registry() }];
    assert_eq!(kinds(&fieldless(), &free, "2010-01-01", "2026-11-26"), []);
    assert_eq!(kinds(&fieldless(), &free, "2010-01-01", "2026-05-31"), [AlertKind::NoMainField]);
}
