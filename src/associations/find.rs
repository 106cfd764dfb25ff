//! `GET /associations`, `GET /associations/suggest`.

use std::collections::HashMap;

use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::filter::{self, AssociationFacet, Facets, Filter};
use super::policy::ReadAssociations;
use super::reader::Codes;
use super::store::{self, FittingSql, Standing};
use super::view::AssociationCard;
use super::words::{AssociationKind, AssociationScope, AssociationStatus, SpecialStatus};
use super::write::day_of;
use crate::access::permit::Permit;
use crate::db::Conn;
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_list, fresh_page};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::words::accented_words;
use crate::organisations::store::{self as organisation_store, Hit, Wanted};
use crate::organisations::view::{Matched, OrganisationCard};
use crate::reference::places::Places;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_associations).service(suggest_associations);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AssociationQuery {
    /// Beginnings of words of a name, with or without accents; old names find the association that lives on that day.
    #[param(example = "lam vuon")]
    q: Option<String>,
    /// Only in this field or one under it, with its scheme where that is not the default; may be repeated.
    #[param(example = json!(["404"]))]
    field: Vec<String>,
    /// Only of this scope; may be repeated.
    #[param(inline)]
    scope: Vec<AssociationScope>,
    /// Only in this state; may be repeated. Without it, all that are there on the day.
    #[param(inline)]
    status: Vec<AssociationStatus>,
    /// Only of this kind; may be repeated.
    #[param(inline)]
    kind: Vec<AssociationKind>,
    /// Only with this task from Party or State.
    #[param(inline)]
    special_status: Option<SpecialStatus>,
    /// Only those that belong to a Union, or only those that don't.
    union_member: Option<bool>,
    /// Only in this province: name or code, as of that day.
    #[param(example = "Tuyên Quang")]
    province: Option<String>,
    /// As things stood on this date; today by default.
    #[param(example = "2025-07-29")]
    as_of: Option<NaiveDate>,
    /// What to count by: `field`, `scope`, `status`, separated by commas.
    #[param(example = "field,scope,status")]
    facets: Option<String>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of associations.
#[derive(Debug, Serialize, ToSchema)]
struct AssociationPage {
    /// The rows.
    items: Vec<AssociationCard>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// How many there are of each, asked for with `facets`: each facet without its own condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<HashMap<String, Vec<filter::AssociationFacetCount>>>)]
    facets: Option<Facets>,
}

fn invalid(pointer: &str, code: &'static str, text: &str) -> Problem {
    let text: String = text.chars().take(40).collect();
    let detail = say!("`{text}` không hợp lệ ở đây.", "`{text}` is not known here.");
    Problem::new(Code::InvalidQuery).and_field(pointer, code, detail)
}

fn facets_of(text: Option<&str>) -> Answer<Vec<AssociationFacet>> {
    let names = text.unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| AssociationFacet::parse(name).ok_or_else(|| invalid("/facets", "unknown_facet", name))).collect()
}

async fn filter_of(conn: &mut Conn, query: &AssociationQuery, places: &Places, day: NaiveDate) -> Answer<Filter> {
    let mut fields = Vec::new();
    if !query.field.is_empty() {
        let codes = Codes::read(conn).await?;
        for text in &query.field {
            let (scheme, code) = codes.find(text).ok_or_else(|| invalid("/field", "unknown_code", text))?;
            fields.push(format!("{scheme}:{code}"));
        }
    }
    let province = places.named(query.province.as_deref(), day, "/province", Code::InvalidQuery)?;
    Ok(Filter {
        fields,
        scopes: query.scope.clone(),
        statuses: query.status.clone(),
        kinds: query.kind.clone(),
        special: query.special_status,
        member: query.union_member,
        provinces: province.map(|id| places.all_that_are(id, day)),
    })
}

