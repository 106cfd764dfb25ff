//! `/consultations/{id}/conclusion`: read in JSON and as a text document, drafted, written, dropped.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::docx::MEDIA_TYPE;
use super::drafting::{basis, draft, newcomers, reckoned};
use super::forms::ConclusionForm;
use super::model::ConclusionRow;
use super::view::{Conclusion, ConclusionCard};
use super::{head, store};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::consultations::model::Case;
use crate::consultations::opinions::heard;
use crate::consultations::panel::store::touch;
use crate::consultations::policy::{PrepareConsultation, ReadConsultations};
use crate::consultations::reader::Reader;
use crate::consultations::state::{Hands, Verb};
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::ConsultationState;
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, is_held, versioned, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(read_conclusion)
        .service(list_conclusions)
        .service(draft_conclusion)
        .service(put_conclusion)
        .service(drop_conclusion);
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ConclusionFormat {
    /// JSON.
    #[default]
    Json,
    /// A text document, laid out as an official report.
    Docx,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConclusionQuery {
    /// In which form; JSON by default.
    #[param(inline)]
    format: ConclusionFormat,
    /// Which version; the last one by default.
    #[param(minimum = 1, example = 1)]
    number: Option<i32>,
}

/// The versions that exist for a caller: all for the Union and who inspects it, for others what went out.
async fn seen(conn: &mut Conn, scope: &Scope, consultation: Uuid) -> Answer<Vec<ConclusionRow>> {
    let mut rows = store::versions(conn, consultation).await?;
    rows.retain(|row| scope.reach == Reach::All || row.delivered_at.is_some());
    Ok(rows)
}

/// Read the conclusion of a consultation
///
/// The last version or the one of a number, in JSON or as a text document. The Union and who inspects it see drafts; the asker and the
/// experts of the panel what went out, and before that nothing is there.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), ConclusionQuery),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "The conclusion", content(
        (Conclusion = "application/json"),
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ))),
)]
#[get("/consultations/{id}/conclusion")]
async fn read_conclusion(
    permit: Permit<ReadConsultations>,
    id: Id,
    query: Params<ConclusionQuery>,
    req: HttpRequest,
) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let rows = seen(&mut conn, permit.scope(), id.0).await?;
    let wanted = |row: &&ConclusionRow| query.0.number.is_none_or(|number| row.number == number);
    let row = rows.iter().rfind(wanted).ok_or_else(|| Problem::new(Code::NotFound))?;
    if query.0.format == ConclusionFormat::Docx {
        let before = rows.iter().find(|before| Some(before.id) == row.corrects);
        let bytes = Box::pin(head::document(&mut conn, &case, row, before)).await?;
        return Ok(download(&req, &file_name(&case, row), bytes));
    }
    let version = permit.may::<PrepareConsultation>(|reach| reach == Reach::All).then_some(row.version);
    fresh(&req, version, "private", &Conclusion::new(row.clone(), permit.scope().reach == Reach::All))
}

/// Letters and numbers alone, so that it fits into a header.
fn file_name(case: &Case, row: &ConclusionRow) -> String {
    let of = case.row.register_number.as_deref().unwrap_or("ho-so");
    format!("bao-cao-{of}-{}.docx", row.number)
}

fn download(req: &HttpRequest, name: &str, bytes: Vec<u8>) -> HttpResponse {
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(&bytes)[..8]));
    let held = is_held(req, &tag);
    let mut response = if held { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::VARY, "Authorization, Accept-Language"));
    if held {
        return response.finish();
    }
    let disposition = format!("attachment; filename=\"{name}\"");
    response.insert_header((header::CONTENT_DISPOSITION, disposition)).content_type(MEDIA_TYPE).body(bytes)
}

/// List the versions of a conclusion
///
/// The report and its corrections, the first first; drafts for the Union and who inspects it.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "Its versions", body = Page<ConclusionCard>)),
)]
#[get("/consultations/{id}/conclusions")]
async fn list_conclusions(permit: Permit<ReadConsultations>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let rows = seen(&mut conn, permit.scope(), id.0).await?;
    let items = rows.into_iter().map(ConclusionCard::from).collect();
    fresh(&req, None, "private", &Page { items, next_cursor: None })
}

/// Answers a write with the last version as it is now.
pub(super) async fn answer<P: Policy>(permit: &Permit<P>, id: Uuid, created: bool) -> Answer {
    let rows = store::versions(&mut permit.read().await?, id).await?;
    let row = rows.into_iter().next_back().ok_or_else(|| Problem::new(Code::NotFound))?;
    let location = format!("/api/v1/consultations/{id}/conclusion");
    written(created.then_some(location.as_str()), row.version, &Conclusion::new(row, true))
}

