//! `GET /fields`, `GET /fields/{key}`.

use std::collections::HashMap;

use actix_web::{HttpRequest, get};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::DEFAULT_SCHEME;
use super::policy::ReadFields;
use super::store::{self, FieldRow};
use super::view::{Field, FieldDetail, FieldName, GroupName};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::experts::counts;
use crate::experts::policy::SearchExperts;
use crate::http::params::Params;
use crate::http::path::Key;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_page};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::words::words;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_fields).service(read_field);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FieldQuery {
    /// The scheme; `BKHCN-2008` by default.
    #[param(example = "BKHCN-2008")]
    scheme: Option<String>,
    /// Only the fields right under this code.
    #[param(example = "404")]
    parent: Option<String>,
    /// Only this level; `BKHCN-2008` has 1 to 3.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 4)]
    level: Option<Level>,
    /// Beginnings of words of the Vietnamese or English name, with or without accents.
    #[param(example = "lam nghiep")]
    q: Option<String>,
    /// Each field with those under it as `children`, from the broadest or from those right under `parent`. Not with `level`
    /// or `q`.
    tree: bool,
    /// Levels of the tree, 1 to 4; all by default.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 4)]
    depth: Option<Level>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A level of a scheme: 1 to 4.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
pub struct Level(pub(crate) i16);

impl Level {
    /// The last one a scheme may have.
    const LAST: i16 = 4;
}

impl TryFrom<u16> for Level {
    type Error = &'static str;

    fn try_from(n: u16) -> Result<Self, Self::Error> {
        i16::try_from(n).ok().filter(|n| (1..=4).contains(n)).map(Self).ok_or("expected a number from 1 to 4")
    }
}

/// What a shared cache may keep: the counts of the public are for everybody.
pub(super) fn cache(scope: &Scope) -> &'static str {
    if scope.reach == Reach::Public { "public" } else { "private" }
}

fn not_together(pointer: &str) -> Problem {
    Problem::new(Code::InvalidQuery).and_field(
        pointer,
        "not_together",
        say!(
            "`tree` không đi cùng `level` và `q`; `depth` chỉ dùng với `tree=true`.",
            "`tree` does not go with `level` and `q`; `depth` is for `tree=true` only.",
        ),
    )
}

impl FieldQuery {
    fn check(&self) -> Answer<()> {
        let faults = [
            ("/level", self.tree && self.level.is_some()),
            ("/q", self.tree && self.q.is_some()),
            ("/depth", !self.tree && self.depth.is_some()),
        ];
        faults.into_iter().find(|(_, broken)| *broken).map_or(Ok(()), |(pointer, _)| Err(not_together(pointer)))
    }
}

/// List fields
///
/// In the order of codes, so that children follow their parent, or as a tree. Each with the number of experts you may see in
/// it and below it.
#[utoipa::path(
    tag = "reference",
    params(FieldQuery),
    security((), ("session" = ["fields.read"])),
    responses((status = 200, description = "A page of fields", body = Page<Field>)),
)]
#[get("/fields")]
async fn list_fields(permit: Permit<ReadFields>, query: Params<FieldQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    query.check()?;
    let scope = permit.scope_under::<SearchExperts>();
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let scheme = query.scheme.as_deref().unwrap_or(DEFAULT_SCHEME);
    let roots = query.tree && query.parent.is_none();
    let filter = store::Filter {
        after: cursors.open(query.cursor.as_deref())?,
        scheme: scheme.to_owned(),
        parent: query.parent.clone(),
        level: if roots { Some(1) } else { query.level.map(|level| level.0) },
        words: words(query.q.as_deref())?,
    };
    let mut conn = permit.read().await?;
    let rows = store::list(&mut conn, filter, query.limit.probe()).await?;
    let people = counts::by_field(&mut conn, &scope, scheme, query.parent.as_deref()).await?;
    let all = if query.tree { store::of_scheme(&mut conn, scheme).await? } else { Vec::new() };
    drop(conn);
    let mut under: HashMap<&str, Vec<&FieldRow>> = HashMap::new();
    for row in &all {
        under.entry(row.parent_code.as_deref().unwrap_or_default()).or_default().push(row);
    }
    let depth = if query.tree { query.depth.map_or(Level::LAST, |depth| depth.0) } else { 1 };
    let view = |row| Field::tree(row, depth, &under, &people);
    fresh_page(&req, cache(&scope), &cursors.page(rows, query.limit, |row| row.code.clone(), view)?)
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SchemeQuery {
    /// The scheme; `BKHCN-2008` by default.
    #[param(example = "BKHCN-2008")]
    scheme: Option<String>,
}

/// Read a field
///
/// With the fields above it and right under it, the groups that take it along, and the number of experts you may see.
#[utoipa::path(
    tag = "reference",
    params(("key" = String, Path, description = "Its code", example = "404"), SchemeQuery),
    security((), ("session" = ["fields.read"])),
    responses((status = 200, description = "The field and what stands around it", body = FieldDetail)),
)]
#[get("/fields/{key}")]
async fn read_field(permit: Permit<ReadFields>, key: Key, query: Params<SchemeQuery>, req: HttpRequest) -> Answer {
    let scheme = query.0.scheme.as_deref().unwrap_or(DEFAULT_SCHEME);
    let scope = permit.scope_under::<SearchExperts>();
    let mut conn = permit.read().await?;
    let row = store::field(&mut conn, scheme, &key.0).await?;
    let above = store::above(&mut conn, &row).await?;
    let children = store::children(&mut conn, &row).await?;
    let mut groups = store::groups(&mut conn).await?;
    groups.retain(|group| group.takes(&row.scheme, &row.code));
    let people = counts::by_field(&mut conn, &scope, scheme, Some(&row.code)).await?;
    drop(conn);
    let children = children.into_iter().map(|child| Field::new(child, &people)).collect();
    let detail = FieldDetail {
        field: Field { children: Some(children), ..Field::new(row, &people) },
        path: above.into_iter().map(FieldName::from).collect(),
        groups: groups.into_iter().map(GroupName::from).collect(),
    };
    fresh(&req, None, cache(&scope), &detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_1_to_4() {
        let good: Vec<u16> = (0..=u16::MAX).filter(|n| Level::try_from(*n).is_ok()).collect();
        assert_eq!(good, [1, 2, 3, 4]);
    }
}
