//! Experts with all that is shown of them, in one statement: quick reads share their connections, and each statement is a
//! way to PostgreSQL and back.
//!
//! What lies in other tables comes as JSON beside the row. The words it takes to show experts (titles, provinces, names and
//! groups of fields) come once, with the first row, and only those these experts need.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::dsl::SqlTypeOf;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::{Bool, Date, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::super::model::{ExpertField, Membership, Publication};
use super::super::vocabulary::{HOME_PROVINCE, Vocabulary, Words};
use super::{ProfileRow, by_key, visible};
use crate::access::permit::Scope;
use crate::db::Reader;
use crate::db::schema::experts;
use crate::kernel::clock::today;

/// Behind `WITH found AS (…), home AS (…)`.
const FIELDS: &str = ", used AS MATERIALIZED (
    SELECT f.expert_id, f.ordinal, f.scheme, f.code, f.main FROM found JOIN expert_fields f ON f.expert_id = found.id),
above AS MATERIALIZED (
    SELECT scheme, code FROM used
    UNION SELECT used.scheme, left(used.code, n) FROM used, unnest(ARRAY[1, 3, 5]) n),
places AS (WITH RECURSIVE heirs AS (
    SELECT p.* FROM provinces p WHERE p.id IN (SELECT province_id FROM found)
    UNION SELECT p.* FROM heirs JOIN provinces p ON p.id = heirs.succeeded_by)
    SELECT * FROM heirs UNION SELECT p.* FROM provinces p WHERE p.code = (SELECT code FROM home))
SELECT found.*,
    (SELECT json_agg(json_build_array(u.scheme, u.code, u.main) ORDER BY u.ordinal)
       FROM used u WHERE u.expert_id = found.id)::text, ";

const LISTS: &str = "(SELECT json_agg(m ORDER BY m.ordinal) FROM (
        SELECT organisation_id, position, valid_from, valid_to, ordinal
          FROM expert_memberships WHERE expert_id = found.id) m)::text,
    (SELECT json_agg(p ORDER BY p.ordinal) FROM (
        SELECT id, title, abstract, year, venue, doi, authors, ordinal
          FROM expert_publications WHERE expert_id = found.id) p)::text, ";

const WORDS: &str = "CASE WHEN row_number() OVER () = 1 THEN json_build_object(
    'titles', (SELECT json_agg(t) FROM academic_titles t
        WHERE t.code IN (SELECT academic_rank FROM found UNION ALL SELECT degree FROM found)),
    'provinces', (SELECT json_agg(json_build_array(places.id, places)) FROM places),
    'home', (SELECT code FROM home),
    'fields', (SELECT json_agg(s) FROM (
        SELECT s.scheme, s.code, s.parent_code, s.level, s.name_vi, s.name_en, '' AS search_key
          FROM above JOIN science_fields s ON (s.scheme, s.code) = (above.scheme, above.code)) s),
    'groups', (SELECT json_agg(g ORDER BY g.code) FROM (
        SELECT g.code, g.scheme, g.name_vi, g.name_en, coalesce(m.fields, '[]') AS fields
          FROM field_groups g LEFT JOIN (
            SELECT m.group_code, json_agg(json_build_array(m.scheme, m.field_code)) AS fields
              FROM above JOIN field_group_fields m ON (m.scheme, m.field_code) = (above.scheme, above.code)
             GROUP BY m.group_code) m ON m.group_code = g.code
         WHERE m.group_code IS NOT NULL OR g.code IN (SELECT unnest(field_groups) FROM found)) g))::text END
  FROM found";

type Filter<'a> = Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool> + 'a>;
type Columns = <ProfileRow as Selectable<Pg>>::SelectExpression;
type Json = Nullable<Text>;

/// The statement. Its text differs by audience, by what is asked for and by nothing else, so it is prepared once.
pub struct WholeSql<'a> {
    visible: Filter<'a>,
    which: Filter<'a>,
    columns: Columns,
    today: NaiveDate,
    lists: bool,
}

impl<'a> WholeSql<'a> {
    fn new(scope: &Scope, which: Filter<'a>, lists: bool) -> Self {
        let columns = <ProfileRow as Selectable<Pg>>::construct_selection();
        Self { visible: visible(scope), which, columns, today: today(), lists }
    }

    /// An expert by id or code, with everything.
    pub fn of(scope: &Scope, key: &str) -> Self {
        Self::new(scope, by_key(key), true)
    }

    /// Experts by id, with what a card shows.
    pub fn cards(scope: &Scope, ids: &'a [Uuid]) -> Self {
        Self::new(scope, Box::new(experts::id.eq_any(ids)), false)
    }
}

