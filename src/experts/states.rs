//! The verbs that move an expert from state to state: `POST /experts/{key}/activate`, `…/pause`, and so on.

use actix_web::post;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::consents;
use super::model::Purpose;
use super::policy::{
    ActivateExpert, ConfirmExpert, InviteExpert, LeaveBank, MarkDeceased, PauseExpert, RequestConfirmation,
    ReturnExpert,
};
use super::profile;
use super::settings;
use super::status::{self, Facts, Need, Refusal, Status, Verb};
use super::store::{self, ProfileRow};
use super::view::Expert;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::{Policy, Reach, Rule};
use crate::accounts::{manage, store as account_store};
use crate::audit::event::Event;
use crate::db::{Conn, Reader};
use crate::http::body::MaybeBody;
use crate::http::idempotency::Once;
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::form::Faults;
use crate::kernel::precondition::{IfMatch, written};
use crate::kernel::problem::{Answer, Code, Problem};
use crate::reference::store::{self as reference_store, TitleRow};
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(activate_expert)
        .service(pause_expert)
        .service(resume_expert)
        .service(leave_bank)
        .service(mark_deceased)
        .service(return_expert);
}

/// Longest reason in characters.
const MAX_REASON: usize = 1_000;

/// Who may.
const fn rule(verb: Verb) -> Option<Rule> {
    Some(match verb {
        Verb::Invite => InviteExpert::RULE,
        Verb::Activate => ActivateExpert::RULE,
        Verb::Pause | Verb::Resume => PauseExpert::RULE,
        Verb::Leave => LeaveBank::RULE,
        Verb::MarkDeceased => MarkDeceased::RULE,
        Verb::Return => ReturnExpert::RULE,
        Verb::Confirm => ConfirmExpert::RULE,
        Verb::RequestConfirmation => RequestConfirmation::RULE,
        Verb::Consent => return None,
    })
}

fn may(scope: &Scope, id: Uuid, verb: Verb) -> bool {
    match rule(verb).map(|rule| rule.reach_of(&scope.actor)) {
        Some(Reach::All) => true,
        Some(Reach::Own) => scope.actor.expert_id() == Some(id),
        _ => false,
    }
}

fn state_of(row: &ProfileRow) -> Answer<Status> {
    Status::parse(&row.status).ok_or_else(|| Problem::internal("an expert without a known state"))
}

async fn facts(conn: &mut Conn, id: Uuid) -> Answer<Facts> {
    let account = account_store::has_expert(conn, id).await?;
    Ok(Facts { listing: store::is_listed(conn, id).await?, account })
}

/// What the caller may do with a person's standing now; `listing` when the consent to be kept stands.
pub(super) async fn allowed_actions(
    conn: &Reader,
    scope: &Scope,
    row: &ProfileRow,
    listing: bool,
) -> Answer<Vec<&'static str>> {
    let facts = Facts { listing, account: account_store::has_expert(conn, row.id).await? };
    let possible = status::possible(state_of(row)?, facts);
    Ok(possible.filter(|verb| may(scope, row.id, *verb)).map(Verb::as_str).collect())
}

/// Where a verb leads from and to.
///
/// # Errors
/// 409 that says what is missing, or what the caller may do instead.
pub(super) async fn take(tx: &mut Conn, scope: &Scope, row: &ProfileRow, verb: Verb) -> Answer<(Status, Status)> {
    let (from, facts) = (state_of(row)?, facts(tx, row.id).await?);
    match status::step(from, verb, facts) {
        Ok(to) => Ok((from, to)),
        Err(Refusal::Missing(Need::NoAccount)) => Err(has_account()),
        Err(Refusal::Missing(Need::Listing)) => Err(Problem::new(Code::Conflict).detail(say!(
            "Chưa có sự đồng ý `listing` còn hiệu lực; mời người này, hoặc ghi nhận phiếu đồng ý ở …/consents.",
            "The consent to `listing` does not stand; invite the person, or record a paper at …/consents.",
        ))),
        Err(Refusal::NotNow) => {
            let possible = status::possible(from, facts).filter(|verb| may(scope, row.id, *verb));
            let possible: Vec<&str> = possible.map(Verb::as_str).collect();
            Err(not_now(from, verb, &possible))
        }
    }
}

