//! Change requests: what an association's office proposes of what is the Union's to change.

use actix_web::{HttpRequest, get, post};
use chrono::{DateTime, Utc};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::AssociationPatch;
use super::model::{OfficerRow, RequestRow};
use super::officers::{self, OfficerForm};
use super::policy::{DecideChangeRequest, FileChangeRequest, ReadChangeRequests};
use super::reader::Reader;
use super::record;
use super::store;
use super::words::RequestState;
use super::write::{self, Locked, is_own};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::{Body, MaybeBody, from_value};
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{IfMatch, fresh, fresh_page, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(file_change_request)
        .service(list_change_requests)
        .service(read_change_request)
        .service(accept_change_request)
        .service(reject_change_request);
}

/// Most officers of one request.
const MAX_OFFICERS: usize = 50;

/// What an association's office proposes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "changes": {"name_en": "Tea Association of Tuyen Quang"},
    "officers": [{"full_name": "Nguyễn Văn Mẫu", "position": "vice_president"}],
    "reason": "Nghị quyết Ban Chấp hành số 3"
}))]
struct ChangeRequestForm {
    /// A merge patch of the record, as `PATCH /associations/{key}` takes it.
    #[serde(default)]
    #[schema(value_type = Option<AssociationPatch>)]
    changes: Option<Value>,
    /// Officers to enter.
    #[serde(default)]
    officers: Vec<OfficerForm>,
    /// Why.
    #[schema(min_length = 1, max_length = 300)]
    reason: String,
}

/// A change request and what became of it.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeRequest {
    /// Its id.
    id: Uuid,
    /// The association.
    association_id: Uuid,
    /// Where it stands.
    state: RequestState,
    /// The changes of the record that are asked for, as a merge patch.
    #[schema(value_type = AssociationPatch)]
    changes: Value,
    /// The officers that are proposed.
    #[schema(value_type = Vec<OfficerForm>)]
    officers: Value,
    /// Why.
    reason: String,
    /// When it was filed.
    filed_at: DateTime<Utc>,
    /// When the Union decided.
    decided_at: Option<DateTime<Utc>>,
    /// What the Union said.
    decision_reason: Option<String>,
}

impl From<RequestRow> for ChangeRequest {
    fn from(row: RequestRow) -> Self {
        Self {
            id: row.id,
            association_id: row.organisation_id,
            state: row.state,
            changes: row.changes,
            officers: row.officers,
            reason: row.reason,
            filed_at: row.filed_at,
            decided_at: row.decided_at,
            decision_reason: row.decision_reason,
        }
    }
}

/// Propose changes of an association
///
/// By its own office: a patch of the record, officers to enter, or both, under the same rules as if the Union had entered it.
/// The Union accepts or rejects it with a reason.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = ChangeRequestForm,
    security(("session" = ["change_requests.file"])),
    responses((status = 201, description = "Filed", body = ChangeRequest)),
)]
#[post("/associations/{key}/change-requests")]
async fn file_change_request(
    permit: Permit<FileChangeRequest>,
    key: Key,
    once: Once,
    body: Body<ChangeRequestForm>,
) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let changes = form.changes.unwrap_or_else(|| json!({}));
    let patch: AssociationPatch = from_value(changes.clone()).map_err(|problem| problem.under("/changes"))?;
    let filed_by = permit.actor().id();
    let id = write::change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let mut reader = Reader::default();
        let reason = reader.needed("/reason", Some(&form.reason));
        let nothing = changes.as_object().is_none_or(serde_json::Map::is_empty) && form.officers.is_empty();
        if nothing {
            let detail = say!("Nêu `changes` hoặc `officers`.", "Name `changes` or `officers`.");
            reader.fault("/changes", "required", detail);
        }
        if form.officers.len() > MAX_OFFICERS {
            let detail = say!("Tối đa {MAX_OFFICERS} người.", "At most {MAX_OFFICERS} people.");
            reader.fault("/officers", "too_many", detail);
        }
        let reason = reader.done(reason)?;
        let officers = Box::pin(try_out(tx, locked, patch, form.officers)).await?;
        let row = RequestRow {
            id: new_id(),
            version: 1,
            organisation_id: locked.id(),
            state: RequestState::Open,
            changes,
            officers: serde_json::to_value(&officers).map_err(Problem::internal)?,
            reason,
            filed_by,
            filed_at: now(),
            decided_by: None,
            decided_at: None,
            decision_reason: None,
        };
        store::put_request(tx, &row).await?;
        let event = Event::on("change_request", row.id).fields(["changes", "officers", "reason"]);
        Ok((row.id, vec![event.values(json!({ "association": locked.id(), "changes": row.changes }))]))
    })
    .await?;
    let mut conn = permit.read().await?;
    let row = store::request(&mut conn, id, false).await?;
    let location = format!("/api/v1/change-requests/{id}");
    written(Some(&location), row.version, &ChangeRequest::from(row))
}

