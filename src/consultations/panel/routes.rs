//! `GET` and `PUT /consultations/{id}/panel`, and letting somebody go.

use std::collections::HashSet;

use actix_web::{HttpRequest, get, post, put};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::conflicts::{ConflictReasonForm, named};
use super::model::{MOST_ALTERNATES, MOST_MEMBERS, MemberRow, is_approved, is_live};
use super::store::{self, Who};
use super::view::{self, Panel};
use super::watch;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::consultations::invitations;
use crate::consultations::model::{Case, Letter};
use crate::consultations::policy::{PrepareConsultation, ReadConsultations};
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConsultationState, PanelMemberState, PanelSeat};
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, segment_id};
use crate::kernel::clock::today;
use crate::kernel::document::DocumentForm;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(read_panel).service(put_panel).service(release_member);
}

/// Most reasons of a seat.
pub(super) const MOST_REASONS: usize = 20;

/// Somebody for a seat.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"expert": "CG-000001", "seat": "chair", "reasons": ["Lĩnh vực trùng khớp"], "score": 0.82}))]
pub struct PanelSeatForm {
    /// The expert by id or code.
    pub expert: String,
    /// The kind of seat.
    pub seat: PanelSeat,
    /// The score of the proposal, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub score: Option<f64>,
    /// Why this person.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub reasons: Vec<String>,
}

/// A panel to be adopted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "members": [{"expert": "CG-000001", "seat": "chair"}, {"expert": "CG-000002", "seat": "secretary"},
                {"expert": "CG-000003", "seat": "reviewer"}],
    "alternates": [{"expert": "CG-000004", "seat": "reviewer"}]
}))]
struct PanelForm {
    /// Who sits.
    #[schema(max_items = 51)]
    members: Vec<PanelSeatForm>,
    /// Who is in line, the first first; the order counts for each kind of seat by itself.
    #[serde(default)]
    #[schema(max_items = 200)]
    alternates: Vec<PanelSeatForm>,
    /// The document by which a leader changes a panel that was approved; before that there is none.
    document: Option<DocumentForm>,
}

/// Read a panel
///
/// Who sits, by present facts. The Union sees who is in line, what the panel lacks and what came up; the asker sees names once the
/// panel is approved; somebody of the panel sees themself, and the others then.
#[utoipa::path(
    tag = "panels",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "The panel", body = Panel)),
)]
#[get("/consultations/{id}/panel")]
async fn read_panel(permit: Permit<ReadConsultations>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let panel = view::panel(&mut conn, permit.scope(), &case, lang(&req)).await?;
    let version = permit.may::<PrepareConsultation>(|reach| reach == Reach::All).then_some(case.row.version);
    fresh(&req, version, "private", &panel)
}

async fn answer<P: Policy>(permit: &Permit<P>, id: Uuid, req: &HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let case = consultation_store::find(&mut conn, Seen::by(permit.scope(), today()), id).await?;
    let panel = view::panel(&mut conn, permit.scope(), &case, lang(req)).await?;
    written(None, case.row.version, &panel)
}

/// Adopt a panel
///
/// A proposal or a list made by hand, in place of the one before, while the panel is being formed. Who stays in their seat keeps it.
/// `lacks` of the answer says what is missing before it can be approved. Once it was approved a leader changes it by a document, as long
/// as the report is not delivered, and only into one that keeps all rules: when somebody had to leave, for example.
#[utoipa::path(
    tag = "panels",
    params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch),
    request_body = PanelForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The panel as it is now", body = Panel)),
)]
#[put("/consultations/{id}/panel")]
async fn put_panel(
    permit: Permit<PrepareConsultation>,
    id: Id,
    if_match: IfMatch,
    body: Body<PanelForm>,
    req: HttpRequest,
) -> Answer {
    let scope = permit.scope().clone();
    permit.write(async move |tx| Box::pin(adopt(tx, &scope, (id.0, if_match), body.0)).await).await?;
    answer(&permit, id.0, &req).await
}

