//! What people send: a new organisation, a correction, a successor; and the bodies made of it.

use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Body, Kind, OtherName, Period, Version};
use crate::kernel::clock::today;
use crate::kernel::document::{Document, DocumentForm};
use crate::kernel::form::Faults;
use crate::kernel::id::new_id;
use crate::kernel::patch::Change;
use crate::kernel::problem::{Answer, FieldError, Problem};
use crate::kernel::text::fold;
use crate::reference::places::Places;
use crate::say;

/// Longest name and longest remark, in characters.
const MAX_NAME: usize = 300;
const MAX_NOTE: usize = 2_000;
/// Most names beside the official ones.
const MAX_NAMES: usize = 50;

/// A new organisation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "institution", "name": "Trường Cao đẳng Kỹ thuật Sông Lô", "short_name": "CĐKTSL",
    "province": "Tuyên Quang", "valid_from": "2019-09-01",
    "document": {"number": "214/QĐ-UBND", "date": "2019-08-20", "issuer": "UBND tỉnh"}
}))]
pub struct NewOrganisation {
    /// 1 to 40 of `A-Z a-z 0-9 -`; the register numbers one without (`TC-00001`).
    pub code: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Full name in Vietnamese.
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    /// In English.
    pub name_en: Option<String>,
    /// Abbreviation.
    pub short_name: Option<String>,
    /// Names it bore once, where the dates are not known.
    #[serde(default)]
    pub former_names: Vec<String>,
    /// Names in use beside the official one.
    #[serde(default)]
    pub other_names: Vec<String>,
    /// The body it stands under.
    pub parent_id: Option<Uuid>,
    /// Where it is: name or code of a province.
    #[schema(example = "Tuyên Quang")]
    pub province: Option<String>,
    /// First day, where known.
    pub valid_from: Option<NaiveDate>,
    /// Last day, if it is over.
    pub valid_to: Option<NaiveDate>,
    /// What it was founded by.
    pub document: Option<DocumentForm>,
    /// Where this entry comes from.
    pub source: Option<String>,
    /// Remarks.
    pub note: Option<String>,
}

/// What a change from a day on, or a new body born of another, is made of.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Sở Nông nghiệp và Môi trường", "short_name": "SNNMT"}))]
pub struct Successor {
    /// A body of the register; then nothing else is given.
    pub organisation_id: Option<Uuid>,
    /// Code of the new body; the register numbers one without.
    pub code: Option<String>,
    /// Name of the new body, or the new name.
    pub name: Option<String>,
    /// In English.
    pub name_en: Option<String>,
    /// Abbreviation.
    pub short_name: Option<String>,
    /// Where it is, when it is not where the predecessor was.
    pub province: Option<String>,
    /// What it stands under, when it is not what the predecessor did.
    pub parent_id: Option<Uuid>,
}

/// Corrections, as a merge patch: absent keeps, `null` clears, a list is replaced whole.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"short_name": "SNNMT", "other_names": ["Sở NN&MT"]}))]
pub struct OrganisationPatch {
    /// What it is.
    #[serde(default)]
    #[schema(value_type = Option<Kind>)]
    pub kind: Change<Kind>,
    /// Full name in Vietnamese.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name: Change<String>,
    /// In English.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub name_en: Change<String>,
    /// Abbreviation.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub short_name: Change<String>,
    /// Names it bore once, where the dates are not known.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub former_names: Change<Vec<String>>,
    /// Names in use beside the official one.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    pub other_names: Change<Vec<String>>,
    /// The body it stands under.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub parent_id: Change<Uuid>,
    /// Where it is: name or code of a province.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub province: Change<String>,
    /// First day of the organisation.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_from: Change<NaiveDate>,
    /// Last day of the organisation.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub valid_to: Change<NaiveDate>,
    /// The document of the version that is corrected.
    #[serde(default)]
    #[schema(value_type = Option<DocumentForm>)]
    pub document: Change<DocumentForm>,
    /// Where this entry comes from.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub source: Change<String>,
    /// Remarks.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub note: Change<String>,
}

