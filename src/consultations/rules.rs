//! The rules of a request beside its states: what a patch makes of it, what must be there to send it in, which days are possible.
//! Pure: what must be looked up is given.

mod days;

pub use days::{agreed, check_time, reschedule};

use std::collections::{HashMap, HashSet};

use chrono::{Datelike, NaiveDate};
use uuid::Uuid;

use self::days::{check_wanted, put_days};
use super::calendar::Calendar;
use super::form::{
    ASKERS, ConsultationPatch, DecidingAuthorityForm, DrafterForm, MAX_DRAFTERS, MAX_FIELDS, MAX_QUESTIONS, PROMISED,
    UNIONS,
};
use super::model::{Case, Contact, DrafterRow, FieldCode, Letter, Row};
use super::reader::Reader;
use super::settings::Limits;
use super::state::Hands;
use super::words::{AttachmentKind, ConsultationOrigin, ConsultationState, Urgency};
use crate::fields::coded;
use crate::kernel::document::DocumentForm;
use crate::kernel::document_number::DocumentNumber;
use crate::kernel::id::new_id;
use crate::kernel::patch::Change;
use crate::kernel::problem::{Answer, Problem, Say};
use crate::kernel::text::fold;
use crate::say;

/// What a form names and what that is: bodies and experts by what was typed, and all codes of fields.
#[derive(Debug, Default)]
pub struct Known {
    /// Id and name.
    pub organisations: HashMap<String, (Uuid, String)>,
    /// Ids, of those the caller may know of.
    pub experts: HashMap<String, Uuid>,
    /// Scheme and code.
    pub fields: HashSet<(String, String)>,
}

/// By what days are reckoned.
pub struct Reckoning {
    /// Which days are worked.
    pub calendar: Calendar,
    /// How long steps may take.
    pub limits: Limits,
    /// Today.
    pub today: NaiveDate,
}

/// What a patch makes of a request.
#[derive(Debug)]
pub struct Changed {
    /// The row.
    pub row: Row,
    /// The fields, where they change.
    pub fields: Option<Vec<FieldCode>>,
    /// The drafters, where they change.
    pub drafters: Option<Vec<DrafterRow>>,
    /// The contact person, where that changes.
    pub contact: Change<Contact>,
}

/// The members a caller may change as things stand.
pub fn editable(case: &Case, hands: Hands) -> Vec<&'static str> {
    let state = case.row.state;
    let begun_here = case.row.origin == ConsultationOrigin::SelfInitiated;
    let works_here = hands.officer || hands.leader;
    let is_open = matches!(state, ConsultationState::Draft | ConsultationState::NeedsCompletion);
    let is_worked_on = !state.is_over() && state != ConsultationState::Draft;
    let is_promised = case.row.register_number.is_some();
    let mut members: Vec<&str> = Vec::new();
    if (is_open && hands.asker) || (begun_here && state == ConsultationState::Accepted && works_here) {
        members.extend(ASKERS);
    }
    if is_worked_on && works_here {
        members.extend(UNIONS);
    }
    members.retain(|name| !is_promised || !PROMISED.contains(name));
    members.sort_unstable();
    members.dedup();
    members
}

