//! Accounts as callers see them.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::{AccountRow, ClientRow, SessionRow};

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Account {
    pub id: Uuid,
    pub username: String,
    pub display_name: String,
    #[schema(value_type = crate::access::actor::Role)]
    pub role: String,
    pub organisation_id: Option<Uuid>,
    pub expert_id: Option<Uuid>,
    /// False once disabled.
    pub enabled: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            role: row.role,
            organisation_id: row.organisation_id,
            expert_id: row.expert_id,
            enabled: row.disabled_at.is_none(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// A signed-in device.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// Its id, to end it.
    pub id: Uuid,
    /// What the browser or program called itself at sign-in.
    pub user_agent: Option<String>,
    /// Signed in.
    pub created_at: DateTime<Utc>,
    /// Last renewed.
    pub used_at: DateTime<Utc>,
    /// Ends by itself.
    pub expires_at: DateTime<Utc>,
    /// The one this request came with.
    pub current: bool,
}

impl Session {
    /// Marks the caller's own.
    pub fn new(row: SessionRow, current: Uuid) -> Self {
        Self {
            id: row.id,
            user_agent: row.user_agent,
            created_at: row.created_at,
            used_at: row.used_at,
            expires_at: row.expires_at,
            current: row.id == current,
        }
    }
}

/// An API client.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiClient {
    /// Also the `client_id` of OAuth.
    pub id: Uuid,
    pub name: String,
    #[schema(value_type = crate::access::actor::Role)]
    pub role: String,
    pub organisation_id: Uuid,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl From<ClientRow> for ApiClient {
    fn from(row: ClientRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            role: row.role,
            organisation_id: row.organisation_id,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        }
    }
}