async fn adopt(
    tx: &mut Conn,
    scope: &Scope,
    (id, if_match): (Uuid, IfMatch),
    form: PanelForm,
) -> Answer<((), Vec<Event>)> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, Some(&if_match)).await?;
    let is_amended = is_amended(&locked)?;
    let there = store::members(tx, id).await?;
    let Wanted { rows: wanted, document } = read(tx, &locked, is_amended, &there, form).await?;
    let mut stay: HashSet<Uuid> = HashSet::new();
    let mut new: Vec<MemberRow> = Vec::new();
    for row in wanted {
        let same = there.iter().find(|old| {
            let same_line = (old.rank == 0) == (row.rank == 0);
            // who sits on an approved panel and changes seats takes answer and opinion along
            let same_seat = old.seat == row.seat || (is_amended && row.rank == 0);
            old.state.is_live() && old.expert_id == row.expert_id && same_seat && same_line
        });
        match same {
            Some(old) if !stay.contains(&old.id) => {
                stay.insert(old.id);
                let changed = MemberRow { id: old.id, ..row };
                let said = |row: &MemberRow| (row.rank, row.seat, row.score, row.reasons.clone());
                if said(&changed) != said(old) {
                    store::keep(tx, &changed).await?;
                }
            }
            _ => new.push(row),
        }
    }
    let gone: Vec<&MemberRow> = there.iter().filter(|old| old.state.is_live() && !stay.contains(&old.id)).collect();
    gone.iter().try_for_each(|old| check_leaves(old))?;
    check_joins(&locked.case, &new)?;
    let ids: Vec<Uuid> = gone.iter().map(|old| old.id).collect();
    store::end(tx, &ids, (PanelMemberState::Released.as_str(), "replaced"), is_amended).await?;
    store::add_members(tx, &new).await?;
    let mut events = Vec::new();
    if is_amended {
        check_whole(tx, &locked.case).await?;
        events.extend(invitations::invite(tx, id).await?);
    }
    store::touch(tx, id).await?;
    // what is known now is no alert later
    watch::note(tx, &locked.case, false).await?;
    let told = |row: &MemberRow| json!({ "expert": row.expert_id, "seat": row.seat, "rank": row.rank });
    let came: Vec<_> = new.iter().map(told).collect();
    let left: Vec<_> = gone.into_iter().map(told).collect();
    let values = json!({ "came": came, "left": left, "stay": stay.len(), "document": document });
    events.push(locked.event("consultations.put_panel").fields(["panel"]).values(values));
    Ok(((), events))
}

/// That somebody may leave without a conflict of interest: what was handed in is heard, whatever it says.
fn check_leaves(row: &MemberRow) -> Answer<()> {
    if row.delivered_at.is_none() {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail(say!(
        "Thành viên đã gửi ý kiến nên ở lại hội đồng; chỉ rút khi có xung đột lợi ích (`recuse`).",
        "Who handed in an opinion stays on the panel, but for a conflict of interest (`recuse`)."
    )))
}

/// That who joins can still be heard.
fn check_joins(case: &Case, new: &[MemberRow]) -> Answer<()> {
    if case.row.state != ConsultationState::Concluding || new.iter().all(|row| row.rank > 0) {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail(say!(
        "Đang tổng hợp kết luận, thành viên mới không còn cho ý kiến được: lãnh đạo mở lại việc lấy ý kiến trước (`reopen-review`).",
        "It is being concluded, and nobody new would be heard: a leader opens the review again first (`reopen-review`)."
    )))
}

/// Whether a panel that was approved is changed: by a leader, before the report goes out.
fn is_amended(locked: &Locked) -> Answer<bool> {
    use ConsultationState::{Concluding, InReview, PanelForming};
    let state = locked.case.row.state;
    match state {
        PanelForming => Ok(false),
        InReview | Concluding if locked.hands.leader => Ok(true),
        InReview | Concluding => Err(Problem::new(Code::Forbidden).detail(say!(
            "Hội đồng đã được phê duyệt; chỉ lãnh đạo Liên hiệp hội thay đổi, bằng văn bản.",
            "The panel was approved: a leader of the Union changes it, by a document.",
        ))),
        _ => {
            let state = state.as_str();
            Err(Problem::new(Code::Conflict).detail(say!(
                "Hội đồng chỉ được lập khi hồ sơ ở trạng thái `panel_forming`; hiện là `{state}`.",
                "A panel is adopted while the state is `panel_forming`; it is `{state}`.",
            )))
        }
    }
}

