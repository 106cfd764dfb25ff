//! The parts of a form beyond the first page: numbers, years, dates, words, lists, the bank's own data.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::words::{self, Known, Word};
use super::{
    AwardForm, CouncilForm, EducationForm, ExpertForm, LanguageRef, MAX_ITEMS, MembershipForm, PatentForm, ProjectForm,
    Reader, WorkPeriodForm,
};
use crate::experts::model::{
    Award, CouncilExperience, Details, Education, Language, LanguageLevel, Membership, Patent, Project, WorkKind,
    WorkPeriod,
};
use crate::kernel::clock::today;
use crate::kernel::form::{List, Loose};
use crate::kernel::partial_date::PartialDate;
use crate::kernel::text::{display, fold};
use crate::say;

/// Longest text of several sentences, in characters.
const MAX_TEXT: usize = 10_000;
/// Longest title of a project, an award or a patent, in characters.
const MAX_TITLE: usize = 1_000;
/// How far ahead something that was begun may be planned to end, in years.
const MAX_PLAN: i32 = 30;

impl Reader<'_> {
    /// Several sentences, on several lines.
    pub(super) fn text(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.lines(pointer, input, MAX_TEXT)
    }

    /// A whole number, also as text.
    fn number<T: TryFrom<i64>>(&mut self, pointer: &str, input: Option<&Loose>) -> Option<T> {
        let input = input?;
        let text = display(&input.text);
        if text.is_empty() {
            return None;
        }
        let Some(bare) = bare_number(&text, input.is_number) else {
            self.fault(pointer, "wrong_type", say!("Cần một số nguyên.", "A whole number is needed."));
            return None;
        };
        let Some(number) = bare.parse::<i64>().ok().and_then(|number| T::try_from(number).ok()) else {
            self.fault(pointer, "invalid_value", say!("Số quá lớn.", "The number is too large."));
            return None;
        };
        if !input.is_number {
            let detail = say!("Số gửi dạng chữ đã đổi thành số.", "A number sent as text was read as a number.");
            self.faults.repaired(pointer, "number_from_text", detail, &input.text, &bare);
        }
        Some(number)
    }

    fn number_within(&mut self, pointer: &str, input: Option<&Loose>, first: i16, last: i16) -> Option<i16> {
        let number = self.number::<i16>(pointer, input)?;
        if (first..=last).contains(&number) {
            return Some(number);
        }
        self.fault(pointer, "out_of_range", say!("Từ {first} đến {last}.", "{first} to {last}."));
        None
    }

    /// A year from 1900 to this one.
    pub(super) fn year(&mut self, pointer: &str, input: Option<&Loose>) -> Option<i16> {
        let this_year = i16::try_from(today().year()).unwrap_or(i16::MAX);
        self.number_within(pointer, input, 1900, this_year)
    }

    pub(super) fn count(&mut self, input: Option<&Loose>) -> Option<i32> {
        let count = self.number::<i32>("/publications_count", input)?;
        if count < 0 {
            self.fault("/publications_count", "negative", say!("Không được âm.", "It must not be negative."));
            return None;
        }
        Some(count)
    }

    pub(super) fn max_parallel(&mut self, input: Option<&Loose>) -> Option<i16> {
        self.number_within("/max_parallel", input, 0, 100)
    }

    /// A date as far as it is known, from 1900 on.
    fn date(&mut self, pointer: &str, input: Option<&Loose>) -> Option<PartialDate> {
        let text = display(&input?.text);
        if text.is_empty() {
            return None;
        }
        match PartialDate::read(&text) {
            Ok((date, kept_form)) if (1900..=today().year() + MAX_PLAN).contains(&i32::from(date.year())) => {
                if !kept_form {
                    let detail = say!("Ngày đã đổi sang dạng YYYY-MM-DD.", "The date was read as YYYY-MM-DD.");
                    self.faults.repaired(pointer, "date_format", detail, &text, &date.to_string());
                }
                Some(date)
            }
            Ok(_) => {
                self.fault(pointer, "out_of_range", say!("Năm từ 1900.", "A year from 1900 on."));
                None
            }
            Err(fault) => {
                self.fault(pointer, "not_a_date", fault.detail());
                None
            }
        }
    }

    /// The end of a period: the words for "to this day" are none.
    fn end(&mut self, pointer: &str, input: Option<&Loose>) -> Option<PartialDate> {
        let lasts = input.is_some_and(|text| {
            matches!(fold(&text.text).as_str(), "nay" | "den nay" | "hien nay" | "hien tai" | "now" | "present")
        });
        if lasts { None } else { self.date(pointer, input) }
    }

    /// A whole day.
    fn day(&mut self, pointer: &str, input: Option<&Loose>) -> Option<NaiveDate> {
        let date = self.end(pointer, input)?;
        if date.day().is_none() {
            self.fault(pointer, "not_a_date", say!("Cần đủ ngày: YYYY-MM-DD.", "The day is needed: YYYY-MM-DD."));
        }
        date.day()
    }

    /// What began must not end before that, nor begin after today.
    fn period(
        &mut self,
        at: &str,
        from: Option<&Loose>,
        to: Option<&Loose>,
    ) -> (Option<PartialDate>, Option<PartialDate>) {
        let (from, to) = (self.date(&format!("{at}/from"), from), self.end(&format!("{at}/to"), to));
        if from.is_some_and(|from| from.first_day() > today()) {
            self.fault(format!("{at}/from"), "out_of_range", say!("Sau ngày hôm nay.", "Lies after today."));
        }
        if from.zip(to).is_some_and(|(from, to)| to.last_day() < from.first_day()) {
            self.fault(format!("{at}/to"), "end_before_start", say!("Trước khi bắt đầu.", "Lies before the start."));
        }
        (from, to)
    }

    /// A country as two letters, or by a common name.
    pub(super) fn country(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        let text = self.line(pointer, input)?;
        match words::country(&text) {
            Some(Word { code, by_name }) => {
                if by_name {
                    self.code_from_name(pointer, &text, code);
                }
                Some(code.to_owned())
            }
            None => {
                let detail = say!(
                    "Không có nước này; dùng mã ISO 3166 hai chữ cái như `VN`, `JP`.",
                    "There is no such country; use its two letters of ISO 3166, such as `VN`, `JP`.",
                );
                self.fault(pointer, "unknown_code", detail);
                None
            }
        }
    }

    pub(super) fn languages(&mut self, list: &List<LanguageRef>) -> Vec<Language> {
        let mut languages: Vec<Language> = Vec::new();
        for (place, input) in self.items("/languages", list) {
            let (name, level) = match input.level {
                Some(level) => (input.code, Some((format!("{place}/level"), level))),
                None => {
                    let (name, level) = words::name_and_level(&input.code);
                    (name, level.map(|level| (place.clone(), level)))
                }
            };
            let level = level.and_then(|(place, level)| self.level(&place, &level));
            let Some(code) = self.language(&place, &name) else { continue };
            if !languages.iter().any(|language| language.code == code) {
                languages.push(Language { code, level });
            }
        }
        languages
    }

    fn language(&mut self, place: &str, name: &str) -> Option<String> {
        let text = self.line(place, Some(name));
        match text.as_deref().map(|text| (text, words::language(text))) {
            Some((text, Some((code, by_name)))) => {
                if by_name {
                    self.code_from_name(place, text, &code);
                }
                Some(code)
            }
            Some((_, None)) => {
                let detail = say!(
                    "Không biết ngôn ngữ này; dùng mã ISO 639 như `vi`, `en`, `hmn`.",
                    "This language is not known; use a code of ISO 639 such as `vi`, `en`, `hmn`.",
                );
                self.fault(place, "unknown_code", detail);
                None
            }
            None => {
                if display(name).is_empty() {
                    self.fault(place, "required", say!("Thiếu mã ngôn ngữ.", "The code of the language is missing."));
                }
                None
            }
        }
    }

    fn level(&mut self, place: &str, input: &str) -> Option<LanguageLevel> {
        if display(input).is_empty() {
            return None;
        }
        let found = words::level(input);
        match found {
            Some((level, true)) => self.code_from_name(place, &display(input), words::level_word(level)),
            Some(_) => {}
            None => {
                let detail =
                    say!("Dùng `good`, `fair`, `average` (Tốt, Khá, TB).", "One of `good`, `fair`, `average`.");
                self.fault(place, "unknown_value", detail);
            }
        }
        found.map(|(level, _)| level)
    }

    /// One of a few words, in English as they are kept or in Vietnamese.
    fn word<T: Copy>(&mut self, pointer: &str, input: Option<&str>, known: &[Known<T>]) -> Option<T> {
        let text = self.line(pointer, input)?;
        if let Some((value, word, by_name)) = words::find(known, &text) {
            if by_name {
                self.code_from_name(pointer, &text, word);
            }
            return Some(value);
        }
        let known: Vec<String> = known.iter().map(|(_, word, _)| format!("`{word}`")).collect();
        let known = known.join(", ");
        let detail = say!("Dùng một trong: {known}.", "Use one of: {known}.");
        self.fault(pointer, "unknown_value", detail);
        None
    }

    pub(super) fn kinds(&mut self, list: &List<String>) -> Vec<WorkKind> {
        let items = self.items("/accepted_kinds", list);
        let read = items.iter().filter_map(|(place, input)| self.word(place, Some(input.as_str()), &words::WORK_KINDS));
        read.collect::<BTreeSet<_>>().into_iter().collect()
    }

    pub(super) fn memberships(&mut self, inputs: &[MembershipForm]) -> Vec<Membership> {
        self.each("memberships", inputs, Self::membership)
    }

    pub(super) fn details(&mut self, form: &ExpertForm) -> Details {
        Details {
            education: self.each("education", &form.education, Self::education),
            work_history: self.each("work_history", &form.work_history, Self::work_period),
            projects: self.each("projects", &form.projects, Self::project),
            awards: self.each("awards", &form.awards, Self::award),
            patents: self.each("patents", &form.patents, Self::patent),
            council_experience: self.each("council_experience", &form.council_experience, Self::council),
            ..Details::default()
        }
    }

    /// Reads each item of a list; the reader is told where it stands.
    fn each<F, T>(&mut self, name: &str, inputs: &[F], read: impl Fn(&mut Self, &str, &F) -> T) -> Vec<T> {
        if inputs.len() > MAX_ITEMS {
            let detail = say!("Tối đa {MAX_ITEMS} mục.", "At most {MAX_ITEMS} items.");
            self.fault(format!("/{name}"), "too_many", detail);
            return Vec::new();
        }
        inputs.iter().enumerate().map(|(at, input)| read(self, &format!("/{name}/{at}"), input)).collect()
    }

    /// A text that must not be blank.
    fn needed(&mut self, pointer: &str, input: Option<&str>, max: usize) -> String {
        let line = self.faults.line(pointer, input, max);
        if line.is_none() && display(input.unwrap_or_default()).is_empty() {
            self.fault(pointer, "required", say!("Không được để trống.", "It must not be blank."));
        }
        line.unwrap_or_default()
    }

    fn membership(&mut self, at: &str, input: &MembershipForm) -> Membership {
        let from = self.day(&format!("{at}/from"), input.from.as_ref());
        let to = self.day(&format!("{at}/to"), input.to.as_ref());
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            let detail = say!("Trước ngày bắt đầu.", "Lies before the first day.");
            self.fault(format!("{at}/to"), "end_before_start", detail);
        }
        self.organisation(&format!("{at}/organisation_id"), Some(input.organisation_id));
        Membership {
            organisation_id: input.organisation_id,
            position: self.line(&format!("{at}/position"), input.position.as_deref()),
            from,
            to,
        }
    }

    fn education(&mut self, at: &str, input: &EducationForm) -> Education {
        let place = format!("{at}/degree");
        let degree = self.line(&place, input.degree.as_deref());
        let code = degree.as_deref().and_then(|text| self.title_code(&place, "degree", text));
        Education {
            degree: code.or(degree),
            institution: self.needed(&format!("{at}/institution"), input.institution.as_deref(), super::MAX_CHARS),
            major: self.line(&format!("{at}/major"), input.major.as_deref()),
            country: self.country(&format!("{at}/country"), input.country.as_deref()).filter(|code| code != "VN"),
            year: self.year(&format!("{at}/year"), input.year.as_ref()),
        }
    }

    fn work_period(&mut self, at: &str, input: &WorkPeriodForm) -> WorkPeriod {
        let (from, to) = self.period(at, input.from.as_ref(), input.to.as_ref());
        WorkPeriod {
            organisation: self.needed(&format!("{at}/organisation"), input.organisation.as_deref(), super::MAX_CHARS),
            organisation_id: self.organisation(&format!("{at}/organisation_id"), input.organisation_id),
            position: self.line(&format!("{at}/position"), input.position.as_deref()),
            from,
            to,
        }
    }

    fn project(&mut self, at: &str, input: &ProjectForm) -> Project {
        let (from, to) = self.period(at, input.from.as_ref(), input.to.as_ref());
        Project {
            title: self.needed(&format!("{at}/title"), input.title.as_deref(), MAX_TITLE),
            role: self.word(&format!("{at}/role"), input.role.as_deref(), &words::PROJECT_ROLES),
            programme: self.line(&format!("{at}/programme"), input.programme.as_deref()),
            from,
            to,
            result: self.line(&format!("{at}/result"), input.result.as_deref()),
        }
    }

    fn award(&mut self, at: &str, input: &AwardForm) -> Award {
        Award {
            title: self.needed(&format!("{at}/title"), input.title.as_deref(), MAX_TITLE),
            year: self.year(&format!("{at}/year"), input.year.as_ref()),
            issuer: self.line(&format!("{at}/issuer"), input.issuer.as_deref()),
        }
    }

    fn patent(&mut self, at: &str, input: &PatentForm) -> Patent {
        Patent {
            title: self.needed(&format!("{at}/title"), input.title.as_deref(), MAX_TITLE),
            kind: self.word(&format!("{at}/kind"), input.kind.as_deref(), &words::PATENT_KINDS),
            number: self.line(&format!("{at}/number"), input.number.as_ref().map(|number| number.text.as_str())),
            year: self.year(&format!("{at}/year"), input.year.as_ref()),
        }
    }

    fn council(&mut self, at: &str, input: &CouncilForm) -> CouncilExperience {
        CouncilExperience {
            council: self.needed(&format!("{at}/council"), input.council.as_deref(), super::MAX_CHARS),
            role: self.line(&format!("{at}/role"), input.role.as_deref()),
            times: self.number_within(&format!("{at}/times"), input.times.as_ref(), 0, 1_000),
            year: self.year(&format!("{at}/year"), input.year.as_ref()),
        }
    }
}

