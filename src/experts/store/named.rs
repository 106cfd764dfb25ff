//! What the parameters of a search name: fields with those under them, groups, bodies with those under them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Date, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Codes;
use crate::db::schema::{field_group_fields, field_groups, organisations};
use crate::db::{Conn, Reader};
use crate::fields::UNION_GROUPS;
use crate::kernel::problem::Answer;

/// Written as a query of its own, so that a connection may keep it: every list by field asks it.
struct Descendants<'a> {
    schemes: Vec<&'a str>,
    codes: Vec<&'a str>,
}

impl QueryFragment<Pg> for Descendants<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT DISTINCT c.scheme, c.code FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.schemes)?;
        out.push_sql("::text[], ");
        out.push_bind_param::<Array<Text>, _>(&self.codes)?;
        out.push_sql(
            "::text[]) a (scheme, code) JOIN science_fields c ON c.scheme = a.scheme AND starts_with(c.code, a.code) ",
        );
        out.push_sql("ORDER BY 1, 2");
        Ok(())
    }
}

impl QueryId for Descendants<'_> {
    type QueryId = Descendants<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Descendants<'_> {
    type SqlType = (Text, Text);
}

/// Fields, (scheme, code), and all under them, by scheme.
///
/// # Errors
/// 503 when the database is away.
pub async fn with_descendants(mut conn: &Reader, pairs: &[(&str, &str)]) -> Answer<Vec<Codes>> {
    let (schemes, codes): (Vec<&str>, Vec<&str>) = pairs.iter().copied().unzip();
    let rows: Vec<(String, String)> = Descendants { schemes, codes }.load(&mut conn).await?;
    let mut by_scheme: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (scheme, code) in rows {
        by_scheme.entry(scheme).or_default().push(code);
    }
    Ok(by_scheme.into_iter().collect())
}

/// Those of the codes that are groups.
///
/// # Errors
/// 503 when the database is away.
pub async fn known_groups(conn: &mut Conn, codes: &[String]) -> Answer<Vec<String>> {
    Ok(field_groups::table.filter(field_groups::code.eq_any(codes)).select(field_groups::code).load(conn).await?)
}

/// Groups with their names.
///
/// # Errors
/// 503 when the database is away.
pub async fn group_names(conn: &mut Conn) -> Answer<Vec<(String, String)>> {
    Ok(field_groups::table.select((field_groups::code, field_groups::name_vi)).load(conn).await?)
}

/// The fields of groups, (scheme, code), without those under them.
///
/// # Errors
/// 503 when the database is away.
pub async fn group_fields(conn: &mut Conn, groups: &[String]) -> Answer<Vec<(String, String)>> {
    Ok(field_group_fields::table
        .inner_join(field_groups::table)
        // other groups are chosen, and their fields say only what they are about
        .filter(field_groups::scheme.eq(UNION_GROUPS))
        .filter(field_group_fields::group_code.eq_any(groups))
        .select((field_group_fields::scheme, field_group_fields::field_code))
        .load(conn)
        .await?)
}

/// Ids and codes of bodies that are named by one of the two.
///
/// # Errors
/// 503 when the database is away.
pub async fn organisation_ids(conn: &mut Conn, keys: &[String]) -> Answer<Vec<(Uuid, String)>> {
    let ids: Vec<Uuid> = keys.iter().filter_map(|key| key.parse().ok()).collect();
    let named = organisations::id.eq_any(ids).or(organisations::code.eq_any(keys));
    Ok(organisations::table.filter(named).select((organisations::id, organisations::code)).load(conn).await?)
}

#[derive(QueryableByName)]
struct Body {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Bodies, those under them on a day, and those whose place any of these took.
///
/// # Errors
/// 503 when the database is away.
pub async fn with_subordinates(conn: &mut Conn, ids: &[Uuid], day: NaiveDate) -> Answer<Vec<Uuid>> {
    let rows: Vec<Body> = diesel::sql_query(
        "WITH RECURSIVE bodies AS (
             SELECT unnest($1) AS id
             UNION SELECT n.id FROM bodies b CROSS JOIN LATERAL (
                 SELECT v.organisation_id AS id FROM organisation_versions v
                  WHERE v.parent_id = b.id AND (v.valid_from IS NULL OR v.valid_from <= $2)
                    AND (v.valid_to IS NULL OR v.valid_to >= $2)
                 UNION ALL SELECT h.ancestor_id FROM organisation_heirs h WHERE h.heir_id = b.id AND h.since <= $2) n
         ) SELECT id FROM bodies",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Date, _>(day)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
