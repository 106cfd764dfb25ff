//! A step of the table: looked up, its needs checked, written with its move and event in one transaction.

use actix_web::HttpRequest;
use chrono::{Datelike, NaiveDate};
use serde_json::json;

use super::forms::{AcceptanceForm, Said};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Policy;
use crate::audit::event::Event;
use crate::consultations::conclusion::Concluded;
use crate::consultations::file::{answer, check_lead};
use crate::consultations::form::{ConsultationPatch, MAX_QUESTIONS};
use crate::consultations::invitations;
use crate::consultations::model::{FieldCode, Letter, Row};
use crate::consultations::opinions;
use crate::consultations::panel::lacks_of;
use crate::consultations::panel::model::Lack;
use crate::consultations::reader::Reader;
use crate::consultations::rules::{self, Known, Reckoning};
use crate::consultations::state::{self, Need, Step, To, Verb};
use crate::consultations::store;
use crate::consultations::words::{ConsultationState, DeclineReason};
use crate::consultations::work::{self, Locked, moved};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::idempotency::Once;
use crate::http::path::Id;
use crate::kernel::patch::Change;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// Takes a step.
pub async fn take<P: Policy>(
    permit: Permit<P>,
    id: Id,
    (if_match, once): (IfMatch, Once),
    (verb, said): (Verb, Said),
    req: HttpRequest,
) -> Answer {
    let scope = permit.scope().clone();
    Box::pin(permit.write_once(once, async move |tx| {
        if matches!(verb, Verb::ApprovePanel | Verb::Conclude | Verb::Deliver) {
            // two of the panel who become one person would count twice
            expert_store::keep_merges_out(tx).await?;
        }
        let locked = work::lock(tx, &scope, id.0, Some(&if_match)).await?;
        let event = Box::pin(step(tx, &scope, &locked, verb, said)).await?;
        Ok((id.0, event))
    }))
    .await?;
    answer(&permit, id.0, false, &req).await
}

/// The step of a verb, if these hands take it now.
fn possible(locked: &Locked, verb: Verb) -> Answer<&'static Step> {
    let (row, hands) = (&locked.case.row, locked.hands);
    let possible: Vec<&str> = state::possible(row.state, row.origin, hands).collect();
    let list = if possible.is_empty() { "–".to_owned() } else { possible.join(", ") };
    let (from, name) = (row.state.as_str(), verb.as_str());
    let Some(step) = state::step(row.state, verb, row.origin) else {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Trạng thái là `{from}`, không thể `{name}`; bạn có thể: {list}.",
            "The state is `{from}`: `{name}` is not possible. What you may do now: {list}.",
        )));
    };
    if state::may(step, hands) {
        return Ok(step);
    }
    Err(Problem::new(Code::Forbidden).detail(say!(
        "Việc `{name}` là của cơ quan đề nghị; bạn có thể: {list}.",
        "`{name}` is for the asker to do. What you may do now: {list}.",
    )))
}

/// What was read of what was said.
struct Heard {
    reason: Option<String>,
    document: Option<Letter>,
    missing: Vec<String>,
    resume_on: Option<NaiveDate>,
    decision: Option<Letter>,
}

impl Heard {
    fn read(reader: &mut Reader, said: &mut Said, today: NaiveDate) -> Self {
        let decision = reader.paper("/decision", said.decision.take(), today);
        if decision.as_ref().is_some_and(|decision| decision.date.is_none()) {
            let detail = say!("Nêu ngày quyết định.", "Give the date of the decision.");
            reader.fault("/decision/date", "required", detail);
        }
        Self {
            reason: reader.note("/reason", said.reason.as_deref()),
            document: reader.paper("/document", said.document.take(), today),
            missing: reader.list("/missing", &said.missing, MAX_QUESTIONS),
            resume_on: reader.day_after("/resume_on", said.resume_on, today),
            decision,
        }
    }
}

/// Where a step leads.
fn target(step: &Step, locked: &Locked) -> Answer<ConsultationState> {
    match step.to {
        To::State(to) => Ok(to),
        To::Back => locked.case.suspended_from().ok_or_else(|| Problem::internal("suspended from nowhere")),
    }
}

