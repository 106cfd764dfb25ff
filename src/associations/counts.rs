//! `/associations/{key}/member-counts`: members by year and kind; sums, nobody by name.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, get, put};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::model::CountRow;
use super::policy::{EditAssociation, ReadAssociations};
use super::reader::Reader;
use super::store;
use super::words::MemberKind;
use super::write::{self, Locked, change, is_own, sight};
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::params::{Nothing, Params};
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::Answer;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_member_counts).service(put_member_counts);
}

/// Most members of a kind.
const MAX_MEMBERS: i32 = 10_000_000;

/// Members of a kind.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MemberCount {
    /// Who is counted.
    kind: MemberKind,
    /// How many.
    #[schema(minimum = 0, maximum = 10_000_000)]
    total: i32,
    /// Of them women; for the Union, the auditor and the association itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    women: Option<i32>,
    /// Of them by degree (code or abbreviation); for the Union, the auditor and the association itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"TS": 12, "THS": 40}))]
    degrees: BTreeMap<String, i32>,
}

/// The members of a year.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "year": 2025, "counts": [{"kind": "official_individual", "total": 640, "women": 210, "degrees": {"TS": 12}}]
}))]
struct YearCounts {
    /// The year.
    year: i16,
    /// By kind.
    counts: Vec<MemberCount>,
}

fn years(rows: &[CountRow], file: bool) -> Vec<YearCounts> {
    let mut years: BTreeMap<i16, Vec<MemberCount>> = BTreeMap::new();
    for row in rows {
        let degrees = if file { row.degrees.clone() } else { BTreeMap::new() };
        let count = MemberCount { kind: row.kind, total: row.total, women: row.women.filter(|_| file), degrees };
        years.entry(row.year).or_default().push(count);
    }
    years.values_mut().for_each(|counts| counts.sort_by_key(|count| count.kind));
    years.into_iter().map(|(year, counts)| YearCounts { year, counts }).collect()
}

/// List how many members an association has
///
/// By year and kind, from the oldest to the newest: sums, nobody by name. How many are women or have which degree is for the
/// Union, the auditor and the association itself.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO")),
    security((), ("session" = ["associations.read"])),
    responses((status = 200, description = "Its counts", body = Page<YearCounts>)),
)]
#[get("/associations/{key}/member-counts")]
async fn list_member_counts(
    permit: Permit<ReadAssociations>,
    key: Key,
    _: Params<Nothing>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let (body, registry) = write::read_visible(&mut conn, &permit, &key.0, today()).await?;
    let items = years(&registry.counts, sight(&permit, body.id).file);
    let edits = permit.may::<EditAssociation>(|reach| reach == Reach::All || is_own(permit.scope(), body.id));
    let cache = if permit.actor().id().is_some() { "private" } else { "public" };
    fresh(&req, edits.then_some(registry.record.version), cache, &Page { items, next_cursor: None })
}

/// Reads the counts of a year: parts are not more than the whole.
fn rows_of(form: &YearCounts, id: uuid::Uuid, degrees: &[(String, String)]) -> Answer<Vec<CountRow>> {
    let mut reader = Reader::default();
    let year = reader.year("/year", form.year);
    let mut rows: Vec<CountRow> = Vec::new();
    for (at, count) in form.counts.iter().enumerate() {
        let place = |member: &str| format!("/counts/{at}/{member}");
        let MemberCount { kind, total, women, degrees: by_degree } = count.clone();
        if rows.iter().any(|row| row.kind == kind) {
            reader.fault(&place("kind"), "duplicate", say!("Đã nêu ở trên.", "It is named already."));
        }
        if !(0..=MAX_MEMBERS).contains(&total) {
            let detail = say!("Số từ 0 đến {MAX_MEMBERS}.", "A number from 0 to {MAX_MEMBERS}.");
            reader.fault(&place("total"), "out_of_range", detail);
        }
        if women.is_some_and(|women| !(0..=total.max(0)).contains(&women)) {
            let detail = say!("Không thể nhiều hơn tổng số.", "It can't be more than the total.");
            reader.fault(&place("women"), "more_women_than_members", detail);
        }
        let mut named = BTreeMap::new();
        for (text, count) in by_degree {
            let is =
                |(code, short): &&(String, String)| [code, short].iter().any(|word| word.eq_ignore_ascii_case(&text));
            if let Some((code, _)) = degrees.iter().find(is) {
                named.insert(code.clone(), count);
                continue;
            }
            let text: String = text.chars().take(20).collect();
            let detail = say!("Không có học vị `{text}`.", "There is no degree `{text}`.");
            reader.fault(&place("degrees"), "unknown_code", detail);
        }
        let sum: i64 = named.values().map(|count| i64::from(*count)).sum();
        if named.values().any(|count| *count < 0) || sum > i64::from(total) {
            let detail = say!("Tổng theo học vị nhiều hơn tổng số.", "By degree there are more than in total.");
            reader.fault(&place("degrees"), "more_degrees_than_members", detail);
        }
        rows.push(CountRow { organisation_id: id, year, kind, total, women, degrees: named });
    }
    reader.done(rows)
}

/// Enter how many members an association has
///
/// Of one year, replaced whole: what is left out of it was not counted. The association's own office enters them, or the Union.
#[utoipa::path(
    tag = "associations",
    params(("key" = String, Path, description = "Id or code", example = "HLN-DEMO"), IfMatch),
    request_body = YearCounts,
    security(("session" = ["associations.edit"])),
    responses((status = 200, description = "The counts of that year", body = YearCounts)),
)]
#[put("/associations/{key}/member-counts")]
async fn put_member_counts(
    permit: Permit<EditAssociation>,
    key: Key,
    if_match: IfMatch,
    body: Body<YearCounts>,
) -> Answer {
    let form = body.0;
    let asked = form.year;
    change(&permit, &key.0, Some(if_match), None, async move |tx: &mut Conn, locked: &Locked| {
        let degrees = store::degrees(tx).await?;
        let rows = rows_of(&form, locked.id(), &degrees)?;
        store::put_counts(tx, locked.id(), form.year, &rows).await?;
        let event = locked.event("associations.put_member_counts").fields(["member_counts"]);
        Ok((locked.id(), vec![event.values(json!({ "year": form.year, "counts": rows }))]))
    })
    .await?;
    let mut conn = permit.read().await?;
    let (_, registry) = write::reread(&mut conn, &key.0).await?;
    let counted = years(&registry.counts, true).into_iter().find(|counts| counts.year == asked);
    let counted = counted.unwrap_or(YearCounts { year: asked, counts: Vec::new() });
    written(None, registry.record.version, &counted)
}
