//! The names a body is found by, as rows with their search keys.

use uuid::Uuid;

use super::Spelling;
use super::matching::match_key;
use super::model::{Body, OtherName, Period, Version, after, before};
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
        for (period, place) in eras(version, places) {
            let mut add = |kind, name: &str| add(&mut rows, body.id, kind, name, period, &place);
            add("full", &version.name);
            version.short_name.iter().for_each(|name| add("short", name));
            version.name_en.iter().for_each(|name| add("english", name));
        }
    }
    let last = body.versions.last().and_then(|version| eras(version, places).pop());
    let place = last.map(|(_, place)| place).unwrap_or_default();
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

/// A version, cut where its province became part of another: each time with the folded name of the province of that time, so
/// that what is found on a day does not depend on what a province was called later.
fn eras(version: &Version, places: &Places) -> Vec<(Period, String)> {
    let (mut period, mut province, mut eras) = (version.period, version.province_id, Vec::new());
    // no chain of provinces is longer than there are
    for _ in 0..=places.rows().count() {
        let Some(row) = province.and_then(|id| places.row(id)) else { break };
        let over = row.valid_to.zip(row.succeeded_by).filter(|(end, _)| period.contains(after(*end)));
        let Some((end, next)) = over else { break };
        if period.from.is_none_or(|from| from <= end) {
            eras.push((Period { from: period.from, to: Some(end) }, row.name_key.clone()));
        }
        (period.from, province) = (Some(after(end)), Some(next));
    }
    let name = province.and_then(|id| places.row(id)).map(|row| row.name_key.clone()).unwrap_or_default();
    eras.push((period, name));
    eras
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
