//! `/associations/{key}/reports`: yearly reports that were received.

use actix_web::{HttpRequest, delete, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::ReportRow;
use super::parts::gone;
use super::policy::{EditAssociation, ReadAssociationFile};
use super::reader::Reader;
use super::store;
use super::write::{self, Locked, change, is_own};
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::clock::today;
use crate::kernel::document::{DocumentForm, DocumentReference};
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_yearly_reports)
        .service(add_yearly_report)
        .service(patch_yearly_report)
        .service(delete_yearly_report);
}

/// A yearly report that was received.
#[derive(Debug, Serialize, ToSchema)]
struct YearlyReport {
    /// Its id.
    id: Uuid,
    /// The year it tells of.
    #[schema(example = 2025)]
    year: i16,
    /// When it was received.
    received_on: NaiveDate,
    /// The document.
    document: Option<DocumentReference>,
    /// Remarks.
    note: Option<String>,
}

impl From<&ReportRow> for YearlyReport {
    fn from(row: &ReportRow) -> Self {
        let ReportRow { id, year, received_on, document, note, .. } = row.clone();
        Self { id, year, received_on, document: document.map(Into::into), note }
    }
}

/// List the yearly reports of an association
///
/// Those that were received, from the oldest to the newest. For the Union, the auditor and the association itself.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO")),
    security(("session" = ["associations.read_file"])),
    responses((status = 200, description = "Its reports", body = Page<YearlyReport>)),
)]
#[get("/associations/{key}/reports")]
async fn list_yearly_reports(
    permit: Permit<ReadAssociationFile>,
    key: Key,
    _: Params<Nothing>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    if permit.scope().reach == Reach::Own && !is_own(permit.scope(), body.id) {
        return Err(Problem::new(Code::NotFound));
    }
    let items = registry.reports.iter().map(YearlyReport::from).collect();
    fresh(&req, Some(registry.record.version), "private", &Page { items, next_cursor: None })
}

/// A report to enter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "year": 2025, "received_on": "2025-12-01", "document": {"number": "18/BC-HLV", "date": "2025-11-28"}
}))]
struct YearlyReportForm {
    /// The year it tells of.
    year: i16,
    /// When it was received; today by default.
    received_on: Option<NaiveDate>,
    /// The document.
    document: Option<DocumentForm>,
    /// Remarks.
    note: Option<String>,
}

/// Enter a yearly report
///
/// One a year. The association's own office files it, or the Union enters what came on paper.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), Once),
    request_body = YearlyReportForm,
    security(("session" = ["associations.edit"])),
    responses((status = 201, description = "Entered", body = YearlyReport)),
)]
#[post("/associations/{key}/reports")]
async fn add_yearly_report(
    permit: Permit<EditAssociation>,
    key: Key,
    once: Once,
    body: Body<YearlyReportForm>,
) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let id = change(&permit, &key.0, None, Some(once), async move |tx: &mut Conn, locked: &Locked| {
        let mut reader = Reader::default();
        let received_on = received(&mut reader, form.received_on).unwrap_or_else(today);
        let row = ReportRow {
            id: new_id(),
            organisation_id: locked.id(),
            year: reader.year("/year", form.year),
            received_on,
            document: reader.paper("/document", form.document),
            note: reader.note("/note", form.note.as_deref()),
        };
        let row = reader.done(row)?;
        store::put_report(tx, &row).await?;
        let event = locked.event("associations.add_report").fields(["reports"]).values(json!({ "report": row }));
        Ok((row.id, vec![event]))
    })
    .await?;
    answer(&permit, &key, id, true).await
}

/// Answers a write with the report as it is now.
async fn answer(permit: &Permit<EditAssociation>, key: &Key, id: Uuid, created: bool) -> Answer {
    let mut conn = permit.read().await?;
    let (body, registry) = write::reread(&mut conn, &key.0).await?;
    let row = registry.reports.iter().find(|row| row.id == id).ok_or_else(gone)?;
    let location = format!("/api/v1/associations/{}/reports", body.id);
    written(created.then_some(location.as_str()), registry.record.version, &YearlyReport::from(row))
}

