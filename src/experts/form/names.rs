//! Names and titles of a form.

use super::{ExpertForm, NameParts, Reader};
use crate::experts::vocabulary::Vocabulary;
use crate::kernel::form::List;
use crate::kernel::name::{NameError, ParsedName, PersonName, TitleKind};
use crate::kernel::problem::Say;
use crate::kernel::text::{display, fold};
use crate::say;

/// Longest name, in characters.
const MAX_NAME: usize = 200;

impl Reader<'_> {
    /// The name, its titles split off, in the parts that were given or that its words suggest.
    pub(super) fn name(&mut self, form: &ExpertForm) -> Option<ParsedName> {
        if let Some(kept) = &form.kept_name {
            return Some(ParsedName {
                name: kept.clone(),
                academic_rank: None,
                degree: None,
                other_titles: Vec::new(),
                changes: Vec::new(),
            });
        }
        let mut parsed = self.person("/full_name", form.full_name.as_deref().unwrap_or_default())?;
        if let Some(parts) = &form.name_parts {
            self.divide(&mut parsed.name, parts);
        }
        Some(parsed)
    }

    /// Former and other names are names, too.
    pub(super) fn other_names(&mut self, pointer: &str, list: &List<String>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (place, input) in self.items(pointer, list) {
            if display(&input).is_empty() {
                continue;
            }
            let name = self.person(&place, &input).map(|parsed| parsed.name.full);
            names.extend(name.filter(|name| !names.contains(name)));
        }
        names
    }

    fn person(&mut self, pointer: &str, input: &str) -> Option<ParsedName> {
        match self.vocabulary.lexicon().parse(input) {
            Ok(parsed) => {
                self.faults.mended(pointer, &parsed.changes, input, &parsed.name.full);
                Some(parsed)
            }
            Err(NameError::Unreadable(fault)) => {
                self.faults.propose(pointer, fault.code(), fault.detail(), fault.repair().map(str::to_owned));
                None
            }
            Err(error) => {
                let (code, detail) = refusal(&error);
                self.fault(pointer, code, detail);
                None
            }
        }
    }

    /// Takes the parts as they were given when together they are the name; the name itself stays as it was typed.
    fn divide(&mut self, name: &mut PersonName, parts: &NameParts) {
        let mut part = |member: &str, input: &Option<String>| {
            self.faults.line(&format!("/name_parts/{member}"), input.as_deref(), MAX_NAME)
        };
        let family = part("family", &parts.family);
        let middle = part("middle", &parts.middle);
        let given = part("given", &parts.given);
        if given.is_none() {
            self.fault("/name_parts/given", "required", say!("Thiếu tên.", "The given name is missing."));
            return;
        }
        let counts = [&family, &middle, &given].map(|part| part.as_deref().map_or(0, words));
        let whole = |order: [usize; 3]| {
            let parts = [&family, &middle, &given];
            let joined: Vec<&str> = order.iter().filter_map(|at| parts.get(*at)?.as_deref()).collect();
            joined.join(" ").to_lowercase() == name.full.to_lowercase()
        };
        let Some(order) = [[0, 1, 2], [2, 1, 0]].into_iter().find(|order| whole(*order)) else {
            let detail =
                say!("Ghép lại không thành họ tên ở `full_name`.", "Together they are not the name in `full_name`.",);
            self.fault("/name_parts", "does_not_match", detail);
            return;
        };
        let mut words = name.full.split(' ');
        let mut taken: [Option<String>; 3] = Default::default();
        for at in order {
            let count = counts.get(at).copied().unwrap_or_default();
            let part: Vec<&str> = words.by_ref().take(count).collect();
            if let Some(slot) = taken.get_mut(at) {
                *slot = (!part.is_empty()).then(|| part.join(" "));
            }
        }
        let [family, middle, given] = taken;
        *name = PersonName { full: name.full.clone(), family, middle, given: given.unwrap_or_default() };
    }

    /// A rank or degree by code, abbreviation, name or any spelling known.
    pub(super) fn title(&mut self, kind: &'static str, input: Option<&str>) -> Option<String> {
        let pointer = format!("/{kind}");
        let text = self.line(&pointer, input)?;
        if let Some(code) = self.title_code(&pointer, kind, &text) {
            return Some(code);
        }
        let codes = self.vocabulary.title_codes(kind);
        let other = if kind == "degree" { "academic_rank" } else { "degree" };
        let text: String = text.chars().take(40).collect();
        let detail = match known_title(self.vocabulary, other, &text) {
            Some(code) => say!(
                "`{text}` ({code}) thuộc về `{other}`; ở đây dùng một trong: {codes}.",
                "`{text}` ({code}) belongs into `{other}`; use one of: {codes}.",
            ),
            None => say!("Không có `{text}`; dùng một trong: {codes}.", "There is no `{text}`; use one of: {codes}."),
        };
        self.fault(pointer, "unknown_code", detail);
        None
    }

    /// The code of a title that is known; that it was found by another word is said.
    pub(super) fn title_code(&mut self, pointer: &str, kind: &'static str, text: &str) -> Option<String> {
        let code = known_title(self.vocabulary, kind, text)?;
        let row = self.vocabulary.title_by_code(&code);
        let is_usual = |usual: &str| fold(usual) == fold(text);
        if !is_usual(&code) && !row.is_some_and(|row| is_usual(&row.abbreviation)) {
            self.code_from_name(pointer, text, &code);
        }
        Some(code)
    }

    pub(super) fn code_from_name(&mut self, pointer: &str, from: &str, to: &str) {
        let detail = say!("Đã đổi tên gọi thành mã.", "A name was read as its code.");
        self.faults.repaired(pointer, "code_from_name", detail, from, to);
    }

    /// `male` or `female`. A digit is refused: which of the two it means differs from list to list.
    pub(super) fn gender(&mut self, input: Option<&str>) -> Option<String> {
        let text = self.line("/gender", input)?;
        let (code, word) = match fold(&text).as_str() {
            "nam" => return Some("male".to_owned()),
            "nu" => return Some("female".to_owned()),
            "male" | "m" | "man" | "mr" | "ong" | "nam gioi" => (Some("male"), "Nam"),
            "female" | "f" | "woman" | "mrs" | "ms" | "ba" | "nu gioi" => (Some("female"), "Nữ"),
            "unknown" | "khong ro" | "chua ro" => (None, ""),
            _ => {
                let detail = say!(
                    "Dùng `Nam` hoặc `Nữ`, hoặc để trống; số 0, 1 mỗi nơi hiểu một khác.",
                    "Use `Nam` or `Nữ`, or leave it out; what 0 and 1 mean differs from list to list.",
                );
                self.fault("/gender", "unknown_value", detail);
                return None;
            }
        };
        let detail = say!("Đã đọc từ chỉ giới tính thành Nam/Nữ.", "A word for the gender was read as Nam/Nữ.");
        self.faults.repaired("/gender", "gender_word", detail, &text, word);
        code.map(str::to_owned)
    }
}

fn words(part: &str) -> usize {
    part.split(' ').count()
}

/// The code of a title in the database's spelling, or in one that lists and news use.
fn known_title(vocabulary: &Vocabulary, kind: &'static str, text: &str) -> Option<String> {
    let scale = if kind == "degree" { TitleKind::Degree } else { TitleKind::AcademicRank };
    let by_row = vocabulary.title(kind, text).map(|row| row.code.clone());
    by_row.or_else(|| vocabulary.lexicon().code_of(scale, text).map(str::to_owned))
}

fn refusal(error: &NameError) -> (&'static str, Say) {
    match error {
        NameError::Empty => ("required", say!("Thiếu họ tên.", "The name is missing.")),
        NameError::OnlyTitles => ("only_titles", say!("Chỉ có chức danh, thiếu họ tên.", "Titles without a name.")),
        NameError::TooLong => ("too_long", say!("Họ tên quá 200 ký tự.", "The name is longer than 200 characters.")),
        NameError::NotAName => (
            "not_a_name",
            say!("Họ tên chỉ gồm chữ cái; bỏ chữ số và ký hiệu.", "A name has letters only; remove digits and signs."),
        ),
        NameError::Unreadable(fault) => (fault.code(), fault.detail()),
    }
}
