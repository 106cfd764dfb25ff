//! Who sees how panels are spread over people.

use crate::policies;

policies! {
    /// See how evenly the seats of panels are spread over experts.
    ReadFairness = "panels.read_fairness" {
        nobody: No, expert: No, association: No, agency: No, science_dept: No,
        union_officer: All, union_leader: All, auditor: All, admin: No,
    }
}
