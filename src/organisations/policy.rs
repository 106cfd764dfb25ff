//! Who reads the register of organisations, who keeps it, who decides which body a workplace is.

use crate::policies;

policies! {
    /// Find organisations and read what they are and were.
    ReadOrganisations = "organisations.read" {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }

    /// Enter and correct organisations, record renamings, mergers, divisions.
    ManageOrganisations = "organisations.manage" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }

    /// See which organisations a workplace written as text may be.
    MatchWorkplaces = "organisations.match" {
        nobody: No, expert: No, association: No, agency: No, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
}
