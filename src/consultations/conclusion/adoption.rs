//! What the asker makes of recommendations: adopted, in part, or not and why.

use std::collections::{HashMap, HashSet};

use actix_web::{HttpRequest, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::forms::{AdoptionForm, ReplyForm};
use super::model::{ConclusionRow, ReplyRow, last_delivered};
use super::recommendations::{MOST, asked_anew_on, open, said_anew_on};
use super::store;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::consultations::clock::{self, Course};
use crate::consultations::model::{Case, Letter, Row};
use crate::consultations::policy::{FileConsultation, ReadConsultations};
use crate::consultations::reader::Reader;
use crate::consultations::rules::Reckoning;
use crate::consultations::state::Verb;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConsultationState, ConsultationStep, RecommendationOutcome};
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::{date_in_vietnam, now, today};
use crate::kernel::document::DocumentReference;
use crate::kernel::id::new_id;
use crate::kernel::precondition::{fresh, written};
use crate::kernel::problem::{Answer, Code, Problem, Say};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_adoption).service(reply_to_correction);
}

/// A reply that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    recommendation: i32,
    outcome: RecommendationOutcome,
    reason: Option<String>,
}

/// Reads replies: each to another recommendation that is open, with a reason unless it is adopted; `whole` wants one to each.
pub fn read_replies(reader: &mut Reader, open: &HashSet<i32>, forms: &[ReplyForm], whole: bool) -> Vec<Reply> {
    if forms.len() > MOST {
        reader.fault("/replies", "too_many", say!("Tối đa {MOST} mục.", "At most {MOST} items."));
        return Vec::new();
    }
    let mut read: Vec<Reply> = Vec::new();
    for (at, form) in forms.iter().enumerate() {
        let place = format!("/replies/{at}");
        let number = form.recommendation;
        if !open.contains(&number) {
            let detail =
                say!("Không có kiến nghị {number} đang chờ trả lời.", "No recommendation {number} waits for a reply.");
            reader.fault(&format!("{place}/recommendation"), "unknown_reference", detail);
        } else if read.iter().any(|reply| reply.recommendation == number) {
            let detail = say!("Kiến nghị này đã có ở trên.", "This recommendation stands above already.");
            reader.fault(&format!("{place}/recommendation"), "duplicate", detail);
        }
        let pointer = format!("{place}/reason");
        let reason = reader.note(&pointer, form.reason.as_deref());
        let reason = match form.outcome {
            RecommendationOutcome::Adopted => reason,
            _ => reader.required(&pointer, reason, why()),
        };
        read.push(Reply { recommendation: number, outcome: form.outcome, reason });
    }
    let mut missing: Vec<i32> =
        open.iter().copied().filter(|number| !read.iter().any(|reply| reply.recommendation == *number)).collect();
    missing.sort_unstable();
    if whole && !missing.is_empty() {
        let list = missing.iter().map(i32::to_string).collect::<Vec<_>>().join(", ");
        let detail =
            say!("Trả lời từng kiến nghị; còn thiếu: {list}.", "Reply to each recommendation; missing: {list}.");
        reader.fault("/replies", "required", detail);
    }
    read
}

fn why() -> Say {
    say!("Nêu lý do không tiếp thu hoặc chỉ tiếp thu một phần.", "Say why it is not, or only partly, adopted.")
}

/// Rows of replies to a version, by a letter; `asked` says on which day a correction asked a recommendation anew.
pub fn rows(
    to: &ConclusionRow,
    (replies, asked): (Vec<Reply>, impl Fn(i32) -> Option<NaiveDate>),
    document: &Letter,
    scope: &Scope,
) -> Vec<ReplyRow> {
    let at = now();
    let row = |reply: Reply| ReplyRow {
        id: new_id(),
        consultation_id: to.consultation_id,
        conclusion_id: to.id,
        recommendation: reply.recommendation,
        outcome: reply.outcome,
        reason: reply.reason,
        document: document.clone(),
        asked_anew_on: asked(reply.recommendation),
        at,
        actor_id: scope.actor.id(),
        actor_role: scope.actor.role().map(|role| role.as_str().to_owned()),
    };
    replies.into_iter().map(row).collect()
}

