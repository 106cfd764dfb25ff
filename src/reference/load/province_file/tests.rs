use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// `code name from to successor`, with `-` for none.
fn line(number: u64, text: &str) -> Line {
    let cells: Vec<&str> = text.split(' ').collect();
    let filled = |at: usize| cells.get(at).copied().filter(|cell| *cell != "-");
    let row = ProvinceRow {
        code: cells[0].to_owned(),
        valid_from: day(cells[2]),
        valid_to: filled(3).map(day),
        name: cells[1].to_owned(),
        kind: "tỉnh".to_owned(),
        name_key: fold(cells[1]),
        succeeded_by: None,
    };
    Line { number, id: None, row, heir: filled(4).map(str::to_owned) }
}

fn lines(texts: &[&str]) -> Vec<Line> {
    (2..).zip(texts).map(|(number, text)| line(number, text)).collect()
}

/// Rows with ids from 1 on; the last word is the id of the successor.
fn rows(texts: &[&str]) -> Vec<(i32, ProvinceRow)> {
    let row = |text: &&str| {
        let line = line(0, text);
        ProvinceRow { succeeded_by: line.heir.map(|id| id.parse().unwrap()), ..line.row }
    };
    (1..).zip(texts.iter().map(row)).collect()
}

fn show(plan: &Plan) -> String {
    let name = |(code, from): &Key| format!("{code}/{from}");
    let moved = plan.moved.iter().map(|(id, from)| format!("move {id} to {from}"));
    let written = plan.written.iter().map(|row| {
        let end = row.valid_to.map_or_else(|| "-".to_owned(), |end| end.to_string());
        let heir = row.succeeded_by.map_or_else(|| "-".to_owned(), |id| id.to_string());
        format!("write {}/{} {end} {heir}", row.code, row.valid_from)
    });
    let linked = plan.linked.iter().map(|(one, heir)| format!("link {} {}", name(one), name(heir)));
    moved.chain(written).chain(linked).collect::<Vec<_>>().join("; ")
}

const MERGER: [&str; 3] =
    ["02 Lam 2008-08-01 2025-06-30 08", "08 Gam 2008-08-01 2025-06-30 08", "08 Gam 2025-07-01 - -"];
const MERGED: [&str; 3] = ["02 Lam 2008-08-01 2025-06-30 3", "08 Gam 2008-08-01 2025-06-30 3", "08 Gam 2025-07-01 - -"];

#[test]
fn a_file_is_compared_with_what_is_there() {
    for (what, file, existing, expected) in [
        (
            "an empty database",
            &MERGER[..],
            &[][..],
            "write 02/2008-08-01 2025-06-30 -; write 08/2008-08-01 2025-06-30 -; write 08/2025-07-01 - -; \
             link 02/2008-08-01 08/2025-07-01; link 08/2008-08-01 08/2025-07-01",
        ),
        ("a second time", &MERGER[..], &MERGED[..], ""),
        (
            "the successor is there",
            &MERGER[..],
            &["08 Gam 2025-07-01 - -"][..],
            "write 02/2008-08-01 2025-06-30 1; write 08/2008-08-01 2025-06-30 1",
        ),
        ("known from earlier", &["01 Nội 2008-08-01 - -"][..], &["01 Nội 2025-07-01 - -"][..], MOVED),
        ("accents typed otherwise", &["01 NỘI 2008-08-01 - -"][..], &["01 Nội 2025-07-01 - -"][..], MOVED),
        ("an older file", &["01 Nội 2025-07-01 - -"][..], &["01 Nội 2008-08-01 - -"][..], ""),
        (
            "the same, and over",
            &["01 Nội 2025-07-01 2030-01-01 -"][..],
            &["01 Nội 2008-08-01 - -"][..],
            "write 01/2008-08-01 2030-01-01 -",
        ),
        (
            "one row becomes two: the earlier line is the row",
            &["75 Nai 2025-08-01 - -", "75 Nai 2025-07-01 2025-07-31 75"][..],
            &["75 Nai 2025-07-02 - -"][..],
            "move 1 to 2025-07-01; write 75/2025-08-01 - -; write 75/2025-07-01 2025-07-31 -; \
             link 75/2025-07-01 75/2025-08-01",
        ),
        ("a successor is taken back", &["02 Lam 2008-08-01 2025-06-30 -"][..], &MERGED[..], UNLINKED),
    ] {
        assert_eq!(show(&plan(lines(file), &rows(existing)).unwrap()), expected, "{what}");
    }
}

const MOVED: &str = "move 1 to 2008-08-01; write 01/2008-08-01 - -";
const UNLINKED: &str = "write 02/2008-08-01 2025-06-30 -";

#[test]
fn what_does_not_hold_together_is_named_by_line_and_column() {
    for (what, file, existing, expected) in [
        (
            "an unknown successor",
            &["02 Lam 2008-08-01 2025-06-30 99"][..],
            &[][..],
            "line 2, column succeeded_by: there is no province `99`",
        ),
        (
            "a successor that begins too late",
            &["02 Lam 2008-08-01 2025-06-29 08"][..],
            &MERGED[..],
            "line 2, column succeeded_by: no province `08` begins on the day after 2025-06-29",
        ),
        (
            "a successor that lived before",
            &["02 Lam 2008-08-01 2025-06-30 01", "01 Nội 2008-08-01 - -"][..],
            &[][..],
            "line 2, column succeeded_by: no province `01` begins on the day after 2025-06-30",
        ),
        (
            "two lines of one code",
            &["15 Bái 2008-08-01 2025-07-01 -", "15 Cai 2025-07-01 - -"][..],
            &[][..],
            "line 3, column valid_from: at that time `15` is Bái, from 2008-08-01 to 2025-07-01",
        ),
        (
            "a line and a row of one code",
            &["15 Bái 2008-08-01 2025-07-01 -"][..],
            &["15 Cai 2025-07-01 - -"][..],
            "line 2, column valid_from: at that time `15` is Cai, from 2025-07-01 to today and on",
        ),
        (
            "a row that comes to life again beside its successor",
            &["08 Gam 2008-08-01 - -"][..],
            &MERGED[..],
            "line 2, column valid_from: at that time `08` is Gam, from 2025-07-01 to today and on",
        ),
    ] {
        let faults = plan(lines(file), &rows(existing)).unwrap_err();
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(faults, [expected], "{what}");
    }
}
