//! Decisions: whose value a conflict is settled with, and who a record is that may be somebody known.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, post};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::conflict;
use crate::access::permit::{Permit, Scope};
use crate::audit::event::{Event, Recorder};
use crate::db::Conn;
use crate::experts::load::Aside;
use crate::experts::load::plan::link;
use crate::experts::load::verdict::{MOVING, Update, apart};
use crate::experts::load::write;
use crate::experts::store as experts;
use crate::experts::store::{SourceDecision, Stored};
use crate::experts::three_way::Members;
use crate::experts::vocabulary::Vocabulary;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::path::{Id, segment_number};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::say;
use crate::sync::apply::planned;
use crate::sync::detail::{self, Detail};
use crate::sync::planner::{self, Linked};
use crate::sync::plans::lock;
use crate::sync::policy::DecideSync;
use crate::sync::store::changes::{self, ChangeRow};
use crate::sync::store::{self, PlanRow, written};
use crate::sync::view::{Reader, SyncChange};
use crate::sync::words::{PlanState, Resolve, Take};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(decide_sync_conflict).service(resolve_sync_record);
}

/// Whose value counts.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"take": "theirs"}))]
struct ConflictForm {
    /// `theirs` is the source's, `ours` the one kept here.
    take: Take,
}

/// Settle a conflict
///
/// For all members of the record that are open. Before the plan is applied it becomes a part of it, under a new `hash`; afterwards
/// it is done at once. It is remembered: until the source says something else, nobody is asked again.
#[utoipa::path(
    tag = "sync",
    params(("id" = Uuid, Path, description = "Id of the plan"), ("change" = i64, Path, description = "Number of the change", example = 1)),
    request_body = ConflictForm,
    security(("session" = ["sync.decide"])),
    responses((status = 200, description = "The change as it is now", body = SyncChange)),
)]
#[post("/sync/plans/{id}/conflicts/{change}")]
async fn decide_sync_conflict(
    permit: Permit<DecideSync>,
    id: Id,
    body: Body<ConflictForm>,
    req: HttpRequest,
) -> Answer {
    let number = segment_number(&req, "change");
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let take = body.0.take;
    let (row, detail) = permit
        .write(async move |tx| {
            let mut plan = lock(tx, &scope, id.0).await?;
            let mut row = changes::lock(tx, plan.id, number).await?;
            check_kept(&row)?;
            if row.kind != "conflict" {
                return Err(conflict(say!("Thay đổi này không phải xung đột.", "This change is no conflict.")));
            }
            let mut detail = detail::of(&sealer, plan.id, &row)?;
            let event = Event::on("sync_plan", plan.id).fields(["decision"]);
            let is_decided = row.decision.as_deref().map(|decision| decision == take.as_str());
            match (plan.state(), is_decided) {
                (PlanState::Ready | PlanState::Blocked, _) => {
                    row.decision = Some(take.as_str().to_owned());
                    Box::pin(place(tx, &sealer, &plan, &mut row, &mut detail)).await?;
                    changes::decide(tx, plan.id, &row, scope.actor.id()).await?;
                    sum_up(tx, &mut plan).await?;
                }
                (PlanState::Applied, None) => {
                    row.decision = Some(take.as_str().to_owned());
                    Box::pin(settle(tx, &sealer, &scope, &plan, &row, &detail, take)).await?;
                    changes::decide(tx, plan.id, &row, scope.actor.id()).await?;
                }
                (PlanState::Applied, Some(true)) => return Ok(((row, detail), None)),
                (PlanState::Applied, Some(false)) => {
                    return Err(conflict(say!(
                        "Xung đột này đã được quyết định và đã ghi; muốn giá trị khác hãy sửa hồ sơ chuyên gia.",
                        "This conflict was decided and written; to have another value, correct the expert.",
                    )));
                }
                _ => {
                    return Err(conflict(say!(
                        "Chỉ quyết định được khi kế hoạch đã lập xong hoặc đã áp dụng.",
                        "It can be decided when the plan is made, or was applied.",
                    )));
                }
            }
            Ok(((row, detail), Some(event)))
        })
        .await?;
    let detail = detail.named(&Vocabulary::read(&mut permit.read().await?).await?);
    Ok(HttpResponse::Ok().json(SyncChange::of(row, detail, Reader::Union, lang(&req))))
}

/// What an old plan said of people is gone, and what any plan said of who was erased.
fn check_kept(row: &ChangeRow) -> Answer<()> {
    if row.detail.is_some() || !["conflict", "ambiguous"].contains(&row.kind.as_str()) {
        return Ok(());
    }
    Err(conflict(say!(
        "Dữ liệu của thay đổi này đã quá hạn lưu giữ hoặc đã xóa; gửi lại tệp và quyết định ở kế hoạch mới.",
        "What this change said is older than what is kept, or erased; send the file again and decide it in the new plan.",
    )))
}

