//! `GET /fields/coverage`: experts and associations by field.

use std::collections::HashMap;

use actix_web::{HttpRequest, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::coverage_cells::{Cell, Line, suppress};
use super::policy::ReadCoverage;
use super::settings::{GAP_EXPERTS, Rules, SMALL_CELL};
use super::store::{self, Standing};
use super::words::AssociationStatus;
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::experts::counts;
use crate::experts::policy::SearchExperts;
use crate::fields::store::{self as field_store, FieldRow};
use crate::fields::{DEFAULT_SCHEME, Level};
use crate::http::params::Params;
use crate::kernel::clock::today;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::organisations::view::OrganisationRef;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_coverage);
}

/// What is missing in a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CoverageGap {
    /// There are experts enough, and no association.
    NoAssociation,
    /// There are no experts.
    NoExperts,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CoverageQuery {
    /// The scheme; `BKHCN-2008` by default.
    #[param(example = "BKHCN-2008")]
    scheme: Option<String>,
    /// Only fields of this level, the broadest is 1; all by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 4)]
    level: Option<Level>,
    /// Only this field and those under it.
    #[param(example = "404")]
    field: Option<String>,
    /// Only where something is missing.
    #[param(inline)]
    gap: Option<CoverageGap>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Experts of a degree.
#[derive(Debug, Serialize, ToSchema)]
struct DegreeCount {
    /// Code of the degree; none for who has none on record.
    #[schema(example = "TS")]
    degree: Option<String>,
    /// How many; `null` where that, or another that would follow from it, is too few to be shown.
    count: Option<i64>,
}

/// A field with its experts and associations.
#[derive(Debug, Serialize, ToSchema)]
struct FieldCoverage {
    /// The scheme.
    #[schema(example = "BKHCN-2008")]
    scheme: String,
    /// The code.
    #[schema(example = "404")]
    code: String,
    /// The name in Vietnamese.
    name_vi: String,
    /// The name in English.
    name_en: String,
    /// The level; the broadest is 1.
    level: i16,
    /// Experts in it or under it, of those you may know of, each once; `null` as under `by_degree`.
    experts: Option<i64>,
    /// The same by degree, the highest first.
    by_degree: Vec<DegreeCount>,
    /// Associations at work in it or under it.
    associations: Vec<OrganisationRef>,
    /// Associations that are being founded there.
    preparing: usize,
    /// What is missing, where that may be told.
    gap: Option<CoverageGap>,
}

/// The table: a line for each field, a column for each degree, the total last.
struct Table {
    fields: Vec<FieldRow>,
    degrees: Vec<String>,
    lines: Vec<Line>,
}

impl Table {
    fn new(fields: Vec<FieldRow>, degrees: Vec<String>, counts: &HashMap<String, HashMap<String, i64>>) -> Self {
        let places: HashMap<&str, usize> = fields.iter().enumerate().map(|(at, row)| (row.code.as_str(), at)).collect();
        let line = |row: &FieldRow| {
            let of = counts.get(&row.code);
            let count = |degree: &str| of.and_then(|counts| counts.get(degree)).copied().unwrap_or_default();
            let mut cells: Vec<Cell> = degrees.iter().map(|degree| Cell::new(count(degree))).collect();
            // a degree of no list counts as none
            let total: i64 = of.map(|counts| counts.values().sum()).unwrap_or_default();
            let named: i64 = cells.iter().map(|cell| cell.count).sum();
            cells.push(Cell::new(total - named));
            cells.push(Cell::new(total));
            let under = row.parent_code.as_deref().and_then(|code| places.get(code).copied());
            Line { cells, under }
        };
        let lines = fields.iter().map(line).collect();
        Self { fields, degrees, lines }
    }
}

/// See where there are experts and no association, and where experts are missing
///
/// By field, each counting those under it: experts by degree, of those you may know of, and associations. The letter
/// 3348/UBND-NLN asks to found associations in fields that have none. For the public, counts under five are not shown, nor
/// others from which they would follow.
#[utoipa::path(
    tag = "associations",
    params(CoverageQuery),
    security((), ("session" = ["fields.coverage"])),
    responses((status = 200, description = "A page of fields", body = Page<FieldCoverage>)),
)]
#[get("/fields/coverage")]
async fn read_coverage(permit: Permit<ReadCoverage>, query: Params<CoverageQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let reach = permit.scope().reach;
    let public = matches!(reach, Reach::Public | Reach::PublicAndOwn);
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let after: Option<String> = cursors.open(query.cursor.as_deref())?;
    let scheme = query.scheme.as_deref().unwrap_or(DEFAULT_SCHEME);
    let mut conn = permit.read().await?;
    let fields = field_store::of_scheme(&mut conn, scheme).await?;
    if fields.is_empty() {
        let detail = say!("Không có bảng lĩnh vực này.", "There is no such scheme.");
        return Err(Problem::new(Code::InvalidQuery).and_field("/scheme", "unknown_code", detail));
    }
    let unknown = |code: &&String| fields.iter().all(|row| row.code != **code);
    if query.field.as_ref().filter(unknown).is_some() {
        let detail = say!("Không có lĩnh vực này trong bảng.", "There is no such field in the scheme.");
        return Err(Problem::new(Code::InvalidQuery).and_field("/field", "unknown_code", detail));
    }
    let rules = Rules::read(&mut conn).await?;
    let degrees = store::degrees(&mut conn).await?.into_iter().map(|(code, _)| code).collect();
    // who sees their own hidden record beside the public ones is shown what the public is
    let mut scope = permit.scope_under::<SearchExperts>();
    if public {
        scope.reach = Reach::Public;
    }
    let counts = counts::by_field_and_degree(&mut conn, &scope, scheme).await?;
    let standing = store::standing(&mut conn, today(), None).await?;
    drop(conn);
    let mut table = Table::new(fields, degrees, &counts);
    if public {
        suppress(&mut table.lines, rules.number(SMALL_CELL, today()));
    }
    let least = rules.number(GAP_EXPERTS, today());
    let Table { fields, degrees, lines } = table;
    let rows = fields.into_iter().zip(lines).map(|(field, line)| row(field, &line, &degrees, &standing, least));
    let asked = |row: &FieldCoverage| {
        query.level.is_none_or(|level| row.level == level.0)
            && query.field.as_ref().is_none_or(|code| row.code.starts_with(code.as_str()))
            && query.gap.is_none_or(|gap| row.gap == Some(gap))
            && after.as_ref().is_none_or(|after| row.code > *after)
    };
    let rows: Vec<FieldCoverage> = rows.filter(asked).take(query.limit.rows() + 1).collect();
    let page = cursors.page(rows, query.limit, |row| row.code.clone(), |row| row)?;
    fresh_page(&req, if reach == Reach::Public { "public" } else { "private" }, &page)
}

