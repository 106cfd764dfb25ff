//! Answers to invitations, and days that are agreed with somebody.

use actix_web::{HttpRequest, post};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::view::{PanelInvitation, answers, invitation};
use super::{pass_on, store};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::consultations::clock::report_hand;
use crate::consultations::model::Letter;
use crate::consultations::panel::model::takes_opinions;
use crate::consultations::panel::{MemberRow, recuse, store as panel_store};
use crate::consultations::policy::{AnswerInvitation, PrepareConsultation};
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{DeclineCode, PanelMemberState};
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::{Body, MaybeBody};
use crate::http::idempotency::Once;
use crate::http::path::{Id, segment_id};
use crate::kernel::clock::today;
use crate::kernel::document::DocumentForm;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(accept_seat).service(decline_seat).service(agree_dates);
}

/// A yes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"document": {"number": "05/LHH", "date": "2026-03-10"}}))]
struct AcceptInvitationForm {
    /// A word with it, for the Union.
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// The letter, or the note of a call, by which the office enters the answer.
    document: Option<DocumentForm>,
}

/// A no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "busy", "note": "Đang đi công tác nước ngoài đến hết tháng"}))]
struct DeclineInvitationForm {
    /// Why, from the list.
    reason: DeclineCode,
    /// Why, in words, for the Union; for a conflict of interest it says which.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: Option<String>,
    /// The letter, or the note of a call, by which the office enters the answer.
    #[serde(default)]
    document: Option<DocumentForm>,
}

/// Days that are agreed with somebody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"deliver_by": "2030-03-20", "reason": "Chuyên gia đề nghị thêm ba ngày"}))]
struct AgreeDatesForm {
    /// The last day for the answer, of somebody who did not answer yet.
    #[serde(default)]
    answer_by: Option<NaiveDate>,
    /// The last day for the opinion, of somebody who did not hand one in yet: no later than the report.
    #[serde(default)]
    deliver_by: Option<NaiveDate>,
    /// Why.
    #[schema(min_length = 1, max_length = 2000)]
    reason: String,
}

/// What somebody says to an invitation.
struct Said {
    state: PanelMemberState,
    code: Option<DeclineCode>,
    note: Option<String>,
    document: Option<DocumentForm>,
}

/// Accept an invitation
///
/// By the expert themself, or by the Union's office with the letter or the note of a call. From then on they read the file and write
/// their opinion.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        Once,
    ),
    request_body = AcceptInvitationForm,
    security(("session" = ["consultations.answer_invitation"])),
    responses((status = 200, description = "The invitation as it is now", body = PanelInvitation)),
)]
#[post("/consultations/{id}/panel/members/{member}/accept")]
async fn accept_seat(
    permit: Permit<AnswerInvitation>,
    id: Id,
    once: Once,
    body: MaybeBody<AcceptInvitationForm>,
    req: HttpRequest,
) -> Answer {
    let MaybeBody(form) = body;
    let once = once.of(&form);
    let AcceptInvitationForm { note, document } = form.0;
    let said = Said { state: PanelMemberState::Accepted, code: None, note, document };
    take(permit, id.0, once, said, req).await
}

/// Decline an invitation
///
/// By the expert themself, or by the Union's office with the letter or the note of a call; also by who accepted, as long as there is no
/// opinion. The next in line for that kind of seat is invited in the same transaction. What each reason means for being asked again:
/// `busy` rests and counts as declined, `other` counts as declined, `not_my_field` counts as never asked and the field is not taken for
/// theirs, and after `conflict` they take no part in this consultation.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        Once,
    ),
    request_body = DeclineInvitationForm,
    security(("session" = ["consultations.answer_invitation"])),
    responses((status = 200, description = "The invitation as it is now", body = PanelInvitation)),
)]
#[post("/consultations/{id}/panel/members/{member}/decline")]
async fn decline_seat(
    permit: Permit<AnswerInvitation>,
    id: Id,
    once: Once,
    body: Body<DeclineInvitationForm>,
    req: HttpRequest,
) -> Answer {
    let once = once.of(&body);
    let DeclineInvitationForm { reason, note, document } = body.0;
    let said = Said { state: PanelMemberState::Declined, code: Some(reason), note, document };
    take(permit, id.0, once, said, req).await
}

