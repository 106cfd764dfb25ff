//! The search query: one statement built from words and filters, every value a parameter.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Binary, Integer, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::Conn;
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
}

/// A found expert and the values it is ordered by.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "columns")]
pub struct Hit {
    pub id: Uuid,
    pub score: i32,
    pub standing: i16,
    pub name_sort: Vec<u8>,
    pub updated_at: DateTime<Utc>,
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
        let Hit { id, score, standing, name_sort, updated_at } = hit.clone();
        Self { id, score, standing, name_sort, updated_at }
    }
}

/// One word of the query as `LIKE` patterns: the start of a word, the whole word, and the whole word with its accents
/// when some were typed. Words hold letters and digits only, so nothing needs escaping.
#[derive(Debug, Clone)]
struct Word {
    start: String,
    whole: String,
    accented: Option<String>,
}

/// The statement.
#[derive(Debug, Clone)]
pub struct SearchSql {
    reach: Reach,
    own: Uuid,
    words: Vec<Word>,
    phrase: Option<String>,
    fields: Vec<(String, String)>,
    order: Order,
    after: Option<SeekKey>,
    limit: i64,
}

impl SearchSql {
    /// A search of the experts a caller may know of.
    pub fn new(scope: &Scope, order: Order, after: Option<SeekKey>, limit: i64) -> Self {
        Self {
            reach: scope.reach,
            own: scope.actor.expert_id().unwrap_or_default(),
            words: Vec::new(),
            phrase: None,
            fields: Vec::new(),
            order,
            after,
            limit,
        }
    }

    /// All of these words must begin a word of the name, a topic or the work; each comes folded and, where accents were
    /// typed, with them.
    #[must_use]
    pub fn words(mut self, words: &[(String, Option<String>)]) -> Self {
        let folded: Vec<&str> = words.iter().map(|(folded, _)| folded.as_str()).collect();
        self.phrase = (folded.len() > 1).then(|| format!("% {}%", folded.join(" ")));
        self.words = words
            .iter()
            .map(|(folded, accented)| Word {
                start: format!("% {folded}%"),
                whole: format!("% {folded} %"),
                accented: accented.as_ref().map(|word| format!("% {word} %")),
            })
            .collect();
        self
    }

    /// In one of these fields, (scheme, code); a code takes its descendants along.
    #[must_use]
    pub fn fields(mut self, fields: &[(String, String)]) -> Self {
        self.fields = fields.iter().map(|(scheme, code)| (scheme.clone(), format!("{code}%"))).collect();
        self
    }

    /// Names and topics weigh the same word by word, so that a person called Lâm is not ahead of the foresters for
    /// "lam nghiep"; a name that holds every word of the query is what was meant, and comes first.
    fn score<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(0");
        for word in &self.words {
            out.push_sql(" + CASE WHEN e.name_key LIKE ");
            out.push_bind_param::<Text, _>(&word.start)?;
            out.push_sql(" OR e.topic_key LIKE ");
            out.push_bind_param::<Text, _>(&word.start)?;
            out.push_sql(" THEN 8 ELSE 2 END + CASE WHEN e.search_key LIKE ");
            out.push_bind_param::<Text, _>(&word.whole)?;
            out.push_sql(" THEN 2 ELSE 0 END");
            if let Some(accented) = &word.accented {
                out.push_sql(" + CASE WHEN e.accent_key LIKE ");
                out.push_bind_param::<Text, _>(accented)?;
                out.push_sql(" THEN 16 ELSE 0 END");
            }
        }
        if !self.words.is_empty() {
            out.push_sql(" + CASE WHEN true");
            for word in &self.words {
                out.push_sql(" AND e.name_key LIKE ");
                out.push_bind_param::<Text, _>(&word.start)?;
            }
            out.push_sql(" THEN 32 ELSE 0 END");
        }
        if let Some(phrase) = &self.phrase {
            out.push_sql(" + CASE WHEN e.name_key LIKE ");
            out.push_bind_param::<Text, _>(phrase)?;
            out.push_sql(" OR e.topic_key LIKE ");
            out.push_bind_param::<Text, _>(phrase)?;
            out.push_sql(" THEN 16 WHEN e.work_key LIKE ");
            out.push_bind_param::<Text, _>(phrase)?;
            out.push_sql(" THEN 4 ELSE 0 END");
        }
        out.push_sql(")");
        Ok(())
    }

    fn filters<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self.reach {
            Reach::All => out.push_sql("true"),
            Reach::Public => out.push_sql("e.public_profile"),
            Reach::Agencies => out.push_sql("e.agency_search"),
            Reach::No => out.push_sql("false"),
            Reach::Own => {
                out.push_sql("e.id = ");
                out.push_bind_param::<SqlUuid, _>(&self.own)?;
            }
            Reach::PublicAndOwn => {
                out.push_sql("(e.public_profile OR e.id = ");
                out.push_bind_param::<SqlUuid, _>(&self.own)?;
                out.push_sql(")");
            }
        }
        for word in &self.words {
            out.push_sql(" AND e.search_key LIKE ");
            out.push_bind_param::<Text, _>(&word.start)?;
        }
        if self.fields.is_empty() {
            return Ok(());
        }
        out.push_sql(" AND e.id IN (SELECT f.expert_id FROM expert_fields f WHERE false");
        for (scheme, code) in &self.fields {
            out.push_sql(" OR (f.scheme = ");
            out.push_bind_param::<Text, _>(scheme)?;
            out.push_sql(" AND f.code LIKE ");
            out.push_bind_param::<Text, _>(code)?;
            out.push_sql(")");
        }
        out.push_sql(")");
        Ok(())
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
        // its text differs with the number of words and fields: callers could fill every connection with statements
        out.unsafe_to_cache_prepared();
        out.push_sql("SELECT id, score, standing, name_sort, updated_at FROM (SELECT e.id, ");
        self.score(&mut out)?;
        out.push_sql(" AS score, e.standing, e.name_sort, e.updated_at FROM experts e WHERE ");
        self.filters(&mut out)?;
        out.push_sql(") hits");
        self.seek(&mut out)?;
        out.push_sql(match self.order {
            Order::Relevance => " ORDER BY -score, -standing, name_sort, id LIMIT ",
            Order::Name => " ORDER BY name_sort, id LIMIT ",
            Order::UpdatedAt => " ORDER BY updated_at DESC, id DESC LIMIT ",
        });
        out.push_bind_param::<diesel::sql_types::BigInt, _>(&self.limit)
    }
}

impl QueryId for SearchSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for SearchSql {
    type SqlType = (SqlUuid, Integer, SmallInt, Binary, Timestamptz);
}

/// Runs a search.
///
/// # Errors
/// 503 when the database is away.
pub async fn run(conn: &mut Conn, sql: SearchSql) -> Answer<Vec<Hit>> {
    Ok(sql.load(conn).await?)
}
