//! The form of an expert as people and files send it, and the rules that make a [`Draft`] of it.

mod publication;
mod record;
mod restricted;

pub use publication::{
    Authors, MAX_PUBLICATIONS, PublicationForm, read as read_publication, read_all as read_publications,
};

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use uuid::Uuid;

use super::model::{
    Award, CouncilExperience, Draft, Education, ExpertField, Language, LanguageLevel, Membership, Patent, Project,
    Publication, Restricted, WorkKind, WorkPeriod,
};
use super::vocabulary::Vocabulary;
use crate::fields::DEFAULT_SCHEME;
use crate::kernel::form::Faults;
use crate::kernel::name::{NameError, ParsedName};
use crate::kernel::problem::{FieldError, Say};
use crate::kernel::redacted::Redacted;
use crate::kernel::text::fold;
use crate::say;

/// Most specialties, fields or languages a profile holds.
const MAX_ITEMS: usize = 50;
/// Longest line of text in a profile, in characters.
const MAX_CHARS: usize = 300;
/// Most main fields (the form "Lý lịch khoa học chuyên gia" asks for one to three).
const MAX_MAIN: usize = 3;

/// A field by code, in the default scheme, or with its scheme: `"404"` or `{"code": "404", "main": true}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRef {
    /// `BKHCN-2008` unless another is named.
    pub scheme: Option<String>,
    /// The code.
    pub code: String,
    /// One of the main fields; without any mark, the first three are.
    pub main: Option<bool>,
}

impl utoipa::PartialSchema for FieldRef {
    fn schema() -> RefOr<Schema> {
        let text = |description: &str| ObjectBuilder::new().schema_type(Type::String).description(Some(description));
        let optional = |kind: Type, description: &str| {
            let kinds = SchemaType::from_iter([kind, Type::Null]);
            ObjectBuilder::new().schema_type(kinds).description(Some(description))
        };
        let full = ObjectBuilder::new()
            .property("scheme", optional(Type::String, "`BKHCN-2008` unless another is named"))
            .property("code", text("The code"))
            .property("main", optional(Type::Boolean, "One of the main fields"))
            .property("name", optional(Type::String, "Ignored, so that what was read can be sent back"))
            .required("code");
        OneOfBuilder::new().item(text("The code, in `BKHCN-2008`")).item(full).into()
    }
}

impl ToSchema for FieldRef {}

impl<'de> Deserialize<'de> for FieldRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            scheme: Option<String>,
            code: String,
            main: Option<bool>,
            #[serde(default, rename = "name")]
            _name: Option<String>,
        }
        let value = serde_json::Value::deserialize(deserializer)?;
        if let serde_json::Value::String(code) = value {
            return Ok(Self { scheme: None, code, main: None });
        }
        let full = Full::deserialize(value).map_err(serde::de::Error::custom)?;
        Ok(Self { scheme: full.scheme, code: full.code, main: full.main })
    }
}

/// A language by code, or with how well it is known: `"en"` or `{"code": "en", "level": "good"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageRef {
    /// The code.
    pub code: String,
    /// How well.
    pub level: Option<LanguageLevel>,
}

impl utoipa::PartialSchema for LanguageRef {
    fn schema() -> RefOr<Schema> {
        let code = || ObjectBuilder::new().schema_type(Type::String).description(Some("A code such as `en`"));
        let kinds = SchemaType::from_iter([Type::String, Type::Null]);
        let level = ObjectBuilder::new()
            .schema_type(kinds)
            .enum_values(Some([Some("good"), Some("fair"), Some("average"), None]))
            .description(Some("How well: Tốt, Khá, Trung bình"));
        let full = ObjectBuilder::new().property("code", code()).property("level", level).required("code");
        OneOfBuilder::new().item(code()).item(full).into()
    }
}

impl ToSchema for LanguageRef {}

