//! The form of an expert as people and files send it, and the rules that make a [`Draft`] of it.

mod fields;
mod names;
mod parts;
mod publication;
mod record;
mod restricted;
mod words;

pub use publication::{
    Authors, MAX_PUBLICATIONS, PublicationForm, read as read_publication, read_all as read_publications,
};

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};
use uuid::Uuid;

pub use parts::{
    AwardForm, CouncilForm, EducationForm, FieldRef, LanguageRef, MembershipForm, NameParts, PatentForm, ProjectForm,
    WorkPeriodForm,
};

use super::model::{Draft, Language, Publication, Restricted};
use super::vocabulary::Vocabulary;
use crate::kernel::form::{Faults, List, Loose, Repair, split_list};
use crate::kernel::name::PersonName;
use crate::kernel::problem::{FieldError, Say};
use crate::kernel::redacted::Redacted;
use crate::kernel::text::{decode_entities, display, unreadable};
use crate::say;

/// Most specialties, fields or languages a profile holds.
pub const MAX_ITEMS: usize = 50;
/// Longest line of text in a profile, in characters.
const MAX_CHARS: usize = 300;
/// Longest id of a record at its source, in characters.
const MAX_EXTERNAL_ID: usize = 100;
/// Most main fields (the form "Lý lịch khoa học chuyên gia" asks for one to three).
const MAX_MAIN: usize = 3;

