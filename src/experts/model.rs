//! Experts: the types of the domain. No SQL, no HTTP.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kernel::name::PersonName;
use crate::kernel::partial_date::PartialDate;

/// A field of an expert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpertField {
    /// The scheme.
    pub scheme: String,
    /// The code.
    pub code: String,
    /// One of the one to three main fields.
    pub main: bool,
}

/// Restricted personal data: sealed at rest, shown to few, each read recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Restricted {
    /// Date of birth, as far as it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<PartialDate>,
    /// E-mail address, lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number in national form, digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Postal address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Restricted {
    /// True when there is nothing to seal.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the form")]
pub struct Publication {
    /// None until it is stored.
    pub id: Option<Uuid>,
    pub title: String,
    pub summary: Option<String>,
    pub year: Option<i16>,
    pub venue: Option<String>,
    pub doi: Option<String>,
    pub authors: Vec<String>,
}

/// How an expert is not to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unavailability {
    /// Away: takes part in nothing.
    Unavailable,
    /// Finishes what was begun and takes nothing new.
    NoNewWork,
}

impl Unavailability {
    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::NoNewWork => "no_new_work",
        }
    }

    /// Reads [`Unavailability::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Unavailable, Self::NoNewWork].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A period in which an expert takes less than usual, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as in the form")]
pub struct Period {
    pub id: Uuid,
    pub kind: Unavailability,
    pub from: NaiveDate,
    /// Last day; none while the end is open.
    pub to: Option<NaiveDate>,
    pub note: Option<String>,
}

/// What an expert agreed to; each purpose is asked and withdrawn by itself (Law 91/2025/QH15: silence is not consent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To be kept in the bank and seen by the Union.
    Listing,
    /// To be found by agencies.
    AgencySearch,
    /// To be shown to the public; includes agencies.
    PublicProfile,
    /// To have contacts passed on to an agency while working on its request.
    ContactSharing,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Listing, Self::AgencySearch, Self::PublicProfile, Self::ContactSharing];

    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::AgencySearch => "agency_search",
            Self::PublicProfile => "public_profile",
            Self::ContactSharing => "contact_sharing",
        }
    }
}

/// How well a language is known, in the words of the form "Lý lịch khoa học" (Tốt, Khá, TB).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LanguageLevel {
    /// Tốt.
    Good,
    /// Khá.
    Fair,
    /// Trung bình.
    Average,
}

/// A language a person works in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Language {
    /// ISO 639 code, two letters where there are two.
    #[schema(example = "en")]
    pub code: String,
    /// How well, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LanguageLevel>,
}

/// A course of study that was finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Education {
    /// What it led to: a code of a degree, or words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "TS")]
    pub degree: Option<String>,
    /// Where.
    #[schema(example = "Trường Đại học Lâm nghiệp")]
    pub institution: String,
    /// In what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Lâm sinh")]
    pub major: Option<String>,
    /// In which country (ISO 3166, two letters), when not in Viet Nam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Year it was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 2009)]
    pub year: Option<i16>,
}

/// A post held: what conflicts of interest are looked for in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkPeriod {
    /// Where, as text.
    #[schema(example = "Sở Nông nghiệp và Môi trường")]
    pub organisation: String,
    /// Where, as an organisation of the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<Uuid>,
    /// As what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// Since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PartialDate>,
    /// Until; empty while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PartialDate>,
}

/// What a person was in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProjectRole {
    /// Chủ trì, chủ nhiệm.
    Leader,
    /// Tham gia.
    Member,
}

/// A research topic or project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Its title.
    #[schema(example = "Phục hồi rừng phòng hộ đầu nguồn")]
    pub title: String,
    /// Led or took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<ProjectRole>,
    /// The programme it belonged to, or who paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<String>,
    /// Since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PartialDate>,
    /// Until.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PartialDate>,
    /// How it was accepted (nghiệm thu – xếp loại).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// An award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Award {
    /// Its name.
    #[schema(example = "Giải Nhì Hội thi Sáng tạo kỹ thuật toàn quốc")]
    pub title: String,
    /// Year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// Who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// What is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PatentKind {
    /// Sáng chế.
    Patent,
    /// Giải pháp hữu ích.
    UtilitySolution,
    /// Giống cây trồng.
    PlantVariety,
    /// Kiểu dáng công nghiệp.
    IndustrialDesign,
    /// Thiết kế bố trí mạch tích hợp.
    LayoutDesign,
}

/// A right of intellectual property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Patent {
    /// Its title.
    #[schema(example = "Máy bóc vỏ quế")]
    pub title: String,
    /// What is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PatentKind>,
    /// Number of the certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Year it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
}

/// Experience in councils and reviews (hội đồng, phản biện).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouncilExperience {
    /// What kind of council or review.
    #[schema(example = "Hội đồng nghiệm thu đề tài cấp tỉnh")]
    pub council: String,
    /// As what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ủy viên phản biện")]
    pub role: Option<String>,
    /// How often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<i16>,
    /// Last in this year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
}

/// Lists that are read with the record and asked for by nobody alone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "named as in the form")]
pub struct Details {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub education: Vec<Education>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub work_history: Vec<WorkPeriod>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub projects: Vec<Project>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub awards: Vec<Award>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patents: Vec<Patent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub council_experience: Vec<CouncilExperience>,
    /// By code; the codes themselves are a column.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub language_levels: BTreeMap<String, LanguageLevel>,
}

/// Membership of an association, while it lasted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// The association.
    pub organisation_id: Uuid,
    /// As what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ủy viên Ban Chấp hành")]
    pub position: Option<String>,
    /// Since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Until, inclusive; empty while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

/// A kind of work the Union asks experts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkKind {
    /// Tư vấn.
    Consultation,
    /// Phản biện.
    CriticalReview,
    /// Giám định xã hội.
    SocialAssessment,
}

impl WorkKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Consultation, Self::CriticalReview, Self::SocialAssessment];

    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consultation => "consultation",
            Self::CriticalReview => "critical_review",
            Self::SocialAssessment => "social_assessment",
        }
    }

    /// Reads [`WorkKind::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where a person works, seen from the Union's province on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Residency {
    /// Trong tỉnh.
    InProvince,
    /// Ngoài tỉnh.
    OutOfProvince,
    /// Ngoài nước.
    Abroad,
}

/// A checked profile, ready to store: what a form becomes. Written out it holds restricted data, so it is only kept sealed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "named as in the form")]
pub struct Draft {
    pub name: PersonName,
    pub academic_rank: Option<String>,
    pub degree: Option<String>,
    pub other_titles: Vec<String>,
    pub gender: Option<String>,
    pub position: Option<String>,
    pub workplace: Option<String>,
    pub workplace_id: Option<Uuid>,
    pub province_id: Option<i32>,
    pub fields: Vec<ExpertField>,
    pub specialties: Vec<String>,
    pub languages: Vec<Language>,
    pub publications_count: Option<i32>,
    pub restricted: Restricted,
    pub former_names: Vec<String>,
    pub other_names: Vec<String>,
    pub nationality: Option<String>,
    pub country: Option<String>,
    pub academic_rank_year: Option<i16>,
    pub degree_year: Option<i16>,
    pub professional_title: Option<String>,
    pub honours: Vec<String>,
    pub unit: Option<String>,
    pub field_groups: Vec<String>,
    pub biography: Option<String>,
    pub details: Details,
    pub memberships: Vec<Membership>,
    pub nominated_by: Option<Uuid>,
    pub standing_evidence: Option<String>,
    pub max_parallel: Option<i16>,
    pub accepted_kinds: Vec<WorkKind>,
}