async fn take(permit: Permit<AnswerInvitation>, id: Uuid, once: Once, said: Said, req: HttpRequest) -> Answer {
    let (scope, member) = (permit.scope().clone(), segment_id(&req, "member"));
    Box::pin(permit.write_once(once, async move |tx| {
        let events = Box::pin(reply(tx, &scope, (id, member), said)).await?;
        Ok((member, events))
    }))
    .await?;
    answer(&permit, id, member, &req).await
}

/// Answers with the invitation, also to whom it was, who sits no more.
async fn answer<P: Policy>(permit: &Permit<P>, id: Uuid, member: Uuid, req: &HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    fresh(req, None, "private", &shown(&mut conn, permit.scope(), id, member).await?)
}

async fn shown(conn: &mut Conn, scope: &Scope, id: Uuid, member: Uuid) -> Answer<PanelInvitation> {
    let row = seat(conn, scope, id, member).await?;
    let (on, _) = work::reckoning(conn).await?;
    invitation(conn, &on, &row).await
}

/// A seat of a consultation; for an expert only their own.
async fn seat(conn: &mut Conn, scope: &Scope, id: Uuid, member: Uuid) -> Answer<MemberRow> {
    let own = scope.actor.expert_id();
    let is_shown = |row: &MemberRow| row.id == member && (scope.reach == Reach::All || Some(row.expert_id) == own);
    let rows = panel_store::members(conn, id).await?;
    rows.into_iter().find(is_shown).ok_or_else(|| Problem::new(Code::NotFound))
}

async fn reply(tx: &mut Conn, scope: &Scope, (id, member): (Uuid, Uuid), said: Said) -> Answer<Vec<Event>> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, None).await?;
    let row = seat(tx, scope, id, member).await?;
    check_open(&locked, &row, said.state)?;
    let (note, document) = read(&locked, scope, &said)?;
    store::answered(tx, member, (said.state, said.code), (note.as_deref(), document.as_ref())).await?;
    if said.code == Some(DeclineCode::Conflict) {
        recuse(tx, scope, &locked.case, (row.expert_id, note.clone().unwrap_or_default())).await?;
    }
    panel_store::touch(tx, id).await?;
    let accepts = said.state == PanelMemberState::Accepted;
    let action = if accepts { "consultations.accept_invitation" } else { "consultations.decline_invitation" };
    let values = json!({ "member": member, "expert": row.expert_id, "reason": said.code, "note": note,
        "document": document });
    let mut events = vec![locked.event(action).fields(["panel"]).values(values)];
    if !accepts {
        events.extend(pass_on(tx, &locked.case, &row).await?);
    }
    Ok(events)
}

/// That this can be answered so now.
fn check_open(locked: &Locked, row: &MemberRow, to: PanelMemberState) -> Answer<()> {
    let state = row.state.as_str();
    if row.rank > 0 || row.asked_at.is_none() || !takes_opinions(&locked.case) {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Chưa được mời, hoặc hội đồng không còn lấy ý kiến.",
            "Nobody was invited to this seat yet, or no opinions are given any more."
        )));
    }
    let (accepts, declines) = answers(row);
    let accepts_now = to == PanelMemberState::Accepted;
    if if accepts_now { accepts } else { declines } {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail(say!(
        "Thư mời đang ở trạng thái `{state}`: `accept` khi `invited`; `decline` khi `invited`, hoặc `accepted` và chưa gửi ý kiến.",
        "The invitation is `{state}`: `accept` is possible while `invited`; `decline` while `invited`, or `accepted` without an opinion."
    )))
}

/// The note and the letter: the office needs the letter, and a conflict of interest is named.
fn read(locked: &Locked, scope: &Scope, said: &Said) -> Answer<(Option<String>, Option<Letter>)> {
    let mut reader = Reader::default();
    let note = reader.note("/note", said.note.as_deref());
    let document = reader.paper("/document", said.document.clone(), locked.on.today);
    let detail = say!("Nêu xung đột lợi ích là gì.", "Say what the conflict of interest is.");
    let note = if said.code == Some(DeclineCode::Conflict) { reader.required("/note", note, detail) } else { note };
    if scope.reach == Reach::All && said.document.is_none() {
        let detail = say!(
            "Văn phòng ghi thay thì nêu văn bản, hoặc ghi chú cuộc gọi.",
            "The office enters an answer by a letter or the note of a call: name it."
        );
        reader.fault("/document", "required", detail);
    }
    reader.done((note, document))
}

