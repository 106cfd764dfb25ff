//! Experts as callers see them. A new column is private until a view names it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{ExpertField, Purpose};
use super::publications::PublicationView;
use super::reasons::Reason;
use super::store::ProfileRow;
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
    /// Position.
    pub position: Option<String>,
    /// Where the person works.
    pub workplace: Option<String>,
    /// The same as an organisation of the register.
    pub workplace_id: Option<Uuid>,
    /// The province.
    pub province: Option<ProvinceRef>,
    /// Fields, the main ones first.
    pub fields: Vec<FieldView>,
    /// Free words.
    pub specialties: Vec<String>,
    /// Two-letter codes.
    pub languages: Vec<String>,
    /// How many publications in all, as the source counts them.
    pub publications_count: Option<i32>,
}

impl ExpertCard {
    /// Builds it.
    pub fn new(row: ProfileRow, fields: Vec<ExpertField>, vocabulary: &Vocabulary) -> Self {
        let province = row.province_id.and_then(|id| vocabulary.province_row(id));
        Self {
            id: row.id,
            code: row.code,
            full_name: row.full_name,
            title: vocabulary.printed_title(row.academic_rank.as_deref(), row.degree.as_deref()),
            academic_rank: row.academic_rank,
            degree: row.degree,
            other_titles: row.other_titles.into_iter().flatten().collect(),
            position: row.position,
            workplace: row.workplace,
            workplace_id: row.workplace_id,
            province: province.map(|row| ProvinceRef { code: row.code.clone(), name: row.name.clone() }),
            fields: fields.into_iter().map(|field| field_view(field, vocabulary)).collect(),
            specialties: row.specialties.into_iter().flatten().collect(),
            languages: row.languages.into_iter().flatten().collect(),
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
    /// The purposes the person agrees to now.
    pub consents: Vec<Purpose>,
    /// Records of sources, as `source:external_id`.
    pub sources: Vec<String>,
    /// Entered.
    pub created_at: DateTime<Utc>,
    /// Last changed.
    pub updated_at: DateTime<Utc>,
}

/// An expert's profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct Expert {
    /// What everybody sees who may know of the expert.
    #[serde(flatten)]
    pub card: ExpertCard,
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
    /// Why it was found; empty without `q`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}
