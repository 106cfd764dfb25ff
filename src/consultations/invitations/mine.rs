//! `GET /me/invitations`: what an expert is asked for.

use actix_web::{HttpRequest, get};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::store;
use super::view::{PanelInvitation, invitations};
use crate::access::permit::Permit;
use crate::consultations::panel::MemberRow;
use crate::consultations::policy::ReadInvitations;
use crate::http::params::Params;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_my_invitations);
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MyInvitationsQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List my invitations
///
/// To panels of consultations, the latest first: until when an answer and an opinion are due, what became of them, and what you may
/// answer now. Also of those that are over.
#[utoipa::path(
    tag = "me",
    params(MyInvitationsQuery),
    security(("session" = ["consultations.read_invitations"])),
    responses((status = 200, description = "A page of invitations", body = Page<PanelInvitation>)),
)]
#[get("/me/invitations")]
async fn list_my_invitations(
    permit: Permit<ReadInvitations>,
    query: Params<MyInvitationsQuery>,
    req: HttpRequest,
) -> Answer {
    let (query, scope) = (query.0, permit.scope());
    let cursors = Cursors::of(&permit.state().sealer, &req, &scope.audience());
    let after: Option<Uuid> = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let own = scope.actor.expert_id().unwrap_or_default();
    let rows = store::of_expert(&mut conn, own, after, query.limit.probe()).await?;
    let page: Page<MemberRow> = cursors.page(rows, query.limit, |row| row.id, |row| row)?;
    let items = invitations(&mut conn, &page.items).await?;
    fresh_page(&req, "private", &Page { items, next_cursor: page.next_cursor })
}
