//! Finds out who calls, before any handler runs.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::actor::{AccountActor, Actor, ClientActor, Role};
use super::token::Bearer;
use crate::db::Reader;
use crate::db::schema::{accounts, api_clients, sessions};
use crate::kernel::clock::now;
use crate::kernel::problem::{Answer, Code, Problem};
use crate::state::State;

/// The caller of the request in progress, or why it could not be told.
#[derive(Clone)]
pub struct Caller(pub Answer<Actor>);

/// Middleware: verifies the token and loads the account, once a request.
///
/// # Errors
/// Those of the inner service.
pub async fn identify(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let caller = caller(&req).await;
    req.extensions_mut().insert(Caller(caller));
    next.call(req).await
}

async fn caller(req: &ServiceRequest) -> Answer<Actor> {
    let Some(value) = req.headers().get(header::AUTHORIZATION) else { return Ok(Actor::Anonymous) };
    let invalid = || Problem::new(Code::InvalidToken);
    let state = req.app_data::<web::Data<State>>().ok_or_else(|| Problem::internal("no state"))?;
    let (scheme, token) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(invalid());
    }
    let actor = match state.tokens.verify(token.trim()).ok_or_else(invalid)? {
        Bearer::Session { sub, sid } => load_account(state, sub, sid).await?,
        Bearer::Client { sub } => load_client(state, sub).await?,
    };
    actor.ok_or_else(invalid)
}

type SessionRow =
    (String, bool, Option<Uuid>, Option<Uuid>, Option<DateTime<Utc>>, Option<DateTime<Utc>>, DateTime<Utc>);

/// `None` when the session ended or the account is disabled.
async fn load_account(state: &State, id: Uuid, session_id: Uuid) -> Answer<Option<Actor>> {
    let read = async |mut conn: &Reader| -> QueryResult<Option<SessionRow>> {
        let session = sessions::table.inner_join(accounts::table);
        let row = session.filter(sessions::id.eq(session_id).and(accounts::id.eq(id))).select((
            accounts::role,
            accounts::demo,
            accounts::organisation_id,
            accounts::expert_id,
            accounts::disabled_at,
            sessions::ended_at,
            sessions::expires_at,
        ));
        row.first(&mut conn).await.optional()
    };
    let row = state.db.quick("identify.session", read).await?;
    Ok(row.and_then(|(role, demo, organisation_id, expert_id, disabled_at, ended_at, expires_at)| {
        let live = (!demo || state.loopback) && disabled_at.is_none() && ended_at.is_none() && expires_at > now();
        let role = Role::parse(&role).filter(|_| live)?;
        Some(Actor::Account(AccountActor { id, role, organisation_id, expert_id, session_id }))
    }))
}

/// `None` when the client was revoked.
async fn load_client(state: &State, id: Uuid) -> Answer<Option<Actor>> {
    let read = async |mut conn: &Reader| -> QueryResult<Option<(String, Uuid)>> {
        let client = api_clients::table.filter(api_clients::id.eq(id).and(api_clients::revoked_at.is_null()));
        client.select((api_clients::role, api_clients::organisation_id)).first(&mut conn).await.optional()
    };
    let row = state.db.quick("identify.client", read).await?;
    Ok(row.and_then(|(role, organisation_id)| {
        Some(Actor::Client(ClientActor { id, role: Role::parse(&role)?, organisation_id }))
    }))
}
