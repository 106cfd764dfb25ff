//! Groups of fields and the fields they take along.

use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use serde::Deserialize;

use super::FieldRow;
use crate::db::Conn;
use crate::db::schema::{field_group_fields, field_groups, science_fields};
use crate::kernel::problem::Answer;

/// (scheme, code) of a field.
pub type FieldKey = (String, String);

/// A group of fields ("nhóm ngành, lĩnh vực") with the fields it takes along.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[expect(missing_docs, reason = "columns")]
pub struct GroupRow {
    pub code: String,
    pub scheme: String,
    pub name_vi: String,
    pub name_en: String,
    pub source: Option<String>,
    /// Each takes its descendants along; in the order of schemes and codes.
    pub fields: Vec<FieldKey>,
}

impl GroupRow {
    /// True when a field is one of the group's, or lies below one.
    pub fn takes(&self, scheme: &str, code: &str) -> bool {
        self.fields.iter().any(|(of, above)| of == scheme && code.starts_with(above.as_str()))
    }
}

/// All groups of all schemes, by code: some dozens.
pub async fn groups(conn: &mut Conn) -> Answer<Vec<GroupRow>> {
    use field_group_fields as members;
    use field_groups as table;
    type Row = (String, String, String, String, Option<String>);
    let rows: Vec<Row> = table::table
        .order(table::code)
        .select((table::code, table::scheme, table::name_vi, table::name_en, table::source))
        .load(conn)
        .await?;
    let fields: Vec<(String, String, String)> = members::table
        .order((members::group_code, members::scheme, members::field_code))
        .select((members::group_code, members::scheme, members::field_code))
        .load(conn)
        .await?;
    let row = |(code, scheme, name_vi, name_en, source): Row| {
        let own = fields.iter().filter(|(group, _, _)| *group == code);
        let fields = own.map(|(_, scheme, field)| (scheme.clone(), field.clone())).collect();
        GroupRow { code, scheme, name_vi, name_en, source, fields }
    };
    Ok(rows.into_iter().map(row).collect())
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

/// Inserts or replaces groups with their fields.
pub async fn put_groups(tx: &mut Conn, groups: &[GroupRow]) -> Answer<()> {
    let rows: Vec<_> = groups
        .iter()
        .map(|group| {
            (
                field_groups::code.eq(&group.code),
                field_groups::scheme.eq(&group.scheme),
                field_groups::name_vi.eq(&group.name_vi),
                field_groups::name_en.eq(&group.name_en),
                field_groups::source.eq(&group.source),
            )
        })
        .collect();
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
    let codes = groups.iter().map(|group| &group.code);
    let old = field_group_fields::table.filter(field_group_fields::group_code.eq_any(codes));
    diesel::delete(old).execute(tx).await?;
    let fields: Vec<_> = groups
        .iter()
        .flat_map(|group| group.fields.iter().map(move |(scheme, code)| (&group.code, scheme, code)))
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
