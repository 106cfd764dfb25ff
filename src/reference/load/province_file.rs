//! What a file of provinces means for the provinces that are there: which rows it names, and whether the whole holds together.

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use chrono::NaiveDate;

use crate::kernel::sheet::{Fault, Row};
use crate::kernel::text::fold;
use crate::reference::store::ProvinceRow;

/// Code and first day: what names a province, because codes are reused.
pub(super) type Key = (String, NaiveDate);

/// A line of the file.
#[derive(Debug, Clone)]
pub(super) struct Line {
    number: u64,
    /// The row of the database it speaks of.
    id: Option<i32>,
    row: ProvinceRow,
    /// The code of the province that took its place.
    heir: Option<String>,
}

impl Line {
    pub(super) fn read(cells: &Row<'_>) -> Result<Self, Fault> {
        let code = cells.text("code")?;
        if code.len() != 2 || !code.bytes().all(|b| b.is_ascii_digit()) {
            return Err(cells.fault("code", format!("`{code}` is not two digits")));
        }
        let kind = cells.text("type")?;
        if !["tỉnh", "thành phố"].contains(&kind) {
            return Err(cells.fault("type", format!("`{kind}` is neither `tỉnh` nor `thành phố`")));
        }
        let name = cells.text("name")?;
        let valid_from = cells.date("valid_from")?.ok_or_else(|| cells.fault("valid_from", "must not be blank"))?;
        let valid_to = cells.date("valid_to")?;
        if valid_to.is_some_and(|end| end < valid_from) {
            return Err(cells.fault("valid_to", "lies before valid_from"));
        }
        let heir = cells.optional("succeeded_by").map(str::to_owned);
        if heir.is_some() && valid_to.is_none() {
            return Err(cells.fault("succeeded_by", "a province without valid_to has no successor yet"));
        }
        let row = ProvinceRow {
            code: code.to_owned(),
            valid_from,
            valid_to,
            name: name.to_owned(),
            kind: kind.to_owned(),
            name_key: fold(name),
            succeeded_by: None,
        };
        Ok(Self { number: cells.line(), id: None, row, heir })
    }

    pub(super) fn key(&self) -> Key {
        (self.row.code.clone(), self.row.valid_from)
    }

    fn fault(&self, column: &str, message: String) -> Fault {
        Fault { line: self.number, column: column.to_owned(), message }
    }
}

/// What is to be written, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Rows that are known from an earlier day now, and that day.
    pub(super) moved: Vec<(i32, NaiveDate)>,
    /// Rows that are new or different.
    pub(super) written: Vec<ProvinceRow>,
    /// Provinces and their successors, where the successor has no row before the others are written.
    pub(super) linked: Vec<(Key, Key)>,
}

/// Compares the file with what is there.
///
/// # Errors
/// Lines that live beside another row of their code, and lines whose successor is unknown or does not follow them.
pub(super) fn plan(mut lines: Vec<Line>, existing: &[(i32, ProvinceRow)]) -> Result<Plan, Vec<Fault>> {
    identify(&mut lines, existing);
    let named: HashSet<i32> = lines.iter().filter_map(|line| line.id).collect();
    let others = existing.iter().filter(|(id, _)| !named.contains(id)).map(|(id, row)| (Some(*id), row));
    let register: Vec<(Option<i32>, &ProvinceRow)> =
        lines.iter().map(|line| (line.id, &line.row)).chain(others).collect();
    let (mut plan, mut faults) = (Plan::default(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        // two lines that live together are named once, on the later one
        let beside = register.iter().enumerate().filter(|(other, _)| *other < at || *other >= lines.len());
        faults.extend(beside.filter_map(|(_, (_, other))| overlap(line, other)));
        match successor(line, &register) {
            Ok(heir) => plan.add(line, heir, existing),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(plan) } else { Err(faults) }
}

/// Finds the row each line speaks of: the one of its code and first day, or else the one of its code and name that lived at
/// the same time. Of such two first days the earlier stands: a province is the same, however far back it is known, and its
/// row is referred to.
fn identify(lines: &mut [Line], existing: &[(i32, ProvinceRow)]) {
    let keys: HashSet<Key> = lines.iter().map(Line::key).collect();
    let is_named = |row: &ProvinceRow| keys.contains(&(row.code.clone(), row.valid_from));
    let mut taken = HashSet::new();
    lines.sort_by_key(|line| line.row.valid_from);
    for line in lines.iter_mut() {
        let exact =
            existing.iter().find(|(_, row)| (&row.code, row.valid_from) == (&line.row.code, line.row.valid_from));
        let same = |row: &ProvinceRow| row.code == line.row.code && row.name_key == line.row.name_key;
        let alike = || {
            let mut rows = existing.iter().filter(|(id, row)| !taken.contains(id) && !is_named(row));
            rows.find(|(_, row)| same(row) && live_together(row, &line.row))
        };
        let Some((id, row)) = exact.or_else(alike) else { continue };
        taken.insert(*id);
        line.id = Some(*id);
        line.row.valid_from = line.row.valid_from.min(row.valid_from);
    }
    lines.sort_by_key(|line| line.number);
}

fn live_together(one: &ProvinceRow, other: &ProvinceRow) -> bool {
    let reaches = |row: &ProvinceRow, day: NaiveDate| row.valid_to.is_none_or(|end| day <= end);
    reaches(one, other.valid_from) && reaches(other, one.valid_from)
}

fn overlap(line: &Line, other: &ProvinceRow) -> Option<Fault> {
    let is_double = other.code == line.row.code && live_together(other, &line.row);
    is_double.then(|| {
        let end = other.valid_to.map_or_else(|| "today and on".to_owned(), |end| end.to_string());
        let message = format!("at that time `{}` is {}, from {} to {end}", other.code, other.name, other.valid_from);
        line.fault("valid_from", message)
    })
}

/// The key and, where it has one, the row of the province that took the place of this one.
fn successor(line: &Line, register: &[(Option<i32>, &ProvinceRow)]) -> Result<Option<(Key, Option<i32>)>, Fault> {
    let Some((code, end)) = line.heir.as_ref().zip(line.row.valid_to) else { return Ok(None) };
    let mut of_code = register.iter().filter(|(_, row)| row.code == *code).peekable();
    if of_code.peek().is_none() {
        return Err(line.fault("succeeded_by", format!("there is no province `{code}`")));
    }
    let next = of_code.find(|(_, row)| end.succ_opt() == Some(row.valid_from));
    match next {
        Some((id, row)) => Ok(Some(((row.code.clone(), row.valid_from), *id))),
        None => Err(line.fault("succeeded_by", format!("no province `{code}` begins on the day after {end}"))),
    }
}

impl Plan {
    fn add(&mut self, line: &Line, heir: Option<(Key, Option<i32>)>, existing: &[(i32, ProvinceRow)]) {
        let succeeded_by = heir.as_ref().and_then(|(_, id)| *id);
        let row = ProvinceRow { succeeded_by, ..line.row.clone() };
        let old = existing.iter().find(|(id, _)| line.id == Some(*id));
        if let Some((id, _)) = old.filter(|(_, old)| row.valid_from < old.valid_from) {
            self.moved.push((*id, row.valid_from));
        }
        let waiting = heir.filter(|(_, id)| id.is_none()).map(|(key, _)| (line.key(), key));
        if waiting.is_some() || old.is_none_or(|(_, old)| *old != row) {
            self.written.push(row);
        }
        self.linked.extend(waiting);
    }
}
