//! `GET /consultations/{id}/opinions`, and reading and writing the opinion of a seat.

use actix_web::{HttpRequest, get, put};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk;
use super::form::{self, Draft, Ground, OpinionForm};
use super::model::{Declaration, OpinionRow};
use super::rules::Act;
use super::store;
use super::view::{self, Opinion, OpinionRevision};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Policy;
use crate::audit::event::Event;
use crate::consultations::panel::declare;
use crate::consultations::policy::{ReadOpinions, WriteOpinion};
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::OpinionState;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, segment_id};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::Answer;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_opinions).service(read_opinion).service(put_opinion).service(list_opinion_revisions);
}

/// List the opinions of a panel
///
/// By name, in the order of the panel: for the Union all, drafts and what is not written yet among them; for one of the panel their own.
#[utoipa::path(
    tag = "opinions",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read_opinions"])),
    responses((status = 200, description = "The opinions", body = Page<Opinion>)),
)]
#[get("/consultations/{id}/opinions")]
async fn list_opinions(permit: Permit<ReadOpinions>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let items = view::opinions(&mut conn, permit.scope(), &case).await?;
    fresh(&req, None, "private", &Page { items, next_cursor: None })
}

/// Read the opinion of somebody on a panel
///
/// For the Union and the person. Where nothing was written yet it is empty, and its `ETag` is what the first version is written against.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
    ),
    security(("session" = ["consultations.read_opinions"])),
    responses((status = 200, description = "The opinion", body = Opinion)),
)]
#[get("/consultations/{id}/panel/members/{member}/opinion")]
async fn read_opinion(permit: Permit<ReadOpinions>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let (opinion, version) = view::opinion(&mut conn, permit.scope(), &case, segment_id(&req, "member")).await?;
    fresh(&req, Some(version), "private", &opinion)
}

/// Answers a change with the opinion as it is now.
pub(super) async fn answer<P: Policy>(permit: &Permit<P>, (id, member): (Uuid, Uuid)) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id).await?;
    let (opinion, version) = view::opinion(&mut conn, permit.scope(), &case, member).await?;
    written(None, version, &opinion)
}

/// Write an opinion
///
/// A draft, in place of the one before, by who accepted to sit, while the state is `in_review`; or by the Union's office, from the letter
/// it came on. The declaration on conflicts of interest comes first: nothing is said of the scheme without it. A conflict that is declared
/// here is declared as any other, so the person does not count until a leader waives it. What was handed in is opened again first
/// (`reopen`).
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        IfMatch,
    ),
    request_body = OpinionForm,
    security(("session" = ["consultations.write_opinion"])),
    responses((status = 200, description = "The opinion as it is now", body = Opinion)),
)]
#[put("/consultations/{id}/panel/members/{member}/opinion")]
async fn put_opinion(
    permit: Permit<WriteOpinion>,
    id: Id,
    if_match: IfMatch,
    body: Body<OpinionForm>,
    req: HttpRequest,
) -> Answer {
    let (scope, of) = (permit.scope().clone(), (id.0, segment_id(&req, "member")));
    permit.write(async move |tx| Box::pin(write(tx, &scope, of, &if_match, body.0)).await).await?;
    answer(&permit, of).await
}

async fn write(
    tx: &mut Conn,
    scope: &Scope,
    of: (Uuid, Uuid),
    if_match: &IfMatch,
    form: OpinionForm,
) -> Answer<((), Vec<Event>)> {
    let desk = desk::open(tx, scope, of, Some(if_match), Act::Write).await?;
    let declared = desk.row.as_ref().and_then(|row| row.declaration.as_ref());
    let case = &desk.locked.case;
    let questions = case.row.questions.len();
    let on = Ground { questions, by_office: desk.by_office, declared, now: now(), today: desk.locked.on.today };
    let mut reader = Reader::default();
    let draft = form::read(&mut reader, form, on);
    let draft = reader.done(draft)?;
    let conflict = draft.declaration.as_ref().and_then(|now| conflict(declared, now));
    let values = json!({ "member": desk.seat.id, "expert": desk.seat.expert_id, "paper": draft.paper,
        "declaration": draft.declaration });
    let seat = &desk.seat;
    let row = desk.row.clone().unwrap_or_else(|| OpinionRow {
        id: new_id(),
        version: 1,
        consultation_id: case.id(),
        member_id: seat.id,
        expert_id: seat.expert_id,
        state: OpinionState::Draft,
        declaration: None,
        assessment: None,
        answers: Vec::new(),
        body: None,
        paper: None,
        reopened_reason: None,
        revision: 0,
        submitted_at: None,
        created_at: now(),
        updated_at: now(),
    });
    let Draft { declaration, assessment, answers, body, paper } = draft;
    store::put(tx, &OpinionRow { declaration, assessment, answers, body, paper, ..row }).await?;
    let mut events = vec![desk.locked.event("consultations.write_opinion").fields(["opinion"]).values(values)];
    // a draft is no news: the version of the consultation stays, which its asker reads, too
    if let Some(statement) = conflict {
        events.extend(declare(tx, scope, &desk.locked, seat.expert_id, statement).await?);
    }
    Ok(((), events))
}

/// A conflict that was not declared before, in words.
fn conflict(before: Option<&Declaration>, now: &Declaration) -> Option<String> {
    let is_known = before.is_some_and(|before| before.says(now.has_conflict, now.statement.as_deref()));
    now.statement.clone().filter(|_| now.has_conflict && !is_known)
}

/// List the versions of an opinion
///
/// As they were handed in, the first first.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
    ),
    security(("session" = ["consultations.read_opinions"])),
    responses((status = 200, description = "The versions", body = Page<OpinionRevision>)),
)]
#[get("/consultations/{id}/panel/members/{member}/opinion/revisions")]
async fn list_opinion_revisions(permit: Permit<ReadOpinions>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let seat = desk::seat(&mut conn, permit.scope(), &case, segment_id(&req, "member")).await?;
    let rows = match store::find(&mut conn, seat.id).await? {
        Some(row) => store::revisions(&mut conn, row.id).await?,
        None => Vec::new(),
    };
    let items: Vec<OpinionRevision> = rows.into_iter().map(Into::into).collect();
    fresh(&req, None, "private", &Page { items, next_cursor: None })
}
