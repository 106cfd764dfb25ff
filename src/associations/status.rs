//! The states of an association and the steps between them: one table. No SQL, no HTTP.

use super::words::AssociationStatus;
use crate::organisations::model::SuccessionKind;

/// What may be done with its standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It is founded: the decision of the authority.
    Activate,
    /// Its activity is suspended until a day.
    Suspend,
    /// The suspension is over.
    Resume,
    /// Its dissolution is decided and under way.
    BeginDissolution,
    /// It is no more.
    Dissolve,
    /// It goes on under another name or in others.
    Succeed,
}

impl Verb {
    /// Every verb, in the order of a life.
    pub const ALL: [Self; 6] =
        [Self::Activate, Self::Suspend, Self::Resume, Self::BeginDissolution, Self::Dissolve, Self::Succeed];

    /// The last segment of its path.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::BeginDissolution => "begin-dissolution",
            Self::Dissolve => "dissolve",
            Self::Succeed => "succeed",
        }
    }
}

/// From, verb, to. `succeed` leads where [`after`] says.
#[rustfmt::skip]
const STEPS: &[(AssociationStatus, Verb, AssociationStatus)] = {
    use AssociationStatus::{Active, Dissolved, Dissolving, Preparing, Suspended};
    use Verb::{Activate, BeginDissolution, Dissolve, Resume, Succeed, Suspend};
    &[
        (Preparing,  Activate,         Active),
        (Active,     Suspend,          Suspended),
        (Active,     BeginDissolution, Dissolving),
        (Active,     Succeed,          Active),
        (Suspended,  Resume,           Active),
        (Suspended,  BeginDissolution, Dissolving),
        (Suspended,  Succeed,          Suspended),
        (Dissolving, Dissolve,         Dissolved),
    ]
};

/// Where a verb leads; none when it is not possible from there.
pub fn step(from: AssociationStatus, verb: Verb) -> Option<AssociationStatus> {
    STEPS.iter().find(|(state, of, _)| *state == from && *of == verb).map(|(_, _, to)| *to)
}

/// Where a succession leads.
pub const fn after(from: AssociationStatus, kind: SuccessionKind) -> AssociationStatus {
    match kind {
        SuccessionKind::MergedInto => AssociationStatus::MergedInto,
        SuccessionKind::Consolidated => AssociationStatus::Consolidated,
        SuccessionKind::Divided => AssociationStatus::Divided,
        SuccessionKind::Renamed | SuccessionKind::Split => from,
    }
}

/// The verbs that lead somewhere.
pub fn possible(from: AssociationStatus) -> impl Iterator<Item = Verb> {
    Verb::ALL.into_iter().filter(move |verb| step(from, *verb).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_knows_these_verbs_and_no_other() {
        for (from, expected) in [
            ("preparing", "activate>active"),
            ("active", "suspend>suspended begin-dissolution>dissolving succeed>active"),
            ("suspended", "resume>active begin-dissolution>dissolving succeed>suspended"),
            ("dissolving", "dissolve>dissolved"),
            ("dissolved", ""),
            ("merged_into", ""),
            ("consolidated", ""),
            ("divided", ""),
        ] {
            let state = AssociationStatus::parse(from).unwrap();
            let seen: Vec<String> = possible(state)
                .map(|verb| format!("{}>{}", verb.as_str(), step(state, verb).unwrap().as_str()))
                .collect();
            assert_eq!(seen.join(" "), expected, "{from}");
        }
    }

    #[test]
    fn a_succession_ends_it_or_leaves_it_as_it_is() {
        for (kind, to) in [
            (SuccessionKind::Renamed, "active"),
            (SuccessionKind::Split, "active"),
            (SuccessionKind::MergedInto, "merged_into"),
            (SuccessionKind::Consolidated, "consolidated"),
            (SuccessionKind::Divided, "divided"),
        ] {
            let after = after(AssociationStatus::Active, kind);
            assert_eq!((after.as_str(), after.is_over()), (to, kind.ends_predecessor()));
        }
    }
}
