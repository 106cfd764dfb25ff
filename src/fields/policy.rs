//! Who reads fields: everybody, the schemes are official and public.

use crate::policies;

policies! {
    /// Read the fields of science and technology.
    ReadFields = "fields.read" {
        nobody: All, expert: All, association: All, agency: All, science_dept: All,
        union_officer: All, union_leader: All, auditor: All, admin: All,
    }
}