/// List associations
///
/// As things stood on a day: without `q` in the order of their names, with `q` the best first, as the search of organisations
/// ranks them. `facets` counts by field, scope and status.
#[utoipa::path(
    tag = "associations",
    params(AssociationQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "A page of associations", body = AssociationPage)),
)]
#[get("/associations")]
async fn list_associations(
    permit: Permit<ReadAssociations>,
    query: Params<AssociationQuery>,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, "");
    let words = accented_words(query.q.as_deref().unwrap_or_default())?;
    let facets = facets_of(query.facets.as_deref())?;
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.as_of).await?;
    let places = Places::read(&mut conn).await?;
    let filter = filter_of(&mut conn, &query, &places, day).await?;
    if words.is_empty() && filter.is_empty() && facets.is_empty() {
        let after = cursors.open(query.cursor.as_deref())?;
        let rows = store::living(&mut conn, day, after, query.limit.probe()).await?;
        let card = |row| AssociationCard::new(row, &places, day, None);
        let page = cursors.page(rows, query.limit, |row: &Standing| (row.name_key.clone(), row.id), card)?;
        return fresh_page(&req, "public", &page);
    }
    let asked = Asked { query: &query, words, facets, filter, places, day };
    let body = asked.page(&mut conn, &cursors).await?;
    fresh_list(&req, None, "public", body.next_cursor.clone().as_deref(), &body)
}

/// A list that is filtered, searched or counted.
struct Asked<'a> {
    query: &'a AssociationQuery,
    words: Vec<(String, Option<String>)>,
    facets: Vec<AssociationFacet>,
    filter: Filter,
    places: Places,
    day: NaiveDate,
}

impl Asked<'_> {
    async fn page(self, conn: &mut Conn, cursors: &Cursors<'_>) -> Answer<AssociationPage> {
        if self.words.is_empty() { self.by_name(conn, cursors).await } else { self.by_score(conn, cursors).await }
    }

    /// What facets are counted over is read whole, and only when they are asked for.
    async fn counted(&self, conn: &mut Conn, found: Option<(&Wanted, bool)>) -> Answer<Option<Facets>> {
        if self.facets.is_empty() {
            return Ok(None);
        }
        let mut all = store::standing(conn, self.day, None).await?;
        if let Some((wanted, similar)) = found {
            all = matching(conn, all, wanted, &self.words, similar).await?;
        }
        let named = |facet: &AssociationFacet| (facet.as_str(), filter::count(&all, &self.filter, *facet));
        Ok(Some(self.facets.iter().map(named).collect()))
    }

    async fn by_name(&self, conn: &mut Conn, cursors: &Cursors<'_>) -> Answer<AssociationPage> {
        let after: Option<(String, Uuid)> = cursors.open(self.query.cursor.as_deref())?;
        let page = FittingSql::page(self.day, &self.filter, after, self.query.limit.probe());
        let ids = store::fitting(conn, page).await?;
        let rows = store::standing(conn, self.day, Some(ids)).await?;
        let facets = self.counted(conn, None).await?;
        let card = |row| AssociationCard::new(row, &self.places, self.day, None);
        let page = cursors.page(rows, self.query.limit, |row| (row.name_key.clone(), row.id), card)?;
        Ok(AssociationPage { items: page.items, next_cursor: page.next_cursor, facets })
    }

    async fn by_score(&self, conn: &mut Conn, cursors: &Cursors<'_>) -> Answer<AssociationPage> {
        let among = store::fitting(conn, FittingSql::all(self.day, &self.filter)).await?;
        let wanted = Wanted {
            day: self.day,
            kind: None,
            provinces: None,
            among: Some(among),
            with_ended: self.filter.wants_ended(),
            parent_id: None,
            limit: self.query.limit.probe(),
        };
        let after = cursors.open(self.query.cursor.as_deref())?;
        let first = after.is_none();
        let mut rows = organisation_store::find_names(conn, &wanted, &self.words, false, after).await?;
        let similar = rows.is_empty() && first;
        if similar {
            let wanted = Wanted { limit: wanted.limit - 1, ..wanted.clone() };
            rows = organisation_store::find_names(conn, &wanted, &self.words, true, None).await?;
        }
        let facets = self.counted(conn, Some((&wanted, similar))).await?;
        let cards = Cards::of(conn, &rows, &self.places, self.day).await?;
        let key = |hit: &Hit| (hit.score, hit.found.name_key.clone(), hit.found.id);
        let page = cursors.page(rows, self.query.limit, key, |hit| cards.hit(hit))?;
        let next_cursor = page.next_cursor.filter(|_| !similar);
        Ok(AssociationPage { items: page.items.into_iter().flatten().collect(), next_cursor, facets })
    }
}

