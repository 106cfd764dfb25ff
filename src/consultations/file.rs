//! `POST /consultations`, `GET` and `PATCH /consultations/{id}`.

use actix_web::{HttpRequest, get, patch, post};
use chrono::Datelike;
use serde_json::{Value, json};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::{ConsultationPatch, NewConsultation};
use super::model::{Case, MoveRow, Row};
use super::policy::{DecideConsultation, FileConsultation, ReadConsultations};
use super::reader::Reader;
use super::rules::{self, Changed, Reckoning};
use super::store::{self, Seen};
use super::view::{self, Consultation, no_asker};
use super::words::{ConsultationOrigin, ConsultationState, Urgency};
use super::work::{self, moved};
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::experts::store as expert_store;
use crate::http::body::Body;
use crate::http::envelope::lang;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Id;
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::patch::Change;
use crate::kernel::precondition::{IfMatch, fresh, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::sealed::Sealer;
use crate::organisations::store as organisation_store;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(file_consultation).service(read_consultation).service(patch_consultation);
}

/// File a request
///
/// As a draft, which the asker and the Union alone see, and which is sent in by `submit`. An agency asks for itself; the Union
/// enters what came on paper for an `asker`, or, by a leader, what it begins by itself: that starts `accepted`, with its number.
/// State secrets do not belong in this system.
#[utoipa::path(
    tag = "consultations",
    params(Once),
    request_body = NewConsultation,
    security(("session" = ["consultations.file"])),
    responses((status = 201, description = "Filed", body = Consultation)),
)]
#[post("/consultations")]
async fn file_consultation(
    permit: Permit<FileConsultation>,
    once: Once,
    body: Body<NewConsultation>,
    req: HttpRequest,
) -> Answer {
    let (once, form) = (once.of(&body), body.0);
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    let leads = permit.may::<DecideConsultation>(|reach| reach == Reach::All);
    let id = permit
        .write_once(once, async move |tx| {
            let (id, event) = Box::pin(enter(tx, &scope, &sealer, form, leads)).await?;
            Ok((id, event))
        })
        .await?;
    answer(&permit, id, true, &req).await
}

async fn enter(
    tx: &mut Conn,
    scope: &Scope,
    sealer: &Sealer,
    form: NewConsultation,
    leads: bool,
) -> Answer<(Uuid, Event)> {
    let begun_here = form.origin == ConsultationOrigin::SelfInitiated;
    if begun_here && !leads {
        return Err(Problem::new(Code::Forbidden).detail(say!(
            "Việc tự đề xuất do lãnh đạo Liên hiệp hội lập.",
            "What the Union begins by itself is entered by one of its leaders.",
        )));
    }
    if !form.drafters.is_empty() {
        expert_store::keep_merges_out(tx).await?;
    }
    let (on, version) = work::reckoning(tx).await?;
    let mut reader = Reader::default();
    let asker = asker(tx, scope, form.asker.as_deref()).await?;
    let mut row = empty(&form, asker, scope);
    if form.short_time && !begun_here {
        let detail = say!(
            "Chỉ dùng cho việc Liên hiệp hội tự đề xuất; với đề nghị khác, lãnh đạo nêu khi tiếp nhận.",
            "Only of what the Union begins itself; of any other request a leader says so when accepting it.",
        );
        reader.fault("/short_time", "not_allowed", detail);
    }
    let patch = ConsultationPatch::from(form);
    let known = work::known(tx, scope, &patch, on.today).await?;
    let mut changed = rules::apply(&mut reader, patch, row, &known, &on);
    if begun_here && changed.fields.as_ref().is_none_or(Vec::is_empty) {
        reader.fault("/fields", "required", say!("Nêu ít nhất một lĩnh vực.", "Name at least one field."));
    }
    if begun_here && !changed.row.no_state_secrets {
        reader.fault("/no_state_secrets", "required", rules::no_secrets());
    }
    reader.done(())?;
    row = changed.row;
    if begun_here {
        let mut reader = Reader::default();
        rules::check_time(&mut reader, &row, row.short_time, &on);
        reader.done(())?;
        row.state = ConsultationState::Accepted;
        row.lead_id = scope.actor.id();
        row.register_number = Some(store::next_number(tx, row.kind.series(), on.today.year()).await?);
    }
    store::put_row(tx, &row).await?;
    changed.row = row.clone();
    put_parts(tx, sealer, &changed).await?;
    let first = moved((row.id, 0), None, None, row.state, scope);
    store::add_move(tx, &first).await?;
    work::settle(tx, (&on, version), &row, &[first]).await?;
    let values = json!({ "state": row.state, "asker": row.asker_id, "register_number": row.register_number });
    let event = Event::on("consultation", row.id).fields(["state", "title"]).values(values);
    Ok((row.id, event))
}

