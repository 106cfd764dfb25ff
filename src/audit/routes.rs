//! `GET /audit-events`.

use actix_web::{HttpRequest, get};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::policy::ReadAudit;
use super::store;
use crate::access::permit::Permit;
use crate::http::params::Params;
use crate::kernel::clock::instant;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::Answer;

/// The routes of this slice.
pub fn configure(config: &mut ServiceConfig) {
    config.service(list_audit_events);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AuditQuery {
    /// Who did it: an account or API client.
    actor_id: Option<Uuid>,
    /// What was done, as in the authorization matrix.
    #[param(example = "experts.update")]
    action: Option<String>,
    /// On what kind of thing.
    #[param(example = "expert")]
    subject_kind: Option<String>,
    /// On which one.
    subject_id: Option<Uuid>,
    /// From this instant on.
    #[serde(deserialize_with = "instant")]
    from: Option<DateTime<Utc>>,
    /// Before this instant.
    #[serde(deserialize_with = "instant")]
    to: Option<DateTime<Utc>>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An event of the audit log. It names fields, never their values.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEvent {
    /// Its id.
    id: Uuid,
    /// Its number in the hash chain; absent for the second or so until it is sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    /// When.
    at: DateTime<Utc>,
    /// `account`, `client`, `system` or `anonymous`.
    actor_kind: String,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_id: Option<Uuid>,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    actor_role: Option<String>,
    /// What.
    action: String,
    /// On what kind of thing.
    subject_kind: String,
    /// On which one.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<Uuid>,
    /// Which fields.
    fields: Vec<String>,
    /// In which request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Uuid>,
}

impl From<store::Row> for AuditEvent {
    fn from((event, seq): store::Row) -> Self {
        Self {
            id: event.id,
            seq,
            at: event.at,
            actor_kind: event.actor_kind,
            actor_id: event.actor_id,
            actor_role: event.actor_role,
            action: event.action,
            subject_kind: event.subject_kind,
            subject_id: event.subject_id,
            fields: event.fields.into_iter().flatten().collect(),
            request_id: event.request_id,
        }
    }
}

/// Read the audit log
///
/// Newest first. Values are never shown: they are sealed apart from the events.
#[utoipa::path(
    tag = "audit",
    params(AuditQuery),
    security(("session" = ["audit.read"])),
    responses((status = 200, description = "A page of events", body = Page<AuditEvent>)),
)]
#[get("/audit-events")]
async fn list_audit_events(permit: Permit<ReadAudit>, query: Params<AuditQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let filter = store::Filter {
        before: cursors.open(query.cursor.as_deref())?,
        actor_id: query.actor_id,
        action: query.action.clone(),
        subject_kind: query.subject_kind.clone(),
        subject_id: query.subject_id,
        from: query.from,
        to: query.to,
    };
    let rows = store::list(&mut permit.read().await?, filter, query.limit.probe()).await?;
    fresh_page(&req, "private", &cursors.page(rows, query.limit, |(event, _)| event.id, AuditEvent::from)?)
}
