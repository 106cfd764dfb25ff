//! What is kept of a consultation. No SQL, no HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::clock::{Course, Tick};
use super::state::{Hands, Verb};
use super::words::{
    AttachmentKind, ConsultationKind, ConsultationObject, ConsultationOrigin, ConsultationState, DeclineReason,
    FundingSource, Urgency,
};
use crate::kernel::clock::date_in_vietnam;
use crate::kernel::document::{Document, DocumentReference};

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in kernel/document")]
pub struct Letter {
    pub number: String,
    pub date: Option<NaiveDate>,
    pub issuer: Option<String>,
    pub signatory: Option<String>,
}

impl From<Document> for Letter {
    fn from(document: Document) -> Self {
        let Document { number, date, issuer, signatory } = document;
        Self { number, date, issuer, signatory }
    }
}

impl From<Letter> for DocumentReference {
    fn from(letter: Letter) -> Self {
        let Letter { number, date, issuer, signatory } = letter;
        Document { number, date, issuer, signatory }.into()
    }
}

/// Who is proposed to pay, and how much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "provincial_budget", "amount_vnd": 45000000, "note": "Dự toán kèm theo"}))]
pub struct Funding {
    /// Who pays.
    pub source: FundingSource,
    /// How much, in đồng.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_u64)]
    pub amount_vnd: Option<i64>,
    /// Remarks.
    #[schema(max_length = 2000)]
    pub note: Option<String>,
}

/// Whom to ask about the request; kept sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContactPerson, example = json!({
    "name": "Nguyễn Thị Mẫu", "position": "Chuyên viên", "phone": "0207 3822 000", "email": "mau@example.gov.vn"
}))]
pub struct Contact {
    /// Name.
    #[schema(min_length = 1, max_length = 300)]
    pub name: String,
    /// Position.
    #[schema(max_length = 300)]
    pub position: Option<String>,
    /// Telephone.
    #[schema(max_length = 50)]
    pub phone: Option<String>,
    /// E-mail address.
    #[schema(max_length = 300)]
    pub email: Option<String>,
}

/// The row of a consultation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct Row {
    pub id: Uuid,
    pub version: i64,
    pub kind: ConsultationKind,
    pub origin: ConsultationOrigin,
    pub state: ConsultationState,
    pub asker_id: Uuid,
    pub kept_by_union: bool,
    pub authority_id: Option<Uuid>,
    pub authority_name: Option<String>,
    pub object: Option<ConsultationObject>,
    pub title: String,
    pub summary: Option<String>,
    pub questions: Vec<String>,
    pub letter: Option<Letter>,
    pub letter_key: Option<String>,
    pub letter_year: Option<i32>,
    pub decision_on: Option<NaiveDate>,
    pub wanted_by: Option<NaiveDate>,
    pub agreed_by: Option<NaiveDate>,
    pub urgency: Urgency,
    pub short_time: bool,
    pub funding: Option<Funding>,
    pub no_state_secrets: bool,
    pub lead_id: Option<Uuid>,
    pub register_number: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A field of science.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct FieldCode {
    pub scheme: String,
    pub code: String,
}

/// Somebody who drafted what is to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct DrafterRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub ordinal: i16,
    pub expert_id: Option<Uuid>,
    pub organisation_id: Option<Uuid>,
    pub name: String,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct MoveRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub at: DateTime<Utc>,
    pub verb: Option<String>,
    pub from_state: Option<ConsultationState>,
    pub to_state: ConsultationState,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
    pub reason_code: Option<DeclineReason>,
    pub reason: Option<String>,
    pub document: Option<Letter>,
    pub missing: Vec<String>,
    pub resume_on: Option<NaiveDate>,
}

impl MoveRow {
    /// As the clock reads it.
    pub fn tick(&self) -> Tick {
        let verb = self.verb.as_deref().and_then(|name| Verb::ALL.into_iter().find(|verb| verb.as_str() == name));
        Tick { on: date_in_vietnam(self.at), verb, to: self.to_state }
    }
}

/// A file that is attached.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct FileRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub kind: AttachmentKind,
    pub name: String,
    pub media_type: String,
    pub bytes: i64,
    /// Hexadecimal.
    pub sha256: String,
    pub by_union: bool,
    pub created_at: DateTime<Utc>,
}

/// A consultation with what is kept beside it, but for the contact person, who is asked for apart.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "named as their tables")]
pub struct Case {
    pub row: Row,
    pub fields: Vec<FieldCode>,
    pub drafters: Vec<DrafterRow>,
    pub moves: Vec<MoveRow>,
    pub files: Vec<FileRow>,
}

impl Case {
    /// Its id.
    pub const fn id(&self) -> Uuid {
        self.row.id
    }

    /// As whom somebody acts on it who may act for these askers and, in the Union, as these.
    pub fn hands(&self, asks_for: &[Uuid], union: Hands) -> Hands {
        let works_here = union.officer || union.leader;
        let asker = if works_here { self.row.kept_by_union } else { asks_for.contains(&self.row.asker_id) };
        Hands { asker, ..union }
    }

    /// Its moves as the clock reads them.
    pub fn ticks(&self) -> Vec<Tick> {
        self.moves.iter().map(MoveRow::tick).collect()
    }

    /// The state it goes back to when it is resumed.
    pub fn suspended_from(&self) -> Option<ConsultationState> {
        self.moves.last().and_then(|last| last.from_state).filter(|_| self.row.state == ConsultationState::Suspended)
    }
}

impl Row {
    /// What its clock follows.
    pub const fn course<'a>(&self, moves: &'a [Tick]) -> Course<'a> {
        Course {
            moves,
            state: self.state,
            urgency: self.urgency,
            decision_on: self.decision_on,
            agreed: self.agreed_by,
        }
    }
}
