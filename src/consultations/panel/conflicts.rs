//! Conflicts of interest of one person over HTTP: what people declare, what leaders waive, who is recused.

use actix_web::{HttpRequest, get, post};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::is_live;
use super::store::{self, DecisionRow, Who};
use super::view::{self, ConflictRecord};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::consultations::policy::{DecideConsultation, DeclareConflict, PrepareConsultation, ReadConflicts};
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConflictOutcome, PanelMemberState};
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
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
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id).await;
    let case = match case {
        // a person who was recused is told so by the answer, and sees the consultation no more
        Err(problem) if problem.code() == Code::NotFound && permit.scope().reach == Reach::Own => {
            consultation_store::find(&mut conn, Seen::by(&Scope::SYSTEM, today()), id).await?
        }
        other => other?,
    };
    let who = person(&mut conn, permit.scope(), key).await?;
    Ok((view::record(&mut conn, &case, &who, lang(req)).await?, case.row.version))
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
    let record = view::record(&mut conn, &case, &who, lang(&req)).await?;
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
    decide(permit, (id.0, key.0), (None, once.of(&body)), (ConflictOutcome::Declared, body.0), req).await
}

/// Waive conflicts of interest
///
/// By a leader, with a reason. The waiver covers what is known of the person now: what is found later is another conflict, which it
/// does not cover. Where nothing was found there is nothing to waive.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        IfMatch,
        Once,
    ),
    request_body = ConflictReasonForm,
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
    body: Body<ConflictReasonForm>,
    req: HttpRequest,
) -> Answer {
    decide(permit, (id.0, key.0), (Some(if_match), once.of(&body)), (ConflictOutcome::Waived, body.0), req).await
}

/// Recuse somebody
///
/// By the Union's office, with a reason: the person takes no part, and a seat or place in line ends. Only a leader's waiver undoes that.
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
    decide(permit, (id.0, key.0), (Some(if_match), once.of(&body)), (ConflictOutcome::Recused, body.0), req).await
}

async fn decide<P: Policy>(
    permit: Permit<P>,
    (id, key): (Uuid, String),
    (if_match, once): (Option<IfMatch>, Once),
    (outcome, form): (ConflictOutcome, ConflictReasonForm),
    req: HttpRequest,
) -> Answer {
    let (scope, named) = (permit.scope().clone(), key.clone());
    Box::pin(permit.write_once(once, async move |tx| {
        expert_store::keep_merges_out(tx).await?;
        let locked = work::lock(tx, &scope, id, if_match.as_ref()).await?;
        let who = person(tx, &scope, &named).await?;
        let event = Box::pin(enter(tx, &scope, &locked, (&who, outcome), form)).await?;
        Ok((id, event))
    }))
    .await?;
    let (record, version) = shown(&permit, id, &key, &req).await?;
    if permit.may::<PrepareConsultation>(|reach| reach == Reach::All) {
        return written(None, version, &record);
    }
    fresh(&req, None, "private", &record)
}

/// There is something to waive, and nobody is recused twice.
fn check_change(before: ConflictOutcome, outcome: ConflictOutcome) -> Answer<()> {
    let detail = match (before, outcome) {
        (ConflictOutcome::None | ConflictOutcome::Waived, ConflictOutcome::Waived) => say!(
            "Không có xung đột nào đang chờ quyết định đối với người này.",
            "There is no conflict of this person to be waived.",
        ),
        (ConflictOutcome::Recused, ConflictOutcome::Recused) => {
            say!("Người này đã rút khỏi việc này.", "The person is recused already.")
        }
        _ => return Ok(()),
    };
    Err(Problem::new(Code::Conflict).detail(detail))
}

async fn enter(
    tx: &mut Conn,
    scope: &Scope,
    locked: &Locked,
    (who, outcome): (&Who, ConflictOutcome),
    form: ConflictReasonForm,
) -> Answer<Event> {
    let case = &locked.case;
    if case.row.state.is_over() {
        let state = case.row.state.as_str();
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Hồ sơ đã kết thúc (`{state}`); không còn gì để quyết định về hội đồng.",
            "The consultation is over (`{state}`): nothing is decided of its panel any more.",
        )));
    }
    let mut reader = Reader::default();
    let reason = reader.needed_note("/reason", &form.reason);
    let reason = reader.done(reason)?;
    let standing = store::standings(tx, case, &[who.id]).await?.remove(&who.id);
    let (before, findings) = standing.map_or((ConflictOutcome::None, Vec::new()), |one| (one.outcome, one.findings));
    check_change(before, outcome)?;
    let covers = match outcome {
        ConflictOutcome::Waived => findings.into_iter().map(|finding| finding.key).collect(),
        _ => Vec::new(),
    };
    let row = DecisionRow {
        id: new_id(),
        consultation_id: case.id(),
        expert_id: who.id,
        ordinal: i32::try_from(store::decisions(tx, case.id()).await?.len()).unwrap_or(i32::MAX),
        outcome,
        reason,
        covers,
        at: now(),
        actor_id: scope.actor.id(),
        actor_role: scope.actor.role().map(|role| role.as_str().to_owned()),
    };
    store::decide(tx, &row).await?;
    if outcome == ConflictOutcome::Recused {
        let rows = store::members(tx, case.id()).await?;
        let seats: Vec<Uuid> =
            rows.iter().filter(|seat| seat.expert_id == who.id && seat.state.is_live()).map(|seat| seat.id).collect();
        let ended = (PanelMemberState::Recused.as_str(), row.reason.as_str());
        store::end(tx, &seats, ended, super::model::is_approved(case)).await?;
    }
    if is_live(case) {
        // what was said just now is known, and no alert
        super::watch::note(tx, case, false).await?;
    }
    store::touch(tx, case.id()).await?;
    let action = match outcome {
        ConflictOutcome::Waived => "consultations.waive_conflict",
        ConflictOutcome::Recused => "consultations.recuse_expert",
        _ => "consultations.declare_conflict",
    };
    let values = json!({ "expert": who.id, "outcome": outcome, "reason": row.reason, "covers": row.covers });
    Ok(locked.event(action).fields(["conflicts"]).values(values))
}
