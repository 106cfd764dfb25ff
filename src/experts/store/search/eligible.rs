//! Everybody who may be asked for work, each with whether words and filters find them.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::score::Score;
use super::{Filters, Source, Weighed};
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// Somebody who may be asked.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "columns")]
pub struct Eligible {
    pub id: Uuid,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
    /// True when the words and filters find them.
    pub is_wanted: bool,
    pub degree: Option<String>,
    pub academic_rank: Option<String>,
    pub workplace_id: Option<Uuid>,
    pub workplace_key: Option<String>,
    pub province_id: Option<i32>,
    pub country: Option<String>,
    pub max_parallel: Option<i16>,
    pub accepted_kinds: Vec<Option<String>>,
}

/// The statement: in the bank with consent (who withdraws it is active no more), verified, and neither paused nor gone.
#[derive(Debug, Clone)]
pub struct EligibleSql {
    source: Source,
}

impl EligibleSql {
    /// All the caller may know of.
    pub fn new(scope: &Scope) -> Self {
        Self { source: Source::new(scope) }
    }

    /// As [`super::SearchSql::terms`].
    #[must_use]
    pub fn terms(mut self, terms: &[Weighed]) -> Self {
        self.source.score = Score::new(terms);
        self
    }

    /// As [`super::SearchSql::filters`].
    #[must_use]
    pub fn filters(mut self, filters: &Filters) -> Self {
        self.source.filters = filters.clone();
        self
    }
}

impl QueryFragment<Pg> for EligibleSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if !(self.source.score.is_empty() && self.source.filters.is_plain()) {
            out.unsafe_to_cache_prepared();
        }
        out.push_sql("SELECT e.id, e.version, e.updated_at, coalesce((");
        if self.source.score.is_empty() {
            self.source.conditions(&mut out)?;
        } else {
            // once, by the index of words, and not person by person
            out.push_sql("e.id IN (SELECT s.expert_id FROM expert_search s WHERE ");
            self.source.conditions(&mut out)?;
            out.push_sql(")");
        }
        self.source.filters.walk(&[], &mut out)?;
        out.push_sql(
            "), false) AS is_wanted, e.degree, e.academic_rank, e.workplace_id, e.workplace_key, e.province_id, e.country,
                e.max_parallel, e.accepted_kinds
           FROM experts e WHERE e.status = 'active'",
        );
        Ok(())
    }
}

impl QueryId for EligibleSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for EligibleSql {
    type SqlType = (
        SqlUuid,
        BigInt,
        Timestamptz,
        Bool,
        Nullable<Text>,
        Nullable<Text>,
        Nullable<SqlUuid>,
        Nullable<Text>,
        Nullable<Integer>,
        Nullable<Text>,
        Nullable<SmallInt>,
        Array<Nullable<Text>>,
    );
}

/// Everybody who may be asked, in no order.
///
/// # Errors
/// 503 when the database is away.
pub async fn eligible(conn: &mut Conn, sql: EligibleSql) -> Answer<Vec<Eligible>> {
    Ok(sql.load(conn).await?)
}
