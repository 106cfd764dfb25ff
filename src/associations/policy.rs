//! Who reads the register of associations, who keeps it, and what an association's own office may do.

use crate::policies;

policies! {
    /// Find associations, read their terms, officers, memberships and charters, download the register.
    ReadAssociations = "associations.read" {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
    /// Enter associations, their states, terms, officers, charters, congresses and memberships.
    ManageAssociations = "associations.manage" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Correct the record of an association, enter member counts and yearly reports. Its own office changes its contacts.
    EditAssociation = "associations.edit" {
        nobody: No, expert: No, association: Own, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read yearly reports, counts in full, and why states were changed.
    ReadAssociationFile = "associations.read_file" {
        nobody: No, expert: No, association: Own, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// See which associations the law asks to be looked at.
    ReadAssociationAlerts = "associations.read_alerts" {
        nobody: No, expert: No, association: Own, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// See which experts are members of an association, of those you may know of.
    ReadAssociationMembers = "associations.read_members" {
        nobody: Public, expert: PublicAndOwn, association: Public, agency: Agencies, science_dept: Agencies,
        union_officer: All, union_leader: All, auditor: All, admin: Public,
    }
    /// Propose changes of the own record and officers.
    FileChangeRequest = "change_requests.file" {
        nobody: No, expert: No, association: Own, agency: No, science_dept: No,
        union_officer: No, union_leader: No, auditor: No, admin: No,
    }
    /// See what was proposed and what became of it.
    ReadChangeRequests = "change_requests.read" {
        nobody: No, expert: No, association: Own, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Accept or reject what an association proposes.
    DecideChangeRequest = "change_requests.decide" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// See where there are experts and no association, and where experts are missing. Small counts are not shown to the public.
    ReadCoverage = "fields.coverage" {
        nobody: Public, expert: PublicAndOwn, association: Public, agency: Agencies, science_dept: Agencies,
        union_officer: All, union_leader: All, auditor: All, admin: Public,
    }
}
