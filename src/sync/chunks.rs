//! The lines of an upload as they are kept until the plan is made: some hundreds together, packed and sealed.

use uuid::Uuid;

use super::detail;
use super::lines::Line;
use crate::experts::load::read::{Broken, RawLine, read_line};
use crate::kernel::problem::Answer;
use crate::kernel::sealed::Sealer;

/// Most lines of a chunk.
pub const LINES: usize = 500;
/// From so many bytes on a chunk is full.
pub const BYTES: usize = 1 << 20;

/// A chunk, sealed.
///
/// # Errors
/// Those of sealing.
pub fn seal(sealer: &Sealer, plan: Uuid, number: i32, lines: &[Line]) -> Answer<Vec<u8>> {
    let texts: Vec<(u64, std::borrow::Cow<'_, str>)> =
        lines.iter().map(|(number, line)| (*number, String::from_utf8_lossy(line))).collect();
    // what is no UTF-8 is told from what it was made of: the replacement character alone is no fault
    let broken: Vec<u64> =
        lines.iter().filter(|(_, line)| std::str::from_utf8(line).is_err()).map(|(number, _)| *number).collect();
    detail::seal(sealer, plan, i64::from(number), "chunk", &(texts, broken))
}

/// The lines of a chunk, read.
///
/// # Errors
/// 500 when it does not open.
pub(crate) fn read(sealer: &Sealer, plan: Uuid, number: i32, sealed: &[u8]) -> Answer<Vec<Result<RawLine, Broken>>> {
    let (texts, broken): (Vec<(u64, String)>, Vec<u64>) =
        detail::open(sealer, plan, i64::from(number), "chunk", sealed)?;
    let read = |(number, text): (u64, String)| {
        let place = usize::try_from(number).unwrap_or(usize::MAX);
        // a byte that is no text, as it was
        let bytes = if broken.contains(&number) { b"\xff".to_vec() } else { text.into_bytes() };
        read_line(place, &bytes, sealer)
    };
    Ok(texts.into_iter().map(read).collect())
}
