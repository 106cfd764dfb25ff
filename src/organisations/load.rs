//! Loading of organisations.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::store::{self, OrganisationRow};
use crate::kernel::id::new_id;
use crate::kernel::sheet::{self, Fault, Loaded, Row, Sheet};
use crate::kernel::text::{display, fold};
use crate::reference::load::{LoadError, load_event, load_recorder};
use crate::state::State;

struct Line {
    line: u64,
    row: OrganisationRow,
    succeeded_by: Option<String>,
}

/// Organisations: `code`, `name_vi`, `kind`, `valid_from`, `valid_to`, `succeeded_by` (a code, of this file or loaded
/// before), `source`, and where known `name_en`, `short_vi`. The whole file or nothing; a second time without effect.
///
/// # Errors
/// See [`LoadError`]; a successor that is nowhere is a broken cell.
pub async fn load(state: &State, file: &Sheet) -> Result<Loaded, LoadError> {
    let columns = ["code", "name_vi", "kind", "valid_from", "valid_to", "succeeded_by", "source"];
    let lines = sheet::read(file, &columns, line)?;
    let existing = store::all(&mut state.db.conn().await?).await?;
    let rows = link(lines, &existing).map_err(|faults| file.broken(faults))?;
    let total = rows.len();
    let known: HashSet<&str> = existing.iter().map(|row| row.code.as_str()).collect();
    let changed: Vec<OrganisationRow> =
        rows.into_iter().filter(|row| !known.contains(row.code.as_str()) || !existing.contains(row)).collect();
    let loaded = Loaded { rows: total, changed: changed.len() };
    let recorder = load_recorder(state);
    let written = state.db.transaction(async move |tx| {
        if !changed.is_empty() {
            store::put(tx, &changed).await?;
        }
        recorder.record(tx, load_event("organisations", loaded).into_iter().collect()).await
    });
    written.await?;
    Ok(loaded)
}

fn line(row: &Row<'_>) -> Result<Line, Fault> {
    let (from, to) = (row.date("valid_from")?, row.date("valid_to")?);
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(row.fault("valid_to", "lies before valid_from"));
    }
    let name = display(row.text("name_vi")?);
    let (name_en, short) = (row.optional("name_en"), row.optional("short_vi"));
    let search_key =
        format!(" {} {} {} ", fold(&name), fold(short.unwrap_or_default()), fold(name_en.unwrap_or_default()));
    Ok(Line {
        line: row.line(),
        succeeded_by: row.optional("succeeded_by").map(str::to_owned),
        row: OrganisationRow {
            id: new_id(),
            code: code(row)?.to_owned(),
            kind: kind(row)?.to_owned(),
            name,
            name_en: name_en.map(str::to_owned),
            short_name: short.map(str::to_owned),
            search_key,
            valid_from: from,
            valid_to: to,
            succeeded_by: None,
            source: row.text("source")?.to_owned(),
        },
    })
}

/// As the register's check has it.
fn code<'a>(row: &'a Row<'_>) -> Result<&'a str, Fault> {
    let code = row.text("code")?;
    let sound =
        code.len() <= 40 && !code.starts_with('-') && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if sound { Ok(code) } else { Err(row.fault("code", format!("`{code}` is not 1 to 40 of A-Z a-z 0-9 -"))) }
}

/// The kinds of the register; `agencies.csv` tells kinds of agency apart, which the register does not.
fn kind(row: &Row<'_>) -> Result<&'static str, Fault> {
    match row.text("kind")? {
        "union" => Ok("union"),
        "association" | "association_typical" => Ok("association"),
        "institution" | "school" | "media" => Ok("institution"),
        "agency" | "party" | "elected" | "state" | "state_department" | "political_social" => Ok("agency"),
        other => Err(row.fault("kind", format!("`{other}` is not agency, union, association or institution"))),
    }
}

/// Gives known codes their ids and resolves successors.
fn link(lines: Vec<Line>, existing: &[OrganisationRow]) -> Result<Vec<OrganisationRow>, Vec<Fault>> {
    let mut ids: HashMap<String, Uuid> = existing.iter().map(|row| (row.code.clone(), row.id)).collect();
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for line in &lines {
        ids.entry(line.row.code.clone()).or_insert(line.row.id);
        if !seen.insert(line.row.code.clone()) {
            faults.push(Fault { line: line.line, column: "code".into(), message: "stands twice in the file".into() });
        }
    }
    let mut rows = Vec::with_capacity(lines.len());
    for Line { line, mut row, succeeded_by } in lines {
        row.id = ids.get(&row.code).copied().unwrap_or(row.id);
        if let Some(code) = succeeded_by {
            row.succeeded_by = ids.get(&code).copied();
            if row.succeeded_by.is_none() {
                faults.push(Fault { line, column: "succeeded_by".into(), message: format!("there is no `{code}`") });
            }
        }
        rows.push(row);
    }
    if faults.is_empty() { Ok(rows) } else { Err(faults) }
}
