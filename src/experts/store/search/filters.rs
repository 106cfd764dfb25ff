//! The filters of a search. Each is a condition on the expert `e`, its values are parameters.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::sql_types::{Array, Date, Integer, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use crate::experts::model::Residency;

/// What can be counted beside a search, and is filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "named as the parameters")]
pub enum Facet {
    Field,
    FieldGroup,
    Degree,
    AcademicRank,
    Province,
    Residency,
    Language,
    Organisation,
    Status,
}

impl Facet {
    /// Every facet.
    pub const ALL: [Self; 9] = [
        Self::Field,
        Self::FieldGroup,
        Self::Degree,
        Self::AcademicRank,
        Self::Province,
        Self::Residency,
        Self::Language,
        Self::Organisation,
        Self::Status,
    ];

    /// As in the query and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Field => "field",
            Self::FieldGroup => "field_group",
            Self::Degree => "degree",
            Self::AcademicRank => "academic_rank",
            Self::Province => "province",
            Self::Residency => "residency",
            Self::Language => "language",
            Self::Organisation => "organisation",
            Self::Status => "status",
        }
    }
}

/// Codes of one scheme, descendants included.
pub type Codes = (String, Vec<String>);

/// A condition; of several values one is enough.
#[derive(Debug, Clone)]
pub enum Condition {
    /// In one of these fields.
    Fields(Vec<Codes>),
    /// In a field of one of these groups, or in the group by choice.
    Groups(Vec<Codes>, Vec<String>),
    /// With one of these degrees.
    Degrees(Vec<String>),
    /// With one of these ranks.
    Ranks(Vec<String>),
    /// Working at one of these.
    Organisations(Vec<Uuid>),
    /// In one of these provinces, of today or as they were.
    Provinces(Vec<i32>),
    /// Residency, seen from these rows of the home province.
    Residencies(Vec<i32>, Vec<Residency>),
    /// Speaking one of these.
    Languages(Vec<String>),
    /// Members of one of these on a day.
    Associations(Vec<Uuid>, NaiveDate),
    /// In one of these states.
    Statuses(Vec<String>),
    /// Neither away nor without room for new work on a day.
    Available(NaiveDate),
    /// Changed since.
    UpdatedSince(DateTime<Utc>),
}

/// The conditions of a search; all must hold.
#[derive(Debug, Clone, Default)]
pub struct Filters(Vec<(Option<Facet>, Condition)>);

impl Filters {
    /// Adds a condition; that of a facet is left out when the facet is counted.
    pub fn add(&mut self, facet: Option<Facet>, condition: Condition) {
        self.0.push((facet, condition));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when their text is one of few, so that a connection may keep the statement.
    pub(super) fn is_plain(&self) -> bool {
        let one_scheme = |condition: &Condition| match condition {
            Condition::Fields(codes) | Condition::Groups(codes, _) => codes.len() == 1,
            _ => true,
        };
        self.0.len() <= 1 && self.0.iter().all(|(_, condition)| one_scheme(condition))
    }

    /// All conditions, each after AND, but those of one of `facets`.
    pub(super) fn walk<'b>(&'b self, facets: &[Facet], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let is_meant = |facet: &Option<Facet>| facet.is_none_or(|facet| !facets.contains(&facet));
        for (_, condition) in self.0.iter().filter(|(facet, _)| is_meant(facet)) {
            out.push_sql(" AND ");
            condition.walk(out)?;
        }
        Ok(())
    }

    /// The conditions of one facet; true without any.
    pub(super) fn walk_of<'b>(&'b self, facet: Facet, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("(true");
        for (_, condition) in self.0.iter().filter(|(of, _)| *of == Some(facet)) {
            out.push_sql(" AND ");
            condition.walk(out)?;
        }
        out.push_sql(")");
        Ok(())
    }

    pub(super) fn has(&self, facet: Facet) -> bool {
        self.0.iter().any(|(of, _)| *of == Some(facet))
    }
}

