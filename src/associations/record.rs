//! `POST /associations`, `GET` and `PATCH /associations/{key}`, `GET …/states`.

use actix_web::{HttpRequest, get, patch, post};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::{AssociationPatch, FirstStatus, NewAssociation, OWN};
use super::model::{AssociationField, Record, StateRow};
use super::parts::{self, KnownExperts, StatusView};
use super::policy::{EditAssociation, ManageAssociations, ReadAssociations};
use super::reader::{Codes, Reader};
use super::rules::check_beginning;
use super::settings::Rules;
use super::store;
use super::view::{AssociationView, Shown};
use super::words::{AssociationKind, AssociationScope, AssociationStatus};
use super::write::{self, Locked, day_of, find_body, sight};
use crate::access::permit::Permit;
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::organisations::model::{Body as Organisation, Kind};
use crate::organisations::view::Organisation as OrganisationView;
use crate::organisations::{self, NewOrganisation, OrganisationPatch, store as organisation_store};
use crate::reference::places::Places;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(create_association)
        .service(read_association)
        .service(patch_association)
        .service(list_association_states);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AsOfQuery {
    /// As things stood on this date; today by default.
    #[param(example = "2025-07-29")]
    pub as_of: Option<NaiveDate>,
}

/// Enter an association
///
/// As one that is being founded (`preparing`), or one that was founded before it is entered here (`active`) and has a main
/// field. No two living associations of one scope and area bear one name.
#[utoipa::path(
    tag = "associations",
    params(Once),
    request_body = NewAssociation,
    security(("session" = ["associations.manage"])),
    responses((status = 201, description = "Entered", body = AssociationView)),
)]
#[post("/associations")]
async fn create_association(permit: Permit<ManageAssociations>, once: Once, body: Body<NewAssociation>) -> Answer {
    let once = once.of(&body);
    let id = permit
        .write_once(once, async move |tx| {
            let made = Box::pin(enter(tx, body.0)).await;
            made.map_err(|problem| Rules::new([]).cite(problem, today()))
        })
        .await?;
    answer(&permit, &id.to_string(), true).await
}

/// Enters the organisation and what is kept beside it.
pub(super) async fn enter(tx: &mut Conn, form: NewAssociation) -> Answer<(Uuid, Vec<Event>)> {
    organisation_store::lock_register(tx).await?;
    let places = Places::read(tx).await?;
    let codes = Codes::read(tx).await?;
    let mut reader = Reader::default();
    let blank = blank_record();
    let record = reader.record(&form, blank);
    let fields = reader.fields(Uuid::nil(), form.main_field.as_deref(), &form.other_fields, &codes);
    let from = reader.day("/valid_from", form.valid_from);
    let preparing = form.status == FirstStatus::Preparing;
    if !preparing && form.main_field.is_none() {
        reader.no_main_field();
    }
    let (record, fields) = reader.done((record, fields))?;
    let first = from.or_else(|| preparing.then(today));
    let organisation = organisation_form(form, record.kind, first);
    let (ids, mut events) = organisations::enter_unsettled(tx, vec![(String::new(), organisation)], &places).await?;
    let id = ids.first().copied().ok_or_else(|| Problem::internal("no organisation was entered"))?;
    store::put_record(tx, &Record { organisation_id: id, ..record }).await?;
    organisation_store::settle(tx).await?;
    let fields: Vec<AssociationField> =
        fields.into_iter().map(|field| AssociationField { organisation_id: id, ..field }).collect();
    store::put_fields(tx, id, &fields).await?;
    if preparing {
        let state = StateRow {
            id: new_id(),
            organisation_id: id,
            state: AssociationStatus::Preparing,
            valid_from: first,
            valid_to: None,
            until: None,
            document: None,
            reason: None,
        };
        store::put_states(tx, &[state]).await?;
    }
    let status = if preparing { AssociationStatus::Preparing } else { AssociationStatus::Active };
    let values = json!({ "status": status, "fields": pairs(&fields) });
    events.push(Event::on("association", id).action("associations.create").fields(["status", "fields"]).values(values));
    Ok((id, events))
}

fn blank_record() -> Record {
    Record {
        organisation_id: Uuid::nil(),
        version: 1,
        kind: AssociationKind::Association,
        scope: AssociationScope::Province,
        area: None,
        area_key: String::new(),
        minority_name: None,
        department_id: None,
        headquarters: None,
        phone: None,
        email: None,
        website: None,
        tax_code: None,
        updated_at: crate::kernel::clock::now(),
    }
}

fn organisation_form(form: NewAssociation, kind: AssociationKind, first: Option<NaiveDate>) -> NewOrganisation {
    NewOrganisation {
        code: form.code,
        kind: organisation_kind(kind),
        name: form.name,
        name_en: form.name_en,
        short_name: form.short_name,
        former_names: form.former_names,
        other_names: Vec::new(),
        parent_id: form.parent_id,
        province: form.province,
        valid_from: first,
        valid_to: None,
        document: form.document,
        source: form.source,
        note: form.note,
    }
}

