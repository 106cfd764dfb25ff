//! Conflicts of interest of one person over HTTP: what people declare, what leaders waive, who is recused.

use actix_web::{HttpRequest, get, post};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::coi::Finding;
use super::model::{MemberRow, Standing, is_approved, is_live};
use super::store::{self, DecisionRow, Who};
use super::view::{self, ConflictRecord};
use super::watch;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::consultations::invitations;
use crate::consultations::model::Case;
use crate::consultations::policy::{DecideConsultation, DeclareConflict, PrepareConsultation, ReadConflicts};
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConflictKind, ConflictOutcome, PanelMemberState};
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::clock::today;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_conflict).service(declare_conflict).service(waive_conflict).service(recuse_expert);
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Đã nghỉ công tác tại đơn vị từ lâu, không tham gia soạn thảo"}))]
pub(super) struct ConflictReasonForm {
    /// Why, in words.
    #[schema(min_length = 1, max_length = 2000)]
    pub reason: String,
}

/// Why conflicts are waived, and which.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Đã nghỉ công tác tại đơn vị từ lâu, không tham gia soạn thảo",
    "findings": ["declared:0190c0de-0000-7000-8000-000000000001"]}))]
struct ConflictWaiverForm {
    /// Why, in words.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
    /// The keys of the findings that are waived: all that are open, as they were read. Empty for who was recused without any.
    #[schema(max_items = 200)]
    findings: Vec<String>,
}

/// Most findings that one waiver names.
const MOST_WAIVED: usize = 200;
/// Most open declarations of one person.
const MOST_DECLARED: usize = 20;

/// People by id or code, in the order they were named.
///
/// # Errors
/// 422 at the place of each that is unknown or named twice.
pub async fn named(conn: &mut Conn, reader: &mut Reader, pointer: &str, keys: &[String]) -> Answer<Vec<Option<Who>>> {
    let ids: Vec<Uuid> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    let codes: Vec<String> =
        keys.iter().map(|key| key.to_ascii_uppercase()).filter(|key| !key.contains('\0')).collect();
    let found = store::who(conn, &ids, &codes).await?;
    let mut people: Vec<Option<Who>> = Vec::with_capacity(keys.len());
    for (at, key) in keys.iter().enumerate() {
        let id: Option<Uuid> = key.parse().ok();
        let who = found.iter().find(|who| Some(who.id) == id || who.code == key.to_ascii_uppercase());
        let place = format!("{pointer}/{at}");
        if who.is_none() {
            let detail = say!("Không có chuyên gia này trong ngân hàng.", "There is no such expert in the bank.");
            reader.fault(&place, "unknown_reference", detail);
        } else if people.iter().flatten().any(|other| Some(other.id) == who.map(|who| who.id)) {
            reader.fault(&place, "duplicate", say!("Nêu hai lần; bỏ một.", "Named twice; leave one out."));
        }
        people.push(who.cloned());
    }
    Ok(people)
}

/// Somebody of the bank; an expert themself alone.
async fn person(conn: &mut Conn, scope: &Scope, key: &str) -> Answer<Who> {
    let (ids, codes): (Vec<Uuid>, Vec<String>) = match key.parse() {
        Ok(id) => (vec![id], Vec::new()),
        Err(_no_id) => (Vec::new(), vec![key.to_ascii_uppercase()]),
    };
    let found = store::who(conn, &ids, &codes).await?.into_iter().next();
    let own = scope.actor.expert_id();
    let is_shown = |who: &Who| scope.reach == Reach::All || Some(who.id) == own;
    found.filter(is_shown).ok_or_else(|| Problem::new(Code::NotFound))
}

async fn shown<P: Policy>(permit: &Permit<P>, id: Uuid, key: &str, req: &HttpRequest) -> Answer<(ConflictRecord, i64)> {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id).await?;
    let who = person(&mut conn, permit.scope(), key).await?;
    let own = permit.scope().reach == Reach::Own;
    Ok((view::record(&mut conn, &case, (&who, own), lang(req)).await?, case.row.version))
}