/// Does what is proposed and undoes it, so that what is filed can be accepted; the officers with the names they are filed
/// under. Experts are looked up by who files: one who is hidden from them is unknown, and whoever hides later keeps the name
/// that was filed.
async fn try_out(
    tx: &mut Conn,
    locked: &Locked,
    patch: AssociationPatch,
    officers: Vec<OfficerForm>,
) -> Answer<Vec<OfficerForm>> {
    diesel::sql_query("SAVEPOINT proposed").execute(tx).await?;
    let (rows, _) = carry_out(tx, locked, patch, officers.clone()).await?;
    diesel::sql_query("ROLLBACK TO SAVEPOINT proposed").execute(tx).await?;
    let named = |(form, row): (OfficerForm, OfficerRow)| OfficerForm { full_name: Some(row.full_name), ..form };
    Ok(officers.into_iter().zip(rows).map(named).collect())
}

/// Corrects the record and enters officers: their rows, and the events.
async fn carry_out(
    tx: &mut Conn,
    locked: &Locked,
    patch: AssociationPatch,
    forms: Vec<OfficerForm>,
) -> Answer<(Vec<OfficerRow>, Vec<Event>)> {
    let corrected = Box::pin(record::correct(tx, locked, patch, None)).await;
    let mut events = corrected.map_err(|problem| problem.under("/changes"))?;
    if forms.is_empty() {
        return Ok((Vec::new(), events));
    }
    let (rows, entered) = Box::pin(officers::enter(tx, locked, forms, |at| format!("/officers/{at}"))).await?;
    events.extend(entered);
    Ok((rows, events))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RequestQuery {
    /// Only in this state.
    #[param(inline)]
    state: Option<RequestState>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The organisation whose requests a caller sees; none for all.
fn whose(scope: &Scope) -> Option<Uuid> {
    (scope.reach == Reach::Own).then(|| scope.actor.organisation_id().unwrap_or_default())
}

/// List change requests
///
/// The latest first: an association's own, for the Union all.
#[utoipa::path(
    tag = "associations",
    params(RequestQuery),
    security(("session" = ["change_requests.read"])),
    responses((status = 200, description = "A page of requests", body = Page<ChangeRequest>)),
)]
#[get("/change-requests")]
async fn list_change_requests(
    permit: Permit<ReadChangeRequests>,
    query: Params<RequestQuery>,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let before = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let state = query.state.map(RequestState::as_str);
    let rows = store::requests(&mut conn, whose(permit.scope()), state, before, query.limit.probe()).await?;
    fresh_page(&req, "private", &cursors.page(rows, query.limit, |row| row.id, ChangeRequest::from)?)
}

async fn find<P: Policy>(permit: &Permit<P>, id: Uuid) -> Answer<RequestRow> {
    let row = store::request(&mut permit.read().await?, id, false).await?;
    if permit.scope().reach == Reach::Own && !is_own(permit.scope(), row.organisation_id) {
        return Err(Problem::new(Code::NotFound));
    }
    Ok(row)
}

/// Read a change request
///
/// What was proposed and what became of it.
#[utoipa::path(
    tag = "associations",
    params(("id" = Uuid, Path, description = "Id of the request")),
    security(("session" = ["change_requests.read"])),
    responses((status = 200, description = "The request", body = ChangeRequest)),
)]
#[get("/change-requests/{id}")]
async fn read_change_request(
    permit: Permit<ReadChangeRequests>,
    id: Id,
    _: Params<Nothing>,
    req: HttpRequest,
) -> Answer {
    let row = find(&permit, id.0).await?;
    let decides = permit.may::<DecideChangeRequest>(|_| true);
    fresh(&req, decides.then_some(row.version), "private", &ChangeRequest::from(row))
}

