//! `GET` and `POST /experts/{key}/consents`: the consent ledger.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::consent_texts::version_of;
use super::model::Purpose;
use super::policy::{ReadConsents, RecordConsent};
use super::states;
use super::store::{self, ConsentRow, ProfileRow};
use crate::access::permit::Permit;
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::idempotency::Once;
use crate::http::params::{Nothing, Params};
use crate::http::path::Key;
use crate::kernel::clock::{now, today};
use crate::kernel::id::new_id;
use crate::kernel::page::Page;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::text::display;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(list_consents).service(record_consent);
}

/// How a decision reached the Union.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Channel {
    /// A signed paper; name it in `document`.
    Paper,
    /// By the person, signed in.
    Online,
}

/// A decision about one purpose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"purpose": "agency_search", "given": true, "channel": "paper", "document": "Phiếu đồng ý số 12/2026"}))]
struct ConsentForm {
    /// What it is about.
    purpose: Purpose,
    /// True gives, false withdraws. A withdrawal counts at once.
    given: bool,
    /// When the person decided; today by default, never in the future.
    #[serde(default)]
    decided_on: Option<NaiveDate>,
    /// How it reached the Union. A person who is signed in decides `online`.
    channel: Channel,
    /// The proof: required for `paper`.
    #[serde(default)]
    document: Option<String>,
    /// The version of the consent text that was signed; the one in force on `decided_on` by default.
    #[serde(default)]
    text_version: Option<String>,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
struct Consent {
    /// Its id.
    id: Uuid,
    /// What it is about.
    #[schema(value_type = Purpose)]
    purpose: String,
    /// Given or withdrawn.
    given: bool,
    /// When the person decided.
    decided_on: NaiveDate,
    /// `paper`, `online` or `import`.
    channel: String,
    /// The proof.
    document: Option<String>,
    /// Version of the consent text.
    text_version: String,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// By which account.
    recorded_by: Option<Uuid>,
}

impl From<ConsentRow> for Consent {
    fn from(row: ConsentRow) -> Self {
        Self {
            id: row.id,
            purpose: row.purpose,
            given: row.given,
            decided_on: row.decided_on,
            channel: row.channel,
            document: row.document,
            text_version: row.text_version,
            recorded_at: row.recorded_at,
            recorded_by: row.recorded_by,
        }
    }
}

/// Read the consent ledger
///
/// The latest first; the latest entry of a purpose is what stands.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001")),
    security(("session" = ["consents.read"])),
    responses((status = 200, description = "The ledger", body = Page<Consent>)),
)]
#[get("/experts/{key}/consents")]
async fn list_consents(permit: Permit<ReadConsents>, key: Key, _: Params<Nothing>, req: HttpRequest) -> Answer {
    let mut conn = permit.read().await?;
    let expert = store::find(&mut conn, permit.scope(), &key.0).await?;
    let rows = store::list_consents(&conn, expert.id).await?;
    let items = rows.into_iter().map(Consent::from).collect();
    fresh(&req, None, "private", &Page { items, next_cursor: None })
}

/// Record a consent or its withdrawal
///
/// Appends to the ledger. Lists, searches and profiles follow before this answers. Who agrees to `listing` and is not in yet
/// becomes `consented`; who withdraws it leaves the bank.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), Once),
    request_body = ConsentForm,
    security(("session" = ["consents.record"])),
    responses((status = 201, description = "Recorded", body = Consent)),
)]
#[post("/experts/{key}/consents")]
async fn record_consent(permit: Permit<RecordConsent>, key: Key, once: Once, body: Body<ConsentForm>) -> Answer {
    let once = once.of(&body);
    let decision = body.0;
    let own = permit.scope().actor.expert_id().is_some();
    let document = check(&decision, own)?;
    let (scope, recorded_by) = (permit.scope().clone(), permit.actor().id());
    let id = permit
        .write_once(once, async move |tx| {
            let expert = store::lock(tx, &scope, &key.0).await?;
            refuse_older(tx, expert.id, &decision).await?;
            let decided_on = decision.decided_on.unwrap_or_else(today);
            let texts = store::consent_texts(tx).await?;
            let row = ConsentRow {
                channel: if own { "online" } else { "paper" }.to_owned(),
                document,
                text_version: version_of(&texts, decision.purpose, decided_on, decision.text_version.as_deref())?,
                recorded_by,
                ..online(expert.id, decision.purpose, decision.given, decided_on)
            };
            store::insert_consents(tx, std::slice::from_ref(&row)).await?;
            let mut fields = vec![row.purpose.clone()];
            if decision.purpose == Purpose::Listing && follow_listing(tx, &expert, decision.given).await? {
                fields.push("status".to_owned());
            }
            Ok((row.id, event(&row, fields)))
        })
        .await?;
    let mut conn = permit.read().await?;
    let consent = store::find_consent(&mut conn, id).await?;
    store::find(&mut conn, permit.scope(), &consent.expert_id.to_string()).await?;
    let location = format!("/api/v1/experts/{}/consents", consent.expert_id);
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(Consent::from(consent)))
}