/// The digits of a whole number: "năm 2009", "12.0" and "12.000" (in text, dots part thousands) are 2009, 12 and 12000.
fn bare_number(text: &str, is_number: bool) -> Option<String> {
    let lower = text.to_lowercase();
    let text = lower.strip_prefix("năm ").unwrap_or(&lower);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let mut groups = rest.split('.');
    let first = groups.next().unwrap_or_default();
    let groups: Vec<&str> = groups.collect();
    let whole = match groups.as_slice() {
        [] => first.to_owned(),
        ["0"] => first.to_owned(),
        thousands if !is_number && first.len() <= 3 && thousands.iter().all(|group| group.len() == 3) => {
            format!("{first}{}", thousands.concat())
        }
        _ => return None,
    };
    digits(&whole).then(|| format!("{sign}{whole}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_however_they_are_written() {
        for (text, is_number, expected) in [
            ("12", false, Some("12")),
            ("12.0", false, Some("12")),
            ("12.000", false, Some("12000")),
            ("1.234.567", false, Some("1234567")),
            ("12.000", true, None),
            ("năm 2009", false, Some("2009")),
            ("-1", true, Some("-1")),
            ("1.5", true, None),
            ("1,5", false, None),
            ("12 bài", false, None),
            ("", false, None),
            ("-", false, None),
        ] {
            assert_eq!(bare_number(text, is_number).as_deref(), expected, "{text}");
        }
    }
}