/// Who asks: an agency itself; for the Union, who is named.
async fn asker(tx: &mut Conn, scope: &Scope, key: Option<&str>) -> Answer<Uuid> {
    let named = match key {
        None => None,
        Some(key) => match organisation_store::find(tx, key).await {
            Ok(body) => Some(body.id),
            Err(problem) if problem.code() == Code::NotFound => {
                let detail = say!("Không có tổ chức này.", "There is no such organisation.");
                return Err(Problem::field("/asker", "unknown_reference", detail));
            }
            Err(problem) => return Err(problem),
        },
    };
    if scope.reach == Reach::All {
        return named.ok_or_else(no_asker);
    }
    let own = scope.actor.organisation_id().unwrap_or_default();
    if named.is_some_and(|id| id != own) {
        let detail =
            say!("Cơ quan chỉ đề nghị cho chính mình; bỏ trường này.", "An agency asks for itself; leave it out.");
        return Err(Problem::field("/asker", "not_yours", detail));
    }
    Ok(own)
}

fn empty(form: &NewConsultation, asker_id: Uuid, scope: &Scope) -> Row {
    Row {
        id: new_id(),
        version: 1,
        kind: form.kind,
        origin: form.origin,
        state: ConsultationState::Draft,
        asker_id,
        kept_by_union: scope.reach == Reach::All,
        authority_id: None,
        authority_name: None,
        object: None,
        title: String::new(),
        summary: None,
        questions: Vec::new(),
        letter: None,
        letter_key: None,
        letter_year: None,
        letter_issuer: None,
        decision_on: None,
        wanted_by: None,
        agreed_by: None,
        agreed_after: None,
        urgency: Urgency::Normal,
        short_time: form.short_time,
        funding: None,
        no_state_secrets: false,
        lead_id: None,
        register_number: None,
        decision_document: None,
        asked_anew_on: None,
        created_at: now(),
        updated_at: now(),
    }
}

/// Writes what stands beside the row.
async fn put_parts(tx: &mut Conn, sealer: &Sealer, changed: &Changed) -> Answer<()> {
    let id = changed.row.id;
    if let Some(fields) = &changed.fields {
        store::put_fields(tx, id, fields).await?;
    }
    if let Some(drafters) = &changed.drafters {
        store::put_drafters(tx, id, drafters).await?;
    }
    match &changed.contact {
        Change::Keep => Ok(()),
        Change::Clear => store::put_contact(tx, sealer, id, None).await,
        Change::Set(contact) => store::put_contact(tx, sealer, id, Some(contact)).await,
    }
}

/// Answers a write with the consultation as it is now.
pub(super) async fn answer<P: Policy>(permit: &Permit<P>, id: Uuid, created: bool, req: &HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let case = store::find(&mut conn, Seen::by(permit.scope(), today()), id).await?;
    let version = case.row.version;
    let (consultation, _) = Box::pin(view::whole(&mut conn, permit, case, lang(req))).await?;
    let location = format!("/api/v1/consultations/{id}");
    written(created.then_some(location.as_str()), version, &consultation)
}

/// Read a consultation
///
/// With what it waits for and what you may do now. Drafts, contact persons and attachments are for the asker and the Union.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation")),
    security(("session" = ["consultations.read"])),
    responses((status = 200, description = "The consultation", body = Consultation)),
)]
#[get("/consultations/{id}")]
async fn read_consultation(permit: Permit<ReadConsultations>, id: Id, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let case = store::find(&mut conn, Seen::by(permit.scope(), today()), id.0).await?;
    let (consultation, version) = Box::pin(view::whole(&mut conn, &permit, case, lang(&req))).await?;
    fresh(&req, version, "private", &consultation)
}