fn not_now(from: Status, verb: Verb, possible: &[&str]) -> Problem {
    let (from, verb) = (from.as_str(), verb.as_str());
    let list = if possible.is_empty() { "–".to_owned() } else { possible.join(", ") };
    Problem::new(Code::Conflict).detail(say!(
        "Trạng thái hiện tại là `{from}`, không thể `{verb}`; bây giờ có thể: {list}.",
        "The state is `{from}`: `{verb}` is not possible. Possible now: {list}.",
    ))
}

/// Says that an invitation makes no second account.
pub(super) fn has_account() -> Problem {
    Problem::new(Code::Conflict).detail(say!(
        "Người này đã có tài khoản; họ đăng nhập và tự quyết định ở …/consents.",
        "The person has an account already; they sign in and decide at …/consents.",
    ))
}

/// The state a person gets into by agreeing to be kept in the bank; none for who is in already.
pub(super) fn listed(row: &ProfileRow) -> Option<Status> {
    let facts = Facts { listing: true, account: false };
    status::step(Status::parse(&row.status)?, Verb::Consent, facts).ok()
}

/// Lets a person out of the bank, with all links; the new state, none for who is out already.
pub(super) async fn leave(tx: &mut Conn, row: &ProfileRow) -> Answer<Option<Status>> {
    let Ok(to) = status::step(state_of(row)?, Verb::Leave, Facts::default()) else { return Ok(None) };
    store::move_to(tx, row.id, to).await?;
    store::void_links(tx, row.id).await?;
    Ok(Some(to))
}

/// A reason: one text of a bounded length, empty is none.
pub(super) fn reason(pointer: &str, input: Option<&str>) -> Answer<Option<String>> {
    let mut faults = Faults::default();
    let reason = faults.line(pointer, input, MAX_REASON);
    faults.or(reason).map_err(profile::invalid)
}

/// A day that is not ahead; today by default.
pub(super) fn past_day(pointer: &str, day: Option<NaiveDate>) -> Answer<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    match day {
        Some(day) if day > today() => Err(Problem::field(
            pointer,
            "in_the_future",
            say!("Ngày ở tương lai; việc này có hiệu lực ngay.", "The date lies in the future; this counts at once."),
        )),
        Some(day) if day < first => {
            Err(Problem::field(pointer, "too_early", say!("Ngày trước năm 2000.", "Before the year 2000.")))
        }
        day => Ok(day.unwrap_or_else(today)),
    }
}

/// Why, and since when.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"reason": "Đi công tác nước ngoài một năm", "effective_on": "2026-11-01"}))]
struct Change {
    /// Why; kept sealed.
    reason: Option<String>,
    /// Since when; today by default, never ahead: what is to come is told by the availability.
    effective_on: Option<NaiveDate>,
}

/// A change after its form was checked.
struct Checked {
    reason: Option<String>,
    effective_on: NaiveDate,
}

impl Change {
    fn check(&self, needs_reason: bool) -> Answer<Checked> {
        let reason = reason("/reason", self.reason.as_deref())?;
        if needs_reason && reason.is_none() {
            return Err(Problem::field("/reason", "required", say!("Nêu lý do.", "Say why.")));
        }
        Ok(Checked { reason, effective_on: past_day("/effective_on", self.effective_on)? })
    }
}

