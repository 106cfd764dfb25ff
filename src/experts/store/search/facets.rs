//! Counts beside a search: how many there are in all and of each value, every facet without its own filter.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Integer, Text};
use diesel_async::RunQueryDsl;

use super::filters::Facet;
use super::score::Score;
use super::{Filters, Source, Weighed};
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::fields::UNION_GROUPS;
use crate::kernel::problem::Answer;

/// Values of a facet that are counted, one more than is shown.
const MOST: usize = 51;

/// A count: the facet (empty: all), the value, how many people.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[expect(missing_docs, reason = "columns")]
pub struct Count {
    pub facet: String,
    pub value: String,
    pub people: i64,
}

/// The statement.
#[derive(Debug, Clone)]
pub struct FacetSql {
    source: Source,
    total: bool,
    facets: Vec<Facet>,
    home: Vec<i32>,
}

impl FacetSql {
    /// Counts of a search; `home` are the rows of the home province.
    pub fn new(scope: &Scope, total: bool, facets: &[Facet], home: Vec<i32>) -> Self {
        Self { source: Source::new(scope), total, facets: facets.to_vec(), home }
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

    /// The people found, whatever the filters of the facets say; these are columns.
    fn base<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH base AS MATERIALIZED (SELECT ");
        out.push_sql(self.source.id());
        out.push_sql(" AS id");
        for facet in &self.facets {
            match facet {
                Facet::Field => {}
                Facet::FieldGroup => out.push_sql(", e.field_groups"),
                Facet::Degree => out.push_sql(", e.degree"),
                Facet::AcademicRank => out.push_sql(", e.academic_rank"),
                Facet::Province => out.push_sql(", e.province_id"),
                Facet::Residency => self.residency(out)?,
                Facet::Language => out.push_sql(", e.languages"),
                Facet::Organisation => out.push_sql(", e.workplace_id"),
                Facet::Status => out.push_sql(", e.status"),
            }
        }
        for facet in self.filtered() {
            out.push_sql(", ");
            self.source.filters.walk_of(facet, out)?;
            out.push_sql(&format!(" AS is_{}", facet.as_str()));
        }
        let needs_record = !self.source.filters.is_empty() || self.facets.iter().any(|facet| *facet != Facet::Field);
        self.source.from(needs_record, out);
        out.push_sql(" WHERE ");
        self.source.conditions(out)?;
        self.source.filters.walk(&self.facets, out)?;
        out.push_sql(")");
        Ok(())
    }

    fn residency<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(", CASE WHEN e.country IS NOT NULL THEN 'abroad' WHEN e.province_id = ANY(");
        out.push_bind_param::<Array<Integer>, _>(&self.home)?;
        out.push_sql(") THEN 'in_province' WHEN e.province_id IS NOT NULL THEN 'out_of_province' END AS residency");
        Ok(())
    }

    /// Facets that are counted and filtered by.
    fn filtered(&self) -> impl Iterator<Item = Facet> + '_ {
        self.facets.iter().copied().filter(|facet| self.source.filters.has(*facet))
    }

    /// What holds for the people of a facet: the filters of the other ones.
    fn others(&self, facet: Option<Facet>) -> String {
        let others = self.filtered().filter(|other| Some(*other) != facet);
        let conditions: Vec<String> = others.map(|other| format!(" AND b.is_{}", other.as_str())).collect();
        format!("true{}", conditions.concat())
    }

    fn count(&self, facet: Facet, out: &mut AstPass<'_, '_, Pg>) {
        let others = self.others(Some(facet));
        let (value, from) = match facet {
            // the codes of a field begin with those above it: one digit, three, five
            Facet::Field => {
                ("f.scheme || ':' || left(f.code, 3)", "base b JOIN expert_fields f ON f.expert_id = b.id".to_owned())
            }
            Facet::FieldGroup => ("g.code", format!("({}) g JOIN base b ON b.id = g.id", groups())),
            Facet::Degree => ("b.degree", "base b".to_owned()),
            Facet::AcademicRank => ("b.academic_rank", "base b".to_owned()),
            Facet::Province => ("b.province_id::text", "base b".to_owned()),
            Facet::Residency => ("b.residency", "base b".to_owned()),
            Facet::Language => ("l.code", "base b CROSS JOIN LATERAL unnest(b.languages) l (code)".to_owned()),
            Facet::Organisation => ("b.workplace_id::text", "base b".to_owned()),
            Facet::Status => ("b.status", "base b".to_owned()),
        };
        let people = match facet {
            Facet::Field | Facet::FieldGroup | Facet::Language => "count(DISTINCT b.id)",
            _ => "count(*)",
        };
        // provinces are added up to those of today, so all of them are needed; there are some hundred
        let most = if facet == Facet::Province { 1_000 } else { MOST };
        out.push_sql(&format!(
            "(SELECT '{}', {value} AS value, {people} AS people FROM {from} WHERE {others} AND {value} IS NOT NULL
               GROUP BY value ORDER BY people DESC, value LIMIT {most})",
            facet.as_str(),
        ));
    }
}

/// Who is in which group: by a field of theirs, or by choice.
fn groups() -> String {
    format!(
        "SELECT f.expert_id AS id, g.group_code AS code
           FROM field_groups n JOIN field_group_fields g ON g.group_code = n.code
           JOIN science_fields c ON c.scheme = g.scheme AND starts_with(c.code, g.field_code)
           JOIN expert_fields f ON f.scheme = c.scheme AND f.code = c.code
          WHERE n.scheme = '{UNION_GROUPS}'
          UNION ALL SELECT c.id, u.code FROM base c CROSS JOIN LATERAL unnest(c.field_groups) u (code)"
    )
}

impl QueryFragment<Pg> for FacetSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        self.base(&mut out)?;
        let mut union = "";
        if self.total {
            out.push_sql(&format!(
                " SELECT '' AS facet, '' AS value, count(*) AS people FROM base b WHERE {}",
                self.others(None)
            ));
            union = " UNION ALL ";
        }
        for facet in &self.facets {
            out.push_sql(union);
            self.count(*facet, &mut out);
            union = " UNION ALL ";
        }
        Ok(())
    }
}

impl QueryId for FacetSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for FacetSql {
    type SqlType = (Text, Text, BigInt);
}

/// Counts.
///
/// # Errors
/// 503 when the database is away.
pub async fn facets(conn: &mut Conn, sql: FacetSql) -> Answer<Vec<Count>> {
    if !sql.total && sql.facets.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sql.load(conn).await?)
}
