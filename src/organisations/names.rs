//! The names a body is found by, as rows with their search keys.

use chrono::NaiveDate;
use uuid::Uuid;

use super::Spelling;
use super::matching::match_key;
use super::model::{Body, OtherName, Period, Version, before};
use super::store::NameRow;
use crate::kernel::id::new_id;
use crate::kernel::text::{accent_key, fold};
use crate::reference::places::Places;

/// What kind of name it is; a workplace is a spelling accepted for the matching alone.
pub const WORKPLACE: &str = "workplace";
/// An accepted spelling that means another body since.
pub const REPLACED: &str = "replaced";

/// All names of a body but the accepted workplaces.
pub fn of_body(body: &Body, places: &Places) -> Vec<NameRow> {
    let mut rows: Vec<NameRow> = Vec::new();
    for version in &body.versions {
        let place = place_words(version, places);
        let mut add = |kind, name: &str| add(&mut rows, body.id, kind, name, version.period, &place);
        add("full", &version.name);
        version.short_name.iter().for_each(|name| add("short", name));
        version.name_en.iter().for_each(|name| add("english", name));
    }
    let place = body.versions.last().map(|version| place_words(version, places)).unwrap_or_default();
    for other in &body.other_names {
        let (kind, name) = match other {
            OtherName::Former(name) => ("former", name),
            OtherName::Other(name) => ("other", name),
        };
        add(&mut rows, body.id, kind, name, Period::default(), &place);
    }
    rows
}

/// A spelling an officer accepted.
pub fn accepted(spelling: &Spelling, decision: Uuid) -> NameRow {
    let key = format!(" {} ", fold(&spelling.text));
    NameRow {
        id: new_id(),
        organisation_id: spelling.organisation_id,
        kind: WORKPLACE.to_owned(),
        name: spelling.text.clone(),
        valid_from: None,
        valid_to: None,
        province_id: spelling.province_id,
        search_key: key.clone(),
        accent_key: format!(" {} ", accent_key(&spelling.text)),
        match_key: match_key(&spelling.text),
        key,
        decision_id: Some(decision),
    }
}

/// The folded names of the provinces the body is in meanwhile.
fn place_words(version: &Version, places: &Places) -> String {
    let Some(id) = version.province_id else { return String::new() };
    let ids = [id, places.at(id, version.period.to.unwrap_or(NaiveDate::MAX))];
    let mut keys: Vec<&str> = ids.iter().filter_map(|id| places.row(*id)).map(|row| row.name_key.as_str()).collect();
    keys.dedup();
    keys.join(" ")
}

/// Adds a name, or lets one that is there already hold longer: most changes leave most names as they were.
fn add(rows: &mut Vec<NameRow>, body: Uuid, kind: &'static str, name: &str, period: Period, place: &str) {
    let key = format!(" {} ", fold(name));
    let search_key = if place.is_empty() { key.clone() } else { format!("{key}{place} ") };
    let goes_on = |row: &NameRow| period.from.is_some_and(|from| row.valid_to == Some(before(from)));
    let same =
        |row: &&mut NameRow| row.kind == kind && row.name == name && row.search_key == search_key && goes_on(row);
    if let Some(row) = rows.iter_mut().find(same) {
        row.valid_to = period.to;
        return;
    }
    rows.push(NameRow {
        id: new_id(),
        organisation_id: body,
        kind: kind.to_owned(),
        name: name.to_owned(),
        valid_from: period.from,
        valid_to: period.to,
        province_id: None,
        accent_key: format!(" {} ", accent_key(name)),
        match_key: match_key(name),
        key,
        search_key,
        decision_id: None,
    });
}
