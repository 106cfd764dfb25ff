//! Fields, field groups and the province of a form: what a code that is unknown may have meant.

use super::{FieldRef, MAX_ITEMS, MAX_MAIN, Reader};
use crate::experts::model::ExpertField;
use crate::experts::vocabulary::Vocabulary;
use crate::fields::DEFAULT_SCHEME;
use crate::fields::store::FieldRow;
use crate::kernel::form::List;
use crate::kernel::problem::Say;
use crate::kernel::text::{display, fold};
use crate::say;

/// Most codes that are named as being near.
const MAX_NEAR: usize = 5;
/// Shortest code that a longer one is cut to.
const MIN_PREFIX: usize = 3;

impl Reader<'_> {
    pub(super) fn fields(&mut self, list: &List<FieldRef>) -> Vec<ExpertField> {
        let inputs = self.items("/fields", list);
        let marked = inputs.iter().any(|(_, field)| field.main == Some(true));
        let mut fields: Vec<ExpertField> = Vec::new();
        for (place, input) in &inputs {
            let scheme = input.scheme.as_deref().map_or(DEFAULT_SCHEME, str::trim);
            let Some(code) = self.field_code(place, scheme, input) else { continue };
            let main = if marked { input.main == Some(true) } else { fields.len() < MAX_MAIN };
            let field = ExpertField { scheme: scheme.to_owned(), code, main };
            if !fields.iter().any(|known| (&known.scheme, &known.code) == (&field.scheme, &field.code)) {
                fields.push(field);
            }
        }
        if fields.iter().filter(|field| field.main).count() > MAX_MAIN {
            self.fault(
                "/fields",
                "too_many",
                say!(
                    "Tối đa {MAX_MAIN} lĩnh vực chính và {MAX_ITEMS} lĩnh vực.",
                    "At most {MAX_MAIN} main fields and {MAX_ITEMS} fields.",
                ),
            );
        }
        fields
    }

    fn field_code(&mut self, place: &str, scheme: &str, input: &FieldRef) -> Option<String> {
        let code = display(&input.code.text);
        if self.vocabulary.field(Some(scheme), &code).is_some() {
            if input.code.is_number {
                let detail = say!("Mã gửi dạng số đã đổi thành chuỗi.", "A code sent as a number was read as text.");
                self.faults.repaired(place, "text_from_number", detail, &code, &code);
            }
            return Some(code);
        }
        let certain = certain_field(self.vocabulary, scheme, &code);
        let near = near_fields(self.vocabulary, scheme, &code);
        let detail = unknown_field(scheme, &code, certain.as_deref(), &near);
        self.faults.propose(place, "unknown_code", detail, certain);
        None
    }

    pub(super) fn field_groups(&mut self, list: &List<String>) -> Vec<String> {
        let mut groups: Vec<String> = Vec::new();
        for (place, input) in self.items("/field_groups", list) {
            let text = display(&input);
            let code = text.to_uppercase();
            if self.vocabulary.group(&code).is_some() {
                if !groups.contains(&code) {
                    groups.push(code);
                }
                continue;
            }
            let named = self.vocabulary.groups().iter().filter(|group| fold(&group.name_vi) == fold(&text));
            let repair = only(named.map(|group| group.code.clone()));
            let detail = match &repair {
                Some(code) => say!("Dùng mã nhóm: `{code}`.", "Use the code of the group: `{code}`."),
                None => say!(
                    "Không có nhóm này; xem GET /api/v1/field-groups.",
                    "There is no such group; see GET /api/v1/field-groups.",
                ),
            };
            self.faults.propose(place, "unknown_code", detail, repair);
        }
        groups
    }

    pub(super) fn province(&mut self, input: Option<&str>) -> Option<i32> {
        let text = self.line("/province", input)?;
        let found = self.vocabulary.province(&text);
        if found.is_none() {
            let (detail, repair) = unknown_province(self.vocabulary, &text);
            self.faults.propose("/province", "unknown_province", detail, repair);
        }
        found
    }
}

