//! Experts: the types of the domain. No SQL, no HTTP.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::kernel::name::PersonName;

/// A field of an expert.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// Full date of birth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<NaiveDate>,
    /// E-mail address, lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Phone number in national form, digits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Restricted {
    /// True when there is nothing to seal.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A publication.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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

/// A checked profile, ready to store: what a form becomes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    pub languages: Vec<String>,
    pub publications_count: Option<i32>,
    pub restricted: Restricted,
}