/// Draft the conclusion
///
/// From the opinions that count, while it is concluded: what most say, what each of the others says, what is answered to each question,
/// all without names. Recommendations are for the office to write.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), Once),
    security(("session" = ["consultations.prepare"])),
    responses((status = 201, description = "Drafted", body = Conclusion)),
)]
#[post("/consultations/{id}/conclusion")]
async fn draft_conclusion(permit: Permit<PrepareConsultation>, id: Id, once: Once) -> Answer {
    let scope = permit.scope().clone();
    permit
        .write_once(once, async move |tx| {
            let event = Box::pin(begin(tx, &scope, id.0)).await?;
            Ok((id.0, event))
        })
        .await?;
    answer(&permit, id.0, true).await
}

async fn begin(tx: &mut Conn, scope: &Scope, id: Uuid) -> Answer<Event> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, None).await?;
    let case = &locked.case;
    must_be(case, &[ConsultationState::Concluding])?;
    if !store::versions(tx, id).await?.is_empty() {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Đã có dự thảo kết luận; sửa bằng PUT, hoặc xóa (DELETE) rồi lập lại.",
            "There is a draft: change it by PUT, or drop it (DELETE) and draft anew.",
        )));
    }
    let heard = heard(tx, case).await?;
    let asker = head::asker(tx, case, locked.on.today).await?;
    let approved =
        |row: &&crate::consultations::model::MoveRow| row.verb.as_deref() == Some(Verb::ApprovePanel.as_str());
    let panel = case.moves.iter().rfind(approved).and_then(|row| row.document.as_ref());
    let row = ConclusionRow {
        id: new_id(),
        version: case.row.version + 1,
        consultation_id: id,
        number: 1,
        content: draft(&heard, basis(case.row.letter.as_ref(), &asker, panel)),
        corrects: None,
        correction_reason: None,
        report: None,
        signed_at: None,
        delivered_at: None,
        created_at: now(),
        updated_at: now(),
    };
    store::put(tx, &row).await?;
    touch(tx, id).await?;
    let values = json!({ "number": 1, "tally": row.content.tally });
    Ok(locked.event("consultations.draft_conclusion").fields(["conclusion"]).values(values))
}

/// The version of what is written now: that of the consultation, which every write of the report counts up; of a correction, which its
/// asker must not notice before it goes out, the moment. So a draft that was dropped and the next one never share one.
pub(super) fn next_version(case: &Case, number: i32) -> i64 {
    if number == 1 { case.row.version + 1 } else { now().timestamp_micros() }
}

/// Counts the version of the consultation up for its report; a correction that is being written is no news.
pub(super) async fn touch_report(tx: &mut Conn, row: &ConclusionRow) -> Answer<()> {
    if row.number == 1 || row.delivered_at.is_some() { touch(tx, row.consultation_id).await } else { Ok(()) }
}

/// That a consultation is in one of these states.
pub(super) fn must_be(case: &Case, states: &[ConsultationState]) -> Answer<()> {
    if states.contains(&case.row.state) {
        return Ok(());
    }
    let state = case.row.state.as_str();
    let list = states.iter().map(|state| format!("`{}`", state.as_str())).collect::<Vec<_>>().join(", ");
    Err(Problem::new(Code::Conflict).detail(say!(
        "Chỉ làm được ở trạng thái {list}; hiện là `{state}`.",
        "This is done in the state {list}; it is `{state}`.",
    )))
}

/// The states in which the draft of a version is written and signed.
pub(super) const fn states_of(row: &ConclusionRow) -> &'static [ConsultationState] {
    match row.number {
        1 => &[ConsultationState::Concluding],
        _ => &[ConsultationState::Delivered, ConsultationState::Responded],
    }
}

/// The version that is being written, of the version its writer read.
///
/// # Errors
/// 404 without any; 428, 412; 409 when it went out or the consultation stands elsewhere; 403 when it is signed and no leader writes.
pub(super) async fn open_draft(tx: &mut Conn, locked: &Locked, if_match: &IfMatch) -> Answer<Vec<ConclusionRow>> {
    let rows = store::versions(tx, locked.case.id()).await?;
    let row = rows.last().ok_or_else(|| Problem::new(Code::NotFound))?;
    if_match.check(row.version)?;
    if row.delivered_at.is_some() {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Bản đã gửi không thay đổi nữa; lập bản đính chính bằng `correct`.",
            "What went out never changes: begin a correction by `correct`.",
        )));
    }
    must_be(&locked.case, states_of(row))?;
    check_signed(row, locked.hands)?;
    Ok(rows)
}