impl<'de> Deserialize<'de> for LanguageRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Full {
            code: String,
            level: Option<LanguageLevel>,
        }
        let value = serde_json::Value::deserialize(deserializer)?;
        if let serde_json::Value::String(code) = value {
            return Ok(Self { code, level: None });
        }
        let full = Full::deserialize(value).map_err(serde::de::Error::custom)?;
        Ok(Self { code: full.code, level: full.level })
    }
}

/// In a merge patch `null` empties a list.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An expert as entered or loaded. Titles in the name are split off.
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
    /// `Nam` or `Nữ` (also `male`, `female`); leave out when unknown.
    pub gender: Option<String>,
    /// `YYYY-MM-DD` or `DD/MM/YYYY`. Restricted; the profile shows the year to the Union only.
    #[schema(value_type = Option<String>, example = "1975-04-30")]
    pub date_of_birth: Option<Redacted<String>>,
    /// Code of an academic rank (học hàm).
    #[schema(example = "PGS")]
    pub academic_rank: Option<String>,
    /// Code of a degree (học vị).
    #[schema(example = "TS")]
    pub degree: Option<String>,
    /// Position.
    pub position: Option<String>,
    /// Where the person works, as text.
    pub workplace: Option<String>,
    /// Where the person works, as an organisation of the register.
    pub workplace_id: Option<Uuid>,
    /// Name or code of a province of today.
    #[schema(example = "Tuyên Quang")]
    pub province: Option<String>,
    /// Fields, the main ones first.
    #[serde(default, deserialize_with = "list")]
    pub fields: Vec<FieldRef>,
    /// Free words.
    #[serde(default, deserialize_with = "list")]
    pub specialties: Vec<String>,
    /// Codes, with how well each is known where that is said.
    #[schema(example = json!(["vi", {"code": "en", "level": "good"}]))]
    #[serde(default, deserialize_with = "list")]
    pub languages: Vec<LanguageRef>,
    /// Restricted.
    #[schema(value_type = Option<String>)]
    pub email: Option<Redacted<String>>,
    /// Restricted.
    #[schema(value_type = Option<String>)]
    pub phone: Option<Redacted<String>>,
    /// Postal address. Restricted.
    #[schema(value_type = Option<String>)]
    pub address: Option<Redacted<String>>,
    /// How many publications there are in all, as the source counts them.
    #[schema(minimum = 0)]
    pub publications_count: Option<i32>,
    /// Publications, where known.
    #[serde(default, deserialize_with = "list")]
    pub publications: Vec<PublicationForm>,
    /// Names borne before.
    #[serde(default, deserialize_with = "list")]
    pub former_names: Vec<String>,
    /// Pen names and other spellings.
    #[serde(default, deserialize_with = "list")]
    pub other_names: Vec<String>,
    /// ISO 3166, two letters.
    #[schema(example = "VN")]
    pub nationality: Option<String>,
    /// Country the person works in (ISO 3166, two letters), when not in Viet Nam.
    #[schema(example = "JP")]
    pub country: Option<String>,
    /// Year the academic rank was conferred.
    #[schema(example = 2015)]
    pub academic_rank_year: Option<i16>,
    /// Year the degree was conferred.
    #[schema(example = 2009)]
    pub degree_year: Option<i16>,
    /// Professional title (chức danh nghề nghiệp).
    #[schema(example = "Giảng viên cao cấp")]
    pub professional_title: Option<String>,
    /// Honours (danh hiệu).
    #[schema(example = json!(["Nhà giáo Ưu tú"]))]
    #[serde(default, deserialize_with = "list")]
    pub honours: Vec<String>,
    /// Unit of the workplace: department, faculty, division.
    #[schema(example = "Khoa Lâm học")]
    pub unit: Option<String>,
    /// Codes of field groups chosen beside those that follow from the fields.
    #[serde(default, deserialize_with = "list")]
    pub field_groups: Vec<String>,
    /// A short life in the person's own words.
    pub biography: Option<String>,
    /// Courses of study.
    #[serde(default, deserialize_with = "list")]
    pub education: Vec<Education>,
    /// Posts held.
    #[serde(default, deserialize_with = "list")]
    pub work_history: Vec<WorkPeriod>,
    /// Research topics and projects.
    #[serde(default, deserialize_with = "list")]
    pub projects: Vec<Project>,
    /// Awards.
    #[serde(default, deserialize_with = "list")]
    pub awards: Vec<Award>,
    /// Patents and other rights.
    #[serde(default, deserialize_with = "list")]
    pub patents: Vec<Patent>,
    /// Councils and reviews.
    #[serde(default, deserialize_with = "list")]
    pub council_experience: Vec<CouncilExperience>,
    /// Memberships of associations.
    #[serde(default, deserialize_with = "list")]
    pub memberships: Vec<Membership>,
    /// The organisation that named the person.
    pub nominated_by: Option<Uuid>,
    /// Evidence of standing (uy tín).
    pub standing_evidence: Option<String>,
    /// Most assignments at one time.
    #[schema(minimum = 0, maximum = 100)]
    pub max_parallel: Option<i16>,
    /// Kinds of work accepted.
    #[serde(default, deserialize_with = "list")]
    pub accepted_kinds: Vec<WorkKind>,
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
        new
    }
}