/// The associations a query finds, whatever they are filtered by: what facets are counted over.
async fn matching(
    conn: &mut Conn,
    all: Vec<Standing>,
    wanted: &Wanted,
    words: &[(String, Option<String>)],
    similar: bool,
) -> Answer<Vec<Standing>> {
    let everybody = all.iter().map(|row| row.id).collect();
    let limit = i64::try_from(all.len()).unwrap_or(i64::MAX);
    let wide = Wanted { among: Some(everybody), with_ended: true, limit, ..wanted.clone() };
    let hits = organisation_store::find_names(conn, &wide, words, similar, None).await?;
    let found: std::collections::HashSet<Uuid> = hits.into_iter().map(|hit| hit.found.id).collect();
    Ok(all.into_iter().filter(|row| found.contains(&row.id)).collect())
}

/// Cards of hits.
struct Cards<'a> {
    by_id: HashMap<Uuid, Standing>,
    places: &'a Places,
    day: NaiveDate,
}

impl<'a> Cards<'a> {
    /// How these stood on a day: of them alone it is asked.
    async fn of(conn: &mut Conn, hits: &[Hit], places: &'a Places, day: NaiveDate) -> Answer<Self> {
        let ids = hits.iter().map(|hit| hit.found.id).collect();
        let rows = store::standing(conn, day, Some(ids)).await?;
        Ok(Self { by_id: rows.into_iter().map(|row| (row.id, row)).collect(), places, day })
    }

    fn hit(&self, hit: Hit) -> Option<AssociationCard> {
        let row = self.by_id.get(&hit.found.id)?.clone();
        let matched: Option<Matched> = OrganisationCard::hit(hit, self.places, self.day).matched;
        Some(AssociationCard::new(row, self.places, self.day, matched))
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SuggestAssociationsQuery {
    /// What was typed so far.
    #[param(required, example = "lam v")]
    q: String,
    /// As things stood on this date; today by default.
    #[param(example = "2025-07-29")]
    as_of: Option<NaiveDate>,
}

/// Most suggestions.
const SUGGESTIONS: i64 = 8;

/// Suggest associations while somebody types
///
/// The eight best for what was typed so far, ranked as the search ranks them.
#[utoipa::path(
    tag = "associations",
    params(SuggestAssociationsQuery),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "At most eight associations", body = Page<AssociationCard>)),
)]
#[get("/associations/suggest")]
async fn suggest_associations(
    permit: Permit<ReadAssociations>,
    query: Params<SuggestAssociationsQuery>,
    req: HttpRequest,
) -> Answer {
    let words = accented_words(&query.0.q)?;
    let mut conn = permit.read().await?;
    let day = day_of(&mut conn, query.0.as_of).await?;
    let mut items = Vec::new();
    if !words.is_empty() {
        let places = Places::read(&mut conn).await?;
        let among = Some(store::fitting(&mut conn, FittingSql::all(day, &Filter::default())).await?);
        let wanted =
            Wanted { day, kind: None, provinces: None, among, with_ended: false, parent_id: None, limit: SUGGESTIONS };
        let mut rows = organisation_store::find_names(&mut conn, &wanted, &words, false, None).await?;
        if rows.is_empty() {
            rows = organisation_store::find_names(&mut conn, &wanted, &words, true, None).await?;
        }
        let cards = Cards::of(&mut conn, &rows, &places, day).await?;
        items.extend(rows.into_iter().filter_map(|hit| cards.hit(hit)));
    }
    fresh(&req, None, "public", &Page { items, next_cursor: None })
}
