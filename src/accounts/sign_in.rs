//! Sign-in: log in, renew, log out, redeem a reset token.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::policy::{SignIn, UseOwnAccount};
use super::store::{self, AccountRow};
use crate::access::actor::{AccountActor, Actor, Role};
use crate::access::device::Device;
use crate::access::password::{Turn, check_new};
use crate::access::permit::Permit;
use crate::access::throttle::{self, Claim};
use crate::access::token::{Bearer, LIFETIME, Opaque};
use crate::audit::event::Event;
use crate::http::body::Body;
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::redacted::Redacted;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(login).service(renew).service(logout).service(redeem_reset);
}

/// A user name and password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// As given by the administrator; capitals do not matter.
    #[schema(example = "union_officer")]
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password, example = "chuyen-gia-demo")]
    password: Redacted<String>,
    /// The newest this device has got for this user name, if any. It only keeps the failures of others from counting
    /// against this device; one that is not good is as none.
    #[schema(value_type = Option<String>, example = "ebd_AmsxyP…")]
    device_token: Option<Redacted<String>>,
}

/// What a program needs to act for a person.
#[derive(Debug, Serialize, ToSchema)]
struct TokenPair {
    /// A JWT; send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: i64,
    /// For `POST /auth/refresh`, once: each answer brings a new one, and using an old one ends the session.
    refresh_token: String,
}

/// What a sign-in gives.
#[derive(Debug, Serialize, ToSchema)]
struct SignedIn {
    #[serde(flatten)]
    tokens: TokenPair,
    #[serde(flatten)]
    device: KnownDevice,
}

/// By what a device is known again.
#[derive(Debug, Serialize, ToSchema)]
struct KnownDevice {
    /// Keep it on this device with the user name and send it at the next sign-in: then failures of others, who attack the
    /// account or sit behind the same address, do not delay it. It opens nothing, and is good for 180 days.
    #[schema(example = "ebd_AmsxyP…")]
    device_token: String,
}

fn token_pair(permit: &Permit<SignIn>, account: Uuid, session: Uuid, refresh: Opaque) -> Answer<TokenPair> {
    let access_token = permit.state().tokens.issue(Bearer::Session { sub: account, sid: session })?;
    Ok(TokenPair { access_token, token_type: "Bearer", expires_in: LIFETIME, refresh_token: refresh.text.into_inner() })
}

/// Always a fresh token, so that a device in use stays known; of the same device, so that its failures stay counted.
fn known_device(permit: &Permit<SignIn>, device: Device, username: &str) -> Answer<KnownDevice> {
    Ok(KnownDevice { device_token: device.token(&permit.state().sealer, username, now())?.into_inner() })
}

fn actor_of(row: &AccountRow, session_id: Uuid) -> Actor {
    let role = Role::parse(&row.role).unwrap_or(Role::Expert);
    let (organisation_id, expert_id) = (row.organisation_id, row.expert_id);
    Actor::Account(AccountActor { id: row.id, role, organisation_id, expert_id, session_id })
}