/// The only one, when there is one only.
fn only<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// The code that a text can only mean: a code with signs in it ("404-01", "404.0"), with its name ("40401 Lâm sinh"), or a
/// name alone.
fn certain_field(vocabulary: &Vocabulary, scheme: &str, text: &str) -> Option<String> {
    let exists = |code: &str| vocabulary.field(Some(scheme), code).is_some();
    let whole = text.strip_suffix(".0").unwrap_or(text);
    if whole.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | ' ')) {
        let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
        return exists(&digits).then_some(digits);
    }
    let tokens = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|token| exists(token));
    if let Some(code) = only(tokens) {
        return Some(code.to_owned());
    }
    let wanted = fold(text);
    let named = vocabulary.fields_in(scheme).filter(|row| fold(&row.name_vi) == wanted || fold(&row.name_en) == wanted);
    only(named.map(|row| row.code.clone()))
}

/// Fields that may have been meant: those above a code that is too long, its neighbours, or those whose names hold the words.
fn near_fields<'v>(vocabulary: &'v Vocabulary, scheme: &str, text: &str) -> Vec<&'v FieldRow> {
    let mut rows: Vec<&FieldRow> = vocabulary.fields_in(scheme).collect();
    rows.sort_by(|one, other| one.code.cmp(&other.code));
    if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
        let above = (MIN_PREFIX..text.len()).rev().filter_map(|end| text.get(..end));
        if let Some(row) = above.filter_map(|code| vocabulary.field(Some(scheme), code)).next() {
            let below = rows.iter().filter(|other| other.parent_code.as_deref() == Some(row.code.as_str())).copied();
            return std::iter::once(row).chain(below).take(MAX_NEAR).collect();
        }
        let first = text.get(..1).unwrap_or_default();
        return rows.into_iter().filter(|row| row.code.starts_with(first) && row.level == 2).take(MAX_NEAR).collect();
    }
    let wanted = fold(text);
    if wanted.len() < 3 {
        return Vec::new();
    }
    rows.into_iter().filter(|row| fold(&row.name_vi).contains(&wanted)).take(MAX_NEAR).collect()
}

fn unknown_field(scheme: &str, code: &str, certain: Option<&str>, near: &[&FieldRow]) -> Say {
    let code: String = code.chars().take(40).collect();
    let scheme: String = scheme.chars().take(40).collect();
    if let Some(certain) = certain {
        return say!(
            "Không có mã `{code}` trong bảng {scheme}; dùng `{certain}`.",
            "There is no code `{code}` in {scheme}; use `{certain}`.",
        );
    }
    if near.is_empty() {
        return say!(
            "Không có mã `{code}` trong bảng {scheme}; xem GET /api/v1/fields.",
            "There is no code `{code}` in {scheme}; see GET /api/v1/fields.",
        );
    }
    let vi: Vec<String> = near.iter().map(|row| format!("{} {}", row.code, row.name_vi)).collect();
    let en: Vec<String> = near.iter().map(|row| format!("{} {}", row.code, row.name_en)).collect();
    let (vi, en) = (vi.join("; "), en.join("; "));
    say!(
        "Không có mã `{code}` trong bảng {scheme}; gần đó: {vi}. Xem GET /api/v1/fields.",
        "There is no code `{code}` in {scheme}; near it: {en}. See GET /api/v1/fields.",
    )
}

/// Says that no province of today has this name and, of one that is over, to which it belongs now.
fn unknown_province(vocabulary: &Vocabulary, text: &str) -> (Say, Option<String>) {
    let former = vocabulary.former_province(text);
    if let Some((former, today, since)) = former.and_then(|(row, today)| Some((row, today, row.valid_to?.succ_opt()?)))
    {
        let (former, today) = (&former.name, &today.name);
        let detail = say!(
            "{former} nay thuộc {today} (từ ngày {since}); xem GET /api/v1/provinces.",
            "{former} is part of {today} since {since}; see GET /api/v1/provinces.",
        );
        return (detail, Some(today.clone()));
    }
    let text: String = text.chars().take(40).collect();
    let detail = say!(
        "Không có tỉnh, thành phố `{text}` hiện nay; xem GET /api/v1/provinces.",
        "There is no province `{text}` today; see GET /api/v1/provinces.",
    );
    (detail, None)
}
