//! Invitations: `POST /experts/{key}/invite`, and `POST /invitations/open`, `…/accept`, `…/decline` for who holds the link.

use actix_web::http::header;
use actix_web::{HttpResponse, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::consent_texts::{self, ConsentText};
use super::consents;
use super::form::ExpertPatch;
use super::links::{self, Correction, Link, LinkToken};
use super::model::Purpose;
use super::policy::{InviteExpert, UseLink};
use super::profile;
use super::states;
use super::status::{Status, Verb};
use super::store::{self, LinkKind, ProfileRow};
use super::view::Expert;
use super::vocabulary::Vocabularies;
use crate::access::actor::Role;
use crate::access::password::check_new;
use crate::access::permit::{Permit, Scope};
use crate::access::throttle;
use crate::access::token::Opaque;
use crate::accounts::manage::{self, NewAccount};
use crate::accounts::model as account_model;
use crate::accounts::store::{self as account_store, AccountRow};
use crate::audit::event::Event;
use crate::db::Conn;
use crate::http::body::Body;
use crate::http::path::Key;
use crate::kernel::clock::today;
use crate::kernel::precondition::IfMatch;
use crate::kernel::problem::{Answer, FieldError, Problem, ProblemDocument};
use crate::kernel::redacted::Redacted;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(invite_expert).service(open_invitation).service(accept_invitation).service(decline_invitation);
}

const KIND: LinkKind = LinkKind::Invitation;

/// Invite an expert
///
/// Gives a one-time link token. Hand it to the person, who reads the consent texts, decides, corrects the profile and
/// becomes an account with it. Earlier invitations of the person stop working. Also for people who agreed on paper and have
/// no account yet.
#[utoipa::path(
    tag = "experts",
    params(("key" = String, Path, description = "Id or code", example = "CG-000001"), IfMatch),
    security(("session" = ["experts.invite"])),
    responses((status = 201, description = "The token, shown once", body = Link)),
)]
#[post("/experts/{key}/invite")]
async fn invite_expert(permit: Permit<InviteExpert>, key: Key, if_match: IfMatch) -> Answer {
    let scope = permit.scope().clone();
    let link = permit
        .write(async move |tx| {
            let row = store::lock(tx, &scope, &key.0).await?;
            if_match.check(row.version)?;
            let (from, to) = states::take(tx, &scope, &row, Verb::Invite).await?;
            if from != to {
                store::move_to(tx, row.id, to).await?;
            }
            let link = links::issue(tx, KIND, row.id, scope.actor.id()).await?;
            let values = json!({ "status": [from.as_str(), to.as_str()] });
            let changed: &[&str] = if from == to { &[] } else { &["status"] };
            Ok((link, Event::on("expert", row.id).fields(changed.iter().copied()).values(values)))
        })
        .await?;
    Ok(HttpResponse::Created().json(link))
}

/// What the holder of an invitation reads.
#[derive(Debug, Serialize, ToSchema)]
struct Invitation {
    /// The link is good until.
    expires_at: DateTime<Utc>,
    /// What to read before deciding, one text for each purpose.
    consent_texts: Vec<ConsentText>,
    /// The profile as it is; contacts and the full birth date are not shown to a link, but can be set with it.
    expert: Expert,
}