/// The day a report was received, which has come.
fn received(reader: &mut Reader, input: Option<NaiveDate>) -> Option<NaiveDate> {
    let day = reader.day("/received_on", input)?;
    if day > today() {
        reader.fault("/received_on", "in_the_future", say!("Ngày ở tương lai.", "It lies in the future."));
    }
    Some(day)
}

/// Corrections of a yearly report, as a merge patch.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"received_on": "2025-12-02"}))]
struct YearlyReportPatch {
    /// The year it tells of.
    #[serde(default)]
    #[schema(value_type = Option<i16>)]
    year: Change<i16>,
    /// When it was received.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    received_on: Change<NaiveDate>,
    /// The document.
    #[serde(default)]
    #[schema(value_type = Option<DocumentForm>)]
    document: Change<DocumentForm>,
    /// Remarks.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    note: Change<String>,
}

impl YearlyReportPatch {
    fn over(self, old: &ReportRow) -> Answer<ReportRow> {
        let missing =
            |pointer| Problem::field(pointer, "required", say!("Không được bỏ trống.", "It can't be cleared."));
        let mut reader = Reader::default();
        let year = self.year.apply(Some(old.year)).ok_or_else(|| missing("/year"))?;
        let day = self.received_on.apply(Some(old.received_on)).ok_or_else(|| missing("/received_on"))?;
        let document = match self.document {
            Change::Keep => old.document.clone(),
            Change::Clear => None,
            Change::Set(form) => reader.paper("/document", Some(form)),
        };
        let note = match self.note {
            Change::Keep => old.note.clone(),
            change => reader.note("/note", change.apply(None).as_deref()),
        };
        let row = ReportRow {
            year: reader.year("/year", year),
            received_on: received(&mut reader, Some(day)).unwrap_or_default(),
            document,
            note,
            ..old.clone()
        };
        reader.done(row)
    }
}

/// Correct a yearly report
///
/// Whoever may enter one corrects it: the association's own office, or the Union.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the report"),
        IfMatch,
    ),
    request_body = YearlyReportPatch,
    security(("session" = ["associations.edit"])),
    responses((status = 200, description = "The report as it is now", body = YearlyReport)),
)]
#[patch("/associations/{key}/reports/{id}")]
async fn patch_yearly_report(
    permit: Permit<EditAssociation>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    body: Body<YearlyReportPatch>,
) -> Answer {
    let patch = body.0;
    change(&permit, &key.0, None, None, async move |tx: &mut Conn, locked: &Locked| {
        let old = locked.registry.reports.iter().find(|row| row.id == id.0).ok_or_else(gone)?;
        if_match.check(locked.registry.record.version)?;
        let new = patch.over(old)?;
        if new == *old {
            return Ok((old.id, Vec::new()));
        }
        store::put_report(tx, &new).await?;
        let event = locked.event("associations.update_report").fields(["reports"]);
        Ok((old.id, vec![event.values(json!({ "reports": [old, new] }))]))
    })
    .await?;
    answer(&permit, &key, id.0, false).await
}

/// Remove a yearly report
///
/// One that was entered by mistake. The answer's `ETag` is the association's version as it is now.
#[utoipa::path(
    tag = "associations",
    params(
        ("key" = String, Path, description = "Id or code of the association", example = "HLN-DEMO"),
        ("id" = Uuid, Path, description = "Id of the report"),
        IfMatch,
    ),
    security(("session" = ["associations.edit"])),
    responses((status = 204, description = "Removed")),
)]
#[delete("/associations/{key}/reports/{id}")]
async fn delete_yearly_report(
    permit: Permit<EditAssociation>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    _: Params<Nothing>,
) -> Answer {
    change(&permit, &key.0, None, None, async move |tx: &mut Conn, locked: &Locked| {
        let old = locked.registry.reports.iter().find(|row| row.id == id.0).ok_or_else(gone)?;
        if_match.check(locked.registry.record.version)?;
        store::remove_report(tx, old.id).await?;
        let event = locked.event("associations.remove_report").fields(["reports"]);
        Ok((old.id, vec![event.values(json!({ "report": old }))]))
    })
    .await?;
    write::removed(&permit, &key.0).await
}
