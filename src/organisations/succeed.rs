//! `POST /organisations/{key}/succeed`, `…/transfer`, `…/take-back`: what changes from a day on, or did by mistake.

use actix_web::post;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::edit::{answer, created_event};
use super::form::{Reader, Successor};
use super::model::{Body as Organisation, Kind, Period, Succession, SuccessionKind, before, check_successor};
use super::policy::ManageOrganisations;
use super::store::{self, Handover};
use super::view::Organisation as View;
use super::{model, register};
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::document::{Document, DocumentForm};
use crate::kernel::id::new_id;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::reference::places::Places;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(succeed_organisation).service(transfer_organisation).service(take_back);
}

/// How an organisation goes on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "kind": "renamed", "successors": [{"name": "Sở Khoa học, Công nghệ và Đổi mới", "short_name": "SKHCNĐM"}],
    "effective_on": "2027-01-01", "document": {"number": "12/QĐ-UBND", "date": "2026-12-20"}
}))]
pub struct SuccessionForm {
    /// Renamed, merged into, consolidated, split or divided.
    pub kind: SuccessionKind,
    /// One for a renaming (the new name), a merger (a body that exists) or a consolidation (a new body, or the one that
    /// was entered with another predecessor); at least one new body for a split, two for a division.
    #[schema(min_items = 1, max_items = 20)]
    pub successors: Vec<Successor>,
    /// First day of the new state; today by default. It may lie ahead.
    pub effective_on: Option<NaiveDate>,
    /// The decision.
    pub document: Option<DocumentForm>,
}

/// Record how an organisation goes on
///
/// From a day on, the body has another name, is part of others, or gave a part away. Its id stays valid for good and leads
/// to who holds its place; searches for its name find them. An association goes on by `POST /associations/{key}/succeed`.
#[utoipa::path(
    tag = "organisations",
    params(("key" = String, Path, description = "Id or code", example = "SKHCN-DEMO"), IfMatch, Once),
    request_body = SuccessionForm,
    security(("session" = ["organisations.manage"])),
    responses((status = 200, description = "The predecessor as it is now", body = View)),
)]
#[post("/organisations/{key}/succeed")]
async fn succeed_organisation(
    permit: Permit<ManageOrganisations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<SuccessionForm>,
) -> Answer {
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            store::lock_register(tx).await?;
            let old = store::lock(tx, &key.0).await?;
            if_match.check(old.version)?;
            check_own_register(old.kind)?;
            succeed(tx, old, body.0).await
        })
        .await?;
    answer(&mut permit.read().await?, &id.to_string(), false).await
}

/// An association has terms, posts and memberships that end with it: its own register sees to them.
fn check_own_register(kind: Kind) -> Answer<()> {
    if !matches!(kind, Kind::Association | Kind::Union) {
        return Ok(());
    }
    Err(Problem::new(Code::Conflict).detail(say!(
        "Đây là một hội: dùng POST /associations/{{key}}/succeed để nhiệm kỳ, chức vụ và tư cách hội viên cùng kết thúc.",
        "This is an association: use POST /associations/{{key}}/succeed, so that its terms, posts and memberships end with it.",
    )))
}

/// Records how a locked body goes on; its id, and the events. The register must be locked.
///
/// # Errors
/// 409 when it does not live then, or a later change is on record; 422 with the rule that is broken.
pub async fn succeed(tx: &mut Conn, old: Organisation, form: SuccessionForm) -> Answer<(Uuid, Vec<Event>)> {
    let places = Places::read(tx).await?;
    form.kind.check_count(form.successors.len())?;
    let day = effective_on(form.effective_on)?;
    let mut reader = Reader::new(&places, "");
    let document = reader.document(form.document.clone());
    let document = reader.done(document)?;
    match form.kind {
        SuccessionKind::Renamed => rename(tx, old, &form.successors, day, document, &places).await,
        kind => hand_over(tx, old, kind, form.successors, day, document, &places).await,
    }
}

fn effective_on(day: Option<NaiveDate>) -> Answer<NaiveDate> {
    let day = day.unwrap_or_else(today);
    if (1900..=2999).contains(&day.year()) {
        return Ok(day);
    }
    Err(Problem::field("/effective_on", "out_of_range", say!("Năm từ 1900 đến 2999.", "A year from 1900 to 2999.")))
}

