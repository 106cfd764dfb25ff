//! Small counts are not shown to the public, and no total gives them away. No SQL, no HTTP.

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

/// Hides counts from 1 to below `least`, and so many others that none of those follows from a total: wherever something is
/// hidden beside a total that is shown, at least two counts are, and together they are at least `least`. Nothing is shown as
/// nothing: that there is nobody tells of nobody.
pub fn suppress(lines: &mut [Line], least: i64) {
    for cell in lines.iter_mut().flat_map(|line| &mut line.cells) {
        cell.hidden = (1..least).contains(&cell.count);
    }
    // each round hides more, so this ends
    loop {
        let before = hidden(lines);
        for line in lines.iter_mut() {
            let Some((total, parts)) = line.cells.split_last_mut() else { continue };
            let mut parts: Vec<&mut Cell> = parts.iter_mut().collect();
            protect(&mut parts, total, least);
        }
        for above in 0..lines.len() {
            for column in 0..lines[above].cells.len() {
                protect_column(lines, above, column, least);
            }
        }
        if hidden(lines) == before {
            return;
        }
    }
}

fn hidden(lines: &[Line]) -> usize {
    lines.iter().flat_map(|line| &line.cells).filter(|cell| cell.hidden).count()
}

fn protect_column(lines: &mut [Line], above: usize, column: usize, least: i64) {
    let Some(mut total) = lines.get(above).and_then(|line| line.cells.get(column)).copied() else { return };
    let under = |line: &&mut Line| line.under == Some(above);
    let mut parts: Vec<&mut Cell> =
        lines.iter_mut().filter(under).filter_map(|line| line.cells.get_mut(column)).collect();
    protect(&mut parts, &mut total, least);
    if let Some(cell) = lines.get_mut(above).and_then(|line| line.cells.get_mut(column)) {
        *cell = total;
    }
}

/// Hides more of the parts, the smallest first, or the total, until what is hidden does not follow from it.
fn protect(parts: &mut [&mut Cell], total: &mut Cell, least: i64) {
    while !total.hidden {
        let (count, sum) =
            parts.iter().filter(|cell| cell.hidden).fold((0, 0), |(n, sum), cell| (n + 1, sum + cell.count));
        if count == 0 || (count >= 2 && sum >= least) {
            return;
        }
        let next = parts.iter_mut().filter(|cell| !cell.hidden && cell.count > 0).min_by_key(|cell| cell.count);
        match next {
            Some(cell) => cell.hidden = true,
            None => total.hidden = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(cells: &[i64], under: Option<usize>) -> Line {
        Line { cells: cells.iter().copied().map(Cell::new).collect(), under }
    }

    fn shown(line: &Line) -> String {
        let text = |cell: &Cell| cell.shown().map_or_else(|| "·".to_owned(), |count| count.to_string());
        line.cells.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn small_counts_are_hidden_and_no_total_gives_them_away() {
        for (cells, expected) in [
            (vec![10, 20, 30], "10 20 30"),
            (vec![0, 20, 20], "0 20 20"),
            (vec![3, 20, 23], "· · 23"),
            (vec![3, 0, 3], "· 0 ·"),
            (vec![3, 4, 20, 27], "· · 20 27"),
            (vec![1, 1, 20, 22], "· · · 22"),
            (vec![2, 9, 20, 31], "· · 20 31"),
            (vec![4, 0, 0, 4], "· 0 0 ·"),
            (vec![0, 0, 0], "0 0 0"),
        ] {
            let mut lines = vec![line(&cells, None)];
            suppress(&mut lines, 5);
            assert_eq!(shown(&lines[0]), expected, "{cells:?}");
        }
    }

    #[test]
    fn a_field_does_not_follow_from_the_one_above_it() {
        let mut lines = vec![line(&[20, 20], None), line(&[18, 18], Some(0)), line(&[2, 2], Some(0))];
        suppress(&mut lines, 5);
        let seen: Vec<String> = lines.iter().map(shown).collect();
        assert_eq!(seen, ["20 20", "· ·", "· ·"]);
    }

    proptest! {
        /// Of a hidden small count, no total that is shown leaves a single value.
        #[test]
        fn nothing_small_can_be_worked_out(parts in prop::collection::vec(0_i64..30, 1..6)) {
            let total: i64 = parts.iter().sum();
            let mut cells = parts.clone();
            cells.push(total);
            let mut lines = vec![line(&cells, None)];
            suppress(&mut lines, 5);
            let cells = &lines[0].cells;
            prop_assert!(cells.iter().all(|cell| cell.hidden || cell.count == 0 || cell.count >= 5));
            let hidden: Vec<&Cell> = cells[..parts.len()].iter().filter(|cell| cell.hidden).collect();
            if !cells[parts.len()].hidden && !hidden.is_empty() {
                prop_assert!(hidden.len() >= 2);
                prop_assert!(hidden.iter().map(|cell| cell.count).sum::<i64>() >= 5);
            }
        }
    }
}