/// Sign in
///
/// A wrong user name and a wrong password give the same answer after the same time. Too many failures of an account or from
/// an address are answered with 429 and `Retry-After`; devices and addresses the account signed in from are not concerned
/// by failures elsewhere.
#[utoipa::path(
    tag = "sign-in",
    request_body = Credentials,
    security((), ("session" = ["session.open"])),
    responses(
        (status = 200, description = "Signed in", body = SignedIn),
        (status = 401, description = "Wrong user name or password", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The account is disabled, or a demo account is used from elsewhere", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
        (status = 429, description = "Too many failures; `Retry-After` says when to try again", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/login")]
async fn login(permit: Permit<SignIn>, body: Body<Credentials>, req: HttpRequest) -> Answer {
    let Credentials { username, password, device_token } = body.0;
    let (username, state) = (username.trim().to_ascii_lowercase(), permit.state());
    let device_token = device_token.as_ref().map(|token| token.expose().as_str());
    let claim = Claim { username: &username, address: permit.address(), device_token };
    let mut conn = permit.read().await?;
    let attempt = throttle::attempt(&mut conn, &state.sealer, &state.limits, &claim).await?;
    let found = store::credentials(&mut conn, &username).await?;
    // checking a password takes long: others may use the connection meanwhile
    drop(conn);
    let (account, stored) = found.map_or((None, None), |(account, hash)| (Some(account), hash));
    let turn = if attempt.familiar { Turn::Familiar } else { Turn::Strange };
    let fits = state.passwords.verify(turn, password, stored.clone()).await;
    if fits.is_err() {
        // under an attack there may be no turn: whose password nobody looked at has not used up an attempt
        attempt.give_back(&mut permit.read().await?).await?;
    }
    let fits = fits?;
    let account = account.filter(|_| fits).ok_or_else(|| Problem::new(Code::InvalidCredentials))?;
    if account.disabled_at.is_some() {
        return Err(Problem::new(Code::AccountDisabled)
            .detail(say!("Liên hệ quản trị viên để mở lại tài khoản.", "Ask the administrator to enable it.",)));
    }
    if account.demo && !permit.state().loopback {
        return Err(Problem::new(Code::DemoOnly));
    }
    let (session, token) = (new_id(), Opaque::new("ebr")?);
    let (hash, agent) = (token.hash.clone(), user_agent(&req));
    let (id, checked) = (account.id, stored);
    let device = known_device(&permit, attempt.device, &username)?;
    permit
        .write(async move |tx| {
            // Locked and read again: a disable or a new password that came while this one was checked must win.
            let account = store::lock(tx, id).await?;
            if account.disabled_at.is_some() || store::password_hash(tx, id).await? != checked {
                return Err(Problem::new(Code::InvalidCredentials));
            }
            attempt.succeeded(tx).await?;
            store::open_session(tx, session, id, agent, &hash).await?;
            Ok(((), Event::on("session", session).by(actor_of(&account, session))))
        })
        .await?;
    Ok(HttpResponse::Ok().json(SignedIn { tokens: token_pair(&permit, id, session, token)?, device }))
}

fn user_agent(req: &HttpRequest) -> Option<String> {
    let value = req.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Some(value.chars().take(200).collect())
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshRequest {
    /// The newest refresh token of the session.
    #[schema(value_type = String, example = "ebr_8f1d…")]
    refresh_token: Redacted<String>,
}

enum Renewal {
    Renewed { account: Uuid, session: Uuid },
    Refused,
}

/// Renew the session
///
/// Each refresh token works once. A used one that comes back was copied: the session ends for both.
#[utoipa::path(
    tag = "sign-in",
    request_body = RefreshRequest,
    security((), ("session" = ["session.open"])),
    responses(
        (status = 200, description = "A new pair of tokens", body = TokenPair),
        (status = 401, description = "Unknown, used or expired", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/refresh")]
async fn renew(permit: Permit<SignIn>, body: Body<RefreshRequest>) -> Answer {
    let loopback = permit.state().loopback;
    let old = Opaque::hash(body.0.refresh_token.expose());
    let token = Opaque::new("ebr")?;
    let new = token.hash.clone();
    let renewal = permit
        .write(async move |tx| {
            let Some(found) = store::lock_refresh(tx, &old).await? else { return Ok((Renewal::Refused, None)) };
            let account = store::find(tx, found.account_id).await?;
            let session = found.session_id;
            let event = |action| Some(Event::on("session", session).by(actor_of(&account, session)).action(action));
            if found.used_at.is_some() {
                let ended = store::end_session(tx, account.id, session, "reuse").await?;
                return Ok((Renewal::Refused, if ended { event("session.end_by_reuse") } else { None }));
            }
            let barred = account.disabled_at.is_some() || (account.demo && !loopback);
            if found.ended_at.is_some() || found.expires_at <= now() || barred {
                return Ok((Renewal::Refused, None));
            }
            store::use_refresh(tx, &old, &found).await?;
            store::add_refresh_token(tx, session, &new).await?;
            Ok((Renewal::Renewed { account: account.id, session }, event("session.renew")))
        })
        .await?;
    match renewal {
        Renewal::Renewed { account, session } => {
            Ok(HttpResponse::Ok().json(token_pair(&permit, account, session, token)?))
        }
        Renewal::Refused => Err(Problem::new(Code::InvalidToken)
            .detail(say!("Phiên đã kết thúc; hãy đăng nhập lại.", "The session is over; sign in again.",))),
    }
}

/// Sign out
///
/// Ends the session this token belongs to; its tokens stop working at once.
#[utoipa::path(
    tag = "sign-in",
    security(("session" = ["me.use"])),
    responses((status = 204, description = "Signed out")),
)]
#[post("/auth/logout")]
async fn logout(permit: Permit<UseOwnAccount>) -> Answer {
    let (account, session) = permit.account().map(|account| (account.id, account.session_id))?;
    permit
        .write(async move |tx| {
            store::end_session(tx, account, session, "logout").await?;
            Ok(((), Event::on("session", session).action("session.end")))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A one-time token and the password it sets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Redemption {
    /// As given by the administrator; works once, for a day.
    #[schema(value_type = String, example = "ebp_77a0…")]
    token: Redacted<String>,
    /// The new password: 12 to 128 characters.
    #[schema(value_type = String, format = Password, example = "một câu ngắn dễ nhớ")]
    new_password: Redacted<String>,
}

/// Set a password with a one-time token
///
/// Ends all sessions of the account. The device and the address it comes from count as known, so that its owner can sign in
/// from there whatever others do.
#[utoipa::path(
    tag = "sign-in",
    request_body = Redemption,
    security((), ("session" = ["session.open"])),
    responses(
        (status = 200, description = "The password is set", body = KnownDevice),
        (status = 401, description = "Unknown, used or expired", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/auth/reset")]
async fn redeem_reset(permit: Permit<SignIn>, body: Body<Redemption>) -> Answer {
    let Redemption { token, new_password } = body.0;
    check_new("/new_password", &new_password, "\0")?;
    let token = Opaque::hash(token.expose());
    // looked up before the costly hash, so that a made-up token costs next to nothing
    if store::reset_owner(&mut permit.read().await?, &token).await?.is_none() {
        return Err(Problem::new(Code::InvalidToken));
    }
    let hash = permit.state().passwords.hash(new_password.clone()).await?;
    let (sealer, address) = (permit.state().sealer.clone(), permit.address());
    let username = permit
        .write(async move |tx| {
            let invalid = || Problem::new(Code::InvalidToken);
            // The account is locked before its tokens, as when one is issued: the other way round is a deadlock.
            let id = store::reset_owner(tx, &token).await?.ok_or_else(invalid)?;
            let account = store::lock(tx, id).await?;
            if !store::use_reset(tx, &token).await? {
                return Err(invalid());
            }
            check_new("/new_password", &new_password, &account.username)?;
            store::set_password(tx, id, &hash).await?;
            store::end_sessions(tx, id, None, "password").await?;
            throttle::welcome(tx, &sealer, &account.username, address).await?;
            let event = Event::on("account", id).by(actor_of(&account, Uuid::nil()));
            Ok((account.username, event.action("accounts.redeem_reset").fields(["password"])))
        })
        .await?;
    Ok(HttpResponse::Ok().json(known_device(&permit, Device::unseen(), &username)?))
}
