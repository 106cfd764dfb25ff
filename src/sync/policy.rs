//! Who sends records of a source, who decides, who applies and who undoes.

use crate::policies;

policies! {
    /// Send the records of a source and have a plan made of them.
    PlanSync = "sync.plan" {
        nobody: No, expert: No, association: No, agency: No, science_dept: Own,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// See plans, what they change, and what became of them.
    ReadSync = "sync.read" {
        nobody: No, expert: No, association: No, agency: No, science_dept: Own,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Read the contacts and full birth dates that a plan changes.
    ReadSyncRestricted = "sync.read_restricted" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Apply a plan.
    ApplySync = "sync.apply" {
        nobody: No, expert: No, association: No, agency: No, science_dept: Own,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Undo a plan as a whole.
    RevertSync = "sync.revert" {
        nobody: No, expert: No, association: No, agency: No, science_dept: Own,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Let a plan go on that changes more than the brake allows.
    ReleaseSync = "sync.release" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Decide a conflict, or who a record is that may be somebody known.
    DecideSync = "sync.decide" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
}