async fn step(tx: &mut Conn, scope: &Scope, locked: &Locked, verb: Verb, mut said: Said) -> Answer<Vec<Event>> {
    let step = possible(locked, verb)?;
    let from = locked.case.row.state;
    let to = target(step, locked)?;
    let mut reader = Reader::default();
    let mut heard = Heard::read(&mut reader, &mut said, locked.on.today);
    let spoken = (heard.document.as_ref(), said.replies.as_slice(), heard.reason.is_some());
    let concluded = Box::pin(Concluded::read(tx, &mut reader, (&locked.case, verb), spoken)).await?;
    heard.document = concluded.document().cloned().or(heard.document);
    let says_schedule = said.schedule.is_some() || said.acceptance.is_some();
    let mut row = match said.schedule {
        Some(form) => rules::reschedule(&mut reader, &locked.case, form, &locked.on),
        None => locked.case.row.clone(),
    };
    row.state = to;
    row.decision_document = heard.decision.clone().or(row.decision_document);
    // the asker's letter replies to all that it was asked until then
    row.asked_anew_on = row.asked_anew_on.filter(|_| verb != Verb::Respond);
    let fields = match said.acceptance {
        Some(form) => accept(tx, scope, &mut reader, (&mut row, form), locked).await?,
        None => None,
    };
    let has_contact = store::has_contact(tx, row.id).await?;
    // who was not waited for when it was concluded is not waited for now
    let is_waived = heard.reason.is_some() || verb == Verb::Deliver;
    let lacks = lacking(tx, step, locked, is_waived).await?;
    let there = There { heard: &heard, row: &row, fields: fields.as_deref(), has_contact, code: said.code, lacks };
    there.check_all(&mut reader, step, locked);
    let heard = reader.done(heard)?;
    if verb == Verb::Accept {
        row.register_number = Some(store::next_number(tx, row.kind.series(), locked.on.today.year()).await?);
    }
    if let Some(fields) = &fields {
        store::put_fields(tx, row.id, fields).await?;
    }
    store::put_row(tx, &row).await?;
    let mut made = moved((row.id, locked.case.moves.len()), Some(verb), Some(from), to, scope);
    (made.reason, made.document, made.missing) = (heard.reason, heard.document, heard.missing);
    (made.reason_code, made.resume_on) = (said.code, heard.resume_on);
    made.schedule = says_schedule.then(|| row.schedule());
    store::add_move(tx, &made).await?;
    concluded.write(tx, scope, (made.document.as_ref(), locked.case.row.version + 1)).await?;
    let mut events = Vec::new();
    match verb {
        Verb::ApprovePanel => events.extend(invitations::invite(tx, row.id).await?),
        Verb::Conclude => invitations::close(tx, &locked.case, &locked.on).await?,
        _ => {}
    }
    let mut changes = row.changes(&locked.case.row);
    if let Some(fields) = &fields {
        changes.insert("fields".to_owned(), json!([locked.case.fields, fields]));
    }
    let named: Vec<String> = changes.keys().cloned().collect();
    let values = json!({ "changes": changes, "reason_code": made.reason_code, "reason": made.reason,
        "document": made.document, "missing": made.missing });
    let mut moves = locked.case.moves.clone();
    moves.push(made);
    locked.settle(tx, &row, &moves).await?;
    events.push(locked.event(verb.action()).fields(named).values(values));
    Ok(events)
}

/// What panel and opinions lack.
#[derive(Default)]
struct Lacks {
    panel: Vec<Lack>,
    opinions: Vec<Lack>,
}

/// What panel and opinions lack, where the step asks for them; a reason says why an opinion is not waited for.
async fn lacking(tx: &mut Conn, step: &Step, locked: &Locked, has_reason: bool) -> Answer<Lacks> {
    let mut lacks = Lacks::default();
    if step.needs.iter().any(|need| matches!(need, Need::Panel | Need::Counting)) {
        lacks.panel = lacks_of(tx, &locked.case).await?;
    }
    if step.needs.contains(&Need::Opinions) {
        lacks.opinions = opinions::lacks(tx, &locked.case, has_reason).await?;
    }
    Ok(lacks)
}