/// What a leader signed only a leader takes back.
fn check_signed(row: &ConclusionRow, hands: Hands) -> Answer<()> {
    if row.signed_at.is_none() || hands.leader {
        return Ok(());
    }
    Err(Problem::new(Code::Forbidden).detail(say!(
        "Dự thảo đã ký; lãnh đạo sửa (PUT) thì chữ ký được rút lại.",
        "It is signed: a leader who changes it (PUT) takes the signature back.",
    )))
}

/// Write the draft of a conclusion
///
/// In place of what was there. Who was heard and how many said what is taken anew from the opinions, and the word of who differs and was
/// not heard when it was drafted is added. Recommendations are numbered in
/// their order; in a correction who is kept keeps its number, who is left out is withdrawn, and new ones get the next numbers. A leader
/// who changes what is signed takes the signature back.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch),
    request_body = ConclusionForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The draft as it is now", body = Conclusion)),
)]
#[put("/consultations/{id}/conclusion")]
async fn put_conclusion(
    permit: Permit<PrepareConsultation>,
    id: Id,
    if_match: IfMatch,
    body: Body<ConclusionForm>,
) -> Answer {
    let scope = permit.scope().clone();
    permit.write(async move |tx| Box::pin(write(tx, &scope, (id.0, if_match), body.0)).await).await?;
    answer(&permit, id.0, false).await
}

async fn write(
    tx: &mut Conn,
    scope: &Scope,
    (id, if_match): (Uuid, IfMatch),
    form: ConclusionForm,
) -> Answer<((), Event)> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, None).await?;
    let mut rows = open_draft(tx, &locked, &if_match).await?;
    let mut row = rows.pop().ok_or_else(|| Problem::new(Code::NotFound))?;
    let before = rows.last().map(|before| before.content.recommendations.as_slice()).unwrap_or_default();
    let mut reader = Reader::default();
    row.content = form.read(&mut reader, &row.content, before, locked.case.row.questions.len());
    if row.number == 1 {
        let heard = heard(tx, &locked.case).await?;
        let known = std::mem::take(&mut row.content.minority);
        let new = newcomers(&heard, &row.content.members).into_iter().filter(|text| !known.contains(text));
        row.content.minority = known.iter().cloned().chain(new).collect();
        (row.content.members, row.content.tally) = reckoned(&heard);
    }
    let mut row = reader.done(row)?;
    let unsigned = row.signed_at.take().is_some();
    (row.report, row.version, row.updated_at) = (None, next_version(&locked.case, row.number), now());
    store::put(tx, &row).await?;
    touch_report(tx, &row).await?;
    let numbers: Vec<i32> = row.content.live().map(|one| one.number).collect();
    let values =
        json!({ "number": row.number, "recommendations": numbers, "tally": row.content.tally, "unsigned": unsigned });
    Ok(((), locked.event("consultations.put_conclusion").fields(["conclusion"]).values(values)))
}

/// Drop the draft of a conclusion
///
/// One that did not go out; what is signed, by a leader. Drafted anew it begins with the opinions again.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch),
    security(("session" = ["consultations.prepare"])),
    responses((status = 204, description = "Dropped; `ETag` is that of the consultation")),
)]
#[delete("/consultations/{id}/conclusion")]
async fn drop_conclusion(permit: Permit<PrepareConsultation>, id: Id, if_match: IfMatch) -> Answer {
    let scope = permit.scope().clone();
    let version = permit
        .write(async move |tx: &mut Conn| {
            let locked = work::lock(tx, &scope, id.0, None).await?;
            let mut rows = open_draft(tx, &locked, &if_match).await?;
            let row = rows.pop().ok_or_else(|| Problem::new(Code::NotFound))?;
            store::remove(tx, row.id).await?;
            touch_report(tx, &row).await?;
            let event = locked.event("consultations.drop_conclusion").fields(["conclusion"]);
            let version = locked.case.row.version + i64::from(row.number == 1);
            Ok((version, event.values(json!({ "number": row.number }))))
        })
        .await?;
    Ok(HttpResponse::NoContent().insert_header((header::ETAG, versioned(version))).finish())
}