/// Applies a patch. Faults of days are those of what it names: what was there before is answered for when it is sent in.
pub fn apply(reader: &mut Reader, patch: ConsultationPatch, mut row: Row, known: &Known, on: &Reckoning) -> Changed {
    let named = patch.named();
    row.kind = required(reader, "/kind", patch.kind, row.kind);
    row.origin = origin(reader, patch.origin, row.origin);
    row.title = match patch.title {
        Change::Keep => row.title,
        Change::Clear => reader.needed("/title", None),
        Change::Set(title) => reader.needed("/title", Some(&title)),
    };
    row.summary = match patch.summary {
        Change::Keep => row.summary,
        Change::Clear => None,
        Change::Set(text) => reader.text("/summary", Some(&text)),
    };
    row.object = patch.object.apply(row.object);
    (row.authority_id, row.authority_name) = match patch.deciding_authority {
        Change::Keep => (row.authority_id, row.authority_name),
        Change::Clear => (None, None),
        Change::Set(form) => authority(reader, &form, known),
    };
    row.questions = match patch.questions {
        Change::Keep => row.questions,
        Change::Clear => Vec::new(),
        Change::Set(list) => reader.list("/questions", &list, MAX_QUESTIONS),
    };
    if let Some(letter) = changed(patch.letter) {
        put_letter(&mut row, letter.and_then(|form: DocumentForm| reader.paper("/letter", Some(form), on.today)));
    }
    row.urgency = match patch.urgency {
        Change::Keep => row.urgency,
        Change::Clear => Urgency::Normal,
        Change::Set(urgency) => urgency,
    };
    row.funding = match patch.funding {
        Change::Keep => row.funding,
        Change::Clear => None,
        Change::Set(funding) => Some(reader.funding(funding)),
    };
    row.no_state_secrets = match patch.no_state_secrets {
        Change::Keep => row.no_state_secrets,
        Change::Clear => false,
        Change::Set(said) => said,
    };
    row.lead_id = patch.lead.apply(row.lead_id);
    put_days(reader, &mut row, (patch.decision_on, patch.wanted_by), on);
    let is_asked = matches!(row.state, ConsultationState::Draft | ConsultationState::NeedsCompletion);
    if is_asked && ["wanted_by", "urgency", "decision_on"].iter().any(|name| named.contains(name)) {
        check_wanted(reader, &row, on);
    }
    let fields = changed(patch.fields).map(|list| fields(reader, &list.unwrap_or_default(), known));
    let id = row.id;
    let drafters = changed(patch.drafters).map(|list| drafters(reader, id, &list.unwrap_or_default(), known));
    let contact = match patch.contact {
        Change::Set(contact) => Change::Set(reader.contact(&contact)),
        other => other,
    };
    Changed { row, fields, drafters, contact }
}

/// What a member becomes, where it is named: nothing, or a value.
fn changed<T>(change: Change<T>) -> Option<Option<T>> {
    match change {
        Change::Keep => None,
        Change::Clear => Some(None),
        Change::Set(value) => Some(Some(value)),
    }
}

fn required<T>(reader: &mut Reader, pointer: &str, change: Change<T>, old: T) -> T {
    match change {
        Change::Keep => old,
        Change::Clear => {
            reader.fault(pointer, "required", say!("Không được để trống.", "It must not be blank."));
            old
        }
        Change::Set(value) => value,
    }
}

fn origin(reader: &mut Reader, change: Change<ConsultationOrigin>, old: ConsultationOrigin) -> ConsultationOrigin {
    let new = required(reader, "/origin", change, old);
    if new != old && [new, old].contains(&ConsultationOrigin::SelfInitiated) {
        let detail = say!(
            "Việc Liên hiệp hội tự đề xuất được lập mới bằng POST, không đổi từ đề nghị đã có.",
            "What the Union begins by itself is entered by a POST of its own, and no other request becomes one.",
        );
        reader.fault("/origin", "fixed", detail);
    }
    new
}

fn put_letter(row: &mut Row, letter: Option<Letter>) {
    row.letter_key = letter.as_ref().map(|letter| DocumentNumber::read(&letter.number).key());
    row.letter_issuer = letter.as_ref().and_then(|letter| letter.issuer.as_deref()).map(fold);
    row.letter_year = letter.as_ref().and_then(|letter| letter.date).map(|date| date.year());
    row.letter = letter;
}

fn unknown_body() -> Say {
    say!("Không có tổ chức này; nêu `name`.", "There is no such organisation; give the `name`.")
}

fn nameless() -> Say {
    say!("Nêu `organisation` hoặc `name`.", "Give `organisation` or `name`.")
}

