//! Reading of plans and of what they change.

use actix_web::{HttpRequest, get};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::detail;
use super::policy::{ReadSync, ReadSyncRestricted};
use super::store::changes;
use super::store::{self, PlanRow, work};
use super::view::{Reader, RestrictedChange, SyncChange, SyncPlan};
use super::words::{ChangeKind, PlanState};
use super::{own_sources, reader};
use crate::access::permit::{Permit, Scope};
use crate::db::Conn;
use crate::experts::vocabulary::Vocabulary;
use crate::http::envelope::lang;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, segment_number};
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_page};
use crate::kernel::problem::{Answer, Code, Lang, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_sync_plans).service(read_sync_plan).service(list_sync_changes).service(read_restricted_change);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PlansQuery {
    /// Only in this state.
    #[param(inline)]
    state: Option<PlanState>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A plan of a source the caller may know of.
pub(super) async fn find(conn: &mut Conn, scope: &Scope, id: Uuid) -> Answer<PlanRow> {
    check(store::find(conn, id).await?, conn, scope).await
}

/// The same, locked until the transaction ends. While a plan is applied or undone its lock is not waited for: that takes as long as it
/// takes.
pub(super) async fn lock(tx: &mut Conn, scope: &Scope, id: Uuid) -> Answer<PlanRow> {
    match find(tx, scope, id).await?.state() {
        PlanState::Applying => Err(Problem::new(Code::Conflict).detail(say!(
            "Kế hoạch đang được áp dụng; đợi xong rồi thử lại.",
            "The plan is being applied; try again when that is done.",
        ))),
        PlanState::Reverting => Err(Problem::new(Code::Conflict).detail(say!(
            "Kế hoạch đang được hoàn tác; đợi xong rồi thử lại.",
            "The plan is being undone; try again when that is done.",
        ))),
        _ => lock_any(tx, scope, id).await,
    }
}

/// The same, whatever becomes of it meanwhile.
pub(super) async fn lock_any(tx: &mut Conn, scope: &Scope, id: Uuid) -> Answer<PlanRow> {
    check(store::lock(tx, id).await?, tx, scope).await
}

async fn check(row: PlanRow, conn: &mut Conn, scope: &Scope) -> Answer<PlanRow> {
    match own_sources(conn, scope, None).await? {
        Some(own) if !own.contains(&row.source) => Err(Problem::new(Code::NotFound)),
        _ => Ok(row),
    }
}

/// A plan with how far it is.
pub(super) async fn view(conn: &mut Conn, row: PlanRow, reader: Reader, lang: Lang) -> Answer<SyncPlan> {
    let progress = match row.state() {
        PlanState::Planning | PlanState::Applying | PlanState::Reverting => Some(work::progress(conn, row.id).await?),
        _ => None,
    };
    Ok(SyncPlan::of(row, progress.as_ref(), reader, lang))
}

/// List plans
///
/// The latest first: who sent which file, what it changed, and what became of it. The Department reads those of its sources.
#[utoipa::path(
    tag = "sync",
    params(PlansQuery),
    security(("session" = ["sync.read"])),
    responses((status = 200, description = "A page of plans", body = Page<SyncPlan>)),
)]
#[get("/sync/plans")]
async fn list_sync_plans(permit: Permit<ReadSync>, query: Params<PlansQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let before = cursors.open(query.cursor.as_deref())?;
    let conn = &mut permit.read().await?;
    let own = own_sources(conn, permit.scope(), None).await?;
    let rows = store::list(conn, own.as_deref(), query.state, before, query.limit.probe()).await?;
    let (reader, lang) = (reader(permit.scope()), lang(&req));
    let view = |row| SyncPlan::of(row, None, reader, lang);
    fresh_page(&req, "private", &cursors.page(rows, query.limit, |row| row.id, view)?)
}

