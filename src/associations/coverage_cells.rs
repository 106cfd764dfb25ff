//! Small counts are not shown to the public, and no total gives them away. No SQL, no HTTP.

use std::collections::{BTreeMap, BTreeSet};

/// A count; what is hidden is shown as nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub count: i64,
    /// Not shown.
    pub hidden: bool,
}

impl Cell {
    /// A count that is shown.
    pub const fn new(count: i64) -> Self {
        Self { count, hidden: false }
    }

    /// The count, unless it is hidden.
    pub const fn shown(self) -> Option<i64> {
        if self.hidden { None } else { Some(self.count) }
    }
}

/// A row of a table: parts, and the total they add up to in the last place. `under` is the row whose parts these rows are,
/// column by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The parts, then the total.
    pub cells: Vec<Cell>,
    /// The place of the row above.
    pub under: Option<usize>,
}

impl Line {
    fn total(&self) -> i64 {
        self.cells.last().map(|cell| cell.count).unwrap_or_default()
    }
}

/// Hides counts from 1 to below `least`, and so many others that none of those follows from the rest.
///
/// Totals are hidden one by one, the parts of a row all or none: those of a row with a small part or a hidden total. In both,
/// a row above and the rows under it never hide exactly one. Rows are a tree, so from every hidden one a way of hidden ones
/// leads to two ends that nothing adds up: a bit more at one and a bit less at the other, in two parts of each row when totals
/// are shown, changes nothing that is seen. No row of nobody hides anything: it could make up for nothing.
pub fn suppress(lines: &mut [Line], least: i64) {
    let small = |cell: &Cell| (1..least).contains(&cell.count);
    let which = |fits: &dyn Fn(&Line) -> bool| -> BTreeSet<usize> {
        lines.iter().enumerate().filter(|(_, line)| fits(line)).map(|(at, _)| at).collect()
    };
    let families = families(lines);
    let mut totals = which(&|line| line.cells.last().is_some_and(small));
    cover(&mut totals, &families, least);
    let mut closed = which(&|line| line.cells.iter().any(small));
    closed.extend(&totals);
    cover(&mut closed, &families, least);
    for (at, line) in lines.iter_mut().enumerate() {
        let Some((total, parts)) = line.cells.split_last_mut() else { continue };
        total.hidden = totals.contains(&at);
        parts.iter_mut().for_each(|cell| cell.hidden = closed.contains(&at));
    }
}

/// By row: the rows under it with their totals.
fn families(lines: &[Line]) -> BTreeMap<usize, Vec<(usize, i64)>> {
    let mut families: BTreeMap<usize, Vec<(usize, i64)>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if let Some(above) = line.under {
            families.entry(above).or_default().push((at, line.total()));
        }
    }
    families
}

/// Hides more rows until no family gives one away; each round hides more, so this ends.
fn cover(hidden: &mut BTreeSet<usize>, families: &BTreeMap<usize, Vec<(usize, i64)>>, least: i64) {
    loop {
        let before = hidden.len();
        for (above, under) in families {
            while let Some(row) = also(*above, under, hidden, least) {
                hidden.insert(row);
            }
        }
        if hidden.len() == before {
            return;
        }
    }
}

/// Which row is to be hidden beside those that are, the smallest first. Under a row that is shown none is, or at least two;
/// under one that is hidden at least one, or it would be their sum. They are at least `least` together: there is room for one
/// to be less and another more, though no hidden total is nothing.
fn also(above: usize, under: &[(usize, i64)], hidden: &BTreeSet<usize>, least: i64) -> Option<usize> {
    let counts = under.iter().filter(|(row, _)| hidden.contains(row)).map(|(_, count)| *count);
    let (number, sum) = (counts.clone().count(), counts.sum::<i64>());
    let enough = number >= if hidden.contains(&above) { 1 } else { 2 };
    let covered = (number == 0 && !hidden.contains(&above)) || (enough && sum >= least);
    if covered {
        return None;
    }
    let shown = under.iter().filter(|(row, count)| *count > 0 && !hidden.contains(row));
    let next = shown.min_by_key(|(_, count)| *count).map(|(row, _)| *row);
    next.or_else(|| (!hidden.contains(&above)).then_some(above))
}

#[cfg(test)]
#[path = "coverage_cells_tests.rs"]
mod tests;