/// Read how a person stands to a consultation
///
/// What makes a conflict of interest by present facts, what was declared, waived and decided. Somebody of the panel reads their own.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
    ),
    security(("session" = ["consultations.read_conflicts"])),
    responses((status = 200, description = "How the person stands", body = ConflictRecord)),
)]
#[get("/consultations/{id}/conflicts/{key}")]
async fn read_conflict(
    permit: Permit<ReadConflicts>,
    id: Id,
    key: Key,
    _: Params<Nothing>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let who = person(&mut conn, permit.scope(), &key.0).await?;
    let own = permit.scope().reach == Reach::Own;
    let record = view::record(&mut conn, &case, (&who, own), lang(&req)).await?;
    let version = permit.may::<PrepareConsultation>(|reach| reach == Reach::All).then_some(case.row.version);
    fresh(&req, version, "private", &record)
}

/// Declare a conflict of interest
///
/// By somebody of the panel of themself, or by the Union's office for anybody. Until a leader waives it the person does not count.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        Once,
    ),
    request_body = ConflictReasonForm,
    security(("session" = ["consultations.declare_conflict"])),
    responses((status = 200, description = "How the person stands now", body = ConflictRecord)),
)]
#[post("/consultations/{id}/conflicts/{key}/declare")]
async fn declare_conflict(
    permit: Permit<DeclareConflict>,
    id: Id,
    key: Key,
    once: Once,
    body: Body<ConflictReasonForm>,
    req: HttpRequest,
) -> Answer {
    let once = once.of(&body);
    decide(permit, (id.0, key.0), (None, once), Said::of(ConflictOutcome::Declared, body.0), req).await
}

/// Waive conflicts of interest
///
/// By a leader, with a reason, of the findings the leader read and names. Where something is open that is not among them, it came up in
/// the meantime: 409, read anew. What is found later is another conflict, which the waiver does not cover. Where nothing was found there
/// is nothing to waive.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        IfMatch,
        Once,
    ),
    request_body = ConflictWaiverForm,
    security(("session" = ["consultations.decide"])),
    responses((status = 200, description = "How the person stands now", body = ConflictRecord)),
)]
#[post("/consultations/{id}/conflicts/{key}/waive")]
async fn waive_conflict(
    permit: Permit<DecideConsultation>,
    id: Id,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<ConflictWaiverForm>,
    req: HttpRequest,
) -> Answer {
    let once = once.of(&body);
    let ConflictWaiverForm { reason, findings } = body.0;
    let said = Said { outcome: ConflictOutcome::Waived, reason, findings };
    decide(permit, (id.0, key.0), (Some(if_match), once), said, req).await
}

/// Recuse somebody
///
/// By the Union's office, with a reason: the person takes no part, and a seat or place in line ends; while opinions are given the next in
/// line is invited at once. Only a leader's waiver undoes that.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        IfMatch,
        Once,
    ),
    request_body = ConflictReasonForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "How the person stands now", body = ConflictRecord)),
)]
#[post("/consultations/{id}/conflicts/{key}/recuse")]
async fn recuse_expert(
    permit: Permit<PrepareConsultation>,
    id: Id,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<ConflictReasonForm>,
    req: HttpRequest,
) -> Answer {
    let once = once.of(&body);
    decide(permit, (id.0, key.0), (Some(if_match), once), Said::of(ConflictOutcome::Recused, body.0), req).await
}

/// What is said of a person.
struct Said {
    outcome: ConflictOutcome,
    reason: String,
    /// Of a waiver: the findings it is for.
    findings: Vec<String>,
}

impl Said {
    fn of(outcome: ConflictOutcome, form: ConflictReasonForm) -> Self {
        Self { outcome, reason: form.reason, findings: Vec::new() }
    }
}

