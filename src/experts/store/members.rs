//! Memberships from the association's side: the rows of the experts' records.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Binary, Date, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::counts::Audience;
use crate::access::permit::Scope;
use crate::db::Conn;
use crate::db::schema::expert_memberships as table;
use crate::experts::model::Membership;
use crate::kernel::problem::Answer;

/// A member of an association.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "columns")]
pub struct MemberRow {
    pub expert_id: Uuid,
    pub ordinal: i16,
    pub code: String,
    pub full_name: String,
    pub name_sort: Vec<u8>,
    pub position: Option<String>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// How a row continues the list of members.
pub type AfterMember = (Vec<u8>, Uuid, i16);

/// Members of an association, of those a caller may know of, in the order of names.
pub struct MemberSql {
    audience: Audience,
    organisation: Uuid,
    expert: Option<Uuid>,
    on: Option<NaiveDate>,
    after: Option<AfterMember>,
    limit: i64,
}

impl MemberSql {
    /// On a day, or of all times; after a row, so many.
    pub fn new(
        scope: &Scope,
        organisation: Uuid,
        on: Option<NaiveDate>,
        after: Option<AfterMember>,
        limit: i64,
    ) -> Self {
        Self { audience: Audience::of(scope), organisation, expert: None, on, after, limit }
    }

    /// Only the memberships of this expert.
    pub fn of(self, expert: Uuid) -> Self {
        Self { expert: Some(expert), ..self }
    }
}

impl QueryFragment<Pg> for MemberSql {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "SELECT m.expert_id, m.ordinal, e.code, e.full_name, e.name_sort, m.position, m.valid_from, m.valid_to \
             FROM expert_memberships m JOIN experts e ON e.id = m.expert_id WHERE m.organisation_id = ",
        );
        out.push_bind_param::<SqlUuid, _>(&self.organisation)?;
        out.push_sql(" AND ");
        self.audience.condition(&mut out)?;
        if let Some(expert) = &self.expert {
            out.push_sql(" AND m.expert_id = ");
            out.push_bind_param::<SqlUuid, _>(expert)?;
        }
        if let Some(day) = &self.on {
            out.push_sql(" AND (m.valid_from IS NULL OR m.valid_from <= ");
            out.push_bind_param::<Date, _>(day)?;
            out.push_sql(") AND (m.valid_to IS NULL OR m.valid_to >= ");
            out.push_bind_param::<Date, _>(day)?;
            out.push_sql(")");
        }
        if let Some((name, id, ordinal)) = &self.after {
            out.push_sql(" AND (e.name_sort, m.expert_id, m.ordinal) > (");
            out.push_bind_param::<Binary, _>(name)?;
            out.push_sql(", ");
            out.push_bind_param::<SqlUuid, _>(id)?;
            out.push_sql(", ");
            out.push_bind_param::<SmallInt, _>(ordinal)?;
            out.push_sql(")");
        }
        out.push_sql(" ORDER BY e.name_sort, m.expert_id, m.ordinal LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        Ok(())
    }
}

impl QueryId for MemberSql {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for MemberSql {
    type SqlType = (SqlUuid, SmallInt, Text, Text, Binary, Nullable<Text>, Nullable<Date>, Nullable<Date>);
}

/// Runs it.
pub async fn members(conn: &mut Conn, sql: MemberSql) -> Answer<Vec<MemberRow>> {
    Ok(sql.load(conn).await?)
}

/// Replaces the memberships of an expert.
pub async fn put_memberships(tx: &mut Conn, id: Uuid, memberships: &[Membership]) -> Answer<()> {
    diesel::delete(table::table.filter(table::expert_id.eq(id))).execute(tx).await?;
    let rows: Vec<_> = memberships
        .iter()
        .zip(0_i16..)
        .map(|(membership, at)| {
            (
                table::expert_id.eq(id),
                table::ordinal.eq(at),
                table::organisation_id.eq(membership.organisation_id),
                table::position.eq(&membership.position),
                table::valid_from.eq(membership.from),
                table::valid_to.eq(membership.to),
            )
        })
        .collect();
    diesel::insert_into(table::table).values(rows).execute(tx).await?;
    Ok(())
}
