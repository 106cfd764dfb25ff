//! What is done with a plan: applied, released, undone, its conflicts and doubts decided.

mod decide;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::plans::{find, lock, lock_any, view};
use super::policy::{ApplySync, ReleaseSync, RevertSync};
use super::reader;
use super::store::changes::{self, MovedRow};
use super::store::{self, PlanRow, work, written};
use super::view::{Reader, SyncPlan};
use super::words::PlanState;
use crate::access::permit::Permit;
use crate::access::policy::Policy;
use crate::audit::event::Event;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(apply_sync_plan).service(release_sync_plan).service(revert_sync_plan);
    decide::configure(config);
}

/// How long an answer waits for a plan to be applied before it says that it is under way.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(30);
/// Most records that are named of those that moved.
const MOST_NAMED: i64 = 100;

/// A plan as it was looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}))]
struct ApplyForm {
    /// The plan's `hash`.
    #[schema(min_length = 64, max_length = 64)]
    hash: String,
}

/// Names records that stand in the way; a source is told of those it supplied.
fn moved_problem(rows: &[MovedRow], code: &'static str, reader: Reader) -> Problem {
    let mut problem = Problem::new(Code::Conflict);
    for row in rows.iter().filter(|row| row.supplied || reader != Reader::Source) {
        let id = row.external_id.clone().unwrap_or_default();
        let detail =
            say!("Bản ghi `{id}` đã được sửa hoặc dùng từ đó.", "The record `{id}` was changed or used since.");
        problem = problem.and_field(format!("/changes/{}", row.number), code, detail);
    }
    problem
}

fn conflict(detail: crate::kernel::problem::Say) -> Problem {
    Problem::new(Code::Conflict).detail(detail)
}

fn has_moved(rows: &[MovedRow], reader: Reader) -> Problem {
    moved_problem(rows, "moved", reader).detail(say!(
        "Dữ liệu đã thay đổi sau khi lập kế hoạch; gửi lại tệp để lập kế hoạch mới.",
        "The registry has moved since the plan was made; send the file again for a new one.",
    ))
}

fn was_not_done() -> Problem {
    conflict(say!(
        "Chưa thực hiện được, không có gì bị ghi; thử lại, nếu vẫn lỗi hãy báo quản trị.",
        "It could not be done, and nothing was written; try again, and tell the administrator if that fails, too.",
    ))
}

/// Apply a plan
///
/// All of it in one transaction, exactly what it shows. 409 lists the records that moved since. Applying again changes nothing.
/// A large plan answers 202 and goes on; read it to see when it is done.
#[utoipa::path(
    tag = "sync",
    params(("id" = Uuid, Path, description = "Id of the plan")),
    request_body = ApplyForm,
    security(("session" = ["sync.apply"])),
    responses(
        (status = 200, description = "Applied", body = SyncPlan),
        (status = 202, description = "It is being applied", body = SyncPlan),
    ),
)]
#[post("/sync/plans/{id}/apply")]
async fn apply_sync_plan(permit: Permit<ApplySync>, id: Id, body: Body<ApplyForm>, req: HttpRequest) -> Answer {
    let scope = permit.scope().clone();
    let hash = body.0.hash.trim().to_ascii_lowercase();
    permit
        .write(async move |tx| {
            // while it is applied its lock is not waited for
            if !may_apply(&find(tx, &scope, id.0).await?, &hash)? {
                return Ok(((), None));
            }
            let mut plan = lock_any(tx, &scope, id.0).await?;
            if !may_apply(&plan, &hash)? {
                return Ok(((), None));
            }
            let moved = changes::moved(tx, plan.id, &plan.source, MOST_NAMED).await?;
            if !moved.is_empty() {
                return Err(has_moved(&moved, reader(&scope)));
            }
            plan.state = PlanState::Applying.as_str().to_owned();
            plan.failure = None;
            plan.apply_kind = Some(scope.actor.kind().to_owned());
            plan.apply_id = scope.actor.id();
            plan.apply_role = scope.actor.role().map(|role| role.as_str().to_owned());
            plan.apply_asked_at = Some(now());
            work::offer(tx, plan.id, plan.records).await?;
            store::put(tx, &mut plan).await?;
            Ok(((), Some(Event::on("sync_plan", plan.id).fields(["state"]))))
        })
        .await?;
    permit.state().wake.up();
    let plan = wait(&permit, id.0).await?;
    if plan.state() == PlanState::Ready {
        let rows = plan.failure.as_ref().map(MovedRow::of_failure).unwrap_or_default();
        return Err(if rows.is_empty() { was_not_done() } else { has_moved(&rows, reader(permit.scope())) });
    }
    answer(&permit, plan, &req).await
}

/// False when there is nothing left to do.
fn may_apply(plan: &PlanRow, hash: &str) -> Answer<bool> {
    let is_this = plan.hash.as_deref().is_some_and(|known| hex::encode(known) == hash);
    match plan.state() {
        PlanState::Planning => Err(conflict(say!("Kế hoạch còn đang lập.", "The plan is still being made."))),
        PlanState::Failed => Err(conflict(say!("Kế hoạch này đã hỏng.", "The plan failed."))),
        PlanState::Reverted => Err(conflict(say!("Kế hoạch này đã hoàn tác.", "The plan was undone."))),
        PlanState::Reverting => Err(conflict(say!("Kế hoạch đang được hoàn tác.", "The plan is being undone."))),
        _ if !is_this => Err(conflict(say!(
            "`hash` không phải của kế hoạch này như nó đang là; đọc lại rồi áp dụng.",
            "`hash` is not that of the plan as it is; read it again and apply that.",
        ))),
        PlanState::Blocked => Err(conflict(say!(
            "Kế hoạch thay đổi quá nhiều và đang bị chặn; Liên hiệp hội phải mở (POST …/release).",
            "The plan changes too much and is blocked; the Union must release it (POST …/release).",
        ))),
        PlanState::Applying | PlanState::Applied => Ok(false),
        PlanState::Ready => Ok(true),
    }
}