/// In a merge patch `null` empties a list.
fn list<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An expert as entered or loaded.
///
/// What is meant beyond doubt is put right and said in `normalised` of the answer: titles in the name, names in capitals,
/// stray blanks, references of HTML, dates as `30/04/1975`, English words, numbers and lists sent as text. Ethnicity,
/// religion, Party membership, health and numbers of identity papers are not held: a body that has them is refused.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "full_name": "PGS.TS. Nguyễn Thị Minh Họa", "gender": "Nữ", "position": "Trưởng khoa",
    "workplace": "Trường Đại học Sông Lô", "province": "Tuyên Quang", "fields": ["40401", "40402"],
    "specialties": ["Lâm sinh", "Quản lý rừng bền vững"], "languages": ["vi", "en"],
    "email": "hoa.mau@chuyengia.example", "phone": "0600 123 456"
}))]
pub struct ExpertForm {
    /// Name as the person writes it; titles before or after it are split off.
    #[schema(required, value_type = String, min_length = 1, max_length = 200)]
    pub full_name: Option<String>,
    /// The parts of the name, where they are not what its words suggest.
    pub name_parts: Option<NameParts>,
    /// `Nam` or `Nữ` (also `male`, `female`, `M`, `F`, `Ông`, `Bà`); leave out when unknown.
    #[schema(example = "Nữ")]
    pub gender: Option<String>,
    /// As far as it is known: `YYYY-MM-DD`, `YYYY-MM`, `YYYY`; also `DD/MM/YYYY`, `MM/YYYY`, `2 tháng 3 năm 1965`.
    /// Restricted; the profile shows the year to the Union only.
    #[schema(value_type = Option<String>, example = "1975-04-30")]
    pub date_of_birth: Option<Redacted<Loose>>,
    /// Code or name of an academic rank (học hàm).
    #[schema(example = "PGS")]
    pub academic_rank: Option<String>,
    /// Code or name of a degree (học vị).
    #[schema(example = "TS")]
    pub degree: Option<String>,
    /// Position.
    #[schema(max_length = 300)]
    pub position: Option<String>,
    /// Where the person works, as text.
    #[schema(max_length = 300)]
    pub workplace: Option<String>,
    /// Where the person works, as an organisation of the register.
    pub workplace_id: Option<Uuid>,
    /// Name or code of a province of today.
    #[schema(example = "Tuyên Quang")]
    pub province: Option<String>,
    /// Fields, the main ones (one to three) first. Also one text: `"40401; 404"`.
    #[serde(default)]
    #[schema(value_type = Vec<FieldRef>, max_items = 50)]
    pub fields: List<FieldRef>,
    /// Free words. Also one text, its items parted by semicolons or line ends, or by commas where there are none of these.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 50)]
    pub specialties: List<String>,
    /// Codes (ISO 639) or names, with how well each is known where that is said. Also one text: `"Anh (tốt), Nga (khá)"`.
    #[schema(value_type = Vec<LanguageRef>, max_items = 50, example = json!(["vi", {"code": "en", "level": "good"}]))]
    #[serde(default)]
    pub languages: List<LanguageRef>,
    /// Restricted.
    #[schema(value_type = Option<String>)]
    pub email: Option<Redacted<String>>,
    /// Restricted.
    #[schema(value_type = Option<String>)]
    pub phone: Option<Redacted<Loose>>,
    /// Postal address. Restricted.
    #[schema(value_type = Option<String>, max_length = 300)]
    pub address: Option<Redacted<String>>,
    /// How many publications there are in all, as the source counts them.
    #[schema(value_type = Option<i32>, minimum = 0)]
    pub publications_count: Option<Loose>,
    /// Publications, where known.
    #[serde(default, deserialize_with = "list")]
    pub publications: Vec<PublicationForm>,
    /// Names borne before.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 50)]
    pub former_names: List<String>,
    /// Pen names and other spellings.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 50)]
    pub other_names: List<String>,
    /// ISO 3166, two letters; also a common name of the country.
    #[schema(example = "VN")]
    pub nationality: Option<String>,
    /// Country the person works in (ISO 3166, two letters; also a common name), when not in Viet Nam.
    #[schema(example = "JP")]
    pub country: Option<String>,
    /// Year the academic rank was conferred.
    #[schema(value_type = Option<i16>, example = 2015)]
    pub academic_rank_year: Option<Loose>,
    /// Year the degree was conferred.
    #[schema(value_type = Option<i16>, example = 2009)]
    pub degree_year: Option<Loose>,
    /// Professional title (chức danh nghề nghiệp).
    #[schema(example = "Giảng viên cao cấp", max_length = 300)]
    pub professional_title: Option<String>,
    /// Honours (danh hiệu).
    #[schema(value_type = Vec<String>, max_items = 50, example = json!(["Nhà giáo Ưu tú"]))]
    #[serde(default)]
    pub honours: List<String>,
    /// Unit of the workplace: department, faculty, division.
    #[schema(example = "Khoa Lâm học", max_length = 300)]
    pub unit: Option<String>,
    /// Codes of field groups chosen beside those that follow from the fields.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 50)]
    pub field_groups: List<String>,
    /// A short life in the person's own words.
    #[schema(max_length = 10000)]
    pub biography: Option<String>,
    /// Courses of study.
    #[serde(default, deserialize_with = "list")]
    #[schema(max_items = 50)]
    pub education: Vec<EducationForm>,
    /// Posts held.
    #[serde(default, deserialize_with = "list")]
    #[schema(max_items = 50)]
    pub work_history: Vec<WorkPeriodForm>,
    /// Research topics and projects.
    #[serde(default, deserialize_with = "list")]
    #[schema(max_items = 50)]
    pub projects: Vec<ProjectForm>,
    /// Awards.
    #[serde(default, deserialize_with = "list")]
    #[schema(max_items = 50)]
    pub awards: Vec<AwardForm>,
    /// Patents and other rights.
    #[serde(default, deserialize_with = "list")]
    #[schema(max_items = 50)]
    pub patents: Vec<PatentForm>,
    /// Councils and reviews.
    #[serde(default, deserialize_with = "list")]
    #[schema(max_items = 50)]
    pub council_experience: Vec<CouncilForm>,
    /// Memberships of associations.
    #[serde(default, deserialize_with = "list")]
    #[schema(max_items = 50)]
    pub memberships: Vec<MembershipForm>,
    /// The organisation that named the person.
    pub nominated_by: Option<Uuid>,
    /// Evidence of standing (uy tín).
    #[schema(max_length = 10000)]
    pub standing_evidence: Option<String>,
    /// Most assignments at one time.
    #[schema(value_type = Option<i16>, minimum = 0, maximum = 100)]
    pub max_parallel: Option<Loose>,
    /// Kinds of work accepted: `consultation`, `critical_review`, `social_assessment`.
    #[serde(default)]
    #[schema(value_type = Vec<crate::experts::model::WorkKind>)]
    pub accepted_kinds: List<String>,
    /// Id of this record at its source, with `source`; one that is known already is a 409 that names the record.
    #[schema(value_type = Option<String>, max_length = 100, example = "CG07-0000123")]
    pub external_id: Option<Loose>,
    /// The source that `external_id` belongs to.
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,31}$", example = "so-khcn")]
    pub source: Option<String>,
    /// A name that is kept as it is stored, not read again.
    #[serde(skip)]
    pub(super) kept_name: Option<PersonName>,
}