fn authority(reader: &mut Reader, form: &DecidingAuthorityForm, known: &Known) -> (Option<Uuid>, Option<String>) {
    let name = reader.line("/deciding_authority/name", form.name.as_deref());
    let body = form.organisation.as_deref().map(|key| known.organisations.get(key));
    match body {
        Some(None) => reader.fault("/deciding_authority/organisation", "unknown_reference", unknown_body()),
        None if form.name.as_deref().is_none_or(|name| name.trim().is_empty()) => {
            reader.fault("/deciding_authority", "required", nameless());
        }
        _ => {}
    }
    let body = body.flatten();
    (body.map(|(id, _)| *id), name.or_else(|| body.map(|(_, name)| name.clone())))
}

fn fields(reader: &mut Reader, list: &[String], known: &Known) -> Vec<FieldCode> {
    if list.len() > MAX_FIELDS {
        reader.fault("/fields", "too_many", say!("Tối đa {MAX_FIELDS} lĩnh vực.", "At most {MAX_FIELDS} fields."));
        return Vec::new();
    }
    let mut found: Vec<FieldCode> = Vec::new();
    for (at, text) in list.iter().enumerate() {
        match find_field(text, known) {
            Some(field) if !found.contains(&field) => found.push(field),
            Some(_) => {}
            None => {
                let text: String = text.chars().take(40).collect();
                let detail = say!(
                    "Không có lĩnh vực `{text}`; xem GET /api/v1/fields.",
                    "There is no field `{text}`; see GET /api/v1/fields.",
                );
                reader.fault(&format!("/fields/{at}"), "unknown_code", detail);
            }
        }
    }
    found
}

/// Scheme and code of what was typed.
pub fn find_field(text: &str, known: &Known) -> Option<FieldCode> {
    let (scheme, code) = coded(text.trim());
    let pair = (scheme.to_owned(), code.to_owned());
    known.fields.contains(&pair).then_some(FieldCode { scheme: pair.0, code: pair.1 })
}

fn drafters(reader: &mut Reader, id: Uuid, list: &[DrafterForm], known: &Known) -> Vec<DrafterRow> {
    if list.len() > MAX_DRAFTERS {
        let detail = say!("Tối đa {MAX_DRAFTERS} mục.", "At most {MAX_DRAFTERS} items.");
        reader.fault("/drafters", "too_many", detail);
        return Vec::new();
    }
    let rows = list.iter().zip(0_i16..);
    rows.map(|(form, ordinal)| drafter(reader, id, ordinal, form, known)).collect()
}

fn drafter(reader: &mut Reader, id: Uuid, ordinal: i16, form: &DrafterForm, known: &Known) -> DrafterRow {
    let at = format!("/drafters/{ordinal}");
    let typed = reader.line(&format!("{at}/name"), form.name.as_deref());
    let expert = form.expert.as_deref().map(|key| known.experts.get(key));
    let body = form.organisation.as_deref().map(|key| known.organisations.get(key));
    if expert == Some(None) {
        let detail = say!("Không có chuyên gia này; nêu `name`.", "There is no such expert; give the `name`.");
        reader.fault(&format!("{at}/expert"), "unknown_reference", detail);
    }
    if body == Some(None) {
        reader.fault(&format!("{at}/organisation"), "unknown_reference", unknown_body());
    }
    if expert.is_none() && body.is_none() && form.name.as_deref().is_none_or(|name| name.trim().is_empty()) {
        let detail = say!("Nêu `expert`, `organisation` hoặc `name`.", "Give `expert`, `organisation` or `name`.");
        reader.fault(&at, "required", detail);
    }
    let (expert, body) = (expert.flatten(), body.flatten());
    DrafterRow {
        id: new_id(),
        consultation_id: id,
        ordinal,
        expert_id: expert.copied(),
        organisation_id: body.map(|(id, _)| *id),
        name: typed,
    }
}

/// Who was named before in the same words stays the row they were: what refers to it, and what moved it, still finds it.
pub fn keep_rows(drafters: &mut [DrafterRow], before: &[DrafterRow]) {
    let same = |a: &DrafterRow, b: &DrafterRow| {
        (a.expert_id, a.organisation_id, &a.name) == (b.expert_id, b.organisation_id, &b.name)
    };
    let mut left: Vec<&DrafterRow> = before.iter().collect();
    for drafter in drafters {
        if let Some(at) = left.iter().position(|old| same(old, drafter)) {
            drafter.id = left.swap_remove(at).id;
        }
    }
}

