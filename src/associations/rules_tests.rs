//! The rules as tables.

use super::*;
use crate::kernel::id::new_id;
use uuid::Uuid;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn term(number: i16, from: &str, to: &str, extended: Option<&str>) -> TermRow {
    TermRow {
        id: new_id(),
        organisation_id: Uuid::nil(),
        number,
        valid_from: day(from),
        valid_to: day(to),
        extended_to: extended.map(day),
        document: None,
        note: None,
    }
}

fn officer(name: &str, position: OfficerPosition, from: &str, to: Option<&str>) -> OfficerRow {
    OfficerRow {
        id: new_id(),
        organisation_id: Uuid::nil(),
        term_id: None,
        expert_id: None,
        full_name: name.to_owned(),
        name_key: name.to_owned(),
        position,
        valid_from: day(from),
        valid_to: to.map(day),
        concurrent_post: None,
        full_time: None,
        document: None,
    }
}

fn code(answer: Answer<()>) -> &'static str {
    answer.map_or_else(|problem| problem.errors().first().map_or("?", |error| error.code), |()| "")
}

#[test]
fn a_term_has_an_end_a_length_a_number_and_days_of_its_own() {
    let rules = Rules::new([]);
    let known = [term(1, "2011-12-16", "2016-12-15", Some("2017-01-05")), term(3, "2021-12-27", "2026-12-26", None)];
    for (number, from, to, expected) in [
        (2, "2017-01-06", "2021-12-26", ""),
        (2, "2017-01-06", "2017-01-05", "end_before_start"),
        (2, "2017-01-06", "2022-01-07", "term_too_long"),
        (2, "2017-01-06", "2022-01-06", "term_too_long"),
        (2, "2017-01-06", "2022-01-05", "term_overlap"),
        (2, "2017-01-05", "2021-12-26", "term_overlap"),
        (2, "2016-12-16", "2021-12-01", "term_overlap"),
        (3, "2017-01-06", "2021-12-26", "number_taken"),
        (4, "2026-12-27", "2031-12-26", ""),
        (4, "2026-12-27", "2031-12-27", "term_too_long"),
        (4, "2028-02-29", "2033-02-28", ""),
        (4, "2028-02-29", "2033-03-01", "term_too_long"),
        (4, "2027-03-01", "2032-02-29", ""),
        (4, "2026-12-26", "2031-12-01", "term_overlap"),
    ] {
        assert_eq!(code(check_term(&term(number, from, to, None), &known, &rules)), expected, "{number} {from} {to}");
    }
    assert_eq!(code(check_term(&known[0], &known, &rules)), "", "a term does not overlap itself");
}

#[test]
fn a_term_is_extended_once_and_not_into_the_next() {
    let rules = Rules::new([]);
    let (old, next) = (term(1, "2016-01-01", "2020-12-31", None), term(2, "2021-07-01", "2026-06-30", None));
    let extension = |until: &str| ExtensionRow {
        id: new_id(),
        organisation_id: Uuid::nil(),
        term_id: old.id,
        until: day(until),
        document: None,
        reason: None,
    };
    for (until, known, expected) in [
        ("2021-06-30", vec![], ""),
        ("2020-12-31", vec![], "end_before_start"),
        ("2021-07-01", vec![], "term_overlap"),
        ("2021-06-30", vec![extension("2021-03-31")], "extended_already"),
    ] {
        let terms = [old.clone(), next.clone()];
        assert_eq!(code(check_extension(&old, day(until), &known, &terms, &rules)), expected, "{until}");
    }
    for (until, expected) in [("2021-12-31", ""), ("2022-01-01", "extension_too_long")] {
        assert_eq!(code(check_extension(&old, day(until), &[], &[], &rules)), expected, "{until}");
    }
    let setting = ("association_extension_max_months".to_owned(), day("2020-01-01"), serde_json::json!(3), None);
    let rules = Rules::new([setting]);
    for (until, expected) in [("2021-03-31", ""), ("2021-04-01", "extension_too_long")] {
        assert_eq!(code(check_extension(&old, day(until), &[], &[], &rules)), expected, "{until}");
    }
}

