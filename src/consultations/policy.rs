//! Who files, prepares, decides and reads consultations, and who keeps the calendar.

use crate::policies;

policies! {
    /// Find and read consultations, and what happened to them. An agency its own; an expert those they are on the panel of.
    ReadConsultations = "consultations.read" {
        nobody: No, expert: Own, association: No, agency: Own, science_dept: Own,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Read attachments: the asker and the Union; what is not the Union's own also who accepted to sit on the panel.
    ReadAttachments = "consultations.read_attachments" {
        nobody: No, expert: Own, association: No, agency: Own, science_dept: Own,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// File a request, change and complete it, attach files, send it in, take it back, reply to the report; see drafts and contact persons.
    FileConsultation = "consultations.file" {
        nobody: No, expert: No, association: No, agency: Own, science_dept: Own,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Prepare what the Union decides: ask for what is missing, form the panel, conclude, stop and start the clock, archive.
    PrepareConsultation = "consultations.prepare" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Decide for the Union: accept, decline, approve the panel, sign the report, cancel.
    DecideConsultation = "consultations.decide" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: No, union_leader: All, auditor: No, admin: No,
    }
    /// See who fits a request, with the reasons.
    ReadCandidates = "consultations.read_candidates" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Read how much an expert has to do: seats on panels, and how often they were asked and declined.
    ReadLoad = "experts.read_load" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Answer an invitation to a panel: an expert their own, the Union's office by letter.
    AnswerInvitation = "consultations.answer_invitation" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read to which panels one is invited.
    ReadInvitations = "consultations.read_invitations" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: No, union_leader: No, auditor: No, admin: No,
    }
    /// Declare a conflict of interest: one of the panel of themself, the Union's office of anybody.
    DeclareConflict = "consultations.declare_conflict" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read how people stand to a consultation as to conflicts of interest; one of the panel themself alone.
    ReadConflicts = "consultations.read_conflicts" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Write an opinion, hand it in, open it again: who accepted to sit on the panel their own, the Union's office what came on paper.
    WriteOpinion = "consultations.write_opinion" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read opinions by name: the Union all, one of the panel their own.
    ReadOpinions = "consultations.read_opinions" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read the minutes of the meetings of a panel: the Union, who inspects it, and, once signed, who accepted to sit on it.
    ReadMinutes = "consultations.read_minutes" {
        nobody: No, expert: Own, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
    /// Say how the experts of a panel did, and read it: neither they nor the asker do.
    EvaluateExperts = "consultations.evaluate" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: No,
    }
    /// Read which days are worked.
    ReadCalendar = "calendar.read" {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
    /// Enter the days off of a year and the days worked in exchange.
    ManageCalendar = "calendar.manage" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: No, admin: All,
    }
}
