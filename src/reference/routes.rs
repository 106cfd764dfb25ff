//! `GET /provinces`, `GET /academic-titles`.

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::check_as_of;
use super::policy::ReadReference;
use super::store::{self, ProvinceRow};
use crate::access::permit::Permit;
use crate::http::params::{Nothing, Params};
use crate::kernel::page::Page;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, ProblemDocument};

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_provinces).service(list_titles);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ProvinceQuery {
    /// The provinces as they stood on this date, which must not lie before the register begins; today by default.
    #[param(example = "2026-01-01")]
    as_of: Option<NaiveDate>,
}

/// A province or centrally run city.
#[derive(Debug, Serialize, ToSchema)]
struct Province {
    /// Official code; the same code may have meant another province earlier.
    #[schema(example = "08")]
    code: String,
    /// Its name.
    #[schema(example = "Tuyên Quang")]
    name: String,
    /// `tỉnh` or `thành phố`.
    #[schema(example = "tỉnh")]
    kind: String,
    /// Since when it exists in this form.
    valid_from: NaiveDate,
    /// Until when, if it is over.
    valid_to: Option<NaiveDate>,
    /// The province that took its place, if it is over.
    succeeded_by: Option<ProvinceSuccessor>,
}

/// The province that took the place of another one.
#[derive(Debug, Serialize, ToSchema)]
struct ProvinceSuccessor {
    /// Its code.
    #[schema(example = "08")]
    code: String,
    /// Its name.
    #[schema(example = "Tuyên Quang")]
    name: String,
    /// Its first day.
    from: NaiveDate,
}

impl Province {
    fn new(row: &ProvinceRow, rows: &[(i32, ProvinceRow)]) -> Self {
        let heir = rows.iter().find(|(id, _)| row.succeeded_by == Some(*id)).map(|(_, heir)| heir);
        Self {
            code: row.code.clone(),
            name: row.name.clone(),
            kind: row.kind.clone(),
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            succeeded_by: heir.map(|heir| ProvinceSuccessor {
                code: heir.code.clone(),
                name: heir.name.clone(),
                from: heir.valid_from,
            }),
        }
    }
}

/// List provinces
///
/// As they stand on a date: provinces merge, and a code may have meant another one earlier. One that is over names its
/// successor.
#[utoipa::path(
    tag = "reference",
    params(ProvinceQuery),
    security((), ("session" = ["reference.read"])),
    responses(
        (status = 200, description = "The provinces of that day", body = Page<Province>),
        (status = 422, description = "A day before the register begins", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[get("/provinces")]
async fn list_provinces(permit: Permit<ReadReference>, query: Params<ProvinceQuery>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let day = check_as_of(&mut conn, query.0.as_of).await?;
    let rows = store::provinces(&mut conn).await?;
    let living = rows.iter().filter(|(_, row)| row.lives_on(day));
    let items = living.map(|(_, row)| Province::new(row, &rows)).collect();
    fresh(&req, None, "public", &Page { items, next_cursor: None })
}

/// An academic rank (học hàm) or degree (học vị).
#[derive(Debug, Serialize, ToSchema)]
struct AcademicTitle {
    /// Code to use in the API.
    #[schema(example = "TS")]
    code: String,
    /// `academic_rank` or `degree`.
    #[schema(example = "degree")]
    kind: String,
    /// In Vietnamese.
    #[schema(example = "Tiến sĩ")]
    name_vi: String,
    /// In English.
    #[schema(example = "Doctor (PhD)")]
    name_en: String,
    /// As printed before a name.
    #[schema(example = "TS")]
    abbreviation: String,
    /// Higher is higher, within one kind.
    #[schema(example = 60)]
    rank: i16,
}

/// List academic ranks and degrees
///
/// The highest first within a kind.
#[utoipa::path(
    tag = "reference",
    security((), ("session" = ["reference.read"])),
    responses((status = 200, description = "All of them", body = Page<AcademicTitle>)),
)]
#[get("/academic-titles")]
async fn list_titles(permit: Permit<ReadReference>, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let rows = store::titles(&mut permit.read().await?).await?;
    let items = rows
        .into_iter()
        .map(|row| AcademicTitle {
            code: row.code,
            kind: row.kind,
            name_vi: row.name_vi,
            name_en: row.name_en,
            abbreviation: row.abbreviation,
            rank: row.rank,
        })
        .collect();
    fresh(&req, None, "public", &Page { items, next_cursor: None })
}