/// That a panel lacks nothing.
async fn check_whole(tx: &mut Conn, case: &Case) -> Answer<()> {
    let mut reader = Reader::default();
    for lack in view::lacks_of(tx, case).await? {
        reader.fault("/members", lack.code, lack.detail);
    }
    reader.done(())
}

/// What is to be, and by which document.
struct Wanted {
    rows: Vec<MemberRow>,
    document: Option<Letter>,
}

/// Reads who is to sit and who is to be in line.
async fn read(
    tx: &mut Conn,
    locked: &Locked,
    is_amended: bool,
    there: &[MemberRow],
    form: PanelForm,
) -> Answer<Wanted> {
    let mut reader = Reader::default();
    let document = reader.paper("/document", form.document, locked.on.today);
    if is_amended && document.is_none() {
        reader.fault("/document", "required", say!("Nêu văn bản.", "Name the document."));
    }
    for (pointer, count, most) in
        [("/members", form.members.len(), MOST_MEMBERS), ("/alternates", form.alternates.len(), MOST_ALTERNATES)]
    {
        if count > most {
            reader.fault(pointer, "too_many", say!("Tối đa {most} người.", "At most {most} people."));
            return reader.done(Wanted { rows: Vec::new(), document });
        }
    }
    // who sits on an approved panel and takes nothing new finishes this
    let sitting: HashSet<Uuid> = there.iter().filter(|row| is_amended && row.sits()).map(|row| row.expert_id).collect();
    let members = seats(tx, &mut reader, "/members", (&form.members, &sitting)).await?;
    let alternates = seats(tx, &mut reader, "/alternates", (&form.alternates, &HashSet::new())).await?;
    check_seats(&mut reader, &members, &alternates);
    let row = |form: &PanelSeatForm, who: &Who, rank: i16| MemberRow {
        score: form.score,
        reasons: form.reasons.clone(),
        ..MemberRow::chosen(locked.case.id(), who.id, (form.seat, rank))
    };
    let mut rows: Vec<MemberRow> = members.iter().filter_map(|(form, who)| Some(row(form, who.as_ref()?, 0))).collect();
    for seat in PanelSeat::ALL {
        let line = alternates.iter().filter(|(form, _)| form.seat == *seat).zip(1_i16..);
        rows.extend(line.filter_map(|((form, who), rank)| Some(row(form, who.as_ref()?, rank))));
    }
    reader.done(Wanted { rows, document })
}

/// A list of seats with who is named for them, each looked up and checked.
async fn seats(
    tx: &mut Conn,
    reader: &mut Reader,
    pointer: &str,
    (forms, sitting): (&[PanelSeatForm], &HashSet<Uuid>),
) -> Answer<Vec<(PanelSeatForm, Option<Who>)>> {
    let keys: Vec<String> = forms.iter().map(|form| form.expert.clone()).collect();
    // in line for several kinds of seats one may be, so that twice is looked for below
    let mut apart = Reader::default();
    let people = named(tx, &mut apart, pointer, &keys).await?;
    let mut read = Vec::new();
    for (at, (form, who)) in forms.iter().zip(people).enumerate() {
        let place = format!("{pointer}/{at}");
        match &who {
            None => reader.fault(
                &format!("{place}/expert"),
                "unknown_reference",
                say!("Không có chuyên gia này trong ngân hàng.", "There is no such expert in the bank."),
            ),
            Some(who) if who.status != "active" && !sitting.contains(&who.id) => {
                reader.fault(&format!("{place}/expert"), "not_available", not_available(who))
            }
            Some(_) => {}
        }
        if form.score.is_some_and(|score| !(0.0..=1.0).contains(&score)) {
            let detail = say!("Điểm từ 0 đến 1.", "A score is from 0 to 1.");
            reader.fault(&format!("{place}/score"), "out_of_range", detail);
        }
        let reasons = reader.list(&format!("{place}/reasons"), &form.reasons, MOST_REASONS);
        read.push((PanelSeatForm { reasons, ..form.clone() }, who));
    }
    Ok(read)
}

