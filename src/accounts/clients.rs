//! API clients and their OAuth 2.0 token endpoint (RFC 6749 §4.4, client credentials).

use std::future::{Ready, ready};
use std::pin::Pin;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse, delete, dev::Payload, get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::json;
use subtle::ConstantTimeEq;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::model;
use super::policy::{ManageClients, ReadClients, SignIn};
use super::store::{self, ClientRow};
use super::view::ApiClient;
use crate::access::actor::{Actor, ClientActor, Role};
use crate::access::permit::Permit;
use crate::access::token::{Bearer, LIFETIME, Opaque};
use crate::audit::event::Event;
use crate::http::body::Body;
use crate::http::params::Params;
use crate::http::path::Id;
use crate::kernel::clock::now;
use crate::kernel::id::new_id;
use crate::kernel::page::{Cursors, Limit, Page};
use crate::kernel::precondition::fresh_page;
use crate::kernel::problem::{Answer, Problem};
use crate::kernel::redacted::Redacted;
use crate::say;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.service(create_client).service(list_clients).service(revoke_client).service(issue_token);
}

/// A new machine client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Đồng bộ hằng đêm của Sở", "role": "science_dept",
                          "organisation_id": "01996f3e-7c1e-7d3a-9a7e-1f2f3a4b5c6d"}))]
struct NewClient {
    /// What it is for.
    name: String,
    /// `association`, `agency`, `science_dept`, `union_officer` or `auditor`.
    role: Role,
    /// The organisation it acts for.
    organisation_id: Uuid,
}

/// A new client with its secret.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedClient {
    /// Also the `client_id` of OAuth.
    id: Uuid,
    /// What it is for.
    name: String,
    /// Its role.
    role: Role,
    /// The organisation it acts for.
    organisation_id: Uuid,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// The `client_secret` of OAuth; shown this once.
    #[schema(example = "ebc_4b1f…")]
    client_secret: String,
}

/// Create an API client
///
/// The secret is in this answer and nowhere else.
#[utoipa::path(
    tag = "api-clients",
    request_body = NewClient,
    security(("session" = ["clients.manage"])),
    responses((status = 201, description = "Created; keep the secret now", body = CreatedClient)),
)]
#[post("/api-clients")]
async fn create_client(permit: Permit<ManageClients>, body: Body<NewClient>) -> Answer {
    let NewClient { name, role, organisation_id } = body.0;
    if matches!(role, Role::Expert | Role::UnionLeader | Role::Admin) {
        return Err(Problem::field(
            "/role",
            "not_allowed",
            say!("Vai trò này chỉ dành cho con người.", "This role is for people only.",),
        ));
    }
    let name = model::display_name("/name", &name)?;
    let row = ClientRow {
        id: new_id(),
        name,
        role: role.as_str().into(),
        organisation_id,
        created_at: now(),
        revoked_at: None,
    };
    let secret = Opaque::new("ebc")?;
    let (insert, hash) = (row.clone(), secret.hash.clone());
    permit
        .write(async move |tx| {
            store::insert_client(tx, &insert, &hash).await?;
            let values = json!({ "name": insert.name, "role": insert.role, "organisation_id": insert.organisation_id });
            let event = Event::on("api_client", insert.id).action("clients.create");
            Ok(((), event.fields(["name", "role", "organisation_id"]).values(values)))
        })
        .await?;
    Ok(HttpResponse::Created().insert_header((header::LOCATION, format!("/api/v1/api-clients/{}", row.id))).json(
        CreatedClient {
            id: row.id,
            name: row.name,
            role,
            organisation_id,
            created_at: row.created_at,
            client_secret: secret.text.into_inner(),
        },
    ))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ClientQuery {
    /// Rows a page.
    #[param(value_type = u16, minimum = 1, maximum = 100, default = 20)]
    limit: Limit,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List API clients
///
/// The latest first, revoked ones included.
#[utoipa::path(
    tag = "api-clients",
    params(ClientQuery),
    security(("session" = ["clients.read"])),
    responses((status = 200, description = "A page of clients", body = Page<ApiClient>)),
)]
#[get("/api-clients")]
async fn list_clients(permit: Permit<ReadClients>, query: Params<ClientQuery>, req: HttpRequest) -> Answer {
    let query = query.0;
    let cursors = Cursors::of(&permit.state().sealer, &req, &permit.scope().audience());
    let before = cursors.open(query.cursor.as_deref())?;
    let rows = store::list_clients(&mut permit.read().await?, before, query.limit.probe()).await?;
    fresh_page(&req, "private", &cursors.page(rows, query.limit, |row| row.id, ApiClient::from)?)
}

