//! Consultations as they are shown, each for one caller.

mod card;

pub use card::{CalendarNote, ConsultationCard, ConsultationClock, ConsultationField, cards};

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::card::named_fields;
use super::clock::{self, Clock};
use super::model::{Case, Contact, DrafterRow, Funding, Row};
use super::policy::FileConsultation;
use super::rules::{editable, no_secrets};
use super::state::possible;
use super::store;
use super::words::{
    ConsultationKind, ConsultationObject, ConsultationOrigin, ConsultationState, ConsultationStep, Urgency,
};
use super::work;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::db::Conn;
use crate::experts::policy::ReadExpert;
use crate::experts::store as expert_store;
use crate::fields::store::{self as field_store, FieldRow};
use crate::kernel::document::DocumentReference;
use crate::kernel::problem::{Answer, Lang, Problem};
use crate::organisations::store as organisation_store;
use crate::organisations::view::OrganisationRef;
use crate::say;

/// A question.
#[derive(Debug, Serialize, ToSchema)]
pub struct Question {
    /// Its number, from 1.
    number: usize,
    /// What is asked.
    text: String,
}

/// Who decides.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecidingAuthority {
    /// The body, where it is in the register.
    organisation: Option<OrganisationRef>,
    /// Its name.
    name: String,
}

/// Somebody who drafted what is judged.
#[derive(Debug, Serialize, ToSchema)]
pub struct Drafter {
    /// Name.
    name: String,
    /// Id of the expert, for who may know of them.
    expert_id: Option<Uuid>,
    /// The organisation, or where the person works.
    organisation: Option<OrganisationRef>,
}

/// Who of the Union is in charge.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationLead {
    /// The account, for the Union.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    /// Name.
    name: String,
}

/// Something that may be a mistake and is not refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsultationWarning {
    /// Where.
    #[schema(example = "/letter/number")]
    pointer: &'static str,
    /// What: `letter_number_used` or `report_after_wanted`.
    #[schema(example = "letter_number_used")]
    code: &'static str,
    /// In words.
    detail: String,
    /// The other request, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    existing: Option<String>,
}

/// A consultation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consultation {
    /// Its id.
    id: Uuid,
    /// Its number in the register, once accepted.
    #[schema(example = "TV-2026-0001")]
    register_number: Option<String>,
    /// What is asked for.
    kind: ConsultationKind,
    /// How it came about.
    origin: ConsultationOrigin,
    /// Where it stands.
    state: ConsultationState,
    /// The state it goes back to when it is resumed.
    #[serde(skip_serializing_if = "Option::is_none")]
    suspended_from: Option<ConsultationState>,
    /// The day it is expected to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    resume_on: Option<NaiveDate>,
    /// Title.
    title: String,
    /// Summary.
    summary: Option<String>,
    /// What it is about.
    object: Option<ConsultationObject>,
    /// Who asks; of what the Union begins itself, the addressee.
    asker: Option<OrganisationRef>,
    /// Who decides.
    deciding_authority: Option<DecidingAuthority>,
    /// What to answer.
    questions: Vec<Question>,
    /// Fields of science.
    fields: Vec<ConsultationField>,
    /// The official letter.
    letter: Option<DocumentReference>,
    /// The planned day of the decision.
    decision_on: Option<NaiveDate>,
    /// The decision that was made in the end, where it is known.
    decision: Option<DocumentReference>,
    /// The day by which the report is wanted.
    wanted_by: Option<NaiveDate>,
    /// The deadline that was agreed instead of the usual one.
    deadline: Option<NaiveDate>,
    /// How soon it is needed.
    urgency: Urgency,
    /// Accepted although there is little time before the decision.
    short_time: bool,
    /// Whom to ask, for the asker and the Union.
    contact: Option<Contact>,
    /// Who is proposed to pay.
    funding: Option<Funding>,
    /// Who drafted what is judged.
    drafters: Vec<Drafter>,
    /// How many files are attached, for the asker and the Union.
    attachments: Option<usize>,
    /// That nothing in it is a state secret.
    no_state_secrets: bool,
    /// That state secrets do not belong here.
    notice: String,
    /// Who of the Union is in charge.
    lead: Option<ConsultationLead>,
    /// What the Union asked to be completed last.
    missing: Vec<String>,
    /// What it waits for.
    clock: ConsultationClock,
    /// How sure its days are.
    calendar: CalendarNote,
    /// What may be a mistake.
    warnings: Vec<ConsultationWarning>,
    /// What you may do now.
    #[schema(example = json!(["accept", "decline", "request-completion"]))]
    allowed_actions: Vec<&'static str>,
    /// What you may change now.
    #[schema(example = json!(["fields", "lead", "urgency"]))]
    editable: Vec<&'static str>,
    /// What of that is suggested, when the asker let a deadline pass or the day to go on is over: `withdraw`, `close` or `resume`.
    suggested_action: Option<&'static str>,
    /// When it was entered.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

