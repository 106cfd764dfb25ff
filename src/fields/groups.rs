//! `GET /field-groups`, `GET /field-groups/{key}`.

use std::collections::{BTreeSet, HashMap};

use actix_web::{HttpRequest, get};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::UNION_GROUPS;
use super::policy::ReadFields;
use super::routes::cache;
use super::store::{self, FieldRow, GroupRow};
use super::view::{Field, Group, GroupDetail, GroupName};
use crate::access::permit::{Permit, Scope};
use crate::db::Conn;
use crate::experts::counts;
use crate::experts::policy::SearchExperts;
use crate::http::params::{Nothing, Params};
use crate::http::path::Key;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_page};
use crate::kernel::problem::{Answer, Code, Problem};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_field_groups).service(read_field_group);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GroupQuery {
    /// The list of groups; the Union's own by default.
    #[param(example = "nhom_nganh_linh_vuc")]
    scheme: Option<String>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List groups of fields
///
/// "Nhóm ngành, lĩnh vực", in the order of codes, with the number of experts you may see in each.
#[utoipa::path(
    tag = "reference",
    params(GroupQuery),
    security((), ("session" = ["fields.read"])),
    responses((status = 200, description = "A page of groups", body = Page<Group>)),
)]
#[get("/field-groups")]
async fn list_field_groups(permit: Permit<ReadFields>, query: Params<GroupQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let scope = permit.scope_under::<SearchExperts>();
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let after: String = cursors.open(query.cursor.as_deref())?.unwrap_or_default();
    let scheme = query.scheme.as_deref().unwrap_or(UNION_GROUPS);
    let mut conn = permit.read().await?;
    let mut rows = store::groups(&mut conn).await?;
    rows.retain(|row| row.scheme == scheme && row.code > after);
    rows.truncate(query.limit.rows() + 1);
    let people = people(&mut conn, &scope, &rows).await?;
    drop(conn);
    let page = cursors.page(rows, query.limit, |row| row.code.clone(), |row| group(row, &people))?;
    fresh_page(&req, cache(&scope), &page)
}

async fn people(conn: &mut Conn, scope: &Scope, rows: &[GroupRow]) -> Answer<HashMap<String, i64>> {
    let codes: Vec<&str> = rows.iter().map(|row| row.code.as_str()).collect();
    counts::by_group(conn, scope, &codes).await
}

fn group(row: GroupRow, people: &HashMap<String, i64>) -> Group {
    let experts = people.get(&row.code).copied().unwrap_or_default();
    Group { name: GroupName::from(row), experts }
}

/// Read a group of fields
///
/// With the fields it takes along and the number of experts you may see in each.
#[utoipa::path(
    tag = "reference",
    params(("key" = String, Path, description = "Its code", example = "NH-01")),
    security((), ("session" = ["fields.read"])),
    responses((status = 200, description = "The group and its fields", body = GroupDetail)),
)]
#[get("/field-groups/{key}")]
async fn read_field_group(permit: Permit<ReadFields>, key: Key, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let scope = permit.scope_under::<SearchExperts>();
    let mut conn = permit.read().await?;
    let row = store::groups(&mut conn).await?.into_iter().find(|row| row.code == key.0);
    let row = row.ok_or(Problem::new(Code::NotFound))?;
    let fields = store::fields_of_group(&mut conn, &row.code).await?;
    let people_of_group = people(&mut conn, &scope, std::slice::from_ref(&row)).await?;
    let mut views = Vec::with_capacity(fields.len());
    let schemes: BTreeSet<String> = fields.iter().map(|field| field.scheme.clone()).collect();
    for scheme in &schemes {
        let people = counts::by_field(&mut conn, &scope, scheme, None).await?;
        let of_scheme = fields.iter().filter(|field| field.scheme == *scheme);
        views.extend(of_scheme.map(|field: &FieldRow| Field::new(field.clone(), &people)));
    }
    drop(conn);
    fresh(&req, None, cache(&scope), &GroupDetail { group: group(row, &people_of_group), fields: views })
}
