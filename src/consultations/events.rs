//! `GET /consultations/{id}/events`: what happened, move by move.

use actix_web::{HttpRequest, get};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model::{MoveRow, Schedule};
use super::policy::ReadConsultations;
use super::state::Verb;
use super::store::{self, Seen};
use super::words::{ConsultationState, DeclineReason};
use super::work::union_hands;
use crate::access::actor::Role;
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::http::params::Params;
use crate::http::path::Id;
use crate::kernel::clock::today;
use crate::kernel::document::DocumentReference;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_consultation_events);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConsultationEventsQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Who did something.
#[derive(Debug, Serialize, ToSchema)]
struct ConsultationActor {
    /// `asker`, `union` or `system`.
    #[schema(example = "union")]
    side: &'static str,
    /// In which role.
    role: Option<String>,
    /// The account or client, for the Union.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
struct ConsultationEvent {
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// What was done; `create` for the beginning.
    #[schema(example = "accept")]
    verb: String,
    /// From which state.
    from: Option<ConsultationState>,
    /// To which state.
    to: ConsultationState,
    /// By whom.
    by: ConsultationActor,
    /// Why it was declined, from the list.
    reason_code: Option<DeclineReason>,
    /// Why.
    reason: Option<String>,
    /// The document it was done by.
    document: Option<DocumentReference>,
    /// What was missing.
    missing: Vec<String>,
    /// The day a suspended one was expected to go on.
    resume_on: Option<NaiveDate>,
    /// Deadline, decision and urgency from then on, where that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<Schedule>,
}

impl ConsultationEvent {
    fn new(row: MoveRow, (names_accounts, sees_all): (bool, bool)) -> Self {
        let concludes = row.verb.as_deref() == Some(Verb::Conclude.as_str());
        let role = row.actor_role.as_deref().and_then(Role::parse);
        let side = match role {
            Some(Role::UnionOfficer | Role::UnionLeader) => "union",
            Some(_) => "asker",
            None => "system",
        };
        Self {
            id: row.id,
            at: row.at,
            verb: row.verb.unwrap_or_else(|| "create".to_owned()),
            from: row.from_state,
            to: row.to_state,
            by: ConsultationActor { side, role: row.actor_role, id: row.actor_id.filter(|_| names_accounts) },
            reason_code: row.reason_code,
            // why somebody's opinion was not waited for is no news for who asks, nor for the others of the panel
            reason: row.reason.filter(|_| sees_all || !concludes),
            document: row.document.map(Into::into),
            missing: row.missing,
            resume_on: row.resume_on,
            schedule: row.schedule,
        }
    }
}

/// List what happened to a consultation
///
/// Move by move, the first first: who, when, from where to where, and why.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), ConsultationEventsQuery),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "A page of moves", body = Page<ConsultationEvent>)),
)]
#[get("/consultations/{id}/events")]
async fn list_consultation_events(
    permit: Permit<ReadConsultations>,
    id: Id,
    query: Params<ConsultationEventsQuery>,
    req: HttpRequest,
) -> Answer {
    let (query, scope) = (query.0, permit.scope());
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let after: Option<i32> = cursors.open(query.cursor.as_deref())?;
    let case = store::find(&mut permit.read().await?, Seen::by(scope, today()), id.0).await?;
    let seen = (union_hands(scope).officer, scope.reach == Reach::All);
    let rest = case.moves.into_iter().filter(|row| after.is_none_or(|after| row.ordinal > after));
    let rows: Vec<MoveRow> = rest.take(usize::try_from(query.limit.probe()).unwrap_or_default()).collect();
    let page = cursors.page(rows, query.limit, |row| row.ordinal, |row| ConsultationEvent::new(row, seen))?;
    fresh_page(&req, "private", &page)
}
