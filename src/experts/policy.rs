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
    /// Read restricted data: full birth date, e-mail, phone, address. An agency reads e-mail and phone of who works on its request.
    /// Each read is recorded.
    ReadRestricted = "experts.read_restricted" {
        nobody: No, expert: Own, association: No, agency: Seated, science_dept: SuppliedAndSeated,
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
    /// Read the texts people are shown before they agree.
    ReadConsentTexts = "consent_texts.read" {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
    /// Invite an expert with a one-time link.
    InviteExpert = "experts.invite" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Verify an expert.
    ActivateExpert = "experts.activate" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Pause and resume an expert.
    PauseExpert = "experts.pause" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Take an expert out of the bank.
    LeaveBank = "experts.leave" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Record a death.
    MarkDeceased = "experts.mark_deceased" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Take an expert back.
    ReturnExpert = "experts.return" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Confirm that an expert's data is right.
    ConfirmExpert = "experts.confirm" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Ask an expert with a one-time link to confirm the data.
    RequestConfirmation = "experts.request_confirmation" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// See who has not confirmed their data for long.
    ReadStale = "experts.read_stale" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Use a one-time link: the token in the body says who may.
    UseLink = "links.use" [IGNORES_TOKEN] {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
    /// Nominate an expert.
    NominateExpert = "nominations.file" {
        nobody: No, expert: No, association: Own, agency: Own, science_dept: Own,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// See nominations and what became of them.
    ReadNominations = "nominations.read" {
        nobody: No, expert: No, association: Own, agency: Own, science_dept: Own,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Accept, link or decline a nomination.
    DecideNomination = "nominations.decide" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// See pairs of records that may be of one person.
    ReadDuplicates = "duplicates.read" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Decide that two records are of two people.
    DecideDuplicates = "duplicates.decide" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Merge two records of one person, and undo it.
    MergeExperts = "experts.merge" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// See which records were merged.
    ReadMerges = "merges.read" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Follow the changes of experts: what came into your view, changed in it or left it.
    FollowChanges = "experts.follow" {
        nobody: Public, expert: PublicAndOwn, association: Public, agency: Agencies, science_dept: Agencies,
        union_officer: All, union_leader: All, auditor: All, admin: Public,
    }
}
