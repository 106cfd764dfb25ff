//! What an opinion needs before it is handed in, and when enough of them are in. No SQL, no HTTP.

use super::model::{AnswerText, OpinionRow};
use crate::consultations::panel::may_sit;
use crate::consultations::panel::model::Lack;
use crate::consultations::reader::Reader;
use crate::consultations::words::{ConflictOutcome, OpinionState, PanelMemberState};
use crate::say;

/// What may be done with an opinion by who may write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// It is written, and files are attached.
    Write,
    /// It is handed in.
    Submit,
    /// It is opened again.
    Reopen,
}

impl Act {
    /// As the API names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Submit => "submit",
            Self::Reopen => "reopen",
        }
    }
}

/// What may be done with an opinion of somebody who accepted, while the experts are at work; `None` where nothing was written yet.
pub const fn acts(state: Option<OpinionState>) -> &'static [Act] {
    match state {
        None => &[Act::Write],
        Some(OpinionState::Draft) => &[Act::Write, Act::Submit],
        Some(OpinionState::Submitted) => &[Act::Reopen],
    }
}

/// Whether an opinion that was handed in counts.
pub const fn counts(state: PanelMemberState, outcome: ConflictOutcome) -> bool {
    matches!(state, PanelMemberState::Accepted) && may_sit(outcome)
}

/// The questions without an answer.
pub fn unanswered(answers: &[AnswerText], questions: usize) -> Vec<usize> {
    let is_answered = |number: &usize| answers.iter().any(|answer| usize::try_from(answer.question) == Ok(*number));
    (1..=questions).filter(|number| !is_answered(number)).collect()
}

/// That an opinion can be handed in.
pub fn check_whole(reader: &mut Reader, row: &OpinionRow, questions: usize) {
    if row.declaration.is_none() {
        let detail = say!("Khai báo xung đột lợi ích trước.", "Declare conflicts of interest first.");
        reader.fault("/declaration", "required", detail);
    }
    if row.assessment.is_none() {
        let detail = say!(
            "Nêu đánh giá chung: `agree`, `agree_with_changes` hoặc `disagree`.",
            "Give the assessment: `agree`, `agree_with_changes` or `disagree`."
        );
        reader.fault("/assessment", "required", detail);
    }
    let left = unanswered(&row.answers, questions);
    if row.body.is_some() || left.is_empty() && questions > 0 {
        return;
    }
    if left.is_empty() {
        reader.fault("/body", "required", say!("Nêu ý kiến.", "Write the opinion."));
        return;
    }
    let left: Vec<String> = left.iter().map(usize::to_string).collect();
    let left = left.join(", ");
    let detail = say!(
        "Chưa trả lời câu hỏi {left}: trả lời từng câu, hoặc nêu ý kiến chung (`body`).",
        "Question {left} has no answer: answer each one, or write one opinion on the whole (`body`)."
    );
    reader.fault("/answers", "required", detail);
}

/// What opinions lack before it is concluded: so many that were handed in count of the `fewest` a panel has; these people said nothing,
/// which is waived by a reason.
pub fn lacks(counting: usize, silent: &[String], fewest: usize, is_waived: bool) -> Vec<Lack> {
    let mut lacks = Vec::new();
    if counting < fewest {
        let missing = fewest - counting;
        lacks.push(Lack {
            code: "too_few",
            detail: say!(
                "Có {counting} ý kiến được tính, cần ít nhất {fewest}: thêm {missing}.",
                "{counting} opinions count, at least {fewest} are needed: {missing} more."
            ),
        });
    }
    if !silent.is_empty() && !is_waived {
        let names = silent.join(", ");
        lacks.push(Lack {
            code: "missing",
            detail: say!(
                "Chưa có ý kiến của: {names}. Chờ, hoặc nêu lý do (`reason`) không chờ nữa.",
                "No opinion yet of: {names}. Wait for it, or say why it is not waited for (`reason`)."
            ),
        });
    }
    lacks
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
