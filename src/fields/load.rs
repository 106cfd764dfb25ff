//! Loading of a field scheme.

use std::collections::HashMap;

use super::DEFAULT_SCHEME;
use super::store::{self, FieldRow};
use crate::experts;
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet};
use crate::kernel::text::fold;
use crate::reference::load::{LoadError, load_event, load_recorder};
use crate::state::State;

/// Fields: `code`, `parent_code`, `level`, `name_vi`, `name_en`, and `scheme` where the file has several (else
/// [`DEFAULT_SCHEME`]). The whole file or nothing; a second time without effect.
///
/// # Errors
/// See [`LoadError`]; a parent that is not in the file is a broken cell.
pub async fn load(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let lines = sheet::read(file, &["code", "parent_code", "level", "name_vi", "name_en"], |row| {
        Ok((row.line(), field(row)?))
    })?;
    let faults = orphans(&lines);
    if !faults.is_empty() {
        return Err(file.broken(faults).into());
    }
    let rows: Vec<FieldRow> = lines.into_iter().map(|(_, row)| row).collect();
    let recorder = load_recorder(state);
    let written = state.db.transaction(async move |tx| {
        let existing: HashMap<(String, String), FieldRow> =
            store::all(tx).await?.into_iter().map(|row| ((row.scheme.clone(), row.code.clone()), row)).collect();
        let total = rows.len();
        let differs = |row: &FieldRow| existing.get(&(row.scheme.clone(), row.code.clone())) != Some(row);
        let changed: Vec<FieldRow> = rows.into_iter().filter(differs).collect();
        let loaded = Loaded { rows: total, changed: changed.len(), ..Loaded::default() };
        if !changed.is_empty() {
            store::put(tx, &changed).await?;
        }
        // people are found by the names of their fields
        let renamed = changed.iter().map(|row| (row.scheme.clone(), row.code.clone()));
        let renamed: Vec<(String, String)> = renamed.filter(|key| existing.contains_key(key)).collect();
        if !renamed.is_empty() {
            experts::store::reindex_fields(tx, &renamed).await?;
        }
        recorder.record(tx, load_event("science_fields", loaded).into_iter().collect()).await?;
        Ok(loaded)
    });
    Ok(written.await?)
}

fn field(row: &Row<'_>) -> Result<FieldRow, Fault> {
    let (code, level) = (row.text("code")?, row.number("level")?);
    let digits = match level {
        1 => 1,
        2 => 3,
        3 => 5,
        4 => 7,
        _ => return Err(row.fault("level", format!("`{level}` is not 1 to 4"))),
    };
    if code.len() != digits || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(row.fault("code", format!("`{code}` is not {digits} digits, as level {level} asks")));
    }
    let parent = row.optional("parent_code");
    if parent.is_none() != (level == 1) || parent.is_some_and(|parent| !code.starts_with(parent)) {
        return Err(row.fault("parent_code", "must be the code one level up, and blank on level 1"));
    }
    let (vi, en) = (row.text("name_vi")?, row.text("name_en")?);
    Ok(FieldRow {
        scheme: row.optional("scheme").unwrap_or(DEFAULT_SCHEME).to_owned(),
        code: code.to_owned(),
        parent_code: parent.map(str::to_owned),
        level,
        name_vi: vi.to_owned(),
        name_en: en.to_owned(),
        search_key: format!(" {} {} ", fold(vi), fold(en)),
    })
}

fn orphans(lines: &[(u64, FieldRow)]) -> Vec<Fault> {
    let mut seen = HashMap::new();
    let mut faults = Vec::new();
    let mut fault = |line, column: &str, message| {
        faults.push(Fault { line, column: column.to_owned(), message });
    };
    for (line, row) in lines {
        if let Some(first) = seen.insert((&row.scheme, &row.code), *line) {
            fault(*line, "code", format!("`{}` stands already on line {first}", row.code));
        }
    }
    for (line, row) in lines {
        if row.parent_code.as_ref().is_some_and(|parent| !seen.contains_key(&(&row.scheme, parent))) {
            fault(*line, "parent_code", "no such code in the file".to_owned());
        }
    }
    faults
}
