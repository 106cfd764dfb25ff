//! `/consultations/{id}/meetings`: entered and signed by the Union's office, read by the panel.

use actix_web::{HttpRequest, get, post, put};
use chrono::NaiveDate;
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::{self, MeetingForm, Read};
use super::model::MeetingRow;
use super::rules::{self, Attendee};
use super::store;
use super::view::{self, PanelMeeting};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::consultations::model::Case;
use crate::consultations::panel::model::MemberRow;
use crate::consultations::panel::store as panel_store;
use crate::consultations::policy::{PrepareConsultation, ReadMinutes};
use crate::consultations::reader::Reader;
use crate::consultations::store::{self as consultation_store, Seen};
use crate::consultations::words::{ConflictOutcome, ConsultationState, PanelMemberState};
use crate::consultations::work::{self, Locked};
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::{Id, segment_id};
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_meetings)
        .service(create_meeting)
        .service(read_meeting)
        .service(put_meeting)
        .service(sign_meeting);
}

/// List the meetings of a panel
///
/// With their minutes, the first first. For the Union and who inspects it; for who accepted to sit on the panel once they are signed;
/// never for the asker.
#[utoipa::path(
    tag = "opinions",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read_minutes"])),
    responses((status = 200, description = "The meetings", body = Page<PanelMeeting>)),
)]
#[get("/consultations/{id}/meetings")]
async fn list_meetings(permit: Permit<ReadMinutes>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let own = reader_of(&mut conn, permit.scope(), id.0).await?;
    let mut rows = store::all(&mut conn, id.0).await?;
    rows.retain(|row| is_shown(row, own));
    let items = view::meetings(&mut conn, id.0, rows, own).await?;
    fresh(&req, None, "private", &Page { items, next_cursor: None })
}

/// Most meetings of a panel.
const MOST_MEETINGS: i32 = 50;

/// Whose eyes read the meetings of a consultation: none for the Union and who inspects it, else the seat of one who accepted it.
///
/// # Errors
/// 404 for anybody else.
async fn reader_of(conn: &mut Conn, scope: &Scope, id: Uuid) -> Answer<Option<Uuid>> {
    consultation_store::find(conn, Seen::by(scope, today()), id).await?;
    if scope.reach == Reach::All {
        return Ok(None);
    }
    let own = scope.actor.expert_id();
    let accepted =
        |row: &MemberRow| row.sits() && row.state == PanelMemberState::Accepted && Some(row.expert_id) == own;
    let seat = panel_store::members(conn, id).await?.into_iter().find(accepted);
    seat.map(|row| Some(row.id)).ok_or_else(|| Problem::new(Code::NotFound))
}

/// The panel reads what is signed.
fn is_shown(row: &MeetingRow, own: Option<Uuid>) -> bool {
    own.is_none() || row.signed_at.is_some()
}

/// A meeting that exists for a caller, and its version.
async fn meeting(conn: &mut Conn, scope: &Scope, (id, meeting): (Uuid, Uuid)) -> Answer<(PanelMeeting, i64)> {
    let own = reader_of(conn, scope, id).await?;
    let row = store::find(conn, id, meeting).await?;
    if !is_shown(&row, own) {
        return Err(Problem::new(Code::NotFound));
    }
    let version = row.version;
    let shown = view::meetings(conn, id, vec![row], own).await?.into_iter().next();
    Ok((shown.ok_or_else(|| Problem::new(Code::NotFound))?, version))
}

/// Read a meeting
///
/// Who came, what was voted on, and the minutes.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("meeting" = Uuid, Path, description = "Id of the meeting"),
    ),
    security(("session" = ["consultations.read_minutes"])),
    responses((status = 200, description = "The meeting", body = PanelMeeting)),
)]
#[get("/consultations/{id}/meetings/{meeting}")]
async fn read_meeting(permit: Permit<ReadMinutes>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let of = (id.0, segment_id(&req, "meeting"));
    let (shown, version) = meeting(&mut permit.read().await?, permit.scope(), of).await?;
    let version = permit.may::<PrepareConsultation>(|reach| reach == Reach::All).then_some(version);
    fresh(&req, version, "private", &shown)
}

