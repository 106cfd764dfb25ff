//! `/consultations/{id}/attachments`: files come in and go out as streams, in pieces in the database.

mod download;
mod upload;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

pub use self::download::sent;
pub use self::upload::{MAX_BYTES, Received, receive, refused, too_large};
use super::content::{Refused, file_name, has_known_ending};
use super::model::{Case, FileRow};
use super::panel::store as panel_store;
use super::policy::{FileConsultation, ReadAttachments};
use super::state::Hands;
use super::store::{self, Seen};
use super::words::{AttachmentKind, AttachmentVisibility, ConsultationState, PanelMemberState};
use super::work;
use crate::access::actor::Role;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::db::Conn;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, segment_id};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, versioned};
use crate::kernel::problem::{Answer, Code, Problem, ProblemDocument};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_attachments).service(attach_file).service(download_attachment).service(remove_attachment);
}

/// Most files of a consultation, and bytes of them all.
const MAX_FILES: usize = 50;
const MAX_TOTAL: i64 = 200 << 20;

/// A file that is attached.
#[derive(Debug, Serialize, ToSchema)]
struct Attachment {
    /// Its id.
    id: Uuid,
    /// What it is.
    kind: AttachmentKind,
    /// Name.
    #[schema(example = "De an.docx")]
    name: String,
    /// By its content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// How long it is.
    bytes: i64,
    /// SHA-256 in hexadecimal.
    sha256: String,
    /// `asker` or `union`: who attached it.
    #[schema(example = "asker")]
    side: &'static str,
    /// Who reads it.
    visibility: AttachmentVisibility,
    /// When it was attached.
    created_at: DateTime<Utc>,
}

impl From<&FileRow> for Attachment {
    fn from(row: &FileRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            name: row.name.clone(),
            media_type: row.media_type.clone(),
            bytes: row.bytes,
            sha256: row.sha256.clone(),
            side: if row.by_union { "union" } else { "asker" },
            visibility: if row.internal { AttachmentVisibility::Internal } else { AttachmentVisibility::Shared },
            created_at: row.created_at,
        }
    }
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AttachmentQuery {
    /// Name of the file, with the ending of what it is.
    #[param(example = "De an.pdf", min_length = 1, max_length = 200)]
    name: String,
    /// What it is.
    #[param(inline)]
    #[serde(default = "scheme")]
    kind: AttachmentKind,
    /// Who reads it. What an asker attaches is shared; what the Union does is its own unless it says `shared`.
    #[param(inline)]
    #[serde(default)]
    visibility: Option<AttachmentVisibility>,
}

const fn scheme() -> AttachmentKind {
    AttachmentKind::Scheme
}

/// Whether a caller may attach a file now: the asker until it is over, but for the time in which the Union looks at what it sent in;
/// the Union while it works on it.
fn may_attach(case: &Case, hands: Hands) -> bool {
    use ConsultationState::{Draft, Responded, Submitted};
    let state = case.row.state;
    let asks = hands.asker && !state.is_over() && !matches!(state, Submitted | Responded);
    let works = (hands.officer || hands.leader) && !state.is_over() && state != Draft;
    asks || works
}

/// Whether a caller may remove a file: their own side's, before the other side works with it.
fn may_remove(case: &Case, hands: Hands, file: &FileRow) -> bool {
    use ConsultationState::{Delivered, Draft, NeedsCompletion, Responded};
    let is_open = matches!(case.row.state, Draft | NeedsCompletion);
    let works = hands.officer || hands.leader;
    if file.by_union {
        works && !case.row.state.is_over() && !matches!(case.row.state, Delivered | Responded)
    } else {
        hands.asker && is_open
    }
}

/// Whether a file is the Union's own unless it says otherwise: all but what it files for an asker.
fn is_own(case: &Case, hands: Hands) -> bool {
    use ConsultationState::{Draft, NeedsCompletion};
    let files = hands.asker && matches!(case.row.state, Draft | NeedsCompletion);
    (hands.officer || hands.leader) && !files
}

fn not_now(case: &Case) -> Problem {
    let state = case.row.state.as_str();
    Problem::new(Code::Conflict).detail(say!(
        "Ở trạng thái `{state}` bạn không thêm, bớt tệp được.",
        "In the state `{state}` you may neither attach nor remove a file.",
    ))
}

