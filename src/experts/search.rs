//! `GET /experts`: finds experts in spite of missing accents, and says why.

use actix_web::{HttpRequest, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::policy::SearchExperts;
use super::reasons::reasons;
use super::store::{self, Hit, Order, SearchSql, SeekKey};
use super::view::{ExpertCard, ExpertHit};
use super::vocabulary::Vocabulary;
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::fields::{DEFAULT_SCHEME, store as field_store};
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::{Answer, Code, Problem, Say};
use crate::kernel::words::accented_words;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(search_experts);
}

/// How a list of experts is ordered.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    /// Best hits first; the default with `q`.
    Relevance,
    /// Given name, then family and middle names, in Vietnamese order; the default without `q`.
    Name,
    /// Latest change first.
    UpdatedAt,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExpertQuery {
    /// Words in any order, over names, specialties, fields, workplace and position; with or without accents. All must be
    /// found, each at the start of a word. Accents that are typed put exact spellings first.
    #[param(example = "lam nghiep", max_length = 200)]
    q: Option<String>,
    /// Code of a field, its descendants included; repeat it for one field or another. A scheme may stand before it:
    /// `BKHCN-2008:404`.
    #[param(example = json!(["404"]))]
    field: Vec<String>,
    /// Order; `relevance` with `q`, else `name`. `updated_at` is for the Union and the auditor.
    #[param(inline)]
    sort: Option<Sort>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Find experts
///
/// Who has not agreed to be shown to your audience does not exist for you, in results, counts or errors alike.
#[utoipa::path(
    tag = "experts",
    params(ExpertQuery),
    security((), ("session" = ["experts.search"])),
    responses((status = 200, description = "A page of experts, with the reason for each", body = Page<ExpertHit>)),
)]
#[get("/experts")]
async fn search_experts(permit: Permit<SearchExperts>, query: Params<ExpertQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    if matches!(query.sort, Some(Sort::UpdatedAt)) && permit.scope().reach != Reach::All {
        // when a record changed is the bank's own data: who may not see it may not ask for it either
        return Err(Problem::new(Code::InvalidQuery).and_field(
            "/sort",
            "not_allowed",
            say!("Chỉ Liên hiệp hội sắp xếp theo ngày cập nhật.", "Only the Union sorts by the time of change."),
        ));
    }
    let words = accented_words(query.q.as_deref().unwrap_or_default())?;
    let order = match query.sort {
        Some(Sort::Name) => Order::Name,
        Some(Sort::UpdatedAt) => Order::UpdatedAt,
        Some(Sort::Relevance) => Order::Relevance,
        None if words.is_empty() => Order::Name,
        None => Order::Relevance,
    };
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let after: Option<SeekKey> = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let fields = fields(&mut conn, &query.field).await?;
    let sql = SearchSql::new(permit.scope(), order, after, query.limit.probe()).words(&words).fields(&fields);
    let hits = store::search(&mut conn, sql).await?;
    let ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
    let mut rows = store::by_ids(&mut conn, permit.scope(), &ids).await?;
    let mut expert_fields = store::fields(&mut conn, &ids).await?;
    let vocabulary = Vocabulary::to_show(&mut conn, expert_fields.values().flatten()).await?;
    drop(conn);
    let folded: Vec<String> = words.into_iter().map(|(folded, _)| folded).collect();
    let page = cursors.page(
        hits,
        query.limit,
        |hit| SeekKey::from(hit),
        |hit: Hit| {
            let row = rows.remove(&hit.id)?;
            let card = ExpertCard::new(row, expert_fields.remove(&hit.id).unwrap_or_default(), &vocabulary);
            let paths: Vec<Vec<String>> = card
                .fields
                .iter()
                .map(|field| {
                    vocabulary
                        .field_path(&field.scheme, &field.code)
                        .into_iter()
                        .map(|row| row.name_vi.clone())
                        .collect()
                })
                .collect();
            Some(ExpertHit { reasons: reasons(&card, &folded, &paths), card })
        },
    )?;
    // A row that went between the two queries is left out; its place is not filled.
    let page = Page { items: page.items.into_iter().flatten().collect(), next_cursor: page.next_cursor };
    let cache = if permit.scope().reach == Reach::Public { "public" } else { "private" };
    fresh_page(&req, cache, &page)
}

fn bad(pointer: &str, code: &'static str, detail: Say) -> Problem {
    Problem::new(Code::InvalidQuery).and_field(pointer, code, detail)
}

/// (scheme, code) of the fields asked for.
async fn fields(conn: &mut Conn, codes: &[String]) -> Answer<Vec<(String, String)>> {
    if codes.len() > 50 {
        return Err(bad("/field", "too_many", say!("Tối đa 50 mã.", "At most 50 codes.")));
    }
    let asked: Vec<(&str, &str)> =
        codes.iter().map(|text| text.split_once(':').unwrap_or((DEFAULT_SCHEME, text))).collect();
    let bare: Vec<&str> = asked.iter().map(|(_, code)| *code).collect();
    let rows = field_store::with_ancestors(conn, &bare).await?;
    let field = |(text, (scheme, code)): (&String, (&str, &str))| {
        let known = rows.iter().find(|row| row.scheme == scheme && row.code == code);
        known.map(|row| (row.scheme.clone(), row.code.clone())).ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            bad(
                "/field",
                "unknown_code",
                say!(
                    "Không có lĩnh vực `{text}`; xem GET /api/v1/fields.",
                    "There is no field `{text}`; see GET /api/v1/fields.",
                ),
            )
        })
    };
    codes.iter().zip(asked).map(field).collect()
}
