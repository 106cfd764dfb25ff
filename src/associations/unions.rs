//! `/associations/{key}/union-memberships`: membership in a Union, with a decision of its own.

use actix_web::{HttpRequest, get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::Decision;
use super::model::UnionRow;
use super::parts::{UnionMembership, gone};
use super::policy::{ManageAssociations, ReadAssociations};
use super::record::AsOfQuery;
use super::rules::{check_life, check_order, check_union};
use super::store;
use super::words::{AssociationStatus, UnionMembershipKind};
use super::write::{self, Locked, change, day_of, sight};
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::body::{Body, MaybeBody};
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::{Id, Key};
use crate::kernel::clock::today;
use crate::kernel::document::DocumentForm;
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::organisations::model::{Kind, before};
use crate::organisations::store as organisation_store;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_union_memberships).service(admit_association).service(end_union_membership);
}

/// List the Unions an association belongs or belonged to
///
/// From the oldest to the newest, each with the decision that admitted it; of a past day those that had begun.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), AsOfQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "Its memberships", body = Page<UnionMembership>)),
)]
#[get("/associations/{key}/union-memberships")]
async fn list_union_memberships(
    permit: Permit<ReadAssociations>,
    key: Key,
    query: Params<AsOfQuery>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let (body, registry) = write::read_visible(&mut conn, &permit, &key.0, day).await?;
    let ids: Vec<Uuid> = registry.unions.iter().map(|row| row.union_id).collect();
    let bodies = organisation_store::bodies(&mut conn, &ids).await?;
    let begun = |row: &&UnionRow| query.0.as_of.is_none() || row.valid_from.is_none_or(|from| from <= day);
    let items = registry.unions.iter().filter(begun).map(|row| UnionMembership::new(row, &bodies, day)).collect();
    let version = sight(&permit, body.id).manage.then_some(registry.record.version);
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, version, cache, &Page { items, next_cursor: None })
}

/// An admission into a Union.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "collective", "effective_on": "2026-07-01",
    "document": {"number": "232/QĐ-LHH", "date": "2026-06-29", "issuer": "Liên hiệp hội tỉnh"}
}))]
struct AdmissionForm {
    /// As what.
    kind: UnionMembershipKind,
    /// The Union, by id or code; the one this server works for by default.
    union: Option<String>,
    /// Since when; today by default.
    effective_on: Option<NaiveDate>,
    /// The decision of its board.
    document: Option<DocumentForm>,
    /// Why.
    reason: Option<String>,
}

/// The Union a form means.
async fn union_of(tx: &mut Conn, named: Option<&str>, day: NaiveDate) -> Answer<Uuid> {
    let home = store::home_union(tx, today()).await?;
    let unknown = || {
        let detail = say!("Không có Liên hiệp hội này lúc đó.", "There is no such Union at that time.");
        Problem::field("/union", "unknown_reference", detail)
    };
    let key = named.map(str::to_owned).or(home).ok_or_else(unknown)?;
    match organisation_store::find(tx, &key).await {
        Ok(body) if body.kind == Kind::Union && body.period().contains(day) => Ok(body.id),
        Ok(_) => Err(unknown()),
        Err(problem) if problem.code() == Code::NotFound => Err(unknown()),
        Err(problem) => Err(problem),
    }
}

/// Admit an association into a Union
///
/// By a decision of the Union's board, from a day on. An association that is still being founded is not admitted.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = AdmissionForm,
    security(("session" = ["associations.manage"])),
    responses((status = 201, description = "Admitted", body = UnionMembership)),
)]
#[post("/associations/{key}/union-memberships")]
async fn admit_association(
    permit: Permit<ManageAssociations>,
    key: Key,
    once: Once,
    body: Body<AdmissionForm>,
) -> Answer {
    let once = once.of(&body);
    let AdmissionForm { kind, union, effective_on, document, reason } = body.0;
    let decision = Decision { effective_on, document, reason }.check()?;
    let id = change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let day = decision.effective_on;
        check_life("/effective_on", locked.body.period(), day)?;
        if locked.registry.state(day) == AssociationStatus::Preparing {
            return Err(Problem::new(Code::Conflict).detail(say!(
                "Hội chưa được thành lập (`preparing`); hãy `activate` trước.",
                "The association is not founded yet (`preparing`); `activate` it first.",
            )));
        }
        let row = UnionRow {
            id: new_id(),
            organisation_id: locked.id(),
            union_id: union_of(tx, union.as_deref(), day).await?,
            kind,
            valid_from: Some(day),
            valid_to: None,
            document: decision.document,
            leaving: None,
            reason: decision.reason,
        };
        if row.union_id == locked.id() {
            let detail = say!("Một Liên hiệp hội không là hội viên của chính mình.", "A Union is no member of itself.");
            return Err(Problem::field("/union", "cycle", detail));
        }
        check_union(&row, &locked.registry.unions)?;
        store::put_union(tx, &row).await?;
        let event = locked.event("associations.admit").fields(["unions"]).values(json!({ "membership": row }));
        Ok((row.id, vec![event]))
    })
    .await?;
    answer(&permit, &key, id, true).await
}

async fn answer(permit: &Permit<ManageAssociations>, key: &Key, id: Uuid, created: bool) -> Answer {
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    let row = registry.unions.iter().find(|row| row.id == id).ok_or_else(gone)?;
    let bodies = organisation_store::bodies(&mut conn, &[row.union_id]).await?;
    let location = format!("/api/v1/associations/{}/union-memberships", body.id);
    let view = UnionMembership::new(row, &bodies, today());
    written(created.then_some(location.as_str()), registry.record.version, &view)
}

/// End a membership in a Union
///
/// From a day on, by a decision: it left, or was excluded.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the membership"),
        IfMatch,
        Once,
    ),
    request_body = Option<Decision>,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The membership as it is now", body = UnionMembership)),
)]
#[post("/associations/{key}/union-memberships/{id}/end")]
async fn end_union_membership(
    permit: Permit<ManageAssociations>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Decision>,
) -> Answer {
    let (once, decision) = (once.of(&body), body.0.check()?);
    change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let old = locked.registry.unions.iter().find(|row| row.id == id.0).ok_or_else(gone)?;
        if_match.check(locked.registry.record.version)?;
        let day = decision.effective_on;
        if let Some(to) = old.valid_to {
            let detail = say!("Đã kết thúc ngày {to}.", "It already ended on {to}.");
            return Err(Problem::new(Code::Conflict).detail(detail));
        }
        check_order("/effective_on", old.valid_from, Some(before(day)))?;
        let new = UnionRow {
            valid_to: Some(before(day)),
            leaving: decision.document.clone(),
            reason: decision.reason.clone().or_else(|| old.reason.clone()),
            ..old.clone()
        };
        store::put_union(tx, &new).await?;
        let values = json!({ "membership": [old, new] });
        Ok((old.id, vec![locked.event("associations.leave_union").fields(["unions"]).values(values)]))
    })
    .await?;
    answer(&permit, &key, id.0, false).await
}
