//! What the public could work out from a table, as somebody with a pencil would try.

use super::*;
use proptest::prelude::*;

const LEAST: i64 = 5;

fn line(cells: &[i64], under: Option<usize>) -> Line {
    Line { cells: cells.iter().copied().map(Cell::new).collect(), under }
}

fn seen(mut lines: Vec<Line>) -> Vec<String> {
    suppress(&mut lines, LEAST);
    let text = |cell: &Cell| cell.shown().map_or_else(|| "·".to_owned(), |count| count.to_string());
    lines.iter().map(|line| line.cells.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn small_counts_are_hidden_and_no_total_gives_them_away() {
    for (cells, expected) in [
        ([10, 20, 30], "10 20 30"),
        ([0, 20, 20], "0 20 20"),
        ([3, 20, 23], "· · 23"),
        ([3, 0, 3], "· · ·"),
        ([2, 4, 6], "· · 6"),
        ([0, 0, 0], "0 0 0"),
    ] {
        assert_eq!(seen(vec![line(&cells, None)]), [expected], "{cells:?}");
    }
}

#[test]
fn a_field_does_not_follow_from_the_one_above_it() {
    let lines = vec![line(&[20, 20], None), line(&[18, 18], Some(0)), line(&[2, 2], Some(0))];
    assert_eq!(seen(lines), ["20 20", "· ·", "· ·"]);
    // a hidden total is not the sum of what is shown under it
    let lines = vec![line(&[10, 1, 11], None), line(&[8, 0, 8], Some(0)), line(&[2, 1, 3], Some(0))];
    assert_eq!(seen(lines), ["· · 11", "· · ·", "· · ·"]);
    let lines = vec![line(&[3, 9, 12], None), line(&[0, 9, 9], Some(0)), line(&[3, 0, 3], Some(0))];
    assert_eq!(seen(lines), ["· · 12", "· · ·", "· · ·"]);
    // nor is the one at the end of a chain of only children
    let lines = vec![line(&[9, 4, 13], None), line(&[9, 4, 13], Some(0)), line(&[9, 4, 13], Some(1))];
    assert_eq!(seen(lines), ["· · 13", "· · 13", "· · 13"]);
}

/// What adds up: which cells with which sign, to what. What is shown counts as known.
struct Sums {
    rows: Vec<(Vec<f64>, f64)>,
    /// Row and column of each unknown.
    unknown: Vec<(usize, usize)>,
}

impl Sums {
    fn of(lines: &[Line]) -> Self {
        let width = lines[0].cells.len();
        let places = (0..lines.len()).flat_map(|row| (0..width).map(move |column| (row, column)));
        let unknown: Vec<_> = places.filter(|(row, column)| lines[*row].cells[*column].hidden).collect();
        let mut sums = Self { rows: Vec::new(), unknown };
        for row in 0..lines.len() {
            let parts: Vec<_> = (0..width - 1).map(|column| (row, column)).collect();
            sums.add(lines, &parts, (row, width - 1));
            let under: Vec<usize> = (0..lines.len()).filter(|other| lines[*other].under == Some(row)).collect();
            for column in 0..width {
                let parts: Vec<_> = under.iter().map(|other| (*other, column)).collect();
                if !parts.is_empty() {
                    sums.add(lines, &parts, (row, column));
                }
            }
        }
        sums
    }

    fn add(&mut self, lines: &[Line], parts: &[(usize, usize)], total: (usize, usize)) {
        let (mut row, mut known) = (vec![0.0; self.unknown.len()], 0.0);
        for (place, sign) in parts.iter().map(|place| (*place, 1.0)).chain([(total, -1.0)]) {
            match self.unknown.iter().position(|unknown| *unknown == place) {
                Some(at) => row[at] += sign,
                None => known -= sign * lines[place.0].cells[place.1].count as f64,
            }
        }
        self.rows.push((row, known));
    }

    /// The unknowns with a single solution: Gaussian elimination leaves them alone in their row.
    fn solved(&self) -> Vec<(usize, usize)> {
        let mut rows: Vec<Vec<f64>> = self.rows.iter().map(|(row, _)| row.clone()).collect();
        let mut done = 0;
        for column in 0..self.unknown.len() {
            let Some(pivot) = (done..rows.len()).find(|row| rows[*row][column].abs() > 1e-9) else { continue };
            rows.swap(done, pivot);
            let scale = rows[done][column];
            rows[done].iter_mut().for_each(|value| *value /= scale);
            let pivot = rows[done].clone();
            for (at, row) in rows.iter_mut().enumerate() {
                let factor = row[column];
                if at != done && factor != 0.0 {
                    row.iter_mut().zip(&pivot).for_each(|(value, pivot)| *value -= factor * pivot);
                }
            }
            done += 1;
        }
        let places = |row: &Vec<f64>| -> Vec<usize> { (0..row.len()).filter(|at| row[*at].abs() > 1e-9).collect() };
        let alone = rows.iter().map(places).filter(|places| places.len() == 1);
        alone.map(|places| self.unknown[places[0]]).collect()
    }

    /// The unknowns that bounds leave a single value: counts are not negative, and a total that is hidden is not nothing.
    fn squeezed(&self, width: usize) -> Vec<(usize, usize)> {
        let least = |place: &(usize, usize)| if place.1 == width - 1 { 1.0 } else { 0.0 };
        let mut bounds: Vec<(f64, f64)> = self.unknown.iter().map(|place| (least(place), 1e6)).collect();
        for _ in 0..60 {
            for (row, known) in &self.rows {
                for at in (0..row.len()).filter(|at| row[*at] != 0.0) {
                    let others = (0..row.len()).filter(|other| *other != at && row[*other] != 0.0);
                    let (mut low, mut high) = (*known, *known);
                    for other in others {
                        let ends = [row[other] * bounds[other].0, row[other] * bounds[other].1];
                        low -= ends[0].max(ends[1]);
                        high -= ends[0].min(ends[1]);
                    }
                    let ends = [low / row[at], high / row[at]];
                    bounds[at].0 = bounds[at].0.max(ends[0].min(ends[1]));
                    bounds[at].1 = bounds[at].1.min(ends[0].max(ends[1]));
                }
            }
        }
        let single = self.unknown.iter().zip(bounds).filter(|(_, (low, high))| high - low < 0.5);
        single.map(|(place, _)| *place).collect()
    }
}

/// A field, those under it and those under these: only the last are drawn, the others are their sums.
fn table() -> impl Strategy<Value = Vec<Line>> {
    let count = prop_oneof![3 => Just(0_i64), 3 => 1_i64..5, 3 => 5_i64..30];
    (2_usize..5).prop_flat_map(move |degrees| {
        let leaf = prop::collection::vec(count.clone(), degrees);
        prop::collection::vec(prop::collection::vec(leaf, 1..4), 1..5).prop_map(move |tree| {
            let sum = |rows: &[Vec<i64>]| -> Vec<i64> {
                (0..degrees).map(|degree| rows.iter().map(|row| row[degree]).sum()).collect()
            };
            let with_total = |parts: &[i64], under| {
                let mut cells = parts.to_vec();
                cells.push(parts.iter().sum());
                line(&cells, under)
            };
            let middle: Vec<Vec<i64>> = tree.iter().map(|leaves| sum(leaves)).collect();
            let mut lines = vec![with_total(&sum(&middle), None)];
            for (parts, leaves) in middle.iter().zip(&tree) {
                let above = lines.len();
                lines.push(with_total(parts, Some(0)));
                // a field with one field under it that is the same, or with none at all
                lines.extend(leaves.iter().filter(|_| leaves.len() > 1).map(|leaf| with_total(leaf, Some(above))));
            }
            lines
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// No small count follows from all that is shown, over degrees, fields and the fields above them.
    #[test]
    fn nothing_small_can_be_worked_out(mut lines in table()) {
        suppress(&mut lines, LEAST);
        let small = |row: usize, column: usize| (1..LEAST).contains(&lines[row].cells[column].count);
        for cell in lines.iter().flat_map(|line| &line.cells) {
            prop_assert!(cell.hidden || !(1..LEAST).contains(&cell.count));
        }
        let sums = Sums::of(&lines);
        let worked_out: Vec<_> = sums.solved().into_iter().chain(sums.squeezed(lines[0].cells.len())).collect();
        for (row, column) in worked_out {
            prop_assert!(!small(row, column), "row {row}, column {column} of {lines:#?}");
        }
    }
}