impl ExpertForm {
    /// A stored record written as a form. Province and publications are left out: one that is kept need not be of today,
    /// and the other is a collection of its own.
    pub fn of(draft: &Draft) -> Self {
        let redacted = |value: &Option<String>| value.clone().map(Redacted::new);
        let field = |field: &ExpertField| FieldRef {
            scheme: Some(field.scheme.clone()),
            code: field.code.clone(),
            main: Some(field.main),
        };
        let language = |language: &Language| LanguageRef { code: language.code.clone(), level: language.level };
        let (restricted, details) = (&draft.restricted, draft.details.clone());
        Self {
            full_name: Some(draft.name.full.clone()),
            gender: draft.gender.clone(),
            date_of_birth: restricted.date_of_birth.map(|date| Redacted::new(date.to_string())),
            academic_rank: draft.academic_rank.clone(),
            degree: draft.degree.clone(),
            position: draft.position.clone(),
            workplace: draft.workplace.clone(),
            workplace_id: draft.workplace_id,
            province: None,
            fields: draft.fields.iter().map(field).collect(),
            specialties: draft.specialties.clone(),
            languages: draft.languages.iter().map(language).collect(),
            email: redacted(&restricted.email),
            phone: redacted(&restricted.phone),
            address: redacted(&restricted.address),
            publications_count: draft.publications_count,
            publications: Vec::new(),
            former_names: draft.former_names.clone(),
            other_names: draft.other_names.clone(),
            nationality: draft.nationality.clone(),
            country: draft.country.clone(),
            academic_rank_year: draft.academic_rank_year,
            degree_year: draft.degree_year,
            professional_title: draft.professional_title.clone(),
            honours: draft.honours.clone(),
            unit: draft.unit.clone(),
            field_groups: draft.field_groups.clone(),
            biography: draft.biography.clone(),
            education: details.education,
            work_history: details.work_history,
            projects: details.projects,
            awards: details.awards,
            patents: details.patents,
            council_experience: details.council_experience,
            memberships: draft.memberships.clone(),
            nominated_by: draft.nominated_by,
            standing_evidence: draft.standing_evidence.clone(),
            max_parallel: draft.max_parallel,
            accepted_kinds: draft.accepted_kinds.clone(),
        }
    }
}

/// Collects faults while a form is read.
struct Reader<'a> {
    vocabulary: &'a Vocabulary,
    faults: Faults,
}

/// Makes a draft and a list of publications of a form.
///
/// # Errors
/// Every fault with its pointer and, where it is certain, the repair.
pub fn read(form: &ExpertForm, vocabulary: &Vocabulary) -> Result<(Draft, Vec<Publication>), Vec<FieldError>> {
    let mut reader = Reader { vocabulary, faults: Faults::default() };
    let draft = reader.draft(form);
    let publications = read_publications(&form.publications, "/publications", &mut reader.faults);
    reader.faults.or((draft, publications))
}