async fn answer<P: Policy>(permit: &Permit<P>, of: (Uuid, Uuid), is_new: bool) -> Answer {
    let (shown, version) = meeting(&mut permit.read().await?, permit.scope(), of).await?;
    let location = format!("/api/v1/consultations/{}/meetings/{}", of.0, shown.id);
    written(is_new.then_some(location.as_str()), version, &shown)
}

/// Enter a meeting
///
/// Once it was held, while the state is `in_review` or `concluding`: who of the panel came, votes that add up to no more than those who
/// came and vote (who has an open conflict of interest does not), and the minutes. It gets the next number.
#[utoipa::path(
    tag = "opinions",
    params(("id" = Uuid, Path, description = "Id of the consultation"), Once),
    request_body = MeetingForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 201, description = "Entered", body = PanelMeeting)),
)]
#[post("/consultations/{id}/meetings")]
async fn create_meeting(permit: Permit<PrepareConsultation>, id: Id, once: Once, body: Body<MeetingForm>) -> Answer {
    let (scope, once) = (permit.scope().clone(), once.of(&body));
    let made = permit.write_once(once, async move |tx| Box::pin(enter(tx, &scope, id.0, body.0)).await).await?;
    answer(&permit, (id.0, made), true).await
}

/// Locks a consultation whose panel meets.
async fn lock(tx: &mut Conn, scope: &Scope, id: Uuid) -> Answer<Locked> {
    expert_store::keep_merges_out(tx).await?;
    work::lock(tx, scope, id, None).await
}

/// That the panel is at work.
fn check_time(case: &Case) -> Answer<()> {
    if matches!(case.row.state, ConsultationState::InReview | ConsultationState::Concluding) {
        return Ok(());
    }
    let state = case.row.state.as_str();
    Err(Problem::new(Code::Conflict).detail(say!(
        "Biên bản được ghi khi hồ sơ ở trạng thái `in_review` hoặc `concluding`; hiện là `{state}`.",
        "Minutes are entered while the state is `in_review` or `concluding`; it is `{state}`."
    )))
}

/// Those of the panel who may be named in the minutes of a meeting on a day.
async fn panel(tx: &mut Conn, case: &Case, held_on: NaiveDate) -> Answer<Vec<Attendee>> {
    let rows = panel_store::members(tx, case.id()).await?;
    let ids: Vec<Uuid> = rows.iter().filter(|row| row.rank == 0).map(|row| row.expert_id).collect();
    let standings = panel_store::standings(tx, case, &ids).await?;
    let who = panel_store::who(tx, &ids, &[]).await?;
    let of = |row: &MemberRow| {
        let outcome = standings.get(&row.expert_id).map_or(ConflictOutcome::Open, |standing| standing.outcome);
        let name = who.iter().find(|who| who.id == row.expert_id).map(|who| who.full_name.clone());
        rules::attendee(row, name.unwrap_or_default(), outcome, held_on)
    };
    Ok(rows.iter().filter_map(of).collect())
}

/// Reads a meeting, and holds it against the panel of its day.
async fn read(tx: &mut Conn, locked: &Locked, form: MeetingForm) -> Answer<Read> {
    let mut reader = Reader::default();
    let panel = panel(tx, &locked.case, form.held_on).await?;
    let read = form::read(&mut reader, form, locked.on.today);
    rules::check_attendance(&mut reader, &read.attendance, &panel);
    rules::check_votes(&mut reader, &read.votes, rules::voters(&read.attendance, &panel));
    reader.done(read)
}

async fn enter(tx: &mut Conn, scope: &Scope, id: Uuid, form: MeetingForm) -> Answer<(Uuid, Event)> {
    let locked = lock(tx, scope, id).await?;
    check_time(&locked.case)?;
    let Read { held_on, place, attendance, votes, minutes } = read(tx, &locked, form).await?;
    let last = store::all(tx, id).await?.last().map(|row| row.number).unwrap_or_default();
    if last >= MOST_MEETINGS {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Đã có {MOST_MEETINGS} cuộc họp; sửa biên bản chưa ký.",
            "There are {MOST_MEETINGS} meetings already: change the minutes that are not signed."
        )));
    }
    let row = MeetingRow {
        id: new_id(),
        version: 1,
        consultation_id: id,
        number: last + 1,
        held_on,
        place,
        attendance,
        votes,
        minutes,
        signed_at: None,
        created_at: now(),
        updated_at: now(),
    };
    store::put(tx, &row).await?;
    Ok((row.id, event(&locked, "consultations.enter_meeting", &row)))
}

