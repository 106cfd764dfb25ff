//! CSV files of reference data: read whole, every broken cell named by line and column, nothing taken when one is broken.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::path::Path;

use chrono::NaiveDate;

/// One broken cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file; the header is line 1.
    pub line: u64,
    /// Name of the column.
    pub column: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The file can't be opened.
    #[error("cannot read {path}: {source}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no CSV in UTF-8.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: csv::Error,
    },
    /// Columns are missing from the header.
    #[error("{path}: the header lacks {missing}; it must have {required}")]
    Header {
        /// The file.
        path: String,
        /// What is not there.
        missing: String,
        /// All that must be.
        required: String,
    },
    /// Cells are broken; nothing was loaded.
    #[error("{path}: {} broken, nothing was loaded:\n{}", count(.faults), list(.faults))]
    Cells {
        /// The file.
        path: String,
        /// Each of them.
        faults: Vec<Fault>,
    },
}

fn count(faults: &[Fault]) -> String {
    if faults.len() == 1 { "1 cell is".to_owned() } else { format!("{} cells are", faults.len()) }
}

fn list(faults: &[Fault]) -> String {
    let shown: Vec<String> = faults.iter().take(50).map(|fault| format!("  {fault}")).collect();
    shown.join("\n")
}

/// A row being read.
pub struct Row<'a> {
    headers: &'a csv::StringRecord,
    record: &'a csv::StringRecord,
    line: u64,
}

impl Row<'_> {
    /// Line in the file.
    pub const fn line(&self) -> u64 {
        self.line
    }

    /// A fault in a column of this row.
    pub fn fault(&self, column: &str, message: impl Into<String>) -> Fault {
        Fault { line: self.line, column: column.to_owned(), message: message.into() }
    }

    /// A cell; `None` when it is blank or the file has no such column.
    pub fn optional(&self, column: &str) -> Option<&str> {
        let index = self.headers.iter().position(|header| header == column)?;
        self.record.get(index).map(str::trim).filter(|cell| !cell.is_empty())
    }

    /// True when the file has a column: one it does not have says nothing, a blank cell says that there is nothing.
    pub fn has(&self, column: &str) -> bool {
        self.headers.iter().any(|header| header == column)
    }

    /// A cell that must not be blank.
    ///
    /// # Errors
    /// The fault.
    pub fn text(&self, column: &str) -> Result<&str, Fault> {
        self.optional(column).ok_or_else(|| self.fault(column, "must not be blank"))
    }

    /// A cell read by `parse`; `None` when blank.
    ///
    /// # Errors
    /// The fault, saying what was expected.
    pub fn parsed<T: std::str::FromStr>(&self, column: &str, expected: &str) -> Result<Option<T>, Fault> {
        let Some(cell) = self.optional(column) else { return Ok(None) };
        match cell.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_not_readable) => Err(self.fault(column, format!("`{cell}` is not {expected}"))),
        }
    }

    /// A whole number.
    ///
    /// # Errors
    /// The fault.
    pub fn number(&self, column: &str) -> Result<i16, Fault> {
        self.parsed(column, "a small whole number")?.ok_or_else(|| self.fault(column, "must not be blank"))
    }

    /// A date `YYYY-MM-DD`; `None` when blank.
    ///
    /// # Errors
    /// The fault.
    pub fn date(&self, column: &str) -> Result<Option<NaiveDate>, Fault> {
        self.parsed(column, "a date YYYY-MM-DD")
    }
}

/// A CSV file: its name, for errors, and its text.
#[derive(Debug, Clone)]
pub struct Sheet {
    name: String,
    text: Cow<'static, [u8]>,
}

impl Sheet {
    /// Reads a file from the disk.
    ///
    /// # Errors
    /// [`SheetError::Open`].
    pub fn open(path: &Path) -> Result<Self, SheetError> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(text) => Ok(Self { name, text: text.into() }),
            Err(source) => Err(SheetError::Open { path: name, source }),
        }
    }

    /// A file that is part of the program.
    pub fn built_in(name: &str, text: &'static str) -> Self {
        Self { name: name.to_owned(), text: text.as_bytes().into() }
    }

    /// An error over broken cells of this file.
    pub fn broken(&self, faults: Vec<Fault>) -> SheetError {
        SheetError::Cells { path: self.name.clone(), faults }
    }
}

