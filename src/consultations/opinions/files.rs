//! `/consultations/{id}/panel/members/{member}/opinion/attachments`: files that belong to an opinion. The asker sees none of them.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::desk::{self, Desk};
use super::model::OpinionRow;
use super::rules::Act;
use super::store;
use super::view::OpinionFile;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Policy;
use crate::audit::event::Event;
use crate::consultations::attachments::{MAX_BYTES, Received, forget, receive, refused, sent, too_large};
use crate::consultations::content::{Refused, file_name, has_known_ending};
use crate::consultations::model::FileRow;
use crate::consultations::policy::{ReadOpinions, WriteOpinion};
use crate::consultations::store::{self as consultation_store, Seen, find_file};
use crate::consultations::words::AttachmentKind;
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
    config
        .service(list_opinion_files)
        .service(attach_opinion_file)
        .service(download_opinion_file)
        .service(remove_opinion_file);
}

/// Most files of an opinion, and bytes of them all.
const MAX_FILES: usize = 10;
const MAX_TOTAL: i64 = 100 << 20;

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OpinionFileQuery {
    /// Name of the file, with the ending of what it is.
    #[param(example = "Y kien.pdf", min_length = 1, max_length = 200)]
    name: String,
}

/// The files of the opinion of a seat, for who may read it, and its version.
async fn files(conn: &mut Conn, scope: &Scope, (id, member): (Uuid, Uuid)) -> Answer<(Vec<FileRow>, i64)> {
    let case = consultation_store::find(conn, Seen::by(scope, today()), id).await?;
    let seat = desk::seat(conn, scope, &case, member).await?;
    match store::find(conn, seat.id).await? {
        Some(row) => Ok((store::files(conn, &[row.id]).await?, row.version)),
        None => Ok((Vec::new(), 0)),
    }
}

/// List the files of an opinion
///
/// For the Union and the person.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
    ),
    security(("session" = ["consultations.read_opinions"])),
    responses((status = 200, description = "Its files", body = Page<OpinionFile>)),
)]
#[get("/consultations/{id}/panel/members/{member}/opinion/attachments")]
async fn list_opinion_files(permit: Permit<ReadOpinions>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let of = (id.0, segment_id(&req, "member"));
    let (rows, version) = files(&mut permit.read().await?, permit.scope(), of).await?;
    let items = rows.iter().map(OpinionFile::from).collect();
    fresh(&req, Some(version), "private", &Page { items, next_cursor: None })
}

/// Attach a file to an opinion
///
/// The body is the file itself, as of the attachments of a request; to a draft, by who may write it. At most 10 files and 100 MB in all.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        OpinionFileQuery,
        Once,
    ),
    request_body(description = "The file", content_type = "application/octet-stream", content = String),
    security(("session" = ["consultations.write_opinion"])),
    responses(
        (status = 201, description = "Attached", body = OpinionFile),
        (status = 408, description = "The file did not arrive in time", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/consultations/{id}/panel/members/{member}/opinion/attachments")]
async fn attach_opinion_file(
    permit: Permit<WriteOpinion>,
    id: Id,
    query: Params<OpinionFileQuery>,
    once: Once,
    payload: web::Payload,
    req: HttpRequest,
) -> Answer {
    let name = file_name(&query.0.name).ok_or_else(|| {
        let detail = say!("Tên tệp từ 1 đến 200 ký tự.", "A file name has 1 to 200 characters.");
        Problem::new(Code::InvalidQuery).and_field("/name", "invalid_value", detail)
    })?;
    let of = (id.0, segment_id(&req, "member"));
    look_ahead(&permit, of, &name, &req).await?;
    let file = new_id();
    let made = match Box::pin(receive(&permit, file, &name, payload)).await {
        Ok(received) => Box::pin(keep(&permit, of, (file, name), once, received)).await,
        Err(problem) => Err(problem),
    };
    if !made.as_ref().is_ok_and(|made| *made == file) {
        // it was refused, or sent before: what came in now is not wanted
        forget(&permit, file).await;
    }
    attached(&permit, of, made?).await
}

/// Refuses what can be refused before the file comes in.
async fn look_ahead(permit: &Permit<WriteOpinion>, of: (Uuid, Uuid), name: &str, req: &HttpRequest) -> Answer<()> {
    let mut conn = permit.read().await?;
    let (rows, version) = files(&mut conn, permit.scope(), of).await?;
    // what was sent before with the same key is answered as then, whatever happened since
    let is_first = !req.headers().contains_key("idempotency-key");
    if version == 0 && is_first {
        return Err(nothing_yet());
    }
    if !has_known_ending(name) {
        return Err(refused(Refused::Ending));
    }
    let length = req.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BYTES) {
        return Err(too_large());
    }
    let length = i64::try_from(length.unwrap_or(1)).map_err(Problem::internal)?;
    if is_first { check_room(&rows, length) } else { Ok(()) }
}

fn nothing_yet() -> Problem {
    Problem::new(Code::Conflict).detail(say!(
        "Chưa có ý kiến: khai báo xung đột lợi ích trước (PUT), rồi đính kèm tệp.",
        "There is no opinion yet: declare conflicts of interest first (PUT), then attach files."
    ))
}

/// That the office has its hands on nothing but what it enters from paper.
fn check_hand(by_office: bool, opinion: &OpinionRow) -> Answer<()> {
    if !by_office || opinion.paper.is_some() {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail(say!(
        "Bản thảo này do chuyên gia tự viết: tệp do chuyên gia đính kèm hoặc gỡ.",
        "This draft is the expert's own: the expert attaches and removes its files."
    )))
}

fn check_room(files: &[FileRow], bytes: i64) -> Answer<()> {
    let total: i64 = files.iter().map(|file| file.bytes).sum();
    if files.len() < MAX_FILES && total + bytes <= MAX_TOTAL {
        return Ok(());
    }
    let detail = say!("Tối đa {MAX_FILES} tệp và 100 MB.", "At most {MAX_FILES} files and 100 MB in all.");
    Err(Problem::field("/attachments", "too_many", detail))
}

/// The pieces are there: the file can be entered. The id is another file's when it was sent before with the same key.
async fn keep(
    permit: &Permit<WriteOpinion>,
    of: (Uuid, Uuid),
    (file, name): (Uuid, String),
    once: Once,
    received: Received,
) -> Answer<Uuid> {
    let scope = permit.scope().clone();
    let said = format!("{}\n{name}", hex::encode(&received.sha256));
    permit
        .write_once(once.of_digest(said), async move |tx: &mut Conn| {
            let event = Box::pin(enter(tx, &scope, of, (file, name), received)).await?;
            Ok((file, event))
        })
        .await
}

async fn enter(
    tx: &mut Conn,
    scope: &Scope,
    of: (Uuid, Uuid),
    (file, name): (Uuid, String),
    received: Received,
) -> Answer<Event> {
    let Desk { locked, row, by_office, .. } = desk::open(tx, scope, of, None, Act::Write).await?;
    let opinion = row.ok_or_else(nothing_yet)?;
    check_hand(by_office, &opinion)?;
    let row = FileRow {
        id: file,
        consultation_id: of.0,
        kind: AttachmentKind::Other,
        name,
        media_type: received.media_type.to_owned(),
        bytes: i64::try_from(received.bytes).map_err(Problem::internal)?,
        sha256: hex::encode(&received.sha256),
        by_union: by_office,
        internal: true,
        opinion_id: Some(opinion.id),
        created_at: now(),
    };
    check_room(&store::files(tx, &[opinion.id]).await?, row.bytes)?;
    consultation_store::add_file(tx, &row, &received.sha256, scope.actor.id()).await?;
    store::touch(tx, opinion.id).await?;
    let values = json!({ "member": of.1, "file": file, "bytes": row.bytes, "sha256": row.sha256 });
    Ok(locked.event("consultations.attach_to_opinion").fields(["opinion"]).values(values))
}

async fn attached<P: Policy>(permit: &Permit<P>, of: (Uuid, Uuid), file: Uuid) -> Answer {
    let (rows, version) = files(&mut permit.read().await?, permit.scope(), of).await?;
    let row = find_file(&rows, file)?;
    let (id, member) = of;
    let location = format!("/api/v1/consultations/{id}/panel/members/{member}/opinion/attachments/{file}");
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .insert_header((header::ETAG, versioned(version)))
        .json(OpinionFile::from(row)))
}

