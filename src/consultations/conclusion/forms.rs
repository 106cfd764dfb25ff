//! What is sent about conclusions, and how it is read.

use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{ConclusionAnswer, Content, Recommendation, Remark};
use super::recommendations::numbered;
use crate::consultations::reader::Reader;
use crate::consultations::words::RecommendationOutcome;
use crate::kernel::document::DocumentForm;
use crate::say;

/// Most items of a list, and most letters of a text that opinions may fill.
const MOST: usize = 100;
const LONGEST: usize = 200_000;

/// A recommendation of a draft.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Bổ sung phương án cân đối vốn giai đoạn 2"}))]
pub struct RecommendationForm {
    /// In a correction: the number of one that went out and is kept. New ones have none and get the next.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub number: Option<i32>,
    /// What is recommended.
    #[schema(min_length = 1, max_length = 5000)]
    pub text: String,
    /// In a correction: that it is taken back, as if it were left out.
    #[serde(default)]
    pub withdrawn: bool,
}

/// A draft as the office writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "basis": ["Căn cứ Công văn số 215/SNNMT-KL ngày 02/03/2026"],
    "summary": "Đề án phù hợp với điều kiện của tỉnh nếu chỉnh sửa phần vốn.",
    "agreements": [{"part": "Mục 1", "text": "Mục tiêu rõ."}],
    "disagreements": [{"part": "Mục 3", "text": "Nguồn vốn chưa khả thi."}],
    "alternatives": ["Chia hai giai đoạn"],
    "majority": "Đa số tán thành với điều kiện chỉnh sửa.",
    "minority": ["Một ý kiến không tán thành vì chưa có vốn."],
    "recommendations": [{"text": "Bổ sung phương án cân đối vốn"}]
}))]
pub struct ConclusionForm {
    /// What it rests on.
    #[serde(default)]
    #[schema(max_items = 100)]
    basis: Vec<String>,
    /// In short.
    #[serde(default)]
    #[schema(max_length = 200_000)]
    summary: Option<String>,
    /// What is answered to each question; absent keeps what is there.
    #[serde(default)]
    #[schema(max_items = 100)]
    answers: Option<Vec<ConclusionAnswer>>,
    /// What is agreed with, part by part.
    #[serde(default)]
    #[schema(max_items = 100)]
    agreements: Vec<Remark>,
    /// What is not agreed with, part by part.
    #[serde(default)]
    #[schema(max_items = 100)]
    disagreements: Vec<Remark>,
    /// What could be done instead.
    #[serde(default)]
    #[schema(max_items = 100)]
    alternatives: Vec<String>,
    /// What most say.
    #[serde(default)]
    #[schema(max_length = 200_000)]
    majority: Option<String>,
    /// What the others say; not empty when it is signed, as long as somebody differs.
    #[serde(default)]
    #[schema(max_items = 100)]
    minority: Vec<String>,
    /// What is recommended, in its order.
    #[serde(default)]
    #[schema(max_items = 100)]
    recommendations: Vec<RecommendationForm>,
}

impl ConclusionForm {
    /// What it makes of a draft; `before` are the recommendations of the version it corrects, and there are so many questions.
    pub fn read(self, reader: &mut Reader, draft: &Content, before: &[Recommendation], questions: usize) -> Content {
        let long = (MOST, LONGEST);
        let answers = self.answers.map(|answers| read_answers(reader, answers, questions));
        Content {
            basis: reader.texts("/basis", &self.basis, long),
            summary: reader.long("/summary", self.summary.as_deref(), LONGEST),
            answers: answers.unwrap_or_else(|| draft.answers.clone()),
            agreements: read_remarks(reader, "/agreements", &self.agreements),
            disagreements: read_remarks(reader, "/disagreements", &self.disagreements),
            alternatives: reader.texts("/alternatives", &self.alternatives, long),
            majority: reader.long("/majority", self.majority.as_deref(), LONGEST),
            minority: reader.texts("/minority", &self.minority, long),
            recommendations: numbered(reader, before, &self.recommendations),
            members: draft.members.clone(),
            tally: draft.tally,
        }
    }
}

