//! `GET /organisations`, `GET /organisations/{id}`.

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::policy::ReadOrganisations;
use super::store::{self, OrganisationRow};
use crate::access::permit::Permit;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::today;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_page};
use crate::kernel::problem::Answer;
use crate::kernel::words::words;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_organisations).service(read_organisation);
}

/// What an organisation is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Agency,
    Union,
    Association,
    Institution,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Agency => "agency",
            Self::Union => "union",
            Self::Association => "association",
            Self::Institution => "institution",
        }
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrganisationQuery {
    /// Beginnings of words of a name, with or without accents.
    #[param(example = "so khoa hoc")]
    q: Option<String>,
    /// Only this kind.
    #[param(inline)]
    kind: Option<Kind>,
    /// The organisations that existed on this date; today by default.
    #[param(example = "2012-11-07")]
    as_of: Option<NaiveDate>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
struct Organisation {
    /// Its id, for accounts and workplaces.
    id: Uuid,
    /// Its code in the register.
    #[schema(example = "SKHCN-TQ")]
    code: String,
    /// `agency`, `union`, `association` or `institution`.
    #[schema(example = "agency")]
    kind: String,
    /// In Vietnamese.
    #[schema(example = "Sở Khoa học và Công nghệ")]
    name: String,
    /// In English.
    name_en: Option<String>,
    /// Abbreviation.
    short_name: Option<String>,
    /// Exists since, where known.
    valid_from: Option<NaiveDate>,
    /// Existed until.
    valid_to: Option<NaiveDate>,
    /// What took its place.
    succeeded_by: Option<Uuid>,
}

impl From<OrganisationRow> for Organisation {
    fn from(row: OrganisationRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            kind: row.kind,
            name: row.name,
            name_en: row.name_en,
            short_name: row.short_name,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            succeeded_by: row.succeeded_by,
        }
    }
}

/// List organisations
///
/// Those that exist on a date, in the order of their names.
#[utoipa::path(
    tag = "organisations",
    params(OrganisationQuery),
    security((), ("session" = ["organisations.read"])),
    responses((status = 200, description = "A page of organisations", body = Page<Organisation>)),
)]
#[get("/organisations")]
async fn list_organisations(
    permit: Permit<ReadOrganisations>,
    query: Params<OrganisationQuery>,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, "");
    let filter = store::Filter {
        after: cursors.open(query.cursor.as_deref())?,
        kind: query.kind.map(|kind| kind.as_str().to_owned()),
        words: words(query.q.as_deref())?,
        as_of: query.as_of.unwrap_or_else(today),
    };
    let rows = store::list(&mut permit.read().await?, filter, query.limit.probe()).await?;
    let page = cursors.page(rows, query.limit, |row| (row.search_key.clone(), row.id), Organisation::from)?;
    fresh_page(&req, "public", &page)
}

/// Read an organisation
///
/// Also one that exists no more, with what took its place.
#[utoipa::path(
    tag = "organisations",
    params(("id" = Uuid, Path, description = "The organisation")),
    security((), ("session" = ["organisations.read"])),
    responses((status = 200, description = "The organisation", body = Organisation)),
)]
#[get("/organisations/{id}")]
async fn read_organisation(permit: Permit<ReadOrganisations>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let row = store::find(&mut permit.read().await?, id.0).await?;
    fresh(&req, None, "public", &Organisation::from(row))
}
