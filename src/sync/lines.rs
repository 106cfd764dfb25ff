//! From the bytes of an upload to lines: packed or not, one record a line or a JSON array, in constant memory and within
//! bounds, whatever is sent.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use zstd::stream::{raw, zio};

use crate::kernel::problem::{Code, Problem};
use crate::say;

/// Longest record in bytes.
pub const MAX_LINE: usize = 1 << 20;
/// Most records.
pub const MAX_RECORDS: u64 = 1_000_000;
/// Most lines, blank ones included.
const MAX_LINES: u64 = 2 * MAX_RECORDS;
/// Most bytes, unpacked.
const MAX_BYTES: u64 = 4 << 30;
/// How many times as large a file may become when it is unpacked; records repeat themselves some ten to thirty times.
const MAX_RATIO: u64 = 200;
/// So much may come out of a file whatever its size.
const FREE_BYTES: u64 = 1 << 20;
/// So much at most may come out at once of what was packed well before: what a file has not used is not saved up further.
const MOST_AT_ONCE: u64 = 8 << 20;
/// So many packed bytes are unpacked at a time: even what unpacks to a hundred thousand times its size stays small.
const SLICE: usize = 256;
/// Of what is not packed.
const PLAIN_SLICE: usize = 1 << 20;
/// Largest window of zstd, as a power of two: what a stranger may make the server set aside.
const WINDOW_LOG: u32 = 23;
/// What some programs write before the first line of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    Plain,
    /// `Content-Encoding: gzip`.
    Gzip,
    /// `Content-Encoding: zstd`.
    Zstd,
}

/// How records are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line.
    Lines,
    /// One JSON array of objects.
    Array,
}

/// A line and its number: in a JSON array, of the item.
pub type Line = (u64, Vec<u8>);

/// Reads an upload piece by piece.
pub struct Reading {
    decoder: Decoder,
}

/// Not the writer of the same crate: that one does not tell a file that was cut off.
type Unzstd = zio::Writer<Splitter, raw::Decoder<'static>>;

enum Decoder {
    Plain(Box<Splitter>),
    Gzip(Box<MultiGzDecoder<Splitter>>),
    Zstd(Box<Unzstd>),
}

impl Reading {
    /// Of a body.
    ///
    /// # Errors
    /// 500 when the decoder can't be set up.
    pub fn new(packing: Packing, form: Form) -> Result<Self, Problem> {
        let splitter = Splitter::new(form, packing != Packing::Plain);
        let decoder = match packing {
            Packing::Plain => Decoder::Plain(Box::new(splitter)),
            Packing::Gzip => Decoder::Gzip(Box::new(MultiGzDecoder::new(splitter))),
            Packing::Zstd => {
                let mut decoder = raw::Decoder::new().map_err(Problem::internal)?;
                decoder.set_parameter(raw::DParameter::WindowLogMax(WINDOW_LOG)).map_err(Problem::internal)?;
                Decoder::Zstd(Box::new(zio::Writer::new(splitter, decoder)))
            }
        };
        Ok(Self { decoder })
    }

    fn splitter(&mut self) -> &mut Splitter {
        match &mut self.decoder {
            Decoder::Plain(splitter) => splitter,
            Decoder::Gzip(decoder) => decoder.get_mut(),
            Decoder::Zstd(decoder) => decoder.writer_mut(),
        }
    }

    /// How many bytes are to be taken at a time, so that the lines of each piece can be put away before the next.
    pub const fn step(&self) -> usize {
        if matches!(self.decoder, Decoder::Plain(_)) { PLAIN_SLICE } else { SLICE }
    }

    /// Takes the next bytes, no more of them than a [`Self::step`]; the lines that are complete.
    ///
    /// # Errors
    /// 400 for what can't be unpacked or is no list, 413 for what is beyond the bounds.
    pub fn feed_step(&mut self, slice: &[u8]) -> Result<Vec<Line>, Problem> {
        self.splitter().allow(slice.len() as u64);
        let fed = match &mut self.decoder {
            Decoder::Plain(splitter) => splitter.write_all(slice),
            Decoder::Gzip(decoder) => decoder.write_all(slice),
            Decoder::Zstd(decoder) => decoder.write_all(slice),
        };
        self.check(fed)?;
        Ok(self.splitter().lines())
    }