/// Keeps from which day the asker has its days to reply again, if it has; lists and reminders go by it.
///
/// # Errors
/// 503 when the database is away.
pub(super) async fn wait_for_replies(tx: &mut Conn, locked: &Locked, versions: &[ConclusionRow]) -> Answer<()> {
    let replies = store::replies(tx, locked.case.id()).await?;
    let row = Row { asked_anew_on: asked_anew_on(versions, &replies), ..locked.case.row.clone() };
    consultation_store::put_row(tx, &row).await?;
    locked.settle(tx, &row, &locked.case.moves).await
}

/// Until when the asker was to reply to the report, and on which day it did.
fn reply_days(case: &Case, on: &Reckoning, replies: &[ReplyRow]) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let ticks = case.ticks();
    let ends = |verb: Option<Verb>| matches!(verb, Some(Verb::Respond | Verb::Close));
    let waiting = ticks.iter().position(|tick| ends(tick.verb)).unwrap_or(ticks.len());
    let course = Course {
        moves: ticks.get(..waiting).unwrap_or_default(),
        state: ConsultationState::Delivered,
        asked_anew_on: replies.first().map_or(case.row.asked_anew_on, |first| first.asked_anew_on),
        ..case.row.course(&ticks)
    };
    let replied = case.moves.iter().find(|row| row.verb.as_deref() == Some(Verb::Respond.as_str()));
    (clock::clock(&on.calendar, &on.limits, &course).due_on, replied.map(|row| date_in_vietnam(row.at)))
}

/// What the asker said to a recommendation last.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecommendationReply {
    /// The number of the version it was said to.
    conclusion: i32,
    /// What becomes of it.
    outcome: RecommendationOutcome,
    /// Why.
    reason: Option<String>,
    /// The asker's letter.
    document: DocumentReference,
    /// When it was entered.
    at: DateTime<Utc>,
    /// It came after the day it was due on.
    late: bool,
}

/// A recommendation and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecommendationAdoption {
    /// Its number.
    number: i32,
    /// What is recommended now.
    text: String,
    /// Taken back by a correction.
    withdrawn: bool,
    /// Waits for a reply: nobody replied, or it was changed since.
    open: bool,
    /// The last reply.
    reply: Option<RecommendationReply>,
}

/// What became of the recommendations of a consultation.
#[derive(Debug, Serialize, ToSchema)]
pub struct Adoption {
    /// The consultation.
    consultation_id: Uuid,
    /// The number of the version that went out last.
    conclusion: i32,
    /// Its number, date and signatory.
    report: Option<DocumentReference>,
    /// The day by which the asker was to reply to the report.
    due_on: Option<NaiveDate>,
    /// The day it replied.
    replied_on: Option<NaiveDate>,
    /// The day by which it is to reply to those that are open: to the report, or to what a correction added or changed since.
    open_due_on: Option<NaiveDate>,
    /// Some are open, and that day is over.
    overdue: bool,
    /// The reply to the report came after its day.
    late: bool,
    /// How many that stand are adopted by the last reply.
    adopted: usize,
    /// How many in part.
    partly_adopted: usize,
    /// How many not.
    not_adopted: usize,
    /// How many wait for a reply.
    open: usize,
    /// Each recommendation, those that were withdrawn too.
    recommendations: Vec<RecommendationAdoption>,
}

