//! Who reads the register of organisations: everybody, it is public.

use crate::policies;

policies! {
    /// Find organisations and read what they are.
    ReadOrganisations = "organisations.read" {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
}
