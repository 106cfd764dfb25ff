//! Lists of consultations: filters, facets, pages.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Date, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Deserialize;
use uuid::Uuid;

use super::{SENT, Seen, read};
use crate::consultations::model::{FieldCode, Row};
use crate::consultations::words::ConsultationStep;
use crate::db::Conn;
use crate::kernel::problem::Answer;

/// What is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facet {
    /// By state.
    State,
    /// By kind.
    Kind,
    /// By who asks.
    Agency,
    /// By field, each counting those under it.
    Field,
    /// By how soon it is needed.
    Urgency,
    /// By whether it is late.
    Overdue,
}

impl Facet {
    /// Every one.
    pub const ALL: [Self; 6] = [Self::State, Self::Kind, Self::Agency, Self::Field, Self::Urgency, Self::Overdue];

    /// As written in a query and in its answer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Kind => "kind",
            Self::Agency => "agency",
            Self::Field => "field",
            Self::Urgency => "urgency",
            Self::Overdue => "overdue",
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Condition {
    /// A column of the consultation is one of these words.
    Words(&'static str, Vec<String>),
    /// Asked by one of these.
    Askers(Vec<Uuid>),
    /// In one of these fields, or under it.
    Fields(Vec<FieldCode>),
    /// Due on that day or later.
    DueFrom(NaiveDate),
    /// Due by that day.
    DueTo(NaiveDate),
    /// Late on that day, or not.
    Overdue(NaiveDate, bool),
    /// This expert drafted what is judged or sits on the panel: for who does not see all of it, once the panel is approved. Nobody when
    /// it is none the caller may know of.
    Expert(Option<Uuid>, bool),
    /// All these words, each at least a beginning.
    Text(String),
    /// This account is in charge.
    Lead(Uuid),
    /// Accepted in that year.
    Year(String),
}

/// All that is asked for, each with the facet it belongs to.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Which exist for the caller.
    pub seen: Seen,
    /// Of which organisations, where not all do: as [`super::askers`] says.
    pub own: Option<Vec<Uuid>>,
    /// The conditions; all must hold.
    pub conditions: Vec<(Option<Facet>, Condition)>,
}

impl Asked {
    /// `WHERE …`, without the conditions of a facet.
    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>, without: Option<Facet>) -> QueryResult<()> {
        out.push_sql(" WHERE ");
        out.push_sql(if self.seen.drafts { "true" } else { SENT });
        match self.own.as_deref() {
            None => {}
            Some(_) if self.seen.panelist.is_some() => {
                out.push_sql(" AND c.id IN (SELECT p.consultation_id FROM panel_members p WHERE p.rank = 0 AND p.asked_at IS NOT NULL");
                out.push_sql(" AND p.state IN ('chosen', 'invited', 'accepted') AND p.expert_id = ");
                out.push_bind_param::<Nullable<SqlUuid>, _>(&self.seen.panelist)?;
                out.push_sql(")");
            }
            // an index gives the rows of one in their order
            Some([one]) => {
                out.push_sql(" AND c.asker_id = ");
                out.push_bind_param::<SqlUuid, _>(one)?;
            }
            Some(_) => {
                out.push_sql(" AND c.asker_id = ANY (");
                out.push_bind_param::<Nullable<Array<SqlUuid>>, _>(&self.own)?;
                out.push_sql(")");
            }
        }
        for (facet, condition) in &self.conditions {
            if facet.is_none() || *facet != without {
                out.push_sql(" AND ");
                condition.walk(out)?;
            }
        }
        Ok(())
    }
}

