//! `GET /associations/export`: the register as open data.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::NaiveDate;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::{OfficerRow, Registry};
use super::parts::known_end;
use super::policy::ReadAssociations;
use super::store::{self, Standing};
use super::words::AssociationStatus;
use super::write::day_of;
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::params::Params;
use crate::kernel::problem::{Answer, Problem};
use crate::organisations::view::{ProvinceName, known_on};
use crate::reference::places::Places;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(export_associations);
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportFormat {
    /// Comma-separated values in UTF-8, as Excel reads them.
    Csv,
    /// An Excel workbook: associations and officers.
    Xlsx,
    /// JSON.
    #[default]
    Json,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// In which form; JSON by default.
    #[param(inline)]
    format: ExportFormat,
    /// As things stood on this date; today by default.
    #[param(example = "2025-07-29")]
    as_of: Option<NaiveDate>,
}

/// An officer in the open data.
#[derive(Debug, Serialize, ToSchema)]
struct ExportedOfficer {
    /// Name.
    full_name: String,
    /// The post.
    position: &'static str,
    /// The post in Vietnamese.
    position_label: &'static str,
    /// Since.
    valid_from: NaiveDate,
    /// Until, where that was known.
    valid_to: Option<NaiveDate>,
}

impl ExportedOfficer {
    fn new(row: &OfficerRow, day: NaiveDate) -> Self {
        Self {
            full_name: row.full_name.clone(),
            position: row.position.as_str(),
            position_label: row.position.label(),
            valid_from: row.valid_from,
            valid_to: known_on(day, row.valid_to),
        }
    }
}

/// An association in the open data.
#[derive(Debug, Serialize, ToSchema)]
struct ExportedAssociation {
    /// Its code.
    code: String,
    /// Its name.
    name: String,
    /// International name.
    name_en: Option<String>,
    /// Abbreviation.
    short_name: Option<String>,
    /// What kind.
    kind: String,
    /// Where it works.
    scope: String,
    /// The district, commune or provinces.
    area: Option<String>,
    /// Its province.
    province: Option<String>,
    /// How it stands.
    status: String,
    /// A task from Party or State.
    special_status: Option<String>,
    /// Its main field.
    main_field: Option<String>,
    /// Other fields.
    other_fields: Vec<String>,
    /// There since.
    valid_from: Option<NaiveDate>,
    /// Whether it belongs to a Union.
    union_member: bool,
    /// Number of the term.
    term: Option<i16>,
    /// Its first day.
    term_from: Option<NaiveDate>,
    /// Its last day.
    term_to: Option<NaiveDate>,
    /// Address of its office.
    headquarters: Option<String>,
    /// Telephone of its office.
    phone: Option<String>,
    /// E-mail of its office.
    email: Option<String>,
    /// Web site.
    website: Option<String>,
    /// Tax code.
    tax_code: Option<String>,
    /// Who holds which post.
    officers: Vec<ExportedOfficer>,
}

/// The register as open data.
#[derive(Debug, Serialize, ToSchema)]
struct AssociationExport {
    /// The day it tells of.
    as_of: NaiveDate,
    /// The associations, in the order of their names.
    associations: Vec<ExportedAssociation>,
}

impl ExportedAssociation {
    fn new(row: Standing, registry: &Registry, places: &Places, day: NaiveDate) -> Self {
        let main = registry.main_field().map(|(scheme, code)| format!("{scheme}:{code}"));
        let term = registry.term(day);
        let record = registry.record.clone();
        Self {
            other_fields: row.fields.into_iter().filter(|field| Some(field) != main.as_ref()).collect(),
            main_field: main,
            code: row.code,
            name: row.name,
            name_en: row.name_en,
            short_name: row.short_name,
            kind: row.kind,
            scope: row.scope,
            area: row.area,
            province: ProvinceName::at(places, row.province_id, day).map(|province| province.name),
            status: row.state,
            special_status: row.special_status,
            valid_from: row.valid_from,
            union_member: row.member,
            term: term.map(|term| term.number),
            term_from: term.map(|term| term.valid_from),
            term_to: term.map(|term| known_end(term, registry, day)),
            headquarters: record.headquarters,
            phone: record.phone,
            email: record.email,
            website: record.website,
            tax_code: record.tax_code,
            officers: registry.officers_on(day).into_iter().map(|row| ExportedOfficer::new(row, day)).collect(),
        }
    }

    fn cells(&self) -> [String; 22] {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let date = |value: &Option<NaiveDate>| value.map(|day| day.to_string()).unwrap_or_default();
        [
            self.code.clone(),
            self.name.clone(),
            text(&self.name_en),
            text(&self.short_name),
            self.kind.clone(),
            self.scope.clone(),
            text(&self.area),
            text(&self.province),
            self.status.clone(),
            text(&self.special_status),
            text(&self.main_field),
            self.other_fields.join("; "),
            date(&self.valid_from),
            self.union_member.to_string(),
            self.term.map(|number| number.to_string()).unwrap_or_default(),
            date(&self.term_from),
            date(&self.term_to),
            text(&self.headquarters),
            text(&self.phone),
            text(&self.email),
            text(&self.website),
            text(&self.tax_code),
        ]
    }

