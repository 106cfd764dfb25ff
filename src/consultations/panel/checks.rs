//! Checks for conflicts of interest over HTTP: of named people, before anybody is invited.

use actix_web::{HttpRequest, get, post};
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::coi::Finding;
use super::conflicts::named;
use super::store::{self, CheckResult, CheckRow};
use super::view::{self, ConflictCheck};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::audit::event::Event;
use crate::consultations::model::Case;
use crate::consultations::policy::{PrepareConsultation, ReadConflicts};
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::Id;
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{fresh, fresh_page};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(check_conflicts).service(list_conflict_checks);
}

/// Most people of one check.
const MOST: usize = 100;

/// Whom to look at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"experts": ["CG-000001", "CG-000002"]}))]
struct ConflictCheckForm {
    /// Experts by id or code.
    #[schema(min_items = 1, max_items = 100)]
    experts: Vec<String>,
}

/// Check people for conflicts of interest
///
/// Before anybody is invited: what the record says of these people against who asks, decides and drafted. Who was looked at, when and
/// what was found is kept: kinds, bodies and keys, and none of the words about a person.
#[utoipa::path(
    tag = "panels",
    params(("id" = Uuid, Path, description = "Id of the consultation"), Once),
    request_body = ConflictCheckForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "What was found", body = ConflictCheck)),
)]
#[post("/consultations/{id}/coi-check")]
async fn check_conflicts(
    permit: Permit<PrepareConsultation>,
    id: Id,
    once: Once,
    body: Body<ConflictCheckForm>,
    req: HttpRequest,
) -> Answer {
    let (once, form, scope) = (once.of(&body), body.0, permit.scope().clone());
    let made = permit.write_once(once, async move |tx| Box::pin(check(tx, &scope, id.0, form)).await).await?;
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let rows = store::checks(&mut conn, id.0, (Some(made), None), 1).await?;
    let rows = with_words(&mut conn, &case, rows).await?;
    let check = view::checks(&mut conn, &rows, lang(&req)).await?.remove(&made);
    fresh(&req, None, "private", &check.ok_or_else(|| Problem::new(Code::NotFound))?)
}

/// What was found just now with all it rests on: what is kept has no words about people.
async fn with_words(conn: &mut Conn, case: &Case, mut rows: Vec<CheckRow>) -> Answer<Vec<CheckRow>> {
    let ids: Vec<Uuid> = rows.iter().flat_map(|row| row.results.iter().map(|result| result.expert_id)).collect();
    let standings = store::standings(conn, case, &ids).await?;
    for result in rows.iter_mut().flat_map(|row| &mut row.results) {
        let Some(standing) = standings.get(&result.expert_id) else { continue };
        for finding in &mut result.findings {
            if let Some(whole) = standing.findings.iter().find(|whole| whole.key == finding.key) {
                *finding = whole.clone();
            }
        }
    }
    Ok(rows)
}

async fn check(tx: &mut Conn, scope: &Scope, id: Uuid, form: ConflictCheckForm) -> Answer<(Uuid, Event)> {
    let case = consultation_store::find(tx, Seen::by(scope, today()), id).await?;
    let mut reader = Reader::default();
    if form.experts.is_empty() || form.experts.len() > MOST {
        reader.fault("/experts", "out_of_range", say!("Từ 1 đến {MOST} người.", "1 to {MOST} people."));
        return Err(reader.done(()).err().unwrap_or_else(|| Problem::new(Code::Invalid)));
    }
    let people = named(tx, &mut reader, "/experts", &form.experts).await?;
    reader.done(())?;
    let ids: Vec<Uuid> = people.iter().flatten().map(|who| who.id).collect();
    let mut standings = store::standings(tx, &case, &ids).await?;
    let results = ids.iter().filter_map(|id| {
        let standing = standings.remove(id)?;
        let (outcome, open) = (standing.outcome, standing.open);
        let findings = standing.findings.iter().map(Finding::bare).collect();
        Some(CheckResult { expert_id: *id, outcome, open, findings })
    });
    let row = CheckRow {
        id: new_id(),
        consultation_id: id,
        at: now(),
        actor_id: scope.actor.id(),
        actor_role: scope.actor.role().map(|role| role.as_str().to_owned()),
        results: results.collect(),
    };
    store::add_check(tx, &row).await?;
    let keys = |result: &CheckResult| result.findings.iter().map(|finding| finding.key.clone()).collect::<Vec<_>>();
    let told: Vec<_> =
        row.results.iter().map(|result| json!({ "expert": result.expert_id, "findings": keys(result) })).collect();
    let event = Event::on("consultation", id).action("consultations.check_conflicts").fields(["conflicts"]);
    Ok((row.id, event.values(json!(told))))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConflictCheckQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List checks for conflicts of interest
///
/// As they were made, the latest first.
#[utoipa::path(
    tag = "panels",
    params(("id" = Uuid, Path, description = "Id of the consultation"), ConflictCheckQuery),
    security(("session" = ["consultations.read_conflicts"])),
    responses((status = 200, description = "A page of checks", body = Page<ConflictCheck>)),
)]
#[get("/consultations/{id}/coi-checks")]
async fn list_conflict_checks(
    permit: Permit<ReadConflicts>,
    id: Id,
    query: Params<ConflictCheckQuery>,
    req: HttpRequest,
) -> Answer {
    let (query, scope) = (query.0, permit.scope());
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let before: Option<Uuid> = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    consultation_store::find(&mut conn, Seen::by(scope, today()), id.0).await?;
    let rows = match scope.reach {
        Reach::All => store::checks(&mut conn, id.0, (None, before), query.limit.probe()).await?,
        // whom else the Union looked at is not for one of the panel
        _ => Vec::new(),
    };
    let mut shown = view::checks(&mut conn, &rows, lang(&req)).await?;
    let page = cursors.page(rows, query.limit, |row| row.id, |row| shown.remove(&row.id))?;
    let Page { items, next_cursor } = page;
    fresh_page(&req, "private", &Page { items: items.into_iter().flatten().collect::<Vec<_>>(), next_cursor })
}
