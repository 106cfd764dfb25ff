//! What callers see and change of themselves.

use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::policy::UseOwnAccount;
use super::store;
use super::view::Session;
use crate::access::actor::{Actor, Role};
use crate::access::matrix;
use crate::access::password::{Turn, check_new};
use crate::access::permit::Permit;
use crate::access::policy::Reach;
use crate::access::throttle;
use crate::audit::event::Event;
use crate::http::body::Body;
use crate::http::path::Id;
use crate::kernel::page::Page;
use crate::kernel::precondition::fresh;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::kernel::redacted::Redacted;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(me).service(change_password).service(list_sessions).service(end_session);
}

/// Who the token says you are, and what you may do.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    /// `account` or `client`.
    #[schema(example = "account")]
    kind: &'static str,
    /// The account or client.
    id: Uuid,
    /// The user name; absent for clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// The name to show.
    display_name: String,
    /// The role.
    role: Role,
    /// The organisation you act for.
    organisation_id: Option<Uuid>,
    /// The expert you are.
    expert_id: Option<Uuid>,
    /// The actions of the authorization matrix that are open to you, so that a front end shows only what works.
    allowed_actions: Vec<&'static str>,
}

/// Who am I
///
/// The account or client behind the token, and the actions that are open to it.
#[utoipa::path(
    tag = "me",
    security(("session" = ["me.use"])),
    responses((status = 200, description = "The caller", body = Me)),
)]
#[get("/me")]
async fn me(permit: Permit<UseOwnAccount>, req: HttpRequest) -> Answer {
    let role = permit.actor().role().ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let allowed_actions =
        matrix::rules().iter().filter(|rule| rule.reach(Some(role)) != Reach::No).map(|rule| rule.action).collect();
    let mut conn = permit.read().await?;
    let me = match permit.actor() {
        Actor::Account(account) => {
            let row = store::find(&mut conn, account.id).await?;
            Me {
                kind: "account",
                id: row.id,
                username: Some(row.username),
                display_name: row.display_name,
                role,
                organisation_id: row.organisation_id,
                expert_id: row.expert_id,
                allowed_actions,
            }
        }
        Actor::Client(client) => {
            let (row, _) =
                store::client_secret(&mut conn, client.id).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
            Me {
                kind: "client",
                id: row.id,
                username: None,
                display_name: row.name,
                role,
                organisation_id: Some(row.organisation_id),
                expert_id: None,
                allowed_actions,
            }
        }
        Actor::Anonymous | Actor::System => return Err(Problem::new(Code::Unauthenticated)),
    };
    fresh(&req, None, "private", &me)
}

/// The old password and a new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    /// The password used so far.
    #[schema(value_type = String, format = Password, example = "chuyen-gia-demo")]
    current_password: Redacted<String>,
    /// 12 to 128 characters.
    #[schema(value_type = String, format = Password, example = "một câu ngắn dễ nhớ")]
    new_password: Redacted<String>,
}

/// Change the password
///
/// Ends all other sessions.
#[utoipa::path(
    tag = "me",
    request_body = PasswordChange,
    security(("session" = ["me.use"])),
    responses(
        (status = 204, description = "Changed"),
        (status = 429, description = "The current password was wrong too often; `Retry-After` says when to try again", body = crate::kernel::problem::ProblemDocument, content_type = "application/problem+json"),
    ),
)]
#[post("/me/password")]
async fn change_password(permit: Permit<UseOwnAccount>, body: Body<PasswordChange>) -> Answer {
    let (id, session) = permit.account().map(|account| (account.id, account.session_id))?;
    let mut conn = permit.read().await?;
    let username = store::find(&mut conn, id).await?.username;
    check_new("/new_password", &body.0.new_password, &username)?;
    let state = permit.state();
    let attempt = throttle::confirm(&mut conn, &state.sealer, &state.limits, id, session).await?;
    let stored = store::password_hash(&mut conn, id).await?;
    drop(conn);
    if !state.passwords.verify(Turn::Familiar, body.0.current_password, stored.clone()).await? {
        return Err(Problem::field(
            "/current_password",
            "wrong_password",
            say!("Mật khẩu hiện tại không đúng.", "The current password is wrong.",),
        ));
    }
    let hash = permit.state().passwords.hash(body.0.new_password).await?;
    permit
        .write(async move |tx| {
            store::lock(tx, id).await?;
            if store::password_hash(tx, id).await? != stored {
                return Err(Problem::new(Code::Conflict).detail(say!(
                    "Mật khẩu vừa được đổi ở nơi khác.",
                    "The password was changed elsewhere a moment ago.",
                )));
            }
            attempt.give_back(tx).await?;
            store::set_password(tx, id, &hash).await?;
            store::end_sessions(tx, id, Some(session), "password").await?;
            Ok(((), Event::on("account", id).action("me.change_password").fields(["password"])))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// List my sessions
///
/// One for each device that is signed in, the latest first.
#[utoipa::path(
    tag = "me",
    security(("session" = ["me.use"])),
    responses((status = 200, description = "Live sessions, the latest first", body = Page<Session>)),
)]
#[get("/me/sessions")]
async fn list_sessions(permit: Permit<UseOwnAccount>, req: HttpRequest) -> Answer {
    let account = permit.account()?;
    let rows = store::list_sessions(&mut permit.read().await?, account.id).await?;
    let items = rows.into_iter().map(|row| Session::new(row, account.session_id)).collect();
    fresh(&req, None, "private", &Page { items, next_cursor: None })
}

/// End one of my sessions
///
/// Its tokens stop working at once; ending the current one signs out.
#[utoipa::path(
    tag = "me",
    params(("id" = Uuid, Path, description = "The session")),
    security(("session" = ["me.use"])),
    responses((status = 204, description = "Ended")),
)]
#[delete("/me/sessions/{id}")]
async fn end_session(permit: Permit<UseOwnAccount>, id: Id) -> Answer {
    let (account, session) = (permit.account()?.id, id.0);
    permit
        .write(async move |tx| {
            if !store::end_session(tx, account, session, "revoked").await? {
                return Err(Problem::new(Code::NotFound));
            }
            Ok(((), Event::on("session", session).action("session.end")))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