    fn check(&mut self, fed: io::Result<()>) -> Result<(), Problem> {
        match (fed, self.splitter().fault.take()) {
            (_, Some(problem)) => Err(problem),
            (Ok(()), None) => Ok(()),
            (Err(error), None) => {
                tracing::debug!(%error, "an upload can't be unpacked");
                Err(Problem::new(Code::BadRequest).detail(say!(
                    "Không giải nén được nội dung (zstd: cửa sổ tối đa 8 MiB); gửi lại, hoặc gửi không nén.",
                    "The body can't be unpacked (zstd: with a window of 8 MiB at most); send it again, or send it unpacked.",
                )))
            }
        }
    }

    /// Ends the reading: the last lines, and the bytes and records there were.
    ///
    /// # Errors
    /// 400 when it is cut off.
    pub fn end(mut self, mut take: impl FnMut(Vec<Line>)) -> Result<Sums, Problem> {
        let ended = match &mut self.decoder {
            Decoder::Plain(_) => Ok(()),
            Decoder::Gzip(decoder) => decoder.try_finish(),
            Decoder::Zstd(decoder) => decoder.finish(),
        };
        self.check(ended)?;
        let splitter = self.splitter();
        splitter.end();
        if let Some(problem) = splitter.fault.take() {
            return Err(problem);
        }
        let sums = Sums { bytes: splitter.bytes, records: splitter.records, last: splitter.last_is_whole };
        take(splitter.lines());
        Ok(sums)
    }
}

/// What was read in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// Bytes, unpacked.
    pub bytes: u64,
    /// Records.
    pub records: u64,
    /// True when the last line ended as a line does, or is whole all the same.
    pub last: bool,
}

/// Where in a JSON array the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spot {
    Before,
    Between,
    Inside { depth: u32, in_text: bool, escaped: bool },
    After,
}

/// Cuts unpacked bytes into lines.
struct Splitter {
    form: Form,
    is_packed: bool,
    /// Bytes that may still come out of what was packed.
    room: u64,
    line: Vec<u8>,
    done: Vec<Line>,
    number: u64,
    records: u64,
    bytes: u64,
    spot: Spot,
    last_is_whole: bool,
    fault: Option<Problem>,
}

impl Splitter {
    const fn new(form: Form, is_packed: bool) -> Self {
        Self {
            form,
            is_packed,
            room: FREE_BYTES,
            line: Vec::new(),
            done: Vec::new(),
            number: 0,
            records: 0,
            bytes: 0,
            spot: Spot::Before,
            last_is_whole: true,
            fault: None,
        }
    }