/// Agree on days with somebody
///
/// By the Union's office: other days than the usual ones for the answer or the opinion of one of the panel, with a reason. Suspensions
/// after that move them.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        IfMatch,
        Once,
    ),
    request_body = AgreeDatesForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The invitation as it is now", body = PanelInvitation)),
)]
#[post("/consultations/{id}/panel/members/{member}/agree-dates")]
async fn agree_dates(
    permit: Permit<PrepareConsultation>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    body: Body<AgreeDatesForm>,
    req: HttpRequest,
) -> Answer {
    let (scope, member, once) = (permit.scope().clone(), segment_id(&req, "member"), once.of(&body));
    permit
        .write_once(once, async move |tx| {
            let event = Box::pin(agree(tx, &scope, (id.0, member), &if_match, body.0)).await?;
            Ok((member, event))
        })
        .await?;
    let mut conn = permit.read().await?;
    let version = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?.row.version;
    written(None, version, &shown(&mut conn, permit.scope(), id.0, member).await?)
}

async fn agree(
    tx: &mut Conn,
    scope: &Scope,
    (id, member): (Uuid, Uuid),
    if_match: &IfMatch,
    form: AgreeDatesForm,
) -> Answer<Event> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, Some(if_match)).await?;
    let row = seat(tx, scope, id, member).await?;
    let answers = row.state == PanelMemberState::Invited && row.rank == 0;
    let delivers = answers || (row.state == PanelMemberState::Accepted && row.delivered_at.is_none());
    let runs = takes_opinions(&locked.case) && locked.case.suspended_from().is_none();
    if !runs || !delivers || (form.answer_by.is_some() && !answers) {
        let state = row.state.as_str();
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Không còn chờ trả lời hoặc ý kiến này (`{state}`), hoặc đồng hồ đang dừng.",
            "That is not waited for (`{state}`), or the clock stands still."
        )));
    }
    let mut reader = Reader::default();
    let today = locked.on.today;
    let answer_by = reader.day_after("/answer_by", form.answer_by, today);
    let deliver_by = reader.day_after("/deliver_by", form.deliver_by, today);
    let reason = reader.needed_note("/reason", &form.reason);
    check_days(&mut reader, &locked, answer_by, deliver_by);
    let reason = reader.done(reason)?;
    store::agree(tx, member, answer_by, deliver_by).await?;
    panel_store::touch(tx, id).await?;
    let values = json!({ "member": member, "expert": row.expert_id, "answer_by": answer_by, "deliver_by": deliver_by,
        "reason": reason });
    Ok(locked.event("consultations.agree_dates").fields(["panel"]).values(values))
}

fn check_days(reader: &mut Reader, locked: &Locked, answer: Option<NaiveDate>, deliver: Option<NaiveDate>) {
    if answer.is_none() && deliver.is_none() {
        let detail = say!("Nêu ít nhất một ngày.", "Give at least one of the days.");
        reader.fault("/deliver_by", "required", detail);
    }
    let ticks = locked.case.ticks();
    let report = report_hand(&locked.on.calendar, &locked.on.limits, &locked.case.row.course(&ticks));
    let report = report.and_then(|hand| hand.due());
    for (pointer, day) in [("/answer_by", answer), ("/deliver_by", deliver)] {
        if let Some(last) = report.filter(|last| day.is_some_and(|day| day > *last)) {
            let detail = say!(
                "Sau hạn báo cáo ({last}): chọn ngày sớm hơn, hoặc thống nhất lại hạn báo cáo (`reschedule`).",
                "After the report is due ({last}): choose an earlier day, or agree on another deadline (`reschedule`)."
            );
            reader.fault(pointer, "too_late", detail);
        }
    }
    if let (Some(answer), Some(deliver)) = (answer, deliver)
        && deliver < answer
    {
        let detail = say!("Trước hạn trả lời.", "Before the answer is due.");
        reader.fault("/deliver_by", "out_of_order", detail);
    }
}