impl Reader<'_> {
    fn draft(&mut self, form: &ExpertForm) -> Draft {
        let name = self.name(form.full_name.as_deref());
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
            publications_count: self.count(form.publications_count),
            restricted: Restricted {
                date_of_birth: self.birth_date(form.date_of_birth.as_ref()),
                email: self.email(form.email.as_ref()),
                phone: self.phone(form.phone.as_ref()),
                address: self.line("/address", form.address.as_ref().map(|text| text.expose().as_str())),
            },
            former_names: self.lines("/former_names", &form.former_names),
            other_names: self.lines("/other_names", &form.other_names),
            nationality: self.country("/nationality", form.nationality.as_deref()),
            country: self.country("/country", form.country.as_deref()).filter(|code| code != "VN"),
            academic_rank_year: self.year("/academic_rank_year", form.academic_rank_year),
            degree_year: self.year("/degree_year", form.degree_year),
            professional_title: self.line("/professional_title", form.professional_title.as_deref()),
            honours: self.lines("/honours", &form.honours),
            unit: self.line("/unit", form.unit.as_deref()),
            field_groups: self.field_groups(&form.field_groups),
            biography: self.text("/biography", form.biography.as_deref()),
            details: self.details(form),
            memberships: self.memberships(&form.memberships),
            nominated_by: self.organisation("/nominated_by", form.nominated_by),
            standing_evidence: self.text("/standing_evidence", form.standing_evidence.as_deref()),
            max_parallel: self.max_parallel(form.max_parallel),
            accepted_kinds: form.accepted_kinds.iter().copied().collect::<BTreeSet<_>>().into_iter().collect(),
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

    fn name(&mut self, input: Option<&str>) -> Option<ParsedName> {
        let error = match self.vocabulary.lexicon().parse(input.unwrap_or_default()) {
            Ok(parsed) => return Some(parsed),
            Err(error) => error,
        };
        let (code, detail) = match error {
            NameError::Empty => ("required", say!("Thiếu họ tên.", "The name is missing.")),
            NameError::OnlyTitles => ("only_titles", say!("Chỉ có chức danh, thiếu họ tên.", "Titles without a name.")),
            NameError::TooLong => {
                ("too_long", say!("Họ tên quá 200 ký tự.", "The name is longer than 200 characters."))
            }
            NameError::NotAName => (
                "not_a_name",
                say!(
                    "Họ tên chỉ gồm chữ cái; bỏ chữ số và ký hiệu.",
                    "A name has letters only; remove digits and signs.",
                ),
            ),
            NameError::Unreadable(fault) => (fault.code(), fault.detail()),
        };
        self.fault("/full_name", code, detail);
        None
    }

    fn line(&mut self, pointer: &str, input: Option<&str>) -> Option<String> {
        self.faults.line(pointer, input, MAX_CHARS)
    }

    fn lines(&mut self, pointer: &str, inputs: &[String]) -> Vec<String> {
        if inputs.len() > MAX_ITEMS {
            self.fault(pointer, "too_many", say!("Tối đa {MAX_ITEMS} mục.", "At most {MAX_ITEMS} items."));
            return Vec::new();
        }
        let mut lines: Vec<String> = Vec::new();
        for (at, input) in inputs.iter().enumerate() {
            let line = self.line(&format!("{pointer}/{at}"), Some(input));
            lines.extend(line.filter(|line| !lines.contains(line)));
        }
        lines
    }

    fn title(&mut self, kind: &'static str, input: Option<&str>) -> Option<String> {
        let text = input.map(str::trim).filter(|text| !text.is_empty())?;
        if let Some(row) = self.vocabulary.title(kind, text) {
            return Some(row.code.clone());
        }
        let codes = self.vocabulary.title_codes(kind);
        let text: String = text.chars().take(40).collect();
        self.fault(
            format!("/{kind}"),
            "unknown_code",
            say!("Không có `{text}`; dùng một trong: {codes}.", "There is no `{text}`; use one of: {codes}.",),
        );
        None
    }

    fn gender(&mut self, input: Option<&str>) -> Option<String> {
        let text = input?.trim();
        match fold(text).as_str() {
            "" if text.is_empty() => None,
            "nam" | "male" | "m" => Some("male".to_owned()),
            "nu" | "female" | "f" => Some("female".to_owned()),
            _ => {
                self.fault(
                    "/gender",
                    "unknown_value",
                    say!("Dùng `Nam` hoặc `Nữ`, hoặc để trống.", "Use `Nam` or `Nữ`, or leave it out."),
                );
                None
            }
        }
    }

    fn province(&mut self, input: Option<&str>) -> Option<i32> {
        let text = input.map(str::trim).filter(|text| !text.is_empty())?;
        let found = self.vocabulary.province(text);
        if found.is_none() {
            self.fault("/province", "unknown_province", unknown_province(self.vocabulary, text));
        }
        found
    }

    fn fields(&mut self, inputs: &[FieldRef]) -> Vec<ExpertField> {
        let marked = inputs.iter().any(|field| field.main == Some(true));
        let mut fields: Vec<ExpertField> = Vec::new();
        for (at, input) in inputs.iter().enumerate().take(MAX_ITEMS) {
            let scheme = input.scheme.as_deref().unwrap_or(DEFAULT_SCHEME);
            let code = input.code.trim();
            if self.vocabulary.field(Some(scheme), code).is_none() {
                let code: String = code.chars().take(40).collect();
                self.fault(
                    format!("/fields/{at}"),
                    "unknown_code",
                    say!(
                        "Không có mã `{code}` trong bảng {scheme}; xem GET /api/v1/fields.",
                        "There is no code `{code}` in {scheme}; see GET /api/v1/fields.",
                    ),
                );
                continue;
            }
            let main = if marked { input.main == Some(true) } else { fields.len() < MAX_MAIN };
            let field = ExpertField { scheme: scheme.to_owned(), code: code.to_owned(), main };
            if !fields.iter().any(|known| (&known.scheme, &known.code) == (&field.scheme, &field.code)) {
                fields.push(field);
            }
        }
        if inputs.len() > MAX_ITEMS || fields.iter().filter(|field| field.main).count() > MAX_MAIN {
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

    fn languages(&mut self, inputs: &[LanguageRef]) -> Vec<Language> {
        let mut languages: Vec<Language> = Vec::new();
        if inputs.len() > MAX_ITEMS {
            self.fault("/languages", "too_many", say!("Tối đa {MAX_ITEMS} mục.", "At most {MAX_ITEMS} items."));
            return languages;
        }
        for (at, input) in inputs.iter().enumerate() {
            let code = input.code.trim().to_ascii_lowercase();
            let known = (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase());
            if !known {
                self.fault(
                    format!("/languages/{at}"),
                    "unknown_code",
                    say!("Dùng mã hai chữ cái như `vi`, `en`.", "Use a two-letter code such as `vi`, `en`.",),
                );
            } else if !languages.iter().any(|language| language.code == code) {
                languages.push(Language { code, level: input.level });
            }
        }
        languages
    }

    fn count(&mut self, input: Option<i32>) -> Option<i32> {
        if input.is_some_and(|count| count < 0) {
            self.fault("/publications_count", "negative", say!("Không được âm.", "It must not be negative."));
            return None;
        }
        input
    }
}

/// Says that no province of today has this name and, of one that is over, to which it belongs now.
fn unknown_province(vocabulary: &Vocabulary, text: &str) -> Say {
    let former = vocabulary.former_province(text);
    if let Some((former, today, since)) = former.and_then(|(row, today)| Some((row, today, row.valid_to?.succ_opt()?)))
    {
        let (former, today) = (&former.name, &today.name);
        return say!(
            "{former} nay thuộc {today} (từ ngày {since}); xem GET /api/v1/provinces.",
            "{former} is part of {today} since {since}; see GET /api/v1/provinces.",
        );
    }
    let text: String = text.chars().take(40).collect();
    say!(
        "Không có tỉnh, thành phố `{text}` hiện nay; xem GET /api/v1/provinces.",
        "There is no province `{text}` today; see GET /api/v1/provinces.",
    )
}