/// A Union is one that others belong to.
const fn organisation_kind(kind: AssociationKind) -> Kind {
    match kind {
        AssociationKind::Union => Kind::Union,
        _ => Kind::Association,
    }
}

fn pairs(fields: &[AssociationField]) -> Vec<String> {
    fields.iter().map(|field| format!("{}:{}", field.scheme, field.code)).collect()
}

/// Read an association
///
/// By id or code, as things stood on a day: names, state, term, officers, memberships. One that is no more answers as it was at
/// last, with who holds its place. An officer's name is public; who the expert is, is shown to who may know of them.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), AsOfQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "The association", body = AssociationView)),
)]
#[get("/associations/{key}")]
async fn read_association(
    permit: Permit<ReadAssociations>,
    key: Key,
    query: Params<AsOfQuery>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let body = find_body(&mut conn, &key.0).await?;
    let planned = query.0.as_of.is_none() && sight(&permit, body.id).manage;
    let (version, view) = whole(&mut conn, &permit, &body, day, planned).await?;
    let edits = permit.may::<EditAssociation>(|reach| reach == Reach::All || write::is_own(permit.scope(), body.id));
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, edits.then_some(version), cache, &view)
}

/// The view of an association on a day, with its version; `planned` shows one that is yet to begin.
async fn whole<P: Policy>(
    conn: &mut Conn,
    permit: &Permit<P>,
    body: &Organisation,
    day: NaiveDate,
    planned: bool,
) -> Answer<(i64, AssociationView)> {
    let places = Places::read(conn).await?;
    let organisation = match OrganisationView::at(conn, body, &places, day).await {
        Err(problem) if planned && problem.code() == Code::NotFound => {
            OrganisationView::now(conn, body, &places).await?
        }
        answer => answer?,
    };
    let registry = store::registry(conn, body.id).await?;
    let sight = sight(permit, body.id);
    let ids: Vec<Uuid> = registry.officers.iter().filter_map(|row| row.expert_id).collect();
    let known: KnownExperts = parts::known_experts(conn, permit, &ids).await?;
    let shown = Shown { body, registry: &registry, day, sight };
    Ok((registry.record.version, shown.view(conn, organisation, &known).await?))
}

/// Answers a write with the association as it is now.
pub(super) async fn answer<P: Policy>(permit: &Permit<P>, key: &str, created: bool) -> Answer {
    let mut conn = permit.read().await?;
    let body = find_body(&mut conn, key).await?;
    let (version, view) = Box::pin(whole(&mut conn, permit, &body, today(), true)).await?;
    let location = format!("/api/v1/associations/{}", body.id);
    written(created.then_some(location.as_str()), version, &view)
}