fn event(locked: &Locked, action: &'static str, row: &MeetingRow) -> Event {
    let values = json!({ "meeting": row.id, "number": row.number, "held_on": row.held_on, "attendance": row.attendance,
        "votes": row.votes });
    locked.event(action).fields(["meetings"]).values(values)
}

/// Change a meeting
///
/// All of it, in place of what was there, until it is signed.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("meeting" = Uuid, Path, description = "Id of the meeting"),
        IfMatch,
    ),
    request_body = MeetingForm,
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The meeting as it is now", body = PanelMeeting)),
)]
#[put("/consultations/{id}/meetings/{meeting}")]
async fn put_meeting(
    permit: Permit<PrepareConsultation>,
    id: Id,
    if_match: IfMatch,
    body: Body<MeetingForm>,
    req: HttpRequest,
) -> Answer {
    let (scope, of) = (permit.scope().clone(), (id.0, segment_id(&req, "meeting")));
    permit.write(async move |tx| Box::pin(change(tx, &scope, of, (&if_match, body.0))).await).await?;
    answer(&permit, of, false).await
}

/// A meeting that is not signed, locked with its consultation.
async fn open(tx: &mut Conn, scope: &Scope, of: (Uuid, Uuid), if_match: &IfMatch) -> Answer<(Locked, MeetingRow)> {
    let locked = lock(tx, scope, of.0).await?;
    let row = store::find(tx, of.0, of.1).await?;
    if_match.check(row.version)?;
    if row.signed_at.is_some() {
        return Err(Problem::new(Code::Conflict).detail(say!(
            "Biên bản đã ký, không sửa được nữa; ghi thêm một cuộc họp nếu cần.",
            "The minutes are signed and never change: enter another meeting, if there is more to say."
        )));
    }
    check_time(&locked.case)?;
    Ok((locked, row))
}

async fn change(
    tx: &mut Conn,
    scope: &Scope,
    of: (Uuid, Uuid),
    (if_match, form): (&IfMatch, MeetingForm),
) -> Answer<((), Event)> {
    let (locked, row) = open(tx, scope, of, if_match).await?;
    let Read { held_on, place, attendance, votes, minutes } = read(tx, &locked, form).await?;
    let row = MeetingRow { held_on, place, attendance, votes, minutes, ..row };
    store::put(tx, &row).await?;
    Ok(((), event(&locked, "consultations.change_meeting", &row)))
}

/// Sign the minutes of a meeting
///
/// When they say of everybody who sits whether they came, and what was said. Signed minutes never change.
#[utoipa::path(
    tag = "opinions",
    params(
        ("id" = Uuid, Path, description = "Id of the consultation"),
        ("meeting" = Uuid, Path, description = "Id of the meeting"),
        IfMatch,
        Once,
    ),
    security(("session" = ["consultations.prepare"])),
    responses((status = 200, description = "The meeting as it is now", body = PanelMeeting)),
)]
#[post("/consultations/{id}/meetings/{meeting}/sign")]
async fn sign_meeting(
    permit: Permit<PrepareConsultation>,
    id: Id,
    if_match: IfMatch,
    once: Once,
    req: HttpRequest,
) -> Answer {
    let (scope, of) = (permit.scope().clone(), (id.0, segment_id(&req, "meeting")));
    permit
        .write_once(once, async move |tx| {
            let event = Box::pin(sign(tx, &scope, of, &if_match)).await?;
            Ok((of.1, event))
        })
        .await?;
    answer(&permit, of, false).await
}

async fn sign(tx: &mut Conn, scope: &Scope, of: (Uuid, Uuid), if_match: &IfMatch) -> Answer<Event> {
    let (locked, mut row) = open(tx, scope, of, if_match).await?;
    let panel = panel(tx, &locked.case, row.held_on).await?;
    let mut reader = Reader::default();
    rules::check_whole(&mut reader, &row, &panel);
    reader.done(())?;
    row.signed_at = Some(now());
    store::put(tx, &row).await?;
    Ok(event(&locked, "consultations.sign_minutes", &row))
}
