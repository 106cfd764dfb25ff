//! `/associations/{key}/charters`: versions of the charter.

use actix_web::{HttpRequest, get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::CharterRow;
use super::parts::{Charter, gone};
use super::policy::{ManageAssociations, ReadAssociations};
use super::reader::Reader;
use super::record::AsOfQuery;
use super::rules::check_life;
use super::store;
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

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_charters).service(add_charter);
}

/// List the charters of an association
///
/// Every version with the decision that approved it, from the oldest to the newest; of a past day those that had come.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), AsOfQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "Its charters", body = Page<Charter>)),
)]
#[get("/associations/{key}/charters")]
async fn list_charters(
    permit: Permit<ReadAssociations>,
    key: Key,
    query: Params<AsOfQuery>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let (body, registry) = write::read_visible(&mut conn, &permit, &key.0, day).await?;
    let come = |row: &&CharterRow| query.0.as_of.is_none() || row.valid_from <= day;
    let items = registry.charters.iter().filter(come).map(Charter::from).collect();
    let version = sight(&permit, body.id).manage.then_some(registry.record.version);
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, version, cache, &Page { items, next_cursor: None })
}

/// A version of the charter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "from": "2026-08-01", "document": {"number": "310/QĐ-UBND", "date": "2026-07-28", "issuer": "UBND tỉnh"},
    "file": "Lưu trữ Liên hiệp hội, hồ sơ 12/2026"
}))]
struct CharterForm {
    /// In force since.
    from: NaiveDate,
    /// The decision that approved it.
    document: DocumentForm,
    /// Where the text is kept.
    file: Option<String>,
    /// Remarks.
    note: Option<String>,
}

/// Enter a version of the charter
///
/// With the decision that approved it; it holds until the next one.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = CharterForm,
    security(("session" = ["associations.manage"])),
    responses((status = 201, description = "Entered", body = Charter)),
)]
#[post("/associations/{key}/charters")]
async fn add_charter(permit: Permit<ManageAssociations>, key: Key, once: Once, body: Body<CharterForm>) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let id = change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let mut reader = Reader::default();
        let from = reader.day("/from", Some(form.from)).unwrap_or_default();
        let document = reader.paper("/document", Some(form.document));
        let file = reader.line("/file", form.file.as_deref());
        let note = reader.note("/note", form.note.as_deref());
        let (document, file, note) = reader.done((document, file, note))?;
        check_life("/from", locked.body.period(), from).map_err(|problem| locked.rules.cite(problem, from))?;
        let document = document.ok_or_else(gone)?;
        let row = CharterRow { id: new_id(), organisation_id: locked.id(), valid_from: from, document, file, note };
        store::add_charter(tx, &row).await?;
        let event = locked.event("associations.add_charter").fields(["charters"]).values(json!({ "charter": row }));
        Ok((row.id, vec![event]))
    })
    .await?;
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    let row = registry.charters.iter().find(|row| row.id == id).ok_or_else(gone)?;
    let location = format!("/api/v1/associations/{}/charters", body.id);
    written(Some(&location), registry.record.version, &Charter::from(row))
}