/// Takes a step that has nothing beside the state; `also` does what belongs to it in the same transaction.
async fn change<P: Policy>(
    permit: Permit<P>,
    key: Key,
    (if_match, once): (IfMatch, Once),
    (verb, checked): (Verb, Checked),
    also: impl AsyncFnOnce(&mut Conn, &ProfileRow) -> Answer<Vec<Event>> + 'static,
) -> Answer {
    let scope = permit.scope().clone();
    let id = permit
        .write_once(once, async move |tx| {
            let row = store::lock(tx, &scope, &key.0).await?;
            if_match.check(row.version)?;
            let (from, to) = take(tx, &scope, &row, verb).await?;
            store::move_to(tx, row.id, to).await?;
            if matches!(to, Status::Left | Status::Deceased) {
                store::void_links(tx, row.id).await?;
            }
            let values = json!({
                "status": [from.as_str(), to.as_str()], "effective_on": checked.effective_on, "reason": checked.reason,
            });
            let action = rule(verb).map_or("experts.update", |rule| rule.action);
            let action = if verb == Verb::Resume { "experts.resume" } else { action };
            let mut events = vec![Event::on("expert", row.id).action(action).fields(["status"]).values(values)];
            events.extend(also(tx, &row).await?);
            Ok((row.id, events))
        })
        .await?;
    answer(&permit, id).await
}

/// The expert as the caller sees them now.
pub(super) async fn answer<P: Policy>(permit: &Permit<P>, id: Uuid) -> Answer {
    let mut conn = permit.read().await?;
    let row = store::find(&mut conn, permit.scope(), &id.to_string()).await?;
    let version = row.version;
    written(None, version, &profile::view(&mut conn, &permit.state().vocabularies, permit.scope(), row).await?)
}

/// What the verification rests on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"standing_evidence": "Giải Nhất Hội thi Sáng tạo kỹ thuật tỉnh 2025"}))]
struct Verification {
    /// Evidence of standing, where it is not in the record yet: prizes, posts, years of practice.
    standing_evidence: Option<String>,
}

/// Verify an expert
///
/// The Union has checked who it is and what the standing rests on: `consented` becomes `active`. Where the Union has set a
/// lowest degree, whoever is below it needs evidence of standing.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch, Once),
    request_body = Option<Verification>,
    security(("session" = ["experts.activate"])),
    responses((status = 200, description = "The expert as they are now", body = Expert)),
)]
#[post("/experts/{key}/activate")]
async fn activate_expert(
    permit: Permit<ActivateExpert>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Verification>,
) -> Answer {
    let once = once.of(&body);
    let evidence = reason("/standing_evidence", body.0.standing_evidence.as_deref())?;
    let scope = permit.scope().clone();
    let id = permit
        .write_once(once, async move |tx| {
            let row = store::lock(tx, &scope, &key.0).await?;
            if_match.check(row.version)?;
            let (from, to) = take(tx, &scope, &row, Verb::Activate).await?;
            check_level(tx, &row, evidence.is_some()).await?;
            store::verify(tx, row.id, scope.actor.id(), evidence.as_deref()).await?;
            store::move_to(tx, row.id, to).await?;
            let mut fields = vec!["status", "verified_at", "verified_by"];
            fields.extend(evidence.is_some().then_some("standing_evidence"));
            let values = json!({ "status": [from.as_str(), to.as_str()], "standing_evidence": evidence });
            Ok((row.id, Event::on("expert", row.id).fields(fields).values(values)))
        })
        .await?;
    answer(&permit, id).await
}

/// The lowest degree is a setting of the Union's: without it anybody may be verified.
async fn check_level(tx: &mut Conn, row: &ProfileRow, evidence: bool) -> Answer<()> {
    let Some(least) = settings::text(tx, settings::MIN_DEGREE).await? else { return Ok(()) };
    let titles = reference_store::titles(tx).await?;
    let is =
        |title: &TitleRow, code: &str| [&title.code, &title.abbreviation].iter().any(|c| c.eq_ignore_ascii_case(code));
    let rank = |code: &str| titles.iter().find(|title| title.kind == "degree" && is(title, code)).map(|t| t.rank);
    // a degree that is set and does not exist is reached by nobody
    let reached = rank(&least).is_some_and(|least| row.degree.as_deref().and_then(rank) >= Some(least));
    if reached || row.academic_rank.is_some() || evidence || row.standing_evidence.is_some() {
        return Ok(());
    }
    Err(Problem::field(
        "/standing_evidence",
        "required",
        say!(
            "Học vị dưới `{least}`: cần nêu căn cứ về uy tín (giải thưởng, chức danh, số năm làm nghề).",
            "The degree is below `{least}`: name what the standing rests on (prizes, posts, years of practice).",
        ),
    ))
}