impl Condition {
    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Words(column, words) => {
                out.push_sql("c.");
                out.push_sql(column);
                out.push_sql(" = ANY (");
                out.push_bind_param::<Array<Text>, _>(words)?;
                out.push_sql(")");
            }
            Self::Askers(ids) => {
                out.push_sql("c.asker_id = ANY (");
                out.push_bind_param::<Array<SqlUuid>, _>(ids)?;
                out.push_sql(")");
            }
            Self::Fields(fields) => fields_walk(fields, out)?,
            Self::DueFrom(day) => day_walk("k.due_key < '9999-12-31' AND k.due_key >= ", day, out)?,
            Self::DueTo(day) => day_walk("k.due_key <= ", day, out)?,
            Self::Overdue(today, true) => day_walk("k.due_key < ", today, out)?,
            Self::Overdue(today, false) => day_walk("k.due_key >= ", today, out)?,
            Self::Expert(None, _) => out.push_sql("false"),
            Self::Expert(Some(id), all) => {
                out.push_sql("c.id IN (SELECT consultation_id FROM consultation_drafters WHERE expert_id = ");
                out.push_bind_param::<SqlUuid, _>(id)?;
                out.push_sql(" UNION ALL SELECT p.consultation_id FROM panel_members p WHERE p.rank = 0");
                out.push_sql(" AND p.state IN ('chosen', 'invited', 'accepted') AND p.expert_id = ");
                out.push_bind_param::<SqlUuid, _>(id)?;
                if !all {
                    out.push_sql(
                        " AND EXISTS (SELECT FROM consultation_moves s
                                       WHERE s.consultation_id = p.consultation_id AND s.verb = 'approve-panel')",
                    );
                }
                out.push_sql(")");
            }
            Self::Text(query) => {
                out.push_sql("k.words @@ to_tsquery('simple', ");
                out.push_bind_param::<Text, _>(query)?;
                out.push_sql(")");
            }
            Self::Lead(id) => {
                out.push_sql("c.lead_id = ");
                out.push_bind_param::<SqlUuid, _>(id)?;
            }
            Self::Year(pattern) => {
                out.push_sql("c.register_number LIKE ");
                out.push_bind_param::<Text, _>(pattern)?;
            }
        }
        Ok(())
    }
}

fn day_walk<'b>(before: &'static str, day: &'b NaiveDate, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql(before);
    out.push_bind_param::<Date, _>(day)
}

fn fields_walk<'b>(fields: &'b [FieldCode], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("c.id IN (SELECT f.consultation_id FROM consultation_fields f WHERE false");
    for field in fields {
        out.push_sql(" OR (f.scheme = ");
        out.push_bind_param::<Text, _>(&field.scheme)?;
        // codes are digits, so nothing in one means anything in a pattern
        out.push_sql(" AND f.code LIKE ");
        out.push_bind_param::<Text, _>(&field.code)?;
        out.push_sql(" || '%')");
    }
    out.push_sql(")");
    Ok(())
}

/// In which order, and after which row.
#[derive(Debug, Clone, Copy)]
pub enum Sort {
    /// The latest first.
    Newest(Option<Uuid>),
    /// What is due first; what is due on no day comes last.
    Due(Option<(NaiveDate, Uuid)>),
}

/// A page, as JSON, one a row.
#[derive(Debug)]
pub struct ListSql<'a> {
    asked: &'a Asked,
    sort: Sort,
    limit: i64,
}

impl<'a> ListSql<'a> {
    /// Of what is asked for.
    pub const fn new(asked: &'a Asked, sort: Sort, limit: i64) -> Self {
        Self { asked, sort, limit }
    }
}

impl QueryFragment<Pg> for ListSql<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql(
            "SELECT json_build_object('row', row_to_json(c), 'step', k.step, 'due_key', k.due_key,
                    'report_due_on', k.report_due_on, 'left_when_stopped', k.left_when_stopped,
                    'fields', (SELECT coalesce(json_agg(f ORDER BY f.ordinal), '[]') FROM consultation_fields f
                                WHERE f.consultation_id = c.id))::text
               FROM consultations c JOIN consultation_index k ON k.consultation_id = c.id",
        );
        self.asked.walk(&mut out, None)?;
        match &self.sort {
            Sort::Newest(after) => {
                if let Some(id) = after {
                    out.push_sql(" AND c.id < ");
                    out.push_bind_param::<SqlUuid, _>(id)?;
                }
                out.push_sql(" ORDER BY c.id DESC");
            }
            Sort::Due(after) => {
                if let Some((day, id)) = after {
                    out.push_sql(" AND (k.due_key, k.consultation_id) > (");
                    out.push_bind_param::<Date, _>(day)?;
                    out.push_sql(", ");
                    out.push_bind_param::<SqlUuid, _>(id)?;
                    out.push_sql(")");
                }
                out.push_sql(" ORDER BY k.due_key, k.consultation_id");
            }
        }
        out.push_sql(" LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl QueryId for ListSql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for ListSql<'_> {
    type SqlType = Text;
}

