//! Groups of fields and the fields they take along.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use super::FieldRow;
use crate::db::Conn;
use crate::db::schema::{field_group_fields, field_groups, science_fields};
use crate::kernel::problem::Answer;

/// A group of fields.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = field_groups)]
#[expect(missing_docs, reason = "columns")]
pub struct GroupRow {
    pub code: String,
    pub scheme: String,
    pub name_vi: String,
    pub name_en: String,
    pub source: Option<String>,
}

/// (scheme, code) of a field.
pub type FieldKey = (String, String);

/// The groups of a list, in the order of codes.
pub async fn groups(conn: &mut Conn, scheme: &str, after: Option<&str>, limit: i64) -> Answer<Vec<GroupRow>> {
    Ok(field_groups::table
        .filter(field_groups::scheme.eq(scheme).and(field_groups::code.gt(after.unwrap_or_default())))
        .order(field_groups::code)
        .limit(limit)
        .select(GroupRow::as_select())
        .load(conn)
        .await?)
}

/// One group.
pub async fn group(conn: &mut Conn, code: &str) -> Answer<GroupRow> {
    Ok(field_groups::table.find(code).select(GroupRow::as_select()).first(conn).await?)
}

/// The fields a group takes along, in the order of codes.
pub async fn fields_of_group(conn: &mut Conn, code: &str) -> Answer<Vec<FieldRow>> {
    let same = science_fields::scheme
        .eq(field_group_fields::scheme)
        .and(science_fields::code.eq(field_group_fields::field_code));
    Ok(field_group_fields::table
        .inner_join(science_fields::table.on(same))
        .filter(field_group_fields::group_code.eq(code))
        .order((science_fields::scheme, science_fields::code))
        .select(FieldRow::as_select())
        .load(conn)
        .await?)
}

/// The groups that take a field along: by its own code or by one above it.
pub async fn groups_of_field(conn: &mut Conn, row: &FieldRow) -> Answer<Vec<GroupRow>> {
    let codes: Vec<&str> = [1, 3, 5, 7].into_iter().filter_map(|length| row.code.get(..length)).collect();
    let taking = field_group_fields::table
        .filter(field_group_fields::scheme.eq(&row.scheme).and(field_group_fields::field_code.eq_any(codes)))
        .select(field_group_fields::group_code);
    Ok(field_groups::table
        .filter(field_groups::code.eq_any(taking))
        .order(field_groups::code)
        .select(GroupRow::as_select())
        .load(conn)
        .await?)
}

/// All groups, each with its fields in the order of codes.
pub async fn all_groups(conn: &mut Conn) -> Answer<Vec<(GroupRow, Vec<FieldKey>)>> {
    let groups: Vec<GroupRow> = field_groups::table.select(GroupRow::as_select()).load(conn).await?;
    let order = (field_group_fields::scheme, field_group_fields::field_code);
    let rows: Vec<(String, String, String)> = field_group_fields::table
        .select((field_group_fields::group_code, field_group_fields::scheme, field_group_fields::field_code))
        .order(order)
        .load(conn)
        .await?;
    let fields = |group: &GroupRow| {
        let own = rows.iter().filter(|(code, _, _)| *code == group.code);
        own.map(|(_, scheme, code)| (scheme.clone(), code.clone())).collect()
    };
    Ok(groups.into_iter().map(|group| (fields(&group), group)).map(|(fields, group)| (group, fields)).collect())
}

/// Inserts or replaces groups with their fields.
pub async fn put_groups(tx: &mut Conn, groups: &[(GroupRow, Vec<FieldKey>)]) -> Answer<()> {
    let rows: Vec<&GroupRow> = groups.iter().map(|(row, _)| row).collect();
    diesel::insert_into(field_groups::table)
        .values(rows)
        .on_conflict(field_groups::code)
        .do_update()
        .set((
            field_groups::scheme.eq(excluded(field_groups::scheme)),
            field_groups::name_vi.eq(excluded(field_groups::name_vi)),
            field_groups::name_en.eq(excluded(field_groups::name_en)),
            field_groups::source.eq(excluded(field_groups::source)),
        ))
        .execute(tx)
        .await?;
    let codes = groups.iter().map(|(row, _)| &row.code);
    let old = field_group_fields::table.filter(field_group_fields::group_code.eq_any(codes));
    diesel::delete(old).execute(tx).await?;
    let fields: Vec<_> = groups
        .iter()
        .flat_map(|(row, fields)| fields.iter().map(|(scheme, code)| (&row.code, scheme, code)))
        .map(|(group, scheme, code)| {
            (
                field_group_fields::group_code.eq(group),
                field_group_fields::scheme.eq(scheme),
                field_group_fields::field_code.eq(code),
            )
        })
        .collect();
    diesel::insert_into(field_group_fields::table).values(fields).execute(tx).await?;
    Ok(())
}
