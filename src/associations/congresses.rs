//! `/associations/{key}/congresses`.

use actix_web::{HttpRequest, get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::CongressRow;
use super::parts::{Congress, gone};
use super::policy::{ManageAssociations, ReadAssociations};
use super::reader::Reader;
use super::record::AsOfQuery;
use super::rules::{check_life, check_order};
use super::store;
use super::words::CongressKind;
use super::write::{self, Locked, change, day_of, sight};
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::Key;
use crate::kernel::document::DocumentForm;
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::precondition::{fresh, written};
use crate::kernel::problem::Answer;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_congresses).service(add_congress);
}

/// A congress to enter.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "extraordinary", "held_from": "2027-03-02", "place": "Hội trường tỉnh", "delegates_invited": 120,
    "delegates_present": 101, "document": {"number": "31/SNV-TCBC"}
}))]
pub struct CongressForm {
    /// What for.
    pub kind: CongressKind,
    /// First day.
    pub held_from: NaiveDate,
    /// Last day; the first by default.
    pub held_to: Option<NaiveDate>,
    /// Where.
    pub place: Option<String>,
    /// Delegates who were called.
    pub delegates_invited: Option<i32>,
    /// Delegates who came.
    pub delegates_present: Option<i32>,
    /// The document that allowed it.
    pub document: Option<DocumentForm>,
    /// Remarks.
    pub note: Option<String>,
}

/// Reads a congress; without a term it falls into that of its day. `at` is the pointer of the form.
///
/// # Errors
/// 422 with the fault or the rule that is broken.
pub fn congress_row(form: CongressForm, locked: &Locked, term: Option<Uuid>, at: &str) -> Answer<CongressRow> {
    let mut reader = Reader::default();
    let from = reader.day("/held_from", Some(form.held_from)).unwrap_or_default();
    let to = reader.day("/held_to", form.held_to).unwrap_or(from);
    let numbers = [("/delegates_invited", form.delegates_invited), ("/delegates_present", form.delegates_present)];
    for (pointer, _) in numbers.into_iter().filter(|(_, number)| number.is_some_and(|n| !(0..=100_000).contains(&n))) {
        reader.fault(pointer, "out_of_range", say!("Số từ 0 đến 100000.", "A number from 0 to 100000."));
    }
    if form.delegates_invited.zip(form.delegates_present).is_some_and(|(invited, present)| present > invited) {
        let detail = say!("Nhiều hơn số được triệu tập.", "More than were called.");
        reader.fault("/delegates_present", "more_than_invited", detail);
    }
    let row = CongressRow {
        id: new_id(),
        organisation_id: locked.id(),
        term_id: term.or_else(|| locked.registry.term(from).map(|term| term.id)),
        kind: form.kind,
        held_from: from,
        held_to: to,
        place: reader.line("/place", form.place.as_deref()),
        delegates_invited: form.delegates_invited,
        delegates_present: form.delegates_present,
        document: reader.paper("/document", form.document),
        note: reader.note("/note", form.note.as_deref()),
    };
    let read = reader.done(row).and_then(|row| {
        check_order("/held_to", Some(from), Some(to))?;
        check_life("/held_from", locked.body.period(), from)?;
        Ok(row)
    });
    read.map_err(|problem| locked.rules.cite(problem, from).under(at))
}

/// List the congresses of an association
///
/// From the oldest to the newest; of a past day those that had been held.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), AsOfQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "Its congresses", body = Page<Congress>)),
)]
#[get("/associations/{key}/congresses")]
async fn list_congresses(
    permit: Permit<ReadAssociations>,
    key: Key,
    query: Params<AsOfQuery>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let (body, registry) = write::read_visible(&mut conn, &permit, &key.0, day).await?;
    let held = |row: &&CongressRow| query.0.as_of.is_none() || row.held_from <= day;
    let items = registry.congresses.iter().filter(held).map(|row| Congress::new(row, &registry)).collect();
    let version = sight(&permit, body.id).manage.then_some(registry.record.version);
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, version, cache, &Page { items, next_cursor: None })
}

/// Enter a congress
///
/// Founding (once), regular or extraordinary. The one that opens a term may be entered with the term.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = CongressForm,
    security(("session" = ["associations.manage"])),
    responses((status = 201, description = "Entered", body = Congress)),
)]
#[post("/associations/{key}/congresses")]
async fn add_congress(permit: Permit<ManageAssociations>, key: Key, once: Once, body: Body<CongressForm>) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let id = change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let row = congress_row(form, locked, None, "")?;
        store::add_congress(tx, &row).await?;
        let event = locked.event("associations.add_congress").fields(["congresses"]).values(json!({ "congress": row }));
        Ok((row.id, vec![event]))
    })
    .await?;
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    let row = registry.congresses.iter().find(|row| row.id == id).ok_or_else(gone)?;
    let location = format!("/api/v1/associations/{}/congresses", body.id);
    written(Some(&location), registry.record.version, &Congress::new(row, &registry))
}