impl Adoption {
    fn of(case: &Case, on: &Reckoning, versions: &[ConclusionRow], replies: &[ReplyRow]) -> Option<Self> {
        let last = last_delivered(versions)?;
        let open = open(last, versions, replies);
        let numbers: HashMap<Uuid, i32> = versions.iter().map(|row| (row.id, row.number)).collect();
        let (due_on, replied_on) = reply_days(case, on, replies);
        let due = |reply: &ReplyRow| {
            reply.asked_anew_on.map(|day| clock::reply_due(&on.calendar, &on.limits, day)).or(due_on)
        };
        let reply = |number: i32| {
            let reply = replies.iter().rfind(|reply| reply.recommendation == number)?;
            Some(RecommendationReply {
                conclusion: numbers.get(&reply.conclusion_id).copied().unwrap_or_default(),
                outcome: reply.outcome,
                reason: reply.reason.clone(),
                document: reply.document.clone().into(),
                at: reply.at,
                late: due(reply).is_some_and(|due| due < date_in_vietnam(reply.at)),
            })
        };
        let recommendations: Vec<RecommendationAdoption> = last
            .content
            .recommendations
            .iter()
            .map(|one| RecommendationAdoption {
                number: one.number,
                text: one.text.clone(),
                withdrawn: one.withdrawn,
                open: open.contains(&one.number),
                reply: reply(one.number),
            })
            .collect();
        let count = |outcome| {
            let is = |one: &&RecommendationAdoption| {
                !one.withdrawn && !one.open && one.reply.as_ref().is_some_and(|reply| reply.outcome == outcome)
            };
            recommendations.iter().filter(is).count()
        };
        let ticks = case.ticks();
        let clock = clock::clock(&on.calendar, &on.limits, &case.row.course(&ticks));
        let open_due_on = clock.due_on.filter(|_| clock.step == Some(ConsultationStep::Reply));
        Some(Self {
            consultation_id: case.id(),
            conclusion: last.number,
            report: last.report.clone().map(|report| report.letter.into()),
            due_on,
            replied_on,
            open_due_on,
            overdue: open_due_on.is_some_and(|day| day < on.today),
            late: due_on.zip(replied_on).is_some_and(|(due, day)| due < day),
            adopted: count(RecommendationOutcome::Adopted),
            partly_adopted: count(RecommendationOutcome::PartlyAdopted),
            not_adopted: count(RecommendationOutcome::NotAdopted),
            open: open.len(),
            recommendations,
        })
    }
}

async fn adoption<P: Policy>(permit: &Permit<P>, id: Uuid) -> Answer<(Adoption, i64)> {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id).await?;
    let (on, _) = work::reckoning(&mut conn).await?;
    let versions = store::versions(&mut conn, id).await?;
    let replies = store::replies(&mut conn, id).await?;
    let adoption = Adoption::of(&case, &on, &versions, &replies).ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok((adoption, case.row.version))
}

/// Read what became of the recommendations
///
/// Each with the asker's last reply, once the report went out. `overdue` says that none came in time; `open` ones wait for a reply,
/// also those a correction added or changed.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "What became of them", body = Adoption)),
)]
#[get("/consultations/{id}/adoption")]
async fn read_adoption(permit: Permit<ReadConsultations>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let (adoption, _) = adoption(&permit, id.0).await?;
    fresh(&req, None, "private", &adoption)
}

/// Reply to a correction
///
/// By the asker, or entered by the Union from its letter, after the reply to the report: what becomes of recommendations that a
/// correction added or changed.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), Once),
    request_body = AdoptionForm,
    security(("session" = ["consultations.file"])),
    responses((status = 200, description = "What became of the recommendations", body = Adoption)),
)]
#[post("/consultations/{id}/adoption")]
async fn reply_to_correction(
    permit: Permit<FileConsultation>,
    id: Id,
    once: Once,
    body: Body<AdoptionForm>,
    req: HttpRequest,
) -> Answer {
    let (once, scope) = (once.of(&body), permit.scope().clone());
    permit
        .write_once(once, async move |tx| {
            let event = Box::pin(reply(tx, &scope, id.0, body.0)).await?;
            Ok((id.0, event))
        })
        .await?;
    let (adoption, version) = adoption(&permit, id.0).await?;
    if permit.scope().reach == Reach::All {
        return written(None, version, &adoption);
    }
    fresh(&req, None, "private", &adoption)
}