/// Checks and stores; the events of a succession.
type Written = (Uuid, Vec<Event>);

async fn rename(
    tx: &mut Conn,
    mut body: Organisation,
    names: &[Successor],
    day: NaiveDate,
    document: Option<Document>,
    places: &Places,
) -> Answer<Written> {
    let Some(form) = names.first() else { return Err(Problem::internal("a renaming without a name")) };
    if form.organisation_id.is_some() || form.code.is_some() {
        return Err(Problem::field(
            "/successors/0",
            "same_body",
            say!(
                "Đổi tên không tạo tổ chức khác: chỉ cho tên mới.",
                "A renaming makes no other body: give the new name only."
            ),
        ));
    }
    let Some(old) = body.at_or_last(before(day)).cloned() else { return Err(too_early(&body)) };
    let mut reader = Reader::new(places, "/successors/0");
    let next = reader.renamed(form, &old, day);
    let next = reader.done(next)?;
    body.change(day, document, |version| {
        *version = model::Version { document: version.document.take(), period: version.period, ..next };
    })?;
    register::save(tx, std::slice::from_ref(&body), |_| "/successors/0".to_owned(), places).await?;
    Ok((body.id, vec![succeeded_event(&body, SuccessionKind::Renamed, day, &[])]))
}

fn too_early(body: &Organisation) -> Problem {
    let from = body.period().from.unwrap_or_default();
    Problem::field(
        "/effective_on",
        "before_start",
        say!(
            "Tổ chức này bắt đầu từ {from}; ngày hiệu lực phải sau ngày đó.",
            "This organisation begins on {from}; it takes effect after that.",
        ),
    )
}

async fn hand_over(
    tx: &mut Conn,
    mut old: Organisation,
    kind: SuccessionKind,
    forms: Vec<Successor>,
    day: NaiveDate,
    document: Option<Document>,
    places: &Places,
) -> Answer<Written> {
    let Some(version) = old.at_or_last(before(day)).cloned() else { return Err(too_early(&old)) };
    let known: Vec<Succession> = store::handovers(tx, &[old.id]).await?.iter().map(|known| known.succession).collect();
    let ended = known.iter().find(|known| known.predecessor == old.id && known.kind.ends_predecessor());
    if let Some(ended) = ended.filter(|_| kind.ends_predecessor()) {
        return Err(already(ended.effective_on));
    }
    if kind.ends_predecessor() {
        old.end(day)?;
    } else {
        old.must_live(before(day))?;
        old.must_live(day)?;
    }
    let version = with_living_parent(tx, version, day).await?;
    let (mut new, mut handovers) = (Vec::new(), Vec::new());
    for (place, form) in forms.into_iter().enumerate() {
        let at = format!("/successors/{place}");
        let (successor, period) = match form.organisation_id {
            Some(id) => (id, existing(tx, id, &form, &at).await?),
            None => {
                let mut reader = Reader::new(places, at.as_str());
                let body = born(&mut reader, &old, &form, &version, day, document.clone());
                let body = reader.done(body)?;
                let id = body.id;
                new.push((place, body));
                (id, Period { from: Some(day), to: None })
            }
        };
        let succession = Succession { predecessor: old.id, successor, kind, effective_on: day };
        check_successor(&at, succession, period, &known)?;
        if handovers.iter().any(|known: &Handover| known.succession.successor == successor) {
            return Err(Problem::field(at, "duplicate", say!("Đã nêu ở trên.", "It is named already.")));
        }
        handovers.push(Handover { succession, document: document.clone() });
    }
    let (at, new): (Vec<usize>, Vec<Organisation>) = new.into_iter().unzip();
    if kind.ends_predecessor() {
        check_hierarchy(tx, &new, &handovers).await?;
    }
    register::save(tx, std::slice::from_ref(&old), |_| String::new(), places).await?;
    let pointer = |place: usize| format!("/successors/{}", at.get(place).copied().unwrap_or_default());
    register::save(tx, &new, pointer, places).await?;
    store::put_handovers(tx, &handovers).await?;
    let mut events: Vec<Event> = new.iter().map(created_event).collect();
    events.push(succeeded_event(&old, kind, day, &handovers));
    let received = |handover: &Handover| {
        let values = json!({ "kind": kind, "effective_on": day, "predecessor": old.id });
        let event = Event::on("organisation", handover.succession.successor).action("organisations.succeed");
        event.fields(["predecessors"]).values(values)
    };
    events.extend(handovers.iter().map(received));
    Ok((old.id, events))
}

