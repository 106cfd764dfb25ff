//! Who may sign in, see accounts and manage them.

use crate::policies;

policies! {
    /// Sign in, renew a session, redeem a one-time reset token.
    SignIn = "session.open" [IGNORES_TOKEN] {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
    /// See and end one's own sessions, change one's own password.
    UseOwnAccount = "me.use" {
        nobody: No, expert: Own, association: Own, agency: Own, science_dept: Own,
        union_officer: Own, union_leader: Own, auditor: Own, admin: Own,
    }
    /// See accounts.
    ReadAccounts = "accounts.read" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: No, union_leader: No, auditor: All, admin: All,
    }
    /// Create, change, disable and enable accounts, issue one-time reset tokens.
    ManageAccounts = "accounts.manage" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: No, union_leader: No, auditor: No, admin: All,
    }
    /// See API clients.
    ReadClients = "clients.read" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: No, union_leader: No, auditor: All, admin: All,
    }
    /// Create and revoke API clients.
    ManageClients = "clients.manage" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: No, union_leader: No, auditor: No, admin: All,
    }
}
