//! `/associations/{key}/members`: experts who are members, as their own records say.

use actix_web::{HttpRequest, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::Decision;
use super::parts::gone;
use super::policy::{ManageAssociations, ReadAssociationMembers};
use super::reader::Reader;
use super::rules::{check_life, check_order};
use super::write::{self, Locked, change, day_on, find_visible};
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::experts::members::{self, MemberRow, MemberSql};
use crate::experts::model::Membership;
use crate::http::body::{Body, MaybeBody};
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::{Id, Key};
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{IfMatch, fresh_page, written};
use crate::kernel::problem::{Answer, Problem};
use crate::organisations::model::before;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_members).service(enrol_member).service(leave_association);
}

/// An expert who is or was a member.
#[derive(Debug, Serialize, ToSchema)]
struct AssociationMember {
    /// The expert.
    expert_id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    code: String,
    /// Name without titles.
    full_name: String,
    /// As what.
    position: Option<String>,
    /// Since, where known.
    valid_from: Option<NaiveDate>,
    /// Until; empty while it lasts.
    valid_to: Option<NaiveDate>,
}

impl From<MemberRow> for AssociationMember {
    fn from(row: MemberRow) -> Self {
        let MemberRow { expert_id, code, full_name, position, from, to, .. } = row;
        Self { expert_id, code, full_name, position, valid_from: from, valid_to: to }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MemberQuery {
    /// Who was a member on this date; of all times by default.
    #[param(example = "2026-01-01")]
    on: Option<NaiveDate>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the experts who are members of an association
///
/// In the order of their names, of those you may know of. It is the `memberships` of their records, seen from here.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), MemberQuery),
    security((), ("session" = ["associations.read_members"])),
    responses((status = 200, description = "A page of members", body = Page<AssociationMember>)),
)]
#[get("/associations/{key}/members")]
async fn list_members(
    permit: Permit<ReadAssociationMembers>,
    key: Key,
    query: Params<MemberQuery>,
    req: HttpRequest,
) -> Answer {
    let (query, scope) = (query.0, permit.scope());
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let after = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let day = day_on(&mut conn, query.on).await?;
    let body = find_visible(&mut conn, &permit, &key.0, day).await?;
    let sql = MemberSql::new(scope, body.id, query.on, after, query.limit.probe());
    let rows = members::members(&mut conn, sql).await?;
    let key = |row: &MemberRow| (row.name_sort.clone(), row.expert_id, row.ordinal);
    let page = cursors.page(rows, query.limit, key, AssociationMember::from)?;
    let cache = if scope.reach == Reach::Public { "public" } else { "private" };
    fresh_page(&req, cache, &page)
}

/// A membership to enter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expert": "CG-000001", "position": "Hội viên", "from": "2026-01-15"}))]
struct MemberForm {
    /// The expert, by id or code.
    expert: String,
    /// As what.
    position: Option<String>,
    /// Since.
    from: Option<NaiveDate>,
    /// Until, when it is over.
    to: Option<NaiveDate>,
}

/// Make an expert a member of an association
///
/// It is written into the expert's record, and stands in its history.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = MemberForm,
    security(("session" = ["associations.manage"])),
    responses((status = 201, description = "Entered", body = AssociationMember)),
)]
#[post("/associations/{key}/members")]
async fn enrol_member(permit: Permit<ManageAssociations>, key: Key, once: Once, body: Body<MemberForm>) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let day = form.from.or(form.to);
    let id = change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let mut reader = Reader::default();
        let membership = Membership {
            organisation_id: locked.id(),
            position: reader.line("/position", form.position.as_deref()),
            from: reader.day("/from", form.from),
            to: reader.day("/to", form.to),
        };
        let membership = reader.done(membership)?;
        check_order("/to", membership.from, membership.to)?;
        if let Some(from) = membership.from {
            check_life("/from", locked.body.period(), from)?;
        }
        let (id, event) = members::enrol(tx, &locked.scope, &form.expert, membership).await?;
        Ok((id, vec![event, locked.event("associations.enrol_member").fields(["members"])]))
    })
    .await?;
    answer(&permit, &key, (id, day), true).await
}

/// Answers a write with the membership that was written: the expert's of a day, or the one they have when it has no days. No
/// two share a day.
async fn answer(
    permit: &Permit<ManageAssociations>,
    key: &Key,
    (expert, day): (Uuid, Option<NaiveDate>),
    created: bool,
) -> Answer {
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    let of_day = MemberSql::new(permit.scope(), body.id, day, None, 1).of(expert);
    let row = members::members(&mut conn, of_day).await?.pop();
    let member = row.map(AssociationMember::from).ok_or_else(gone)?;
    let location = format!("/api/v1/associations/{}/members", body.id);
    written(created.then_some(location.as_str()), registry.record.version, &member)
}

/// End an expert's membership of an association
///
/// From a day on. It is written into the expert's record, and stands in its history.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the expert"),
        IfMatch,
        Once,
    ),
    request_body = Option<Decision>,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The membership as it is now", body = AssociationMember)),
)]
#[post("/associations/{key}/members/{id}/leave")]
async fn leave_association(
    permit: Permit<ManageAssociations>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Decision>,
) -> Answer {
    let (once, decision) = (once.of(&body), body.0.check()?);
    let last = before(decision.effective_on);
    change(&permit, &key.0, Some(if_match), Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let day = decision.effective_on;
        let left = members::leave(tx, &locked.scope, id.0, locked.id(), day).await;
        let event = left.map_err(|problem| not_a_member(problem, day))?;
        let values = serde_json::json!({ "decision": decision });
        Ok((id.0, vec![event, locked.event("associations.leave_member").fields(["members"]).values(values)]))
    })
    .await?;
    answer(&permit, &key, (id.0, Some(last)), false).await
}

fn not_a_member(problem: Problem, day: NaiveDate) -> Problem {
    let detail = say!("Trước ngày {day} người này không là hội viên.", "The person is no member before {day}.");
    if problem.code() == crate::kernel::problem::Code::NotFound { problem.detail(detail) } else { problem }
}
