//! `GET /fields`.

use actix_web::{HttpRequest, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::DEFAULT_SCHEME;
use super::policy::ReadFields;
use super::store::{self, FieldRow};
use crate::access::permit::Permit;
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::Answer;
use crate::kernel::words::words;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_fields);
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
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A level of a scheme: 1 to 4.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u16")]
struct Level(i16);

impl TryFrom<u16> for Level {
    type Error = &'static str;

    fn try_from(n: u16) -> Result<Self, Self::Error> {
        i16::try_from(n).ok().filter(|n| (1..=4).contains(n)).map(Self).ok_or("expected a number from 1 to 4")
    }
}

/// A field of science and technology.
#[derive(Debug, Serialize, ToSchema)]
struct Field {
    /// The scheme and its version.
    #[schema(example = "BKHCN-2008")]
    scheme: String,
    /// Its code; the code of a field begins with its parent's.
    #[schema(example = "404")]
    code: String,
    /// The code one level up.
    #[schema(example = "4")]
    parent_code: Option<String>,
    /// 1 (one digit) to 3 (five digits).
    #[schema(example = 2)]
    level: i16,
    /// In Vietnamese.
    #[schema(example = "Lâm nghiệp")]
    name_vi: String,
    /// In English.
    #[schema(example = "Forestry")]
    name_en: String,
}

impl From<FieldRow> for Field {
    fn from(row: FieldRow) -> Self {
        Self {
            scheme: row.scheme,
            code: row.code,
            parent_code: row.parent_code,
            level: row.level,
            name_vi: row.name_vi,
            name_en: row.name_en,
        }
    }
}

/// List fields
///
/// In the order of codes, so that children follow their parent.
#[utoipa::path(
    tag = "reference",
    params(FieldQuery),
    security((), ("session" = ["fields.read"])),
    responses((status = 200, description = "A page of fields", body = Page<Field>)),
)]
#[get("/fields")]
async fn list_fields(permit: Permit<ReadFields>, query: Params<FieldQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, "");
    let filter = store::Filter {
        after: cursors.open(query.cursor.as_deref())?,
        scheme: query.scheme.clone().unwrap_or_else(|| DEFAULT_SCHEME.to_owned()),
        parent: query.parent.clone(),
        level: query.level.map(|level| level.0),
        words: words(query.q.as_deref())?,
    };
    let rows = store::list(&mut permit.read().await?, filter, query.limit.probe()).await?;
    fresh_page(&req, "public", &cursors.page(rows, query.limit, |row| row.code.clone(), Field::from)?)
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