/// Correct an association
///
/// What was entered wrongly, and what may change at any time. The association's own office changes its contacts
/// (`headquarters`, `phone`, `email`, `website`); for the rest it files a change request. With `as_of`, names and places are
/// corrected as they were on that day.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), AsOfQuery, IfMatch),
    request_body = AssociationPatch,
    security(("session" = ["associations.edit"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[patch("/associations/{key}")]
async fn patch_association(
    permit: Permit<EditAssociation>,
    key: Key,
    query: Params<AsOfQuery>,
    if_match: IfMatch,
    body: Body<AssociationPatch>,
) -> Answer {
    let members = body.members();
    let own = permit.scope().reach == Reach::Own;
    let (as_of, patch) = (query.0.as_of, body.0);
    write::change(&permit, &key.0, Some(if_match), None, async move |tx: &mut Conn, locked: &Locked| {
        if let Some(member) = members.iter().find(|member| own && !OWN.contains(&member.as_str())) {
            return Err(official(member));
        }
        let events = Box::pin(correct(tx, locked, patch, as_of)).await?;
        Ok((locked.id(), events))
    })
    .await?;
    answer(&permit, &key.0, false).await
}

fn official(member: &str) -> Problem {
    let detail = say!(
        "Trường này do Liên hiệp hội quản lý; hãy gửi đề nghị ở POST /associations/{{id}}/change-requests.",
        "This is the Union's to change; propose it at POST /associations/{{id}}/change-requests.",
    );
    Problem::new(Code::Forbidden).and_field(format!("/{member}"), "official_field", detail)
}

/// Applies a patch to a locked association; the events, none when nothing changed.
///
/// # Errors
/// 422 with the faults of the form, or the rule that is broken.
pub(super) async fn correct(
    tx: &mut Conn,
    locked: &Locked,
    mut patch: AssociationPatch,
    as_of: Option<NaiveDate>,
) -> Answer<Vec<Event>> {
    let mut events = Vec::new();
    let old = &locked.registry.record;
    let mut reader = Reader::default();
    let record = reader.correct(&patch, old.clone());
    let fields = corrected_fields(tx, locked, &patch, &mut reader).await?;
    let record = reader.done(record)?;
    let organisation = organisation_patch(&mut patch);
    if let Some(organisation) = organisation {
        let body = organisation_store::lock(tx, &locked.id().to_string()).await?;
        events.extend(organisations::correct(tx, body, organisation, as_of).await?);
        move_beginning(tx, locked).await?;
    }
    let mut values = differences(old, &record);
    if record != *old {
        store::put_record(tx, &record).await?;
    }
    if let Some(fields) = fields.filter(|fields| *fields != locked.registry.fields) {
        store::put_fields(tx, locked.id(), &fields).await?;
        values.insert("fields".to_owned(), json!([pairs(&locked.registry.fields), pairs(&fields)]));
    }
    organisation_store::settle(tx).await?;
    if !values.is_empty() {
        let names: Vec<String> = values.keys().cloned().collect();
        events.push(locked.event("associations.update").fields(names).values(Value::Object(values)));
    }
    Ok(events)
}

/// Lets its first state begin with an association whose first day was corrected.
async fn move_beginning(tx: &mut Conn, locked: &Locked) -> Answer<()> {
    let from = find_body(tx, &locked.id().to_string()).await?.period().from;
    if from == locked.body.period().from {
        return Ok(());
    }
    if let Some(day) = from {
        check_beginning(&locked.registry, day)?;
    }
    let first = locked.registry.states.first().map(|row| StateRow { valid_from: from, ..row.clone() });
    store::put_states(tx, first.as_slice()).await
}

async fn corrected_fields(
    tx: &mut Conn,
    locked: &Locked,
    patch: &AssociationPatch,
    reader: &mut Reader,
) -> Answer<Option<Vec<AssociationField>>> {
    if patch.main_field.is_keep() && patch.other_fields.is_keep() {
        return Ok(None);
    }
    // while it is being founded it may be looking for its field
    if matches!(patch.main_field, Change::Clear) && locked.registry.state(today()) != AssociationStatus::Preparing {
        reader.no_main_field();
    }
    let codes = Codes::read(tx).await?;
    let text = |field: &AssociationField| format!("{}:{}", field.scheme, field.code);
    let known = &locked.registry.fields;
    let main = patch.main_field.clone().apply(known.iter().find(|field| field.main).map(text));
    let others = known.iter().filter(|field| !field.main).map(text).collect();
    let others = patch.other_fields.clone().apply_or_default(others);
    Ok(Some(reader.fields(locked.id(), main.as_deref(), &others, &codes)))
}

/// What of a patch is about the organisation; none when nothing is.
fn organisation_patch(patch: &mut AssociationPatch) -> Option<OrganisationPatch> {
    let kept = patch.name.is_keep()
        && patch.name_en.is_keep()
        && patch.short_name.is_keep()
        && patch.former_names.is_keep()
        && patch.kind.is_keep()
        && patch.province.is_keep()
        && patch.parent_id.is_keep()
        && patch.valid_from.is_keep()
        && patch.document.is_keep()
        && patch.note.is_keep();
    (!kept).then(|| OrganisationPatch {
        name: std::mem::take(&mut patch.name),
        name_en: std::mem::take(&mut patch.name_en),
        short_name: std::mem::take(&mut patch.short_name),
        former_names: std::mem::take(&mut patch.former_names),
        other_names: Change::Keep,
        kind: match &patch.kind {
            Change::Set(kind) => Change::Set(organisation_kind(*kind)),
            Change::Keep | Change::Clear => Change::Keep,
        },
        province: std::mem::take(&mut patch.province),
        parent_id: std::mem::take(&mut patch.parent_id),
        valid_from: std::mem::take(&mut patch.valid_from),
        valid_to: Change::Keep,
        document: std::mem::take(&mut patch.document),
        source: Change::Keep,
        note: std::mem::take(&mut patch.note),
    })
}

/// Field by field, old and new.
fn differences(old: &Record, new: &Record) -> Map<String, Value> {
    let members = |record: &Record| match serde_json::to_value(record) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let old = members(old);
    let changed = members(new).into_iter().filter_map(|(name, new)| {
        let old = old.get(&name).cloned().unwrap_or_default();
        (old != new).then(|| (name, json!([old, new])))
    });
    changed.collect()
}

/// List the states of an association
///
/// How it stood, from the oldest to the newest, each with the decision; without an entry it was active all the time. How it
/// ended stands with the association itself.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), AsOfQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "Its states", body = Page<StatusView>)),
)]
#[get("/associations/{key}/states")]
async fn list_association_states(
    permit: Permit<ReadAssociations>,
    key: Key,
    query: Params<AsOfQuery>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let (body, registry) = write::read_visible(&mut conn, &permit, &key.0, day).await?;
    let items = parts::history(&registry, day, sight(&permit, body.id).file);
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, None, cache, &Page { items, next_cursor: None })
}
