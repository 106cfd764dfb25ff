//! From a file to lines with an id.

use std::io::{BufRead, Cursor};

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::Refused;
use crate::experts::form::ExpertForm;
use crate::experts::form::{self, Checked};
use crate::experts::vocabulary::Vocabulary;
use crate::http::body::{document, from_members};
use crate::kernel::problem::{Answer, Code, FieldError, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;

/// Lines in one transaction.
const BATCH: usize = 1_000;
/// Longest line in bytes.
const MAX_LINE: usize = 1 << 20;
/// What some programs write before the first line of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A file, read batch by batch.
pub(crate) struct Lines {
    file: Box<dyn BufRead + Send>,
    buffer: Vec<u8>,
    number: usize,
    bytes: u64,
}

impl Default for Lines {
    /// Of an empty file.
    fn default() -> Self {
        Self::of(Cursor::new([]))
    }
}

/// Lines as they were sent.
pub(crate) struct Parsed {
    pub(crate) lines: Vec<RawLine>,
    /// Those that have no id, or are broken whatever the database holds.
    pub(crate) broken: Vec<Broken>,
    pub(crate) count: usize,
    /// Where in the file they end.
    pub(crate) end: u64,
}

/// A line with an id; what else it says is looked at when it is not what was loaded before.
pub(crate) struct RawLine {
    pub(crate) number: usize,
    pub(crate) external_id: String,
    pub(crate) digest: Vec<u8>,
    pub(crate) digests: Vec<Vec<u8>>,
    pub(crate) members: Map<String, Value>,
}

/// A line that is refused, with what of it can be looked at all the same: whoever mends it wants to know everything.
pub(crate) struct Broken {
    pub(crate) refused: Refused,
    pub(crate) members: Option<Map<String, Value>>,
}

impl Parsed {
    /// The ids of its lines.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.lines.iter().map(|line| line.external_id.as_str()).collect()
    }
}

impl Lines {
    pub(crate) fn of(file: impl BufRead + Send + 'static) -> Self {
        Self { file: Box::new(file), buffer: Vec::new(), number: 0, bytes: 0 }
    }

    /// The next lines; none at the end of the file.
    pub(crate) fn parse(&mut self, sealer: &Sealer) -> Answer<Option<Parsed>> {
        let mut parsed = Parsed { lines: Vec::new(), broken: Vec::new(), count: 0, end: 0 };
        while parsed.count < BATCH && self.next()? {
            if self.buffer.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            parsed.count += 1;
            match self.line(sealer) {
                Ok(line) => parsed.lines.push(line),
                Err(broken) => parsed.broken.push(broken),
            }
        }
        parsed.end = self.bytes;
        Ok((parsed.count > 0).then_some(parsed))
    }

    fn next(&mut self) -> Answer<bool> {
        self.buffer.clear();
        let count = self.file.read_until(b'\n', &mut self.buffer).map_err(|error| {
            Problem::new(Code::BadRequest).detail(say!("Không đọc được tệp: {error}", "Cannot read the file: {error}"))
        })?;
        self.number += 1;
        self.bytes += count as u64;
        if self.number == 1 && self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.buffer.drain(..BYTE_ORDER_MARK.len());
        }
        Ok(count > 0)
    }

    fn line(&self, sealer: &Sealer) -> Result<RawLine, Broken> {
        read_line(self.number, &self.buffer, sealer)
    }
}

/// What can be said of a line without the database.
pub(crate) fn read_line(number: usize, bytes: &[u8], sealer: &Sealer) -> Result<RawLine, Broken> {
    let refuse = |external_id: Option<String>, errors, members| Broken {
        refused: Refused { line: number, external_id, errors },
        members,
    };
    if bytes.len() > MAX_LINE {
        let detail = say!("Một dòng tối đa 1 MiB.", "A line has at most 1 MiB.");
        return Err(refuse(None, vec![FieldError::new("", "too_long", detail)], None));
    }
    let (value, mut errors) = document(bytes).map_err(|problem| refuse(None, vec![no_json(bytes, &problem)], None))?;
    let mut said = Vec::with_capacity(bytes.len());
    serde_json::to_writer(&mut said, &value).map_err(|error| refuse(None, faults(&Problem::internal(error)), None))?;
    // under every key of the ring: after a rotation the same file still changes nothing
    let digests = sealer.keyed_hashes("source-record", &said);
    let digest = digests.first().cloned().unwrap_or_default();
    let Value::Object(mut members) = value else {
        let detail = say!("Mỗi dòng là một đối tượng JSON.", "A line is one JSON object.");
        return Err(refuse(None, vec![FieldError::new("", "wrong_type", detail)], None));
    };
    let external_id = take_id(&mut members).map_err(|fault| errors.push(fault)).ok();
    match external_id {
        Some(external_id) if errors.is_empty() => Ok(RawLine { number, external_id, digest, digests, members }),
        external_id => Err(refuse(external_id, errors, Some(members))),
    }
}