/// Why a request is decided so.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"reason": "Chưa có quyết định phê duyệt kết quả đại hội"}))]
struct Verdict {
    /// Why.
    #[schema(max_length = 300)]
    reason: Option<String>,
}

/// Decides a locked request; `also` does what it asks for.
async fn decide(
    permit: &Permit<DecideChangeRequest>,
    (id, if_match, once): (Uuid, IfMatch, Once),
    state: RequestState,
    verdict: Verdict,
) -> Answer {
    let scope = permit.scope().clone();
    let run = async move |tx: &mut Conn| {
        let row = store::request(tx, id, true).await?;
        if_match.check(row.version)?;
        let mut reader = Reader::default();
        let reason = reader.line("/reason", verdict.reason.as_deref());
        if state == RequestState::Rejected && reason.is_none() {
            reader.fault("/reason", "required", say!("Nêu lý do từ chối.", "Say why it is rejected."));
        }
        let reason = reader.done(reason)?;
        if row.state != RequestState::Open {
            let was = row.state.as_str();
            let detail = say!("Đề nghị này đã được quyết định: `{was}`.", "It was decided already: `{was}`.");
            return Err(Problem::new(Code::Conflict).detail(detail));
        }
        let mut events = match state {
            RequestState::Accepted => Box::pin(apply(tx, &scope, &row)).await?,
            _ => Vec::new(),
        };
        let decided = RequestRow {
            version: row.version + 1,
            state,
            decided_by: scope.actor.id(),
            decided_at: Some(now()),
            decision_reason: reason.clone(),
            ..row
        };
        store::put_request(tx, &decided).await?;
        let values = json!({ "state": state, "reason": reason });
        events.push(Event::on("change_request", id).fields(["state"]).values(values));
        Ok((id, events))
    };
    Box::pin(permit.write_once(once, run)).await?;
    let row = store::request(&mut permit.read().await?, id, false).await?;
    written(None, row.version, &ChangeRequest::from(row))
}

/// Does what a request asks for.
async fn apply(tx: &mut Conn, scope: &Scope, row: &RequestRow) -> Answer<Vec<Event>> {
    let locked = write::lock(tx, scope, &row.organisation_id.to_string(), None).await?;
    let patch: AssociationPatch = from_value(row.changes.clone()).map_err(|problem| problem.under("/changes"))?;
    let forms: Vec<OfficerForm> = serde_json::from_value(row.officers.clone()).map_err(Problem::internal)?;
    let done = async {
        let (_, events) = carry_out(tx, &locked, patch, forms).await?;
        store::touch(tx, locked.id()).await?;
        Ok(events)
    };
    let done: Answer<Vec<Event>> = Box::pin(done).await;
    done.map_err(|problem| locked.rules.cite(problem, today()))
}

/// Accept a change request
///
/// What it asks for is done at once, under the same rules as if the Union had entered it.
#[utoipa::path(
    tag = "associations",
    params(("id" = Uuid, Path, description = "Id of the request"), IfMatch, Once),
    request_body = Option<Verdict>,
    security(("session" = ["change_requests.decide"])),
    responses((status = 200, description = "The request as it is now", body = ChangeRequest)),
)]
#[post("/change-requests/{id}/accept")]
async fn accept_change_request(
    permit: Permit<DecideChangeRequest>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Verdict>,
) -> Answer {
    let once = once.of(&body);
    decide(&permit, (id.0, if_match, once), RequestState::Accepted, body.0).await
}

/// Reject a change request
///
/// With a reason, which the association reads.
#[utoipa::path(
    tag = "associations",
    params(("id" = Uuid, Path, description = "Id of the request"), IfMatch, Once),
    request_body = Verdict,
    security(("session" = ["change_requests.decide"])),
    responses((status = 200, description = "The request as it is now", body = ChangeRequest)),
)]
#[post("/change-requests/{id}/reject")]
async fn reject_change_request(
    permit: Permit<DecideChangeRequest>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Verdict>,
) -> Answer {
    let once = once.of(&body);
    decide(&permit, (id.0, if_match, once), RequestState::Rejected, body.0).await
}
