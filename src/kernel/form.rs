//! Reading of forms: lines of text are tidied and bounded, every fault is kept with its place, and so is every repair.
//!
//! A repair is made where there is no doubt what was meant, and said in the answer; where there is one, the value is refused
//! and the repair at most proposed.

mod loose;

pub use loose::{List, Loose, split_list};

use serde::Serialize;
use utoipa::ToSchema;

use super::problem::{FieldError, Lang, Say};
use super::text::{Normalisation, decode_entities, mended, mended_multiline, unreadable};
use crate::say;

/// True for what may be a telephone number as offices write them, several at once among them: `0207 3822 000, 0207 3822 001`.
pub fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    digits >= 6 && text.chars().all(|c| c.is_ascii_digit() || "+-.(), /".contains(c))
}

/// True for what may be an e-mail address.
pub fn is_email(text: &str) -> bool {
    let sound = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    sound && !text.contains(' ')
}

/// A form while it is read: its faults, which are answered together, and what was repaired in it.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Vec<FieldError>,
    repairs: Vec<Repair>,
}

impl Faults {
    /// Keeps a fault.
    pub fn add(&mut self, pointer: impl Into<String>, code: &'static str, detail: Say) {
        self.faults.push(FieldError::new(pointer, code, detail));
    }

    /// Whether anything is at fault in a place.
    pub fn has(&self, pointer: &str) -> bool {
        self.faults.iter().any(|fault| fault.pointer == pointer)
    }

    /// Keeps a fault with the value that would repair it, where that is certain.
    pub fn propose(&mut self, pointer: impl Into<String>, code: &'static str, detail: Say, repair: Option<String>) {
        self.faults
            .push(FieldError { repair: repair.map(String::into_boxed_str), ..FieldError::new(pointer, code, detail) });
    }

    /// Keeps a repair, with what was sent and what was made of it.
    pub fn repaired(&mut self, pointer: &str, code: &'static str, detail: Say, from: &str, to: &str) {
        let values = Some((from.to_owned(), to.to_owned()));
        self.repairs.push(Repair { pointer: pointer.to_owned(), code, detail, values });
    }

    /// Keeps a repair of a restricted value: only that it was made.
    pub fn repaired_restricted(&mut self, pointer: &str, code: &'static str, detail: Say) {
        self.repairs.push(Repair { pointer: pointer.to_owned(), code, detail, values: None });
    }

    /// Keeps the repairs of a text.
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

    /// One line of restricted text: neither a repair nor a fault shows any of it.
    pub fn restricted_line(&mut self, pointer: &str, input: Option<&str>, max: usize) -> Option<String> {
        let input = input?;
        let mut apart = Self::default();
        let text = apart.line(pointer, Some(input), max);
        for fault in apart.faults {
            let detail = match fault.code {
                "too_long" => fault.detail,
                _ => say!("Chữ bị lỗi phông hoặc bảng mã; gõ lại.", "The text is in a broken encoding; type it again."),
            };
            self.add(pointer, fault.code, detail);
        }
        self.repairs.extend(apart.repairs.into_iter().map(|repair| Repair { values: None, ..repair }));
        text
    }

    fn read(&mut self, pointer: &str, input: &str, max: usize, mend: Mend) -> Option<String> {
        if let Some(fault) = unreadable(&decode_entities(input)) {
            self.propose(pointer, fault.code(), fault.detail(), fault.repair().map(str::to_owned));
            return None;
        }
        let (text, changes) = mend(input);
        if text.chars().count() > max {
            self.add(pointer, "too_long", say!("Tối đa {max} ký tự.", "At most {max} characters."));
            return None;
        }
        if text.is_empty() {
            return None;
        }
        self.mended(pointer, &changes, input, &text);
        Some(text)
    }

    /// Leaves out what does not concern the members that are named: a patch answers for what it says, not for what was
    /// there before.
    pub fn retain(&mut self, named: impl Fn(&str) -> bool) {
        let member = |pointer: &str| pointer.split('/').nth(1).unwrap_or_default().to_owned();
        self.faults.retain(|fault| named(&member(&fault.pointer)));
        self.repairs.retain(|repair| named(&member(&repair.pointer)));
    }

    /// What was read, if nothing was at fault.
    ///
    /// # Errors
    /// Every fault, in the order found.
    pub fn or<T>(self, read: T) -> Result<T, Vec<FieldError>> {
        self.done(read).map(|(read, _)| read)
    }

    /// What was read and what was repaired, if nothing was at fault.
    ///
    /// # Errors
    /// Every fault, in the order found.
    pub fn done<T>(self, read: T) -> Result<(T, Vec<Repair>), Vec<FieldError>> {
        if self.faults.is_empty() { Ok((read, self.repairs)) } else { Err(self.faults) }
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
    /// `list_from_text`, `number_from_text`, `text_from_number`, `code_from_name`, `doi_form` or `duplicate_left_out`.
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
    fn what_was_repaired_is_kept_unless_something_is_at_fault() {
        let mut form = Faults::default();
        assert_eq!(form.line("/a", Some("R&amp;D "), 9).as_deref(), Some("R&D"));
        assert_eq!(form.lines("/b", Some("a\r\nb"), 9).as_deref(), Some("a\nb"));
        assert_eq!(form.restricted_line("/c", Some(" 5 Đường Ngô "), 20).as_deref(), Some("5 Đường Ngô"));
        assert_eq!(form.line("/d", Some(" "), 9), None, "a blank is nothing, and nothing to speak of");
        let (_, repairs) = form.done(()).unwrap();
        let seen: Vec<(&str, &str, bool)> =
            repairs.iter().map(|repair| (repair.pointer.as_str(), repair.code, repair.values.is_some())).collect();
        assert_eq!(seen, [("/a", "html_entities", true), ("/a", "whitespace", true), ("/c", "whitespace", false)]);
        let document = repairs[2].document(Lang::En);
        assert_eq!((document.from, document.to), (None, None));
        let mut form = Faults::default();
        form.line("/a", Some(" a"), 9);
        form.line("/b", Some("abc"), 2);
        assert_eq!(form.or(()).unwrap_err().len(), 1);
    }

    #[test]
    fn a_restricted_text_is_not_repeated() {
        for (text, code) in [("5 NguyÔn Tr·i, Hµ Giang", "legacy_encoding"), ("HÃ  Ná»™i", "mojibake")] {
            let mut form = Faults::default();
            form.restricted_line("/address", Some(text), 300);
            let fault = form.or(()).unwrap_err().remove(0);
            assert_eq!((fault.code, fault.repair.as_deref()), (code, None));
            assert!(!fault.detail.vi.contains("Hà") && !fault.detail.en.contains("Hà"), "{:?}", fault.detail);
        }
    }

    #[test]
    fn a_patch_answers_for_what_it_names() {
        let mut form = Faults::default();
        form.line("/a/0/b", Some("abc"), 2);
        form.line("/c", Some(" c"), 9);
        form.retain(|member| member == "c");
        assert_eq!(form.done(()).unwrap().1.len(), 1);
    }
}
