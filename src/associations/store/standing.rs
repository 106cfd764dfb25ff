//! Associations as they stood on a day: one, a page, or those that a filter finds.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::super::filter::Filter;
use super::super::words::{AssociationStatus, SpecialStatus};
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// An association as it stood on a day.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "columns")]
pub struct Standing {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub name_en: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub short_name: Option<String>,
    #[diesel(sql_type = Text)]
    pub name_key: String,
    #[diesel(sql_type = Nullable<Integer>)]
    pub province_id: Option<i32>,
    #[diesel(sql_type = Nullable<Date>)]
    pub valid_from: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    pub valid_to: Option<NaiveDate>,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub scope: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub area: Option<String>,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub special_status: Option<String>,
    #[diesel(sql_type = Bool)]
    pub member: bool,
    #[diesel(sql_type = Array<Text>)]
    pub fields: Vec<String>,
}

/// Associations as they stood on a day: some, or all that had begun by then.
#[derive(Debug)]
pub struct StandingSql {
    day: NaiveDate,
    ids: Option<Vec<Uuid>>,
    page: Option<(Option<(String, Uuid)>, i64)>,
}

impl StandingSql {
    /// On a day; these or all.
    pub const fn on(day: NaiveDate, ids: Option<Vec<Uuid>>) -> Self {
        Self { day, ids, page: None }
    }

    /// Those that are there on a day, in the order of their names: after a name and id, so many.
    pub const fn page(day: NaiveDate, after: Option<(String, Uuid)>, limit: i64) -> Self {
        Self { day, ids: None, page: Some((after, limit)) }
    }
}

impl QueryFragment<Pg> for StandingSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT * FROM associations_on(");
        out.push_bind_param::<Date, _>(&self.day)?;
        out.push_sql(")");
        if let Some(ids) = &self.ids {
            out.push_sql(" WHERE id = ANY (");
            out.push_bind_param::<Array<SqlUuid>, _>(ids)?;
            out.push_sql(")");
        }
        if let Some((after, limit)) = &self.page {
            out.push_sql(" WHERE (valid_to IS NULL OR valid_to >= ");
            out.push_bind_param::<Date, _>(&self.day)?;
            out.push_sql(")");
            if let Some((name, id)) = after {
                out.push_sql(" AND (name_key, id) > (");
                out.push_bind_param::<Text, _>(name)?;
                out.push_sql(", ");
                out.push_bind_param::<SqlUuid, _>(id)?;
                out.push_sql(")");
            }
            out.push_sql(" ORDER BY name_key, id LIMIT ");
            out.push_bind_param::<BigInt, _>(limit)?;
        }
        Ok(())
    }
}

impl QueryId for StandingSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for StandingSql {
    type SqlType = diesel::sql_types::Untyped;
}

/// The ids of those a filter finds on a day. Only what it asks for is worked out.
#[derive(Debug)]
pub struct FittingSql {
    day: NaiveDate,
    filter: Conditions,
    page: Option<(Option<(String, Uuid)>, i64)>,
}

/// The conditions of a [`Filter`] as values of SQL.
#[derive(Debug)]
struct Conditions {
    provinces: Option<Vec<i32>>,
    member: Option<bool>,
    special: Option<&'static str>,
    fields: Vec<String>,
    /// Column, and any of which values it has.
    words: [(&'static str, Vec<&'static str>); 3],
}

impl Conditions {
    fn states(&self) -> &[&'static str] {
        self.words.iter().find(|(column, _)| *column == "state").map_or(&[], |(_, words)| words)
    }

    /// True for what most associations fit: an active one of any field and province.
    fn fits_most(&self) -> bool {
        let active = self.states().is_empty() || self.states().contains(&AssociationStatus::Active.as_str());
        active && self.fields.is_empty() && self.provinces.is_none() && self.special.is_none()
    }
}

impl From<&Filter> for Conditions {
    fn from(filter: &Filter) -> Self {
        Self {
            provinces: filter.provinces.clone(),
            member: filter.member,
            special: filter.special.map(SpecialStatus::as_str),
            fields: filter.fields.clone(),
            words: [
                ("scope", filter.scopes.iter().map(|scope| scope.as_str()).collect()),
                ("kind", filter.kinds.iter().map(|kind| kind.as_str()).collect()),
                ("state", filter.statuses.iter().map(|status| status.as_str()).collect()),
            ],
        }
    }
}