/// Reads what was sent, fault by fault. `at` is the pointer of the object.
pub(super) struct Reader<'a> {
    places: &'a Places,
    at: String,
    faults: Faults,
    more: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(places: &'a Places, at: impl Into<String>) -> Self {
        Self { places, at: at.into(), faults: Faults::default(), more: Vec::new() }
    }

    /// # Errors
    /// 422 with every fault.
    pub(super) fn done<T>(self, value: T) -> Answer<T> {
        let mut faults = self.more;
        if let Err(more) = self.faults.or(()) {
            faults.extend(more);
        }
        Problem::fields(faults).map_or(Ok(value), Err)
    }

    fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    fn line(&mut self, name: &str, input: Option<&str>) -> Option<String> {
        let pointer = self.pointer(name);
        self.faults.line(&pointer, input, MAX_NAME)
    }

    /// A name that must be there, with at least one letter or digit.
    fn name(&mut self, input: Option<&str>) -> String {
        let name = self.line("name", input).unwrap_or_default();
        if fold(input.unwrap_or_default()).is_empty() {
            let pointer = self.pointer("name");
            self.faults.add(pointer, "required", say!("Thiếu tên tổ chức.", "The name is missing."));
        }
        name
    }

    fn names(&mut self, member: &str, inputs: &[String]) -> Vec<String> {
        if inputs.len() > MAX_NAMES {
            let pointer = self.pointer(member);
            self.faults.add(pointer, "too_many", say!("Tối đa {MAX_NAMES} tên.", "At most {MAX_NAMES} names."));
            return Vec::new();
        }
        let mut names: Vec<String> = Vec::new();
        for (at, input) in inputs.iter().enumerate() {
            let name = self.line(&format!("{member}/{at}"), Some(input));
            names.extend(name.filter(|name| !fold(name).is_empty() && !names.contains(name)));
        }
        names
    }

    fn note(&mut self, input: Option<&str>) -> Option<String> {
        let pointer = self.pointer("note");
        self.faults.line(&pointer, input, MAX_NOTE)
    }

    fn code(&mut self, input: Option<&str>) -> Option<String> {
        let code = input.map(str::trim).filter(|code| !code.is_empty())?;
        if is_code(code) {
            return Some(code.to_owned());
        }
        let pointer = self.pointer("code");
        let detail = say!(
            "Mã gồm 1 đến 40 ký tự A-Z a-z 0-9 -, không bắt đầu bằng -, không là UUID, `suggest`, `candidates`, `alerts`, `export`.",
            "A code is 1 to 40 of A-Z a-z 0-9 -, not beginning with -, no UUID, not `suggest`, `candidates`, `alerts`, `export`.",
        );
        self.faults.add(pointer, "malformed", detail);
        None
    }

    fn date(&mut self, member: &str, input: Option<NaiveDate>) -> Option<NaiveDate> {
        let date = input?;
        if (1000..=9999).contains(&date.year()) {
            return Some(date);
        }
        let pointer = self.pointer(member);
        self.faults.add(pointer, "out_of_range", say!("Năm từ 1000 đến 9999.", "A year from 1000 to 9999."));
        None
    }

    fn province(&mut self, input: Option<&str>, period: Period) -> Option<i32> {
        let text = input.map(str::trim).filter(|text| !text.is_empty())?;
        let found = self.places.during(text, period.from, period.to, today());
        if found.is_none() {
            let text: String = text.chars().take(40).collect();
            let pointer = self.pointer("province");
            let detail = say!(
                "Không có tỉnh, thành phố `{text}` trong thời gian đó; xem GET /api/v1/provinces.",
                "There is no province `{text}` in that time; see GET /api/v1/provinces.",
            );
            self.faults.add(pointer, "unknown_province", detail);
        }
        found
    }

    /// The province something moves to from a day on.
    pub(super) fn province_from(&mut self, input: Option<&str>, day: NaiveDate) -> Option<i32> {
        self.province(input, Period { from: Some(day), to: None })
    }

    pub(super) fn document(&mut self, input: Option<DocumentForm>) -> Option<Document> {
        let pointer = self.pointer("document");
        match input?.read(&pointer) {
            Ok(document) => Some(document),
            Err(faults) => {
                self.more.extend(faults);
                None
            }
        }
    }

    /// A new body as sent.
    pub(super) fn body(&mut self, form: NewOrganisation) -> Body {
        let period =
            Period { from: self.date("valid_from", form.valid_from), to: self.date("valid_to", form.valid_to) };
        let former = self.names("former_names", &form.former_names).into_iter().map(OtherName::Former);
        let former: Vec<OtherName> = former.collect();
        let other = self.names("other_names", &form.other_names).into_iter().map(OtherName::Other);
        Body {
            id: new_id(),
            code: self.code(form.code.as_deref()),
            version: 1,
            kind: form.kind,
            other_names: former.into_iter().chain(other).collect(),
            versions: vec![Version {
                period,
                name: self.name(Some(&form.name)),
                name_en: self.line("name_en", form.name_en.as_deref()),
                short_name: self.line("short_name", form.short_name.as_deref()),
                parent_id: form.parent_id,
                province_id: self.province(form.province.as_deref(), period),
                document: self.document(form.document),
            }],
            source: self.line("source", form.source.as_deref()).unwrap_or_else(|| "register".to_owned()),
            note: self.note(form.note.as_deref()),
        }
    }

    /// The first version of a body that is born of another: it is where that one was and stands under what that one did,
    /// unless it is said otherwise.
    pub(super) fn born(
        &mut self,
        form: &Successor,
        old: &Version,
        day: NaiveDate,
        document: Option<Document>,
    ) -> Version {
        let period = Period { from: Some(day), to: None };
        Version {
            period,
            name: self.name(form.name.as_deref()),
            name_en: self.line("name_en", form.name_en.as_deref()),
            short_name: self.line("short_name", form.short_name.as_deref()),
            parent_id: form.parent_id.or(old.parent_id),
            province_id: self.province(form.province.as_deref(), period).or(old.province_id),
            document,
        }
    }

    /// The same body under another name from a day on: what is not said stays as it was.
    pub(super) fn renamed(&mut self, form: &Successor, old: &Version, day: NaiveDate) -> Version {
        let born = self.born(form, old, day, None);
        Version {
            period: old.period,
            name_en: born.name_en.or_else(|| old.name_en.clone()),
            short_name: born.short_name.or_else(|| old.short_name.clone()),
            ..born
        }
    }

    /// The code of a new successor.
    pub(super) fn successor_code(&mut self, form: &Successor) -> Option<String> {
        self.code(form.code.as_deref())
    }

    /// Applies a correction of the version that holds on a day.
    pub(super) fn correct(&mut self, patch: OrganisationPatch, body: &mut Body, day: NaiveDate) {
        match patch.kind {
            Change::Keep => {}
            Change::Clear => self.not_null("kind"),
            Change::Set(kind) => body.kind = kind,
        }
        match patch.source {
            Change::Keep => {}
            Change::Clear => self.not_null("source"),
            Change::Set(source) => match self.line("source", Some(&source)) {
                Some(source) => body.source = source,
                None => self.not_null("source"),
            },
        }
        if let Change::Set(_) | Change::Clear = patch.note {
            body.note = self.note(patch.note.apply(None).as_deref());
        }
        self.correct_names(patch.former_names, patch.other_names, body);
        let ends = (patch.valid_from, patch.valid_to);
        if let Some(version) = body.nearest_mut(day) {
            match patch.name {
                Change::Keep => {}
                Change::Clear => self.not_null("name"),
                Change::Set(name) => version.name = self.name(Some(&name)),
            }
            version.name_en = self.changed_line("name_en", patch.name_en, version.name_en.take());
            version.short_name = self.changed_line("short_name", patch.short_name, version.short_name.take());
            version.parent_id = patch.parent_id.apply(version.parent_id);
            version.province_id = match patch.province {
                Change::Keep => version.province_id,
                Change::Clear => None,
                Change::Set(text) => self.province(Some(&text), version.period),
            };
            version.document = match patch.document {
                Change::Keep => version.document.take(),
                Change::Clear => None,
                Change::Set(form) => self.document(Some(form)),
            };
        }
        let (from, to) = ends;
        if let (false, Some(first)) = (from.is_keep(), body.versions.first_mut()) {
            first.period.from = self.date("valid_from", from.apply(None));
        }
        if let (false, Some(last)) = (to.is_keep(), body.versions.last_mut()) {
            last.period.to = self.date("valid_to", to.apply(None));
        }
    }

    fn correct_names(&mut self, former: Change<Vec<String>>, other: Change<Vec<String>>, body: &mut Body) {
        if !former.is_keep() {
            let names = self.names("former_names", &former.apply_or_default(Vec::new()));
            body.other_names.retain(|name| matches!(name, OtherName::Other(_)));
            body.other_names.extend(names.into_iter().map(OtherName::Former));
        }
        if !other.is_keep() {
            let names = self.names("other_names", &other.apply_or_default(Vec::new()));
            body.other_names.retain(|name| matches!(name, OtherName::Former(_)));
            body.other_names.extend(names.into_iter().map(OtherName::Other));
        }
    }

    fn changed_line(&mut self, name: &str, change: Change<String>, old: Option<String>) -> Option<String> {
        match change {
            Change::Keep => old,
            Change::Clear => None,
            Change::Set(text) => self.line(name, Some(&text)),
        }
    }

    fn not_null(&mut self, name: &str) {
        let pointer = self.pointer(name);
        self.faults.add(pointer, "required", say!("Không được để trống.", "It must not be empty."));
    }
}

/// What stands in the place of a code in the paths of the API; ids do, too.
const RESERVED: [&str; 4] = ["suggest", "candidates", "alerts", "export"];

/// True for a code as the register's check has it.
pub(super) fn is_code(code: &str) -> bool {
    let sound = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let taken = RESERVED.contains(&code) || code.parse::<Uuid>().is_ok();
    (1..=40).contains(&code.len()) && !code.starts_with('-') && code.bytes().all(sound) && !taken
}
