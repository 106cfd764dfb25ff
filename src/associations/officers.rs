//! `/associations/{key}/officers`: who holds or held which post.

use std::num::NonZeroU8;

use actix_web::{HttpRequest, delete, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::{OfficerRow, Registry, TermRow};
use super::parts::{Officer, gone, known_experts};
use super::policy::{ManageAssociations, ReadAssociations};
use super::reader::Reader;
use super::rules::{check_life, check_officer};
use super::store;
use super::words::OfficerPosition;
use super::write::{self, Locked, change, day_on, read_visible, sight};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Policy;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::document::DocumentForm;
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::text::fold;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_officers).service(add_officer).service(patch_officer).service(delete_officer);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OfficerQuery {
    /// Who held a post on this date: who was president then.
    #[param(example = "2023-07-28")]
    on: Option<NaiveDate>,
    /// Only of the term with this number.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 255)]
    term: Option<NonZeroU8>,
    /// Only this post; may be repeated.
    #[param(inline)]
    position: Vec<OfficerPosition>,
}

/// List the officers of an association
///
/// The highest post first: of all times, of a day (`on`) or of a term. Names and posts are public; who the expert is, is shown
/// to who may know of them.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), OfficerQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "Its officers", body = Page<Officer>)),
)]
#[get("/associations/{key}/officers")]
async fn list_officers(
    permit: Permit<ReadAssociations>,
    key: Key,
    query: Params<OfficerQuery>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let query = query.0;
    let day = day_on(&mut conn, query.on).await?;
    let (body, registry) = read_visible(&mut conn, &permit, &key.0, day).await?;
    let rows = selected(&registry, &query);
    let ids: Vec<Uuid> = rows.iter().filter_map(|row| row.expert_id).collect();
    let known = known_experts(&mut conn, &permit, &ids).await?;
    let items = rows.into_iter().map(|row| Officer::new(row, &registry, &known)).collect();
    let version = sight(&permit, body.id).manage.then_some(registry.record.version);
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, version, cache, &Page { items, next_cursor: None })
}

fn selected<'a>(registry: &'a Registry, query: &OfficerQuery) -> Vec<&'a OfficerRow> {
    let mut rows: Vec<&OfficerRow> = match query.on {
        Some(day) => registry.officers_on(day),
        None => {
            let mut rows: Vec<&OfficerRow> = registry.officers.iter().collect();
            rows.sort_by_key(|row| (std::cmp::Reverse(row.valid_from), row.position, row.id));
            rows
        }
    };
    let number = |row: &OfficerRow| row.term_id.and_then(|id| registry.term_by_id(id)).map(|term| term.number);
    rows.retain(|row| query.term.is_none_or(|term| number(row) == Some(i16::from(term.get()))));
    rows.retain(|row| query.position.is_empty() || query.position.contains(&row.position));
    rows
}

/// An officer to enter: an expert of the bank, or somebody by name.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "full_name": "Nguyễn Văn Mẫu", "position": "president", "term": 1, "from": "2026-06-15",
    "concurrent_post": "Phó Giám đốc Sở Nông nghiệp và Môi trường", "full_time": false
}))]
pub struct OfficerForm {
    /// The expert, by id or code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "CG-000001")]
    pub expert: Option<String>,
    /// Name; that of the record when an expert is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// The post.
    pub position: OfficerPosition,
    /// Number of the term; that of the first day by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<i16>,
    /// First day; that of the term by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    /// Last day; that of the term by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// What the person is beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrent_post: Option<String>,
    /// Whether it is a full-time post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_time: Option<bool>,
    /// The decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentForm>,
}

/// The term a form means.
fn term_of<'a>(registry: &'a Registry, form: &OfficerForm) -> Answer<Option<&'a TermRow>> {
    if let Some(number) = form.term {
        let found = registry.terms.iter().find(|term| term.number == number);
        return found.map(Some).ok_or_else(|| {
            let detail = say!("Không có nhiệm kỳ {number}.", "There is no term {number}.");
            Problem::field("/term", "unknown_reference", detail)
        });
    }
    Ok(match form.from {
        Some(day) => registry.term(day),
        None => registry.terms.last(),
    })
}

