//! Everybody who may be asked for work, each with whether words and filters find them.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::score::Score;
use super::{Filters, Source, Weighed};
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// Somebody who may be asked.
#[derive(Debug, Clone, Copy, Queryable)]
pub struct Eligible {
    /// The expert.
    pub id: Uuid,
    /// The version of the record.
    pub version: i64,
    /// Which transaction wrote the row last: with the version, that nothing of it changed.
    pub written_by: i64,
    /// True when the words and filters find them.
    pub is_wanted: bool,
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
        out.push_sql("SELECT e.id, e.version, e.xmin::text::bigint, coalesce((");
        if self.source.score.is_empty() {
            self.source.conditions(&mut out)?;
        } else {
            // once, by the index of words, and not person by person
            out.push_sql("e.id IN (SELECT s.expert_id FROM expert_search s WHERE ");
            self.source.conditions(&mut out)?;
            out.push_sql(")");
        }
        self.source.filters.walk(&[], &mut out)?;
        out.push_sql("), false) FROM experts e WHERE e.status = 'active'");
        Ok(())
    }
}

impl QueryId for EligibleSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for EligibleSql {
    type SqlType = (SqlUuid, BigInt, BigInt, Bool);
}

/// Everybody who may be asked, in no order.
///
/// # Errors
/// 503 when the database is away.
pub async fn eligible(conn: &mut Conn, sql: EligibleSql) -> Answer<Vec<Eligible>> {
    Ok(sql.load(conn).await?)
}
