//! Fields and groups as callers see them: the counts are those of the experts the caller may know of.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::store::{FieldRow, GroupRow};

/// A field of science and technology.
#[derive(Debug, Serialize, ToSchema)]
pub struct Field {
    /// The scheme and its version.
    #[schema(example = "BKHCN-2008")]
    pub scheme: String,
    /// Its code; the code of a field begins with its parent's.
    #[schema(example = "404")]
    pub code: String,
    /// The code one level up.
    #[schema(example = "4")]
    pub parent_code: Option<String>,
    /// 1 (one digit) to 3 (five digits).
    #[schema(example = 2)]
    pub level: i16,
    /// In Vietnamese.
    #[schema(example = "Lâm nghiệp")]
    pub name_vi: String,
    /// In English.
    #[schema(example = "Forestry")]
    pub name_en: String,
    /// Experts you may see in this field or one below it, each once: as many as `GET /experts?field=` finds.
    #[schema(example = 12)]
    pub experts: i64,
    /// With `tree=true`: the fields right under it; absent at the depth asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub children: Option<Vec<Field>>,
}

impl Field {
    /// Builds it, without children.
    pub fn new(row: FieldRow, people: &HashMap<String, i64>) -> Self {
        Self {
            experts: people.get(&row.code).copied().unwrap_or_default(),
            scheme: row.scheme,
            code: row.code,
            parent_code: row.parent_code,
            level: row.level,
            name_vi: row.name_vi,
            name_en: row.name_en,
            children: None,
        }
    }

    /// A field with what lies under it, `depth` levels in all. `rows` are those of its scheme by parent, in their order.
    pub fn tree(
        row: FieldRow,
        depth: i16,
        rows: &HashMap<&str, Vec<&FieldRow>>,
        people: &HashMap<String, i64>,
    ) -> Self {
        let under = rows.get(row.code.as_str()).map(Vec::as_slice).unwrap_or_default();
        let children = (depth > 1).then(|| {
            let child = |&child: &&FieldRow| Self::tree(child.clone(), depth - 1, rows, people);
            under.iter().map(child).collect()
        });
        Self { children, ..Self::new(row, people) }
    }
}

/// A field by code and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldName {
    /// The code.
    #[schema(example = "4")]
    code: String,
    /// In Vietnamese.
    #[schema(example = "Khoa học nông nghiệp")]
    name_vi: String,
    /// In English.
    #[schema(example = "Agricultural sciences")]
    name_en: String,
}

impl From<FieldRow> for FieldName {
    fn from(row: FieldRow) -> Self {
        Self { code: row.code, name_vi: row.name_vi, name_en: row.name_en }
    }
}

/// A group by code and name.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupName {
    /// The code.
    #[schema(example = "NH-01")]
    code: String,
    /// The list of groups it belongs to.
    #[schema(example = "nhom_nganh_linh_vuc")]
    scheme: String,
    /// In Vietnamese.
    #[schema(example = "Nông nghiệp, lâm nghiệp, thủy sản")]
    name_vi: String,
    /// In English.
    #[schema(example = "Agriculture, forestry, fisheries")]
    name_en: String,
}

impl From<GroupRow> for GroupName {
    fn from(row: GroupRow) -> Self {
        Self { code: row.code, scheme: row.scheme, name_vi: row.name_vi, name_en: row.name_en }
    }
}

/// A field with what stands around it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldDetail {
    /// The field; its children are those right under it.
    #[serde(flatten)]
    pub field: Field,
    /// The fields above it, the broadest first.
    pub path: Vec<FieldName>,
    /// The groups that take it along.
    pub groups: Vec<GroupName>,
}

/// A group of fields ("nhóm ngành, lĩnh vực").
#[derive(Debug, Serialize, ToSchema)]
pub struct Group {
    /// Its name.
    #[serde(flatten)]
    pub name: GroupName,
    /// Experts you may see in it, each once: who stands in one of its fields or below it, or chose the group.
    #[schema(example = 42)]
    pub experts: i64,
}

/// A group with its fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct GroupDetail {
    /// The group.
    #[serde(flatten)]
    pub group: Group,
    /// The fields it takes along, each with what lies below it.
    pub fields: Vec<Field>,
}