/// Read a plan
///
/// Where it stands, what it changes in numbers, and the hash to apply it with.
#[utoipa::path(
    tag = "sync",
    params(("id" = Uuid, Path, description = "Id of the plan")),
    security(("session" = ["sync.read"])),
    responses((status = 200, description = "The plan", body = SyncPlan)),
)]
#[get("/sync/plans/{id}")]
async fn read_sync_plan(permit: Permit<ReadSync>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let conn = &mut permit.read().await?;
    let row = find(conn, permit.scope(), id.0).await?;
    fresh(&req, None, "private", &view(conn, row, reader(permit.scope()), lang(&req)).await?)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// Only of these kinds.
    #[param(inline)]
    kind: Vec<ChangeKind>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List what a plan changes
///
/// Record by record, in the order of the file: what comes in field by field, old and new, what is wrong with a line and what
/// would repair it, and, for the Union, who a record may be. Restricted values are named and not shown.
#[utoipa::path(
    tag = "sync",
    params(("id" = Uuid, Path, description = "Id of the plan"), ChangesQuery),
    security(("session" = ["sync.read"])),
    responses((status = 200, description = "A page of changes", body = Page<SyncChange>)),
)]
#[get("/sync/plans/{id}/changes")]
async fn list_sync_changes(permit: Permit<ReadSync>, id: Id, query: Params<ChangesQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let sealer = &permit.state().sealer;
    let cursors = Cursors::of(sealer, &req, &permit.scope().audience());
    let after = cursors.open(query.cursor.as_deref())?.unwrap_or_default();
    let conn = &mut permit.read().await?;
    let plan = find(conn, permit.scope(), id.0).await?;
    let kinds: Vec<&str> = query.kind.iter().map(|kind| kind.as_str()).collect();
    let kinds = (!kinds.is_empty()).then_some(kinds);
    let (reader, lang) = (reader(permit.scope()), lang(&req));
    let tells_all = reader != Reader::Source;
    // while it is made it changes under the reader's eyes
    let rows = if plan.state() == PlanState::Planning {
        Vec::new()
    } else {
        changes::page(conn, plan.id, kinds.as_deref(), tells_all, after, query.limit.probe()).await?
    };
    let mut opened = Vec::with_capacity(rows.len());
    let vocabulary = Vocabulary::read(conn).await?;
    for row in rows {
        let detail = detail::of(sealer, plan.id, &row)?.named(&vocabulary);
        opened.push((row, detail));
    }
    let view = |(row, detail)| SyncChange::of(row, detail, reader, lang);
    fresh_page(&req, "private", &cursors.page(opened, query.limit, |(row, _)| row.number, view)?)
}

/// Read the restricted values of a change
///
/// Contacts and full birth dates, old and new, for who decides about them. Each read is recorded before it is answered.
#[utoipa::path(
    tag = "sync",
    params(
        ("id" = Uuid, Path, description = "Id of the plan"),
        ("change" = i64, Path, description = "Number of the change", example = 1),
    ),
    security(("session" = ["sync.read_restricted"])),
    responses((status = 200, description = "The values", body = RestrictedChange)),
)]
#[get("/sync/plans/{id}/changes/{change}/restricted")]
async fn read_restricted_change(
    permit: Permit<ReadSyncRestricted>,
    id: Id,
    _: Params<Nothing>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let plan = find(&mut conn, permit.scope(), id.0).await?;
    let number = segment_number(&req, "change");
    let rows = changes::page(&mut conn, plan.id, None, true, number.saturating_sub(1), 1).await?;
    drop(conn);
    let row = rows.into_iter().find(|row| row.number == number).ok_or_else(|| Problem::new(Code::NotFound))?;
    let detail = detail::of(&permit.state().sealer, plan.id, &row)?;
    let shown = RestrictedChange::of(&detail);
    if !shown.fields.is_empty() {
        let person = row.expert_id.or_else(|| detail.line.as_ref().map(|line| line.id));
        permit.disclose(person.as_slice()).await?;
    }
    fresh(&req, None, "private", &shown)
}