/// Changes to a profile, as a merge patch (RFC 7396): the members of a form that are named; `null` clears, a list is
/// replaced whole.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct ExpertPatch(pub ExpertForm);

impl utoipa::PartialSchema for ExpertPatch {
    fn schema() -> RefOr<Schema> {
        let mut schema = ExpertForm::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required.clear();
            object.description = Some(
                "Changes to a profile, as a merge patch: absent keeps, `null` clears, a list is replaced whole.".into(),
            );
            object.example = Some(serde_json::json!({ "position": "Viện trưởng", "specialties": ["Lâm sinh"] }));
        }
        schema
    }
}

impl ToSchema for ExpertPatch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        ExpertForm::schemas(schemas);
    }
}

/// Takes the members that a patch does not name from the form as it was.
macro_rules! keep {
    ($new:ident, $old:ident, $named:ident: $($member:ident),+ $(,)?) => {
        $(if !$named.contains(stringify!($member)) { $new.$member = $old.$member; })+
    };
}

impl ExpertPatch {
    /// The form after the patch; `named` are the members the body has.
    pub fn over(self, old: ExpertForm, named: &BTreeSet<String>) -> ExpertForm {
        let mut new = self.0;
        keep!(new, old, named:
            full_name, gender, date_of_birth, academic_rank, degree, position, workplace, workplace_id, province, fields,
            specialties, languages, email, phone, address, publications_count, publications, former_names, other_names,
            nationality, country, academic_rank_year, degree_year, professional_title, honours, unit, field_groups,
            biography, education, work_history, projects, awards, patents, council_experience, memberships, nominated_by,
            standing_evidence, max_parallel, accepted_kinds);
        if !named.contains("full_name") && !named.contains("name_parts") {
            new.kept_name = old.kept_name;
        }
        new
    }
}