#[test]
fn a_term_that_ends_within_its_extension_leaves_what_is_left_of_it() {
    let old = term(1, "2016-01-01", "2020-12-31", Some("2021-09-30"));
    let extension = |until: &str| ExtensionRow {
        id: new_id(),
        organisation_id: Uuid::nil(),
        term_id: old.id,
        until: day(until),
        document: None,
        reason: None,
    };
    let known = [extension("2021-06-30"), extension("2021-09-30")];
    for (end, extended_to, left, gone) in [
        ("2020-12-31", None, vec![], 2),
        ("2021-03-31", Some("2021-03-31"), vec!["2021-03-31"], 1),
        ("2021-06-30", Some("2021-06-30"), vec!["2021-06-30"], 1),
        ("2021-08-31", Some("2021-08-31"), vec!["2021-06-30", "2021-08-31"], 0),
    ] {
        let (new, kept, lost) = shortened(&old, day(end), &known);
        let kept: Vec<String> = kept.iter().map(|row| row.until.to_string()).collect();
        assert_eq!((new.extended_to, lost.len()), (extended_to.map(day), gone), "{end}");
        assert_eq!(kept, left, "{end}");
    }
}

#[test]
fn there_is_one_president_at_a_time() {
    use OfficerPosition::{President, VicePresident};
    let known = [
        officer("an", President, "2020-01-01", Some("2022-06-30")),
        officer("binh", VicePresident, "2020-01-01", None),
    ];
    for (name, position, from, to, expected) in [
        ("chi", President, "2022-07-01", None, ""),
        ("chi", President, "2022-06-30", None, "two_presidents"),
        ("chi", President, "2019-01-01", Some("2020-01-01"), "two_presidents"),
        ("chi", VicePresident, "2021-01-01", None, ""),
        ("binh", VicePresident, "2021-01-01", None, "post_held_already"),
        ("chi", President, "2023-01-02", Some("2023-01-01"), "end_before_start"),
    ] {
        let new = officer(name, position, from, to);
        assert_eq!(code(check_officer(&new, None, &known)), expected, "{name} {from}");
    }
    let term = term(1, "2020-01-01", "2024-12-31", None);
    for (from, to, expected) in [
        ("2020-01-01", Some("2024-12-31"), ""),
        ("2019-12-31", Some("2024-12-31"), "outside_term"),
        ("2020-01-01", None, "outside_term"),
        ("2020-01-01", Some("2025-01-01"), "outside_term"),
    ] {
        let new = officer("dung", VicePresident, from, to);
        assert_eq!(code(check_officer(&new, Some(&term), &[])), expected, "{from} {to:?}");
    }
}

#[test]
fn a_step_that_is_not_possible_lists_those_that_are() {
    let said = check_step(AssociationStatus::Suspended, Verb::Activate).unwrap_err().to_string();
    assert!(said.contains("resume, begin-dissolution, succeed"), "{said}");
    assert_eq!(check_step(AssociationStatus::Preparing, Verb::Activate).unwrap(), AssociationStatus::Active);
}

#[test]
fn what_begins_and_ends_is_in_order_and_in_the_life_of_the_association() {
    for (from, to, expected) in [
        (Some("2020-01-01"), Some("2020-01-01"), ""),
        (Some("2020-01-02"), Some("2020-01-01"), "end_before_start"),
        (None, Some("2020-01-01"), ""),
        (Some("2020-01-01"), None, ""),
    ] {
        assert_eq!(code(check_order("/to", from.map(day), to.map(day))), expected);
    }
    let life = Period { from: Some(day("2010-01-01")), to: Some(day("2020-12-31")) };
    assert_eq!(code(check_life("/from", life, day("2010-01-01"))), "");
    assert_eq!(code(check_life("/from", life, day("2009-12-31"))), "out_of_life");
    assert_eq!(code(check_life("/from", life, day("2021-01-01"))), "out_of_life");
}
