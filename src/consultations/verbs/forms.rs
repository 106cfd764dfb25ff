//! What the verbs come with.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::consultations::conclusion::ReplyForm;
use crate::consultations::words::{DeclineReason, Urgency};
use crate::kernel::document::DocumentForm;
use crate::kernel::patch::Change;

/// All that a verb may come with; each form fills its part.
#[derive(Debug, Default)]
pub struct Said {
    pub reason: Option<String>,
    pub code: Option<DeclineReason>,
    pub document: Option<DocumentForm>,
    pub missing: Vec<String>,
    pub resume_on: Option<NaiveDate>,
    pub acceptance: Option<AcceptanceForm>,
    pub schedule: Option<RescheduleForm>,
    pub replies: Vec<ReplyForm>,
    pub decision: Option<DocumentForm>,
}

/// A remark, where there is something to say.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"reason": "Đã đủ hồ sơ"}))]
pub struct RemarkForm {
    /// Why, or what is to be said; the asker reads it.
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

impl From<RemarkForm> for Said {
    fn from(form: RemarkForm) -> Self {
        Self { reason: form.reason, ..Self::default() }
    }
}

/// Why, and the document it is done by.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"reason": "Cơ quan đề nghị dừng để chỉnh lý đề án"}))]
pub struct ReasonedForm {
    /// Why; only a draft is withdrawn without a word.
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// The letter, if there is one.
    document: Option<DocumentForm>,
}

impl From<ReasonedForm> for Said {
    fn from(form: ReasonedForm) -> Self {
        Self { reason: form.reason, document: form.document, ..Self::default() }
    }
}

/// The document something is done by.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"document": {"number": "12/QĐ-LHH", "date": "2026-03-09", "signatory": "Trần Văn Mẫu"}}))]
pub struct DocumentedForm {
    /// Number, date, who signed it.
    document: DocumentForm,
    /// A remark, which the asker reads.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

impl From<DocumentedForm> for Said {
    fn from(form: DocumentedForm) -> Self {
        Self { reason: form.reason, document: Some(form.document), ..Self::default() }
    }
}

/// That the report goes out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"document": {"number": "12/BC-LHH", "date": "2026-03-09"}}))]
pub struct DeliveryForm {
    /// The report, if it is named: the one that was signed.
    document: Option<DocumentForm>,
    /// A remark, which the asker reads.
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

impl From<DeliveryForm> for Said {
    fn from(form: DeliveryForm) -> Self {
        Self { reason: form.reason, document: form.document, ..Self::default() }
    }
}

/// What the asker says to the report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "document": {"number": "77/SNNMT-KL", "date": "2026-03-20", "signatory": "Nguyễn Văn Mẫu"},
    "replies": [
        {"recommendation": 1, "outcome": "adopted"},
        {"recommendation": 2, "outcome": "not_adopted", "reason": "Trái quy hoạch đã duyệt"}
    ]
}))]
pub struct ResponseForm {
    /// The letter.
    document: DocumentForm,
    /// What becomes of each recommendation of the last version that went out.
    #[serde(default)]
    #[schema(max_items = 100)]
    replies: Vec<ReplyForm>,
    /// A remark.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

impl From<ResponseForm> for Said {
    fn from(form: ResponseForm) -> Self {
        let ResponseForm { document, replies, reason } = form;
        Self { reason, document: Some(document), replies, ..Self::default() }
    }
}

/// With what a file is archived.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"decision": {"number": "412/QĐ-UBND", "date": "2026-05-04"}}))]
pub struct ClosureForm {
    /// The decision that was made in the end: number and date.
    decision: Option<DocumentForm>,
    /// Why there is none known, or no reply; otherwise a remark. The asker reads it.
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

impl From<ClosureForm> for Said {
    fn from(form: ClosureForm) -> Self {
        Self { reason: form.reason, decision: form.decision, ..Self::default() }
    }
}

/// What is missing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"missing": ["Bản thuyết minh nguồn vốn", "Công văn chưa có chữ ký"]}))]
pub struct CompletionForm {
    /// Item by item.
    #[schema(min_items = 1, max_items = 30)]
    missing: Vec<String>,
    /// A remark, which the asker reads.
    #[serde(default)]
    #[schema(max_length = 2000)]
    reason: Option<String>,
}

impl From<CompletionForm> for Said {
    fn from(form: CompletionForm) -> Self {
        Self { reason: form.reason, missing: form.missing, ..Self::default() }
    }
}

/// As what a request is taken on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"fields": ["404"], "urgency": "normal"}))]
pub struct AcceptanceForm {
    /// Codes of fields of science; those of the request by default.
    #[schema(max_items = 20)]
    pub fields: Option<Vec<String>>,
    /// Who of the Union is in charge: the id of an account; who accepts it by default.
    pub lead: Option<Uuid>,
    /// How soon it is needed; as the asker says by default.
    pub urgency: Option<Urgency>,
    /// The deadline that was agreed instead of the usual one.
    pub deadline: Option<NaiveDate>,
    /// That there is little time before the decision, and it is taken on all the same.
    pub short_time: bool,
    /// A remark, which the asker reads.
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

impl From<AcceptanceForm> for Said {
    fn from(form: AcceptanceForm) -> Self {
        Self { reason: form.reason.clone(), acceptance: Some(form), ..Self::default() }
    }
}

/// Why a request is declined.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "too_little_time", "reason": "Còn 3 ngày làm việc trước khi UBND tỉnh quyết định"}))]
pub struct DeclineForm {
    /// The reason, from the list.
    code: DeclineReason,
    /// The reason in words, which the asker reads.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The letter of reply.
    #[serde(default)]
    document: Option<DocumentForm>,
}

impl From<DeclineForm> for Said {
    fn from(form: DeclineForm) -> Self {
        Self { reason: Some(form.reason), code: Some(form.code), document: form.document, ..Self::default() }
    }
}

/// What is agreed anew, and why. Absent keeps.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"deadline": "2030-03-01", "reason": "Hai bên thống nhất", "document": {"number": "31/SNNMT-KL"}}))]
pub struct RescheduleForm {
    /// The deadline that is agreed; `null` for the usual one.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub deadline: Change<NaiveDate>,
    /// The day on which the authority means to decide now.
    #[serde(default)]
    pub decision_on: Option<NaiveDate>,
    /// How soon it is needed.
    #[serde(default)]
    pub urgency: Option<Urgency>,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The letter, if there is one.
    #[serde(default)]
    document: Option<DocumentForm>,
}

impl From<RescheduleForm> for Said {
    fn from(form: RescheduleForm) -> Self {
        let (reason, document) = (Some(form.reason.clone()), form.document.clone());
        Self { reason, document, schedule: Some(form), ..Self::default() }
    }
}

/// Why the clock is stopped.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Chờ số liệu kiểm kê rừng", "resume_on": "2030-03-02"}))]
pub struct SuspensionForm {
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The day it is expected to go on.
    #[serde(default)]
    resume_on: Option<NaiveDate>,
    /// The letter, if there is one.
    #[serde(default)]
    document: Option<DocumentForm>,
}

impl From<SuspensionForm> for Said {
    fn from(form: SuspensionForm) -> Self {
        let SuspensionForm { reason, resume_on, document } = form;
        Self { reason: Some(reason), resume_on, document, ..Self::default() }
    }
}
