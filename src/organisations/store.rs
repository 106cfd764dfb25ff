//! All SQL of organisations.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::schema::organisations;
use crate::kernel::clock::now;
use crate::kernel::problem::Answer;

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = organisations)]
#[expect(missing_docs, reason = "columns")]
pub struct OrganisationRow {
    pub id: Uuid,
    pub code: String,
    pub kind: String,
    pub name: String,
    pub name_en: Option<String>,
    pub short_name: Option<String>,
    pub search_key: String,
    pub valid_from: Option<NaiveDate>,
    pub valid_to: Option<NaiveDate>,
    pub succeeded_by: Option<Uuid>,
    pub source: String,
}

/// All organisations.
pub async fn all(conn: &mut Conn) -> Answer<Vec<OrganisationRow>> {
    Ok(organisations::table.select(OrganisationRow::as_select()).order(organisations::code).load(conn).await?)
}

/// The ids of all, past ones too.
pub async fn ids(conn: &mut Conn) -> Answer<Vec<Uuid>> {
    Ok(organisations::table.select(organisations::id).load(conn).await?)
}

/// One by id.
pub async fn find(conn: &mut Conn, id: Uuid) -> Answer<OrganisationRow> {
    Ok(organisations::table.find(id).select(OrganisationRow::as_select()).first(conn).await?)
}

/// Inserts or replaces organisations by code.
pub async fn put(tx: &mut Conn, rows: &[OrganisationRow]) -> Answer<()> {
    diesel::insert_into(organisations::table)
        .values(rows)
        .on_conflict(organisations::code)
        .do_update()
        .set((
            organisations::kind.eq(excluded(organisations::kind)),
            organisations::name.eq(excluded(organisations::name)),
            organisations::name_en.eq(excluded(organisations::name_en)),
            organisations::short_name.eq(excluded(organisations::short_name)),
            organisations::search_key.eq(excluded(organisations::search_key)),
            organisations::valid_from.eq(excluded(organisations::valid_from)),
            organisations::valid_to.eq(excluded(organisations::valid_to)),
            organisations::succeeded_by.eq(excluded(organisations::succeeded_by)),
            organisations::source.eq(excluded(organisations::source)),
            organisations::updated_at.eq(now()),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// What organisations are listed by.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "named as the query parameters")]
pub struct Filter {
    pub kind: Option<String>,
    /// Folded words, each of which must begin a word of the names.
    pub words: Vec<String>,
    /// Only those that exist on this date.
    pub as_of: NaiveDate,
    pub after: Option<(String, Uuid)>,
}

/// In the order of folded names.
pub async fn list(conn: &mut Conn, filter: Filter, limit: i64) -> Answer<Vec<OrganisationRow>> {
    use organisations::{id, kind, search_key, valid_from, valid_to};
    let living = valid_from
        .is_null()
        .or(valid_from.le(filter.as_of))
        .assume_not_null()
        .and(valid_to.is_null().or(valid_to.ge(filter.as_of)).assume_not_null());
    let mut query = organisations::table
        .filter(living)
        .select(OrganisationRow::as_select())
        .order((search_key, id))
        .limit(limit)
        .into_boxed();
    if let Some(wanted) = filter.kind {
        query = query.filter(kind.eq(wanted));
    }
    for word in filter.words {
        query = query.filter(search_key.like(format!("% {word}%")));
    }
    if let Some((key, last)) = filter.after {
        query = query.filter(search_key.gt(key.clone()).or(search_key.eq(key).and(id.gt(last))));
    }
    Ok(query.load(conn).await?)
}
