//! Experts with all that is shown of them, in one statement: quick reads share their connections, and each statement is a
//! way to PostgreSQL and back.
//!
//! What lies in other tables comes as JSON beside the row, and with it the version of the words it takes to show experts
//! (titles, provinces, names and groups of fields), which are kept; see [`Vocabularies`].

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use chrono::NaiveDate;
use diesel::dsl::SqlTypeOf;
use diesel::pg::Pg;
use diesel::pg::PgQueryBuilder;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::super::model::{ExpertField, Membership, Publication};
use super::super::vocabulary::{VERSION, Vocabularies, Vocabulary};
use super::{ProfileRow, by_key, visible};
use crate::access::permit::Scope;
use crate::db::Reader;
use crate::db::schema::experts;

/// What of an expert lies in other tables, behind the columns.
const FIELDS: &str = ", (SELECT json_agg(json_build_array(f.scheme, f.code, f.main) ORDER BY f.ordinal)
       FROM expert_fields f WHERE f.expert_id = experts.id)::text, ";

const LISTS: &str = "(SELECT json_agg(m ORDER BY m.ordinal) FROM (
        SELECT organisation_id, position, valid_from, valid_to, ordinal
          FROM expert_memberships WHERE expert_id = experts.id) m)::text,
    (SELECT json_agg(p ORDER BY p.ordinal) FROM (
        SELECT id, title, abstract, year, venue, doi, authors, ordinal
          FROM expert_publications WHERE expert_id = experts.id) p)::text, ";

type Filter<'a> = Box<dyn BoxableExpression<experts::table, Pg, SqlType = Bool> + 'a>;
type Columns = <ProfileRow as Selectable<Pg>>::SelectExpression;
type Json = Nullable<Text>;

/// The columns as they stand in the statement, written once: a record by its id is asked for some thousand times a second.
static COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let columns = <ProfileRow as Selectable<Pg>>::construct_selection();
    let mut written = PgQueryBuilder::new();
    let done = columns.to_sql(&mut written, &Pg);
    debug_assert!(done.is_ok(), "names of columns have nothing that could not be written");
    written.finish()
});

/// The statement. Its text differs by audience, by what is asked for and by nothing else, so it is prepared once.
pub struct WholeSql<'a> {
    visible: Filter<'a>,
    which: Filter<'a>,
    lists: bool,
}

impl<'a> WholeSql<'a> {
    fn new(scope: &Scope, which: Filter<'a>, lists: bool) -> Self {
        Self { visible: visible(scope), which, lists }
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
        out.push_sql("SELECT ");
        out.push_sql(&COLUMNS);
        out.push_sql(FIELDS);
        out.push_sql(if self.lists { LISTS } else { "NULL, NULL, " });
        out.push_sql(VERSION);
        out.push_sql(" FROM experts WHERE ");
        self.visible.walk_ast(out.reborrow())?;
        out.push_sql(" AND ");
        self.which.walk_ast(out.reborrow())?;
        Ok(())
    }
}

impl QueryId for WholeSql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for WholeSql<'_> {
    type SqlType = (SqlTypeOf<Columns>, Json, Json, Json, BigInt);
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

type Row = (ProfileRow, Option<String>, Option<String>, Option<String>, i64);

/// An expert among those the caller may know of, and the words it takes to show them.
pub async fn whole(
    conn: &Reader,
    kept: &Vocabularies,
    scope: &Scope,
    key: &str,
) -> QueryResult<(Whole, Arc<Vocabulary>)> {
    let (mut experts, vocabulary) = read(conn, kept, WholeSql::of(scope, key)).await?;
    experts.pop().map(|expert| (expert, vocabulary)).ok_or(Error::NotFound)
}

/// Experts by id, of those the caller may know of, and the words it takes to show them as cards.
pub async fn cards(
    conn: &Reader,
    kept: &Vocabularies,
    scope: &Scope,
    ids: &[Uuid],
) -> QueryResult<(HashMap<Uuid, Whole>, Arc<Vocabulary>)> {
    let (experts, vocabulary) = read(conn, kept, WholeSql::cards(scope, ids)).await?;
    Ok((experts.into_iter().map(|expert| (expert.row.id, expert)).collect(), vocabulary))
}

async fn read(mut conn: &Reader, kept: &Vocabularies, sql: WholeSql<'_>) -> QueryResult<(Vec<Whole>, Arc<Vocabulary>)> {
    let rows: Vec<Row> = sql.load(&mut conn).await?;
    let Some(version) = rows.as_slice().first().map(|(.., version)| *version) else { return Ok(Default::default()) };
    let mut experts = Vec::with_capacity(rows.len());
    for (row, fields, memberships, publications, _) in rows {
        let fields: Vec<(String, String, bool)> = list(fields)?;
        let memberships: Vec<MembershipJson> = list(memberships)?;
        let publications: Vec<PublicationJson> = list(publications)?;
        experts.push(Whole {
            row,
            fields: fields.into_iter().map(|(scheme, code, main)| ExpertField { scheme, code, main }).collect(),
            memberships: memberships.into_iter().map(Membership::from).collect(),
            publications: publications.into_iter().map(Publication::from).collect(),
        });
    }
    Ok((experts, kept.get(conn, version).await?))
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