impl Condition {
    fn walk<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Fields(codes) => in_fields(codes, out)?,
            Self::Groups(codes, groups) => {
                out.push_sql("(");
                in_fields(codes, out)?;
                out.push_sql(" OR e.field_groups && ");
                out.push_bind_param::<Array<Text>, _>(groups)?;
                out.push_sql(")");
            }
            Self::Degrees(codes) => any::<Text, _>("e.degree", codes, out)?,
            Self::Ranks(codes) => any::<Text, _>("e.academic_rank", codes, out)?,
            Self::Organisations(ids) => any::<SqlUuid, _>("e.workplace_id", ids, out)?,
            Self::Provinces(ids) => any::<Integer, _>("e.province_id", ids, out)?,
            Self::Statuses(states) => any::<Text, _>("e.status", states, out)?,
            Self::Residencies(home, wanted) => residencies(home, wanted, out)?,
            Self::Languages(codes) => {
                out.push_sql("e.languages && ");
                out.push_bind_param::<Array<Text>, _>(codes)?;
            }
            Self::Associations(ids, day) => {
                out.push_sql("EXISTS (SELECT FROM expert_memberships m WHERE m.expert_id = e.id AND ");
                any::<SqlUuid, _>("m.organisation_id", ids, out)?;
                out.push_sql(" AND (m.valid_from IS NULL OR m.valid_from <= ");
                out.push_bind_param::<Date, _>(day)?;
                out.push_sql(") AND (m.valid_to IS NULL OR m.valid_to >= ");
                out.push_bind_param::<Date, _>(day)?;
                out.push_sql("))");
            }
            Self::Available(day) => {
                out.push_sql(
                    "NOT EXISTS (SELECT FROM expert_availability a WHERE a.expert_id = e.id AND a.valid_from <= ",
                );
                out.push_bind_param::<Date, _>(day)?;
                out.push_sql(" AND (a.valid_to IS NULL OR a.valid_to >= ");
                out.push_bind_param::<Date, _>(day)?;
                out.push_sql("))");
            }
            Self::UpdatedSince(time) => {
                out.push_sql("e.updated_at >= ");
                out.push_bind_param::<Timestamptz, _>(time)?;
            }
        }
        Ok(())
    }
}

fn any<'b, T, V>(column: &'static str, values: &'b Vec<V>, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()>
where
    T: diesel::sql_types::SingleValue,
    Pg: diesel::sql_types::HasSqlType<Array<T>>,
    Vec<V>: diesel::serialize::ToSql<Array<T>, Pg>,
{
    out.push_sql(column);
    out.push_sql(" = ANY(");
    out.push_bind_param::<Array<T>, Vec<V>>(values)?;
    out.push_sql(")");
    Ok(())
}

fn in_fields<'b>(codes: &'b [Codes], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("e.id IN (SELECT f.expert_id FROM expert_fields f WHERE false");
    for (scheme, codes) in codes {
        out.push_sql(" OR (f.scheme = ");
        out.push_bind_param::<Text, _>(scheme)?;
        out.push_sql(" AND ");
        any::<Text, _>("f.code", codes, out)?;
        out.push_sql(")");
    }
    out.push_sql(")");
    Ok(())
}

fn residencies<'b>(home: &'b Vec<i32>, wanted: &[Residency], out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    out.push_sql("(false");
    for residency in wanted {
        match residency {
            Residency::Abroad => out.push_sql(" OR e.country IS NOT NULL"),
            Residency::InProvince => {
                out.push_sql(" OR (e.country IS NULL AND ");
                any::<Integer, _>("e.province_id", home, out)?;
                out.push_sql(")");
            }
            Residency::OutOfProvince => {
                out.push_sql(" OR (e.country IS NULL AND NOT ");
                any::<Integer, _>("e.province_id", home, out)?;
                out.push_sql(")");
            }
        }
    }
    out.push_sql(")");
    Ok(())
}