/// Reads an officer; whoever enters one may know of the expert.
///
/// # Errors
/// 422 with the fault or the rule that is broken.
async fn officer_row(
    tx: &mut Conn,
    scope: &Scope,
    locked: &Locked,
    form: OfficerForm,
    others: &[OfficerRow],
) -> Answer<OfficerRow> {
    let term = term_of(&locked.registry, &form)?;
    let mut reader = Reader::default();
    let from = reader.day("/from", form.from.or_else(|| term.map(|term| term.valid_from)));
    let to = reader.day("/to", form.to).or_else(|| term.map(TermRow::end));
    if from.is_none() && form.from.is_none() {
        reader.fault("/from", "required", say!("Nêu ngày bắt đầu.", "Say from when on."));
    }
    let expert = match &form.expert {
        Some(key) => Some(find_expert(tx, scope, key).await?),
        None => None,
    };
    let typed = reader.line("/full_name", form.full_name.as_deref());
    let full_name = typed.or_else(|| expert.as_ref().map(|(_, name)| name.clone())).unwrap_or_default();
    if fold(&full_name).is_empty() {
        reader.fault("/full_name", "required", say!("Nêu họ tên, hoặc `expert`.", "Name the person, or `expert`."));
    }
    let row = OfficerRow {
        id: new_id(),
        organisation_id: locked.id(),
        term_id: term.map(|term| term.id),
        expert_id: expert.map(|(id, _)| id),
        name_key: fold(&full_name),
        full_name,
        position: form.position,
        valid_from: from.unwrap_or_default(),
        valid_to: to,
        concurrent_post: reader.line("/concurrent_post", form.concurrent_post.as_deref()),
        full_time: form.full_time,
        document: reader.paper("/document", form.document),
    };
    let row = reader.done(row)?;
    let judged =
        check_officer(&row, term, others).and_then(|()| check_life("/from", locked.body.period(), row.valid_from));
    judged.map_err(|problem| locked.rules.cite(problem, row.valid_from))?;
    Ok(row)
}

async fn find_expert(tx: &mut Conn, scope: &Scope, key: &str) -> Answer<(Uuid, String)> {
    let reads =
        Scope { reach: crate::experts::policy::ReadExpert::RULE.reach_of(&scope.actor), actor: scope.actor.clone() };
    let found = expert_store::find(tx, &reads, key).await;
    found.map(|row| (row.id, row.full_name)).map_err(|problem| {
        if problem.code() != Code::NotFound {
            return problem;
        }
        let detail = say!("Không có chuyên gia này; nêu họ tên.", "There is no such expert; give the name.");
        Problem::field("/expert", "unknown_reference", detail)
    })
}

/// Enters officers into a locked association; their rows and the events.
///
/// # Errors
/// 422 with the fault or the rule that is broken; `at` gives the pointer of each form.
pub(super) async fn enter(
    tx: &mut Conn,
    locked: &Locked,
    forms: Vec<OfficerForm>,
    at: impl Fn(usize) -> String,
) -> Answer<(Vec<OfficerRow>, Vec<Event>)> {
    let mut known = locked.registry.officers.clone();
    let mut new = Vec::new();
    for (place, form) in forms.into_iter().enumerate() {
        let row = officer_row(tx, &locked.scope, locked, form, &known).await;
        let row = row.map_err(|problem| problem.under(&at(place)))?;
        known.push(row.clone());
        new.push(row);
    }
    store::put_officers(tx, &new).await?;
    let event = |row: &OfficerRow| {
        locked.event("associations.add_officer").fields(["officers"]).values(json!({ "officer": row }))
    };
    let events = new.iter().map(event).collect();
    Ok((new, events))
}

/// Enter an officer
///
/// Within a term, to its end unless it is said otherwise. There is one president at a time. The name becomes public with the
/// post; an expert who is named is linked for who may know of them.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = OfficerForm,
    security(("session" = ["associations.manage"])),
    responses((status = 201, description = "Entered", body = Officer)),
)]
#[post("/associations/{key}/officers")]
async fn add_officer(permit: Permit<ManageAssociations>, key: Key, once: Once, body: Body<OfficerForm>) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let id = change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let (rows, events) = Box::pin(enter(tx, locked, vec![form], |_| String::new())).await?;
        let id = rows.first().map(|row| row.id).ok_or_else(gone)?;
        Ok((id, events))
    })
    .await?;
    answer(&permit, &key, id, true).await
}

/// Answers a write with the officer as it is now.
async fn answer(permit: &Permit<ManageAssociations>, key: &Key, id: Uuid, created: bool) -> Answer {
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    let row = registry.officers.iter().find(|row| row.id == id).ok_or_else(gone)?;
    let ids: Vec<Uuid> = row.expert_id.into_iter().collect();
    let known = known_experts(&mut conn, permit, &ids).await?;
    let location = format!("/api/v1/associations/{}/officers", body.id);
    let view = Officer::new(row, &registry, &known);
    written(created.then_some(location.as_str()), registry.record.version, &view)
}