/// Change a request
///
/// A merge patch. The asker changes a draft, or what was returned for completion; the Union the fields, who is in charge and, before
/// it is accepted, the urgency. Days of what was accepted are changed by `reschedule`. `editable` says what you may change now.
#[utoipa::path(
    tag = "consultations",
    params(("id" = Uuid, Path, description = "Id of the consultation"), IfMatch),
    request_body = ConsultationPatch,
    security(("session" = ["consultations.file"])),
    responses((status = 200, description = "The consultation as it is now", body = Consultation)),
)]
#[patch("/consultations/{id}")]
async fn patch_consultation(
    permit: Permit<FileConsultation>,
    id: Id,
    if_match: IfMatch,
    body: Body<ConsultationPatch>,
    req: HttpRequest,
) -> Answer {
    let (scope, sealer) = (permit.scope().clone(), permit.state().sealer.clone());
    permit.write(async move |tx| Box::pin(change(tx, &scope, &sealer, (id.0, if_match), body.0)).await).await?;
    answer(&permit, id.0, false, &req).await
}

async fn change(
    tx: &mut Conn,
    scope: &Scope,
    sealer: &Sealer,
    (id, if_match): (Uuid, IfMatch),
    patch: ConsultationPatch,
) -> Answer<((), Option<Event>)> {
    if !patch.drafters.is_keep() {
        // drafters who are experts: none of them becomes another one meanwhile
        expert_store::keep_merges_out(tx).await?;
    }
    let locked = work::lock(tx, scope, id, Some(&if_match)).await?;
    rules::check_editable(&locked.case, locked.hands, &patch)?;
    let named = patch.named();
    if named.is_empty() {
        return Ok(((), None));
    }
    let changed = read(tx, scope, patch, &locked.case, &locked.on).await?;
    store::put_row(tx, &changed.row).await?;
    put_parts(tx, sealer, &changed).await?;
    let moves: &[MoveRow] = &locked.case.moves;
    locked.settle(tx, &changed.row, moves).await?;
    let values = Value::Object(changed.row.changes(&locked.case.row));
    Ok(((), Some(locked.event("consultations.change").fields(named).values(values))))
}

/// Reads a patch of what is there.
pub(super) async fn read(
    tx: &mut Conn,
    scope: &Scope,
    patch: ConsultationPatch,
    case: &Case,
    on: &Reckoning,
) -> Answer<Changed> {
    let known = work::known(tx, scope, &patch, on.today).await?;
    let lead = match &patch.lead {
        Change::Set(id) => Some(*id),
        _ => None,
    };
    let mut reader = Reader::default();
    let mut changed = rules::apply(&mut reader, patch, case.row.clone(), &known, on);
    if let Some(drafters) = &mut changed.drafters {
        rules::keep_rows(drafters, &case.drafters);
    }
    check_lead(tx, &mut reader, lead).await?;
    if changed.fields.as_ref().is_some_and(Vec::is_empty) && case.row.register_number.is_some() {
        let detail = say!("Hồ sơ đã tiếp nhận cần ít nhất một lĩnh vực.", "What is accepted has at least one field.");
        reader.fault("/fields", "required", detail);
    }
    reader.done(changed)
}

/// Who is in charge works in the Union's office.
pub(super) async fn check_lead(tx: &mut Conn, reader: &mut Reader, lead: Option<Uuid>) -> Answer<()> {
    let Some(id) = lead else { return Ok(()) };
    let works_here = store::people(tx, &[id]).await?.get(&id).is_some_and(|(_, works_here)| *works_here);
    if !works_here {
        let detail = say!(
            "Không phải tài khoản đang hoạt động của Liên hiệp hội.",
            "That is no account of the Union that is enabled.",
        );
        reader.fault("/lead", "unknown_reference", detail);
    }
    Ok(())
}