fn row(field: FieldRow, line: &Line, degrees: &[String], standing: &[Standing], least: i64) -> FieldCoverage {
    let key = format!("{}:{}", field.scheme, field.code);
    let here = |row: &&Standing| row.fields.iter().any(|code| code.starts_with(&key));
    let in_state =
        |row: &&Standing, wanted: &[AssociationStatus]| wanted.iter().any(|state| row.state == state.as_str());
    let works = [AssociationStatus::Active, AssociationStatus::Suspended];
    let associations: Vec<OrganisationRef> = standing
        .iter()
        .filter(|row| in_state(row, &works) && here(row))
        .map(|row| OrganisationRef { id: row.id, code: row.code.clone(), name: row.name.clone() })
        .collect();
    let preparing = standing.iter().filter(|row| in_state(row, &[AssociationStatus::Preparing]) && here(row)).count();
    let experts = line.cells.last().copied().and_then(Cell::shown);
    let gap = match experts {
        Some(0) => Some(CoverageGap::NoExperts),
        Some(count) if count >= least && associations.is_empty() => Some(CoverageGap::NoAssociation),
        _ => None,
    };
    let names = degrees.iter().map(|code| Some(code.clone())).chain([None]);
    let by_degree = names.zip(&line.cells).map(|(degree, cell)| DegreeCount { degree, count: cell.shown() }).collect();
    FieldCoverage {
        scheme: field.scheme,
        code: field.code,
        name_vi: field.name_vi,
        name_en: field.name_en,
        level: field.level,
        experts,
        by_degree,
        associations,
        preparing,
        gap,
    }
}