/// Reads a whole file, row by row; `read` makes a value of a row.
///
/// # Errors
/// [`SheetError`]; all broken cells are reported together (one for each row).
pub fn read<T>(
    sheet: &Sheet,
    required: &[&str],
    mut read: impl FnMut(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, SheetError> {
    let path = &sheet.name;
    let unreadable = |source| SheetError::Read { path: path.clone(), source };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(sheet.text.as_ref());
    let headers = reader.headers().map_err(unreadable)?.clone();
    let header = |name: &&&str| !headers.iter().any(|header| header == **name);
    let missing: Vec<&str> = required.iter().filter(header).copied().collect();
    if !missing.is_empty() {
        let (missing, required) = (missing.join(", "), required.join(", "));
        return Err(SheetError::Header { path: path.clone(), missing, required });
    }
    let (mut values, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row { headers: &headers, record: &record, line };
        let value = if record.len() == headers.len() {
            read(&row)
        } else {
            Err(row.fault("(all)", format!("{} cells, the header has {}", record.len(), headers.len())))
        };
        match value {
            Ok(value) => values.push(value),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(sheet.broken(faults)) }
}

/// Refuses a file in which two rows have the same key; `column` is the one to name.
///
/// # Errors
/// [`SheetError::Cells`] with each later row.
pub fn unique<T, K: Hash + Eq>(
    sheet: &Sheet,
    lines: Vec<(u64, T)>,
    column: &str,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, SheetError> {
    let mut seen = HashMap::new();
    let mut faults = Vec::new();
    for (line, row) in &lines {
        if let Some(first) = seen.insert(key(row), *line) {
            let message = format!("the same stands already on line {first}");
            faults.push(Fault { line: *line, column: column.to_owned(), message });
        }
    }
    if faults.is_empty() { Ok(lines.into_iter().map(|(_, row)| row).collect()) } else { Err(sheet.broken(faults)) }
}

/// What a load did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Rows in the file.
    pub rows: usize,
    /// Rows that were new or different.
    pub changed: usize,
    /// Rows that are not meant to be loaded.
    pub skipped: usize,
    /// Rows that were edited here since they were loaded, and left as they are.
    pub left: usize,
    /// Rows that do not say how something stands, taken for active.
    pub assumed: usize,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.changed {
            0 => write!(f, "{} rows, nothing changed", self.rows)?,
            changed => write!(f, "{} rows, {changed} new or changed", self.rows)?,
        }
        if self.skipped > 0 {
            write!(f, ", {} left out that only stand for typical ones", self.skipped)?;
        }
        if self.left > 0 {
            write!(f, ", {} edited here and left as they are", self.left)?;
        }
        if self.assumed > 0 {
            write!(f, ", {} of unknown status taken for active", self.assumed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<(String, i16)>, SheetError> {
        let sheet = Sheet { name: "test.csv".to_owned(), text: text.as_bytes().to_vec().into() };
        read(&sheet, &["code", "level"], |row| Ok((row.text("code")?.to_owned(), row.number("level")?)))
    }

    #[test]
    fn broken_cells_are_named_by_line_and_column() {
        assert_eq!(read_text("code,level\n1,2\n").unwrap(), [("1".to_owned(), 2)]);
        for (text, expected) in [
            ("code\n1\n", "the header lacks level"),
            ("code,level\n1,2\n,3\n", "line 3, column code: must not be blank"),
            ("code,level\n1,x\n", "line 2, column level: `x` is not a small whole number"),
            ("code,level\n1,2,3\n", "line 2, column (all): 3 cells, the header has 2"),
            ("code,level\na,x\nb,y\n", "2 cells are broken"),
        ] {
            let error = read_text(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
