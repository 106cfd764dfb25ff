//! All SQL of fields.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use serde::Deserialize;

use crate::db::Conn;
use crate::db::schema::{field_group_fields, field_groups, science_fields};
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

/// A group of fields ("nhóm ngành, lĩnh vực") with the fields it takes along.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct GroupRow {
    pub code: String,
    pub scheme: String,
    pub name_vi: String,
    pub name_en: String,
    /// Scheme and code; each takes its descendants along.
    pub fields: Vec<(String, String)>,
}

/// All groups of all schemes, by code.
pub async fn groups(conn: &mut Conn) -> Answer<Vec<GroupRow>> {
    use field_group_fields as members;
    let rows: Vec<(String, String, String, String)> = field_groups::table
        .order(field_groups::code)
        .select((field_groups::code, field_groups::scheme, field_groups::name_vi, field_groups::name_en))
        .load(conn)
        .await?;
    let fields: Vec<(String, String, String)> = members::table
        .order((members::group_code, members::scheme, members::field_code))
        .select((members::group_code, members::scheme, members::field_code))
        .load(conn)
        .await?;
    let mut groups: Vec<GroupRow> = rows
        .into_iter()
        .map(|(code, scheme, name_vi, name_en)| GroupRow { code, scheme, name_vi, name_en, fields: Vec::new() })
        .collect();
    for (group, scheme, code) in fields {
        let found = groups.iter_mut().find(|row| row.code == group);
        found.into_iter().for_each(|row| row.fields.push((scheme.clone(), code.clone())));
    }
    Ok(groups)
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