/// The plan when it is applied or undone, or as it is after a while.
async fn wait<P: Policy>(permit: &Permit<P>, id: Uuid) -> Answer<PlanRow> {
    let begin = std::time::Instant::now();
    loop {
        let plan = store::find(&mut permit.read().await?, id).await?;
        if !is_at_work(&plan) || begin.elapsed() > PATIENCE {
            return Ok(plan);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn is_at_work(plan: &PlanRow) -> bool {
    matches!(plan.state(), PlanState::Applying | PlanState::Reverting)
}

async fn answer<P: Policy>(permit: &Permit<P>, plan: PlanRow, req: &HttpRequest) -> Answer {
    let under_way = is_at_work(&plan);
    let view = view(&mut permit.read().await?, plan, reader(permit.scope()), lang(req)).await?;
    Ok(if under_way { HttpResponse::Accepted().json(view) } else { HttpResponse::Ok().json(view) })
}

/// Release a blocked plan
///
/// Somebody of the Union has looked at it and lets it be applied, although it changes more than the brake allows.
#[utoipa::path(
    tag = "sync",
    params(("id" = Uuid, Path, description = "Id of the plan")),
    security(("session" = ["sync.release"])),
    responses((status = 200, description = "The plan as it is now", body = SyncPlan), (status = 409, description = "It is not blocked", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json")),
)]
#[post("/sync/plans/{id}/release")]
async fn release_sync_plan(permit: Permit<ReleaseSync>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let scope = permit.scope().clone();
    let plan = permit
        .write(async move |tx| {
            let mut plan = lock(tx, &scope, id.0).await?;
            if plan.state() == PlanState::Ready && plan.released_at.is_some() {
                return Ok((plan, None));
            }
            if plan.state() != PlanState::Blocked {
                return Err(conflict(say!("Kế hoạch này không bị chặn.", "The plan is not blocked.")));
            }
            plan.state = PlanState::Ready.as_str().to_owned();
            (plan.released_by, plan.released_at) = (scope.actor.id(), Some(now()));
            store::put(tx, &mut plan).await?;
            let event = Event::on("sync_plan", plan.id).fields(["state"]);
            Ok((plan, Some(event)))
        })
        .await?;
    answer(&permit, plan, &req).await
}

/// Undo a plan
///
/// As a whole: who it entered goes, what it changed is as before. 409 lists the records that were edited or used since. A large
/// plan answers 202 and goes on; read it to see when it is done.
#[utoipa::path(
    tag = "sync",
    params(("id" = Uuid, Path, description = "Id of the plan")),
    security(("session" = ["sync.revert"])),
    responses(
        (status = 200, description = "Undone", body = SyncPlan),
        (status = 202, description = "It is being undone", body = SyncPlan),
        (status = 409, description = "It was not applied, or records were edited since", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/sync/plans/{id}/revert")]
async fn revert_sync_plan(permit: Permit<RevertSync>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let scope = permit.scope().clone();
    permit
        .write(async move |tx| {
            if !may_revert(&find(tx, &scope, id.0).await?)? {
                return Ok(((), None));
            }
            let mut plan = lock_any(tx, &scope, id.0).await?;
            if !may_revert(&plan)? {
                return Ok(((), None));
            }
            let rows = written::obstacles(tx, plan.id, &plan.source, MOST_NAMED).await?;
            if !rows.is_empty() {
                return Err(was_edited(&rows, reader(&scope)));
            }
            plan.state = PlanState::Reverting.as_str().to_owned();
            plan.failure = None;
            plan.revert_kind = Some(scope.actor.kind().to_owned());
            plan.revert_id = scope.actor.id();
            plan.revert_role = scope.actor.role().map(|role| role.as_str().to_owned());
            let written = written::count(tx, plan.id).await?;
            work::offer(tx, plan.id, written).await?;
            store::put(tx, &mut plan).await?;
            Ok(((), Some(Event::on("sync_plan", plan.id).fields(["state"]))))
        })
        .await?;
    permit.state().wake.up();
    let plan = wait(&permit, id.0).await?;
    if plan.state() == PlanState::Applied {
        let rows = plan.failure.as_ref().map(MovedRow::of_failure).unwrap_or_default();
        return Err(if rows.is_empty() { was_not_done() } else { was_edited(&rows, reader(permit.scope())) });
    }
    answer(&permit, plan, &req).await
}

fn was_edited(rows: &[MovedRow], reader: Reader) -> Problem {
    moved_problem(rows, "edited_since", reader).detail(say!(
        "Có bản ghi đã được sửa hoặc dùng sau khi áp dụng; không hoàn tác được cả kế hoạch.",
        "Records were edited or used since it was applied, so it can't be undone as a whole.",
    ))
}

/// False when there is nothing left to do.
fn may_revert(plan: &PlanRow) -> Answer<bool> {
    match plan.state() {
        PlanState::Reverted | PlanState::Reverting => Ok(false),
        PlanState::Applied if plan.forgotten_at.is_none() => Ok(true),
        PlanState::Applied => Err(conflict(say!(
            "Kế hoạch đã quá hạn lưu giữ, dữ liệu để hoàn tác đã xóa.",
            "The plan is older than what is kept: what it takes to undo it is gone.",
        ))),
        _ => Err(conflict(say!(
            "Chỉ hoàn tác được kế hoạch đã áp dụng.",
            "Only a plan that was applied can be undone.",
        ))),
    }
}
