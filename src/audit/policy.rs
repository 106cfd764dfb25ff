//! Who reads the log.

use crate::policies;

policies! {
    /// Read the audit log: who did what on what, which fields (never the values).
    ReadAudit = "audit.read" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: No, union_leader: All, auditor: All, admin: All,
    }
}
