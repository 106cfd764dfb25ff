//! Policies: one for each action, saying for every role how far it reaches. The same rule decides what a caller may do,
//! which rows exist for them, and what `docs/authorization.md` says.

use super::actor::{Actor, Role};

/// How far a grant reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    No,
    /// Everything.
    All,
    /// What belongs to the caller: own account, own person, own organisation.
    Own,
    /// Experts who agreed to a public profile.
    Public,
    /// Experts who agreed to a public profile, and the caller's own record.
    PublicAndOwn,
    /// Experts who agreed to be found by agencies (which includes the public ones).
    Agencies,
    /// Experts whose record the caller's office supplied (the Department of Science and Technology).
    Supplied,
    /// Experts who sit on an approved panel of a request of the caller's, as long as it is at work, and agreed to share contacts.
    Seated,
    /// Both.
    SuppliedAndSeated,
}

impl Reach {
    /// As the matrix prints it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::No => "–",
            Self::All => "all",
            Self::Own => "own",
            Self::Public => "public",
            Self::PublicAndOwn => "public, own",
            Self::Agencies => "agencies",
            Self::Supplied => "supplied",
            Self::Seated => "seated",
            Self::SuppliedAndSeated => "supplied, seated",
        }
    }
}

/// The reach of every role for one action; all must be named, so none can be forgotten.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "each field is the role of its name")]
pub struct Grants {
    pub nobody: Reach,
    pub expert: Reach,
    pub association: Reach,
    pub agency: Reach,
    pub science_dept: Reach,
    pub union_officer: Reach,
    pub union_leader: Reach,
    pub auditor: Reach,
    pub admin: Reach,
}

/// One action and who may do it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable name, `noun.verb`; stands in the OpenAPI document as the scope of the operation.
    pub action: &'static str,
    /// What it means, for the matrix.
    pub summary: &'static str,
    /// Who may.
    pub grants: Grants,
}

impl Rule {
    /// The reach of a role; `None` is nobody signed in.
    pub const fn reach(&self, role: Option<Role>) -> Reach {
        let grants = &self.grants;
        match role {
            None => grants.nobody,
            Some(Role::Expert) => grants.expert,
            Some(Role::Association) => grants.association,
            Some(Role::Agency) => grants.agency,
            Some(Role::ScienceDept) => grants.science_dept,
            Some(Role::UnionOfficer) => grants.union_officer,
            Some(Role::UnionLeader) => grants.union_leader,
            Some(Role::Auditor) => grants.auditor,
            Some(Role::Admin) => grants.admin,
        }
    }

    /// The reach of an actor; the system reaches everything.
    pub const fn reach_of(&self, actor: &Actor) -> Reach {
        match actor {
            Actor::System => Reach::All,
            other => self.reach(other.role()),
        }
    }
}

/// A policy as a type, so that a handler names it in its signature.
pub trait Policy: 'static {
    /// The rule.
    const RULE: Rule;
    /// True for sign-in itself, where an old or foreign `Authorization` header must not stand in the way.
    const IGNORES_TOKEN: bool = false;
}

/// Declares the policies of a slice and `RULES`, their list for the matrix.
///
/// ```text
/// policies! {
///     /// Search and list experts.
///     SearchExperts = "experts.search" { nobody: Public, expert: Public, … admin: Public }
/// }
/// ```
#[macro_export]
macro_rules! policies {
    ($($(#[doc = $doc:literal])+ $name:ident = $action:literal $([$flag:ident])? { $($role:ident: $reach:ident),+ $(,)? })+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl $crate::access::policy::Policy for $name {
                const RULE: $crate::access::policy::Rule = $crate::access::policy::Rule {
                    action: $action,
                    summary: concat!($($doc),+),
                    grants: $crate::access::policy::Grants { $($role: $crate::access::policy::Reach::$reach),+ },
                };
                $(const $flag: bool = true;)?
            }
        )+

        /// The rules of this slice.
        pub const RULES: &[$crate::access::policy::Rule] =
            &[$(<$name as $crate::access::policy::Policy>::RULE),+];
    };
}
