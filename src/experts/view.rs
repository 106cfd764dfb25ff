//! Experts as callers see them. A new column is private until a view names it.

use std::mem::take;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{
    Award, CouncilExperience, Education, ExpertField, Language, Membership, Patent, Project, Purpose, Residency,
    WorkKind, WorkPeriod,
};
use super::publications::PublicationView;
use super::reasons::{Correction, Highlight, Reason};
use super::store::{ProfileRow, texts};
use super::vocabulary::Vocabulary;

/// A province by code and name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProvinceRef {
    /// Official code.
    #[schema(example = "08")]
    pub code: String,
    /// Name.
    #[schema(example = "Tuyên Quang")]
    pub name: String,
}

/// A field by code and name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FieldView {
    /// The scheme and its version.
    #[schema(example = "BKHCN-2008")]
    pub scheme: String,
    /// Code.
    #[schema(example = "40401")]
    pub code: String,
    /// Name in Vietnamese.
    #[schema(example = "Lâm sinh")]
    pub name: String,
    /// One of the main fields.
    pub main: bool,
}

/// A group of fields by code and name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GroupRef {
    /// Code.
    #[schema(example = "NH-01")]
    pub code: String,
    /// Name in Vietnamese.
    #[schema(example = "Nông nghiệp, lâm nghiệp, thủy sản")]
    pub name: String,
}

/// What everybody who may know of an expert sees.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct ExpertCard {
    /// Id.
    pub id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    pub code: String,
    /// Name without titles.
    #[schema(example = "Nguyễn Thị Minh Họa")]
    pub full_name: String,
    /// What is printed before the name.
    #[schema(example = "PGS.TS")]
    pub title: Option<String>,
    /// Academic rank (học hàm).
    #[schema(example = "PGS")]
    pub academic_rank: Option<String>,
    /// Degree (học vị).
    #[schema(example = "TS")]
    pub degree: Option<String>,
    /// Other titles and honours.
    pub other_titles: Vec<String>,
    /// Professional title (chức danh nghề nghiệp).
    pub professional_title: Option<String>,
    /// Position.
    pub position: Option<String>,
    /// Unit of the workplace.
    pub unit: Option<String>,
    /// Where the person works.
    pub workplace: Option<String>,
    /// The same as an organisation of the register.
    pub workplace_id: Option<Uuid>,
    /// The province.
    pub province: Option<ProvinceRef>,
    /// The country, when not Viet Nam.
    pub country: Option<String>,
    /// In the Union's province, out of it or abroad, as of today.
    pub residency: Option<Residency>,
    /// Fields, the main ones first.
    pub fields: Vec<FieldView>,
    /// The Union's groups of fields (nhóm ngành, lĩnh vực).
    pub field_groups: Vec<GroupRef>,
    /// Free words.
    pub specialties: Vec<String>,
    /// Languages with their levels.
    pub languages: Vec<Language>,
    /// How many publications in all, as the source counts them.
    pub publications_count: Option<i32>,
}

impl ExpertCard {
    /// Builds it.
    pub fn new(mut row: ProfileRow, fields: Vec<ExpertField>, vocabulary: &Vocabulary) -> Self {
        let province = row.province_id.and_then(|id| vocabulary.province_row(id));
        let languages = row.take_languages();
        let groups = vocabulary.groups_of(&fields, &texts(row.field_groups));
        Self {
            id: row.id,
            code: row.code,
            full_name: row.full_name,
            title: vocabulary.printed_title(row.academic_rank.as_deref(), row.degree.as_deref()),
            academic_rank: row.academic_rank,
            degree: row.degree,
            other_titles: texts(row.other_titles),
            professional_title: row.professional_title,
            position: row.position,
            unit: row.unit,
            workplace: row.workplace,
            workplace_id: row.workplace_id,
            province: province.map(|row| ProvinceRef { code: row.code.clone(), name: row.name.clone() }),
            residency: vocabulary.residency(row.province_id, row.country.as_deref()),
            country: row.country,
            field_groups: groups
                .into_iter()
                .map(|group| GroupRef { code: group.code.clone(), name: group.name_vi.clone() })
                .collect(),
            fields: fields.into_iter().map(|field| field_view(field, vocabulary)).collect(),
            specialties: texts(row.specialties),
            languages,
            publications_count: row.publications_count,
        }
    }
}

fn field_view(field: ExpertField, vocabulary: &Vocabulary) -> FieldView {
    let name = vocabulary.field(Some(&field.scheme), &field.code).map(|row| row.name_vi.clone());
    FieldView { name: name.unwrap_or_default(), scheme: field.scheme, code: field.code, main: field.main }
}

