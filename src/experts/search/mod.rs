//! `GET /experts`: finds experts in spite of missing accents and slips of the finger, and says why.

mod facets;
mod fuzzy;
mod query;
mod suggest;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use actix_web::{HttpRequest, get};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use self::facets::FacetView;
pub(crate) use self::query::ExpertQuery;
use self::query::Sort;
use super::policy::SearchExperts;
use super::reasons::{Sought, explain, hint};
use super::store::{self, Audience, Facet, FacetSql, Filters, Hit, Order, SearchSql, SeekKey, Texts, Weighed, Whole};
use super::view::{ExpertCard, ExpertHit};
use super::vocabulary::{Vocabularies, Vocabulary};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::db::{Conn, Reader};
use crate::http::params::Params;
use crate::kernel::page::Cursors;
use crate::kernel::precondition::fresh_list;
use crate::kernel::problem::Answer;
use crate::kernel::words::{Term, terms};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(search_experts).service(suggest::suggest_experts);
}

/// Experts found.
#[derive(Debug, Serialize, ToSchema)]
struct FoundExperts {
    /// The rows.
    items: Vec<ExpertHit>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    /// With `count=true`: how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 57)]
    total: Option<i64>,
    /// With `facets`: counts by the names that were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<BTreeMap<&'static str, FacetView>>,
}

/// Where a list goes on. The words weigh on every page what they weighed on the first, and may be the same other words, or
/// a change of the bank in between would reorder what was shown already.
#[derive(Debug, Serialize, Deserialize)]
struct After {
    key: SeekKey,
    terms: Vec<(i32, Vec<String>)>,
}

/// Find experts
///
/// Who has not agreed to be shown to your audience does not exist for you, in results, counts or errors alike.
///
/// Exact accents come before other accents, names before texts, and rare words weigh more. Of the filters one value is
/// enough of those repeated, and all filters must hold.
#[utoipa::path(
    tag = "experts",
    params(ExpertQuery),
    security((), ("session" = ["experts.search"])),
    responses((status = 200, description = "A page of experts, with the reason for each", body = FoundExperts)),
)]
#[get("/experts")]
async fn search_experts(permit: Permit<SearchExperts>, query: Params<ExpertQuery>, req: HttpRequest) -> Answer {
    let (query, scope) = (query.0, permit.scope());
    query.check_rights(scope)?;
    let facets = query.facets()?;
    let terms = terms(query.q.as_deref().unwrap_or_default())?;
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let after: Option<After> = cursors.open(query.cursor.as_deref())?;
    let kept = &permit.state().vocabularies;
    let request = Request { scope, kept, query: &query, order: order(query.sort, &terms), facets };
    let Found { hits, weighed, total, facets, mut people } = if terms.is_empty() && query.is_plain() {
        let after = after.map(|after| after.key);
        permit.quick(async |conn| request.list(conn, after.clone()).await).await?
    } else {
        request.search(&mut permit.read().await?, terms, after).await?
    };
    let sought: Vec<Sought> =
        weighed.iter().map(|w| Sought { term: w.term.clone(), similar: w.similar.clone() }).collect();
    let after = |hit: &Hit| After {
        key: SeekKey::from(hit),
        terms: weighed.iter().map(|weighed| (weighed.weight, weighed.similar.clone())).collect(),
    };
    let page = cursors.page(hits, query.limit, after, |hit| people.hit(&hit, &sought, query.highlight))?;
    let page = FoundExperts {
        // a row that went between the two queries is left out; its place is not filled
        items: page.items.into_iter().flatten().collect(),
        next_cursor: page.next_cursor,
        total: total.filter(|_| query.count),
        facets: (!facets.is_empty()).then_some(facets),
    };
    let cache = if scope.reach == Reach::Public { "public" } else { "private" };
    fresh_list(&req, None, cache, page.next_cursor.as_deref(), &page)
}

const fn order(sort: Option<Sort>, terms: &[Term]) -> Order {
    match (sort, terms.is_empty()) {
        (Some(Sort::Name), _) | (None, true) => Order::Name,
        (Some(Sort::UpdatedAt), _) => Order::UpdatedAt,
        // without words all fit alike, and the better qualified come first
        (Some(Sort::Degree), _) | (Some(Sort::Relevance), true) => Order::Degree,
        (Some(Sort::Relevance) | None, false) => Order::Relevance,
    }
}

/// What was asked for.
struct Request<'a> {
    scope: &'a Scope,
    kept: &'a Vocabularies,
    query: &'a ExpertQuery,
    order: Order,
    facets: Vec<Facet>,
}

/// What was found.
struct Found {
    hits: Vec<Hit>,
    weighed: Vec<Weighed>,
    total: Option<i64>,
    facets: BTreeMap<&'static str, FacetView>,
    people: People,
}