    fn lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.done)
    }

    /// So many packed bytes came in.
    fn allow(&mut self, packed: u64) {
        self.room = (self.room + packed.saturating_mul(MAX_RATIO)).min(MOST_AT_ONCE);
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let count = bytes.len() as u64;
        self.bytes += count;
        let is_beyond = self.is_packed && self.room < count;
        self.room = self.room.saturating_sub(count);
        if self.bytes > MAX_BYTES || is_beyond {
            return Err(too_large(say!(
                "Tệp giải nén ra quá lớn (tối đa {MAX_RATIO} lần kích thước nén và {MAX_BYTES} byte); chia nhỏ tệp.",
                "The file unpacks to too much (at most {MAX_RATIO} times its packed size and {MAX_BYTES} bytes); split it.",
            )));
        }
        match self.form {
            Form::Lines => self.split_lines(bytes),
            Form::Array => bytes.iter().try_for_each(|byte| self.step(*byte)),
        }
    }

    fn split_lines(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            self.push(piece)?;
            if pieces.peek().is_some() {
                self.finish_line()?;
            }
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        if self.line.len() + bytes.len() > MAX_LINE {
            let number = self.number + 1;
            return Err(too_large(say!(
                "Dòng (bản ghi) {number} dài hơn 1 MiB; mỗi bản ghi một dòng, sửa rồi gửi lại cả tệp.",
                "Line (record) {number} is longer than 1 MiB; one record a line: mend it and send the whole file again.",
            )));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn finish_line(&mut self) -> Result<(), Problem> {
        self.number += 1;
        let mut line = std::mem::take(&mut self.line);
        if self.number == 1 && line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        if self.number > MAX_LINES {
            return Err(too_large(say!("Tối đa {MAX_LINES} dòng một tệp.", "A file has at most {MAX_LINES} lines.")));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        self.records += 1;
        if self.records > MAX_RECORDS {
            return Err(too_large(say!(
                "Tối đa {MAX_RECORDS} bản ghi một tệp.",
                "A file has at most {MAX_RECORDS} records.",
            )));
        }
        self.done.push((self.number, line));
        Ok(())
    }

    /// One byte of a JSON array. What an item holds is looked at later; here only where it ends.
    fn step(&mut self, byte: u8) -> Result<(), Problem> {
        match self.spot {
            Spot::Inside { depth, in_text, escaped } => return self.step_inside(byte, depth, in_text, escaped),
            _ if byte.is_ascii_whitespace() => {}
            Spot::Before if byte == b'[' => self.spot = Spot::Between,
            // a byte-order mark
            Spot::Before if BYTE_ORDER_MARK.contains(&byte) && self.bytes > 0 => {}
            Spot::Between if byte == b']' => self.spot = Spot::After,
            Spot::Between if byte == b',' => {}
            Spot::Between => {
                self.spot = Spot::Inside { depth: 0, in_text: false, escaped: false };
                return self.step_inside(byte, 0, false, false);
            }
            Spot::Before | Spot::After => return Err(no_array()),
        }
        Ok(())
    }

    fn step_inside(&mut self, byte: u8, depth: u32, in_text: bool, escaped: bool) -> Result<(), Problem> {
        if depth == 0 && !in_text && (byte == b',' || byte == b']') {
            self.spot = if byte == b',' { Spot::Between } else { Spot::After };
            return self.finish_line();
        }
        let (depth, in_text, escaped) = match byte {
            _ if escaped => (depth, in_text, false),
            b'\\' if in_text => (depth, true, true),
            b'"' => (depth, !in_text, false),
            b'{' | b'[' if !in_text => (depth + 1, false, false),
            b'}' | b']' if !in_text => (depth.saturating_sub(1), false, false),
            _ => (depth, in_text, false),
        };
        self.spot = Spot::Inside { depth, in_text, escaped };
        self.push(&[byte])
    }

    fn end(&mut self) {
        let ended = match (self.form, self.spot) {
            (Form::Lines, _) => {
                let rest = self.line.trim_ascii();
                self.last_is_whole = rest.is_empty() || serde_json::from_slice::<serde::de::IgnoredAny>(rest).is_ok();
                if rest.is_empty() { Ok(()) } else { self.finish_line() }
            }
            (Form::Array, Spot::After) => Ok(()),
            (Form::Array, _) => Err(no_array()),
        };
        self.fault = ended.err();
    }
}

impl Write for Splitter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.take(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(problem) => {
                self.fault.get_or_insert(problem);
                Err(io::Error::other("refused"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_large(detail: crate::kernel::problem::Say) -> Problem {
    Problem::new(Code::PayloadTooLarge).detail(detail)
}

fn no_array() -> Problem {
    Problem::new(Code::MalformedJson).detail(say!(
        "Cần một mảng JSON trọn vẹn `[{{…}}, …]`, hoặc gửi NDJSON với Content-Type: application/x-ndjson.",
        "One whole JSON array `[{{…}}, …]` is needed; or send NDJSON with Content-Type: application/x-ndjson.",
    ))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    impl Reading {
        fn feed(&mut self, bytes: &[u8], mut take: impl FnMut(Vec<Line>)) -> Result<(), Problem> {
            bytes.chunks(self.step()).try_for_each(|slice| self.feed_step(slice).map(&mut take))
        }
    }

    fn read(packing: Packing, form: Form, body: &[u8], piece: usize) -> Result<(Vec<(u64, String)>, Sums), Problem> {
        let mut reading = Reading::new(packing, form)?;
        let mut lines = Vec::new();
        for bytes in body.chunks(piece) {
            reading.feed(bytes, |more| lines.extend(more))?;
        }
        let sums = reading.end(|more| lines.extend(more))?;
        let text = |(number, line): Line| (number, String::from_utf8(line).unwrap().trim().to_owned());
        Ok((lines.into_iter().map(text).collect(), sums))
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn lines_and_items_have_their_numbers_however_they_come() {
        let lines = "\u{feff}{\"a\":1}\r\n\n  {\"a\":2}\n{\"b\":\"\"}";
        let array = " [ {\"a\": [1, {\"b\": \"],}\\\"\"}]} ,2, \"x,\\\\\",\n{} ] \n";
        for piece in [1, 3, 7, 1_000] {
            for (packing, body) in [
                (Packing::Plain, lines.as_bytes().to_vec()),
                (Packing::Gzip, gzip(lines.as_bytes())),
                (Packing::Zstd, zstd::encode_all(lines.as_bytes(), 3).unwrap()),
            ] {
                let (seen, sums) = read(packing, Form::Lines, &body, piece).unwrap();
                let expected = [(1, "{\"a\":1}"), (3, "{\"a\":2}"), (4, "{\"b\":\"\"}")];
                assert_eq!(seen, expected.map(|(number, text)| (number, text.to_owned())), "{packing:?}");
                assert_eq!(sums, Sums { bytes: lines.len() as u64, records: 3, last: true });
            }
            let (seen, _) = read(Packing::Plain, Form::Array, array.as_bytes(), piece).unwrap();
            let seen: Vec<&str> = seen.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(seen, ["{\"a\": [1, {\"b\": \"],}\\\"\"}]}", "2", "\"x,\\\\\"", "{}"]);
        }
        assert!(!read(Packing::Plain, Form::Lines, b"{}\n{\"a\": ", 9).unwrap().1.last, "cut in a line");
        for body in ["", "{}", "[{}", "[{}] x", "[{\"a\":\"", "x[]"] {
            let problem = read(Packing::Plain, Form::Array, body.as_bytes(), 9).unwrap_err();
            assert_eq!(problem.code(), Code::MalformedJson, "{body}");
        }
    }

    #[test]
    fn what_is_beyond_the_bounds_is_refused_soon() {
        let long = vec![b'a'; MAX_LINE + 1];
        let blank = vec![b'\n'; usize::try_from(MAX_LINES).unwrap() + 1];
        for (what, packing, body, code) in [
            ("a long line", Packing::Plain, long.clone(), Code::PayloadTooLarge),
            ("blank lines", Packing::Plain, blank.clone(), Code::PayloadTooLarge),
            ("packed blank lines", Packing::Gzip, gzip(&vec![b'\n'; 100 << 20]), Code::PayloadTooLarge),
            (
                "zstd that unpacks to much",
                Packing::Zstd,
                zstd::encode_all(&vec![b' '; 100 << 20][..], 3).unwrap(),
                Code::PayloadTooLarge,
            ),
            ("no gzip", Packing::Gzip, b"{\"a\":1}\n".repeat(100), Code::BadRequest),
            ("cut gzip", Packing::Gzip, gzip(b"{\"a\":1}\n{\"b\":2}\n")[..20].to_vec(), Code::BadRequest),
            (
                "cut zstd",
                Packing::Zstd,
                zstd::encode_all(&b"{\"a\":1}\n"[..], 3).unwrap()[..12].to_vec(),
                Code::BadRequest,
            ),
        ] {
            let refused = read(packing, Form::Lines, &body, 64 << 10).unwrap_err();
            assert_eq!(refused.code(), code, "{what}: {refused}");
        }
        // a bomb behind what was packed badly: what the beginning did not use is not saved up
        let noise = |at: u64| u8::try_from(at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56).unwrap() | 0x80;
        let noise: Vec<u8> = (0_u64..1 << 20).map(|at| if at % 64 == 0 { b'\n' } else { noise(at) }).collect();
        let tail = [vec![b'a'; 999], vec![b'\n']].concat().repeat(128 << 10);
        let bomb = zstd::encode_all(&[noise, tail].concat()[..], 3).unwrap();
        let mut reading = Reading::new(Packing::Zstd, Form::Lines).unwrap();
        let mut most = 0;
        let fed = bomb.chunks(reading.step()).try_for_each(|slice| {
            let lines = reading.feed_step(slice)?;
            most = most.max(lines.iter().map(|(_, line)| line.len()).sum::<usize>());
            Ok(())
        });
        assert_eq!(fed.map_err(|problem: Problem| problem.code()), Err(Code::PayloadTooLarge));
        assert!(most <= usize::try_from(MOST_AT_ONCE).unwrap(), "{most} bytes of lines at once");
        let array = [b"[\"".as_slice(), &long, b"\"]"].concat();
        let refused = read(Packing::Plain, Form::Array, &array, 64 << 10).unwrap_err();
        assert_eq!(refused.code(), Code::PayloadTooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
            for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
                for form in [Form::Lines, Form::Array] {
                    let mut reading = Reading::new(packing, form).unwrap();
                    let fed = body.chunks(piece).try_for_each(|bytes| reading.feed(bytes, |_| {}));
                    if let Err(problem) = fed.and_then(|()| reading.end(|_| {}).map(|_| ())) {
                        prop_assert!(problem.code().status() < 500);
                    }
                }
            }
        }
    }
}