/// A consultation for a caller, and the version they may write against; none for who only reads.
pub async fn whole<P: Policy>(
    conn: &mut Conn,
    permit: &Permit<P>,
    case: Case,
    lang: Lang,
) -> Answer<(Consultation, Option<i64>)> {
    let shown = Shown::of(conn, permit, &case, lang).await?;
    let version = shown.reads_file.then_some(case.row.version);
    Ok((shown.view(case, lang), version))
}

/// What is looked up to show one.
struct Shown {
    bodies: HashMap<Uuid, OrganisationRef>,
    names: Vec<FieldRow>,
    experts: HashMap<Uuid, String>,
    works_here: bool,
    today: NaiveDate,
    lang: Lang,
    people: HashMap<Uuid, (String, bool)>,
    contact: Option<Contact>,
    reads_file: bool,
    warnings: Vec<ConsultationWarning>,
    clock: Clock,
    reckoned: ConsultationClock,
    allowed: Vec<&'static str>,
    editable: Vec<&'static str>,
}

impl Shown {
    async fn of<P: Policy>(conn: &mut Conn, permit: &Permit<P>, case: &Case, lang: Lang) -> Answer<Self> {
        let row = &case.row;
        let (on, _) = work::reckoning(conn).await?;
        let reads_file = permit.may::<FileConsultation>(|_| true);
        let contact = match reads_file {
            true => store::contact(conn, &permit.state().sealer, row.id).await?,
            false => None,
        };
        let mut bodies: Vec<Uuid> = case.drafters.iter().filter_map(|drafter| drafter.organisation_id).collect();
        bodies.extend([row.asker_id].into_iter().chain(row.authority_id));
        let bodies = organisation_store::bodies(conn, &bodies).await?.into_values();
        let bodies = bodies.filter_map(|body| Some((body.id, OrganisationRef::at(&body, on.today)?))).collect();
        let codes: Vec<&str> = case.fields.iter().map(|field| field.code.as_str()).collect();
        let names = field_store::with_ancestors(conn, &codes).await?;
        let drafters: Vec<Uuid> = case.drafters.iter().filter_map(|drafter| drafter.expert_id).collect();
        let reads = permit.scope_under::<ReadExpert>();
        let experts = match reads.reach {
            Reach::No => HashMap::new(),
            _ => expert_store::by_ids(conn, &reads, &drafters).await?,
        };
        let experts = experts.into_iter().map(|(id, expert)| (id, expert.full_name)).collect();
        let leads: Vec<Uuid> = row.lead_id.into_iter().collect();
        let people = store::people(conn, &leads).await?;
        // the other request may be a draft
        let mut warnings = if reads_file { warnings(conn, permit.scope(), row, lang).await? } else { Vec::new() };
        let hands = work::hands(conn, permit.scope(), case).await?;
        let ticks = case.ticks();
        let clock = clock::clock(&on.calendar, &on.limits, &row.course(&ticks));
        let reckoned = ConsultationClock::of(&clock, &on.calendar, on.today);
        warnings.extend(late_for_asker(row, &clock, lang));
        let allowed = possible(row.state, row.origin, hands).collect();
        let editable = editable(case, hands);
        let (works_here, today) = (hands.officer, on.today);
        Ok(Self {
            bodies,
            names,
            experts,
            works_here,
            today,
            lang,
            people,
            contact,
            reads_file,
            warnings,
            clock,
            reckoned,
            allowed,
            editable,
        })
    }

    /// By the name that was typed, or that of the record for who may see it.
    fn drafter(&self, row: DrafterRow) -> Drafter {
        let expert = row.expert_id.and_then(|id| Some((id, self.experts.get(&id)?)));
        let organisation = row.organisation_id.and_then(|id| self.bodies.get(&id)).cloned();
        let nobody_named = say!("Một chuyên gia", "An expert");
        let of_record = match (row.expert_id, expert) {
            (Some(_), Some((_, name))) => name.clone(),
            (Some(_), None) => self.lang.of(&nobody_named).to_owned(),
            (None, _) => organisation.as_ref().map(|body| body.name.clone()).unwrap_or_default(),
        };
        Drafter { name: row.name.unwrap_or(of_record), expert_id: expert.map(|(id, _)| id), organisation }
    }