impl ExpertForm {
    /// A stored record written as a form. Province and publications are left out: one that is kept need not be of today,
    /// and the other is a collection of its own.
    pub fn of(draft: &Draft) -> Self {
        let redacted = |value: &Option<String>| value.clone().map(Redacted::new);
        let loose = |value: &str| Redacted::new(Loose::from(value));
        let language = |language: &Language| LanguageRef {
            code: language.code.clone(),
            level: language.level.map(|level| words::level_word(level).to_owned()),
        };
        let (restricted, details) = (&draft.restricted, &draft.details);
        let kinds: Vec<String> = draft.accepted_kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
        Self {
            full_name: Some(draft.name.full.clone()),
            kept_name: Some(draft.name.clone()),
            name_parts: None,
            gender: draft.gender.clone(),
            date_of_birth: restricted.date_of_birth.map(|date| loose(&date.to_string())),
            academic_rank: draft.academic_rank.clone(),
            degree: draft.degree.clone(),
            position: draft.position.clone(),
            workplace: draft.workplace.clone(),
            workplace_id: draft.workplace_id,
            province: None,
            fields: draft.fields.iter().map(FieldRef::of).collect::<Vec<_>>().into(),
            specialties: draft.specialties.clone().into(),
            languages: draft.languages.iter().map(language).collect::<Vec<_>>().into(),
            email: redacted(&restricted.email),
            phone: restricted.phone.as_deref().map(loose),
            address: redacted(&restricted.address),
            publications_count: draft.publications_count.map(Loose::number),
            publications: Vec::new(),
            former_names: draft.former_names.clone().into(),
            other_names: draft.other_names.clone().into(),
            nationality: draft.nationality.clone(),
            country: draft.country.clone(),
            academic_rank_year: draft.academic_rank_year.map(Loose::number),
            degree_year: draft.degree_year.map(Loose::number),
            professional_title: draft.professional_title.clone(),
            honours: draft.honours.clone().into(),
            unit: draft.unit.clone(),
            field_groups: draft.field_groups.clone().into(),
            biography: draft.biography.clone(),
            education: details.education.iter().map(EducationForm::of).collect(),
            work_history: details.work_history.iter().map(WorkPeriodForm::of).collect(),
            projects: details.projects.iter().map(ProjectForm::of).collect(),
            awards: details.awards.iter().map(AwardForm::of).collect(),
            patents: details.patents.iter().map(PatentForm::of).collect(),
            council_experience: details.council_experience.iter().map(CouncilForm::of).collect(),
            memberships: draft.memberships.iter().map(MembershipForm::of).collect(),
            nominated_by: draft.nominated_by,
            standing_evidence: draft.standing_evidence.clone(),
            max_parallel: draft.max_parallel.map(Loose::number),
            accepted_kinds: kinds.into(),
            external_id: None,
            source: None,
        }
    }
}

/// A record at its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRef {
    /// Name of the source.
    pub source: String,
    /// Its id there.
    pub external_id: String,
}

/// A form that was read, with nothing at fault.
#[derive(Debug)]
pub struct Checked {
    /// The record.
    pub draft: Draft,
    /// Its publications.
    pub publications: Vec<Publication>,
    /// Where it comes from, when that was said.
    pub source: Option<SourceRef>,
    /// What was repaired.
    pub repairs: Vec<Repair>,
}

/// Collects faults and repairs while a form is read.
struct Reader<'a> {
    vocabulary: &'a Vocabulary,
    faults: Faults,
}

/// Makes a draft and a list of publications of a form.
///
/// # Errors
/// As [`check`].
pub fn read(form: &ExpertForm, vocabulary: &Vocabulary) -> Result<(Draft, Vec<Publication>), Vec<FieldError>> {
    check(form, vocabulary).map(|checked| (checked.draft, checked.publications))
}

/// Reads a whole form.
///
/// # Errors
/// Every fault with its pointer and, where it is certain, the repair.
pub fn check(form: &ExpertForm, vocabulary: &Vocabulary) -> Result<Checked, Vec<FieldError>> {
    let mut reader = Reader { vocabulary, faults: Faults::default() };
    let read = reader.whole(form);
    let ((draft, publications, source), repairs) = reader.faults.done(read)?;
    Ok(Checked { draft, publications, source, repairs })
}

/// Reads a form that is a stored record with a patch over it: only what the patch touches is looked at, all else stays as
/// it is stored, also where the rules of today would refuse it.
///
/// # Errors
/// Every fault of a member that is touched.
pub fn check_patch(
    form: &ExpertForm,
    old: &Draft,
    touched: &BTreeSet<String>,
    vocabulary: &Vocabulary,
) -> Result<Checked, Vec<FieldError>> {
    let mut reader = Reader { vocabulary, faults: Faults::default() };
    for member in ["external_id", "source"].into_iter().filter(|member| touched.contains(*member)) {
        let detail = say!("Chỉ ghi khi nhập mới.", "Said only when an expert is entered.");
        reader.fault(format!("/{member}"), "not_changeable", detail);
    }
    let (mut draft, publications, source) = reader.whole(form);
    reader.faults.retain(|member| touched.contains(member));
    let (publications, repairs) = reader.faults.done(publications)?;
    keep_untouched(&mut draft, old, touched);
    Ok(Checked { draft, publications, source, repairs })
}