/// A row of a list.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct Listed {
    pub row: Row,
    pub step: Option<ConsultationStep>,
    pub due_key: NaiveDate,
    pub report_due_on: Option<NaiveDate>,
    pub left_when_stopped: Option<i64>,
    pub fields: Vec<FieldCode>,
}

impl Listed {
    /// The day it is due.
    pub fn due_on(&self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(9999, 12, 31).filter(|end| self.due_key < *end).map(|_| self.due_key)
    }
}

/// A page.
///
/// # Errors
/// 503 when the database is away.
pub async fn list(conn: &mut Conn, sql: ListSql<'_>) -> Answer<Vec<Listed>> {
    let rows: Vec<String> = sql.load(conn).await?;
    rows.iter().map(|row| read(row)).collect()
}

/// Counts what is asked for, by a facet or all in all.
struct CountSql<'a> {
    asked: &'a Asked,
    facet: Option<Facet>,
}

impl QueryFragment<Pg> for CountSql<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("SELECT ");
        match self.facet {
            None => out.push_sql("''"),
            Some(Facet::State) => out.push_sql("c.state"),
            Some(Facet::Kind) => out.push_sql("c.kind"),
            Some(Facet::Urgency) => out.push_sql("c.urgency"),
            Some(Facet::Agency) => out.push_sql("c.asker_id::text"),
            Some(Facet::Field) => out.push_sql("f.scheme || ':' || left(f.code, n.length)"),
            Some(Facet::Overdue) => {
                out.push_sql("(k.due_key < ");
                out.push_bind_param::<Date, _>(&self.asked.seen.today)?;
                out.push_sql(")::text");
            }
        }
        // a field counts for those above it, each once for a consultation
        let is_field = self.facet == Some(Facet::Field);
        out.push_sql(if is_field { " AS value, count(DISTINCT c.id) AS n" } else { " AS value, count(*) AS n" });
        out.push_sql(" FROM consultations c JOIN consultation_index k ON k.consultation_id = c.id");
        if is_field {
            out.push_sql(
                " JOIN consultation_fields f ON f.consultation_id = c.id
                  JOIN (VALUES (1), (3), (5), (7)) n (length) ON length(f.code) >= n.length",
            );
        }
        self.asked.walk(&mut out, self.facet)?;
        out.push_sql(" GROUP BY 1 ORDER BY 2 DESC, 1");
        Ok(())
    }
}

impl QueryId for CountSql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for CountSql<'_> {
    type SqlType = (Text, BigInt);
}

/// A value of a facet and how many have it.
pub type FacetRow = (String, i64);

/// How many have each value of a facet, without its own condition; the most first.
///
/// # Errors
/// 503 when the database is away.
pub async fn facet(conn: &mut Conn, asked: &Asked, facet: Facet) -> Answer<Vec<FacetRow>> {
    Ok(CountSql { asked, facet: Some(facet) }.load(conn).await?)
}

/// How many there are.
///
/// # Errors
/// 503 when the database is away.
pub async fn count(conn: &mut Conn, asked: &Asked) -> Answer<i64> {
    let rows: Vec<FacetRow> = CountSql { asked, facet: None }.load(conn).await?;
    Ok(rows.into_iter().next().map_or(0, |(_, count)| count))
}
