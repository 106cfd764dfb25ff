//! The search query: one statement built from words and filters, every value a parameter.

mod eligible;
mod facets;
mod filters;
mod score;

pub use eligible::{Eligible, EligibleSql, eligible};
pub use facets::{Count, FacetSql, facets};
pub use filters::{Codes, Condition, Facet, Filters};
pub use score::Weighed;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Bool, Integer, SmallInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::score::{Score, found};
use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::{Conn, Reader};
use crate::kernel::page::Limit;
use crate::kernel::problem::Answer;

/// How rows are ordered; each order ends in the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Best hits first, then the better qualified, then by name.
    Relevance,
    /// Given name, family name, middle name, in Vietnamese alphabetical order.
    Name,
    /// Latest change first.
    UpdatedAt,
    /// The better qualified first, then by name.
    Degree,
}

/// A found expert and the values it is ordered by.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "columns")]
pub struct Hit {
    pub id: Uuid,
    pub score: i32,
    pub standing: i16,
    pub name_sort: Vec<u8>,
    /// The beginning of time where the order does not ask for it.
    pub updated_at: DateTime<Utc>,
    /// False when only similar words were found.
    pub exact: bool,
}

/// Where the next page begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SeekKey {
    id: Uuid,
    score: i32,
    standing: i16,
    name_sort: Vec<u8>,
    updated_at: DateTime<Utc>,
}

impl From<&Hit> for SeekKey {
    fn from(hit: &Hit) -> Self {
        let Hit { id, score, standing, name_sort, updated_at, exact: _ } = hit.clone();
        Self { id, score, standing, name_sort, updated_at }
    }
}

/// Who is searched, by which words and filters.
#[derive(Debug, Clone)]
struct Source {
    reach: Reach,
    own: Uuid,
    score: Score,
    filters: Filters,
}

impl Source {
    fn new(scope: &Scope) -> Self {
        Self {
            reach: scope.reach,
            own: scope.actor.expert_id().unwrap_or_default(),
            score: Score::default(),
            filters: Filters::default(),
        }
    }

    /// The table that holds what every search reads: the flags of audiences, the standing and the name.
    const fn table(&self) -> &'static str {
        if self.score.is_empty() { "e" } else { "s" }
    }

    const fn id(&self) -> &'static str {
        if self.score.is_empty() { "e.id" } else { "s.expert_id" }
    }

    fn from(&self, needs_record: bool, out: &mut AstPass<'_, '_, Pg>) {
        out.push_sql(match (self.score.is_empty(), needs_record) {
            (true, _) => " FROM experts e",
            (false, true) => " FROM expert_search s JOIN experts e ON e.id = s.expert_id",
            (false, false) => " FROM expert_search s",
        });
    }

    /// Who exists for the caller and has the words.
    fn conditions<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (table, id) = (self.table(), self.id());
        match self.reach {
            Reach::All => out.push_sql("true"),
            Reach::Public => out.push_sql(&format!("{table}.public_profile")),
            Reach::Agencies => out.push_sql(&format!("{table}.agency_search")),
            // the search is granted to nobody who only supplied people
            Reach::No | Reach::Supplied => out.push_sql("false"),
            Reach::Own => {
                out.push_sql(&format!("{id} = "));
                out.push_bind_param::<SqlUuid, _>(&self.own)?;
            }
            Reach::PublicAndOwn => {
                out.push_sql(&format!("({table}.public_profile OR {id} = "));
                out.push_bind_param::<SqlUuid, _>(&self.own)?;
                out.push_sql(")");
            }
        }
        if !self.score.is_empty() {
            out.push_sql(" AND ");
            found(&self.score.wanted, out)?;
        }
        Ok(())
    }
}

/// The statement.
#[derive(Debug, Clone)]
pub struct SearchSql {
    source: Source,
    order: Order,
    after: Option<SeekKey>,
    limit: i64,
}

impl SearchSql {
    /// A search of the experts a caller may know of.
    pub fn new(scope: &Scope, order: Order, after: Option<SeekKey>, limit: i64) -> Self {
        Self { source: Source::new(scope), order, after, limit }
    }

    /// All of these must be found.
    #[must_use]
    pub fn terms(mut self, terms: &[Weighed]) -> Self {
        self.source.score = Score::new(terms);
        self
    }

    /// All of these must hold.
    #[must_use]
    pub fn filters(mut self, filters: &Filters) -> Self {
        self.source.filters = filters.clone();
        self
    }

