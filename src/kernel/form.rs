//! Reading of forms: lines of text are tidied and bounded, every fault is kept with its place.

use super::problem::{FieldError, Say};
use super::text::{decode_legacy, display, legacy_encoding};
use crate::say;

/// The faults of a form while it is read; all of them are answered together.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Keeps a fault.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: Say) {
        self.0.push(FieldError { pointer: pointer.into(), code, detail });
    }

    /// One line of text: tidied, of at most `max` characters, not in a pre-Unicode encoding. Blank is `None`.
    pub fn line(&mut self, pointer: &str, input: Option<&str>, max: usize) -> Option<String> {
        let input = input?;
        if let Some(encoding) = legacy_encoding(input) {
            self.add(pointer, "legacy_encoding", legacy_detail(&decode_legacy(input, encoding)));
            return None;
        }
        let text = display(input);
        if text.chars().count() > max {
            self.add(pointer, "too_long", say!("Tối đa {max} ký tự.", "At most {max} characters."));
            return None;
        }
        (!text.is_empty()).then_some(text)
    }

    /// What was read, if nothing was at fault.
    ///
    /// # Errors
    /// Every fault, in the order found.
    pub fn or<T>(self, read: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(read) } else { Err(self.0) }
    }
}

/// Says that a text was typed in an old font, and what it may mean.
pub fn legacy_detail(repaired: &str) -> Say {
    say!(
        "Chữ gõ bằng phông cũ (TCVN3/VNI); có thể là: “{repaired}”.",
        "Typed in a pre-Unicode font (TCVN3/VNI); probably: “{repaired}”.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_tidied_or_named_with_its_fault() {
        for (input, max, expected) in [
            (None, 5, Ok(None)),
            (Some(" \u{A0}\n"), 5, Ok(None)),
            (Some("  Bùi  \n Nam "), 7, Ok(Some("Bùi Nam"))),
            (Some("Bùi Nam"), 6, Err("too_long")),
            (Some("Hµ Giang"), 50, Err("legacy_encoding")),
        ] {
            let mut faults = Faults::default();
            let line = faults.line("/x", input, max);
            let read = faults.or(line).map_err(|faults| (faults[0].pointer.clone(), faults[0].code));
            let expected = expected.map(|line: Option<&str>| line.map(str::to_owned));
            assert_eq!(read, expected.map_err(|code| ("/x".to_owned(), code)), "{input:?}");
        }
    }
}
