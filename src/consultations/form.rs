//! Requests as forms give them: a new one, and a merge patch. A new one is a patch of an empty one, so that both keep one set of
//! rules.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Contact, Funding};
use super::words::{ConsultationKind, ConsultationObject, ConsultationOrigin, Urgency};
use crate::kernel::document::DocumentForm;
use crate::kernel::patch::Change;

/// An authority or a drafter: a body of the register, or a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"name": "UBND tỉnh"}))]
pub struct DecidingAuthorityForm {
    /// Id or code of the body in the register of organisations.
    pub organisation: Option<String>,
    /// Its name, where it is not in the register.
    #[schema(max_length = 300)]
    pub name: Option<String>,
}

/// Somebody who drafted what is to be judged: an expert of the bank, a body of the register, or a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"name": "Trung tâm Quy hoạch (minh họa)", "organisation": "SNNMT-DEMO"}))]
pub struct DrafterForm {
    /// Id or code of the expert.
    pub expert: Option<String>,
    /// Id or code of the organisation; of a person, where they work.
    pub organisation: Option<String>,
    /// Name; that of the record by default.
    #[schema(max_length = 300)]
    pub name: Option<String>,
}

/// A new request. A draft needs a kind and a title; what else must be there is asked for when it is sent in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "critical_review",
    "title": "Phản biện Đề án phát triển rừng gỗ lớn giai đoạn 2026–2030",
    "summary": "Đề án do Sở xây dựng, trình UBND tỉnh.",
    "object": "scheme",
    "deciding_authority": {"name": "UBND tỉnh"},
    "questions": ["Mục tiêu có phù hợp với quỹ đất hiện có?", "Nguồn vốn có khả thi?"],
    "fields": ["404"],
    "letter": {"number": "215/SNNMT-KL", "date": "2026-03-02", "signatory": "Nguyễn Văn Mẫu"},
    "decision_on": "2030-06-30",
    "urgency": "normal",
    "contact": {"name": "Ma Thị Mẫu", "phone": "0207 3822 000"},
    "funding": {"source": "asker", "amount_vnd": 45000000},
    "drafters": [{"name": "Phòng Kế hoạch"}],
    "no_state_secrets": true
}))]
pub struct NewConsultation {
    /// What is asked for.
    pub kind: ConsultationKind,
    /// How it came about; only a leader of the Union begins one by itself, and it starts `accepted`.
    #[serde(default = "ordered")]
    #[schema(value_type = Option<ConsultationOrigin>)]
    pub origin: ConsultationOrigin,
    /// Who asks, by id or code: for the Union, which enters what came on paper, or the addressee of what it begins itself. An
    /// agency asks for itself.
    #[schema(example = json!(null))]
    pub asker: Option<String>,
    /// Title.
    #[schema(min_length = 1, max_length = 300)]
    pub title: String,
    /// Summary.
    #[schema(max_length = 5000)]
    pub summary: Option<String>,
    /// What it is about.
    pub object: Option<ConsultationObject>,
    /// Who decides.
    pub deciding_authority: Option<DecidingAuthorityForm>,
    /// What to answer, in this order.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub questions: Vec<String>,
    /// Codes of fields of science, with their scheme where that is not the default.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub fields: Vec<String>,
    /// The official letter: number, date and who signed it.
    pub letter: Option<DocumentForm>,
    /// The day on which the authority means to decide: the result is worth nothing after it.
    pub decision_on: Option<NaiveDate>,
    /// The day by which the report is wanted.
    pub wanted_by: Option<NaiveDate>,
    /// How soon it is needed.
    #[schema(value_type = Option<Urgency>)]
    #[serde(default = "normal")]
    pub urgency: Urgency,
    /// Whom to ask; the asker and the Union alone read it.
    pub contact: Option<Contact>,
    /// Who is proposed to pay.
    pub funding: Option<Funding>,
    /// Who drafted it: they don't judge it.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub drafters: Vec<DrafterForm>,
    /// Of what the Union begins itself: that there is little time before the decision, and it is begun all the same.
    #[serde(default)]
    pub short_time: bool,
    /// That nothing in the request and its files is a state secret, which does not belong in this system. Without that word it
    /// can't be sent in.
    #[serde(default)]
    pub no_state_secrets: bool,
}

