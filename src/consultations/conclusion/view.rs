//! Conclusions as they are shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{ConclusionAnswer, ConclusionRow, Listed, Recommendation, Remark, Tally};
use crate::consultations::words::PanelSeat;
use crate::kernel::document::DocumentReference;

/// How far a version of a conclusion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConclusionState {
    /// The office writes it.
    Draft,
    /// A leader signed it.
    Signed,
    /// It went out, and never changes.
    Delivered,
}

impl ConclusionState {
    const fn of(row: &ConclusionRow) -> Self {
        match (row.signed_at, row.delivered_at) {
            (_, Some(_)) => Self::Delivered,
            (Some(_), None) => Self::Signed,
            (None, None) => Self::Draft,
        }
    }
}

/// Somebody who was heard.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConclusionMember {
    /// The seat.
    seat: PanelSeat,
    /// Name.
    #[schema(example = "Nguyễn Thị Minh Họa")]
    full_name: String,
    /// Titles before the name.
    #[schema(example = "PGS.TS")]
    title: Option<String>,
    /// Where the person works.
    workplace: Option<String>,
}

impl From<Listed> for ConclusionMember {
    fn from(one: Listed) -> Self {
        let Listed { seat, full_name, title, workplace, member_id: _ } = one;
        Self { seat, full_name, title, workplace }
    }
}

/// A version of the conclusion of a consultation. Who said what is nowhere in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Conclusion {
    /// Its id.
    id: Uuid,
    /// The consultation.
    consultation_id: Uuid,
    /// Its number: 1 is the report, others correct the one before.
    #[schema(example = 1)]
    number: i32,
    /// How far it is.
    state: ConclusionState,
    /// The number of the version it corrects.
    corrects: Option<i32>,
    /// Why that is corrected.
    correction_reason: Option<String>,
    /// Number, date and signatory of the report.
    report: Option<DocumentReference>,
    /// In whose name it is signed, line by line.
    authority: Vec<String>,
    /// When it was signed.
    signed_at: Option<DateTime<Utc>>,
    /// When it went out.
    delivered_at: Option<DateTime<Utc>>,
    /// What it rests on.
    basis: Vec<String>,
    /// In short.
    summary: Option<String>,
    /// What is answered to each question.
    answers: Vec<ConclusionAnswer>,
    /// What is agreed with, part by part.
    agreements: Vec<Remark>,
    /// What is not agreed with, part by part.
    disagreements: Vec<Remark>,
    /// What could be done instead.
    alternatives: Vec<String>,
    /// What most say.
    majority: Option<String>,
    /// What the others say, each for itself.
    minority: Vec<String>,
    /// What is recommended.
    recommendations: Vec<Recommendation>,
    /// Who was heard.
    members: Vec<ConclusionMember>,
    /// How many said what.
    tally: Tally,
    /// When it was begun, for the Union and who inspects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<DateTime<Utc>>,
    /// When it was changed last, for the Union and who inspects it.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<DateTime<Utc>>,
}

impl Conclusion {
    /// As it is shown to the Union and who inspects it, or to others.
    pub fn new(row: ConclusionRow, to_union: bool) -> Self {
        let state = ConclusionState::of(&row);
        let (report, authority) = row.report.map(|report| (report.letter.into(), report.authority)).unzip();
        let content = row.content;
        Self {
            id: row.id,
            consultation_id: row.consultation_id,
            number: row.number,
            state,
            corrects: row.corrects.map(|_| row.number - 1),
            correction_reason: row.correction_reason,
            report,
            authority: authority.unwrap_or_default(),
            signed_at: row.signed_at,
            delivered_at: row.delivered_at,
            basis: content.basis,
            summary: content.summary,
            answers: content.answers,
            agreements: content.agreements,
            disagreements: content.disagreements,
            alternatives: content.alternatives,
            majority: content.majority,
            minority: content.minority,
            recommendations: content.recommendations,
            members: content.members.into_iter().map(Into::into).collect(),
            tally: content.tally,
            created_at: Some(row.created_at).filter(|_| to_union),
            updated_at: Some(row.updated_at).filter(|_| to_union),
        }
    }
}

/// A version of a conclusion in the list of them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConclusionCard {
    /// Its number.
    #[schema(example = 1)]
    number: i32,
    /// How far it is.
    state: ConclusionState,
    /// The number of the version it corrects.
    corrects: Option<i32>,
    /// Why that is corrected.
    correction_reason: Option<String>,
    /// Number, date and signatory of the report.
    report: Option<DocumentReference>,
    /// When it was signed.
    signed_at: Option<DateTime<Utc>>,
    /// When it went out.
    delivered_at: Option<DateTime<Utc>>,
    /// How many recommendations stand in it.
    recommendations: usize,
}

impl From<ConclusionRow> for ConclusionCard {
    fn from(row: ConclusionRow) -> Self {
        Self {
            number: row.number,
            state: ConclusionState::of(&row),
            corrects: row.corrects.map(|_| row.number - 1),
            recommendations: row.content.live().count(),
            correction_reason: row.correction_reason,
            report: row.report.map(|report| report.letter.into()),
            signed_at: row.signed_at,
            delivered_at: row.delivered_at,
        }
    }
}