/// Takes what a patch does not touch from the record as it is stored.
pub(super) fn keep_untouched(new: &mut Draft, old: &Draft, touched: &BTreeSet<String>) {
    macro_rules! keep {
        ($($member:literal: $($part:ident).+;)+) => {
            $(if !touched.contains($member) { new.$($part).+.clone_from(&old.$($part).+); })+
        };
    }
    keep! {
        "academic_rank": academic_rank; "degree": degree; "gender": gender; "position": position;
        "workplace": workplace; "workplace_id": workplace_id; "province": province_id; "fields": fields;
        "specialties": specialties; "languages": languages; "publications_count": publications_count;
        "date_of_birth": restricted.date_of_birth; "email": restricted.email; "phone": restricted.phone;
        "address": restricted.address; "former_names": former_names; "other_names": other_names;
        "nationality": nationality; "country": country; "academic_rank_year": academic_rank_year;
        "degree_year": degree_year; "professional_title": professional_title; "honours": honours; "unit": unit;
        "field_groups": field_groups; "biography": biography; "education": details.education;
        "work_history": details.work_history; "projects": details.projects; "awards": details.awards;
        "patents": details.patents; "council_experience": details.council_experience; "memberships": memberships;
        "nominated_by": nominated_by; "standing_evidence": standing_evidence; "max_parallel": max_parallel;
        "accepted_kinds": accepted_kinds;
    }
    if !touched.contains("full_name") && !touched.contains("name_parts") {
        new.name.clone_from(&old.name);
    }
}