/// Pause
///
/// `active` becomes `paused`: the person takes a break from work for the Union until they resume. Who may see them still does:
/// to be seen by fewer is a matter of consents. A person pauses themself, the Union anybody.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch, Once),
    request_body = Option<Change>,
    security(("session" = ["experts.pause"])),
    responses((status = 200, description = "The expert as they are now", body = Expert)),
)]
#[post("/experts/{key}/pause")]
async fn pause_expert(
    permit: Permit<PauseExpert>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Change>,
) -> Answer {
    let (once, checked) = (once.of(&body), body.0.check(false)?);
    change(permit, key, (if_match, once), (Verb::Pause, checked), nothing_else).await
}

/// Resume
///
/// `paused` becomes `active` again.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch, Once),
    request_body = Option<Change>,
    security(("session" = ["experts.pause"])),
    responses((status = 200, description = "The expert as they are now", body = Expert)),
)]
#[post("/experts/{key}/resume")]
async fn resume_expert(
    permit: Permit<PauseExpert>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Change>,
) -> Answer {
    let (once, checked) = (once.of(&body), body.0.check(false)?);
    change(permit, key, (if_match, once), (Verb::Resume, checked), nothing_else).await
}

async fn nothing_else(_: &mut Conn, _: &ProfileRow) -> Answer<Vec<Event>> {
    Ok(Vec::new())
}

/// Leave the bank
///
/// The person is out of every list at once. Who leaves by themself withdraws the consent to `listing` with it; the Union says
/// why. Who comes back agrees anew, is invited again, or is taken back with `return`.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch, Once),
    request_body = Option<Change>,
    security(("session" = ["experts.leave"])),
    responses((status = 200, description = "The expert as they are now", body = Expert)),
)]
#[post("/experts/{key}/leave")]
async fn leave_bank(
    permit: Permit<LeaveBank>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Change>,
) -> Answer {
    let own = permit.scope().reach == Reach::Own;
    let (once, checked) = (once.of(&body), body.0.check(!own)?);
    let by = permit.actor().id();
    change(permit, key, (if_match, once), (Verb::Leave, checked), async move |tx: &mut Conn, row: &ProfileRow| {
        if own && store::is_listed(tx, row.id).await? {
            return consents::decide(tx, row.id, [(Purpose::Listing, false)].into_iter(), by).await;
        }
        Ok(Vec::new())
    })
    .await
}

/// Record a death
///
/// The person is out of every list at once and the account is disabled. A mistake is repaired with `return`.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch, Once),
    request_body = Option<Change>,
    security(("session" = ["experts.mark_deceased"])),
    responses((status = 200, description = "The expert as they are now", body = Expert)),
)]
#[post("/experts/{key}/mark-deceased")]
async fn mark_deceased(
    permit: Permit<MarkDeceased>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Change>,
) -> Answer {
    let (once, checked) = (once.of(&body), body.0.check(false)?);
    change(permit, key, (if_match, once), (Verb::MarkDeceased, checked), async |tx: &mut Conn, row: &ProfileRow| {
        Ok(manage::close_of_expert(tx, row.id).await?.into_iter().collect())
    })
    .await
}

/// Take an expert back
///
/// Of somebody who left, or of whom a death was recorded by mistake: `consented` when the consent to `listing` still stands,
/// else `nominated`. From there the person is verified anew or invited. An account that was disabled is enabled by the
/// administrator.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch, Once),
    request_body = Change,
    security(("session" = ["experts.return"])),
    responses((status = 200, description = "The expert as they are now", body = Expert)),
)]
#[post("/experts/{key}/return")]
async fn return_expert(
    permit: Permit<ReturnExpert>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Change>,
) -> Answer {
    let (once, checked) = (once.of(&body), body.0.check(true)?);
    change(permit, key, (if_match, once), (Verb::Return, checked), nothing_else).await
}