/// What the Union, the auditor and the person see beside the card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BankRecord {
    /// `nominated`, `invited`, `consented`, `active`, `paused`, `left` or `deceased`.
    #[schema(example = "active")]
    pub status: String,
    /// `male` or `female`, where known.
    pub gender: Option<String>,
    /// Year of birth, where known.
    pub birth_year: Option<i16>,
    /// How much of the birth date is known: `year`, `month` or `day`.
    pub birth_precision: Option<String>,
    /// Nationality (ISO 3166, two letters).
    pub nationality: Option<String>,
    /// The purposes the person agrees to now.
    pub consents: Vec<Purpose>,
    /// Records of sources, as `source:external_id`.
    pub sources: Vec<String>,
    /// What you may do with the person's standing now: the last segment of `POST /experts/{key}/…`.
    #[schema(example = json!(["confirm", "pause", "leave"]))]
    pub allowed_actions: Vec<&'static str>,
    /// The organisation that named the person.
    pub nominated_by: Option<Uuid>,
    /// The account that verified the record for the Union.
    pub verified_by: Option<Uuid>,
    /// When it did.
    pub verified_at: Option<DateTime<Utc>>,
    /// Evidence of standing (uy tín).
    pub standing_evidence: Option<String>,
    /// Most assignments at one time.
    pub max_parallel: Option<i16>,
    /// Kinds of work accepted.
    pub accepted_kinds: Vec<WorkKind>,
    /// When the person last confirmed the record.
    pub last_confirmed: Option<NaiveDate>,
    /// Entered.
    pub created_at: DateTime<Utc>,
    /// Last changed.
    pub updated_at: DateTime<Utc>,
}

/// What a profile tells beyond the card.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Life {
    /// Family name, where the name has one.
    pub family_name: Option<String>,
    /// What stands between family and given name.
    pub middle_name: Option<String>,
    /// Given name, by which lists are sorted.
    pub given_name: String,
    /// Names borne before.
    pub former_names: Vec<String>,
    /// Pen names and other spellings.
    pub other_names: Vec<String>,
    /// Year the academic rank was conferred.
    pub academic_rank_year: Option<i16>,
    /// Year the degree was conferred.
    pub degree_year: Option<i16>,
    /// Honours.
    pub honours: Vec<String>,
    /// A short life.
    pub biography: Option<String>,
    /// Courses of study.
    pub education: Vec<Education>,
    /// Posts held.
    pub work_history: Vec<WorkPeriod>,
    /// Research topics and projects.
    pub projects: Vec<Project>,
    /// Awards.
    pub awards: Vec<Award>,
    /// Patents and other rights.
    pub patents: Vec<Patent>,
    /// Councils and reviews.
    pub council_experience: Vec<CouncilExperience>,
    /// Memberships of associations.
    pub memberships: Vec<Membership>,
}

impl Life {
    /// Takes it from a row.
    pub fn take(row: &mut ProfileRow, memberships: Vec<Membership>) -> Self {
        let lists = &mut row.details.0;
        Self {
            family_name: take(&mut row.family_name),
            middle_name: take(&mut row.middle_name),
            given_name: take(&mut row.given_name),
            former_names: texts(take(&mut row.former_names)),
            other_names: texts(take(&mut row.other_names)),
            academic_rank_year: row.academic_rank_year,
            degree_year: row.degree_year,
            honours: texts(take(&mut row.honours)),
            biography: take(&mut row.biography),
            education: take(&mut lists.education),
            work_history: take(&mut lists.work_history),
            projects: take(&mut lists.projects),
            awards: take(&mut lists.awards),
            patents: take(&mut lists.patents),
            council_experience: take(&mut lists.council_experience),
            memberships,
        }
    }
}

/// An expert's profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct Expert {
    /// What everybody sees who may know of the expert.
    #[serde(flatten)]
    pub card: ExpertCard,
    /// What the card leaves out.
    #[serde(flatten)]
    pub life: Life,
    /// Publications, where known.
    pub publications: Vec<PublicationView>,
    /// For the Union, the auditor and the person only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<BankRecord>,
}

/// An expert found.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpertHit {
    /// The expert.
    #[serde(flatten)]
    pub card: ExpertCard,
    /// What tells namesakes apart: title, workplace, province, field.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "PGS.TS · Trường Đại học Tân Trào · Tuyên Quang · Lâm sinh")]
    pub hint: Option<String>,
    /// Why it was found; empty without `q`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// With `highlight=true`: the reasons, with what is hit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub highlights: Vec<Highlight>,
    /// With `q`: `exact` when the words were found, `fuzzy` when one had to be taken for another.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    #[schema(example = "exact")]
    pub kind: Option<&'static str>,
    /// The words that were taken for others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
}
