//! `GET /organisations`, `GET /organisations/suggest`, `GET /organisations/{key}`, `GET /organisations/{key}/history`.

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::Kind;
use super::policy::{ManageOrganisations, ReadOrganisations};
use super::store::{self, Wanted};
use super::view::{HistoryEntry, Organisation, OrganisationCard, not_yet};
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::params::Params;
use crate::http::path::Key;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_page};
use crate::kernel::problem::{Answer, Code};
use crate::kernel::words::accented_words;
use crate::reference::check_as_of;
use crate::reference::places::Places;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_organisations).service(suggest_organisations).service(read_organisation).service(read_history);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OrganisationQuery {
    /// Beginnings of words of a name, with or without accents; old names find the body that lives on that day.
    #[param(example = "so khoa hoc")]
    q: Option<String>,
    /// Only this kind.
    #[param(inline)]
    kind: Option<Kind>,
    /// Only in this province: name or code, as of that day.
    #[param(example = "Tuyên Quang")]
    province: Option<String>,
    /// Only what stands directly under this organisation.
    parent_id: Option<Uuid>,
    /// As things stood on this date; today by default.
    #[param(example = "2012-11-07")]
    as_of: Option<NaiveDate>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

async fn wanted(
    conn: &mut Conn,
    places: &Places,
    kind: Option<Kind>,
    province: Option<&str>,
    as_of: Option<NaiveDate>,
) -> Answer<Wanted> {
    let day = check_as_of(conn, as_of).await?;
    let province = places.named(province, day, "/province", Code::InvalidQuery)?;
    let provinces = province.map(|id| places.all_that_are(id, day));
    Ok(Wanted { day, kind, provinces, among: None, with_ended: false, parent_id: None, limit: 0 })
}

/// List organisations
///
/// Those that exist on a day, as they were then: without `q` in the order of their names, with `q` the best first. A name
/// that is no more in use finds the body that bears another, or holds the place of the one that bore it; `matched` says so.
/// When nothing has these words, one page of similar names comes, marked `approximate`.
#[utoipa::path(
    tag = "organisations",
    params(OrganisationQuery),
    security((), ("session" = ["organisations.read"])),
    responses((status = 200, description = "A page of organisations", body = Page<OrganisationCard>)),
)]
#[get("/organisations")]
async fn list_organisations(
    permit: Permit<ReadOrganisations>,
    query: Params<OrganisationQuery>,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, "");
    let words = accented_words(query.q.as_deref().unwrap_or_default())?;
    let mut conn = permit.read().await?;
    let places = Places::read(&mut conn).await?;
    let wanted = wanted(&mut conn, &places, query.kind, query.province.as_deref(), query.as_of).await?;
    let wanted = Wanted { parent_id: query.parent_id, limit: query.limit.probe(), ..wanted };
    let day = wanted.day;
    if words.is_empty() {
        let rows = store::list(&mut conn, &wanted, cursors.open(query.cursor.as_deref())?).await?;
        let card = |row| OrganisationCard::new(row, &places, day);
        return fresh_page(&req, "public", &cursors.page(rows, query.limit, |r| (r.name_key.clone(), r.id), card)?);
    }
    let after = cursors.open(query.cursor.as_deref())?;
    let first = after.is_none();
    let rows = store::find_names(&mut conn, &wanted, &words, false, after).await?;
    let card = |hit| OrganisationCard::hit(hit, &places, day);
    if rows.is_empty() && first {
        let wanted = Wanted { limit: wanted.limit - 1, ..wanted };
        let rows = store::find_names(&mut conn, &wanted, &words, true, None).await?;
        return fresh_page(&req, "public", &Page { items: rows.into_iter().map(card).collect(), next_cursor: None });
    }
    let key = |hit: &store::Hit| (hit.score, hit.found.name_key.clone(), hit.found.id);
    fresh_page(&req, "public", &cursors.page(rows, query.limit, key, card)?)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SuggestQuery {
    /// What was typed so far.
    #[param(required, example = "so kh")]
    q: String,
    /// Only this kind.
    #[param(inline)]
    kind: Option<Kind>,
    /// Only in this province: name or code, as of that day.
    #[param(example = "Tuyên Quang")]
    province: Option<String>,
    /// As things stood on this date; today by default.
    #[param(example = "2012-11-07")]
    as_of: Option<NaiveDate>,
}