    fn hits<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let (source, table) = (&self.source, self.source.table());
        let by_change = self.order == Order::UpdatedAt;
        out.push_sql(&format!("SELECT {} AS id, ", source.id()));
        // a list of names needs no score
        if self.order == Order::Relevance {
            source.score.walk(out)?;
        } else {
            out.push_sql("0");
        }
        out.push_sql(&format!(" AS score, {table}.standing, {table}.name_sort, "));
        out.push_sql(if by_change { "e.updated_at" } else { "'epoch'::timestamptz AS updated_at" });
        out.push_sql(", ");
        source.score.walk_exact(out)?;
        out.push_sql(" AS exact");
        source.from(by_change || !source.filters.is_empty(), out);
        out.push_sql(" WHERE ");
        source.conditions(out)?;
        source.filters.walk(&[], out)
    }

    /// Rows after the cursor, as nested row comparisons in the direction of each column.
    fn seek<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some(after) = &self.after else { return Ok(()) };
        match self.order {
            Order::Name => {
                out.push_sql(" WHERE (name_sort, id) > (");
                out.push_bind_param::<Binary, _>(&after.name_sort)?;
            }
            Order::UpdatedAt => {
                out.push_sql(" WHERE (updated_at, id) < (");
                out.push_bind_param::<Timestamptz, _>(&after.updated_at)?;
            }
            Order::Degree => {
                out.push_sql(" WHERE (-standing, name_sort, id) > (-");
                out.push_bind_param::<SmallInt, _>(&after.standing)?;
                out.push_sql(", ");
                out.push_bind_param::<Binary, _>(&after.name_sort)?;
            }
            Order::Relevance => {
                out.push_sql(" WHERE (-score, -standing, name_sort, id) > (-");
                out.push_bind_param::<Integer, _>(&after.score)?;
                out.push_sql(", -");
                out.push_bind_param::<SmallInt, _>(&after.standing)?;
                out.push_sql(", ");
                out.push_bind_param::<Binary, _>(&after.name_sort)?;
            }
        }
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(&after.id)?;
        out.push_sql(")");
        Ok(())
    }
}

impl QueryFragment<Pg> for SearchSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !(self.source.score.is_empty() && self.source.filters.is_plain()) {
            // its text differs with the number of words and filters: callers could fill every connection with statements
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("SELECT id, score, standing, name_sort, updated_at, exact FROM (");
        self.hits(&mut out)?;
        out.push_sql(") hits");
        self.seek(&mut out)?;
        out.push_sql(match self.order {
            Order::Relevance => " ORDER BY -score, -standing, name_sort, id LIMIT ",
            Order::Name => " ORDER BY name_sort, id LIMIT ",
            Order::UpdatedAt => " ORDER BY updated_at DESC, id DESC LIMIT ",
            Order::Degree => " ORDER BY -standing, name_sort, id LIMIT ",
        });
        if self.limit == Limit::default().probe() {
            // written out, so that PostgreSQL need not plan the page everybody asks for again and again
            out.push_sql(&self.limit.to_string());
            return Ok(());
        }
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryId for SearchSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for SearchSql {
    type SqlType = (SqlUuid, Integer, SmallInt, Binary, Timestamptz, Bool);
}

/// Runs a search.
///
/// # Errors
/// 503 when the database is away.
pub async fn run(mut conn: &Reader, sql: SearchSql) -> Answer<Vec<Hit>> {
    Ok(sql.load(&mut conn).await?)
}

/// The best qualified people whose names have words that begin like all of these.
#[derive(Debug, Clone)]
struct NamedSql {
    source: Source,
    words: String,
    limit: i64,
}

impl QueryFragment<Pg> for NamedSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        // planned for the words: of frequent ones it is quicker to look through people in their order
        out.unsafe_to_cache_prepared();
        out.push_sql("SELECT e.id FROM experts e JOIN expert_search s ON s.expert_id = e.id WHERE ");
        self.source.conditions(&mut out)?;
        out.push_sql(" AND ");
        found(&self.words, &mut out)?;
        out.push_sql(" ORDER BY -e.standing, e.name_sort, e.id LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryId for NamedSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for NamedSql {
    type SqlType = SqlUuid;
}

/// People whose names have words that begin like all of these folded ones, the better qualified first.
///
/// # Errors
/// 503 when the database is away.
pub async fn named(conn: &mut Conn, scope: &Scope, words: &[String], limit: i64) -> Answer<Vec<Uuid>> {
    let words: Vec<String> = words.iter().map(|word| format!("'{word}':*A")).collect();
    Ok(NamedSql { source: Source::new(scope), words: words.join(" & "), limit }.load(conn).await?)
}