impl QueryFragment<Pg> for WholeSql<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH found AS MATERIALIZED (SELECT ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(" FROM experts WHERE ");
        self.visible.walk_ast(out.reborrow())?;
        out.push_sql(" AND ");
        self.which.walk_ast(out.reborrow())?;
        out.push_sql("), home AS MATERIALIZED (SELECT value #>> '{}' AS code FROM settings WHERE name = '");
        out.push_sql(HOME_PROVINCE);
        out.push_sql("' AND valid_from <= ");
        out.push_bind_param::<Date, _>(&self.today)?;
        out.push_sql(" ORDER BY valid_from DESC LIMIT 1)");
        out.push_sql(FIELDS);
        out.push_sql(if self.lists { LISTS } else { "NULL, NULL, " });
        out.push_sql(WORDS);
        Ok(())
    }
}

impl QueryId for WholeSql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for WholeSql<'_> {
    type SqlType = (SqlTypeOf<Columns>, Json, Json, Json, Json);
}

/// An expert with what lies in other tables; the lists are empty on a card.
#[derive(Debug)]
#[expect(missing_docs, reason = "named as in the record")]
pub struct Whole {
    pub row: ProfileRow,
    pub fields: Vec<ExpertField>,
    pub memberships: Vec<Membership>,
    pub publications: Vec<Publication>,
}

type Row = (ProfileRow, Option<String>, Option<String>, Option<String>, Option<String>);

/// An expert among those the caller may know of, and the words it takes to show them.
pub async fn whole(conn: &Reader, scope: &Scope, key: &str) -> QueryResult<(Whole, Vocabulary)> {
    let (mut experts, vocabulary) = read(conn, WholeSql::of(scope, key)).await?;
    experts.pop().map(|expert| (expert, vocabulary)).ok_or(Error::NotFound)
}

/// Experts by id, of those the caller may know of, and the words it takes to show them as cards.
pub async fn cards(conn: &Reader, scope: &Scope, ids: &[Uuid]) -> QueryResult<(HashMap<Uuid, Whole>, Vocabulary)> {
    let (experts, vocabulary) = read(conn, WholeSql::cards(scope, ids)).await?;
    Ok((experts.into_iter().map(|expert| (expert.row.id, expert)).collect(), vocabulary))
}

async fn read(mut conn: &Reader, sql: WholeSql<'_>) -> QueryResult<(Vec<Whole>, Vocabulary)> {
    let rows: Vec<Row> = sql.load(&mut conn).await?;
    let mut words = Words::default();
    let mut experts = Vec::with_capacity(rows.len());
    for (row, fields, memberships, publications, said) in rows {
        let fields: Vec<(String, String, bool)> = list(fields)?;
        let memberships: Vec<MembershipJson> = list(memberships)?;
        let publications: Vec<PublicationJson> = list(publications)?;
        experts.push(Whole {
            row,
            fields: fields.into_iter().map(|(scheme, code, main)| ExpertField { scheme, code, main }).collect(),
            memberships: memberships.into_iter().map(Membership::from).collect(),
            publications: publications.into_iter().map(Publication::from).collect(),
        });
        if let Some(said) = said {
            words = parse(&said)?;
        }
    }
    Ok((experts, Vocabulary::of_words(words)))
}

fn list<T: DeserializeOwned>(json: Option<String>) -> QueryResult<Vec<T>> {
    json.map_or_else(|| Ok(Vec::new()), |json| parse(&json))
}

fn parse<T: DeserializeOwned>(json: &str) -> QueryResult<T> {
    serde_json::from_str(json).map_err(|error| Error::DeserializationError(Box::new(error)))
}

#[derive(Deserialize)]
struct MembershipJson {
    organisation_id: Uuid,
    position: Option<String>,
    valid_from: Option<NaiveDate>,
    valid_to: Option<NaiveDate>,
}

impl From<MembershipJson> for Membership {
    fn from(row: MembershipJson) -> Self {
        let MembershipJson { organisation_id, position, valid_from: from, valid_to: to } = row;
        Self { organisation_id, position, from, to }
    }
}

#[derive(Deserialize)]
struct PublicationJson {
    id: Uuid,
    title: String,
    #[serde(rename = "abstract")]
    summary: Option<String>,
    year: Option<i16>,
    venue: Option<String>,
    doi: Option<String>,
    authors: Vec<String>,
}

impl From<PublicationJson> for Publication {
    fn from(row: PublicationJson) -> Self {
        let PublicationJson { id, title, summary, year, venue, doi, authors } = row;
        Self { id: Some(id), title, summary, year, venue, doi, authors }
    }
}