/// Corrections of an officer, as a merge patch; a post that ends gets its last day.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "2028-01-31"}))]
struct OfficerPatch {
    /// The expert, by id or code; `null` when it is none of the bank. The name stays as it was elected.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    expert: Change<String>,
    /// Name.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    full_name: Change<String>,
    /// The post.
    #[serde(default)]
    #[schema(value_type = Option<OfficerPosition>)]
    position: Change<OfficerPosition>,
    /// First day.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    from: Change<NaiveDate>,
    /// Last day.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    to: Change<NaiveDate>,
    /// What the person is beside it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    concurrent_post: Change<String>,
    /// Whether it is a full-time post.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    full_time: Change<bool>,
    /// The decision.
    #[serde(default)]
    #[schema(value_type = Option<DocumentForm>)]
    document: Change<DocumentForm>,
}

impl OfficerPatch {
    /// The expert as the patch has it.
    async fn expert(&mut self, tx: &mut Conn, scope: &Scope, old: &OfficerRow) -> Answer<Option<Uuid>> {
        Ok(match std::mem::take(&mut self.expert) {
            Change::Keep => old.expert_id,
            Change::Clear => None,
            Change::Set(key) => Some(find_expert(tx, scope, &key).await?.0),
        })
    }

    fn over(self, old: &OfficerRow) -> Answer<OfficerRow> {
        let missing =
            |pointer| Problem::field(pointer, "required", say!("Không được bỏ trống.", "It can't be cleared."));
        let mut reader = Reader::default();
        let full_name = match self.full_name {
            Change::Keep => old.full_name.clone(),
            change => reader.needed("/full_name", change.apply(None).as_deref()),
        };
        let from = self.from.apply(Some(old.valid_from)).ok_or_else(|| missing("/from"))?;
        let concurrent_post = match self.concurrent_post {
            Change::Keep => old.concurrent_post.clone(),
            change => reader.line("/concurrent_post", change.apply(None).as_deref()),
        };
        let document = match self.document {
            Change::Keep => old.document.clone(),
            Change::Clear => None,
            Change::Set(form) => reader.paper("/document", Some(form)),
        };
        let row = OfficerRow {
            name_key: fold(&full_name),
            full_name,
            document,
            position: self.position.apply(Some(old.position)).ok_or_else(|| missing("/position"))?,
            valid_from: reader.day("/from", Some(from)).unwrap_or_default(),
            valid_to: reader.day("/to", self.to.apply(old.valid_to)),
            concurrent_post,
            full_time: self.full_time.apply(old.full_time),
            ..old.clone()
        };
        reader.done(row)
    }
}

/// Correct an officer, or end a post
///
/// A president who steps down gets a last day before the next one is entered.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the officer"),
        IfMatch,
    ),
    request_body = OfficerPatch,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The officer as it is now", body = Officer)),
)]
#[patch("/associations/{key}/officers/{id}")]
async fn patch_officer(
    permit: Permit<ManageAssociations>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    body: Body<OfficerPatch>,
) -> Answer {
    let mut patch = body.0;
    change(&permit, &key.0, None, None, async move |tx: &mut Conn, locked: &Locked| {
        let officers = &locked.registry.officers;
        let old = officers.iter().find(|row| row.id == id.0).ok_or_else(gone)?;
        if_match.check(locked.registry.record.version)?;
        let expert_id = patch.expert(tx, &locked.scope, old).await?;
        let new = OfficerRow { expert_id, ..patch.over(old)? };
        if new == *old {
            return Ok((old.id, Vec::new()));
        }
        let term = old.term_id.and_then(|id| locked.registry.term_by_id(id));
        check_officer(&new, term, officers).map_err(|problem| locked.rules.cite(problem, new.valid_from))?;
        store::put_officers(tx, std::slice::from_ref(&new)).await?;
        let values = json!({ "officers": [old, new] });
        Ok((old.id, vec![locked.event("associations.update_officer").fields(["officers"]).values(values)]))
    })
    .await?;
    answer(&permit, &key, id.0, false).await
}

/// Remove an officer
///
/// Who was entered by mistake and never held the post; a post that ends gets its last day. The answer's `ETag` is the
/// association's version as it is now.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the officer"),
        IfMatch,
    ),
    security(("session" = ["associations.manage"])),
    responses((status = 204, description = "Removed")),
)]
#[delete("/associations/{key}/officers/{id}")]
async fn delete_officer(
    permit: Permit<ManageAssociations>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    _: Params<Nothing>,
) -> Answer {
    change(&permit, &key.0, None, None, async move |tx: &mut Conn, locked: &Locked| {
        let old = locked.registry.officers.iter().find(|row| row.id == id.0).ok_or_else(gone)?;
        if_match.check(locked.registry.record.version)?;
        store::remove_officer(tx, old.id).await?;
        let event = locked.event("associations.remove_officer").fields(["officers"]);
        Ok((old.id, vec![event.values(json!({ "officer": old }))]))
    })
    .await?;
    write::removed(&permit, &key.0).await
}