async fn decide<P: Policy>(
    permit: Permit<P>,
    (id, key): (Uuid, String),
    (if_match, once): (Option<IfMatch>, Once),
    said: Said,
    req: HttpRequest,
) -> Answer {
    let (scope, named) = (permit.scope().clone(), key.clone());
    Box::pin(permit.write_once(once, async move |tx| {
        expert_store::keep_merges_out(tx).await?;
        let locked = work::lock(tx, &scope, id, if_match.as_ref()).await?;
        let who = person(tx, &scope, &named).await?;
        let events = Box::pin(enter(tx, &scope, &locked, &who, said)).await?;
        Ok((id, events))
    }))
    .await?;
    let (record, version) = shown(&permit, id, &key, &req).await?;
    if permit.may::<PrepareConsultation>(|reach| reach == Reach::All) {
        return written(None, version, &record);
    }
    fresh(&req, None, "private", &record)
}

/// Enters what somebody who sits declares of themself beside what they do: the events of it.
///
/// # Errors
/// 409 when too many declarations of the person wait for a decision.
pub async fn declare(
    tx: &mut Conn,
    scope: &Scope,
    locked: &Locked,
    expert: Uuid,
    reason: String,
) -> Answer<Vec<Event>> {
    let who = store::who(tx, &[expert], &[]).await?.into_iter().next();
    let who = who.ok_or_else(|| Problem::new(Code::NotFound))?;
    let said = Said { outcome: ConflictOutcome::Declared, reason, findings: Vec::new() };
    Box::pin(enter(tx, scope, locked, &who, said)).await
}

/// There is something to waive, all that is open was read, nobody is recused twice, and what is declared can be read.
fn check_change(before: &Standing, said: &Said) -> Answer<()> {
    let declared = |found: &&Finding| found.kind == ConflictKind::Declared && before.open.contains(&found.key);
    let detail = match (before.outcome, said.outcome) {
        (ConflictOutcome::None | ConflictOutcome::Waived, ConflictOutcome::Waived) => say!(
            "Không có xung đột nào đang chờ quyết định đối với người này.",
            "There is no conflict of this person to be waived.",
        ),
        (_, ConflictOutcome::Waived) => {
            let unread: Vec<&str> =
                before.open.iter().filter(|key| !said.findings.contains(key)).map(String::as_str).collect();
            if unread.is_empty() {
                return Ok(());
            }
            let keys = unread.join(", ");
            say!(
                "Còn phát hiện không được nêu trong `findings`: {keys}. Đọc lại rồi quyết định.",
                "Findings are open that `findings` does not name: {keys}. Read them and decide anew."
            )
        }
        (ConflictOutcome::Recused, ConflictOutcome::Recused) => {
            say!("Người này đã rút khỏi việc này.", "The person is recused already.")
        }
        (_, ConflictOutcome::Declared) if before.findings.iter().filter(declared).count() >= MOST_DECLARED => say!(
            "Đã có {MOST_DECLARED} khai báo chưa được quyết định về người này; chờ lãnh đạo quyết định.",
            "{MOST_DECLARED} declarations of this person wait for a decision: a leader decides first."
        ),
        _ => return Ok(()),
    };
    Err(Problem::new(Code::Conflict).detail(detail))
}