/// Open an invitation
///
/// For who holds the link; no account is needed. Nothing is decided yet, and the link stays good.
#[utoipa::path(
    tag = "links",
    request_body = LinkToken,
    security((), ("session" = ["links.use"])),
    responses(
        (status = 200, description = "What is asked, and the profile", body = Invitation),
        (status = 404, description = "The link is unknown, used, replaced or expired", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/invitations/open")]
async fn open_invitation(permit: Permit<UseLink>, body: Body<LinkToken>) -> Answer {
    let token = Opaque::hash(body.0.token.expose());
    let mut conn = permit.read().await?;
    let (id, expires_at) = links::holder(&mut conn, KIND, &token).await?;
    let texts = store::consent_texts(&mut conn).await?;
    let expert = own_view(&mut conn, &permit.state().vocabularies, id).await?;
    let consent_texts = consent_texts::in_force(&texts, today()).into_iter().map(ConsentText::from).collect();
    Ok(no_store(&Invitation { expires_at, consent_texts, expert }))
}

/// An answer to a secret is kept by nobody.
pub(super) fn no_store<T: Serialize>(body: &T) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}

/// A person's own record.
pub(super) async fn own_view(conn: &mut Conn, kept: &Vocabularies, id: Uuid) -> Answer<Expert> {
    let scope = links::own_scope(id);
    let row = store::find(conn, &scope, &id.to_string()).await?;
    profile::view(conn, kept, &scope, row).await
}

/// What a person decides, purpose by purpose. One that is left out is not decided: silence is not consent.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct Choices {
    /// To be kept in the bank; must be given to get in (`POST /invitations/decline` says no).
    listing: Option<bool>,
    /// To be found by agencies.
    agency_search: Option<bool>,
    /// To be shown to the public, agencies included.
    public_profile: Option<bool>,
    /// To have contacts passed on to an agency while working on its request.
    contact_sharing: Option<bool>,
}

impl Choices {
    fn decided(self) -> impl Iterator<Item = (Purpose, bool)> {
        let all = [
            (Purpose::Listing, self.listing),
            (Purpose::AgencySearch, self.agency_search),
            (Purpose::PublicProfile, self.public_profile),
            (Purpose::ContactSharing, self.contact_sharing),
        ];
        all.into_iter().filter_map(|(purpose, given)| Some((purpose, given?)))
    }
}

/// How a person gets in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "token": "ebi_77a0…", "username": "kpa.mau", "password": "một câu ngắn dễ nhớ",
    "consents": {"listing": true, "agency_search": true, "public_profile": false},
    "profile": {"position": "Trưởng khoa", "phone": "0600 123 456"}
}))]
struct Acceptance {
    /// As the Union handed it over; works once.
    #[schema(value_type = String)]
    token: Redacted<String>,
    /// The user name to sign in with: 2 to 64 of `a-z 0-9 . _ -`.
    username: String,
    /// The password: 12 to 128 characters.
    #[schema(value_type = String, format = Password)]
    password: Redacted<String>,
    /// What the person decides.
    consents: Choices,
    /// What is to be corrected, as a merge patch.
    #[serde(default)]
    profile: ExpertPatch,
}

/// Who got in.
#[derive(Debug, Serialize, ToSchema)]
struct Welcome {
    /// The account's user name; sign in at `POST /auth/login`.
    #[schema(example = "kpa.mau")]
    username: String,
    /// The record as it is now.
    expert: Expert,
}

/// Accept an invitation
///
/// In one step: the decisions are recorded, the profile is corrected, and the person becomes an account. Two who send the
/// same link at once make one account.
#[utoipa::path(
    tag = "links",
    request_body = Acceptance,
    security((), ("session" = ["links.use"])),
    responses(
        (status = 201, description = "Welcome", body = Welcome),
        (status = 404, description = "The link is unknown, used, replaced or expired", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/invitations/accept")]
async fn accept_invitation(permit: Permit<UseLink>, body: Body<Map<String, Value>>) -> Answer {
    let Acceptance { token, username, password, consents, profile } = links::read_body(&body.0)?;
    let username = check(&username, &password, consents)?;
    let token = Opaque::hash(token.expose());
    // looked up before the costly hash, so that a made-up token costs next to nothing
    let (id, _) = links::holder(&mut permit.read().await?, KIND, &token).await?;
    let correction = Correction::of(&body.0, profile, id)?;
    let state = permit.state();
    let hash = state.passwords.hash(password).await?;
    let (sealer, address, name) = (state.sealer.clone(), permit.address(), username.clone());
    permit
        .write(async move |tx| {
            let row = store::lock(tx, &Scope::SYSTEM, &id.to_string()).await?;
            links::spend(tx, KIND, &token, "accepted").await?;
            let account = make_account(tx, &row, name, hash).await?;
            throttle::welcome(tx, &sealer, &account.username, address).await?;
            let mut events = vec![manage::created_event(&account)];
            events.extend(consents::decide(tx, id, consents.decided(), Some(account.id)).await?);
            let to = states::listed(&row);
            let from = row.status.clone();
            events.extend(correction.apply(tx, &sealer, row).await?);
            if let Some(to) = to {
                store::move_to(tx, id, to).await?;
            }
            store::confirm(tx, id, today()).await?;
            let values = json!({ "status": [from, to.map(Status::as_str)] });
            let accepted = Event::on("expert", id).action("experts.accept_invitation");
            events.push(accepted.fields(["status", "last_confirmed"]).values(values));
            let actor = links::person(id, account.id);
            Ok(((), events.into_iter().map(|event| event.by(actor.clone())).collect::<Vec<Event>>()))
        })
        .await?;
    let expert = own_view(&mut permit.read().await?, &permit.state().vocabularies, id).await?;
    let location = format!("/api/v1/experts/{id}");
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Welcome { username, expert }))
}

