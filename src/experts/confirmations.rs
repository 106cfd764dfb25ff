//! "Confirm your data": the person says once a year that the record is right, signed in, by a link, or through the Union.
//! `GET /experts/stale` tells whom to ask.

use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::form::ExpertPatch;
use super::invitations::{no_store, own_view};
use super::links::{self, Correction, Link, LinkToken};
use super::policy::{ConfirmExpert, ReadStale, RequestConfirmation, UseLink};
use super::settings;
use super::states::{self, past_day};
use super::status::{Status, Verb};
use super::store::{self, LinkKind, StaleRow};
use super::view::Expert;
use crate::access::permit::{Permit, Scope};
use crate::access::policy::Reach;
use crate::access::token::Opaque;
use crate::audit::event::Event;
use crate::http::body::{Body, MaybeBody};
use crate::http::idempotency::Once;
use crate::http::params::Params;
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::{IfMatch, fresh_page};
use crate::kernel::problem::{Answer, Code, Problem, ProblemDocument};
use crate::kernel::redacted::Redacted;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .service(list_stale)
        .service(request_confirmation)
        .service(confirm_expert)
        .service(open_confirmation)
        .service(accept_confirmation);
}

const KIND: LinkKind = LinkKind::Confirmation;

/// Ask an expert to confirm the data
///
/// Gives a one-time link token. Hand it to the person, who reads the record, corrects it and confirms, without signing in.
/// Earlier links of this kind stop working.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001")),
    security(("session" = ["experts.request_confirmation"])),
    responses(
        (status = 201, description = "The token, shown once", body = Link),
        (status = 409, description = "The person is not in the bank", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/experts/{key}/confirmation-link")]
async fn request_confirmation(permit: Permit<RequestConfirmation>, key: Key) -> Answer {
    let scope = permit.scope().clone();
    let link = permit
        .write(async move |tx| {
            let row = store::lock(tx, &scope, &key.0).await?;
            states::take(tx, &scope, &row, Verb::RequestConfirmation).await?;
            let link = links::issue(tx, KIND, row.id, scope.actor.id()).await?;
            Ok((link, Event::on("expert", row.id)))
        })
        .await?;
    Ok(HttpResponse::Created().json(link))
}

/// What the holder of a link is asked to confirm.
#[derive(Debug, Serialize, ToSchema)]
struct Confirmation {
    /// The link is good until.
    expires_at: DateTime<Utc>,
    /// The record as it is; contacts and the full birth date are not shown to a link, but can be set with it.
    expert: Expert,
}

/// Open a link to confirm one's data
///
/// For who holds the link; no account is needed. Nothing changes yet, and the link stays good.
#[utoipa::path(
    tag = "links",
    request_body = LinkToken,
    security((), ("session" = ["links.use"])),
    responses(
        (status = 200, description = "The record to confirm", body = Confirmation),
        (status = 404, description = "The link is unknown, used, replaced or expired", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/confirmations/open")]
async fn open_confirmation(permit: Permit<UseLink>, body: Body<LinkToken>) -> Answer {
    let token = Opaque::hash(body.0.token.expose());
    let mut conn = permit.read().await?;
    let (id, expires_at) = links::holder(&mut conn, KIND, &token).await?;
    let expert = own_view(&mut conn, &permit.state().vocabularies, id).await?;
    Ok(no_store(&Confirmation { expires_at, expert }))
}

/// A confirmation, with corrections.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"token": "ebf_77a0…", "profile": {"position": "Trưởng khoa"}}))]
struct Confirmed {
    /// As the Union handed it over; works once.
    #[schema(value_type = String)]
    token: Redacted<String>,
    /// What is to be corrected, as a merge patch.
    #[serde(default)]
    profile: ExpertPatch,
}

/// Confirm one's data with a link
///
/// Corrects the record, if anything is sent, and counts as confirmed today.
#[utoipa::path(
    tag = "links",
    request_body = Confirmed,
    security((), ("session" = ["links.use"])),
    responses(
        (status = 200, description = "The record as it is now", body = Expert),
        (status = 404, description = "The link is unknown, used, replaced or expired", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/confirmations/accept")]
async fn accept_confirmation(permit: Permit<UseLink>, body: Body<Map<String, Value>>) -> Answer {
    let Confirmed { token, profile } = links::read_body(&body.0)?;
    let token = Opaque::hash(token.expose());
    let (id, _) = links::holder(&mut permit.read().await?, KIND, &token).await?;
    let correction = Correction::of(&body.0, profile, id)?;
    let sealer = permit.state().sealer.clone();
    permit
        .write(async move |tx| {
            let row = store::lock(tx, &Scope::SYSTEM, &id.to_string()).await?;
            links::spend(tx, KIND, &token, "accepted").await?;
            let mut events: Vec<Event> = correction.apply(tx, &sealer, row).await?.into_iter().collect();
            store::confirm(tx, id, today()).await?;
            let values = json!({ "confirmed_on": today(), "channel": "link" });
            events.push(Event::on("expert", id).action("experts.confirm").fields(["last_confirmed"]).values(values));
            Ok(((), events))
        })
        .await?;
    Ok(no_store(&own_view(&mut permit.read().await?, &permit.state().vocabularies, id).await?))
}

/// How the Union heard from a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HeardBy {
    /// By telephone.
    Phone,
    /// By e-mail.
    Email,
    /// On paper.
    Paper,
    /// Face to face.
    Meeting,
}

/// A confirmation; a person who is signed in needs to say nothing more.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"channel": "phone", "note": "Gọi điện ngày 20/11"}))]
struct Word {
    /// How the Union heard from the person; required for the Union, and only there.
    channel: Option<HeardBy>,
    /// What else there is to say; kept sealed.
    note: Option<String>,
    /// When the person said so; today by default.
    confirmed_on: Option<NaiveDate>,
}

/// Confirm that the data is right
///
/// A person confirms their own record; the Union one of which it heard from the person, and says how.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch, Once),
    request_body = Option<Word>,
    security(("session" = ["experts.confirm"])),
    responses((status = 200, description = "The expert as they are now", body = Expert)),
)]
#[post("/experts/{key}/confirm")]
async fn confirm_expert(
    permit: Permit<ConfirmExpert>,
    key: Key,
    if_match: IfMatch,
    once: Once,
    MaybeBody(body): MaybeBody<Word>,
) -> Answer {
    let once = once.of(&body);
    let word = body.0;
    let own = permit.scope().reach == Reach::Own;
    check_channel(word.channel, own)?;
    let (note, day) = (states::reason("/note", word.note.as_deref())?, past_day("/confirmed_on", word.confirmed_on)?);
    let scope = permit.scope().clone();
    let id = permit
        .write_once(once, async move |tx| {
            let row = store::lock(tx, &scope, &key.0).await?;
            if_match.check(row.version)?;
            states::take(tx, &scope, &row, Verb::Confirm).await?;
            store::confirm(tx, row.id, day).await?;
            let values = json!({ "confirmed_on": day, "channel": word.channel, "note": note });
            Ok((row.id, Event::on("expert", row.id).fields(["last_confirmed"]).values(values)))
        })
        .await?;
    states::answer(&permit, id).await
}

fn check_channel(channel: Option<HeardBy>, own: bool) -> Answer<()> {
    match (channel, own) {
        (None, false) => Err(Problem::field(
            "/channel",
            "required",
            say!("Nêu đã nghe từ người đó qua kênh nào.", "Say how you heard it from the person."),
        )),
        (Some(_), true) => Err(Problem::field(
            "/channel",
            "not_allowed",
            say!("Tự xác nhận thì không cần kênh.", "Who confirms for themself names no channel."),
        )),
        _ => Ok(()),
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StaleQuery {
    /// Not confirmed for more than so many months; the setting `stale_months` (12 unless the Union set another) by default.
    #[param(minimum = 0, maximum = 600, example = 12)]
    months: Option<u16>,
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Somebody who should be asked.
#[derive(Debug, Serialize, ToSchema)]
struct StaleExpert {
    /// The expert.
    id: Uuid,
    /// Code for people.
    #[schema(example = "CG-000123")]
    code: String,
    /// Name without titles.
    #[schema(example = "Nguyễn Thị Minh Họa")]
    full_name: String,
    /// `consented`, `active` or `paused`.
    #[schema(value_type = Status)]
    status: String,
    /// When the person last confirmed the data; none when never.
    last_confirmed: Option<NaiveDate>,
    /// Days since then.
    #[schema(example = 412)]
    days_since: Option<i64>,
    /// A link to confirm is out and good until then.
    link_until: Option<DateTime<Utc>>,
}

impl From<StaleRow> for StaleExpert {
    fn from(row: StaleRow) -> Self {
        Self {
            id: row.id,
            code: row.code,
            full_name: row.full_name,
            status: row.status,
            days_since: row.last_confirmed.map(|day| (today() - day).num_days()),
            last_confirmed: row.last_confirmed,
            link_until: row.link_until,
        }
    }
}

/// List experts who should confirm their data
///
/// Who is in the bank and has not confirmed for longer than the Union allows, the longest first; who never did comes first.
#[utoipa::path(
    tag = "experts",
    params(StaleQuery),
    security(("session" = ["experts.read_stale"])),
    responses((status = 200, description = "A page of them", body = Page<StaleExpert>)),
)]
#[get("/experts/stale")]
async fn list_stale(permit: Permit<ReadStale>, query: Params<StaleQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let after = cursors.open(query.cursor.as_deref())?;
    let mut conn = permit.read().await?;
    let months = match query.months {
        Some(months) if months > 600 => return Err(too_long_ago()),
        Some(months) => months,
        None => settings::number(&mut conn, settings::STALE_MONTHS).await?,
    };
    let before = today().checked_sub_months(settings::months(months)).unwrap_or(store::NEVER);
    let rows = store::stale(&mut conn, before, after, query.limit.probe()).await?;
    fresh_page(&req, "private", &cursors.page(rows, query.limit, StaleRow::key, StaleExpert::from)?)
}

fn too_long_ago() -> Problem {
    Problem::new(Code::InvalidQuery).and_field(
        "/months",
        "out_of_range",
        say!("Từ 0 đến 600 tháng.", "0 to 600 months."),
    )
}