impl FittingSql {
    /// All of them.
    pub fn all(day: NaiveDate, filter: &Filter) -> Self {
        Self { day, filter: filter.into(), page: None }
    }

    /// In the order of their names: after a name and id, so many.
    pub fn page(day: NaiveDate, filter: &Filter, after: Option<(String, Uuid)>, limit: i64) -> Self {
        Self { page: Some((after, limit)), ..Self::all(day, filter) }
    }

    /// The associations of the day; for what most of them fit, in order, so that they are worked out one by one until the page is
    /// full (PostgreSQL takes `state`, which is worked out, for something rare, and would work out all of them).
    fn source<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let streamed = self.page.is_some() && self.filter.fits_most();
        out.push_sql(if streamed { "(SELECT * FROM associations_on(" } else { "associations_on(" });
        out.push_bind_param::<Date, _>(&self.day)?;
        out.push_sql(")");
        if streamed {
            self.after(" WHERE ", out)?;
            out.push_sql(" ORDER BY name_key, id OFFSET 0) a");
        }
        Ok(())
    }

    fn after<'b>(&'b self, word: &str, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Some((Some((name, id)), _)) = &self.page else { return Ok(()) };
        out.push_sql(word);
        out.push_sql("(name_key, id) > (");
        out.push_bind_param::<Text, _>(name)?;
        out.push_sql(", ");
        out.push_bind_param::<SqlUuid, _>(id)?;
        out.push_sql(")");
        Ok(())
    }

    fn conditions<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Conditions { provinces, member, special, fields, words } = &self.filter;
        for (column, words) in words.iter().filter(|(_, words)| !words.is_empty()) {
            out.push_sql(" AND ");
            out.push_sql(column);
            out.push_sql(" = ANY (");
            out.push_bind_param::<Array<Text>, _>(words)?;
            out.push_sql(")");
        }
        if let Some(provinces) = provinces {
            out.push_sql(" AND province_id = ANY (");
            out.push_bind_param::<Array<Integer>, _>(provinces)?;
            out.push_sql(")");
        }
        if let Some(member) = member {
            out.push_sql(" AND member = ");
            out.push_bind_param::<Bool, _>(member)?;
        }
        if let Some(special) = special {
            out.push_sql(" AND special_status = ");
            out.push_bind_param::<Text, _>(special)?;
        }
        if !fields.is_empty() {
            out.push_sql(" AND EXISTS (SELECT 1 FROM unnest(fields) f, unnest(");
            out.push_bind_param::<Array<Text>, _>(fields)?;
            out.push_sql(") wanted WHERE starts_with(f, wanted))");
        }
        Ok(())
    }
}

impl QueryFragment<Pg> for FittingSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT id FROM ");
        self.source(&mut out)?;
        out.push_sql(" WHERE ");
        // without a state being asked for, what is no more is not there
        if self.filter.states().is_empty() {
            out.push_sql("(valid_to IS NULL OR valid_to >= ");
            out.push_bind_param::<Date, _>(&self.day)?;
            out.push_sql(")");
        } else {
            out.push_sql("true");
        }
        self.conditions(&mut out)?;
        if let Some((_, limit)) = &self.page {
            if !self.filter.fits_most() {
                self.after(" AND ", &mut out)?;
                out.push_sql(" ORDER BY name_key, id");
            }
            out.push_sql(" LIMIT ");
            out.push_bind_param::<BigInt, _>(limit)?;
        }
        Ok(())
    }
}

impl QueryId for FittingSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for FittingSql {
    type SqlType = SqlUuid;
}

/// Runs it.
pub async fn fitting(conn: &mut Conn, sql: FittingSql) -> Answer<Vec<Uuid>> {
    Ok(sql.load(conn).await?)
}

/// Associations as they stood on a day, in the order of their names: these, or all that had begun by then.
pub async fn standing(conn: &mut Conn, day: NaiveDate, ids: Option<Vec<Uuid>>) -> Answer<Vec<Standing>> {
    let mut rows: Vec<Standing> = StandingSql::on(day, ids).load(conn).await?;
    rows.sort_by(|a, b| (&a.name_key, a.id).cmp(&(&b.name_key, b.id)));
    Ok(rows)
}

/// The associations that are there on a day, in the order of their names: after a name and id, so many.
pub async fn living(
    conn: &mut Conn,
    day: NaiveDate,
    after: Option<(String, Uuid)>,
    limit: i64,
) -> Answer<Vec<Standing>> {
    Ok(StandingSql::page(day, after, limit).load(conn).await?)
}
