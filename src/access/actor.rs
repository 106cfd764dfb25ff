//! Who calls.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What an account or API client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A person in the bank.
    Expert,
    /// A member association's office.
    Association,
    /// A department or authority.
    Agency,
    /// The Department of Science and Technology.
    ScienceDept,
    /// The Union's office.
    UnionOfficer,
    /// The Union's leaders.
    UnionLeader,
    /// People's Committee office, inspectors.
    Auditor,
    /// Runs the system.
    Admin,
}

impl Role {
    /// Every role, in the order of the matrix.
    pub const ALL: [Self; 8] = [
        Self::Expert,
        Self::Association,
        Self::Agency,
        Self::ScienceDept,
        Self::UnionOfficer,
        Self::UnionLeader,
        Self::Auditor,
        Self::Admin,
    ];

    /// As written in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expert => "expert",
            Self::Association => "association",
            Self::Agency => "agency",
            Self::ScienceDept => "science_dept",
            Self::UnionOfficer => "union_officer",
            Self::UnionLeader => "union_leader",
            Self::Auditor => "auditor",
            Self::Admin => "admin",
        }
    }

    /// Reads [`Role::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Roles that mean nothing without an organisation.
    pub const fn needs_organisation(self) -> bool {
        matches!(self, Self::Association | Self::Agency | Self::ScienceDept)
    }
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// A person with an account.
    Account(AccountActor),
    /// A machine.
    Client(ClientActor),
    /// The command line and periodic tasks.
    System,
}

/// A signed-in person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountActor {
    /// The account.
    pub id: Uuid,
    /// Its role now (from the database, not from the token).
    pub role: Role,
    /// The organisation it acts for.
    pub organisation_id: Option<Uuid>,
    /// The expert it is.
    pub expert_id: Option<Uuid>,
    /// The session the token belongs to.
    pub session_id: Uuid,
}

/// A machine client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientActor {
    /// The client.
    pub id: Uuid,
    /// Its role now.
    pub role: Role,
    /// The organisation it acts for.
    pub organisation_id: Uuid,
}

impl Actor {
    /// The role, if any.
    pub const fn role(&self) -> Option<Role> {
        match self {
            Self::Account(account) => Some(account.role),
            Self::Client(client) => Some(client.role),
            Self::Anonymous | Self::System => None,
        }
    }

    /// The id of the account or client.
    pub const fn id(&self) -> Option<Uuid> {
        match self {
            Self::Account(account) => Some(account.id),
            Self::Client(client) => Some(client.id),
            Self::Anonymous | Self::System => None,
        }
    }

    /// The kind, as the audit log writes it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Account(_) => "account",
            Self::Client(_) => "client",
            Self::System => "system",
        }
    }

    /// The organisation this actor acts for.
    pub const fn organisation_id(&self) -> Option<Uuid> {
        match self {
            Self::Account(account) => account.organisation_id,
            Self::Client(client) => Some(client.organisation_id),
            Self::Anonymous | Self::System => None,
        }
    }

    /// The expert this actor is.
    pub const fn expert_id(&self) -> Option<Uuid> {
        match self {
            Self::Account(account) => account.expert_id,
            _ => None,
        }
    }
}