/// Attach a file
///
/// The body is the file itself, at most 20 MB; what it is, is told by its content, which must agree with the ending of its name: an
/// office document, PDF, image, plain text in UTF-8 or an archive. At most 50 files and 200 MB in all. What the asker attaches both
/// sides read; what the Union attaches is its own, unless it is `shared`. State secrets do not belong here.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), AttachmentQuery, Once),
    request_body(description = "The file", content_type = "application/octet-stream", content = String),
    security(("session" = ["consultations.file"])),
    responses(
        (status = 201, description = "Attached", body = Attachment),
        (status = 408, description = "The file did not arrive in time", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/consultations/{id}/attachments")]
async fn attach_file(
    permit: Permit<FileConsultation>,
    id: Id,
    query: Params<AttachmentQuery>,
    once: Once,
    payload: web::Payload,
    req: HttpRequest,
) -> Answer {
    let AttachmentQuery { kind, visibility, .. } = query.0.clone();
    if visibility == Some(AttachmentVisibility::Internal) && permit.scope().reach != Reach::All {
        let detail = say!("Chỉ Liên hiệp hội có tệp nội bộ.", "Only the Union has files of its own.");
        return Err(Problem::new(Code::InvalidQuery).and_field("/visibility", "not_allowed", detail));
    }
    let name = file_name(&query.0.name).ok_or_else(|| {
        let detail = say!("Tên tệp từ 1 đến 200 ký tự.", "A file name has 1 to 200 characters.");
        Problem::new(Code::InvalidQuery).and_field("/name", "invalid_value", detail)
    })?;
    look_ahead(&permit, id.0, &name, &req).await?;
    let file = new_id();
    let made = match Box::pin(receive(&permit, file, &name, payload)).await {
        Ok(received) => Box::pin(keep(&permit, (id.0, file), (name, kind, visibility), once, received)).await,
        Err(problem) => Err(problem),
    };
    if !made.as_ref().is_ok_and(|made| *made == file) {
        // it was refused, or sent before: what came in now is not wanted
        forget(&permit, file).await;
    }
    attached(&permit, id.0, made?).await
}

/// Forgets what came in of a file that is not kept. Where that fails it is swept away later.
pub async fn forget<P: Policy>(permit: &Permit<P>, file: Uuid) {
    let gone = async { store::drop_chunks(&mut permit.read().await?, file).await };
    if let Err(problem) = gone.await {
        tracing::warn!(%file, code = ?problem.code(), "pieces of a file are left to be swept away");
    }
}

/// Refuses what can be refused before the file comes in.
async fn look_ahead(permit: &Permit<FileConsultation>, id: Uuid, name: &str, req: &HttpRequest) -> Answer<()> {
    let mut conn = permit.read().await?;
    let case = store::find(&mut conn, Seen::by(permit.scope(), today()), id).await?;
    let hands = work::hands(&mut conn, permit.scope(), &case).await?;
    // what was sent before with the same key is answered as then, whatever happened since
    let is_first = !req.headers().contains_key("idempotency-key");
    if !may_attach(&case, hands) && is_first {
        return Err(not_now(&case));
    }
    if !has_known_ending(name) {
        return Err(refused(Refused::Ending));
    }
    let length = req.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BYTES) {
        return Err(too_large());
    }
    let length = i64::try_from(length.unwrap_or(1)).map_err(Problem::internal)?;
    if is_first { check_room(&case, length) } else { Ok(()) }
}

/// The pieces are there: the file can be entered. The id is another file's when it was sent before with the same key.
async fn keep(
    permit: &Permit<FileConsultation>,
    (id, file): (Uuid, Uuid),
    (name, kind, visibility): (String, AttachmentKind, Option<AttachmentVisibility>),
    once: Once,
    received: Received,
) -> Answer<Uuid> {
    let scope = permit.scope().clone();
    let hash = hex::encode(&received.sha256);
    let reads = visibility.map_or("", AttachmentVisibility::as_str);
    let said = format!("{hash}\n{}\n{reads}\n{name}", kind.as_str());
    permit
        .write_once(once.of_digest(said), async move |tx: &mut Conn| {
            let locked = work::lock(tx, &scope, id, None).await?;
            if !may_attach(&locked.case, locked.hands) {
                return Err(not_now(&locked.case));
            }
            let row = FileRow {
                id: file,
                consultation_id: id,
                kind,
                name,
                media_type: received.media_type.to_owned(),
                bytes: i64::try_from(received.bytes).map_err(Problem::internal)?,
                sha256: hash,
                by_union: scope.reach == Reach::All,
                internal: visibility.map_or_else(
                    || is_own(&locked.case, locked.hands),
                    |reads| reads == AttachmentVisibility::Internal,
                ),
                opinion_id: None,
                created_at: now(),
            };
            check_room(&locked.case, row.bytes)?;
            store::add_file(tx, &row, &received.sha256, scope.actor.id()).await?;
            store::put_row(tx, &locked.case.row).await?;
            let values = json!({ "file": file, "kind": kind, "bytes": row.bytes, "sha256": row.sha256,
                "internal": row.internal });
            Ok((file, locked.event("consultations.attach").fields(["attachments"]).values(values)))
        })
        .await
}

fn check_room(case: &Case, bytes: i64) -> Answer<()> {
    let files = &case.files;
    let total: i64 = files.iter().map(|file| file.bytes).sum();
    if files.len() < MAX_FILES && total + bytes <= MAX_TOTAL {
        return Ok(());
    }
    let detail = say!("Tối đa {MAX_FILES} tệp và 200 MB.", "At most {MAX_FILES} files and 200 MB in all.");
    Err(Problem::field("/attachments", "too_many", detail))
}

async fn attached(permit: &Permit<FileConsultation>, id: Uuid, file: Uuid) -> Answer {
    let case = store::find(&mut permit.read().await?, Seen::by(permit.scope(), today()), id).await?;
    let row = store::find_file(&case.files, file)?;
    let location = format!("/api/v1/consultations/{id}/attachments/{file}");
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .insert_header((header::ETAG, versioned(case.row.version)))
        .json(Attachment::from(row)))
}

