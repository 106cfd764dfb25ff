//! What a conclusion is, version by version, and what its asker says to it. No SQL, no HTTP.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::consultations::model::Letter;
use crate::consultations::words::{OpinionAssessment, PanelSeat, RecommendationOutcome};

/// What a conclusion says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Content {
    /// What it rests on: letters, decisions, laws.
    pub basis: Vec<String>,
    /// In short.
    pub summary: Option<String>,
    /// What is answered to each question, without names.
    pub answers: Vec<ConclusionAnswer>,
    /// What is agreed with, part by part.
    pub agreements: Vec<Remark>,
    /// What is not agreed with.
    pub disagreements: Vec<Remark>,
    /// What could be done instead.
    pub alternatives: Vec<String>,
    /// What most say.
    pub majority: Option<String>,
    /// What the others say, each for itself.
    pub minority: Vec<String>,
    /// What is recommended.
    pub recommendations: Vec<Recommendation>,
    /// Who was heard, by present facts; nobody writes it.
    pub members: Vec<Listed>,
    /// How many said what; nobody writes it.
    pub tally: Tally,
}

impl Content {
    /// The recommendations that stand.
    pub fn live(&self) -> impl Iterator<Item = &Recommendation> {
        self.recommendations.iter().filter(|one| !one.withdrawn)
    }

    /// Whether it says of the same people the same as another one.
    pub fn is_of(&self, members: &[Listed], tally: Tally) -> bool {
        let seats = |list: &[Listed]| {
            let mut seats: Vec<Uuid> = list.iter().map(|one| one.member_id).collect();
            seats.sort_unstable();
            seats
        };
        self.tally == tally && seats(&self.members) == seats(members)
    }
}

/// What is answered to a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"question": 1, "texts": ["Mục tiêu phù hợp với điều kiện của tỉnh."]}))]
pub struct ConclusionAnswer {
    /// The number of the question.
    #[schema(minimum = 1)]
    pub question: i32,
    /// The answer; before it is edited, that of each who gave one, in no order that tells whose it is.
    #[schema(max_items = 100)]
    pub texts: Vec<String>,
}

/// A remark on a part of what is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConclusionRemark, example = json!({"part": "Mục 3. Nguồn vốn", "text": "Phù hợp với khả năng cân đối của tỉnh."}))]
pub struct Remark {
    /// The part; none for the whole.
    #[schema(max_length = 300)]
    pub part: Option<String>,
    /// The remark.
    #[schema(min_length = 1, max_length = 5000)]
    pub text: String,
}

/// A recommendation. Its number means the same in every version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ConclusionRecommendation, example = json!({"number": 1, "text": "Bổ sung phương án vốn", "withdrawn": false}))]
pub struct Recommendation {
    /// Its number.
    pub number: i32,
    /// What is recommended.
    pub text: String,
    /// Taken back by a correction.
    #[serde(default)]
    pub withdrawn: bool,
}

/// Somebody who was heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "members of the column")]
pub struct Listed {
    pub member_id: Uuid,
    pub seat: PanelSeat,
    pub full_name: String,
    pub title: Option<String>,
    pub workplace: Option<String>,
}

/// How many said what, of those who count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = ConclusionTally, example = json!({"agree": 1, "agree_with_changes": 3, "disagree": 1}))]
#[serde(default)]
pub struct Tally {
    /// Tán thành.
    pub agree: u32,
    /// Tán thành, với điều kiện chỉnh sửa.
    pub agree_with_changes: u32,
    /// Không tán thành.
    pub disagree: u32,
}

impl Tally {
    /// Of assessments.
    pub fn of(assessments: impl IntoIterator<Item = OpinionAssessment>) -> Self {
        let mut tally = Self::default();
        for assessment in assessments {
            *tally.count_mut(assessment) += 1;
        }
        tally
    }

    const fn count_mut(&mut self, assessment: OpinionAssessment) -> &mut u32 {
        match assessment {
            OpinionAssessment::Agree => &mut self.agree,
            OpinionAssessment::AgreeWithChanges => &mut self.agree_with_changes,
            OpinionAssessment::Disagree => &mut self.disagree,
        }
    }