/// What must be there before a request is sent in.
pub fn check_whole(reader: &mut Reader, case: &Case, has_contact: bool, on: &Reckoning) {
    let row = &case.row;
    let mut needs = |is_there: bool, pointer: &str, detail: Say| {
        if !is_there {
            reader.fault(pointer, "required", detail);
        }
    };
    let letter = row.letter.as_ref();
    needs(letter.is_some(), "/letter", say!("Thiếu công văn đề nghị.", "The official letter is missing."));
    if let Some(letter) = letter {
        let detail = say!("Thiếu ngày công văn.", "The date of the letter is missing.");
        needs(letter.date.is_some(), "/letter/date", detail);
        let detail = say!("Thiếu người ký công văn.", "Who signed the letter is missing.");
        needs(letter.signatory.is_some(), "/letter/signatory", detail);
    }
    needs(row.object.is_some(), "/object", say!("Nêu loại đối tượng.", "Say what it is about."));
    needs(row.authority_name.is_some(), "/deciding_authority", say!("Nêu cơ quan quyết định.", "Say who decides."));
    let detail = say!("Nêu ngày dự kiến quyết định.", "Give the planned day of the decision.");
    needs(row.decision_on.is_some(), "/decision_on", detail);
    let detail = say!("Nêu ít nhất một câu hỏi cần trả lời.", "Ask at least one question.");
    needs(!row.questions.is_empty(), "/questions", detail);
    needs(has_contact, "/contact", say!("Nêu người liên hệ.", "Name a contact person."));
    needs(row.funding.is_some(), "/funding", say!("Nêu đề xuất kinh phí.", "Give the funding proposal."));
    let scheme = case.files.iter().any(|file| file.kind == AttachmentKind::Scheme && !file.internal);
    let detail = say!(
        "Đính kèm ít nhất một tệp hồ sơ (kind=scheme).",
        "Attach at least one file of what is to be judged (kind=scheme).",
    );
    needs(scheme, "/attachments", detail);
    needs(row.no_state_secrets, "/no_state_secrets", no_secrets());
    if row.decision_on.is_some() {
        reader.day_after("/decision_on", row.decision_on, on.today);
    }
    if row.wanted_by.is_some() {
        reader.day_after("/wanted_by", row.wanted_by, on.today);
        check_wanted(reader, row, on);
    }
}

/// The note on state secrets.
pub fn no_secrets() -> Say {
    say!(
        "Không đưa bí mật nhà nước vào hệ thống này. Xác nhận `no_state_secrets` trước khi gửi; hồ sơ mật gửi theo đường văn thư mật.",
        "State secrets do not belong in this system. Confirm `no_state_secrets` before sending it in; secret files go by the secret post.",
    )
}

/// Refuses members a caller may not change now.
///
/// # Errors
/// 409 that names them and says what may be changed.
pub fn check_editable(case: &Case, hands: Hands, patch: &ConsultationPatch) -> Answer<()> {
    let open = editable(case, hands);
    let shut: Vec<&str> = patch.named().into_iter().filter(|name| !open.contains(name)).collect();
    if shut.is_empty() {
        return Ok(());
    }
    let (state, open) = (case.row.state.as_str(), open.join(", "));
    let detail = if open.is_empty() {
        say!("Ở trạng thái `{state}` không sửa được gì.", "Nothing can be changed in the state `{state}`.")
    } else {
        say!("Ở trạng thái `{state}` chỉ sửa được: {open}.", "In the state `{state}` you may change only: {open}.")
    };
    let code = crate::kernel::problem::Code::Conflict;
    Err(shut.iter().fold(Problem::new(code).detail(detail.clone()), |problem, name| {
        problem.and_field(format!("/{name}"), "not_now", detail.clone())
    }))
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