/// The consultation whose files a caller reads: one of the panel once they accepted to sit on it.
async fn readable(conn: &mut Conn, scope: &Scope, id: Uuid) -> Answer<Case> {
    let case = store::find(conn, Seen::by(scope, today()), id).await?;
    if scope.reach == Reach::All || scope.actor.role() != Some(Role::Expert) {
        return Ok(case);
    }
    let own = scope.actor.expert_id();
    let accepted = panel_store::members(conn, id)
        .await?
        .iter()
        .any(|seat| seat.sits() && seat.state == PanelMemberState::Accepted && Some(seat.expert_id) == own);
    if accepted { Ok(case) } else { Err(Problem::new(Code::NotFound)) }
}

/// List the attachments of a consultation
///
/// For the asker, the Union and who accepted to sit on the panel; what is the Union's own, for the Union alone.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read_attachments"])),
    responses((status = 200, description = "Its files", body = Page<Attachment>)),
)]
#[get("/consultations/{id}/attachments")]
async fn list_attachments(permit: Permit<ReadAttachments>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let case = readable(&mut permit.read().await?, permit.scope(), id.0).await?;
    let items = case.files.iter().map(Attachment::from).collect();
    let version = permit.may::<FileConsultation>(|_| true).then_some(case.row.version);
    fresh(&req, version, "private", &Page { items, next_cursor: None })
}

/// Download an attachment
///
/// For the asker, the Union and who accepted to sit on the panel; as a stream, to be kept, not shown.
#[utoipa::path(
    tag = "consultations",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("file" = Uuid, Path, description = "Id of the file"),
    ),
    security(("session" = ["consultations.read_attachments"])),
    responses((status = 200, description = "The file", body = String, content_type = "application/octet-stream")),
)]
#[get("/consultations/{id}/attachments/{file}")]
async fn download_attachment(permit: Permit<ReadAttachments>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let case = readable(&mut permit.read().await?, permit.scope(), id.0).await?;
    let file = store::find_file(&case.files, segment_id(&req, "file"))?.clone();
    sent(permit, &req, file)
}

/// Remove an attachment
///
/// Their own side's: the asker's while the request is a draft or to be completed.
#[utoipa::path(
    tag = "consultations",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("file" = Uuid, Path, description = "Id of the file"),
        IfMatch,
    ),
    security(("session" = ["consultations.file"])),
    responses((status = 204, description = "Removed; `ETag` is that of the consultation")),
)]
#[delete("/consultations/{id}/attachments/{file}")]
async fn remove_attachment(permit: Permit<FileConsultation>, id: Id, if_match: IfMatch, req: HttpRequest) -> Answer {
    let (scope, file) = (permit.scope().clone(), segment_id(&req, "file"));
    let version = permit
        .write(async move |tx: &mut Conn| {
            let locked = work::lock(tx, &scope, id.0, None).await?;
            let row = store::find_file(&locked.case.files, file)?;
            if_match.check(locked.case.row.version)?;
            if !may_remove(&locked.case, locked.hands, row) {
                return Err(not_now(&locked.case));
            }
            store::remove_file(tx, file).await?;
            store::put_row(tx, &locked.case.row).await?;
            let values = json!({ "file": file, "name": row.name, "sha256": row.sha256 });
            let event = locked.event("consultations.detach").fields(["attachments"]).values(values);
            Ok((locked.case.row.version + 1, event))
        })
        .await?;
    Ok(HttpResponse::NoContent().insert_header((header::ETAG, versioned(version))).finish())
}
