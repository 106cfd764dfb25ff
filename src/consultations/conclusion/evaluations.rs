//! How the experts of a panel did, as the Union's office says; nobody else reads it.

use std::collections::HashMap;

use actix_web::{HttpRequest, get, put};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::forms::EvaluationForm;
use super::model::EvaluationRow;
use super::routes::must_be;
use super::store;
use crate::access::permit::{Permit, Scope};
use crate::audit::event::Event;
use crate::consultations::panel::PanelExpert;
use crate::consultations::panel::model::MemberRow;
use crate::consultations::panel::store::{self as panel_store, Who};
use crate::consultations::policy::EvaluateExperts;
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConsultationState, PanelMemberState, PanelSeat};
use crate::consultations::work;
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, segment_id};
use crate::kernel::clock::{now, today};
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_evaluations).service(put_evaluation);
}

/// How an expert of the panel did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExpertEvaluation {
    /// Id of the seat.
    member_id: Uuid,
    /// Who.
    expert: PanelExpert,
    /// The kind of seat.
    seat: PanelSeat,
    /// How good the opinion was, 1 to 5.
    #[schema(minimum = 1, maximum = 5, example = 5)]
    quality: i16,
    /// How well times were kept, 1 to 5.
    #[schema(minimum = 1, maximum = 5, example = 4)]
    timeliness: i16,
    /// A remark.
    remark: Option<String>,
    /// When it was said last.
    at: DateTime<Utc>,
}

/// How those of a panel did, and the version of the consultation.
async fn shown(permit: &Permit<EvaluateExperts>, id: Uuid) -> Answer<(Vec<ExpertEvaluation>, i64)> {
    let mut conn = permit.read().await?;
    consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id).await?;
    let rows = store::evaluations(&mut conn, id).await?;
    let version = version_of(&rows);
    let members = panel_store::members(&mut conn, id).await?;
    let ids: Vec<Uuid> = members.iter().map(|row| row.expert_id).collect();
    let who = panel_store::who(&mut conn, &ids, &[]).await?;
    let who: HashMap<Uuid, Who> = who.into_iter().map(|who| (who.id, who)).collect();
    let by_member: HashMap<Uuid, EvaluationRow> = rows.into_iter().map(|row| (row.member_id, row)).collect();
    let view = |member: &MemberRow| {
        let row = by_member.get(&member.id)?.clone();
        let expert = who.get(&member.expert_id)?.into();
        let EvaluationRow { member_id, quality, timeliness, remark, at, .. } = row;
        Some(ExpertEvaluation { member_id, expert, seat: member.seat, quality, timeliness, remark, at })
    };
    Ok((members.iter().filter_map(view).collect(), version))
}

/// List how the experts did
///
/// Those of the panel whom the office evaluated, in the order of the seats; for the Union alone.
#[utoipa::path(
    tag = "panels",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.evaluate"])),
    responses((status = 200, description = "How they did", body = Page<ExpertEvaluation>)),
)]
#[get("/consultations/{id}/evaluations")]
async fn list_evaluations(permit: Permit<EvaluateExperts>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let (items, version) = shown(&permit, id.0).await?;
    fresh(&req, Some(version), "private", &Page { items, next_cursor: None })
}

/// The version of what was said of a panel: the moment it was said last. That of the consultation stays, which its asker reads, too.
fn version_of(rows: &[EvaluationRow]) -> i64 {
    rows.iter().map(|row| row.at.timestamp_micros()).max().unwrap_or_default()
}

/// Say how an expert did
///
/// One who took part in the panel, from the time it is concluded until it is archived, in place of what was said before. Neither the asker
/// nor the expert reads it.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        IfMatch,
    ),
    request_body = EvaluationForm,
    security(("session" = ["consultations.evaluate"])),
    responses((status = 200, description = "How the person did", body = ExpertEvaluation)),
)]
#[put("/consultations/{id}/evaluations/{member}")]
async fn put_evaluation(
    permit: Permit<EvaluateExperts>,
    id: Id,
    if_match: IfMatch,
    body: Body<EvaluationForm>,
    req: HttpRequest,
) -> Answer {
    let (scope, member) = (permit.scope().clone(), segment_id(&req, "member"));
    permit.write(async move |tx| Box::pin(evaluate(tx, &scope, (id.0, member), &if_match, body.0)).await).await?;
    let (all, version) = shown(&permit, id.0).await?;
    let one = all.into_iter().find(|one| one.member_id == member).ok_or_else(|| Problem::new(Code::NotFound))?;
    written(None, version, &one)
}

async fn evaluate(
    tx: &mut Conn,
    scope: &Scope,
    (id, member): (Uuid, Uuid),
    if_match: &IfMatch,
    form: EvaluationForm,
) -> Answer<((), Event)> {
    use ConsultationState::{Closed, Concluding, Delivered, Responded};
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, None).await?;
    let members = panel_store::members(tx, id).await?;
    let seat = members.into_iter().find(|row| row.id == member).ok_or_else(|| Problem::new(Code::NotFound))?;
    if_match.check(version_of(&store::evaluations(tx, id).await?))?;
    must_be(&locked.case, &[Concluding, Delivered, Responded, Closed])?;
    let took_part = seat.sits() && seat.state == PanelMemberState::Accepted;
    if seat.rank > 0 || !(took_part || seat.delivered_at.is_some()) {
        let state = seat.state.as_str();
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Người này không tham gia hội đồng (`{state}`).",
            "This person took no part in the panel (`{state}`).",
        )));
    }
    let mut reader = Reader::default();
    for (pointer, value) in [("/quality", form.quality), ("/timeliness", form.timeliness)] {
        if !(1..=5).contains(&value) {
            reader.fault(pointer, "out_of_range", say!("Từ 1 đến 5.", "From 1 to 5."));
        }
    }
    let remark = reader.note("/remark", form.remark.as_deref());
    let row = reader.done(EvaluationRow {
        member_id: member,
        consultation_id: id,
        expert_id: seat.expert_id,
        quality: form.quality,
        timeliness: form.timeliness,
        remark,
        at: now(),
        actor_id: scope.actor.id(),
    })?;
    store::put_evaluation(tx, &row).await?;
    let event = locked.event("consultations.evaluate_expert").fields(["evaluations"]);
    Ok(((), event.values(json!({ "expert": row.expert_id, "quality": row.quality, "timeliness": row.timeliness }))))
}
