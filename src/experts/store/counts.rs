//! How many of the experts a caller may know of stand in a field or a group of fields.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::access::permit::Scope;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// The condition on `experts e` that says who exists for a caller.
pub(super) struct Audience {
    reach: Reach,
    own: Uuid,
}

impl Audience {
    pub(super) fn of(scope: &Scope) -> Self {
        Self { reach: scope.reach, own: scope.actor.expert_id().unwrap_or_default() }
    }

    pub(super) fn condition<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self.reach {
            Reach::All => out.push_sql("true"),
            Reach::Public => out.push_sql("e.public_profile"),
            Reach::Agencies => out.push_sql("e.agency_search"),
            // counts are granted to nobody who only supplied people
            Reach::No | Reach::Supplied | Reach::Seated | Reach::SuppliedAndSeated => out.push_sql("false"),
            Reach::Own | Reach::PublicAndOwn => {
                let public = self.reach == Reach::PublicAndOwn;
                out.push_sql(if public { "(e.public_profile OR e.id = " } else { "(e.id = " });
                out.push_bind_param::<SqlUuid, _>(&self.own)?;
                out.push_sql(")");
            }
        }
        Ok(())
    }
}

/// Rows of `expert_fields` by code and `new_from`, of the experts a caller may know of.
pub struct FieldCounts {
    audience: Audience,
    scheme: String,
    under: String,
}

impl FieldCounts {
    /// The count over a scheme, or over what lies under a code and the code itself.
    pub fn new(scope: &Scope, scheme: &str, under: Option<&str>) -> Self {
        let under = format!("{}%", under.unwrap_or_default());
        Self { audience: Audience::of(scope), scheme: scheme.to_owned(), under }
    }
}

impl QueryFragment<Pg> for FieldCounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT f.code, f.new_from, count(*) FROM expert_fields f");
        if self.audience.reach == Reach::All {
            out.push_sql(" WHERE true");
        } else {
            out.push_sql(" JOIN experts e ON e.id = f.expert_id WHERE ");
            self.audience.condition(&mut out)?;
        }
        out.push_sql(" AND f.scheme = ");
        out.push_bind_param::<Text, _>(&self.scheme)?;
        out.push_sql(" AND f.code LIKE ");
        out.push_bind_param::<Text, _>(&self.under)?;
        out.push_sql(" GROUP BY f.code, f.new_from");
        // the statement has one shape an audience; planned for its code, since "%" and "40401%" want other plans
        out.unsafe_to_cache_prepared();
        Ok(())
    }
}

impl QueryId for FieldCounts {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for FieldCounts {
    type SqlType = (Text, SmallInt, BigInt);
}

/// Runs it: code, number of digits from which on a row counts, rows.
pub async fn count_fields(conn: &mut Conn, sql: FieldCounts) -> Answer<Vec<(String, i16, i64)>> {
    Ok(sql.load(conn).await?)
}

/// Rows of `expert_fields` by code, `new_from` and degree, of the experts a caller may know of.
pub struct DegreeCounts {
    audience: Audience,
    scheme: String,
}

impl DegreeCounts {
    /// The count over a scheme.
    pub fn new(scope: &Scope, scheme: &str) -> Self {
        Self { audience: Audience::of(scope), scheme: scheme.to_owned() }
    }
}

impl QueryFragment<Pg> for DegreeCounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT f.code, f.new_from, coalesce(e.degree, ''), count(*) FROM expert_fields f \
             JOIN experts e ON e.id = f.expert_id WHERE e.status NOT IN ('left', 'deceased') AND ",
        );
        self.audience.condition(&mut out)?;
        out.push_sql(" AND f.scheme = ");
        out.push_bind_param::<Text, _>(&self.scheme)?;
        out.push_sql(" GROUP BY 1, 2, 3");
        out.unsafe_to_cache_prepared();
        Ok(())
    }
}

impl QueryId for DegreeCounts {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for DegreeCounts {
    type SqlType = (Text, SmallInt, Text, BigInt);
}

/// Runs it: code, number of digits from which on a row counts, degree, rows.
pub async fn count_degrees(conn: &mut Conn, sql: DegreeCounts) -> Answer<Vec<(String, i16, String, i64)>> {
    Ok(sql.load(conn).await?)
}

/// People by group: by the fields a group takes along, descendants included, or chosen; each once.
pub struct GroupCounts {
    audience: Audience,
    groups: Vec<String>,
}

impl GroupCounts {
    /// The count over some groups.
    pub fn new(scope: &Scope, groups: &[&str]) -> Self {
        Self { audience: Audience::of(scope), groups: groups.iter().map(|&group| group.to_owned()).collect() }
    }
}

impl QueryFragment<Pg> for GroupCounts {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT p.code, count(*) FROM (");
        out.push_sql(
            "SELECT g.group_code AS code, f.expert_id AS id FROM field_group_fields g \
             JOIN science_fields s ON s.scheme = g.scheme AND s.code LIKE g.field_code || '%' \
             JOIN expert_fields f ON f.scheme = s.scheme AND f.code = s.code \
             JOIN experts e ON e.id = f.expert_id WHERE ",
        );
        self.audience.condition(&mut out)?;
        out.push_sql(" AND g.group_code = ANY (");
        out.push_bind_param::<diesel::sql_types::Array<Text>, _>(&self.groups)?;
        out.push_sql(
            ") UNION SELECT c.code, e.id FROM experts e CROSS JOIN unnest(e.field_groups) c (code) \
             WHERE e.field_groups <> '{}' AND ",
        );
        self.audience.condition(&mut out)?;
        out.push_sql(" AND c.code = ANY (");
        out.push_bind_param::<diesel::sql_types::Array<Text>, _>(&self.groups)?;
        out.push_sql(")) p GROUP BY p.code");
        out.unsafe_to_cache_prepared();
        Ok(())
    }
}

impl QueryId for GroupCounts {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for GroupCounts {
    type SqlType = (Text, BigInt);
}

/// Runs it.
pub async fn count_groups(conn: &mut Conn, sql: GroupCounts) -> Answer<Vec<(String, i64)>> {
    Ok(sql.load(conn).await?)
}
