//! The verbs that move an association from state to state: `POST /associations/{key}/activate`, `…/suspend`, and so on.

use actix_web::post;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::ending::Gone;
use super::form::Decision;
use super::model::{AssociationField, Record, SpecialRow, StateRow};
use super::policy::ManageAssociations;
use super::reader::{CheckedDecision, Reader};
use super::record::answer;
use super::rules::{check_life, check_order, check_step, next_state};
use super::status::Verb;
use super::store;
use super::view::AssociationView;
use super::words::{AssociationStatus, SpecialStatus};
use super::write::{Locked, change};
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::{Body, MaybeBody};
use crate::http::idempotency::Once;
use crate::http::path::Key;
use crate::kernel::document::DocumentForm;
use crate::kernel::id::new_id;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, Problem};
use crate::organisations::model::{Period, SuccessionKind, before};
use crate::organisations::{self, SuccessionForm, store as organisation_store};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(activate_association)
        .service(suspend_association)
        .service(resume_association)
        .service(begin_dissolution)
        .service(dissolve_association)
        .service(succeed_association)
        .service(set_special_status);
}

/// Takes a step that has nothing beside the state and the decision.
async fn take(
    permit: Permit<ManageAssociations>,
    key: Key,
    (if_match, once): (IfMatch, Once),
    verb: Verb,
    (decision, until): (CheckedDecision, Option<NaiveDate>),
) -> Answer {
    change(&permit, &key.0, Some(if_match), Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let events = step(tx, locked, verb, &decision, until).await?;
        Ok((locked.id(), events))
    })
    .await?;
    answer(&permit, &key.0, false).await
}

async fn step(
    tx: &mut Conn,
    locked: &Locked,
    verb: Verb,
    decision: &CheckedDecision,
    until: Option<NaiveDate>,
) -> Answer<Vec<Event>> {
    let (life, day) = (locked.body.period(), decision.effective_on);
    // how it stood at last says what is possible; a day on which it is not there is a fault of the day
    let from = locked.registry.state(day);
    let ended = life.to.is_some_and(|to| to < day);
    let from = if ended { AssociationStatus::Dissolved } else { from };
    let to = check_step(from, verb)?;
    check_life("/effective_on", life, day)?;
    if verb == Verb::Activate && locked.registry.main_field().is_none() {
        let mut reader = Reader::default();
        reader.no_main_field();
        reader.done(())?;
    }
    let row = StateRow {
        id: new_id(),
        organisation_id: locked.id(),
        state: to,
        valid_from: Some(day),
        valid_to: None,
        until,
        document: decision.document.clone(),
        reason: decision.reason.clone(),
    };
    let rows = next_state(&locked.registry, life, row)?;
    store::put_states(tx, &rows).await?;
    let mut events = Vec::new();
    let mut values = json!({ "status": [from, to], "until": until, "decision": decision });
    if to == AssociationStatus::Dissolved {
        events.extend(end_organisation(tx, locked.id(), day).await?);
        let gone = Gone { registry: &locked.registry, last: before(day), heir: None };
        insert(&mut values, "ended", gone.end_parts(tx).await?);
    }
    let action = match verb {
        Verb::Activate => "associations.activate",
        Verb::Suspend => "associations.suspend",
        Verb::Resume => "associations.resume",
        Verb::BeginDissolution => "associations.begin_dissolution",
        Verb::Dissolve | Verb::Succeed => "associations.dissolve",
    };
    events.push(locked.event(action).fields(["status"]).values(values));
    Ok(events)
}

async fn end_organisation(tx: &mut Conn, id: Uuid, day: NaiveDate) -> Answer<Option<Event>> {
    let body = organisation_store::lock(tx, &id.to_string()).await?;
    body.must_live(before(day))?;
    let patch = organisations::OrganisationPatch {
        valid_to: crate::kernel::patch::Change::Set(before(day)),
        ..organisations::OrganisationPatch::default()
    };
    let event = organisations::correct(tx, body, patch, None).await?;
    organisation_store::settle(tx).await?;
    Ok(event)
}

fn insert(values: &mut Value, name: &str, value: Value) {
    if let Some(members) = values.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Found an association
///
/// `preparing` becomes `active`: the authority has permitted it. It has a main field by then. The document is the founding
/// decision.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch, Once),
    request_body = Option<Decision>,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[post("/associations/{key}/activate")]
async fn activate_association(
    permit: Permit<ManageAssociations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Decision>,
) -> Answer {
    let (once, decision) = (once.of(&body), body.0.check()?);
    take(permit, key, (if_match, once), Verb::Activate, (decision, None)).await
}

/// A suspension.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "until": "2027-05-01", "effective_on": "2026-11-01", "document": {"number": "77/QĐ-UBND"},
    "reason": "Không tổ chức đại hội đúng hạn"
}))]
struct Suspension {
    /// Last day.
    until: NaiveDate,
    /// First day; today by default.
    effective_on: Option<NaiveDate>,
    /// The decision.
    document: Option<DocumentForm>,
    /// Why.
    reason: Option<String>,
}

