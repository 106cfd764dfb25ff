//! `GET /consultations/{id}/timeline`.

use actix_web::{HttpRequest, get};
use utoipa_actix_web::service_config::ServiceConfig;

use super::view::{self, ConsultationTimeline};
use crate::access::permit::Permit;
use crate::consultations::policy::ReadConsultations;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::http::envelope::lang;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::today;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_consultation_timeline);
}

/// Read the timeline of a consultation
///
/// What happened and what is due, point by point, and how long it stood in which state: fit to be drawn. One answer, since people make
/// it: some hundred points at the most; of more than 2,000 the oldest are left out, and `left_out` says how many. The asker is told
/// who sits and how many opinions came in, and nothing of who declined, of reminders to experts or of drafts; one of the panel their
/// own invitation, opinions and reminders besides; the Union and the auditor all.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "The timeline", body = ConsultationTimeline)),
)]
#[get("/consultations/{id}/timeline")]
async fn read_consultation_timeline(
    permit: Permit<ReadConsultations>,
    id: Id,
    _: Params<Nothing>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let timeline = view::timeline(&mut conn, permit.scope(), &case, lang(&req)).await?;
    fresh(&req, None, "private", &timeline)
}