/// The folded user name, when everything the person chose keeps the rules.
fn check(username: &str, password: &Redacted<String>, consents: Choices) -> Answer<String> {
    let name = account_model::username(username);
    let sound = check_new("/password", password, name.as_deref().unwrap_or("\0"));
    let mut faults: Vec<FieldError> = Vec::new();
    for problem in [name.as_ref().err(), sound.as_ref().err()].into_iter().flatten() {
        faults.extend(problem.errors().iter().cloned());
    }
    if consents.listing != Some(true) {
        faults.push(FieldError::new(
            "/consents/listing",
            "required",
            say!(
                "Phải đồng ý được lưu trong ngân hàng chuyên gia; nếu không đồng ý, dùng POST /api/v1/invitations/decline.",
                "The consent to be kept in the bank is needed; to say no, use POST /api/v1/invitations/decline.",
            ),
        ));
    }
    Problem::fields(faults).map_or(name, Err)
}

/// The account of the person, who must have none yet.
async fn make_account(tx: &mut Conn, row: &ProfileRow, username: String, hash: String) -> Answer<AccountRow> {
    if account_store::of_expert(tx, row.id).await?.is_some() {
        return Err(states::has_account());
    }
    let account = NewAccount {
        username,
        display_name: row.full_name.clone(),
        role: Role::Expert,
        organisation_id: None,
        expert_id: Some(row.id),
    };
    let account = account.into_row()?;
    account_store::insert(tx, &account, Some(hash)).await?;
    Ok(account)
}

/// How a person says no.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refusal {
    /// As the Union handed it over; works once.
    #[schema(value_type = String, example = "ebi_77a0…")]
    token: Redacted<String>,
    /// Why, if the person wants to say so.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Tôi đã nghỉ làm chuyên môn")]
    reason: Option<Redacted<String>>,
}

/// Decline an invitation
///
/// The person says no: it is recorded, they are out of the bank, and the link is spent. The Union may invite them again.
#[utoipa::path(
    tag = "links",
    request_body = Refusal,
    security((), ("session" = ["links.use"])),
    responses(
        (status = 204, description = "Recorded"),
        (status = 404, description = "The link is unknown, used, replaced or expired", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/invitations/decline")]
async fn decline_invitation(permit: Permit<UseLink>, body: Body<Refusal>) -> Answer {
    let reason = states::reason("/reason", body.0.reason.as_ref().map(|text| text.expose().as_str()))?;
    let token = Opaque::hash(body.0.token.expose());
    let (id, _) = links::holder(&mut permit.read().await?, KIND, &token).await?;
    permit
        .write(async move |tx| {
            let row = store::lock(tx, &Scope::SYSTEM, &id.to_string()).await?;
            links::spend(tx, KIND, &token, "declined").await?;
            let mut events = consents::decide(tx, id, [(Purpose::Listing, false)].into_iter(), None).await?;
            let left = states::leave(tx, &row).await?;
            let values = json!({ "status": [row.status, left.map(Status::as_str)], "reason": reason });
            let declined = Event::on("expert", id).action("experts.decline_invitation").fields(["status"]);
            events.push(declined.values(values));
            Ok(((), events))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