/// Finds the workplace anew: what was decided may be another workplace than the plan knew of, or the same elsewhere.
async fn place(tx: &mut Conn, sealer: &Sealer, plan: &PlanRow, row: &mut ChangeRow, detail: &mut Detail) -> Answer<()> {
    let is_open = MOVING.iter().any(|name| detail.open.contains_key(*name));
    let id = row.expert_id.unwrap_or_default();
    let stored = if is_open { experts::stored(tx, sealer, &[id]).await?.remove(&id) } else { None };
    if let Some(stored) = stored {
        detail.place = None;
        if let Some(mut update) = planned(row, detail, stored).filter(Update::moves) {
            link(tx, std::iter::empty(), std::iter::once(&mut update)).await?;
            detail.place = Some((update.draft.workplace_id, update.draft.workplace));
        }
        row.detail = Some(detail::seal(sealer, plan.id, row.number, "detail", detail)?);
    }
    row.row_hash = detail::row_hash(sealer, row, &detail::text(detail)?);
    Ok(())
}

async fn sum_up(tx: &mut Conn, plan: &mut PlanRow) -> Answer<()> {
    planner::sum_up(tx, plan).await?;
    // the brake holds for the plan as it is now, unless it was released
    if plan.released_at.is_none() {
        let state = if plan.brake.is_some() { PlanState::Blocked } else { PlanState::Ready };
        plan.state = state.as_str().to_owned();
    }
    store::put(tx, plan).await
}

/// Settles a conflict of a plan that was applied: merged again with what is kept now.
async fn settle(
    tx: &mut Conn,
    sealer: &Sealer,
    scope: &Scope,
    plan: &PlanRow,
    row: &ChangeRow,
    detail: &Detail,
    take: Take,
) -> Answer<()> {
    let (Some(line), Some(external_id)) = (detail.line.clone(), row.external_id.as_deref()) else {
        return Err(Problem::internal("a conflict without its record"));
    };
    let known = experts::lock_sources(tx, &plan.source, &[external_id]).await?;
    let overtaken = written::is_overtaken(tx, plan.id, &plan.source, external_id).await?;
    let standing = experts::standing(tx, sealer, &plan.source, &[external_id], &[]).await?;
    let known = known.get(external_id).filter(|known| {
        // whom the conflict is about, and not whom they became a part of
        Some(known.expert_id) == row.expert_id && !standing.followers.contains(external_id)
    });
    let Some(known) = known.filter(|known| !overtaken && apart(&known.status).is_none()) else {
        return Err(conflict(say!(
            "Đã có kế hoạch sau với bản ghi này, hoặc chuyên gia đã được gộp hay không còn trong ngân hàng; gửi lại tệp và quyết định ở đó.",
            "A later plan has this record, or the expert was merged or is no longer in the bank; send the file again and decide it there.",
        )));
    };
    let stored = experts::stored(tx, sealer, &[known.expert_id]).await?.remove(&known.expert_id);
    let stored = stored.ok_or_else(|| Problem::new(Code::NotFound))?;
    let base: BTreeMap<String, Members> =
        experts::bases(tx, sealer, &plan.source, &[external_id]).await?.into_iter().collect();
    let decided = detail.open.keys().map(|name| (name.clone(), take == Take::Theirs)).collect();
    let mut recorder = Recorder::system(sealer.clone(), "sync.decide");
    recorder.actor = scope.actor.clone();
    let tools = Aside::read(tx, recorder).await?;
    let before = experts::source_images(tx, &plan.source, &[external_id]).await?.remove(external_id);
    let mut update = Update::of(line, known, base.get(external_id), stored, &tools.rules, &decided);
    link(tx, std::iter::empty(), std::iter::once(&mut update)).await?;
    let is_taken = !update.merged.taken.is_empty();
    write::update(tx, &tools, &plan.source, &[update]).await?;
    // what is missing at the source is no more there than before
    if let Some(before) = before {
        experts::stay_gone(tx, &before).await?;
    }
    if !is_taken {
        // nobody edited anything: the plan can be undone, and the decision with it
        written::mark(tx, plan.id, &plan.source, &[row.number]).await?;
    }
    Ok(())
}

/// Who a record is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"decision": "link", "expert": "CG-000123"}))]
struct ResolveForm {
    /// `link`: it is this expert; `create`: somebody new; `reject`: it is not taken.
    decision: Resolve,
    /// With `link`: id or code of the expert.
    #[serde(default)]
    expert: Option<String>,
}

