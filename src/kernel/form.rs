//! Reading of forms: lines of text are tidied and bounded, every fault is kept with its place, and so is every repair.

use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{FieldError, Lang, Say};
use super::text::{Normalisation, decode_entities, mended, mended_multiline, unreadable};
use crate::say;

/// The faults of a form while it is read; all of them are answered together.
#[derive(Debug, Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// Keeps a fault.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: Say) {
        self.0.push(FieldError::new(pointer, code, detail));
    }

    /// Keeps a fault with the value that would repair it.
    pub fn propose(&mut self, pointer: impl Into<String>, code: &'static str, detail: Say, repair: Option<String>) {
        self.0.push(FieldError { repair, ..FieldError::new(pointer, code, detail) });
    }

    /// One line of text: tidied, of at most `max` characters, readable. Blank is `None`.
    pub fn line(&mut self, pointer: &str, input: Option<&str>, max: usize) -> Option<String> {
        self.text(pointer, input?, max, mended).map(|(line, _)| line)
    }

    /// A text and what had to be mended in it.
    fn text(&mut self, pointer: &str, input: &str, max: usize, mend: Mend) -> Option<(String, Vec<Normalisation>)> {
        if let Some(fault) = unreadable(&decode_entities(input)) {
            self.propose(pointer, fault.code(), fault.detail(), fault.repair().map(str::to_owned));
            return None;
        }
        let (text, changes) = mend(input);
        if text.chars().count() > max {
            self.add(pointer, "too_long", say!("Tối đa {max} ký tự.", "At most {max} characters."));
            return None;
        }
        (!text.is_empty()).then_some((text, changes))
    }

    /// What was read, if nothing was at fault.
    ///
    /// # Errors
    /// Every fault, in the order found.
    pub fn or<T>(self, read: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(read) } else { Err(self.0) }
    }
}

type Mend = fn(&str) -> (String, Vec<Normalisation>);

/// Something in a form that was not as it should be, and that was put right because there is no doubt what was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// JSON pointer into the body.
    pub pointer: String,
    /// Stable code of the kind of repair.
    pub code: &'static str,
    /// What was done.
    pub detail: Say,
    /// What was sent and what was made of it; neither for restricted values.
    pub values: Option<(String, String)>,
}

/// Longest value that is shown beside a repair, in characters.
const MAX_SHOWN: usize = 200;

/// A repair as callers see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({
    "pointer": "/full_name", "code": "caps_lowered",
    "detail": "Họ tên viết hoa toàn bộ đã được viết thường trở lại.", "from": "NGUYỄN VĂN MẪU", "to": "Nguyễn Văn Mẫu"
}))]
pub struct Normalised {
    /// JSON pointer into the body.
    pub pointer: String,
    /// `whitespace`, `unicode`, `html_entities`, `caps_lowered`, `title_split_off`, `date_format`, `gender_word`,
    /// `list_from_text`, `number_from_text`, `text_from_number`, `code_from_name` or `duplicate_left_out`.
    pub code: &'static str,
    /// What was done.
    pub detail: String,
    /// What was sent; not for restricted values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What was made of it; not for restricted values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Repair {
    /// The repair in one language.
    pub fn document(&self, lang: Lang) -> Normalised {
        let shown = |text: &String| text.chars().take(MAX_SHOWN).collect();
        Normalised {
            pointer: self.pointer.clone(),
            code: self.code,
            detail: lang.of(&self.detail).to_owned(),
            from: self.values.as_ref().map(|(from, _)| shown(from)),
            to: self.values.as_ref().map(|(_, to)| shown(to)),
        }
    }
}

/// A form while it is read: what is at fault, and what was repaired.
#[derive(Debug, Default)]
pub struct Reading {
    /// What cannot be taken.
    pub faults: Faults,
    repairs: Vec<Repair>,
}

impl Reading {
    /// Keeps a repair, with what was sent and what was made of it.
    pub fn repaired(&mut self, pointer: &str, code: &'static str, detail: Say, from: &str, to: &str) {
        let values = Some((from.to_owned(), to.to_owned()));
        self.repairs.push(Repair { pointer: pointer.to_owned(), code, detail, values });
    }

    /// Keeps a repair of a restricted value: only that it was made.
    pub fn repaired_restricted(&mut self, pointer: &str, code: &'static str, detail: Say) {
        self.repairs.push(Repair { pointer: pointer.to_owned(), code, detail, values: None });
    }

    /// Keeps repairs of a text.
    pub fn mended(&mut self, pointer: &str, changes: &[Normalisation], from: &str, to: &str) {
        for change in changes {
            self.repaired(pointer, change.code(), change.detail(), from, to);
        }
    }

    /// One line of text: tidied, of at most `max` characters, readable. Blank is `None`.
    pub fn line(&mut self, pointer: &str, input: Option<&str>, max: usize) -> Option<String> {
        self.read(pointer, input?, max, mended)
    }

    /// A text of several lines.
    pub fn lines(&mut self, pointer: &str, input: Option<&str>, max: usize) -> Option<String> {
        self.read(pointer, input?, max, mended_multiline)
    }

    fn read(&mut self, pointer: &str, input: &str, max: usize, mend: Mend) -> Option<String> {
        let (text, changes) = self.faults.text(pointer, input, max, mend)?;
        self.mended(pointer, &changes, input, &text);
        Some(text)
    }

    /// What was read and what was repaired, if nothing was at fault.
    ///
    /// # Errors
    /// Every fault, in the order found.
    pub fn or<T>(self, read: T) -> Result<(T, Vec<Repair>), Vec<FieldError>> {
        self.faults.or((read, self.repairs))
    }
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
            (Some("HÃ  Giang lÃ  táº¿t"), 50, Err("mojibake")),
            (Some("Nguy?n"), 50, Err("lost_letters")),
        ] {
            let mut faults = Faults::default();
            let line = faults.line("/x", input, max);
            let read = faults.or(line).map_err(|faults| (faults[0].pointer.clone(), faults[0].code));
            let expected = expected.map(|line: Option<&str>| line.map(str::to_owned));
            assert_eq!(read, expected.map_err(|code| ("/x".to_owned(), code)), "{input:?}");
        }
    }

    #[test]
    fn a_reading_keeps_what_it_repaired_unless_something_is_at_fault() {
        let mut reading = Reading::default();
        assert_eq!(reading.line("/a", Some("R&amp;D "), 9).as_deref(), Some("R&D"));
        assert_eq!(reading.lines("/b", Some("a\r\nb"), 9).as_deref(), Some("a\nb"));
        reading.repaired_restricted("/c", "date_format", say!("x", "y"));
        let (_, repairs) = reading.or(()).unwrap();
        let seen: Vec<(&str, &str, bool)> =
            repairs.iter().map(|repair| (repair.pointer.as_str(), repair.code, repair.values.is_some())).collect();
        assert_eq!(seen, [("/a", "html_entities", true), ("/a", "whitespace", true), ("/c", "date_format", false)]);
        let document = repairs[2].document(Lang::En);
        assert_eq!((document.detail.as_str(), document.from, document.to), ("y", None, None));
        let mut reading = Reading::default();
        reading.line("/a", Some(" a"), 9);
        reading.line("/b", Some("abc"), 2);
        assert_eq!(reading.or(()).unwrap_err().len(), 1);
    }
}