/// Most suggestions.
const SUGGESTIONS: i64 = 8;

/// Suggest organisations while somebody types
///
/// The eight best for what was typed so far, ranked as the search ranks them.
#[utoipa::path(
    tag = "organisations",
    params(SuggestQuery),
    security((), ("session" = ["organisations.read"])),
    responses((status = 200, description = "At most eight organisations", body = Page<OrganisationCard>)),
)]
#[get("/organisations/suggest")]
async fn suggest_organisations(
    permit: Permit<ReadOrganisations>,
    query: Params<SuggestQuery>,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    let words = accented_words(&query.q)?;
    let mut conn = permit.read().await?;
    let places = Places::read(&mut conn).await?;
    let wanted = wanted(&mut conn, &places, query.kind, query.province.as_deref(), query.as_of).await?;
    let wanted = Wanted { limit: SUGGESTIONS, ..wanted };
    let mut rows = Vec::new();
    if !words.is_empty() {
        rows = store::find_names(&mut conn, &wanted, &words, false, None).await?;
        if rows.is_empty() {
            rows = store::find_names(&mut conn, &wanted, &words, true, None).await?;
        }
    }
    let items = rows.into_iter().map(|hit| OrganisationCard::hit(hit, &places, wanted.day)).collect();
    fresh(&req, None, "public", &Page { items, next_cursor: None })
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AsOf {
    /// As things stood on this date; today by default.
    #[param(example = "2012-11-07")]
    pub as_of: Option<NaiveDate>,
}

/// Read an organisation
///
/// By id or code, as things stood on a day. One that is no more answers as it was at last, with who holds its place.
#[utoipa::path(
    tag = "organisations",
    params(("key" = String, Path, description = "Id or code", example = "SKHCN-DEMO"), AsOf),
    security((), ("session" = ["organisations.read"])),
    responses((status = 200, description = "The organisation", body = Organisation)),
)]
#[get("/organisations/{key}")]
async fn read_organisation(
    permit: Permit<ReadOrganisations>,
    key: Key,
    query: Params<AsOf>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let day = check_as_of(&mut conn, query.0.as_of).await?;
    let body = store::find(&mut conn, &key.0).await?;
    let places = Places::read(&mut conn).await?;
    // who keeps the register reads one that is yet to begin, too
    let view = match Organisation::at(&mut conn, &body, &places, day).await {
        Err(problem) if problem.code() == Code::NotFound && query.0.as_of.is_none() && keeps(&permit) => {
            Organisation::now(&mut conn, &body, &places).await?
        }
        answer => answer?,
    };
    let (version, cache) = if keeps(&permit) { (Some(body.version), "private") } else { (None, "public") };
    fresh(&req, version, cache, &view)
}

fn keeps(permit: &Permit<ReadOrganisations>) -> bool {
    permit.may::<ManageOrganisations>(|_| true)
}

/// Read the history of an organisation
///
/// What it was called, what it stood under and where it was, from the oldest to the newest; of a past day, as far as it had
/// come by then.
#[utoipa::path(
    tag = "organisations",
    params(("key" = String, Path, description = "Id or code", example = "SKHCN-DEMO"), AsOf),
    security((), ("session" = ["organisations.read"])),
    responses((status = 200, description = "Its versions", body = Page<HistoryEntry>)),
)]
#[get("/organisations/{key}/history")]
async fn read_history(permit: Permit<ReadOrganisations>, key: Key, query: Params<AsOf>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let day = check_as_of(&mut conn, query.0.as_of).await?;
    let body = store::find(&mut conn, &key.0).await?;
    let places = Places::read(&mut conn).await?;
    let planned = query.0.as_of.is_none() && keeps(&permit);
    if body.at_or_last(day).is_none() && !planned {
        return Err(not_yet(&body, day));
    }
    let items = body.versions.iter().filter_map(|version| HistoryEntry::new(version, &places, day)).collect();
    fresh(&req, None, "public", &Page { items, next_cursor: None })
}
