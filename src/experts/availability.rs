//! `/experts/{key}/availability`: when an expert is away, or finishes what they have but takes nothing new.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::{Period, Unavailability};
use super::policy::{ReadAvailability, UpdateExpert};
use super::profile::invalid;
use super::store;
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, Key};
use crate::kernel::form::Faults;
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh_list, versioned, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

/// Longest note in characters.
const MAX_NOTE: usize = 500;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_availability)
        .service(add_availability)
        .service(patch_availability)
        .service(delete_availability);
}

/// A period in which an expert takes less than usual, or nothing.
#[derive(Debug, Serialize, ToSchema)]
struct Availability {
    /// Its id.
    id: Uuid,
    /// Away, or without room for new work.
    kind: Unavailability,
    /// First day.
    from: NaiveDate,
    /// Last day; empty while the end is open.
    to: Option<NaiveDate>,
    /// What the person or the Union noted.
    note: Option<String>,
}

impl From<Period> for Availability {
    fn from(period: Period) -> Self {
        let Period { id, kind, from, to, note } = period;
        Self { id, kind, from, to, note }
    }
}

/// A period to state.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "no_new_work", "from": "2027-01-15", "to": "2027-03-31", "note": "Hướng dẫn luận văn"}))]
struct AvailabilityForm {
    /// Away, or without room for new work.
    kind: Unavailability,
    /// First day.
    from: NaiveDate,
    /// Last day; leave it out while the end is open.
    #[serde(default)]
    to: Option<NaiveDate>,
    /// For the Union and the person only.
    #[serde(default)]
    #[schema(max_length = 500)]
    note: Option<String>,
}

impl AvailabilityForm {
    fn check(&self, id: Uuid) -> Answer<Period> {
        let mut faults = Faults::default();
        let (first, last) = (NaiveDate::from_ymd_opt(2000, 1, 1), NaiveDate::from_ymd_opt(2100, 12, 31));
        let bounds = first.unwrap_or_default()..=last.unwrap_or_default();
        for (pointer, day) in [("/from", Some(self.from)), ("/to", self.to)] {
            if day.is_some_and(|day| !bounds.contains(&day)) {
                let detail = say!("Ngày từ năm 2000 đến năm 2100.", "A day of the years 2000 to 2100.");
                faults.add(pointer, "out_of_range", detail);
            }
        }
        if self.to.is_some_and(|to| to < self.from) {
            let detail = say!("Ngày cuối trước ngày đầu.", "The last day lies before the first.");
            faults.add("/to", "before_start", detail);
        }
        let note = faults.line("/note", self.note.as_deref(), MAX_NOTE);
        faults.or(Period { id, kind: self.kind, from: self.from, to: self.to, note }).map_err(invalid)
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List when an expert takes no work
///
/// The latest period first, past ones too. The `ETag` has the expert's version, which changes of the list ask for.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), PageQuery),
    security(("session" = ["availability.read"])),
    responses((status = 200, description = "A page of periods", body = Page<Availability>)),
)]
#[get("/experts/{key}/availability")]
async fn list_availability(
    permit: Permit<ReadAvailability>,
    key: Key,
    query: Params<PageQuery>,
    req: HttpRequest,
) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let before = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let expert = store::find(&mut conn, permit.scope(), &key.0).await?;
    let rows = store::periods(&mut conn, expert.id, before, query.limit.probe()).await?;
    drop(conn);
    let page = cursors.page(rows, query.limit, |period| period.from, Availability::from)?;
    fresh_list(&req, Some(expert.version), "private", page.next_cursor.as_deref(), &page)
}

fn event(expert: Uuid, old: Option<&Period>, new: Option<&Period>) -> Event {
    let content =
        |period: &Period| json!({ "kind": period.kind, "from": period.from, "to": period.to, "note": period.note });
    let pair: Value = json!([old.map(content), new.map(content)]);
    Event::on("expert", expert).fields(["availability"]).values(json!({ "availability": pair }))
}

/// On one day a person says one thing.
async fn refuse_overlap(tx: &mut Conn, expert: Uuid, new: &Period) -> Answer<()> {
    let Some(other) = store::overlapping(tx, expert, new).await? else { return Ok(()) };
    let (id, from) = (other.id, other.from);
    let (vi, en) = other.to.map_or_else(
        || ("không thời hạn".to_owned(), "open-ended".to_owned()),
        |to| (format!("đến {to}"), format!("to {to}")),
    );
    Err(Problem::new(Code::Conflict).and_field(
        "/from",
        "overlap",
        say!(
            "Trùng với khoảng từ {from} {vi} (mã {id}); hãy sửa (PATCH) hoặc xóa khoảng đó, hoặc chọn ngày khác.",
            "It overlaps the period from {from} {en} (id {id}); change (PATCH) or delete that one, or choose other days.",
        ),
    ))
}

