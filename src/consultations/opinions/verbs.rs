//! Handing an opinion in, and opening it again.

use actix_web::{HttpRequest, post};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk;
use super::model::{Content, HandedFile, OpinionRow, RevisionRow};
use super::routes::answer;
use super::rules::{Act, check_whole};
use super::store;
use super::view::Opinion;
use crate::access::permit::{Permit, Scope};
use crate::audit::event::Event;
use crate::consultations::invitations;
use crate::consultations::panel::store as panel_store;
use crate::consultations::policy::WriteOpinion;
use crate::consultations::reader::Reader;
use crate::consultations::words::OpinionState;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::path::{Id, segment_id};
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(submit_opinion).service(reopen_opinion);
}

/// Hand an opinion in
///
/// With the declaration, an assessment, and an answer to each question or one text on the whole. It is kept as it is now, as its next
/// version; from then on it counts, if no conflict of interest is open.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        IfMatch,
        Once,
    ),
    security(("session" = ["consultations.write_opinion"])),
    responses((status = 200, description = "The opinion as it is now", body = Opinion)),
)]
#[post("/consultations/{id}/panel/members/{member}/opinion/submit")]
async fn submit_opinion(
    permit: Permit<WriteOpinion>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    req: HttpRequest,
) -> Answer {
    let (scope, of) = (permit.scope().clone(), (id.0, segment_id(&req, "member")));
    Box::pin(permit.write_once(once, async move |tx| {
        let event = Box::pin(submit(tx, &scope, of, &if_match)).await?;
        Ok((of.1, event))
    }))
    .await?;
    answer(&permit, of).await
}

async fn submit(tx: &mut Conn, scope: &Scope, of: (Uuid, Uuid), if_match: &IfMatch) -> Answer<Event> {
    let desk = desk::open(tx, scope, of, Some(if_match), Act::Submit).await?;
    let mut row = desk.row.ok_or_else(|| Problem::internal("an opinion that is none is handed in"))?;
    let mut reader = Reader::default();
    check_whole(&mut reader, &row, desk.locked.case.row.questions.len());
    if desk.by_office && row.paper.is_none() {
        let detail = say!(
            "Bản thảo này do chuyên gia tự viết: chuyên gia gửi, hoặc nhập lại theo văn bản (`paper`).",
            "This draft is the expert's own: the expert hands it in, or it is entered anew from the letter (`paper`)."
        );
        reader.fault("/paper", "required", detail);
    }
    reader.done(())?;
    let at = now();
    let files = store::files(tx, &[row.id]).await?;
    let files = files.into_iter().map(|file| HandedFile { id: file.id, name: file.name, sha256: file.sha256 });
    let content = content(&row, files.collect()).ok_or_else(|| Problem::internal("an opinion that is not whole"))?;
    row.revision += 1;
    (row.state, row.submitted_at, row.reopened_reason) = (OpinionState::Submitted, Some(at), None);
    store::put(tx, &row).await?;
    let revision = RevisionRow {
        id: new_id(),
        opinion_id: row.id,
        number: row.revision,
        content,
        at,
        actor_id: scope.actor.id(),
        actor_role: scope.actor.role().map(|role| role.as_str().to_owned()),
    };
    store::add_revision(tx, &revision).await?;
    invitations::delivered(tx, row.member_id, at).await?;
    panel_store::touch(tx, row.consultation_id).await?;
    let values =
        json!({ "member": row.member_id, "expert": row.expert_id, "revision": row.revision, "paper": row.paper });
    Ok(desk.locked.event("consultations.submit_opinion").fields(["opinion"]).values(values))
}

/// What is kept of an opinion that is whole.
fn content(row: &OpinionRow, files: Vec<HandedFile>) -> Option<Content> {
    Some(Content {
        declaration: row.declaration.clone()?,
        assessment: row.assessment?,
        answers: row.answers.clone(),
        body: row.body.clone(),
        paper: row.paper.clone(),
        files,
    })
}

/// How often an opinion is handed in at most.
const MOST_REVISIONS: i32 = 20;

/// Why an opinion is opened again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "Bổ sung nhận xét về nguồn vốn"}))]
struct OpinionReopenForm {
    /// Why, in words.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// Open an opinion again
///
/// To revise it, with a reason, while the state is `in_review`. What was handed in last counts until it is handed in again.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        IfMatch,
        Once,
    ),
    request_body = OpinionReopenForm,
    security(("session" = ["consultations.write_opinion"])),
    responses((status = 200, description = "The opinion as it is now", body = Opinion)),
)]
#[post("/consultations/{id}/panel/members/{member}/opinion/reopen")]
async fn reopen_opinion(
    permit: Permit<WriteOpinion>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    body: Body<OpinionReopenForm>,
    req: HttpRequest,
) -> Answer {
    let (scope, of, once) = (permit.scope().clone(), (id.0, segment_id(&req, "member")), once.of(&body));
    Box::pin(permit.write_once(once, async move |tx| {
        let event = Box::pin(reopen(tx, &scope, of, &if_match, body.0)).await?;
        Ok((of.1, event))
    }))
    .await?;
    answer(&permit, of).await
}

async fn reopen(
    tx: &mut Conn,
    scope: &Scope,
    of: (Uuid, Uuid),
    if_match: &IfMatch,
    form: OpinionReopenForm,
) -> Answer<Event> {
    let desk = desk::open(tx, scope, of, Some(if_match), Act::Reopen).await?;
    let mut row = desk.row.ok_or_else(|| Problem::internal("an opinion that is none is opened"))?;
    if row.revision >= MOST_REVISIONS {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Ý kiến đã được gửi {MOST_REVISIONS} lần; không sửa thêm.",
            "The opinion was handed in {MOST_REVISIONS} times: it is revised no more."
        )));
    }
    let mut reader = Reader::default();
    let reason = reader.needed_note("/reason", &form.reason);
    let reason = reader.done(reason)?;
    let values =
        json!({ "member": row.member_id, "expert": row.expert_id, "revision": row.revision, "reason": reason });
    (row.state, row.reopened_reason) = (OpinionState::Draft, Some(reason));
    store::put(tx, &row).await?;
    Ok(desk.locked.event("consultations.reopen_opinion").fields(["opinion"]).values(values))
}