    fn view(self, case: Case, lang: Lang) -> Consultation {
        let (suspended_from, resume_on) = (case.suspended_from(), case.resume_on());
        let missing = case.moves.iter().rev().find(|row| !row.missing.is_empty()).map(|row| row.missing.clone());
        let Case { row, fields, drafters, files, .. } = case;
        let body = |id: Option<Uuid>| id.and_then(|id| self.bodies.get(&id)).cloned();
        let drafters = drafters.into_iter().map(|drafter| self.drafter(drafter)).collect();
        let suggested = match self.reckoned.step.filter(|_| self.reckoned.overdue) {
            Some(ConsultationStep::Complete) => Some("withdraw"),
            Some(ConsultationStep::Reply) => Some("close"),
            _ if resume_on.is_some_and(|day| day <= self.today) => Some("resume"),
            _ => None,
        };
        let suggested = suggested.filter(|verb| self.allowed.contains(verb));
        let works_here = self.works_here;
        let lead = |id| {
            self.people
                .get(&id)
                .map(|(name, _)| ConsultationLead { id: Some(id).filter(|_| works_here), name: name.clone() })
        };
        let authority = body(row.authority_id);
        Consultation {
            id: row.id,
            register_number: row.register_number,
            kind: row.kind,
            origin: row.origin,
            state: row.state,
            suspended_from,
            resume_on,
            title: row.title,
            summary: row.summary,
            object: row.object,
            asker: body(Some(row.asker_id)),
            deciding_authority: row.authority_name.map(|name| DecidingAuthority { organisation: authority, name }),
            questions: row.questions.into_iter().zip(1..).map(|(text, number)| Question { number, text }).collect(),
            fields: named_fields(&fields, &self.names),
            letter: row.letter.map(Into::into),
            decision_on: row.decision_on,
            decision: row.decision_document.map(Into::into),
            wanted_by: row.wanted_by,
            deadline: row.agreed_by,
            urgency: row.urgency,
            short_time: row.short_time,
            contact: self.contact,
            funding: row.funding,
            drafters,
            attachments: self.reads_file.then_some(files.len()),
            no_state_secrets: row.no_state_secrets,
            notice: lang.of(&no_secrets()).to_owned(),
            lead: row.lead_id.and_then(lead),
            missing: missing.unwrap_or_default(),
            clock: self.reckoned,
            calendar: CalendarNote::new(self.clock.unknown_years, self.clock.provisional_years, lang),
            warnings: self.warnings,
            allowed_actions: self.allowed,
            editable: self.editable,
            suggested_action: suggested,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What may be a mistake: a letter's number that its issuer used before in that year, on a request the caller may see.
async fn warnings(conn: &mut Conn, scope: &Scope, row: &Row, lang: Lang) -> Answer<Vec<ConsultationWarning>> {
    let twin = store::letter_twin(conn, row, scope.reach == Reach::All).await?;
    let Some(twin) = twin else { return Ok(Vec::new()) };
    let detail = say!(
        "Số công văn này đã dùng cho một đề nghị khác trong năm; kiểm tra có gửi trùng không.",
        "The number of this letter stands on another request of that year; see whether it was sent twice.",
    );
    Ok(vec![ConsultationWarning {
        pointer: "/letter/number",
        code: "letter_number_used",
        detail: lang.of(&detail).to_owned(),
        existing: Some(format!("/api/v1/consultations/{twin}")),
    }])
}

/// A report that is due after the day it is wanted by.
fn late_for_asker(row: &Row, clock: &Clock, lang: Lang) -> Option<ConsultationWarning> {
    let (due, wanted) = clock.report_due_on.zip(row.wanted_by)?;
    let detail = say!(
        "Báo cáo đến hạn ngày {due}, sau ngày cơ quan mong muốn ({wanted}); có thể thống nhất thời hạn khác.",
        "The report is due on {due}, after the day it is wanted by ({wanted}); another deadline may be agreed.",
    );
    (due > wanted).then(|| ConsultationWarning {
        pointer: "/wanted_by",
        code: "report_after_wanted",
        detail: lang.of(&detail).to_owned(),
        existing: None,
    })
}

/// A problem of an asker that can't be told.
pub fn no_asker() -> Problem {
    Problem::field("/asker", "required", say!("Nêu cơ quan đề nghị (mã hoặc id).", "Name who asks, by code or id."))
}