async fn enter(tx: &mut Conn, scope: &Scope, locked: &Locked, who: &Who, said: Said) -> Answer<Vec<Event>> {
    let case = &locked.case;
    if case.row.state.is_over() {
        let state = case.row.state.as_str();
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Hồ sơ đã kết thúc (`{state}`); không còn gì để quyết định về hội đồng.",
            "The consultation is over (`{state}`): nothing is decided of its panel any more.",
        )));
    }
    let mut reader = Reader::default();
    let reason = reader.needed_note("/reason", &said.reason);
    if said.findings.len() > MOST_WAIVED {
        let detail = say!("Tối đa {MOST_WAIVED} mục.", "At most {MOST_WAIVED} items.");
        reader.fault("/findings", "too_many", detail);
    }
    let reason = reader.done(reason)?;
    let nothing = || Standing { findings: Vec::new(), outcome: ConflictOutcome::None, open: Vec::new() };
    let before = store::standings(tx, case, &[who.id]).await?.remove(&who.id).unwrap_or_else(nothing);
    check_change(&before, &said)?;
    let covered = |found: &Finding| said.outcome == ConflictOutcome::Waived && said.findings.contains(&found.key);
    let covered: Vec<Finding> = before.findings.into_iter().filter(covered).collect();
    let decided = store::decisions(tx, case.id()).await?;
    let mut covers: Vec<String> = covered.iter().flat_map(Finding::covers).collect();
    if said.outcome == ConflictOutcome::Waived {
        let recusals = decided.iter().filter(|row| row.expert_id == who.id && row.outcome == ConflictOutcome::Recused);
        covers.extend(recusals.map(|row| row.decision().recusal()));
    }
    let said = (said.outcome, reason, covers);
    let row = DecisionRow::new(scope, (case.id(), decided.len()), who.id, said);
    store::decide(tx, &row).await?;
    let ended = settle(tx, case, &row, &covered).await?;
    store::touch(tx, case.id()).await?;
    let action = match row.outcome {
        ConflictOutcome::Waived => "consultations.waive_conflict",
        ConflictOutcome::Recused => "consultations.recuse_expert",
        _ => "consultations.declare_conflict",
    };
    let values = json!({ "expert": who.id, "outcome": row.outcome, "reason": row.reason, "covers": row.covers });
    let mut events = vec![locked.event(action).fields(["conflicts"]).values(values)];
    for seat in &ended {
        events.extend(invitations::pass_on(tx, case, seat).await?);
    }
    Ok(events)
}

/// Recuses somebody in the caller's transaction, who says so themself: the seats and places in line that ended by it.
///
/// # Errors
/// 503 when the database is away.
pub async fn recuse(
    tx: &mut Conn,
    scope: &Scope,
    case: &Case,
    (expert, reason): (Uuid, String),
) -> Answer<Vec<MemberRow>> {
    let before = store::decisions(tx, case.id()).await?.len();
    let said = (ConflictOutcome::Recused, reason, Vec::new());
    let row = DecisionRow::new(scope, (case.id(), before), expert, said);
    store::decide(tx, &row).await?;
    settle(tx, case, &row, &[]).await
}

/// What follows from a decision: who is recused leaves, and what was read or said here is no alert. What is declared of one whose panel
/// was approved is one: whoever looks at panels again raises it. The seats that ended.
async fn settle(tx: &mut Conn, case: &Case, row: &DecisionRow, covered: &[Finding]) -> Answer<Vec<MemberRow>> {
    let mut rows = store::members(tx, case.id()).await?;
    rows.retain(|seat| seat.expert_id == row.expert_id && seat.state.is_live());
    if row.outcome == ConflictOutcome::Recused {
        let seats: Vec<Uuid> = rows.iter().map(|seat| seat.id).collect();
        let ended = (PanelMemberState::Recused.as_str(), row.reason.as_str());
        store::end(tx, &seats, ended, is_approved(case)).await?;
        return Ok(rows);
    }
    if !is_live(case) || !rows.iter().any(MemberRow::sits) {
        return Ok(Vec::new());
    }
    if row.outcome == ConflictOutcome::Declared && !is_approved(case) {
        let standing = store::standings(tx, case, &[row.expert_id]).await?.remove(&row.expert_id);
        let key = format!("declared:{}", row.id);
        let found = standing.into_iter().flat_map(|standing| standing.findings);
        let declared: Vec<Finding> = found.filter(|found| found.key == key).collect();
        watch::note_known(tx, case, row.expert_id, &declared).await?;
        return Ok(Vec::new());
    }
    watch::note_known(tx, case, row.expert_id, covered).await?;
    Ok(Vec::new())
}