/// Who agrees to be kept in the bank and is not in yet gets in; who withdraws that leaves. True when the state changed.
async fn follow_listing(tx: &mut Conn, expert: &ProfileRow, given: bool) -> Answer<bool> {
    if !given {
        return Ok(states::leave(tx, expert).await?.is_some());
    }
    let to = states::listed(expert);
    if let Some(to) = to {
        store::move_to(tx, expert.id, to).await?;
    }
    Ok(to.is_some())
}

fn online(expert_id: Uuid, purpose: Purpose, given: bool, decided_on: NaiveDate) -> ConsentRow {
    ConsentRow {
        id: new_id(),
        expert_id,
        purpose: purpose.as_str().to_owned(),
        given,
        decided_on,
        channel: "online".to_owned(),
        document: None,
        text_version: String::new(),
        recorded_at: now(),
        recorded_by: None,
    }
}

fn event(row: &ConsentRow, fields: Vec<String>) -> Event {
    let values = json!({ "purpose": row.purpose, "given": row.given, "document": row.document });
    let action = if row.given { "consents.give" } else { "consents.withdraw" };
    Event::on("expert", row.expert_id).action(action).fields(fields).values(values)
}

/// Records what a person decides today by themselves, on the texts in force; the state is the caller's to move.
pub(super) async fn decide(
    tx: &mut Conn,
    expert: Uuid,
    choices: impl Iterator<Item = (Purpose, bool)>,
    by: Option<Uuid>,
) -> Answer<Vec<Event>> {
    let (texts, day) = (store::consent_texts(tx).await?, today());
    let rows: Vec<ConsentRow> = choices
        .map(|(purpose, given)| {
            let text_version = version_of(&texts, purpose, day, None)?;
            Ok(ConsentRow { text_version, recorded_by: by, ..online(expert, purpose, given, day) })
        })
        .collect::<Answer<_>>()?;
    store::insert_consents(tx, &rows).await?;
    Ok(rows.iter().map(|row| event(row, vec![row.purpose.clone()])).collect())
}

/// A paper that turns up late must not undo a withdrawal that came after it was signed.
async fn refuse_older(tx: &mut Conn, expert: Uuid, decision: &ConsentForm) -> Answer<()> {
    let Some(day) = decision.decided_on.filter(|_| decision.given) else { return Ok(()) };
    match store::standing_withdrawal(tx, expert, decision.purpose.as_str()).await? {
        Some(withdrawn) if day < withdrawn => Err(Problem::new(Code::Conflict).and_field(
            "/decided_on",
            "withdrawn_later",
            say!(
                "Người này đã rút lại ngày {withdrawn}, sau quyết định này; cần một sự đồng ý mới.",
                "The person withdrew on {withdrawn}, after this decision; a new consent is needed.",
            ),
        )),
        _ => Ok(()),
    }
}

/// Who records must say how they know: a person decides online for themselves, an officer holds a paper.
fn check(decision: &ConsentForm, own: bool) -> Answer<Option<String>> {
    let document = decision.document.as_deref().map(display).filter(|text| !text.is_empty());
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
    if decision.decided_on.is_some_and(|day| day > today()) {
        return Err(Problem::field(
            "/decided_on",
            "in_the_future",
            say!("Ngày ở tương lai.", "The date lies in the future."),
        ));
    }
    if decision.decided_on.is_some_and(|day| day < first) {
        return Err(Problem::field("/decided_on", "too_early", say!("Ngày trước năm 2000.", "Before the year 2000.")));
    }
    if own != (decision.channel == Channel::Online) {
        return Err(Problem::field(
            "/channel",
            "not_allowed",
            say!(
                "Chuyên gia tự quyết định thì dùng `online`; cán bộ ghi nhận giấy tờ thì dùng `paper`.",
                "A person who decides uses `online`; an officer who holds a paper uses `paper`.",
            ),
        ));
    }
    if decision.channel == Channel::Paper && document.is_none() {
        return Err(Problem::field(
            "/document",
            "required",
            say!("Ghi số hoặc tên văn bản làm bằng chứng.", "Name the document that proves it.",),
        ));
    }
    if document.as_ref().is_some_and(|text| text.chars().count() > 300) {
        return Err(Problem::field("/document", "too_long", say!("Tối đa 300 ký tự.", "At most 300 characters.")));
    }
    Ok(document)
}
