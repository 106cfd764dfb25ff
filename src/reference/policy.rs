//! Who reads reference data: everybody, it is official and public.

use crate::policies;

policies! {
    /// Read provinces and academic titles.
    ReadReference = "reference.read" {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
}