impl Request<'_> {
    /// A plain list: a few quick statements.
    async fn list(&self, conn: &Reader, after: Option<SeekKey>) -> Answer<Found> {
        let filters = self.query.resolve_plain(conn).await?;
        let sql = SearchSql::new(self.scope, self.order, after, self.query.limit.probe()).filters(&filters);
        let hits = store::search(conn, sql).await?;
        let people = People::read(conn, self.kept, self.scope, &self.shown(&hits)).await?;
        Ok(Found { hits, weighed: Vec::new(), total: None, facets: BTreeMap::new(), people })
    }

    async fn search(&self, conn: &mut Conn, terms: Vec<Term>, after: Option<After>) -> Answer<Found> {
        let (scope, query) = (self.scope, self.query);
        let (filters, home) = query.resolve(conn, &self.facets).await?;
        let search = Search { scope, order: self.order, filters, rows: query.limit.probe() };
        let (hits, weighed) = search.run(conn, terms, after).await?;
        let counts = FacetSql::new(scope, query.count, &self.facets, home).terms(&weighed).filters(&search.filters);
        let counts = store::facets(conn, counts).await?;
        let (total, facets) = facets::view(conn, &self.facets, counts).await?;
        let shown = self.shown(&hits);
        let mut people = People::read(conn, self.kept, scope, &shown).await?;
        if !weighed.is_empty() {
            people.texts = store::searched_texts(conn, &shown).await?;
        }
        Ok(Found { hits, weighed, total, facets, people })
    }

    /// The surplus row is not shown.
    fn shown(&self, hits: &[Hit]) -> Vec<Uuid> {
        hits.iter().take(self.query.limit.rows()).map(|hit| hit.id).collect()
    }
}

/// A search but for its words.
struct Search<'a> {
    scope: &'a Scope,
    order: Order,
    filters: Filters,
    rows: i64,
}

impl Search<'_> {
    /// The hits, with the terms as they were weighed; where the terms find too little, of what is spelled similarly, too.
    async fn run(&self, conn: &mut Conn, terms: Vec<Term>, after: Option<After>) -> Answer<(Vec<Hit>, Vec<Weighed>)> {
        if let Some(After { key, terms: weights }) = after {
            let weighed = |(term, (weight, similar))| Weighed { term, weight, similar };
            let weighed: Vec<Weighed> = terms.into_iter().zip(weights).map(weighed).collect();
            return Ok((store::search(conn, self.sql(&weighed, Some(key), self.rows)).await?, weighed));
        }
        if terms.is_empty() {
            return Ok((store::search(conn, self.sql(&[], None, self.rows)).await?, Vec::new()));
        }
        let audience = Audience::of(self.scope.reach);
        let (weighed, known) = fuzzy::weigh(conn, audience, terms).await?;
        let enough = i64::try_from(fuzzy::TOO_FEW).unwrap_or(i64::MAX);
        let hits = store::search(conn, self.sql(&weighed, None, self.rows.max(enough))).await?;
        if hits.len() >= fuzzy::TOO_FEW {
            return Ok((hits, weighed));
        }
        match fuzzy::soften(conn, audience, &weighed, &known, hits.is_empty()).await? {
            Some(softened) => Ok((store::search(conn, self.sql(&softened, None, self.rows)).await?, softened)),
            None => Ok((hits, weighed)),
        }
    }

    fn sql(&self, weighed: &[Weighed], after: Option<SeekKey>, rows: i64) -> SearchSql {
        SearchSql::new(self.scope, self.order, after, rows).terms(weighed).filters(&self.filters)
    }
}

/// The words of a query as the search weighs them, with what they may be instead where they find too little.
///
/// # Errors
/// 400 at `/q`; 503 when the database is away.
pub(crate) async fn found_by(conn: &mut Conn, scope: &Scope, q: Option<&str>) -> Answer<Vec<Weighed>> {
    let terms = terms(q.unwrap_or_default())?;
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let search = Search { scope, order: Order::Relevance, filters: Filters::default(), rows: 1 };
    Ok(search.run(conn, terms, None).await?.1)
}

/// The people of a page with what it takes to show them.
struct People {
    cards: HashMap<Uuid, Whole>,
    /// What explains a hit; there is nothing to explain without words.
    texts: HashMap<Uuid, Texts>,
    vocabulary: Arc<Vocabulary>,
}

impl People {
    async fn read(conn: &Reader, kept: &Vocabularies, scope: &Scope, ids: &[Uuid]) -> Answer<Self> {
        let (cards, vocabulary) = store::cards(conn, kept, scope, ids).await?;
        Ok(Self { cards, texts: HashMap::new(), vocabulary })
    }

    fn hit(&mut self, hit: &Hit, sought: &[Sought], highlight: bool) -> Option<ExpertHit> {
        let whole = self.cards.remove(&hit.id)?;
        let card = ExpertCard::new(whole.row, whole.fields, &self.vocabulary);
        let path = |scheme: &str, code: &str| {
            let path = self.vocabulary.field_path(scheme, code);
            path.iter().map(|row| row.name_vi.as_str()).collect::<Vec<_>>().join(" › ")
        };
        let paths: Vec<String> = card.fields.iter().map(|field| path(&field.scheme, &field.code)).collect();
        let texts = self.texts.remove(&hit.id).unwrap_or_default();
        let explained = explain(&card, &texts, &paths, sought);
        Some(ExpertHit {
            hint: hint(&card),
            reasons: explained.reasons,
            highlights: if highlight { explained.highlights } else { Vec::new() },
            kind: (!sought.is_empty()).then_some(if hit.exact { "exact" } else { "fuzzy" }),
            corrections: if hit.exact { Vec::new() } else { explained.corrections },
            card,
        })
    }
}