/// Suspend an association
///
/// `active` becomes `suspended`, for a time. When that is over and it was not resumed, an alert says so.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch, Once),
    request_body = Suspension,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[post("/associations/{key}/suspend")]
async fn suspend_association(
    permit: Permit<ManageAssociations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<Suspension>,
) -> Answer {
    let once = once.of(&body);
    let Suspension { until, effective_on, document, reason } = body.0;
    let decision = Decision { effective_on, document, reason }.check()?;
    let mut reader = Reader::default();
    let until = reader.day("/until", Some(until));
    let until = reader.done(until)?;
    change(&permit, &key.0, Some(if_match), Some(once), async move |tx: &mut Conn, locked: &Locked| {
        check_order("/until", Some(decision.effective_on), until)?;
        let events = step(tx, locked, Verb::Suspend, &decision, until).await?;
        Ok((locked.id(), events))
    })
    .await?;
    answer(&permit, &key.0, false).await
}

/// Resume an association
///
/// `suspended` becomes `active` again.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch, Once),
    request_body = Option<Decision>,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[post("/associations/{key}/resume")]
async fn resume_association(
    permit: Permit<ManageAssociations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Decision>,
) -> Answer {
    let (once, decision) = (once.of(&body), body.0.check()?);
    take(permit, key, (if_match, once), Verb::Resume, (decision, None)).await
}

/// Begin the dissolution of an association
///
/// `active` or `suspended` becomes `dissolving`: by its own wish, or because the authority decides so.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch, Once),
    request_body = Option<Decision>,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[post("/associations/{key}/begin-dissolution")]
async fn begin_dissolution(
    permit: Permit<ManageAssociations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Decision>,
) -> Answer {
    let (once, decision) = (once.of(&body), body.0.check()?);
    take(permit, key, (if_match, once), Verb::BeginDissolution, (decision, None)).await
}

/// Dissolve an association
///
/// `dissolving` becomes `dissolved`: from that day on it is no more, and nobody holds its place. Its term, posts and memberships
/// in Unions end with it.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch, Once),
    request_body = Option<Decision>,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[post("/associations/{key}/dissolve")]
async fn dissolve_association(
    permit: Permit<ManageAssociations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Decision>,
) -> Answer {
    let (once, decision) = (once.of(&body), body.0.check()?);
    take(permit, key, (if_match, once), Verb::Dissolve, (decision, None)).await
}

/// How an association goes on, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "consolidated", "effective_on": "2025-07-30",
    "successors": [{"code": "HC-TQ", "name": "Hội Chè tỉnh Tuyên Quang"}],
    "document": {"number": "385-QĐ/UBND", "date": "2025-07-30"}, "reason": "Hợp nhất hai tỉnh"
}))]
struct AssociationSuccession {
    /// Renamed, merged into, consolidated, split or divided.
    kind: SuccessionKind,
    /// As of `POST /organisations/{key}/succeed`.
    #[schema(min_items = 1, max_items = 20)]
    successors: Vec<organisations::Successor>,
    /// First day of the new state; today by default.
    effective_on: Option<NaiveDate>,
    /// The decision.
    document: Option<DocumentForm>,
    /// Why.
    reason: Option<String>,
}

/// Record how an association goes on
///
/// Renamed, merged into another, consolidated with others in a new one, split, divided. New associations take over scope,
/// fields and department. The old one stays readable as it was, and leads to who holds its place; its term, posts and
/// memberships in Unions end with it. Who belonged to a Union belongs to the one that takes its place.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch, Once),
    request_body = AssociationSuccession,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[post("/associations/{key}/succeed")]
async fn succeed_association(
    permit: Permit<ManageAssociations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<AssociationSuccession>,
) -> Answer {
    let once = once.of(&body);
    let form = body.0;
    change(&permit, &key.0, Some(if_match), Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let events = Box::pin(succeed(tx, locked, form)).await?;
        Ok((locked.id(), events))
    })
    .await?;
    answer(&permit, &key.0, false).await
}