const fn ordered() -> ConsultationOrigin {
    ConsultationOrigin::Ordered
}

const fn normal() -> Urgency {
    Urgency::Normal
}

/// Changes, as a merge patch: absent keeps, `null` clears, a list is replaced whole. The asker changes a draft or what is to be
/// completed; the Union the fields, who is in charge and, before it is accepted, the urgency. `reschedule` changes the days of what was
/// accepted.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"questions": ["Mục tiêu có phù hợp với quỹ đất hiện có?"]}))]
pub struct ConsultationPatch {
    /// What is asked for.
    #[serde(default)]
    #[schema(value_type = Option<ConsultationKind>)]
    pub kind: Change<ConsultationKind>,
    /// How it came about: `ordered` or `assigned`.
    #[serde(default)]
    #[schema(value_type = Option<ConsultationOrigin>)]
    pub origin: Change<ConsultationOrigin>,
    /// Title.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 300)]
    pub title: Change<String>,
    /// Summary.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 5000)]
    pub summary: Change<String>,
    /// What it is about.
    #[serde(default)]
    #[schema(value_type = Option<ConsultationObject>)]
    pub object: Change<ConsultationObject>,
    /// Who decides.
    #[serde(default)]
    #[schema(value_type = Option<DecidingAuthorityForm>)]
    pub deciding_authority: Change<DecidingAuthorityForm>,
    /// What to answer.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 30)]
    pub questions: Change<Vec<String>>,
    /// Codes of fields of science.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    pub fields: Change<Vec<String>>,
    /// The official letter.
    #[serde(default)]
    #[schema(value_type = Option<DocumentForm>)]
    pub letter: Change<DocumentForm>,
    /// The day on which the authority means to decide.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub decision_on: Change<NaiveDate>,
    /// The day by which the report is wanted.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    pub wanted_by: Change<NaiveDate>,
    /// How soon it is needed.
    #[serde(default)]
    #[schema(value_type = Option<Urgency>)]
    pub urgency: Change<Urgency>,
    /// Whom to ask.
    #[serde(default)]
    #[schema(value_type = Option<Contact>)]
    pub contact: Change<Contact>,
    /// Who is proposed to pay.
    #[serde(default)]
    #[schema(value_type = Option<Funding>)]
    pub funding: Change<Funding>,
    /// Who drafted it.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DrafterForm>>, max_items = 50)]
    pub drafters: Change<Vec<DrafterForm>>,
    /// That nothing in it is a state secret.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub no_state_secrets: Change<bool>,
    /// Who of the Union is in charge: the id of an account.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    pub lead: Change<Uuid>,
}

fn set<T>(value: Option<T>) -> Change<T> {
    value.map_or(Change::Keep, Change::Set)
}

impl From<NewConsultation> for ConsultationPatch {
    fn from(form: NewConsultation) -> Self {
        Self {
            kind: Change::Set(form.kind),
            title: Change::Set(form.title),
            summary: set(form.summary),
            object: set(form.object),
            deciding_authority: set(form.deciding_authority),
            questions: Change::Set(form.questions),
            fields: Change::Set(form.fields),
            letter: set(form.letter),
            decision_on: set(form.decision_on),
            wanted_by: set(form.wanted_by),
            urgency: Change::Set(form.urgency),
            contact: set(form.contact),
            funding: set(form.funding),
            drafters: Change::Set(form.drafters),
            no_state_secrets: Change::Set(form.no_state_secrets),
            // the origin decides how it begins
            origin: Change::Keep,
            lead: Change::Keep,
        }
    }
}

/// What the asker changes.
pub const ASKERS: [&str; 16] = [
    "kind",
    "origin",
    "title",
    "summary",
    "object",
    "deciding_authority",
    "questions",
    "fields",
    "letter",
    "decision_on",
    "wanted_by",
    "urgency",
    "contact",
    "funding",
    "drafters",
    "no_state_secrets",
];