/// State when an expert takes no work
///
/// On one day only one period holds: another is a conflict that names it. The Union states it for anybody, a person for
/// themself.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), Once),
    request_body = AvailabilityForm,
    security(("session" = ["experts.update"])),
    responses((status = 201, description = "Stated", body = Availability)),
)]
#[post("/experts/{key}/availability")]
async fn add_availability(permit: Permit<UpdateExpert>, key: Key, once: Once, body: Body<AvailabilityForm>) -> Answer {
    let (scope, expert) = (permit.scope().clone(), key.0.clone());
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            let expert = store::lock(tx, &scope, &expert).await?;
            let period = body.0.check(new_id())?;
            refuse_overlap(tx, expert.id, &period).await?;
            store::add_period(tx, expert.id, &period).await?;
            store::changed(tx, expert.id).await?;
            Ok((period.id, event(expert.id, None, Some(&period))))
        })
        .await?;
    let mut conn = permit.read().await?;
    let expert = store::find(&mut conn, permit.scope(), &key.0).await?;
    let period = store::find_period(&mut conn, expert.id, id).await?;
    let location = format!("/api/v1/experts/{}/availability", expert.id);
    written(Some(&location), expert.version, &Availability::from(period))
}

/// Changes to a period, as a merge patch: absent keeps, `null` clears.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"to": "2027-06-30"}))]
struct AvailabilityPatch {
    #[serde(default)]
    #[schema(value_type = Option<Unavailability>)]
    kind: Change<Unavailability>,
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    from: Change<NaiveDate>,
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    to: Change<NaiveDate>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    note: Change<String>,
}

impl AvailabilityPatch {
    fn over(self, old: &Period) -> Answer<AvailabilityForm> {
        let missing =
            |pointer| Problem::field(pointer, "required", say!("Không được bỏ trống.", "It can't be cleared."));
        Ok(AvailabilityForm {
            kind: self.kind.apply(Some(old.kind)).ok_or_else(|| missing("/kind"))?,
            from: self.from.apply(Some(old.from)).ok_or_else(|| missing("/from"))?,
            to: self.to.apply(old.to),
            note: self.note.apply(old.note.clone()),
        })
    }
}

/// Change when an expert takes no work
///
/// `{"to": "…"}` extends or ends a period, `{"to": null}` opens its end.
#[utoipa::path(
    tag = "experts",
    params(
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        ("id" = Uuid, Path, description = "Id of the period"),
        IfMatch,
    ),
    request_body = AvailabilityPatch,
    security(("session" = ["experts.update"])),
    responses((status = 200, description = "The period as it is now", body = Availability)),
)]
#[patch("/experts/{key}/availability/{id}")]
async fn patch_availability(
    permit: Permit<UpdateExpert>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    body: Body<AvailabilityPatch>,
) -> Answer {
    let scope = permit.scope().clone();
    let (version, period) = permit
        .write(async move |tx| {
            let expert = store::lock(tx, &scope, &key.0).await?;
            let old = store::find_period(tx, expert.id, id.0).await?;
            if_match.check(expert.version)?;
            let new = body.0.over(&old)?.check(old.id)?;
            if new == old {
                return Ok(((expert.version, old), None));
            }
            refuse_overlap(tx, expert.id, &new).await?;
            store::update_period(tx, &new).await?;
            let version = store::changed(tx, expert.id).await?;
            let event = event(expert.id, Some(&old), Some(&new));
            Ok(((version, new), Some(event)))
        })
        .await?;
    written(None, version, &Availability::from(period))
}

/// Delete a period stated by mistake
///
/// One that was over or ended early is kept: set its last day instead. The answer's `ETag` is the expert's version as it is
/// now.
#[utoipa::path(
    tag = "experts",
    params(
        ("key" = String, Path, description = "Id or code of the expert", example = "CG-000001"),
        ("id" = Uuid, Path, description = "Id of the period"),
        IfMatch,
    ),
    security(("session" = ["experts.update"])),
    responses((status = 204, description = "Deleted")),
)]
#[delete("/experts/{key}/availability/{id}")]
async fn delete_availability(
    permit: Permit<UpdateExpert>,
    key: Key,
    id: Id,
    if_match: IfMatch,
    _: Params<Nothing>,
) -> Answer {
    let scope = permit.scope().clone();
    let version = permit
        .write(async move |tx| {
            let expert = store::lock(tx, &scope, &key.0).await?;
            let old = store::find_period(tx, expert.id, id.0).await?;
            if_match.check(expert.version)?;
            store::delete_period(tx, old.id).await?;
            let version = store::changed(tx, expert.id).await?;
            Ok((version, event(expert.id, Some(&old), None)))
        })
        .await?;
    Ok(HttpResponse::NoContent().insert_header((header::ETAG, versioned(version))).finish())
}
