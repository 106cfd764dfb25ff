//! The parts of a form that are objects themselves, as people send them.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, Type};
use uuid::Uuid;

use super::words::{patent_word, role_word};
use crate::experts::model::{
    Award, CouncilExperience, Education, ExpertField, Membership, Patent, PatentKind, Project, ProjectRole, WorkPeriod,
};
use crate::kernel::form::Loose;
use crate::kernel::partial_date::PartialDate;

/// The parts of a name. Any may be missing but the given name; together they are the full name, family name first or last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"family": "Sùng", "middle": "Mí", "given": "Và"}))]
pub struct NameParts {
    /// Family name.
    pub family: Option<String>,
    /// What stands between family and given name.
    pub middle: Option<String>,
    /// Given name.
    pub given: Option<String>,
}

/// A field by code, in the default scheme, or with its scheme: `"404"` or `{"code": "404", "main": true}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRef {
    /// `BKHCN-2008` unless another is named.
    pub scheme: Option<String>,
    /// The code.
    pub code: Loose,
    /// One of the main fields; without any mark, the first three are.
    pub main: Option<bool>,
}

impl FieldRef {
    pub(super) fn of(field: &ExpertField) -> Self {
        Self { scheme: Some(field.scheme.clone()), code: field.code.as_str().into(), main: Some(field.main) }
    }
}

impl From<String> for FieldRef {
    fn from(code: String) -> Self {
        Self { scheme: None, code: code.into(), main: None }
    }
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
            code: Loose,
            main: Option<bool>,
            #[serde(default, rename = "name")]
            _name: Option<String>,
        }
        let value = serde_json::Value::deserialize(deserializer)?;
        if value.is_string() || value.is_number() {
            let code = Loose::deserialize(value).map_err(serde::de::Error::custom)?;
            return Ok(Self { scheme: None, code, main: None });
        }
        let full = Full::deserialize(value).map_err(serde::de::Error::custom)?;
        Ok(Self { scheme: full.scheme, code: full.code, main: full.main })
    }
}

/// A language by code or name, or with how well it is known: `"en"` or `{"code": "en", "level": "good"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageRef {
    /// The code.
    pub code: String,
    /// How well: `good`, `fair`, `average`; also Tốt, Khá, Trung bình, TB.
    pub level: Option<String>,
}

impl From<String> for LanguageRef {
    fn from(code: String) -> Self {
        Self { code, level: None }
    }
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
            level: Option<String>,
        }
        let value = serde_json::Value::deserialize(deserializer)?;
        if let serde_json::Value::String(code) = value {
            return Ok(Self { code, level: None });
        }
        let full = Full::deserialize(value).map_err(serde::de::Error::custom)?;
        Ok(Self { code: full.code, level: full.level })
    }
}

fn date(date: Option<PartialDate>) -> Option<Loose> {
    date.map(|date| date.to_string().into())
}

fn day(date: Option<NaiveDate>) -> Option<Loose> {
    date.map(|date| date.to_string().into())
}

/// A course of study that was finished.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EducationForm {
    /// What it led to: a code or name of a degree, or other words.
    #[schema(example = "TS", max_length = 300)]
    pub degree: Option<String>,
    /// Where.
    #[schema(required, value_type = String, example = "Trường Đại học Lâm nghiệp", max_length = 300)]
    pub institution: Option<String>,
    /// In what.
    #[schema(example = "Lâm sinh", max_length = 300)]
    pub major: Option<String>,
    /// In which country (ISO 3166, two letters; also a common name), when not in Viet Nam.
    pub country: Option<String>,
    /// Year it was finished.
    #[schema(value_type = Option<i16>, example = 2009)]
    pub year: Option<Loose>,
}

impl EducationForm {
    pub(super) fn of(item: &Education) -> Self {
        Self {
            degree: item.degree.clone(),
            institution: Some(item.institution.clone()),
            major: item.major.clone(),
            country: item.country.clone(),
            year: item.year.map(Loose::number),
        }
    }
}

/// A post held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkPeriodForm {
    /// Where, as text.
    #[schema(required, value_type = String, example = "Sở Nông nghiệp và Môi trường", max_length = 300)]
    pub organisation: Option<String>,
    /// Where, as an organisation of the register.
    pub organisation_id: Option<Uuid>,
    /// As what.
    #[schema(max_length = 300)]
    pub position: Option<String>,
    /// Since: `YYYY`, `YYYY-MM`, `YYYY-MM-DD`; also `MM/YYYY`, `DD/MM/YYYY`.
    #[schema(value_type = Option<PartialDate>)]
    pub from: Option<Loose>,
    /// Until; empty, or "nay", while it lasts.
    #[schema(value_type = Option<PartialDate>)]
    pub to: Option<Loose>,
}

