//! All SQL of fields and their groups.

mod groups;

pub use groups::{GroupRow, fields_of_group, groups, put_groups};

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use serde::Deserialize;

use crate::db::Conn;
use crate::db::schema::science_fields;
use crate::kernel::problem::Answer;

/// A field of science and technology.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Deserialize)]
#[diesel(table_name = science_fields)]
#[expect(missing_docs, reason = "columns")]
pub struct FieldRow {
    pub scheme: String,
    pub code: String,
    pub parent_code: Option<String>,
    pub level: i16,
    pub name_vi: String,
    pub name_en: String,
    pub search_key: String,
}

/// All fields of all schemes.
pub async fn all(conn: &mut Conn) -> Answer<Vec<FieldRow>> {
    let order = (science_fields::scheme, science_fields::code);
    Ok(science_fields::table.select(FieldRow::as_select()).order(order).load(conn).await?)
}

/// The fields of a scheme, in the order of codes.
pub async fn of_scheme(conn: &mut Conn, scheme: &str) -> Answer<Vec<FieldRow>> {
    let rows = science_fields::table.filter(science_fields::scheme.eq(scheme)).order(science_fields::code);
    Ok(rows.select(FieldRow::as_select()).load(conn).await?)
}

/// One field.
pub async fn field(conn: &mut Conn, scheme: &str, code: &str) -> Answer<FieldRow> {
    Ok(science_fields::table.find((scheme, code)).select(FieldRow::as_select()).first(conn).await?)
}

/// The fields above one, the broadest first.
pub async fn above(conn: &mut Conn, row: &FieldRow) -> Answer<Vec<FieldRow>> {
    let mut rows = with_ancestors(conn, &[&row.code]).await?;
    rows.retain(|other| other.scheme == row.scheme && other.level < row.level);
    rows.sort_by_key(|other| other.level);
    Ok(rows)
}

/// The fields right under one, in the order of codes.
pub async fn children(conn: &mut Conn, row: &FieldRow) -> Answer<Vec<FieldRow>> {
    let under = science_fields::scheme.eq(&row.scheme).and(science_fields::parent_code.eq(&row.code));
    let rows = science_fields::table.filter(under).order(science_fields::code);
    Ok(rows.select(FieldRow::as_select()).load(conn).await?)
}

/// The fields with these codes, of any scheme, and those above them (whose codes they begin with).
pub async fn with_ancestors(conn: &mut Conn, codes: &[&str]) -> Answer<Vec<FieldRow>> {
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let mut wanted: Vec<&str> =
        codes.iter().flat_map(|code| [1, 3, 5, 7].map(|length| code.get(..length))).flatten().collect();
    wanted.extend(codes);
    wanted.sort_unstable();
    wanted.dedup();
    let rows = science_fields::table.filter(science_fields::code.eq_any(wanted));
    Ok(rows.select(FieldRow::as_select()).load(conn).await?)
}

/// Inserts or replaces fields.
pub async fn put(tx: &mut Conn, rows: &[FieldRow]) -> Answer<()> {
    diesel::insert_into(science_fields::table)
        .values(rows)
        .on_conflict((science_fields::scheme, science_fields::code))
        .do_update()
        .set((
            science_fields::parent_code.eq(excluded(science_fields::parent_code)),
            science_fields::level.eq(excluded(science_fields::level)),
            science_fields::name_vi.eq(excluded(science_fields::name_vi)),
            science_fields::name_en.eq(excluded(science_fields::name_en)),
            science_fields::search_key.eq(excluded(science_fields::search_key)),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// What fields are listed by.
#[derive(Debug, Default)]
#[expect(missing_docs, reason = "named as the query parameters")]
pub struct Filter {
    pub scheme: String,
    pub parent: Option<String>,
    pub level: Option<i16>,
    /// Folded words, each of which must begin a word of the names.
    pub words: Vec<String>,
    pub after: Option<String>,
}

/// In the order of codes.
pub async fn list(conn: &mut Conn, filter: Filter, limit: i64) -> Answer<Vec<FieldRow>> {
    let mut query = science_fields::table
        .filter(science_fields::scheme.eq(filter.scheme))
        .select(FieldRow::as_select())
        .order(science_fields::code)
        .limit(limit)
        .into_boxed();
    if let Some(parent) = filter.parent {
        query = query.filter(science_fields::parent_code.eq(parent));
    }
    if let Some(level) = filter.level {
        query = query.filter(science_fields::level.eq(level));
    }
    for word in filter.words {
        query = query.filter(science_fields::search_key.like(format!("% {word}%")));
    }
    if let Some(after) = filter.after {
        query = query.filter(science_fields::code.gt(after));
    }
    Ok(query.load(conn).await?)
}
