//! Who sees and changes experts. The reach also filters rows: who has not consented for an audience does not exist for it.

use crate::policies;

policies! {
    /// Search and list experts.
    SearchExperts = "experts.search" {
        nobody: Public, expert: PublicAndOwn, association: Public, agency: Agencies, science_dept: Agencies,
        union_officer: All, union_leader: All, auditor: All, admin: Public,
    }
    /// Read an expert's profile.
    ReadExpert = "experts.read" {
        nobody: Public, expert: PublicAndOwn, association: Public, agency: Agencies, science_dept: Agencies,
        union_officer: All, union_leader: All, auditor: All, admin: Public,
    }
    /// Enter an expert into the bank.
    CreateExpert = "experts.create" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Correct an expert's profile.
    UpdateExpert = "experts.update" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read restricted data: full birth date, e-mail, phone. Each read is recorded.
    ReadRestricted = "experts.read_restricted" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read when an expert takes no work, and the notes about it.
    ReadAvailability = "availability.read" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read what changed in an expert's record, when and by whom. Restricted values are not shown.
    ReadHistory = "experts.read_history" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// See the workplaces of experts that are no organisation of the register yet.
    ReadWorkplaces = "workplaces.read" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Say which organisation a workplace is.
    DecideWorkplaces = "workplaces.decide" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read an expert's consents.
    ReadConsents = "consents.read" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Record that an expert gives or withdraws a consent.
    RecordConsent = "consents.record" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
}
