//! What is kept of a consultation. No SQL, no HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
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
    pub letter_issuer: Option<String>,
    pub decision_on: Option<NaiveDate>,
    pub wanted_by: Option<NaiveDate>,
    pub agreed_by: Option<NaiveDate>,
    pub agreed_after: Option<i32>,
    pub urgency: Urgency,
    pub short_time: bool,
    pub funding: Option<Funding>,
    pub no_state_secrets: bool,
    pub lead_id: Option<Uuid>,
    pub register_number: Option<String>,
    pub decision_document: Option<Letter>,
    pub asked_anew_on: Option<NaiveDate>,
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
    /// As typed; without it, that of the record.
    pub name: Option<String>,
}

/// A move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct MoveRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub ordinal: i32,
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
    pub schedule: Option<Schedule>,
}

/// The schedule of a consultation from a move on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConsultationSchedule)]
pub struct Schedule {
    /// The deadline that was agreed instead of the usual one.
    pub deadline: Option<NaiveDate>,
    /// The planned day of the decision.
    pub decision_on: Option<NaiveDate>,
    /// How soon it is needed.
    pub urgency: Urgency,
}

impl MoveRow {
    /// As the clock reads it; none for what moved nothing.
    fn tick(&self) -> Option<Tick> {
        let verb = self.verb.as_deref().and_then(|name| Verb::ALL.into_iter().find(|verb| verb.as_str() == name));
        let tick = Tick { on: date_in_vietnam(self.at), verb, to: self.to_state };
        Some(tick).filter(|_| verb != Some(Verb::Reschedule))
    }
}

/// Moves as the clock reads them.
pub fn ticks(moves: &[MoveRow]) -> Vec<Tick> {
    moves.iter().filter_map(MoveRow::tick).collect()
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
    pub internal: bool,
    /// The opinion it belongs to; none of the files of the consultation itself.
    #[serde(default)]
    pub opinion_id: Option<Uuid>,
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
        ticks(&self.moves)
    }

    /// The day a suspended one is expected to go on.
    pub fn resume_on(&self) -> Option<NaiveDate> {
        let stopped = self.moves.iter().rfind(|row| row.verb.as_deref() == Some(Verb::Suspend.as_str()));
        stopped.and_then(|row| row.resume_on).filter(|_| self.row.state == ConsultationState::Suspended)
    }

    /// The state it goes back to when it is resumed.
    pub fn suspended_from(&self) -> Option<ConsultationState> {
        let left =
            |row: &&MoveRow| row.to_state == ConsultationState::Suspended && row.from_state != Some(row.to_state);
        let from = self.moves.iter().rfind(left).and_then(|row| row.from_state);
        from.filter(|_| self.row.state == ConsultationState::Suspended)
    }
}

impl Row {
    /// Its schedule.
    pub const fn schedule(&self) -> Schedule {
        Schedule { deadline: self.agreed_by, decision_on: self.decision_on, urgency: self.urgency }
    }

    /// Agrees on a deadline, or on the usual one, after these moves.
    pub fn agree(&mut self, day: Option<NaiveDate>, moves: &[MoveRow]) {
        self.agreed_by = day;
        self.agreed_after = day.map(|_| i32::try_from(ticks(moves).len()).unwrap_or(i32::MAX));
    }

    /// What differs from how it was, by the names of the API: before and after. What follows from other members is left out.
    pub fn changes(&self, before: &Self) -> Map<String, Value> {
        let as_map = |row: &Self| match serde_json::to_value(row) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let (old, new) = (as_map(before), as_map(self));
        let named = new.into_iter().filter_map(|(name, value)| {
            let was = old.get(&name).cloned().unwrap_or_default();
            let name = match name.as_str() {
                "id" | "version" | "created_at" | "updated_at" | "letter_key" | "letter_year" | "letter_issuer"
                | "agreed_after" | "asked_anew_on" => return None,
                "agreed_by" => "deadline",
                "lead_id" => "lead",
                "authority_id" => "deciding_authority_id",
                "authority_name" => "deciding_authority",
                "decision_document" => "decision",
                other => other,
            };
            (was != value).then(|| (name.to_owned(), Value::Array(vec![was, value])))
        });
        named.collect()
    }

    /// What its clock follows.
    pub fn course<'a>(&self, moves: &'a [Tick]) -> Course<'a> {
        Course {
            moves,
            state: self.state,
            urgency: self.urgency,
            decision_on: self.decision_on,
            agreed: self.agreed_by.zip(self.agreed_after.and_then(|count| usize::try_from(count).ok())),
            asked_anew_on: self.asked_anew_on,
        }
    }
}
