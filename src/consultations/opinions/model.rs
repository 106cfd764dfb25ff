//! What is kept of opinions. No SQL, no HTTP.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::consultations::model::Letter;
use crate::consultations::words::{OpinionAssessment, OpinionState, PanelSeat};

/// The answer to a question of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OpinionAnswer, example = json!({"question": 1, "text": "Mục tiêu phù hợp với quy hoạch của tỉnh."}))]
pub struct AnswerText {
    /// The number of the question, from 1.
    #[schema(minimum = 1, maximum = 30)]
    pub question: i32,
    /// The answer.
    #[schema(min_length = 1, max_length = 5000)]
    pub text: String,
}

/// What somebody declares on conflicts of interest before they write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpinionDeclaration)]
pub struct Declaration {
    /// Whether there is a conflict.
    pub has_conflict: bool,
    /// Which one, or a remark.
    pub statement: Option<String>,
    /// When this was declared.
    pub signed_at: DateTime<Utc>,
}

impl Declaration {
    /// Whether it says the same, whenever it was signed.
    pub fn says(&self, has_conflict: bool, statement: Option<&str>) -> bool {
        self.has_conflict == has_conflict && self.statement.as_deref() == statement
    }
}

/// The row of an opinion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct OpinionRow {
    pub id: Uuid,
    pub version: i64,
    pub consultation_id: Uuid,
    pub member_id: Uuid,
    pub expert_id: Uuid,
    pub state: OpinionState,
    pub declaration: Option<Declaration>,
    pub assessment: Option<OpinionAssessment>,
    pub answers: Vec<AnswerText>,
    pub body: Option<String>,
    /// The letter it came on, where the office entered it.
    pub paper: Option<Letter>,
    pub reopened_reason: Option<String>,
    /// How many versions were handed in.
    pub revision: i32,
    pub submitted_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A file as it was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OpinionHandedFile)]
pub struct HandedFile {
    /// Its id.
    pub id: Uuid,
    /// Name.
    #[schema(example = "Y kien.pdf")]
    pub name: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// A version that was handed in, as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "members of the column")]
pub struct Content {
    pub declaration: Declaration,
    pub assessment: OpinionAssessment,
    pub answers: Vec<AnswerText>,
    pub body: Option<String>,
    pub paper: Option<Letter>,
    pub files: Vec<HandedFile>,
}

/// The row of a version that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct RevisionRow {
    pub id: Uuid,
    pub opinion_id: Uuid,
    pub number: i32,
    pub content: Content,
    pub at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
}

/// What somebody who sits said: the last version that was handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The seat.
    pub member_id: Uuid,
    /// Who.
    pub expert_id: Uuid,
    /// The kind of seat.
    pub seat: PanelSeat,
    /// Name without titles.
    pub full_name: String,
    /// What is printed before the name: `PGS.TS`.
    pub title: Option<String>,
    /// Where the person works.
    pub workplace: Option<String>,
    /// What the person says in a word.
    pub assessment: OpinionAssessment,
    /// Question by question.
    pub answers: Vec<AnswerText>,
    /// As a whole.
    pub body: Option<String>,
    /// Which version it is, from 1.
    pub revision: i32,
    /// When it was handed in.
    pub submitted_at: DateTime<Utc>,
    /// Whether it counts: the person accepted, and no conflict is open.
    pub counts: bool,
}