impl Broken {
    /// Why the line is refused, with what else is wrong with it.
    pub(crate) fn refused(&self, vocabulary: &Vocabulary) -> Refused {
        let mut refused = self.refused.clone();
        let more = self.members.as_ref().and_then(|members| check(members, vocabulary).err()).unwrap_or_default();
        let known = |fault: &FieldError| self.refused.errors.iter().any(|known| known.pointer == fault.pointer);
        refused.errors.extend(more.into_iter().filter(|fault| !known(fault)));
        refused
    }
}

/// The id of a record at its source.
fn take_id(members: &mut Map<String, Value>) -> Result<String, FieldError> {
    let id = members.remove("external_id").unwrap_or_default();
    let id = id.as_str().unwrap_or_default().trim().to_owned();
    if id.chars().any(char::is_control) {
        let detail = say!("Bỏ ký tự điều khiển.", "Leave control characters out.");
        return Err(FieldError::new("/external_id", "malformed", detail));
    }
    if (1..=100).contains(&id.chars().count()) {
        return Ok(id);
    }
    let detail = say!(
        "Nêu mã của bản ghi ở nguồn, từ 1 đến 100 ký tự.",
        "Give the id of the record at its source, 1 to 100 characters.",
    );
    Err(FieldError::new("/external_id", "required", detail))
}

/// What a line says beside the profile: whether the record is taken out, and when the source last touched it.
const NO_PROFILE: [&str; 2] = ["deleted", "updated_at"];

/// The form of a line.
pub(crate) fn check(members: &Map<String, Value>, vocabulary: &Vocabulary) -> Result<Checked, Vec<FieldError>> {
    // a source writes null for what it does not know
    let told = members.iter().filter(|(name, value)| !value.is_null() && !NO_PROFILE.contains(&name.as_str()));
    if members.get("source").is_some_and(|source| !source.is_null()) {
        let detail = say!(
            "Tên nguồn nêu khi gửi tệp, không nêu trong từng dòng; bỏ trường này.",
            "The source is named when a file is sent, not in its lines; leave the member out.",
        );
        return Err(vec![FieldError::new("/source", "unknown_field", detail)]);
    }
    let form: ExpertForm =
        from_members(told.map(|(name, value)| (name.as_str(), value))).map_err(|problem| faults(&problem))?;
    form::check(&form, vocabulary)
}

fn faults(problem: &Problem) -> Vec<FieldError> {
    if problem.errors().is_empty() {
        let detail = say!("Không đọc được dòng này: {problem}.", "This line can't be read: {problem}.");
        vec![FieldError::new("", problem.code().name(), detail)]
    } else {
        problem.errors().to_vec()
    }
}

/// Where a line stops being JSON. What is nested too deep is JSON all the same.
fn no_json(bytes: &[u8], problem: &Problem) -> FieldError {
    let detail = match serde_json::from_slice::<IgnoredAny>(bytes) {
        _ if std::str::from_utf8(bytes).is_err() => {
            say!("Dòng không phải UTF-8; lưu lại tệp theo UTF-8.", "The line is no UTF-8; save the file as UTF-8.")
        }
        Ok(_) => say!("JSON lồng quá 128 cấp.", "The JSON is nested deeper than 128 levels."),
        Err(error) => {
            let column = error.column();
            say!("Không phải JSON: lỗi cú pháp ở cột {column}.", "This is no JSON: a syntax error at column {column}.")
        }
    };
    FieldError::new("", problem.code().name(), detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::sealed::KeyRing;

    #[test]
    fn a_line_that_cannot_be_read_says_where_and_what_to_do_in_both_languages() {
        let sealer = Sealer::new(KeyRing::parse(&KeyRing::generate_text("k").unwrap()).unwrap());
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let long = format!("{{\"external_id\":\"{}\"}}", "a".repeat(101));
        for (line, pointer, code, vi, en) in [
            (&b"{\"external_id\": 1,}"[..], "", "malformed_json", "cột 19", "column 19"),
            (deep.as_bytes(), "", "malformed_json", "quá 128 cấp", "deeper than 128 levels"),
            (b"{\"full_name\": \"\xff\"}", "", "malformed_json", "lưu lại tệp theo UTF-8", "save the file as UTF-8"),
            (b"[1]", "", "wrong_type", "một đối tượng", "one JSON object"),
            (b"{}", "/external_id", "required", "từ 1 đến 100 ký tự", "1 to 100 characters"),
            (long.as_bytes(), "/external_id", "required", "từ 1 đến 100 ký tự", "1 to 100 characters"),
            (
                b"{\"external_id\": \"a\\u0007b\"}",
                "/external_id",
                "malformed",
                "ký tự điều khiển",
                "control characters",
            ),
        ] {
            let Err(broken) = read_line(1, line, &sealer) else { panic!("{line:?} is read") };
            let [error] = broken.refused.errors.as_slice() else { panic!("{:?}", broken.refused.errors) };
            assert_eq!((error.pointer.as_str(), error.code), (pointer, code));
            assert!(error.detail.vi.contains(vi) && error.detail.en.contains(en), "{:?}", error.detail);
        }
    }
}