impl WorkPeriodForm {
    pub(super) fn of(item: &WorkPeriod) -> Self {
        Self {
            organisation: Some(item.organisation.clone()),
            organisation_id: item.organisation_id,
            position: item.position.clone(),
            from: date(item.from),
            to: date(item.to),
        }
    }
}

/// A research topic or project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectForm {
    /// Its title.
    #[schema(required, value_type = String, example = "Phục hồi rừng phòng hộ đầu nguồn", max_length = 1000)]
    pub title: Option<String>,
    /// Led (`leader`, chủ nhiệm) or took part (`member`, tham gia).
    #[schema(value_type = Option<ProjectRole>)]
    pub role: Option<String>,
    /// The programme it belonged to, or who paid.
    #[schema(max_length = 300)]
    pub programme: Option<String>,
    /// Since.
    #[schema(value_type = Option<PartialDate>)]
    pub from: Option<Loose>,
    /// Until.
    #[schema(value_type = Option<PartialDate>)]
    pub to: Option<Loose>,
    /// How it was accepted (nghiệm thu – xếp loại).
    #[schema(max_length = 300)]
    pub result: Option<String>,
}

impl ProjectForm {
    pub(super) fn of(item: &Project) -> Self {
        Self {
            title: Some(item.title.clone()),
            role: item.role.map(|role| role_word(role).to_owned()),
            programme: item.programme.clone(),
            from: date(item.from),
            to: date(item.to),
            result: item.result.clone(),
        }
    }
}

/// An award.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AwardForm {
    /// Its name.
    #[schema(required, value_type = String, example = "Giải Nhì Hội thi Sáng tạo kỹ thuật toàn quốc", max_length = 1000)]
    pub title: Option<String>,
    /// Year.
    #[schema(value_type = Option<i16>)]
    pub year: Option<Loose>,
    /// Who gave it.
    #[schema(max_length = 300)]
    pub issuer: Option<String>,
}

impl AwardForm {
    pub(super) fn of(item: &Award) -> Self {
        Self { title: Some(item.title.clone()), year: item.year.map(Loose::number), issuer: item.issuer.clone() }
    }
}

/// A right of intellectual property.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PatentForm {
    /// Its title.
    #[schema(required, value_type = String, example = "Máy bóc vỏ quế", max_length = 1000)]
    pub title: Option<String>,
    /// What is protected.
    #[schema(value_type = Option<PatentKind>)]
    pub kind: Option<String>,
    /// Number of the certificate.
    #[schema(value_type = Option<String>, max_length = 300)]
    pub number: Option<Loose>,
    /// Year it was granted.
    #[schema(value_type = Option<i16>)]
    pub year: Option<Loose>,
}

impl PatentForm {
    pub(super) fn of(item: &Patent) -> Self {
        Self {
            title: Some(item.title.clone()),
            kind: item.kind.map(|kind| patent_word(kind).to_owned()),
            number: item.number.as_deref().map(Loose::from),
            year: item.year.map(Loose::number),
        }
    }
}

/// Experience in councils and reviews (hội đồng, phản biện).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouncilForm {
    /// What kind of council or review.
    #[schema(required, value_type = String, example = "Hội đồng nghiệm thu đề tài cấp tỉnh", max_length = 300)]
    pub council: Option<String>,
    /// As what.
    #[schema(example = "Ủy viên phản biện", max_length = 300)]
    pub role: Option<String>,
    /// How often.
    #[schema(value_type = Option<i16>, minimum = 0, maximum = 1000)]
    pub times: Option<Loose>,
    /// Last in this year.
    #[schema(value_type = Option<i16>)]
    pub year: Option<Loose>,
}

impl CouncilForm {
    pub(super) fn of(item: &CouncilExperience) -> Self {
        Self {
            council: Some(item.council.clone()),
            role: item.role.clone(),
            times: item.times.map(Loose::number),
            year: item.year.map(Loose::number),
        }
    }
}

/// Membership of an association, while it lasted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MembershipForm {
    /// The association.
    pub organisation_id: Uuid,
    /// As what.
    #[schema(example = "Ủy viên Ban Chấp hành", max_length = 300)]
    pub position: Option<String>,
    /// First day: `YYYY-MM-DD`, also `DD/MM/YYYY`.
    #[schema(value_type = Option<NaiveDate>)]
    pub from: Option<Loose>,
    /// Last day; empty while it lasts.
    #[schema(value_type = Option<NaiveDate>)]
    pub to: Option<Loose>,
}

impl MembershipForm {
    pub(super) fn of(item: &Membership) -> Self {
        Self {
            organisation_id: item.organisation_id,
            position: item.position.clone(),
            from: day(item.from),
            to: day(item.to),
        }
    }
}