/// Revoke an API client
///
/// Its tokens stop working at once.
#[utoipa::path(
    tag = "api-clients",
    params(("id" = Uuid, Path, description = "The client")),
    security(("session" = ["clients.manage"])),
    responses((status = 204, description = "Revoked")),
)]
#[delete("/api-clients/{id}")]
async fn revoke_client(permit: Permit<ManageClients>, id: Id) -> Answer {
    permit
        .write(async move |tx| {
            store::revoke_client(tx, id.0).await?;
            Ok(((), Event::on("api_client", id.0).action("clients.revoke")))
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The form of RFC 6749 §4.4.2; client id and secret may come as HTTP Basic instead.
#[derive(Debug, Deserialize, ToSchema)]
struct TokenForm {
    /// Always `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// The client.
    client_id: Option<String>,
    /// Its secret.
    #[schema(value_type = Option<String>, format = Password)]
    client_secret: Option<Redacted<String>>,
}

/// A token for a machine.
#[derive(Debug, Serialize, ToSchema)]
struct ClientToken {
    /// A JWT; send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires; ask for a new one then.
    #[schema(example = 900)]
    expires_in: i64,
}

/// An error of RFC 6749 §5.2, which this endpoint speaks instead of problem+json.
#[derive(Debug, Serialize, ToSchema)]
struct OAuthError {
    /// `invalid_request`, `invalid_client` or `unsupported_grant_type`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// What to do.
    error_description: &'static str,
}

fn oauth_error(status: StatusCode, error: &'static str, error_description: &'static str) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"expert-bank\""));
    }
    response.json(OAuthError { error, error_description })
}

/// Get a token as a machine
///
/// OAuth 2.0 client credentials; errors follow RFC 6749.
#[utoipa::path(
    tag = "api-clients",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    security((), ("session" = ["session.open"])),
    responses(
        (status = 200, description = "A token", body = ClientToken),
        (status = 400, description = "The form is incomplete or the grant type another", body = OAuthError),
        (status = 401, description = "Unknown client, wrong secret, or revoked", body = OAuthError),
    ),
)]
#[post("/oauth/token")]
async fn issue_token(permit: Permit<SignIn>, basic: Basic, form: Form) -> Answer {
    let Some(form) = form.0 else {
        return Ok(oauth_error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "send grant_type=client_credentials as a form",
        ));
    };
    if form.grant_type != "client_credentials" {
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "unsupported_grant_type", "only client_credentials"));
    }
    let sent = basic.0.or_else(|| Some((form.client_id?, form.client_secret?)));
    let Some((id, secret)) = sent else {
        return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", "client_id and client_secret are missing"));
    };
    let hash = Opaque::hash(secret.expose());
    let found = store::client_secret(&mut permit.read().await?, id.parse().unwrap_or_default()).await?;
    let known = found.filter(|(_, stored)| bool::from(stored.as_slice().ct_eq(&hash)));
    let Some((client, _)) = known else {
        return Ok(oauth_error(StatusCode::UNAUTHORIZED, "invalid_client", "unknown client, wrong secret, or revoked"));
    };
    let role = Role::parse(&client.role).ok_or_else(|| Problem::internal("a client without a known role"))?;
    let (sub, organisation_id) = (client.id, client.organisation_id);
    let actor = Actor::Client(ClientActor { id: sub, role, organisation_id });
    permit.write(async move |_| Ok(((), Event::on("api_client", sub).by(actor).action("clients.sign_in")))).await?;
    let access_token = permit.state().tokens.issue(Bearer::Client { sub })?;
    Ok(HttpResponse::Ok().json(ClientToken { access_token, token_type: "Bearer", expires_in: LIFETIME }))
}

/// Client id and secret as HTTP Basic, each percent-encoded (RFC 6749 §2.3.1).
struct Basic(Option<(String, Redacted<String>)>);

impl FromRequest for Basic {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = req.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        ready(Ok(Self(header.and_then(read_basic))))
    }
}

fn read_basic(header: &str) -> Option<(String, Redacted<String>)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':').filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let plain = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned());
    Some((plain(id)?, Redacted::new(plain(secret)?)))
}

/// The token form, or nothing when it can't be read: RFC 6749 has an error of its own for that.
struct Form(Option<TokenForm>);

impl FromRequest for Form {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = Bytes::from_request(req, payload);
        Box::pin(async move {
            let bytes = bytes.await.unwrap_or_default();
            Ok(Self(serde_html_form::from_bytes(&bytes).ok()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_http_basic() {
        let encode = |text: &str| format!("Basic {}", STANDARD.encode(text));
        let seen = read_basic(&encode("a%20b:s%3Acret")).map(|(id, secret)| (id, secret.into_inner()));
        assert_eq!(seen, Some(("a b".to_owned(), "s:cret".to_owned())));
        assert!(read_basic(&encode("no colon")).is_none());
        assert!(read_basic("Bearer abc").is_none());
        assert!(read_basic("Basic ***").is_none());
    }
}
