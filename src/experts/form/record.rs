//! The parts of a form beyond the first page: years, countries, lists, the bank's own data.

use super::{ExpertForm, MAX_ITEMS, Reader};
use crate::experts::model::{Award, CouncilExperience, Details, Education, Membership, Patent, Project, WorkPeriod};
use crate::kernel::clock::today;
use crate::say;
use chrono::Datelike;

/// Longest text of several sentences, in characters.
const MAX_TEXT: usize = 10_000;

impl Reader<'_> {
    /// Several sentences.
    pub(super) fn text(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.line(pointer, input, MAX_TEXT)
    }

    /// A year from 1900 to this one.
    pub(super) fn year(&mut self, pointer: &str, input: Option<i16>) -> Option<i16> {
        let year = input?;
        let this_year = today().year();
        if (1900..=this_year).contains(&i32::from(year)) {
            return Some(year);
        }
        self.fault(pointer, "out_of_range", say!("Từ 1900 đến {this_year}.", "1900 to {this_year}."));
        None
    }

    /// A country as two letters.
    pub(super) fn country(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        let code = input.map(|text| text.trim().to_ascii_uppercase()).filter(|text| !text.is_empty())?;
        if code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Some(code);
        }
        self.fault(
            pointer,
            "unknown_code",
            say!("Dùng mã nước hai chữ cái như `VN`, `JP`.", "Use a two-letter code of a country such as `VN`, `JP`."),
        );
        None
    }

    pub(super) fn field_groups(&mut self, inputs: &[String]) -> Vec<String> {
        let mut groups: Vec<String> = Vec::new();
        for (at, input) in inputs.iter().enumerate().take(MAX_ITEMS) {
            let code = input.trim().to_ascii_uppercase();
            if self.vocabulary.group(&code).is_none() {
                self.fault(
                    format!("/field_groups/{at}"),
                    "unknown_code",
                    say!(
                        "Không có nhóm này; xem GET /api/v1/field-groups.",
                        "There is no such group; see GET /api/v1/field-groups."
                    ),
                );
            } else if !groups.contains(&code) {
                groups.push(code);
            }
        }
        groups
    }

    pub(super) fn max_parallel(&mut self, input: Option<i16>) -> Option<i16> {
        let count = input?;
        if (0..=100).contains(&count) {
            return Some(count);
        }
        self.fault("/max_parallel", "out_of_range", say!("Từ 0 đến 100.", "0 to 100."));
        None
    }

    pub(super) fn memberships(&mut self, inputs: &[Membership]) -> Vec<Membership> {
        self.within("/memberships", inputs);
        let mut memberships = Vec::new();
        for (at, input) in inputs.iter().enumerate().take(MAX_ITEMS) {
            let place = |name: &str| format!("/memberships/{at}/{name}");
            self.organisation(&place("organisation_id"), Some(input.organisation_id));
            if input.from.zip(input.to).is_some_and(|(from, to)| to < from) {
                self.fault(place("to"), "end_before_start", say!("Trước ngày bắt đầu.", "Lies before the first day."));
            }
            let position = self.line(&place("position"), input.position.as_deref());
            memberships.push(Membership { position, ..input.clone() });
        }
        memberships
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

    fn within<T>(&mut self, pointer: &str, inputs: &[T]) {
        if inputs.len() > MAX_ITEMS {
            self.fault(pointer, "too_many", say!("Tối đa {MAX_ITEMS} mục.", "At most {MAX_ITEMS} items."));
        }
    }

    /// Reads each item of a list; the reader is told where it stands.
    fn each<T>(&mut self, name: &str, inputs: &[T], read: impl Fn(&mut Self, &str, &T) -> T) -> Vec<T> {
        self.within(&format!("/{name}"), inputs);
        let items = inputs.iter().enumerate().take(MAX_ITEMS);
        items.map(|(at, input)| read(self, &format!("/{name}/{at}"), input)).collect()
    }

    /// A text that must not be blank.
    fn needed(&mut self, pointer: &str, input: &str) -> String {
        let line = self.line(pointer, Some(input));
        if line.is_none() && input.trim().is_empty() {
            self.fault(pointer, "required", say!("Không được để trống.", "It must not be blank."));
        }
        line.unwrap_or_default()
    }

    fn education(&mut self, at: &str, input: &Education) -> Education {
        Education {
            degree: self.line(&format!("{at}/degree"), input.degree.as_deref()),
            institution: self.needed(&format!("{at}/institution"), &input.institution),
            major: self.line(&format!("{at}/major"), input.major.as_deref()),
            country: self.country(&format!("{at}/country"), input.country.as_deref()).filter(|code| code != "VN"),
            year: self.year(&format!("{at}/year"), input.year),
        }
    }

    fn work_period(&mut self, at: &str, input: &WorkPeriod) -> WorkPeriod {
        self.period(at, input.from, input.to);
        WorkPeriod {
            organisation: self.needed(&format!("{at}/organisation"), &input.organisation),
            organisation_id: self.organisation(&format!("{at}/organisation_id"), input.organisation_id),
            position: self.line(&format!("{at}/position"), input.position.as_deref()),
            from: input.from,
            to: input.to,
        }
    }

    fn period(
        &mut self,
        at: &str,
        from: Option<crate::kernel::partial_date::PartialDate>,
        to: Option<crate::kernel::partial_date::PartialDate>,
    ) {
        if from.zip(to).is_some_and(|(from, to)| to < from && to.year() < from.year()) {
            self.fault(format!("{at}/to"), "end_before_start", say!("Trước khi bắt đầu.", "Lies before the start."));
        }
    }

    fn project(&mut self, at: &str, input: &Project) -> Project {
        self.period(at, input.from, input.to);
        Project {
            title: self.needed(&format!("{at}/title"), &input.title),
            role: input.role,
            programme: self.line(&format!("{at}/programme"), input.programme.as_deref()),
            from: input.from,
            to: input.to,
            result: self.line(&format!("{at}/result"), input.result.as_deref()),
        }
    }

    fn award(&mut self, at: &str, input: &Award) -> Award {
        Award {
            title: self.needed(&format!("{at}/title"), &input.title),
            year: self.year(&format!("{at}/year"), input.year),
            issuer: self.line(&format!("{at}/issuer"), input.issuer.as_deref()),
        }
    }

    fn patent(&mut self, at: &str, input: &Patent) -> Patent {
        Patent {
            title: self.needed(&format!("{at}/title"), &input.title),
            kind: input.kind,
            number: self.line(&format!("{at}/number"), input.number.as_deref()),
            year: self.year(&format!("{at}/year"), input.year),
        }
    }

    fn council(&mut self, at: &str, input: &CouncilExperience) -> CouncilExperience {
        let times = input.times.filter(|times| (0..=1_000).contains(times));
        if input.times != times {
            self.fault(format!("{at}/times"), "out_of_range", say!("Từ 0 đến 1000.", "0 to 1000."));
        }
        CouncilExperience {
            council: self.needed(&format!("{at}/council"), &input.council),
            role: self.line(&format!("{at}/role"), input.role.as_deref()),
            times,
            year: self.year(&format!("{at}/year"), input.year),
        }
    }
}