fn already(day: NaiveDate) -> Problem {
    Problem::new(Code::Conflict).detail(say!(
        "Đã ghi việc kế thừa từ {day}; nếu sai, rút lại bằng take-back với effective_on={day}.",
        "A succession from {day} is on record; if it is wrong, take it back: take-back with effective_on={day}.",
    ))
}

/// What a new body inherits to stand under is who holds the place of it, when it is no more.
async fn with_living_parent(tx: &mut Conn, version: model::Version, day: NaiveDate) -> Answer<model::Version> {
    let Some(parent) = version.parent_id else { return Ok(version) };
    let heirs = store::heirs(tx, &[parent], day).await?;
    let parent_id = if let [(_, heir)] = heirs.as_slice() { Some(*heir) } else { Some(parent) };
    Ok(model::Version { parent_id, ..version })
}

/// Nothing may take the place of what it stands under: it would stand under itself.
async fn check_hierarchy(tx: &mut Conn, new: &[Organisation], handovers: &[Handover]) -> Answer<()> {
    let hierarchy = register::hierarchy(tx, new, &[]).await?;
    let under = |handover: &Handover| {
        let Succession { predecessor, successor, effective_on, .. } = handover.succession;
        hierarchy.stands_under(successor, predecessor, effective_on)
            || hierarchy.stands_under(successor, predecessor, before(effective_on))
    };
    let Some(place) = handovers.iter().position(under) else { return Ok(()) };
    Err(Problem::field(
        format!("/successors/{place}"),
        "cycle",
        say!(
            "Tổ chức kế thừa đang đứng dưới tổ chức này; hãy chuyển nó (transfer) trước.",
            "The successor stands under this organisation; transfer it first.",
        ),
    ))
}

/// The period of a successor that exists already.
async fn existing(tx: &mut Conn, id: Uuid, form: &Successor, at: &str) -> Answer<Period> {
    if form.name.is_some() || form.name_en.is_some() || form.short_name.is_some() || form.code.is_some() {
        return Err(Problem::field(
            at,
            "either_or",
            say!(
                "Hoặc `organisation_id`, hoặc tên của tổ chức mới, không cả hai.",
                "Either `organisation_id` or the name of a new body, not both.",
            ),
        ));
    }
    let body = store::bodies(tx, &[id]).await?.remove(&id);
    body.map(|body| body.period()).ok_or_else(|| {
        let detail = say!("Không có tổ chức này.", "There is no such organisation.");
        Problem::field(format!("{at}/organisation_id"), "unknown_reference", detail)
    })
}

/// A new body that begins on a day in the place of another, or out of it.
fn born(
    reader: &mut Reader<'_>,
    old: &Organisation,
    form: &Successor,
    version: &model::Version,
    day: NaiveDate,
    document: Option<Document>,
) -> Organisation {
    Organisation {
        id: new_id(),
        code: reader.successor_code(form),
        version: 1,
        kind: old.kind,
        source: old.source.clone(),
        note: None,
        other_names: Vec::new(),
        versions: vec![reader.born(form, version, day, document)],
    }
}

fn succeeded_event(body: &Organisation, kind: SuccessionKind, day: NaiveDate, to: &[Handover]) -> Event {
    let successors: Vec<Uuid> = to.iter().map(|handover| handover.succession.successor).collect();
    let name = body.versions.last().map(|version| version.name.as_str());
    Event::on("organisation", body.id)
        .action("organisations.succeed")
        .fields([if kind == SuccessionKind::Renamed { "name" } else { "successors" }])
        .values(json!({ "kind": kind, "effective_on": day, "successors": successors, "name": name }))
}

/// What an organisation stands under, or where it is, from a day on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "province": "Tuyên Quang", "effective_on": "2027-01-01", "document": {"number": "12/QĐ-UBND", "date": "2026-12-20"}
}))]
struct TransferForm {
    /// The body it stands under from then on.
    parent_id: Option<Uuid>,
    /// Where it is from then on.
    province: Option<String>,
    /// First day of the new state; today by default.
    effective_on: Option<NaiveDate>,
    /// The decision.
    document: Option<DocumentForm>,
}