async fn succeed(tx: &mut Conn, locked: &Locked, form: AssociationSuccession) -> Answer<Vec<Event>> {
    let AssociationSuccession { kind, successors, effective_on, document, reason } = form;
    let decision = Decision { effective_on, document: document.clone(), reason }.check()?;
    let day = decision.effective_on;
    if locked.body.period().contains(before(day)) {
        check_step(locked.registry.state(before(day)), Verb::Succeed)?;
    }
    let old = organisation_store::lock(tx, &locked.id().to_string()).await?;
    let form = SuccessionForm { kind, successors, effective_on: Some(day), document };
    let (_, mut events) = organisations::succeed(tx, old, form).await?;
    let handovers = organisation_store::handovers(tx, &[locked.id()]).await?.into_iter();
    let successors: Vec<Uuid> = handovers
        .map(|handover| handover.succession)
        .filter(|succession| succession.predecessor == locked.id() && succession.effective_on == day)
        .map(|succession| succession.successor)
        .collect();
    for id in successors.iter().filter(|_| kind.bears_successors()) {
        inherit(tx, locked, *id).await?;
    }
    let heir = successors.first().copied().filter(|_| successors.len() == 1);
    organisation_store::settle(tx).await?;
    let mut values = json!({ "kind": kind, "effective_on": day, "reason": decision.reason });
    if kind.ends_predecessor() {
        let gone = Gone { registry: &locked.registry, last: before(day), heir };
        insert(&mut values, "ended", gone.end_parts(tx).await?);
    }
    events.push(locked.event("associations.succeed").fields(["successors"]).values(values));
    Ok(events)
}

/// A new association takes over where and in what the old one worked, unless somebody said so already.
async fn inherit(tx: &mut Conn, locked: &Locked, id: Uuid) -> Answer<()> {
    let new = store::lock(tx, id).await?;
    if new.record.version > 1 {
        return Ok(());
    }
    let old = &locked.registry.record;
    let record = Record {
        organisation_id: id,
        kind: old.kind,
        scope: old.scope,
        area: old.area.clone(),
        area_key: old.area_key.clone(),
        department_id: old.department_id,
        ..new.record
    };
    store::put_record(tx, &record).await?;
    let field = |field: &AssociationField| AssociationField { organisation_id: id, ..field.clone() };
    let fields: Vec<AssociationField> = locked.registry.fields.iter().map(field).collect();
    store::put_fields(tx, id, &fields).await
}

/// A task from Party or State.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "state_assigned", "effective_on": "2025-01-01", "document": {"number": "9/QĐ-UBND"}}))]
struct SpecialStatusForm {
    /// Which; `null` when it has none any more.
    kind: Option<SpecialStatus>,
    /// Since when; today by default.
    effective_on: Option<NaiveDate>,
    /// The decision.
    document: Option<DocumentForm>,
}

/// Record a task from Party or State
///
/// That it is a special association ("hội đặc thù") or one with tasks from Party and State from a day on, or none any more.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch, Once),
    request_body = SpecialStatusForm,
    security(("session" = ["associations.manage"])),
    responses((status = 200, description = "The association as it is now", body = AssociationView)),
)]
#[post("/associations/{key}/special-status")]
async fn set_special_status(
    permit: Permit<ManageAssociations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<SpecialStatusForm>,
) -> Answer {
    let once = once.of(&body);
    let SpecialStatusForm { kind, effective_on, document } = body.0;
    let decision = Decision { effective_on, document, reason: None }.check()?;
    change(&permit, &key.0, Some(if_match), Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let rows = special_rows(locked, kind, &decision)?;
        store::put_special(tx, &rows).await?;
        let values = json!({ "kind": kind, "decision": decision });
        let event = locked.event("associations.set_special_status").fields(["special_status"]).values(values);
        Ok((locked.id(), vec![event]))
    })
    .await?;
    answer(&permit, &key.0, false).await
}

fn special_rows(locked: &Locked, kind: Option<SpecialStatus>, decision: &CheckedDecision) -> Answer<Vec<SpecialRow>> {
    let day = decision.effective_on;
    check_life("/effective_on", locked.body.period(), day)?;
    let known = &locked.registry.special_statuses;
    if known.iter().any(|row| row.valid_from >= day || row.valid_to.is_some_and(|to| to >= day)) {
        return Err(Problem::field(
            "/effective_on",
            "overlap",
            say!("Đã ghi một thay đổi từ ngày đó hoặc sau đó.", "A change from that day or a later one is on record."),
        ));
    }
    let holds = |row: &&SpecialRow| Period { from: Some(row.valid_from), to: row.valid_to }.contains(day);
    let mut rows: Vec<SpecialRow> = known.iter().filter(holds).cloned().collect();
    rows.iter_mut().for_each(|row| row.valid_to = Some(before(day)));
    rows.extend(kind.map(|kind| SpecialRow {
        id: new_id(),
        organisation_id: locked.id(),
        kind,
        valid_from: day,
        valid_to: None,
        document: decision.document.clone(),
    }));
    Ok(rows)
}