async fn reply(tx: &mut Conn, scope: &Scope, id: Uuid, form: AdoptionForm) -> Answer<Event> {
    let locked = work::lock(tx, scope, id, None).await?;
    let state = locked.case.row.state;
    if state != ConsultationState::Responded {
        let state = state.as_str();
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Chỉ bổ sung sau khi đã phản hồi (`responded`); hiện là `{state}`. Phản hồi lần đầu bằng `respond`.",
            "This comes after the reply (`responded`); the state is `{state}`. The first reply is `respond`.",
        )));
    }
    let versions = store::versions(tx, id).await?;
    let replies = store::replies(tx, id).await?;
    let last = last_delivered(&versions).ok_or_else(|| Problem::new(Code::NotFound))?;
    let mut reader = Reader::default();
    let document = reader.paper("/document", Some(form.document), locked.on.today);
    if document.as_ref().is_some_and(|letter| letter.date.is_none()) {
        reader.fault("/document/date", "required", say!("Nêu ngày văn bản.", "Give the date of the document."));
    }
    if form.replies.is_empty() {
        reader.fault("/replies", "required", say!("Nêu ít nhất một trả lời.", "Give one reply at least."));
    }
    let read = read_replies(&mut reader, &open(last, &versions, &replies), &form.replies, false);
    let document = reader.done(document)?.ok_or_else(|| Problem::internal("a document that was not read"))?;
    let rows = rows(last, (read, |number| said_anew_on(number, &versions)), &document, scope);
    store::add_replies(tx, &rows).await?;
    wait_for_replies(tx, &locked, &versions).await?;
    let values = json!({ "conclusion": last.number, "replies": rows, "document": document });
    Ok(locked.event("consultations.reply_to_correction").fields(["adoption"]).values(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use RecommendationOutcome::{Adopted, NotAdopted, PartlyAdopted};

    #[test]
    fn each_recommendation_is_answered_once_and_with_a_reason_unless_adopted() {
        let form = |recommendation, outcome, reason: Option<&str>| ReplyForm {
            recommendation,
            outcome,
            reason: reason.map(str::to_owned),
        };
        let open: HashSet<i32> = [1, 2, 4].into();
        let all = vec![
            form(1, Adopted, None),
            form(2, PartlyAdopted, Some("Thiếu vốn")),
            form(4, NotAdopted, Some("Trái quy hoạch")),
        ];
        for (forms, whole, expected) in [
            (all.clone(), true, vec![]),
            (all[..2].to_vec(), false, vec![]),
            (all[..2].to_vec(), true, vec![("/replies", "required")]),
            (vec![], true, vec![("/replies", "required")]),
            (vec![form(3, Adopted, None)], false, vec![("/replies/0/recommendation", "unknown_reference")]),
            (vec![all[0].clone(), all[0].clone()], false, vec![("/replies/1/recommendation", "duplicate")]),
            (vec![form(1, NotAdopted, None)], false, vec![("/replies/0/reason", "required")]),
            (vec![form(1, PartlyAdopted, Some(" "))], false, vec![("/replies/0/reason", "required")]),
            (vec![all[0].clone(); 101], false, vec![("/replies", "too_many")]),
        ] {
            let mut reader = Reader::default();
            let count = read_replies(&mut reader, &open, &forms, whole).len();
            let told = reader.done(()).err();
            let seen: Vec<(String, &str)> = told
                .iter()
                .flat_map(|problem| problem.errors())
                .map(|error| (error.pointer.clone(), error.code))
                .collect();
            let expected: Vec<(String, &str)> =
                expected.into_iter().map(|(place, code)| (place.to_owned(), code)).collect();
            assert_eq!(seen, expected, "{forms:?}");
            assert!(!seen.is_empty() || count == forms.len());
        }
    }
}
