//! Which province stands for another one on a date.

use chrono::NaiveDate;

use super::store::ProvinceRow;

/// The province that stands for this one on a day: itself while it lives, else the one that took its place, or that one's
/// successor. A province that ended without a known successor stands for itself.
#[must_use]
pub fn at(rows: &[(i32, ProvinceRow)], id: i32, as_of: NaiveDate) -> i32 {
    let heir = |id: i32| {
        let (_, row) = rows.iter().find(|(other, _)| *other == id)?;
        row.succeeded_by.filter(|_| row.valid_to.is_some_and(|end| end < as_of))
    };
    // no chain is longer than the register, whatever the rows say
    rows.iter().try_fold(id, |at, _| heir(at).ok_or(at)).unwrap_or_else(|last| last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(code: &str, from: &str, to: Option<&str>, succeeded_by: Option<i32>) -> ProvinceRow {
        ProvinceRow {
            code: code.to_owned(),
            valid_from: from.parse().unwrap(),
            valid_to: to.map(|to| to.parse().unwrap()),
            name: code.to_owned(),
            kind: "tỉnh".to_owned(),
            name_key: code.to_owned(),
            succeeded_by,
        }
    }

    #[test]
    fn a_province_is_stood_for_by_the_one_that_took_its_place() {
        let rows = [
            (1, row("70", "2008-08-01", Some("2025-06-30"), Some(2))),
            (2, row("75", "2025-07-01", Some("2026-04-29"), Some(3))),
            (3, row("75", "2026-04-30", None, None)),
            (4, row("98", "2008-08-01", Some("2010-12-31"), None)),
            (5, row("97", "2008-08-01", Some("2010-12-31"), Some(6))),
            (6, row("96", "2011-01-01", Some("2011-12-31"), Some(5))),
        ];
        for (id, as_of, expected) in [
            (1, "2012-11-07", 1),
            (1, "2025-06-30", 1),
            (1, "2025-07-01", 2),
            (1, "2026-04-29", 2),
            (1, "2026-04-30", 3),
            (2, "2012-11-07", 2),
            (3, "2012-11-07", 3),
            (3, "2099-01-01", 3),
            (4, "2099-01-01", 4),
            (7, "2099-01-01", 7),
        ] {
            assert_eq!(at(&rows, id, as_of.parse().unwrap()), expected, "{id} on {as_of}");
        }
        let ends = at(&rows, 5, "2099-01-01".parse().unwrap());
        assert!([5, 6].contains(&ends), "rows that point in a circle have an end");
    }
}