/// Download a file of an opinion
///
/// For the Union and the person; as a stream, to be kept, not shown.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        ("file" = Uuid, Path, description = "Id of the file"),
    ),
    security(("session" = ["consultations.read_opinions"])),
    responses((status = 200, description = "The file", body = String, content_type = "application/octet-stream")),
)]
#[get("/consultations/{id}/panel/members/{member}/opinion/attachments/{file}")]
async fn download_opinion_file(permit: Permit<ReadOpinions>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let of = (id.0, segment_id(&req, "member"));
    let (rows, _) = files(&mut permit.read().await?, permit.scope(), of).await?;
    let file = find_file(&rows, segment_id(&req, "file"))?.clone();
    sent(permit, &req, file)
}

/// Remove a file of an opinion
///
/// From a draft. What was handed in stays.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        ("file" = Uuid, Path, description = "Id of the file"),
        IfMatch,
    ),
    security(("session" = ["consultations.write_opinion"])),
    responses((status = 204, description = "Removed; `ETag` is that of the opinion")),
)]
#[delete("/consultations/{id}/panel/members/{member}/opinion/attachments/{file}")]
async fn remove_opinion_file(permit: Permit<WriteOpinion>, id: Id, if_match: IfMatch, req: HttpRequest) -> Answer {
    let (scope, of, file) = (permit.scope().clone(), (id.0, segment_id(&req, "member")), segment_id(&req, "file"));
    let version = permit.write(async move |tx| Box::pin(remove(tx, &scope, of, (file, &if_match))).await).await?;
    Ok(HttpResponse::NoContent().insert_header((header::ETAG, versioned(version))).finish())
}

async fn remove(
    tx: &mut Conn,
    scope: &Scope,
    of: (Uuid, Uuid),
    (file, if_match): (Uuid, &IfMatch),
) -> Answer<(i64, Event)> {
    // a file that is not there is a 404 before anything else
    find_file(&files(tx, scope, of).await?.0, file)?;
    let Desk { locked, row, by_office, .. } = desk::open(tx, scope, of, Some(if_match), Act::Write).await?;
    let opinion = row.ok_or_else(nothing_yet)?;
    check_hand(by_office, &opinion)?;
    let rows = store::files(tx, &[opinion.id]).await?;
    let row = find_file(&rows, file)?;
    if opinion.submitted_at.is_some_and(|at| row.created_at <= at) {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Tệp đã gửi cùng ý kiến nên được giữ lại; đính kèm tệp khác.",
            "The file was handed in with the opinion, so it stays: attach another one."
        )));
    }
    consultation_store::remove_file(tx, file).await?;
    store::touch(tx, opinion.id).await?;
    let values = json!({ "member": of.1, "file": file, "name": row.name, "sha256": row.sha256 });
    let event = locked.event("consultations.detach_from_opinion").fields(["opinion"]).values(values);
    Ok((opinion.version + 1, event))
}