/// Decide who a record is
///
/// Of a record that may be somebody known. It becomes a part of the plan, under a new `hash`, and is remembered: the next file
/// with this record asks nobody again, and who was said to be somebody new is kept apart from who was like them. What was
/// decided, in this plan or before, can be decided anew while the record is not written. Of a plan that was applied already it
/// counts from the next file on.
#[utoipa::path(
    tag = "sync",
    params(("id" = Uuid, Path, description = "Id of the plan"), ("change" = i64, Path, description = "Number of the change", example = 1)),
    request_body = ResolveForm,
    security(("session" = ["sync.decide"])),
    responses((status = 200, description = "The change as it is now", body = SyncChange)),
)]
#[post("/sync/plans/{id}/ambiguous/{change}")]
async fn resolve_sync_record(permit: Permit<DecideSync>, id: Id, body: Body<ResolveForm>, req: HttpRequest) -> Answer {
    let number = segment_number(&req, "change");
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let form = body.0;
    let (row, detail) = permit
        .write(async move |tx| {
            let mut plan = lock(tx, &scope, id.0).await?;
            let row = changes::lock(tx, plan.id, number).await?;
            let is_open = matches!(plan.state(), PlanState::Ready | PlanState::Blocked | PlanState::Applied);
            check_kept(&row)?;
            let is_asked = row.kind == "ambiguous" || row.doubt.is_some();
            if !is_asked || !is_open || row.written_version.is_some() {
                return Err(conflict(say!(
                    "Thay đổi này không chờ quyết định, hoặc kế hoạch chưa lập xong hay đã ghi bản ghi này.",
                    "This change waits for no decision, the plan is not made yet, or the record was written.",
                )));
            }
            let decision = decision(tx, &scope, &form, row.external_id.clone().unwrap_or_default()).await?;
            store::decide(tx, &plan.source, &decision).await?;
            let values = json!({ "decision": decision.decision, "expert": decision.expert_id });
            let event = Event::on("sync_plan", plan.id).fields(["decision"]).values(values);
            let detail = detail::of(&sealer, plan.id, &row)?;
            if plan.state() == PlanState::Applied {
                return Ok(((row, detail), event));
            }
            let row = Box::pin(plan_again(tx, &sealer, &plan, &row, detail, &decision)).await?;
            sum_up(tx, &mut plan).await?;
            let detail = detail::of(&sealer, plan.id, &row)?;
            Ok(((row, detail), event))
        })
        .await?;
    let detail = detail.named(&Vocabulary::read(&mut permit.read().await?).await?);
    Ok(HttpResponse::Ok().json(SyncChange::of(row, detail, Reader::Union, lang(&req))))
}

async fn decision(tx: &mut Conn, scope: &Scope, form: &ResolveForm, external_id: String) -> Answer<SourceDecision> {
    let expert_id = match (form.decision, form.expert.as_deref()) {
        (Resolve::Link, Some(key)) => {
            let unknown = |problem: Problem| match problem.code() {
                Code::NotFound => Problem::field(
                    "/expert",
                    "unknown_reference",
                    say!("Không có chuyên gia này.", "There is no such expert."),
                ),
                _ => problem,
            };
            let key = if key.contains('\0') { "" } else { key.trim() };
            Some(experts::lock(tx, scope, key).await.map_err(unknown)?.id)
        }
        (Resolve::Link, None) => {
            let detail = say!("Nêu chuyên gia là ai.", "Say which expert it is.");
            return Err(Problem::field("/expert", "required", detail));
        }
        (_, Some(_)) => {
            let detail = say!("Chỉ dùng với `link`.", "With `link` alone.");
            return Err(Problem::field("/expert", "not_allowed", detail));
        }
        (_, None) => None,
    };
    let decision = form.decision.as_str().to_owned();
    Ok(SourceDecision { external_id, decision, expert_id, decided_by: scope.actor.id() })
}

/// What becomes of the record now that it is decided: judged as in any plan.
async fn plan_again(
    tx: &mut Conn,
    sealer: &Sealer,
    plan: &PlanRow,
    row: &ChangeRow,
    detail: Detail,
    decision: &SourceDecision,
) -> Answer<ChangeRow> {
    let (line, candidates) = match detail::doubt_of(sealer, plan.id, row)? {
        Some(doubt) => (Some(doubt.line), doubt.candidates),
        None => (detail.line, detail.candidates),
    };
    let line = line.ok_or_else(|| Problem::internal("a record without its line"))?;
    let tools = Aside::read(tx, Recorder::system(sealer.clone(), "sync.decide")).await?;
    let linked = match decision.expert_id {
        Some(id) => Box::pin(linked(tx, sealer, plan, row, id)).await?,
        None => None,
    };
    let mut judged = planner::decided(row.number, line, decision, linked, &tools);
    planner::settle(tx, &tools, &plan.source, std::slice::from_mut(&mut judged)).await?;
    if judged.candidates.is_empty() {
        judged.candidates = candidates;
    }
    let again = planner::row(&tools, plan.id, judged)?;
    changes::put(tx, plan.id, std::slice::from_ref(&again)).await?;
    changes::lock(tx, plan.id, row.number).await
}

/// What is known of whom a record was decided to be.
async fn linked(
    tx: &mut Conn,
    sealer: &Sealer,
    plan: &PlanRow,
    row: &ChangeRow,
    id: Uuid,
) -> Answer<Option<(Stored, Linked)>> {
    let stored = experts::stored(tx, sealer, &[id]).await?.remove(&id);
    let status = experts::states_of(tx, &[id]).await?.remove(&id).unwrap_or_default();
    let twins = planner::twins(tx, plan.id, &plan.source, Some(row.number), &[id]).await?;
    Ok(stored.map(|stored| (stored, Linked { status, is_twin: twins.contains(&id) })))
}