/// What the Union changes of what an asker sent in.
pub const UNIONS: [&str; 3] = ["fields", "urgency", "lead"];

/// What its number and its deadline rest on: it stays as it was accepted, and `reschedule` changes the days.
pub const PROMISED: [&str; 4] = ["kind", "origin", "urgency", "decision_on"];

impl ConsultationPatch {
    /// The members that are named.
    pub fn named(&self) -> BTreeSet<&'static str> {
        [
            ("kind", self.kind.is_keep()),
            ("origin", self.origin.is_keep()),
            ("title", self.title.is_keep()),
            ("summary", self.summary.is_keep()),
            ("object", self.object.is_keep()),
            ("deciding_authority", self.deciding_authority.is_keep()),
            ("questions", self.questions.is_keep()),
            ("fields", self.fields.is_keep()),
            ("letter", self.letter.is_keep()),
            ("decision_on", self.decision_on.is_keep()),
            ("wanted_by", self.wanted_by.is_keep()),
            ("urgency", self.urgency.is_keep()),
            ("contact", self.contact.is_keep()),
            ("funding", self.funding.is_keep()),
            ("drafters", self.drafters.is_keep()),
            ("no_state_secrets", self.no_state_secrets.is_keep()),
            ("lead", self.lead.is_keep()),
        ]
        .into_iter()
        .filter(|(_, is_keep)| !is_keep)
        .map(|(name, _)| name)
        .collect()
    }

    /// The bodies it names, by id or code.
    pub fn organisations(&self) -> impl Iterator<Item = &str> {
        let authority = match &self.deciding_authority {
            Change::Set(form) => form.organisation.as_deref(),
            _ => None,
        };
        authority.into_iter().chain(self.drafter_forms().filter_map(|form| form.organisation.as_deref()))
    }

    /// The experts it names, by id or code.
    pub fn experts(&self) -> impl Iterator<Item = &str> {
        self.drafter_forms().filter_map(|form| form.expert.as_deref())
    }

    fn drafter_forms(&self) -> impl Iterator<Item = &DrafterForm> {
        let forms = match &self.drafters {
            Change::Set(forms) => forms.as_slice(),
            _ => &[],
        };
        // a list that is too long is refused anyway
        forms.iter().take(MAX_DRAFTERS)
    }
}

/// Most questions, fields and drafters.
pub const MAX_QUESTIONS: usize = 30;
/// Most fields.
pub const MAX_FIELDS: usize = 20;
/// Most drafters.
pub const MAX_DRAFTERS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_patch_knows_what_it_names_and_every_member_is_somebodys() {
        let all: serde_json::Map<String, serde_json::Value> =
            ASKERS.iter().chain(&UNIONS).map(|name| ((*name).to_owned(), json!(null))).collect();
        let patch: ConsultationPatch = serde_json::from_value(all.clone().into()).unwrap();
        let named: Vec<&str> = patch.named().into_iter().collect();
        let expected: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(named.len(), 17);
        assert!(expected.iter().all(|name| named.contains(name)));
        let one: ConsultationPatch = serde_json::from_value(json!({ "title": "Mới" })).unwrap();
        assert_eq!(one.named().into_iter().collect::<Vec<_>>(), ["title"]);
        assert!(serde_json::from_value::<ConsultationPatch>(json!({ "state": "accepted" })).is_err());
        assert!(serde_json::from_value::<ConsultationPatch>(json!({ "asker": "SYT" })).is_err());
    }

    #[test]
    fn a_new_one_is_a_patch_of_nothing() {
        let form: NewConsultation = serde_json::from_value(json!({ "kind": "consultation", "title": "Một" })).unwrap();
        assert_eq!((form.origin, form.urgency), (ConsultationOrigin::Ordered, Urgency::Normal));
        let named: Vec<&str> = ConsultationPatch::from(form).named().into_iter().collect();
        assert_eq!(named, ["drafters", "fields", "kind", "no_state_secrets", "questions", "title", "urgency"]);
    }
}