/// Somebody who can't be asked now, and what helps.
pub(super) fn not_available(who: &Who) -> crate::kernel::problem::Say {
    let (name, status) = (&who.full_name, &who.status);
    say!(
        "{name} hiện không nhận việc (`{status}`); chỉ chọn chuyên gia đang hoạt động (`active`).",
        "{name} can't be asked now (`{status}`): choose experts who are `active`."
    )
}

fn check_seats(
    reader: &mut Reader,
    members: &[(PanelSeatForm, Option<Who>)],
    alternates: &[(PanelSeatForm, Option<Who>)],
) {
    let mut sitting: HashSet<Uuid> = HashSet::new();
    for (at, (_, who)) in members.iter().enumerate() {
        if who.as_ref().is_some_and(|who| !sitting.insert(who.id)) {
            let detail = say!("Đã có một ghế khác; mỗi người một ghế.", "Has a seat already: one seat a person.");
            reader.fault(&format!("/members/{at}/expert"), "duplicate", detail);
        }
    }
    let chairs = members.iter().enumerate().filter(|(_, (form, _))| form.seat == PanelSeat::Chair);
    for (at, _) in chairs.skip(1) {
        let detail = say!("Chỉ có một chủ tịch.", "There is one chair.");
        reader.fault(&format!("/members/{at}/seat"), "duplicate", detail);
    }
    let mut lines: HashSet<(Uuid, PanelSeat)> = HashSet::new();
    for (at, (form, who)) in alternates.iter().enumerate() {
        let Some(who) = who else { continue };
        if sitting.contains(&who.id) || !lines.insert((who.id, form.seat)) {
            let detail = say!(
                "Đã là thành viên, hoặc đã dự bị cho loại ghế này.",
                "Sits already, or is in line for this kind of seat already."
            );
            reader.fault(&format!("/alternates/{at}/expert"), "duplicate", detail);
        }
    }
}

/// Release somebody
///
/// From a seat or from the line, with a reason, as long as the panel is at work. While opinions are given, the next in line for that kind of
/// seat is invited in the same transaction.
#[utoipa::path(
    tag = "panels",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("member" = Uuid, Path, description = "Id of the seat"),
        IfMatch,
        Once,
    ),
    request_body = ConflictReasonForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The panel as it is now", body = Panel)),
)]
#[post("/consultations/{id}/panel/members/{member}/release")]
async fn release_member(
    permit: Permit<PrepareConsultation>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    body: Body<ConflictReasonForm>,
    req: HttpRequest,
) -> Answer {
    let (scope, member, once) = (permit.scope().clone(), segment_id(&req, "member"), once.of(&body));
    permit
        .write_once(once, async move |tx| {
            let event = Box::pin(release(tx, &scope, (id.0, member), &if_match, body.0)).await?;
            Ok((id.0, event))
        })
        .await?;
    answer(&permit, id.0, &req).await
}

async fn release(
    tx: &mut Conn,
    scope: &Scope,
    (id, member): (Uuid, Uuid),
    if_match: &IfMatch,
    form: ConflictReasonForm,
) -> Answer<Vec<Event>> {
    expert_store::keep_merges_out(tx).await?;
    let locked = work::lock(tx, scope, id, Some(if_match)).await?;
    let rows = store::members(tx, id).await?;
    let row = rows.into_iter().find(|row| row.id == member).ok_or_else(|| Problem::new(Code::NotFound))?;
    if !is_live(&locked.case) || !row.state.is_live() {
        let state = row.state.as_str();
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Không còn giữ ghế (`{state}`), hoặc hội đồng không còn hoạt động.",
            "The seat has ended (`{state}`), or the panel is not at work."
        )));
    }
    let mut reader = Reader::default();
    let reason = reader.needed_note("/reason", &form.reason);
    let reason = reader.done(reason)?;
    check_leaves(&row)?;
    let ended = (PanelMemberState::Released.as_str(), reason.as_str());
    store::end(tx, &[row.id], ended, is_approved(&locked.case)).await?;
    store::touch(tx, id).await?;
    let values = json!({ "expert": row.expert_id, "seat": row.seat, "rank": row.rank, "reason": reason });
    let mut events = vec![locked.event("consultations.release_member").fields(["panel"]).values(values)];
    events.extend(invitations::pass_on(tx, &locked.case, &row).await?);
    Ok(events)
}