fn read_answers(reader: &mut Reader, answers: Vec<ConclusionAnswer>, questions: usize) -> Vec<ConclusionAnswer> {
    if answers.len() > MOST {
        reader.fault("/answers", "too_many", say!("Tối đa {MOST} mục.", "At most {MOST} items."));
        return Vec::new();
    }
    let mut read: Vec<ConclusionAnswer> = Vec::new();
    for (at, answer) in answers.into_iter().enumerate() {
        let place = format!("/answers/{at}");
        let is_asked = usize::try_from(answer.question).is_ok_and(|number| (1..=questions).contains(&number));
        if !is_asked {
            let detail = say!("Đề nghị có {questions} câu hỏi.", "The request has {questions} questions.");
            reader.fault(&format!("{place}/question"), "unknown_reference", detail);
        } else if read.iter().any(|one| one.question == answer.question) {
            let detail = say!("Câu hỏi này đã có ở trên.", "This question stands above already.");
            reader.fault(&format!("{place}/question"), "duplicate", detail);
        }
        let texts = reader.texts(&format!("{place}/texts"), &answer.texts, (MOST, LONGEST));
        read.push(ConclusionAnswer { question: answer.question, texts });
    }
    read.sort_by_key(|answer| answer.question);
    read
}

fn read_remarks(reader: &mut Reader, pointer: &str, remarks: &[Remark]) -> Vec<Remark> {
    if remarks.len() > MOST {
        reader.fault(pointer, "too_many", say!("Tối đa {MOST} mục.", "At most {MOST} items."));
        return Vec::new();
    }
    let mut read = Vec::new();
    for (at, remark) in remarks.iter().enumerate() {
        let part = reader.line(&format!("{pointer}/{at}/part"), remark.part.as_deref());
        let text = reader.needed_text(&format!("{pointer}/{at}/text"), &remark.text);
        read.push(Remark { part, text });
    }
    read
}

/// With what a conclusion is signed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "document": {"number": "12/BC-LHH", "date": "2026-03-09", "signatory": "Trần Văn Mẫu"},
    "authority": ["TM. BAN THƯỜNG VỤ", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"]
}))]
pub struct SignatureForm {
    /// Number, date and signatory of the report, all of them.
    pub document: DocumentForm,
    /// In whose name it is signed, line by line; for the standing board by its chair unless it is said.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub authority: Vec<String>,
}

/// Why a report is corrected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Kiến nghị 2 ghi nhầm diện tích"}))]
pub struct CorrectionForm {
    /// Why; the asker reads it.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// What the asker makes of a recommendation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"recommendation": 2, "outcome": "partly_adopted", "reason": "Chỉ áp dụng từ giai đoạn 2"}))]
pub struct ReplyForm {
    /// The number of the recommendation.
    #[schema(minimum = 1)]
    pub recommendation: i32,
    /// What becomes of it.
    pub outcome: RecommendationOutcome,
    /// Why; required unless it is adopted.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

/// What the asker says to a correction.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "document": {"number": "88/SNNMT-KL", "date": "2026-04-02", "signatory": "Nguyễn Văn Mẫu"},
    "replies": [{"recommendation": 4, "outcome": "adopted"}]
}))]
pub struct AdoptionForm {
    /// The asker's letter.
    pub document: DocumentForm,
    /// What becomes of recommendations that are new or were changed.
    #[schema(min_items = 1, max_items = 100)]
    pub replies: Vec<ReplyForm>,
}

/// How an expert of the panel did.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quality": 5, "timeliness": 4, "remark": "Ý kiến có căn cứ, nêu phương án thay thế"}))]
pub struct EvaluationForm {
    /// How good the opinion was, 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub quality: i16,
    /// How well times were kept, 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub timeliness: i16,
    /// A remark, for the Union.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub remark: Option<String>,
}