    /// Officers in one cell: `Chủ tịch: Nguyễn Văn Mẫu; …`.
    fn officers_cell(&self) -> String {
        let officers = self.officers.iter().map(|officer| format!("{}: {}", officer.position_label, officer.full_name));
        officers.collect::<Vec<_>>().join("; ")
    }
}

const COLUMNS: [&str; 22] = [
    "code",
    "name",
    "name_en",
    "short_name",
    "kind",
    "scope",
    "area",
    "province",
    "status",
    "special_status",
    "main_field",
    "other_fields",
    "valid_from",
    "union_member",
    "term",
    "term_from",
    "term_to",
    "headquarters",
    "phone",
    "email",
    "website",
    "tax_code",
];
const OFFICER_COLUMNS: [&str; 6] =
    ["association_code", "full_name", "position", "position_label", "valid_from", "valid_to"];

/// A cell that a spreadsheet would take for a formula begins with an apostrophe instead.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell.to_owned() }
}

fn csv(export: &AssociationExport) -> Answer<Vec<u8>> {
    // the mark by which Excel knows UTF-8
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![0xEF, 0xBB, 0xBF]);
    writer.write_record(COLUMNS.into_iter().chain(["officers"])).map_err(Problem::internal)?;
    for association in &export.associations {
        let cells = association.cells().into_iter().chain([association.officers_cell()]);
        writer.write_record(cells.map(|cell| harmless(&cell))).map_err(Problem::internal)?;
    }
    writer.into_inner().map_err(Problem::internal)
}

fn xlsx(export: &AssociationExport) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // the same register makes the same bytes
    let created = ExcelDateTime::from_ymd(2000, 1, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let sheet = workbook.add_worksheet().set_name("associations")?;
    for (column, name) in (0_u16..).zip(COLUMNS) {
        sheet.write_string(0, column, name)?;
    }
    for (row, association) in (1_u32..).zip(&export.associations) {
        for (column, cell) in (0_u16..).zip(association.cells()) {
            // strings are written as strings: none is ever a formula
            sheet.write_string(row, column, cell)?;
        }
    }
    let sheet = workbook.add_worksheet().set_name("officers")?;
    for (column, name) in (0_u16..).zip(OFFICER_COLUMNS) {
        sheet.write_string(0, column, name)?;
    }
    let officers =
        export.associations.iter().flat_map(|of| of.officers.iter().map(move |officer| (of.code.as_str(), officer)));
    for (row, (code, officer)) in (1_u32..).zip(officers) {
        let to = officer.valid_to.map(|day| day.to_string()).unwrap_or_default();
        let from = officer.valid_from.to_string();
        let cells = [code, &officer.full_name, officer.position, officer.position_label, &from, &to];
        for (column, cell) in (0_u16..).zip(cells) {
            sheet.write_string(row, column, cell)?;
        }
    }
    workbook.save_to_buffer()
}

async fn export(conn: &mut Conn, day: NaiveDate) -> Answer<AssociationExport> {
    let places = Places::read(conn).await?;
    let mut standing = store::standing(conn, day, None).await?;
    standing.retain(|row| AssociationStatus::parse(&row.state).is_some_and(|status| !status.is_over()));
    let registries = store::registries(conn, standing.iter().map(|row| row.id).collect()).await?;
    let by_id: HashMap<Uuid, &Registry> = registries.iter().map(|registry| (registry.id(), registry)).collect();
    let exported = |row: Standing| {
        let registry = *by_id.get(&row.id)?;
        Some(ExportedAssociation::new(row, registry, &places, day))
    };
    Ok(AssociationExport { as_of: day, associations: standing.into_iter().filter_map(exported).collect() })
}

/// Download the register of associations
///
/// All associations that are there on a day, with names and posts of their officers: open data, as CSV, Excel or JSON. It may
/// be kept by any cache and asked for again with `If-None-Match`.
#[utoipa::path(
    tag = "associations",
    params(ExportQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "The register", content(
        (AssociationExport = "application/json"),
        (String = "text/csv"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))),
)]
#[get("/associations/export")]
async fn export_associations(permit: Permit<ReadAssociations>, query: Params<ExportQuery>, req: HttpRequest) -> Answer {
    let format = query.0.format;
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let export = export(&mut conn, day).await?;
    drop(conn);
    let json = serde_json::to_vec(&export).map_err(Problem::internal)?;
    let hash = Sha256::new().chain_update(format!("{format:?}")).chain_update(&json).finalize();
    let tag = format!("\"{}\"", hex::encode(&hash[..8]));
    let held = req.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let known = held.split(',').any(|held| held.trim().trim_start_matches("W/") == tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, "public, no-cache"));
    if known {
        return Ok(response.finish());
    }
    let (kind, ending, bytes) = match format {
        ExportFormat::Json => ("application/json", "json", json),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv", csv(&export)?),
        ExportFormat::Xlsx => (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            xlsx(&export).map_err(Problem::internal)?,
        ),
    };
    let name = format!("attachment; filename=\"associations-{day}.{ending}\"");
    if format != ExportFormat::Json {
        response.insert_header((header::CONTENT_DISPOSITION, name));
    }
    Ok(response.content_type(kind).body(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_taken_for_a_formula() {
        for (cell, written) in [
            ("=HYPERLINK(\"x\")", "'=HYPERLINK(\"x\")"),
            ("+84 207", "'+84 207"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("Hội Làm vườn", "Hội Làm vườn"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), written);
        }
    }
}