impl Reader<'_> {
    fn whole(&mut self, form: &ExpertForm) -> (Draft, Vec<Publication>, Option<SourceRef>) {
        let draft = self.draft(form);
        let publications = read_publications(&form.publications, "/publications", &mut self.faults);
        (draft, publications, self.source(form))
    }

    fn draft(&mut self, form: &ExpertForm) -> Draft {
        let name = self.name(form);
        let academic_rank = self.title("academic_rank", form.academic_rank.as_deref());
        let degree = self.title("degree", form.degree.as_deref());
        Draft {
            academic_rank: academic_rank.or_else(|| name.as_ref().and_then(|name| name.academic_rank.clone())),
            degree: degree.or_else(|| name.as_ref().and_then(|name| name.degree.clone())),
            other_titles: name.as_ref().map(|name| name.other_titles.clone()).unwrap_or_default(),
            gender: self.gender(form.gender.as_deref()),
            position: self.line("/position", form.position.as_deref()),
            workplace: self.line("/workplace", form.workplace.as_deref()),
            workplace_id: self.organisation("/workplace_id", form.workplace_id),
            province_id: self.province(form.province.as_deref()),
            fields: self.fields(&form.fields),
            specialties: self.lines("/specialties", &form.specialties),
            languages: self.languages(&form.languages),
            publications_count: self.count(form.publications_count.as_ref()),
            restricted: Restricted {
                date_of_birth: self.birth_date(form.date_of_birth.as_ref()),
                email: self.email(form.email.as_ref()),
                phone: self.phone(form.phone.as_ref()),
                address: self.address(form.address.as_ref()),
            },
            former_names: self.other_names("/former_names", &form.former_names),
            other_names: self.other_names("/other_names", &form.other_names),
            nationality: self.country("/nationality", form.nationality.as_deref()),
            country: self.country("/country", form.country.as_deref()).filter(|code| code != "VN"),
            academic_rank_year: self.year("/academic_rank_year", form.academic_rank_year.as_ref()),
            degree_year: self.year("/degree_year", form.degree_year.as_ref()),
            professional_title: self.line("/professional_title", form.professional_title.as_deref()),
            honours: self.lines("/honours", &form.honours),
            unit: self.line("/unit", form.unit.as_deref()),
            field_groups: self.field_groups(&form.field_groups),
            biography: self.text("/biography", form.biography.as_deref()),
            details: self.details(form),
            memberships: self.memberships(&form.memberships),
            nominated_by: self.organisation("/nominated_by", form.nominated_by),
            standing_evidence: self.text("/standing_evidence", form.standing_evidence.as_deref()),
            max_parallel: self.max_parallel(form.max_parallel.as_ref()),
            accepted_kinds: self.kinds(&form.accepted_kinds),
            name: name.map(|name| name.name).unwrap_or_default(),
        }
    }

    fn organisation(&mut self, pointer: &str, input: Option<Uuid>) -> Option<Uuid> {
        let id = input?;
        if self.vocabulary.has_organisation(id) {
            return Some(id);
        }
        self.fault(
            pointer,
            "unknown_reference",
            say!(
                "Không có tổ chức này; xem GET /api/v1/organisations.",
                "There is no such organisation; see GET /api/v1/organisations.",
            ),
        );
        None
    }

    fn fault(&mut self, pointer: impl Into<String>, code: &'static str, detail: Say) {
        self.faults.add(pointer, code, detail);
    }

    fn line(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.line(pointer, input, MAX_CHARS)
    }

    /// The items of a list with their places. One that was sent as one text is split; its items stand where it stands.
    fn items<T: Clone + From<String>>(&mut self, pointer: &str, list: &List<T>) -> Vec<(String, T)> {
        let items: Vec<(String, T)> = match list {
            List::Items(items) => {
                items.iter().enumerate().map(|(at, item)| (format!("{pointer}/{at}"), item.clone())).collect()
            }
            List::Text(text) => {
                self.split(pointer, text).into_iter().map(|item| (pointer.to_owned(), item.into())).collect()
            }
        };
        if items.len() > MAX_ITEMS {
            self.fault(pointer, "too_many", say!("Tối đa {MAX_ITEMS} mục.", "At most {MAX_ITEMS} items."));
            return Vec::new();
        }
        items
    }

    fn split(&mut self, pointer: &str, text: &str) -> Vec<String> {
        let decoded = decode_entities(text);
        if let Some(fault) = unreadable(&decoded) {
            self.faults.propose(pointer, fault.code(), fault.detail(), fault.repair().map(str::to_owned));
            return Vec::new();
        }
        let items: Vec<String> = split_list(&decoded).iter().map(|item| display(item)).collect();
        if !items.is_empty() {
            let detail = say!("Danh sách gửi dạng một chuỗi đã được tách.", "A list sent as one text was split.");
            self.faults.repaired(pointer, "list_from_text", detail, text, &serde_json::json!(items).to_string());
        }
        items
    }

    fn lines(&mut self, pointer: &str, list: &List<String>) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for (place, input) in self.items(pointer, list) {
            let line = self.line(&place, Some(&input));
            lines.extend(line.filter(|line| !lines.contains(line)));
        }
        lines
    }

    /// `source` and `external_id`: both or neither.
    fn source(&mut self, form: &ExpertForm) -> Option<SourceRef> {
        let external_id = form.external_id.as_ref().map(|id| id.text.as_str());
        let external_id = self.faults.line("/external_id", external_id, MAX_EXTERNAL_ID);
        let source = form.source.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if let Some(source) = source.filter(|source| !is_source(source)) {
            let source: String = source.chars().take(40).collect();
            let detail = say!(
                "`{source}` không phải tên nguồn: chữ thường, số, `-`, `_`, bắt đầu bằng chữ.",
                "`{source}` names no source: small letters, digits, `-`, `_`, a letter first.",
            );
            self.fault("/source", "malformed", detail);
        }
        match (source, external_id) {
            (Some(source), Some(external_id)) => Some(SourceRef { source: source.to_owned(), external_id }),
            (Some(_), None) => {
                self.fault("/external_id", "required", say!("Cần cùng với `source`.", "Wanted with `source`."));
                None
            }
            (None, Some(_)) => {
                self.fault("/source", "required", say!("Cần cùng với `external_id`.", "Wanted with `external_id`."));
                None
            }
            (None, None) => None,
        }
    }
}

/// True for a name of a source as the database has it.
pub fn is_source(text: &str) -> bool {
    let sound = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    text.len() <= 32 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(sound)
}
