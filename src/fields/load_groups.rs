//! Loading of groups of fields ("nhóm ngành, lĩnh vực").

use std::collections::HashSet;

use super::coded;
use super::store::{self, GroupRow};
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet};
use crate::reference::load::{LoadError, load_event, load_recorder};
use crate::state::State;

/// Groups: `code`, `scheme` (the list it belongs to), `name_vi`, `name_en`, `science_field_codes` (codes separated by `|`, each
/// with its scheme before it, `BKHCN-2025:404`, where that is not [the usual one](super::DEFAULT_SCHEME); may be blank) and, where known, `source`.
/// The whole file or nothing; a second time without effect. The fields must have been loaded.
///
/// # Errors
/// See [`LoadError`]; a field that there is not is a broken cell.
pub async fn load(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let columns = ["code", "scheme", "name_vi", "name_en", "science_field_codes"];
    let lines = sheet::read(file, &columns, |row| Ok((row.line(), group(row)?)))?;
    sheet::unique(file, lines.clone(), "code", |group| group.code.clone())?;
    let recorder = load_recorder(state);
    let loaded = state.db.transaction(async move |tx| {
        let known = store::all(tx).await?.into_iter().map(|row| (row.scheme, row.code)).collect();
        let faults = unknown_fields(&lines, &known);
        if !faults.is_empty() {
            return Ok(Err(faults));
        }
        let total = lines.len();
        let existing = store::groups(tx).await?;
        let groups = lines.into_iter().map(|(_, group)| group);
        let changed: Vec<GroupRow> = groups.filter(|group| !existing.contains(group)).collect();
        let loaded = Loaded { rows: total, changed: changed.len(), ..Loaded::default() };
        if !changed.is_empty() {
            store::put_groups(tx, &changed).await?;
        }
        recorder.record(tx, load_event("field_groups", loaded).into_iter().collect()).await?;
        Ok(Ok(loaded))
    });
    Ok(loaded.await?.map_err(|faults| file.broken(faults))?)
}

fn group(row: &Row<'_>) -> Result<GroupRow, Fault> {
    let code = row.text("code")?;
    let begins = code.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit());
    let sound = code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
    if !begins || !sound || code.len() > 32 {
        return Err(
            row.fault("code", format!("`{code}` is not 1 to 32 of A-Z, 0-9, `-`, beginning with a letter or digit"))
        );
    }
    let cell = row.optional("science_field_codes").unwrap_or_default();
    let mut fields: Vec<(String, String)> = Vec::new();
    for part in cell.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        let (scheme, code) = coded(part);
        let field = (scheme.to_owned(), code.to_owned());
        if fields.contains(&field) {
            return Err(row.fault("science_field_codes", format!("`{part}` stands twice")));
        }
        fields.push(field);
    }
    fields.sort();
    Ok(GroupRow {
        code: code.to_owned(),
        scheme: row.text("scheme")?.to_owned(),
        name_vi: row.text("name_vi")?.to_owned(),
        name_en: row.text("name_en")?.to_owned(),
        source: row.optional("source").map(str::to_owned),
        fields,
    })
}

fn unknown_fields(lines: &[(u64, GroupRow)], known: &HashSet<(String, String)>) -> Vec<Fault> {
    let fault = |line: u64, (scheme, code): &(String, String)| Fault {
        line,
        column: "science_field_codes".to_owned(),
        message: format!("there is no field `{code}` in {scheme}"),
    };
    let unknown = lines.iter().flat_map(|(line, group)| {
        group.fields.iter().filter(|field| !known.contains(*field)).map(|field| fault(*line, field))
    });
    unknown.collect()
}
