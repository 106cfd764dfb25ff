//! Provinces in time: which one a stored province is on a day, and which one a text means.
//!
//! What refers to a province keeps the row of the time it was entered in; mergers are followed when it is read.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::province_heirs;
use super::store::{self, ProvinceRow};
use crate::db::Conn;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::text::fold;
use crate::say;

/// All provinces of all times.
#[derive(Debug, Clone, Default)]
pub struct Places {
    rows: Vec<(i32, ProvinceRow)>,
    by_id: HashMap<i32, usize>,
}

impl Places {
    /// Reads them.
    ///
    /// # Errors
    /// 503 when the database is away.
    pub async fn read(conn: &mut Conn) -> Answer<Self> {
        Ok(Self::new(store::provinces(conn).await?))
    }

    /// Of rows with their ids.
    pub fn new(rows: Vec<(i32, ProvinceRow)>) -> Self {
        let by_id = rows.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        Self { rows, by_id }
    }

    /// Every row with its id.
    pub fn rows(&self) -> impl Iterator<Item = (i32, &ProvinceRow)> {
        self.rows.iter().map(|(id, row)| (*id, row))
    }

    /// A row.
    pub fn row(&self, id: i32) -> Option<&ProvinceRow> {
        self.by_id.get(&id).and_then(|at| self.rows.get(*at)).map(|(_, row)| row)
    }

    /// The province that a stored one is on a day: itself, or what it was merged into by then.
    pub fn at(&self, id: i32, day: NaiveDate) -> i32 {
        province_heirs::at(&self.rows, id, day)
    }

    /// The stored provinces that are this one on a day.
    pub fn all_that_are(&self, id: i32, day: NaiveDate) -> Vec<i32> {
        self.rows.iter().map(|(other, _)| *other).filter(|other| self.at(*other, day) == id).collect()
    }

    fn meant(&self, text: &str) -> impl Iterator<Item = (i32, &ProvinceRow)> {
        let name = province_key(text);
        self.rows().filter(move |(_, row)| row.name_key == name || row.code == name)
    }

    /// A province of a day by name or code: `Tuyên Quang`, `tinh tuyen quang`, `TP. Hồ Chí Minh`, `08`.
    pub fn on(&self, text: &str, day: NaiveDate) -> Option<i32> {
        self.meant(text).find(|(_, row)| row.lives_on(day)).map(|(id, _)| id)
    }

    /// The province a text means for something that is there from a day to another: the one of its first day; when that is
    /// not known the one of its last day or of `today`, or any of the time it is there.
    pub fn during(&self, text: &str, from: Option<NaiveDate>, to: Option<NaiveDate>, today: NaiveDate) -> Option<i32> {
        if let Some(from) = from {
            // what was there before the first province on record is in the province of that time
            let earliest =
                || self.meant(text).filter(|(_, row)| row.valid_from > from).min_by_key(|(_, row)| row.valid_from);
            return self.on(text, from).or_else(|| earliest().map(|(id, _)| id));
        }
        let day = to.unwrap_or(today).min(today);
        let Some(there) = self.on(text, day) else {
            return self.meant(text).find(|(_, row)| row.valid_from <= day).map(|(id, _)| id);
        };
        // it was there before, too, as long as anybody knows: in the province of that name that became this one
        let name = self.row(there).map(|row| &row.name_key);
        let same = |(id, row): &(i32, &ProvinceRow)| Some(&row.name_key) == name && self.at(*id, day) == there;
        self.meant(text).filter(same).min_by_key(|(_, row)| row.valid_from).map(|(id, _)| id)
    }

    /// The province of a day that a parameter or member names.
    ///
    /// # Errors
    /// A problem of this code at the pointer when there is none.
    pub fn named(&self, text: Option<&str>, day: NaiveDate, pointer: &str, code: Code) -> Answer<Option<i32>> {
        let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
        if let Some(id) = self.on(text, day) {
            return Ok(Some(id));
        }
        let text: String = text.chars().take(40).collect();
        Err(Problem::new(code).and_field(
            pointer,
            "unknown_province",
            say!(
                "Ngày {day} không có tỉnh, thành phố `{text}`; xem GET /api/v1/provinces?as_of={day}.",
                "On {day} there is no province `{text}`; see GET /api/v1/provinces?as_of={day}.",
            ),
        ))
    }
}

/// A name or code of a province without the word for its kind, folded.
pub fn province_key(text: &str) -> String {
    let folded = fold(text);
    let bare = ["thanh pho ", "tinh ", "tp "].iter().find_map(|prefix| folded.strip_prefix(prefix));
    bare.map_or_else(|| folded.clone(), str::to_owned)
}
