//! Turns serde's English messages into problems in both languages, with the place.

use serde_path_to_error::{Path, Segment};

use crate::kernel::problem::{FieldError, Say};
use crate::say;

/// The fault at `path`; `message` is serde's.
pub(crate) fn field_error(path: &Path, message: &str) -> FieldError {
    let mut pointer = pointer(path);
    // where it stands in the text is told by the pointer
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let name = message.split('`').nth(1).unwrap_or_default();
    let (code, detail) = if message.starts_with("missing field") {
        pointer = format!("{pointer}/{}", escape(name));
        ("required", say!("Thiếu `{name}`.", "`{name}` is missing."))
    } else if message.starts_with("unknown field") {
        if !pointer.ends_with(&format!("/{}", escape(name))) {
            pointer = format!("{pointer}/{}", escape(name));
        }
        let known = expected(message);
        (
            "unknown_field",
            say!("Không có trường `{name}`; có thể dùng: {known}.", "There is no `{name}`; known are: {known}."),
        )
    } else if message.starts_with("unknown variant") {
        let known = expected(message);
        (
            "unknown_value",
            say!("Không nhận giá trị `{name}`; chọn một trong: {known}.", "`{name}` is not known; one of: {known}."),
        )
    } else {
        wrong(message)
    };
    FieldError::new(pointer, code, detail)
}

/// A value of the wrong type or out of range: what was expected, never what was sent, which may be personal and would stand
/// in the log of a load.
fn wrong(message: &str) -> (&'static str, Say) {
    let code = if message.starts_with("invalid type") { "wrong_type" } else { "invalid_value" };
    let detail = match message.rsplit_once("expected ").map(|(_, wanted)| plain(wanted)) {
        Some(Say { vi, en }) => {
            say!("Giá trị không đúng kiểu hoặc phạm vi; cần: {vi}.", "Wrong type or range; expected {en}.")
        }
        None => say!("Giá trị không đúng kiểu hoặc phạm vi.", "The value has the wrong type or range."),
    };
    (code, detail)
}

/// What serde calls a type, in words of people.
fn plain(wanted: &str) -> Say {
    match wanted {
        "f32" | "f64" => say!("một số", "a number"),
        "u8" | "u16" | "u32" | "u64" | "usize" => say!("một số nguyên không âm", "a whole number, 0 or more"),
        "i8" | "i16" | "i32" | "i64" | "isize" => say!("một số nguyên", "a whole number"),
        "a boolean" => say!("true hoặc false", "true or false"),
        "a string" => say!("một chuỗi ký tự", "a text"),
        "a sequence" => say!("một danh sách", "a list"),
        "a map" => say!("một đối tượng", "an object"),
        _ if wanted.starts_with("struct ") => say!("một đối tượng", "an object"),
        _ => say!("{wanted}", "{wanted}"),
    }
}

fn expected(message: &str) -> String {
    let list = message.split_once("expected").map(|(_, list)| list).unwrap_or_default();
    // of two serde says "`a` or `b`", of more "one of `a`, `b`, `c`"
    list.trim().trim_start_matches("one of ").replace("` or `", "`, `")
}

/// The JSON pointer (RFC 6901) of a path.
fn pointer(path: &Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escape(key)),
            Segment::Enum { variant } => format!("/{}", escape(variant)),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// Escapes one step of a JSON pointer.
pub(super) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}