/// Put an organisation under another, or in another place
///
/// From a day on; before, things stay as they were. A merger of provinces needs no transfer: who is in one of them is in
/// the new one.
#[utoipa::path(
    tag = "organisations",
    params(("key" = String, Path, description = "Id or code", example = "SKHCN-DEMO"), IfMatch, Once),
    request_body = TransferForm,
    security(("session" = ["organisations.manage"])),
    responses((status = 200, description = "The organisation as it is now", body = View)),
)]
#[post("/organisations/{key}/transfer")]
async fn transfer_organisation(
    permit: Permit<ManageOrganisations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<TransferForm>,
) -> Answer {
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            store::lock_register(tx).await?;
            let mut moved = store::lock(tx, &key.0).await?;
            if_match.check(moved.version)?;
            let places = Places::read(tx).await?;
            let form = body.0;
            if form.parent_id.is_none() && form.province.is_none() {
                return Err(Problem::field(
                    "",
                    "required",
                    say!("Cần `parent_id` hoặc `province`.", "`parent_id` or `province` is needed."),
                ));
            }
            let day = effective_on(form.effective_on)?;
            let mut reader = Reader::new(&places, "");
            let document = reader.document(form.document);
            let province = reader.province_from(form.province.as_deref(), day);
            let (document, province) = reader.done((document, province))?;
            moved.change(day, document, |version| {
                version.parent_id = form.parent_id.or(version.parent_id);
                version.province_id = province.or(version.province_id);
            })?;
            register::save(tx, std::slice::from_ref(&moved), |_| String::new(), &places).await?;
            let values = json!({ "parent_id": form.parent_id, "province": province, "effective_on": day });
            let event = Event::on("organisation", moved.id).action("organisations.transfer").values(values);
            let moves = [("parent_id", form.parent_id.is_some()), ("province", province.is_some())];
            Ok((moved.id, event.fields(moves.into_iter().filter_map(|(name, moves)| moves.then_some(name)))))
        })
        .await?;
    answer(&mut permit.read().await?, &id.to_string(), false).await
}

/// Which change to take back.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_on": "2027-01-01"}))]
struct TakeBackForm {
    /// The day from which the change was recorded to hold.
    effective_on: NaiveDate,
}

/// Take back a change that was recorded by mistake
///
/// The renaming, transfer or succession of that day, as if it had never been recorded: the state before goes on. Bodies that
/// were entered as successors stay; PATCH corrects them or sets their last day (and a last day that was planned before the
/// succession). What was taken back stays in the audit log.
#[utoipa::path(
    tag = "organisations",
    params(("key" = String, Path, description = "Id or code", example = "SKHCN-DEMO"), IfMatch, Once),
    request_body = TakeBackForm,
    security(("session" = ["organisations.manage"])),
    responses((status = 200, description = "The organisation as it is now", body = View)),
)]
#[post("/organisations/{key}/take-back")]
async fn take_back(
    permit: Permit<ManageOrganisations>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    body: Body<TakeBackForm>,
) -> Answer {
    let id = permit
        .write_once(once.of(&body), async move |tx| {
            store::lock_register(tx).await?;
            let mut changed = store::lock(tx, &key.0).await?;
            if_match.check(changed.version)?;
            let places = Places::read(tx).await?;
            let day = body.0.effective_on;
            let kinds = store::forget_handovers(tx, changed.id, day).await?;
            let ended = kinds.iter().any(|kind| kind.ends_predecessor());
            if !changed.take_back(day, ended)? && kinds.is_empty() {
                return Err(Problem::new(Code::Conflict).detail(say!(
                    "Không có thay đổi nào ghi từ ngày {day}; xem GET /organisations/{{id}}/history.",
                    "No change from {day} is on record; see GET /organisations/{{id}}/history.",
                )));
            }
            register::save(tx, std::slice::from_ref(&changed), |_| String::new(), &places).await?;
            let values = json!({ "effective_on": day, "kinds": kinds });
            let event = Event::on("organisation", changed.id).action("organisations.take_back").values(values);
            Ok((changed.id, event.fields(["versions", "successors"])))
        })
        .await?;
    answer(&mut permit.read().await?, &id.to_string(), false).await
}