    /// How many said this.
    pub const fn count(self, assessment: OpinionAssessment) -> u32 {
        match assessment {
            OpinionAssessment::Agree => self.agree,
            OpinionAssessment::AgreeWithChanges => self.agree_with_changes,
            OpinionAssessment::Disagree => self.disagree,
        }
    }

    /// How many there are.
    pub const fn all(self) -> u32 {
        self.agree + self.agree_with_changes + self.disagree
    }

    /// What more of them say than anything else; none when as many say another thing.
    pub fn majority(self) -> Option<OpinionAssessment> {
        let most = OpinionAssessment::ALL.iter().copied().max_by_key(|one| self.count(*one))?;
        let count = self.count(most);
        let alone = OpinionAssessment::ALL.iter().filter(|one| self.count(**one) == count).count() == 1;
        Some(most).filter(|_| alone && count > 0)
    }

    /// How many say something else than the majority; without one, all of them differ.
    pub fn dissents(self) -> u32 {
        self.all() - self.majority().map_or(0, |most| self.count(most))
    }
}

/// What a conclusion was signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Number, date and signatory.
    #[serde(flatten)]
    pub letter: Letter,
    /// In whose name it is signed, line by line.
    #[serde(default)]
    pub authority: Vec<String>,
}

/// A version of a conclusion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct ConclusionRow {
    pub id: Uuid,
    /// That of the consultation after the last write: no two drafts share one.
    pub version: i64,
    pub consultation_id: Uuid,
    pub number: i32,
    pub content: Content,
    pub corrects: Option<Uuid>,
    pub correction_reason: Option<String>,
    pub report: Option<Report>,
    pub signed_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// The version that went out last.
pub fn last_delivered(rows: &[ConclusionRow]) -> Option<&ConclusionRow> {
    rows.iter().rfind(|row| row.delivered_at.is_some())
}

/// What the asker said to a recommendation of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct ReplyRow {
    pub id: Uuid,
    pub consultation_id: Uuid,
    pub conclusion_id: Uuid,
    pub recommendation: i32,
    pub outcome: RecommendationOutcome,
    pub reason: Option<String>,
    pub document: Letter,
    /// The day a correction asked this anew; none where the report asked it.
    pub asked_anew_on: Option<NaiveDate>,
    pub at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
    pub actor_role: Option<String>,
}

/// How somebody of the panel did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct EvaluationRow {
    pub member_id: Uuid,
    pub consultation_id: Uuid,
    pub expert_id: Uuid,
    pub quality: i16,
    pub timeliness: i16,
    pub remark: Option<String>,
    pub at: DateTime<Utc>,
    pub actor_id: Option<Uuid>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_more_than_any_other_and_all_others_dissent() {
        use OpinionAssessment::{Agree, AgreeWithChanges, Disagree};
        for (counts, majority, dissents) in [
            ((0, 0, 0), None, 0),
            ((3, 0, 0), Some(Agree), 0),
            ((2, 1, 0), Some(Agree), 1),
            ((1, 3, 1), Some(AgreeWithChanges), 2),
            ((2, 1, 2), None, 5),
            ((1, 1, 1), None, 3),
            ((0, 1, 4), Some(Disagree), 1),
        ] {
            let tally = Tally { agree: counts.0, agree_with_changes: counts.1, disagree: counts.2 };
            assert_eq!((tally.majority(), tally.dissents()), (majority, dissents), "{counts:?}");
        }
    }

    #[test]
    fn a_report_is_kept_as_one_document() {
        let kept = serde_json::json!({"number": "12/BC-LHH", "date": "2026-03-09", "issuer": null, "signatory": "Trần Văn Mẫu"});
        let report: Report = serde_json::from_value(kept).unwrap();
        assert_eq!((report.letter.number.as_str(), report.authority.len()), ("12/BC-LHH", 0));
        assert_eq!(serde_json::to_value(&report).unwrap()["number"], "12/BC-LHH");
    }
}