/// Takes over what a leader accepts it as: the fields, where they are said.
async fn accept(
    tx: &mut Conn,
    scope: &Scope,
    reader: &mut Reader,
    (row, form): (&mut Row, AcceptanceForm),
    locked: &Locked,
) -> Answer<Option<Vec<FieldCode>>> {
    check_lead(tx, reader, form.lead).await?;
    row.lead_id = form.lead.or(row.lead_id).or(scope.actor.id());
    row.urgency = form.urgency.unwrap_or(row.urgency);
    row.short_time = form.short_time;
    if let Some(day) = form.deadline {
        let day = rules::agreed(reader, day, row, &locked.on);
        row.agree(day, &locked.case.moves);
    }
    let Some(fields) = form.fields else { return Ok(None) };
    let patch = ConsultationPatch { fields: Change::Set(fields), ..ConsultationPatch::default() };
    let known: Known = work::known(tx, scope, &patch, locked.on.today).await?;
    let on: &Reckoning = &locked.on;
    Ok(rules::apply(reader, patch, row.clone(), &known, on).fields)
}

/// What is there for a step.
struct There<'a> {
    heard: &'a Heard,
    row: &'a Row,
    fields: Option<&'a [FieldCode]>,
    has_contact: bool,
    code: Option<DeclineReason>,
    lacks: Lacks,
}

impl There<'_> {
    /// All that the step needs, and the letter of who acts by one.
    fn check_all(&self, reader: &mut Reader, step: &Step, locked: &Locked) {
        for need in step.needs {
            self.check(reader, *need, locked);
        }
        if state::is_by_letter(step, locked.hands) && !step.needs.contains(&Need::Document) {
            self.check(reader, Need::Document, locked);
        }
    }

    fn check(&self, reader: &mut Reader, need: Need, locked: &Locked) {
        let missing = |reader: &mut Reader, pointer: &str, is_there: bool, detail| {
            if !is_there {
                reader.fault(pointer, "required", detail);
            }
        };
        match need {
            Need::WholeFile => rules::check_whole(reader, &locked.case, self.has_contact, &locked.on),
            Need::Time => rules::check_time(reader, self.row, self.row.short_time, &locked.on),
            Need::MissingItems => {
                let detail = say!("Nêu từng mục còn thiếu.", "Say what is missing, item by item.");
                missing(reader, "/missing", !self.heard.missing.is_empty(), detail);
            }
            Need::Fields => {
                let is_there = self.fields.map_or(!locked.case.fields.is_empty(), |fields| !fields.is_empty());
                missing(reader, "/fields", is_there, say!("Nêu ít nhất một lĩnh vực.", "Name at least one field."));
            }
            Need::ReasonCode => {
                missing(reader, "/code", self.code.is_some(), say!("Nêu mã lý do.", "Give the code of the reason."));
            }
            Need::Reason => {
                missing(reader, "/reason", self.heard.reason.is_some(), say!("Nêu lý do.", "Say why."));
            }
            Need::Panel => {
                for lack in &self.lacks.panel {
                    reader.fault("/panel", lack.code, lack.detail.clone());
                }
            }
            Need::Counting => {
                let matters = |lack: &&Lack| matches!(lack.code, "too_few" | "conflict");
                for lack in self.lacks.panel.iter().filter(matters) {
                    reader.fault("/panel", lack.code, lack.detail.clone());
                }
            }
            Need::Opinions => {
                for lack in &self.lacks.opinions {
                    reader.fault("/opinions", lack.code, lack.detail.clone());
                }
            }
            // what they lack was told where they were read
            Need::Conclusion | Need::Adoption => {}
            Need::Decision => {
                let is_there = self.heard.decision.is_some() || self.heard.reason.is_some();
                let detail = say!(
                    "Nêu quyết định cuối cùng, hoặc lý do chưa biết (`reason`).",
                    "Name the final decision, or say why it is not known (`reason`).",
                );
                missing(reader, "/decision", is_there, detail);
            }
            Need::Document => {
                let detail = say!("Nêu văn bản.", "Name the document.");
                missing(reader, "/document", self.heard.document.is_some(), detail);
                let is_dated = self.heard.document.as_ref().is_none_or(|document| document.date.is_some());
                let detail = say!("Nêu ngày văn bản.", "Give the date of the document.");
                missing(reader, "/document/date", is_dated, detail);
            }
        }
    }
}
